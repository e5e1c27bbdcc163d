"""Our credentials are found wherever they strayed to, and nothing else is."""

from __future__ import annotations

import base64
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.keys import make_admin_token
from mitmgate.core.strays import holds, may_hold, query_without_strays, without_strays
from mitmgate.core.tokens import issue_token

KEY = "mg_L4w0qgSHs3fl6fULM42KiAdm5JQ0vM24GwlI"  # nobody's; not made here, as it names cases
TOKEN = issue_token(tenant_id=1, key_id=1, secrets={"k": b"s" * 32}, ttl_s=60, now=1.0)
FOREIGN = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJzb21lYm9keSJ9.c2lnbmF0dXJl"
DEMO = "test-key-123"
OURS = {"key": KEY, "admin token": make_admin_token(), "token": TOKEN, "unsigned": TOKEN.rpartition(".")[0] + "."}


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize("ours", OURS.values(), ids=OURS)
@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "Bearer {}",
        "realtime, openai-insecure-api-key.{}",
        "https://gw.example/v1/models?api_key={}&x=1",
        "x{}",
        "{}x y",
        "session={}; theme=dark",
    ],
)
def test_what_looks_like_ours_is_found_in_any_text(ours: str, around: str) -> None:
    for text in (
        around.format(ours),
        quote(around.format(ours)),
        quote(around.format(ours).replace("_", "%5f")),
    ):
        assert may_hold(text.encode(), ()) and holds(text.encode(), ()), text


@pytest.mark.parametrize("ours", OURS.values(), ids=OURS)
def test_basic_authorization_in_another_header_is_looked_into(ours: str) -> None:
    for text in (basic("x", ours), basic(ours, "").rstrip("=")):
        assert may_hold(text.encode(), ()) and holds(text.encode(), ())


def test_a_presented_credential_counts_whatever_it_looks_like() -> None:
    assert holds(b"Bearer test-key-123", [DEMO.encode()])
    assert holds(b"a=test%2Dkey-123", [DEMO.encode()])
    assert may_hold(b"Bearer test-key-123", [DEMO.encode()])
    assert not may_hold(b"Bearer test-key-123", [])


@pytest.mark.parametrize(
    "text", [FOREIGN, "sk-proj-abc", KEY[:-1] + "~", "mg_" + "a" * 36, "100%", "%zz", "Basic !!!", "mg_x eyJ.eyJ.x"]
)
def test_what_is_not_ours_stays(text: str) -> None:
    assert not holds(text.encode(), [KEY.encode()])
    assert without_strays([(b"X-Any", text.encode())], [KEY.encode()]) == [(b"X-Any", text.encode())]


@given(st.binary())
def test_no_text_is_too_odd_to_be_looked_at(text: bytes) -> None:
    may_hold(text, [b"x" * 12])
    holds(text, [b"x" * 12])


def test_headers_that_hold_one_go_and_the_others_stay() -> None:
    fields = [
        (b"X-Auth-Token", KEY.encode()),
        (b"User-Agent", b"x"),
        (b"Referer", f"https://gw/?token={TOKEN}".encode()),
        (b"X-Vendor", FOREIGN.encode()),
        (b"user-agent", b"y"),
    ]
    assert without_strays(fields, [KEY.encode()]) == [fields[1], fields[3], fields[4]]


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("api_key=" + KEY, ""),
        ("a=1&access_token=" + TOKEN + "&b=%20", "a=1&b=%20"),
        ("api_key=" + KEY + ";a=1&b", "a=1&b"),
        ("a=1;x=" + KEY.replace("g", "%67"), "a=1"),
        (KEY + "&a", "a"),
        (KEY + "=1&&a", "&a"),
        ("a=%zz&b=" + FOREIGN, "a=%zz&b=" + FOREIGN),
        ("a=x\xe9&b=mg_", "a=x\xe9&b=mg_"),
    ],
)
def test_parameters_that_hold_one_go_and_the_others_stay_as_they_are(query: str, left: str) -> None:
    assert query_without_strays(query, [KEY.encode()]) == left


@pytest.mark.parametrize(
    "text", [b"eyJ." * 16_000, b"mg_" * 20_000, b"%25" * 20_000, b"basic " * 10_000, b"eyJ" * 20_000]
)
def test_the_longest_header_is_looked_through_in_no_time(text: bytes) -> None:
    began = time.process_time()
    assert not holds(text, [KEY.encode()])
    assert time.process_time() - began < 1
