"""Failed authentications by client address: more than so many within a window, and the next ones are told to wait.

Only failures are counted and only failures are answered with a wait: a valid credential is never refused here.
"""

from __future__ import annotations

import ipaddress
import math
from array import array


class FailureLimiter:
    """At most `limit` failures of an address within any `window_s` seconds. IPv6 addresses count by their /64.

    Memory is bounded: at most max_addresses are held, those that failed longest ago go first.
    """

    def __init__(self, limit: int = 30, window_s: float = 60.0, max_addresses: int = 10_000) -> None:
        self._limit = limit
        self._window_s = window_s
        self._max_addresses = max_addresses
        self._failures: dict[str, array[float]] = {}

    def __len__(self) -> int:
        return len(self._failures)

    def failed(self, address: str, now: float) -> None:
        """Counts a failure of the address at `now` (seconds of any clock that does not jump)."""
        name = network_of(address)
        times = self._failures.pop(name, None)
        if times is None:
            times = array("d")
            if len(self._failures) >= self._max_addresses:
                del self._failures[next(iter(self._failures))]
        elif len(times) >= self._limit:
            del times[0]
        times.append(now)
        self._failures[name] = times

    def retry_after_s(self, address: str, now: float) -> int | None:
        """Whole seconds until one more failure would be within the limit; None when it is now."""
        if not self._failures:
            return None
        times = self._failures.get(network_of(address))
        if times is None or len(times) < self._limit:
            return None
        wait_s = times[0] + self._window_s - now
        return math.ceil(wait_s) if wait_s > 0 else None


def network_of(address: str) -> str:
    """What an address is counted under: itself, or for IPv6 its /64."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if ip.version == 4:
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return f"{int(ip) >> 64:x}/64"
