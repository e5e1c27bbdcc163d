"""Surface does not matter to facts and doubts, one changed fact does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verdicts import considered, reasons


@pytest.mark.parametrize(
    ("query", "stored"),
    [
        ("what's 2 plus 2?", "What is 2+2?"),
        ("What is two times three?", "what is 2 * 3"),
        ("What is 2 x 3?", "What is 2×3?"),
        ("How many seconds are in 1,000 hours?", "How many seconds are in 1000 hours?"),
        ("Is 2.5k a lot of followers?", "Is 2500 a lot of followers?"),
        ("What is twenty-five percent of eighty?", "What is 25% of 80?"),
        ("What is a hundred and five minus 3?", "What is 105 - 3?"),
        ("Which phone is best under $400?", "Which phone is best under 400 dollars?"),
        ("Which phone is best under USD 400?", "Which phone is best for less than $400?"),
        ("How many miles are 5km?", "How many miles are 5 kilometres?"),
        ("What happened on July 4, 1976?", "What happened on 4 July 1976?"),
        ("What happened on the 4th of July 1976?", "What happened on Jul 4 1976"),
        ("Set an alarm for 9 am", "Set an alarm for 9:00 a.m."),
        ("Set an alarm for 9pm.", "Set an alarm for 21:00."),
        ("Hi there, can you tell me: who wrote Hamlet? Thanks a lot!", "Who wrote Hamlet?"),
        ("WHO WROTE HAMLET?", "who wrote hamlet"),
        ("Who Wrote The Play Hamlet?", "who wrote the play Hamlet?"),
        ("How do I go from Bern to Genoa?", "How do I go to Genoa from Bern?"),
        ("What is the difference between tea and coffee?", "What is the difference between coffee and tea?"),
        ("Why can't penguins fly?", "Why can not penguins fly?"),
        ("How do I reset my pasword?", "How do I reset my password?"),
        ("In Lisbon, what should I see?", "What should I see in Lisbon?"),
        ("In Rome, which museums open early?", "Which museums open early in Rome?"),
        ("How do I get long and shiny hair?", "How do I get shiny and long hair?"),
        ("Explain my work flow", "Explain my workflow"),
        ("Who fought in World War 2?", "Who fought in World War II?"),
        ("Is it safe or not?", "Is it safe?"),
        ("Which of these is the better one, tea or coffee?", "Which of these is better, tea or coffee?"),
    ],
)
def test_the_same_question_in_other_words(query: str, stored: str) -> None:
    assert reasons(query, stored) == ()
    assert reasons(stored, query) == ()


@pytest.mark.parametrize(
    ("query", "stored", "why"),
    [
        ("What is 2+3?", "What is 2+2?", "number 3 vs 2"),
        ("What is 2*2?", "What is 2+2?", "operator * vs +"),
        ("What is 2-2?", "What is 2+2?", "operator - vs +"),
        ("What is 5-3?", "What is 3-5?", "order"),
        ("What is three squared?", "What is three cubed?", "operator ^2 vs ^3"),
        ("Is -5 degrees cold?", "Is 5 degrees cold?", "number -5 vs 5"),
        ("Tell me a joke in one sentence.", "Tell me a joke in two sentences.", "number 1 vs 2"),
        ("Who fought in World War I?", "Who fought in World War II?", "number none vs 2"),
        ("How much is 5 kg?", "How much is 5 lbs?", "unit kilogram vs lb"),
        ("What is 5 km in miles?", "What is 5 miles in km?", "unit kilometer vs mile"),
        ("Mix 5 kg with 3 lbs", "Mix 5 lbs with 3 kg", "unit order"),
        ("What is the speed of light in km?", "What is the speed of light in miles?", "unit kilometer vs mile"),
        ("Which phone is best under $400?", "Which phone is best under 400 euros?", "money dollar vs euro"),
        ("What happened in 1976?", "What happened in 1977?", "number 1976 vs 1977"),
        ("What happened on July 4, 1976?", "What happened on July 5, 1976?", "date 1976-7-4 vs 1976-7-5"),
        ("Is the shop open on Monday?", "Is the shop open on Sunday?", "date monday vs sunday"),
        ("Set an alarm for 9 am", "Set an alarm for 9 pm", "date 9:00 vs 21:00"),
        ("Why does it work?", "Why doesn't it work?", "negation"),
        ("May I travel with a visa?", "May I travel without a visa?", "negation"),
        ("May I travel with a visa?", "May I travel wihtout a visa?", "negation"),
        ("How do I increase the volume?", "How do I decrease the volume?", "opposite increase vs decrease"),
        ("Is tea cheaper than coffee?", "Is tea pricier than coffee?", "opposite cheap vs pricy"),
        ("Is this legal in Spain?", "Is this illegal in Spain?", "opposite legal vs illegal"),
        ("What are its advantages?", "What are its disadvantages?", "opposite"),
        ("Is tea hotter than milk?", "Is tea coldr than milk?", "opposite hotter vs cold"),
        ("How do I go from Bern to Genoa?", "How do I go from Genoa to Bern?", "order"),
        ("Is Bern older than Genoa?", "Is Genoa older than Bern?", "order"),
        ("Should I eat before running?", "Should I run before eating?", "order"),
        ("Did the dog bite the man?", "Did the man bite the dog?", "order"),
        ("May I use the old ticket in a new train?", "May I use the new ticket in an old train?", "order"),
        ("Can ugly birds sing well or fly?", "Can ugly birds fly well or sing?", "order"),
        (
            "How is green tea of Assam compared to black of Kenya?",
            "How is green tea of Kenya compared to black of Assam?",
            "order",
        ),
        ("Convert JSON to XML", "Convert XML to JSON", "order"),
        ("Who founded Toyota?", "Who founded Honda?", "name"),
        ("What does str.split do?", "What does str.join do?", "code identifier"),
        ("What does parseDate do?", "What does parseTime do?", "code identifier"),
        ("What is C++?", "What is C#?", "code identifier"),
        ('How do you say "door" in Dutch?', 'How do you say "window" in Dutch?', "quoted text"),
    ],
)
def test_one_fact_differs(query: str, stored: str, why: str) -> None:
    assert why in reasons(query, stored)
    assert reasons(stored, query)


QUESTIONS = st.sampled_from(
    [
        "How do I boil {n} eggs?",
        "What is {n} plus 11?",
        "Name {n} rivers in Peru.",
        "How do I save ${n} in a year?",
        "What happened in Rome in the year {n}?",
        "Is {n} kg too heavy for a child?",
        "Which country has {n} million people?",
    ]
)
NUMBERS = st.integers(2, 99_999)


@given(QUESTIONS, NUMBERS, NUMBERS)
def test_equal_only_when_the_numbers_are(question: str, one: int, other: int) -> None:
    assert (not considered(question.format(n=one), question.format(n=other)).vetoes) is (one == other)


@given(QUESTIONS, NUMBERS)
def test_separators_are_no_difference(question: str, number: int) -> None:
    assert reasons(question.format(n=number), question.format(n=f"{number:,}")) == ()


@given(
    QUESTIONS,
    NUMBERS,
    st.sampled_from(
        ["Hi, ", "Hello! ", "Good morning. ", "So, ", "Please ", "Could you tell me: ", "Quick question: "]
    ),
    st.sampled_from(["", " Thanks!", " please", " Thank you very much."]),
)
def test_politeness_is_no_difference(question: str, number: int, head: str, tail: str) -> None:
    plain = question.format(n=number)
    assert reasons(head + plain, plain) == ()
    assert reasons(plain + tail, plain) == ()


@given(st.text(max_size=300), st.text(max_size=300), st.floats(-1, 1))
def test_any_two_texts_are_read_alike_from_both_sides(one: str, other: str, similarity: float) -> None:
    pair, turned = considered(one, other, similarity), considered(other, one, similarity)
    assert pair.open is turned.open and bool(pair.doubts) is bool(turned.doubts)
    for reason in (*pair.vetoes, *pair.doubts):
        assert reason.isascii() and reason.isprintable() and '"' not in reason and "\\" not in reason
        assert len(reason) < 200


@given(st.text(max_size=300))
def test_a_text_is_itself(text: str) -> None:
    assert considered(text, text, 1.0).same_words


@given(st.text(alphabet="abcdefg 123+-*/.,?\"'`_()$%", max_size=120))
def test_a_copy_with_other_spaces_is_the_same(text: str) -> None:
    assert considered(text, f"  {text} ").same_words
