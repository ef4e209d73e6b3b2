"""A landing written by hand, without the library that receives: items, and what dbt is given beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pacific_parcels.contract import COLUMNS
from pacific_parcels.receipts import INPUT_COLUMNS
from pacific_parcels.settings import Settings

PARTITION_COLUMNS = ("member_code", "time_period")
CURRENCIES = {"FJ": "FJD", "TO": "TOP", "WS": "WST"}
TIME_ZONES = {"FJ": "Pacific/Fiji", "TO": "Pacific/Tongatapu", "WS": "Pacific/Apia"}


def drawn(below: int, seed: int) -> str:
    """A number from 0 up, always the same for the same item."""
    return f"cast(hash(extract_id, n, {seed}) % {below} as bigint)"


MADE_UP = {
    "item_id": "extract_id || '-' || n",
    "channel_code": f"['POSTAL_LETTER', 'POSTAL_PARCEL', 'EXPRESS_CARRIER'][1 + {drawn(3, 1)}]",
    "port_code": f"[member_code || 'AAA', member_code || 'BBB', null][1 + {drawn(3, 2)}]",
    "origin_country_code": f"['CN', 'AU', 'US', null][1 + {drawn(4, 3)}]",
    "hs_code": "case when n % 2 = 0 then '640411' end",
    "declared_value": f"{drawn(30_000, 4)} / 100",
    "declared_currency_code": "currency_code",
    "valuation_basis_code": "'CIF'",
    "duty_amount": f"{drawn(500, 5)} / 100",
    "tax_amount": f"{drawn(900, 6)} / 100",
    "revenue_currency_code": "currency_code",
    "gross_mass_kg": f"{drawn(9_000, 7)} / 1000",
    "arrival_date": f"cast(time_period || '-01' as date) + cast({drawn(28, 8)} as integer)",
    "rule_ids": "[]",
}


def literal(value: object) -> str:
    if value is None:
        return "null"
    text = str(value).replace("'", "''")
    return f"'{text}'"


@dataclass
class Region:
    """A home directory with members FJ, TO and WS, each with one stream POSTAL unless told otherwise."""

    home: Path
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    periods: list[dict[str, Any]] = field(default_factory=list)
    values: list[dict[str, Any]] = field(default_factory=list)
    holds: list[dict[str, Any]] = field(default_factory=list)
    de_minimis: list[dict[str, Any]] = field(default_factory=list)
    taxes: list[dict[str, Any]] = field(default_factory=list)
    stream_columns: list[dict[str, Any]] = field(default_factory=list)
    streams: set[tuple[str, str]] = field(default_factory=lambda: {(code, "POSTAL") for code in CURRENCIES})

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home, memory_limit="1GB")

    def file_of(self, extract_id: str, member_code: str, time_period: str) -> Path:
        folder = self.settings.items / f"member_code={member_code}" / f"time_period={time_period}"
        return folder / f"{extract_id}.parquet"

    def land(
        self,
        extract_id: str,
        member_code: str,
        time_period: str,
        items: int | Iterable[Mapping[str, object]],
        *,
        stream_code: str = "POSTAL",
        vintage_at: str = "2026-06-01 00:00:00",
    ) -> None:
        """One more month of an extract: so many made-up items, or these rows; other columns are null."""
        if isinstance(items, int):
            rows, count, expressions = f"select n from range({items}) as made_up(n)", items, MADE_UP
        else:
            given = list(items)
            names = list(given[0]) if given else ["item_id"]
            lists = ", ".join(f"({', '.join(literal(row.get(name)) for name in names)})" for row in given)
            rows = f"select row_number() over () as n, * from (values {lists}) as given({', '.join(names)})"
            count, expressions = len(given), {name: name for name in names}
        known = {
            "extract_id": literal(extract_id),
            "source_row": "n + 2",
            "stream_code": literal(stream_code),
            **expressions,
        }
        columns = ", ".join(
            f"cast({known.get(column.name, 'null')} as {column.sql_type}) as {column.name}"
            for column in COLUMNS
            if column.name not in PARTITION_COLUMNS
        )
        with duckdb.connect() as connection:
            if count:
                path = self.file_of(extract_id, member_code, time_period)
                path.parent.mkdir(parents=True, exist_ok=True)
                connection.execute(
                    f"""
                    copy (
                        select {columns}
                        from (
                            select
                                *,
                                {literal(member_code)} as member_code,
                                {literal(time_period)} as time_period,
                                {literal(extract_id)} as extract_id,
                                {literal(CURRENCIES[member_code])} as currency_code
                            from ({rows})
                        )
                        order by n
                    ) to '{path}' (format parquet)
                    """
                )
        identity = {"extract_id": extract_id, "member_code": member_code, "stream_code": stream_code}
        self.periods.append(identity | {"time_period": time_period, "items": count})
        receipt = self.receipts.setdefault(
            extract_id,
            identity
            | {
                "source_name": f"{extract_id}.csv",
                "received_at": vintage_at,
                "vintage_at": vintage_at,
                "status": "ACCEPTED",
                "is_synthetic": True,
                "has_manifest": False,
                "rows_in": 0,
                "rows_accepted": 0,
                "rows_rejected": 0,
                "rows_duplicate": 0,
                "rows_warned": 0,
            },
        )
        receipt["rows_in"] += count
        receipt["rows_accepted"] += count

    def hold(self, extract_id: str, time_period: str) -> None:
        self.holds.append({"extract_id": extract_id, "time_period": time_period, "expectation_id": "E101"})

    def allow(
        self, member_code: str, amount: str, valid_from: str | None = None, valid_to: str | None = None
    ) -> None:
        """A de minimis of parcels, CIF, in the member's own currency."""
        self.de_minimis.append(
            {
                "member_code": member_code,
                "channel_code": "POSTAL_PARCEL",
                "valid_from": valid_from,
                "valid_to": valid_to,
                "amount": amount,
                "currency_code": CURRENCIES[member_code],
                "basis_code": "CIF",
                "scope_code": "BOTH",
                "mode_code": "EXEMPT_ALL",
            }
        )

    def tax(self, member_code: str, rate_pct: str) -> None:
        """A tax that nobody collects on items at or under the de minimis."""
        self.taxes.append(
            {"member_code": member_code, "rate_pct": rate_pct, "low_value_collector_code": "NONE"}
        )

    def carry(self, column_name: str, member_code: str, stream_code: str = "POSTAL") -> None:
        """A column that the stream's layout carries."""
        self.stream_columns.append(
            {"member_code": member_code, "stream_code": stream_code, "column_name": column_name}
        )

    def write_inputs(self) -> None:
        tables: dict[str, list[dict[str, Any]]] = {
            "members": [
                {
                    "member_code": code,
                    "name_en": code,
                    "name_fr": code,
                    "currency_code": currency,
                    "time_zone": TIME_ZONES[code],
                }
                for code, currency in CURRENCIES.items()
            ],
            "de_minimis": self.de_minimis,
            "taxes": self.taxes,
            "stream_columns": self.stream_columns,
            "streams": [
                {"member_code": member_code, "stream_code": stream_code, "cadence": "MONTHLY", "due_days": 20}
                for member_code, stream_code in sorted(self.streams)
            ],
            "receipts": list(self.receipts.values()),
            "receipt_periods": self.periods,
            "receipt_values": self.values,
            "holds": self.holds,
        }
        self.settings.inputs.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            for table, columns in INPUT_COLUMNS.items():
                structure = ", ".join(f"{name} {sql_type}" for name, sql_type in columns.items())
                connection.execute(f"create table {table} ({structure})")
                for row in tables.get(table, []):
                    values = ", ".join(literal(row.get(name)) for name in columns)
                    connection.execute(f"insert into {table} values ({values})")
                connection.execute(
                    f"copy {table} to '{self.settings.inputs / table}.parquet' (format parquet)"
                )


@pytest.fixture
def region(tmp_path: Path) -> Region:
    return Region(tmp_path / "home")
