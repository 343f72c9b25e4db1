"""JSON records of runs: written, and read back from files that may have been edited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from llamoco.metrics.inputs import MAX_EVALS, MAX_SEED
from llamoco.metrics.runner import Prediction
from llamoco.metrics.sandbox.outcome import Verdict
from llamoco.metrics.sandbox.record import Record
from llamoco.metrics.scores import Attempt, Run

_MOST_SECONDS = 1e9

Check = Callable[[Any], bool]


def whole_number(least: int, most: int) -> Check:
    """Whether a value is an integer in a range; True is not."""
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def real_number(least: float, most: float) -> Check:
    """Whether a value is a number in a range; True and NaN are not."""
    return lambda value: (
        isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
    )


def or_none(check: Check) -> Check:
    """Whether a value is None or passes a check."""
    return lambda value: value is None or check(value)


def is_text(value: Any) -> bool:
    """Whether a value is a text that a file can hold: without lone surrogates."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def is_any_text(value: Any) -> bool:
    """Whether a value is a text of any characters."""
    return isinstance(value, str)


def is_truth(value: Any) -> bool:
    """Whether a value is True or False."""
    return isinstance(value, bool)


def list_of(check: Check) -> Check:
    """Whether a value is a list whose entries pass a check."""
    return lambda value: isinstance(value, list | tuple) and all(map(check, value))


def texts_by_name(value: Any) -> bool:
    """Whether a value is an object whose values are texts."""
    return isinstance(value, dict) and all(map(is_text, (*value, *value.values())))


_finite_number = real_number(-1.7976931348623157e308, 1.7976931348623157e308)
_seconds = real_number(0, _MOST_SECONDS)
_point = or_none(list_of(or_none(_finite_number)))


def _improvement(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and whole_number(0, MAX_EVALS)(value[0])
        and _finite_number(value[1])
    )


# Each with its check, and what messages say is expected.
RUN_FIELDS: Mapping[str, tuple[Check, str]] = {
    "verdict": (lambda value: value in get_args(Verdict), f"one of {', '.join(get_args(Verdict))}"),
    "reason": (is_text, "a text"),
    "tier": (lambda value: value in ("A", "B", "C"), "A, B or C"),
    "seed": (whole_number(0, MAX_SEED), "a whole number from 0"),
    "source_hash": (is_text, "a text"),
    "benign": (is_truth, "true or false"),
    "exception": (or_none(is_text), "a text or null"),
    "message": (or_none(is_text), "a text or null"),
    "frames": (list_of(is_text), "a list of texts"),
    "output": (is_text, "a text"),
    "exit_status": (or_none(whole_number(-(2**31), 2**31)), "a whole number or null"),
    "evals": (whole_number(0, MAX_EVALS), "a whole number from 0"),
    "refused": (whole_number(0, MAX_EVALS), "a whole number from 0"),
    "x": (_point, "a list of numbers or null"),
    "f": (or_none(_finite_number), "a number or null"),
    "feasible": (is_truth, "true or false"),
    "best_x": (_point, "a list of numbers or null"),
    "best_f": (or_none(_finite_number), "a number or null"),
    "trace": (list_of(_improvement), "a list of pairs: evaluations, value"),
    "seconds": (_seconds, "seconds"),
    "wall": (_seconds, "seconds"),
    "cpu": (_seconds, "seconds"),
    "max_rss": (real_number(0, 1e12), "MiB"),
    "versions": (texts_by_name, "an object of texts"),
    "faithful": (or_none(is_truth), "true, false or null"),
}
_NEEDED = ("verdict", "reason", "tier", "seed", "source_hash", "trace", "faithful")


def checked(content: Any, fields: Mapping[str, tuple[Check, str]], needed: tuple[str, ...]) -> dict[str, Any]:
    """Check the known fields of an object; other fields are left alone.

    Raises:
        ValueError: naming the field.
    """
    if not isinstance(content, Mapping):
        raise ValueError(f"expected an object, got {type(content).__name__}")
    for name in needed:
        if name not in content:
            raise ValueError(f"the field {name} is missing")
    for name, (check, what) in fields.items():
        if name in content and not check(content[name]):
            raise ValueError(f"{name} has to be {what}, got {shown(content[name])}")
    return dict(content)


def shown(value: Any) -> str:
    """A value shortened for a message."""
    if isinstance(value, int) and value.bit_length() > 200:
        return f"a whole number of {value.bit_length()} bits"
    return type(value).__name__ if isinstance(value, list | dict | tuple) else f"{value!r:.60}"


def checked_run(content: Any) -> dict[str, Any]:
    """Check a run's record, see ``row``.

    Raises:
        ValueError: naming the field that is not what it has to be.
    """
    return checked(content, RUN_FIELDS, _NEEDED)


def record_of_run(content: Mapping[str, Any]) -> Record:
    """The record made of a checked run's fields."""
    known = {name: value for name, value in content.items() if name in Record.__dataclass_fields__}
    known["trace"] = [(int(evals), float(f)) for evals, f in known["trace"]]
    return Record(**known)


def row(prediction: int, number: int, run: Run) -> dict[str, Any]:
    """A run as a JSON-able record.

    Returns:
        prediction, run, problem_id, w, aocc, faithful, the fields of ``sandbox.record.Record``, and repair: faithful
        and the same fields for the repaired program, or None.
    """
    return {
        "prediction": prediction,
        "run": number,
        "problem_id": run.problem.id,
        "w": run.w,
        "aocc": run.aocc,
        **_of_attempt(run.attempt),
        "repair": None if run.repair is None else _of_attempt(run.repair),
    }


def run_of_row(record: Mapping[str, Any], prediction: Prediction) -> Run:
    """Read a run that ``row`` recorded.

    Raises:
        ValueError: if a field is not what it has to be, naming it, or the record has a repair and the prediction none.
    """
    first, repair = _attempt_of(record, prediction.program), record.get("repair")
    if repair is None:
        return Run(prediction.problem, first)
    if prediction.repair is None:
        raise ValueError(
            f"run {record.get('run')} of prediction {record.get('prediction')} records a repair: give the prediction "
            "with its repair"
        )
    return Run(prediction.problem, first, _attempt_of(repair, prediction.repair))


def _of_attempt(attempt: Attempt) -> dict[str, Any]:
    return {"faithful": attempt.faithful, **attempt.record.to_dict()}


def _attempt_of(record: Mapping[str, Any], program: str) -> Attempt:
    run = checked_run(record)
    return Attempt(program, record_of_run(run), run["faithful"])
