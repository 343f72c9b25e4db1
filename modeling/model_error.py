"""Error of models and providers. Needs no torch."""

from __future__ import annotations

from llamoco.dataset_builder.problems.errors import LlamocoError


class ModelError(LlamocoError, ValueError):
    """A model that cannot be loaded or does not answer; the message says what was expected and what to do."""
