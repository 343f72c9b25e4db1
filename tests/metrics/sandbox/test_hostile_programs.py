"""Hostile and broken programs (``hostile_programs``) and the verdict that each has to get, here where this machine confines best."""

from __future__ import annotations

import os
import platform
import select
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from covert_programs import AFTER, MEANWHILE, Pair, judge_pair
from hostile_programs import CASES, DONE, FLOOD, HEADER, PROBLEM, SECTION, SWALLOW, WORK, Case, body, judge
from run_cases import found_after, found_meanwhile, run_case, run_honest, zygotes

from llamoco.metrics.sandbox import Sandbox, syscalls
from llamoco.metrics.sandbox.outcome import SessionEnded
from llamoco.metrics.sandbox.pipes import Pipes
from llamoco.metrics.sandbox.process_numbers import ProcessNumbers
from llamoco.metrics.sandbox.record import Record
from llamoco.metrics.sandbox.session import MAX_REFUSED

NUMBERS = [f"{number:02}" for number in range(1, 51)]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """In bubblewrap where it works."""
    with Sandbox(allow_unsafe=True) as started:
        if started.tier == "C":
            pytest.skip("this machine cannot confine programs")
        yield started


def run(sandbox: Sandbox, program: str, time_limit: float = 30.0) -> Record:
    return sandbox.run(program, PROBLEM, seed=3, time_limit=time_limit, memory_limit=512)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_verdict(sandbox: Sandbox, case: Case) -> None:
    judge(case, run_case(sandbox, case))
    honest = run_honest(sandbox)
    assert (honest.verdict, honest.f, honest.evals) == ("ok", 1.0, 2)


@pytest.fixture(scope="module")
def other() -> Iterator[Sandbox]:
    """A second slot."""
    with Sandbox(allow_unsafe=True) as started:
        yield started


@pytest.mark.parametrize("pair", AFTER, ids=lambda pair: pair.name)
def test_nothing_passes_to_the_next_program(sandbox: Sandbox, pair: Pair) -> None:
    judge_pair(*(found_after(sandbox, pair, bit) for bit in (0, 1)))


@pytest.mark.parametrize("pair", MEANWHILE, ids=lambda pair: pair.name)
def test_nothing_passes_to_another_slot(sandbox: Sandbox, other: Sandbox, pair: Pair) -> None:
    judge_pair(*(found_meanwhile(sandbox, other, pair, bit) for bit in (0, 1)))


@pytest.mark.parametrize("number", NUMBERS)
def test_every_kind_has_a_program(number: str) -> None:
    assert [case.name for case in CASES if case.name.startswith(f"{number}-")]


def test_names_are_unique_and_of_a_known_kind() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names) and {name[:2] for name in names} == set(NUMBERS)


@pytest.mark.skipif(platform.machine() not in syscalls.AUDIT_ARCHITECTURE, reason="no system call table")
def test_numbers_are_skipped_and_no_process_is_made() -> None:
    def next_number() -> int:
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        return pid

    def children() -> str:
        return Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text()

    skipped, already = set(), children()
    for _ in range(20):
        before = next_number()
        ProcessNumbers(platform.machine()).skip()
        assert children() == already
        skipped.add(next_number() - before - 1)
    # Others on this machine take numbers, too.
    assert len(skipped) > 8 and max(skipped) > 32


def test_a_program_that_keeps_asking_is_stopped(sandbox: Sandbox) -> None:
    assert run(sandbox, body(*SWALLOW)).refused == MAX_REFUSED


def test_a_program_that_takes_back_what_it_wrote_stays_on_its_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It can open its pipe for reading, and be faster than the evaluator that was told of something to read."""
    (requests, asking), (telling, replies), (output, printing) = os.pipe(), os.pipe(), os.pipe()
    pipes = Pipes(requests, replies, output, time_limit=0.3)
    assert not os.get_blocking(requests)
    wait, lost = Pipes._wait, []

    def wait_and_lose(self: Pipes, poll: select.poll) -> None:
        wait(self, poll)
        lost.append(os.read(requests, 10))

    monkeypatch.setattr(Pipes, "_wait", wait_and_lose)
    os.write(asking, b"taken")
    try:
        with pytest.raises(SessionEnded) as over:
            pipes.receive()
    finally:
        for descriptor in (requests, asking, telling, replies, output, printing):
            os.close(descriptor)
    assert over.value.outcome.verdict == "timeout" and lost == [b"taken"]


def test_nothing_is_unpickled_or_written_outside(sandbox: Sandbox) -> None:
    for case in CASES:
        if case.name in ("33-reduce", "17-write-outside"):
            run(sandbox, case.program)
    assert not os.path.exists("/tmp/owned") and not os.path.exists("/tmp/llamoco-outside")


def test_a_zygote_that_keeps_dying_is_not_charged_to_the_program(sandbox: Sandbox) -> None:
    def kill(evals: int, best_f: float | None) -> None:
        for pid in zygotes(sandbox):
            os.kill(pid, signal.SIGKILL)

    record = sandbox.run(body(WORK, DONE), PROBLEM, seed=3, on_progress=kill)
    assert record.verdict == "harness_error" and not record.failed
    assert record.reason == "the process that runs programs died (tried 2 times)"
    assert run(sandbox, body(WORK, DONE)).verdict == "ok"


def test_an_error_of_the_objective_is_its_owners(sandbox: Sandbox) -> None:
    def fail(evals: int, best_f: float | None) -> None:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        sandbox.run(body(WORK, DONE), PROBLEM, seed=3, on_progress=fail)
    assert run(sandbox, body(WORK, DONE)).verdict == "ok"


def test_a_flood_of_boxes_states_nothing(sandbox: Sandbox) -> None:
    flood = f"import os\n{HEADER}\ndata = HEADER.pack(MAGIC, Kind.BOX, 3, 0) * 1000\n{FLOOD}\n"
    points = np.zeros((3, 2))
    assert sandbox.stated_problem(SECTION, points) is not None
    assert sandbox.stated_problem(SECTION + flood, points) is None


def test_nothing_is_left_behind() -> None:
    with Sandbox(allow_unsafe=True) as sandbox:
        scratch = sandbox._scratch
        run(sandbox, body("while True: pass"), time_limit=0.3)
        run(sandbox, body("threading.Thread(target=time.sleep, args=(60,)).start()", WORK, DONE))
        assert os.listdir(scratch) == []
        assert len(zygotes(sandbox)) == 1
    deadline = time.monotonic() + 5
    while zygotes(sandbox) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not zygotes(sandbox) and not os.path.exists(scratch)
