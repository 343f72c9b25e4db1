"""Other descriptions of a problem: each states the problem, and shares follow from the decisions as by hand."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS, read_labels
from llamoco.dataset_builder.optimizers.configuration import configured
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.facts import fact_lines
from llamoco.modeling.evaluation.robustness import AT_ONCE, WAYS, decided, descriptions, prompt_of, robustness
from llamoco.modeling.evaluation.split_rows import evaluation_rows, single_best_solvers
from llamoco.modeling.generation.load import Decision

PROBLEMS = [Problem.from_json(row["problem"]) for row in evaluation_rows("test", AT_ONCE + 2)]
LABELS = {label.problem.id: label for label in read_labels(SHIPPED_LABELS).labels}


def test_every_description_states_the_problem(tmp_path: Path) -> None:
    for problem in PROBLEMS[:4]:
        texts = descriptions(problem)
        assert set(texts) == set(WAYS) and len(set(texts.values())) == len(WAYS)
        assert texts == descriptions(problem)
        points = PortableRng("points", problem.id).points(3, problem.lower_array, problem.upper_array)
        for way, text in texts.items():
            path = tmp_path / ("problem.tex" if "latex" in way else "problem.py")
            path.write_text(text, encoding="utf-8")
            for mine, theirs in zip(
                problem.evaluate(points), load_problem(path).evaluate(points), strict=True
            ):
                np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-9)
            prompt = prompt_of(text, "latex" if "latex" in way else "python")
            assert prompt == text.strip("\n") + "\n" + fact_lines(load_problem(path))


def test_each_problem_is_decided_on_in_every_way() -> None:
    asked: list[list[str]] = []

    def decide(prompts: Sequence[str]) -> list[Decision]:
        asked.append(list(prompts))
        return [Decision("", "latex" if "\\" in prompt else None, 0.5) for prompt in prompts]

    batches = list(decided(PROBLEMS, decide))
    assert [len(lines) for lines in batches] == [AT_ONCE, 2]
    assert [line["problem_id"] for lines in batches for line in lines] == [p.id for p in PROBLEMS]
    expected = {way: "latex" if "latex" in way else None for way in WAYS}
    assert all(line["decisions"] == expected for lines in batches for line in lines)
    assert len(asked[0]) == AT_ONCE * len(WAYS)


def test_shares_by_hand() -> None:
    labels = [LABELS[problem.id] for problem in PROBLEMS]
    solvers = single_best_solvers()
    single = [solvers[label.group] for label in labels]
    screens = [{entry.optimizer: entry.aocc for entry in label.screen} for label in labels]
    best = [label.optimizer for label in labels]
    lines = [
        {
            "problem_id": label.problem.id,
            "decisions": {
                "python": best[i],
                "renamed": best[i] if i else "another",
                "latex": None,
                "held-out python": single[i],
                "held-out latex": None,
            },
        }
        for i, label in enumerate(labels)
    ]
    found = robustness(lines)
    assert found["problems"] == len(labels)
    assert found["agreement"]["renamed"]["value"] == pytest.approx(1 - 1 / len(labels))
    assert found["agreement"]["latex"]["value"] == 0
    gap = np.mean(
        [
            label.checked((label.optimizer, label.config)).aocc
            - label.checked(configured(name, label.problem)).aocc
            for label, name in zip(labels, single, strict=True)
        ]
    )
    gain = [screen[a] - screen[b] for screen, a, b in zip(screens, best, single, strict=True)]
    assert found["gap_closed"]["python"]["value"] == pytest.approx(np.mean(gain) / gap)
    assert found["gap_closed"]["held-out python"]["value"] == 0
    nothing = -np.mean([screen[name] for screen, name in zip(screens, single, strict=True)]) / gap
    assert found["gap_closed"]["latex"]["value"] == pytest.approx(nothing)
    # Half of the pairs are in LaTeX, where neither decides anything.
    assert found["held_out_loss"]["value"] == pytest.approx(np.mean(gain) / gap / 2)
    low, high = found["agreement"]["renamed"]["interval"]
    assert low < found["agreement"]["renamed"]["value"] <= high


def test_a_model_that_decides_nothing_agrees_with_nothing() -> None:
    lines = [{"problem_id": p.id, "decisions": dict.fromkeys(WAYS)} for p in PROBLEMS]
    assert set(robustness(lines)["agreement"].values()) == {None}
