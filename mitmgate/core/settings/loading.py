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
from mitmgate.core.settings.problem import ConfigError, Problem
from mitmgate.core.settings.yaml_file import line_of, parse_file, plain

USUAL_FILE: Final = Path("config.yaml")
PREFIX: Final = "MITMGATE_"
_VARIABLE: Final = "environment variable "
_TRUE: Final = ("1", "true", "yes", "on")
_FALSE: Final = ("0", "false", "no", "off")


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

    @property
    def origin(self) -> str:
        where = self.where.removeprefix(_VARIABLE)
        return where if self.line is None else f"{where}:{self.line}"


@dataclass(frozen=True, slots=True)
class Effective:
    """The settings, and where each that is not a default comes from, by `section.key`.

    An origin is `config.yaml:12`, an environment variable's name or a flag; data_dir and demo have one, too.
    """

    settings: Settings
    origins: Mapping[str, str]


def config_file(given: Path | None) -> Path | None:
    """The file that counts: the one given, else config.yaml of this folder if there is one."""
    return given or (USUAL_FILE if USUAL_FILE.exists() else None)


def load_settings(path: Path | None, environ: Mapping[str, str], flags: Mapping[str, Any]) -> Settings:
    """The effective settings. Raises ConfigError with all that is wrong.

    path None: no file. flags: config's keys by `section.key`, and host, port, data_dir, demo; None is not given.
    """
    return load_effective(path, environ, flags).settings


def load_effective(path: Path | None, environ: Mapping[str, str], flags: Mapping[str, Any]) -> Effective:
    """As load_settings, with the origins."""
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
    origins = {name: each.origin for name, each in given.items()}
    data_dir, demo = _outside_of_file(environ, flags, problems, origins)
    sections: dict[str, Any] = {name: SECTIONS[name](**values[name]) for name in SECTIONS}
    settings = Settings(data_dir=data_dir, demo=demo, config_path=path and path.absolute(), **sections)
    settings = _with_host_and_port(settings, flags, problems, origins)
    _check_together(settings, given, problems)
    if problems:
        raise ConfigError(problems)
    return Effective(settings, origins)


def _from_file(path: Path | None, problems: list[Problem]) -> Iterator[_Given]:
    if path is None:
        return
    try:
        document = parse_file(path)
    except ConfigError as error:
        problems += error.problems
        return
    for section, content in document.items():
        line = document.lc.key(section)[0] + 1
        if section not in SECTIONS:
            problems.append(
                Problem(str(path), line, str(section), "is not a section", _nearest(str(section), SECTIONS))
            )
        elif isinstance(content, Mapping):
            known = keys_of(SECTIONS[section])
            for key, value in content.items():
                line = line_of(content, key, line)
                if key in known:
                    yield _Given(section, key, plain(value), str(path), line)
                else:
                    problems.append(_unknown(str(path), line, f"{section}.{key}"))
        elif content is not None:
            problems.append(Problem(str(path), line, section, f"must be a map of keys, not {kinds.name_of(content)}"))


def secret_variables() -> frozenset[str]:
    """The environment variables that give a secret setting."""
    return frozenset(
        f"{PREFIX}{section}__{key}".upper()
        for section, model in SECTIONS.items()
        for key, (_, secret) in keys_of(model).items()
        if secret
    )


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
            yield _Given(section, key, text if kind.is_text else _json_or_text(text), f"{_VARIABLE}{name}")
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
    environ: Mapping[str, str], flags: Mapping[str, Any], problems: list[Problem], origins: dict[str, str]
) -> tuple[Path, bool | None]:
    data_dir = flags.get("data_dir") or environ.get(f"{PREFIX}DATA_DIR") or default_data_dir(environ)
    if flags.get("data_dir") or environ.get(f"{PREFIX}DATA_DIR"):
        origins["data_dir"] = "--data-dir" if flags.get("data_dir") else f"{PREFIX}DATA_DIR"
    demo = flags.get("demo")
    asked = environ.get(f"{PREFIX}DEMO", "")
    if demo is not None:
        origins["demo"] = "--demo" if demo else "--no-demo"
    elif asked:
        origins["demo"] = f"{PREFIX}DEMO"
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


def _with_host_and_port(
    settings: Settings, flags: Mapping[str, Any], problems: list[Problem], origins: dict[str, str]
) -> Settings:
    host, port = flags.get("host"), flags.get("port")
    if host is None and port is None:
        return settings
    named = " and ".join(f"--{name}" for name in ("host", "port") if flags.get(name) is not None)
    under = origins.get("server.listen")
    origins["server.listen"] = f"{named} over {under}" if under else named
    try:
        address = kinds.join_host_port(
            settings.server.host if host is None else host.removeprefix("[").removesuffix("]"),
            settings.server.port if port is None else port,
        )
        listen = kinds.listen().parse(address)
    except ValueError as error:
        problems.append(Problem(named, None, "", str(error)))
        return settings
    return replace(settings, server=replace(settings.server, listen=listen))


def _check_together(settings: Settings, given: Mapping[str, _Given], problems: list[Problem]) -> None:
    wrong = {problem.key for problem in problems}

    def refuse(name: str, message: str) -> None:
        where = given.get(name)
        problems.append(Problem(where.where if where else "settings", where.line if where else None, name, message))

    server = settings.server
    if (server.tls_cert is None) != (server.tls_key is None) and not wrong & {"server.tls_cert", "server.tls_key"}:
        refuse("server.tls_cert" if server.tls_cert else "server.tls_key", "tls_cert and tls_key go together")
    for name, file in (
        ("server.tls_cert", server.tls_cert),
        ("server.tls_key", server.tls_key),
        ("upstream.ca_file", settings.upstream.ca_file),
    ):
        if file is not None and not file.is_file():
            refuse(name, f"no such file: {file}")


def _unknown(where: str, line: int | None, name: str) -> Problem:
    known = [f"{section}.{key}" for section, model in SECTIONS.items() for key in keys_of(model)]
    return Problem(where, line, name, "is not a setting", _nearest(name, known))


def _nearest(name: str, known: Any) -> str | None:
    by_lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None
