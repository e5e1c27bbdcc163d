"""What an upstream encodes unasked is read within bounds, or not at all."""

from __future__ import annotations

import gzip
import sys
import tracemalloc
import zlib

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.encoding import MAX_DECODED_BYTES, decoded, is_known, is_plain

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def test_gzip_and_identity_are_read() -> None:
    assert decoded(b"{}", "") == decoded(b"{}", "Identity") == decoded(gzip.compress(b"{}"), " GZip ") == b"{}"


def test_what_is_broken_or_unknown_is_not() -> None:
    whole = gzip.compress(b"{}")
    assert decoded(whole[:-1], "gzip") is None
    assert decoded(whole + b"x", "gzip") is None
    assert decoded(b"{}", "gzip") is None
    assert decoded(whole, "br") is None
    assert decoded(gzip.compress(whole), "gzip, gzip") == b"{}"


ENCODERS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "deflate, as some send it": lambda text: zlib.compress(text, wbits=-15),
    "br": brotli.compress,
    "zstd": zstd.compress,
}


@pytest.mark.parametrize("name", ENCODERS)
def test_each_coding_is_read_whole_and_within_bounds(name: str) -> None:
    encode, coding = ENCODERS[name], name.partition(",")[0]
    text = b'{"a": "b"}' * 1000
    whole = encode(text)
    assert decoded(whole, coding) == text and is_known(coding)
    assert decoded(whole[: len(whole) // 2], coding) is None
    assert decoded(encode(bytes(MAX_DECODED_BYTES)), coding) == bytes(MAX_DECODED_BYTES)
    assert decoded(encode(bytes(MAX_DECODED_BYTES + 1)), coding) is None


@pytest.mark.parametrize("coding", ["none", "utf-8", "identity,", "identity, identity", " None "])
def test_what_says_nothing_is_no_coding(coding: str) -> None:
    assert is_plain(coding) and is_known(coding) and decoded(b"{}", coding) == b"{}"


def test_codings_upon_codings() -> None:
    assert decoded(gzip.compress(b"{}"), "gzip, identity") == b"{}"
    assert decoded(gzip.compress(brotli.compress(b"{}")), "br, gzip") == b"{}"
    assert decoded(gzip.compress(b"{}"), "gzip, gzip, gzip, gzip") is None and not is_known("gzip, rot13")
    assert decoded(zstd.compress(b"a") + zstd.compress(b"b"), "zstd") == b"ab"


def test_gzip_of_several_members() -> None:
    assert decoded(gzip.compress(b"a") + gzip.compress(b"b"), "gzip") == b"ab"
    assert decoded(gzip.compress(b"a") + gzip.compress(b"b")[:-1], "gzip") is None
    assert decoded(gzip.compress(b"") * 1000, "gzip") is None


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "br", "zstd", "rot13"]))
def test_no_bytes_are_too_odd_to_be_tried(body: bytes, coding: str) -> None:
    decoded(body, coding)


@pytest.mark.parametrize("name", ENCODERS)
def test_a_bomb_takes_no_more_room_than_the_bound(name: str) -> None:
    bomb, coding = ENCODERS[name](bytes(10 * MAX_DECODED_BYTES)), name.partition(",")[0]
    tracemalloc.start()
    try:
        assert decoded(bomb, coding) is None
        assert tracemalloc.get_traced_memory()[1] < 3 * MAX_DECODED_BYTES
    finally:
        tracemalloc.stop()
