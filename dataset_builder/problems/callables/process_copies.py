"""Copies of a person's functions that take ``Traced`` numbers and leave the originals' state alone.

The copy sees traced modules (``math.sin`` takes traced numbers there), prints nothing, and rebinds its own global names. Lists,
dictionaries, sets and arrays that it refers to are copied one level deep, so that a history of calls does not get a call that
nobody made. Side effects outside (files, other processes, objects within objects) happen once.
"""

from __future__ import annotations

import cmath
import collections
import copy
import functools
import math
import sys
import sysconfig
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.profiling.traced_modules import modules, namespace

LARGEST_COPY = 1_000_000  # entries
_CONTAINERS = (list, dict, set, bytearray, collections.deque, collections.Counter, collections.defaultdict)
_FUNCTIONS = (types.FunctionType, types.MethodType, functools.partial)
_METHODS = (types.FunctionType, staticmethod, classmethod, property)
_INSTALLED = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")} - {None}
)


def traced_copy(function: Callable[..., Any]) -> Callable[..., Any]:
    """A copy of a function, method, partial or object with ``__call__``; compiled functions are returned as they are."""
    copied: Callable[..., Any] = _Copies().of(function)
    return copied


class _Copies:
    """Copies of one function and of all that it refers to; each object is copied once."""

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}
        self._kept: list[Any] = []  # so that no number in ``_made`` is given to another object
        self._builtins = {**namespace()["__builtins__"], "print": _silent}

    def of(self, value: Any) -> Any:
        """The counterpart of a value in the copy."""
        if id(value) in self._made:
            return self._made[id(value)]
        self._kept.append(value)
        if isinstance(value, types.ModuleType):
            return self._note(value, _module(value))
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if isinstance(value, types.MethodType):
            return types.MethodType(self.of(value.__func__), self.of(value.__self__))
        if isinstance(value, functools.partial):
            return functools.partial(self.of(value.func), *value.args, **value.keywords)
        if isinstance(value, types.BuiltinFunctionType | np.ufunc):
            return _counterpart(value)
        if type(value) in _CONTAINERS or type(value) is np.ndarray:
            return self._container(value)
        if isinstance(value, type):
            # A metaclass, or a class that is told of its subclasses, would notice.
            told = any("__init_subclass__" in vars(base) for base in value.__mro__ if base is not object)
            return self._class(value) if type(value) is type and _is_own(value) and not told else value
        if _is_own(type(value)) and hasattr(value, "__dict__"):
            return self._instance(value)
        return value

    def _container(self, value: Any) -> Any:
        """A copy one level deep, with copies of the functions in it."""
        if not _small(value):
            return self._note(value, value)
        made = self._note(value, copy.copy(value))
        if isinstance(made, dict):
            for key, held in value.items():
                if isinstance(held, _FUNCTIONS):
                    made[key] = self.of(held)
        elif isinstance(made, list):
            made[:] = [self.of(held) if isinstance(held, _FUNCTIONS) else held for held in value]
        return made

    def _note(self, value: Any, made: Any) -> Any:
        self._made[id(value)] = made
        return made

    def _function(self, function: types.FunctionType) -> Any:
        counterpart = _counterpart(function)
        if counterpart is not function or not _is_own(function):
            return self._note(function, counterpart)
        code, outer = function.__code__, self._globals(function.__globals__)
        cells = tuple(types.CellType() for _ in function.__closure__ or ())
        made = types.FunctionType(code, outer, function.__name__, None, cells)
        self._note(function, made)  # before what it refers to, which may refer to it
        made.__kwdefaults__ = function.__kwdefaults__ and {
            name: self.of(value) for name, value in function.__kwdefaults__.items()
        }
        made.__defaults__ = function.__defaults__ and tuple(map(self.of, function.__defaults__))
        for cell, original in zip(cells, function.__closure__ or (), strict=True):
            try:
                cell.cell_contents = self.of(original.cell_contents)
            except ValueError:  # not bound yet
                continue
        for name in set(_names(code)) & set(function.__globals__):
            if outer[name] is function.__globals__[name]:
                outer[name] = self.of(function.__globals__[name])
        return made

    def _globals(self, names: dict[str, Any]) -> dict[str, Any]:
        if id(names) not in self._made:
            self._kept.append(names)
            self._made[id(names)] = {**names, "__builtins__": self._builtins}
        outer: dict[str, Any] = self._made[id(names)]
        return outer

    def _instance(self, value: Any) -> Any:
        """A shallow copy of an object of a person's own class, whose methods are copies."""
        try:
            made = self._note(value, copy.copy(value))
            for name, held in list(vars(made).items()):
                vars(made)[name] = self.of(held)
            made.__class__ = self.of(type(value))
        except Exception:  # an object that cannot be copied so: it is followed as it is
            return self._note(value, value)
        return made

    def _class(self, value: type) -> Any:
        """A subclass of a person's own class, whose methods are copies."""
        methods: dict[str, Any] = {}
        try:
            made = self._note(value, types.new_class(value.__name__, (value,)))
            for base in reversed(value.__mro__):
                if _is_own(base):
                    methods |= {name: held for name, held in vars(base).items() if isinstance(held, _METHODS)}
            for name, held in methods.items():
                setattr(made, name, self._method(held))
        except Exception:  # one that cannot have subclasses
            return self._note(value, value)
        return made

    def _method(self, held: Any) -> Any:
        if isinstance(held, staticmethod | classmethod):
            return type(held)(self.of(held.__func__))
        if isinstance(held, property):
            return property(held.fget and self.of(held.fget), held.fset, held.fdel)
        return self.of(held)


def _silent(*_: Any, **__: Any) -> None:
    """``print`` in the copy."""


def _module(module: types.ModuleType) -> types.ModuleType:
    """The traced counterpart of a module, or the module itself."""
    name = module.__name__
    if name in modules():
        return modules()[name]
    if name.split(".")[0] == "scipy":
        found: types.ModuleType = namespace()["__builtins__"]["__import__"](name, fromlist=("_",))
        return found
    return module


def _counterpart(function: Any) -> Any:
    """The traced counterpart of a function that was imported from a module, as by ``from math import sin``."""
    name = getattr(function, "__name__", "")
    for module in (math, cmath, np, np.linalg):
        if getattr(module, name, None) is function:
            return getattr(modules()[module.__name__], name)
    home = getattr(function, "__module__", None) or ""
    if home.split(".")[0] == "scipy" and "._" not in home and home in sys.modules:
        return getattr(_module(sys.modules[home]), name, function)
    return function


def _is_own(thing: Any) -> bool:
    """True for a person's own function or class, False for one of an installed package."""
    if isinstance(thing, types.FunctionType):
        return not thing.__code__.co_filename.startswith(_INSTALLED)
    module = sys.modules.get(thing.__module__)
    if module is None or thing.__module__ == "builtins":
        return thing.__module__ not in (None, "builtins") and "." not in str(thing.__module__)
    file = getattr(module, "__file__", None)
    return thing.__module__ == "__main__" if file is None else not str(file).startswith(_INSTALLED)


def _small(value: Any) -> bool:
    return np.size(value) <= LARGEST_COPY if isinstance(value, np.ndarray) else len(value) <= LARGEST_COPY


def _names(code: types.CodeType) -> Iterator[str]:
    """Global names that code may read, including functions within it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)
