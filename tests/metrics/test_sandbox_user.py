"""The hostile programs get the same verdicts where the evaluator is an ordinary user; as root the test becomes one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hostile_programs import CASES, Case, judge
from run_cases import of_line
from unprivileged import REFUSED

import llamoco.metrics as metrics
from llamoco.metrics.sandbox import confine
from llamoco.metrics.sandbox.verdicts import Record

USER = 54321
TESTS = Path(__file__).parent

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0,
    reason="not root on Linux: the other tests are those of an ordinary user already",
)

Table = dict[str, tuple[Record, Record] | str]


@pytest.fixture(scope="module")
def user_table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    """Record of each case, and of the honest program after it, from a process of the user."""
    if confine.unsupported():
        pytest.skip("this machine cannot confine programs")
    home = tmp_path_factory.mktemp("user")
    os.chown(home, USER, USER)

    def as_user(*command: str) -> str:
        installed = Path(str(metrics.__file__)).parents[1]
        folders = {sys.prefix, sys.base_prefix, str(installed), str(TESTS.parents[1]), str(home)}
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
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert as_user(
        sys.executable, "-c", "import os; print(os.getresuid(), os.getresgid(), os.getgroups())"
    ) == (f"({USER}, {USER}, {USER}) ({USER}, {USER}, {USER}) []\n")
    table = dict(map(of_line, as_user(sys.executable, str(TESTS / "run_cases.py")).splitlines()))
    assert os.listdir(home) == []
    return table


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_verdict_for_an_ordinary_user(user_table: Table, case: Case) -> None:
    assert not isinstance(user_table[case.name], str), user_table[case.name]
    record, honest = user_table[case.name]
    judge(case, record)
    assert record.tier in ("A", "B")
    assert (honest.verdict, honest.f, honest.evals) == ("ok", 1.0, 2)
