"""The pairs of the ablations: every training problem once, in four configurations that differ in how problems are described.

Models trained on them have thus seen the same problems, equally often, and only the descriptions differ. Answers end after
their first line, where the optimizer is named: in minutes a model learns to choose, but not to write programs.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping
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
COLUMNS = ("prompt", "completion", "optimizer", "problem_id", "language", "pattern")

Row = Mapping[str, Any]


def write_pairs(pairs: Dataset, folder: Path) -> None:
    """Write a data set in the Hub's layout, completely or not at all.

    Args:
        pairs: a train split of the instruction set.
        folder: to be made.
    """
    of_problems: dict[str, list[Row]] = {}
    for row in pairs.select_columns([*COLUMNS, "problem"]):
        of_problems.setdefault(row["problem_id"], []).append(row)
    described = [_descriptions(several) for several in of_problems.values()]
    beside = folder.with_name(folder.name + ".new")
    shutil.rmtree(beside, ignore_errors=True)
    for name in CONFIGS:
        (beside / name).mkdir(parents=True)
        columns = {column: [of_problem[name][column] for of_problem in described] for column in COLUMNS}
        pq.write_table(pa.table(columns), beside / name / "train.parquet")
    files = {name: [{"split": "train", "path": f"{name}/train.parquet"}] for name in CONFIGS}
    head = {"configs": [{"config_name": name, "data_files": entries} for name, entries in files.items()]}
    (beside / "README.md").write_text(f"---\n{yaml.safe_dump(head)}---\n", encoding="utf-8")
    beside.rename(folder)


def _descriptions(several: Iterable[Row]) -> dict[str, Row]:
    """A problem's row in each configuration: "both" and "plain" have every second problem in Python, by a hash."""
    by_language: dict[str, Row] = {}
    for row in several:
        decision = row["completion"].split("\n", 1)[0] + "\n"
        by_language.setdefault(row["language"], {**row, "completion": decision})
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
