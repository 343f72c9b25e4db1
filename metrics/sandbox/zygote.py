"""Zygote: a single-threaded process that has imported what programs import, and forks a confined child for each.

Started by ``Sandbox`` as ``python -m llamoco.metrics.sandbox.zygote DESCRIPTOR``. It holds no problem
data. Over its control socket it is sent, for each program, one JSON line with three descriptors (requests,
replies, output); it forks, watches the child until it is told one byte, kills it (its own, not yet reaped: no other
process can have that number) and answers with how it ended. If that byte is "g", the child has closed its
pipe and is expected to end by itself. Only the zygote sees the folder that a program may write to.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import json
import os
import platform
import resource
import select
import signal
import socket
import sys
import time
import types
from typing import Any

from llamoco.metrics.sandbox import child, confinement, memory, namespaces
from llamoco.metrics.sandbox.notify import Listener
from llamoco.metrics.sandbox.parent import die_with
from llamoco.metrics.sandbox.process_numbers import ProcessNumbers
from llamoco.metrics.sandbox.readable_files import readable_paths
from llamoco.metrics.sandbox.scratch import remove_tree
from llamoco.metrics.sandbox.watch import Watch

PRELOADED = ("scipy.optimize", "cma", "deap.algorithms", "deap.base", "deap.creator", "deap.tools", "nlopt")
GRACE = 0.5  # seconds: a process closes its channel shortly before it has ended


def main() -> None:
    """Report to the evaluator, then serve until the control socket closes."""
    # The script's folder, which -m puts there, is nothing that programs should import from.
    sys.path = [entry for entry in sys.path if entry not in ("", os.getcwd())]
    given = int(sys.argv[1])
    control = socket.socket(fileno=fcntl.fcntl(given, fcntl.F_DUPFD_CLOEXEC, confinement.PIPES[-1] + 1))
    os.close(given)
    confinement.reserve_descriptors()
    scratch = os.environ["TMPDIR"]
    bounded = namespaces.private_folder(scratch)
    packages = _packages()
    imports = child.Imports()
    weakness = confinement.unsupported()
    readable = readable_paths(packages) if weakness is None else []
    in_use = confinement.memory_in_use()
    memory.prepare_for_forks()
    apart = namespaces.ids()
    processes = os.open("/proc", os.O_PATH | os.O_CLOEXEC) if sys.platform == "linux" else -1
    if bounded and weakness is None:
        namespaces.hide_processes()
    namespaces.drop_capabilities()
    confined = None
    if weakness is None:  # from then on this process, too, reads no more than programs may
        weakness, confined = _confinement(readable, scratch, bounded)
    versions = {"python": sys.version.split()[0]} | {
        package.__name__: package.__version__ for package in packages
    }
    confinement.lasting_limits()
    server = _Server(control, scratch, in_use, processes, imports, confined)
    _send(
        control,
        {"weakness": weakness, "versions": versions, "namespaces": apart, "bounded": bounded},
    )
    while server.serve_one():
        pass


class _Server:
    """Runs one program after the other."""

    def __init__(
        self,
        control: socket.socket,
        scratch: str,
        in_use: int,
        processes: int,
        imports: child.Imports,
        confined: confinement.Confinement | None,
    ) -> None:
        self._control, self._scratch = control, scratch
        self._in_use, self._processes = in_use, processes
        self._imports, self._confinement = imports, confined
        self._answers = Listener(platform.machine()) if confined is not None else None
        self._numbers = ProcessNumbers(platform.machine()) if confined is not None else None
        self._zygote = os.getpid()

    def serve_one(self) -> bool:
        """Wait for a program, run it, report how it ended; False once the control socket is closed."""
        line, descriptors = _receive(self._control)
        if not line:
            return False
        job = json.loads(line)
        folder = os.path.join(self._scratch, "program")  # always the same, as programs see the name
        os.mkdir(folder)
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            try:
                self._become_program(job, folder, descriptors, theirs)
            finally:
                os._exit(1)
        theirs.close()
        for descriptor in descriptors:
            os.close(descriptor)
        listener = _listener(ours) if self._confinement is not None else -1
        ours.close()
        watch = Watch(pid, folder, listener, self._answers, self._processes)
        told = watch.until_told(self._control)
        alive, status, usage = _collect(pid, patience=GRACE if told == b"g" else 0.0)
        if listener >= 0:
            os.close(listener)
        remove_tree(folder)
        if not told:
            return False
        ended = {
            "alive": alive,
            "status": os.waitstatus_to_exitcode(status),
            "forbidden": watch.seen.forbidden,
            "full": watch.seen.full,
            "cpu": usage.ru_utime + usage.ru_stime,
            "max_rss": usage.ru_maxrss / (1024 if sys.platform == "linux" else 1 << 20),
        }
        _send(self._control, ended)
        if self._numbers is not None:
            self._numbers.skip()
        return True

    def _become_program(
        self, job: dict[str, Any], folder: str, descriptors: list[int], listening: socket.socket
    ) -> None:
        """In the child: confine it, and run the program; does not return."""
        os.setsid()
        die_with(self._zygote)
        os.chdir(folder)
        if self._confinement is not None:
            self._confinement.restrict_files(folder)
            listener = self._confinement.ask()
            socket.send_fds(listening, [b"."], [listener] if listener >= 0 else [])
        confinement.descriptors(*descriptors)
        confinement.limits(self._in_use, job["memory_bytes"], job["cpu_seconds"])
        if self._confinement is not None:
            self._confinement.restrict_calls()
            child.refuse_semaphores()
        os.environ.clear()
        child.serve(self._imports)


def _packages() -> list[types.ModuleType]:
    """Import once what programs import."""
    # cma would load it for its plots; programs may not, and importing it wants to write a cache.
    sys.modules["matplotlib"] = None  # type: ignore[assignment]
    for name in PRELOADED:
        importlib.import_module(name)
    return [sys.modules[name] for name in child.IMPORTABLE]


def _confinement(
    readable: list[str], scratch: str, bounded: bool
) -> tuple[str | None, confinement.Confinement | None]:
    """Try out confinement in a child that does nothing: why it is impossible, or None and the confinement."""
    refused = "the kernel refuses seccomp or Landlock to this process"
    try:
        confined = confinement.Confinement(readable, scratch, bounded)
    except OSError:
        return refused, None
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(OSError):
            confined.restrict_files(scratch)
            confined.restrict_calls()
            os._exit(0)
        os._exit(1)
    return (None, confined) if os.waitpid(pid, 0)[1] == 0 else (refused, None)


def _listener(channel: socket.socket) -> int:
    """The descriptor that a child sends before it is confined; -1 if it has none, or has ended."""
    try:
        _, received, _, _ = socket.recv_fds(channel, 1, 1)
    except OSError:
        return -1
    return received[0] if received else -1


def _collect(pid: int, patience: float) -> tuple[bool, int, resource.struct_rusage]:
    """Reap the child, killing it if it does not end by itself: whether it was killed, status and usage."""
    reaped, status, usage = _ended(pid, patience)
    if reaped:
        return False, status, usage
    # Where there is no seccomp the program may have children in its session.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    _, status, usage = os.wait4(pid, 0)
    return True, status, usage


def _ended(pid: int, patience: float) -> tuple[int, int, resource.struct_rusage]:
    """The result of wait4 for a child that has ``patience`` seconds to end."""
    if patience > 0 and hasattr(os, "pidfd_open"):
        descriptor = os.pidfd_open(pid)
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll(1000 * patience)
        os.close(descriptor)
        return os.wait4(pid, os.WNOHANG)
    deadline = time.monotonic() + patience
    while True:
        found = os.wait4(pid, os.WNOHANG)
        if found[0] or time.monotonic() >= deadline:
            return found
        time.sleep(0.001)


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
