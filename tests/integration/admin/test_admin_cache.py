"""POST /admin/cache/judge without a matcher, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from mitmgate.services.matcher_client import MatcherClient
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
        {"pairs": [["a", "b"]], "unknown": 1},
        {"pairs": [["a", "b"]] * 1001},
    ],
)
async def test_what_cannot_be_judged(admin: Admin, body: object) -> None:
    assert (await admin("POST", "/cache/judge", body)).status_code == 422


async def test_a_tenant_may_have_the_semantic_cache(admin: Admin) -> None:
    assert (await admin.tenant(cache={"mode": "semantic"}))["cache"]["mode"] == "semantic"
