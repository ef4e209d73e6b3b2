"""A small warehouse snapshot, written as dbt would leave it, in which all is well until a test spoils
something."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pacific_parcels.settings import Settings

TABLES = """
    create table items (
        extract_id varchar, source_row bigint, member_code varchar, stream_code varchar, time_period varchar,
        item_id varchar, channel_code varchar, declared_value decimal(18, 2), declared_currency_code varchar,
        origin_country_code varchar, arrival_date date, rule_ids varchar[]
    );
    create table receipt_periods (
        extract_id varchar, member_code varchar, stream_code varchar, time_period varchar,
        items bigint, accepted_value decimal(38, 2), received_at timestamp
    );
    create table previous_vintages (
        extract_id varchar, time_period varchar, previous_vintage_extract_id varchar,
        previous_vintage_items bigint, previous_vintage_declared_value_usd decimal(38, 2)
    )
"""

# Values are spread by one dollar around the one asked for, days over the month.
ADD_ITEMS = """
    insert into items
    select
        coalesce($extract_id, $member_code || '-' || time_period),
        number + 2,
        $member_code,
        'items',
        time_period,
        $member_code || ' ' || time_period || ' ' || number,
        'POSTAL_PARCEL',
        $value + number % 3 - 1,
        'USD',
        'CN',
        cast(time_period || '-01' as date) + cast(number % 28 as integer),
        null
    from (select unnest($time_periods) as time_period)
    cross join range($items) as numbers(number)
"""

ADD_RECEIPTS = """
    insert into receipt_periods
    select
        periods.extract_id,
        $member_code,
        'items',
        periods.time_period,
        count(items.source_row),
        coalesce(sum(items.declared_value), 0),
        cast(periods.time_period || '-28' as date) + interval 20 day
    from (
        select time_period, coalesce($extract_id, $member_code || '-' || time_period) as extract_id
        from (select unnest($time_periods) as time_period)
    ) as periods
    left join items using (extract_id, time_period)
    group by periods.extract_id, periods.time_period
"""

MARTS = """
    create view stg_items as select * from items;

    create table mart_receipts as
    select
        extract_id,
        count(*) as periods_count,
        max(received_at) as received_at,
        sum(accepted_value) as accepted_value
    from receipt_periods
    group by extract_id;

    create table mart_vintage_profiles as
    select
        receipt_periods.member_code,
        receipt_periods.stream_code,
        receipt_periods.time_period,
        receipt_periods.extract_id,
        receipt_periods.items as receipt_items,
        coalesce(measures.items, 0) as items,
        coalesce(measures.distinct_item_ids, 0) as distinct_item_ids,
        coalesce(measures.declared_value, 0) as control_total_declared_value,
        coalesce(measures.items_valued, 0) as items_valued,
        measures.declared_value as declared_value_usd,
        measures.median_value_usd,
        coalesce(measures.items, 0) as items_with_duty,
        0 as items_with_tax,
        coalesce(measures.items, 0) as items_with_basis,
        coalesce(measures.items_with_counterpart, 0) as items_with_counterpart,
        coalesce(measures.items, 0) as items_with_port,
        coalesce(measures.items, 0) as items_with_hs_code,
        coalesce(measures.items, 0) as items_with_gross_mass,
        coalesce(measures.items, 0) as items_with_release,
        measures.first_arrival_date,
        measures.last_arrival_date,
        previous_vintages.previous_vintage_extract_id,
        previous_vintages.previous_vintage_items,
        previous_vintages.previous_vintage_declared_value_usd,
        mart_receipts.accepted_value as extract_accepted_value
    from receipt_periods
    inner join mart_receipts using (extract_id)
    left join previous_vintages using (extract_id, time_period)
    left join (
        select
            extract_id,
            time_period,
            count(*) as items,
            count(distinct item_id) as distinct_item_ids,
            sum(declared_value) as declared_value,
            count(case when declared_currency_code <> 'ZWL' then 1 end) as items_valued,
            median(declared_value) as median_value_usd,
            count(origin_country_code) as items_with_counterpart,
            min(arrival_date) as first_arrival_date,
            max(arrival_date) as last_arrival_date
        from items
        group by extract_id, time_period
    ) as measures using (extract_id, time_period)
"""


class Snapshot:
    """`add` months, `execute` what spoils them, then `write`: receipts keep what was added, items what was
    spoilt."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = duckdb.connect(str(path))
        self._connection.execute(TABLES)

    def add(
        self,
        *time_periods: str,
        member_code: str = "FJ",
        items: int = 60,
        value: float = 40,
        extract_id: str | None = None,
    ) -> None:
        """Months of a member, each in an extract of its own unless one is named."""
        months: dict[str, Any] = {
            "extract_id": extract_id,
            "member_code": member_code,
            "time_periods": list(time_periods),
        }
        self._connection.execute(ADD_ITEMS, {**months, "items": items, "value": value})
        self._connection.execute(ADD_RECEIPTS, months)

    def add_year(self, year: int, months: int = 12, **month: Any) -> None:
        self.add(*(f"{year}-{number:02d}" for number in range(1, months + 1)), **month)

    def execute(self, statement: str) -> None:
        self._connection.execute(statement)

    def supersede(self, extract_id: str, time_period: str, *, items: int, value_usd: float) -> None:
        """Say what the version before of a vintage held."""
        self._connection.execute(
            "insert into previous_vintages values (?, ?, ?, ?, ?)",
            [extract_id, time_period, f"before {extract_id}", items, value_usd],
        )

    def write(self) -> Path:
        self._connection.execute(MARTS)
        self._connection.close()
        return self.path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture(scope="session")
def new_snapshot() -> Callable[[Path], Snapshot]:
    return Snapshot


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    return Snapshot(tmp_path / "snapshot_1.duckdb")
