"""What an operator evicts is not remembered as a text, either."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from mitmgate.core.text.reading import read
from mitmgate.matcher.computing import Workers
from mitmgate.matcher.operations import Operations
from mitmgate.matcher.texts import TextVectors
from mitmgate.matcher.verdicts import PairVerdicts
from tests.unit.matcher.fakes import no_kinds


class Embedder:
    def count_tokens(self, text: str) -> int:
        return 3

    def embed(self, texts: Sequence[str], keep: bool = True) -> Any:
        return np.ones((len(texts), 384), np.float32) / 384**0.5

    def forget(self) -> None:
        self.forgotten = True

    def aside(self) -> Embedder:
        return self

    forgotten = False


class Nothing:
    """Scopes and a store in which there is nothing to remove."""

    def remove(self, tenant: int, fingerprints: Sequence[bytes]) -> None: ...

    async def delete(self, tenant: int, fingerprints: Sequence[bytes]) -> None: ...


@pytest.mark.parametrize("texts_too", [True, False])
async def test_texts_are_dropped_where_that_is_asked_for(texts_too: bool) -> None:
    model: Any = Embedder()
    nothing: Any = Nothing()
    texts = TextVectors(model, Workers())
    running = asyncio.create_task(texts.workers.run())
    await texts.vector("a prompt", asyncio.get_running_loop().time() + 10, urgent=True)
    read("a prompt")
    operations = Operations(texts, nothing, nothing, PairVerdicts(texts, None, None), no_kinds(texts))
    request = {"op": "remove", "deadline_ms": 5_000, "tenant": 1, "fingerprints": ["00" * 32], "texts": texts_too}
    assert "error" not in await operations.answer(request)
    assert len(texts._kept) == (0 if texts_too else 1)
    assert (read.cache_info().currsize == 0) is texts_too and model.forgotten is texts_too
    running.cancel()
