"""The banner: where everything is, and never a secret."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mitmgate.core.settings import Runtime, load_settings
from mitmgate.supervisor.announce import Started, banner
from tests.e2e.certificates import Authority


def lines(*, demo: bool, environ: dict[str, str], host: str = "127.0.0.1", certificate: Path | None = None) -> str:
    upstream = "http://127.0.0.1:9000" if demo else None
    runtime = Runtime(
        Path("/state"), "dsn", "unix:///v", demo, upstream, 2, host, 8080, 9999, "0.1.0", "/state/run/matcher.sock"
    )
    settings = load_settings(None, {}, {})
    settings = replace(settings, server=replace(settings.server, tls_cert=certificate))
    started = Started(settings, runtime, "off, because tenants exist", 1.23, ("/state/p.log",))
    return "\n".join(banner(started, environ))


def test_the_demo_shows_two_calls_to_paste() -> None:
    said = lines(demo=True, environ={})
    assert "http://127.0.0.1:8080/auth/token" in said
    assert '{"api_key": "test-key-123"}' in said
    assert "http://127.0.0.1:8080/api/v1/chat/completions" in said
    assert "in /state/admin-token" in said
    assert "http://127.0.0.1:8080/admin/docs" in said


def test_without_the_demo_it_says_why() -> None:
    said = lines(demo=False, environ={})
    assert "off, because tenants exist" in said
    assert "test-key-123" not in said


def test_no_secret_is_shown() -> None:
    for demo in (True, False):
        assert "hunter2" not in lines(demo=demo, environ={"MITMGATE_ADMIN_TOKEN": "hunter2-hunter2"})


def test_a_wildcard_is_shown_as_an_address_one_can_open() -> None:
    assert "http://127.0.0.1:8080/v1" in lines(demo=False, environ={}, host="0.0.0.0")
    assert "http://[::1]:8080/v1" in lines(demo=False, environ={}, host="::")


@pytest.mark.parametrize("demo", [True, False])
def test_behind_tls_curl_gets_the_listeners_certificate(tmp_path: Path, demo: bool) -> None:
    certificate, _ = Authority(tmp_path, "private").issue("127.0.0.1")
    said = lines(demo=demo, environ={}, certificate=certificate)
    assert said.count("curl ") == said.count(f"curl --cacert {certificate} ") == 2
    assert "curl" in said and "http://127.0.0.1:8080" not in said
