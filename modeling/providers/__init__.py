"""Answer providers: a model on this machine, an OpenAI-compatible server, or a file of programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from llamoco.modeling.model_error import ModelError

if TYPE_CHECKING:
    from llamoco.modeling.providers.examples import Examples
    from llamoco.modeling.providers.provider import AnswerProvider


def open_provider(
    model: str | None = None,
    server: str | None = None,
    server_model: str | None = None,
    api: str = "chat",
    prompt_style: str = "auto",
    max_new_tokens: int | None = None,
    pool_only: bool = False,
    timeout: float = 600.0,
    concurrency: int = 8,
    examples: Examples | None = None,
) -> AnswerProvider:
    """Open a provider; only what it needs is imported.

    Args:
        model: a model folder, an adapter's folder, a Hub id of either, or a JSONL file of programs (see ``answer_file``); the shipped
            model if None. With ``server``: the model's name there.
        server: URL of an OpenAI-compatible server.
        server_model: the model's name on the server; the only one it lists if neither is given.
        api: "chat" or "completions" (of a server).
        prompt_style: "plain", "contract" or "auto".
        max_new_tokens: length limit of an answer; None for the style's own.
        pool_only: for a model on this machine, see ``LocalProvider``.
        timeout: seconds that a server may take for an answer.
        concurrency: requests to a server at a time.
        examples: chooses solved problems that a server's model is shown before each prompt.

    Raises:
        ModelError: the provider cannot be opened; the message says why and what to do.
    """
    if server is not None:
        from llamoco.modeling.providers.server import ServerProvider

        return ServerProvider(
            server,
            server_model or model,
            api,
            prompt_style,
            max_new_tokens,
            timeout=timeout,
            concurrency=concurrency,
            examples=examples,
        )
    if examples is not None:
        raise ModelError("examples are shown to the model of a server: give its URL, too")
    if server_model is not None:
        raise ModelError(f"a model on a server is named ({server_model}), but no server: give its URL, too")
    if model is not None and (model.endswith(".jsonl") or Path(model).expanduser().is_file()):
        from llamoco.modeling.providers.answer_file import AnswerFile

        return AnswerFile(Path(model).expanduser())
    from llamoco.modeling.generation.model_files import SHIPPED_MODEL
    from llamoco.modeling.generation.torch_engine import load_torch_generator
    from llamoco.modeling.providers.local import LocalProvider

    return LocalProvider(
        load_torch_generator(model or SHIPPED_MODEL), prompt_style, max_new_tokens, pool_only
    )
