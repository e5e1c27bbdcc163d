"""How long to wait before what died is started again."""

from __future__ import annotations

from typing import Final

PAUSES_S: Final = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)
_STEADY_S: Final = 30.0


class Backoff:
    """At once the first time, then ever later; from the beginning after it lived for half a minute."""

    def __init__(self) -> None:
        self.restarts = 0
        self._deaths = 0
        self._last_death_s: float | None = None

    def after_death(self, now_s: float) -> float:
        """Seconds to wait now; counts the restart."""
        if self._last_death_s is not None and now_s - self._last_death_s > _STEADY_S:
            self._deaths = 0
        pause_s = PAUSES_S[min(self._deaths, len(PAUSES_S) - 1)]
        self._deaths += 1
        self.restarts += 1
        self._last_death_s = now_s
        return pause_s
