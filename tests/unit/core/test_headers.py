import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.credentials import CREDENTIAL_HEADERS
from mitmgate.core.headers import HOP_BY_HOP, answerable, forwardable

NOT_FORWARDED = """
    Connection Keep-Alive Proxy-Connection Proxy-Authenticate TE Trailer Transfer-Encoding Upgrade HTTP2-Settings
    Authorization Proxy-Authorization X-Api-Key Api-Key X-Goog-Api-Key Cookie
    X-Cache-Mode X-Cache-TTL X-Cache-Namespace X-Cache-Threshold X-Timeout-Ms X-Mitmgate-Client X-Request-Id
    Cache-Control Forwarded X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto Via X-Real-IP
    Host Content-Length Expect Accept-Encoding X-Original-URL X-HTTP-Method-Override
"""
FORWARDED = """
    Accept Content-Type User-Agent Idempotency-Key OpenAI-Organization OpenAI-Beta anthropic-version anthropic-beta
    X-Stainless-Retry-Count traceparent Accept-Language Content-Encoding X-Cachet X-Custom Range
"""
NOT_ANSWERED = """
    Connection Keep-Alive Proxy-Connection TE Trailer Upgrade Proxy-Authenticate WWW-Authenticate
    Set-Cookie Set-Cookie2 Alt-Svc Strict-Transport-Security Clear-Site-Data NEL Report-To
    X-Cache X-Cache-Status X-Cache-Kind Cache-Status Age X-Upstream X-Upstream-Attempts X-Request-Id X-Client-Request-Id
    Server-Timing RateLimit RateLimit-Policy RateLimit-Limit X-RateLimit-Limit-Requests X-RateLimit-Remaining-Tokens
    X-Mitmgate-Client Authorization Proxy-Authorization X-Api-Key Api-Key X-Goog-Api-Key Access-Control-Allow-Origin
    X-Accel-Redirect anthropic-ratelimit-requests-remaining openai-organization anthropic-organization-id
    openai-project x-ms-rate-limit-remaining anthropic-input-tokens-limit x-remaining-tokens x-account-id
"""
ANSWERED = """
    Content-Type Content-Length Transfer-Encoding Content-Encoding Server Date Retry-After Cache-Control Location
    openai-processing-ms openai-version request-id cf-ray X-Should-Retry Vary
    x-organic projector x-reset x-tokens-per-second
"""


@pytest.mark.parametrize("change", [str, str.lower, str.upper])
def test_what_goes_upstream(change):
    fields = [(change(name).encode(), b"v") for name in (NOT_FORWARDED + FORWARDED).split()]
    assert [name for name, _ in forwardable(fields)] == [change(name).encode() for name in FORWARDED.split()]


@pytest.mark.parametrize("change", [str, str.lower, str.upper])
def test_what_goes_to_the_client(change):
    fields = [(change(name).encode(), b"v") for name in (NOT_ANSWERED + ANSWERED).split()]
    assert [name for name, _ in answerable(fields)] == [change(name).encode() for name in ANSWERED.split()]


@pytest.mark.parametrize("passing", [forwardable, answerable])
@pytest.mark.parametrize(
    ("connection", "dropped"),
    [
        ([b"keep-alive"], []),
        ([b"close"], []),
        ([b"x-one"], [b"X-One"]),
        ([b"close, X-ONE ,\tx-two,,"], [b"X-One", b"X-Two"]),
        ([b"close", b"x-one"], [b"X-One"]),
        ([b"keep-alive, x-none"], []),
        ([b""], []),
        ([b","], []),
    ],
)
def test_what_connection_names_is_removed(passing, connection, dropped):
    fields = [(b"X-One", b"1"), *((b"Connection", value) for value in connection), (b"X-Two", b"2"), (b"x-two", b"3")]
    lower = {name.lower() for name in dropped}
    left = passing(fields)
    assert left == [field for field in fields if field[0] != b"Connection" and field[0].lower() not in lower]


def test_framing_of_an_answer_is_left_to_the_sender():
    fields = [
        (b"Connection", b"content-length, Transfer-Encoding"),
        (b"Content-Length", b"1"),
        (b"transfer-encoding", b"chunked"),
    ]
    assert answerable(fields) == fields[1:]
    assert forwardable(fields) == []


def test_the_caller_may_name_more():
    fields = [(b"X-Vendor-Key", b"1"), (b"Accept", b"2"), (b"x-vendor-key", b"3")]
    assert forwardable(fields, frozenset({b"x-vendor-key"})) == [(b"Accept", b"2")]


NAMES = st.sampled_from((NOT_FORWARDED + FORWARDED + NOT_ANSWERED + ANSWERED).encode().split())
FIELDS = st.lists(st.tuples(NAMES | st.binary(), st.binary() | NAMES))


@given(FIELDS)
def test_what_is_left_is_as_it_came_and_holds_no_secret(fields):
    for passing, kept_hop in ((forwardable, set()), (answerable, {b"transfer-encoding"})):
        before = list(fields)
        left = passing(fields)
        assert fields == before
        rest = iter(fields)
        assert all(field in rest for field in left)
        names = {name.lower() for name, _ in left}
        assert not names & CREDENTIAL_HEADERS
        assert names & HOP_BY_HOP <= kept_hop
        assert passing(left) == left


def test_many_connection_headers_all_count():
    named = [(b"Connection", b"x-%d, close" % number) for number in range(4000)]
    fields = [(b"X-%d" % number, b"v") for number in range(4000)]
    assert forwardable([*fields, *named, (b"X-4000", b"v")]) == [(b"X-4000", b"v")]


def test_a_header_that_echoes_the_secret_is_not_answered():
    fields = [(b"X-Debug", b"was Bearer sk-secret-1"), (b"X-Else", b"sk-secret"), (b"Content-Length", b"2")]
    assert answerable(fields, secrets=[b"sk-secret-1"]) == fields[1:]
    assert answerable([(b"x-sk-secret-1", b"")], secrets=[b"sk-secret-1"]) == []
