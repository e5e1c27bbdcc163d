"""The hub: control is answered once every worker that serves has applied the change, or is told how many have not."""

from __future__ import annotations

import asyncio
import itertools

from hypothesis import given
from hypothesis import strategies as st

from mitmgate.services.channel import Message
from mitmgate.supervisor.hub import ApplyHub


class Worker:
    def __init__(self, ready: bool = True) -> None:
        self.ready = ready
        self.told: list[Message] = []

    def send(self, message: Message) -> None:
        self.told.append(message)


def ask(hub: ApplyHub, workers: list[Worker], id: int = 41) -> list[Message]:
    answers: list[Message] = []
    hub.ask({"op": "apply", "id": id, "tenant_id": 7, "version": 3}, workers, answers.append)
    return answers


async def test_who_joins_meanwhile_is_told_and_waited_for() -> None:
    hub, workers = ApplyHub(), [Worker(), Worker()]
    answers = ask(hub, workers)
    hub.left(workers[0])
    workers[0].told.clear()
    hub.joined(workers[0])
    hub.applied(workers[1], workers[1].told[0])
    assert answers == []
    hub.applied(workers[0], workers[0].told[0])
    assert answers == [{"op": "applied", "id": 41, "missing": 0}]


async def test_answers_when_the_last_worker_has_applied_it() -> None:
    hub, workers = ApplyHub(), [Worker(), Worker()]
    answers = ask(hub, workers)
    assert [(told["tenant_id"], told["version"]) for worker in workers for told in worker.told] == [(7, 3), (7, 3)]
    hub.applied(workers[0], workers[0].told[0])
    hub.applied(workers[0], workers[0].told[0])
    assert answers == []
    hub.applied(workers[1], workers[1].told[0])
    assert answers == [{"op": "applied", "id": 41, "missing": 0}]


async def test_a_worker_that_dies_is_waited_for_no_more() -> None:
    hub, workers = ApplyHub(), [Worker(), Worker()]
    answers = ask(hub, workers)
    hub.applied(workers[0], workers[0].told[0])
    hub.left(workers[1])
    assert answers == [{"op": "applied", "id": 41, "missing": 0}]


async def test_a_worker_that_still_starts_is_told_but_waited_for_only_once_it_serves() -> None:
    hub, serving, starting = ApplyHub(), Worker(), Worker(ready=False)
    answers = ask(hub, [serving, starting])
    assert len(starting.told) == 1
    hub.joined(starting)
    hub.applied(serving, serving.told[0])
    assert answers == []
    hub.applied(starting, starting.told[0])
    assert answers[0]["missing"] == 0


async def test_nobody_to_wait_for_is_answered_at_once() -> None:
    assert ask(ApplyHub(), [])[0]["missing"] == 0
    assert ask(ApplyHub(), [Worker(ready=False)])[0]["missing"] == 0


async def test_a_worker_that_never_answers_is_counted_as_missing() -> None:
    hub = ApplyHub(patience_s=0.01)
    workers = [Worker(), Worker()]
    answers = ask(hub, workers)
    hub.applied(workers[0], workers[0].told[0])
    while not answers:
        await asyncio.sleep(0.005)
    assert answers == [{"op": "applied", "id": 41, "missing": 1}]
    hub.applied(workers[1], workers[1].told[0])  # too late, and harmless
    assert len(answers) == 1


async def test_changes_with_the_same_id_are_kept_apart() -> None:
    hub, worker = ApplyHub(), Worker()
    first, second = ask(hub, [worker], id=1), ask(hub, [worker], id=1)
    hub.applied(worker, worker.told[1])
    assert (len(first), len(second)) == (0, 1)


@given(st.lists(st.tuples(st.sampled_from(["applied", "left", "joined"]), st.integers(0, 2), st.integers(0, 2))))
def test_each_change_is_answered_at_most_once_and_nothing_stays(events: list[tuple[str, int, int]]) -> None:
    async def play() -> None:
        hub, workers = ApplyHub(), [Worker() for _ in range(3)]
        answers = [ask(hub, workers, id=number) for number in range(3)]
        everything = [("applied", worker, number) for worker, number in itertools.product(range(3), range(3))]
        for event, worker, number in [*events, *everything]:
            if event == "applied":
                hub.applied(workers[worker], workers[worker].told[number])
            elif event == "left":
                hub.left(workers[worker])
            else:
                hub.joined(workers[worker])
        assert [len(each) for each in answers] == [1, 1, 1]
        assert [each[0]["id"] for each in answers] == [0, 1, 2]
        assert not hub._asked

    asyncio.run(play())
