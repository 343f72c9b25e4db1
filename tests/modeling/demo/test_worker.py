"""Workers of the page: processes that know no secrets, and are stopped with all they started."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from llamoco.modeling.demo import worker as worker_module
from llamoco.modeling.demo.request import Job
from llamoco.modeling.demo.worker import Worker, WorkerError, Workers

SPHERE = "Minimise $f(x) = x_1^2 + x_2^2$ with $-1 \\le x_1, x_2 \\le 2$ within 60 evaluations.\n"
ENDLESS = "Minimise $f(x) = {}$ with $0 \\le x_1 \\le 1$ within 9000 evaluations.".format(
    " + ".join(f"\\sum_{{i=1}}^{{300}} \\sum_{{j=1}}^{{300}} \\sin(i j x_1 + {k})" for k in range(1, 31))
)


def test_a_job_is_done_by_a_process_that_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    workers = Workers()
    try:
        environment = Path(f"/proc/{workers._next._process.pid}/environ")
        if environment.exists():
            assert b"secret" not in environment.read_bytes()
        told = [next(iter(line)) for line in workers.run(Job(SPHERE, "single best solver"))]
        assert [kind for kind in told if kind != "progress"] == ["problem", "answer", "run", "done"]
        assert list(workers.run(Job(" "))) == [
            {"error": "there is no problem yet: paste one, or pick an example"}
        ]
    finally:
        workers.close()


def test_a_formula_that_never_ends_is_stopped() -> None:
    """LaTeX is computed by our own evaluator, whose time no program's clock counts: the worker is killed."""
    with Worker() as worker:
        worker.wait_until_ready()
        folder = Path(worker._folder)
        start = time.monotonic()
        with pytest.raises(WorkerError, match="more than 3 seconds"):
            list(worker.run(Job(ENDLESS, "single best solver"), deadline=3.0))
    assert time.monotonic() - start < 10
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(worker._process.pid, 0)


def a_worker_that(monkeypatch: pytest.MonkeyPatch, code: str) -> Worker:
    """A process that runs other code in the place of a keeper."""
    monkeypatch.setattr(worker_module, "COMMAND", [sys.executable, "-c", code])
    return Worker()


HELLO = 'import sys, time; print(\'{"hello": {"tier": "A"}}\', flush=True); sys.stdin.readline()\n'


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("raise SystemExit", "did not start"),
        (HELLO, "ended early"),
        (HELLO + "print('no JSON', flush=True); time.sleep(60)", "said what it should not"),
        (HELLO + "print('[' * 100000, flush=True); time.sleep(60)", "said what it should not"),
        (HELLO + "print('[1]', flush=True); time.sleep(60)", "said what it should not"),
        (HELLO + "print('9' * 5000, flush=True); time.sleep(60)", "said what it should not"),
        (HELLO + "sys.stdout.write('x' * (20 << 20)); time.sleep(60)", "ended early"),
        (HELLO + "time.sleep(60)", "more than 2.5 seconds"),
    ],
)
def test_whatever_a_process_says_ends_in_a_message(
    code: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_worker_that(monkeypatch, code) as worker:
        folder = worker._folder
        with pytest.raises(WorkerError, match=expected):
            list(worker.run(Job(SPHERE), deadline=2.5))
        monkeypatch.setattr(worker_module, "END_LIMIT", 0.2)
    assert not Path(folder).exists() and not worker.alive


def test_a_long_silence_is_heard_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the page can look whether its visitor is still there."""
    code = HELLO + "time.sleep(2.5); print('{\"done\": true}', flush=True)"
    with a_worker_that(monkeypatch, code) as worker:
        told = list(worker.run(Job(SPHERE), deadline=30.0))
    assert told[-1] == {"done": True} and {"progress"} == set().union(*told[:-1])


def test_the_next_job_ends_one_that_nobody_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "COMMAND", [sys.executable, "-c", HELLO + "time.sleep(60)"])
    monkeypatch.setattr(worker_module, "END_LIMIT", 0.2)
    workers = Workers()
    try:
        left = workers.run(Job(SPHERE))
        assert "progress" in next(left)
        first = workers._working
        following = workers.run(Job(SPHERE))
        assert "progress" in next(following)
        assert first is not None and not first.alive
        assert "error" in next(left)
        left.close()
        following.close()
    finally:
        workers.close()
    assert list(workers.run(Job(SPHERE))) == [{"error": "the page is about to end"}]


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and PR_SET_PDEATHSIG")
def test_a_job_dies_with_its_keeper() -> None:
    with Worker() as worker:
        worker.wait_until_ready()
        children = Path(f"/proc/{worker._process.pid}/task/{worker._process.pid}/children").read_text()
        (job,) = map(int, children.split())
        os.kill(worker._process.pid, signal.SIGKILL)
        worker._process.wait()
        end = time.monotonic() + 2
        while Path(f"/proc/{job}/exe").exists() and time.monotonic() < end:
            time.sleep(0.02)
        with pytest.raises(OSError):  # gone, or a zombie that nobody has asked after yet
            os.readlink(f"/proc/{job}/exe")
        folder = worker._folder
    assert not Path(folder).exists()


def test_a_worker_that_ended_while_it_waited_is_replaced() -> None:
    workers = Workers()
    try:
        assert workers._next is not None
        os.kill(workers._next._process.pid, signal.SIGKILL)
        workers._next._process.wait()
        assert list(workers.run(Job(SPHERE, "single best solver")))[-1] == {"done": True}
    finally:
        workers.close()
