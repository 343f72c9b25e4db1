from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, LlamaConfig, PreTrainedTokenizerFast

from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem
from llamoco.dataset_builder.prompts.facts import fact_lines
from llamoco.modeling.training.prompt_format import reading
from llamoco.modeling.training.tokenizer import BOS, EOS, PAD, train_tokenizer

SOURCES = {name: pool.source(name) for name in pool.POOL}
TEXTS = [
    "import numpy as np\n\nLOWER = [-5.0] * 7\n\n\ndef objective(x):\n    return 0.5 + sum(x**2)\n",
    "\\min_{x} \\quad \\sum_{i=1}^{12} \\left(x_i - 0.325\\right)^2 \\\\ \\text{s.t.} -5 \\le x_i \\le 5\n",
    "# 7 variables, separable; optimizer: de\n",
]
PROBLEMS = [draw_problem(0, number, bool(number % 2)) for number in range(8)]
TOKENIZER = train_tokenizer(TEXTS, SOURCES, vocab_size=2400)


def ids(text: str) -> list[int]:
    return TOKENIZER(text)["input_ids"][1:]


def decode(tokens: list[int]) -> str:
    return TOKENIZER.decode(tokens, skip_special_tokens=True)


AWKWARD = st.text(
    alphabet=st.sampled_from(list(" \t\r\n\u00a0\u2028\x0b'\"#\\{}_^$.,-+*=()[]0x9é漢🦙\u0301axpso"))
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), AWKWARD, st.lists(st.sampled_from(sorted(SOURCES.values()))).map("x".join)))
def test_any_text_is_decoded_exactly(text: str) -> None:
    assume(not any(special in text for special in (BOS, EOS, PAD)))
    assert decode(ids(text)) == text


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_programs_are_decoded_exactly_in_few_tokens(name: str) -> None:
    text = SOURCES[name]
    assert decode(ids(text)) == text
    lines = text.count("\n")
    assert len(ids(text)) < 3 * lines


def test_a_template_line_is_one_token_with_its_newline() -> None:
    line = (
        "def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):\n"
    )
    assert any(line in text for text in SOURCES.values())
    assert [decode([token]) for token in ids(line)] == [line]


def test_a_constant_is_its_name_and_digits() -> None:
    source = {"de": "POP_SIZE = 50\nRATE = 0.5\n"}
    tokenizer = train_tokenizer([], source, vocab_size=300)
    tokens = tokenizer("POP_SIZE = 185\n")["input_ids"][1:]
    assert [tokenizer.decode([token]) for token in tokens] == ["POP_SIZE = ", "1", "8", "5", "\n"]


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_the_decision_is_one_token(name: str) -> None:
    tokens = [decode([token]) for token in ids(f"# 7 variables, separable; optimizer: {name}\n")]
    assert tokens[-3:] == ["; optimizer:", " " + name, "\n"]


def test_names_of_optimizers_do_not_split_words() -> None:
    names = {TOKENIZER.convert_tokens_to_ids(" " + name) for name in SOURCES}
    assert len(names) == len(SOURCES) and TOKENIZER.unk_token_id not in names
    assert not names & set(ids("    gap = model_de + ideas + de2 - ga_a"))


def test_no_token_goes_past_its_line() -> None:
    for text in TOKENIZER.batch_decode([[token] for token in range(len(TOKENIZER))]):
        assert "\n" not in text[:-1], repr(text)


def test_digits_are_single() -> None:
    assert [decode([token]) for token in ids("-1234.5")] == ["-", "1", "2", "3", "4", ".", "5"]
    assert [decode([token]) for token in ids("x12 = 34")][-2:] == ["3", "4"]


def test_indentation_is_one_token() -> None:
    for width in (4, 8, 12):
        first = decode([ids(" " * width + "unheard_of = 1")[0]])
        assert first == " " * width


def test_auto_tokenizer_loads_the_same(tmp_path: Path) -> None:
    LlamaConfig().save_pretrained(tmp_path)  # A Llama's own tokenizer would cut texts otherwise.
    TOKENIZER.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    assert isinstance(loaded, PreTrainedTokenizerFast)
    for text in [*TEXTS, *SOURCES.values(), "  two\tblanks\r\nand é🦙\n\n"]:
        assert loaded(text)["input_ids"] == TOKENIZER(text)["input_ids"]
        assert loaded.decode(loaded(text)["input_ids"], skip_special_tokens=True) == text
    assert (loaded.bos_token, loaded.eos_token, loaded.pad_token) == (BOS, EOS, PAD)
    assert loaded.model_max_length == 2048


def test_a_tokenizer_that_takes_facts_alone_drops_what_stands_before_them(tmp_path: Path) -> None:
    LlamaConfig().save_pretrained(tmp_path)
    reading(TOKENIZER, "facts").save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    for problem in PROBLEMS:
        known = fact_lines(problem)
        whole = f"import numpy as np\n# dimension: 7\n{SOURCES['slsqp']}{known}"
        assert loaded(whole)["input_ids"] == loaded(known)["input_ids"] == TOKENIZER(known)["input_ids"]
        # A repair turn goes on after the facts.
        turn = f"{known}x = 1\n# error: NameError\n"
        assert loaded(f"min x\n{turn}")["input_ids"] == TOKENIZER(turn)["input_ids"]
    for text in SOURCES.values():
        ids = loaded(f"# rough; optimizer: slsqp\n{text}")["input_ids"]
        assert ids == TOKENIZER(f"# rough; optimizer: slsqp\n{text}")["input_ids"]
        assert loaded.decode(ids, skip_special_tokens=True).endswith(text)
    assert (loaded.pad_token, loaded.model_max_length) == (PAD, TOKENIZER.model_max_length)


def test_training_is_deterministic() -> None:
    assert train_tokenizer(TEXTS, SOURCES, vocab_size=2400).get_vocab() == TOKENIZER.get_vocab()


def test_a_vocabulary_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="raise vocab_size"):
        train_tokenizer(TEXTS, SOURCES, vocab_size=300)
