"""What a vendor says of a request that failed: its error's code and message, and its own id of the request. Pure.

Shapes: OpenAI, Anthropic and Gemini `{"error": {…}}`; Bedrock, Cohere and Mistral `{"message": …}`; FastAPI's
`{"detail": …}`; OAuth's `{"error": "code", "error_description": …}`; MiniMax `{"base_resp": {…}}`; any other text as it
is. What is kept is short, of one line, and without credentials.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mitmgate.core.json_scanner import lenient
from mitmgate.core.redaction import covered

MAX_MESSAGE: Final = 500
MAX_CODE: Final = 100
MAX_ID: Final = 200
MAX_BODY_BYTES: Final = 8 << 10  # of an error, to find these in

#: The vendors' headers for a request's id, the most telling first.
_ID_HEADERS: Final = (
    b"x-request-id",  # OpenAI, Mistral, Groq, xAI, OpenRouter
    b"request-id",  # Anthropic
    b"x-amzn-requestid",  # Bedrock
    b"x-amz-request-id",
    b"apim-request-id",  # Azure
    b"x-ms-request-id",
    b"x-goog-request-id",
    b"x-oai-request-id",
    b"mistral-correlation-id",
    b"x-correlation-id",
    b"x-debug-trace-id",  # Cohere
    b"x-trace-id",
    b"msh-request-id",  # Moonshot
    b"x-tt-logid",
    b"eagleid",
    b"cf-ray",  # of the network in front of many vendors
)
_ID_NAMES: Final = frozenset(_ID_HEADERS)
_match_id: Final = re.compile(rb"[\x21-\x7e]{1,%d}" % MAX_ID).fullmatch
_tags: Final = re.compile(r"<[^<>]*>")
# Line breaks, control characters, and those that turn the direction of writing.
_unseen: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")
# What looks like a key of whichever vendor: a prefix, and many letters and digits without a space.
_key: Final = re.compile(
    r"(?i)\b(bearer |basic |sk-|pk-|rk-|gsk_|xai-|hf_|r8_|pplx-|nvapi-|mg_|aiza|akia|ya29\.|eyj)[\w.~+/=-]{8,}"
)
_CODES: Final = ("code", "status", "type", "__type")
_MESSAGES: Final = ("message", "Message", "msg", "detail", "error_description", "status_msg", "errorMessage")


@dataclass(frozen=True, slots=True)
class VendorError:
    """None: the vendor did not say. message is for people, and may be none where it is not to be kept."""

    code: str | None = None
    message: str | None = None


def vendor_request_id(fields: Iterable[tuple[bytes, bytes]], secrets: Sequence[bytes] = ()) -> str | None:
    """The vendor's own id of a request, by the headers of its answer."""
    found: dict[bytes, bytes] = {}
    for name, value in fields:
        if (name := name.lower()) in _ID_NAMES:
            found.setdefault(name, value)
    for name in _ID_HEADERS if found else ():
        value = found.get(name, b"").strip()
        if _match_id(value) and not any(secret in value for secret in secrets):
            return value.decode("ascii")
    return None


def vendor_error(body: bytes, secrets: Sequence[bytes] = ()) -> VendorError:
    """The code and the message of an error's plain body, or of its beginning. secrets: what neither may hold."""
    text = covered(body, secrets)[:MAX_BODY_BYTES]
    said = lenient(text) if text.lstrip(b" \t\r\n\xef\xbb\xbf")[:1] in (b"{", b"[") else None
    if isinstance(said, list):  # Gemini's stream
        said = next((each for each in said if isinstance(each, dict)), None)
    if not isinstance(said, dict):
        words = text.decode("utf-8", "replace")
        return VendorError(None, _line(_tags.sub(" ", words) if "<" in words else words))
    parts = [said[name] for name in ("error", "errors", "base_resp", "detail") if said.get(name)]
    parts = [part[0] if isinstance(part, list) else part for part in parts]
    objects = [part for part in parts if isinstance(part, dict)] + [said]
    code = _first(_code(one) for one in objects)
    message = _first(_message(one) for one in objects)
    texts = [part for part in parts if isinstance(part, str)]
    if message is None and texts:
        message = texts[0]
    elif code is None and texts:
        code = texts[0]  # OAuth's
    return VendorError(None if code is None else _line(code, MAX_CODE), None if message is None else _line(message))


def _code(error: dict[str, Any]) -> str | None:
    words = [error[name] for name in _CODES if isinstance(error.get(name), str) and error[name] != "error"]
    if words:
        return str(words[0])
    numbers = [error[name] for name in ("code", "status_code") if isinstance(error.get(name), int)]
    return str(numbers[0]) if numbers else None


def _message(error: dict[str, Any]) -> str | None:
    return next((error[name] for name in _MESSAGES if isinstance(error.get(name), str) and error[name]), None)


def _first(found: Iterable[str | None]) -> str | None:
    return next((each for each in found if each is not None), None)


def _line(text: str, most: int = MAX_MESSAGE) -> str | None:
    """The text on one line, without what looks like a key; None when nothing is left."""
    line = _key.sub(lambda key: key[1] + "***", _unseen.sub(" ", text)).strip()
    return (line if len(line) <= most else line[: most - 1] + "…") or None
