"""What reaches a terminal: commands with hostile names, messages and texts, in a terminal of their own."""

import json
import os
import pty
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from llamoco.cli.common import column
from llamoco.cli.terminal import SafeConsole
from llamoco.dataset_builder.problems.printable import printable

# Cursor, title, clipboard, C1, bell, carriage return, right-to-left override, zero width, tag, isolate, markup, emoji code.
HOSTILE = "\x1b[2J\x1b]0;owned\x07\x1b]52;c;cm0=\x07\x9b31m\r\u202eevil\u2066\u200b\U000e0041[link=http://x][bold red]loud[/]:smile:"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# What rich's progress bars and spinners draw with: lines up, a line anew, the cursor hidden and shown.
DRAWING = re.compile(r"\x1b\[\d*[A-D]|\x1b\[\d*K|\x1b\[\?25[lh]|\r")

PROBLEM = "def objective(x):\n    {body}\nLOWER, UPPER, MAX_EVALS = [-1, -1], [1, 1], 10\n"


def in_terminal(*command: str, folder: Path, **environment: str) -> str:
    """What a command prints in a terminal, on both streams."""
    ours, theirs = pty.openpty()
    printed = bytearray()

    def read() -> None:
        try:
            while part := os.read(ours, 1 << 16):
                printed.extend(part)
        except OSError:  # the other side is closed
            pass

    reader = threading.Thread(target=read)
    reader.start()
    try:
        words = [os.fsencode(word) for word in (sys.executable, "-m", "llamoco.cli", *command)]
        variables = {name: text for name, text in os.environ.items() if name not in ("NO_COLOR", "CI")}
        settings = {"TERM": "xterm-256color", "COLUMNS": "120", **environment}
        subprocess.run(
            words,
            cwd=folder,
            env=variables | settings,
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            timeout=120,
            check=False,
        )
    finally:
        os.close(theirs)
        reader.join()
        os.close(ours)
    return printed.decode("utf-8", "surrogateescape").replace("\r\n", "\n")


def check(printed: str, colour: bool = False) -> None:
    """Nothing but text and, where there may be colour, colours and the drawing of bars."""
    if colour:
        printed = DRAWING.sub("", COLOUR.sub("", printed))
    raw = {character for character in printed if not character.isprintable()} - {"\n"}
    assert not raw, (raw, printed)


CASES: dict[str, tuple[tuple[str, ...], str]] = {
    "a file that is not there": (("solve", f"{HOSTILE.replace('/', '_')}.py"), "there is no such file"),
    "a file of another kind": (("solve", f"x{HOSTILE.replace('/', '_')}.txt"), "a problem file ends in"),
    "a file whose name is no text": (("solve", "\udcff\udc80.py"), "there is no such file"),
    "a message of an objective": (("solve", "raises.py"), "RuntimeError"),
    "a name of an objective's exception": (("solve", "named.py"), "fails"),
    "a syntax error": (("solve", "broken.py"), "not valid Python"),
    "a LaTeX file": (("solve", "prose.tex"), "prose.tex"),
    "a module that is missing": (("solve", "imports.py"), "missing"),
    "an option that there is not": (("solve", f"--{HOSTILE}"), "No such option"),
    "a command that there is not": ((HOSTILE,), "No such command"),
    "an argument too many": (("solve", "a.py", HOSTILE), "unexpected extra argument"),
    "a value of an option": (("solve", "a.py", "--seed", HOSTILE), "Invalid value"),
    "a kind to push": (("push", HOSTILE), "is not one of"),
    "a folder to report": (("report", HOSTILE.replace("/", "_")), "holds no"),
    "a run record": (("report", "record"), "model"),
    "a run record that is none": (("report", "no-record"), "run_record.json"),
    "a label table": (("build", "--labels", HOSTILE.replace("/", "_")), "_"),
    "a recipe": (("train", HOSTILE.replace("/", "_")), "_"),
    "a recipe's content": (("train", "recipe.yaml"), "recipe.yaml"),
    "a file of answers": (("evaluate", "answers.jsonl"), "answers.jsonl, line 1"),
    "a server's URL": (("evaluate", "--server", f"http://{HOSTILE}"), "expected a URL"),
    "a folder of an evaluation": (("evaluate", "--step", "score", "--out", "evaluation"), "settings.json"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    files = {
        "raises.py": PROBLEM.format(body=f"raise RuntimeError({HOSTILE!r})"),
        "named.py": PROBLEM.format(body=f"raise type({HOSTILE!r}, (Exception,), {{}})({HOSTILE!r})"),
        "broken.py": f"x = = '{HOSTILE}'\n".replace("\r", ""),
        "prose.tex": f"\\[ \\min_x {HOSTILE} \\]".replace("\r", ""),
        "imports.py": f"import importlib\nimportlib.import_module({HOSTILE.replace('.', '')!r})\n",
        "record/run_record.json": json.dumps({"model": HOSTILE}, ensure_ascii=False),
        "no-record/run_record.json": f"{HOSTILE} is no JSON",
        "recipe.yaml": f'model: "{HOSTILE.encode("unicode_escape").decode()}"\n"{HOSTILE.encode("unicode_escape").decode()}": 1\n',
        "answers.jsonl": json.dumps({"row": 0, "program": "x", "tokens": HOSTILE}) + "\n",
        "evaluation/settings.json": json.dumps({"runs": HOSTILE}),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


ORDINARY = (
    "a file that is not there",
    "a file whose name is no text",
    "a message of an objective",
    "a syntax error",
    "an option that there is not",
    "an argument too many",
    "a folder to report",
    "a run record",
)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name not in ORDINARY)) for name in CASES]
)
def test_no_command_prints_what_moves_a_cursor_or_hides_text(name: str, folder: Path) -> None:
    command, expected = CASES[name]
    printed = in_terminal(*command, folder=folder, NO_COLOR="1", TERM="dumb")
    check(printed)
    assert expected in " ".join(printed.replace("│", " ").split()), printed
    assert "Traceback" not in printed


def test_with_colours_only_ours_are_there(folder: Path) -> None:
    for name in ("a message of an objective", "an argument too many"):
        printed = in_terminal(*CASES[name][0], folder=folder)
        assert COLOUR.search(printed), "no colours in a terminal"
        check(printed, colour=True)
        assert "\\x1b[2J" in printed and "loud[/]" in printed


SCRIPT = """\
import logging, sys, threading, warnings
from llamoco.cli.main import app
from llamoco.cli import main
HOSTILE = {hostile!r}
@app.command()
def bad():
    warnings.warn(HOSTILE)
    logging.getLogger("any").warning("%s and %s", HOSTILE, "more")
    logging.getLogger("any").warning(HOSTILE)
    thread = threading.Thread(target=lambda: [][7] or HOSTILE)
    thread.start(); thread.join()
    print("\\udcff")
    raise RuntimeError(HOSTILE)
app(["bad"])
"""


def test_warnings_log_records_and_tracebacks(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(hostile=HOSTILE))
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60)
    check(done.stdout + done.stderr)
    assert done.returncode == 1
    said = printable(HOSTILE)
    assert done.stderr.count("UserWarning") == 1 and f"RuntimeError: {said}" in done.stderr
    assert f"{said} and more" in done.stderr and "IndexError" in done.stderr
    assert done.stdout == "\\udcff\n"


@given(
    st.text(alphabet=st.characters(codec=None), max_size=200) | st.sampled_from([HOSTILE, "\ud800", "a\tb"])
)
def test_any_text_comes_out_printable_whatever_it_is_printed_in(text: str) -> None:
    console = SafeConsole(width=80, record=True, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    table = Table(title=text)
    table.add_column(text)
    table.add_row(text, Text(text, "bold"))
    with console.file:
        for printed in (text, Text(text), table):
            console.print(printed)
        with Progress(column("{task.description}"), console=console) as bar:
            bar.add_task(text)
    shown = console.export_text(styles=False)
    assert {c for c in shown if not c.isprintable()} <= {"\n"}


@given(st.text(alphabet=st.characters(codec=None), max_size=300))
def test_printable_changes_nothing_else(text: str) -> None:
    shown = printable(text)
    assert {c for c in shown if not c.isprintable()} <= {"\n"}
    if text.isprintable():
        assert shown == text
    shortened = printable(text, 10)
    assert shortened == shown if len(text) <= 10 else shortened.endswith(f"({len(text):,} characters)")
