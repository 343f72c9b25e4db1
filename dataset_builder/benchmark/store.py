"""Run store: one SQLite file with the problems and every run made on them.

Rows are keyed by (problem, race, optimizer, configuration, seed number) and written one task, that is one
transaction, at a time. So a kill at any moment loses only tasks in flight, and making a run again changes
nothing.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

import numpy as np

from llamoco.dataset_builder.benchmark import plan, run, trace
from llamoco.dataset_builder.benchmark.run import Run
from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.optimizers.configuration import configurations
from llamoco.dataset_builder.problems.errors import LlamocoError
from llamoco.dataset_builder.problems.problem import Problem

STORE_FORMAT = "2"
FILE_NAME = "runs.sqlite"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS problems (id TEXT PRIMARY KEY, json TEXT NOT NULL, probe TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS runs (
    problem_id TEXT NOT NULL REFERENCES problems(id), race INTEGER NOT NULL, optimizer TEXT NOT NULL,
    config TEXT NOT NULL, seed_index INTEGER NOT NULL, stage TEXT NOT NULL, status TEXT NOT NULL,
    error TEXT NOT NULL, f_returned REAL, best_f REAL, first_f REAL, evals INTEGER NOT NULL,
    max_evals INTEGER NOT NULL, trace BLOB NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (problem_id, race, optimizer, config, seed_index)) WITHOUT ROWID;
"""
_COLUMNS = tuple(field.name for field in fields(Run))


class StoreError(LlamocoError, ValueError):
    """A run store that this benchmark must not touch; the message says why and what to do."""


def code_fingerprint() -> str:
    """Hash of what the runs of a benchmark depend on besides its problems: answers, configurations, race.

    Not the rules for ties and single best solvers: they decide labels, and no runs but those that check them.
    """
    stages = {name: value for name, value in vars(plan).items() if name.isupper() and name != "GROUPS"}
    for name in ("SHORT_RUNS_ONLY", "LONGEST_RUNS"):  # a set has no order
        stages[name] = {group: sorted(members) for group, members in stages[name].items()}
    limits = run.TIME_LIMIT, run.WALL_FACTOR, run.SOLVED_GAP
    return fingerprint(pool_state(), configurations(), stages, limits, trace.MAX_POINTS)


def pool_state() -> dict[str, Any]:
    """Texts, defaults and limits of the pool, by optimizer."""
    return {
        name: (pool.source(name), member.defaults, member.serves, member.max_evals_limit, member.dim_limit)
        for name, member in pool.POOL.items()
    }


def probe(problem: Problem) -> list[float]:
    """Values of objective and constraints at one irregular point: they show a changed evaluator."""
    share = np.modf(0.3 + 0.618034 * np.arange(problem.dim))[0]
    values = problem.evaluate(
        (problem.lower_array + share * (problem.upper_array - problem.lower_array))[None, :]
    )
    return [float(value) for part in values for value in part[0:1].ravel()]


def fingerprint(*state: object) -> str:
    """Short hash of values whose ``repr`` tells them apart."""
    return hashlib.sha256(repr(state).encode()).hexdigest()[:16]


class RunStore:
    """A run store in a folder, made if there is none.

    Args:
        folder: of ``runs.sqlite``; made if there is none.
        seed: the benchmark's seed.
        code: fingerprint of what the runs depend on; that of the benchmark if None.

    Raises:
        StoreError: if the file is no run store, or was written in another format, by another pool or
            benchmark code, or with another seed. Nothing is changed then.
    """

    def __init__(self, folder: Path, seed: int, code: str | None = None) -> None:
        self.path = folder / FILE_NAME
        expected = {"format": STORE_FORMAT, "code": code or code_fingerprint(), "seed": str(seed)}
        if self.path.exists() and self.path.stat().st_size:
            _check(self.path, expected)
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(self.path)
        self._db.execute("PRAGMA journal_mode=WAL")
        with self._db:
            self._db.execute("BEGIN")
            for statement in _SCHEMA.split(";\n"):
                self._db.execute(statement)
            self._db.executemany("INSERT OR IGNORE INTO meta VALUES (?, ?)", expected.items())

    def add_problems(self, problems: Iterable[Problem]) -> None:
        """Store problems (before any run on them), each with its values at one point.

        Raises:
            StoreError: if a problem of that id is there already and differs, in its text or in its values.
                Nothing is written then.
        """
        stored = {row[0]: row[1:] for row in self._db.execute("SELECT id, json, probe FROM problems")}
        new = []
        for problem in problems:
            text, values = problem.to_json(), probe(problem)
            if problem.id not in stored:
                new.append((problem.id, text, json.dumps(values)))
                continue
            what = None
            if text != stored[problem.id][0]:
                what = "was drawn otherwise"
            elif not np.allclose(values, json.loads(stored[problem.id][1]), 1e-6, 1e-6, equal_nan=True):
                what = "was evaluated otherwise"
            if what:
                raise StoreError(
                    f"{self.path}: problem {problem.id} {what} when this store was written. "
                    "Nothing was changed. Use a new --out folder, or the version that wrote this one."
                )
        with self._db:
            self._db.executemany("INSERT INTO problems VALUES (?, ?, ?)", new)

    def problems(self) -> list[Problem]:
        """All problems, in the order in which they were added."""
        rows = self._db.execute("SELECT json FROM problems ORDER BY rowid")
        return [Problem.from_json(text) for (text,) in rows]

    def add_runs(self, runs: Iterable[Run]) -> None:
        """Store the runs of a task, all or none. A run that is stored already is not changed."""
        marks = ", ".join("?" * len(_COLUMNS))
        with self._db:
            self._db.executemany(
                f"INSERT OR IGNORE INTO runs ({', '.join(_COLUMNS)}) VALUES ({marks})",
                [astuple(r) for r in runs],
            )

    def runs(self, problem_id: str) -> list[Run]:
        """All runs on a problem, in the order of their keys."""
        rows = self._db.execute(
            f"SELECT {', '.join(_COLUMNS)} FROM runs WHERE problem_id = ? "
            "ORDER BY race, optimizer, config, seed_index",
            (problem_id,),
        )
        return [Run(*row) for row in rows]

    def count_runs(self) -> int:
        """Number of runs in the store."""
        return int(self._db.execute("SELECT COUNT(*) FROM runs").fetchone()[0])

    def summary(self) -> dict[str, Any]:
        """For the record: number of runs and evaluations, core-seconds by stage, seconds of each optimizer's runs (mean and
        largest), runs that failed by optimizer and status.
        """
        seconds = self._db.execute("SELECT stage, SUM(seconds) FROM runs GROUP BY stage")
        by_optimizer = self._db.execute(
            "SELECT optimizer, AVG(seconds), MAX(seconds) FROM runs GROUP BY optimizer ORDER BY optimizer"
        )
        evals = self._db.execute("SELECT COALESCE(SUM(evals), 0) FROM runs").fetchone()[0]
        failures = self._db.execute(
            "SELECT optimizer || ': ' || status, COUNT(*) FROM runs WHERE status NOT IN ('ok', 'solved') "
            "GROUP BY 1 ORDER BY 1"
        )
        return {
            "runs": self.count_runs(),
            "evaluations": int(evals),
            "core_seconds": {stage: round(total, 1) for stage, total in seconds},
            "seconds_of_a_run": {
                name: {"mean": round(mean, 4), "largest": round(largest, 2)}
                for name, mean, largest in by_optimizer
            },
            "failures": dict(failures.fetchall()),
        }

    def evals_granted(self) -> dict[str, int]:
        """Evaluations granted to all runs so far, by problem."""
        return dict(self._db.execute("SELECT problem_id, SUM(max_evals) FROM runs GROUP BY problem_id"))

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _check(path: Path, expected: dict[str, str]) -> None:
    reader = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        found = dict(reader.execute("SELECT key, value FROM meta").fetchall())
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path} is not a run store ({error}). Give --out another folder.") from error
    finally:
        reader.close()
    names = {"format": "store format", "code": "optimizer pool, configurations or race", "seed": "seed"}
    for key, value in expected.items():
        if found.get(key) != value:
            raise StoreError(
                f"{path} was written with another {names[key]} ({found.get(key)!r}, this is {value!r}). "
                f"Nothing was changed. Use a new --out folder, or what wrote this one."
            )
