"""A stand-in for a worker or control: does what its first argument says. Run as a module by the tests."""

from __future__ import annotations

import asyncio
import sys
import time

from mitmgate.services.channel import Channel, Message


async def serve(channel: Channel) -> None:
    draining = asyncio.Event()

    def applied(message: Message) -> None:
        channel.send_nowait({"op": "applied", "id": message["id"]})

    channel.on("apply", applied)
    channel.on("drain", lambda _: draining.set())
    listening = asyncio.create_task(channel.run())
    channel.send_nowait({"op": "ready"})
    await draining.wait()
    listening.cancel()


def main() -> None:
    way = sys.argv[1]
    if way == "fails":
        raise SystemExit(7)
    channel = Channel(int(sys.argv[sys.argv.index("--channel-fd") + 1]))
    if way == "stubborn":
        asyncio.run(stubborn(channel))
    asyncio.run(serve(channel))


async def stubborn(channel: Channel) -> None:
    """Ready, and from then on deaf."""
    listening = asyncio.create_task(channel.run())
    channel.send_nowait({"op": "ready"})
    await asyncio.sleep(0.05)
    listening.cancel()
    time.sleep(600)


if __name__ == "__main__":
    main()
