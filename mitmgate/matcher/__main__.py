"""The matcher process: `python -m mitmgate.matcher`, started by the supervisor."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path

# One text at a time uses one core; the workers need the others. Read by these libraries when they are imported.
os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")

from mitmgate.matcher.process import run
from mitmgate.services.embedder import ModelUnusable
from mitmgate.services.logs import log_to_stderr

CANNOT_START = 3


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m mitmgate.matcher", description=__doc__)
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument("--channel-fd", type=int, required=True)
    parser.add_argument("--socket", type=Path, required=True)
    arguments = parser.parse_args()
    log_to_stderr("matcher")
    try:
        asyncio.run(run(arguments.settings, arguments.channel_fd, arguments.socket))
    except (ModelUnusable, OSError, ValueError) as error:
        logging.getLogger(__name__).critical("cannot start: %s", error)
        sys.exit(CANNOT_START)


if __name__ == "__main__":
    main()
