"""Result of a call."""

from __future__ import annotations

from scipy.optimize import OptimizeResult


class Result(OptimizeResult):
    """scipy's ``OptimizeResult``. Printed, it says how long program and trace are rather than showing them."""

    def __repr__(self) -> str:
        shown = OptimizeResult(self)
        if self.get("program"):
            shown["program"] = f"<{self['program'].count(chr(10))} lines of Python>"
        if self.get("trace"):
            shown["trace"] = f"<{len(self['trace'])} improvements>"
        return repr(shown)
