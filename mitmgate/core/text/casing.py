"""What letter case and signs say: flags, units, formulas, acronyms and names that are ordinary words as well. Pure.

A text in small letters or in capitals throughout says nothing by its case, nor does a sentence's first word; what is
then ambiguous ("it", "IT") is taken for the ordinary word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from mitmgate.core.text.lexicon import STOP
from mitmgate.core.text.tables import word_set

#: Ordinary words that are names with a capital.
_NAMES: Final = word_set(
    "access alexa amazon apple april august austin bath bill bing bolt boxer cancer canvas chad chase cherokee china "
    "chrome clay cork creed dart dash delta discord dolphin dove echo edge elm ember excel express fargo ford frank "
    "galaxy gap ghost giant go grace grant guinea hare hazel holly hope hunter iris ivy jack jaguar japan job jordan "
    "julia kitty kotlin lance lent lima march mark mars may mercury mini mobile nice notion nova numbers oracle "
    "orange outlook pages pascal pat penny phoenix pixel polish python queen ray reading red rich robin rose ruby "
    "rust safari sage sandy saturn scala scratch shell signal slack snowflake spark spirit spring square storm sue "
    "swift target teams tempe tide tinder turkey unity viking violet visa wales warren welsh will windows word zoom "
    "alpha beta gamma epsilon zeta theta kappa lambda sigma omega psi"
)
#: Ordinary words that are abbreviations in capitals.
_ABBREVIATIONS: Final = word_set(
    "act ai aids aim air alt ant arm art asp ass atom back bar base basic bat bid bit bus cab cap car care case "
    "cat cis class cod cop core cram dam date dim dip doc dog dos ease east edge elf era fat fan fast fed gap gas gem "
    "get git hat hen hip hope ice icon ids inc ink ion jar kit lamp lap laser lead led lime link lip lisp live mac "
    "mad map mask mean met mob mod mars merit nap net nice nor opt pet pie pin pip pod pop post pot pup put radar ram "
    "ran rat raw red rep rest rice rid rim rip rod rom rose rush sad safe sail sap sat saw scan score set sim sip "
    "slam smart snap soap sod sox spa spam split star stem step swat swot tap tar team teen text tip tops tor trap "
    "tub van vet vat war wasp wave win"
)
#: The same of small words, which nobody writes in capitals by negligence.
_SMALL_WORDS: Final = word_set("an as at he id in it la me my or pa so up us we who")
#: After or before these stands a thing that is written in one way only: the class List, the i command.
_LITERAL_AFTER: Final = word_set(
    "argument attribute class column command constant enum field flag function gene hit interface key keyword library "
    "macro method module operator option package parameter press pressing property protein register struct switch "
    "symbol tag type variable"
)
_LITERAL_BEFORE: Final = word_set("button command flag function gene key keyword method operator option switch")
#: The letter after these is the same in either case.
_LETTERED: Final = word_set(
    "appendix category channel class division exhibit gen generation grade group hepatitis influenza league letter "
    "model plan section series size team tier type vitamin vitamins"
)
_ELEMENTS: Final = word_set(
    "Ac Ag Al Am Ar As At Au B Ba Be Bh Bi Bk Br C Ca Cd Ce Cf Cl Cm Cn Co Cr Cs Cu Db Ds Dy Er Es Eu F Fe Fl Fm Fr "
    "Ga Gd Ge H He Hf Hg Ho Hs I In Ir K Kr La Li Lr Lu Lv Mc Md Mg Mn Mo Mt N Na Nb Nd Ne Nh Ni No Np O Og Os P Pa "
    "Pb Pd Pm Po Pr Pt Pu Ra Rb Re Rf Rg Rh Rn Ru S Sb Sc Se Sg Si Sm Sn Sr Ta Tb Tc Te Th Ti Tl Tm Ts U V W Xe Y Yb "
    "Zn Zr"
)
_FORMULA: Final = re.compile(r"(?:[A-Z][a-z]?\d*){1,8}").fullmatch
_ATOM: Final = re.compile(r"([A-Z][a-z]?)(\d*)").findall
_UNIT: Final = re.compile(
    r"([yzafpnuµmcdhkMGTPEZY]|[KMGTP]i)?(W|Wh|V|A|J|N|Nm|Pa|Hz|g|m|s|L|l|eV|F|T|H|bar|mol|cal|B|b|Bps|bps|Bq|Gy|Sv)"
).fullmatch
_LARGE: Final = frozenset("kMGTPEZYi")
_BITS: Final = frozenset(("B", "b", "Bps", "bps"))  # are never divided: mb is a careless MB or Mb
_WORD: Final = re.compile(r"[^\W\d_][^\W_]*")
_WORDS: Final = _WORD.findall
_MATCHES: Final = _WORD.finditer
_OTHER_THAN_I: Final = re.compile(r"[A-HJ-Z]|I\w|[^\x00-\x7f]").search
_MARKED: Final = re.compile(
    r"""
    (?<![^\s(\[\"'`]) (?: - (?![A-Z][^\W\d_]{2}) | -- | \+ | % | @ | \# | & | ~ ) [^\W\d_]\w* (?![\w@])  # -d, +x, %m
  | \\ [^\W\d_]\w*  # \d
  | (?<![^\W_]) [A-Z]\w{0,3} (?: \+ | - ) (?=[\s?.,!)'\"]|$)  # O+, Na+
  | (?: (?<=\sa\s) | (?<=\sthe\s) ) [-+*/^$|?&%] (?=\s)  # what a + does
    """,
    re.VERBOSE,
).findall
_KEYWORDS: Final = re.compile(r"\b[A-Z]{2,} [A-Z]{2,}\b").findall
_BREAKS: Final = frozenset('.?!:\n"“”(')
_HALF_DAYS: Final = ("am", "pm")
_IN_A_LANGUAGE: Final = word_set("in learn using with study language programming")
_AFTER_A_NOTE: Final = word_set("chord flat level levels major minor sharp star")
_A: Final = word_set("a an any each every one")


@dataclass(frozen=True, slots=True)
class Spelled:
    """A word as it was written, and what its surroundings say of that."""

    form: str
    initial: bool
    literal: bool  # a name of something that is written in one way only
    lettered: bool
    titled: bool  # the word before or after has a capital too: Primary Key
    after_the: bool


@dataclass(frozen=True, slots=True)
class Written:
    """How a text was written. says: whether its capitals mean something; forms: lower-case word -> as it stands."""

    text: str
    says: bool
    capitals: bool  # nothing else
    forms: Mapping[str, list[str]]
    marks: Counter[str]


def written(text: str, capitals_mean: bool) -> Written:
    """capitals_mean: it is no headline."""
    forms: dict[str, list[str]] = {}
    for form in _WORDS(text):
        forms.setdefault(form.lower(), []).append(form)
    has_upper = text != text.lower() and _OTHER_THAN_I(text) is not None
    capitals = has_upper and text == text.upper()
    return Written(text, has_upper and capitals_mean and not capitals, capitals, forms, Counter(_MARKED(text)))


def may_be_plural(written: Written, single: str) -> bool:
    """Whether it speaks of one of many, a Tesla, or of what belongs to it: Newton's."""
    for match in re.finditer(re.escape(single) + r"\b", written.text, re.IGNORECASE):
        if written.text[match.end() : match.end() + 2].lower() in ("'s", "’s"):
            return True
        before = written.text[: match.start()].split()
        if before and before[-1].lower() in _A:
            return True
    return False


def _spelled(written: Written, wanted: AbstractSet[str]) -> Mapping[str, list[Spelled]]:
    """Each of these words at each place. It takes a while."""
    text = written.text
    found: dict[str, list[Spelled]] = {}
    matches = list(_MATCHES(text))
    forms = [match.group() for match in matches]
    lower = ["", *[form.lower() for form in forms], ""]
    for place, match in enumerate(matches):
        before, word, after = lower[place : place + 3]
        if word not in wanted:
            continue
        end = matches[place - 1].end() if place else 0
        found.setdefault(word, []).append(
            Spelled(
                match.group(),
                not before or not _BREAKS.isdisjoint(text[end : match.start()]),
                before in _LITERAL_AFTER
                or after in _LITERAL_BEFORE
                or (len(word) == 1 and (before == "the" or after in _AFTER_A_NOTE)),
                before in _LETTERED or (word in "cr" and before in _IN_A_LANGUAGE) or _is_joined(text, match),
                match.group().istitle()
                and any(each.istitle() for each in (*forms[max(0, place - 1) : place], *forms[place + 1 : place + 2])),
                before == "the",
            )
        )
    return found


def _is_joined(text: str, match: re.Match[str]) -> bool:
    """b.tech, a.c, 45k: not a letter by itself."""
    before, after = text[max(0, match.start() - 1) : match.start()], text[match.end() : match.end() + 2]
    return before in tuple(".&0123456789") or after[:1] == "&" or (after[:1] == "." and after[1:].isalnum())


def other_case(one: Written, other: Written) -> bool:
    """Whether a word of both is two things by its letter case."""
    differing = {
        word
        for word, mine in one.forms.items()
        if mine != (theirs := other.forms.get(word, mine)) and any(a != b for a, b in _side_by_side(mine, theirs))
    }
    if not differing:
        return False
    left, right = _spelled(one, differing), _spelled(other, differing)
    return any(
        a.form != b.form and _differ(word, a, b, one, other)
        for word in differing
        for a, b in _side_by_side(left[word], right[word])
    )


def _side_by_side[T](mine: Sequence[T], theirs: Sequence[T]) -> Iterable[tuple[T, T]]:
    """What stands where; where one side has more, only the first is known to be the other's."""
    return zip(mine, theirs, strict=True) if len(mine) == len(theirs) else ((mine[0], theirs[0]),)


def grown(one: Written, other: Written) -> bool:
    """Whether a keyword has a small word more on one side, UNION ALL; or a name is the plural of a thing, apples."""
    return _grown(one, other) or _grown(other, one)


def _grown(one: Written, other: Written) -> bool:
    if not (one.says and other.says):
        return False
    for word, forms in one.forms.items():
        if word in other.forms:
            continue
        if word in _NAMES and all(form.istitle() for form in forms) and word + "s" in other.forms:
            return all(form.islower() for form in other.forms[word + "s"])
        if word in STOP and len(word) > 1 and all(form.isupper() for form in forms):
            beside = _KEYWORDS(one.text)
            return any(
                word in pair.lower().split() and any(_is_loud(each, other) for each in pair.split()) for pair in beside
            )
    return False


def _is_loud(form: str, other: Written) -> bool:
    return form in other.forms.get(form.lower(), ())


def other_marks(one: Written, other: Written) -> bool:
    """Whether a flag, an escape or a charge stands on one side only. A dash before a word both have is punctuation."""
    if dict.__eq__(one.marks, other.marks):
        return False
    mine = [mark for mark in one.marks - other.marks if not _is_punctuation(mark, other)]
    theirs = [mark for mark in other.marks - one.marks if not _is_punctuation(mark, one)]
    return bool(mine or theirs)


def _is_punctuation(mark: str, other: Written) -> bool:
    bare = mark.lstrip("-@#~&").rstrip("-").lower()
    return (
        len(bare) > 2 and bare in other.forms and not any(each.lstrip("+\\%-").lower() == bare for each in other.marks)
    )


def _differ(word: str, one: Spelled, other: Spelled, mine: Written, theirs: Written) -> bool:
    both_say = mine.says and theirs.says
    if len(word) == 1:
        return _letters_differ(word, one, other, both_say=both_say)
    if not (mine.capitals or theirs.capitals or word in _HALF_DAYS):
        left, right = unit_of(one.form), unit_of(other.form)
        if left and right and left != right:
            return True
    if both_say and (left_atoms := atoms_of(one.form)) and (right_atoms := atoms_of(other.form)):
        return left_atoms != right_atoms
    upper = [each for each in (one, other) if each.form.isupper()]
    if len(upper) == 1:
        lower = other if upper[0] is one else one
        if lower.initial and not lower.form.islower():
            return False
        says = mine.says if upper[0] is one else theirs.says
        if word in _SMALL_WORDS:
            return says and lower.form.islower() and (both_say or not upper[0].after_the)
        if both_say:
            return word in _ABBREVIATIONS or one.literal or other.literal
        return False
    if not both_say or one.initial or other.initial:
        return False
    return word in _NAMES or (one.literal and other.literal and not (one.titled or other.titled))


def _letters_differ(letter: str, one: Spelled, other: Spelled, *, both_say: bool) -> bool:
    literal = one.literal and other.literal
    if one.lettered and other.lettered:
        return False
    if letter in "ai" and not literal:
        return False  # the article and the pronoun
    if one.initial or other.initial:
        return False
    return both_say if not literal else True


def atoms_of(form: str) -> Counter[str] | None:
    """The atoms of a chemical formula; None for what is none. CO has two, Co is one."""
    if _FORMULA(form) is None:
        return None
    found: Counter[str] = Counter()
    for element, number in _ATOM(form):
        if element not in _ELEMENTS:
            return None
        found[element] += int(number or 1)
    return found


def unit_of(form: str) -> tuple[str, str] | None:
    """Prefix and unit, by case: (m, W), (M, W). None for what is no unit, or carelessly written."""
    if len(form) > 5 or (parts := _UNIT(form)) is None:
        return None
    prefix, unit = parts.group(1) or "", parts.group(2)
    if unit in _BITS and prefix[-1:] not in _LARGE:
        return None
    return prefix, unit.replace("L", "l")
