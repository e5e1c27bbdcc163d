"""Where a client may put its credential, and how it is taken out again.

Every place counts: a request may carry several credentials, and what to make of them is the caller's decision.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from itertools import islice
from typing import Final
from urllib.parse import unquote

CREDENTIAL_HEADERS: Final = frozenset(
    {b"authorization", b"proxy-authorization", b"x-api-key", b"api-key", b"x-goog-api-key"}
)
MAX_CREDENTIALS: Final = 8

_SCHEMED: Final = frozenset({b"authorization", b"proxy-authorization"})
# `key` in any case and any percent-encoding; `;` separates parameters for some servers.
_NAME: Final = r"(?:k|%[46]b)(?:e|%[46]5)(?:y|%[57]9)"
_FIRST: Final = re.compile(rf"{_NAME}(?:=[^&;]*)?(?=[&;]|\Z)", re.IGNORECASE | re.ASCII)
_PARAMETER: Final = re.compile(rf"(?:\A|[&;]){_NAME}(?:=([^&;]*))?(?=[&;]|\Z)", re.IGNORECASE | re.ASCII)


def find_credentials(fields: Iterable[tuple[bytes, bytes]], path: str) -> list[str]:
    """The distinct credentials of a request, in the order found: headers, then `key=` of the query.

    Both halves of Basic count (RFC 7617), since `http://KEY@proxy` and `http://any:KEY@proxy` are both in use. No more
    than MAX_CREDENTIALS are returned: a request with as many is guessing and wants refusing.
    """
    found: list[str] = []
    for name, value in fields:
        if (lower := name.lower()) in CREDENTIAL_HEADERS:
            for text in _schemed(value) if lower in _SCHEMED else _plain(value):
                if text not in found:
                    found.append(text)
            if len(found) >= MAX_CREDENTIALS:
                return found[:MAX_CREDENTIALS]
    question = path.find("?")
    if question >= 0 and _may_hold_key(query := path[question + 1 :]):
        values = [
            unquote(value) for value in islice(dict.fromkeys(_PARAMETER.findall(query)), MAX_CREDENTIALS + 1) if value
        ]
        return list(dict.fromkeys(found + values))[:MAX_CREDENTIALS]
    return found


def without_query_key(path: str) -> str:
    """The path without any `key` parameter of its query; every other byte stays as it is."""
    question = path.find("?")
    if question < 0:
        return path
    query = path[question + 1 :]
    if not _may_hold_key(query):
        return path
    kept = _PARAMETER.sub("", query)
    if len(kept) == len(query):
        return path
    if kept and _FIRST.match(query):
        kept = kept[1:]  # the separator that followed the first parameter
    return path[: question + 1] + kept if kept else path[:question]


def _may_hold_key(query: str) -> bool:
    return "%" in query or "key" in query.lower()


def _plain(value: bytes) -> list[str]:
    text = value.strip().decode("latin-1")
    return [text] if text else []


def _schemed(value: bytes) -> list[str]:
    scheme, _, rest = value.strip().partition(b" ")
    kind = scheme.lower()
    if kind == b"bearer":
        return _plain(rest)
    if kind == b"basic":
        return _basic(rest)
    return [] if rest else _plain(scheme)  # a bare key is taken; other schemes say nothing to us


def _basic(encoded: bytes) -> list[str]:
    try:
        user, _, password = base64.b64decode(encoded.strip(), validate=True).decode("latin-1").partition(":")
    except binascii.Error:
        return []
    return [half for half in (user, password) if half]
