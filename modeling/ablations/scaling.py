"""The scaling study, after the paper's Table IV: models of several sizes, each trained on sets of several sizes.

The larger sets have the pairs of the smaller ones. A recipe trains its model for the same number of epochs on each, so that steps
grow with pairs. In OUT lies what `run_ablations` describes, a folder per cell; cheap cells come first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from llamoco.dataset_builder.instruction_data import open_data
from llamoco.metrics.summary import compare_values
from llamoco.modeling.ablations.ablation import folder_of, one_each
from llamoco.modeling.ablations.pairs import write_nested_pairs
from llamoco.modeling.ablations.record import described_model
from llamoco.modeling.ablations.run_ablations import made_here, work
from llamoco.modeling.ablations.scoring import Scored, Scorer, mean_of
from llamoco.modeling.evaluation.evaluation_folder import write_json
from llamoco.modeling.evaluation.split_rows import Row, evaluation_rows

RECIPES = Path("examples") / "recipes" / "scaling"
OUT = Path("runs") / "scaling"
RECORD = "scaling.json"
SEED = 0
PAIRS = {"1k": 1000, "5k": 5000, "15k": 15_000, "30k": 30_000}
MINUTES = {"xs_64": 0.1, "xs_128": 0.35, "xs_256": 1.0, "smollm2": 12.0}  # for 1,000 pairs, on two cores
TITLES = {
    "xs_64": "xs, 64 wide, 2 blocks",
    "xs_128": "xs, 128 wide, 4 blocks",
    "xs_256": "xs, 256 wide, 6 blocks",
    "smollm2": "SmolLM2, LoRA",
}


class Cell(NamedTuple):
    """A training of the study: a model (its recipe) and a set."""

    model: str
    pairs: str

    @property
    def name(self) -> str:
        """Its folder."""
        return f"{self.model}-{self.pairs}"

    @property
    def minutes(self) -> float:
        """About how long its training takes on two cores."""
        return MINUTES[self.model] * PAIRS[self.pairs] / 1000


def cells(models: Sequence[str], sizes: Sequence[str]) -> list[Cell]:
    """The cells of some models and sets, the cheapest first."""
    return sorted((Cell(model, size) for model in models for size in sizes), key=lambda cell: cell.minutes)


def run_scaling(
    out: Path,
    recipes: Path = RECIPES,
    data: str | None = None,
    models: Sequence[str] | None = None,
    sizes: Sequence[str] | None = None,
    limit: int | None = None,
    record: Path | None = None,
    record_only: bool = False,
) -> Path | None:
    """Train and score each cell: what is not done yet. The record is written anew after each.

    Args:
        out: folder of the study.
        recipes: folder of the recipes.
        data: folder or Hub id of the instruction set; the shipped one if None.
        models: of MINUTES; all if None.
        sizes: of PAIRS; all if None.
        limit: number of test problems; all if None.
        record: folder for the record; `out` if None.
        record_only: no training and no runs, only the record of what is finished.

    Returns:
        The record's file; None if nothing is finished yet.

    Raises:
        LlamocoError: a recipe, the data set, a model or the sandbox does not allow it, or a training stopped.
    """
    out.mkdir(parents=True, exist_ok=True)
    rows = one_each(evaluation_rows("test", data=data))[:limit]
    if not record_only:
        if not (out / "pairs").is_dir():
            write_nested_pairs(open_data(data, "train"), out / "pairs", PAIRS)
        for cell in cells(models or list(MINUTES), sizes or list(PAIRS)):
            recipe = recipes / f"{cell.model}.yaml"
            work(out, recipe, cell.name, SEED, rows, f"--dataset_config={cell.pairs}")
            write_scaling(out, rows, out)
    return write_scaling(out, rows, record or out)


def write_scaling(out: Path, rows: Sequence[Row], folder: Path) -> Path | None:
    """Write the record of what is finished; None if nothing is."""
    found = scaling_record(out, rows)
    if found is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / RECORD, {"command": "llamoco study scaling", **made_here(), **found})
    return folder / RECORD


def scaling_record(out: Path, rows: Sequence[Row]) -> dict[str, Any] | None:
    """The cells that are finished; None while the reference programs have no runs, or no cell is finished.

    Args:
        out: folder of the study.
        rows: what was answered, one a problem.

    Returns:
        rows: of each cell: model, title, recipe, pairs, problems, parameters, trained_parameters, epochs, steps, tokens, err, r_acc,
        perf, aocc, gap_closed, label_hits, minutes; beside a larger set of the model also against_largest: AOCC paired by problem,
        with `pairs` of the largest set that is finished. references: AOCC of the single best solver and the virtual best; setting.
    """
    scorer = Scorer(out, rows)
    if scorer.references is None:
        return None
    entries, what = [], []
    for model in MINUTES:
        trained: dict[str, Scored] = {}
        for size in PAIRS:
            folder = folder_of(out, Cell(model, size).name, SEED)
            if (one := scorer.training(folder, SEED)) is not None:
                trained[size] = one
        entries += [_entry(Cell(model, size), one, trained, scorer) for size, one in trained.items()]
        what += [f"{TITLES[model]}: {described_model(one.training)}" for one in [*trained.values()][:1]]
    if not entries:
        return None
    every = range(len(rows))
    return {
        "setting": f"{'; '.join(what)}. Each names the optimizer on one description each of {len(rows)} test problems, in Python and "
        "LaTeX by turns; the optimizer's benchmarked program runs 5 times. A model sees each pair equally often, however many they "
        "are, and the larger sets have the pairs, and thus the problems, of the smaller ones",
        "problems": len(rows),
        "references": {name: mean_of(values, every, "aocc") for name, values in scorer.references.items()},
        "rows": entries,
    }


def _entry(cell: Cell, one: Scored, trained: dict[str, Scored], scorer: Scorer) -> dict[str, Any]:
    training = one.training
    entry: dict[str, Any] = {
        "model": cell.model,
        "title": TITLES[cell.model],
        "recipe": f"{RECIPES}/{cell.model}.yaml",
        "pairs": training["dataset"]["rows"],
        "problems": training["dataset"]["problems"],
        **{name: training[name] for name in ("parameters", "trained_parameters", "epochs", "steps")},
        "tokens": training["tokens_seen"],
        **{name: value and value["mean"] for name, value in scorer.summary([one]).items()},
    }
    largest = [*trained][-1]
    if cell.pairs != largest:
        beside = trained[largest]
        entry["against_largest"] = {
            "pairs": beside.training["dataset"]["rows"],
            **compare_values(scorer.by_problem([one]), scorer.by_problem([beside]), "aocc"),
        }
    return entry
