"""Convert a model for CTranslate2, which runs it without torch.

Writes ``ctranslate2/`` into the model's folder: the weights in the precision in which they are saved, and ``conversion.json``, which
identifies them. Both engines then answer some prompts; if any answer differs, nothing is written.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from llamoco.modeling.evaluation.odd_prompts import odd_prompts
from llamoco.modeling.generation.converted import DESCRIPTION, FOLDER, Converted, describe, weights_of
from llamoco.modeling.generation.ctranslate2_engine import CTranslate2Generator
from llamoco.modeling.generation.generator import Generator
from llamoco.modeling.generation.model_answer import Generation
from llamoco.modeling.generation.tokenizers import TOKENIZER_FILE
from llamoco.modeling.generation.torch_engine import load_torch_generator
from llamoco.modeling.model_error import ModelError

PROMPTS = 6
CONFIDENCE_TOLERANCE = 1e-4  # between the engines
SAVED = {"torch.bfloat16": "bfloat16", "torch.float16": "float16"}


def convert(folder: Path) -> Path:
    """Convert the model in a folder.

    Returns:
        The folder of the converted form.

    Raises:
        ModelError: if there is no model, CTranslate2 does not know its architecture, or the engines do not answer alike.
        OSError: if the folder cannot be written to.
    """
    network = load_torch_generator(folder)
    weights, tokenizer = weights_of(folder), folder / TOKENIZER_FILE
    if not weights or not (folder / "config.json").is_file() or not tokenizer.is_file():
        raise ModelError(
            f"{folder}: expected config.json, weights in safetensors and {TOKENIZER_FILE}, as `llamoco train` writes them; "
            "merge an adapter into its base model first"
        )
    if not network.eos_token_ids:
        raise ModelError(f"{folder}: the model states no token that ends a text (eos_token_id); set one")
    with tempfile.TemporaryDirectory(dir=folder, prefix=f".{FOLDER}-") as work:
        made = Path(work) / FOLDER
        _write(folder, made, str(network.model.config.dtype))
        (made / DESCRIPTION).write_text(
            describe(weights, network.max_length, network.eos_token_ids), encoding="utf-8"
        )
        converted = Converted(
            str(folder), made, tokenizer, network.max_length, tuple(sorted(network.eos_token_ids))
        )
        check(network, CTranslate2Generator(converted))
        target = folder / FOLDER
        if target.exists():
            os.replace(target, Path(work) / "old")
        os.replace(made, target)
    return target


def _write(folder: Path, made: Path, dtype: str) -> None:
    from ctranslate2.converters import TransformersConverter

    try:
        # In the precision that they are saved in: weights become the same numbers in both engines, which compute in float32.
        TransformersConverter(str(folder)).convert(str(made), quantization=SAVED.get(dtype))
    except Exception as error:  # whatever the converter meets
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(
            f"{folder}: CTranslate2 does not convert this model ({reason}). It runs with torch all the same"
        ) from error


def check(one: Generator, other: Generator) -> None:
    """Check that two engines give the same answers, free and within the pool: the same bytes and nearly the same confidence.

    Raises:
        ModelError: they differ; names the prompt.
    """
    for number, asked in enumerate(odd_prompts(PROMPTS)):
        prompt = one.truncate_prompt(asked.prompt)
        pairs = [
            (one.answer([prompt]), other.answer([prompt])),
            (one.answer_within_pool([prompt]), other.answer_within_pool([prompt])),
        ]
        for [first], [second] in pairs:
            if not alike(first, second):
                raise ModelError(
                    f"the engines answer odd prompt {number} differently ({first.confidence} and {second.confidence}): "
                    "the model is not converted. It runs with torch all the same"
                )


def alike(first: Generation, second: Generation) -> bool:
    """Whether two answers have the same bytes and nearly the same confidence."""
    sure = (first.confidence is None) == (second.confidence is None)
    near = abs((first.confidence or 0) - (second.confidence or 0)) <= CONFIDENCE_TOLERANCE
    texts = (first.completion, first.tokens, first.finished) == (
        second.completion,
        second.tokens,
        second.finished,
    )
    return texts and sure and near
