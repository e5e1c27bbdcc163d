"""The file of a backup: a zip with one member a table and, last, `manifest.json` with their sizes and SHA-256.

A zip because any tool reads it, it is written as it comes, and its directory is at the end, so that a file cut short is
no zip at all. Members are PostgreSQL's text COPY: a row a line, the same for every version of the server.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import struct
import zipfile
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

import orjson

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
SECRETS: Final = "secrets.json"
READ_BYTES: Final = 256 * 1024
LARGEST_DOCUMENT: Final = 16 << 20
_FAST: Final = 3  # of zlib's levels: three times as fast as the usual one, a tenth larger

# What reading a changed zip may raise: a bit may say that a member is encrypted, or packed in a way nobody knows.
_DAMAGE: Final = (
    OSError, KeyError, ValueError, EOFError, RuntimeError, struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


class BackupUnusable(Exception):
    """The file cannot be written, or is not a backup that this version can restore. One line, for the operator."""


@dataclass(frozen=True, slots=True)
class Part:
    """One table's rows."""

    table: str
    columns: tuple[str, ...]
    rows: int
    bytes: int
    sha256: str

    @property
    def member(self) -> str:
        return f"tables/{self.table}.copy"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a backup. sequences: name -> the last value and whether it was given out; days: those of usage."""

    schema_version: int
    made_by: str
    taken_at: str
    parts: tuple[Part, ...]
    sequences: dict[str, tuple[int, bool]]
    days: tuple[str, ...]
    has_secrets: bool
    format: int = FORMAT

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    def rows_of(self, table: str) -> int:
        return sum(part.rows for part in self.parts if part.table == table)


class BackupWriter:
    """A backup in the making, under another name until `finish`; only its owner may read it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._half = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            if path.exists():
                raise BackupUnusable(f"{path} is there already; a backup replaces no file")
            self._file = open(  # noqa: SIM115  # __exit__ closes it
                os.open(self._half, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w+b"
            )
        except OSError as error:
            raise BackupUnusable(f"{path} cannot be written: {error.strerror}") from None
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, compresslevel=_FAST)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.fp = None  # else it would write a directory to the closed file when it is collected
        self._file.close()
        self._half.unlink(missing_ok=True)
        if isinstance(problem, OSError) and problem.errno is not None and kind is not ConnectionError:
            raise BackupUnusable(f"{self._path} cannot be written: {problem.strerror}") from None

    @contextmanager
    def table(self, name: str) -> Iterator[TableWriter]:
        """Takes a table's COPY."""
        with self._zip.open(f"tables/{name}.copy", "w", force_zip64=True) as member:
            yield TableWriter(member)

    def secrets(self, document: dict[str, Any]) -> None:
        self._zip.writestr(SECRETS, orjson.dumps(document, option=orjson.OPT_INDENT_2))

    def finish(self, manifest: Manifest) -> None:
        """The file is whole now, on disk and under its name."""
        self._zip.writestr(MANIFEST, orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        os.link(self._half, self._path)  # unlike a rename, replaces nobody's file
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class TableWriter:
    """Counts and hashes what it writes."""

    def __init__(self, member: IO[bytes]) -> None:
        self._member = member
        self._hash = hashlib.sha256()
        self.rows = self.bytes = 0

    def write(self, data: bytes) -> int:
        self._member.write(data)
        self._hash.update(data)
        new = data.count(b"\n")  # COPY escapes those within values
        self.rows += new
        self.bytes += len(data)
        return new

    def part(self, table: str, columns: tuple[str, ...]) -> Part:
        return Part(table, columns, self.rows, self.bytes, self._hash.hexdigest())


class BackupReader:
    """A backup that is there. Raises BackupUnusable, as does each of its methods."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise BackupUnusable(f"{path} cannot be read: {error.strerror}") from None
        except _DAMAGE:
            raise BackupUnusable(f"{path} is not a backup, or was cut short") from None
        self.manifest = self._read_manifest()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def secrets(self) -> dict[str, Any]:
        return self._document(SECRETS)

    async def chunks(self, part: Part) -> AsyncIterator[bytes]:
        """The table's COPY in pieces; after the last one the digest is compared."""
        seen, size = hashlib.sha256(), 0
        try:
            with self._zip.open(part.member) as member:
                while data := member.read(READ_BYTES):
                    seen.update(data)
                    size += len(data)
                    yield data
        except _DAMAGE as error:
            raise BackupUnusable(f"{self._path} is damaged in {part.member}: {error}") from None
        if seen.hexdigest() != part.sha256 or size != part.bytes:
            raise BackupUnusable(f"{self._path} is damaged: {part.member} is not what was backed up")

    def _read_manifest(self) -> Manifest:
        document = self._document(MANIFEST)
        try:
            if document["format"] != FORMAT:
                raise BackupUnusable(
                    f"{self._path} is of format {document['format']}, this version reads format {FORMAT}:"
                    " restore it with the version that made it, or a newer one"
                )
            parts = tuple(Part(**{**part, "columns": tuple(part["columns"])}) for part in document.pop("parts"))
            sequences = {name: (int(last), bool(given)) for name, (last, given) in document.pop("sequences").items()}
            return Manifest(parts=parts, sequences=sequences, days=tuple(document.pop("days")), **document)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise BackupUnusable(f"{self._path} is not a backup: its manifest is not one") from None

    def _document(self, name: str) -> dict[str, Any]:
        try:
            if self._zip.getinfo(name).file_size > LARGEST_DOCUMENT:
                raise ValueError
            document = orjson.loads(self._zip.read(name))
        except _DAMAGE:
            raise BackupUnusable(f"{self._path} is not a backup: it has no usable {name}") from None
        if not isinstance(document, dict):
            raise BackupUnusable(f"{self._path} is not a backup: its {name} is not one")
        return document
