"""Tiers of confinement, determined at start-up and recorded in every result.

A (namespaces): resource limits, seccomp and Landlock, in the namespaces of bubblewrap;
B (kernel): the same without bubblewrap;
C (none): a process of its own, no more (macOS, old kernels): programs that are not known code are refused unless the
caller insists. Resource limits, clock, budget and checks of what comes over the pipe remain, and with them the verdicts
of programs that are merely broken. Files, network, other processes and the evaluator's memory, hence the score,
are at the mercy of any that is not.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile

from llamoco.dataset_builder.problems.errors import LlamocoError

PROBE_LIMIT = 20.0


class SandboxUnavailable(LlamocoError, RuntimeError):
    """Programs cannot be confined on this machine."""


def require_fork() -> None:
    """Check that this system can run programs at all.

    Raises:
        SandboxUnavailable: where there is no fork.
    """
    if os.name != "posix":
        raise SandboxUnavailable("programs run in a forked process, which this system does not have: use WSL")


def bubblewrap(scratch: str) -> list[str]:
    """Command prefix that runs a command in namespaces of its own, with only ``scratch`` writable."""
    return [
        "bwrap",
        "--unshare-all",
        "--die-with-parent",
        "--ro-bind",
        "/",
        "/",
        "--dev",
        "/dev",
        "--proc",
        "/proc",
        "--bind",
        scratch,
        scratch,
    ]


@functools.cache
def bubblewrap_works() -> bool:
    """Whether bubblewrap is installed and works: some distributions and container runtimes forbid it."""
    if shutil.which("bwrap") is None:
        return False
    command = [*bubblewrap(tempfile.gettempdir()), sys.executable, "-I", "-S", "-c", "print('works')"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PROBE_LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout == b"works\n"  # not the status, which is lost where SIGCHLD is ignored
