"""`Via` (RFC 9110 section 7.6.3): which gateways a request has passed, so that none passes it in a circle. Pure.

A gateway names itself by a pseudonym. Of what a client sends only such pseudonyms go on: they show a circle of several
gateways, and the rest is about the client's own network.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import Final

MOST_GATEWAYS: Final = 16  # no chain is longer on purpose
_LABEL: Final = b"mitmgate via"
_find_gateways: Final = re.compile(
    rb"(?:\A|,)[ \t]*([0-9.]{1,8})[ \t]+(mitmgate-[0-9a-f]{16})(?=[ \t]*(?:,|\(|\Z))"
).findall


def pseudonym(pepper: bytes) -> bytes:
    """The name of all workers and nodes that share the pepper, of which it tells nothing."""
    return b"mitmgate-" + hmac.digest(pepper, _LABEL, hashlib.sha256)[:8].hex().encode()


def passed_gateways(fields: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The received protocol's version and the name of each gateway that a request has passed, the first one first."""
    values = [value for name, value in fields if len(name) == 3 and name.lower() == b"via"]
    return [found for value in values for found in _find_gateways(value)] if values else []


def is_circle(passed: list[tuple[bytes, bytes]], own: bytes) -> bool:
    """Whether the request has been here before, or has passed more gateways than anybody sets up."""
    return len(passed) >= MOST_GATEWAYS or any(name == own for _, name in passed)


def via(passed: list[tuple[bytes, bytes]], http_version: bytes, own: bytes) -> bytes:
    """The field's value on the way on. http_version: of the request as it came, such as `HTTP/1.1`."""
    own_version = http_version.rpartition(b"/")[2] or b"1.1"
    return b", ".join(b"%s %s" % each for each in [*passed, (own_version, own)])
