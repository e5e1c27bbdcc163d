"""config.yaml as text: parsed once, each key with its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mitmgate.core.settings import kinds
from mitmgate.core.settings.problem import ConfigError, Problem

_QUOTED: Final = re.compile(r"(['\"]).{2,}\1")


def line_of(content: Any, key: object, section_line: int) -> int:
    """The line of a key in a section."""
    try:
        return int(content.lc.key(key)[0]) + 1
    except (KeyError, TypeError):  # merged in by `<<`
        return section_line


def parse_file(path: Path) -> Any:
    """The document, a map that knows its lines. Raises ConfigError."""
    from ruamel.yaml import YAML  # costs 50 ms, and only the supervisor reads YAML
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.constructor import DuplicateKeyError
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
        told = str(getattr(error, "problem", None) or "not YAML").splitlines()[0]
        message = _QUOTED.sub("…", told)  # it may quote a value, and that may be a secret
        if isinstance(error, DuplicateKeyError):
            message = "the same key a second time"
        raise ConfigError([Problem(str(path), line, "", message)]) from None
    if document is None:
        return CommentedMap()
    if not isinstance(document, CommentedMap):
        raise ConfigError([Problem(str(path), 1, "", f"must be a map of sections, not {kinds.name_of(document)}")])
    return document


def plain(value: Any) -> object:
    """Without ruamel's types: lists and maps that remember comments, numbers that remember how they were written."""
    match value:
        case Mapping():
            return {str(key): plain(each) for key, each in value.items()}
        case list():
            return [plain(each) for each in value]
        case bool() | None:
            return value
        case int():
            return int(value)
        case float():
            return float(value)
        case str():
            return str(value)
    return value
