"""Mappings of a YAML file, checked field by field against dataclasses."""

import dataclasses
import difflib
import types
import typing
from pathlib import Path
from typing import Any

from llamoco.dataset_builder.problems.errors import LlamocoError


class RecipeError(LlamocoError, ValueError):
    """A training run that cannot be: what is wrong, where, and what to do."""


def checked(file: Path, where: str, content: Any, target: type) -> dict[str, Any]:
    """The fields of a mapping, after checks against a dataclass: known, complete, of the right types.

    Fields that are dataclasses themselves are left to calls of their own.

    Args:
        file: what is read, for messages.
        where: the mapping's place in it, such as `dataset.`; empty for the whole file.
        content: what stands there.
        target: the dataclass.

    Raises:
        RecipeError: a field is missing, unknown or of the wrong type.
    """
    fields = mapping(file, where.rstrip(".") or "the recipe", content)
    hints = field_types(target)
    reject_unknown(file, where, fields, list(hints))
    for field in dataclasses.fields(target):
        if field.default is dataclasses.MISSING and field.name not in fields:
            raise RecipeError(f"{file}: {where}{field.name} is missing")
        if field.name in fields:
            check_type(file, f"{where}{field.name}", fields[field.name], hints[field.name])
    return dict(fields)


def mapping(file: Path, where: str, content: Any) -> dict[str, Any]:
    """What stands at a place, which must be a mapping."""
    if not isinstance(content, dict):
        raise RecipeError(f"{file}: {where} must be a mapping of fields to values, got {content!r}")
    return content


def reject_unknown(file: Path, where: str, fields: dict[str, Any], allowed: list[str]) -> None:
    """Refuses fields that are none of the allowed ones, naming the nearest of these."""
    for name in fields:
        if name not in allowed:
            nearest = difflib.get_close_matches(str(name), allowed, n=1, cutoff=0.5)
            cure = (
                f"did you mean {nearest[0]}?" if nearest else f"expected one of {', '.join(sorted(allowed))}"
            )
            raise RecipeError(f"{file}: unknown field {where}{name}: {cure}")


def field_types(target: type) -> dict[str, Any]:
    """The annotations of a dataclass's fields, by name."""
    hints = typing.get_type_hints(target)
    return {field.name: hints[field.name] for field in dataclasses.fields(target) if field.init}


def check_type(file: Path, where: str, value: Any, hint: Any) -> None:
    """Numbers, truth values and texts only: what is more involved is checked by who reads it."""
    options = (
        typing.get_args(hint) if isinstance(hint, types.UnionType) or typing.get_origin(hint) else (hint,)
    )
    simple: tuple[type, ...] = tuple(t for t in options if t in (int, float, bool, str, type(None)))
    if len(simple) != len(options):
        return
    fits = isinstance(value, simple) or (float in simple and isinstance(value, int))
    if isinstance(value, bool) and bool not in simple:
        fits = False
    if not fits:
        names = " or ".join("null" if t is type(None) else t.__name__ for t in simple)
        raise RecipeError(f"{file}: {where} is {value!r}, expected {names}")


def check_choice(file: Path, where: str, value: Any, choices: tuple[str, ...]) -> None:
    """Refuses a value that is none of the choices."""
    if value not in choices:
        raise RecipeError(f"{file}: {where} is {value!r}, expected one of {', '.join(choices)}")
