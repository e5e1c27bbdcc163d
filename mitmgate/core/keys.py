"""API keys and admin tokens: how they are made, recognised and hashed.

A key is `mg_`, 30 random base62 characters and 6 of checksum: CRC-32 over the 30, in base62. CRC-32 finds every
change of one character, so a mistyped key costs no look-up and secret scanners can tell a key from other text.
"""

from __future__ import annotations

import hmac
import re
import secrets
import string
import zlib
from functools import lru_cache
from typing import Final

KEY_PREFIX: Final = "mg_"
ADMIN_PREFIX: Final = "mga_"

_ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_LENGTH: Final = 30
_CHECKSUM_LENGTH: Final = 6  # 62**6 > 2**32
_KEY_LENGTH: Final = len(KEY_PREFIX) + _RANDOM_LENGTH + _CHECKSUM_LENGTH
DISPLAYED: Final = 9
_find_keys: Final = re.compile(r"(?=mga?_([0-9A-Za-z]{30})([0-9A-Za-z]{6}))").finditer
_match_key: Final = re.compile(r"mg_([0-9A-Za-z]{30})([0-9A-Za-z]{6})").fullmatch


def make_key() -> str:
    """A new API key: 178 random bits."""
    return _make(KEY_PREFIX)


def make_admin_token() -> str:
    """A new admin token: `mga_`, else as a key."""
    return _make(ADMIN_PREFIX)


def has_key_shape(text: str) -> bool:
    """Whether the text is a key that we may have made: prefix, length, alphabet and checksum."""
    if len(text) != _KEY_LENGTH:
        return False
    found = _match_key(text)
    return found is not None and _checksum(found[1]) == found[2]


def holds_key(text: str) -> bool:
    """Whether an API key or admin token that we may have made stands somewhere in the text."""
    return any(_checksum(found[1]) == found[2] for found in _find_keys(text))


def hash_key(pepper: bytes, key: str) -> bytes:
    """HMAC-SHA-256 of any string under the pepper: all that is ever stored of a key."""
    mac = _keyed(pepper).copy()  # half of what beginning anew under the pepper costs, at each request
    mac.update(key.encode("utf-8", "surrogatepass"))
    return mac.digest()


@lru_cache(maxsize=4)
def _keyed(pepper: bytes) -> hmac.HMAC:
    return hmac.new(pepper, digestmod="sha256")


def display_prefix(key: str) -> str:
    """What may be shown of a key later, such as `mg_AbCdEf`."""
    return key[:DISPLAYED]


def _make(prefix: str) -> str:
    random = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    return prefix + random + _checksum(random)


def _checksum(text: str) -> str:
    rest = zlib.crc32(text.encode("ascii"))
    digits = []
    for _ in range(_CHECKSUM_LENGTH):
        rest, digit = divmod(rest, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def worker_token(pepper: bytes) -> str:
    """What a gateway's workers show to its control when they pass on what a tenant's key may say."""
    return hmac.digest(pepper, b"mitmgate workers' token 1", "sha256").hex()
