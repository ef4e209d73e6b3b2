"""Landing: one extract becomes immutable Parquet, its rejected rows and a receipt, or nothing at all.

    inbox/fj/FJ_parcels_202603.csv
      ▸ ../originals/FJ/<sha256>.csv                                   the bytes, untouched
      ▸ items/member_code=FJ/time_period=2026-03/<extract_id>.parquet  accepted rows
        gap/assessments/member_code=FJ/…                               those of a gap report, by its table
      ▸ rejected/member_code=FJ/<extract_id>.parquet                   rejected and duplicate rows
      ▸ receipts/FJ/<extract_id>.json                                  last: now the extract has happened

Killed at any instant and run again it ends the same: files without a receipt are written over with the same
content. Bad data never raises here; it becomes a status and a receipt. Only a source that cannot be reached
is worth a retry. A file is opened and read in a child process alone (`sandbox`).

The landing holds no name of a person: what does (the originals, and everything that is written while one is
read) lies under `originals/`, for the eyes of its owner alone.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pacific_parcels.errors import (
    ExtractError,
    KeyStoreError,
    MemberFileError,
    PacificParcelsError,
    Unavailable,
)
from pacific_parcels.gap import TABLES, report_of, table_of
from pacific_parcels.keys import OWNER_ONLY_FILE, OWNER_ONLY_FOLDER, key_of
from pacific_parcels.members import Member, load_members
from pacific_parcels.reading import (
    MANIFEST_SUFFIX,
    READ_TOGETHER_BYTES,
    REJECTS_SUFFIX,
    Manifest,
    Reading,
    place_of,
    read_manifest,
)
from pacific_parcels.receipts import (
    ACCEPTED,
    Delivery,
    Ledger,
    extract_id_of,
    new_receipt,
    reading_fingerprint,
)
from pacific_parcels.sandbox import Job, Sandbox
from pacific_parcels.settings import Settings
from pacific_parcels.tokens import TokenKey

UNFINISHED = (".filepart", ".part", ".partial", ".tmp", ".crdownload", ".download")
NOT_EXTRACTS = (*UNFINISHED, MANIFEST_SUFFIX, REJECTS_SUFFIX)
FILE_SUFFIXES = (".csv", ".txt", ".tsv", ".xlsx")
LONGEST_SUFFIX = 16  # bytes: a longer one would leave no room for the SHA-256 in a file name
FREE_DISK_FACTOR = 3
MOST_TOGETHER = 64  # files
SECONDS_OF_A_DAY = 86_400

Status = Literal["OK", "NOTHING_NEW", "REFUSED", "UNREACHABLE", "ERRORED"]


@dataclass
class ReceiveOutcome:
    """What became of a member's new files: a row of a table, never an exception."""

    member_code: str
    status: Status = "NOTHING_NEW"
    extracts_accepted: int = 0
    extracts_refused: int = 0
    extracts_seen_before: int = 0
    files_still_growing: int = 0
    rows_in: int = 0
    rows_accepted: int = 0
    rows_rejected: int = 0
    rows_duplicate: int = 0
    message_en: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def list_deliveries(settings: Settings, member_code: str) -> list[Delivery]:
    """The files of a member's inbox that are meant for us, oldest first.

    A folder that is named like a file is one delivery, and will be refused. Errors: Unavailable when the
    inbox cannot be read.
    """
    folder = settings.inbox / member_code.lower()
    deliveries = []
    try:
        if not folder.exists():
            return []
        for parent, folders, files in os.walk(folder, onerror=_raise):
            named_like_files = [name for name in folders if Path(name).suffix.lower() in FILE_SUFFIXES]
            folders[:] = sorted(
                name
                for name in folders
                if not name.startswith(".") and name != "receipts" and name not in named_like_files
            )
            for name in files + named_like_files:
                if name.startswith((".", "~$")) or name.lower().endswith(NOT_EXTRACTS):
                    continue
                delivery = _delivery(Path(parent) / name, name + MANIFEST_SUFFIX in files)
                if delivery is not None:
                    deliveries.append(delivery)
    except OSError as error:
        raise Unavailable(
            f"{member_code}, {folder}: {error.strerror or error}; "
            "expected a folder that can be read; it is tried again"
        ) from error
    return sorted(deliveries, key=lambda delivery: (delivery.modified_ns, delivery.name, str(delivery.path)))


def _raise(error: OSError) -> None:
    raise error


def _delivery(path: Path, may_have_manifest: bool) -> Delivery | None:
    """A file as it lies there, with its manifest; None when it has been taken away meanwhile.

    A name in the letters of another code page is kept with the sign for what cannot be read.
    """
    manifest = path.with_name(path.name + MANIFEST_SUFFIX)
    name = os.fsencode(path.name).decode("utf-8", "replace")
    try:
        status = path.lstat()
        if not may_have_manifest or not manifest.is_file():
            return Delivery(path, name, status.st_size, status.st_mtime_ns, None)
        manifest_time = manifest.stat().st_mtime_ns
    except FileNotFoundError:
        return None
    return Delivery(path, name, status.st_size, status.st_mtime_ns, manifest, manifest_time)


def has_work(settings: Settings) -> bool:
    """Whether any member has a file that has not been looked at. Cheap: names, sizes and times only.

    An inbox that cannot be read may hold one: receiving tries it, and says what is wrong.
    """
    for member in load_members(settings).values():
        try:
            deliveries = list_deliveries(settings, member.code)
        except Unavailable:
            return True
        if _waiting(settings, member, deliveries) or _is_untidy(settings, member.code):
            return True
    return False


def _waiting(
    settings: Settings, member: Member, deliveries: list[Delivery], ledger: Ledger | None = None
) -> list[Delivery]:
    """The deliveries that have not been looked at."""
    if not deliveries:
        return []
    ledger = ledger or Ledger.read(settings, member.code)
    return [
        delivery
        for delivery in deliveries
        if not ledger.is_done(delivery, reading_fingerprint(member, delivery.name))
    ]


def receive_member(settings: Settings, member: Member, key: TokenKey | None = None) -> ReceiveOutcome:
    """Land everything new of one member, and let go of originals that are kept no longer.

    `key` makes its tokens of parties; without it the directory of keys has it, where tokens are asked for.
    Errors: Unavailable (another process is at it, the disk is full).
    """
    outcome = ReceiveOutcome(member.code)
    try:
        deliveries = list_deliveries(settings, member.code)
    except Unavailable as error:
        outcome.status, outcome.message_en = "UNREACHABLE", str(error)
        return outcome
    if not _waiting(settings, member, deliveries) and not _is_untidy(settings, member.code):
        return outcome
    with _alone(settings, member.code) as scratch:
        _tidy(settings, member.code)
        # Read again: another process may have been at it until now.
        ledger = Ledger.read(settings, member.code)
        waiting = _waiting(settings, member, deliveries, ledger)
        _require_space(settings, member.code, sum(delivery.byte_count for delivery in waiting))
        try:
            # No report on progress has a party in it.
            has_items = any(report_of(delivery.name) is None for delivery in waiting)
            if has_items and member.has_tokens and key is None:
                key = _key_of(settings, member)
            with Sandbox(settings, scratch.with_name(f"{member.code}.spill")) as sandbox:
                _Receiving(settings, member, ledger, sandbox, scratch, outcome, key).receive(waiting)
        except (MemberFileError, KeyStoreError) as error:
            outcome.status, outcome.message_en = "ERRORED", str(error)
    if outcome.status == "NOTHING_NEW":
        if outcome.extracts_refused:
            outcome.status = "REFUSED"
        elif outcome.extracts_accepted or outcome.extracts_seen_before:
            outcome.status = "OK"
    return outcome


def _key_of(settings: Settings, member: Member) -> TokenKey:
    """Errors: KeyStoreError where the member has no key here."""
    if member.tokens is not None:
        raise KeyStoreError(
            f"{member.code}: the key of its tokens is in the Airflow connection {member.tokens.connection}, "
            "which this command does not open; expected to be run by make run or make airflow"
        )
    return key_of(settings, member.code)


class _Receiving:
    """Lands deliveries of one member, and counts them in `outcome`.

    Files that wait together are read together as far as READ_TOGETHER_BYTES and MOST_TOGETHER go. Each is
    then landed by itself, in the order of the deliveries.
    """

    def __init__(
        self,
        settings: Settings,
        member: Member,
        ledger: Ledger,
        sandbox: Sandbox,
        scratch: Path,
        outcome: ReceiveOutcome,
        key: TokenKey | None,
    ) -> None:
        self.key = key
        self.settings, self.member, self.ledger = settings, member, ledger
        self.sandbox, self.scratch, self.outcome = sandbox, scratch, outcome
        self.jobs: dict[str, tuple[Delivery, Job]] = {}
        self.byte_count = 0

    def receive(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            self._take(delivery)
        self._read_and_land()

    def _take(self, delivery: Delivery) -> None:
        """Keep the bytes of a delivery; what has not been received before is among the jobs then."""
        settings, member, outcome = self.settings, self.member, self.outcome
        is_too_much = self.byte_count + delivery.byte_count > READ_TOGETHER_BYTES
        if is_too_much or len(self.jobs) == MOST_TOGETHER:
            self._read_and_land()
        try:
            if not _is_complete(settings, delivery):
                outcome.files_still_growing += 1
                return
            content_sha256, original = _keep_bytes(settings, member, delivery, self.scratch)
        except OSError as error:  # no permission, a share that went away, a disk that fails
            _cannot_be_read(outcome, delivery, error)
            return
        if content_sha256 is None:
            outcome.files_still_growing += 1
            return
        try:
            stream_code, periods = place_of(member, delivery.name)
        except ExtractError:
            stream_code, periods = "", (None, None)
        extract_id = extract_id_of(member.code, stream_code, periods, content_sha256)
        if extract_id in self.jobs:  # the same once more: what becomes of the first decides
            self._read_and_land()
        known = self.ledger.extracts.get(extract_id)
        if known is not None and known["status"] == ACCEPTED:
            self.ledger.note_again(delivery.key, delivery.name, known)
            outcome.extracts_seen_before += 1
            return
        scratch = self.scratch / str(len(self.jobs))
        scratch.mkdir()
        job = Job(
            member,
            original or delivery.path,
            delivery.name,
            extract_id,
            delivery.received_at.date(),
            scratch,
            delivery.manifest_path,
            content_sha256,
            self.key,
        )
        self.jobs[extract_id] = delivery, job
        self.byte_count += delivery.byte_count

    def _read_and_land(self) -> None:
        """Read and land what has been taken."""
        if not self.jobs:
            return
        taken = list(self.jobs.values())
        self.jobs, self.byte_count = {}, 0
        readings = self.sandbox.read_together([job for _, job in taken])
        for position, (delivery, job) in enumerate(taken):
            if readings is not None:
                self._land(delivery, job, *readings[position])
            else:
                self._read_alone(delivery, job)
        _clear(self.scratch)

    def _read_alone(self, delivery: Delivery, job: Job) -> None:
        _clear(job.scratch)
        try:
            manifest, reading = self.sandbox.read(job)
        except OSError as error:
            _cannot_be_read(self.outcome, delivery, error)
        except (MemberFileError, Unavailable):
            raise
        except PacificParcelsError as error:  # a defect of ours, which the next file may not meet
            self.outcome.status = "ERRORED"
            self.outcome.message_en = f"{self.member.code}, {delivery.name}: {error}"
        else:
            self._land(delivery, job, manifest, reading)

    def _land(self, delivery: Delivery, job: Job, manifest: Manifest | None, reading: Reading) -> None:
        settings, member, outcome = self.settings, self.member, self.outcome
        _discard_unfinished(settings, member, job.extract_id)
        files = {} if reading.is_refused else _move_in(settings, member, job.extract_id, reading)
        rejected = settings.rejected / f"member_code={member.code}" / f"{job.extract_id}.parquet"
        if reading.rejected_file is not None:
            _put(reading.rejected_file, rejected)
        else:
            rejected.unlink(missing_ok=True)  # of an earlier refusal of the same bytes
        receipt = new_receipt(member, delivery, job.extract_id, job.content_sha256, manifest, reading, files)
        self.ledger.enter(receipt)
        if reading.is_refused:
            outcome.extracts_refused += 1
            if outcome.status == "NOTHING_NEW":  # else it says what is wrong with us
                first = receipt["rules"][0]
                remedy = f"{first['title_en']} {first['remedy_en']}"
                outcome.message_en = f"{member.code}, {delivery.name}: {remedy}"
        else:
            outcome.extracts_accepted += 1
        outcome.rows_in += reading.rows_in
        outcome.rows_accepted += 0 if reading.is_refused else reading.rows_accepted
        outcome.rows_rejected += reading.rows_rejected
        outcome.rows_duplicate += reading.rows_duplicate


def _cannot_be_read(outcome: ReceiveOutcome, delivery: Delivery, error: OSError) -> None:
    outcome.status = "UNREACHABLE"
    outcome.message_en = (
        f"{outcome.member_code}, {delivery.name}: {error.strerror or error}; "
        "expected a file that can be read; it is tried again"
    )


def _is_complete(settings: Settings, delivery: Delivery) -> bool:
    """Where a manifest says the size: when it has it. Else when it has been left alone for a while."""
    if delivery.manifest_path is not None:
        try:
            expected = read_manifest(delivery.manifest_path).byte_count
        except ExtractError:
            return True
        if expected is not None:
            return expected <= delivery.byte_count
    age = time.time() - delivery.modified_ns / 1e9
    if age < settings.quiet_seconds:
        # A source whose clock is ahead of ours gives times to come.
        time.sleep(min(settings.quiet_seconds, settings.quiet_seconds - age))
    return _is_unchanged(delivery)


def _is_unchanged(delivery: Delivery) -> bool:
    try:
        status = delivery.path.lstat()
    except FileNotFoundError:
        return False
    return (status.st_size, status.st_mtime_ns) == (delivery.byte_count, delivery.modified_ns)


def _keep_bytes(
    settings: Settings, member: Member, delivery: Delivery, scratch: Path
) -> tuple[str | None, Path | None]:
    """Copy the bytes untouched under their SHA-256: (hash, path). (None, None): the file changed meanwhile.

    What is no file (a folder, a link) has no bytes: its name stands for them.
    """
    if not os.path.lexists(delivery.path):
        return None, None
    if delivery.path.is_symlink() or not delivery.path.is_file():
        return hashlib.sha256(delivery.name.encode()).hexdigest(), None
    copy = scratch / "original"
    try:
        shutil.copyfile(delivery.path, copy)
    except FileNotFoundError:
        return None, None
    if not _is_unchanged(delivery):
        return None, None
    with copy.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    suffix = Path(delivery.name).suffix.lower()
    is_usual = len(suffix.encode()) <= LONGEST_SUFFIX
    path = settings.originals / member.code / f"{sha256}{suffix if is_usual else ''}"
    copy.chmod(OWNER_ONLY_FILE)
    _put(copy, path)
    return sha256, path


def _discard_unfinished(settings: Settings, member: Member, extract_id: str) -> None:
    """Take away what a killed attempt has left, which another member file may have read into other files."""
    for folder in (settings.items, *(settings.gap / table for table in TABLES)):
        for path in (folder / f"member_code={member.code}").glob(f"*/{extract_id}*.parquet"):
            path.unlink()


def _move_in(settings: Settings, member: Member, extract_id: str, reading: Reading) -> dict[str, list[str]]:
    """Give the accepted files their place; the files by month, relative to the landing."""
    files: dict[str, list[str]] = {}
    table = table_of(reading.stream_code)
    place = settings.items if table is None else settings.gap / table.name
    for period, scratch_file in reading.accepted_files:
        folder = place / f"member_code={member.code}" / f"time_period={period}"
        part = len(files.setdefault(period, []))
        path = folder / f"{extract_id}{f'-{part}' if part else ''}.parquet"
        _put(scratch_file, path)
        files[period].append(str(path.relative_to(settings.landing)))
    return files


def _put(scratch_file: Path, path: Path) -> None:
    """Give a file its place, at once and whole, also where that is on another disk than the originals."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        scratch_file.replace(path)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        unfinished = path.with_name(f".{path.name}.unfinished")
        shutil.copyfile(scratch_file, unfinished)
        unfinished.replace(path)


def _is_untidy(settings: Settings, member_code: str) -> bool:
    """Whether originals lie where they did before they had a place of their own, or are kept no longer."""
    return _old_raw(settings, member_code).exists() or any(_no_longer_kept(settings, member_code))


def _tidy(settings: Settings, member_code: str) -> None:
    """Move originals out of the landing, and let go of those that are kept no longer.

    Until November 2026 they lay in landing/raw, and the scratch files of reading in landing/.scratch.
    """
    old = _old_raw(settings, member_code)
    for path in sorted(old.glob("*")):
        path.chmod(OWNER_ONLY_FILE)
        moved = settings.originals / member_code / path.name
        changed_at = path.stat().st_mtime_ns
        _put(path, moved)
        os.utime(moved, ns=(changed_at, changed_at))
        path.unlink(missing_ok=True)
    for folder in (old, settings.landing / ".scratch" / member_code):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(settings.landing / ".scratch" / f"{member_code}.spill", ignore_errors=True)
    (settings.landing / ".scratch" / f"{member_code}.lock").unlink(missing_ok=True)
    for folder in (old.parent, settings.landing / ".scratch"):
        with suppress(OSError):  # another member's are still there, or it never was
            folder.rmdir()
    for path in _no_longer_kept(settings, member_code):
        path.unlink(missing_ok=True)


def _old_raw(settings: Settings, member_code: str) -> Path:
    return settings.landing / "raw" / member_code


def _no_longer_kept(settings: Settings, member_code: str) -> Iterator[Path]:
    """The originals of a member that came longer ago than originals are kept."""
    if settings.originals_days is None:
        return
    oldest = time.time() - settings.originals_days * SECONDS_OF_A_DAY
    for path in (settings.originals / member_code).glob("*"):
        if path.stat().st_mtime < oldest:
            yield path


def _require_space(settings: Settings, member_code: str, byte_count: int) -> None:
    free = shutil.disk_usage(settings.home).free
    if free < FREE_DISK_FACTOR * byte_count:
        raise Unavailable(
            f"{member_code}, {settings.home}: {free:,} bytes are free; "
            f"expected {FREE_DISK_FACTOR * byte_count:,} for {byte_count:,} bytes of new files; "
            "make room and run again"
        )


@contextmanager
def _alone(settings: Settings, member_code: str) -> Iterator[Path]:
    """An empty scratch directory of this member, for one process at a time.

    The lock goes with the process, however it ends.
    """
    folder = settings.originals / ".scratch" / member_code
    settings.originals.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_FOLDER)
    settings.originals.chmod(OWNER_ONLY_FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{member_code}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unavailable(
                f"{member_code}: another process is receiving it; expected to be alone; it is tried again"
            ) from error
        _clear(folder)
        for unfinished in (settings.receipts / member_code).glob(".*"):
            unfinished.unlink()
        try:
            yield folder
        finally:
            _clear(folder)


def _clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def receive_all(settings: Settings) -> list[ReceiveOutcome]:
    """Receive every member, one after the other, without a scheduler."""
    return [receive_member(settings, member) for member in load_members(settings).values()]
