import itertools
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.addresses import refusal_reason
from mitmgate.core.backend import Backend, host_allowed, parse_backend_url, upstream_path


@pytest.mark.parametrize(
    ("url", "backend"),
    [
        ("https://api.openai.com", Backend("https", "api.openai.com", 443)),
        ("https://api.openai.com/", Backend("https", "api.openai.com", 443)),
        ("HTTPS://API.OpenAI.com/v1/", Backend("https", "api.openai.com", 443, "/v1")),
        ("https://api.groq.com/openai/v1", Backend("https", "api.groq.com", 443, "/openai/v1")),
        ("http://llm.internal.:8000/V1", Backend("http", "llm.internal", 8000, "/V1")),
        ("http://my_service:80", Backend("http", "my_service", 80)),
        ("http://localhost:9000", Backend("http", "localhost", 9000)),
        ("http://127.0.0.1:9000", Backend("http", "127.0.0.1", 9000)),
        ("http://127.0.0.1.:9000", Backend("http", "127.0.0.1", 9000)),
        ("http://[::1]:9000/v1", Backend("http", "::1", 9000, "/v1")),
        ("http://[0:0:0:0:0:0:0:1]", Backend("http", "::1", 80)),
        ("http://[::FFFF:127.0.0.1]", Backend("http", "127.0.0.1", 80)),
        ("http://[::ffff:7f00:1]", Backend("http", "127.0.0.1", 80)),
        ("https://bücher.example/", Backend("https", "xn--bcher-kva.example", 443)),
        ("https://BÜCHER.example/", Backend("https", "xn--bcher-kva.example", 443)),
        ("https://straße.example/", Backend("https", "xn--strae-oqa.example", 443)),
        ("https://ｅｘａｍｐｌｅ。com", Backend("https", "example.com", 443)),
        ("https://xn--bcher-kva.example", Backend("https", "xn--bcher-kva.example", 443)),
        ("https://1and1.com:1", Backend("https", "1and1.com", 1)),
        ("https://h.example:065535", None),
        ("https://h.example:65535", Backend("https", "h.example", 65535)),
    ],
)
def test_what_is_read(url, backend):
    if backend is None:
        with pytest.raises(ValueError):
            parse_backend_url(url)
    else:
        assert parse_backend_url(url) == backend


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.openai.com",
        "//api.openai.com",
        "ftp://api.openai.com",
        "file:///etc/passwd",
        "unix:///run/x.sock",
        "httpſ://h",
        "https:api.openai.com",
        "https:/api.openai.com",
        "https:///v1",
        "https://",
        "https://:443",
        "https://user@h",
        "https://user:pass@h",
        "https://@h",
        "https://good.example@evil.example",
        "https://good.example\\@evil.example",
        "https://h\\evil.example",
        "https://h?",
        "https://h/?a=1",
        "https://h#",
        "https://h/#x",
        "https://h:",
        "https://h:0",
        "https://h:65536",
        "https://h:99999",
        "https://h:-1",
        "https://h:+80",
        "https://h:８０",
        "https://h:80:80",
        "https://h:http",
        " https://h",
        "https://h ",
        "https://h\n",
        "https://h\t.example",
        "ht\ntps://h",
        "https://h h",
        "https://h\x00",
        "https://h%00.example",
        "https://%31%32%37.0.0.1",
        "https://h,other",
        "https://*.example",
        "https://-h.example",
        "https://h-.example",
        "https://h..example",
        "https://.example",
        "https://h..",
        "https://.",
        "https://" + "a" * 64,
        "https://" + ".".join(["a" * 63] * 4),
        "https://" + "a" * 3000,
        "https://h/../x",
        "https://h/a//b",
        "https://h/%2e%2e/x",
        "https://h/a%2fb",
        "https://h/a\\b",
        "https://h/é",
        "https://h/a b",
        "https://℀.example",
        "https://\u200d.example",
        "https://\ud800.example",
        "https://xn--\u00e9.example",
        "https://[::1",
        "https://::1",
        "https://::1]",
        "https://[]",
        "https://[::1]x",
        "https://[::1]:",
        "https://[v1.x]",
        "https://[127.0.0.1]",
        "https://[example.com]",
        "https://[fe80::1%25eth0]",
        "https://[::1%lo]",
        "https://[::g]",
    ],
)
def test_what_is_refused(url):
    with pytest.raises(ValueError):
        parse_backend_url(url)


def spellings(ip: str) -> list[str]:
    """Every spelling of an IPv4 address that inet_aton takes: one to four parts, each decimal, octal or hex."""
    a, b, c, d = (int(part) for part in ip.split("."))
    groups = [
        [a << 24 | b << 16 | c << 8 | d],
        [a, b << 16 | c << 8 | d],
        [a, b, c << 8 | d],
        [a, b, c, d],
    ]
    styles = [str, hex, lambda n: hex(n).upper(), lambda n: f"0{n:o}", lambda n: f"000{n:o}", lambda n: f"0x00{n:x}"]
    found = []
    for group in groups:
        for chosen in itertools.product(styles, repeat=len(group)):
            found.append(".".join(style(part) for style, part in zip(chosen, group, strict=True)))
    return found


WIDE = str.maketrans("0123456789.", "０１２３４５６７８９。")


@pytest.mark.parametrize("ip", ["169.254.169.254", "127.0.0.1", "0.0.0.0"])
def test_every_spelling_of_an_address_is_refused_or_made_the_plain_one(ip):
    for spelling in spellings(ip):
        assert socket.inet_ntoa(socket.inet_aton(spelling)) == ip  # the test's own check: it could be dialled
        for host in (spelling, f"{spelling}.", spelling.translate(WIDE)):
            try:
                backend = parse_backend_url(f"http://{host}:80/")
            except ValueError:
                continue
            assert backend.host == "127.0.0.1" == ip


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.169.254.",
        "１６９.254.169.254",
        "169。254。169。254",
        "①69.254.169.254",
        "169.254.43518",
        "169.16689662",
        "2852039166",
        "0xa9fea9fe",
        "0xA9.0xFE.0xA9.0xFE",
        "0251.0376.0251.0376",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[0:0:0:0:0:ffff:a9fe:a9fe]",
        "[::169.254.169.254]",
        "[::ffff:0:169.254.169.254]",
        "[64:ff9b::169.254.169.254]",
        "[64:ff9b:1::169.254.169.254]",
        "[2002:a9fe:a9fe::]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[::]",
        "[ff02::1]",
        "0.0.0.0",
        "0",
        "0.0",
        "0x",
        "255.255.255.255",
        "256.1.1.1",
        "1.2.3.4.5",
        "1.2.3.",
        "h.0x7f",
        "h.1",
        "127.1",
        "127.0.1",
        "127.0.0.0x1",
        "127.0.0.01",
    ],
)
def test_addresses_that_no_tenant_may_have(host):
    with pytest.raises(ValueError):
        parse_backend_url(f"http://{host}/")


@given(st.text())
def test_no_text_raises_anything_else(text):
    for url in (text, f"https://{text}", f"https://h{text}", f"https://[{text}]", f"https://{text}.example:80/{text}"):
        try:
            backend = parse_backend_url(url)
        except ValueError:
            continue
        assert parse_backend_url(str(backend)) == backend


@given(st.ip_addresses())
def test_an_address_is_read_as_itself_or_refused(ip):
    host = f"[{ip}]" if ip.version == 6 else str(ip)
    try:
        backend = parse_backend_url(f"http://{host}")
    except ValueError:
        assert refusal_reason(str(ip), allow_private=True) is not None
    else:
        assert backend.host == str(getattr(ip, "ipv4_mapped", None) or ip)


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://h.example", "h.example"),
        ("https://h.example:443", "h.example"),
        ("https://h.example:80", "h.example:80"),
        ("http://h.example:80", "h.example"),
        ("http://[::1]", "[::1]"),
        ("http://[::1]:9000", "[::1]:9000"),
    ],
)
def test_authority(url, authority):
    assert parse_backend_url(url).authority == authority


@pytest.mark.parametrize(
    ("backend", "request_path", "joined"),
    [
        ("", "/v1/chat/completions", "/v1/chat/completions"),
        ("/v1", "/v1/chat/completions", "/v1/chat/completions"),
        ("/v1", "/v1", "/v1"),
        ("/v1", "/v1?a=1", "/v1?a=1"),
        ("/v1", "/v1/models?x=/v1/", "/v1/models?x=/v1/"),
        ("/v1", "/v1beta/models", "/v1/v1beta/models"),
        ("/v1", "/v2/chat", "/v1/v2/chat"),
        ("/openai/v1", "/v1/models", "/openai/v1/models"),
        ("/openai/v1", "/openai/v1/models", "/openai/v1/models"),
        ("/openai", "/openai/deployments/x", "/openai/deployments/x"),
        ("/openai", "/v1/models", "/openai/v1/models"),
        ("/a/b/c", "/c/d", "/a/b/c/d"),
        ("/a/b/c", "/b/c/d", "/a/b/c/d"),
        ("/a/b/c", "/b/d", "/a/b/c/b/d"),
        ("/a/v1", "/1/x", "/a/v1/1/x"),
        ("/v1", "/v1/v1/x", "/v1/v1/x"),
        ("/v1/v1", "/v1/x", "/v1/v1/x"),
        ("/v1", "/", "/v1/"),
    ],
)
def test_a_shared_prefix_is_joined_once(backend, request_path, joined):
    assert upstream_path(backend, request_path) == joined


SEGMENTS = st.lists(st.sampled_from(["v1", "v1beta", "openai", "a", "models"]), max_size=4).map(
    lambda parts: "".join(f"/{part}" for part in parts)
)


@given(SEGMENTS, SEGMENTS, st.sampled_from(["", "?", "?a=/v1", "?key=x"]))
def test_joining_loses_nothing_of_either(backend, path, query):
    joined = upstream_path(backend, (path or "/") + query)
    assert joined.startswith(backend)
    assert joined.endswith(path + query)
    assert len(joined) <= len(backend) + len((path or "/") + query)


@pytest.mark.parametrize(
    ("host", "patterns", "allowed"),
    [
        ("api.openai.com", ["*"], True),
        ("api.openai.com", [], False),
        ("api.openai.com", ["api.openai.com"], True),
        ("API.openai.com.", ["api.OpenAI.com"], True),
        ("api.openai.com", ["other", "*.openai.com"], True),
        ("a.b.openai.com", ["*.openai.com"], True),
        ("openai.com", ["*.openai.com"], False),
        (".openai.com", ["*.openai.com"], False),
        ("evilopenai.com", ["*.openai.com"], False),
        ("api.openai.com.evil.example", ["*.openai.com", "api.openai.com"], False),
        ("api.openai.com", ["openai.com"], False),
        ("api.openai.com", ["api.*.com", "api*", "*openai.com", "?pi.openai.com"], False),
        ("127.0.0.1", ["127.0.0.1"], True),
        ("::1", ["::1"], True),
        ("x", [""], False),
    ],
)
def test_allowed_hosts(host, patterns, allowed):
    assert host_allowed(host, patterns) is allowed
