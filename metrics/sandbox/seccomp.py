"""Two seccomp filters, assembled here: system calls that a confined program may make.

Calls a numerical program needs are allowed; calls that only an escape needs, and new threads, are submitted to the zygote
by a separate filter (see ``notify``); everything else answers EPERM, which Python raises as PermissionError.
Where the kernel cannot do that, such calls kill the process and there are no threads. See seccomp(2)
and the kernel's Documentation/userspace-api/seccomp_filter.rst for the filter language (classic BPF).
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
ASK = 0x7FC00000
EPERM, EAGAIN, EINVAL, ENOSPC, ENOSYS = 1, 11, 22, 28, 38

# Classic BPF: load a 32-bit word of struct seccomp_data, jump, jump if equal / at least / if any bit is set, return.
_LOAD, _JUMP, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x05, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE = 0, 4

CLONE_THREAD = 0x00010000
# Only commands that stay within the process: locks are seen by others, F_SETOWN and FIOSETOWN would make the kernel signal them.
_FCNTL_COMMANDS = (0, 1, 2, 3, 4, 1030)
_IOCTL_COMMANDS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
_PRCTL_NAME = (15, 16)
# What libraries advise on memory of their own: NORMAL to DONTNEED, FREE, (DONT)FORK, (NO)HUGEPAGE, (DONT)DUMP, guards. COLD and
# PAGEOUT would drop pages of files that others read, MERGEABLE would have memory compared with that of others.
_ADVICE = (0, 1, 2, 3, 4, 8, 10, 11, 14, 15, 16, 17, 102, 103)
# pthread_join waits in the other way, for a thread of its own; told to try again it does, until the thread has ended.
_FUTEX_PRIVATE = 128
_CLOCKS = 16  # other numbers are clocks of other processes

Instruction = tuple[int, int, int, int]


def _argument(index: int, high: bool = False) -> int:
    """Offset of the low (or high) word of an argument: both supported architectures are little-endian."""
    return 16 + 8 * index + (4 if high else 0)


def returning(action: int) -> Instruction:
    """The instruction that ends with an action."""
    return (_RETURN, 0, 0, action)


def if_value(
    argument: int, values: tuple[int, ...], matching: Instruction, otherwise: Instruction
) -> list[Instruction]:
    """Return by whether the low word of an argument is one of some values."""
    body: list[Instruction] = [(_LOAD, 0, 0, _argument(argument))]
    for value in values:
        body += [(_JUMP_EQUAL, 0, 1, value), matching]
    return [*body, otherwise]


def if_any_bit(argument: int, bits: int, matching: Instruction, otherwise: Instruction) -> list[Instruction]:
    """Return by whether the low word of an argument has any of some bits."""
    return [(_LOAD, 0, 0, _argument(argument)), (_JUMP_ANY_BIT, 0, 1, bits), matching, otherwise]


def build(machine: str, pid: int, asking: bool, bounded: bool) -> list[Instruction]:
    """The filter for one process.

    Args:
        machine: "x86_64" or "aarch64", as ``platform.machine()``.
        pid: the process to be confined: it may signal itself (abort), and ask about itself; about nobody else.
        asking: whether the filter of ``build_asking`` is also in force: it takes precedence in the calls that it submits.
        bounded: whether the kernel bounds what the process writes; else it may not take room on the disk all at once.
    """
    number = syscalls.numbers(machine)
    allow, refuse = returning(ALLOW), returning(ERRNO | EPERM)
    bodies = {number[name]: [allow] for name in syscalls.ALLOWED if name in number}
    bodies |= {number[name]: [returning(ERRNO | ENOSYS)] for name in syscalls.ABSENT}
    bodies[number["fallocate"]] = [returning(ALLOW if bounded else ERRNO | ENOSPC)]
    bodies |= {number[name]: [returning(ALLOW if asking else KILL)] for name in _asked_about(machine)}
    if not asking:
        bodies[number["clone"]] = if_any_bit(0, CLONE_THREAD, returning(ERRNO | EAGAIN), returning(KILL))
    # glibc falls back to clone, whose flags a filter can read (clone3 passes them by pointer).
    bodies[number["clone3"]] = [returning(ERRNO | ENOSYS)]
    bodies[number["tgkill"]] = if_value(0, (pid,), allow, returning(KILL))
    bodies[number["fcntl"]] = if_value(1, _FCNTL_COMMANDS, allow, refuse)
    # A futex that is not private can be in a file, where programs of two sandboxes would meet.
    bodies[number["futex"]] = if_any_bit(1, _FUTEX_PRIVATE, allow, returning(ERRNO | EAGAIN))
    bodies[number["ioctl"]] = if_value(1, _IOCTL_COMMANDS, allow, refuse)
    bodies[number["madvise"]] = if_value(2, _ADVICE, allow, refuse)
    seccomp_kills: list[Instruction] = [
        (_LOAD, 0, 0, _argument(0)),
        (_JUMP_EQUAL, 0, 1, PR_SET_SECCOMP),
        returning(KILL),
    ]
    bodies[number["prctl"]] = seccomp_kills + if_value(0, _PRCTL_NAME, allow, refuse)
    for name in ("sched_getaffinity", "getpgid", "getsid"):
        if name in number:
            bodies[number[name]] = if_value(0, (0, pid), allow, refuse)
    for name in ("clock_gettime", "clock_getres", "clock_nanosleep"):
        bodies[number[name]] = [
            (_LOAD, 0, 0, _argument(0)),
            (_JUMP_AT_LEAST, 0, 1, _CLOCKS),
            returning(ERRNO | EINVAL),
            returning(ALLOW),
        ]
    bodies[number["prlimit64"]] = [  # to read its own limits only
        (_LOAD, 0, 0, _argument(2)),
        (_JUMP_EQUAL, 0, 5, 0),
        (_LOAD, 0, 0, _argument(2, high=True)),
        (_JUMP_EQUAL, 0, 3, 0),
        (_LOAD, 0, 0, _argument(0)),
        (_JUMP_EQUAL, 2, 0, 0),
        (_JUMP_EQUAL, 1, 0, pid),
        refuse,
        allow,
    ]
    return assemble(machine, bodies, [refuse], returning(KILL))


def build_asking(machine: str) -> list[Instruction]:
    """The filter that submits calls to the listener, and allows all others."""
    number = syscalls.numbers(machine)
    bodies = {number[name]: [returning(ASK)] for name in _asked_about(machine)}
    return assemble(machine, bodies, [returning(ALLOW)], returning(ALLOW))


def _asked_about(machine: str) -> list[str]:
    """Calls that are submitted to the zygote."""
    number = syscalls.numbers(machine)
    return ["clone", *(name for name in syscalls.KILLED if name in number)]


def assemble(
    machine: str,
    bodies: dict[int, list[Instruction]],
    otherwise: list[Instruction],
    foreign: Instruction,
    newest: tuple[int, Instruction] | None = None,
) -> list[Instruction]:
    """A complete filter.

    Args:
        machine: "x86_64" or "aarch64".
        bodies: instructions by system call.
        otherwise: for other calls.
        foreign: for calls of other architectures.
        newest: a number, and the instruction for all calls from it on.
    """
    return [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, syscalls.AUDIT_ARCHITECTURE[machine]),
        foreign,
        (_LOAD, 0, 0, _NUMBER),
        *([] if newest is None else [(_JUMP_AT_LEAST, 0, 1, newest[0]), newest[1]]),
        *_search(_ranges(bodies, otherwise)),
    ]


def _ranges(
    bodies: dict[int, list[Instruction]], otherwise: list[Instruction]
) -> list[tuple[int, list[Instruction]]]:
    """Ranges of system calls that are treated alike: the first number and the body of each."""
    ranges = [(0, bodies.get(0, otherwise))]
    for number in range(1, max(bodies) + 2):
        body = bodies.get(number, otherwise)
        if body != ranges[-1][1]:
            ranges.append((number, body))
    return ranges


def _search(ranges: list[tuple[int, list[Instruction]]]) -> list[Instruction]:
    """Binary search of the range that a number is in: the kernel tries every call when it takes a filter."""
    if len(ranges) == 1:
        return ranges[0][1]
    middle = len(ranges) // 2
    below, above = _search(ranges[:middle]), _search(ranges[middle:])
    # A conditional jump reaches 255 instructions.
    return [(_JUMP_AT_LEAST, 0, 1, ranges[middle][0]), (_JUMP, 0, 0, len(below)), *below, *above]


class _Header(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


class FilterProgram:
    """A filter in the form that the kernel takes.

    Attributes:
        code: its bytes, 8 per instruction, which may be changed before it is used.
        pointer: the argument for the kernel.
    """

    def __init__(self, program: list[Instruction]) -> None:
        self.code = bytearray(b"".join(struct.pack("<HBBI", *instruction) for instruction in program))
        self._buffer = (ctypes.c_char * len(self.code)).from_buffer(self.code)
        self._header = _Header(len(program), ctypes.addressof(self._buffer))
        self.pointer = ctypes.byref(self._header)


class Filter:
    """The filter of a program, assembled once for all processes.

    Args:
        machine: "x86_64" or "aarch64".
        asking, bounded: as ``build`` has them.
    """

    def __init__(self, machine: str, asking: bool, bounded: bool) -> None:
        program = build(machine, 0, asking, bounded)
        self._program = FilterProgram(program)
        # The instructions that differ between processes; their last four bytes are the number. (0 may stand elsewhere, too.)
        others = zip(build(machine, 1, asking, bounded), build(machine, 2, asking, bounded), strict=True)
        self._of_pid = [8 * k + 4 for k, pair in enumerate(others) if len(set(pair)) > 1]

    def install(self, libc: ctypes.CDLL) -> None:
        """Confine the calling process for good. Needs no_new_privs.

        Raises:
            OSError: if the kernel refuses the filter.
        """
        for place in self._of_pid:
            struct.pack_into("<I", self._program.code, place, os.getpid())
        if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, self._program.pointer, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "the kernel refused the seccomp filter")
