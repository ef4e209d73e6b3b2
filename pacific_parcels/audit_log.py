"""Who opened what: one line of JSON for each event, each line bound to the one before it by its SHA-256.

A line holds `time` (UTC), `event`, `account` (an account id, or null), `audience`, `run_id`, `subject` (what
was exported, why someone was refused) and `previous` (the SHA-256 of the line before, without its line end;
noughts at the start). No address of a computer, no name, no e-mail. A file is a month, `2026-11.jsonl`; the
chain goes on from file to file, and `head.json` says how many lines there are and the hash of the last, so
that lines taken from the end are missed. Whoever can write the folder can write the whole chain and its head
anew: note the last hash elsewhere from time to time, and `verify` can be asked whether it is still there.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

Event = Literal["OPENED", "EXPORTED", "SIGNED_IN", "SIGNED_OUT", "SIGN_IN_FAILED", "REFUSED"]
KEYS = ("time", "event", "account", "audience", "run_id", "subject", "previous")
START = "0" * 64
HEAD = "head.json"
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


@dataclass(frozen=True)
class Head:
    """How many lines there are, and the hash of the last one."""

    lines: int
    last: str


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
    """Append one line, on the disk when this returns. Several processes may do so at once.

    A log that is not as its head says is gone on with, and the head left as it is: `verify` finds out.
    """
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    with _alone(directory):
        files = _files(directory)
        # A clock that was set back does not go back to a file that is finished.
        name = max([f"{moment:%Y-%m}.jsonl", *(file.name for file in files)])
        head, last, is_whole = _end(directory, files)
        line = json.dumps(
            {
                "time": moment.isoformat(timespec="milliseconds"),
                "event": event,
                "account": account,
                "audience": audience,
                "run_id": run_id,
                "subject": subject,
                "previous": last,
            },
            ensure_ascii=False,
        ).encode()
        # Half a line that is no crash of ours stays, on a line of its own, and is found by `verify`.
        before = b"" if is_whole or files[-1].name != name else b"\n"
        handle = os.open(directory / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, before + line + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)
        if head is not None:
            _write_head(directory, Head(head.lines + 1, _hash(line)))


def verify(directory: Path, expected_hash: str | None = None) -> Verdict:
    """Follow the chain from its first line to its last, and hold it against its head."""
    # The head first: lines that are written meanwhile come after it.
    try:
        head = _read_head(directory)
    except ValueError:
        return Verdict(
            0, START, f"{HEAD}: found something else; expected a number of lines and a hash", False
        )
    previous, lines, has_hash, meets_head = START, 0, False, head == Head(0, START)
    for file in _files(directory):
        with file.open("rb") as handle:
            for number, line in enumerate(handle, start=1):
                fault = _fault(line, previous)
                if fault:
                    return Verdict(lines, previous, f"{file.name}, line {number}: {fault}", has_hash)
                previous = _hash(line.removesuffix(b"\n"))
                lines += 1
                has_hash = has_hash or previous == expected_hash
                meets_head = meets_head or head == Head(lines, previous)
    if head is None and lines:
        return Verdict(lines, previous, f"{HEAD}: found none; expected the head of {lines:,} lines", has_hash)
    if head is not None and not meets_head:
        fault = f"found {lines:,} lines; expected {head.lines:,} with the hash {head.last}"
        return Verdict(
            lines, previous, f"{HEAD}: {fault}: lines are gone from the end, or were put in", has_hash
        )
    return Verdict(lines, previous, None, has_hash or expected_hash is None)


def _fault(line: bytes, previous: str) -> str | None:
    if not line.endswith(b"\n"):
        return "found a line without its end; expected a whole one"
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


def _end(directory: Path, files: list[Path]) -> tuple[Head | None, str, bool]:
    """The head, or None where the log does not fit it; the hash of the last line; whether that one is whole.

    Where a crash came between a line and its head, the head is moved on. A line that a crash left half
    written was never said to be on record: it is cut off, if all before it is as the head says.
    """
    try:
        head = _read_head(directory)
    except ValueError:
        head = None
    else:
        if head is None and not files:
            head = Head(0, START)
            _write_head(directory, head)
    *_, before, last = b"", b"", *_last_lines(files)
    if last and not last.endswith(b"\n"):
        if head is None or head.last != _hash_or_start(before):
            return None, _hash(last), False
        os.truncate(files[-1], files[-1].stat().st_size - len(last))
        return head, head.last, True
    found = _hash_or_start(last)
    if head is not None and head.last != found:
        is_one_behind = bool(last) and head.last == _hash_or_start(before)
        head = Head(head.lines + 1, found) if is_one_behind else None
    return head, found, True


def _last_lines(files: list[Path]) -> list[bytes]:
    """Two or more lines from the end, with their ends; fewer only where the log has no more."""
    lines: list[bytes] = []
    for file in reversed(files):
        with file.open("rb") as handle:
            handle.seek(max(0, file.stat().st_size - 2 * LONGEST_LINE))
            lines = handle.read().splitlines(keepends=True) + lines
        if len(lines) > 1:
            break
    return lines


def _hash_or_start(line: bytes) -> str:
    return _hash(line.removesuffix(b"\n")) if line else START


def _read_head(directory: Path) -> Head | None:
    """None where there is none. Errors: ValueError for a file that is no head."""
    try:
        said = json.loads((directory / HEAD).read_bytes())
    except FileNotFoundError:
        return None
    if not isinstance(said, dict) or set(said) != {"lines", "last"}:
        raise ValueError(HEAD)
    return Head(**said)


def _write_head(directory: Path, head: Head) -> None:
    written = directory / f".{HEAD}"
    handle = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as output:
        json.dump(asdict(head), output)
        output.flush()
        os.fsync(output.fileno())
    os.replace(written, directory / HEAD)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
