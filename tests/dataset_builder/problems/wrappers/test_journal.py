"""The journal's file: numbers to the last bit, torn lines, and files that are no journal."""

import json
import math

import numpy as np
import pytest

from llamoco.dataset_builder.problems.wrappers.journal import Identity, Journal, JournalError

NUMBERS = [0.1, -0.0, math.nan, math.inf, -math.inf, 5e-324, 1.7976931348623157e308, 1 / 3]


def test_numbers_are_kept_to_the_last_bit(tmp_path):
    identity = identity_of(2)
    with Journal(tmp_path / "journal") as journal:
        journal.check_identity(identity)
        for number in NUMBERS:
            journal.record(np.array([number, 1.0]), number, [number, 2.0], [])
    with Journal(tmp_path / "journal") as journal:
        journal.check_identity(identity)
        assert len(journal) == len(NUMBERS)
        for number in NUMBERS:
            f, g, h = journal.find(np.array([number, 1.0]))
            assert np.array([f, *g]).tobytes() == np.array([number, number, 2.0]).tobytes() and h == []
        assert journal.find(np.array([0.0, 1.0])) is None  # not the negative zero
    for line in (tmp_path / "journal").read_text().splitlines():
        json.loads(line, parse_constant=pytest.fail)  # strict JSON


def identity_of(size, **changes):
    fields = {"objective": "cost", "source": "abc", "inequalities": 2, "equalities": 0} | changes
    return Identity(lower=(0.0,) * size, upper=(None,) * size, steps=(0.0,) * size, **fields)


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_torn_line_is_repaired(tmp_path, cut):
    path = tmp_path / "journal"
    with Journal(path) as journal:
        journal.check_identity(identity_of(2))
        for number in (1.0, 2.0):
            journal.record(np.array([number, 0.25]), number, [0.5, 0.125], [])
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    path.write_bytes(whole[: max(last + 1, len(whole) - cut)])
    with Journal(path) as journal:
        assert len(journal) == 1
        journal.check_identity(identity_of(2))
        journal.record(np.array([2.0, 0.25]), 2.0, [0.5, 0.125], [])
    assert path.read_bytes() == whole


def test_a_torn_first_line_is_repaired_and_no_other_file_is_touched(tmp_path):
    path = tmp_path / "journal"
    path.write_bytes(b'{"llamoco jour')
    with Journal(path) as journal:
        journal.check_identity(identity_of(1))
    assert path.read_bytes().count(b"\n") == 1
    path.write_text("my thesis")
    with pytest.raises(JournalError, match="not a journal"):
        Journal(path)
    assert path.read_text() == "my thesis"
    path.write_text('{"llamoco journal": 2}\n')
    with pytest.raises(JournalError, match="format 2"):
        Journal(path)
    path.write_text('{"llamoco journal": 1}\n{"x": [1\n{}\n')
    with pytest.raises(JournalError, match="journal:2: not a line"):
        Journal(path)
