"""Fields of a problem's JSON: names, and checks of types and lengths where the JSON is from a stranger.

The content of ``definition`` is checked by whoever builds the problem: ``composition``, ``latex_file``, ``python_file``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from llamoco.dataset_builder.problems.errors import ProblemError

FORMAT_VERSION = 1
REQUIRED = ("id", "kind", "lower", "upper", "max_evals", "n_inequality", "n_equality", "definition")
OPTIONAL = ("f0", "f_star", "feasible_point", "provenance")
FIELDS = REQUIRED + OPTIONAL
KINDS = ("synthetic", "source", "described")
LARGEST_COUNT = 10**15  # whole numbers up to here are exact as floats


def problem_record(text: str | Mapping[str, Any]) -> dict[str, Any]:
    """The fields in a problem's JSON, by their names.

    Raises:
        ProblemError: if the text is not JSON, of another format version, or a field is missing or unknown.
    """
    try:
        record = dict(json.loads(text) if isinstance(text, str) else text)
    except (ValueError, TypeError, RecursionError) as error:
        said = "nested too deeply" if isinstance(error, RecursionError) else error
        raise ProblemError(
            f"not a problem: expected a JSON object, got {str(text)[:60]!r} ({said})"
        ) from error
    version = record.pop("format", None)
    if version != FORMAT_VERSION:
        raise ProblemError(
            f"problem JSON has format {version!r:.60}, this version of llamoco reads {FORMAT_VERSION}"
        )
    missing, unknown = sorted(set(REQUIRED) - set(record)), sorted(map(str, set(record) - set(FIELDS)))
    if missing or unknown:
        raise ProblemError(f"problem JSON: missing fields {missing}, unknown fields {unknown!s:.200}")
    return record


def checked_fields(record: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a problem, with sequences of numbers as tuples of floats.

    Args:
        record: what ``problem_record`` gave.

    Raises:
        ProblemError: if a field is of a wrong type, length or range; the message names it.
    """
    fields = dict(record)
    fields["id"] = _text("id", record["id"])
    if record["kind"] not in KINDS:
        raise _wrong("kind", record["kind"], f"one of {', '.join(KINDS)}")
    if not isinstance(record["definition"], dict):
        raise _wrong("definition", record["definition"], "an object")
    for name, least in (("max_evals", 1), ("n_inequality", 0), ("n_equality", 0)):
        value = record[name]
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST_COUNT:
            raise _wrong(name, value, f"a whole number of at least {least}")
    for name in ("lower", "upper"):
        fields[name] = _numbers(name, record[name])
    dim = len(fields["lower"])
    if dim == 0 or len(fields["upper"]) != dim:
        raise ProblemError(
            f"problem JSON: lower has {dim} entries and upper {len(fields['upper'])}; give one for each variable"
        )
    for number, (low, high) in enumerate(zip(fields["lower"], fields["upper"], strict=True)):
        if low > high:
            raise ProblemError(f"problem JSON: lower[{number}] = {low:g} is above upper[{number}] = {high:g}")
    if record.get("feasible_point") is not None:
        fields["feasible_point"] = _numbers("feasible_point", record["feasible_point"])
        if len(fields["feasible_point"]) != dim:
            raise ProblemError(
                f"problem JSON: feasible_point has {len(fields['feasible_point'])} entries for {dim} variables"
            )
    for name in ("f0", "f_star"):
        if record.get(name) is not None:
            fields[name] = _number(name, record[name])
    provenance = record.get("provenance", {})
    if not isinstance(provenance, dict) or not all(isinstance(v, str) for v in provenance.values()):
        raise _wrong("provenance", provenance, "an object of texts")
    return fields


def _numbers(name: str, value: Any) -> tuple[float, ...]:
    if not isinstance(value, list | tuple):
        raise _wrong(name, value, "a list of numbers, one for each variable")
    return tuple(_number(f"{name}[{number}]", entry) for number, entry in enumerate(value))


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(name, value, "a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _wrong(name, number, "a finite number")
    return number


def _text(name: str, value: Any) -> str:
    if (
        not isinstance(value, str) or not value.isprintable()
    ):  # neither control characters nor lone surrogates
        raise _wrong(name, value, "a line of text")
    return value


def _wrong(name: str, value: Any, expected: str) -> ProblemError:
    # A whole number of thousands of digits has no text.
    shown = "a very long number" if isinstance(value, int) and value.bit_length() > 200 else f"{value!r:.60}"
    return ProblemError(f"problem JSON: {name} is {shown}, expected {expected}")
