"""Up to which size a JSON text may become a tree of objects: what others send must not cost seconds or gigabytes. Pure.

A megabyte of `[]` becomes half a million lists. Larger texts are read without a tree, or not at all.
"""

from __future__ import annotations

from typing import Final

MAX_TREE_BYTES: Final = 1 << 20
MAX_TREE_MARKS: Final = 100_000  # of the characters `[`, `{` and `,`, each of which may begin an object


def may_parse(raw: bytes) -> bool:
    """Whether the text may be parsed into a tree."""
    if len(raw) > MAX_TREE_BYTES:
        return False
    if len(raw) <= MAX_TREE_MARKS:
        return True
    return raw.count(b"[") + raw.count(b"{") + raw.count(b",") <= MAX_TREE_MARKS
