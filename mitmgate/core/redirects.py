"""Where an upstream's redirect may send a client, which would follow it past the gateway. Pure.

Clients follow by themselves, with the prompt and often with the key (https://github.com/encode/httpx: only
`Authorization` is taken off). So a place at the tenant's own upstream becomes one at the gateway; another place is
only for downloads, and only a public one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Final
from urllib.parse import quote, urljoin

from mitmgate.core.addresses import refusal_reason
from mitmgate.core.backend import Backend, parse_backend_url, upstream_path
from mitmgate.core.paths import Route, check_path, route, strip_api

_MAX_LENGTH: Final = 8192
_search_unfit: Final = re.compile(r"[\x00-\x20\x7f\\]").search
_match_url: Final = re.compile(r"(?i:(https?))://([^/?#@]+)([/?][^#]*)?", re.ASCII).fullmatch
# RFC 6761, 6762, 8375 and 9476, and what networks call themselves without asking
_INTERNAL_NAMES: Final = frozenset(
    {"alt", "corp", "example", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain", "localhost"}
    | {"onion", "private", "test"}
)


class RedirectRefused(Exception):
    """The client must not be sent there."""


def is_redirect(status: int) -> bool:
    """Whether some client follows its Location: 300 and the unassigned ones too."""
    return 300 <= status < 400 and status != 304


def location_for_client(
    locations: Sequence[bytes], has_body: bool, *, backend: Backend, asked: str, method: str, upstream_format: str
) -> bytes | None:
    """The Location to answer with; None without one. Raises RedirectRefused.

    locations: the values of the answer's Location headers; has_body: the request's; asked: its path and query upstream.
    """
    if not locations:
        return None
    if len(set(locations)) > 1 or len(locations[0]) > _MAX_LENGTH:
        raise RedirectRefused
    text = locations[0].strip(b" \t").decode("latin-1")
    if _search_unfit(text):
        raise RedirectRefused
    text = quote(text.encode("latin-1"), safe="".join(map(chr, range(0x21, 0x7F))))
    origin = f"{backend.scheme}://{backend.authority}"
    try:
        place = _match_url(urljoin(origin + asked, text).partition("#")[0])
        there = None if place is None else parse_backend_url(f"{place[1]}://{place[2]}")
    except ValueError:
        raise RedirectRefused from None
    if place is None or there is None:
        raise RedirectRefused
    target = place[3] or "/"
    target = target if target.startswith("/") else f"/{target}"
    if (there.scheme, there.host, there.port) == (backend.scheme, backend.host, backend.port):
        here = _at_gateway(target, backend.path, upstream_format)
        if here is not None:
            return here.encode("ascii")
    if has_body or method not in ("GET", "HEAD") or _is_internal(there.host):
        raise RedirectRefused
    return f"{there.scheme}://{there.authority}{target}".encode("ascii")


def _at_gateway(target: str, prefix: str, upstream_format: str) -> str | None:
    """What a client asks the gateway for to reach this target, the reverse of `upstream_path`; None when nothing does.

    That is the rest behind the backend's prefix, or that rest with the part of the prefix that a request may repeat,
    or, where the gateway serves no such path, either below `/api`.
    """
    rests = [target]
    if prefix:
        if not target.startswith(prefix) or target[len(prefix) : len(prefix) + 1] not in ("/", "?", ""):
            return None
        rest = target[len(prefix) :]
        parts = prefix.split("/")[1:]
        rests = ["/".join(["", *parts[at:]]) + rest for at in range(len(parts), -1, -1)]
    for candidate in [*rests, *(f"/api{rest}" for rest in rests)]:
        if check_path(candidate) is not None or route(candidate.partition("?")[0]) is not Route.API:
            continue
        if upstream_path(prefix, strip_api(candidate, upstream_format)) == target:
            return candidate
    return None


def _is_internal(host: str) -> bool:
    """Whether an address is not public, or a name cannot be: without a dot, or in a domain that is not delegated."""
    try:
        ip_address(host)
    except ValueError:
        pass
    else:
        return refusal_reason(host, allow_private=False) is not None
    labels = host.split(".")
    return len(labels) == 1 or labels[-1] in _INTERNAL_NAMES or labels[-2:] == ["home", "arpa"]
