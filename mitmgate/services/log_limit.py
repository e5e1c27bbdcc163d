"""At most so many log lines a minute of one cause; what is held back is counted and said."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TextIO

LINES: Final = 20
WINDOW_S: Final = 60.0
_MOST_CAUSES: Final = 1000  # beyond it the oldest is forgotten, once its count is said

#: Logger, level, file and line of the call; the template, where the call has arguments to fill it with: a text made
#: before the call may differ each time.
_Cause = tuple[str, int, str, int, str]


@dataclass(slots=True)
class _Window:
    began_s: float
    lines: int = 0
    held: int = 0
    last: logging.LogRecord | None = None


class LimitedHandler(logging.StreamHandler[TextIO]):
    """Writes LINES lines of a cause within WINDOW_S; then one line that says how many more there were.

    That line comes when the window ends, with the next record or by a timer, and at the latest when the handler closes.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(stream)
        self._clock = clock
        self._windows: dict[_Cause, _Window] = {}
        self._timer: threading.Timer | None = None

    def emit(self, record: logging.LogRecord) -> None:
        now_s = self._clock()
        self._end_windows(now_s)
        cause = _cause_of(record)
        window = self._windows.get(cause)
        if window is None:
            if len(self._windows) >= _MOST_CAUSES:
                self._say(self._windows.pop(next(iter(self._windows))))
            window = self._windows[cause] = _Window(now_s)
        if window.lines < LINES:
            window.lines += 1
            super().emit(record)
            return
        window.held += 1
        window.last = record
        if self._timer is None:
            self._start_timer()

    def close(self) -> None:
        self.acquire()
        try:
            self._end_windows(math.inf)
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        finally:
            self.release()
        super().close()

    def _start_timer(self) -> None:
        self._timer = threading.Timer(WINDOW_S, self._on_timer)
        self._timer.daemon = True
        self._timer.start()

    def _on_timer(self) -> None:
        self.acquire()
        try:
            self._timer = None
            self._end_windows(self._clock())
            if any(window.held for window in self._windows.values()):
                self._start_timer()
        finally:
            self.release()

    def _end_windows(self, now_s: float) -> None:
        while self._windows:
            cause, oldest = next(iter(self._windows.items()))
            if now_s < oldest.began_s + WINDOW_S:
                return
            del self._windows[cause]
            self._say(oldest)

    def _say(self, window: _Window) -> None:
        if window.last is None:
            return
        last = window.last
        text = f"… and {window.held} more within {WINDOW_S:.0f} s, the last: {last.getMessage()}"
        said = logging.LogRecord(last.name, last.levelno, last.pathname, last.lineno, text, None, None)
        said.created, said.msecs = last.created, last.msecs
        super().emit(said)


def _cause_of(record: logging.LogRecord) -> _Cause:
    template = str(record.msg) if record.args else ""
    return record.name, record.levelno, record.pathname, record.lineno, template
