"""What the gateway needs of a JSON body that is too large for a tree: `model` and `stream`, read in pieces. Pure."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import orjson

from mitmgate.core.canonical import repeats_name
from mitmgate.core.json_pieces import NotJson, Piece, Pieces
from mitmgate.core.members import members, repeats_decisive_name
from mitmgate.core.model_limits import ModelLimits

_MAX_MEMBER_BYTES: Final = 1 << 16


class RepeatedName(ValueError):
    """Two readers may read two requests."""


class LongMember(ValueError):
    """`model` or `stream` has a value that is far too long for one."""


@dataclass(slots=True)
class Outline:
    """model and stream are None when they are absent or null. model_at: where the value of `model` stands."""

    is_object: bool = True
    model: Any = None
    stream: Any = None
    model_at: tuple[int, int] | None = None


class _Decisive(msgspec.Struct):
    model: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    stream: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    messages: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_read_decisive: Final = msgspec.json.Decoder(_Decisive).decode
_read_array: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode


def read_outline(raw: bytes) -> Generator[None, None, Outline]:
    """Reads a body in steps of a few milliseconds.

    Raises NotJson; RepeatedName when `model`, `stream` or `messages` is there twice; LongMember.
    """
    outline = Outline(is_object=raw.lstrip(b" \t\r\n")[:1] == b"{")
    pieces, seen, is_longer = Pieces(raw), set[str](), False
    for piece in pieces:
        yield
        if piece is None:
            continue
        found = _read(piece, outline.is_object)
        if found is None:
            continue
        model = found.model
        if isinstance(model, msgspec.Raw):
            if piece.depth > 1 and piece.text.endswith(bytes(model) + b"}"):  # cut off, or it looks like it
                if is_longer:
                    raise LongMember
                is_longer = True
                pieces.again()
                continue
            outline.model, outline.model_at = _parsed(model), _place_of_model(piece)
        is_longer = False
        if isinstance(found.stream, msgspec.Raw):
            outline.stream = _parsed(found.stream)
        names = {name for name in _Decisive.__struct_fields__ if getattr(found, name) is not msgspec.UNSET}
        if names & seen or (names and repeats_decisive_name(piece.text)):  # which reads all names of the piece
            raise RepeatedName
        seen |= names
    return outline


def name_elsewhere(raw: bytes, limits: ModelLimits) -> Generator[None, None, str | None]:
    """`ModelLimits.in_body` of a body that read_outline has read, in steps. Raises RepeatedName, NotJson."""
    pieces = Pieces(raw)
    for piece in pieces:
        yield
        if piece is None:
            continue
        tree = _tree(piece.text)
        if piece.text.find(b":", piece.added) >= 0 and repeats_name(piece.text, tree):
            raise RepeatedName
        if (found := limits.in_body(tree)) is not None:
            return found
        pieces.name_open(tree)
    return None


def _read(piece: Piece, is_object: bool) -> _Decisive | None:
    try:
        piece.text.decode()  # msgspec does not look into strings that it skips
        if is_object:
            return _read_decisive(piece.text)
        _read_array(piece.text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise NotJson from None
    return None


def _tree(text: bytes) -> Any:
    """The text is valid. Numbers beyond a double's range are infinite in the tree."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(text, parse_int=float, parse_float=float)
    except (ValueError, RecursionError):
        raise NotJson from None


def _parsed(value: msgspec.Raw) -> Any:
    if len(text := bytes(value)) > _MAX_MEMBER_BYTES:
        raise LongMember
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise NotJson from None


def _place_of_model(piece: Piece) -> tuple[int, int]:
    found = next(member for member in members(piece.text) if member.name == "model")
    return found.begins_at + piece.shift, found.ends_at + piece.shift
