"""onnxruntime, imported so that it keeps to itself."""

from __future__ import annotations

import os
from typing import Any


def import_onnxruntime() -> Any:
    """The module. Raises ImportError, OSError.

    Its wheels for Linux report to their maker: at the import they write a device id below the home folder and begin to
    upload. Only this variable, set before the import, keeps them from it; `disable_telemetry_events()` comes too late.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    return onnxruntime
