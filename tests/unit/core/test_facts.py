"""Facts of two questions: those that are, those that only look so; and each reason given is true of its pair."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.text.known import is_known
from mitmgate.core.text.language import is_english
from mitmgate.core.text.reading import read
from tests.verdicts import considered


def facts(one: str, other: str) -> list[str]:
    return list(considered(one, other).vetoes)


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("What are the causes and symptoms of gout?", "What are the causes of gout?", "conjunct"),
        ("pros and cons of solar panels", "pros of solar panels", "conjunct"),
        ("When and where was Mozart born?", "When was Mozart born?", "conjunct"),
        ("Do I sand first then paint?", "Do I paint first then sand?", "order"),
        ("Is it toner then serum?", "Is it serum then toner?", "order"),
        ("What is clonidine used for?", "What is clonazepam used for?", "another word"),
        ("wifi inschakelen", "wifi uitschakelen", "another word"),
        ("Who was George W. Bush?", "Who was George H. W. Bush?", "name"),
        ("What is a UNION in SQL?", "What is a UNION ALL in SQL?", "letter case"),
        ("How do apples grow?", "How does Apple grow?", "letter case"),
        ("What does :: mean in C++?", "What does : mean in C++?", "sign"),
        ("Who is the king of Spain?", "Who was the king of Spain?", "tense"),
        ("Is there water on Mars?", "Was there water on Mars?", "tense"),
        ("Who owns Ferrari?", "Who owned Ferrari?", "tense"),
        ("Has the dodo been extinct?", "Is the dodo extinct?", "tense"),
    ],
)
def test_what_is_another_question(one: str, other: str, reason: str) -> None:
    assert reason in facts(one, other)
    assert reason in facts(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is a Primary Key in SQL?", "What is a primary key in SQL?"),
        ('What does "git rebase" do?', "What does git rebase do?"),
        ("How much does a gallon of milk weigh?", "What is the weight of a gallon of milk?"),
        ("How do I merge two dictionaries in Python?", "How can I merge two dicts in Python?"),
        ("Who was George Bush?", "Who was George W. Bush?"),
        ("What's the GDP of the U.S.?", "What's the GDP of the US?"),
        ("How do I peel and cut an onion?", "How do I cut and peel an onion?"),
        ("How do I uninstall Chrome?", "How do I uninsstall Chrome?"),
        ("Who were the first men on the moon?", "Who was the first man on the moon?"),
        ("Who wrote Emma?", "Who has written Emma?"),
        ("Is tummy and belly fat bad?", "Is belly fat bad?"),
    ],
)
def test_what_is_the_same_question(one: str, other: str) -> None:
    assert facts(one, other) == []
    assert facts(other, one) == []


def test_a_small_word_in_quotation_marks_is_spoken_of() -> None:
    assert facts('Is "it" a pronoun?', "Is it a pronoun?") == ["quoted text"]


@pytest.mark.parametrize("word", ["boiling", "hottest", "cities", "running", "photographed", "IPv6", "café", "ok"])
def test_forms_of_known_words_and_what_is_no_word_are_known(word: str) -> None:
    assert is_known(word.lower())


@pytest.mark.parametrize("word", ["einschalten", "clonazepam", "inschakelen", "qzxvbn"])
def test_words_that_the_model_reads_by_letters_are_not(word: str) -> None:
    assert not is_known(word)


THINGS = st.sampled_from(
    [
        "5 km", "7 km", "5 miles", "$5", "5%", "-d", "-D", "+x", "CO", "Co", "IT", "it", "turkey", "Turkey", "Alien",
        "Aliens", "clonidine", "clonazepam", "on", "off", "without sugar", "with sugar", "rice and beans", "rice",
        "Iran", "Iraq", "`ls`", '"cats"', "May 5", "2 + 3", "US", "us", "J. R. Smith", "D. R. Smith", "UNION ALL",
        "UNION", "chalu kare", "mit Zucker", "C++", "C", "x > y", "x < y",
    ]
)  # fmt: skip
FRAMES = st.sampled_from(
    [
        "What is {}?", "How do I use {} in Berlin?", "Is {} good for me?", "Translate to French: {}", "{} then {}",
        "Why does {} not work?", "How many {} are in {}?", "What does {} do after {}?", "{}",
    ]
)  # fmt: skip


QUESTION = st.tuples(FRAMES, THINGS, THINGS).map(lambda drawn: drawn[0].format(*drawn[1:]))


@given(QUESTION, QUESTION)
def test_each_reason_is_true_of_its_pair_and_symmetric(one: str, other: str) -> None:
    left, right = read(one), read(other)
    found, turned = facts(one, other), facts(other, one)
    assert sorted(reason.split()[0] for reason in found) == sorted(reason.split()[0] for reason in turned)
    for reason in found:
        holds = _TRUE[next(name for name in _TRUE if reason.startswith(name))]
        assert holds(one, other), (reason, one, other)
    if left.plain == right.plain:
        assert found == []


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", text))


def _cased(text: str) -> set[str]:
    return {
        word for word in _words(text) if word.lower() in {"co", "it", "us", "turkey", "alien", "aliens", "all", "d"}
    }


def _found(pattern: str, one: str, other: str) -> bool:
    return sorted(re.findall(pattern, one)) != sorted(re.findall(pattern, other))


#: The beginning of a reason -> what it says of a pair.
_TRUE: dict[str, Callable[[str, str], bool]] = {
    "exact only: language": lambda one, other: not (is_english(one) and is_english(other)),
    "number": lambda one, other: _found(r"(?<!May )\d+|\bC\b", one, other),  # a date is none
    "unit": lambda one, other: _found(r"km|miles|%|\$|\bC\b", one, other),
    "money": lambda one, other: _found(r"\$|km|miles|%", one, other),
    "date": lambda one, other: _found(r"May \d", one, other),
    "operator": lambda one, other: _found(r"\s[-+<>]\s|-\w|\$\d", one, other),
    "sign": lambda one, other: _found(r"[-+<>`%$:]+\S?", one, other),
    "letter case": lambda one, other: _cased(one) != _cased(other) or _cased(one.lower()) != _cased(other.lower()),
    "code identifier": lambda one, other: _found(r"`\w+`|-\w|\+\w|C\+\+|\w\.", one, other) or one != other,
    "quoted text": lambda one, other: _found(r'["`]\w+["`]', one, other),
    "given text": lambda one, other: (
        "Translate" in one + other or "How many" in one + other or '"' in one + other or "`" in one + other
    ),
    "negation": lambda one, other: _found(r"\bnot\b|\bwithout\b", one, other),
    "opposite": lambda one, other: _words(one.lower()) != _words(other.lower()),
    "name": lambda one, other: _found(r"[A-Z]\w*", one, other),
    "another word": lambda one, other: _words(one.lower()) != _words(other.lower()),
    "tense": lambda one, other: _words(one) != _words(other),
    "conjunct": lambda one, other: _found(r"\band\b", one, other),
    "order": lambda one, other: one != other,
}
