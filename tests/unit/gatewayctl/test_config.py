"""`gatewayctl config`: what is wrong, and what is in force and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SECRET = "hunter2hunter2hunter2hunter2hunter2"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_check_tells_all_problems_with_their_places(run: Any, here: Path) -> None:
    (here / "mine.yaml").write_text("server:\n  listn: 127.0.0.1:1\n  workers: many\n")
    ended = run("config", "check", "--config", "mine.yaml", env={"MITMGATE_CACHE__MODUS": "off"})
    assert ended.exit_code == 3
    assert "mine.yaml:2: server.listn: is not a setting (did you mean server.listen?)" in ended.stderr
    assert "mine.yaml:3: server.workers: must be an integer, not text, got 'many'" in ended.stderr
    assert "MITMGATE_CACHE__MODUS: is not a setting (did you mean MITMGATE_CACHE__MODE?)" in ended.stderr
    assert "3 problem(s)" in ended.stderr


def test_check_as_json(run: Any, here: Path) -> None:
    (here / "config.yaml").write_text("server: {listn: x}\n")
    ended = run("config", "check", "--json")
    told = json.loads(ended.stdout)
    assert ended.exit_code == 3 and not told["ok"]
    assert told["problems"] == [
        {
            "where": "config.yaml",
            "line": 1,
            "key": "server.listn",
            "message": "is not a setting",
            "suggestion": "server.listen",
        }
    ]


def test_what_is_right_is_right(run: Any, here: Path) -> None:
    ended = run("config", "check", "--port", "1234")
    assert ended.exit_code == 0 and "no file: nothing is wrong; 1 setting given" in ended.stdout
    (here / "config.yaml").write_text("cache: {mode: 'off'}\n")
    assert json.loads(run("config", "check", "--json").stdout) == {"ok": True, "problems": []}


def test_show_names_the_source_of_each(run: Any, here: Path) -> None:
    (here / "config.yaml").write_text(f"limits:\n  max_body_bytes: 1MiB\nauth:\n  pepper: {SECRET}\n")
    env = {"MITMGATE_DATABASE__URL": f"postgresql://ada:{SECRET}@db/gate"}
    ended = run("config", "show", "--json", "--port", "1", env=env)
    assert ended.exit_code == 0 and SECRET not in ended.stdout
    found = {each["key"]: each for each in json.loads(ended.stdout)["data"]}
    assert found["limits.max_body_bytes"] == {
        "key": "limits.max_body_bytes",
        "value": 1024 * 1024,
        "from": "config.yaml:2",
        "needs_restart": False,
    }
    assert (found["server.listen"]["value"], found["server.listen"]["from"]) == ("127.0.0.1:1", "--port")
    assert found["database.url"]["value"] == "postgresql://ada:***@db/gate"
    assert found["database.url"]["from"] == "MITMGATE_DATABASE__URL" and found["database.url"]["needs_restart"]
    assert found["auth.pepper"]["value"] == "***"
    assert found["cache.ttl_s"]["from"] == "default"
    shown = run("config", "show", env=env).stdout
    assert SECRET not in shown
    assert any(line.split() == ["limits.max_body_bytes", "1MiB", "config.yaml:2"] for line in shown.splitlines())


def test_show_refuses_what_serve_would(run: Any, here: Path) -> None:
    (here / "config.yaml").write_text(f"auth: {{pepper: [{SECRET}]}}\n")
    ended = run("config", "show")
    assert ended.exit_code == 3 and "config.yaml:1: auth.pepper" in ended.stderr and SECRET not in ended.output


@pytest.mark.parametrize(
    ("options", "environ", "said"),
    [
        (["--host", "0.0.0.0", "--demo"], {}, "--demo has a well-known key"),
        (["--host", "1.2.3.4.5"], {}, "cannot listen on 1.2.3.4.5"),
        ([], {"MITMGATE_MASTER_KEY": "foo"}, "MITMGATE_MASTER_KEY: the master key must be 32 bytes"),
        ([], {"MITMGATE_ADMIN_TOKEN": "x"}, "MITMGATE_ADMIN_TOKEN: the admin token must be"),
    ],
)
def test_what_serve_would_refuse_beyond_the_values_is_told(
    run: Any, monkeypatch: pytest.MonkeyPatch, options: list[str], environ: dict[str, str], said: str
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    ended = run("config", "check", *options)
    assert ended.exit_code == 3 and said in ended.stderr
    assert "foo" not in ended.stderr
