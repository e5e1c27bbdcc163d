"""A place among the requests that a worker has under way, so that none of its tenants takes them all."""

from __future__ import annotations

from functools import partial

from mitmproxy import http

from addons.exchange import Exchange, exchange_of
from addons.gate import gate
from mitmgate.core.errors import Refused, ServiceUnavailable
from mitmgate.core.in_flight import InFlight, share_of
from mitmgate.core.paths import Route
from mitmgate.core.settings import Limits

TOO_MANY = partial(ServiceUnavailable, 503, "gateway_overloaded", "Too many requests are in flight.", retry_after_s=1)
TENANTS_SHARE = partial(
    Refused,
    429,
    "too_many_concurrent_requests",
    "This tenant has too many requests in flight at the same time.",
    retry_after_s=1,
)


class PlacesStage:
    """Takes a place once the tenant is known and before the body is read, or refuses: 429, 503."""

    def __init__(self, limits: Limits, in_flight: InFlight) -> None:
        self._most = limits.max_in_flight
        self._tenants = share_of(limits.max_in_flight, limits.tenant_share)
        self._in_flight = in_flight

    @gate
    def requestheaders(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        if exchange.route is not Route.API:
            return
        assert exchange.tenant is not None and exchange.plan is not None
        tenant_id = exchange.tenant.id
        if self._in_flight.of(tenant_id) >= self._tenants:
            raise TENANTS_SHARE()
        if self._in_flight.count >= self._most:
            raise TOO_MANY()
        self._in_flight.enter(tenant_id)
        exchange.counted = True

    def response(self, flow: http.HTTPFlow) -> None:
        self._leave(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        self._leave(flow)

    def _leave(self, flow: http.HTTPFlow) -> None:
        exchange = exchange_of(flow)
        if exchange is not None and exchange.counted and exchange.tenant is not None:
            exchange.counted = False
            self._in_flight.leave(exchange.tenant.id)
