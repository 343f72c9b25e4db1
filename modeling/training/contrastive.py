"""The contrastive warm-up (paper, Section III-B): distance (Eq. 3) and loss (Eq. 4) on latents of prompts.

The latent o(q) of a prompt q is the output embedding of the final self-attention block at the prompt's last
token. It is taken as the model hands it on, after the closing normalisation, so that one definition serves
every architecture.
"""

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity


def distance(latents: Tensor, others: Tensor) -> Tensor:
    """G(q, q') of Eq. 3, half of one minus the cosine similarity of two prompts' latents.

    Args:
        latents: o(q), shape (..., H).
        others: o(q'), shape (..., H).

    Returns:
        Shape (...), in [0, 1]: 0 for the same direction, 0.5 for orthogonal latents, 1 for opposite ones.
    """
    return 0.5 * (1.0 - cosine_similarity(latents, others, dim=-1))


def contrastive_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float) -> Tensor:
    """L_cl of Eq. 4, its two cases added for each triplet, averaged over the triplets.

    The positive pair (same optimizer) costs its distance G, the negative pair (another optimizer) costs what
    G lacks to the margin: max(0, margin - G).

    Args:
        anchor, positive, negative: latents of the three prompts, shape (B, H).
        margin: phi of Eq. 4, in [0, 1].

    Returns:
        A scalar.
    """
    attraction = distance(anchor, positive)
    repulsion = torch.clamp(margin - distance(anchor, negative), min=0.0)
    return (attraction + repulsion).mean()


def last_token_latents(hidden_states: Tensor, attention_mask: Tensor) -> Tensor:
    """The latents o(q) of right-padded prompts.

    Args:
        hidden_states: output of the final block, shape (B, L, H).
        attention_mask: 1 for tokens, 0 for the padding on the right, shape (B, L).

    Returns:
        Shape (B, H).
    """
    last = attention_mask.sum(dim=1) - 1
    return hidden_states[torch.arange(len(last), device=hidden_states.device), last]
