"""What a server's reply holds. The openai client checks no types, so that anything may be anywhere in it."""

from __future__ import annotations

from typing import Any

CUT_OFF = ("length", "content_filter")  # reasons to end an answer that may leave it empty
SHOWN = 200  # characters of a reply in a message


class Garbage(Exception):
    """A reply with status 200 that is no answer; says what it is instead."""


def text_of(reply: Any, chat: bool) -> tuple[str, str | None]:
    """The answer's text and the reason for its end.

    Args:
        reply: what the client made of a reply.
        chat: whether it came from ``/v1/chat/completions``, not ``/v1/completions``.

    Raises:
        Garbage: if there is no such text.
    """
    if isinstance(reply, str):
        raise Garbage(f"a reply that is no JSON: {shortened(reply)}")
    try:
        choice = reply.choices[0]
        content = choice.message.content if chat else choice.text
        reason = choice.finish_reason
    except (AttributeError, TypeError, LookupError) as error:
        raise Garbage(f"a reply without choices or text: {shortened(repr(reply))}") from error
    if content is None and reason in CUT_OFF:
        content = ""  # all tokens went into reasoning, say
    if not isinstance(content, str):
        raise Garbage(f"a reply whose text is {shortened(repr(content))} (finish_reason {reason!r})")
    # A lone surrogate could not be written to a file.
    return content.encode("utf-8", "replace").decode("utf-8"), reason


def tokens_of(reply: Any) -> int | None:
    """Tokens in and out, as the server counts them; None if it does not."""
    total = getattr(getattr(reply, "usage", None), "total_tokens", None)
    return total if isinstance(total, int) and total > 0 else None


def shortened(text: str) -> str:
    """A text in one line for a message."""
    text = " ".join(text.split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} ..."
