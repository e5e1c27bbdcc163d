"""Changes of the surface that leave a question what it is: greetings, typos, case, punctuation and the like."""

import random
import re
from collections.abc import Callable
from functools import cache

from . import actions, contrasts, misc, slots, topics
from .tails import lower_first

_BEFORE = (
    "Hi, ",
    "Hello! ",
    "Hey, ",
    "Hi there, ",
    "Good morning! ",
    "Dear assistant, ",
    "Hey there! ",
    "Hello, ",
    "Greetings. ",
    "Good evening, ",
    "Hi! ",
    "Yo, ",
    "Hello there. ",
    "OK, ",
    "So, ",
    "Well, ",
    "Quick question: ",
    "A question: ",
    "Question: ",
    "Just wondering, ",
    "Um, ",
    "Please help: ",
    "Sorry to bother you, ",
    "One more thing: ",
    "Okay so ",
    "Alright, ",
    "Excuse me, ",
)
_AFTER = (
    " Thanks!",
    " Thank you.",
    " Thanks in advance.",
    " Please.",
    " Cheers!",
    " Many thanks.",
    " Thanks a lot!",
    " thx",
    " Thank you very much.",
    " I appreciate your help.",
    " Any help is welcome.",
    " Have a nice day!",
    " pls",
    " please",
    " Best regards.",
)
_ASK = (
    "Can you tell me: ",
    "Could you tell me, ",
    "Please tell me: ",
    "I would like to know: ",
    "I was wondering, ",
    "Could you please answer this: ",
    "I'd like to know, ",
    "Do you happen to know: ",
    "Please answer: ",
    "Can you help me with this? ",
    "My question is: ",
    "I have a question. ",
    "Tell me, ",
    "Here is my question: ",
    "I need to know: ",
    "Let me ask you: ",
    "Answer this for me: ",
)
_CONTRACTIONS = (
    ("What is", "What's"),
    ("Who is", "Who's"),
    ("How is", "How's"),
    ("Where is", "Where's"),
    ("do not", "don't"),
    ("does not", "doesn't"),
    ("did not", "didn't"),
    ("is not", "isn't"),
    ("are not", "aren't"),
    ("I am", "I'm"),
    ("I would", "I'd"),
    ("cannot", "can't"),
    ("should not", "shouldn't"),
    ("That is", "That's"),
    ("will not", "won't"),
    ("was not", "wasn't"),
)
_SPELLING = (
    ("color", "colour"),
    ("neighbor", "neighbour"),
    ("center", "centre"),
    ("favorite", "favourite"),
    ("aluminum", "aluminium"),
    ("organize", "organise"),
    ("apologize", "apologise"),
    ("recognize", "recognise"),
    ("criticize", "criticise"),
    ("colonize", "colonise"),
    ("memorize", "memorise"),
    ("fertilize", "fertilise"),
    ("license", "licence"),
    ("synchronize", "synchronise"),
    ("normalize", "normalise"),
    ("tokenize", "tokenise"),
    ("summarize", "summarise"),
    ("harbor", "harbour"),
    ("traveling", "travelling"),
    ("moisturize", "moisturise"),
    ("meters", "metres"),
    ("liters", "litres"),
    ("mold", "mould"),
    ("gray", "grey"),
    ("kilometers", "kilometres"),
)
_SYNONYMS = (
    ("purchase", "buy"),
    ("begin", "start"),
    ("movie", "film"),
    ("movies", "films"),
    ("kids", "children"),
    ("children", "kids"),
    ("laptop", "notebook computer"),
    ("television", "TV"),
    ("fridge", "refrigerator"),
    ("repair", "fix"),
    ("needed", "required"),
    ("difficult", "hard"),
    ("apartment", "flat"),
    ("phone", "telephone"),
    ("photos", "pictures"),
    ("folder", "directory"),
    ("reasons", "grounds"),
    ("assistance", "help"),
    ("Explain", "Describe"),
    ("mistakes", "errors"),
    ("unable", "not able"),
    ("sick", "ill"),
    ("bike", "bicycle"),
    ("car", "automobile"),
    ("doctor", "physician"),
    ("lawyer", "attorney"),
    ("tips", "hints"),
    ("Tips", "Hints"),
    ("procedure", "process"),
    ("Guide", "Tutorial"),
    ("guide", "tutorial"),
    ("salary", "pay"),
    ("illness", "sickness"),
    ("inhabitants", "residents"),
    ("sights", "attractions"),
    ("Is there a way", "Is there some way"),
)
_ALIASES = (
    ("JavaScript", "JS"),
    ("TypeScript", "TS"),
    ("PostgreSQL", "Postgres"),
    ("Kubernetes", "k8s"),
    ("the United States", "the USA"),
    ("the United Kingdom", "the UK"),
    ("New York", "NYC"),
    ("Los Angeles", "LA"),
    ("high blood pressure", "hypertension"),
    ("the flu", "influenza"),
    ("acetaminophen", "paracetamol"),
    ("World War II", "WW2"),
    ("World War I", "WW1"),
    ("VS Code", "Visual Studio Code"),
    ("US dollars", "USD"),
    ("euros", "EUR"),
    ("British pounds", "GBP"),
    ("kilometers", "km"),
    ("centimeters", "cm"),
    ("kilograms", "kg"),
    ("Google Cloud", "GCP"),
    ("COVID-19", "Covid"),
    ("Alzheimer's disease", "Alzheimer's"),
    ("Parkinson's disease", "Parkinson's"),
    ("the Netherlands", "Holland"),
    ("San Francisco", "SF"),
    ("machine learning", "ML"),
    ("software developer", "software engineer"),
    ("corn starch", "cornstarch"),
    ("vacuum cleaner", "hoover"),
)
_ADVERBS = ("actually", "really", "basically")
_NUMBERS = {
    "2": "two",
    "3": "three",
    "4": "four",
    "5": "five",
    "6": "six",
    "7": "seven",
    "8": "eight",
    "10": "ten",
    "12": "twelve",
    "20": "twenty",
    "50": "fifty",
    "100": "a hundred",
}
_EXTRA_WORDS = """there three their where were here house horse hours ours course cause source price prize quiet
    quite quit than then plane plain plan planet angel angle diary dairy desert dessert later latter loose lose
    advice advise affect effect accept except form from trail trial united untied board broad bread beard steak
    stake heart hearth breath breathe cloth clothe clothes close weather whether peace piece petrol patrol
    market marker master matter mother moth other another brother bother smaller taller million billion trillion
    warm worm world word work works words sword shore short shirt sport spot spots sports stone store story
    stories start state static stage stare star stairs mean means meat meet meal medal metal mental mantel
    button bottom butter better letter latter litter light right night might fight sight tight eight weight
    height freight learn earn yearn lean clean clear read reads bead head heads lead leads load road roads sing
    sign signs single angle tangle change charge chance dance glance force forge forget target garden harden
    burden border order older elder folder holder colder colour collar dollar pillar killer filler filter"""
_KEYS = {
    "a": "sq",
    "b": "vn",
    "c": "xv",
    "d": "sf",
    "e": "wr",
    "f": "dg",
    "g": "fh",
    "h": "gj",
    "i": "uo",
    "j": "hk",
    "k": "jl",
    "l": "k",
    "m": "n",
    "n": "bm",
    "o": "ip",
    "p": "o",
    "q": "w",
    "r": "et",
    "s": "ad",
    "t": "ry",
    "u": "yi",
    "v": "cb",
    "w": "qe",
    "x": "zc",
    "y": "tu",
    "z": "x",
}


@cache
def vocabulary() -> frozenset[str]:
    """Every word that a template or a list has: a typo must not turn into one of them."""
    texts: list[str] = [
        _EXTRA_WORDS,
        actions.ACTIONS,
        contrasts.CONTRASTS,
        topics.COMPARATIVES,
        topics.VERBS,
        topics.ROLES,
    ]
    texts.extend(text for forms in actions.MODES.values() for text in forms)
    texts.extend(text for facets in topics.TOPICS.values() for forms in facets.values() for text in forms)
    texts.extend(text for _, _, _, spec in misc.MISC for forms in spec.values() for text in forms)
    texts.extend(text for values in slots.FILLERS.values() for text in values)
    texts.extend(text for values in slots.ADJECTIVES.values() for text in values)
    texts.extend(word for pair in _SPELLING + _SYNONYMS for word in pair)
    return frozenset(re.findall(r"[a-z]+", " ".join(texts).lower()))


def _deletions(word: str) -> set[str]:
    return {word[:at] + word[at + 1 :] for at in range(len(word))} | {word}


@cache
def _near() -> dict[str, set[str]]:
    table: dict[str, set[str]] = {}
    for word in vocabulary():
        for part in _deletions(word):
            table.setdefault(part, set()).add(word)
    return table


def _unambiguous(word: str, slip: str) -> bool:
    """Whether no other known word is as near to the slip as the word that was meant."""
    table = _near()
    return all(table.get(part, set()) <= {word} for part in _deletions(slip))


def typo(text: str, rng: random.Random) -> str:
    """One slip of the keyboard in a known word of five letters or more."""
    places = [
        found
        for found in re.finditer(r"(?<![\w'-])[A-Za-z][a-z]{4,}(?![\w'-])", text)
        if found[0].lower() in vocabulary()
    ]
    if not places:
        return text
    for _ in range(4):
        found = rng.choice(places)
        word = found[0]
        at = rng.randrange(1, len(word) - 1)
        how = rng.randrange(4)
        if how == 0:
            slip = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        elif how == 1:
            slip = word[:at] + word[at + 1 :]
        elif how == 2:
            slip = word[:at] + word[at] + word[at:]
        else:
            slip = word[:at] + rng.choice(_KEYS[word[at].lower()]) + word[at + 1 :]
        if slip != word and _unambiguous(word.lower(), slip.lower()):
            return text[: found.start()] + slip + text[found.end() :]
    return text


def _lower(text: str, _: random.Random) -> str:
    return text.lower()


def _upper(text: str, _: random.Random) -> str:
    return text.upper()


def _title(text: str, _: random.Random) -> str:
    return " ".join(word[:1].upper() + word[1:] for word in text.split(" "))


def _small_start(text: str, _: random.Random) -> str:
    return text if text.startswith(("I ", "I'")) else text[:1].lower() + text[1:]


def _end(text: str, rng: random.Random) -> str:
    bare = text.rstrip(".?! ")
    return bare + rng.choice(("", "", "?", "??", " ?", "...", ".", "!", "?!", "???"))


def _before(text: str, rng: random.Random) -> str:
    opener = rng.choice(_BEFORE)
    return opener + (lower_first(text) if rng.random() < 0.5 else text)


def _ask(text: str, rng: random.Random) -> str:
    return rng.choice(_ASK) + (lower_first(text) if rng.random() < 0.7 else text)


def _after(text: str, rng: random.Random) -> str:
    return text + rng.choice(_AFTER)


def _contraction(text: str, rng: random.Random) -> str:
    for long, short in rng.sample(_CONTRACTIONS, len(_CONTRACTIONS)):
        if re.search(rf"\b{long}\b", text):
            return re.sub(rf"\b{long}\b", short, text, count=1)
        if short in text:
            return (
                text.replace(short, long, 1)
                if not short.endswith("'s") and short != "I'd"
                else text.replace("'", "", 1)
            )
    return text


def _apostrophes(text: str, _: random.Random) -> str:
    return re.sub(r"(?<=[a-z])'(?=(?:t|m|s|d)\b)", "", text)


def _articles(text: str, _: random.Random) -> str:
    return re.sub(r"(?<=\w )(?:the|a|an) (?=[a-z])", "", text)


def _swap_words(table: tuple[tuple[str, str], ...], text: str, rng: random.Random) -> str:
    for one, other in rng.sample(table, len(table)):
        if re.search(rf"\b{one}\b", text):
            return re.sub(rf"\b{one}\b", other, text)
    return text


def _spelling(text: str, _: random.Random) -> str:
    for one, other in _SPELLING:
        if one in text:
            return text.replace(one, other)
    return text


def _synonym(text: str, rng: random.Random) -> str:
    return _swap_words(_SYNONYMS, text, rng)


def _adverb(text: str, rng: random.Random) -> str:
    if rng.random() < 0.5:
        return re.sub(
            r"^(How|Why|What|When|Where) (?=do|does|did|is|are|was|can|should)",
            lambda found: f"{found[1]} exactly ",
            text,
        )
    return re.sub(
        r"\b(do I|can I|should I|Should I|Can I|Do I|do you|I want to|I need to) ",
        lambda found: f"{found[1]} {rng.choice(_ADVERBS)} ",
        text,
        count=1,
    )


def _alias(text: str, rng: random.Random) -> str:
    return _swap_words(_ALIASES, text, rng)


def _numbers(text: str, _: random.Random) -> str:
    def change(found: re.Match[str]) -> str:
        digits = found[0]
        return _NUMBERS.get(digits) or (f"{int(digits):,}" if len(digits) == 4 and digits == "1000" else digits)

    return re.sub(r"(?<![\w.,-])\d+(?![\w.,%-])", change, text)


def _spaces(text: str, rng: random.Random) -> str:
    at = [found.start() for found in re.finditer(" ", text)]
    if not at:
        return text
    place = rng.choice(at)
    return text[:place] + " " + text[place:]


def _polite(text: str, rng: random.Random) -> str:
    if text.startswith(("How", "What", "Why", "Is", "Are", "Do", "Can", "Which", "When", "Where", "Who")):
        return rng.choice(("Please: ", "Please, ", "Kindly, ")) + text
    if text.split(" ", 1)[0] in (
        "Write",
        "Explain",
        "Give",
        "Tell",
        "Show",
        "Create",
        "Make",
        "Name",
        "Compose",
        "Plan",
        "Help",
        "Convert",
    ):
        return rng.choice(("Please ", "Could you please ", "Can you ", "Would you ")) + text[:1].lower() + text[1:]
    return text


_CHANGES: tuple[tuple[Callable[[str, random.Random], str], int], ...] = (
    (_before, 12),
    (_after, 10),
    (_ask, 10),
    (typo, 22),
    (_lower, 10),
    (_upper, 1),
    (_title, 2),
    (_small_start, 4),
    (_end, 12),
    (_contraction, 5),
    (_apostrophes, 3),
    (_articles, 4),
    (_spelling, 5),
    (_synonym, 6),
    (_alias, 8),
    (_adverb, 8),
    (_numbers, 4),
    (_spaces, 1),
    (_polite, 5),
)
_ALL = [change for change, weight in _CHANGES for _ in range(weight)]
_CASE = frozenset((_lower, _upper, _title, _small_start))


def disturb(text: str, rng: random.Random, *, keep_case: bool = False, keep_articles: bool = False) -> str:
    """The text with one to three changes of the surface; never the text itself."""
    count = rng.choice((1, 1, 1, 2, 2, 3))
    changed = text
    done = 0
    for _ in range(30):
        change = rng.choice(_ALL)
        if (keep_case and change in _CASE) or (keep_articles and change is _articles):
            continue
        result = change(changed, rng)
        if result != changed:
            changed = result
            done += 1
            if done >= count:
                break
    return changed if changed != text else text + " Thanks!"
