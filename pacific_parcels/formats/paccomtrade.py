"""The ASYCUDAWorld report that members send to PACComtrade (SPC): fifteen columns, semicolons, UTF-8.

    DATE; COMMODITY; COMMODITY_CLASSIFICATION; TRADE_FLOW; VALUE; INCOTERMS; FREIGHT_PAID; INSURANCE_PAID;
    CURRENCY; QUANTITY; QUANTITY_UNIT; COUNTRY_ORIGIN; COUNTRY_DESTINATION; TRADE_AGREEMENT; TRANSPORT

The grain is a line of the report, not an item: the report has no identifier. So the format adds a last
column ROW, the row as a spreadsheet shows it, for a layout to use as `item_id`. A line may well hold more
than one parcel.

A line that PACComtrade excludes is rejected here, and no other one is; blanks around a value do not count.
Its rules, and who judges them:
    the layout and the contract: R01, R03, R08, R10, R11, R13, R14, R16, R22, R24, R26 (lookups of INCOTERMS,
        TRANSPORT and COMMODITY_CLASSIFICATION, a date as %Y-%m-%d, `expect` COUNTRY_DESTINATION)
    this module, for what the contract has no column for:
        R102  a value is missing: R04, R05, R06, R07, R09, R12
        R106  freight, insurance or quantity is no number: R27, R28, R29
        R109  unknown code of the flow, of the trade agreement or, where `units` lists them, of the unit of
              quantity: R21, R23, R25; another currency than `currency`: R20
        R110  origin and destination are one country: R19
        R112  an import to, or an export from, another country than `country`: R17, R18
    kept: R02 (a line that stands there already counts again, with the warning R207), R15 (a commodity outside
        the HS, or of chapter 93 or 99: PACComtrade recodes it to _U or OTH when it publishes; we keep the
        code and warn of one that is not six digits), and an empty VALUE, which counts as 0 with the warning
        R201. A number may have an exponent (1e3). A negative value is kept by a layout that says
        `may_be_negative` of declared_value.
What PACComtrade keeps and we do not count is left out under R302, neither in nor rejected: exports (X1, X2),
and the means of transport of `without_channel`, by which no parcel comes (rail, road, pipes, cables,
self-propelled goods, other and unknown). This module puts such a line to all of the rules first. `country`
and `currency` are those of the member; without them R17, R18 and R20 are not judged here.

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
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import duckdb
from pydantic import BaseModel, ConfigDict, Field

from pacific_parcels.contract import code_list
from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import (
    LONGEST_FOUND,
    SPOOL_DELIMITER,
    SPOOL_QUOTE,
    Header,
    RegularText,
    Spool,
    around_the_mark,
    line_ends_in,
)

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
COLUMNS: tuple[str, ...] = (
    *("DATE", "COMMODITY", "COMMODITY_CLASSIFICATION", "TRADE_FLOW", "VALUE", "INCOTERMS", "FREIGHT_PAID"),
    *("INSURANCE_PAID", "CURRENCY", "QUANTITY", "QUANTITY_UNIT", "COUNTRY_ORIGIN", "COUNTRY_DESTINATION"),
    *("TRADE_AGREEMENT", "TRANSPORT", ROW),
)
DELIMITER = ";"
LONGEST_LINE = 1 << 20
# Where each piece of this size has a line end in it, no line is longer than the longest.
CHUNK = LONGEST_LINE >> 3
MEMORY = "120MB"
# Bytes. DuckDB would take sixteen of the longest lines, and several of these at a time.
READ_BUFFER = 4 << 20
MOST_COMPARED = 16  # codes that a text is held against one by one; more are looked up
LARGEST_COMPARED_HERE = 1 << 20  # bytes of a spool
# What makes a report irregular: marks, NUL, and the signs of a spool.
IRREGULAR = (b'"', b"\0", SPOOL_DELIMITER.encode(), SPOOL_QUOTE.encode())
# What counts as a blank for str.strip, and which bytes tell that there may be one.
BLANKS = "".join(sign for sign in map(chr, range(0x3001)) if sign.isspace() and sign not in "\r\n\x1e\x1f")
BLANK_BYTES = tuple(sign.encode() for sign in BLANKS if sign.isascii())
BLANKS_BEFORE = (b"; ", b"\n ")
BLANKS_BEFORE_A_FIELD = re.compile(rb"(?:^|(?<=;)) +")
# What every line must have besides its commodity and what the contract requires of an item.
ALWAYS_THERE = ("COMMODITY_CLASSIFICATION", "TRADE_FLOW", "INCOTERMS", "COUNTRY_ORIGIN", "TRADE_AGREEMENT")
CODED = (*ALWAYS_THERE, "COUNTRY_DESTINATION", "QUANTITY_UNIT", "CURRENCY")
AMOUNTS = ("FREIGHT_PAID", "INSURANCE_PAID", "QUANTITY")
JUDGED = (*CODED, *AMOUNTS, "COMMODITY", "DATE", "VALUE", "TRANSPORT")
IMPORTS = frozenset({"M1", "M2"})
EXPORTS = frozenset({"X1", "X2"})
AGREEMENTS = frozenset({"NONE", "MSG", "PICTA", "IEPA", "SPARTECA", "PACERPLUS"})
CLASSIFICATIONS = frozenset({"HS2017", "HS2022"})
INCOTERMS = frozenset({"CFR", "CIF", "CIP", "CPT", "DAP", "DDP", "DDU", "DPU", "EXW", "FAS", "FCA", "FOB"})
TRANSPORTS = frozenset({"1", "21", "22", "31", "32", "411", "412", "42", "43", "44", "9"})
UNKNOWN_COUNTRY = "XX"
DIGITS = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
NUMBER = re.compile(DIGITS)
MOST_DIGITS = 30  # of a number that is written out; no value has as many
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOST_EXAMPLES = 8  # of codes, where a remedy names some
LEFT_OUT, REPEATED = "R302", "R207"
FAULT_SIGN, NOTE_SIGN = "F", "N"

MAY_BE_NEGATIVE: Final = ("declared_value",)  # in a draft of a layout: PACComtrade keeps such a value
# Where a draft of a layout looks for the columns of the contract, and what codes of the standard mean.
USUAL: Final[dict[str, str]] = {
    "item_id": "ROW",
    "channel_code": "TRANSPORT",
    "origin_country_code": "COUNTRY_ORIGIN",
    "hs_code": "COMMODITY",
    "hs_edition": "COMMODITY_CLASSIFICATION",
    "declared_value": "VALUE",
    "declared_currency_code": "CURRENCY",
    "valuation_basis_code": "INCOTERMS",
    "arrival_date": "DATE",
}
MEANINGS: Final[dict[str, dict[str, str]]] = {
    "channel_code": {"1": "AIR_CARGO", "21": "SEA_CARGO", "22": "SEA_CARGO", "42": "POSTAL_PARCEL"},
    "hs_edition": {"HS2017": "2017", "HS2022": "2022"},
    "valuation_basis_code": {
        "CFR": "CIF",
        "CIF": "CIF",
        "CIP": "CIF",
        "CPT": "CIF",
        "DAP": "CIF",
        "DDP": "CIF",
        "DDU": "CIF",
        "DPU": "CIF",
        "FAS": "FOB",
        "FCA": "FOB",
        "FOB": "FOB",
        "EXW": "INTRINSIC",
    },
}


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    units: tuple[str, ...] = ()
    without_channel: tuple[str, ...] = ("31", "32", "411", "412", "43", "44", "9")


def header(path: Path, options: Options) -> Header:
    """The columns of the file, then ROW. Errors: ExtractError R001, R004, R007, R014, R016, R019."""
    *_, columns = _open(path)
    return Header((*columns, ROW), DELIMITER)


def read(path: Path, options: Options, scratch: Path) -> RegularText:
    """The lines as rows; one that breaks a rule of the report, or cannot be split, is a fault.

    Errors: as header, and R017 for a report that was cut off.
    """
    *_, columns = _open(path)
    text = _read_regular(path, columns, options, scratch)
    return respool(path, options, scratch) if text is None else replace(text, expected=_expected(options))


def respool(path: Path, options: Options, scratch: Path) -> RegularText:
    """As read, line by line."""
    lines, reader, columns = _open(path)
    text = _read_lines(lines, reader, columns, options, scratch)
    return replace(_with_repeated_lines(text, scratch), expected=_expected(options))


def _expected(options: Options) -> dict[str, str]:
    """What a line must have in the columns that this module judges."""
    return {
        "TRADE_FLOW": _in_words(IMPORTS | EXPORTS),
        "TRADE_AGREEMENT": _in_words(AGREEMENTS),
        "QUANTITY_UNIT": _in_words(options.units[:MOST_EXAMPLES]),
        "DATE": "yyyy-mm-dd",
        "COMMODITY_CLASSIFICATION": _in_words(CLASSIFICATIONS),
        "INCOTERMS": _in_words(INCOTERMS),
        "TRANSPORT": _in_words(TRANSPORTS),
        "CURRENCY": options.currency or "",
        "COUNTRY_ORIGIN": options.country or "",
        "COUNTRY_DESTINATION": options.country or "",
        **dict.fromkeys((*AMOUNTS, "VALUE"), "1234.50"),
    }


def _in_words(codes: Iterable[str]) -> str:
    return ", ".join(sorted(codes))


def _read_lines(
    lines: _Lines, reader: Any, columns: tuple[str, ...], options: Options, scratch: Path
) -> RegularText:
    with Spool(scratch, (*columns, ROW)) as spool:
        rules = _Rules(columns, options, spool)
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
                spool.fault(source_row, "R113", "", around_the_mark(lines.last, '"', DELIMITER))
                is_short = False
                continue
            source_row += 1
            if not row:
                continue
            is_short = len(row) < len(columns)
            while len(row) > len(columns) and not row[-1]:
                row.pop()
            if len(row) != len(columns):
                spool.fault(source_row, "R101", "", str(len(row)))
            elif sum(map(len, row)) > LONGEST_LINE:
                spool.fault(source_row, "R113")
            else:
                rules.judge(source_row, row)
        if is_short and not lines.ends_with_line_end:
            raise ExtractError("R017", line=source_row)
        return spool.close()


@dataclass(frozen=True)
class _Scan:
    """What one pass over the bytes of a regular report finds out: lines, blanks, and such before a field."""

    lines: int
    has_blanks: bool
    has_blanks_before: bool


def _scan(path: Path) -> _Scan | None:
    """None where a line may have to be read with care; of blank lines, and of lines with too few or too many
    fields, DuckDB tells."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line_ends = carriage_returns = windows_ends = 0
    is_ascii, has_blanks, has_blanks_before = True, False, False
    tail = b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            ends = line_ends_in(chunk)
            if any(sign in chunk for sign in IRREGULAR) or (not ends and len(chunk) == CHUNK):
                return None
            # The end of the chunk before, for what stands across both.
            seam = tail + chunk[:2]
            if b"\r" in chunk or b"\r" in tail:
                carriage_returns += chunk.count(b"\r")
                windows_ends += chunk.count(b"\r\n") + (tail.endswith(b"\r") and chunk.startswith(b"\n"))
            if not is_ascii or not chunk.isascii():
                is_ascii = False
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    return None
            has_blanks = has_blanks or any(sign in chunk for sign in BLANK_BYTES)
            if has_blanks and not has_blanks_before:
                has_blanks_before = any(sign in part for sign in BLANKS_BEFORE for part in (chunk, seam))
            line_ends += ends
            tail = (tail + chunk)[-2:]
    if carriage_returns != windows_ends or carriage_returns not in (0, line_ends) or decoder.getstate()[0]:
        return None
    lines = line_ends + (not tail.endswith(b"\n"))
    return _Scan(lines, has_blanks or not is_ascii, has_blanks_before)


def _read_regular(
    path: Path, columns: tuple[str, ...], options: Options, scratch: Path
) -> RegularText | None:
    """The rows as _read_lines gives them, by DuckDB; None for a report that is not regular."""
    has_all = all(columns.count(name) == 1 for name in JUDGED)
    # DuckDB would take some names of files for patterns.
    scan = _scan(path) if has_all and not any(sign in str(path) for sign in "*?[") else None
    if scan is None:
        return None
    connection = _connect(scratch)
    try:
        connection.execute(
            f"create temp table judged as {_judged_lines(path, columns, options, has_blanks=scan.has_blanks)}"
        )
        return _sorted_out(connection, path, columns, scan, scratch)
    except duckdb.Error:  # a line with too few or too many fields, or a value that has to be written out
        return None
    finally:
        connection.close()


def _sorted_out(
    connection: duckdb.DuckDBPyConnection, path: Path, columns: tuple[str, ...], scan: _Scan, scratch: Path
) -> RegularText | None:
    """What was judged: the file itself where each of its lines is a row as it stands there, else a spool.

    None where DuckDB passed over a blank line: what comes after it has the number of another.
    """
    counted = connection.execute(
        f"select count(*), count(*) filter (starts_with(outcome, '{FAULT_SIGN}')), count(*) filter "
        f"(starts_with(outcome, '{NOTE_SIGN}')), count(*) filter (is_without_value) from judged"
    ).fetchone()
    line_count, fault_count, note_count, without_value = counted or (0, 0, 0, 0)
    if line_count != scan.lines - 1:
        return None
    faults, notes = scratch / "faults.csv", scratch / "notes.csv"
    for sign, file, count in ((FAULT_SIGN, faults, fault_count), (NOTE_SIGN, notes, note_count)):
        file.write_bytes(b"")
        if not count:
            continue
        connection.execute(
            f"copy (select substr(outcome, 2) from judged where starts_with(outcome, '{sign}')) "
            f"to {_quoted(str(file))} (format csv, header false, delimiter {_quoted(SPOOL_DELIMITER)}, "
            "quote '', escape '')"
        )
    text = RegularText(
        path=path,
        columns=(*columns, ROW),
        delimiter=DELIMITER,
        quote='"',
        skip=1,
        rows=line_count - note_count,
        has_source_row=False,
        last_is_row=True,
        faults=faults,
        fault_count=fault_count,
        notes=notes,
        note_count=note_count + _note_repeated_rows(connection, notes),
    )
    if not (fault_count or note_count or without_value or scan.has_blanks_before):
        return text
    spool = scratch / "spool.txt"
    apart = connection.execute(
        "select source_row, outcome is null from judged where outcome is not null or is_without_value"
    )
    _spool_lines(path, spool, columns, apart, has_blanks_before=scan.has_blanks_before)
    return replace(
        text,
        path=spool,
        delimiter=SPOOL_DELIMITER,
        quote=SPOOL_QUOTE,
        skip=0,
        has_source_row=True,
        last_is_row=False,
    )


def _spool_lines(
    path: Path,
    spool: Path,
    columns: tuple[str, ...],
    apart: duckdb.DuckDBPyConnection,
    *,
    has_blanks_before: bool,
) -> None:
    """The lines of a regular report as Spool writes them, without those that are no rows.

    `apart` are (row, whether it stays) of those and of lines without a value, in their order.
    """
    rows = chain.from_iterable(iter(lambda: apart.fetchmany(10_000), []))
    next_apart, stays = next(rows, (0, False))
    sign, spooled = DELIMITER.encode(), SPOOL_DELIMITER.encode()
    value = columns.index("VALUE")
    with path.open("rb") as source, spool.open("wb") as target:
        next(source)
        for row, line in enumerate(source, 2):
            if row == next_apart:
                is_left_out = not stays
                next_apart, stays = next(rows, (0, False))
                if is_left_out:
                    continue
                fields = line.split(sign)
                fields[value] = b"0"
                line = sign.join(fields)
            line = line.rstrip(b"\r\n")
            if (too_many := line.count(sign) - len(columns) + 1) > 0:  # empty fields, or DuckDB had minded
                line = line[:-too_many]
            if has_blanks_before:
                line = BLANKS_BEFORE_A_FIELD.sub(b"", line)
            target.write(b"%d%b%b%b%d\n" % (row, spooled, line.replace(sign, spooled), spooled, row))


def _connect(scratch: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(
        config={
            "memory_limit": MEMORY,
            "threads": 1,  # two cost a third more
            "temp_directory": str(scratch / "spill"),
            "preserve_insertion_order": True,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )


def _judged_lines(path: Path, columns: tuple[str, ...], options: Options, *, has_blanks: bool) -> str:
    """SQL: source_row, outcome, is_without_value, and line_hash, of what lines that repeat have in common.

    The outcome is null for a row; of a fault or a note it is the sign, and its line of CSV. An empty field is
    null. Errors: of DuckDB for a line with too few or too many fields, and for a value with an exponent.
    """
    texts = [f"text_{position}" for position in range(len(columns))]
    fields = [f"ltrim({text}, ' ')" for text in texts] if has_blanks else list(texts)
    bare = {
        name: f"nullif(trim({text}, {_quoted(BLANKS)}), '')" if has_blanks else text
        for name, text in zip(columns, texts, strict=True)
    }
    value = columns.index("VALUE")
    fields[value] = (
        f"case when {bare['VALUE']} is null then '0' when {_has_exponent(bare['VALUE'])} "
        f"then error(concat('an exponent in row ', source_row)) else {fields[value]} end"
    )
    cases = [
        f"when {_is_broken(check, bare)} then {_fault(check.rule_id, check.column, bare)}"
        for check in _checks(options)
    ]
    not_ours = f"{bare['TRADE_FLOW']} in {_listed(EXPORTS)}"
    if options.without_channel:
        not_ours += f" or {bare['TRANSPORT']} in {_listed(options.without_channel)}"
    further = [
        f"when {_is_broken(check, bare)} then {_fault(check.rule_id, check.column, bare)}"
        for check in _checks_of_what_is_left_out()
    ]
    left_out = (
        f"concat('{NOTE_SIGN}', source_row, ',{LEFT_OUT},,,', {_csv_field(bare['VALUE'])}, ',', "
        f"{_csv_field(bare['CURRENCY'])})"
    )
    cases.append(f"when {not_ours} then case {' '.join(further)} else {left_out} end")
    declared = ", ".join(f"{text}: 'VARCHAR'" for text in texts)
    joined = f", {_quoted(DELIMITER)}, ".join(fields)  # cheaper than the hashes of all, joined
    # Nearly no line has such signs in its figures: to look into each of them would cost a quarter more.
    figures = ", ".join(bare[name] for name in (*AMOUNTS, "VALUE"))
    return (
        f"select source_row, case {' '.join(cases)} end as outcome, {bare['VALUE']} is null as "
        f"is_without_value, hash(concat({joined})) as line_hash from ("
        f"select *, not {_has_one_of('eE_', 'figures')} as has_plain_figures from ("
        f"select row_number() over () + 1 as source_row, *, concat({figures}) as figures from read_csv("
        f"{_quoted(str(path))}, auto_detect = false, header = false, skip = 1, compression = 'none', "
        f"delim = {_quoted(DELIMITER)}, quote = '', escape = '', columns = {{{declared}}}, "
        f"strict_mode = true, max_line_size = {LONGEST_LINE}, buffer_size = {READ_BUFFER})))"
    )


def _fault(rule_id: str, column: str, bare: dict[str, str]) -> str:
    found = (
        f"{_csv_field(bare[column])}, ',', {_csv_field(bare['VALUE'])}, ',', {_csv_field(bare['CURRENCY'])}"
    )
    return f"concat('{FAULT_SIGN}', source_row, ',{rule_id},{column},', {found})"


def _csv_field(text: str) -> str:
    """As Spool writes it; a regular report has no quotation marks."""
    short = f"left({text}, {LONGEST_FOUND})"
    return f"case when contains({text}, ',') then concat('\"', {short}, '\"') else {short} end"


def _has_exponent(text: str) -> str:
    is_one = f"{_has_one_of('eE', text)} and regexp_full_match({text}, {_quoted(DIGITS)})"
    return f"(not has_plain_figures and {is_one})"


def _has_one_of(signs: str, text: str) -> str:
    return f"({' or '.join(f'contains({text}, {_quoted(sign)})' for sign in signs)})"


def _note_repeated_rows(connection: duckdb.DuckDBPyConnection, notes: Path) -> int:
    """A note on each row that stands above already, PACComtrade's rule R02; how many there are."""
    repeated = connection.execute(
        "create temp table repeated as select line_hash from judged where outcome is null "
        "group by 1 having count(*) > 1"
    ).fetchone()
    if repeated is None or not repeated[0]:
        return 0
    found = connection.execute(
        "select source_row from judged semi join repeated using (line_hash) where outcome is null "
        "qualify row_number() over (partition by line_hash order by source_row) > 1 order by 1"
    )
    return _write_repeated(found, notes)


def _write_repeated(found: duckdb.DuckDBPyConnection, notes: Path) -> int:
    count = 0
    with notes.open("a", encoding="utf-8", newline="") as file:
        while rows := found.fetchmany(10_000):
            file.writelines(f"{row},{REPEATED}\n" for (row,) in rows)
            count += len(rows)
    return count


def _with_repeated_lines(text: RegularText, scratch: Path) -> RegularText:
    """The same of what was spooled line by line."""
    assert text.notes is not None
    if text.path.stat().st_size <= LARGEST_COMPARED_HERE:
        count = _note_repeated_lines(text.path, text.notes)
        return replace(text, note_count=text.note_count + count)
    sign = _quoted(SPOOL_DELIMITER)
    # A spooled line begins with its number and ends with ROW, which is the same number.
    lines = (
        f"select split_part(line, {sign}, 1)::bigint as source_row, "
        f"strpos(line, {sign}) as numbered, "
        "hash(substr(line, numbered + 1, length(line) - 2 * numbered)) as line_hash "
        f"from read_csv({_quoted(str(text.path))}, auto_detect = false, header = false, delim = '\0', "
        f"quote = '', escape = '', columns = {{'line': 'VARCHAR'}}, max_line_size = {2 * LONGEST_LINE}, "
        f"buffer_size = {READ_BUFFER})"
    )
    connection = _connect(scratch)
    try:
        repeated = connection.execute(
            f"create temp table repeated as select line_hash from ({lines}) group by 1 having count(*) > 1"
        ).fetchone()
        if repeated is None or not repeated[0]:
            return text
        found = connection.execute(
            f"select source_row from ({lines}) semi join repeated using (line_hash) "
            "qualify row_number() over (partition by line_hash order by source_row) > 1 order by 1"
        )
        count = _write_repeated(found, text.notes)
    finally:
        connection.close()
    return replace(text, note_count=text.note_count + count)


def _note_repeated_lines(spool: Path, notes: Path) -> int:
    """The same without DuckDB, whose start costs more than a small report."""
    seen: set[bytes] = set()
    count = 0
    sign = SPOOL_DELIMITER.encode()
    with spool.open("rb") as lines, notes.open("a", encoding="utf-8", newline="") as file:
        for line in lines:
            number, _, fields = line.rstrip(b"\n").partition(sign)
            fields = fields[: -len(number)]
            if fields in seen:
                file.write(f"{number.decode()},{REPEATED}\n")
                count += 1
            seen.add(fields)
    return count


def _listed(codes: Iterable[str]) -> str:
    return f"({', '.join(map(_quoted, sorted(codes)))})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True)
class _Check:
    """What lines, or those of `flows`, are put to: `rule_id` is broken where `column` is not as demanded.

    Demanded is one of `codes`, a text of the shape `shape`, another text than in `other`, or, where none of
    them is given, any text at all. What is missing breaks the last only.
    """

    rule_id: str
    column: str
    codes: frozenset[str] | None = None
    shape: re.Pattern[str] | None = None
    other: str | None = None
    flows: frozenset[str] | None = None

    def is_broken(self, texts: dict[str, str]) -> bool:
        text = texts[self.column]
        if self.flows is not None and texts.get("TRADE_FLOW") not in self.flows:
            return False
        if self.codes is not None:
            return bool(text) and text not in self.codes
        if self.shape is DAY:
            return bool(text) and not _is_day(text)
        if self.shape is not None:
            return bool(text) and not self.shape.fullmatch(text)
        if self.other is not None:
            return bool(text) and text == texts.get(self.other)
        return not text


def _is_broken(check: _Check, bare: dict[str, str]) -> str:
    """`_Check.is_broken` as SQL."""
    text = bare[check.column]
    if check.codes is not None:
        of_flows = f" and {bare['TRADE_FLOW']} in {_listed(check.flows)}" if check.flows is not None else ""
        if len(check.codes) > MOST_COMPARED:
            return f"{text} is not null and try_cast({text} as enum {_listed(check.codes)}) is null{of_flows}"
        return f"{text} not in {_listed(check.codes)}{of_flows}"
    if check.shape is DAY:
        is_day = f"regexp_full_match({text}, {_quoted(DAY.pattern)}) and try_cast({text} as date) is not null"
        return f"{text} is not null and not ({is_day})"
    if check.shape is not None:
        # A cast costs a fraction of it, and takes more than NUMBER only where one of the signs stands.
        is_plain = f"try_cast({text} as decimal(18, 4)) is not null"
        with_care = f"{is_plain} and not {_has_one_of('eE_', text)}"
        return (
            f"not case when has_plain_figures then {is_plain} else {with_care} end "
            f"and not regexp_full_match({text}, {_quoted(check.shape.pattern)})"
        )
    if check.other is not None:
        return f"{text} = {bare[check.other]}"
    return f"{text} is null"


def _is_day(text: str) -> bool:
    if not DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _checks(options: Options) -> tuple[_Check, ...]:
    """What PACComtrade asks of every line and the contract has no column for."""
    currency = (_Check("R109", "CURRENCY", codes=frozenset({options.currency})),) if options.currency else ()
    country = frozenset({options.country}) if options.country else frozenset()
    own = (
        _Check("R112", "COUNTRY_DESTINATION", codes=country, flows=IMPORTS),
        _Check("R112", "COUNTRY_ORIGIN", codes=country, flows=EXPORTS),
    )
    units = (_Check("R109", "QUANTITY_UNIT", codes=frozenset(options.units)),) if options.units else ()
    return (
        _Check("R102", "COMMODITY"),
        *(_Check("R106", name, shape=NUMBER) for name in AMOUNTS),
        *(_Check("R102", name) for name in ALWAYS_THERE),
        _Check("R109", "TRADE_FLOW", codes=IMPORTS | EXPORTS),
        _Check("R109", "TRADE_AGREEMENT", codes=AGREEMENTS),
        *units,
        _Check("R110", "COUNTRY_ORIGIN", other="COUNTRY_DESTINATION"),
        *(own if country else ()),
        *currency,
    )


def _checks_of_what_is_left_out() -> tuple[_Check, ...]:
    """What the layout and the contract ask of every other line."""
    countries = frozenset({*code_list("countries", "country_code"), UNKNOWN_COUNTRY})
    return (
        *(_Check("R102", name) for name in ("DATE", "CURRENCY", "COUNTRY_DESTINATION", "TRANSPORT")),
        _Check("R103", "DATE", shape=DAY),
        _Check("R109", "COMMODITY_CLASSIFICATION", codes=CLASSIFICATIONS),
        _Check("R110", "COUNTRY_ORIGIN", codes=countries),
        _Check("R110", "COUNTRY_DESTINATION", codes=countries),
        _Check("R109", "INCOTERMS", codes=INCOTERMS),
        _Check("R109", "TRANSPORT", codes=TRANSPORTS),
        _Check("R106", "VALUE", shape=NUMBER),
    )


class _Rules:
    """Line by line: what becomes of a line, into the spool."""

    def __init__(self, columns: tuple[str, ...], options: Options, spool: Spool) -> None:
        self._spool = spool
        self._positions = {name: columns.index(name) for name in JUDGED if name in columns}
        coded = {*CODED, "TRANSPORT"}
        self._coded = {name: place for name, place in self._positions.items() if name in coded}
        self._on_codes = [
            check for check in _checks(options) if check.column in CODED and check.column in self._positions
        ]
        self._on_others = [
            check
            for check in _checks(options)
            if check.column not in CODED and check.column in self._positions
        ]
        self._further = [check for check in _checks_of_what_is_left_out() if check.column in self._positions]
        self._without_channel = frozenset(options.without_channel)
        # Few combinations of codes ever occur: each is judged once.
        self._judged = lru_cache(maxsize=1 << 14)(self._judge_codes)

    def judge(self, source_row: int, row: list[str]) -> None:
        broken, is_left_out = self._judged(*[row[position] for position in self._coded.values()])
        texts = {name: row[position].strip() for name, position in self._positions.items()}
        value = (texts.get("VALUE", ""), texts.get("CURRENCY", ""))
        broken = _first_broken(self._on_others, texts) or broken
        if broken is None and is_left_out:
            broken = _first_broken(self._further, texts)
        if broken is not None:
            self._spool.fault(source_row, broken.rule_id, broken.column, texts[broken.column], *value)
        elif is_left_out:
            self._spool.leave_out(source_row, LEFT_OUT, *value)
        else:
            if "VALUE" in texts:
                row[self._positions["VALUE"]] = _written_out(row[self._positions["VALUE"]])
            self._spool.row(source_row, [*row, str(source_row)])

    def _judge_codes(self, *values: str) -> tuple[_Check | None, bool]:
        """The check that the codes break, and whether the line is no item of ours."""
        texts = {name: value.strip() for name, value in zip(self._coded, values, strict=True)}
        is_left_out = texts.get("TRADE_FLOW") in EXPORTS or texts.get("TRANSPORT") in self._without_channel
        return _first_broken(self._on_codes, texts), is_left_out


def _first_broken(checks: Iterable[_Check], texts: dict[str, str]) -> _Check | None:
    return next((check for check in checks if check.is_broken(texts)), None)


def _written_out(value: str) -> str:
    """A value without exponent, and 0 for none."""
    text = value.strip()
    if not text:
        return "0"
    if "e" not in text.lower() or not NUMBER.fullmatch(text):
        return value
    try:
        figure = Decimal(text)
    except ArithmeticError:
        return value
    return f"{figure:f}" if abs(figure.adjusted()) < MOST_DIGITS else value


class _Lines(Iterable[str]):
    """The lines of a report, checked as they come, in bounded memory; the last one of them.

    Errors: ExtractError R004 (not UTF-8), R016 (NUL), R019 (a line of more than a megabyte).
    """

    def __init__(self, path: Path) -> None:
        self.last = ""
        self._path = path

    @property
    def ends_with_line_end(self) -> bool:
        return not self.last or self.last.endswith("\n")

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
                self.last = text
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
            found_fr="guillemets mal placés dans la ligne d’en-tête",
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
