"""How slowly a request's body may come: at a minimum rate, and as a whole within a deadline. Pure."""

from __future__ import annotations

from typing import Final

LEAST_BYTES_PER_S: Final = 500  # as Apache's mod_reqtimeout


class BodyPace:
    """Judges a body once a window. The first window is its grace: a body that ends within it may be of any rate.

    Times are monotonic seconds; whole_s bounds the whole body, None only its rate.
    """

    __slots__ = ("_before", "_due", "_ends_at", "_window_s")

    def __init__(self, now: float, window_s: float, whole_s: float | None) -> None:
        self._window_s = window_s
        self._ends_at = None if whole_s is None else now + whole_s
        self._before = 0
        self._due = now + window_s

    def next_s(self, now: float) -> float:
        """Seconds until `is_late` is to be called."""
        due = self._due if self._ends_at is None else min(self._due, self._ends_at)
        return max(0.0, due - now)

    def is_late(self, received: int, now: float, held: bool) -> bool:
        """Whether the body has come too slowly. received: bytes of it so far; held: we do not read on at the moment."""
        if self._ends_at is not None and now >= self._ends_at:
            return True
        if now < self._due:
            return False
        if not held and received - self._before < LEAST_BYTES_PER_S * self._window_s:
            return True
        self._before, self._due = received, now + self._window_s
        return False
