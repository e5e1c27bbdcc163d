"""Pairs of questions to be judged: read from a file, and parted into calls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, TextIO

import click

MOST_AT_ONCE: Final = 1000
MOST_CHARACTERS: Final = 200_000  # of one call: far below what the admin API takes

Pair = tuple[str, str]


def read_pairs(source: TextIO) -> Iterator[Pair]:
    """A pair a line. Raises UsageError, which names the line."""
    try:
        for number, line in enumerate(source, start=1):
            if line.strip():
                yield _pair(line.rstrip("\r\n"), number)
    except UnicodeDecodeError:
        raise click.UsageError("the file is not UTF-8") from None


def _pair(line: str, number: int) -> Pair:
    pair: Any = None
    if line.lstrip()[:1] in "{[":
        try:
            parsed = json.loads(line)
            pair = [parsed.get("a"), parsed.get("b")] if isinstance(parsed, dict) else parsed
        except (ValueError, RecursionError):
            pair = None
    if pair is None:
        pair = line.split("\t")
    if len(pair) == 2 and isinstance(pair[0], str) and isinstance(pair[1], str):
        return pair[0], pair[1]
    raise click.UsageError(f'line {number} is no pair: {{"a": …, "b": …}}, ["…", "…"], or two texts with a tab between')


def in_parts(pairs: list[Pair]) -> Iterator[list[Pair]]:
    """So many that a call takes them."""
    part: list[Pair] = []
    size = 0
    for pair in pairs:
        length = len(pair[0]) + len(pair[1])
        if part and (len(part) == MOST_AT_ONCE or size + length > MOST_CHARACTERS // 2):
            yield part
            part, size = [], 0
        part.append(pair)
        size += length
    if part:
        yield part
