"""One ablation: training of its recipe with a seed, and its answers to test problems.

The model decides only. The answer is completed with the benchmarked program of the optimizer that it names, whose configuration
follows from the problem's facts.
"""

from __future__ import annotations

import gc
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch

from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.optimizers.configuration import configuration_for
from llamoco.dataset_builder.problems.jsonl import append_jsonl
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.modeling.evaluation.evaluation_folder import read_lines
from llamoco.modeling.evaluation.split_rows import Row
from llamoco.modeling.generation.model_answer import Decision
from llamoco.modeling.generation.torch_engine import load_torch_generator
from llamoco.modeling.providers.local import LocalProvider
from llamoco.modeling.training.checkpointing import left_of
from llamoco.modeling.training.saving import RUN_RECORD
from llamoco.modeling.training.train import run

ANSWERS = "answers.jsonl"
LANGUAGES = ("python", "latex")
AT_ONCE = 64  # answers, which are kept as soon as all of them are there


def folder_of(out: Path, name: str, seed: int) -> Path:
    """The folder of a training: its model, run record and answers."""
    return out / name / f"seed-{seed}"


def train(recipe: Path, out: Path, name: str, seed: int, *overrides: str) -> Path:
    """Train a recipe with a seed, unless it is done. A training that was interrupted continues from its last checkpoint.

    Args:
        recipe: file of the recipe.
        out: folder of the study, with the pairs.
        name: of the training, its folder there.
        seed: in place of the recipe's.
        overrides: words of a command line that set further fields of the recipe anew.

    Returns:
        The folder of the model.

    Raises:
        RecipeError: the recipe or its data do not allow the training, or they are not those of the checkpoint.
    """
    folder = folder_of(out, name, seed)
    if (folder / RUN_RECORD).exists():
        return folder
    resume = any(left_of(folder))
    if not resume:
        shutil.rmtree(folder, ignore_errors=True)
    fields = {"output_dir": folder, "seed": seed, "dataset_name": out / "pairs"}
    threads = torch.get_num_threads()
    try:
        return run(recipe, [*(f"--{field}={value}" for field, value in fields.items()), *overrides], resume)
    finally:
        torch.set_num_threads(threads)  # a recipe sets its own
        gc.collect()  # a trainer refers to itself, and the next one needs the memory


def initial(recipe: Path, out: Path, name: str, seed: int) -> Path:
    """The model of a recipe as its instruction tuning finds it, after the warm-up if there is one.

    It is trained for one step, whose learning rate is the first of the rise from zero: this changes nothing.
    """
    return train(recipe, out, f"{name}-initial", seed, "--max_steps=1")


def one_each(rows: Sequence[Row]) -> list[Row]:
    """One description of every problem, in Python and LaTeX in turn."""
    of_problems: dict[str, list[Row]] = {}
    for row in rows:
        of_problems.setdefault(row["problem_id"], []).append(row)
    chosen = []
    for number, several in enumerate(of_problems.values()):
        language = LANGUAGES[number % len(LANGUAGES)]
        chosen.append(next((row for row in several if row["language"] == language), several[0]))
    return chosen


def completed(decision: Decision, problem: Problem) -> str:
    """A decision with its program; the decision alone, which is an error when it is run, where no optimizer of the pool is named.

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
    provider = LocalProvider(load_torch_generator(folder))
    missing.sort(key=lambda row: len(row["prompt"]))  # so that little of a batch is padding
    with append_jsonl(folder / ANSWERS) as append:
        for start in range(0, len(missing), AT_ONCE):
            several = missing[start : start + AT_ONCE]
            decisions = provider.decide_all([row["prompt"] for row in several])
            for row, decision in zip(several, decisions, strict=True):
                text = completed(decision, Problem.from_json(row["problem"]))
                append({"row": row["row"], "completion": text})


def read_answers(folder: Path) -> dict[int, str]:
    """The completions of a model so far, by row["row"]."""
    return dict(read_lines(folder / ANSWERS, lambda line: (int(line["row"]), str(line["completion"]))))
