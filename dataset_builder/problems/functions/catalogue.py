"""The set F of basic functions (paper, section III-A1): each is written once, as an expression tree in ``z``.

All of them have their minimum 0 at z = 0: where the published function has it elsewhere or of another value,
its argument is moved and the constant subtracted, which the comment at the function says. ``z_range`` is the
half-width of the usual search box; the synthesis scales a problem's box to it.
"""

from __future__ import annotations

from llamoco.dataset_builder.problems.functions.basic_function import BasicFunction
from llamoco.dataset_builder.problems.functions.multimodal import MULTIMODAL
from llamoco.dataset_builder.problems.functions.nonsmooth import NONSMOOTH
from llamoco.dataset_builder.problems.functions.smooth import SMOOTH

FUNCTIONS: dict[str, BasicFunction] = {f.name: f for f in (*SMOOTH, *NONSMOOTH, *MULTIMODAL)}
