"""Configuration of the contrastive warm-up and of the instruction tuning."""

import copy
from dataclasses import dataclass
from typing import Self

import torch
from transformers import SchedulerType
from transformers.integrations import is_tensorboard_available
from transformers.trainer_utils import IntervalStrategy
from trl import SFTConfig

from llamoco.modeling.generation.loading import bf16_on_cpu


@dataclass
class LLaMoCoConfig(SFTConfig):
    r"""
    Configuration class for the [`~llamoco.modeling.training.instruction_trainer.InstructionTrainer`], and for the
    [`~llamoco.modeling.training.contrastive_trainer.ContrastiveTrainer`] before it (see `contrastive`).

    This class includes only the parameters that are specific to LLaMoCo's two-phase instruction tuning
    (paper, Section III-B). For a full list of training arguments, please refer to the [`~trl.SFTConfig`] and
    [`~transformers.TrainingArguments`] documentation. Some defaults differ from theirs.

    Steps and epochs, `learning_rate`, `lr_scheduler_type` and `warmup_steps` are those of the instruction tuning.

    Without a CUDA device the CPU trains. `bf16` is for devices that calculate in bfloat16: a CPU that would emulate it,
    50 times slower than float32, trains in float32.

    Parameters:
        > Parameters that control the contrastive warm-up

        contrastive_steps (`int`, *optional*, defaults to `100`):
            Length of the contrastive warm-up, in optimizer steps. `0` leaves it out. The paper: "a small number
            of epochs".
        contrastive_learning_rate (`float`, *optional*):
            Learning rate of the contrastive warm-up: reached linearly within its first tenth, then constant. If
            not set, `learning_rate`. The paper states neither.
        margin (`float`, *optional*, defaults to `0.5`):
            phi of the paper's Eq. 4, a distance G (Eq. 3, in [0, 1], without unit) up to which prompts with
            different optimizers are pushed apart. 0.5 makes their latents orthogonal. The paper states no value.
        latent_layer (`int`, *optional*, defaults to `-1`):
            Block whose output at a prompt's last token is its latent o(q): 0 is the first, -1 the last one, "the
            final self-attention block" of the paper. The last one's is taken as the model hands it on, after the
            closing normalisation.

        > Parameters that control the sampling of both phases

        balance_exponent (`float`, *optional*, defaults to `1.0`):
            Pairs are drawn with probability proportional to N_{q,a} to the power of minus this exponent,
            N_{q,a} being the number of pairs that share the pair's optimizer. `1.0` is the paper's Eq. 5
            (each optimizer drawn equally often), `0.0` draws all pairs equally often.
        bucket_batches (`int`, *optional*, defaults to `64`):
            Number of consecutive batches among which rows are sorted by length, so that little of a batch is
            padding.

        > Parameters that control the instruction tuning

        prompt_loss_weight (`float`, *optional*, defaults to `0.0`):
            Weight of a prompt token's next-token loss beside a completion token's, which has weight 1. The
            sum of both is divided by the number of completion tokens.
        choice_loss_weight (`float`, *optional*, defaults to `1.0`):
            Weight of the loss on the last token of a completion's first line, where the optimizer is named.
    """

    contrastive_steps: int = 100
    contrastive_learning_rate: float | None = None
    margin: float = 0.5
    latent_layer: int = -1
    balance_exponent: float = 1.0
    bucket_batches: int = 64
    prompt_loss_weight: float = 0.0
    choice_loss_weight: float = 1.0

    # Override fields of SFTConfig and TrainingArguments
    max_length: int | None = None
    remove_unused_columns: bool = False
    include_num_input_tokens_seen: str = "non_padding"

    def __post_init__(self) -> None:
        self.use_cpu = self.use_cpu or not torch.cuda.is_available()
        if self.use_cpu and self.bf16 is not False and not self.fp16 and not bf16_on_cpu():
            self.bf16 = False
        super().__post_init__()
        at_least_zero = {
            "contrastive_steps": self.contrastive_steps,
            "balance_exponent": self.balance_exponent,
            "prompt_loss_weight": self.prompt_loss_weight,
            "choice_loss_weight": self.choice_loss_weight,
        }
        for name, value in at_least_zero.items():
            if value < 0:
                raise ValueError(f"{name} must be at least 0, got {value}")
        if not 0 <= self.margin <= 1:
            raise ValueError(f"margin must lie in [0, 1], as the distance of Eq. 3 does, got {self.margin}")
        if self.bucket_batches < 1:
            raise ValueError(f"bucket_batches must be at least 1, got {self.bucket_batches}")
        if self.packing or self.padding_free:
            raise ValueError(
                "packing and padding_free merge rows, which have weights of their own here: leave them out"
            )
        if self.completion_only_loss is False:
            raise ValueError("set prompt_loss_weight instead of completion_only_loss: false")
        if "tensorboard" in (self.report_to or ()) and not is_tensorboard_available():
            raise ValueError(
                "report_to: tensorboard needs a package that is not installed: pip install tensorboard"
            )

    def contrastive(self, output_dir: str) -> Self:
        """The arguments of the contrastive warm-up, whose batches hold three rows a triplet."""
        args = copy.copy(self)
        args.output_dir = output_dir
        args.max_steps = self.contrastive_steps
        if self.contrastive_learning_rate is not None:
            args.learning_rate = self.contrastive_learning_rate
        args.lr_scheduler_type = SchedulerType.CONSTANT_WITH_WARMUP
        args.lr_scheduler_kwargs = {}
        args.warmup_steps = self.contrastive_steps // 10
        args.per_device_train_batch_size = 3 * self.per_device_train_batch_size
        args.eval_strategy = IntervalStrategy.NO
        args.load_best_model_at_end = False
        if self.ddp_find_unused_parameters is None:
            # The loss depends neither on the output layer nor on blocks above latent_layer.
            args.ddp_find_unused_parameters = True
        return args
