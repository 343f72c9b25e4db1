"""Output of `llamoco solve`: the answer, its runs, and the programs that shared the budget."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from llamoco.cli.common import err, out, say
from llamoco.dataset_builder.problems.printable import printable
from llamoco.modeling.solving.solution import user_objective

if TYPE_CHECKING:
    from llamoco.modeling.solving.answer import Answer
    from llamoco.modeling.solving.pipeline import Outcome

MAX_VIOLATED = 5  # constraints that are listed


def show_answer(answer: Answer, path: Path) -> None:
    """Print the program and the facts about it."""
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
    fixed = problem.to_original(problem.lower_array).size - problem.dim
    variables = f"{problem.dim} variable{'s' * (problem.dim > 1)}" + (f" and {fixed} fixed" if fixed else "")
    facts.add_row(
        "problem", f"{problem.id}: {variables}, {_constraints(problem.n_inequality, problem.n_equality)}"
    )
    facts.add_row("optimizer", Text.assemble((answer.optimizer or "unnamed", "bold"), _settings(answer)))
    if answer.confidence is not None:
        meaning = (
            "calibrated: share of such choices that were the benchmark's winner on held-out problems"
            if answer.calibrated
            else "the model's own probability of this choice; it has no calibration"
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


def show_solution(outcome: Outcome, plot: Path | None) -> None:
    """Print the solution."""
    solution = outcome.solution
    assert solution is not None
    facts = Table.grid(padding=(0, 2))
    if solution.x is not None:
        facts.add_row("x", "[" + ", ".join(f"{v:.6g}" for v in solution.x) + "]")
    f = user_objective(outcome.answer.problem, solution.f)
    if f is not None and math.isfinite(f):
        facts.add_row("f(x)", Text(f"{f:.8g}", "bold"))
    facts.add_row("feasible", "yes" if solution.feasible else Text("no", "bold red"))
    facts.add_row("evaluations", f"{solution.evals} of {solution.max_evals}")
    if outcome.probes is not None:
        facts.add_row("probes", f"{outcome.probes} (evaluated before the program was chosen)")
    verdict = solution.verdict if solution.verdict == "ok" else f"{solution.verdict}: {solution.reason}"
    facts.add_row(
        "verdict", f"{verdict} (sandbox tier {solution.tier}, seed {solution.seed}, {solution.seconds:.2f} s)"
    )
    if plot is not None:
        facts.add_row("plot", str(plot))
    out.print(facts)


def show_failure(outcome: Outcome) -> None:
    """Print why there is no feasible point; nothing if there is one."""
    diagnosis = outcome.diagnosis
    if diagnosis is None:
        return
    for broken in diagnosis.broken[:MAX_VIOLATED]:
        say(
            "violated:",
            f"{broken.name} by {broken.violation:.6g} at this point, the least violating one",
            "red",
        )
    if len(diagnosis.broken) > MAX_VIOLATED:
        err.print(f"and {len(diagnosis.broken) - MAX_VIOLATED} more", soft_wrap=True)
    say(
        "infeasible as posed:" if diagnosis.infeasible == "proven" else "no feasible point:",
        diagnosis.reason,
        "red",
    )


def show_runs(outcome: Outcome) -> None:
    """Print each seed's result; nothing for a single one."""
    if len(outcome.runs) < 2:
        return
    problem = outcome.answer.problem
    table = Table("seed", "f(x)", "feasible", "evaluations", "verdict", box=None)
    for run in outcome.runs:
        row = (_value(user_objective(problem, run.f)), _yes(run.feasible), str(run.evals), run.verdict)
        table.add_row(str(run.seed), *row)
    out.print(table)


def show_shares(outcome: Outcome) -> None:
    """Print what each program found with its share of the budget."""
    shares, solution = outcome.shares, outcome.solution
    assert shares is not None and solution is not None
    table = Table("turn", "program", "evaluations", "best f", "feasible", "verdict", "", box=None)
    for number, share in enumerate(shares, start=1):
        place = "" if share["radius"] is None else ", around the best point so far"
        table.add_row(
            str(number),
            f"{share['optimizer'] or 'unnamed'}{place}",
            f"{share['evals']} of {share['max_evals']}",
            _value(share["f"]),
            _yes(share["feasible"]),
            share["verdict"],
            "the best point" if share["best"] else "",
        )
    out.print(table)
    out.print(
        f"programs took turns: {solution.evals} of {solution.max_evals} evaluations in total", soft_wrap=True
    )


def _value(f: float | None) -> str:
    return "–" if f is None else f"{f:.8g}"


def _yes(feasible: bool) -> str:
    return "yes" if feasible else "no"


def _constraints(inequalities: int, equalities: int) -> str:
    if not inequalities + equalities:
        return "no constraints beside the bounds"
    return f"{inequalities} inequality and {equalities} equality constraint{'s' * (inequalities + equalities > 1)}"


def _settings(answer: Answer) -> str:
    return f" ({', '.join(f'{k} = {v}' for k, v in answer.config.items())})" if answer.config else ""
