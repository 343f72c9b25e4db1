"""The filter as the kernel runs it, by an interpreter of its language, against the lists that it is made of."""

from __future__ import annotations

import struct

import pytest

from llamoco.metrics.sandbox import seccomp, syscalls

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, KILL, ASK = 0x7FFF0000, 0x80000000, 0x7FC00000
EPERM, EAGAIN, EINVAL, ENOSYS, ENOSPC = 0x00050001, 0x0005000B, 0x00050016, 0x00050026, 0x0005001C
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
@pytest.mark.parametrize("asking", [False, True])
def test_every_call_gets_what_the_lists_say(machine: str, asking: bool) -> None:
    program, number = seccomp.build(machine, PID, asking, bounded=True), syscalls.numbers(machine)
    special = {
        *("clone", "clone3", "tgkill", "fcntl", "ioctl", "prctl", "madvise", "prlimit64", "fallocate"),
        *("sched_getaffinity", "getpgid", "getsid", "clock_gettime", "clock_getres", "clock_nanosleep"),
        "futex",
    }
    expected = {number[name]: ALLOW for name in syscalls.ALLOWED if name in number}
    expected |= {number[name]: ALLOW if asking else KILL for name in syscalls.KILLED if name in number}
    expected |= {number[name]: ENOSYS for name in syscalls.ABSENT}
    asked = set(range(1000)) | {0x40000000, 0x40000001, 0xFFFFFFFF}  # and those of the x32 interface
    for call in asked - {number[name] for name in special}:
        assert verdict(program, ARCHITECTURES[machine], call) == expected.get(call, EPERM), call
    other = next(value for name, value in ARCHITECTURES.items() if name != machine)
    assert {verdict(program, other, call) for call in asked} == {KILL}
    assert len(program) < 4096 and all(max(jumps) < 256 for _, *jumps, _ in program)


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_escapes_and_threads_are_asked_about_and_nothing_else(machine: str) -> None:
    program, number = seccomp.build_asking(machine), syscalls.numbers(machine)
    asked = {number[name] for name in ("clone", *syscalls.KILLED) if name in number}
    for call in (*range(1000), 0x40000039):
        answer = verdict(program, ARCHITECTURES[machine], call, 17)
        assert answer == (ASK if call in asked else ALLOW), call
    # What the second filter kills for is not asked about in vain: it has the stronger say.
    main = seccomp.build(machine, PID, asking=True, bounded=True)
    assert {verdict(main, ARCHITECTURES[machine], call, 17) for call in asked} == {ALLOW}


@pytest.mark.parametrize("machine", ARCHITECTURES)
@pytest.mark.parametrize(
    ("name", "arguments", "answer"),
    [
        ("clone", (0x00010000,), EAGAIN),
        ("clone", (17,), KILL),
        ("clone3", (), ENOSYS),
        ("tgkill", (PID,), ALLOW),
        ("tgkill", (PID + 1,), KILL),
        ("fcntl", (3, 1), ALLOW),
        *(("fcntl", (3, command), EPERM) for command in (5, 6, 7, 8, 9, 36, 37, 38, 1024, 1026, 1031)),
        ("ioctl", (1, 0x5401), ALLOW),
        ("ioctl", (1, 0x5412), EPERM),
        ("prctl", (15,), ALLOW),
        ("prctl", (22,), KILL),
        ("prctl", (4,), EPERM),
        ("madvise", (0, 4096, 4), ALLOW),
        ("madvise", (0, 4096, 14), ALLOW),
        *(("madvise", (0, 4096, advice), EPERM) for advice in (9, 12, 20, 21, 22, 23, 25, 100, 101)),
        ("prlimit64", (0, 7, 0), ALLOW),
        ("prlimit64", (PID, 7, 0), ALLOW),
        ("prlimit64", (PID + 1, 7, 0), EPERM),
        ("prlimit64", (0, 7, 1 << 32), EPERM),
        ("prlimit64", (0, 7, 8), EPERM),
        ("fallocate", (), ENOSPC),
        ("sched_getaffinity", (0,), ALLOW),
        ("sched_getaffinity", (PID,), ALLOW),
        ("sched_getaffinity", (1,), EPERM),
        ("getpgid", (1,), EPERM),
        *(("futex", (0, operation), EAGAIN) for operation in (0, 1, 9, 10, 256 | 9)),
        *(("futex", (0, operation | 128), ALLOW) for operation in (0, 1, 9, 10, 256 | 9)),
        ("clock_gettime", (2,), ALLOW),
        ("clock_gettime", (0xFFFFFFFF & (~PID << 3 | 2),), EINVAL),
    ],
)
def test_calls_whose_arguments_decide(
    machine: str, name: str, arguments: tuple[int, ...], answer: int
) -> None:
    program = seccomp.build(machine, PID, asking=False, bounded=False)
    assert verdict(program, ARCHITECTURES[machine], syscalls.numbers(machine)[name], *arguments) == answer
