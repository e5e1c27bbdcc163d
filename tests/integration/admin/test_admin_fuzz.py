"""Whatever is sent, the answer is the API's own and never a 500."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.admin.conftest import Admin

FIELDS = (
    *("name", "backend_url", "rate_limit_per_hour", "status", "allowed_models", "default_model", "model_aliases"),
    *("upstream_format", "allow_private_upstream", "upstream_auth", "cache", "tags", "scopes", "limits", "expires_at"),
    *(
        "seconds",
        "reason",
        "grace_seconds",
        "role",
        "mode",
        "ttl_s",
        "max_bytes",
        "max_temperature",
        "threshold",
        "header",
        "value",
    ),
)
EDGES = ["", "\0", "a\ud800", "x" * 5000, "https://[::1", "https://\u2028", "9999-12-31T23:59:59-14:00", "chat", "off"]
TEXTS = st.text(st.characters(exclude_categories=()), max_size=30) | st.sampled_from(EDGES)
NUMBERS = st.integers() | st.floats() | st.sampled_from([2**31, 2**63, 2**64, -(2**63), 10**400])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS) | TEXTS, inner, max_size=4),
    max_leaves=6,
)
BODIES = st.dictionaries(st.sampled_from(FIELDS) | TEXTS, VALUES, max_size=5) | VALUES
CHANGES = [
    ("POST", "/tenants"),
    ("PUT", "/tenants/1"),
    ("PATCH", "/tenants/1"),
    ("POST", "/tenants/1/block"),
    ("POST", "/tenants/1/rotate-key"),
    ("POST", "/tenants/1/keys"),
    ("POST", "/tenants/1/keys/1/rotate"),
    ("PATCH", "/tenants/1/keys/1"),
    ("POST", "/tokens"),
]
PARAMETERS = ["prefix", "limit", "cursor", "from", "to", "status", "cache", "tenant_id", "max_wrong"]
ODD = ["\0", "9" * 40, "-1", "2026-01-01", "9999-12-31", "0001-01-01", "WzFd", "WzEsMV0", "WzEsIngiXQ", "4xx", "hit"]
QUERIES = st.dictionaries(st.sampled_from(PARAMETERS), st.text(max_size=20) | st.sampled_from(ODD), max_size=3)
READS = [
    "/tenants",
    "/keys",
    "/tenants/1/keys",
    "/tokens",
    "/usage",
    "/tenants/1/usage",
    "/tenants/1/analytics",
    "/cache/tune",
]
FUZZ = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(call=st.sampled_from(CHANGES), body=BODIES, whole=st.booleans())
async def test_any_body(admin: Admin, call: tuple[str, str], body: Any, whole: bool) -> None:
    await admin("POST", "/tenants", {"name": "acme", "backend_url": "https://api.example.com"})
    if whole and isinstance(body, dict):
        body = {"name": "x", "backend_url": "https://api.example.com", **body}
    answer = await admin(*call, content=json.dumps(body).encode())
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.json()["error"]["message"]


@FUZZ
@given(call=st.sampled_from(CHANGES), body=st.binary(max_size=60))
async def test_any_bytes(admin: Admin, call: tuple[str, str], body: bytes) -> None:
    answer = await admin(*call, content=body)
    assert answer.status_code < 500, answer.text


@FUZZ
@given(path=st.sampled_from(READS), query=QUERIES)
async def test_any_query(admin: Admin, path: str, query: dict[str, str]) -> None:
    await admin("POST", "/tenants", {"name": "acme", "backend_url": "https://api.example.com"})
    answer = await admin("GET", path, params=query)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.json()["error"]["message"]
