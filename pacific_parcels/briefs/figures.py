"""What one published file says, as the briefs ask for it: the file of the reader, and nothing else.

Whoever writes a brief sees only what its readers may open anyway, so that no brief can tell more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pacific_parcels.briefs.words import Language

REGION = "_T"
# The indicators that a brief shows, monthly and in all.
INDICATORS = (
    "ITEMS",
    "ITEMS_INDEX",
    "ITEMS_GROWTH_YOY_PCT",
    "DECLARED_VALUE_USD",
    "REVENUE_USD",
    "SHARE_LE_DE_MINIMIS_PCT",
    "RELEASE_DAYS_MEDIAN",
)
# Three years, each month with the same of the year before.
MONTHS_READ = 48
NAMES = {"member": "members", "channel": "channels", "counterpart": "counterparts"}


@dataclass(frozen=True)
class Figure:
    """One observation; `status` is its obs_status, C where it is confidential, N where there is no row."""

    value: float | None = None
    status: str = "N"
    coverage_pct: float | None = None


@dataclass(frozen=True)
class Coverage:
    member_code: str
    time_period: str
    status: str
    days_after_period_end: int | None = None


ABSENT = Figure()


def earlier(time_period: str, months: int) -> str:
    """The month so many months before (`2026-03`, 12: `2025-03`); after it where they are negative."""
    year, month = divmod(int(time_period[:4]) * 12 + int(time_period[5:7]) - 1 - months, 12)
    return f"{year}-{month + 1:02d}"


class PublishedFigures:
    """One audience's file, open for reading. Used as a context manager."""

    def __init__(self, path: Path) -> None:
        self._connection = duckdb.connect(str(path), read_only=True, config={"threads": 1})
        self.tables = {
            name for (name,) in self._connection.execute("select table_name from duckdb_tables()").fetchall()
        }
        (catalogue,) = self.rows("select * from catalogue")
        self.run_id: str = catalogue["run_id"]
        self.audience: str = catalogue["audience"]
        self.as_of_date: date | None = catalogue["as_of_date"]
        # A publication before the first extract has no months.
        self.last_time_period: str = catalogue["last_time_period"] or "1970-01"
        self.is_synthetic: bool = catalogue["is_synthetic"]
        self._gather()
        self._series = self._read_series()
        self.coverage = self._read_coverage()
        self._names = {
            kind: {row["code"]: row for row in self.rows(f"select {kind}_code as code, * from {table}")}
            for kind, table in NAMES.items()
        }

    def __enter__(self) -> PublishedFigures:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def rows(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        result = self._connection.execute(query, values or [])
        columns = [column[0] for column in result.description]
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]

    def figure(self, indicator_code: str, member_code: str, time_period: str) -> Figure:
        return self._series.get((indicator_code, member_code), {}).get(time_period, ABSENT)

    def series(self, indicator_code: str, member_code: str) -> dict[str, Figure]:
        return self._series.get((indicator_code, member_code), {})

    @property
    def members(self) -> list[str]:
        return list(self._names["member"])

    def name(self, kind: str, code: str, language: Language) -> str:
        names = self._names[kind].get(code)
        return str(names[f"name_{language}"]) if names else code

    def items_by(self, kind: str, member_code: str, time_period: str) -> dict[str, Figure]:
        """Items of one month by `channel` or `counterpart`; the largest first, those without a value last."""
        rows = self.rows(
            f"""
            select {kind}_code as code, obs_value, obs_status, conf_status, coverage_pct
            from gathered
            where indicator_code = 'ITEMS' and member_code = ? and time_period = ? and {kind}_code <> '_T'
            order by obs_value desc nulls last, code
            """,
            [member_code, time_period],
        )
        return {row["code"]: _figure(row) for row in rows}

    def confidential(self) -> tuple[int, int]:
        """Monthly figures of the file that are confidential, and all of them."""
        (row,) = self.rows(
            "select count(*) filter (where conf_status = 'C') as hidden, count(*) as cells "
            "from indicators where frequency = 'M' and obs_status <> 'M'"
        )
        return row["hidden"], row["cells"]

    def first_provisional(self) -> str | None:
        """The earliest month of which a count of parcels is provisional."""
        (row,) = self.rows(
            "select min(time_period) as first from indicators "
            "where indicator_code = 'ITEMS' and frequency = 'M' and obs_status = 'P'"
        )
        first: str | None = row["first"]
        return first

    def _gather(self) -> None:
        """Table gathered: what a brief can ask for, read from the file once."""
        dimensions = ("channel_code", "value_band_code", "counterpart_code", "commodity_code")
        is_total = {name: f"{name} = '_T'" for name in dimensions}
        total = " and ".join(is_total.values())
        by_channel, by_counterpart = (
            " and ".join(is_total[name] for name in dimensions if name != f"{kind}_code")
            for kind in ("channel", "counterpart")
        )
        self._connection.execute(
            f"""
            create temp table gathered as
            select
                indicator_code, member_code, channel_code, counterpart_code, time_period,
                obs_value::double as obs_value, obs_status, conf_status, coverage_pct::double as coverage_pct,
                {total} as is_total
            from indicators
            where frequency = 'M' and time_period >= ? and list_contains(?, indicator_code)
                and ({total} or indicator_code = 'ITEMS' and (({by_channel}) or ({by_counterpart})))
            """,
            [earlier(self.last_time_period, MONTHS_READ), list(INDICATORS)],
        )

    def _read_series(self) -> dict[tuple[str, str], dict[str, Figure]]:
        series: dict[tuple[str, str], dict[str, Figure]] = {}
        for row in self.rows("select * from gathered where is_total order by time_period"):
            key = row["indicator_code"], row["member_code"]
            series.setdefault(key, {})[row["time_period"]] = _figure(row)
        return series

    def _read_coverage(self) -> list[Coverage]:
        """By member and month. How late a member was is in the files of those who may know it."""
        rows = self.rows("select * from coverage order by member_code, time_period")
        return [
            Coverage(row["member_code"], row["time_period"], row["status"], row.get("days_after_period_end"))
            for row in rows
        ]


def _figure(row: dict[str, Any]) -> Figure:
    if row["conf_status"] == "C":
        return Figure(None, "C")
    return Figure(row["obs_value"], row["obs_status"], row["coverage_pct"])
