"""Confinement of the calling process, for good: descriptors, limits, Landlock, seccomp."""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import sys
from pathlib import Path

from llamoco.metrics.sandbox import client, landlock, notify, seccomp, syscalls

PR_SET_NO_NEW_PRIVS = 38

PIPES = (client.REQUESTS, client.REPLIES)
MOST_DESCRIPTORS = 1 << 16  # that the zygote could ever have open

MAX_FILE_BYTES = 16 << 20
MAX_DESCRIPTORS = 64
CPU_SLACK_SECONDS = 30

_LIBC = ctypes.CDLL(None, use_errno=True)


def unsupported() -> str | None:
    """The reason why this machine cannot confine a process; None if it can."""
    if sys.platform != "linux":
        return f"seccomp and Landlock are features of Linux, this is {sys.platform}"
    if platform.machine() not in syscalls.AUDIT_ARCHITECTURE:
        return f"no system call table for {platform.machine()}"
    if landlock.version(_LIBC) < 1:
        return f"the kernel ({platform.release()}) has no Landlock (Linux 5.13 has, unless switched off)"
    return None


def reserve_descriptors() -> None:
    """In the zygote: occupy 3 and 4, so that no descriptor of a program gets these numbers too early."""
    for number in PIPES:
        os.dup2(0, number, inheritable=False)


def descriptors(requests: int, replies: int, output: int) -> None:
    """Leave five descriptors open: 0 is empty and not shared with other programs, 1 and 2 are ``output``, 3 and 4 the pipes."""
    empty = os.open(os.devnull, os.O_RDONLY)
    for descriptor, number in (
        (empty, 0),
        (output, 1),
        (output, 2),
        (requests, PIPES[0]),
        (replies, PIPES[1]),
    ):
        os.dup2(descriptor, number)
    os.closerange(PIPES[-1] + 1, MOST_DESCRIPTORS)


def lasting_limits() -> None:
    """In the zygote: set the limits that are the same for all programs."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, MAX_FILE_BYTES)
    _limit(resource.RLIMIT_NOFILE, MAX_DESCRIPTORS)


def memory_in_use() -> int:
    """Bytes of address space that this process takes: the libraries, before there is a program."""
    if sys.platform != "linux":
        return 0
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def limits(in_use: int, memory_bytes: int, cpu_seconds: float) -> None:
    """Set the limits of one program.

    Memory is counted beyond what the libraries take: an absolute limit would depend on what the zygote has loaded.
    """
    _limit(resource.RLIMIT_CPU, int(cpu_seconds) + CPU_SLACK_SECONDS, 5)
    if sys.platform == "linux":
        _limit(resource.RLIMIT_AS, in_use + memory_bytes)


def _limit(kind: int, value: int, grace: int = 0) -> None:
    hard, highest = value + grace, resource.getrlimit(kind)[1]
    if highest != resource.RLIM_INFINITY:
        value, hard = min(value, highest), min(hard, highest)
    resource.setrlimit(kind, (value, hard))


class Confinement:
    """Confinement of programs, prepared as far as possible before there is one.

    From now on the calling process, which starts programs, may itself read and write no more than all of them together.

    Args:
        readable: files and folders that programs may read.
        folder: where the folders of programs are created, one after the other.
        bounded: whether the kernel bounds that folder. Where it does not, a program may not remove what it wrote: what
            is removed but still open is not seen there.

    Raises:
        OSError: if the kernel refuses.
    """

    def __init__(self, readable: list[str], folder: str, bounded: bool) -> None:
        if _LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "the kernel refused no_new_privs")
        machine = platform.machine()
        self._landlock = landlock.Landlock(_LIBC)
        self._rights = landlock.WRITE if bounded else landlock.ADD
        rules = [(path, landlock.READ) for path in readable]
        rules += [(folder, landlock.WRITE), (os.devnull, landlock.WRITE)]
        self._restrict(self._landlock.everything(rules))
        self._filters = {asking: seccomp.Filter(machine, asking, bounded) for asking in (False, True)}
        self._questions = notify.Asking(machine)
        self._asking = False

    def restrict_files(self, folder: str) -> None:
        """Let the calling process write to a folder, and nowhere else.

        Raises:
            OSError: if the kernel refuses.
        """
        rules = ((folder, self._rights), (os.devnull, landlock.WRITE))
        self._restrict(self._landlock.changes(rules))

    def ask(self) -> int:
        """Submit some of the calling process's system calls to the holder of this descriptor; -1 where the kernel cannot.

        Needs ``restrict_calls`` after it: then a call is refused if either refuses it.
        """
        try:
            listener = self._questions.listen(_LIBC)
        except OSError:
            return -1
        self._asking = True
        return listener

    def restrict_calls(self) -> None:
        """Filter the calling process's system calls.

        Raises:
            OSError: if the kernel refuses.
        """
        self._filters[self._asking].install(_LIBC)

    def _restrict(self, ruleset: int) -> None:
        try:
            self._landlock.restrict(ruleset)
        finally:
            os.close(ruleset)
