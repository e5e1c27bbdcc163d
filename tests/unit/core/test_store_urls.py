"""What is told of a store's URL never holds its password."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.store_urls import check_url, place_of, without_password

PASSWORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=4, max_size=20)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://u:p@db.example.com:5432/name?sslmode=require", "db.example.com:5432"),
        ("postgresql://u@a:1,b:2/name", "a:1,b:2"),
        ("postgresql:///name?host=/run/pg", "/run/pg"),
        ("rediss://:secret@[::1]:6380/0", "[::1]:6380"),
        ("unix:///run/valkey.sock", "/run/valkey.sock"),
        ("redis://127.0.0.1", "127.0.0.1"),
    ],
)
def test_a_store_is_named_by_where_it_is(url: str, place: str) -> None:
    check_url(url)
    assert place_of(url) == place


@pytest.mark.parametrize("url", ["postgresql://u:p/a@h/db", "redis://:a?b@h", "redis://u:a#b@h", "redis://[::1:1/0"])
def test_a_password_that_would_be_read_as_a_host_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        check_url(url)


@given(PASSWORDS)
def test_neither_form_of_a_password_is_left_in_a_text(password: str) -> None:
    written = quote(password, safe="")
    url = f"postgresql://user:{written}@host:5432/name"
    check_url(url)
    told = without_password(f"«{password}» was refused at {url}", url)
    assert f"«{password}»" not in told and f":{written}@" not in told
    assert password not in place_of(url)


@given(PASSWORDS)
def test_a_password_among_the_options_is_hidden_too(password: str) -> None:
    url = f"postgresql://user@host/name?password={quote(password, safe='')}"
    assert f"<{password}>" not in without_password(f"<{password}>", url)
