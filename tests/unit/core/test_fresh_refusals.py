"""No exception object lives in a module: raised again and again, it would keep every frame that ever raised it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from types import ModuleType

import addons
import gatewayctl
import mitmgate


def modules() -> Iterator[ModuleType]:
    for package in (addons, mitmgate, gatewayctl):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def kept(value: object, depth: int = 3) -> Iterator[BaseException]:
    """The exceptions that a value is or holds."""
    if isinstance(value, BaseException):
        yield value
    elif depth and isinstance(value, Mapping):
        for each in value.values():
            yield from kept(each, depth - 1)
    elif depth and isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from kept(each, depth - 1)


def test_no_module_or_class_keeps_an_exception() -> None:
    looked_at = 0
    for module in modules():
        for name, value in list(vars(module).items()):
            if name.startswith("__"):
                continue
            looked_at += 1
            assert not list(kept(value)), f"{module.__name__}.{name}"
            if isinstance(value, type) and value.__module__ == module.__name__:
                for member, attribute in vars(value).items():
                    assert not list(kept(attribute)), f"{module.__name__}.{name}.{member}"
    assert looked_at > 1000


def test_it_would_be_found() -> None:
    assert list(kept({"a": [ValueError()]}))
