"""Parse a server's replies. Nothing in them is trusted: every type is checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llamoco.dataset_builder.problems.printable import printable
from llamoco.dataset_builder.prompts.program_text import clean_text
from llamoco.metrics.inputs import MAX_TOKENS
from llamoco.metrics.run_records import whole_number

CUT_OFF = ("length", "content_filter")  # reasons to end an answer that may leave it empty
SHOWN = 200  # characters of a reply in a message
NAMES = 20  # models that a message lists


class Garbage(Exception):
    """A reply with status 200 that is no answer; says what it is instead."""


@dataclass(frozen=True)
class Sample:
    """A reply as it is: its text, tokens in and out (a quarter of the characters where the server does not count), seconds, and
    whether the server refused the request as it stands (too long, say) in place of a reply."""

    text: str
    tokens_in: int
    tokens_out: int
    seconds: float
    refused: bool = False


def reply_of(body: bytes) -> Any:
    """Parse a body.

    Raises:
        Garbage: if it is no JSON: cut off, no text, or brackets without end.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Garbage(f"a reply that is no JSON: {shortened(body.decode('utf-8', 'replace'))}") from error


def text_of(reply: Any, chat: bool) -> tuple[str, str | None]:
    """The answer's text and the reason for its end, None where the server states none.

    Args:
        reply: see ``reply_of``.
        chat: whether it came from ``/v1/chat/completions``, not ``/v1/completions``.

    Raises:
        Garbage: if there is no such text, or the reason is none.
    """
    try:
        choice = reply["choices"][0]
        content = choice["message"]["content"] if chat else choice["text"]
        reason = choice.get("finish_reason")
    except (AttributeError, TypeError, LookupError) as error:
        raise Garbage(f"a reply without choices or text: {_described(reply)}") from error
    if reason is not None and not isinstance(reason, str):
        raise Garbage(f"a reply whose finish_reason is {_described(reason)}")
    if content is None and reason in CUT_OFF:
        content = ""  # all tokens went into reasoning, say
    if not isinstance(content, str):
        raise Garbage(f"a reply whose text is {_described(content)} (finish_reason {_described(reason)})")
    return clean_text(content), reason


def tokens_of(reply: Any) -> int | None:
    """Tokens in and out, as the server counts them; None if it does not, or states what is no such count."""
    usage = reply.get("usage") if isinstance(reply, Mapping) else None
    total = usage.get("total_tokens") if isinstance(usage, Mapping) else None
    return total if whole_number(1, MAX_TOKENS)(total) else None


def tokens_each_way(reply: Any) -> tuple[int, int] | None:
    """Tokens in, and tokens out, as the server counts them; None as in ``tokens_of``."""
    usage = reply.get("usage") if isinstance(reply, Mapping) else None
    if not isinstance(usage, Mapping):
        return None
    each: list[Any] = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    return (each[0], each[1]) if all(map(whole_number(0, MAX_TOKENS), each)) else None


def names_of(reply: Any) -> list[str]:
    """The models that a server lists, some of them where they are many."""
    data = reply.get("data") if isinstance(reply, Mapping) else None
    models = data[:NAMES] if isinstance(data, list) else []
    return [
        model["id"] for model in models if isinstance(model, Mapping) and isinstance(model.get("id"), str)
    ]


def shortened(text: str) -> str:
    """A text in one line for a message."""
    line = " ".join(text[: 2 * SHOWN].split())
    cut = len(text) > 2 * SHOWN or len(line) > SHOWN
    return printable(line[:SHOWN]) + (" ..." if cut else "")


def _described(value: Any) -> str:
    try:
        return shortened(json.dumps(value))
    except (ValueError, RecursionError):
        return type(value).__name__
