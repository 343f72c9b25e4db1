"""Two-phase instruction tuning (paper, Section III-B) in one trainer: contrastive warm-up, then tuning."""

import copy
import math
import time
from collections.abc import Callable
from typing import Any

import torch
from datasets import Dataset
from peft import PeftConfig
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
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
)
from trl import SFTConfig

from llamoco.modeling.training.batches import Collator, Rows, padded_groups, read_rows
from llamoco.modeling.training.config import LLaMoCoConfig
from llamoco.modeling.training.contrastive import contrastive_loss, last_token_latents
from llamoco.modeling.training.interruptible import InterruptibleTrainer
from llamoco.modeling.training.sampler import TwoPhaseBatchSampler
from llamoco.modeling.training.schedule import two_phase_factor
from llamoco.modeling.training.stopping import TrainingError, TrainingInterrupted

__all__ = ["REQUIRED_COLUMNS", "LLaMoCoTrainer", "TrainingError", "TrainingInterrupted"]

REQUIRED_COLUMNS = ("prompt", "completion", "optimizer")


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
        # What a checkpoint has seen is logged before, so that a resumed run's log is that of an uninterrupted one.
        if state.global_step == self.contrastive_steps or control.should_save:
            control.should_log = True
        return control


class LLaMoCoTrainer(InterruptibleTrainer):
    """
    Trainer for LLaMoCo's two-phase instruction tuning (paper, Section III-B).

    One `train()` runs the contrastive warm-up (Eq. 3 and 4) and then the instruction tuning, both on balanced
    samples (Eq. 5), each with its learning rate. It resumes bit for bit from a checkpoint of either phase.

    Pairs longer than `max_length` are dropped rather than cut, since a program that is cut teaches broken
    programs; `rows_dropped` counts them. `batch_sampler.padding()` tells before the training which share of each
    phase's positions will be padding.

    What ends a training early is its base's: see [`~llamoco.modeling.training.interruptible.InterruptibleTrainer`].

    Logs, besides those of [`~trl.SFTTrainer`]: `contrastive_loss` instead of `loss` during the warm-up;
    `completion_loss` and `prompt_loss`, mean negative log-likelihoods in nats per token; `choice_loss` and
    `choice_accuracy`, of the token that names the optimizer; `padding`, the share of positions that are
    padding; `seconds` of training, across resumptions.

    Args:
        model: the causal language model, or its id or path.
        args: the configuration.
        train_dataset: columns prompt, completion, optimizer.
        processing_class: the tokenizer.
        peft_config: the adapter to train instead of the model's own weights.

    Raises:
        ValueError: a column is missing, no pair fits `max_length`, or the model has no `latent_layer`.
        TrainingError: (`train`) numbers are not finite, or a checkpoint cannot be written.
        TrainingInterrupted: (`train`) a signal came; its checkpoint is saved.
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
        peft_config: PeftConfig | None = None,
    ) -> None:
        missing = [column for column in REQUIRED_COLUMNS if column not in train_dataset.column_names]
        if missing:
            raise ValueError(
                f"the training set lacks the column(s) {', '.join(missing)}: expected "
                f"{', '.join(REQUIRED_COLUMNS)}, found {', '.join(train_dataset.column_names)}"
            )
        self.rows_dropped = 0
        super().__init__(
            model=model,
            args=args,
            train_dataset=train_dataset,
            processing_class=processing_class,
            peft_config=peft_config,
        )
        self._check_latent_layer()
        self.rows = read_rows(self.train_dataset, self.processing_class)
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
        self._seconds_before = 0.0
        self._started = 0.0

    def _check_latent_layer(self) -> None:
        blocks = self.model.config.get_text_config().num_hidden_layers
        if self.args.contrastive_steps and not -blocks <= self.args.latent_layer < blocks:
            raise ValueError(
                f"latent_layer is {self.args.latent_layer}, but the model has {blocks} blocks: expected 0 "
                f"(first) to {blocks - 1} (last), or -1 (last) to -{blocks} (first)"
            )

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
        if "labels" in inputs:
            loss = self._tuning_loss(model, inputs, num_items_in_batch)
        else:
            loss = self._contrastive_loss(model, inputs)
        self.note_loss(loss)
        return loss

    def _contrastive_loss(self, model: nn.Module, inputs: dict[str, Tensor]) -> Tensor:
        layer = self.args.latent_layer
        latents, positions = [], 0
        assert isinstance(self.processing_class.pad_token_id, int)
        for group in padded_groups(inputs, self.processing_class.pad_token_id):
            outputs = model(**group, output_hidden_states=True, logits_to_keep=1, use_cache=False)
            # The embeddings come before the blocks' outputs.
            hidden_states = outputs.hidden_states[layer if layer < 0 else layer + 1]
            latents.append(last_token_latents(hidden_states, group["attention_mask"]))
            positions += group["input_ids"].numel()
        self._log_mean("padding", 1 - inputs["lengths"].sum() / positions)
        anchor, positive, negative = torch.cat(latents)[inputs["places"]].chunk(3)
        return contrastive_loss(anchor, positive, negative, self.args.margin)

    def _tuning_loss(
        self, model: nn.Module, inputs: dict[str, Tensor], num_items_in_batch: Tensor | int | None
    ) -> Tensor:
        mask = inputs["attention_mask"].bool()
        self._log_mean("padding", 1 - mask.float().mean())
        weigh_prompts = self.args.prompt_loss_weight > 0
        targets = inputs["input_ids"].masked_fill(~mask, -100) if weigh_prompts else inputs["labels"]
        completion = inputs["labels"][:, 1:] != -100
        prompt = mask[:, 1:] & ~completion
        choice = torch.arange(mask.shape[1] - 1, device=mask.device) == inputs["choice"][:, None] - 1
        loss, right = self._scores(model, inputs, targets)

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
        self._log_mean("choice_accuracy", right[choice].float().mean())
        return total

    def _scores(self, model: nn.Module, inputs: dict[str, Tensor], targets: Tensor) -> tuple[Tensor, Tensor]:
        """What the model makes of each next token: position i is about token i + 1.

        Returns:
            Negative log-likelihoods and whether the token is the likeliest one, shape (B, L - 1); zero where
            the target is -100.
        """
        tokens = {name: inputs[name] for name in ("input_ids", "attention_mask")}
        if inputs["input_ids"].device.type != "cpu":
            outputs = model(**tokens, labels=targets, fused_lm_head=True, use_cache=False)
            return -outputs.log_probs, outputs.is_top1
        # Without Triton the fused head works out every position, and slowly: half of a small model's step. Here
        # the output layer sees only what counts.
        targets = targets[:, 1:]
        scored = targets != -100
        head = self.model.get_output_embeddings()
        with head.register_forward_pre_hook(lambda _, hidden: (hidden[0][:, :-1][scored],)):
            logits = model(**tokens, use_cache=False).logits.float()
        loss = cross_entropy(logits, targets[scored], reduction="none")
        right = logits.detach().argmax(-1) == targets[scored]
        zeros = torch.zeros(scored.shape)
        return zeros.masked_scatter(scored, loss), zeros.bool().masked_scatter(scored, right)

    def _log_mean(self, name: str, value: Tensor) -> None:
        # On the device until it is logged: to read it now would wait for the step's work.
        self._metrics["train"][name].append(value)

    def _phase(self, step: int) -> tuple[str, str]:
        if step <= self.args.contrastive_steps:
            return "contrastive warm-up", "contrastive_learning_rate"
        return "instruction tuning", "learning_rate"

    # Learning rate

    def create_scheduler(
        self, num_training_steps: int, optimizer: torch.optim.Optimizer | None = None
    ) -> LRScheduler:
        """The configured schedule on the steps of the instruction tuning, after that of the warm-up."""
        if self.lr_scheduler is not None:
            return self.lr_scheduler
        optimizer = optimizer or self.optimizer
        assert optimizer is not None  # The trainer creates it before its schedule.
        self.lr_scheduler = LambdaLR(optimizer, two_phase_factor(self.args, num_training_steps))
        self._created_lr_scheduler = True
        return self.lr_scheduler

    # Log

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
        metrics = self._metrics["train"]
        names = sorted(metrics)
        if names:
            # A batch in which no completion names an optimizer has no choice loss.
            means = torch.stack([torch.stack(metrics[name]).float().nanmean() for name in names])
            for name, mean in zip(names, self.accelerator.reduce(means, "mean").tolist(), strict=True):
                metrics[name] = [mean]
        super().log(logs, start_time)

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Writes nothing: `llamoco.hub_cards` fills the model's card from its run record."""
