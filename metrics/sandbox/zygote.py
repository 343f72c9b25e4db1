"""The zygote: has imported what programs import, and forks a confined child for each; single-threaded.

Started by ``sandbox.Sandbox`` as ``python -m llamoco.metrics.sandbox.zygote DESCRIPTOR``. It holds no problem
data. Over its control socket it is sent, for each program, one JSON line with three descriptors (requests,
replies, output); it forks, waits for one byte, kills the child (its own, not yet reaped: no other process can
have that number) and answers with how it ended. A "g" for that byte says that the child has closed its
pipe and is expected to end by itself.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import json
import os
import resource
import signal
import socket
import sys
import tempfile
import time
import types
from typing import Any

from llamoco.metrics.sandbox import confine, memory, program

PRELOADED = ("scipy.optimize", "cma", "deap.algorithms", "deap.base", "deap.creator", "deap.tools", "nlopt")
GRACE = 0.5  # seconds: a process closes its channel shortly before it has ended


def main() -> None:
    """Say hello, then serve until the control socket closes."""
    # The script's folder, which -m puts there, is nothing that programs should import from.
    sys.path = [entry for entry in sys.path if entry not in ("", os.getcwd())]
    given = int(sys.argv[1])
    control = socket.socket(fileno=fcntl.fcntl(given, fcntl.F_DUPFD_CLOEXEC, confine.PIPES[-1] + 1))
    os.close(given)
    confine.reserve_descriptors()
    packages = _packages()
    imports = program.Imports()
    weakness = confine.unsupported()
    cage = None if weakness else confine.Cage(confine.readable_paths(packages))
    if cage is not None and not _confines(cage):
        weakness, cage = "the kernel refuses seccomp or Landlock to this process", None
    versions = {"python": sys.version.split()[0]} | {
        package.__name__: package.__version__ for package in packages
    }
    confine.lasting_limits()
    in_use = confine.memory_in_use()
    memory.prepare_for_forks()
    _send(control, {"weakness": weakness, "versions": versions})
    while True:
        line, descriptors = _receive(control)
        if not line:
            return
        job = json.loads(line)
        ruleset = -1 if cage is None else cage.ruleset(job["scratch"])
        zygote = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                os.setsid()
                confine.die_with(zygote)
                os.chdir(job["scratch"])
                if cage is not None:
                    cage.restrict_files(ruleset)
                confine.descriptors(*descriptors)
                confine.limits(in_use, job["memory_bytes"], job["cpu_seconds"])
                if cage is not None:
                    cage.restrict_calls()
                os.environ.clear()
                program.serve(imports)
            finally:
                os._exit(1)
        for descriptor in (ruleset, *descriptors):
            if descriptor >= 0:
                os.close(descriptor)
        told = control.recv(1)
        alive, status, usage = _collect(pid, patience=GRACE if told == b"g" else 0.0)
        if not told:
            return
        ended = {
            "alive": alive,
            "status": os.waitstatus_to_exitcode(status),
            "cpu": usage.ru_utime + usage.ru_stime,
            "max_rss": usage.ru_maxrss / (1024 if sys.platform == "linux" else 1 << 20),
        }
        _send(control, ended)


def _packages() -> list[types.ModuleType]:
    """Import, once for all programs, what they import."""
    # cma would load it for its plots; programs may not, and importing it wants to write a cache.
    sys.modules["matplotlib"] = None  # type: ignore[assignment]
    for name in PRELOADED:
        importlib.import_module(name)
    return [sys.modules[name] for name in program.IMPORTABLE]


def _confines(cage: confine.Cage) -> bool:
    """Whether a child that does nothing can be confined."""
    with tempfile.TemporaryDirectory() as scratch:
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(OSError):
                cage.restrict_files(cage.ruleset(scratch))
                cage.restrict_calls()
                os._exit(0)
            os._exit(1)
        status = os.waitpid(pid, 0)[1]
    return status == 0


def _collect(pid: int, patience: float) -> tuple[bool, int, resource.struct_rusage]:
    """Reap the child, killing it if it does not end by itself: whether it had to, status and usage."""
    deadline = time.monotonic() + patience
    while True:
        reaped, status, usage = os.wait4(pid, os.WNOHANG)
        if reaped:
            return False, status, usage
        if time.monotonic() >= deadline:
            break
        time.sleep(0.001)
    # Where there is no seccomp the program may have children in its session.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    _, status, usage = os.wait4(pid, 0)
    return True, status, usage


def _send(control: socket.socket, content: dict[str, Any]) -> None:
    control.sendall(json.dumps(content).encode() + b"\n")


def _receive(control: socket.socket) -> tuple[bytes, list[int]]:
    line, descriptors = b"", []
    while not line.endswith(b"\n"):
        part, received, _, _ = socket.recv_fds(control, 1 << 16, 3)
        if not part:
            return b"", []
        line += part
        descriptors += received
    return line, descriptors


if __name__ == "__main__":
    main()
