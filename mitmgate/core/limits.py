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
    __slots__ = ("allowance", "blocked_until", "ends_at", "excess", "excess_ends_at", "limit", "refused_until", "used")

    def __init__(self, now: float) -> None:
        self.used = 0
        self.limit = 0  # that the window is known to have
        self.allowance: int | None = None  # of what the store said was left; None: of the limit
        self.ends_at = now + WINDOW_S
        self.excess = 0
        self.excess_ends_at = 0.0
        self.blocked_until = 0.0
        self.refused_until = 0.0  # by the store, as far as is known here


class LocalLimiter:
    """Each worker's share of what was left of every limit when the store went away, or else of the limit.

    Times are seconds of a clock that does not jump.
    """

    def __init__(self, workers: int, block_after: int) -> None:
        """workers: of this node. block_after: 0 blocks nobody."""
        self._workers = self._living = workers
        self._rank: int | None = None
        self.block_after = block_after
        self._windows: OrderedDict[str, _Window] = OrderedDict()
        self._left: OrderedDict[str, tuple[int, int, float]] = OrderedDict()  # of which limit, and when it ends

    def living(self, workers: int, rank: int) -> None:
        """How many workers all nodes have together, and how many of them come before this one."""
        self._living, self._rank = max(workers, self._workers), rank

    def see(self, name: str, left: int, limit: int, ends_at: float) -> None:
        """What the store says is left of a scope's window. name: `t` and a tenant's id, `k` and a key's."""
        counted = self._windows.get(name)
        if counted is not None and not counted.refused_until:
            del self._windows[name]  # of the last time that the store was away
        self._left[name] = (left, limit, ends_at)
        self._left.move_to_end(name)
        if len(self._left) > MAX_REMEMBERED:
            self._left.popitem(last=False)

    def reserve(self, tenant_id: int, limit: int, key_id: int, key_limit: int | None, now: float) -> Reservation:
        """One request of the key and the tenant."""
        scopes = [] if key_limit is None else [("key", f"k{key_id}", key_limit)]
        scopes.append(("tenant", f"t{tenant_id}", limit))
        named = [(scope, self._window(name, now), bound) for scope, name, bound in scopes]
        windows = [(scope, window, self._bound(window, bound)) for scope, window, bound in named]
        for scope, window, bound in windows:
            if now < window.blocked_until:
                return self._refusal(scope, window, bound, now, blocked=True)
        for scope, window, bound in windows:
            if window.used >= bound:
                self._exceed(window, now)
                return self._refusal(scope, window, bound, now, blocked=False)
        for _, window, _ in windows:
            if not window.used and window.allowance is None:  # begins with the first that counts, not with one refused
                window.ends_at = now + WINDOW_S
            window.used += 1
        scope, window, bound = min(windows, key=lambda each: each[2] - each[1].used)
        limit = max(bound, window.limit)
        return Reservation(True, False, limit, bound - window.used, _whole(window.ends_at - now), None, scope)

    def remember(self, refused: Reservation, tenant_id: int, key_id: int, now: float) -> None:
        """What the store has refused stays refused here for as long, should the store go away meanwhile."""
        window = self._window(f"k{key_id}" if refused.scope == "key" else f"t{tenant_id}", now)
        window.refused_until = now + (refused.retry_after_s or 0)
        if refused.blocked:
            window.blocked_until = window.refused_until
        else:
            window.used, window.ends_at = refused.limit, now + refused.reset_s
            window.allowance = None

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

    def _bound(self, window: _Window, limit: int) -> int:
        """An allowance is exactly divided; of a limit of which nothing is known everybody has one request at least."""
        if window.allowance is not None:
            return window.allowance
        if self._rank is None:
            return max(1, math.ceil(limit / self._living))
        return max(1, self._share(limit))

    @staticmethod
    def _refusal(scope: str, window: _Window, bound: int, now: float, blocked: bool) -> Reservation:
        wait = _whole((window.blocked_until if blocked else window.ends_at) - now)
        limit, remaining = max(bound, window.limit), max(0, bound - window.used)
        return Reservation(False, blocked, limit, remaining, _whole(window.ends_at - now), max(1, wait), scope)

    def _share(self, requests: int) -> int:
        whole, rest = divmod(requests, self._living)
        return whole + (self._rank is not None and self._rank < rest)

    def _window(self, name: str, now: float) -> _Window:
        window = self._windows.get(name)
        if window is None or now >= window.ends_at > window.blocked_until:
            window = self._windows[name] = _Window(now)
            left, limit, ends_at = self._left.pop(name, (0, 0, 0.0))
            if now < ends_at:
                window.allowance, window.limit, window.ends_at = self._share(left), limit, ends_at
        elif now >= window.ends_at:
            window.used, window.allowance, window.ends_at = 0, None, now + WINDOW_S
        self._windows.move_to_end(name)
        while len(self._windows) > MAX_REMEMBERED:
            self._windows.popitem(last=False)
        return window

    def _exceed(self, window: _Window, now: float) -> None:
        if not self.block_after:
            return
        if now >= window.excess_ends_at:
            window.excess, window.excess_ends_at = 0, now + EXCESS_WINDOW_S
        window.excess += 1
        if window.excess >= self.block_after:
            window.blocked_until, window.excess = now + BLOCK_S, 0


def _whole(seconds: float) -> int:
    """Rounded up, but not for the last digit of a difference of two large numbers."""
    return math.ceil(seconds - 1e-6)
