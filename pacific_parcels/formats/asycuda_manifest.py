"""Cargo manifests of ASYCUDA World as XML: <Awmds>, or <Awbolds> with the houses of one master bill.

A row is one <Bol_segment> that is a consignment of its own; what the manifest says of the voyage stands on
each of its rows. An <Awbolds> does not say when the goods arrive: its rows lack Date_of_arrival. Several
documents may stand in one file. Names of columns are those of the elements.

A master bill is no item: the consignments under it are, and counting both would count the same goods
twice. So a bill is left out, counted apart on the receipt with what it declares,
    as a master (R301) when another bill of the file names it as its Master_bol_ref_number, when an <Awbolds>
    is about it, or when its Bol_type_code is among `master_types` (its houses come by another file), and
    as no import (R302) when its Bol_nature is not among `natures`, where the member file gives them (22
    export, 23 import, 24 transit, 28 transhipment).
A master bill without houses in the file is a consignment and a row. Bills are numbered as they stand in the
file, those that are left out too, so that a row is found by its number.

Item_reference                    office/voyage/day of departure/bill: the identity of a bill. Empty where
                                  one of them is missing, so that the row is rejected.
Place_of_loading_country_code     the first two letters of Place_of_loading_code, which is a UN/LOCODE.
Customs_value, Customs_currency   what the carrier declared for customs, where it did.
Gross_mass                        in kilograms.

It carries the consignment as it arrives: the day of arrival, places, packages, mass, a value if the carrier
gave one, and the waybill that joins it to the declaration. It cannot carry duty, tax or release, nor when
advance data was received. Addresses, and the marks on packages, are not read, and exporter and consignee only
where the option `parties` lists Exporter_code, Exporter_name, Consignee_code or Consignee_name.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

from lxml import etree
from pydantic import BaseModel, ConfigDict

from pacific_parcels.formats import EachOnce, Header, RegularText, Spool, party
from pacific_parcels.markup import (
    DocumentKind,
    Elements,
    local_name,
    plain_number,
    root_name,
    text_at,
    texts_by_name,
)

NUMBERS: Final[Literal["row", "record"]] = "record"
CANNOT_CARRY: Final[tuple[str, ...]] = (
    "origin_country_code",
    "duty_amount",
    "tax_amount",
    "fee_amount",
    "revenue_currency_code",
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
JOINS_DOCUMENTS: Final = True

MANIFESTS: Final = DocumentKind(
    ("Awmds", "Awbolds"),
    "a manifest of ASYCUDA World (XML, <Awmds>)",
    "manifeste de SYDONIA World (XML, <Awmds>)",
)
OF_MANIFEST: Final = (
    "Customs_office_code",
    "Voyage_number",
    "Date_of_departure",
    "Date_of_arrival",
    "Time_of_arrival",
    "Carrier_code",
    "Mode_of_transport_code",
    "Nationality_of_transporter_code",
    "Place_of_departure_code",
    "Place_of_destination_code",
)
OF_BILL: Final = (
    "Bol_reference",
    "Line_number",
    "Bol_nature",
    "Bol_type_code",
    "Master_bol_ref_number",
    "Unique_carrier_reference",
    "Port_of_origin_code",
    "Place_of_loading_code",
    "Place_of_unloading_code",
    "Number_of_packages",
    "Package_type_code",
    "Gross_mass",
    "Volume_in_cubic_meters",
    "Commodity_code",
    "Goods_description",
    "Customs_value",
    "Customs_currency",
    "Freight_value",
    "Freight_currency",
    "Insurance_value",
    "Insurance_currency",
    "Transport_value",
    "Transport_currency",
    "Location_code",
)
LOADING_COUNTRY = "Place_of_loading_country_code"
COLUMNS: Final[tuple[str, ...]] = ("Item_reference", *OF_MANIFEST, *OF_BILL, LOADING_COUNTRY)
Party = Literal["Exporter_code", "Exporter_name", "Consignee_code", "Consignee_name"]
PARTIES: Final[tuple[Party, ...]] = get_args(Party)

MEASURES: Final = (
    "Number_of_packages",
    "Gross_mass",
    "Volume_in_cubic_meters",
    *(column for column in OF_BILL if column.endswith("_value")),
)
NOT_OF_INTEREST = frozenset(("Traders_segment", "ctn_segment", "Split_segment", "Attached_Document"))
DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2}|T.*)?", re.ASCII)

# Where a draft of a layout looks for the columns of the contract, and what codes of the standard mean.
USUAL: Final[dict[str, str]] = {
    "item_id": "Item_reference",
    "channel_code": "Mode_of_transport_code",
    "customs_office_code": "Customs_office_code",
    "port_code": "Place_of_unloading_code",
    "consignment_country_code": "Place_of_loading_country_code",
    "hs_code": "Commodity_code",
    "goods_description": "Goods_description",
    "declared_value": "Customs_value",
    "declared_currency_code": "Customs_currency",
    "gross_mass_kg": "Gross_mass",
    "pieces_count": "Number_of_packages",
    "arrival_date": "Date_of_arrival",
}
MEANINGS: Final[dict[str, dict[str, str]]] = {
    "channel_code": {"1": "SEA_CARGO", "4": "AIR_CARGO", "5": "POSTAL_PARCEL"},
}


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    master_types: tuple[str, ...] = ()
    natures: tuple[str, ...] = ()
    parties: Annotated[tuple[Party, ...], EachOnce] = ()


def header(path: Path, options: Options) -> Header:
    MANIFESTS.require(root_name(path))
    return Header((*COLUMNS, *options.parties))


def read(path: Path, options: Options, scratch: Path) -> RegularText:
    header(path, options)
    masters = _masters(path)
    with Spool(scratch, (*COLUMNS, *options.parties)) as spool:
        voyage = _Voyage({})
        bills = 0
        tags = ("General_segment", "Master_bol", "Bol_segment", *MANIFESTS.roots)
        manifests = Elements(path, tags, MANIFESTS)
        for element in manifests:
            name = local_name(element)
            if name == "Bol_segment":
                bills += 1
                named = _parties(element, options)
                bill = texts_by_name(element, without=NOT_OF_INTEREST)
                rule_id = _why_left_out(bill, masters, options)
                if rule_id is None:
                    spool.row(bills, [*voyage.fields(bill), *named], manifests.line_of(element))
                else:
                    spool.leave_out(
                        bills,
                        rule_id,
                        plain_number(bill.get("Customs_value", "")),
                        bill.get("Customs_currency", ""),
                    )
            elif name in MANIFESTS.roots:
                voyage = _Voyage({})
            else:
                voyage = _Voyage(texts_by_name(element, without=NOT_OF_INTEREST))
        return spool.close()


def _parties(bill: etree._Element, options: Options) -> list[str]:
    return [
        party(text_at(bill, f"Traders_segment/{column.partition('_')[0]}/{column}"))
        for column in options.parties
    ]


def _masters(path: Path) -> set[str]:
    """The bills that another one names as its master: a master may stand before its houses or after them."""
    masters: set[str] = set()
    for element in Elements(path, ("Bol_id", "Master_bol")):
        if local_name(element) == "Master_bol":
            masters.add(text_at(element, "Reference_number"))
        else:
            master = text_at(element, "Master_bol_ref_number")
            if master != text_at(element, "Bol_reference"):
                masters.add(master)
    return masters - {""}


def _why_left_out(bill: dict[str, str], masters: set[str], options: Options) -> str | None:
    """The rule under which a bill is no item; None where it is one."""
    is_master_by_type = bill.get("Bol_type_code", "") in options.master_types
    if is_master_by_type or bill.get("Bol_reference", "") in masters:
        return "R301"
    if options.natures and bill.get("Bol_nature", "") not in options.natures:
        return "R302"
    return None


class _Voyage:
    """What the manifest says once, for all its bills."""

    def __init__(self, facts: dict[str, str]) -> None:
        for column in ("Date_of_departure", "Date_of_arrival"):
            day = DAY.fullmatch(facts.get(column, ""))
            if day:
                facts[column] = day[1]
        identity = [
            facts.get(column, "") for column in ("Customs_office_code", "Voyage_number", "Date_of_departure")
        ]
        self._identity = "/".join(identity) if all(identity) else ""
        self._facts = [facts.get(column, "") for column in OF_MANIFEST]
        self._master = facts.get("Reference_number", "")  # an <Awbolds> says it once, for all its houses

    def fields(self, bill: dict[str, str]) -> list[str]:
        for column in MEASURES:
            if column in bill:
                bill[column] = plain_number(bill[column])
        bill.setdefault("Master_bol_ref_number", self._master)
        reference = bill.get("Bol_reference", "")
        return [
            f"{self._identity}/{reference}" if self._identity and reference else "",
            *self._facts,
            *[bill.get(column, "") for column in OF_BILL],
            bill.get("Place_of_loading_code", "")[:2],
        ]
