"""The small question that tries a tenant's upstream, and what its answer says of credential and model. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson

from mitmgate.core.errors import ANTHROPIC

OK: Final = "ok"
FAILED: Final = "failed"
SKIPPED: Final = "skipped"
_ANTHROPIC_VERSION: Final = "2023-06-01"
_MOST_LETTERS: Final = 200
_MOST_LISTED: Final = 5
_QUOTED_LETTERS: Final = 6  # so many of a credential in a row are a quotation of it
_NEWER_LIMIT: Final = "max_completion_tokens"
_NEWER_TOKENS: Final = 16

#: (state, what was found out)
Judgement = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """What to send; `path` as a client would ask the gateway for. model None asks for the list of models."""

    method: str
    path: str
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    upstream_format: str
    model: str | None


def make_question(upstream_format: str, model: str | None, *, newer: bool = False) -> Question:
    """One token's worth. newer: with the limit's name that OpenAI's reasoning models want."""
    version = ((b"anthropic-version", _ANTHROPIC_VERSION.encode()),) if upstream_format == ANTHROPIC else ()
    if model is None:
        return Question("GET", "/v1/models", version, b"", upstream_format, None)
    limit = {_NEWER_LIMIT: _NEWER_TOKENS} if newer else {"max_tokens": 1}
    body = orjson.dumps({"model": model, "messages": [{"role": "user", "content": "ping"}], **limit})
    path = "/v1/messages" if upstream_format == ANTHROPIC else "/v1/chat/completions"
    return Question("POST", path, version, body, upstream_format, model)


def wants_newer(question: Question, status: int, body: bytes) -> bool:
    """Whether the model only takes the newer name of the limit."""
    return status == 400 and question.model is not None and _NEWER_LIMIT.encode() in body


def judge(question: Question, status: int, body: bytes | None, secret: str) -> tuple[Judgement, Judgement]:
    """What an answer says of the credential, and of the model. secret: the credential, which is never repeated."""
    answer = _object(body)
    said = _said(answer, secret)
    without = "" if secret else "; the tenant has none"
    if status == 401:
        return (FAILED, f"refused with 401{without}{_code(answer, secret)}"), (SKIPPED, "")
    if status == 403:
        return (FAILED, f"not permitted, 403{without}{_code(answer, secret)}"), (SKIPPED, "")
    credential = (OK, "accepted" if secret else "none is set, and none was asked for")
    if status == 407 or 300 <= status < 400:
        return (SKIPPED, ""), (FAILED, f"answered with {status}: redirects and proxies are not followed")
    if not 200 <= status < 300:
        return credential, (FAILED, _why(question, status) + _code(answer, secret) + said)
    if question.model is None:
        return credential, _listed(answer, secret)
    field = "content" if question.upstream_format == ANTHROPIC else "choices"
    if not isinstance(answer.get(field), list):
        return credential, (FAILED, f"answered with {status}, but not in the format {question.upstream_format}")
    return credential, (OK, f"{question.model} answered")


def _why(question: Question, status: int) -> str:
    model = question.model or "the list of models"
    match status:
        case 404:
            return f"404: {model} is not there, or the path of backend_url is wrong"
        case 402:
            return "402: the account has to pay"
        case 429:
            return "429: the account's limit or credit is used up"
        case _ if status >= 500:
            return f"{status}: the upstream failed"
    return f"{status}: {model} was refused"


def _listed(answer: dict[str, Any], secret: str) -> Judgement:
    models = answer.get("data")
    names = [each.get("id") for each in models if isinstance(each, dict)] if isinstance(models, list) else []
    known = [_plain(name) for name in names if isinstance(name, str) and not quotes(name, secret)]
    shown = ", ".join(known[:_MOST_LISTED])
    more = f" and {len(known) - _MOST_LISTED} more" if len(known) > _MOST_LISTED else ""
    return SKIPPED, f"name one to try it; listed: {shown}{more}" if shown else "name one to try it"


def _object(body: bytes | None) -> dict[str, Any]:
    try:
        found = orjson.loads(body or b"")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _code(answer: dict[str, Any], secret: str) -> str:
    """The error's own word for it, if it is one, and not the credential's."""
    error = answer.get("error")
    for word in (error.get("code"), error.get("type")) if isinstance(error, dict) else ():
        if isinstance(word, str) and 0 < len(word) <= 40 and word.isascii() and word.replace("_", "").isalpha():
            return "" if quotes(word, secret) else f", {word}"
    return ""


def _said(answer: dict[str, Any], secret: str) -> str:
    """The upstream's message, unless it quotes the credential."""
    error = answer.get("error")
    message = error.get("message") if isinstance(error, dict) else error or answer.get("message")
    if not isinstance(message, str) or not message.strip():
        return ""
    if quotes(message, secret):
        return " (its message quotes the credential and is not shown)"
    return f": {_plain(message.strip())}"


def quotes(message: str, secret: str) -> bool:
    """Whether a piece of the credential stands in the message, whatever its case."""
    lower, hidden = message.lower(), secret.lower()
    length = min(_QUOTED_LETTERS, len(hidden))
    return length > 0 and any(hidden[at : at + length] in lower for at in range(len(hidden) - length + 1))


def _plain(text: str) -> str:
    cut = text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"
    return "".join(letter if letter.isprintable() else " " for letter in cut)
