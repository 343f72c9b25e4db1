"""URLs of servers: for the client, and as messages and records show them."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit, urlunsplit

from llamoco.modeling.model_error import ModelError


def base_url(url: str) -> tuple[str, dict[str, object]]:
    """Base URL for the client (scheme, host, path above ``/chat/completions``), and the query of every request."""
    text = url.strip() if "://" in url else f"http://{url.strip()}"
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        got = "another text" if "@" in url or "?" in url else repr(url)  # there may be a password in it
        raise ModelError(f"server: expected a URL such as http://localhost:8000/v1, got {got}")
    path = parts.path.rstrip("/")
    for ending in ("/chat/completions", "/completions", "/models"):
        path = path.removesuffix(ending)
    return urlunsplit((parts.scheme, parts.netloc, path or "/v1", "", "")), dict(parse_qsl(parts.query))


def shown_url(url: str) -> str:
    """A server's URL as messages and records show it: without user, password and query, in which there may be secrets.

    Raises:
        ModelError: if it is no URL.
    """
    parts = urlsplit(base_url(url)[0])
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
