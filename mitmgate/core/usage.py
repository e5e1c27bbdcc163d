"""One row of accounting for one request: what the journal holds and PostgreSQL stores."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from mitmgate.core.token_usage import Tokens


@dataclass  # without slots: orjson takes twice as long over those
class UsageRecord:
    """What one request was and cost, or an audit of a hit (cache: `audit`), which no client sent.

    Times are epoch seconds, durations milliseconds, sizes bytes.

    status is what the client was sent, or, where no whole answer was, what it stands for: 499 the client left,
    502 the upstream's answer broke off, 504 a deadline ended it. error is the code of the GatewayError or of the
    break; None when the answer went out whole. `model` is the one asked for (bounded); `endpoint` the path without
    `/api` and query, one of a bounded set. client_address is the client's own, behind trusted proxies too.

    usage_estimated: the answer broke off before the vendor reported its tokens, and some of them are estimated. Never
    false, so that the many lines without it are short.

    story is a JSON object, as text, of what only a look at this one request asks for, each part only where there is
    something to say: `cache` why there was no hit, `nearest` the similarity of the nearest question, `p` the
    probability of a hit in other words or of what came nearest to one, `near` the id of the entry that did, `parts`
    digests of what the scope is made of (core/scope_parts.py), `stored` the id of the entry made of it, `entry` and
    `age_s` of the answer that a hit gave, `by` who made it, `pair` of a hit in other words the keyed digests of the two
    questions (core/pair_digests.py), `attempts` as addons/story.py tells them, `vendor_code` and
    `vendor_message` of the error that the upstream answered with, `refused_more` how many refused requests have no row
    of their own but this. No word of a prompt is in it but what an upstream's error may quote.
    """

    request_id: str
    started_at: float
    tenant_id: int
    key_id: int | None
    method: str
    endpoint: str
    status: int
    latency_ms: float
    model: str | None = None
    client_format: str = "openai"
    streamed: bool = False
    upstream: str | None = None
    attempts: int = 0
    cache: str | None = None
    cache_kind: str | None = None
    similarity: float | None = None
    prompt_tokens: int | None = None
    cached_prompt_tokens: int | None = None
    cache_write_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    auth_ms: float | None = None
    limit_ms: float | None = None
    cache_ms: float | None = None
    first_byte_ms: float | None = None
    request_bytes: int = 0
    response_bytes: int = 0
    error: str | None = None
    client_request_id: str | None = None
    client_address: str | None = None
    story: str | None = None
    usage_estimated: bool | None = None
    upstream_request_id: str | None = None

    def count(self, tokens: Tokens) -> None:
        """Takes over what the answer cost."""
        self.prompt_tokens = tokens.prompt
        self.cached_prompt_tokens = tokens.cached_prompt
        self.cache_write_tokens = tokens.cache_write
        self.completion_tokens = tokens.completion
        self.reasoning_tokens = tokens.reasoning
        self.usage_estimated = tokens.estimated or None

    def line(self) -> bytes:
        """One JSON object, of what is known, and a newline: the journal's format."""
        known = {name: value for name, value in self.__dict__.items() if value is not None}
        return orjson.dumps(known, option=orjson.OPT_APPEND_NEWLINE)
