"""Search by solutions: one run of a method (``opro``, ``lmea``) on a problem, driven by replies that may be recorded ones.

A run follows from its replies alone: random points come from a named seed, and the oracle evaluates anew. A run that was stopped goes on
by taking the recorded replies in their order first, and a finished one is computed again without a model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from llamoco.dataset_builder.problems.merit import merit
from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.modeling.providers.replies import Sample
from llamoco.modeling.solution_search.points import Scored

REASKED = 2  # times that a request is repeated whose reply has no point


@dataclass(frozen=True)
class Request:
    """A request: the text that the model is asked, and the temperature of its reply."""

    text: str
    temperature: float


class Method(Protocol):
    """A solution-to-solution optimizer; told the points of each step, the random initial ones first."""

    SETTINGS: ClassVar[dict[str, Any]]
    INITIAL_POINTS: ClassVar[int]

    def requests(self) -> Sequence[Request]:
        """The requests of the next step."""

    def read(self, reply: str) -> list[tuple[float, ...]]:
        """The points (D,) of a reply; none if it cannot be read."""

    def tell(self, evaluated: Sequence[Scored]) -> None:
        """Take the new points of a step."""


# Asked with the number of the request in the run, from 0.
Ask = Callable[[int, Request], Sample]


@dataclass
class Effort:
    """What a run took.

    Attributes:
        requests: of replies, those asked again included.
        unparsable: replies without a point; each is asked again twice at most.
        clipped: points outside the box, moved onto it.
        duplicates: points that had been evaluated before in the run, and were not again.
        tokens_in, tokens_out: of all requests.
        model_seconds: that the server took.
    """

    requests: int = 0
    unparsable: int = 0
    clipped: int = 0
    duplicates: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    model_seconds: float = 0.0


class SolutionSearch:
    """A run.

    Args:
        problem: the problem.
        method: of the search, a new one.
        ask: gives the replies.
        seed: of the initial points.
        max_evals: cap on evaluations; the problem's budget if it is smaller.
        max_requests: cap on requests.

    Attributes:
        oracle: counts the evaluations and keeps the best.
        effort: so far.
    """

    def __init__(
        self, problem: Problem, method: Method, ask: Ask, seed: int, max_evals: int, max_requests: int
    ) -> None:
        self.oracle = Oracle(problem)
        self.effort = Effort()
        self._problem, self._method, self._ask, self._seed = problem, method, ask, seed
        self._max_evals = min(max_evals, problem.max_evals)
        self._max_requests = max_requests
        self._refused = False
        self._seen: set[bytes] = set()

    def run(self) -> str:
        """Search until a cap is reached, and say which: "evaluations" or "requests"; or "refused": the prompt is too long for the model."""
        problem = self._problem
        points = PortableRng("solution search", self._seed).points(
            self._method.INITIAL_POINTS, problem.lower_array, problem.upper_array
        )
        if self.oracle.start is not None:
            points[0] = self.oracle.start
        self._method.tell(self._evaluated([tuple(point) for point in points.tolist()]))
        while True:
            found: list[Scored] = []
            for request in self._method.requests():
                if self._left() == 0:
                    return "evaluations"
                if self.effort.requests >= self._max_requests:
                    return "requests"
                found += self._evaluated(self._answered(request))
                if self._refused:
                    return "refused"
            self._method.tell(found)

    def _left(self) -> int:
        return max(self._max_evals - self.oracle.evals, 0)

    def _answered(self, request: Request) -> list[tuple[float, ...]]:
        """The points of the first reply that has any."""
        for _ in range(1 + REASKED):
            if self.effort.requests >= self._max_requests:
                break
            sample = self._ask(self.effort.requests, request)
            self.effort.requests += 1
            self.effort.tokens_in += sample.tokens_in
            self.effort.tokens_out += sample.tokens_out
            self.effort.model_seconds += sample.seconds
            if sample.refused:
                self._refused = True
                break
            if points := self._method.read(sample.text):
                return points
            self.effort.unparsable += 1
        return []

    def _evaluated(self, points: Sequence[tuple[float, ...]]) -> list[Scored]:
        """Evaluate the new ones of some points, as far as the budget goes."""
        scored = []
        for point in points:
            if self._left() == 0:
                break
            x = np.clip(np.array(point), self._problem.lower_array, self._problem.upper_array)
            self.effort.clipped += not np.array_equal(x, point)
            if x.tobytes() in self._seen:
                self.effort.duplicates += 1
                continue
            self._seen.add(x.tobytes())
            values = self.oracle.evaluate(x[None, :])
            key = merit(float(values.f[0]), values.g[0], values.h[0])
            scored.append(Scored(tuple(x.tolist()), key))
        return scored
