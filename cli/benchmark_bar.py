"""Progress bar of the commands that run the pool on many problems: `benchmark` and `study screening`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeElapsedColumn

from llamoco.cli.common import column, err

if TYPE_CHECKING:
    from llamoco.dataset_builder.benchmark.benchmark import BenchmarkProgress


@contextmanager
def benchmark_bar(first_phase: str) -> Iterator[Callable[[BenchmarkProgress], None]]:
    """Show a bar on stderr while the block runs; what it yields is called with each new state.

    Args:
        first_phase: what the bar is called until the first state arrives.
    """
    columns = (column("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, column("{task.fields[state]}"), console=err) as bar:
        task = bar.add_task(first_phase, total=1.0, state="")

        def show(state: BenchmarkProgress) -> None:
            left = "" if state.seconds_left is None else f", about {state.seconds_left / 60:.0f} min left"
            text = f"{state.runs:,} runs, up to {state.expected_evals:.1e} evaluations in all{left}"
            bar.update(task, description=state.phase, completed=state.share, state=text)

        yield show
