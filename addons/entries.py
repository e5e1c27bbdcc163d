"""Entries as answers, and answers as entries: what the stages of the cache have in common."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any, Final

from mitmproxy import http

from addons.exchange import Exchange, local_response, parsed_answer, readable_body
from mitmgate.core.asked import asked
from mitmgate.core.bounded_json import may_parse
from mitmgate.core.cache_policy import answer_cacheable
from mitmgate.core.replay import NotReplayable, Wanted, replay, stored_stream
from mitmgate.core.replay.forms import is_stream
from mitmgate.core.token_usage import Tokens, tokens_of_json
from mitmgate.services.exact_cache import Entry

WOULD_BE_HIT: Final = "SHADOW"  # a hit in other words that was forwarded all the same
LARGE_BYTES: Final = 64 << 10  # of a stream: to read it takes a millisecond or two


def may_keep(exchange: Exchange) -> bool:
    """Whether what the upstream answers to this request may be stored."""
    decision = exchange.decision
    may = decision is not None and decision.store and exchange.fingerprint is not None
    return may and exchange.entry is None and exchange.error is None and exchange.removal is not None


def keep_out(exchange: Exchange, why: str | None) -> None:
    """From here on the request is one that the cache neither answers nor keeps."""
    assert exchange.decision is not None
    exchange.decision = replace(exchange.decision, lookup=False, store=False, refresh=False, reason=why)
    exchange.cache_status = "BYPASS"
    if exchange.recording is not None:
        exchange.recording.close()
        exchange.recording = None


def answer_of(exchange: Exchange, entry: Entry) -> tuple[list[tuple[bytes, bytes]], bytes] | str:
    """The entry's headers and body in the form that the request asks for, or why it has none."""
    headers, body = entry.headers, entry.body
    if exchange.streamed or is_stream(headers[0][1]):
        try:
            media_type, body = replay(headers[0][1], body, _wanted(exchange), entry.usage_asked)
        except NotReplayable as why:
            return str(why)
        headers = [(b"Content-Type", media_type), *headers[1:]]
    return headers, body


def answer_with(flow: http.HTTPFlow, exchange: Exchange, entry: Entry, kind: str, similarity: float) -> str | None:
    """Makes the entry this request's answer. -> why it can not be."""
    found = answer_of(exchange, entry)
    if isinstance(found, str):
        return found
    headers, body = found
    exchange.entry, exchange.cache_kind, exchange.similarity = entry, kind, similarity
    exchange.cache_status, exchange.cache_detail = "HIT", None
    flow.response = local_response(entry.status, headers, body)
    return None


def entry_of_answer(flow: http.HTTPFlow, exchange: Exchange) -> Entry | str:
    """What is kept of a buffered answer, or why it is not."""
    response = flow.response
    assert response is not None
    body, answer = readable_body(response), parsed_answer(flow, exchange)
    if response.raw_content is None or (body is not None and not may_parse(body)):
        return "large"  # without a content it has passed in pieces
    if body is None or answer is None:
        return "not JSON"
    why = answer_cacheable(exchange.client_format, response.status_code, {}, answer)
    if why is not None:
        return why
    media_type = response.headers.get("content-type", "application/json").encode()
    return _entry(exchange, response, media_type, body, tokens_of_json(answer))


async def entry_of_stream(flow: http.HTTPFlow, exchange: Exchange, recorded: bytes) -> Entry | str:
    """What is kept of a stream whose last event is here, or why it is not."""
    response, tap = flow.response, exchange.tap
    assert response is not None and tap is not None
    media_type = response.headers.get("content-type", "").encode()
    if not is_stream(media_type):
        return "not a stream"
    wanted = (exchange.body or {}).get("n")
    choices = wanted if isinstance(wanted, int) else 1
    try:
        if len(recorded) > LARGE_BYTES:
            body = await asyncio.to_thread(
                stored_stream, exchange.client_format, response.status_code, recorded, choices
            )
        else:
            body = stored_stream(exchange.client_format, response.status_code, recorded, choices)
    except NotReplayable as why:
        return str(why)
    return _entry(exchange, response, media_type, body, tap.tokens)


def forward_line(exchange: Exchange) -> bytes:
    """`Cache-Status` (RFC 9211) of what no entry answered."""
    why = {"MISS": "miss", WOULD_BE_HIT: "miss", "REFRESH": "request"}.get(exchange.cache_status or "", "bypass")
    line = f"mitmgate; fwd={why}"
    if exchange.cache_detail:
        line += f'; detail="{exchange.cache_detail}"'
    return line.encode("ascii", "replace")


def _entry(exchange: Exchange, response: http.Response, media_type: bytes, body: bytes, tokens: Tokens) -> Entry:
    tenant, decision, fingerprint = exchange.tenant, exchange.decision, exchange.fingerprint
    assert tenant is not None and decision is not None and fingerprint is not None
    now = time.time()
    return Entry(
        tenant_id=tenant.id,
        fingerprint=fingerprint,
        request_id=exchange.request_id,
        question=asked(exchange.body or {}),
        status=response.status_code,
        headers=[(b"Content-Type", media_type)],
        body=body,
        stored_at=now,
        expires_at=now + decision.ttl_s,
        model=exchange.model,
        namespace=decision.namespace,
        tokens=tokens,
        usage_asked=_wanted(exchange).include_usage,
        classified=exchange.classified,
    )


def _wanted(exchange: Exchange) -> Wanted:
    body: dict[str, Any] = exchange.body or {}
    return Wanted.by(exchange.client_format, body)
