"""A reload: what applies at once, and what has to wait for a restart and is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mitmgate.core.settings import load_settings
from mitmgate.core.settings.model import SECTIONS, keys_of
from mitmgate.services.secrets import load_secrets
from mitmgate.supervisor.errors import CannotStart
from mitmgate.supervisor.reloading import APPLIES_AT_ONCE, NEEDS_RESTART, check_usable, needs_restart, reloaded


def test_what_can_apply_does_and_the_rest_is_named_and_kept() -> None:
    old = load_settings(None, {}, {"data_dir": "/old", "demo": True})
    environ = {
        "MITMGATE_SERVER__LISTEN": "127.0.0.1:1",
        "MITMGATE_AUTH__PEPPER": "p" * 16,
        "MITMGATE_AUTH__TOKEN_TTL_S": "60",
        "MITMGATE_CACHE__MODE": "off",
        "MITMGATE_DATABASE__URL": "postgresql://elsewhere/x",
    }
    settings, changed, waiting = reloaded(old, load_settings(None, environ, {"data_dir": "/new"}))
    assert sorted(changed) == ["auth.token_ttl_s", "cache.mode"]
    assert sorted(waiting) == ["auth.pepper", "database.url", "server.listen"]
    assert (settings.auth.token_ttl_s, settings.cache.mode) == (60, "off")
    assert (settings.server, settings.database, settings.auth.pepper) == (old.server, old.database, None)
    assert (settings.data_dir, settings.demo) == (old.data_dir, True)


def test_nothing_changed_is_nothing_changed() -> None:
    old = load_settings(None, {}, {})
    assert reloaded(old, load_settings(None, {}, {})) == (old, [], [])


def test_every_setting_says_whether_it_applies_at_once() -> None:
    every = {f"{section}.{key}" for section, model in SECTIONS.items() for key in keys_of(model)}
    assert every == NEEDS_RESTART | APPLIES_AT_ONCE
    assert not NEEDS_RESTART & APPLIES_AT_ONCE


def test_a_setting_that_nobody_classified_waits() -> None:
    assert needs_restart("server.invented") and needs_restart("data_dir")


def test_what_shows_only_in_use_is_refused_before_anybody_applies_it(tmp_path: Path) -> None:
    environ = {"MITMGATE_MASTER_KEY": "A" * 43 + "=", "MITMGATE_AUTH__PEPPER": "p" * 16}
    good = load_settings(None, environ, {"data_dir": tmp_path})
    load_secrets(good, tmp_path, create=True, environ=environ)
    (tmp_path / "secrets" / "master-key").write_text("A" * 43 + "=")
    (tmp_path / "secrets" / "master-key").chmod(0o600)
    check_usable(good)
    not_pem = tmp_path / "ca.pem"
    not_pem.write_text("no certificate")
    with pytest.raises(CannotStart, match="holds no certificates"):
        check_usable(replace(good, upstream=replace(good.upstream, ca_file=not_pem)))
    twice = ("a:" + "s" * 32, "a:" + "t" * 32)
    with pytest.raises(CannotStart, match="a name of its own"):
        check_usable(replace(good, auth=replace(good.auth, secrets=twice)))
