"""The contrastive warm-up (paper, Section III-B): triplets of prompts, Eq. 3 and 4."""

from collections.abc import Callable
from typing import Any

import torch
from datasets import Dataset
from peft import PeftModel
from torch import Tensor, nn
from torch.utils.data import Sampler
from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback

from llamoco.modeling.training.checkpointing import InterruptibleTrainer
from llamoco.modeling.training.collators import TripletCollator, length_groups, tokenize_pairs
from llamoco.modeling.training.config import LLaMoCoConfig
from llamoco.modeling.training.contrastive import contrastive_loss, last_token_latents
from llamoco.modeling.training.sampler import TripletSampler


class ContrastiveTrainer(InterruptibleTrainer):
    """
    Trainer for the contrastive warm-up (paper, Section III-B).

    Anchors are drawn by Eq. 5; the loss is Eq. 4 on the latents of each anchor's, its positive's and its negative's
    prompt. A batch of `per_device_train_batch_size` rows holds a third as many triplets.

    Args:
        model: the causal language model.
        args: the configuration, such as `LLaMoCoConfig.contrastive()` derives from that of the instruction tuning.
        train_dataset: columns prompt, completion, optimizer; or what `tokenize_pairs` makes of them.
        processing_class: the tokenizer.
        data_collator, callbacks, optimizers: see [`~transformers.Trainer`].

    Raises:
        ValueError: a column is missing, no pair fits `max_length`, all pairs have one optimizer, the batch size is no
            multiple of three, or the model has no `latent_layer`.
    """

    phase = ("contrastive warm-up", "contrastive_learning_rate")

    args: LLaMoCoConfig
    model: PreTrainedModel
    train_dataset: Dataset

    def __init__(
        self,
        model: PreTrainedModel | PeftModel,
        args: LLaMoCoConfig,
        train_dataset: Dataset,
        processing_class: PreTrainedTokenizerBase,
        data_collator: Callable[[list[Any]], dict[str, Any]] | None = None,
        callbacks: list[TrainerCallback] | None = None,
        optimizers: tuple[Any, Any] = (None, None),
    ) -> None:
        blocks = model.config.get_text_config().num_hidden_layers
        if not -blocks <= args.latent_layer < blocks:
            raise ValueError(
                f"latent_layer is {args.latent_layer}, but the model has {blocks} blocks: expected 0 "
                f"(first) to {blocks - 1} (last), or -1 (last) to -{blocks} (first)"
            )
        if args.train_batch_size % 3:
            raise ValueError(
                f"per_device_train_batch_size is {args.per_device_train_batch_size}, expected a multiple of 3: "
                "a triplet is three rows"
            )
        if processing_class.pad_token_id is None:
            raise ValueError("the tokenizer has no padding token: set its pad_token")
        super().__init__(
            model=model,
            args=args,
            train_dataset=tokenize_pairs(train_dataset, processing_class, args.max_length),
            processing_class=processing_class,
            data_collator=data_collator or TripletCollator(processing_class.pad_token_id),
            callbacks=callbacks,
            optimizers=optimizers,
        )
        rows = self.train_dataset.with_format("numpy")
        self.sampler = TripletSampler(
            optimizers=self.train_dataset["optimizer"][:],
            lengths=rows["prompt_length"][:],
            batch_size=args.train_batch_size // 3,
            seed=args.seed,
            balance_exponent=args.balance_exponent,
            bucket_batches=args.bucket_batches,
        )

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> Sampler:
        return self.sampler

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Tensor | tuple[Tensor, dict[str, Tensor]]:
        """Eq. 4 on a batch of triplets. Its prompts pass the model in groups of similar length, which need little padding."""
        layer = self.args.latent_layer
        lengths = inputs["attention_mask"].sum(dim=1)
        latents: list[Tensor] = []
        groups = length_groups(lengths)
        for group in groups:
            longest = int(lengths[group[-1]])
            mask = inputs["attention_mask"][group, :longest]
            outputs = model(  # without the mask: padding is on the right, where no latent sees it
                input_ids=inputs["input_ids"][group, :longest],
                output_hidden_states=True,
                logits_to_keep=1,
                use_cache=False,
            )
            # The embeddings come before the blocks' outputs.
            hidden_states = outputs.hidden_states[layer if layer < 0 else layer + 1]
            latents.append(last_token_latents(hidden_states, mask))
        in_order = torch.cat(latents)[torch.cat(groups).argsort()]
        anchor, positive, negative = in_order.chunk(3)
        loss = contrastive_loss(anchor, positive, negative, self.args.margin)
        return (loss, {"latents": in_order}) if return_outputs else loss
