import socket
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.addresses import refusal_reason

ALWAYS = [
    "0.0.0.0",
    "0.1.2.3",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "224.0.0.1",
    "239.255.255.255",
    "255.255.255.255",
    "::",
    "::2",
    "fe80::1",
    "febf::1",
    "fe80::1%1",
    "fe80::1%eth0",
    "::1%lo",
    "ff02::1",
    "fd00:ec2::254",
    "fd20:ce::254",
]
PRIVATE = [
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "127.0.0.1",
    "127.255.255.254",
    "100.64.0.1",
    "100.127.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "240.0.0.1",
    "255.255.255.254",
    "::1",
    "fc00::1",
    "fdff::1",
    "fec0::1",
    "100::1",
    "2001:db8::1",
    "2001:2::1",
    "2001:10::1",
    "3fff::1",
    "5f00::1",
    "4000::1",
    "64:ff9b:1::808:808",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2001:4860:4860::8888",
]


def carrying(ip: str) -> list[str]:
    """Every way in which an IPv6 address carries this IPv4 one."""
    bits = int(IPv4Address(ip))
    high, low = bits >> 16, bits & 0xFFFF
    numbers = [
        bits | 0xFFFF << 32,  # mapped
        bits,  # compatible
        bits | 0xFFFF << 48,  # translated
        0x64FF9B << 96 | bits,  # NAT64
        0x2002 << 112 | bits << 80 | 1,  # 6to4
        0x20010000 << 96 | bits << 64 | ~int(IPv4Address("8.8.8.8")) & 0xFFFFFFFF,  # Teredo, server
        0x20010000 << 96 | 0x08080808 << 64 | ~bits & 0xFFFFFFFF,  # Teredo, client
        0x64FF9B0001 << 80 | bits,  # local NAT64 of 96 bits, of 48, 56 and 64
        0x64FF9B0001 << 80 | high << 64 | low << 40,
        0x64FF9B0001 << 80 | (bits >> 24) << 64 | (bits & 0xFFFFFF) << 32,
        0x64FF9B0001 << 80 | bits << 24,
    ]
    return [str(IPv6Address(number)) for number in numbers]


@pytest.mark.parametrize("ip", ALWAYS)
def test_refused_always(ip):
    assert refusal_reason(ip, allow_private=False)
    assert refusal_reason(ip, allow_private=True)


@pytest.mark.parametrize("ip", PRIVATE)
def test_refused_unless_allowed(ip):
    assert refusal_reason(ip, allow_private=False)
    assert refusal_reason(ip, allow_private=True) is None


@pytest.mark.parametrize("ip", PUBLIC)
def test_public(ip):
    assert refusal_reason(ip, allow_private=False) is None
    assert refusal_reason(ip, allow_private=True) is None


@pytest.mark.parametrize("ip", [ip for ip in ALWAYS if "." in ip and not ip.startswith("0.")])
def test_what_is_refused_always_is_so_inside_ipv6(ip):
    for carrier in carrying(ip):
        assert refusal_reason(carrier, allow_private=True), carrier
        assert refusal_reason(carrier, allow_private=False), carrier


@pytest.mark.parametrize("ip", [ip for ip in PRIVATE if "." in ip])
def test_what_is_private_is_so_inside_ipv6(ip):
    for carrier in carrying(ip):
        assert refusal_reason(carrier, allow_private=False), carrier
    for carrier in carrying(ip)[:4]:
        assert refusal_reason(carrier, allow_private=True) is None, carrier


@pytest.mark.parametrize("ip", ["8.8.8.8", "1.1.1.1"])
def test_what_is_public_is_so_inside_ipv6(ip):
    for carrier in carrying(ip)[:7]:
        assert refusal_reason(carrier, allow_private=False) is None, carrier


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_what_is_no_address_is_refused_and_nothing_raises(text):
    assert refusal_reason(text, allow_private=True) is not None


@pytest.mark.parametrize(
    "text", ["", "localhost", "127.1", "0x7f.0.0.1", "2130706433", "127.0.0.01", "[::1]", "1.1.1.1/32"]
)
def test_other_spellings_are_no_address(text):
    assert refusal_reason(text, allow_private=True) == "not an IP address"


@given(st.ip_addresses(v=4))
def test_no_way_of_carrying_an_address_frees_it(ip):
    if refusal_reason(str(ip), allow_private=False) is not None:
        assert all(refusal_reason(carrier, allow_private=False) for carrier in carrying(str(ip)))


@given(st.ip_addresses())
def test_allowing_private_ones_only_ever_allows_more(ip):
    if refusal_reason(str(ip), allow_private=True) is not None:
        assert refusal_reason(str(ip), allow_private=False) is not None


@given(st.ip_addresses())
def test_nothing_is_public_that_python_knows_not_to_be(ip):
    if refusal_reason(str(ip), allow_private=False) is None and ip.version == 4:
        assert ip.is_global
        assert not ip.is_multicast


@given(st.ip_addresses(v=6))
def test_one_address_has_one_verdict_however_it_is_written(ip):
    spelt = {ip.compressed, ip.exploded, ip.compressed.upper(), socket.inet_ntop(socket.AF_INET6, ip.packed)}
    assert len({refusal_reason(text, allow_private=False) for text in spelt}) == 1
