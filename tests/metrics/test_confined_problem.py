"""A stranger's Python problem in its sandbox: the same values as on one's own machine, the same messages, and no way out."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.files.python_file import load_python
from llamoco.metrics.confined_problem import MAX_DIM, _sources, confined_problem
from llamoco.metrics.sandbox import Sandbox
from llamoco.metrics.sandbox.tiers import SandboxUnavailable

EXAMPLES = sorted(
    path
    for path in (Path(__file__).parents[2] / "examples" / "problems").glob("*.py")
    if not path.stem.endswith("_program")
)
BOX = "LOWER, UPPER, MAX_EVALS = [0.0, 0.0], [1.0, 1.0], 100\n"
GOOD = BOX + "def objective(x):\n    return float(x[0] + x[1])\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    try:
        opened = Sandbox()
    except SandboxUnavailable as error:
        pytest.skip(f"no sandbox here: {error}")
    with opened:
        yield opened


def reading(text: str, sandbox: Sandbox, time_limit: float = 5.0) -> str:
    """The message that reading a text, or evaluating it at the centre once more, gives; "" if none."""
    try:
        with confined_problem(text, "problem.py", sandbox, time_limit) as problem:
            problem.evaluate((problem.lower_array + problem.upper_array)[None, :] / 2)
    except ProblemError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_values_are_those_of_the_file_on_ones_own_machine(path: Path, sandbox: Sandbox) -> None:
    own = load_problem(path)
    x = np.random.default_rng(1).uniform(own.lower_array, own.upper_array, (50, own.dim))
    with confined_problem(path.read_text(), path.name, sandbox, 20.0) as problem:
        facts = ("id", "lower", "upper", "max_evals", "n_inequality", "n_equality", "profile")
        assert [getattr(problem, name) for name in facts] == [getattr(own, name) for name in facts]
        for confined, true in zip(problem.evaluate(x), own.evaluate(x), strict=True):
            np.testing.assert_array_equal(confined, true)


def test_a_program_in_another_sandbox_optimizes_it(sandbox: Sandbox) -> None:
    program = (
        "def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):\n"
        "    import numpy as np\n"
        "    x = np.random.default_rng(seed).uniform(lower, upper, (max_evals, 2))\n"
        "    return x[np.argmin([objective(row) for row in x])]\n"
    )
    with Sandbox() as other, confined_problem(GOOD, "problem.py", sandbox, 20.0) as problem:
        record = other.run(program, problem, seed=3)
    points = np.random.default_rng(3).uniform(0, 1, (100, 2))
    assert (record.verdict, record.evals) == ("ok", 100)
    assert record.f == points.sum(axis=1).min()


@pytest.mark.parametrize(
    "text",
    [
        BOX,
        GOOD.replace("[1.0, 1.0]", "[1.0]"),
        GOOD.replace("[0.0, 0.0]", "[0.0, 2.0]"),
        GOOD.replace("):", ")"),
        GOOD.replace("float(", "complex("),
        GOOD.replace("x[1]", "x[7]"),
        GOOD.replace("100", "0"),
        "import no_such_module\n" + GOOD,
        GOOD + "raise RuntimeError('no')\n",
        "\0",
    ],
)
def test_messages_name_the_same_place(text: str, sandbox: Sandbox) -> None:
    with pytest.raises(ProblemError) as own:
        load_python(text, "problem.py")
    told = reading(text, sandbox)
    assert told.split(" (")[0] == str(own.value).split(" (")[0] and told.startswith("problem.py")


@pytest.mark.parametrize(
    "text",
    [
        GOOD + "X0 = [0.5, 0.5]\n",
        GOOD + "MAXIMIZE = True\n",
        GOOD + "INTEGER = [0]\n",
        GOOD + "constraints = {'type': 'ineq', 'fun': lambda x: x[0]}\n",
        GOOD.replace("[1.0, 1.0]", "[1.0, None]"),
        GOOD.replace("100", "None"),
        GOOD.replace("objective", "evaluate"),
    ],
)
def test_what_the_page_does_not_take_is_refused_and_said(text: str, sandbox: Sandbox) -> None:
    assert not load_python(text, "problem.py").plain
    assert "here a problem has to be stated plainly: objective(x), LOWER below UPPER" in reading(
        text, sandbox
    )


ATTACKS = {
    "reads a file": "open('/etc/passwd').read()",
    "writes a file": "open('{outside}', 'w').write('x')",
    "makes a folder": "import os; os.mkdir('{outside}')",
    "starts a program": "import os; os.system('touch {outside}')",
    "forks": "import os; os.fork()",
    "asks the network": "import socket; socket.create_connection(('127.0.0.1', {port}), timeout=2)",
    "kills its parent": "import os; os.kill(os.getppid(), 9)",
}


@pytest.mark.parametrize("where", ["module", "objective"])
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_fails_and_is_named(name: str, where: str, sandbox: Sandbox, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    with socket.create_server(("127.0.0.1", 0)) as server:
        attack = (
            ATTACKS[name].replace("{outside}", str(outside)).replace("{port}", str(server.getsockname()[1]))
        )
        text = (
            f"{attack}\n{GOOD}"
            if where == "module"
            else GOOD.replace("    return", f"    {attack}\n    return")
        )
        told = reading(text, sandbox)
        server.settimeout(0.05)
        with pytest.raises(TimeoutError):
            server.accept()
    assert "not allowed here" in told and "root:" not in told, told
    assert not outside.exists()
    assert reading(GOOD, sandbox) == "", "the sandbox has to go on working"


def test_it_sees_neither_environment_nor_home(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hf_secret")
    text = "import os\nraise RuntimeError(f'saw {dict(os.environ)} {os.getcwd()}')\n"
    told = reading(text, sandbox)
    assert "saw {}" in told and "secret" not in told and str(Path.cwd()) not in told


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("while True: pass", "too long"),
        ("y = bytearray(1 << 40)", "MemoryError"),
        ("import os; os._exit(0)", "ended the evaluating process"),
        ("raise SystemExit", "SystemExit"),
        ("import sys; sys.setrecursionlimit(10**9); f = lambda: f(); f()", "problem.py"),
        ("import os; os.write(3, b'x' * 100000)", "not allowed here"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "problem.py"),
        ("import builtins; builtins.float = builtins.len = None", "problem.py"),
    ],
)
def test_a_problem_that_misbehaves_ends_with_a_message(line: str, expected: str, sandbox: Sandbox) -> None:
    assert expected in reading(f"{line}\n{GOOD}", sandbox, time_limit=1.0)


@pytest.mark.parametrize(
    ("shape", "head"),
    [
        ("n", "[0, 3, 0, 0, 10]"),  # bounds that are none
        ("n", "[0, 1e9, 0, 0, 10]"),
        ("n", "[0, -1, 0, 0, 10]"),
        ("n", "[0, 0.5, 0, 0, 10]"),
        ("n", "[0, float('nan'), 0, 0, 10]"),
        ("(20000, n)", "[0, 1, 0, 0, 10]"),
    ],
)
def test_messages_that_the_reader_would_not_send_are_refused(shape: str, head: str, sandbox: Sandbox) -> None:
    """Hostile code shares its process with the reader and may say anything on the channel."""
    forged = (
        "import sys, numpy as np\n"
        "frame = sys._getframe()\n"
        "while 'inequality' not in frame.f_locals: frame = frame.f_back\n"
        "names = frame.f_locals\n"
        f"n = len(names['lower']); message = np.zeros({shape}); message[..., :5] = {head}\n"
        "names['inequality'](message)\n"
    )
    assert "tampered" in reading(forged + GOOD, sandbox)


def test_too_many_variables_are_refused(sandbox: Sandbox) -> None:
    text = GOOD.replace("[0.0, 0.0]", f"[0.0] * {MAX_DIM + 1}").replace(
        "[1.0, 1.0]", f"[1.0] * {MAX_DIM + 1}"
    )
    assert f"{MAX_DIM + 1} variables" in reading(text, sandbox)


def test_the_text_cannot_be_executed_elsewhere(sandbox: Sandbox) -> None:
    """The problem does not carry its text: a copy of it has nothing to run."""
    with confined_problem(GOOD, "problem.py", sandbox, 5.0) as problem:
        assert "objective" not in problem.to_json()


def test_a_failure_in_mid_run_is_told_and_leaves_no_thread(sandbox: Sandbox) -> None:
    threads = threading.active_count()
    text = (
        BOX
        + "calls = 0\ndef objective(x):\n    global calls\n    calls += 1\n    return [1.0, 2.0] if calls > 5 else 1.0\n"
    )
    with confined_problem(text, "problem.py", sandbox, 5.0) as problem, pytest.raises(ProblemError) as told:
        for _ in range(10):
            problem.evaluate(np.zeros((1, 2)))
    assert "problem.py:3" in str(told.value) and "list" in str(told.value)
    assert threading.active_count() == threads
    assert not os.listdir(sandbox._scratch)


def test_the_reader_takes_along_all_of_our_modules_that_it_needs(sandbox: Sandbox) -> None:
    """In the sandbox there is nothing to import but what is sent: a module that is forgotten ends every problem."""
    names = [name for name, _ in _sources("llamoco.dataset_builder.problems.files.python_file")]
    assert (
        names[0].endswith(".errors") and names[-1].endswith(".python_file") and len(names) == len(set(names))
    )
    done: set[str] = set()
    for name, source in _sources("llamoco.dataset_builder.problems.files.python_file"):
        for line in source.splitlines():
            if line.startswith("from llamoco."):
                assert line.split()[1] in done, f"{name} comes before what it imports: {line}"
        done.add(name)
    assert reading(GOOD, sandbox) == ""
