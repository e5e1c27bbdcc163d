"""Second stage: which tenant asks, by an API key or one of our tokens, before the body is read."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Awaitable

from mitmproxy import http

from addons.exchange import Exchange
from addons.gate import gate
from mitmgate.core.credentials import MAX_CREDENTIALS, find_credentials
from mitmgate.core.directory import Directory, Key, KeyId, Tenant, TenantId
from mitmgate.core.errors import Refused
from mitmgate.core.failures import FailureLimiter
from mitmgate.core.keys import has_key_shape, hash_key
from mitmgate.core.paths import Route, required_scope
from mitmgate.core.tokens import TokenInvalid, TokenVerifier, has_token_shape
from mitmgate.services.directory_feed import DirectoryFeed

logger = logging.getLogger(__name__)

Identity = tuple[Tenant, Key]

MISSING = Refused(401, "missing_credential", "An API key or token is required: Authorization: Bearer …, or x-api-key.")
INVALID = Refused(401, "invalid_api_key", "The API key or token is not valid.")
EXPIRED = Refused(401, "token_expired", "The token or API key has expired.")
AMBIGUOUS = Refused(401, "ambiguous_credential", "The request carries credentials that do not belong together.")
LOG_EVERY_S = 10.0


class Authenticator:
    """Finds the tenant of a credential. Shared by the chain's auth stage and by `/auth/token`."""

    def __init__(
        self, directory: Directory, feed: DirectoryFeed, pepper: bytes, verifier: TokenVerifier, demo: bool
    ) -> None:
        self._directory = directory
        self._feed = feed
        self._pepper = pepper
        self._verifier = verifier
        self._demo = demo
        self._failures = FailureLimiter()
        self._refused = 0
        self._logged_at = 0.0

    def identify(self, credential: str, now: float, behind_proxy: bool) -> Identity | None:
        """Whom the credential names, if it is good now. Raises TokenInvalid for a token that is ours but not good."""
        found = self._directory.by_key_hash(hash_key(self._pepper, credential))
        if found is None and has_token_shape(credential):
            claims = self._verifier.verify(credential, now)
            found = self._directory.key(TenantId(claims.tenant_id), KeyId(claims.key_id))
        if found is None or found[0].status == "deleted":
            return None
        tenant, key = found
        if key.expires_at is not None and key.expires_at <= now:
            raise TokenInvalid("token_expired")
        if tenant.is_demo and (not self._demo or behind_proxy):
            return None
        return found

    async def look_up(self, credential: str) -> bool:
        """Asks PostgreSQL for a key this worker does not know, if it has a key's checksum. Rate-limited by the feed."""
        return has_key_shape(credential) and await self._feed.lookup(hash_key(self._pepper, credential))

    def failed(self, address: str, error: Refused) -> Refused:
        """Counts a failed authentication of an address. -> what to answer: the error, or 429 after too many."""
        now = time.monotonic()
        wait = self._failures.retry_after_s(address, now)
        self._failures.failed(address, now)
        self._refused += 1
        if now - self._logged_at > LOG_EVERY_S:
            logger.warning("%d requests without a valid credential since the last such line", self._refused)
            self._logged_at, self._refused = now, 0
        if wait is not None:
            text = "Too many failed authentications from this address."
            return Refused(429, "too_many_failed_authentications", text, retry_after_s=wait)
        return error


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
        if not credentials:
            raise self._authenticator.failed(exchange.client_address, MISSING)
        if len(credentials) >= MAX_CREDENTIALS:
            raise self._authenticator.failed(exchange.client_address, AMBIGUOUS)
        behind_proxy = is_forwarded(exchange)
        identities, error, unknown = self._identify(credentials, behind_proxy)
        if not identities and any(has_key_shape(credential) for credential in unknown):
            return self._identify_unknown(exchange, credentials, behind_proxy, request.method)
        self._accept(exchange, identities, error, unknown, request.method)
        return None

    async def _identify_unknown(
        self, exchange: Exchange, credentials: list[str], behind_proxy: bool, method: str
    ) -> None:
        for credential in credentials:
            await self._authenticator.look_up(credential)
        identities, error, unknown = self._identify(credentials, behind_proxy)
        self._accept(exchange, identities, error, unknown, method)

    def _identify(self, credentials: list[str], behind_proxy: bool) -> tuple[list[Identity], Refused | None, list[str]]:
        now = time.time()
        identities: list[Identity] = []
        unknown: list[str] = []
        error = None
        for credential in credentials:
            try:
                found = self._authenticator.identify(credential, now, behind_proxy)
            except TokenInvalid as problem:
                error = EXPIRED if problem.code == "token_expired" else INVALID
                continue
            if found is not None:
                identities.append(found)
            else:
                unknown.append(credential)
        return identities, error, unknown

    def _accept(
        self,
        exchange: Exchange,
        identities: list[Identity],
        error: Refused | None,
        unknown: list[str],
        method: str,
    ) -> None:
        refuse = self._authenticator.failed
        if not identities:
            raise refuse(exchange.client_address, error or INVALID)
        # A foreign credential beside a valid one is somebody's vendor key and goes nowhere; one of ours must be good.
        if error is not None or any(map(looks_like_ours, unknown)):
            raise refuse(exchange.client_address, AMBIGUOUS)
        if len({tenant.id for tenant, _ in identities}) > 1:
            raise refuse(exchange.client_address, AMBIGUOUS)
        exchange.tenant, exchange.key = identities[0]
        exchange.auth_ms = (time.monotonic() - exchange.begun) * 1000
        self._permit(exchange, method)

    def _permit(self, exchange: Exchange, method: str) -> None:
        tenant, key = exchange.tenant, exchange.key
        assert tenant is not None and key is not None
        now = time.time()
        refuse_blocked(tenant, now)
        if "any" not in key.scopes and required_scope(exchange.endpoint, method) not in key.scopes:
            raise Refused(403, "scope_missing", "The API key's scopes do not cover this endpoint.")


def refuse_blocked(tenant: Tenant, now: float) -> None:
    """Raises 403 while an operator's block holds; one without an end says nothing of when to come back."""
    if tenant.blocked(now):
        wait = None if tenant.blocked_until is None else max(1, math.ceil(tenant.blocked_until - now))
        raise Refused(403, "tenant_blocked", "This tenant is blocked.", retry_after_s=wait)


def looks_like_ours(credential: str) -> bool:
    """Whether it is a key or token of ours by its looks, good or not."""
    return credential.startswith("mg_") or has_token_shape(credential)


def is_forwarded(exchange: Exchange) -> bool:
    """Whether a proxy stands between: the demo key is for the machine's own user only."""
    return any(name == "forwarded" or name.startswith("x-forwarded-") for name in exchange.headers)
