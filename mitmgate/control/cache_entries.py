"""/admin/cache/entries: cached answers listed, shown and evicted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from pydantic import Field

from mitmgate.control.admission import Actor
from mitmgate.control.cache_purge import evict, evict_matching
from mitmgate.control.changes import no_such_tenant
from mitmgate.control.context import CacheStore, Caller, Control, Here
from mitmgate.control.fields import Answer, Body
from mitmgate.control.paging import MAX_ID, bad_cursor, make_cursor, read_cursor
from mitmgate.core.entry_id import read_entry_id
from mitmgate.core.errors import Refused, ServiceUnavailable
from mitmgate.services.cache_entries import EntrySummary, Filter, Place
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries
from mitmgate.services.redis import StoreDown

AWAY: Final = partial(
    ServiceUnavailable, 503, "cache_unavailable", "The cache's store does not answer.", retry_after_s=1
)
MISSING: Final = partial(
    Refused, 404, "entry_not_found", "There is no such entry, or it has expired.", param="entry_id"
)
READ_AT_MOST: Final = 2000  # entries looked at for one answer
TENANTS_AT_ONCE: Final = 500
LONGEST_AGE_S: Final = 100 * 366 * 86400

router = APIRouter(prefix="/admin/cache/entries", tags=["cache"])

EntryId = Annotated[str, Path(max_length=100, description="As `X-Cache-Entry` and the list have it.")]


class Matching(Body):
    """Which entries: all that are given must hold."""

    tenant_id: Annotated[int, Field(ge=1, le=MAX_ID)] | None = None
    namespace: Annotated[str, Field(max_length=64)] | None = None
    model: Annotated[str, Field(max_length=1000)] | None = None
    older_than_s: Annotated[float, Field(ge=0, le=LONGEST_AGE_S, description="Stored longer ago.")] | None = None

    def filter(self) -> Filter:
        return Filter(self.namespace, self.model, self.older_than_s)


class Listing(Matching):
    limit: Annotated[int, Field(ge=1, le=1000, description="Entries a page.")] = 100
    cursor: Annotated[str, Field(description="`next_cursor` of the page before.")] | None = None


class Evicting(Matching):
    all: Annotated[bool, Field(description="All tenants', where no tenant_id is given.")] = False


class EntryShown(Answer):
    """hits: since the answer was stored. bytes: what the tenant is charged for it, its vector included."""

    id: str
    tenant_id: int
    namespace: str
    model: str | None
    question: str = Field(description="The last user turn; lists shorten it.")
    content_type: str | None
    bytes: int
    hits: int
    stored_at: datetime
    expires_at: datetime
    last_used_at: datetime


class EntryWhole(EntryShown):
    """body: the answer as it is served, as text. request_id: the request that brought it."""

    status: int
    request_id: str
    body: str


class EntryPage(Answer):
    """A page may be short, even empty, before the last: the next one goes on where the search for matches ended."""

    data: list[EntryShown]
    next_cursor: str | None


class Evicted(Answer):
    evicted: int


@router.get("", response_model=EntryPage)
async def list_entries(here: Here, wanted: Annotated[Listing, Query()]) -> Any:
    """Live entries, tenant by tenant, those that expire last first."""
    cache = cache_of(here)
    tenant_id, place = _place(wanted.cursor)
    if wanted.tenant_id is not None and tenant_id not in (None, wanted.tenant_id):
        raise bad_cursor()
    found: list[EntrySummary] = []
    left = READ_AT_MOST
    try:
        if wanted.tenant_id is not None:
            await check_tenant(here, wanted.tenant_id)
            ids = [wanted.tenant_id]
            following = None
        else:
            ids, following = await _filled(here, cache, tenant_id)
        for id in ids:
            start = place if id == tenant_id else None
            room = wanted.limit - len(found)
            some, next_place, read = await cache.entries.page(id, wanted.filter(), start, room, left)
            found, left = found + some, left - read
            if next_place is not None:
                return _page(found, make_cursor(id, next_place.expires_ms, next_place.skipped))
            if len(found) == wanted.limit or left <= 0:
                following = id + 1 if id != ids[-1] else following
                break
    except StoreDown:
        raise AWAY() from None
    return _page(found, None if following is None else make_cursor(following, -1, 0))


@router.get("/{entry_id}", response_model=EntryWhole)
async def show_entry(here: Here, entry_id: EntryId) -> Any:
    """One entry with its question and answer."""
    cache, (tenant_id, fingerprint) = cache_of(here), _named(entry_id)
    try:
        summary = await cache.entries.summary(tenant_id, fingerprint)
        entry = await cache.entries.answer(tenant_id, fingerprint)
    except StoreDown:
        raise AWAY() from None
    if summary is None or entry is None:
        raise MISSING()
    whole = {"status": entry.status, "request_id": entry.request_id, "body": entry.body.decode(errors="replace")}
    return {**_shown(summary), **whole, "question": entry.question}


@router.delete("/{entry_id}", status_code=204)
async def evict_entry(here: Here, actor: Caller, entry_id: EntryId) -> None:
    """Removes one entry; it is found neither in its own nor in other words again."""
    cache, (tenant_id, fingerprint) = cache_of(here), _named(entry_id)
    try:
        if await cache.entries.summary(tenant_id, fingerprint) is None:
            raise MISSING()
        await _record(here, actor, "cache.evict", tenant_id, {"entry": entry_id})
        await evict(cache, here.matcher, tenant_id, [fingerprint])
    except StoreDown:
        raise AWAY() from None


@router.delete("", response_model=Evicted)
async def evict_entries(here: Here, actor: Caller, wanted: Annotated[Evicting, Query()]) -> Any:
    """Removes all that match of one tenant, or with `all=true` of every one. Without other filters its texts, vectors
    and hit counts go, too."""
    if wanted.all == (wanted.tenant_id is not None):
        message = "tenant_id is required, unless all=true says that every tenant is meant; not both."
        raise Refused(422, "invalid_field", message, param="tenant_id")
    cache = cache_of(here)
    if wanted.tenant_id is not None:
        await check_tenant(here, wanted.tenant_id)
    asked = wanted.model_dump(mode="json", exclude_unset=True)
    await _record(here, actor, "cache.purge", wanted.tenant_id, asked)
    evicted = 0
    try:
        if wanted.tenant_id is not None:
            evicted = await evict_matching(cache, here.matcher, wanted.tenant_id, wanted.filter())
        else:
            after: int | None = 0
            while after is not None:
                ids, after = await _filled(here, cache, after)
                for id in ids:
                    evicted += await evict_matching(cache, here.matcher, id, wanted.filter())
    except StoreDown:
        raise AWAY() from None
    return {"evicted": evicted}


def cache_of(here: Control) -> CacheStore:
    """Raises ServiceUnavailable where there is none."""
    if here.cache is None:
        raise AWAY()
    return here.cache


async def check_tenant(here: Control, tenant_id: int) -> None:
    """Raises Refused where there is no such tenant and never was; what a deleted one left may be seen."""
    async with borrow(here.pool) as connection:
        if not await connection.fetchval(queries.tenant_ever_existed, tenant_id):
            raise no_such_tenant()


async def _filled(here: Control, cache: CacheStore, first: int | None) -> tuple[list[int], int | None]:
    """Of the next tenants from that id on those that have entries, and the id to go on from, if there are more."""
    async with borrow(here.pool) as connection:
        rows = await connection.fetch(queries.swept_tenant_ids, (first or 1) - 1, TENANTS_AT_ONCE)
    ids = [row["id"] for row in rows]
    sizes = await cache.entries.sizes(ids)
    following = ids[-1] + 1 if len(ids) == TENANTS_AT_ONCE else None
    return [id for id, size in zip(ids, sizes, strict=True) if size], following


async def _record(here: Control, actor: Actor, action: str, tenant_id: int | None, details: dict[str, Any]) -> None:
    """Before it is done: what may be done only if it is on record."""
    about = {**details, "tenant_id": tenant_id}
    async with borrow(here.pool) as connection:
        await connection.execute(queries.insert_audit, actor.name, actor.address, action, "cache", tenant_id, about)


def _named(entry_id: str) -> tuple[int, bytes]:
    named = read_entry_id(entry_id)
    if named is None:
        raise MISSING()
    return named


def _place(cursor: str | None) -> tuple[int | None, Place | None]:
    """The tenant to go on with, and where in its entries."""
    parts = read_cursor(cursor, int, int, int)
    if parts is None:
        return None, None
    tenant_id, expires_ms, skipped = parts
    if not (1 <= tenant_id <= MAX_ID and -1 <= expires_ms <= MAX_ID and 0 <= skipped <= MAX_ID):
        raise bad_cursor()
    return tenant_id, None if expires_ms == -1 else Place(expires_ms, skipped)


def _page(found: Sequence[EntrySummary], cursor: str | None) -> dict[str, Any]:
    return {"data": list(map(_shown, found)), "next_cursor": cursor}


def _shown(entry: EntrySummary) -> dict[str, Any]:
    times = {name: datetime.fromtimestamp(getattr(entry, name), UTC) for name in _TIMES}
    names = ("id", "tenant_id", "namespace", "model", "question", "content_type", "hits")
    return {**{name: getattr(entry, name) for name in names}, "bytes": entry.size_bytes, **times}


_TIMES: Final = ("stored_at", "expires_at", "last_used_at")
