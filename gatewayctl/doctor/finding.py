"""One thing that the doctor looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

OK: Final = "ok"
WARNING: Final = "warning"
WRONG: Final = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """`seen` is what was found and what it means, `remedy` what to do; a warning needs no remedy to go on working."""

    check: str
    state: str
    seen: str
    remedy: str = ""
