"""Sandbox: a program that a model wrote runs confined, with the objective, the count and the clock on our side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llamoco.metrics.sandbox.sandbox import Sandbox

__all__ = ["Sandbox"]


def __getattr__(name: str) -> Any:
    # Lazily: the confined side imports modules of this package, and must not load the problems.
    if name in __all__:
        from llamoco.metrics.sandbox import sandbox

        return getattr(sandbox, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
