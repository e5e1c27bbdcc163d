"""Questions from templates that the guards were not written with: what differs in a fact is told, form is let pass."""

from __future__ import annotations

from collections import Counter

from tests.minimal_pairs import minimal_pairs
from tests.verdicts import reasons


def test_one_changed_fact_is_never_let_pass() -> None:
    pairs = [pair for pair in minimal_pairs(2200, seed=7) if not pair.same]
    passed = [pair for pair in pairs if not reasons(pair.other, pair.one)]
    assert len(pairs) > 900 and passed == []


def test_form_alone_is_no_difference() -> None:
    pairs = [pair for pair in minimal_pairs(2200, seed=7) if pair.same]
    refused = Counter(pair.kind for pair in pairs if reasons(pair.other, pair.one))
    assert len(pairs) > 500 and refused.keys() <= {"typo"}  # in a word that the guards must know: wintr, beefore
    assert refused["typo"] < 20
