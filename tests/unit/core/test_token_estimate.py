"""About how many tokens a text has."""

from __future__ import annotations

import time

import orjson
import pytest

from mitmgate.core.token_estimate import PassedText, estimated_prompt


def passed(*chunks: bytes) -> int:
    text = PassedText()
    for chunk in chunks:
        text.add(chunk)
    assert text.size == sum(map(len, chunks))
    return text.estimated()


def event(delta: object) -> bytes:
    return b"data: " + orjson.dumps(delta) + b"\n\n"


def test_each_event_with_text_is_a_token_and_each_four_bytes_are() -> None:
    short = event({"choices": [{"delta": {"content": "a"}}]})
    assert passed(*[short] * 10) == 10
    assert passed(event({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "x" * 40}})) == 10
    assert passed(event({"choices": [{"delta": {"role": "assistant", "content": ""}}]}), b": ping\n\n") == 0
    assert passed() == 0


def test_of_a_long_stream_the_beginning_stands_for_all() -> None:
    short = event({"choices": [{"delta": {"content": "a"}}]})
    assert 9_500 <= passed(*[short] * 10_000) <= 10_500


@pytest.mark.parametrize(
    "nothing_new",
    [
        {"type": "response.output_text.done", "text": "x" * 400},
        {"type": "response.output_audio.delta", "delta": "QUJD" * 100},
        {"type": "image_generation.partial_image", "b64_json": "QUJD" * 100},
    ],
)
def test_what_is_no_new_text_is_not_counted(nothing_new: object) -> None:
    assert passed(event({"type": "response.output_text.delta", "delta": "four"}), event(nothing_new)) == 1


def test_escapes_count_as_what_they_stand_for() -> None:
    assert passed(b'data: {"delta":"' + b"\\u4e2d" * 40 + b'"}\n\n') == 30


def test_what_is_reported_is_cleared() -> None:
    text = PassedText()
    text.add(event({"delta": "some text"}))
    text.clear()
    assert (text.estimated(), text.size) == (0, 0)


def test_a_prompt() -> None:
    body = {"model": "m", "system": "x" * 40, "messages": [{"role": "user", "content": [{"text": "y" * 40}]}]}
    assert estimated_prompt(orjson.dumps(body)) == 20
    assert estimated_prompt(b"{}") is None
    large = orjson.dumps({"messages": [{"content": "z" * 1000}] * 1000})
    assert 200_000 <= (estimated_prompt(large) or 0) <= 260_000


@pytest.mark.parametrize("text", [b'"content":"', b'"type":"', b'"type" ', b"\\", b"\n", b'"text":"\\u'])
def test_no_text_holds_the_loop(text: bytes) -> None:
    before = time.thread_time()
    passed(text * (1 << 20))
    estimated_prompt(text * (1 << 20))
    assert time.thread_time() - before < 0.25
