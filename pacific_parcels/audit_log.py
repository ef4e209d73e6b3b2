"""Who opened what: one line of JSON for each event, each line bound to the one before it by its SHA-256.

A line holds `time` (UTC), `event`, `account` (an account id, or null), `audience`, `run_id`, `subject` (what
was exported) and `previous` (the SHA-256 of the line before, without its line end; noughts at the start). No
address of a computer, no name, no e-mail. A file is a month, `2026-11.jsonl`; the chain goes on from file to
file. Whoever can write the folder can write the whole chain anew: note the last hash elsewhere from time to
time, and `verify` can be asked whether it is still there.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

Event = Literal["OPENED", "EXPORTED", "SIGNED_IN", "SIGNED_OUT", "SIGN_IN_FAILED", "REFUSED"]
KEYS = ("time", "event", "account", "audience", "run_id", "subject", "previous")
START = "0" * 64
LONGEST_LINE = 16_384


@dataclass(frozen=True)
class Verdict:
    """`broken_at` is "file, line N: found; expected", or None where the chain holds.

    `has_hash`: whether the hash that was asked for is that of a line. `last` is the hash of the last line.
    """

    lines: int
    last: str
    broken_at: str | None = None
    has_hash: bool = True


def record(
    directory: Path,
    event: Event,
    *,
    account: str | None,
    audience: str | None = None,
    run_id: str | None = None,
    subject: str | None = None,
    now: datetime | None = None,
) -> None:
    """Append one line, on the disk when this returns. Several processes may do so at once."""
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    with _alone(directory):
        files = _files(directory)
        # A clock that was set back does not go back to a file that is finished.
        name = max([f"{moment:%Y-%m}.jsonl", *(file.name for file in files)])
        last, is_whole = _last_line(files[-1]) if files else (b"", True)
        line = json.dumps(
            {
                "time": moment.isoformat(timespec="milliseconds"),
                "event": event,
                "account": account,
                "audience": audience,
                "run_id": run_id,
                "subject": subject,
                "previous": _hash(last) if files else START,
            },
            ensure_ascii=False,
        ).encode()
        # What a crash left half written stays, on a line of its own, and is found by `verify`.
        before = b"" if is_whole or files[-1].name != name else b"\n"
        handle = os.open(directory / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, before + line + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)


def verify(directory: Path, expected_hash: str | None = None) -> Verdict:
    """Follow the chain from its first line to its last."""
    previous, lines, seen = START, 0, False
    for file in _files(directory):
        for number, line in enumerate(file.read_bytes().splitlines(), start=1):
            fault = _fault(line, previous)
            if fault:
                return Verdict(lines, previous, f"{file.name}, line {number}: {fault}", seen)
            previous = _hash(line)
            seen = seen or previous == expected_hash
            lines += 1
    return Verdict(lines, previous, None, seen or expected_hash is None)


def _fault(line: bytes, previous: str) -> str | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return "found no JSON; expected an entry"
    if not isinstance(entry, dict) or tuple(entry) != KEYS or entry["event"] not in get_args(Event):
        return f"found other keys or another event; expected {', '.join(KEYS)}"
    if entry["previous"] != previous:
        return (
            "found the hash of another line; expected that of the line before: a line was changed or is gone"
        )
    return None


def _files(directory: Path) -> list[Path]:
    return sorted(directory.glob("????-??.jsonl"))


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _last_line(file: Path) -> tuple[bytes, bool]:
    """The last line without its end, and whether it has one."""
    with file.open("rb") as handle:
        handle.seek(max(0, file.stat().st_size - LONGEST_LINE))
        tail = handle.read()
    lines = tail.splitlines()
    return (lines[-1] if lines else b""), tail.endswith(b"\n") or not tail


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
