"""Options that may stand before the command as well as after it: `gatewayctl --data-dir DIR tenants list`."""

from __future__ import annotations

from typing import Any

import click


def or_before[T](value: T, name: str) -> T:
    """The command's own value, else the one that was given to `gatewayctl` itself."""
    if value:
        return value
    before: Any = click.get_current_context().find_root().params.get(name)
    return before or value
