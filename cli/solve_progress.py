"""Progress of `llamoco solve`: the chosen program, the reasons, and a bar over the evaluations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from llamoco.cli.common import column, err, say
from llamoco.cli.solve_program import write_program
from llamoco.cli.solve_tables import show_answer
from llamoco.modeling.solving.pipeline import Listener
from llamoco.modeling.solving.solution import user_objective

if TYPE_CHECKING:
    from llamoco.dataset_builder.problems.problem import Problem
    from llamoco.modeling.solving.answer import Answer
    from llamoco.modeling.solving.fallback import Fallback


class ProgressDisplay(Listener):
    """Writes the program when it is chosen, and shows the progress unless it is quiet.

    Args:
        path: of the program.
        runs: number of runs; 0 if nothing is run.
        quiet: whether to write the program and nothing else.
    """

    def __init__(self, path: Path, runs: int, quiet: bool) -> None:
        self._path, self._runs, self._quiet = path, runs, quiet
        self._bar: Progress | None = None
        self._answer: Answer | None = None
        self._problem: Problem | None = None

    def probing(self, problem: Problem) -> None:
        """See ``Listener``."""
        self._problem = problem
        self._start("probing")

    def chosen(self, answer: Answer, risks: tuple[str, ...]) -> None:
        """See ``Listener``."""
        self._answer, self._problem = answer, answer.problem
        self.stop()
        write_program(self._path, answer.program)
        if self._quiet:
            return
        for risk in risks:
            say("risk:", risk, "yellow")
        if risks:
            shared = (
                "so several programs share the budget, the model's choice among them (--one-program to have it alone)"
                if self._runs
                else "so `llamoco solve` runs several programs that share the budget; this is the model's choice alone"
            )
            err.print(shared, soft_wrap=True)
        if not (risks and self._runs):
            show_answer(answer, self._path)
        self._start()

    def fell_back(self, fallback: Fallback, answer: Answer) -> None:
        """See ``Listener``."""
        running = self._answer is not None
        self.stop()
        if running:
            write_program(self._path, answer.program)
        if self._quiet:
            return
        say("the model's program:", fallback.explanation, "yellow")
        unused = "; it used none of the budget" if running else ""
        err.print(f"the benchmark's single best solver answers instead{unused}", soft_wrap=True)
        if running:
            show_answer(answer, self._path)
            self._start()

    def progress(self, evals: int, best_f: float | None) -> None:
        """See ``Listener``."""
        if self._bar is None or self._problem is None:
            return
        best = user_objective(self._problem, best_f)
        text = "no feasible point yet" if best is None else f"best f = {best:.6g}"
        self._bar.update(self._bar.task_ids[0], completed=evals, best=text)

    def stop(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _start(self, what: str = "running") -> None:
        if self._quiet or not self._runs or self._problem is None:
            return
        columns = (column("{task.description}"), BarColumn(), MofNCompleteColumn(), column("evaluations"))
        self._bar = Progress(*columns, TimeRemainingColumn(), column("{task.fields[best]}"), console=err)
        self._bar.add_task(what, total=self._problem.max_evals * self._runs, best="")
        self._bar.start()
