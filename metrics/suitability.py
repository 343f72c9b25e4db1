"""Suitability (r_acc): whether a program's optimizer can serve the problem's type.

Programs are hostile: every walk here is a loop over the nodes of a syntax tree, each of which is looked at a few times.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from llamoco.dataset_builder.optimizers.pool import POOL, identify
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.program_text import clean_text, syntax_tree

# Calls that look at a function and do not use it.
_LOOKS = frozenset(
    {"bool", "callable", "getattr", "hasattr", "id", "isinstance", "len", "print", "repr", "str", "type"}
)
# Methods of a dict of keyword arguments that fetch something from it.
_FETCHES = frozenset({"copy", "get", "items", "keys", "pop", "setdefault", "values"})

_Sequence = ast.Tuple | ast.List
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Loop = ast.For | ast.AsyncFor | ast.comprehension
_Binding = ast.AnnAssign | ast.AugAssign | ast.NamedExpr


def serves(program: str, problem: Problem) -> bool:
    """Whether the program's optimizer can serve the problem.

    Known code (a completion whose bytes, after the decision line, are the pool's) serves what the pool says. Other
    code, whole scripts among it, has to define ``optimize`` at module level, and that has to take the constraint
    functions that the problem has and call them or hand them on (see ``uses``). A text that does not parse, or is too
    long to be read, serves nothing.

    It is a necessary condition, read from the text: an optimizer may call the constraints and ignore their values,
    which AOCC and Perf show.
    """
    program = clean_text(program)
    known = identify(program.partition("\n")[2] if program.startswith("#") else program)
    if known is not None:
        return POOL[known[0]].handles(problem.constrained)
    tree = syntax_tree(program)
    if tree is None:
        return False
    kinds = (("inequality", problem.n_inequality), ("equality", problem.n_equality))
    optimize = _function(tree, "optimize")
    return optimize is not None and all(uses(optimize, name) for name, count in kinds if count)


def uses(function: _Function, name: str) -> bool:
    """Whether a function calls the argument that it gets under a name, or hands it on to other code.

    Handing on is passing it to a call that does more than look at it, or keeping it in an attribute of an object; the
    names that it is bound to on the way are followed. Comparing it with None, testing, printing or deleting it is no
    use; nor is a mention in a comment, a string or after the function's last statement. Calls that are never reached
    are not told from others.
    """
    keywords = None if function.args.kwarg is None else function.args.kwarg.arg
    if name in {parameter.arg for parameter in function.args.args + function.args.kwonlyargs}:
        start = name
    elif keywords is not None:
        start = keywords
    else:
        return False
    return _Flow(name, keywords).of(function).reaches((None, start), _USE)


def _function(tree: ast.Module, name: str) -> _Function | None:
    """The function that a module calls by a name, directly or as another name of it; the last one counts."""
    last: dict[str, ast.FunctionDef | ast.expr] = {}
    for statement in _at_module_level(tree.body):
        if isinstance(statement, ast.FunctionDef):
            last[statement.name] = statement
        elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda | ast.Name):
            last |= dict.fromkeys(_names(statement.targets), statement.value)
    followed: set[str] = set()
    while name not in followed:
        followed.add(name)
        found = last.get(name)
        if not isinstance(found, ast.Name):
            return found if isinstance(found, ast.FunctionDef | ast.Lambda) else None
        name = found.id
    return None


def _at_module_level(statements: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements, and those within conditions, ``try`` and ``with``, in the order of the text."""
    waiting = list(reversed(statements))
    while waiting:
        statement = waiting.pop()
        yield statement
        if isinstance(statement, ast.If | ast.Try | ast.With):
            inner = [node for node in ast.iter_child_nodes(statement) if isinstance(node, ast.stmt)]
            waiting += reversed(inner)


# What a value may reach: a name (the inner function that has it as a parameter, or None, and the name), the value of
# a part of the text, or its use.
_Place = tuple[ast.AST | None, str] | ast.AST | None
_USE = ast.Pass()


class _Scope:
    """An inner function, whose parameters hide the names around it."""

    def __init__(self, function: _Function, around: _Scope | None) -> None:
        self._function = function
        self._around = around
        self._own = _parameters(function)
        self._known: dict[str, _Place] = {}

    def place(self, name: str) -> _Place:
        """The place of a name's value, seen from within."""
        if name not in self._known:
            scope: _Scope | None = self
            while scope is not None and name not in scope._own:
                scope = scope._around
            self._known[name] = (None if scope is None else scope._function, name)
        return self._known[name]


class _Visit(NamedTuple):
    """A node on the walk, the innermost inner function around it, and the place its value reaches (None: nowhere)."""

    node: ast.AST
    scope: _Scope | None
    place: _Place = None


class _Flow:
    """Flow of an argument: a graph from names, and values of parts of the text, to the places they reach.

    Args:
        name: the argument.
        keywords: the function's other arguments by name (``**keywords``), among which it may be.
    """

    def __init__(self, name: str, keywords: str | None) -> None:
        self._name = name
        self._keywords = keywords
        self._edges: dict[_Place, set[_Place]] = {}

    def of(self, function: _Function) -> _Flow:
        """Add the statements of a function, up to where it returns for certain or rebinds the name."""
        for node in self._live(function):
            self._walk(_Visit(node, None))
        return self

    def reaches(self, start: _Place, end: _Place) -> bool:
        """Whether what is at one place may come to another."""
        reached, waiting = {start}, [start]
        while waiting:
            place = waiting.pop()
            if place is end:
                return True
            new = self._edges.get(place, set()) - reached
            reached |= new
            waiting += new
        return False

    def _live(self, function: _Function) -> list[ast.AST]:
        if isinstance(function, ast.Lambda):
            return [function.body]
        live: list[ast.AST] = []
        for statement in function.body:
            live.append(statement)
            gone = isinstance(statement, ast.Delete) and self._name in _names(statement.targets)
            if isinstance(statement, ast.Assign) and self._name in _names(statement.targets):
                flow = _Flow(self._name, self._keywords)
                flow._walk(_Visit(statement.value, None, statement))
                gone = not flow.reaches((None, self._name), statement)
            if gone or isinstance(statement, ast.Return | ast.Raise):
                break
        return live

    def _walk(self, first: _Visit) -> None:
        waiting = [first]
        while waiting:
            visit = waiting.pop()
            if visit.place is not None:
                if isinstance(visit.node, ast.Name):
                    self._edge(_place(visit.node.id, visit.scope), visit.place)
                elif visit.node in self._edges:  # its value is bound to names, too
                    self._edge(visit.node, visit.place)
            if visit.node in self._edges:
                visit = visit._replace(place=visit.node)
                if isinstance(visit.node, ast.Name):
                    self._edge(_place(visit.node.id, visit.scope), visit.node)
            waiting += self._parts(visit)

    def _parts(self, visit: _Visit) -> Iterator[_Visit]:
        """The parts of a node, and what their values reach; names that the node binds are noted."""
        node, scope, place = visit
        if isinstance(node, _Function):
            inner = _Scope(node, scope)
            arguments = node.args
            positional = [*arguments.posonlyargs, *arguments.args]
            defaults = [*zip(reversed(positional), reversed(arguments.defaults), strict=False)]
            by_name = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            for parameter, default in (*defaults, *by_name):
                if default is not None:
                    yield _Visit(default, scope, (node, parameter.arg))
            if isinstance(node, ast.Lambda):
                yield _Visit(node.body, inner, place)
            else:
                yield from (_Visit(statement, inner) for statement in node.body)
                yield from (_Visit(decorator, scope) for decorator in node.decorator_list)
            return
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._bind(target, node.value, scope)
                if isinstance(target, ast.Attribute):
                    self._edge(node.value, _USE)
        elif isinstance(node, _Binding) and node.value is not None:
            self._bind(node.target, node.value, scope)
        elif isinstance(node, _Loop):
            self._bind(node.target, node.iter, scope)
        elif isinstance(node, ast.Call) and not _looks(node):
            fetched = isinstance(node.func, ast.Attribute) and node.func.attr in _FETCHES
            if not fetched:
                yield _Visit(node.func, scope, _USE)
            elif not self._fetches_another(node):
                yield _Visit(node.func, scope, place)
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            yield from (_Visit(argument, scope, _USE) for argument in given)
            return
        elif isinstance(node, ast.IfExp):
            yield _Visit(node.test, scope)
            yield from (_Visit(branch, scope, place) for branch in (node.body, node.orelse))
            return
        elif isinstance(node, ast.Compare | ast.JoinedStr | ast.UnaryOp | ast.Call) or self._fetches_another(
            node
        ):
            place = None
        yield from (_Visit(part, scope, place) for part in ast.iter_child_nodes(node))

    def _bind(self, target: ast.AST, value: ast.AST, scope: _Scope | None) -> None:
        """Note that a value goes to the names in a target, part by part where both are sequences."""
        pairs = [(target, value)]
        while pairs:
            target, value = pairs.pop()
            if (
                isinstance(target, _Sequence)
                and isinstance(value, _Sequence)
                and len(target.elts) == len(value.elts)
            ):
                pairs += zip(target.elts, value.elts, strict=True)
            else:
                for name in _names([target]):
                    self._edge(value, _place(name, scope))

    def _edge(self, start: _Place, end: _Place) -> None:
        self._edges.setdefault(start, set()).add(end)

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
        return bool(source == self._keywords and key != self._name)


def _place(name: str, scope: _Scope | None) -> _Place:
    return (None, name) if scope is None else scope.place(name)


def _names(targets: Sequence[ast.AST]) -> set[str]:
    """The names in targets of an assignment."""
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}


def _parameters(function: _Function) -> set[str]:
    arguments = function.args
    return {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}


def _looks(value: ast.AST) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in _LOOKS
