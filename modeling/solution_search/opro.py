"""OPRO: Optimization by PROmpting (C. Yang et al., Large Language Models as Optimizers, arXiv 2309.03409, section 3 on linear regression).

The meta-prompt has an instruction, the best pairs of point and value so far in an order in which they become better, and the request for
a new point that is better than all. Each step asks eight times at temperature 1 with the same meta-prompt and evaluates what is new.
As in the paper the function itself is not shown. Generalised from its two variables to D, with bounds and constraints.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from llamoco.modeling.solution_search.points import (
    CONSTRAINTS_NOTE,
    Scored,
    box_text,
    point_text,
    read_points,
    score_text,
    worst_first,
)
from llamoco.modeling.solution_search.search import Request

META_PROMPT = """\
Now you will help me minimize a function of {dim} input variables, {box}. I have some points and the function values at those points. \
The points are arranged in descending order of their function values: the best come last, where lower values are better.
{constraints}
{pairs}
Give me a new point that is different from all points above, and has a function value lower than any of the above. Do not write code. \
The output must end with the point: {dim} numbers in square brackets, separated by commas.
"""
PAIR = "input:\n{point}\nvalue:\n{score}\n"


class Opro:
    """OPRO with the paper's settings for linear regression: 5 random points, 20 best pairs in the prompt, 8 replies a step.

    Args:
        dim: number of variables.
        lower, upper: bounds (D,).
        constrained: whether there are constraints.
    """

    SETTINGS: ClassVar[dict[str, Any]] = {
        "initial_points": 5,
        "pairs_shown": 20,
        "replies_a_step": 8,
        "temperature": 1.0,
    }
    NEW_TOKENS: ClassVar[int] = 1024  # of a reply
    INITIAL_POINTS: ClassVar[int] = SETTINGS["initial_points"]

    def __init__(self, dim: int, lower: np.ndarray, upper: np.ndarray, constrained: bool) -> None:
        self._dim, self._box = dim, box_text(lower, upper)
        self._note = CONSTRAINTS_NOTE if constrained else ""
        self._history: list[Scored] = []

    def requests(self) -> list[Request]:
        """The requests of the next step."""
        pairs = [
            PAIR.format(point=point_text(pair.x), score=score_text(pair))
            for pair in worst_first(self._history, self.SETTINGS["pairs_shown"])
        ]
        text = META_PROMPT.format(
            dim=self._dim, box=self._box, constraints=self._note, pairs="\n".join(pairs)
        )
        return [Request(text, self.SETTINGS["temperature"])] * self.SETTINGS["replies_a_step"]

    def read(self, reply: str) -> list[tuple[float, ...]]:
        """The point that a reply ends with, as a list of one; empty if there is none."""
        return read_points(reply, self._dim)[-1:]

    def tell(self, evaluated: Sequence[Scored]) -> None:
        """Take the new points of a step; the initial ones first."""
        self._history.extend(evaluated)
