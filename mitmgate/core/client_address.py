"""Who a client is behind proxies: read from the right of `X-Forwarded-For`, as far as proxies of ours wrote it. Pure.

Each proxy adds the address it was asked from at the right end. What stands left of the first address that is no trusted
proxy was written by that client, who may write anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

type Network = IPv4Network | IPv6Network

MAX_HOPS: Final = 32  # no chain of proxies is longer


def client_address(peer: str, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> str:
    """The nearest address that is no trusted proxy; the farthest one there is when all are.

    peer is whom the connection is from, forwarded_for the header's values in the order they came. What is no address
    ends the search: the client is then the proxy that passed it on.
    """
    found = peer
    nearest = _address(peer)
    if nearest is None or not _is_trusted(nearest, trusted):
        return found
    hops = [hop for value in forwarded_for for hop in value.split(",")]
    for hop in reversed(hops[-MAX_HOPS:]):
        address = _address(hop)
        if address is None:
            return found
        found = str(address)
        if not _is_trusted(address, trusted):
            return found
    return found


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address as proxies write it: bare, in brackets, with a port behind it."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _is_trusted(address: IPv4Address | IPv6Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)  # of another version: not in it
