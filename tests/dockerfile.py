"""deploy/Dockerfile, read as an engine would: its stages, their instructions, and what is copied from the checkout."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
KNOWN = {
    *(
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "RUN",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
    ),
    "WORKDIR",
}


@dataclass
class Stage:
    image: str
    instructions: list[tuple[str, str]] = field(default_factory=list)


def stages() -> list[Stage]:
    found: list[Stage] = []
    lines = [line for line in (DEPLOY / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    for statement in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        if not statement.strip():
            continue
        name, _, words = statement.partition(" ")
        assert name in KNOWN, statement
        if name == "ARG" and not found:
            continue  # for the FROM lines
        if name == "FROM":
            found.append(Stage(words.partition(" AS ")[0]))
        else:
            found[-1].instructions.append((name, re.sub(r"\s+", " ", words).strip()))
    return found


def copied() -> list[str]:
    """The paths of the checkout that the image is made of."""
    copies = [words.split() for name, words in stages()[0].instructions if name == "COPY"]
    return [source for words in copies for source in words[:-1]]
