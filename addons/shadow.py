"""Shadow mode: what would have been answered in other words, and what the upstream's answer is compared with."""

from __future__ import annotations

from typing import Final

from addons.entries import WOULD_BE_HIT, answer_of
from addons.exchange import Exchange
from mitmgate.core.cache_policy import SHADOW
from mitmgate.core.entry_id import entry_id
from mitmgate.services.comparisons import Answer, Pair
from mitmgate.services.exact_cache import Entry
from mitmgate.services.matcher_client import Candidate, Found

NEAR_MISS: Final = 0.3  # the probability from which a miss is compared as well: the curve over the bar needs both sides


def note_nearest(exchange: Exchange, found: Found) -> None:
    """Of a miss, in whatever mode: what came nearest to a hit."""
    exchange.nearest = found.candidates[0].similarity if found.candidates else None
    near = found.nearest_to_a_hit
    if near is None or exchange.tenant is None or exchange.decision is None:
        return
    exchange.probability = near.verdict.probability
    exchange.near_entry = entry_id(exchange.tenant.id, near.fingerprint)
    if exchange.decision.mode == SHADOW and (exchange.probability or 0.0) >= NEAR_MISS:
        exchange.compared = near


def note_would_be_hit(exchange: Exchange, entry: Entry, hit: Candidate) -> str:
    """-> what `Cache-Status` says of it, or why it would have been none."""
    found = answer_of(exchange, entry)
    if isinstance(found, str):
        return found
    exchange.cache_status, exchange.near_entry, exchange.compared = WOULD_BE_HIT, entry.entry_id, hit
    exchange.similarity = round(hit.similarity, 3)
    return f"shadow: {hit.verdict.probability or 0.0:.2f}"


def pair_of(exchange: Exchange, stored: Entry) -> Pair | None:
    """The upstream's whole answer, and what it is to be compared with; None where there is nothing."""
    near = exchange.compared
    if near is None:
        return None
    return Pair(
        "shadow",
        stored.tenant_id,
        exchange.request_id,
        exchange.client_format,
        near.verdict.probability or 0.0,
        near.fingerprint,
        Answer(stored.headers[0][1], stored.body),
    )
