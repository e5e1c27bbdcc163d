import pytest

from mitmgate.core.bounded_json import MAX_TREE_BYTES, MAX_TREE_MARKS, may_parse


@pytest.mark.parametrize(
    ("raw", "may"),
    [
        (b"", True),
        (b'{"a": 1}', True),
        (b'"' + b"a" * (MAX_TREE_BYTES - 2) + b'"', True),
        (b'"' + b"a" * (MAX_TREE_BYTES - 1) + b'"', False),
        (b"[" + b"1," * (MAX_TREE_MARKS - 2) + b"1]", True),
        (b"[" + b"1," * MAX_TREE_MARKS + b"1]", False),
        (b"[" * MAX_TREE_MARKS + b"]" * MAX_TREE_MARKS, True),
        (b"[" * (MAX_TREE_MARKS + 1) + b"]" * MAX_TREE_MARKS, False),
        (b"[]" * (60_000) + b"{}" * 60_000, False),
    ],
)
def test_large_texts_and_texts_of_many_parts_are_not_parsed(raw: bytes, may: bool) -> None:
    assert may_parse(raw) is may
