"""Which bar the comparisons of a tenant's answers speak for, and the setting that gives it. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mitmgate.core.calibration import Calibration
from mitmgate.core.wrong_share import ComparisonError, Estimate, least_budget, more_needed

BARS: Final = tuple(round(0.5 + step / 100, 2) for step in range(50))  # 0.50 to 0.99
LIKELY: Final = 3  # times the budget: an interval that reaches no further is not too wide to lean on the estimate


class Action(StrEnum):
    SERVE = "serve"  # switch to mode semantic
    LOWER = "lower the bar"
    RAISE = "raise the bar"
    KEEP = "keep"
    STAY = "too few comparisons"
    STOP = "too many wrong"
    UNKNOWN = "cannot be told"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """sure: the whole interval is within the budget; otherwise only the estimate is, and the interval not far beyond.

    bar, max_wrong: the setting that is suggested, None where none is. more: comparisons needed to tell. least_budget:
    where it cannot be told, the smallest that could be.
    """

    action: Action
    sure: bool = False
    bar: float | None = None
    max_wrong: float | None = None
    more: int | None = None
    least_budget: float | None = None


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a tenant has now. budget: the share of wrong hits that is wanted; bar: where it serves from."""

    serves: bool
    budget: float
    bar: float


def suggest(found: Sequence[Estimate], now: Tuned, error: ComparisonError, calibration: Calibration) -> Suggestion:
    """found: of rising bars, the tenant's own among them."""
    some = [each for each in found if each.compared]
    if not some:
        return Suggestion(Action.STAY, more=_enough(now.budget, error))
    sure = _lowest([each.high <= now.budget for each in some])
    place = sure
    if place is None:
        place = _lowest([(each.wrong or 0) <= now.budget and each.high <= LIKELY * now.budget for each in some])
    if place is not None:
        return _setting(some[place].bar, sure is not None, now, calibration)
    own = next((each for each in some if each.bar >= now.bar - 1e-9), some[-1])
    if all(each.low > now.budget for each in some):
        return Suggestion(Action.STOP, sure=True)
    more = max(more_needed(own, now.budget, error) or 0, _enough(now.budget, error) - own.compared)
    if more <= 0:
        return Suggestion(Action.UNKNOWN, least_budget=least_budget(own, error))
    return Suggestion(Action.STAY, more=more)


def max_wrong_for(bar: float, calibration: Calibration) -> float | None:
    """The largest `cache.max_wrong` whose bar is at least this one; None where there is none."""
    shares = {share for _, share in calibration.curve}
    return max((share for share in shares if bar - 1e-9 <= calibration.bar(share) <= 1), default=None)


def _lowest(fits: Sequence[bool]) -> int | None:
    """The first of the unbroken row of places that fit, up to the highest that does."""
    highest = max((place for place, each in enumerate(fits) if each), default=None)
    if highest is None:
        return None
    while highest > 0 and fits[highest - 1]:
        highest -= 1
    return highest


def _enough(budget: float, error: ComparisonError) -> int:
    """With fewer comparisons not even one without a disagreement would speak for the budget (the rule of three)."""
    return math.ceil(3 / max(1e-4, budget * error.sensitivity))


def _setting(bar: float, sure: bool, now: Tuned, calibration: Calibration) -> Suggestion:
    max_wrong = max_wrong_for(bar, calibration)
    if max_wrong is None:
        return Suggestion(Action.STOP)
    new = calibration.bar(max_wrong)
    if math.isclose(new, now.bar, abs_tol=1e-9):
        return Suggestion(Action.KEEP if now.serves else Action.SERVE, sure, new)
    action = Action.SERVE if not now.serves else Action.LOWER if new < now.bar else Action.RAISE
    return Suggestion(action, sure, new, max_wrong)
