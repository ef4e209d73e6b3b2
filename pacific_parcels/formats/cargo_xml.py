"""IATA Cargo-XML: house waybills, house manifests and master waybills. The root of a document decides.

    HouseWaybill (XFZB)     one row per IncludedHouseConsignment: as a rule one
    HouseManifest (XFHL)    one row per IncludedHouseConsignment. A checklist: as a rule it names neither
                            a value nor a flight, and an item needs both; the house waybills have them
    Waybill (XFWB)          one row per MasterConsignment. It is no list of parcels: pieces and mass are those
                            of the whole master. So a consolidation (TypeCode 741) is left out where the
                            file also holds house consignments, and counted apart on the receipt (R301); a
                            direct waybill (740) always is a row. A layout tells them apart by Message_type
                            and TypeCode.

Documents may stand one after the other, of the three kinds mixed. A house waybill without a house, and any
other Cargo-XML message, is a fault and the rest goes on. Records are numbered as they are met, waybills that
are left out too.

    Message_type            XFZB, XFHL or XFWB
    TypeCode PurposeCode VersionID IssueDateTime    of the message; 703, 785, 740 or 741; Creation, Update …
    ActualDateTime          when the carrier or its agent signed the waybill
    Master_ID House_ID      air waybill and house waybill as written; House_ID is empty in an XFWB
    OriginLocation FinalDestinationLocation         IATA airports, also of the master under Master_…
    DepartureDateTime ArrivalDateTime               scheduled: first departure, last arrival
    TotalPieceQuantity PackageQuantity              pieces as handled; packages as the shipper counted them
    GrossWeight_kg          exact: KGM as written, LBR times 0.45359237; empty for any other unit
    GrossWeight_unitCode    as written
    SummaryDescription      of the consignment, else of its first item
    HS_code HS_code_heaviest HS_codes               first one, that of the heaviest item, how many different;
                            TypeCode of the items and of the consignment itself
    OriginCountry Items     country of the first item that names one; how many items
    DeclaredValueForCustomsAmount and its _currencyID; empty where NilCustomsValueIndicator is true
    WeightTotalChargeAmount TotalPrepaidChargeAmount TotalCollectChargeAmount Charge_currencyID
    InsuranceValueAmount    the sum insured, not a premium; empty where NilInsuranceValueIndicator is true
    ConsignorParty_CountryID ConsigneeParty_CountryID   all that is read of the parties, unless the option
    ConsignorParty_Name ConsigneeParty_Name             `parties` lists these
    HandlingSPHInstructions GoodsStatusCode         codes; several with a blank between them
    IncludedCustomsNotes    country/subject/content code of each note, never its content

An indicator is true or false, whatever its spelling. A time becomes 2026-03-05 14:30:00. One with an offset
(+08:00, Z) is turned into the local time of the option `time_zone`, which is to be the member's own; without
that option it stays as written, and the layout will not read it. One without an offset is local already.

It carries consignments with mass, pieces, goods, declared value and the time of the message, which is that of
the advance data. It cannot carry what customs does with them: lodgement, release, charges, lane, inspection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

from lxml import etree
from pydantic import BaseModel, ConfigDict

from pacific_parcels.formats import EachOnce, Header, RegularText, Spool, TimeZone, iso_moment, party
from pacific_parcels.markup import NAMES, DocumentKind, Elements, root_name, text_at

NUMBERS: Literal["row", "record"] = "record"
JOINS_DOCUMENTS = True
CANNOT_CARRY: tuple[str, ...] = (
    "customs_office_code",
    "hs_edition",
    "valuation_basis_code",
    "duty_amount",
    "tax_amount",
    "fee_amount",
    "revenue_currency_code",
    "lodgement_at",
    "release_at",
    "declaration_type_code",
    "selectivity_lane_code",
    "is_inspected",
    "inspection_result_code",
    "outcome_code",
)
COLUMNS: tuple[str, ...] = (
    "Message_type",
    "TypeCode",
    "PurposeCode",
    "VersionID",
    "IssueDateTime",
    "ActualDateTime",
    "Master_ID",
    "House_ID",
    "OriginLocation",
    "FinalDestinationLocation",
    "Master_OriginLocation",
    "Master_FinalDestinationLocation",
    "DepartureDateTime",
    "ArrivalDateTime",
    "TotalPieceQuantity",
    "PackageQuantity",
    "GrossWeight_kg",
    "GrossWeight_unitCode",
    "SummaryDescription",
    "HS_code",
    "HS_code_heaviest",
    "HS_codes",
    "OriginCountry",
    "Items",
    "DeclaredValueForCustomsAmount",
    "DeclaredValueForCustomsAmount_currencyID",
    "NilCustomsValueIndicator",
    "WeightTotalChargeAmount",
    "TotalPrepaidChargeAmount",
    "TotalCollectChargeAmount",
    "Charge_currencyID",
    "InsuranceValueAmount",
    "InsuranceValueAmount_currencyID",
    "NilInsuranceValueIndicator",
    "ConsignorParty_CountryID",
    "ConsigneeParty_CountryID",
    "HandlingSPHInstructions",
    "GoodsStatusCode",
    "IncludedCustomsNotes",
)
Party = Literal["ConsignorParty_Name", "ConsigneeParty_Name"]
PARTIES: tuple[Party, ...] = get_args(Party)

MESSAGE_TYPES: Final = {"HouseWaybill": "XFZB", "HouseManifest": "XFHL", "Waybill": "XFWB"}
HEADER, BUSINESS, MASTER, HOUSE = (
    "MessageHeaderDocument",
    "BusinessHeaderDocument",
    "MasterConsignment",
    "IncludedHouseConsignment",
)
MESSAGES: Final = DocumentKind(
    tuple(MESSAGE_TYPES),
    "IATA Cargo-XML (XFZB, XFHL or XFWB)",
    "IATA Cargo-XML (XFZB, XFHL ou XFWB)",
    mark=HEADER,
)
DIRECT = "740"
# What the parts of a message have to be that are faults where they are not.
EXPECTED: Final = {HEADER: ", ".join(MESSAGE_TYPES), HOUSE: f"{MASTER}/{HOUSE}"}

PLAIN = frozenset(("TotalPieceQuantity", "PackageQuantity", "SummaryDescription"))
LOCATIONS = frozenset(("OriginLocation", "FinalDestinationLocation"))
TRADERS = frozenset(("ConsignorParty", "ConsigneeParty"))
INDICATORS = frozenset(("NilCustomsValueIndicator", "NilInsuranceValueIndicator"))
CHARGES = frozenset(("WeightTotalChargeAmount", "TotalPrepaidChargeAmount", "TotalCollectChargeAmount"))
VALUES = {
    "DeclaredValueForCustomsAmount": "NilCustomsValueIndicator",
    "InsuranceValueAmount": "NilInsuranceValueIndicator",
}
# A master waybill and a house waybill weigh with the first, a house manifest with the second.
WEIGHTS = frozenset(("IncludedTareGrossWeightMeasure", "GrossWeightMeasure"))
ITEMS = frozenset(("IncludedHouseConsignmentItem", "IncludedMasterConsignmentItem"))
READ: frozenset[str] = frozenset().union(
    *(PLAIN, LOCATIONS, TRADERS, INDICATORS, CHARGES, VALUES, WEIGHTS, ITEMS),
    (
        "ID",
        "TransportContractDocument",
        "TypeCode",
        "IncludedCustomsNote",
        "HandlingSPHInstructions",
        "SpecifiedLogisticsTransportMovement",
        "AssociatedConsignmentCustomsProcedure",
        "ApplicableRating",
        "ApplicableTotalRating",
    ),
)

TRUTH = {"true": "true", "1": "true", "false": "false", "0": "false"}
POUND = Decimal("0.45359237")  # kilograms, by definition
MASS = re.compile(r"[+-]?\d{1,12}(?:\.\d{1,6})?", re.ASCII)  # times a pound it is still exact
CODE = re.compile(r"[A-Z0-9]{0,4}", re.ASCII)
LONGEST_RECORD = 1 << 18  # characters: with four bytes each they still make a line that DuckDB reads

# Where a draft of a layout looks for the columns of the contract, and what codes of the standard mean.
USUAL: Final[dict[str, str]] = {
    "item_id": "House_ID",
    "channel_code": "Message_type",
    "origin_country_code": "OriginCountry",
    "consignment_country_code": "ConsignorParty_CountryID",
    "hs_code": "HS_code_heaviest",
    "goods_description": "SummaryDescription",
    "declared_value": "DeclaredValueForCustomsAmount",
    "declared_currency_code": "DeclaredValueForCustomsAmount_currencyID",
    "gross_mass_kg": "GrossWeight_kg",
    "pieces_count": "TotalPieceQuantity",
    "posted_at": "ActualDateTime",
    "advance_data_at": "IssueDateTime",
    "arrival_date": "ArrivalDateTime",
}
MEANINGS: Final[dict[str, dict[str, str]]] = {
    "channel_code": {"XFZB": "AIR_CARGO", "XFHL": "AIR_CARGO"},
}


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    time_zone: TimeZone | None = None
    parties: Annotated[tuple[Party, ...], EachOnce] = ()


@dataclass
class _Message:
    """What is known of a document before its consignments, and of the master that is being read."""

    header: dict[str, str] = field(default_factory=dict)
    waybill: str = ""
    master: dict[str, str] | None = None


def header(path: Path, options: Options) -> Header:
    """The columns, whatever is in the file. Errors: ExtractError R014 where the root is of another kind."""
    MESSAGES.require(root_name(path))
    return Header((*COLUMNS, *options.parties))


def read(path: Path, options: Options, scratch: Path) -> RegularText:
    header(path, options)
    with _Reading(options, scratch) as reading:
        return reading.run(path)


class _Reading:
    """Two spools, since only the end of the file tells whether it has house consignments.

    One holds the houses and the direct waybills, the other every master waybill.
    """

    def __init__(self, options: Options, scratch: Path) -> None:
        self.time_zone = options.time_zone
        self.columns = (*COLUMNS, *options.parties)
        self.has_parties = bool(options.parties)
        self.records = 0
        self.line = 0
        self.has_houses = False
        (scratch / "masters").mkdir(exist_ok=True)
        self.houses = Spool(scratch, self.columns)
        self.masters = Spool(scratch / "masters", self.columns)

    def __enter__(self) -> _Reading:
        return self

    def __exit__(self, *error: object) -> None:
        self.houses.close()
        self.masters.close()

    def run(self, path: Path) -> RegularText:
        message = _Message()
        messages = Elements(path, (HEADER, BUSINESS, HOUSE, MASTER, *MESSAGE_TYPES), MESSAGES)
        for element in messages:
            name = NAMES[element.tag]
            if name in (HEADER, HOUSE, MASTER):
                self.line = messages.line_of(element)
            kind = _message_type(element)
            if name == HOUSE:
                self._house(kind, element, message)
            elif name == HEADER:
                message = _Message()
                if kind:
                    message.header = self._header(element)
                else:
                    self._fault(HEADER, _name_above(element))
            elif name == BUSINESS and kind:
                message.waybill = text_at(element, "ID")
                signed = text_at(element, "SignatoryCarrierAuthentication/ActualDateTime")
                message.header["ActualDateTime"] = iso_moment(signed, self.time_zone)
            elif name == MASTER:
                if message.master is None and kind == "XFWB":
                    self._master(element, message)
                elif message.master is None and kind == "XFZB":
                    self._fault(HOUSE)
                message.master = None
            elif element.getparent() is None:
                message = _Message()
        houses, masters = self.houses.close(), self.masters.close()
        return replace(houses if self.has_houses else masters, expected=EXPECTED)

    def _header(self, element: etree._Element) -> dict[str, str]:
        found = _first_texts(element, ("TypeCode", "PurposeCode", "VersionID", "IssueDateTime"))
        found["IssueDateTime"] = iso_moment(found["IssueDateTime"], self.time_zone)
        return found

    def _house(self, kind: str, element: etree._Element, message: _Message) -> None:
        self.has_houses = True
        if message.master is None:
            message.master = self._facts(reversed(list(element.itersiblings(preceding=True))))
        if not kind:
            self._fault(HOUSE, f"{_name_above(element)}/{HOUSE}")
            return
        facts = self._facts(element)
        numbers = (facts.get("ID", ""), facts.get("TransportContractDocument", ""))
        if kind == "XFHL":
            numbers = (numbers[1], numbers[0])
        master = message.master
        self._put(
            (self.houses,),
            {name: master.get(name, "") for name in ("DepartureDateTime", "ArrivalDateTime")}
            | message.header
            | facts
            | {
                "Message_type": kind,
                "Master_ID": master.get("TransportContractDocument", ""),
                "House_ID": numbers[0] or numbers[1] or (message.waybill if kind == "XFZB" else ""),
                "Master_OriginLocation": master.get("OriginLocation", ""),
                "Master_FinalDestinationLocation": master.get("FinalDestinationLocation", ""),
            },
        )

    def _master(self, element: etree._Element, message: _Message) -> None:
        facts = self._facts(element)
        is_direct = message.header.get("TypeCode") == DIRECT
        if not is_direct:
            self.houses.leave_out(
                self.records + 1,
                "R301",
                facts.get("DeclaredValueForCustomsAmount", ""),
                facts.get("DeclaredValueForCustomsAmount_currencyID", ""),
            )
        self._put(
            (self.houses, self.masters) if is_direct else (self.masters,),
            message.header
            | facts
            | {
                "Message_type": "XFWB",
                "Master_ID": facts.get("TransportContractDocument") or message.waybill,
                "Master_OriginLocation": facts.get("OriginLocation", ""),
                "Master_FinalDestinationLocation": facts.get("FinalDestinationLocation", ""),
            },
        )

    def _put(self, spools: Iterable[Spool], facts: dict[str, str]) -> None:
        given = facts.get
        fields = [given(name, "") for name in self.columns]
        is_too_long = sum(map(len, fields)) > LONGEST_RECORD
        self.records += 1
        for spool in spools:
            if is_too_long:
                spool.fault(self.records, "R115", line=self.line)
            else:
                spool.row(self.records, fields, self.line)

    def _fault(self, part: str, found: str = "") -> None:
        """A part of a message that is missing, or does not stand where EXPECTED says."""
        self.records += 1
        for spool in (self.houses, self.masters):
            spool.fault(self.records, "R115", part, found, line=self.line)

    def _facts(self, children: Iterable[etree._Element]) -> dict[str, str]:
        """What the children of one consignment say, by column; of what stands twice the first stays.

        Two names are not columns: ID and TransportContractDocument, the numbers a consignment may have.
        """
        facts: dict[str, str] = {}
        items: list[etree._Element] = []
        codes: list[str] = []
        handling: list[str] = []
        notes: list[str] = []
        currencies: list[str] = []
        for child in children:
            name = NAMES[child.tag]
            if name not in READ:
                continue
            text = (child.text or "").strip()
            if name in PLAIN:
                facts.setdefault(name, " ".join(text.split()))
            elif name == "ID":
                facts.setdefault(name, text)
            elif name in WEIGHTS:
                if "GrossWeight_kg" not in facts:
                    unit = (child.get("unitCode") or "").strip()
                    facts["GrossWeight_unitCode"] = unit
                    facts["GrossWeight_kg"] = _kilograms(text, unit)
            elif name in VALUES:
                facts.setdefault(name, text)
                facts.setdefault(f"{name}_currencyID", (child.get("currencyID") or "").strip())
            elif name in CHARGES:
                facts.setdefault(name, text)
                currencies.append((child.get("currencyID") or "").strip())
            elif name in INDICATORS:
                facts.setdefault(name, TRUTH.get(text.lower(), text))
            elif name in LOCATIONS or name == "TransportContractDocument":
                facts.setdefault(name, text_at(child, "ID"))
            elif name in TRADERS:
                facts.setdefault(f"{name}_CountryID", text_at(child, "PostalStructuredAddress/CountryID"))
                if self.has_parties:
                    facts.setdefault(f"{name}_Name", party(text_at(child, "Name")))
            elif name in ITEMS:
                items.append(child)
            elif name == "TypeCode":
                codes.append(text)
            elif name == "IncludedCustomsNote":
                notes.append(_codes_of(child))
            elif name == "HandlingSPHInstructions":
                handling.append(text_at(child, "DescriptionCode"))
            elif name == "SpecifiedLogisticsTransportMovement":
                self._movement(child, facts)
            elif name == "AssociatedConsignmentCustomsProcedure":
                facts.setdefault("GoodsStatusCode", text_at(child, "GoodsStatusCode"))
            elif name == "ApplicableRating":
                items += [item for item in child if NAMES[item.tag] in ITEMS]
            elif name == "ApplicableTotalRating":
                _master_charges(child, facts, currencies)
        _goods(items, codes, facts)
        for value, indicator in VALUES.items():
            if facts.get(indicator) == "true":
                facts[value] = facts[f"{value}_currencyID"] = ""
        facts["Charge_currencyID"] = _listed(currencies)
        facts["HandlingSPHInstructions"] = _listed(handling)
        facts["IncludedCustomsNotes"] = _listed(notes)
        return facts

    def _movement(self, element: etree._Element, facts: dict[str, str]) -> None:
        departure = text_at(element, "DepartureEvent/ScheduledOccurrenceDateTime")
        arrival = text_at(element, "ArrivalEvent/ScheduledOccurrenceDateTime")
        if departure:
            facts.setdefault("DepartureDateTime", iso_moment(departure, self.time_zone))
        if arrival:
            facts["ArrivalDateTime"] = iso_moment(arrival, self.time_zone)


def _message_type(element: etree._Element) -> str:
    """XFZB, XFHL or XFWB by the root above an element; empty where that is another or the place is wrong."""
    depth = 2 if NAMES[element.tag] == HOUSE else 1
    for _ in range(depth):
        parent = element.getparent()
        if parent is None:
            return ""
        element = parent
    return MESSAGE_TYPES.get(NAMES[element.tag], "")


def _name_above(element: etree._Element) -> str:
    above = element.getparent()
    return "" if above is None else NAMES[above.tag]


def _codes_of(note: etree._Element) -> str:
    """Country, subject and content code. What is no code is left out: it may be anything, a name also."""
    codes = _first_texts(note, ("CountryID", "SubjectCode", "ContentCode")).values()
    return "/".join(code if CODE.fullmatch(code) else "" for code in codes)


def _first_texts(element: etree._Element, names: tuple[str, ...]) -> dict[str, str]:
    """What the first child of each of these names says, in their order; empty where there is none."""
    found = dict.fromkeys(names, "")
    missing = set(names)
    for child in element:
        name = NAMES[child.tag]
        if name in missing:
            missing.remove(name)
            found[name] = (child.text or "").strip()
    return found


def _master_charges(rating: etree._Element, facts: dict[str, str], currencies: list[str]) -> None:
    """Freight of a master waybill: one summation for what is prepaid, one for what is collected."""
    for child in rating:
        if NAMES[child.tag] != "ApplicablePrepaidCollectMonetarySummation":
            continue
        prepaid = TRUTH.get(text_at(child, "PrepaidIndicator").lower())
        total = "TotalPrepaidChargeAmount" if prepaid == "true" else "TotalCollectChargeAmount"
        for amount in child:
            column = {"GrandTotalAmount": total, "WeightChargeTotalAmount": "WeightTotalChargeAmount"}.get(
                NAMES[amount.tag]
            )
            if column:
                facts.setdefault(column, (amount.text or "").strip())
                currencies.append((amount.get("currencyID") or "").strip())


def _goods(items: list[etree._Element], codes: list[str], facts: dict[str, str]) -> None:
    """What the items say of the goods. A mass that cannot be read counts as none when items are compared."""
    heaviest = codes[0] if codes else ""
    most = Decimal(0)
    for item in items:
        first = ""
        mass = Decimal(0)
        for child in item:
            name = NAMES[child.tag]
            text = (child.text or "").strip()
            if name == "TypeCode" and text:
                codes.append(text)
                first = first or text
            elif name == "GrossWeightMeasure":
                kilograms = _kilograms(text, (child.get("unitCode") or "").strip())
                mass = Decimal(kilograms) if kilograms and MASS.fullmatch(text) else Decimal(0)
            elif name == "NatureIdentificationTransportCargo" and not facts.get("SummaryDescription"):
                facts["SummaryDescription"] = " ".join(text_at(child, "Identification").split())
            elif name == "OriginCountry" and not facts.get("OriginCountry"):
                facts["OriginCountry"] = text_at(child, "ID")
        if first and (not heaviest or mass > most):
            heaviest, most = first, mass
    codes = [code for code in codes if code]
    facts["HS_code"] = codes[0] if codes else ""
    facts["HS_code_heaviest"] = heaviest
    facts["HS_codes"] = str(len(set(codes)))
    facts["Items"] = str(len(items))


def _listed(texts: list[str]) -> str:
    if not texts:
        return ""
    return " ".join(dict.fromkeys(text for text in texts if text))


def _kilograms(text: str, unit: str) -> str:
    """Exact, without an exponent. A mass that cannot be read stays as it is, for the layout to refuse."""
    if unit == "KGM":
        return text
    if unit != "LBR":
        return ""
    return f"{Decimal(text) * POUND:f}" if MASS.fullmatch(text) else text
