"""A text that something is done with is compared to the letter; what is said around it is not."""

from __future__ import annotations

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from mitmgate.core.text.given import given
from mitmgate.core.verdict import judge

ALIKE = 0.97


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sha256 of Apple", "sha256 of apple"),
        ("What is the MD5 hash of abc?", "What is the MD5 hash of Abc?"),
        ("Translate to Dutch: Stop!", "Translate to Dutch: Stop?"),
        ("Translate: He is here.", "Translate: he is here"),
        ("How do you say turkey in Spanish?", "How do you say Turkey in Spanish?"),
        ("How do you say sorry in Welsh?", "How do you say worry in Welsh?"),
        ("Reverse the string 'Abc'", "Reverse the string 'abc'"),
        ("How many letters are in the word Banana?", "How many letters are in the word Bananas?"),
        ("Count the vowels in: sea breeze", "Count the vowels in: Sea breeze"),
        ("Rewrite: i goes home", "Rewrite: I goes home"),
        ("spell-check: recieve", "spell-check: receive"),
        ("Correct the grammar:\nthey was late", "Correct the grammar:\nthey were late"),
        ('Encode "a+b" in base64', 'Encode "a-b" in base64'),
        ("base64 encode Hello", "base64 encode hello"),
        ('What is the uppercase of "straße"?', 'What is the uppercase of "strasse"?'),
        ("What rhymes with plan?", "What rhymes with plane?"),
        ("What is horse in Danish?", "What is hoarse in Danish?"),
    ],
)
def test_another_letter_is_another_task(one: str, other: str) -> None:
    assert judge(one, other, ALIKE).reasons
    assert judge(other, one, ALIKE).reasons


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Translate good night to Italian", "translate good night to italian"),
        ("How do you say dog in Korean?", "how do i say dog in Korean please"),
        ("What is the sha1 of Hello?", "sha1 of Hello"),
        ('Please translate "open" into Thai', 'Translate "open" into Thai.'),
        ("How do I translate a website?", "how do i translate a website"),
        ("How do I count rows in a table?", "how do i count rows in a table"),
        ("How do I reverse a list in Python?", "how can i reverse a list in python"),
        ("Summarize the plot of Macbeth", "Summarise the plot of Macbeth"),
    ],
)
def test_what_is_said_around_it_does_not_count(one: str, other: str) -> None:
    assert judge(one, other, ALIKE).reasons == ()
    assert judge(other, one, ALIKE).reasons == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("how to say See You in German, please", ("See You",)),
        ("Rephrase this: It rains.", ("It rains.",)),
        ("Proofread\nDear Sir", None),
        ("Proofread this:\nDear Sir", ("Dear Sir",)),
        ("How many r's are in strawberry?", ("strawberry",)),
        ("the French word for sea", ("sea",)),
        ("How many letters are in the Greek alphabet?", None),
        ("What is the best wine in France?", None),
        ("Note: I like tea", None),
    ],
)
def test_where_it_stands(text: str, found: tuple[str, ...] | None) -> None:
    assert given(text) == found


def test_the_reason_names_it() -> None:
    assert "given text" in judge("md5 of Cat", "md5 of cat", ALIKE).reasons


@any_of(st.text(alphabet="translate say in french \"':\nxX?.", max_size=200))
def test_any_text_is_read(text: str) -> None:
    assert given(text) is None or isinstance(given(text), tuple)
