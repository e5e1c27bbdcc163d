"""Bodies that we and an upstream may read differently are refused; what only the upstream reads is not touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from addons.turns import LongWork
from addons.validate import ValidateStage
from mitmgate.core.directory import Tenant
from mitmgate.core.settings import Settings
from tests.unit.addons.test_models import CHAT, LIMITED, TENANT, asked, error_in

BODY = b'{"model":"m","messages":[]}'


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'{"model":"m","temperature":NaN}', "invalid_json"),
        (b'{"model":"m","temperature":-Infinity}', "invalid_json"),
        (b'{"model":"m","temperature":1e999}', "invalid_json"),
        (b"\xef\xbb\xbf" + BODY, "invalid_json"),
        (BODY.decode().encode("utf-16"), "invalid_json"),
        (BODY.decode().encode("utf-16-le"), "invalid_json"),
        (b'{"model":"m\\ud800"}', "invalid_json"),
        (b'{"model":"caf\xe9"}', "invalid_json"),
        (b'{"model":"m","model":"n"}', "invalid_json"),
        (b'{"model":"m","mod\\u0065l":"n"}', "invalid_json"),
        (b'{"model":"m","stream":false,"stream":true}', "invalid_json"),
        (b'{"model":"m","messages":[],"messages":[1]}', "invalid_json"),
        (b'{"model":"m","stream":"true"}', "invalid_stream"),
        (b'{"model":"m","stream":1}', "invalid_stream"),
        (b'{"model":"m","stream":[]}', "invalid_stream"),
    ],
)
@pytest.mark.parametrize("tenant", [TENANT, LIMITED])
def test_a_body_that_can_be_read_in_two_ways_is_refused(raw: bytes, code: str, tenant: Tenant) -> None:
    flow, _ = asked(CHAT, raw, tenant)
    assert flow.response is not None and flow.response.status_code == 400
    assert error_in(flow)["code"] == code


@pytest.mark.parametrize(
    ("kind", "raw", "status"),
    [
        ("application/json; charset=utf-8", BODY, None),
        ('application/json;CHARSET="UTF8"', '{"model":"é"}'.encode(), None),
        ("application/json; charset=iso-8859-1", BODY, None),
        ("application/json; charset=us-ascii", BODY, None),
        ("application/json; charset=iso-8859-1", '{"model":"é"}'.encode(), 415),
        ("application/json; charset=utf-16", BODY, 415),
        ("application/json; charset=utf-8; charset=utf-7", BODY, 415),
        ("application/json; charset=nonsense", BODY, 415),
    ],
)
def test_a_charset_that_reads_other_text_out_of_the_body_is_refused(kind: str, raw: bytes, status: int | None) -> None:
    flow, _ = asked(CHAT, raw, TENANT, content_type=kind)
    assert (flow.response and flow.response.status_code) == status


@pytest.mark.parametrize(
    "raw",
    [
        b'{"model":"m","stream":null}',
        b'{"model":"m","x":1,"x":2,"n":123456789012345678901234567890}',
        b'{"model":"m","tools":[{"model":1,"stream":2},{"model":1,"stream":2}]}',
        b'{"model":"m","d":' + b"[" * 900 + b"]" * 900 + b"}",
    ],
)
def test_the_rest_goes_on_untouched(raw: bytes) -> None:
    flow, _ = asked(CHAT, raw, TENANT)
    assert flow.response is None
    assert flow.request.raw_content == raw


@pytest.mark.parametrize("raw", [b"[1, 2]", b'"x"', b"", b'{"stream": 1}'])
def test_other_paths_take_what_json_their_upstream_takes(raw: bytes) -> None:
    flow, _ = asked("/v1/some/thing", raw, TENANT)
    assert flow.response is None
    assert flow.request.raw_content == raw


@pytest.mark.parametrize("method", ["PROPFIND", "QUERY", "REPORT", "X-CUSTOM", "purge", "M-SEARCH", "LOCK"])
def test_any_method_is_forwarded_with_its_body(method: str) -> None:
    flow, exchange = asked("/v1/some/thing", BODY, TENANT, method)
    assert flow.response is None and exchange.body is not None
    flow, exchange = asked("/v1/some/thing", b"<xml/>", TENANT, method, content_type="text/xml")
    assert flow.response is None and exchange.is_upload


def test_two_content_types_are_refused() -> None:
    for more in ("text/plain", "application/json"):
        flow, exchange = asked(CHAT, BODY, TENANT)
        flow.request.headers.add("content-type", more)
        ValidateStage(Settings(Path("unused")).limits, LongWork()).requestheaders(flow)
        assert flow.response is not None and flow.response.status_code == 400
        assert exchange.error == "invalid_header"


@pytest.mark.parametrize("method", ["TRACE", "trace", "CONNECT", "post", "Get", "a b", "G\u00cbT", "", "M" * 33])
def test_a_405_names_the_usual_methods(method: str) -> None:
    flow, _ = asked(CHAT, BODY, TENANT, method)
    assert flow.response is not None and flow.response.status_code == 405
    assert flow.response.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
    assert json.loads(flow.response.content or b"")["error"]["code"] == "method_not_allowed"
