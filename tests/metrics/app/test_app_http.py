"""The page over HTTP: no text of a stranger is executed outside a sandbox, no request breaks it, nothing is left of a job."""

from __future__ import annotations

import http.server
import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from page_client import APP, MODEL, OWN, SINGLE_BEST, Page

from llamoco.metrics.sandbox.confinement import unsupported

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or unsupported() is not None, reason="needs a sandbox, and /proc"
)

SPHERE = "Minimise $f(x) = x_1^2 + x_2^2$ with $-1 \\le x_1, x_2 \\le 2$ within 60 evaluations.\n"
# Takes minutes, in most of which its process hears nothing.
ENDLESS = "Minimise $f(x) = {}$ with $0 \\le x_1 \\le 1$ within 9000 evaluations.".format(
    " + ".join(f"\\sum_{{i=1}}^{{300}} \\sum_{{j=1}}^{{300}} \\sin(i j x_1 + {k})" for k in range(1, 31))
)
COMPOSITION = json.loads((APP.parent / "examples" / "composition.json").read_text())
# Tries in silence what only code outside a sandbox can do, and goes on: nothing shows it but the file.
ATTEMPT = """\
try:
    import os
    open({marker!r} + "-" + str(os.getpid()), "w").close()
except Exception:
    pass
try:
    os.mkdir({marker!r} + "-folder")
except Exception:
    pass
"""
BOX = "LOWER, UPPER, MAX_EVALS = [-1.0, -1.0], [2.0, 2.0], 60\n"
START = "def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):\n"


def indented(text: str, by: str = "    ") -> str:
    return "".join(f"{by}{line}\n" for line in text.splitlines())


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    page = Page(tmp_path_factory.mktemp("page"))
    yield page
    page.end(signal.SIGTERM)
    assert page.settle(0, limit=5) == []
    assert page.left() == [], "SIGTERM leaves nothing"
    assert "\033" not in page.log() and "something failed" not in page.log()


@pytest.fixture
def marker(tmp_path: Path) -> Iterator[str]:
    """Where an attempt would leave its mark: in no folder of the page's."""
    yield str(tmp_path / "marker")
    assert list(tmp_path.iterdir()) == [], "a stranger's text was executed outside a sandbox"


def problem_that_tries(marker: str) -> str:
    """A Python problem that tries in its module, its functions, its numbers and wherever else code may hide."""
    attempt = ATTEMPT.format(marker=marker)
    return (
        f"{attempt}\n{BOX}\nclass Late:\n    def __del__(self):\n{indented(attempt, '        ')}\n"
        f"import atexit\natexit.register(lambda: exec({attempt!r}))\nlate = Late()\n\n"
        f"def objective(x):\n{indented(attempt)}    return float((x * x).sum())\n\n"
        f"def inequality(x):\n{indented(attempt)}    return x[0] - 1\n"
    )


def program_that_tries(marker: str) -> str:
    attempt = ATTEMPT.format(marker=marker)
    body = "    x = lower + (upper - lower) / 3\n    objective(x)\n    return x\n"
    return f"{attempt}\n{START}{indented(attempt)}{body}"


@pytest.mark.parametrize("writer", [MODEL, SINGLE_BEST, OWN])
def test_a_problem_that_tries_in_silence_is_solved_and_leaves_no_mark(
    page: Page, writer: str, marker: str
) -> None:
    told = page.ask(problem_that_tries(marker), writer, program_that_tries(marker), 1, 0)
    assert "60 evaluations" in told and "1 inequalities" in told and "Python" in told, told
    assert "feasible yes" in told, told


def test_whole_scripts_and_their_statements_leave_no_mark(page: Page, marker: str) -> None:
    script = problem_that_tries(marker) + program_that_tries(marker)
    told = page.ask(SPHERE, OWN, script, 1, 0)
    assert "faithful no" in told, told


def test_code_in_json_and_latex_is_refused(page: Page, marker: str) -> None:
    source = {"kind": "source", "definition": {"python": ATTEMPT.format(marker=marker)}}
    for text in (json.dumps(COMPOSITION | source), SPHERE.replace("x_1^2", f"\\write18{{mkdir {marker}}}")):
        told = page.ask(text, SINGLE_BEST, "", 1, 0)
        assert told.startswith("error ") and "own side" not in told, told


WRONG: dict[str, tuple[tuple[Any, ...], str]] = {
    "no problem": ((None, MODEL, "", 1, 0), "no problem yet"),
    "a number as the problem": ((5, MODEL, "", 1, 0), "problem is 5"),
    "an object as the problem": (({"a": 1}, MODEL, "", 1, 0), "an object"),
    "a list as the problem": ((["a"], MODEL, "", 1, 0), "a list"),
    "true as the problem": ((True, MODEL, "", 1, 0), "true or false"),
    "a file as the program": (
        (SPHERE, OWN, {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}, 1, 0),
        "program is an object",
    ),
    "no such writer": ((SPHERE, "the cat", "", 1, 0), "'the cat'"),
    "an object as the writer": ((SPHERE, {}, "", 1, 0), "choose one of"),
    "half a character": ((SPHERE + "\nx\ud800", MODEL, "", 1, 0), "line 3 of the problem"),
    "half a character in the program": ((SPHERE, OWN, "\udfff", 1, 0), "line 1 of the program"),
    "a NUL byte": (("\0" + SPHERE, MODEL, "", 1, 0), "NUL"),
    "too long": (("x" * 20_001, MODEL, "", 1, 0), "20,000"),
    "no run": ((SPHERE, MODEL, "", 0, 0), "0 runs"),
    "half a run": ((SPHERE, MODEL, "", 1.5, 0), "1.5 runs"),
    "true runs": ((SPHERE, MODEL, "", True, 0), "runs"),
    "runs as text": ((SPHERE, MODEL, "", "3", 0), "'3'"),
    "nan as seed": ((SPHERE, MODEL, "", 1, float("nan")), "nan"),
    "inf as seed": ((SPHERE, MODEL, "", 1, float("inf")), "inf"),
    "a huge seed": ((SPHERE, MODEL, "", 1, 10**4000), "very large"),
    "a seed below 0": ((SPHERE, MODEL, "", 1, -1), "-1"),
    "an object as seed": ((SPHERE, MODEL, "", 1, {"a": 1}), "an object"),
    "too few fields": ((SPHERE,), "5 fields"),
    "too many fields": ((SPHERE, MODEL, "", 1, 0, 0), "5 fields"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_field_gets_a_message_of_its_own(page: Page, name: str) -> None:
    data, expected = WRONG[name]
    told = page.ask(*data)
    assert expected in told.replace("&#x27;", "'") and "own side" not in told, told


def test_a_byte_order_mark_is_no_part_of_a_text(page: Page) -> None:
    mark = "\ufeff"
    told = page.ask(
        mark + BOX + "def objective(x): return float(x @ x)\n",
        OWN,
        mark + START + "    objective(lower)\n    return lower",
        1,
        0,
    )
    assert "feasible yes" in told, told


def test_requests_that_are_none_are_refused_with_a_message(page: Page) -> None:
    api = f"{page.address}/gradio_api"
    join = f"{api}/queue/join"
    header = {"content-type": "application/json"}
    for body, status in (
        (b"", 400),
        (b"{", 400),
        (b"[" * 100_000, 400),
        (b'{"data": [' + b"9" * 5000 + b"]}", 400),
        (b"[]", 422),
        (b'{"data": {}}', 422),
        (b'{"data": [], "fn_index": 99, "session_hash": "a"}', 422),
        (b'{"data": [], "fn_index": true, "session_hash": "a"}', 422),
        (json.dumps({"data": [], "fn_index": 0, "session_hash": "a" * 200}).encode(), 422),
        (b"x" * (1 << 20), 413),
    ):
        answer = httpx.post(join, content=body, headers=header, timeout=60)
        assert answer.status_code == status and answer.json()["detail"], (body[:40], answer.text)
    assert httpx.post(f"{api}/upload", files={"files": b"x"}).status_code == 404
    for route in (
        "file=/etc/passwd",
        "proxy=http://127.0.0.1:1/",
        "deep_link?session_hash=a",
        "file/etc/passwd",
    ):
        assert httpx.get(f"{api}/{route}").status_code == 404
    for method in ("PUT", "DELETE", "PATCH"):
        assert httpx.request(method, join).status_code == 404
    assert not [path for path in (page.folder / "gradio").rglob("*") if path.is_file()]


def test_the_page_fetches_nothing_that_a_request_names(page: Page) -> None:
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_HEAD = do_GET

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        file = {"path": url, "url": url, "meta": {"_type": "gradio.FileData"}}
        for data in ((file, MODEL, "", 1, 0), ([[file]], MODEL, "", 1, 0), (SPHERE, OWN, file, 1, 0)):
            assert "paste its text" in page.ask(*data)
        server.shutdown()
    assert asked == []


def test_every_route_by_which_gradio_is_called_is_checked(page: Page) -> None:
    call = httpx.post(f"{page.address}/gradio_api/call/solve", json={"data": [{"a": 1}, MODEL, "", 1, 0]})
    assert call.status_code == 200
    told = httpx.get(f"{page.address}/gradio_api/call/solve/{call.json()['event_id']}", timeout=60).text
    assert "paste its text" in told and "event: complete" in told
    for route in ("run/solve", "api/solve"):
        answer = httpx.post(f"{page.address}/gradio_api/{route}", json={"data": [SPHERE, MODEL, "", 1, 0]})
        assert answer.status_code == 404 and "queue" in answer.json()["detail"]


def test_what_the_browser_asks_beside_the_queue_is_answered(page: Page) -> None:
    """The examples' buttons, the choice of the writer: without the queue, by number, under a name that is none."""
    answers = {}
    for number, fields in page.fields.items():
        body = {"data": ["I do"] * fields, "fn_index": number, "session_hash": "abc", "event_data": {"a": 1}}
        if number != page.solve:
            asked = httpx.post(f"{page.address}/gradio_api/run/predict", json=body | {"trigger_id": 1})
            answers[number] = asked.json()["data"][0]
    assert len(answers) == 6 and {"visible": True, "__type__": "update"} in answers.values()
    assert any("def objective" in str(answer) for answer in answers.values())
    for wrong in ({"a": 1}, ["I do"], 5, None, "x" * 100_000):
        body = {"data": [wrong], "fn_index": next(k for k, v in page.fields.items() if v == 1)}
        asked = httpx.post(f"{page.address}/gradio_api/run/predict", json=body)
        assert asked.json()["data"][0]["visible"] is False


def leave_in_mid_job(page: Page, problem: str = ENDLESS) -> None:
    """Ask for a job, wait until it is done something about, and disconnect."""
    joined, name = page.join(problem, SINGLE_BEST, "", 1, 0)
    assert joined.status_code == 200, joined.text
    with page.events(name) as events:
        next(event for event in events if event["msg"] in ("process_generating", "process_completed"))


def busy_hour(page: Page, clients: int, disconnects: int) -> None:
    """Some clients leave in mid-job; then others come at once, and all are answered; then all is as before."""
    assert "feasible yes" in page.ask(SPHERE, SINGLE_BEST, "", 1, 0)
    processes, left, memory = len(page.rested()), len(page.left()), page.memory()
    for _ in range(disconnects):
        leave_in_mid_job(page)
    start = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        told = list(pool.map(lambda seed: page.ask(SPHERE, SINGLE_BEST, "", 1, seed), range(clients)))
    assert all("feasible yes" in text for text in told), told
    assert time.monotonic() - start < 30 * clients, "they do not wait for jobs whose visitors have left"
    assert len(page.rested()) == processes
    assert len(page.left()) == left
    assert page.memory() - memory < 40, "MiB more than before"


def test_clients_at_once_and_disconnects_leave_the_page_as_it_was(page: Page) -> None:
    busy_hour(page, clients=2, disconnects=1)


@pytest.mark.slow
def test_twenty_clients_and_ten_disconnects_leave_the_page_as_it_was(page: Page) -> None:
    busy_hour(page, clients=20, disconnects=10)


@pytest.mark.parametrize(
    "signum", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)], ids=lambda s: s.name
)
def test_no_job_outlives_a_page_that_is_killed(signum: signal.Signals, tmp_path: Path) -> None:
    page = Page(tmp_path)
    joined, name = page.join(ENDLESS, SINGLE_BEST, "", 1, 0)
    assert joined.status_code == 200
    with page.events(name) as events:
        next(event for event in events if event["msg"] == "process_generating")
        time.sleep(1)  # deep in the formula, where Python hears nothing
        assert len(page.workers()) >= 4 and page.left()
        page.process.send_signal(signum)
        page.process.wait(60)
        start = time.monotonic()
        assert page.settle(0, limit=10) == []
        assert time.monotonic() - start < 1.0
    end = time.monotonic() + 2
    while page.left() and time.monotonic() < end:
        time.sleep(0.05)
    assert page.left() == []
