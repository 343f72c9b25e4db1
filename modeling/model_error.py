"""Error of models and providers. Needs no torch."""

from __future__ import annotations

from llamoco.dataset_builder.problems.errors import LlamocoError


class ModelError(LlamocoError, ValueError):
    """A model that cannot be loaded or does not answer; the message says what was expected and what to do."""


class RefusedRequest(ModelError):
    """A request that a server does not take as it stands: mostly it is too long for the model."""
