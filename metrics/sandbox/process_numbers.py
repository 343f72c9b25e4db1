"""Random gaps between the process numbers of programs.

The kernel assigns numbers in sequence, so a program could tell from its own how many threads the previous one had
started: a message from program to program. Few threads (``watch.MAX_STARTED``) and many skipped numbers leave little
of it.
"""

from __future__ import annotations

import ctypes
import random
import signal

from llamoco.metrics.sandbox import syscalls

SKIPPED = 64  # at most; each takes about 10 microseconds

# A process that would share this one's memory, and whose number is to be written to an invalid address: the kernel
# takes a number, fails to write it, and makes no process.
_CLONE_VM, _CLONE_FS, _CLONE_FILES, _CLONE_PIDFD = 0x100, 0x200, 0x400, 0x1000
_FLAGS = _CLONE_VM | _CLONE_FS | _CLONE_FILES | _CLONE_PIDFD | signal.SIGCHLD
_NOWHERE = 1


class ProcessNumbers:
    """Skips process numbers at random.

    Args:
        machine: "x86_64" or "aarch64".
    """

    def __init__(self, machine: str) -> None:
        self._libc = ctypes.CDLL(None)
        self._clone = syscalls.numbers(machine)["clone"]
        self._random = random.SystemRandom()  # programs know the state of any other generator

    def skip(self) -> None:
        """Skip 0 to ``SKIPPED`` numbers."""
        flags, nowhere, nothing = map(ctypes.c_ulong, (_FLAGS, _NOWHERE, 0))
        for _ in range(self._random.randrange(SKIPPED + 1)):
            self._libc.syscall(self._clone, flags, nothing, nowhere, nothing, nothing)
