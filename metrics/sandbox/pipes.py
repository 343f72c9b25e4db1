"""Evaluator's ends of the pipes to one program, and the program's clock, which stops only while the objective computes."""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Iterator
from time import perf_counter

from llamoco.metrics.sandbox.outcome import Outcome, SessionEnded

MAX_OUTPUT = 1 << 20
KEPT_OUTPUT = 4096
_READ = 1 << 16
_LONGEST_WAIT = 10_000  # milliseconds; any time limit fits into the argument of poll


class Pipes:
    """Reads from a program and writes to it as long as it has time left and its output is within bounds.

    Args:
        requests: descriptor to read its frames from.
        replies: descriptor to write frames to.
        output: descriptor to read what it prints from.
        time_limit: seconds for the program itself.

    Attributes:
        paused: seconds that the objective took.
        head: the first bytes that it printed.
    """

    def __init__(self, requests: int, replies: int, output: int, time_limit: float) -> None:
        os.set_blocking(requests, False)
        os.set_blocking(replies, False)
        os.set_blocking(output, False)
        self._requests, self._replies, self._output = requests, replies, output
        self._time_limit = time_limit
        self._printed = 0
        self._output_closed = False
        self._readable = _poll(output, requests, select.POLLIN)
        self._writable = _poll(output, replies, select.POLLOUT)
        self._started = perf_counter()
        self.paused = 0.0
        self.head = bytearray()

    @property
    def seconds(self) -> float:
        """The program's own time: wall time without the objective's."""
        return perf_counter() - self._started - self.paused

    @contextlib.contextmanager
    def paused_clock(self) -> Iterator[None]:
        """Stop the program's clock within the block."""
        start = perf_counter()
        try:
            yield
        finally:
            self.paused += perf_counter() - start

    def receive(self) -> bytes:
        """Wait for data from the program; empty if it closed its end.

        Raises:
            SessionEnded: if the program must be ended.
        """
        while True:
            self._wait(self._readable)
            try:
                return os.read(self._requests, _READ)
            except BlockingIOError:
                continue  # it can open its pipe for reading, through /proc/self/fd, and take back what it wrote

    def send(self, data: bytes) -> None:
        """Write all data, waiting while the program reads; drop it if the program closed its end.

        Raises:
            SessionEnded: if the program must be ended.
        """
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._replies, view) :]
            except BlockingIOError:
                self._wait(self._writable)
            except BrokenPipeError:
                return

    def drain(self) -> None:
        """Read what the program has printed so far."""
        while self._printed <= MAX_OUTPUT:
            try:
                part = os.read(self._output, _READ)
            except BlockingIOError:
                return
            if not part:
                if not self._output_closed:
                    self._output_closed = True
                    self._readable.unregister(self._output)
                    self._writable.unregister(self._output)
                return
            self._printed += len(part)
            self.head += part[: KEPT_OUTPUT - len(self.head)]

    def _wait(self, poll: select.poll) -> None:
        """Wait for the event of ``poll``, and read the program's output meanwhile."""
        while True:
            left = self._time_limit - self.seconds
            if left <= 0:
                raise SessionEnded(Outcome("timeout", f"more than {self._time_limit:g} s of its own"))
            ready = False
            for descriptor, _ in poll.poll(min(1000 * left + 1, _LONGEST_WAIT)):
                if descriptor == self._output:
                    self.drain()
                    if self._printed > MAX_OUTPUT:
                        raise SessionEnded(
                            Outcome(
                                "runtime_error", f"output_flood: more than {MAX_OUTPUT >> 20} MiB printed"
                            )
                        )
                else:
                    ready = True
            if ready:
                return


def _poll(output: int, descriptor: int, event: int) -> select.poll:
    """A poll object for an event at a descriptor, or for output."""
    poll = select.poll()
    poll.register(output, select.POLLIN)
    poll.register(descriptor, event)
    return poll
