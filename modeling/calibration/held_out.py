"""Training problems that no model is trained on: its confidence is calibrated on them."""

from __future__ import annotations

import hashlib

HELD_OUT_SHARE = 0.06


def held_out(problem_id: str) -> bool:
    """Whether a problem of the train split is left out of training: 6% of them, by a hash of the id.

    By problem, as the splits are: another description of a problem that was trained on would look easier than a new problem
    is, and the confidence would be calibrated too high.
    """
    digest = hashlib.sha256(f"held out {problem_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < HELD_OUT_SHARE * 2**64
