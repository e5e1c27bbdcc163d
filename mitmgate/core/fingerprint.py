"""Which requests are the same question: a digest over everything that can change the answer. Pure.

The rule is exclusion, not selection: all of the body and every forwarded header counts, also those nobody knows yet,
except the short lists below. So a vendor's new field can separate two requests that were alike, but never bring
together two that differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, Protocol

from mitmgate.core.canonical import canonical_json
from mitmgate.core.credentials import without_query_key
from mitmgate.core.headers import Field, forwardable, may_forward
from mitmgate.core.strays import without_strays

# They say who asks, how the answer travels or what the vendor keeps of it; the answer is the same.
LEFT_OUT: Final = frozenset(
    {"stream", "stream_options", "user", "metadata", "safety_identifier", "prompt_cache_key", "store"}
)
# They say who sends, through what and for which trace, or how the answer is packed; the answer is the same.
HARMLESS_HEADERS: Final = frozenset(
    {
        b"accept",
        b"accept-charset",
        b"accept-encoding",
        b"anthropic-dangerous-direct-browser-access",
        b"b3",
        b"baggage",
        b"cdn-loop",
        b"content-type",
        b"date",
        b"dnt",
        b"from",
        b"http-referer",
        b"idempotency-key",
        b"origin",
        b"originator",
        b"pragma",
        b"priority",
        b"referer",
        b"request-id",
        b"sentry-trace",
        b"session-id",
        b"session_id",
        b"thread-id",
        b"traceparent",
        b"tracestate",
        b"true-client-ip",
        b"uber-trace-id",
        b"user-agent",
        b"x-amzn-trace-id",
        b"x-app",
        b"x-claude-code-session-id",
        b"x-client-request-id",
        b"x-cloud-trace-context",
        b"x-correlation-id",
        b"x-request-start",
        b"x-title",
    }
)
HARMLESS_PREFIXES: Final = (
    b"cf-",
    b"sec-ch-",
    b"sec-fetch-",
    b"x-b3-",
    b"x-codex-turn-",
    b"x-codex-window-",
    b"x-datadog-",
    b"x-envoy-",
    b"x-stainless-",
)
# Count as null where they are not there: what was stored by earlier versions is still found.
_FIRST_HEADERS: Final = (
    "accept-language",
    "anthropic-beta",
    "anthropic-version",
    "content-language",
    "openai-beta",
    "openai-organization",
    "openai-project",
)
_LONGEST_KNOWN: Final = 64  # bytes of a name that is remembered
_PARTITION_MARK: Final = b" of a part"
_POLICY_HEADERS: Final = frozenset(
    {b"cache-control", b"x-cache-mode", b"x-cache-namespace", b"x-cache-threshold", b"x-cache-ttl"}
)


class Kind(Enum):
    """What a digest is of: each has a mark of its own, with the version of how it is made."""

    REQUEST = b"1"
    SCOPE = b"scope 1"  # the body is without the text that is compared by meaning
    PLAIN_FORM = b"plain 1"  # the text's spacing and final punctuation are evened


class HeaderValues(Protocol):
    """Header values by lower-case name; a dict of strings will do."""

    def get(self, name: str, /) -> str | None: ...


def cache_headers(
    fields: Sequence[Field],
    ignored: AbstractSet[bytes] = frozenset(),
    also_dropped: AbstractSet[bytes] = frozenset(),
    presented: Sequence[bytes] = (),
) -> Mapping[str, str]:
    """What fingerprint and cache policy read, by lower-case name; repeated ones joined by a comma.

    That is what is forwarded, but for the harmless and the `ignored`, and the cache's own headers. Both sets are of
    lower-case names; also_dropped: as `forwardable` has it; presented: as `without_strays` has it.
    """
    picked: dict[str, str] = {}
    candidates, policy = [], []
    for field in fields:
        part = _part_of(field[0]) if len(field[0]) <= _LONGEST_KNOWN else _part_of.__wrapped__(field[0])
        if part is _Part.COUNTED:
            candidates.append(field)
        elif part is _Part.POLICY:
            policy.append(field)
    for name, value in without_strays(forwardable(candidates, also_dropped), presented):
        if (lower := name.lower()) not in ignored:
            _join(picked, lower, value)
    if picked.get("accept-language", "").strip() == "*":  # any (RFC 9110 section 12.5.4), as absence says
        del picked["accept-language"]
    for name, value in policy:
        _join(picked, name.lower(), value)
    return picked


class _Part(Enum):
    """What a header is to the cache. COUNTED, too, is Connection: it says what else is not forwarded."""

    COUNTED = 1
    POLICY = 2
    NONE = 3


@lru_cache(maxsize=1024)
def _part_of(name: bytes) -> _Part:
    lower = name.lower()
    if lower in _POLICY_HEADERS:
        return _Part.POLICY
    counts = lower == b"connection" or (may_forward(lower) and not _is_harmless(lower))
    return _Part.COUNTED if counts else _Part.NONE


def _join(picked: dict[str, str], name: bytes, value: bytes) -> None:
    key, text = name.decode("latin-1"), value.decode("latin-1")
    picked[key] = f"{picked[key]}, {text}" if key in picked else text


def _is_harmless(name: bytes) -> bool:
    return name in HARMLESS_HEADERS or name.startswith(HARMLESS_PREFIXES)


def _counts(name: str) -> bool:
    given = name.encode("latin-1", "replace")
    return may_forward(given) and not _is_harmless(given)


def fingerprint(
    *,
    tenant_id: int,
    namespace: str,
    backend: str,
    client_format: str,
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: Mapping[str, Any],
    partition: bytes | None = None,
    kind: Kind = Kind.REQUEST,
) -> bytes:
    """The 32-byte SHA-256 of the request. Raises ValueError for a body that JSON has no word for.

    headers by lower-case name, as `cache_headers` gives them. path is without `/api`; query without its `?`, its `key`
    parameters do not count; backend names the upstream. Each part goes in with its length, so that no two different
    requests feed the digest the same bytes. partition: the part of the tenant's cache, where it has parts.
    Digests of different kinds never equal each other.
    """
    if query:
        query = without_query_key(f"?{query}")[1:]
    get = headers.get
    given: list[Any] = [get(name) for name in _FIRST_HEADERS]
    # The others are named, and only where they are there.
    given += [[name, headers[name]] for name in sorted(headers) if name not in _FIRST_HEADERS and _counts(name)]
    listed = canonical_json(given)
    asked = canonical_json({name: value for name, value in body.items() if name not in LEFT_OUT})
    parts: tuple[bytes, ...] = (
        kind.value,
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
