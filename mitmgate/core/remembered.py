"""What was worked out before, by its question: a bounded dictionary that forgets what was not asked for longest."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable


class Remembered[K: Hashable, V]:
    """At most `most` answers. Both calls cost one lookup and one move."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._answers: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, key: K) -> V | None:
        answer = self._answers.get(key)
        if answer is not None:
            self._answers.move_to_end(key)
        return answer

    def put(self, key: K, answer: V) -> None:
        self._answers[key] = answer
        if len(self._answers) > self._most:
            self._answers.popitem(last=False)

    def forget(self, is_meant: Callable[[K], bool]) -> None:
        """Drops the answers whose key is meant."""
        for key in [key for key in self._answers if is_meant(key)]:
            del self._answers[key]
