"""Cards of data set, model and metric, and the figures of the README, generated from run records.

`make cards` refreshes the cards and the README of a checkout. The card of the data set goes into the folder that
`llamoco build` writes.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from huggingface_hub import DatasetCard

from llamoco.dataset_builder.analysis.label_tables import label_tables
from llamoco.dataset_builder.analysis.table import Table, number, percent
from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS
from llamoco.dataset_builder.hub_folder import folder_hash
from llamoco.dataset_builder.optimizers.pool import POOL
from llamoco.dataset_builder.problems.functions.catalogue import FUNCTIONS
from llamoco.dataset_builder.problems.functions.constraints import CONSTRAINTS
from llamoco.dataset_builder.problems.symbolic.families import FAMILIES
from llamoco.dataset_builder.prompts.instruction_set import sample_jsonl
from llamoco.dataset_builder.prompts.rows import PATTERNS
from llamoco.hub_cards import model_cards
from llamoco.hub_cards.leaderboard import (
    entry_json,
    entry_of,
    leaderboard_page,
    read_entries,
    reference_entries,
)
from llamoco.hub_cards.paper.claims import claims
from llamoco.hub_cards.paper.exhibit import Records
from llamoco.hub_cards.paper.page import exhibits, paper_page, write_figures
from llamoco.hub_cards.render import evaluation, markdown, record, record_if_any, render
from llamoco.hub_cards.render import folder as folder_of
from llamoco.metrics.sandbox.sandbox import MEMORY_LIMIT, TIME_LIMIT
from llamoco.modeling.evaluation.record import EvaluationRecord, as_record
from llamoco.modeling.evaluation.tables import evaluation_tables
from llamoco.modeling.generation.model_files import READING_MODEL, SHIPPED_MODEL

LABEL_FIGURES = ("labels-problems.png", "labels-convergence.png", "labels-winners.png", "labels-scores.png")
README_TOOLS = 5  # in its table, which is to stay short; the model's card has all
GRADIO = "6.31.0"  # as in constraints.txt and metrics/llamoco/requirements.txt


def write_dataset_card(folder: Path) -> None:
    """Write the card of a built instruction set into its README.md, and copy its figures there.

    Args:
        folder: as ``build_folder`` wrote it; the front matter of its README.md is kept.
    """
    card = DatasetCard.load(folder / "README.md")
    card.data.task_categories = ["text-generation"]
    card.data.tags = ["code", "optimization", "evolutionary-computation"]
    body = dataset_card_body(folder_hash(folder), card.data.to_dict()["dataset_info"])
    DatasetCard(f"---\n{card.data.to_yaml()}\n---\n{body}").save(folder / "README.md")
    for name in LABEL_FIGURES:
        shutil.copyfile(str(folder_of("records").joinpath(name)), folder / name)


def dataset_card_body(sha256: str, splits: list[dict[str, Any]]) -> str:
    """Render the data set's card, without its front matter.

    Args:
        sha256: hash of the built parquet files.
        splits: "dataset_info" of the front matter.
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
        families=FAMILIES,
        patterns=PATTERNS,
        coverage=record_if_any("coverage"),
    )


def metric_card() -> str:
    """Render the README.md of the metric's folder, which is a Hub Space; its front matter names gradio's version."""
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
    """Fill the block between the two figure marks of a README anew."""
    training, scores = model_cards.shipped_training(), evaluation()
    block = render(
        "readme_figures.md.j2",
        scores=scores,
        table=readme_table(scores).to_markdown(),
        shown_tools=README_TOOLS,
        training=training,
        present_set=model_cards.is_of_present_set(training),
        meta=_labels_meta(),
        pool=POOL,
    ).strip()
    marks = re.compile(r"(<!-- figures: make cards -->\n).*?(\n<!-- end of figures -->)", re.DOTALL)
    return marks.sub(lambda match: f"{match[1]}{block}{match[2]}", text)


def readme_table(scores: EvaluationRecord) -> Table:
    """Compare the shipped model with SBS, VBS and the strongest ``README_TOOLS`` of the other tools on all test problems.

    Args:
        scores: record of an evaluation with baselines.
    """
    table, baselines = scores["tables"]["all"], scores["baselines"]
    assert table is not None and baselines is not None
    full = scores["runs"] * table["problems"]
    tools = sorted(baselines["groups"]["all"].values(), key=lambda tool: -(tool["aocc"] or 0.0))[
        :README_TOOLS
    ]
    contestants: list[tuple[str, Any]] = [
        (f"**{scores['model']}**", table["model"]),
        ("single best solver (SBS)", table["sbs"]),
        ("virtual best solver (VBS)", table["vbs"]),
        *((tool["title"] + f" ({tool['runs']:,} runs)" * (tool["runs"] < full), tool) for tool in tools),
    ]
    sbs, vbs = (contestants[place][1]["aocc"] for place in (1, 2))
    rows = [
        [
            title,
            percent(row["err"], row["intervals"]["err"]) if "err" in row else "",
            number(row["perf"], row["intervals"]["perf"]),
            number(row["aocc"], row["intervals"]["aocc"]),
            percent((row["aocc"] - sbs) / (vbs - sbs), row["intervals"].get("gap_closed_aocc"), digits=0),
        ]
        for title, row in contestants
    ]
    return Table("", ("", "Err", "Perf", "AOCC", "Gap closed"), rows)


def generated(checkout: Path) -> dict[Path, bytes]:
    """Generate all files that follow from the records and tables of a checkout, by path.

    These are the cards of models, recipes and metric with their figures, the README's block of figures, the example prompt, the page of
    the paper's tables (``write_figures`` draws its figures) and the leaderboard with our entries.
    """
    model = checkout / "modeling" / SHIPPED_MODEL.name
    recipes = checkout / "examples" / "recipes"
    larger = [recipes / f"{name}.yaml" for name in model_cards.LARGER_MODELS]
    readme, records = checkout / "README.md", Records(checkout / "hub_cards" / "records")
    board = checkout / "hub_cards" / "records" / "leaderboard"
    own = {SHIPPED_MODEL.name: entry_of(evaluation())} | reference_entries(evaluation())
    reading = record_if_any("evaluation_s")
    if reading is not None:
        own[READING_MODEL.name] = entry_of(as_record(reading))
    texts = {
        checkout / "examples" / "prompt.txt": model_cards.example_prompt(),
        model / "README.md": model_cards.shipped_card(),
        model.with_name(READING_MODEL.name) / "README.md": model_cards.reading_card(),
        **{file.with_suffix(".md"): model_cards.recipe_card(file) for file in larger if file.is_file()},
        checkout / "metrics" / "llamoco" / "README.md": metric_card(),
        checkout / "docs" / "paper.md": paper_page(exhibits(records), claims(records), "paper/"),
        checkout / "docs" / "leaderboard.md": leaderboard_page(read_entries(board) | own),
        **{board / f"{name}.json": entry_json(entry) for name, entry in own.items()},
        readme: readme_with_figures(readme.read_text(encoding="utf-8")),
    }
    figures = {model / name: content for name, content in model_cards.shipped_figures().items()}
    return {**{path: text.encode() for path, text in texts.items()}, **figures}


def _labels_meta() -> dict[str, Any]:
    """Provenance of the shipped labels."""
    return dict(json.loads(SHIPPED_LABELS.with_suffix(".json").read_text(encoding="utf-8")))


if __name__ == "__main__":
    here = Path.cwd()
    pairs = here / "dataset_builder" / "labels" / "sample.jsonl"
    for path, content in {pairs: sample_jsonl(SHIPPED_LABELS).encode(), **generated(here)}.items():
        path.write_bytes(content)
        print(f"written: {path}")
    shipped = Records(here / "hub_cards" / "records")
    for path in write_figures(here / "docs" / "paper", exhibits(shipped), shipped):
        print(f"written: {path}")
