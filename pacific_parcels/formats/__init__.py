"""Formats: how bytes become rows of text. One module per format; the module's name is the format's name.

There is no registry. A format module gives
    Options      pydantic model of what a member file may say under `options`
    header(path, options) -> Header
                 names of the columns; cheap, so that a wrong layout is found before the rows are read
    read(path, options, scratch) -> RegularText
                 the rows, in the one shape that DuckDB reads fast and exactly
    NUMBERS      what source_row counts: rows of a spreadsheet, or records of the file
    CANNOT_CARRY columns of the contract that no file of this format can carry: it is missing then, not 0
    JOINS_DOCUMENTS
                 whether documents may stand one after the other: then an archive of many is one extract
where its messages name parties
    PARTIES      the columns that do. One is read only where the option `parties` of a layout lists it, stands
                 after the others, and is made a token and nothing else
and, where every file has the same columns, for the draft of a layout
    COLUMNS      those columns
    USUAL        by column of the contract, which of them holds it as a rule
    MEANINGS     by column of the contract, what the codes of the standard mean

Both raise ExtractError with the rule that was broken. A format knows no member and no contract.
"""

from __future__ import annotations

import csv
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, BinaryIO
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, ValidationError

from pacific_parcels.errors import MemberFileError

SPOOL_DELIMITER = "\x1f"
SPOOL_QUOTE = "\x1e"
PIECE = 1 << 14  # bytes; of larger ones most hold a line that is looked for
LONGEST_FOUND = 40  # characters of a text that is shown with a fault
LONGEST_PARTY = 256  # characters of a name that are read
LONGEST_MOMENT = 40  # characters of a text that can be a time, and is remembered
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:[.,]\d+)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)


def _known_zone(value: str) -> str:
    try:
        return ZoneInfo(value).key
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{value!r} is not an IANA time zone") from error


TimeZone = Annotated[str, AfterValidator(_known_zone)]  # of an option: the member's own


def _each_once(columns: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(columns)) < len(columns):
        raise ValueError("a column is listed twice")
    return columns


EachOnce = AfterValidator(_each_once)


def iso_moment(text: str, time_zone: str | None) -> str:
    """A time of ISO 8601 as 2026-03-05 14:30:00, local where it has an offset and the zone is known.

    Any other text, and a time with an offset where no zone is given, comes back as it is.
    """
    return text if len(text) > LONGEST_MOMENT else _iso_moment(text, time_zone)


@lru_cache(maxsize=1 << 14)  # the items of a consignment name the same times
def _iso_moment(text: str, time_zone: str | None) -> str:
    match = MOMENT.fullmatch(text)
    if match is None:
        return text
    day, minutes, seconds, offset = match.groups()
    local = f"{day} {minutes}{seconds or ':00'}"
    if offset is None:
        return local
    return text if time_zone is None else local_time(local, offset, time_zone) or text


def local_time(moment: str, offset: str, time_zone: str) -> str | None:
    """A moment (2026-03-05 14:30:00) of an offset (+08:00, Z) in a time zone; None where it is no time."""
    try:
        return datetime.fromisoformat(moment + offset).astimezone(ZoneInfo(time_zone)).isoformat(" ")[:19]
    except (ValueError, OverflowError):
        return None


def party(text: str) -> str:
    """The name of a party as one line. The longest ones are cut: nobody is called so."""
    return " ".join(text.split())[:LONGEST_PARTY]


def around_the_mark(line: str, mark: str, sign: str) -> str:
    """What stands around the first quotation mark of a line that neither opens nor closes a field."""
    beside = f"[{re.escape(sign)}{re.escape(mark)}\r\n]"
    place = re.compile(rf"(?<!{beside}){re.escape(mark)}(?!{beside})").search(line, 1)
    start = max(place.start() - LONGEST_FOUND // 2, 0) if place else 0
    return " ".join(line[start : start + LONGEST_FOUND].split())


def line_ends_in(piece: bytes) -> int:
    """How many. Lines are long: to take their ends out is several times as fast as counting them."""
    return len(piece) - len(piece.replace(b"\n", b""))


def pieces_of(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """What is left of a file in pieces of whole lines, with how many they are.

    Passing over a piece costs a tenth of going through its lines.
    """
    while piece := file.read(PIECE) + file.readline():
        yield piece, line_ends_in(piece) + (not piece.endswith(b"\n"))


@dataclass(frozen=True)
class Header:
    """Names of the columns, and the sign between them where the format has one."""

    columns: tuple[str, ...]
    delimiter: str | None = None


@dataclass(frozen=True)
class RegularText:
    """UTF-8 delimited text with exactly one record on each physical line.

    `rows` counts every record of the extract below its header, also those that could not be split into
    fields or break a rule of the format itself: they are in `faults`. With `has_source_row` the first field
    of each line is the row as a spreadsheet shows it, and faulty rows are not in `path`; without it the
    physical line is that row, the first record is on line `skip` + 1, and faulty rows stand there with empty
    fields.

    With `last_is_row` the last of `columns` is not in the lines: it is the row, in figures.

    `notes` are remarks on records that are no faults. One under a rule of the level LEFT_OUT is on a record
    that is no item of ours: it is neither in `path` nor in `rows`. One under a WARNING is on a row of `path`.

    Both are CSV of (source_row, rule_id, column, found, value, currency); all but the first two may be
    missing. `column` is one of the source, or the part of a message that is broken; `found` is what stands
    there, or how many fields a row has. `expected` says by such a column what the format allows in it.

    Where rows are records, `lines` is CSV of (source_row, line): the line of the file on which each of them
    begins, or on which it breaks the rules of its message.
    """

    path: Path
    columns: tuple[str, ...]
    delimiter: str
    quote: str
    skip: int
    rows: int
    has_source_row: bool
    last_is_row: bool = False
    faults: Path | None = None
    fault_count: int = 0
    notes: Path | None = None
    note_count: int = 0
    lines: Path | None = None
    expected: Mapping[str, str] = field(default_factory=dict)


class Spool:
    """Writes a RegularText record by record, in bounded memory, for bytes that are not regular as they came.

    A line end inside a field becomes a space: a record is one line. `line` is where a record begins in the
    file, for formats whose rows are records. The files are closed however a reading ends: one that was
    refused would else write into those of the next one, once nobody refers to it.
    """

    def __init__(self, scratch: Path, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self.rows = 0
        self.fault_count = 0
        self.note_count = 0
        self._path = scratch / "spool.txt"
        self._faults_path = scratch / "faults.csv"
        self._notes_path = scratch / "notes.csv"
        self._lines_path = scratch / "lines.csv"
        self._file = self._path.open("w", encoding="utf-8", newline="\n")
        self._faults_file = self._faults_path.open("w", encoding="utf-8", newline="")
        self._notes_file = self._notes_path.open("w", encoding="utf-8", newline="")
        self._lines_file = self._lines_path.open("w", encoding="ascii", newline="\n")
        self._faults = csv.writer(self._faults_file, lineterminator="\n")
        self._notes = csv.writer(self._notes_file, lineterminator="\n")
        self._clean = str.maketrans(dict.fromkeys((SPOOL_DELIMITER, SPOOL_QUOTE, "\0", "\r", "\n"), " "))

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def row(self, source_row: int, fields: Sequence[str], line: int | None = None) -> None:
        self.rows += 1
        self._note_line(source_row, line)
        text = SPOOL_DELIMITER.join(fields)
        is_clean = text.count(SPOOL_DELIMITER) == len(fields) - 1 and not any(
            sign in text for sign in (SPOOL_QUOTE, "\0", "\r", "\n")
        )
        if not is_clean:
            text = SPOOL_DELIMITER.join(field.translate(self._clean) for field in fields)
        self._file.write(f"{source_row}{SPOOL_DELIMITER}{text}\n")

    def fault(self, source_row: int, rule_id: str, *details: str, line: int | None = None) -> None:
        """A record that is rejected. `details`: column of the source, what stands there, value, currency."""
        self.rows += 1
        self._note_line(source_row, line)
        self.fault_count += 1
        self._faults.writerow([source_row, rule_id, *(detail[:LONGEST_FOUND] for detail in details)])

    def leave_out(self, source_row: int, rule_id: str, value: str = "", currency: str = "") -> None:
        """A record that is no item of ours, with the value it declares. It is counted, and is no row."""
        self.note_count += 1
        self._notes.writerow([source_row, rule_id, "", "", value[:LONGEST_FOUND], currency[:LONGEST_FOUND]])

    def close(self) -> RegularText:
        self._file.close()
        self._faults_file.close()
        self._notes_file.close()
        self._lines_file.close()
        return RegularText(
            path=self._path,
            columns=self.columns,
            delimiter=SPOOL_DELIMITER,
            quote=SPOOL_QUOTE,
            skip=0,
            rows=self.rows,
            has_source_row=True,
            faults=self._faults_path,
            fault_count=self.fault_count,
            notes=self._notes_path,
            note_count=self.note_count,
            lines=self._lines_path,
        )

    def _note_line(self, source_row: int, line: int | None) -> None:
        if line is not None:
            self._lines_file.write(f"{source_row},{line}\n")


def format_names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


@cache  # for each file of a member
def load_format(name: str) -> ModuleType:
    """The module of a format. Errors: MemberFileError when there is none of that name."""
    if name not in format_names():
        raise MemberFileError(f"format: found {name!r}; expected one of {format_names()}")
    return importlib.import_module(f"{__name__}.{name}")


def read_options(module: ModuleType, options: dict[str, Any]) -> Any:
    """The options of a member file, checked by the format's own model. Errors: MemberFileError."""
    try:
        return module.Options.model_validate(options)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise MemberFileError(
            f"options of the format {module.__name__.rsplit('.', 1)[-1]}: {faults}"
        ) from error
