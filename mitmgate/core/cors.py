"""Which origins' pages may call the API from a browser: https://fetch.spec.whatwg.org/#http-cors-protocol. Pure.

No cookie ever authenticates here, so the answers allow no credentials, and `*` is safe for what is public anyway.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

type Fields = list[tuple[bytes, bytes]]

EVERYWHERE: Final = "*"
_PREFLIGHT_S: Final = 600
_VARY: Final = (b"Vary", b"Origin")  # on answers to other origins, too: this one's would differ
_EXPOSED: Final = (b"Access-Control-Expose-Headers", b"*")
_match_names: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z, ]{1,4096}").fullmatch
_match_origin: Final = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?").fullmatch


class Cors:
    """origins are exact, such as `https://app.example`, or `*`; with none, nothing is allowed and nothing is said."""

    def __init__(self, origins: Collection[str]) -> None:
        self._origins = frozenset(origins)

    def answer_fields(self, origin: str | None) -> Fields:
        """What every answer, an error too, to a request of that origin carries."""
        if not self._origins:
            return []
        if EVERYWHERE in self._origins:
            return [(b"Access-Control-Allow-Origin", b"*"), _EXPOSED]
        if origin is None or origin not in self._origins:
            return [_VARY]
        return [(b"Access-Control-Allow-Origin", origin.encode("latin-1")), _VARY, _EXPOSED]

    def preflight_fields(self, origin: str | None, method: str | None, names: str | None) -> Fields | None:
        """What the answer to OPTIONS with these Origin and Access-Control-Request-* headers carries besides.

        None for what is no preflight, or not answered as one. An origin that is not allowed gets no permission.
        """
        if not self._origins or origin is None or method is None or _match_names(method) is None:
            return None
        if EVERYWHERE not in self._origins and origin not in self._origins:
            return []
        fields: Fields = [
            (b"Access-Control-Allow-Methods", method.encode()),
            (b"Access-Control-Max-Age", b"%d" % _PREFLIGHT_S),
            (b"Vary", b"Access-Control-Request-Method, Access-Control-Request-Headers"),
        ]
        if names is not None and _match_names(names) is not None:  # `*` would leave out Authorization
            fields.append((b"Access-Control-Allow-Headers", names.encode()))
        return fields


def parse_origin(text: str) -> str:
    """An origin as browsers send it, or `*`. Raises ValueError."""
    if text == EVERYWHERE or _match_origin(text):
        return text
    raise ValueError(text)
