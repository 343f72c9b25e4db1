"""The filter as the kernel runs it, by an interpreter of its language, against the lists that it is made of."""

from __future__ import annotations

import struct

import pytest

from llamoco.metrics.sandbox import seccomp, syscalls

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
PID = 4711


def verdict(program: list[tuple[int, int, int, int]], architecture: int, number: int, *arguments: int) -> int:
    """What a filter answers to a call (linux/filter.h, linux/seccomp.h)."""
    data = struct.pack("<IIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    accumulator = at = 0
    while True:
        code, if_true, if_false, constant = program[at]
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, constant)
        elif code == 0x05:
            at += constant
        elif code == 0x06:
            return constant
        else:
            tests = {
                0x15: accumulator == constant,
                0x35: accumulator >= constant,
                0x45: accumulator & constant,
            }
            at += if_true if tests[code] else if_false


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_every_call_gets_what_the_lists_say(machine: str) -> None:
    program, number = seccomp.build(machine, PID), syscalls.numbers(machine)
    special = {"clone", "clone3", "tgkill", "fcntl", "ioctl", "prctl", "madvise", "prlimit64"}
    expected = {number[name]: ALLOW for name in syscalls.ALLOWED if name in number}
    expected |= {number[name]: KILL for name in syscalls.KILLED if name in number}
    asked = set(range(1000)) | {0x40000000, 0x40000001, 0xFFFFFFFF}  # and those of the x32 interface
    for call in asked - {number[name] for name in special}:
        assert verdict(program, ARCHITECTURES[machine], call) == expected.get(call, EPERM), call
    other = next(value for name, value in ARCHITECTURES.items() if name != machine)
    assert {verdict(program, other, call) for call in asked} == {KILL}
    assert len(program) < 4096 and all(max(jumps) < 256 for _, *jumps, _ in program)


@pytest.mark.parametrize("machine", ARCHITECTURES)
@pytest.mark.parametrize(
    ("name", "arguments", "answer"),
    [
        ("clone", (0x00010000,), ALLOW),
        ("clone", (17,), KILL),
        ("clone3", (), ENOSYS),
        ("tgkill", (PID,), ALLOW),
        ("tgkill", (PID + 1,), KILL),
        ("fcntl", (3, 1), ALLOW),
        ("fcntl", (3, 8), EPERM),
        ("ioctl", (1, 0x5401), ALLOW),
        ("ioctl", (1, 0x5412), EPERM),
        ("prctl", (15,), ALLOW),
        ("prctl", (22,), KILL),
        ("prctl", (4,), EPERM),
        ("madvise", (0, 4096, 4), ALLOW),
        ("madvise", (0, 4096, 14), ALLOW),
        ("madvise", (0, 4096, 100), EPERM),
        ("madvise", (0, 4096, 101), EPERM),
        ("prlimit64", (0, 7, 0), ALLOW),
        ("prlimit64", (0, 7, 1 << 32), EPERM),
        ("prlimit64", (0, 7, 8), EPERM),
    ],
)
def test_calls_whose_arguments_decide(
    machine: str, name: str, arguments: tuple[int, ...], answer: int
) -> None:
    program = seccomp.build(machine, PID)
    assert verdict(program, ARCHITECTURES[machine], syscalls.numbers(machine)[name], *arguments) == answer
