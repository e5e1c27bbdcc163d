from __future__ import annotations

import fcntl
import os
from dataclasses import fields
from pathlib import Path

import orjson
import pytest

from mitmgate.control.dead_letter import DeadLetter
from mitmgate.control.segments import Batch, Segments
from mitmgate.control.usage_rows import COLUMNS, Line, parse_line
from mitmgate.core.usage import UsageRecord

MANY = 1000


def line(id: str = "a", **more: object) -> bytes:
    return orjson.dumps({"request_id": id, "started_at": 1.5, **more}) + b"\n"


def ids(batch: Batch) -> list[str]:
    return [row.values[0] for row in batch.rows]


def test_columns_are_the_fields_of_a_record() -> None:
    assert tuple(field.name for field in fields(UsageRecord)) == COLUMNS


def test_what_was_read_is_read_again_until_it_is_settled(tmp_path: Path) -> None:
    (tmp_path / "w-1-0.jsonl").write_bytes(line("a") + line("b"))
    segments = Segments(tmp_path)
    batch = segments.read(MANY)
    assert ids(batch) == ids(segments.read(MANY)) == ["a", "b"]
    segments.settle(batch)
    assert len(segments.read(MANY)) == 0


def test_a_settled_segment_goes_when_nobody_writes_to_it(tmp_path: Path) -> None:
    path = tmp_path / "w-1-0.jsonl"
    with open(path, "ab", buffering=0) as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        writer.write(line("a"))
        segments = Segments(tmp_path)
        segments.settle(segments.read(MANY))
        segments.read(MANY)
        assert path.exists()
        writer.write(line("b"))
        batch = segments.read(MANY)
        assert ids(batch) == ["b"]
        segments.settle(batch)
    segments.read(MANY)
    assert not path.exists()


def test_a_new_empty_segment_is_left_to_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "w-1-0.jsonl"
    path.touch()
    Segments(tmp_path).read(MANY)
    assert path.exists()
    os.utime(path, (0, 0))
    Segments(tmp_path).read(MANY)
    assert not path.exists()


def test_a_line_being_written_waits_and_a_dead_writers_does_not(tmp_path: Path) -> None:
    with open(tmp_path / "w-1-0.jsonl", "ab", buffering=0) as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        writer.write(line("a") + line("b")[:-1])
        segments = Segments(tmp_path)
        batch = segments.read(MANY)
        assert ids(batch) == ["a"]
        segments.settle(batch)
        assert len(segments.read(MANY)) == 0
    batch = segments.read(MANY)
    assert ids(batch) == ["b"]
    segments.settle(batch)
    assert len(segments.read(MANY)) == 0


def test_a_torn_line_is_refused_and_the_others_are_not(tmp_path: Path) -> None:
    (tmp_path / "w-1-0.jsonl").write_bytes(line("a")[:9] + b"\n" + line("b") + line("c")[:9])
    batch = Segments(tmp_path).read(MANY)
    assert ids(batch) == ["b"]
    assert [(each.offset, reason) for each, reason in batch.refused] == [
        (0, "not JSON"),
        (10 + len(line("b")), "not JSON"),
    ]


def test_a_batch_is_bounded_and_the_next_goes_on_there(tmp_path: Path) -> None:
    for worker in range(3):
        (tmp_path / f"w-{worker}-0.jsonl").write_bytes(b"".join(line(f"{worker}.{n}") for n in range(100)))
    segments, seen = Segments(tmp_path), []
    while batch := segments.read(70):
        assert len(batch) <= 70
        seen += ids(batch)
        segments.settle(batch)
    assert sorted(seen) == sorted(f"{worker}.{n}" for worker in range(3) for n in range(100))
    assert not list(tmp_path.iterdir())


def test_rubbish_without_end_is_no_line(tmp_path: Path) -> None:
    (tmp_path / "w-1-0.jsonl").write_bytes(b"x" * (3 << 20) + b"\n" + line("a"))
    segments, seen, refused = Segments(tmp_path), [], 0
    while batch := segments.read(MANY):
        seen += ids(batch)
        refused += len(batch.refused)
        segments.settle(batch)
    assert seen == ["a"]
    assert refused == 3


def test_a_segment_of_the_same_name_begins_at_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "w-1-0.jsonl"
    path.write_bytes(line("a"))
    segments = Segments(tmp_path)
    segments.settle(segments.read(MANY))
    with open(path, "rb"):  # keeps the inode from being used again
        path.unlink()
        path.write_bytes(line("b"))
        assert ids(segments.read(MANY)) == ["b"]


@pytest.mark.parametrize("text", [b"[]", b'"x"', b"{}", b'{"started_at":"now"}', b'{"started_at":1e300}'])
def test_what_is_no_record_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        parse_line(Line("s", 0, text))


def test_a_token_count_nobody_can_have_is_unknown() -> None:
    row = parse_line(Line("s", 0, line(prompt_tokens=1 << 62, completion_tokens=7)))
    assert row.values[COLUMNS.index("prompt_tokens")] is None
    assert row.values[COLUMNS.index("completion_tokens")] == 7


def test_a_line_is_put_aside_once(tmp_path: Path) -> None:
    refused = Line("w-1-0.jsonl", 5, b"\xff rubbish")
    assert DeadLetter(tmp_path / "dead").put(refused, "not JSON")
    assert not DeadLetter(tmp_path / "dead").put(refused, "not JSON")
    assert DeadLetter(tmp_path / "dead").put(Line("w-1-0.jsonl", 5, b"other"), "not JSON")
    kept = [orjson.loads(each) for each in (tmp_path / "dead" / "w-1-0.jsonl").read_bytes().splitlines()]
    assert [(each["offset"], each["line"], each["reason"]) for each in kept] == [
        (5, "\\xff rubbish", "not JSON"),
        (5, "other", "not JSON"),
    ]
