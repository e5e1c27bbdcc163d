"""PostgreSQL: connections, and all that makes a database ready for a gateway."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import orjson

from mitmgate.core.errors import ServiceUnavailable
from mitmgate.core.keys import display_prefix, hash_key
from mitmgate.core.store_urls import check_url, without_password
from mitmgate.services.database_reasons import check_rights, check_server, connect_reason
from mitmgate.services.migrations import DatabaseUnusable, migrate
from mitmgate.services.queries import queries

if TYPE_CHECKING:
    from mitmgate.services.secrets import Secrets

CONNECT_S: Final = 5.0

DEMO_NAME: Final = "Test Tenant"
DEMO_KEY: Final = "test-key-123"
DEMO_RATE_LIMIT_PER_HOUR: Final = 1000

# The server cannot be asked now; another time it may. OutOfMemory, DiskFull and TooManyConnections are of class 53;
# shutdowns, start-up, and statements that passed their timeout of class 57.
AWAY: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.LockNotAvailableError,
)

logger = logging.getLogger(__name__)


def is_away(error: BaseException) -> bool:
    """Whether the error says that PostgreSQL cannot be asked now, rather than that it refused what it was told.

    A wrong address is an InterfaceError too, told apart by also being a ValueError.
    """
    return isinstance(error, AWAY) and not (isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError))


async def open_connection(dsn: str, *, name: str = "mitmgate", timeout_s: float = CONNECT_S) -> asyncpg.Connection:
    """One connection with our codecs, outside any pool."""
    connection = await asyncpg.connect(dsn, timeout=timeout_s, server_settings={"application_name": name})
    await _set_codecs(connection)
    return connection


async def create_pool(
    dsn: str, *, name: str = "mitmgate", max_size: int = 8, statement_timeout_s: float = 30.0
) -> asyncpg.Pool:
    """A pool that connects when first asked, so that a process starts while PostgreSQL is away. Use it by `borrow`."""
    return await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=max_size,
        timeout=CONNECT_S,
        init=_set_codecs,
        server_settings={
            "application_name": name,
            "statement_timeout": str(int(statement_timeout_s * 1000)),
            "lock_timeout": "5000",
            "idle_in_transaction_session_timeout": "60000",
        },
    )


@asynccontextmanager
async def borrow(pool: asyncpg.Pool, within_s: float = 10.0) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the pool for one piece of work of at most within_s.

    Raises ServiceUnavailable when PostgreSQL is away or silent, whatever was being asked of it; what it refuses (unique
    names, wrong values) comes out as asyncpg's own error.
    """
    try:
        connection = await pool.acquire(timeout=within_s)
        try:
            with deadline(connection, within_s):
                yield connection
        finally:
            await _give_back(pool, connection)
    except Exception as error:
        if not is_away(error):
            raise
        raise ServiceUnavailable(
            503, "database_unavailable", "The gateway's database cannot be reached.", retry_after_s=1
        ) from error


@contextmanager
def deadline(connection: asyncpg.Connection, within_s: float) -> Iterator[None]:
    """Cuts the connection when the work on it takes longer: what waits for an answer then gets an error of AWAY.

    asyncpg's own timeouts ask the server to cancel, over a new connection, and wait for that: a server that has stopped
    answering would hold them up for as long as it likes.
    """
    timer = asyncio.get_running_loop().call_later(within_s, connection.terminate)
    try:
        yield
    finally:
        timer.cancel()


async def prepare_database(dsn: str, secrets: Secrets) -> None:
    """Brings the schema up to date, checks that the secrets are this database's, and opens partitions for rows of now.

    Safe to run again and on several nodes at once. Raises DatabaseUnusable with a message for the operator.
    """
    connection = await reach_database(dsn)
    try:
        await check_server(connection)
        await check_rights(connection)
        await migrate(connection)
        await check_secrets(connection, secrets)
        today = datetime.now(UTC).date()
        for days in (-1, 0, 1):
            await connection.execute(queries.ensure_partition, today + timedelta(days=days))
    except (*AWAY, asyncpg.PostgresError) as error:
        raise DatabaseUnusable(f"PostgreSQL cannot be used: {without_password(_told(error), dsn)}") from error
    finally:
        await close_connection(connection)


async def reach_database(dsn: str, *, name: str = "mitmgate") -> asyncpg.Connection:
    """`open_connection` for a start or a command. Raises DatabaseUnusable with a message for the operator."""
    try:
        check_url(dsn)
    except ValueError as error:
        raise DatabaseUnusable(f"database.url cannot be used: {error}") from None
    try:
        return await open_connection(dsn, name=name)
    except asyncpg.InterfaceError as error:
        if not isinstance(error, ValueError):
            raise DatabaseUnusable(connect_reason(error, dsn)) from None
        raise DatabaseUnusable(f"database.url cannot be reached: {without_password(_told(error), dsn)}") from None
    except (*AWAY, asyncpg.PostgresError) as error:
        raise DatabaseUnusable(connect_reason(error, dsn)) from None
    except ValueError:  # of int(), which repeats what it was given
        raise DatabaseUnusable("database.url cannot be used: its port or an option of it is no number") from None


@contextmanager
def telling(dsn: str) -> Iterator[None]:
    """Turns what PostgreSQL says of the work in the block into DatabaseUnusable, for the operator of a command."""
    try:
        yield
    except (*AWAY, asyncpg.PostgresError) as error:
        said = without_password(_told(error), dsn)
        raise DatabaseUnusable(f"PostgreSQL gave up: {said}") from error


async def has_tenants(dsn: str) -> bool:
    """Whether any tenant but the demo's exists."""
    connection = await open_connection(dsn)
    try:
        return bool(await connection.fetchval(queries.has_tenants))
    finally:
        await close_connection(connection)


async def ensure_demo_tenant(dsn: str, secrets: Secrets, upstream_url: str) -> int:
    """Makes the demo tenant with its well-known key, or points the one there is to the upstream. -> its id."""
    connection = await open_connection(dsn)
    try:
        async with connection.transaction():
            await connection.execute(queries.lock_directory)
            tenant_id: int = await connection.fetchval(
                queries.ensure_demo_tenant, DEMO_NAME, upstream_url, DEMO_RATE_LIMIT_PER_HOUR
            )
            await connection.execute(
                queries.ensure_demo_key,
                tenant_id,
                "demo",
                display_prefix(DEMO_KEY),
                hash_key(secrets.pepper, DEMO_KEY),
            )
        return tenant_id
    finally:
        await close_connection(connection)


async def check_secrets(connection: asyncpg.Connection, secrets: Secrets) -> None:
    """The first node records what its secrets check to; any other must have them too. Raises DatabaseUnusable.

    A new pepper is recorded once a node has it in front of the old one. A master key may go once it seals nothing.
    """
    problem = await secrets_problem(connection, secrets)
    if problem is not None:
        raise DatabaseUnusable(problem)
    recorded = await _recorded_checks(connection)
    for name, value in {"pepper": _check_value(secrets.pepper), **_master_checks(secrets)}.items():
        if name not in recorded:
            await connection.execute(queries.record_gateway_check, name, value)
        elif not hmac.compare_digest(recorded[name], value):
            await connection.execute(queries.replace_gateway_check, name, value)


async def secrets_problem(connection: asyncpg.Connection, secrets: Secrets) -> str | None:
    """Why these are not the secrets that the database was set up with; None when they are, or nothing is recorded."""
    recorded = await _recorded_checks(connection)
    accepted = map(_check_value, (secrets.pepper, *secrets.old_peppers))
    if "pepper" in recorded and not any(hmac.compare_digest(recorded["pepper"], value) for value in accepted):
        return (
            "this database was set up with another pepper, so none of its keys would be accepted:"
            " give the one it had by auth.pepper or in secrets/pepper of the data directory"
        )
    master_keys = _master_checks(secrets)
    recorded_keys = {name for name in recorded if name.startswith("master-key:")}
    if not _agree(master_keys, recorded) or (recorded_keys and not recorded_keys & master_keys.keys()):
        return (
            "this database was set up with another master key, so no upstream credential could be opened:"
            " give the one it had by MITMGATE_MASTER_KEY or in secrets/master-key of the data directory"
        )
    for row in await connection.fetch(queries.sealing_keys):
        if row["id"] not in secrets.master_keys:
            return (
                f"{row['credentials']} upstream credentials are sealed with master key {row['id']}, which is not here:"
                " put it behind the new one until `gatewayctl secrets rotate-master` has sealed them anew"
            )
    return None


async def _recorded_checks(connection: asyncpg.Connection) -> dict[str, bytes]:
    return {row["name"]: row["value"] for row in await connection.fetch(queries.gateway_checks)}


def _master_checks(secrets: Secrets) -> dict[str, bytes]:
    return {f"master-key:{id}": _check_value(key) for id, key in secrets.master_keys.items()}


def _check_value(secret: bytes) -> bytes:
    return hmac.digest(secret, b"mitmgate check value 1", "sha256")


def _agree(ours: dict[str, bytes], recorded: dict[str, bytes]) -> bool:
    return all(hmac.compare_digest(recorded.get(name, value), value) for name, value in ours.items())


async def _set_codecs(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=lambda value: orjson.dumps(value).decode(), decoder=orjson.loads
    )


async def _give_back(pool: asyncpg.Pool, connection: Any) -> None:
    """What was asked of the connection is answered by now: one that cannot be reset is dropped, and that is all."""
    try:
        with deadline(connection, CONNECT_S):
            await pool.release(connection)
    except AWAY:
        logger.debug("a connection to PostgreSQL broke as it was given back")


async def close_connection(connection: asyncpg.Connection) -> None:
    """Ends it, within CONNECT_S whatever the server does."""
    try:
        with deadline(connection, CONNECT_S):
            await connection.close()
    except AWAY:
        connection.terminate()


def _told(error: BaseException) -> str:
    return str(error) or type(error).__name__
