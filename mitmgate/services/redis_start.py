"""Whether a Valkey or Redis that somebody else runs can serve a gateway; asked once, before anything is served."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from typing import Final

from mitmgate.core.store_urls import check_url, place_of, without_password
from mitmgate.services.redis_connection import Address, Call, Command, Connection, StoreError, pack

OLDEST_MAJOR: Final = 7
WITHIN_S: Final = 5.0

_WRITE: Final = "return redis.call('SET', KEYS[1], '1', 'PX', 1000)"
# One of each family of keys that a gateway writes; of a tenant that cannot exist.
_FAMILIES: Final = ("q:{0}", "x:{0}:0", "xsize:{0}", "v:{0}:0", "vs:{0}:0", "vt:{0}", "b:{0}", "f:0", "gateway:0")


class StoreUnusable(Exception):
    """The gateway cannot run on this store; the message is one line for the operator, without a password."""


async def check_store(url: str) -> list[str]:
    """Raises StoreUnusable. -> what an operator should know all the same."""
    try:
        check_url(url)
        address = Address.of(url)
    except FileNotFoundError as error:
        named = error.filename or "look at ssl_ca_certs, ssl_certfile and ssl_keyfile"
        raise StoreUnusable(f"redis.url names a file that is not there: {named}") from None
    except ssl.SSLError:
        raise StoreUnusable("redis.url names a file that holds no certificate or key in PEM") from None
    except (OSError, ValueError) as error:
        raise StoreUnusable(without_password(f"redis.url cannot be used: {_one_line(error)}", url)) from None
    where = f"the store at {place_of(url)}"
    try:
        connection = await address.connect(lambda _: None, WITHIN_S)
    except (OSError, StoreError) as error:
        raise StoreUnusable(without_password(f"{where} {_why(error)}", url)) from None
    try:
        problem, warnings = _judge(await _told_of_itself(connection))
        problem = problem or await _try(connection)
    except OSError as error:
        problem, warnings = _why(error), []
    finally:
        connection.drop()
    if problem:
        raise StoreUnusable(without_password(f"{where} {problem}", url))
    return [f"{where} {warning}" for warning in warnings]


async def _ask(connection: Connection, *commands: Command) -> list[object]:
    ends_at = asyncio.get_running_loop().time() + WITHIN_S
    return await connection.ask(Call(pack(*commands), len(commands)), ends_at)


async def _told_of_itself(connection: Connection) -> Mapping[str, str]:
    """What INFO says; nothing to a user who may not ask."""
    reply = (await _ask(connection, ("INFO",)))[0]
    if not isinstance(reply, bytes):
        return {}
    lines = (line.partition(":") for line in reply.decode(errors="replace").splitlines())
    return {name: value.strip() for name, _, value in lines}


def _judge(told: Mapping[str, str]) -> tuple[str | None, list[str]]:
    """-> why it cannot serve, and warnings."""
    version = told.get("redis_version", f"{OLDEST_MAJOR}")
    if int(version.partition(".")[0] or 0) < OLDEST_MAJOR:
        return f"is of version {version}; Valkey, or Redis {OLDEST_MAJOR} or newer, is needed", []
    if told.get("cluster_enabled") == "1":
        return "is a node of a cluster, which the gateway cannot follow; give it a single server", []
    if told.get("role") in ("slave", "replica"):
        return "is a read-only replica: give the address of the primary", []
    policy, bounded = told.get("maxmemory_policy", ""), told.get("maxmemory", "0") != "0"
    if bounded and policy == "noeviction":
        return (
            "refuses writes once it is full, and limits would fail with it:"
            " CONFIG SET maxmemory-policy volatile-lru (now noeviction)"
        ), []
    if bounded and policy.startswith("allkeys-"):
        return None, [f"may evict blocks of tenants: set maxmemory-policy volatile-lru (now {policy})"]
    return None, [] if bounded or not policy else ["has no maxmemory: set one, or the machine's memory is the bound"]


async def _try(connection: Connection) -> str | None:
    """Whether the user may do what a gateway does, with each family of keys. -> why not"""
    commands: list[Command] = [("EVAL", _WRITE, 1, name) for name in _FAMILIES]
    commands += [("EXPIRE", "f:0", 1, "NX"), ("SCAN", 0, "COUNT", 1), ("UNLINK", *_FAMILIES)]
    refused = [reply for reply in await _ask(connection, *commands) if isinstance(reply, StoreError)]
    return _why(refused[0]) if refused else None


def _why(error: BaseException) -> str:
    said = _one_line(error)
    match error:
        case StoreError() if said.startswith(("WRONGPASS", "NOAUTH")) or "AUTH" in said:
            return f"refuses the user or password of redis.url: {said}"
        case StoreError() if said.startswith("NOPERM"):
            return f"does not let this user do what the gateway does: {said}"
        case StoreError() if said.startswith("READONLY"):
            return "is a read-only replica: give the address of the primary"
        case StoreError():
            return f"cannot serve: {said}"
        case ssl.SSLCertVerificationError():
            return (
                f"has a certificate that is not trusted: {error.verify_message} (ssl_ca_certs=FILE names its authority)"
            )
        case ssl.SSLError():
            return f"cannot be spoken to by TLS: {error.reason or said}"
        case socket.gaierror():
            return "cannot be reached: no such host"
        case TimeoutError():
            return "cannot be reached: no answer in time"
    return f"cannot be reached: {said}"


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
