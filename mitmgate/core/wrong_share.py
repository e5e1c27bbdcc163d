"""How many hits were wrong, estimated from how often the stored answer and the real one disagree. Pure.

The comparison errs both ways, so the share that disagrees is not the share that is wrong: it is corrected (Rogan &
Gladen 1978), with an interval of 95 % that allows for how surely the comparison's error is known (Lang & Reiczigel
2014).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from mitmgate.core.answer_comparison import FILE

Z: Final = 1.959964  # 95 %


type Count = tuple[float, int, int]


@dataclass(frozen=True, slots=True)
class ComparisonError:
    """How often the comparison is right, and on how many independent labelled pairs that was counted.

    sensitivity: of wrong answers, the share that it finds; specificity: of right ones, the share that it leaves, or at
    least leaves where it is a bound.
    """

    sensitivity: float
    sensitivity_trials: int
    specificity: float
    specificity_trials: int
    is_bound: bool = False

    def __post_init__(self) -> None:
        if self.sensitivity + self.specificity <= 1:
            raise ValueError("a comparison no better than chance estimates nothing")

    @property
    def gain(self) -> float:
        """By how much more often wrong answers disagree than right ones (Youden's index)."""
        return self.sensitivity + self.specificity - 1

    def least_sensitivity(self) -> float:
        return wilson(self.sensitivity, self.sensitivity_trials)[0]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of the comparisons at a bar and above. wrong: the share that is wrong; None without any comparison.

    low, high: its interval of 95 %.
    """

    bar: float
    compared: int
    disagreeing: int
    wrong: float | None
    low: float
    high: float


@cache
def measured_error(path: Path = FILE) -> ComparisonError:
    """As `training/answers.py` measured it. Raises OSError, KeyError and ValueError."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    one, other = kept["sensitivity"], kept["specificity"]
    return ComparisonError(one["rate"], one["trials"], other["rate"], other["trials"])


def estimate(bar: float, compared: int, disagreeing: int, error: ComparisonError) -> Estimate:
    """The share of wrong hits. Shares are clipped to 0 to 1, and the interval holds the point."""
    if not compared:
        return Estimate(bar, 0, 0, None, 0.0, 1.0)
    wrong = _clip((disagreeing / compared + error.specificity - 1) / error.gain)
    low, high = _interval(compared, disagreeing, error)
    return Estimate(bar, compared, disagreeing, wrong, min(low, wrong), max(high, wrong))


def wilson(share: float, trials: float) -> tuple[float, float]:
    """The interval of a share (Wilson 1927)."""
    z2 = Z**2
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z / (1 + z2 / trials) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
    return _clip(middle - half), _clip(middle + half)


def _interval(compared: int, disagreeing: int, error: ComparisonError) -> tuple[float, float]:
    """Lang & Reiczigel, and no more than if every disagreement were a wrong hit and the comparison missed the most.

    The second bound counts where next to nothing disagrees: then false alarms are as rare, whatever was measured.
    """
    z2 = Z**2
    n, n_se, n_sp = compared + z2, error.sensitivity_trials + 2, error.specificity_trials + 2
    seen = (disagreeing + z2 / 2) / n
    se = (error.sensitivity * error.sensitivity_trials + 1) / n_se
    sp = (error.specificity * error.specificity_trials + 1) / n_sp
    wrong = _clip((seen + sp - 1) / (se + sp - 1))
    of_se, of_sp = se * (1 - se) / n_se, sp * (1 - sp) / n_sp
    shift = 2 * z2 * (wrong * of_se - (1 - wrong) * of_sp)
    spread = math.sqrt(seen * (1 - seen) / n + (1 - wrong) ** 2 * of_sp + wrong**2 * of_se)
    middle, half = wrong + shift, Z * spread / (se + sp - 1)
    most = wilson(disagreeing / compared, compared)[1] / error.least_sensitivity()
    return _clip(middle - half), _clip(most if error.is_bound else min(middle + half, most))


def on_this_traffic(counts: Iterable[Count], error: ComparisonError) -> ComparisonError:
    """The error, with a higher specificity where the traffic proves one.

    Right answers cannot disagree more often than all do. Where next to nothing disagrees from some bar on, the labelled
    answers differ more among themselves than this traffic's do, and wrong hits below that bar would be taken for false
    alarms. counts: as in `estimates`.
    """
    least, trials = 1.0, 0
    compared = disagreeing = 0
    for _, more, more_disagreeing in sorted(counts, reverse=True):
        compared += more
        disagreeing += more_disagreeing
        if compared and (most := wilson(disagreeing / compared, compared)[1]) < least:
            least, trials = most, compared
    if 1 - least <= error.specificity:
        return error
    return replace(error, specificity=1 - least, specificity_trials=trials, is_bound=True)


def estimates(counts: Iterable[Count], bars: Iterable[float], error: ComparisonError) -> list[Estimate]:
    """counts: (probability, compared, disagreeing), the probability that of the whole bin's lower end.

    Each bar has what reached it. A bar below the lowest probability has no more than that, and is left out.
    """
    ordered = sorted(counts, reverse=True)
    found = []
    compared = disagreeing = place = 0
    for bar in sorted(bars, reverse=True):
        while place < len(ordered) and ordered[place][0] >= bar - 1e-9:
            compared += ordered[place][1]
            disagreeing += ordered[place][2]
            place += 1
        found.append(estimate(bar, compared, disagreeing, error))
        if place == len(ordered):
            break
    return found[::-1]


def more_needed(found: Estimate, budget: float, error: ComparisonError) -> int | None:
    """How many more comparisons would tell, if they disagree as often, whether the share is within the budget.

    None where no number would, because the comparison's own error is not known well enough.
    """
    share = found.disagreeing / found.compared if found.compared else 0.0
    for power in range(5, 21):
        more = 1 << power
        compared = found.compared + more
        later = estimate(found.bar, compared, round(share * compared), error)
        if later.high <= budget or later.low > budget:
            return more
    return None


def least_budget(found: Estimate, error: ComparisonError) -> float:
    """The smallest budget that any number of comparisons could confirm, if they disagree as often."""
    compared = 2**20
    share = found.disagreeing / found.compared if found.compared else 0.0
    return estimate(found.bar, compared, round(share * compared), error).high


def _clip(share: float) -> float:
    return min(1.0, max(0.0, share))
