"""Synthetic extracts for every member, true of no country: what a new user sees first, what benchmarks read.

A file is the member's own layout turned round: its columns, separator, encoding, codes, units, dates and
local times come from the member file, so a new member needs no line here, and no member is named. How trade
in general looks stands in the tables below.

What they are calibrated to, the only regional figures that are published (PACER Plus, "Customs officers
upskill to improve cross-border e-commerce", 20 March 2025, pacerplus.org): shipments of small parcels grew
by more than 200 % in three years, that is more than threefold or some 44 % a year compounded; about 85 % of
them are worth less than US$100; up to 5,000 arrive a day at some major ports. Where the items asked for are
too few for that, one backlog day of the busiest port has 1.6 % of them. Everything else is plausible and
nothing more: a peak in November and December, flights on some days of the week, origins, channels, values
spread log-normally. Duty and tax are nil up to the member's threshold of the month, where one is known, and
a rate on the rest; goods are released after they arrive.

Some members start late, some miss the last months, some are late; one month of one member is sent again,
revised (`revision/`), and one file arrives a second time as it was (`again/`). About a third of the members
send manifests. A share of the rows is broken on purpose, each row by exactly one of KINDS and never more
than 4 % of a file, so that receipts can be compared with what was written.

The same seed gives the same bytes on every machine: each item follows from seed, member, stream and its
number by arithmetic on integers. The time of each file (its mtime) is the invented moment at which the
member sent it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import math
import os
import re
import shutil
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from statistics import NormalDist
from typing import Any, BinaryIO, Protocol

import duckdb
from openpyxl import Workbook

from pacific_parcels.contract import COLUMNS_BY_NAME
from pacific_parcels.errors import MemberFileError, PacificParcelsError
from pacific_parcels.formats import load_format, read_options
from pacific_parcels.layout import quoted
from pacific_parcels.members import ColumnSource, Layout, Member, Stream, load_members
from pacific_parcels.reading import connect
from pacific_parcels.settings import Settings, codes_directory

KINDS = {
    "missing_value": "R102",
    "unreadable_date": "R103",
    "future_date": "R104",
    "date_outside_period": "R105",
    "unreadable_number": "R106",
    "negative_number": "R107",
    "unknown_currency": "R108",
    "unknown_code": "R109",
    "unknown_country": "R110",
    "place_of_another_member": "R111",
    "row_of_another_member": "R112",
    "too_few_fields": "R101",
    "misplaced_quotes": "R113",
    "repeated_item": "R114",
    "zero_value": "R201",
    "short_hs_code": "R202",
    "released_before_arrival": "R203",
    "zero_mass": "R204",
}
"""What can be wrong with a row, and the rule that finds it. Not every layout has room for each."""

# Only text has these, and only one file in eight: reading such a file takes much longer.
STRUCTURAL_KINDS = ("too_few_fields", "misplaced_quotes")
FILES_WITH_STRUCTURAL_KINDS = 8
KINDS_WITHOUT_CONTROL_TOTALS = {
    *STRUCTURAL_KINDS,
    "missing_value",
    "unreadable_number",
    "negative_number",
    "unknown_currency",
    "zero_value",
}
ROWS_OF_A_FILE_WITH_DIRT = 25
ROWS_OF_A_FILE_WITH_MUCH_DIRT = 200
MOST_DIRT_PCT = 4

GROWTH_IN_THREE_YEARS = (3.05, 3.35)  # lowest and highest of the members
SEASON = (0.90, 0.86, 0.93, 0.94, 0.96, 0.97, 0.98, 0.98, 0.99, 1.04, 1.22, 1.32)
NOISE = 0.04
BUSIEST_DAY_ITEMS, BUSIEST_DAY_SHARE = 5_000, 0.016

LATE_MEMBERS_SHARE = 0.25
MANIFESTS_SHARE = 1 / 3
# Days after the end of the period; a member whose own term is longer takes all of it.
EARLIEST_DAYS, LATEST_DAYS = 10, 50

# By channel, in this order: median value in US cents, median mass in grams, median minutes from lodgement to
# release, minutes to lodgement at most, days of transport (least, span), percentage with advance data.
SIGMA = 1.1
CHANNEL_WEIGHTS = {
    "POSTAL_LETTER": 0.30,
    "POSTAL_PARCEL": 0.30,
    "EXPRESS_POST": 0.07,
    "EXPRESS_CARRIER": 0.27,
    "AIR_CARGO": 0.04,
    "SEA_CARGO": 0.02,
}
CHANNEL_NAMES = tuple(CHANNEL_WEIGHTS)
MEDIAN_CENTS = (1_200, 3_000, 4_500, 3_500, 12_000, 22_000)
MEDIAN_GRAMS = (180, 1_100, 900, 1_300, 9_000, 40_000)
MEDIAN_MINUTES_TO_RELEASE = (720, 1_080, 420, 160, 1_500, 3_000)
MINUTES_TO_LODGEMENT = (1_440, 1_440, 720, 240, 1_440, 2_880)
DAYS_OF_TRANSPORT = ((7, 23), (6, 18), (3, 6), (2, 5), (3, 6), (25, 30))
ADVANCE_DATA_PCT = (45, 60, 85, 96, 70, 80)
SERVICE_LETTERS = ("U", "C", "E")  # first letters of the identifiers (S10) of the postal channels
MINUTES_TO_RELEASE_AT_MOST = 12_000

ORIGIN_WEIGHTS = {
    "CN": 50.0,
    "US": 8.0,
    "AU": 8.0,
    "NZ": 5.0,
    "JP": 5.0,
    "SG": 5.0,
    "HK": 4.0,
    "KR": 3.0,
    "GB": 3.0,
    "TW": 2.0,
    "MY": 1.5,
    "IN": 1.5,
    "TH": 1.0,
    "DE": 1.5,
    "FR": 1.5,
}
# More comes from where the language is shared, and from the country whose currency is used.
LANGUAGE_ORIGINS = {"fr": ("FR", 10.0), "pt": ("PT", 6.0), "tet": ("ID", 8.0)}
CURRENCY_ORIGIN_FACTOR = 2.5
HUB_WEIGHTS = {"HK": 5.0, "SG": 4.0, "AU": 2.0, "NZ": 1.0}
OTHER_CURRENCY_WEIGHTS = {"USD": 25.0, "CNY": 12.0, "AUD": 6.0, "NZD": 4.0}
OWN_CURRENCY_WEIGHT = 53.0
UNITS_PER_USD_WITHOUT_CENTS = 50

# HS heading, what it is in English and in French, duty in percent, weight.
GOODS = (
    ("610910", "T-shirts, cotton", "T-shirts en coton", 15, 12),
    ("620462", "Trousers, cotton", "Pantalons en coton", 15, 8),
    ("640299", "Shoes with plastic soles", "Chaussures à semelles en plastique", 15, 8),
    ("420222", "Handbags", "Sacs à main", 15, 6),
    ("711719", "Imitation jewellery", "Bijoux de fantaisie", 10, 6),
    ("851830", "Headphones", "Casques et écouteurs", 5, 7),
    ("850440", "Chargers and adapters", "Chargeurs et adaptateurs", 5, 6),
    ("392690", "Telephone cases of plastic", "Étuis de téléphone en plastique", 10, 9),
    ("950300", "Toys", "Jouets", 10, 7),
    ("330499", "Cosmetics, make-up", "Cosmétiques, maquillage", 15, 6),
    ("210690", "Food supplements", "Compléments alimentaires", 10, 4),
    ("870899", "Vehicle parts", "Pièces détachées automobiles", 10, 5),
    ("490199", "Books", "Livres", 0, 4),
    ("950699", "Sports equipment", "Articles de sport", 5, 3),
    ("900410", "Sunglasses", "Lunettes de soleil", 10, 3),
    ("732393", "Kitchenware of steel", "Articles de cuisine en acier", 10, 3),
    ("847330", "Computer parts", "Pièces d'ordinateur", 0, 3),
)
LANE_WEIGHTS = {"GREEN": 88.0, "YELLOW": 7.0, "RED": 3.0, "BLUE": 2.0}
BASIS_WEIGHTS = {"FOB": 60.0, "CIF": 25.0, "INTRINSIC": 15.0}
RESULT_WEIGHTS = {"NONE_FOUND": 88.0, "IRREGULAR": 12.0}
OUTCOME_WEIGHTS = {"RELEASED": 98.8, "HELD": 0.8, "RETURNED": 0.4}
OUTCOME_WEIGHTS_WHERE_IRREGULAR = {
    "RELEASED": 35.0,
    "HELD": 30.0,
    "SEIZED": 20.0,
    "RETURNED": 10.0,
    "DESTROYED": 5.0,
}
FEE_CENTS = 500
TAX_PCT_WHERE_NONE_IS_KNOWN = Decimal(10)
SIMPLIFIED_UP_TO_CENTS = 100_000

PIECE = 100_000
BATCH = 250_000
DRAW_BITS = 20
DRAWS = 1 << DRAW_BITS
DRAW_NAMES = (
    *("channel", "port", "currency", "goods", "origin", "flight", "ship", "week", "value", "mass"),
    *("lane", "basis", "inspected", "result", "outcome", "hour", "lodged", "posted", "advance", "ahead"),
    *("release", "second", "no origin", "direct", "hub", "no hs", "no mass", "pieces", "letter", "text"),
    "invented",
)
QUANTILE_BITS = 8
SERIALS = 100_000_000
NEVER = 1 << 40


@dataclass(frozen=True)
class DemoSummary:
    """What was written.

    files     extracts, the revision and the file that is sent twice included; manifests are not counted
    items     rows of the regular extracts
    rows      rows of all extracts but the copy: what receipts count in all
    broken    rows by kind of KINDS; each of them is one of `rows`
    unserved  members whose format is not one that can be written here
    """

    files: int
    items: int
    rows: int
    broken: dict[str, int]
    unserved: tuple[str, ...] = ()


def write_demo(
    settings: Settings,
    *,
    items: int = 300_000,
    months: int = 48,
    seed: int = 2026,
    dirt: float = 0.005,
    until: str = "2026-09",
    members: Sequence[str] | None = None,
) -> DemoSummary:
    """Write synthetic extracts of `members` (None: all) for the `months` up to `until` into the inbox.

    `dirt` is the share of broken rows; what would go beyond 4 % of a file is left out. A file of the same name
    is replaced, no other one is touched. Errors: PacificParcelsError when a figure makes no sense,
    MemberFileError for a member that cannot be served.
    """
    if items < 0 or months < 1 or not 0 <= dirt <= 1 or not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", until):
        raise PacificParcelsError(
            f"synthetic extracts: found items {items}, months {months}, dirt {dirt}, until {until!r}; "
            "expected items of 0 or more, months of 1 or more, dirt from 0 to 1, until as 2026-09; correct it"
        )
    known = load_members(settings)
    unknown = sorted(set(members or ()) - set(known))
    if unknown:
        raise MemberFileError(
            f"synthetic extracts: found the members {unknown}; expected some of {list(known)}"
        )
    chosen = [member for code, member in known.items() if members is None or code in members]
    plan = _Plan(settings, chosen, list(known.values()), seed, _months_until(until, months))
    plan.spread(items, dirt)
    connection = connect(settings, settings.spill)
    try:
        with ThreadPoolExecutor(settings.threads) as pool:
            # Every result is asked for, so that an error in a worker is raised here.
            for _ in pool.map(lambda unit: _write_unit(connection.cursor(), plan.rates, unit), plan.units()):
                pass
    finally:
        connection.close()
    copies = plan.send_again()
    return DemoSummary(
        files=len(plan.extracts) + copies,
        items=sum(extract.rows for extract in plan.extracts if not extract.is_revision),
        rows=sum(extract.rows for extract in plan.extracts),
        broken={kind: plan.broken[kind] for kind in KINDS},
        unserved=tuple(plan.unserved),
    )


# ---- chance ------------------------------------------------------------------------------------------------


def _number_of(*names: object) -> int:
    """A number from 0 to 2**64 that follows from names."""
    return int.from_bytes(hashlib.sha256("|".join(map(str, names)).encode()).digest()[:8], "big")


def _share_of(*names: object) -> float:
    return _number_of(*names) / (1 << 64)


def _draw(name: str) -> str:
    """A column of each row: a number from 0 to DRAWS - 1 for each name of DRAW_NAMES."""
    return f"draw_{DRAW_NAMES.index(name)}"


def _draws() -> str:
    """The columns of `_draw`, from the two hashes of each row, h1 and h2 of 32 bits."""
    columns = []
    for name in DRAW_NAMES:
        first, second = (_number_of("draw", name, part) & 0x7FFFFFF | 1 for part in (1, 2))
        columns.append(f"((h1 * {first} + h2 * {second}) >> 24) & {DRAWS - 1} as {_draw(name)}")
    return ", ".join(columns)


def _part(name: str, span: str | int) -> str:
    """A number from 0 to span - 1 for each row."""
    return f"(({_draw(name)} * ({span})) >> {DRAW_BITS})"


def _happens(name: str, pct: float) -> str:
    return f"({_draw(name)} < {round(DRAWS * pct / 100)})"


def _choice(name: str, weights: Mapping[str, float]) -> str:
    """One of the keys, which are SQL already; null where there is none."""
    total, reached, draw = sum(weights.values()), 0.0, _draw(name)
    if not total:
        return "null"
    branches = []
    for value, weight in weights.items():
        reached += weight
        branches.append((round(DRAWS * reached / total), value))
    *all_but_last, (_, last) = branches
    if not all_but_last:
        return last
    return (
        f"case {' '.join(f'when {draw} < {end} then {value}' for end, value in all_but_last)} else {last} end"
    )


def _text_choice(name: str, weights: Mapping[str, float]) -> str:
    chosen = _choice(name, {quoted(value): weight for value, weight in weights.items()})
    return f"cast({chosen} as varchar)"


def _listed(values: Iterable[int], index: str) -> str:
    """The element of a list of numbers; the first has the index 1."""
    return f"[{', '.join(map(str, values))}][{index}]"


def _quantile_factor(name: str) -> str:
    """A log-normal factor in ten thousandths (median 10,000): a list of quantiles, straight lines between."""
    normal, count = NormalDist(), (1 << QUANTILE_BITS) + 1
    points = [
        round(10_000 * math.exp(SIGMA * normal.inv_cdf((point + 0.5) / count))) for point in range(count)
    ]
    slopes = [after - before for before, after in itertools.pairwise(points)]
    bits, draw = DRAW_BITS - QUANTILE_BITS, _draw(name)
    index = f"1 + ({draw} >> {bits})"
    rest = f"({draw} & {(1 << bits) - 1})"
    return f"({_listed(points, index)} + (({_listed(slopes, index)} * {rest}) >> {bits}))"


# ---- money -------------------------------------------------------------------------------------------------


class _Rates:
    """Units of a currency per US dollar, in millionths, by month.

    HMRC's monthly rate, unless it is more than 10 % off the IMF's annual average: then that one. Where the IMF
    has none yet, the market's rate takes its part.
    """

    def __init__(self) -> None:
        self._rates: dict[tuple[str, str, str], Decimal] = {}
        with (codes_directory() / "exchange_rates.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                self._rates[row["source_code"], row["currency_code"], row["time_period"]] = Decimal(
                    row["units_per_usd"]
                )
        self._months = sorted({month for source, _, month in self._rates if source == "HMRC"})
        self._currencies = {currency for source, currency, _ in self._rates if source == "HMRC"}

    def has(self, currency: str) -> bool:
        return currency in self._currencies

    def millionths(self, currency: str, month: str) -> int:
        """Errors: MemberFileError for a currency without rates."""
        if not self.has(currency):
            raise MemberFileError(
                f"synthetic extracts: found the currency {currency}; expected one of exchange_rates.csv; "
                "add its rates there"
            )
        nearest = min(max(month, self._months[0]), self._months[-1])
        monthly = self._rates["HMRC", currency, nearest]
        second = self._rates.get(("IMF", currency, nearest[:4])) or self._rates.get(
            ("MARKET", currency, nearest)
        )
        rate = second if second is not None and abs(monthly - second) > second / 10 else monthly
        return int(rate * 1_000_000)

    def smallest_cents(self, currency: str) -> int:
        """100 for money that is counted in whole units, else 1."""
        is_whole = self.millionths(currency, self._months[-1]) > UNITS_PER_USD_WITHOUT_CENTS * 1_000_000
        return 100 if is_whole else 1


# ---- the plan: which files, of how many rows, broken where -------------------------------------------------


@dataclass(frozen=True)
class _Month:
    """The items of one month in one extract.

    From `held_from` on they are the backlog that comes to the first port on `held_day` of the month.
    """

    period: str
    first_item: int
    rows: int
    held_from: int = NEVER
    held_day: int = 1


@dataclass
class _Extract:
    series: _Series
    layout: Layout
    path: Path
    sent_at: datetime
    months: list[_Month]
    faults: list[tuple[int, int]] = field(default_factory=list)
    """(item, number of the fault in the list of the layout's faults, from 1 on), in order."""
    kinds: set[str] = field(default_factory=set)
    value_pct: int = 100
    is_revision: bool = False

    @property
    def rows(self) -> int:
        return sum(month.rows for month in self.months)


@dataclass
class _Series:
    """One stream of one member: months in groups, a group a file."""

    member: Member
    stream_code: str
    stream: Stream
    groups: list[list[str]]
    weight: float
    seed: int
    ports: dict[str, float]
    flights: list[list[int]] = field(default_factory=list)
    """Weekdays (Monday 0) of arrivals by port, eight places each."""
    counts: dict[str, int] = field(default_factory=dict)
    held: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Backlog by month: how many of the items, on which day of the month."""

    @property
    def names(self) -> tuple[object, ...]:
        return self.seed, self.member.code, self.stream_code

    @property
    def periods(self) -> list[str]:
        return [period for group in self.groups for period in group]

    @property
    def has_manifests(self) -> bool:
        return _share_of(self.member.code, self.stream_code, "manifests") < MANIFESTS_SHARE

    @property
    def first_share(self) -> float:
        """Share of the first port, which is the greatest, in all the region's items, not scaled."""
        return self.weight * next(iter(self.ports.values()), 0.0) / (sum(self.ports.values()) or 1.0)


class _Plan:
    def __init__(
        self,
        settings: Settings,
        members: list[Member],
        all_members: list[Member],
        seed: int,
        periods: list[str],
    ) -> None:
        self.settings = settings
        self.all_members = all_members
        self.seed = seed
        self.periods = periods
        self.rates = _Rates()
        self.unserved: list[str] = []
        self.extracts: list[_Extract] = []
        self.broken: Counter[str] = Counter()
        self._faults: dict[int, list[_Fault]] = {}
        self.series = [
            self._series(member, code, stream)
            for member in members
            for code, stream in member.extracts.items()
            if self._can_be_served(member, stream)
        ]
        total = sum(series.weight for series in self.series) or 1.0
        for series in self.series:
            ports = sum(series.ports.values())
            series.flights = [
                _flight_days(series.weight / total * weight / ports, *series.names, port)
                for port, weight in series.ports.items()
            ]

    def _can_be_served(self, member: Member, stream: Stream) -> bool:
        is_served = all(layout.format in WRITERS for layout in stream.layouts)
        if not is_served and member.code not in self.unserved:
            self.unserved.append(member.code)
        return is_served

    def _series(self, member: Member, stream_code: str, stream: Stream) -> _Series:
        reported = self.periods[
            member.demo.starts_after_months : len(self.periods) - member.demo.missing_last_months
        ]
        length = {"MONTHLY": 1, "QUARTERLY": 3, "ANNUAL": 12}[stream.cadence]
        by_group = itertools.groupby(
            reported, key=lambda period: (period[:4], (int(period[5:]) - 1) // length)
        )
        groups = [list(group) for _, group in by_group]
        if groups and int(groups[-1][-1][5:]) % length:
            groups.pop()  # it has not ended: its file is not due
        weight = member.demo.weight / len(member.extracts)
        return _Series(member, stream_code, stream, groups, weight, self.seed, _ports(member, stream))

    def spread(self, items: int, dirt: float) -> None:
        """Share the items out over series and months, make the extracts and break rows."""
        wishes = {
            (number, period): self._wish(series, period)
            for number, series in enumerate(self.series)
            for period in series.periods
        }
        total = sum(wishes.values())
        if not total:
            items = 0
        for (number, period), count in _rounded(wishes, self._hold_back(wishes, items)).items():
            series = self.series[number]
            series.counts[period] = count + series.held.get(period, (0, 0))[0]
        for series in self.series:
            self._add_extracts(series)
        self._break_rows(dirt)
        self._add_revision()

    def _wish(self, series: _Series, period: str) -> float:
        least, most = GROWTH_IN_THREE_YEARS
        growth = least + (most - least) * _share_of(*series.names, "growth")
        noise = 1 + NOISE * (2 * _share_of(*series.names, period) - 1)
        return (
            series.weight
            * math.pow(growth, self.periods.index(period) / 36)
            * SEASON[int(period[5:]) - 1]
            * noise
        )

    def _hold_back(self, wishes: dict[tuple[int, str], float], items: int) -> int:
        """Give the busiest port its backlog day; the items that are left for all others."""
        candidates = [series for series in self.series if series.periods and series.ports]
        if not candidates or not items:
            return items
        series = max(candidates, key=lambda one: one.first_share)
        number = self.series.index(series)
        period = max(series.periods, key=lambda month: (SEASON[int(month[5:]) - 1], month))
        weekday = series.flights[0][0]
        usual = items * wishes[number, period] / sum(wishes.values()) * series.first_share / series.weight
        usual_day = usual * series.flights[0].count(weekday) / len(series.flights[0]) * 7 / _days_of(period)
        held = round(min(BUSIEST_DAY_ITEMS, BUSIEST_DAY_SHARE * items) - usual_day)
        if held <= 0:
            return items
        second = (weekday - _first_day(period).weekday()) % 7 + 8
        series.held[period] = held, second
        return items - held

    def _add_extracts(self, series: _Series) -> None:
        names: set[str] = set()
        item = 0
        for group in series.groups:
            months = []
            for period in group:
                rows = series.counts[period]
                held, day = series.held.get(period, (0, 1))
                months.append(_Month(period, item, rows, item + rows - held if held else NEVER, day))
                item += rows
            name = _file_name(series, group)
            folder = self.settings.inbox / series.member.code.lower()
            path = folder / group[-1] / name if name in names else folder / name
            names.add(name)
            # Where the name does not say which months it covers, the newest layout is the one that reads it.
            covers = series.stream.covers(name) or (None, None)
            self.extracts.append(
                _Extract(
                    series, series.stream.layout_of(covers[0]), path, self._sent_at(series, group[-1]), months
                )
            )

    def _sent_at(self, series: _Series, period: str) -> datetime:
        names = (*series.names, period)
        days = series.stream.due_days - int(5 * _share_of(*names, "days"))
        is_often_late = _share_of(series.member.code, "often late") < LATE_MEMBERS_SHARE
        if is_often_late or _share_of(*names, "late") < 0.1:
            days += 3 + int(15 * _share_of(*names, "late by"))
        days = min(max(days, EARLIEST_DAYS), max(LATEST_DAYS, series.stream.due_days))
        end = datetime.combine(_first_day(period), datetime.min.time(), UTC) + timedelta(
            days=_days_of(period) - 1
        )
        return end + timedelta(days=days, minutes=int(600 * _share_of(*names, "minutes")))

    def faults_of(self, extract: _Extract) -> list[_Fault]:
        """The ways in which rows of this extract can be broken. One list for all files of a layout."""
        key = id(extract.layout)
        if key not in self._faults:
            self._faults[key] = _faults(extract, self.all_members)
        return self._faults[key]

    def _break_rows(self, dirt: float) -> None:
        wanted = 0.0
        for number, extract in enumerate(self.extracts):
            rows = extract.rows
            wanted += rows * dirt
            allowed = rows * MOST_DIRT_PCT // 100 if rows >= ROWS_OF_A_FILE_WITH_MUCH_DIRT else 1
            count = min(int(wanted), allowed) if rows >= ROWS_OF_A_FILE_WITH_DIRT else 0
            wanted -= count
            faults = self.faults_of(extract)
            has_structural = number % FILES_WITH_STRUCTURAL_KINDS == 0
            possible: dict[str, list[int]] = {}
            for position, fault in enumerate(faults, 1):
                if has_structural or fault.kind not in STRUCTURAL_KINDS:
                    possible.setdefault(fault.kind, []).append(position)
            for part in range(count):
                kind = min(possible, key=lambda one: self.broken[one])
                fault_number = possible[kind][self.broken[kind] % len(possible[kind])]
                # In the middle half of its part of the file: two broken rows are never neighbours.
                place = 0.25 + 0.5 * _share_of(*extract.series.names, extract.path.name, part)
                extract.faults.append((_item_at(extract, int((part + place) * rows / count)), fault_number))
                extract.kinds.add(kind)
                self.broken[kind] += 1

    def _add_revision(self) -> None:
        """One month of the second largest series again, two months later: more rows and higher values."""
        largest = sorted(self.series, key=lambda series: series.weight, reverse=True)[:2]
        for series in reversed(largest):
            own = [extract for extract in self.extracts if extract.series is series]
            if len(own) < 4:
                continue
            first = own[max(0, len(own) - 7)]
            more = max(1, first.rows * 3 // 100)
            added = _Month(first.months[-1].period, sum(series.counts.values()), more)
            self.extracts.append(
                replace(
                    first,
                    path=first.path.parent / "revision" / first.path.name,
                    sent_at=first.sent_at + timedelta(days=62),
                    months=[*first.months, added],
                    faults=[],
                    kinds=set(),
                    value_pct=104,
                    is_revision=True,
                )
            )
            return

    def send_again(self) -> int:
        """Copy one file of the third largest series as it is, two days later; how many were copied."""
        largest = sorted(self.series, key=lambda series: series.weight, reverse=True)[:3]
        own = [extract for extract in self.extracts if largest and extract.series is largest[-1]]
        if len(own) < 2:
            return 0
        first = own[len(own) // 2]
        copy = first.path.parent / "again" / first.path.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(first.path, copy)
        _set_time(copy, first.sent_at + timedelta(days=2))
        return 1

    def units(self) -> Iterator[_Unit]:
        """Files of one layout that are written together: BATCH rows at most, unless one file has more."""
        waiting: list[_Extract] = []
        for extract in self.extracts:
            if waiting and (
                extract.series is not waiting[0].series
                or extract.layout is not waiting[0].layout
                or extract.is_revision
                or sum(one.rows for one in waiting) + extract.rows > BATCH
            ):
                yield _Unit(waiting, self.faults_of(waiting[0]))
                waiting = []
            waiting.append(extract)
        if waiting:
            yield _Unit(waiting, self.faults_of(waiting[0]))


def _months_until(until: str, months: int) -> list[str]:
    last = int(until[:4]) * 12 + int(until[5:]) - 1
    return [f"{month // 12}-{month % 12 + 1:02d}" for month in range(last - months + 1, last + 1)]


def _first_day(period: str) -> date:
    return date(int(period[:4]), int(period[5:]), 1)


def _days_of(period: str) -> int:
    return ((_first_day(period) + timedelta(days=32)).replace(day=1) - _first_day(period)).days


def _rounded(wishes: dict[tuple[int, str], float], items: int) -> dict[tuple[int, str], int]:
    """Whole numbers in proportion to the wishes that add up to the items: largest remainders go up."""
    total = sum(wishes.values()) or 1.0
    exact = {key: items * wish / total for key, wish in wishes.items()}
    counts = {key: int(value) for key, value in exact.items()}
    by_remainder = sorted(exact, key=lambda key: (counts[key] - exact[key], key))
    for key in by_remainder[: items - sum(counts.values())]:
        counts[key] += 1
    return counts


def _flight_days(share: float, *names: object) -> list[int]:
    """Weekdays on which items come to a port with this share of all items: eight, so that some weigh double."""
    days = 6 if share >= 0.05 else 4 if share >= 0.01 else 3
    weekdays = sorted(range(7), key=lambda weekday: _number_of(*names, "flight", weekday))[:days]
    return list(itertools.islice(itertools.cycle(weekdays), 8))


def _ports(member: Member, stream: Stream) -> dict[str, float]:
    """Ports and their weights, the greatest first: the member file's that the layouts know, else of the list."""
    usable = {code for code in COLUMNS_BY_NAME["port_code"].codes if code.startswith(member.code)}
    for layout in stream.layouts:
        source = layout.columns.get("port_code")
        if source is not None and source.lookup is not None:
            usable &= {str(code) for code in source.lookup.values()}
    ports = {code: weight for code, weight in member.demo.ports.items() if code in usable}
    chosen = ports or dict.fromkeys(sorted(usable)[:3], 1.0)
    return dict(sorted(chosen.items(), key=lambda port: (-port[1], port[0])))


def _file_name(series: _Series, group: list[str]) -> str:
    """A name of the stream's pattern, with `.synthetic` before its suffix. Errors: MemberFileError."""
    period = group[-1]
    parts = {
        "period": period,
        "yyyymm": period.replace("-", ""),
        "quarter": f"{period[:4]}-Q{(int(period[5:]) + 2) // 3}",
        "year": period[:4],
        "any": period,
    }
    filled = re.sub(r"\{(\w+)\}", lambda found: parts[str(found[1])], series.stream.file)
    stem, suffix = os.path.splitext(filled)
    name = f"{stem}.synthetic{suffix}"
    if series.stream.covers(name) is None:
        raise MemberFileError(
            f"{series.member.code}, {series.stream_code}: file: found {series.stream.file!r}; "
            f"expected a pattern that matches {name}; correct it"
        )
    return name


def _item_at(extract: _Extract, row: int) -> int:
    """Number of the item in a row (0: the first). Never the first of a month: it may have to repeat one."""
    for month in extract.months:
        if row < month.rows:
            return month.first_item + (row or min(1, month.rows - 1))
        row -= month.rows
    raise IndexError(row)


# ---- broken rows -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Fault:
    """One way to break a row: source columns and the SQL of the wrong text in them."""

    kind: str
    texts: dict[str, str] = field(default_factory=dict)


def _faults(extract: _Extract, all_members: list[Member]) -> list[_Fault]:
    """Every way to break one rule on one column of the contract that the layout has room for."""
    series, layout = extract.series, extract.layout
    used = Counter(source.column for source in layout.columns.values() if source.column is not None)
    used.update(list(layout.expect))
    # A source column that serves two columns of the contract would break both.
    columns = {
        name: source
        for name, source in layout.columns.items()
        if source.column is not None and used[source.column] == 1
    }
    faults: list[_Fault] = []

    def add(kind: str, column: str, sql: str) -> None:
        source_column = columns[column].column if column in columns else None
        if source_column is not None:
            faults.append(_Fault(kind, {source_column: sql}))

    for name in columns:
        if COLUMNS_BY_NAME[name].is_required:
            add("missing_value", name, "''")
    for name in ("arrival_date", "release_at"):
        add("unreadable_date", name, "'99-99-9999'")
    for name in ("declared_value", "gross_mass_kg"):
        add("unreadable_number", name, "'about 20'")
    if "arrival_date" in columns:
        form = quoted(columns["arrival_date"].format or layout.dates)
        add("future_date", "arrival_date", f"strftime(arrival_date + 3650, {form})")
        if series.stream.covers(extract.path.name) != (None, None):
            add("date_outside_period", "arrival_date", f"strftime(arrival_date - 400, {form})")
    add("negative_number", "declared_value", "'-25'")
    for name, source in columns.items():
        wrong_text, kind = _wrong_code(name, source, series.member, all_members)
        if wrong_text is not None:
            add(kind, name, quoted(wrong_text))
    for source_column, expected in layout.expect.items():
        if used[source_column] == 1:
            other = next((member.code for member in all_members if member.code not in expected), "ZZ")
            faults.append(_Fault("row_of_another_member", {source_column: quoted(other)}))
    if WRITERS[layout.format].is_text:
        faults += [_Fault(kind) for kind in STRUCTURAL_KINDS]
    if "item_id" in columns:
        faults.append(_Fault("repeated_item"))
    add("zero_value", "declared_value", "'0'")
    add("short_hs_code", "hs_code", "'61'")
    add("zero_mass", "gross_mass_kg", "'0'")
    if "release_at" in columns:
        form = quoted(columns["release_at"].format or layout.timestamps)
        add("released_before_arrival", "release_at", f"strftime(cast(arrival_date - 5 as timestamp), {form})")
    return faults


def _wrong_code(
    name: str, source: ColumnSource, member: Member, all_members: list[Member]
) -> tuple[str | None, str]:
    """A text that is no code of the column, and the kind of fault that it makes; (None, '') without codes."""
    column = COLUMNS_BY_NAME[name]
    if name == "declared_currency_code" and source.lookup is not None:
        return None, ""  # its control totals could not be told
    if source.lookup is None and column.kind == "code" and column.code_list is not None:
        kind = {
            "currencies": "unknown_currency",
            "countries": "unknown_country",
            "ports": "place_of_another_member",
        }
        if column.code_list[0] == "ports":
            others = (port for port in column.codes if not port.startswith(member.code))
            return next(others, "ZZZZZ"), kind["ports"]
        return ("QQQ" if column.code_list[0] == "currencies" else "QQ"), kind.get(
            column.code_list[0], "unknown_code"
        )
    if source.lookup is not None or column.kind == "boolean":
        return "Q9", "unknown_code"
    return None, ""


# ---- items: what they are, in columns of the contract ------------------------------------------------------


@dataclass
class _Unit:
    """Extracts of one layout that are written one after the other."""

    extracts: list[_Extract]
    faults: list[_Fault]

    def batches(self) -> Iterator[list[tuple[_Extract, _Month]]]:
        """Pieces of at most PIECE rows, in the order of the files, so many at once that memory is bounded."""
        batch: list[tuple[_Extract, _Month]] = []
        for extract in self.extracts:
            for month in extract.months:
                for start in range(0, month.rows, PIECE):
                    rows = min(PIECE, month.rows - start)
                    if batch and sum(piece.rows for _, piece in batch) + rows > BATCH:
                        yield batch
                        batch = []
                    batch.append((extract, replace(month, first_item=month.first_item + start, rows=rows)))
        if batch:
            yield batch


class _Items:
    """The SELECT of a batch of items: piece, item, fault, and columns of the contract, in cents and grams."""

    def __init__(self, rates: _Rates, unit: _Unit) -> None:
        self.rates = rates
        self.faults = unit.faults
        self.series = unit.extracts[0].series
        self.member = self.series.member
        self.layout = unit.extracts[0].layout
        self.currencies = self._currencies()
        revenue = self.layout.columns.get("revenue_currency_code")
        self.revenue_currency = (revenue.constant if revenue else None) or self.member.currency

    def available(self, column: str, weights: Mapping[str, float]) -> dict[str, float]:
        """Those codes that the layout can express."""
        source = self.layout.columns.get(column)
        if source is None:
            return dict(weights)
        if source.constant is not None:
            return {source.constant: 1.0}
        if source.lookup is None:
            return dict(weights)
        codes = {str(code) for code in source.lookup.values()}
        return {code: weight for code, weight in weights.items() if code in codes} or dict.fromkeys(
            sorted(codes), 1.0
        )

    def _currencies(self) -> dict[str, float]:
        wishes = {self.member.currency: OWN_CURRENCY_WEIGHT}
        for currency, weight in OTHER_CURRENCY_WEIGHTS.items():
            wishes[currency] = wishes.get(currency, 0.0) + weight
        return self.available("declared_currency_code", wishes)

    def sql(self, batch: list[tuple[_Extract, _Month]]) -> str:
        steps = {
            "pieces": self._pieces(batch),
            "numbered": "select *, unnest(range(first_item, first_item + items)) as item from pieces",
            **self._marked(batch),
            **self._seeded(),
            "drawn": f"select * exclude (h1, h2), {_draws()} from seeded",
            "chosen": self._chosen(),
            "dated": self._dated(),
            "rates": self._rates(batch),
            "terms": self._terms(batch),
            "valued": self._valued(),
            "charged": self._charged(),
            "settled": self._settled(),
            "treated": self._treated(),
            "concluded": self._concluded(),
            "timed": self._timed(),
            "items": self._items(),
        }
        return "with " + ",\n".join(f"{name} as ({step})" for name, step in steps.items())

    @staticmethod
    def _pieces(batch: list[tuple[_Extract, _Month]]) -> str:
        values = ", ".join(
            f"({number}, '{month.period}', date '{month.period}-01', {_first_day(month.period).weekday()}, "
            f"{_days_of(month.period)}, {month.first_item}::bigint, {month.rows}, {month.held_from}::bigint, "
            f"{month.held_day}, {extract.value_pct})"
            for number, (extract, month) in enumerate(batch)
        )
        names = "piece, period, first_day, weekday, days, first_item, items, held_from, held_day, value_pct"
        return f"select * from (values {values}) as piece ({names})"

    def _marked(self, batch: list[tuple[_Extract, _Month]]) -> dict[str, str]:
        """`fault` is 0 for a sound row; a repeated item is made from the number of the item before it."""
        marks = []
        for number, (extract, month) in enumerate(batch):
            end = month.first_item + month.rows
            marks += [
                f"({number}, {item}::bigint, {fault})"
                for item, fault in extract.faults
                if month.first_item <= item < end
            ]
        if not marks:
            return {"marked": "select *, 0 as fault, item as source_item from numbered"}
        repeated = [number for number, fault in enumerate(self.faults, 1) if fault.kind == "repeated_item"]
        is_repeated = f"coalesce(fault, 0) = {repeated[0] if repeated else -1}"
        return {
            "marks": f"select * from (values {', '.join(marks)}) as mark (piece, item, fault)",
            "marked": f"""
                select numbered.*, coalesce(fault, 0) as fault, item - ({is_repeated})::integer as source_item
                from numbered left join marks using (piece, item)""",
        }

    def _seeded(self) -> dict[str, str]:
        """Two hashes of 32 bits for each item, by three rounds of shift, exclusive or and multiplication."""
        first, second, serial = (
            _number_of(*self.series.names, "salt", part) & 0xFFFFFFFF for part in range(3)
        )
        shifted = {h: f"xor({h} >> 16, {h})" for h in ("h1", "h2")}
        mixed = ", ".join(f"({sql} * 73244475) & 4294967295 as {h}" for h, sql in shifted.items())
        last = ", ".join(f"{sql} as {h}" for h, sql in shifted.items())
        return {
            "salted": f"""
                select *, xor(source_item, {first}) as h1, xor(source_item, {second}) as h2 from marked""",
            "mixed": f"select * replace ({mixed}) from salted",
            "remixed": f"select * replace ({mixed}) from mixed",
            "seeded": f"""
                select * replace ({last}), (source_item * 48271 + {serial}) % {SERIALS} as serial
                from remixed""",
        }

    def _chosen(self) -> str:
        names = self.series.names
        channels = {
            str(CHANNEL_NAMES.index(channel) + 1): weight * (0.85 + 0.3 * _share_of(*names, channel))
            for channel, weight in self.available("channel_code", CHANNEL_WEIGHTS).items()
        }
        ports = {str(number): weight for number, weight in enumerate(self.series.ports.values(), 1)}
        currencies = {str(number): weight for number, weight in enumerate(self.currencies.values(), 1)}
        goods = {str(number): float(weight) for number, (*_, weight) in enumerate(GOODS, 1)}
        return f"""
            select *, {_choice("channel", channels)} as channel,
                case when source_item >= held_from then 1 else {_choice("port", ports)} end as port,
                {_choice("currency", currencies)} as currency,
                {_choice("goods", goods)} as goods,
                {_text_choice("origin", self._origins())} as origin
            from drawn"""

    def _origins(self) -> dict[str, float]:
        weights = dict(ORIGIN_WEIGHTS)
        for language in self.member.languages:
            if language in LANGUAGE_ORIGINS:
                country, weight = LANGUAGE_ORIGINS[language]
                weights[country] = weight
        home = self.member.currency[:2]
        if home in weights:
            weights[home] *= CURRENCY_ORIGIN_FACTOR
        weights.pop(self.member.code, None)
        return self.available("origin_country_code", weights)

    def _dated(self) -> str:
        flights = [weekday for port in self.series.flights for weekday in port] or [0, 1, 2, 3, 4, 5, 6, 0]
        place = "1 + (coalesce(port, 1) - 1) * 8"
        by_air = _listed(flights, f"{place} + {_part('flight', 8)}")
        by_sea = _listed(flights, place)
        is_sea = f"channel = {CHANNEL_NAMES.index('SEA_CARGO') + 1}"
        return f"""
            with arriving as (
                select *, (case when {is_sea} then {by_sea} else {by_air} end - weekday + 7) % 7 as first_time
                from chosen
            )
            select *, first_day + cast(case
                when source_item >= held_from then held_day - 1
                when {is_sea} then first_time + 14 * {_part("ship", 2)}
                else first_time + 7 * {_part("week", "(days - 1 - first_time) // 7 + 1")}
                end as integer) as arrival_date
            from arriving"""

    def _rates(self, batch: list[tuple[_Extract, _Month]]) -> str:
        values = ", ".join(
            f"('{period}', {number}, {self.rates.millionths(currency, period)}::bigint, {smallest})"
            for number, currency in enumerate(self.currencies, 1)
            for smallest in [self.rates.smallest_cents(currency)]
            for period in sorted({month.period for _, month in batch})
        )
        return f"select * from (values {values}) as rate (period, currency, rate, smallest)"

    def _terms(self, batch: list[tuple[_Extract, _Month]]) -> str:
        """Thresholds and tax in the currency of revenue, as on the first day of a month, by channel."""
        rows = []
        for period in sorted({month.period for _, month in batch}):
            day, rate = _first_day(period), self.rates.millionths(self.revenue_currency, period)
            tax_rate = int(self._tax_pct(day) * 100)
            for number, channel in enumerate(CHANNEL_NAMES, 1):
                duty_mode, duty_free = self._threshold(channel, "DUTY", day)
                tax_mode, tax_free = self._threshold(channel, "TAX", day)
                rows.append(
                    f"('{period}', {number}, {rate}::bigint, '{duty_mode}', {duty_free}::bigint, "
                    f"'{tax_mode}', {tax_free}::bigint, {tax_rate})"
                )
        names = "period, channel, revenue_rate, duty_mode, duty_free, tax_mode, tax_free, tax_rate"
        return f"select * from (values {', '.join(rows)}) as term ({names})"

    def _tax_pct(self, day: date) -> Decimal:
        """The sum of the taxes in force: of each its newest line."""
        lines = {
            tax.name.en: tax for tax in self.member.taxes if tax.valid_from is None or tax.valid_from <= day
        }
        rates = [tax.rate_pct for tax in lines.values() if tax.valid_to is None or tax.valid_to > day]
        return sum(rates, Decimal(0)) if lines else TAX_PCT_WHERE_NONE_IS_KNOWN

    def _threshold(self, channel: str, charge: str, day: date) -> tuple[str, int]:
        """Mode and amount in cents of the line in force; ('NONE', 0) without one."""
        for line in reversed(self.member.de_minimis):
            if channel not in line.channels or line.scope not in (charge, "BOTH"):
                continue
            end = self.member.ends_of(line)[channel]
            if (line.valid_from is None or line.valid_from <= day) and (end is None or end > day):
                cents = int(line.amount * 100)
                if line.currency != self.revenue_currency:
                    period = f"{day:%Y-%m}"
                    own = self.rates.millionths(self.revenue_currency, period)
                    cents = cents * own // self.rates.millionths(line.currency, period)
                return line.mode, cents
        return "NONE", 0

    def _valued(self) -> str:
        usd = f"{_listed(MEDIAN_CENTS, 'channel')} * {_quantile_factor('value')} // 10000 * value_pct // 100"
        grams = f"{_listed(MEDIAN_GRAMS, 'channel')} * {_quantile_factor('mass')} // 10000"
        smallest = str(self.rates.smallest_cents(self.revenue_currency))
        return f"""
            with priced as (
                select *, greatest({usd}, 100) as usd_cents, greatest({grams}, 5) as grams from dated
            )
            select priced.*, duty_mode, duty_free, tax_mode, tax_free, tax_rate,
                {_in_currency("usd_cents", "rate", "smallest")} as value_cents,
                {_in_currency("usd_cents", "revenue_rate", smallest)} as revenue_cents,
                {_in_currency(str(FEE_CENTS), "revenue_rate", smallest)} as full_fee
            from priced join rates using (period, currency) join terms using (period, channel)"""

    def _charged(self) -> str:
        smallest = self.rates.smallest_cents(self.revenue_currency)
        duty, tax = (
            f"""case
                when {charge}_mode in ('NONE', 'DUTY_OWED') then revenue_cents
                when {charge}_mode = 'EXEMPT_AMOUNT' then greatest(revenue_cents - {charge}_free, 0)
                when revenue_cents <= {charge}_free then 0
                else revenue_cents end"""
            for charge in ("duty", "tax")
        )
        duty_pct = _listed([pct for _, _, _, pct, _ in GOODS], "goods")
        return f"""
            with based as (
                select *, ({duty}) * {duty_pct} // {100 * smallest} * {smallest} as duty, {tax} as tax_base
                from valued
            )
            select *, case when tax_base = 0 then 0
                else (tax_base + duty) * tax_rate // {10_000 * smallest} * {smallest} end as tax
            from based"""

    @staticmethod
    def _settled() -> str:
        """Where what is owed decides, it is waived below the threshold."""
        is_duty, is_tax = "duty_mode = 'DUTY_OWED'", "tax_mode = 'DUTY_OWED'"
        return f"""
            with waived as (
                select *, if({is_duty}, duty, 0) + if({is_tax}, tax, 0)
                    < greatest(if({is_duty}, duty_free, 0), if({is_tax}, tax_free, 0)) as is_waived
                from charged
            )
            select * replace (
                if(is_waived and {is_duty}, 0, duty) as duty, if(is_waived and {is_tax}, 0, tax) as tax
            )
            from waived"""

    def _treated(self) -> str:
        lanes = self.available("selectivity_lane_code", LANE_WEIGHTS)
        bases = self.available("valuation_basis_code", BASIS_WEIGHTS)
        return f"""
            with sorted as (
                select *, {_text_choice("lane", lanes)} as lane, {_text_choice("basis", bases)} as basis
                from settled
            )
            select *, lane is not distinct from 'RED' or {_happens("inspected", 2)} as is_inspected
            from sorted"""

    def _concluded(self) -> str:
        results = self.available("inspection_result_code", RESULT_WEIGHTS)
        usual = self.available("outcome_code", OUTCOME_WEIGHTS)
        irregular = self.available("outcome_code", OUTCOME_WEIGHTS_WHERE_IRREGULAR)
        return f"""
            with found as (
                select *, case when is_inspected then {_text_choice("result", results)} end as result
                from treated
            )
            select *, case when result is not distinct from 'IRREGULAR'
                then {_text_choice("outcome", irregular)}
                else {_text_choice("outcome", usual)} end as outcome
            from found"""

    @staticmethod
    def _timed() -> str:
        """Minutes from the start of the member's day of arrival."""
        transport = [
            _listed([days * 1_440 for days in column], "channel")
            for column in zip(*DAYS_OF_TRANSPORT, strict=True)
        ]
        median = _listed(MEDIAN_MINUTES_TO_RELEASE, "channel")
        return f"""
            with landed as (select *, 300 + {_part("hour", 900)} as arrived from concluded),
            presented as (
                select *, arrived + 15 + {_part("lodged", _listed(MINUTES_TO_LODGEMENT, "channel"))} as lodged
                from landed
            )
            select *, arrived - {transport[0]} - {_part("posted", transport[1])} as posted,
                case when {_part("advance", 100)} < {_listed(ADVANCE_DATA_PCT, "channel")}
                    then arrived - 60 - {_part("ahead", 2_700)} end as advanced,
                case when outcome = 'RELEASED' then lodged + least(
                    {median} * {_quantile_factor("release")} // 10000 + if(is_inspected, 720, 0),
                    {MINUTES_TO_RELEASE_AT_MOST}) end as released
            from presented"""

    def _items(self) -> str:
        revenue_currency = quoted(self.revenue_currency)
        currencies = ", ".join(quoted(currency) for currency in self.currencies)
        few_or_many = f"if(channel >= 5, {_part('pieces', 12)}, {_part('pieces', 11)} // 10)"
        offices = ", ".join(quoted(f"{port[2:]}01") for port in self.series.ports) or "null"
        ports = ", ".join(quoted(port) for port in self.series.ports) or "null"
        abroad = {code: weight for code, weight in HUB_WEIGHTS.items() if code != self.member.code}
        hubs = self.available("consignment_country_code", abroad)
        is_french = self.member.languages[0] == "fr"
        hs_codes = ", ".join(quoted(f"{goods[0]}00") for goods in GOODS)
        goods = ", ".join(quoted(french if is_french else english) for _, english, french, *_ in GOODS)
        channel_names = ", ".join(quoted(channel) for channel in CHANNEL_NAMES)
        columns = {
            "item_id": self._item_id(),
            "channel_code": f"[{channel_names}][channel]",
            "customs_office_code": f"[{offices}][port]",
            "port_code": f"[{ports}][port]",
            "origin_country_code": f"if({_happens('no origin', 1)}, null, origin)",
            "consignment_country_code": f"if({_happens('direct', 82)}, origin, {_text_choice('hub', hubs)})",
            "hs_code": f"if(channel <= 2 and {_happens('no hs', 8)}, null, [{hs_codes}][goods])",
            "hs_edition": "if(first_day < date '2022-01-01', '2017', '2022')",
            "goods_description": f"[{goods}][goods]",
            "declared_value": "value_cents",
            "declared_currency_code": f"[{currencies}][currency]",
            "valuation_basis_code": "basis",
            "duty_amount": "duty",
            "tax_amount": "tax",
            "fee_amount": "if(duty + tax > 0, full_fee, 0)",
            "revenue_currency_code": revenue_currency,
            "gross_mass_kg": f"if({_happens('no mass', 1)}, null, grams)",
            "pieces_count": f"1 + {few_or_many}",
            "posted_at": _moment("posted"),
            "advance_data_at": _moment("advanced"),
            "arrival_date": "arrival_date",
            "lodgement_at": _moment("lodged"),
            "release_at": _moment("released"),
            "declaration_type_code": f"if(usd_cents <= {SIMPLIFIED_UP_TO_CENTS}, 'SIMPLIFIED', 'FULL')",
            "selectivity_lane_code": "lane",
            "is_inspected": "is_inspected",
            "inspection_result_code": "result",
            "outcome_code": "outcome",
        }
        wanted = [f"{sql} as {name}" for name, sql in columns.items() if name in self.layout.columns]
        invented = [
            f"1 + ({_draw('invented')} + {number * 7_919}) % 9999 as invented_{number}"
            for number in range(len(self.layout.ignore))
        ]
        return f"select piece, item, fault, {', '.join([*wanted, *invented])} from timed"

    def _item_id(self) -> str:
        """By post an identifier of the form S10 with its check digit, else a reference. None occurs twice."""
        weights = (8, 6, 4, 2, 3, 5, 9, 7)
        total = " + ".join(f"serial // {10 ** (7 - n)} % 10 * {weight}" for n, weight in enumerate(weights))
        check = f"[5, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1][1 + ({total}) % 11]"
        digits = f"substr(cast({SERIALS} + serial as varchar), 2)"
        services = ", ".join(quoted(letter) for letter in SERVICE_LETTERS)
        letters = f"[{services}][channel], chr(cast(65 + {_part('letter', 26)} as integer))"
        return f"""
            case when channel <= {len(SERVICE_LETTERS)} then concat({letters}, {digits}, {check}, origin)
            else concat('SYN', {digits}) end"""


def _in_currency(cents: str, rate: str, smallest: str) -> str:
    """US cents in another currency, in cents, as a multiple of the smallest amount and never nothing."""
    return f"(greatest({cents} * {rate} // (1000000 * {smallest}), 1) * {smallest})"


def _moment(minutes: str) -> str:
    """A local time from minutes after the start of the day of arrival; null where they are."""
    days = "(arrival_date - date '1970-01-01')::bigint"
    return f"make_timestamp(({days} * 86400 + {minutes} * 60 + {_part('second', 60)}) * 1000000)"


# ---- texts: a layout the other way round -------------------------------------------------------------------


@dataclass(frozen=True)
class _Text:
    """SQL of the text in a source column, null for none, and the signs that may occur in it."""

    sql: str
    signs: str


class _Inversion:
    """From columns of the contract to the texts of a layout: `layout.Statement` the other way round."""

    def __init__(self, items: _Items) -> None:
        self.items = items
        self.layout = items.layout

    def texts(self) -> list[_Text]:
        """In the order of the layout's source columns, broken where the row is to be."""
        texts: dict[str, _Text] = {}
        for name, source in self.layout.columns.items():
            if source.column is not None and source.column not in texts:
                texts[source.column] = self._text(name, source)
        for column, expected in self.layout.expect.items():
            texts.setdefault(column, _Text(quoted(expected), expected))
        for number, column in enumerate(self.layout.ignore):
            words = f"SYNTHETIC {column.upper()} "
            texts.setdefault(column, _Text(f"concat({quoted(words)}, invented_{number})", words))
        return [self._broken(column, texts[column]) for column in self.layout.source_columns]

    def _broken(self, column: str, text: _Text) -> _Text:
        wrong = [
            f"when {number} then {fault.texts[column]}"
            for number, fault in enumerate(self.items.faults, 1)
            if column in fault.texts
        ]
        if not wrong:
            return text
        signs = "".join(fault.texts.get(column, "") for fault in self.items.faults).replace("'", "")
        return _Text(f"case fault {' '.join(wrong)} else {text.sql} end", text.signs + signs)

    def _text(self, name: str, source: ColumnSource) -> _Text:
        column = COLUMNS_BY_NAME[name]
        if source.lookup is not None:
            return self._looked_up(name, source.lookup)
        if column.kind == "decimal":
            return self._number(name, 2 if column.sql_type.endswith(",2)") else 3, source.factor)
        if column.kind in ("date", "timestamp"):
            form = source.format or (self.layout.dates if column.kind == "date" else self.layout.timestamps)
            return _Text(f"strftime({name}, {quoted(form)})", re.sub(r"%-?\w", "", form) + "0123456789")
        if column.kind == "text":
            return _Text(name, "".join({sign for goods in GOODS for text in goods[:3] for sign in text}))
        return _Text(f"cast({name} as varchar)", "")

    def _looked_up(self, name: str, lookup: Mapping[str, str | bool]) -> _Text:
        """The first text of each code."""
        texts: dict[str | bool, str] = {}
        for text, code in lookup.items():
            texts.setdefault(code, text)
        if COLUMNS_BY_NAME[name].kind == "text":
            return _Text(_text_choice("text", dict.fromkeys(lookup, 1.0)), "".join(lookup))
        branches = " ".join(
            f"when {str(code).lower() if isinstance(code, bool) else quoted(code)} then {quoted(text)}"
            for code, text in texts.items()
        )
        return _Text(f"case {name} {branches} end", "".join(lookup))

    def _number(self, name: str, scale: int, factor: Decimal | None) -> _Text:
        """Cents or grams as the layout writes them: its unit, its decimal sign, its thousands."""
        number, decimals = name, scale
        if factor is not None:
            exponent = factor.adjusted() + (0 if factor == Decimal(1).scaleb(factor.adjusted()) else 1)
            decimals = max(0, scale + exponent)
            ratio = Fraction(10) ** (decimals - scale) / Fraction(factor)
            number = f"(({name} * {2 * ratio.numerator} + {ratio.denominator}) // {2 * ratio.denominator})"
        elif scale == 2 and self._is_in_whole_units(name):
            number, decimals = f"({name} // 100)", 0
        point, group = self.layout.decimal, self.layout.thousands
        unit = 10**decimals
        if group:
            text = f"replace(format('{{:,}}', {number} // {unit}), ',', {quoted(group)})"
            if decimals:
                text = (
                    f"{text} || {quoted(point)} || lpad(cast({number} % {unit} as varchar), {decimals}, '0')"
                )
        elif decimals:
            smallest = f"cast({Decimal(1) / unit} as decimal({decimals}, {decimals}))"
            text = f"cast(cast({number} as decimal(14, 0)) * {smallest} as varchar)"
            text = text if point == "." else f"replace({text}, '.', {quoted(point)})"
        else:
            text = f"cast({number} as varchar)"
        return _Text(text, f"0123456789{point}{group}")

    def _is_in_whole_units(self, name: str) -> bool:
        used = self.items.currencies if name == "declared_value" else [self.items.revenue_currency]
        return all(self.items.rates.smallest_cents(currency) == 100 for currency in used)


# ---- files -------------------------------------------------------------------------------------------------

Totals = Counter[str]
"""Declared value in cents by currency."""

Parts = Iterable[list[tuple[Any, ...]]]
"""The rows that a writer's SELECT gives, by piece."""


class _Writer(Protocol):
    """How rows of text become a file of one format."""

    is_text: bool

    def select(self, items: _Items, texts: list[_Text]) -> str:
        """SELECT from `items` that gives the rows of a piece, its number first, in order."""

    def write(self, file: BinaryIO, items: _Items, extract: _Extract, parts: Parts) -> Totals:
        """Write one extract whole and give its totals."""


class _Delimited:
    """One row for each piece: its lines in one text, and its totals by currency."""

    is_text = True

    def select(self, items: _Items, texts: list[_Text]) -> str:
        options = self._options(items.layout)
        null = quoted(next(iter(items.layout.null_values), ""))
        fields = [
            self._field(_Text(f"coalesce({text.sql}, {null})", text.signs + null), options) for text in texts
        ]
        sign = f", {quoted(options.delimiter)}, "
        line = f"concat({sign.join(fields)})"
        structural = {fault.kind: number for number, fault in enumerate(items.faults, 1)}
        opened = f"concat({quoted(options.quote)}, 'SYN', {quoted(options.quote)}, {fields[0]})"
        too_few = fields[: max(1, len(fields) * 2 // 3)]
        line = f"""case fault
            when {structural["too_few_fields"]} then concat({sign.join(too_few)})
            when {structural["misplaced_quotes"]} then concat({sign.join([opened, *fields[1:]])})
            else {line} end"""
        totals = ", ".join(
            f"coalesce(sum(declared_value) filter (where declared_currency_code = {quoted(currency)}), 0)"
            for currency in items.currencies
        )
        return (
            f"select piece, string_agg(line, {quoted(self._line_end(options))} order by item), {totals} from "
            f"(select piece, item, declared_currency_code, declared_value, {line} as line from items) "
            "group by piece order by piece"
        )

    @staticmethod
    def _options(layout: Layout) -> Any:
        return read_options(load_format(layout.format), layout.options)

    @staticmethod
    def _line_end(options: Any) -> str:
        return (
            "\n" if options.encoding == "utf-8" else "\r\n"
        )  # what is not UTF-8 comes from a program for Windows

    @staticmethod
    def _field(text: _Text, options: Any) -> str:
        """In quotation marks where it needs them."""
        special = [sign for sign in (options.delimiter, options.quote, "\n", "\r") if sign in text.signs]
        if not special:
            return text.sql
        quote = options.quote
        has_special = " or ".join(f"contains({text.sql}, {quoted(sign)})" for sign in special)
        doubled = f"replace({text.sql}, {quoted(quote)}, {quoted(quote * 2)})"
        return f"if({has_special}, concat({quoted(quote)}, {doubled}, {quoted(quote)}), {text.sql})"

    def write(self, file: BinaryIO, items: _Items, extract: _Extract, parts: Parts) -> Totals:
        options = self._options(extract.layout)
        # The mark of UTF-16 is written apart, so that no machine chooses the order of bytes.
        encoding = "utf-16-le" if options.encoding == "utf-16" else options.encoding
        end = self._line_end(options)
        header = io.StringIO()
        writer = csv.writer(header, delimiter=options.delimiter, quotechar=options.quote, lineterminator=end)
        writer.writerows([["SYNTHETIC EXTRACT"]] * (options.header_row - 1))
        writer.writerow(extract.layout.source_columns)
        file.write(("\ufeff" if options.encoding == "utf-16" else "").encode(encoding))
        file.write(header.getvalue().encode(encoding))
        totals: Totals = Counter()
        for ((_, lines, *sums),) in parts:
            file.write(lines.encode(encoding))
            file.write(end.encode(encoding))
            totals.update(dict(zip(items.currencies, sums, strict=True)))
        return totals


class _Workbook:
    """One row for each item. Dates, times and numbers are typed cells where the layout's form is Excel's."""

    is_text = False

    def select(self, items: _Items, texts: list[_Text]) -> str:
        null = quoted(items.layout.null_values[0]) if items.layout.null_values else "null"
        cells = ", ".join(f"coalesce({text.sql}, {null})" for text in texts)
        return (
            f"select piece, declared_currency_code, declared_value, {cells} from items order by piece, item"
        )

    def write(self, file: BinaryIO, items: _Items, extract: _Extract, parts: Parts) -> Totals:
        layout = extract.layout
        options = read_options(load_format(layout.format), layout.options)
        book = Workbook(write_only=True)
        titles = (
            [options.sheet]
            if isinstance(options.sheet, str)
            else [f"Sheet{n + 1}" for n in range(options.sheet)]
        )
        sheet = [book.create_sheet(title) for title in titles][-1]
        for _ in range(options.header_row - 1):
            sheet.append(["SYNTHETIC EXTRACT"])
        sheet.append(layout.source_columns)
        kinds = self._kinds(layout)
        totals: Totals = Counter()
        for rows in parts:
            for _, currency, cents, *texts in rows:
                totals[currency] += cents
                sheet.append([_cell(text, kind) for text, kind in zip(texts, kinds, strict=True)])
        book.properties.title = "SYNTHETIC EXTRACT"
        book.properties.created = extract.sent_at.replace(tzinfo=None)
        written = io.BytesIO()
        book.save(written)
        self._without_the_clock(written, file, extract.sent_at)
        return totals

    @staticmethod
    def _kinds(layout: Layout) -> list[str]:
        """Kind of the cells of each source column: text, decimal, date or timestamp."""
        kinds = dict.fromkeys(layout.source_columns, "text")
        for name, source in layout.columns.items():
            kind = COLUMNS_BY_NAME[name].kind
            if source.column is None or source.lookup is not None:
                continue
            if kind in ("decimal", "integer") and (layout.decimal, layout.thousands) == (".", ""):
                kinds[source.column] = "decimal"
            elif (kind, source.format or layout.dates) == ("date", "%Y-%m-%d"):
                kinds[source.column] = "date"
            elif (kind, source.format or layout.timestamps) == ("timestamp", "%Y-%m-%d %H:%M:%S"):
                kinds[source.column] = "timestamp"
        return [kinds[column] for column in layout.source_columns]

    @staticmethod
    def _without_the_clock(written: io.BytesIO, file: BinaryIO, sent_at: datetime) -> None:
        """The same archive with the invented time, not now. Uncompressed: compression differs by machine."""
        saved = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")
        stamp = f"{sent_at:%Y-%m-%dT%H:%M:%SZ}".encode()
        with zipfile.ZipFile(written) as source, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as target:
            for name in source.namelist():
                entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
                entry.create_system = 0
                target.writestr(entry, saved.sub(lambda found: found[1] + stamp, source.read(name)))


def _cell(text: str | None, kind: str) -> object:
    """The typed value of a text; the text itself where it is none, as a broken one is."""
    if text is None or kind == "text":
        return text
    try:
        if kind == "decimal":
            return float(text)
        return date.fromisoformat(text) if kind == "date" else datetime.fromisoformat(text)
    except ValueError:
        return text


WRITERS: dict[str, _Writer] = {"delimited": _Delimited(), "xlsx": _Workbook()}


def _write_unit(connection: duckdb.DuckDBPyConnection, rates: _Rates, unit: _Unit) -> None:
    items = _Items(rates, unit)
    writer = WRITERS[items.layout.format]
    select = writer.select(items, _Inversion(items).texts())
    parts = _parts(connection, items, select, unit)
    for extract in unit.extracts:
        pieces = sum(-(-month.rows // PIECE) for month in extract.months)
        extract.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = extract.path.with_name(f".{extract.path.name}.tmp")
        with unfinished.open("wb") as file:
            totals = writer.write(file, items, extract, itertools.islice(parts, pieces))
        _set_time(unfinished, extract.sent_at)
        unfinished.replace(extract.path)
        if extract.series.has_manifests:
            _write_manifest(extract, totals)


def _parts(
    connection: duckdb.DuckDBPyConnection, items: _Items, select: str, unit: _Unit
) -> Iterator[list[tuple[Any, ...]]]:
    for batch in unit.batches():
        rows = connection.execute(f"{items.sql(batch)} {select}").fetchall()
        for _, piece in itertools.groupby(rows, key=lambda row: row[0]):
            yield list(piece)


def _write_manifest(extract: _Extract, totals: Totals) -> None:
    """What the member says of the file: all its rows, and its totals where every value can be read."""
    content = extract.path.read_bytes()
    has_totals = extract.rows and extract.kinds.isdisjoint(KINDS_WITHOUT_CONTROL_TOTALS)
    manifest = {
        "synthetic": True,
        "rows": extract.rows,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "control_totals": [
            {"column": "declared_value", "currency": currency, "total": f"{Decimal(cents) / 100:.2f}"}
            for currency, cents in sorted(totals.items())
            if has_totals
        ],
        "extracted_at": f"{extract.sent_at - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
    }
    path = extract.path.with_name(f"{extract.path.name}.manifest.json")
    path.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8", newline="\n")
    _set_time(path, extract.sent_at)


def _set_time(path: Path, moment: datetime) -> None:
    seconds = moment.timestamp()
    os.utime(path, (seconds, seconds))
