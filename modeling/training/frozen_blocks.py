"""Outputs of a model's frozen first blocks, kept on disk: what no step changes need not be worked out in every epoch.

Of an adapter on the upper blocks, half of a step's work is in the blocks below it. Their outputs depend on a row's tokens alone, so that
later epochs, and other trainings of the same base on the same rows, read them.
"""

import hashlib
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch
from peft import PeftModel
from torch import Tensor, nn
from transformers import PreTrainedModel

from llamoco.modeling.folder_lock import locked
from llamoco.modeling.training.recipe import RecipeError

OUTPUTS, INDEX = "outputs.bin", "index.bin"
_ENTRY = struct.Struct("<16sQI")  # of the index: digest of the tokens, place in tokens, their number


@contextmanager
def kept_outputs(model: PreTrainedModel | PeftModel, folder: Path, pad_token_id: int) -> Iterator[int]:
    """Within this context, the outputs of a model's frozen first blocks are read from a folder, or worked out and kept there.

    Rows have to be padded on the right. Outputs of padding are zero.

    Args:
        model: to train, on one device.
        folder: has a folder of its own for each set of frozen weights.
        pad_token_id: of the tokenizer.

    Yields:
        Number of the frozen blocks; 0 if the first block is trained, where nothing is kept.

    Raises:
        RecipeError: the model is of an unknown architecture or drops values out, or another process writes to the folder.
    """
    base = model.get_base_model() if isinstance(model, PeftModel) else model
    assert isinstance(base, PreTrainedModel)
    decoder: Any = base.get_decoder()
    layers = getattr(decoder, "layers", None)
    if not isinstance(layers, nn.ModuleList):
        raise RecipeError(
            f"frozen_outputs: the blocks of a {type(base).__name__} are not known; leave the field out"
        )
    if getattr(base.config.get_text_config(), "attention_dropout", 0.0):
        raise RecipeError(
            "frozen_outputs: the frozen blocks have dropout, so that their outputs differ from step to step; leave the field out"
        )
    depth = _frozen_depth(base, layers)
    if depth == 0:
        yield 0
        return
    frozen = list(layers[:depth])
    weights = _digest([base.get_input_embeddings(), *frozen])
    width, dtype = base.config.get_text_config().hidden_size, next(frozen[-1].parameters()).dtype
    own = folder / weights
    own.mkdir(parents=True, exist_ok=True)
    busy = RecipeError(
        f"frozen_outputs: another training writes to {own}: wait for it, or name another folder"
    )
    with locked(own, busy), _Store(own, width, dtype) as store:
        first = _Kept(frozen, store, pad_token_id)
        hook = decoder.register_forward_pre_hook(first.see, with_kwargs=True)
        layers[0] = first
        for number in range(1, depth):
            layers[number] = _Passed()
        try:
            yield depth
        finally:
            hook.remove()
            for number, block in enumerate(frozen):
                layers[number] = block


def _frozen_depth(base: PreTrainedModel, layers: nn.ModuleList) -> int:
    """Number of the first blocks that nothing trains; 0 where the embeddings are trained."""
    if any(parameter.requires_grad for parameter in base.get_input_embeddings().parameters()):
        return 0
    trained = [n for n, block in enumerate(layers) if any(p.requires_grad for p in block.parameters())]
    return min(trained, default=len(layers))


def _digest(modules: list[nn.Module]) -> str:
    digest = hashlib.sha256()
    for module in modules:
        for weights in module.parameters():
            digest.update(str(weights.dtype).encode())
            digest.update(weights.detach().contiguous().view(torch.uint8).cpu().numpy().tobytes())
    return digest.hexdigest()[:16]


class _Passed(nn.Module):
    """In place of a block whose output ``_Kept`` has given."""

    def forward(self, hidden_states: Tensor, *_: Any, **__: Any) -> Tensor:
        return hidden_states


class _Kept(nn.Module):
    """In place of the first of the frozen blocks: gives the output of the last one."""

    def __init__(self, frozen: list[nn.Module], store: "_Store", pad_token_id: int) -> None:
        super().__init__()
        self._frozen = tuple(frozen)  # not registered: they are the model's, and stay where they are
        self._store = store
        self._pad_token_id = pad_token_id
        self._rows: list[bytes] = []

    def see(self, _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Note the tokens that the outputs are of, before the model embeds them."""
        ids: Tensor = kwargs["input_ids"] if "input_ids" in kwargs else args[0]
        self._rows = []
        for row in ids.cpu():
            real = (row != self._pad_token_id).nonzero()
            length = int(real[-1]) + 1 if len(real) else 0
            self._rows.append(row[:length].to(torch.int32).numpy().tobytes())

    def forward(self, hidden_states: Tensor, **kwargs: Any) -> Tensor:
        known = [self._store.read(row) for row in self._rows]
        outputs = torch.zeros_like(hidden_states, dtype=self._store.dtype)
        if any(row is None for row in known):
            states = hidden_states
            with torch.no_grad():
                for block in self._frozen:
                    states = block(states, **kwargs)
            for tokens, found, row in zip(self._rows, known, states, strict=True):
                if found is None:
                    self._store.write(tokens, row[: len(tokens) // 4])
            known = [
                row[: len(tokens) // 4].to(self._store.dtype) if found is None else found
                for tokens, found, row in zip(self._rows, known, states, strict=True)
            ]
        for output, row in zip(outputs, known, strict=True):
            assert row is not None
            output[: len(row)] = row
        return outputs


class _Store:
    """Outputs (tokens, width) by the tokens that gave them. What a kill cut off is not in the index, and is made again."""

    def __init__(self, folder: Path, width: int, dtype: torch.dtype) -> None:
        self.dtype = dtype
        self._folder, self._width = folder, width
        self._token_bytes = width * dtype.itemsize
        self._places: dict[bytes, tuple[int, int]] = {}
        self._end = 0

    def __enter__(self) -> Self:
        flags = os.O_RDWR | os.O_CREAT
        self._outputs = os.open(self._folder / OUTPUTS, flags)
        self._index = os.open(self._folder / INDEX, flags | os.O_APPEND)
        there = os.fstat(self._outputs).st_size // self._token_bytes
        entries = os.pread(self._index, os.fstat(self._index).st_size, 0)
        for key, place, count in _ENTRY.iter_unpack(entries[: len(entries) - len(entries) % _ENTRY.size]):
            if place + count <= there:
                self._places[key] = place, count
                self._end = max(self._end, place + count)
        kept = b"".join(_ENTRY.pack(key, *place) for key, place in self._places.items())
        if kept != entries:  # or what is cut off would seem to be there once others are in its place
            os.ftruncate(self._index, 0)
            os.write(self._index, kept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._outputs)
        os.close(self._index)

    def read(self, tokens: bytes) -> Tensor | None:
        """The outputs of a row; None if they are not known."""
        found = self._places.get(_key(tokens))
        if found is None:
            return None
        place, count = found
        content = bytearray(os.pread(self._outputs, count * self._token_bytes, place * self._token_bytes))
        return torch.frombuffer(content, dtype=self.dtype).view(count, self._width)

    def write(self, tokens: bytes, outputs: Tensor) -> None:
        """Keep the outputs of a row: first themselves, then where they are."""
        key, count = _key(tokens), len(outputs)
        if key in self._places or count == 0:
            return
        content = outputs.detach().to(self.dtype).contiguous().cpu().view(torch.uint8).numpy().tobytes()
        os.pwrite(self._outputs, content, self._end * self._token_bytes)
        os.write(self._index, _ENTRY.pack(key, self._end, count))
        self._places[key] = self._end, count
        self._end += count


def _key(tokens: bytes) -> bytes:
    return hashlib.sha256(tokens).digest()[:16]
