"""Confine the calling process, for good: descriptors, limits, Landlock, seccomp."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import platform
import resource
import signal
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

from llamoco.metrics.sandbox import landlock, seccomp, syscalls

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38

MAX_FILE_BYTES = 16 << 20
MAX_DESCRIPTORS = 64
CPU_SLACK_SECONDS = 30


def unsupported() -> str | None:
    """Why this machine cannot confine a process; None if it can."""
    if sys.platform != "linux":
        return f"seccomp and Landlock are features of Linux, this is {sys.platform}"
    if platform.machine() not in syscalls.AUDIT_ARCHITECTURE:
        return f"no system call table for {platform.machine()}"
    if landlock.version(_libc()) < 1:
        return f"the kernel ({platform.release()}) has no Landlock (Linux 5.13 has, unless switched off)"
    return None


def descriptors(channel: int, output: int) -> None:
    """Leave four descriptors open: 0 is empty, 1 and 2 are ``output``, 3 is ``channel``."""
    empty = os.open(os.devnull, os.O_RDONLY)
    # Out of the way first: any of them may have one of the numbers about to be overwritten.
    empty, output, channel = (
        fcntl.fcntl(descriptor, fcntl.F_DUPFD, 4) for descriptor in (empty, output, channel)
    )
    for descriptor, number in ((empty, 0), (output, 1), (output, 2), (channel, 3)):
        os.dup2(descriptor, number)
    for number in map(int, os.listdir("/dev/fd")):
        if number > 3:
            with contextlib.suppress(OSError):
                os.close(number)


def limits(memory_bytes: int, cpu_seconds: float) -> None:
    """Resource limits.

    Memory counts from the current size: an absolute limit would depend on what the zygote has loaded.
    """
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, MAX_FILE_BYTES)
    _limit(resource.RLIMIT_NOFILE, MAX_DESCRIPTORS)
    _limit(resource.RLIMIT_CPU, int(cpu_seconds) + CPU_SLACK_SECONDS, 5)
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + memory_bytes)


def _limit(kind: int, value: int, grace: int = 0) -> None:
    hard, highest = value + grace, resource.getrlimit(kind)[1]
    if highest != resource.RLIM_INFINITY:
        value, hard = min(value, highest), min(hard, highest)
    resource.setrlimit(kind, (value, hard))


def die_with(parent: int) -> None:
    """Have the kernel kill this process when the zygote ends."""
    if sys.platform == "linux":
        _libc().prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def readable_paths(packages: list[ModuleType]) -> list[str]:
    """What a program may read: the standard library, shared libraries and the packages it may import."""
    paths = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), f"{sys.base_prefix}/lib"}
    paths |= {
        "/lib",
        "/lib64",
        "/usr/lib",
        "/usr/lib64",
        "/usr/local/lib",
        "/etc/ld.so.cache",
        "/dev/urandom",
    }
    for package in packages:
        folder = Path(str(package.__file__)).parent
        paths |= {str(folder), f"{folder}.libs"}
    return sorted(paths)


def apply(readable: list[str], scratch: str) -> None:
    """Landlock, then seccomp.

    Args:
        readable: files and folders that may be read.
        scratch: the one folder that may be written.

    Raises:
        OSError: if the kernel refuses.
    """
    libc = _libc()
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the kernel refused no_new_privs")
    landlock.restrict(libc, readable, [scratch, os.devnull])
    seccomp.install(libc)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
