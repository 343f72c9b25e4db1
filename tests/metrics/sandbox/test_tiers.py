"""The hostile programs on lesser machines: without namespaces (tier B), and where nothing confines (tier C). Really without: in a
process to which a seccomp filter of the test's own denies them (``lesser_machine``)."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from covert_programs import AFTER, MEANWHILE, NEEDS_NAMESPACES, Pair, judge_pair
from hostile_programs import (
    CASES,
    CASES_OF_THE_EVALUATOR,
    CASES_OF_THE_KERNEL,
    NEEDS_CONFINEMENT,
    Case,
    judge,
)
from run_cases import of_line, run_honest

from llamoco.metrics.sandbox import Sandbox, syscalls, tiers
from llamoco.metrics.sandbox.confinement import unsupported
from llamoco.metrics.sandbox.record import Record

RUN_CASES = Path(__file__).parent / "run_cases.py"

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in syscalls.AUDIT_ARCHITECTURE,
    reason="machines are made lesser by seccomp filters",
)

Table = dict[str, tuple[Record, Record] | str]


B_CASES = CASES_OF_THE_KERNEL + CASES_OF_THE_EVALUATOR[::3]
B_PAIRS = [pair for pair in (*AFTER, *MEANWHILE) if pair.name not in NEEDS_NAMESPACES]  # as the card says
C_CASES = [case for case in CASES if case.name not in NEEDS_CONFINEMENT][1::3]
IN_NAMESPACES = CASES_OF_THE_KERNEL[::3] + [case for case in CASES if case.name[:2] in ("40", "43", "47")]
WITHOUT_THREADS = [
    case
    for case in CASES
    if case.name in ("01-syntax", "09-threads", "18-ptrace") or case.name[:2] in ("07", "44")
]


def run_table(entries: Sequence[Case | Pair], *options: str) -> Table:
    """Record of each case, and of the honest program after it, from a process with these options; both records of a pair."""
    command = [sys.executable, str(RUN_CASES), *options, ",".join(entry.name for entry in entries)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return dict(map(of_line, done.stdout.splitlines()))


@pytest.fixture(scope="module")
def tables() -> Iterator[dict[str, Future[Table]]]:
    """By tier; side by side, as much of the time programs wait to be ended."""
    with ThreadPoolExecutor() as pool:
        yield {
            "B": pool.submit(run_table, [*B_CASES, *B_PAIRS], "--lack", "namespaces"),
            "C": pool.submit(run_table, C_CASES, "--lack", "landlock,namespaces", "--unsafe"),
            "B in namespaces": pool.submit(run_table, [*IN_NAMESPACES, *AFTER], "--lack", "bubblewrap"),
            "B without threads": pool.submit(run_table, WITHOUT_THREADS, "--lack", "namespaces,listener"),
        }


def check(table: Table, case: Case, tier: str) -> None:
    assert not isinstance(table[case.name], str), table[case.name]
    record, honest = table[case.name]
    assert record.tier == tier
    judge(case, record)
    assert (honest.verdict, honest.f, honest.evals) == ("ok", 1.0, 2)


@pytest.mark.parametrize("case", B_CASES, ids=lambda case: case.name)
@pytest.mark.skipif(unsupported() is not None, reason="this machine cannot confine programs")
def test_verdict_without_bubblewrap(tables: dict[str, Future[Table]], case: Case) -> None:
    check(tables["B"].result(), case, "B")


@pytest.mark.parametrize("pair", B_PAIRS, ids=lambda pair: pair.name)
@pytest.mark.skipif(unsupported() is not None, reason="this machine cannot confine programs")
def test_nothing_passes_on_without_bubblewrap(tables: dict[str, Future[Table]], pair: Pair) -> None:
    found = tables["B"].result()[pair.name]
    assert not isinstance(found, str)
    judge_pair(*found)


@pytest.mark.parametrize("case", C_CASES, ids=lambda case: case.name)
def test_verdict_where_nothing_confines(tables: dict[str, Future[Table]], case: Case) -> None:
    check(tables["C"].result(), case, "C")


@pytest.mark.skipif(unsupported() is not None, reason="this machine cannot confine programs")
@pytest.mark.skipif(
    not tiers.bubblewrap_works(), reason="without bubblewrap the other tests are of this kind"
)
def test_namespaces_of_its_own_do_as_well_as_bubblewrap(tables: dict[str, Future[Table]]) -> None:
    table = tables["B in namespaces"].result()
    for case in IN_NAMESPACES:
        check(table, case, "B")
    for pair in AFTER:
        judge_pair(*table[pair.name])


@pytest.mark.skipif(unsupported() is not None, reason="this machine cannot confine programs")
def test_without_a_listener_there_are_no_threads(tables: dict[str, Future[Table]]) -> None:
    """Kernels before 5.5, and containers whose own filter listens already."""
    table = tables["B without threads"].result()
    reasons = {name: entry[0].reason for name, entry in table.items() if not isinstance(entry, str)}
    assert reasons["44-small-threads"] == "ValueError: 0 threads"
    assert (
        "start new thread" in reasons["09-threads"]
        and "start new thread" in reasons["44-one-after-the-other"]
    )
    assert reasons["18-ptrace"] == "forbidden system call (killed by the kernel)"
    assert all(entry[1].verdict == "ok" for entry in table.values() if not isinstance(entry, str))


@pytest.mark.parametrize(
    ("lack", "why"),
    [
        ("landlock", "has no Landlock"),
        ("seccomp", "the kernel refuses seccomp"),
    ],
)
def test_a_machine_that_cannot_confine_is_refused(lack: str, why: str) -> None:
    command = [sys.executable, str(RUN_CASES), "--lack", lack, "01-syntax"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0 and done.stdout == ""
    assert "SandboxUnavailable: this machine cannot confine a program" in done.stderr and why in done.stderr
    assert "allow_unsafe_execution=True" in done.stderr


@pytest.fixture
def pretender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A bubblewrap, first on the path, that runs what it is given and makes no namespaces."""
    program = tmp_path / "bwrap"
    program.write_text('#!/bin/sh\nwhile [ "$1" != "--dev" ]; do shift; done\nshift 7\nexec "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    tiers.bubblewrap_works.cache_clear()
    yield program
    tiers.bubblewrap_works.cache_clear()


@pytest.mark.skipif(unsupported() is not None, reason="this machine cannot confine programs")
def test_a_bubblewrap_that_does_nothing_is_not_believed(pretender: Path) -> None:
    assert tiers.bubblewrap_works()
    with Sandbox() as sandbox:
        assert sandbox.tier == "B"
        assert run_honest(sandbox).verdict == "ok"


@pytest.mark.parametrize("text", ["#!/bin/sh\nexit 0\n", "#!/bin/sh\nexit 1\n"])
def test_a_bubblewrap_that_is_broken_is_not_used(pretender: Path, text: str) -> None:
    pretender.write_text(text)
    assert not tiers.bubblewrap_works()


def test_signals_that_a_shell_ignores_change_nothing() -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from run_cases import *\n"
        "with Sandbox(True) as sandbox:\n"
        "    print(sandbox.tier, run_honest(sandbox).verdict)\n"
        "    loop = next(case for case in CASES if case.name == '05-loop')\n"
        "    print(run_case(sandbox, loop).verdict)\n"
    )
    trap = "trap '' CHLD XCPU PIPE TERM INT HUP USR1 ALRM"
    command = ["sh", "-c", f'{trap}; exec "$@"', "sh", sys.executable, "-c", script, str(RUN_CASES.parent)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    with Sandbox(allow_unsafe=True) as here:
        assert (done.stdout, done.returncode) == (f"{here.tier} ok\ntimeout\n", 0), done.stderr
