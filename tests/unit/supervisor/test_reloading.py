"""A reload: what applies at once, and what has to wait for a restart and is named."""

from __future__ import annotations

from mitmgate.core.settings import load_settings
from mitmgate.supervisor.reloading import reloaded


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
