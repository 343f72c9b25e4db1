"""The ablation study from end to end.

In OUT, a folder per training (the model, its run record, its answers), the pairs, and the runs of all programs. Each is kept as
soon as it is there: a command that was stopped, in whatever way, continues, a training from its last checkpoint. Seed 0 of all
recipes comes first, the most important ones before the others, then seed 1, so that what is finished at any time can be compared.
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
from llamoco.modeling.ablations.ablation import answer, folder_of, initial, one_each, read_answers, train
from llamoco.modeling.ablations.curves import plot_losses
from llamoco.modeling.ablations.families import SCRATCH, WARM, Family
from llamoco.modeling.ablations.latents import latents_of, plot_latents, separability
from llamoco.modeling.ablations.pairs import write_pairs
from llamoco.modeling.ablations.programs import run_missing
from llamoco.modeling.ablations.record import conclusion, study_record
from llamoco.modeling.ablations.scoring import reference_answers
from llamoco.modeling.evaluation.evaluation_folder import write_json
from llamoco.modeling.evaluation.split_rows import Row, evaluation_rows
from llamoco.modeling.generation.torch_engine import load_torch_generator

LATENT_SEED = 0


def run_ablations(
    out: Path,
    family: Family = SCRATCH,
    recipes: Path | None = None,
    data: str | None = None,
    names: Sequence[str] | None = None,
    seeds: int = 3,
    limit: int | None = None,
    record: Path | None = None,
    record_only: bool = False,
) -> Path | None:
    """Train each ablation of a family with several seeds and score them: what is not done yet.

    The record is written anew after each training.

    Args:
        out: folder of the study.
        family: the ablations.
        recipes: folder of the recipes; the family's if None.
        data: folder or Hub id of the instruction set; the shipped one if None.
        names: recipes to train, in this order; all of the family, in its own order, if None.
        seeds: trainings of each recipe.
        limit: number of test problems; all if None.
        record: folder for the record and its figures; `out` if None.
        record_only: no training and no runs, only the record of what is finished.

    Returns:
        The record's file; None if nothing is finished yet.

    Raises:
        LlamocoError: a recipe, the data set, a model or the sandbox does not allow it, or a training stopped.
    """
    out.mkdir(parents=True, exist_ok=True)
    recipes, names = recipes or family.recipes, names or list(family.about)
    rows = one_each(evaluation_rows("test", data=data))[:limit]
    if not record_only:
        if not (out / "pairs").is_dir():
            write_pairs(open_data(data, "train"), out / "pairs", family.training_problems)
        for seed in range(seeds):
            for name in names:
                work(out, recipes / f"{name}.yaml", name, seed, rows)
                write_record(out, family, rows, seeds, out)
            if seed == LATENT_SEED and set(WARM) <= set(names):
                compare_latents(recipes, out, family, rows)
    return write_record(out, family, rows, seeds, record or out)


def work(out: Path, recipe: Path, name: str, seed: int, rows: Sequence[Row], *overrides: str) -> None:
    """Train a recipe with a seed, have the model answer, and run its programs and the references': what is not done yet.

    Args:
        out: folder of the study, with the pairs.
        recipe: file of the recipe.
        name: of the training, its folder in `out`.
        seed: in place of the recipe's.
        rows: to answer.
        overrides: words of a command line that set fields of the recipe anew.
    """
    began = time.monotonic()
    folder = train(recipe, out, name, seed, *overrides)
    answer(folder, rows)
    answers = read_answers(folder)
    problems = [Problem.from_json(row["problem"]) for row in rows]
    texts = [[answers[row["row"]] for row in rows], *reference_answers(rows).values()]
    trained = time.monotonic()
    count = run_missing(out, [pair for several in texts for pair in zip(problems, several, strict=True)])
    print(
        f"{name}, seed {seed}: {trained - began:.0f} s to train and answer; {count} programs run: "
        f"{time.monotonic() - trained:.0f} s",
        flush=True,
    )


def compare_latents(recipes: Path, out: Path, family: Family, rows: Sequence[Row]) -> None:
    """Write latents.json and the family's figure: latents of the prompts with and without the warm-up, before and after tuning."""
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
    plot_latents(states, labellings, out / family.figure)
    measured = {
        state: {what: separability(latents, labels) for what, labels in labellings.items()}
        for state, latents in states.items()
    }
    write_json(out / "latents.json", {"seed": LATENT_SEED, "states": measured})


def write_record(out: Path, family: Family, rows: Sequence[Row], seeds: int, folder: Path) -> Path | None:
    """Write the record of what is finished, with its figures; None if nothing is."""
    found = study_record(out, family, rows, seeds)
    if found is None:
        return None
    record = {
        "setting": found["setting"],
        "command": "llamoco study ablations" + ("" if family is SCRATCH else f" --family {family.name}"),
        **made_here(),
        **found,
    }
    if (concluded := conclusion(found["rows"])) is not None:
        record["conclusion"] = concluded
    folder.mkdir(parents=True, exist_ok=True)
    figures: dict[str, str] = {}
    if (out / "latents.json").exists():
        record["latents"] = json.loads((out / "latents.json").read_text(encoding="utf-8"))
        figures[family.figure] = _caption(record["latents"])
        if folder != out:
            (folder / family.figure).write_bytes((out / family.figure).read_bytes())
    losses = {Path(row["recipe"]).stem: row["losses"] for row in found["rows"]}
    if set(WARM) <= set(losses):
        plot_losses({title: losses[name] for name, title in WARM.items()}, folder / family.curves)
        figures[family.curves] = "Losses with and without the contrastive warm-up, mean over seeds"
    if figures:
        record["figures"] = figures
    write_json(folder / family.record, record)
    return folder / family.record


def made_here() -> dict[str, Any]:
    """What a record says of its making, besides its command."""
    found = environment()
    return {"seed": 0, **{name: found[name] for name in ("versions", "machine", "date")}}


def _caption(latents: Mapping[str, Any]) -> str:
    """Title of the figure, with the shares of right neighbours."""
    parts = []
    for state, measured in latents["states"].items():
        shares = [f"{values['neighbours']:.0%} by {what}" for what, values in measured.items()]
        parts.append(f"{state}: {', '.join(shares)}")
    return "Latents of test prompts (t-SNE). Right by the vote of 10 nearest neighbours: " + "; ".join(parts)
