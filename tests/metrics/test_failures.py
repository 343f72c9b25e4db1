from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from hostile_programs import CASES, HONEST, PROBLEM, SECTION, body

from llamoco.metrics.failures import Cause, as_text, causes
from llamoco.metrics.run_records import row
from llamoco.metrics.runner import Prediction, Runner


def a_row(prediction: int, verdict: str, message: str | None = None, **fields: Any) -> dict[str, Any]:
    """A run's record; of an exception where the message has one."""
    exception, _, text = (message or "").partition(": ")
    told = {"exception": exception, "message": text} if text else {"exception": None, "message": None}
    frames = ["line 12, in optimize"] if text else []
    common = {
        "prediction": prediction,
        "run": 0,
        "verdict": verdict,
        "reason": message or "",
        "frames": frames,
    }
    return common | told | {"benign": False, "faithful": None, "repair": None} | fields


OK = {"verdict": "ok", "faithful": None}


@pytest.mark.parametrize(
    ("messages", "cause"),
    [
        (
            [
                "NameError: name 'foo' is not defined",
                "NameError: name 'np' is not defined. Did you mean: 'bp'?",
            ],
            "NameError: name '…' is not defined",
        ),
        (
            [
                "IndexError: index 7 is out of bounds for axis 0 with size 7",
                "IndexError: index -12 is out of bounds for axis 1 with size 3",
            ],
            "IndexError: index N is out of bounds for axis N with size N",
        ),
        (
            [
                "ValueError: operands could not be broadcast together with shapes (3,) (2,) ",
                "ValueError: operands could not be broadcast together with shapes (3,4) (2,1,5)",
            ],
            "ValueError: operands could not be broadcast together with shapes (N) (N)",
        ),
        (
            [
                "TypeError: <__main__.A object at 0x7f12ab> isn't a float64",
                "TypeError: <__main__.A object at 0x99> isn't a float64",
            ],
            "TypeError: <__main__.A object at 0x…> isn't a float64",
        ),
        (
            ["ValueError: at [1.5 -2e-05 nan] it can't", "ValueError: at [0.25 3. ... 2] it can't"],
            "ValueError: at [N] it can't",
        ),
        (
            [
                "SyntaxError: invalid syntax (<program>, line 3)",
                "SyntaxError: invalid syntax (<program>, line 77)",
            ],
            "SyntaxError: invalid syntax",
        ),
        (["more than 0.5 s of its own", "more than 60 s of its own"], "more than N s of its own"),
        (["KeyError: 'a'\nand more", 'KeyError: "b"'], "KeyError: '…'"),
    ],
)
def test_particulars_do_not_part_causes(messages: list[str], cause: str) -> None:
    found = causes(a_row(number, "runtime_error", message) for number, message in enumerate(messages))
    assert [(one.cause, one.count, one.programs, one.share) for one in found] == [(cause, 2, 2, 1.0)]


def test_what_makes_causes() -> None:
    many = "tried to use several processes: a program may use one"
    rows = [
        *(a_row(0, "runtime_error", "NameError: name 'x' is not defined", run=run) for run in range(3)),
        a_row(1, "runtime_error", "NameError: name 'y' is not defined"),
        a_row(2, "runtime_error", "ZeroDivisionError: division by zero", repair=OK),
        *(a_row(3, "security_violation", many, benign=True) for _ in range(7)),
        a_row(4, "security_violation", "forbidden system call (os.fork)"),
        *(a_row(5, "budget_exceeded", "asked for more than its 40 evaluations") for _ in range(9)),
        a_row(6, "ok", "returned a point", faithful=False),
        a_row(6, "budget_exceeded", "asked for more than its 40 evaluations", faithful=False),
        a_row(7, "syntax_error", "SyntaxError: invalid syntax", faithful=False),
        a_row(8, "harness_error", "the process that runs programs died (tried 2 times)"),
        a_row(9, "ok", "returned a point", faithful=True),
    ]
    found = causes(rows)
    assert [(one.kind, one.verdict, one.cause, one.count, one.programs) for one in found] == [
        ("error", "runtime_error", "NameError: name '…' is not defined", 4, 2),
        ("error", "unfaithful", "states another problem", 2, 1),
        ("error", "runtime_error", "ZeroDivisionError: division by zero", 1, 1),
        ("error", "security_violation", "forbidden system call (os.fork)", 1, 1),
        ("error", "syntax_error", "SyntaxError: invalid syntax", 1, 1),
        ("several processes", "security_violation", many, 7, 1),
        ("over budget", "budget_exceeded", "asked for more than its N evaluations", 9, 1),
        ("harness", "harness_error", "the process that runs programs died (tried N times)", 1, 1),
    ]
    # Everything but the one run that went well, once.
    assert sum(one.count for one in found) == len(rows) - 1
    assert sum(one.share for one in found) == pytest.approx(1 - 1 / len(rows))
    assert json.loads(json.dumps([asdict(one) for one in found]))[0]["example"]["prediction"] == 0


def test_repairs_are_counted_by_prediction() -> None:
    failed = {"verdict": "timeout", "faithful": None}
    repairs = [
        [OK, OK],
        [OK, failed],
        [None, None],
        [{"verdict": "ok", "faithful": False}],
        [{"verdict": "budget_exceeded"}],
    ]
    rows = [
        a_row(number, "runtime_error", "ValueError: no", run=run, repair=repair)
        for number, several in enumerate(repairs)
        for run, repair in enumerate(several)
    ]
    (one,) = causes(rows)
    assert (one.count, one.programs, one.repaired, one.mended) == (8, 5, 4, 2)
    assert "(5 predictions); repair mends 2 of 4" in as_text([one])


def test_the_report_is_readable() -> None:
    rows = [
        a_row(31, "runtime_error", "NameError: name 'x' is\nnot \x1b[2J defined" + "!" * 500),
        a_row(32, "budget_exceeded", "kept asking"),
        a_row(33, "ok"),
    ]
    text = as_text(causes(rows))
    assert text.splitlines()[:2] == [
        "Errors (1 run, 33.3%)",
        "      1  33.3%  runtime_error: NameError: name '…' is",
    ]
    assert "prediction 31, line 12, in optimize: NameError: name 'x' is not \\x1b[2J defined!!" in text
    assert "Over the evaluation budget" in text and text.index("Errors") < text.index("Over the")
    assert all(len(line) < 130 and line.isprintable() for line in text.splitlines())
    assert as_text([]) == as_text(causes([])) == "No run failed."


def test_real_runs() -> None:
    script = SECTION + HONEST
    programs = [
        body("return " + "undefined_one"),
        body("objective(lower)", "return undefined_other"),
        next(case.program for case in CASES if case.name == "08-workers"),
        next(case.program for case in CASES if case.name == "26-over-budget"),
        HONEST,
        script,
        script.replace("- 1.0", "- 1.5"),
    ]
    repairs = [HONEST, None, body("return None"), None, None, None, None]
    predictions = [
        Prediction(program, PROBLEM, repair) for program, repair in zip(programs, repairs, strict=True)
    ]
    with Runner(runs=2, allow_unsafe=True, workers=1) as runner:
        rows = [
            row(number, run, one)
            for number, several in runner.run_all(predictions)
            for run, one in enumerate(several)
        ]
    found: dict[str, Cause] = {one.cause: one for one in causes(sorted(rows, key=lambda r: r["prediction"]))}
    names = found.pop("NameError: name '…' is not defined")
    assert (names.count, names.programs, names.repaired, names.mended) == (4, 2, 1, 1)
    assert names.example.prediction == 0 and names.example.frames == ["line 4, in optimize"]
    assert names.example.message == "NameError: name 'undefined_one' is not defined"
    unfaithful = found.pop("states another problem")
    assert (unfaithful.count, unfaithful.example.prediction) == (2, 6)
    if runner.tier != "C":
        workers = found.pop("tried to use several processes: a program may use one")
        assert (workers.kind, workers.repaired, workers.mended) == ("several processes", 1, 0)
    over = found.pop("asked for more than its N evaluations")
    assert (over.kind, over.count) == ("over budget", 2)
    assert not found
