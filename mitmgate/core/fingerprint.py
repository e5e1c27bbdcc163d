"""Which requests are the same question: a digest over everything that can change the answer. Pure.

The rule is exclusion, not selection: all of the body counts, fields nobody knows yet too, except the short list below.
So a vendor's new field can separate two requests that were alike, but never bring together two that differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final, Protocol

from mitmgate.core.canonical import canonical_json
from mitmgate.core.credentials import without_query_key

# They say who asks, how the answer travels or what the vendor keeps of it; the answer is the same.
LEFT_OUT: Final = frozenset(
    {"stream", "stream_options", "user", "metadata", "safety_identifier", "prompt_cache_key", "store"}
)
_FIRST_HEADERS: Final = (
    "accept-language",
    "anthropic-beta",
    "anthropic-version",
    "content-language",
    "openai-beta",
    "openai-organization",
    "openai-project",
)
#: Count where they are there only, so that what was stored before they did is still found.
_LATER_HEADERS: Final = ("azureml-model-deployment",)  # which of Azure's deployments answers
HEADERS: Final = (*_FIRST_HEADERS, *_LATER_HEADERS)
_VERSION: Final = b"1"
_SCOPE_MARK: Final = b"scope 1"
_PARTITION_MARK: Final = b" of a part"
_POLICY_HEADERS: Final = (
    b"cache-control",
    b"x-cache-mode",
    b"x-cache-namespace",
    b"x-cache-threshold",
    b"x-cache-ttl",
)
_PICKED: Final = frozenset({*(name.encode() for name in HEADERS), *_POLICY_HEADERS})


class HeaderValues(Protocol):
    """Header values by lower-case name; a dict of strings will do."""

    def get(self, name: str, /) -> str | None: ...


def cache_headers(fields: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """The few headers that fingerprint and cache policy read, by lower-case name; repeated ones joined by a comma.

    One that Connection names is not forwarded (RFC 9110 section 7.6.1), so the answer owes nothing to it.
    """
    picked: dict[str, str] = {}
    dropped: list[str] = []
    for name, value in fields:
        lower = name.lower()
        if lower in _PICKED:
            key, text = lower.decode("ascii"), value.decode("latin-1")
            picked[key] = f"{picked[key]}, {text}" if key in picked else text
        elif lower == b"connection":
            dropped += value.decode("latin-1").lower().split(",")
    for token in dropped:
        if (key := token.strip()) in HEADERS:
            picked.pop(key, None)
    return picked


def fingerprint(
    *,
    tenant_id: int,
    namespace: str,
    backend: str,
    client_format: str,
    method: str,
    path: str,
    query: str,
    headers: HeaderValues,
    body: Mapping[str, Any],
    partition: bytes | None = None,
    is_scope: bool = False,
) -> bytes:
    """The 32-byte SHA-256 of the request. Raises ValueError for a body that JSON has no word for.

    path is without `/api`; query without its `?`, its `key` parameters do not count; backend names the upstream. Each
    part goes in with its length, so that no two different requests feed the digest the same bytes. partition: the part
    of the tenant's cache, where it has parts. is_scope: the body is without the text that is compared by meaning; such
    a digest never equals a whole request's.
    """
    if query:
        query = without_query_key(f"?{query}")[1:]
    get = headers.get
    given: list[Any] = [get(name) for name in _FIRST_HEADERS]
    given += [[name, value] for name in _LATER_HEADERS if (value := get(name)) is not None]
    listed = canonical_json(given)
    asked = canonical_json({name: value for name, value in body.items() if name not in LEFT_OUT})
    parts: tuple[bytes, ...] = (
        _SCOPE_MARK if is_scope else _VERSION,
        b"%d" % tenant_id,
        namespace.encode(),
        backend.encode(),
        client_format.encode(),
        method.encode(),
        path.encode("utf-8", "surrogateescape"),
        query.encode("utf-8", "surrogateescape"),
        listed,
    )
    if partition is not None:
        parts = (parts[0] + _PARTITION_MARK, *parts[1:], partition)
    lengths = b"".join(len(part).to_bytes(4) for part in parts)
    return sha256(b"".join((lengths, *parts, asked))).digest()
