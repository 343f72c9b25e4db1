"""The hostile programs get the same verdicts where the evaluator is an ordinary user; as root the test becomes one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from covert_programs import AFTER, Pair, judge_pair
from hostile_programs import CASES_OF_THE_EVALUATOR, CASES_OF_THE_KERNEL, Case, judge
from run_cases import of_line
from unprivileged import REFUSED

import llamoco.metrics as metrics
from llamoco.metrics.sandbox.confinement import unsupported
from llamoco.metrics.sandbox.record import Record

USER = 54321
TESTS = Path(__file__).parent
USER_CASES = CASES_OF_THE_KERNEL + CASES_OF_THE_EVALUATOR[2::3]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0,
    reason="not root on Linux: the other tests are those of an ordinary user already",
)


class Finished(NamedTuple):
    """What came of the table run as the user: records of each case, complaints, what is left in the user's folder."""

    table: dict[str, tuple[Record, Record] | str]
    complaints: str
    left: list[str]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """From a process of the user."""
    if unsupported():
        pytest.skip("this machine cannot confine programs")
    home = tmp_path_factory.mktemp("user")
    os.chown(home, USER, USER)

    def as_user(*command: str) -> subprocess.CompletedProcess[str]:
        installed = Path(str(metrics.__file__)).parents[1]
        folders = {sys.prefix, sys.base_prefix, str(installed), str(TESTS.parents[2]), str(home)}
        reachable = sorted({path for folder in folders for path in (folder, os.path.realpath(folder))})
        done = subprocess.run(
            [sys.executable, str(TESTS / "unprivileged.py"), str(USER), ":".join(reachable), *command],
            env={name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
            | {"HOME": str(home), "TMPDIR": str(home)},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if done.returncode == REFUSED:
            pytest.skip(f"root may not become an ordinary user here: {done.stderr.strip()}")
        return done

    who = as_user(sys.executable, "-c", "import os; print(*os.getresuid(), *os.getresgid(), os.getgroups())")
    assert who.stdout == f"{USER} " * 6 + "[]\n", who.stderr
    names = ",".join(entry.name for entry in (*USER_CASES, *AFTER))
    done = as_user(sys.executable, str(TESTS / "run_cases.py"), names)
    return Finished(dict(map(of_line, done.stdout.splitlines())), done.stderr, os.listdir(home))


@pytest.mark.parametrize("case", USER_CASES, ids=lambda case: case.name)
def test_verdict_for_an_ordinary_user(finished: Finished, case: Case) -> None:
    ran = finished.table.get(case.name, finished.complaints)
    assert not isinstance(ran, str), ran
    record, honest = ran
    judge(case, record)
    assert record.tier in ("A", "B")
    assert (honest.verdict, honest.f, honest.evals) == ("ok", 1.0, 2)


@pytest.mark.parametrize("pair", AFTER, ids=lambda pair: pair.name)
def test_nothing_passes_on_for_an_ordinary_user(finished: Finished, pair: Pair) -> None:
    found = finished.table.get(pair.name, finished.complaints)
    assert not isinstance(found, str), found
    judge_pair(*found)


def test_an_ordinary_user_can_clean_up(finished: Finished) -> None:
    assert (finished.complaints, finished.left) == ("", [])
