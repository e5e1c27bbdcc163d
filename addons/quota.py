"""Takes one request out of the tenant's and the key's window; the same round trip asks the cache."""

from __future__ import annotations

import time
from collections.abc import Awaitable

from mitmproxy import http

from addons.cache import CacheStage
from addons.exchange import Exchange
from addons.gate import gate
from mitmgate.core.errors import Refused
from mitmgate.core.limits import Reservation
from mitmgate.core.paths import Route
from mitmgate.services.quota import Quota
from mitmgate.services.redis import Store, StoreDown


class QuotaStage:
    """Sets the reservation and the cache's reply, or refuses: 429, 403, 503."""

    def __init__(self, store: Store, quota: Quota, cache: CacheStage) -> None:
        self._store = store
        self._quota = quota
        self._cache = cache

    @gate
    def requestheaders(self, flow: http.HTTPFlow, exchange: Exchange) -> Awaitable[None] | None:
        if exchange.route is not Route.API:
            return None
        assert exchange.tenant is not None and exchange.key is not None
        # An upload's headers go upstream before `request` runs; whoever was refused a moment ago gets no body read.
        if exchange.is_upload or self._quota.refuses(exchange.tenant, exchange.key, time.monotonic()):
            return self._reserve(exchange)
        return None

    @gate
    def request(self, flow: http.HTTPFlow, exchange: Exchange) -> Awaitable[None] | None:
        if exchange.route is not Route.API or exchange.is_upload:
            return None
        self._cache.ask(flow, exchange)
        if exchange.reservation is None:
            return self._reserve(exchange)
        return self._look_up(exchange)

    async def _reserve(self, exchange: Exchange) -> None:
        tenant, key = exchange.tenant, exchange.key
        assert tenant is not None and key is not None
        begun = time.monotonic()
        commands = self._quota.commands(tenant, key)
        lookup = self._cache.lookup_command(exchange)
        try:
            replies = await self._store.pipeline([*commands, lookup] if lookup else commands)
            reservation = self._quota.read(replies, has_key_limit=key.rate_limit_per_hour is not None)
            if lookup:
                exchange.cache_reply = replies[-1]
            if reservation.allowed:
                self._quota.forget(tenant, key)
            else:
                self._quota.remember(reservation, tenant, key, time.monotonic())
        except StoreDown:
            reservation = self._quota.degraded(tenant, key, time.monotonic())
            if lookup:
                exchange.cache_detail = "store away"
        exchange.reservation = reservation
        exchange.limit_ms = (time.monotonic() - begun) * 1000
        if not reservation.allowed:
            raise refused(reservation)

    async def _look_up(self, exchange: Exchange) -> None:
        """The cache alone, for the request that was expected to be refused and was not."""
        lookup = self._cache.lookup_command(exchange)
        if lookup is None:
            return
        try:
            (exchange.cache_reply,) = await self._store.pipeline([lookup])
        except StoreDown:
            exchange.cache_detail = "store away"


def refused(reservation: Reservation) -> Refused:
    """429 over the limit; 403 once the excess has led to a block."""
    whose = "API key" if reservation.scope == "key" else "tenant"
    if reservation.blocked:
        text = f"This {whose} is blocked after repeatedly exceeding its request limit."
        return Refused(403, f"{reservation.scope}_blocked", text, retry_after_s=reservation.retry_after_s)
    text = f"The {whose}'s request limit of {reservation.limit} per hour is reached."
    return Refused(429, "rate_limit_exceeded", text, retry_after_s=reservation.retry_after_s)
