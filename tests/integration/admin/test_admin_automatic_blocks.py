"""The gateway's own blocks, read and lifted in a real Valkey."""

from __future__ import annotations

import pytest

from mitmgate.control.automatic_blocks import AutomaticBlocks
from mitmgate.core.errors import ServiceUnavailable
from mitmgate.services.embedded import EmbeddedValkey
from mitmgate.services.quota import scope_keys
from mitmgate.services.redis import Store


async def test_blocks_are_read_by_tenant_and_lifted_with_their_keys(valkey_url: str) -> None:
    store = Store(valkey_url)
    blocks = AutomaticBlocks(store)
    held = [scope_keys(1)[2], scope_keys(1, 7)[2], scope_keys(2)[2]]
    await store.pipeline([("SET", key, "1", "PX", 90_000) for key in held])
    assert await blocks.blocked([1, 2, 3]) == {1: 90, 2: 90}
    await blocks.lift(1, [7])
    assert await store.pipeline([("EXISTS", key) for key in held]) == [0, 0, 1]
    assert list(await blocks.blocked([1, 2])) == [2]
    await store.close()


async def test_without_valkey_both_say_so(valkey_url: str, valkey: EmbeddedValkey) -> None:
    store = Store(valkey_url)
    blocks = AutomaticBlocks(store)
    valkey.stop()
    with pytest.raises(ServiceUnavailable):
        await blocks.blocked([1])
    with pytest.raises(ServiceUnavailable):
        await blocks.lift(1, [])
    await store.close()
