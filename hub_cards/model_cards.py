"""Cards of models from run records: the shipped model, the recipes, and models that somebody trained."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import as_file
from pathlib import Path
from typing import Any, cast

import yaml
from huggingface_hub import EvalResult, ModelCard, ModelCardData

from llamoco.dataset_builder.analysis.table import Table, number
from llamoco.dataset_builder.instruction_data import data_hash
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.prompts.prompt import PROMPT_LIMIT, make_prompt
from llamoco.hub_cards.render import evaluation, markdown, record, record_if_any, render
from llamoco.hub_cards.render import folder as folder_of
from llamoco.hub_cards.targets import missed, targets
from llamoco.modeling.calibration.thresholds import CALIBRATION_FILE
from llamoco.modeling.evaluation.record import Contestant, EvaluationRecord, as_record
from llamoco.modeling.evaluation.suite_scores import suite_tables
from llamoco.modeling.evaluation.tables import evaluation_tables
from llamoco.modeling.generation.generator import MAX_NEW_TOKENS
from llamoco.modeling.generation.model_files import READING_MODEL, RUN_RECORD, SHIPPED_MODEL

TAGS = ["code", "optimization", "llamoco"]
INDEXED = (
    ("err", "Err", 4),
    ("r_acc", "r_acc", 4),
    ("perf", "Perf", 4),
    ("aocc", "AOCC", 4),
    ("gap_closed_aocc", "Gap closed (AOCC)", 4),
    ("comp", "Comp (tokens)", 1),
)
INDEXED_CONTESTANTS: tuple[tuple[Contestant, str], ...] = (
    ("model", ""),
    ("within_pool", ", within the pool"),
    ("with_fallback", ", with fallback"),
)
LICENSES = {
    "Salesforce/codegen-350M-mono": "bsd-3-clause",
    "microsoft/phi-2": "mit",
    "codellama/CodeLlama-7b-hf": "llama2",
    "HuggingFaceTB/SmolLM2-135M-Instruct": "apache-2.0",
    "Qwen/Qwen2.5-Coder-0.5B-Instruct": "apache-2.0",
}
LARGER_MODELS = {  # recipes that no weights come with, and what was lacking to make them
    "qwen_coder": "a GPU",
    **dict.fromkeys(("s", "m", "l_lora", "l_qlora"), "the base model's weights"),
}
# Records whose sections the card of the shipped model has.
STUDIES = ("ablations", "ablations_smollm2", "scaling")


@cache
def example_prompt() -> str:
    """Prompt of the problem file ``templates/example.tex``."""
    with as_file(folder_of("templates").joinpath("example.tex")) as file:
        return make_prompt(load_problem(file), PROMPT_LIMIT)[0]


def shipped_training() -> dict[str, Any]:
    """The run record of the shipped model."""
    return dict(json.loads((SHIPPED_MODEL / RUN_RECORD).read_text(encoding="utf-8")))


def is_of_present_set(training: Mapping[str, Any]) -> bool:
    """True if a model was trained on the pairs of the instruction set that ships now.

    Its run record names the set by its hash. Earlier builds with the same prompts, completions and optimizers, in the same order, are
    listed in the record of the built set.

    Args:
        training: a run record of `llamoco train`.
    """
    built = record("instruction_set")
    return training["dataset"].get("sha256") in (built["sha256"], *built["same_pairs_as"], data_hash(None))


def shipped_card() -> str:
    """The README.md of the shipped model, with a ``model-index``."""
    scores, training = evaluation(), shipped_training()
    outside = record_if_any("outside")
    data = ModelCardData(
        license="apache-2.0",
        library_name="transformers",
        pipeline_tag="text-generation",
        tags=TAGS,
        datasets=["llamoco"],
        model_name=SHIPPED_MODEL.name,
        eval_results=_eval_results(scores),
        **_widget(900),  # of its own tokens, which are longer than others
    )
    body = render(
        "model.md.j2",
        scores=scores,
        tables=markdown(evaluation_tables(scores)),
        training=training,
        recipe=training["recipe"],
        present_set=is_of_present_set(training),
        calibration=_json_if_any(SHIPPED_MODEL / CALIBRATION_FILE),
        pictures={path.name for path in SHIPPED_MODEL.glob("*.png")} | set(shipped_figures()),
        speed=record_if_any("speed"),
        odd=record_if_any("odd_prompts"),
        robust=record_if_any("robust"),
        outside=outside,
        outside_tables=None if outside is None else markdown(suite_tables(outside)),
        tried=record_if_any("tried"),
        facts=record_if_any("prompt_facts"),
        **{name: record_if_any(name) for name in STUDIES},
        prompt=example_prompt(),
        missed=missed(targets(scores, record_if_any("speed"), record_if_any("odd_prompts"))),
    )
    return str(ModelCard(f"---\n{data.to_yaml()}\n---\n{body}"))


def reading_card() -> str:
    """The README.md of the adapter that ships beside the shipped model, with a ``model-index`` where it was scored."""
    training = json.loads((READING_MODEL / RUN_RECORD).read_text(encoding="utf-8"))
    found, reading = record_if_any("evaluation_s"), record_if_any("reading")
    scores = None if found is None else as_record(found)
    data = ModelCardData(
        base_model=training["base_model"],
        license="apache-2.0",
        library_name="peft",
        pipeline_tag="text-generation",
        tags=[*TAGS, "lora"],
        datasets=["llamoco"],
        model_name=READING_MODEL.name,
        eval_results=None if scores is None else _eval_results(scores),
        **_widget(),
    )
    tables = {} if scores is None else evaluation_tables(scores)
    body = render(
        "reading_model.md.j2",
        scores=scores,
        tables=markdown(tables | ({} if reading is None else {"reading": reading_table(reading)})),
        reading=reading,
        training=training,
        recipe=training["recipe"],
        calibration=_json_if_any(READING_MODEL / CALIBRATION_FILE),
        pictures={path.name for path in READING_MODEL.glob("*.png")},
        speed=None,
        prompt=example_prompt(),
    )
    return str(ModelCard(f"---\n{data.to_yaml()}\n---\n{body}"))


def reading_table(reading: Mapping[str, Any]) -> Table:
    """AOCC of two models by class of problems (a record of `llamoco study reading`)."""
    parts = [("", reading["runs"])]
    if reading["decisions"]:
        parts.append(
            (
                ", as if their functions were unknown (decisions, by the benchmark's runs)",
                reading["decisions"],
            )
        )
    rows = []
    for suffix, classes in parts:
        for name, compared in classes.items():
            rows.append(
                [
                    name + suffix,
                    number(compared["problems"]),
                    *map(number, compared["aocc"]),
                    number(compared["difference"], compared["interval"], signed=True),
                ]
            )
    return Table("", ("problems", "number", *reading["models"], "difference"), rows)


def shipped_figures() -> dict[str, bytes]:
    """Figures that the shipped model's card shows, by name; they are copied into its folder."""
    names = [name for study in STUDIES for name in (record_if_any(study) or {}).get("figures", {})]
    return {name: folder_of("records").joinpath(name).read_bytes() for name in names}


def recipe_card(file: Path) -> str:
    """The card of a recipe without weights: what was measured with it and what was not."""
    recipe = yaml.safe_load(file.read_text(encoding="utf-8"))
    return _tuned_card(f"llamoco-{file.stem}", recipe, None, file)


def trained_card(folder: Path) -> str:
    """The card of a model that `llamoco train` wrote, from its run record.

    Args:
        folder: of the model.

    Raises:
        OSError, ValueError, KeyError: the folder has no run record, or one of another kind.
    """
    training = json.loads((folder / RUN_RECORD).read_text(encoding="utf-8"))
    return _tuned_card(folder.resolve().name, training["recipe"], training, folder)


def _tuned_card(
    name: str, recipe: Mapping[str, Any], training: Mapping[str, Any] | None, source: Path
) -> str:
    base = recipe.get("model_name_or_path")
    adapter = bool(recipe.get("use_peft"))
    data = ModelCardData(
        base_model=base,
        license="apache-2.0" if base is None else LICENSES.get(base, "other"),
        library_name="peft" if adapter else "transformers",
        pipeline_tag="text-generation",
        tags=[*TAGS, *(["lora"] if adapter else [])],
        datasets=["llamoco"],
        **_widget(),
    )
    measured = (record_if_any("recipes") or {}).get(source.stem, []) if training is None else []
    body = render(
        "tuned_model.md.j2",
        name=name,
        base=base,
        adapter=adapter,
        quantized=bool(recipe.get("load_in_4bit") or recipe.get("load_in_8bit")),
        prompt=example_prompt(),
        recipe=recipe,
        recipe_name=source.name,
        recipe_text=source.read_text(encoding="utf-8") if training is None else None,
        training=training,
        measured=measured,
        lacking=LARGER_MODELS.get(source.stem),
        pictures={path.name for path in source.glob("*.png")} if training else set(),
    )
    return str(ModelCard(f"---\n{data.to_yaml()}\n---\n{body}"))


def _widget(max_new_tokens: int = MAX_NEW_TOKENS) -> dict[str, Any]:
    """The example that the Hub's page offers, and how it generates."""
    return {
        "widget": [{"text": example_prompt(), "example_title": "A beam of least weight"}],
        "inference": {"parameters": {"max_new_tokens": max_new_tokens, "do_sample": False}},
    }


def _eval_results(scores: EvaluationRecord) -> list[EvalResult]:
    """Raw scores of the model by group, and those within the pool and with fallback where they were measured.

    All of one data set: an index tells data sets apart by config and split alone, so groups stand in the metrics' names.
    """
    results = []
    for group, table in scores["tables"].items():
        for contestant, suffix in INDEXED_CONTESTANTS:
            values = cast(Mapping[str, Any], table.get(contestant, {}))
            results += [
                EvalResult(
                    task_type="text-generation",
                    task_name="optimizer programs for optimization problems",
                    dataset_type="llamoco",
                    dataset_name=f"LLaMoCo ({scores['problems']} problems, {scores['rows']} descriptions, {scores['runs']} runs each)",
                    dataset_config="default",
                    dataset_split=scores["split"],
                    metric_type=metric,
                    metric_name=title + (f", {group}" if group != "all" else "") + suffix,
                    metric_value=round(values[metric], digits),
                )
                for metric, title, digits in INDEXED
                if values.get(metric) is not None
            ]
    return results


def _json_if_any(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
