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
        int,
        typer.Option(
            min=1, help="Run with N seeds, each with the complete budget, and keep the best.", metavar="N"
        ),
    ] = 1,
    one_program: Annotated[
        bool,
        typer.Option(
            "--one-program",
            help="Give one program the complete budget, even where the problem is unlike those of the training set.",
        ),
    ] = False,
    out_file: Annotated[
        Path | None,
        typer.Option("--out", help="File to write the program to; llamoco-out/NAME_program.py by default."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the convergence to this image (.png, .svg, .pdf).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    program_only: Annotated[
        bool, typer.Option("--program-only", help="Write the program without running it.")
    ] = False,
    time_limit: Annotated[
        float, typer.Option(min=1.0, help="Seconds a run may take beside your objective's own time.")
    ] = 300,
    no_fallback: Annotated[
        bool,
        typer.Option(
            "--no-fallback",
            help="Keep the model's program even if its confidence is low or the program fails.",
        ),
    ] = False,
    journal: Annotated[
        Path | None,
        typer.Option(
            help="Record each evaluation in this file before it is used. After a crash, or with a larger budget, the same command "
            "continues from it and evaluates nothing twice."
        ),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            help="Processes that evaluate points in parallel where a program requests several; -1: one a core."
        ),
    ] = 1,
    ignore_prose: Annotated[
        bool,
        typer.Option(
            "--ignore-prose",
            help="Continue where prose in a LaTeX file may restrict the problem; the ignored sentences are printed.",
        ),
    ] = False,
    unsafe: Annotated[
        bool,
        typer.Option(
            "--unsafe",
            help="Run a program that is not one of the benchmarked pool even where this machine cannot confine it.",
        ),
    ] = False,
) -> None:
    """Solve a problem with an optimizer program that the model chooses for it.

    FILE defines [b]objective(x)[/], [b]LOWER[/], [b]UPPER[/], [b]MAX_EVALS[/] and, if there are constraints, [b]inequality(x)[/]
    (<= 0) and [b]equality(x)[/] (= 0), in any style; or states the same in LaTeX. Your objective runs with your rights, the optimizer
    runs confined.

    The model chooses an optimizer of the benchmarked pool that can handle the problem, and its settings; the program is the pool's, byte
    for byte. Where it is unknown what your functions do (a simulator, compiled code), up to 5% of the budget, 60 evaluations at most,
    goes to probes of the landscape first: the model is told what they show, and the search starts at the best of them. With
    --one-program nothing is probed. If the problem is unlike those of the training set (unknown operations, values compared or rounded), several programs share
    the budget. If the model's calibrated confidence is too low, or the program fails before its first evaluation, the benchmark's single
    best solver answers instead.

    Exit codes: 0 a feasible point was found; 1 none was found, or the program failed; 2 invalid input, or your objective failed (the best
    point so far is printed); 3 no sandbox on this machine.

    Example: [cyan]llamoco solve examples/problems/pressure_vessel.py --plot convergence.png[/]
    """
    from llamoco.dataset_builder.problems.wrappers.wrapped_problem import WrappedProblem, read_with_journal

    if plot is not None:
        import matplotlib  # noqa: F401  (reports a missing package before anything runs)
    sandbox = None if program_only else _starting_sandbox(context)
    host_user_code()
    with clear_errors():
        problem, record = read_with_journal(file, ignore_prose, journal)
    with clear_errors(), err.status("loading the model"):
        from llamoco.cli.solve_failures import blame_file, show_best_so_far
        from llamoco.cli.solve_progress import ProgressDisplay
        from llamoco.cli.solve_tables import show_answer, show_failure, show_runs, show_shares, show_solution
        from llamoco.metrics.sandbox.tiers import SandboxUnavailable
        from llamoco.modeling.generation.engines import load_generator
        from llamoco.modeling.generation.model_files import SHIPPED_MODEL
        from llamoco.modeling.solving.outcome_json import as_json as outcome_json
        from llamoco.modeling.solving.pipeline import Options, solve_problem
        from llamoco.modeling.solving.plot import plot_convergence

    place = program_place(file, out_file)
    with clear_errors():
        with err.status("loading the model"):
            generator = load_generator(model or SHIPPED_MODEL)
        # The imported modules stay to the end: the garbage collector need not scan them.
        gc.freeze()
        display = ProgressDisplay(place, 0 if program_only else runs, as_json)
        options = Options(
            seed=seed,
            runs=runs,
            one_program=one_program,
            time_limit=time_limit,
            fallback=not no_fallback,
            unsafe=unsafe,
            side_by_side=workers != 1,
        )
        try:
            with (
                sandbox or nullcontext(),
                record or nullcontext(),
                WrappedProblem(problem, workers, record) as wrapping,
            ):
                problem = wrapping.problem
                outcome = solve_problem(problem, generator, sandbox, options, display)
        except SandboxUnavailable as error:
            fail(str(error), EXIT_NO_SANDBOX)
        finally:
            display.stop()
        outcome = blame_file(outcome, file)
        if wrapping.workers_idle and not as_json:
            say(
                "note:",
                f"--workers could not help: {outcome.answer.optimizer} requests one point at a time",
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
    """The sandbox; it takes a second to start, while the problem is read and answered."""
    from llamoco.metrics.sandbox.sandbox import Sandbox
    from llamoco.metrics.sandbox.tiers import SandboxUnavailable

    try:
        sandbox = Sandbox(allow_unsafe=True, wait=False)
    except SandboxUnavailable as error:
        fail(str(error), EXIT_NO_SANDBOX)
    context.call_on_close(sandbox.close)  # if nothing is run
    return sandbox
