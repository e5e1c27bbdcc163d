"""What makes two meanings different: each relation changes a meaning in one respect."""

import random
from collections.abc import Callable
from dataclasses import replace

from . import slots, tails
from .frames import (
    FAMILIES,
    FIXED,
    Family,
    Meaning,
    Sense,
    draw_fills,
    flipped,
    sense_kind,
)

Change = Callable[[Meaning, random.Random], Meaning]


def swap(meaning: Meaning, _: random.Random) -> Meaning:
    """The two arguments exchanged."""
    return flipped(meaning)


def _exchangeable(meaning: Meaning) -> list[str]:
    return [slot for slot in sorted(meaning.sense.used) if not meaning.family.type_of(slot).startswith(tuple(FIXED))]


def exchange(meaning: Meaning, rng: random.Random) -> Meaning:
    """One filler exchanged for another of its type."""
    slot = rng.choice(_exchangeable(meaning))
    fill = meaning.fill
    kind = meaning.family.type_of(slot)
    value = fill[slot]
    if kind == "capital":
        fill[slot] = _other_capital(value)
    else:
        fill[slot] = slots.exchange(kind, value, frozenset(fill.values()), rng)
    return replace(meaning, fills=tuple(fill.items()))


def _other_capital(value: str) -> str:
    return next(word for word in slots.FILLERS["capital"] if word != value and word.lower() == value.lower())


def with_sense(meaning: Meaning, sense: Sense) -> Meaning:
    """The same fillers in another sense."""
    return replace(meaning, sense=sense)


def other_sense(meaning: Meaning, rng: random.Random) -> Sense | None:
    """Another sense of the family, different in one respect only if there is one: the opposite, another mode."""
    here = meaning.sense
    near = [
        sense
        for sense in meaning.family.senses
        if sense.axes != here.axes and (sense.axes[0] == here.axes[0]) != (sense.axes[1] == here.axes[1])
    ]
    if near and rng.random() < 0.85:
        named = [sense for sense in near if sense_kind(meaning.family, here, sense) not in ("facet",)]
        return rng.choice(named) if named and rng.random() < 0.6 else rng.choice(near)
    rest = [sense for sense in meaning.family.senses if sense.axes != here.axes]
    return rng.choice(rest) if rest else None


def adjective(meaning: Meaning, rng: random.Random) -> Meaning:
    """One adjective more before a filler, or one less."""
    slot = rng.choice([slot for slot in sorted(meaning.sense.used) if meaning.family.type_of(slot) in slots.ADJECTIVES])
    fill = meaning.fill
    words = slots.ADJECTIVES[meaning.family.type_of(slot)]
    first, _, rest = fill[slot].partition(" ")
    if first in words:
        fill[slot] = rest
    else:
        fill[slot] = f"{rng.choice(words)} {fill[slot]}"
    return replace(meaning, fills=tuple(fill.items()))


def other_tail(meaning: Meaning, rng: random.Random) -> Meaning:
    """The extra condition dropped, or another on the same axis."""
    assert meaning.tail is not None
    if rng.random() < 0.4:
        return replace(meaning, tail=None)
    while True:
        tail = tails.draw(meaning.tail[0], rng)
        if tail != meaning.tail:
            return replace(meaning, tail=tail)


def _by_type() -> dict[str, list[Family]]:
    table: dict[str, list[Family]] = {}
    for family in FAMILIES:
        for kind in {kind for _, kind in family.types}:
            table.setdefault(kind, []).append(family)
    return table


_FAMILIES_OF = _by_type()


def unrelated(meaning: Meaning, rng: random.Random) -> Meaning | None:
    """Another family with the same filler, or None if no family has a slot of that type."""
    if not meaning.sense.used:
        return None
    slot = rng.choice(sorted(meaning.sense.used))
    kind = meaning.family.type_of(slot)
    families = [family for family in _FAMILIES_OF[kind] if family.name != meaning.family.name]
    if not families:
        return None
    family = rng.choice(families)
    sense = rng.choice(family.senses)
    targets = [name for name, other in family.types if other == kind and name in sense.used]
    if not targets:
        return None
    value = meaning.fill[slot]
    fill = dict(draw_fills(family, rng))
    if value in fill.values():
        return None
    fill[targets[0]] = value
    return Meaning(family, sense, tuple(fill.items()))
