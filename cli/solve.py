"""`llamoco solve FILE`."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from llamoco.cli.common import EXIT_NO_SANDBOX, EXIT_UNSOLVED, clear_errors, column, err, fail, say
from llamoco.cli.leaving import host_own_code
from llamoco.cli.solve_failures import best_kept
from llamoco.cli.solve_tables import show_answer, show_halving, show_runs, show_solution

if TYPE_CHECKING:
    from llamoco.dataset_builder.problems.problem import Problem
    from llamoco.metrics.sandbox.slot import Sandbox
    from llamoco.modeling.generation import Generator
    from llamoco.modeling.halving import Halving
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
    candidates: Annotated[
        int,
        typer.Option(
            min=1,
            help="Let the model's so many likeliest programs share the budget by successive halving, and keep the best point.",
        ),
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
    no_fallback: Annotated[
        bool,
        typer.Option(
            "--no-fallback",
            help="Run the model's program even where its confidence is low or the program fails.",
        ),
    ] = False,
    ignore_prose: Annotated[
        bool,
        typer.Option(
            "--ignore-prose",
            help="Go on where prose in a LaTeX file may restrict the problem; what was left out is printed.",
        ),
    ] = False,
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

    Whatever the model, decoding is held to the benchmarked pool: it chooses an optimizer that can serve the problem, and its settings;
    the program is the pool's, byte for byte. Where the model is not sure enough, by its calibration, or the program fails before it
    begins, the benchmark's single best solver answers instead.

    Exit codes: 0 a feasible point was found; 1 none was, or the program failed; 2 bad input, or your objective failed (the best point
    so far is printed); 3 no sandbox on this machine.

    Example: [cyan]llamoco solve examples/problems/pressure_vessel.py --plot convergence.png[/]
    """
    if candidates > 1 and (runs > 1 or program_only):
        other = "--runs" if runs > 1 else "--program-only"
        fail(f"--candidates shares one budget among programs by running them; give it without {other}")
    from llamoco.dataset_builder.problems.file import load
    from llamoco.dataset_builder.problems.incumbent import Incumbent

    host_own_code()
    with clear_errors():  # before what takes seconds to import
        watched = Incumbent(load(file, ignore_prose))
    with clear_errors(), err.status("loading torch and transformers"):
        from llamoco.modeling import solve as pipeline
        from llamoco.modeling.generation import load_generator
        from llamoco.modeling.shipped import SHIPPED_MODEL

    program_path = out_file or file.with_name(f"{file.stem}_program.py")
    with clear_errors():
        with err.status("loading the model"):
            generator = load_generator(model or SHIPPED_MODEL)
        # What torch and transformers brought stays to the end. That the collector need not look through it then saves 2 s of 10.
        gc.freeze()
        answers = _answers(watched.problem, generator, candidates)
        doubt = None if no_fallback else answers[0].doubt
        if doubt is not None:
            single = pipeline.single_best_answer(answers[0])
            others = [answer for answer in answers if answer.optimizer != single.optimizer]
            answers = [single, *others][: len(answers)]
            if not as_json:
                _say_doubt(doubt, "answers instead" if len(answers) == 1 else "is one of the candidates")
        replaced = doubt if len(answers) == 1 else None
        _write(program_path, answers[0].program)
        if not as_json and len(answers) == 1:
            show_answer(answers[0], program_path)
        if program_only:
            if as_json:
                written = pipeline.as_json(answers[0], None, str(program_path), generator.name, replaced)
                print(json.dumps(written))
            return
        answer, halving = answers[0], None

        def stopped(verdict: str, reason: str) -> dict[str, Any]:
            best = pipeline.unfinished(watched, verdict, reason, seed)
            return pipeline.as_json(answer, best, str(program_path), generator.name, replaced)

        with best_kept(watched, file, stopped if as_json else None):
            if len(answers) > 1:
                halving = _race(answers, seed, time_limit, unsafe, as_json)
                answer, solutions = answers[halving.winner], [halving.best]
                if halving.winner == 0:
                    replaced = doubt
                _write(program_path, answer.program)
                if not as_json:
                    show_answer(answer, program_path)
            else:
                solutions = _run(answer, seed, runs, time_limit, unsafe, as_json)
            solution = pipeline.best_of(solutions)
            if solution.never_began and replaced is None and not no_fallback:
                replaced = f"{solution.verdict}: {solution.reason}"
                answer = pipeline.single_best_answer(answer)
                _write(program_path, answer.program)
                if not as_json:
                    _say_doubt(replaced, "answers instead; nothing of the budget was used")
                    show_answer(answer, program_path)
                solutions = _run(answer, seed, runs, time_limit, unsafe, as_json)
                solution = pipeline.best_of(solutions)
        if plot is not None:
            try:
                pipeline.plot_convergence(answer, solution, plot)
            except (OSError, ValueError) as error:
                fail(f"cannot draw {plot}: {error}")
    if as_json:
        raced = None if halving is None else halving.as_json(answers)
        facts = (answer, solution, str(program_path), generator.name, replaced)
        print(json.dumps(pipeline.as_json(*facts, runs=[] if halving else solutions, candidates=raced)))
    else:
        if halving is not None:
            show_halving(halving, answers)
        show_runs(solutions)
        show_solution(solution, plot)
    if not solution.feasible:
        raise typer.Exit(EXIT_UNSOLVED)


def _answers(problem: Problem, generator: Generator, candidates: int) -> list[Answer]:
    """The model's answer, or its likeliest ones, as many as the budget can try."""
    from llamoco.modeling import solve as pipeline
    from llamoco.modeling.halving import affordable

    if candidates == 1:
        return [pipeline.answer_problem(problem, generator)]
    count = affordable(candidates, problem.max_evals, problem.dim)
    if count < candidates:
        err.print(
            f"a budget of {problem.max_evals} evaluations for {problem.dim} variables can try {count} of {candidates} candidates",
            soft_wrap=True,
        )
    return pipeline.candidate_answers(problem, generator, count)


def _say_doubt(doubt: str, then: str) -> None:
    say("the model's program:", doubt, "yellow")
    err.print(f"the benchmark's single best solver {then}", soft_wrap=True)


def _run(
    answer: Answer, seed: int, runs: int, time_limit: float, unsafe: bool, quiet: bool
) -> list[Solution]:
    """Run an answer in the sandbox under a progress bar."""
    from llamoco.modeling import solve as pipeline

    budget = answer.problem.max_evals
    with _sandbox(unsafe or answer.known) as sandbox, _bar(quiet, budget * runs) as bar:

        def finished() -> None:
            bar.before += budget

        return pipeline.solve(answer, sandbox, seed, runs, time_limit, bar.show, finished)


def _race(answers: list[Answer], seed: int, time_limit: float, unsafe: bool, quiet: bool) -> Halving:
    """Share the budget among answers under a progress bar."""
    from llamoco.modeling.halving import halve

    known = all(answer.known for answer in answers)
    with _sandbox(unsafe or known) as sandbox, _bar(quiet, answers[0].problem.max_evals) as bar:
        return halve(answers, sandbox, seed, time_limit, bar.show)


def _sandbox(allow_unsafe: bool) -> Sandbox:
    from llamoco.metrics.sandbox.slot import Sandbox
    from llamoco.metrics.sandbox.tiers import SandboxUnavailable

    try:
        return Sandbox(allow_unsafe=allow_unsafe)
    except SandboxUnavailable as error:
        fail(str(error), EXIT_NO_SANDBOX)


class _RunBar(Progress):
    """A bar over all evaluations of all runs, and the best objective so far of the run in progress."""

    before = 0  # evaluations that earlier runs stand for

    def show(self, evals: int, best: float | None) -> None:
        shown = "no feasible point yet" if best is None else f"best f = {best:.6g}"
        self.update(self.task_ids[0], completed=self.before + evals, best=shown)


def _bar(disable: bool, total: int) -> _RunBar:
    columns = (column("{task.description}"), BarColumn(), MofNCompleteColumn(), column("evaluations"))
    best = column("{task.fields[best]}")
    bar = _RunBar(*columns, TimeRemainingColumn(), best, console=err, disable=disable)
    bar.add_task("running", total=total, best="")
    return bar


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"cannot write {path}: {error.strerror}; give another --out")
