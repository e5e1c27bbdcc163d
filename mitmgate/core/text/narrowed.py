"""Whether one side asks for less of what the other asks for: a planet, a dwarf planet; a poem, a short poem."""

from __future__ import annotations

from typing import Final

from mitmgate.core.text import measures
from mitmgate.core.text.lexicon import BOUNDS, ROLES, WRAPPERS
from mitmgate.core.text.pair import Pair
from mitmgate.core.text.reading import Word, is_task
from mitmgate.core.text.tables import word_set

_LONGEST: Final = 6  # content words of a question: in longer ones one word more or less weighs little
#: Content words that may be said or left out: emphasis, and what a question is about anyway.
_IMPLIED: Final = word_set(
    "ever exactly precisely really actually easily currently actual exact much many always world question simply "
    "basically usually normally generally typically commonly often properly correctly possible possibly good "
    "great best top nice right correct proper basic main key important significant different various common "
    "certain own whole entire full true very well quickly still even yet already again now today thing things "
    "people person someone anyone everyone word words term terms phrase phrases name names called known "
    "considered meaning mean means definition example examples type types kind kinds sort sorts number amount "
    "total way ways method methods step steps process list tip tips idea ideas reason reasons use used using made "
    "take find going work happen exist think feel like want need try become more most through out up far between "
    "during every few life city country interesting popular famous favorite favourite necessary available whether "
    "define company team"
).union(ROLES, BOUNDS, WRAPPERS)


def narrowed(pair: Pair) -> str | None:
    """A content word more on one side, before one that both have; in a task, anywhere."""
    mine, theirs = ([word for word in side if word.content] for side in pair.only)
    if bool(mine) == bool(theirs):
        return None
    side = pair.left if mine else pair.right
    more = {word.key for word in mine or theirs if not _is_implied(word)}
    if not more:
        return None
    if is_task(pair.left) and is_task(pair.right):
        return "one word more"
    content = [word for word in side.words if word.content]
    if len(content) - len(more) > _LONGEST:
        return None
    before = any(
        one.key in more and two.content and two.key not in more
        for one, two in zip(side.words, side.words[1:], strict=False)
    )
    return "one word more" if before else None


def _is_implied(word: Word) -> bool:
    """Numbers and units have guards of their own, which know what is the same."""
    text = word.text
    return text[:1].isdigit() or measures.is_unit(text) or text in _IMPLIED or word.key in _IMPLIED
