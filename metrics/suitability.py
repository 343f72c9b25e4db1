"""r_acc: can the optimizer that a program contains serve the type of the problem?"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from llamoco.dataset_builder.optimizers.pool import POOL, identify
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.program_text import syntax_tree

MAX_STEPS = 20  # from name to name, so that no text takes long

# Calls that look at a function and do not use it.
_LOOKS = frozenset(
    {"bool", "callable", "getattr", "hasattr", "id", "isinstance", "len", "print", "repr", "str", "type"}
)
# Methods of a dict of keyword arguments that fetch something from it.
_FETCHES = frozenset({"copy", "get", "items", "keys", "pop", "setdefault", "values"})

_Sequence = ast.Tuple | ast.List
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def serves(program: str, problem: Problem) -> bool:
    """Whether the program's optimizer can serve the problem.

    Known code (a completion whose bytes, after the decision line, are the pool's) serves what the pool says. Other
    code, whole scripts among it, has to define ``optimize`` at module level, and that has to take the constraint
    functions that the problem has and call them or hand them on (see ``uses``). A text that does not parse serves
    nothing.

    It is a necessary condition, read from the text: an optimizer may call the constraints and ignore their values,
    which A3 and Perf show.
    """
    known = identify(program.partition("\n")[2] if program.startswith("#") else program)
    if known is not None:
        return POOL[known[0]].handles(problem.constrained)
    tree = syntax_tree(program)
    if tree is None:
        return False
    kinds = (("inequality", problem.n_inequality), ("equality", problem.n_equality))
    try:
        optimize = _function(tree, "optimize")
        return optimize is not None and all(uses(optimize, name) for name, count in kinds if count)
    except RecursionError:
        return False


def uses(function: _Function, name: str) -> bool:
    """Whether a function calls the argument that it gets under a name, or hands it on to other code.

    The argument is followed through assignments, containers, loops and inner functions of the function. To compare
    it with None, test, print or delete it is no use; nor is a mention in a comment, a string or after the
    function's last statement. Calls that are never reached are not told from others.
    """
    flow = _Flow(name, None if function.args.kwarg is None else function.args.kwarg.arg)
    if name in {parameter.arg for parameter in function.args.args + function.args.kwonlyargs}:
        carriers = {name}
    elif flow.keywords is not None:
        carriers = {flow.keywords}
    else:
        return False
    body = _live(function, flow)
    for _ in range(MAX_STEPS):
        nodes = [pair for part in body for pair in flow.nodes(part, carriers)]
        if any(flow.is_use(node, names) for node, names in nodes):
            return True
        found = {target for node, names in nodes for target in flow.bound(node, names)}
        if found <= carriers:
            break
        carriers |= found
    return False


def _function(tree: ast.Module, name: str) -> _Function | None:
    """The function that a module calls by a name, directly or as another name of it; the last one counts."""
    for statement in reversed(list(_at_module_level(tree.body))):
        if isinstance(statement, ast.FunctionDef) and statement.name == name:
            return statement
        if isinstance(statement, ast.Assign) and name in _names(statement.targets):
            if isinstance(statement.value, ast.Lambda):
                return statement.value
            if isinstance(statement.value, ast.Name) and statement.value.id != name:
                return _function(tree, statement.value.id)
    return None


def _at_module_level(statements: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in statements:
        yield statement
        if isinstance(statement, ast.If | ast.Try | ast.With):
            inner = [node for node in ast.iter_child_nodes(statement) if isinstance(node, ast.stmt)]
            yield from _at_module_level(inner)


def _live(function: _Function, flow: _Flow) -> list[ast.AST]:
    """The body up to where it returns for certain, or gives the name away."""
    if isinstance(function, ast.Lambda):
        return [function.body]
    live: list[ast.AST] = []
    for statement in function.body:
        live.append(statement)
        gone = isinstance(statement, ast.Delete) and flow.name in _names(statement.targets)
        if isinstance(statement, ast.Assign) and flow.name in _names(statement.targets):
            gone = not flow.carries(statement.value, {flow.name})
        if gone or isinstance(statement, ast.Return | ast.Raise):
            break
    return live


class _Flow(NamedTuple):
    """Where an argument goes: ``name``, of a function whose other arguments by name are in ``keywords``.

    Carriers are names of what may be, or contain, the argument.
    """

    name: str
    keywords: str | None

    def nodes(self, node: ast.AST, carriers: set[str]) -> Iterator[tuple[ast.AST, set[str]]]:
        """The nodes of a tree, each with the carriers that it sees: a parameter of an inner function hides one."""
        yield node, carriers
        if isinstance(node, _Function):
            carriers = carriers - _parameters(node) | set(self.bound(node, carriers))
        for child in ast.iter_child_nodes(node):
            yield from self.nodes(child, carriers)

    def is_use(self, node: ast.AST, carriers: set[str]) -> bool:
        """Whether a node calls the argument, hands it on, or keeps it in an object."""
        if isinstance(node, ast.Assign):
            kept = any(isinstance(target, ast.Attribute) for target in node.targets)
            return kept and self.carries(node.value, carriers)
        if not isinstance(node, ast.Call) or _looks(node):
            return False
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        if any(self.carries(argument, carriers) for argument in given):
            return True
        fetched = isinstance(node.func, ast.Attribute) and node.func.attr in _FETCHES
        return not fetched and self.carries(node.func, carriers)

    def carries(self, value: ast.AST, carriers: set[str]) -> bool:
        """Whether the value of an expression may be, or contain, the argument."""
        if isinstance(value, ast.Name):
            return value.id in carriers
        if isinstance(value, ast.Compare | ast.JoinedStr | ast.UnaryOp) or _looks(value):
            return False
        if self._fetches_another(value):
            return False
        parts = ast.iter_child_nodes(value)
        if isinstance(value, ast.IfExp):
            parts = iter((value.body, value.orelse))
        elif isinstance(value, ast.Lambda):
            carriers = carriers - _parameters(value)
        return any(self.carries(part, carriers) for part in parts)

    def bound(self, node: ast.AST, carriers: set[str]) -> Iterator[str]:
        """The names that a node binds to what carries the argument."""
        pairs: list[tuple[ast.AST, ast.AST | None]] = []
        if isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr):
            pairs = [(node.target, node.value)]
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            pairs = [(node.target, node.iter)]
        elif isinstance(node, _Function):
            arguments = node.args
            positional = [*arguments.posonlyargs, *arguments.args]
            defaults = [*zip(reversed(positional), reversed(arguments.defaults), strict=False)]
            by_name = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            for parameter, default in (*defaults, *by_name):
                if default is not None and self.carries(default, carriers):
                    yield parameter.arg
        while pairs:
            target, value = pairs.pop()
            if (
                isinstance(target, _Sequence)
                and isinstance(value, _Sequence)
                and len(target.elts) == len(value.elts)
            ):
                pairs += zip(target.elts, value.elts, strict=True)
            elif value is not None and self.carries(value, carriers):
                yield from _names([target])

    def _fetches_another(self, value: ast.AST) -> bool:
        """Whether an expression is the function's keyword argument of another name."""
        match value:
            case ast.Subscript(value=ast.Name(id=source), slice=ast.Constant(value=key)):
                pass
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=source), attr=method), args=[ast.Constant(value=key), *_]
            ) if method in _FETCHES:
                pass
            case _:
                return False
        return bool(source == self.keywords and key != self.name)


def _names(targets: Sequence[ast.AST]) -> set[str]:
    """The names in targets of an assignment."""
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}


def _parameters(function: _Function) -> set[str]:
    arguments = function.args
    return {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}


def _looks(value: ast.AST) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in _LOOKS
