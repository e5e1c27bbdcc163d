from __future__ import annotations

import pytest

from mitmgate.core.credential_value import credential_doubts, credential_value


@pytest.mark.parametrize(
    ("header", "key", "sent"),
    [
        ("Authorization", "sk-1", "Bearer sk-1"),
        ("AUTHORIZATION", "Bearer sk-1", "Bearer sk-1"),
        ("authorization", "bearer  sk-1\n", "bearer  sk-1"),
        ("Authorization", "Basic dXNlcjpw", "Basic dXNlcjpw"),
        ("Authorization", "Token abc", "Token abc"),
        ("Authorization", "AWS4-HMAC-SHA256 Credential=a, Signature=b", "AWS4-HMAC-SHA256 Credential=a, Signature=b"),
        ("x-api-key", "sk-ant-1", "sk-ant-1"),
        ("api-key", " k ", "k"),
        ("X-Token", "Bearer k", "Bearer k"),
    ],
)
def test_a_scheme_is_there_once(header: str, key: str, sent: str) -> None:
    assert credential_value(header, key) == sent
    assert credential_value(header, sent) == sent
    assert credential_doubts(header, sent) == []


@pytest.mark.parametrize("key", ["Bearer", " bearer ", "Basic"])
def test_a_scheme_without_a_key(key: str) -> None:
    with pytest.raises(ValueError, match="without a key"):
        credential_value("Authorization", key)


def test_what_the_api_is_told_of() -> None:
    assert credential_doubts("Authorization", "sk-1") and not credential_doubts("x-api-key", "sk-1")
