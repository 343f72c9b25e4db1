"""Instruction tuning (paper, Section III-B) on balanced samples (Eq. 5), with a weight for each token's loss."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import torch
from datasets import Dataset
from peft import PeftConfig, PeftModel
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, log_softmax
from torch.utils.checkpoint import checkpoint
from torch.utils.data import Sampler
from transformers import PreTrainedModel, PreTrainedTokenizerBase, ProcessorMixin
from trl import SFTConfig, SFTTrainer

from llamoco.modeling.training.checkpointing import InterruptibleTrainer
from llamoco.modeling.training.collators import InstructionCollator, spans, tokenize_pairs
from llamoco.modeling.training.config import LLaMoCoConfig
from llamoco.modeling.training.sampler import BalancedSampler

MAX_LOGITS = 1 << 27  # that are held at once, half a gigabyte as float32


class InstructionTrainer(InterruptibleTrainer, SFTTrainer):
    """
    Trainer for instruction tuning on pairs drawn by Eq. 5 (paper, Section III-B).

    The loss is the sum of the tokens' weighted negative log-likelihoods over the number of completion tokens; the weights
    come with the batch, from `InstructionCollator`. Where a batch has choices, the loss of the tokens that name the optimizer
    is the cross-entropy to their probabilities. Pairs longer than `max_length` are dropped rather than cut.

    Logs, besides those of its bases: `completion_loss` and `prompt_loss`, mean negative log-likelihoods in nats per token;
    `choice_loss` and `choice_accuracy`, of the tokens that name the optimizer, together; `padding`, the share of positions that are
    padding. With the prefix `eval_` in evaluations.

    Args:
        model: the causal language model, or its id or path.
        args: the configuration.
        train_dataset: columns prompt, completion, optimizer; or what `tokenize_pairs` makes of them.
        processing_class: the tokenizer.
        eval_dataset, data_collator, callbacks, compute_metrics, ...: see [`~trl.SFTTrainer`].

    Raises:
        ValueError: a column is missing, or no pair fits `max_length`.
    """

    _tag_names = ["trl", "sft", "llamoco"]  # noqa: RUF012 (its base declares no ClassVar)
    phase = ("instruction tuning", "learning_rate")

    model: PreTrainedModel
    args: LLaMoCoConfig
    train_dataset: Dataset

    def __init__(
        self,
        model: str | PreTrainedModel | PeftModel,
        args: LLaMoCoConfig,
        train_dataset: Dataset,
        processing_class: PreTrainedTokenizerBase,
        eval_dataset: Dataset | dict[str, Dataset] | None = None,
        data_collator: Callable[[list[Any]], dict[str, Any]] | None = None,
        peft_config: PeftConfig | None = None,
        **kwargs: Any,
    ) -> None:
        if processing_class.pad_token_id is None:
            raise ValueError("the tokenizer has no padding token: set its pad_token")
        started = (
            {}
            if isinstance(model, str)
            else {n: p.data for n, p in model.named_parameters() if p.requires_grad}
        )
        self._sums: dict[str, dict[str, list[Tensor]]] = {
            "train": defaultdict(list),
            "eval": defaultdict(list),
        }
        super().__init__(
            model=model,
            args=args,
            train_dataset=train_dataset,
            eval_dataset=eval_dataset,
            processing_class=processing_class,
            data_collator=data_collator
            or InstructionCollator(
                processing_class.pad_token_id, args.prompt_loss_weight, args.choice_loss_weight
            ),
            peft_config=peft_config,
            **kwargs,
        )
        # trl rounds the adapter of a quantized model to bfloat16. It learns from small steps as float32, as which peft
        # reads it from a checkpoint, so that a resumed run equals one that was never interrupted.
        for name, parameter in self.model.named_parameters():
            if name in started and parameter.dtype != started[name].dtype:
                parameter.data = started[name]
        rows = self.train_dataset.with_format("numpy")
        self.sampler = BalancedSampler(
            optimizers=self.train_dataset["optimizer"][:],
            lengths=rows["length"][:],
            batch_size=args.train_batch_size,
            seed=args.seed,
            balance_exponent=args.balance_exponent,
            bucket_batches=args.bucket_batches,
        )

    def _prepare_dataset(
        self,
        dataset: Dataset,
        processing_class: PreTrainedTokenizerBase | ProcessorMixin,
        args: SFTConfig,
        packing: bool,
        formatting_func: Callable[[dict], str] | None,
        dataset_name: str,
    ) -> Dataset:
        assert isinstance(processing_class, PreTrainedTokenizerBase)  # of `__init__`
        return tokenize_pairs(dataset, processing_class, args.max_length)

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> Sampler:
        return self.sampler

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Tensor | tuple[Tensor, Any]:
        """The weighted loss of a batch of `InstructionCollator`."""
        weights, labels = inputs["loss_weights"][:, 1:], inputs["labels"][:, 1:]
        completion = labels != -100
        log_probs, right = self._token_scores(model, inputs, completion | (weights != 0))
        count = completion.sum() if num_items_in_batch is None else num_items_in_batch
        loss = -(log_probs * weights).sum() / count
        if self.args.average_tokens_across_devices and num_items_in_batch is not None:
            loss = loss * self.accelerator.num_processes
        self._note(inputs, -log_probs.detach(), right, completion, weights)
        if not return_outputs:
            return loss
        with torch.no_grad():
            outputs = model(
                input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False
            )
        return loss, outputs

    def _token_scores(
        self, model: nn.Module, inputs: dict[str, Tensor], scored: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Log-probability of each next token and whether it is the likeliest one: position i is about token i + 1.

        Args:
            model: wrapped for training.
            inputs: a batch; of a token with choices comes the mean log-probability over them, by their probabilities.
            scored: which next tokens count, (B, L - 1).

        Returns:
            Shape (B, L - 1); zero where a token does not count.
        """
        # No mask: padding is on the right, where no token that counts sees it, and attention is faster without.
        tokens = {"input_ids": inputs["input_ids"]}
        if self.args.device.type != "cpu" and "choice_ids" not in inputs:
            targets = inputs["input_ids"].clone()
            targets[:, 1:].masked_fill_(~scored, -100)
            outputs = model(**tokens, labels=targets, fused_lm_head=True, use_cache=False)
            return outputs.log_probs, outputs.is_top1
        # Without Triton the fused head works out every position, and slowly: half of a small model's step; and it knows no
        # choices. Here the output layer sees the positions before tokens that count.
        targets = inputs["input_ids"][:, 1:][scored]
        logits_of = self._logits_of(model, tokens, scored)
        parts = torch.arange(len(targets), device=scored.device).split(self._rows_at_once)
        scores = [_scores(logits_of, part, targets[part], len(parts) > 1) for part in parts]
        loss, right = (torch.cat(column) for column in zip(*scores, strict=True))
        if "choice_ids" in inputs:
            numbers = torch.full(scored.shape, -1, device=scored.device)
            numbers[scored] = torch.arange(len(targets), device=scored.device)
            row, place = inputs["choice_places"].T
            soft, of_choice = numbers[row, place - 1].unique(return_inverse=True)
            likely = log_softmax(logits_of(soft), dim=-1)[of_choice, inputs["choice_ids"]]
            shares = inputs["choice_probabilities"]
            mean = torch.zeros_like(loss).index_add(0, soft[of_choice], likely * shares)
            loss = torch.where(torch.zeros_like(right).index_fill(0, soft, True), -mean, loss)
        zeros = torch.zeros(scored.shape, device=scored.device)
        return zeros.masked_scatter(scored, -loss), zeros.bool().masked_scatter(scored, right)

    @property
    def _rows_at_once(self) -> int:
        """Positions whose logits are held at once."""
        return max(MAX_LOGITS // self.model.config.get_text_config().vocab_size, 1)

    def _logits_of(
        self, model: nn.Module, tokens: dict[str, Tensor], scored: Tensor
    ) -> Callable[[Tensor], Tensor]:
        """A function that gives the logits (n, V) of some of the scored positions, by their numbers.

        Where all of them are too many to be held, it applies the output layer to what comes before it.
        """
        if int(scored.sum()) <= self._rows_at_once:
            keep = scored.any(dim=0).nonzero()[:, 0]
            logits = model(**tokens, logits_to_keep=keep, use_cache=False).logits[scored[:, keep]].float()
            return logits.__getitem__
        outputs = model(**tokens, logits_to_keep=1, output_hidden_states=True, use_cache=False)
        states = outputs.hidden_states[-1]
        layer = self.accelerator.unwrap_model(model).get_output_embeddings()

        def logits_of(states: Tensor) -> Tensor:
            with self.accelerator.autocast():
                return layer(states).float()

        if not torch.allclose(logits_of(states[:1, -1:]), outputs.logits[:1].float(), rtol=1e-2, atol=1e-2):
            raise ValueError(
                f"this model does more to its logits than its output layer, so that {int(scored.sum())} positions have to be held at "
                "once, which are too many: lower per_device_train_batch_size"
            )
        states = states[:, :-1][scored]
        return lambda rows: logits_of(states[rows])

    def _note(
        self, inputs: dict[str, Tensor], losses: Tensor, right: Tensor, completion: Tensor, weights: Tensor
    ) -> None:
        """Keep a batch's means for the log, on the device: to read them now would wait for the step's work."""
        mask = inputs["attention_mask"]
        prompt = mask[:, 1:].bool() & ~completion
        names = spans(inputs["decision"] - 1, inputs["named"], mask.shape[1] - 1)
        decided = inputs["named"] > 0
        noted = {
            "padding": 1 - mask.float().mean(),
            "completion_loss": losses[completion].mean(),
            "choice_loss": (losses * names).sum(1)[decided].mean(),
            "choice_accuracy": (right | ~names).all(1)[decided].float().mean(),
        }
        if self.args.prompt_loss_weight:
            noted["prompt_loss"] = losses[prompt].mean()
        for name, value in noted.items():
            self._sums["train" if self.model.training else "eval"][name].append(value)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Log, with the means of what the batches had since the last log."""
        mode = "train" if self.model.training else "eval"
        if names := sorted(self._sums[mode]):
            # A batch in which no completion names an optimizer has no choice loss.
            means = torch.stack([torch.stack(self._sums[mode][name]).nanmean() for name in names])
            means = self.accelerator.reduce(means, "mean")
            prefix = "" if mode == "train" else "eval_"
            logs |= {prefix + name: mean for name, mean in zip(names, means.tolist(), strict=True)}
            self._sums[mode].clear()
        super().log(logs, start_time)

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Write nothing: `llamoco.hub_cards` fills the model's card from its run record."""


def _scores(
    logits_of: Callable[[Tensor], Tensor], rows: Tensor, targets: Tensor, again: bool
) -> tuple[Tensor, Tensor]:
    """Negative log-likelihoods of tokens, and whether each is the likeliest one, shape (n,).

    Args:
        logits_of: gives the logits of positions.
        rows: their numbers.
        targets: the tokens.
        again: work the logits out once more for the gradient, in place of keeping them.
    """

    def score(rows: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        logits = logits_of(rows)
        right = logits.detach().argmax(-1) == targets
        return cross_entropy(logits, targets, reduction="none"), right

    if not again:
        return score(rows, targets)
    scored: tuple[Tensor, Tensor] = checkpoint(score, rows, targets, use_reentrant=False)
    return scored
