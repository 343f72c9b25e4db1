"""The folder of an evaluation: what it holds, who may write there, and how its lines are read.

    settings.json                   what is evaluated; a folder of other settings is refused
    generations.jsonl               the model's answers, one row of the split a line: what it wrote freely and, of a model on
                                    this machine, within the pool (null where that is the same)
    runs-{model,within_pool,sbs,vbs}.jsonl
                                    runs of the answers, of those within the pool, of the single best solver and of the
                                    labelled answers (virtual best), one program on one problem a line
    repairs.jsonl                   the model's second try where its answer failed, one row a line
    runs-repair.jsonl               runs of these
    robustness.jsonl                what the model decides on other descriptions of each problem, one problem a line
    speed.json                      optional: what examples/benchmarks/solve.py --json printed for the model
    steps.jsonl                     what was done when, where and how long, one call a line
    scores.json                     the record that follows from the other files

A line that was written is kept whatever happens; what a kill cut off at the end of a file is made again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, TypeVar

from llamoco.dataset_builder.problems.errors import LlamocoError
from llamoco.metrics.inputs import MAX_RUNS, MAX_SEED
from llamoco.metrics.run_records import checked, or_none, real_number, whole_number
from llamoco.modeling.strict_json import strict_json

Line = dict[str, Any]
Key = tuple[str, str]  # a problem's id and the hash of a program
Item = TypeVar("Item")

GENERATIONS, REPAIRS, ROBUSTNESS, STEPS_LOG, SETTINGS, SPEED, SCORES = (
    "generations.jsonl",
    "repairs.jsonl",
    "robustness.jsonl",
    "steps.jsonl",
    "settings.json",
    "speed.json",
    "scores.json",
)


_COUNT = (or_none(whole_number(0, 2**53)), "a whole number from 0, or null")
_SETTINGS_FIELDS = {
    "runs": (whole_number(1, MAX_RUNS), f"a whole number from 1 to {MAX_RUNS}"),
    "seed": (whole_number(0, MAX_SEED), "a whole number from 0"),
    **dict.fromkeys(("limit", "rows", "split_rows"), _COUNT),
}


class EvaluationError(LlamocoError, ValueError):
    """An evaluation that cannot go on; the message says why and what to do."""


def runs_file(name: str) -> str:
    """Name of the file of runs of "model", "within_pool", "sbs", "vbs" or "repair"."""
    return f"runs-{name}.jsonl"


def key_of(problem_id: str, program: str) -> Key:
    """What tells runs apart: the same program on the same problem is run once."""
    return problem_id, hashlib.sha256(program.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def read_lines(path: Path, parse: Callable[[Line], Item]) -> list[Item]:
    """The lines of a file, each as ``parse`` makes of it; none if there is no file.

    A last line without its end, cut off by a kill, is left out.

    Raises:
        EvaluationError: naming file, line and what is wrong with it, where ``parse`` (by a ValueError) or JSON cannot read it.
    """
    if not path.exists():
        return []
    items = []
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], 1):
        try:
            items.append(parse(strict_json(line)))
        except ValueError as error:
            raise EvaluationError(
                f"{path}, line {number}: expected a record that llamoco evaluate wrote, found something else "
                f"({error}). Remove that line and run the same command: it is made again"
            ) from error
    return items


@contextmanager
def appended(path: Path) -> Iterator[Callable[[Line], None]]:
    """Gives a function that adds a line to a file, there for good when it returns. What a kill cut off is removed."""
    if path.exists():
        content = path.read_bytes()
        if not content.endswith(b"\n"):
            os.truncate(path, content.rfind(b"\n") + 1)  # a kill in between loses nothing
    with path.open("a", encoding="utf-8") as file:
        yield lambda line: _append(file, line)


def _append(file: TextIO, line: Line) -> None:
    file.write(json.dumps(finite(line), allow_nan=False) + "\n")
    file.flush()


def finite(value: Any) -> Any:
    """A JSON-able value with None in place of each number that JSON cannot hold."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [finite(entry) for entry in value]
    return value


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file whole or not at all."""
    beside = _beside(path)
    beside.write_text(json.dumps(finite(content), indent=2, allow_nan=False) + "\n", encoding="utf-8")
    beside.replace(path)


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".new")


def read_settings(folder: Path) -> dict[str, Any]:
    """The settings of an evaluation's folder.

    Raises:
        EvaluationError: if there is none, or they cannot be read.
    """
    path = folder / SETTINGS
    try:
        return checked(strict_json(path.read_bytes()), _SETTINGS_FIELDS, ())
    except FileNotFoundError as error:
        raise EvaluationError(
            f"{folder} holds no evaluation: name the folder of one, or begin with --step generate"
        ) from error
    except ValueError as error:
        raise EvaluationError(
            f"{path}: expected the settings that llamoco evaluate wrote ({error}); give another --out"
        ) from error


def read_speed(folder: Path) -> dict[str, Any] | None:
    """What the speed benchmark printed for the model; None without.

    Raises:
        EvaluationError: if it is something else.
    """
    path = folder / SPEED
    if not path.exists():
        return None
    try:
        speed = dict(strict_json(path.read_bytes()))
        loaded = speed["loaded"].get("within the pool") or speed["loaded"]["drafts"]
        for place, name in ((loaded, "seconds"), (speed["command"], "peak_mib")):
            checked(place, {name: (real_number(0, 1e9), "a number from 0")}, (name,))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise EvaluationError(
            f"{path}: expected what `python examples/benchmarks/solve.py --json` prints ({error}); make it again or remove it"
        ) from error
    return speed


def read_record(folder: Path) -> dict[str, Any] | None:
    """The record in a folder's scores.json; None without, or if it is of an earlier form.

    Raises:
        EvaluationError: if it cannot be read.
    """
    path = folder / SCORES
    if not path.exists():
        return None
    try:
        record = dict(strict_json(path.read_bytes()))
    except (ValueError, TypeError) as error:
        raise EvaluationError(
            f"{path}: expected the record that llamoco evaluate wrote ({error}); make it again with --step score"
        ) from error
    return record if "floors" in record else None


@contextmanager
def claimed(
    folder: Path, asked: Mapping[str, Any], defaults: Mapping[str, Any] | None
) -> Iterator[dict[str, Any]]:
    """The settings of a folder, which is this process's to write in for the time being; made if there is none.

    An evaluation without answers yet has no settings to keep.

    Args:
        folder: of an evaluation, begun or to begin.
        asked: settings that the folder must have; None where any will do.
        defaults: where ``asked`` has None and the evaluation begins; None where it must have begun.

    Raises:
        EvaluationError: if it holds an evaluation with other settings, something else, or another process is at
            work there. Nothing is changed then.
    """
    path = folder / SETTINGS
    if not path.exists():
        if defaults is None:
            read_settings(folder)  # raises
        # What a kill left of the first settings is no reason to refuse.
        if folder.exists() and (
            not folder.is_dir() or any(entry != _beside(path) for entry in folder.iterdir())
        ):
            raise EvaluationError(f"{folder} is not empty and holds no evaluation: give another --out")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EvaluationError(
                f"{folder} cannot be made ({error.strerror}): give another --out"
            ) from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise EvaluationError(
            f"{folder} cannot be written to: give another --out, or the right to write there"
        )
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EvaluationError(
                f"another llamoco evaluate is at work in {folder}: wait for it, or give another --out"
            ) from error
        answers = folder / GENERATIONS
        if defaults is not None and not (path.exists() and answers.exists() and answers.stat().st_size):
            write_json(
                path, {name: defaults.get(name) if value is None else value for name, value in asked.items()}
            )
        yield _checked(folder, asked)
    finally:
        os.close(handle)  # gives up the claim, as the end of the process does


def _checked(folder: Path, asked: Mapping[str, Any]) -> dict[str, Any]:
    before = read_settings(folder)
    there, wanted = _flat(before), _flat({name: value for name, value in asked.items() if value is not None})
    names = [name for name in wanted if there.get(name) != wanted[name]]
    if names:
        found = ", ".join(f"{name} {there.get(name)!r} (asked: {wanted[name]!r})" for name in names)
        raise EvaluationError(
            f"{folder} holds an evaluation with another {', '.join(names)}: it has {found}. "
            "Nothing was changed: give another --out, or remove the folder"
        )
    return before


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {prefix + name: value}
    return flat
