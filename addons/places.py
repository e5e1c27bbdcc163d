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
    """Takes a place once the tenant is known and before the body is read, or refuses: 429, 503.

    The tenant's share is free again while the gateway itself is at work; `ForwardedPlaces` takes it for the upstream.
    """

    def __init__(self, limits: Limits, in_flight: InFlight) -> None:
        self._most = limits.max_in_flight
        self._share = share_of(limits.max_in_flight, limits.tenant_share)
        self._in_flight = in_flight

    @gate
    def requestheaders(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        if exchange.route is not Route.API:
            return
        if self._in_flight.count >= self._most:
            raise TOO_MANY()
        take_share(self._in_flight, exchange, self._share)
        self._in_flight.count += 1
        exchange.counted = True

    def request(self, flow: http.HTTPFlow) -> None:
        exchange = exchange_of(flow)
        if exchange is not None and not exchange.is_upload:
            give_share_back(self._in_flight, exchange)

    def response(self, flow: http.HTTPFlow) -> None:
        self._leave(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        self._leave(flow)

    def _leave(self, flow: http.HTTPFlow) -> None:
        exchange = exchange_of(flow)
        if exchange is not None:
            give_share_back(self._in_flight, exchange)
            self._in_flight.count -= exchange.counted
            exchange.counted = False


class ForwardedPlaces:
    """Takes the tenant's place for as long as the upstream takes, or refuses: 429."""

    def __init__(self, limits: Limits, in_flight: InFlight) -> None:
        self._share = share_of(limits.max_in_flight, limits.tenant_share)
        self._in_flight = in_flight

    @gate
    def request(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        if exchange.route is Route.API and not exchange.is_upload:
            take_share(self._in_flight, exchange, self._share)


def take_share(in_flight: InFlight, exchange: Exchange, most: int) -> None:
    """Raises Refused when the tenant has as many places as it may have."""
    assert exchange.tenant is not None
    if in_flight.waiting_of(exchange.tenant.id) >= most:
        raise TENANTS_SHARE()
    in_flight.wait(exchange.tenant.id)
    exchange.waits = True


def give_share_back(in_flight: InFlight, exchange: Exchange) -> None:
    if exchange.waits and exchange.tenant is not None:
        exchange.waits = False
        in_flight.go_on(exchange.tenant.id)
