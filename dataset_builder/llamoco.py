"""The `datasets` builder of the instruction set: label table in, prompt-answer pairs out.

The published form is a Hub-layout folder (``llamoco build``), which ``load_dataset("llamoco")`` reads without any code. The builder
works directly, too::

    from llamoco.dataset_builder.llamoco import LLaMoCo

    builder = LLaMoCo(cache_dir="cache", labels="labels.parquet")
    builder.download_and_prepare()
    train = builder.as_dataset(split="train")
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import datasets

from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS
from llamoco.dataset_builder.prompts.instruction_set import paper_rows_of_split, rows_of_split

FEATURES = datasets.Features(
    {
        "prompt": datasets.Value("string"),
        "completion": datasets.Value("string"),
        "program": datasets.Value("string"),
        "problem_id": datasets.Value("string"),
        "language": datasets.Value("string"),
        "pattern": datasets.Value("string"),
        "held_out_pattern": datasets.Value("bool"),
        "facts_known": datasets.Value("bool"),
        "probes": datasets.Value("string"),
        "optimizer": datasets.Value("string"),
        "hyperparameters": datasets.Value("string"),
        "dim": datasets.Value("int32"),
        "constrained": datasets.Value("bool"),
        "max_evals": datasets.Value("int32"),
        "f0": datasets.Value("float64"),
        "f_star": datasets.Value("float64"),
        "problem": datasets.Value("string"),
        "scores": datasets.Value("string"),
        "calibration": datasets.Value("bool"),
    }
)

# Of config "decisions": problems without descriptions, and what every optimizer scored on them.
_DECISIONS = (
    *("prompt", "completion", "problem_id", "probes", "optimizer"),
    *("dim", "constrained", "max_evals", "f0", "f_star", "problem", "scores"),
)
DECISION_FEATURES = datasets.Features({name: FEATURES[name] for name in _DECISIONS})


def dataset_info(features: datasets.Features = FEATURES) -> datasets.DatasetInfo:
    """Description, columns and licence of a config of the set."""
    return datasets.DatasetInfo(
        description="Continuous optimization problems in Python and LaTeX, answered by benchmarked optimizer programs.",
        features=features,
        license="apache-2.0",
        homepage="https://arxiv.org/abs/2403.01131",
    )


@dataclass
class LLaMoCoDataConfig(datasets.BuilderConfig):
    """Source of a build.

    Attributes:
        labels: path of the label table; the shipped one by default.
    """

    labels: str = str(SHIPPED_LABELS)

    def create_config_id(self, config_kwargs: dict, custom_features: datasets.Features | None = None) -> str:
        """The cache key: name and content of the label table, so that an edited table is never served from a stale cache."""
        digest = hashlib.sha256(Path(self.labels).read_bytes()).hexdigest()[:16]
        return f"{self.name}-{digest}"


class LLaMoCo(datasets.GeneratorBasedBuilder):
    """Prompt-answer pairs of optimization problems and benchmarked optimizers.

    Configs: ``default`` splits by problem (no problem of the test split has a description in train); ``paper`` answers the same
    problems from the paper's 23 optimizers and splits by pair, as the paper does, for comparison.
    """

    VERSION = datasets.Version("0.1.0")
    BUILDER_CONFIG_CLASS = LLaMoCoDataConfig
    BUILDER_CONFIGS: ClassVar[list[LLaMoCoDataConfig]] = [
        LLaMoCoDataConfig(name="default", version=VERSION, description="split by problem"),
        LLaMoCoDataConfig(name="paper", version=VERSION, description="the paper's pool, split by pair"),
    ]
    DEFAULT_CONFIG_NAME = "default"

    def _info(self) -> datasets.DatasetInfo:
        return dataset_info()

    def _split_generators(self, dl_manager: datasets.DownloadManager) -> list[datasets.SplitGenerator]:
        return [
            datasets.SplitGenerator(name=datasets.Split.TRAIN, gen_kwargs={"split": "train"}),
            datasets.SplitGenerator(name=datasets.Split.TEST, gen_kwargs={"split": "test"}),
        ]

    def _generate_examples(self, split: str) -> Iterator[tuple[int, dict[str, Any]]]:
        yield from enumerate(rows_of(Path(self.config.labels), self.config.name, split))


def rows_of(labels: Path, config: str, split: str) -> Iterator[dict[str, Any]]:
    """Rows of a split of a config, see ``LLaMoCo``.

    Args:
        labels: path of the label table.
        config: "default" or "paper".
        split: "train" or "test".
    """
    yield from paper_rows_of_split(labels, split) if config == "paper" else rows_of_split(labels, split)
