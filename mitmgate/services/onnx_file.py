"""Writes ONNX files: as much of onnx.proto as a fixed graph of standard operators needs.

Weights stay views of the mapped source file until each is written, so that building a 90 MB model takes 10 MB.
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

IR_VERSION: Final = 8
OPSET: Final = 17
FLOAT: Final = 1
INT64: Final = 7

type Array = npt.NDArray[Any]
type Attribute = int | float | Sequence[int]

_VARINT, _BYTES, _FIXED32 = 0, 2, 5  # wire types
_TYPES: Final = {"float32": FLOAT, "int64": INT64}


class Graph:
    """Nodes and constants in the order they were made; `write` turns them into a model file."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[bytes] = []
        self._constants: list[tuple[bytes, Array]] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []

    def input(self, name: str, kind: int, shape: Sequence[int | str]) -> str:
        self._inputs.append(_value(name, kind, shape))
        return name

    def output(self, name: str, kind: int, shape: Sequence[int | str]) -> None:
        self._outputs.append(_value(name, kind, shape))

    def constant(self, array: Array) -> str:
        name = f"c{len(self._constants)}"
        head = b"".join(_number(1, extent) for extent in array.shape)
        self._constants.append((head + _number(2, _TYPES[array.dtype.name]) + _text(8, name), array))
        return name

    def node(self, operator: str, *inputs: str, output: str | None = None, **attributes: Attribute) -> str:
        """Adds an operator. -> the name of its result."""
        name = output or f"n{len(self._nodes)}"
        parts = [_text(1, each) for each in inputs]
        parts += [_text(2, name), _text(4, operator)]
        parts += [_chunk(5, _attribute(key, value)) for key, value in attributes.items()]
        self._nodes.append(b"".join(parts))
        return name

    def write(self, file: BinaryIO) -> None:
        """Writes the model; every constant is made contiguous only while it is written."""
        before = b"".join(_chunk(1, node) for node in self._nodes) + _text(2, self._name)
        after = b"".join(_chunk(11, each) for each in self._inputs) + b"".join(
            _chunk(12, each) for each in self._outputs
        )
        heads = [_head(5, len(head) + len(_raw_head(array)) + array.nbytes) for head, array in self._constants]
        whole = len(before) + len(after)
        for outer, (head, array) in zip(heads, self._constants, strict=True):
            whole += len(outer) + len(head) + len(_raw_head(array)) + array.nbytes
        file.write(_number(1, IR_VERSION) + _text(2, "mitmgate") + _head(7, whole) + before)
        for outer, (head, array) in zip(heads, self._constants, strict=True):
            file.write(outer + head + _raw_head(array))
            file.write(np.ascontiguousarray(array).data)
        file.write(after)
        file.write(_chunk(8, _text(1, "") + _number(2, OPSET)))


def _raw_head(array: Array) -> bytes:
    return _head(9, array.nbytes)


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        return _text(1, name) + _tag(2, _FIXED32) + struct.pack("<f", value) + _number(20, 1)
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, 2)
    return _text(1, name) + b"".join(_number(8, each) for each in value) + _number(20, 7)


def _value(name: str, kind: int, shape: Sequence[int | str]) -> bytes:
    extents = b"".join(
        _chunk(1, _number(1, extent) if isinstance(extent, int) else _text(2, extent)) for extent in shape
    )
    return _text(1, name) + _chunk(2, _chunk(1, _number(1, kind) + _chunk(2, extents)))


def _tag(field: int, wire_type: int) -> bytes:
    return _varint(field << 3 | wire_type)


def _number(field: int, value: int) -> bytes:
    return _tag(field, _VARINT) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _chunk(field, value.encode())


def _chunk(field: int, value: bytes) -> bytes:
    return _head(field, len(value)) + value


def _head(field: int, length: int) -> bytes:
    return _tag(field, _BYTES) + _varint(length)


def _varint(value: int) -> bytes:
    return bytes(_sevens(value % (1 << 64)))  # a negative number is its two's complement of 64 bits


def _sevens(value: int) -> Iterator[int]:
    while value > 0x7F:
        yield value & 0x7F | 0x80
        value >>= 7
    yield value
