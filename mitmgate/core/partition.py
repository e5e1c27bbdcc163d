"""Which part of a tenant's cache a request belongs to, where end users must not share answers. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from mitmgate.core.canonical import canonical_json
from mitmgate.core.credentials import CREDENTIAL_HEADERS
from mitmgate.core.errors import ANTHROPIC

USER: Final = "user"
HEADER: Final = "header:"
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")  # RFC 9110 section 5.6.2


def parse_partition(value: object) -> str:
    """`user` or `header:NAME`, the name in lower case. Raises ValueError."""
    if value == USER:
        return USER
    if not isinstance(value, str) or not value.startswith(HEADER):
        raise ValueError("must be user or header:NAME")
    name = value.removeprefix(HEADER)
    if _TOKEN.fullmatch(name) is None:
        raise ValueError("must name a header after header:")
    if name.lower().encode() in CREDENTIAL_HEADERS:
        raise ValueError("must not name a credential")
    return HEADER + name.lower()


def partition_header(by: str | None) -> str | None:
    """The lower-case name of the header that tells the parts apart, by what `parse_partition` gave."""
    return by.removeprefix(HEADER) if by is not None and by.startswith(HEADER) else None


def partition(by: str | None, client_format: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> bytes | None:
    """The request's part, by what `parse_partition` gave; None when there are no parts.

    headers by lower-case name. Who sends no value shares a part with those who send none. Raises ValueError for what
    JSON has no word for.
    """
    if by is None:
        return None
    if by != USER:
        return canonical_json([headers.get(by.removeprefix(HEADER))])
    if client_format == ANTHROPIC:
        metadata = body.get("metadata")
        return canonical_json([metadata.get("user_id") if isinstance(metadata, dict) else None])
    return canonical_json([body.get("user"), body.get("safety_identifier")])  # OpenAI's newer name of the same
