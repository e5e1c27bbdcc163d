"""mitmproxy without what costs each request time and serves only its interactive tools.

Replaced in place, since mitmproxy's own layers are who calls it. What each returns stays the same: the tests compare.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any, Final

import mitmproxy.connection
import mitmproxy.flow
from mitmproxy import http

_METHODS: Final = {name.encode(): name for name in ("GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")}


def unburden_mitmproxy() -> None:
    """Replaces them, for the process.

    The type check of every message's fields and headers took a tenth of a request's time, for what mypy has seen.
    `python -O` would leave it out too, and with it mitmproxy's guards against mixed-up streams.
    """
    http.MessageData.__post_init__ = lambda self: None  # type: ignore[method-assign]
    init = http.Headers.__init__

    def make(self: http.Headers, fields: Iterable[tuple[bytes, bytes]] = (), **headers: Any) -> None:
        if headers:
            init(self, fields, **headers)
        else:
            self.fields = tuple(map(tuple, fields))  # type: ignore[arg-type]

    http.Headers.__init__ = make  # type: ignore[method-assign]
    http.Headers.get_all = header_values  # type: ignore[assignment,method-assign]
    http.Headers.get = header_value  # type: ignore[assignment,method-assign]
    method: property = vars(http.Request)["method"]
    read: Callable[[http.Request], str] = method.fget  # type: ignore[assignment]
    http.Request.method = method.getter(  # type: ignore[method-assign,assignment]
        lambda request: _METHODS.get(request.data.method) or read(request)
    )
    for module in (mitmproxy.flow, mitmproxy.connection):
        module.uuid = SimpleNamespace(uuid4=random_uuid)  # type: ignore[attr-defined]


def header_values(headers: http.Headers, name: str | bytes) -> list[str]:
    """`Headers.get_all` without a call for each header."""
    wanted = (name.encode() if isinstance(name, str) else name).lower()
    length = len(wanted)
    return [
        value.decode("utf-8", "surrogateescape")
        for key, value in headers.fields
        if len(key) == length and key.lower() == wanted
    ]


def header_value(headers: http.Headers, name: str | bytes, default: Any = None) -> Any:
    """`Headers.get` without an exception for a header that is not there."""
    values = header_values(headers, name)
    return ", ".join(values) if values else default


def random_uuid() -> str:
    """A UUID version 4 for mitmproxy's flows and connections, which it tells apart by it and nothing else."""
    text = f"{random.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) & 3]}{text[17:20]}-{text[20:]}"
