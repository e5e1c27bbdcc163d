"""What coded bytes say, as they pass and within bounds."""

from __future__ import annotations

import gzip
import sys
import time
import zlib
from itertools import pairwise

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.passing_decoder import PassingDecoder

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CODINGS = {
    "gzip": gzip.compress,
    "X-GZip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}


def raw_deflate(text: bytes) -> bytes:
    coder = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return coder.compress(text) + coder.flush()


@pytest.mark.parametrize("coding", [*CODINGS, "raw"])
@given(text=st.binary(max_size=2000), data=st.data())
def test_the_text_wherever_it_is_cut(coding: str, text: bytes, data: st.DataObject) -> None:
    coded = raw_deflate(text) if coding == "raw" else CODINGS[coding](text)
    cuts = data.draw(st.lists(st.integers(0, len(coded)), max_size=8))
    decoder = PassingDecoder("deflate" if coding == "raw" else coding)
    edges = [0, *sorted(cuts), len(coded)]
    assert b"".join(decoder.feed(coded[begin:end]) for begin, end in pairwise(edges)) == text
    assert not decoder.stopped


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_members_one_after_the_other(coding: str) -> None:
    coded = CODINGS[coding](b"one ") + CODINGS[coding](b"two")
    assert PassingDecoder(coding).feed(coded) == b"one two"
    decoder = PassingDecoder(coding)
    assert b"".join(decoder.feed(bytes([byte])) for byte in coded) == b"one two"


@pytest.mark.parametrize("coding", CODINGS)
def test_a_bomb_stops_it_in_no_time(coding: str) -> None:
    coded = CODINGS[coding](bytes(64 << 20))
    decoder = PassingDecoder(coding)
    before, size = time.thread_time(), 0
    for begin in range(0, len(coded), 64 << 10):
        size += len(decoder.feed(coded[begin : begin + (64 << 10)]))
    assert time.thread_time() - before < 0.25
    assert decoder.stopped and size <= 8 << 20
    assert decoder.feed(b"more") == b""


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "compress", "gzip, br", "x"])
def test_what_cannot_be_decoded(coding: str) -> None:
    decoder = PassingDecoder(coding)
    for _ in range(3):
        assert len(decoder.feed(b"\xff\xfe no such coding" * 10)) < 1000
    assert decoder.stopped


def test_a_window_of_gigabytes_is_not_opened() -> None:
    options = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.enable_long_distance_matching: 1}
    coder = zstd.ZstdCompressor(options=options)
    coded = coder.compress(b"x" * 1000) + coder.flush()
    decoder = PassingDecoder("zstd")
    assert decoder.feed(coded) == b"" and decoder.stopped


def test_many_empty_members_stop_it() -> None:
    decoder = PassingDecoder("gzip")
    decoder.feed(gzip.compress(b"") * 3000)
    assert decoder.stopped
