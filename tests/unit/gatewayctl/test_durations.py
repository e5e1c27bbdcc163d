"""Durations and moments: one way to write them, for every option that takes one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click
import pytest

from gatewayctl.durations import SINCE, UNTIL, Duration, Moment, parse_duration
from tests.unit.gatewayctl.test_help import COMMANDS


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("45", 45),
        ("45s", 45),
        ("30m", 1800),
        ("12h", 43_200),
        ("90d", 7_776_000),
        ("2w", 1_209_600),
        ("1h30m", 5400),
        ("1w2d3h4m5s", 788_645),
        ("90m30s", 5430),
        ("0.5", 0.5),
    ],
)
def test_a_duration(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds and type(parse_duration(text)) is type(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "d",
        "1x",
        "1 h",
        "-1",
        "-1h",
        "+1h",
        "1h1h",
        "30m1h",
        "1.5h",
        "1e3",
        "٣h",
        "9" * 20,
        "h1",
        "1h30",
        "1M",
        "1µs",
    ],
)
def test_no_duration(text: str) -> None:
    assert parse_duration(text) is None


#: Every option that takes a length of time, with a command line it completes and what it sends.
OPTIONS: list[tuple[tuple[str, ...], str]] = [
    (("tenants", "block", "acme", "--for"), "seconds"),
    (("tenants", "block", "acme", "--seconds"), "seconds"),
    (("tenants", "rotate-key", "acme", "--grace"), "grace_seconds"),
    (("keys", "rotate", "acme", "12", "--grace"), "grace_seconds"),
    (("tenants", "update", "acme", "--cache-ttl"), "ttl_s"),
    (("tenants", "create", "new", "--backend", "https://h", "--cache-ttl"), "ttl_s"),
    (("cache", "list", "acme", "--older-than"), "older_than_s"),
    (("cache", "purge", "acme", "--yes", "--older-than"), "older_than_s"),
]


@pytest.mark.parametrize(("words", "field"), OPTIONS, ids=[" ".join(words) for words, _ in OPTIONS])
def test_every_option_takes_the_same(run: Any, admin: Any, words: tuple[str, ...], field: str) -> None:
    for text, seconds in (("1h30m", 5400), ("60", 60), ("2w", 1_209_600)):
        ended = run(*words, text)
        assert ended.exit_code == 0, ended.output
        _, _, query, body = admin.asked[-1]
        sent = {**query, **(body or {}), **((body or {}).get("cache") or {})}
        assert str(sent[field]) == str(seconds)
    for text in ("soon", "-5", "1.5"):
        ended = run(*words, text)
        assert ended.exit_code == 2 and (text == "-5" or "90d, 12h" in ended.stderr)


def test_no_option_has_a_way_of_its_own() -> None:
    of_time = {"grace", "seconds", "for", "cache-ttl", "older-than", "since", "from", "to", "expires", "watch"}
    for path, command in COMMANDS.items():
        for parameter in command.params:
            names = {name.lstrip("-") for name in parameter.opts}
            if names & of_time:
                assert isinstance(parameter.type, Duration | Moment), (path, parameter.opts)


@pytest.mark.parametrize("text", ["90d", "1w2d", "3600"])
def test_an_end_is_so_long_from_now(run: Any, admin: Any, text: str) -> None:
    length = parse_duration(text)
    assert length is not None
    for words in (("create", "acme"), ("update", "acme", "11")):
        before = datetime.now(UTC)
        ended = run("keys", *words, "--expires", text)
        assert ended.exit_code == 0, ended.output
        sent = datetime.fromisoformat(admin.asked[-1][3]["expires_at"])
        assert before <= sent - timedelta(seconds=length) <= datetime.now(UTC)


def test_a_moment_may_be_a_time() -> None:
    assert UNTIL.convert("2030-01-31", None, None) == "2030-01-31T00:00:00+00:00"
    assert UNTIL.convert("20300131", None, None) == "2030-01-31T00:00:00+00:00"
    assert UNTIL.convert("2030-01-31T12:00:00+02:00", None, None) == "2030-01-31T12:00:00+02:00"
    assert SINCE.convert("2030-01-31", None, None) == "2030-01-31"  # the server takes the whole day
    for text in ("tomorrow", "999999999w"):
        with pytest.raises(click.BadParameter):
            UNTIL.convert(text, None, None)
    with pytest.raises(click.BadParameter):
        SINCE.convert("999999999w", None, None)


def test_bounds() -> None:
    for text in ("0.1", "2h"):
        with pytest.raises(click.BadParameter):
            Duration(0.2, 3600, fractions=True).convert(text, None, None)
    assert Duration(0.2, 3600, fractions=True).convert("0.2", None, None) == 0.2
