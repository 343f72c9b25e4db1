"""The learning rate of the two phases."""

import math
from collections.abc import Callable

import torch
from torch.optim.lr_scheduler import LambdaLR
from transformers import get_scheduler

from llamoco.modeling.training.config import LLaMoCoConfig


def two_phase_factor(args: LLaMoCoConfig, num_training_steps: int) -> Callable[[int], float]:
    """What `learning_rate` is multiplied with in each step.

    Args:
        args: the configuration.
        num_training_steps: optimizer steps of both phases.

    Returns:
        A function of the number of steps that were taken: first the warm-up's schedule, then the configured one
        on the steps of the instruction tuning.

    Raises:
        ValueError: the configured schedule is no function of the step.
    """
    warm_up = args.contrastive_steps
    tuning_steps = num_training_steps - warm_up
    assert not isinstance(args.lr_scheduler_kwargs, str)  # The configuration has parsed it.
    # The factors of the configured schedule, from a throw-away optimizer.
    schedule = get_scheduler(
        args.lr_scheduler_type,
        optimizer=torch.optim.SGD([torch.zeros(1)], lr=1.0),
        num_warmup_steps=args.get_warmup_steps(tuning_steps),
        num_training_steps=tuning_steps,
        scheduler_specific_kwargs=args.lr_scheduler_kwargs,
    )
    if not isinstance(schedule, LambdaLR):
        raise ValueError(
            f"lr_scheduler_type {args.lr_scheduler_type} is no function of the step: take another"
        )
    tuning_factor = schedule.lr_lambdas[0]
    peak = args.contrastive_learning_rate
    contrastive_factor = 1.0 if peak is None else peak / args.learning_rate

    def factor(step: int) -> float:
        if step < warm_up:
            return contrastive_factor * min(1.0, (step + 1) / math.ceil(0.1 * warm_up))
        return tuning_factor(step - warm_up)

    return factor
