"""The model's ONNX files are built once for a whole run; they are the same everywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@pytest.fixture(scope="session")
def model_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the ONNX files in it."""
    from mitmgate.services.minilm import made_files, model_folder

    folder = tmp_path_factory.mktemp("model")
    made_files(model_folder(), folder)
    return folder
