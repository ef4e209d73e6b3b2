"""What lies at a member's source and was not fetched before comes into its inbox: whole, once, in its order.

    the source ▸ inbox/<member>/.fetching/ ▸ inbox/<member>/<name>
    landing/receipts/<MEMBER>/ ▸ the source's folder receipts/: <name>.receipt.json and <name>.receipt.html
    sources/<MEMBER>.json      what was fetched, and which receipts were returned

The clients are those of Airflow's providers, and addresses and secrets are Airflow connections. Nothing at a
source is ever deleted, renamed or written over but our own receipts. A transfer that was cut off stays in
.fetching/, and the next try goes on from there; when the file was changed meanwhile it starts anew. Killed at
any instant and run again it ends the same: a file fetched twice has the same bytes and the same time.

Errors: Unavailable for everything that a source does to us, with what to mend where waiting does not help.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dags.fetching import Fetched, Inbox, SourceLedger, alone
from dags.places import Changed, Found, Place, Unreadable, place_of, receipts_place
from dags.reports import fetch_reports
from pacific_parcels.errors import ExtractError
from pacific_parcels.landing import NOT_EXTRACTS
from pacific_parcels.members import HttpsSource, Member, load_members
from pacific_parcels.reading import MANIFEST_SUFFIX, read_manifest
from pacific_parcels.receipt_page import Language, page, returned
from pacific_parcels.receipts import SEEN_BEFORE
from pacific_parcels.settings import Settings

LONGEST_NAME = 255  # bytes, in every file system that an inbox lies on
LARGEST_MANIFEST = 1 << 20


def has_sources(settings: Settings) -> bool:
    """Whether any member has its extracts fetched: only asking tells whether something is new there."""
    return any(member.source is not None for member in load_members(settings).values())


def fetch(settings: Settings, member: Member, now: datetime | None = None) -> Fetched:
    """Fetch what is complete and new. What came before an error stays, and is not fetched again."""
    if member.source is None:
        return Fetched()
    fetched = Fetched()
    with alone(settings, member):
        ledger = SourceLedger.read(settings, member)
        inbox = Inbox(settings, member)
        try:
            if isinstance(member.source, HttpsSource):
                fetch_reports(member, member.source, inbox, ledger, now or datetime.now(UTC), fetched)
            else:
                with place_of(member) as place:
                    _fetch_files(settings, place, inbox, ledger, fetched)
        finally:
            ledger.write()
    return fetched


def return_receipts(settings: Settings, member: Member) -> int:
    """Return the receipts that were not returned yet, in the order they came about; how many they were.

    A report that is downloaded has no folder to return them to: they go to inbox/<member>/receipts, as for a
    member without a source. Errors: Unavailable; what was received stays received, and the next run returns
    the rest.
    """
    folder = settings.receipts / member.code
    if not _not_returned(folder, SourceLedger.read(settings, member)):
        return 0
    with alone(settings, member):
        ledger = SourceLedger.read(settings, member)
        waiting = _not_returned(folder, ledger)
        language: Language = "fr" if _speaks_french(member) else "en"
        try:
            with receipts_place(settings, member) as place:
                for path, modified_ns in waiting:
                    receipt = _receipt(path)
                    name = _receipt_name(receipt)
                    content = json.dumps(returned(receipt), ensure_ascii=False, indent=1) + "\n"
                    place.put_receipt(f"{name}.json", content.encode())
                    place.put_receipt(f"{name}.html", page(receipt, language).encode())
                    ledger.returned[path.name] = modified_ns
        finally:
            ledger.write()
    return len(waiting)


def _speaks_french(member: Member) -> bool:
    return next((code for code in member.languages if code in ("en", "fr")), "en") == "fr"


def _not_returned(folder: Path, ledger: SourceLedger) -> list[tuple[Path, int]]:
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        there = [
            (Path(entry.path), entry.stat().st_mtime_ns)
            for entry in entries
            if entry.name.endswith(".json") and not entry.name.startswith(".")
        ]
    waiting = [(path, time_ns) for path, time_ns in there if ledger.returned.get(path.name) != time_ns]
    return sorted(waiting, key=lambda one: (one[1], one[0].name))


def _receipt(path: Path) -> dict[str, Any]:
    """A receipt; the note of a delivery that was seen before is completed by the receipt it refers to."""
    receipt: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if receipt["status"] != SEEN_BEFORE:
        return receipt
    known = path.with_name(f"{receipt['extract_id']}.json")
    return {**json.loads(known.read_text(encoding="utf-8")), **receipt}  # written before the note, and kept


def _receipt_name(receipt: dict[str, Any]) -> str:
    name = f"{receipt['source_name']}.receipt"
    return name if len(f"{name}.json".encode()) <= LONGEST_NAME else f"{receipt['extract_id']}.receipt"


@dataclass
class Unit:
    """A file and the manifest beside it."""

    file: Found
    manifest: Found | None
    manifest_part: Path | None = None
    sha256: str | None = None
    is_as_its_manifest_says: bool | None = None

    @property
    def both(self) -> list[Found]:
        return [found for found in (self.file, self.manifest) if found is not None]

    @property
    def identities(self) -> list[str]:
        return [found.identity for found in self.both]


def _units(listing: list[Found]) -> dict[str, Unit]:
    """The files that are meant for us, by path, oldest first."""
    by_name = {found.name: found for found in listing}
    wanted = [
        found
        for found in listing
        if not found.name.startswith((".", "~$"))
        and not found.name.lower().endswith(NOT_EXTRACTS)
        and "/" not in found.name
        and "\0" not in found.name
        and len(found.name.encode("utf-8", "surrogateescape")) <= LONGEST_NAME
    ]
    wanted.sort(key=lambda found: (found.modified or 0, found.name))
    return {found.path: Unit(found, by_name.get(found.name + MANIFEST_SUFFIX)) for found in wanted}


def _fetch_files(
    settings: Settings, place: Place, inbox: Inbox, ledger: SourceLedger, fetched: Fetched
) -> None:
    units = _units(place.listing())
    ledger.keep_only({found.key for unit in units.values() for found in unit.both})
    new = {path: unit for path, unit in units.items() if not all(ledger.has(one) for one in unit.both)}
    inbox.keep_parts({inbox.part(one.key, one.identity) for unit in new.values() for one in unit.both})
    for unit in new.values():
        _read_manifest(place, inbox, unit)
    undecided = {path: unit for path, unit in new.items() if unit.is_as_its_manifest_says is None}
    growing = {path for path, unit in new.items() if unit.is_as_its_manifest_says is False}
    if undecided and place.may_hold_unfinished:
        time.sleep(settings.quiet_seconds)  # once for all of them
        later = _units(place.listing())
        growing |= {
            path
            for path, unit in undecided.items()
            if path not in later or later[path].identities != unit.identities
        }
    fetched.still_growing += len(growing)
    unreadable = []
    for path, unit in new.items():
        if path in growing:
            continue
        try:
            _bring(place, inbox, ledger, unit, fetched)
        except Changed:
            fetched.still_growing += 1
        except Unreadable:
            unreadable.append(unit.file.name)
    if unreadable:
        raise inbox.unavailable(
            f"{', '.join(unreadable[:5])}: {len(unreadable)} files may not be read; expected files that "
            "we may read; ask the administration for this right"
        )


def _read_manifest(place: Place, inbox: Inbox, unit: Unit) -> None:
    """What the manifest says of the file; nothing when there is none that can be read."""
    if unit.manifest is None or unit.manifest.byte_count > LARGEST_MANIFEST:
        return
    try:
        unit.manifest_part = _transfer(place, inbox, unit.manifest, None)
        manifest = read_manifest(unit.manifest_part)
    except Changed:
        unit.is_as_its_manifest_says = False
        return
    except (ExtractError, Unreadable):  # of a wrong one the receipt tells
        return
    unit.sha256 = manifest.sha256
    if manifest.byte_count is not None:
        unit.is_as_its_manifest_says = manifest.byte_count <= unit.file.byte_count


def _bring(place: Place, inbox: Inbox, ledger: SourceLedger, unit: Unit, fetched: Fetched) -> None:
    part = None if ledger.has(unit.file) else _transfer(place, inbox, unit.file, unit.sha256)
    if unit.manifest is not None:
        if unit.manifest_part is not None:
            inbox.move_in(unit.manifest_part, unit.manifest.name, unit.manifest.modified)
        ledger.note(unit.manifest)
    if part is not None:
        inbox.move_in(part, unit.file.name, unit.file.modified)
        fetched.files += 1
        fetched.byte_count += unit.file.byte_count
    ledger.note(unit.file)
    ledger.write_now_and_then()


def _transfer(place: Place, inbox: Inbox, found: Found, sha256: str | None) -> Path:
    """The whole file as a part in our hands. Errors: Changed, Unavailable.

    The sums are compared where the part was put together from several transfers: those that differ start
    anew. After one transfer in one go a wrong SHA-256 is the sender's, and the receipt says so.
    """
    part = inbox.part(found.key, found.identity)
    offset = part.stat().st_size if part.exists() else 0
    _continue(place, inbox, found, part, offset)
    if offset and not (_is_sum(part, "sha256", sha256) and _is_sum(part, "md5", found.md5)):
        part.unlink()
        _continue(place, inbox, found, part, 0)
    if not place.is_unchanged(found):
        part.unlink()
        raise Changed
    return part


def _continue(place: Place, inbox: Inbox, found: Found, part: Path, offset: int) -> None:
    inbox.require_space(found.byte_count - offset)
    try:
        chunks = place.chunks(found, offset) if offset < found.byte_count else iter(())
        inbox.append(part, chunks, offset)
    except Changed:
        part.unlink(missing_ok=True)
        raise
    size = part.stat().st_size
    if size > found.byte_count:
        part.unlink()
        raise Changed
    if size < found.byte_count:
        raise inbox.unavailable(
            f"{found.name}: the transfer ended after {size:,} bytes; expected {found.byte_count:,}; "
            "the next try goes on from there"
        )


def _is_sum(part: Path, algorithm: str, expected: str | None) -> bool:
    if expected is None:
        return True
    with part.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest() == expected
