"""Asks an upstream step by step, as a worker would, and tells of each step how it went and how long it took.

What decides is what traffic uses too: `upstream.resolve`, the address check, the roots, the sealed credential.
"""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

from mitmgate.core.addresses import refusal_reason
from mitmgate.core.backend import Backend, upstream_path, where_to_dial
from mitmgate.core.upstream_question import FAILED, OK, SKIPPED, Question, judge, make_question, wants_newer
from mitmgate.services.plain_http import AnswerBroken, ask

STEPS: Final = ("dns", "address", "tcp", "tls", "credential", "model")
_MOST_ADDRESSES: Final = 4

#: A host name -> its addresses. Raises OSError or UnicodeError.
Resolve = Callable[[str], Awaitable[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Step:
    """state: ok, failed or skipped; ms None for what was not tried."""

    name: str
    state: str
    detail: str
    ms: float | None


@dataclass(frozen=True, slots=True)
class Probe:
    """What to try. credential: header and value, as they are sent. Seconds: connect_s for each of DNS, TCP and TLS,
    answer_s until the answer is whole, total_s for all of it."""

    backend: Backend
    allow_private: bool
    resolve: Mapping[str, str]
    tls: ssl.SSLContext
    credential: tuple[bytes, bytes] | None
    question: Question
    connect_s: float
    answer_s: float
    total_s: float


class _Stop(Exception):
    """A step has failed; the text says how."""


class _Steps:
    """The steps that were tried, each with its time."""

    def __init__(self) -> None:
        self.tried: list[Step] = []

    @contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Times the block and notes its end; the block appends what there is to tell."""
        begun, told = time.monotonic(), list[str]()
        state = OK
        try:
            yield told
        except _Stop as stop:
            state, told = FAILED, [str(stop)]
            raise
        except asyncio.CancelledError:
            state, told = FAILED, ["not done within the time for the whole test"]
            raise
        finally:
            self.tried.append(Step(name, state, "; ".join(told), _ms(begun)))

    def all(self) -> list[Step]:
        """In order, with those that were not reached."""
        known = {step.name for step in self.tried}
        return self.tried + [Step(name, SKIPPED, "", None) for name in STEPS if name not in known]


async def probe(wanted: Probe, resolve: Resolve) -> list[Step]:
    """Tries the upstream. Ends within total_s; whatever fails is a step's end and no exception."""
    steps = _Steps()
    with suppress(_Stop, TimeoutError):
        async with asyncio.timeout(wanted.total_s):
            await _walk(wanted, resolve, steps)
    return steps.all()


async def _walk(wanted: Probe, resolve: Resolve, steps: _Steps) -> None:
    backend = wanted.backend
    host, port = where_to_dial(backend.host, backend.port, wanted.resolve)
    with steps.step("dns") as told:
        addresses = await _addresses(host, resolve, wanted.connect_s)
        told.append(", ".join(addresses))
        if host != backend.host:
            told.append("by upstream.resolve")
    with steps.step("address") as told:
        checked = _checked(addresses, wanted.allow_private, told)
    opened: list[asyncio.StreamWriter] = []
    try:
        with steps.step("tcp") as told:
            reader, writer, address = await _connected(checked, port, wanted.connect_s, opened, told)
            told.insert(0, f"connected to {_place(address, port)}")
        if backend.scheme == "https":
            with steps.step("tls") as told:
                await _secured(writer, wanted, told)
        else:
            steps.tried.append(Step("tls", SKIPPED, "the upstream is http://", None))
        await _asked(wanted, reader, writer, steps)
    finally:
        for each in opened:
            each.transport.abort()


async def _addresses(host: str, resolve: Resolve, within_s: float) -> list[str]:
    with suppress(ValueError):
        return [str(ip_address(host))]
    try:
        async with asyncio.timeout(within_s):
            found = list(await resolve(host))
    except TimeoutError:
        raise _Stop(f"{host} was not resolved within {within_s:g} s") from None
    except (OSError, UnicodeError) as problem:
        gone = isinstance(problem, socket.gaierror) and problem.errno in (socket.EAI_NONAME, socket.EAI_AGAIN)
        raise _Stop(f"{host} does not resolve" + ("" if gone else f": {_told(problem)}")) from None
    if not found:
        raise _Stop(f"{host} has no address")
    return found[:_MOST_ADDRESSES]


def _checked(addresses: Sequence[str], allow_private: bool, told: list[str]) -> list[str]:
    refused = {address: reason for address in addresses if (reason := refusal_reason(address, allow_private))}
    told += [f"{address} is {reason}" for address, reason in refused.items()]
    if len(refused) == len(addresses):
        mends = not allow_private and any(refusal_reason(address, True) is None for address in addresses)
        hint = "; allow_private_upstream would permit it" if mends else ""
        raise _Stop("; ".join(told) + hint)
    told.insert(0, "allowed")
    return [address for address in addresses if address not in refused]


async def _connected(
    addresses: Sequence[str], port: int, within_s: float, opened: list[asyncio.StreamWriter], told: list[str]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, str]:
    """The first address that connects; all are tried, so that one that does not is told of."""

    async def connect(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with asyncio.timeout(within_s):
            made = await asyncio.open_connection(address, port)
        opened.append(made[1])
        return made

    ended = await asyncio.gather(*map(connect, addresses), return_exceptions=True)
    found: tuple[asyncio.StreamReader, asyncio.StreamWriter, str] | None = None
    for address, end in zip(addresses, ended, strict=True):
        if isinstance(end, TimeoutError):
            told.append(f"{_place(address, port)} did not answer within {within_s:g} s")
        elif isinstance(end, BaseException):
            told.append(f"{_place(address, port)}: {_told(end)}")
        elif found is None:
            found = (*end, address)
    if found is None:
        raise _Stop("; ".join(told))
    return found


async def _secured(writer: asyncio.StreamWriter, wanted: Probe, told: list[str]) -> None:
    try:
        async with asyncio.timeout(wanted.connect_s):
            await writer.start_tls(wanted.tls, server_hostname=wanted.backend.host)
    except TimeoutError:
        raise _Stop(f"no handshake within {wanted.connect_s:g} s") from None
    except ssl.SSLCertVerificationError as problem:
        raise _Stop(f"the certificate is not accepted: {problem.verify_message}") from None
    except ssl.SSLError as problem:
        raise _Stop(f"no handshake: {(problem.reason or 'broken off').replace('_', ' ').lower()}") from None
    except OSError as problem:
        raise _Stop(f"no handshake: {_told(problem)}") from None
    tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
    certificate: Any = tls.getpeercert() or {}
    told += [str(tls.version()), f"certificate valid until {certificate.get('notAfter', 'an unknown day')}"]


async def _asked(wanted: Probe, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, steps: _Steps) -> None:
    question, begun = wanted.question, time.monotonic()
    secret = _secret(wanted.credential)
    try:
        async with asyncio.timeout(wanted.answer_s):
            status, body = await ask(reader, writer, *_request(wanted, question))
            if wants_newer(question, status, body or b""):
                question = make_question(question.upstream_format, question.model, newer=True)
                status, body = await ask(reader, writer, *_request(wanted, question))
    except TimeoutError:
        failed: str | None = f"no answer within {wanted.answer_s:g} s"
    except (AnswerBroken, OSError) as problem:
        failed = str(problem) if isinstance(problem, AnswerBroken) else f"no answer: {_told(problem)}"
    except asyncio.CancelledError:
        steps.tried.append(Step("model", FAILED, "no answer within the time for the whole test", _ms(begun)))
        raise
    else:
        failed = None
    ms = _ms(begun)
    if failed is not None:
        steps.tried.append(Step("credential", SKIPPED, "sent" if secret else "none is set", None))
        steps.tried.append(Step("model", FAILED, failed, ms))
        return
    for name, (state, detail) in zip(("credential", "model"), judge(question, status, body, secret), strict=True):
        steps.tried.append(Step(name, state, detail, None if state == SKIPPED else ms))


def _request(wanted: Probe, question: Question) -> tuple[str, str, list[tuple[bytes, bytes]], bytes]:
    headers = [(b"Host", wanted.backend.authority.encode()), *question.headers]
    headers += [(b"Accept", b"application/json"), (b"Accept-Encoding", b"identity"), (b"User-Agent", b"mitmgate")]
    if question.body:
        headers += [(b"Content-Type", b"application/json"), (b"Content-Length", b"%d" % len(question.body))]
    if wanted.credential is not None:
        headers.append(wanted.credential)
    return question.method, upstream_path(wanted.backend.path, question.path), headers, question.body


def _secret(credential: tuple[bytes, bytes] | None) -> str:
    """What of it must not be repeated: the value without its scheme; of Basic (RFC 7617) what is encoded, too."""
    if credential is None:
        return ""
    scheme, _, rest = credential[1].rpartition(b" ")
    if scheme.strip().lower() == b"basic":
        with suppress(ValueError):
            rest += b"\n" + base64.b64decode(rest, validate=True)
    return rest.decode("latin-1")


def _place(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _told(problem: BaseException) -> str:
    """What the operating system says of it, never a peer's bytes."""
    if isinstance(problem, ConnectionRefusedError):
        return "refused"
    if isinstance(problem, ConnectionError):
        return "the connection was closed"
    return getattr(problem, "strerror", None) or type(problem).__name__


def _ms(begun: float) -> float:
    return round((time.monotonic() - begun) * 1000, 1)
