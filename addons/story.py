"""What a request's row tells beyond figures: why the cache decided as it did, and how each attempt ended."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from mitmproxy import http

from addons.exchange import Exchange
from mitmgate.core.encoding import is_plain
from mitmgate.core.passing_decoder import PassingDecoder
from mitmgate.core.vendor_errors import MAX_BODY_BYTES, VendorError, vendor_error, vendor_request_id
from mitmgate.proxy.plan import Attempt

MAX_ATTEMPTS: Final = 32
MAX_DETAIL: Final = 100


def story_of(exchange: Exchange, error: str | None, refusal: VendorError | None = None) -> dict[str, Any] | None:
    """The parts there is something to say of; None when there is none. error: how the request ended, if not well."""
    story: dict[str, Any] = {}
    if exchange.cache_detail is not None:
        story["cache"] = without_values(exchange.cache_detail)
    if exchange.nearest is not None:
        story["nearest"] = round(exchange.nearest, 3)
    if exchange.probability is not None:
        story["p"] = round(exchange.probability, 3)
    if exchange.near_entry is not None:
        story["near"] = exchange.near_entry
    if exchange.entry is None and exchange.parts is not None and error is None:  # a flood of refused ones stays short
        story["parts"] = dict(exchange.parts)
    if exchange.stored is not None:
        story["stored"] = exchange.stored.entry_id
    if exchange.entry is not None:
        story["entry"], story["by"] = exchange.entry.entry_id, exchange.entry.request_id
        story["age_s"] = max(0, int(exchange.started_at - exchange.entry.stored_at))
    if exchange.pair is not None:
        story["pair"] = exchange.pair
    plan = exchange.plan
    if plan is not None and plan.tries:
        now = time.monotonic()
        secrets = exchange.upstream_secrets
        story["attempts"] = [
            _told(attempt, exchange.begun, now, error, secrets) for attempt in plan.tries[:MAX_ATTEMPTS]
        ]
    if refusal is not None and refusal.code is not None:
        story["vendor_code"] = refusal.code
    if refusal is not None and refusal.message is not None:
        story["vendor_message"] = refusal.message
    return story or None


def refusal_of(flow: http.HTTPFlow, exchange: Exchange, with_message: bool) -> VendorError | None:
    """What the upstream's error says, whether the client got it or one of ours; None where it sent none."""
    plan, response = exchange.plan, flow.response
    if plan is None or not plan.tries or exchange.entry is not None or response is None or response.status_code < 400:
        return None
    secrets = (*exchange.upstream_secrets, *exchange.credentials)
    if exchange.error is None:
        coding, body = response.headers.get("content-encoding", ""), response.raw_content or b""
    elif (refused := plan.tries[-1].refused) is not None:
        coding = b",".join(value for name, value in refused.fields if name.lower() == b"content-encoding").decode(
            "latin-1"
        )
        body = refused.body
    else:
        return None
    if not is_plain(coding):
        body = PassingDecoder(coding).feed(body[:MAX_BODY_BYTES])
    said = vendor_error(body[: 2 * MAX_BODY_BYTES], secrets)
    return said if with_message else VendorError(said.code)


def without_values(detail: str) -> str:
    """`number 5 vs 6` without what stood in the two questions: a row outlives the prompts and has other readers."""
    return (detail.partition(" ")[0] if " vs " in detail else detail)[:MAX_DETAIL]


def _told(attempt: Attempt, begun: float, now: float, error: str | None, secrets: Sequence[bytes]) -> dict[str, Any]:
    """Milliseconds: `at` since the request began, `ms` until its end, `connect_ms` of these for a connection."""
    ended_at = now if attempt.ended_at is None else attempt.ended_at
    told: dict[str, Any] = {"at": _ms(attempt.begun_at - begun), "ms": _ms(ended_at - attempt.begun_at)}
    if attempt.asked_at is not None and not attempt.reused:
        told["connect_ms"] = _ms(attempt.asked_at - attempt.begun_at)
    if attempt.status is not None:
        told["status"] = attempt.status
    if attempt.failure is not None:
        told["error"] = attempt.failure.value
    elif attempt.ended_at is None and error is not None:
        told["error"] = error
    if attempt.refused is not None and (theirs := vendor_request_id(attempt.refused.fields, secrets)) is not None:
        told["vendor_id"] = theirs
    if attempt.reused:
        told["reused"] = True
    if attempt.stale:
        told["stale"] = True
    return told


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
