"""What a request asks of the cache: what may be done for it, and under which fingerprint. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from mitmgate.core.cache_policy import EXACT, SEMANTIC, SHADOW, Decision, decide_request, weaker
from mitmgate.core.canonical import ambiguity
from mitmgate.core.directory import Tenant
from mitmgate.core.fingerprint import Kind, fingerprint
from mitmgate.core.scope import in_plain_form, last_text, take_text
from mitmgate.core.scope_parts import LARGEST_BYTES, scope_parts
from mitmgate.core.text.language import plain_form
from mitmgate.core.text.unfit import LANGUAGE


@dataclass(frozen=True, slots=True)
class Question:
    """fingerprint is None when the request can neither be answered from the cache nor its answer kept.

    text is what is compared by meaning, scope the digest of all else. scope is None when only equal requests may meet,
    for which exact_only may tell the reason; a text is then only looked at for whether it may be shared, in another
    language in the plain form by which it is found. parts: what the scope is made of, as `scope_parts` has it.
    """

    decision: Decision
    fingerprint: bytes | None
    scope: bytes | None = None
    text: str | None = None
    exact_only: str | None = None
    parts: Mapping[str, str] | None = None


def judge_large(
    *,
    tenant: Tenant,
    default_mode: str,
    default_ttl_s: float,
    headers: Mapping[str, str],
    client_format: str,
    endpoint: str,
) -> Question:
    """Of a body that is too large to be compared; only the cache headers count. Raises Refused (400)."""
    decision = decide_request(
        tenant_mode=weaker(tenant.cache_mode or default_mode, default_mode),
        headers=headers,
        body={},
        client_format=client_format,
        endpoint=endpoint,
        ttl_s=int(default_ttl_s if tenant.cache_ttl_s is None else tenant.cache_ttl_s),
    )
    reason = decision.reason if decision.reason in ("mode off", "no-store") else "uncacheable: large"
    return Question(replace(decision, lookup=False, store=False, refresh=False, reason=reason), None)


def judge_request(
    *,
    tenant: Tenant,
    default_mode: str,
    default_ttl_s: float,
    headers: Mapping[str, str],
    client_format: str,
    endpoint: str,
    path: str,
    query: str,
    raw: bytes,
    body: Mapping[str, Any],
    partition: bytes | None = None,
) -> Question:
    """The question of a POST with this JSON body. headers are those of `fingerprint.cache_headers`; path has no `/api`.

    Raises Refused (400) for a malformed cache header.
    """
    tenant_mode = weaker(tenant.cache_mode or default_mode, default_mode)
    decision = decide_request(
        tenant_mode=tenant_mode,
        headers=headers,
        body=body,
        client_format=client_format,
        endpoint=endpoint,
        max_temperature=tenant.cache_max_temperature,
        ttl_s=int(default_ttl_s if tenant.cache_ttl_s is None else tenant.cache_ttl_s),
    )
    if not decision.lookup and not decision.store:
        return Question(decision, None)
    if (why := ambiguity(raw, body)) is not None:
        return Question(replace(decision, lookup=False, store=False, reason=f"uncacheable: {why}"), None)
    backend = "demo" if tenant.is_demo else tenant.backend_url  # the mock may take another port at each start
    digest = partial(
        fingerprint,
        tenant_id=tenant.id,
        namespace=decision.namespace,
        backend=backend,
        client_format=client_format,
        method="POST",
        path=path,
        query=query,
        headers=headers,
        partition=partition,
    )
    taken = take_text(endpoint, body) if tenant_mode in (SEMANTIC, SHADOW) else None
    if decision.mode == EXACT or not isinstance(taken, tuple):
        return _by_equal_words(decision, digest, taken, body)
    text, rest = taken
    scope = digest(body=rest, kind=Kind.SCOPE)
    parts = None
    if len(raw) <= LARGEST_BYTES:
        parts = scope_parts(
            tenant_id=tenant.id,
            scope=scope,
            namespace=decision.namespace,
            backend=backend,
            client_format=client_format,
            path=path,
            query=query,
            headers=headers,
            rest=rest,
            partition=partition,
        )
    return Question(decision, digest(body=body), scope, text, parts=parts)


def _by_equal_words(
    decision: Decision,
    digest: Callable[..., bytes],
    taken: tuple[str, dict[str, Any]] | str | None,
    body: Mapping[str, Any],
) -> Question:
    """taken: as `take_text` has it. The text is there to be looked at, for what must not be shared is not."""
    text: str | None = None
    if isinstance(taken, tuple):
        text = taken[0]
    elif taken == LANGUAGE:
        text = plain_form(last_text(body))
    if decision.mode == EXACT:  # by the client's wish, perhaps
        return Question(decision, digest(body=body), text=text)
    exact_only = f"exact only: {taken}" if isinstance(taken, str) else None
    if taken == LANGUAGE and decision.mode == SEMANTIC:  # shadow serves equal texts only
        held = digest(body=in_plain_form(body), kind=Kind.PLAIN_FORM)
    else:
        held = digest(body=body)
    return Question(decision, held, text=text, exact_only=exact_only)
