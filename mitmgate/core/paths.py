"""What a request's path is: fit to be looked at, whose it is, and under which name it is counted.

Whoever decides by a path must see what the upstream will see. So a path that means another one after decoding
or resolving is refused, instead of being cleaned.
"""

from __future__ import annotations

import enum
import functools
import re
from collections.abc import Container
from typing import Final
from urllib.parse import unquote

from mitmgate.core.errors import ANTHROPIC, OPENAI

_CHAT: Final = "chat"
_EMBEDDINGS: Final = "embeddings"
_MODELS: Final = "models"
FEEDBACK_SCOPE: Final = "feedback"
ANY_SCOPE: Final = "any"
OTHER: Final = "other"

# endpoint -> (the method its scope is for, scope, whether its body must be JSON)
_ENDPOINTS: Final[dict[str, tuple[str, str, bool]]] = {
    "/v1/chat/completions": ("POST", _CHAT, True),
    "/v1/completions": ("POST", _CHAT, True),
    "/v1/responses": ("POST", _CHAT, True),
    "/v1/embeddings": ("POST", _EMBEDDINGS, True),
    "/v1/models": ("GET", _MODELS, False),
    "/v1/messages": ("POST", _CHAT, True),
    "/v1/messages/count_tokens": ("POST", _CHAT, True),
    "/v1/messages/batches": ("", ANY_SCOPE, True),
    "/v1/complete": ("POST", _CHAT, True),
    "/v1/feedback": ("POST", FEEDBACK_SCOPE, True),
    "/v1/chat": ("POST", _CHAT, True),
    "/v2/chat": ("POST", _CHAT, True),
    "/v1/generate": ("POST", _CHAT, True),
    "/v1/embed": ("POST", _EMBEDDINGS, True),
    "/v2/embed": ("POST", _EMBEDDINGS, True),
    "/v1/rerank": ("", ANY_SCOPE, True),
    "/v2/rerank": ("", ANY_SCOPE, True),
    "/v1/moderations": ("", ANY_SCOPE, True),
    "/v1/images/generations": ("", ANY_SCOPE, True),
    "/v1/images/edits": ("", ANY_SCOPE, False),
    "/v1/images/variations": ("", ANY_SCOPE, False),
    "/v1/audio/speech": ("", ANY_SCOPE, True),
    "/v1/audio/transcriptions": ("", ANY_SCOPE, False),
    "/v1/audio/translations": ("", ANY_SCOPE, False),
    "/v1/files": ("", ANY_SCOPE, False),
    "/v1/uploads": ("", ANY_SCOPE, False),
    "/v1/batches": ("", ANY_SCOPE, False),
    "/v1/fine_tuning/jobs": ("", ANY_SCOPE, False),
    "/v1/vector_stores": ("", ANY_SCOPE, False),
    "/v1/assistants": ("", ANY_SCOPE, False),
    "/v1/threads": ("", ANY_SCOPE, False),
    "/v1/realtime": ("", ANY_SCOPE, False),
    "/v1beta/models": ("GET", _MODELS, False),
    "/chat": ("POST", _CHAT, True),
    "/generate": ("POST", _CHAT, True),
    "/embed": ("POST", _EMBEDDINGS, True),
    "/tags": ("GET", _MODELS, False),
}
_FAMILY_RULES: Final[dict[str, tuple[str, str, bool]]] = {
    "/v1/models/{model}": ("GET", _MODELS, False),
    "/models:generateContent": ("POST", _CHAT, True),
    "/models:embedContent": ("POST", _EMBEDDINGS, True),
    "/models:countTokens": ("POST", _CHAT, True),
    "/openai/deployments/chat/completions": ("POST", _CHAT, True),
    "/openai/deployments/completions": ("POST", _CHAT, True),
    "/openai/deployments/embeddings": ("POST", _EMBEDDINGS, True),
}
# Paths with something variable in them, folded, and under which endpoint they count. The first match decides.
_FAMILIES: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"/openai/deployments/[^/]+/chat/completions", "/openai/deployments/chat/completions"),
        (r"/openai/deployments/[^/]+/completions", "/openai/deployments/completions"),
        (r"/openai/deployments/[^/]+/embeddings", "/openai/deployments/embeddings"),
        (r"(?:/.+)?/chat/completions", "/v1/chat/completions"),
        (r"(?:/.+)?/completions", "/v1/completions"),
        (r"(?:/.+)?/embeddings", "/v1/embeddings"),
        (r"(?:(?:/.+)?/v[0-9][^/]*|/openai)?/responses", "/v1/responses"),
        (r"(?:(?:/.+)?/v[0-9][^/]*|/anthropic)?/messages", "/v1/messages"),
        (r"(?:/openai|/v[0-9][^/]*|/openai/v[0-9][^/]*|/v[0-9][^/]*/openai)?/models", "/v1/models"),
        (r"/v[0-9].*/models/[^/]+:(?:stream)?generatecontent", "/models:generateContent"),
        (r"/v[0-9].*/models/[^/]+:(?:batch)?embedcontents?", "/models:embedContent"),
        (r"/v[0-9].*/models/[^/]+:counttokens", "/models:countTokens"),
        (r"/v1/models/.+", "/v1/models/{model}"),
        (r"/v1/chat/completions/.+", "/v1/chat/completions/{id}"),
        (r"/v1/responses/.+", "/v1/responses/{id}"),
        (r"/v1/messages/batches/.+", "/v1/messages/batches/{id}"),
        (r"/v1/messages/.+", "/v1/messages/{id}"),
        (r"/v1/files/.+", "/v1/files/{id}"),
        (r"/v1/batches/.+", "/v1/batches/{id}"),
    )
)
_RULES: Final = {**_ENDPOINTS, **_FAMILY_RULES}
_NO_RULE: Final = ("", ANY_SCOPE, False)
_KNOWN: Final = {**{name: name for name in _ENDPOINTS}, **{f"/api{name}": name for name in _ENDPOINTS}}
_JSON: Final = frozenset(name for name, rule in _RULES.items() if rule[2])
_ANTHROPIC: Final = frozenset(
    {
        "/v1/complete",
        "/v1/messages",
        "/v1/messages/batches",
        "/v1/messages/batches/{id}",
        "/v1/messages/count_tokens",
        "/v1/messages/{id}",
    }
)
# Both vendors have them, or nobody here knows whose they are: the client's headers tell.
_SHARED: Final = frozenset({"/v1/models", "/v1/models/{model}", "/v1/files", "/v1/files/{id}", "/v1/feedback", OTHER})
_ANTHROPIC_HEADERS: Final = ("anthropic-version", "anthropic-beta")
_CACHED_LENGTH: Final = 256

_PARAMETERS: Final = re.compile(r";[^/]*")
_search_model: Final = re.compile(
    r"""/(?:(?:deployments|engines|model)/([^/;]+)      # Azure, OpenAI's first API, Bedrock
    |models/(.+?)(?::[a-z]*(?:contents?|tokens|predict|predictlongrunning))?/?\Z
    |run/(.+)                                           # Cloudflare
    |((?!models/)[^/]+/[^/:]+):[^/]*/?\Z)               # Google's others: tunedModels/X:generateContent
    """,
    re.IGNORECASE | re.ASCII | re.VERBOSE,
).search
_search_odd: Final = re.compile(r"[^\x21-\x7e]|[\\#]|//|/\.{1,2}(?=[/;]|\Z)").search
_search_odd_name: Final = re.compile(r"\A/|//|/\Z|(?:\A|/)\.{1,2}(?:[/;]|\Z)").search
_search_odd_query: Final = re.compile(r"[^\x21-\x7e]|#").search
_HIDES: Final = r"""%(?![0-9a-f]{2})      # not an escape
    |%(?:5c|[01][0-9a-f]|7f|c[01])          # \ control characters, overlong UTF-8
    |%25(?:2e|2f|5c|00)                     # the same and more, for who decodes twice
    |%2e                                    # a dot
    """
_search_bad_escape: Final = re.compile(
    _HIDES
    + r"""|%2f
    |%(?:2d|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])       # what needs no escape (RFC 3986 section 2.3)
    """,
    re.IGNORECASE | re.VERBOSE | re.ASCII,
).search
# The segment behind `/models/` is a name, and clients encode what they take for special in it.
_name_segments: Final = re.compile(r"(?<=/models/)[^/]+", re.IGNORECASE)
_search_bad_name: Final = re.compile(_HIDES, re.IGNORECASE | re.VERBOSE | re.ASCII).search


def check_path(raw_path: str) -> str | None:
    """What a request target holds that it must not, as words to follow "the path holds"; None when it is fit.

    Refused: what does not begin with `/`, characters that belong escaped, `//`, dot segments, backslashes, and escapes
    of slashes, of control characters, or of characters that never need one, behind which another path would hide. A
    model's name behind `/models/` may have its slashes escaped, as both vendors' packages send them.
    """
    if raw_path in _KNOWN:
        return None
    question = raw_path.find("?")
    path = raw_path if question < 0 else raw_path[:question]
    if path[:1] != "/":
        return "no leading slash"
    if (found := _search_odd(path)) is not None:
        return _oddity(found[0])
    if question >= 0 and _search_odd_query(raw_path, question) is not None:
        return "a character that must be percent-encoded"
    if "%" in path and _hides_another(path):
        return "a percent-encoding that hides another path"
    return None


def _hides_another(path: str) -> bool:
    if _search_bad_escape(path) is None:
        return False
    names: list[str] = _name_segments.findall(path)
    if not names or _search_bad_escape(_name_segments.sub("", path)) is not None:
        return True
    return any(_search_bad_name(name) is not None or _search_odd_name(unquote(name)) is not None for name in names)


WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
BODILESS: Final = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
METHODS: Final = tuple(sorted(WITH_BODY | BODILESS))  # what a 405 names; others pass, too
_REFUSED_METHODS: Final = frozenset({*METHODS, "TRACE", "CONNECT"})
_match_method: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}").fullmatch  # a token (RFC 9110 section 5.6.2)


def is_forwarded(method: str) -> bool:
    """Whether a request with this method may go upstream: any but TRACE and CONNECT.

    Methods are case-sensitive (RFC 9110 section 9.1), and some servers forget it. So none may look like another.
    """
    return method in METHODS or (_match_method(method) is not None and method.upper() not in _REFUSED_METHODS)


class Route(enum.Enum):
    """Who answers a path."""

    CONTROL = enum.auto()
    TOKEN = enum.auto()
    HEALTH = enum.auto()
    FEEDBACK = enum.auto()
    API = enum.auto()
    UNKNOWN = enum.auto()


_OWN: Final = {
    "/auth/token": Route.TOKEN,
    "/health": Route.HEALTH,
    "/health/live": Route.HEALTH,
    "/health/ready": Route.HEALTH,
    "/admin": Route.CONTROL,
    "/metrics": Route.CONTROL,
    "/dashboard": Route.CONTROL,
    **dict.fromkeys(_KNOWN, Route.API),
    **{name: Route.UNKNOWN for name in _ENDPOINTS if name[:2] != "/v"},  # Ollama's, theirs only below /api
    "/v1/feedback": Route.FEEDBACK,
    "/api/v1/feedback": Route.FEEDBACK,
}
_match_api: Final = re.compile(r"/(?:api|v[0-9][^/]*|openai)/.").match


def route(path_without_query: str) -> Route:
    """Who answers this path, if check_path finds it fit."""
    known = _OWN.get(path_without_query)
    if known is not None:
        return known
    if _match_api(path_without_query):  # no vendor is asked for feedback, however its path is written
        return Route.FEEDBACK if endpoint_of(path_without_query) == "/v1/feedback" else Route.API
    if path_without_query.startswith(("/admin/", "/dashboard/")):
        return Route.CONTROL
    return Route.UNKNOWN


def strip_api(path: str, upstream_format: str) -> str:
    """The path (with its query) as the upstream knows it: without `/api`, unless the upstream is Ollama's own API."""
    if path[:5] == "/api/" and upstream_format != "ollama":
        return path[4:]
    return path


def endpoint_of(path: str) -> str:
    """The name under which a path (with or without `/api` and query) is counted and judged: one of a bounded set."""
    known = _KNOWN.get(path)
    if known is not None:
        return known
    question = path.find("?")
    if question >= 0:
        path = path[:question]
        if (known := _KNOWN.get(path)) is not None:
            return known
    # Only short paths are remembered, so that nobody fills the memory with long ones.
    return _remembered_variant(path) if len(path) <= _CACHED_LENGTH else _variant(path)


def client_format(path: str, headers: Container[str] = ()) -> str:
    """Whose words the client speaks on this path (with or without `/api` and query): `anthropic` or `openai`.

    headers: the request's, by lower-case name. They decide where the path does not; only Anthropic's clients
    authenticate with `x-api-key`.
    """
    endpoint = endpoint_of(path)
    if endpoint in _SHARED:
        by_key = "x-api-key" in headers and "authorization" not in headers
        return ANTHROPIC if by_key or any(name in headers for name in _ANTHROPIC_HEADERS) else OPENAI
    return ANTHROPIC if endpoint in _ANTHROPIC else OPENAI


def required_scope(endpoint: str, method: str) -> str:
    """The scope that a key needs for an endpoint (as endpoint_of names it); `any` where no narrower one will do."""
    wanted, scope, _ = _RULES.get(endpoint, _NO_RULE)
    return scope if method == wanted or (method == "HEAD" and wanted == "GET") else ANY_SCOPE


def is_json_path(path: str) -> bool:
    """Whether a body sent to this path must be JSON."""
    return endpoint_of(path) in _JSON


def model_in_path(path: str) -> str | None:
    """The model, or what has one, that the path itself names, decoded; None when it names none.

    Azure's deployment, Gemini's `models/X` as `X`, and what is neither as it stands there: `tunedModels/X`.
    """
    found = None if path in _KNOWN else _search_model(path.partition("?")[0])
    return None if found is None else unquote(next(filter(None, found.groups())))


def _variant(path: str) -> str:
    """The slow way: other case, a trailing slash or path parameters reach the same endpoint at some upstreams."""
    folded = _PARAMETERS.sub("", path).lower().rstrip("/")
    known = _KNOWN.get(folded)
    if known is not None:
        return known
    if folded[:5] == "/api/":
        folded = folded[4:]
    return next((name for pattern, name in _FAMILIES if pattern.fullmatch(folded)), OTHER)


_remembered_variant: Final = functools.lru_cache(maxsize=2048)(_variant)


def _oddity(found: str) -> str:
    if found == "//":
        return "an empty segment"
    if found[0] == "/":
        return "a dot segment"
    if found == "\\":
        return "a backslash"
    return "a character that must be percent-encoded"
