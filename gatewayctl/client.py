"""Talks to the admin API over HTTP. Standard library only, so that a command starts fast."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import click

from gatewayctl.text import plain
from gatewayctl.trust import Trust, not_trusted, ways_to_trust

LONG_WORK_S: Final = 3600.0  # for `wait_within`: removing or comparing all of something
_TIMEOUT_S: Final = 30.0
_MOST_BYTES: Final = 256 * 1024 * 1024
_PAGE: Final = 1000
_NO_TLS: Final = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")  # what OpenSSL calls an answer in plain HTTP


class ServerAway(click.ClickException):
    """Nobody answers at the URL."""

    exit_code = 4


class Refused(click.ClickException):
    """The server answered, and the answer is no (or nonsense)."""

    exit_code = 1

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code  # of the error object


class NotFound(Refused):
    """There is no such tenant, key or entry."""

    exit_code = 5


class AdminClient:
    """One kept connection to the gateway at `url`; `token` is the admin token, `no_token` says why there is none.

    trusts: the ways to trust its certificate, tried in turn; hint: which other gateway may be meant, for errors.
    """

    def __init__(
        self,
        url: str,
        token: str | None,
        no_token: str = "",
        *,
        trusts: Sequence[Trust] = (),
        hint: Callable[[], str] = str,
    ) -> None:
        self.url = url
        self.server_date: str | None = None  # of the last answer that had one
        self._token = token
        self._no_token = no_token
        self._hint = hint
        self._within_s = _TIMEOUT_S
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._prefix = parts.path.rstrip("/")
        self._ways: list[tuple[Trust | None, http.client.HTTPConnection]]
        if parts.scheme == "https":
            tried = trusts or ways_to_trust(None, None)
            secure = http.client.HTTPSConnection
            self._ways = [(way, secure(parts.hostname, port_of(url), context=way.context)) for way in tried]
        else:
            self._ways = [(None, http.client.HTTPConnection(parts.hostname, port_of(url)))]
        self._connection = self._ways[0][1]
        self.trusted_by: Path | None = None  # the file that the certificate was checked with, but for the system's

    @property
    def has_token(self) -> bool:
        return self._token is not None

    def wait_within(self, timeout_s: float) -> None:
        """Bounds the wait for each answer from now on: shorter than usual, or for long work longer."""
        self._within_s = timeout_s

    def close(self) -> None:
        self._connection.close()

    def get(self, path: str, **query: Any) -> Any:
        return self._ask("GET", path, query)[0]

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self._ask("POST", path, body={} if body is None else body)[0]

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._ask("PATCH", path, body=body)[0]

    def delete(self, path: str, **query: Any) -> Any:
        return self._ask("DELETE", path, query)[0]

    def linked(self, path: str, **query: Any) -> list[Any]:
        """All items of a list that is a plain array with its next page in the `Link` header (RFC 8288)."""
        items: list[Any] = []
        query = {**query, "limit": _PAGE}
        while True:
            page, headers = self._ask("GET", path, query)
            items += _list_of(page)
            following = _next_query(headers.get("link", ""))
            if following is None or following == query:
                return items
            query = following

    def paged(self, path: str, most: int | None = None, **filters: Any) -> list[Any]:
        """All items of a list of the form `{"data", "next_cursor"}`, or the first `most`."""
        return self.page_of(path, most, **filters)[0]

    def page_of(self, path: str, most: int | None = None, **filters: Any) -> tuple[list[Any], str | None]:
        """The same, and the cursor of what comes after them."""
        items: list[Any] = []
        cursor: str | None = None
        while True:
            limit = _PAGE if most is None else min(_PAGE, most - len(items))
            page = self.get(path, **filters, limit=limit, cursor=cursor)
            items += _list_of(page.get("data") if isinstance(page, dict) else None)
            following = page.get("next_cursor")
            if not following or following == cursor or (most is not None and len(items) >= most):
                return items, following or None
            cursor = following

    def _ask(
        self, method: str, path: str, query: Mapping[str, Any] | None = None, body: Mapping[str, Any] | None = None
    ) -> tuple[Any, dict[str, str]]:
        told = {name: value for name, value in (query or {}).items() if value is not None}
        target = f"{self._prefix}{path}" + (f"?{urlencode(told, doseq=True)}" if told else "")
        status, headers, data = self._exchange(method, target, None if body is None else json.dumps(body).encode())
        if not 200 <= status < 300:
            raise self._refusal(status, data)
        if not data:
            return None, headers
        try:
            return json.loads(data), headers
        except (ValueError, RecursionError):
            raise Refused(status, f"{self.url} did not answer in JSON; is it a mitmgate gateway?") from None

    def _exchange(self, method: str, target: str, body: bytes | None) -> tuple[int, dict[str, str], bytes]:
        headers = {"Accept": "application/json", "User-Agent": "gatewayctl"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        kept = self._connection.sock is not None
        try:
            if not kept:
                self._connect()
            self._connection.sock.settimeout(self._within_s)
            self._connection.request(method, target, body, headers)
            answer = self._connection.getresponse()
            data = answer.read(_MOST_BYTES)
            self.server_date = answer.getheader("date") or self.server_date
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, data
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self._connection.close()
            if kept and method == "GET":  # a kept connection may have been closed meanwhile
                return self._exchange(method, target, body)
            plaintext = " (if it speaks TLS, its URL begins with https:)" if self.url.startswith("http:") else ""
            raise ServerAway(f"the gateway at {self.url} closed the connection without an answer{plaintext}") from None
        except TimeoutError:
            self._connection.close()
            raise ServerAway(f"the gateway at {self.url} did not answer in time") from None
        except ssl.SSLError as problem:
            self._connection.close()
            plain_http = " (if it speaks no TLS, its URL begins with http:)" * (problem.reason in _NO_TLS)
            raise ServerAway(f"no TLS with {self.url}: {plain(problem.reason or str(problem))}{plain_http}") from None
        except OSError as problem:
            raise self._away(
                f"no gateway at {self.url}: {plain(problem.strerror or str(problem) or type(problem).__name__)}"
            ) from None
        except http.client.HTTPException:
            self._connection.close()
            raise ServerAway(f"{self.url} does not speak HTTP as it should") from None

    def _connect(self) -> None:
        """Raises NotTrusted, OSError. A gateway that is there takes a connection soon, however long its work."""
        refused = []
        for way, connection in self._ways:
            self._connection = connection
            connection.timeout = min(self._within_s, _TIMEOUT_S)
            try:
                connection.connect()
                if way is not None and isinstance(connection.sock, ssl.SSLSocket):
                    way.check(connection.sock.getpeercert(binary_form=True))
                    self.trusted_by = way.file
                return
            except ssl.SSLCertVerificationError as problem:
                connection.close()
                refused.append(problem)
        raise not_trusted(self.url, refused)

    def _away(self, why: str) -> ServerAway:
        hint = self._hint()
        return ServerAway(f"{why}; {hint}" if hint else why)

    def _refusal(self, status: int, data: bytes) -> Refused:
        if status == 401 and self._token is None:
            hint = self._hint()
            return Refused(status, f"an admin token is needed: {self._no_token}{hint and f'; {hint}'}")
        message = plain(_message(data, names_fields=status != 404)) or f"the server answered {status}"
        if status == 401:
            hint = self._hint()
            message += f" (the admin token is not the one of this gateway{hint and f'; {hint}'})"
        return (NotFound if status == 404 else Refused)(status, message, _code(data))


def _message(data: bytes, names_fields: bool) -> str:
    """The text of an error object, with the fields at fault that the text does not name."""
    try:
        error = json.loads(data)["error"]
        message = str(error["message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    if not names_fields:
        return message
    details = error.get("details")
    fields = [str(detail.get("field")) for detail in details if isinstance(detail, dict)] if details else []
    unnamed = [field for field in fields or [error.get("param")] if field and field not in message]
    return f"{message} [{', '.join(unnamed)}]" if unnamed else message


def port_of(url: str) -> int:
    """The port, also where the URL leaves it out."""
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def _code(data: bytes) -> str:
    try:
        return str(json.loads(data)["error"]["code"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _list_of(page: Any) -> list[Any]:
    if not isinstance(page, list):
        raise Refused(200, "the server did not answer with a list; is it a mitmgate gateway?")
    return page


def _next_query(link: str) -> dict[str, Any] | None:
    for part in link.split(","):
        target, _, parameters = part.partition(">")
        if 'rel="next"' in parameters or "rel=next" in parameters:
            return dict(parse_qs(urlsplit(target.strip().lstrip("<")).query))
    return None
