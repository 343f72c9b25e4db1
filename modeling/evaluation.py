"""`llamoco evaluate`: generate answers, run them in the sandbox, score them beside the single best solver and the labelled answers.

Generation and execution are separate steps over files of the output folder; each line that is written is kept, and a second call
goes on where the first one stopped.

    settings.json       what is evaluated; a folder of other settings is refused
    generations.jsonl   one answer a line
    runs-<name>.jsonl   one prediction a line, with its runs: model, sbs, vbs
    scores.json         the table, with how it was made
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from llamoco.dataset_builder.benchmark.labels import GROUPS, SHIPPED_LABELS, read_labels
from llamoco.dataset_builder.benchmark.race import keyed
from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.instructions import rows_of_split
from llamoco.metrics.runs import Prediction, Runner, row, run_of_row
from llamoco.metrics.scores import Run
from llamoco.metrics.summary import summary
from llamoco.modeling.generation import Generation, Generator, answer_all

CONTESTANTS = ("model", "sbs", "vbs")
BATCH = 8
CHARACTERS_A_TOKEN = 4  # to compare models whose tokenizers differ


class EvaluationError(ValueError):
    """An evaluation that cannot go on; the message says why and what to do."""


@dataclass(frozen=True)
class Stage:
    """Progress of a step: "generate", or "run" with the contestant's name."""

    name: str
    done: int
    total: int


def evaluation_rows(split: str, limit: int | None, labels: Path = SHIPPED_LABELS) -> list[dict[str, Any]]:
    """Rows of a split for an evaluation: first one description of every problem, then the second ones, and so on.

    So the first N rows are N different problems, as long as there are so many.
    """
    rows = list(rows_of_split(labels, split))
    seen: dict[str, int] = {}
    keyed = []
    for position, entry in enumerate(rows):
        rank = seen.get(entry["problem_id"], 0)
        seen[entry["problem_id"]] = rank + 1
        # In the order of a hash, so that both groups are met early, whatever the order of the table.
        keyed.append((rank, hashlib.sha256(entry["problem_id"].encode()).digest(), position))
    ordered = [rows[position] for _, _, position in sorted(keyed)]
    return ordered[:limit]


def evaluate_model(
    generator: Generator,
    out: Path,
    split: str = "test",
    runs: int = 5,
    limit: int | None = None,
    allow_unsafe: bool = False,
    on_progress: Callable[[Stage], None] = lambda stage: None,
) -> dict[str, Any]:
    """Score a model on a split; see the module's text for the files.

    Args:
        generator: the model.
        out: output folder, made if missing; one that holds the same evaluation is gone on with.
        split: "test" or "train".
        runs: runs of each answer.
        limit: so many rows only (see ``evaluation_rows``).
        allow_unsafe: run programs even where they cannot be confined.
        on_progress: called as answers and runs come in.

    Returns:
        The record that scores.json holds.

    Raises:
        EvaluationError: if ``out`` holds another evaluation.
    """
    rows = evaluation_rows(split, limit)
    settings = {
        "model": generator.name,
        "weights": _weights_hash(generator),
        "split": split,
        "runs": runs,
        "seed": 0,
    }
    settings["labels"] = hashlib.sha256(SHIPPED_LABELS.read_bytes()).hexdigest()[:16]
    _claim(out, settings)
    generations = _generate(generator, rows, out / "generations.jsonl", on_progress)
    sbs = {group: best["a3"] for group, best in read_labels(SHIPPED_LABELS).sbs.items()}
    problems = [Problem.from_json(entry["problem"]) for entry in rows]
    programs = {
        "model": [generation.completion for generation in generations],
        "sbs": [_single_best(sbs[GROUPS[problem.constrained]], problem) for problem in problems],
        "vbs": [entry["completion"] for entry in rows],
    }
    done: dict[str, list[list[Run]]] = {}
    with Runner(runs, seed=0, allow_unsafe=allow_unsafe) as runner:
        for name in CONTESTANTS:
            predictions = [Prediction(*pair) for pair in zip(programs[name], problems, strict=True)]
            done[name] = _run(runner, predictions, out / f"runs-{name}.jsonl", name, on_progress)
        tier = runner.tier
    record = {
        **settings,
        "rows": len(rows),
        "problems": len({problem.id for problem in problems}),
        "tier": tier,
        "single_best_solvers": sbs,
        "tables": {group: _table(group, rows, done, generations) for group in ("all", *GROUPS)},
        "optimizers": _chosen(rows, programs["model"]),
        "versions": {
            name: version(name)
            for name in ("torch", "transformers", "numpy", "scipy", "cma", "deap", "nlopt")
        },
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "date": datetime.now(UTC).date().isoformat(),
    }
    (out / "scores.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return record


def _table(
    group: str,
    rows: Sequence[dict[str, Any]],
    done: dict[str, list[list[Run]]],
    generations: Sequence[Generation],
) -> dict[str, Any]:
    """Scores of the contestants on the rows of a group, and the share of the gap from SBS to VBS that the model closes."""
    members = [i for i, entry in enumerate(rows) if group in ("all", GROUPS[entry["constrained"]])]
    if not members:
        return {}
    table: dict[str, Any] = {"rows": len(members)}
    for name in CONTESTANTS:
        tokens = [generations[i].tokens for i in members] if name == "model" else None
        table[name] = summary([done[name][i] for i in members], tokens)
    characters = [len(rows[i]["prompt"]) + len(generations[i].completion) for i in members]
    table["model"]["comp_characters"] = sum(characters) / len(characters) / CHARACTERS_A_TOKEN
    hits = [_named(generations[i].completion) == rows[i]["optimizer"] for i in members]
    table["model"]["label_hits"] = sum(hits) / len(hits)
    for score in ("perf", "a3"):
        worst, best = table["sbs"][score], table["vbs"][score]
        closed = (table["model"][score] - worst) / (best - worst) if best > worst else None
        table["model"][f"gap_closed_{score}"] = closed
    return table


def _chosen(rows: Sequence[dict[str, Any]], completions: Sequence[str]) -> dict[str, dict[str, int]]:
    """How often each optimizer is the label and how often the model names it."""
    counts: dict[str, dict[str, int]] = {}
    for entry, text in zip(rows, completions, strict=True):
        for column, name in (("label", entry["optimizer"]), ("model", _named(text) or "(none)")):
            counts.setdefault(name, {"label": 0, "model": 0})[column] += 1
    return dict(sorted(counts.items(), key=lambda item: -item[1]["label"]))


def _named(completion: str) -> str | None:
    """The optimizer whose benchmarked program a completion is; None for other code."""
    known = pool.identify(completion.partition("\n")[2])
    return known[0] if known else None


def _single_best(name: str, problem: Problem) -> str:
    optimizer, config = keyed(name, problem)
    return pool.render(optimizer, json.loads(config))


def _generate(
    generator: Generator, rows: Sequence[dict[str, Any]], path: Path, on_progress: Callable[[Stage], None]
) -> list[Generation]:
    answers = {record["row"]: Generation(**record["generation"]) for record in _lines(path)}
    missing = [number for number in range(len(rows)) if number not in answers]
    with path.open("a", encoding="utf-8") as file:

        def keep(position: int, generation: Generation) -> None:
            number = missing[position]
            answers[number] = generation
            record = {
                "row": number,
                "problem_id": rows[number]["problem_id"],
                "generation": asdict(generation),
            }
            file.write(json.dumps(record) + "\n")
            file.flush()
            on_progress(Stage("generate", len(answers), len(rows)))

        answer_all(generator, [rows[number]["prompt"] for number in missing], BATCH, keep)
    return [answers[number] for number in range(len(rows))]


def _run(
    runner: Runner,
    predictions: Sequence[Prediction],
    path: Path,
    name: str,
    on_progress: Callable[[Stage], None],
) -> list[list[Run]]:
    done = {
        record["row"]: [run_of_row(entry, predictions[record["row"]]) for entry in record["runs"]]
        for record in _lines(path)
        if record["row"] < len(predictions)
    }
    missing = [number for number in range(len(predictions)) if number not in done]
    with path.open("a", encoding="utf-8") as file:
        for position, runs in runner.run_all([predictions[number] for number in missing]):
            number = missing[position]
            done[number] = runs
            file.write(
                json.dumps({"row": number, "runs": [row(number, j, run) for j, run in enumerate(runs)]})
                + "\n"
            )
            file.flush()
            on_progress(Stage(f"run {name}", len(done), len(predictions)))
    return [done[number] for number in range(len(predictions))]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Records of a file of lines. A last line that was cut off by a kill is removed from the file and made again."""
    if not path.exists():
        return
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        path.write_bytes(whole)
    for line in whole.decode("utf-8").splitlines():
        yield json.loads(line)


def _claim(out: Path, settings: dict[str, Any]) -> None:
    path = out / "settings.json"
    if path.exists():
        before = json.loads(path.read_text(encoding="utf-8"))
        differing = sorted(name for name in settings if before.get(name) != settings[name])
        if differing:
            raise EvaluationError(
                f"{out} holds an evaluation with another {', '.join(differing)} "
                f"({', '.join(str(before.get(name)) for name in differing)}): give another --out, or remove it"
            )
        return
    if out.exists() and any(out.iterdir()):
        raise EvaluationError(f"{out} is not empty and holds no evaluation: give another --out")
    out.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def _weights_hash(generator: Generator) -> str:
    """A short hash of all weights, so that a retrained model of the same name is another model."""
    digest = hashlib.sha256()
    for name, tensor in sorted(generator.model.state_dict().items()):
        digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
