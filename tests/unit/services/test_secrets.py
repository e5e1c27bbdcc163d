"""Secrets: made once, kept to ourselves, and refused where others can read them."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from mitmgate.core.settings import Settings, load_settings
from mitmgate.services.secrets import ADMIN_TOKEN, MASTER_KEY, SecretsUnusable, load_secrets


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(None, {}, {"data_dir": str(tmp_path)})


def test_the_first_start_makes_them_and_later_ones_read_them(settings: Settings, tmp_path: Path) -> None:
    made = load_secrets(settings, tmp_path, create=True, environ={})
    assert load_secrets(settings, tmp_path, create=True, environ={}) == made
    assert load_secrets(settings, tmp_path, create=False, environ={}) == made
    assert all(len(key) == 32 for key in made.master_keys.values())
    assert made.admin_token.startswith("mga_")
    assert (tmp_path / "admin-token").read_text() == made.admin_token + "\n"


def test_only_we_can_read_the_files(settings: Settings, tmp_path: Path) -> None:
    load_secrets(settings, tmp_path, create=True, environ={})
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == ["admin-token", "jwt-secrets", "master-key", "pepper"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604])
@pytest.mark.parametrize("name", ["admin-token", "secrets/pepper", "secrets/master-key", "secrets/jwt-secrets"])
def test_refuses_a_file_that_others_can_read(settings: Settings, tmp_path: Path, name: str, mode: int) -> None:
    made = load_secrets(settings, tmp_path, create=True, environ={})
    (tmp_path / name).chmod(mode)
    with pytest.raises(SecretsUnusable, match="chmod 600") as caught:
        load_secrets(settings, tmp_path, create=True, environ={})
    assert made.pepper.decode() not in str(caught.value)


def test_a_child_makes_nothing(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(SecretsUnusable, match="missing"):
        load_secrets(settings, tmp_path, create=False, environ={})
    assert not list(tmp_path.iterdir())


def test_an_emptied_file_is_no_secret(settings: Settings, tmp_path: Path) -> None:
    load_secrets(settings, tmp_path, create=True, environ={})
    (tmp_path / "secrets" / "pepper").write_text("")
    with pytest.raises(SecretsUnusable, match="empty"):
        load_secrets(settings, tmp_path, create=True, environ={})


def test_environment_and_settings_win_and_leave_no_file(tmp_path: Path) -> None:
    key, older = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
    environ = {ADMIN_TOKEN: "an operator's own", MASTER_KEY: f"{key},{older}"}
    config = {
        "MITMGATE_AUTH__PEPPER": "p" * 16,
        "MITMGATE_AUTH__SECRETS": f'["new:{"n" * 32}", "{"o" * 32}"]',
    }
    secrets = load_secrets(load_settings(None, config, {}), tmp_path, create=True, environ=environ)
    assert secrets.pepper == b"p" * 16
    assert secrets.admin_token == "an operator's own"
    assert list(secrets.master_keys.values()) == [bytes([1]) * 32, bytes([2]) * 32]
    assert next(iter(secrets.jwt_secrets.items())) == ("new", b"n" * 32)
    assert len(secrets.jwt_secrets) == 2
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("value", [" ", "AAAA", "not base64 at all", base64.b64encode(b"x" * 31).decode()])
def test_refuses_a_master_key_of_the_wrong_shape(settings: Settings, tmp_path: Path, value: str) -> None:
    with pytest.raises(SecretsUnusable, match=r"master key|MASTER_KEY"):
        load_secrets(settings, tmp_path, create=True, environ={MASTER_KEY: value})


@pytest.mark.parametrize("value", ["short", "with\nnewline", "žluťoučký-token"])
def test_refuses_an_admin_token_that_no_header_can_carry(settings: Settings, tmp_path: Path, value: str) -> None:
    with pytest.raises(SecretsUnusable, match="admin token"):
        load_secrets(settings, tmp_path, create=True, environ={ADMIN_TOKEN: value})


def test_a_repr_shows_nothing(settings: Settings, tmp_path: Path) -> None:
    assert repr(load_secrets(settings, tmp_path, create=True, environ={})) == "Secrets()"
