"""A small real server on loopback that speaks the OpenAI API and answers as a test tells it."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from llamoco.modeling.providers.server import ServerProvider

TOKENS_IN, TOKENS_OUT = 10, 5
Body = dict[str, Any]


class Scripted(ThreadingHTTPServer):
    """Answers with ``reply`` of a request's body: a text; or what stands first in ``trouble``: (status, bytes, seconds to wait)."""

    daemon_threads = True

    def __init__(self, reply: Callable[[Body], str]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.reply = reply
        self.trouble: list[tuple[int, bytes, float]] = []
        self.seen: list[Body] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Scripted

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.seen.append(body)
            trouble = self.server.trouble.pop(0) if self.server.trouble else None
        if trouble is None:
            message = {"role": "assistant", "content": self.server.reply(body)}
            usage = {"prompt_tokens": TOKENS_IN, "completion_tokens": TOKENS_OUT}
            usage["total_tokens"] = TOKENS_IN + TOKENS_OUT
            choices = [{"index": 0, "finish_reason": "stop", "message": message}]
            status, data = 200, json.dumps({"choices": choices, "usage": usage}).encode()
        else:
            status, data, seconds = trouble
            time.sleep(seconds)
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def scripted(reply: Callable[[Body], str]) -> Iterator[Scripted]:
    """A server that runs within the block."""
    server = Scripted(reply)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def provider(server: Scripted, **options: Any) -> ServerProvider:
    """A provider that asks the server, and gives up soon."""
    defaults: dict[str, Any] = {"model": "m", "timeout": 5.0, "retries": 1, "pause": 0.05}
    return ServerProvider(**({"url": server.url} | defaults | options))
