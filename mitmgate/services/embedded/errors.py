"""The one error that embedded servers raise."""

from __future__ import annotations


class EmbeddedServerError(Exception):
    """An embedded server cannot be had.

    The text is for an operator: its first line says what is wrong, further lines (if any) are the end of the server's log.
    """
