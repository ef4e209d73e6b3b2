"""The ASYCUDAWorld report that members send to PACComtrade (SPC): fifteen columns, semicolons, UTF-8.

    DATE; COMMODITY; COMMODITY_CLASSIFICATION; TRADE_FLOW; VALUE; INCOTERMS; FREIGHT_PAID; INSURANCE_PAID;
    CURRENCY; QUANTITY; QUANTITY_UNIT; COUNTRY_ORIGIN; COUNTRY_DESTINATION; TRADE_AGREEMENT; TRANSPORT

The grain is a line of the report, not an item: the report has no identifier. So the format adds the column
ROW, the row as a spreadsheet shows it, for a layout to use as `item_id`; two lines that are equal are two
lines, and both are kept, as PACComtrade's rule R02 demands (it warns of them, we do not: that would take the
memory of the whole file). A line may well hold more than one parcel.

A line that PACComtrade excludes is rejected here, and one that it keeps is accepted; blanks around a value do
not count. Its rules, and who judges them:
    the layout and the contract, with the column named: R01, R03, R08, R10, R11, R13, R14, R16, R17, R20, R22,
        R24, R26 (lookups of CURRENCY, INCOTERMS, TRANSPORT and COMMODITY_CLASSIFICATION, a date as
        %Y-%m-%d, `expect` COUNTRY_DESTINATION)
    this module, for what the contract has no column for; such a fault is one of the whole row:
        R102  a value is missing: R04, R05, R06, R07, R09, R12
        R106  freight, insurance or quantity is no number: R27, R28, R29
        R109  unknown code of the flow, of the trade agreement or, where `units` lists them, of the unit of
              quantity: R21, R23, R25; and an export, see below
        R110  origin and destination are one country: R19
    kept as they are: R02, and R15 (a commodity outside the HS, or of chapter 93 or 99: PACComtrade recodes
        it to _U or OTH when it publishes; we keep the code and warn of one that is not six digits)
An empty VALUE counts as 0, as it does there, and is accepted with the warning R201.

Three outcomes differ, and have to. Exports (X1, X2; and with them R18) are trade but no item of ours: each is
rejected with R109, so that it is counted; a member whose report always holds both flows sets `exports:
leave_out`, and then they are no rows at all, neither in nor rejected. A negative value, and one with an
exponent (1e3), is rejected. A mode of transport that the layout leads to no channel is rejected: the six
channels have none for rail (31), road (32), pipes and cables (411, 412), self-propelled goods (43), other
(44) and unknown (9).

A regular report (UTF-8, no quotation marks, one kind of line end, no blank line, as many separators on each
line as in the header) is read by one statement of DuckDB; all others go line by line, at several times the
cost and with the same outcome.

It carries the day, the HS code and its edition, value, currency, Incoterm, origin and mode of transport. It
cannot carry an identifier, an office, a mass, duty and tax, or any time of the clearance.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal

import duckdb
from pydantic import BaseModel, ConfigDict

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import SPOOL_DELIMITER, SPOOL_QUOTE, Header, RegularText, Spool

NUMBERS: Literal["row", "record"] = "row"
JOINS_DOCUMENTS = False
CANNOT_CARRY: tuple[str, ...] = (
    "customs_office_code",
    "port_code",
    "consignment_country_code",
    "goods_description",
    "duty_amount",
    "tax_amount",
    "fee_amount",
    "revenue_currency_code",
    "gross_mass_kg",
    "pieces_count",
    "posted_at",
    "advance_data_at",
    "lodgement_at",
    "release_at",
    "declaration_type_code",
    "selectivity_lane_code",
    "is_inspected",
    "inspection_result_code",
    "outcome_code",
)

ROW = "ROW"
DELIMITER = ";"
LONGEST_LINE = 1 << 20
# Where each piece of this size has a line end in it, no line is longer than the longest.
CHUNK = LONGEST_LINE >> 1
MEMORY = "256MB"
# What makes a report irregular: marks, NUL, and the signs of a spool.
IRREGULAR = (b'"', b"\0", SPOOL_DELIMITER.encode(), SPOOL_QUOTE.encode())
# What counts as a blank for str.strip, and which bytes tell that there may be one.
BLANKS = "".join(sign for sign in map(chr, range(0x3001)) if sign.isspace() and sign not in "\r\n\x1e\x1f")
BLANK_BYTES = tuple(sign.encode() for sign in BLANKS if sign.isascii())
# What every line must have besides its commodity and what the contract requires of an item.
ALWAYS_THERE = ("COMMODITY_CLASSIFICATION", "TRADE_FLOW", "INCOTERMS", "COUNTRY_ORIGIN", "TRADE_AGREEMENT")
CODED = (*ALWAYS_THERE, "COUNTRY_DESTINATION", "QUANTITY_UNIT")
AMOUNTS = ("FREIGHT_PAID", "INSURANCE_PAID", "QUANTITY")
IMPORTS = frozenset({"M1", "M2"})
EXPORTS = frozenset({"X1", "X2"})
AGREEMENTS = frozenset({"NONE", "MSG", "PICTA", "IEPA", "SPARTECA", "PACERPLUS"})
DIGITS = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
NUMBER = re.compile(rf"\s*(?:{DIGITS}\s*)?")


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    exports: Literal["reject", "leave_out"] = "reject"
    units: tuple[str, ...] = ()


def header(path: Path, options: Options) -> Header:
    """ROW and the columns of the file. Errors: ExtractError R001, R004, R007, R014, R016, R019."""
    *_, columns = _open(path)
    return Header((ROW, *columns), DELIMITER)


def read(path: Path, options: Options, scratch: Path) -> RegularText:
    """The lines as rows; one that breaks a rule of the report, or cannot be split, is a fault.

    Errors: as header, and R017 for a report that was cut off.
    """
    lines, reader, columns = _open(path)
    return _read_regular(path, columns, options, scratch) or _read_lines(
        lines, reader, columns, options, scratch
    )


def _read_lines(
    lines: _Lines, reader: Any, columns: tuple[str, ...], options: Options, scratch: Path
) -> RegularText:
    rules = _Rules(columns, options)
    value = columns.index("VALUE") if "VALUE" in columns else None
    spool = Spool(scratch, (ROW, *columns))
    source_row = 1
    is_short = False
    while True:
        started = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            _refuse_unclosed(error, started, reader.line_num)
            source_row += 1
            spool.fault(source_row, "R113")
            is_short = False
            continue
        source_row += 1
        if not row:
            continue
        is_short = len(row) < len(columns)
        while len(row) > len(columns) and not row[-1]:
            row.pop()
        if len(row) != len(columns):
            spool.fault(source_row, "R101")
        elif sum(map(len, row)) > LONGEST_LINE:
            spool.fault(source_row, "R113")
        elif rules.leave_out(row):
            continue
        elif broken := rules.broken(row):
            spool.fault(source_row, broken)
        else:
            if value is not None and not row[value].strip():
                row[value] = "0"
            spool.row(source_row, [str(source_row), *row])
    if is_short and not lines.ends_with_line_end:
        raise ExtractError("R017", line=source_row)
    return spool.close()


@dataclass(frozen=True)
class _Scan:
    """What one pass over the bytes of a regular report finds out."""

    rows: int
    has_blanks: bool


def _scan(path: Path) -> _Scan | None:
    """None where a line may have to be read with care; whether lines have as many fields, DuckDB tells."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line_ends = carriage_returns = windows_ends = 0
    is_ascii, has_blanks = True, False
    tail = b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            ends = chunk.count(b"\n")
            if any(sign in chunk for sign in IRREGULAR) or (not ends and len(chunk) == CHUNK):
                return None
            # The end of the chunk before, for what stands across both.
            seam = tail + chunk[:2]
            if b"\n\n" in chunk or b"\n\n" in seam:
                return None
            if b"\r" in chunk or b"\r" in tail:
                if b"\n\r\n" in chunk or b"\n\r\n" in seam:
                    return None
                carriage_returns += chunk.count(b"\r")
                windows_ends += chunk.count(b"\r\n") + (tail.endswith(b"\r") and chunk.startswith(b"\n"))
            if not is_ascii or not chunk.isascii():
                is_ascii = False
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    return None
            has_blanks = has_blanks or any(sign in chunk for sign in BLANK_BYTES)
            line_ends += ends
            tail = (tail + chunk)[-2:]
    if carriage_returns != windows_ends or carriage_returns not in (0, line_ends) or decoder.getstate()[0]:
        return None
    return _Scan(rows=line_ends - tail.endswith(b"\n"), has_blanks=has_blanks or not is_ascii)


def _read_regular(
    path: Path, columns: tuple[str, ...], options: Options, scratch: Path
) -> RegularText | None:
    """The rows as _read_lines gives them, by DuckDB; None for a report that is not regular."""
    has_all = all(columns.count(name) == 1 for name in (*CODED, *AMOUNTS, "COMMODITY", "VALUE"))
    # DuckDB would take some names of files for patterns.
    scan = _scan(path) if has_all and not any(sign in str(path) for sign in "*?[") else None
    if scan is None:
        return None
    spool, faults = scratch / "spool.txt", scratch / "faults.csv"
    connection = duckdb.connect(
        config={
            "memory_limit": MEMORY,
            "threads": 2,
            "temp_directory": str(scratch / "spill"),
            "preserve_insertion_order": True,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    try:
        written = connection.execute(
            f"copy ({_judged_lines(path, columns, options, has_blanks=scan.has_blanks)}) "
            f"to {_quoted(str(spool))} (format csv, header false, delimiter {_quoted(SPOOL_DELIMITER)}, "
            "quote '', escape '')"
        ).fetchone()
    except duckdb.Error:  # a line with too few or too many fields; the other way tells which
        return None
    finally:
        connection.close()
    return RegularText(
        path=spool,
        columns=(ROW, *columns),
        delimiter=SPOOL_DELIMITER,
        quote=SPOOL_QUOTE,
        skip=0,
        rows=written[0] if written else 0,
        has_source_row=True,
        faults=faults,
        fault_count=_move_faults(spool, faults),
    )


def _judged_lines(path: Path, columns: tuple[str, ...], options: Options, *, has_blanks: bool) -> str:
    """SQL: each line as the spool holds it; a fault as SPOOL_QUOTE, row, comma and rule.

    The outcome is null for a row, a rule for a fault (what _Rules.broken says), and '' for what is left out.
    An empty field is null, and nothing when it is joined to others.
    """
    texts = [f"text_{position}" for position in range(len(columns))]
    fields = [f"ltrim({text}, ' ')" for text in texts] if has_blanks else list(texts)
    bare = {
        name: f"nullif(trim({text}, {_quoted(BLANKS)}), '')" if has_blanks else text
        for name, text in zip(columns, texts, strict=True)
    }
    value = columns.index("VALUE")
    fields[value] = f"case when {bare['VALUE']} is null then '0' else {fields[value]} end"
    missing = " or ".join(f"{bare[name]} is null" for name in ("COMMODITY", *ALWAYS_THERE))
    cases = [
        f"when {missing} then 'R102'",
        f"when {bare['TRADE_FLOW']} not in {_listed(IMPORTS)} then 'R109'",
        f"when {bare['TRADE_AGREEMENT']} not in {_listed(AGREEMENTS)} then 'R109'",
        f"when {bare['COUNTRY_ORIGIN']} = {bare['COUNTRY_DESTINATION']} then 'R110'",
        *[f"when not regexp_full_match({bare[name]}, {_quoted(DIGITS)}) then 'R106'" for name in AMOUNTS],
    ]
    if options.units:
        cases.insert(3, f"when {bare['QUANTITY_UNIT']} not in {_listed(options.units)} then 'R109'")
    if options.exports == "leave_out":
        cases.insert(0, f"when {bare['TRADE_FLOW']} in {_listed(EXPORTS)} then ''")
    joined = f", {_quoted(SPOOL_DELIMITER)}, ".join(["source_row", "source_row", *fields])
    declared = ", ".join(f"{text}: 'VARCHAR'" for text in texts)
    return (
        f"select case when outcome is null then concat({joined}) "
        f"else concat({_quoted(SPOOL_QUOTE)}, source_row, ',', outcome) end from ("
        f"select *, case {' '.join(cases)} end as outcome from ("
        "select row_number() over () + 1 as source_row, * from read_csv("
        f"{_quoted(str(path))}, auto_detect = false, header = false, skip = 1, compression = 'none', "
        f"delim = {_quoted(DELIMITER)}, quote = '', escape = '', columns = {{{declared}}}, "
        f"strict_mode = true, max_line_size = {LONGEST_LINE}))) where outcome is distinct from ''"
    )


def _move_faults(spool: Path, faults: Path) -> int:
    """Move the faults out of a spool into a file of their own; how many there are.

    The spool is rewritten in its place: what is written never overtakes what is read.
    """
    mark = SPOOL_QUOTE.encode()
    fault = re.compile(mark + rb"([^\n]*\n)")
    count = 0
    with spool.open("rb") as source, spool.open("r+b") as target, faults.open("wb") as list_of_faults:
        while lines := source.read(CHUNK):
            lines += source.readline()
            if mark in lines:
                found = fault.findall(lines)
                list_of_faults.write(b"".join(found))
                count += len(found)
                lines = fault.sub(b"", lines)
            target.write(lines)
        target.truncate()
    return count


def _listed(codes: Iterable[str]) -> str:
    return f"({', '.join(map(_quoted, sorted(codes)))})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class _Rules:
    """What PACComtrade asks of a line and the contract has no column for."""

    def __init__(self, columns: tuple[str, ...], options: Options) -> None:
        positions = {name: position for position, name in enumerate(columns)}
        self._units = frozenset({"", *options.units}) if options.units else None
        self._names = [name for name in CODED if name in positions]
        self._coded = [positions[name] for name in self._names]
        self._amounts = [positions[name] for name in AMOUNTS if name in positions]
        self._commodity = positions.get("COMMODITY")
        self._flow = positions.get("TRADE_FLOW") if options.exports == "leave_out" else None
        # Few combinations of codes ever occur: each is judged once.
        self._judged = lru_cache(maxsize=1 << 14)(self._broken_by_codes)

    def leave_out(self, row: list[str]) -> bool:
        return self._flow is not None and row[self._flow].strip() in EXPORTS

    def broken(self, row: list[str]) -> str | None:
        """The first rule that the line breaks."""
        if self._commodity is not None and not row[self._commodity].strip():
            return "R102"
        if broken := self._judged(*[row[position] for position in self._coded]):
            return broken
        for position in self._amounts:
            text = row[position]
            if text and not NUMBER.fullmatch(text):
                return "R106"
        return None

    def _broken_by_codes(self, *values: str) -> str | None:
        codes = {name: value.strip() for name, value in zip(self._names, values, strict=True)}
        if not all(codes.get(name, name) for name in ALWAYS_THERE):
            return "R102"
        if codes.get("TRADE_FLOW", "M1") not in IMPORTS:
            return "R109"
        if codes.get("TRADE_AGREEMENT", "NONE") not in AGREEMENTS:
            return "R109"
        if self._units is not None and codes.get("QUANTITY_UNIT", "") not in self._units:
            return "R109"
        if codes.get("COUNTRY_ORIGIN", "") == codes.get("COUNTRY_DESTINATION"):
            return "R110"
        return None


class _Lines(Iterable[str]):
    """The lines of a report, checked as they come, in bounded memory; whether the last one was ended.

    Errors: ExtractError R004 (not UTF-8), R016 (NUL), R019 (a line of more than a megabyte).
    """

    def __init__(self, path: Path) -> None:
        self.ends_with_line_end = True
        self._path = path

    def __iter__(self) -> Iterator[str]:
        with self._path.open("rb") as file:
            for number, line in enumerate(iter(partial(file.readline, LONGEST_LINE + 1), b""), 1):
                if len(line) > LONGEST_LINE:
                    raise ExtractError(
                        "R019",
                        found="memory",
                        found_fr="mémoire",
                        expected="1 MB for one row",
                        expected_fr="1 Mo pour une ligne",
                    )
                if b"\0" in line:
                    raise ExtractError("R016", line=number)
                try:
                    text = line.removeprefix(codecs.BOM_UTF8).decode() if number == 1 else line.decode()
                except UnicodeDecodeError as error:
                    found = f"0x{error.object[error.start]:02X}"
                    raise ExtractError("R004", expected="utf-8", line=number, found=found) from error
                self.ends_with_line_end = text.endswith("\n")
                yield text


def _open(path: Path) -> tuple[_Lines, Any, tuple[str, ...]]:
    """The lines, a reader of records that stands below the header, and the names in the header."""
    _refuse_what_is_no_text(path)
    csv.field_size_limit(LONGEST_LINE)
    lines = _Lines(path)
    reader = csv.reader(lines, delimiter=DELIMITER, skipinitialspace=True, strict=True)
    try:
        names = next(reader)
    except StopIteration:
        raise ExtractError("R001") from None
    except csv.Error as error:
        _refuse_unclosed(error, 1, reader.line_num)
        raise ExtractError(
            "R014",
            expected="delimited text",
            expected_fr="texte délimité",
            found="quotation marks out of place in the header row",
            found_fr="guillemets mal placés dans la ligne d'en-tête",
        ) from error
    return lines, reader, tuple(name.strip() for name in names)


def _refuse_unclosed(error: csv.Error, started: int, ended: int) -> None:
    """Errors: ExtractError R007 for a quotation mark that swallows lines to the end, or beyond all reason."""
    if "unexpected end of data" in str(error) or ("field larger" in str(error) and ended > started):
        raise ExtractError("R007", line=started) from error


def _refuse_what_is_no_text(path: Path) -> None:
    """What the first bytes tell: cheap. Errors: ExtractError R001, R004, R014."""
    with path.open("rb") as file:
        start = file.read(4)
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
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ExtractError("R004", expected="utf-8", line=1, found=f"0x{start[0]:02X}")
