"""Cards say what the run records say, now; a section stands there where its record does."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard

from llamoco.dataset_builder.instruction_data import data_hash
from llamoco.dataset_builder.problems.suites.suite import load_suite
from llamoco.hub_cards import cards, model_cards
from llamoco.hub_cards.render import markdown, record
from llamoco.modeling.evaluation.record import as_record
from llamoco.modeling.evaluation.suite_scores import RIVALS, WAY_TITLES, suite_record
from llamoco.modeling.evaluation.tables import evaluation_tables

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "examples" / "recipes"


def test_committed_cards_and_readme_are_what_the_records_give() -> None:
    for path, content in cards.generated(ROOT).items():
        assert path.read_bytes() == content, f"{path.relative_to(ROOT)} is stale: run make cards"


def test_the_model_card_carries_the_scores_as_a_model_index() -> None:
    card = ModelCard(model_cards.shipped_card())
    results = {r.metric_name: r for r in card.data.eval_results}
    assert len(results) == len(card.data.eval_results)
    scores = record("evaluation")
    for group, table in scores["tables"].items():
        of_group = "" if group == "all" else f", {group}"
        for name, title in (("err", "Err"), ("perf", "Perf"), ("aocc", "AOCC"), ("comp", "Comp (tokens)")):
            result = results[title + of_group]
            assert result.metric_type == name
            assert result.metric_value == pytest.approx(
                table["model"][name], abs=0.05 if name == "comp" else 5e-5
            )
    assert {(r.dataset_config, r.dataset_split) for r in card.data.eval_results} == {
        ("default", scores["split"])
    }
    # As the Hub reads it: one task and data set, every metric with a number.
    index = card.data.to_dict()["model-index"]
    assert [model["name"] for model in index] == ["llamoco-xs"] and len(index[0]["results"]) == 1
    assert all(isinstance(metric["value"], float) for metric in index[0]["results"][0]["metrics"])


def test_the_readme_shows_the_figures_of_the_record() -> None:
    scores = record("evaluation")["tables"]["all"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in ("model", "sbs", "vbs"):
        cells = []
        for score in ("perf", "aocc"):
            low, high = scores[name]["intervals"][score]
            cells.append(f"{scores[name][score]:.3f} [{low:.3f}, {high:.3f}]")
        assert " | ".join(cells) in readme


def test_the_readme_shows_the_strongest_tools_only() -> None:
    scores = copy.deepcopy(as_record(record("evaluation")))
    assert scores["baselines"] is not None
    tools = scores["baselines"]["groups"]["all"]
    for number in range(6):
        tools[f"tool{number}"] = {**tools["pycma"], "title": f"tool {number}", "aocc": 0.9 + number / 100}
    titles = [row[0] for row in cards.readme_table(scores).rows[3:]]
    assert [title.partition(" (")[0] for title in titles] == [f"tool {number}" for number in (5, 4, 3, 2, 1)]


# Parts of the record


@pytest.fixture
def whole() -> Any:
    """A record with all that an evaluation can have."""
    found = copy.deepcopy(record("evaluation"))
    tables = [
        *found["tables"].values(),
        *(t for of_kind in found["groups"].values() for t in of_kind.values()),
    ]
    for table in tables:
        table["within_pool"] = {**table["model"], "err": 0.0456}
        table["with_fallback"] = {**table["model"], "err": 0.0123, "gap_closed_aocc": 0.3214}
    found["within_pool"] = {"differing": 7}
    found["with_fallback"] |= {"replaced": {"unsure": 12, "never began": 3}, "ece": {"test problems": 0.25}}
    compared = {"difference": 0.0625, "interval": [0.05, 0.07], "p_value": 0.01, "adjusted": 0.02}
    compared |= {"problems": 80, "wins": 50, "ties": 20, "losses": 10}
    tool = {
        **found["baselines"]["groups"]["all"]["pycma"],
        "title": "pycma",
        "problems": 80,
        "runs": 400,
        "aocc": 0.4,
        "perf": 0.8,
        "comparisons": {"model": dict.fromkeys(("aocc", "perf"), compared)},
    }
    made = {"command": "python -m tools", "machine": "a machine", "date": "2026-11-20"}
    found["baselines"] |= {**made, "groups": {"unconstrained": {"cma": tool}}}
    share = {"value": 0.875, "interval": [0.8, 0.9], "problems": 471}
    found["robustness"] = {
        "problems": 471,
        "seed": 0,
        "agreement": {"renamed": share, "latex": None},
        "gap_closed": {"python": share, "renamed": share, "latex": None},
        "held_out_loss": None,
    }
    return as_record(found)


def test_tables_say_what_an_evaluation_measured(whole: Any) -> None:
    tables = markdown(evaluation_tables(whole))
    for name, table in tables.items():
        assert len({line.count("|") for line in table.splitlines()}) == 1 and len(table.splitlines()) > 2, (
            name
        )
        assert not re.search(r"None|nan|\{", table), name
    assert "| llamoco-xs, with fallback | 1.2% " in tables["scores"]
    assert "| llamoco-xs, within the pool | 4.6% " in tables["scores"]
    assert f"| all ({whole['problems']}) | llamoco-xs, raw | " in tables["scores"]
    whole["within_pool"] = None  # as of models on a server
    assert f"| all ({whole['problems']}) | llamoco-xs | " in markdown(evaluation_tables(whole))["scores"]
    assert (
        "| unconstrained | pycma, 80 problems | 400 | 0.400 | 0.800 | +0.062 [+0.050, +0.070] | 0.02 |"
        in tables["baselines"]
    )
    assert "| Python, every identifier renamed | 88% [80, 90] | 88% [80, 90] |" in tables["robustness"]


SECTIONS = {
    "within_pool": f"as in `llamoco solve`, which changes 7 of the {record('evaluation')['rows']} answers",
    "with_fallback": "With fallback: the single best solver answers where `llamoco solve` would have it answer (unsure: 12",
    "baselines": "Other tools on the same problems with the same budgets (`python -m tools`, a machine, 2026-11-20)",
    "robustness": "The same 471 problems, described in other ways",
    "calibration error": "| expected calibration error, test problems | 0.250 | at most 0.05 |",
}


@pytest.fixture
def records(whole: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Records in place of those that ship: an evaluation, and what was tried and taken away."""
    made = {"command": "llamoco train tried.yaml", "seed": 0, "machine": "a machine", "date": "2026-11-20"}
    spread = {"mean": 0.25, "sd": 0.03}
    tried = {
        "what": "twice as wide",
        "parameters": 6e6,
        "tokens": 7.5e6,
        "minutes": 36,
        "gap_closed_aocc": 0.1,
    }
    row = {
        "name": "no warm-up",
        "recipe": "a.yaml",
        "seeds": [0, 1, 2],
        "err": spread,
        "perf": spread,
        "aocc": spread,
    }
    found = {
        "evaluation": whole,
        "tried": {**made, "scored_on": "50 descriptions", "rows": [{**tried, "err": 0.02, "note": "slower"}]},
        "odd_prompts": {
            **made,
            "model": "llamoco-xs",
            "prompts": 1000,
            "unknown_facts": 790,
            "constrained": 863,
            "raw": {"broken": 300, "faults": {"no program of the pool": 300}},
            "within_pool": {"broken": 2, "faults": {"cannot serve the problem": 2}},
        },
        "ablations": {
            **made,
            "setting": "1M parameters",
            "rows": [{**row, "gap_closed": spread, "minutes": 12}],
        },
        "ablations_smollm2": {
            **made,
            "setting": "a base of 135M parameters",
            "rows": [{**row, "name": "facts alone", "gap_closed": spread, "minutes": spread}],
        },
    }
    cell = {"title": "xs", "parameters": 1047680, "pairs": 1000, "problems": 182, "epochs": 4.0}
    cell |= dict.fromkeys(("err", "aocc", "gap_closed", "label_hits"), 0.25) | {"minutes": 1.4}
    found["scaling"] = {
        **made,
        "setting": "two cells",
        "references": {"sbs": 0.4, "vbs": 0.6},
        "rows": [
            {**cell, "against_largest": {"difference": -0.1, "interval": [-0.2, -0.01]}},
            {**cell, "pairs": 5000, "gap_closed": None},
        ],
    }
    head = {**made, "settings": {"suite": "outside", "runs": 2, "seed": 7}, "versions": {}}
    del head["seed"]  # a task log has it among its settings
    scored = {"perf": 0.75, "aocc": 0.5}
    lines = [{"way": way, "problem_id": "beale", "optimizer": "de", "runs": [scored]} for way in WAY_TITLES]
    tools = {tool: [{"problem_id": "beale", **scored, "perf": 0.78}] for tool in RIVALS}
    suite = {problem.id: problem for problem in load_suite("outside")}
    found["outside"] = suite_record(head, lines, suite, tools)
    errors = dict.fromkeys(("hits", "ece", "ece_raw", "ece_chance", "share_replaced"), 0.125)
    scores = dict.fromkeys(("aocc", "aocc_single_best", "aocc_fallback"), 0.5)
    measures = {"rows": 2400, "problems": 480, **errors, **scores}
    found["calibration"] = {**made, "threshold": 0.25, "measures": measures}
    monkeypatch.setattr(model_cards, "_json_if_any", lambda file: found.get(file.stem))
    monkeypatch.setattr(model_cards, "evaluation", lambda: found["evaluation"])
    monkeypatch.setattr(model_cards, "record_if_any", lambda name: found.get(name))
    return found


def test_a_section_stands_in_the_card_if_its_record_does(records: dict[str, Any]) -> None:
    card = model_cards.shipped_card()
    for text in SECTIONS.values():
        assert text in card
    assert "| twice as wide | 6.0M | 7.5M | 36 | 10% | 2.0% | slower |" in card
    assert "| no warm-up | 3 | 25.0% ± 3.0 | 0.250 ± 0.030 | 0.250 ± 0.030 | 25% ± 3 | 12 |  |" in card
    assert "At a reduced size: a base of 135M parameters (" in card and "| facts alone | 3 | 25.0%" in card
    assert "| xs | 1.0 | 1,000 | 182 | 4 | 25.0% | 0.250 | 25% | 25% | 1 | -0.100 [-0.200, -0.010] |" in card
    assert "| xs | 1.0 | 5,000 | 182 | 4 | 25.0% | 0.250 | – | 25% | 1 |  |" in card
    assert "| llamoco-xs, raw | 300 | 30.0% |\n| llamoco-xs, within the pool | 2 | 0.2% |" in card
    assert card.count("`llamoco train tried.yaml`, seed 0, a machine, 2026-11-20") == 6
    assert "2 seeds (`llamoco train tried.yaml`, seed 7, a machine, 2026-11-20)" in card
    assert "| all | llamoco solve | 1 | 0.750 | 0.500 | 100.0% |" in card
    assert "a mean w of 0.780; `llamoco solve` has 0.750" in card
    assert "2,400 descriptions of 480 problems" in card and "Below a confidence of 25.0%" in card
    assert "Err, with fallback" in {r.metric_name for r in ModelCard(card).data.eval_results}
    for name in ("within_pool", "baselines", "robustness"):
        records["evaluation"][name] = None
    records["evaluation"]["with_fallback"] |= {"replaced": {}, "ece": {}}
    for name in (
        "tried",
        "ablations",
        "ablations_smollm2",
        "scaling",
        "calibration",
        "odd_prompts",
        "outside",
    ):
        del records[name]
    card = model_cards.shipped_card()
    for text in (
        *SECTIONS.values(),
        "### Unlike the training set",
        "### Problems from outside",
        "Variants that were tried",
        "## Ablations",
        "pretrained model",
        "## Sizes of models",
        "## Confidence",
    ):
        assert text not in card
    assert not re.search(r"\n\n\n|None|undefined", card)


def test_a_model_of_other_pairs_is_said_to_be_and_one_of_these_is_not() -> None:
    training = copy.deepcopy(model_cards.shipped_training())
    assert model_cards.is_of_present_set(training)
    built = record("instruction_set")
    for sha256, present in (
        (built["sha256"], True),
        *((earlier, True) for earlier in built["same_pairs_as"]),
        (data_hash(None), True),
        ("0" * 64, False),
        (None, False),
    ):
        training["dataset"]["sha256"] = sha256
        assert model_cards.is_of_present_set(training) is present


# Models that others train


@pytest.mark.parametrize("name", model_cards.LARGER_MODELS)
def test_cards_of_recipes_say_that_nothing_was_trained(name: str) -> None:
    recipe = yaml.safe_load((RECIPES / f"{name}.yaml").read_text(encoding="utf-8"))
    card = ModelCard(model_cards.recipe_card(RECIPES / f"{name}.yaml"))
    assert card.data.base_model == recipe["model_name_or_path"] and card.data.license in (
        "apache-2.0",
        "bsd-3-clause",
        "mit",
        "llama2",
    )
    assert card.data.library_name == ("peft" if recipe.get("use_peft") else "transformers")
    assert card.data.eval_results is None and "no weights come with it" in card.text
    assert f"| {recipe['model_name_or_path']} itself, tuned and scored | no |" in card.text
    assert (RECIPES / f"{name}.yaml").read_text(encoding="utf-8").rstrip() in card.text


def test_the_card_of_a_trained_adapter_names_its_base_and_its_training(tmp_path: Path) -> None:
    training = copy.deepcopy(model_cards.shipped_training())
    training["recipe"] = {"model_name_or_path": "microsoft/phi-2", "use_peft": True, "learning_rate": 0.1}
    training |= {"trained_parameters": 1234, "parameters": 5678}
    (tmp_path / "run_record.json").write_text(json.dumps(training))
    card = ModelCard(model_cards.trained_card(tmp_path))
    assert (card.data.base_model, card.data.license, card.data.library_name) == (
        "microsoft/phi-2",
        "mit",
        "peft",
    )
    for text in ("AutoPeftModelForCausalLM", "5,678 parameters, 1,234 of them trained", training["command"]):
        assert text in card.text
    assert "no weights" not in card.text and "training_curve.png" not in card.text
