"""The process of a page's job, attacked from within: it reads no other process, writes nothing outside, starts and reaches nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from job_attacks import ALLOWED, SECRET, SHOWN
from unprivileged import REFUSED

import llamoco.metrics as metrics
from llamoco.metrics.sandbox import syscalls
from llamoco.metrics.sandbox.confinement import unsupported
from llamoco.modeling.demo import confinement

USER = 54321
TESTS = Path(__file__).parent

pytestmark = pytest.mark.skipif(unsupported() is not None, reason="this machine cannot confine a process")
Run = Callable[..., subprocess.CompletedProcess[str]]


def environment(home: Path, bubblewrap: bool = True) -> dict[str, str]:
    """Of a page: with a secret, and with or without bubblewrap on its path."""
    path = os.environ["PATH"] if bubblewrap else str(home / "nothing")
    kept = {name: os.environ[name] for name in ("PYTHONPATH", "VIRTUAL_ENV") if name in os.environ}
    return kept | {"PATH": path, "HOME": str(home), "TMPDIR": str(home), "HF_TOKEN": SECRET}


def run_as_caller(home: Path, *command: str, bubblewrap: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command as who runs the tests."""
    return subprocess.run(
        command, env=environment(home, bubblewrap), capture_output=True, text=True, timeout=300, check=False
    )


def run_as_user(home: Path, *command: str, bubblewrap: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command as an ordinary user; root becomes one."""
    if os.getuid() != 0:
        return run_as_caller(home, *command, bubblewrap=bubblewrap)
    for path in (home, *home.rglob("*")):
        os.chown(path, USER, USER)
    installed = Path(str(metrics.__file__)).parents[1]
    folders = {sys.prefix, sys.base_prefix, str(installed), str(TESTS.parents[2]), str(home)}
    reachable = sorted({path for folder in folders for path in (folder, os.path.realpath(folder))})
    as_user = (
        sys.executable,
        str(TESTS.parent / "sandbox" / "unprivileged.py"),
        str(USER),
        ":".join(reachable),
    )
    done = run_as_caller(home, *as_user, *command, bubblewrap=bubblewrap)
    if done.returncode == REFUSED:
        pytest.skip(f"root may not become an ordinary user here: {done.stderr.strip()}")
    return done


def attacked(run: Run, home: Path, mode: str, bubblewrap: bool = True) -> dict[str, Any]:
    """What the job's attacks came to, and the temporary folder: it holds the file "kept", as before."""
    (home / "kept").write_text("kept")
    (home / "kept").chmod(0o600)
    script = str(TESTS / "job_attacks.py")
    done = run(home, sys.executable, script, "page", str(home), mode, bubblewrap=bubblewrap)
    assert done.stdout, done.stderr
    results: dict[str, Any] = json.loads(done.stdout)
    return results


@pytest.mark.parametrize(
    ("run", "bubblewrap"),
    [
        pytest.param(run_as_caller, True, id="caller"),
        pytest.param(run_as_user, False, id="user, without bubblewrap"),
        pytest.param(run_as_caller, False, id="caller, without bubblewrap", marks=pytest.mark.slow),
        pytest.param(run_as_user, True, id="user", marks=pytest.mark.slow),
    ],
)
def test_no_attack_from_within_a_job_gains_anything(run: Run, bubblewrap: bool, tmp_path: Path) -> None:
    results = attacked(run, tmp_path, "confined", bubblewrap)
    if not bubblewrap:
        assert results["tier"] == "B"
    for thread in ("first", "thread"):
        assert len(results[thread]) > 50
        for name, outcome in results[thread].items():
            assert outcome.startswith("gained") if name in ALLOWED else outcome == "refused", (name, outcome)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"], "nothing is made, nothing is left"
    kept = tmp_path / "kept"
    assert kept.read_text() == "kept" and kept.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(run_as_caller, id="caller"),
        pytest.param(run_as_user, id="user", marks=pytest.mark.slow),
    ],
)
def test_the_attacks_would_work(run: Run, tmp_path: Path) -> None:
    """The same without confinement: else the test above shows nothing."""
    results = attacked(run, tmp_path, "free")
    for name in SHOWN:
        assert results["first"][name].startswith("gained"), name
    assert (tmp_path / "marker").exists()


READ_PARENT = "import os; print(open(f'/proc/{os.getppid()}/environ', 'rb').read().count(b'hf_secret'))"
PARENT = """\
import subprocess, sys
from llamoco.modeling.demo import confinement
if sys.argv[1] == "hidden":
    confinement.hide()
done = subprocess.run([sys.executable, "-c", sys.argv[2]], env={}, capture_output=True, text=True)
print(done.stdout or done.stderr)
"""


@pytest.mark.parametrize(("mode", "expected"), [("hidden", "PermissionError"), ("open", "1\n")])
def test_an_unconfined_child_of_the_page_cannot_read_its_environment(
    mode: str, expected: str, tmp_path: Path
) -> None:
    """Of an ordinary user's page; root may read every process, which is why a job gives that right up."""
    done = run_as_user(tmp_path, sys.executable, "-c", PARENT, mode, READ_PARENT)
    assert expected in done.stdout, done.stderr


def test_the_page_hides_itself() -> None:
    app = (TESTS.parents[2] / "metrics" / "llamoco" / "app.py").read_text()
    assert app.index("confinement.hide()") < app.index("workers = Workers()")


def test_a_process_with_threads_is_not_said_to_be_confined(tmp_path: Path) -> None:
    """Landlock holds for the calling thread and for those that it starts later."""
    code = (
        "import threading\nfrom llamoco.modeling.demo import confinement\n"
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        f"confinement.confine({str(tmp_path)!r}, [])\n"
    )
    done = run_as_caller(tmp_path, sys.executable, "-c", code)
    assert "threads already" in done.stderr and done.returncode == 1


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_within_what_the_kernel_takes(machine: str) -> None:
    rules = confinement._filter(machine)
    assert len(rules) < 4096
    for at, (code, yes, no, _) in enumerate(rules):
        if code & 0x07 == 0x05:  # jumps stay within the program
            assert at + 1 + max(yes, no) < len(rules)


def test_every_refused_call_has_a_number() -> None:
    known = {machine: syscalls.numbers(machine) for machine in syscalls.AUDIT_ARCHITECTURE}
    refused = confinement._REFUSED.split()
    assert len(refused) == len(set(refused)) > 90
    assert all(name in known["x86_64"] for name in refused)
    old = "fork vfork chmod chown lchown utime utimes futimesat mknod link symlink iopl ioperm modify_ldt"
    assert {name for name in refused if name not in known["aarch64"]} == set(old.split())
