"""What varies between two people who write a problem in the same way: names, number formats, comments."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from llamoco.dataset_builder.problems.draws import Draws
from llamoco.dataset_builder.problems.system import System
from llamoco.dataset_builder.prompts.python_expressions import Notation
from llamoco.dataset_builder.prompts.python_numbers import number_list, signed

Mode = Literal["vector", "loop", "generator"]

RESERVED = {
    *keyword.kwlist,
    *(
        "np",
        "math",
        "objective",
        "inequality",
        "equality",
        "LOWER",
        "UPPER",
        "MAX_EVALS",
        "BOUNDS",
        "self",
        "float",
    ),
    *(
        "sum",
        "max",
        "min",
        "abs",
        "len",
        "range",
        "zip",
        "enumerate",
        "sin",
        "cos",
        "tan",
        "exp",
        "log",
        "sqrt",
        "pi",
        "prod",
    ),
    *(
        "floor",
        "tanh",
        "atan",
        "asin",
        "acos",
        "sinh",
        "cosh",
        "list",
        "lambda",
        "print",
        "int",
        "str",
        "type",
        "id",
    ),
}
STEMS = {
    "o": ("shift", "o", "offset", "xopt", "center", "s"),
    "p": ("perm", "idx", "pos", "group", "p", "part"),
    "y": ("y", "d", "w", "q"),
    "z": ("z", "t", "u", "zz"),
    "v": ("v", "h", "direction", "nrm"),
    "r": ("r", "proj", "alpha", "k"),
    "f": ("f", "term", "val", "F", "cost"),
}
FUNCTION_NAMES = "sin|cos|tan|exp|log|sqrt|pi|tanh|floor|atan|asin|acos|sinh|cosh|prod"


@dataclass(frozen=True)
class Style:
    """One person's habits.

    Attributes:
        notation: how expressions are printed.
        x: name of the variables.
        dim_name: name of the number of variables, a module constant or a local; "" for the number itself.
        dim_local: ``dim_name`` is defined in each function.
        comments: 0 (none), 1 (a few) or 2 (many).
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
    docstrings: bool
    indent: int
    gap: int
    bounds_first: bool
    constraint_list: bool

    def with_prefix(self, prefix: str, names: Sequence[str]) -> Style:
        """The style with a prefix before some names (``self.``)."""
        changed = {k: prefix + v if k in names else v for k, v in self.notation.names.items()}
        return replace(self, notation=replace(self.notation, names=changed))


def draw_style(system: System, draws: Draws, mode: Mode) -> Style:
    """Habits of one description."""
    x = draws.choice(("x", "vec", "params", "X", "p"), (8, 1, 1, 1, 1))
    dim_name, dim_local = draws.choice(
        (("n", True), ("d", True), ("D", False), ("N", False), ("DIM", False), ("", False))
    )
    taken = {x, "n", "d", "D", "N", "DIM", *RESERVED}
    names = {"x": x}
    stems: dict[str, str] = {}
    separator = draws.choice(("", "_"), (4, 1))
    letters = [d.name[:1] for d in system.definitions]
    for definition in system.definitions:
        letter, digits = definition.name[:1], definition.name[1:]
        if not digits.isdigit() or letter not in STEMS:
            names[definition.name] = _unused(definition.name, taken)
            continue
        stem = stems.setdefault(letter, draws.choice(STEMS[letter]))
        names[definition.name] = _unused(
            stem if letters.count(letter) == 1 else f"{stem}{separator}{digits}", taken
        )
    indices = {"i": draws.choice(("i", "i", "j", "k", "idx"))}
    for name in ("j", "k"):
        indices[name] = next(c for c in (name, "k", "m", "l") if c not in indices.values() and c not in taken)
    if any(v in taken for v in indices.values()):
        indices = {name: f"{name}{name}" for name in indices}
    sizes = {v: dim_name for v, size in system.sizes.items() if size == system.dim} if dim_name else {}
    notation = Notation(
        mode=mode,
        library="np." if mode == "vector" or draws.chance(0.15) else draws.choice(("math.", ""), (4, 1)),
        names=names,
        sizes=sizes,
        indices=indices,
        from_zero=draws.chance(0.7),
        elements=draws.chance(0.6),
        times=draws.choice((" * ", "*"), (3, 1)),
        power=draws.choice(("**", " ** "), (3, 2)),
        floats=draws.chance(0.35),
        sum_name=next(s for s in draws.shuffled(("s", "total", "acc", "res", "tmp")) if s not in taken),
    )
    return Style(
        notation=notation,
        x=x,
        dim_name=dim_name,
        dim_local=dim_local,
        comments=draws.choice((0, 1, 2), (2, 2, 1)),
        docstrings=draws.chance(0.35),
        indent=draws.choice((4, 2), (5, 1)),
        gap=draws.choice((1, 2), (2, 1)),
        bounds_first=draws.chance(0.45),
        constraint_list=draws.chance(0.5),
    )


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def imports(code: str, draws: Draws) -> str:
    """The import lines that a code text needs."""
    lines = []
    if re.search(r"\bmath\.", code):
        lines.append("import math")
    bare = sorted(set(re.findall(rf"(?<![\w.])({FUNCTION_NAMES})\b(?!\s*=)", _without_comments(code))))
    if bare:
        lines.append("from math import *" if draws.chance(0.2) else f"from math import {', '.join(bare)}")
    if re.search(r"\bnp\.", code):
        lines.append("import numpy as np")
    return "\n".join(lines)


def _without_comments(code: str) -> str:
    return re.sub(r'""".*?"""|#[^\n]*', "", code, flags=re.DOTALL)


def bounds_block(
    lower: Sequence[float], upper: Sequence[float], max_evals: int, style: Style, draws: Draws
) -> str:
    """LOWER, UPPER and MAX_EVALS, in one of the forms people use."""
    floats = draws.chance(0.6)
    dim = len(lower)
    count = style.dim_name if style.dim_name and not style.dim_local else str(dim)
    same = len(set(lower)) == 1 and len(set(upper)) == 1
    texts = [number_list(values, floats, runs=dim > 4 or draws.chance(0.5)) for values in (lower, upper)]
    if same and draws.chance(0.7):
        values = [signed(v[0], floats) for v in (lower, upper)]
        forms = ["[{0}] * {1}", "[{0}] * {1}", "[{0} for _ in range({1})]"]
        if style.notation.library == "np.":
            forms += ["np.full({1}, {0})", "{0} * np.ones({1})"]
        form = draws.choice(forms)
        texts = [form.format(value, count) for value in values]
    elif style.notation.library == "np." and draws.chance(0.25):
        texts = [f"np.array({text})" for text in texts]
    comment = (
        draws.choice(("bounds", "search space", "box constraints", "variable limits"))
        if style.comments
        else ""
    )
    lines = [f"# {comment}"] if comment and draws.chance(0.6) else []
    lines += [f"LOWER = {texts[0]}", f"UPPER = {texts[1]}"]
    limits = ((signed(a, floats), signed(b, floats)) for a, b in zip(lower, upper, strict=True))
    pairs = f"BOUNDS = [{', '.join(f'({a}, {b})' for a, b in limits)}]"
    if dim <= 8 and not same and draws.chance(0.3):
        lines[-2:] = [pairs, "LOWER = [b[0] for b in BOUNDS]", "UPPER = [b[1] for b in BOUNDS]"]
    budget = f"{max_evals:_}" if draws.chance(0.1) else str(max_evals)
    note = (
        draws.choice(("  # budget", "  # evaluations we can afford", "  # function evaluations"))
        if style.comments == 2
        else ""
    )
    line = f"MAX_EVALS = {budget}{note}"
    return "\n".join([line, *lines] if draws.chance(0.2) else [*lines, line])
