"""POST /admin/cache/judge without a matcher, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mitmgate.core.settings import Cache
from mitmgate.services.matcher_client import LocalMatcher, MatcherClient
from mitmgate.services.matcher_wire import Message
from tests.integration.admin.conftest import Admin


async def test_without_a_matcher_it_is_unavailable(admin: Admin, tmp_path: Path) -> None:
    for matcher in (None, MatcherClient(tmp_path / "nobody.sock")):
        admin.control.matcher = matcher
        answer = await admin("POST", "/cache/judge", {"pairs": [["a", "b"]]})
        assert answer.status_code == 503 and answer.json()["error"]["code"] == "matcher_unavailable"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"pairs": [["one"]]},
        {"pairs": [[1, 2]]},
        {"pairs": [["a", "b"]], "threshold": 2},
        {"pairs": [["a", "b"]], "max_wrong": 2},
        {"pairs": [["a", "b"]], "threshold": False},
        {"pairs": [["a", "b"]], "threshold": "0.5"},
        {"pairs": [["a", "b"]], "threshold": True},
        {"pairs": [["a", "b"]], "threshold": [0.5]},
        {"pairs": [["a", "b"]], "unknown": 1},
        {"pairs": [["a", "b"]] * 1001},
    ],
)
async def test_what_cannot_be_judged(admin: Admin, body: object) -> None:
    assert (await admin("POST", "/cache/judge", body)).status_code == 422


async def test_a_tenant_may_have_the_semantic_cache(admin: Admin) -> None:
    assert (await admin.tenant(cache={"mode": "semantic"}))["cache"]["mode"] == "semantic"


async def test_without_a_threshold_the_bar_is_that_of_live_traffic(admin: Admin) -> None:
    """The matcher hears of no reload: it is told the bar that applies now."""
    asked: list[Message] = []

    async def answer(request: Message) -> Message:
        asked.append(request)
        verdict = {"similarity": 0.9, "accept": False, "reasons": ["below bar"], "probability": None}
        return {"verdicts": [{**verdict, "vetoes": ["below bar"], "doubts": [], "log_odds": None, "bar": None}]}

    admin.control.matcher = LocalMatcher(answer)
    for threshold in (0.91, 0.97):  # as at the start, and reloaded
        admin.control.settings = replace(admin.control.settings, cache=Cache(threshold=threshold))
        assert (await admin("POST", "/cache/judge", {"pairs": [["a", "b"]]})).status_code == 200
    assert (await admin("POST", "/cache/judge", {"pairs": [["a", "b"]], "threshold": 0})).status_code == 200
    assert (await admin("POST", "/cache/judge", {"pairs": [["a", "b"]], "max_wrong": 0.5})).status_code == 200
    assert [each["threshold"] for each in asked] == [0.91, 0.97, 0, 0.97]
    assert [each["max_wrong"] for each in asked] == [0.005, 0.005, 0.005, 0.5]
