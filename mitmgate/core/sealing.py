"""Upstream credentials at rest: AES-256-GCM, bound to whom they belong to (NIST SP 800-38D).

A sealed value is one byte of version, one of the key id's length, the key id, a 12-byte nonce, then ciphertext and tag.
The context is authenticated beside it, so that a value copied into another tenant's row does not open there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION: Final = 1
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16


class SealBroken(Exception):
    """The value does not open: changed, of another context, or sealed with a key that is not here."""


def seal(master_keys: Mapping[str, bytes], plaintext: str, context: bytes) -> bytes:
    """Seals with the first of the master keys (key id -> 32 bytes).

    Raises ValueError when there is none or it is not one.
    """
    if not master_keys:
        raise ValueError("there is no master key to seal with")
    name, key = next(iter(master_keys.items()))
    key_id = name.encode()
    if len(key) != _KEY_BYTES or not 0 < len(key_id) < 256:
        raise ValueError("a master key is 32 bytes and its id 1 to 255")
    nonce = os.urandom(_NONCE_BYTES)
    return bytes((_VERSION, len(key_id))) + key_id + nonce + AESGCM(key).encrypt(nonce, plaintext.encode(), context)


def sealed_with(sealed: bytes) -> str | None:
    """The id of the master key that sealed a value; None for what is no sealed value."""
    if len(sealed) < 2 or sealed[0] != _VERSION:
        return None
    return sealed[2 : 2 + sealed[1]].decode(errors="replace")


def unseal(master_keys: Mapping[str, bytes], sealed: bytes, context: bytes) -> str:
    """What was sealed in that context. Raises SealBroken."""
    if len(sealed) < 2 or sealed[0] != _VERSION:
        raise SealBroken("not a sealed value")
    nonce_at = 2 + sealed[1]
    ciphertext_at = nonce_at + _NONCE_BYTES
    if len(sealed) < ciphertext_at + _TAG_BYTES:
        raise SealBroken("a sealed value cut short")
    try:
        key = master_keys[sealed[2:nonce_at].decode()]
        return AESGCM(key).decrypt(sealed[nonce_at:ciphertext_at], sealed[ciphertext_at:], context).decode()
    except KeyError:
        raise SealBroken("sealed with a master key that is not here") from None
    except (InvalidTag, ValueError):
        raise SealBroken("the sealed value was changed or belongs elsewhere") from None
