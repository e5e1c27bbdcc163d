"""What the OpenAPI document allows, the admin API accepts: values made from its schemas pass the validators."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from mitmgate.control import app as admin
from mitmgate.control import fields, paging, periods, tenant_models
from mitmgate.control.context import Control
from mitmgate.control.periods import read_hours, read_period
from mitmgate.core.backend import parse_backend_url
from mitmgate.core.entry_id import read_entry_id
from mitmgate.core.errors import Refused
from mitmgate.core.settings import Settings
from mitmgate.services.secrets import Secrets

_SLOW = [HealthCheck.filter_too_much, HealthCheck.too_slow]
often = settings(max_examples=20, deadline=None, suppress_health_check=_SLOW)


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    secrets = Secrets(b"p" * 32, {"a": b"k" * 32}, {"a": b"j" * 32}, "an admin token")
    control = Control(Settings(data_dir=tmp_path_factory.mktemp("data")), secrets, None, "0")  # type: ignore[arg-type]
    door: Any = admin.make_app(control)
    made: dict[str, Any] = door._app.openapi()
    return made


def parameter(document: dict[str, Any], method: str, path: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in document["paths"][path][method]["parameters"] if each["name"] == name)
    return found


@pytest.mark.parametrize("kind", ["Name", "Model", "Tag", "Reason", "Url", "HeaderName", "HeaderValue", "Instant"])
@often
@given(data=st.data())
def test_a_text_of_the_documents_pattern_is_accepted(kind: str, data: st.DataObject) -> None:
    adapter = TypeAdapter[Any](getattr(fields, kind))
    schema = adapter.json_schema()
    if kind == "Instant":
        text = data.draw(st.dates(date(1000, 1, 2), date(2999, 12, 30)).map(lambda day: f"{day}T01:02:03Z"))
    else:
        text = data.draw(st.from_regex(schema["pattern"].removesuffix("$") + r"\Z"))
        if not schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", 9000):
            return
    accepted = adapter.validate_python(text)
    if kind == "Url":
        parse_backend_url(accepted)


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        ("Name", ["", " ", "a\x00b", "a\u2028b", "x" * 201]),
        ("HeaderName", ["", "a b", "Host", "CONTENT-LENGTH", "é"]),
        ("HeaderValue", ["", " ", "a\nb", "é"]),
        ("Url", ["", "x", "ftp://a.b", "https://"]),
    ],
)
def test_what_is_refused_the_document_does_not_allow(kind: str, refused: list[str]) -> None:
    adapter = TypeAdapter[Any](getattr(fields, kind))
    schema = adapter.json_schema()
    for text in refused:
        assert not st_matches(schema, text)
        with pytest.raises((ValidationError, ValueError)):
            parse_backend_url(adapter.validate_python(text)) if kind == "Url" else adapter.validate_python(text)


def st_matches(schema: dict[str, Any], text: str) -> bool:
    within = schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text))
    return within and re.search(schema["pattern"], text) is not None


@pytest.mark.parametrize("kinds", [(int,), (int, int), (int, int, int), (int, str)])
@often
@given(data=st.data())
def test_a_cursor_of_the_documents_pattern_is_read(kinds: tuple[type[Any], ...], data: st.DataObject) -> None:
    place = paging.read_cursor(data.draw(st.from_regex(paging.cursor_pattern(*kinds), fullmatch=True)), *kinds)
    assert place is not None and paging.read_cursor(paging.make_cursor(*place), *kinds) == place


@pytest.mark.parametrize("cursor", ["", "x", "W10", "-1", "01", "1.", "1.2", "9" * 18, "1\n", "١"])
def test_any_other_text_is_no_cursor(cursor: str) -> None:
    with pytest.raises(Refused):
        paging.read_cursor(cursor, int)


@often
@given(st.from_regex(periods._FORMS["pattern"], fullmatch=True))
def test_a_time_of_the_documents_pattern_is_read(text: str) -> None:
    read_period(text, None)
    read_hours(None, text, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("number", [7.0, 7])
def test_an_integer_may_be_written_as_json_writes_numbers(number: float) -> None:
    assert tenant_models.BlockIn.model_validate({"seconds": number}).seconds == 7


@pytest.mark.parametrize("number", [7.5, "7", True, 0, 0.0, 1e300])
def test_what_is_no_integer_in_range_is_refused(number: object) -> None:
    with pytest.raises(ValidationError):
        tenant_models.BlockIn.model_validate({"seconds": number})


def test_bounds_are_in_the_document(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["BlockIn"]["properties"]["seconds"]["anyOf"][0]["minimum"] == 1
    assert schemas["RotateIn"]["properties"]["grace_seconds"]["maximum"] > 0
    assert schemas["TenantIn"]["properties"]["name"]["maxLength"] == 200
    assert schemas["TenantIn"]["properties"]["backend_url"]["pattern"].startswith("^http")


def test_an_eviction_needs_a_tenant_or_all(document: dict[str, Any]) -> None:
    whose = parameter(document, "delete", "/admin/cache/entries", "whose")
    assert whose["required"] and whose["explode"]
    assert [each["required"] for each in whose["schema"]["oneOf"]] == [["tenant_id"], ["all"]]
    names = [each["name"] for each in document["paths"]["/admin/cache/entries"]["delete"]["parameters"]]
    assert "tenant_id" not in names and "all" not in names and {"namespace", "model", "older_than_s"} < set(names)


def test_an_entrys_id_and_every_cursor_have_a_pattern(document: dict[str, Any]) -> None:
    of_entry = parameter(document, "get", "/admin/cache/entries/{entry_id}", "entry_id")["schema"]
    assert read_entry_id(f"7.{'A' * 43}") and st_matches(of_entry, f"7.{'A' * 43}")
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for each in operation.get("parameters", ()):
                if each["name"] in ("cursor", "after", "from", "to", "status"):
                    assert "pattern" in str(each["schema"]), (path, each["name"])
