"""What is decided once the headers are there: nobody waits for the body of a request that is refused anyway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mitmgate.core.directory import KeyId, TenantId
from mitmgate.core.keys import hash_key, make_key
from mitmgate.core.limits import LocalLimiter
from mitmgate.core.via import pseudonym
from mitmgate.services.opened import Services
from mitmgate.services.quota import Quota

from .chained import serving
from .harness import RawUpstream, answer, ask, read_answer, upstream
from .test_gates_fail_closed import KEY, SECRETS, PlainJournal, PlainStore, make_services, request

ALLOWED: list[Any] = [0, 1, 10, 1, 3_600_000, 0]
OVER: list[Any] = [1, 1, 10, 10, 3_600_000, 3_600_000]
BLOCKED: list[Any] = [2, 1, 10, 10, 3_600_000, 300_000]


class Verdicts(PlainStore):
    """Answers reservations with what the test says, and counts them."""

    def __init__(self) -> None:
        self.verdict = ALLOWED
        self.trips: list[int] = []

    async def pipeline(self, commands: list[Any], deadline_s: float | None = None) -> list[Any]:
        self.trips.append(len(commands))
        reserves = commands[0][0] == "EVALSHA"
        return [self.verdict if number == 0 and reserves else None for number in range(len(commands))]


@dataclass
class Served:
    port: int
    store: Verdicts
    services: Services
    journal: PlainJournal
    raw: RawUpstream
    go: asyncio.Event


@pytest.fixture(params=[{}])
async def served(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    go = asyncio.Event()
    go.set()

    async def when_told(reader: Any, writer: Any, got: bytes, number: int) -> None:
        await go.wait()
        writer.write(answer(b'{"ok":true}'))

    async with upstream(when_told) as (raw, to):
        services, journal = make_services(to, tmp_path)
        store: Any = Verdicts()
        limits = replace(services.settings.limits, **request.param)
        services = replace(
            services,
            store=store,
            settings=replace(services.settings, limits=limits),
            quota=Quota(store, LocalLimiter(1, 100), limits),
        )
        async with serving(services, tmp_path) as (port, _):
            yield Served(port, store, services, journal, raw, go)


def second_tenant(services: Services) -> str:
    """-> its key"""
    tenant = services.directory.tenant(TenantId(1))
    assert tenant is not None
    credential = make_key()
    key = replace(tenant.keys[0], id=KeyId(2), tenant_id=TenantId(2), hash=hash_key(SECRETS.pepper, credential))
    services.directory.apply(replace(tenant, id=TenantId(2), keys=(key,), upstream_auth=None))
    return credential


def head(length: int = 1000) -> bytes:
    whole = request(body=b" " * length)
    return whole[: -length or None]


@pytest.mark.parametrize(("verdict", "status"), [(OVER, 429), (BLOCKED, 403)])
async def test_who_is_known_to_be_over_is_refused_before_the_body(served: Served, verdict: Any, status: int) -> None:
    served.store.verdict = verdict
    assert (await ask(served.port, request()))[0] == status  # nobody knows yet: the body is read
    got, headers, body = await ask(served.port, head())  # no byte of the body is ever sent
    assert got == status and int(headers["retry-after"]) >= 1
    assert json.loads(body)["error"]["code"] in ("rate_limit_exceeded", "tenant_blocked")
    assert served.store.trips == [3, 1]  # this one counts towards the block as well


async def test_who_turns_out_to_be_allowed_takes_one_reservation(served: Served) -> None:
    served.store.verdict = OVER
    await ask(served.port, request())
    served.store.verdict = ALLOWED
    served.store.trips.clear()
    assert (await ask(served.port, request()))[0] == 200
    assert served.store.trips == [1, 2]  # the reservation at the head, then the cache
    assert (await ask(served.port, request()))[0] == 200
    assert served.store.trips == [1, 2, 3]  # and all in one trip again
    assert len(served.raw.requests) == 2


@pytest.mark.parametrize("served", [{"max_in_flight": 4, "tenant_share": 0.5}], indirect=True)
async def test_a_tenant_takes_no_more_than_its_share_of_places(served: Served) -> None:
    served.go.clear()
    held = []
    for _ in range(2):
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(head())  # the body trickles
        held.append((reader, writer))
    while served.services.in_flight.count < 2:
        await asyncio.sleep(0.01)
    status, headers, body = await ask(served.port, head())
    assert (status, headers["retry-after"]) == (429, "1")
    assert json.loads(body)["error"]["code"] == "too_many_concurrent_requests"
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(request(credential=second_tenant(served.services)))  # another tenant has room
    while len(served.raw.requests) < 1:
        await asyncio.sleep(0.01)
    held.append((reader, writer))
    for _, writer in held:
        writer.close()
    while served.services.in_flight.count:
        await asyncio.sleep(0.01)
    served.go.set()
    assert (await ask(served.port, request()))[0] == 200
    assert served.services.in_flight.waiting_of(1) == 0


@pytest.mark.parametrize("served", [{"max_in_flight": 4, "tenant_share": 0.5}], indirect=True)
async def test_who_waits_for_an_upstream_has_a_place_too(served: Served) -> None:
    served.go.clear()
    held = []
    for number in range(2):
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(request())
        held.append((reader, writer))
        while len(served.raw.requests) <= number:
            await asyncio.sleep(0.01)
    assert (await ask(served.port, request()))[0] == 429
    served.go.set()
    for reader, writer in held:
        assert (await read_answer(reader))[0] == 200
        writer.close()
    assert (served.services.in_flight.count, served.services.in_flight.waiting_of(1)) == (0, 0)


@pytest.mark.parametrize("served", [{"max_in_flight": 100, "tenant_share": 0.02}], indirect=True)
async def test_what_only_the_gateway_works_on_takes_no_place_of_the_tenants(served: Served) -> None:
    served.store.verdict = OVER
    asked = await asyncio.gather(*(ask(served.port, request()) for _ in range(50)))
    assert {json.loads(body)["error"]["code"] for _, _, body in asked} == {"rate_limit_exceeded"}


async def test_the_upstream_learns_our_pseudonym_and_no_other_way_the_request_came(served: Served) -> None:
    other = pseudonym(b"other").decode()
    assert (await ask(served.port, request("/v1/files", body=b"x")))[0] == 200
    sent = request("/v1/chat/completions", KEY, f"Via: 1.1 laptop.example, 1.1 {other}")
    assert (await ask(served.port, sent))[0] == 200
    own = pseudonym(SECRETS.pepper)
    assert b"\r\nVia: 1.1 " + own + b"\r\n" in served.raw.requests[0]
    assert b"\r\nVia: 1.1 " + other.encode() + b", 1.1 " + own + b"\r\n" in served.raw.requests[1]


async def test_a_request_that_comes_back_is_a_loop(served: Served) -> None:
    own = pseudonym(SECRETS.pepper).decode()
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(request("/v1/chat/completions", KEY, f"Via: 1.0 x, 1.1 {own}"))
    status, _, body = await read_answer(reader)
    writer.close()
    assert status == 508 and json.loads(body)["error"]["code"] == "loop_detected"
    assert not served.raw.requests and not served.store.trips


async def test_refused_requests_share_rows_beyond_a_rate_and_none_is_lost(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mitmgate.core.refused_rows.BURST", 5)
    monkeypatch.setattr("mitmgate.core.refused_rows.A_SECOND", 0.0)
    for _ in range(20):
        assert (await ask(served.port, request(body=b"[")))[0] == 400
    assert (await ask(served.port, request()))[0] == 200
    assert [record.status for record in served.journal.records] == [400] * 5 + [200]
    served.services.refusals.flush(everything=True)
    summed = served.journal.records[-1]
    assert summed.status == 400 and json.loads(summed.story or "{}") == {"refused_more": 14}
