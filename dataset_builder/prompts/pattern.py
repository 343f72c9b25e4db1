"""Writing patterns: the ways in which people write a problem file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem


@dataclass(frozen=True)
class Pattern:
    """A way of writing a problem.

    Attributes:
        name: unique name, the ``pattern`` column of the set.
        language: "python" or "latex".
        held_out: True if descriptions of this pattern appear in the test split only.
        write: writes a synthetic problem as a complete problem FILE; the generator decides details of style.
    """

    name: str
    language: Literal["python", "latex"]
    held_out: bool
    write: Callable[[Problem, PortableRng], str]
