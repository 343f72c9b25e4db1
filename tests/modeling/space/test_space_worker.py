"""Workers of the page: processes that know no secrets, and are stopped with all they started."""

import os
import time
from pathlib import Path

import pytest

from llamoco.modeling.space.request import Job
from llamoco.modeling.space.worker import Worker, WorkerError, Workers

SPHERE = "Minimise $f(x) = x_1^2 + x_2^2$ with $-1 \\le x_1, x_2 \\le 2$ within 60 evaluations.\n"
ENDLESS = (
    "Minimise $\\sum_{i=1}^{999999999} \\sum_{j=1}^{999999999} \\sin(i j x_1)$ with $0 \\le x_1 \\le 1$ "
    "within 9 evaluations."
)


def test_a_job_is_done_by_a_process_that_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    workers = Workers()
    try:
        environment = Path(f"/proc/{workers._next._process.pid}/environ")
        if environment.exists():
            assert b"secret" not in environment.read_bytes()
        told = [next(iter(line)) for line in workers.do(Job(SPHERE, "single best solver"))]
        assert [kind for kind in told if kind != "progress"] == ["problem", "answer", "run", "done"]
        assert list(workers.do(Job(" "))) == [
            {"error": "there is no problem yet: paste one, or pick an example"}
        ]
    finally:
        workers.close()


def test_a_formula_that_never_ends_is_stopped() -> None:
    """LaTeX is computed by our own evaluator, whose time no program's clock counts: the worker is killed."""
    with Worker() as worker:
        worker.hello()
        folder = Path(worker._folder)
        start = time.monotonic()
        try:
            told = list(worker.do(Job(ENDLESS, "single best solver"), deadline=3.0))
        except WorkerError as error:
            told = [{"error": str(error)}]
    assert time.monotonic() - start < 10
    # Whichever limit comes first, time or memory.
    assert "more than 3 seconds" in told[-1]["error"] or "too much memory" in told[-1]["error"]
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(worker._process.pid, 0)
