"""Zygote as seen by the evaluator: start, messages and end of its process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import Any

from llamoco.metrics.sandbox import launcher, namespaces, tiers
from llamoco.metrics.sandbox.scratch import remove_tree
from llamoco.metrics.sandbox.tiers import SandboxUnavailable

START_LIMIT = 60.0
REAP_LIMIT = 10.0

# What of the environment the zygote gets: what finding Python's packages needs, and settings of the numerical
# libraries, so that a program computes to the last bit what it would in this process.
_KEPT_NAMES = ("PATH", "HOME", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_KEPT_PREFIXES = ("OPENBLAS_", "MKL_", "NPY_")
_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# What glibc gives back to the kernel a short-lived program pays for again, page by page: 21,000 times in one of gp_ei.
_KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(1 << 29), "MALLOC_MMAP_THRESHOLD_": str(1 << 25)}


class ZygoteDied(Exception):
    """The zygote ended on its own: killed from outside, or out of memory."""


@dataclass(frozen=True)
class Hello:
    """Report of the zygote once it has started.

    Attributes:
        tier: "A", "B" or "C", see ``tiers``.
        weakness: why it is C; None if it is not.
        versions: of the libraries that programs run with.
        bounded: whether the kernel bounds what programs write.
    """

    tier: str
    weakness: str | None
    versions: dict[str, str]
    bounded: bool


class ZygoteProcess:
    """Starts the zygote, which reports after about a second.

    Attributes:
        scratch: folder of its programs.
        control: socket to it.
    """

    def __init__(self) -> None:
        self._hello: Hello | None = None
        self.scratch = os.path.realpath(tempfile.mkdtemp(prefix="llamoco-"))
        self.control, theirs = socket.socketpair()
        command = [sys.executable, "-m", "llamoco.metrics.sandbox.zygote", str(theirs.fileno())]
        self._wrapped = tiers.bubblewrap_works()
        if self._wrapped:
            command = [*tiers.bubblewrap(self.scratch), *command]
        environment = {
            name: value
            for name, value in os.environ.items()
            if name in _KEPT_NAMES or name.startswith(_KEPT_PREFIXES)
        }
        try:
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(launcher.__file__), self.scratch],
                    pass_fds=[theirs.fileno()],
                    env=environment
                    | _ONE_THREAD
                    | _KEEP_MEMORY
                    | {"TMPDIR": self.scratch, "LLAMOCO_COMMAND": json.dumps(command)},
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                )
        except BaseException:
            self.control.close()
            remove_tree(self.scratch)
            raise

    def hello(self) -> Hello:
        """Wait until it has started.

        Raises:
            SandboxUnavailable: if it does not start.
        """
        if self._hello is None:
            try:
                said = self.hear(START_LIMIT)
            except (OSError, ZygoteDied) as error:
                words = self.kill().decode(errors="replace").strip()
                raise SandboxUnavailable(
                    f"the process that runs programs did not start: {words[-500:]}"
                ) from error
            # What bubblewrap says of itself is no proof that it did anything.
            apart = self._wrapped and all(
                name in said["namespaces"] and said["namespaces"][name] != mine
                for name, mine in namespaces.ids().items()
            )
            tier = "C" if said["weakness"] else "A" if apart else "B"
            self._hello = Hello(tier, said["weakness"], said["versions"], said["bounded"])
        return self._hello

    def hear(self, limit: float) -> dict[str, Any]:
        """Wait for one line of JSON from it.

        Args:
            limit: seconds.

        Raises:
            ZygoteDied: if it is gone.
            OSError: if nothing comes within the limit.
        """
        self.control.settimeout(limit)
        line = b""
        while not line.endswith(b"\n"):
            part = self.control.recv(1 << 16)
            if not part:
                raise ZygoteDied
            line += part
        content: dict[str, Any] = json.loads(line)
        return content

    def close(self) -> None:
        """Let it end by itself, which removes its folder; kill it if it does not."""
        self.control.close()
        try:
            # Before it has loaded all libraries it would not look whether anybody is there.
            self._process.communicate(timeout=0 if self._hello is None else REAP_LIMIT)
        except subprocess.TimeoutExpired:
            self.kill()
        with contextlib.suppress(FileNotFoundError):
            remove_tree(self.scratch)

    def kill(self) -> bytes:
        """Kill zygote, launcher and bubblewrap, which are a session of their own; their standard error."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        return self._process.communicate()[1]
