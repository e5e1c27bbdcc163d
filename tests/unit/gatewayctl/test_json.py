"""`--json` of every command: lists as `{"data": [...]}`, single objects bare."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest

from tests.unit.gatewayctl.conftest import entry, key, request_row, story
from tests.unit.gatewayctl.test_help import COMMANDS

#: What completes a command, and whether it prints a list; `paged` says where the rest would begin.
LINES: dict[str, tuple[str, str]] = {
    "tenants create": ("new --backend https://h", "object"),
    "tenants list": ("", "paged"),
    "tenants show": ("acme", "object"),
    "tenants update": ("acme --limit 5", "object"),
    "tenants rotate-key": ("acme --yes", "object"),
    "tenants block": ("acme", "object"),
    "tenants unblock": ("acme", "object"),
    "tenants purge": ("acme --yes", "object"),
    "tenants delete": ("acme --yes", "object"),
    "keys create": ("acme", "object"),
    "keys list": ("acme", "paged"),
    "keys show": ("acme 11", "object"),
    "keys update": ("acme 11 --limit 5", "object"),
    "keys rotate": ("acme 11 --yes", "object"),
    "keys find": ("mg_K", "list"),
    "keys revoke": ("acme 11 --yes", "object"),
    "tokens create": ("--name ops", "object"),
    "tokens list": ("", "paged"),
    "tokens revoke": ("3 --yes", "object"),
    "upstreams test": ("acme", "object"),
    "cache stats": ("", "object"),
    "cache list": ("", "paged"),
    "cache show": (entry()["id"], "object"),
    "cache evict": (entry()["id"], "object"),
    "cache purge": ("acme --yes", "object"),
    "cache wrong": (entry()["id"], "object"),
    "cache right": (entry()["id"], "object"),
    "cache top": ("", "list"),
    "cache near-misses": ("", "list"),
    "cache judge": ("a b", "list"),
    "cache tune": ("acme", "object"),
    "cache explain": ("a --tenant acme", "object"),
    "stats": ("", "list"),
    "logs": ("", "paged"),
    "secrets rotate-master": ("", "object"),
    "doctor": ("", "object"),
    "config check": ("", "object"),
    "config show": ("", "list"),
}
#: These print no answer; or need a database: tests/e2e runs them; or need a model: test_offline.py runs them.
WITHOUT = {"serve", "mock-llm", "completion", "backup", "restore", "cache evaluate", "cache simulate"}


def test_every_command_is_here() -> None:
    commands = {" ".join(path) for path, command in COMMANDS.items() if not isinstance(command, click.Group)}
    assert commands == LINES.keys() | WITHOUT


@pytest.mark.parametrize("command", LINES)
def test_a_command(run: Any, admin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.chdir(tmp_path)
    admin.rows = [request_row(number) for number in range(3)]
    words, form = LINES[command]
    for line in ((*command.split(), *words.split(), "--json"), ("--json", *command.split(), *words.split())):
        ended = run(*line)
        assert ended.exit_code in (0, 1), ended.output
        told = json.loads(ended.stdout)
        assert isinstance(told, dict)
        keys = set(told)
        if form == "object":
            assert "data" not in keys and keys
        else:
            assert keys == ({"data", "next_cursor"} if form == "paged" else {"data"})
            assert isinstance(told["data"], list) and told["data"]


def test_one_of_a_list_is_bare(run: Any, admin: Any) -> None:
    row = request_row(1)
    admin.rows, admin.stories = [row], {row["request_id"]: story(row)}
    assert json.loads(run("logs", row["request_id"], "--json").stdout)["request_id"] == row["request_id"]
    assert "total_requests" in json.loads(run("stats", "acme", "--json").stdout)


def test_a_list_that_was_cut_says_where_it_goes_on(run: Any, admin: Any) -> None:
    cut = json.loads(run("cache", "list", "--limit", "1", "--json").stdout)
    assert len(cut["data"]) == 1 and cut["next_cursor"] == "1"
    assert json.loads(run("cache", "list", "--limit", "0", "--json").stdout)["next_cursor"] is None


@pytest.mark.parametrize("command", ["tenants list", "keys list 1", "keys find mg_x"])
def test_an_empty_list_is_one_too(run: Any, admin: Any, command: str) -> None:
    admin.listed, admin.keys = [], []
    assert json.loads(run(*command.split(), "--json").stdout)["data"] == []


def test_keys_have_their_state(run: Any, admin: Any) -> None:
    ended = {"status": "expired"}, {"status": "off"}, {"replaced_at": "2026-01-02T03:04:05+00:00"}
    admin.keys = [{**key(number, "k"), **more} for number, more in enumerate(ended, start=1)]
    lines = run("keys", "list", "acme").stdout.splitlines()[1:]
    assert [state in line for state, line in zip(("expired", "off", "replaced"), lines, strict=True)] == [True] * 3
