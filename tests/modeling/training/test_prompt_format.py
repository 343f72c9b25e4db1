"""Prompts as turns of a chat, and parts of prompts, as a tokenizer shows them to its model."""

from __future__ import annotations

from pathlib import Path

import pytest
from trajectory_setup import byte_tokenizer
from transformers import AutoTokenizer, LlamaConfig, PreTrainedTokenizerFast

from llamoco.dataset_builder.prompts.facts import part_of
from llamoco.modeling.generation.tokenizers import TOKENIZER_FILE, FileTokenizer
from llamoco.modeling.training.prompt_format import reading, with_chat_format

TEMPLATE = (
    "{{ '<sys>be brief<eos>\\n' }}{% for m in messages %}{{ '<' + m['role'] + '>\\n' + m['content'] + '<eos>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<assistant>\\n' }}{% endif %}"
)
FACTS = "# dimension: 2\n# bounds: [0, 1] x 2\n"
PROMPTS = [
    f"min f(x) = x^2\n{FACTS}",
    FACTS,
    f"# dimension: 9\nmin f(x) = x^2\n{FACTS}",  # a description with a line like a fact
    "no facts at all\n",
]


def chat_tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = byte_tokenizer()
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def reloaded(tokenizer: PreTrainedTokenizerFast, folder: Path) -> PreTrainedTokenizerFast:
    LlamaConfig().save_pretrained(folder)  # whose own class of tokenizer must not take over
    tokenizer.save_pretrained(folder)
    return AutoTokenizer.from_pretrained(folder)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_prompt_is_the_users_turn_as_the_chat_template_writes_it(tmp_path: Path, prompt: str) -> None:
    plain = chat_tokenizer()
    expected = plain.apply_chat_template(
        [{"role": "user", "content": prompt}], add_generation_prompt=True, return_dict=False
    )
    made = with_chat_format(plain)
    kept = reloaded(made, tmp_path)
    for tokenizer in (made, kept, with_chat_format(kept)):
        assert tokenizer(prompt)["input_ids"] == expected
        assert tokenizer(prompt, add_special_tokens=False)["input_ids"] == plain(prompt)["input_ids"]
    assert FileTokenizer(tmp_path / TOKENIZER_FILE).encode(prompt) == expected
    assert (kept.eos_token, kept.pad_token, kept.chat_template) == ("<eos>", "<pad>", TEMPLATE)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (None, "no chat template"),
        ("{{ raise_exception('system first') }}", r"single turn of the user \(system first\)"),
        ("{{ messages[0]['content'] | upper }}", "as it is"),
    ],
)
def test_a_tokenizer_without_a_format_is_refused(template: str | None, message: str) -> None:
    tokenizer = byte_tokenizer()
    tokenizer.chat_template = template
    with pytest.raises(ValueError, match=f"{message}.*set chat_format: false"):
        with_chat_format(tokenizer)


@pytest.mark.parametrize("part", ["facts", "description"])
@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_part_of_a_prompt_is_all_that_is_read(tmp_path: Path, part: str, prompt: str) -> None:
    plain = with_chat_format(chat_tokenizer())
    left = part_of(prompt, part) if FACTS in prompt else prompt
    for tokenizer in (reading(plain, part), reloaded(reading(plain, part), tmp_path)):
        assert tokenizer(prompt)["input_ids"] == plain(left)["input_ids"]
