"""Carries a change of a tenant from control to every worker, and back that all of them have applied it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Protocol

from mitmgate.services.channel import Message

PATIENCE_S: Final = 10.0  # longer than a wedged worker is let live: its end is the usual way out


class Peer(Protocol):
    """A child, as far as the hub sees it."""

    @property
    def ready(self) -> bool: ...

    def send(self, message: Message) -> None: ...


@dataclass(slots=True)
class _Asked:
    """A change that control waits for: under which id, through which of its lives, and for which workers.

    message is what these are told.
    """

    id: object
    message: Message
    answer: Callable[[Message], None]
    waiting: set[Peer]
    applied: set[Peer] = field(default_factory=set)
    timer: asyncio.TimerHandle | None = None


class ApplyHub:
    """Numbers changes itself: a control that was restarted counts from the beginning again."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._asked: dict[int, _Asked] = {}
        self._number = 0

    def ask(self, message: Message, workers: Iterable[Peer], answer: Callable[[Message], None]) -> None:
        """Tells all workers, those that still start too; answers once those that serve have applied it."""
        workers = tuple(workers)
        self._number += 1
        told = {**message, "id": self._number}
        asked = _Asked(message.get("id"), told, answer, {worker for worker in workers if worker.ready})
        self._asked[self._number] = asked
        for worker in workers:
            worker.send(told)
        loop = asyncio.get_running_loop()
        asked.timer = loop.call_later(self._patience_s, self._finish, self._number)
        self._finish_if_done(self._number)

    def applied(self, worker: Peer, message: Message) -> None:
        """A worker has applied a change."""
        number = message.get("id")
        if isinstance(number, int) and (asked := self._asked.get(number)) is not None:
            asked.applied.add(worker)
            asked.waiting.discard(worker)
            self._finish_if_done(number)

    def joined(self, worker: Peer) -> None:
        """A worker serves from now on: what is still waited for has to be true of it too.

        It is told again, since this life of it may not have heard.
        """
        for asked in self._asked.values():
            if worker not in asked.applied:
                asked.waiting.add(worker)
                worker.send(asked.message)

    def left(self, worker: Peer) -> None:
        """A worker has ended: its next life loads everything anew."""
        for number, asked in list(self._asked.items()):
            asked.waiting.discard(worker)
            asked.applied.discard(worker)
            self._finish_if_done(number)

    def _finish_if_done(self, number: int) -> None:
        if not self._asked[number].waiting:
            self._finish(number)

    def _finish(self, number: int) -> None:
        asked = self._asked.pop(number)
        if asked.timer is not None:
            asked.timer.cancel()
        asked.answer({"op": "applied", "id": asked.id, "missing": len(asked.waiting)})
