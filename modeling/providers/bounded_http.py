"""Bounded HTTP: however a server behaves, a request is limited in seconds and bytes.

The time limits of HTTP clients are for one read each, and bodies are read whole: a server that drips a byte a second, sends headers,
redirects or chunk extensions without end, or a small body that unpacks to gigabytes, gets past them. Here one limit of time and one of
bytes hold for everything that a request reads, redirects included, and one for the unpacked body.
"""

from __future__ import annotations

import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore2
import httpx2

from llamoco.modeling.providers.replies import Garbage

MAX_REPLY = 4 << 20  # bytes of a body, unpacked: 2,000 tokens take 10,000
MAX_READ = 2 * MAX_REPLY  # bytes that come over the network: headers, chunk sizes and redirects too
MAX_REDIRECTS = 5
_PIECE = 1 << 16
_BOUNDS = "llamoco bounds"
# What is handed on of a reply's headers: cookies and the like are not for us.
_KEPT = frozenset({"location", "retry-after", "retry-after-ms", "x-should-retry"})
_ERRORS: tuple[tuple[type[Exception], type[httpx2.RequestError]], ...] = (
    (httpcore2.ConnectTimeout, httpx2.ConnectTimeout),
    (httpcore2.PoolTimeout, httpx2.PoolTimeout),
    (httpcore2.WriteTimeout, httpx2.WriteTimeout),
    (httpcore2.TimeoutException, httpx2.ReadTimeout),
    (httpcore2.ConnectError, httpx2.ConnectError),
    (httpcore2.NetworkError, httpx2.NetworkError),
    (httpcore2.ProtocolError, httpx2.RemoteProtocolError),
    (httpcore2.ProxyError, httpx2.ProxyError),
    (httpcore2.UnsupportedProtocol, httpx2.UnsupportedProtocol),
)


def bounded_client(url: str, connections: int) -> httpx2.Client:
    """A client for one server; the time limit of a request is the one that it has for reading. Proxies are the environment's."""
    return httpx2.Client(
        transport=BoundedTransport(_proxy_for(url), connections),
        follow_redirects=True,
        max_redirects=MAX_REDIRECTS,
    )


class _Bounds:
    """Time and bytes that a request has left."""

    def __init__(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds
        self._bytes = MAX_READ

    def seconds(self, most: float | None) -> float:
        """Time for the next operation.

        Raises:
            httpcore2.ReadTimeout: if there is none.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("out of time")
        return left if most is None else min(left, most)

    def take(self, count: int) -> None:
        """Count bytes that were read.

        Raises:
            Garbage: if they are too many.
        """
        self._bytes -= count
        if self._bytes < 0:
            raise Garbage(f"a reply of more than {MAX_READ >> 20} MiB, headers included")


class BoundedTransport(httpx2.BaseTransport):
    """Sends requests within their bounds.

    Args:
        proxy: that they go through.
        connections: at a time.
    """

    def __init__(self, proxy: httpcore2.Proxy | None, connections: int) -> None:
        self._current = threading.local()  # a request is sent and read in one thread
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context(),
            proxy=proxy,
            max_connections=connections,
            network_backend=_Backend(self._bounds),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Of the transport interface."""
        # A redirected request has the extensions of the first one, and so what that one left.
        if _BOUNDS not in request.extensions:
            seconds = request.extensions.get("timeout", {}).get("read")
            request.extensions[_BOUNDS] = _Bounds(float("inf") if seconds is None else seconds)
        self._current.bounds = request.extensions[_BOUNDS]
        url = request.url
        asked = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _translated():
            reply = self._pool.handle_request(asked)
        headers = httpx2.Headers(reply.headers)
        encoding = headers.get("content-encoding", "identity").strip().lower()
        kept = {name: text for name, text in headers.items() if name in _KEPT}
        # Without a charset, which may name any codec that Python has: bodies are UTF-8.
        kept["content-type"] = (
            "application/json" if "json" in headers.get("content-type", "") else "text/plain"
        )
        return httpx2.Response(
            reply.status,
            headers=kept,
            stream=_Body(reply, encoding),
            extensions={"http_version": b"HTTP/1.1"},
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def _bounds(self) -> _Bounds | None:
        return getattr(self._current, "bounds", None)


class _Body(httpx2.SyncByteStream):
    """A reply's body, unpacked, within its bounds."""

    def __init__(self, reply: httpcore2.Response, encoding: str) -> None:
        self._reply = reply
        self._encoding = encoding

    def __iter__(self) -> Iterator[bytes]:
        count = 0
        with _translated():
            stream = self._reply.stream
            assert isinstance(stream, Iterable)
            for piece in _unpacked(stream, self._encoding):
                count += len(piece)
                if count > MAX_REPLY:
                    raise Garbage(f"a reply of more than {MAX_REPLY >> 20} MiB")
                yield piece

    def close(self) -> None:
        self._reply.close()


def _unpacked(stream: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """A body as it was before it was packed, in small pieces. We ask for none that is packed; some servers do not listen."""
    if encoding in ("", "identity"):
        yield from stream
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise Garbage(f"a reply of the encoding {encoding[:40]!r}, which it was not asked for")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib
    for packed in stream:
        rest = packed
        while rest and not unpacker.eof:
            try:
                piece = unpacker.decompress(rest, _PIECE)
            except zlib.error as error:
                raise Garbage(f"a reply that cannot be unpacked ({error})") from error
            rest = unpacker.unconsumed_tail
            yield piece


class _Backend(httpcore2.NetworkBackend):
    """Connections that look at the bounds of the request that is under way."""

    def __init__(self, bounds: Callable[[], _Bounds | None]) -> None:
        self._backend = httpcore2.SyncBackend()
        self._bounds = bounds

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore2.NetworkStream:
        bounds = self._bounds()
        limit = timeout if bounds is None else bounds.seconds(timeout)
        stream = self._backend.connect_tcp(host, port, limit, local_address, socket_options)
        return _Stream(stream, self._bounds)

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream, bounds: Callable[[], _Bounds | None]) -> None:
        self._stream = stream
        self._bounds = bounds

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        bounds = self._bounds()
        data = self._stream.read(max_bytes, self._limit(timeout))
        if bounds is not None:
            bounds.take(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        view = memoryview(buffer)
        while view:  # piece by piece: each has the limit of time anew
            self._stream.write(bytes(view[:_PIECE]), self._limit(timeout))
            view = view[_PIECE:]

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(
            self._stream.start_tls(ssl_context, server_hostname, self._limit(timeout)), self._bounds
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _limit(self, timeout: float | None) -> float | None:
        bounds = self._bounds()
        return timeout if bounds is None else bounds.seconds(timeout)


@contextmanager
def _translated() -> Iterator[None]:
    """Errors of httpcore as those of httpx, which the openai client knows."""
    try:
        yield
    except Exception as error:
        for theirs, ours in _ERRORS:
            if isinstance(error, theirs):
                raise ours(str(error)) from error
        raise


def _proxy_for(url: str) -> httpcore2.Proxy | None:
    """The proxy that the environment names for a server."""
    parts = urlsplit(url)
    proxies = getproxies()
    address = proxies.get(parts.scheme) or proxies.get("all")
    if not address or proxy_bypass(parts.hostname or ""):
        return None
    proxy = urlsplit(address if "://" in address else f"http://{address}")
    host = f"[{proxy.hostname}]" if ":" in (proxy.hostname or "") else proxy.hostname
    bare = f"{proxy.scheme}://{host}" + (f":{proxy.port}" if proxy.port else "")
    auth = None if proxy.username is None else (unquote(proxy.username), unquote(proxy.password or ""))
    return httpcore2.Proxy(bare, auth=auth)
