"""Prints for people and for programs. The only module that knows Rich.

In a terminal a table fits its width: names and URLs fold, ids and keys stay whole. Piped there is no width, no frame
and no colour, so that a line is a row whatever its length.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TextIO

import click
from rich import box
from rich.console import Console
from rich.live import Live
from rich.style import Style
from rich.table import Table
from rich.text import Text

_PIPED_WIDTH: Final = 100_000
_STATES: Final = {
    "active": Style(color="green"),
    "ok": Style(color="green"),
    "blocked": Style(color="red", bold=True),
    "wrong": Style(color="red", bold=True),
    "warning": Style(color="yellow"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `keep` never folds or cuts its cells (ids, keys, numbers), `right` aligns them to the right."""

    title: str
    keep: bool = False
    right: bool = False


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]], empty: str, file: TextIO | None = None) -> None:
    """Prints a table; `empty` in its place when there is no row."""
    cells = list(rows)
    console = _console(file)
    if not cells:
        console.print(Text(empty))
        return
    drawn = Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False, show_edge=False)
    for index, column in enumerate(columns):
        widest = max(Text(row[index]).cell_len for row in cells)
        drawn.add_column(
            column.title,
            justify="right" if column.right else "left",
            no_wrap=column.keep,
            min_width=max(widest, len(column.title)) if column.keep else min(widest, 8),
            overflow="fold",
        )
    for row in cells:
        drawn.add_row(*(Text(value, style=_STATES.get(value, "")) for value in row))
    _print(console, drawn)


def fields(pairs: Iterable[tuple[str, str]], title: str = "", file: TextIO | None = None) -> None:
    """Prints names and values, one pair a line."""
    console = _console(file)
    if title:
        console.print(Text(title, style="bold"))
    drawn = Table(box=None, show_header=False, pad_edge=False)
    drawn.add_column(no_wrap=True, style="dim" if console.is_terminal else "")
    drawn.add_column(overflow="fold")
    for name, value in pairs:
        drawn.add_row(Text(name), Text(value, style=_STATES.get(value, "")))
    _print(console, drawn)


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on the terminal, none elsewhere; takes how much more is done."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda more: bar.advance(task, more)


def document(value: Any) -> None:
    """Prints one JSON document, in ASCII, so that it survives every terminal and pipe."""
    click.echo(json.dumps(value, indent=2))


def line(text: str, tone: str = "") -> None:
    """Prints one line as it is, at once; tone is a state's name, such as `warning`."""
    console = _console(None)
    if console.is_terminal:
        console.print(Text(text, style=_STATES.get(tone, "")), soft_wrap=True)
    else:
        click.echo(text.encode(encoding(), "replace").decode(encoding()))


def width() -> int | None:
    """The terminal's columns; None without a terminal."""
    console = _console(None)
    return console.width if console.is_terminal else None


@contextmanager
def live() -> Iterator[Callable[[Sequence[str]], None]]:
    """Gives a function that shows lines in place of those before; without a terminal each block comes below."""
    console = _console(None)
    if not console.is_terminal:
        yield lambda lines: click.echo("\n".join([*lines, ""]).encode(encoding(), "replace").decode(encoding()))
        return
    with Live(console=console, auto_refresh=False) as shown:
        yield lambda lines: shown.update(Text("\n".join(lines), no_wrap=True, overflow="ellipsis"), refresh=True)


def encoding() -> str:
    return sys.stdout.encoding or "ascii"


def _console(file: TextIO | None) -> Console:
    """Made at each call: standard output may have been replaced since the import."""
    target = file or sys.stdout
    if target.isatty():
        return Console(file=target, highlight=False)
    return Console(file=target, force_terminal=False, color_system=None, width=_PIPED_WIDTH, highlight=False)


def _print(console: Console, drawn: Table) -> None:
    if console.is_terminal:
        console.print(drawn)
        return
    with console.capture() as captured:
        console.print(drawn)
    for line in captured.get().splitlines():
        click.echo(line.rstrip(), file=console.file)
