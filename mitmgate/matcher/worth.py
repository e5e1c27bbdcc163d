"""Which scopes are worth a lookup: one that never has a hit is asked for a sample of its questions only."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

LOOKUPS: Final = 1000  # without a hit, until a scope is sampled
ONE_IN: Final = 20
REMEMBERED: Final = 65_536  # scopes; of the others nothing is known, so that they are looked up

type Name = tuple[int, bytes]  # tenant, digest


@dataclass(slots=True)
class _Since:
    """What was asked since the last hit."""

    lookups: int = 0
    left_out: int = 0


class Worth:
    """Counts what came of the lookups, by tenant and scope, since the scope's last hit."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._since: OrderedDict[Name, _Since] = OrderedDict()

    def __len__(self) -> int:
        return len(self._since)

    def look(self, name: Name) -> bool:
        """Whether this question is to be looked up: each, or one in twenty."""
        since = self._since.get(name)
        if since is None or since.lookups < LOOKUPS:
            return True
        since.left_out = (since.left_out + 1) % ONE_IN
        return since.left_out == 0

    def note(self, name: Name, *, hit: bool) -> None:
        """What came of a lookup. A hit makes the scope worth all of its lookups again."""
        if hit:
            self._since.pop(name, None)
            return
        since = self._since.setdefault(name, _Since())
        since.lookups += 1
        self._since.move_to_end(name)
        if len(self._since) > self._remembered:
            self._since.popitem(last=False)
