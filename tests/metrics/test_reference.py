"""References of kind source whose own code misbehaves: each ends its own runs, and nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics import reference
from llamoco.metrics.reference import ReferenceFailure, evaluated_apart
from llamoco.metrics.runner import Prediction, Runner
from llamoco.metrics.summary import score

BOX = "LOWER, UPPER, MAX_EVALS = [-1.0, -2.0], [3.0, 2.0], 60\n"
SOUND = f"def objective(x):\n    return (x[0] - 1) ** 2 + abs(x[1])\ndef inequality(x):\n    return x[0] - 2\n{BOX}"
LATEX = r"\[ \min_{x} (x_1 - 1)^2 + x_2 \] subject to $x_1 + x_2 \le 2$, where $-1 \le x_1 \le 3$, $-2 \le x_2 \le 2$. Budget: 60 evaluations."
PROGRAM = """\
import numpy as np
def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):
    X = np.random.default_rng(seed).uniform(lower, upper, (50, 2))
    f = np.array([objective(x) for x in X])
    return X[np.argmin(f)]
"""


def problem(text: str, name: str = "p", language: str = "python", n_inequality: int = 0) -> Problem:
    return Problem(
        id=name,
        kind="source",
        lower=(-1.0, -2.0),
        upper=(3.0, 2.0),
        max_evals=60,
        n_inequality=n_inequality,
        n_equality=0,
        definition={language: text},
        f0=5.0,
        f_star=0.0,
    )


def after(calls: int, what: str, first: str = "import os, sys, time") -> str:
    """A file whose objective does something after so many calls; two are made at the centre of the box when it is read."""
    lines = (
        f"{first}\ncount = 0\ndef objective(x):\n    global count\n    count += 1\n    if count > {calls}:\n"
    )
    return f"{lines}        {what}\n    return (x[0] - 1) ** 2\n{BOX}"


def test_values_are_those_of_a_process_of_ones_own() -> None:
    here = problem(SOUND, n_inequality=1)
    points = np.random.default_rng(0).uniform(-1, 3, (40, 2))
    with evaluated_apart(here) as apart:
        assert apart is not here and apart == here  # but for where it is evaluated
        for several in (points, points[:1], points[:0]):
            ours, theirs = here.evaluate(several), apart.evaluate(several)
            assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
    latex = problem(LATEX, language="latex", n_inequality=1)
    with evaluated_apart(latex) as apart:
        assert all(
            np.array_equal(a, b) for a, b in zip(latex.evaluate(points), apart.evaluate(points), strict=True)
        )


def test_a_text_that_is_not_read_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "START_LIMIT", 2.0)
    text = f"while True: pass\n{SOUND}"
    with (
        pytest.raises(ReferenceFailure, match="more than 2 s for being read"),
        evaluated_apart(problem(text)),
    ):
        raise AssertionError


def test_it_runs_elsewhere_and_ends_with_the_block(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    text = f"import os\nopen({str(mark)!r}, 'w').write(str(os.getpid()))\nprint('x' * 10**5)\n{SOUND}"
    with evaluated_apart(problem(text, n_inequality=1)):
        pid = int(mark.read_text())
        assert pid != os.getpid() and os.getpgid(pid) == pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


AT_ONCE = {
    "raises": ("raise IndexError('\\x1b[2Jno')", r"ProblemError: .*IndexError: \\x1b\[2Jno"),
    "leaves": ("raise SystemExit(0)", "SystemExit"),
    "raises what is no Exception": ("raise BaseException('no')", "BaseException: no"),
    "exits": ("import os; os._exit(0)", "os._exit would have ended the evaluating process"),
    "ends below Python": (
        "import ctypes; ctypes.CDLL(None)._exit(0)",
        r"its process ended \(exit status 0\)",
    ),
    "kills itself": ("import os; os.kill(os.getpid(), 9)", "os.kill would have ended the evaluating process"),
    "crashes": ("import ctypes; ctypes.string_at(0)", "its process was ended by Segmentation"),
    "allocates": ("x = bytearray(1 << 44)", "MemoryError"),
    "states other constraints": (
        "def equality(x):\n    return 0.0",
        "0 inequality and 1 equality constraints",
    ),
    "closes its pipes": ("import os; os.closerange(0, 100); os.abort()", "its process ended"),
}


@pytest.mark.parametrize("name", AT_ONCE)
def test_what_fails_when_it_is_read(name: str) -> None:
    line, message = AT_ONCE[name]
    begun = time.monotonic()
    with (
        pytest.raises(ReferenceFailure, match=message) as caught,
        evaluated_apart(problem(f"{line}\n{SOUND.replace('inequality', 'other')}")),
    ):
        raise AssertionError
    assert str(caught.value).startswith(reference.FAILED) and str(caught.value).isprintable()
    assert time.monotonic() - begun < 20


LATER = {
    "raises": ("raise IndexError('list index out of range')", "IndexError: list index out of range"),
    "leaves": ("sys.exit()", "SystemExit"),
    "is interrupted": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "exits": ("os._exit(7)", "os._exit would have ended the evaluating process"),
    "hangs": ("time.sleep(1000)", r"takes more than 1.5 s for a point"),
    "computes for ever": ("[0 for _ in iter(int, 1)]", r"takes more than 1.5 s for a point"),
    "forks, and the child lives on": (
        "os._exit(3) if os.fork() else time.sleep(1000)",
        "os._exit would have ended the evaluating process",
    ),
    "returns a text": ("return 'low'", "ProblemError"),
    "raises what cannot be shown": (
        "raise type('Bad', (Exception,), {'__str__': lambda self: os._exit(5)})",
        "os._exit would have ended the evaluating process",
    ),
    "speaks in its place": ("os.write(4, b'x' * 4096)", "answers something else"),
}


@pytest.mark.parametrize("name", LATER)
def test_what_fails_in_the_middle(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "POINT_LIMIT", 1.5)
    what, message = LATER[name]
    with evaluated_apart(problem(after(4, what))) as apart:
        assert np.array_equal(apart.evaluate(np.array([[1.0, 0.0], [3.0, 0.0]])).f, [0.0, 4.0])
        with pytest.raises(ReferenceFailure, match=message):
            apart.evaluate(np.zeros((5, 2)))
        begun = time.monotonic()
        with pytest.raises(ReferenceFailure, match=message):  # at once, in the same way
            apart.evaluate(np.zeros((1, 2)))
        assert time.monotonic() - begun < 0.1


def test_all_evaluations_together_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "TOTAL_LIMIT", 2.5)
    with (
        evaluated_apart(problem(after(2, "time.sleep(0.4)"))) as apart,
        pytest.raises(ReferenceFailure, match=r"more than 2\.5 s in all"),
    ):
        apart.evaluate(np.zeros((100, 2)))


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner(runs=2, allow_unsafe=True, workers=2) as started:
        yield started


def test_a_compute_goes_on_beside_references_that_fail(runner: Runner) -> None:
    texts = [
        SOUND.replace("inequality", "other"),
        after(20, "raise IndexError('of a reference')"),
        f"raise SystemExit\n{BOX}",
        after(30, "os._exit(0)"),
        after(20, "print('x' * 10**5)"),
        "\ufeff" + SOUND.replace("inequality", "other"),
    ]
    predictions = [Prediction(PROGRAM, problem(text, f"p{i}")) for i, text in enumerate(texts)]
    whole = Prediction(texts[1] + PROGRAM, problem(texts[1], "whole"))
    broken = Prediction("def optimize(", problem(texts[1], "broken"), repair=PROGRAM)
    result = score([*predictions, whole, broken], None, runner)
    verdicts = [[r["verdict"] for r in result["records"] if r["prediction"] == i] for i in range(8)]
    fine, failed = ["ok"] * 2, ["harness_error"] * 2
    assert verdicts == [fine, failed, failed, failed, fine, fine, failed, ["syntax_error"] * 2]
    for record in result["records"]:
        if record["verdict"] == "harness_error":
            assert record["reason"].startswith(f"references[{record['prediction']}]: {reference.FAILED}: ")
    assert result["records"][15]["repair"]["reason"].startswith("references[7]: ")
    assert "IndexError: of a reference" in result["records"][2]["reason"]
    # Nobody is charged with what a reference did.
    assert result["err"] == 2 / 8 and result["perf"] > 0


def test_ids_with_half_characters_and_programs_with_marks(runner: Runner) -> None:
    text = SOUND.replace("inequality", "other")
    predictions = [
        Prediction("\ufeff" + PROGRAM, problem(text, "\ud800")),
        Prediction("\ufeff" + text + PROGRAM, problem(text, "\ud800")),
        Prediction("\ud800" + PROGRAM, problem(text)),
        Prediction(PROGRAM + "#" * 200_000, problem(text)),
        Prediction(text + PROGRAM + "#" * 200_000, problem(text)),
    ]
    found = dict(runner.run_all(predictions))
    attempts = [found[number][0].attempt for number in range(5)]
    assert [a.record.verdict for a in attempts] == ["ok", "ok", *["syntax_error"] * 3]
    assert [a.faithful for a in attempts] == [None, True, None, None, False]
    assert "programs of at most 100,000" in attempts[3].record.reason


def test_a_reference_does_not_outlive_a_worker_that_is_killed(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    text = after(2, f"open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(1000)")
    deadline = time.monotonic() + 30
    with ThreadPoolExecutor(1) as pool:
        with Runner(runs=1, allow_unsafe=True, workers=1) as runner:
            waiting = pool.submit(list, runner.run_all([Prediction(PROGRAM, problem(text))]))
            while not (mark.exists() and mark.read_text()) and time.monotonic() < deadline:
                time.sleep(0.05)
            pid = int(mark.read_text())
            os.kill(pid, 0)
        assert "shutdown" in str(waiting.exception(30))
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError):
            if "State:\tZ" not in Path(f"/proc/{pid}/status").read_text():
                time.sleep(0.05)
                continue
        break
    assert not Path(f"/proc/{pid}").exists() or "State:\tZ" in Path(f"/proc/{pid}/status").read_text()


@pytest.mark.parametrize(
    ("language", "text", "start"),
    [
        ("python", SOUND + "X0 = [2.5, -1.0]\n", [2.5, -1.0]),
        ("latex", LATEX + " Start at $x^0 = (2.5, -1)$.", [2.5, -1.0]),
        ("python", SOUND, None),
    ],
)
def test_a_starting_point_is_known_apart(language: str, text: str, start: list[float] | None) -> None:
    here = problem(text, language=language, n_inequality=1)
    assert (None if here.start is None else here.start.tolist()) == start
    with evaluated_apart(here) as apart:
        assert (None if apart.start is None else apart.start.tolist()) == start


def test_problems_of_the_set_are_evaluated_where_they_are() -> None:
    synthetic = replace(problem(SOUND), kind="synthetic")
    with evaluated_apart(synthetic) as apart:
        assert apart is synthetic
