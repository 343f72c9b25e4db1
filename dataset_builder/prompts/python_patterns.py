"""Ways in which people write a problem FILE in Python. Each gives a valid FILE that means just the problem.

``PATTERNS`` lists them; ``problem_section`` is the one plain text into which a LaTeX description is turned.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence

from llamoco.dataset_builder.problems.draws import Draws
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.system import System
from llamoco.dataset_builder.prompts.pattern import Pattern
from llamoco.dataset_builder.prompts.python_blocks import Blocks
from llamoco.dataset_builder.prompts.python_expressions import Notation
from llamoco.dataset_builder.prompts.python_numbers import number_list
from llamoco.dataset_builder.prompts.python_style import (
    RESERVED,
    Mode,
    Style,
    bounds_block,
    draw_style,
    imports,
)


def vectorised(problem: Problem, draws: Draws) -> str:
    """NumPy over whole arrays, everything in one function."""
    return _flat(problem, draws, "vector")


def loops(problem: Problem, draws: Draws) -> str:
    """For loops, accumulators and the math module."""
    return _flat(problem, draws, "loop")


def comprehensions(problem: Problem, draws: Draws) -> str:
    """Comprehensions, and a lambda for each component and constraint function."""
    style = draw_style(problem.system, draws, "generator")
    blocks = Blocks(problem.system, style, draws, _titles(problem))
    helpers, calls = blocks.basic_functions(as_lambda=True)
    parts = [("\n".join(helpers))] if helpers else []
    return _file(problem, blocks, [*parts, blocks.objective(calls), *blocks.constraint_lambdas()])


def helper_functions(problem: Problem, draws: Draws) -> str:
    """A named function for each component, in any way of summing."""
    mode: Mode = draws.choice(("vector", "loop", "generator"), (3, 1, 2))
    blocks = Blocks(problem.system, draw_style(problem.system, draws, mode), draws, _titles(problem))
    helpers, calls = (
        blocks.basic_functions(as_lambda=False) if draws.chance(0.5) else blocks.component_functions()
    )
    return _file(problem, blocks, [*helpers, blocks.objective(calls), *blocks.constraint_functions()])


def class_methods(problem: Problem, draws: Draws) -> str:
    """A class whose methods are bound to the names of the contract."""
    mode: Mode = draws.choice(("vector", "loop", "generator"), (2, 1, 1))
    style = draw_style(problem.system, draws, mode)
    changing = problem.system.depends_on_x()
    style = style.with_prefix("self.", [d.name for d in problem.system.definitions if not changing[d.name]])
    blocks = Blocks(problem.system, style, draws, _titles(problem), method=True)
    step = " " * style.indent
    name = draws.choice(("Problem", "Model", "Design", "Task", "Benchmark"))
    lines = [f"class {name}:"]
    if style.docstrings:
        lines += [
            f'{step}"""{draws.choice(("Objective and constraints.", "The problem.", "Design task."))}"""',
            "",
        ]
    setup = blocks.constant_lines()
    if setup:
        lines += [f"{step}def __init__(self):", *(step * 2 + line for line in setup), ""]
    for method in (blocks.objective({}), *blocks.constraint_functions()):
        lines += [*(step + line for line in method.split("\n")), ""]
    instance = draws.choice(("problem", "model", "task", "instance"))
    bound = [f"{instance} = {name}()"]
    bound += [f"{f} = {instance}.{f}" for f in ("objective", *(f for f, _ in blocks.constraints()))]
    return _file(problem, blocks, ["\n".join(lines).rstrip(), "\n".join(bound)], constants=False)


PATTERNS: tuple[Pattern, ...] = (
    Pattern("python_vectorised", "python", False, vectorised),
    Pattern("python_loops", "python", False, loops),
    Pattern("python_comprehensions", "python", False, comprehensions),
    Pattern("python_helpers", "python", False, helper_functions),
    Pattern("python_class", "python", True, class_methods),
)


def problem_section(system: System, lower: Sequence[float], upper: Sequence[float], max_evals: int) -> str:
    """The plain Python FILE of a problem in symbols: vectorised NumPy, the system's own names."""
    taken = {*RESERVED, *dir(builtins), "n", "x"}
    names = {"x": "x"} | {d.name: f"{d.name}_" if d.name in taken else d.name for d in system.definitions}
    style = Style(
        notation=Notation("vector", "np.", names, sizes={"x": "n"}),
        x="x",
        dim_name="n",
        dim_local=True,
        comments=0,
        docstrings=False,
        indent=4,
        gap=2,
        bounds_first=True,
        constraint_list=True,
    )
    blocks = Blocks(system, style, Draws("problem_section"))
    bounds = [f"{name} = {number_list(v, True)}" for name, v in (("LOWER", lower), ("UPPER", upper))]
    parts = [
        "import numpy as np",
        "\n".join([*bounds, f"MAX_EVALS = {max_evals}"]),
        "\n".join(blocks.constant_lines()),
    ]
    head = "\n\n".join(part for part in parts if part)
    return "\n\n\n".join([head, blocks.objective({}), *blocks.constraint_functions()]) + "\n"


def _flat(problem: Problem, draws: Draws, mode: Mode) -> str:
    blocks = Blocks(problem.system, draw_style(problem.system, draws, mode), draws, _titles(problem))
    functions = [blocks.objective({}), *blocks.constraint_functions()]
    return _file(problem, blocks, draws.shuffled(functions) if draws.chance(0.2) else functions)


def _titles(problem: Problem) -> dict[str, str]:
    """Names of the basic functions by the scalar that holds them."""
    return {f"f{k}": component["function"] for k, component in enumerate(problem.definition["components"], 1)}


def _file(problem: Problem, blocks: Blocks, parts: list[str], constants: bool = True) -> str:
    """The parts in one person's order, with bounds, budget and imports."""
    style, draws = blocks.style, blocks.draws
    bounds = bounds_block(problem.lower, problem.upper, problem.max_evals, style, draws)
    setup = "\n".join(blocks.constant_lines()) if constants else ""
    dim = f"{style.dim_name} = {problem.dim}" if style.dim_name and not style.dim_local else ""
    first = "\n".join(part for part in (dim, bounds if style.bounds_first else "") if part)
    ordered = [first, setup, *parts, "" if style.bounds_first else bounds]
    gap = "\n" * (style.gap + 1)
    body = gap.join(part for part in ordered if part)
    titles = (
        "optimisation problem",
        "minimise objective(x)",
        "problem definition",
        f"{problem.dim} variables",
    )
    header = f"# {draws.choice(titles)}" if style.comments and draws.chance(0.5) else ""
    needed = imports(body, draws)
    head = "\n".join(part for part in (header, needed) if part)
    return (f"{head}\n\n{body}" if head else body) + "\n"
