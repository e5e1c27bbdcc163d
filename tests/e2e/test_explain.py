"""Why a request was not answered from the cache, told from its row over the command line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.harness import Tenant, wait_until
from tests.e2e.test_backup import as_operator, gatewayctl

QUESTION = "What makes bread rise in the oven?"
BRIEF, LONG = "Be brief, mauve.", "Be long, mauve."


def test_what_the_scopes_differ_in(tenant: Tenant, tmp_path: Path) -> None:
    def asked(system: str, **more: object) -> str:
        messages = [{"role": "system", "content": system}, {"role": "user", "content": QUESTION}]
        answer = tenant.chat(QUESTION, messages=messages, **more)
        assert answer.headers["x-cache-status"] == "MISS", answer.text
        return str(answer.headers["x-request-id"])

    env = as_operator(tenant.gateway)
    first, second = asked(BRIEF), asked(LONG, temperature=0.5)
    wait_until(lambda: tenant.gateway.admin("GET", f"/admin/usage/{second}").status_code == 200)
    told = json.loads(gatewayctl("cache", "explain", second, "--json", env=env, cwd=tmp_path).stdout)
    assert (told["cache"], told["in_scope"]) == ("miss", 0)
    (other,) = told["others"]
    assert (other["differs"], other["request_id"], other["is_there"]) == (["system", "sampling"], first, True)
    shown = gatewayctl("cache", "explain", second, env=env, cwd=tmp_path).stdout
    assert "system, sampling" in shown and "mauve" not in shown + json.dumps(told)


def test_a_text_is_compared_with_what_the_tenant_has(tenant: Tenant, tmp_path: Path) -> None:
    tenant.chat(QUESTION)
    words = ("cache", "explain", QUESTION, "--tenant", str(tenant.id), "--json")

    def entries() -> list[dict[str, object]]:
        ran = gatewayctl(*words, env=as_operator(tenant.gateway), cwd=tmp_path)
        found: list[dict[str, object]] = json.loads(ran.stdout)["nearest"]
        return found

    wait_until(lambda: len(entries()) == 1)
    (entry,) = entries()
    assert (entry["question"], entry["model"]) == (QUESTION, "m")
    assert float(str(entry["similarity"])) > 0.999
