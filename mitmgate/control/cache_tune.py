"""/admin/cache/tune: how many hits would be wrong at each bar, by comparisons of answers, and what to set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import Field

from mitmgate.control.cache_entries import check_tenant
from mitmgate.control.context import Here
from mitmgate.control.fields import Answer
from mitmgate.control.paging import MAX_ID
from mitmgate.control.periods import From, To, read_hours
from mitmgate.control.tenant_columns import utc_now
from mitmgate.core.cache_policy import SEMANTIC, weaker
from mitmgate.core.cache_tuning import BARS, Action, Tuned, suggest
from mitmgate.core.calibration import Calibration
from mitmgate.core.wrong_share import estimates, measured_error, on_this_traffic
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries

KINDS: Final = ("shadow", "audit")
EXAMPLES: Final = 10

router = APIRouter(prefix="/admin/cache", tags=["cache"])

TenantId = Annotated[int, Query(ge=1, le=MAX_ID)]
MaxWrong = Annotated[float | None, Query(ge=0, le=1, description="The budget; null: the tenant's `max_wrong`.")]


class Compared(Answer):
    compared: int
    disagreeing: int


class ByKind(Answer):
    """shadow: of requests in shadow mode; audit: of live hits."""

    shadow: Compared
    audit: Compared


class AtBar(Compared):
    """At the bar and above. wrong: the estimated share of wrong hits; low, high: its interval of 95 %."""

    bar: float
    wrong: float | None = Field(description="null where nothing was compared.")
    low: float
    high: float


class ErrorShown(Answer):
    """How often the comparison of answers is right, measured on labelled answers; trials: on how many, in effect.

    is_bound: this traffic proves a higher specificity, at least this one.
    """

    sensitivity: float = Field(description="Of wrong answers, the share that disagrees.")
    sensitivity_trials: int
    specificity: float = Field(description="Of right answers, the share that agrees.")
    specificity_trials: int
    is_bound: bool


class Reason(Answer):
    reason: str
    comparisons: int


class Disagreeing(Answer):
    """A request whose real answer and the stored one disagree."""

    request_id: str
    at: datetime
    kind: str
    probability: float
    reasons: list[str]


class SuggestionShown(Answer):
    """sure: the interval is within the budget, not only the estimate."""

    action: Action
    sure: bool
    bar: float | None
    max_wrong: float | None = Field(description="The setting that gives the bar; null: leave it.")
    more: int | None = Field(description="About so many comparisons more are needed.")
    least_budget: float | None = Field(description="The smallest share that can be told, if answers disagree as often.")


class CacheTuned(Answer):
    """Shares are 0 to 1."""

    tenant_id: int
    since: datetime = Field(alias="from", description="The first hour.")
    to: datetime = Field(description="The end of the last hour.")
    mode: str = Field(description="The tenant's, as far as `most` allows it.")
    most: str = Field(description="`cache.mode`: no tenant gets more.")
    budget: float = Field(description="The share of hits that may be wrong.")
    bar: float | None = Field(description="The probability from which a hit is served; null: none is.")
    comparison: ErrorShown
    by_kind: ByKind
    by_bar: list[AtBar] = Field(description="Rising, from the first bar that something was compared at.")
    reasons: list[Reason]
    disagreeing: list[Disagreeing] = Field(description="Ten, the likeliest hits first: worth a look.")
    suggestion: SuggestionShown


@router.get("/tune", response_model=CacheTuned)
async def tune(here: Here, tenant_id: TenantId, since: From = None, to: To = None, max_wrong: MaxWrong = None) -> Any:
    """Estimated wrong hits of a tenant over the bar; bounds are rounded outward to the hour. [30 days]"""
    first, last = read_hours(since, to, utc_now(here.now()))
    await check_tenant(here, tenant_id)
    async with borrow(here.pool) as connection:
        served = await connection.fetchrow(queries.tenant_cache_served, tenant_id)
        rows = await connection.fetch(queries.compared_by_probability, tenant_id, first, last)
        reasons = await connection.fetch(queries.reasons_of_comparisons, tenant_id, first, last)
        examples = await connection.fetch(queries.disagreeing_requests, tenant_id, first, last, EXAMPLES)
    settings, calibration = here.settings.cache, _calibration()
    own = settings.max_wrong if served is None or served["cache_max_wrong"] is None else served["cache_max_wrong"]
    bar = calibration.bar(own)
    mode = weaker(settings.mode, settings.mode if served is None else served["cache_mode"] or settings.mode)
    now = Tuned(mode == SEMANTIC, own if max_wrong is None else max_wrong, bar)
    counts = [(row["thousandth"] / 1000, row["compared"], row["disagreeing"]) for row in rows]
    error = on_this_traffic(counts, measured_error())
    found = estimates(counts, {*BARS, *([bar] if bar <= 1 else [])}, error)
    suggestion = suggest(found, now, error, calibration)
    return {
        "tenant_id": tenant_id,
        "from": first,
        "to": last,
        "mode": mode,
        "most": settings.mode,
        "budget": now.budget,
        "bar": bar if bar <= 1 else None,
        "comparison": {name: getattr(error, name) for name in ErrorShown.model_fields},
        "by_kind": {kind: _sum(rows, kind) for kind in KINDS},
        "by_bar": [{name: getattr(each, name) for name in AtBar.model_fields} for each in found],
        "reasons": [dict(row) for row in reasons],
        "disagreeing": [{**row, "request_id": str(row["request_id"])} for row in examples],
        "suggestion": {name: getattr(suggestion, name) for name in SuggestionShown.model_fields},
    }


def _sum(rows: Sequence[Mapping[str, Any]], kind: str) -> dict[str, int]:
    return {name: sum(row[name] for row in rows if row["kind"] == kind) for name in Compared.model_fields}


@cache
def _calibration() -> Calibration:
    return Calibration.read()
