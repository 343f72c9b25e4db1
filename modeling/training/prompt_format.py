"""How a tokenizer shows prompts to its model: as the turns of a chat, and which part of them.

Both are kept in tokenizer.json, so that whoever loads the model, with any library, asks it as it was trained.
"""

import json
from typing import Any

from jinja2 import TemplateError
from tokenizers import Tokenizer, processors
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from llamoco.dataset_builder.prompts.facts import FACTS

# What each part leaves out. The last line that looks like the first fact is taken for it, as `facts_only` does.
_LEFT_OUT = {
    "facts": rf"\A[\s\S]*(?=# {FACTS[0]}: )",
    "description": rf"^# {FACTS[0]}: (?![\s\S]*^# {FACTS[0]}: )[\s\S]*\z",
}
_TURN = "{prompt}"


def with_chat_format(tokenizer: PreTrainedTokenizerBase) -> PreTrainedTokenizerFast:
    """A tokenizer that makes a prompt the user's turn of its chat template, after which the assistant's begins.

    `tokenizer(prompt)` gives the tokens of `apply_chat_template` with one message; `add_special_tokens=False` leaves them out.

    Raises:
        ValueError: it has no chat template, or one that does not take a single turn of the user.
    """
    if tokenizer.chat_template is None:
        raise ValueError(
            "the tokenizer has no chat template, which chat_format needs: take a model that was tuned to chat, or set chat_format: false"
        )
    try:
        turns = str(
            tokenizer.apply_chat_template(
                [{"role": "user", "content": _TURN}], tokenize=False, add_generation_prompt=True
            )
        )
    except (TemplateError, TypeError, ValueError) as error:
        raise ValueError(
            f"the chat template does not take a single turn of the user ({error}): set chat_format: false"
        ) from error
    if turns.count(_TURN) != 1:
        raise ValueError(
            "the chat template does not show the user's turn as it is, which chat_format needs: set chat_format: false"
        )
    parts = dict(zip(("before", "after"), turns.split(_TURN), strict=True))
    special = []
    for name, text in parts.items():
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        special.append({"id": name, "ids": ids, "tokens": tokenizer.convert_ids_to_tokens(ids)})
    content = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    content.post_processor = processors.TemplateProcessing(single="before $A after", special_tokens=special)
    return _like(tokenizer, content)


def reading(tokenizer: PreTrainedTokenizerBase, part: str) -> PreTrainedTokenizerFast:
    """A tokenizer that leaves out all but a part of a prompt, "facts" or "description", and is the same otherwise.

    A text without facts, such as a completion, is taken as it is.
    """
    content = json.loads(tokenizer.backend_tokenizer.to_str())
    left_out = {"type": "Replace", "pattern": {"Regex": _LEFT_OUT[part]}, "content": ""}
    before = content["normalizer"]
    content["normalizer"] = (
        left_out if before is None else {"type": "Sequence", "normalizers": [left_out, before]}
    )
    # Tokens that are not normalized are looked for before, and would hide the facts from the normalizer.
    for token in content["added_tokens"]:
        token["normalized"] = not token["special"]
    return _like(tokenizer, Tokenizer.from_str(json.dumps(content)))


def _like(tokenizer: PreTrainedTokenizerBase, content: Tokenizer) -> PreTrainedTokenizerFast:
    """A tokenizer of another content, with the same special tokens and chat template."""
    options: dict[str, Any] = {name: getattr(tokenizer, name) for name in tokenizer.SPECIAL_TOKENS_ATTRIBUTES}
    return PreTrainedTokenizerFast(
        tokenizer_object=content,
        padding_side="right",
        truncation_side=tokenizer.truncation_side,
        model_max_length=tokenizer.model_max_length,
        clean_up_tokenization_spaces=False,
        chat_template=tokenizer.chat_template,
        **{name: token for name, token in options.items() if token is not None},
    )
