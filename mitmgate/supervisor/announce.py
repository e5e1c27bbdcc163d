"""What a start tells the operator: the steps as they happen, then where everything is. Plain lines, no secrets."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from mitmgate.core.settings import Runtime, Settings
from mitmgate.core.settings.kinds import join_host_port
from mitmgate.services.curl_trust import curl_to
from mitmgate.services.secrets import ADMIN_TOKEN


@dataclass(frozen=True, slots=True)
class Started:
    """What there is to tell of a start; seconds since the command began."""

    settings: Settings
    runtime: Runtime
    demo_off: str
    took_s: float
    server_logs: tuple[str, ...]


def say(line: str) -> None:
    """One line on standard output, at once; a reader that has gone must not end the gateway."""
    with suppress(OSError):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def gateway_url(settings: Settings, runtime: Runtime) -> str:
    """The URL a client on this machine uses."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(runtime.listen_host, runtime.listen_host)  # noqa: S104
    scheme = "https" if settings.server.tls_cert else "http"
    return f"{scheme}://{join_host_port(host, runtime.listen_port)}"


def banner(started: Started, environ: Mapping[str, str] = os.environ) -> Iterator[str]:
    """The lines that end a start."""
    runtime = started.runtime
    url = gateway_url(started.settings, runtime)
    token_file = runtime.data_dir / "admin-token"
    token = f"in the environment ({ADMIN_TOKEN})" if environ.get(ADMIN_TOKEN) else f"in {token_file}"
    demo = f"tenant Test Tenant, key test-key-123, mock LLM on {runtime.demo_upstream}" if runtime.demo else ""
    yield ""
    yield f"mitmgate {runtime.version} serves, {started.took_s:.1f} s after its start, with {workers(runtime)}."
    yield f"  gateway      {url}  (OpenAI clients: base_url {url}/v1)"
    yield f"  admin API    {url}/admin/docs"
    yield f"  admin token  {token}"
    yield f"  data         {runtime.data_dir}"
    yield f"  logs         these lines{''.join(f', {log}' for log in started.server_logs)}"
    yield f"  demo         {demo or started.demo_off}"
    yield ""
    curl, url = _curl(started.settings, url)
    yield from _demo_calls(curl, url) if runtime.demo else _real_calls(curl, url, token_file, environ)
    yield ""


def workers(runtime: Runtime) -> str:
    """How many, in words."""
    return "1 worker" if runtime.worker_count == 1 else f"{runtime.worker_count} workers"


def _curl(settings: Settings, url: str) -> tuple[str, str]:
    """The command with what it needs to trust the listener, and the URL to call."""
    if settings.server.tls_cert is None:
        return "curl", url
    options, url = curl_to(url, settings.server.tls_cert)
    return shlex.join(["curl", *options]), url


def _demo_calls(curl: str, url: str) -> Iterator[str]:
    yield "Try it: a token for the demo's key, then a question (asked again, it comes from the cache):"
    yield f"  TOKEN=$({curl} -s -X POST {url}/auth/token -H 'Content-Type: application/json' \\"
    yield """    -d '{"api_key": "test-key-123"}' | sed 's/.*"token": *"\\([^"]*\\)".*/\\1/')"""
    yield f"""  {curl} -i -X POST {url}/api/v1/chat/completions -H "Authorization: Bearer $TOKEN" \\"""
    yield """    -H 'Content-Type: application/json' -d '{"messages": [{"role": "user", "content": "What is 2+2?"}]}'"""


def _real_calls(curl: str, url: str, token_file: os.PathLike[str], environ: Mapping[str, str]) -> Iterator[str]:
    token = f"${ADMIN_TOKEN}" if environ.get(ADMIN_TOKEN) else f"$(cat {shlex.quote(str(token_file))})"
    yield "Try it: the tenants there are, then a question with the key of one:"
    yield f"""  {curl} -s {url}/admin/tenants -H "Authorization: Bearer {token}\""""
    yield f"""  {curl} -i -X POST {url}/v1/chat/completions -H "Authorization: Bearer $KEY" \\"""
    yield "    -H 'Content-Type: application/json' \\"
    yield """    -d '{"model": "gpt-6-luna", "messages": [{"role": "user", "content": "What is 2+2?"}]}'"""
