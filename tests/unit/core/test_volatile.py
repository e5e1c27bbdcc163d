"""What may not be answered from memory, and what must not be mistaken for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.volatile import last_user_text, volatile_text, volatility


@pytest.mark.parametrize(
    "text",
    [
        "What is the weather today?",
        "TODAY'S headlines",
        "'today'",
        "Who won yesterday",
        "What happened at the moment?",
        "what’s the time",
        "What time is it in Tokyo?",
        "What's the exchange rate of the euro?",
        "Which films are in cinemas?",
        "what's the current price of bitcoin?",
        "What is the current Bitcoin price",
        "Who is the current prime minister of Japan?",
        "Who is the current world chess champion?",
        "Is Keith Richards still alive?",
        "How many days until Christmas?",
        "How many days are left in the year?",
        "latest Python version",
        "What's the weather in Paris?",
        "Plan for next week",
        "what is happening now?",
        "What is open right now",
        "Was ist heute los?",
        "Que se passe-t-il aujourd’hui ?",
        "Qué pasa hoy",
        "What's the weather like here?",
        "Who leads the league as of now",
        "Is it open now",
        "What happened in the past week?",
        "Which films came out last Friday",
        "What did the parliament decide two days ago?",
        "Who won the election 5 years ago?",
        "what's on this week",
        "What will change next summer?",
        "What's the weather?",
        "What changed over the last two days?",
        "What was announced last week?",
        "in the last month, who resigned?",
        "What has been going on lately?",
        "upcoming concerts in Vienna",
        "Was passiert morgen?",
        "How long ago did he resign?",
        "今天天气怎么样",
        "СЕГОДНЯ",
    ],
)
def test_the_present_moment(text: str) -> None:
    reason = volatile_text(text)
    assert reason is not None and reason.startswith("time-dependent: ") and reason.isascii()


@pytest.mark.parametrize(
    "text",
    [
        "My name is Bob",
        "Where is my order",
        "What's my account balance?",
        "Show my invoices",
        "Where am I?",
        "My password is hunter2. How do I reset my password?",
        "I'm pregnant, may I fly?",
        "I live in Lyon, where should I shop?",
        "restaurants near me",
        "I want to die",
        "How can I stop hurting myself?",
        "He hits me",
        "I am 43 years old, what should I eat?",
        "I'm diagnosed with asthma",
        "Who am I?",
        "When is my rent due?",
        "did my payment go through",
        "List my open tickets",
        "Can you check my balance?",
        "write to bob.smith@mail.example.com",
        "call +49 170 1234567",
        "my card 4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "DE89 3704 0044 0532 0130 00",
        "Mein Name ist Hase",
        "what is my balance",
        "how many vacation days do I have",
        "How many sick days do I have left?",
        "How many days do I have left?",
        "how much annual leave do I have remaining",
        "How many loyalty points have I got?",
        "How much do I owe?",
        "Show my grades",
        "What is my credit score",
        "I don't want to live",
    ],
)
def test_one_person(text: str) -> None:
    assert volatile_text(text) == "personal"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "What is the capital of France?",
        "What is the current in a circuit?",
        "What does current density mean?",
        "Who invented the telephone, and when?",
        "When did the dinosaurs die out, 65 million years ago?",
        "How do I reset my password?",
        "How do I reset my password, please?",
        "How do I get my deposit back from a landlord?",
        "Should I refinance my mortgage?",
        "What happens to my pension if I move abroad?",
        "Can my landlord evict me?",
        "Where can I see my order history on Amazon?",
        "What should I buy my wife for her birthday?",
        "Why am I always tired?",
        "How do I get the current time in Python?",
        "How do I select the rows of the last 7 days in SQL?",
        "How is the price of gold determined?",
        "When did the price of oil peak in 2008?",
        "What is the score of a perfect bowling game?",
        "Is an open interval closed?",
        "How can I change my email address?",
        "What does the word yet mean?",
        "I earn, you earn: conjugate it",
        "What is the temperature of the Sun's surface?",
        "What makes the price of a stamp?",
        "What factors affect the exchange rate?",
        "How do rain clouds form?",
        "How long do eggs keep?",
        "What time do bees wake up?",
        "Now that I know this, what is a monad?",
        "Who wrote the novel The Time Machine?",
        "How does alternating current flow?",
        "Explain the weather system of Jupiter",
        "I know? No.",
        "Write a function now_playing()",
        "How do I get more traffic on a blog?",
        "Why is city traffic so loud?",
        "How is traffic measured in a network?",
        "What reduces road traffic?",
        "Is still water healthier than sparkling water?",
        "Do people still use fax machines?",
        "Does light still travel in a vacuum?",
        "How do I sit still for long?",
        "How do I make fresh milk last two days?",
        "Can a cold last three weeks?",
        "What happens on the last day of school?",
        "The Last Days of Pompeii",
        "What happens in the last week of harvest?",
        "How do I change my password on Google?",
        "How can I change my email on Facebook, please?",
        "how to reset my pin at an ATM",
        "How do I cancel my subscription on an iPhone?",
        "Can you get pregnant on your period?",
        "How much money do I need to retire?",
        "How many days do I have to return a parcel?",
        "How many bones does an adult have?",
        "What have I to do to become a pilot?",
        "In the last resort",
        "my dear Watson",
        "f(x) = 1234567 + 89",
        "email@ is no address",
        "Summarise: the years 1914 1918 1939 1945 and 1989",
        "Thoday Hoyt stateless mystery",
        "@decorator in Python",
        "order 4111 1111 1111 1112",
        "What do I do if my tap is leaking?",
        "What is the time complexity of quicksort?",
        "Am I the only one who dislikes it?",
    ],
)
def test_what_stays_cacheable(text: str) -> None:
    assert volatile_text(text) is None


def test_only_the_last_user_turn_is_read() -> None:
    turns = [
        {"role": "system", "content": "Today is Monday"},
        {"role": "user", "content": "What about today?"},
        {"role": "assistant", "content": "My name is Claude, today"},
        {"role": "user", "content": [{"type": "text", "text": "Explain"}, {"type": "image_url"}, {"text": "tides"}]},
        {"role": "assistant", "content": "Today"},
    ]
    assert last_user_text({"messages": turns}) == "Explain tides"
    assert volatility({"messages": turns}) is None
    assert volatility({"messages": turns[:2]}) == "time-dependent: today"
    assert volatility({"prompt": ["a", "weather today"]}) == "time-dependent: today"


def test_of_a_long_text_beginning_and_end_are_read() -> None:
    page = "lorem ipsum " * 2000
    assert volatility({"prompt": f"{page} today {page}"}) is None
    assert volatility({"prompt": f"{page} as of today"}) == "time-dependent: today"
    assert volatility({"prompt": f"as of today: {page}"}) == "time-dependent: today"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["role", "content", "text", "type"]), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["messages", "prompt"]), json_values))
def test_any_body_is_judged_without_an_error(body: dict[str, object]) -> None:
    reason = volatility(body)
    assert reason is None or reason.isascii()
