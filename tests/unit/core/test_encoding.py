"""What an upstream encodes unasked is read within bounds, or not at all."""

from __future__ import annotations

import gzip
import tracemalloc

from mitmgate.core.encoding import MAX_DECODED_BYTES, decoded


def test_gzip_and_identity_are_read() -> None:
    assert decoded(b"{}", "") == decoded(b"{}", "Identity") == decoded(gzip.compress(b"{}"), " GZip ") == b"{}"


def test_what_is_broken_or_unknown_is_not() -> None:
    whole = gzip.compress(b"{}")
    assert decoded(whole[:-1], "gzip") is None
    assert decoded(whole + b"x", "gzip") is None
    assert decoded(b"{}", "gzip") is None
    assert decoded(whole, "br") is None
    assert decoded(gzip.compress(whole), "gzip, gzip") is None


def test_a_bomb_takes_no_more_room_than_the_bound() -> None:
    bomb = gzip.compress(bytes(10 * MAX_DECODED_BYTES))
    tracemalloc.start()
    try:
        assert decoded(bomb, "gzip") is None
        assert tracemalloc.get_traced_memory()[1] < 3 * MAX_DECODED_BYTES
    finally:
        tracemalloc.stop()
    assert decoded(gzip.compress(bytes(MAX_DECODED_BYTES)), "gzip") is not None
