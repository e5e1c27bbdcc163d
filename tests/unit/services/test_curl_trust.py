"""What curl needs to reach a listener with a certificate of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from mitmgate.services.curl_trust import curl_to
from tests.e2e.certificates import Authority


@pytest.mark.parametrize(
    ("names", "url", "more", "called"),
    [
        (("127.0.0.1",), "https://127.0.0.1:8443", [], "https://127.0.0.1:8443"),
        (("localhost", "127.0.0.1"), "https://127.0.0.1:8443", [], "https://127.0.0.1:8443"),
        (("::1",), "https://[::1]:8443", [], "https://[::1]:8443"),
        (
            ("gateway.example", "other.example"),
            "https://127.0.0.1:8443",
            ["--resolve", "gateway.example:8443:127.0.0.1"],
            "https://gateway.example:8443",
        ),
        (("llm.example",), "https://[::1]:1", ["--resolve", "llm.example:1:[::1]"], "https://llm.example:1"),
        (
            ("*.example",),
            "https://127.0.0.1:2",
            ["--resolve", "gateway.example:2:127.0.0.1"],
            "https://gateway.example:2",
        ),
    ],
)
def test_the_certificates_own_name_is_called(
    tmp_path: Path, names: tuple[str, ...], url: str, more: list[str], called: str
) -> None:
    certificate, _ = Authority(tmp_path, "private").issue(*names)
    assert curl_to(url, certificate) == (["--cacert", str(certificate), *more], called)


def test_an_authority_has_no_names(tmp_path: Path) -> None:
    file = Authority(tmp_path, "private").file
    assert curl_to("https://far.example", file) == (["--cacert", str(file)], "https://far.example")


def test_a_file_that_cannot_be_read_changes_no_url(tmp_path: Path) -> None:
    assert curl_to("https://127.0.0.1:1", tmp_path / "none")[1] == "https://127.0.0.1:1"
