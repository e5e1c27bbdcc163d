"""Log lines: so many of one cause, nothing lost silently, and no reason that says nothing."""

from __future__ import annotations

import ast
import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from mitmgate.services.log_limit import LINES, WINDOW_S, LimitedHandler
from mitmgate.services.logs import reason_of
from mitmgate.services.redis import StoreDown

ROOT = Path(__file__).parents[3]


class Log:
    """A logger of its own with a limited handler and a clock that is moved by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self._stream = io.StringIO()
        self.handler = LimitedHandler(self._stream, clock=lambda: self.now_s)
        self.logger = logging.Logger("tests.limited")  # noqa: LOG001 - none that others see
        self.logger.addHandler(self.handler)

    def lines(self) -> list[str]:
        return self._stream.getvalue().splitlines()


@pytest.fixture
def log() -> Iterator[Log]:
    log = Log()
    yield log
    log.handler.close()


def test_so_many_of_one_cause_then_their_number(log: Log) -> None:
    for number in range(LINES + 120):
        log.logger.warning("it broke: %s", number)
    assert log.lines() == [f"it broke: {number}" for number in range(LINES)]
    log.now_s += WINDOW_S
    log.logger.warning("another cause")
    assert log.lines()[LINES:] == [
        f"… and 120 more within 60 s, the last: it broke: {LINES + 119}",
        "another cause",
    ]
    log.logger.warning("it broke: %s", "again")
    assert log.lines()[-1] == "it broke: again"


def test_other_causes_are_not_held_back(log: Log) -> None:
    for _ in range(LINES + 1):
        log.logger.warning("one: %s", "x")
    for _ in range(LINES):
        log.logger.error("two: %s", "x")
    log.logger.warning("three")
    assert log.lines().count("two: x") == LINES and "three" in log.lines()


def test_texts_made_before_the_call_are_one_cause(log: Log) -> None:
    for number in range(10 * LINES):
        log.logger.warning(f"from {number}")
    assert len(log.lines()) == LINES


def test_nothing_is_lost_at_the_end(log: Log) -> None:
    for _ in range(LINES + 3):
        log.logger.warning("it broke")
    log.handler.close()
    assert log.lines()[-1] == "… and 3 more within 60 s, the last: it broke"


def test_the_number_comes_without_another_line(log: Log) -> None:
    for _ in range(LINES + 3):
        log.logger.warning("it broke")
    log.now_s += WINDOW_S
    log.handler._on_timer()  # what the timer calls
    assert log.lines()[-1].startswith("… and 3 more") and log.handler._timer is None


def test_causes_are_bounded(log: Log) -> None:
    for number in range(3000):
        log.logger.log(logging.WARNING, f"cause {number}: %s", "x")
    assert len(log.lines()) == 3000 and len(log.handler._windows) <= 1000


class Silent(Exception):
    pass


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (ValueError("it is wrong"), "it is wrong"),
        (StoreDown(), "StoreDown"),
        (TimeoutError(), "TimeoutError"),
        (OSError(28, "No space left on device", "/f"), "No space left on device"),
        (Silent(" \n"), "Silent"),
        (None, "unknown"),
    ],
)
def test_a_reason_is_never_empty(problem: BaseException | None, reason: str) -> None:
    assert reason_of(problem) == reason


def test_a_silent_exception_names_its_cause() -> None:
    try:
        raise StoreDown from ConnectionResetError(104, "Connection reset by peer")
    except StoreDown as problem:
        assert reason_of(problem) == "StoreDown (Connection reset by peer)"


@pytest.mark.parametrize("package", ["addons", "mitmgate"])
def test_no_exception_is_logged_by_a_text_that_may_be_empty(package: str) -> None:
    """`except X as problem: log.info("…: %s", problem)` says nothing for many exceptions: reason_of says something."""
    wrong = []
    for file in (ROOT / package).rglob("*.py"):
        for handler in (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ExceptHandler)):
            for call in (node for node in ast.walk(handler) if isinstance(node, ast.Call)):
                if isinstance(call.func, ast.Attribute) and call.func.attr in ("debug", "info", "warning", "error"):
                    for argument in call.args[1:]:
                        text = ast.unparse(argument)
                        if text in (handler.name, f"str({handler.name})", f"{handler.name}.strerror"):
                            wrong.append(f"{file.relative_to(ROOT)}:{call.lineno}")
    assert not wrong
