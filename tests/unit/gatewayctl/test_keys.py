from __future__ import annotations

import json
from typing import Any

import pytest


def test_create_shows_the_key_once(run: Any, admin: Any) -> None:
    options = "--name ci --scope chat --scope models --limit 9 --model m --expires 2030-01-31"
    ended = run("keys", "create", "acme", *options.split())
    assert ended.exit_code == 0, ended.output
    assert "\n  mg_" + "K" * 36 + "\n" in ended.stdout and '"model": "m"' in ended.stdout
    assert admin.asked[-1][3] == {
        "name": "ci",
        "scopes": ["chat", "models"],
        "limits": {"rate_limit_per_hour": 9},
        "allowed_models": ["m"],
        "expires_at": "2030-01-31T00:00:00+00:00",
    }


def test_create_asks_for_nothing_that_was_not_named(run: Any, admin: Any) -> None:
    ended = run("keys", "create", "acme", "--json")
    assert json.loads(ended.stdout)["api_key"] == "mg_" + "K" * 36
    assert admin.asked[-1][3] == {}


def test_the_curl_names_a_model_that_the_tenant_may_use(run: Any, admin: Any) -> None:
    admin.tenants[0]["allowed_models"] = ["only-this"]
    assert '"model": "only-this"' in run("keys", "create", "acme").stdout


def test_the_curl_names_no_pattern_of_models(run: Any, admin: Any) -> None:
    shown = run("keys", "create", "acme", "--model", "gpt-*", "--model", "o9").stdout
    assert '"model": "o9"' in shown
    assert '"model": "gpt-6-luna"' in run("keys", "create", "acme", "--model", "gpt-*").stdout


def test_a_key_that_may_not_chat_gets_no_curl(run: Any) -> None:
    assert "curl" not in run("keys", "create", "acme", "--scope", "embeddings").stdout


def test_list_follows_the_pages(run: Any) -> None:
    lines = run("keys", "list", "acme").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["ID", "11", "12", "13"]
    listed = json.loads(run("keys", "list", "acme", "--json").stdout)
    assert [key["id"] for key in listed["data"]] == [11, 12, 13] and listed["next_cursor"] is None


def test_an_empty_list_says_what_to_do(run: Any, admin: Any) -> None:
    admin.keys.clear()
    assert "keys create" in run("keys", "list", "acme").stdout


def test_show(run: Any, admin: Any) -> None:
    assert "laptop" in run("keys", "show", "acme", "11").stdout
    assert json.loads(run("keys", "show", "acme", "11", "--json").stdout) == admin.keys[0]


def test_revoke_asks_first(run: Any, admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = run("keys", "revoke", "acme", "12")
    assert refused.exit_code == 2 and "--yes" in refused.stderr and len(refused.stderr.splitlines()) == 1
    monkeypatch.setattr("gatewayctl.session.is_terminal", lambda: True)
    assert run("keys", "revoke", "acme", "12", input="n\n").exit_code == 1
    assert all(asked[0] == "GET" for asked in admin.asked)
    assert run("keys", "revoke", "acme", "12", "--yes").exit_code == 0
    assert admin.asked[-1][:2] == ("DELETE", "/admin/tenants/1/keys/12")
    assert json.loads(run("keys", "revoke", "acme", "12", "--yes", "--json").stdout) == {"id": 12, "revoked": True}


@pytest.mark.parametrize("command", [("show", "acme", "99"), ("revoke", "acme", "99", "--yes"), ("list", "nobody")])
def test_what_is_not_found_is_5(run: Any, command: Any) -> None:
    ended = run("keys", *command)
    assert (ended.exit_code, ended.stdout, len(ended.stderr.splitlines())) == (5, "", 1)


def test_one_key_is_rotated(run: Any, admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("keys", "rotate", "acme", "11").exit_code == 2  # ends the old one at once, so it asks
    ended = run("keys", "rotate", "acme", "11", "--grace", "1h30m")
    assert ended.exit_code == 0 and "\n  mg_" + "K" * 36 + "\n" in ended.stdout
    assert "Key 11 ends at 2026-01-02 03:04:05Z." in ended.stdout
    assert admin.asked[-1] == ("POST", "/admin/tenants/1/keys/11/rotate", {}, {"grace_seconds": 5400})
    monkeypatch.setattr("gatewayctl.session.is_terminal", lambda: True)
    assert run("keys", "rotate", "acme", "11", input="n\n").exit_code == 1
    assert run("keys", "rotate", "acme", "11", input="y\n").exit_code == 0


@pytest.mark.parametrize("given", ["mg_KKK", "mg_KKKKKK", "mg_KKKKKK...", "mg_" + "K" * 36])
def test_a_whole_key_is_not_sent_to_find_it(run: Any, admin: Any, given: str) -> None:
    ended = run("keys", "find", given)
    assert ended.exit_code == 0 and "acme" in ended.stdout and "laptop" in ended.stdout
    (asked,) = admin.asked
    assert asked[:2] == ("GET", "/admin/keys") and asked[2]["prefix"] == given.rstrip(".")[:9]


def test_a_key_of_nobody(run: Any, admin: Any) -> None:
    ended = run("keys", "find", "mg_" + "Z" * 36)
    assert (ended.exit_code, ended.stdout) == (5, "") and "ZZZZZZZ" not in ended.stderr


def test_a_warning_is_printed(run: Any, admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    admin.keys[0]["warnings"] = ["the limit is above the tenant's"]
    ended = run("keys", "update", "acme", "11", "--limit", "5000")
    assert ended.exit_code == 0 and "Warning: the limit is above" in ended.stderr and "Warning" not in ended.stdout
