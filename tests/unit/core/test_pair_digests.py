"""Pairs of questions as digests: what is one pair, and what another."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.pair_digests import PAIR_BYTES, digest_key, pair_of, read_pair, text_digest
from mitmgate.core.text.language import plain_form

KEY = digest_key(b"pepper")
SCOPE = b"s" * 32


def digest(text: str, tenant: int = 1, scope: bytes = SCOPE, key: bytes = KEY) -> bytes:
    return text_digest(key, tenant, scope, text)


@given(st.text(), st.text())
def test_a_pair_has_no_order(one: str, other: str) -> None:
    made = pair_of(digest(one), digest(other))
    assert made == pair_of(digest(other), digest(one)) and len(made) == PAIR_BYTES
    assert read_pair(made.hex()) == made


def test_what_never_changes_a_question_makes_no_other_pair() -> None:
    assert digest("What is 2+2?") == digest("  What  is 2+2 !")
    assert digest("What is 2+2?") != digest("what is 2+2?")


@given(st.text(alphabet=" \t\n.?!;:\"'aB2…。؟"))
def test_what_the_verdict_takes_for_the_same_words_is_one_text(text: str) -> None:
    assert digest(text) == digest(plain_form(text))


def test_a_digest_is_what_it_was() -> None:
    """Stored ones would be forgotten else."""
    assert digest("What is 2+2?").hex() == "f42236586a3f7e889a2c1589ddb69e32"


def test_another_tenant_scope_or_pepper_has_other_digests() -> None:
    found = {
        digest("a"),
        digest("a", tenant=2),
        digest("a", scope=b"o" * 32),
        digest("a", key=digest_key(b"other")),
        digest("b"),
    }
    assert len(found) == 5


def test_what_a_row_has_for_a_pair_is_checked() -> None:
    for odd in (None, 1, "", "zz" * 32, "ab" * 31, "ab" * 33, os.urandom(32), ["a"]):
        assert read_pair(odd) is None
