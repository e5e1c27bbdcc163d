"""What is shown of settings: no password and no secret, whatever shape it was given in."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mitmgate.core.settings import load_settings
from mitmgate.core.settings.masking import masked_url, shown_settings
from mitmgate.core.settings.model import SECTIONS, keys_of

SECRET = "hunter2hunter2hunter2hunter2hunter2"
PLACES = ("host", "host:5432", "h1:1,h2:2", "[::1]:6379", "", "127.0.0.1:1")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("embedded", "embedded"),
        ("postgresql://ada:x@db.example:5432/gate?sslmode=require", "postgresql://ada:***@db.example:5432/gate?sslmode=require"),
        ("postgresql://ada@db/gate", "postgresql://ada@db/gate"),
        ("postgresql:///gate?host=/run/pg&password=x", "postgresql:///gate?host=/run/pg&password=***"),
        ("rediss://:x@cache:6380/0", "rediss://:***@cache:6380/0"),
        ("redis://x@cache:6380", "redis://***@cache:6380"),
        ("redis://[::1]:6379/1", "redis://[::1]:6379/1"),
        ("unix:///run/valkey.sock", "unix:///run/valkey.sock"),
        ("postgresql://u:p/ss@host/db", "postgresql://***"),
        ("postgresql://u:p?ss@host/db", "postgresql://***"),
        ("not a url", "***"),
    ],
)  # fmt: skip
def test_a_url_without_what_is_secret_in_it(url: str, shown: str) -> None:
    assert masked_url(url) == shown


@given(
    scheme=st.sampled_from(["postgresql", "postgres", "redis", "rediss"]),
    user=st.text("abz09._-%", max_size=8),
    before=st.text(max_size=6),
    after=st.text(max_size=6),
    place=st.sampled_from(PLACES),
    quoted=st.booleans(),
    where=st.sampled_from(["password", "parameter", "passfile"]),
)
@example(scheme="postgresql", user="u", before="1", after="@x", place="host", quoted=False, where="parameter")
@example(scheme="postgresql", user="u", before="?", after="", place="host", quoted=False, where="password")
@example(scheme="redis", user="", before="", after="", place="host", quoted=False, where="password")
def test_no_password_is_ever_shown(
    scheme: str, user: str, before: str, after: str, place: str, quoted: bool, where: str
) -> None:
    password = before + SECRET + after
    password = quote(password, safe="") if quoted else password
    if where == "password":
        url = f"{scheme}://{user}:{password}@{place}/db"
    else:
        url = f"{scheme}://{user}@{place}/db?sslmode=require&{where}={password}"
    assert SECRET not in masked_url(url)


def test_every_secret_setting_is_masked() -> None:
    environ = {
        "MITMGATE_DATABASE__URL": f"postgresql://u:{SECRET}@h/x",
        "MITMGATE_REDIS__URL": f"redis://:{SECRET}@h",
        "MITMGATE_AUTH__SECRETS": f'["a:{SECRET}", "{SECRET}x"]',
        "MITMGATE_AUTH__PEPPER": f"postgresql://{SECRET}",
        "MITMGATE_AUTH__OLD_PEPPERS": f'["{SECRET} of before"]',
    }
    shown = shown_settings(load_settings(None, environ, {}))
    assert SECRET not in str(shown)
    assert shown["auth.secrets"] == ["***", "***"] and shown["auth.pepper"] == "***"
    assert shown["database.url"] == "postgresql://u:***@h/x"
    assert shown["auth.old_peppers"] == ["***"]
    secret = {
        f"{section}.{key}"
        for section, model in SECTIONS.items()
        for key, (_, is_secret) in keys_of(model).items()
        if is_secret
    }
    assert secret == {
        "database.url",
        "redis.url",
        "auth.secrets",
        "auth.pepper",
        "auth.old_peppers",
    }  # a new one: is it masked here?
    assert len(shown) == sum(len(keys_of(model)) for model in SECTIONS.values())
