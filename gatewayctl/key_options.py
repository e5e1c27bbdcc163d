"""What `keys create` and `keys update` take alike."""

from __future__ import annotations

from typing import Final

SCOPES: Final = ("chat", "embeddings", "models", "feedback", "any")
TIMES: Final = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S")
