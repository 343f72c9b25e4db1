"""Run records and card templates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import jinja2

from llamoco.dataset_builder.analysis.table import Table, number, percent
from llamoco.modeling.evaluation.record import EvaluationRecord, as_record

CITATION = """\
@article{ma2024llamoco,
  title = {LLaMoCo: Instruction Tuning of Large Language Models for Optimization Code Generation},
  author = {Ma, Zeyuan and Gong, Yue-Jiao and Guo, Hongshu and Chen, Jiacheng and Ma, Yining and Cao, Zhiguang and Zhang, Jun},
  journal = {arXiv preprint arXiv:2403.01131},
  year = {2024},
}"""


def record(name: str) -> dict[str, Any]:
    """A run record that ships with the project.

    "label_report", "evaluation" (scores of the shipped model), "instruction_set" (the built set's hash and cost), "sandbox".
    """
    found = record_if_any(name)
    if found is None:
        raise FileNotFoundError(f"hub_cards/records/{name}.json is missing")
    return dict(found)


def record_if_any(name: str) -> Any:
    """A run record that may be missing; None if it is, and its section of a card is left out.

    "speed" (of `llamoco solve`), "odd_prompts" (broken answers on prompts unlike the training set), "tried" (what was tried on the way to the shipped model), "ablations", "ablations_smollm2", "scaling", "recipes" (what was measured with the recipes of the
    larger models). ``hub_cards/records/README.md`` has their form.
    """
    file = folder("records").joinpath(f"{name}.json")
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def evaluation() -> EvaluationRecord:
    """The scores of the shipped model."""
    return as_record(record("evaluation"))


def markdown(tables: Mapping[str, Table]) -> dict[str, str]:
    """Tables in Markdown, by name."""
    return {name: table.to_markdown() for name, table in tables.items()}


def folder(name: str) -> Traversable:
    """A folder of this package: "records" or "templates"."""
    return resources.files(__package__).joinpath(name)


def render(template: str, **fields: Any) -> str:
    """Fill a template; a field that is asked for and missing is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(folder("templates"))),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda value, digits=1: percent(value, digits=digits)
    environment.filters["thousands"] = number
    environment.filters["number"] = lambda value, digits=3: number(
        None if value is None else float(value), digits=digits
    )
    return environment.get_template(template).render(citation=CITATION, **fields)
