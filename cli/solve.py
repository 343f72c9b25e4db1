"""`llamoco solve FILE`."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.syntax import Syntax
from rich.table import Table

from llamoco.cli.common import EXIT_NO_SANDBOX, EXIT_UNSOLVED, clear_errors, err, fail, out

if TYPE_CHECKING:
    from llamoco.modeling.solve import Answer, Solution


def solve(
    file: Annotated[
        Path, typer.Argument(help="Problem file: Python (.py) or LaTeX (.tex); see examples/problems/.")
    ],
    model: Annotated[
        str | None, typer.Option(help="Model folder or Hub id; the shipped model by default.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed handed to the program.")] = 0,
    runs: Annotated[
        int, typer.Option(min=1, help="Run the program with so many seeds and keep the best.")
    ] = 1,
    out_file: Annotated[
        Path | None,
        typer.Option("--out", help="Where to write the program; FILE's name with _program.py by default."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the convergence to this image (.png, .svg, .pdf).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    program_only: Annotated[
        bool, typer.Option("--program-only", help="Write the program; do not run it.")
    ] = False,
    time_limit: Annotated[
        float, typer.Option(min=1.0, help="Seconds a run may take beside your objective's own time.")
    ] = 300,
    unsafe: Annotated[
        bool,
        typer.Option(
            "--unsafe", help="Run generated code even where this machine cannot confine it (tier C)."
        ),
    ] = False,
) -> None:
    """Answer a problem with an optimizer program, and run it.

    FILE defines [b]objective(x)[/], [b]LOWER[/], [b]UPPER[/], [b]MAX_EVALS[/] and, if there are constraints, [b]inequality(x)[/]
    (<= 0) and [b]equality(x)[/] (= 0), in any style; or states the same in LaTeX. Your objective runs with your rights; the generated
    optimizer runs confined.

    Exit codes: 0 a feasible point was found; 1 none was, or the program failed; 2 bad input; 3 no sandbox on this machine.

    Example: [cyan]llamoco solve examples/problems/pressure_vessel.py --plot convergence.png[/]
    """
    from llamoco.dataset_builder.problems.file import load
    from llamoco.modeling import solve as pipeline
    from llamoco.modeling.generation import ModelError, load_generator
    from llamoco.modeling.shipped import SHIPPED_MODEL

    program_path = out_file or file.with_name(f"{file.stem}_program.py")
    with clear_errors(ModelError):
        problem = load(file)
        generator = load_generator(model or SHIPPED_MODEL)
        answer = pipeline.answer_problem(problem, generator)
        _write(program_path, answer.program)
        if not as_json:
            _show_answer(answer, program_path)
        if program_only:
            if as_json:
                print(json.dumps(pipeline.as_json(answer, None, str(program_path), generator.name, None)))
            return
        replaced = answer.unsuited
        if replaced is None:
            solution = _run(answer, seed, runs, time_limit, unsafe, as_json)
            if solution.never_began:
                replaced = f"{solution.verdict}: {solution.reason}"
        if replaced is not None:
            answer = pipeline.single_best_answer(answer)
            _write(program_path, answer.program)
            if not as_json:
                err.print(
                    "[yellow]the model's program fails:[/]", escape(replaced), highlight=False, soft_wrap=True
                )
                err.print(
                    "the benchmark's single best solver answers instead; nothing of the budget was used"
                )
                _show_answer(answer, program_path)
            solution = _run(answer, seed, runs, time_limit, unsafe, as_json)
        if plot is not None:
            try:
                pipeline.plot_convergence(answer, solution, plot)
            except (OSError, ValueError) as error:
                fail(f"cannot draw {plot}: {error}")
    if as_json:
        print(json.dumps(pipeline.as_json(answer, solution, str(program_path), generator.name, replaced)))
    else:
        _show_solution(solution, plot)
    if not solution.feasible:
        raise typer.Exit(EXIT_UNSOLVED)


def _run(answer: Answer, seed: int, runs: int, time_limit: float, unsafe: bool, quiet: bool) -> Solution:
    """Run an answer in the sandbox under a progress bar."""
    from llamoco.metrics.sandbox.slot import Sandbox
    from llamoco.metrics.sandbox.tiers import SandboxUnavailable
    from llamoco.modeling import solve as pipeline

    budget = answer.problem.max_evals
    try:
        with Sandbox(allow_unsafe=unsafe or answer.known) as sandbox, _bar(disable=quiet) as bar:
            task = bar.add_task("running", total=budget * runs, best="")

            def on_progress(evals: int, best: float | None) -> None:
                shown = "no feasible point yet" if best is None else f"best f = {best:.6g}"
                bar.update(task, completed=bar.finished_runs * budget + evals, best=shown)

            return pipeline.solve(answer, sandbox, seed, runs, time_limit, on_progress, bar.run_finished)
    except SandboxUnavailable as error:
        fail(str(error), EXIT_NO_SANDBOX)


class _RunBar(Progress):
    """A bar over all evaluations of all runs."""

    finished_runs = 0

    def run_finished(self) -> None:
        self.finished_runs += 1


def _bar(disable: bool) -> _RunBar:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("evaluations"))
    return _RunBar(
        *columns, TimeRemainingColumn(), TextColumn("{task.fields[best]}"), console=err, disable=disable
    )


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"cannot write {path}: {error.strerror}; give another --out")


def _show_answer(answer: Answer, path: Path) -> None:
    problem = answer.problem
    if answer.warning:
        err.print(f"[yellow]warning:[/] {answer.warning}", highlight=False, soft_wrap=True)
    code = answer.completion.rstrip()
    if out.is_terminal:
        out.print(Syntax(code, "python", theme="ansi_light", background_color="default", word_wrap=True))
    else:
        print(code)
    facts = Table.grid(padding=(0, 2))
    facts.add_row(
        "problem",
        f"{problem.id}: {problem.dim} variables, {_constraints(problem.n_inequality, problem.n_equality)}",
    )
    facts.add_row("optimizer", f"[bold]{answer.optimizer or 'unnamed'}[/]" + _settings(answer))
    if answer.confidence is not None:
        facts.add_row(
            "confidence", f"{answer.confidence:.0%} (the probability that the model gave to this choice)"
        )
    facts.add_row(
        "the code is",
        "byte for byte a program of the benchmarked pool"
        if answer.known
        else "the model's own, not one of the benchmarked pool",
    )
    facts.add_row("program", str(path))
    out.print(facts, highlight=False)


def _constraints(inequalities: int, equalities: int) -> str:
    if not inequalities + equalities:
        return "no constraints but the bounds"
    return f"{inequalities} inequality and {equalities} equality constraint{'s' * (inequalities + equalities > 1)}"


def _settings(answer: Answer) -> str:
    return f" ({', '.join(f'{k} = {v}' for k, v in answer.config.items())})" if answer.config else ""


def _show_solution(solution: Solution, plot: Path | None) -> None:
    facts = Table.grid(padding=(0, 2))
    if solution.x is not None:
        facts.add_row("x", "[" + ", ".join(f"{v:.6g}" for v in solution.x) + "]")
    if solution.f is not None and math.isfinite(solution.f):
        facts.add_row("f(x)", f"[bold]{solution.f:.8g}[/]")
    facts.add_row("feasible", "yes" if solution.feasible else "[bold red]no[/]")
    facts.add_row("evaluations", f"{solution.evals} of {solution.max_evals}")
    verdict = solution.verdict if solution.verdict == "ok" else f"{solution.verdict}: {solution.reason}"
    facts.add_row(
        "verdict", f"{verdict} (sandbox tier {solution.tier}, seed {solution.seed}, {solution.seconds:.2f} s)"
    )
    if plot is not None:
        facts.add_row("plot", str(plot))
    out.print(facts, highlight=False)
