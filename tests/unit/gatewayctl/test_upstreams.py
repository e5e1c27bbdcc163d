"""`gatewayctl upstreams test`: one line a step, and an exit code."""

from __future__ import annotations

import json
from typing import Any


def test_a_step_is_a_line_with_its_time(run: Any, admin: Any) -> None:
    ended = run("upstreams", "test", "acme", "--model", "gpt-x")
    assert ended.exit_code == 0, ended.output
    assert admin.asked[-1] == ("POST", "/admin/tenants/1/test-upstream", {}, {"model": "gpt-x"})
    lines = [line.split() for line in ended.stdout.splitlines()]
    assert ["dns", "ok", "12", "ms", "93.184.215.14"] in lines
    assert ["tls", "skipped", "-"] in lines
    assert "The upstream works." in ended.stdout


def test_a_failed_step_is_exit_code_1(run: Any, admin: Any) -> None:
    admin.upstream_fails = True
    ended = run("upstreams", "test", "acme", "--json")
    assert ended.exit_code == 1 and not json.loads(ended.stdout)["ok"]
    assert admin.asked[-1][3] == {}
    assert "does not work" in run("upstreams", "test", "acme").stdout


def test_an_unknown_tenant_is_5(run: Any) -> None:
    assert run("upstreams", "test", "nobody").exit_code == 5
