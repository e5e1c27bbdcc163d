"""Floods a port with one kind of input: `python -m tests.e2e.flooder PORT SECONDS CONNECTIONS FILE`.

The file holds what each connection sends. One that ends is opened again. A process of its own, so that the floods do
not slow down the clients that are measured.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path


async def flood(port: int, data: bytes) -> None:
    """Sends all of it for as long as the other side reads; what comes back is read and dropped."""
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            reading = asyncio.ensure_future(_drop(reader))
            try:
                for begun in range(0, len(data), 1 << 16):
                    writer.write(data[begun : begun + (1 << 16)])
                    await writer.drain()
                await reading
            finally:
                reading.cancel()
                writer.transport.abort()
        await asyncio.sleep(0.05)


async def _drop(reader: asyncio.StreamReader) -> None:
    with suppress(OSError):
        while await reader.read(1 << 16):
            pass


async def main(port: int, seconds: float, connections: int, data: bytes) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(flood(port, data) for _ in range(connections)))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]).read_bytes()))
