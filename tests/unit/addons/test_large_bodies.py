"""Bodies that are too large for a tree: no turn is long, nothing is judged less, and every other byte stays."""

from __future__ import annotations

import gc
import gzip
import json
import time
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest
from backports import zstd
from mitmproxy import http

from addons.exchange import exchange_of
from addons.models import ModelsStage
from addons.turns import LongWork
from addons.validate import ValidateStage
from mitmgate.core.directory import Tenant
from mitmgate.core.settings import Limits
from tests.unit.addons import test_models
from tests.unit.addons.test_models import CHAT, LIMITED, TENANT, asked, error_in

MIB = 1 << 20
SIZE, WHOLE_SIZE = 3 * MIB, 30 * MIB
MOST_S = 0.25
FILL = b'"pad":"' + b"x" * (MIB + 1) + b'"'
NUMBERS = {"model": "m", "input": [[101] * 300] * 1000}


def nasty(size: int) -> dict[str, bytes]:
    """Bodies of about that many bytes, each a worst case of some step."""
    return {
        "arrays": b'{"model":"m","a":[' + b"[]," * (size // 3) + b"1]}",
        "objects": b'{"model":"m","a":[' + b"{}," * (size // 3) + b"1]}",
        "numbers": b'{"model":"m","a":[' + b"1," * (size // 2) + b"1]}",
        "empty strings": b'{"model":"m","a":[' + b'"",' * (size // 3) + b"1]}",
        "one string": b'{"model":"m","a":"' + b"x" * size + b'"}',
        "escaped quotes": b'{"model":"m","a":"' + b'\\"' * (size // 2) + b'"}',
        "escaped letters": b'{"model":"m","a":"' + b"\\u0061" * (size // 6) + b'"}',
        "names": b'{"model":"m",' + b'"a":1,' * (size // 6) + b'"b":1}',
        "inner names": b'{"model":"m","messages":[' + b'{"model":1},' * (size // 12) + b"1]}",
        "quoted names": b'{"model":"m","a":"' + b'\\"model\\"' * (size // 9) + b'"}',
        "values like names": b'{"model":"m","a":[' + b'"model",' * (size // 8) + b"1]}",
        "nested": b'{"model":"m","a":[' + (b"[" * 900 + b"]" * 900 + b",") * (size // 1801) + b"1]}",
        "nested objects": b'{"model":"m","a":[' + (b'{"a":' * 900 + b"1" + b"}" * 900 + b",") * (size // 5401) + b"1]}",
        "letters": b'{"model":"m","a":"' + "é😀".encode() * (size // 6) + b'"}',
        "space": b'{"model":"m","a":[1,' + b" " * size + b"2]}",
        "a number": b'{"model":"m","a":1' + b"0" * size + b"}",
        "commas": b'{"model":"m","a":["' + b"," * size + b'"]}',
        "only openers": b'{"model":' + b"[" * size,
        "unfinished": b'{"model":"m","a":[' + b"[]," * (size // 3),
        "models": b'{"model":"m",' + b'"model":"m",' * (size // 12) + b'"b":1}',
    }


NASTY = nasty(SIZE)


class Turns:
    """Runs the stages as the loop would; longest_s is the CPU time of the longest turn."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self.count = 0

    def run(self, flow: http.HTTPFlow) -> None:
        for stage in (ValidateStage(Limits(), LongWork()), ModelsStage(LongWork())):
            begun = time.thread_time()
            pending = stage.request(flow)
            self._ended(begun)
            if pending is not None:
                self._finish(pending.__await__())

    def _finish(self, steps: Generator[Any, Any, Any]) -> None:
        while True:
            begun = time.thread_time()
            try:
                next(steps)
            except StopIteration:
                return
            finally:
                self._ended(begun)

    def _ended(self, begun: float) -> None:
        self.longest_s = max(self.longest_s, time.thread_time() - begun)
        self.count += 1


def run_in_turns(raw: bytes, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, **headers: str) -> tuple[Any, Turns]:
    turns = Turns()

    with monkeypatch.context() as patch:
        patch.setattr(test_models, "_request_stages", lambda flow, _: turns.run(flow))
        gc.collect()
        gc.freeze()  # as a worker does: a collection of all that the tests have imported would count as a turn's
        try:
            flow, _ = asked(CHAT, raw, tenant, **headers)
        finally:
            gc.unfreeze()
    return flow, turns


@pytest.mark.parametrize("tenant", [TENANT, LIMITED], ids=["any model", "some models"])
@pytest.mark.parametrize("what", NASTY)
def test_no_body_takes_a_long_turn(what: str, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    _take_no_long_turn(NASTY[what], tenant, monkeypatch)


@pytest.mark.long
@pytest.mark.parametrize("tenant", [TENANT, LIMITED], ids=["any model", "some models"])
def test_no_body_of_30_mib_takes_a_long_turn(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    for raw in nasty(WHOLE_SIZE).values():
        _take_no_long_turn(raw, tenant, monkeypatch)


def _take_no_long_turn(raw: bytes, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    flow, turns = run_in_turns(raw, tenant, monkeypatch)
    assert turns.longest_s < MOST_S
    exchange = exchange_of(flow)
    assert exchange is not None and exchange.body is None


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_no_bomb_takes_a_long_turn(coding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compress = gzip.compress if coding == "gzip" else zstd.compress
    bomb = compress(b'{"a":"' + b"x" * (80 * MIB))
    flow, turns = run_in_turns(bomb, TENANT, monkeypatch, content_encoding=coding)
    assert turns.longest_s < MOST_S
    assert flow.response is not None and flow.response.status_code == 413


@pytest.mark.parametrize("tenant", [TENANT, LIMITED])
@pytest.mark.parametrize(
    "body",
    [
        NUMBERS,
        {"model": "m", "messages": [{"role": "user", "content": "ok"}] * 40_001},
        {"messages": [{"role": "user", "content": "1,2,3\n" * 400_000}], "model": "m"},
        {"model": "m", "messages": [{"image_url": {"url": "data:image/png;base64," + "iVBORw0K" * 300_000}}]},
        {"tools": [{"parameters": {"minimum": 2**63, "maximum": 1e300}}], "model": "m", "x": "y" * MIB},
    ],
)
def test_what_people_send_goes_on_as_it_came(body: Any, tenant: Tenant) -> None:
    raw = json.dumps(body).encode()
    flow, exchange = asked(CHAT, raw, tenant)
    assert flow.response is None
    assert flow.request.raw_content == raw
    assert exchange.outline is not None and exchange.model == "m"


@pytest.mark.parametrize("tenant", [TENANT, LIMITED])
@pytest.mark.parametrize(
    "members",
    [
        b'"model":"m",%s,"model":"n"',
        b'"model":"m",%s,"mod\\u0065l":"n"',
        b'"model":"m","model":"m",%s',
        b'"model":"m","stream":false,%s,"stream":true',
        b'"model":"m","messages":[],%s,"messages":[1]',
        b'"model":"m",%s,"a":"\xff"',
        b'"model":"m",%s,"a":"caf\xe9"',
        b'"model":"m",%s,"a":"\\ud800"',
        b'"model":"m",%s,"a":NaN',
        b'"model":"m",%s,"a":' + b"[" * 1100 + b"]" * 1100,
        b'"model":"m",%s,',
        b'"model":"m",%s}',
        b'"model":"m",%s,"a":[1',
        b'"model":"m",%s,"a":[1,]',
        b'"model":"m",%s,"a":[1}]',
        b'"model":"m",%s} {',
        b'"model":"m",,%s',
        b'"model":5,%s',
        b'"model":["m"],%s',
        b'%s,"model":{"id":"m"}',
        b'%s,"model":"' + b"m" * 500_000 + b'"',
        b'"stream":"true",%s',
        b'"stream":[1,2],%s',
    ],
)
def test_what_is_refused_of_a_small_body_is_refused_of_a_large_one(members: bytes, tenant: Tenant) -> None:
    flow, _ = asked(CHAT, b"{" + members.replace(b"%s", FILL) + b"}", tenant)
    assert flow.response is not None and flow.response.status_code == 400
    assert error_in(flow)["code"].startswith("invalid_")


@pytest.mark.parametrize(
    "fill", [FILL, b'"pad":[' + b"1," * 700_000 + b"1]", b'"pad":[' + b'{"a":"b"},' * 200_000 + b"1]"]
)
@pytest.mark.parametrize(
    "members",
    [
        b'"model":"other",%s',
        b'%s,"model":"other"',
        b"%s",
        b'"model":"m","models":["other"],%s',
        b'"model":"m",%s,"models":["m","other"]',
        b'"model":"m",%s,"extra":{"fall-backs":[{"x":"other"}]}',
        b'"model":"m",%s,"tools":[{"Model":"other"}]',
        b'"model":"m",%s,"tools":[{"mod\\u0065l":"other"}]',
        b'"model":"m","extra":{"model":{"a":1,"pad":[' + b'"m",' * 300_000 + b'"other"]}}',
        b'"model":"m","models":[' + b'"m",' * 300_000 + b'"other"]',
        b'"model":"m","models":["' + b"x" * 300_000 + b'"]',
    ],
)
def test_models_are_limited_in_large_bodies_too(members: bytes, fill: bytes) -> None:
    flow, _ = asked(CHAT, b"{" + members.replace(b"%s", fill) + b"}", LIMITED)
    assert flow.response is not None and flow.response.status_code == 403
    assert error_in(flow)["code"] == "model_not_allowed"


def test_what_may_be_named_may_be_named_in_large_bodies() -> None:
    raw = b'{"model":"m","models":[' + b'"m",' * 400_000 + b'"m"],"messages":[{"model":"other"}]}'
    flow, _ = asked(CHAT, raw, LIMITED)
    assert flow.response is None


@pytest.mark.parametrize("tenant", [TENANT, LIMITED])
@pytest.mark.parametrize(
    ("members", "changed"),
    [
        (b' "model" : "fast" , %s', b' "model" : "m" , %s'),
        (b'%s,"model":"fast"', b'%s,"model":"m"'),
        (b'%s,"mod\\u0065l":"fa\\u0073t"', b'%s,"mod\\u0065l":"m"'),
        (
            b'%s,"tools":[{"name":"fast"}],"model":"fast","z":1.0e+2',
            b'%s,"tools":[{"name":"fast"}],"model":"m","z":1.0e+2',
        ),
        (b'%s,"model":null', b'%s,"model":"m"'),
        (b'%s,"model":""', b'%s,"model":"m"'),
        (b"%s", b'"model":"m",%s'),
    ],
)
@pytest.mark.parametrize("fill", [FILL, b'"pad":[' + b"1.50, " * 400_000 + b"1]"])
def test_an_alias_changes_one_member(members: bytes, changed: bytes, fill: bytes, tenant: Tenant) -> None:
    aliased = replace(tenant, model_aliases={"fast": "m"}, default_model="m")
    flow, exchange = asked(CHAT, b"{" + members.replace(b"%s", fill) + b"}", aliased)
    assert flow.response is None
    assert flow.request.raw_content == b"{" + changed.replace(b"%s", fill) + b"}"
    assert exchange.model == "m"


@pytest.mark.parametrize("tenant", [TENANT, LIMITED])
@pytest.mark.parametrize("number", [b"1e400", b"-1E+999", b"9" * 400, b"9" * 5000])
def test_limits_refuse_no_number_for_its_size(number: bytes, tenant: Tenant) -> None:
    raw = b'{"model":"m",%s,"tools":[{"parameters":{"maximum":%s}}]}' % (FILL, number)
    flow, exchange = asked(CHAT, raw, tenant)
    assert flow.response is None and flow.request.raw_content == raw
    assert exchange.model == "m"


@pytest.mark.parametrize("number", [b"1e400", b"1"])
def test_models_are_limited_next_to_a_large_number(number: bytes) -> None:
    flow, _ = asked(CHAT, b'{"model":"m",%s,"x":%s,"fallbacks":["other"]}' % (FILL, number), LIMITED)
    assert flow.response is not None and flow.response.status_code == 403


def test_a_stream_is_one() -> None:
    _, exchange = asked(CHAT, b'{"model":"m",' + FILL + b',"stream":true}', TENANT)
    assert exchange.streamed


@pytest.mark.parametrize("value", [b"[1]", b'"x"', b"{}"])
def test_other_paths_take_large_arrays(value: bytes) -> None:
    flow, exchange = asked("/v1/some/thing", b"[" + (value + b",") * 400_000 + b"1]", TENANT)
    assert flow.response is None and exchange.outline is None
