"""Excel workbooks (.xlsx): one sheet, a header row, the rows below it.

A cell becomes the text that a careful clerk would type: a date as 2026-03-05, a time as 2026-03-05
14:30:00, a number without exponent and with a decimal point, TRUE and FALSE, an error as its sign (#N/A).
So the layout of a workbook declares ISO dates, whatever Excel displays and whether it counts days from 1900
or from 1904. Of a formula it takes the value that Excel saved with it. A number typed as text stays text.

It carries whatever columns the sheet has. It cannot carry more than 15 digits of a number: long
identifiers have to be text cells. Old .xls files are not read.
"""

from __future__ import annotations

import errno
import struct
import zipfile
from array import array
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Final, Literal

from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import ROW_TAG, WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse
from pydantic import BaseModel, ConfigDict, Field

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import Header, RegularText, Spool

NUMBERS: Literal["row"] = "row"
CANNOT_CARRY: tuple[str, ...] = ()
JOINS_DOCUMENTS = False

LARGEST_UNPACKED = 1 << 30
LARGEST_IN_MEMORY = 128 << 20  # of a part that openpyxl takes in as a whole: texts, styles
LARGEST_RATIO = 200
MOST_ENTRIES = 500
MOST_ROWS = 1_048_576  # Excel has no more
MOST_COLUMNS = 1000
SHARED_TEXT: Final = f"{{{SHEET_MAIN_NS}}}si"
SHEET_DATA: Final = f"{{{SHEET_MAIN_NS}}}sheetData"
WORKBOOK = {"expected": "an Excel workbook (.xlsx)", "expected_fr": "classeur Excel (.xlsx)"}


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    sheet: str | int = 1
    header_row: int = Field(default=1, ge=1)
    footer_rows: int = Field(default=0, ge=0, le=100)
    """Rows at the end that hold something but no item: totals, a signature."""


def header(path: Path, options: Options) -> Header:
    with _rows(path, options) as rows:
        return Header(_names(rows, options))


def read(path: Path, options: Options, scratch: Path) -> RegularText:
    with _rows(path, options) as rows, Spool(scratch, _names(rows, options)) as spool:
        held_back: deque[tuple[int, list[str]]] = deque()
        for number, row in rows:
            fields = _fields(number, row)
            if not fields:
                continue
            held_back.append((number, fields))
            if len(held_back) > options.footer_rows:
                _spool(spool, *held_back.popleft())
        return spool.close()


def _spool(spool: Spool, number: int, fields: list[str]) -> None:
    missing = len(spool.columns) - len(fields)
    if missing < 0:
        spool.fault(number, "R101", "", str(len(fields)))
    else:
        spool.row(number, fields + [""] * missing)


def _fields(number: int, row: tuple[Any, ...]) -> list[str]:
    """The texts of a row up to its last one. Errors: ExtractError R014 for a value far beyond any table."""
    beyond = row[MOST_COLUMNS:]
    if beyond.count(None) < len(beyond):
        column = MOST_COLUMNS + 1 + next(index for index, value in enumerate(beyond) if value is not None)
        raise ExtractError(
            "R014",
            expected=f"a sheet of at most {MOST_COLUMNS} columns",
            expected_fr=f"feuille d’au plus {MOST_COLUMNS} colonnes",
            found=f"a value in the cell {get_column_letter(column)}{number}",
            found_fr=f"une valeur dans la cellule {get_column_letter(column)}{number}",
        )
    fields = [_text(value) for value in row[:MOST_COLUMNS]]
    while fields and not fields[-1].strip():
        fields.pop()
    return fields


def _names(rows: Iterator[tuple[int, tuple[Any, ...]]], options: Options) -> tuple[str, ...]:
    """The names of the columns, none where that row is empty; `rows` then stands below the header row."""
    for number, row in rows:
        if number == options.header_row:
            return tuple(name.strip() for name in _fields(number, row))
        if number > options.header_row:
            return ()
    raise ExtractError("R001")


@contextmanager
def _rows(path: Path, options: Options) -> Iterator[Iterator[tuple[int, tuple[Any, ...]]]]:
    """The rows of the sheet, numbered from 1. Errors: ExtractError, whatever is wrong inside the workbook."""
    if path.stat().st_size == 0:
        raise ExtractError("R001")
    _refuse_bombs(path)
    try:
        # Given as a file and not by its name, of which openpyxl would judge the suffix.
        with path.open("rb") as file:
            reader = _Reader(file, read_only=True, data_only=True, keep_links=False)
            reader.read()
            try:
                sheet = reader.wb[_sheet_name(options, reader.wb.sheetnames)]
                yield sheet.numbered_rows()
            finally:
                reader.wb.close()
                if isinstance(reader.shared_strings, _Texts):
                    reader.shared_strings.clear()
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


class _Reader(ExcelReader):
    """A workbook whose sheets are not looked at before one is read, and whose texts take little room."""

    archive: Any  # what the stubs of openpyxl know of these is not enough
    package: Any
    parser: Any
    shared_strings: Any
    wb: Any

    def read_strings(self) -> None:
        part = self.package.find(SHARED_STRINGS)
        if part is not None:
            with self.archive.open(part.PartName[1:]) as source:
                self.shared_strings = _Texts(source)

    def read_worksheets(self) -> None:
        for sheet, rel in self.parser.find_sheets():
            if rel.target not in self.valid_files:
                continue
            if "chartsheet" in rel.Type:
                self.read_chartsheet(sheet, rel)
            else:
                self.wb._sheets.append(_Sheet(self.wb, sheet.name, rel.target, self.shared_strings))


class _Texts:
    """The texts that cells share, by their number, in the room that their letters take: a sheet of a million
    rows has millions of them, and each as an object of its own would take ten times as much."""

    def __init__(self, source: IO[bytes]) -> None:
        self.clear()
        root: Any = None
        for event, element in iterparse(source, ("start", "end")):
            if root is None:
                root = element
            elif event == "end" and element.tag == SHARED_TEXT:
                # As openpyxl reads it: an underscore is written out where it could begin an escape.
                shared: Any = Text.from_tree(element)
                text: str = shared.content.replace("x005F_", "")
                self._letters += text.encode("utf-8", "surrogatepass")
                self._ends.append(len(self._letters))
                root.clear()  # else each of them would leave an empty element

    def clear(self) -> None:
        """Give up the texts: the objects of openpyxl hold each other, and would hold them for long."""
        self._letters = bytearray()
        self._ends = array("L", [0])

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < len(self._ends) - 1:
            raise IndexError(number)
        letters = self._letters[self._ends[number] : self._ends[number + 1]]
        return letters.decode("utf-8", "surrogatepass")


class _Rows(WorkSheetParser):
    """The rows of a sheet alone. openpyxl keeps an empty element of each to the end, and its height."""

    row_dimensions: Any
    source: Any

    def parse(self) -> Generator[tuple[int, list[dict[str, Any]]], None, None]:
        sheet_data: Any = None
        for event, element in iterparse(self.source, ("start", "end")):
            if event == "end":
                if element.tag == ROW_TAG:
                    yield self.parse_row(element)
                    element.clear()
                    self.row_dimensions.clear()
                    if sheet_data is not None:
                        sheet_data.clear()
            elif element.tag == SHEET_DATA:
                sheet_data = element


class _Sheet(ReadOnlyWorksheet):
    _get_row: Any
    _get_source: Any
    _shared_strings: Any
    parent: Any

    def _get_size(self) -> None:
        """Nothing: what a sheet says of its own size is often wrong, and would cut rows and columns off.

        openpyxl reads to the end of every sheet that does not say it, wanted or not, to find none.
        """

    def numbered_rows(self) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """The rows that the sheet has, with their numbers; one that stands below a later one is passed over.

        Errors: ExtractError R014 at a row beyond Excel's last.
        """
        last = 0
        with self._get_source() as source:
            rows = _Rows(
                source,
                self._shared_strings,
                data_only=True,
                epoch=self.parent.epoch,
                date_formats=self.parent._date_formats,
                timedelta_formats=self.parent._timedelta_formats,
            )
            for number, cells in rows.parse():
                if number > MOST_ROWS:
                    raise ExtractError(
                        "R014",
                        expected=f"a sheet of at most {MOST_ROWS} rows",
                        expected_fr=f"feuille d’au plus {MOST_ROWS} lignes",
                        found="a row with a higher number",
                        found_fr="une ligne d’un numéro supérieur",
                    )
                if number > last:
                    last = number
                    yield number, self._get_row(cells, values_only=True)


def _sheet_name(options: Options, names: list[str]) -> str:
    if isinstance(options.sheet, int) and 1 <= options.sheet <= len(names):
        return names[options.sheet - 1]
    if options.sheet in names:
        return str(options.sheet)
    raise ExtractError(
        "R014",
        expected=f"a workbook with the sheet {options.sheet}",
        expected_fr=f"classeur contenant la feuille {options.sheet}",
        found=f"sheets of other names ({len(names)})" if names else "no sheet",
        found_fr=f"feuilles d’autres noms ({len(names)})" if names else "aucune feuille",
    )


def _refuse_bombs(path: Path) -> None:
    """A workbook is a zip archive: refuse one that would unpack to far more than it is.

    The sizes are those that the archive declares. A lie does not help: zipfile inflates no part beyond its
    declared size, piece by piece, as long as the part is packed in the usual way.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, struct.error) as error:
        raise ExtractError(
            "R014", **WORKBOOK, found="another kind of file", found_fr="un fichier d’un autre type"
        ) from error
    unpacked = sum(entry.file_size for entry in entries)
    is_unusual = any(
        entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries
    )
    if (
        is_unusual
        or len(entries) > MOST_ENTRIES
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
    for entry in entries:
        is_taken_in = entry.filename.endswith(".xml") and "/worksheets/" not in entry.filename
        if is_taken_in and entry.file_size > LARGEST_IN_MEMORY:
            raise ExtractError(
                "R019",
                found="memory",
                found_fr="mémoire",
                expected="128 MB for the texts of a workbook",
                expected_fr="128 Mo pour les textes d’un classeur",
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
