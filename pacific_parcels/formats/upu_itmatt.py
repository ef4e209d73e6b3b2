"""Postal messages of the UPU in XML: ITMATT (the contents), CUSRSP (customs' decision), EMSEVT (the events).

No XML schema of these messages is public. This is the content of the standard (M33: ITMATT, M44: CUSRSP,
EMSEVT) under its own field names, as a postal administration exports it from its customs declaration system:

    PostalMessages                      an envelope of any number of messages; a message may also stand alone
      ITMATT
        MessagePreparationDateTime      when the post of origin sent the advance data; before the items
        MessageReceivedDateTime         when it came in; where it is given it is the one that counts
        Item
          ItemId  PostingDateTime  OriginPost  DestinationPost  OriginOffice  DestinationOffice  MailClass
          MailSubclass  MailCategory  GrossWeight (kg)  Postage  PostageCurrency  NatureOfTransaction
          ContentPiece                  Number (units)  Description  NetWeight (kg)  Amount  Currency  HSCode
                                        OriginCountry
      CUSRSP
        Response                        ItemId  Decision  Reason  DecisionDateTime  Duty  Tax  Fee  Currency
      EMSEVT
        Event                           ItemId  EventCode  EventDateTime  Office  RetentionReason

Messages stand in any order, and so do whole documents one after the other. Other elements are passed over,
and so are addresses and telephone numbers under Sender and Recipient. The names there are read where the
option `parties` lists their columns, Sender_name and Recipient_name.

One row is one Item of an ITMATT. Events and responses find it by ItemId, whatever its blanks and capitals.
An event or a response of an item that has no ITMATT in the file is a row of its own, in which nothing else
is filled: so the rules reject it, and it is kept and counted. An extract of a month therefore holds all the
messages of the items that arrived in it. Records (Item, Response, Event) are numbered through the file.

    Content_pieces, Units, Net_weight, Amount
                            pieces counted, the others summed exactly; empty where one of the pieces says
                            nothing, and the text itself where one cannot be read
    Currency                of the pieces; where they have several, all of them, and Amount is empty
    Description, HS_code, Origin_country     of the most valuable piece, the first of equal ones
    HS_codes                how many different codes the pieces have
    Origin_office_country, Destination_office_country     first two letters of the office of exchange
    Advance_data_at         MessageReceivedDateTime, or MessagePreparationDateTime
    Arrived_at EMD, Presented_at EDB, Held_at EME, Held_by_post_at EDA      the first of several events
    Returned_at EDC, Sorted_at EDD, Departed_inward_at EMF                  the last of several events
    Released_at             Returned_at, or Departed_inward_at where customs returned nothing
    Retention_reason        of the first EME that gives one
    Event_office            of the first event that names one; Other_events: up to ten codes without a column
    Decision … Charges_currency              of the last response, in time and then in the file

A time becomes 2026-03-05 14:30:00. One with an offset (+08:00, Z) is turned into the local time of the option
`time_zone`, which is to be the member's own; without that option it stays as written, and the layout will not
read it. One without an offset is local already. A time that cannot be read stays as written.

It carries the goods, their value and weight, the advance-data time, the events and the customs decision with
its charges. It cannot carry what a declaration says: its type, the lane, an inspection and its result, or the
edition of the Harmonized System.
"""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Sequence
from contextlib import ExitStack
from decimal import Context, Decimal
from functools import reduce
from pathlib import Path
from typing import Annotated, Final, Literal, TextIO, get_args

import duckdb
from lxml import etree
from pydantic import BaseModel, ConfigDict

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import (
    SPOOL_DELIMITER,
    SPOOL_QUOTE,
    EachOnce,
    Header,
    RegularText,
    TimeZone,
    iso_moment,
    party,
)
from pacific_parcels.markup import NAMES, DocumentKind, Elements, number, plain_number, root_name, text_at

NUMBERS: Literal["row", "record"] = "record"
JOINS_DOCUMENTS = True
CANNOT_CARRY: tuple[str, ...] = (
    "hs_edition",
    "declaration_type_code",
    "selectivity_lane_code",
    "is_inspected",
    "inspection_result_code",
)

ITEM_COLUMNS = (
    "Item_id",
    "Posted_at",
    "Origin_post",
    "Destination_post",
    "Origin_office",
    "Origin_office_country",
    "Destination_office",
    "Destination_office_country",
    "Mail_class",
    "Mail_subclass",
    "Mail_category",
    "Gross_weight",
    "Postage",
    "Postage_currency",
    "Nature_of_transaction",
    "Content_pieces",
    "Units",
    "Net_weight",
    "Amount",
    "Currency",
    "Description",
    "HS_code",
    "Origin_country",
    "HS_codes",
    "Advance_data_at",
)
FIRST_EVENTS = {"Arrived_at": "EMD", "Presented_at": "EDB", "Held_at": "EME", "Held_by_post_at": "EDA"}
LAST_EVENTS = {"Returned_at": "EDC", "Sorted_at": "EDD", "Departed_inward_at": "EMF"}
TRACK_COLUMNS = (
    *FIRST_EVENTS,
    *LAST_EVENTS,
    "Released_at",
    "Retention_reason",
    "Event_office",
    "Other_events",
)
RESPONSE_COLUMNS = (
    "Decision",
    "Decision_reason",
    "Decision_at",
    "Duty",
    "Tax",
    "Fee",
    "Charges_currency",
)
COLUMNS: tuple[str, ...] = (*ITEM_COLUMNS, *TRACK_COLUMNS, *RESPONSE_COLUMNS)
Party = Literal["Sender_name", "Recipient_name"]
PARTIES: tuple[Party, ...] = get_args(Party)
EVENT_COLUMNS = ("Item_id", "code", "moment", "office", "reason")

MESSAGES = ("ITMATT", "CUSRSP", "EMSEVT")
ENVELOPE = "PostalMessages"
POSTAL_MESSAGES = DocumentKind(
    (ENVELOPE, *MESSAGES),
    "postal messages in XML (ITMATT, CUSRSP, EMSEVT)",
    "messages postaux en XML (ITMATT, CUSRSP, EMSEVT)",
)
SENT, RECEIVED = "MessagePreparationDateTime", "MessageReceivedDateTime"

# Characters of a record. One row is an item and parts of many events, and has to be a line that DuckDB reads.
LONGEST = {"item": 1 << 18, "response": 1 << 12, "event": 1 << 12}
MOST_OTHER_EVENTS = 10
SOURCE_OF_ONE_JOIN = 24 << 20  # bytes of XML whose items are joined at a time
MOST_JOINS = 128
MEMORY = "128MB"

EXACT = Context(prec=300)  # no number that is read has more digits

Texts = dict[str, str]

# Where a draft of a layout looks for the columns of the contract, and what codes of the standard mean.
USUAL: Final[dict[str, str]] = {
    "item_id": "Item_id",
    "channel_code": "Mail_class",
    "customs_office_code": "Event_office",
    "origin_country_code": "Origin_country",
    "consignment_country_code": "Origin_office_country",
    "hs_code": "HS_code",
    "goods_description": "Description",
    "declared_value": "Amount",
    "declared_currency_code": "Currency",
    "duty_amount": "Duty",
    "tax_amount": "Tax",
    "fee_amount": "Fee",
    "revenue_currency_code": "Charges_currency",
    "gross_mass_kg": "Gross_weight",
    "posted_at": "Posted_at",
    "advance_data_at": "Advance_data_at",
    "arrival_date": "Arrived_at",
    "lodgement_at": "Presented_at",
    "release_at": "Released_at",
    "outcome_code": "Decision",
}
MEANINGS: Final[dict[str, dict[str, str]]] = {
    "channel_code": {"U": "POSTAL_LETTER", "C": "POSTAL_PARCEL", "E": "EXPRESS_POST"},
}


class Options(BaseModel):
    """`time_zone`: the IANA zone of the member, into whose local time a time with an offset is turned."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    time_zone: TimeZone | None = None
    parties: Annotated[tuple[Party, ...], EachOnce] = ()


def header(path: Path, options: Options) -> Header:
    """The columns, whatever is in the file. Errors: ExtractError R014 where the root is of another kind."""
    POSTAL_MESSAGES.require(root_name(path))
    return Header((*COLUMNS, *options.parties))


def read(path: Path, options: Options, scratch: Path) -> RegularText:
    """Items with what happened to them, in the order of the file.

    Errors: ExtractError R014 (a message time after the items it dates), R019 (an item above 262,144
    characters, an event or a response above 4,096), and those of `markup.Elements`.
    """
    header(path, options)
    joins = min(1 + path.stat().st_size // SOURCE_OF_ONE_JOIN, MOST_JOINS)
    with _Records(scratch, joins) as records:
        _sort_out(path, options, records)
    return _joined(scratch, joins, options.parties)


# ---- from elements to records ------------------------------------------------------------------------------


class _Records:
    """Items, responses and events as text files in the scratch directory.

    All records of one item are in the same part, so that each part can be joined by itself,
    however large the extract is.
    """

    def __init__(self, scratch: Path, joins: int) -> None:
        self._scratch = scratch
        self._joins = joins
        self._count = 0
        self._stack = ExitStack()
        self._lines = self._stack.enter_context(_lines_file(scratch).open("w", encoding="ascii"))
        self._files: dict[str, list[TextIO]] = {}

    def __enter__(self) -> _Records:
        for kind in ("item", "response", "event"):
            self._files[kind] = [
                self._stack.enter_context(
                    _scratch_file(self._scratch, kind, part).open("w", encoding="utf-8", newline="\n")
                )
                for part in range(self._joins)
            ]
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, kind: str, fields: Sequence[str], line_of_file: int) -> None:
        """Write one record; its first field is the item identifier. Errors: ExtractError R019."""
        self._count += 1
        self._lines.write(f"{self._count},{line_of_file}\n")
        line = SPOOL_DELIMITER.join(fields)
        # What has no identifier belongs to nothing else: its number, after a space, is the key of no other.
        key = "".join(fields[0].split()).upper() or f" {self._count}"
        if len(line) + len(key) > LONGEST[kind]:
            raise _too_large(LONGEST[kind])
        if "\n" in line or "\r" in line:
            line = SPOOL_DELIMITER.join([" ".join(field.split()) for field in fields])
        part = zlib.crc32(key.encode()) % self._joins
        self._files[kind][part].write(f"{self._count}{SPOOL_DELIMITER}{key}{SPOOL_DELIMITER}{line}\n")


def _too_large(characters: int) -> ExtractError:
    return ExtractError(
        "R019",
        found="memory",
        found_fr="mémoire",
        expected=f"{characters:,} characters for one record",
        expected_fr=f"{characters:,} caractères pour un enregistrement".replace(",", "\u202f"),
    )


def _lines_file(scratch: Path) -> Path:
    return scratch / "lines.csv"


def _scratch_file(scratch: Path, kind: str, part: int) -> Path:
    return scratch / f"{kind}-{part}.txt"


def _sort_out(path: Path, options: Options, records: _Records) -> None:
    """Every Item, Response and Event of the file, to where its kind belongs."""
    zone = options.time_zone
    sent = received = ""
    has_items = False
    tags = ("Item", "Response", "Event", SENT, RECEIVED, *MESSAGES)
    messages = Elements(path, tags, POSTAL_MESSAGES)
    for element in messages:
        name = NAMES[element.tag]
        if name == "Item":
            has_items = True
            fields = _item(element, received or sent, zone)
            named = [
                party(text_at(element, f"{column.removesuffix('_name')}/Name")) for column in options.parties
            ]
            records.add("item", (*fields, *named), messages.line_of(element))
        elif name == "Event":
            records.add("event", _event(_texts(element), zone), messages.line_of(element))
        elif name == "Response":
            records.add("response", _response(_texts(element), zone), messages.line_of(element))
        elif name in MESSAGES:
            sent = received = ""
            has_items = False
        elif has_items:
            raise POSTAL_MESSAGES.refusal(
                f"{name} after the items of its message", f"{name} après les envois du message"
            )
        elif name == SENT:
            sent = iso_moment((element.text or "").strip(), zone)
        else:
            received = iso_moment((element.text or "").strip(), zone)


def _texts(element: etree._Element) -> Texts:
    """The texts of the children by local name; below them nothing is looked at, unlike in `markup.texts`."""
    return {NAMES[child.tag]: (child.text or "").strip() for child in element}


def _item(element: etree._Element, advance_data_at: str, zone: str | None) -> Sequence[str]:
    fields: Texts = {}
    pieces: list[Texts] = []
    for child in element:
        name = NAMES[child.tag]
        if name == "ContentPiece":
            pieces.append(_texts(child))
        else:
            fields[name] = (child.text or "").strip()
    given = fields.get
    origin_office, destination_office = given("OriginOffice", ""), given("DestinationOffice", "")
    return (
        given("ItemId", ""),
        iso_moment(given("PostingDateTime", ""), zone),
        given("OriginPost", ""),
        given("DestinationPost", ""),
        origin_office,
        origin_office[:2],
        destination_office,
        destination_office[:2],
        given("MailClass", ""),
        given("MailSubclass", ""),
        given("MailCategory", ""),
        given("GrossWeight", ""),
        given("Postage", ""),
        given("PostageCurrency", ""),
        given("NatureOfTransaction", ""),
        *_contents(pieces),
        advance_data_at,
    )


def _contents(pieces: list[Texts]) -> Sequence[str]:
    """Content_pieces to HS_codes: what the pieces are together."""
    if not pieces:
        return ("", "", "", "", "", "", "", "", "")
    currencies = dict.fromkeys(piece.get("Currency", "") for piece in pieces)
    main = pieces[0] if len(pieces) == 1 else max(pieces, key=_value)
    codes = {piece["HSCode"] for piece in pieces if piece.get("HSCode")}
    return (
        str(len(pieces)),
        _total(pieces, "Number"),
        _total(pieces, "NetWeight"),
        _total(pieces, "Amount") if len(currencies) == 1 else "",
        ", ".join(filter(None, currencies)),
        main.get("Description", ""),
        main.get("HSCode", ""),
        main.get("OriginCountry", ""),
        str(len(codes)),
    )


def _total(pieces: list[Texts], name: str) -> str:
    """The exact sum over the pieces; one text that is no amount instead, so that a rule can show it."""
    found = [piece.get(name, "") for piece in pieces]
    if len(found) == 1:
        return plain_number(found[0])
    if not any(found):
        return ""
    figures = []
    for text in found:
        figure = number(text)
        if figure is not None and figure >= 0:
            figures.append(figure)
        elif text:
            return text
    return f"{reduce(EXACT.add, figures):f}" if len(figures) == len(found) else ""


def _value(piece: Texts) -> Decimal:
    amount = number(piece.get("Amount", ""))
    return Decimal(-1) if amount is None else amount


def _response(fields: Texts, zone: str | None) -> Sequence[str]:
    given = fields.get
    return (
        given("ItemId", ""),
        given("Decision", ""),
        given("Reason", ""),
        iso_moment(given("DecisionDateTime", ""), zone),
        given("Duty", ""),
        given("Tax", ""),
        given("Fee", ""),
        given("Currency", ""),
    )


def _event(fields: Texts, zone: str | None) -> Sequence[str]:
    given = fields.get
    return (
        given("ItemId", ""),
        given("EventCode", ""),
        iso_moment(given("EventDateTime", ""), zone),
        given("Office", ""),
        given("RetentionReason", ""),
    )


# ---- from records to rows ----------------------------------------------------------------------------------


def _joined(scratch: Path, joins: int, parties: tuple[str, ...]) -> RegularText:
    """Items, events and responses joined by DuckDB, one part at a time, then merged in order."""
    connection = duckdb.connect(
        config={
            "memory_limit": MEMORY,
            "threads": 2,
            "temp_directory": str(scratch / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    try:
        for part in range(joins):
            connection.execute(
                f"copy ({_rows(scratch, part, parties)}) to '{_quoted(_scratch_file(scratch, 'row', part))}' "
                f"(format csv, header false, delimiter '{SPOOL_DELIMITER}', quote '', escape '')"
            )
            for kind in ("item", "response", "event"):
                _scratch_file(scratch, kind, part).unlink()
    except duckdb.OutOfMemoryException as error:  # one item with more in it than any item has
        raise _too_large(LONGEST["item"]) from error
    finally:
        connection.close()
    return RegularText(
        path=scratch / "spool.txt",
        columns=(*COLUMNS, *parties),
        delimiter=SPOOL_DELIMITER,
        quote=SPOOL_QUOTE,
        skip=0,
        rows=_merged(scratch, joins),
        has_source_row=True,
        lines=_lines_file(scratch),
    )


def _merged(scratch: Path, joins: int) -> int:
    """Write spool.txt from the files of rows, each of which is in order; how many rows there are.

    DuckDB would sort them too, but of so many columns it holds more in memory than it is given here.
    """
    sign = SPOOL_DELIMITER.encode()
    count = 0
    with ExitStack() as stack:
        spool = stack.enter_context((scratch / "spool.txt").open("wb"))
        parts = [stack.enter_context(_scratch_file(scratch, "row", part).open("rb")) for part in range(joins)]
        for line in heapq.merge(*parts, key=lambda line: int(line[: line.index(sign)])):
            spool.write(line)
            count += 1
    for part in range(joins):
        _scratch_file(scratch, "row", part).unlink()
    return count


def _rows(scratch: Path, part: int, parties: tuple[str, ...]) -> str:
    """The rows of one part: source_row, COLUMNS and the names of parties that are read, in order."""
    first = [f"min(moment) filter (code = '{code}') as {name}" for name, code in FIRST_EVENTS.items()]
    last = [f"max(moment) filter (code = '{code}') as {name}" for name, code in LAST_EVENTS.items()]
    known = ", ".join(f"'{code}'" for code in (*FIRST_EVENTS.values(), *LAST_EVENTS.values()))
    columns = ["coalesce(items.Item_id, answers.Item_id) as Item_id", *COLUMNS[1:], *parties]
    return f"""
with items as ({_read_of(scratch, "item", part, (*ITEM_COLUMNS, *parties))}),
events as ({_read_of(scratch, "event", part, EVENT_COLUMNS)}),
responses as ({_read_of(scratch, "response", part, ("Item_id", *RESPONSE_COLUMNS))}),
tracks as (
    select
        key, min(record) as record, arg_min(Item_id, record) as Item_id,
        {", ".join(first)}, {", ".join(last)},
        coalesce(Returned_at, Departed_inward_at) as Released_at,
        arg_min(reason, row(coalesce(moment, '~'), record)) filter (code = 'EME') as Retention_reason,
        arg_min(office, row(coalesce(moment, '~'), record)) as Event_office,
        list_sort(list(distinct code) filter (code not in ({known})))[:{MOST_OTHER_EVENTS}] as other_codes,
        array_to_string(other_codes, ' ') as Other_events
    from events group by key
),
decisions as (
    select distinct on (key) * replace (min(record) over (partition by key) as record) from responses
    order by key, Decision_at desc nulls last, responses.record desc
),
answers as (
    select
        key, least(tracks.record, decisions.record) as record,
        coalesce(tracks.Item_id, decisions.Item_id) as Item_id,
        tracks.* exclude (key, record, Item_id, other_codes), decisions.* exclude (key, record, Item_id)
    from tracks full join decisions using (key)
)
select coalesce(items.record, answers.record) as source_row, {", ".join(columns)}
from items full join answers using (key)
order by source_row"""


def _read_of(scratch: Path, kind: str, part: int, columns: Sequence[str]) -> str:
    structure = ", ".join(f"'{name}': 'VARCHAR'" for name in ("key", *columns))
    return (
        f"select * from read_csv('{_quoted(_scratch_file(scratch, kind, part))}', auto_detect = false, "
        f"header = false, delim = '{SPOOL_DELIMITER}', quote = '', escape = '', nullstr = '', "
        f"max_line_size = 1200000, buffer_size = 4800000, columns = {{'record': 'BIGINT', {structure}}})"
    )


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
