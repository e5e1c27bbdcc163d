"""Clients that hold a connection and do nothing with it, or next to nothing."""

from __future__ import annotations

import asyncio
import json
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import http

from mitmgate.core.pace import LEAST_BYTES_PER_S
from mitmgate.proxy import clients, stream, worker
from mitmgate.proxy.clients import ConnectionLimits
from tests.e2e.certificates import Authority

from .harness import Planner, answer, ask, gateway, post, read_answer, upstream
from .test_bad_clients import Http2, http2

HEAD = b"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"


async def trickle(writer: asyncio.StreamWriter, piece: bytes) -> None:
    while not writer.is_closing():
        writer.write(piece)
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("piece", [b" ", b" " * 1000], ids=["too slow", "too long in all"])
async def test_a_body_over_http1_that_trickles_is_408(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: bytes
) -> None:
    monkeypatch.setattr(stream, "BODY_WINDOW_S", 0.2 if len(piece) == 1 else 30.0)
    async with gateway(Planner(1), tmp_path) as (port, here):
        here.gateway.body_s = 30.0 if len(piece) == 1 else 0.5
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD)
        sending = asyncio.create_task(trickle(writer, piece))
        status, headers, body = await read_answer(reader)
        assert status == 408 and headers["connection"] == "close"
        assert json.loads(body)["error"]["code"] == "request_timeout"
        sending.cancel()
        writer.close()
        await asyncio.sleep(0.05)
        assert here.gateway.room.used == 0


@pytest.mark.parametrize("by", ["rate", "deadline"])
async def test_a_body_over_http2_that_trickles_is_408(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    monkeypatch.setattr(stream, "BODY_WINDOW_S", 0.2 if by == "rate" else 30.0)
    async with gateway(Planner(1), tmp_path) as (port, here):
        here.gateway.body_s = 30.0 if by == "rate" else 0.5
        client = await http2(port)
        client.send(1, [("content-type", "application/json")], b"{", end=False)
        await client.until(lambda: 1 in client.ended)
        assert client.status == {1: 408} and json.loads(client.bodies[1])["error"]["code"] == "request_timeout"
        assert here.gateway.room.used == 0
        client.writer.close()


async def test_a_slow_but_steady_body_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "BODY_WINDOW_S", 0.2)
    body = b" " * int(LEAST_BYTES_PER_S * 0.2 * 3)

    async def fine(reader: Any, writer: Any, request: bytes, n: int) -> None:
        writer.write(answer(b"{}"))

    async with upstream(fine) as (_, to), gateway(Planner(to), tmp_path) as (port, _w):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        sent = post(body)
        for at in range(0, len(sent), 100):
            writer.write(sent[at : at + 100])
            await asyncio.sleep(0.01)
        assert (await read_answer(reader))[0] == 200
        writer.close()


async def keep_busy(client: Http2) -> None:
    """PING and SETTINGS for as long as the other side takes them."""
    while not client.writer.is_closing():
        client.h2.ping(b"12345678")
        client.h2.update_settings({4: 65_536})
        client.flush()
        await asyncio.sleep(0.05)


async def test_frames_that_carry_no_request_keep_no_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "IDLE_S", 0.3)
    monkeypatch.setattr(worker, "SWEEP_S", 0.05)
    async with gateway(Planner(1), tmp_path) as (port, here):
        client = await http2(port)
        sending = asyncio.create_task(keep_busy(client))
        await client.until(lambda: False)
        assert client.gone
        sending.cancel()
        client.writer.close()
        await asyncio.sleep(0.1)
        assert not here._connections and len(here._clients) == 0


async def test_an_http2_head_that_never_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "HEAD_S", 0.2)
    monkeypatch.setattr(worker, "SWEEP_S", 0.05)
    async with gateway(Planner(1), tmp_path) as (port, here):
        client = await http2(port)
        block = client.h2.encoder.encode([(":method", "POST")])
        client.writer.write(len(block).to_bytes(3) + b"\x01\x00" + (1).to_bytes(4) + block)  # HEADERS, not the last
        await client.until(lambda: False)
        assert client.gone
        client.writer.close()
        await asyncio.sleep(0.1)
        assert not here._connections


async def test_idle_connections_make_room_and_only_the_busy_are_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "YOUNG_S", 0.0)
    monkeypatch.setattr(clients, "NOBODY_IDLE_S", 0.0)
    go = asyncio.Event()

    async def late(reader: Any, writer: Any, request: bytes, n: int) -> None:
        await go.wait()
        writer.write(answer(b"{}"))

    async with upstream(late) as (raw, to):
        planner = Planner(to, first_byte_s=20, total_s=20)
        async with gateway(planner, tmp_path) as (port, here):
            here.gateway.connections = ConnectionLimits(4)
            idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
            while len(here._clients) < 4:
                await asyncio.sleep(0.01)
            busy = []
            for number in range(4):
                pair = await asyncio.open_connection("127.0.0.1", port)
                pair[1].write(post())
                busy.append(pair)
                while len(raw.requests) <= number:
                    await asyncio.sleep(0.01)
            for reader, _ in idle:
                assert await reader.read() == b""
            status, headers, body = await ask(port, post())
            assert (status, headers["connection"]) == (503, "close")
            assert json.loads(body)["error"]["code"] == "gateway_overloaded"
            go.set()
            for reader, writer in busy:
                assert (await read_answer(reader))[0] == 200
                writer.close()
            for _, writer in idle:
                writer.close()


@given(st.lists(st.sampled_from("abc"), max_size=40))
def test_places_of_addresses_add_up(steps: list[str]) -> None:
    """Each step opens a connection of that address, or ends its first one."""

    class One:
        served_at, head_since = 0.0, None

        def idle(self) -> bool:
            return False

        def awaits_head(self) -> bool:
            return False

        def close_client(self) -> None:
            raise AssertionError

    made, held = clients.Clients(ConnectionLimits(1000, 3)), dict[str, list[One]]()
    for step in steps:
        address, mine = f"203.0.113.{ord(step)}", held.setdefault(step, [])
        if made.admits(address):
            mine.append(One())
            made.add(mine[-1], address)
        else:
            assert len(mine) == 3
            made.remove(mine.pop(0))
        assert len(made) == sum(map(len, held.values()))


async def test_a_handshake_under_way_has_a_place_and_gives_it_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "YOUNG_S", 0.0)
    monkeypatch.setattr(clients, "NOBODY_IDLE_S", 0.0)
    tls = Authority(tmp_path, "authority").server_context("127.0.0.1")
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    planner = Planner(1)
    planner.early["/hit"] = http.Response.make(200, b"{}")
    async with gateway(planner, tmp_path, client_tls=tls) as (port, here), asyncio.timeout(30):
        here.gateway.connections = ConnectionLimits(4)
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(8)]
        for reader, _ in silent[:4]:
            assert await reader.read() == b""
        assert len(here._clients) == 4
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting)
        writer.write(post(b"{}", "/hit"))
        assert (await read_answer(reader))[0] == 200
        for _, each in silent:
            each.close()
        silent[-1][1].transport.abort()
        while len(here._clients) > 1:
            await asyncio.sleep(0.01)
        writer.close()
        while len(here._clients) or here._connections:
            await asyncio.sleep(0.01)


async def test_no_handshake_is_begun_without_a_place(tmp_path: Path) -> None:
    tls = Authority(tmp_path, "authority").server_context("127.0.0.1")
    async with gateway(Planner(1), tmp_path, client_tls=tls) as (port, here), asyncio.timeout(30):
        here.gateway.connections = ConnectionLimits(1)
        _, first = await asyncio.open_connection("127.0.0.1", port)
        while len(here._clients) < 1:
            await asyncio.sleep(0.01)
        reader, second = await asyncio.open_connection("127.0.0.1", port)
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        assert len(here._clients) == 1
        first.write(b"no TLS at all\r\n\r\n")  # a handshake that fails
        while len(here._clients):
            await asyncio.sleep(0.01)
        first.close()
        second.close()
