"""What a setting's value may be: a kind turns a value of YAML or JSON into the setting's own type or refuses it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mitmgate.core.partition import parse_partition

KIB: Final = 1024
MIB: Final = 1024 * KIB
GIB: Final = 1024 * MIB

_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB|TiB)?")
_UNITS: Final = {None: 1, "B": 1, "KiB": KIB, "MiB": MIB, "GiB": GIB, "TiB": 1024 * GIB}
_HOST: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")  # RFC 9110 section 5.6.2
_KEY_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,32}")
_MIN_SECRET_BYTES: Final = 32  # RFC 7518 section 3.2: a key of HS256 has the hash's own size or more
_MIN_PEPPER_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Kind[T]:
    """`parse` judges a value and raises ValueError; in an environment variable it is JSON, unless is_text."""

    parse: Callable[[object], T]
    is_text: bool = False


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be text, not {name_of(value)}")
    if not value or any(ord(letter) < 32 or letter == "\x7f" for letter in value):
        raise ValueError("must be text without control characters, and not empty")
    return value


def name_of(value: object) -> str:
    """The type of a YAML value in a user's words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int():
            return "an integer"
        case float():
            return "a number"
        case str():
            return "text"
        case list() | tuple():
            return "a list"
        case Mapping():
            return "a map"
    return type(value).__name__


def optional[T](kind: Kind[T]) -> Kind[T | None]:
    """The kind, or nothing: `null` in YAML, an empty environment variable."""
    return Kind(lambda value: None if value is None or value == "" else kind.parse(value), kind.is_text)


def text() -> Kind[str]:
    return Kind(_text, is_text=True)


def choice(*words: str) -> Kind[str]:
    def parse(value: object) -> str:
        if value is False and "off" in words:  # YAML 1.1 habits, and JSON of an environment variable
            return "off"
        if value not in words or not isinstance(value, str):
            raise ValueError(f"must be one of {', '.join(words)}")
        return value

    return Kind(parse, is_text=True)


def boolean() -> Kind[bool]:
    def parse(value: object) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"must be true or false, not {name_of(value)}")
        return value

    return Kind(parse)


def partition() -> Kind[str]:
    """`user` or `header:NAME`."""
    return Kind(parse_partition, is_text=True)


def integer(least: int, most: int) -> Kind[int]:
    def parse(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"must be an integer, not {name_of(value)}")
        return int(_within(value, least, most))

    return Kind(parse)


def number(least: float, most: float) -> Kind[float]:
    def parse(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"must be a number, not {name_of(value)}")
        return float(_within(value, least, most))

    return Kind(parse)


def _within(value: float, least: float, most: float) -> float:
    if not least <= value <= most:  # also false for NaN
        raise ValueError(f"must be from {least:g} to {most:g}")
    return value


def size(least: int, most: int = 1024 * GIB) -> Kind[int]:
    """Bytes: an integer, or text such as `32MiB`."""

    def parse(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            raise ValueError(f"must be a size such as 32MiB or a number of bytes, not {name_of(value)}")
        if isinstance(value, str):
            match = _SIZE.fullmatch(value.strip())
            if match is None:
                raise ValueError("must be a size such as 64KiB, 32MiB or 2GiB")
            value = int(float(match[1]) * _UNITS[match[2]])
        if not least <= value <= most:
            raise ValueError(f"must be from {least} to {most} bytes")
        return int(value)

    return Kind(parse)


def path() -> Kind[Path]:
    """A file's path; a relative one starts in the current folder."""

    def parse(value: object) -> Path:
        try:
            return Path(_text(value)).expanduser().absolute()
        except RuntimeError:
            raise ValueError("names the home folder of a user who is none") from None

    return Kind(parse, is_text=True)


def listen() -> Kind[str]:
    def parse(value: object) -> str:
        host, port = split_host_port(_text(value))
        return join_host_port(host, port)

    return Kind(parse, is_text=True)


def split_host_port(where: str) -> tuple[str, int]:
    """`127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`; ValueError for anything else."""
    host, colon, port = where.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ValueError("must be HOST:PORT, for example 127.0.0.1:8080 or [::1]:8080")
    if host.startswith("[") and host.endswith("]"):
        return str(ipaddress.IPv6Address(host[1:-1])), int(port)
    if not _HOST.fullmatch(host):
        raise ValueError("must be HOST:PORT, for example 127.0.0.1:8080 or [::1]:8080")
    return host, int(port)


def join_host_port(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def store_url(*schemes: str) -> Kind[str]:
    def parse(value: object) -> str:
        url = _text(value)
        if url != "embedded" and url.partition("://")[0] not in schemes:
            raise ValueError(f"must be embedded, or a URL that begins with {' or '.join(s + '://' for s in schemes)}")
        return url

    return Kind(parse, is_text=True)


def pepper() -> Kind[str]:
    return Kind(_pepper, is_text=True)


def peppers() -> Kind[tuple[str, ...]]:
    return _list_of(_pepper)


def _pepper(value: object) -> str:
    if len(_text(value).encode()) < _MIN_PEPPER_BYTES:
        raise ValueError(f"must have {_MIN_PEPPER_BYTES} characters or more")
    return str(value)


def split_secret(item: str) -> tuple[str | None, str]:
    """`kid:secret` or a secret alone."""
    kid, colon, secret = item.partition(":")
    return (kid, secret) if colon and _KEY_ID.fullmatch(kid) else (None, item)


def _secret(value: object) -> str:
    if len(split_secret(_text(value))[1].encode()) < _MIN_SECRET_BYTES:
        raise ValueError(f"each secret must have {_MIN_SECRET_BYTES} characters or more, after an optional `kid:`")
    return str(value)


def _host_pattern(value: object) -> str:
    pattern = _text(value).lower()
    bare = pattern.removeprefix("*.")
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        if pattern != "*" and not _HOST.fullmatch(bare):
            raise ValueError('each must be "*", a host name or "*.example.com", without scheme and port') from None
    return pattern


def _list_of[T](each: Callable[[object], T]) -> Kind[tuple[T, ...]]:
    def parse(value: object) -> tuple[T, ...]:
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"must be a list, not {name_of(value)}")
        return tuple(each(item) for item in value)

    return Kind(parse)


def secrets() -> Kind[tuple[str, ...]]:
    return _list_of(_secret)


def host_patterns() -> Kind[tuple[str, ...]]:
    return _list_of(_host_pattern)


def header_names() -> Kind[tuple[str, ...]]:
    """In lower case."""
    return _list_of(_header_name)


def _header_name(value: object) -> str:
    name = _text(value)
    if not _HEADER.fullmatch(name):
        raise ValueError("each must be the name of a header")
    return name.lower()


def networks() -> Kind[tuple[str, ...]]:
    """Addresses and networks, such as `10.0.0.0/8`; one with host bits is a mistake more often than a wish."""
    return _list_of(_network)


def _network(value: object) -> str:
    try:
        return str(ipaddress.ip_network(_text(value)))
    except ValueError:
        raise ValueError("each must be an address or a network, such as 10.0.0.7, 10.0.0.0/8 or fd00::/8") from None


def resolve_map() -> Kind[Mapping[str, str]]:
    """`host:port` to `address` or `address:port`, as curl's --resolve."""

    def parse(value: object) -> Mapping[str, str]:
        if not isinstance(value, Mapping):
            raise ValueError(f"must be a map, not {name_of(value)}")
        return {_place(_text(name)): _address(_text(to)) for name, to in value.items()}

    return Kind(parse)


def _place(value: str) -> str:
    return join_host_port(*split_host_port(value.lower()))


def _address(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value.removeprefix("[").removesuffix("]")))
    except ValueError:
        pass
    try:
        host, port = split_host_port(value)
        return join_host_port(str(ipaddress.ip_address(host)), port)
    except ValueError:
        raise ValueError("each host:port must map to an IP address or ADDRESS:PORT") from None
