"""Run of a contestant on a problem: one or several stages that share the budget, with all evaluations counted.

A contestant of one stage is scored as the metric scores a program, at the point that the optimizer returns. One of several stages
returns the best feasible point of all of them, which it owns.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass, replace
from typing import Any

from llamoco.dataset_builder.benchmark.run import execute
from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.optimizers.catalogue import Config
from llamoco.dataset_builder.optimizers.configuration import config_json
from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.profiling.probe_points import probe_count
from llamoco.dataset_builder.problems.profiling.probes import probe_problem
from llamoco.dataset_builder.problems.scores import aocc, w
from llamoco.metrics.sandbox.sandbox import TIME_LIMIT
from llamoco.modeling.selection.tuning import trial_plan, tune
from llamoco.modeling.solving.solution import join_traces

INFEASIBLE = 1e6  # cost of a trial without a feasible point; more the further it is from one


@dataclass(frozen=True)
class Plan:
    """What a contestant does on one problem.

    Attributes:
        programs: optimizers and configurations (canonical JSON) that run one after the other, each with an equal share.
        probed: whether probes come first, on which the choice rests.
        tuned: whether the (only) optimizer is tuned before its run.
    """

    programs: tuple[tuple[str, str], ...]
    probed: bool = False
    tuned: bool = False

    @property
    def single(self) -> bool:
        """Whether it is no more than one program's run."""
        return len(self.programs) == 1 and not self.probed and not self.tuned

    def to_json(self) -> str:
        """The plan as canonical JSON."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read ``to_json``."""
        read = json.loads(text)
        return cls(tuple((name, config) for name, config in read.pop("programs")), **read)


class Stages:
    """Stages of one run, and what they found together.

    Args:
        problem: with f0 and f_star.
        seed: of every stage.

    Attributes:
        evals: evaluations used.
        best_f: best feasible objective; inf until there is one.
        trace: improvements.
        statuses: how the stages ended, see ``benchmark.run.Run``.
        returned: objective at the point that the last stage returned; None where that is infeasible.
    """

    def __init__(self, problem: Problem, seed: int) -> None:
        self.problem, self._seed = problem, seed
        self.evals = 0
        self.best_f = math.inf
        self.trace: list[tuple[int, float]] = []
        self.statuses: list[str] = []
        self.returned: float | None = None

    @property
    def left(self) -> int:
        """Evaluations left."""
        return self.problem.max_evals - self.evals

    def probe(self) -> None:
        """Evaluate the probes on which a choice rests, if the budget affords any."""
        if count := probe_count(self.problem.max_evals):
            oracle = Oracle(replace(self.problem, max_evals=count))
            probe_problem(self.problem, oracle.evaluate, count)
            self._join(oracle)

    def run(self, name: str, config: Config, evals: int) -> Oracle:
        """Run an optimizer for some evaluations of those that are left."""
        part = replace(self.problem, max_evals=min(evals, self.left))
        oracle = Oracle(part)
        measured = execute(part, pool.render(name, config), self._seed, TIME_LIMIT, oracle)
        self._join(oracle)
        self.statuses.append(measured["status"])
        self.returned = measured["f_returned"]
        return oracle

    def _join(self, oracle: Oracle) -> None:
        self.trace = join_traces([(self.evals, self.trace), (oracle.evals, oracle.trace)])
        self.evals += oracle.evals
        self.best_f = min(self.best_f, oracle.best_f)


def run_plan(problem: Problem, plan: Plan, seed: int) -> dict[str, Any]:
    """Run a contestant's plan on a problem.

    Args:
        problem: with f0 and f_star.
        plan: what it does.
        seed: of every stage, and of SMAC.

    Returns:
        status, evals, aocc, perf, seconds (by the clock), trials, config (of the last program, canonical JSON).
    """
    assert problem.f0 is not None and problem.f_star is not None
    started = time.perf_counter()
    stages = Stages(problem, seed)
    if plan.probed:
        stages.probe()
    trials, config = 0, {}
    for place, (name, text) in enumerate(plan.programs):
        config = json.loads(text)
        if plan.tuned:
            trials, config = _tuned(stages, name, config, seed)
        stages.run(name, config, stages.left // (len(plan.programs) - place))
    status = stages.statuses[-1]
    failed = plan.single and status in ("error", "timeout")
    final = (
        stages.returned if plan.single else stages.best_f
    )  # what several stages return is the best of them all
    return {
        "status": status,
        "evals": stages.evals,
        "aocc": 0.0 if failed else aocc(stages.trace, problem.max_evals, problem.f0, problem.f_star),
        "perf": 0.0 if failed else w(final if final is not None else math.inf, problem.f0, problem.f_star),
        "seconds": round(time.perf_counter() - started, 4),
        "trials": trials,
        "config": config_json(config),
    }


def _tuned(stages: Stages, name: str, start: Config, seed: int) -> tuple[int, Config]:
    """Number of trials, and the configuration that did best in them."""
    trials, evals = trial_plan(name, stages.left, stages.problem.dim)
    if not trials:
        return 0, start
    return trials, tune(name, start, trials, lambda config: trial_cost(stages.run(name, config, evals)), seed)


def trial_cost(oracle: Oracle) -> float:
    """Cost of a trial: its best feasible objective, on a scale that tames large values; without one, how far it stayed from it."""
    if oracle.best_x is not None:
        return math.copysign(math.log1p(abs(oracle.best_f)), oracle.best_f)
    nearest = oracle.least_infeasible
    if nearest is None:
        return 2 * INFEASIBLE
    broken = sum(max(value, 0.0) for value in nearest.g) + sum(abs(value) for value in nearest.h)
    return INFEASIBLE + math.log1p(min(float(broken), 1e300))
