from __future__ import annotations

import json
from typing import Any

import pytest

from gatewayctl.client import Refused, ServerAway

UPSTREAM_KEY = "sk-upstream-secret"


def body_of(admin: Any, method: str) -> Any:
    return next(body for asked, _, _, body in admin.asked if asked == method)


def test_create_shows_the_key_once_with_a_curl_to_paste(run: Any, admin: Any) -> None:
    ended = run("tenants", "create", "acme", "--backend", "https://api.example.com")
    assert ended.exit_code == 0, ended.output
    assert "\n  mg_" + "K" * 36 + "\n" in ended.stdout
    assert f"curl {admin.url}/v1/chat/completions \\\n" in ended.stdout
    assert "Warning: It does not resolve." in ended.stderr
    assert body_of(admin, "POST") == {"name": "acme", "backend_url": "https://api.example.com"}


def test_create_takes_every_field(run: Any, admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VENDOR_KEY", f"{UPSTREAM_KEY}\n")
    options = (
        "--upstream-key-env VENDOR_KEY --limit 9 --allow-private --model a --model b --default-model a --alias x=a "
        "--alias y=b=c --cache-mode off --cache-ttl 60 --cache-max-bytes 1000 --cache-max-temperature 0.5 "
        "--cache-threshold 0.95 --cache-max-wrong 0.01 --cache-audit-share 0.02 --retries 0 "
        "--tag team=search"
    )
    ended = run("tenants", "create", "acme", "--backend", "http://h", *options.split())
    assert ended.exit_code == 0, ended.output
    assert UPSTREAM_KEY not in ended.output
    assert body_of(admin, "POST") == {
        "name": "acme",
        "backend_url": "http://h",
        "rate_limit_per_hour": 9,
        "allow_private_upstream": True,
        "allowed_models": ["a", "b"],
        "default_model": "a",
        "model_aliases": {"x": "a", "y": "b=c"},
        "upstream_auth": {"header": "Authorization", "value": f"Bearer {UPSTREAM_KEY}"},
        "cache": {
            "mode": "off",
            "ttl_s": 60,
            "max_bytes": 1000,
            "max_temperature": 0.5,
            "threshold": 0.95,
            "max_wrong": 0.01,
            "audit_share": 0.02,
        },
        "upstream_retries": 0,
        "tags": ["team=search"],
    }


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), {"header": "Authorization", "value": f"Bearer {UPSTREAM_KEY}"}),
        (("--format", "anthropic"), {"header": "x-api-key", "value": UPSTREAM_KEY}),
        (("--upstream-auth-header", "api-key"), {"header": "api-key", "value": UPSTREAM_KEY}),
        (
            ("--format", "anthropic", "--upstream-auth-header", "authorization"),
            {"header": "authorization", "value": f"Bearer {UPSTREAM_KEY}"},
        ),
    ],
)
def test_the_upstream_key_goes_where_the_format_wants_it(run: Any, admin: Any, options: Any, expected: Any) -> None:
    told = ("tenants", "create", "a", "--backend", "https://h", "--upstream-key-stdin", *options)
    assert run(*told, input=f"{UPSTREAM_KEY}\n").exit_code == 0
    assert body_of(admin, "POST")["upstream_auth"] == expected


def test_an_anthropic_tenant_gets_its_own_curl(run: Any, admin: Any) -> None:
    ended = run("tenants", "create", "a", "--backend", "https://h", "--format", "anthropic")
    assert "/v1/messages" in ended.stdout and "x-api-key: mg_" in ended.stdout and "max_tokens" in ended.stdout


@pytest.mark.parametrize(
    "options",
    [
        ("--upstream-key-env", "NOT_SET_ANYWHERE"),
        ("--upstream-key-stdin",),
        ("--upstream-key-stdin", "--upstream-key-env", "HOME"),
        ("--upstream-auth-header", "x-api-key"),
        ("--alias", "nonsense"),
        ("--limit", "0"),
        ("--cache-mode", "fuzzy"),
    ],
)
def test_create_refuses_what_makes_no_sense(run: Any, admin: Any, options: Any) -> None:
    assert run("tenants", "create", "a", "--backend", "https://h", *options, input="").exit_code == 2
    assert admin.asked == []


def test_list_follows_the_pages(run: Any, admin: Any) -> None:
    ended = run("tenants", "list")
    assert ended.exit_code == 0
    lines = ended.stdout.splitlines()
    assert lines[0].split() == ["ID", "Name", "Status", "Limit/h", "Keys", "Upstream"]
    assert [line.split()[1] for line in lines[1:]] == ["acme", "idle", "zoo", "77"]
    names = [tenant["name"] for tenant in json.loads(run("tenants", "list", "--json").stdout)["data"]]
    assert names == ["acme", "idle", "zoo", "77"]


def test_piped_output_has_no_escapes_and_cuts_nothing(run: Any, admin: Any) -> None:
    admin.tenants[0]["name"] = "n" * 300
    admin.tenants[1]["backend_url"] = "https://" + "h" * 300
    ended = run("tenants", "list", env={"FORCE_COLOR": "1", "COLUMNS": "40"})
    assert "n" * 300 in ended.stdout and "h" * 300 in ended.stdout
    assert "\x1b" not in ended.stdout and "…" not in ended.stdout
    assert len(ended.stdout.splitlines()) == 5
    assert all(line == line.rstrip() for line in ended.stdout.splitlines())


def test_a_hostile_name_steers_nothing(run: Any, admin: Any) -> None:
    admin.tenants[0]["name"] = "\x1b[2J[red]\u202ename\r\n"
    for command in (("list",), ("show", "1")):
        output = run("tenants", *command).stdout
        assert "?[2J[red]?name??" in output


def test_an_empty_list_says_what_to_do(run: Any, admin: Any) -> None:
    admin.tenants.clear()
    assert "tenants create" in run("tenants", "list").stdout
    assert json.loads(run("tenants", "list", "--json").stdout) == {"data": [], "next_cursor": None}


@pytest.mark.parametrize("which", ["zoo", "3"])
def test_show_by_name_and_by_id(run: Any, admin: Any, which: str) -> None:
    ended = run("tenants", "show", which)
    assert ended.exit_code == 0 and "zoo" in ended.stdout and "2026-01-02 03:04:05Z" in ended.stdout
    assert json.loads(run("tenants", "show", which, "--json").stdout) == admin.tenants[2]


def test_a_name_may_be_a_number(run: Any, admin: Any) -> None:
    assert json.loads(run("tenants", "show", "77", "--json").stdout)["id"] == 4


def test_a_number_that_is_ones_id_and_anothers_name_is_nobody(run: Any, admin: Any) -> None:
    admin.tenants[2]["name"] = "1"
    ended = run("tenants", "block", "1")
    assert ended.exit_code == 1 and "is the id of 'acme'" in ended.stderr and "id 3" in ended.stderr
    assert json.loads(run("tenants", "show", "3", "--json").stdout)["id"] == 3


def test_two_tenants_of_one_name_need_an_id(run: Any, admin: Any) -> None:
    admin.tenants[2]["name"] = "acme"
    ended = run("tenants", "show", "acme")
    assert ended.exit_code == 1 and "1, 3" in ended.stderr


def test_update_sends_only_what_was_named(run: Any, admin: Any) -> None:
    assert run("tenants", "update", "acme", "--limit", "5", "--clear", "models", "--no-allow-private").exit_code == 0
    sent = body_of(admin, "PATCH")
    assert sent == {"rate_limit_per_hour": 5, "allowed_models": None, "allow_private_upstream": False}


def test_update_knows_the_format_the_tenant_has(run: Any, admin: Any) -> None:
    admin.tenants[0]["upstream_format"] = "anthropic"
    assert run("tenants", "update", "acme", "--upstream-key-stdin", input=UPSTREAM_KEY).exit_code == 0
    assert body_of(admin, "PATCH") == {"upstream_auth": {"header": "x-api-key", "value": UPSTREAM_KEY}}


@pytest.mark.parametrize("options", [(), ("--clear", "models", "--model", "m")])
def test_update_refuses_nothing_and_contradictions(run: Any, admin: Any, options: Any) -> None:
    assert run("tenants", "update", "acme", *options).exit_code == 2
    assert "PATCH" not in [asked[0] for asked in admin.asked]


def test_block_and_unblock(run: Any, admin: Any) -> None:
    assert "until it is unblocked" in run("tenants", "block", "acme").stdout
    ended = run("tenants", "block", "acme", "--seconds", "60", "--reason", "why not")
    assert "2026-01-02 03:04:05Z" in ended.stdout
    assert admin.asked[-1] == ("POST", "/admin/tenants/1/block", {}, {"seconds": 60, "reason": "why not"})
    assert run("tenants", "unblock", "acme").exit_code == 0
    assert admin.asked[-1][:2] == ("POST", "/admin/tenants/1/unblock")


@pytest.mark.parametrize(
    ("command", "method"), [(("tenants", "delete", "acme"), "DELETE"), (("tenants", "rotate-key", "acme"), "POST")]
)
def test_what_cannot_be_undone_is_asked_first(
    run: Any, admin: Any, monkeypatch: pytest.MonkeyPatch, command: Any, method: str
) -> None:
    refused = run(*command)
    assert refused.exit_code == 2 and "--yes" in refused.stderr and len(refused.stderr.splitlines()) == 1
    monkeypatch.setattr("gatewayctl.session.is_terminal", lambda: True)
    assert run(*command, input="n\n").exit_code == 1
    assert method not in [asked[0] for asked in admin.asked]
    assert run(*command, input="y\n").exit_code == 0
    assert run(*command, "--yes").exit_code == 0
    assert [asked[0] for asked in admin.asked].count(method) == 2


def test_rotate_with_a_grace_asks_nothing(run: Any, admin: Any) -> None:
    ended = run("tenants", "rotate-key", "acme", "--grace", "60")
    assert ended.exit_code == 0 and "mg_" + "K" * 36 in ended.stdout and "2026-01-02 03:04:05Z" in ended.stdout
    assert body_of(admin, "POST") == {"grace_seconds": 60}
    assert set(json.loads(run("tenants", "rotate-key", "acme", "--yes", "--json").stdout)) == {
        "api_key",
        "expires_old_at",
    }


def test_several_keys_are_rotated_only_when_all_are_asked_for(run: Any, admin: Any) -> None:
    admin.has_several = True
    refused = run("tenants", "rotate-key", "acme", "--yes")
    assert refused.exit_code == 1 and "keys rotate acme ID" in refused.stderr and "--all" in refused.stderr
    ended = run("tenants", "rotate-key", "acme", "--all", "--grace", "1d")
    assert ended.exit_code == 0 and ended.stdout.count("mg_" + "K" * 36) == 3
    assert all(f"{name}, replaces {id}" in ended.stdout for id, name in ((11, "laptop"), (12, "ci"), (13, "old")))
    assert admin.asked[-1][3] == {"grace_seconds": 86_400, "all": True}


def test_the_demo_shows_as_off(run: Any, admin: Any) -> None:
    admin.tenants[0]["status"] = "off"
    assert "mg_KKKKKK (off)" in run("tenants", "list").stdout
    assert "the demo does not run" in run("tenants", "show", "acme").stdout


def test_what_is_not_found_is_5(run: Any, admin: Any) -> None:
    for which in ("99", "nobody"):
        ended = run("tenants", "show", which)
        assert (ended.exit_code, ended.stdout) == (5, "")
        assert len(ended.stderr.splitlines()) == 1


def test_a_refusal_names_the_fields(run: Any, admin: Any) -> None:
    details = [{"field": "name", "message": "is required"}, {"field": "cache.ttl_s", "message": "must be an integer"}]
    error = {"message": "name is required.", "type": "x", "param": "name", "code": "invalid_field", "details": details}
    admin.refuses_with = (422, {"error": error})
    ended = run("tenants", "create", "a", "--backend", "https://h")
    assert ended.exit_code == Refused.exit_code == 1
    assert ended.stderr == "Error: name is required. [cache.ttl_s]\n"


@pytest.mark.parametrize("answer", [(502, b"<html>"), (200, b"<html>"), (200, {"not": "a list"}), (500, b"[]")])
def test_nonsense_is_one_line(run: Any, admin: Any, answer: Any) -> None:
    admin.refuses_with = answer
    ended = run("tenants", "list")
    assert (ended.exit_code, ended.stdout, len(ended.stderr.splitlines())) == (1, "", 1)


def test_a_server_that_is_away_is_one_line(run: Any, free_port: int) -> None:
    ended = run("tenants", "list", "--url", f"http://127.0.0.1:{free_port}")
    assert ended.exit_code == ServerAway.exit_code == 4
    assert (ended.stdout, len(ended.stderr.splitlines())) == ("", 1)
    assert f"127.0.0.1:{free_port}" in ended.stderr


def test_list_by_tag_shows_tags(run: Any, admin: Any) -> None:
    admin.tenants[0]["tags"] = ["team=search", "env=prod"]
    lines = run("tenants", "list").stdout.splitlines()
    assert lines[0].endswith("Tags") and lines[1].endswith("team=search, env=prod")
    admin.page = 100
    assert run("tenants", "list", "--tag", "team=search", "--tag", "env").exit_code == 0
    assert admin.asked[-1][2]["tag"] == "team=search"
    admin.tenants.clear()
    assert "No tenant has these tags" in run("tenants", "list", "--tag", "x").stdout


@pytest.mark.parametrize(
    ("options", "key", "sent"),
    [
        ((), "Bearer sk-1", {"header": "Authorization", "value": "Bearer sk-1"}),
        ((), "Basic dXNlcjpw", {"header": "Authorization", "value": "Basic dXNlcjpw"}),
        (("--upstream-auth-header", "authorization"), "sk-1", {"header": "authorization", "value": "Bearer sk-1"}),
        (("--upstream-auth-header", "x-api-key"), "sk-1", {"header": "x-api-key", "value": "sk-1"}),
        (("--format", "anthropic"), "sk-ant-1", {"header": "x-api-key", "value": "sk-ant-1"}),
    ],
)
def test_a_scheme_is_not_doubled(run: Any, admin: Any, options: Any, key: str, sent: Any) -> None:
    for words in (("create", "new", "--backend", "https://h"), ("update", "acme")):
        ended = run("tenants", *words, "--upstream-key-env", "VENDOR", *options, env={"VENDOR": key})
        assert ended.exit_code == 0, ended.output
        assert admin.asked[-1][3]["upstream_auth"] == sent
    assert run("tenants", "update", "acme", "--upstream-key-env", "VENDOR", env={"VENDOR": "Bearer "}).exit_code == 2
