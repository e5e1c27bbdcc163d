"""The control process itself: its listener, its line to the supervisor, and the stores it can do without."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from mitmgate.core.settings import Runtime, Settings, runtime_document
from mitmgate.services.channel import Channel, channel_pair
from mitmgate.services.embedded import EmbeddedPostgres
from mitmgate.services.postgres import prepare_database
from mitmgate.services.secrets import load_secrets
from tests.integration.admin.test_admin_usage import record

ROOT = Path(__file__).parents[3]
TOKEN = "operator-token"


@dataclass
class Process:
    process: asyncio.subprocess.Process
    channel: Channel
    client: httpx.AsyncClient
    data_dir: Path
    heard: list[dict[str, Any]] = field(default_factory=list)
    confirms: bool = True

    def hear(self, message: dict[str, Any]) -> None:
        self.heard.append(message)
        if message["op"] == "apply" and self.confirms:
            self.channel.send_nowait({"op": "applied", "id": message["id"], "missing": 0})

    async def until(self, seen: Any) -> Any:
        async with asyncio.timeout(60):
            while not (found := await seen()):
                await asyncio.sleep(0.05)
            return found


@pytest.fixture
async def wrong_hits(postgres_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenant half of whose audited hits disagree with the upstream."""
    monkeypatch.setenv("MITMGATE_ADMIN_TOKEN", TOKEN)
    await prepare_database(postgres_dsn, load_secrets(Settings(data_dir=tmp_path), tmp_path, create=True))
    connection = await asyncpg.connect(postgres_dsn)
    try:
        tenant_id = await connection.fetchval(
            "INSERT INTO tenants (name, backend_url) VALUES ('acme', 'https://api.example.com') RETURNING id"
        )
        await connection.execute(
            "INSERT INTO cache_comparisons (tenant_id, request_id, kind, probability, agrees, reasons)"
            " SELECT $1, gen_random_uuid(), 'audit', 0.9, n % 2 = 0, '{}' FROM generate_series(1, 400) AS n",
            tenant_id,
        )
    finally:
        await connection.close()


@pytest.fixture
async def control(
    postgres_dsn: str, valkey_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Process]:
    monkeypatch.setenv("MITMGATE_ADMIN_TOKEN", TOKEN)
    settings = Settings(data_dir=tmp_path)
    secrets = load_secrets(settings, tmp_path, create=True)
    await prepare_database(postgres_dsn, secrets)
    (tmp_path / "journal").mkdir()
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    runtime = Runtime(tmp_path, postgres_dsn, valkey_url, False, None, 1, "127.0.0.1", 1, port, "9.9.9", "")
    (tmp_path / "settings.json").write_bytes(runtime_document(settings, runtime))
    ours, theirs = channel_pair()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mitmgate.control", "--settings", str(tmp_path / "settings.json")),
        *("--listen-fd", str(listener.fileno()), "--channel-fd", str(theirs.fileno())),
        pass_fds=(listener.fileno(), theirs.fileno()),
        cwd=ROOT,
        env=dict(os.environ),
    )
    theirs.close()
    channel = Channel(ours.detach(), on_lost=lambda: None)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/admin", headers=headers, timeout=30) as client:
        control = Process(process, channel, client, tmp_path)
        for op in ("ready", "beat", "apply"):
            channel.on(op, control.hear)
        listening = asyncio.create_task(channel.run())
        yield control
        if process.returncode is None:
            process.kill()
            await process.wait()
        listening.cancel()
    listener.close()


async def test_it_tells_it_serves_beats_and_waits_for_the_workers(control: Process) -> None:
    async def ready() -> bool:
        stores = [message["checks"] for message in control.heard if message["op"] == "beat" and message["ready"]]
        return {"op": "ready"} in control.heard and {"database": True, "redis": True, "cache": True} in stores

    await control.until(ready)
    body = {"name": "a", "backend_url": "http://127.0.0.1:9", "allow_private_upstream": True}
    made = await control.client.post("/tenants", json=body)
    assert made.status_code == 201
    asked = [message for message in control.heard if message["op"] == "apply"]
    assert asked[-1]["tenant_id"] == made.json()["id"]
    assert "server" not in made.headers


async def test_its_beat_tells_of_more_wrong_hits_than_a_tenant_accepts(wrong_hits: None, control: Process) -> None:
    async def told() -> bool:
        return any(message["op"] == "beat" and message["checks"]["cache"] is False for message in control.heard)

    await control.until(told)


async def test_health_tells_what_the_supervisor_says(control: Process) -> None:
    status = {"database": "ok", "redis": "ok", "workers": {"wanted": 2, "ready": 1}, "control": "ok", "matcher": "ok"}
    control.channel.send_nowait({"op": "status", "status": status})

    async def told() -> Any:
        body = (await control.client.get("/health")).json()
        return body if body["checks"].get("workers") else None

    body = await control.until(told)
    assert (body["status"], body["version"], body["checks"]["workers"]) == ("degraded", "9.9.9", status["workers"])
    assert body["shipper"]["lag_rows"] == 0
    control.channel.send_nowait({"op": "status", "status": {**status, "workers": {"wanted": 2, "ready": 2}}})

    async def whole() -> bool:
        return (await control.client.get("/health")).json()["status"] == "ok"  # type: ignore[no-any-return]

    await control.until(whole)


async def test_without_postgres_it_says_so_and_heals(control: Process, postgres: EmbeddedPostgres) -> None:
    assert (await control.client.get("/tenants")).status_code == 200
    postgres.stop()
    answer = await control.client.get("/tenants")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "database_unavailable")
    assert (await control.client.get("/health")).json()["checks"]["database"] == "down"
    postgres.start()

    async def healed() -> bool:
        return (await control.client.get("/tenants")).status_code == 200

    await control.until(healed)


async def test_a_drain_ships_what_is_left_and_ends_clean(control: Process) -> None:
    body = {"name": "a", "backend_url": "http://127.0.0.1:9", "allow_private_upstream": True}
    tenant = (await control.client.post("/tenants", json=body)).json()["id"]
    segment = control.data_dir / "journal" / "worker-1-1.jsonl"
    segment.write_bytes(b"".join(record(tenant).line() for _ in range(1500)))
    control.channel.send_nowait({"op": "drain"})
    async with asyncio.timeout(60):
        assert await control.process.wait() == 0
    assert not segment.exists()


async def test_it_ends_with_its_supervisor(control: Process) -> None:
    await control.client.get("/tenants")
    control.channel.close()
    async with asyncio.timeout(30):
        assert await control.process.wait() != 0


async def test_what_the_workers_do_not_confirm_is_told(control: Process) -> None:
    control.confirms = False
    body = {"name": "a", "backend_url": "http://127.0.0.1:9", "allow_private_upstream": True}
    calling = asyncio.create_task(control.client.post("/tenants", json=body))

    async def asked() -> Any:
        return next((message for message in control.heard if message["op"] == "apply"), None)

    message = await control.until(asked)
    assert not calling.done()
    control.channel.send_nowait({"op": "applied", "id": message["id"], "missing": 1})
    assert (await calling).json()["error"]["code"] == "not_applied_everywhere"
    assert (await control.client.get("/tenants")).json() == []
