"""Texts become files: one writer for each format that can be written, manifests and times."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import os
import re
import shutil
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import duckdb
from openpyxl import Workbook

from pacific_parcels.contract import COLUMNS_BY_NAME
from pacific_parcels.demo.faults import KINDS_WITHOUT_CONTROL_TOTALS
from pacific_parcels.demo.items import Items
from pacific_parcels.demo.plan import PIECE, Extract, Plan, Unit
from pacific_parcels.demo.rates import Rates
from pacific_parcels.demo.texts import Inversion, Text
from pacific_parcels.formats import load_format, read_options
from pacific_parcels.layout import quoted
from pacific_parcels.members import Layout

Totals = Counter[str]
"""Declared value in cents by currency."""

Parts = Iterable[list[tuple[Any, ...]]]
"""The rows that a writer's SELECT gives, by piece."""


class Writer(Protocol):
    """How rows of text become a file of one format."""

    is_text: bool

    def select(self, items: Items, texts: list[Text]) -> str:
        """SELECT from `items` that gives the rows of a piece, its number first, in order."""

    def write(self, file: BinaryIO, items: Items, extract: Extract, parts: Parts) -> Totals:
        """Write one extract whole and give its totals."""


class _Delimited:
    """One row for each piece: its lines in one text, and its totals by currency."""

    is_text = True

    def select(self, items: Items, texts: list[Text]) -> str:
        options = self._options(items.layout)
        null = quoted(next(iter(items.layout.null_values), ""))
        fields = [
            self._field(Text(f"coalesce({text.sql}, {null})", text.signs + null), options) for text in texts
        ]
        sign = f", {quoted(options.delimiter)}, "
        line = f"concat({sign.join(fields)})"
        structural = {fault.kind: number for number, fault in enumerate(items.faults, 1)}
        opened = f"concat({quoted(options.quote)}, 'SYN', {quoted(options.quote)}, {fields[0]})"
        too_few = fields[: max(1, len(fields) * 2 // 3)]
        line = f"""case fault
            when {structural["too_few_fields"]} then concat({sign.join(too_few)})
            when {structural["misplaced_quotes"]} then concat({sign.join([opened, *fields[1:]])})
            else {line} end"""
        totals = ", ".join(
            f"coalesce(sum(declared_value) filter (where declared_currency_code = {quoted(currency)}), 0)"
            for currency in items.currencies
        )
        return (
            f"select piece, string_agg(line, {quoted(self._line_end(options))} order by item), {totals} from "
            f"(select piece, item, declared_currency_code, declared_value, {line} as line from items) "
            "group by piece order by piece"
        )

    @staticmethod
    def _options(layout: Layout) -> Any:
        return read_options(load_format(layout.format), layout.options)

    @staticmethod
    def _line_end(options: Any) -> str:
        # What is not UTF-8 comes from a program for Windows.
        return "\n" if options.encoding == "utf-8" else "\r\n"

    @staticmethod
    def _field(text: Text, options: Any) -> str:
        """In quotation marks where it needs them."""
        special = [sign for sign in (options.delimiter, options.quote, "\n", "\r") if sign in text.signs]
        if not special:
            return text.sql
        quote = options.quote
        has_special = " or ".join(f"contains({text.sql}, {quoted(sign)})" for sign in special)
        doubled = f"replace({text.sql}, {quoted(quote)}, {quoted(quote * 2)})"
        return f"if({has_special}, concat({quoted(quote)}, {doubled}, {quoted(quote)}), {text.sql})"

    def write(self, file: BinaryIO, items: Items, extract: Extract, parts: Parts) -> Totals:
        options = self._options(extract.layout)
        # The mark of UTF-16 is written apart, so that no machine chooses the order of bytes.
        encoding = "utf-16-le" if options.encoding == "utf-16" else options.encoding
        end = self._line_end(options)
        header = io.StringIO()
        writer = csv.writer(header, delimiter=options.delimiter, quotechar=options.quote, lineterminator=end)
        writer.writerows([["SYNTHETIC EXTRACT"]] * (options.header_row - 1))
        writer.writerow(extract.layout.source_columns)
        file.write(("\ufeff" if options.encoding == "utf-16" else "").encode(encoding))
        file.write(header.getvalue().encode(encoding))
        totals: Totals = Counter()
        for ((_, lines, *sums),) in parts:
            file.write(lines.encode(encoding))
            file.write(end.encode(encoding))
            totals.update(dict(zip(items.currencies, sums, strict=True)))
        return totals


class _Workbook:
    """One row for each item. Dates, times and numbers are typed cells where the layout's form is Excel's."""

    is_text = False

    def select(self, items: Items, texts: list[Text]) -> str:
        null = quoted(items.layout.null_values[0]) if items.layout.null_values else "null"
        cells = ", ".join(f"coalesce({text.sql}, {null})" for text in texts)
        return (
            f"select piece, declared_currency_code, declared_value, {cells} from items order by piece, item"
        )

    def write(self, file: BinaryIO, items: Items, extract: Extract, parts: Parts) -> Totals:
        layout = extract.layout
        options = read_options(load_format(layout.format), layout.options)
        book = Workbook(write_only=True)
        titles = (
            [options.sheet]
            if isinstance(options.sheet, str)
            else [f"Sheet{n + 1}" for n in range(options.sheet)]
        )
        sheet = [book.create_sheet(title) for title in titles][-1]
        for _ in range(options.header_row - 1):
            sheet.append(["SYNTHETIC EXTRACT"])
        sheet.append(layout.source_columns)
        kinds = self._kinds(layout)
        totals: Totals = Counter()
        for rows in parts:
            for _, currency, cents, *texts in rows:
                totals[currency] += cents
                sheet.append([_cell(text, kind) for text, kind in zip(texts, kinds, strict=True)])
        book.properties.title = "SYNTHETIC EXTRACT"
        book.properties.created = extract.sent_at.replace(tzinfo=None)
        written = io.BytesIO()
        book.save(written)
        self._without_the_clock(written, file, extract.sent_at)
        return totals

    @staticmethod
    def _kinds(layout: Layout) -> list[str]:
        """Kind of the cells of each source column: text, decimal, date or timestamp."""
        kinds = dict.fromkeys(layout.source_columns, "text")
        for name, source in layout.columns.items():
            kind = COLUMNS_BY_NAME[name].kind
            if source.column is None or source.lookup is not None:
                continue
            if kind in ("decimal", "integer") and (layout.decimal, layout.thousands) == (".", ""):
                kinds[source.column] = "decimal"
            elif (kind, source.format or layout.dates) == ("date", "%Y-%m-%d"):
                kinds[source.column] = "date"
            elif (kind, source.format or layout.timestamps) == ("timestamp", "%Y-%m-%d %H:%M:%S"):
                kinds[source.column] = "timestamp"
        return [kinds[column] for column in layout.source_columns]

    @staticmethod
    def _without_the_clock(written: io.BytesIO, file: BinaryIO, sent_at: datetime) -> None:
        """The same archive with the invented time, not now. Uncompressed: compression differs by machine."""
        saved = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")
        stamp = f"{sent_at:%Y-%m-%dT%H:%M:%SZ}".encode()
        with zipfile.ZipFile(written) as source, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as target:
            for name in source.namelist():
                entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
                entry.create_system = 0
                target.writestr(entry, saved.sub(lambda found: found[1] + stamp, source.read(name)))


def _cell(text: str | None, kind: str) -> object:
    """The typed value of a text; the text itself where it is none, as a broken one is."""
    if text is None or kind == "text":
        return text
    try:
        if kind == "decimal":
            return float(text)
        return date.fromisoformat(text) if kind == "date" else datetime.fromisoformat(text)
    except ValueError:
        return text


WRITERS: dict[str, Writer] = {"delimited": _Delimited(), "xlsx": _Workbook()}


def write_unit(connection: duckdb.DuckDBPyConnection, rates: Rates, unit: Unit) -> None:
    """Write the files of a unit, each whole or not at all."""
    items = Items(rates, unit)
    writer = WRITERS[items.layout.format]
    select = writer.select(items, Inversion(items).texts())
    parts = _parts(connection, items, select, unit)
    for extract in unit.extracts:
        pieces = sum(-(-month.rows // PIECE) for month in extract.months)
        extract.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = extract.path.with_name(f".{extract.path.name}.tmp")
        with unfinished.open("wb") as file:
            totals = writer.write(file, items, extract, itertools.islice(parts, pieces))
        _set_time(unfinished, extract.sent_at)
        unfinished.replace(extract.path)
        if extract.series.has_manifests:
            _write_manifest(extract, totals)


def _parts(
    connection: duckdb.DuckDBPyConnection, items: Items, select: str, unit: Unit
) -> Iterator[list[tuple[Any, ...]]]:
    for batch in unit.batches():
        rows = connection.execute(f"{items.sql(batch)} {select}").fetchall()
        for _, piece in itertools.groupby(rows, key=lambda row: row[0]):
            yield list(piece)


def _write_manifest(extract: Extract, totals: Totals) -> None:
    """What the member says of the file: all its rows, and its totals where every value can be read."""
    content = extract.path.read_bytes()
    has_totals = extract.rows and extract.kinds.isdisjoint(KINDS_WITHOUT_CONTROL_TOTALS)
    manifest = {
        "synthetic": True,
        "rows": extract.rows,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "control_totals": [
            {"column": "declared_value", "currency": currency, "total": f"{Decimal(cents) / 100:.2f}"}
            for currency, cents in sorted(totals.items())
            if has_totals
        ],
        "extracted_at": f"{extract.sent_at - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
    }
    path = extract.path.with_name(f"{extract.path.name}.manifest.json")
    path.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8", newline="\n")
    _set_time(path, extract.sent_at)


def send_again(plan: Plan) -> int:
    """Copy one file of the third largest series as it is, two days later; how many were copied."""
    largest = sorted(plan.series, key=lambda series: series.weight, reverse=True)[:3]
    own = [extract for extract in plan.extracts if largest and extract.series is largest[-1]]
    if len(own) < 2:
        return 0
    first = own[len(own) // 2]
    copy = first.path.parent / "again" / first.path.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(first.path, copy)
    _set_time(copy, first.sent_at + timedelta(days=2))
    return 1


def _set_time(path: Path, moment: datetime) -> None:
    seconds = moment.timestamp()
    os.utime(path, (seconds, seconds))
