"""The bytes that one worker holds for all of its connections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SLACK_BYTES: Final = 1 << 20


@dataclass(slots=True)
class Room:
    """Bytes a worker may hold at once: of bodies, and of input that waits to be worked on."""

    limit: int
    used: int = 0

    def take(self, count: int) -> bool:
        """Claims count bytes if they fit."""
        if self.used + count > self.limit:
            return False
        self.used += count
        return True

    def hold(self, count: int) -> bool:
        """Counts bytes that are held already, or negative ones that no longer are. -> False when they must go.

        Each connection holds few, and they may exceed the limit somewhat: else large bodies, which use it up
        regularly, would end uploads that wait for their upstream for a moment.
        """
        self.used += count
        return count <= 0 or self.used <= self.limit + max(self.limit // 8, SLACK_BYTES)

    def give_back(self, count: int) -> None:
        self.used -= count
