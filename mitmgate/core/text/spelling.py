"""When two spellings are one word: a light stemmer, and slips of the keyboard."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from mitmgate.core.text.lexicon import SYNONYMS
from mitmgate.core.text.tables import aliases_of, word_set

_SHORTEST_WITH_SLIP: Final = 4
_IE: Final = word_set("brownies calories cookies hoodies movies rookies selfies smoothies zombies")  # of -ie, not -y
_SHARED_LETTERS: Final = 4
_ENDINGS: Final = word_set(
    "s es d ed ing ings e y ies ion ions ation ations ment ments al ally ly able ness ful ive ity er ers or ors ist "
    "ists ic ical ian n an ish ance ence ant ent t te tion tions sion se ze ise ize"
) | {""}
#: What makes another word of one: planet and plane, silicone and silicon.
_OTHER_WORDS: Final = ({"", "t"}, {"", "e"})
#: American and British, by what differs in the middle of the word.
_SPELLINGS: Final = (
    ("our", "or"),
    ("ise", "ize"),
    ("isa", "iza"),
    ("isi", "izi"),
    ("yse", "yze"),
    ("re", "er"),
    ("ll", "l"),
    ("ence", "ense"),
    ("ice", "ise"),
    ("ey", "ay"),
    ("ogue", "og"),
    ("ae", "e"),
    ("oe", "e"),
    ("mme", "m"),
    ("que", "k"),
    ("ei", "ie"),
)
#: Forms of one word in which a letter changes; what stands left is one of them.
_FORMS: Final = aliases_of(
    """
    become: became
    begin: began begun
    blow: blew blown
    break: broke
    build: built
    choose: chose chosen
    come: came
    complain: complaint
    draw: drew drawn
    drink: drank drunk
    drive: drove driven
    fall: fell
    feel: felt
    fight: fought
    find: found
    foot: feet
    forget: forgot
    freshman: freshmen
    give: gave
    goose: geese
    grow: grew grown
    hang: hung
    have: has
    hold: held
    keep: kept
    know: knew known
    lend: lent
    life: live
    lose: lost
    make: made
    mean: meant
    mouse: mice
    ride: rode
    ring: rang rung
    rise: rose
    send: sent
    shake: shook
    shine: shone
    shoot: shot
    sing: sang sung
    sink: sank sunk
    sleep: slept
    spend: spent
    stand: stood
    steal: stole
    stick: stuck
    swim: swam swum
    take: took
    tear: tore
    throw: threw thrown
    tooth: teeth
    wake: woke
    wear: wore
    weigh: weight
    wife: wives
    win: won
    wolf: wolves
    woman: women
    write: wrote
    """
)


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """What plural, -ing, -ed and a closing e leave of a word; synonyms become one."""
    word = SYNONYMS.get(word, word)
    if len(word) <= 3 or not word.isascii():
        return word
    if word in _IE:
        word = word[:-1]
    elif word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes", "zes")):
        word = word[:-2]
    elif word.endswith("s") and word[-2] not in "sui":
        word = word[:-1]
    elif word.endswith("ied") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("ing") and len(word) > 5:
        word = word[:-3]
    elif word.endswith("ed") and len(word) > 4:
        word = word[:-2]
    word = SYNONYMS.get(word, word)
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "ls":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


@lru_cache(maxsize=16384)
def bases(word: str) -> tuple[str, ...]:
    """The word, and what it compares or describes: hottest -> hot, cheaper -> cheap, slowly -> slow."""
    found = [word, stem(word)]
    for ending in ("est", "er", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            rest = word[: -len(ending)]
            found += [rest, rest + "e"]
            if rest[-1] == rest[-2]:
                found.append(rest[:-1])
            if rest.endswith("i"):
                found.append(rest[:-1] + "y")
    return tuple(dict.fromkeys(found))


def one_slip_apart(one: str, other: str) -> bool:
    """Whether one letter was dropped, added, changed or exchanged with its neighbour."""
    if len(one) > len(other):
        one, other = other, one
    if len(one) < _SHORTEST_WITH_SLIP or len(other) - len(one) > 1 or one == other:
        return False
    at = 0
    while at < len(one) and one[at] == other[at]:
        at += 1
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    if one[at + 1 :] == other[at + 1 :]:
        return True
    return one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]


def same_beginning(one: str, other: str) -> bool:
    """Hardly anyone mistypes a first letter but by exchanging it with the second: goat and boat are two things."""
    return one[:1] == other[:1] or one[:2] == other[1::-1]


@lru_cache(maxsize=16384)
def same_form(one: str, other: str) -> bool:
    """Whether the two are forms or spellings of one word: photograph and photography, know and knew."""
    shared = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        shared += 1
    endings = {one[shared:], other[shared:]}
    if shared >= _SHARED_LETTERS and endings <= _ENDINGS and endings not in _OTHER_WORDS:
        return True
    if one[:shared].endswith("e") and endings == {"s", "d"}:
        return True  # uses, used
    if one + "s" == other or other + "s" == one or (one in _FORMS and _FORMS[one] == _FORMS.get(other)):
        return True
    return any(_respelled(one, other, *pair) or _respelled(other, one, *pair) for pair in _SPELLINGS)


def _respelled(one: str, other: str, british: str, american: str) -> bool:
    return british in one[1:] and one[0] + one[1:].replace(british, american) == other
