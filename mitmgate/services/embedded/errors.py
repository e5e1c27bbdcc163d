"""The one error that embedded servers raise."""

from __future__ import annotations


class EmbeddedServerError(Exception):
    """An embedded server cannot be had.

    The text is for an operator: its first line says what is wrong, any further ones are the end of the server's log.
    """
