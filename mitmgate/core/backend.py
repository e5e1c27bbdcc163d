"""A tenant's `backend_url`: read once, strictly, so that what is checked is what is dialled.

Hosts come out in one spelling: lower case, ASCII, IPv4 in four decimal parts, IPv6 compressed and without brackets. The
other spellings that resolvers understand (`127.1`, `0x7f000001`, `2130706433`, `0177.0.0.1`) are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

import idna

from mitmgate.core.addresses import refusal_reason
from mitmgate.core.paths import check_path

DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_MAX_LENGTH: Final = 2048
_MAX_HOST_LENGTH: Final = 253
_match_url: Final = re.compile(r"(?i:(https?))://([^/?#\\@]*)(/[^?#]*)?", re.ASCII).fullmatch
_match_authority: Final = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]{1,5}))?").fullmatch
_match_name: Final = re.compile(r"(?:(?!-)[a-z0-9_-]{1,63}(?<!-)\.)*(?!-)[a-z0-9_-]{1,63}(?<!-)").fullmatch
# https://url.spec.whatwg.org/#ends-in-a-number-checker
_search_number: Final = re.compile(r"(?:\A|\.)(?:[0-9]+|0x[0-9a-f]*)\Z").search


@dataclass(frozen=True, slots=True)
class Backend:
    """Where a tenant's requests go. path: empty, or a prefix that begins with `/` and does not end with one."""

    scheme: str
    host: str
    port: int
    path: str = ""

    @property
    def authority(self) -> str:
        """What belongs in `Host`: the port only where it is not the scheme's own (RFC 9110 section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def parse_backend_url(url: str) -> Backend:
    """Reads an http or https URL without user, query or fragment. Raises ValueError, which says what is wrong.

    An IP address that is refused whatever the tenant is allowed (link-local, metadata, unspecified, multicast) is
    refused here; private and loopback ones are for the caller to judge.
    """
    if len(url) > _MAX_LENGTH:
        raise ValueError(f"the URL is longer than {_MAX_LENGTH} characters")
    found = _match_url(url)
    if found is None:
        raise ValueError("the URL must be http:// or https:// with a host, without user, query and fragment")
    scheme, authority, path = found[1].lower(), found[2], (found[3] or "").rstrip("/")
    parts = _match_authority(authority)
    if parts is None or not parts[1]:
        raise ValueError("the URL must name a host, and a port only as digits")
    port = int(parts[2]) if parts[2] else DEFAULT_PORTS[scheme]
    if not 0 < port < 65536:
        raise ValueError("the port must be from 1 to 65535")
    if path and (reason := check_path(path)) is not None:
        raise ValueError(f"the URL's path holds {reason}")
    return Backend(scheme, _host(parts[1]), port, path)


def upstream_path(backend_path: str, request_path: str) -> str:
    """The path to ask the upstream for; request_path (with its query) has lost `/api` already.

    What the backend's path ends with and the request's begins with is joined once: `/openai/v1` and
    `/v1/chat/completions` make `/openai/v1/chat/completions`.
    """
    if not backend_path:
        return request_path
    question = request_path.find("?")
    path = request_path if question < 0 else request_path[:question]
    shared = backend_path
    while shared:
        if path.startswith(shared) and (len(path) == len(shared) or path[len(shared)] == "/"):
            return backend_path + request_path[len(shared) :]
        following = shared.find("/", 1)
        shared = shared[following:] if following > 0 else ""
    return backend_path + request_path


def host_allowed(host: str, patterns: Sequence[str]) -> bool:
    """Whether a host matches one of the patterns: `*`, `*.openai.com` (any name below it), or the exact name."""
    name = host.lower().rstrip(".")
    for pattern in patterns:
        if pattern == "*":
            return True
        wanted = pattern.lower().rstrip(".")
        if name == wanted or (wanted.startswith("*.") and len(name) >= len(wanted) and name.endswith(wanted[1:])):
            return True
    return False


def where_to_dial(host: str, port: int, resolve: Mapping[str, str]) -> tuple[str, int]:
    """The name or address to connect to. `resolve` maps `host:port` to `address[:port]`, as curl's --resolve does."""
    wanted = resolve.get(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    if wanted is None:
        return host, port
    if wanted.startswith("["):
        address, _, instead = wanted[1:].partition("]")
        return address, int(instead[1:] or port)
    address, _, instead = wanted.rpartition(":") if wanted.count(":") == 1 else (wanted, "", "")
    return address, int(instead or port)


def _host(text: str) -> str:
    host = _address_v6(text[1:-1]) if text.startswith("[") else _name_or_v4(text)
    if (":" in host or _search_number(host)) and (reason := refusal_reason(host, allow_private=True)) is not None:
        raise ValueError(f"the host is {reason}")
    return host


def _address_v6(text: str) -> str:
    try:
        address = IPv6Address(text)
    except ValueError:
        raise ValueError("the host is not an IPv6 address") from None
    if address.scope_id is not None:
        raise ValueError("the host is an IPv6 address with a zone")
    return str(address.ipv4_mapped or address)


def _name_or_v4(text: str) -> str:
    host = text.lower() if text.isascii() else _to_ascii(text)
    host = host.removesuffix(".")
    if len(host) > _MAX_HOST_LENGTH or not _match_name(host):
        raise ValueError("the host is not a host name")
    if not _search_number(host):
        return host
    try:
        return str(IPv4Address(host))
    except ValueError:
        raise ValueError("the host is a number but not an IPv4 address in four decimal parts") from None


def _to_ascii(text: str) -> str:
    try:
        return idna.encode(text, uts46=True, std3_rules=True).decode("ascii").lower()
    except (UnicodeError, IndexError):
        raise ValueError("the host is not an international host name") from None
