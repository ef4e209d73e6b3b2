"""Delimited text: comma, semicolon, tab or pipe, in UTF-8, UTF-16, Windows-1252 or Latin-1, preamble or not.

Regular bytes (UTF-8 or ASCII, one kind of line end, no blank line between rows, the same number of fields
on each) go to DuckDB as they are. All others are read record by record into a spool, which alone can
number rows as a spreadsheet shows them. A blank line is no row, but it counts where rows are numbered;
fields beyond the last column are none as long as they are empty.

It carries whatever columns the member exports. It cannot carry a type: a date, a number and a code are
all text, and the layout says how to read them.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import Header, RegularText, Spool

CHUNK = 1 << 22
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


@dataclass
class Scan:
    """What one pass over the bytes finds out."""

    is_ascii: bool = True
    is_utf8: bool = True
    line_ends: int = 0
    carriage_returns: int = 0
    windows_ends: int = 0
    has_quotes: bool = False
    has_blank_lines: bool = False
    ends_with_line_end: bool = True


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
                        found_fr="guillemets mal placés dans la ligne d'en-tête",
                    ) from error
            number += 1
    return Header(tuple(name.strip() for name in row), options.delimiter)


def read(path: Path, options: Options, scratch: Path) -> RegularText:
    columns = header(path, options).columns
    scan = _scan(path, options)
    if options.encoding == "utf-8" and not scan.is_utf8:
        _refuse_encoding(path, options, None)
    if options.encoding in ("cp1252", "latin-1") and scan.is_utf8 and not scan.is_ascii:
        _refuse_utf8(path, options)
    is_as_duckdb_reads = options.encoding != "utf-16" and (scan.is_ascii or options.encoding == "utf-8")
    if is_as_duckdb_reads and _is_regular(path, options, scan):
        lines = scan.line_ends + (not scan.ends_with_line_end)
        return RegularText(
            path=path,
            columns=columns,
            delimiter=options.delimiter,
            quote=options.quote,
            skip=options.header_row,
            rows=max(lines - options.header_row, 0),
            has_source_row=False,
        )
    return respool(path, options, scratch)


def respool(path: Path, options: Options, scratch: Path) -> RegularText:
    """The same rows, record by record. A row that cannot be split is a fault.

    Errors: ExtractError R004, R007, and R017 for an extract that was cut off.
    """
    columns = header(path, options).columns
    spool = Spool(scratch, columns)
    with _open(path, options) as text:
        last_line = _LastLine(text)
        reader = _reader(last_line, options)
        source_row = 0
        short_row: int | None = None
        while True:
            started = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                break
            except UnicodeError as error:
                _refuse_encoding(path, options, error)
            except csv.Error as error:
                _refuse_unclosed(error, started, reader.line_num)
                source_row += 1
                if source_row > options.header_row:
                    spool.fault(source_row, "R113")
                short_row = None
                continue
            source_row += 1
            if source_row <= options.header_row or not row:
                continue
            short_row = None
            while len(row) > len(columns) and not row[-1]:
                row.pop()
            if sum(map(len, row)) > LONGEST_RECORD:
                spool.fault(source_row, "R113")
            elif len(row) == len(columns):
                spool.row(source_row, row)
            else:
                short_row = source_row if len(row) < len(columns) else None
                spool.fault(source_row, "R101")
    if short_row is not None and not last_line.ends_with_line_end:
        raise ExtractError("R017", line=short_row)
    return spool.close()


def _reader(lines: Iterator[str], options: Options) -> Any:
    """Records as DuckDB splits them: blanks before an opening mark do not count, or it would be text."""
    return csv.reader(
        lines, delimiter=options.delimiter, quotechar=options.quote, skipinitialspace=True, strict=True
    )


def _refuse_unclosed(error: csv.Error, started: int, ended: int) -> None:
    """Errors: ExtractError R007 for a quotation mark that swallows lines to the end, or beyond all reason."""
    if "unexpected end of data" in str(error) or ("field larger" in str(error) and ended > started):
        raise ExtractError("R007", line=started) from error


class _LastLine(Iterator[str]):
    """Passes lines on and remembers whether the last one was ended."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.ends_with_line_end = True

    def __next__(self) -> str:
        line = next(self._lines)
        self.ends_with_line_end = line.endswith(("\n", "\r"))
        return line


def _open(path: Path, options: Options) -> io.TextIOWrapper:
    encoding = "utf-8-sig" if options.encoding == "utf-8" else options.encoding
    return path.open(encoding=encoding, newline="")


def _scan(path: Path, options: Options) -> Scan:
    """One pass over all bytes. Errors: ExtractError R016 at a NUL byte."""
    scan = Scan()
    quote = options.quote.encode()
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
            scan.line_ends += chunk.count(b"\n")
            if b"\r" in chunk or tail.endswith(b"\r"):
                scan.carriage_returns += chunk.count(b"\r")
                scan.windows_ends += chunk.count(b"\r\n")
                scan.windows_ends += tail.endswith(b"\r") and chunk.startswith(b"\n")
                scan.has_blank_lines = scan.has_blank_lines or b"\n\r\n" in chunk
            scan.has_quotes = scan.has_quotes or quote in chunk
            seam = tail + chunk[:2]
            scan.has_blank_lines = (
                scan.has_blank_lines or b"\n\n" in chunk or b"\n\n" in seam or b"\n\r\n" in seam
            )
            tail = chunk[-3:]
    scan.is_utf8 = scan.is_utf8 and _decodes(decoder, b"", is_last=True)
    scan.ends_with_line_end = tail.endswith(b"\n")
    return scan


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, is_last: bool = False) -> bool:
    try:
        decoder.decode(chunk, final=is_last)
    except UnicodeError:
        return False
    return True


def _is_regular(path: Path, options: Options, scan: Scan) -> bool:
    if scan.has_blank_lines or options.header_row > 1:
        return False
    if scan.carriage_returns not in (0, scan.line_ends) or scan.carriage_returns != scan.windows_ends:
        return False
    if not scan.has_quotes:
        return True  # DuckDB itself tells of a row with too few or too many fields
    quote, delimiter = re.escape(options.quote.encode()), re.escape(options.delimiter.encode())
    # What DuckDB makes of blanks beside marks depends on where they stand: such a line has to be well formed.
    blank_beside_mark = re.compile(rb"[ \t]%b|%b[ \t]" % (quote, quote))
    field = rb"(?:%b(?:[^%b]|%b%b)*%b|[^%b%b]*)" % (quote, quote, quote, quote, quote, quote, delimiter)
    well_formed = re.compile(rb"%b(?:%b%b)*[\r\n]*" % (field, delimiter, field))
    with path.open("rb") as file:
        for line in file:
            marks = line.count(options.quote.encode())
            if marks % 2:
                return False
            if marks and blank_beside_mark.search(line) and not well_formed.fullmatch(line):
                return False
    return True


def _refuse_what_is_no_text(path: Path, options: Options) -> None:
    """What the first bytes tell: cheap. Errors: ExtractError R001, R004, R014, R016."""
    with path.open("rb") as file:
        start = file.read(CHUNK)
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
