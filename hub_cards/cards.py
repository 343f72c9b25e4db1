"""Cards for data set, model and metric, and the figures of the README: all filled from run records.

    python -m llamoco.hub_cards.cards      in a checkout: refresh the cards and the README (make cards)

The card of the data set is written into the folder that `llamoco build` makes.
"""

from __future__ import annotations

import json
import re
import shutil
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import jinja2
import pyarrow.parquet as pq
from huggingface_hub import DatasetCard, EvalResult, ModelCard, ModelCardData

from llamoco.dataset_builder.benchmark.labels import SHIPPED_LABELS
from llamoco.dataset_builder.hub_folder import folder_hash
from llamoco.dataset_builder.optimizers.pool import POOL
from llamoco.dataset_builder.problems.constraints import CONSTRAINTS
from llamoco.dataset_builder.problems.functions import FUNCTIONS
from llamoco.dataset_builder.prompts.instructions import sample
from llamoco.dataset_builder.prompts.pairs import PATTERNS
from llamoco.hub_cards.label_tables import label_tables
from llamoco.metrics.sandbox.slot import MEMORY_LIMIT, TIME_LIMIT
from llamoco.modeling.shipped import SHIPPED_MODEL

LABEL_FIGURES = ("labels-problems.png", "labels-convergence.png", "labels-winners.png", "labels-scores.png")
GRADIO = "6.31.0"  # as in constraints.txt and metrics/llamoco/requirements.txt
CITATION = """\
@article{ma2024llamoco,
  title = {LLaMoCo: Instruction Tuning of Large Language Models for Optimization Code Generation},
  author = {Ma, Zeyuan and Gong, Yue-Jiao and Guo, Hongshu and Chen, Jiacheng and Ma, Yining and Cao, Zhiguang and Zhang, Jun},
  journal = {arXiv preprint arXiv:2403.01131},
  year = {2024},
}"""


def record(name: str) -> dict[str, Any]:
    """A run record that ships with the project.

    "label_report", "evaluation" (scores of the shipped model) or "instruction_set" (the built set's hash and cost).
    """
    return dict(json.loads(_folder("records").joinpath(f"{name}.json").read_text(encoding="utf-8")))


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
        shutil.copyfile(str(_folder("records").joinpath(name)), folder / name)


def dataset_card_body(sha256: str, splits: list[dict[str, Any]]) -> str:
    """The data set's card below its front matter.

    Args:
        sha256: of the built parquet files.
        splits: the "dataset_info" of the front matter.
    """
    return _render("dataset.md.j2", sha256=sha256, splits=splits, tables=label_tables(record("label_report")))


def model_card() -> str:
    """The README.md of the shipped model, with a ``model-index``."""
    scores = record("evaluation")
    data = ModelCardData(
        license="apache-2.0",
        library_name="transformers",
        pipeline_tag="text-generation",
        tags=["code", "optimization", "llamoco"],
        model_name="llamoco-xs",
        eval_results=[
            EvalResult(
                task_type="text-generation",
                dataset_type="llamoco",
                dataset_name=f"LLaMoCo, {scores['split']} split, {scores['rows']} descriptions",
                metric_type=name,
                metric_name=title,
                metric_value=round(scores["tables"]["all"]["model"][name], 4),
            )
            for name, title in (("err", "Err"), ("perf", "Perf"), ("a3", "A3"), ("comp", "Comp"))
        ],
    )
    return str(ModelCard(f"---\n{data.to_yaml()}\n---\n{_render('model.md.j2')}"))


def metric_card() -> str:
    """The README.md of the metric's folder, which is a Hub Space: its front matter names the gradio of requirements.txt."""
    return _render(
        "metric.md.j2",
        gradio=GRADIO,
        time_limit=int(TIME_LIMIT),
        memory_limit=MEMORY_LIMIT,
        sandbox=record("sandbox"),
    )


def readme_with_figures(text: str) -> str:
    """The README with the block between its two figure marks filled anew."""
    block = _render("readme_figures.md.j2").strip()
    marks = re.compile(r"(<!-- figures: make cards -->\n).*?(\n<!-- end of figures -->)", re.DOTALL)
    return marks.sub(lambda match: f"{match[1]}{block}{match[2]}", text)


def refresh(checkout: Path) -> list[Path]:
    """Write in a checkout what follows from its records and tables; returns the files written.

    These are the cards of model and metric, the README's figures, and the sample of the instruction set.
    """
    written = {
        checkout / "dataset_builder" / "labels" / "sample.jsonl": sample(SHIPPED_LABELS),
        checkout / "modeling" / SHIPPED_MODEL.name / "README.md": model_card(),
        checkout / "metrics" / "llamoco" / "README.md": metric_card(),
        checkout / "README.md": readme_with_figures((checkout / "README.md").read_text(encoding="utf-8")),
    }
    for path, text in written.items():
        path.write_text(text, encoding="utf-8")
    return list(written)


def _render(template: str, **more: Any) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(_folder("templates"))),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda value, digits=1: (
        "–" if value is None else f"{100 * value:.{digits}f}%"
    )
    environment.filters["thousands"] = lambda value: f"{value:,}"
    environment.filters["number"] = lambda value, digits=3: "–" if value is None else f"{value:,.{digits}f}"
    return environment.get_template(template).render(
        labels=record("label_report"),
        meta=json.loads(SHIPPED_LABELS.with_suffix(".json").read_text(encoding="utf-8")),
        scores=record("evaluation"),
        built=record("instruction_set"),
        training=json.loads((SHIPPED_MODEL / "run_record.json").read_text(encoding="utf-8")),
        labelled_for_training=pq.read_table(SHIPPED_LABELS, columns=["split"])["split"]
        .to_pylist()
        .count("train"),
        pool=POOL,
        functions=FUNCTIONS,
        constraints=CONSTRAINTS,
        patterns=PATTERNS,
        citation=CITATION,
        **more,
    )


def _folder(name: str) -> Traversable:
    return resources.files(__package__).joinpath(name)


if __name__ == "__main__":
    for path in refresh(Path.cwd()):
        print(f"written: {path}")
