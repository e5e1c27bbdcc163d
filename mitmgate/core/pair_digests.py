"""A pair of questions as what may be kept of it for good: keyed digests, which tell nothing of the texts. Pure.

Tenant and scope are in each digest, so that the same words elsewhere are another pair. What never changes a question
(spacing, final punctuation) is left out. A pair has no order: whose answer was served for whose makes no difference.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

#: Pairs of a tenant that are remembered as wrong, and as many as right; the oldest go first.
MOST_PAIRS: Final = 10_000
DIGEST_BYTES: Final = 16
PAIR_BYTES: Final = 2 * DIGEST_BYTES
_FINAL: Final = " .?!;…。？！।؟"


def digest_key(pepper: bytes) -> bytes:
    """What texts are digested under: of the pepper, which all nodes have and no backup of the database holds."""
    return hmac.digest(pepper, b"mitmgate pairs of questions 1", "sha256")


def text_digest(key: bytes, tenant: int, scope: bytes, text: str) -> bytes:
    """BLAKE2b under the key (RFC 7693). scope is 32 bytes."""
    message = tenant.to_bytes(8) + scope + _form(text).encode(errors="surrogatepass")
    return hashlib.blake2b(message, key=key, digest_size=DIGEST_BYTES).digest()


def _form(text: str) -> str:
    """At least as coarse as the verdict's `plain_form`, and apart from it: with another form bans are forgotten."""
    return " ".join(text.split()).rstrip(_FINAL)


def pair_of(one: bytes, other: bytes) -> bytes:
    """The pair of two texts' digests."""
    return min(one, other) + max(one, other)


def read_pair(text: object) -> bytes | None:
    """A pair as a request's row has it, in hex; None where that is none."""
    if not isinstance(text, str) or len(text) != 2 * PAIR_BYTES:
        return None
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None
