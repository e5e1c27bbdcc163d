"""Throws of dice, secrets and turns that say "again" are for once; questions about such things are like any other."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.kept_out import why_by_kind
from mitmgate.core.text.turns import leans_on_earlier_turns
from mitmgate.core.volatile import volatile_text


@pytest.mark.parametrize(
    "text",
    [
        "Give me a random number from 1 to 6",
        "random number",
        "a random word please",
        "Toss a coin",
        "hey, can you flip a coin for me?",
        "heads or tails",
        "Roll a die",
        "roll 3d8",
        "Please roll two dice",
        "Throw a twenty-sided die",
        "Pick a number between 1 and 50",
        "think of a number",
        "surprise me!",
    ],
)
def test_chance(text: str) -> None:
    assert volatile_text(text) == "random"


@pytest.mark.parametrize(
    "text",
    [
        "Create a safe password",
        "Write me a very strong password with symbols",
        "suggest a 4 digit pin",
        "I need a password for the office wifi",
        "new password please",
        "Generate two UUIDs",
        "uuid please",
        "Could you generate a GUID?",
        "Make an API key",
        "generate an encryption key",
        "give me a nonce",
        "print a 256-bit key",
        "Give me a one-time code",
        "My router is new. Choose a strong password.",
        "Come up with a memorable passphrase for me",
        "Generate a password for my app",
    ],
)
def test_secrets(text: str) -> None:
    assert volatile_text(text) == "secret"


@pytest.mark.parametrize(
    "text",
    [
        "Try again",
        "no, try again.",
        "once more",
        "One more time please",
        "Continue",
        "go on",
        "Keep going!",
        "shorter",
        "Much shorter, please.",
        "make it simpler",
        "and the second one?",
        "the last one",
        "And in Italy?",
        "What about the third?",
        "how about Greece",
        "same for Berlin",
        "in Spanish please",
        "Translate it to Dutch",
        "now in French",
        "tell me more",
        "More examples",
        "give me 3 more",
        "explain that",
        "what does that mean?",
        "why?",
        "Why not",
        "Yes please",
        "ok, do it",
        "are you sure?",
        "another one",
        "something else",
        "what else?",
        "Rephrase",
        "rewrite it",
        "option b",
        "Use the second option",
        "What does this mean?",
        "you choose",
        "I don't understand",
        "and then?",
        "try again, thanks",
        "Same question for Spain",
    ],
)
def test_turns_without_context(text: str) -> None:
    assert volatile_text(text) == "no context"


@pytest.mark.parametrize(
    "text",
    [
        "How do I generate a uuid in Python?",
        "What is it like to be a nurse?",
        "Is it safe to eat raw eggs?",
        "How long does it take to get a passport?",
        "Why is it called football?",
        "Who is the author of It?",
        "How do I wash a cat without hurting it?",
        "Do whales sing to their calves?",
        "Is a college degree worth it?",
        "What are tips for those in debt?",
        "draw a cat in ASCII",
        "What is the second option in chess openings?",
        "What is a uuid?",
        "uuid vs guid",
        "How do I create a strong password?",
        "what is a strong password?",
        "What makes a PIN secure?",
        "Write a password policy",
        "Which password manager is best?",
        "Write a function that generates a random password",
        "Create a SQL table with a primary key",
        "Explain public and private keys",
        "Give me the key points of the Iliad",
        "a recipe for key lime pie",
        "What is a token in an LLM?",
        "How do I get a visa token for the subway?",
        "Make a pin cushion",
        "What is a random forest?",
        "Explain random access memory",
        "Give me an example of a random variable",
        "How do I pick a random element of an array in Java?",
        "How does a random number generator work?",
        "How do I roll dough?",
        "roll dough",
        "Roll a sleeping bag tightly",
        "How are dice made?",
        "What is the probability of two sixes with two dice?",
        "What is the history of the coin toss?",
        "toss a salad",
        "throw a party on a budget",
        "How do you play rock paper scissors?",
        "What is another word for happy?",
        "How can I surprise a friend?",
        "What does the continue statement do in C?",
        "continue statement in C",
        "try except in Python",
        "go generics",
        "next js routing",
        "How do I make it in Hollywood?",
        "and gate truth table",
        "no country for old men summary",
        "yes minister cast",
        "better call saul ending",
        "faster than light travel",
        "more protein or more carbs for muscle",
        "Shorter days in winter: why?",
        "Explain quantum computing in simple terms",
        "Translate good morning into German",
        "What is IT?",
        "What does WHO do?",
        "What is 2+2?",
        "what is 7 times 8",
        "hello",
        "thank you",
        "Tell me a joke",
        "translate hello to French",
        "What is another way to say hello?",
        "generate a random number in C++",
        "Choose a good title for a novel",
        "Write a poem",
        "fix a flat tire",
        "choose a career",
        "stop smoking",
        "in vitro fertilization",
        "Which one is the best language school in Pune?",
    ],
)
def test_questions_about_them_are_shared(text: str) -> None:
    assert volatile_text(text) is None


@given(st.text(max_size=100))
def test_any_turn_is_read(text: str) -> None:
    assert leans_on_earlier_turns(text) in (True, False)


@pytest.mark.parametrize("text", ["jobs in IT", "Is IT a good career?", "Who pays the WHO?", "and in the US?"])
def test_a_pronoun_in_capitals_is_a_name_whatever_the_classifier_reads(text: str) -> None:
    assert why_by_kind("no context", text) is None
    assert why_by_kind("secret", text) == "never shared: secret"


@pytest.mark.parametrize(
    "text",
    [
        "what does he do in IT",
        "That one in the US",
        "Those in the US?",
        "What did THIS mean",
        "shorten the PDF",
        "Fix the SQL above",
        "Convert it to JSON",
        "IS IT GOOD",
        "Is this in IT?",
        "what about AWS",
    ],
)
def test_other_abbreviations_excuse_nothing(text: str) -> None:
    assert why_by_kind("no context", text) == "never shared: no context"


@pytest.mark.parametrize(
    "text",
    [
        "generate a random key number card coin dice password token " * 70,
        "give me " * 500,
        "how much " * 440 + "have",
        "pregnant " * 400,
        "random " * 580,
        "and " * 1000,
        "last " * 800,
        "my " * 1300,
        "still is " * 440,
        "what is my " + "''" * 1990 + "!",
        "show my" + " -'" * 1300 + "!",
    ],
)
def test_no_text_takes_long(text: str) -> None:
    volatile_text(text)
    began = time.process_time()
    volatile_text(text)
    assert time.process_time() - began < 0.05
