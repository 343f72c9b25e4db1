"""Patterns whose data live in an object: a class, a dataclass, a closure, a dictionary."""

from __future__ import annotations

from collections.abc import Sequence

from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.declared import declared_variables
from llamoco.dataset_builder.prompts.python.blocks import Blocks
from llamoco.dataset_builder.prompts.python.declarations import declaration_lines
from llamoco.dataset_builder.prompts.python.layout import assemble
from llamoco.dataset_builder.prompts.python.numbers import number_list
from llamoco.dataset_builder.prompts.python.style import Mode, draw_style

_MODES: tuple[Mode, ...] = ("vector", "loop", "generator")


def class_methods(problem: Problem, rng: PortableRng) -> str:
    """A class whose methods are bound to the names of the contract."""
    blocks, _ = _kept(problem, rng, "self.{}")
    step = " " * blocks.style.indent
    name = rng.choice(("Problem", "Model", "Design", "Task", "Benchmark"))
    lines = [f"class {name}:"]
    if blocks.style.docstrings:
        lines += [
            f'{step}"""{rng.choice(("Objective and constraints.", "The problem.", "Design task."))}"""',
            "",
        ]
    setup = blocks.constant_lines()
    if setup:
        lines += [f"{step}def __init__(self):", *(step * 2 + line for line in setup), ""]
    lines += _methods(blocks, step)
    instance = rng.choice(("problem", "model", "task", "instance"))
    bound = [f"{instance} = {name}()", *_bindings(blocks, instance)]
    return assemble(problem, blocks, ["\n".join(lines).rstrip(), "\n".join(bound)], constants=False)


def dataclass_fields(problem: Problem, rng: PortableRng) -> str:
    """A dataclass with bounds, budget and data as fields."""
    blocks, keys = _kept(problem, rng, "self.{}")
    step = " " * blocks.style.indent
    name = rng.choice(("Problem", "Spec", "Instance", "Setup"))
    variables = declared_variables(problem)
    start = variables.start
    fields = [
        f"lower: tuple = tuple({_listed(variables.lower)})",
        f"upper: tuple = tuple({_listed(variables.upper)})",
        f"max_evals: int = {problem.max_evals}",
        *([f"start: tuple = tuple({_listed(start)})"] if start is not None else []),
        *(f"{keys[d]}: list = field(default_factory=lambda: {text})" for d, text in blocks.data()),
    ]
    lines = ["@dataclass", f"class {name}:", *(step + line for line in rng.shuffled(fields)), ""]
    computed = blocks.constant_lines(data=False)
    if computed:
        lines += [f"{step}def __post_init__(self):", *(step * 2 + line for line in computed), ""]
    lines += _methods(blocks, step)
    instance = rng.choice(("problem", "spec", "prob", "instance"))
    limits = f"LOWER, UPPER, MAX_EVALS = {instance}.lower, {instance}.upper, {instance}.max_evals"
    more = [f"X0 = {instance}.start"] if start is not None else []
    more += declaration_lines(variables, blocks.style, rng, start=False)
    bound = [f"{instance} = {name}()", limits, *more, *_bindings(blocks, instance)]
    parts = ["\n".join(lines).rstrip(), "\n".join(bound)]
    return assemble(problem, blocks, parts, constants=False, bounds="")


def closures(problem: Problem, rng: PortableRng) -> str:
    """A function that makes the functions, with the data in its scope."""
    style = draw_style(problem.system, rng, rng.choice(_MODES, (2, 1, 2)))
    blocks = Blocks(problem.system, style, rng, titles(problem))
    step = " " * style.indent
    maker = rng.choice(("make_problem", "build", "setup", "create", "define_problem"))
    names = ["objective", *(name for name, _ in blocks.constraints())]
    lines = [f"def {maker}():", *(step + line for line in blocks.constant_lines())]
    for function in (blocks.objective({}), *blocks.constraint_functions()):
        lines += ["", *(step + line for line in function.split("\n"))]
    if len(lines) > 1 and not lines[1]:
        del lines[1]
    lines += ["", f"{step}return {', '.join(names)}"]
    bound = f"{', '.join(names)} = {maker}()"
    return assemble(problem, blocks, ["\n".join(lines), bound], constants=False)


def configuration(problem: Problem, rng: PortableRng) -> str:
    """A dictionary with bounds, budget and data, read by the functions."""
    place = rng.choice(("cfg", "CONFIG", "P", "params_", "data"))
    blocks, keys = _kept(problem, rng, f'{place}["{{}}"]')
    variables = declared_variables(problem)
    start = variables.start
    entries = [
        f'"lower": {_listed(variables.lower)}',
        f'"upper": {_listed(variables.upper)}',
        f'"max_evals": {problem.max_evals}',
        *([f'"start": {_listed(start)}'] if start is not None else []),
        *(f'"{keys[d]}": {text}' for d, text in blocks.data()),
    ]
    dictionary = f"{place} = {{\n" + "".join(f"    {entry},\n" for entry in rng.shuffled(entries)) + "}"
    limits = [f'{name} = {place}["{name.lower()}"]' for name in ("LOWER", "UPPER", "MAX_EVALS")]
    limits += [f'X0 = {place}["start"]'] if start is not None else []
    limits += declaration_lines(variables, blocks.style, rng, start=False)
    head = "\n".join([dictionary, *blocks.constant_lines(data=False), *limits])
    functions = [blocks.objective({}), *blocks.constraint_functions()]
    return assemble(problem, blocks, [head, *functions], constants=False, bounds="")


def titles(problem: Problem) -> dict[str, str]:
    """Names of the basic functions, or of the family, by the scalar that holds them."""
    if problem.definition.get("form") == "family":
        return {"f1": problem.definition["family"]}
    return {f"f{k}": component["function"] for k, component in enumerate(problem.definition["components"], 1)}


def _kept(problem: Problem, rng: PortableRng, place: str) -> tuple[Blocks, dict[str, str]]:
    """Blocks whose data are kept in an object, and the keys of the data by name."""
    # Loops over data of an object make long texts: only where there is little to write.
    weights = (2, 1, 1) if len(problem.system.definitions) <= 6 else (2, 0, 1)
    style = draw_style(problem.system, rng, rng.choice(_MODES, weights))
    changing = problem.system.depends_on_x()
    constant = [d.name for d in problem.system.definitions if not changing[d.name]]
    keys = {name: style.notation.names[name] for name in constant}
    blocks = Blocks(problem.system, style.kept_in(place, constant), rng, titles(problem), "self" in place)
    return blocks, keys


def _methods(blocks: Blocks, step: str) -> list[str]:
    lines = []
    for method in (blocks.objective({}), *blocks.constraint_functions()):
        lines += [*(step + line for line in method.split("\n")), ""]
    return lines


def _bindings(blocks: Blocks, instance: str) -> list[str]:
    """The methods under the names of the contract."""
    names = ("objective", *(name for name, _ in blocks.constraints()))
    return [f"{name} = {instance}.{name}" for name in names]


def _listed(values: Sequence[float]) -> str:
    return number_list(values, floats=True)
