"""Strict JSON, for files and replies of others."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def strict_json(text: str | bytes) -> Any:
    """Parse a JSON text by the letter of the standard.

    Raises:
        ValueError: if it is no JSON, nested too deep, has NaN or Infinity, a number of thousands of digits or beyond what a float
            holds, or a field twice in an object; says which.
    """
    try:
        return json.loads(
            text, parse_constant=_constant, parse_float=_finite, object_pairs_hook=_without_repetition
        )
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{digits[:60]} is more than a float can hold")
    return number


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"the field {twice[:60]!r} occurs twice")
    return content
