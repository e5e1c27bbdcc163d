"""Letter case and signs count where they are the meaning, and only there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.text.casing import atoms_of, other_case, unit_of, written
from mitmgate.core.verdict import judge

ALIKE = 0.97

DIFFERENT = [
    # flags, escapes, commands of one letter
    ("What does rm -r do?", "What does rm -R do?"),
    ("what does ps -a do", "what does ps -A do"),
    ("What does wget -c do?", "What does wget -C do?"),
    ("What does chmod +x do?", "What does chmod -x do?"),
    (r"What does \w match?", r"What does \W match?"),
    (r"What is \s in a regex?", r"What is \S in a regex?"),
    ("What is %y in strftime?", "What is %Y in strftime?"),
    ("What does the p command do in vi?", "What does the P command do in vi?"),
    ("What does pressing u do?", "What does pressing U do?"),
    ("Is the variable n bound?", "Is the variable N bound?"),
    ("What is the sum of k and n?", "What is the sum of K and n?"),
    # signs
    ("Is B+ a rare blood group?", "Is B- a rare blood group?"),
    ("How large is a Na+ ion?", "How large is a Na ion?"),
    ("What does a * in a glob match?", "What does a ? in a glob match?"),
    # acronyms, and names against words
    ("Where do I study IT?", "Where do I study it?"),
    ("Who leads the WHO?", "Who leads the who?"),
    ("How large is the US?", "How large is the us?"),
    ("How is AIDS treated?", "How are aids treated?"),
    ("How fast is RAM?", "How fast is a ram?"),
    ("Where does a bat live?", "Where does a BAT live?"),
    ("How do I learn Polish?", "How do I learn polish?"),
    ("How old is Turkey?", "How old is turkey?"),
    ("How do I protect iron from rust?", "How do I protect iron from Rust?"),
    ("Where is mercury found?", "Where is Mercury found?"),
    ("How long is the march?", "How long is the March?"),
    ("Is the shell open?", "Is the Shell open?"),
    ("What is delta in finance?", "What is Delta in finance?"),
    ("What does the class Node hold?", "What does the class node hold?"),
    ("What does the gene Fox do?", "What does the gene FOX do?"),
    ("Is a minor sad?", "Is A minor sad?"),
    # formulas and units
    ("How heavy is CO?", "How heavy is Co?"),
    ("Is COCl2 poisonous to plants?", "Is CoCl2 poisonous to plants?"),
    ("Is PO a compound?", "Is Po a compound?"),
    ("How long is 3 Mm?", "How long is 3 mm?"),
    ("How bright is a 2 mW laser?", "How bright is a 2 MW laser?"),
    ("How much is a Gb?", "How much is a GB?"),
    ("How fast is 10 Mbps?", "How fast is 10 MBps?"),
    ("How high is 3 mPa?", "How high is 3 MPa?"),
    # names in the plural
    ("Who directed the film Alien?", "Who directed the film Aliens?"),
    ("Who sang in the band Eagle?", "Who sang in the band Eagles?"),
]

SAME = [
    ("What is nasa?", "What is NASA?"),
    ("what is json", "What is JSON?"),
    ("how do i learn french", "How do I learn French?"),
    ("WHERE IS IT SOLD?", "where is it sold?"),
    ("HOW DO I FIX IT", "How do I fix it?"),
    ("how large is the us", "How large is the US?"),
    ("What Is The Capital Of Peru?", "What is the capital of Peru?"),
    ("how do i update windows", "How do I update Windows?"),
    ("What is vitamin c good for?", "What is vitamin C good for?"),
    ("Is hepatitis b curable?", "Is hepatitis B curable?"),
    ("Polish the table: how?", "polish the table: how?"),
    ("how do i read a file in c", "How do I read a file in C?"),
    ("Is h2o wet?", "Is H2O wet?"),
    ("how much is 5 kg", "How much is 5 KG?"),
    ("how large is 10 mb", "How large is 10 MB?"),
    ("What opens at 6 pm on Sunday?", "What opens at 6 PM on Sunday?"),
    ("Which phone is best under 45K?", "Which phone is best under 45k?"),
    ("How do I write a b.tech thesis?", "How do I write a B.Tech thesis?"),
    ("Do cats like milk?", "Does a cat like milk?"),
    ("Is a Tesla reliable?", "Are Teslas reliable?"),
    ("Do Germans drink beer?", "Does a German drink beer?"),
    ("Explain Newtons first law", "Explain Newton's first law"),
    ("Which is better - tea or coffee?", "Which is better, tea or coffee?"),
    ("What is the BEST way to sleep?", "What is the best way to sleep?"),
    ("How do I reset my iPhone?", "how do i reset my iphone"),
    ("Can I sell it on eBay?", "Can I sell it on ebay?"),
    ("Can I bring my dog?", "can i bring my dog"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_case_is_the_meaning(one: str, other: str) -> None:
    assert judge(one, other, ALIKE).reasons
    assert judge(other, one, ALIKE).reasons


@pytest.mark.parametrize(("one", "other"), SAME)
def test_case_says_nothing(one: str, other: str) -> None:
    assert judge(one, other, ALIKE).reasons == ()
    assert judge(other, one, ALIKE).reasons == ()


def test_the_reason_is_true() -> None:
    assert judge("What does rm -r do?", "What does rm -R do?", ALIKE).reasons == ("letter case", "sign")
    assert judge("How old is Turkey?", "How old is turkey?", ALIKE).reasons == ("letter case",)


@pytest.mark.parametrize(
    ("form", "atoms"),
    [("CO", {"C": 1, "O": 1}), ("Co", {"Co": 1}), ("H2SO4", {"H": 2, "S": 1, "O": 4}), ("JSON", None), ("co", None)],
)
def test_formulas(form: str, atoms: dict[str, int] | None) -> None:
    assert atoms_of(form) == atoms


@pytest.mark.parametrize(
    ("form", "unit"),
    [
        ("mW", ("m", "W")), ("MW", ("M", "W")), ("Pa", ("", "Pa")), ("GiB", ("Gi", "B")), ("mb", None), ("KM", None),
        ("ml", ("m", "l")), ("mL", ("m", "l")), ("tree", None),
    ],
)  # fmt: skip
def test_units(form: str, unit: tuple[str, str] | None) -> None:
    assert unit_of(form) == unit


@given(st.text(max_size=120), st.text(max_size=120))
def test_any_two_texts_are_compared_alike_from_both_sides(one: str, other: str) -> None:
    left, right = written(one, True), written(other, True)
    assert other_case(left, right) is other_case(right, left)
    assert not other_case(left, left)


@given(st.text(alphabet="aAbBiI tTuUsS.'?", max_size=60))
def test_capitals_throughout_say_nothing_of_small_letters(text: str) -> None:
    assert not other_case(written(text.lower(), True), written(text.upper(), True))
