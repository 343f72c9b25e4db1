"""Process numbers, skipped at random between programs.

The kernel gives out numbers one after the other, so the next program would know from its own how many threads the one
before had started: a message from program to program. Few threads (``watch.MAX_STARTED``) and many numbers skipped
leave little of it.
"""

from __future__ import annotations

import ctypes
import random

SKIPPED = 64  # at most; each takes about 20 microseconds

_STACK = 1 << 14


class Numbers:
    """Skips process numbers by starting threads that end at once."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None)
        self._random = random.SystemRandom()  # programs know the state of any other generator
        self._attribute = ctypes.create_string_buffer(256)
        self._libc.pthread_attr_init(self._attribute)
        self._libc.pthread_attr_setstacksize(self._attribute, ctypes.c_size_t(_STACK))
        self._nothing = ctypes.cast(self._libc.getpid, ctypes.c_void_p)

    def skip(self) -> None:
        """Skip 0 to ``SKIPPED`` numbers. No thread is left when it returns."""
        thread = ctypes.c_ulong()
        for _ in range(self._random.randrange(SKIPPED + 1)):
            if self._libc.pthread_create(ctypes.byref(thread), self._attribute, self._nothing, None) == 0:
                self._libc.pthread_join(thread, None)
