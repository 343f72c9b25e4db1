"""The error of everything that has to do with having a model. Apart from ``loading``, so that to know it takes no torch."""

from __future__ import annotations

from llamoco.dataset_builder.problems.errors import LlamocoError


class ModelError(LlamocoError, ValueError):
    """A model that cannot be had or does not answer; the message says what was looked for and what to do."""
