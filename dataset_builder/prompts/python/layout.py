"""Layout of a problem file in Python: imports, constants, bounds and budget, functions, in a drawn order."""

from __future__ import annotations

import re

from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.comments import draw_comment
from llamoco.dataset_builder.prompts.declared import DeclaredVariables, declared_variables
from llamoco.dataset_builder.prompts.python.blocks import Blocks
from llamoco.dataset_builder.prompts.python.declarations import declaration_lines
from llamoco.dataset_builder.prompts.python.numbers import number_list, signed
from llamoco.dataset_builder.prompts.python.style import PythonStyle

_FUNCTIONS = "sin|cos|tan|exp|log|sqrt|pi|tanh|floor|atan|asin|acos|sinh|cosh|prod"
_BARE = re.compile(rf"(?<![\w.])({_FUNCTIONS})\b(?!\s*=)")
_WORDS = re.compile(r'""".*?"""|#[^\n]*', re.DOTALL)


def assemble(
    problem: Problem, blocks: Blocks, parts: list[str], constants: bool = True, bounds: str | None = None
) -> str:
    """Assemble the parts in one person's order, with bounds, budget and imports.

    Args:
        problem: the problem.
        blocks: what wrote the parts.
        parts: functions and what else there is.
        constants: whether definitions that do not change with x stand in front.
        bounds: bounds and budget, if they are not to be written here.
    """
    style, rng = blocks.style, blocks.rng
    if bounds is None:
        bounds = bounds_block(declared_variables(problem), problem.max_evals, style, rng)
    setup = "\n".join(blocks.constant_lines()) if constants else ""
    if setup and style.comments == 2:
        setup = f"# {draw_comment(rng, style.tone, 'constants')}\n{setup}"
    dim = f"{style.dim_name} = {problem.dim}" if style.dim_name and not style.dim_local else ""
    first = "\n".join(part for part in (dim, bounds if style.bounds_first else "") if part)
    ordered = [first, setup, *parts, "" if style.bounds_first else bounds]
    gap = "\n" * (style.gap + 1)
    body = gap.join(part for part in ordered if part)
    header = ""
    if style.comments and rng.chance(0.5):
        header = f"# {draw_comment(rng, style.tone, 'title', dim=problem.dim)}"
    head = "\n".join(part for part in (header, imports(body, rng)) if part)
    return (f"{head}\n\n{body}" if head else body) + "\n"


def imports(code: str, rng: PortableRng) -> str:
    """The import lines that a code text needs."""
    lines = []
    if re.search(r"\bmath\.", code):
        lines.append("import math")
    bare = sorted(set(_BARE.findall(_WORDS.sub("", code))))
    if bare:
        lines.append("from math import *" if rng.chance(0.2) else f"from math import {', '.join(bare)}")
    for module, names in (("dataclasses", ("dataclass", "field")), ("functools", ("partial", "reduce"))):
        used = [name for name in names if re.search(rf"\b{name}\(|@{name}\b", code)]
        if used:
            lines.append(f"from {module} import {', '.join(used)}")
    if re.search(r"\bnp\.", code):
        lines.append("import numpy as np")
    return "\n".join(lines)


def bounds_block(variables: DeclaredVariables, max_evals: int, style: PythonStyle, rng: PortableRng) -> str:
    """LOWER, UPPER, MAX_EVALS and what else is declared, in one of the forms people use."""
    lower, upper = variables.lower, variables.upper
    floats = rng.chance(0.6)
    dim = len(lower)
    count = style.dim_name if style.dim_name and not style.dim_local else str(dim)
    same = len(set(lower)) == 1 and len(set(upper)) == 1
    texts = [number_list(values, floats, runs=dim > 4 or rng.chance(0.5)) for values in (lower, upper)]
    if same and rng.chance(0.7):
        values = [signed(v[0], floats) for v in (lower, upper)]
        forms = ["[{0}] * {1}", "[{0}] * {1}", "[{0} for _ in range({1})]"]
        if style.notation.library == "np.":
            forms += ["np.full({1}, {0})", "{0} * np.ones({1})"]
        form = rng.choice(forms)
        texts = [form.format(value, count) for value in values]
    elif style.notation.library == "np." and rng.chance(0.25):
        texts = [f"np.array({text})" for text in texts]
    comment = style.comments and rng.chance(0.6)
    lines = [f"# {draw_comment(rng, style.tone, 'bounds')}"] if comment else []
    lines += [f"LOWER = {texts[0]}", f"UPPER = {texts[1]}"]
    limits = ((signed(a, floats), signed(b, floats)) for a, b in zip(lower, upper, strict=True))
    pairs = f"BOUNDS = [{', '.join(f'({a}, {b})' for a, b in limits)}]"
    if dim <= 8 and not same and rng.chance(0.3):
        lines[-2:] = [pairs, "LOWER = [b[0] for b in BOUNDS]", "UPPER = [b[1] for b in BOUNDS]"]
    budget = f"{max_evals:_}" if rng.chance(0.1) else str(max_evals)
    note = f"  # {draw_comment(rng, style.tone, 'budget')}" if style.comments == 2 else ""
    line = f"MAX_EVALS = {budget}{note}"
    lines += declaration_lines(variables, style, rng)
    return "\n".join([line, *lines] if rng.chance(0.2) else [*lines, line])
