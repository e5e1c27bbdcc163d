"""Request ids."""

from __future__ import annotations

import time
import uuid

from addons.exchange import new_request_id


def test_request_ids_are_uuids_of_version_7_that_sort_by_time() -> None:
    before = int(time.time() * 1000)
    made = [new_request_id() for _ in range(2000)]
    after = int(time.time() * 1000)
    assert len(set(made)) == 2000
    for each in made:
        read = uuid.UUID(each)
        assert str(read) == each and read.version == 7 and read.variant == uuid.RFC_4122
        assert before <= read.int >> 80 <= after
    assert {each[19] for each in made} == set("89ab")
    times = [each[:13] for each in made]
    assert times == sorted(times)
