"""Which gateway is asked, and with which token."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from gatewayctl.session import connect
from mitmgate.services.embedded import locks

ROOT = Path(__file__).parents[3]


@pytest.fixture
def token_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory with the right token; none in the environment."""
    monkeypatch.delenv("MITMGATE_ADMIN_TOKEN")
    (tmp_path / "admin-token").write_text("mga_test_token\n")
    return tmp_path


def test_options_may_come_before_the_command(run: Any, admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MITMGATE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("MITMGATE_ADMIN_TOKEN", "wrong")
    ended = run("--url", admin.url, "--token", "mga_test_token", "--json", "tenants", "list")
    assert ended.exit_code == 0 and len(json.loads(ended.stdout)["data"]) == 4


def test_the_token_of_the_data_directory(run: Any, token_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("tenants", "list", "--data-dir", str(token_dir)).exit_code == 0
    monkeypatch.setenv("MITMGATE_DATA_DIR", str(token_dir))
    assert run("tenants", "list").exit_code == 0


def test_no_token_says_where_it_was_looked_for(run: Any, token_dir: Path) -> None:
    (token_dir / "admin-token").unlink()
    ended = run("tenants", "list", "--data-dir", str(token_dir))
    assert ended.exit_code == 1 and "MITMGATE_ADMIN_TOKEN" in ended.stderr and str(token_dir) in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_wrong_token_says_so(run: Any) -> None:
    ended = run("tenants", "list", "--token", "mga_other")
    assert ended.exit_code == 1 and "admin token" in ended.stderr and "mga_other" not in ended.output


def test_the_local_token_is_not_sent_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "admin-token").write_text("mga_test_token\n")
    monkeypatch.setattr("gatewayctl.session.default_data_dir", lambda environ: tmp_path)
    assert connect("http://127.0.0.1:8080", None, None, {}).has_token
    assert connect("http://localhost", None, None, {}).has_token
    assert not connect("https://gateway.example.com", None, None, {}).has_token
    assert connect("https://gateway.example.com", None, tmp_path, {}).has_token


def settings_in(folder: Path, port: int, host: str = "0.0.0.0", certificate: str | None = None) -> None:
    (folder / "run").mkdir(exist_ok=True)
    document = {
        "settings": {"server": {"tls_cert": certificate}},
        "runtime": {"listen_host": host, "listen_port": port},
    }
    (folder / "run" / "settings.json").write_text(json.dumps(document))


def test_a_running_gateway_is_found_by_its_data_directory(tmp_path: Path) -> None:
    settings_in(tmp_path, 9123)
    (tmp_path / "gateway.lock").touch()
    assert connect(None, "t", tmp_path, {}).url == "http://127.0.0.1:8080"  # it ran, and left its settings
    lock = locks.take(tmp_path / "gateway.lock")
    assert lock is not None
    try:
        assert connect(None, "t", tmp_path, {}).url == "http://127.0.0.1:9123"
        assert connect(None, "t", None, {"MITMGATE_DATA_DIR": str(tmp_path)}).url == "http://127.0.0.1:9123"
        assert connect("http://h:1", "t", tmp_path, {}).url == "http://h:1"
        assert connect(None, "t", tmp_path, {"MITMGATE_URL": "http://h:2"}).url == "http://h:2"
        settings_in(tmp_path, 9124, "::1", "/c.pem")
        assert connect(None, "t", tmp_path, {}).url == "https://[::1]:9124"
        (tmp_path / "run" / "settings.json").write_text("half")
        assert connect(None, "t", tmp_path, {}).url == "http://127.0.0.1:8080"
        assert locks.take(tmp_path / "gateway.lock") is None  # looking took nothing away
    finally:
        os.close(lock)


@pytest.mark.parametrize(
    "url", ["ftp://h", "http://", "http://h:99999", "http://u:p@h", "http://h/?a=b", "http://h h", "http://é"]
)
def test_a_url_that_is_none_is_wrong_usage(run: Any, admin: Any, url: str) -> None:
    assert run("tenants", "list", "--url", url).exit_code == 2


def test_a_url_may_lack_its_scheme() -> None:
    assert connect("127.0.0.1:8080", "t", None, {}).url == "http://127.0.0.1:8080"


def test_a_token_that_would_break_the_header_is_refused() -> None:
    with pytest.raises(click.UsageError):
        connect(None, "a\r\nb", None, {})


@pytest.mark.parametrize(
    "command",
    [
        "",
        "mock-llm",
        "tenants",
        "tenants create",
        "tenants list",
        "tenants show",
        "tenants update",
        "tenants rotate-key",
        "tenants block",
        "tenants unblock",
        "tenants delete",
        "keys",
        "keys create",
        "keys list",
        "keys show",
        "keys revoke",
        "cache",
        "cache stats",
        "cache list",
        "cache show",
        "cache evict",
        "cache purge",
        "cache wrong",
        "cache right",
        "cache judge",
        "stats",
        "doctor",
    ],
)
def test_every_help_has_an_example_and_fits_80_columns(run: Any, command: str) -> None:
    ended = run(*command.split(), "--help")
    assert ended.exit_code == 0 and "Example" in ended.output
    assert max(map(len, ended.output.splitlines())) <= 80


def test_the_help_imports_no_command() -> None:
    program = (
        "import sys\nfrom gatewayctl.main import cli\n"
        "cli(['--help'], standalone_mode=False)\n"
        "slow = [name for name in ('rich', 'asyncio', 'http.client', 'mitmgate', 'pydantic') if name in sys.modules]\n"
        "assert not slow, slow\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, timeout=60)
