"""Streams become whole answers and whole answers streams, as their vendors would have sent them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.errors import ANTHROPIC, OPENAI
from mitmgate.core.event_hold import EventHold
from mitmgate.core.recording import LONGEST_BYTES, Recording, RecordingRoom
from mitmgate.core.replay import NotReplayable, Wanted, replay, stored_stream
from mitmgate.core.replay.events import split_events
from mitmgate.core.replay.forms import JSON_TYPE, STREAM_TYPE
from mitmgate.core.token_usage import StreamTap
from tests.unit.core.replay import recorded
from tests.unit.core.replay.recorded import sse


def plain(stream: bytes, client_format: str = OPENAI) -> Any:
    media_type, body = replay(STREAM_TYPE, stream, Wanted(client_format), False)
    assert media_type == JSON_TYPE
    return json.loads(body)


def streamed(answer: Any, client_format: str = OPENAI, include_usage: bool = False) -> bytes:
    wanted = Wanted(client_format, True, include_usage)
    media_type, body = replay(JSON_TYPE, json.dumps(answer).encode(), wanted, False)
    assert media_type == STREAM_TYPE
    return body


def data_of(stream: bytes) -> list[Any]:
    return [json.loads(each.data) for each in split_events(stream) if each.data != b"[DONE]"]


# ---- a stream asked for as a whole


def test_chunks_become_the_answer() -> None:
    assert plain(recorded.OPENAI) == recorded.OPENAI_WHOLE
    assert list(plain(recorded.OPENAI)) == list(recorded.OPENAI_WHOLE)  # in the vendor's order
    assert plain(recorded.OPENAI_USAGE) == {**recorded.OPENAI_WHOLE, "usage": recorded.USAGE}


def test_reasoning_is_kept() -> None:
    answer = plain(recorded.REASONING)
    message = answer["choices"][0]["message"]
    assert message == {"role": "assistant", "content": "Blue.", "reasoning_content": "Light scatters."}
    assert answer["usage"]["total_tokens"] == 12


def test_logprobs_are_joined() -> None:
    logprobs = plain(recorded.LOGPROBS)["choices"][0]["logprobs"]
    assert [each["token"] for each in logprobs["content"]] == ["Hi", "!"] and logprobs["refusal"] is None


def test_several_choices_are_told_apart() -> None:
    choices = plain(recorded.TWO_CHOICES)["choices"]
    assert [(each["index"], each["message"]["content"], each["finish_reason"]) for each in choices] == [
        (0, "one", "stop"),
        (1, "two", "stop"),
    ]


def test_text_completions() -> None:
    answer = plain(recorded.TEXT)
    assert answer["object"] == "text_completion"
    assert answer["choices"] == [{"text": "This is it.", "index": 0, "logprobs": None, "finish_reason": "stop"}]


def test_events_become_the_message() -> None:
    assert plain(recorded.ANTHROPIC, ANTHROPIC) == recorded.ANTHROPIC_WHOLE


# ---- a whole answer asked for as a stream


@pytest.mark.parametrize("include_usage", [False, True])
def test_an_answer_becomes_chunks(include_usage: bool) -> None:
    whole = {**recorded.OPENAI_WHOLE, "usage": recorded.USAGE}
    stream = streamed(whole, include_usage=include_usage)
    assert stream.endswith(b"data: [DONE]\n\n")
    chunks = data_of(stream)
    assert {each["object"] for each in chunks} == {"chat.completion.chunk"}
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
    assert [each["usage"] for each in chunks if "usage" in each] == (
        [None] * (len(chunks) - 1) + [recorded.USAGE] if include_usage else []
    )
    back = plain(stream)
    assert back == (whole if include_usage else recorded.OPENAI_WHOLE)


def test_a_message_becomes_events() -> None:
    stream = streamed(recorded.ANTHROPIC_WHOLE, ANTHROPIC)
    kinds = [each["type"] for each in data_of(stream)]
    assert kinds[0] == "message_start" and kinds[-2:] == ["message_delta", "message_stop"]
    assert all(each.name.decode() == json.loads(each.data)["type"] for each in split_events(stream))
    assert plain(stream, ANTHROPIC) == recorded.ANTHROPIC_WHOLE


texts = st.text(max_size=40)
extras = st.dictionaries(st.sampled_from(["x_vendor", "provider", "x_groq"]), st.none() | st.integers() | texts)
messages = st.fixed_dictionaries(
    {"role": st.just("assistant"), "content": texts},
    optional={"refusal": st.none(), "reasoning_content": texts, "annotations": st.just([]), "audio": st.none()},
)
logprobs = st.none() | st.builds(lambda text: {"content": [recorded.token(text, -1.5)], "refusal": None}, texts)


@st.composite
def completions(draw: st.DrawFn) -> dict[str, Any]:
    choices = [
        {"index": index, "message": message, "logprobs": draw(logprobs), "finish_reason": "stop", **draw(extras)}
        for index, message in enumerate(draw(st.lists(messages, min_size=1, max_size=3)))
    ]
    head = {"id": draw(texts), "object": "chat.completion", "created": 1, "model": draw(texts)}
    return {**head, "choices": choices, "usage": recorded.USAGE, **draw(extras)}


@given(completions())
def test_any_answer_comes_back_from_its_own_stream(answer: dict[str, Any]) -> None:
    assert plain(streamed(answer, include_usage=True)) == answer


blocks = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, texts),
    st.builds(lambda text: {"type": "text", "text": text, "citations": [recorded.CITED]}, texts),
    st.builds(lambda text: {"type": "text", "text": text, "citations": None}, texts),
    st.builds(lambda a, b: {"type": "thinking", "thinking": a, "signature": b}, texts, texts),
    st.builds(lambda text: {"type": "redacted_thinking", "data": text}, texts),
)


@given(st.lists(blocks, max_size=4), extras, st.sampled_from(["end_turn", "stop_sequence"]))
def test_any_message_comes_back_from_its_own_stream(content: list[Any], more: dict[str, Any], stop: str) -> None:
    message = {**recorded.ANTHROPIC_WHOLE, "content": content, "stop_reason": stop, **more}
    assert plain(streamed(message, ANTHROPIC), ANTHROPIC) == message


# ---- a stream asked for as a stream


@pytest.mark.parametrize("asked", [False, True])
def test_a_stream_is_replayed_byte_for_byte(asked: bool) -> None:
    for stream, client_format in ((recorded.OPENAI, OPENAI), (recorded.ANTHROPIC, ANTHROPIC)):
        assert replay(b"text/event-stream", stream, Wanted(client_format, True, asked), asked) == (
            b"text/event-stream",
            stream,
        )


def test_usage_is_left_out_where_it_was_not_asked_for() -> None:
    _, body = replay(STREAM_TYPE, recorded.OPENAI_USAGE, Wanted(OPENAI, True, False), True)
    assert b"usage" not in body and body.endswith(b"data: [DONE]\n\n")
    assert plain(body) == recorded.OPENAI_WHOLE
    kept = [each.raw.replace(b', "usage": null', b"") for each in split_events(recorded.OPENAI_USAGE)]
    assert body == b"".join(kept[:-2] + kept[-1:])  # no other byte is touched


@pytest.mark.parametrize(
    "odd", ['data: {"usage":null,"id":"a"}\n\n', ': hello\ndata: {"id":\ndata: 1, "usage":null}\n\n']
)
def test_usage_is_left_out_of_odd_spellings(odd: str) -> None:
    _, body = replay(STREAM_TYPE, odd.encode(), Wanted(OPENAI, True, False), True)
    assert data_of(body) == [{name: value for name, value in data_of(odd.encode())[0].items() if name != "usage"}]


def test_usage_that_was_asked_for_must_have_been_told() -> None:
    with pytest.raises(NotReplayable, match="no usage stored"):
        replay(STREAM_TYPE, recorded.OPENAI, Wanted(OPENAI, True, True), False)
    assert replay(STREAM_TYPE, recorded.REASONING, Wanted(OPENAI, True, True), False)[1] == recorded.REASONING


# ---- what is kept of a stream


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_stream_that_ended_well_is_kept(end: str) -> None:
    for stream, client_format in ((recorded.OPENAI, OPENAI), (recorded.TEXT, OPENAI), (recorded.ANTHROPIC, ANTHROPIC)):
        stream = b"\xef\xbb\xbf" + stream.replace(b"\n", end.encode())
        assert stored_stream(client_format, 200, stream) == stream


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (recorded.TOOLS, "tools"),
        (recorded.OPENAI.replace(b'"stop"', b'"length"'), "truncated"),
        (recorded.OPENAI.replace(b'"stop"', b'"content_filter"'), "refused"),
        (recorded.OPENAI.replace(b'"refusal": null', b'"refusal": "I will not"'), "refused"),
        (recorded.OPENAI.replace(b'"stop"', b"null"), "truncated"),
        (sse(recorded.chunk({"role": "assistant", "content": ""}), recorded.chunk({}, "stop"), "[DONE]"), "empty"),
        (sse(recorded.chunk({"content": "a"}), {"error": {"message": "overloaded"}}, "[DONE]"), "error"),
        (sse(("error", {"message": "overloaded"}), "[DONE]"), "error"),
        (sse("[DONE]"), "empty"),
        (b"", "empty"),
        (recorded.OPENAI.replace(b'{"id"', b'"id"', 1), "not JSON"),
        (recorded.OPENAI.replace(b"sky", b"\xff\xfe"), "not UTF-8"),
        (recorded.OPENAI[: recorded.OPENAI.index(b"[DONE]") - 20], "truncated"),
        (recorded.OPENAI.replace(b'"delta": {}', b'"delta": 7'), "unknown shape"),
        (recorded.TWO_CHOICES.replace(b'"finish_reason": "stop"', b'"finish_reason": "length"', 1), "truncated"),
    ],
)
def test_a_stream_is_not_kept(stream: bytes, why: str) -> None:
    with pytest.raises(NotReplayable, match=why):
        stored_stream(OPENAI, 200, stream)


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (recorded.TOOL_USE, "tools"),
        (recorded.ANTHROPIC.replace(b'"end_turn"', b'"max_tokens"'), "truncated"),
        (recorded.ANTHROPIC.replace(b'"end_turn"', b'"refusal"'), "refused"),
        (recorded.ANTHROPIC.replace(b'"end_turn"', b'"pause_turn"'), "truncated"),
        (recorded.ANTHROPIC.replace(b"text_delta", b"song_delta"), "unknown shape"),
        (sse(recorded.named("error", error={"type": "overloaded_error", "message": "m"})), "error"),
        (sse(recorded.named("ping")), "empty"),
        (sse(recorded.named("message_start", message=recorded.STARTED), recorded.ENDED), "empty"),
    ],
)
def test_a_message_stream_is_not_kept(stream: bytes, why: str) -> None:
    with pytest.raises(NotReplayable, match=why):
        stored_stream(ANTHROPIC, 200, stream)


# message_stop as Bedrock sends it
STOP = {"type": "message_stop", "amazon-bedrock-invocationMetrics": {"inputTokenCount": 3}, "x": None}
WITH_MORE = recorded.ANTHROPIC[: recorded.ANTHROPIC.rindex(b"event: message_stop")] + sse(("message_stop", STOP))


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_terminal_event_without_its_line_ends_gets_them_and_keeps_its_members(end: bytes) -> None:
    for stream, client_format in ((recorded.OPENAI, OPENAI), (WITH_MORE, ANTHROPIC)):
        whole = stream.replace(b"\n", end)
        for cut in range(1, 2 * len(end) + 1):
            assert stored_stream(client_format, 200, whole[:-cut]) in (whole, whole[:-1])  # a CR is a line end


def test_half_a_terminal_event_is_none() -> None:
    stop = WITH_MORE.rindex(b"event: message_stop")
    for at in range(stop + len(b"event: m"), len(WITH_MORE) - len(b"\n\n")):
        with pytest.raises(NotReplayable):
            stored_stream(ANTHROPIC, 200, WITH_MORE[:at])
    with pytest.raises(NotReplayable):
        stored_stream(OPENAI, 500, recorded.OPENAI)


@given(
    st.sampled_from([(recorded.OPENAI_USAGE, OPENAI), (recorded.REASONING, OPENAI), (WITH_MORE, ANTHROPIC)]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.lists(st.integers(1, 60), max_size=200),
    st.booleans(),
)
def test_however_it_is_cut_the_recording_is_the_stream(
    case: tuple[bytes, str], end: str, cuts: list[int], bom: bool
) -> None:
    stream = (b"\xef\xbb\xbf" if bom else b"") + b": a comment\n\n" + case[0]
    stream = stream.replace(b"\n", end.encode())
    recording = Recording(RecordingRoom())
    hold, tap = EventHold(), StreamTap(case[1], recording)
    position = 0
    for size in [*cuts, len(stream)]:
        tap.split_terminal(hold.pass_on(stream[position : position + size]))
        position += size
        if tap.terminal_seen:
            break
    assert tap.terminal_seen and recording.kept is not None
    kept = stored_stream(case[1], 200, recording.kept)
    assert kept == stream or kept + b"\n" == stream  # the last line end was cut in two


@given(st.binary(max_size=300))
def test_rubbish_is_refused_and_nothing_else(stream: bytes) -> None:
    for client_format in (OPENAI, ANTHROPIC):
        with pytest.raises(NotReplayable):
            stored_stream(client_format, 200, stream)


# ---- recordings


def test_a_recording_is_bounded_by_itself_and_by_all_of_them() -> None:
    room = RecordingRoom(limit=100)
    one, other = Recording(room), Recording(room)
    one.add(b"x" * 60)
    other.add(b"y" * 40)
    assert (one.kept, other.kept, room.used) == (b"x" * 60, b"y" * 40, 100)
    other.add(b"y")
    assert other.kept is None and room.used == 60
    one.close()
    one.close()
    assert room.used == 0
    large = Recording(RecordingRoom(limit=1 << 40))
    large.add(b"z" * LONGEST_BYTES)
    large.add(b"z")
    assert large.kept is None
