"""Numbers as Python literals."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby


def number(value: float, floats: bool) -> str:
    """A literal: whole numbers as 2 or 2.0, others in their shortest form."""
    if float(value).is_integer() and abs(value) < 1e15:
        whole = int(value)
        return f"{whole}.0" if floats else str(whole)
    return repr(float(value))


def signed(value: float, floats: bool) -> str:
    """A literal with its sign."""
    return f"-{number(-value, floats)}" if value < 0 else number(value, floats)


def number_list(values: Sequence[float], floats: bool, runs: bool = True) -> str:
    """A list of literals; runs of equal numbers as ``[0.5] * 10`` where that is shorter."""
    texts = [signed(v, floats) for v in values]
    plain = f"[{', '.join(texts)}]"
    groups: list[tuple[list[str], int]] = []
    for text, same in groupby(texts):
        count = len(list(same))
        if count < 3 and groups and groups[-1][1] == 1:
            groups[-1][0].extend([text] * count)
        else:
            groups.append(([text] * count, 1) if count < 3 else ([text], count))
    short = " + ".join(
        f"[{', '.join(part)}]" + (f" * {count}" if count > 1 else "") for part, count in groups
    )
    return short if runs and len(short) < len(plain) else plain
