"""Our keys and tokens where they do not belong: in other headers, in the query, in the path. Pure.

Clients put them there by mistake (`?api_key=`, `X-Auth-Token`, a Referer, a WebSocket's subprotocol), and an upstream
has no business with them. A cheap look at everything comes first; what it finds suspicious is looked at closely.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import unquote_to_bytes

from mitmgate.core.headers import Field
from mitmgate.core.keys import holds_key
from mitmgate.core.tokens import holds_token

_DECODINGS: Final = 3
_split_query: Final = re.compile(r"([&;])").split
_find_basic: Final = re.compile(rb"\bbasic +([A-Za-z0-9+/]+=*)", re.IGNORECASE).findall


def may_hold(text: bytes, presented: Sequence[bytes]) -> bool:
    """Whether a closer look is due. presented: what this request authenticated with."""
    plain = text.decode("latin-1")  # `in` costs a fifth of what it does with bytes
    if "mg_" in plain or "mga_" in plain or "eyJ" in plain or "%" in plain or "asic " in plain:
        return True
    for credential in presented:  # noqa: SIM110  # a generator costs as much as all of the above
        if text.find(credential) >= 0:
            return True
    return False


def holds(text: bytes, presented: Sequence[bytes]) -> bool:
    """Whether one of the presented credentials, or what looks like a key or token of ours, is in it; encoded, too."""
    for _ in range(_DECODINGS):
        if _holds_plainly(text, presented):
            return True
        decoded = unquote_to_bytes(text) if b"%" in text else text
        if decoded == text:
            break
        text = decoded
    return any(_holds_plainly(_from_base64(part), presented) for part in _find_basic(text))


def without_strays(fields: Sequence[Field], presented: Sequence[bytes]) -> Sequence[Field]:
    """The headers but for those with a credential of ours in their value."""
    if not may_hold(b"\n".join([value for _, value in fields]), presented):
        return fields
    return [field for field in fields if not holds(field[1], presented)]


def query_without_strays(query: str, presented: Sequence[bytes]) -> str:
    """The query but for parameters with a credential of ours in them; every other byte stays as it is."""
    if not may_hold(query.encode("latin-1"), presented):
        return query
    parts = _split_query(query)
    kept: list[str] = []
    for at in range(0, len(parts), 2):
        if not holds(parts[at].encode("latin-1"), presented):
            kept += [parts[at - 1], parts[at]] if kept else [parts[at]]
    return "".join(kept)


def _holds_plainly(text: bytes, presented: Iterable[bytes]) -> bool:
    if any(credential in text for credential in presented):
        return True
    plain = text.decode("latin-1")
    return holds_key(plain) or holds_token(plain)


def _from_base64(text: bytes) -> bytes:
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        return b""
