"""Lua files as commands."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mitmgate.services.redis_connection import Command


@dataclass(frozen=True)
class Script:
    """A Lua file of the folder `lua`, called by its digest."""

    name: str

    @cached_property
    def text(self) -> str:
        return (Path(__file__).parent / "lua" / f"{self.name}.lua").read_text()

    @cached_property
    def digest(self) -> str:
        return hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    def command(self, keys: Sequence[Any], arguments: Sequence[Any]) -> Command:
        return ("EVALSHA", self.digest, len(keys), *keys, *arguments)
