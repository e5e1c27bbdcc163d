"""Bytes are taken or kept, each once and in order."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from mitmgate.proxy.client_reader import ClientReader
from mitmgate.proxy.room import Room


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=4), st.booleans(), st.integers(0, 3)), max_size=30))
def test_what_is_refused_is_read_before_anything_else_is_taken(chunks: list[tuple[bytes, bool, int]]) -> None:
    async def run() -> bytes:
        reader, seen, willing = ClientReader(Room(1 << 20)), bytearray(), True

        def take(data: bytes) -> bool:
            if willing:
                seen.extend(data)
            return willing

        async def read() -> None:
            while True:
                reader.take = take
                data = await reader.read(3)
                reader.take = None
                await asyncio.sleep(0)  # as a connection that waits for its upstream to take what came before
                if not data:
                    return
                seen.extend(data)

        reading = asyncio.ensure_future(read())
        await asyncio.sleep(0)
        for data, takes, turns in chunks:
            willing = takes
            reader.feed_data(data)
            for _ in range(turns):
                await asyncio.sleep(0)
        reader.feed_eof()
        await reading
        return bytes(seen)

    assert asyncio.run(run()) == b"".join(data for data, _, _ in chunks)
