"""The admin API over a database of the test's own, called without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from mitmgate.control.app import make_app
from mitmgate.control.context import Control
from mitmgate.core.errors import ServiceUnavailable
from mitmgate.core.settings import Settings
from mitmgate.services.postgres import create_pool, prepare_database
from mitmgate.services.secrets import Secrets

ADMIN_TOKEN = "the-operator's-own-token"
NAMES = {
    "api.example.com": ["93.184.215.14"],
    "inside.example.com": ["10.0.0.7"],
    "meta.example.com": ["169.254.169.254"],
}


class Blocks:
    """Automatic blocks as Valkey would hold them."""

    def __init__(self) -> None:
        self.healthy = True
        self.seconds: dict[int, int] = {}

    async def blocked(self, tenant_ids: Sequence[int]) -> dict[int, int]:
        if not self.healthy:
            raise ServiceUnavailable(503, "limiter_unavailable", "away.")
        return {id: left for id, left in self.seconds.items() if id in tenant_ids}

    async def blocked_keys(self, tenant_id: int, key_ids: Sequence[int]) -> dict[int, int]:
        return {}

    async def lift(self, tenant_id: int, key_ids: Sequence[int]) -> None:
        if not self.healthy:
            raise ServiceUnavailable(503, "limiter_unavailable", "away.")
        self.seconds.pop(tenant_id, None)


@dataclass
class Admin:
    """The API with the operator's token, what it told the workers, and the database behind it."""

    client: httpx.AsyncClient
    control: Control
    pool: asyncpg.Pool
    blocks: Blocks
    applied: list[tuple[int, int]] = field(default_factory=list)
    missing: int = 0

    async def __call__(self, method: str, path: str, body: object = None, **more: Any) -> httpx.Response:
        if body is not None:
            more["json"] = body
        return await self.client.request(method, f"/admin{path}", **more)

    async def tenant(self, name: str = "acme", **more: object) -> dict[str, Any]:
        answer = await self("POST", "/tenants", {"name": name, "backend_url": "https://api.example.com/v1", **more})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def with_token(self, token: str) -> Callable[..., Any]:
        async def call(method: str, path: str, body: object = None) -> httpx.Response:
            return await self(method, path, body, headers={"Authorization": f"Bearer {token}"})

        return call


def settings(**sections: Any) -> Settings:
    return Settings(data_dir=Path("/nowhere"), **sections)


async def resolve(host: str) -> Sequence[str]:
    if host not in NAMES:
        raise OSError("no such name")
    return NAMES[host]


@pytest.fixture
async def admin(postgres_dsn: str) -> AsyncIterator[Admin]:
    secrets = Secrets(b"p" * 32, {"k1": b"m" * 32}, {"j1": b"j" * 32}, ADMIN_TOKEN)
    await prepare_database(postgres_dsn, secrets)
    pool = await create_pool(postgres_dsn)
    control = Control(settings(), secrets, pool, "0.0.0", Blocks(), resolve=resolve)
    transport = httpx.ASGITransport(make_app(control), client=("198.51.100.1", 1))
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers) as client:
        admin = Admin(client, control, pool, control.automatic_blocks)  # type: ignore[arg-type]

        async def apply(tenant_id: int, version: int) -> int:
            admin.applied.append((tenant_id, version))
            return admin.missing

        control.apply = apply
        yield admin
    await pool.close()
