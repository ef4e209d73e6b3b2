"""IATA Cargo-IMP FHL, the consolidation list of house waybills as text: versions 4 and 5, many in one file.

    FHL/5
    MBI/618-12345675SINJFK/T7K1000                      master: number, airports, pieces, weight in K or L
    HBS/AEI12345678/SINJFK/1/K400/4/COMPUTER PARTS      house: number, airports, pieces, weight, SLAC, goods
    /VAL                                                special handling codes
    TXT/MEMORY BOARDS                                   goods in more words; a line that begins with / goes on
    HTS/847330                                          tariff codes
    OCI/SG/SHP/T/…                                      customs information: country, subject, content, text
    SHP … CNE …                                         the parties, in both ways to write them: as tagged
                                                        lines (NAM, ADR, LOC), or SHP/name and three lines
    CVD/SGD/PP/NVD/1250.00/XXX                          values for carriage, customs and insurance

One row is one HBS. SHP, CNE and CVD belong to the house after which they stand. Every line has to keep the
grammar: a house with a line that does not is a fault, and so is each house of a message whose version or MBI
is wrong, a message without any house, and a message of another type. The rest goes on. Rows are numbered as
they are met, faults included. Blank lines, signs of transmission and Type B address lines are passed over.
Text is ASCII or Latin-1; a line has at most 512 characters.

    Version                 of the message: 4 or 5
    Master_number House_number
    Master_origin Master_destination Origin Destination         IATA airports
    Pieces Slac             pieces as handled; shipper's load and count
    Weight_kg               exact: K as written, L times 0.45359237
    Weight_unit             K or L
    Goods                   of HBS, cut short by its writer as a rule
    Free_text               of TXT; a line is cut where a mark (SHPNAME, CNEADR …) shows that some program
                            appends the parties there. A name without a mark cannot be told from goods
    Special_handling        codes with a blank between them
    HTS_code HTS_codes      the first one; how many different
    Customs_codes           country/subject/content code of each OCI line, never its text
    Shipper_country Consignee_country                           all that is read of the parties, unless
    Shipper_name Consignee_name                                 the option `parties` lists these
    Currency Prepaid_collect
    Value_for_customs       empty where it says NCV (no commercial value) or NVD
    No_customs_value        true where it does, false where there is a value, empty without a CVD
    Value_for_insurance     the sum insured; empty where it says XXX or NIL
    Value_for_carriage      empty where it says NVD

It carries house waybills with pieces, mass, goods and declared value. It cannot carry a single date: the day
of arrival has to be a constant of the layout. Nor can it carry what customs does with a consignment.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import EachOnce, Header, RegularText, Spool, party

NUMBERS: Literal["row", "record"] = "record"
JOINS_DOCUMENTS = True
CANNOT_CARRY: tuple[str, ...] = (
    "customs_office_code",
    "origin_country_code",
    "hs_edition",
    "valuation_basis_code",
    "duty_amount",
    "tax_amount",
    "fee_amount",
    "revenue_currency_code",
    "posted_at",
    "advance_data_at",
    "arrival_date",
    "lodgement_at",
    "release_at",
    "declaration_type_code",
    "selectivity_lane_code",
    "is_inspected",
    "inspection_result_code",
    "outcome_code",
)
COLUMNS: tuple[str, ...] = (
    "Version",
    "Master_number",
    "Master_origin",
    "Master_destination",
    "House_number",
    "Origin",
    "Destination",
    "Pieces",
    "Weight_kg",
    "Weight_unit",
    "Slac",
    "Goods",
    "Free_text",
    "Special_handling",
    "HTS_code",
    "HTS_codes",
    "Customs_codes",
    "Shipper_country",
    "Consignee_country",
    "Currency",
    "Prepaid_collect",
    "Value_for_carriage",
    "Value_for_customs",
    "No_customs_value",
    "Value_for_insurance",
)
Party = Literal["Shipper_name", "Consignee_name"]
PARTIES: tuple[Party, ...] = get_args(Party)

LONGEST_LINE = 512  # the standard allows 69
LONGEST_RECORD = 1 << 16  # characters of all lines of one house
VERSIONS = ("4", "5")
PARTY_TAGS = ("SHP", "CNE", "NAM", "ADR", "LOC")
TAGS = frozenset(("MBI", "HBS", "TXT", "HTS", "OCI", "CVD", *PARTY_TAGS))
POUND = Decimal("0.45359237")  # kilograms, by definition
# Start, end and separator signs of the telex, and a mark that some editors put at the start of a file.
BLANKS = "\x01\x02\x03\x04\x0b\x0c\x1a \t\n"
UTF8_MARK = codecs.BOM_UTF8.decode("latin-1")

AMOUNT = r"\d{1,12}(?:\.\d{1,3})?"
WEIGHT = r"([KL])(\d{1,9}(?:\.\d{1,3})?)"
# FHL/5; other types of message may have no version: FSR.
START = re.compile(r"(F[A-Z]{2}|[A-Z]{3}(?=/))(?:/(\d{1,2}))?", re.ASCII)
MASTER = re.compile(rf"MBI/(\d{{3}}-\d{{8}})([A-Z]{{3}})([A-Z]{{3}})/T\d{{1,5}}{WEIGHT}", re.ASCII)
HOUSE = re.compile(
    rf"HBS/([A-Z0-9]{{1,20}})/([A-Z]{{3}})([A-Z]{{3}})/(\d{{1,5}})/{WEIGHT}/(\d{{0,5}})/([^/]+)", re.ASCII
)
HANDLING = re.compile(r"(?:/[A-Z0-9]{3}){1,9}", re.ASCII)
TEXT = re.compile(r"(?:TXT)?/(.*)")
TARIFF = re.compile(r"(?:HTS)?/([A-Z0-9]{6,18})", re.ASCII)
CUSTOMS = re.compile(r"(?:OCI)?/([A-Z]{2})?/([A-Z]{3})?/([A-Z]{1,2})?/.*", re.ASCII)
PARTY = re.compile(r"(SHP|CNE)(?:/(.*))?")
PARTY_LINE = re.compile(r"(NAM|ADR|LOC)/(.*)")
PARTY_COUNTRY = re.compile(r"/([A-Z]{2})(?:/.*)?")
VALUES = re.compile(
    rf"CVD/([A-Z]{{3}})/([PC]{{2}})?/(NVD|{AMOUNT})/(NCV|NVD|{AMOUNT})/(XXX|NIL|{AMOUNT})", re.ASCII
)
# Addressees with their priority, and the sender with the time: QD SUVFJXH NANFJXH / .AKLNZXH 051430
ENVELOPE = re.compile(r"(?:Q[A-Z] [A-Z0-9]{7}(?: [A-Z0-9]{7})*|\.[A-Z0-9]{7}(?: .*)?|NNNN)", re.ASCII)
PARTY_IN_TEXT = re.compile(r"(?:SHP|CNE|NFY|AGT)(?:NAME|ADR|ADDR|ADDRESS|LOC|TEL|PHONE)", re.ASCII)
LINES_OF_A_PARTY = 3  # after SHP/name: street, place, country
WHO = {"SHP": "Shipper", "CNE": "Consignee"}
# What a line that does not keep the grammar should have been, by the part of the message that it belongs to.
EXPECTED: Final[dict[str, str]] = {
    "FHL": "FHL/4, FHL/5",
    "MBI": "MBI/618-12345675SINJFK/T7K1000",
    "HBS": "HBS/AEI12345678/SINJFK/1/K400/4/COMPUTER PARTS",
    "SPH": "/VAL/ECC",
    "TXT": "TXT/MEMORY BOARDS",
    "HTS": "HTS/847330",
    "OCI": "OCI/SG/SHP/T/12345",
    "SHP": "SHP/…, /…, /…, /SG/…",
    "CNE": "CNE/…, /…, /…, /SG/…",
    "CVD": "CVD/SGD/PP/NVD/1250.00/XXX",
}

# Where a draft of a layout looks for the columns of the contract, and what codes of the standard mean.
USUAL: Final[dict[str, str]] = {
    "item_id": "House_number",
    "consignment_country_code": "Shipper_country",
    "hs_code": "HTS_code",
    "goods_description": "Goods",
    "declared_value": "Value_for_customs",
    "declared_currency_code": "Currency",
    "gross_mass_kg": "Weight_kg",
    "pieces_count": "Pieces",
}


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    parties: Annotated[tuple[Party, ...], EachOnce] = ()


def header(path: Path, options: Options) -> Header:
    """The columns, whatever is in the file. Errors: ExtractError R001, R014 where the start is no FHL."""
    for line in _lines(path):
        if ENVELOPE.fullmatch(line.text):
            continue
        start = START.fullmatch(line.text)
        if start is None or start[1] != "FHL" or start[2] not in VERSIONS:
            raise _not_a_list(start[0] if start else "")
        return Header((*COLUMNS, *options.parties))
    raise ExtractError("R001")


def read(path: Path, options: Options, scratch: Path) -> RegularText:
    """Every house of every message. Errors: as `header`, R016 at a NUL byte, R017 for a file that was cut."""
    header(path, options)
    with Spool(scratch, (*COLUMNS, *options.parties)) as spool:
        reading = _Reading(spool)
        for line in _lines(path):
            if not reading.take(line) and not line.is_ended:
                raise ExtractError("R017", line=line.number)
        reading.end_message()
        return replace(spool.close(), expected=EXPECTED)


class _Line(NamedTuple):
    number: int
    text: str
    is_ended: bool
    is_too_long: bool


def _lines(path: Path) -> Iterator[_Line]:
    """The lines that are not blank, whatever ends them; of one that is too long the beginning.

    Errors: ExtractError R001, R016.
    """
    if path.stat().st_size == 0:
        raise ExtractError("R001")
    number = 0
    with path.open(encoding="latin-1", newline=None) as file:
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            rest = line
            while not rest.endswith("\n") and "\0" not in rest and (more := file.readline(LONGEST_LINE + 1)):
                rest = more
            if "\0" in line or "\0" in rest:
                raise ExtractError("R016", line=number)
            text = line.removeprefix(UTF8_MARK) if number == 1 else line
            if text := text.strip(BLANKS):
                is_too_long = len(line) > LONGEST_LINE and not line.endswith("\n")
                yield _Line(number, text, rest.endswith("\n"), is_too_long)


class _Broken(NamedTuple):
    """A line that does not keep the grammar: the part of the message it is of, its text and its number."""

    part: str
    found: str
    line: int


@dataclass
class _House:
    """One HBS and what follows it. `line` is the number of the HBS."""

    line: int
    facts: dict[str, str]
    texts: list[str] = field(default_factory=list)
    handling: list[str] = field(default_factory=list)
    tariffs: list[str] = field(default_factory=list)
    customs: list[str] = field(default_factory=list)
    length: int = 0
    broken: _Broken | None = None

    def fields(self, columns: tuple[str, ...]) -> list[str]:
        facts = self.facts | {
            "Free_text": " ".join(self.texts),
            "Special_handling": " ".join(self.handling),
            "HTS_code": self.tariffs[0] if self.tariffs else "",
            "HTS_codes": str(len(set(self.tariffs))),
            "Customs_codes": " ".join(dict.fromkeys(self.customs)),
        }
        return [facts.get(name, "") for name in columns]


class _Reading:
    """Takes line after line and puts each house into the spool when it is over."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.master: dict[str, str] | None = None
        self.house: _House | None = None
        self.version = ""
        self.section = ""
        self.party_lines = 0
        self.start_line = 0
        self.is_in_message = False
        self.broken: _Broken | None = None
        self.has_houses = False

    def take(self, line: _Line) -> bool:
        """One line; whether it keeps the grammar. Lines of a message of another type are passed over."""
        text = line.text
        if text[0] != "/" and text[:3] not in TAGS:
            if start := START.fullmatch(text):
                return self._start(line, start[1], start[2] or "")
            if ENVELOPE.fullmatch(text):
                self.end_message()
                return True
        if not self.is_in_message:
            return True
        if text.startswith("HBS"):
            return self._start_house(line, None if line.is_too_long else HOUSE.fullmatch(text))
        if text.startswith("MBI"):
            return self._start_master(line, None if line.is_too_long else MASTER.fullmatch(text))
        is_good = not line.is_too_long and self.house is not None and self._add(self.house, text)
        if not is_good:
            self._break(self._part_of(text), line)
        return is_good

    def end_message(self) -> None:
        self._end_house()
        if self.is_in_message and not self.has_houses:
            self._fault(self.broken or _Broken("HBS", "", self.start_line))
        self.is_in_message = False

    def _start(self, line: _Line, kind: str, version: str) -> bool:
        self.end_message()
        self.master, self.section = None, ""
        self.version, self.start_line = version, line.number
        is_ours = kind == "FHL" and version in VERSIONS
        self.broken = None if is_ours else _Broken("FHL", line.text, line.number)
        if kind != "FHL" and self.broken is not None:
            self._fault(self.broken)
            return True
        self.is_in_message, self.has_houses = True, False
        return True

    def _start_master(self, line: _Line, match: re.Match[str] | None) -> bool:
        if match is None or self.section:
            self._break("MBI", line)
            self.broken = self.broken or _Broken("MBI", line.text, line.number)
            return False
        self.section = "MBI"
        self.master = {
            "Version": self.version,
            "Master_number": match[1],
            "Master_origin": match[2],
            "Master_destination": match[3],
        }
        return True

    def _start_house(self, line: _Line, match: re.Match[str] | None) -> bool:
        self._end_house()
        self.section, self.has_houses = "HBS", True
        if match is None:
            self.house = _House(line.number, {}, broken=_Broken("HBS", line.text, line.number))
            return False
        number, origin, destination, pieces, unit, weight, slac, goods = match.groups()
        self.house = _House(
            line.number,
            (self.master or {})
            | {
                "House_number": number,
                "Origin": origin,
                "Destination": destination,
                "Pieces": pieces,
                "Weight_kg": weight if unit == "K" else f"{Decimal(weight) * POUND:f}",
                "Weight_unit": unit,
                "Slac": slac,
                "Goods": goods.strip(),
            },
        )
        return True

    def _end_house(self) -> None:
        if self.house is None:
            return
        broken = self.house.broken or self.broken
        if broken is None and self.master is None:
            broken = _Broken("MBI", "", self.start_line)
        if broken is not None:
            self._fault(broken)
        else:
            self.spool.row(self.spool.rows + 1, self.house.fields(self.spool.columns), self.house.line)
        self.house = None

    def _part_of(self, text: str) -> str:
        """The part of a message that a line after its HBS belongs to; a line that begins with / goes on."""
        tag = self.section if text[0] == "/" or text[:3] in ("NAM", "ADR", "LOC") else text[:3]
        if tag == "HBS":
            return "SPH"
        return tag if tag in EXPECTED else "HBS"

    def _break(self, part: str, line: _Line) -> None:
        """The line belongs to a house or, before the first one, to the message."""
        broken = _Broken(part, line.text, line.number)
        if self.house is not None:
            self.house.broken = self.house.broken or broken
        else:
            self.broken = self.broken or broken

    def _fault(self, broken: _Broken) -> None:
        self.spool.fault(self.spool.rows + 1, "R115", broken.part, broken.found, line=broken.line)

    def _add(self, house: _House, text: str) -> bool:
        """A line after HBS; whether it keeps the grammar."""
        house.length += len(text)
        if house.length > LONGEST_RECORD:
            return False
        tag = text[:3] if text[0] != "/" else self.section
        if tag in PARTY_TAGS:
            return self._add_party(house, text)
        self.section = tag
        if tag == "HBS" and HANDLING.fullmatch(text):
            house.handling += text[1:].split("/")
        elif tag == "TXT" and (match := TEXT.fullmatch(text)):
            free = match[1][: found.start()] if (found := PARTY_IN_TEXT.search(match[1])) else match[1]
            house.texts += [free.strip()] if free.strip() else []
        elif tag == "HTS" and (match := TARIFF.fullmatch(text)):
            house.tariffs.append(match[1])
        elif tag == "OCI" and (match := CUSTOMS.fullmatch(text)):
            house.customs.append("/".join(match.groups("")))
        elif tag == "CVD" and (match := VALUES.fullmatch(text)):
            house.facts |= _values(match)
        else:
            return False
        return True

    def _add_party(self, house: _House, text: str) -> bool:
        """A line of SHP or CNE. Of all of them only the name and the country are kept.

        The name stands after SHP/ or, where the lines have tags, after NAM/. The country begins the line
        after LOC or, where no line has a tag, the third after SHP/name.
        """
        if text[0] != "/" and (party_of := PARTY.fullmatch(text)):
            self.section = party_of[1]
            self.party_lines = 0
            house.facts[f"{WHO[self.section]}_name"] = party(party_of[2] or "")
            return True
        if self.section not in ("SHP", "CNE"):
            return False
        who = WHO[self.section]
        if tagged := PARTY_LINE.fullmatch(text):
            if tagged[1] == "NAM":
                house.facts[f"{who}_name"] = party(tagged[2])
            self.party_lines = LINES_OF_A_PARTY - 1 if tagged[1] == "LOC" else -LONGEST_RECORD
            return True
        if text[0] != "/":
            return False
        self.party_lines += 1
        if self.party_lines != LINES_OF_A_PARTY:
            return True
        country = PARTY_COUNTRY.fullmatch(text)
        if country is None:
            return False
        house.facts[f"{who}_country"] = country[1]
        return True


def _values(match: re.Match[str]) -> dict[str, str]:
    currency, prepaid, carriage, customs, insurance = match.groups("")
    return {
        "Currency": currency,
        "Prepaid_collect": prepaid,
        "Value_for_carriage": carriage if carriage[0].isdigit() else "",
        "Value_for_customs": customs if customs[0].isdigit() else "",
        "No_customs_value": "false" if customs[0].isdigit() else "true",
        "Value_for_insurance": insurance if insurance[0].isdigit() else "",
    }


def _not_a_list(found: str) -> ExtractError:
    return ExtractError(
        "R014",
        expected="a Cargo-IMP FHL of version 4 or 5",
        expected_fr="FHL Cargo-IMP de version 4 ou 5",
        found=f"it begins with {found}" if found else "it does not begin with FHL/4 or FHL/5",
        found_fr=f"il commence par {found}" if found else "il ne commence pas par FHL/4 ou FHL/5",
    )
