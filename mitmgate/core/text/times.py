"""Two questions that differ by nothing but their tense: who is the king, who was the king. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mitmgate.core.text.pair import Pair
from mitmgate.core.text.reading import Word

_PRESENT: Final = frozenset({"is", "are", "am", "'s", "do", "does"})
_PAST: Final = frozenset({"was", "were", "did"})
_ARTICLES: Final = frozenset({"a", "an", "the"})
_OF_TIME: Final = frozenset({*_PRESENT, *_PAST, "has", "have", "been"})


def only_tense(pair: Pair) -> str | None:
    """A date or number that is named fixes the time whatever the verb."""
    if pair.left.amounts or pair.left.dates:
        return None
    left, right = _without_articles(pair.left.words), _without_articles(pair.right.words)
    kinds = {_time_of(left), _time_of(right)}
    if len(kinds) == 2 and "" not in kinds:
        return "tense" if pair.same_without(_OF_TIME | _ARTICLES) else None
    return _of_the_verb(left, right)


def _without_articles(words: Sequence[Word]) -> list[Word]:
    return [word for word in words if word.text not in _ARTICLES]


def _time_of(words: Sequence[Word]) -> str:
    """Of the first verb, where it is to be or to do: is, was, has been, did."""
    texts = [word.text for word in words[:3]]
    if "been" in (word.text for word in words) and not {"has", "have"}.isdisjoint(texts):
        return "since"
    return "now" if not _PRESENT.isdisjoint(texts) else "then" if not _PAST.isdisjoint(texts) else ""


def _of_the_verb(left: Sequence[Word], right: Sequence[Word]) -> str | None:
    """Who owns, who owned: the word after who, in two forms."""
    if len(left) != len(right) or len(left) < 3 or left[0].text != "who" or right[0].text != "who":
        return None
    if [word.text for word in left[2:]] != [word.text for word in right[2:]] or left[1].key != right[1].key:
        return None
    endings = {word[-1:] for word in (left[1].text, right[1].text)}
    return "tense" if endings == {"s", "d"} else None
