"""The keys of a tenant's cache and the scripts that keep its books (lua/books.lua): all share the tenant's hash tag."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from mitmgate.services.redis import Script

ALL: Final = "xall"  # every tenant's bytes and their sum: lua/books.lua
#: A hash of each tenant's last removal. An answer is stored only where its request began under the same one.
REMOVALS: Final = "xgone"
ANY_REMOVAL: Final = "*"
DROPPED_AT_ONCE: Final = 300  # entries in one script: a few ms of the server's time


class BookScript(Script):
    """A Lua file that stands behind books.lua: its KEYS begin with `books`, its ARGV with `tag`."""

    @cached_property
    def text(self) -> str:
        return Script("books").text + Script(self.name).text


def tag(tenant_id: int) -> str:
    return f"{{{tenant_id}}}:"


def books(tenant_id: int) -> list[str]:
    """Sizes, uses, expiries, hits, and the tenant's scopes."""
    return [f"{name}:{{{tenant_id}}}" for name in ("xsize", "xused", "xends", "xhits", "vt")]


def entry_key(tenant_id: int, name: str) -> str:
    """Where the entry of that fingerprint (hex) is."""
    return f"x:{{{tenant_id}}}:{name}"


def counts_key(tenant_id: int) -> str:
    """A hash of what the cache did for the tenant: exact and semantic hits, misses."""
    return f"xcount:{{{tenant_id}}}"
