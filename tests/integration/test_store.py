"""The store on a real Valkey: one call's reply never reaches another, whatever happens to calls and server."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator

import pytest

from mitmgate.services.embedded import EmbeddedValkey
from mitmgate.services.redis import MAX_TOGETHER, Script, Store, StoreDown, StoreError
from mitmgate.services.redis_connection import Address, Call

ECHO = Script("reserve")
WINDOW = ("q:{1}", "e:{1}", "b:{1}")
BOUNDS = (100, 3_600_000, 60_000, 300_000, 1000)


@pytest.fixture
async def store(valkey_url: str) -> AsyncIterator[Store]:
    store = Store(valkey_url, scripts=[ECHO])
    yield store
    await store.close()


def freeze(server: EmbeddedValkey) -> None:
    os.kill(server._process.pid, signal.SIGSTOP)  # type: ignore[union-attr]


def thaw(server: EmbeddedValkey) -> None:
    os.kill(server._process.pid, signal.SIGCONT)  # type: ignore[union-attr]


async def heal(store: Store) -> None:
    for _ in range(200):
        if await store.probe():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the store did not come back")


async def test_replies_come_in_the_order_of_the_commands(store: Store) -> None:
    assert await store.pipeline([("SET", "a", 1), ("INCRBY", "a", 4), ("GET", "a"), ("GET", "none")]) == [
        b"OK",
        5,
        b"5",
        None,
    ]


async def test_an_error_reply_spoils_neither_its_neighbours_nor_the_connection(store: Store) -> None:
    replies = await store.pipeline([("SET", "a", "x"), ("INCR", "a"), ("GET", "a")])
    assert replies[0] == b"OK" and isinstance(replies[1], StoreError) and replies[2] == b"x"
    with pytest.raises(StoreDown):
        await store.demand(("INCR", "a"))
    assert store.healthy
    assert len(store._connections) == 1


async def test_concurrent_calls_beyond_the_pool_each_get_their_own_reply(valkey_url: str) -> None:
    store = Store(valkey_url, pool_size=4, deadline_s=10)
    await store.pipeline([("SET", f"k{n}", f"value {n}" * (n % 50)) for n in range(500)], deadline_s=10)
    replies = await asyncio.gather(*(store.pipeline([("GET", f"k{n}")]) for n in range(500)))
    assert replies == [[f"value {n}".encode() * (n % 50)] for n in range(500)]
    assert len(store._connections) <= 4
    await store.close()
    assert not store._connections


async def test_a_call_that_passed_its_deadline_leaves_nothing_behind_for_the_next(
    valkey: EmbeddedValkey, store: Store
) -> None:
    await store.pipeline([("MSET", "mine", "mine", "yours", "yours")])
    freeze(valkey)
    try:
        begun = asyncio.get_running_loop().time()
        with pytest.raises(StoreDown):
            await store.pipeline([("GET", "mine")], deadline_s=0.3)
        assert asyncio.get_running_loop().time() - begun >= 0.29
        assert not store._connections
    finally:
        thaw(valkey)
    await heal(store)
    for _ in range(20):
        assert await store.pipeline([("GET", "yours")]) == [b"yours"]


async def test_a_busy_loop_is_not_taken_for_a_store_that_does_not_answer(valkey_url: str) -> None:
    """A burst keeps the loop longer than the deadline: the replies are there, and only nobody has read them yet."""
    store = Store(valkey_url, pool_size=16, deadline_s=0.25)
    first = [asyncio.ensure_future(store.pipeline([("ECHO", n)])) for n in range(200)]
    await asyncio.sleep(0)
    time.sleep(0.6)  # before a single connection is open
    assert await asyncio.gather(*first) == [[str(n).encode()] for n in range(200)]
    calls = [asyncio.ensure_future(store.pipeline([("ECHO", n)])) for n in range(200)]
    while not all(call.done() for call in calls):
        await asyncio.sleep(0)
        time.sleep(0.02)  # other requests' work
    await asyncio.sleep(0)
    calls += [asyncio.ensure_future(store.pipeline([("ECHO", n)])) for n in range(200, 204)]
    await asyncio.sleep(0)
    time.sleep(0.5)
    replies = await asyncio.gather(*calls)
    assert replies == [[str(n).encode()] for n in range(204)]
    assert store.healthy
    await store.close()


async def test_cancelled_calls_leave_nothing_behind_for_the_next(store: Store) -> None:
    await store.pipeline([("SET", f"k{n}", n) for n in range(100)])
    for n in range(100):
        call = asyncio.ensure_future(store.pipeline([("GET", f"k{n}")]))
        for _ in range(n % 5):
            await asyncio.sleep(0)
        call.cancel()
        assert await store.pipeline([("GET", f"k{99 - n}")], deadline_s=5) == [str(99 - n).encode()]
    assert store.healthy


async def test_calls_of_one_turn_share_a_connection_and_each_gets_its_own_replies(store: Store) -> None:
    await store.pipeline([("PING",)])
    calls = [store.pipeline([("ECHO", f"{n}.{i}") for i in range(n % 4 + 1)]) for n in range(MAX_TOGETHER)]
    assert await asyncio.gather(*calls) == [
        [f"{n}.{i}".encode() for i in range(n % 4 + 1)] for n in range(MAX_TOGETHER)
    ]
    assert len(store._connections) == 1


async def test_a_call_that_shares_a_write_is_spoilt_by_no_neighbour(store: Store) -> None:
    command = ECHO.command(WINDOW, BOUNDS)
    await store.pipeline([("SET", "a", "x"), ("SCRIPT", "FLUSH")])
    commands = [("ECHO", "1"), ("INCR", "a"), command, ("ECHO", "2"), command, ("ECHO", "3")]
    calls = [asyncio.ensure_future(store.pipeline([each])) for each in commands]
    await asyncio.sleep(0)
    calls[3].cancel()
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert ends[0] == [b"1"] and ends[5] == [b"3"]
    assert isinstance(ends[1], list) and isinstance(ends[1][0], StoreError)
    assert isinstance(ends[3], asyncio.CancelledError)
    assert isinstance(ends[2], list) and isinstance(ends[4], list)
    assert {ends[2][0][3], ends[4][0][3]} == {1, 2}
    assert store.healthy


async def test_calls_that_share_a_lost_connection_all_fail_and_count_once(valkey: EmbeddedValkey, store: Store) -> None:
    await store.pipeline([("MSET", *(f"{word}{n}" for n in range(20) for word in ("k", "v")))])
    freeze(valkey)
    try:
        calls = [store.pipeline([("GET", f"k{n}")]) for n in range(20)]
        assert all(isinstance(end, StoreDown) for end in await asyncio.gather(*calls, return_exceptions=True))
        assert not store._connections
        assert store._failures == 1 and store.healthy
    finally:
        thaw(valkey)
    await heal(store)
    replies = await asyncio.gather(*(store.pipeline([("GET", f"k{n}")]) for n in reversed(range(20))))
    assert replies == [[f"v{n}".encode()] for n in reversed(range(20))]


async def test_an_impatient_call_takes_no_other_with_it(valkey: EmbeddedValkey) -> None:
    store = Store(valkey.url, deadline_s=10)
    await store.pipeline([("PING",)])
    freeze(valkey)
    try:
        patient = [asyncio.ensure_future(store.pipeline([("ECHO", n)])) for n in range(3)]
        with pytest.raises(StoreDown):
            await store.pipeline([("ECHO", "impatient")], deadline_s=0.01)
    finally:
        thaw(valkey)
    assert await asyncio.gather(*patient) == [[b"0"], [b"1"], [b"2"]]
    await store.close()


async def test_closing_ends_calls_that_are_not_sent_yet(valkey_url: str) -> None:
    store = Store(valkey_url, deadline_s=30)
    waiting = [asyncio.ensure_future(store.pipeline([("PING",)])) for _ in range(40)]
    await asyncio.sleep(0)  # one write is under way to a connection, the rest are gathered
    await store.close()
    ends = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 5)
    assert all(isinstance(end, StoreDown) for end in ends)


async def test_a_cancelled_wait_for_a_connection_loses_none(valkey_url: str) -> None:
    store = Store(valkey_url, pool_size=1, deadline_s=5)
    for n in range(60):
        calls = [asyncio.ensure_future(store.pipeline([("ECHO", f"{n}.{i}")])) for i in range(6)]
        for _ in range(n % 7):
            await asyncio.sleep(0)
        for call in calls[::2]:
            call.cancel()
        replies = await asyncio.gather(*calls, return_exceptions=True)
        assert list(replies[1::2]) == [[f"{n}.{i}".encode()] for i in (1, 3, 5)]
    await store.close()


async def test_a_reply_nobody_asked_for_closes_the_connection(valkey_url: str) -> None:
    lost: list[object] = []
    connection = await Address.of(valkey_url).connect(lost.append, 2.0)
    connection.data_received(b"+surplus\r\n")
    assert connection.lost and lost == [connection]
    connection = await Address.of(valkey_url).connect(lost.append, 2.0)
    call = asyncio.ensure_future(connection.ask(Call(b"PING\r\nPING\r\n", 1), asyncio.get_running_loop().time() + 5))
    with pytest.raises(ConnectionResetError):
        await call
        await connection.ask(Call(b"PING\r\n", 1), asyncio.get_running_loop().time() + 5)
    assert connection.lost


async def test_one_reply_too_many_reaches_none_of_the_calls_of_a_write(valkey_url: str) -> None:
    connection = await Address.of(valkey_url).connect(lambda _: None, 2.0)
    calls = [Call(b"PING\r\n" * sent, 1) for sent in (1, 2, 1)]
    connection.send(calls, asyncio.get_running_loop().time() + 5)
    ends = await asyncio.gather(*(call.waiter for call in calls), return_exceptions=True)
    assert all(isinstance(end, ConnectionResetError) for end in ends)
    assert connection.lost


async def test_a_store_that_keeps_failing_is_left_alone_and_comes_back(valkey: EmbeddedValkey, store: Store) -> None:
    await store.pipeline([("PING",)])
    freeze(valkey)
    try:
        for _ in range(3):
            with pytest.raises(StoreDown):
                await store.pipeline([("PING",)])
        assert not store.healthy
        connections = len(store._connections)
        for _ in range(100):
            with pytest.raises(StoreDown):
                await store.pipeline([("PING",)])
        assert len(store._connections) == connections
    finally:
        thaw(valkey)
    await heal(store)
    assert store.healthy and store._pause_s == 0.2


async def test_many_failures_at_once_lengthen_the_pause_once(valkey: EmbeddedValkey, store: Store) -> None:
    freeze(valkey)
    try:
        calls = [store.pipeline([("PING",)]) for _ in range(50)]
        assert all(isinstance(end, StoreDown) for end in await asyncio.gather(*calls, return_exceptions=True))
        assert store._pause_s == 0.2
    finally:
        thaw(valkey)
    await heal(store)


async def test_an_impatient_call_says_nothing_about_the_store(valkey: EmbeddedValkey, store: Store) -> None:
    await store.pipeline([("PING",)])
    freeze(valkey)
    try:
        for _ in range(5):
            with pytest.raises(StoreDown):
                await store.pipeline([("PING",)], deadline_s=0.01)
        assert store.healthy
    finally:
        thaw(valkey)


async def test_a_killed_server_that_forgot_the_scripts_is_taught_them_again(
    valkey: EmbeddedValkey, store: Store
) -> None:
    command = ECHO.command(WINDOW, BOUNDS)
    assert (await store.pipeline([command]))[0][3] == 1
    os.kill(valkey._process.pid, signal.SIGKILL)  # type: ignore[union-attr]
    with pytest.raises(StoreDown):
        while True:
            await store.pipeline([command])
    valkey._process.wait()  # type: ignore[union-attr]  # its socket is closed before it is known to have ended
    valkey.start()
    await heal(store)
    replies = await store.pipeline([("ECHO", "before"), command, ("ECHO", "between"), command, ("ECHO", "after")])
    assert [replies[i] for i in (0, 2, 4)] == [b"before", b"between", b"after"]
    assert replies[3][3] == replies[1][3] + 1


async def test_without_a_server_calls_fail_at_once(server_folder: object) -> None:
    store = Store(f"unix://{server_folder}/none.sock", deadline_s=30)
    calls = [store.pipeline([("PING",)]) for _ in range(100)]
    ends = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 20)
    assert all(isinstance(end, StoreDown) for end in ends)
    assert not store.healthy and not store._waiting
    await store.close()


async def test_a_server_that_can_not_serve_counts_as_away(store: Store) -> None:
    await store.pipeline([("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory-policy", "noeviction")])
    try:
        for _ in range(3):
            with pytest.raises(StoreDown):
                await store.pipeline([("SET", "a", "x" * 1000)])
        assert not store.healthy
    finally:
        await asyncio.sleep(0.25)
        await store.pipeline(
            [("CONFIG", "SET", "maxmemory", "512mb"), ("CONFIG", "SET", "maxmemory-policy", "volatile-lru")]
        )


async def test_passwords_and_databases(valkey_url: str) -> None:
    admin = Store(valkey_url)
    await admin.demand(("ACL", "SETUSER", "gate", "on", ">s3c/ret@", "~*", "+@all"))
    path = valkey_url.removeprefix("unix://")
    store = Store(f"unix://gate:s3c%2Fret%40@{path}")
    assert await store.demand(("ACL", "WHOAMI")) == [b"gate"]
    wrong = Store(f"unix://gate:wrong@{path}")
    with pytest.raises(StoreDown):
        await wrong.pipeline([("PING",)])
    await admin.demand(("ACL", "DELUSER", "gate"))
    for each in (admin, store, wrong):
        await each.close()


@pytest.mark.parametrize(
    ("url", "host", "port", "logins"),
    [
        ("redis://cache.example", "cache.example", 6379, 0),
        ("redis://:secret@cache.example:7000/3", "cache.example", 7000, 2),
        ("rediss://user:secret@[::1]:6380/0", "::1", 6380, 1),
    ],
)
def test_urls(url: str, host: str, port: int, logins: int) -> None:
    address = Address.of(url)
    assert (address.host, address.port, len(address.login)) == (host, port, logins)
    assert (address.tls is not None) == url.startswith("rediss")
    assert "secret" not in repr(address)
