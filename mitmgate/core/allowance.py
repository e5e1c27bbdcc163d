"""How often somebody may do what is cheap once and dear in a flood. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

REMEMBERED: Final = 10_000


class Allowance[Who: Hashable]:
    """`burst` at once and `per_s` a second for each; times are monotonic seconds.

    Memory is bounded: of who is forgotten, those that came longest ago, the allowance is whole again.
    """

    def __init__(self, per_s: float, burst: int, remembered: int = REMEMBERED) -> None:
        self._per_s = per_s
        self._burst = burst
        self._remembered = remembered
        self._left: OrderedDict[Who, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._left)

    def take(self, who: Who, now: float) -> bool:
        """Whether once more is allowed; if so it is used up."""
        left, at = self._left.pop(who, (float(self._burst), now))
        left = min(self._burst, left + (now - at) * self._per_s)
        allowed = left >= 1
        self._left[who] = (left - 1 if allowed else left, now)
        if len(self._left) > self._remembered:
            self._left.popitem(last=False)
        return allowed
