"""Forwarding by stock mitmproxy: writes the chain's plan into the flow, pins addresses, and keeps secrets unseen."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import certifi
from mitmproxy import http
from mitmproxy.net.tls import starts_like_tls_record
from mitmproxy.proxy import layer, server_hooks
from mitmproxy.proxy.layers.http import HTTPMode
from mitmproxy.proxy.layers.modes import ReverseProxy

from addons.exchange import Exchange, exchange_of
from addons.gate import gate, observer
from addons.replayed import remember_caller
from mitmgate.core.errors import ServiceUnavailable
from mitmgate.core.event_hold import hold_for
from mitmgate.core.paths import WITH_BODY, Route
from mitmgate.core.retry import Failure, error_of
from mitmgate.core.settings import Settings
from mitmgate.proxy.gateway import make_gateway
from mitmgate.proxy.pinned import PinnedHost, pinned_address
from mitmgate.proxy.plan import Plan
from mitmgate.proxy.pool import DialFailed
from mitmgate.proxy.redirected import may_follow
from mitmgate.proxy.sealed import SealedHeaders, SealingHttpLayer, redact_credentials, seal_body
from mitmgate.proxy.stream import TOO_LARGE

NO_PLAN: Final = partial(
    ServiceUnavailable, 503, "gateway_error", "The gateway could not decide where this request goes."
)
_TOKEN: Final = re.compile(rb'(?<="token":")[^"]+')


def layer_for(next_layer: layer.NextLayer) -> layer.Layer | None:
    """Our sealing layer below a reverse proxy that clients speak plain HTTP to."""
    context, seen = next_layer.context, next_layer.data_client()
    if not seen or starts_like_tls_record(seen) or not isinstance(context.layers[-2:][0], ReverseProxy):
        return None
    return SealingHttpLayer(context, HTTPMode.transparent)


class StockForwarding:
    """The last stage of the chain on the way in, and on the way out."""

    def __init__(self, settings: Settings, complete: Callable[[http.HTTPFlow], None]) -> None:
        self._complete = complete
        self._gateway = make_gateway(settings)  # of it only the pool's look at addresses is used, and its audits
        self.audits = self._gateway.audits
        self._ca_file = settings.upstream.ca_file

    def trusted_ca(self, data_dir: Path) -> str | None:
        """mitmproxy takes one file in place of the public roots: theirs and `upstream.ca_file`'s in one."""
        if not self._ca_file:
            return None
        bundle = data_dir / "run" / "upstream-ca.pem"
        bundle.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + Path(self._ca_file).read_bytes())
        return str(bundle)

    async def requestheaders(self, flow: http.HTTPFlow) -> None:
        exchange = exchange_of(flow)
        redact_credentials(flow.request, exchange.credentials if exchange is not None else ())
        remember_caller(flow)
        if (pending := self._upload(flow)) is not None:
            await pending
        if flow.response is not None:
            flow.request.stream = False  # mitmproxy can not both answer and stream

    @gate
    async def _upload(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        if exchange.is_upload:
            await self._forward(flow, exchange)

    async def request(self, flow: http.HTTPFlow) -> None:
        exchange = exchange_of(flow)
        if exchange is not None and exchange.route is Route.TOKEN:
            flow.request.raw_content = b'{"api_key": "redacted"}'
        if (pending := self._send(flow)) is not None:
            await pending

    @gate
    async def _send(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        plan, size = exchange.plan, len(flow.request.raw_content or b"")
        assert plan is not None
        plan.request_bytes = size
        if size > plan.max_request_bytes:
            raise TOO_LARGE()
        if not exchange.is_upload:
            await self._forward(flow, exchange)

    async def _forward(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        plan, request = exchange.plan, flow.request
        if plan is None or plan.target is None:
            raise NO_PLAN()
        try:
            addresses, port = await self._gateway.pool.resolved(plan.target)
        except DialFailed as failed:
            raise error_of(failed.failure) from None
        data = request.data
        data.scheme, data.port = plan.target.scheme.encode(), plan.target.port
        data.host = PinnedHost(plan.target.host, plan.target, (addresses[0], port))
        data.path, data.authority, data.http_version = plan.path, b"", b"HTTP/1.1"
        fields = [*plan.headers, *_framing(request)]
        data.headers = http.Headers(fields) if plan.credential is None else SealedHeaders(fields, plan.credential)
        plan.begin_attempt(again=False)
        plan.ask(reused=False)

    def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        """Only to where the chain sends somebody, and there to the very address that was checked."""
        pinned = pinned_address(data.server.address)
        if pinned is None:
            data.server.error = "not planned by the chain"
            return
        data.server.alpn_offers = (b"http/1.1",)
        data.server.address = pinned

    @observer
    def responseheaders(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        plan, response = exchange.plan, flow.response
        assert plan is not None and response is not None
        if plan.attempts:
            plan.tries[-1].status = response.status_code
        if plan.attempts and not may_follow(response, plan, bool(flow.request.raw_content)):
            refused = plan.render(error_of(Failure.REDIRECT))  # `response` below puts its body in
            plan.end_attempt(Failure.REDIRECT)
            response.status_code, response.headers, response.stream = refused.status_code, refused.headers, False
        elif plan.attempts and response.stream:
            response.stream = self._passing(flow, plan)

    def _passing(self, flow: http.HTTPFlow, plan: Plan) -> Callable[[bytes], list[bytes]]:
        """What mitmproxy calls with each chunk and, last, with none: completes the answer before its last bytes."""
        complete = False
        response = flow.response
        assert response is not None
        hold = hold_for(response.headers.get("content-type", ""), response.headers.get("content-encoding", ""))

        def passed(chunk: bytes) -> list[bytes]:
            nonlocal complete
            plan.response_bytes += len(chunk)
            last = not chunk
            if plan.cover is not None:
                chunk = plan.cover.pass_on(chunk, last)
            if hold is not None:  # the tap reads whole events
                chunk = hold.pass_on(chunk) + (hold.rest() if last or complete else b"")
            ends = last or (plan.tap is not None and bool(plan.tap.split_terminal(chunk)[1]))
            if ends and not complete:
                complete = True
                self._complete(flow)
            return [chunk] if chunk else []  # an empty one would end the answer

        return passed

    @observer
    def response(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        response, plan = flow.response, exchange.plan
        if plan is not None and plan.failure is Failure.REDIRECT and response is not None:
            response.raw_content = plan.render(error_of(Failure.REDIRECT)).raw_content
        if exchange.route is Route.TOKEN and response is not None and response.status_code == 200:
            body = response.raw_content or b""
            seal_body(flow, _TOKEN.sub(lambda found: b"*" * len(found[0]), body))


def _framing(request: http.Request) -> list[tuple[bytes, bytes]]:
    body = request.raw_content
    if body is not None:
        return [(b"Content-Length", b"%d" % len(body))] if body or request.method in WITH_BODY else []
    length = request.headers.get("content-length")
    return [(b"Content-Length", length.encode())] if length else [(b"Transfer-Encoding", b"chunked")]
