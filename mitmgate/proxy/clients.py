"""The client connections of a worker: how many there may be, of one address too, and which have to go."""

from __future__ import annotations

import heapq
import ipaddress
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from mitmgate.core.client_address import Network
from mitmgate.core.descriptors import MOST_CLIENTS
from mitmgate.core.failures import network_of

HEAD_S: Final = 15.0
IDLE_S: Final = 75.0
YOUNG_S: Final = 1.0  # a client that has just come is about to ask
ROOM_MADE: Final = 64  # of the places, this part is freed at a time, since looking for the oldest takes long
NOBODY_IDLE_S: Final = 0.25


class Connection(Protocol):
    """What is looked at of a client's connection. served_at: monotonic, when a request of it began or ended last."""

    served_at: float
    head_since: float | None

    def idle(self) -> bool: ...
    def awaits_head(self) -> bool: ...
    def close_client(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """most: of all clients together. of_address: of one, None for half of all; the trusted have none."""

    most: int = MOST_CLIENTS
    of_address: int | None = None
    trusted: Sequence[Network] = ()


class Clients:
    """Admits connections, and ends those that have been idle or without a whole head for too long."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._connections: dict[Connection, str] = {}  # and the network it counts for, empty for the exempt
        self._networks: dict[str, int] = {}
        self._nobody_idle_until = 0.0

    def __len__(self) -> int:
        return len(self._connections)

    def admits(self, address: str) -> bool:
        """Whether there is a place for one more of this address. The longest idle connections give theirs up."""
        most = self.limits.most
        of_address = max(1, most // 2) if self.limits.of_address is None else self.limits.of_address
        if self._networks.get(self._network(address), 0) >= of_address:
            return False
        return len(self) < most or self._make_room()

    def add(self, connection: Connection, address: str) -> None:
        network = self._connections[connection] = self._network(address)
        if network:
            self._networks[network] = self._networks.get(network, 0) + 1

    def remove(self, connection: Connection) -> None:
        """Also of one that has given its place up."""
        network = self._connections.pop(connection, "")
        if network:
            left = self._networks[network] - 1
            if left:
                self._networks[network] = left
            else:
                del self._networks[network]

    def sweep(self) -> None:
        """Ends what has been idle too long, whatever else than requests has come. To be called once a second."""
        now = time.monotonic()
        for connection in list(self._connections):
            if not connection.idle():
                connection.head_since = None
            elif now - connection.served_at > IDLE_S or self._head_is_late(connection, now):
                connection.close_client()

    @staticmethod
    def _head_is_late(connection: Connection, now: float) -> bool:
        if not connection.awaits_head():
            connection.head_since = None
        elif connection.head_since is None:
            connection.head_since = now
        else:
            return now - connection.head_since > HEAD_S
        return False

    def _make_room(self) -> bool:
        now = time.monotonic()
        if now < self._nobody_idle_until:
            return False
        idle = [each for each in self._connections if now - each.served_at > YOUNG_S and each.idle()]
        if not idle:
            self._nobody_idle_until = now + NOBODY_IDLE_S
            return False
        for connection in heapq.nsmallest(max(1, self.limits.most // ROOM_MADE), idle, key=lambda each: each.served_at):
            self.remove(connection)
            connection.close_client()
        return True

    def _network(self, address: str) -> str:
        """What the address counts for; empty for those that have no limit of their own."""
        try:
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return ""
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        if ip.is_loopback or any(ip in network for network in self.limits.trusted):
            return ""
        return network_of(str(ip))
