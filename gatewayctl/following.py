"""What commands that go on until they are interrupted share: asking again and again, and how they end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import click

from gatewayctl.client import AdminClient, Refused, ServerAway

INTERRUPTED: Final = 130  # 128 and SIGINT, as shells tell it
AWAY_S: Final = 0.5
_NOT_NOW: Final = frozenset({502, 503, 504})


@contextmanager
def until_interrupted() -> Iterator[None]:
    """Ctrl-C is how these commands end: without a word, with the code that shells expect."""
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


class Follower:
    """Asks for what is new since the answer before. While the server is away it waits, and says so once."""

    def __init__(self, client: AdminClient, path: str, query: dict[str, Any]) -> None:
        self._client = client
        self._path = path
        self._query = query
        self._cursor: str | None = None

    def begin(self) -> Any:
        """The first answer: what comes after it is new. A server that is away is an error here."""
        answer = self._client.get(self._path, **self._query)
        self._cursor = answer["next_cursor"]
        return answer

    def ask(self) -> Any:
        """The next answer, with what came after the one before."""
        said = False
        while True:
            try:
                answer = self._client.get(self._path, **self._query, after=self._cursor)
            except ServerAway as problem:
                why = problem.message
            except Refused as problem:
                if problem.status not in _NOT_NOW:
                    raise
                why = f"the gateway at {self._client.url} cannot tell now"
            else:
                self._cursor = answer["next_cursor"]
                return answer
            if not said:
                click.echo(f"{why}; waiting for it", err=True)
                said = True
            time.sleep(AWAY_S)


def every(interval_s: float, ask: Callable[[], Any]) -> Iterator[Any]:
    """Answers without end, that far apart."""
    while True:
        yield ask()
        time.sleep(interval_s)
