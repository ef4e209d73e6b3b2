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
MOMENT_WITHIN = "DateTimeString"
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


PLACES_FROM_LAST = tuple(
    (column, place) for column, places in OF_DECLARATION.items() for place in reversed(places)
)
MOMENTS = ("Acceptance_date_time", "Issue_date_time", "Arrival_date_time")

ITEM, DECLARATION = "GovernmentAgencyGoodsItem", "Declaration"
TAGS = (ITEM, DECLARATION, "Response", "WCOTypeName")
MOST_ITEMS = 10_000
LONGEST_RECORD = 1 << 20
LONGEST_KEPT = 40  # characters of a time that is remembered
DECLARATIONS = DocumentKind(
    ("MetaData", DECLARATION),
    "declarations of the WCO Data Model (DEC)",
    "déclarations du modèle de données de l’OMD (DEC)",
)
Kind = Literal["CUSTOMS", "STATISTICAL", "INVOICE"]
VALUES: dict[str, Kind] = {"CustomsValueAmount": "CUSTOMS", "StatisticalValueAmount": "STATISTICAL"}
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
NO_AMOUNT: Final[Amount] = ("", "")

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
        if NAMES[element.tag] != DECLARATION:
            _refuse_other_messages(element, NAMES[element.tag])
        break
    return Header((*COLUMNS, *options.parties))


def read(path: Path, options: Options, scratch: Path) -> RegularText:
    """One row for each item.

    Errors: as header, and R019 for more than 10,000 items in a declaration, or more than 1 MB in an item.
    """
    header(path, options)
    with Spool(scratch, (*COLUMNS, *options.parties)) as spool:
        has_declaration = False
        declarations = Elements(path, TAGS, DECLARATIONS, keeps_whole=True)
        said = _Said(options, declarations)
        for element in declarations:
            name = NAMES[element.tag]
            if name == DECLARATION:
                has_declaration = True
                said.note_all(element)
                _spool(said, options, declarations.line_of(element), spool)
                said = _Said(options, declarations)
            else:
                _refuse_other_messages(element, name)
                if name == ITEM and not declarations.is_whole:
                    said.note_item(element)
        if not has_declaration:
            raise DECLARATIONS.refusal("no declaration in it", "aucune déclaration")
        return spool.close()


def _spool(said: _Said, options: Options, line: int, spool: Spool) -> None:
    """The rows of a declaration that begins on this line, where a row for missing items is found too."""
    lines = [*(item.line for item in said.items), line]
    for fields, line in zip(_rows(said, options), lines, strict=False):
        if sum(map(len, fields)) > LONGEST_RECORD:
            _refuse_size("1 MB for one item", "1 Mo pour un article")
        spool.row(spool.rows + 1, fields, line)


def _refuse_size(expected: str, expected_fr: str) -> NoReturn:
    raise ExtractError("R019", found="memory", found_fr="mémoire", expected=expected, expected_fr=expected_fr)


def _refuse_other_messages(element: etree._Element, name: str) -> None:
    """Errors: ExtractError R014 for an answer of customs, a message that says it is no declaration, or an
    item that belongs to none. A declaration within an answer is refused with it, which ends later."""
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


# ---- what a declaration says -------------------------------------------------------------------------------


class _Place(dict[str, "_Place"]):
    """An element as it stands in a declaration: what is made of it, and what may stand below it, by tag.

    `below` has it by local name, `otherwise` for all other names: without it such an element is none of ours,
    wherever it stands. But an item is one everywhere.
    """

    MOST = 1 << 8  # a file can hold any number of names

    def __init__(self, role: str = "", name: str = "", below: dict[str, _Place] | None = None) -> None:
        super().__init__()
        self.role, self.name = role, name
        self.below: dict[str, _Place] = {} if below is None else below
        self.otherwise: _Place | None = None

    def __missing__(self, tag: str) -> _Place:
        name = NAMES[tag]
        known = self.below.get(name, self.otherwise)
        # Not `or`: a place where nothing was met yet is empty, and so false.
        place = known if known is not None else OF_ITEM if name == ITEM else ELSEWHERE
        if len(self) < self.MOST:
            self[tag] = place
        return place


def _parts(*names: str) -> dict[str, _Place]:
    return {name: _Place("part", name) for name in names}


def _group(name: str, *parts: str) -> dict[str, _Place]:
    return {name: _Place("group", name, _parts(*parts))}


def _goods_places() -> dict[str, _Place]:
    """What is read of an item, or of a declaration without one. Most of it is papers and their statements,
    which are of no use here."""
    amounts = {name: _Place("amount", name) for name in ("TaxAssessedAmount", "PaymentAmount")}
    charge = _Place("charge", below={"TypeCode": _Place("type"), **amounts})
    charge.otherwise = _Place(below=charge.below)
    charge.otherwise.otherwise = charge.otherwise
    places = {
        **{name: _Place("value", kind) for name, kind in VALUES.items()},
        **{name: _Place("text", name) for name in ("SequenceNumeric", "Description", "TotalPackageQuantity")},
        "Classification": _Place("piece", below=_parts("ID", "IdentificationTypeCode")),
        **_group("ExportCountry", "ID"),
        **_group("GovernmentProcedure", "CurrentCode", "PreviousCode"),
        **_group("Origin", "TypeCode", "CountryCode"),
        **_group("Packaging", "QuantityQuantity"),
        "DutyTaxFee": charge,
        "GoodsMeasure": _Place(below={"GrossMassMeasure": _Place("mass")}),
        "InvoiceAmount": _Place("value", "InvoiceAmount"),
        "InvoiceLine": _Place(below={"ItemChargeAmount": _Place("value", "INVOICE")}),
        "TotalGrossMassMeasure": _Place("mass"),
    }
    for name in ("Commodity", "GoodsShipment", "Consignment", "ConsignmentItem"):
        places[name] = _Place("container", below=places)
    return places


def _declaration_places(places_of: Iterable[tuple[str, ...]]) -> _Place:
    """Where a declaration says what holds for all of its items."""
    declaration = _Place()
    for place in {place for places in places_of for place in places}:
        here = declaration
        for name in place.split("/"):
            here = here.below.setdefault(name, _Place())
        here.role, here.name = "fact", place
        here.below.setdefault(MOMENT_WITHIN, _Place("fact", place))
    return declaration


ELSEWHERE: Final = _Place()
OF_ITEM: Final = _Place("item", below=_goods_places())
OF_DECLARATION_ALONE: Final = _declaration_places(OF_DECLARATION.values())
WITH_PARTIES: Final = _declaration_places(
    (
        *OF_DECLARATION.values(),
        *(
            tuple(f"{place}/{name}" for place in places for name in ("ID", "Name"))
            for places in PARTIES_OF_DECLARATION.values()
        ),
    )
)


class _Found:
    """What the parts of an item say, before it is brought together."""

    __slots__ = ("charges", "groups", "line", "mass", "parties", "pieces", "texts", "values")

    def __init__(self, line: int = 0) -> None:
        self.line = line
        self.texts: dict[str, str] = {}
        self.groups: dict[str, list[dict[str, str]]] = {}
        self.pieces: list[dict[str, str]] = []
        self.charges: list[dict[str, Amount]] = []
        self.values: dict[str, list[Amount]] = {}
        self.mass: Amount | None = None
        self.parties: dict[str, str] = {}


class _Said:
    """What a declaration says: `facts` by their places, and `items`; `goods` is said of it as a whole.

    The facts of a declaration that comes piece by piece are those before and after its items.
    """

    def __init__(self, options: Options, elements: Elements) -> None:
        self.facts: dict[str, str] = {}
        self.items: list[_Found] = []
        self.goods = _Found()
        self._has_parties = bool(options.parties)
        self._elements = elements
        self._place = WITH_PARTIES if options.parties else OF_DECLARATION_ALONE

    def note_all(self, declaration: etree._Element) -> None:
        """All of a declaration that stands whole; else what is left of it."""
        self._look_through(declaration, self._place, self.goods)
        if not self.items:
            self._look_through(declaration, OF_ITEM, self.goods)

    def note_item(self, item: etree._Element) -> None:
        """An item, and what stands before it: that is gone as soon as the next element is asked for."""
        levels = [item]
        while (above := levels[-1].getparent()) is not None and NAMES[above.tag] != DECLARATION:
            levels.append(above)
        here = self._place
        for level in reversed(levels):
            for before in reversed(list(level.itersiblings(preceding=True))):
                self._look_through(before, here, self.goods, with_itself=True)
            here = here[level.tag]
        self._look_through(item, OF_ITEM, self._new_item(item))

    def _new_item(self, element: etree._Element) -> _Found:
        """Errors: ExtractError R019."""
        item = _Found(self._elements.line_of(element))
        if self._has_parties:
            item.parties = _parties(PARTIES_OF_ITEM, lambda place: text_at(element, place))
        self.items.append(item)
        if len(self.items) > MOST_ITEMS:
            _refuse_size(f"{MOST_ITEMS} items a declaration", f"{MOST_ITEMS} articles par déclaration")
        return item

    def _look_through(
        self, element: etree._Element, here: _Place, item: _Found, *, with_itself: bool = False
    ) -> None:
        """Everything below an element that stands here, or, `with_itself`, below the place `here`.

        One pass over all of them, since each further one costs as much as all that is done with it.
        """
        nodes = element.iter()
        if with_itself:
            siblings = 1
        else:
            next(nodes)
            siblings = len(element)
        facts, has_pieces = self.facts, bool(item.pieces)
        parts: dict[str, str] = {}
        charge: dict[str, Amount] = {}
        outer: list[tuple[_Place, int]] = []
        for node in nodes:
            siblings -= 1
            place = here[node.tag]
            role = place.role
            if not role:
                pass
            elif role == "part":
                parts[place.name] = (node.text or "").strip()
            elif role == "fact":
                if text := (node.text or "").strip():
                    facts.setdefault(place.name, text)
            elif role == "group":
                parts = {}
                item.groups.setdefault(place.name, []).append(parts)
            elif role == "amount":
                charge.setdefault(place.name, _amount(node, "currencyID"))
            elif role == "type":
                if text := (node.text or "").strip():
                    charge.setdefault("TypeCode", (text, ""))
            elif role == "charge":
                charge = {}
                item.charges.append(charge)
            elif role == "container":
                has_pieces = bool(item.pieces)
            elif role == "piece":
                parts = {}
                if not has_pieces:
                    item.pieces.append(parts)
            elif role == "text":
                item.texts.setdefault(place.name, " ".join((node.text or "").split()))
            elif role == "value":
                item.values.setdefault(place.name, []).append(_amount(node, "currencyID"))
            elif role == "mass":
                item.mass = item.mass or _amount(node, "unitCode")
            elif self._elements.is_whole:
                item, has_pieces = self._new_item(node), False
            below = len(node)
            if below:
                outer.append((here, siblings))
                here, siblings = place, below
            else:
                while not siblings and outer:
                    here, siblings = outer.pop()


def _rows(said: _Said, options: Options) -> Iterable[list[str]]:
    facts, items = said.facts, said.items
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
    announced = number(shared["Goods_item_quantity"]) if items and shared["Goods_item_quantity"] else None
    reference = shared["Functional_reference_ID"] or shared["Declaration_ID"]
    for position, item in enumerate(items or [said.goods], 1):
        row = shared.copy()
        for column, text in _goods(item, options).items():
            if text or column in PARTIES or column == "Item_number":
                row[column] = text
        row["Item_ID"] = (
            f"{reference}/{row.get('Item_number') or position}" if items and reference else reference
        )
        given = row.get
        yield [given(column, "") for column in columns]
    if announced is not None and announced > len(items):
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


def _goods(found: _Found, options: Options) -> dict[str, str]:
    """The columns of one item, or of a declaration without items."""
    said, groups = found.texts.get, found.groups
    columns = {
        "Item_number": said("SequenceNumeric", ""),
        "Goods_description": said("Description", ""),
        "Commodity_code": _commodity_code(found.pieces, options),
        "Package_count": _packages(groups.get("Packaging", ())) or said("TotalPackageQuantity", ""),
        "Gross_mass_kg": _kilograms(found.mass),
    }
    if "ExportCountry" in groups:
        columns["Export_country"] = groups["ExportCountry"][0].get("ID", "")
    if "Origin" in groups:
        columns["Origin_country"] = _origin(groups["Origin"])
    if "GovernmentProcedure" in groups:
        columns |= _procedures(groups["GovernmentProcedure"])
    if found.values:
        columns |= _value(found, options)
    if found.charges:
        columns |= _charges(found.charges, options)
    return columns | found.parties


def _origin(origins: list[dict[str, str]]) -> str:
    """The country of origin (type 1), else the one that stands first."""
    by_type: dict[str, str] = {}
    for origin in origins:
        by_type.setdefault(origin.get("TypeCode", ""), origin.get("CountryCode", ""))
    return by_type.get("1") or next(iter(by_type.values()))


def _packages(packages: Iterable[dict[str, str]]) -> str:
    quantities = (package.get("QuantityQuantity") for package in packages)
    return _sum([(quantity, "") for quantity in quantities if quantity])


def _amount(element: etree._Element, attribute: str) -> Amount:
    return (element.text or "").strip(), (element.get(attribute) or "").strip()


def _commodity_code(pieces: list[dict[str, str]], options: Options) -> str:
    """The pieces one after the other; one that repeats what stands before it and goes on replaces it."""
    by_type: dict[str, str] = {}
    for piece in pieces:
        by_type.setdefault(piece.get("IdentificationTypeCode", ""), piece.get("ID", ""))
    code = ""
    for kind in ("", *options.classification_types):
        digits = by_type.get(kind, "")
        code = digits if code and digits.startswith(code) else code + digits
    return code


def _procedures(groups: list[dict[str, str]]) -> dict[str, str]:
    procedures = [(group.get("CurrentCode", ""), group.get("PreviousCode", "")) for group in groups]
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


def _charges(charges: list[dict[str, Amount]], options: Options) -> dict[str, str]:
    """Sums by column: of what was assessed, else of what is to be paid. A line without either counts not."""
    column_of = options.columns_of_charges
    sorted_out: dict[str, list[Amount]] = {}
    for charge in charges:
        amount = charge.get("TaxAssessedAmount", NO_AMOUNT)
        if not amount[0]:
            amount = charge.get("PaymentAmount", NO_AMOUNT)
        if not amount[0]:
            continue
        column = column_of.get(charge.get("TypeCode", NO_AMOUNT)[0])
        if column is not None or number(amount[0]) != 0:
            sorted_out.setdefault(column or "Other_amount", []).append(amount)
    if not sorted_out:
        return {}
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
    if KILOGRAMS[unit] == 1:
        return plain_number(text)
    figure = number(text)
    return plain_number(text) if figure is None else format(figure * KILOGRAMS[unit], "f")
