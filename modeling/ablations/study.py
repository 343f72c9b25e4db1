"""The trainings of the study: which recipes there are, one training of one with a seed, and its answers to test problems.

A model of the study decides, and what it names is answered for it: the program that was benchmarked of that optimizer, whose
configuration follows from the problem's facts.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.optimizers.configuration import configuration_for
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.modeling.evaluation.evaluation_folder import append_jsonl, read_lines
from llamoco.modeling.evaluation.split_rows import Row
from llamoco.modeling.generation.load import Decision
from llamoco.modeling.generation.torch_engine import load_torch_generator
from llamoco.modeling.providers.local import LocalSource
from llamoco.modeling.training.recipe import read_recipe
from llamoco.modeling.training.train import run

RECIPES = Path("examples") / "recipes" / "ablations"
BASE = "base"
STUDIES = {  # what each recipe is about, by its name
    BASE: "the method: warm-up, no balancing, both languages, all writing patterns",
    "no_warmup": "no contrastive warm-up",
    "quarter_balance": "balancing by the fourth root of Eq. 5 (exponent 0.25)",
    "eq5": "balancing by Eq. 5 (exponent 1)",
    "python_only": "descriptions in Python only",
    "latex_only": "descriptions in LaTeX only",
    "plain_style": "one writing pattern a language",
}
ANSWERS = "answers.jsonl"
FINISHED = "run_record.json"  # which `llamoco train` writes last
LANGUAGES = ("python", "latex")


def folder_of(out: Path, name: str, seed: int) -> Path:
    """Where the model of a training, its record and its answers lie."""
    return out / name / f"seed-{seed}"


def train(recipe: Path, out: Path, name: str, seed: int, **training: Any) -> Path:
    """Train a recipe with a seed, unless it is done. A training that was interrupted begins anew: it takes minutes.

    Args:
        recipe: file of the recipe.
        out: folder of the study, with the pairs.
        name: of the training, its folder there.
        seed: in place of the recipe's.
        training: fields of `training` in place of the recipe's.

    Returns:
        The folder of the model. The recipe as it was run lies beside it.

    Raises:
        RecipeError: the recipe or its data do not allow the training.
    """
    folder = folder_of(out, name, seed)
    if (folder / FINISHED).exists():
        return folder
    read_recipe(recipe)  # refused under its own name
    content = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    content["output_dir"], content["seed"] = str(folder), seed
    content["dataset"]["path"] = str(out / "pairs")
    content["training"] |= training
    shutil.rmtree(folder, ignore_errors=True)
    written = folder.with_suffix(".yaml")
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return run(written)


def initial(recipe: Path, out: Path, name: str, seed: int) -> Path:
    """The model of a recipe as its instruction tuning finds it, after the warm-up if there is one.

    By a training whose only step of tuning is the first of the learning rate's rise from zero, which changes nothing.
    """
    steps = read_recipe(recipe).training["contrastive_steps"]
    # Without weight decay, too, which is proportional to the learning rate.
    return train(recipe, out, f"{name}-initial", seed, max_steps=steps + 1)


def one_each(rows: Sequence[Row]) -> list[Row]:
    """One description of every problem, in Python and LaTeX by turns."""
    of_problems: dict[str, list[Row]] = {}
    for row in rows:
        of_problems.setdefault(row["problem_id"], []).append(row)
    chosen = []
    for number, several in enumerate(of_problems.values()):
        language = LANGUAGES[number % len(LANGUAGES)]
        chosen.append(next((row for row in several if row["language"] == language), several[0]))
    return chosen


def completed(decision: Decision, problem: Problem) -> str:
    """A decision with its program; alone where no optimizer of the pool is named, which is an error when it is run.

    Args:
        decision: of a model.
        problem: it is about, whose configuration of the optimizer is taken.
    """
    name = decision.optimizer
    if name not in pool.POOL:
        return f"{decision.line}\n"
    config = configuration_for(name, problem.dim, problem.max_evals, problem.constrained)
    return f"{decision.line}\n{pool.render(name, config)}"


def answer(folder: Path, rows: Sequence[Row]) -> None:
    """Have a trained model decide, greedily, on the rows that it has not yet; an answer a line of answers.jsonl.

    Raises:
        ModelError: the folder's model cannot be loaded.
    """
    done = read_answers(folder)
    missing = [row for row in rows if row["row"] not in done]
    if not missing:
        return
    decisions = LocalSource(load_torch_generator(folder)).decide_all([row["prompt"] for row in missing])
    with append_jsonl(folder / ANSWERS) as append:
        for row, decision in zip(missing, decisions, strict=True):
            append({"row": row["row"], "completion": completed(decision, Problem.from_json(row["problem"]))})


def read_answers(folder: Path) -> dict[int, str]:
    """The completions of a model so far, by row["row"]."""
    return dict(read_lines(folder / ANSWERS, lambda line: (int(line["row"]), str(line["completion"]))))
