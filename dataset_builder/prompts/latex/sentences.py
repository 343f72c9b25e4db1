"""Sentences with formulas in them."""

from __future__ import annotations

from collections.abc import Sequence

from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.prompts.latex.parts import WrittenDefinition


def dollars(formulas: Sequence[str]) -> str:
    """Inline formulas as a list in words."""
    return (
        ", ".join(f"${f}$" for f in formulas[:-1])
        + (" and " if len(formulas) > 1 else "")
        + f"${formulas[-1]}$"
    )


def sentence(rng: PortableRng, lead: str, formulas: list[WrittenDefinition]) -> str:
    """Definitions in a sentence, some with their ranges in words; "" if there are none."""
    if not formulas:
        return ""
    joint = rng.choice((", ", "; ", ",\n"))
    texts = []
    for formula in formulas:
        if formula.range and rng.chance(0.5):
            texts.append(f"${formula.left} = {formula.right}$ for ${formula.range}$")
        else:
            texts.append(f"${formula.text}$")
    return f"{lead} " + joint.join(texts) + "."


def join(parts: Sequence[str]) -> str:
    """Lines of a file; empty ones are left out."""
    return "\n".join(p for p in parts if p) + "\n"
