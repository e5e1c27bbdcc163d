from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.client_address import client_address

TRUSTED = [ip_network(text) for text in ("10.0.0.0/8", "192.0.2.1/32", "fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "expected"),
    [
        ("198.51.100.7", [], "198.51.100.7"),
        ("198.51.100.7", ["203.0.113.9"], "198.51.100.7"),  # nobody we trust says so
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.9"], "203.0.113.9"),  # the left part is the client's own invention
        ("10.0.0.1", ["1.1.1.1", "203.0.113.9, 192.0.2.1"], "203.0.113.9"),
        ("10.0.0.1", ["10.0.0.9, 10.0.0.8"], "10.0.0.9"),  # all are ours: the farthest
        ("10.0.0.1", ["203.0.113.9, rubbish, 10.0.0.8"], "10.0.0.8"),
        ("10.0.0.1", ["203.0.113.9, "], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"),
        ("fd00::1", ["2001:db8::5"], "2001:db8::5"),
        ("fd00::1", ["2001:DB8:0::5"], "2001:db8::5"),
        ("fd00::1", ["[2001:db8::5]:443"], "2001:db8::5"),
        ("fd00::1", ['"[2001:db8::5]"'], "2001:db8::5"),
        ("fe80::1%eth0", ["203.0.113.9"], "fe80::1%eth0"),
        ("::ffff:10.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9"),  # a listener for both versions
        ("", ["203.0.113.9"], ""),
    ],
)
def test_from_the_right(peer: str, forwarded_for: list[str], expected: str) -> None:
    assert client_address(peer, forwarded_for, TRUSTED) == expected


@given(st.lists(st.text(max_size=40), max_size=60), st.ip_addresses())
def test_what_a_client_writes_does_not_matter(written: list[str], client: object) -> None:
    """Behind one proxy the answer is what that proxy wrote, if the client is not one of ours itself."""
    if any(client in network for network in TRUSTED):
        return
    expected = client_address("10.0.0.1", [str(client)], TRUSTED)
    assert client_address("10.0.0.1", [*written, str(client)], TRUSTED) == expected
