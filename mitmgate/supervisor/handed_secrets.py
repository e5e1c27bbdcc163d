"""The settings' secrets on their way to the children: in a file without a name, never on a disk."""

from __future__ import annotations

import os
import tempfile
from typing import Final

_NAME: Final = "mitmgate-secrets"


class HandedSecrets:
    """Children inherit `fd` and read it whenever they read the settings, also those that are started again."""

    def __init__(self) -> None:
        self.fd = os.memfd_create(_NAME) if hasattr(os, "memfd_create") else _unnamed()
        self._length = 0

    def write(self, document: bytes) -> None:
        """Replaces what children read, in one write; JSON does not mind the spaces that cover what was longer."""
        self._length = max(self._length, len(document))
        os.pwrite(self.fd, document.ljust(self._length), 0)

    def close(self) -> None:
        os.close(self.fd)


def _unnamed() -> int:
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
