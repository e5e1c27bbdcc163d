from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from mitmgate.supervisor.wedged import is_wedged, run_delay_s


@pytest.mark.parametrize(
    ("silent_s", "delay_s", "wedged"),
    [
        (4.9, 0.0, False),
        (5.1, 0.0, True),
        (5.1, 0.2, False),  # 4.9 s of its own
        (12.0, 8.0, False),
        (12.0, 6.9, True),
        (29.9, 25.0, False),
        (30.1, 30.0, True),  # in any case
    ],
)
def test_only_silence_with_a_core_counts_up_to_thirty_seconds(silent_s: float, delay_s: float, wedged: bool) -> None:
    assert is_wedged(silent_s, delay_s, has_spoken=True) is wedged


def test_one_that_has_not_spoken_yet_may_take_a_minute() -> None:
    assert not is_wedged(59.0, 0.0, has_spoken=False)
    assert is_wedged(61.0, 61.0, has_spoken=False)


def test_the_delay_is_the_second_figure(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    for text, delay_s in (("123 2500000000 9\n", 2.5), ("0 0 0", 0.0), ("", 0.0), ("1 x 2", 0.0)):
        (tmp_path / "7" / "schedstat").write_text(text)
        assert run_delay_s(7, tmp_path) == delay_s
    assert run_delay_s(8, tmp_path) == 0.0


@pytest.mark.skipif(sys.platform != "linux", reason="Linux counts it")
def test_a_process_that_shares_a_core_is_delayed() -> None:
    assert run_delay_s(os.getpid()) > 0.0
