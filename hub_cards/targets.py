"""Targets of the shipped model, checked against its run records: its card lists each one that it misses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from llamoco.modeling.evaluation.record import Contestant, EvaluationRecord, Share

# What it writes, and what `llamoco solve` runs.
CONTESTANTS: dict[Contestant, str] = {"model": "raw", "with_fallback": "with fallback"}
GROUPS = ("unconstrained", "constrained")
UNKNOWN = "facts unknown"  # the group of problems whose functions cannot be traced
SCORES = {"aocc": "AOCC", "perf": "Perf"}


@dataclass(frozen=True)
class Target:
    """A target and what was measured.

    Attributes:
        name: what it is about.
        measured: the value, or the end of its 95% interval that the target is about; None where there is none: missed.
        limit: the target.
        least: whether ``limit`` is the least value that meets it; else the greatest.
        strict: whether ``limit`` itself misses it.
    """

    name: str
    measured: float | None
    limit: float
    least: bool = True
    strict: bool = False

    @property
    def met(self) -> bool:
        """Whether it is met."""
        if self.measured is None or (self.strict and self.measured == self.limit):
            return False
        return self.measured >= self.limit if self.least else self.measured <= self.limit

    @property
    def demand(self) -> str:
        """The target in words, such as "at least 0.6"."""
        bound = (
            ("above" if self.least else "below") if self.strict else "at least" if self.least else "at most"
        )
        return f"{bound} {self.limit:g}"


def targets(
    evaluation: EvaluationRecord, speed: Mapping[str, Any] | None, odd_prompts: Mapping[str, Any] | None
) -> Iterator[Target]:
    """The targets.

    Args:
        evaluation: of the test split.
        speed: record of `examples/benchmarks/solve.py`; without it, its targets are left out.
        odd_prompts: record of `llamoco study odd-prompts`; the same.
    """
    for name, way in CONTESTANTS.items():
        yield from _of_contestant(evaluation, name, way)
    robustness = evaluation["robustness"]
    if robustness is not None:
        agreement = robustness["agreement"]
        yield Target(
            "gap closed lost in held-out writing patterns", _value(robustness["held_out_loss"]), 0.05, False
        )
        yield Target("same decision after renaming", _value(agreement["renamed"]), 0.9)
        yield Target("same decision in LaTeX", _value(agreement["latex"]), 0.85)
    if speed is not None:
        yield Target("seconds of an answer", speed["loaded"]["within the pool"]["seconds"], 1, False)
        yield Target(
            "MB of memory of `llamoco solve`", speed["command"]["peak_mib"] * 2**20 / 1e6, 600, False
        )
    yield Target("tokens of an answer", evaluation["tables"]["all"]["model"]["comp"], 1000, False)
    if odd_prompts is not None:
        yield Target("broken answers to odd prompts", odd_prompts["within_pool"]["broken"], 0, False)
    for problems, error in evaluation["with_fallback"]["ece"].items():
        yield Target(f"expected calibration error, {problems}", error, 0.05, False)


def missed(found: Iterator[Target]) -> list[Target]:
    """Those that are not met."""
    return [target for target in found if not target.met]


def _of_contestant(evaluation: EvaluationRecord, name: Contestant, way: str) -> Iterator[Target]:
    every = evaluation["tables"]["all"][name]
    yield Target(f"Err, {way}", every["err"], 0.005, False)
    yield Target(f"r_acc, {way}", every["r_acc"], 0.99)
    for group in GROUPS:
        closed = evaluation["tables"][group][name]["gap_closed_aocc"]
        yield Target(f"gap closed (AOCC), {group}, {way}", closed, 0.6)
    for kind in ("type", "budget", "dimension"):
        for of_kind, table in evaluation["groups"][kind].items():
            difference = table[name]["above_sbs"]["difference"]
            yield Target(f"AOCC above the SBS, {kind} {of_kind}, {way}", difference, 0, strict=True)
    baselines = evaluation["baselines"]
    if baselines is None:
        return
    for group in GROUPS:
        for tool in baselines["groups"].get(group, {}).values():
            for score, comparison in tool["comparisons"].get(name, {}).items():
                ends = comparison["interval"]
                what = f"{SCORES[score]} above {tool['title']}, {group}, {way} (95%: lower end)"
                yield Target(what, None if ends is None else ends[0], 0, strict=True)
    for tool in baselines["groups"].get(UNKNOWN, {}).values():
        if name in tool["comparisons"]:
            difference = tool["comparisons"][name]["aocc"]["difference"]
            yield Target(f"AOCC above {tool['title']}, {UNKNOWN}, {way}", difference, 0, strict=True)


def _value(share: Share | None) -> float | None:
    return share and share["value"]
