"""The kinds of value a request body of the admin API may hold: each says what it refuses and why, in our own words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

MAX_INTEGER: Final = 2**31 - 1  # PostgreSQL's integer
MAX_BYTES: Final = 2**53 - 1  # what JSON and Lua numbers hold exactly
MAX_TTL_S: Final = 366 * 86400

# Control characters cannot be stored (NUL) or shown; a lone surrogate is not Unicode text.
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
# RFC 9110 section 5.6.2, and what frames or routes a message, which a credential may not replace.
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_HEADER_VALUE: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,8190}[\x21-\x7e])?")
_NOT_A_CREDENTIAL: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
    }
)
#: The default of a field that may be left out but not be null.
UNSET: Any = None


def _plain(text: str) -> str:
    if _UNPRINTABLE.search(text):
        raise ValueError("must not hold control characters or broken Unicode")
    return text


def _trimmed(text: object) -> object:
    return text.strip() if isinstance(text, str) else text


def _header_name(text: str) -> str:
    if not _HEADER_NAME.fullmatch(text):
        raise ValueError("must be a header name, such as Authorization or x-api-key")
    if text.lower() in _NOT_A_CREDENTIAL:
        raise ValueError("is a header that frames or routes the message and cannot carry a credential")
    return text


def _header_value(text: str) -> str:
    if not _HEADER_VALUE.fullmatch(text):
        raise ValueError("must be 1 to 8192 visible ASCII characters, spaces inside allowed")
    return text


def _whole(number: object) -> object:
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _distinct(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


def parse_instant(text: object) -> object:
    """An ISO 8601 text as an aware datetime; without an offset it is UTC."""
    if not isinstance(text, str):
        raise ValueError("must be a time in ISO 8601, such as 2030-01-31T12:00:00Z")
    try:
        instant = datetime.fromisoformat(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a time in ISO 8601, such as 2030-01-31T12:00:00Z") from None


def _said(pattern: str) -> Any:
    """For the OpenAPI document: what a validator of ours demands, which says why in its own words."""
    return Field(json_schema_extra={"pattern": pattern})


#: What `_plain` and `_trimmed` leave: no control characters but around it, where white space is.
_PLAIN: Final = r"[^\u0000-\u001f\u007f-\u009f\u2028\u2029]"
_SOME_TEXT: Final = rf"^\s*(?!\s){_PLAIN}({_PLAIN}*(?!\s){_PLAIN})?\s*$"
_ANY_TEXT: Final = rf"^\s*({_PLAIN}*(?!\s){_PLAIN})?\s*$"
#: With a host by name; addresses, ports and international names are taken, too.
_LABEL: Final = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_URL: Final = rf"^https?://({_LABEL}\.){{0,3}}[A-Za-z]([A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?(/[A-Za-z0-9_-]+)*/?$"


def _text(least: int, most: int, pattern: str) -> Any:
    """Bounds for a text. They come before our validators: behind them the document would be without."""
    return Field(min_length=least, max_length=most, json_schema_extra={"pattern": pattern})


def _range(least: int, most: int) -> Any:
    return Field(strict=True, ge=least, le=most)


_Trimmed: Final = BeforeValidator(_trimmed)
_Plain: Final = AfterValidator(_plain)
Name = Annotated[str, _text(1, 200, _SOME_TEXT), _Trimmed, _Plain]
Model = Annotated[str, _text(1, 200, _SOME_TEXT), _Trimmed, _Plain]
Tag = Annotated[str, _text(1, 100, _SOME_TEXT), _Trimmed, _Plain]
Reason = Annotated[str, _text(0, 500, _ANY_TEXT), _Trimmed, _Plain]
Url = Annotated[str, _text(1, 2048, _URL), _Trimmed, _Plain]
#: JSON has one kind of number (RFC 8259 section 6): 60.0 is an integer, "60" and true are none.
Whole: Final = BeforeValidator(_whole)
HourlyLimit = Annotated[int, _range(1, MAX_INTEGER), Whole]
Models = Annotated[
    list[Model],
    Field(min_length=1, max_length=1000, description="At least one; null allows every model."),
    AfterValidator(_distinct),
]
Tags = Annotated[list[Tag], Field(max_length=50), AfterValidator(_distinct)]
Flag = Annotated[bool, Field(strict=True)]
Instant = Annotated[
    datetime,
    BeforeValidator(parse_instant),
    Field(description="ISO 8601; without an offset UTC.", json_schema_extra={"pattern": "^[12][0-9]{3}-"}),
]
Scope = Literal["chat", "embeddings", "models", "feedback", "any"]
Scopes = Annotated[list[Scope], Field(min_length=1, max_length=5), AfterValidator(_distinct)]
_REFUSED_NAMES: Final = "|".join(
    "".join(f"[{c.upper()}{c}]" if c.isalpha() else c for c in n) for n in sorted(_NOT_A_CREDENTIAL)
)
HeaderName = Annotated[str, AfterValidator(_header_name), _said(rf"^(?!({_REFUSED_NAMES})$){_HEADER_NAME.pattern}$")]
HeaderValue = Annotated[
    str, BeforeValidator(_trimmed), AfterValidator(_header_value), _said(rf"^\s*{_HEADER_VALUE.pattern}\s*$")
]


class Body(BaseModel):
    """A request body: what it does not know it refuses by name."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)

    def given(self) -> dict[str, Any]:
        """The fields the request named, with their values."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Answer(BaseModel):
    """An answer's shape, for the OpenAPI document and to let nothing else out."""

    model_config = ConfigDict(extra="ignore")
