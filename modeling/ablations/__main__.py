"""The study from end to end: ``python -m llamoco.modeling.ablations``.

In OUT, a folder a training (the model, its run record, its answers), the pairs, and the runs of all programs. Each is kept as
soon as it is there: a command that was stopped, however that came, goes on. Seed 0 of all recipes comes first, then seed 1,
so that what is finished at any time can be compared.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from llamoco.dataset_builder.benchmark.provenance import environment
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.runner import RunnerError
from llamoco.metrics.sandbox.tiers import SandboxUnavailable
from llamoco.modeling.ablations.latents import latents_of, plot_latents, separability
from llamoco.modeling.ablations.pairs import write_pairs
from llamoco.modeling.ablations.programs import run_missing
from llamoco.modeling.ablations.record import conclusion, reference_answers, study_record
from llamoco.modeling.ablations.study import (
    BASE,
    FINISHED,
    RECIPES,
    STUDIES,
    answer,
    folder_of,
    initial,
    one_each,
    read_answers,
    train,
)
from llamoco.modeling.evaluation.files import EvaluationError, write_json
from llamoco.modeling.evaluation.rows import Row, evaluation_rows
from llamoco.modeling.generation.load import ModelError
from llamoco.modeling.generation.torch_engine import load_torch_generator
from llamoco.modeling.training.recipe import RecipeError
from llamoco.modeling.training.trainer import TrainingError, TrainingInterrupted

TRAIN_SPLIT = Path("llamoco") / "default" / "train-00000-of-00001.parquet"
RECORD, FIGURE = "ablations.json", "latents.png"
WARM = {"no_warmup": "without warm-up", BASE: "with warm-up"}  # whose latents are compared
LATENT_SEED = 0


def main() -> None:
    """Read the arguments, do what is missing, write the record."""
    parser = argparse.ArgumentParser(
        prog="python -m llamoco.modeling.ablations",
        description="Train each ablation of the method with several seeds, and score them; a stopped command goes on.",
    )
    parser.add_argument("--out", type=Path, default=Path("runs/ablations"), help="folder of the study")
    parser.add_argument("--recipes", type=Path, default=RECIPES, help="folder of the recipes")
    parser.add_argument(
        "--data", type=Path, default=TRAIN_SPLIT, help="train split that `llamoco build` wrote"
    )
    parser.add_argument(
        "--only", choices=STUDIES, action="append", help="this recipe only; can be given again"
    )
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each recipe")
    parser.add_argument("--limit", type=int, help="test problems; all by default")
    parser.add_argument(
        "--record",
        type=Path,
        help="folder for the record and its figure, such as hub_cards/records; OUT by default",
    )
    parser.add_argument(
        "--record-only", action="store_true", help="no training, no runs: the record of what is finished"
    )
    asked = parser.parse_args()
    try:
        if not asked.data.is_file() and not (asked.out / "pairs").is_dir():
            raise RecipeError(f"no train split at {asked.data}: run `llamoco build` first, or give --data")
        asked.out.mkdir(parents=True, exist_ok=True)
        rows = one_each(evaluation_rows("test"))[: asked.limit]
        names = asked.only or list(STUDIES)
        if not asked.record_only:
            if not (asked.out / "pairs").is_dir():
                write_pairs(asked.data, asked.out / "pairs")
            for seed in range(asked.seeds):
                work(asked.recipes, asked.out, names, seed, rows)
                if seed == LATENT_SEED and set(WARM) <= set(names):
                    compare_latents(asked.recipes, asked.out, rows)
                write_record(asked.out, rows, asked.seeds, asked.out)
        record = write_record(asked.out, rows, asked.seeds, asked.record or asked.out)
    except (
        RecipeError,
        EvaluationError,
        ModelError,
        SandboxUnavailable,
        RunnerError,
        TrainingError,
    ) as error:
        sys.exit(f"error: {error}")
    except TrainingInterrupted as error:
        sys.exit(f"stopped: {error.args[0]}. The same command goes on")
    print("nothing is finished yet" if record is None else f"written: {record}")


def work(recipes: Path, out: Path, names: Sequence[str], seed: int, rows: Sequence[Row]) -> None:
    """Train the recipes with a seed, have the models answer, and run their programs: what is not done yet."""
    problems = [Problem.from_json(row["problem"]) for row in rows]
    answered = [
        (problem, text)
        for texts in reference_answers(rows).values()
        for problem, text in zip(problems, texts, strict=True)
    ]
    for name in names:
        began = time.monotonic()
        folder = train(recipes / f"{name}.yaml", out, name, seed)
        answer(folder, rows)
        print(f"{name}, seed {seed}: {time.monotonic() - began:.0f} s", flush=True)
        answers = read_answers(folder)
        answered += [(problem, answers[row["row"]]) for row, problem in zip(rows, problems, strict=True)]
    began = time.monotonic()
    count = run_missing(out, answered)
    print(f"{count} programs run: {time.monotonic() - began:.0f} s", flush=True)


def compare_latents(recipes: Path, out: Path, rows: Sequence[Row]) -> None:
    """Write latents.json and latents.png: latents of the prompts with and without the warm-up, before and after tuning."""
    if (out / "latents.json").exists():
        return
    prompts = [row["prompt"] for row in rows]
    labellings = {
        "constrained or not": ["constrained" if row["constrained"] else "unconstrained" for row in rows],
        "best optimizer": [row["optimizer"] for row in rows],
    }
    states: dict[str, np.ndarray] = {}
    for stage, folders in (
        ("before tuning", {n: initial(recipes / f"{n}.yaml", out, n, LATENT_SEED) for n in WARM}),
        ("after tuning", {n: folder_of(out, n, LATENT_SEED) for n in WARM}),
    ):
        for name, title in WARM.items():
            states[f"{title}, {stage}"] = latents_of(load_torch_generator(folders[name]), prompts)
    plot_latents(states, labellings, out / FIGURE)
    measured = {
        state: {what: separability(latents, labels) for what, labels in labellings.items()}
        for state, latents in states.items()
    }
    write_json(out / "latents.json", {"seed": LATENT_SEED, "states": measured})


def write_record(out: Path, rows: Sequence[Row], seeds: int, folder: Path) -> Path | None:
    """Write the record of what is finished, with its figure; None if nothing is."""
    found = study_record(out, rows, seeds)
    if found is None:
        return None
    first = next(iter(out.glob(f"*/seed-*/{FINISHED}")))
    run_record: dict[str, Any] = json.loads(first.read_text(encoding="utf-8"))
    record = {
        "setting": _setting(found, run_record),
        "command": "python -m llamoco.modeling.ablations",
        "seed": 0,
        **{name: environment()[name] for name in ("versions", "machine", "date")},
        **found,
    }
    if (concluded := conclusion(found["rows"])) is not None:
        record["conclusion"] = concluded
    folder.mkdir(parents=True, exist_ok=True)
    if (out / "latents.json").exists():
        record["latents"] = json.loads((out / "latents.json").read_text(encoding="utf-8"))
        record["figures"] = {FIGURE: _caption(record["latents"])}
        if folder != out:
            (folder / FIGURE).write_bytes((out / FIGURE).read_bytes())
    write_json(folder / RECORD, record)
    return folder / RECORD


def _setting(found: Mapping[str, Any], run_record: Mapping[str, Any]) -> str:
    dataset = run_record["dataset"]
    return (
        f"a model of {found['parameters'] / 1e6:.1f}M parameters, trained on one description each of {dataset['problems']:,} "
        f"problems and their facts alone to name the optimizer, which they do on one description each of {found['problems']} test "
        "problems, in Python and LaTeX by turns; the optimizer's benchmarked program runs 5 times"
    )


def _caption(latents: Mapping[str, Any]) -> str:
    """Title of the figure, with the shares of right neighbours."""
    parts = []
    for state, measured in latents["states"].items():
        shares = [f"{values['neighbours']:.0%} by {what}" for what, values in measured.items()]
        parts.append(f"{state}: {', '.join(shares)}")
    return "Latents of test prompts (t-SNE). Right by the vote of 10 nearest neighbours: " + "; ".join(parts)


if __name__ == "__main__":
    main()
