"""The upstream's credential is covered, however it is cut and spelled, and every other byte passes."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.redaction import StreamCover, covered, secret_forms

SECRET = b"sk-aab-sk-aab-aa"  # its own beginning comes again within it
FORMS = secret_forms(b"Bearer " + SECRET)
pieces = st.lists(st.sampled_from([SECRET, SECRET[:7], SECRET[:-1], b"s", b"sk-", b"\n", b"x", b'"']), max_size=8)


def test_the_forms_of_a_secret() -> None:
    assert secret_forms(b"Bearer " + SECRET) == secret_forms(SECRET) == (SECRET,)
    assert secret_forms(b"short") == ()
    odd = 'a"b\\c/d-é-long'
    forms = secret_forms(odd.encode())
    for spelled in (odd, json.dumps(odd)[1:-1], json.dumps(odd, ensure_ascii=False)[1:-1]):
        assert spelled.encode() in forms
    assert json.dumps(odd, ensure_ascii=False)[1:-1].replace("/", "\\/").encode() in forms
    basic = base64.b64encode(b"user:a-long-password")
    assert set(secret_forms(b"Basic " + basic)) == {basic, b"a-long-password"}


def test_bytes_that_are_no_text_are_a_secret_all_the_same() -> None:
    assert b"\xff" * 9 in secret_forms(b"\xff" * 9)


@given(pieces, st.binary(max_size=20))
def test_what_is_whole_is_covered_in_its_own_length(parts: list[bytes], more: bytes) -> None:
    text = b"".join([*parts, more])
    clean = covered(text, FORMS)
    assert SECRET not in clean and len(clean) == len(text)
    assert clean == text.replace(SECRET, b"*" * len(SECRET))


@given(pieces, st.data())
def test_a_stream_comes_out_as_the_whole_would_however_it_is_cut(parts: list[bytes], data: st.DataObject) -> None:
    text = b"".join(parts)
    cover, out, at = StreamCover(FORMS), b"", 0
    while at < len(text):
        size = data.draw(st.integers(1, 9))
        out += cover.pass_on(text[at : at + size])
        at += size
        assert SECRET not in out
    out += cover.pass_on(b"", last=True)
    assert out == covered(text, FORMS)


@given(st.binary(max_size=40), st.binary(min_size=1, max_size=9))
def test_no_more_is_held_back_than_may_begin_the_secret(before: bytes, after: bytes) -> None:
    cover = StreamCover(FORMS)
    out = cover.pass_on(before)
    assert SECRET.startswith(before[len(out) :])


def test_events_pass_at_once_and_unchanged() -> None:
    cover = StreamCover(FORMS)
    event = b'data: {"delta": "sk-"}\n\n'
    assert cover.pass_on(event) is event


@pytest.mark.parametrize("secret", ["a" * 30, "ab" * 20])
def test_a_secret_that_repeats_itself(secret: str) -> None:
    forms = secret_forms(secret.encode())
    cover = StreamCover(forms)
    out = b"".join(cover.pass_on(b"x" + secret.encode()[at : at + 1]) for at in range(5)) + cover.pass_on(
        b"", last=True
    )
    assert out == b"".join(b"x" + secret.encode()[at : at + 1] for at in range(5))
    assert cover.pass_on(secret.encode() + b"\n") == b"*" * len(secret) + b"\n"
