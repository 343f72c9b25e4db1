"""Models answer prompts: loading, batched greedy generation, and the probability of the decision."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging

from llamoco.modeling.shipped import SHIPPED_MODEL

DECISION = re.compile(r"optimizer: (\w+)")


class ModelError(ValueError):
    """A model that cannot be loaded; the message says what was looked for and what to do."""


@dataclass(frozen=True)
class Generation:
    """One answer.

    Attributes:
        completion: the generated text, end-of-sequence removed.
        confidence: probability (0 to 1) that the model gave to the optimizer's name when it wrote it, after what it had written so
            far; None where the text has no decision line.
        tokens: prompt and generated tokens, by the model's own tokenizer.
        finished: whether the model ended the text itself (else it ran into the length limit).
    """

    completion: str
    confidence: float | None
    tokens: int
    finished: bool


@dataclass(frozen=True)
class Generator:
    """A causal language model with its tokenizer."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    name: str

    @property
    def max_length(self) -> int:
        """Positions that model and tokenizer can hold."""
        return min(self.model.config.max_position_embeddings, self.tokenizer.model_max_length)

    def prompt_tokens(self, prompt: str) -> int:
        """Length of a prompt in the model's tokens."""
        return len(self.tokenizer(prompt)["input_ids"])

    @torch.inference_mode()
    def answer(self, prompts: Sequence[str], max_new_tokens: int = 900) -> list[Generation]:
        """Greedy answers to a batch of prompts, in their order.

        Raises:
            ValueError: if a prompt leaves no room for an answer.
        """
        encoded = self.tokenizer(list(prompts), return_tensors="pt", padding=True, padding_side="left")
        input_ids, mask = encoded["input_ids"], encoded["attention_mask"]
        room = self.max_length - input_ids.shape[1]
        if room < 1:
            raise ValueError(
                f"a prompt of {input_ids.shape[1]} tokens leaves no room in a model of {self.max_length}"
            )
        output = self.model.generate(  # type: ignore[operator]  # typed as a Tensor by torch's module attributes
            input_ids=input_ids,
            attention_mask=mask,
            max_new_tokens=min(max_new_tokens, room),
            do_sample=False,
            return_dict_in_generate=True,
            output_scores=True,
            pad_token_id=self.tokenizer.pad_token_id,
        )
        new = output.sequences[:, input_ids.shape[1] :]
        answers = []
        for row in range(len(prompts)):
            ids = new[row].tolist()
            finished = self.tokenizer.eos_token_id in ids
            if finished:
                ids = ids[: ids.index(self.tokenizer.eos_token_id)]
            probabilities = [
                float(output.scores[step][row].float().softmax(-1)[token])
                for step, token in enumerate(ids[:80])
            ]
            answers.append(
                Generation(
                    completion=self._text(ids),
                    confidence=self._confidence(ids[:80], probabilities),
                    tokens=int(mask[row].sum()) + len(ids),
                    finished=finished,
                )
            )
        return answers

    def _text(self, ids: list[int]) -> str:
        return str(self.tokenizer.decode(ids, skip_special_tokens=True))

    def _confidence(self, ids: list[int], probabilities: list[float]) -> float | None:
        """Probability of the tokens that spell the optimizer's name in the first line."""
        first_line = self._text(ids).split("\n", 1)[0]
        decision = DECISION.search(first_line)
        if decision is None:
            return None
        probability = 1.0
        for end in range(1, len(ids) + 1):
            length = len(self._text(ids[:end]))
            if length > decision.start(1):
                probability *= probabilities[end - 1]
            if length >= decision.end(1):
                break
        return probability


def load_generator(model: str | Path = SHIPPED_MODEL) -> Generator:
    """Load a model folder or Hub id for generation on the CPU, in float32.

    Raises:
        ModelError: if there is no such folder, it holds no model, or the Hub cannot be reached.
    """
    name = str(model)
    if Path(name).exists() or name.startswith((".", "/", "~")) or isinstance(model, Path):
        folder = Path(name).expanduser()
        if not (folder / "config.json").is_file():
            what = "has no config.json" if folder.is_dir() else "does not exist"
            raise ModelError(
                f"model folder {folder} {what}. Expected a folder written by `llamoco train` or save_pretrained; "
                "leave out --model for the shipped one"
            )
        name = str(folder)
    logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(name)
        network = AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32)
    except (OSError, ValueError, HFValidationError, HfHubHTTPError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(
            f"model {name!r} cannot be loaded: {reason}. Give a local folder, or a Hub id that can be reached or is cached"
        ) from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token_id = tokenizer.eos_token_id
    # A record names the shipped model, not where it is installed.
    return Generator(network.eval(), tokenizer, SHIPPED_MODEL.name if name == str(SHIPPED_MODEL) else name)


def answer_all(
    generator: Generator,
    prompts: Sequence[str],
    batch_size: int,
    on_answer: Callable[[int, Generation], None],
) -> None:
    """Answer many prompts in batches of like length; ``on_answer(position, answer)`` is called as answers come."""
    order = sorted(range(len(prompts)), key=lambda position: len(prompts[position]))
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        for position, generation in zip(batch, generator.answer([prompts[i] for i in batch]), strict=True):
            on_answer(position, generation)
