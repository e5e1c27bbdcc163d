"""Runs a child's module in two steps: imports it at once, runs it when told to.

Half of a start is Python importing; so that half is done while PostgreSQL and Valkey come up.
`python -m mitmgate.supervisor.early GATE_FD MODULE ARGUMENTS…`
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Final

GO: Final = b"g"


def main() -> None:
    gate, module = int(sys.argv[1]), sys.argv[2]
    loaded = importlib.import_module(f"{module}.__main__")
    told = os.read(gate, 1)
    os.close(gate)
    if told != GO:  # end of file: the supervisor has gone
        raise SystemExit(1)
    sys.argv = [f"{module}/__main__.py", *sys.argv[3:]]
    loaded.main()


if __name__ == "__main__":
    main()
