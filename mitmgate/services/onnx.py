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


def session(onnxruntime: Any, model: str | bytes) -> Any:
    """A model's session on one thread, from its file or its bytes.

    It has no arena: one keeps what its largest run took, 35 MB for a text of 256 tokens, and saves no time here.
    """
    onnxruntime.set_default_logger_severity(3)  # it warns of each GPU that is not there
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
