"""Memory of the zygote made cheap to fork: most of a program's cost is copying and dropping page tables."""

from __future__ import annotations

import ctypes
import gc
import sys
from pathlib import Path

_MADV_COLLAPSE = 25  # Linux 6.1 and later
_HUGE = 1 << 21


def prepare_for_forks() -> None:
    """Prepare the memory; to be called once everything is imported that children need.

    Present objects are excluded from all collections: each would touch, and so copy, the pages of all libraries.
    Where the kernel can, memory moves to huge pages, which a fork shares by one entry for 512 pages.
    """
    gc.collect()
    gc.freeze()
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for line in Path("/proc/self/maps").read_text().splitlines():
        addresses, permissions, _, _, _, *name = line.split(maxsplit=5)
        if "w" not in permissions or name not in ([], ["[heap]"]):
            continue
        start, end = (int(address, 16) for address in addresses.split("-"))
        for address in range(-(-start // _HUGE) * _HUGE, end - _HUGE + 1, _HUGE):
            libc.madvise(address, _HUGE, _MADV_COLLAPSE)  # where there is little to gain, it is refused
