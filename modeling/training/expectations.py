"""Expected choices of a training's problems, once a run: what `expected_share` mixes into the probabilities that scores give."""

import json
from collections.abc import Sequence
from pathlib import Path

from datasets import Dataset

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.modeling.training.mixture import required_column
from llamoco.modeling.training.recipe import DatasetSource

FILE = "expected_choices.json"  # in the run's folder, until it is finished


def with_expected(
    pairs: Dataset, screened: Dataset | None, source: DatasetSource, output: Path, resume: bool
) -> tuple[Dataset, Dataset | None]:
    """Add the column `expected` to the rows of a training: JSON with probabilities by optimizer.

    Problems that `hold_out` leaves out are expected by the others, never the other way round. It takes some minutes for all
    problems of the shipped set; a resumed run reads what the first one found.

    Args:
        pairs, screened: the data set's configs, with columns problem_id, problem and scores.
        source: the recipe's part on data.
        output: folder of the run.
        resume: whether the run goes on.

    Raises:
        RecipeError: a column is missing.
    """
    parts = [pairs] if screened is None else [pairs, screened]
    for part in parts:
        for name in ("problem_id", "problem", "scores"):
            required_column(part, source, name, "expected_share")
    file = output / FILE
    if resume and file.is_file():
        known = json.loads(file.read_text(encoding="utf-8"))
    else:
        known = _expected(parts, source)
        file.write_text(json.dumps(known) + "\n", encoding="utf-8")
    first, *rest = (
        part.add_column("expected", [json.dumps(known[name]) for name in part["problem_id"]])
        for part in parts
    )
    return first, rest[0] if rest else None


def _expected(parts: Sequence[Dataset], source: DatasetSource) -> dict[str, dict[str, float]]:
    """Expected probabilities by problem, each once, however many prompts describe it."""
    # scikit-learn takes a second to load, and most trainings need none.
    from llamoco.dataset_builder.analysis.expected_choices import Scored, expected_choices

    scored: dict[str, Scored] = {}
    for part in parts:
        known = source.hold_out and "calibration" in part.column_names
        held_out = part["calibration"] if known else [False] * len(part)
        columns = (part["problem_id"], part["problem"], part["scores"], held_out)
        for name, problem, scores, held in zip(*columns, strict=True):
            if name not in scored:
                scored[name] = Scored(Problem.from_json(problem), json.loads(scores), held)
    print(
        f"Expected choices of {len(scored):,} problems, by trees that do not see their scores ...", flush=True
    )
    found = expected_choices(list(scored.values()), source.soft_label_temperature)
    return {
        name: {optimizer: round(share, 4) for optimizer, share in shares.items()}
        for name, shares in zip(scored, found, strict=True)
    }
