"""What peers send can neither cost a request its row nor a worker its memory."""

from __future__ import annotations

import gzip
import json

import pytest
from mitmproxy.test import tflow

from addons.exchange import Exchange, parsed_answer, readable_body
from addons.ledger import LedgerStage
from mitmgate.core.encoding import MAX_DECODED_BYTES
from mitmgate.core.usage import UsageRecord
from mitmgate.proxy.plan import Plan
from mitmgate.services.exact_cache import ExactCache
from mitmgate.services.redis import Store
from tests.integration.proxy.harness import render


class Tenant:
    id = 1


@pytest.mark.parametrize("method", [b"P\xffST", b"M" * 60_000, b"\xc3\xa9", b"get"])
def test_any_method_has_a_row_that_can_be_written(method: bytes) -> None:
    flow = tflow.tflow(resp=True)
    flow.request.data.method = method
    exchange = Exchange(client_address="", path="/v1/x", query="", headers={})
    exchange.tenant, exchange.plan = Tenant(), Plan(render, 1)  # type: ignore[assignment]
    kept: list[UsageRecord] = []
    LedgerStage(kept, kept, ExactCache(Store("redis://127.0.0.1:1")))._settle(flow, exchange)  # type: ignore[arg-type]
    assert len(json.loads(kept[0].line())["method"]) <= 16


def test_a_bomb_is_not_unfolded() -> None:
    flow = tflow.tflow(resp=True)
    assert flow.response is not None
    flow.response.headers["content-encoding"] = "gzip"
    flow.response.raw_content = gzip.compress(b'{"a":"' + bytes(2 * MAX_DECODED_BYTES) + b'"}')
    exchange = Exchange(client_address="", path="/v1/x", query="", headers={})
    assert readable_body(flow.response) is None
    assert parsed_answer(flow, exchange) is None
    flow.response.raw_content = gzip.compress(b'{"a":1}')
    assert parsed_answer(flow, exchange) == {"a": 1}
