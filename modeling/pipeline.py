"""From a problem to a solved problem, in one function: answer, doubt, programs that share the budget, run, fallback.

``llamoco solve``, ``llamoco.minimize`` and whoever else solves a problem call ``solve_problem``. Nothing here imports torch or a
command line: the model, the sandbox and what is shown come as arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from llamoco.dataset_builder.problems.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from llamoco.metrics.sandbox.verdicts import Record
    from llamoco.modeling.generation import Generator
    from llamoco.modeling.solve import Answer, Solution


class Runner(Protocol):
    """What runs programs: ``metrics.sandbox.slot.Sandbox``, or another object that calls a program's ``optimize`` on a problem.

    Attributes:
        tier: how it confines them, see ``metrics.sandbox.tiers``. On tier C only known code runs, unless ``Options.unsafe``.
    """

    tier: str

    def run(
        self,
        program: str,
        problem: Problem,
        seed: int,
        time_limit: float = ...,
        *,
        on_progress: Callable[[int, float | None], None] | None = None,
    ) -> Record:
        """Run a completion once, on the whole budget of a problem."""
        ...


class Stop(Exception):
    """Raised by ``Listener.progress`` or by the problem's own evaluator: end here and keep the best point so far.

    Its text is the reason that the solution gives, with the verdict "stopped".
    """


class Listener:
    """What is told while a problem is solved. Subclasses show it; this one does nothing. Any method may raise ``Stop``."""

    def chosen(self, answers: Sequence[Answer], doubts: Sequence[str]) -> None:
        """Which programs will run, and why there are several (no doubts where one has the whole budget)."""

    def replaced(self, reason: str, answer: Answer) -> None:
        """The single best solver answers instead of the model."""

    def progress(self, evals: int, best_f: float | None) -> None:
        """Evaluations used in all, and the best feasible objective (minimised sign), None until there is one."""


@dataclass(frozen=True)
class Options:
    """How to solve.

    Attributes:
        seed: of the first run.
        runs: how often the one program runs, each with the whole budget and the next seed; the best run counts.
        candidates: how many of the model's likeliest programs share the budget by successive halving. 1: the likeliest has
            all of it. None: one program, unless there is doubt (see ``doubt``), when the portfolio shares the budget.
        time_limit: seconds that a program may take in a run beside the objective's own time.
        wall_limit: seconds for everything, the objective's time included; then the best point so far counts. None: no limit.
        fallback: whether the single best solver may answer instead, see ``fallback``.
        unsafe: whether code that is not known may run where nothing confines it.
    """

    seed: int = 0
    runs: int = 1
    candidates: int | None = None
    time_limit: float = 300.0
    wall_limit: float | None = None
    fallback: bool = True
    unsafe: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of solving a problem.

    Attributes:
        answer: the program that found the best point; the one to save and to show.
        solution: the best point; None where nothing was run (no runner given). Its verdict is "interrupted" after Ctrl-C,
            "stopped" after ``Stop``, "time_limit" after ``wall_limit`` and "problem_error" where the problem's own code failed.
        runs: one a seed where one program had the whole budget; empty where several shared it.
        shares: what each program did with its share of the budget, as JSON objects; None where one program had all of it.
        doubts: why several programs shared the budget, a sentence each; empty where none did by themselves.
        replaced: why the single best solver answered instead of the model; None where it did not.
        error: what ended the runs early and has to be raised by whoever promised so: ProblemError, or KeyboardInterrupt.
            None otherwise, after ``Stop`` and ``wall_limit`` too.
    """

    answer: Answer
    solution: Solution | None
    runs: tuple[Solution, ...] = ()
    shares: tuple[dict[str, Any], ...] | None = None
    doubts: tuple[str, ...] = ()
    replaced: str | None = None
    error: BaseException | None = None


def solve_problem(
    problem: Problem,
    generator: Generator,
    runner: Runner | None,
    options: Options = Options(),  # noqa: B008  (frozen)
    listener: Listener | None = None,
) -> Outcome:
    """Solve a problem within its budget, which is never exceeded, whoever shares it.

    Whatever ends a run early (Ctrl-C, ``Stop``, ``wall_limit``, an error of the problem's own code), the best point so far is
    returned. ``Outcome.error`` then holds what the caller may want to raise.

    Args:
        problem: what to solve.
        generator: the model.
        runner: runs the programs, opened by the caller; None to have the program alone.
        options: how.
        listener: what is told meanwhile.

    Raises:
        SandboxUnavailable: the program is not known code, the runner does not confine it, and ``options.unsafe`` is not set.
        ModelError: the model cannot answer.
    """
    raise NotImplementedError
