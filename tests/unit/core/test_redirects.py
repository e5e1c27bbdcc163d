"""An upstream's redirect leads to the gateway, to a public download, or nowhere."""

from __future__ import annotations

import pytest

from mitmgate.core.backend import parse_backend_url, upstream_path
from mitmgate.core.paths import strip_api
from mitmgate.core.redirects import RedirectRefused, is_redirect, location_for_client

OWN = "https://api.vendor.com"


def follow(location: str | bytes, url: str = OWN, path: str = "/v1/chat/completions", **more: object) -> str | None:
    """What a client gets that has asked for `path`."""
    backend = parse_backend_url(url)
    values = more.pop("values", None) or [location if isinstance(location, bytes) else location.encode()]
    options = {"method": "POST", "has_body": True, "upstream_format": "openai", **more}
    has_body = options.pop("has_body")
    asked = upstream_path(backend.path, strip_api(path, "openai"))
    found = location_for_client(values, has_body, backend=backend, asked=asked, **options)  # type: ignore[arg-type]
    return None if found is None else found.decode()


def refused(location: str | bytes, **more: object) -> bool:
    try:
        follow(location, **more)  # type: ignore[arg-type]
    except RedirectRefused:
        return True
    return False


@pytest.mark.parametrize(
    "location",
    [
        "https://api.vendor.com/v1/chat/completions/",
        "HTTPS://API.Vendor.com:443/v1/chat/completions/",
        "https://api.vendor.com./v1/chat/completions/",
        "//api.vendor.com/v1/chat/completions/",
        "/v1/chat/completions/",
        "completions/",
        "./completions/",
        "../chat/completions/",
        "  /v1/chat/completions/\t",
        "/v1/chat/completions/#part",
    ],
)
def test_the_tenants_own_upstream_is_asked_through_the_gateway(location: str) -> None:
    assert follow(location) == "/v1/chat/completions/"
    assert follow(location, method="GET", has_body=False) == "/v1/chat/completions/"


@pytest.mark.parametrize(
    ("url", "location", "wanted"),
    [
        (OWN, "/v1/x?a=1&b=%2B", "/v1/x?a=1&b=%2B"),
        (OWN, "?page=2", "/v1/chat/completions?page=2"),
        (f"{OWN}/openai/v1", "/openai/v1/chat/completions/", "/v1/chat/completions/"),
        (f"{OWN}/v1", f"{OWN}/v1/chat/completions/", "/v1/chat/completions/"),
        (f"{OWN}/base", "/base/v1/chat/completions/", "/v1/chat/completions/"),
        (f"{OWN}/base", "/base/files/7", "/api/files/7"),  # the gateway serves no /files
        (OWN, "/files/7", "/api/files/7"),
        (f"{OWN}/openai", "/openai/deployments/a/chat/completions", "/openai/deployments/a/chat/completions"),
        ("http://10.0.0.7:8000/v1", "http://10.0.0.7:8000/v1/models", "/v1/models"),
        ("http://[fd00::7]:8000", "http://[FD00:0::7]:8000/v1/models", "/v1/models"),
    ],
)
def test_the_backends_prefix_is_taken_off_as_it_was_put_on(url: str, location: str, wanted: str) -> None:
    found = follow(location, url)
    assert found == wanted
    backend = parse_backend_url(url)
    there = upstream_path(backend.path, strip_api(found, "openai"))
    assert location.partition("#")[0].endswith(there) or location.startswith("?")


ELSEWHERE = [
    "https://evil.example.org/v1/chat/completions",
    "https://api.vendor.com:8443/v1/chat/completions",
    "http://api.vendor.com/v1/chat/completions",
    "//cdn.vendor.com/x",
    "https://api.vendor.com.evil.org/v1",
]
NEVER = [
    "https://user:word@api.vendor.com/v1/chat/completions",
    "https://api.vendor.com@evil.org/v1",
    "https://api.vendor.com:443@evil.org/v1",
    "https://@evil.org/v1",
    "ftp://api.vendor.com/v1",
    "javascript:alert(1)",
    "https://[::1/v1",
    "https://api.vendor.com:99999/v1",
    "https://api.vendor.com\\@evil.org/",
    "https://evil.org\\/v1",
    "https://a b/",
    "/v1/\x01",
    b"/v1/\x00x",
    "https://" + "a" * 9000,
]
INTERNAL = [
    "http://127.0.0.1:9000/",
    "http://10.1.2.3/x",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://localhost:8000/",
    "http://redis/",
    "http://vllm.default.svc.cluster.local/",
    "http://metadata.google.internal/",
    "http://files.corp/",
    "http://nas.home.arpa/",
]


@pytest.mark.parametrize("location", ELSEWHERE)
def test_another_place_is_for_downloads_only(location: str) -> None:
    wanted = f"https:{location}" if location.startswith("//") else location
    for method in ("GET", "HEAD"):
        assert (follow(location, method=method, has_body=False) or "").rstrip("/") == wanted
    for method, has_body in (("POST", True), ("POST", False), ("DELETE", False), ("PUT", True), ("GET", True)):
        assert refused(location, method=method, has_body=has_body)


@pytest.mark.parametrize("location", NEVER)
def test_what_clients_read_in_different_ways_leads_nowhere(location: str | bytes) -> None:
    assert refused(location) and refused(location, method="GET", has_body=False)


@pytest.mark.parametrize("location", INTERNAL)
def test_an_internal_place_leads_nowhere(location: str) -> None:
    assert refused(location) and refused(location, method="GET", has_body=False)


def test_a_part_of_the_own_upstream_that_the_tenant_may_not_ask_is_another_place() -> None:
    assert refused("/v2/secret", url=f"{OWN}/v1")
    assert refused("/v1beta/x", url=f"{OWN}/v1")
    assert refused("/v1/a//b") and refused("/v1/%2e%2e/x")
    assert follow("/other", f"{OWN}/v1", method="GET", has_body=False) == f"{OWN}/other"


def test_several_locations_are_none() -> None:
    assert refused("", values=[b"/v1/a", b"https://evil.org/"])
    assert follow("", values=[b"/v1/a", b"/v1/a"]) == "/v1/a"
    assert (
        location_for_client([], True, backend=parse_backend_url(OWN), asked="/", method="POST", upstream_format="")
        is None
    )


def test_letters_beyond_ascii_are_escaped() -> None:
    assert follow("/v1/gr\u00fc\u00df".encode("utf-8")) == "/v1/gr%C3%BC%C3%9F"


def test_the_path_of_ollama_keeps_its_api() -> None:
    backend = parse_backend_url("http://10.0.0.7:11434")
    found = location_for_client(
        [b"/api/chat/"], True, backend=backend, asked="/api/chat", method="POST", upstream_format="ollama"
    )
    assert found == b"/api/chat/"


def test_which_statuses_clients_follow() -> None:
    assert [status for status in (200, 201, 300, 301, 302, 303, 304, 307, 308, 399, 400) if is_redirect(status)] == [
        300, 301, 302, 303, 307, 308, 399,
    ]  # fmt: skip
