"""What `llamoco solve` shows: the answer, what came of its runs, and how candidates shared the budget."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from llamoco.cli.common import out, say
from llamoco.dataset_builder.problems.printable import printable

if TYPE_CHECKING:
    from llamoco.modeling.halving import Halving
    from llamoco.modeling.solve import Answer, Solution


def show_answer(answer: Answer, path: Path) -> None:
    """The program, and what is known of it."""
    problem = answer.problem
    for warning in (answer.warning or "").splitlines():
        say("warning:", warning, "yellow")
    code = answer.completion.rstrip()
    if out.is_terminal:
        from rich.syntax import Syntax

        out.print(Syntax(code, "python", theme="ansi_light", background_color="default", word_wrap=True))
    else:
        print(printable(code))
    facts = Table.grid(padding=(0, 2))
    fixed = problem.full(problem.lower_array).size - problem.dim
    variables = f"{problem.dim} variable{'s' * (problem.dim > 1)}" + (f" and {fixed} fixed" if fixed else "")
    facts.add_row(
        "problem", f"{problem.id}: {variables}, {_constraints(problem.n_inequality, problem.n_equality)}"
    )
    facts.add_row("optimizer", Text.assemble((answer.optimizer or "unnamed", "bold"), _settings(answer)))
    if answer.confidence is not None:
        meaning = (
            "calibrated: how often such a choice was the benchmark's winner on problems held out of the training"
            if answer.calibrated
            else "the probability that the model gave to this choice; it has no calibration"
        )
        facts.add_row("confidence", f"{answer.confidence:.0%} ({meaning})")
    facts.add_row(
        "the code is",
        "byte for byte a program of the benchmarked pool"
        if answer.known
        else "the model's own, not one of the benchmarked pool",
    )
    facts.add_row("program", str(path))
    out.print(facts)


def show_solution(solution: Solution, plot: Path | None) -> None:
    """The solution that was found."""
    facts = Table.grid(padding=(0, 2))
    if solution.x is not None:
        facts.add_row("x", "[" + ", ".join(f"{v:.6g}" for v in solution.x) + "]")
    if solution.f is not None and math.isfinite(solution.f):
        facts.add_row("f(x)", Text(f"{solution.f:.8g}", "bold"))
    facts.add_row("feasible", "yes" if solution.feasible else Text("no", "bold red"))
    facts.add_row("evaluations", f"{solution.evals} of {solution.max_evals}")
    verdict = solution.verdict if solution.verdict == "ok" else f"{solution.verdict}: {solution.reason}"
    facts.add_row(
        "verdict", f"{verdict} (sandbox tier {solution.tier}, seed {solution.seed}, {solution.seconds:.2f} s)"
    )
    if plot is not None:
        facts.add_row("plot", str(plot))
    out.print(facts)


def show_runs(solutions: Sequence[Solution]) -> None:
    """Each seed's result; nothing for a single one."""
    if len(solutions) < 2:
        return
    table = Table("seed", "f(x)", "feasible", "evaluations", "verdict", box=None)
    for run in solutions:
        table.add_row(str(run.seed), _value(run), _yes(run.feasible), str(run.evals), run.verdict)
    out.print(table)


def show_halving(halving: Halving, answers: Sequence[Answer]) -> None:
    """What each program did in each rung."""
    table = Table("rung", "program", "evaluations", "best f", "feasible", "verdict", "", box=None)
    last = halving.trials[-1].rung
    for trial in halving.trials:
        run = trial.solution
        kept = ("kept" if trial.kept else "dropped") if trial.rung < last else ""
        table.add_row(
            str(trial.rung + 1),
            answers[trial.candidate].optimizer or "unnamed",
            f"{run.evals} of {run.max_evals}",
            _value(run),
            _yes(run.feasible),
            run.verdict,
            kept,
        )
    out.print(table)
    out.print(
        f"successive halving: {halving.best.evals} of {halving.best.max_evals} evaluations in all; each rung ran its programs "
        f"anew. Best point: {answers[halving.winner].optimizer or 'unnamed'}, seed {halving.best.seed}",
        soft_wrap=True,
    )


def _value(run: Solution) -> str:
    return "–" if run.f is None else f"{run.f:.8g}"


def _yes(feasible: bool) -> str:
    return "yes" if feasible else "no"


def _constraints(inequalities: int, equalities: int) -> str:
    if not inequalities + equalities:
        return "no constraints but the bounds"
    return f"{inequalities} inequality and {equalities} equality constraint{'s' * (inequalities + equalities > 1)}"


def _settings(answer: Answer) -> str:
    return f" ({', '.join(f'{k} = {v}' for k, v in answer.config.items())})" if answer.config else ""
