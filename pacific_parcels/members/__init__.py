"""Member files: one YAML per customs administration, the only place where a country is named.

A member file, key by key (an unknown key is refused; a fact not established is left out, with a `note`):

    code: FJ                              ISO 3166-1 alpha-2; the file is named fj.yml
    name: {en: Fiji, fr: Fidji}
    is_oco_member: true                   (default true; false for a member that only tests use)
    currency: FJD                         ISO 4217
    time_zone: Pacific/Fiji               IANA
    languages: [en, fj, hi]               ISO 639
    customs_system: {name: ASYCUDAWorld, source: "..."}           only where established
    note: "..."                           what is not established, and why
    de_minimis:                           dated lines, oldest first
      - valid_from: 2020-08-01            absent on the first line only: its start is not established, it
                                          holds from before our series
        valid_to: 2024-06-28              exclusive; absent: until the next line of the same scope and
                                          channels, or open
        amount: 2000
        currency: FJD
        basis: CIF                        CIF | FOB | INTRINSIC (goods without freight and insurance) |
                                          DUTY_OWED (amount is of duty and tax)
        scope: BOTH                       DUTY | TAX | BOTH
        mode: EXEMPT_AMOUNT               EXEMPT_ALL (all free at or below) | EXEMPT_AMOUNT (only the excess
                                          is taxed) | FLAT_RATE | DUTY_OWED
        channels: [POSTAL_PARCEL]         absent: every channel
        source: "..."                     where it is published
        note: "..."
    taxes:                                VAT, GST and the like, dated in the same way
      - {name: {en: VAT, fr: TVA}, valid_from: 2023-08-01, rate_pct: 15, source: "..."}
                                          low_value_collector: VENDOR where the vendor collects it at the sale
                                          on items at or under the de minimis (default NONE: forgone there)
    capacity:                             what a port or an office can handle in a day, dated in the same way
      - {port: FJSUV, valid_from: 2025-01-01, items_per_day: 1200, source: "..."}
      - {office: SUVA, items_per_day: 800, source: "..."}     either port or office, in the member's own code
    sharing:                              what other readers see of this member; itself it always sees in full
      public: totals                      none | totals (member totals) | detail (by channel, band, origin, HS
                                          section) for every group of indicators, or by group, where a group
                                          that is not named is not shown:
                                          {volume: detail, value: totals, treatment: none, revenue: none,
                                           quality: totals, pressure: none}
      peers: totals                       the same for the other members; default: as public
      minimum_cell_items: 5               no figure on fewer items; the region's own minimum holds besides
      progress: {public: counted, peers: named}   standards, commitments and actions: counted among the others
                                          (the default), or by its name; one word stands for both circles
    source:                               where its extracts are fetched from; absent: people or programs put
                                          them into inbox/<code>. One of these kinds; address and secrets are
                                          those of the named Airflow connection, never here:
      {kind: folder, path: /mnt/fiji/out}
      {kind: sftp, connection: fj_sftp, path: out}
      {kind: s3, connection: fj_s3, bucket: fiji-customs, path: parcels/out}
      kind: https                         a report that a server makes on request, one period at a time
      connection: fj_asycuda
      url: "/report?from={from}&to={to}"  below the address of the connection; first and last day
      dates: "%Y-%m-%d"                   strptime format of those two days
      file: "FJ_parcels_{yyyymm}.csv"     the name to give it: the file of one stream, whose cadence holds
      periods: 4                          how many ended periods are asked for again, once a day each
    tokens: {connection: fj_token_key}    the Airflow connection that has the key of tokens; absent: the file
                                          keys/fj.json (docs/OPERATIONS.md, Keys)
    extracts:                             what the member sends, by stream
      items:
        file: "fj-items-{period}.csv"     placeholders: {period} 2026-03 · {yyyymm} 202603 ·
                                          {quarter} 2026-Q1 · {year} 2026 · {any}; without a period the rows
                                          themselves say which months the extract covers; the same name
                                          with .gz or .zip after it, or .zip for its suffix, is an archive
        cadence: MONTHLY                  MONTHLY | QUARTERLY | ANNUAL
        due_days: 20                      days after the end of the period
        layouts:                          dated, oldest first; one holds from its valid_from (a period) to
                                          the next
          - valid_from: "2019-01"
            format: delimited             a module of pacific_parcels/formats
            options: {delimiter: ";", encoding: utf-8}            the format's own options, see its module
            dates: "%d/%m/%Y"             strptime formats of date and of timestamp columns (default ISO)
            timestamps: "%d/%m/%Y %H:%M"
            decimal: ","                  default "."
            thousands: "."                default none
            null_values: ["-", "n/a"]     besides the empty text
            columns:                      contract column: where it comes from
              item_id: "Item No"          a source column, as it is
              gross_mass_kg: {column: "Weight (g)", factor: 0.001}
              channel_code:               a lookup has no default: a miss is a rejected row
                {column: "Mode", lookup: {"Post": POSTAL_PARCEL}}
              is_inspected: {column: "Insp", lookup: {"Y": true, "N": false}}
              declared_currency_code: {constant: FJD}
              release_at: {column: "Released", format: "%Y%m%d%H%M"}
                                          check: S10 beside a column warns of what is no S10 identifier;
                                          may_be_negative: true keeps an amount below zero and warns of it
            expect: {"Country": "FJ"}     columns that must hold this text on every row
            ignore: ["Consignee name"]    source columns that are never landed; every other one must be mapped
    contacts:                             who gets the brief of each publication by e-mail; the address of an
                                          office rather than that of a person
      - {email: statistics@customs.example, language: fr}     language: en (default) | fr
    demo:                                 for synthetic extracts only
      {weight: 0.1, starts_after_months: 0, missing_last_months: 0, ports: {FJSUV: 3, FJNAN: 1}}

Columns that name a person are mapped to tokens alone, or ignored; the name itself is never landed:
              consignee_token: "Consignee"                        consignor_token, declarant_token likewise
              consignor_token: {columns: ["Exporter", "Town"]}    several columns, joined by a space
              operator_code: {column: "Carrier", lookup: {"DHL Express": DHL}}    a lookup or a constant
              goods_description:                                  free text, in which names may stand: landed
                {column: "Goods", agreed: "..."}                  only where this says who agreed to it, why

Errors: MemberFileError names the file, the key, what was found and what was expected.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pacific_parcels.contract import CHANNELS, COLUMNS_BY_NAME, SUPPLIED_COLUMNS, Channel
from pacific_parcels.errors import MemberFileError
from pacific_parcels.settings import Settings

# The same loader in C, where PyYAML was built with it: every command reads all members.
SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Iso2 = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Period = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Strict):
    """The same words in English and in French."""

    en: str = Field(min_length=1)
    fr: str = Field(min_length=1)


class CustomsSystem(Strict):
    name: str
    source: str


class Dated(Strict):
    valid_from: date | None = None
    valid_to: date | None = None
    source: str = Field(min_length=1)
    note: str | None = None


class DeMinimis(Dated):
    amount: Decimal = Field(ge=0)
    currency: Currency
    basis: Literal["CIF", "FOB", "INTRINSIC", "DUTY_OWED"]
    scope: Literal["DUTY", "TAX", "BOTH"]
    mode: Literal["EXEMPT_ALL", "EXEMPT_AMOUNT", "FLAT_RATE", "DUTY_OWED"]
    channels: tuple[Channel, ...] = CHANNELS

    @property
    def tracks(self) -> list[str]:
        """What the line decides about: one entry for each charge and channel."""
        charges = ("DUTY", "TAX") if self.scope == "BOTH" else (self.scope,)
        return [f"{charge} of {channel}" for charge in charges for channel in self.channels]


class Tax(Dated):
    """A tax on goods, and who collects it on an item at or under the de minimis: nobody, or the vendor."""

    name: Text
    rate_pct: Decimal = Field(ge=0, le=100)
    low_value_collector: Literal["NONE", "VENDOR"] = "NONE"

    @property
    def tracks(self) -> list[str]:
        return [self.name.en]


Detail = Literal["none", "totals", "detail"]
DETAILS: tuple[Detail, ...] = ("none", "totals", "detail")


class Terms(Strict):
    """What one circle of readers sees, by group of indicators. One word stands for all groups."""

    volume: Detail = "none"
    value: Detail = "none"
    treatment: Detail = "none"
    revenue: Detail = "none"
    quality: Detail = "none"
    pressure: Detail = "none"

    @model_validator(mode="before")
    @classmethod
    def _one_word_is_all_groups(cls, value: Any) -> Any:
        return dict.fromkeys(cls.model_fields, value) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _nothing_is_told_by_another_group(self) -> Terms:
        for group, other in (
            ("value", "volume"), ("treatment", "volume"), ("revenue", "value"), ("pressure", "volume"),
        ):  # fmt: skip
            found, most = getattr(self, group), getattr(self, other)
            if DETAILS.index(found) > DETAILS.index(most):
                raise ValueError(
                    f"{group}: {found} would tell what {other}: {most} keeps back, as means and shares tie "
                    f"them; expected no more than {most}"
                )
        return self

    def __str__(self) -> str:
        """As a member file says it: the one word where it holds for all groups."""
        details = self.model_dump()
        if len(set(details.values())) == 1:
            return str(self.volume)
        return ", ".join(f"{group}: {detail}" for group, detail in details.items())

    def within(self, other: Terms) -> bool:
        """Whether no group is shown in more detail than by the other terms."""
        return all(
            DETAILS.index(getattr(self, group)) <= DETAILS.index(getattr(other, group))
            for group in Terms.model_fields
        )


TOTALS = Terms.model_validate("totals")


class Capacity(Dated):
    """How many items a port or an office can handle in a day, as the administration states it."""

    port: Annotated[str, Field(pattern=r"^[A-Z]{2}[A-Z2-9]{3}$")] | None = None
    office: str | None = Field(default=None, min_length=1)
    items_per_day: int = Field(gt=0)

    @model_validator(mode="after")
    def _one_place(self) -> Capacity:
        if (self.port is None) == (self.office is None):
            raise ValueError("give either port or office")
        return self

    @property
    def tracks(self) -> list[str]:
        return [f"port {self.port}" if self.port else f"office {self.office}"]


# Among the groups of indicators in the terms of a member, that which is of none.
PROGRESS = "progress"


class ProgressTerms(Strict):
    """Whether what a member says of its own progress is shown by its name, or counted among the others only.

    Apart from the groups of indicators: who has agreed to figures of parcels has not agreed to this.
    """

    public: Literal["counted", "named"] = "counted"
    peers: Literal["counted", "named"] = "counted"

    @model_validator(mode="before")
    @classmethod
    def _one_word_is_both_circles(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"public": value, "peers": value}
        if isinstance(value, dict) and "public" in value and "peers" not in value:
            return value | {"peers": value["public"]}
        return value

    @model_validator(mode="after")
    def _members_read_the_public_file_too(self) -> ProgressTerms:
        if self.public == "named" and self.peers != "named":
            raise ValueError("public names the member to peers too, who read it; expected peers: named")
        return self


class Sharing(Strict):
    public: Terms = TOTALS
    peers: Terms = TOTALS
    minimum_cell_items: int = Field(default=5, ge=1)
    progress: ProgressTerms = ProgressTerms()

    @model_validator(mode="before")
    @classmethod
    def _peers_see_what_the_public_sees(cls, value: Any) -> Any:
        if isinstance(value, dict) and "public" in value and "peers" not in value:
            return value | {"peers": value["public"]}
        return value

    @model_validator(mode="after")
    def _members_read_the_public_file_too(self) -> Sharing:
        if not self.public.within(self.peers):
            raise ValueError(
                "public shows more than peers, who read it too; expected peers to see at least as much"
            )
        return self


class ColumnSource(Strict):
    """Where one contract column comes from: a source column, several that make one token, or a constant."""

    column: str | None = None
    columns: tuple[str, ...] = ()
    constant: str | None = None
    lookup: dict[str, str | bool] | None = None
    format: str | None = None
    factor: Decimal | None = None
    check: Literal["S10"] | None = None
    may_be_negative: bool = False
    agreed: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_source(self) -> ColumnSource:
        if [self.column is None, not self.columns, self.constant is None].count(False) != 1:
            raise ValueError("give either column, columns or constant")
        if self.constant is not None and (self.lookup or self.format or self.factor or self.check):
            raise ValueError("a constant takes no lookup, format, factor or check")
        if self.may_be_negative and (self.constant is not None or self.lookup):
            raise ValueError("may_be_negative is for a column of amounts as they are")
        spaced = [text for text in self.lookup or {} if text != text.strip() or not text]
        if spaced:
            raise ValueError(f"values are looked up without the spaces around them: found {spaced}")
        return self

    @property
    def source_columns(self) -> tuple[str, ...]:
        return self.columns if self.column is None else (self.column,)


class Layout(Strict):
    valid_from: Period
    format: str
    options: dict[str, Any] = Field(default_factory=dict)
    dates: str = "%Y-%m-%d"
    timestamps: str = "%Y-%m-%d %H:%M:%S"
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = ""
    null_values: tuple[str, ...] = ()
    columns: dict[str, ColumnSource]
    expect: dict[str, str] = Field(default_factory=dict)
    ignore: tuple[str, ...] = ()

    @field_validator("columns", mode="before")
    @classmethod
    def _text_is_a_column(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: {"column": source} if isinstance(source, str) else source
                for name, source in value.items()
            }
        return value

    @model_validator(mode="after")
    def _columns_are_of_the_contract(self) -> Layout:
        unknown = sorted(set(self.columns) - set(SUPPLIED_COLUMNS))
        if unknown:
            raise ValueError(f"columns {unknown} are not in the contract; it has {sorted(SUPPLIED_COLUMNS)}")
        absent = [
            name
            for name in SUPPLIED_COLUMNS
            if COLUMNS_BY_NAME[name].is_required and name not in self.columns
        ]
        if absent:
            raise ValueError(f"the required columns {absent} are not mapped")
        self._refuse_persons()
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands must differ")
        for name, source in self.columns.items():
            if source.may_be_negative and COLUMNS_BY_NAME[name].kind != "decimal":
                raise ValueError(f"{name}: may_be_negative is for a column of amounts")
            allowed = COLUMNS_BY_NAME[name].codes
            if source.lookup and allowed:
                wrong = sorted({str(code) for code in source.lookup.values()} - set(allowed))
                if wrong:
                    raise ValueError(
                        f"{name}: the lookup leads to {wrong}; the code list has {sorted(allowed)}"
                    )
        return self

    def _refuse_persons(self) -> None:
        """Errors: ValueError where what names a person, or may, would be landed as it stands."""
        for name, source in self.columns.items():
            kind = COLUMNS_BY_NAME[name].kind
            extras = (source.constant, source.lookup, source.format, source.factor, source.check)
            if kind == "token" and any(extra is not None for extra in extras):
                raise ValueError(f"{name}: a token takes column or columns and nothing else")
            if kind != "token" and source.columns:
                raise ValueError(f"{name}: several columns make a token alone; expected one column")
            if name == "operator_code" and source.lookup is None and source.constant is None:
                raise ValueError(
                    f"{name}: a text may be the name of a person; expected a lookup or a constant"
                )
            is_free = name == "goods_description" and source.constant is None and source.lookup is None
            if is_free and source.agreed is None:
                raise ValueError(
                    f"{name}: free text may hold names of persons; expected it under ignore, or agreed: who "
                    "agreed that it is landed, and why"
                )
            if source.agreed is not None and not is_free:
                raise ValueError(f"{name}: agreed is for free text alone")
        # A format reads these where the layout asks for them (pacific_parcels/formats/__init__.py).
        option = self.options.get("parties")
        parties = option if isinstance(option, list | tuple) else ()
        named = {column for source in self.tokens.values() for column in source.source_columns}
        unused = [column for column in parties if column not in named]
        if unused:
            raise ValueError(
                f"options: parties: {unused} would be read and no token is made of them; expected columns "
                "that consignee_token, consignor_token or declarant_token takes"
            )
        kept = {source.column for name, source in self.columns.items() if name not in self.tokens}
        for name, source in self.tokens.items():
            landed = [column for column in source.source_columns if column in kept or column in self.expect]
            if landed:
                raise ValueError(
                    f"{name}: {landed} would be landed as they stand too; expected a token alone"
                )

    @property
    def tokens(self) -> dict[str, ColumnSource]:
        """The columns that are tokens of parties, with what they are made of."""
        return {
            name: source for name, source in self.columns.items() if COLUMNS_BY_NAME[name].kind == "token"
        }

    @property
    def source_columns(self) -> list[str]:
        """Every column that the extract must have, each once, in the order of the member file."""
        mapped = [column for source in self.columns.values() for column in source.source_columns]
        return list(dict.fromkeys([*mapped, *self.expect, *self.ignore]))


class Placeholder(NamedTuple):
    """What stands for a part of a file's name: what it may be, and what it is in an example."""

    pattern: str
    example: str


PLACEHOLDERS = {
    "period": Placeholder(r"(?P<period>\d{4}-(?:0[1-9]|1[0-2]))", "2026-03"),
    "yyyymm": Placeholder(r"(?P<yyyymm>\d{4}(?:0[1-9]|1[0-2]))", "202603"),
    "quarter": Placeholder(r"(?P<quarter>\d{4}-Q[1-4])", "2026-Q1"),
    "year": Placeholder(r"(?P<year>\d{4})", "2026"),
    "any": Placeholder(r".+?", "…"),
}


class Stream(Strict):
    file: str
    cadence: Literal["MONTHLY", "QUARTERLY", "ANNUAL"] = "MONTHLY"
    due_days: int = Field(default=20, ge=0)
    layouts: tuple[Layout, ...] = Field(min_length=1)

    @field_validator("file")
    @classmethod
    def _placeholders_are_known(cls, value: str) -> str:
        for name in re.findall(r"\{(.*?)\}", value):
            if name not in PLACEHOLDERS:
                raise ValueError(f"placeholder {{{name}}} is not known; known are {sorted(PLACEHOLDERS)}")
        return value

    @property
    def example_name(self) -> str:
        """The name that such a file has in March 2026, or in the quarter or the year that it is of."""
        name = self.file
        for placeholder, known in PLACEHOLDERS.items():
            name = name.replace(f"{{{placeholder}}}", known.example)
        return name

    @model_validator(mode="after")
    def _layouts_are_in_order(self) -> Stream:
        starts = [layout.valid_from for layout in self.layouts]
        if starts != sorted(set(starts)):
            raise ValueError(f"layouts overlap or are out of order: valid_from {starts}")
        return self

    def covers(self, source_name: str) -> tuple[str | None, str | None] | None:
        """First and last month that a file of this name covers.

        (None, None) when the rows say it, None when it is no file of this stream.

        A name may carry `.synthetic` before its suffix: synthetic extracts say so in their very name. And it
        may end in `.gz` or `.zip`, `.zip` also instead of its suffix: archives are taken as what is in them.
        """
        name = source_name.replace(".synthetic", "", 1)
        names = [name]
        stem, _, archive = name.rpartition(".")
        if archive.lower() in ("gz", "zip"):
            names.append(stem)
        if archive.lower() == "zip":
            names.append(stem + PurePath(self.file).suffix)
        matches = (re.fullmatch(self._expression, name, flags=re.IGNORECASE) for name in names)
        match = next((match for match in matches if match is not None), None)
        if match is None:
            return None
        found = match.groupdict()
        if found.get("period"):
            return found["period"], found["period"]
        if found.get("yyyymm"):
            month = f"{found['yyyymm'][:4]}-{found['yyyymm'][4:]}"
            return month, month
        if found.get("quarter"):
            year, quarter = found["quarter"].upper().split("-Q")
            return f"{year}-{3 * int(quarter) - 2:02d}", f"{year}-{3 * int(quarter):02d}"
        if found.get("year"):
            return f"{found['year']}-01", f"{found['year']}-12"
        return None, None

    @property
    def _expression(self) -> str:
        parts = re.split(r"(\{.*?\})", self.file)
        return "".join(
            PLACEHOLDERS[part[1:-1]].pattern if part.startswith("{") else re.escape(part) for part in parts
        )

    def layout_of(self, time_period: str | None) -> Layout:
        """The layout in force for a period; the newest one where the extract does not say its period."""
        usable = [
            layout for layout in self.layouts if time_period is None or layout.valid_from <= time_period
        ]
        return usable[-1] if usable else self.layouts[0]


ConnectionName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]


class FolderSource(Strict):
    """A folder of this machine: a mounted share, or where a server of its own puts what it is sent."""

    kind: Literal["folder"]
    path: Annotated[str, Field(pattern=r"^/")]


class SftpSource(Strict):
    kind: Literal["sftp"]
    connection: ConnectionName
    path: str = Field(min_length=1)


class S3Source(Strict):
    kind: Literal["s3"]
    connection: ConnectionName
    bucket: str = Field(min_length=1)
    path: Annotated[str, Field(pattern=r"^([^/]|$)")] = ""


class HttpsSource(Strict):
    kind: Literal["https"]
    connection: ConnectionName
    url: Annotated[str, Field(pattern=r"^/")]
    dates: str = "%Y-%m-%d"
    file: str
    periods: int = Field(default=4, ge=1, le=120)

    @field_validator("url")
    @classmethod
    def _both_days_are_asked_for(cls, value: str) -> str:
        if set(re.findall(r"\{(.*?)\}", value)) != {"from", "to"}:
            raise ValueError("expected the placeholders {from} and {to}, and no other")
        return value

    def name_of(self, first_month: date) -> str:
        """The name of the report of the period that begins with this month."""
        parts = {
            "{period}": f"{first_month:%Y-%m}",
            "{yyyymm}": f"{first_month:%Y%m}",
            "{quarter}": f"{first_month:%Y}-Q{(first_month.month + 2) // 3}",
            "{year}": f"{first_month:%Y}",
        }
        return re.sub(r"\{.*?\}", lambda part: parts.get(part[0], part[0]), self.file)

    def url_of(self, first_day: date, last_day: date) -> str:
        days = {"{from}": first_day.strftime(self.dates), "{to}": last_day.strftime(self.dates)}
        return re.sub(r"\{.*?\}", lambda part: days[part[0]], self.url)


Source = Annotated[FolderSource | SftpSource | S3Source | HttpsSource, Field(discriminator="kind")]
MONTHS_OF = {"MONTHLY": 1, "QUARTERLY": 3, "ANNUAL": 12}


class Contact(Strict):
    """An address is personal data: no message and no log repeats it."""

    email: Annotated[
        str,
        Field(max_length=254, pattern=r"^[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}$"),
    ]
    language: Literal["en", "fr"] = "en"


class Tokens(Strict):
    """Where the key of a member's tokens is: an Airflow connection."""

    connection: ConnectionName


class Demo(Strict):
    """How the synthetic extracts of this member look; no fact."""

    weight: float = Field(default=1.0, ge=0)
    starts_after_months: int = Field(default=0, ge=0)
    missing_last_months: int = Field(default=0, ge=0)
    ports: dict[str, float] = Field(default_factory=dict)


class Member(Strict):
    code: Iso2
    name: Text
    is_oco_member: bool = True
    currency: Currency
    time_zone: str
    languages: tuple[str, ...] = Field(min_length=1)
    customs_system: CustomsSystem | None = None
    note: str | None = None
    de_minimis: tuple[DeMinimis, ...] = ()
    taxes: tuple[Tax, ...] = ()
    capacity: tuple[Capacity, ...] = ()
    sharing: Sharing = Sharing()
    source: Source | None = None
    tokens: Tokens | None = None
    extracts: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Stream] = Field(default_factory=dict)
    contacts: tuple[Contact, ...] = ()
    demo: Demo = Demo()

    @field_validator("contacts")
    @classmethod
    def _each_address_once(cls, contacts: tuple[Contact, ...]) -> tuple[Contact, ...]:
        if len({contact.email.lower() for contact in contacts}) < len(contacts):
            raise ValueError("an address is named twice; expected each once, with one language")
        return contacts

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is not an IANA time zone") from error
        return value

    @field_validator("de_minimis", "taxes", "capacity")
    @classmethod
    def _dates_have_no_gap_or_overlap(cls, lines: tuple[Any, ...]) -> tuple[Any, ...]:
        by_track: dict[str, list[Any]] = {}
        for line in lines:
            for track in line.tracks:
                by_track.setdefault(track, []).append(line)
        for track, dated in by_track.items():
            for earlier, later in pairwise(dated):
                if later.valid_from is None:
                    raise ValueError(f"{track}: only the first line may lack valid_from")
                if earlier.valid_from is not None and later.valid_from <= earlier.valid_from:
                    raise ValueError(
                        f"{track}: the line from {later.valid_from} does not follow {earlier.valid_from}"
                    )
                if earlier.valid_to is not None and earlier.valid_to != later.valid_from:
                    kind = "overlap" if earlier.valid_to > later.valid_from else "gap"
                    raise ValueError(f"{track}: {kind} between {earlier.valid_to} and {later.valid_from}")
            last = dated[-1]
            if last.valid_to is not None and last.valid_from is not None and last.valid_to <= last.valid_from:
                raise ValueError(
                    f"{track}: valid_to {last.valid_to} is not after valid_from {last.valid_from}"
                )
        return lines

    @model_validator(mode="after")
    def _a_report_is_an_extract(self) -> Member:
        if isinstance(self.source, HttpsSource):
            self.months_of_report(self.source)
        return self

    @property
    def has_tokens(self) -> bool:
        return any(layout.tokens for stream in self.extracts.values() for layout in stream.layouts)

    def months_of_report(self, source: HttpsSource) -> int:
        """How many months one report covers. Errors: ValueError when it is no whole period of a stream."""
        name = source.name_of(date(2025, 1, 1))
        for stream in self.extracts.values():
            months = MONTHS_OF[stream.cadence]
            if stream.covers(name) == ("2025-01", f"2025-{months:02d}"):
                return months
        files = [f"{stream.file} ({stream.cadence})" for stream in self.extracts.values()]
        raise ValueError(
            f"source.file gives {name!r} for January 2025, which is not the file of one whole period of a "
            f"stream; the streams have {files}"
        )

    def end_of(self, line: Tax | Capacity) -> date | None:
        """The day before which a line of taxes or of capacity holds.

        It is the line's own valid_to, or the start of the next line of its name or place; None where it is
        open.
        """
        lines: tuple[Tax | Capacity, ...] = self.taxes if isinstance(line, Tax) else self.capacity
        starts = [
            other.valid_from
            for other in lines
            if other.tracks == line.tracks
            and other.valid_from is not None
            and (line.valid_from is None or other.valid_from > line.valid_from)
        ]
        return line.valid_to or min(starts, default=None)

    def ends_of(self, line: DeMinimis) -> dict[str, date | None]:
        """The day before which a threshold line holds, by channel; None where it is open.

        It is the line's own valid_to, or the start of the next line of its scope.
        """
        ends: dict[str, date | None] = {}
        for channel in line.channels:
            starts = [
                other.valid_from
                for other in self.de_minimis
                if other.valid_from is not None
                and (line.valid_from is None or other.valid_from > line.valid_from)
                and channel in other.channels
                and (other.scope == line.scope or "BOTH" in (other.scope, line.scope))
            ]
            ends[channel] = line.valid_to or (min(starts) if starts else None)
        return ends


def read_member(path: Path) -> Member:
    """One member file, checked. Errors: MemberFileError."""
    try:
        text = path.read_text(encoding="utf-8")
        content = yaml.load(text, Loader=SAFE_LOADER)  # nosec B506
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MemberFileError(f"{path}: the file cannot be read as YAML: {error}") from error
    if not isinstance(content, dict):
        raise MemberFileError(
            f"{path}: found {type(content).__name__}; expected a mapping with the key 'code'"
        )
    try:
        member = Member.model_validate(content)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'file'}: found {_found(fault)}: {fault['msg']}"
            for fault in error.errors()
        )
        raise MemberFileError(f"{path}: {faults}") from error
    if path.stem != member.code.lower():
        raise MemberFileError(
            f"{path}: code is {member.code}; expected the file to be named {member.code.lower()}.yml"
        )
    return member


def _found(fault: Any) -> str:
    """What was found, to be shown; of contacts nothing, since it may be an address."""
    return "what is not shown here" if "contacts" in fault["loc"] else repr(str(fault["input"])[:60])


def load_members(settings: Settings) -> dict[str, Member]:
    """Every member by its code, in order of code.

    Errors: MemberFileError, also when two files give the same code.
    """
    members: dict[str, Member] = {}
    for directory in settings.member_directories:
        if not directory.is_dir():
            raise MemberFileError(
                f"{directory}: no such directory; expected member files; see PACIFIC_PARCELS_MEMBERS"
            )
        for path in sorted(directory.glob("*.yml")):
            member = read_member(path)
            if member.code in members:
                raise MemberFileError(
                    f"{path}: a second file for {member.code}; expected one file per member"
                )
            members[member.code] = member
    if not members:
        raise MemberFileError(
            f"no member file in {[str(directory) for directory in settings.member_directories]}"
        )
    return dict(sorted(members.items()))
