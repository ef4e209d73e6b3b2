"""A region of a few items, with all its totals, as the warehouse would hand it over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import duckdb

from pacific_parcels.disclosure import indicators_for, protect, summary_for

GROUPS = ("VOLUME", "VALUE", "TREATMENT", "REVENUE", "QUALITY", "PRESSURE")
DEFINITIONS = {
    "ITEMS": "VOLUME",
    "DECLARED_VALUE_USD": "VALUE",
    "MEAN_VALUE_USD": "VALUE",
    "SHARE_LE_100_USD_PCT": "VOLUME",
    "ITEMS_INDEX": "VOLUME",
    "ITEMS_GROWTH_YOY_PCT": "VOLUME",
    "ITEMS_ROLLING_12M": "VOLUME",
    "BUSIEST_DAY_ITEMS": "PRESSURE",
    "INSPECTION_RATE_PCT": "TREATMENT",
    "COVERAGE_MEMBERS_PCT": "QUALITY",
}
# Kind, of, by, bands, years, months.
LINKS: dict[str, tuple[object, ...]] = {
    "ITEMS": ("SUM", None, None, None, None, None),
    "DECLARED_VALUE_USD": ("SUM", None, None, None, None, None),
    "MEAN_VALUE_USD": ("RATIO", "DECLARED_VALUE_USD", "ITEMS", None, None, None),
    "SHARE_LE_100_USD_PCT": ("RATIO", "ITEMS", "ITEMS", "LE25 GT25_LE50 GT50_LE100", None, None),
    "ITEMS_INDEX": ("INDEX", "ITEMS", None, None, None, None),
    "ITEMS_GROWTH_YOY_PCT": ("GROWTH", "ITEMS", None, None, 1, None),
    "ITEMS_ROLLING_12M": ("MOVING_SUM", "ITEMS", None, None, None, 12),
    "BUSIEST_DAY_ITEMS": ("STATISTIC", "ITEMS", None, None, None, None),
    "INSPECTION_RATE_PCT": ("SHARE", None, "ITEMS", None, None, None),
    "COVERAGE_MEMBERS_PCT": ("STATUS", None, None, None, None, None),
}
Key = tuple[str, ...]
# member, channel, value band, counterpart, month
Cell = tuple[str, str, str, str, str]


@dataclass
class Region:
    """Items by member, channel, band, counterpart and month; each item is worth 10 US dollars if not said."""

    items: dict[Cell, int] = field(default_factory=dict)
    values: dict[Cell, float] = field(default_factory=dict)
    # Other indicators, by code, member, channel, band, counterpart, section and period: value, base items and
    # members
    figures: dict[Key, tuple[float, int | None, int | None]] = field(default_factory=dict)
    # The items that a share counts, where they are not its base items: of a share over half.
    counted: dict[Key, int] = field(default_factory=dict)
    # What a member shares with each circle, other than `totals`, and its minimum.
    public: dict[str, str] = field(default_factory=dict)
    peers: dict[str, str] = field(default_factory=dict)
    minimums: dict[str, int] = field(default_factory=dict)

    def put(self, member: str, count: int, channel: str = "POST", band: str = "LE25", counterpart: str = "CN",
            month: str = "2026-03", value: float | None = None) -> None:  # fmt: skip
        cell = (member, channel, band, counterpart, month)
        self.items[cell] = count
        self.values[cell] = 10.0 * count if value is None else value

    @property
    def members(self) -> list[str]:
        return sorted({cell[0] for cell in self.items})

    def rows(self) -> list[tuple[object, ...]]:
        """The long table: every total of every member and the region, by month, quarter and year.

        A member is in a quarter or a year if it is in every month of it.
        """
        months = {cell[4] for cell in self.items}
        present = {(cell[0], cell[4]) for cell in self.items}
        sums: dict[Key, list[object]] = {}
        for (member, channel, band, counterpart, month), count in self.items.items():
            year, quarter = month[:4], f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}"
            whole_quarter = [m for m in months if f"{m[:4]}-Q{(int(m[5:]) + 2) // 3}" == quarter]
            whole_year = [m for m in months if m[:4] == year]
            periods = [("M", month)]
            if len(whole_quarter) == 3 and all((member, m) in present for m in whole_quarter):
                periods.append(("Q", quarter))
            if len(whole_year) == 12 and all((member, m) in present for m in whole_year):
                periods.append(("A", year))
            places = [
                (channel, "_T", "_T"), ("_T", band, "_T"), (channel, band, "_T"), ("_T", "_T", counterpart),
                ("_T", "_T", "_T"),
            ]  # fmt: skip
            for (frequency, period), place, who in product(periods, places, (member, "_T")):
                found = sums.setdefault((who, *place, frequency, period), [0, 0.0, set()])
                found[0] += count
                found[1] += self.values[(member, channel, band, counterpart, month)]
                found[2].add(member)
        rows: list[tuple[object, ...]] = []
        for (who, *place, frequency, period), (count, value, contributors) in sums.items():
            members = len(contributors)
            for code, figure, unit in (("ITEMS", count, "NUMBER"), ("DECLARED_VALUE_USD", value, "USD")):
                rows.append(
                    (code, who, *place, "_T", frequency, period, float(figure), unit, count, members, None)
                )
        for (code, *key, period), (figure, base_items, members) in self.figures.items():
            unit = "PERCENT" if code.endswith("PCT") else "NUMBER"
            frequency = "M" if len(period) == 7 and "Q" not in period else "Q" if "Q" in period else "A"
            counted = None
            if LINKS[code][0] == "SHARE":
                counted = self.counted.get((code, *key, period), base_items)
            rows.append((code, *key, frequency, period, figure, unit, base_items, members, counted))
        return rows

    @contextmanager
    def connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = duckdb.connect(config={"threads": 1})
        try:
            connection.execute("attach ':memory:' as w")
            connection.execute(
                """
                create table w.mart_indicators (
                    indicator_code varchar, member_code varchar, channel_code varchar,
                    value_band_code varchar, counterpart_code varchar, commodity_code varchar,
                    frequency varchar, time_period varchar,
                    obs_value double, unit_measure varchar, unit_mult integer default 0,
                    obs_status varchar default 'A', conf_status varchar default 'F',
                    coverage_pct double default 100, revision_lower double default 1,
                    revision_upper double default 2, model_lower double, model_upper double,
                    base_items bigint, base_members integer, counted_items bigint
                );
                create table w.mart_indicator_definitions (indicator_code varchar, indicator_group varchar);
                create table w.mart_indicator_links (
                    indicator_code varchar, kind varchar, of_code varchar, by_code varchar, bands varchar,
                    years integer, months integer, parts varchar, span varchar
                );
                create table w.stg_member_terms (
                    member_code varchar, audience_class varchar, indicator_group varchar, detail varchar,
                    minimum_cell_items integer
                )
                """
            )
            rows = self.rows()
            places = ", ".join(["(" + ", ".join("?" * 13) + ")"] * len(rows))
            connection.execute(
                "insert into w.mart_indicators (indicator_code, member_code, channel_code, value_band_code, "
                "counterpart_code, commodity_code, frequency, time_period, obs_value, unit_measure, "
                f"base_items, base_members, counted_items) values {places}",
                [value for row in rows for value in row],
            )
            connection.executemany(
                "insert into w.mart_indicator_definitions values (?, ?)", list(DEFINITIONS.items())
            )
            connection.executemany(
                "insert into w.mart_indicator_links values (?, ?, ?, ?, ?, ?, ?, null, 'CELL')",
                [(code, *link) for code, link in LINKS.items()],
            )
            connection.executemany(
                "insert into w.stg_member_terms values (?, ?, ?, ?, ?)",
                [
                    (member, circle, group, details.get(member, "totals"), self.minimums.get(member, 5))
                    for member in self.members
                    for circle, details in (("public", self.public), ("peers", self.peers or self.public))
                    for group in GROUPS
                ],
            )
            yield connection
        finally:
            connection.close()

    def published(self, audience: str = "public", previous: Mapping[str, Path] | None = None) -> Published:
        with self.connected() as connection:
            protect(connection, {audience: [path] for audience, path in (previous or {}).items()})
            return Published(
                {tuple(map(str, row[:6] + row[7:8])): (row[8], row[12]) for row in
                 connection.execute(indicators_for(audience)).fetchall()},
                {row[1]: row[2:] for row in connection.execute(summary_for(audience)).fetchall()},
            )  # fmt: skip

    def write(self, path: Path, audience: str = "public") -> Path:
        """The published file of an audience, as far as the next publication looks at it."""
        with self.connected() as connection:
            protect(connection, {})
            connection.execute(f"attach '{path}' as f")
            connection.execute(f"create table f.indicators as {indicators_for(audience)}")
        return path


@dataclass(frozen=True)
class Published:
    """Figures by (indicator, member, channel, band, counterpart, section, period): (value, conf_status)."""

    figures: dict[Key, tuple[float | None, str]]
    summary: dict[str, tuple[object, ...]]

    def of(self, member: str = "_T", channel: str = "_T", band: str = "_T", counterpart: str = "_T",
           period: str = "2026-03", code: str = "ITEMS") -> float | str | None:  # fmt: skip
        """The figure, C where it is confidential, None where there is no row."""
        found = self.figures.get((code, member, channel, band, counterpart, "_T", period))
        if found is None:
            return None
        value, status = found
        assert (status == "C") == (value is None)
        return "C" if value is None else value
