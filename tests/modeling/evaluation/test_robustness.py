"""Other descriptions of a problem: each states the problem, and shares follow from the decisions as by hand."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.instruction_data import single_best_solvers
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.facts import fact_lines, facts_only
from llamoco.dataset_builder.prompts.probe_words import words_of_problem
from llamoco.modeling.evaluation.robustness import (
    AT_ONCE,
    UNKNOWN,
    VARIANTS,
    decide_variants,
    descriptions,
    prompt_of,
    prompts_of,
    robustness,
)
from llamoco.modeling.evaluation.split_rows import evaluation_rows
from llamoco.modeling.generation.model_answer import Decision

ROWS = evaluation_rows("test", AT_ONCE + 2)
PROBLEMS = [Problem.from_json(row["problem"]) for row in ROWS]


def test_every_description_states_the_problem(tmp_path: Path) -> None:
    for problem in PROBLEMS[:4]:
        texts = descriptions(problem)
        assert {*texts, UNKNOWN} == set(VARIANTS) and len(set(texts.values())) == len(VARIANTS) - 1
        assert texts == descriptions(problem)
        points = PortableRng("points", problem.id).points(3, problem.lower_array, problem.upper_array)
        for variant, text in texts.items():
            path = tmp_path / ("problem.tex" if "latex" in variant else "problem.py")
            path.write_text(text, encoding="utf-8")
            for mine, theirs in zip(
                problem.evaluate(points), load_problem(path).evaluate(points), strict=True
            ):
                np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-9)
            prompt = prompt_of(text, "latex" if "latex" in variant else "python")
            assert prompt == text.strip("\n") + "\n" + fact_lines(load_problem(path))


def test_unknown_facts_are_those_of_a_problem_that_cannot_be_traced() -> None:
    for problem in PROBLEMS[:4]:
        prompts = prompts_of(problem)
        assert set(prompts) == set(VARIANTS)
        known = prompts["python"]
        text = known.removesuffix(facts_only(known))
        unknown = fact_lines(problem, known=False, probes=words_of_problem(problem))
        assert prompts[UNKNOWN] == text + unknown != known


def test_each_problem_is_decided_on_in_every_way() -> None:
    asked: list[list[str]] = []

    def decide(prompts: Sequence[str]) -> list[Decision]:
        asked.append(list(prompts))
        return [Decision("", "latex" if "\\" in prompt else None, 0.5) for prompt in prompts]

    batches = list(decide_variants(PROBLEMS, decide))
    assert [len(lines) for lines in batches] == [AT_ONCE, 2]
    assert [line["problem_id"] for lines in batches for line in lines] == [p.id for p in PROBLEMS]
    expected = {variant: "latex" if "latex" in variant else None for variant in VARIANTS}
    assert all(line["decisions"] == expected for lines in batches for line in lines)
    assert len(asked[0]) == AT_ONCE * len(VARIANTS)


def test_shares_by_hand() -> None:
    solvers = single_best_solvers(None)
    scores = [json.loads(row["scores"]) for row in ROWS]
    single = [solvers["constrained" if row["constrained"] else "unconstrained"] for row in ROWS]
    best = [row["optimizer"] for row in ROWS]
    lines = [
        {
            "problem_id": row["problem_id"],
            "decisions": {
                "python": best[i],
                "renamed": best[i] if i else "another",
                "latex": None,
                "held-out python": single[i],
                "held-out latex": None,
            },
        }
        for i, row in enumerate(ROWS)
    ]
    found = robustness(lines, ROWS, solvers)
    assert found["problems"] == len(ROWS)
    agreement, closed, lost = found["agreement"], found["gap_closed"], found["held_out_loss"]
    assert agreement["renamed"] and agreement["latex"] and lost
    assert agreement["renamed"]["value"] == pytest.approx(1 - 1 / len(ROWS))
    assert agreement["latex"]["value"] == 0
    gap = np.mean([own[a] - own[b] for own, a, b in zip(scores, best, single, strict=True)])
    values = {variant: share and share["value"] for variant, share in closed.items()}
    assert values["python"] == pytest.approx(1) and values["held-out python"] == 0
    # Without a decision there is no program, which has AOCC 0.
    assert values["latex"] == pytest.approx(
        -np.mean([own[name] for own, name in zip(scores, single, strict=True)]) / gap
    )
    # Half of the pairs are in LaTeX, where neither decides anything.
    assert lost["value"] == pytest.approx(1 / 2)
    assert agreement["renamed"]["interval"] is not None
    low, high = agreement["renamed"]["interval"]
    assert low < agreement["renamed"]["value"] <= high


def test_a_single_best_solver_that_did_not_run_counts_as_the_worst_that_did() -> None:
    row = {"problem_id": "p", "constrained": False, "optimizer": "de"}
    row |= {"scores": json.dumps({"de": 0.75, "slsqp": 0.5, "pso": 0.25})}
    line = {"problem_id": "p", "decisions": dict.fromkeys(VARIANTS, "slsqp")}
    closed = robustness([line], [row], {"unconstrained": "gp_ei"})["gap_closed"]["python"]
    assert closed is not None and closed["value"] == pytest.approx((0.5 - 0.25) / (0.75 - 0.25))


def test_a_model_that_decides_nothing_agrees_with_nothing() -> None:
    lines = [{"problem_id": row["problem_id"], "decisions": dict.fromkeys(VARIANTS)} for row in ROWS]
    found = robustness(lines, ROWS, single_best_solvers(None))
    assert set(found["agreement"].values()) == {None}
