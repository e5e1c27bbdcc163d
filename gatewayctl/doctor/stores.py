"""The servers behind the gateway: whether they answer, whose secrets they know, their clocks, Valkey's memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gatewayctl.doctor.finding import OK, WARNING, WRONG, Finding

if TYPE_CHECKING:
    from mitmgate.core.settings import Settings

_SKEW_NOTED_S: Final = 5.0
_SKEW_WRONG_S: Final = 60.0
_CALL_S: Final = 5.0
_NEAR_FULL: Final = 0.9
_SKEW_REMEDY: Final = (
    "Set both clocks by NTP (timedatectl set-ntp true; chronyc makestep): tokens, expiries, blocks and the times of"
    " rows go by them."
)


def skew(check: str, seconds: float) -> Finding:
    """A clock that is ahead of ours by so much."""
    seen = f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} this machine's"
    if abs(seconds) < _SKEW_NOTED_S:
        return Finding(check, OK, "as this machine's")
    return Finding(check, WRONG if abs(seconds) >= _SKEW_WRONG_S else WARNING, seen, _SKEW_REMEDY)


def stores(settings: Settings, now: Callable[[], float] = time.time) -> list[Finding]:
    """What the stores say; of embedded ones only while a gateway runs on the data directory."""
    dsn, redis_url = _addresses(settings)
    return asyncio.run(_look(settings, dsn, redis_url, now))


def _addresses(settings: Settings) -> tuple[str | None, str | None]:
    """The given URLs; for embedded servers where the running gateway has them."""
    dsn: str | None = settings.database.url
    redis_url: str | None = settings.redis.url
    if "embedded" in (dsn, redis_url):
        running = _running(settings.data_dir)
        dsn = running[0] if dsn == "embedded" else dsn
        redis_url = running[1] if redis_url == "embedded" else redis_url
    return dsn, redis_url


def _running(data_dir: Path) -> tuple[str | None, str | None]:
    from mitmgate.core.settings import load_runtime
    from mitmgate.services.embedded import locks

    try:
        if not locks.is_held(data_dir / "gateway.lock"):
            return None, None
        _, runtime = load_runtime(data_dir / "run" / "settings.json", with_secrets=False)
    except (OSError, ValueError, KeyError, TypeError):
        return None, None
    return runtime.database_dsn, runtime.redis_url


async def _look(settings: Settings, dsn: str | None, redis_url: str | None, now: Callable[[], float]) -> list[Finding]:
    found = []
    if dsn is not None:
        found += await _database(settings, dsn, now)
    if redis_url is not None:
        found += await _redis(redis_url, now, is_ours=settings.redis.url == "embedded")
    if dsn is not None and redis_url is not None:
        found += await _owner(dsn, redis_url)
    return found


async def _owner(dsn: str, redis_url: str) -> list[Finding]:
    """Whether the two stores belong together; nothing where either does not answer, which is told already."""
    import asyncpg

    from mitmgate.services import postgres
    from mitmgate.services.queries import queries
    from mitmgate.services.redis import Store, StoreDown
    from mitmgate.services.store_owner import owner_problem

    try:
        connection = await postgres.open_connection(dsn, name="gatewayctl doctor", timeout_s=_CALL_S)
    except (*postgres.AWAY, asyncpg.PostgresError, ValueError):
        return []
    try:
        store = Store(redis_url, deadline_s=_CALL_S, pool_size=1)
    except (OSError, ValueError):
        connection.terminate()
        return []
    try:
        with postgres.deadline(connection, _CALL_S):
            if not await connection.fetchval(queries.is_set_up):
                return []
            problem = await owner_problem(connection, store)
    except (*postgres.AWAY, asyncpg.PostgresError, StoreDown):
        return []
    finally:
        connection.terminate()
        await store.close()
    if problem is None:
        return []
    return [Finding("Valkey's owner", WRONG, f"it {problem}", "Give this gateway a Valkey of its own.")]


async def _database(settings: Settings, dsn: str, now: Callable[[], float]) -> list[Finding]:
    import asyncpg

    from mitmgate.core.settings.masking import masked_url
    from mitmgate.services import postgres
    from mitmgate.services.database_reasons import check_rights, check_server
    from mitmgate.services.migrations import DatabaseUnusable
    from mitmgate.services.queries import queries
    from mitmgate.services.secrets import SecretsUnusable, load_secrets

    check = "PostgreSQL server"
    where = masked_url(dsn)
    away = f"Try psql with the same URL ({where}); is it started, and are address, user and password right?"
    try:
        connection = await postgres.open_connection(dsn, name="gatewayctl doctor", timeout_s=_CALL_S)
    except (*postgres.AWAY, asyncpg.PostgresError, ValueError) as problem:
        why = type(problem).__name__ if isinstance(problem, ValueError) else _first_line(problem)
        return [Finding(check, WRONG, f"{where} cannot be used: {why}", away)]
    try:
        with postgres.deadline(connection, _CALL_S):
            try:
                await check_server(connection)
                await check_rights(connection)
            except DatabaseUnusable as problem:
                return [Finding(check, WRONG, f"{where}: {problem}", "serve would not start on it: mend that first.")]
            version = await connection.fetchval(queries.server_version)
            found = [Finding(check, OK, f"{where}, version {version // 10000}")]
            begun = now()
            theirs = float(await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())"))
            found.append(skew("PostgreSQL's clock", theirs - (begun + now()) / 2))
            if not await connection.fetchval("SELECT to_regclass('gateway_check') IS NOT NULL"):
                return [*found, Finding("secrets", OK, "this database was not set up yet")]
            try:
                secrets = load_secrets(settings, settings.data_dir, create=False)
            except SecretsUnusable as problem:
                return [*found, Finding("secrets", WRONG, str(problem), _RESTORE.format(settings.data_dir))]
            different = await postgres.secrets_problem(connection, secrets)
            if different is None:
                return [*found, Finding("secrets", OK, "those the database was set up with")]
            return [*found, Finding("secrets", WRONG, different, _RESTORE.format(settings.data_dir))]
    except (*postgres.AWAY, asyncpg.PostgresError) as problem:
        return [Finding(check, WRONG, f"{where} cannot be used: {_first_line(problem)}", away)]
    finally:
        connection.terminate()


_RESTORE: Final = (
    "Put back the files that the database's gateway had in {0}/secrets/ (chmod 600), or set MITMGATE_AUTH__PEPPER and"
    " MITMGATE_MASTER_KEY. A backup made --with-secrets has them: unzip -p BACKUP.zip secrets.json tells pepper and"
    " master_keys."
)


async def _redis(url: str, now: Callable[[], float], *, is_ours: bool) -> list[Finding]:
    from mitmgate.core.settings.masking import masked_url
    from mitmgate.services.redis import Store, StoreDown
    from mitmgate.services.redis_connection import StoreError
    from mitmgate.services.redis_start import StoreUnusable, check_store

    check, where = "Valkey server", masked_url(url)
    away = f"Try valkey-cli -u {where} PING; is it started, and are address, user and password right?"
    judged: list[Finding] = []
    try:
        warnings = [] if is_ours else await check_store(url)
        judged = [Finding(check, WARNING, warning, "Mend it in the server's configuration.") for warning in warnings]
    except StoreUnusable as problem:
        judged = [Finding(check, WRONG, str(problem), f"serve would not start on it: mend that first. {away}")]
    try:
        store = Store(url, deadline_s=_CALL_S, pool_size=1)
    except (OSError, ValueError):
        return judged or [Finding(check, WRONG, f"{where} is not a URL that can be used", "Mend redis.url.")]
    try:
        begun = now()
        moment, information = await store.pipeline([("TIME",), ("INFO",)])
        if isinstance(information, StoreError):
            raise StoreDown from information
        middle = (begun + now()) / 2
    except StoreDown as problem:
        why = _first_line(problem.__cause__) if problem.__cause__ is not None else "no answer"
        return judged or [Finding(check, WRONG, f"{where} cannot be used: {why}", away)]
    finally:
        await store.close()
    fields = _fields(information)
    version = fields.get("valkey_version") or fields.get("redis_version", "of an unknown version")
    return [
        *(judged or [Finding(check, OK, f"{where}, version {version}")]),
        *_clock(moment, middle),
        memory(fields),
    ]


def _clock(moment: Any, middle: float) -> list[Finding]:
    """Nothing where the store does not tell the gateway's user the time: serving needs no right to it."""
    if not isinstance(moment, list):
        return []
    seconds, micros = moment
    return [skew("Valkey's clock", int(seconds) + int(micros) / 1e6 - middle)]


def memory(fields: dict[str, str]) -> Finding:
    """How near Valkey is to its bound, from the fields of its INFO."""
    check = "Valkey memory"
    used, most = int(fields.get("used_memory", 0)), int(fields.get("maxmemory", 0))
    policy = fields.get("maxmemory_policy", "")
    evicted = int(fields.get("evicted_keys", 0))
    if not most:
        return Finding(check, OK, f"{_mib(used)} used, no bound")
    seen = f"{_mib(used)} of {_mib(most)} used, {evicted} keys evicted, policy {policy}"
    remedy = (
        "Lower cache.total_max_bytes or give it more: valkey-cli CONFIG SET maxmemory 1gb (and in its configuration)."
        " Cached answers are evicted first, then counters."
    )
    if policy == "noeviction" and used >= _NEAR_FULL * most:
        remedy += " This policy refuses writes instead, so limits stop: CONFIG SET maxmemory-policy volatile-lru."
        return Finding(check, WRONG, seen, remedy)
    if used >= most:
        return Finding(check, WRONG, seen, remedy)
    return Finding(check, WARNING if used >= _NEAR_FULL * most else OK, seen, remedy)


def _fields(information: bytes | str) -> dict[str, str]:
    text = information.decode() if isinstance(information, bytes) else information
    pairs = (line.partition(":") for line in text.splitlines() if not line.startswith("#"))
    return {name: value for name, colon, value in pairs if colon}


def _mib(count: int) -> str:
    return f"{count / 1024**2:.0f} MiB"


def _first_line(problem: BaseException) -> str:
    return (str(problem) or type(problem).__name__).splitlines()[0]
