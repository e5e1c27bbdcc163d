"""What two questions have in common and what not, as numbers for the calibrated verdict. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mitmgate.core.text.contrasts import modality, quantifier
from mitmgate.core.text.guards import Guard
from mitmgate.core.text.order import order
from mitmgate.core.text.pair import Pair
from mitmgate.core.text.persons import persons
from mitmgate.core.text.reading import Reading
from mitmgate.core.text.replaced import replaced
from mitmgate.core.text.voice import voice

#: Guards that raise a doubt: what each finds speaks against the pair, as strongly as calibration found.
DOUBTS: Final[dict[str, Guard]] = {
    "order": order,
    "voice": voice,
    "persons": persons,
    "modality": modality,
    "quantifier": quantifier,
    "replaced": replaced,
}
MEASURES: Final = ("shared words", "words apart", "length ratio", "slips", "same order")
NAMES: Final = (*MEASURES, *DOUBTS)


def features(pair: Pair) -> tuple[list[float], list[str]]:
    """-> the values of NAMES, and what the doubts say."""
    doubts = {kind: guard(pair) for kind, guard in DOUBTS.items()}
    values = [*_measures(pair), *(float(found is not None) for found in doubts.values())]
    return values, [found for found in doubts.values() if found is not None]


def _measures(pair: Pair) -> Sequence[float]:
    mine, theirs = ([word.key for word in side if word.content] for side in pair.only)
    left, right = _content(pair.left), _content(pair.right)
    shared = {*left} - {*mine}
    union = len({*left} | {*right}) or 1
    longer = max(len(pair.left.words), len(pair.right.words)) or 1
    turned = {pair.slips.get(key, key) for key in right}
    order_left = [key for key in left if key in turned]
    order_right = [slip for key in right if (slip := pair.slips.get(key, key)) in shared]
    return (
        len(shared) / union,
        min(len(mine) + len(theirs), 8) / 8,
        min(len(pair.left.words), len(pair.right.words)) / longer,
        min(len(pair.slips), 2) / 2,
        float(order_left == order_right),
    )


def _content(reading: Reading) -> list[str]:
    return [word.key for word in reading.words if word.content]
