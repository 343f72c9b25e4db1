"""Evaluation record: the types of scores.json, its check, reading and writing."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypedDict, cast, get_args, get_origin, get_type_hints, is_typeddict

from llamoco.modeling.evaluation.evaluation_folder import SCORES, EvaluationError, write_json
from llamoco.modeling.evaluation.spending import Spending
from llamoco.modeling.strict_json import strict_json

Contestant = Literal["model", "within_pool", "with_fallback", "sbs", "vbs"]
Score = Literal["aocc", "perf"]
Interval = list[float] | None  # [low, high], 95%


class Comparison(TypedDict):
    """Two contestants, paired by problem: see ``metrics.summary.compare``."""

    difference: float | None
    interval: Interval
    p_value: float | None
    problems: int
    wins: int
    ties: int
    losses: int


class AdjustedComparison(Comparison):
    """A comparison with one of several tools; ``adjusted`` is its p-value, corrected for all of them (Holm)."""

    adjusted: float


Comparisons = dict[str, dict[str, dict[str, Comparison]]]  # by group, reference ("sbs", "vbs") and score


class _ModelOnly(TypedDict, total=False):
    """Scores that the single best solver and the labelled answers do not have."""

    gap_closed_aocc: float | None
    gap_closed_perf: float | None
    above_sbs: Comparison


class ClassScores(_ModelOnly):
    """Scores of a contestant on a class of problems."""

    err: float | None
    r_acc: float | None
    perf: float | None
    aocc: float | None
    intervals: dict[str, Interval]


class PaperScores(TypedDict):
    """Scores by the paper's own definitions (section IV-A3)."""

    err: float | None
    rec: float | None
    perf: float | None
    comp: float | None


class _AnswersOnly(TypedDict, total=False):
    """Scores of answers that a model generated."""

    comp_characters: float
    label_hits: float


class Scores(ClassScores, _AnswersOnly):
    """All scores of a contestant: see ``metrics.summary.summary``."""

    rec: float | None
    comp: float | None
    budget_exceeded: float | None
    faith: float | None
    hit_rates: dict[str, float | None]
    paper: PaperScores
    verdicts: dict[str, int]


class _ScoresWithinPool(TypedDict, total=False):
    within_pool: Scores


class ScoreTable(_ScoresWithinPool):
    """Scores of the contestants on some rows; "within_pool" only of a model that was held to the pool."""

    rows: int
    problems: int
    model: Scores
    with_fallback: Scores
    sbs: Scores
    vbs: Scores


class _ClassScoresWithinPool(TypedDict, total=False):
    within_pool: ClassScores


class ClassTable(_ClassScoresWithinPool):
    """``ScoreTable`` of a class of problems."""

    rows: int
    problems: int
    model: ClassScores
    with_fallback: ClassScores
    sbs: ClassScores
    vbs: ClassScores


class WithinPool(TypedDict):
    """Number of rows whose answer within the pool differs from the raw one."""

    differing: int


class WithFallback(TypedDict):
    """What `llamoco solve` would have run."""

    calibration: dict[str, Any] | None
    ece: dict[str, float | None]  # expected calibration error by set of problems
    replaced: dict[str, int]  # rows that the single best solver answers, by reason
    comparisons: Comparisons


class ToolScores(TypedDict):
    """Another tool compared with the contestants on the problems that it ran on."""

    title: str
    problems: int
    runs: int
    statuses: dict[str, int]
    aocc: float | None
    perf: float | None
    intervals: dict[str, Interval]
    contestants: dict[str, dict[str, float | None]]  # scores on the same problems
    comparisons: dict[str, dict[str, AdjustedComparison]]  # contestant minus tool, by contestant and score


class Baselines(TypedDict):
    """Other tools on the same problems and budgets, and how their runs were made."""

    command: str
    settings: dict[str, Any]
    versions: dict[str, str]
    machine: str
    date: str
    wall_limit: float
    groups: dict[str, dict[str, ToolScores]]


class Share(TypedDict):
    """A fraction with its interval over problems."""

    value: float
    interval: Interval
    problems: int


class Robustness(TypedDict):
    """Decisions on other descriptions of the same problems: see ``robustness.robustness``."""

    problems: int
    seed: int
    agreement: dict[str, Share | None]
    gap_closed: dict[str, Share | None]
    held_out_loss: Share | None


class FailureExample(TypedDict):
    """One run of a cause of failure."""

    prediction: int
    run: int
    message: str
    frames: list[str]


class FailureCause(TypedDict):
    """Runs that failed in the same way: see ``metrics.failures.Cause``."""

    kind: str
    verdict: str
    cause: str
    count: int
    share: float
    programs: int
    repaired: int
    mended: int
    example: FailureExample


class Repairs(TypedDict):
    """Rows whose answer failed, and those of them that the model answered again."""

    failing_rows: int
    repaired: int


class Step(TypedDict):
    """One call of a step of the evaluation."""

    step: str
    seconds: float
    command: str
    date: str
    machine: str


class _FromServer(TypedDict, total=False):
    """What records of models on a server have."""

    spending: Spending


class EvaluationRecord(_FromServer):
    """The record that scores.json holds.

    Attributes:
        model, source, split, runs, seed, data, data_hash: what was evaluated; ``source`` has the settings of the answer
            provider, ``data`` is None for the shipped data set.
        limit, rows, split_rows, problems: numbers of rows asked for, scored and in the split, and of problems.
        tier: of the sandbox.
        single_best_solvers: by group.
        tables: scores by group ("all", "unconstrained", "constrained").
        groups: scores by kind (those of ``metrics.summary.groups``) and class.
        comparisons: the model minus "sbs" and "vbs".
        within_pool: None of a model that was not held to the pool.
        baselines: None where no tool has run on these problems.
        robustness: None where the step was not done.
        convergence: mean relative gap of the model and the references after shares of the budget.
        failures: causes by contestant.
        optimizers: numbers of rows by label and by the model's choice.
        spending: tokens in and out of a server's answers and repairs, and what they cost.
        seconds: by step.
        versions, machine, date, command: of the last step; ``steps`` has all.
    """

    model: str
    source: dict[str, Any]
    split: str
    runs: int
    seed: int
    data: str | None
    data_hash: str
    limit: int | None
    rows: int
    split_rows: int
    problems: int
    tier: str
    single_best_solvers: dict[str, str]
    tables: dict[str, ScoreTable]
    groups: dict[str, dict[str, ClassTable]]
    comparisons: Comparisons
    within_pool: WithinPool | None
    with_fallback: WithFallback
    baselines: Baselines | None
    robustness: Robustness | None
    convergence: dict[str, list[float]]
    failures: dict[str, list[FailureCause]]
    repairs: Repairs
    optimizers: dict[str, dict[str, int]]
    seconds: dict[str, float]
    versions: dict[str, str]
    machine: str | None
    date: str | None
    command: str | None
    steps: list[Step]


def read_record(folder: Path) -> EvaluationRecord | None:
    """Read the record in a folder's scores.json; None if the evaluation was not scored.

    Raises:
        EvaluationError: if it is not such a record; the message names the field.
    """
    path = folder / SCORES
    if not path.exists():
        return None
    try:
        return as_record(strict_json(path.read_bytes()))
    except ValueError as error:
        raise EvaluationError(
            f"{path}: expected the record that llamoco evaluate wrote ({error}); make it again with --step score"
        ) from error


def write_record(folder: Path, record: EvaluationRecord) -> None:
    """Write scores.json, completely or not at all."""
    write_json(folder / SCORES, as_record(record))


def as_record(content: Any) -> EvaluationRecord:
    """Check that JSON content is an evaluation record.

    Raises:
        ValueError: naming the field that is not.
    """
    _check(content, EvaluationRecord, "record")
    return cast(EvaluationRecord, content)


def _check(value: Any, expected: Any, place: str) -> None:
    if get_origin(expected) is UnionType:
        if value is None and NoneType in get_args(expected):
            return
        (expected,) = (kind for kind in get_args(expected) if kind is not NoneType)
    origin, arguments = get_origin(expected), get_args(expected)
    if is_typeddict(expected):
        _check_kind(value, dict, place)
        if missing := expected.__required_keys__ - value.keys():
            raise ValueError(f"{place} lacks {', '.join(sorted(missing))}")
        for name, kind in _fields(expected).items():
            if name in value:
                _check(value[name], kind, f"{place}.{name}")
    elif origin is dict:
        _check_kind(value, dict, place)
        for name, entry in value.items():
            _check(entry, arguments[1], f"{place}.{name}")
    elif origin is list:
        _check_kind(value, list, place)
        for number, entry in enumerate(value):
            _check(entry, arguments[0], f"{place}[{number}]")
    elif expected is not Any:
        _check_kind(value, expected, place)


@lru_cache
def _fields(expected: Any) -> dict[str, Any]:
    return get_type_hints(expected)


_KINDS = {dict: "an object", list: "a list", str: "a text", int: "a whole number", float: "a number"}


def _check_kind(value: Any, kind: type, place: str) -> None:
    allowed = (int, float) if kind is float else kind
    if not isinstance(value, allowed) or isinstance(value, bool):
        raise ValueError(f"{place} has to be {_KINDS[kind]}, got {type(value).__name__}")
