"""Questions in other words: which are answered again and how that looks, which are not, and the matcher away."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.e2e.harness import Gateway, Tenant, wait_until
from tests.e2e.upstream import Upstream

MATCHER = "mitmgate.matcher"
FIRST, REPHRASED = "What is 2+2?", "what's 2 plus 2?"


def outcome(answer: httpx.Response) -> tuple[str | None, str | None]:
    assert answer.status_code == 200, answer.text
    return answer.headers.get("x-cache-status"), answer.headers.get("x-cache-kind")


def detail(answer: httpx.Response) -> str:
    return str(answer.headers["cache-status"])


def kept(tenant: Tenant, text: str = FIRST, *, like: str = REPHRASED, **more: Any) -> httpx.Response:
    """Asks until the question is also found in other words. -> that hit."""
    answers: list[httpx.Response] = []

    def found() -> bool:
        tenant.chat(text, **more)
        only = {**more.get("headers", {}), "Cache-Control": "only-if-cached"}
        answers.append(tenant.chat(like, **{**more, "headers": only}))
        return answers[-1].status_code == 200

    wait_until(found)
    return answers[-1]


def test_a_question_in_other_words_is_answered_again(tenant: Tenant) -> None:
    first = tenant.chat(FIRST)
    assert outcome(first) == ("MISS", None)
    hit = kept(tenant)
    assert outcome(hit) == ("HIT", "semantic")
    assert hit.content == tenant.chat(FIRST).content
    assert 0.9 <= float(hit.headers["x-cache-similarity"]) < 1 and len(hit.headers["x-cache-similarity"]) == 5
    assert detail(hit).startswith("mitmgate; hit; ttl=") and 'detail="semantic 0.' in detail(hit)
    assert "x-upstream" not in hit.headers and int(hit.headers["age"]) >= 0
    assert outcome(tenant.chat(FIRST)) == ("HIT", "exact")

    def recorded() -> bool:
        return any(row["cache"] == "hit" and 0.9 <= (row["similarity"] or 0) < 1 for row in tenant.rows())

    wait_until(recorded)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ("What is 2+3?", "number 3 vs 2"),
        ("What is 2*2?", "operator"),
        ("What is 2-2?", "operator"),
        ("Who was Goethe?", "below bar"),
    ],
)
def test_another_question_is_not(tenant: Tenant, other: str, why: str) -> None:
    kept(tenant)
    answer = tenant.chat(other)
    assert outcome(answer) == ("MISS", None)
    assert "detail=" in detail(answer) and why in detail(answer)


def test_one_number_is_enough(tenant: Tenant) -> None:
    question = "How many cups of flour do I need to bake {} loaves of white bread for a large family?"
    kept(tenant, question.format(5), like=question.format("five"))
    answer = tenant.chat(question.format(6))
    assert outcome(answer) == ("MISS", None) and "number" in detail(answer)


def test_a_crisis_is_answered_to_its_very_words_only(tenant: Tenant) -> None:
    question = "What helps against a heart attack at sea?"
    kept(tenant)
    assert outcome(tenant.chat(question)) == ("MISS", None)
    wait_until(lambda: outcome(tenant.chat(question)) == ("HIT", "exact"))
    assert outcome(tenant.chat(f"Please tell me: {question}")) == ("MISS", None)


def test_what_must_not_be_shared_is_not_kept_though_no_rule_says_so(tenant: Tenant) -> None:
    def asked(text: str) -> str:
        return detail(tenant.chat(text))

    wait_until(lambda: asked("which plan am I on") == 'mitmgate; fwd=bypass; detail="never shared: personal"')
    for text, why in (
        ("Génère un mot de passe", "secret"),
        ("cuánto saldo tengo", "personal"),
        ("再试一次", "no context"),
    ):
        wait_until(lambda text=text, why=why: asked(text) == f'mitmgate; fwd=bypass; detail="never shared: {why}"')
    wait_until(lambda: outcome(tenant.chat("Какая столица Франции?")) == ("HIT", "exact"))
    wait_until(lambda: asked("btc price") == 'mitmgate; fwd=bypass; detail="never shared: time-dependent"')


@pytest.mark.parametrize("headers", [{"Cache-Control": "no-cache"}, {"X-Cache-Mode": "exact"}])
def test_nor_when_the_client_wants_no_lookup_or_equal_words_only(tenant: Tenant, headers: dict[str, str]) -> None:
    for text, why in (("eth price", "time-dependent"), ("which tariff am I on", "personal")):
        wait_until(lambda text=text, why=why: f"never shared: {why}" in detail(tenant.chat(text, headers=headers)))
        assert tenant.chat(text, headers={"Cache-Control": "only-if-cached"}).status_code == 504


def test_what_was_kept_while_the_matcher_hung_is_served_when_it_was_looked_at(
    rough: Gateway, upstream: Upstream
) -> None:
    tenant = rough.tenant(upstream.url, allow_private_upstream=True)
    private, common = "ltc price", "Who was the first to climb Mont Blanc?"
    [matcher] = rough.pids(MATCHER)
    os.kill(matcher, signal.SIGSTOP)
    for text in (private, common):
        assert outcome(tenant.chat(text)) == ("MISS", None)
        assert outcome(tenant.chat(text)) == ("MISS", None)  # kept, and nobody has looked
    rough.kill(MATCHER)
    wait_until(lambda: rough.pids(MATCHER) not in ([], [matcher]))
    rough.wait_healthy()
    wait_until(lambda: outcome(tenant.chat(common)) == ("HIT", "exact"))
    assert tenant.chat(private, headers={"Cache-Control": "only-if-cached"}).status_code == 504
    wait_until(lambda: outcome(tenant.chat(private)) == ("BYPASS", None))


def test_nothing_crosses_a_scope(gateway: Gateway, upstream: Upstream, tenant: Tenant) -> None:
    kept(tenant)
    other = gateway.tenant(upstream.url).chat(REPHRASED)
    assert outcome(other) == ("MISS", None) and 'detail="scope empty"' in detail(other)
    system = [{"role": "system", "content": "Answer in French."}, {"role": "user", "content": REPHRASED}]
    for fields in (
        {"json": {"model": "m", "messages": system}},
        {"json": {"model": "other", "messages": system[1:]}},
        {"json": {"model": "m", "messages": system[1:]}, "headers": {"X-Cache-Namespace": "apart"}},
    ):
        assert outcome(tenant.post("/v1/chat/completions", **fields)) == ("MISS", None)


def test_the_client_may_ask_for_less(tenant: Tenant) -> None:
    kept(tenant)
    for headers in ({"X-Cache-Mode": "exact"}, {"X-Cache-Threshold": "0.99"}):
        # uncached, so that the next one is not an exact hit
        answer = tenant.chat(REPHRASED, headers={**headers, "Cache-Control": "only-if-cached"})
        assert answer.status_code == 504
    assert tenant.chat(REPHRASED, headers={"X-Cache-Threshold": "much"}).status_code == 400
    assert outcome(tenant.chat(REPHRASED, headers={"X-Cache-Threshold": "0.1"})) == ("HIT", "semantic")


def test_a_tenants_bar_is_its_own(gateway: Gateway, upstream: Upstream) -> None:
    tenant = gateway.tenant(upstream.url)
    kept(tenant)
    only = {"Cache-Control": "only-if-cached"}
    assert tenant.admin("PATCH", "", {"cache": {"threshold": 0.99}}).json()["cache"]["threshold"] == 0.99
    assert tenant.chat(REPHRASED, headers=only).status_code == 504
    assert tenant.chat(REPHRASED, headers={**only, "X-Cache-Threshold": "0.5"}).status_code == 504  # may only raise
    assert tenant.admin("PATCH", "", {"cache": {"threshold": None}}).status_code == 200
    assert outcome(tenant.chat(REPHRASED, headers=only)) == ("HIT", "semantic")


def test_how_many_may_be_wrong_is_a_tenants_own(gateway: Gateway, upstream: Upstream) -> None:
    tenant = gateway.tenant(upstream.url)
    kept(tenant)
    only = {"Cache-Control": "only-if-cached"}
    assert tenant.admin("PATCH", "", {"cache": {"max_wrong": 0}}).json()["cache"]["max_wrong"] == 0
    answer = tenant.chat(REPHRASED, headers={"X-Cache-Mode": "semantic"})
    assert outcome(answer) == ("MISS", None) and 'detail="not sure: 0.' in detail(answer)
    assert tenant.admin("PATCH", "", {"cache": {"max_wrong": None}}).status_code == 200
    assert outcome(tenant.chat(REPHRASED, headers=only))[0] == "HIT"


def test_a_tenant_may_have_less(gateway: Gateway, upstream: Upstream) -> None:
    modest = gateway.tenant(upstream.url, cache={"mode": "exact"})
    assert outcome(modest.chat(FIRST)) == ("MISS", None)
    wait_until(lambda: outcome(modest.chat(FIRST)) == ("HIT", "exact"))
    assert outcome(modest.chat(REPHRASED)) == ("MISS", None)


def test_a_dead_matcher_costs_nothing_but_its_hits(rough: Gateway, upstream: Upstream) -> None:
    tenant = rough.tenant(upstream.url, allow_private_upstream=True)
    kept(tenant)
    rough.kill(MATCHER)
    assert outcome(tenant.chat(FIRST)) == ("HIT", "exact")
    assert tenant.chat("How tall is the tower?").status_code == 200

    def back() -> bool:
        only = {"Cache-Control": "only-if-cached"}
        answer = tenant.chat(REPHRASED, headers=only)
        return answer.status_code == 200 and outcome(answer) == ("HIT", "semantic")

    wait_until(back)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_matcher_that_dies_or_hangs_under_load_is_replaced(
    rough: Gateway, upstream: Upstream, how: signal.Signals
) -> None:
    """No request fails of it, what was asked before is answered at once, and all of it is found again afterwards."""
    tenant = rough.tenant(upstream.url, allow_private_upstream=True)
    questions = [f"How many rooms has house number {number}?" for number in range(12)]
    for question in questions:
        assert outcome(tenant.chat(question)) == ("MISS", None)
    [matcher] = rough.pids(MATCHER)
    replaced = threading.Event()

    def ask(number: int) -> list[tuple[str | None, str | None]]:
        seen = []
        while not replaced.is_set():
            seen.append(outcome(tenant.chat(questions[number % len(questions)])))
            assert tenant.chat(f"Tell me about house number {number} and its {len(seen)} doors.").status_code == 200
        return seen

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask, number) for number in range(4)]
        try:
            os.kill(matcher, how)
            wait_until(lambda: rough.pids(MATCHER) not in ([], [matcher]))
        finally:
            replaced.set()
        assert {each for asked in asking for each in asked.result()} == {("HIT", "exact")}
    rough.wait_healthy()
    for question in questions:
        wait_until(lambda question=question: found_again(tenant, question))


def found_again(tenant: Tenant, question: str) -> bool:
    answer = tenant.chat(f"Please tell me: {question}", headers={"Cache-Control": "only-if-cached"})
    return answer.status_code == 200 and outcome(answer) == ("HIT", "semantic")


def test_judging_pairs(gateway: Gateway) -> None:
    pairs = [[FIRST, REPHRASED], [FIRST, "What is 2+3?"]]
    answer = gateway.admin("POST", "/admin/cache/judge", {"pairs": pairs})
    assert answer.status_code == 200, answer.text
    same, different = answer.json()["data"]
    assert same["accept"] and not same["reasons"] and 0.9 < same["similarity"] < 1
    assert not different["accept"] and different["reasons"]
    strict = gateway.admin("POST", "/admin/cache/judge", {"pairs": pairs[:1], "threshold": 0.99}).json()["data"][0]
    assert not strict["accept"] and strict["reasons"] == ["below bar"]
    for bad in (
        {},
        {"pairs": [["one"]]},
        {"pairs": [[1, 2]]},
        {"pairs": pairs, "threshold": 2},
        {"pairs": pairs, "max_wrong": -1},
        {"pairs": [["", ""]] * 1001},
    ):
        assert gateway.admin("POST", "/admin/cache/judge", bad).status_code == 422
