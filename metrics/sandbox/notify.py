"""Notification of the zygote about system calls (seccomp_unotify(2), kernel 5.5 and later).

Two kinds: a new thread, which goes on while the program has few, and calls that only an escape needs, for which the
zygote kills the program. The kernel says which call it was: the program has no say in that.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import struct
from typing import NamedTuple

from llamoco.metrics.sandbox import seccomp, syscalls

_SET_MODE_FILTER, _NEW_LISTENER = 1, 1 << 3
_RECEIVE, _SEND = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_RECV, _SEND
_NOTIFICATION = struct.Struct("<QIIiIQ6Q")  # struct seccomp_notif with its seccomp_data
_ANSWER = struct.Struct("<QqiI")  # struct seccomp_notif_resp
_CONTINUE = 1
_CLONE_THREAD = 0x00010000
_PLAIN_FORKS = (17, 0x01200000 | 17)  # SIGCHLD, alone and as glibc's fork has it


class Call(NamedTuple):
    """A call that waits for an answer: its name, its first argument, and what the kernel knows it by."""

    name: str
    first: int
    id: int

    @property
    def makes_thread(self) -> bool:
        """Whether it asks for a thread, not a process: the flags are in a register, where nothing can change them."""
        return self.name == "clone" and bool(self.first & _CLONE_THREAD)

    @property
    def shown(self) -> str:
        """Its name, with the flags of a clone that is not a plain fork."""
        plain = self.name != "clone" or self.first & 0xFFFFFFFF in _PLAIN_FORKS
        return self.name if plain else f"clone({self.first:#x})"


class Asking:
    """The asking end, assembled once for all programs.

    Args:
        machine: "x86_64" or "aarch64".
    """

    def __init__(self, machine: str) -> None:
        self._number = syscalls.numbers(machine)["seccomp"]
        self._program = seccomp.FilterProgram(seccomp.build_asking(machine))

    def listen(self, libc: ctypes.CDLL) -> int:
        """Submit the calling process's calls; the descriptor for the process that answers.

        Raises:
            OSError: if the kernel refuses.
        """
        listener = int(libc.syscall(self._number, _SET_MODE_FILTER, _NEW_LISTENER, self._program.pointer))
        if listener < 0:
            raise OSError(ctypes.get_errno(), "the kernel refused a seccomp listener")
        return listener


class Listener:
    """The answering end.

    Args:
        machine: "x86_64" or "aarch64".
    """

    def __init__(self, machine: str) -> None:
        self._names = {number: name for name, number in syscalls.numbers(machine).items()}

    def receive(self, descriptor: int) -> Call | None:
        """The waiting call; None if its process has gone."""
        buffer = bytearray(_NOTIFICATION.size)
        try:
            fcntl.ioctl(descriptor, _RECEIVE, buffer, True)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR):
                return None
            raise
        identity, _, _, number, _, _, first, *_ = _NOTIFICATION.unpack(buffer)
        return Call(self._names.get(number, str(number)), first, identity)

    def allow(self, descriptor: int, call: Call) -> None:
        """Let the call proceed."""
        self._answer(descriptor, _ANSWER.pack(call.id, 0, 0, _CONTINUE))

    def refuse(self, descriptor: int, call: Call, error: int) -> None:
        """Let the call fail with an error number."""
        self._answer(descriptor, _ANSWER.pack(call.id, 0, -error, 0))

    def _answer(self, descriptor: int, answer: bytes) -> None:
        try:
            fcntl.ioctl(descriptor, _SEND, answer)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.EINTR):
                raise
