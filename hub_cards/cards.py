"""Cards for data set, model and metric, and the figures of the README: all filled from run records.

    python -m llamoco.hub_cards.cards      in a checkout: refresh the cards and the README (make cards)

The card of the data set is written into the folder that `llamoco build` makes.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from huggingface_hub import DatasetCard

from llamoco.dataset_builder.analysis.label_tables import label_tables
from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS
from llamoco.dataset_builder.hub_folder import folder_hash
from llamoco.dataset_builder.optimizers.pool import POOL
from llamoco.dataset_builder.problems.functions.catalogue import FUNCTIONS
from llamoco.dataset_builder.problems.functions.constraints import CONSTRAINTS
from llamoco.dataset_builder.prompts.instruction_set import sample_jsonl
from llamoco.dataset_builder.prompts.rows import PATTERNS
from llamoco.hub_cards import model_cards
from llamoco.hub_cards.render import evaluation, markdown, record, record_if_any, render
from llamoco.hub_cards.render import folder as folder_of
from llamoco.metrics.sandbox.sandbox import MEMORY_LIMIT, TIME_LIMIT
from llamoco.modeling.evaluation.tables import evaluation_tables
from llamoco.modeling.generation.shipped import SHIPPED_MODEL

LABEL_FIGURES = ("labels-problems.png", "labels-convergence.png", "labels-winners.png", "labels-scores.png")
GRADIO = "6.31.0"  # as in constraints.txt and metrics/llamoco/requirements.txt


def write_dataset_card(folder: Path) -> None:
    """Complete the README.md of a built instruction set, and lay its figures beside it.

    Args:
        folder: what ``build_folder`` wrote; the front matter of its README.md is kept.
    """
    card = DatasetCard.load(folder / "README.md")
    card.data.task_categories = ["text-generation"]
    card.data.tags = ["code", "optimization", "evolutionary-computation"]
    body = dataset_card_body(folder_hash(folder), card.data.to_dict()["dataset_info"])
    DatasetCard(f"---\n{card.data.to_yaml()}\n---\n{body}").save(folder / "README.md")
    for name in LABEL_FIGURES:
        shutil.copyfile(str(folder_of("records").joinpath(name)), folder / name)


def dataset_card_body(sha256: str, splits: list[dict[str, Any]]) -> str:
    """The data set's card below its front matter.

    Args:
        sha256: of the built parquet files.
        splits: the "dataset_info" of the front matter.
    """
    labels = record("label_report")
    return render(
        "dataset.md.j2",
        sha256=sha256,
        splits=splits,
        labels=labels,
        tables=markdown(label_tables(labels)),
        meta=_labels_meta(),
        pool=POOL,
        functions=FUNCTIONS,
        constraints=CONSTRAINTS,
        patterns=PATTERNS,
    )


def metric_card() -> str:
    """The README.md of the metric's folder, which is a Hub Space: its front matter names the gradio of requirements.txt."""
    scores = evaluation()
    return render(
        "metric.md.j2",
        scores=scores,
        tables=markdown(evaluation_tables(scores)),
        gradio=GRADIO,
        time_limit=int(TIME_LIMIT),
        memory_limit=MEMORY_LIMIT,
        sandbox=record("sandbox"),
        covert=record_if_any("covert_channels"),
    )


def readme_with_figures(text: str) -> str:
    """The README with the block between its two figure marks filled anew."""
    training, scores = model_cards.shipped_training(), evaluation()
    block = render(
        "readme_figures.md.j2",
        scores=scores,
        tables=markdown(evaluation_tables(scores)),
        odd=record_if_any("odd_prompts"),
        training=training,
        present_set=model_cards.is_of_present_set(training),
        built=record("instruction_set"),
        meta=_labels_meta(),
        pool=POOL,
    ).strip()
    marks = re.compile(r"(<!-- figures: make cards -->\n).*?(\n<!-- end of figures -->)", re.DOTALL)
    return marks.sub(lambda match: f"{match[1]}{block}{match[2]}", text)


def generated(checkout: Path) -> dict[Path, bytes]:
    """What follows from the records and tables of a checkout, by file.

    These are the cards of models, recipes and metric with their figures, the README's block of figures and its prompt.
    """
    model = checkout / "modeling" / SHIPPED_MODEL.name
    recipes = checkout / "examples" / "recipes"
    larger = [recipes / f"{name}.yaml" for name in model_cards.LARGER_MODELS]
    readme = checkout / "README.md"
    texts = {
        checkout / "examples" / "prompt.txt": model_cards.example_prompt(),
        model / "README.md": model_cards.shipped_card(),
        **{file.with_suffix(".md"): model_cards.recipe_card(file) for file in larger if file.is_file()},
        checkout / "metrics" / "llamoco" / "README.md": metric_card(),
        readme: readme_with_figures(readme.read_text(encoding="utf-8")),
    }
    figures = {model / name: content for name, content in model_cards.shipped_figures().items()}
    return {**{path: text.encode() for path, text in texts.items()}, **figures}


def _labels_meta() -> dict[str, Any]:
    """How the shipped labels came about."""
    return dict(json.loads(SHIPPED_LABELS.with_suffix(".json").read_text(encoding="utf-8")))


if __name__ == "__main__":
    here = Path.cwd()
    pairs = here / "dataset_builder" / "labels" / "sample.jsonl"
    for path, content in {pairs: sample_jsonl(SHIPPED_LABELS).encode(), **generated(here)}.items():
        path.write_bytes(content)
        print(f"written: {path}")
