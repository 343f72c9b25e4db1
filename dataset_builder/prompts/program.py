"""Programs: the complete script around a completion.

A program is the problem section (a person's own code, unchanged), the completion (byte for byte) and a main
guard. The three share one module, so names may clash: a completion's constant ``F`` would replace a problem's
own ``F``. If they do, the problem section is kept as text and runs as a module of its own; so it does if it
reads its ``__name__``, since it is not the main program.
"""

from __future__ import annotations

import ast
import re
import symtable
from functools import lru_cache
from typing import NamedTuple

from llamoco.dataset_builder.problems.adaptation import Adaptation
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.python.unread_names import READ
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.completion import parse_completion
from llamoco.dataset_builder.prompts.guard import Probed, guard
from llamoco.dataset_builder.prompts.program_text import MAX_PROGRAM, clean_text, symbol_table, syntax_tree
from llamoco.dataset_builder.prompts.python.patterns import problem_section

CONTRACT = ("objective", "inequality", "equality", "LOWER", "UPPER", "MAX_EVALS")
ADAPTED_CONTRACT = (*CONTRACT, "evaluate", "constraints", "ARGS")  # that a program may have to adapt
FILE_NAMES = frozenset(
    {*READ, *ADAPTED_CONTRACT, "bounds", "BOUNDS"}
)  # that mean something in a problem file
PLAIN_IMPORT = re.compile(r"(from [\w.]+ )?import \w[\w., ]*")

ISOLATED = """\
import sys
import types

# This problem would share names with the solver below, so it runs as a module of its own.
llamoco_source = {source}

llamoco_problem = types.ModuleType("llamoco_problem")
llamoco_problem.__file__ = globals().get("__file__", "problem.py")
sys.modules["llamoco_problem"] = llamoco_problem
exec(compile(llamoco_source, "problem", "exec"), llamoco_problem.__dict__)
"""


def problem_section_of(problem: Problem) -> str:
    """Problem section of a problem that was read from a file (see ``problem_section_of_text``)."""
    return problem_section_of_text(problem.language, problem.description, problem.id, problem.ignores_prose)


def problem_section_of_text(language: str, description: str, name: str, ignore_prose: bool = False) -> str:
    """Problem section of a description: a person's own Python, or LaTeX translated by the reader.

    Args:
        language: "python" or "latex".
        description: the problem FILE.
        name: for messages.
        ignore_prose: whether prose that may restrict the problem is left out rather than refused.

    Raises:
        ProblemError: if the LaTeX cannot be read.
    """
    if language == "python":
        return clean_text(description)
    # A tenth of a second, for LaTeX alone.
    from llamoco.dataset_builder.problems.files.latex_evaluator import as_stated
    from llamoco.dataset_builder.problems.files.latex_file import read_latex

    latex = as_stated(read_latex(description, name, ignore_prose))
    assert latex.max_evals is not None
    return problem_section(
        latex.system,
        latex.lower,
        latex.upper,
        latex.max_evals,
        latex.x0,
        latex.integer,
        latex.maximize,
        latex.step,
    )


def program_of(problem: Problem, completion: str, probed: Probed | None = None) -> str:
    """Program for a problem that was read from a file (see ``assemble_program``)."""
    return assemble_program(problem_section_of(problem), completion, problem.adaptation, probed)


def assemble_program(
    problem_section: str,
    completion: str,
    adaptation: Adaptation | None = None,
    probed: Probed | None = None,
) -> str:
    """Assemble a complete script: problem section, completion, main guard. It runs alone; a seed may be its argument.

    Args:
        problem_section: Python that defines a problem (see ``python_file``); it is not changed.
        completion: defines ``optimize``; only a byte order mark is removed. It need not be valid Python.
        adaptation, probed: see ``guard``.

    Raises:
        ProblemError: if the problem section is no valid Python.
    """
    problem_section, completion = clean_text(problem_section), clean_text(completion)
    problem = _names(problem_section, None)
    if problem is None:
        raise ProblemError("the problem section is not valid Python")
    isolated = _clash(problem, completion, adaptation)
    prefix = "llamoco_problem." if isolated else ""
    bound = problem.bound
    contract = CONTRACT if adaptation is None else ADAPTED_CONTRACT
    main = guard({name: prefix + name if name in bound else "None" for name in contract}, adaptation, probed)
    start = problem_section
    if isolated:
        # The problem is stated under its usual names, too, for whoever imports the program.
        names = [name for name in contract if name in bound]
        stated = "".join(f"{name} = llamoco_problem.{name}\n" for name in names)
        start = ISOLATED.replace("{source}", _literal(problem_section)) + stated
    return f"{start}\n\n{completion}\n\n{main}"


class _Names(NamedTuple):
    """Module-level names of a piece of code: those it binds, those it binds or reads, those it imports."""

    bound: frozenset[str]
    touched: frozenset[str]
    imports: dict[str, str]


def _clash(problem: _Names, completion: str, adaptation: Adaptation | None) -> bool:
    """True if names of the problem section and of the rest clash in one module."""
    if "*" in problem.imports or problem.touched & {"__name__", "globals", "exec", "eval"}:
        return True
    main = _known_names(guard(dict.fromkeys(ADAPTED_CONTRACT, "None"), adaptation))
    assert main is not None
    if problem.bound & (main.touched | main.bound):
        return True
    # Without the decision line, which has no names: few texts answer many problems.
    decision, body, _ = parse_completion(completion)
    solver = _known_names(body)
    if solver is None:
        return False  # the program cannot run anyway
    if not decision and solver.bound & FILE_NAMES:
        return True  # nothing else would tell whoever reads the program as a file where the problem ends
    same = {name for name, source in problem.imports.items() if solver.imports.get(name) == source}
    return bool((problem.bound & solver.touched | solver.bound & problem.touched) - same)


def _names(code: str, most: int | None = MAX_PROGRAM) -> _Names | None:
    """The names of a piece of code; None if it is no Python, or has more than ``most`` characters."""
    table, imports = symbol_table(code, most), _imports(code, most)
    if table is None or imports is None:
        return None
    imported = {s.get_name() for s in table.get_symbols() if s.is_imported()}
    bound = imported | {s.get_name() for s in table.get_symbols() if s.is_assigned()}
    touched = set(table.get_identifiers())
    for scope in _scopes(table):
        if isinstance(scope, symtable.Function):
            names = set(scope.get_globals())
        else:
            names = {s.get_name() for s in scope.get_symbols() if s.is_global()}
        declared = [s for s in map(scope.lookup, names) if s.is_declared_global() and s.is_assigned()]
        touched |= names
        bound |= {s.get_name() for s in declared}
    kept = {name: source for name, source in imports.items() if name in imported or name == "*"}
    return _Names(frozenset(bound), frozenset(touched), kept)


_known_names = lru_cache(maxsize=512)(_names)


def _scopes(table: symtable.SymbolTable) -> list[symtable.SymbolTable]:
    """All scopes within a scope."""
    scopes = list(table.get_children())
    for scope in scopes:  # it grows meanwhile
        scopes += scope.get_children()
    return scopes


def _imports(code: str, most: int | None) -> dict[str, str] | None:
    """Source of each name that an import binds; ``*`` where everything of a module is imported. None as ``_names``."""
    lines = [line.strip() for line in code.split("\n") if "import" in line]
    if len(lines) == code.count("import") and all(map(PLAIN_IMPORT.fullmatch, lines)):
        code = "\n".join(lines)  # nothing else imports, so the rest need not be parsed
    tree = syntax_tree(code, most)
    if tree is None:
        return None
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                package = alias.name.split(".")[0]
                found[alias.asname or package] = alias.name if alias.asname else package
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: f"{node.module}:{alias.name}" for alias in node.names}
    return found


def _literal(text: str) -> str:
    """A text as a readable Python literal."""
    if not text.endswith("\n"):
        text += "\n"
    for quotes in ("'''", '"""'):
        if quotes not in text:
            return f"r{quotes}\n{text}{quotes}"
    return "(\n" + "".join(f"    {line!r}\n" for line in text.splitlines(keepends=True)) + ")"
