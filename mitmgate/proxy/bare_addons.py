"""mitmproxy.addons without its list of all addons, whose modules are a quarter of what a worker would import.

Among them are flask and ldap3, for tools that a worker does not run. mitmproxy's master imports one addon,
and with it the package, whose only content is that list. Modules of the package are found as ever.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Final

NAME: Final = "mitmproxy.addons"
LIST: Final = "default_addons"


class BareAddons(ModuleType):
    """The package, whose own code runs when its list is first wanted."""

    def __getattr__(self, name: str) -> object:
        spec = self.__spec__
        if name != LIST or spec is None or spec.loader is None:
            raise AttributeError(f"module {NAME!r} has no attribute {name!r}")
        self.__class__ = ModuleType  # type: ignore[assignment]
        spec.loader.exec_module(self)
        return getattr(self, name)


def bare_addons() -> None:
    """Puts it in place, for the process; where the package is loaded already, nothing happens."""
    if NAME in sys.modules:
        return
    spec = find_spec(NAME)
    assert spec is not None
    package = module_from_spec(spec)
    package.__class__ = BareAddons
    sys.modules[NAME] = package
    parent, _, child = NAME.rpartition(".")
    setattr(sys.modules[parent], child, package)
