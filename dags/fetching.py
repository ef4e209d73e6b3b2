"""Our side of a transfer: what came so far, what is whole, and what was fetched and returned before."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dags.places import Found
from pacific_parcels.errors import Unavailable
from pacific_parcels.members import Member
from pacific_parcels.receipts import write_json
from pacific_parcels.settings import Settings

LEDGER_SECONDS = 5.0


@dataclass
class Fetched:
    files: int = 0
    byte_count: int = 0
    still_growing: int = 0


class Inbox:
    """Our side: parts of files under .fetching/, and whole ones moved in under the name of the source."""

    def __init__(self, settings: Settings, member: Member) -> None:
        self.member = member
        self.folder = settings.inbox / member.code.lower()
        self.parts = self.folder / ".fetching"
        with self._written():
            self.parts.mkdir(parents=True, exist_ok=True)

    def part(self, key: str, identity: str) -> Path:
        """Where this version of a file is put together: another version never goes on with its bytes."""
        return self.parts / f"{hashlib.sha256(f'{key}|{identity}'.encode()).hexdigest()[:32]}.part"

    def keep_parts(self, kept: set[Path]) -> None:
        for part in self.parts.glob("*.part"):
            if part not in kept:
                part.unlink()

    def append(self, part: Path, chunks: Iterator[bytes], offset: int) -> None:
        """Write from an offset on. Whatever comes between, the bytes that came are kept."""
        with self._written(), part.open("r+b" if part.exists() else "wb") as file:
            file.truncate(offset)
            file.seek(offset)
            while True:
                with self._not_ours():
                    chunk = next(chunks, None)
                if chunk is None:
                    break
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())

    def move_in(self, part: Path, name: str, modified: float | None) -> None:
        with self._written():
            if modified is not None:
                os.utime(part, ns=(int(modified * 1e9), int(modified * 1e9)))
            part.replace(self.folder / name)

    def require_space(self, byte_count: int) -> None:
        free = shutil.disk_usage(self.folder).free
        if free < byte_count:
            raise self.unavailable(
                f"{self.folder}: {free:,} bytes are free; expected {byte_count:,}; make room and run again"
            )

    def unavailable(self, message: str) -> Unavailable:
        return Unavailable(f"{self.member.code}, {message}")

    @contextmanager
    def _written(self) -> Iterator[None]:
        try:
            yield
        except _OfTheSource as error:
            raise error.error from None
        except OSError as error:
            raise self.unavailable(
                f"{self.folder}: {error.strerror or error}; expected a folder that can be written; "
                "it is tried again"
            ) from error

    @contextmanager
    def _not_ours(self) -> Iterator[None]:
        """Network errors are OSErrors too: they are not to be taken for errors of our disk."""
        try:
            yield
        except OSError as error:
            raise _OfTheSource(error) from None


class _OfTheSource(Exception):
    def __init__(self, error: OSError) -> None:
        self.error = error


@dataclass
class SourceLedger:
    """What was fetched of a member's source, and returned to it. Lost: all is fetched again, and known."""

    path: Path
    files: dict[str, str] = field(default_factory=dict)
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    returned: dict[str, int] = field(default_factory=dict)
    written: str = ""
    written_at: float = 0.0

    @classmethod
    def read(cls, settings: Settings, member: Member) -> SourceLedger:
        path = settings.sources / f"{member.code}.json"
        ledger = cls(path, written_at=time.monotonic())
        with contextlib.suppress(FileNotFoundError, ValueError, KeyError, TypeError):
            content = json.loads(path.read_text(encoding="utf-8"))
            ledger.files = content["files"]
            ledger.reports = content["reports"]
            ledger.returned = content["returned"]
            ledger.written = ledger._content()
        return ledger

    def has(self, found: Found) -> bool:
        return self.files.get(found.key) == found.identity

    def note(self, found: Found) -> None:
        self.files[found.key] = found.identity

    def keep_only(self, keys: set[str]) -> None:
        self.files = {key: identity for key, identity in self.files.items() if key in keys}

    def write(self) -> None:
        content = self._content()
        if content != self.written:
            write_json(self.path, json.loads(content))
            self.written = content
        self.written_at = time.monotonic()

    def write_now_and_then(self) -> None:
        """Of ten thousand files each is noted, and the ledger is not written ten thousand times."""
        if time.monotonic() - self.written_at > LEDGER_SECONDS:
            self.write()

    def _content(self) -> str:
        return json.dumps({"files": self.files, "reports": self.reports, "returned": self.returned})


@contextmanager
def alone(settings: Settings, member: Member) -> Iterator[None]:
    """One process at a time at the source of a member. The lock goes with the process, however it ends."""
    folder = settings.sources
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f".{member.code}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unavailable(
                f"{member.code}: another process is at its source; expected to be alone; it is tried again"
            ) from error
        yield
