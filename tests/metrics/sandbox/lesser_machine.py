"""Make this process, for good, one of a machine that lacks what confines programs: a seccomp filter answers in the kernel's place."""

from __future__ import annotations

import ctypes
import platform
import struct

from llamoco.metrics.sandbox import syscalls

LANDLOCK = (444, 445, 446)
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
EPERM, EBUSY, EINVAL, ENOSYS = 1, 16, 22, 38

# seccomp_data: the call's number at 0, the low word of its arguments at 16, 24, ...
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000

Instruction = tuple[int, int, int, int]


def lack(features: list[str]) -> None:
    """Lose some of: "landlock" (kernels before 5.13), "seccomp", "namespaces" (distributions that restrict them),
    "listener" (seccomp notifications, which only one filter of a process may ask for)."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0, "no_new_privs"
    number = syscalls.numbers(platform.machine())
    rules = {
        "landlock": [rule for call in LANDLOCK for rule in _refuse(call, ENOSYS)],
        "seccomp": [
            *_refuse(number["seccomp"], ENOSYS),
            *_refuse(number["prctl"], EINVAL, 22),
        ],
        "listener": _refuse(number["seccomp"], EBUSY, first=1),
        "namespaces": [
            *_refuse(number["clone"], EPERM, bits=CLONE_NEWNS | CLONE_NEWUSER),
            *_refuse(number["unshare"], EPERM, bits=CLONE_NEWNS | CLONE_NEWUSER),
            *_refuse(number["clone3"], ENOSYS),
        ],
    }
    program = [rule for feature in features for rule in rules[feature]] + [(_RETURN, 0, 0, _ALLOW)]
    code = b"".join(struct.pack("<HBBI", *instruction) for instruction in program)
    argument = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), 0))
    text = ctypes.create_string_buffer(code)
    struct.pack_into("P", argument, 8, ctypes.addressof(text))
    assert libc.prctl(22, 2, argument, 0, 0) == 0, "the filter of the test was refused"


def _refuse(call: int, error: int, first: int | None = None, bits: int | None = None) -> list[Instruction]:
    """Answer a call with an error; only where its first argument is ``first``, or has any of ``bits``."""
    action = (_RETURN, 0, 0, _ERRNO | error)
    if first is None and bits is None:
        test: list[Instruction] = []
    else:
        jump = (_EQUAL, 0, 1, first) if first is not None else (_ANY_BIT, 0, 1, bits)
        test = [(_LOAD, 0, 0, 16), jump]
    body = [*test, action]
    return [(_LOAD, 0, 0, 0), (_EQUAL, 0, len(body), call), *body]
