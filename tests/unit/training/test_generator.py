"""Generated pairs: the same for a seed, half of them the same, no label that noise or the kind gives away."""

import itertools
import json
import random
import re
import subprocess
import sys
from collections import Counter, defaultdict

import pytest

from training.generator import actions, inflect, slots, surface
from training.generator.frames import FAMILIES, Meaning, draw_fills, flipped, render, templates
from training.generator.generate import Pair, draw, normal, pairs, stream


@pytest.fixture(scope="module")
def many() -> list[Pair]:
    return list(pairs(7, 20_000))


def base(kind: str) -> str:
    return kind.partition("+")[0]


def test_deterministic() -> None:
    assert list(pairs(3, 500)) == list(pairs(3, 500))
    assert list(pairs(3, 500)) == list(pairs(3, 900))[:500]
    assert list(pairs(3, 500)) != list(pairs(4, 500))
    assert stream(3, 300) == stream(3, 300)


def test_same_rows_in_another_process() -> None:
    command = [sys.executable, "-m", "training.generator.generate", "--seed", "5", "--pairs", "300"]
    rows = [
        json.loads(line)
        for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    ]
    assert [Pair(**row) for row in rows] == list(pairs(5, 300))


def test_no_row_with_equal_texts(many: list[Pair]) -> None:
    assert all(pair.a != pair.b for pair in many)


def test_half_is_same_and_every_kind_has_both_labels(many: list[Pair]) -> None:
    count = Counter((base(pair.kind), pair.same) for pair in many)
    assert abs(sum(pair.same for pair in many) / len(many) - 0.5) < 0.01
    for kind in {kind for kind, _ in count}:
        if count[kind, 0] + count[kind, 1] < 200:
            continue
        share = count[kind, 1] / (count[kind, 0] + count[kind, 1])
        assert 0.35 < share < 0.65, (kind, share)


def test_noise_says_nothing_about_the_label(many: list[Pair]) -> None:
    noisy = [pair for pair in many if pair.kind.endswith("+noise")]
    assert abs(len(noisy) / len(many) - 0.5) < 0.03
    assert abs(sum(pair.same for pair in noisy) / len(noisy) - 0.5) < 0.02


def test_no_pair_has_both_labels(many: list[Pair]) -> None:
    labels: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for pair in many:
        if base(pair.kind) != "capitals":
            labels[tuple(sorted((normal(pair.a), normal(pair.b))))].add(pair.same)
    assert [key for key, seen in labels.items() if len(seen) > 1] == []


def test_no_text_has_two_meanings() -> None:
    """No two senses of all families share a phrasing, whatever is filled in: classes of the stream are exact."""
    owner: dict[str, tuple[object, ...]] = {}
    for family in FAMILIES:
        count: Counter[str] = Counter()
        fills: list[tuple[str, str]] = []
        for slot, kind in family.types:
            fills.append((slot, f"q{kind}{count[kind]}q"))
            count[kind] += 1
        for sense in family.senses:
            straight = Meaning(family, sense, tuple(fills))
            for meaning in (straight, flipped(straight)) if sense.order == "swap" else (straight,):
                for pattern, verb in itertools.product(sense.patterns, sense.verbs or ("",)):
                    text = normal(said(meaning, pattern, verb))
                    assert owner.setdefault(text, meaning.key()) == meaning.key(), (text, meaning.key(), owner[text])


def said(meaning: Meaning, pattern: str, verb: str) -> str:
    """This phrasing of the meaning."""
    action = re.sub(r"\{([abcd])\}", lambda found: meaning.fill[found[1]], verb)
    text = re.sub(r"\{([VGS])\}", lambda found: inflect.phrase(action, found[1]), pattern)
    return re.sub(r"\{([abcd])\}", lambda found: meaning.fill[found[1]], text)


def test_swaps_come_in_both_orders() -> None:
    for family in FAMILIES:
        for sense in family.senses:
            if sense.order == "-":
                continue
            meaning = Meaning(family, sense, draw_fills(family, random.Random(2)))
            assert {"a", "b"} <= sense.used
            assert (meaning.key() == flipped(meaning).key()) == (sense.order == "sym"), (family.name, sense.axes)


def test_a_swap_holds_both_fillers_in_the_other_order() -> None:
    rng = random.Random(4)
    seen = 0
    while seen < 3000:
        meaning = draw(rng)
        if meaning.sense.order != "swap":
            continue
        seen += 1
        style = rng.random()
        one, other = (render(each, random.Random(style)).lower() for each in (meaning, flipped(meaning)))
        assert one != other
        for slot in "ab":
            assert meaning.fill[slot].lower() in one and meaning.fill[slot].lower() in other


def test_every_pattern_names_the_slots_of_its_sense() -> None:
    for family in FAMILIES:
        for sense in family.senses:
            for pattern, verb in itertools.product(sense.patterns, sense.verbs or ("",)):
                used = set(re.findall(r"\{([abcd])\}", pattern + verb))
                assert used == sense.used, (family.name, sense.axes, pattern, verb)
            assert sense.used <= {slot for slot, _ in family.types}


def test_important_types_have_forty_fillers() -> None:
    for kind in (
        "city",
        "country",
        "person",
        "company",
        "proglang",
        "library",
        "food",
        "animal",
        "plant",
        "disease",
        "medicine",
        "sport",
        "job",
        "subject",
        "material",
        "format",
        "app",
        "concept",
        "gadget",
        "dish",
        "lang",
    ):
        assert len(slots.FILLERS[kind]) >= 40, (kind, len(slots.FILLERS[kind]))


def test_typos_are_not_words() -> None:
    rng = random.Random(1)
    for _ in range(3000):
        meaning_family = rng.choice(FAMILIES)
        text = render(Meaning(meaning_family, meaning_family.senses[0], draw_fills(meaning_family, rng)), rng)
        slip = surface.typo(text, rng)
        if slip != text:
            (changed,) = [one for one, other in zip(slip.split(), text.split(), strict=True) if one != other]
            assert not set(re.findall("[a-z]+", changed.lower())) <= surface.vocabulary()


def test_every_neighbour_is_a_filler() -> None:
    known = {value for values in slots.FILLERS.values() for value in values}
    assert [word for group in slots.NEIGHBOURS for word in group if word not in known] == []


def test_stream_classes_are_exact() -> None:
    requests = stream(1, 3000)
    assert len({request.q for request in requests}) == len(requests)
    sizes = Counter(request.cls for request in requests)
    assert len(sizes) < len(requests)
    assert max(sizes.values()) < 60


def test_hundreds_of_templates() -> None:
    assert len(FAMILIES) > 400
    assert templates() > 10_000
    assert len(actions.MODES["how"]) >= 50
