"""Frames come out whole, each once and in order; those that ask for nothing are bounded."""

from __future__ import annotations

import pytest
from h2.errors import ErrorCodes
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.proxy.http2_frames import IDLE_FRAMES, MAX_HEADER_BLOCK, STEP, Frames, TooMany

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind: int, payload: bytes = b"", flags: int = 0, stream: int = 1) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


def steps(frames: Frames, data: bytes) -> list[bytes]:
    out = [frames.next(data)]
    while frames.more:
        out.append(frames.next(b""))
    return out


@given(st.lists(st.tuples(st.integers(0, 12), st.binary(max_size=40)), max_size=60), st.lists(st.integers(0, 900)))
def test_frames_come_whole_and_in_order(sent: list[tuple[int, bytes]], cuts: list[int]) -> None:
    wire = PREFACE + b"".join(frame(kind, payload) for kind, payload in sent)
    frames, out, begun = Frames(16_384), b"", 0
    for end in [*sorted(min(cut, len(wire)) for cut in cuts), len(wire)]:
        for step in steps(frames, wire[begun : max(begun, end)]):
            out += step
            at = len(out)
        begun = max(begun, end)
        assert at <= begun and frames.waiting_bytes() >= begun - at
    assert out == wire


def test_a_step_is_bounded() -> None:
    frames = Frames(16_384)
    out = steps(frames, PREFACE + frame(0, b"x" * 64) * 100)
    assert [len(step) // 73 for step in out] == [STEP, STEP, STEP, 100 - 3 * STEP]


@pytest.mark.parametrize("kind", [2, 3, 4, 6, 8, 9, 77])
def test_frames_that_ask_for_nothing_are_bounded(kind: int) -> None:
    frames = Frames(16_384)
    steps(frames, PREFACE + frame(kind) * (IDLE_FRAMES // 2))
    with pytest.raises(TooMany) as raised:
        for _ in range(IDLE_FRAMES):
            steps(frames, frame(kind))
    assert raised.value.code is ErrorCodes.ENHANCE_YOUR_CALM


def test_answers_allow_for_windows_to_be_opened() -> None:
    frames = Frames(16_384)
    steps(frames, PREFACE)
    for _ in range(5 * IDLE_FRAMES):
        frames.sent()
        steps(frames, frame(8, b"\0\0\0\1") * 2)


def test_small_pieces_of_a_body_are_allowed_for() -> None:
    frames = Frames(16_384)
    steps(frames, PREFACE)
    for _ in range(5 * IDLE_FRAMES):
        steps(frames, frame(0, b"x"))
        steps(frames, frame(0, b"x" * 64) * 3)


def test_a_frame_that_is_too_large_is_refused_at_its_head() -> None:
    with pytest.raises(TooMany) as raised:
        Frames(16_384).next(PREFACE + b"\xff\xff\xff\0\0\0\0\0\1")
    assert raised.value.code is ErrorCodes.FRAME_SIZE_ERROR


def test_a_header_block_is_bounded() -> None:
    frames = Frames(16_384)
    with pytest.raises(TooMany):
        steps(frames, PREFACE + frame(1, b"x" * 16_384) + frame(9, b"x" * 16_384) * (MAX_HEADER_BLOCK // 16_384))
