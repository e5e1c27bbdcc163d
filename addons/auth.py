"""Which tenant asks, by an API key or one of our tokens, before the body is read."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable
from functools import partial

from mitmproxy import http

from addons.exchange import Exchange
from addons.gate import gate
from mitmgate.core.credentials import find_credentials
from mitmgate.core.directory import Tenant
from mitmgate.core.errors import Refused
from mitmgate.core.paths import Route, required_scope
from mitmgate.core.strays import holds
from mitmgate.services.authenticator import Authenticator, Identity

IN_PATH = partial(
    Refused, 400, "credential_in_path", "The path holds a credential of this gateway, which goes no further."
)
SCOPE_MISSING = partial(Refused, 403, "scope_missing", "The API key's scopes do not cover this endpoint.")


class AuthStage:
    """Sets the exchange's tenant and key, or refuses: 401, 403, 429."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    @gate
    def requestheaders(self, flow: http.HTTPFlow, exchange: Exchange) -> Awaitable[None] | None:
        if exchange.route is not Route.API:
            return None
        request = flow.request
        credentials = find_credentials(request.headers.fields, request.path)
        found = self._authenticator.choose(credentials, is_forwarded(exchange))
        if isinstance(found, Refused):
            return self._second_look(exchange, credentials, request.method, found)
        admit(exchange, found, request.method)
        return None

    async def _second_look(self, exchange: Exchange, credentials: list[str], method: str, error: Refused) -> None:
        """A key made a moment ago elsewhere may not have come here yet; else the failure counts."""
        if await self._authenticator.look_up(credentials):
            found = self._authenticator.choose(credentials, is_forwarded(exchange))
            if not isinstance(found, Refused):
                admit(exchange, found, method)
                return
            error = found
        raise await self._authenticator.count_failure(exchange.client_address, error)


def admit(exchange: Exchange, identity: Identity, method: str) -> None:
    """Writes down who asks. Raises Refused when that tenant or key may not, or has put its credential in the path."""
    tenant, key = exchange.tenant, exchange.key = identity.tenant, identity.key
    presented = exchange.credentials = tuple(credential.encode() for credential in identity.credentials)
    exchange.auth_ms = (time.monotonic() - exchange.begun) * 1000
    refuse_blocked(tenant, time.time())
    if exchange.client_request_id is not None and holds(exchange.client_request_id.encode(), presented):
        exchange.client_request_id = None  # it would stand in the request's row
    if exchange.path != exchange.endpoint and holds(exchange.path.encode("latin-1"), presented):
        raise IN_PATH()
    if "any" not in key.scopes and required_scope(exchange.endpoint, method) not in key.scopes:
        raise SCOPE_MISSING()


def refuse_blocked(tenant: Tenant, now: float) -> None:
    """Raises 403 while an operator's block holds; one without an end says nothing of when to come back."""
    if tenant.blocked(now):
        wait = None if tenant.blocked_until is None else max(1, math.ceil(tenant.blocked_until - now))
        raise Refused(403, "tenant_blocked", "This tenant is blocked.", retry_after_s=wait)


def is_forwarded(exchange: Exchange) -> bool:
    """Whether a proxy stands between: the demo key is for the machine's own user only."""
    return any(name == "forwarded" or name.startswith("x-forwarded-") for name in exchange.headers)
