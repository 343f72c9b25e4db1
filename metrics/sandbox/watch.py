"""Watch of the zygote over one program: its threads, its system calls, the size of its folder."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import socket
import time
from dataclasses import dataclass

from llamoco.metrics.sandbox.notify import Listener
from llamoco.metrics.sandbox.scratch import overfull

MAX_THREADS = 64  # at a time
MAX_STARTED = (
    256  # in all: each takes a process number, which the next program sees (see ``process_numbers``)
)
LOOK = 0.1  # seconds between looks at the folder


@dataclass
class Seen:
    """Observations of a program.

    Attributes:
        forbidden: the system call for which it was killed, or None.
        full: whether it was killed for what it had written.
    """

    forbidden: str | None = None
    full: bool = False


class Watch:
    """Watches one program until the evaluator is done with it.

    Args:
        pid: the program's process, a child of this one.
        folder: where it may write.
        listener: descriptor at which its calls arrive; -1 if there is none.
        answers: reads and answers them.
        processes: descriptor of /proc, which may be covered by then.
    """

    def __init__(
        self, pid: int, folder: str, listener: int, answers: Listener | None, processes: int
    ) -> None:
        self._pid, self._folder, self._processes = pid, folder, processes
        self._listener, self._answers = listener, answers
        self._started = 0
        self.seen = Seen()

    def until_told(self, control: socket.socket) -> bytes:
        """Watch until a byte comes over the control socket; empty if it was closed."""
        poll = select.poll()
        poll.register(control, select.POLLIN)
        if self._listener >= 0:
            poll.register(self._listener, select.POLLIN)
        next_look = time.monotonic() + LOOK
        while True:
            for descriptor, event in poll.poll(1000 * LOOK):
                if descriptor == control.fileno():
                    return control.recv(1)
                if event & select.POLLIN:
                    self._answer()
                else:
                    poll.unregister(descriptor)  # nobody is left to ask
            if time.monotonic() >= next_look:
                if not self.seen.full and overfull(self._folder):
                    self.seen.full = True
                    self._kill()
                next_look = time.monotonic() + LOOK

    def _answer(self) -> None:
        assert self._answers is not None
        call = self._answers.receive(self._listener)
        if call is None:
            return
        if not call.makes_thread:
            self.seen.forbidden = self.seen.forbidden or call.shown
            self._kill()
            return
        self._started += 1
        if self._started > MAX_STARTED or self._threads() >= MAX_THREADS:
            self._answers.refuse(self._listener, call, errno.EAGAIN)
        else:
            self._answers.allow(self._listener, call)

    def _threads(self) -> int:
        """Threads that the program has; 0 if it has ended."""
        try:
            return os.stat(f"{self._pid}/task", dir_fd=self._processes).st_nlink - 2
        except OSError:
            return 0

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(self._pid, signal.SIGKILL)
