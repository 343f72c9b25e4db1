"""What a visitor's form may hold: a job, or one message for the visitor, whatever JSON came."""

import itertools
from typing import Any

import pytest

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.modeling.demo.request import MAX_PROBLEM, MAX_PROGRAM, Job

ANYTHING: tuple[Any, ...] = (
    None, True, False, 0, -1, 3, 10**400, -(10**400), 0.5, 2.0, float("nan"), float("inf"), "", " ", "a", "model",
    "\ud800", "a\0", "\ufeff", "\x1b[31m", "x" * (MAX_PROGRAM + 1), [], ["a"], {}, {"a": {}}, (), b"a", object(),
)  # fmt: skip


def test_anything_in_any_field_is_a_job_or_a_message() -> None:
    good: tuple[Any, ...] = ("p", "own", "q", 1, 0)
    for position, value in itertools.product(range(5), ANYTHING):
        fields = (*good[:position], value, *good[position + 1 :])
        try:
            job = Job.asked(*fields)
        except ProblemError as error:
            assert str(error).isprintable() and len(str(error)) < 300
            continue
        assert type(job.problem) is type(job.program) is type(job.writer) is str
        assert type(job.runs) is type(job.seed) is int


def test_a_job_that_was_made_otherwise_is_checked_too() -> None:
    for fields in itertools.product(ANYTHING, ANYTHING[:16], ("p", 5), (1, True, 2.0), (0, None)):
        try:
            Job(*fields).check()
        except ProblemError:
            continue
        assert isinstance(fields[0], str) and isinstance(fields[3], int)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (("p", "model", "", 2.0, 7.0), Job("p", "model", "", 2, 7)),
        (("\ufeffp", "own", "\ufeffq", 1, 0), Job("p", "own", "q", 1, 0)),
        (("p", None, None, None, None), Job("p")),
    ],
)
def test_what_a_browser_sends_is_a_job(fields: tuple[Any, ...], expected: Job) -> None:
    assert Job.asked(*fields) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (("a\nb\ud800", "model", "", 1, 0), "line 2 of the problem holds half a character (U+D800)"),
        (("a", "own", "a\n\n\0", 1, 0), "line 3 of the program holds a NUL byte"),
        (("a", "you", "", 1, 0), "'you'; choose one of model, single best solver, own"),
        (("a" * (MAX_PROBLEM + 1), "model", "", 1, 0), f"{MAX_PROBLEM:,}"),
        (("a", "model", "", 1, 2**31), "from 0 to 2147483647"),
        (("a", "model", "", 1, 10**400), "a very large number"),
    ],
)
def test_the_message_names_field_and_cure(fields: tuple[Any, ...], expected: str) -> None:
    with pytest.raises(ProblemError) as error:
        Job.asked(*fields)
    assert expected in str(error.value)
