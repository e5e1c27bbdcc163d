"""The public name of a cached answer: its tenant's id, a dot, and its fingerprint in base64url. Pure."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

#: 32 bytes are 43 characters, of which the last holds four bits.
SHAPE: Final = r"([1-9][0-9]{0,18})\.([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])"
_MAX_TENANT: Final = 2**63 - 1


def entry_id(tenant_id: int, fingerprint: bytes) -> str:
    return f"{tenant_id}.{urlsafe_b64encode(fingerprint).rstrip(b'=').decode()}"


def read_entry_id(text: str) -> tuple[int, bytes] | None:
    """(tenant id, fingerprint), or None where that is no entry's name. Each entry has one name only."""
    found = re.fullmatch(SHAPE, text)
    if found is None or (tenant_id := int(found[1])) > _MAX_TENANT:
        return None
    return tenant_id, urlsafe_b64decode(found[2] + "=")
