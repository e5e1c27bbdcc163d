"""Why a database cannot be used, in an operator's words: one line, what to do, and never the URL's password."""

from __future__ import annotations

import socket
import ssl
from typing import Final

import asyncpg

from mitmgate.core.store_urls import place_of, without_password
from mitmgate.services.migrations import DatabaseUnusable
from mitmgate.services.queries import queries

OLDEST_VERSION: Final = 150000


def connect_reason(error: BaseException, dsn: str) -> str:
    """Why no connection came about."""
    where = f"PostgreSQL at {place_of(dsn)}"
    return without_password(f"{where} {_why(error)}", dsn)


def _why(error: BaseException) -> str:
    match error:
        case asyncpg.InvalidPasswordError() | asyncpg.InvalidAuthorizationSpecificationError():
            return f"refuses the user or password of database.url: {error}"
        case asyncpg.InvalidCatalogNameError():
            return f"has no such database: {error}; CREATE DATABASE makes it"
        case ssl.SSLCertVerificationError():
            return (
                f"has a certificate that is not trusted: {error.verify_message} (sslrootcert=FILE names its authority)"
            )
        case ssl.SSLError():
            return f"cannot be spoken to by TLS: {error.reason or error}"
        case socket.gaierror():
            return "cannot be reached: no such host"
        case TimeoutError():
            return "cannot be reached: no answer in time"
        case asyncpg.TargetServerAttributeNotMatched():
            return "cannot be used: none of its hosts is what target_session_attrs asks for"
        case _:
            return f"cannot be reached: {' '.join(str(error).split()) or type(error).__name__}"


async def check_server(connection: asyncpg.Connection) -> None:
    """Raises DatabaseUnusable when the server is too old, or read-only."""
    if await connection.fetchval(queries.server_version) < OLDEST_VERSION:
        raise DatabaseUnusable("PostgreSQL 15 or newer is needed")
    if await connection.fetchval(queries.is_standby):
        raise DatabaseUnusable("PostgreSQL is a read-only replica: give the address of the primary")
    if await connection.fetchval(queries.is_read_only):
        raise DatabaseUnusable("PostgreSQL lets this user only read: default_transaction_read_only is on")


async def check_rights(connection: asyncpg.Connection) -> None:
    """Raises DatabaseUnusable when the user could not make what the gateway makes: tables now, a partition each day."""
    found = await connection.fetchrow(queries.schema_rights)
    user, schema = found["user"], found["schema"]
    if schema is None:
        raise DatabaseUnusable(f"the user {user} may use no schema of this database: GRANT CREATE, USAGE ON SCHEMA …")
    if not found["may_create"]:
        raise DatabaseUnusable(
            f"the user {user} may not create tables in schema {schema}:"
            f" GRANT CREATE, USAGE ON SCHEMA {schema} TO {user}"
        )
    if found["owner"] is not None and not found["is_owner"]:
        raise DatabaseUnusable(
            f"the tables in schema {schema} belong to {found['owner']}, and {user} could not make a day's partition:"
            f" use that user, or GRANT {found['owner']} TO {user}"
        )
