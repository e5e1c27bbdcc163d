"""Where a request of stock mitmproxy's may be connected to, carried by the request itself.

mitmproxy asks where a connection goes without saying for which flow, but with the very object that is the request's
host. So what was decided for one tenant can not be found, or replaced, by a request of another.
"""

from __future__ import annotations

from typing import Self

from mitmgate.proxy.plan import Target


class PinnedHost(str):
    """A host name and the checked address and port that stand for it.

    Two of different targets are never equal: mitmproxy shares a connection between requests whose hosts are.
    """

    __slots__ = ("place", "target")

    target: Target
    place: tuple[str, int]

    def __new__(cls, shown: str, target: Target, place: tuple[str, int]) -> Self:
        host = super().__new__(cls, shown)
        host.target, host.place = target, place
        return host

    def __eq__(self, other: object) -> bool:
        if isinstance(other, PinnedHost) and other.target != self.target:
            return False
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


def pinned_address(address: tuple[str, int] | None) -> tuple[str, int] | None:
    """The address to connect to instead; None for a host or port that was not decided by the chain."""
    host, port = address or ("", 0)
    if not isinstance(host, PinnedHost) or port != host.target.port:
        return None
    ip, port = host.place
    return PinnedHost(ip, host.target, host.place), port
