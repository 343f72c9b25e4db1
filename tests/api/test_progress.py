"""The line that says how far a run is: for a person, and not for a log."""

import io
import sys
import types

import pytest

import llamoco
from llamoco._progress import ProgressLine, looked_on


class Terminal(io.StringIO):
    def isatty(self):
        return True


def lines(stream):
    return [line for line in stream.getvalue().split("\r") if line.strip()]


def test_it_says_how_far_and_how_long(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("llamoco._progress.time.monotonic", lambda: now[0])
    terminal = Terminal()
    line = ProgressLine(None, 400, terminal)
    line.show(1, None)
    now[0] += 1.9
    line.show(50, 3.0)
    assert terminal.getvalue() == ""  # a short run is quiet
    now[0] += 8.1  # 10 s for 100 of 400: 30 s are left
    line.show(100, 2.5)
    line.show(101, 2.0)  # too soon
    now[0] += 5390
    line.show(200, None)
    assert lines(terminal) == [
        "llamoco: 100 of 400 evaluations, best 2.5, about 0:30 left",
        "llamoco: 200 of 400 evaluations, no feasible point yet, about 1:30:00 left",
    ]
    line.end()
    assert terminal.getvalue().endswith(" \r")


def test_it_is_for_who_looks_on(monkeypatch):
    assert looked_on(Terminal()) and not looked_on(io.StringIO()) and not looked_on(None)
    shell = type("ZMQInteractiveShell", (), {})()
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    assert looked_on(io.StringIO())


@pytest.mark.parametrize(("progress", "shown"), [(True, True), (None, False), (False, False)])
def test_minimize_shows_it_where_asked(progress, shown, capsys):
    result = llamoco.minimize(
        lambda x: -(x[0] ** 2), [(-1, 1)], maximize=True, max_evals=30, progress=progress
    )
    said = capsys.readouterr().err
    assert ("30 of 30 evaluations, best" in said) == shown
    assert not shown or f"best {result.fun:.6g}" in said
