"""What HTTP/2 asks of a request's fields (RFC 9113 sections 8.2 and 8.3). Pure.

h2 judges them, too, but ends the whole connection, with all other clients' streams behind a proxy, for one that is bad.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from mitmproxy.net.http.url import parse_authority

from mitmgate.core.addresses import LONGEST_AUTHORITY
from mitmgate.core.errors import GatewayError
from mitmgate.proxy.wire import AMBIGUOUS, BAD_REQUEST, NO_TUNNEL

type Fields = Iterable[tuple[bytes, bytes]]

_PSEUDO: Final = frozenset({b":method", b":scheme", b":path", b":authority"})
_OF_CONNECTIONS: Final = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"}
)
_is_name = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+").fullmatch
_is_no_value = re.compile(rb"[\x00\r\n]|\A[ \t]|[ \t]\Z").search


def problem_of_request(fields: Fields) -> GatewayError | None:
    """What is wrong with a request's fields, pseudo-fields included."""
    pseudo: dict[bytes, bytes] = {}
    host: bytes | None = None
    regular = False
    for name, value in fields:
        if name[:1] == b":":
            if regular or name in pseudo or name not in _PSEUDO or _is_no_value(value):
                return BAD_REQUEST()
            pseudo[name] = value
            continue
        regular = True
        if _is_bad(name, value):
            return AMBIGUOUS()
        if name == b"host":
            if host is not None:
                return BAD_REQUEST()
            host = value
    if pseudo.get(b":method") == b"CONNECT":
        return NO_TUNNEL()
    authority = pseudo.get(b":authority")
    if not all(pseudo.get(name) for name in (b":method", b":scheme", b":path")) or not (authority or host):
        return BAD_REQUEST()
    if authority and host is not None and authority != host:
        return BAD_REQUEST()
    return None if not authority or _is_authority(authority) else BAD_REQUEST()


def _is_authority(value: bytes) -> bool:
    """Whether mitmproxy can read it, which would end the connection at one that it cannot."""
    return len(value) <= LONGEST_AUTHORITY and _readable_authority(value)


@lru_cache(maxsize=1024)
def _readable_authority(value: bytes) -> bool:
    try:
        parse_authority(value, check=True)
    except ValueError:
        return False
    return True


def are_trailers(fields: Fields) -> bool:
    """Whether fields may follow a body."""
    return not any(name[:1] == b":" or _is_bad(name, value) for name, value in fields)


def _is_bad(name: bytes, value: bytes) -> bool:
    if name in _OF_CONNECTIONS or (name == b"te" and value.lower() != b"trailers"):
        return True
    return not _is_name(name) or _is_no_value(value) is not None
