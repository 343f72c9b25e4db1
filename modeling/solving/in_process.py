"""Runner of pool programs in this process: where there is no sandbox, or for thousands of runs.

Known code only, byte for byte a program of the pool; anything else needs the sandbox.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from llamoco.dataset_builder.optimizers.pool import identify, optimizer_function
from llamoco.dataset_builder.problems.calling import call_optimize
from llamoco.dataset_builder.problems.evaluators import EvaluatorWrapper, ProblemEvaluator, Values
from llamoco.dataset_builder.problems.oracle import BudgetExceeded, Oracle
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.completion import parse_completion
from llamoco.metrics.sandbox.outcome import Outcome
from llamoco.metrics.sandbox.record import Record, record_of


class InProcessRunner:
    """A ``solution.Runner`` without confinement; counts and caps as the sandbox does.

    Attributes:
        tier: "C", the word for no confinement.
    """

    tier = "C"

    def run(
        self,
        program: str,
        problem: Problem,
        seed: int,
        time_limit: float = 0.0,
        *,
        on_progress: Callable[[int, float | None], None] | None = None,
        on_oracle: Callable[[Oracle], None] | None = None,
    ) -> Record:
        """Call the ``optimize`` of a program of the pool.

        Args:
            program: a completion.
            problem: what it optimizes.
            seed: handed to ``optimize``.
            time_limit: not kept: known code ends by itself within the budget.
            on_progress: see ``Oracle``.
            on_oracle: is given the oracle before the program begins, to look at if the run is broken off.

        Raises:
            ValueError: if the completion is not a program of the pool.
            Exception: whatever the problem's own objective or ``on_progress`` raises.
        """
        body = parse_completion(program).body
        if identify(body) is None:
            raise ValueError("this is not a program of the pool: run it in the sandbox")
        ours: list[BaseException] = []

        def tell(evals: int, best: float | None) -> None:
            if on_progress is not None:
                with _kept(ours):
                    on_progress(evals, best)

        own = (
            problem
            if problem.active_evaluator.compiled
            else problem.with_evaluator(_Guarded(problem.active_evaluator, ours))
        )
        oracle = Oracle(own, tell)
        if on_oracle is not None:
            on_oracle(oracle)
        started = time.perf_counter()
        ending = Outcome("ok", "returned a point")
        try:
            with np.errstate(all="ignore"):
                x = call_optimize(
                    optimizer_function(body),
                    (oracle.objective, oracle.inequality, oracle.equality),
                    (problem.lower_array.copy(), problem.upper_array.copy()),
                    oracle.remaining,
                    seed,
                    oracle.start,
                )
            ending = Outcome("ok", "returned a point", x=np.asarray(x, dtype=float))
        except BudgetExceeded as error:
            ending = Outcome("budget_exceeded", str(error))
        except Exception as error:
            if not ours:
                ending = Outcome("runtime_error", f"{type(error).__name__}: {error}")
        if ours:
            raise ours[0]
        if oracle.refused:
            ending = Outcome("budget_exceeded", f"asked for more than its {problem.max_evals} evaluations")
        ending = replace(ending, wall=time.perf_counter() - started)
        digest = hashlib.sha256(program.encode()).hexdigest()
        return record_of(ending, oracle, {"tier": self.tier, "seed": seed, "source_hash": digest})


@contextmanager
def _kept(errors: list[BaseException]) -> Iterator[None]:
    """Note what is raised on the evaluator's side: it ends the run, whatever a program does with it."""
    try:
        yield
    except BaseException as error:
        errors.append(error)
        raise


class _Guarded(EvaluatorWrapper):
    """An evaluator whose errors are noted."""

    def __init__(self, inner: ProblemEvaluator, errors: list[BaseException]) -> None:
        super().__init__(inner)
        self._errors = errors

    def evaluate(self, x: np.ndarray) -> Values:
        """See ``ProblemEvaluator``."""
        with _kept(self._errors):
            return self.inner.evaluate(x)
