"""Labels: what the races say about each problem, and the compact table that ships with the project.

The table is Parquet (zstd), one row a problem; beside it lies a JSON of the same name with how it was made.
From it alone the instruction set is built and the label report is written.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from llamoco.dataset_builder.benchmark.race import (
    CHECK_SEEDS,
    FINAL,
    SCREEN,
    SECOND,
    Score,
    choose,
    ranked,
    stage_scores,
)
from llamoco.dataset_builder.benchmark.references import CHECK, ProblemRejected, freeze
from llamoco.dataset_builder.benchmark.run import Job, Run
from llamoco.dataset_builder.optimizers.catalogue import GROUPS, group_of
from llamoco.dataset_builder.optimizers.configuration import Configuration, configured
from llamoco.dataset_builder.problems.errors import LlamocoError
from llamoco.dataset_builder.problems.problem import Problem

if TYPE_CHECKING:
    import pyarrow as pa

LABELS_FORMAT = 3
TEST_SHARE = 2570 / 32570  # as in the paper
TEST_MINIMUM = 30  # problems of each group, so that scores of small sets mean something; never over a fifth
SHIPPED_LABELS = Path(__file__).parents[1] / "labels" / "labels.parquet"


class LabelsError(LlamocoError, ValueError):
    """A label table that cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Repeat:
    """What an independent second race on the same problem says: its winner, with its scores and whether it ties."""

    optimizer: str
    config: str
    tie: bool
    aocc: float = 0.0
    w: float = 0.0


@dataclass(frozen=True)
class Label:
    """The answer for one problem, and what it rests on.

    Attributes:
        problem: with frozen f0 and f_star.
        split: "train" or "test".
        optimizer, config: the winner and its configuration (canonical JSON).
        aocc, w: its mean scores over the fresh seeds of the last stage.
        tie: whether another optimizer ties with the best within ``race.TIE``.
        finalists: scores of all finalists on these seeds, best first.
        screen: scores of every optimizer that raced (first stage, one seed), best first.
        check: scores of the answer and of the single best solvers on seeds that no choice has seen; None
            where there was no check.
        repeat: outcome of the second race, None if there was none.
    """

    problem: Problem
    split: str
    optimizer: str
    config: str
    aocc: float
    w: float
    tie: bool
    finalists: tuple[Score, ...]
    screen: tuple[Score, ...]
    check: tuple[Score, ...] | None = None
    repeat: Repeat | None = None

    @property
    def group(self) -> str:
        """ "unconstrained" or "constrained"."""
        return group_of(self.problem.constrained)

    def checked(self, key: Configuration) -> Score:
        """Check score of a configured optimizer.

        Raises:
            LabelsError: if it was not checked on this problem.
        """
        for entry in self.check or ():
            if entry.key == key:
                return entry
        raise LabelsError(
            f"problem {self.problem.id}: {key[0]} was not checked; run the benchmark to its end"
        )


@dataclass(frozen=True)
class LabelTable:
    """A label table.

    Attributes:
        labels: one a problem.
        discarded: problems without a label, counted by group and reason.
        sbs: single best solver, in its configuration, by group and criterion ("aocc" or "w").
    """

    labels: tuple[Label, ...]
    discarded: dict[str, int]
    sbs: dict[str, dict[str, str]]


def derive_labels(problems: Iterable[Problem], runs: Mapping[str, Sequence[Run]]) -> LabelTable:
    """Labels from the runs of a benchmark.

    Args:
        problems: as drawn.
        runs: all runs by problem id; the main race of each problem finished.
    """
    frozen: list[tuple[Problem, Sequence[Run]]] = []
    screens: dict[str, list[Score]] = {}
    finals: dict[str, list[Score]] = {}
    discarded: Counter[str] = Counter()
    for problem in problems:
        try:
            kept = freeze(problem, runs[problem.id])
            screen, second, final = (
                ranked(stage_scores(kept, _of_race(runs[problem.id], 0), (stage,)))
                for stage in (SCREEN, SECOND, FINAL)
            )
            if not any(s.aocc > 0 or s.w > 0 for s in (*screen, *second, *final)):
                raise ProblemRejected("all runs score 0")
            if not final:
                raise ProblemRejected("runs of the screen could not be told apart")
        except ProblemRejected as reason:
            discarded[f"{group_of(problem.constrained)}: {reason}"] += 1
            continue
        frozen.append((kept, runs[problem.id]))
        screens[problem.id], finals[problem.id] = screen, final
    splits = assign_splits([problem for problem, _ in frozen])
    strength = {group: _strength(group, [p for p, _ in frozen], screens) for group in GROUPS}
    labels = []
    for problem, rows in frozen:
        group = group_of(problem.constrained)
        finalists = finals[problem.id]
        winner, tie = choose(finalists, strength[group])
        repeated = stage_scores(problem, _of_race(rows, 1), (FINAL,))
        repeat = None
        if repeated:
            other, other_tie = choose(repeated, strength[group])
            repeat = Repeat(other.optimizer, other.config, other_tie, other.aocc, other.w)
        check = stage_scores(problem, rows, (CHECK,))
        labels.append(
            Label(
                problem=problem,
                split=splits[problem.id],
                optimizer=winner.optimizer,
                config=winner.config,
                aocc=winner.aocc,
                w=winner.w,
                tie=tie,
                finalists=tuple(finalists),
                screen=tuple(screens[problem.id]),
                check=tuple(check) or None,
                repeat=repeat,
            )
        )
    return LabelTable(tuple(labels), dict(sorted(discarded.items())), single_best(labels))


def _of_race(runs: Sequence[Run], race: int) -> list[Run]:
    return [run for run in runs if run.race == race]


def _strength(
    group: str, problems: Sequence[Problem], screens: Mapping[str, Sequence[Score]]
) -> dict[str, float]:
    """Strength of each optimizer over a group: its mean AOCC in the screen, above the mean on each problem.

    Above the mean, since an optimizer with a budget limit does not run on every problem.
    """
    scores: dict[str, list[float]] = defaultdict(list)
    for problem in problems:
        if group_of(problem.constrained) == group:
            middle = fmean(entry.aocc for entry in screens[problem.id])
            for entry in screens[problem.id]:
                scores[entry.optimizer].append(entry.aocc - middle)
    return {name: fmean(values) for name, values in scores.items()}


def single_best(labels: Sequence[Label]) -> dict[str, dict[str, str]]:
    """The single best solver of each group, by AOCC and by w: highest mean in the screen over train.

    Optimizers with a budget limit, which do not run on every problem, cannot be it.
    """
    best: dict[str, dict[str, str]] = {}
    for group in GROUPS:
        means: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for label in labels:
            if label.group == group and label.split == "train":
                for entry in label.screen:
                    means[entry.optimizer].append((entry.aocc, entry.w))
        everywhere = max((len(rows) for rows in means.values()), default=0)
        means = {name: rows for name, rows in means.items() if len(rows) == everywhere}
        if means:
            best[group] = {
                criterion: min(means, key=lambda name: (-fmean(row[column] for row in means[name]), name))
                for column, criterion in enumerate(("aocc", "w"))
            }
    return best


def assign_splits(problems: Sequence[Problem]) -> dict[str, str]:
    """Split by problem id: the lowest hashes are test, TEST_SHARE of every group, TEST_MINIMUM at least."""
    splits: dict[str, str] = {}
    for constrained in (False, True):
        ids = [problem.id for problem in problems if problem.constrained == constrained]
        ids.sort(key=lambda name: hashlib.sha256(f"split {name}".encode()).digest())
        count = max(round(len(ids) * TEST_SHARE), min(TEST_MINIMUM, len(ids) // 5), min(1, len(ids) - 1))
        splits |= {name: "test" if rank < count else "train" for rank, name in enumerate(ids)}
    return splits


def check_jobs(label: Label, sbs: Mapping[str, Mapping[str, str]], runs: Sequence[Run]) -> list[Job]:
    """Runs that score the answer and its group's single best solvers on seeds that no choice has seen."""
    have = {(run.optimizer, run.config, run.seed_index) for run in runs if run.stage == CHECK}
    singles = [configured(name, label.problem) for name in sbs[label.group].values()]
    keys = dict.fromkeys([(label.optimizer, label.config), *singles])
    return [Job(*key, seed) for key in keys for seed in CHECK_SEEDS if (*key, seed) not in have]


_FORMAT_KEY = b"llamoco_labels_format"


# pyarrow, a tenth of a second and 170 MB, is loaded where tables are: what solves a problem reads none.
@lru_cache(maxsize=1)
def _schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema(
        [(name, pa.string()) for name in ("problem_id", "group", "split", "problem", "optimizer", "config")]
        + [("aocc", pa.float64()), ("w", pa.float64()), ("tie", pa.bool_())]
        + [(name, pa.string()) for name in ("finalists", "screen", "check", "repeat")],
    )


def write_labels(path: Path, labelled: LabelTable, meta: Mapping[str, Any]) -> None:
    """Write the table and its JSON; the same labels give the same bytes of Parquet under the same pyarrow.

    Args:
        path: of the Parquet file; the JSON goes beside it.
        labelled: what to write.
        meta: how it was made, JSON-able.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {
            "problem_id": label.problem.id,
            "group": label.group,
            "split": label.split,
            "problem": label.problem.to_json(),
            "optimizer": label.optimizer,
            "config": label.config,
            "aocc": label.aocc,
            "w": label.w,
            "tie": label.tie,
            "finalists": _scores_json(label.finalists),
            "screen": _scores_json(label.screen),
            "check": None if label.check is None else _scores_json(label.check),
            "repeat": None if label.repeat is None else json.dumps(asdict(label.repeat)),
        }
        for label in labelled.labels
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = _schema().with_metadata(
        {
            _FORMAT_KEY: str(LABELS_FORMAT),
            b"discarded": json.dumps(labelled.discarded),
            b"single_best_solvers": json.dumps(labelled.sbs),
        }
    )
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path, compression="zstd", compression_level=19)
    text = json.dumps({"format": LABELS_FORMAT, **meta}, indent=2)
    path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")


def _scores_json(scores: Iterable[Score]) -> str:
    return json.dumps(
        [[s.optimizer, s.config, round(s.aocc, 6), round(s.w, 6), s.evals, s.runs] for s in scores]
    )


def _scores(text: str) -> tuple[Score, ...]:
    return tuple(Score(*entry) for entry in json.loads(text))


def read_labels(path: Path) -> LabelTable:
    """Read what ``write_labels`` wrote. A table is read once, for that takes a second, until its file is another.

    Raises:
        LabelsError: if there is no such file, it is no label table, or one of another format version.
    """
    metadata = _metadata(path)
    file = path.stat()
    labels = _read_rows(path.resolve(), (file.st_ino, file.st_mtime_ns, file.st_size))
    return LabelTable(
        labels, json.loads(metadata[b"discarded"]), json.loads(metadata[b"single_best_solvers"])
    )


def read_single_best_solvers(path: Path) -> dict[str, dict[str, str]]:
    """``sbs`` of a label table (see ``LabelTable``), without its rows.

    Raises:
        LabelsError: as ``read_labels``.
    """
    if path == SHIPPED_LABELS:
        # The record beside the table says the same, and takes no pyarrow to read.
        return dict(json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["single_best_solvers"])
    return dict(json.loads(_metadata(path)[b"single_best_solvers"]))


def _metadata(path: Path) -> dict[bytes, bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
    except FileNotFoundError as error:
        raise LabelsError(f"no label table at {path}: make one with `llamoco benchmark`") from error
    except (pa.ArrowException, OSError) as error:
        raise LabelsError(f"{path} is not a label table: {error}") from error
    metadata = dict(schema.metadata or {})
    version = metadata.get(_FORMAT_KEY, b"none").decode()
    if version != str(LABELS_FORMAT) or schema.names != _schema().names:
        raise LabelsError(
            f"{path} is a label table of format {version}, this version of llamoco reads {LABELS_FORMAT}: "
            "use the version that wrote it, or make the labels again with `llamoco benchmark`"
        )
    return metadata


@lru_cache(maxsize=2)
def _read_rows(path: Path, state: tuple[int, ...]) -> tuple[Label, ...]:
    """The labels of a table whose file is in some state (inode, time, size)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise LabelsError(f"{path} is not a label table: {error}") from error
    return tuple(
        Label(
            problem=Problem.from_json(row["problem"]),
            split=row["split"],
            optimizer=row["optimizer"],
            config=row["config"],
            aocc=row["aocc"],
            w=row["w"],
            tie=row["tie"],
            finalists=_scores(row["finalists"]),
            screen=_scores(row["screen"]),
            check=None if row["check"] is None else _scores(row["check"]),
            repeat=None if row["repeat"] is None else Repeat(**json.loads(row["repeat"])),
        )
        for row in table.to_pylist()
    )
