from __future__ import annotations

import pytest

from mitmgate.core.via import MOST_GATEWAYS, is_circle, passed_gateways, pseudonym, via

OWN = pseudonym(b"p" * 32)
OTHER = pseudonym(b"q" * 32)


def test_a_pseudonym_is_stable_and_differs_with_the_pepper() -> None:
    assert OWN == pseudonym(b"p" * 32) != OTHER
    assert OWN.startswith(b"mitmgate-") and len(OWN) == 25


@pytest.mark.parametrize(
    "line", [b"1.1 %s", b"1.0 fred, 1.1 %s", b"2.0 %s (comment)", b"1.1 %s,1.1 proxy", b"\t1.1\t%s"]
)
def test_a_request_that_was_here_is_a_circle(line: bytes) -> None:
    assert is_circle(passed_gateways([(b"VIA", line % OWN)]), OWN)
    assert not is_circle(passed_gateways([(b"via", line % OTHER)]), OWN)


def test_a_circle_of_several_gateways_is_seen_in_a_second_field() -> None:
    assert is_circle(passed_gateways([(b"via", b"1.1 " + OTHER), (b"via", b"1.1 " + OWN)]), OWN)


def test_an_endless_line_of_gateways_is_one() -> None:
    many = b", ".join(b"1.1 mitmgate-%016x" % number for number in range(MOST_GATEWAYS))
    assert is_circle(passed_gateways([(b"via", many)]), OWN)


@pytest.mark.parametrize(
    "value", [b"", b"1.1 proxy", b"1.1 x" + OWN, b"1.1 " + OWN + b"0", b"mitmgate", b"1.1 mitmgate-"]
)
def test_other_words_are_no_gateway(value: bytes) -> None:
    assert passed_gateways([(b"via", value), (b"x-via", b"1.1 " + OWN)]) == []


def test_what_goes_on_names_gateways_alone() -> None:
    assert via([], b"HTTP/1.1", OWN) == b"1.1 " + OWN
    passed = passed_gateways([(b"via", b"1.0 fred, 1.1 " + OTHER + b", 1.1 laptop.example")])
    assert via(passed, b"HTTP/2.0", OWN) == b"1.1 " + OTHER + b", 2.0 " + OWN


def test_a_long_value_is_read_in_linear_time() -> None:
    assert passed_gateways([(b"via", b"1.1 " * 20_000)]) == []
