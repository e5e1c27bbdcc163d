"""What a stream that broke off ends with, by its endpoint."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mitmgate.core.errors import ANTHROPIC, OPENAI
from mitmgate.core.event_hold import EventHold, LineHold
from mitmgate.core.paths import client_format, endpoint_of
from mitmgate.core.replay.events import split_events
from mitmgate.core.retry import Failure, error_of
from mitmgate.core.stream_errors import render_stream_error

BROKE = error_of(Failure.RESET)


def event(path: str, hold: EventHold | None = None) -> tuple[str, Any]:
    told = render_stream_error(BROKE, client_format(path), endpoint_of(path), hold or EventHold(), "r-1")
    (only,) = split_events(told)
    assert only.complete and told.endswith(b"\n\n")
    return only.name.decode(), json.loads(only.data)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions", "/v1/audio/speech", "/v1/threads/t/runs"])
def test_openai(path: str) -> None:
    name, body = event(path)
    assert name == "" and body["error"]["code"] == "upstream_reset" and body["error"]["type"] == "api_error"


def test_anthropic() -> None:
    name, body = event("/v1/messages")
    assert name == "error" and body["type"] == "error" and body["error"]["type"] == "api_error"
    assert body["request_id"] == "r-1"


@pytest.mark.parametrize("path", ["/v1/responses", "/openai/v1/responses", "/v1/responses/resp_1?stream=true"])
def test_responses_have_the_vendors_event_and_what_its_package_looks_for(path: str) -> None:
    hold = EventHold()
    hold.pass_on(b'data: {"type":"response.created","sequence_number":4}\n\ndata: {"sequence_number":5')
    name, body = event(path, hold)
    assert name == "error" and body["error"]["code"] == "upstream_reset"
    wanted = {"type": "error", "code": "upstream_reset", "message": BROKE.message, "param": None, "sequence_number": 5}
    assert {key: body[key] for key in wanted} == wanted


def test_gemini() -> None:
    name, body = event("/v1beta/models/gemini-x:streamGenerateContent?alt=sse")
    assert name == "" and body == {"error": {"code": 502, "message": BROKE.message, "status": "INTERNAL"}}


@pytest.mark.parametrize("vendor", [OPENAI, ANTHROPIC])
def test_lines(vendor: str) -> None:
    told = render_stream_error(BROKE, vendor, "other", LineHold())
    assert told.endswith(b"\n") and told.count(b"\n") == 1 and json.loads(told) == {"error": BROKE.message}
