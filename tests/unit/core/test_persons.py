"""Who does it to whom, his and hers, and what is counted in which unit."""

from __future__ import annotations

import pytest

from mitmgate.core.verdict import judge

ALIKE = 0.97


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Can I call you a taxi?", "Can you call me a taxi?"),
        ("How do I forgive you?", "How do you forgive me?"),
        ("Is my dog faster than your dog?", "Is your dog faster than my dog?"),
        ("Should he trust her?", "Should she trust him?"),
        ("What is his job?", "What is her job?"),
        ("When did he resign?", "When did she resign?"),
        ("How long is 7 leagues in versts?", "How long is 7 versts in leagues?"),
        ("How many cubits are 9 rods?", "How many rods are 9 cubits?"),
        ("Is 40 bushels a lot?", "Are 40 barrels a lot?"),
    ],
)
def test_exchanged(one: str, other: str) -> None:
    assert judge(one, other, ALIKE).reasons
    assert judge(other, one, ALIKE).reasons


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How do I boil rice?", "How do you boil rice?"),
        ("Can you tell me how I boil rice?", "How do I boil rice?"),
        ("I want you to write me a song", "Can you write me a song?"),
        ("When did he resign as pope?", "When did he resign as pope"),
        ("Name 10 movies about war", "Name 10 films about war"),
        ("Give me 3 ideas for a picnic", "Suggest 3 ideas for a picnic"),
        ("When did World War 2 end?", "When did the 2nd World War end?"),
    ],
)
def test_said_another_way(one: str, other: str) -> None:
    assert judge(one, other, ALIKE).reasons == ()
    assert judge(other, one, ALIKE).reasons == ()
