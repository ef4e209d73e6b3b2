"""Excel workbooks (.xlsx): one sheet, a header row, the rows below it.

A cell becomes the text that a careful clerk would type: a date as 2026-03-05, a time as 2026-03-05
14:30:00, a number without exponent and with a decimal point, TRUE and FALSE, an error as its sign (#N/A).
So the layout of a workbook declares ISO dates, whatever Excel displays. Of a formula it takes the value
that Excel saved with it.

It carries whatever columns the sheet has. It cannot carry more than 15 digits of a number: long
identifiers have to be text cells. Old .xls files are not read.
"""

from __future__ import annotations

import errno
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from pydantic import BaseModel, ConfigDict, Field

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import Header, RegularText, Spool

LARGEST_UNPACKED = 1 << 30
LARGEST_RATIO = 200
MOST_ENTRIES = 500
WORKBOOK = {"expected": "an Excel workbook (.xlsx)", "expected_fr": "classeur Excel (.xlsx)"}


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    sheet: str | int = 1
    header_row: int = Field(default=1, ge=1)


def header(path: Path, options: Options) -> Header:
    with _rows(path, options) as rows:
        return Header(_names(rows, options))


def read(path: Path, options: Options, scratch: Path) -> RegularText:
    with _rows(path, options) as rows:
        columns = _names(rows, options)
        spool = Spool(scratch, columns)
        for number, row in rows:
            fields = [_text(value) for value in row]
            while fields and not fields[-1].strip():
                fields.pop()
            if not fields:
                continue
            if len(fields) > len(columns):
                spool.fault(number, "R101")
            else:
                spool.row(number, fields + [""] * (len(columns) - len(fields)))
    return spool.close()


def _names(rows: Iterator[tuple[int, tuple[Any, ...]]], options: Options) -> tuple[str, ...]:
    """The names of the columns; `rows` then stands below the header row."""
    for number, row in rows:
        if number == options.header_row:
            names = [_text(value).strip() for value in row]
            while names and not names[-1]:
                names.pop()
            return tuple(names)
    raise ExtractError("R001")


@contextmanager
def _rows(path: Path, options: Options) -> Iterator[Iterator[tuple[int, tuple[Any, ...]]]]:
    """The rows of the sheet, numbered from 1. Errors: ExtractError, whatever is wrong inside the workbook."""
    if path.stat().st_size == 0:
        raise ExtractError("R001")
    _refuse_bombs(path)
    try:
        workbook = load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            sheet = workbook[_sheet_name(options, workbook.sheetnames)]
            # What a workbook says of its own size is often wrong, and would cut rows and columns off.
            sheet.reset_dimensions()
            yield enumerate(sheet.iter_rows(values_only=True), 1)
        finally:
            workbook.close()
    except (ExtractError, MemoryError):
        raise
    except Exception as error:  # a damaged part makes openpyxl, zipfile, zlib or expat raise what they will
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise  # the disk, not the workbook
        raise ExtractError(
            "R014",
            **WORKBOOK,
            found=f"a part of it is damaged ({type(error).__name__})",
            found_fr=f"une partie est endommagée ({type(error).__name__})",
        ) from error


def _sheet_name(options: Options, names: list[str]) -> str:
    if isinstance(options.sheet, int) and 1 <= options.sheet <= len(names):
        return names[options.sheet - 1]
    if options.sheet in names:
        return str(options.sheet)
    listed = ", ".join(name[:40] for name in names[:12])
    raise ExtractError(
        "R014",
        expected=f"a workbook with the sheet {options.sheet}",
        expected_fr=f"classeur contenant la feuille {options.sheet}",
        found=f"the sheets {listed}" if names else "no sheet",
        found_fr=f"les feuilles {listed}" if names else "aucune feuille",
    )


def _refuse_bombs(path: Path) -> None:
    """A workbook is a zip archive: refuse one that would unpack to far more than it is.

    The sizes are those that the archive declares: zipfile reads no part beyond its declared size.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile as error:
        raise ExtractError(
            "R014", **WORKBOOK, found="another kind of file", found_fr="un fichier d'un autre type"
        ) from error
    unpacked = sum(entry.file_size for entry in entries)
    if (
        len(entries) > MOST_ENTRIES
        or unpacked > LARGEST_UNPACKED
        or unpacked > LARGEST_RATIO * max(path.stat().st_size, 1)
    ):
        raise ExtractError(
            "R014",
            expected="an Excel workbook of usual size",
            expected_fr="classeur Excel de taille habituelle",
            found=f"{len(entries)} parts of {unpacked} bytes",
            found_fr=f"{len(entries)} parties de {unpacked} octets",
        )


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S") if value.time() != time(0) else value.strftime("%Y-%m-%d")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, float):
        return format(Decimal(repr(value)).normalize(), "f")
    return str(value)
