"""Which headers pass: of a request on its way to the upstream, and of the upstream's answer to the client.

Names decide, values are left byte for byte. Both functions keep order and repetition.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from mitmgate.core.credentials import CREDENTIAL_HEADERS

_MAX_JUDGED_NAME: Final = 64

type Field = tuple[bytes, bytes]

# RFC 9110 section 7.6.1, and those that older peers send
HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"http2-settings",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authentication-info",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"trailers",
        b"transfer-encoding",
        b"upgrade",
    }
)

_NOT_FORWARDED: Final = (
    HOP_BY_HOP
    | CREDENTIAL_HEADERS
    | {
        # ours to read
        b"cache-control",
        b"x-max-retries",
        b"x-request-id",
        b"x-timeout-ms",
        # set by whoever sends
        b"accept-encoding",
        b"content-length",
        b"expect",
        b"host",
        # the client's own network and its other sessions
        b"cookie",
        b"cookie2",
        b"forwarded",
        b"via",
        b"x-real-ip",
        # would have the upstream act on another path or method than the one that was checked
        b"x-http-method",
        b"x-http-method-override",
        b"x-method-override",
        b"x-original-url",
        b"x-rewrite-url",
    }
)
_NOT_FORWARDED_PREFIXES: Final = (b"x-cache-", b"x-mitmgate-", b"x-forwarded-")

_NAMES_NOTHING: Final = frozenset({b"keep-alive", b"close", b"Keep-Alive", b"Close"})

_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding", b"content-encoding"})
_NOT_ANSWERED: Final = (
    (HOP_BY_HOP - _FRAMING)
    | CREDENTIAL_HEADERS
    | {
        # ours on every answer
        b"age",
        b"cache-status",
        b"ratelimit",
        b"ratelimit-policy",
        b"server-timing",
        b"x-cache",
        b"x-client-request-id",
        b"x-request-id",
        # about the vendor's host, which the client would take for ours
        b"alt-svc",
        b"clear-site-data",
        b"nel",
        b"public-key-pins",
        b"report-to",
        b"reporting-endpoints",
        b"set-cookie",
        b"set-cookie2",
        b"strict-transport-security",
        b"www-authenticate",
        # orders to a reverse proxy in front of us, or to a browser to go elsewhere
        b"refresh",
        b"x-sendfile",
    }
)
_NOT_ANSWERED_PREFIXES: Final = (
    b"access-control-",
    b"x-accel-",
    b"x-cache-",
    b"x-mitmgate-",
    b"x-upstream",
)
# The tenant's account at the vendor, which is not the client's: its limits and what is left of them, its organisation,
# project or workspace. By the words of a name, so that all vendors' headers are treated alike.
_names_account: Final = re.compile(
    rb"rate-?limit|(?:^|-)(?:org|organi[sz]ation|project|workspace|account|subscription|quota)(?:-|$)"
    rb"|(?=.*(?:tokens|requests|input|output))(?:.*-)?(?:limit|remaining|reset)(?:-|$)"
).search


def may_forward(name: bytes) -> bool:
    """Whether a request's header of that lower-case name goes upstream, unless Connection names it."""
    return name not in _NOT_FORWARDED and not name.startswith(_NOT_FORWARDED_PREFIXES)


def forwardable(fields: Sequence[Field], also_dropped: AbstractSet[bytes] = frozenset()) -> list[Field]:
    """What of a request's headers goes upstream; the sender adds Host, framing, Accept-Encoding and its credential.

    also_dropped: lower-case names to keep out besides, such as that of the tenant's own upstream credential.
    """
    kept = []
    connection: list[bytes] = []
    for field in fields:
        name = field[0].lower()
        if name in _NOT_FORWARDED:
            if name == b"connection":
                connection.append(field[1])
        elif not name.startswith(_NOT_FORWARDED_PREFIXES):
            kept.append(field)
    return _without(kept, connection, also_dropped, frozenset())


def answerable(fields: Sequence[Field], secrets: Sequence[bytes] = ()) -> list[Field]:
    """What of an upstream's answer's headers goes to the client.

    Framing and Content-Encoding stay as they came, even when Connection names them: they say how to read the body.
    secrets: what no header may hold, should an upstream echo it.
    """
    kept = []
    connection: list[bytes] = []
    for field in fields:
        name = field[0].lower()
        if name in _NOT_ANSWERED:
            if name == b"connection":
                connection.append(field[1])
        elif not _is_kept_here(name) and not (secrets and _holds(field, secrets)):
            kept.append(field)
    return _without(kept, connection, frozenset(), _FRAMING)


def _is_kept_here(name: bytes) -> bool:
    """Longer names are no vendor's."""
    return _judged(name) if len(name) <= _MAX_JUDGED_NAME else name.startswith(_NOT_ANSWERED_PREFIXES)


@functools.lru_cache(maxsize=1024)
def _judged(name: bytes) -> bool:
    return name.startswith(_NOT_ANSWERED_PREFIXES) or _names_account(name) is not None


def _holds(field: Field, secrets: Sequence[bytes]) -> bool:
    return any(secret in field[1] or secret in field[0] for secret in secrets)


def _without(
    kept: list[Field], connection: list[bytes], also: AbstractSet[bytes], untouched: frozenset[bytes]
) -> list[Field]:
    """Takes out what Connection names (most often `keep-alive` or `close`, no names at all) and what else is asked."""
    named = set(also)
    for value in connection:
        if value not in _NAMES_NOTHING:
            named.update(token.strip().lower() for token in value.split(b","))
    if not named:
        return kept
    return [field for field in kept if (name := field[0].lower()) not in named or name in untouched]
