"""Writing patterns of problem files in Python. Each gives a valid file that states exactly the problem.

``PATTERNS`` lists them; ``problem_section`` is the one plain text into which a LaTeX description is turned.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import SymbolicProblem
from llamoco.dataset_builder.prompts.declared import declared_variables
from llamoco.dataset_builder.prompts.pattern import Pattern
from llamoco.dataset_builder.prompts.python.blocks import Blocks
from llamoco.dataset_builder.prompts.python.declarations import declaration_lines
from llamoco.dataset_builder.prompts.python.expressions import Notation
from llamoco.dataset_builder.prompts.python.forms import accumulated, scipy_constraints, term_list, transforms
from llamoco.dataset_builder.prompts.python.layout import assemble
from llamoco.dataset_builder.prompts.python.numbers import number_list, signed
from llamoco.dataset_builder.prompts.python.objects import (
    class_methods,
    closures,
    configuration,
    dataclass_fields,
    titles,
)
from llamoco.dataset_builder.prompts.python.style import RESERVED, Mode, PythonStyle, draw_style
from llamoco.dataset_builder.prompts.unrolling import unroll

EXPANDED_DIM = 6  # up to here people write a formula variable by variable
EXPANDED_LENGTH = 1700  # characters


def vectorised(problem: Problem, rng: PortableRng) -> str:
    """NumPy over whole arrays, everything in one function."""
    return _flat(problem, rng, "vector", inner=rng.choice(("sum", "method"), (3, 1)))


def matrix(problem: Problem, rng: PortableRng) -> str:
    """NumPy in the language of linear algebra: inner products by @, np.dot or np.einsum."""
    return _flat(problem, rng, "vector", inner=rng.choice(("@", "dot", "einsum")))


def loops(problem: Problem, rng: PortableRng) -> str:
    """For loops, accumulators and the math module."""
    return _flat(problem, rng, "loop")


def while_loops(problem: Problem, rng: PortableRng) -> str:
    """While loops with counters, as people from other languages write them."""
    style = draw_style(problem.system, rng, "loop").written(whiles=True, elements=False)
    blocks = Blocks(problem.system, style, rng, titles(problem))
    objective = blocks.objective({})
    if len(problem.system.definitions) + len(problem.system.inequalities) > 8:  # or it becomes too long
        blocks = Blocks(problem.system, style.written(mode="generator"), rng, titles(problem))
    return assemble(problem, blocks, [objective, *blocks.constraint_functions()])


def steps(problem: Problem, rng: PortableRng) -> str:
    """One function that adds term after term, with comments."""
    style = draw_style(problem.system, rng, rng.choice(("vector", "generator", "loop"), (2, 2, 1)))
    style = replace(style, comments=rng.choice((1, 2)))
    blocks = Blocks(problem.system, style, rng, titles(problem))
    return assemble(problem, blocks, [accumulated(blocks), *blocks.constraint_functions()])


def documented(problem: Problem, rng: PortableRng) -> str:
    """Docstrings, type hints and a module docstring, as in a package."""
    style = draw_style(problem.system, rng, rng.choice(("vector", "generator"), (2, 1)))
    tone = rng.choice(("academic", style.tone))
    style = replace(style, docstrings=True, hints=True, tone=tone, indent=4, gap=2)
    blocks = Blocks(problem.system, style, rng, titles(problem))
    helpers, calls = blocks.component_functions() if rng.chance(0.3) else ([], {})
    names = ", ".join(name.replace("_", " ") for name in titles(problem).values())
    kinds = ", ".join(f"{len(e)} {n} constraint{'s' * (len(e) > 1)}" for n, e in blocks.constraints())
    heading = rng.choice(
        (
            f"Minimise a function of {problem.dim} variables",
            f"Benchmark function ({names}), D = {problem.dim}",
            f"{problem.dim}-dimensional design problem",
        )
    )
    doc = f'"""{heading}{f" under {kinds}" if kinds else ""}."""\n'
    return doc + assemble(
        problem, blocks, [*helpers, blocks.objective(calls), *blocks.constraint_functions()]
    )


def comprehensions(problem: Problem, rng: PortableRng) -> str:
    """Comprehensions, and a lambda for each component and constraint function."""
    blocks = Blocks(problem.system, draw_style(problem.system, rng, "generator"), rng, titles(problem))
    helpers, calls = blocks.basic_functions(as_lambda=True)
    parts = [("\n".join(helpers))] if helpers else []
    return assemble(problem, blocks, [*parts, blocks.objective(calls), *blocks.constraint_lambdas()])


def lambdas(problem: Problem, rng: PortableRng) -> str:
    """Lambdas all the way: for the shifted variables, the components, the objective and the constraints."""
    return _lambdas(problem, rng, draw_style(problem.system, rng, rng.choice(("generator", "vector"))))


def functional(problem: Problem, rng: PortableRng) -> str:
    """Map, lambda and reduce."""
    style = draw_style(problem.system, rng, "generator").written(functional=True, elements=True)
    return _lambdas(problem, rng, style)


def helper_functions(problem: Problem, rng: PortableRng) -> str:
    """A named function for each component, in any way of summing; perhaps a list of them with weights."""
    mode: Mode = rng.choice(("vector", "loop", "generator"), (3, 1, 2))
    blocks = Blocks(problem.system, draw_style(problem.system, rng, mode), rng, titles(problem))
    whole = rng.chance(0.5)
    helpers, calls = blocks.component_functions() if whole else blocks.basic_functions(as_lambda=False)
    listed = term_list(blocks, calls) if whole and len(calls) > 1 and rng.chance(0.5) else None
    return assemble(
        problem, blocks, [*helpers, listed or blocks.objective(calls), *blocks.constraint_functions()]
    )


def scipy_style(problem: Problem, rng: PortableRng) -> str:
    """As for scipy.optimize: pairs of bounds, dictionaries of constraints with inequalities >= 0."""
    style = draw_style(problem.system, rng, rng.choice(("vector", "generator"), (2, 1)))
    blocks = Blocks(problem.system, style, rng, titles(problem))
    floats = rng.chance(0.4)
    variables = declared_variables(problem)
    limits = [
        f"({signed(a, floats)}, {signed(b, floats)})"
        for a, b in zip(variables.lower, variables.upper, strict=True)
    ]
    listed = f"[{limits[0]}] * {problem.dim}" if len(set(limits)) == 1 else f"[{', '.join(limits)}]"
    split = rng.choice(
        (
            ["LOWER, UPPER = zip(*bounds)"],
            ["LOWER = [b[0] for b in bounds]", "UPPER = [b[1] for b in bounds]"],
            ["LOWER, UPPER = [lo for lo, _ in bounds], [hi for _, hi in bounds]"],
        )
    )
    declared = declaration_lines(variables, style, rng)
    bounds = "\n".join([f"bounds = {listed}", *split, *declared, f"MAX_EVALS = {problem.max_evals}"])
    return assemble(problem, blocks, [blocks.objective({}), *scipy_constraints(blocks)], bounds=bounds)


def explicit(problem: Problem, rng: PortableRng) -> str:
    """Formulas variable by variable, as out of a computer algebra system; sums where there are many."""
    if problem.dim <= EXPANDED_DIM:
        system = unroll(problem.system, EXPANDED_DIM)
        style = draw_style(system, rng, "generator")
        names = set(style.notation.names.values())
        template = rng.choice(("x{}", "x_{}", "p{}", "v{}"))
        if not names & {template.format(k) for k in range(1, problem.dim + 1)}:
            entries = {"x": template} if rng.chance(0.8) else {}
            style = replace(style.written(entries=entries), dim_name="", dim_local=False)
            blocks = Blocks(system, style, rng, titles(problem))
            text = assemble(problem, blocks, [blocks.objective({}), *blocks.constraint_functions()])
            if len(text) <= EXPANDED_LENGTH:
                return text
    return _flat(problem, rng, "generator", elements=rng.chance(0.3))


def dense(problem: Problem, rng: PortableRng) -> str:
    """As few lines as possible, no spaces, no comments."""
    style = replace(
        draw_style(problem.system, rng, "generator").written(times="*", power="**"),
        comments=0,
        docstrings=False,
        hints=False,
        gap=0,
        constraint_list=False,
    )
    blocks = Blocks(problem.system, style, rng, titles(problem))
    texts = []
    for function in (blocks.objective({}), *blocks.constraint_lambdas()):
        first, *lines = function.split("\n")
        texts.append(first + (" " if lines else "") + "; ".join(line.strip() for line in lines))
    text = assemble(problem, blocks, texts)
    return re.sub(r"(?<=[\w)\]]) ([-+*/=]) (?=[\w(\[-])|, ", lambda m: m[1] or ",", text)


PATTERNS: tuple[Pattern, ...] = (
    Pattern("python_vectorised", "python", False, vectorised),
    Pattern("python_matrix", "python", False, matrix),
    Pattern("python_loops", "python", False, loops),
    Pattern("python_while", "python", False, while_loops),
    Pattern("python_steps", "python", False, steps),
    Pattern("python_documented", "python", False, documented),
    Pattern("python_comprehensions", "python", False, comprehensions),
    Pattern("python_lambdas", "python", False, lambdas),
    Pattern("python_helpers", "python", False, helper_functions),
    Pattern("python_scipy", "python", False, scipy_style),
    Pattern("python_explicit", "python", False, explicit),
    Pattern("python_dense", "python", False, dense),
    Pattern("python_dataclass", "python", False, dataclass_fields),
    Pattern("python_closures", "python", False, closures),
    Pattern("python_configuration", "python", False, configuration),
    Pattern("python_class", "python", True, class_methods),
    Pattern("python_functional", "python", True, functional),
)


def problem_section(
    system: SymbolicProblem,
    lower: Sequence[float],
    upper: Sequence[float],
    max_evals: int,
    x0: Sequence[float] | None = None,
    integer: Sequence[int] = (),
    maximize: bool = False,
    steps: Sequence[float] = (),
) -> str:
    """Plain Python file of a symbolic problem: vectorised NumPy, the problem's own names.

    Args:
        system: the problem; its objective in the sign that it is to have in the text.
        lower, upper: bounds, infinite where there is none.
        max_evals: the evaluation budget.
        x0: the starting point; None for none.
        integer: places (0-based) of variables that are whole numbers.
        maximize: whether the objective is to be maximised.
        steps: steps (D,) of the variables, 0 where there is none; empty for none.
    """
    taken = {*RESERVED, *dir(builtins), "n", "x"}
    names = {"x": "x"} | {d.name: f"{d.name}_" if d.name in taken else d.name for d in system.definitions}
    style = PythonStyle(
        notation=Notation("vector", "np.", names, sizes={"x": "n"}),
        x="x",
        dim_name="n",
        dim_local=True,
        comments=0,
        tone="plain",
        hints=False,
        docstrings=False,
        indent=4,
        gap=2,
        bounds_first=True,
        constraint_list=True,
    )
    blocks = Blocks(system, style, PortableRng("problem_section"))
    bounds = [f"{name} = {_limits(v)}" for name, v in (("LOWER", lower), ("UPPER", upper))]
    bounds += [f"X0 = {number_list(x0, True)}"] if x0 is not None else []
    bounds += [f"INTEGER = {[*integer]}"] if integer else []
    bounds += [f"STEP = {number_list(steps, False)}"] if any(steps) else []
    bounds += ["MAXIMIZE = True"] if maximize else []
    parts = [
        "import numpy as np",
        "\n".join([*bounds, f"MAX_EVALS = {max_evals}"]),
        "\n".join(blocks.constant_lines()),
    ]
    head = "\n\n".join(part for part in parts if part)
    return "\n\n\n".join([head, blocks.objective({}), *blocks.constraint_functions()]) + "\n"


def _limits(values: Sequence[float]) -> str:
    """A list of bounds, None where one is infinite."""
    if all(abs(v) < float("inf") for v in values):
        return number_list(values, True)
    return f"[{', '.join('None' if abs(v) == float('inf') else signed(v, True) for v in values)}]"


def _flat(problem: Problem, rng: PortableRng, mode: Mode, **notation: Any) -> str:
    """Everything in the functions of the contract."""
    style = draw_style(problem.system, rng, mode).written(**notation)
    blocks = Blocks(problem.system, style, rng, titles(problem))
    functions = [blocks.objective({}), *blocks.constraint_functions()]
    return assemble(problem, blocks, rng.shuffled(functions) if rng.chance(0.2) else functions)


def _lambdas(problem: Problem, rng: PortableRng, style: PythonStyle) -> str:
    """Functions of functions; a plain objective where a component sees more than one vector."""
    blocks = Blocks(problem.system, replace(style, hints=False), rng, titles(problem))
    helpers, calls = blocks.basic_functions(as_lambda=True)
    if len(calls) < len(blocks.components()):
        return assemble(problem, blocks, [*helpers, blocks.objective(calls), *blocks.constraint_lambdas()])
    moved, calls = transforms(blocks, calls)
    parts = [*moved, *helpers, blocks.objective_lambda(calls), *blocks.constraint_lambdas()]
    joined = "\n".join(parts) if rng.chance(0.5) else ("\n" * (style.gap + 1)).join(parts)
    return assemble(problem, blocks, [joined])
