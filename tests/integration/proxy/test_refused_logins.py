"""Refused logins leave nothing behind: no connection, no flow, no memory that grows with their number."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import http

from mitmgate.core.keys import make_key
from mitmgate.proxy.connection import GatewayConnection

from .chained import serving
from .harness import read_answer
from .test_gates_fail_closed import PlainStore, make_services

NOBODYS = make_key()
AT_ONCE = 20


class FailuresStore(PlainStore):
    """Counts no failure of an address, so that each credential is looked at."""

    async def demand(self, *commands: Any, deadline_s: float | None = None) -> list[Any]:
        return [1, 1, 60]


def login(credential: str) -> bytes:
    head = ["POST /v1/chat/completions HTTP/1.1", "Host: gw", "Content-Type: application/json", "Content-Length: 2"]
    return "\r\n".join([*head, *([f"x-api-key: {credential}"] if credential else []), "", "{}"]).encode()


async def refused(port: int, count: int) -> None:
    """Asks so often, a connection each."""
    offered = ("", NOBODYS, "sk-foreign", "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJtaXRtZ2F0ZSJ9.AA", "mg_half")

    async def ask(number: int) -> None:
        for one in range(number, count, AT_ONCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(login(offered[one % len(offered)]))
            status, _, _ = await read_answer(reader)
            assert status in (401, 429)
            writer.close()

    await asyncio.gather(*map(ask, range(AT_ONCE)))


def alive() -> int:
    gc.collect()
    return sum(isinstance(each, GatewayConnection | http.HTTPFlow) for each in gc.get_objects())


async def growth(tmp_path: Path, first: int, then: int) -> tuple[int, int]:
    """-> connections and flows left, bytes more than before"""
    store: Any = FailuresStore()
    services = replace(make_services(1, tmp_path)[0], store=store)
    others = alive()  # of tests that ran in this process before
    async with serving(services, tmp_path) as (port, _):
        await refused(port, first)
        await asyncio.sleep(0.1)
        alive()
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        await refused(port, then)
        async with asyncio.timeout(30):
            while (left := alive() - others) > AT_ONCE:  # a busy machine is a while behind with closing
                await asyncio.sleep(0.1)
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return left, after - before


async def test_a_refused_login_keeps_no_connection(tmp_path: Path) -> None:
    left, more = await growth(tmp_path, 100, 600)
    assert left <= AT_ONCE
    assert more < 600 * 500


@pytest.mark.long
async def test_twenty_thousand_refused_logins_keep_no_memory(tmp_path: Path) -> None:
    left, more = await growth(tmp_path, 1000, 20_000)
    assert left <= AT_ONCE
    assert more < 1 << 20
