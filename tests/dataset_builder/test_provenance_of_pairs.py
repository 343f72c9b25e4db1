"""Where pairs come from: they lead to stored runs, their answers score again what was recorded, their programs run alone."""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from llamoco.dataset_builder.benchmark.archive import read_archive
from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS, read_labels
from llamoco.dataset_builder.benchmark.labels import Label
from llamoco.dataset_builder.benchmark.plan import SCREEN_SEEDS, plan_for
from llamoco.dataset_builder.benchmark.provenance import environment
from llamoco.dataset_builder.benchmark.race import FINAL, SCREEN
from llamoco.dataset_builder.benchmark.run import SOLVED_GAP, Job, Run, execute, score_run
from llamoco.dataset_builder.optimizers.catalogue import POOL
from llamoco.dataset_builder.problems.portable_rng import PortableRng, race_seed
from llamoco.dataset_builder.prompts.instruction_set import SIZES, rows_of_split
from llamoco.dataset_builder.prompts.rows import labelled_completion

ARCHIVE = Path(__file__).parents[2] / "dataset_builder" / "labels" / "runs"  # not installed: too large
ANSWERS = 200


@pytest.fixture(scope="module")
def labels() -> dict[str, Label]:
    return {label.problem.id: label for label in read_labels(SHIPPED_LABELS).labels}


def from_screen(label: Label) -> bool:
    """Whether the screen decided, since all finalists have left the pool."""
    return label.finalists == label.screen


def test_every_answer_is_the_winner_of_its_race(labels: dict[str, Label]) -> None:
    for label in labels.values():
        winner = next(s for s in label.finalists if s.key == (label.optimizer, label.config))
        assert (winner.aocc, winner.w) == pytest.approx((label.aocc, label.w), abs=1e-6)
        seeds = SCREEN_SEEDS if from_screen(label) else plan_for(label.problem).final_seeds
        assert winner.runs >= len(seeds)
    assert sum(map(from_screen, labels.values())) <= 0.005 * len(labels)


@pytest.mark.slow
def test_every_pair_leads_to_the_runs_that_chose_it(labels: dict[str, Label]) -> None:
    """From problem_id, optimizer and hyperparameters of a row to the runs, and from these to the recorded score."""
    archive = read_archive(ARCHIVE)
    pairs = [row for split in SIZES for row in rows_of_split(SHIPPED_LABELS, split)]
    assert {row["problem_id"] for row in pairs} == set(labels)
    for row in pairs:
        label = labels[row["problem_id"]]
        assert (row["optimizer"], row["hyperparameters"]) == (label.optimizer, label.config)
        assert (row["f0"], row["f_star"]) == (label.problem.f0, label.problem.f_star)
    for label in labels.values():
        assert label.problem.f0 is not None and label.problem.f_star is not None
        scores: dict[tuple[str, str], list[float]] = defaultdict(list)
        stage = SCREEN if from_screen(label) else FINAL
        for run in archive.runs[label.problem.id]:
            if run.race == 0 and run.stage == stage and POOL[run.optimizer].in_default:
                key = run.optimizer, run.config
                scores[key].append(score_run(run, label.problem.f0, label.problem.f_star)[0])
        assert fmean(scores[label.optimizer, label.config]) == pytest.approx(label.aocc, abs=1e-9)
        assert {key: len(runs) for key, runs in scores.items()} == {s.key: s.runs for s in label.finalists}


@pytest.mark.slow
def test_answers_reproduce_their_recorded_scores(labels: dict[str, Label]) -> None:
    """200 answers as the set gives them, run again with the recorded seeds."""
    meta = json.loads(SHIPPED_LABELS.with_suffix(".json").read_text(encoding="utf-8"))
    differences = []
    for label in PortableRng("answers that are run again").sample(list(labels.values()), ANSWERS):
        problem = label.problem
        assert problem.f0 is not None and problem.f_star is not None
        text = labelled_completion(problem, label.optimizer, json.loads(label.config))
        runs = next(s.runs for s in label.finalists if s.key == (label.optimizer, label.config))
        again = []
        plan = plan_for(problem)
        seeds = SCREEN_SEEDS if from_screen(label) else plan.final_seeds + plan.more_final_seeds
        for index in seeds[:runs]:
            job = Job(label.optimizer, label.config, index)
            measured = execute(problem, text, race_seed(meta["seed"], problem.id, 0, *job))
            run = Run(problem_id=problem.id, race=0, stage=FINAL, **job._asdict(), **measured)
            again.append(score_run(run, problem.f0, problem.f_star))
        differences.append(np.mean(again, axis=0) - (label.aocc, label.w))
    same = np.mean(np.abs(differences).max(axis=1) < 1.1 * SOLVED_GAP)  # here runs use their whole budget
    print(f"{same:.1%} of {len(differences)} answers score the very same here")
    assert np.abs(np.mean(differences, axis=0)).max() < 0.01  # other machines agree statistically
    here = environment()
    if all(here[name] == meta[name] for name in ("versions", "machine")):
        assert same >= 0.95


@pytest.mark.slow
def test_a_program_of_every_answer_runs_alone(labels: dict[str, Label], tmp_path: Path) -> None:
    """Of each optimizer and configuration in the set, the program with the smallest budget."""
    chosen: dict[tuple[str, str], dict] = {}
    for row in rows_of_split(SHIPPED_LABELS, "train"):
        key = row["optimizer"], row["hyperparameters"]
        if key not in chosen or row["max_evals"] < chosen[key]["max_evals"]:
            chosen[key] = row
    path = tmp_path / "program.py"
    for key, row in chosen.items():
        path.write_text(row["program"])
        done = subprocess.run(
            [sys.executable, str(path)], capture_output=True, text=True, cwd=tmp_path, timeout=300
        )
        assert done.returncode == 0, f"{key}: {done.stderr}"
        found = dict(line.split(" = ", 1) for line in done.stdout.splitlines() if " = " in line)
        used, allowed = map(int, found["evaluations"].split(" of "))
        assert used <= allowed == row["max_evals"]
        assert len(json.loads(found["x"])) == row["dim"]
