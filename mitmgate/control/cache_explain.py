"""/admin/cache/explain: why a text, or a request that has its row, is answered from the cache or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import Field

from mitmgate.control.cache import AWAY as MATCHER_AWAY
from mitmgate.control.cache import JudgedShown, Text, judged_shown
from mitmgate.control.cache_entries import AWAY, cache_of, check_tenant
from mitmgate.control.context import CacheStore, Control, Here
from mitmgate.control.fields import Answer, Body
from mitmgate.control.paging import MAX_ID
from mitmgate.control.usage import RequestId, request_row
from mitmgate.core.entry_id import entry_id, read_entry_id
from mitmgate.core.scope_parts import SCOPE, differing
from mitmgate.services.matcher_client import MatcherAway
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries
from mitmgate.services.redis import StoreDown

LOOKED_AT: Final = 20_000  # rows before a request
OTHERS_SHOWN: Final = 10

router = APIRouter(prefix="/admin/cache/explain", tags=["cache"])


class Explaining(Body):
    """max_wrong and threshold: null: the tenant's own."""

    tenant_id: Annotated[int, Field(strict=True, ge=1, le=MAX_ID)]
    text: Text
    limit: Annotated[int, Field(strict=True, ge=1, le=50, description="Entries at most.")] = 5
    threshold: Annotated[float, Field(strict=True, ge=0, le=1)] | None = None
    max_wrong: Annotated[float, Field(strict=True, ge=0, le=1)] | None = None


class NearShown(JudgedShown):
    """An entry and the verdict on its question. scope: the beginning of its digest."""

    entry: str
    scope: str
    question: str
    namespace: str | None = Field(description="null, as model and expires_at, where the entry has just gone.")
    model: str | None
    expires_at: datetime | None


class TextExplained(Answer):
    """nearest: in all of the tenant's scopes; live traffic looks only into its own."""

    kept_out: str | None = Field(description="Why traffic would not compare the text with others.")
    max_wrong: float
    threshold: float | None
    scopes: int = Field(description="Looked at.")
    entries: int
    whole: bool = Field(description="Whether these are all that the tenant has.")
    nearest: list[NearShown]


class OtherScope(Answer):
    """Earlier requests whose answers were stored in another scope, which differs from the request's in these parts."""

    differs: list[str] = Field(description="Empty where only something without a name differs.")
    stored: int = Field(description="Answers, of the rows looked at.")
    request_id: str = Field(description="The last of these requests.")
    at: datetime
    entry: str
    is_there: bool | None = Field(description="Whether that entry still is; null while the store is away.")


class RequestExplained(Answer):
    """From the request's row alone, which holds ids and digests and no word of a prompt."""

    request_id: str
    tenant_id: int
    at: datetime
    cache: str | None
    kind: str | None
    detail: str | None
    similarity: float | None = Field(description="Of the hit, or of the nearest question in its scope.")
    probability: float | None = Field(description="Of the hit in other words, or of what came nearest to one.")
    entry: str | None = Field(description="That answered, or that came nearest to it.")
    is_there: bool | None = Field(description="Whether that entry still is; null: none is named, or the store is away.")
    scope: str | None = Field(description="The beginning of its digest; null where none was compared, or it was a hit.")
    in_scope: int = Field(description="Answers stored in the same scope before, of the rows looked at.")
    others: list[OtherScope] = Field(description="Those that differ least first.")
    rows: int = Field(description="With a stored answer, looked at.")


@router.post("", response_model=TextExplained)
async def explain_text(here: Here, body: Explaining) -> Any:
    """The stored questions nearest to a text, in all scopes of a tenant, and the verdict on each."""
    cache = cache_of(here)
    await check_tenant(here, body.tenant_id)
    _, threshold, max_wrong = await _settings(here, body.tenant_id)
    threshold = threshold if body.threshold is None else body.threshold
    max_wrong = max_wrong if body.max_wrong is None else body.max_wrong
    if here.matcher is None:
        raise MATCHER_AWAY()
    try:
        found = await here.matcher.explain(
            body.tenant_id, body.text, body.limit, max_wrong=max_wrong, threshold=threshold
        )
        summaries = [await cache.entries.summary(body.tenant_id, each.fingerprint) for each in found.nearest]
    except MatcherAway:
        raise MATCHER_AWAY() from None
    except StoreDown:
        raise AWAY() from None
    nearest = [
        {
            "entry": entry_id(body.tenant_id, each.fingerprint),
            "scope": each.scope.hex()[:16],
            "question": each.text,
            "namespace": None if summary is None else summary.namespace,
            "model": None if summary is None else summary.model,
            "expires_at": None if summary is None else summary.expires_at,
            **judged_shown(each.judged),
        }
        for each, summary in zip(found.nearest, summaries, strict=True)
    ]
    bars = {"max_wrong": max_wrong, "threshold": threshold}
    looked_at = {"scopes": found.scopes, "entries": found.entries, "whole": found.whole}
    return {"kept_out": found.kept_out, **bars, **looked_at, "nearest": nearest}


@router.get("/{request_id}", response_model=RequestExplained)
async def explain_request(here: Here, request_id: RequestId) -> Any:
    """Why a request was, or was not, answered from the cache, and in what the scopes differ that had answers."""
    row = await request_row(here, request_id)
    story: Mapping[str, Any] = row["story"] or {}
    parts: Mapping[str, str] | None = story.get("parts")
    entry = story.get("entry") or story.get("near")
    in_scope, rows, others = 0, 0, list[dict[str, Any]]()
    if parts is not None:
        stored = await _stored_before(here, row)
        rows = len(stored)
        in_scope = sum(each["story"]["parts"].get(SCOPE) == parts.get(SCOPE) for each in stored)
        others = _others(parts, stored)[:OTHERS_SHOWN]
    for each in others:
        each["is_there"] = await _is_there(here.cache, each["entry"])
    return {
        "request_id": str(row["request_id"]),
        "tenant_id": row["tenant_id"],
        "at": row["started_at"],
        "cache": row["cache"],
        "kind": row["cache_kind"],
        "detail": story.get("cache"),
        "similarity": row["similarity"] if row["similarity"] is not None else story.get("nearest"),
        "probability": story.get("p"),
        "entry": entry,
        "is_there": None if entry is None else await _is_there(here.cache, entry),
        "scope": None if parts is None else parts.get(SCOPE),
        "in_scope": in_scope,
        "others": others,
        "rows": rows,
    }


def _others(parts: Mapping[str, str], stored: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """By what differs; stored: the newest first."""
    groups: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in stored:
        theirs: Mapping[str, str] = row["story"]["parts"]
        if theirs.get(SCOPE) == parts.get(SCOPE):
            continue
        names = differing(parts, theirs)
        group = groups.setdefault(
            names,
            {
                "differs": list(names),
                "stored": 0,
                "request_id": str(row["request_id"]),
                "at": row["started_at"],
                "entry": row["story"]["stored"],
            },
        )
        group["stored"] += 1
    return sorted(groups.values(), key=lambda group: (len(group["differs"]), -group["stored"]))


async def _stored_before(here: Control, row: Mapping[str, Any]) -> list[Any]:
    """Rows whose answers may have been there when the request came, the newest first."""
    ttl_s, _, _ = await _settings(here, row["tenant_id"])
    before: datetime = row["started_at"]
    async with borrow(here.pool) as connection:
        return list(
            await connection.fetch(
                queries.stored_before, row["tenant_id"], before - timedelta(seconds=ttl_s), before, LOOKED_AT
            )
        )


async def _settings(here: Control, tenant_id: int) -> tuple[float, float | None, float]:
    """The tenant's ttl_s, threshold and max_wrong."""
    async with borrow(here.pool) as connection:
        own = await connection.fetchrow(queries.tenant_cache_bars, tenant_id)
    found = [None, None, None] if own is None else list(own)
    settings = here.settings.cache
    given = (settings.ttl_s, settings.threshold, settings.max_wrong)
    ttl_s, threshold, max_wrong = (mine if mine is not None else all_ for mine, all_ in zip(found, given, strict=True))
    assert ttl_s is not None and max_wrong is not None
    return ttl_s, threshold, max_wrong


async def _is_there(cache: CacheStore | None, entry: str) -> bool | None:
    named = read_entry_id(entry)
    if cache is None or named is None:
        return None
    try:
        return await cache.entries.summary(*named) is not None
    except StoreDown:
        return None
