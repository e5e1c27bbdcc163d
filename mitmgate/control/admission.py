"""Who may use the admin API: judged before routing, so that no route can be forgotten."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mitmgate.control.problems import respond
from mitmgate.core.errors import GatewayError, Refused, ServiceUnavailable
from mitmgate.core.failures import FailureLimiter

log = logging.getLogger(__name__)

MAX_BODY_BYTES: Final = 1024 * 1024
#: Pages for people: a browser cannot send a bearer token, so these take it as a Basic password too. They only read:
#: a browser sends Basic credentials along with requests that other sites make it send.
BASIC_PATHS: Final = frozenset({"/admin/docs", "/admin/openapi.json"})

#: What workers ask for tenants, with a token that opens nothing else and the key's name in a header.
FOR_TENANTS: Final = frozenset({"/admin/cache/feedback"})

_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST_TOKEN: Final = 1024


@dataclass(frozen=True, slots=True)
class Actor:
    """Whose token it was. `name` is for the audit log; address is the client's."""

    name: str
    role: str
    address: str


#: Finds (id, name, role) of an admin token among the stored ones.
FindToken = Callable[[str], Awaitable[tuple[int, str, str] | None]]


class Door:
    """Lets in who shows an admin token whose role allows the method; reads the body up to its limit, always as JSON."""

    def __init__(
        self, app: ASGIApp, admin_token: str, worker_token: str, find_token: FindToken, failures: FailureLimiter
    ) -> None:
        self._app = app
        self._admin_token = hashlib.sha256(admin_token.encode()).digest()
        self._worker_token = hashlib.sha256(worker_token.encode()).digest()
        self._find_token = find_token
        self._failures = failures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            actor = await self._admit(request)
            body = await _read(request)
        except ClientDisconnect:
            return
        except GatewayError as error:
            await _refusal(error, request.url.path)(scope, receive, send)
            return
        except Exception:
            log.exception("an admin call could not be judged")
            broken = ServiceUnavailable(503, "admission_failed", "Whether this token is valid could not be found out.")
            await _refusal(broken, request.url.path)(scope, receive, send)
            return
        headers = [(name, value) for name, value in scope["headers"] if name != b"content-type"]
        inner = {**scope, "headers": [*headers, (b"content-type", b"application/json")], "state": {"actor": actor}}
        if scope["method"] == "HEAD":
            inner["method"] = "GET"  # the server, which has its own scope, leaves the body out
        await self._app(inner, _replay(body, receive), send)

    async def _admit(self, request: Request) -> Actor:
        address = request.headers.get("x-mitmgate-client") or (request.client.host if request.client else "unknown")
        token = _token_of(request)
        if token is None:
            raise Refused(401, "missing_admin_token", "The admin API needs an admin token as Bearer authorization.")
        if request.url.path in FOR_TENANTS and self._is_worker(token):
            return Actor(request.headers.get("x-mitmgate-key", "")[:300], "tenant", address[:64])
        actor = await self._actor(token, address[:64])
        if actor is None:
            now = time.monotonic()
            wait_s = self._failures.retry_after_s(address, now)
            self._failures.failed(address, now)
            if wait_s is not None:
                raise Refused(429, "too_many_failures", "Too many failed authentications.", retry_after_s=wait_s)
            raise Refused(401, "invalid_admin_token", "That is no valid admin token.")
        if actor.role == "metrics":
            raise Refused(403, "role_not_allowed", "A token of role metrics opens nothing here.")
        if actor.role != "admin" and request.method not in _READS:
            raise Refused(403, "role_not_allowed", "A token of role viewer only reads.")
        return actor

    def _is_worker(self, token: str) -> bool:
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        return hmac.compare_digest(digest, self._worker_token)

    async def _actor(self, token: str, address: str) -> Actor | None:
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        if hmac.compare_digest(digest, self._admin_token):
            return Actor("admin-token", "admin", address)
        found = await self._find_token(token)
        return None if found is None else Actor(f"{found[1]} (token {found[0]})", found[2], address)


def _token_of(request: Request) -> str | None:
    given = request.headers.getlist("authorization")
    if len(given) > 1:
        raise Refused(401, "invalid_admin_token", "There is more than one Authorization header.")
    scheme, _, credential = (given[0] if given else "").partition(" ")
    credential = credential.strip()
    if scheme.lower() == "basic" and request.url.path in BASIC_PATHS and request.method in _READS:
        try:
            credential = base64.b64decode(credential, validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError):
            return None
    elif scheme.lower() != "bearer":
        return None
    return credential if 0 < len(credential) <= _LONGEST_TOKEN else None


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise Refused(413, "body_too_large", f"A body of the admin API is at most {MAX_BODY_BYTES} bytes.")
    return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again


def _refusal(error: GatewayError, path: str) -> Response:
    answer = respond(error)
    if error.status == 401 and path in BASIC_PATHS:
        answer.headers.append("WWW-Authenticate", 'Basic realm="mitmgate: admin token as password", charset="UTF-8"')
    return answer
