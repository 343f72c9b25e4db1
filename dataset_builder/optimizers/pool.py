"""Texts of the pool's optimizers (``catalogue.POOL``): render a configuration into one, identify one, load one.

Every optimizer's file in this folder is an answer: imports, constants one a line (``POP_SIZE = 20``), then
``optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None) -> x``. A configuration
is a dict of those constants' values. ``render`` writes one into the text, ``identify`` reads it back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib import resources
from itertools import product
from types import CodeType
from typing import Literal

import numpy as np

from llamoco.dataset_builder.optimizers.catalogue import POOL, Config, Optimizer, Value

__all__ = [
    "POOL",
    "Config",
    "OptimizeFunction",
    "Optimizer",
    "Value",
    "check_serves",
    "configurations",
    "identify",
    "optimizer_function",
    "pool_for",
    "render",
    "source",
]

OptimizeFunction = Callable[..., np.ndarray]

_CONSTANT = re.compile(r"^([A-Z][A-Z0-9_]*) = (.+)$", re.MULTILINE)


def pool_for(constrained: bool, pool: Literal["default", "paper", "all"] = "default") -> list[Optimizer]:
    """The optimizers of Lambda_c (constrained) or Lambda_nc, in the pool's order.

    Args:
        constrained: which of the two.
        pool: "default" for those that answer, "paper" for the paper's own, "all" for those that race.
    """
    kept = {
        "default": lambda optimizer: optimizer.in_default,
        "paper": lambda optimizer: optimizer.edition == "paper",
        "all": lambda optimizer: True,
    }[pool]
    return [optimizer for optimizer in POOL.values() if optimizer.handles(constrained) and kept(optimizer)]


def check_serves(name: str, constrained: bool) -> None:
    """Refuse to benchmark an optimizer on a kind of problem that it does not serve.

    Raises:
        ValueError: if the pool has no such optimizer, or it does not serve such problems.
    """
    if not _known(name).handles(constrained):
        kind = "constrained" if constrained else "unconstrained"
        serving = ", ".join(optimizer.name for optimizer in pool_for(constrained, "all"))
        raise ValueError(f"optimizer {name} does not serve {kind} problems; these do: {serving}")


@cache
def source(name: str) -> str:
    """The text of an optimizer's file.

    Raises:
        ValueError: if the pool has no such optimizer.
    """
    _known(name)
    return resources.files(__package__).joinpath(f"{name}.py").read_text(encoding="utf-8")


def render(name: str, config: Mapping[str, Value] | None = None) -> str:
    """The text of an optimizer with constants set.

    Args:
        name: the optimizer.
        config: values by constant; constants left out keep the file's literal. Any value will do.

    Raises:
        ValueError: if the pool has no such optimizer, or the optimizer no such constant.
    """
    optimizer, text = _known(name), source(name)
    for constant, value in (config or {}).items():
        if constant not in optimizer.grid:
            raise ValueError(
                f"optimizer {name} has no constant {constant!r}; it has {', '.join(optimizer.grid)}"
            )
        text = re.sub(rf"^{constant} = .+$", f"{constant} = {value!r}", text, count=1, flags=re.MULTILINE)
    return text


def identify(text: str) -> tuple[str, Config] | None:
    """Optimizer and configuration of a text, byte for byte; None if it is none of the grids.

    The inverse of ``render``. The text is a completion without its first comment line, and ends with a
    newline as files do.
    """
    written = dict(_CONSTANT.findall(text.partition("\nclass ")[0].partition("\ndef ")[0]))
    for optimizer in POOL.values():
        # Values are looked up by their text, never read: a model may have written anything there.
        literals = {constant: {repr(v): v for v in values} for constant, values in optimizer.grid.items()}
        if written.keys() == literals.keys() and all(written[c] in literals[c] for c in written):
            config = {constant: literals[constant][literal] for constant, literal in written.items()}
            if render(optimizer.name, config) == text:
                return optimizer.name, config
    return None


def optimizer_function(text: str) -> OptimizeFunction:
    """The ``optimize`` that a text defines. It is executed here, with the caller's rights: trusted text only.

    Raises:
        ValueError: if the text does not define ``optimize``.
    """
    namespace: dict[str, object] = {"__name__": "optimizer"}
    exec(_code(text), namespace)
    function = namespace.get("optimize")
    if not callable(function):
        raise ValueError(
            "the text does not define a function optimize(objective, lower, upper, max_evals, seed, ...)"
        )
    return function


@lru_cache(maxsize=256)
def _code(text: str) -> CodeType:
    # Compiling takes a millisecond, which is what a small run takes: a benchmark makes each text many times.
    return compile(text, "<optimizer>", "exec")


def configurations(name: str, max_n: int = 12) -> list[Config]:
    """Configurations of an optimizer: the defaults first, then those that change one constant, then two, ...

    Args:
        name: the optimizer.
        max_n: number of configurations at most.
    """
    optimizer = _known(name)
    everything = [
        dict(zip(optimizer.grid, values, strict=True)) for values in product(*optimizer.grid.values())
    ]
    everything.sort(
        key=lambda config: sum(config[constant] != optimizer.defaults[constant] for constant in config)
    )
    return everything[:max_n]


def _known(name: str) -> Optimizer:
    if name not in POOL:
        raise ValueError(f"unknown optimizer {name!r}; the pool has {', '.join(POOL)}")
    return POOL[name]
