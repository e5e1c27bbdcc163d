"""What is sent in the header that carries an upstream's credential. Pure."""

from __future__ import annotations

import re
from typing import Final

# RFC 9110 section 11.4: a scheme, then spaces, then the credentials. A vendor's key alone holds no space.
_SCHEMED: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+ +\S.*")
_SCHEMES: Final = frozenset({"basic", "bearer", "token"})


def has_scheme(value: str) -> bool:
    """Whether it is a whole value of Authorization, such as `Bearer sk-…` or `Basic dXNlcjpw`."""
    return _SCHEMED.fullmatch(value) is not None


def credential_value(header: str, key: str) -> str:
    """The header's value for a key as people have it: Authorization gets `Bearer` unless a scheme is there already.

    Raises ValueError for a scheme without a key.
    """
    key = key.strip()
    if key.lower() in _SCHEMES:
        raise ValueError(f"'{key}' is a scheme without a key")
    if header.lower() != "authorization" or has_scheme(key):
        return key
    return f"Bearer {key}"


def credential_doubts(header: str, value: str) -> list[str]:
    """What can be stored and is hardly meant: the admin API stores and sends a value as it is given."""
    if header.lower() == "authorization" and not has_scheme(value):
        return ["upstream_auth.value has no scheme, such as Bearer in front of the key, and is sent as it is"]
    return []
