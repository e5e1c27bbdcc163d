"""A verdict without the verifier: what facts and doubts say of a pair, which is pure and exact."""

from __future__ import annotations

from mitmgate.core.calibration import Calibration
from mitmgate.core.text.features import NAMES
from mitmgate.core.verdict import Considered, consider

ALIKE = 0.97
FLOOR = 0.78
#: Half the weight on the similarity, half on the log-odds; a hit below 0.9 is wrong too often.
PLAIN = Calibration(
    verifier="a test's",
    floor=FLOOR,
    weights=(1.0, *(0.0 for _ in NAMES), 1.0),
    intercept=-1.0,
    prior=(1.0, *(0.0 for _ in NAMES)),
    curve=((0.5, 0.2), (0.7, 0.05), (0.9, 0.004), (0.95, 0.001)),
)


def considered(query: str, stored: str, similarity: float = ALIKE, threshold: float = 0.0) -> Considered:
    return consider(query, stored, similarity, PLAIN, threshold)


def reasons(query: str, stored: str) -> tuple[str, ...]:
    """What facts and doubts object."""
    pair = considered(query, stored)
    return (*pair.vetoes, *pair.doubts)
