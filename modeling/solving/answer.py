"""A model's answer to a problem, and pool programs in its place: completion, program, confidence."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from llamoco.dataset_builder.optimizers.catalogue import Config, group_of
from llamoco.dataset_builder.optimizers.configuration import configuration_for
from llamoco.dataset_builder.optimizers.pool import identify, render
from llamoco.dataset_builder.optimizers.single_best import single_best_solver
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.completion import parse_completion
from llamoco.dataset_builder.prompts.guard import Probed
from llamoco.dataset_builder.prompts.program import program_of
from llamoco.dataset_builder.prompts.program_text import clean_text
from llamoco.dataset_builder.prompts.prompt import PROMPT_LIMIT, make_prompt
from llamoco.modeling.generation.pool_texts import serving
from llamoco.modeling.solving.fallback import Fallback, before_run

if TYPE_CHECKING:
    from llamoco.modeling.generation.generator import Generator
    from llamoco.modeling.generation.model_answer import Generation
    from llamoco.modeling.solving.probing import Probing

# Programs that request one point after the other, nearly always: several processes would wait for one.
SEQUENTIAL = frozenset(
    {
        "bobyqa",
        "cobyla",
        "cobyqa",
        "coordinate_search",
        "corana_sa",
        "direct_l",
        "dual_annealing",
        "gp_ei",
        "powell",
        "rbf_surrogate",
        "simulated_annealing",
        "subplex",
    }
)

# Warning where facts of a problem are "unknown".
UNTRACED = (
    "what the functions do with the variables is unknown: {}. The model answers from dimension, bounds, {}"
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
        decision: the completion's first comment line.
        confidence: probability that the decision is the benchmark's, where the model has a calibration; else the model's own
            probability of it. None if there is no decision.
        calibrated: whether the confidence is calibrated.
        fallback: why the single best solver should answer instead; None if it should not.
        seconds: generation time.
        probed: the probes of the landscape that came before; None where there were none.
        warning: how the problem was understood, a line each: prose left out on request, names that are not read, functions that
            could not be traced, what was left out of a prompt that was too long. None if there is nothing to tell.
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
    fallback: Fallback | None = None
    probed: Probed | None = None

    @property
    def known(self) -> bool:
        """Whether the completion is byte for byte a program of the pool, hence known code."""
        return self.config is not None


def answer_problem(
    problem: Problem, generator: Generator, side_by_side: bool = False, probing: Probing | None = None
) -> Answer:
    """Let a model answer a problem, held to the pool; nothing is run.

    Args:
        problem: the problem.
        generator: the model.
        side_by_side: whether to choose among programs that request several points together.
        probing: what probes of the problem told; None where nothing was probed.
    """
    start = time.perf_counter()
    prompt, warning = _prompt(problem, generator, probing)
    [generation] = generator.answer_within_pool([prompt], _names(prompt, side_by_side))
    probed = None if probing is None else probing.probed
    return _answer(problem, generator, generation, time.perf_counter() - start, warning, probed)


def _names(prompt: str, side_by_side: bool) -> Collection[str] | None:
    """Optimizers that may be chosen; None for all that can serve the problem."""
    return (set(serving(prompt)) - SEQUENTIAL or None) if side_by_side else None


def _prompt(problem: Problem, generator: Generator, probing: Probing | None) -> tuple[str, str | None]:
    """The prompt, and the warnings, a line each; None if there are none."""
    words = None if probing is None else probing.words
    prompt, cut = make_prompt(problem, PROMPT_LIMIT, words)  # no prompt of the training set is longer
    shown = generator.truncate_prompt(prompt)
    if shown != prompt:
        cut = None  # models of few positions are made to answer from facts
    seen = "budget and numbers of constraints alone"
    if probing is not None:
        seen = f"budget, numbers of constraints and {probing.probed.evals} probes of the landscape"
    warnings = [
        *problem.warnings,
        *([UNTRACED.format(problem.trace_obstacle, seen)] if problem.trace_obstacle else []),
    ]
    return shown, "\n".join([*warnings, *([cut] if cut else [])]) or None


def _with_left_out(problem: Problem, warning: str | None) -> str | None:
    """The warnings, after the prose of a LaTeX file that was ignored on request."""
    prose = [f"left out of the problem: {sentence}" for sentence in problem.definition.get("left_out", [])]
    return "\n".join([*prose, *([warning] if warning else [])]) or None


def _answer(
    problem: Problem,
    generator: Generator,
    generation: Generation,
    seconds: float,
    warning: str | None,
    probed: Probed | None,
) -> Answer:
    completion = clean_text(generation.completion)
    decision, body, optimizer = parse_completion(completion)
    known = identify(body)
    calibration, confidence = generator.calibration, generation.confidence
    fallback = before_run(completion, problem.constrained, confidence, calibration)
    if calibration is not None and confidence is not None:
        confidence = calibration(confidence)
    return Answer(
        problem=problem,
        completion=completion,
        program=program_of(problem, completion, probed),
        optimizer=known[0] if known else optimizer,
        config=known[1] if known else None,
        decision=decision,
        confidence=confidence,
        seconds=seconds,
        warning=_with_left_out(problem, warning),
        calibrated=calibration is not None,
        fallback=fallback,
        probed=probed,
    )


def unasked_answer(problem: Problem, probing: Probing | None) -> Answer:
    """The benchmark's single best solver where the model was interrupted before it answered."""
    probed = None if probing is None else probing.probed
    nothing = Answer(problem, "", "", None, None, "", None, 0.0, _with_left_out(problem, None), probed=probed)
    return single_best_answer(nothing)


def single_best_answer(answer: Answer) -> Answer:
    """The benchmark's single best solver in place of a model's answer."""
    group = group_of(answer.problem.constrained)
    name = single_best_solver(answer.problem.constrained)
    return pool_answer(answer, name, f"single best solver of the benchmark on {group} problems")


def pool_answer(answer: Answer, name: str, reason: str, config: Config | None = None) -> Answer:
    """A pool program for the problem of a model's answer.

    Args:
        answer: the model's.
        name: the optimizer, in the configuration that the problem's facts select.
        reason: written into the decision line.
        config: values that differ from that configuration.
    """
    problem = answer.problem
    constants = configuration_for(name, problem.dim, problem.max_evals, problem.constrained) | (config or {})
    decision = f"# {reason}; optimizer: {name}"
    completion = f"{decision}\n{render(name, constants)}"
    return replace(
        answer,
        completion=completion,
        program=program_of(problem, completion, answer.probed),
        optimizer=name,
        config=constants,
        decision=decision,
        confidence=None,
        calibrated=False,
        fallback=None,
    )
