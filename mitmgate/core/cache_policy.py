"""What the cache may do for a request, and whether an answer may be kept. Pure.

Both are lists of what is allowed: an endpoint, a field value or an answer's shape that is not known here is not cached.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from mitmgate.core.errors import ANTHROPIC, Refused
from mitmgate.core.fingerprint import HeaderValues
from mitmgate.core.volatile import volatility

OFF: Final = "off"
EXACT: Final = "exact"
SHADOW: Final = "shadow"  # exact hits are served; a hit in other words is forwarded all the same, and compared
SEMANTIC: Final = "semantic"
DEFAULT_NAMESPACE: Final = "default"
DAY_S: Final = 86_400

_CHAT: Final = frozenset({"/v1/chat/completions", "/openai/deployments/chat/completions"})
_TEXT: Final = frozenset({"/v1/completions", "/openai/deployments/completions"})
_EMBEDDINGS: Final = frozenset({"/v1/embeddings", "/openai/deployments/embeddings"})
_OPENAI: Final = _CHAT | _TEXT | _EMBEDDINGS
_MESSAGES: Final = frozenset({"/v1/messages"})

_STRENGTH: Final = {OFF: 0, EXACT: 1, SHADOW: 2, SEMANTIC: 3}
# Their answers lean on what the vendor keeps, or name something that only this answer's receiver can use
_STATEFUL: Final = ("previous_response_id", "conversation", "background", "container", "audio")
_match_namespace: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}").fullmatch
_match_seconds: Final = re.compile(r"[0-9]{1,10}").fullmatch
_match_share: Final = re.compile(r"[01]|0?\.[0-9]{1,9}|1\.0{1,9}").fullmatch


@dataclass(frozen=True, slots=True)
class Decision:
    """lookup: an entry may answer; store: the answer may be kept; refresh: asked anew by the client's wish.

    reason says why not, in words fit for a header; None when both are allowed. max_age_s bounds an entry's age;
    threshold is the bar the client wants for a hit in other words.
    """

    mode: str
    lookup: bool
    store: bool
    ttl_s: int
    namespace: str = DEFAULT_NAMESPACE
    refresh: bool = False
    only_if_cached: bool = False
    max_age_s: int | None = None
    threshold: float | None = None
    reason: str | None = None

    def admits(self, age_s: float) -> bool:
        """Whether an entry of that age may answer."""
        return self.max_age_s is None or age_s <= self.max_age_s


def decide_request(
    *,
    tenant_mode: str,
    headers: HeaderValues,
    body: Mapping[str, Any],
    client_format: str,
    endpoint: str,
    max_temperature: float = 1.0,
    ttl_s: int = DAY_S,
) -> Decision:
    """Raises Refused (400) for a malformed X-Cache-Mode, -Namespace, -TTL, -Threshold or max-age.

    The client's headers may only weaken what the tenant has: tenant_mode and ttl_s.
    """
    namespace, mode, asked = DEFAULT_NAMESPACE, tenant_mode, _NOTHING_ASKED
    if (given := headers.get("x-cache-namespace")) is not None:
        namespace = _namespace(given)
    if (given := headers.get("x-cache-ttl")) is not None:
        ttl_s = min(ttl_s, _seconds(given, "X-Cache-TTL"))
    if (given := headers.get("x-cache-mode")) is not None:
        mode = _asked_mode(tenant_mode, given)
    threshold = _threshold(headers.get("x-cache-threshold"))
    if (given := headers.get("cache-control")) is not None:
        asked = _parse_cache_control(given)
    reason = "mode off" if mode == OFF else "no-store" if asked.no_store else None
    if reason is None and (why := _uncacheable(body, client_format, endpoint, max_temperature)) is not None:
        reason = f"uncacheable: {why}"
    may = reason is None
    refresh = asked.no_cache or asked.max_age_s == 0
    return Decision(
        mode=mode,
        lookup=may and not refresh,
        store=may and ttl_s > 0,
        ttl_s=ttl_s,
        namespace=namespace,
        refresh=refresh and may,
        only_if_cached=asked.only_if_cached,
        max_age_s=asked.max_age_s,
        threshold=threshold,
        reason=reason,
    )


def answer_cacheable(
    client_format: str, status: int, headers: HeaderValues, body: bytes | Mapping[str, Any]
) -> str | None:
    """Why a whole answer must not be kept; None when it may."""
    if status not in (200, 201):
        return "status"
    if isinstance(body, bytes):
        if "json" not in (headers.get("content-type") or "json").lower():
            return "not JSON"
        try:
            body = orjson.loads(body)
        except orjson.JSONDecodeError:
            return "not JSON"
    if not isinstance(body, dict) or says_failure(body):
        return "error"
    if body.get("incomplete_details") is not None:
        return "truncated"
    if client_format == ANTHROPIC:
        return _message_cacheable(body)
    if "choices" in body:
        return _choices_cacheable(body["choices"])
    return _embeddings_cacheable(body)


# Vendors tell of a failure under status 200 in members of these kinds, each with the values that mean none.
_kind_of_member: Final = re.compile(
    r"(?P<problem>(base_?)?(err|errors?)(_?(code|msg|message|no|type|info))?)"
    r"|(?P<success>(is_?)?(success|succeeded|ok))"
    r"|(?P<envelope>(base_?)?(resp|response|result|header|meta))"
    r"|(?P<code>((base|biz|sub|ret|result|response)_?)?(status_?)?code|status|ret)",
    re.IGNORECASE,
).fullmatch
_NO_PROBLEM: Final[tuple[object, ...]] = (None, False, 0, "", "0", {}, [])
_FINE_CODES: Final = frozenset(
    {"", "0", "200", "201", "complete", "completed", "done", "finished", "ok", "succeed", "succeeded", "success"}
)


def says_failure(part: Mapping[str, Any]) -> bool:
    """Whether an answer, or a part of it such as a choice, says of itself that it failed.

    That is a problem that is not empty, a code or status that is none of success, or `success: false`; at its own level
    or in an envelope such as MiniMax's `base_resp`.
    """
    return any(_is_failure(name, value, in_envelope=False) for name, value in part.items())


def _is_failure(name: str, value: Any, *, in_envelope: bool) -> bool:
    found = _kind_of_member(name)
    match found and found.lastgroup:
        case "problem":
            return value not in _NO_PROBLEM
        case "envelope" if isinstance(value, dict) and not in_envelope:
            return any(_is_failure(*member, in_envelope=True) for member in value.items())
        case "success":
            return value is False
        case "code":
            is_code = isinstance(value, str | int | float) and not isinstance(value, bool)
            return is_code and str(value).strip().lower() not in _FINE_CODES
    return False


# ---- the request


@dataclass(frozen=True, slots=True)
class _CacheControl:
    no_cache: bool = False
    no_store: bool = False
    only_if_cached: bool = False
    max_age_s: int | None = None


_NOTHING_ASKED: Final = _CacheControl()


def _parse_cache_control(value: str) -> _CacheControl:
    """RFC 9111 section 5.2.1. Unknown directives are ignored, as it asks."""
    words = [word.strip() for word in value.lower().split(",")]
    ages = [word.partition("=")[2].strip().strip('"') for word in words if word.partition("=")[0].strip() == "max-age"]
    return _CacheControl(
        no_cache="no-cache" in words,
        no_store="no-store" in words,
        only_if_cached="only-if-cached" in words,
        max_age_s=min(_seconds(age, "max-age") for age in ages) if ages else None,
    )


def _namespace(given: str) -> str:
    if _match_namespace(given) is None:
        text = "X-Cache-Namespace must be 1 to 64 characters of A-Z, a-z, 0-9, '_', '.' and '-'."
        raise Refused(400, "invalid_cache_namespace", text, param="X-Cache-Namespace")
    return given


def _seconds(given: str, name: str) -> int:
    if _match_seconds(given) is None:
        raise Refused(400, "invalid_cache_header", f"{name} must be whole seconds.", param=name)
    return int(given)


def weaker(one: str, other: str) -> str:
    """The weaker of two cache modes."""
    return min(one, other, key=lambda mode: _STRENGTH.get(mode, 0))


def _threshold(given: str | None) -> float | None:
    if given is None:
        return None
    if _match_share(given.strip()) is None:
        text = "X-Cache-Threshold must be a number from 0 to 1."
        raise Refused(400, "invalid_cache_header", text, param="X-Cache-Threshold")
    return float(given)


def _asked_mode(tenant_mode: str, given: str) -> str:
    wanted = given.strip().lower()
    if wanted not in _STRENGTH:
        text = "X-Cache-Mode must be one of off, exact, semantic and shadow."
        raise Refused(400, "invalid_cache_mode", text, param="X-Cache-Mode")
    return weaker(tenant_mode, wanted)


def _uncacheable(body: Mapping[str, Any], client_format: str, endpoint: str, max_temperature: float) -> str | None:
    if endpoint == "/v1/responses":
        return "stateful"
    if endpoint not in (_MESSAGES if client_format == ANTHROPIC else _OPENAI):
        return "path"
    if body.get("stream") not in (None, False, True) or (body.get("stream") and endpoint in _EMBEDDINGS):
        return "stream"
    if any(body.get(name) for name in _STATEFUL):
        return "stateful"
    temperature = body.get("temperature")
    if temperature is not None and (
        isinstance(temperature, bool) or not isinstance(temperature, int | float) or not temperature <= max_temperature
    ):
        return "temperature"
    if endpoint in _EMBEDDINGS:
        return None
    if body.get("web_search_options") is not None:
        return "time-dependent: web search"
    return volatility(body)


# ---- the answer


def _choices_cacheable(choices: object) -> str | None:
    if not isinstance(choices, list) or not choices:
        return "empty"
    for choice in choices:
        if not isinstance(choice, dict) or says_failure(choice):
            return "error"
        message = choice.get("message")
        if isinstance(message, dict):
            if says_failure(message):
                return "error"
            if message.get("tool_calls") or message.get("function_call"):
                return "tools"
            if message.get("refusal"):
                return "refused"
            if message.get("audio"):
                return "stateful"
            content = message.get("content")
        else:
            content = choice.get("text")
        if (why := _ending(choice.get("finish_reason"), ("stop",))) is not None:
            return why
        if not _has_text(content):
            return "empty"
    return None


def _message_cacheable(body: Mapping[str, Any]) -> str | None:
    if body.get("type") != "message":
        return "error"
    content = body.get("content")
    if not isinstance(content, list) or not all(isinstance(block, dict) for block in content):
        return "error"
    if any(map(says_failure, content)):
        return "error"
    if any(block.get("type") not in ("text", "thinking", "redacted_thinking") for block in content):
        return "tools"
    if (why := _ending(body.get("stop_reason"), ("end_turn", "stop_sequence"))) is not None:
        return why
    if body.get("container"):
        return "stateful"
    return None if _has_text([block for block in content if block.get("type") == "text"]) else "empty"


def _embeddings_cacheable(body: Mapping[str, Any]) -> str | None:
    vectors = body.get("data")
    if not isinstance(vectors, list) or not vectors:
        return "empty"
    if not all(isinstance(one, dict) and one.get("embedding") for one in vectors):
        return "empty"
    return "error" if any(map(says_failure, vectors)) else None


def _ending(finish: object, normal: tuple[str, ...]) -> str | None:
    if finish in normal:
        return None
    if finish in ("tool_calls", "function_call", "tool_use"):
        return "tools"
    if finish in ("content_filter", "refusal"):
        return "refused"
    return "truncated"


def _has_text(content: object) -> bool:
    if isinstance(content, str):
        return bool(content.strip())
    if isinstance(content, list):
        return any(isinstance(part, dict) and _has_text(part.get("text")) for part in content)
    return False
