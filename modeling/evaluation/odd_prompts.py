"""Answers to prompts unlike those of the training set: how many are no program of the pool, raw and within it.

Problem files are drawn whose functions cannot be profiled, so that facts are "unknown", with many constraints, odd bounds, 2 to 50
variables and budgets of 20 to 30,000; they become prompts as in ``llamoco solve``. Nothing that a model writes is run: an answer
is right if it is, byte for byte, a program of the pool that can serve the problem.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from rich.console import Console
from rich.progress import track

from llamoco.dataset_builder.optimizers.pool import identify
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.completion import parse_completion
from llamoco.dataset_builder.prompts.facts import StatedFacts
from llamoco.dataset_builder.prompts.probe_words import words_of_problem
from llamoco.dataset_builder.prompts.prompt import PROMPT_LIMIT, make_prompt
from llamoco.modeling.generation.generator import Generator

SEED = 0
BATCH = 8
FOLLOWED = 0.2  # of the files have functions that can be followed
CONSTRAINED = 0.85
MOST_CONSTRAINTS = 260
# Nothing that traces functions gets through a number's text.
UNKNOWN = "    x = np.array([float(str(v)) for v in x])\n"

Fault = Literal[
    "no program of the pool", "cannot serve the problem", "another name", "not the benchmark's configuration"
]


@dataclass(frozen=True)
class OddPrompt:
    """Drawn problem and its prompt."""

    problem: Problem
    prompt: str


def odd_prompts(count: int, seed: int = SEED) -> Iterator[OddPrompt]:
    """Draw problem files and make their prompts; the first N are the same for any count above N.

    Args:
        count: number of prompts.
        seed: of the draws.
    """
    with TemporaryDirectory() as folder:
        for number in range(count):
            path = Path(folder) / f"problem_{number}.py"
            path.write_text(drawn_file(PortableRng("odd prompts", seed, number)), encoding="utf-8")
            problem = load_problem(path)
            probes = words_of_problem(problem) if problem.profile is None else None
            yield OddPrompt(problem, make_prompt(problem, PROMPT_LIMIT, probes)[0])


def drawn_file(draws: PortableRng) -> str:
    """A problem FILE in Python."""
    dim = _log_uniform(draws, 2, 50)
    follow = "" if draws.chance(FOLLOWED) else UNKNOWN
    bounds = _bounds(draws, dim)
    inequalities = equalities = 0
    if draws.chance(CONSTRAINED):
        inequalities = _log_uniform(draws, 1, MOST_CONSTRAINTS)
        if draws.chance(0.3):
            equalities = draws.integer(1, 3)
            inequalities *= draws.chance(0.7)
    # Some files are far longer than a prompt may be.
    remarks = "".join(f"# remark {k}: {draws.unit()}\n" for k in range(draws.choice((0, 0, 3, 200))))
    text = (
        f"import numpy as np\n\n{remarks}\ndef objective(x):\n{follow}    return abs(np.sin(x[0]) + x[1])\n\n"
    )
    for name, number in (("inequality", inequalities), ("equality", equalities)):
        if number:
            text += f"\ndef {name}(x):\n{follow}    return [x[k % {dim}] - k for k in range({number})]\n\n"
    lower, upper = ([pair[end] for pair in bounds] for end in (0, 1))
    return f"{text}\nLOWER = {lower}\nUPPER = {upper}\nMAX_EVALS = {_log_uniform(draws, 20, 30_000)}\n"


def _bounds(draws: PortableRng, dim: int) -> list[tuple[float, float]]:
    """The same for all variables, two blocks, or each variable's own."""
    kind = draws.integer(0, 2)
    if kind == 0:
        return [_pair(draws)] * dim
    if kind == 1:
        cut = draws.integer(1, dim - 1)
        return [_pair(draws)] * cut + [_pair(draws)] * (dim - cut)
    return [_pair(draws) for _ in range(dim)]


def _pair(draws: PortableRng) -> tuple[float, float]:
    """A lower and an upper bound: usual ones, of angles, huge, tiny, far from 0, of many decimals."""
    pi = 3.141592653589793
    size = 10.0 ** draws.integer(-9, 9)
    return draws.choice(
        (
            (-pi, pi),
            (0.0, 2 * pi),
            (0.05, 1.0),
            (-5.0, 5.0),
            (0.0, size),
            (-size, 3 * size),
            (1e-09, 1e9),
            (size, size * (1 + draws.unit())),
            (-draws.unit(), draws.unit()),
            (-1e300, 1e300),
        )
    )


def _log_uniform(draws: PortableRng, low: int, high: int) -> int:
    return min(int(low * ((high + 1) / low) ** draws.unit()), high)


def fault(asked: OddPrompt, completion: str) -> Fault | None:
    """The fault of an answer; None if it is right."""
    problem = asked.problem
    kind = StatedFacts(problem.dim, problem.max_evals, problem.constrained)
    parts = parse_completion(completion)
    known = identify(parts.body)
    if known is None:
        return "no program of the pool"
    if known[0] not in kind.applicable:
        return "cannot serve the problem"
    if parts.optimizer != known[0]:
        return "another name"
    return None if known[1] == kind.configuration(known[0]) else "not the benchmark's configuration"


def measure(generator: Generator, count: int, seed: int = SEED) -> dict[str, Any]:
    """Answers to odd prompts, raw and within the pool.

    Args:
        generator: the model.
        count: number of prompts.
        seed: of the draws.

    Returns:
        prompts, and how many of them have unknown_facts or are constrained; raw and within_pool: faults by kind, and broken, the
        number of answers that are no program of the pool that can serve the problem; differing: number of answers within the pool
        that differ from the raw ones, and given_to_leaving: the mean probability that the model gave to leaving the pool there.
    """
    found: dict[str, Counter[str]] = {"raw": Counter(), "within_pool": Counter()}
    left = []
    asked = list(odd_prompts(count, seed))
    batches = [asked[start : start + BATCH] for start in range(0, count, BATCH)]
    for batch in track(batches, "answering", console=Console(stderr=True), transient=True):
        answers = generator.answer_both_ways([generator.truncate_prompt(each.prompt) for each in batch])
        for each, (raw, within) in zip(batch, answers, strict=True):
            found["raw"][fault(each, raw.completion) or ""] += 1
            found["within_pool"][fault(each, (within or raw).completion) or ""] += 1
            if within is not None and within.kept is not None:
                left.append(1 - within.kept)
    return {
        "prompts": count,
        "unknown_facts": sum("# objective: unknown" in each.prompt for each in asked),
        "constrained": sum(each.problem.constrained for each in asked),
        **{name: _summary(faults) for name, faults in found.items()},
        "differing": len(left),
        "given_to_leaving": round(sum(left) / len(left), 3) if left else None,
    }


def _summary(faults: Counter[str]) -> dict[str, Any]:
    named = {name: number for name, number in sorted(faults.items()) if name}
    harmless = ("not the benchmark's configuration",)
    return {"broken": sum(n for name, n in named.items() if name not in harmless), "faults": named}
