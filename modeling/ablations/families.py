"""Families of ablations: recipes that differ from a base in one field each, and what their record needs to know of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

RECIPES = Path("examples") / "recipes" / "ablations"
BASE = "base"
WARM = {"no_warmup": "without warm-up", BASE: "with warm-up"}  # whose latents are compared
LANGUAGE = {"python": "Python", "latex": "LaTeX"}
LABEL = {"majority": "majority labels", "minority": "other labels"}
STYLE = {"patterns seen": "patterns of training", "patterns of the test split only": "held-out patterns"}
FACTS = {"facts known": "facts known", "facts unknown": "facts unknown"}


@dataclass(frozen=True)
class Family:
    """Ablations of one base recipe.

    Attributes:
        name: for `--family`.
        about: what each recipe is about, by its name, in the order of work: the most important first.
        recipes: folder of the recipes in the repository.
        out: default folder of the study.
        record, figure, curves: names of the files that the study writes: latents are in `figure`, losses in `curves`.
        trained_on: for the record, with a place for the number of problems.
        training_problems: how many of the training problems are used; all if None.
        choice_losses: nats per choice, whose first reaching is noted.
        groups: groups of test problems that a recipe's note is about, with their titles.
    """

    name: str
    about: Mapping[str, str]
    recipes: Path
    out: Path
    record: str
    figure: str
    curves: str
    trained_on: str
    training_problems: int | None
    choice_losses: tuple[float, ...]
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


_COMMON = {
    "eq5": LABEL,
    "python_only": LANGUAGE,
    "latex_only": LANGUAGE,
    "plain_style": STYLE,
}

SCRATCH = Family(
    name="scratch",
    about={
        BASE: "the method: warm-up, no balancing, both languages, all writing patterns",
        "no_warmup": "no contrastive warm-up",
        "quarter_balance": "balancing by the fourth root of Eq. 5 (exponent 0.25)",
        "eq5": "balancing by Eq. 5 (exponent 1)",
        "python_only": "descriptions in Python only",
        "latex_only": "descriptions in LaTeX only",
        "plain_style": "one writing pattern per language",
    },
    recipes=RECIPES,
    out=Path("runs") / "ablations",
    record="ablations.json",
    figure="latents.png",
    curves="warm_up.png",
    trained_on="one description each of {:,} problems and their facts alone",
    training_problems=None,
    choice_losses=(2.2, 2.0, 1.9),
    groups={BASE: {**LANGUAGE, **LABEL, **STYLE}, "quarter_balance": LABEL, **_COMMON},
)

SMOLLM2 = Family(
    name="smollm2",
    about={
        BASE: "the method: description and facts, warm-up, no balancing, both languages, all writing patterns",
        "facts": "facts alone are read",
        "description": "the description alone is read",
        "no_warmup": "no contrastive warm-up",
        "plain_style": "one writing pattern per language",
        "python_only": "descriptions in Python only",
        "latex_only": "descriptions in LaTeX only",
        "eq5": "balancing by Eq. 5 (exponent 1)",
    },
    recipes=RECIPES / "smollm2",
    out=Path("runs") / "ablations_smollm2",
    record="ablations_smollm2.json",
    figure="latents_smollm2.png",
    curves="warm_up_smollm2.png",
    trained_on="one description with facts each of {:,} problems",
    training_problems=1400,  # the recipes say what they cost
    choice_losses=(4.0, 3.5, 3.2),
    groups={BASE: {**LANGUAGE, **LABEL, **STYLE, **FACTS}, "facts": FACTS, "description": FACTS, **_COMMON},
)

FAMILIES = {family.name: family for family in (SCRATCH, SMOLLM2)}
