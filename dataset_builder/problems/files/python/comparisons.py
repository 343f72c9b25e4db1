"""Hints for constraints that return comparisons instead of numbers."""

from __future__ import annotations

import ast


def boolean_hint(tree: ast.Module, name: str) -> str:
    """A rewriting of the first comparison that a function of the file returns, for the end of a message; "" if there is none.

    ``return x[0] >= 1`` becomes ``; for `x[0] >= 1` return `1 - x[0]```.
    """
    for node in _returned(tree, name):
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            left, right = node.left, node.comparators[0]
            if isinstance(node.ops[0], ast.Gt | ast.GtE):
                left, right = right, left
            elif not isinstance(node.ops[0], ast.Lt | ast.LtE | ast.Eq):
                continue
            rewritten = _difference(left, right)
            where = ""
            if isinstance(node.ops[0], ast.Eq) and name == "inequality":
                where = " from equality(x)"
            return f"; for `{ast.unparse(node)}` return `{rewritten}`{where}"
    return ""


def _difference(left: ast.expr, right: ast.expr) -> str:
    """``left - right``; what is 0 is left out."""
    if isinstance(right, ast.Constant) and right.value in (0, 0.0):
        return ast.unparse(left)
    if isinstance(left, ast.Constant) and left.value in (0, 0.0):
        return ast.unparse(ast.UnaryOp(ast.USub(), right))
    return ast.unparse(ast.BinOp(left, ast.Sub(), right))


def _returned(tree: ast.Module, name: str) -> list[ast.expr]:
    """Expressions that a function of the module returns, entries of sequences one by one."""
    values: list[ast.expr] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            values += [part.value for part in ast.walk(node) if isinstance(part, ast.Return) and part.value]
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            targets = [target.id for target in node.targets if isinstance(target, ast.Name)]
            values += [node.value.body] if name in targets else []
    entries: list[ast.expr] = []
    while values:
        value = values.pop(0)
        if isinstance(value, ast.Call) and len(value.args) == 1:  # float(..), np.array([..]), np.all(..)
            values.insert(0, value.args[0])
        elif isinstance(value, ast.List | ast.Tuple):
            values[:0] = value.elts
        elif isinstance(value, ast.IfExp):
            values[:0] = [value.body, value.orelse]
        else:
            entries.append(value)
    return entries
