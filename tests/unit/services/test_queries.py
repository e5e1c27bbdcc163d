from __future__ import annotations

import re
from pathlib import Path

import pytest

import mitmgate
from mitmgate.services.migrations import find_migrations
from mitmgate.services.queries import parse_queries, queries

SOURCES = list(Path(mitmgate.__file__).parent.rglob("*.py"))


def test_a_query_has_a_name_a_purpose_and_a_text() -> None:
    found = parse_queries(
        [("a.sql", "-- about\n\n-- name: one\n-- Why.\n-- $1 what.\nSELECT 1;\n\n-- name: two\n-- So.\nSELECT 2;\n")]
    )
    assert (found.one, found.two) == ("SELECT 1", "SELECT 2")
    assert found.purposes["one"] == "Why.\n$1 what."
    with pytest.raises(AttributeError, match="three"):
        _ = found.three


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("SELECT 1;", "before the first name"),
        ("-- name: a\nSELECT 1;", "what it is for"),
        ("-- name: a\n-- why\n", "no SQL"),
        ("-- name: a b\n-- why\nSELECT 1", "before the first name"),
        ("-- name: purposes-\n-- why\nSELECT 1", "attribute"),
        ("-- name: a\n-- why\nSELECT 1;\n-- name: a\n-- why\nSELECT 1;", "twice"),
    ],
)
def test_a_file_that_is_not_like_that_is_refused(source: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_queries([("a.sql", source)])


def test_every_name_the_code_uses_exists_and_every_query_is_used() -> None:
    used = {name for path in SOURCES for name in re.findall(r"\bqueries\.([a-z_0-9]+)\b", path.read_text())}
    used -= {"sql", "purposes"}
    assert used <= set(dir(queries))
    assert set(dir(queries)) - used == set()


def test_migrations_have_no_gaps(tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0002_more.sql").touch()
    assert [migration.version for migration in find_migrations(tmp_path)] == [1, 2]
    (tmp_path / "migrations" / "0004_later.sql").touch()
    with pytest.raises(ValueError, match="gaps"):
        find_migrations(tmp_path)
