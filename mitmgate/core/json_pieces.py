"""A long JSON text as a row of short ones, so that no turn of the event loop has to look at all of it. Pure.

A piece is what stands between two commas, with the containers that are open at its begin opened in front of it, and
those open at its end closed behind it. So each piece is JSON of its own, and the whole is valid exactly when all
pieces are. A string that is longer than a piece is cut within.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, Final, NamedTuple

import orjson

PIECE_BYTES: Final = 1 << 16
MAX_NAMES_BYTES: Final = 1 << 16  # of what each piece repeats: the names of open containers
_MAX_PIECE_BYTES: Final = 1 << 20
_PASSES: Final = 5
_MAX_DEPTH: Final = 1000

_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_SPACE: Final = b" \t\r\n"
_STEPS: Final = {**dict.fromkeys(b"[{", 1), **dict.fromkeys(b"]}", -1)}
_CLOSES: Final = {b"{": b"}", b"[": b"]", b'"': b'"'}
_match_space: Final = re.compile(rb"[ \t\r\n]*+").match
_find_runs: Final = re.compile(rb"[\[{]+|[\]}]+").findall
_ends_in_high_surrogate: Final = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\Z").search


class NotJson(ValueError):
    """The whole is not valid JSON, nested over 1,000 deep, or has half a MiB of white space, or a number as long."""


class Piece(NamedTuple):
    """From text's byte `added` on, byte i is the whole's byte i + shift.

    depth: how many containers, and half a string, are open behind it.
    """

    text: bytes
    added: int
    shift: int
    depth: int


class Pieces:
    """Iterates over the pieces of a JSON text; None where it takes another turn to find one's end.

    The whole is valid if a parser takes every piece and this raises nothing: NotJson is for what no piece shows, such
    as a container that is never closed, one that is nested too deep, or a comma too many; and for a text that is
    neither object nor array. Containers opened in an earlier piece have the name "", unless `name_open` is called.
    """

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = _space_ends(raw, 0)
        self._size = PIECE_BYTES
        if raw[self._at : self._at + 1] not in (b"{", b"["):
            raise NotJson
        #: How each open container is opened, the outermost first; of half a string, the quotation mark.
        self._open: list[bytes] = []
        self._before = (self._at, self._open)
        self._ended = False

    def __iter__(self) -> Iterator[Piece | None]:
        while not self._ended:
            yield self._take()
        if self._open:
            raise NotJson

    def again(self) -> None:
        """Has the last piece come once more, twice as long: it ended where it must not."""
        self._at, self._open = self._before
        self._size = 2 * PIECE_BYTES
        self._ended = False

    def name_open(self, tree: Any) -> None:
        """Names the containers that are open behind the last piece. tree: that piece, parsed; it repeats no name."""
        named = self._open[:1]
        for inner in self._open[1:]:
            if type(tree) is dict:
                name = next(reversed(tree))
                named.append(orjson.dumps(name) + b":" + inner[-1:])
                tree = tree[name]
            else:
                named.append(inner)
                tree = tree[-1]
        if sum(map(len, named)) > MAX_NAMES_BYTES:
            raise NotJson
        self._open = named

    def _take(self) -> Piece | None:
        raw, at, opened = self._raw, self._at, self._open
        end = min(at + self._size, len(raw))
        within = int(bool(opened) and opened[-1][-1:] == b'"')
        # As long as the text, but every quotation mark in it begins or ends a string.
        plain = raw[at:end].replace(b"\\\\", b"__").replace(b'\\"', b"__")
        parts = plain.split(b'"')
        ends_within = (len(parts) - 1 + within) % 2 == 1
        cut, outside = _last_comma(plain, parts, within) if end < len(raw) else (-1, parts[within::2])
        at_comma = cut >= 0
        if end < len(raw) and not at_comma:
            # A long number, much white space, deep nesting; or a string that need not be cut, such as a name.
            if not ends_within or len(parts[-1]) < self._size // 2:
                self._size *= 2
                if self._size > _MAX_PIECE_BYTES:
                    raise NotJson
                return None
            cut, outside = _place_within(plain, raw, at), parts[within::2]
        elif not at_comma:
            if ends_within:
                raise NotJson
            cut, self._ended = end - at, True
        after = self._followed(opened[:-1] if within and len(parts) > 1 else opened, outside)
        if at_comma:
            self._check_comma(at, at + cut, len(after))
        elif ends_within and (not within or len(parts) > 1):
            after.append(b'"":"' if after and after[-1][-1:] == b"{" else b'"')
        front = b"".join(opened)
        behind = b"".join([_CLOSES[opener[-1:]] for opener in reversed(after)])
        self._before = (at, opened)
        self._at, self._open, self._size = at + cut + at_comma, after, PIECE_BYTES
        return Piece(front + raw[at : at + cut] + behind, len(front), at - len(front), len(after))

    def _check_comma(self, at: int, comma: int, depth: int) -> None:
        """What the pieces before and behind a comma do not show."""
        before = self._raw[at:comma].rstrip(_SPACE)[-1:]
        behind = _space_ends(self._raw, comma + 1)
        if not depth or before in (b"", b"[", b"{") or self._raw[behind : behind + 1] in (b"]", b"}"):
            raise NotJson

    def _followed(self, opened: Sequence[bytes], outside: list[bytes]) -> list[bytes]:
        """What is open behind these parts of a text, which are all that stands outside of strings."""
        brackets = whole = b"".join(outside).translate(None, _NOT_BRACKETS)
        hidden = 0  # levels that the brackets taken out may have had
        while hidden < 2 * _PASSES and len(shorter := brackets.replace(b"[]", b"").replace(b"{}", b"")) < len(brackets):
            brackets, hidden = shorter, hidden + 2
        kinds = bytearray(opener[-1] for opener in opened)
        lowest = deepest = len(kinds)
        for run in _find_runs(brackets):
            if run[0] in b"[{":
                kinds += run
                deepest = max(deepest, len(kinds))
            elif len(run) <= len(kinds):
                del kinds[-len(run) :]
                lowest = min(lowest, len(kinds))
            else:
                raise NotJson
        if deepest + hidden > _MAX_DEPTH and _deepest(whole, len(opened)) > _MAX_DEPTH:
            raise NotJson
        after = list(opened[:lowest])
        for kind in kinds[lowest:]:
            opener = b"[" if kind == ord("[") else b"{"
            after.append(b'"":' + opener if after and after[-1][-1:] == b"{" else opener)
        return after


def _deepest(brackets: bytes, depth: int) -> int:
    return max(accumulate(map(_STEPS.__getitem__, brackets), initial=depth))


def _space_ends(raw: bytes, at: int) -> int:
    found = _match_space(raw, at)
    assert found is not None
    return found.end()


def _last_comma(plain: bytes, parts: list[bytes], within: int) -> tuple[int, list[bytes]]:
    """Where the last comma outside of strings is, -1 for none, and the parts outside of strings in front of it."""
    ends = len(plain)
    for index in range(len(parts) - 1, -1, -1):
        begins = ends - len(parts[index])
        if index % 2 == within and (comma := plain.rfind(b",", begins, ends)) >= 0:
            return comma, [*parts[within:index:2], plain[begins:comma]]
        ends = begins - 1
    return -1, []


def _place_within(plain: bytes, raw: bytes, at: int) -> int:
    """Where the string that plain ends in may be cut: in no escape, no pair of surrogates, no letter's UTF-8."""
    cut = len(plain)
    escape = plain.rfind(b"\\", cut - 6)
    if escape >= 0 and escape + (6 if plain[escape + 1 : escape + 2] == b"u" else 2) > cut:
        cut = escape
    if _ends_in_high_surrogate(plain[cut - 6 : cut]):
        cut -= 6
    for _ in range(3):
        cut -= raw[at + cut] & 0xC0 == 0x80
    return cut
