"""The hostile programs on lesser machines: without namespaces (tier B), and where nothing confines (tier C). Really without: in a
process to which a seccomp filter of the test's own denies them (``lesser_machine``)."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from hostile_programs import CASES, NEEDS_CONFINEMENT, Case, judge
from run_cases import of_line

from llamoco.metrics.sandbox import confine, syscalls
from llamoco.metrics.sandbox.verdicts import Record

RUN_CASES = Path(__file__).parent / "run_cases.py"

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in syscalls.AUDIT_ARCHITECTURE,
    reason="machines are made lesser by seccomp filters",
)

Table = dict[str, tuple[Record, Record] | str]


def run_table(*options: str) -> Table:
    """Record of each case, and of the honest program after it, from a process with these options."""
    command = [sys.executable, str(RUN_CASES), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return dict(map(of_line, done.stdout.splitlines()))


@pytest.fixture(scope="module")
def tables() -> Iterator[dict[str, Future[Table]]]:
    """By tier; side by side, as much of the time programs wait to be ended."""
    with ThreadPoolExecutor() as pool:
        yield {
            "B": pool.submit(run_table, "--lack", "namespaces"),
            "C": pool.submit(run_table, "--lack", "landlock,namespaces", "--unsafe"),
        }


def check(table: Table, case: Case, tier: str) -> None:
    assert not isinstance(table[case.name], str), table[case.name]
    record, honest = table[case.name]
    assert record.tier == tier
    judge(case, record)
    assert (honest.verdict, honest.f, honest.evals) == ("ok", 1.0, 2)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.skipif(confine.unsupported() is not None, reason="this machine cannot confine programs")
def test_verdict_without_bubblewrap(tables: dict[str, Future[Table]], case: Case) -> None:
    check(tables["B"].result(), case, "B")


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.name not in NEEDS_CONFINEMENT], ids=lambda case: case.name
)
def test_verdict_where_nothing_confines(tables: dict[str, Future[Table]], case: Case) -> None:
    check(tables["C"].result(), case, "C")


def test_what_needs_confinement_is_not_run_without(tables: dict[str, Future[Table]]) -> None:
    assert not NEEDS_CONFINEMENT & tables["C"].result().keys()


@pytest.mark.parametrize(
    ("lack", "why"),
    [
        ("landlock", "has no Landlock"),
        ("seccomp", "the kernel refuses seccomp"),
        ("landlock,namespaces", "Landlock"),
    ],
)
def test_a_machine_that_cannot_confine_is_refused(lack: str, why: str) -> None:
    command = [sys.executable, str(RUN_CASES), "--lack", lack]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0 and done.stdout == ""
    assert "SandboxUnavailable: this machine cannot confine a program" in done.stderr and why in done.stderr
    assert "allow_unsafe_execution=True" in done.stderr
