"""`llamoco solve FILE`."""

from __future__ import annotations

import gc
import json
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llamoco.cli.common import EXIT_NO_SANDBOX, EXIT_UNSOLVED, clear_errors, err, fail, say
from llamoco.cli.process_exit import host_user_code
from llamoco.cli.solve_program import needs_folder, program_place, write_program

if TYPE_CHECKING:
    from llamoco.metrics.sandbox import Sandbox


def solve(
    context: typer.Context,
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
        str,
        typer.Option(
            metavar="auto|K",
            help="K: the model's K likeliest programs share the budget by successive halving; 1: the likeliest has all of it. "
            "auto: one program, or where that is a bad bet, several that share the budget.",
        ),
    ] = "auto",
    out_file: Annotated[
        Path | None,
        typer.Option("--out", help="Where to write the program; llamoco-out/NAME_program.py by default."),
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
    journal: Annotated[
        Path | None,
        typer.Option(
            help="Write each evaluation to this file before it is used; the same command goes on from it after a crash, or with a "
            "larger budget, and evaluates nothing twice."
        ),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            help="Processes that evaluate side by side what a program asks for together; -1: one a core."
        ),
    ] = 1,
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
            "--unsafe",
            help="Kept for scripts: programs are those of the benchmarked pool, which run everywhere without it.",
        ),
    ] = False,
) -> None:
    """Answer a problem with an optimizer program, and run it.

    FILE defines [b]objective(x)[/], [b]LOWER[/], [b]UPPER[/], [b]MAX_EVALS[/] and, if there are constraints, [b]inequality(x)[/]
    (<= 0) and [b]equality(x)[/] (= 0), in any style; or states the same in LaTeX. Your objective runs with your rights; the generated
    optimizer runs confined.

    Whatever the model, decoding is held to the benchmarked pool: it chooses an optimizer that can serve the problem, and its settings;
    the program is the pool's, byte for byte. Where the problem is of a kind that the model did not learn (facts unknown, values compared
    or rounded), several programs share the budget. Where the model is not sure enough, by its calibration, or the program fails before it
    begins, the benchmark's single best solver answers instead.

    Exit codes: 0 a feasible point was found; 1 none was, or the program failed; 2 bad input, or your objective failed (the best point
    so far is printed); 3 no sandbox on this machine.

    Example: [cyan]llamoco solve examples/problems/pressure_vessel.py --plot convergence.png[/]
    """
    count = None if candidates == "auto" else _whole(candidates)
    if (count or 1) > 1 and (runs > 1 or program_only):
        other = "--runs" if runs > 1 else "--program-only"
        fail(f"--candidates shares one budget among programs by running them; give it without {other}")
    from llamoco.dataset_builder.problems.wrappers.wrapped_problem import WrappedProblem, read_with_journal

    if plot is not None:
        import matplotlib  # noqa: F401  (if it is missing, that is told before anything runs)
    sandbox = None if program_only else _starting_sandbox(context)
    host_user_code()
    with clear_errors():
        problem, record = read_with_journal(file, ignore_prose, journal)
    with clear_errors(), err.status("loading the model"):
        from llamoco.cli.solve_failures import show_best_so_far, told_by_file
        from llamoco.cli.solve_progress import Shown
        from llamoco.cli.solve_tables import show_answer, show_failure, show_runs, show_shares, show_solution
        from llamoco.metrics.sandbox.tiers import SandboxUnavailable
        from llamoco.modeling.generation.load import load_generator
        from llamoco.modeling.generation.shipped import SHIPPED_MODEL
        from llamoco.modeling.solving.outcome_json import as_json as outcome_json
        from llamoco.modeling.solving.pipeline import Options, solve_problem
        from llamoco.modeling.solving.plot import plot_convergence

    place = program_place(file, out_file)
    with clear_errors():
        with err.status("loading the model"):
            generator = load_generator(model or SHIPPED_MODEL)
        # What was imported stays to the end: the collector need not look through it.
        gc.freeze()
        shown = Shown(place, 0 if program_only else runs, as_json)
        options = Options(
            seed=seed,
            runs=runs,
            candidates=count,
            time_limit=time_limit,
            fallback=not no_fallback,
            side_by_side=workers != 1,
        )
        try:
            with (
                sandbox or nullcontext(),
                record or nullcontext(),
                WrappedProblem(problem, workers, record) as wrapping,
            ):
                problem = wrapping.problem
                outcome = solve_problem(problem, generator, sandbox, options, shown)
        except SandboxUnavailable as error:
            fail(str(error), EXIT_NO_SANDBOX)
        finally:
            shown.stop()
        outcome = told_by_file(outcome, file)
        if wrapping.workers_idle and not as_json:
            say(
                "note:",
                f"--workers could not help: {outcome.answer.optimizer} asks for one point at a time",
                "yellow",
            )
        write_program(place, outcome.answer.program)
        if (advice := needs_folder(file, place)) is not None and not as_json:
            say("note:", advice, "yellow")
        if as_json:
            print(json.dumps(outcome_json(outcome, str(place), generator.name)))
        elif outcome.error is not None:
            show_best_so_far(outcome)
        if outcome.error is not None:
            raise outcome.error
    solution = outcome.solution
    if solution is None:
        return
    if plot is not None:
        try:
            plot_convergence(outcome.answer, solution, plot, outcome.shares is not None)
        except (OSError, ValueError) as error:
            fail(f"cannot draw {plot}: {error}")
    if not as_json:
        if outcome.shares is not None:
            show_answer(outcome.answer, place)
            show_shares(outcome)
        show_runs(outcome)
        show_solution(outcome, plot)
        show_failure(outcome)
    if not solution.feasible:
        raise typer.Exit(EXIT_UNSOLVED)


def _starting_sandbox(context: typer.Context) -> Sandbox:
    """What runs programs; it takes a second to start, and does while the problem is read and answered."""
    from llamoco.metrics.sandbox.sandbox import Sandbox
    from llamoco.metrics.sandbox.tiers import SandboxUnavailable

    try:
        sandbox = Sandbox(allow_unsafe=True, wait=False)
    except SandboxUnavailable as error:
        fail(str(error), EXIT_NO_SANDBOX)
    context.call_on_close(sandbox.close)  # where nothing comes to be run
    return sandbox


def _whole(candidates: str) -> int:
    """The number of candidates that was asked for."""
    if not candidates.isdecimal() or int(candidates) < 1:
        fail(f"--candidates is {candidates!r}; give auto, or a whole number from 1")
    return int(candidates)
