"""Two-phase instruction tuning (paper, Section III-B) in one trainer: contrastive warm-up, then tuning."""

import copy
import math
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypedDict

import torch
from datasets import Dataset
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from torch.optim.lr_scheduler import LambdaLR, LRScheduler
from torch.utils.data import DataLoader
from transformers import (
    PreTrainedModel,
    PreTrainedTokenizerBase,
    ProcessorMixin,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    get_scheduler,
)
from transformers.trainer_utils import rotate_checkpoints
from trl import SFTConfig, SFTTrainer

from llamoco.modeling.config import LLaMoCoConfig
from llamoco.modeling.contrastive import contrastive_loss, last_token_latents
from llamoco.modeling.sampler import Triplet, TwoPhaseBatchSampler

REQUIRED_COLUMNS = ("prompt", "completion", "optimizer")


class Row(TypedDict):
    """A tokenized pair: its tokens, how many of them are the prompt's, and where the optimizer is named."""

    input_ids: list[int]
    prompt_length: int
    choice: int


class Rows(torch.utils.data.Dataset):
    """Rows by index, and triplets of rows by triples of indices."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int | Triplet) -> Row | tuple[Row, ...]:
        return tuple(self.rows[i] for i in index) if isinstance(index, tuple) else self.rows[index]


class Collator:
    """Pads rows on the right; labels score completions only.

    Rows give input_ids, attention_mask, labels (B, L) and choice (B,). B triplets give the input_ids and the
    attention_mask of their prompts (3B, L): anchors, then positives, then negatives.
    """

    def __init__(self, pad_token_id: int) -> None:
        self.pad_token_id = pad_token_id

    def __call__(self, examples: list[Any]) -> dict[str, Tensor]:
        """Makes a batch of rows, or of triplets of rows."""
        if isinstance(examples[0], tuple):
            prompts = [triplet[role] for role in range(3) for triplet in examples]
            return self._pad([row["input_ids"][: row["prompt_length"]] for row in prompts])
        batch = self._pad([row["input_ids"] for row in examples])
        positions = torch.arange(batch["input_ids"].shape[1])
        prompt_lengths = torch.tensor([row["prompt_length"] for row in examples])
        scored = (positions >= prompt_lengths[:, None]) & batch["attention_mask"].bool()
        batch["labels"] = batch["input_ids"].masked_fill(~scored, -100)
        batch["choice"] = torch.tensor([row["choice"] for row in examples])
        return batch

    def _pad(self, sequences: list[list[int]]) -> dict[str, Tensor]:
        tokens = [torch.tensor(sequence) for sequence in sequences]
        masks = [torch.ones_like(sequence) for sequence in tokens]
        return {
            "input_ids": pad_sequence(tokens, batch_first=True, padding_value=self.pad_token_id),
            "attention_mask": pad_sequence(masks, batch_first=True, padding_value=0),
        }


class PhaseCallback(TrainerCallback):
    """Logs where the phases meet, so that no figure mixes them; counts epochs in passes over the pairs."""

    def __init__(self, contrastive_steps: int, steps_per_epoch: float) -> None:
        self.contrastive_steps = contrastive_steps
        self.steps_per_epoch = steps_per_epoch

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> TrainerControl:
        """Called by the trainer after each optimizer step."""
        state.epoch = max(0, state.global_step - self.contrastive_steps) / self.steps_per_epoch
        if state.global_step == self.contrastive_steps:
            control.should_log = True
        return control


class LLaMoCoTrainer(SFTTrainer):
    """
    Trainer for LLaMoCo's two-phase instruction tuning (paper, Section III-B).

    One `train()` runs the contrastive warm-up (Eq. 3 and 4) and then the instruction tuning, both on balanced
    samples (Eq. 5), each with its learning rate. It resumes bit for bit from a checkpoint of either phase.

    Pairs longer than `max_length` are dropped rather than cut, since a program that is cut teaches broken
    programs; `rows_dropped` counts them. A checkpoint appears under its name only when it is complete.

    Logs, besides those of [`~trl.SFTTrainer`]: `contrastive_loss` instead of `loss` during the warm-up;
    `completion_loss` and `prompt_loss`, mean negative log-likelihoods in nats per token; `choice_loss` and
    `choice_accuracy`, of the token that names the optimizer; `padding`, the share of positions that are
    padding; `seconds` of training, across resumptions.

    Args:
        model: the causal language model, or its id or path.
        args: the configuration.
        train_dataset: columns prompt, completion, optimizer.
        processing_class: the tokenizer.

    Raises:
        ValueError: a column is missing, or no pair fits `max_length`.
    """

    _tag_names = ["trl", "sft", "llamoco"]  # noqa: RUF012 (its base declares no ClassVar)
    _name = "LLaMoCo"

    model: PreTrainedModel
    args: LLaMoCoConfig
    processing_class: PreTrainedTokenizerBase
    train_dataset: Dataset

    def __init__(
        self,
        model: str | PreTrainedModel,
        args: LLaMoCoConfig,
        train_dataset: Dataset,
        processing_class: PreTrainedTokenizerBase,
    ) -> None:
        missing = [column for column in REQUIRED_COLUMNS if column not in train_dataset.column_names]
        if missing:
            raise ValueError(
                f"the training set lacks the column(s) {', '.join(missing)}: expected "
                f"{', '.join(REQUIRED_COLUMNS)}, found {', '.join(train_dataset.column_names)}"
            )
        self.rows_dropped = 0
        super().__init__(
            model=model, args=args, train_dataset=train_dataset, processing_class=processing_class
        )
        self.rows = self._rows(self.train_dataset)
        world = self.args.world_size
        per_step = self.args.gradient_accumulation_steps * world
        batches_per_epoch = math.ceil(len(self.rows) / self._train_batch_size)
        if self.args.max_steps <= 0:
            tuning_steps = math.ceil(self.args.num_train_epochs * batches_per_epoch / per_step)
            self.args.max_steps = self.args.contrastive_steps + tuning_steps
        self.batch_sampler = TwoPhaseBatchSampler(
            optimizers=self.train_dataset["optimizer"][:],
            prompt_lengths=[row["prompt_length"] for row in self.rows],
            lengths=[len(row["input_ids"]) for row in self.rows],
            batch_size=self._train_batch_size,
            contrastive_batches=self.args.contrastive_steps * per_step,
            tuning_batches=(self.args.max_steps - self.args.contrastive_steps) * per_step,
            seed=self.args.seed,
            balance_exponent=self.args.balance_exponent,
            bucket_batches=self.args.bucket_batches,
        )
        self.add_callback(PhaseCallback(self.args.contrastive_steps, batches_per_epoch / per_step))
        self._saving_into: Path | None = None
        self._seconds_before = 0.0
        self._started = 0.0

    # Data

    def _prepare_dataset(
        self,
        dataset: Any,
        processing_class: PreTrainedTokenizerBase | ProcessorMixin,
        args: SFTConfig,
        packing: bool,
        formatting_func: Callable[[dict], str] | None,
        dataset_name: str,
    ) -> Dataset:
        uncut = copy.copy(args)
        uncut.max_length = None
        prepared = super()._prepare_dataset(
            dataset, processing_class, uncut, packing, formatting_func, dataset_name
        )
        if args.max_length is None:
            return prepared
        limit = args.max_length
        kept = prepared.filter(
            lambda ids: len(ids) <= limit, input_columns="input_ids", desc="Dropping long pairs"
        )
        self.rows_dropped = len(prepared) - len(kept)
        if len(kept) == 0:
            raise ValueError(f"none of the {len(prepared)} pairs fits max_length ({limit} tokens)")
        return kept

    def _rows(self, prepared: Dataset) -> list[Row]:
        vocabulary = range(len(self.processing_class))
        ends_line = {token for token in vocabulary if "\n" in self.processing_class.decode([token])}
        rows: list[Row] = []
        for ids, labels in zip(prepared["input_ids"], prepared["labels"], strict=True):
            start = next(i for i, label in enumerate(labels) if label != -100)
            line_end = next((i for i in range(start, len(ids)) if ids[i] in ends_line), len(ids) - 1)
            rows.append({"input_ids": ids, "prompt_length": start, "choice": max(start, line_end - 1)})
        return rows

    def get_train_dataloader(self) -> DataLoader:
        """Batches of both phases, in their order."""
        if self.processing_class.pad_token_id is None:
            raise ValueError("the tokenizer has no padding token: set its pad_token")
        return self.accelerator.prepare(
            DataLoader(
                Rows(self.rows),
                batch_sampler=self.batch_sampler,
                collate_fn=Collator(self.processing_class.pad_token_id),
                num_workers=self.args.dataloader_num_workers,
                pin_memory=self.accelerator.device.type == "cuda",
            )
        )

    # Loss

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Tensor:
        """The loss of a batch of either phase; only batches of the instruction tuning have labels."""
        if return_outputs:
            raise NotImplementedError(
                "score models with `llamoco evaluate`: this trainer returns losses only"
            )
        mask = inputs["attention_mask"]
        self._log_mean("padding", 1 - mask.float().mean())
        if "labels" not in inputs:
            return self._contrastive_loss(model, inputs)
        return self._tuning_loss(model, inputs, num_items_in_batch)

    def _contrastive_loss(self, model: nn.Module, inputs: dict[str, Tensor]) -> Tensor:
        outputs = model(**inputs, output_hidden_states=True, logits_to_keep=1, use_cache=False)
        latents = last_token_latents(outputs.hidden_states[-1], inputs["attention_mask"])
        anchor, positive, negative = latents.chunk(3)
        return contrastive_loss(anchor, positive, negative, self.args.margin)

    def _tuning_loss(
        self, model: nn.Module, inputs: dict[str, Tensor], num_items_in_batch: Tensor | int | None
    ) -> Tensor:
        mask = inputs["attention_mask"].bool()
        weigh_prompts = self.args.prompt_loss_weight > 0
        targets = inputs["input_ids"].masked_fill(~mask, -100) if weigh_prompts else inputs["labels"]
        outputs = model(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            labels=targets,
            fused_lm_head=True,
            use_cache=False,
        )
        # Position i of these scores token i + 1.
        loss = -outputs.log_probs
        completion = inputs["labels"][:, 1:] != -100
        prompt = mask[:, 1:] & ~completion
        choice = torch.arange(loss.shape[1], device=loss.device) == inputs["choice"][:, None] - 1

        weights = torch.where(completion, 1.0, self.args.prompt_loss_weight)
        weights = torch.where(choice, self.args.choice_loss_weight, weights)
        tokens = completion.sum() if num_items_in_batch is None else num_items_in_batch
        total = (loss * weights).sum() / tokens
        if self.args.average_tokens_across_devices and num_items_in_batch is not None:
            total = total * self.accelerator.num_processes

        self._log_mean("completion_loss", loss[completion].detach().mean())
        if weigh_prompts:
            self._log_mean("prompt_loss", loss[prompt].detach().mean())
        self._log_mean("choice_loss", loss[choice].detach().mean())
        self._log_mean("choice_accuracy", outputs.is_top1[choice].float().mean())
        return total

    def _log_mean(self, name: str, value: Tensor) -> None:
        self._metrics["train"][name].append(value.item())

    # Learning rate

    def create_scheduler(
        self, num_training_steps: int, optimizer: torch.optim.Optimizer | None = None
    ) -> LRScheduler:
        """The configured schedule on the steps of the instruction tuning, after that of the warm-up."""
        if self.lr_scheduler is not None:
            return self.lr_scheduler
        warmup = self.args.contrastive_steps
        tuning_steps = num_training_steps - warmup
        assert not isinstance(self.args.lr_scheduler_kwargs, str)  # The configuration has parsed it.
        # The factors of the configured schedule, from a throw-away optimizer.
        schedule = get_scheduler(
            self.args.lr_scheduler_type,
            optimizer=torch.optim.SGD([torch.zeros(1)], lr=1.0),
            num_warmup_steps=self.args.get_warmup_steps(tuning_steps),
            num_training_steps=tuning_steps,
            scheduler_specific_kwargs=self.args.lr_scheduler_kwargs,
        )
        if not isinstance(schedule, LambdaLR):
            raise ValueError(
                f"lr_scheduler_type {self.args.lr_scheduler_type} is no function of the step: take another"
            )
        tuning_factor = schedule.lr_lambdas[0]
        peak = self.args.contrastive_learning_rate
        contrastive_factor = 1.0 if peak is None else peak / self.args.learning_rate

        def factor(step: int) -> float:
            if step < warmup:
                return contrastive_factor * min(1.0, (step + 1) / math.ceil(0.1 * warmup))
            return tuning_factor(step - warmup)

        optimizer = optimizer or self.optimizer
        assert optimizer is not None  # The trainer creates it before its schedule.
        self.lr_scheduler = LambdaLR(optimizer, factor)
        self._created_lr_scheduler = True
        return self.lr_scheduler

    # Log and checkpoints

    def _init_training_state(self, *args: Any, **kwargs: Any) -> tuple[int, int]:
        position = super()._init_training_state(*args, **kwargs)
        self._seconds_before = max(
            (entry.get("seconds", 0.0) for entry in self.state.log_history), default=0.0
        )
        self._started = time.perf_counter()
        return position

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Adds the time spent, names the loss after its phase."""
        if "loss" in logs and self.state.global_step <= self.args.contrastive_steps:
            logs["contrastive_loss"] = logs.pop("loss")
        logs["seconds"] = round(self._seconds_before + time.perf_counter() - self._started, 1)
        super().log(logs, start_time)

    def _get_output_dir(self, trial: Any) -> str:
        return super()._get_output_dir(trial) if self._saving_into is None else str(self._saving_into)

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        # Written aside and renamed: a process that is killed meanwhile leaves no half of a checkpoint behind
        # to resume from.
        folder = Path(self._get_output_dir(trial))
        self._saving_into = folder / "incomplete"
        if self.args.should_save:
            shutil.rmtree(self._saving_into, ignore_errors=True)
        self.accelerator.wait_for_everyone()
        super()._save_checkpoint(model, trial)
        self.accelerator.wait_for_everyone()
        if self.args.should_save:
            name = f"checkpoint-{self.state.global_step}"
            (self._saving_into / name).rename(folder / name)
            rotate_checkpoints(str(folder), save_total_limit=self.args.save_total_limit)
        self._saving_into = None

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Writes nothing: `llamoco.hub_cards` fills the model's card from its run record."""
