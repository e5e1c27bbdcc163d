"""Vital work that fails takes its process with it, and says why; cancelled work does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

PROGRAM = """
import asyncio
from mitmgate.services.vital import run_vital

async def breaks():
    raise ValueError("seven")

async def main():
    task = run_vital(asyncio.sleep(10))
    task.cancel()
    await asyncio.sleep(0.01)
    print("alive", flush=True)
    run_vital(breaks())
    await asyncio.sleep(10)
    print("still alive", flush=True)

asyncio.run(main())
"""


def test_a_process_does_not_outlive_its_vital_work() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert ended.returncode == 1 and ended.stdout == "alive\n"
    assert "this process can not go on" in ended.stderr and "seven" in ended.stderr
