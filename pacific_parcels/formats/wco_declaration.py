"""Declarations of the WCO Data Model (DEC): XML with the root `Declaration`, or `MetaData` around it.

One row for each GovernmentAgencyGoodsItem; one for the whole declaration where it has none, as in a
super-reduced declaration of low-value goods, with the figures of its header, shipment and consignment.
Namespaces and their prefixes do not matter. The columns:
    Item_ID             Functional_reference_ID (else Declaration_ID), a slash and the number of the item;
                        the reference alone where there is no item
    Functional_reference_ID, Declaration_ID   the declarant's own reference (LRN; for post often the S10
                        identifier), and the number that customs gave (MRN)
    Function_code, Type_code   9 is an original; an amendment (13, COR) or a cancellation holds only what it
                        changes. A lookup on Type_code that lists the types of a declaration rejects them
    Acceptance_date_time, Issue_date_time, Arrival_date_time   2026-03-05 14:30:00, or 2026-03-05 for a day;
                        see `time_zone`
    Commodity_code      the pieces of Classification joined, in the order of `classification_types`
    Value_amount, Value_currency, Value_kind   the first of `values` that the item has: CUSTOMS (customs
                        value), STATISTICAL, INVOICE (invoice line; of a declaration without items the
                        invoice). Value_kind says which, for a lookup to the valuation basis
    Duty_amount, Tax_amount, Fee_amount   sums of DutyTaxFee by TypeCode, assessed amounts before paid ones;
                        empty where no line of that sort has an amount. Other_amount: what is not zero under
                        a code that no option lists. All in Duty_tax_currency
    Gross_mass_kg       from kilograms, grams, tonnes or pounds; without a unit it is in kilograms
    Procedure_code, Additional_procedure_codes   requested and previous procedure, as 4000; all others, by
                        spaces
Amounts that cannot be added (two currencies, no number) stand as they are with a + between them, a mass in
another unit with its unit: the rule about numbers rejects them.

A declaration that announces more items (GoodsItemQuantity) than it holds gives one more row without Item_ID,
which is rejected: what is missing is seen.

Parties are not read, unless the option `parties` lists columns of them: Consignee_ID and Consignee_name (of
the item, the shipment or the consignment; of the importer where there is no consignee), Consignor_ID and
Consignor_name (of the exporter where there is no consignor), Declarant_ID and Declarant_name. Addresses never
are.
Answers of customs (MetaData/Response, such as tax notifications) are no declarations: R014. A document of
quite another kind is refused when it is the first of the file, and passed over when it follows others.

It carries declaration, goods, value, duty and tax, mass, acceptance and arrival. It cannot carry the advance
data of post and carriers, release, selectivity, inspection or outcome.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Final, Literal, NoReturn, get_args

from lxml import etree
from pydantic import BaseModel, ConfigDict, model_validator

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import EachOnce, Header, RegularText, Spool, TimeZone, local_time, party
from pacific_parcels.markup import (
    NAMES,
    DocumentKind,
    Elements,
    number,
    plain_number,
    root_name,
    text_at,
    texts,
)

NUMBERS: Literal["row", "record"] = "record"
JOINS_DOCUMENTS = True
CANNOT_CARRY: tuple[str, ...] = (
    "advance_data_at",
    "release_at",
    "selectivity_lane_code",
    "is_inspected",
    "inspection_result_code",
    "outcome_code",
)

COLUMNS: tuple[str, ...] = (
    "Item_ID",
    "Functional_reference_ID",
    "Declaration_ID",
    "Item_number",
    "Function_code",
    "Type_code",
    "Declaration_office_ID",
    "Acceptance_date_time",
    "Issue_date_time",
    "Arrival_date_time",
    "Transport_mode_code",
    "Transport_document_ID",
    "Unloading_location_ID",
    "Goods_location_ID",
    "Export_country",
    "Destination_country",
    "Origin_country",
    "Delivery_terms",
    "Commodity_code",
    "Goods_description",
    "Procedure_code",
    "Additional_procedure_codes",
    "Value_amount",
    "Value_currency",
    "Value_kind",
    "Duty_amount",
    "Tax_amount",
    "Fee_amount",
    "Other_amount",
    "Duty_tax_currency",
    "Gross_mass_kg",
    "Package_count",
)
Party = Literal[
    "Consignee_ID",
    "Consignee_name",
    "Consignor_ID",
    "Consignor_name",
    "Declarant_ID",
    "Declarant_name",
]
PARTIES: Final[tuple[Party, ...]] = get_args(Party)
SHIPMENT = "GoodsShipment/"
CONSIGNMENT = "GoodsShipment/Consignment/"
# Where a declaration says what holds for all of its items: the first place that has a text.
OF_DECLARATION: dict[str, tuple[str, ...]] = {
    "Functional_reference_ID": ("FunctionalReferenceID",),
    "Declaration_ID": ("ID",),
    "Function_code": ("FunctionCode",),
    "Type_code": ("TypeCode",),
    "Declaration_office_ID": ("DeclarationOfficeID", "DeclarationOffice/ID", "PresentationOffice/ID"),
    "Acceptance_date_time": ("AcceptanceDateTime",),
    "Issue_date_time": ("IssueDateTime",),
    "Arrival_date_time": (
        "BorderTransportMeans/ArrivalDateTime",
        f"{CONSIGNMENT}BorderTransportMeans/ArrivalDateTime",
        f"{CONSIGNMENT}ArrivalTransportMeans/ArrivalDateTime",
    ),
    "Transport_mode_code": (
        "BorderTransportMeans/ModeCode",
        f"{CONSIGNMENT}BorderTransportMeans/ModeCode",
        f"{CONSIGNMENT}ArrivalTransportMeans/ModeCode",
    ),
    "Transport_document_ID": (f"{CONSIGNMENT}TransportContractDocument/ID",),
    "Unloading_location_ID": (f"{CONSIGNMENT}UnloadingLocation/ID", "UnloadingLocation/ID"),
    "Goods_location_ID": (f"{CONSIGNMENT}GoodsLocation/ID",),
    "Export_country": (f"{SHIPMENT}ExportCountry/ID",),
    "Destination_country": (f"{SHIPMENT}Destination/CountryCode",),
    "Delivery_terms": (f"{SHIPMENT}TradeTerms/ConditionCode",),
    "Goods_item_quantity": ("GoodsItemQuantity",),
}
# Who is meant where an item, and then a declaration, names several: the first of these.
PARTIES_OF_ITEM = {"Consignee": ("Consignee", "Importer"), "Consignor": ("Consignor", "Exporter")}
PARTIES_OF_DECLARATION = {
    **{
        role: tuple(f"{place}{name}" for name in names for place in (SHIPMENT, CONSIGNMENT, ""))
        for role, names in PARTIES_OF_ITEM.items()
    },
    "Declarant": ("Declarant",),
}


def _heads(places_of: Iterable[Iterable[str]]) -> frozenset[str]:
    """The elements of a declaration or a shipment under which such places are."""
    return frozenset(
        place.removeprefix(SHIPMENT).partition("/")[0] for places in places_of for place in places
    )


HEADS = _heads(OF_DECLARATION.values())
HEADS_WITH_PARTIES = HEADS | _heads(PARTIES_OF_DECLARATION.values())
PLACES_FROM_LAST = tuple(
    (column, place) for column, places in OF_DECLARATION.items() for place in reversed(places)
)
MOMENTS = ("Acceptance_date_time", "Issue_date_time", "Arrival_date_time")

ITEM, DECLARATION = "GovernmentAgencyGoodsItem", "Declaration"
TAGS = (ITEM, DECLARATION, "Response", "WCOTypeName")
CONTAINERS = frozenset({"Commodity", "GoodsShipment", "Consignment", "ConsignmentItem"})
MOST_ITEMS = 10_000
LONGEST_RECORD = 1 << 20
LONGEST_KEPT = 40  # characters of a time that is remembered
DECLARATIONS = DocumentKind(
    ("MetaData", DECLARATION),
    "declarations of the WCO Data Model (DEC)",
    "déclarations du modèle de données de l'OMD (DEC)",
)
Kind = Literal["CUSTOMS", "STATISTICAL", "INVOICE"]
VALUES: dict[str, Kind] = {"CustomsValueAmount": "CUSTOMS", "StatisticalValueAmount": "STATISTICAL"}
# Most of an item is papers and their statements, which are of no use here.
GOODS = (
    CONTAINERS
    | VALUES.keys()
    | {
        "Classification",
        "Description",
        "DutyTaxFee",
        "ExportCountry",
        "GoodsMeasure",
        "GovernmentProcedure",
        "InvoiceAmount",
        "InvoiceLine",
        "Origin",
        "Packaging",
        "SequenceNumeric",
        "TotalGrossMassMeasure",
        "TotalPackageQuantity",
    }
)
KILOGRAMS = {
    "": Decimal(1),
    "KGM": Decimal(1),
    "GRM": Decimal("0.001"),
    "TNE": Decimal(1000),
    "LBR": Decimal("0.45359237"),
}
# Codes 102, 203 to 205, 303 and 304 of UN/EDIFACT 2379 and ISO 8601: their shapes exclude each other.
MOMENT = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ]?(\d\d):?(\d\d)(?::?(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)
Amount = tuple[str, str]  # the text, and its currency or unit; both may be empty

# Where a draft of a layout looks for the columns of the contract, and what codes of the standard mean.
USUAL: Final[dict[str, str]] = {
    "item_id": "Item_ID",
    "channel_code": "Transport_mode_code",
    "customs_office_code": "Declaration_office_ID",
    "origin_country_code": "Origin_country",
    "consignment_country_code": "Export_country",
    "hs_code": "Commodity_code",
    "goods_description": "Goods_description",
    "declared_value": "Value_amount",
    "declared_currency_code": "Value_currency",
    "valuation_basis_code": "Value_kind",
    "duty_amount": "Duty_amount",
    "tax_amount": "Tax_amount",
    "fee_amount": "Fee_amount",
    "revenue_currency_code": "Duty_tax_currency",
    "gross_mass_kg": "Gross_mass_kg",
    "pieces_count": "Package_count",
    "arrival_date": "Arrival_date_time",
    "lodgement_at": "Acceptance_date_time",
}
MEANINGS: Final[dict[str, dict[str, str]]] = {
    "channel_code": {"1": "SEA_CARGO", "4": "AIR_CARGO", "5": "POSTAL_PARCEL"},
    "valuation_basis_code": {"CUSTOMS": "CIF", "STATISTICAL": "CIF", "INVOICE": "INTRINSIC"},
}


class Options(BaseModel):
    """`time_zone`: the member's own, for times that come in UTC or with an offset; without it they stay as
    they are, and the layout cannot read them. Times without a zone are local ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    duty_codes: tuple[str, ...] = ()
    tax_codes: tuple[str, ...] = ()
    fee_codes: tuple[str, ...] = ()
    values: tuple[Kind, ...] = ("CUSTOMS", "STATISTICAL", "INVOICE")
    classification_types: tuple[str, ...] = ("HS", "TSP", "TRC")
    time_zone: TimeZone | None = None
    parties: Annotated[tuple[Party, ...], EachOnce] = ()

    @property
    def heads(self) -> frozenset[str]:
        return HEADS_WITH_PARTIES if self.parties else HEADS

    @cached_property
    def columns_of_charges(self) -> dict[str, str]:
        """The column of each code of a duty, a tax or a fee."""
        return {
            **dict.fromkeys(self.duty_codes, "Duty_amount"),
            **dict.fromkeys(self.tax_codes, "Tax_amount"),
            **dict.fromkeys(self.fee_codes, "Fee_amount"),
        }

    @model_validator(mode="after")
    def _a_code_is_of_one_sort(self) -> Options:
        codes = [*self.duty_codes, *self.tax_codes, *self.fee_codes]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if twice:
            raise ValueError(f"the codes {twice} are listed twice")
        return self


def header(path: Path, options: Options) -> Header:
    """The columns. Errors: those of markup.Elements, and R014 for what is no declaration."""
    DECLARATIONS.require(root_name(path))
    for element in Elements(path, TAGS):
        _refuse_other_messages(element)
        break
    return Header((*COLUMNS, *options.parties))


def read(path: Path, options: Options, scratch: Path) -> RegularText:
    """One row for each item.

    Errors: as header, and R019 for more than 10,000 items in a declaration, or more than 1 MB in an item.
    """
    header(path, options)
    spool = Spool(scratch, (*COLUMNS, *options.parties))
    facts: dict[str, str] = {}
    items: list[dict[str, str]] = []
    lines: list[int] = []
    has_declaration = False
    declarations = Elements(path, TAGS, DECLARATIONS)
    for element in declarations:
        _refuse_other_messages(element)
        name = NAMES[element.tag]
        if name == ITEM:
            _note_what_stands_before(element, facts, options.heads)
            items.append(_goods(element, options))
            lines.append(declarations.line_of(element))
            if len(items) > MOST_ITEMS:
                _refuse_size(f"{MOST_ITEMS} items a declaration", f"{MOST_ITEMS} articles par déclaration")
        elif name == DECLARATION:
            has_declaration = True
            _note_children(element, "", facts, options.heads)
            lines.append(declarations.line_of(element))
            rows = _rows(facts, items or [_goods(element, options)], options, has_items=bool(items))
            for fields, line in zip(rows, lines, strict=False):  # the last line is that of missing items
                if sum(map(len, fields)) > LONGEST_RECORD:
                    _refuse_size("1 MB for one item", "1 Mo pour un article")
                spool.row(spool.rows + 1, fields, line)
            facts, items, lines = {}, [], []
    if not has_declaration:
        raise DECLARATIONS.refusal("no declaration in it", "aucune déclaration")
    return spool.close()


def _refuse_size(expected: str, expected_fr: str) -> NoReturn:
    raise ExtractError("R019", found="memory", found_fr="mémoire", expected=expected, expected_fr=expected_fr)


def _refuse_other_messages(element: etree._Element) -> None:
    """Errors: ExtractError R014 for an answer of customs, a message that says it is no declaration, or an
    item that belongs to none."""
    name = NAMES[element.tag]
    if name == DECLARATION:  # within an answer it is refused with it, which ends later
        return
    if name == ITEM:
        above = element.getparent()
        while above is not None:
            if NAMES[above.tag] == DECLARATION:
                return
            above = above.getparent()
        raise DECLARATIONS.refusal(
            "an item outside of a declaration", "un article en dehors de toute déclaration"
        )
    kind = "RES" if name == "Response" else (element.text or "").strip()
    if not kind.startswith("DEC"):
        kind = kind if re.fullmatch(r"[A-Z0-9]{1,12}", kind) else "?"
        raise DECLARATIONS.refusal(f"a message of the type {kind}", f"un message du type {kind}")


# ---- what holds for all items ------------------------------------------------------------------------------


def _note_what_stands_before(item: etree._Element, facts: dict[str, str], heads: frozenset[str]) -> None:
    """What a declaration says before this item: it is gone as soon as the next element is asked for."""
    element, levels = item, []
    while (above := element.getparent()) is not None and NAMES[element.tag] != DECLARATION:
        levels.append((element, above))
        element = above
    for depth, (child, _) in enumerate(levels):
        if child.getprevious() is None:
            continue
        names = [NAMES[above.tag] for _, above in levels[depth:]]
        prefix = "".join(f"{name}/" for name in reversed(names) if name != DECLARATION)
        for sibling in child.itersiblings(preceding=True):
            _note(sibling, prefix, facts, heads)


def _note_children(
    element: etree._Element, prefix: str, facts: dict[str, str], heads: frozenset[str]
) -> None:
    for child in element:
        if NAMES[child.tag] == "GoodsShipment" and not prefix:
            _note_children(child, SHIPMENT, facts, heads)
        else:
            _note(child, prefix, facts, heads)


def _note(element: etree._Element, prefix: str, facts: dict[str, str], heads: frozenset[str]) -> None:
    name = NAMES[element.tag]
    if name not in heads:
        return
    if text := (element.text or "").strip():
        facts.setdefault(prefix + name, text)
    if len(element):
        for path, text in texts(element).items():
            facts.setdefault(f"{prefix}{name}/{path}".removesuffix("/DateTimeString"), text)


def _rows(
    facts: dict[str, str], items: list[dict[str, str]], options: Options, *, has_items: bool
) -> Iterable[list[str]]:
    shared = dict.fromkeys(OF_DECLARATION, "")
    for column, place in PLACES_FROM_LAST:
        if place in facts:
            shared[column] = facts[place]
    for column in MOMENTS:
        if shared[column]:
            shared[column] = _moment(shared[column], options.time_zone)
    if options.parties:
        shared |= _parties(PARTIES_OF_DECLARATION, lambda place: facts.get(place, ""))
    columns = (*COLUMNS, *options.parties)
    announced = number(shared["Goods_item_quantity"]) if shared["Goods_item_quantity"] else None
    reference = shared["Functional_reference_ID"] or shared["Declaration_ID"]
    for position, item in enumerate(items, 1):
        row = shared.copy()
        for column, text in item.items():
            if text or column in PARTIES:
                row[column] = text
        if has_items and reference:
            row["Item_ID"] = f"{reference}/{item['Item_number'] or position}"
        else:
            row["Item_ID"] = reference
        given = row.get
        yield [given(column, "") for column in columns]
    if has_items and announced is not None and announced > len(items):
        yield [shared.get(column, "") for column in columns]


def _parties(places_of: Mapping[str, tuple[str, ...]], text_of: Callable[[str], str]) -> dict[str, str]:
    """Identifier and name of each role, both from the first of its places that has one of them."""
    found: dict[str, str] = {}
    for role, places in places_of.items():
        for place in places:
            identifier, name = text_of(f"{place}/ID"), text_of(f"{place}/Name")
            if identifier or name:
                found |= {f"{role}_ID": party(identifier), f"{role}_name": party(name)}
                break
    return found


def _moment(text: str, time_zone: str | None) -> str:
    """A day or a time in the one spelling of this format; the text itself where it is neither."""
    read_moment = _local_moment if len(text) <= LONGEST_KEPT else _local_moment.__wrapped__
    return read_moment(text, time_zone)


@lru_cache(maxsize=4096)  # declarations of one arrival name the same times
def _local_moment(text: str, time_zone: str | None) -> str:
    match = MOMENT.fullmatch(text)
    if match is None:
        return text
    year, month, day, hour, minute, second, offset = match.groups()
    if hour is None:
        return f"{year}-{month}-{day}"
    local = f"{year}-{month}-{day} {hour}:{minute}:{second or '00'}"
    if offset is None:
        return local
    if time_zone is None:
        return f"{local}{offset}"
    return local_time(local, offset, time_zone) or text


# ---- goods -------------------------------------------------------------------------------------------------


class _Found:
    """What the parts of an item say, before it is brought together."""

    __slots__ = ("charges", "mass", "origins", "packages", "pieces", "procedures", "texts", "values")

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.pieces: dict[str, str] = {}
        self.origins: dict[str, str] = {}
        self.procedures: list[tuple[str, str]] = []
        self.values: dict[str, list[Amount]] = {}
        self.charges: list[tuple[str, Amount]] = []
        self.packages: list[Amount] = []
        self.mass: Amount | None = None


def _goods(element: etree._Element, options: Options) -> dict[str, str]:
    """The columns of one item, or of a declaration without items."""
    found = _Found()
    _look_through(element, found)
    said = found.texts.get
    columns = {
        "Item_number": said("SequenceNumeric", ""),
        "Export_country": said("ExportCountry", ""),
        "Origin_country": found.origins.get("1") or next(iter(found.origins.values()), ""),
        "Goods_description": said("Description", ""),
        "Commodity_code": _commodity_code(found.pieces, options),
        "Package_count": _sum(found.packages) or said("TotalPackageQuantity", ""),
        "Gross_mass_kg": _kilograms(found.mass),
    }
    if found.procedures:
        columns |= _procedures(found.procedures)
    if found.values:
        columns |= _value(found, options)
    if found.charges:
        columns |= _charges(found.charges, options)
    if options.parties and NAMES[element.tag] == ITEM:
        columns |= _parties(PARTIES_OF_ITEM, lambda place: text_at(element, place))
    return columns


def _look_through(element: etree._Element, found: _Found) -> None:
    has_pieces = bool(found.pieces)
    for child in element:
        name = NAMES[child.tag]
        if name not in GOODS:
            continue
        if name in CONTAINERS:
            _look_through(child, found)
        elif name == "Classification":
            if not has_pieces:
                parts = _parts(child)
                found.pieces.setdefault(parts.get("IdentificationTypeCode", ""), parts.get("ID", ""))
        elif name == "DutyTaxFee":
            _note_charge(child, found)
        elif name == "GoodsMeasure":
            for part in child:
                if NAMES[part.tag] == "GrossMassMeasure":
                    found.mass = found.mass or _amount(part, "unitCode")
        elif name == "TotalGrossMassMeasure":
            found.mass = found.mass or _amount(child, "unitCode")
        elif name == "InvoiceLine":
            for part in child:
                if NAMES[part.tag] == "ItemChargeAmount":
                    found.values.setdefault("INVOICE", []).append(_amount(part, "currencyID"))
        elif name in VALUES:
            found.values.setdefault(VALUES[name], []).append(_amount(child, "currencyID"))
        elif name == "InvoiceAmount":
            found.values.setdefault(name, []).append(_amount(child, "currencyID"))
        elif name == "Packaging":
            if quantity := _parts(child).get("QuantityQuantity"):
                found.packages.append((quantity, ""))
        elif name == "GovernmentProcedure":
            parts = _parts(child)
            found.procedures.append((parts.get("CurrentCode", ""), parts.get("PreviousCode", "")))
        elif name == "Origin":
            parts = _parts(child)
            found.origins.setdefault(parts.get("TypeCode", ""), parts.get("CountryCode", ""))
        elif name == "ExportCountry":
            found.texts.setdefault(name, _parts(child).get("ID", ""))
        elif name in ("SequenceNumeric", "Description", "TotalPackageQuantity"):
            found.texts.setdefault(name, " ".join((child.text or "").split()))


def _parts(element: etree._Element) -> dict[str, str]:
    """The texts of the children of a small element, by their names."""
    return {NAMES[part.tag]: (part.text or "").strip() for part in element}


def _note_charge(line: etree._Element, found: _Found) -> None:
    """Type and amount of a DutyTaxFee: what was assessed, else what is to be paid; none has no amount."""
    code, assessed, paid = "", None, None
    for part in line.iter():
        name = NAMES[part.tag]
        if name == "TypeCode" and not code:
            code = (part.text or "").strip()
        elif name == "TaxAssessedAmount":
            assessed = assessed or _amount(part, "currencyID")
        elif name == "PaymentAmount":
            paid = paid or _amount(part, "currencyID")
    amount = next((amount for amount in (assessed, paid) if amount is not None and amount[0]), None)
    if amount is not None:
        found.charges.append((code, amount))


def _amount(element: etree._Element, attribute: str) -> Amount:
    return (element.text or "").strip(), (element.get(attribute) or "").strip()


def _commodity_code(pieces: dict[str, str], options: Options) -> str:
    """The pieces one after the other; one that repeats what stands before it and goes on replaces it."""
    code = ""
    for kind in ("", *options.classification_types):
        piece = pieces.get(kind, "")
        code = piece if code and piece.startswith(code) else code + piece
    return code


def _procedures(procedures: list[tuple[str, str]]) -> dict[str, str]:
    main = next((position for position, (_, previous) in enumerate(procedures) if previous), 0)
    others = [current for position, (current, _) in enumerate(procedures) if position != main]
    return {
        "Procedure_code": "".join(procedures[main]),
        "Additional_procedure_codes": " ".join(filter(None, others)),
    }


def _value(found: _Found, options: Options) -> dict[str, str]:
    by_kind = found.values
    if "INVOICE" not in by_kind and "InvoiceAmount" in by_kind:
        by_kind = by_kind | {"INVOICE": by_kind["InvoiceAmount"]}
    for kind in options.values:
        amounts = [amount for amount in by_kind.get(kind, ()) if amount[0]]
        if amounts:
            currency = _together([currency for _, currency in amounts])
            return {"Value_amount": _sum(amounts), "Value_currency": currency, "Value_kind": kind}
    return {}


def _charges(charges: list[tuple[str, Amount]], options: Options) -> dict[str, str]:
    column_of = options.columns_of_charges
    sorted_out: dict[str, list[Amount]] = {}
    for code, amount in charges:
        column = column_of.get(code)
        if column is not None or number(amount[0]) != 0:
            sorted_out.setdefault(column or "Other_amount", []).append(amount)
    columns = {column: _sum(amounts) for column, amounts in sorted_out.items()}
    columns["Duty_tax_currency"] = _together(
        [currency for amounts in sorted_out.values() for _, currency in amounts]
    )
    return columns


def _sum(amounts: list[Amount]) -> str:
    if not amounts:
        return ""
    if len(amounts) == 1:
        return plain_number(amounts[0][0])
    figures = [number(text) for text, _ in amounts]
    if None not in figures and len({sign for _, sign in amounts}) == 1:
        return format(sum(filter(None, figures), start=Decimal(0)), "f")
    return " + ".join(f"{text} {sign}".strip() for text, sign in amounts)


def _together(signs: list[str]) -> str:
    """Each sign once; more than one is no currency, and the rule about currencies rejects it."""
    return signs[0] if len(signs) == 1 else " ".join(dict.fromkeys(filter(None, signs)))


def _kilograms(mass: Amount | None) -> str:
    if mass is None or not mass[0]:
        return ""
    text, unit = mass
    if unit not in KILOGRAMS:
        return f"{text} {unit}"
    figure = number(text)
    if figure is None or KILOGRAMS[unit] == 1:
        return plain_number(text)
    return format(figure * KILOGRAMS[unit], "f")
