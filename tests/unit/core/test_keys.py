import hashlib
import hmac
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.keys import display_prefix, has_key_shape, hash_key, make_admin_token, make_key

BASE62 = string.ascii_letters + string.digits


def test_a_made_key_has_the_shape():
    key = make_key()
    assert key.startswith("mg_")
    assert len(key) == 39
    assert has_key_shape(key)


def test_keys_differ():
    assert len({make_key() for _ in range(1000)}) == 1000


@given(st.integers(0, 38), st.sampled_from(BASE62 + "_-é \n"))
def test_no_key_with_one_character_changed_has_the_shape(at, character):
    key = make_key()
    changed = key[:at] + character + key[at + 1 :]
    assert has_key_shape(changed) == (changed == key)


@given(st.integers(0, 37))
def test_no_key_with_two_neighbours_swapped_has_the_shape(at):
    key = make_key()
    swapped = key[:at] + key[at + 1] + key[at] + key[at + 2 :]
    assert has_key_shape(swapped) == (swapped == key)


@pytest.mark.parametrize("change", ["{} ", " {}", "{}\n", "{}0", "MG_{}", "mga_{}"])
def test_nothing_may_stand_around_a_key(change):
    assert not has_key_shape(change.format(make_key()))


@given(st.text())
def test_other_text_has_no_shape(text):
    assert not has_key_shape(text)


def test_wide_digits_are_no_digits():
    assert not has_key_shape("mg_" + "１" * 36)


def test_a_hash_is_hmac_sha256_under_the_pepper():
    assert hash_key(b"pepper", "test-key-123") == hmac.new(b"pepper", b"test-key-123", hashlib.sha256).digest()
    assert hash_key(b"pepper", "test-key-123") != hash_key(b"other", "test-key-123")


@given(st.binary(max_size=80), st.text())
def test_any_text_can_be_hashed(pepper, text):
    assert len(hash_key(pepper, text + "\udc80")) == 32


def test_what_is_shown_of_a_key():
    key = make_key()
    assert display_prefix(key) == key[:9]
    assert display_prefix("test-key-123") == "test-key-"


def test_an_admin_token_is_no_key():
    token = make_admin_token()
    assert token.startswith("mga_")
    assert len(token) == 40
    assert not has_key_shape(token)
    assert has_key_shape("mg_" + token[4:])
