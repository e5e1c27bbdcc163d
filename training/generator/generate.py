"""Pairs of questions with labels, or a stream of questions with classes.

python -m generator.generate --seed 1 --pairs 100000 > pairs.jsonl
python -m generator.generate --seed 1 --stream 20000 > stream.jsonl
"""

import argparse
import json
import random
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from . import relations, slots, tails
from .frames import FAMILIES, Family, Meaning, draw_fills, flipped, render, sense_kind
from .surface import disturb


class Pair(NamedTuple):
    """Two questions, whether they ask the same, and what tells them apart (or could have)."""

    a: str
    b: str
    same: int
    kind: str


def _group(family: Family) -> str:
    return family.name.split(" ", 1)[0] if family.name.split(" ", 1)[0] in _SHARES else "misc"


# How often a question comes from each group of families.
_SHARES = {
    "action": 38,
    "topic": 12,
    "compare": 7,
    "verbs": 7,
    "roles": 4,
    "difference": 4,
    "choice": 3,
    "contrast": 13,
    "misc": 24,
}
_GROUPS: dict[str, list[Family]] = {}
for _family in FAMILIES:
    _GROUPS.setdefault(_group(_family), []).append(_family)
_NAMES = tuple(_SHARES)
_WEIGHTS = tuple(_SHARES.values())

_NORMAL = re.compile(r"[^\w+#\\/*=<>-]+")


def normal(text: str) -> str:
    """The text without case, spacing and punctuation."""
    return _NORMAL.sub(" ", text.lower()).strip()


def draw(rng: random.Random) -> Meaning:
    """A random meaning."""
    family = rng.choice(_GROUPS[rng.choices(_NAMES, _WEIGHTS)[0]])
    senses = family.senses
    if family.name.startswith("action") and rng.random() < 0.45:
        senses = tuple(sense for sense in senses if sense.axes[1] in ("how", "script"))
    meaning = Meaning(family, rng.choice(senses), draw_fills(family, rng))
    if family.axes and rng.random() < 0.3:
        meaning = replace(meaning, tail=tails.draw(rng.choice(family.axes), rng))
    used = [slot for slot in sorted(meaning.sense.used) if family.type_of(slot) in slots.ADJECTIVES]
    if used and rng.random() < 0.1:
        meaning = relations.adjective(meaning, rng)
    return meaning


def _relation(meaning: Meaning, rng: random.Random) -> str:
    """The respect in which a different pair of this meaning differs."""
    sense, family = meaning.sense, meaning.family
    weights = {"unrelated": 10.0}
    if family.kind == "capitals":
        return "exchange"
    if any(not family.type_of(slot).startswith("role") for slot in sense.used):
        weights["exchange"] = 25
    if len(family.senses) > 1:
        weights["sense"] = 35
    if sense.order == "swap":
        weights["swap"] = 90
    if sense.order == "sym":
        weights["symmetric"] = 30
    if meaning.tail is not None:
        weights["tail"] = 70
    if any(family.type_of(slot) in slots.ADJECTIVES for slot in sense.used):
        weights["adjective"] = 10
    return rng.choices(tuple(weights), tuple(weights.values()))[0]


def _different(meaning: Meaning, relation: str, rng: random.Random) -> tuple[Meaning, str] | None:
    """A meaning that differs in this respect, and the name of the difference."""
    if relation == "swap":
        return flipped(meaning), "swap"
    if relation == "exchange":
        return relations.exchange(meaning, rng), "capitals" if meaning.family.kind == "capitals" else "exchange"
    if relation == "sense":
        sense = relations.other_sense(meaning, rng)
        if sense is None:
            return None
        return relations.with_sense(meaning, sense), sense_kind(meaning.family, meaning.sense, sense)
    if relation == "symmetric":
        return relations.exchange(flipped(meaning), rng), "symmetric"
    if relation == "tail":
        assert meaning.tail is not None
        return relations.other_tail(meaning, rng), f"tail-{meaning.tail[0]}"
    if relation == "adjective":
        return relations.adjective(meaning, rng), "adjective"
    other = relations.unrelated(meaning, rng)
    return None if other is None else (other, "unrelated")


def _pair(rng: random.Random) -> Pair | None:
    meaning = draw(rng)
    changed = _different(meaning, _relation(meaning, rng), rng)
    # Everything above is drawn before the label, so that neither the question nor the kind says anything about it.
    same = rng.random() < 0.5
    noisy = rng.random() < 0.5
    if changed is None or changed[0].key() == meaning.key():
        return None
    other, kind = changed
    if same:
        other = (
            flipped(meaning)
            if meaning.sense.order == "sym" and (kind == "symmetric" or rng.random() < 0.5)
            else meaning
        )
    style = rng.getrandbits(48)
    alike = rng.random() < (0.3 if not same else 0.4 if noisy and kind != "symmetric" else 0.0)
    first = render(meaning, random.Random(style))
    second = render(other, random.Random(style if alike else rng.getrandbits(48)))
    for _ in range(6):
        if alike or normal(first) != normal(second):
            break
        second = render(other, random.Random(rng.getrandbits(48)))
    if normal(first) == normal(second) and not (same and noisy) and kind != "capitals":
        return None
    if kind == "unrelated" and not same and _overlap(first, second) > 0.6:
        return None
    if noisy:
        sides = rng.choice(("a", "b", "ab"))
        keep_case = meaning.family.kind == "capitals"
        keep_articles = any(of in ("letter", "title") for one in (meaning, other) for _, of in one.family.types)
        if "a" in sides:
            first = disturb(first, rng, keep_case=keep_case, keep_articles=keep_articles)
        if "b" in sides:
            second = disturb(second, rng, keep_case=keep_case, keep_articles=keep_articles)
        kind += "+noise"
    if first == second or (not same and normal(first) == normal(second) and not kind.startswith("capitals")):
        return None
    if rng.random() < 0.5:
        first, second = second, first
    return Pair(first, second, int(same), kind)


def _overlap(first: str, second: str) -> float:
    one, other = set(normal(first).split()), set(normal(second).split())
    return len(one & other) / max(1, len(one | other))


def pairs(seed: int, n: int) -> Iterator[Pair]:
    """`n` labelled pairs, about half of them the same; always the same ones for a seed."""
    rng = random.Random(seed)
    made = 0
    while made < n:
        pair = _pair(rng)
        if pair is not None:
            made += 1
            yield pair


class Request(NamedTuple):
    """A question of a stream; two with an equal class may share an answer."""

    q: str
    cls: int


def stream(seed: int, n: int) -> list[Request]:
    """`n` questions in random order: classes of one to six questions, and next to most of them a class that differs
    in one respect."""
    rng = random.Random(seed)
    classes: dict[tuple[object, ...], int] = {}
    seen: set[str] = set()
    requests: list[Request] = []
    while len(requests) < n:
        meaning = draw(rng)
        near = [meaning]
        for _ in range(rng.choice((0, 1, 1, 2, 3))):
            changed = _different(meaning, _relation(meaning, rng), rng)
            if changed is not None:
                near.append(changed[0])
        for one in near:
            cls = classes.setdefault(one.key(), len(classes))
            keep_case = one.family.kind == "capitals"
            for _ in range(rng.choice((1, 1, 2, 3, 4, 6))):
                turned = flipped(one) if one.sense.order == "sym" and rng.random() < 0.5 else one
                text = render(turned, random.Random(rng.getrandbits(48)))
                if rng.random() < 0.4:
                    text = disturb(
                        text,
                        rng,
                        keep_case=keep_case,
                        keep_articles=any(of in ("letter", "title") for _, of in one.family.types),
                    )
                if text not in seen:
                    seen.add(text)
                    requests.append(Request(text, cls))
    rng.shuffle(requests)
    return requests[:n]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description="Labelled pairs of questions, or a stream of questions, made by program."
    )
    parser.add_argument("--seed", type=int, default=1)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--pairs", type=int, metavar="N", help="how many pairs")
    what.add_argument("--stream", type=int, metavar="N", help="how many requests of a stream")
    parser.add_argument("--without", default="", metavar="KINDS", help="kinds to leave out, with commas")
    options = parser.parse_args()
    left_out = frozenset(filter(None, options.without.split(",")))
    if options.stream is not None:
        for request in stream(options.seed, options.stream):
            sys.stdout.write(json.dumps(request._asdict(), ensure_ascii=False) + "\n")
        return
    for pair in pairs(options.seed, options.pairs):
        if pair.kind.partition("+")[0] not in left_out:
            sys.stdout.write(json.dumps(pair._asdict(), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
