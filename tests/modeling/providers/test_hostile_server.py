"""Servers that drip, flood, bomb and lie: a request takes its time limit and a few megabytes at most, and an answer is an answer."""

import gzip
import json
import resource
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from llamoco.modeling.generation.model_answer import Generation
from llamoco.modeling.model_error import ModelError
from llamoco.modeling.providers.bounded_http import MAX_REPLY
from llamoco.modeling.providers.replies import Garbage, names_of, reply_of, text_of, tokens_of
from llamoco.modeling.providers.server import ServerProvider

PROMPT = "# dimension: 2\n# bounds: [-5, 5] x 2\n# variables: continuous\n# starting point: none\n# evaluation budget: 100\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
ANSWER = json.dumps({"choices": [{"message": {"content": "x = 1\n"}, "finish_reason": "stop"}]}).encode()
TIMEOUT = 0.5

Behaviour = Callable[[socket.socket], None]


class Server:
    """Reads a request, then does with the connection what it is told to, again for each connection."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        self.requests = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request:
                request += connection.recv(1 << 16)
            head, _, body = request.partition(b"\r\n\r\n")
            fields = [line.split(b":") for line in head.split(b"\r\n")[1:]]
            length = next((int(text) for name, text, *_ in fields if name.lower() == b"content-length"), 0)
            while len(body) < length:
                body += connection.recv(1 << 16)
            self.requests += 1
            self._behaviour(connection)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Behaviour], Server]]:
    for name in ("OPENAI_API_KEY", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    started: list[Server] = []

    def start(behaviour: Behaviour) -> Server:
        started.append(Server(behaviour))
        return started[-1]

    yield start
    for server in started:
        server.close()


def ask(server: Server, **options: Any) -> Generation:
    came: dict[int, Generation] = {}
    source = ServerProvider(server.url, "m", **({"timeout": TIMEOUT, "retries": 0} | options))
    source.answer_all([PROMPT], came.__setitem__)
    return came[0]


def drip(start: bytes, piece: bytes) -> Behaviour:
    """A start, then a piece every 50 ms for ever."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)
            time.sleep(0.05)

    return behave


def flood(start: bytes, piece: bytes) -> Behaviour:
    """A start, then a piece again and again as fast as it is taken."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)

    return behave


def whole(body: bytes, *headers: str, status: str = "200 OK", kind: str = "application/json") -> Behaviour:
    head = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    text = "\r\n".join([*head, "Connection: close", "", ""]).encode()
    return lambda connection: connection.sendall(text + body)


def bomb(unpacked: int) -> bytes:
    """A gzip body that unpacks to so many bytes, but for its end."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    start = packer.compress(b"[") + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush what is packed depends on nothing before it.
    block = packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + block * (unpacked >> 20)


SLOW = {
    "a status line, byte by byte": drip(b"HTTP/1.1 2", b"0"),
    "headers, byte by byte": drip(OK + b"X: ", b"y"),
    "headers, line by line": drip(OK, b"X-Y: z\r\n"),
    "a body, byte by byte": drip(OK + b"Content-Length: 1000000\r\n\r\n", b" "),
    "a body without a length": drip(OK + b"\r\n", b" "),
    "chunks": drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "a chunk's extension": drip(OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"a"),
    "trailers": drip(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Y: z\r\n"),
    "continue, continue": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "early hints": drip(b"", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
    "the body of an error": drip(b"HTTP/1.1 400 Bad\r\nContent-Length: 1000000\r\n\r\n", b" "),
    "the body of a redirect": drip(
        b"HTTP/1.1 307 There\r\nLocation: /\r\nContent-Length: 1000000\r\n\r\n", b" "
    ),
    "nothing": lambda connection: time.sleep(20),
}


ORDINARY = (
    "headers, byte by byte",
    "a body, byte by byte",
    "a chunk's extension",
    "continue, continue",
    "nothing",
)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name not in ORDINARY)) for name in SLOW]
)
def test_a_request_ends_at_its_time_limit(name: str, serving: Callable[[Behaviour], Server]) -> None:
    begun = time.monotonic()
    with pytest.raises(ModelError, match=r"no answer in 0.5 s, 1 attempts.*--timeout"):
        ask(serving(SLOW[name]))
    assert TIMEOUT * 0.9 <= time.monotonic() - begun < TIMEOUT + 1.5


@pytest.mark.parametrize("timeout", [0.0, -1.0, float("nan"), float("inf"), 1e300])
def test_a_time_limit_is_one(timeout: float) -> None:
    with pytest.raises(ModelError, match="time limit of a request: expected seconds"):
        ServerProvider("http://127.0.0.1:1", "m", timeout=timeout)


def test_redirects_share_the_time_limit_of_their_request(serving: Callable[[Behaviour], Server]) -> None:
    def slowly(connection: socket.socket) -> None:
        time.sleep(0.2)
        connection.sendall(b"HTTP/1.1 307 There\r\nLocation: /v1/again\r\nContent-Length: 0\r\n\r\n")

    begun = time.monotonic()
    with pytest.raises(ModelError, match=r"no answer in 0\.5 s"):
        ask(serving(slowly))
    assert time.monotonic() - begun < TIMEOUT + 1.0


LARGE = {
    "a body": flood(OK + b"Content-Length: 400000000\r\n\r\n", b" " * (1 << 20)),
    "a body without a length": flood(OK + b"\r\n", b" " * (1 << 20)),
    "chunks": flood(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + b" " * (1 << 20) + b"\r\n"),
    "extensions of chunks": flood(
        OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1;" + b"a" * 60_000 + b"\r\n \r\n"
    ),
    "one extension": flood(OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"a" * (1 << 16)),
    "headers": flood(OK, b"X-Y: " + b"z" * 1000 + b"\r\n"),
    "one header": flood(OK + b"X: ", b"y" * (1 << 16)),
    "continue, continue": flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "a gzip bomb": whole(bomb(1 << 30), "Content-Encoding: gzip"),
    "a gzip bomb in an error": whole(bomb(1 << 30), "Content-Encoding: gzip", status="400 Bad"),
    "a deflate bomb": whole(zlib.compress(b" " * (1 << 26), 1), "Content-Encoding: deflate"),
    "gzip in gzip": whole(gzip.compress(bomb(1 << 30)), "Content-Encoding: gzip, gzip"),
    "a charset that unpacks": whole(
        zlib.compress(b" " * (1 << 26), 1), status="403 No", kind="text/plain; charset=zlib"
    ),
    "brackets": whole(b"[" * (MAX_REPLY - 1)),
    "a million choices": whole(b'{"choices": [' + b"{}," * 1_000_000 + b"{}]}"),
    "a number of a million digits": whole(b'{"choices": ' + b"1" * 1_000_000 + b"}"),
    "redirects": whole(b"", "Location: /v1/again", status="308 There"),
    "redirects in a circle": whole(b"", "Location: /v1/chat/completions", status="307 There"),
    "a redirect to a file": whole(b"", "Location: file:///etc/passwd", status="307 There"),
    "a redirect to nowhere": whole(b"", "Location: http://[", status="307 There"),
    "cookies": whole(ANSWER[:-1], *(f"Set-Cookie: {'a' * 90_000}={n}" for n in range(1))),
}


HEAVY = ("continue, continue", "redirects in a circle")  # seconds each


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in HEAVY)) for name in LARGE]
)
def test_a_reply_is_not_read_beyond_its_bounds(name: str, serving: Callable[[Behaviour], Server]) -> None:
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(ModelError) as caught:
        ask(serving(LARGE[name]), timeout=20.0)
    assert time.monotonic() - begun < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 << 10, "KiB"
    message = str(caught.value)
    assert len(message) < 1000 and message.isprintable() and "0 of 1 answers came" in message


def test_an_honest_reply_may_be_packed_and_come_in_pieces(serving: Callable[[Behaviour], Server]) -> None:
    def in_pieces(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Transfer-Encoding: chunked\r\n\r\n")
        for byte in ANSWER:
            connection.sendall(b"1;name=value\r\n" + bytes([byte]) + b"\r\n")
        connection.sendall(b"0\r\n\r\n")

    first = ask(serving(whole(ANSWER)))
    expected = Generation("x = 1\n", None, first.tokens, True, tokens_out=first.tokens_out)
    for behaviour in (
        whole(gzip.compress(ANSWER), "Content-Encoding: gzip"),
        whole(zlib.compress(ANSWER), "Content-Encoding: deflate"),
        whole(b"\xef\xbb\xbf" + ANSWER),
        whole(ANSWER, kind="application/json; charset=zlib"),
        in_pieces,
    ):
        assert ask(serving(behaviour)) == expected


def reply(content: Any = "x = 1\n", reason: Any = "stop", usage: Any = None) -> dict[str, Any]:
    return {"choices": [{"message": {"content": content}, "finish_reason": reason}], "usage": usage}


NO_COUNTS = [None, 7, [], "15", {}, {"total_tokens": None}] + [
    {"total_tokens": count}
    for count in (0, -1, True, 15.0, "15", [15], {"a": 1}, 10**400, 2**63, float("nan"), float("inf"))
]


@pytest.mark.parametrize("usage", NO_COUNTS, ids=lambda usage: f"{usage!r:.40}")
def test_counts_that_are_none_are_as_if_not_reported(
    usage: Any, serving: Callable[[Behaviour], Server]
) -> None:
    assert tokens_of(reply(usage=usage)) is None
    if usage in ({"total_tokens": 10**400}, {"total_tokens": True}, 7):
        estimated = ask(serving(whole(ANSWER))).tokens
        assert ask(serving(whole(json.dumps(reply(usage=usage)).encode()))).tokens == estimated


@pytest.mark.parametrize(
    "given",
    [
        *(reply(reason=reason) for reason in (7, True, ["stop"], {"a": 1}, 1.5)),
        *(reply(content=content) for content in (7, True, ["x"], {"text": "x"}, None)),
        *({"choices": choices} for choices in (None, 7, "text", {}, [], [None], ["text"], [[]], {"0": {}})),
        {"choices": [{"message": "text"}]},
        *(None, 7, "text", [], [[]], True),
    ],
    ids=lambda given: f"{given!r:.60}",
)
def test_a_reply_of_other_types_is_no_answer(given: Any) -> None:
    with pytest.raises(Garbage):
        text_of(reply_of(json.dumps(given).encode()), chat=True)


def test_texts_come_without_marks_and_half_characters() -> None:
    assert text_of(reply("\ufeffx = '\ud800'"), chat=True) == ("x = '\ufffd'", "stop")
    assert text_of({"choices": [{"text": "x"}]}, chat=False) == ("x", None)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"data": [{"id": "a"}, {"id": 7}, None, "b", {"id": "c"}]}, ["a", "c"]),
        ({"data": {"id": "a"}}, []),
        ([{"id": "a"}], []),
        ({"data": [{"id": "a"}] * 10**6}, ["a"] * 20),
    ],
)
def test_a_list_of_models_of_any_form(given: Any, names: list[str]) -> None:
    assert names_of(given) == names


def test_a_refusal_that_names_no_parameter(serving: Callable[[Behaviour], Server]) -> None:
    for parameter in (["temperature"], {"a": 1}, 7):
        body = json.dumps({"error": {"message": "\x1b[31mno\u202e", "param": parameter}}).encode()
        with pytest.raises(ModelError, match="HTTP status 400") as caught:
            ask(serving(whole(body, status="400 Bad")))
        assert str(caught.value).isprintable()
