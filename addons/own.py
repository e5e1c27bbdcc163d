"""The gateway's own paths, answered by each worker itself: logins and health do not depend on control."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Mapping
from functools import partial

import orjson
from mitmproxy import http

from addons.auth import is_forwarded, refuse_blocked
from addons.exchange import Exchange
from addons.gate import gate
from mitmgate.core.errors import Refused, ServiceUnavailable
from mitmgate.core.paths import Route
from mitmgate.core.tokens import has_token_shape, issue_token
from mitmgate.services.authenticator import INVALID, Authenticator, Identity
from mitmgate.services.status import Status

NOT_POSTED = partial(Refused, 405, "method_not_allowed", "This path takes POST.", allow=("POST",))
NOT_READ = partial(Refused, 405, "method_not_allowed", "This path takes GET and HEAD.", allow=("GET", "HEAD"))
BAD_LOGIN = partial(Refused, 400, "invalid_request", 'The body must be JSON: {"api_key": "…"}.', param="api_key")
NOT_READY = partial(ServiceUnavailable, 503, "not_ready", "The gateway is not ready.", retry_after_s=1)


class OwnStage:
    """`POST /auth/token` and `GET /health`, `/health/live`, `/health/ready`."""

    def __init__(
        self,
        authenticator: Authenticator,
        secrets: Mapping[str, bytes],
        ttl_s: float,
        status: Status,
    ) -> None:
        self._authenticator = authenticator
        self._secrets = secrets
        self._ttl_s = int(ttl_s)
        self._status = status

    @gate
    def request(self, flow: http.HTTPFlow, exchange: Exchange) -> Awaitable[None] | None:
        if exchange.route is Route.TOKEN:
            return self._token(flow, exchange)
        if exchange.route is Route.HEALTH:
            self._answer_health(flow, exchange)
        return None

    async def _token(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        if flow.request.data.method != b"POST":
            raise NOT_POSTED()
        api_key = self._api_key(flow.request)
        tenant, key, _ = await self._identify(api_key, exchange)
        now = time.time()
        refuse_blocked(tenant, now)
        ttl_s = self._ttl_s if key.expires_at is None else max(1, min(self._ttl_s, int(key.expires_at - now)))
        token = issue_token(
            tenant_id=tenant.id, key_id=key.id, secrets=self._secrets, ttl_s=ttl_s, now=now, demo=tenant.is_demo
        )
        flow.response = answer(200, {"token": token, "expires_in": ttl_s, "token_type": "Bearer"})

    async def _identify(self, api_key: str, exchange: Exchange) -> Identity:
        found = self._choose(api_key, exchange)
        if isinstance(found, Refused) and await self._authenticator.look_up([api_key]):
            found = self._choose(api_key, exchange)
        if isinstance(found, Refused):
            raise await self._authenticator.count_failure(exchange.client_address, found)
        return found

    def _choose(self, api_key: str, exchange: Exchange) -> Identity | Refused:
        if has_token_shape(api_key):  # a token makes no token
            return INVALID()
        return self._authenticator.choose([api_key], is_forwarded(exchange))

    @staticmethod
    def _api_key(request: http.Request) -> str:
        try:
            body = orjson.loads(request.raw_content or b"")
        except orjson.JSONDecodeError:
            raise BAD_LOGIN() from None
        api_key = body.get("api_key") if isinstance(body, dict) else None
        if not isinstance(api_key, str) or not api_key or len(api_key) > 4096:
            raise BAD_LOGIN()
        return api_key

    def _answer_health(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        if flow.request.data.method not in (b"GET", b"HEAD"):
            raise NOT_READ()
        if exchange.path.endswith("/live"):
            flow.response = answer(200, {"status": "ok"})
        elif exchange.path.endswith("/ready"):
            if not self._status.ready():
                raise NOT_READY()
            flow.response = answer(200, {"status": "ready"})
        else:
            flow.response = answer(200, self._status.health())


def answer(status: int, body: dict[str, object]) -> http.Response:
    """A JSON answer that no cache between keeps."""
    return http.Response.make(
        status, orjson.dumps(body), {"Content-Type": "application/json", "Cache-Control": "no-store"}
    )
