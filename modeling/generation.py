"""Models answer prompts: loading (adapters too), batched greedy generation, and the probability of the decision."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LogitsProcessor,
    LogitsProcessorList,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging
from transformers.utils.peft_utils import find_adapter_config_file

from llamoco.modeling.shipped import SHIPPED_MODEL

DECISION = re.compile(r"optimizer: (\w+)")
DECISION_TOKENS = 80  # the decision line ends within so many
MAX_NEW_TOKENS = 900  # no answer of the instruction set is longer
GREEDY = {  # whatever a model's own generation settings say
    "do_sample": False,
    "num_beams": 1,
    "repetition_penalty": 1.0,
    "no_repeat_ngram_size": 0,
    "temperature": 1.0,
    "top_p": 1.0,
    "top_k": 50,
}


class ModelError(ValueError):
    """A model that cannot be had or does not answer; the message says what was looked for and what to do."""


@dataclass(frozen=True)
class Generation:
    """One answer.

    Attributes:
        completion: the generated text, end-of-sequence removed.
        confidence: probability (0 to 1) that the model gave to the optimizer's name when it wrote it, after what it had written so
            far; None where the text has no decision line.
        tokens: prompt and generated tokens, by the model's own tokenizer; a quarter of the characters where nobody counted.
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
        """Positions that model and tokenizer can hold; a huge number where neither states a limit."""
        # Recurrent models have no positions in their configuration.
        positions = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        return min(positions or self.tokenizer.model_max_length, self.tokenizer.model_max_length)

    @property
    def ends(self) -> set[int]:
        """Tokens that end an answer; chat models have several. Empty if the model has none."""
        ends = self.model.generation_config.eos_token_id if self.model.generation_config else None
        listed = ends if isinstance(ends, list) else [ends]
        return {int(token) for token in (*listed, self.tokenizer.eos_token_id) if token is not None}

    def prompt_tokens(self, prompt: str, special_tokens: bool = True) -> int:
        """Length of a prompt in the model's tokens."""
        return len(self.tokenizer(prompt, add_special_tokens=special_tokens)["input_ids"])

    @torch.inference_mode()
    def answer(
        self, prompts: Sequence[str], max_new_tokens: int = MAX_NEW_TOKENS, special_tokens: bool = True
    ) -> list[Generation]:
        """Greedy answers to a batch of prompts, in their order.

        Args:
            prompts: texts to be gone on with.
            max_new_tokens: length limit of an answer.
            special_tokens: whether the tokenizer adds its own to a prompt; a chat template has written them already.

        Raises:
            ValueError: if a prompt leaves no room for an answer.
        """
        encoded = self.tokenizer(
            list(prompts),
            return_tensors="pt",
            padding=True,
            padding_side="left",
            add_special_tokens=special_tokens,
        ).to(self.model.device)
        input_ids, mask = encoded["input_ids"], encoded["attention_mask"]
        room = self.max_length - input_ids.shape[1]
        if room < 1:
            raise ValueError(
                f"a prompt of {input_ids.shape[1]} tokens leaves no room in a model of {self.max_length}"
            )
        ends, likeliest = self.ends, _Likeliest()
        output = self.model.generate(  # type: ignore[operator]  # typed as a Tensor by torch's module attributes
            input_ids=input_ids,
            attention_mask=mask,
            max_new_tokens=min(max_new_tokens, room),
            logits_processor=LogitsProcessorList([likeliest]),
            pad_token_id=self.tokenizer.pad_token_id,
            eos_token_id=sorted(ends) or None,
            **GREEDY,
        )
        new = output[:, input_ids.shape[1] :]
        answers = []
        for row in range(len(prompts)):
            ids = new[row].tolist()
            end = next((place for place, token in enumerate(ids) if token in ends), None)
            finished = end is not None
            ids = ids[:end]
            probabilities = [float(step[row]) for step in likeliest.probabilities[: len(ids)]]
            answers.append(
                Generation(
                    completion=self._text(ids),
                    confidence=self._confidence(ids[:DECISION_TOKENS], probabilities),
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


class _Likeliest(LogitsProcessor):
    """Keeps the probability of the likeliest token of the first steps: the one that greedy generation takes.

    All scores of a long answer of a model with a large vocabulary would not fit into memory.
    """

    def __init__(self) -> None:
        self.probabilities: list[torch.Tensor] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        if len(self.probabilities) < DECISION_TOKENS:
            self.probabilities.append(scores.float().softmax(-1).amax(-1))
        return scores


def load_generator(model: str | Path = SHIPPED_MODEL) -> Generator:
    """Load a model folder, an adapter's folder (LoRA and others of peft) or a Hub id of either for generation.

    On a GPU in the precision it was saved in, where there is one; else on the CPU in float32. An adapter goes onto the base model that
    its configuration names, and takes that one's tokenizer if it has none of its own.

    Raises:
        ModelError: if there is no such folder, it holds no model or no tokenizer, or the Hub cannot be reached.
    """
    name = str(model)
    if Path(name).exists() or name.startswith((".", "/", "~")) or isinstance(model, Path):
        folder = Path(name).expanduser()
        if not any((folder / file).is_file() for file in ("config.json", "adapter_config.json")):
            what = "has no config.json or adapter_config.json" if folder.is_dir() else "does not exist"
            raise ModelError(
                f"model folder {folder} {what}. Expected a folder written by `llamoco train` or save_pretrained; "
                "leave it out for the shipped model"
            )
        name = str(folder)
    logging.disable_progress_bar()
    base = _base_of_adapter(name)
    network = _load_network(name, base)
    tokenizer = _load_tokenizer(name, base)
    if tokenizer.pad_token_id is None:
        # Padding is masked: any token serves.
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(0)
    # A record names the shipped model, not where it is installed.
    return Generator(network.eval(), tokenizer, SHIPPED_MODEL.name if name == str(SHIPPED_MODEL) else name)


def _base_of_adapter(name: str) -> str | None:
    """The base model that an adapter's configuration names; None if this is no adapter."""
    try:
        path = find_adapter_config_file(name)
        if path is None:
            return None
        base = json.loads(Path(path).read_text(encoding="utf-8"))["base_model_name_or_path"]
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ModelError(
            f"adapter {name!r}: its adapter_config.json states no base_model_name_or_path. Save it again with peft's save_pretrained"
        ) from error
    except Exception as error:  # not a Hub id, gated, ...
        raise _not_loaded(name, error) from error
    if not isinstance(base, str):
        raise ModelError(
            f"adapter {name!r}: base_model_name_or_path in its adapter_config.json is {base!r}, expected a folder or Hub id"
        )
    return base


def _load_network(name: str, base: str | None) -> PreTrainedModel:
    options: dict[str, Any] = {"dtype": torch.float32}
    if torch.cuda.is_available():
        options = {"dtype": "auto", "device_map": "cuda"}
    loader: Any = AutoModelForCausalLM
    try:
        if base is not None:
            from peft import AutoPeftModelForCausalLM

            # Not merged into the base, which would round. It does all that is asked of a model here.
            loader = AutoPeftModelForCausalLM
        network: PreTrainedModel = loader.from_pretrained(name, **options)
        return network
    except Exception as error:  # whatever a person's files and libraries make go wrong
        raise _not_loaded(name, error, base) from error


def _load_tokenizer(name: str, base: str | None) -> PreTrainedTokenizerBase:
    places = [name]
    if base is not None and not (Path(name) / "tokenizer_config.json").is_file():
        places.append(base)
    failed: Exception | None = None
    for place in places:
        try:
            return AutoTokenizer.from_pretrained(place)
        except Exception as error:
            failed = error
    assert failed is not None
    raise ModelError(
        f"no tokenizer can be loaded from {' or its base model '.join(map(repr, places))}: {_reason(failed)}. "
        "Expected tokenizer.json and tokenizer_config.json, as the tokenizer's save_pretrained writes them"
    ) from failed


def _not_loaded(name: str, error: Exception, base: str | None = None) -> ModelError:
    if isinstance(error, torch.OutOfMemoryError):
        return ModelError(
            f"model {name!r} does not fit into the GPU's memory. Serve it (vLLM, transformers serve, ...) and give --server"
        )
    of_base = "" if base is None else f" onto its base model {base!r}"
    return ModelError(
        f"model {name!r} cannot be loaded{of_base}: {_reason(error)}. Give a local folder, or a Hub id that can be reached or is cached"
    )


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".:") if lines else type(error).__name__


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
