"""Habits of Python writers: names, number formats, comments."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.symbolic.expression import (
    Add,
    Call,
    Div,
    Expr,
    Extremum,
    Index,
    Mul,
    Num,
    Pow,
    Reduce,
    Size,
    Sub,
    walk,
)
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Data, Scalar, SymbolicProblem
from llamoco.dataset_builder.prompts.comments import draw_tone
from llamoco.dataset_builder.prompts.python.expressions import Notation

Mode = Literal["vector", "loop", "generator"]

_TAKEN = """np math objective inequality equality LOWER UPPER MAX_EVALS BOUNDS X0 INTEGER STEP self float bounds cons cfg sum max
    min abs len range zip enumerate map reduce partial dataclass field list tuple dict sin cos tan exp log sqrt pi
    prod floor tanh atan asin acos sinh cosh print int str type id"""
RESERVED = frozenset({*keyword.kwlist, *_TAKEN.split()})
STEMS = {
    "o": ("shift", "o", "offset", "xopt", "center", "s", "x0", "target"),
    "p": ("perm", "idx", "pos", "group", "p", "part", "cols", "pick"),
    "y": ("y", "d", "w", "q", "dx", "diff"),
    "z": ("z", "t", "u", "zz", "zeta", "moved", "local"),
    "v": ("v", "h", "direction", "nrm", "axis"),
    "u": ("unit", "width", "sc", "span", "sigma"),
    "r": ("r", "proj", "alpha", "k", "refl"),
    "f": ("f", "term", "val", "F", "cost", "part_", "foo"),
    "t": ("t", "time", "ts", "t_data", "times", "xdata"),
    "d": ("data", "y_data", "obs", "ydata", "measured", "d"),
    "s": ("s", "state", "level", "S", "pos"),
}
_FAMILY = re.compile(f"([{''.join(STEMS)}])(\\d+)(?:_(\\d+))?")
NAMES_OF_X = (
    ("x", 8),
    ("vec", 1),
    ("params", 1),
    ("X", 1),
    ("p", 1),
    ("xs", 1),
    ("theta", 1),
    ("design", 1),
    ("u", 1),
)


@dataclass(frozen=True)
class PythonStyle:
    """Habits of one person.

    Attributes:
        notation: how expressions are printed.
        x: name of the variables.
        dim_name: name of the number of variables, a module constant or a local; "" for the number itself.
        dim_local: ``dim_name`` is defined in each function.
        comments: 0 (none), 1 (a few) or 2 (many).
        tone: how comments sound, see ``comments``.
        hints: functions have type hints.
        docstrings: functions have them.
        indent: spaces.
        gap: empty lines between blocks.
        bounds_first: bounds and budget stand before the functions.
        constraint_list: constraints are returned as a list even if there is one.
    """

    notation: Notation
    x: str
    dim_name: str
    dim_local: bool
    comments: int
    tone: str
    hints: bool
    docstrings: bool
    indent: int
    gap: int
    bounds_first: bool
    constraint_list: bool

    def kept_in(self, place: str, names: Sequence[str]) -> PythonStyle:
        """The style with some names kept in an object or dictionary: ``self.{}``, ``cfg["{}"]``."""
        changed = {k: place.format(v) if k in names else v for k, v in self.notation.names.items()}
        return self.written(names=changed)

    def written(self, **notation: Any) -> PythonStyle:
        """The style with other habits of notation."""
        return replace(self, notation=replace(self.notation, **notation))


def draw_style(system: SymbolicProblem, rng: PortableRng, mode: Mode) -> PythonStyle:
    """Draw the habits of one description."""
    x = rng.choice([name for name, _ in NAMES_OF_X], [weight for _, weight in NAMES_OF_X])
    dim_name, dim_local = rng.choice(
        (("n", True), ("d", True), ("D", False), ("N", False), ("DIM", False), ("", False))
    )
    taken = {x, "n", "d", "D", "N", "DIM", *RESERVED}
    names = {"x": x}
    stems: dict[str, str] = {}
    separator = rng.choice(("", "_"), (4, 1))
    parts = {d.name: _FAMILY.fullmatch(d.name) for d in system.definitions}
    families = {match[0].partition("_")[0] for match in parts.values() if match}
    for name, match in parts.items():
        if match is None:
            names[name] = _unused(name, taken)
            continue
        letter, number, entry = match.groups()
        stem = stems.setdefault(letter, rng.choice(STEMS[letter]))
        single = sum(family[0] == letter for family in families) == 1
        numbers = ([] if single else [number]) + ([entry] if entry else [])
        names[name] = _unused(stem + (separator if numbers else "") + "_".join(numbers), taken)
    indices = {"i": rng.choice(("i", "i", "j", "k", "idx"))}
    for name in ("j", "k"):
        indices[name] = next(c for c in (name, "k", "m", "l") if c not in indices.values() and c not in taken)
    if any(v in taken for v in indices.values()):
        indices = {name: f"{name}{name}" for name in indices}
    sizes = {v: dim_name for v, size in system.sizes.items() if size == system.dim} if dim_name else {}
    # The math module stops at log(-1): objective and constraints would lack values together.
    numpy_only = rng.chance(0.15) or (
        bool(system.inequalities or system.equalities) and may_lack_values(system)
    )
    notation = Notation(
        mode=mode,
        library="np." if mode == "vector" or numpy_only else rng.choice(("math.", ""), (4, 1)),
        names=names,
        sizes=sizes,
        indices=indices,
        from_zero=rng.chance(0.7),
        elements=rng.chance(0.6),
        times=rng.choice((" * ", "*"), (3, 1)),
        power=rng.choice(("**", " ** "), (3, 2)),
        floats=rng.chance(0.35),
        sum_name=next(s for s in rng.shuffled(("s", "total", "acc", "res", "tmp")) if s not in taken),
    )
    return PythonStyle(
        notation=notation,
        x=x,
        dim_name=dim_name,
        dim_local=dim_local,
        comments=rng.choice((0, 1, 2), (2, 2, 1)),
        tone=draw_tone(rng),
        hints=rng.chance(0.1),
        docstrings=rng.chance(0.35),
        indent=rng.choice((4, 2), (5, 1)),
        gap=rng.choice((1, 2), (2, 1)),
        bounds_first=rng.chance(0.45),
        constraint_list=rng.chance(0.5),
    )


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def may_lack_values(system: SymbolicProblem) -> bool:
    """Whether a logarithm or root stands in a problem whose argument is not known to be positive by its form."""
    bodies = [
        *(
            d.value if isinstance(d, Scalar) else d.entry
            for d in system.definitions
            if not isinstance(d, Data)
        ),
        system.objective,
        *system.inequalities,
        *system.equalities,
    ]
    return any(
        isinstance(node, Call) and node.function in ("log", "sqrt") and not _positive(node.arg)
        for body in bodies
        for node in walk(body)
    )


def _positive(node: Expr) -> bool:
    match node:
        case Num() | Index() | Size() | Call("exp" | "abs" | "cosh" | "sqrt", _):
            return True
        case Pow(a, Num(power)):
            return float(power) % 2 == 0 or _positive(a)
        case Add(a, b) | Mul(a, b) | Div(a, b):
            return _positive(a) and _positive(b)
        case Sub(Index(), Num(value)):
            return value <= 1
        case Reduce(_, _, _, _, body):
            return _positive(body)
        case Extremum("max", a, b):
            return _positive(a) or _positive(b)
    return False
