"""LMEA: a language model as evolutionary optimizer (S. Liu et al., arXiv 2310.19046).

The prompt has the task, the population with its values, and instructions for one generation step by step: select two parents, cross
them over, mutate the child, and again until there is a new population; an example shows the form of the answer. The best of parents and
children survive. The temperature adapts itself: it starts at 1 and is raised by 0.1 whenever the best has not improved for 20
generations. The paper's operators are for permutations; here they are those of real-coded evolution: arithmetic and uniform crossover,
Gaussian mutation. As in the paper, one request makes a generation of 16.
"""

from __future__ import annotations

import re
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

INSTRUCTIONS = """\
You are given a minimization problem of {dim} variables, {box}. Your task is to find the point with the smallest possible value.

Below are some previous points and their values. The points are arranged in descending order of their values, where lower values are \
better.
{constraints}
{population}
Please follow the instructions step by step to generate new points:
1. Select two points from the above points, better ones more often.
2. Cross over the two points chosen in step 1 and generate a new point: take each number from one of the two (uniform crossover), or \
average the two with a random weight (arithmetic crossover).
3. Mutate the point generated in step 2: add a small random number to one or several of its numbers, within the bounds.
4. Keep the point generated in step 3, return to step 1, until you have a new population of {size} points.

Directly give all selected points of step 1 and the new point of step 3 in the form below, {size} times, without code and explanation. \
For example, with two variables:
<selection>[1.5, 2.0], [0.5, 1.0]</selection>
<res>[0.9, 1.05]</res>
"""
MEMBER = "<point>{point}</point> <value>{score}</value>"
_RESULT = re.compile(r"<res>([^<]*)</res>")


class Lmea:
    """LMEA with the paper's settings.

    Args:
        dim: number of variables.
        lower, upper: bounds (D,).
        constrained: whether there are constraints.
    """

    SETTINGS: ClassVar[dict[str, Any]] = {
        "population": 16,
        "temperature": 1.0,
        "temperature_step": 0.1,
        "patience": 20,
        "hottest": 2.0,
    }
    NEW_TOKENS: ClassVar[int] = 4096  # of a reply
    INITIAL_POINTS: ClassVar[int] = SETTINGS["population"]

    def __init__(self, dim: int, lower: np.ndarray, upper: np.ndarray, constrained: bool) -> None:
        self._dim, self._box = dim, box_text(lower, upper)
        self._note = CONSTRAINTS_NOTE if constrained else ""
        self._population: list[Scored] = []  # the best last
        self._stalled = 0
        self.temperature = float(self.SETTINGS["temperature"])

    def requests(self) -> list[Request]:
        """The request of the next generation."""
        size = int(self.SETTINGS["population"])
        members = [
            MEMBER.format(point=point_text(member.x), score=score_text(member)) for member in self._population
        ]
        text = INSTRUCTIONS.format(
            dim=self._dim, box=self._box, constraints=self._note, population="\n".join(members), size=size
        )
        return [Request(text, self.temperature)]

    def read(self, reply: str) -> list[tuple[float, ...]]:
        """The new points of a reply, at most a population; empty if there is none."""
        found = [point for text in _RESULT.findall(reply) for point in read_points(text, self._dim)[:1]]
        return found[: int(self.SETTINGS["population"])]

    def tell(self, evaluated: Sequence[Scored]) -> None:
        """Take the points of a generation; the initial ones first. The best of old and new survive."""
        before = self._population
        self._population = worst_first([*before[::-1], *evaluated], int(self.SETTINGS["population"]))
        if not before:
            return
        if self._population and self._population[-1].merit < before[-1].merit:
            self._stalled = 0
            return
        self._stalled += 1
        if self._stalled == self.SETTINGS["patience"]:
            self._stalled = 0
            raised = self.temperature + self.SETTINGS["temperature_step"]
            self.temperature = round(min(raised, self.SETTINGS["hottest"]), 6)
