"""Request quotas: what a reservation is, and the limiter of one worker for when the store is away. Pure.

A fixed window begins with a tenant's (or key's) first request. A refused request takes nothing; enough refusals within
a minute block for five. The Lua script of services/quota.py does the same for all workers together.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

WINDOW_S: Final = 3600
EXCESS_WINDOW_S: Final = 60
BLOCK_S: Final = 300
MAX_REMEMBERED: Final = 20_000


@dataclass(frozen=True, slots=True)
class Reservation:
    """limit, remaining and reset_s are those of the scope that decided: the key's when it is the narrower."""

    allowed: bool
    blocked: bool
    limit: int
    remaining: int
    reset_s: int
    retry_after_s: int | None
    scope: str


class _Window:
    __slots__ = ("blocked_until", "ends_at", "excess", "excess_ends_at", "refused_until", "used")

    def __init__(self, now: float) -> None:
        self.used = 0
        self.ends_at = now + WINDOW_S
        self.excess = 0
        self.excess_ends_at = 0.0
        self.blocked_until = 0.0
        self.refused_until = 0.0  # by the store, as far as is known here


class LocalLimiter:
    """Each worker's share of every limit: ceil(limit / workers), so that together they hardly exceed it."""

    def __init__(self, workers: int, block_after: int) -> None:
        self._workers = workers
        self._block_after = block_after
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    def reserve(self, tenant_id: int, limit: int, key_id: int, key_limit: int | None, now: float) -> Reservation:
        """One request of the key and the tenant at `now` (seconds of a clock that does not jump)."""
        scopes = [] if key_limit is None else [("key", f"k{key_id}", key_limit)]
        scopes.append(("tenant", f"t{tenant_id}", limit))
        windows = [(scope, self._window(name, now), self._share(bound)) for scope, name, bound in scopes]
        for scope, window, bound in windows:
            if now < window.blocked_until:
                return _refusal(scope, window, bound, now, blocked=True)
        for scope, window, bound in windows:
            if window.used >= bound:
                self._exceed(window, now)
                return _refusal(scope, window, bound, now, blocked=False)
        for _, window, _ in windows:
            if not window.used:  # begins with the first request that counts, not with one refused
                window.ends_at = now + WINDOW_S
            window.used += 1
        scope, window, bound = min(windows, key=lambda each: each[2] - each[1].used)
        return Reservation(True, False, bound, bound - window.used, _whole(window.ends_at - now), None, scope)

    def remember(self, refused: Reservation, tenant_id: int, key_id: int, now: float) -> None:
        """What the store has refused stays refused here for as long, should the store go away meanwhile."""
        window = self._window(f"k{key_id}" if refused.scope == "key" else f"t{tenant_id}", now)
        window.refused_until = now + (refused.retry_after_s or 0)
        if refused.blocked:
            window.blocked_until = window.refused_until
        else:
            window.used, window.ends_at = refused.limit, now + refused.reset_s

    def refuses(self, tenant_id: int, key_id: int, now: float) -> bool:
        """Whether the store's last word was a refusal that still holds."""
        if not self._windows:
            return False
        named = (self._windows.get(f"t{tenant_id}"), self._windows.get(f"k{key_id}"))
        return any(window is not None and now < window.refused_until for window in named)

    def forget(self, tenant_id: int, key_id: int) -> None:
        """The store has let one pass: what was remembered of refusals is over."""
        if self._windows:
            self._windows.pop(f"t{tenant_id}", None)
            self._windows.pop(f"k{key_id}", None)

    def _share(self, limit: int) -> int:
        return max(1, math.ceil(limit / self._workers))

    def _window(self, name: str, now: float) -> _Window:
        window = self._windows.get(name)
        if window is None or now >= window.ends_at > window.blocked_until:
            window = self._windows[name] = _Window(now)
        elif now >= window.ends_at:
            window.used, window.ends_at = 0, now + WINDOW_S
        self._windows.move_to_end(name)
        while len(self._windows) > MAX_REMEMBERED:
            self._windows.popitem(last=False)
        return window

    def _exceed(self, window: _Window, now: float) -> None:
        if not self._block_after:
            return
        if now >= window.excess_ends_at:
            window.excess, window.excess_ends_at = 0, now + EXCESS_WINDOW_S
        window.excess += 1
        if window.excess >= self._block_after:
            window.blocked_until, window.excess = now + BLOCK_S, 0


def _refusal(scope: str, window: _Window, limit: int, now: float, blocked: bool) -> Reservation:
    wait = _whole((window.blocked_until if blocked else window.ends_at) - now)
    remaining = max(0, limit - window.used)
    return Reservation(False, blocked, limit, remaining, _whole(window.ends_at - now), max(1, wait), scope)


def _whole(seconds: float) -> int:
    """Rounded up, but not for the last digit of a difference of two large numbers."""
    return math.ceil(seconds - 1e-6)
