"""Pairs of questions that differ in one fact, or in form only: made from templates, the same for a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class MinimalPair:
    """same: whether the answer to one may be served for the other."""

    one: str
    other: str
    same: bool
    kind: str


type Make = Callable[[random.Random], MinimalPair]

_CITIES: Final = ("Oslo", "Lima", "Cairo", "Kyoto", "Porto", "Hanoi", "Tunis", "Riga", "Quito", "Perth")
_PEOPLE: Final = ("Marie Curie", "Isaac Newton", "Jane Austen", "Nelson Mandela", "Frida Kahlo", "Alan Turing")
_COMPANIES: Final = ("Siemens", "Nokia", "Boeing", "Adobe", "Philips", "Volvo", "Lego", "Canon")
_MONTHS: Final = ("January", "February", "March", "April", "June", "July", "August", "September", "October", "November")
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LANGUAGES: Final = ("Rust", "Kotlin", "Haskell", "Perl", "Scala", "Swift")
_METALS: Final = ("copper", "iron", "nickel", "zinc", "silver", "lead", "tin")
_ANIMALS: Final = ("otter", "badger", "walrus", "falcon", "gecko", "moose")
_THINGS: Final = ("bread dough", "a cactus", "a sourdough starter", "a rice cooker", "a wool sweater", "an oak table")
_IDENTIFIERS: Final = (
    "os.listdir",
    "os.walk",
    "re.match",
    "re.search",
    "get_user_id",
    "set_user_id",
    "parseUrl",
    "parseUri",
)
_WORDS: Final = ("river", "cloud", "bridge", "lemon", "shadow", "candle")
_UNITS: Final = (
    ("kilograms", "pounds"), ("litres", "gallons"), ("metres", "feet"), ("hours", "minutes"), ("celsius", "fahrenheit"),
    ("kilometres", "miles"), ("grams", "ounces"), ("watts", "kilowatts"), ("megabytes", "gigabytes"),
)  # fmt: skip


def _two[T](rng: random.Random, of: Sequence[T]) -> tuple[T, T]:
    one, other = rng.sample(list(of), 2)
    return one, other


def _filled(kind: str, templates: Sequence[str], of: Sequence[str]) -> Make:
    """One template, two values."""

    def make(rng: random.Random) -> MinimalPair:
        one, other = _two(rng, of)
        template = rng.choice(templates)
        return MinimalPair(template.format(one), template.format(other), False, kind)

    return make


def _listed(kind: str, pairs: Sequence[tuple[str, str]], same: bool) -> Make:
    def make(rng: random.Random) -> MinimalPair:
        one, other = rng.choice(pairs)
        names = {"city": rng.choice(_CITIES), "metal": rng.choice(_METALS), "thing": rng.choice(_THINGS)}
        names |= {"n": str(rng.randint(3, 90)), "company": rng.choice(_COMPANIES), "animal": rng.choice(_ANIMALS)}
        sides = [one.format(**names), other.format(**names)]
        rng.shuffle(sides)
        return MinimalPair(*sides, same, kind)

    return make


def _numbers(rng: random.Random) -> MinimalPair:
    one, other = _two(rng, [rng.randint(2, 400) for _ in range(5)] + [401, 402])
    template = rng.choice(
        (
            "How many calories does running for {} minutes burn?",
            "Suggest a menu for a party of {} guests.",
            "What is the square root of {}?",
            "Write a limerick of {} words about rain.",
            "Is {} divisible by seven?",
            "How long does it take to walk {} km?",
            "Give me {} reasons to learn the piano.",
            "What does HTTP status {} mean?",
            "Which element has atomic number {}?",
        )
    )
    return MinimalPair(template.format(one), template.format(other), one == other, "number")


def _sums(rng: random.Random) -> MinimalPair:
    one, other = rng.randint(2, 60), rng.randint(61, 99)
    kinds = [("{} + {}", "{} - {}"), ("{} * {}", "{} / {}"), ("{} plus {}", "{} times {}"), ("{} - {}", "{1} - {0}")]
    left, right = rng.choice(kinds)
    template = rng.choice(("Calculate {}.", "What's the result of {}?", "Work out {} for me"))
    return MinimalPair(
        template.format(left.format(one, other)), template.format(right.format(one, other)), False, "sum"
    )


def _units(rng: random.Random) -> MinimalPair:
    one, other = rng.choice(_UNITS)
    number = rng.randint(2, 90)
    if rng.random() < 0.5:
        template = rng.choice(
            ("How do you convert {0} {1} to {2}?", "Express {0} {1} in {2}.", "How many {2} are {0} {1}?")
        )
        return MinimalPair(
            template.format(number, one, other), template.format(number, other, one), False, "unit order"
        )
    template = rng.choice(("Is {0} {1} a lot?", "How much is {0} {1}, roughly?", "What would {0} {1} look like?"))
    return MinimalPair(template.format(number, one), template.format(number, other), False, "unit")


def _dates(rng: random.Random) -> MinimalPair:
    month, other_month = _two(rng, _MONTHS)
    day, year = rng.randint(1, 28), rng.randint(1801, 1999)
    template = rng.choice(("Which battle was fought on {}?", "What day of the week was {}?", "Who was born on {}?"))
    one = f"{month} {day}, {year}"
    if rng.random() < 0.5:
        other = rng.choice((f"{other_month} {day}, {year}", f"{month} {day}, {year + 1}", f"{month} {day + 1}, {year}"))
        return MinimalPair(template.format(one), template.format(other), False, "date")
    other = rng.choice((f"{day} {month} {year}", f"{month} {day} {year}", f"{month[:3]} {day}, {year}"))
    return MinimalPair(template.format(one), template.format(other), True, "date format")


def _times(rng: random.Random) -> MinimalPair:
    hour = rng.randint(1, 11)
    template = rng.choice(
        ("Is {} too late for coffee?", "When I leave at {}, shall I avoid the rush?", "Is {} a good hour to post?")
    )
    if rng.random() < 0.5:
        other = rng.choice((f"{hour} pm", f"{hour + 1} am", f"{hour}:30 am"))
        return MinimalPair(template.format(f"{hour} am"), template.format(other), False, "time")
    return MinimalPair(template.format(f"{hour} pm"), template.format(f"{hour + 12}:00"), True, "time format")


def _money(rng: random.Random) -> MinimalPair:
    amount = rng.randint(20, 900)
    template = rng.choice(("What can I cook for {}?", "How should one invest {}?", "Which bicycles cost up to {}?"))
    if rng.random() < 0.6:
        other = rng.choice((f"€{amount}", f"${amount * 10}", f"{amount} pounds sterling", f"${amount + 5}"))
        return MinimalPair(template.format(f"${amount}"), template.format(other), False, "money")
    return MinimalPair(template.format(f"${amount}"), template.format(f"{amount} dollars"), True, "money format")


_NEGATED: Final = (
    ("Which plants need sunlight?", "Which plants do not need sunlight?"),
    ("Why does {metal} rust?", "Why doesn't {metal} rust?"),
    ("What happens when you sleep enough?", "What happens when you don't sleep enough?"),
    ("Name countries that use the euro.", "Name countries that don't use the euro."),
    ("How do I bake {thing} with yeast?", "How do I bake {thing} without yeast?"),
    ("Which foods contain gluten?", "Which foods contain no gluten?"),
    ("When should I water {thing}?", "When should I never water {thing}?"),
    ("What can be recycled in {city}?", "What cannot be recycled in {city}?"),
    ("Who is allowed to vote in {city}?", "Who isn't allowed to vote in {city}?"),
)
_OPPOSED: Final = (
    ("What is the hottest month in {city}?", "What is the coldest month in {city}?"),
    ("How do I enable dark mode?", "How do I disable dark mode?"),
    ("Why do people in {city} arrive early?", "Why do people in {city} arrive late?"),
    ("What makes {metal} expand?", "What makes {metal} contract?"),
    ("How do I lock the screen?", "How do I unlock the screen?"),
    ("What are the benefits of {metal} pipes?", "What are the drawbacks of {metal} pipes?"),
    ("Where do tourists arrive in {city}?", "Where do tourists depart in {city}?"),
    ("How do I mount a disk?", "How do I unmount a disk?"),
    ("What is the largest {animal} species?", "What is the smallest {animal} species?"),
    ("How can I gain muscle in {n} weeks?", "How can I lose muscle in {n} weeks?"),
    ("Is {city} safe at night?", "Is {city} dangerous at night?"),
    ("How do I encrypt a folder?", "How do I decrypt a folder?"),
    ("Which shops in {city} open on holidays?", "Which shops in {city} close on holidays?"),
    ("How do I follow somebody?", "How do I unfollow somebody?"),
    ("What are the strengths of {company}?", "What are the weaknesses of {company}?"),
    ("Show the first {n} rows.", "Show the last {n} rows."),
    ("When does the sun rise in {city}?", "When does the sun set in {city}?"),
    ("How do I sort ascending?", "How do I sort descending?"),
    ("How do I subscribe to the newsletter?", "How do I unsubscribe from the newsletter?"),
    ("Why is {metal} heavier than wood?", "Why is {metal} lighter than wood?"),
    ("What is {city}'s minimum wage?", "What is {city}'s maximum wage?"),
    ("How do I turn notifications on?", "How do I turn notifications off?"),
)
_COMPARED: Final = (
    ("Is {metal} harder than glass?", "Is glass harder than {metal}?"),
    ("Does {city} get more rain than Berlin?", "Does {city} get less rain than Berlin?"),
    ("Is a {animal} faster than a horse?", "Is a horse faster than a {animal}?"),
    ("Which cities have more than {n} museums?", "Which cities have fewer than {n} museums?"),
    ("Why do cats chase mice?", "Why do mice chase cats?"),
    ("How do I fly from {city} to Boston?", "How do I fly from Boston to {city}?"),
    ("Should I stretch before running?", "Should I stretch after running?"),
    ("Translate 'thanks' from Welsh to Irish", "Translate 'thanks' from Irish to Welsh"),
    ("Who sold the company to {company}?", "Who bought the company from {company}?"),
    ("How do I convert PNG to WebP?", "How do I convert WebP to PNG?"),
    ("Did {company} sue Kodak?", "Did Kodak sue {company}?"),
    ("How do I migrate from MySQL to MongoDB?", "How do I migrate from MongoDB to MySQL?"),
    ("At most how many guests may stay?", "At least how many guests may stay?"),
    ("Is {city} north of Madrid?", "Is Madrid north of {city}?"),
)
_REPHRASED: Final = (
    ("How do I get rid of rust on {metal}?", "How can I remove rust from {metal}?"),
    ("What's the best way to clean {thing}?", "What is the best way of cleaning {thing}?"),
    ("How tall does a {animal} get?", "How tall can a {animal} get?"),
    ("Give me {n} ideas for a picnic", "Give me {n} picnic ideas"),
    ("Why is the sky over {city} so clear?", "Why is the sky so clear over {city}?"),
    ("What does a {animal} eat?", "What do {animal}s eat?"),
    ("Who started {company}?", "Who founded {company}?"),
    ("How do you fix {thing}?", "How do I fix {thing}?"),
    ("What is {metal} used for?", "What are the uses of {metal}?"),
    ("How long does it take to fly to {city}?", "How long is the flight to {city}?"),
    ("Can you freeze {thing}?", "Is it possible to freeze {thing}?"),
    ("What's the difference between {metal} and steel?", "What is the difference between steel and {metal}?"),
)
_QUESTIONS: Final = (
    "How do I take care of {thing}?",
    "What are good museums in {city}?",
    "Why does {metal} conduct electricity so well?",
    "Where does the {animal} live in winter?",
    "How did {company} become successful?",
    "What should I pack for a week in {city}?",
    "Explain how {metal} is mined.",
    "What do I need to know before buying {thing}?",
)
_POLITE: Final = ("Please tell me: {}", "Hi! {}", "{} Thanks!", "Could you tell me: {}", "Hello there, {}", "{} please")


def _surface(rng: random.Random) -> MinimalPair:
    made = _listed("", [(question, question) for question in _QUESTIONS], True)(rng)
    question = made.one
    kind = rng.choice(("polite", "case", "punctuation", "typo"))
    if kind == "polite":
        other = rng.choice(_POLITE).format(question)
    elif kind == "case":
        other = rng.choice((question.lower(), question.upper()))
    elif kind == "punctuation":
        other = question.rstrip("?.") + rng.choice(("", "??", " ?", "..."))
    else:
        words = question.split()
        place = rng.choice([at for at, word in enumerate(words) if len(word) > 5 and word[0].islower()] or [1])
        at = rng.randrange(1, max(2, len(words[place]) - 2))
        word = words[place]
        words[place] = rng.choice((word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:]))
        other = " ".join(words)
    return MinimalPair(question, other, True, kind)


def _contractions(rng: random.Random) -> MinimalPair:
    pairs = (
        ("What's", "What is"), ("Where's", "Where is"), ("Who's", "Who is"), ("How's", "How is"),
    )  # fmt: skip
    short, long = rng.choice(pairs)
    rest = rng.choice(("the tallest tower in {}?", "the mayor's office in {}?", "the old harbour of {}?"))
    rest = rest.format(rng.choice(_CITIES))
    return MinimalPair(f"{short} {rest}", f"{long} {rest}", True, "contraction")


_IN_CITIES: Final = ("What is the population density of {}?", "Plan three days in {}.", "Is {}'s metro cheap?")
_WITH_QUOTES: Final = ('What rhymes with "{}"?', 'Use the word "{}" in a sentence.', "Translate '{}' to Czech.")
MAKERS: Final[Sequence[tuple[int, Make]]] = (
    (3, _numbers), (2, _sums), (3, _units), (3, _dates), (3, _times), (3, _money),
    (2, _filled("city", _IN_CITIES, _CITIES)),
    (2, _filled("person", ("Where did {} go to school?", "Summarise the life of {}.", "When did {} die?"), _PEOPLE)),
    (2, _filled("company", ("Who runs {}?", "Which phones did {} make?", "Where is {} based?"), _COMPANIES)),
    (1, _filled("weekday", ("Do banks open on {}?", "Name songs about {}."), _DAYS)),
    (1, _filled("language", ("How do I read a file in {}?", "Is {} hard to learn?"), _LANGUAGES)),
    (2, _filled("code", ("What does {} return?", "When is {} called?", "Show an example of {}."), _IDENTIFIERS)),
    (2, _filled("quoted", _WITH_QUOTES, _WORDS)),
    (2, _filled("substance", ("What is the melting point of {}?", "Is {} magnetic?", "Where is {} mined?"), _METALS)),
    (1, _filled("animal", ("How long does a {} live?", "Do {}s hibernate?", "What eats a {}?"), _ANIMALS)),
    (4, _listed("negation", _NEGATED, False)), (6, _listed("opposite", _OPPOSED, False)),
    (4, _listed("order", _COMPARED, False)),
    (8, _listed("paraphrase", _REPHRASED, True)), (10, _surface), (2, _contractions),
)  # fmt: skip


def minimal_pairs(count: int, seed: int) -> list[MinimalPair]:
    """Distinct pairs, a few less than asked for."""
    rng = random.Random(seed)
    makers, weights = [make for _, make in MAKERS], [weight for weight, _ in MAKERS]
    made = [make(rng) for make in rng.choices(makers, weights, k=count)]
    return [pair for pair in dict.fromkeys(made) if pair.one != pair.other]
