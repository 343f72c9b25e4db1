"""Convergence plot: best objective over evaluations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from llamoco.dataset_builder.problems.printable import printable

if TYPE_CHECKING:
    from llamoco.modeling.solving.answer import Answer
    from llamoco.modeling.solving.solution import Solution


def plot_convergence(answer: Answer, solution: Solution, path: Path, shared: bool = False) -> None:
    """Draw the best feasible objective, as the person knows it, over the evaluations of a run.

    Args:
        answer: the program.
        solution: what came of it.
        path: the image to write; the suffix gives the format.
        shared: whether several programs shared the budget, this one among them.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.2), layout="constrained")
    if solution.trace:
        evals = [e for e, _ in solution.trace] + [solution.evals]
        sign = -1 if answer.problem.maximize else 1
        values = [sign * f for _, f in solution.trace] + [sign * solution.trace[-1][1]]
        axes.step(evals, values, where="post", color="#1f5fa8", linewidth=1.8)
        axes.plot(
            evals[-2],
            values[-2],
            "o",
            color="#c2410c",
            label=f"best: f = {values[-1]:.6g} at evaluation {evals[-2]}",
        )
        spread = [v - values[-1] for v in values[:-2]]
        if values[-1] > 0 and spread and max(values) / values[-1] > 50:
            axes.set_yscale("log")
        axes.legend(frameon=False)
    else:
        axes.text(0.5, 0.5, "no feasible point was found", ha="center", transform=axes.transAxes)
    axes.set_xlim(0, answer.problem.max_evals)
    axes.set_xlabel("evaluations")
    axes.set_ylabel("best feasible objective")
    by = "several programs that share the budget" if shared else answer.optimizer or "generated program"
    title = printable(f"{answer.problem.id}: {by}", 200)
    axes.set_title(title, loc="left", parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
