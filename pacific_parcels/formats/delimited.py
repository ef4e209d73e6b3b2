"""Delimited text: comma, semicolon, tab or pipe, in UTF-8, UTF-16, Windows-1252 or Latin-1, preamble or not.

Regular bytes (one kind of line end, no blank line between rows, the same number of fields on each) go to
DuckDB as they are, or in UTF-8 where they are in another encoding; where only the number of fields or a
quotation mark is wrong on some lines, so does a copy with those lines mended or emptied in their places. All
others are read record by record into a spool, which alone can number rows as a spreadsheet shows them. A
blank line, or one of separators alone, is no row, but it counts where rows are numbered; fields beyond the
last column are none as long as they are empty. With backslashes, a preamble or footer rows every extract goes
to the spool, at several times the cost.

It carries whatever columns the member exports. It cannot carry a type: a date, a number and a code are
all text, and the layout says how to read them.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import Header, RegularText, Spool, around_the_mark, line_ends_in, pieces_of

NUMBERS: Literal["row", "record"] = "row"
CANNOT_CARRY: tuple[str, ...] = ()
JOINS_DOCUMENTS = False
CHUNK = 1 << 17  # bytes; of larger ones every copy is memory that the system has to give first
START = 1 << 16
LONGEST_RECORD = 1 << 20
SEPARATORS = {
    ",": ("a comma (,)", "une virgule (,)"),
    ";": ("a semicolon (;)", "un point-virgule (;)"),
    "\t": ("a tab", "une tabulation"),
    "|": ("a vertical bar (|)", "une barre verticale (|)"),
}


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', min_length=1, max_length=1)
    encoding: Literal["utf-8", "utf-16", "cp1252", "latin-1"] = "utf-8"
    header_row: int = Field(default=1, ge=1)
    escape: Literal["doubled", "backslash"] = "doubled"
    """How a quotation mark stands inside a text: twice, or after a backslash; then \\N is an empty field."""
    footer_rows: int = Field(default=0, ge=0, le=100)
    """Rows at the end that hold something but no item: totals, a signature."""


@dataclass
class Scan:
    """What one pass over the bytes finds out."""

    is_ascii: bool = True
    is_utf8: bool = True
    line_ends: int = 0
    delimiters: int = 0
    carriage_returns: int = 0
    windows_ends: int = 0
    has_quotes: bool = False
    has_blank_rows: bool = False
    ends_with_line_end: bool = True


@dataclass
class Marks:
    """How quotation marks stand in a file, none of which goes on over the end of a line."""

    delimiters_between: int = 0
    are_in_place: bool = True


def header(path: Path, options: Options) -> Header:
    _refuse_what_is_no_text(path, options)
    csv.field_size_limit(LONGEST_RECORD)
    with _open(path, options) as lines:
        reader = _reader(lines, options)
        number = 0
        while number < options.header_row:
            started = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                raise ExtractError("R001") from None
            except UnicodeError as error:
                _refuse_encoding(path, options, error)
            except csv.Error as error:
                _refuse_unclosed(error, started, reader.line_num)
                row = []
                if number + 1 == options.header_row:
                    raise ExtractError(
                        "R014",
                        expected="delimited text",
                        expected_fr="texte délimité",
                        found="quotation marks out of place in the header row",
                        found_fr="guillemets mal placés dans la ligne d’en-tête",
                    ) from error
            number += 1
    return Header(tuple(name.strip() for name in row), options.delimiter)


def read(path: Path, options: Options, scratch: Path) -> RegularText:
    columns = header(path, options).columns
    scan = Scan(is_ascii=False)
    if options.encoding != "utf-16":
        scan = _scan(path, options, columns)
    if options.encoding == "utf-8" and not scan.is_utf8:
        _refuse_encoding(path, options, None)
    if options.encoding in ("cp1252", "latin-1") and scan.is_utf8 and not scan.is_ascii:
        _refuse_utf8(path, options)
    if options.escape != "doubled" or options.footer_rows or options.header_row > 1:
        return respool(path, options, scratch)
    source = path
    if options.encoding != "utf-8" and not scan.is_ascii:
        in_utf8 = _in_utf8(path, options, scratch)
        if in_utf8 is None:
            return respool(path, options, scratch)
        source = in_utf8
        scan = _scan(source, options.model_copy(update={"encoding": "utf-8"}), columns)
    if not _is_regular(scan):
        return respool(path, options, scratch)
    marks = _quotation_marks(source, options) if scan.has_quotes else Marks()
    if marks is None:
        return respool(path, options, scratch)
    rows = max(scan.line_ends + (not scan.ends_with_line_end) - options.header_row, 0)
    # A blank line has no separator either. Where too many on one line make up for too few on another, DuckDB
    # tells.
    delimiters = scan.delimiters - marks.delimiters_between
    is_even = len(columns) > 1 and delimiters == (rows + options.header_row) * (len(columns) - 1)
    if not is_even or not marks.are_in_place:
        return _mend(source, options, columns, rows, scratch) or respool(path, options, scratch)
    return RegularText(
        path=source,
        columns=columns,
        delimiter=options.delimiter,
        quote=options.quote,
        skip=options.header_row,
        rows=rows,
        has_source_row=False,
    )


def _in_utf8(path: Path, options: Options, scratch: Path) -> Path | None:
    """The same text in UTF-8; None where there are bytes that its encoding does not know, or a NUL."""
    target = scratch / "in_utf8.txt"
    decoder = codecs.getincrementaldecoder(options.encoding)()
    try:
        with path.open("rb") as source, target.open("wb") as file:
            while chunk := source.read(CHUNK):
                text = decoder.decode(chunk)
                if "\0" in text:
                    return None
                file.write(text.encode())
            decoder.decode(b"", final=True)
    except UnicodeError:
        return None
    return target


def _lines_in_doubt(
    source: BinaryIO, target: BinaryIO, options: Options, wanted: int
) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers; of pieces that hold as many separators as they should, which are most, and no
    mark, none: those go over as they are. Where one line makes up for another, DuckDB tells."""
    sign, mark = options.delimiter.encode(), options.quote.encode()
    number = 0
    for piece, count in pieces_of(source):
        is_plain = number >= options.header_row and wanted and mark not in piece and piece.endswith(b"\n")
        if is_plain and piece.count(sign) == count * wanted:
            target.write(piece)
        else:
            yield from enumerate(io.BytesIO(piece), number + 1)
        number += count


def _mend(
    path: Path, options: Options, columns: tuple[str, ...], rows: int, scratch: Path
) -> RegularText | None:
    """Lines that are records, some of them with too few or too many fields or with marks out of place.

    The same lines in the same places: what is empty beyond the last column is cut off, a line that cannot be
    split has its fields emptied and is a fault. None where a blank row stands between others (no line of
    ours can be in its place), or a mark turns out to go on over the end of its line. Errors: ExtractError
    R017 for an extract that was cut off.
    """
    sign, mark = options.delimiter.encode(), options.quote.encode()
    wanted, empty_fields = len(columns) - 1, (b"", mark * 2)
    mended, faults = scratch / "mended.txt", scratch / "faults.csv"
    fault_count = 0
    with (
        path.open("rb") as source,
        mended.open("wb") as target,
        faults.open("w", encoding="utf-8", newline="") as file,
    ):
        list_of_faults = csv.writer(file, lineterminator="\n")
        for number, line in _lines_in_doubt(source, target, options, wanted):
            if mark in line:
                outside = line.split(mark)[::2]
                found, are_in_place = b"".join(outside).count(sign), _are_in_place(outside, sign)
            else:
                found, are_in_place = line.count(sign), True
            is_right = found == wanted and are_in_place and (wanted or line not in (b"\n", b"\r\n"))
            if is_right or number <= options.header_row:
                target.write(line)
                continue
            text = line.rstrip(b"\r\n")
            if not text.strip(sign):
                return None
            rule_id = "R101"
            if not are_in_place:
                try:
                    row = next(_reader(iter([line.decode()]), options))
                except csv.Error as error:
                    if "unexpected end of data" in str(error):
                        return None
                    rule_id, found = "R113", -1
                else:
                    text = sign.join(mark + field.encode().replace(mark, mark * 2) + mark for field in row)
                    found = len(row) - 1
            if 0 <= found < wanted and not line.endswith(b"\n"):
                raise ExtractError("R017", line=number)
            while found > wanted and text[text.rindex(sign) + 1 :].strip(b" ") in empty_fields:
                text = text[: text.rindex(sign)]
                found -= 1
            if found != wanted:
                text = sign * wanted
                shown = str(found + 1)
                if rule_id == "R113":
                    shown = around_the_mark(line.decode(), options.quote, options.delimiter)
                list_of_faults.writerow([number, rule_id, "", shown])
                fault_count += 1
            target.write(text + b"\n")
    return RegularText(
        path=mended,
        columns=columns,
        delimiter=options.delimiter,
        quote=options.quote,
        skip=options.header_row,
        rows=rows,
        has_source_row=False,
        faults=faults,
        fault_count=fault_count,
    )


def respool(path: Path, options: Options, scratch: Path) -> RegularText:
    """The same rows, record by record. A row that cannot be split is a fault.

    Errors: ExtractError R004, R007, and R017 for an extract that was cut off.
    """
    columns = header(path, options).columns
    with _open(path, options) as text, Spool(scratch, columns) as spool:
        last_line = _LastLine(text)
        reader = _reader(last_line, options)
        held_back: deque[tuple[int, list[str] | None, str]] = deque()
        short_row: int | None = None
        for record in _records(reader, last_line, path, options):
            held_back.append(record)
            if len(held_back) <= options.footer_rows:
                continue
            source_row, row, found = held_back.popleft()
            short_row = None
            if row is None:
                spool.fault(source_row, "R113", "", found)
                continue
            while len(row) > len(columns) and not row[-1]:
                row.pop()
            if sum(map(len, row)) > LONGEST_RECORD:
                spool.fault(source_row, "R113")
            elif len(row) == len(columns):
                spool.row(source_row, row)
            else:
                short_row = source_row if len(row) < len(columns) else None
                spool.fault(source_row, "R101", "", str(len(row)))
        if short_row is not None and not options.footer_rows and not last_line.ends_with_line_end:
            raise ExtractError("R017", line=short_row)
        return spool.close()


def _records(
    reader: Any, last_line: _LastLine, path: Path, options: Options
) -> Iterator[tuple[int, list[str] | None, str]]:
    """The records below the header with their rows; None for one whose quotation marks are out of place, and
    what stands around the mark."""
    source_row = 0
    while True:
        started = reader.line_num + 1
        row: list[str] | None
        found = ""
        try:
            row = next(reader)
        except StopIteration:
            return
        except UnicodeError as error:
            _refuse_encoding(path, options, error)
        except csv.Error as error:
            _refuse_unclosed(error, started, reader.line_num)
            row, found = None, around_the_mark(last_line.text, options.quote, options.delimiter)
        source_row += 1
        is_blank = row is not None and not any(row) and last_line.is_blank(options.delimiter)
        if source_row > options.header_row and not is_blank:
            yield source_row, row, found


def _reader(lines: Iterator[str], options: Options) -> Any:
    """Records as DuckDB splits them: blanks before an opening mark do not count, or it would be text."""
    is_doubled = options.escape == "doubled"
    return csv.reader(
        lines if is_doubled else _without_nulls(lines, options),
        delimiter=options.delimiter,
        quotechar=options.quote,
        doublequote=is_doubled,
        escapechar=None if is_doubled else "\\",
        skipinitialspace=True,
        strict=True,
    )


def _without_nulls(lines: Iterator[str], options: Options) -> Iterator[str]:
    """The lines with each field \\N emptied: so databases write that nothing is there."""
    quote, delimiter = re.escape(options.quote), re.escape(options.delimiter)
    null = re.compile(rf"(?<![^{delimiter}\r\n])({quote}?)\\N\1(?=[{delimiter}\r\n]|$)")
    return (null.sub("", line) if "\\N" in line else line for line in lines)


def _refuse_unclosed(error: csv.Error, started: int, ended: int) -> None:
    """Errors: ExtractError R007 for a quotation mark that swallows lines to the end, or beyond all reason."""
    if "unexpected end of data" in str(error) or ("field larger" in str(error) and ended > started):
        raise ExtractError("R007", line=started) from error


class _LastLine(Iterator[str]):
    """Passes lines on and remembers the last one."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._line = "\n"

    def __next__(self) -> str:
        self._line = next(self._lines)
        return self._line

    @property
    def text(self) -> str:
        return self._line

    @property
    def ends_with_line_end(self) -> bool:
        return self._line.endswith(("\n", "\r"))

    def is_blank(self, delimiter: str) -> bool:
        return not self._line.strip(f"{delimiter}\r\n")


def _open(path: Path, options: Options) -> io.TextIOWrapper:
    encoding = "utf-8-sig" if options.encoding == "utf-8" else options.encoding
    return path.open(encoding=encoding, newline="")


def _scan(path: Path, options: Options, columns: Sequence[str]) -> Scan:
    """One pass over all bytes. Errors: ExtractError R016 at a NUL byte."""
    scan = Scan()
    quote, delimiter = options.quote.encode(), options.delimiter.encode()
    separators = delimiter * (len(columns) - 1)
    blank, blank_windows = b"\n%b\n" % separators, b"\n%b\r\n" % separators
    decoder = codecs.getincrementaldecoder("utf-8")()
    tail = b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if options.encoding != "utf-16" and b"\0" in chunk:
                before = chunk.count(b"\n", 0, chunk.index(b"\0"))
                raise ExtractError("R016", line=scan.line_ends + before + 1)
            if scan.is_utf8 and not (scan.is_ascii and chunk.isascii()):
                scan.is_ascii = False
                scan.is_utf8 = _decodes(decoder, chunk)
            scan.line_ends += line_ends_in(chunk)
            scan.delimiters += chunk.count(delimiter)
            if b"\r" in chunk or tail.endswith(b"\r"):
                scan.carriage_returns += chunk.count(b"\r")
                scan.windows_ends += chunk.count(b"\r\n")
                scan.windows_ends += tail.endswith(b"\r") and chunk.startswith(b"\n")
                scan.has_blank_rows = scan.has_blank_rows or blank_windows in chunk
            scan.has_quotes = scan.has_quotes or quote in chunk
            seam = tail + chunk[: len(blank_windows)]
            scan.has_blank_rows = (
                scan.has_blank_rows or blank in chunk or blank in seam or blank_windows in seam
            )
            tail = (tail + chunk[-len(blank_windows) :])[-len(blank_windows) :]
    scan.is_utf8 = scan.is_utf8 and _decodes(decoder, b"", is_last=True)
    if separators and tail.endswith(b"\n" + separators):
        scan.has_blank_rows = True
    scan.ends_with_line_end = tail.endswith(b"\n")
    return scan


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, is_last: bool = False) -> bool:
    try:
        decoder.decode(chunk, final=is_last)
    except UnicodeError:
        return False
    return True


def _is_regular(scan: Scan) -> bool:
    """Whether lines are records, as far as the scan can tell.

    DuckDB itself tells of a row with too few or too many fields.
    """
    if scan.has_blank_rows:
        return False
    return scan.carriage_returns in (0, scan.line_ends) and scan.carriage_returns == scan.windows_ends


def _quotation_marks(path: Path, options: Options) -> Marks | None:
    """The quotation marks of a file; None where a line is no record."""
    mark, sign = options.quote.encode(), options.delimiter.encode()
    marks = Marks()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            chunk += file.readline()
            parts = chunk.split(mark)
            if len(parts) % 2 == 0 or any(b"\n" in part for part in parts[1::2]):
                return None
            marks.delimiters_between += sum(part.count(sign) for part in parts[1::2])
            marks.are_in_place = marks.are_in_place and _are_in_place(parts[::2], sign)
    return marks


def _are_in_place(outside: list[bytes], delimiter: bytes) -> bool:
    """Whether quotation marks open and close a field each, or stand twice within one.

    `outside` is what stands before, between and after pairs of marks. What DuckDB makes of a blank beside a
    mark depends on where it stands: to us it is out of place.
    """
    before, after = (delimiter, b"\n"), (delimiter, b"\r", b"\n")
    first, last = outside[0], outside[-1]
    return (
        (not first or first.endswith(before))
        and (not last or last.startswith(after))
        and all(not part or (part.startswith(after) and part.endswith(before)) for part in outside[1:-1])
    )


def _refuse_what_is_no_text(path: Path, options: Options) -> None:
    """What the first bytes tell: cheap. Errors: ExtractError R001, R004, R014, R016."""
    with path.open("rb") as file:
        start = file.read(START)
    if not start:
        raise ExtractError("R001")
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise ExtractError(
            "R014",
            expected="delimited text",
            expected_fr="texte délimité",
            found="a workbook or an archive",
            found_fr="un classeur ou une archive",
        )
    has_utf16_mark = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    has_utf8_mark = start.startswith(codecs.BOM_UTF8) and options.encoding != "utf-8"
    if has_utf16_mark != (options.encoding == "utf-16") or has_utf8_mark:
        raise ExtractError("R004", expected=options.encoding, line=1, found=f"0x{start[0]:02X}")
    if options.encoding == "utf-16":
        return
    if b"\0" in start:
        raise ExtractError("R016", line=1 + start.count(b"\n", 0, start.index(b"\0")))
    # A header in a wrong encoding would be reported as columns that nobody knows.
    first_line = start.split(b"\n", 1)[0]
    if options.encoding in ("cp1252", "latin-1") and not first_line.isascii():
        decoder = codecs.getincrementaldecoder("utf-8")()
        if _decodes(decoder, start):
            _refuse_utf8(path, options)


def _refuse_utf8(path: Path, options: Options) -> NoReturn:
    """Raise R004 at the first letter with an accent: declared as one byte, but written as the two of UTF-8.

    Bytes of another encoding that all happen to be valid UTF-8 do not occur in a text that people wrote.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            wrong = next((byte for byte in line if byte > 0x7F), None)
            if wrong is not None:
                raise ExtractError("R004", expected=options.encoding, line=number, found=f"0x{wrong:02X}")
    raise ExtractError("R004", expected=options.encoding)


def _refuse_encoding(path: Path, options: Options, cause: UnicodeError | None) -> NoReturn:
    """Raise R004 at the first byte that the declared encoding cannot hold."""
    decoder = codecs.getincrementaldecoder(options.encoding)()
    line, pending = 1, b""
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                held, position = error.object, error.start
                raise ExtractError(
                    "R004",
                    expected=options.encoding,
                    line=line + held[:position].count(b"\n"),
                    found=f"0x{held[position]:02X}",
                ) from error
            if not chunk:
                raise ExtractError("R004", expected=options.encoding) from cause
            line += (pending + chunk).count(b"\n")
            pending = decoder.getstate()[0]
            line -= pending.count(b"\n")


def separator_in_words(sign: str) -> tuple[str, str]:
    """A separator as people name it, in English and in French."""
    return SEPARATORS.get(sign, (repr(sign), repr(sign)))


def likely_separator(first_line: str, declared: str) -> str | None:
    """The sign that seems to separate a header row that the declared one does not split."""
    counts = {sign: first_line.count(sign) for sign in SEPARATORS if sign != declared}
    best = max(counts, key=lambda sign: counts[sign])
    return best if counts[best] else None
