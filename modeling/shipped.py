"""Where the model that ships with the project lies. Apart from ``generation``, so that to know it takes no torch."""

from __future__ import annotations

from pathlib import Path

SHIPPED_MODEL = Path(__file__).parent / "llamoco-xs"
