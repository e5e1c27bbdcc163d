"""What vendors' errors say, in a line that holds no credential."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.vendor_errors import MAX_CODE, MAX_MESSAGE, VendorError, vendor_error, vendor_request_id


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"error": {"message": "No.", "type": "t", "param": None, "code": "c"}}, "c", "No."),
        ({"error": {"message": "No.", "type": "invalid_request_error", "code": None}}, "invalid_request_error", "No."),
        ({"type": "error", "error": {"type": "overloaded_error", "message": "No."}}, "overloaded_error", "No."),
        ({"error": {"code": 429, "message": "No.", "status": "RESOURCE_EXHAUSTED"}}, "RESOURCE_EXHAUSTED", "No."),
        ([{"error": {"code": 429, "message": "No."}}], "429", "No."),
        ({"message": "No.", "__type": "ThrottlingException"}, "ThrottlingException", "No."),
        ({"object": "error", "message": "No.", "type": "invalid", "code": "3000"}, "3000", "No."),
        ({"message": "No."}, None, "No."),
        ({"detail": "No."}, None, "No."),
        ({"detail": [{"loc": ["body"], "msg": "No.", "type": "missing"}]}, "missing", "No."),
        ({"error": "model not found"}, None, "model not found"),
        ({"error": "invalid_grant", "error_description": "No."}, "invalid_grant", "No."),
        ({"errors": [{"code": "c", "message": "No."}]}, "c", "No."),
        ({"base_resp": {"status_code": 1004, "status_msg": "No."}}, "1004", "No."),
        ({"error": {}}, None, None),
        ({}, None, None),
        ([], None, "[]"),
    ],
)
def test_each_vendors_shape(body: object, code: str | None, message: str | None) -> None:
    assert vendor_error(orjson.dumps(body)) == VendorError(code, message)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"upstream connect error\r\nor disconnect", "upstream connect error or disconnect"),
        (b"<html>\n<h1>502 Bad Gateway</h1>\n<hr>nginx</html>", "502 Bad Gateway nginx"),
        (b"", None),
        (b" \x00\x1b[31m\xff\xe2\x80\xae ", "[31m\ufffd"),
        (b'{"error": {"message": "cut \\"here\\"", "x": "' + b"y" * 100_000, 'cut "here"'),
        (b'{"error": {"message": "half \\ud83d"}}', "half"),
        (b"x" * 501, "x" * 499 + "…"),
    ],
)
def test_other_bodies(body: bytes, message: str | None) -> None:
    assert vendor_error(body).message == message


@pytest.mark.parametrize(
    "secret",
    ["sk-proj-abcdefghijklmnop", "gsk_abcdefghijklmnop", "Bearer abc.def-ghi", "AKIAABCDEFGHIJKLMNOP", "hunter22"],
)
def test_no_credential_is_kept(secret: str) -> None:
    body = orjson.dumps({"error": {"message": f"Key {secret} is wrong", "code": secret}})
    said = vendor_error(body, secrets=[b"hunter22"])
    assert secret not in f"{said}" and (said.message or "").endswith("is wrong")


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: orjson.dumps({"message": text, "code": text})))
def test_any_body_gives_lines_that_can_be_stored(body: bytes) -> None:
    said = vendor_error(body)
    for text, most in ((said.code, MAX_CODE), (said.message, MAX_MESSAGE)):
        assert text is None or (len(text) <= most and text.isprintable())
        orjson.dumps(text)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ([("X-Request-ID", "req_1")], "req_1"),
        ([("request-id", "req_2"), ("CF-Ray", "8f-FRA")], "req_2"),
        ([("CF-Ray", "8f-FRA"), ("x-amzn-RequestId", "abc")], "abc"),
        ([("apim-request-id", "abc")], "abc"),
        ([("x-request-id", ""), ("cf-ray", "8f")], "8f"),
        ([("x-request-id", "a b"), ("request-id", "\xe4")], None),
        ([("x-request-id", "x" * 201)], None),
        ([("x-request-id", "echo-hunter22")], None),
        ([("x-request-id", "first"), ("x-request-id", "second")], "first"),
        ([("x-other", "y")], None),
    ],
)
def test_the_vendors_own_id(fields: list[tuple[str, str]], found: str | None) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in fields]
    assert vendor_request_id(raw, secrets=[b"hunter22"]) == found
