"""Folder of an evaluation: its files, its lock, and how lines are read.

    settings.json                   what is evaluated; a folder of other settings is refused
    generations.jsonl               the model's answers, one row of the split a line: the raw one and, of a model on
                                    this machine, the one within the pool (null where that is the same)
    runs-{model,within_pool,sbs,vbs}.jsonl
                                    runs of the answers, of those within the pool, of the single best solver and of the
                                    labelled answers (virtual best), one program on one problem a line
    repairs.jsonl                   the model's second answer where its first failed, one row a line
    runs-repair.jsonl               runs of the second answers
    robustness.jsonl                the model's decisions on other descriptions of each problem, one problem a line
    steps.jsonl                     step, duration, command, date and machine, one call a line
    scores.json                     the record, computed from the other files (``record.EvaluationRecord``)

A complete line is never lost; a line that a kill cut off is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from llamoco.dataset_builder.problems.errors import LlamocoError
from llamoco.dataset_builder.problems.jsonl import read_jsonl, to_jsonable
from llamoco.metrics.inputs import MAX_RUNS, MAX_SEED
from llamoco.metrics.run_records import checked, is_text, or_none, whole_number
from llamoco.modeling.folder_lock import locked
from llamoco.modeling.strict_json import strict_json

Line = dict[str, Any]
Key = tuple[str, str]  # a problem's id and the hash of a program
Item = TypeVar("Item")

GENERATIONS, REPAIRS, ROBUSTNESS, STEPS_LOG, SETTINGS, SCORES = (
    "generations.jsonl",
    "repairs.jsonl",
    "robustness.jsonl",
    "steps.jsonl",
    "settings.json",
    "scores.json",
)


_COUNT = (or_none(whole_number(0, 2**53)), "a whole number from 0, or null")
_SETTINGS_FIELDS = {
    "runs": (whole_number(1, MAX_RUNS), f"a whole number from 1 to {MAX_RUNS}"),
    "seed": (whole_number(0, MAX_SEED), "a whole number from 0"),
    "data": (or_none(is_text), "a folder or Hub id, or null for the shipped data set"),
    "data_hash": (is_text, "a text"),
    **dict.fromkeys(("limit", "rows", "split_rows"), _COUNT),
}


class EvaluationError(LlamocoError, ValueError):
    """Evaluation that cannot continue; the message says why and what to do."""


def runs_file(name: str) -> str:
    """Name of the file of runs of "model", "within_pool", "sbs", "vbs" or "repair"."""
    return f"runs-{name}.jsonl"


def key_of(problem_id: str, program: str, probed: bool = False) -> Key:
    """Identity of a run: the same program on the same problem is run once, and once more after probes (``Problem.probes_first``)."""
    text = f"{program}\0after probes" if probed else program
    return problem_id, hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def read_lines(path: Path, parse: Callable[[Line], Item]) -> list[Item]:
    """Read the lines of a file with ``parse``; an empty list if there is no such file.

    Raises:
        EvaluationError: naming file, line and what is wrong with it, where ``parse`` (by a ValueError) or JSON cannot read it.
    """
    if not path.exists():
        return []
    items = []
    for number, line in read_jsonl(path):
        try:
            items.append(parse(strict_json(line)))
        except ValueError as error:
            raise EvaluationError(
                f"{path}, line {number}: expected a record that llamoco evaluate wrote, found something else "
                f"({error}). Remove that line and run the same command: it is made again"
            ) from error
    return items


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file, completely or not at all."""
    temporary = _temporary(path)
    temporary.write_text(json.dumps(to_jsonable(content), indent=2, allow_nan=False) + "\n", encoding="utf-8")
    temporary.replace(path)


def _temporary(path: Path) -> Path:
    return path.with_name(path.name + ".new")


def read_settings(folder: Path) -> dict[str, Any]:
    """The settings of an evaluation's folder.

    Raises:
        EvaluationError: if there is none, or they cannot be read.
    """
    path = folder / SETTINGS
    try:
        return checked(strict_json(path.read_bytes()), _SETTINGS_FIELDS, ("data", "data_hash"))
    except FileNotFoundError as error:
        raise EvaluationError(
            f"{folder} holds no evaluation: name the folder of one, or begin with --step generate"
        ) from error
    except ValueError as error:
        raise EvaluationError(
            f"{path}: expected the settings that llamoco evaluate wrote ({error}); give another --out"
        ) from error


@contextmanager
def lock_folder(
    folder: Path, asked: Mapping[str, Any], defaults: Mapping[str, Any] | None
) -> Iterator[dict[str, Any]]:
    """Lock a folder for this process and give its settings; a new folder is made.

    Settings of an evaluation that has no answers yet are replaced.

    Args:
        folder: of an evaluation, begun or new.
        asked: settings that the folder must have; None accepts any.
        defaults: for what is None in ``asked`` of a new evaluation; None if the folder must hold one.

    Raises:
        EvaluationError: if the folder holds an evaluation with other settings or something else, or another process
            is working there. Nothing is changed then.
    """
    path = folder / SETTINGS
    if not path.exists():
        if defaults is None:
            read_settings(folder)  # raises
        # What a kill left of the first settings is no reason to refuse.
        if folder.exists() and (
            not folder.is_dir() or any(entry != _temporary(path) for entry in folder.iterdir())
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
    busy = EvaluationError(
        f"another llamoco evaluate is at work in {folder}: wait for it, or give another --out"
    )
    with locked(folder, busy):
        answers = folder / GENERATIONS
        if defaults is not None and not (path.exists() and answers.exists() and answers.stat().st_size):
            write_json(
                path, {name: defaults.get(name) if value is None else value for name, value in asked.items()}
            )
        yield _checked(folder, asked)


def _checked(folder: Path, asked: Mapping[str, Any]) -> dict[str, Any]:
    before = read_settings(folder)
    there, wanted = _flat(before), _flat({name: value for name, value in asked.items() if value is not None})
    names = [name for name in wanted if there.get(name) != wanted[name]]
    if "source" in asked:
        # What a source does not state, such as examples, is not as in one that does.
        names += [name for name in there if name.startswith("source.") and name not in wanted]
    if names:
        found = ", ".join(f"{name} {there.get(name)!r} (asked: {wanted.get(name)!r})" for name in names)
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
