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

It carries the day, the HS code and its edition, value, currency, Incoterm, origin and mode of transport. It
cannot carry an identifier, an office, a mass, duty and tax, or any time of the clearance.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import Header, RegularText, Spool

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
# What every line must have besides its commodity and what the contract requires of an item.
ALWAYS_THERE = ("COMMODITY_CLASSIFICATION", "TRADE_FLOW", "INCOTERMS", "COUNTRY_ORIGIN", "TRADE_AGREEMENT")
CODED = (*ALWAYS_THERE, "COUNTRY_DESTINATION", "QUANTITY_UNIT")
AMOUNTS = ("FREIGHT_PAID", "INSURANCE_PAID", "QUANTITY")
IMPORTS = frozenset({"M1", "M2"})
EXPORTS = frozenset({"X1", "X2"})
AGREEMENTS = frozenset({"NONE", "MSG", "PICTA", "IEPA", "SPARTECA", "PACERPLUS"})
NUMBER = re.compile(r"\s*(?:[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*)?")


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
