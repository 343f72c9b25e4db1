"""The ablation study from end to end.

In OUT, a folder per training (the model, its run record, its answers), the pairs, and the runs of all programs. Each is kept as
soon as it is there: a command that was stopped, in whatever way, continues. Seed 0 of all recipes comes first, then seed 1,
so that what is finished at any time can be compared.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from llamoco.dataset_builder.benchmark.provenance import environment
from llamoco.dataset_builder.instruction_data import open_data
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.modeling.ablations.ablation import (
    ABLATIONS,
    BASE,
    RECIPES,
    answer,
    folder_of,
    initial,
    one_each,
    read_answers,
    train,
)
from llamoco.modeling.ablations.latents import latents_of, plot_latents, separability
from llamoco.modeling.ablations.pairs import write_pairs
from llamoco.modeling.ablations.programs import run_missing
from llamoco.modeling.ablations.record import conclusion, reference_answers, study_record
from llamoco.modeling.evaluation.evaluation_folder import write_json
from llamoco.modeling.evaluation.split_rows import Row, evaluation_rows
from llamoco.modeling.generation.torch_engine import load_torch_generator
from llamoco.modeling.training.train import RUN_RECORD

RECORD, FIGURE = "ablations.json", "latents.png"
WARM = {"no_warmup": "without warm-up", BASE: "with warm-up"}  # whose latents are compared
LATENT_SEED = 0


def run_ablations(
    out: Path,
    recipes: Path = RECIPES,
    data: str | None = None,
    names: Sequence[str] = tuple(ABLATIONS),
    seeds: int = 3,
    limit: int | None = None,
    record: Path | None = None,
    record_only: bool = False,
) -> Path | None:
    """Train each ablation with several seeds and score them: what is not done yet.

    Args:
        out: folder of the study.
        recipes: folder of the recipes.
        data: folder or Hub id of the instruction set; the shipped one if None.
        names: recipes to train, of ABLATIONS.
        seeds: trainings of each recipe.
        limit: number of test problems; all if None.
        record: folder for the record and its figure; `out` if None.
        record_only: no training and no runs, only the record of what is finished.

    Returns:
        The record's file; None if nothing is finished yet.

    Raises:
        LlamocoError: a recipe, the data set, a model or the sandbox does not allow it, or a training stopped.
    """
    out.mkdir(parents=True, exist_ok=True)
    rows = one_each(evaluation_rows("test", data=data))[:limit]
    if not record_only:
        if not (out / "pairs").is_dir():
            write_pairs(open_data(data, "train"), out / "pairs")
        for seed in range(seeds):
            work(recipes, out, names, seed, rows)
            if seed == LATENT_SEED and set(WARM) <= set(names):
                compare_latents(recipes, out, rows)
            write_record(out, rows, seeds, out)
    return write_record(out, rows, seeds, record or out)


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
    first = next(iter(out.glob(f"*/seed-*/{RUN_RECORD}")))
    run_record: dict[str, Any] = json.loads(first.read_text(encoding="utf-8"))
    record = {
        "setting": _setting(found, run_record),
        "command": "llamoco study ablations",
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
