"""The SQL of the gateway: each query is in a .sql file beside this one, with name and purpose; Python knows the names.

A file holds queries like this one, the comment after the name saying what it is for and what its parameters are:

    -- name: count_tenants
    -- How many tenants there are, deleted ones left out.
    SELECT count(*) FROM tenants WHERE deleted_at IS NULL;

Files are read when this module is imported, and a query without a name, purpose or text fails there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_HEADER: Final = re.compile(r"^-- name: *(\S*)[ \t]*\n", re.MULTILINE)
_PURPOSE: Final = re.compile(r"(?:--[^\n]*\n)+")


class Queries:
    """The text of each query as an attribute of its name."""

    def __init__(self, texts: dict[str, str], purposes: dict[str, str]) -> None:
        self._texts = texts
        self.purposes = purposes

    def __getattr__(self, name: str) -> str:
        try:
            return self._texts[name]
        except KeyError:
            raise AttributeError(f"no query is named {name!r}") from None

    def __dir__(self) -> list[str]:
        return sorted(self._texts)


def parse_queries(sources: Iterable[tuple[str, str]]) -> Queries:
    """Reads (file name, text) pairs. Raises ValueError naming the file and what is wrong in it."""
    texts: dict[str, str] = {}
    purposes: dict[str, str] = {}
    for file, source in sources:
        preamble, *parts = _HEADER.split(source)
        if re.sub(r"(?m)^--.*$", "", preamble).strip():
            raise ValueError(f"{file}: SQL before the first name")
        for name, body in zip(parts[::2], parts[1::2], strict=True):
            purpose = _PURPOSE.match(body)
            if not name.isidentifier() or name.startswith("_") or hasattr(Queries, name):
                raise ValueError(f"{file}: {name!r} cannot be an attribute")
            if name in texts:
                raise ValueError(f"{file}: {name} is there twice")
            if purpose is None:
                raise ValueError(f"{file}: {name} does not say what it is for")
            text = body[purpose.end() :].strip().removesuffix(";")
            if not text:
                raise ValueError(f"{file}: {name} has no SQL")
            texts[name] = text
            purposes[name] = re.sub(r"(?m)^-- ?", "", purpose.group()).strip()
    return Queries(texts, purposes)


queries: Final = parse_queries((file.name, file.read_text()) for file in sorted(Path(__file__).parent.glob("*.sql")))
