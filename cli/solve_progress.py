"""What `llamoco solve` shows while it works: the programs that were chosen, why, and a bar over the evaluations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from llamoco.cli.common import column, err, say
from llamoco.cli.solve_program import write_program
from llamoco.cli.solve_tables import show_answer
from llamoco.modeling.solving.pipeline import Listener
from llamoco.modeling.solving.solution import own_sign

if TYPE_CHECKING:
    from llamoco.modeling.solving.answer import Answer


class Shown(Listener):
    """Writes the program when it is chosen, and shows what goes on unless it is to be quiet.

    Args:
        path: where the program goes.
        runs: how often the budget is spent; 0 if nothing is run.
        quiet: whether nothing but the program is to be written.
    """

    def __init__(self, path: Path, runs: int, quiet: bool) -> None:
        self._path, self._runs, self._quiet = path, runs, quiet
        self._bar: Progress | None = None
        self._answer: Answer | None = None

    def chosen(self, answers: Sequence[Answer], risk_factors: Sequence[str]) -> None:
        """See ``Listener``."""
        self._answer = answers[0]
        write_program(self._path, answers[0].program)
        if self._quiet:
            return
        if risk_factors:
            for doubt in risk_factors:
                say("doubt:", doubt, "yellow")
            shared = (
                "so several programs share the budget, the model's choice among them (--candidates 1 has it alone)"
                if self._runs
                else "where it is run, `solve` has several programs share the budget; this is the model's choice alone"
            )
            err.print(shared, soft_wrap=True)
        if len(answers) == 1 and not (risk_factors and self._runs):
            show_answer(answers[0], self._path)
        self._start()

    def fewer(self, count: int, asked: int) -> None:
        """See ``Listener``."""
        err.print(f"the budget can try {count} of {asked} candidates", soft_wrap=True)

    def replaced(self, reason: str, answer: Answer) -> None:
        """See ``Listener``."""
        running = self._answer is not None
        self.stop()
        if running:
            write_program(self._path, answer.program)
        if self._quiet:
            return
        say("the model's program:", reason, "yellow")
        unused = "; nothing of the budget was used" if running else ""
        err.print(f"the benchmark's single best solver answers instead{unused}", soft_wrap=True)
        if running:
            show_answer(answer, self._path)
            self._start()

    def progress(self, evals: int, best_f: float | None) -> None:
        """See ``Listener``."""
        if self._bar is None or self._answer is None:
            return
        best = own_sign(self._answer.problem, best_f)
        shown = "no feasible point yet" if best is None else f"best f = {best:.6g}"
        self._bar.update(self._bar.task_ids[0], completed=evals, best=shown)

    def stop(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _start(self) -> None:
        if self._quiet or not self._runs or self._answer is None:
            return
        columns = (column("{task.description}"), BarColumn(), MofNCompleteColumn(), column("evaluations"))
        self._bar = Progress(*columns, TimeRemainingColumn(), column("{task.fields[best]}"), console=err)
        self._bar.add_task("running", total=self._answer.problem.max_evals * self._runs, best="")
        self._bar.start()
