"""Every header that is forwarded counts in the fingerprint, but for those that say nothing about the answer.

official_clients.json has the headers of two equal requests of each client, as a server on loopback received them in two
runs (openai 3.57 and anthropic 2.13 for Python, openai 6.49, @anthropic-ai/sdk 1.14, ai 6.0, @ai-sdk/openai 3.0 and
@ai-sdk/anthropic 3.0 for npm on node 20, Claude Code 2.1.197 with `-p`, Codex 0.171.0 with `exec`; each plain and
streamed where the client can do both). Credentials and ids are replaced by values of the same shape; what differed
between the runs still does.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.fingerprint import HARMLESS_HEADERS, HARMLESS_PREFIXES, Kind, cache_headers, fingerprint
from mitmgate.core.headers import Field, forwardable

CLIENTS: dict[str, Any] = json.loads(Path(__file__).with_name("official_clients.json").read_bytes())
BODY: dict[str, Any] = {
    "model": "gpt-4o",
    "temperature": 0.5,
    "messages": [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Why?"}],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    "n": 1,
}
tokens = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=20).map("x-new-".__add__)


def of(fields: list[Field], **more: Any) -> bytes:
    return fingerprint(
        **{
            "tenant_id": 1,
            "namespace": "default",
            "backend": "https://api.example/v1",
            "client_format": "openai",
            "method": "POST",
            "path": "/v1/chat/completions",
            "query": "",
            "headers": cache_headers(fields),
            **more,
        },
        body=BODY,
    )


def fields_of(request: dict[str, Any]) -> list[Field]:
    return [(name.encode(), value.encode()) for name, value in request["headers"]]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_repeat_of_an_official_client_has_the_same_fingerprint(client: str) -> None:
    for one, other in CLIENTS[client]:
        assert of(fields_of(one)) == of(fields_of(other))
        assert one["path"] == other["path"]


@pytest.mark.parametrize("client", ["openai for Python", "openai for npm", "ai with @ai-sdk/openai"])
def test_a_question_of_one_client_is_answered_for_another(client: str) -> None:
    assert {of(fields_of(each)) for pair in CLIENTS[client] for each in pair} == {of([])}


@pytest.mark.parametrize(
    "name",
    [
        "x-portkey-provider",
        "X-Portkey-Config",
        "helicone-cache-enabled",
        "x-amzn-bedrock-guardrailidentifier",
        "range",
        "x-goog-user-project",
        "anthropic-beta",
        "x-codex-beta-features",
        "accept-language",
        "x-never-seen",
        "azureml-model-deployment",
    ],
)
def test_a_header_that_may_decide_who_answers_separates(name: str) -> None:
    digests = {of([]), *(of([(name.encode(), value)]) for value in (b"", b"a", b"b"))}
    assert len(digests) == 4
    scopes = {of([(name.encode(), value)], kind=Kind.SCOPE) for value in (b"a", b"b")}
    assert len(scopes) == 2


@given(tokens, st.binary(max_size=20))
def test_an_unknown_header_counts_exactly_when_it_is_forwarded(name: str, value: bytes) -> None:
    for fields in ([(name.encode(), value)], [(name.encode(), value), (b"Connection", name.upper().encode())]):
        assert (of(fields) != of([])) == any(each[0] != b"Connection" for each in forwardable(fields))


@pytest.mark.parametrize("name", sorted(HARMLESS_HEADERS) + [prefix + b"any" for prefix in HARMLESS_PREFIXES])
def test_a_harmless_header_does_not_count(name: bytes) -> None:
    assert of([(name, b"a")]) == of([(name.title(), b"b")]) == of([])


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "x-api-key",
        "api-key",
        "cookie",
        "te",
        "via",
        "forwarded",
        "x-forwarded-for",
        "x-cache-ttl",
        "x-cache-mode",
        "cache-control",
        "x-mitmgate-any",
        "x-timeout-ms",
        "x-max-retries",
        "x-request-id",
        "content-length",
        "host",
        "x-http-method-override",
    ],
)
def test_what_is_never_forwarded_does_not_count(name: str) -> None:
    assert of([(name.encode(), b"1")]) == of([(name.upper().encode(), b"2")]) == of([])
    assert of([], headers={name: "1"}) == of([])


def test_names_may_be_ignored() -> None:
    fields = [(b"X-Trace-Of-Ours", b"1"), (b"X-Other", b"2")]
    ignored = frozenset({b"x-trace-of-ours"})
    assert cache_headers(fields, ignored) == {"x-other": "2"}
    assert of([], headers=cache_headers(fields[:1], ignored)) == of([])


def test_a_header_that_the_upstreams_own_credential_replaces_does_not_count() -> None:
    assert cache_headers([(b"X-Vendor-Key", b"1"), (b"X-Other", b"2")], also_dropped={b"x-vendor-key"}) == {
        "x-other": "2"
    }


def test_a_header_with_the_clients_credential_is_not_forwarded_and_does_not_count() -> None:
    fields = [(b"X-Auth-Token", b"Bearer secret-1"), (b"X-Other", b"2")]
    assert cache_headers(fields, presented=[b"secret-1"]) == {"x-other": "2"}


@pytest.mark.parametrize("value", [b"*", b" * "])
def test_any_language_is_no_language(value: bytes) -> None:
    assert of([(b"Accept-Language", value)]) == of([])
    assert of([(b"Accept-Language", b"*, de")]) != of([])


@given(st.lists(st.tuples(tokens, st.text("ab,", max_size=3)), max_size=6), st.randoms(use_true_random=False))
def test_order_and_case_do_not_count_but_order_within_a_name_does(pairs: Any, chance: random.Random) -> None:
    fields = [(name.encode(), value.encode()) for name, value in pairs]
    by_name: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        by_name.setdefault(name, []).append(value)
    names = list(by_name)
    chance.shuffle(names)
    moved = [(name.upper(), value) for name in names for value in by_name[name]]
    assert of(moved) == of(fields)
    assert of([(b"x-a", b"1"), (b"x-a", b"2")]) != of([(b"x-a", b"2"), (b"x-a", b"1")])


@pytest.mark.parametrize(
    ("headers", "digest"),
    [
        ({}, "5367a8cf2da63b9e32cdb9a3ca0ed13bff6c386f3132e2f3724963dbde1949f4"),
        (
            {"anthropic-version": "2023-06-01", "anthropic-beta": "tools-2024, files"},
            "6d431e8f9331f4d903788fc173c7e16fe781817e8d48461dc49f18ea9763e04a",
        ),
        (
            {"accept-language": "de", "openai-organization": "org-1"},
            "1b3b186e41a3521eab085aafd0803acfe38f6fa5a7fa548241e4c0b16e2cdb8e",
        ),
        ({"azureml-model-deployment": "blue"}, "c982ca1d5b55eeb529ecd4961df8d6692d7cd7a4eb75a698d3173333e14cf6f5"),
        (
            {"openai-beta": "", "content-language": "en", "azureml-model-deployment": "green"},
            "ce0d2dc82e54336aff327144ff528fb9b2010f434776803218615fd281d635ce",
        ),
    ],
)
def test_what_earlier_versions_stored_is_still_found(headers: dict[str, str], digest: str) -> None:
    unseen = [(b"User-Agent", b"x"), (b"X-Stainless-Lang", b"js"), (b"Accept-Language", b"*")]
    fields = [(name.encode(), value.encode()) for name, value in headers.items()]
    assert of(fields).hex() == digest
    if "accept-language" not in headers:
        assert of([*unseen, *fields]).hex() == digest
