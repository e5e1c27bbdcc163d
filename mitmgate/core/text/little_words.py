"""The same things said with other little words between them: by and about, or and and, should and is. Pure.

The model weighs little words lightly. Where everything else is the same, some of them make it another question.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from mitmgate.core.text.pair import Pair
from mitmgate.core.text.reading import Reading, Word
from mitmgate.core.text.spelling import stem
from mitmgate.core.text.tables import word_set

_PREPOSITIONS: Final = word_set(
    "about above across after against along among around as at before behind below beneath beside between beyond by "
    "during for from in inside into like near of off on onto outside over since than through throughout to toward "
    "towards under until upon via with within"
)
#: A preposition of the one set in the place of one of the other turns the question round.
_OPPOSED: Final = tuple(
    (word_set(one), word_set(other))
    for one, other in (
        ("from off", "to into onto toward towards for"),
        ("by", "about to for against"),
        ("against", "for with to about"),
        ("about", "to"),
        ("near outside beyond", "at in inside on within to from"),
        ("before", "after since during in"),
        ("after since", "until before"),
        ("over above", "under below"),
        ("under", "on in inside behind"),
        ("behind", "on in before above"),
        ("around", "to through"),
        ("than", "as like"),
    )
)
_ALL_OF: Final = word_set("every all each both")
_ONE_OF: Final = word_set("a an one some either")
_ANY: Final = word_set("any")  # in a list it says no more than all
_LITTLE: Final = _PREPOSITIONS | _ALL_OF | _ONE_OF
_OUGHT: Final = word_set("should ought")
#: Who is asked for or answered: how should I, how can one.
_ANYBODY: Final = word_set("i we you one me us my our your someone somebody anyone anybody")
_PARTS: Final = word_set("half quarter third double twice triple thrice")
_TIMES: Final = word_set("hour day week month year night morning time")  # $10 a day, every day
_OFTEN: Final = {
    "hourly": "hour", "daily": "day", "weekly": "week", "fortnightly": "fortnight", "biweekly": "fortnight",
    "monthly": "month", "quarterly": "quarter", "yearly": "year", "annual": "year", "annually": "year",
}  # fmt: skip
#: Of verbs that say little without one; in and on, off, out and away are much alike.
_PARTICLES: Final = {
    "on": "on", "in": "on", "off": "off", "out": "off", "away": "off", "up": "up", "down": "down", "back": "back",
    "over": "over",
}  # fmt: skip
_ALSO_PREPOSITIONS: Final = word_set("on in over")
_VERBS: Final = frozenset(
    map(
        stem,
        word_set(
            "turn switch put putting take taken set give given keep kept pull push pick shut throw thrown cut call let "
            "hold held hand send sent move roll sign log look run"
        ),
    )
)
_OBJECT: Final = 6  # words between a verb and its particle


def little_words(pair: Pair) -> str | None:
    """The same words of content in the same order, and other ones between them."""
    left, right = _gaps(pair.left.words), _gaps_of_right(pair)
    if left is None or right is None or [key for key, _ in left] != [key for key, _ in right]:
        return None
    for (before, mine), (_, theirs) in zip(left, right, strict=True):
        if mine != theirs and (reason := _differ(before, mine, theirs, pair)) is not None:
            return reason
    return "modality" if _ought(pair) else None


def part(pair: Pair) -> str | None:
    """Half a dozen and a dozen, twice as much and as much."""
    left, right = (frozenset(word.text for word in side.words) & _PARTS for side in (pair.left, pair.right))
    return "number" if left != right and pair.same_without(_PARTS | {"a", "an", "the"}) else None


def period(pair: Pair) -> str | None:
    """Daily and monthly, weekly and yearly."""
    left, right = _periods(pair.left), _periods(pair.right)
    if left and right and left != right:
        return f"unit {' '.join(sorted(left))} vs {' '.join(sorted(right))}"
    return None


def particle(pair: Pair) -> str | None:
    """Turn up and turn on, sign up and sign in: one verb with particles that are not alike."""
    left, right = (_particles(side.words) for side in (pair.left, pair.right))
    for verb in left.keys() & right.keys():
        if left[verb].isdisjoint(right[verb]):
            return f"particle {min(left[verb])} vs {min(right[verb])}"
    return None


def _particles(words: Sequence[Word]) -> dict[str, set[str]]:
    """Of each verb what stands after it, or after its object: turn the heating in the hall off."""
    found: dict[str, set[str]] = {}
    for place, word in enumerate(words):
        if word.key in _VERBS and (said := _particle(words, place)) is not None:
            found.setdefault(word.key, set()).add(said)
    return found


def _particle(words: Sequence[Word], place: int) -> str | None:
    for at in range(place + 1, min(place + 2 + _OBJECT, len(words))):
        word = words[at].text
        if words[at].key in _VERBS:
            return None
        if word in _PARTICLES and (at in (place + 1, len(words) - 1) or word not in _ALSO_PREPOSITIONS):
            return _PARTICLES[word]
    return None


def _periods(reading: Reading) -> set[str]:
    return {_OFTEN[word.text] for word in reading.words if word.text in _OFTEN}


def _gaps_of_right(pair: Pair) -> list[tuple[str, list[str]]]:
    return _gaps([Word(word.text, key, word.role, word.content, word.name) for key, word in pair.right_words])


def _gaps(words: Sequence[Word]) -> list[tuple[str, list[str]]]:
    """Each word of content with the little ones before it; "" stands for the end."""
    gaps: list[tuple[str, list[str]]] = []
    little: list[str] = []
    for word in words:
        if word.content and word.text not in _LITTLE:
            gaps.append((word.key, little))
            little = []
        else:
            little.append(word.text)
    return [*gaps, ("", little)]


def _differ(before: str, mine: Sequence[str], theirs: Sequence[str], pair: Pair) -> str | None:
    """before: the word of content that they stand before."""
    only_mine = {word for word in mine if word not in theirs}
    only_theirs = {word for word in theirs if word not in mine}
    symmetric = pair.left.symmetric and pair.right.symmetric
    if not symmetric and {"and", "or"} <= only_mine ^ only_theirs and len({"and", "or"} & only_mine) == 1:
        return "conjunct"
    for one, other in ((only_mine, only_theirs), (only_theirs, only_mine)):
        some = _ONE_OF | _ANY if pair.left.kind == "yes or no" else _ONE_OF
        if one & _ALL_OF and other & some and before not in _TIMES:
            return "quantifier"
    return None if symmetric else _turned_round(only_mine & _PREPOSITIONS, only_theirs & _PREPOSITIONS)


def _turned_round(mine: set[str], theirs: set[str]) -> str | None:
    if len(mine) != 1 or len(theirs) != 1:
        return None
    (left,), (right,) = mine, theirs
    for these, those in _OPPOSED:
        if (left in these and right in those) or (left in those and right in these):
            return f"preposition {left} vs {right}"
    return None


def _ought(pair: Pair) -> bool:
    """What is the minimum wage, what should it be. How one should do it and how it is done by anybody is the same."""
    sides = [frozenset(_little(side)) for side in (pair.left, pair.right)]
    if any(side & _ANYBODY for side in sides) or pair.left.unsure_ones or pair.right.unsure_ones:
        return False
    left, right = (bool(side & _OUGHT) for side in sides)
    return left != right


def _little(reading: Reading) -> Iterator[str]:
    return (word.text for word in reading.words if not word.content)
