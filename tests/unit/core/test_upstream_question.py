"""What an upstream's answer says of credential and model, and that no piece of the credential is repeated."""

from __future__ import annotations

import orjson
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mitmgate.core.upstream_question import FAILED, OK, SKIPPED, judge, make_question, quotes

SECRETS = st.text("abcXYZ0189-_", min_size=8, max_size=40)


@given(secret=SECRETS, start=st.integers(0, 30), length=st.integers(6, 40), around=st.text(max_size=20))
def test_any_longer_piece_of_the_credential_is_a_quotation(secret: str, start: int, length: int, around: str) -> None:
    piece = secret[start : start + length]
    assume(len(piece) >= 6)
    assert quotes(f"{around}{piece}{around}", secret)
    assert quotes(piece.upper(), secret)


@given(
    secret=SECRETS,
    status=st.integers(100, 599),
    message=st.text(max_size=300),
    field=st.sampled_from(["message", "code", "type", "id", "error"]),
    model=st.none() | st.just("m"),
    at=st.integers(0, 20),
)
@example(secret="XXXXXXXX", status=400, message="", field="code", model=None, at=0)  # a word like a code
def test_no_answer_makes_us_repeat_it(
    secret: str, status: int, message: str, field: str, model: str | None, at: int
) -> None:
    said = message[:at] + secret + message[at:]
    for answer in (
        {"error": {field: said}},
        {"error": said},
        {"message": said},
        {"error": {"code": secret}},
        {"data": [{"id": said}]},
    ):
        for each in judge(make_question("openai", model), status, orjson.dumps(answer), secret):
            assert not quotes(each[1], secret)


@given(body=st.binary(max_size=100), status=st.integers(100, 599), model=st.none() | st.just("m"))
def test_any_bytes_are_judged(body: bytes, status: int, model: str | None) -> None:
    for upstream_format in ("openai", "anthropic"):
        for state, _ in judge(make_question(upstream_format, model), status, body, ""):
            assert state in (OK, FAILED, SKIPPED)


def test_a_message_that_steers_a_terminal_is_made_plain() -> None:
    body = orjson.dumps({"error": {"message": "\x1b[2Jgone\n" + "x" * 500}})
    _, (_, told) = judge(make_question("openai", "m"), 400, body, "")
    assert "\x1b" not in told and "\n" not in told and len(told) < 300
