"""Questions with the same words and other little words or signs between them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mitmgate.core.text.guards import vetoes
from mitmgate.core.text.pair import Pair
from mitmgate.core.text.reading import read
from mitmgate.core.text.signs import signed


def found(one: str, other: str) -> list[str]:
    reasons = vetoes(Pair(read(one), read(other)))
    assert bool(reasons) == bool(vetoes(Pair(read(other), read(one))))
    return reasons


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("Which numbers are divisible by 4 or 6?", "Which numbers are divisible by 4 and 6?", "conjunct"),
        ("Is it safe to mix vinegar or bleach?", "Is it safe to mix vinegar and bleach?", "conjunct"),
        ("Songs by Adele", "Songs about Adele", "preposition by vs about"),
        ("A letter to the editor", "A letter from the editor", "preposition to vs from"),
        ("hotels near the airport", "hotels in the airport", "preposition near vs in"),
        ("Turn on the lamp", "turn up the lamp", "particle on vs up"),
        ("turn the heating in the hall off", "Turn down the heating in the hall", "particle off vs down"),
        ("How do I sign up for the newsletter?", "How do I sign in to the newsletter?", "particle up vs on"),
        ("How do I put off a meeting?", "How do I put back a meeting?", "particle off vs back"),
        ("He handed his notes over", "He handed his notes back", "particle over vs back"),
        ("arguments for a basic income", "arguments against a basic income", "preposition for vs against"),
        ("What is the retirement age in Spain?", "What should the retirement age in Spain be?", "modality"),
        ("How do schools grade pupils?", "How should schools grade pupils?", "modality"),
        ("Is gambling banned in Texas?", "Should gambling be banned in Texas?", "modality"),
        ("Name a lake in Finland", "Name every lake in Finland", "quantifier"),
        ("How do I close a tab in Firefox?", "How do I close all tabs in Firefox?", "quantifier"),
        ("Can a child inherit from both parents?", "Can a child inherit from either parent?", "quantifier"),
        ("Do all whales sing?", "Do any whales sing?", "quantifier"),
        ("What is 300 kJ in kcal?", "What is 300 kcal in kJ?", "unit kilojoule vs calorie"),
        ("What is 9!?", "What is 9?", "sign"),
        ("Ingredients for half a dozen eggs", "Ingredients for a dozen eggs", "number"),
        ("Average monthly wage in Oslo", "Average annual wage in Oslo", "unit month vs year"),
        ("How do fishermen mend nets?", "How did fishermen mend nets?", "tense"),
        ("Does Greece have a king?", "Did Greece have a king?", "tense"),
        ("Who did Hannibal defeat?", "Who defeated Hannibal?", "order"),
        ("What eats hawks?", "What do hawks eat?", "order"),
        ("Who was taught by Plato?", "Who taught Plato?", "order"),
        ("Is the Pixel 7 waterproof?", "Is the Pixel 7 Pro waterproof?", "name"),
        ("gtx 1650 power draw", "gtx 1650 super power draw", "name"),
        ("iPhone 13 Pro price", "iPhone 13 Pro Max price", "name"),
        ("Galaxy S23 FE or S23 for photos?", "Galaxy S23 or S23 Ultra for photos?", "name"),
        ("What is 6 × 2 + 1?", "What is 6 × (2 + 1)?", "sign"),
        ("What is 4! ?", "What is 4?", "sign"),
        ("Where is ./lib?", "Where is ../lib?", "sign"),
        ("What does x[2:] give?", "What does x[:2] give?", "sign"),
        ('What does echo "$USER" print?', "What does echo '$USER' print?", "sign"),
        ("What does [0-9] match?", "What does [^0-9] match?", "sign"),
        ("What does | do in bash?", "What does || do in bash?", "sign"),
        ("Come andare da Pisa a Bari?", "Come andare da Bari a Pisa?", "order"),
        ("Comment va-t-on de Lyon a Nice?", "Comment va-t-on de Nice a Lyon?", "order"),
    ],
)
def test_other_questions(one: str, other: str, reason: str) -> None:
    assert reason in found(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is the capital of Chile?", "What's the capital in Chile?"),
        ("difference between a virus and a worm", "difference between a virus or a worm"),
        ("How should I store cheese?", "How do I store cheese?"),
        ("How should one greet a king?", "How does one greet a king?"),
        ("How do I earn $10 a day?", "How do I earn $10 every day?"),
        ("All planets of the sun", "The planets of the sun"),
        ("Do you know what NATO means?", "What does NATO mean?"),
        ("machine learning (ML) books", "machine learning ML books"),
        ("What does 'ubi' mean?", "What does ubi mean?"),
        ("How do I use a saw ?", "How do I use a saw?"),
        ("* How do I use a saw", "How do I use a saw?"),
        ("What is a self-driving car?", "What is a self driving car?"),
        ("cats, dogs and birds", "cats ,dogs and birds"),
        ("What is R&D?", "What is R & D?"),
        ("What is 5 + 7?", "What is 5 plus 7?"),
        ("Who was the king of Troy in 1200 BC?", "Who was king of Troy in 1200 BC?"),
        ("los angeles hotels best", "best los angeles hotels"),
        ("restart pod kubectl", "kubectl restart pod"),
        ("How much is 20% of 50?", "How much is 20 % of 50?"),
        ("How do I log in to my router?", "How do I log on to my router?"),
        ("turn out the lamp by the bed", "turn the lamp by the bed off"),
        ("Take the cake out and put it on a plate", "Take out the cake and put it on a plate"),
    ],
)
def test_the_same_question(one: str, other: str) -> None:
    assert found(one, other) == []


@settings(deadline=None)
@given(st.text(max_size=200))
def test_signs_of_any_text_can_be_read(text: str) -> None:
    *words, (end, _) = signed(text)
    assert end == "" and all(word for word, _ in words)
