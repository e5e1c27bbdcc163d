"""How workers and the matcher talk: frames of JSON over a Unix socket, answered in any order by request id.

A frame is four bytes of length, big-endian, and an object: `{"id", "op", …}` one way, `{"id", …}` or
`{"id", "error"}` the other. Bytes travel as hex.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import orjson

LARGEST_FRAME: Final = 8 * 1024 * 1024  # a thousand pairs of long questions

#: Errors of an answer: the request was understood and not done.
BUSY: Final = "matcher busy"
LATE: Final = "matcher late"
LOADING: Final = "loading"
NO_STORE: Final = "store away"
REFUSED: Final = "bad request"
#: Why a question was not looked up.
SCOPE_EMPTY: Final = "scope empty"
TOO_LONG: Final = "too long"
SAMPLED_OUT: Final = "sampled out"

type Message = dict[str, Any]


class FrameBroken(Exception):
    """What came is no frame of ours; the connection is of no more use."""


def frame(message: Message) -> bytes:
    """Raises FrameBroken for what cannot be sent: too large, or half a surrogate pair in a text."""
    try:
        document = orjson.dumps(message)
    except TypeError:
        raise FrameBroken("not text") from None
    if len(document) > LARGEST_FRAME:
        raise FrameBroken(f"a frame of {len(document)} bytes")
    return len(document).to_bytes(4) + document


async def read_frame(reader: asyncio.StreamReader) -> Message | None:
    """The next message; None at the end. Raises FrameBroken and OSError."""
    try:
        length = int.from_bytes(await reader.readexactly(4))
        if length > LARGEST_FRAME:
            raise FrameBroken(f"a frame of {length} bytes")
        message = orjson.loads(await reader.readexactly(length))
    except asyncio.IncompleteReadError:
        return None
    except orjson.JSONDecodeError:
        raise FrameBroken("not JSON") from None
    if not isinstance(message, dict):
        raise FrameBroken("not an object")
    return message
