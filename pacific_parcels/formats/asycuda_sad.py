"""Declarations of ASYCUDA World (SAD) as XML: documents <ASYCUDA>, one or many in a file, one row per item.

A row is one <Item>; what the declaration says once stands on each of its rows. Names of columns are those
of the elements. An element with the child <null/> is empty. What a reader has to know:

Item_reference    office/year/serial/number/item number: the identity of an item. Empty where the declaration
                  has no registration number, so that its rows are rejected instead of mistaken for others.
Item_number       the ordinal of the item in its declaration.
Dates             ASYCUDA writes 10/25/16: month, day, year. They come out as 2016-10-25, and so do four
                  digits of a year and ISO dates. `dates: day_first` reads 25/10/16. What is no date by that
                  order stays as it is, and the row is rejected.
Value_amount, Value_currency_code, Value_source
                  Of the invoice, in its currency. The item's own amount where it has one (Value_source
                  Item_Invoice). Otherwise what the invoice of the whole declaration leaves for such items is
                  shared out in the proportion of their Item_price, else Statistical_value, else
                  Gross_weight_itm; Value_source names which, or Gs_Invoice for a single such item. The pieces
                  are exact and add up to the cent (largest remainder). Where that cannot be done the value is
                  empty. Total_CIF_itm and Statistical_value are in the national currency.
Duty_amount, Tax_amount, Fee_amount, Other_amount
                  Taxation lines by their code, in the national currency: `duty_codes`, `tax_codes` and
                  `fee_codes` of the options say which code is what; every other amount is in Other_amount, so
                  that nothing is lost. A kind whose codes are not declared is empty, not zero. Charges on the
                  declaration as a whole (Global_taxes), and by code on the assessment notice where no item
                  has taxes of its own (Items_taxes, Item_tax_total), are shared out over the items by
                  Statistical_value, Item_price, Gross_weight_itm, or in equal parts.
A declaration that announces more items than it holds, or holds none, gives one more row without
Item_reference, which is rejected: what is missing is seen. Amounts of such a declaration are not shared out.

It carries customs value, duty, tax and fee, the waybill (Summary_declaration), origin and consignment, the
commodity, and the day of registration, which stands for the day of arrival where a layout says so. It cannot
carry when an item was posted, announced, presented or released, nor what an inspection found. Banks are not
read, and traders and declarants only where the option `parties` lists Exporter_code, Exporter_name,
Consignee_code, Consignee_name, Declarant_code or Declarant_name. A name is the first line of what stands
there: the address is on the next ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

from lxml import etree
from pydantic import BaseModel, ConfigDict, model_validator

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import EachOnce, Header, RegularText, Spool, party
from pacific_parcels.markup import (
    DocumentKind,
    Elements,
    local_name,
    number,
    plain_number,
    root_name,
    text_at,
    texts,
)

NUMBERS: Final[Literal["row", "record"]] = "record"
CANNOT_CARRY: Final[tuple[str, ...]] = (
    "posted_at",
    "advance_data_at",
    "release_at",
    "selectivity_lane_code",
    "is_inspected",
    "inspection_result_code",
    "outcome_code",
)
JOINS_DOCUMENTS: Final = True
DECLARATIONS: Final = DocumentKind(
    ("ASYCUDA",),
    "declarations of ASYCUDA World (XML, <ASYCUDA>)",
    "déclarations de SYDONIA World (XML, <ASYCUDA>)",
)

# Column: where it stands in the declaration.
OF_DECLARATION: Final = {
    "Customs_clearance_office_code": "Identification/Office_segment/Customs_clearance_office_code",
    "Registration_serial_number": "Identification/Registration/Serial_number",
    "Registration_number": "Identification/Registration/Number",
    "Registration_date": "Identification/Registration/Date",
    "Assessment_date": "Identification/Assessment/Date",
    "Type_of_declaration": "Identification/Type/Type_of_declaration",
    "Declaration_gen_procedure_code": "Identification/Type/Declaration_gen_procedure_code",
    "Manifest_reference_number": "Identification/Manifest_reference_number",
    "Sad_flow": "Property/Sad_flow",
    "Total_number_of_items": "Property/Nbers/Total_number_of_items",
    "Export_country_code": "General_information/Country/Export/Export_country_code",
    "Destination_country_code": "General_information/Country/Destination/Destination_country_code",
    "Border_office_code": "Transport/Border_office/Code",
    "Border_mode_of_transport": "Transport/Means_of_transport/Border_information/Mode",
    "Place_of_loading_code": "Transport/Place_of_loading/Code",
    "Location_of_goods": "Transport/Location_of_goods",
    "Delivery_terms_code": "Transport/Delivery_terms/Code",
}
# Column: where it stands in the item.
OF_ITEM: Final = {
    "Summary_declaration": "Previous_doc/Summary_declaration",
    "Commodity_code": "Tarification/HScode/Commodity_code",
    "Extended_customs_procedure": "Tarification/Extended_customs_procedure",
    "National_customs_procedure": "Tarification/National_customs_procedure",
    "Supplementary_unit_code": "Tarification/Supplementary_unit/Suppplementary_unit_code",  # so misspelt
    "Supplementary_unit_quantity": "Tarification/Supplementary_unit/Suppplementary_unit_quantity",
    "Country_of_origin_code": "Goods_description/Country_of_origin_code",
    "Description_of_goods": "Goods_description/Description_of_goods",
    "Commercial_Description": "Goods_description/Commercial_Description",
    "Number_of_packages": "Packages/Number_of_packages",
    "Gross_weight_itm": "Valuation_item/Weight_itm/Gross_weight_itm",
    "Net_weight_itm": "Valuation_item/Weight_itm/Net_weight_itm",
    "Total_CIF_itm": "Valuation_item/Total_CIF_itm",
    "Statistical_value": "Valuation_item/Statistical_value",
}
ALSO_WRITTEN: Final = {
    "Tarification/Supplementary_unit/Supplementary_unit_code": "Supplementary_unit_code",
    "Tarification/Supplementary_unit/Supplementary_unit_quantity": "Supplementary_unit_quantity",
    "Valuation_item/Weight_itm/Gross": "Gross_weight_itm",
    "Valuation_item/Weight_itm/Net": "Net_weight_itm",
}
VALUES: Final = ("Value_amount", "Value_currency_code", "Value_source")
CHARGES: Final = ("Duty_amount", "Tax_amount", "Fee_amount", "Other_amount")
COLUMNS: Final[tuple[str, ...]] = (
    "Item_reference",
    "Item_number",
    *OF_DECLARATION,
    *OF_ITEM,
    *VALUES,
    *CHARGES,
)
Party = Literal[
    "Exporter_code",
    "Exporter_name",
    "Consignee_code",
    "Consignee_name",
    "Declarant_code",
    "Declarant_name",
]
PARTIES: Final[tuple[Party, ...]] = get_args(Party)

DATES = ("Registration_date", "Assessment_date")
MOST_ITEMS = 10_000  # of one declaration; real ones have up to some hundreds
ITEM_PRICE = "Tarification/Item_price"
STATISTICAL_VALUE = OF_ITEM["Statistical_value"]
GROSS_WEIGHT = OF_ITEM["Gross_weight_itm"]
OWN_AMOUNT = "Valuation_item/Item_Invoice/Amount_foreign_currency"
OWN_CURRENCY = "Valuation_item/Item_Invoice/Currency_code"
TOTAL_AMOUNTS = (
    "Valuation/Gs_Invoice/Amount_foreign_currency",
    "Valuation/Total/Total_invoice",
    "Financial/Total_invoice",
)
TOTAL_CURRENCY = "Valuation/Gs_Invoice/Currency_code"
NOT_OF_INTEREST = frozenset(
    (
        *("Item", "Export_release", "Traders", "Declarant", "Warehouse", "Transit"),
        *("Assessment_notice", "Global_taxes"),
    )
)
NUMERIC_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})", re.ASCII)
ISO_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T.*)?", re.ASCII)
OTHER = CHARGES.index("Other_amount")

Facts = dict[str, str]

# Where a draft of a layout looks for the columns of the contract, and what codes of the standard mean.
USUAL: Final[dict[str, str]] = {
    "item_id": "Item_reference",
    "channel_code": "Border_mode_of_transport",
    "customs_office_code": "Customs_clearance_office_code",
    "origin_country_code": "Country_of_origin_code",
    "consignment_country_code": "Export_country_code",
    "hs_code": "Commodity_code",
    "goods_description": "Description_of_goods",
    "declared_value": "Value_amount",
    "declared_currency_code": "Value_currency_code",
    "duty_amount": "Duty_amount",
    "tax_amount": "Tax_amount",
    "fee_amount": "Fee_amount",
    "gross_mass_kg": "Gross_weight_itm",
    "pieces_count": "Number_of_packages",
    "arrival_date": "Registration_date",
}
MEANINGS: Final[dict[str, dict[str, str]]] = {
    "channel_code": {"1": "SEA_CARGO", "4": "AIR_CARGO", "5": "POSTAL_PARCEL"},
}


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    dates: Literal["month_first", "day_first"] = "month_first"
    duty_codes: tuple[str, ...] = ()
    tax_codes: tuple[str, ...] = ()
    fee_codes: tuple[str, ...] = ()
    parties: Annotated[tuple[Party, ...], EachOnce] = ()

    @model_validator(mode="after")
    def _a_code_is_one_thing(self) -> Options:
        codes = [*self.duty_codes, *self.tax_codes, *self.fee_codes]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if twice:
            raise ValueError(f"a code is either duty, tax or fee: {twice} stand twice")
        return self

    @cached_property
    def kinds(self) -> dict[str, int]:
        """Position in CHARGES of each code."""
        lists = (self.duty_codes, self.tax_codes, self.fee_codes)
        return {code: kind for kind, codes in enumerate(lists) for code in codes}

    @cached_property
    def known_kinds(self) -> tuple[bool, ...]:
        return (bool(self.duty_codes), bool(self.tax_codes), bool(self.fee_codes), True)


def header(path: Path, options: Options) -> Header:
    DECLARATIONS.require(root_name(path))
    return Header((*COLUMNS, *options.parties))


def read(path: Path, options: Options, scratch: Path) -> RegularText:
    """One row for each item. Errors: as header, and R019 for more than 10,000 items in a declaration."""
    header(path, options)
    day = "dd/mm/yy" if options.dates == "day_first" else "mm/dd/yy"
    with Spool(scratch, (*COLUMNS, *options.parties)) as spool:
        row = 0
        declarations = Elements(path, DECLARATIONS.roots, DECLARATIONS)
        for declaration in declarations:
            for element, fields in _rows(declaration, options):
                row += 1
                spool.row(row, fields, declarations.line_of(element))
        return replace(spool.close(), expected=dict.fromkeys(DATES, day))


def _rows(declaration: etree._Element, options: Options) -> list[tuple[etree._Element, list[str]]]:
    """The fields of each item with its element; for items that are missing the declaration stands."""
    facts = texts(declaration, without=NOT_OF_INTEREST)
    blocks: list[etree._Element] = []
    notices: list[etree._Element] = []
    for child in declaration:
        name = local_name(child)
        if name == "Item":
            blocks.append(child)
        elif name in ("Assessment_notice", "Global_taxes"):
            notices.append(child)
    if len(blocks) > MOST_ITEMS:
        raise ExtractError(
            "R019",
            found="memory",
            found_fr="mémoire",
            expected=f"{MOST_ITEMS} items a declaration",
            expected_fr=f"{MOST_ITEMS} articles par déclaration",
        )
    items = [texts(block, without=("Attached_documents", "Taxation")) for block in blocks]
    for item in items:
        for path, column in ALSO_WRITTEN.items():
            if path in item:
                item.setdefault(OF_ITEM[column], item[path])
    announced = number(facts.get(OF_DECLARATION["Total_number_of_items"], ""))
    is_incomplete = len(items) < max(1, announced or 0)

    for column in DATES:
        path = OF_DECLARATION[column]
        facts[path] = iso_date(facts.get(path, ""), options)
    of_declaration = [facts.get(path, "") for path in OF_DECLARATION.values()]
    reference = _reference(facts)
    values = _values(facts, items, is_incomplete)
    charges = _charges(notices, facts, blocks, items, is_incomplete, options)
    named = [_party(declaration, column) for column in options.parties]
    rows = [
        (
            block,
            [
                f"{reference}/{number_of_item}" if reference else "",
                str(number_of_item),
                *of_declaration,
                *(item.get(path, "") for path in OF_ITEM.values()),
                *value,
                *charged,
                *named,
            ],
        )
        for number_of_item, (block, item, value, charged) in enumerate(
            zip(blocks, items, values, charges, strict=True), 1
        )
    ]
    if is_incomplete:
        rest = len(COLUMNS) - 2 - len(of_declaration)
        rows.append((declaration, ["", "", *of_declaration, *([""] * rest), *named]))
    return rows


def _party(declaration: etree._Element, column: str) -> str:
    role = column.partition("_")[0]
    block = role if role == "Declarant" else f"Traders/{role}"
    return party(text_at(declaration, f"{block}/{column}").partition("\n")[0])


def _reference(facts: Facts) -> str:
    office, serial, registered, date = (
        facts.get(OF_DECLARATION[column], "")
        for column in (
            "Customs_clearance_office_code",
            "Registration_serial_number",
            "Registration_number",
            "Registration_date",
        )
    )
    if not (office and registered and ISO_DATE.fullmatch(date)):
        return ""
    return f"{office}/{date[:4]}/{serial}/{registered}"


def _values(facts: Facts, items: list[Facts], is_incomplete: bool) -> list[tuple[str, str, str]]:
    """Amount, currency and source of the value of each item."""
    currency = facts.get(TOTAL_CURRENCY, "")
    values: list[tuple[str, str, str]] = []
    without: list[int] = []
    left = next((facts[path] for path in TOTAL_AMOUNTS if path in facts), "")
    total = None if is_incomplete else number(left)
    for position, item in enumerate(items):
        text = item.get(OWN_AMOUNT, "")
        own = number(text)
        own_currency = item.get(OWN_CURRENCY, "")
        # Zero in no currency is an empty block as ASYCUDA writes it.
        if text and (own_currency or own != 0):
            values.append((plain_number(text), own_currency or currency, "Item_Invoice"))
            is_of_total = own is not None and own_currency in ("", currency)
            total = total - own if total is not None and own is not None and is_of_total else None
        else:
            values.append(("", "", ""))
            without.append(position)
    if not without or total is None or total < 0:
        return values
    rest = [items[position] for position in without]
    source, weights = (
        ("Gs_Invoice", [Decimal(1)])
        if len(rest) == 1
        else _weights(rest, (ITEM_PRICE, STATISTICAL_VALUE, GROSS_WEIGHT))
    )
    if weights:
        for position, piece in zip(without, apportioned(total, weights), strict=True):
            values[position] = (piece, currency, source)
    return values


def _weights(items: list[Facts], paths: Sequence[str]) -> tuple[str, list[Decimal]]:
    """The first measure that every item has, and that is not zero for all: its name and the figures."""
    for path in paths:
        figures = [number(item.get(path, "")) for item in items]
        weights = [figure for figure in figures if figure is not None and figure >= 0]
        if len(weights) == len(items) and any(weights):
            return path.rpartition("/")[2], weights
    return "", []


def apportioned(total: Decimal, weights: Sequence[Decimal]) -> list[str]:
    """`total`, rounded to the cent, in pieces in the proportion of `weights`, which are not all zero.

    Exact: each piece is its share cut to the cent, and the cents left over go to the largest remainders,
    the first of equal ones.
    """
    cents = int((total * 100).to_integral_value(ROUND_HALF_UP))
    scaled = [int(weight.scaleb(12)) for weight in weights]
    whole = sum(scaled)
    pieces = [cents * weight // whole for weight in scaled]
    by_remainder = sorted(range(len(scaled)), key=lambda one: -(cents * scaled[one] % whole))
    for position in by_remainder[: cents - sum(pieces)]:
        pieces[position] += 1
    return [format(Decimal(piece).scaleb(-2), "f") for piece in pieces]


def _charges(
    notices: list[etree._Element],
    facts: Facts,
    blocks: list[etree._Element],
    items: list[Facts],
    is_incomplete: bool,
    options: Options,
) -> list[list[str]]:
    """Duty, tax, fee and other charges of each item, in the order of CHARGES."""
    kinds = options.kinds
    by_item: list[list[tuple[str, str]]] = [_taxation(block) for block in blocks]
    if items and not is_incomplete:
        for code, amount in _charges_of_declaration(notices, facts, any(by_item)):
            figure = number(amount)
            if figure is None:
                pieces = [amount] * len(items)  # it cannot be read, and every row that it concerns says so
            else:
                _, weights = _weights(items, (STATISTICAL_VALUE, ITEM_PRICE, GROSS_WEIGHT))
                pieces = apportioned(figure, weights or [Decimal(1)] * len(items))
            for lines, piece in zip(by_item, pieces, strict=True):
                lines.append((code, piece))
    return [_by_kind(lines, kinds, options.known_kinds) for lines in by_item]


def _by_kind(lines: list[tuple[str, str]], kinds: dict[str, int], known: tuple[bool, ...]) -> list[str]:
    if not lines:
        return [""] * len(CHARGES)
    sums = [Decimal(0)] * len(CHARGES)
    unreadable = [""] * len(CHARGES)
    for code, amount in lines:
        kind = kinds.get(code, OTHER)
        figure = number(amount)
        if figure is None:
            unreadable[kind] = amount
        else:
            sums[kind] += figure
    if not any(code for code, _ in lines) and sums[OTHER]:
        known = (False, False, False, True)  # a total alone does not say that the duty is zero
    return [
        unreadable[kind] or (format(sums[kind], "f") if known[kind] else "") for kind in range(len(CHARGES))
    ]


def _taxation(item: etree._Element) -> list[tuple[str, str]]:
    """Code and amount of each taxation line of an item that has an amount, else its total without a code."""
    lines: list[tuple[str, str]] = []
    total = ""
    for taxation in item:
        if local_name(taxation) == "Taxation":
            for line in taxation:
                name = local_name(line)
                if name == "Taxation_line":
                    code, amount = text_at(line, "Duty_tax_code"), text_at(line, "Duty_tax_amount")
                    if amount:
                        lines.append((code, amount))
                elif name == "Item_taxes_amount":
                    total = (line.text or "").strip()
    return lines or ([("", total)] if total else [])


def _charges_of_declaration(
    notices: list[etree._Element], facts: Facts, items_have_taxes: bool
) -> list[tuple[str, str]]:
    """Code and amount of what is charged on the declaration as a whole, or only told for it as a whole."""
    global_taxes: list[tuple[str, str]] = []
    of_items: list[tuple[str, str]] = []
    for notice in notices:
        if local_name(notice) == "Global_taxes":
            global_taxes += _coded_amounts(notice)
            continue
        for block in notice:
            name = local_name(block)
            if name == "Global_taxes":
                global_taxes += _coded_amounts(block)
            elif name in ("Items_taxes", "Item_tax_total", "Total_item_taxes"):
                of_items += _coded_amounts(block)
    if not global_taxes:
        amount = facts.get("Financial/Amounts/Global_taxes", "")
        global_taxes = [("", amount)] if amount else []
    # Without code the total of items would be counted beside its parts.
    of_items = [line for line in of_items if line[0]] or of_items
    return global_taxes + ([] if items_have_taxes else of_items)


def _coded_amounts(block: etree._Element) -> list[tuple[str, str]]:
    """Each element of the block that has a child …code and a child …amount; else the text of the block."""
    found: list[tuple[str, str]] = []
    for group in block.iter():
        code = amount = ""
        for child in group:
            name = local_name(child).lower()
            if name.endswith("code"):
                code = (child.text or "").strip()
            elif name.endswith("amount"):
                amount = (child.text or "").strip()
        if amount:
            found.append((code, amount))
    text = (block.text or "").strip()
    return found or ([("", text)] if text else [])


def iso_date(text: str, options: Options) -> str:
    """10/25/16 as 2016-10-25; what is no date by the declared order stays as it is."""
    iso = ISO_DATE.fullmatch(text)
    if iso:
        return iso[1]
    parts = NUMERIC_DATE.fullmatch(text)
    if not parts:
        return text
    first, second, year = parts.groups()
    month, day = (first, second) if options.dates == "month_first" else (second, first)
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return text
    return f"{year if len(year) == 4 else f'20{year}'}-{int(month):02d}-{int(day):02d}"
