"""What a request's row tells beyond figures: why the cache decided as it did, and how each attempt ended."""

from __future__ import annotations

import time
from typing import Any, Final

from addons.exchange import Exchange
from mitmgate.proxy.plan import Attempt

MAX_ATTEMPTS: Final = 32
MAX_DETAIL: Final = 100


def story_of(exchange: Exchange, error: str | None) -> dict[str, Any] | None:
    """The parts there is something to say of; None when there is none. error: how the request ended, if not well."""
    story: dict[str, Any] = {}
    if exchange.cache_detail is not None:
        story["cache"] = without_values(exchange.cache_detail)
    if exchange.nearest is not None:
        story["nearest"] = round(exchange.nearest, 3)
    if exchange.entry is not None:
        story["entry"], story["by"] = exchange.entry.entry_id, exchange.entry.request_id
        story["age_s"] = max(0, int(exchange.started_at - exchange.entry.stored_at))
    plan = exchange.plan
    if plan is not None and plan.tries:
        now = time.monotonic()
        story["attempts"] = [_told(attempt, exchange.begun, now, error) for attempt in plan.tries[:MAX_ATTEMPTS]]
    return story or None


def without_values(detail: str) -> str:
    """`number 5 vs 6` without what stood in the two questions: a row outlives the prompts and has other readers."""
    return (detail.partition(" ")[0] if " vs " in detail else detail)[:MAX_DETAIL]


def _told(attempt: Attempt, begun: float, now: float, error: str | None) -> dict[str, Any]:
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
    if attempt.reused:
        told["reused"] = True
    if attempt.stale:
        told["stale"] = True
    return told


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
