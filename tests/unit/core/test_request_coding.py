"""A request's body out of its content coding: bounded, in steps, to its very end."""

from __future__ import annotations

import gzip
import os

import pytest
from backports import zstd

from mitmgate.core.request_coding import BrokenCoding, TooMuch, coding_of, unpack

PLAIN = b'{"model":"m","content":"' + b"hello " * 50_000 + os.urandom(200_000).hex().encode() + b'"}'
PACKED = {
    "gzip": gzip.compress(PLAIN),
    "x-gzip": gzip.compress(PLAIN[:1000]) + gzip.compress(PLAIN[1000:]),
    "zstd": zstd.compress(PLAIN),
}


def unpacked(body: bytes, coding: str, most: int = 1 << 30) -> tuple[bytes, list[int]]:
    steps, added = unpack(body, coding, most), []
    while True:
        try:
            added.append(next(steps))
        except StopIteration as end:
            return end.value, added


@pytest.mark.parametrize("coding", PACKED)
def test_what_was_packed_comes_out(coding: str) -> None:
    plain, added = unpacked(PACKED[coding], coding)
    assert plain == PLAIN
    assert sum(added) == len(PLAIN) and max(added) <= 1 << 18


def test_frames_of_zstd_follow_one_another() -> None:
    packed = zstd.compress(PLAIN[:10]) + zstd.compress(PLAIN[10:])
    assert unpacked(packed, "zstd")[0] == PLAIN


@pytest.mark.parametrize("coding", PACKED)
@pytest.mark.parametrize(
    "change", [lambda b: b[:-1], lambda b: b[: len(b) // 2], lambda b: b + b"x", lambda b: b"x" + b]
)
def test_what_is_broken_is_told(coding: str, change: object) -> None:
    assert callable(change)
    with pytest.raises(BrokenCoding):
        unpacked(change(PACKED[coding]), coding)


@pytest.mark.parametrize("coding", PACKED)
def test_it_may_be_as_large_as_the_bound_and_no_larger(coding: str) -> None:
    assert unpacked(PACKED[coding], coding, len(PLAIN))[0] == PLAIN
    with pytest.raises(TooMuch):
        unpacked(PACKED[coding], coding, len(PLAIN) - 1)


def test_bombs_are_left_early() -> None:
    for packed, coding in ((gzip.compress(bytes(50 << 20)), "gzip"), (zstd.compress(bytes(50 << 20)), "zstd")):
        steps, total = unpack(packed, coding, 1 << 20), 0
        with pytest.raises(TooMuch):
            for added in steps:
                total += added
        assert total <= 1 << 20


def test_countless_members_and_large_windows_are_refused() -> None:
    with pytest.raises(BrokenCoding):
        unpacked(gzip.compress(b"") * 1000, "gzip")
    options = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.enable_long_distance_matching: 1}
    wide = zstd.ZstdCompressor(options=options)
    packed = wide.compress(os.urandom(1 << 24)) + wide.flush()
    with pytest.raises(BrokenCoding):
        unpacked(packed, "zstd")


@pytest.mark.parametrize(
    ("values", "coding"),
    [
        ([], ""),
        (["identity"], ""),
        (["GZIP"], "gzip"),
        (["identity, zstd"], "zstd"),
        (["br"], None),
        (["gzip, zstd"], None),
        (["gzip", "gzip"], None),
        (["deflate"], None),
    ],
)
def test_codings(values: list[str], coding: str | None) -> None:
    assert coding_of(values) == coding
