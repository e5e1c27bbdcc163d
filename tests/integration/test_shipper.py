"""Journals to PostgreSQL: each row once, whoever is killed on the way."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from mitmgate.control.shipper import Shipper
from mitmgate.core.errors import ServiceUnavailable
from mitmgate.core.histogram import percentile
from mitmgate.core.usage import UsageRecord
from mitmgate.services.embedded import EmbeddedPostgres
from mitmgate.services.journal import Journal
from mitmgate.services.postgres import create_pool, open_connection, prepare_database
from tests.integration.database import SECRETS, eventually, postmaster, record, stopped

DAY_S = 86_400.0


class Gateway:
    """A database made ready, a folder of journals, and as many shippers as asked for."""

    def __init__(self, dsn: str, base: Path) -> None:
        self.dsn = dsn
        self.journal = base / "journal"
        self.dead = base / "dead-letter"
        self.journal.mkdir()
        self._pools: list[asyncpg.Pool] = []

    async def shipper(self, **settings: Any) -> Shipper:
        self._pools.append(await create_pool(self.dsn))
        return Shipper(self.journal, self.dead, self._pools[-1], **settings)

    def write(self, records: Iterable[UsageRecord], segment: str = "worker-1-0.jsonl") -> None:
        with open(self.journal / segment, "ab", buffering=0) as file:
            for each in records:
                file.write(each.line())

    async def fetch(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        connection = await open_connection(self.dsn)
        try:
            rows: list[asyncpg.Record] = await connection.fetch(statement, *values)
            return rows
        finally:
            await connection.close()

    async def value(self, statement: str, *values: Any) -> Any:
        return (await self.fetch(statement, *values))[0][0]

    async def counts(self) -> tuple[int, int]:
        """Rows and what the rollups counted: they must never differ."""
        row = (
            await self.fetch(
                "SELECT (SELECT count(*) FROM usage), (SELECT coalesce(sum(requests), 0)::bigint FROM usage_hourly)"
            )
        )[0]
        return row[0], row[1]

    def put_aside(self) -> list[dict[str, Any]]:
        files = sorted(self.dead.glob("*.jsonl")) if self.dead.exists() else []
        return [orjson.loads(line) for file in files for line in file.read_bytes().splitlines()]

    def segments(self) -> list[str]:
        return sorted(path.name for path in self.journal.iterdir())

    async def close(self) -> None:
        for pool in self._pools:
            pool.terminate()


@pytest.fixture
async def gateway(postgres_dsn: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    await prepare_database(postgres_dsn, SECRETS)
    gateway = Gateway(postgres_dsn, tmp_path)
    yield gateway
    await gateway.close()


async def test_a_row_is_stored_as_it_was_written(gateway: Gateway) -> None:
    written = record(
        similarity=0.5,
        streamed=True,
        attempts=2,
        error="reset",
        first_byte_ms=1.5,
        client_request_id="mine",
        client_address="2001:db8::1",
        story='{"cache": "below bar", "attempts": [{"at": 1.5, "ms": 2.5, "error": "upstream_reset"}]}',
        key_id=None,
    )
    gateway.write([written])
    assert await (await gateway.shipper()).flush()
    row = dict((await gateway.fetch("SELECT * FROM usage"))[0])
    assert row.pop("arrival") == 1
    assert row.pop("story") == orjson.loads(written.story or "")
    assert str(row.pop("request_id")) == written.request_id
    assert abs(row.pop("started_at").timestamp() - written.started_at) < 1e-5
    assert row == {name: getattr(written, name) for name in row}


async def test_rollups_count_what_analytics_asks(gateway: Gateway) -> None:
    hour = time.time() // 3600 * 3600
    gateway.write(
        [
            *(record(started_at=hour + n, latency_ms=10.0) for n in range(90)),
            *(record(started_at=hour, latency_ms=1000.0, cache="hit", cache_kind="exact") for _ in range(10)),
            record(started_at=hour, cache="hit", cache_kind="semantic", model=None),
            record(started_at=hour, cache="bypass", status=399, model="large"),
            record(started_at=hour, cache="refresh", model="large"),
            *(record(started_at=hour, cache=None, status=404, model=f"invented-{n}") for n in range(50)),
        ]
    )
    await (await gateway.shipper()).flush()
    rows = {row["model"]: dict(row) for row in await gateway.fetch("SELECT * FROM usage_hourly ORDER BY model")}
    assert list(rows) == ["", "large", "small"]
    small, large, unnamed = rows["small"], rows["large"], rows[""]
    assert (small["requests"], small["misses"], small["exact_hits"], small["errors"]) == (100, 90, 10, 0)
    assert (small["prompt_tokens"], small["completion_tokens"]) == (300, 500)
    assert small["latency_ms_sum"] == pytest.approx(90 * 10 + 10 * 1000)
    assert percentile(small["latency_histogram"], 0.5) == pytest.approx(10, rel=0.13)
    assert percentile(small["latency_histogram"], 0.99) == pytest.approx(1000, rel=0.13)
    assert (large["requests"], large["bypasses"], large["refreshes"]) == (2, 1, 1)
    assert (unnamed["requests"], unnamed["errors"], unnamed["semantic_hits"]) == (51, 50, 1)
    gateway.write([record(started_at=hour)], "worker-1-1.jsonl")
    await (await gateway.shipper()).flush()
    assert await gateway.value("SELECT requests FROM usage_hourly WHERE model = 'small'") == 101


async def test_a_live_journal_is_shipped_while_it_is_written(gateway: Gateway) -> None:
    shipper = await gateway.shipper()
    running = asyncio.ensure_future(shipper.run())
    journal = Journal(gateway.journal, "worker")
    for n in range(1, 4):
        journal.append(record())
        await eventually(lambda n=n: shipper.stats.shipped == n)  # type: ignore[misc]
    assert len(gateway.segments()) == 1
    journal.close()
    await eventually(lambda: not gateway.segments())
    running.cancel()
    assert await gateway.counts() == (3, 3)


async def test_many_segments_are_shipped_in_bounded_batches(gateway: Gateway) -> None:
    for worker in range(5):
        gateway.write((record() for _ in range(900)), f"worker-{worker}-0.jsonl")
    shipper = await gateway.shipper()
    sizes = []
    while lines := await shipper.ship_once():
        sizes.append(lines)
    assert sum(sizes) == 4500
    assert max(sizes) <= 1000
    assert await gateway.counts() == (4500, 4500)
    assert gateway.segments() == []
    assert (shipper.stats.lag_rows, shipper.stats.lag_bytes) == (0, 0)


async def test_a_segment_shipped_again_counts_nothing_twice(gateway: Gateway) -> None:
    records = [record() for _ in range(50)]
    gateway.write(records)
    await (await gateway.shipper()).flush()
    gateway.write([*records, record(), records[3]], "worker-1-1.jsonl")
    await (await gateway.shipper()).flush()
    assert await gateway.counts() == (51, 51)


async def test_two_shippers_at_once_store_each_row_once(gateway: Gateway) -> None:
    for segment in range(6):
        gateway.write((record(key_id=segment) for _ in range(700)), f"worker-{segment}-0.jsonl")
    shippers = [await gateway.shipper() for _ in range(3)]
    running = [asyncio.ensure_future(shipper.run()) for shipper in shippers]
    await eventually(lambda: not gateway.segments())
    for task in running:
        task.cancel()
    assert await gateway.counts() == (4200, 4200)
    assert sum(shipper.stats.shipped for shipper in shippers) == 4200
    assert gateway.put_aside() == []


async def test_what_a_follower_has_seen_has_no_earlier_arrival_after_it(gateway: Gateway) -> None:
    """Two nodes ship into one database; whoever sees an arrival sees all before it."""
    one, two = await gateway.shipper(), await gateway.shipper()
    for number in range(2):
        gateway.write((record() for _ in range(3000)), f"worker-{number}-0.jsonl")
    seen: list[int] = []
    done = asyncio.Event()

    async def follow() -> None:
        connection = await open_connection(gateway.dsn)
        while True:
            last = done.is_set()
            after = seen[-1] if seen else 0
            found = await connection.fetch("SELECT arrival FROM usage WHERE arrival > $1 ORDER BY arrival", after)
            seen.extend(row["arrival"] for row in found)
            if last:
                break
        await connection.close()

    following = asyncio.create_task(follow())
    assert all(await asyncio.gather(one.flush(60), two.flush(60)))
    done.set()
    await following
    assert await gateway.counts() == (6000, 6000)
    assert seen == [row["arrival"] for row in await gateway.fetch("SELECT arrival FROM usage ORDER BY arrival")]
    assert len(seen) == 6000


@pytest.mark.parametrize("story", [{}, 7, "{", '"\\u0000"'])
async def test_a_story_that_is_none_is_put_aside_alone(gateway: Gateway, story: Any) -> None:
    gateway.write([record(story=story), record(story='{"cache": "path"}')])
    assert await (await gateway.shipper()).flush()
    assert await gateway.value("SELECT array_agg(story->>'cache') FROM usage") == ["path"]
    assert len(gateway.put_aside()) == 1


async def test_poison_is_put_aside_and_the_others_are_stored(gateway: Gateway) -> None:
    poison = [
        record(model="nul\0byte"),
        record(started_at=0.0),
        record(started_at=-5e10),
        record(started_at=time.time() + 3 * DAY_S),
        record(started_at=1e300),
        record(request_id="no uuid"),
        record(status=70_000),
        record(latency_ms=float("nan")),
        record(endpoint=None),
        record(tenant_id="one"),
        record(attempts=1 << 40),
        record(model="".join(chr(0x4E00 + n) for n in range(20_000))),
    ]
    good = [record() for _ in range(40)]
    gateway.write([each for n in range(len(good)) for each in [good[n], *poison[n : n + 1]]])
    with open(gateway.journal / "worker-1-0.jsonl", "ab") as file:
        file.write(b'{"request_id":"torn","st\n' + record().line() + b"[1,2]\n\xff\n")
    shipper = await gateway.shipper()
    assert await shipper.flush()
    assert await gateway.counts() == (41, 41)
    aside = gateway.put_aside()
    assert len(aside) == len(poison) + 3 == shipper.stats.dead_lettered
    assert all(each["reason"] and each["line"] for each in aside)
    assert gateway.segments() == []


async def test_poison_read_again_after_a_crash_is_aside_once(gateway: Gateway) -> None:
    gateway.write([record(model="\0"), record()])
    whole = (gateway.journal / "worker-1-0.jsonl").read_bytes() + b"torn\n"
    for _ in range(2):
        (gateway.journal / "worker-1-0.jsonl").write_bytes(whole)
        await (await gateway.shipper()).flush()
    assert len(gateway.put_aside()) == 2
    assert await gateway.counts() == (1, 1)


async def test_days_of_the_journal_get_their_partitions_and_old_days_go(gateway: Gateway) -> None:
    now = time.time()
    gateway.write([record(started_at=now - days * DAY_S) for days in (0, 1, 5, 10, 11)])
    shipper = await gateway.shipper(retention_days=10)
    await shipper.flush()
    assert await gateway.counts() == (4, 4)
    assert len(gateway.put_aside()) == 1

    later = await gateway.shipper(retention_days=10, now=lambda: now + 3 * DAY_S, steady_s=0)
    running = asyncio.ensure_future(later.run())
    tomorrow = datetime.fromtimestamp(now + 4 * DAY_S, UTC).date()
    await eventually(lambda: later._kept_from == tomorrow - timedelta(days=11))
    running.cancel()
    names = {row[0] for row in await gateway.fetch("SELECT inhrelid::regclass::text FROM pg_inherits")}
    assert f"usage_{tomorrow:%Y_%m_%d}" in names
    assert f"usage_{tomorrow - timedelta(days=14):%Y_%m_%d}" not in names
    rows, counted = await gateway.counts()
    assert (rows, counted) == (3, 4)  # the hours stay
    gateway.write([record(started_at=now - 10 * DAY_S)])  # a journal that comes late does not count its day again
    await later.flush()
    assert await gateway.counts() == (3, 4)


async def test_a_clock_that_has_just_jumped_drops_no_day(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mitmgate.control.shipper.UPKEEP_RETRY_S", 0.05)
    ahead_s = 0.0
    shipper = await gateway.shipper(now=lambda: time.time() + ahead_s, steady_s=1.0)
    gateway.write([record()])
    running = asyncio.ensure_future(shipper.run())
    await eventually(lambda: shipper._kept_from is not None)
    ahead_s = 400 * DAY_S
    far = datetime.fromtimestamp(time.time() + 401 * DAY_S, UTC)
    while not await gateway.value("SELECT to_regclass($1) IS NOT NULL", f"usage_{far:%Y_%m_%d}"):
        await asyncio.sleep(0.02)
    ahead_s = 0.0
    await asyncio.sleep(1.5)
    assert await gateway.counts() == (1, 1)
    ahead_s = 400 * DAY_S  # and stays so: it is the time
    while await gateway.counts() != (0, 1):
        await asyncio.sleep(0.05)
    running.cancel()


async def test_two_shippers_at_once_drop_each_day_once(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    for days in (200, 201, 202):
        await gateway.value("SELECT usage_ensure_partition(current_date - $1::int)", days)
    shippers = [await gateway.shipper(steady_s=0) for _ in range(2)]
    running = [asyncio.ensure_future(shipper.run()) for shipper in shippers]
    await eventually(lambda: all(shipper._kept_from is not None for shipper in shippers))
    for task in running:
        task.cancel()
    assert sum(int(each) for each in re.findall(r"dropped (\d) days", caplog.text)) == 3
    assert "deadlock" not in caplog.text and "Traceback" not in caplog.text


async def test_a_partition_dropped_by_hand_is_made_again(gateway: Gateway) -> None:
    shipper = await gateway.shipper()
    gateway.write([record()])
    await shipper.flush()
    await gateway.value("SELECT usage_drop_partitions(current_date + 1)")
    gateway.write([record()], "worker-1-1.jsonl")
    await shipper.flush()
    assert await gateway.value("SELECT count(*) FROM usage") == 1
    assert gateway.put_aside() == []


async def test_keys_know_when_they_were_used(gateway: Gateway) -> None:
    await gateway.fetch("INSERT INTO tenants (name, backend_url) VALUES ('a', 'https://x')")
    await gateway.fetch(
        "INSERT INTO api_keys (tenant_id, name, prefix, hash) VALUES (1, 'k', 'mg_', '1'), (1, 'l', 'mg_', '2')"
    )
    version = await gateway.value("SELECT version FROM tenants")
    at = time.time() - 600
    shipper = await gateway.shipper()
    for seconds, expected in ((0, 0), (30, 0), (90, 90), (80, 90)):
        gateway.write(
            [record(started_at=at + seconds), record(started_at=at + seconds - 5)], f"worker-1-{seconds}.jsonl"
        )
        await shipper.flush()
        used = await gateway.value("SELECT last_used_at FROM api_keys WHERE id = 1")
        assert used.timestamp() == pytest.approx(at + expected, abs=0.01)
    assert await gateway.value("SELECT last_used_at FROM api_keys WHERE id = 2") is None
    assert await gateway.value("SELECT version FROM tenants") == version  # nobody is told of it


async def test_a_server_that_stands_still_loses_nothing(gateway: Gateway, postgres: EmbeddedPostgres) -> None:
    shipper = await gateway.shipper()
    gateway.write([record()])
    await shipper.flush()
    gateway.write([record()], "worker-1-1.jsonl")
    with stopped(postgres):
        assert not await shipper.flush(within_s=0.5)
        with pytest.raises(ServiceUnavailable):
            await shipper.ship_once()
        assert shipper.stats.away
        assert shipper.stats.lag_rows > 0
    assert await shipper.flush()
    assert await gateway.counts() == (2, 2)
    assert not shipper.stats.away


async def test_postgres_killed_under_shipping_loses_and_doubles_nothing(
    careful_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    await prepare_database(careful_postgres.dsn, SECRETS)
    gateway = Gateway(careful_postgres.dsn, tmp_path)
    shipper = await gateway.shipper()
    running = asyncio.ensure_future(shipper.run())
    journal = Journal(gateway.journal, "worker")
    written = 0
    for _ in range(3):
        reached = shipper.stats.shipped + 1
        for _ in range(2000):
            journal.append(record())
            written += 1
        await eventually(lambda reached=reached: shipper.stats.shipped >= reached)  # type: ignore[misc]
        os.kill(postmaster(careful_postgres), signal.SIGKILL)
        for _ in range(500):
            journal.append(record())
            written += 1
        await asyncio.sleep(0.3)
        careful_postgres.start()
    journal.close()
    await eventually(lambda: not gateway.segments(), 60)
    running.cancel()
    assert await gateway.counts() == (written, written)
    assert gateway.put_aside() == []
    await gateway.close()


SHIP = """
import asyncio, sys
from pathlib import Path
from mitmgate.control.shipper import Shipper
from mitmgate.services.postgres import create_pool

async def main(dsn, folder, dead):
    shipper = Shipper(Path(folder), Path(dead), await create_pool(dsn))
    running = asyncio.ensure_future(shipper.run())
    while not shipper.stats.shipped:
        await asyncio.sleep(0)
    print("shipping", flush=True)
    await running

asyncio.run(main(*sys.argv[1:]))
"""


async def test_control_killed_under_shipping_loses_and_doubles_nothing(gateway: Gateway) -> None:
    for segment in range(8):
        gateway.write((record() for _ in range(1500)), f"worker-{segment}-0.jsonl")
    for _ in range(3):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SHIP, gateway.dsn, gateway.journal, gateway.dead, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        await process.stdout.readline()
        process.kill()
        await process.wait()
        gateway.write([record()], f"late-{process.pid}.jsonl")
    assert await (await gateway.shipper()).flush(60)
    assert await gateway.counts() == (12_003, 12_003)
    assert gateway.put_aside() == []
