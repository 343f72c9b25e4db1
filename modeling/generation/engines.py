"""Load a model for generation with the engine that starts fastest. Importing this module needs no torch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from llamoco.modeling.generation.converted import find_converted
from llamoco.modeling.generation.generator import MAX_NEW_TOKENS, Generator
from llamoco.modeling.generation.model_answer import Generation
from llamoco.modeling.generation.model_files import SHIPPED_MODEL, with_shipped
from llamoco.modeling.model_error import ModelError

logger = logging.getLogger(__name__)


def load_generator(model: str | Path = SHIPPED_MODEL) -> Generator:
    """Load a model for generation, with its calibration where it has one.

    A model with a converted form beside it, as the shipped one (see ``convert``), is run by CTranslate2, which needs no torch and is
    ready in a tenth of a second; any other by torch.

    Raises:
        ModelError: if there is no such model, it cannot be read, the Hub cannot be reached, or no engine for it is installed.
    """
    model = with_shipped(model)
    converted = find_converted(model)
    lacking = ""
    if converted is not None:
        try:
            from llamoco.modeling.generation.ctranslate2_engine import load_converted

            return load_converted(converted)
        except ImportError as error:
            lacking = f"CTranslate2 cannot be imported ({error})"
    try:
        from llamoco.modeling.generation.torch_engine import load_torch_generator
    except ImportError as error:
        if lacking:
            raise ModelError(
                f"no engine runs {model}: {lacking}, nor can torch ({error}). Install either: pip install ctranslate2 tokenizers, "
                "or pip install 'llamoco[train]'"
            ) from error
        raise ModelError(
            f"model {str(model)!r} takes torch and transformers, which are not installed ({error}): pip install 'llamoco[train]'. "
            "Without them a model runs that has a converted form, as the shipped one: convert it where they are installed with "
            "`llamoco convert FOLDER`"
        ) from error
    if lacking:
        logger.warning(
            "%s: answering with torch, which takes seconds to load. pip install ctranslate2 tokenizers",
            lacking,
        )
    return load_torch_generator(model)


def answer_all(
    generator: Generator,
    prompts: Sequence[str],
    batch_size: int,
    on_answer: Callable[[int, Generation], None],
    max_new_tokens: int = MAX_NEW_TOKENS,
    special_tokens: bool = True,
) -> None:
    """Answer many prompts in batches of like length; ``on_answer(position, answer)`` is called as answers come."""
    order = sorted(range(len(prompts)), key=lambda position: len(prompts[position]))
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        answers = generator.answer([prompts[i] for i in batch], max_new_tokens, special_tokens)
        for position, generation in zip(batch, answers, strict=True):
            on_answer(position, generation)
