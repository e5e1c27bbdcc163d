"""The one error that ends a start."""

from __future__ import annotations


class CannotStart(Exception):
    """The gateway cannot start, by no fault of its code: exit code 3. The text is for the operator."""
