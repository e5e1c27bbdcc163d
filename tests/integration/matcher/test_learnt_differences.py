"""What no rule says of two questions and the shipped verifier does: a word more that narrows, another question word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mitmgate.matcher.offline import OfflineJudge

DIFFERENT = [
    ("Who is the mayor of Turin?", "Who will be the mayor of Turin?"),
    ("Write a funny poem about the sea", "Write a poem about the sea"),
    ("What are the side effects of ibuprofen?", "What are the long-term side effects of ibuprofen?"),
    ("How do I boil an egg?", "How do I boil a hard-boiled egg?"),
    ("What is a planet?", "What is a dwarf planet?"),
    ("How do I get a loan?", "How do I get a personal loan?"),
    ("How do I train a puppy?", "How do I train a deaf puppy?"),
    ("What causes headaches?", "What causes cluster headaches?"),
    ("Write a haiku about autumn", "Write a sad haiku about autumn"),
    ("Summarise the plot of Hamlet", "Summarise the plot of Hamlet in French"),
    ("How do I plant tomatoes?", "How do I plant cherry tomatoes?"),
    ("What is the best laptop?", "What is the best gaming laptop?"),
    ("How much does a website cost?", "How much does a static website cost?"),
    ("What are the rules of chess?", "What are the rules of blitz chess?"),
    ("How do I clean a pan?", "How do I clean a cast iron pan?"),
    ("Is milk bad for dogs?", "Is goat milk bad for dogs?"),
    ("How do I remove paint from wood?", "How do I remove lead paint from wood?"),
    ("Draft a letter to my landlord", "Draft an angry letter to my landlord"),
    ("What do turtles eat?", "What do baby turtles eat?"),
    ("How long do batteries last?", "How long do lithium batteries last?"),
    ("Create a workout plan", "Create a workout plan for seniors"),
    ("How do I sharpen a knife?", "How do I sharpen a serrated knife?"),
    ("What is a contract?", "What is a smart contract?"),
    ("How do I apply for a passport?", "How do I apply for an emergency passport?"),
    ("What is machine learning?", "What is adversarial machine learning?"),
    ("How is steel made?", "How is stainless steel made?"),
    ("Suggest names for a cat", "Suggest names for a black cat"),
    ("Can I freeze soup?", "Can I freeze potato soup?"),
    ("who founded toyota?", "Who founded the company Honda?"),
    ("When was it made?", "Where was it made?"),
    ("Can I fly there?", "How can I fly there?"),
]


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineJudge]:
    folder: Path = tmp_path_factory.mktemp("judge")
    yield OfflineJudge.load(folder)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_one_answer_is_not_served_for_the_other(judge: OfflineJudge, one: str, other: str) -> None:
    similarity = float(np.vdot(*judge.vectors([one, other])))
    found = judge.judge(one, other, similarity, judge.calibration.bar(0.005))
    assert not found.verdict.accept
    assert not found.considered.vetoes or similarity < judge.calibration.floor


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How do I boil an egg?", "What is the way to boil an egg?"),
        ("What causes headaches?", "What are the causes of headaches?"),
        ("How do I sharpen a knife?", "What's the best way to sharpen a knife?"),
        ("How do I get a loan?", "How can I get a loan?"),
    ],
)
def test_but_it_is_for_other_words(judge: OfflineJudge, one: str, other: str) -> None:
    similarity = float(np.vdot(*judge.vectors([one, other])))
    assert judge.judge(one, other, similarity, judge.calibration.bar(0.005)).verdict.accept
