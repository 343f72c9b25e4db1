"""From a problem file to a solved problem: prompt, answer, program, confined run, result."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from llamoco.dataset_builder.benchmark.labels import GROUPS, SHIPPED_LABELS, read_single_best_solvers
from llamoco.dataset_builder.benchmark.race import keyed
from llamoco.dataset_builder.optimizers.pool import identify, render
from llamoco.dataset_builder.problems.incumbent import Incumbent
from llamoco.dataset_builder.problems.printable import printable
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.program import parse_completion, program_of
from llamoco.dataset_builder.prompts.program_text import received
from llamoco.dataset_builder.prompts.prompt import PROMPT_LIMIT, make_prompt
from llamoco.metrics.sandbox.slot import Sandbox
from llamoco.metrics.sandbox.verdicts import ERRORS

if TYPE_CHECKING:
    from llamoco.modeling.generation import Generation, Generator

Progress = Callable[[int, float | None], None]

# What a person is told where the facts of their problem are "unknown".
UNFOLLOWED = (
    "what the functions do with the variables is unknown: {}. The model answers from dimension, bounds, budget and numbers of "
    "constraints alone; --candidates 3 is worth trying: it has several programs share the budget"
)


@dataclass(frozen=True)
class Answer:
    """A model's answer to a problem.

    Attributes:
        problem: the problem, as read from the person's file.
        completion: the optimizer section, as generated.
        program: complete script: the person's own problem, the completion, a main guard.
        optimizer: the benchmarked program that it is, else the name in its decision line; None if there is none.
        config: hyper-parameters, where the completion is byte for byte a benchmarked program; None otherwise.
        decision: the completion's first comment line: what the model saw in the problem.
        confidence: probability that the decision is the benchmark's, where the model has a calibration; else the one that the model
            gave to it. None if there is no decision.
        calibrated: which of the two it is.
        doubt: why the single best solver should answer instead: the confidence is under the model's threshold. None if it is not.
        seconds: generation time.
        warning: what the person has to know of how the problem was understood, a line each: prose left out on request, names that
            are not read, functions that could not be followed, what was left out of a prompt that was too long. None if nothing.
    """

    problem: Problem
    completion: str
    program: str
    optimizer: str | None
    config: dict[str, Any] | None
    decision: str
    confidence: float | None
    seconds: float
    warning: str | None
    calibrated: bool = False
    doubt: str | None = None

    @property
    def known(self) -> bool:
        """Whether the completion is byte for byte a program of the pool, hence trusted code."""
        return self.config is not None


@dataclass(frozen=True)
class Solution:
    """What a run found.

    ``x`` and ``f`` are None if no feasible point was found, unless the program returned an infeasible one (``feasible`` False).
    """

    x: list[float] | None
    f: float | None
    feasible: bool
    evals: int
    max_evals: int
    verdict: str
    reason: str
    seed: int
    tier: str
    seconds: float
    trace: list[tuple[int, float]]

    @property
    def never_began(self) -> bool:
        """Whether the program failed before it evaluated anything: the budget is untouched."""
        return self.verdict in ERRORS and self.evals == 0

    def better_than(self, other: Solution) -> bool:
        """Feasible first, then the lower objective."""
        if self.feasible != other.feasible:
            return self.feasible
        return self.f is not None and (other.f is None or self.f < other.f)


def answer_problem(problem: Problem, generator: Generator) -> Answer:
    """Let a model answer a problem, within the pool whatever the model; nothing is run."""
    start = time.perf_counter()
    prompt, warning = _prompt(problem, generator)
    [generation] = generator.answer_within_pool([prompt])
    return _answer(problem, generator, generation, time.perf_counter() - start, warning)


def candidate_answers(problem: Problem, generator: Generator, count: int) -> list[Answer]:
    """A model's likeliest answers to a problem, of different optimizers that can serve it; nothing is run.

    Args:
        problem: the problem.
        generator: the model.
        count: so many at most.
    """
    start = time.perf_counter()
    prompt, warning = _prompt(problem, generator)
    generations = generator.candidates(prompt, count)
    seconds = time.perf_counter() - start
    return [_answer(problem, generator, generation, seconds, warning) for generation in generations]


def _prompt(problem: Problem, generator: Generator) -> tuple[str, str | None]:
    """What the model is shown, and what the person has to know of it, a line each; None if nothing."""
    prompt, cut = make_prompt(problem, PROMPT_LIMIT)  # no prompt of the training set is longer
    shown = generator.shown(prompt)
    if shown != prompt:
        cut = None  # models of few positions are made to answer from facts
    warnings = [*problem.warnings, *([UNFOLLOWED.format(problem.unfollowed)] if problem.unfollowed else [])]
    return shown, "\n".join([*warnings, *([cut] if cut else [])]) or None


def _with_left_out(problem: Problem, warning: str | None) -> str | None:
    """A warning, and before it the prose of a LaTeX file that was ignored on request."""
    prose = [f"left out of the problem: {sentence}" for sentence in problem.definition.get("left_out", [])]
    return "\n".join([*prose, *([warning] if warning else [])]) or None


def _answer(
    problem: Problem, generator: Generator, generation: Generation, seconds: float, warning: str | None
) -> Answer:
    completion = received(generation.completion)
    decision, body, optimizer = parse_completion(completion)
    known = identify(body)
    calibration, confidence, doubt = generator.calibration, generation.confidence, None
    if calibration is not None and confidence is not None:
        confidence = calibration(confidence)
        if confidence < calibration.threshold:
            doubt = (
                f"its confidence of {confidence:.0%} is under {calibration.threshold:.0%}, "
                "where the single best solver does better"
            )
    return Answer(
        problem=problem,
        completion=completion,
        program=program_of(problem, completion),
        optimizer=known[0] if known else optimizer,
        config=known[1] if known else None,
        decision=decision,
        confidence=confidence,
        seconds=seconds,
        warning=_with_left_out(problem, warning),
        calibrated=calibration is not None,
        doubt=doubt,
    )


def single_best_answer(answer: Answer) -> Answer:
    """What stands in where a model's answer does not begin or is in doubt: the benchmark's single best solver."""
    group = GROUPS[answer.problem.constrained]
    optimizer, config = keyed(read_single_best_solvers(SHIPPED_LABELS)[group]["a3"], answer.problem)
    decision = f"# single best solver of the benchmark on {group} problems; optimizer: {optimizer}"
    completion = f"{decision}\n{render(optimizer, json.loads(config))}"
    return replace(
        answer,
        completion=completion,
        program=program_of(answer.problem, completion),
        optimizer=optimizer,
        config=json.loads(config),
        decision=decision,
        confidence=None,
        calibrated=False,
        doubt=None,
    )


def run_answer(
    answer: Answer,
    sandbox: Sandbox,
    seed: int,
    time_limit: float,
    progress: Progress | None = None,
    max_evals: int | None = None,
) -> Solution:
    """Run an answer once in the sandbox. The objective stays in this process; the generated code is confined.

    Args:
        answer: what to run.
        sandbox: where to run it.
        seed: handed to the program.
        time_limit: seconds a run may take beside the objective's own time.
        progress: called with (evaluations used, best feasible objective or None).
        max_evals: evaluations it may use; the problem's budget if None.
    """
    problem = answer.problem if max_evals is None else answer.problem.within(max_evals)
    record = sandbox.run(answer.completion, problem, seed, time_limit=time_limit, on_progress=progress)
    feasible = record.best_x is not None
    # Where nothing feasible was met, the point that the program returned is shown, marked as infeasible.
    x, f = (record.best_x, record.best_f) if feasible else (record.x, record.f)
    return Solution(
        x=None if x is None else answer.problem.full(np.array(x)).tolist(),
        f=f if f is not None and np.isfinite(f) else None,
        feasible=feasible,
        evals=record.evals,
        max_evals=problem.max_evals,
        verdict=record.verdict,
        reason=record.reason,
        seed=seed,
        tier=record.tier,
        seconds=record.wall,
        trace=record.trace,
    )


def solve(
    answer: Answer,
    sandbox: Sandbox,
    seed: int,
    runs: int,
    time_limit: float,
    progress: Progress | None = None,
    on_run: Callable[[], None] | None = None,
) -> list[Solution]:
    """Run an answer with the seeds ``seed``, ``seed + 1``, ...

    Args:
        answer: what to run.
        sandbox: where to run it.
        seed: first seed.
        runs: number of runs, each with the problem's full budget.
        time_limit: seconds a run may take beside the objective's own time.
        progress: called with (evaluations used, best feasible objective or None) within each run.
        on_run: called after each run.
    """
    solutions = []
    for number in range(runs):
        solutions.append(run_answer(answer, sandbox, seed + number, time_limit, progress))
        if on_run is not None:
            on_run()
    return solutions


def best_of(solutions: Sequence[Solution]) -> Solution:
    """The best of several runs: feasible first, then the lower objective, then the earlier; with the seconds of all."""
    best = solutions[0]
    for solution in solutions[1:]:
        if solution.better_than(best):
            best = solution
    return replace(best, seconds=sum(solution.seconds for solution in solutions))


def unfinished(incumbent: Incumbent, verdict: str, reason: str, seed: int) -> Solution:
    """What is left of runs that did not end by themselves: the best feasible point that was seen."""
    problem, x = incumbent.problem, incumbent.x
    return Solution(
        x=None if x is None else problem.full(x).tolist(),
        f=None if x is None else incumbent.f,
        feasible=x is not None,
        evals=incumbent.evals,
        max_evals=problem.max_evals,
        verdict=verdict,
        reason=reason,
        seed=seed,
        tier="",
        seconds=0.0,
        trace=[],
    )


def as_json(
    answer: Answer,
    solution: Solution | None,
    program_path: str,
    model: str,
    replaced: str | None,
    runs: Sequence[Solution] = (),
    candidates: Sequence[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """The object that ``llamoco solve --json`` prints; run fields are null where nothing was run.

    Args:
        answer: what was run.
        solution: what was found.
        program_path: where the program lies.
        model: its name.
        replaced: why the model's own program gave way to the single best solver, None if it did not.
        runs: one a seed.
        candidates: what each program did in each rung, None if there was no such race.
    """
    run = asdict(solution) if solution else {}
    return {
        "optimizer": answer.optimizer,
        "config": answer.config,
        **{name: run.get(name) for name in ("x", "f", "feasible", "evals")},
        "max_evals": answer.problem.max_evals,
        **{name: run.get(name) for name in ("verdict", "reason", "seed", "tier")},
        "seconds": {"generation": round(answer.seconds, 3), "run": round(run["seconds"], 3) if run else None},
        "confidence": answer.confidence,
        "calibrated": answer.calibrated,
        "known_code": answer.known,
        "replaced": replaced,
        "program": program_path,
        "model": model,
        "warning": answer.warning,
        "runs": [run_json(one) for one in runs],
        "candidates": candidates,
    }


def run_json(solution: Solution) -> dict[str, Any]:
    """One of several runs, as ``llamoco solve --json`` prints it."""
    names = ("seed", "f", "feasible", "evals", "max_evals", "verdict")
    return {name: getattr(solution, name) for name in names} | {"seconds": round(solution.seconds, 3)}


def plot_convergence(answer: Answer, solution: Solution, path: Path) -> None:
    """Draw the best feasible objective over the evaluations of a run to an image file (the suffix gives the format)."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.2), layout="constrained")
    if solution.trace:
        evals = [e for e, _ in solution.trace] + [solution.evals]
        values = [f for _, f in solution.trace] + [solution.trace[-1][1]]
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
    title = printable(f"{answer.problem.id}: {answer.optimizer or 'generated program'}", 200)
    axes.set_title(title, loc="left", parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
