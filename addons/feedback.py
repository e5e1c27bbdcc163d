"""`POST /v1/feedback`: a tenant says whether a hit was right. Control does it; this asks it in the tenant's name."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable
from functools import partial
from typing import Any, Final

import orjson
from mitmproxy import http

from addons.auth import SCOPE_MISSING, is_forwarded, refuse_blocked
from addons.exchange import Exchange
from addons.gate import gate
from addons.own import NOT_POSTED
from addons.route import NO_CONTROL
from mitmgate.core.allowance import Allowance
from mitmgate.core.credentials import find_credentials
from mitmgate.core.errors import GatewayError, Refused, ServiceUnavailable
from mitmgate.core.paths import ANY_SCOPE, FEEDBACK_SCOPE, Route
from mitmgate.core.told_of_hit import read_told
from mitmgate.services.authenticator import Authenticator, Identity
from mitmgate.services.logs import reason_of
from mitmgate.services.plain_http import AnswerBroken, ask

PATH: Final = "/admin/cache/feedback"
WITHIN_S: Final = 20.0
AT_ONCE: Final = 8  # calls of a worker to control
PER_S, BURST = 5.0, 50  # of a tenant, in a worker

TOO_OFTEN: Final = partial(
    Refused, 429, "too_much_feedback", "This tenant sends feedback faster than it is taken.", retry_after_s=1
)
BUSY: Final = partial(ServiceUnavailable, 503, "feedback_busy", "Too much feedback is under way.", retry_after_s=1)
AWAY: Final = partial(
    ServiceUnavailable, 503, "control_unavailable", "Feedback cannot be taken at the moment.", retry_after_s=1
)

logger = logging.getLogger(__name__)


class FeedbackStage:
    """Answers 204 once what was said holds here. It is no request of the tenant's: it has no row and no part in limits.

    control_port: 0 where control is not served. token: `worker_token`.
    """

    def __init__(self, authenticator: Authenticator, control_port: int, token: str) -> None:
        self._authenticator = authenticator
        self._control_port = control_port
        self._token = token
        self._allowance = Allowance[int](PER_S, BURST)
        self._under_way = 0

    @gate
    def request(self, flow: http.HTTPFlow, exchange: Exchange) -> Awaitable[None] | None:
        return self._take(flow, exchange) if exchange.route is Route.FEEDBACK else None

    async def _take(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        if flow.request.data.method != b"POST":
            raise NOT_POSTED()
        if not self._control_port:
            raise NO_CONTROL()
        tenant, key, _ = await self._identify(flow.request, exchange)
        now = time.time()
        refuse_blocked(tenant, now)
        if not key.scopes & {ANY_SCOPE, FEEDBACK_SCOPE}:
            raise SCOPE_MISSING()
        told = read_told(flow.request.raw_content or b"")
        if not self._allowance.take(tenant.id, time.monotonic()):
            raise TOO_OFTEN()
        await self._pass_on({**told, "tenant_id": tenant.id}, f"key {key.id} of tenant {tenant.id}", exchange)
        flow.response = http.Response.make(204, b"", {"Cache-Control": "no-store"})
        flow.response.headers.pop("content-length", None)  # RFC 9110 section 8.6

    async def _identify(self, request: http.Request, exchange: Exchange) -> Identity:
        credentials = find_credentials(request.headers.fields, request.path)
        found = self._authenticator.choose(credentials, is_forwarded(exchange))
        if isinstance(found, Refused) and await self._authenticator.look_up(credentials):
            found = self._authenticator.choose(credentials, is_forwarded(exchange))
        if isinstance(found, Refused):
            raise await self._authenticator.count_failure(exchange.client_address, found)
        return found

    async def _pass_on(self, told: dict[str, Any], whose: str, exchange: Exchange) -> None:
        """Raises what control answers, in its words."""
        if self._under_way >= AT_ONCE:
            raise BUSY()
        self._under_way += 1
        try:
            async with asyncio.timeout(WITHIN_S):
                status, answer = await self._ask(orjson.dumps(told), whose, exchange)
        except (OSError, TimeoutError, AnswerBroken) as problem:
            logger.warning("control could not be given feedback: %s", reason_of(problem))
            raise AWAY() from None
        finally:
            self._under_way -= 1
        if status != 200:
            raise _error(status, answer or b"")

    async def _ask(self, body: bytes, whose: str, exchange: Exchange) -> tuple[int, bytes | None]:
        headers = [
            (b"Host", b"control"),
            (b"Authorization", f"Bearer {self._token}".encode()),
            (b"Content-Type", b"application/json"),
            (b"Content-Length", b"%d" % len(body)),
            (b"X-Mitmgate-Client", exchange.client_address.encode()),
            (b"X-Mitmgate-Key", whose.encode()),
        ]
        reader, writer = await asyncio.open_connection("127.0.0.1", self._control_port)
        try:
            return await ask(reader, writer, "POST", PATH, headers, body)
        finally:
            writer.transport.abort()


def _error(status: int, answer: bytes) -> GatewayError:
    """Control's error, to be told in the client's format."""
    try:
        error = orjson.loads(answer)["error"]
        code, message, param = str(error["code"]), str(error["message"]), error.get("param")
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError):
        return AWAY()
    if 400 <= status < 500:
        return AWAY() if status in (401, 403) else Refused(status, code, message, param=param)
    return ServiceUnavailable(503, code, message, retry_after_s=1)
