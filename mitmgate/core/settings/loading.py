"""Puts the settings together: flags over environment over config.yaml over defaults.

What is unknown or of a wrong type is refused, all of it at once, with its place and a suggestion.
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from mitmgate.core.settings import kinds
from mitmgate.core.settings.model import SECTIONS, Settings, keys_of

PREFIX: Final = "MITMGATE_"
_TRUE: Final = ("1", "true", "yes", "on")
_FALSE: Final = ("0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: where (file, variable or flag), its line in a file, the key, and what it may have meant."""

    where: str
    line: int | None
    key: str
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        place = self.where if self.line is None else f"{self.where}:{self.line}"
        hint = f" (did you mean {self.suggestion}?)" if self.suggestion else ""
        return f"{place}: {self.key}: {self.message}{hint}" if self.key else f"{place}: {self.message}{hint}"


class ConfigError(Exception):
    """The settings can not be used. `problems` has each reason; the text has one a line."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class _Given:
    """A value somebody gave, and where."""

    section: str
    key: str
    value: object
    where: str
    line: int | None = None

    @property
    def name(self) -> str:
        return f"{self.section}.{self.key}"


def load_settings(path: Path | None, environ: Mapping[str, str], flags: Mapping[str, Any]) -> Settings:
    """The effective settings. Raises ConfigError.

    path None: no file. flags: config's keys by `section.key`, and host, port, data_dir, demo; None is not given.
    """
    problems: list[Problem] = []
    given: dict[str, _Given] = {}
    for source in (_from_file(path, problems), _from_environ(environ, problems), _from_flags(flags)):
        given.update((each.name, each) for each in source)
    values: dict[str, dict[str, object]] = {name: {} for name in SECTIONS}
    for each in given.values():
        kind, secret = keys_of(SECTIONS[each.section])[each.key]
        try:
            values[each.section][each.key] = kind.parse(each.value)
        except ValueError as error:
            shown = "" if secret or not isinstance(each.value, (str, int, float)) else f", got {each.value!r}"
            problems.append(Problem(each.where, each.line, each.name, f"{error}{shown}"))
    data_dir, demo = _outside_of_file(environ, flags, problems)
    if problems:
        raise ConfigError(problems)
    sections: dict[str, Any] = {name: SECTIONS[name](**values[name]) for name in SECTIONS}
    settings = Settings(data_dir=data_dir, demo=demo, config_path=path and path.absolute(), **sections)
    settings = _with_host_and_port(settings, flags)
    _check_together(settings, given)
    return settings


def _from_file(path: Path | None, problems: list[Problem]) -> Iterator[_Given]:
    if path is None:
        return
    document = _parse_file(path)
    for section, content in document.items():
        line = document.lc.key(section)[0] + 1
        if section not in SECTIONS:
            problems.append(
                Problem(str(path), line, str(section), "is not a section", _nearest(str(section), SECTIONS))
            )
        elif isinstance(content, Mapping):
            known = keys_of(SECTIONS[section])
            for key, value in content.items():
                line = content.lc.key(key)[0] + 1  # type: ignore[attr-defined]  # ruamel's CommentedMap
                if key in known:
                    yield _Given(section, key, _plain(value), str(path), line)
                else:
                    problems.append(_unknown(str(path), line, f"{section}.{key}"))
        elif content is not None:
            problems.append(Problem(str(path), line, section, f"must be a map of keys, not {kinds.name_of(content)}"))


def _parse_file(path: Path) -> Any:
    from ruamel.yaml import YAML  # costs 50 ms, and only the supervisor reads YAML
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.error import YAMLError

    try:
        document = YAML().load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError([Problem(str(path), None, "", "no such file")]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([Problem(str(path), None, "", f"can not be read: {error}")]) from None
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        message = str(getattr(error, "problem", None) or "not YAML").splitlines()[0]
        raise ConfigError([Problem(str(path), line, "", message)]) from None
    if document is None:
        return CommentedMap()
    if not isinstance(document, CommentedMap):
        raise ConfigError([Problem(str(path), 1, "", f"must be a map of sections, not {kinds.name_of(document)}")])
    return document


def _plain(value: Any) -> object:
    """Without ruamel's types: lists and maps that remember comments, numbers that remember how they were written."""
    match value:
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case bool() | None:
            return value
        case int():
            return int(value)
        case float():
            return float(value)
        case str():
            return str(value)
    return value


def _from_environ(environ: Mapping[str, str], problems: list[Problem]) -> Iterator[_Given]:
    known = {
        f"{PREFIX}{section}__{key}".upper(): (section, key, kind)
        for section, model in SECTIONS.items()
        for key, (kind, _) in keys_of(model).items()
    }
    mistaken = {name.replace("__", "_"): name for name in known}
    for name, text in environ.items():
        if name in known:
            section, key, kind = known[name]
            yield _Given(section, key, text if kind.is_text else _json_or_text(text), f"environment variable {name}")
        elif name in mistaken:
            problems.append(Problem("environment", None, name, "is not a setting", mistaken[name]))
        elif name.startswith(PREFIX) and "__" in name:
            problems.append(Problem("environment", None, name, "is not a setting", _nearest(name, known)))


def _json_or_text(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text  # a size such as 32MiB; anything else its kind refuses


def _from_flags(flags: Mapping[str, Any]) -> Iterator[_Given]:
    for name, value in flags.items():
        section, dot, key = name.partition(".")
        if dot and value is not None:
            yield _Given(section, key, value, f"--{key.replace('_', '-')}")


def _outside_of_file(
    environ: Mapping[str, str], flags: Mapping[str, Any], problems: list[Problem]
) -> tuple[Path, bool | None]:
    data_dir = flags.get("data_dir") or environ.get(f"{PREFIX}DATA_DIR") or default_data_dir(environ)
    demo = flags.get("demo")
    asked = environ.get(f"{PREFIX}DEMO", "")
    if demo is None and asked:
        demo = asked.lower() in _TRUE
        if not demo and asked.lower() not in _FALSE:
            problems.append(Problem("environment", None, f"{PREFIX}DEMO", "must be true or false"))
    return Path(data_dir).expanduser().absolute(), demo


def default_data_dir(environ: Mapping[str, str]) -> Path:
    """Where the state lives: `$XDG_STATE_HOME/mitmgate`; for root a place that the servers' own user can reach."""
    if os.geteuid() == 0:
        return Path("/var/lib/mitmgate")
    state = environ.get("XDG_STATE_HOME", "")
    return Path(state if os.path.isabs(state) else Path.home() / ".local" / "state") / "mitmgate"


def _with_host_and_port(settings: Settings, flags: Mapping[str, Any]) -> Settings:
    host, port = flags.get("host"), flags.get("port")
    if host is None and port is None:
        return settings
    try:
        address = kinds.join_host_port(
            settings.server.host if host is None else host.removeprefix("[").removesuffix("]"),
            settings.server.port if port is None else port,
        )
        listen = kinds.listen().parse(address)
    except ValueError as error:
        raise ConfigError([Problem("--host and --port", None, "", str(error))]) from None
    return replace(settings, server=replace(settings.server, listen=listen))


def _check_together(settings: Settings, given: Mapping[str, _Given]) -> None:
    problems: list[Problem] = []

    def refuse(name: str, message: str) -> None:
        where = given.get(name)
        problems.append(Problem(where.where if where else "settings", where.line if where else None, name, message))

    server = settings.server
    if (server.tls_cert is None) != (server.tls_key is None):
        refuse("server.tls_cert" if server.tls_cert else "server.tls_key", "tls_cert and tls_key go together")
    for name, file in (
        ("server.tls_cert", server.tls_cert),
        ("server.tls_key", server.tls_key),
        ("upstream.ca_file", settings.upstream.ca_file),
    ):
        if file is not None and not file.is_file():
            refuse(name, f"no such file: {file}")
    if problems:
        raise ConfigError(problems)


def _unknown(where: str, line: int | None, name: str) -> Problem:
    known = [f"{section}.{key}" for section, model in SECTIONS.items() for key in keys_of(model)]
    return Problem(where, line, name, "is not a setting", _nearest(name, known))


def _nearest(name: str, known: Any) -> str | None:
    by_lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None
