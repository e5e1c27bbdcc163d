"""Families of questions, and how a meaning is put into words.

A *family* has senses; a *sense* is one question with slots, in several phrasings. A *meaning* is a sense with its slots
filled and at most one extra condition. Two meanings ask the same exactly if their keys are equal.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from . import actions, contrasts, misc, slots, tails, topics
from .inflect import phrase
from .tables import entries, phrases

_SLOT = re.compile(r"\{([abcd])\}")
_FORM = re.compile(r"\{([VGS])\}")
_ARTICLE = re.compile(
    r"\b([Aa]) (?=[aeioAEIO]|(?:8|11|18)\b|hour\b|honest|umbrella|under|unc|MP3|MP4|MOV|SVG|XML|HTML|XLSX|RTF|MKV|STL)"
)
_WRONG_AN = re.compile(r"\b([Aa])n (?=(?:euro|uni[^n]|one-|once|use))")

FIXED = frozenset(("role",))
"""Types (by their first letters) whose fillers are not exchanged: a pair of roles that only swap."""


@dataclass(frozen=True)
class Sense:
    """One question. `axes` tells it from the other senses of its family: what is asked, and in which mode."""

    axes: tuple[str, str]
    patterns: tuple[str, ...]
    verbs: tuple[str, ...] = ()
    order: str = "-"

    @property
    def used(self) -> frozenset[str]:
        """The slots that the sense mentions."""
        return _used(self)


@cache
def _used(sense: Sense) -> frozenset[str]:
    return frozenset(_SLOT.findall(" ".join(sense.patterns + sense.verbs)))


@dataclass(frozen=True)
class Family:
    """Senses over the same slots, every two of them different questions."""

    name: str
    types: tuple[tuple[str, str], ...]
    senses: tuple[Sense, ...]
    kind: str
    axes: tuple[str, ...] = ()

    def type_of(self, slot: str) -> str:
        """The type of a slot."""
        return dict(self.types)[slot]


@dataclass(frozen=True)
class Meaning:
    """A sense, its fillers, and an extra condition or None."""

    family: Family
    sense: Sense
    fills: tuple[tuple[str, str], ...]
    tail: tails.Tail | None = None

    @property
    def fill(self) -> dict[str, str]:
        """The fillers by slot."""
        return dict(self.fills)

    def key(self) -> tuple[object, ...]:
        """Equal for two meanings exactly if an answer to one is an answer to the other."""
        fill = {slot: value for slot, value in self.fills if slot in self.sense.used}
        if self.sense.order == "sym":
            first = self.family.types[0][1]
            slots_of = sorted(slot for slot in fill if self.family.type_of(slot) == first)
            fill.update(zip(slots_of, sorted(fill[slot] for slot in slots_of), strict=True))
        return self.family.name, self.sense.axes, tuple(sorted(fill.items())), self.tail


def _senses(spec: misc.Senses, kind: str) -> Iterator[Sense]:
    for name, patterns in spec.items():
        order = {"=": "sym", ">": "swap"}.get(name[-1], "-")
        yield Sense((name, kind), patterns, order=order)


def _action_families() -> Iterator[Family]:
    for number, line in enumerate(entries(actions.ACTIONS)):
        head, _, body = line.partition(":")
        order, types, letter = head.split()
        body, _, extra = body.partition("@")
        names = [*types.split(","), *filter(None, extra.strip().split(","))]
        modes = tuple(dict.fromkeys(actions.MODE_SETS[letter]))
        senses = [
            Sense((str(variant), mode), actions.MODES[mode], phrases(text), order)
            for variant, text in enumerate(body.split("//"))
            for mode in modes
        ]
        used = tuple(zip("abc", names, strict=False))
        allowed = tuple(
            axis
            for axis in actions.MODE_TAILS[letter]
            if axis not in names
            and not (axis == "place" and {"city", "country", "place"} & set(names))
            and not (axis == "language" and "lang" in names)
            and not (axis == "persona" and "job" in names)
        )
        yield Family(f"action {number}", used, tuple(senses), "opposite", allowed)


def _topic_families() -> Iterator[Family]:
    for kind, facets in topics.TOPICS.items():
        senses = tuple(
            Sense((name, "topic"), tuple(text.replace("{x}", "{a}") for text in texts))
            for name, texts in facets.items()
        )
        yield Family(f"topic {kind}", (("a", kind),), senses, "facet", topics.TOPIC_TAILS.get(kind, ()))


def _comparative_families() -> Iterator[Family]:
    for number, line in enumerate(entries(topics.COMPARATIVES)):
        kind, _, body = line.partition(":")
        be = "Are" if kind == "animal" or kind == "food" else "Is"
        for adjectives in body.split(","):
            more, less = (word.strip() for word in adjectives.split("/"))
            low = be.lower()
            senses: tuple[Sense, ...] = (
                Sense(
                    ("is", more),
                    (
                        f"{be} {{a}} {more} than {{b}}?",
                        f"{be} {{a}} {more} than {{b}}?",
                        f"Would you say that {{a}} {low} {more} than {{b}}?",
                        f"Is it true that {{a}} {low} {more} than {{b}}?",
                        f"{{a}} {more} than {{b}}?",
                        f"Compared with {{b}}, {low} {{a}} {more}?",
                        f"{be} {{b}} {less} than {{a}}?",
                        f"Do you think {{a}} {low} {more} than {{b}}?",
                    ),
                    order="swap",
                ),
                Sense(
                    ("why", more),
                    (
                        f"Why {low} {{a}} {more} than {{b}}?",
                        f"What makes {{a}} {more} than {{b}}?",
                        f"For what reason {low} {{a}} {more} than {{b}}?",
                        f"Explain why {{a}} {low} {more} than {{b}}.",
                        f"Why {low} {{b}} {less} than {{a}}?",
                    ),
                    order="swap",
                ),
                Sense(
                    ("much", more),
                    (
                        f"How much {more} {low} {{a}} than {{b}}?",
                        f"By how much {low} {{a}} {more} than {{b}}?",
                        f"How much {more} than {{b}} {low} {{a}}?",
                    ),
                    order="swap",
                ),
            )
            which: tuple[Sense, ...] = (
                Sense(
                    ("which", more),
                    (
                        f"Which {low} {more}, {{a}} or {{b}}?",
                        f"What {low} {more}, {{a}} or {{b}}?",
                        f"{more}: {{a}} or {{b}}?",
                        f"Of {{a}} and {{b}}, which {low} {more}?",
                    ),
                    order="sym",
                ),
                Sense(
                    ("which", less),
                    (
                        f"Which {low} {less}, {{a}} or {{b}}?",
                        f"What {low} {less}, {{a}} or {{b}}?",
                        f"{less}: {{a}} or {{b}}?",
                        f"Of {{a}} and {{b}}, which {low} {less}?",
                    ),
                    order="sym",
                ),
            )
            if kind in ("vehicle", "instrument"):
                senses, which = _with_articles(senses), _with_articles(which)
            yield Family(f"compare {number} {more}", (("a", kind), ("b", kind)), senses, "comparison")
            # "Is A bigger than B?" and "Which is bigger?" are neither clearly the same nor clearly different: apart.
            yield Family(f"compare {number} which {more}", (("a", kind), ("b", kind)), which, "comparison")


def _with_articles(senses: tuple[Sense, ...]) -> tuple[Sense, ...]:
    return tuple(
        replace(sense, patterns=tuple(re.sub(r"(\{[ab]\})", r"a \1", text) for text in sense.patterns))
        for sense in senses
    )


def _verb_families() -> Iterator[Family]:
    for number, line in enumerate(entries(topics.VERBS)):
        types, _, body = line.partition(":")
        first, second = types.split()
        senses: list[Sense] = []
        for entry in body.split(","):
            verb, past, done = entry.split()
            for mode, texts in {
                "did": (
                    f"Did {{a}} {verb} {{b}}?",
                    f"Is it true that {{a}} {past} {{b}}?",
                    f"Was {{b}} {done} by {{a}}?",
                    f"Was it {{a}} who {past} {{b}}?",
                    f"Is it right that {{b}} was {done} by {{a}}?",
                ),
                "when": (
                    f"When did {{a}} {verb} {{b}}?",
                    f"When was {{b}} {done} by {{a}}?",
                    f"In which year did {{a}} {verb} {{b}}?",
                    f"What year did {{a}} {verb} {{b}}?",
                    f"In which year was {{b}} {done} by {{a}}?",
                ),
                "why": (
                    f"Why did {{a}} {verb} {{b}}?",
                    f"Why was {{b}} {done} by {{a}}?",
                    f"For what reason did {{a}} {verb} {{b}}?",
                    f"What made {{a}} {verb} {{b}}?",
                    f"Explain why {{a}} {past} {{b}}.",
                    f"What was the reason that {{a}} {past} {{b}}?",
                ),
                "whynot": (
                    f"Why did {{a}} not {verb} {{b}}?",
                    f"Why was {{b}} not {done} by {{a}}?",
                    f"Why didn't {{a}} {verb} {{b}}?",
                    f"For what reason did {{a}} not {verb} {{b}}?",
                    f"Explain why {{a}} did not {verb} {{b}}.",
                ),
                "will": (
                    f"Will {{a}} {verb} {{b}}?",
                    f"Is {{a}} going to {verb} {{b}}?",
                    f"Will {{b}} be {done} by {{a}}?",
                    f"Is {{b}} going to be {done} by {{a}}?",
                ),
                "how": (
                    f"How did {{a}} {verb} {{b}}?",
                    f"In what way did {{a}} {verb} {{b}}?",
                    f"How was {{b}} {done} by {{a}}?",
                ),
                "should": (
                    f"Should {{a}} {verb} {{b}}?",
                    f"Should {{b}} be {done} by {{a}}?",
                    f"Ought {{a}} to {verb} {{b}}?",
                ),
                "after": (
                    f"What happened after {{a}} {past} {{b}}?",
                    f"What happened after {{b}} was {done} by {{a}}?",
                    f"What came after {{a}} {past} {{b}}?",
                ),
                "before": (
                    f"What happened before {{a}} {past} {{b}}?",
                    f"What happened before {{b}} was {done} by {{a}}?",
                    f"What came before {{a}} {past} {{b}}?",
                ),
            }.items():
                order = "sym" if verb in ("marry",) and mode != "should" else "swap"
                senses.append(Sense((verb, mode), texts, order=order))
        yield Family(f"verbs {number}", (("a", first), ("b", second)), tuple(senses), "opposite")


_VERB_MODE_KINDS = {
    frozenset(("did", "will")): "tense",
    frozenset(("why", "whynot")): "negation",
    frozenset(("after", "before")): "order",
    frozenset(("did", "should")): "modality",
    frozenset(("will", "should")): "modality",
}


def _role_families() -> Iterator[Family]:
    for number, line in enumerate(entries(topics.ROLES)):
        roles, _, body = line.partition(":")
        kind = f"role{number}"
        slots.FILLERS[kind] = tuple(role.strip() for role in roles.split(","))
        senses: list[Sense] = []
        for entry in body.split(";"):
            name, active, passive = (part.strip() for part in entry.split("|"))
            act, pas = active.replace("{b}", "a {b}"), passive.replace("{a}", "a {a}")
            by_mode = {
                "can": (
                    f"Can a {{a}} {act}?",
                    f"Is a {{a}} able to {act}?",
                    f"Can a {{b}} be {pas}?",
                    f"Is it possible for a {{a}} to {act}?",
                ),
                "should": (f"Should a {{a}} {act}?", f"Should a {{b}} be {pas}?", f"Is it right for a {{a}} to {act}?"),
                "why": (
                    f"Why would a {{a}} {act}?",
                    f"Why would a {{b}} be {pas}?",
                    f"For what reason would a {{a}} {act}?",
                ),
                "whynot": (
                    f"Why can a {{a}} not {act}?",
                    f"Why can a {{b}} not be {pas}?",
                    f"Why can't a {{a}} {act}?",
                ),
                "must": (f"Does a {{a}} have to {act}?", f"Must a {{a}} {act}?", f"Does a {{b}} have to be {pas}?"),
                "if": (f"What happens if a {{a}} wants to {act}?", f"What if a {{a}} wants to {act}?"),
                "ask": (f"Does a {{a}} need a reason to {act}?", f"Is a reason needed for a {{a}} to {act}?"),
            }
            senses.extend(Sense((name, mode), texts, order="swap") for mode, texts in by_mode.items())
        yield Family(f"roles {number}", (("a", kind), ("b", kind)), tuple(senses), "opposite")


def _contrast_families() -> Iterator[Family]:
    orders = {"=": "sym", ">": "swap"}
    for number, line in enumerate(entries(contrasts.CONTRASTS)):
        head, _, body = line.partition(":")
        kind, names = head.split()
        types = () if names == "-" else tuple(zip("abcd", names.split(","), strict=False))
        senses = []
        for place, text in enumerate(map(str.strip, body.split("//"))):
            patterns = phrases(text.lstrip("=> "))
            senses.append(Sense((str(place), ""), patterns, order=orders.get(text[0], "-")))
        yield Family(
            f"contrast {number}", types, tuple(senses), kind if kind != "swap" else "facet", ("language", "length")
        )


_DIFFERENCE_TYPES = (
    "proglang",
    "library",
    "database",
    "tool",
    "format",
    "app",
    "concept",
    "disease",
    "medicine",
    "material",
    "animal",
    "food",
    "sport",
    "subject",
    "instrument",
    "company",
    "city",
    "country",
    "made",
    "madename",
    "plant",
    "element",
    "lang",
    "service",
    "os",
    "dish",
    "hobby",
)


def _misc_families() -> Iterator[Family]:
    slots.FILLERS["capital"] = tuple(word for pair in misc.CAPITALS for word in pair)
    slots.FILLERS["longthing"] = misc.LONG_THINGS
    slots.FILLERS["phrase"] = misc.PHRASES
    for name, types, kind, spec in misc.MISC:
        if "*" in types.values():
            for each in _DIFFERENCE_TYPES:
                yield Family(
                    f"{name} {each}",
                    tuple((slot, each) for slot in types),
                    tuple(_senses(spec, "")),
                    kind,
                    ("format", "length", "language"),
                )
        else:
            tail = ("length", "language") if name in ("writing", "rel people", "conjunct trip", "conjunct food") else ()
            yield Family(name, tuple(types.items()), tuple(_senses(spec, "")), kind, tail)


FAMILIES: tuple[Family, ...] = (
    *_action_families(),
    *_topic_families(),
    *_comparative_families(),
    *_verb_families(),
    *_role_families(),
    *_misc_families(),
    *_contrast_families(),
)


def sense_kind(family: Family, first: Sense, second: Sense) -> str:
    """The name of the difference between two senses of a family."""
    if family.name.startswith("action") and first.axes[0] == second.axes[0]:
        return actions.MODE_KINDS.get(frozenset((first.axes[1], second.axes[1])), "facet")
    if family.name.startswith(("verbs", "roles")) and first.axes[0] == second.axes[0]:
        pair = frozenset((first.axes[1], second.axes[1]))
        return _VERB_MODE_KINDS.get(pair) or actions.MODE_KINDS.get(pair, "facet")
    return family.kind


def draw_fills(family: Family, rng: random.Random) -> tuple[tuple[str, str], ...]:
    """Fillers for all slots of a family, all different."""
    fills: dict[str, str] = {}
    for slot, kind in family.types:
        taken = {value.lower() for value in fills.values()}
        value = slots.fill(kind, rng)
        while value.lower() in taken:
            value = slots.fill(kind, rng)
        fills[slot] = value
    return tuple(fills.items())


def flipped(meaning: Meaning) -> Meaning:
    """The meaning with a and b exchanged."""
    fill = meaning.fill
    fill["a"], fill["b"] = fill["b"], fill["a"]
    return Meaning(meaning.family, meaning.sense, tuple(fill.items()), meaning.tail)


def _pick(options: tuple[str, ...], rng: random.Random) -> str:
    return options[int(rng.random() * len(options))]


def render(meaning: Meaning, rng: random.Random) -> str:
    """The meaning in words. The same state of `rng` gives the same phrasing for similar meanings."""
    pattern = _pick(meaning.sense.patterns, rng)
    verb_at = rng.random()
    fill = meaning.fill
    if meaning.sense.verbs:
        verb = meaning.sense.verbs[int(verb_at * len(meaning.sense.verbs))]
        action = _SLOT.sub(lambda found: fill[found[1]], verb)
        text = _FORM.sub(lambda found: phrase(action, found[1]), pattern)
    else:
        text = _SLOT.sub(lambda found: fill[found[1]], pattern)
    if meaning.tail is not None:
        text = tails.attach(text, meaning.tail, rng)
    if not any(kind == "letter" for _, kind in meaning.family.types):
        text = _WRONG_AN.sub(r"\1 ", _ARTICLE.sub(r"\1n ", text))
    if meaning.family.kind == "capitals":
        return text
    return text[:1].upper() + text[1:]


def templates() -> int:
    """How many different phrasings with slots there are."""
    return sum(len(sense.patterns) * max(1, len(sense.verbs)) for family in FAMILIES for sense in family.senses)
