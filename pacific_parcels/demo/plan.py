"""What is written: which files, of how many rows, sent when, broken where."""

from __future__ import annotations

import itertools
import math
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pacific_parcels.contract import COLUMNS_BY_NAME
from pacific_parcels.demo.chance import number_of, share_of
from pacific_parcels.demo.faults import STRUCTURAL_KINDS, Fault, faults
from pacific_parcels.demo.profile import (
    BUSIEST_DAY_ITEMS,
    BUSIEST_DAY_SHARE,
    EARLIEST_DAYS,
    GROWTH_IN_THREE_YEARS,
    LATE_MEMBERS_SHARE,
    LATEST_DAYS,
    MANIFESTS_SHARE,
    NOISE,
    SEASON,
)
from pacific_parcels.errors import MemberFileError
from pacific_parcels.members import Layout, Member, Stream
from pacific_parcels.settings import Settings

MONTHS = 48  # that a demo spans unless it is asked for another number
FILES_WITH_STRUCTURAL_KINDS = 8
ROWS_OF_A_FILE_WITH_DIRT = 25
ROWS_OF_A_FILE_WITH_MUCH_DIRT = 200
MOST_DIRT_PCT = 4
PIECE = 100_000
BATCH = 250_000
NEVER = 1 << 40


@dataclass(frozen=True)
class Month:
    """The items of one month in one extract.

    From `held_from` on they are the backlog that comes to the first port on `held_day` of the month.
    """

    period: str
    first_item: int
    rows: int
    held_from: int = NEVER
    held_day: int = 1


@dataclass
class Extract:
    """One file."""

    series: Series
    layout: Layout
    path: Path
    sent_at: datetime
    months: list[Month]
    faults: list[tuple[int, int]] = field(default_factory=list)
    """(item, number of the fault in the list of the layout's faults, from 1 on), in order."""
    kinds: set[str] = field(default_factory=set)
    value_pct: int = 100
    is_revision: bool = False

    @property
    def rows(self) -> int:
        return sum(month.rows for month in self.months)


@dataclass
class Series:
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
        return share_of(self.member.code, self.stream_code, "manifests") < MANIFESTS_SHARE

    @property
    def first_share(self) -> float:
        """Share of the first port, which is the greatest, in all the region's items, not scaled."""
        return self.weight * next(iter(self.ports.values()), 0.0) / (sum(self.ports.values()) or 1.0)


class Plan:
    """Every extract of a demo. Fill it with `spread`; `broken` then counts the broken rows by kind.

    `formats` are those that can be written, and whether their rows are lines of text.
    """

    def __init__(
        self,
        settings: Settings,
        members: list[Member],
        all_members: list[Member],
        seed: int,
        periods: list[str],
        formats: Mapping[str, bool],
    ) -> None:
        self.settings = settings
        self.formats = formats
        self.all_members = all_members
        self.seed = seed
        self.periods = periods
        self.unserved: list[str] = []
        self.extracts: list[Extract] = []
        self.broken: Counter[str] = Counter()
        self._faults: dict[int, list[Fault]] = {}
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
        is_served = all(layout.format in self.formats for layout in stream.layouts)
        if not is_served and member.code not in self.unserved:
            self.unserved.append(member.code)
        return is_served

    def _series(self, member: Member, stream_code: str, stream: Stream) -> Series:
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
        return Series(member, stream_code, stream, groups, weight, self.seed, _ports(member, stream))

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

    def expectation(self, series: Series, period: str) -> float:
        """How many items the series has in a month, by its own growth and the season; not scaled."""
        least, most = GROWTH_IN_THREE_YEARS
        growth = least + (most - least) * share_of(*series.names, "growth")
        return series.weight * math.pow(growth, self.periods.index(period) / 36) * SEASON[int(period[5:]) - 1]

    def _wish(self, series: Series, period: str) -> float:
        noise = 1 + NOISE * (2 * share_of(*series.names, period) - 1)
        return self.expectation(series, period) * noise

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
        usual_day = usual * series.flights[0].count(weekday) / len(series.flights[0]) * 7 / days_of(period)
        held = round(min(BUSIEST_DAY_ITEMS, BUSIEST_DAY_SHARE * items) - usual_day)
        if held <= 0:
            return items
        second = (weekday - first_day(period).weekday()) % 7 + 8
        series.held[period] = held, second
        return items - held

    def _add_extracts(self, series: Series) -> None:
        names: set[str] = set()
        item = 0
        for group in series.groups:
            months = []
            for period in group:
                rows = series.counts[period]
                held, day = series.held.get(period, (0, 1))
                months.append(Month(period, item, rows, item + rows - held if held else NEVER, day))
                item += rows
            name = _file_name(series, group)
            folder = self.settings.inbox / series.member.code.lower()
            path = folder / group[-1] / name if name in names else folder / name
            names.add(name)
            # Where the name does not say which months it covers, the newest layout is the one that reads it.
            covers = series.stream.covers(name) or (None, None)
            self.extracts.append(
                Extract(
                    series, series.stream.layout_of(covers[0]), path, self._sent_at(series, group[-1]), months
                )
            )

    def _sent_at(self, series: Series, period: str) -> datetime:
        names = (*series.names, period)
        days = series.stream.due_days - int(5 * share_of(*names, "days"))
        is_often_late = share_of(series.member.code, "often late") < LATE_MEMBERS_SHARE
        if is_often_late or share_of(*names, "late") < 0.1:
            days += 3 + int(15 * share_of(*names, "late by"))
        days = min(max(days, EARLIEST_DAYS), max(LATEST_DAYS, series.stream.due_days))
        end = datetime.combine(first_day(period), datetime.min.time(), UTC) + timedelta(
            days=days_of(period) - 1
        )
        return end + timedelta(days=days, minutes=int(600 * share_of(*names, "minutes")))

    def faults_of(self, extract: Extract) -> list[Fault]:
        """The ways in which rows of this extract can be broken. One list for all files of a layout."""
        key = id(extract.layout)
        if key not in self._faults:
            series, layout = extract.series, extract.layout
            says_months = series.stream.covers(extract.path.name) != (None, None)
            self._faults[key] = faults(
                series.member,
                layout,
                self.all_members,
                says_months=says_months,
                is_text=self.formats[layout.format],
            )
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
                # In the middle half of its part of the file: two broken rows are never neighbours.
                place = 0.25 + 0.5 * share_of(*extract.series.names, extract.path.name, part)
                item, is_first = _item_at(extract, int((part + place) * rows / count))
                kinds = [kind for kind in possible if kind != "repeated_item" or not is_first]
                if kinds:
                    kind = min(kinds, key=lambda one: self.broken[one])
                    number_of_fault = possible[kind][self.broken[kind] % len(possible[kind])]
                    extract.faults.append((item, number_of_fault))
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
            added = Month(first.months[-1].period, sum(series.counts.values()), more)
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

    def units(self) -> Iterator[Unit]:
        """Files of one layout that are written together: BATCH rows at most, unless one file has more."""
        waiting: list[Extract] = []
        for extract in self.extracts:
            if waiting and (
                extract.series is not waiting[0].series
                or extract.layout is not waiting[0].layout
                or extract.is_revision
                or sum(one.rows for one in waiting) + extract.rows > BATCH
            ):
                yield Unit(waiting, self.faults_of(waiting[0]))
                waiting = []
            waiting.append(extract)
        if waiting:
            yield Unit(waiting, self.faults_of(waiting[0]))


def months_until(until: str, months: int) -> list[str]:
    last = int(until[:4]) * 12 + int(until[5:]) - 1
    return [f"{month // 12}-{month % 12 + 1:02d}" for month in range(last - months + 1, last + 1)]


def first_day(period: str) -> date:
    return date(int(period[:4]), int(period[5:]), 1)


def days_of(period: str) -> int:
    return ((first_day(period) + timedelta(days=32)).replace(day=1) - first_day(period)).days


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
    """Weekdays on which items come to a port with this share of all items: eight, some of them double."""
    days = 6 if share >= 0.05 else 4 if share >= 0.01 else 3
    weekdays = sorted(range(7), key=lambda weekday: number_of(*names, "flight", weekday))[:days]
    return list(itertools.islice(itertools.cycle(weekdays), 8))


def _ports(member: Member, stream: Stream) -> dict[str, float]:
    """Ports and their weights, the greatest first: of the member file, or else of the list of ports."""
    usable = {code for code in COLUMNS_BY_NAME["port_code"].codes if code.startswith(member.code)}
    for layout in stream.layouts:
        source = layout.columns.get("port_code")
        if source is not None and source.lookup is not None:
            usable &= {str(code) for code in source.lookup.values()}
    ports = {code: weight for code, weight in member.demo.ports.items() if code in usable and weight}
    chosen = ports or dict.fromkeys(sorted(usable)[:3], 1.0)
    return dict(sorted(chosen.items(), key=lambda port: (-port[1], port[0])))


def _file_name(series: Series, group: list[str]) -> str:
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


def _item_at(extract: Extract, row: int) -> tuple[int, bool]:
    """Number of the item in a row (0: the first), and whether it is the first of its month."""
    for month in extract.months:
        if row < month.rows:
            return month.first_item + row, row == 0
        row -= month.rows
    raise IndexError(row)


@dataclass
class Unit:
    """Extracts of one layout that are written one after the other."""

    extracts: list[Extract]
    faults: list[Fault]

    def batches(self) -> Iterator[list[tuple[Extract, Month]]]:
        """Pieces of at most PIECE rows, in the order of the files, so many at once that memory is bounded."""
        batch: list[tuple[Extract, Month]] = []
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
