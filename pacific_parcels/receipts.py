"""Receipts: who sent what, when, and what became of each of its rows. All else is built from this ledger.

One JSON file per extract, `receipts/<MEMBER>/<extract_id>.json`, written last: an extract without a receipt
has not happened. A delivery of bytes that were seen before leaves a short note of its own,
`<extract_id>.again-<delivery>.json`, and nothing else changes. No receipt holds a value of a record but sums,
nor a name of a person.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from pacific_parcels.contract import CONTRACT_VERSION, RULES
from pacific_parcels.errors import PacificParcelsError
from pacific_parcels.faults import Fault
from pacific_parcels.gap import STREAM_CODES, gap_fingerprint, report_of
from pacific_parcels.layout import quoted
from pacific_parcels.members import PROGRESS, Member, Terms, load_members
from pacific_parcels.reading import Manifest, Reading
from pacific_parcels.settings import Settings

ACCEPTED, REFUSED, SEEN_BEFORE = "ACCEPTED", "REFUSED", "SEEN_BEFORE"
# As terms on progress stand among those on indicators.
DETAIL_OF_PROGRESS = {"counted": "none", "named": "detail"}


@dataclass(frozen=True)
class Delivery:
    """One file as it lies at the source: name, size and time tell whether it has been looked at already."""

    path: Path
    name: str
    byte_count: int
    modified_ns: int
    manifest_path: Path | None
    manifest_modified_ns: int = 0

    @property
    def key(self) -> str:
        """Identity of this delivery, the manifest beside it included: a mended one is a new delivery."""
        text = f"{self.name}|{self.byte_count}|{self.modified_ns}|{self.manifest_modified_ns}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def received_at(self) -> datetime:
        return datetime.fromtimestamp(self.modified_ns // 1_000_000_000, UTC)


def extract_id_of(
    member_code: str, stream_code: str, periods: tuple[str | None, str | None], content_sha256: str
) -> str:
    """Identity of an extract: the same bytes for the same months, whatever the name, however often sent."""
    text = "|".join([member_code, stream_code, periods[0] or "", periods[1] or "", content_sha256])
    return f"{member_code.lower()}-{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def reading_fingerprint(member: Member, source_name: str) -> str:
    """What a reading depends on besides the bytes: a refused extract is read again when this changes."""
    if report_of(source_name) is not None:
        return gap_fingerprint()
    text = CONTRACT_VERSION + member.model_dump_json(include={"code", "time_zone", "extracts"})
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Atomically: the file is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    with scratch.open("w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)


def new_receipt(
    member: Member,
    delivery: Delivery,
    extract_id: str,
    content_sha256: str,
    manifest: Manifest | None,
    reading: Reading,
    files: dict[str, list[str]],
) -> dict[str, Any]:
    """The receipt of one extract. `files` are the landed Parquet files by month, relative to the landing."""
    vintage_at = manifest.extracted_at if manifest and manifest.extracted_at else delivery.received_at
    return {
        "extract_id": extract_id,
        "member_code": member.code,
        "stream_code": reading.stream_code,
        "source_name": delivery.name,
        "delivery": delivery.key,
        "content_sha256": content_sha256,
        "byte_count": delivery.byte_count,
        "received_at": _utc(delivery.received_at),
        "vintage_at": _utc(vintage_at),
        "status": REFUSED if reading.is_refused else ACCEPTED,
        "is_synthetic": ".synthetic" in delivery.name,
        "has_manifest": manifest is not None,
        "contract_version": CONTRACT_VERSION,
        "reading_fingerprint": reading_fingerprint(member, delivery.name),
        "layout_valid_from": reading.layout_valid_from,
        "time_period_start": reading.first_period,
        "time_period_end": reading.last_period,
        "rows_in": reading.rows_in,
        "rows_accepted": reading.rows_accepted,
        "rows_rejected": reading.rows_rejected,
        "rows_duplicate": reading.rows_duplicate,
        "rows_warned": reading.rows_warned,
        "rows_left_out": reading.rows_left_out,
        "values": [
            {
                "currency_code": value.currency_code,
                "accepted_value": str(value.accepted),
                "rejected_value": str(value.rejected),
                "duplicate_value": str(value.duplicate),
            }
            for value in reading.values
        ],
        "periods": []
        if reading.is_refused
        else [
            {"time_period": period, "items": items, "files": files.get(period, [])}
            for period, items in sorted(reading.items_by_period.items())
        ],
        "rules": [fault_on_receipt(fault) for fault in reading.faults],
    }


def fault_on_receipt(fault: Fault) -> dict[str, Any]:
    rule = RULES[fault.rule_id]
    title, remedy = rule.title.fill(fault.details), rule.remedy.fill(fault.details)
    return {
        "rule_id": fault.rule_id,
        "level": rule.level,
        "column_name": fault.column,
        "row_count": fault.row_count,
        "first_rows": list(fault.first_rows),
        "title_en": title.en,
        "title_fr": title.fr,
        "remedy_en": remedy.en,
        "remedy_fr": remedy.fr,
    }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


@dataclass
class Ledger:
    """A member's receipts: the latest of each extract, and what there is on each delivery."""

    folder: Path
    extracts: dict[str, dict[str, Any]]
    deliveries: dict[str, list[dict[str, Any]]]

    @classmethod
    def read(cls, settings: Settings, member_code: str) -> Ledger:
        ledger = cls(settings.receipts / member_code, {}, {})
        for receipt in read_receipts(ledger.folder):
            ledger._remember(receipt)
        return ledger

    def _remember(self, receipt: dict[str, Any]) -> None:
        self.deliveries.setdefault(receipt["delivery"], []).append(receipt)
        if receipt["status"] != SEEN_BEFORE:
            self.extracts[receipt["extract_id"]] = receipt

    def is_done(self, delivery: Delivery, fingerprint: str) -> bool:
        """For good when it was accepted; when it was refused, until our reading of the member changes."""
        return any(
            receipt.get("outcome", receipt["status"]) == ACCEPTED
            or receipt["reading_fingerprint"] == fingerprint
            for receipt in self.deliveries.get(delivery.key, [])
        )

    def note_again(self, delivery_key: str, source_name: str, known: dict[str, Any]) -> None:
        """Note that a delivery brought an extract that has its receipt already."""
        note = {
            "extract_id": known["extract_id"],
            "delivery": delivery_key,
            "source_name": source_name,
            "status": SEEN_BEFORE,
            "outcome": known["status"],
            "reading_fingerprint": known["reading_fingerprint"],
        }
        write_json(self.folder / f"{known['extract_id']}.again-{delivery_key}.json", note)
        self._remember(note)

    def enter(self, receipt: dict[str, Any]) -> None:
        """Write a receipt: from here on the extract has happened.

        It may take the place of an earlier refusal of the same bytes. Where those came by another delivery,
        that one keeps a note, or it would be looked at again and again. Where this delivery was then taken
        for another extract (its name was not known yet), that refusal goes.
        """
        earlier = self.extracts.get(receipt["extract_id"])
        if earlier is not None and earlier["delivery"] != receipt["delivery"]:
            self.note_again(earlier["delivery"], earlier["source_name"], earlier)
        for other in self.deliveries.get(receipt["delivery"], []):
            is_standing = self.extracts.get(other["extract_id"]) is other  # by no other delivery meanwhile
            if is_standing and other["status"] == REFUSED and other["extract_id"] != receipt["extract_id"]:
                (self.folder / f"{other['extract_id']}.json").unlink(missing_ok=True)
                del self.extracts[other["extract_id"]]
        write_json(self.folder / f"{receipt['extract_id']}.json", receipt)
        self._remember(receipt)


def read_receipts(directory: Path) -> Iterator[dict[str, Any]]:
    """The receipts of one member. Errors: PacificParcelsError when one was damaged by another hand."""
    for path in sorted(directory.glob("*.json")):
        try:
            yield json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise PacificParcelsError(
                f"{path}: the receipt is no JSON; expected it as it was written; restore it from a backup, "
                "or move it away and receive the extract again"
            ) from error


INPUT_COLUMNS: dict[str, dict[str, str]] = {
    "members": {
        "member_code": "VARCHAR",
        "name_en": "VARCHAR",
        "name_fr": "VARCHAR",
        "currency_code": "VARCHAR",
        "time_zone": "VARCHAR",
        "languages": "VARCHAR[]",
        "customs_system": "VARCHAR",
        "is_oco_member": "BOOLEAN",
    },
    "member_terms": {
        "member_code": "VARCHAR",
        "audience_class": "VARCHAR",
        "indicator_group": "VARCHAR",
        "detail": "VARCHAR",
        "minimum_cell_items": "INTEGER",
    },
    "de_minimis": {
        "member_code": "VARCHAR",
        "channel_code": "VARCHAR",
        "valid_from": "DATE",
        "valid_to": "DATE",
        "amount": "DECIMAL(18,2)",
        "currency_code": "VARCHAR",
        "basis_code": "VARCHAR",
        "scope_code": "VARCHAR",
        "mode_code": "VARCHAR",
        "source": "VARCHAR",
    },
    "taxes": {
        "member_code": "VARCHAR",
        "name_en": "VARCHAR",
        "valid_from": "DATE",
        "valid_to": "DATE",
        "rate_pct": "DECIMAL(5,2)",
        "low_value_collector_code": "VARCHAR",
        "source": "VARCHAR",
    },
    "capacities": {
        "member_code": "VARCHAR",
        "port_code": "VARCHAR",
        "customs_office_code": "VARCHAR",
        "valid_from": "DATE",
        "valid_to": "DATE",
        "items_per_day": "INTEGER",
        "source": "VARCHAR",
    },
    "stream_columns": {
        "member_code": "VARCHAR",
        "stream_code": "VARCHAR",
        "column_name": "VARCHAR",
        "valid_from": "VARCHAR",
        "valid_to": "VARCHAR",
    },
    "streams": {
        "member_code": "VARCHAR",
        "stream_code": "VARCHAR",
        "cadence": "VARCHAR",
        "due_days": "INTEGER",
    },
    "receipts": {
        "extract_id": "VARCHAR",
        "member_code": "VARCHAR",
        "stream_code": "VARCHAR",
        "source_name": "VARCHAR",
        "content_sha256": "VARCHAR",
        "byte_count": "BIGINT",
        "received_at": "TIMESTAMP",
        "vintage_at": "TIMESTAMP",
        "status": "VARCHAR",
        "is_synthetic": "BOOLEAN",
        "has_manifest": "BOOLEAN",
        "rows_in": "BIGINT",
        "rows_accepted": "BIGINT",
        "rows_rejected": "BIGINT",
        "rows_duplicate": "BIGINT",
        "rows_warned": "BIGINT",
    },
    "receipt_periods": {
        "extract_id": "VARCHAR",
        "member_code": "VARCHAR",
        "stream_code": "VARCHAR",
        "time_period": "VARCHAR",
        "items": "BIGINT",
    },
    "receipt_values": {
        "extract_id": "VARCHAR",
        "currency_code": "VARCHAR",
        "accepted_value": "DECIMAL(38,2)",
        "rejected_value": "DECIMAL(38,2)",
        "duplicate_value": "DECIMAL(38,2)",
    },
    "receipt_rules": {
        "extract_id": "VARCHAR",
        "member_code": "VARCHAR",
        "rule_id": "VARCHAR",
        "column_name": "VARCHAR",
        "level": "VARCHAR",
        "title_en": "VARCHAR",
        "title_fr": "VARCHAR",
        "remedy_en": "VARCHAR",
        "remedy_fr": "VARCHAR",
        "row_count": "BIGINT",
    },
    "gap_reports": {
        "extract_id": "VARCHAR",
        "member_code": "VARCHAR",
        "stream_code": "VARCHAR",
        "source_name": "VARCHAR",
        "content_sha256": "VARCHAR",
        "time_period_start": "VARCHAR",
        "time_period_end": "VARCHAR",
        "received_at": "TIMESTAMP",
        "vintage_at": "TIMESTAMP",
        "status": "VARCHAR",
        "is_synthetic": "BOOLEAN",
        "rows_in": "BIGINT",
        "rows_accepted": "BIGINT",
        "rows_rejected": "BIGINT",
        "rows_duplicate": "BIGINT",
        "rows_warned": "BIGINT",
    },
    "holds": {
        "extract_id": "VARCHAR",
        "time_period": "VARCHAR",
        "expectation_id": "VARCHAR",
        "reason_en": "VARCHAR",
        "reason_fr": "VARCHAR",
    },
}


def input_rows(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """What dbt is given besides the items, by table.

    Ordered, and without a wall clock: a pure function of the landing and the members.
    """
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in INPUT_COLUMNS}
    members = load_members(settings)
    for member in members.values():
        rows["members"].append(
            {
                "member_code": member.code,
                "name_en": member.name.en,
                "name_fr": member.name.fr,
                "currency_code": member.currency,
                "time_zone": member.time_zone,
                "languages": list(member.languages),
                "customs_system": member.customs_system.name if member.customs_system else None,
                "is_oco_member": member.is_oco_member,
            }
        )
        sharing = member.sharing
        for audience_class, details in (
            ("own", dict.fromkeys((*Terms.model_fields, PROGRESS), "detail")),
            ("peers", sharing.peers.model_dump() | {PROGRESS: DETAIL_OF_PROGRESS[sharing.progress.peers]}),
            ("public", sharing.public.model_dump() | {PROGRESS: DETAIL_OF_PROGRESS[sharing.progress.public]}),
        ):
            rows["member_terms"] += [
                {
                    "member_code": member.code,
                    "audience_class": audience_class,
                    "indicator_group": group.upper(),
                    "detail": detail,
                    "minimum_cell_items": 1 if audience_class == "own" else sharing.minimum_cell_items,
                }
                for group, detail in details.items()
            ]
        for line in member.de_minimis:
            ends = member.ends_of(line)
            rows["de_minimis"] += [
                {
                    "member_code": member.code,
                    "channel_code": channel,
                    "valid_from": line.valid_from and line.valid_from.isoformat(),
                    "valid_to": end and end.isoformat(),
                    "amount": str(line.amount),
                    "currency_code": line.currency,
                    "basis_code": line.basis,
                    "scope_code": line.scope,
                    "mode_code": line.mode,
                    "source": line.source,
                }
                for channel, end in ends.items()
            ]
        rows["taxes"] += [
            {
                "member_code": member.code,
                "name_en": tax.name.en,
                "valid_from": tax.valid_from and tax.valid_from.isoformat(),
                "valid_to": (end := member.end_of(tax)) and end.isoformat(),
                "rate_pct": str(tax.rate_pct),
                "low_value_collector_code": tax.low_value_collector,
                "source": tax.source,
            }
            for tax in member.taxes
        ]
        rows["capacities"] += [
            {
                "member_code": member.code,
                "port_code": line.port,
                "customs_office_code": line.office,
                "valid_from": line.valid_from and line.valid_from.isoformat(),
                "valid_to": (end := member.end_of(line)) and end.isoformat(),
                "items_per_day": line.items_per_day,
                "source": line.source,
            }
            for line in member.capacity
        ]
        rows["stream_columns"] += [
            {
                "member_code": member.code,
                "stream_code": code,
                "column_name": column,
                # The first layout also serves what is older than it.
                "valid_from": layout.valid_from if place else None,
                "valid_to": stream.layouts[place + 1].valid_from if place + 1 < len(stream.layouts) else None,
            }
            for code, stream in member.extracts.items()
            for place, layout in enumerate(stream.layouts)
            for column in layout.columns
        ]
        rows["streams"] += [
            {
                "member_code": member.code,
                "stream_code": code,
                "cadence": stream.cadence,
                "due_days": stream.due_days,
            }
            for code, stream in member.extracts.items()
        ]
        for receipt in read_receipts(settings.receipts / member.code):
            if receipt["status"] == SEEN_BEFORE:
                continue
            # Of a report on progress no month of items is made.
            if receipt["stream_code"] in STREAM_CODES:
                rows["gap_reports"].append({name: receipt[name] for name in INPUT_COLUMNS["gap_reports"]})
                continue
            identity = {
                "extract_id": receipt["extract_id"],
                "member_code": member.code,
                "stream_code": receipt["stream_code"],
            }
            rows["receipts"].append({name: receipt[name] for name in INPUT_COLUMNS["receipts"]})
            rows["receipt_periods"] += [
                identity | {"time_period": period["time_period"], "items": period["items"]}
                for period in receipt["periods"]
            ]
            rows["receipt_values"] += [
                {"extract_id": receipt["extract_id"], **value} for value in receipt["values"]
            ]
            rows["receipt_rules"] += [identity | rule for rule in receipt["rules"]]
    for path in sorted(settings.holds.glob("*.json")):
        rows["holds"].append(json.loads(path.read_text(encoding="utf-8")))
    return rows


def write_inputs(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """Write warehouse/inputs/<table>.parquet for each table of INPUT_COLUMNS, each atomically.

    The rows that were written, as `input_rows` gave them: what comes in from now on is not among them.
    """
    found = input_rows(settings)
    settings.inputs.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(config={"threads": settings.threads, "memory_limit": settings.memory_limit})
    try:
        for table, rows in found.items():
            columns = INPUT_COLUMNS[table]
            lines = settings.inputs / f".{table}.jsonl"
            with lines.open("w", encoding="utf-8") as file:
                for row in rows:
                    file.write(
                        json.dumps(
                            {name: row.get(name) for name in columns}, ensure_ascii=False, default=_plain
                        )
                        + "\n"
                    )
            structure = ", ".join(f"'{name}': '{sql_type}'" for name, sql_type in columns.items())
            scratch, path = settings.inputs / f".{table}.parquet", settings.inputs / f"{table}.parquet"
            connection.execute(
                f"copy (select * from read_json({quoted(str(lines))}, format = 'newline_delimited', "
                f"auto_detect = false, columns = {{{structure}}})) to {quoted(str(scratch))} (format parquet)"
            )
            scratch.replace(path)
            lines.unlink()
    finally:
        connection.close()
    return found


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in an input of the warehouse")
