"""The control process: `python -m mitmgate.control`, started by the supervisor, which hands down its listener."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from mitmgate.control.process import run
from mitmgate.services.logs import log_to_stderr
from mitmgate.services.secrets import SecretsUnusable

CANNOT_START = 3


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m mitmgate.control", description=__doc__)
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument("--listen-fd", type=int, required=True)
    parser.add_argument("--channel-fd", type=int, required=True)
    arguments = parser.parse_args()
    log_to_stderr("control")
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    try:
        asyncio.run(run(arguments.settings, arguments.listen_fd, arguments.channel_fd))
    except (SecretsUnusable, OSError, ValueError) as error:
        logging.getLogger(__name__).critical("cannot start: %s", error)
        sys.exit(CANNOT_START)


if __name__ == "__main__":
    main()
