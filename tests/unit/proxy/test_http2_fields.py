"""Fields of an HTTP/2 request: what h2 itself refuses is refused here, too, and nothing makes it raise."""

from __future__ import annotations

import h2.exceptions
import h2.utilities
from hypothesis import example, given
from hypothesis import strategies as st

from mitmgate.proxy.http2_fields import are_trailers, problem_of_request

GOOD = [
    (b":method", b"POST"),
    (b":scheme", b"https"),
    (b":authority", b"gw"),
    (b":path", b"/v1/x"),
    (b"te", b"trailers"),
]
NAMES = st.sampled_from(
    [b":method", b":path", b":x", b"host", b"te", b"connection", b"upgrade", b"X", b"x", b""]
) | st.binary(max_size=5)
VALUES = st.sampled_from([b"", b"gw", b" x", b"x\t", b"a\r\nb", b"a\0", b"trailers", b"gzip"]) | st.binary(max_size=5)
FLAGS = h2.utilities.HeaderValidationFlags(
    is_client=False, is_trailer=False, is_response_header=False, is_push_promise=False
)


def h2_refuses(fields: list[tuple[bytes, bytes]]) -> bool:
    try:
        list(h2.utilities.validate_headers(fields, FLAGS))
    except h2.exceptions.ProtocolError:
        return True
    return False


def test_a_good_request() -> None:
    assert problem_of_request(GOOD) is None
    assert problem_of_request([*GOOD, (b"host", b"gw"), (b"x", b""), (b"y", b"a \t b")]) is None
    assert are_trailers([(b"x-checksum", b"1")]) and not are_trailers([(b":path", b"/")])


@given(st.lists(st.tuples(NAMES, VALUES), max_size=4), st.permutations(range(5)))
@example([(b"host", b"other")], list(range(5)))
def test_refuses_what_h2_refuses(more: list[tuple[bytes, bytes]], order: list[int]) -> None:
    fields = [*(GOOD[at] for at in order), *more]
    if h2_refuses(fields):
        assert problem_of_request(fields) is not None
