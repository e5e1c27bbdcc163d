"""Whose request this is (control, the gateway's own, an API's), and the exchange the others write on."""

from __future__ import annotations

from functools import partial
from ipaddress import ip_network

from mitmproxy import http

from addons.exchange import Exchange, begin_exchange, refusal
from addons.gate import BROKEN, gate, log_failure
from mitmgate.core.client_address import client_address
from mitmgate.core.cors import Cors
from mitmgate.core.errors import GatewayError, Refused, ServiceUnavailable
from mitmgate.core.event_hold import Hold
from mitmgate.core.paths import METHODS, Route, check_path, client_format, endpoint_of, route
from mitmgate.core.settings import Runtime, Settings
from mitmgate.core.stream_errors import render_stream_error
from mitmgate.core.via import is_circle, passed_gateways
from mitmgate.proxy.plan import Deadlines, Plan, Target, set_plan

CONTROL_S = 600.0  # a purge of many rows
CONTROL_HEADERS = frozenset(
    {b"authorization", b"content-type", b"accept", b"accept-language", b"if-match", b"if-none-match"}
)
MAX_OWN_BODY_BYTES = 64 << 10
MAX_CONTROL_BODY_BYTES = 1 << 20
MAX_CLIENT_REQUEST_ID = 200
BAD_PATH = partial(Refused, 400, "invalid_path", "The request's path is not valid.")
NOWHERE = "There is nothing at this path. APIs are served at /v1, /v2, /v1beta, /openai and /api."
NOT_FOUND = partial(Refused, 404, "not_found", NOWHERE)
NO_METHOD = partial(Refused, 405, "method_not_allowed", "This path does not know that method.", allow=METHODS)
NO_CONTROL = partial(
    ServiceUnavailable, 503, "no_control", "The admin API is served by `gatewayctl serve`, not from here."
)
IN_CIRCLE = partial(
    ServiceUnavailable, 508, "loop_detected", "The request has come back here: the upstream leads to this gateway."
)


class RouteStage:
    """Makes the exchange and its plan; sends control's paths to control."""

    def __init__(self, settings: Settings, runtime: Runtime, pseudonym: bytes) -> None:
        self._trusted = [ip_network(network) for network in settings.server.trusted_proxies]
        self._control = Target(0, "http", "127.0.0.1", runtime.control_port, allow_private=True)
        self._pseudonym = pseudonym
        self._cors = Cors(settings.server.cors_origins)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        try:
            self._begin(flow)
        except Exception as problem:
            log_failure(self.requestheaders, problem)
            flow.response = refusal(None, BROKEN())

    def _begin(self, flow: http.HTTPFlow) -> None:
        request = flow.request
        path, _, query = request.data.path.decode("latin-1").partition("?")
        headers = {name.lower().decode("latin-1"): value.decode("latin-1") for name, value in request.headers.fields}
        exchange = Exchange(client_address=self._address(flow), path=path, query=query, headers=headers)
        begin_exchange(flow, exchange)
        exchange.plan = Plan(partial(refusal, exchange), MAX_OWN_BODY_BYTES)
        set_plan(flow, exchange.plan)
        given = headers.get("x-request-id")
        if given is not None and len(given) <= MAX_CLIENT_REQUEST_ID and given.isascii() and given.isprintable():
            exchange.client_request_id = given
        self._place(flow)

    def _address(self, flow: http.HTTPFlow) -> str:
        peer = flow.client_conn.peername
        if not peer or not self._trusted:
            return peer[0] if peer else ""
        fields = flow.request.headers.fields
        forwarded_for = [value.decode("latin-1") for name, value in fields if name.lower() == b"x-forwarded-for"]
        return client_address(peer[0], forwarded_for, self._trusted)

    @gate
    def _place(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        whose = route(exchange.path)
        if whose in (Route.API, Route.FEEDBACK, Route.UNKNOWN):
            exchange.client_format = client_format(exchange.path, exchange.headers)
        if check_path(flow.request.path) is not None:
            raise BAD_PATH()
        exchange.route = whose
        if whose is Route.UNKNOWN:
            raise NOT_FOUND()
        if whose in (Route.API, Route.FEEDBACK) and flow.request.method == "OPTIONS":
            flow.response = self._preflight(exchange)
            if flow.response is not None:
                return
        if exchange.route is Route.API:
            exchange.endpoint = endpoint_of(exchange.path)
            assert exchange.plan is not None
            exchange.plan.stream_error = partial(stream_error, exchange)
            if "via" in exchange.headers and is_circle(passed_gateways(flow.request.headers.fields), self._pseudonym):
                raise IN_CIRCLE()
        elif exchange.route is Route.CONTROL:
            self._to_control(flow, exchange)

    def _preflight(self, exchange: Exchange) -> http.Response | None:
        """A browser asks whether a page may call the API, and sends no key with that."""
        get = exchange.headers.get
        fields = self._cors.preflight_fields(
            get("origin"), get("access-control-request-method"), get("access-control-request-headers")
        )
        if fields is None:
            return None
        response = http.Response.make(204, b"", http.Headers(fields))
        response.headers.pop("content-length", None)  # RFC 9110 section 8.6
        return response

    def _to_control(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        plan = exchange.plan
        assert plan is not None
        if not self._control.port:
            raise NO_CONTROL()
        if flow.request.data.method.decode("latin-1") not in METHODS:
            raise NO_METHOD()  # the server there would say so in its own words
        plan.max_request_bytes = MAX_CONTROL_BODY_BYTES
        plan.target = self._control
        plan.path = flow.request.data.path
        plan.deadlines = Deadlines(connect_s=2.0, first_byte_s=CONTROL_S, idle_s=CONTROL_S, total_s=CONTROL_S)
        kept = [(name, value) for name, value in flow.request.headers.fields if name.lower() in CONTROL_HEADERS]
        plan.headers = [
            (b"Host", b"control"),
            *kept,
            (b"X-Mitmgate-Client", exchange.client_address.encode()),
            (b"X-Request-Id", exchange.request_id.encode()),
        ]


def stream_error(exchange: Exchange, error: GatewayError, hold: Hold) -> bytes:
    """What a stream that breaks off ends with; the row gets its code."""
    exchange.error = error.code
    return render_stream_error(error, exchange.client_format, exchange.endpoint, hold, exchange.request_id)
