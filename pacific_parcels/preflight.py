"""The pre-flight check: a member's own file, on its own machine, by the very rules that receiving applies.

The report: one verdict sentence, counts by rule, the first examples with their rows as a spreadsheet shows
them, and every row left out in a CSV beside the file. Nothing else is kept. Only the member sees it, so it
may show the values found.
"""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import duckdb

from pacific_parcels.contract import COLUMNS_BY_NAME, RULES
from pacific_parcels.errors import ExtractError, PacificParcelsError
from pacific_parcels.members import Member
from pacific_parcels.reading import MANIFEST_SUFFIX, Reading, connect, read_sent, stream_of
from pacific_parcels.receipts import fault_on_receipt
from pacific_parcels.settings import Settings

Language = Literal["en", "fr"]
LONGEST_FOUND = 40
EXAMPLES_SHOWN = 10

VERDICTS: dict[str, dict[Language, str]] = {
    "CLEAN": {
        "en": "{name} can be sent: all {rows_in} rows are in order ({values}).",
        "fr": "{name} peut être transmis : toutes ses lignes ({rows_in}) sont en ordre ({values}).",
    },
    "NIL": {
        "en": "{name} can be sent: it reports a month without items.",
        "fr": "{name} peut être transmis : il déclare un mois sans envoi.",
    },
    "PARTIAL": {
        "en": "{name} would be accepted, but {left} of {rows_in} rows would be left out "
        "({rejected} rejected, {duplicate} duplicate). Mend them and check again before you send it.",
        "fr": "{name} serait accepté, mais sans {left} de ses {rows_in} lignes (rejetées : {rejected} ; "
        "en double : {duplicate}). Corrigez-les et vérifiez de nouveau avant l'envoi.",
    },
    "REFUSED": {
        "en": "{name} would be refused: do not send it yet.",
        "fr": "{name} serait refusé : ne l'envoyez pas encore.",
    },
}
LABELS: dict[str, dict[Language, str]] = {
    "row": {"en": "row", "fr": "ligne"},
    "rows": {"en": "rows", "fr": "lignes"},
    "found": {"en": "found", "fr": "trouvé"},
    "empty": {"en": "nothing", "fr": "rien"},
    "what_to_do": {"en": "What to do:", "fr": "Que faire :"},
    "colon": {"en": ":", "fr": " :"},
    "all_rejects": {"en": "Every row left out: {path}", "fr": "Toutes les lignes écartées : {path}"},
}


@dataclass(frozen=True)
class Example:
    """One rejected row under one rule. `found` is at most 40 characters, control characters escaped."""

    source_row: int
    rule_id: str
    column: str
    source_column: str
    found: str


@dataclass(frozen=True)
class Report:
    member_code: str
    name: str
    reading: Reading
    examples: list[Example]

    @property
    def verdict(self) -> str:
        if self.reading.is_refused:
            return "REFUSED"
        if self.reading.rows_rejected or self.reading.rows_duplicate:
            return "PARTIAL"
        return "CLEAN" if self.reading.rows_in else "NIL"

    @property
    def exit_code(self) -> int:
        """0 in order · 4 accepted with rows left out · 11 refused."""
        return {"CLEAN": 0, "NIL": 0, "PARTIAL": 4, "REFUSED": ExtractError.exit_code}[self.verdict]

    def sentence(self, language: Language) -> str:
        reading = self.reading
        values = ", ".join(
            f"{_amount(value.accepted, language)} {value.currency_code}"
            for value in reading.values
            if value.currency_code
        )
        return VERDICTS[self.verdict][language].format(
            name=self.name,
            rows_in=reading.rows_in,
            values=values,
            left=reading.rows_rejected + reading.rows_duplicate,
            rejected=reading.rows_rejected,
            duplicate=reading.rows_duplicate,
        )

    def lines(self, language: Language) -> list[str]:
        """The report for a person."""
        lines = [self.sentence(language)]
        for fault in self.reading.faults:
            words = RULES[fault.rule_id]
            title, remedy = words.title.fill(fault.details), words.remedy.fill(fault.details)
            count = (
                f"  {fault.row_count} {LABELS['row' if fault.row_count == 1 else 'rows'][language]}"
                if fault.row_count and fault.level != "FATAL"
                else ""
            )
            column = fault.column if fault.column in COLUMNS_BY_NAME else ""
            lines += [
                "",
                f"{fault.rule_id} {fault.level}{count}  {column}".rstrip(),
                f"  {getattr(title, language)}",
            ]
            shown = [
                example
                for example in self.examples
                if (example.rule_id, example.column) == (fault.rule_id, fault.column)
            ]
            for example in shown[:EXAMPLES_SHOWN]:
                where = f"{LABELS['row'][language]} {example.source_row}"
                what = (
                    f", {example.source_column}{LABELS['colon'][language]} {LABELS['found'][language]} "
                    f"{example.found or LABELS['empty'][language]}"
                    if example.source_column
                    else ""
                )
                lines.append(f"    {where}{what}")
            if not shown and fault.first_rows:
                rows = LABELS["row" if len(fault.first_rows) == 1 else "rows"][language]
                lines.append(f"    {rows} {', '.join(map(str, fault.first_rows))}")
            lines.append(f"  {LABELS['what_to_do'][language]} {getattr(remedy, language)}")
        return lines

    def to_dict(self) -> dict[str, Any]:
        reading = self.reading
        return {
            "member_code": self.member_code,
            "file": self.name,
            "verdict": self.verdict,
            "sentence_en": self.sentence("en"),
            "sentence_fr": self.sentence("fr"),
            "stream_code": reading.stream_code,
            "time_period_start": reading.first_period,
            "time_period_end": reading.last_period,
            "rows_in": reading.rows_in,
            "rows_accepted": reading.rows_accepted,
            "rows_rejected": reading.rows_rejected,
            "rows_duplicate": reading.rows_duplicate,
            "rows_warned": reading.rows_warned,
            "values": [
                {
                    "currency_code": value.currency_code,
                    "accepted_value": str(value.accepted),
                    "rejected_value": str(value.rejected),
                    "duplicate_value": str(value.duplicate),
                }
                for value in reading.values
            ],
            "rules": [fault_on_receipt(fault) for fault in reading.faults],
            "examples": [
                {
                    "row": example.source_row,
                    "rule_id": example.rule_id,
                    "column_name": example.column,
                    "source_column": example.source_column,
                    "found": example.found,
                }
                for example in self.examples
            ],
        }


def _amount(amount: Decimal, language: Language) -> str:
    """1,234.50, in French 1 234,50 (with a narrow no-break space)."""
    text = f"{amount:,}"
    return text.replace(",", "\u202f").replace(".", ",") if language == "fr" else text


def check_file(
    settings: Settings,
    member: Member,
    path: Path,
    rejects_path: Path | None = None,
    *,
    has_manifest: bool = True,
) -> Report:
    """Read a file as receiving would, with the manifest beside it unless told otherwise.

    Keeps nothing but the list of rows left out at `rejects_path`; where there are none, none of an earlier
    check stays there. Errors: FileNotFoundError, PacificParcelsError for a `rejects_path` that cannot be.
    """
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    name = path.name or str(path)  # the folder "." has none
    manifest_path = beside(path, MANIFEST_SUFFIX)
    if rejects_path is not None:
        _refuse_place_of_rejects(rejects_path, path, manifest_path)
    is_with_manifest = has_manifest and manifest_path.is_file()
    with tempfile.TemporaryDirectory(prefix="pacific-parcels-") as folder:
        scratch = Path(folder)
        (scratch / "reading").mkdir()
        connection = connect(settings, scratch / "spill")
        try:
            _, reading = read_sent(
                settings,
                connection,
                member,
                path,
                name,
                "check",
                datetime.fromtimestamp(path.stat().st_mtime, UTC).date(),
                scratch / "reading",
                manifest_path if is_with_manifest else None,
                lambda: sha256_of(path),
            )
            rows = _rejected_rows(connection, member, reading) if reading.rejected_file else []
        finally:
            connection.close()
    if rejects_path is not None and rows:
        _write_rejects(rejects_path, rows, reading)
    elif rejects_path is not None:
        rejects_path.unlink(missing_ok=True)
    return Report(member.code, name, reading, _first_of_each(rows))


def beside(path: Path, suffix: str) -> Path:
    """The file that goes with a file: in the same folder, named like it with `suffix` after it."""
    return path.parent / f"{path.name}{suffix}"


def _refuse_place_of_rejects(rejects_path: Path, path: Path, manifest_path: Path) -> None:
    """Errors: PacificParcelsError where the list would replace what is checked, or has no folder."""
    if rejects_path.resolve() in (path.resolve(), manifest_path.resolve()):
        raise PacificParcelsError(
            f"{rejects_path}: this is the extract or its manifest; expected another file; "
            "give the list of rows left out a name of its own"
        )
    if not rejects_path.parent.is_dir():
        raise PacificParcelsError(
            f"{rejects_path}: there is no folder {rejects_path.parent}; "
            "expected one for the rows left out; make it or name another"
        )


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _rejected_rows(connection: duckdb.DuckDBPyConnection, member: Member, reading: Reading) -> list[Example]:
    layout = member.extracts[reading.stream_code].layout_of(reading.first_period)
    source_columns = {name: source.column or "" for name, source in layout.columns.items()}
    source_columns |= {f"expect {index}": name for index, name in enumerate(layout.expect, 1)}
    rows = []
    for source_row, faults, values in connection.execute(
        "select source_row, faults, source_values from read_parquet(?) order by source_row",
        [str(reading.rejected_file)],
    ).fetchall():
        found = json.loads(values) if values else {}
        for fault in faults:
            rule_id, _, column = fault.partition(":")
            source_column = source_columns.get(column, "")
            rows.append(Example(source_row, rule_id, column, source_column, _shown(found.get(source_column))))
    return rows


def _shown(value: str | None) -> str:
    """At most 40 characters on one line; what cannot be seen is written as its escape."""
    text = "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in value or ""
    )
    return text if len(text) <= LONGEST_FOUND else text[: LONGEST_FOUND - 1] + "…"


def _first_of_each(rows: list[Example]) -> list[Example]:
    kept: list[Example] = []
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row.rule_id, row.column)
        counts[key] = counts.get(key, 0) + 1
        if counts[key] <= EXAMPLES_SHOWN:
            kept.append(row)
    return kept


def _write_rejects(path: Path, rows: list[Example], reading: Reading) -> None:
    details = {(fault.rule_id, fault.column): fault.details for fault in reading.faults}
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "rule_id", "column", "source_column", "found", "what_en", "what_fr"])
        for row in rows:
            words = RULES[row.rule_id].title.fill(details[row.rule_id, row.column])
            found = f"'{row.found}" if row.found.startswith(("=", "+", "-", "@", "\t", "\r")) else row.found
            writer.writerow(
                [row.source_row, row.rule_id, row.column, row.source_column, found, words.en, words.fr]
            )


def write_manifest(settings: Settings, member: Member, path: Path) -> Path:
    """Write the manifest of a file, to be sent after it: rows, bytes, checksum and control totals.

    Errors: ExtractError for a file that would be refused; FileNotFoundError.
    """
    stream_of(member, path.name)
    report = check_file(settings, member, path, has_manifest=False)
    if report.reading.is_refused:
        fault = report.reading.faults[0]
        raise ExtractError(fault.rule_id, **fault.details)
    totals = [
        {
            "column": "declared_value",
            "currency": value.currency_code,
            "total": str(value.accepted + value.rejected + value.duplicate),
        }
        for value in report.reading.values
        if value.currency_code
    ]
    content = {
        "rows": report.reading.rows_in,
        "bytes": path.stat().st_size,
        "sha256": sha256_of(path),
        "control_totals": totals,
        "extracted_at": datetime.fromtimestamp(int(path.stat().st_mtime), UTC).isoformat(),
    }
    target = beside(path, MANIFEST_SUFFIX)
    target.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return target
