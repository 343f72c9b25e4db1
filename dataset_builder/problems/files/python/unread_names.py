"""Names of a problem file that look like part of the problem but are not read.

A file may define ``constraints`` as scipy takes them, beside the contract's names, and expect them to hold. Whether a name is
read is a matter of the text: which names each module-level statement binds or changes, and which it mentions.
"""

from __future__ import annotations

import ast
import difflib
import numbers
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

READ = (
    "objective",
    "inequality",
    "equality",
    "LOWER",
    "UPPER",
    "MAX_EVALS",
    "X0",
    "MAXIMIZE",
    "INTEGER",
    "STEP",
    "TIME_LIMIT",
    "TOLERANCE",
    "ARGS",
)
FUNCTIONS = ("objective", "inequality", "equality", "evaluate")
MOST_CHARACTERS = 40  # of a name that is looked at
# Where these are called, a text does not tell what is read.
_UNTRACEABLE = {"globals", "vars", "locals", "eval", "exec", "__dict__"}

_WORD = r"(?:(?:in)?eq(?:uality|ualities|s)?|(?:in)?equal|ineqs?|inequalities|nonlinear|nonlin|linear|all|my|the|problem|feasibility)"
_CONSTRAINTS = re.compile(
    rf"\w*constraint\w*|[ab]_?(?:ub|eq|ineq)|(?:{_WORD}_?)*(?:cons|constrs?|constr_?fun|cstrs?|restrictions?)(?:_?(?:{_WORD}|fun|func|list|dict|\d+))*"
    rf"|(?:in)?eq(?:ual)?(?:uality|ualities|s)?(?:_?(?:fun|func|con|\d+))*|ineqs?(?:_?(?:fun|func|con|\d+))*"
)
_CALLED_CONSTRAINTS = re.compile(
    r"(?:g|h|c|con|ineq|eq)_?\d*|(?:g|h)_?(?:fun|func)|constraint_?\w*|is_?(?:feasible|valid)|feasible"
)
_BOUNDS = re.compile(
    r"(?:var|variable|x|my|opt)?_?(?:bounds?|bnds?|bds)(?:_?\d+)?|[lu]bs?|x[lu]|(?:lower|upper)(?:_?(?:bounds?|limits?))?"
    r"|search_?(?:space|domain|range)|domain|box|lims|limits|varbound"
)
_START = re.compile(
    r"x_?0s?|p_?0|x_?(?:init|initial|start)|init(?:ial)?_?(?:guess|point|x|solution|values?)|start(?:ing)?_?(?:point|x)|guess"
)
_WISHES = {
    re.compile(r"maximi[sz]e|is_?maximi[sz]ation|sense|direction|goal"): (
        "the objective is minimised; to maximise it, set MAXIMIZE = True"
    ),
    re.compile(r"integers?|integer_?variables|integrality|int_?vars|vartypes?|variable_?types"): (
        "variables are continuous, except those whose indices INTEGER = [...] lists"
    ),
    re.compile(
        r"step|steps|step_?sizes?"
    ): "variables are continuous, except those with a step in STEP = [...]",
    re.compile(
        r"time_?limit|max_?time|timeout"
    ): "to end the search after this many seconds, call it TIME_LIMIT",
    re.compile(
        r"tol|tolerance|ftol|f_tol|epsilon"
    ): "to end the search once the objective improves by less, call it TOLERANCE",
    re.compile(r"args|arguments|params"): "to pass it to the functions after x, call it ARGS",
}
_MISSPELT = {"inequality": "i", "equality": "e"}


def unread_names(
    tree: ast.Module, lines: dict[str, int], values: dict[str, Any], taken: Iterable[str] = ()
) -> list[str]:
    """Warnings about names that nothing reads, a sentence or two each.

    Args:
        tree: the file, parsed.
        lines: on which line each name of the module is bound.
        values: the names of the module, after it ran.
        taken: names that are read beside those that always are (``evaluate``, ``bounds``, ``constraints``).
    """
    needs = _needs(tree)
    if needs is None:
        return []
    read = {*READ, *taken}
    unread = set(lines) & set(values) - _reached(needs, read) - _imported(tree) - read
    found = []
    for name in sorted(unread, key=lambda name: (lines[name], name)):
        said = _what(name, values[name], _reached(needs, [name]))
        if said is not None:
            found.append(f"`{name}` (line {lines[name]}) {said}")
    return found


def read_by_the_contract(tree: ast.Module, name: str) -> bool | None:
    """Whether a function that defines the problem reads a name; None if the text does not tell."""
    needs = _needs(tree)
    return None if needs is None else name in _reached(needs, FUNCTIONS)


def _what(name: str, value: Any, made_of: set[str]) -> str | None:
    """Warning about an unread name; None if it looks harmless or restates the contract's names."""
    low = name.lower().strip("_")
    if value is None or isinstance(value, type) or len(low) > MOST_CHARACTERS:
        return None
    is_function = callable(value)
    is_number = isinstance(value, str | bytes | numbers.Number)
    if (_CONSTRAINTS.fullmatch(low) and not is_number) or (
        is_function and _CALLED_CONSTRAINTS.fullmatch(low)
    ):
        if made_of & {"inequality", "equality"}:
            return None
        return (
            "looks like a constraint, but nothing that defines the problem reads it, so it is not enforced: "
            f"constraints are what inequality(x) (<= 0) and equality(x) (= 0) return{_sign(value)}"
        )
    if is_function:
        near = difflib.get_close_matches(low, _MISSPELT, 1, 0.8)
        if near and low.startswith(_MISSPELT[near[0]]):
            return f"is not read: it looks like {near[0]}(x), so call it that if it is a constraint"
        return None
    if _BOUNDS.fullmatch(low):
        if made_of & {"LOWER", "UPPER"}:
            return None
        return "looks like bounds, but nothing that defines the problem reads it: bounds are LOWER and UPPER"
    if _START.fullmatch(low):
        return "looks like a starting point, but nothing that defines the problem reads it: call it X0, and it is evaluated first"
    for wish, cure in _WISHES.items():
        if wish.fullmatch(low):
            return f"is not read: {cure}"
    return None


def _sign(value: Any) -> str:
    """Hint for values that are constraints of scipy."""
    entries = value if isinstance(value, list | tuple) else [value]
    if any(isinstance(entry, dict) and "fun" in entry for entry in entries) or any(
        type(entry).__name__ in ("NonlinearConstraint", "LinearConstraint") for entry in entries
    ):
        return ", or what scipy takes (an 'ineq' function must be >= 0) under the name constraints"
    return ""


def _needs(tree: ast.Module) -> dict[str, set[str]] | None:
    """Which names each name of the module depends on; None if the text does not tell."""
    if any(name in _UNTRACEABLE for node in ast.walk(tree) for name in _mentioned_of(node)):
        return None
    needs: dict[str, set[str]] = defaultdict(set)
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    unchanged = _imported(tree)  # ``np.set_printoptions(..)`` makes no name depend on others
    for targets, sources in _statements(tree.body, frozenset(), functions):
        for target in targets - unchanged:
            needs[target] |= sources
    return needs


def _reached(needs: dict[str, set[str]], names: Iterable[str]) -> set[str]:
    """All that names depend on, themselves included."""
    reached: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in reached:
            reached.add(name)
            pending.extend(needs.get(name, ()))
    return reached


def _statements(
    body: list[ast.stmt], control: frozenset[str], functions: set[str]
) -> Iterator[tuple[set[str], set[str]]]:
    """Of each simple statement the names that it binds or changes, and those it mentions or is governed by.

    What is handed to a function of the file as a statement of its own (``add(0, 1)``) may be what that function depends on.
    """
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            outer = {name for part in ast.walk(node) if isinstance(part, ast.Global) for name in part.names}
            parts = [part for part in ast.walk(node) if not isinstance(part, ast.Name)]
            outer |= {name for part in parts for name in _changed(part)}
            yield {node.name} | outer, {node.name} | _mentioned(node) | control
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            called = node.value.func
            if isinstance(called, ast.Name) and called.id in functions:
                yield {called.id}, _mentioned(node) | control
        blocks = [getattr(node, field, []) for field in ("body", "orelse", "finalbody")]
        cases = [*getattr(node, "handlers", []), *getattr(node, "cases", [])]
        if not any(blocks) and not cases:
            yield {name for part in ast.walk(node) for name in _changed(part)}, _mentioned(node) | control
            continue
        heads = [
            getattr(node, field) for field in ("test", "iter", "target", "subject") if hasattr(node, field)
        ]
        heads += [
            part
            for item in getattr(node, "items", [])
            for part in (item.context_expr, item.optional_vars)
            if part
        ]
        names = {name for head in heads for name in _mentioned(head)}
        bound = {name for head in heads for part in ast.walk(head) for name in _changed(part)}
        yield bound, names | control
        within = control | names | bound
        for block in (*blocks, *(case.body for case in cases)):
            yield from _statements(block, within, functions)


def _changed(node: ast.AST) -> Iterator[str]:
    """Names that a node binds, or whose objects it changes: an assignment, ``LOWER.append(0)``, ``LOWER[0] = 0``."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
        yield node.id
    elif isinstance(node, ast.alias):
        yield (node.asname or node.name).split(".")[0]
    elif (isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del)) or (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node := node.value.func, ast.Attribute)
    ):
        base: ast.AST = node
        while isinstance(base, ast.Attribute | ast.Subscript):
            base = base.value
        if isinstance(base, ast.Name):
            yield base.id


def _mentioned(node: ast.AST) -> set[str]:
    return {name for part in ast.walk(node) for name in _mentioned_of(part)}


def _mentioned_of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute) and node.attr == "__dict__":
        yield node.attr


def _imported(tree: ast.Module) -> set[str]:
    """Names that are bound by an import."""
    return {
        (alias.asname or alias.name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
