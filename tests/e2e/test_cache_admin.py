"""Cached answers seen and evicted from outside: what the admin API says is what clients get."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from tests.e2e.harness import Tenant, wait_until
from tests.e2e.test_semantic import FIRST, REPHRASED, kept, outcome
from tests.e2e.upstream import Asked, Upstream, llm

ONLY_CACHED = {"Cache-Control": "only-if-cached"}


def entries(tenant: Tenant) -> list[dict[str, Any]]:
    answer = tenant.gateway.admin("GET", f"/admin/cache/entries?tenant_id={tenant.id}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def stats(tenant: Tenant) -> dict[str, Any]:
    answer = tenant.gateway.admin("GET", f"/admin/cache/stats?tenant_id={tenant.id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_asked_listed_shown_evicted_and_found_in_no_words_again(tenant: Tenant) -> None:
    hit = kept(tenant)
    (entry,) = entries(tenant)
    assert entry["id"] == hit.headers["x-cache-entry"] == quote(entry["id"])
    assert (entry["question"], entry["model"], entry["namespace"]) == (FIRST, "m", "default")
    path = f"/admin/cache/entries/{entry['id']}"
    shown = tenant.gateway.admin("GET", path).json()
    assert shown["body"] == hit.text and shown["question"] == FIRST
    assert tenant.gateway.admin("DELETE", path).status_code == 204
    for text in (REPHRASED, FIRST):
        assert tenant.chat(text, headers=ONLY_CACHED).status_code == 504
    assert entries(tenant) == [] and outcome(tenant.chat(FIRST)) == ("MISS", None)


def test_statistics_count_hits_by_kind(tenant: Tenant) -> None:
    assert outcome(tenant.chat(FIRST)) == ("MISS", None)
    wait_until(lambda: tenant.chat(REPHRASED, headers=ONLY_CACHED).status_code == 200)
    exact = sum(outcome(tenant.chat(FIRST)) == ("HIT", "exact") for _ in range(3))
    assert exact == 3

    def counted() -> bool:
        rows = [row for row in tenant.rows() if row["cache"] == "hit"]
        told = stats(tenant)
        (entry,) = entries(tenant)
        return told["total_hits"] == len(rows) == entry["hits"] and told["hits_by_kind"]["exact"] >= exact

    wait_until(counted)
    told = stats(tenant)
    assert told["total_cached"] == 1 and told["misses"] >= 1 and told["hits_by_kind"]["semantic"] >= 1
    assert told["top_cached_queries"][0]["question"] == FIRST
    analytics = tenant.analytics()
    assert analytics["cache"]["exact_hits"] == told["hits_by_kind"]["exact"]
    kinds = analytics["cache_hit_rate_by_kind"]
    assert kinds["exact"] + kinds["semantic"] == pytest.approx(analytics["cache_hit_rate"], abs=0.02)


def test_the_command_line_finds_the_gateway_and_purges(tenant: Tenant) -> None:
    kept(tenant)
    token = tenant.gateway.admin("POST", "/admin/tokens", {"name": f"cli {tenant.id}", "role": "admin"}).json()["token"]
    environment = {**os.environ, "MITMGATE_ADMIN_TOKEN": token}
    environment.pop("MITMGATE_URL", None)

    def gatewayctl(*arguments: str) -> str:
        command = [sys.executable, "-P", "-m", "gatewayctl", *arguments, "--data-dir", str(tenant.gateway.data_dir)]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    (entry,) = entries(tenant)
    assert entry["id"] in gatewayctl("cache", "list", str(tenant.id))
    assert FIRST in gatewayctl("cache", "show", entry["id"])
    assert "verdict      served" in gatewayctl("cache", "judge", FIRST, REPHRASED)
    assert "Evicted 1 entry of" in gatewayctl("cache", "purge", str(tenant.id), "--yes")
    for text in (REPHRASED, FIRST):
        assert tenant.chat(text, headers=ONLY_CACHED).status_code == 504
    assert stats(tenant)["bytes"] == 0


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("removal", ["purge", "all of a tenant", "those of a model", "one"])
def test_an_answer_in_flight_during_a_removal_is_not_stored(
    tenant: Tenant, upstream: Upstream, removal: str, streamed: bool
) -> None:
    (entry,) = entries(tenant) if kept(tenant) else ()
    arrived, released = threading.Event(), threading.Event()

    async def answer_late(asked: Asked) -> None:
        arrived.set()
        await asked.when(released)
        await llm(asked)

    upstream.script = answer_late
    question = "Which river flows through Rome?"
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(tenant.chat, question, stream=streamed)
        assert arrived.wait(20)
        by_query = f"/admin/cache/entries?tenant_id={tenant.id}"
        done = {
            "purge": lambda: tenant.admin("POST", "/purge"),
            "all of a tenant": lambda: tenant.gateway.admin("DELETE", by_query),
            "those of a model": lambda: tenant.gateway.admin("DELETE", f"{by_query}&model=m"),
            "one": lambda: tenant.gateway.admin("DELETE", f"/admin/cache/entries/{entry['id']}"),
        }[removal]()
        assert done.status_code in (200, 204), done.text
        released.set()
        assert late.result().status_code == 200
    assert tenant.chat(question, headers=ONLY_CACHED).status_code == 504
    assert entries(tenant) == []
    upstream.script = llm
    wait_until(lambda: outcome(tenant.chat(question))[0] == "HIT")  # what is asked from now on is stored
