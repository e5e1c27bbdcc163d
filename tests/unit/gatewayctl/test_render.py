from __future__ import annotations

import io

import pytest
from rich.text import Text

from gatewayctl import render
from gatewayctl.render import Column

COLUMNS = (Column("ID", keep=True, right=True), Column("Name"), Column("Status", keep=True), Column("Upstream"))
ROWS = [
    (
        "12345",
        "a tenant with a long name of many words",
        "active",
        "https://a-very-long-host-name.example.com/some/path",
    ),
    ("7", "n" * 60, "blocked", "https://" + "h" * 90),
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return monkeypatch


@pytest.mark.parametrize("width", [80, 50])
def test_a_table_fits_a_narrow_terminal_and_cuts_nothing(environment: pytest.MonkeyPatch, width: int) -> None:
    environment.setenv("COLUMNS", str(width))
    terminal = Terminal()
    render.table(COLUMNS, ROWS, empty="", file=terminal)
    lines = [Text.from_ansi(line).plain for line in terminal.getvalue().splitlines()]
    assert max(map(len, lines)) <= width
    assert "12345" in lines[2] and "active" in lines[2] and "…" not in terminal.getvalue()
    assert sum(line.count("h") for line in lines[3:]) >= 90 and sum(line.count("n") for line in lines) >= 60


def test_a_terminal_gets_colours_unless_it_says_no(environment: pytest.MonkeyPatch) -> None:
    coloured, plain = Terminal(), Terminal()
    render.table(COLUMNS, ROWS, empty="", file=coloured)
    environment.setenv("NO_COLOR", "1")
    render.table(COLUMNS, ROWS, empty="", file=plain)
    assert "\x1b[32m" in coloured.getvalue() and "\x1b[32m" not in plain.getvalue()
    assert "\x1b[1;31m" in coloured.getvalue() and "31m" not in plain.getvalue()


def test_a_pipe_gets_a_line_a_row() -> None:
    pipe = io.StringIO()
    render.table(COLUMNS, ROWS, empty="", file=pipe)
    assert len(pipe.getvalue().splitlines()) == 3 and "\x1b" not in pipe.getvalue()
    assert all(cell in pipe.getvalue() for row in ROWS for cell in row)
