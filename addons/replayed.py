"""Flows that are played again in stock mitmproxy: no credential was saved with them, so they say whose they were."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from functools import partial
from typing import Final

from mitmproxy import flow as mitmflow
from mitmproxy import http

from addons.auth import AuthStage, admit
from addons.exchange import Exchange, exchange_of
from addons.gate import gate
from mitmgate.core.directory import Directory, KeyId, TenantId
from mitmgate.core.errors import Refused
from mitmgate.core.paths import Route
from mitmgate.core.retry import Failure
from mitmgate.proxy.sealed import redacted_path
from mitmgate.services.authenticator import Identity

TENANT: Final = "mitmgate_tenant"
KEY: Final = "mitmgate_key"
PATH: Final = "mitmgate_path"
CLIENT_LEFT: Final = ("Client disconnected", "stream reset by client", "peer closed", "HTTP/2 connection closed")
NOBODY: Final = partial(Refused, 401, "invalid_api_key", "Nobody whose request this was may still ask.")


def remember_caller(flow: http.HTTPFlow) -> None:
    """Writes into the flow what a replay needs; all of it is fit to be shown and saved."""
    exchange = exchange_of(flow)
    if exchange is None or exchange.tenant is None or exchange.key is None:
        return
    query = f"?{exchange.query}" if exchange.query else ""
    flow.metadata[TENANT], flow.metadata[KEY] = exchange.tenant.id, exchange.key.id
    flow.metadata[PATH] = redacted_path(exchange.path + query, exchange.credentials)


class Arrival:
    """The first stage in stock mitmproxy: sees what comes, from a client, an upstream or a file, before the chain."""

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if flow.is_replay != "request":
            return
        flow.request.headers.pop("via", None)  # saved as it left here: it would look as if it had come back
        if isinstance(path := flow.metadata.get(PATH), str):
            flow.request.data.path = path.encode("latin-1", "replace")

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        exchange = exchange_of(flow)
        if exchange is not None and exchange.plan is not None and exchange.plan.attempts:
            exchange.plan.first_byte_at = time.monotonic()

    def error(self, flow: http.HTTPFlow) -> None:
        """mitmproxy's words may be the peer's: ours say which side broke, as in a worker."""
        exchange = exchange_of(flow)
        if exchange is None or exchange.plan is None or flow.error is None:
            return
        if flow.error.msg.startswith(CLIENT_LEFT) or flow.error.msg == mitmflow.Error.KILLED_MESSAGE:
            flow.error.msg = "client_closed"
            return
        failure = Failure.RESET if flow.server_conn.timestamp_tcp_setup else Failure.CONNECT
        exchange.plan.end_attempt(failure)
        flow.error.msg = failure.value


class ReplayAuth:
    """In the place of auth: a replayed flow's caller is the one it was saved with, if that one may still ask."""

    def __init__(self, directory: Directory, auth: AuthStage) -> None:
        self._directory = directory
        self._auth = auth

    def requestheaders(self, flow: http.HTTPFlow) -> Awaitable[object] | None:
        known = isinstance(flow.metadata.get(TENANT), int) and isinstance(flow.metadata.get(KEY), int)
        if flow.is_replay == "request" and known:
            return self._admit(flow)
        return self._auth.requestheaders(flow)  # also a file of somebody else's

    @gate
    def _admit(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        if exchange.route is not Route.API:
            return
        identity = self._directory.key(TenantId(flow.metadata[TENANT]), KeyId(flow.metadata[KEY]))
        if identity is None or identity[0].status == "deleted":
            raise NOBODY()
        admit(exchange, Identity(*identity, ()), flow.request.method)
