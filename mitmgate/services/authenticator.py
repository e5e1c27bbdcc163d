"""Whose a request is: its credentials against the directory, and what becomes of an address that fails too often."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

from mitmgate.core.credentials import MAX_CREDENTIALS
from mitmgate.core.directory import Directory, Key, KeyId, Tenant, TenantId
from mitmgate.core.errors import Refused
from mitmgate.core.failures import FailureLimiter, network_of
from mitmgate.core.keys import KEY_PREFIX, has_key_shape, hash_key
from mitmgate.core.tokens import TokenInvalid, TokenVerifier, has_token_shape
from mitmgate.services.directory_feed import DirectoryFeed
from mitmgate.services.redis import Store, StoreDown

logger = logging.getLogger(__name__)


class Identity(NamedTuple):
    """Who asks, and with which of the credentials found."""

    tenant: Tenant
    key: Key
    credentials: tuple[str, ...]


MISSING: Final = partial(
    Refused, 401, "missing_credential", "An API key or token is required: Authorization: Bearer …, or x-api-key."
)
INVALID: Final = partial(Refused, 401, "invalid_api_key", "The API key or token is not valid.")
EXPIRED: Final = partial(Refused, 401, "token_expired", "The token or API key has expired.")
AMBIGUOUS: Final = partial(
    Refused, 401, "ambiguous_credential", "The request carries credentials that do not belong together."
)
FAILURES: Final = 30
FAILURES_WINDOW_S: Final = 60
LOG_EVERY_S: Final = 10.0


class Authenticator:
    """Finds the tenant and key of credentials. Used by the chain's auth stage and by `/auth/token`."""

    def __init__(
        self,
        directory: Directory,
        feed: DirectoryFeed,
        store: Store,
        peppers: Sequence[bytes],
        verifier: TokenVerifier,
        demo: bool,
    ) -> None:
        self._directory = directory
        self._feed = feed
        self._store = store
        self._pepper, *self._old_peppers = peppers
        self._verifier = verifier
        self._demo = demo
        self._failures = FailureLimiter(FAILURES, FAILURES_WINDOW_S)
        self._refused = 0
        self._logged_at = 0.0

    def choose(self, credentials: Sequence[str], behind_proxy: bool) -> Identity | Refused:
        """The tenant and key that the credentials agree on, or the refusal (401), which nobody has raised.

        A foreign credential beside a valid one is somebody's vendor key and goes nowhere; one of ours must be good.
        """
        if not credentials:
            return MISSING()
        if len(credentials) >= MAX_CREDENTIALS:
            return AMBIGUOUS()
        now = time.time()
        chosen: Identity | None = None
        error: Refused | None = None
        for credential in credentials:
            try:
                found = self._identify(credential, now, behind_proxy)
            except TokenInvalid as problem:
                error = EXPIRED() if problem.code == "token_expired" else INVALID()
                continue
            if found is None:
                error = error or (INVALID() if looks_like_ours(credential) else None)
            elif chosen is None:
                chosen = Identity(*found, (credential,))
            elif chosen.tenant.id != found[0].id:
                return AMBIGUOUS()
            else:
                chosen = Identity(chosen.tenant, chosen.key, (*chosen.credentials, credential))
        if chosen is None:
            return error or INVALID()
        return chosen if error is None else AMBIGUOUS()

    def _identify(self, credential: str, now: float, behind_proxy: bool) -> tuple[Tenant, Key] | None:
        """Whom one credential names, if it is good now. Raises TokenInvalid for one that is ours but not good."""
        found = self._by_key(credential)
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

    async def look_up(self, credentials: Sequence[str]) -> bool:
        """Asks PostgreSQL for keys unknown here that have a key's checksum. -> whether there is one."""
        found = False
        for credential in credentials:
            if has_key_shape(credential) and self._by_key(credential) is None:
                await self._feed.lookup(hash_key(self._pepper, credential))
                found |= self._by_key(credential) is not None
        return found

    def _by_key(self, credential: str) -> tuple[Tenant, Key] | None:
        """Whose key it is, under whichever pepper. What has no key's shape (the demo's) is under the present one."""
        found = self._directory.by_key_hash(hash_key(self._pepper, credential))
        if found is None and self._old_peppers and has_key_shape(credential):
            hashes = (hash_key(pepper, credential) for pepper in self._old_peppers)
            found = next((known for each in hashes if (known := self._directory.by_key_hash(each))), None)
        return found

    async def count_failure(self, address: str, error: Refused) -> Refused:
        """Counts a failed authentication of an address, over all workers. -> what to answer: the error, or 429."""
        now = time.monotonic()
        self._refused += 1
        if now - self._logged_at > LOG_EVERY_S:
            logger.warning(
                "requests refused for want of a valid credential since the last such line: %d", self._refused
            )
            self._logged_at, self._refused = now, 0
        wait_s = self._failures.retry_after_s(address, now)  # a flood from one address costs the store nothing
        self._failures.failed(address, now)
        if wait_s is None:
            wait_s = await self._shared_wait_s(address)
        if wait_s is None:
            return error
        text = "Too many failed authentications from this address."
        return Refused(429, "too_many_failed_authentications", text, retry_after_s=wait_s)

    async def _shared_wait_s(self, address: str) -> int | None:
        name = f"f:{network_of(address)}"
        try:
            count, _, left_s = await self._store.demand(
                ("INCR", name), ("EXPIRE", name, FAILURES_WINDOW_S, "NX"), ("TTL", name)
            )
        except StoreDown:
            return None
        return max(1, left_s) if count > FAILURES else None


def looks_like_ours(credential: str) -> bool:
    """Whether it is a key or token of ours by its looks, good or not."""
    return credential.startswith(KEY_PREFIX) or has_token_shape(credential)
