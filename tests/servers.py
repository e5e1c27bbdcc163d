"""Stores as others run them: over TCP with a password, and with TLS where the machine has servers built with it.

The wheels' own servers listen on TCP, too, so that needs nothing; the programs of a distribution (PostgreSQL, Redis,
Valkey) are found on PATH, or where Debian puts them. A test that needs one that is not there is skipped, and says so.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from mitmgate.services.embedded import EmbeddedPostgres, EmbeddedValkey
from mitmgate.services.embedded.child import ServerProcess
from tests.e2e.certificates import Authority
from tests.e2e.served import free_port

PASSWORD = "p%ss/w:rd @1"  # every letter that a URL could trip over
SUPERUSER = "postgres"


def system_postgres() -> Path | None:
    """The folder of the newest PostgreSQL 15 or later that the machine has."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("postgres")
    if not found and on_path:
        return Path(on_path).resolve().parent
    return found[-1].parent if found and int(found[-1].parts[-3]) >= 15 else None


def system_redis() -> Path | None:
    """Valkey's or Redis' server program."""
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    return Path(found) if found else None


class TcpPostgres(EmbeddedPostgres):
    """The wheel's server on TCP, which asks for a password."""

    def __init__(self, base: Path, settings: Mapping[str, str]) -> None:
        self.port = free_port()
        hba = base / "hba.conf"
        hba.write_text(f"local all {SUPERUSER} trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        hba.chmod(0o644)
        tcp = {"listen_addresses": "127.0.0.1", "port": str(self.port), "hba_file": str(hba)}
        super().__init__(base, {**settings, **tcp})

    def socket_dsn(self, database: str = "postgres") -> str:
        return f"postgresql:///{database}?host={quote(str(self._socket_folder))}&port={self.port}&user={SUPERUSER}"

    def dsn_of(self, database: str) -> str:
        return f"postgresql://{SUPERUSER}:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/{database}"


class SystemPostgres(TcpPostgres):
    """The machine's own server, with TLS."""

    def __init__(self, base: Path, programs: Path, authority: Authority, settings: Mapping[str, str]) -> None:
        super().__init__(base, settings)
        self._programs = programs
        self._authority = authority
        kept = ("listen_addresses", "port", "hba_file", "fsync", "synchronous_commit", "full_page_writes")
        self._settings = {name: value for name, value in self._settings.items() if name in kept}
        Path(self._settings["hba_file"]).write_text(
            f"local all {SUPERUSER} trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
            f"host replication all 127.0.0.1/32 trust\n"
        )

    def dsn_of(self, database: str) -> str:
        return f"{super().dsn_of(database)}?sslmode=verify-full&sslrootcert={quote(str(self._authority.file))}"

    def _prepare(self, server_lock: int) -> list[str | Path]:
        if not self.data.exists():
            self._own(self.data)
            arguments: list[str | Path] = [self._programs / "initdb", "-D", self.data, f"--username={SUPERUSER}"]
            arguments += ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
            child = self._spawn(arguments, signal.SIGKILL, server_lock, subprocess.PIPE)
            said, _ = child.communicate()
            assert child.returncode == 0, said
            for source, name in zip(self._authority.issue("127.0.0.1"), ("server.crt", "server.key"), strict=True):
                shutil.copy(source, self.data / name)
                (self.data / name).chmod(0o600)
                if self._user:
                    os.chown(self.data / name, self._user.uid, self._user.gid)
        self._clear_stale()
        flags = [f"--{name}={value}" for name, value in {**self._settings, "ssl": "on"}.items()]
        return [self._programs / "postgres", "-D", self.data, "-k", self._socket_folder, *flags]


class TcpValkey(EmbeddedValkey):
    """The wheel's server on TCP: a password, and a user `app` with the same."""

    scheme = "redis"
    _pong = b"-NOAUTH"

    def __init__(self, base: Path, options: tuple[str, ...] = ()) -> None:
        super().__init__(base)
        self.port = free_port()
        self._options = options
        self._settings |= {"requirepass": PASSWORD, "bind": "127.0.0.1", "port": str(self.port)}
        self._settings.pop("lazyfree-lazy-eviction", None)

    @property
    def url(self) -> str:
        return self.url_of("app")

    def url_of(self, user: str, password: str = PASSWORD) -> str:
        return f"{self.scheme}://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/0"

    def _prepare(self, server_lock: int) -> list[str | Path]:
        app = ("--user", "app", "on", f"#{_sha256(PASSWORD)}", "~*", "&*", "+@all")
        return [*super()._prepare(server_lock), *app, *self._options]


class SystemRedis(TcpValkey):
    """The machine's own server, with TLS alone on its port."""

    scheme = "rediss"

    def __init__(self, base: Path, program: Path, authority: Authority) -> None:
        super().__init__(base)
        self._system_program = program
        self._authority = authority
        certificate, key = authority.issue("127.0.0.1")
        files = [("cert", certificate), ("key", key), ("ca-cert", authority.file)]
        for name, path in files:
            shutil.copy(path, base / f"tls-{name}.pem")
            (base / f"tls-{name}.pem").chmod(0o644)
            self._settings[f"tls-{name}-file"] = str(base / f"tls-{name}.pem")
        self._settings |= {"port": "0", "tls-port": str(self.port), "tls-auth-clients": "no"}

    def url_of(self, user: str, password: str = PASSWORD) -> str:
        return f"{super().url_of(user, password)}?ssl_ca_certs={quote(str(self._authority.file))}"

    def _prepare(self, server_lock: int) -> list[str | Path]:
        return [self._system_program, *super()._prepare(server_lock)[1:]]


def _sha256(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()


def set_password(server: TcpPostgres) -> None:
    """Gives the superuser its password, by the door that needs none."""
    from tests.conftest import execute

    execute(server.socket_dsn(), f"ALTER ROLE {SUPERUSER} PASSWORD '{PASSWORD}'")


def start_by_kind(kind: str, base: Path, authority: Authority, careless: Mapping[str, str]) -> ServerProcess:
    """`tcp-postgres`, `system-postgres`, `tcp-valkey` or `system-redis`, started."""
    server: ServerProcess
    if kind == "tcp-postgres":
        server = TcpPostgres(base, careless)
    elif kind == "system-postgres":
        programs = system_postgres()
        assert programs is not None
        server = SystemPostgres(base, programs, authority, careless)
    elif kind == "tcp-valkey":
        server = TcpValkey(base)
    else:
        program = system_redis()
        assert program is not None
        server = SystemRedis(base, program, authority)
    server.start()
    if isinstance(server, TcpPostgres):
        set_password(server)
    return server
