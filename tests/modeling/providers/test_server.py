"""Answers from servers: a small real one on loopback that misbehaves in every way, and `transformers serve` as the truth."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tiny_models import tiny

from llamoco.dataset_builder.prompts.conversation import CONTRACT
from llamoco.dataset_builder.prompts.facts import facts_only
from llamoco.modeling.generation.model_answer import Generation
from llamoco.modeling.generation.model_files import SHIPPED_MODEL
from llamoco.modeling.generation.torch_engine import load_torch_generator
from llamoco.modeling.model_error import ModelError
from llamoco.modeling.providers import open_provider
from llamoco.modeling.providers.local import LocalProvider
from llamoco.modeling.providers.provider import AnswerProvider, Failure
from llamoco.modeling.providers.server import ServerProvider

PROMPTS = [
    f"def objective(x):\n    return sum(v * v for v in x) + {dim}\n# dimension: {dim}\n# bounds: [-5, 5] x {dim}\n# variables: continuous\n# starting point: none\n"
    f"# evaluation budget: 500\n# inequality constraints: 0\n# equality constraints: 0\n# evaluations per variable: {500 // dim}\n"
    "# objective: degree 2, separable; square each\n# constraints: none\n"
    for dim in range(2, 8)
]
KEY = "sk-secret-of-the-test"

Reply = Callable[["Handler"], None]


def chat(content: Any = "```python\nx = 1\n```", **changes: Any) -> dict[str, Any]:
    """A reply of /v1/chat/completions."""
    message = {"role": "assistant", "content": content}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    } | changes


def send(
    body: Any, status: int = 200, kind: str = "application/json", missing: int = 0, **headers: str
) -> Reply:
    """A reply; ``missing`` bytes fewer than its length says."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    def reply(handler: "Handler") -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(data) + missing))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)
        handler.close_connection = missing > 0

    return reply


def hang(handler: "Handler") -> None:
    """Accept a request and never answer it."""
    handler.server.over.wait(20)
    handler.close_connection = True


def drop(handler: "Handler") -> None:
    """Close the connection without a word."""
    handler.close_connection = True


class Stub(ThreadingHTTPServer):
    """Answers requests as it is told: the scripted replies first, then always ``then`` (by the request's body)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[Reply] = []
        self.then: Callable[[dict[str, Any]], Reply] = lambda body: send(chat())
        self.models: Reply = send({"object": "list", "data": [{"id": "alpha"}, {"id": "beta"}]})
        self.seen: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.at_once = self.most_at_once = 0
        self.lock, self.over = threading.Lock(), threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Stub

    def do_GET(self) -> None:
        self.server.models(self)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.seen.append(body | {"path": self.path})
            self.server.headers.append({name.lower(): text for name, text in self.headers.items()})
            self.server.at_once += 1
            self.server.most_at_once = max(self.server.most_at_once, self.server.at_once)
            reply = self.server.script.pop(0) if self.server.script else self.server.then(body)
        try:
            reply(self)
        except ConnectionError:
            self.close_connection = True
        finally:
            with self.server.lock:
                self.server.at_once -= 1

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    server = Stub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


def source(stub: Stub, **options: Any) -> ServerProvider:
    defaults: dict[str, Any] = {"model": "alpha", "timeout": 5.0, "retries": 1, "pause": 0.05}
    return ServerProvider(**({"url": stub.url} | defaults | options))


def answers(asked: AnswerProvider, prompts: list[str] = PROMPTS) -> list[Generation]:
    came: dict[int, Generation] = {}
    asked.answer_all(prompts, came.__setitem__)
    return [came[position] for position in range(len(prompts))]


@pytest.mark.parametrize(
    "trouble",
    [
        send({"error": "busy"}, 500),
        send(b"<html>bad gateway</html>", 502, "text/html"),
        send({"error": "busy"}, 408),
        send({"error": "busy"}, 409),
        send(b"\xff\xfe no JSON"),
        send(b"<html>log in</html>", kind="text/html"),
        send(json.dumps(chat()).encode()[:80]),
        send(json.dumps(chat()).encode(), missing=50),
        send(b"[" * 100_000),
        send([]),
        send(None),
        send({}),
        send(chat(choices=[])),
        send(chat(choices=[None])),
        send(chat(choices=[{"message": None}])),
        send(chat(content=None)),
        send(chat(content=["text"])),
        drop,
    ],
)
def test_what_goes_wrong_once_is_asked_again(stub: Stub, trouble: Reply) -> None:
    stub.script = [trouble]
    assert answers(source(stub), PROMPTS[:1]) == [Generation("x = 1\n", None, 15, True, tokens_out=5)]
    assert len(stub.seen) == 2 and stub.seen[0] == stub.seen[1]


def test_a_rate_limit_is_waited_for(stub: Stub) -> None:
    stub.script = [send({"error": "slow down"}, 429, Retry_After="1")]
    start = time.monotonic()
    answers(source(stub), PROMPTS[:1])
    assert 1 <= time.monotonic() - start < 5 and len(stub.seen) == 2


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        (send({"error": "it burns"}, 500), r"HTTP status 500: .*it burns"),
        (send({"error": "wait"}, 429, Retry_After="86400"), r"HTTP status 429: .*Retry-After: 86400"),
        (send(b"oops, no JSON"), r"a reply that is no JSON: oops, no JSON, 2 attempts"),
        (send(b"<html>log in</html>", kind="text/html"), r"no JSON: <html>log in</html>, 2 attempts"),
        (send(chat(choices=[])), r"without choices .*2 attempts"),
        (hang, r"no answer in 0.5 s, 2 attempts.*--timeout"),
        (drop, r"no connection \(.*2 attempts"),
    ],
)
def test_what_goes_wrong_for_good_is_one_clear_message(stub: Stub, trouble: Reply, message: str) -> None:
    stub.then = lambda body: trouble
    start = time.monotonic()
    with pytest.raises(ModelError, match=message) as caught:
        answers(source(stub, timeout=0.5, concurrency=2))
    assert time.monotonic() - start < 6
    text = str(caught.value)
    assert stub.url in text and "'alpha'" in text and "\n" not in text
    assert "0 of 6 answers came and are kept" in text and "run the same command again to go on" in text


def test_a_server_that_is_not_there(stub: Stub) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    start = time.monotonic()
    with pytest.raises(ModelError, match=rf"127.0.0.1:{port}/v1.*no connection .*refused"):
        answers(ServerProvider(f"127.0.0.1:{port}", "alpha", retries=1))
    assert time.monotonic() - start < 5
    with pytest.raises(ModelError, match=r"cannot be reached.*name the model"):
        ServerProvider(f"127.0.0.1:{port}", None, retries=0)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_asking_again_cannot_mend_fails_at_once(stub: Stub, status: int) -> None:
    stub.then = lambda body: send({"error": {"message": "not like that", "param": None}}, status)
    with pytest.raises(ModelError, match=f"HTTP status {status}: .*not like that") as caught:
        answers(source(stub, retries=9, concurrency=1), PROMPTS[:2])
    # A request that is refused as it stands may be too long: it is tried with the facts alone.
    assert len(stub.seen) == (2 if status in (400, 422) else 1)
    hint = "OPENAI_API_KEY" if status in (401, 403) else "it lists the models alpha, beta"
    assert hint in str(caught.value)


def test_answers_before_and_beside_a_failure_are_kept(stub: Stub) -> None:
    begun = threading.Event()

    def slow(handler: Handler) -> None:
        begun.set()
        time.sleep(0.8)
        send(chat("late"))(handler)

    def fail(handler: Handler) -> None:
        begun.wait(5)
        send({"error": "gone"}, 403)(handler)

    def reply(body: dict[str, Any]) -> Reply:
        asked = body["messages"][0]["content"]
        return slow if PROMPTS[3] in asked else fail if PROMPTS[2] in asked else send(chat("early"))

    stub.then = reply
    kept: dict[int, str] = {}
    with pytest.raises(ModelError, match="3 of 6 answers came and are kept"):
        source(stub, concurrency=2).answer_all(PROMPTS, lambda i, g: kept.__setitem__(i, g.completion))
    assert kept == {0: "early", 1: "early", 3: "late"}


def test_several_requests_run_at_a_time_and_answers_find_their_prompts(stub: Stub) -> None:
    def reply(body: dict[str, Any]) -> Reply:
        number = next(i for i, prompt in enumerate(PROMPTS) if prompt in body["messages"][0]["content"])

        def later(handler: Handler) -> None:
            time.sleep(0.4 - number * 0.05)
            send(chat(f"x = {number}"))(handler)

        return later

    stub.then = reply
    came = answers(source(stub, concurrency=3))
    assert [generation.completion for generation in came] == [f"x = {i}" for i in range(6)]
    assert stub.most_at_once == 3


def test_an_interruption_does_not_wait_for_answers_under_way(stub: Stub) -> None:
    stub.script = [send(chat())]
    stub.then = lambda body: hang

    def interrupt(position: int, generation: Generation) -> None:
        raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        source(stub, concurrency=2, timeout=30).answer_all(PROMPTS, interrupt)
    assert time.monotonic() - start < 3


def test_the_key_goes_to_the_server_and_nowhere_else(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    stub.then = lambda body: send({"error": f"no such key: {KEY}"}, 401)
    url = stub.url.replace("http://", "http://me:passphrase@") + "?token=abc"
    asked = source(stub)
    assert KEY not in json.dumps(asked.settings())
    with pytest.raises(ModelError) as caught:
        answers(asked, PROMPTS[:1])
    assert KEY not in str(caught.value) and stub.headers[0]["authorization"] == f"Bearer {KEY}"
    with_password = source(stub, url=url)
    assert with_password.settings()["server"] == stub.url
    with pytest.raises(ModelError) as caught:
        answers(with_password, PROMPTS[:1])
    assert not any(secret in str(caught.value) for secret in ("passphrase", "abc"))
    assert stub.headers[1]["authorization"].startswith("Basic ")
    assert stub.seen[1]["path"] == "/v1/chat/completions?token=abc"


def test_what_is_asked(stub: Stub) -> None:
    failure = Failure(PROMPTS[0], "def optimize(:\n", "SyntaxError: invalid syntax\nline 1")
    came: dict[int, Generation] = {}
    asked = source(stub)
    asked.answer_all(PROMPTS[:1], came.__setitem__)
    asked.repair_all([failure], came.__setitem__)
    question, repair = stub.seen
    assert question["path"] == "/v1/chat/completions" and question["model"] == "alpha"
    assert (question["temperature"], question["seed"], question["max_tokens"]) == (0, 0, 2048)
    assert question["messages"][0]["content"].startswith(CONTRACT)
    assert repair["messages"][0] == question["messages"][0]
    assert [message["role"] for message in repair["messages"]] == ["user", "assistant", "user"]
    assert failure.error in repair["messages"][2]["content"]
    text = {"choices": [{"index": 0, "text": "done", "finish_reason": "length"}], "usage": None}
    stub.then = lambda body: send(text)
    plain = source(stub, api="completions")
    # No usage, so a quarter of the characters, rounded up.
    assert answers(plain, PROMPTS[:1]) == [
        Generation("done", None, -(-(len(PROMPTS[0]) + 4) // 4), False, tokens_out=1)
    ]
    plain.repair_all([failure], came.__setitem__)
    assert stub.seen[2]["path"] == "/v1/completions" and stub.seen[2]["prompt"] == PROMPTS[0]
    assert stub.seen[2]["max_tokens"] == 1800
    assert stub.seen[3]["prompt"].startswith(PROMPTS[0] + failure.program + "# error: SyntaxError")
    assert asked.settings() != plain.settings() and asked.settings() == source(stub).settings()


def test_a_prompt_that_is_too_long_for_the_server_is_answered_from_its_facts(stub: Stub) -> None:
    def reply(body: dict[str, Any]) -> Reply:
        refusal = {"error": {"message": "maximum context length is 8 tokens", "param": "messages"}}
        return send(refusal, 400) if "objective(x):\n" in body["messages"][0]["content"] else send(chat())

    stub.then = reply
    assert answers(source(stub, prompt_style="plain"), PROMPTS[:1])[0].completion.startswith("```python")
    assert stub.seen[1]["messages"] == [{"role": "user", "content": facts_only(PROMPTS[0])}]


def test_parameters_that_a_reasoning_model_refuses_are_left_out(stub: Stub) -> None:
    def reply(body: dict[str, Any]) -> Reply:
        for name in ("max_tokens", "temperature"):
            if name in body:
                return send({"error": {"message": f"unsupported: {name}", "param": name}}, 400)
        return send(chat())

    stub.then = reply
    assert len(answers(source(stub, concurrency=3))) == 6
    taken = [body for body in stub.seen if not {"max_tokens", "temperature"} & body.keys()]
    assert len(taken) == 6 and all(body["max_completion_tokens"] == 2048 for body in taken)
    # None was taken for too long.
    asked = "".join(body["messages"][0]["content"] for body in taken)
    assert all(prompt in asked for prompt in PROMPTS)


def test_an_answer_that_was_all_reasoning_is_empty(stub: Stub) -> None:
    stub.then = lambda body: send(
        chat(choices=[{"finish_reason": "length", "message": {"content": None}}], usage=None)
    )
    [generation] = answers(source(stub), PROMPTS[:1])
    assert (generation.completion, generation.finished) == ("", False)
    # What no file could hold is replaced.
    stub.then = lambda body: send(chat("x = '\ud800'"))
    assert answers(source(stub), PROMPTS[:1])[0].completion == "x = '\ufffd'"


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("localhost:8000", "http://localhost:8000/v1"),
        ("http://localhost:8000/", "http://localhost:8000/v1"),
        ("https://example.org/api/v1", "https://example.org/api/v1"),
        ("https://example.org/v1/chat/completions", "https://example.org/v1"),
        ("https://me:pass@example.org/v1?key=1", "https://example.org/v1"),
        ("http://[::1]:80/v1", "http://[::1]:80/v1"),
    ],
)
def test_urls_as_people_write_them(given: str, used: str) -> None:
    assert ServerProvider(given, "m").settings()["server"] == used


def test_what_cannot_be_a_server_is_refused(stub: Stub) -> None:
    for url in ("ftp://example.org", "http://", "", "http://host:port", "http://[1"):
        with pytest.raises(ModelError, match="expected a URL such as"):
            ServerProvider(url, "m")
    with pytest.raises(ModelError) as caught:
        ServerProvider("http://me:pass/word@host", "m")
    assert "word" not in str(caught.value)
    with pytest.raises(ModelError, match="expected one of chat, completions, got 'talk'"):
        source(stub, api="talk")
    with pytest.raises(ModelError, match="auto, plain, contract, got 'rich'"):
        source(stub, prompt_style="rich")
    with pytest.raises(ModelError, match="alpha, beta: name the model"):
        open_provider(server=stub.url)
    stub.models = send({"object": "list", "data": [{"id": "only"}]})
    assert open_provider(server=stub.url).name == "only"
    assert open_provider("first", server=stub.url, server_model="second").name == "second"


@pytest.fixture(scope="module")
def chat_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random chat model."""
    folder = tmp_path_factory.mktemp("models") / "chat"
    tokenizer = load_torch_generator().tokenizer
    tokenizer.model_max_length = 4096
    tokenizer.chat_template = (
        "{% for m in messages %}[{{ m['role'] }}]\n{{ m['content'] }}\n{% endfor %}"
        "{% if add_generation_prompt %}[assistant]\n{% endif %}"
    )
    tiny(tokenizer, seed=3, positions=4096).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def transformers_serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a `transformers serve`, which loads the model that a request names."""
    for package in ("fastapi", "uvicorn"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed: pip install 'transformers[serving]'")
    home = tmp_path_factory.mktemp("serve")
    (home / "hub").mkdir()
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", "--host", "127.0.0.1"]
    options = ["--port", str(port), "--device", "cpu", "--dtype", "float32"]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [*command, *options], env=os.environ | {"HF_HOME": str(home)}, stdout=log, stderr=log
        )
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 120
        while True:
            try:
                with urllib.request.urlopen(f"{url}/health", timeout=5):
                    break
            except OSError:
                assert server.poll() is None and time.monotonic() < deadline, (home / "log").read_text()
                time.sleep(0.2)
        yield url
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def test_a_served_tuned_model_gives_what_it_gives_here(transformers_serve: str) -> None:
    local = LocalProvider(load_torch_generator())
    served = open_provider(str(SHIPPED_MODEL), transformers_serve, api="completions", concurrency=2)
    here, there = answers(local, PROMPTS[:2]), answers(served, PROMPTS[:2])
    assert [g.completion for g in there] == [g.completion for g in here]
    assert all("def optimize(" in g.completion and g.finished for g in there)
    # The server counts the token that ends an answer, too.
    assert [g.tokens for g in there] == [g.tokens + 1 for g in here]


def test_a_served_chat_model_gives_what_it_gives_here(transformers_serve: str, chat_model: Path) -> None:
    local = LocalProvider(load_torch_generator(chat_model), max_new_tokens=12)
    served = open_provider(str(chat_model), transformers_serve, max_new_tokens=12)
    assert local.settings()["prompt_style"] == "contract"
    here, there = answers(local, PROMPTS[:2]), answers(served, PROMPTS[:2])
    assert [g.completion for g in there] == [g.completion for g in here]
    failure = Failure(PROMPTS[0], here[0].completion, "SyntaxError: invalid syntax\nline 1")
    repaired: list[str] = []
    for asked in (local, served):
        asked.repair_all([failure], lambda i, g: repaired.append(g.completion))
    assert repaired[0] == repaired[1]


def test_a_model_that_the_server_cannot_load(transformers_serve: str) -> None:
    with pytest.raises(ModelError, match="'somebody/none': HTTP status 500"):
        answers(ServerProvider(transformers_serve, "somebody/none", retries=0), PROMPTS[:1])
