"""A seccomp filter assembled by hand: what a confined program may ask of the kernel.

Three lists. Calls a numerical program needs are allowed; calls that only an escape needs kill the process, so
that the evaluator sees SIGSYS; everything else answers EPERM, which Python raises as PermissionError. See
seccomp(2) and the kernel's Documentation/userspace-api/seccomp_filter.rst for the filter language (classic
BPF).
"""

from __future__ import annotations

import ctypes
import os
import struct

from llamoco.metrics.sandbox import syscalls

PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2

KILL = 0x80000000
ALLOW = 0x7FFF0000
ERRNO = 0x00050000
EPERM, ENOSYS = 1, 38

# Classic BPF: load a 32-bit word of struct seccomp_data, jump, jump if equal / at least / if any bit is set, return.
_LOAD, _JUMP, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x05, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE = 0, 4

CLONE_THREAD = 0x00010000
# Only commands that stay within the process: F_SETOWN and FIOSETOWN would make the kernel signal others.
_FCNTL_COMMANDS = (0, 1, 2, 3, 4, 5, 6, 7, 1030)
_IOCTL_COMMANDS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
_PRCTL_NAME = (15, 16)
MADV_HWPOISON, MADV_SOFT_OFFLINE = 100, 101

Instruction = tuple[int, int, int, int]


def _argument(index: int, high: bool = False) -> int:
    """Offset of the low (or high) word of an argument: both supported architectures are little-endian."""
    return 16 + 8 * index + (4 if high else 0)


def _return(action: int) -> Instruction:
    return (_RETURN, 0, 0, action)


def _allow_values(argument: int, values: tuple[int, ...], otherwise: int) -> list[Instruction]:
    body: list[Instruction] = [(_LOAD, 0, 0, _argument(argument))]
    for value in values:
        body += [(_JUMP_EQUAL, 0, 1, value), _return(ALLOW)]
    return [*body, _return(otherwise)]


def build(machine: str, pid: int) -> list[Instruction]:
    """The filter for one process.

    Args:
        machine: "x86_64" or "aarch64", as ``platform.machine()``.
        pid: the process to be confined: it may signal itself (abort), nobody else.
    """
    number = syscalls.numbers(machine)
    bodies = {number[name]: [_return(ALLOW)] for name in syscalls.ALLOWED if name in number}
    bodies |= {number[name]: [_return(KILL)] for name in syscalls.KILLED if name in number}
    bodies[number["clone"]] = [
        (_LOAD, 0, 0, _argument(0)),
        (_JUMP_ANY_BIT, 0, 1, CLONE_THREAD),
        _return(ALLOW),
        _return(KILL),
    ]
    # glibc falls back to clone, whose flags a filter can read (clone3 passes them by pointer).
    bodies[number["clone3"]] = [_return(ERRNO | ENOSYS)]
    bodies[number["tgkill"]] = _allow_values(0, (pid,), KILL)
    bodies[number["fcntl"]] = _allow_values(1, _FCNTL_COMMANDS, ERRNO | EPERM)
    bodies[number["ioctl"]] = _allow_values(1, _IOCTL_COMMANDS, ERRNO | EPERM)
    seccomp_kills: list[Instruction] = [
        (_LOAD, 0, 0, _argument(0)),
        (_JUMP_EQUAL, 0, 1, PR_SET_SECCOMP),
        _return(KILL),
    ]
    bodies[number["prctl"]] = seccomp_kills + _allow_values(0, _PRCTL_NAME, ERRNO | EPERM)
    bodies[number["madvise"]] = [  # not those by which root takes memory of the machine out of use
        (_LOAD, 0, 0, _argument(2)),
        (_JUMP_EQUAL, 1, 0, MADV_HWPOISON),
        (_JUMP_EQUAL, 0, 1, MADV_SOFT_OFFLINE),
        _return(ERRNO | EPERM),
        _return(ALLOW),
    ]
    bodies[number["prlimit64"]] = [  # to read limits only
        (_LOAD, 0, 0, _argument(2)),
        (_JUMP_EQUAL, 0, 3, 0),
        (_LOAD, 0, 0, _argument(2, high=True)),
        (_JUMP_EQUAL, 0, 1, 0),
        _return(ALLOW),
        _return(ERRNO | EPERM),
    ]
    return [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, syscalls.AUDIT_ARCHITECTURE[machine]),
        _return(KILL),
        (_LOAD, 0, 0, _NUMBER),
        *_search(_ranges(bodies, [_return(ERRNO | EPERM)])),
    ]


def _ranges(
    bodies: dict[int, list[Instruction]], otherwise: list[Instruction]
) -> list[tuple[int, list[Instruction]]]:
    """All system calls in ranges that are treated alike: the first number and the body of each."""
    ranges = [(0, bodies.get(0, otherwise))]
    for number in range(1, max(bodies) + 2):
        body = bodies.get(number, otherwise)
        if body != ranges[-1][1]:
            ranges.append((number, body))
    return ranges


def _search(ranges: list[tuple[int, list[Instruction]]]) -> list[Instruction]:
    """Find the range that a number is in by halving: the kernel tries every call when it takes a filter."""
    if len(ranges) == 1:
        return ranges[0][1]
    middle = len(ranges) // 2
    below, above = _search(ranges[:middle]), _search(ranges[middle:])
    # A conditional jump reaches 255 instructions.
    return [(_JUMP_AT_LEAST, 0, 1, ranges[middle][0]), (_JUMP, 0, 0, len(below)), *below, *above]


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


class Filter:
    """The filter in the form that the kernel takes, assembled once for all programs.

    Args:
        machine: "x86_64" or "aarch64".
    """

    def __init__(self, machine: str) -> None:
        program = build(machine, 0)
        self._code = bytearray(b"".join(struct.pack("<HBBI", *instruction) for instruction in program))
        # The one instruction that differs between processes; its last four bytes are the number.
        (self._of_pid,) = (
            8 * k + 4
            for k, pair in enumerate(zip(program, build(machine, 1), strict=True))
            if len(set(pair)) > 1
        )
        self._buffer = (ctypes.c_char * len(self._code)).from_buffer(self._code)
        self._argument = _FilterProgram(len(program), ctypes.addressof(self._buffer))

    def install(self, libc: ctypes.CDLL) -> None:
        """Confine the calling process for good. Needs no_new_privs.

        Raises:
            OSError: if the kernel refuses the filter.
        """
        struct.pack_into("<I", self._code, self._of_pid, os.getpid())
        if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(self._argument), 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "the kernel refused the seccomp filter")
