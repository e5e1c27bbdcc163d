"""What a scope is made of, as short digests: so that two requests can be compared later without their prompts. Pure.

Of two scopes they tell that it is the system prompt that differs, or the sampling. A digest has 32 bits: enough to
compare requests of one tenant, too little to name a prompt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final

from mitmgate.core.canonical import canonical_json
from mitmgate.core.fingerprint import LEFT_OUT, counted_headers
from mitmgate.core.remembered import Remembered

LARGEST_BYTES: Final = 64 << 10  # of a request whose parts are told: each is spelled out once more
SCOPE: Final = "scope"
MOST_REMEMBERED: Final = 1024
_SYSTEM_ROLES: Final = ("system", "developer")
_MEMBERS: Final = {
    "model": ("model",),
    "tools": ("tools", "tool_choice", "parallel_tool_calls", "functions", "function_call"),
    "format": ("response_format", "modalities"),
    "sampling": (
        *("temperature", "top_p", "top_k", "seed", "n", "stop", "stop_sequences", "max_tokens"),
        *("max_completion_tokens", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs"),
        *("top_logprobs", "reasoning_effort", "thinking", "verbosity"),
    ),
}
_OF_A_MEMBER: Final = {member: name for name, members in _MEMBERS.items() for member in members}
#: In the order that a person looks at them.
NAMES: Final = (
    *("model", "namespace", "partition", "system", "turns", "tools", "sampling", "format", "headers"),
    *("other fields", "path", "upstream"),
)


_remembered: Final[Remembered[bytes, Mapping[str, str]]] = Remembered(MOST_REMEMBERED)


def scope_parts(
    *,
    tenant_id: int,
    scope: bytes,
    namespace: str,
    backend: str,
    client_format: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    rest: Mapping[str, Any],
    partition: bytes | None,
) -> Mapping[str, str]:
    """Digests by the names of NAMES, of those that say something, and of the scope itself under SCOPE.

    rest: the body without the text that is compared by meaning. The scope is the digest of all that follows it here, so
    the parts of the last scopes are remembered by it: what is asked without earlier turns is of few scopes.
    """
    if (known := _remembered.get(scope)) is not None:
        return known
    messages = rest.get("messages")
    turns = messages if isinstance(messages, list) else []
    parts: dict[str, Any] = {
        "namespace": namespace,
        "partition": None if partition is None else partition.hex(),
        "system": [rest.get("system"), *_of_roles(turns, system=True)],
        "turns": _of_roles(turns, system=False),
        "headers": counted_headers(headers),
        "path": [client_format, path, query],
        "upstream": backend,
    }
    for name, value in rest.items():
        if name not in LEFT_OUT and name not in ("messages", "system"):
            parts.setdefault(_OF_A_MEMBER.get(name, "other fields"), {})[name] = value
    salt = b"%d " % tenant_id
    told = {
        name: sha256(salt + name.encode() + canonical_json(value)).hexdigest()[:8]
        for name, value in parts.items()
        if value not in (None, [], [None])
    }
    found = {SCOPE: scope.hex()[:16], **told}
    _remembered.put(scope, found)
    return found


def differing(one: Mapping[str, str], other: Mapping[str, str]) -> tuple[str, ...]:
    """The parts in which two scopes differ, in the order of NAMES; empty also where only something unnamed differs."""
    return tuple(name for name in NAMES if one.get(name) != other.get(name))


def _of_roles(messages: Iterable[Any], *, system: bool) -> list[Any]:
    return [each for each in messages if (isinstance(each, dict) and each.get("role") in _SYSTEM_ROLES) is system]
