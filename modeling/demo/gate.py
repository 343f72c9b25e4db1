"""HTTP gate of the page: an ASGI middleware in front of gradio's own routes.

gradio serves more than the page needs: uploads, file and proxy routes, and it fetches or copies the file that an object
among a call's data names, before any function of ours sees it. Here the routes that post are listed, bodies are bounded in
size and time, and of a call's data only texts, numbers, true, false and null pass; objects and lists arrive empty, and the
visitor is told by ``request.Job.asked``.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

MAX_BODY = 512 << 10
BODY_LIMIT = 20.0  # seconds
MAX_NAME = 100

_CALLS = re.compile(r"(?:/gradio_api)?/(queue/join|(?:call|run|api)/(\w{1,50}))/?")
_OTHER_POSTS = re.compile(r"(/gradio_api)?/(cancel|reset)/?")
_CLOSED = re.compile(
    r"(/gradio_api)?/(file[=/]|proxy=|stream/|deep_link|upload|component_server|dev/|vibe|monitoring|run)"
)


class _Refused(Exception):
    """A request that goes no further: status and message."""


class Gate:
    """The middleware.

    Args:
        app: what serves a request that is let through.
        fields: how many fields each function of the page takes, by its number and by its name.
    """

    def __init__(self, app: Application, fields: Mapping[int | str, int]) -> None:
        self._app = app
        self._fields = fields

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection, see the ASGI specification."""
        if scope["type"] != "http":
            if scope["type"] != "websocket":
                await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", "").rstrip("/"))
        try:
            if scope["method"] in ("GET", "HEAD", "OPTIONS"):
                if _CLOSED.match(path):
                    raise _Refused(404, "the page has no such route")
            else:
                receive = _replay(await self._posted(scope, path, receive), receive)
        except _Refused as refused:
            await _answer(send, *refused.args)
            return
        await self._app(scope, receive, send)

    async def _posted(self, scope: MutableMapping[str, Any], path: str, receive: Receive) -> bytes:
        """The body of a request that posts, as it is let through."""
        call = _CALLS.fullmatch(path)
        if scope["method"] != "POST" or not (call or _OTHER_POSTS.fullmatch(path)):
            raise _Refused(404, "the page takes no such request")
        try:
            body = await asyncio.wait_for(_body(scope, receive), BODY_LIMIT)
        except TimeoutError:
            raise _Refused(408, f"the request took more than {BODY_LIMIT:g} seconds to come") from None
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            raise _Refused(400, "the request is not JSON") from None
        if not isinstance(content, dict):
            raise _Refused(422, "the request is not a JSON object")
        for name, value in content.items():
            if name != "data" and isinstance(value, str) and len(value) > MAX_NAME:
                raise _Refused(422, f"{name[:MAX_NAME]!a} is too long")
        allowed = {k: v for k, v in content.items() if k != "event_data" and not _nested(v)}
        if call:
            if call[1].startswith("call/"):
                allowed.pop("fn_index", None)  # by name only; "run/predict" names nothing, and has a number
            allowed["data"] = self._data(content.get("data"), allowed.get("fn_index", call[2]))
        return json.dumps(allowed).encode()

    def _data(self, data: Any, function: Any) -> list[Any]:
        """The fields of a call."""
        if not isinstance(data, list):
            raise _Refused(422, "the request has no list `data` with the fields of the form")
        if isinstance(function, bool) or not isinstance(function, int | str) or function not in self._fields:
            raise _Refused(422, "the request names no function of the page; see fn_index in /config")
        if len(data) != self._fields[function]:
            raise _Refused(
                422, f"the function takes {self._fields[function]} fields, the request has {len(data)}"
            )
        return [type(value)() if _nested(value) else value for value in data]


def _nested(value: Any) -> bool:
    return isinstance(value, dict | list)


async def _body(scope: MutableMapping[str, Any], receive: Receive) -> bytes:
    too_large = _Refused(413, f"the request is larger than {MAX_BODY >> 10} KiB")
    announced = dict(scope["headers"]).get(b"content-length", b"0")
    if not announced.isdigit() or len(announced) > 12 or int(announced) > MAX_BODY:
        raise too_large
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _Refused(400, "the request was cut off")
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise too_large
        if not message.get("more_body", False):
            return body


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body once more, and then whatever comes, such as the end of the connection."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _answer(send: Send, status: int, message: str) -> None:
    body = json.dumps({"detail": message}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers.append((b"connection", b"close"))  # what is left of the body is not read
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
