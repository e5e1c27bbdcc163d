"""Shadow mode: what would have been served in other words is forwarded, and compared with what the upstream says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.e2e.harness import Gateway, Tenant, wait_until
from tests.e2e.test_semantic import FIRST, MATCHER, REPHRASED, detail, kept, outcome
from tests.e2e.upstream import DONE, USAGE, Asked, Script, Upstream, completion, message, message_events, piece

SHADOW = {"X-Cache-Mode": "shadow"}
SAME = "The sum of two and two is 4."


def says(text: Callable[[int], str]) -> Script:
    """An LLM whose answer depends on how often it was asked, in whatever form it is asked for."""

    async def script(asked: Asked) -> None:
        said, anthropic = text(asked.number), asked.target.endswith("/messages")
        if not asked.json.get("stream"):
            await asked.answer(message(said) if anthropic else completion(said))
            return
        await asked.begin()
        pieces = [*(piece(word + " ") for word in said.split()), piece(None, "stop"), USAGE, DONE]
        for step in message_events(said) if anthropic else pieces:
            await asked.chunk(step)
        await asked.end()

    return script


def compared(tenant: Tenant, count: int = 1) -> list[dict[str, Any]]:
    """Waits for so many rows."""
    statement = f"SELECT * FROM cache_comparisons WHERE tenant_id = {tenant.id} ORDER BY created_at"
    rows: list[list[dict[str, Any]]] = []

    def are_there() -> bool:
        rows.append(tenant.gateway.execute(statement))
        return len(rows[-1]) >= count

    wait_until(are_there, lambda: f"{rows[-1]}")
    assert len(rows[-1]) == count
    return rows[-1]


def shadowed(answer: httpx.Response) -> bool:
    return answer.headers.get("x-cache-status") == "SHADOW"


def test_a_would_be_hit_is_forwarded_and_told_of(upstream: Upstream, tenant: Tenant) -> None:
    upstream.script = says(lambda number: SAME)
    hit = kept(tenant)
    asked = len(upstream.asked)
    answer = tenant.chat(REPHRASED, headers=SHADOW)
    assert outcome(answer) == ("SHADOW", "semantic") and len(upstream.asked) == asked + 1
    for name in ("x-cache-entry", "x-cache-similarity"):
        assert answer.headers[name] == hit.headers[name]
    assert detail(answer).startswith('mitmgate; fwd=miss; detail="shadow: ')
    assert answer.headers["x-upstream-attempts"] == "1" and "age" not in answer.headers
    [row] = compared(tenant)
    assert row["request_id"].hex == answer.headers["x-request-id"].replace("-", "")
    assert (row["kind"], row["agrees"], row["reasons"]) == ("shadow", True, [])
    assert row["probability"] > 0.85
    assert outcome(tenant.chat(REPHRASED, headers=SHADOW)) == ("HIT", "exact")  # stored as after a miss


def test_its_row_is_one_of_a_forwarded_request(upstream: Upstream, tenant: Tenant) -> None:
    hit = kept(tenant)
    answer = tenant.chat(REPHRASED, headers=SHADOW)
    id = answer.headers["x-request-id"]
    wait_until(lambda: any(row["request_id"] == id for row in tenant.rows()))
    [row] = [row for row in tenant.rows() if row["request_id"] == id]
    assert (row["cache"], row["cache_kind"], row["attempts"], row["prompt_tokens"]) == ("shadow", None, 1, 9)
    assert f"{row['similarity']:.3f}" == answer.headers["x-cache-similarity"]
    listed = tenant.admin("GET", "/usage?cache=shadow").json()["data"]
    assert [each["request_id"] for each in listed] == [id]
    explained = tenant.gateway.admin("GET", f"/admin/cache/explain/{id}").json()
    assert explained["cache"] == "shadow" and explained["entry"] == hit.headers["x-cache-entry"]
    told = tenant.gateway.admin("POST", "/admin/cache/feedback", {"request_id": id, "correct": False})
    assert told.status_code == 409  # the cache did not answer it
    cache = tenant.gateway.admin("GET", f"/admin/cache/analytics?tenant_id={tenant.id}").json()
    assert cache["would_be_hits"]["requests"] == 1 and cache["misses"]["requests"] >= 2
    assert sum(each["would_be_hits"] for each in cache["probabilities"]) == 1
    assert tenant.analytics()["cache_hit_rate"] == cache["hit_rate"] < 100


def test_another_answer_is_noticed(upstream: Upstream, tenant: Tenant) -> None:
    upstream.script = says(lambda number: "The sum is 4." if number == 1 else "No, the sum is 17.")
    kept(tenant)
    assert shadowed(tenant.chat(REPHRASED, headers=SHADOW))
    [row] = compared(tenant)
    assert not row["agrees"] and row["reasons"]
    assert not {"4", "17"} & set(" ".join(row["reasons"]).split())


@pytest.mark.parametrize("stored_as_stream", [False, True])
@pytest.mark.parametrize("way", ["chat", "message"])
def test_streams_are_compared(gateway: Gateway, upstream: Upstream, way: str, stored_as_stream: bool) -> None:
    upstream.script = says(lambda number: SAME)
    tenant = gateway.tenant(upstream.url, upstream_format="anthropic" if way == "message" else "openai")
    ask = getattr(tenant, way)

    def found() -> bool:
        ask(FIRST, stream=stored_as_stream)
        answer = ask(REPHRASED, headers={"Cache-Control": "only-if-cached"}, stream=stored_as_stream)
        return bool(answer.status_code == 200)

    wait_until(found)
    answer = ask(REPHRASED, headers=SHADOW, stream=not stored_as_stream)
    assert shadowed(answer)
    assert answer.headers["content-type"].startswith("application/json" if stored_as_stream else "text/event-stream")
    [row] = compared(tenant)
    assert row["agrees"]


def test_a_tenant_in_shadow_mode(gateway: Gateway, upstream: Upstream) -> None:
    upstream.script = says(lambda number: SAME)
    tenant = gateway.tenant(upstream.url, cache={"mode": "shadow"})
    assert outcome(tenant.chat(FIRST)) == ("MISS", None)
    wait_until(lambda: outcome(tenant.chat(FIRST)) == ("HIT", "exact"))
    others = (f"{REPHRASED}{' ' * number}" for number in range(1, 1000))  # each to be asked once
    wait_until(lambda: shadowed(tenant.chat(next(others))))
    assert compared(tenant)[0]["agrees"]
    assert (
        outcome(tenant.chat(f"{REPHRASED} ?", headers={"X-Cache-Mode": "semantic"}))[0] == "SHADOW"
    )  # may only weaken
    assert outcome(tenant.chat(f"{REPHRASED}  ?", headers={"X-Cache-Mode": "exact"})) == ("MISS", None)
    assert tenant.admin("PATCH", "", {"cache": {"mode": "semantic"}}).json()["cache"]["mode"] == "semantic"
    wait_until(lambda: outcome(tenant.chat(f"{REPHRASED}   ?")) == ("HIT", "semantic"))


def test_shadow_does_not_serve_another_spelling_in_another_language(upstream: Upstream, tenant: Tenant) -> None:
    question = "Wie hoch ist der Turm in Paris und wer hat ihn gebaut"
    tenant.chat(question)
    wait_until(lambda: outcome(tenant.chat(f"{question}?")) == ("HIT", "exact"))
    assert outcome(tenant.chat(f"{question} ?", headers=SHADOW)) == ("MISS", None)


def test_a_near_miss_is_compared_as_well(gateway: Gateway, upstream: Upstream) -> None:
    upstream.script = says(lambda number: SAME)
    tenant = gateway.tenant(upstream.url)
    kept(tenant)
    assert tenant.admin("PATCH", "", {"cache": {"max_wrong": 0, "mode": "shadow"}}).status_code == 200
    answer = tenant.chat(REPHRASED)
    assert outcome(answer) == ("MISS", None) and "not sure" in detail(answer)
    [row] = compared(tenant)
    assert row["agrees"] and row["probability"] >= 0.3


def test_what_is_not_kept_is_not_compared(upstream: Upstream, tenant: Tenant) -> None:
    async def cut(asked: Asked) -> None:
        await asked.answer(completion(SAME, finish="length"))

    upstream.script = says(lambda number: SAME)
    kept(tenant)
    upstream.script = cut
    assert shadowed(tenant.chat(REPHRASED, headers=SHADOW))
    upstream.script = says(lambda number: SAME)
    answer = tenant.chat(REPHRASED, headers=SHADOW)
    assert shadowed(answer)
    [row] = compared(tenant)
    assert row["request_id"].hex == answer.headers["x-request-id"].replace("-", "")


def test_answers_are_the_same_whatever_fails(rough: Gateway, upstream: Upstream) -> None:
    """The matcher away, in shadow mode: every answer is whole, and comparing goes on afterwards."""
    upstream.script = says(lambda number: SAME)
    tenant = rough.tenant(upstream.url)
    kept(tenant)
    rough.kill(MATCHER)
    answer = tenant.chat(f"{REPHRASED} ", headers=SHADOW)
    assert outcome(answer)[0] in ("MISS", "SHADOW")
    assert answer.json()["choices"][0]["message"]["content"] == SAME
    rough.wait_healthy()
    others = (f"{REPHRASED}{' ' * number}" for number in range(2, 1000))
    wait_until(lambda: shadowed(tenant.chat(next(others), headers=SHADOW)))
    wait_until(lambda: rough.execute(f"SELECT 1 FROM cache_comparisons WHERE tenant_id = {tenant.id}") != [])


def test_comparisons_go_with_a_tenants_usage(upstream: Upstream, tenant: Tenant) -> None:
    upstream.script = says(lambda number: SAME)
    kept(tenant)
    tenant.chat(REPHRASED, headers=SHADOW)
    compared(tenant)
    assert tenant.admin("DELETE").status_code == 204
    answer = tenant.admin("POST", "/purge", {"usage": True})
    assert answer.status_code == 200, answer.text
    assert answer.json()["removed"]["cache_comparisons"] == 1 and answer.json()["left"]["cache_comparisons"] == 0
    assert json.dumps(answer.json()).count("cache_comparisons") == 2
