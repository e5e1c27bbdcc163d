"""Which addresses an upstream may have: the guard against requests forged into the operator's own network.

Ranges are those of the IANA special-purpose registries (RFC 6890), spelt out here because the standard library's
notion of `is_private` differs between Python versions.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

_METADATA: Final = "a cloud metadata address"
_NOWHERE: Final = "an unspecified address"
_LINK_LOCAL: Final = "a link-local address"
_MULTICAST: Final = "a multicast address"
_PRIVATE: Final = "a private address"
_LOOPBACK: Final = "a loopback address"
_RESERVED: Final = "a reserved address"

# EC2, ECS and EKS, GCP, Alibaba, Oracle, Azure's wire server
_METADATA_ADDRESSES: Final = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
    )
)

_METADATA_NAMES: Final = frozenset(("metadata.google.internal", "instance-data.ec2.internal"))
LONGEST_AUTHORITY: Final = 261  # a DNS name and a port; what is longer is none
_ALWAYS_V4: Final = (
    (IPv4Network("0.0.0.0/8"), _NOWHERE),
    (IPv4Network("169.254.0.0/16"), _LINK_LOCAL),
    (IPv4Network("224.0.0.0/4"), _MULTICAST),
    (IPv4Network("255.255.255.255/32"), "the broadcast address"),
)
_PRIVATE_V4: Final = (
    (IPv4Network("127.0.0.0/8"), _LOOPBACK),
    (IPv4Network("10.0.0.0/8"), _PRIVATE),
    (IPv4Network("172.16.0.0/12"), _PRIVATE),
    (IPv4Network("192.168.0.0/16"), _PRIVATE),
    (IPv4Network("100.64.0.0/10"), "a carrier-grade NAT address"),
    (IPv4Network("192.0.0.0/24"), _RESERVED),
    (IPv4Network("192.0.2.0/24"), _RESERVED),
    (IPv4Network("192.88.99.0/24"), _RESERVED),
    (IPv4Network("198.18.0.0/15"), _RESERVED),
    (IPv4Network("198.51.100.0/24"), _RESERVED),
    (IPv4Network("203.0.113.0/24"), _RESERVED),
    (IPv4Network("240.0.0.0/4"), _RESERVED),
)
_ALWAYS_V6: Final = (
    (IPv6Network("::/128"), _NOWHERE),
    (IPv6Network("fe80::/10"), _LINK_LOCAL),
    (IPv6Network("ff00::/8"), _MULTICAST),
)
_PRIVATE_V6: Final = (
    (IPv6Network("::1/128"), _LOOPBACK),
    (IPv6Network("fc00::/7"), _PRIVATE),
    (IPv6Network("fec0::/10"), _PRIVATE),
    (IPv6Network("64:ff9b:1::/48"), "an address of a local NAT64"),
    (IPv6Network("2001:db8::/32"), _RESERVED),
    (IPv6Network("3fff::/20"), _RESERVED),
)
_LOOPBACK_V6: Final = IPv6Address("::1")
_GLOBAL_V6: Final = IPv6Network("2000::/3")
_TEREDO: Final = IPv6Network("2001::/32")
_PROTOCOLS_V6: Final = IPv6Network("2001::/23")
_SIX_TO_FOUR: Final = IPv6Network("2002::/16")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_LOCAL_NAT64: Final = IPv6Network("64:ff9b:1::/48")
_LOW_96: Final = (  # the IPv4 address is in the last 32 bits: compatible, mapped, translated (RFC 2765), NAT64
    IPv6Network("::/96"),
    IPv6Network("::ffff:0:0/96"),
    IPv6Network("::ffff:0:0:0/96"),
    _NAT64,
)


def refusal_reason(ip: str, allow_private: bool) -> str | None:
    """Why that address must not be dialled, or None when it may be. Text that is no address is refused too.

    Link-local, metadata, unspecified, multicast and broadcast addresses are refused whatever allow_private says. An
    address that carries an IPv4 one (mapped, compatible, 6to4, Teredo, NAT64) is as good as the one it carries.
    """
    try:
        address = ip_address(ip)
    except ValueError:
        return "not an IP address"
    return _judge(address, allow_private)


def names_another_place(authority: str, absolute: bool) -> bool:
    """Whether a request's authority can only mean another place than a gateway: metadata, a link-local address.

    absolute: it stands in the request line, as for a proxy, where any internal address is refused. In Host a private
    or loopback one is most often the gateway's own.
    """
    return len(authority) <= LONGEST_AUTHORITY and _is_another_place(authority, absolute)


@lru_cache(maxsize=4096)
def _is_another_place(authority: str, absolute: bool) -> bool:
    host = authority.rpartition("@")[2].strip().casefold()
    host = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    host = host.rstrip(".")
    try:
        reason = _judge(ip_address(host), allow_private=not absolute)
    except ValueError:  # a name
        return host in _METADATA_NAMES or (absolute and (host == "localhost" or host.endswith(".localhost")))
    return reason is not None and (absolute or reason in (_METADATA, _LINK_LOCAL))


def _judge(address: IPv4Address | IPv6Address, allow_private: bool) -> str | None:
    if isinstance(address, IPv4Address):
        return _judge_v4(address, allow_private)
    if address.scope_id is not None:
        return "an address with a zone"
    if address in _METADATA_ADDRESSES:
        return _METADATA
    for network, reason in _ALWAYS_V6:
        if address in network:
            return reason
    if not allow_private:
        for network, reason in _PRIVATE_V6:
            if address in network:
                return reason
    elif address == _LOOPBACK_V6:
        return None
    carried = list(_carried(address))
    for inner in carried:
        if (inner_reason := _judge_v4(inner, allow_private)) is not None:
            return f"{inner_reason} inside an IPv6 address"
    if allow_private or carried:
        return None
    if address not in _GLOBAL_V6 or address in _PROTOCOLS_V6:
        return _RESERVED
    return None


def _judge_v4(address: IPv4Address, allow_private: bool) -> str | None:
    if address in _METADATA_ADDRESSES:
        return _METADATA
    for network, reason in _ALWAYS_V4:
        if address in network:
            return reason
    if not allow_private:
        for network, reason in _PRIVATE_V4:
            if address in network:
                return reason
    return None


def _carried(address: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that packets to this one may end at."""
    bits = int(address)
    if any(address in network for network in _LOW_96):
        yield IPv4Address(bits & 0xFFFFFFFF)
    elif address in _SIX_TO_FOUR:
        yield IPv4Address(bits >> 80 & 0xFFFFFFFF)
    elif address in _TEREDO:  # RFC 4380 section 4: server, and client with every bit turned
        yield IPv4Address(bits >> 64 & 0xFFFFFFFF)
        yield IPv4Address(~bits & 0xFFFFFFFF)
    elif address in _LOCAL_NAT64:
        # RFC 8215 leaves the prefix's length to the operator; RFC 6052 section 2.2 skips bits 64 to 71.
        readings = (
            bits & 0xFFFFFFFF,
            (bits >> 64 & 0xFFFF) << 16 | bits >> 40 & 0xFFFF,
            (bits >> 64 & 0xFF) << 24 | bits >> 32 & 0xFFFFFF,
            bits >> 24 & 0xFFFFFFFF,
        )
        yield from (IPv4Address(reading) for reading in readings if reading >> 24)  # else that length is not in use
