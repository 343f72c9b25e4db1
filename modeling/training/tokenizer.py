"""The tokenizer of models trained from scratch: byte-level BPE, and one token for each line of the pool's texts."""

import re
from collections.abc import Iterable, Mapping

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from llamoco.dataset_builder.prompts.facts import FACTS

BOS, EOS, PAD = "<|bos|>", "<|eos|>", "<|pad|>"

# The words of the BPE, none longer than a line: a line's end; runs of blanks, such as indentation; LaTeX
# commands; letters; single digits; punctuation, with a following blank before a digit. A single blank belongs
# to what follows it.
WORDS = (
    r"\r\n|\n|\r"
    r"|[^\S\r\n]{2,}"
    r"| ?\\[A-Za-z]+"
    r"| ?[\p{L}\p{M}_]+"
    r"|\p{N}"
    r"| ?[^\s\p{L}\p{M}\p{N}_]+(?: (?=\p{N}))?"
    r"|[^\S\r\n]+"
)
_CONSTANT = re.compile(r"([A-Z][A-Z0-9_]* = )(.*\n?)")
_CHOICE = "; optimizer:"


def template_tokens(sources: Mapping[str, str]) -> list[str]:
    """Strings that become one token each: names of the facts in prompts, lines of the pool's texts, their constants up to the value.

    Args:
        sources: the text of each optimizer of the pool, by name.

    Returns:
        Distinct strings in the order of their appearance. Lines have their newline.
    """
    tokens = [_CHOICE, *(f"# {name}:" for name in FACTS)]
    for text in sources.values():
        for line in text.splitlines(keepends=True):
            constant = _CONSTANT.fullmatch(line)
            if constant:
                tokens.append(constant[1])
            elif line.strip():
                tokens.append(line if line.endswith("\n") else line + "\n")
    return list(dict.fromkeys(tokens))


def train_tokenizer(
    texts: Iterable[str], sources: Mapping[str, str], vocab_size: int, max_length: int = 2048
) -> PreTrainedTokenizerFast:
    """Trains a tokenizer from which any text but `BOS`, `EOS` and `PAD` themselves is decoded exactly.

    Byte-level BPE (Sennrich et al. 2016, doi:10.18653/v1/P16-1162; Radford et al. 2019), digits single. The
    pool's names and template lines are tokens of their own beside it. No token spans more than a line: a
    newline ends it.

    Args:
        texts: what the BPE learns from: prompts, and first lines of completions.
        sources: the text of each optimizer of the pool, by name.
        vocab_size: number of tokens, all included.
        max_length: how many tokens the model takes. A longer text loses its beginning, since the facts are at the end of a
            prompt.

    Raises:
        ValueError: `vocab_size` leaves no room for bytes, names and lines.
    """
    lines, names = template_tokens(sources), list(sources)
    special = [PAD, BOS, EOS]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    fixed = len(special) + len(lines) + len(names)
    if vocab_size < fixed + len(alphabet):
        raise ValueError(
            f"vocab_size is {vocab_size}, but {len(alphabet)} bytes, {len(lines)} lines of the pool, "
            f"{len(names)} optimizers and {len(special)} special tokens need {fixed + len(alphabet)}: "
            "raise vocab_size"
        )
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(lines) - len(names),
        special_tokens=special,
        initial_alphabet=alphabet,
        show_progress=False,
    )
    tokenizer.train_from_iterator([*texts, *sources.values()], trainer)
    tokenizer.add_tokens([AddedToken(line, normalized=False) for line in lines])
    # With its blank, as the words of the BPE have theirs: else a name would be one with the same letters
    # inside a word.
    tokenizer.add_tokens([AddedToken(" " + name, normalized=False, single_word=True) for name in names])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", special_tokens=[(BOS, tokenizer.token_to_id(BOS))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BOS,
        eos_token=EOS,
        pad_token=PAD,
        padding_side="right",
        truncation_side="left",
        model_max_length=max_length,
        clean_up_tokenization_spaces=False,
    )
