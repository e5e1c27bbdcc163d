import base64
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mitmgate.core.credentials import (
    CREDENTIAL_HEADERS,
    MAX_CREDENTIALS,
    find_credentials,
    without_query_key,
)


def basic(text: str) -> bytes:
    return b"Basic " + base64.b64encode(text.encode())


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        (b"Authorization", b"Bearer mg_a", ["mg_a"]),
        (b"authorization", b"bearer   mg_a ", ["mg_a"]),
        (b"AUTHORIZATION", b"BEARER mg_a", ["mg_a"]),
        (b"Authorization", b"mg_a", ["mg_a"]),
        (b"Authorization", b"Bearer", []),
        (b"Authorization", b"Bearer  ", []),
        (b"Authorization", b"", []),
        (b"Authorization", b"Digest username=x", []),
        (b"Authorization", b"Basic", []),
        (b"Authorization", b"Basic !!!", []),
        (b"Authorization", b"Basic bWdf\xff", []),
        (b"Authorization", basic("mg_a"), ["mg_a"]),
        (b"Authorization", basic("mg_a:"), ["mg_a"]),
        (b"Authorization", basic(":mg_a"), ["mg_a"]),
        (b"Proxy-Authorization", basic("user:mg_a"), ["user", "mg_a"]),
        (b"Proxy-Authorization", basic("user:mg:a"), ["user", "mg:a"]),
        (b"Proxy-Authorization", basic("mg_a:mg_a"), ["mg_a"]),
        (b"Proxy-Authorization", basic(":"), []),
        (b"Proxy-Authorization", b"Bearer mg_a", ["mg_a"]),
        (b"x-api-key", b"mg_a", ["mg_a"]),
        (b"X-Api-Key", b" mg_a\t", ["mg_a"]),
        (b"x-api-key", b"Bearer mg_a", ["Bearer mg_a"]),
        (b"api-key", b"mg_a", ["mg_a"]),
        (b"x-goog-api-key", b"mg_a", ["mg_a"]),
        (b"x-goog-api-key", b"", []),
        (b"x-goog-api-key", b"\xff\x00", ["ÿ\x00"]),
        (b"x-other", b"mg_a", []),
    ],
)
def test_where_a_credential_may_stand(name, value, found):
    assert find_credentials([(b"Host", b"x"), (name, value)], "/v1/models") == found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/v1/models", []),
        ("/v1/models?", []),
        ("/v1/models?key=mg_a", ["mg_a"]),
        ("/v1/models?a=1&key=mg_a&b=2", ["mg_a"]),
        ("/v1/models?a=1;key=mg_a;b=2", ["mg_a"]),
        ("/v1/models?Key=mg_a", ["mg_a"]),
        ("/v1/models?KEY=mg_a&key=mg_b", ["mg_a", "mg_b"]),
        ("/v1/models?%6Bey=mg_a", ["mg_a"]),
        ("/v1/models?%6b%65%79=mg_a", ["mg_a"]),
        ("/v1/models?%4B%45%59=mg_a", ["mg_a"]),
        ("/v1/models?key=mg%5Fa", ["mg_a"]),
        ("/v1/models?key=a%26b", ["a&b"]),
        ("/v1/models?key=mg_a&key=mg_a&key=mg%5Fa", ["mg_a"]),
        ("/v1/models?key=", []),
        ("/v1/models?key", []),
        ("/v1/models?keys=mg_a&monkey=mg_b&a=key", []),
        ("/v1/models?a?key=mg_a", []),
        ("/v1/key=mg_a", []),
        ("/v1/models?\u212aey=mg_a", []),
    ],
)
def test_the_key_of_the_query(path, found):
    assert find_credentials([], path) == found


def test_all_places_count_once_each():
    fields = [
        (b"Authorization", b"Bearer mg_a"),
        (b"authorization", b"Bearer mg_b"),
        (b"x-api-key", b"mg_a"),
        (b"api-key", b"mg_c"),
    ]
    assert find_credentials(fields, "/?key=mg_d&key=mg_b") == ["mg_a", "mg_b", "mg_c", "mg_d"]


def test_guessing_is_bounded():
    many = [(b"x-api-key", b"%d" % number) for number in range(100)]
    assert len(find_credentials(many, "/")) == MAX_CREDENTIALS
    assert len(find_credentials(many[:3], "/?" + "&".join(f"key=q{n}" for n in range(100)))) == MAX_CREDENTIALS
    assert find_credentials([(b"x-api-key", b"a")] * 100 + [(b"x-api-key", b"b")], "/") == ["a", "b"]


@given(st.lists(st.tuples(st.sampled_from([*CREDENTIAL_HEADERS, b"x"]), st.binary())), st.text())
def test_nothing_raises(fields, path):
    for scheme in (b"", b"Bearer ", b"Basic "):
        assert len(find_credentials([(name, scheme + value) for name, value in fields], path)) <= MAX_CREDENTIALS


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("/x", "/x"),
        ("/x?", "/x?"),
        ("/x?key=1", "/x"),
        ("/x?key", "/x"),
        ("/x?key=", "/x"),
        ("/x?key=1&a=%20&b=+", "/x?a=%20&b=+"),
        ("/x?a=%20&key=1&b=+", "/x?a=%20&b=+"),
        ("/x?a=%2f&key=1", "/x?a=%2f"),
        ("/x?a=1;key=2;b=3", "/x?a=1;b=3"),
        ("/x?key=2;b=3&c", "/x?b=3&c"),
        ("/x?key=1&key=2&a=3", "/x?a=3"),
        ("/x?a=3&key=1&key=2", "/x?a=3"),
        ("/x?key=1&a=3&key=2", "/x?a=3"),
        ("/x?key=1&key=2", "/x"),
        ("/x?Key=1&a=2", "/x?a=2"),
        ("/x?a=2&KEY=1", "/x?a=2"),
        ("/x?%6Bey=1&a=2", "/x?a=2"),
        ("/x?a=2&%6B%65%79=1", "/x?a=2"),
        ("/x?&key=1&a=2", "/x?&a=2"),
        ("/x?a&&key=1&&b", "/x?a&&&b"),
        ("/x?key=1&&a", "/x?&a"),
        ("/x?key==&a", "/x?a"),
        ("/x?key=1?2&a", "/x?a"),
        ("/x?monkey=1&keys=2&a=key&key2&_key=1", "/x?monkey=1&keys=2&a=key&key2&_key=1"),
        ("/x?%256Bey=1", "/x?%256Bey=1"),
        ("/key=1?a", "/key=1?a"),
    ],
)
def test_removal(path, left):
    assert without_query_key(path) == left


PARAMETER = st.text("abkey=%6B?+/", max_size=8)


@given(st.lists(PARAMETER), st.lists(st.sampled_from("&;")))
@example(["key", "", "key"], ["&", "&"])
def test_only_the_key_goes_and_nothing_is_left_to_find(parameters, separators):
    query = "".join(
        (separators[at - 1] if at and at <= len(separators) else "&" if at else "") + parameter
        for at, parameter in enumerate(parameters)
    )
    left = without_query_key(f"/v1?{query}")
    assert find_credentials([], left) == []
    assert without_query_key(left) == left

    def others(text: str) -> list[str]:
        return [part for part in text.replace(";", "&").split("&") if part.split("=")[0].lower() not in KEY_SPELLINGS]

    kept = left.partition("?")[2]
    assert [part for part in others(query) if part] == [part for part in others(kept) if part]


KEY_SPELLINGS = {"key", "%6bey"}


@given(st.text(min_size=1))
def test_any_key_is_found_as_it_was_before_encoding(text):
    encoded = quote(text, safe="")
    assert find_credentials([], f"/?a&key={encoded}") == [text]
