"""When an upstream is asked once more: the whole table, and what an error says itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mitmgate.core.client_retries import client_retries
from mitmgate.core.errors import Refused
from mitmgate.core.retry import (
    RETRYABLE_STATUSES,
    Failure,
    Progress,
    Retries,
    RetryBudget,
    asked_wait_s,
    asks_for_another,
    error_of,
    may_be_repeated,
    repeatable,
)

NO_CONNECTION = {Failure.NAME, Failure.CONNECT, Failure.HANDSHAKE, Failure.CONNECT_TIMEOUT, Failure.RESET}


def test_the_whole_table() -> None:
    """Only while nobody can be working on the request, or when the upstream's status says that nobody is."""
    found = {(failure, progress) for failure in Failure for progress in Progress if repeatable(failure, progress)}
    assert found == {
        *((failure, Progress.CONNECTING) for failure in NO_CONNECTION),
        (Failure.RESET, Progress.SENT),
        (Failure.STATUS, Progress.ANSWERED),
    }


@pytest.mark.parametrize("progress", list(Progress))
@pytest.mark.parametrize("failure", [Failure.FIRST_BYTE_TIMEOUT, Failure.IDLE_TIMEOUT, Failure.TOTAL_TIMEOUT])
def test_own_deadlines_are_504_and_final(failure: Failure, progress: Progress) -> None:
    retries = Retries(5, 1e9, RetryBudget(1.0))
    assert retries.wait_s(failure, progress, attempt=1, now=0.0, chance=0.5) is None
    assert retries.left == 5 and error_of(failure).status == 504


def test_every_failure_has_an_answer() -> None:
    for failure in Failure:
        assert error_of(failure).code == failure.value and error_of(failure).status in (502, 503, 504)


def test_the_wait_is_the_upstreams_or_our_own() -> None:
    retries = Retries(9, 100.0, RetryBudget(1.0))
    ways: dict[str, Any] = {"attempt": 1, "now": 0.0, "chance": 0.5}
    assert retries.wait_s(Failure.STATUS, Progress.ANSWERED, **ways, asked_s=0.04) == 0.04
    assert retries.wait_s(Failure.STATUS, Progress.ANSWERED, **ways) == 0.125
    assert retries.wait_s(Failure.STATUS, Progress.ANSWERED, **ways, asked_s=100.0) is None  # beyond the deadline
    assert retries.left == 7


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "40.5", "retry-after": "9"}, 0.0405),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after-ms": "-1", "retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after-ms": "1e9"}, None),
        ({"retry-after": "\u0663"}, None),
        ({"retry-after": "Thu, 01 Jan 1970 00:16:45 GMT"}, 5.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
    ],
)
def test_the_wait_that_is_asked_for(headers: dict[str, str], wait_s: float | None) -> None:
    assert asked_wait_s(headers, 1000.0) == wait_s


@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 408, 409, 418, 425, 429, 500, 501, 502, 503, 504, 529])
def test_the_upstreams_word_counts_more_than_its_status(status: int) -> None:
    usual = status in RETRYABLE_STATUSES
    assert may_be_repeated(status, {}) is usual
    assert asks_for_another(status, {}, b"{}") is usual
    assert may_be_repeated(status, {"x-should-retry": "true"}) is (status >= 400)
    for no in ("false", "False", " FALSE "):
        assert not asks_for_another(status, {"x-should-retry": no}, b"")
    assert asks_for_another(status, {"x-should-retry": "maybe"}, b"") is usual


def quota(code: object = None, type: object = None, nested: bool = True) -> bytes:
    told = {"message": "You exceeded your current quota", "code": code, "type": type}
    return json.dumps({"error": told} if nested else told).encode()


@pytest.mark.parametrize(
    "body",
    [
        quota("insufficient_quota", "insufficient_quota"),
        quota(type="insufficient_quota"),
        quota(429, "insufficient_quota"),
        quota("billing_hard_limit_reached"),
        quota("billing_not_active"),
        quota("exceeded_current_quota_error"),
        quota("InsufficientQuota".lower().replace("quota", "_quota")),
        quota("insufficient_balance", nested=False),
        quota(type="Insufficient_Funds"),
        quota("credits-exhausted"),
        quota("PAYMENT_REQUIRED"),
    ],
)
def test_an_account_that_must_pay_first_is_not_asked_again(body: bytes) -> None:
    assert not asks_for_another(429, {}, body)
    assert asks_for_another(429, {"x-should-retry": "true"}, body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'"insufficient_quota"',
        b'{"error": "insufficient_quota is not meant"}',
        b'{"error": {"message": "insufficient_quota"}}',
        b'{"error": {"code": ["insufficient_quota"]}}',
        quota("rate_limit_exceeded", "tokens"),
        quota("quota_exceeded"),
        quota("RESOURCE_EXHAUSTED"),
        quota("insufficient_capacity"),
        quota("load_balancer_error"),
        quota("insufficient_quota") + b" " * (64 << 10),
        b"\xff",
        b"[" * 50_000,
    ],
)
def test_any_other_429_is(body: bytes) -> None:
    assert asks_for_another(429, {}, body)


@pytest.mark.parametrize(("value", "retries"), [(None, None), ("0", 0), ("7", 7), ("007", 7), ("999999999", 999999999)])
def test_a_client_may_say_how_often(value: str | None, retries: int | None) -> None:
    assert client_retries({} if value is None else {"x-max-retries": value}) == retries


@pytest.mark.parametrize("value", ["", "-1", "1.0", "+1", " 1", "x", "1,2", "\u0661", "9999999999", "1e3"])
def test_what_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(Refused) as refused:
        client_retries({"x-max-retries": value})
    assert (refused.value.status, refused.value.code, refused.value.param) == (400, "invalid_header", "X-Max-Retries")
