from __future__ import annotations

import pytest

from mitmgate.core.pace import LEAST_BYTES_PER_S, BodyPace

WINDOW_S = 30.0
ENOUGH = int(LEAST_BYTES_PER_S * WINDOW_S)


def test_a_body_that_trickles_is_late_after_its_grace() -> None:
    pace = BodyPace(100.0, WINDOW_S, 300.0)
    assert pace.next_s(100.0) == WINDOW_S
    assert not pace.is_late(1, 129.0, held=False)
    assert pace.is_late(ENOUGH - 1, 130.0, held=False)


@pytest.mark.parametrize("rate", [LEAST_BYTES_PER_S, 10_000])
def test_a_steady_body_is_late_only_at_its_deadline(rate: int) -> None:
    pace, now, received = BodyPace(0.0, WINDOW_S, 100.0), 0.0, 0
    while not pace.is_late(received, now, held=False):
        now += pace.next_s(now)
        received = int(rate * now)
    assert now == 100.0


def test_an_upload_has_a_rate_and_no_deadline() -> None:
    pace = BodyPace(0.0, WINDOW_S, None)
    for window in range(1, 1000):
        assert not pace.is_late(window * ENOUGH, window * WINDOW_S, held=False)
    assert pace.is_late(999 * ENOUGH + 1, 1000 * WINDOW_S, held=False)


def test_time_in_which_we_do_not_read_is_not_the_clients() -> None:
    pace = BodyPace(0.0, WINDOW_S, None)
    assert not pace.is_late(0, 30.0, held=True)
    assert pace.is_late(0, 60.0, held=False)
