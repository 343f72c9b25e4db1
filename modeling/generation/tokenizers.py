"""Interface of tokenizers; those of transformers have it, and ``FileTokenizer`` reads the same file without transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from llamoco.modeling.model_error import ModelError

TOKENIZER_FILE = "tokenizer.json"
LINE_ENDS = ("\n", "Ċ", "<0x0A>")  # in vocabularies: plainly, as a letter of byte-level BPE, as a byte


class Tokenizer(Protocol):
    """Spells texts in tokens; tokenizers of transformers are of this kind."""

    def encode(self, text: str, *, add_special_tokens: bool = True, verbose: bool = True) -> list[int]:
        """Tokens of a text.

        Args:
            text: to be spelled.
            add_special_tokens: whether the tokenizer adds its own, such as one that begins a text.
            verbose: whether it may warn that the text is longer than its model takes.
        """

    def decode(self, token_ids: list[int], *, skip_special_tokens: bool = False) -> str:
        """The text of tokens."""

    def get_vocab(self) -> dict[str, int]:
        """All tokens, as the vocabulary spells them."""


def line_end_tokens(tokenizer: Tokenizer) -> set[int]:
    """Tokens with a line end in their text."""
    spelled = [
        number for text, number in tokenizer.get_vocab().items() if any(end in text for end in LINE_ENDS)
    ]
    return {number for number in spelled if "\n" in tokenizer.decode([number])}


class FileTokenizer:
    """A tokenizer of the `tokenizers` library.

    Args:
        path: of a tokenizer.json.

    Raises:
        ModelError: if there is none that can be read.
    """

    def __init__(self, path: Path) -> None:
        import tokenizers

        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare ones
            raise ModelError(
                f"{path}: no tokenizer can be read ({str(error).splitlines()[0]}). Expected the file that the tokenizer's "
                "save_pretrained writes"
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def encode(self, text: str, *, add_special_tokens: bool = True, verbose: bool = True) -> list[int]:
        """See ``Tokenizer``."""
        return list(self._tokenizer.encode(text, add_special_tokens=add_special_tokens).ids)

    def decode(self, token_ids: list[int], *, skip_special_tokens: bool = False) -> str:
        """See ``Tokenizer``."""
        return str(self._tokenizer.decode(token_ids, skip_special_tokens=skip_special_tokens))

    def spelling(self, token: int) -> str:
        """A token as the vocabulary has it."""
        return str(self._tokenizer.id_to_token(token))

    def get_vocab(self) -> dict[str, int]:
        """See ``Tokenizer``."""
        found: dict[str, Any] = self._tokenizer.get_vocab(with_added_tokens=True)
        return {text: int(number) for text, number in found.items()}
