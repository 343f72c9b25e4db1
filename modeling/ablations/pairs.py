"""The pairs of the studies, whose answers end after their first line, where the optimizer is named.

So a model learns to choose in minutes; to write programs it does not learn. The ablations have every problem once, in four
configurations that differ in how problems are described: models trained on them have seen the same problems, equally often.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from datasets import Dataset

from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.facts import facts_only
from llamoco.dataset_builder.prompts.prompt import PROMPT_LIMIT
from llamoco.dataset_builder.prompts.rows import PATTERNS

CONFIGS = ("both", "python", "latex", "plain")
PLAIN = {"python": "python_vectorised", "latex": "latex_align"}  # the least that a language needs
COLUMNS = ("prompt", "completion", "optimizer", "problem_id", "language", "pattern", "scores")

Row = Mapping[str, Any]


def write_pairs(pairs: Dataset, folder: Path, problems: int | None = None) -> None:
    """Write the pairs of the ablations as a data set in the Hub's layout, completely or not at all.

    Args:
        pairs: a train split of the instruction set. A problem that is not described in both languages is left out.
        folder: to be made.
        problems: number of problems, chosen by a hash of their ids; all if None.
    """
    of_problems: dict[str, list[Row]] = {}
    for row in pairs.select_columns([*COLUMNS, "problem"]):
        of_problems.setdefault(row["problem_id"], []).append(row)
    in_both = [name for name, several in of_problems.items() if len({row["language"] for row in several}) > 1]
    chosen = set(sorted(in_both, key=_rank)[:problems])
    described = [_descriptions(several) for name, several in of_problems.items() if name in chosen]
    write_configs({name: [of_problem[name] for of_problem in described] for name in CONFIGS}, folder)


def write_nested_pairs(pairs: Dataset, folder: Path, sizes: Mapping[str, int]) -> None:
    """Write the pairs of the scaling study: a configuration a size, each with all pairs of the smaller ones.

    Problems come in the order of a hash of their ids, with all their descriptions: a smaller set has fewer problems.

    Args:
        pairs: a train split of the instruction set.
        folder: to be made.
        sizes: numbers of pairs by the name of the configuration; at most all.
    """
    rows = [_decided(row) for row in pairs.select_columns(list(COLUMNS))]
    rows.sort(key=lambda row: _rank(row["problem_id"]))
    write_configs({name: rows[:count] for name, count in sizes.items()}, folder)


def write_configs(configs: Mapping[str, Sequence[Row]], folder: Path) -> None:
    """Write train splits, by the name of their configuration, in the Hub's layout, completely or not at all."""
    beside = folder.with_name(folder.name + ".new")
    shutil.rmtree(beside, ignore_errors=True)
    for name, rows in configs.items():
        (beside / name).mkdir(parents=True)
        columns = {column: [row[column] for row in rows] for column in COLUMNS}
        pq.write_table(pa.table(columns), beside / name / "train.parquet")
    files = {name: [{"split": "train", "path": f"{name}/train.parquet"}] for name in configs}
    head = {"configs": [{"config_name": name, "data_files": entries} for name, entries in files.items()]}
    (beside / "README.md").write_text(f"---\n{yaml.safe_dump(head)}---\n", encoding="utf-8")
    beside.rename(folder)


def _rank(problem_id: str) -> bytes:
    """Sorts problems into an order of no meaning."""
    return hashlib.sha256(f"training problem {problem_id}".encode()).digest()


def _decided(row: Row) -> Row:
    """The row with its completion's first line alone."""
    return {**row, "completion": row["completion"].split("\n", 1)[0] + "\n"}


def _descriptions(several: Iterable[Row]) -> dict[str, Row]:
    """A problem's row in each configuration: "both" and "plain" have every second problem in Python, by a hash."""
    by_language: dict[str, Row] = {}
    for row in several:
        by_language.setdefault(row["language"], _decided(row))
    python, latex = by_language["python"], by_language["latex"]
    digest = hashlib.sha256(f"language {python['problem_id']}".encode()).digest()
    mixed = python if digest[0] % 2 else latex
    return {"both": mixed, "python": python, "latex": latex, "plain": _plain(mixed)}


def _plain(row: Row) -> Row:
    """The row with its problem written in the plainest way; as it is where that is too long for the set."""
    pattern = next(pattern for pattern in PATTERNS if pattern.name == PLAIN[row["language"]])
    problem = Problem.from_json(row["problem"])
    description = pattern.write(problem, PortableRng("plain", 0, problem.id)).strip("\n")
    prompt = f"{description}\n{facts_only(row['prompt'])}"
    return row if len(prompt) > PROMPT_LIMIT else {**row, "prompt": prompt, "pattern": pattern.name}
