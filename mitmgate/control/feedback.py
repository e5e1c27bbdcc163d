"""/admin/cache/feedback: what clients and operators say of hits. `POST /v1/feedback` comes here, too."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter
from pydantic import ConfigDict, Field, model_validator

from mitmgate.control.admission import Actor
from mitmgate.control.cache_entries import AWAY, MISSING, cache_of
from mitmgate.control.context import CacheStore, Caller, Control, Here
from mitmgate.control.fields import UNSET, Answer, Body, Flag
from mitmgate.control.paging import MAX_ID
from mitmgate.core.entry_id import read_entry_id
from mitmgate.core.errors import Refused
from mitmgate.core.pair_digests import MOST_PAIRS, read_pair
from mitmgate.services.logs import reason_of
from mitmgate.services.matcher_client import MatcherAway
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries
from mitmgate.services.redis import StoreDown

NO_REQUEST: Final = partial(
    Refused,
    404,
    "request_not_found",
    "There is no such request (it has its row when it has ended).",
    param="request_id",
)
NO_HIT: Final = partial(
    Refused,
    409,
    "not_a_hit",
    "The cache did not answer this request, so there is no hit to tell of.",
    param="request_id",
)
FRESH_S: Final = 10.0  # a request that young may just have ended, and its row be on its way
WAIT_S: Final = 3.0
LOOK_EVERY_S: Final = 0.1
CLOCKS_S: Final = 60.0  # an id's millisecond and the row's beginning are read one after the other

router = APIRouter(prefix="/admin/cache", tags=["cache"])

log = logging.getLogger(__name__)


class FeedbackIn(Body):
    """request_id: the answer's X-Request-Id, whole; or entry: its X-Cache-Entry, which tells of no two questions."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["request_id"]}, {"required": ["entry"]}]})

    request_id: Annotated[str, Field(strict=True, max_length=100)] = UNSET
    entry: Annotated[str, Field(strict=True, max_length=100)] = UNSET
    correct: Flag
    tenant_id: (
        Annotated[int, Field(strict=True, ge=1, le=MAX_ID, description="Only if it is of this tenant.")] | None
    ) = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.request_id is None) == (self.entry is None):
            raise ValueError("needs request_id or entry, and not both")
        return self


class FeedbackShown(Answer):
    """evicted: whether the answer was there and is gone. pair: what holds of the two questions from now on; null: the
    hit was of the same words, or the row is of a version that did not note them."""

    tenant_id: int
    request_id: str | None
    entry: str | None
    evicted: bool
    pair: Literal["forbidden", "allowed"] | None


@dataclass(frozen=True, slots=True)
class _Hit:
    """What feedback is about. stored_by: the request whose answer was served; None: whosever is there now."""

    tenant_id: int
    entry: str | None
    request_id: UUID | None = None
    stored_by: str | None = None
    pair: bytes | None = None


@router.post("/feedback", response_model=FeedbackShown)
async def tell(here: Here, actor: Caller, body: FeedbackIn) -> Any:
    """Says whether a hit was right. A wrong one's entry is evicted, and an answer to the one question is never served
    for the other again, in this scope, on any node; `correct` takes that back. Said again, it changes nothing."""
    hit = await _hit_of_request(here, body) if body.request_id is not None else await _hit_of_entry(here, body)
    cache = cache_of(here)
    try:
        doomed = None if body.correct else await _served_entry(cache, hit)
        store_is_down = False
    except StoreDown:
        doomed, store_is_down = None, True
    version = await _record(here, actor, body.correct, hit, evicts=doomed is not None)
    if version is not None:
        await _let_matcher_hear(here, version)
    if store_is_down:
        raise AWAY()  # the pair is recorded; asked again, the entry goes as well
    evicted = doomed is not None and await _evict(here, cache, hit.tenant_id, doomed)
    pair = None if hit.pair is None else "allowed" if body.correct else "forbidden"
    request_id = None if hit.request_id is None else str(hit.request_id)
    return {"tenant_id": hit.tenant_id, "request_id": request_id, "entry": hit.entry, "evicted": evicted, "pair": pair}


async def _hit_of_request(here: Control, body: FeedbackIn) -> _Hit:
    """Raises Refused where there is no such request of that tenant, or it was no hit."""
    request_id = _parse_id(body.request_id or "")
    began = (request_id.int >> 80) / 1000  # epoch ms (RFC 9562 section 5.7)
    tries_until = time.monotonic() + (WAIT_S if abs(time.time() - began) < FRESH_S else 0.0)
    while (row := await _row(here, request_id, began, body.tenant_id)) is None:
        if time.monotonic() >= tries_until:
            raise NO_REQUEST()
        await asyncio.sleep(LOOK_EVERY_S)
    if row["cache"] != "hit":
        raise NO_HIT()
    story = row["story"] or {}
    pair = read_pair(story.get("pair"))
    return _Hit(row["tenant_id"], story.get("entry"), request_id, story.get("by"), pair)


async def _row(here: Control, request_id: UUID, began: float, tenant_id: int | None) -> Mapping[str, Any] | None:
    """The bounds of its beginning spare PostgreSQL a look into the other days' partitions."""
    around = timedelta(seconds=CLOCKS_S)
    at = datetime.fromtimestamp(began, UTC)
    async with borrow(here.pool) as connection:
        row: Mapping[str, Any] | None = await connection.fetchrow(
            queries.request_of_feedback, request_id, at - around, at + around, tenant_id
        )
    return row


def _parse_id(text: str) -> UUID:
    """Raises Refused for what is no id of ours."""
    try:
        request_id = UUID(text)
        if request_id.version == 7:
            datetime.fromtimestamp((request_id.int >> 80) / 1000 + CLOCKS_S, UTC)
            return request_id
    except (ValueError, OverflowError, OSError):
        pass
    raise NO_REQUEST()


async def _hit_of_entry(here: Control, body: FeedbackIn) -> _Hit:
    """Raises Refused where there is no such entry of that tenant."""
    named = read_entry_id(body.entry or "")
    if named is None or body.tenant_id not in (None, named[0]):
        raise _no_entry()
    try:
        if await cache_of(here).entries.summary(*named) is None:
            raise _no_entry()
    except StoreDown:
        raise AWAY() from None
    return _Hit(named[0], body.entry)


def _no_entry() -> Refused:
    found = MISSING()
    found.param = "entry"
    return found


async def _served_entry(cache: CacheStore, hit: _Hit) -> bytes | None:
    """The fingerprint of the entry that was served, if it is still there: meanwhile another answer may be. Raises
    StoreDown."""
    named = None if hit.entry is None else read_entry_id(hit.entry)
    if named is None or named[0] != hit.tenant_id:
        return None
    entry = await cache.entries.answer(*named)
    return named[1] if entry is not None and hit.stored_by in (None, entry.request_id) else None


async def _record(here: Control, actor: Actor, correct: bool, hit: _Hit, *, evicts: bool) -> int | None:
    """In one transaction with its audit row, if anything changes. -> the pair's version, if that changes."""
    version = None
    async with borrow(here.pool) as connection, connection.transaction():
        if hit.pair is not None:
            version = await _say(connection, hit, wrong=not correct)
        if version is not None or evicts or (correct and hit.pair is None):
            told = "cache.right" if correct else "cache.wrong"
            pair = None if version is None else "allowed" if correct else "forbidden"
            about = {"request_id": None if hit.request_id is None else str(hit.request_id), "entry": hit.entry}
            details = {**about, "pair": pair, "tenant_id": hit.tenant_id}
            await connection.execute(
                queries.insert_audit, actor.name, actor.address, told, "cache", hit.tenant_id, details
            )
    return version


async def _say(connection: asyncpg.Connection, hit: _Hit, *, wrong: bool) -> int | None:
    version: int | None = await connection.fetchval(queries.say_pair, hit.tenant_id, hit.pair, wrong, hit.request_id)
    if version is not None:
        await connection.execute(queries.trim_pairs, hit.tenant_id, wrong, MOST_PAIRS)
    return version


async def _evict(here: Control, cache: CacheStore, tenant_id: int, fingerprint: bytes) -> bool:
    """Answers under way are stored all the same: they are new ones, of which nobody said anything."""
    try:
        evicted = await cache.entries.evict(tenant_id, [fingerprint])
    except StoreDown:
        raise AWAY() from None
    if here.matcher is not None:
        try:
            await here.matcher.remove(tenant_id, [fingerprint])
        except MatcherAway as problem:  # what it still finds it finds gone from the store: a miss
            log.info("the matcher could not be notified of an evicted entry: %s", reason_of(problem))
    return bool(evicted)


async def _let_matcher_hear(here: Control, version: int) -> None:
    """So that the pair is not served once this is answered. One that is away reads all pairs when it is back."""
    if here.matcher is None:
        return
    try:
        if not await here.matcher.heard(version):
            raise MatcherAway("late")
    except MatcherAway as problem:
        log.info("the matcher did not confirm what was said of a hit: %s", reason_of(problem))
