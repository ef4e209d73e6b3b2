"""The statements of models as dbt compiles them, to be run on tables that a test makes up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

# The chains first: the others read them.
GROWTH_MODELS = (
    "int_item_chains",
    "ind_items_index",
    "ind_items_growth_mom_pct",
    "ind_items_growth_yoy_pct",
    "ind_items_growth_3y_pct",
)
PARTS = ("staging", "intermediate", "marts", "indicators")
DATABASE = "warehouse"


def compiled(target: Path, models: Iterable[str]) -> dict[str, str]:
    """Model -> its SELECT over tables of the database `warehouse`, as dbt left it in its target directory."""
    folder = target / "compiled" / "pacific_parcels" / "models"
    statements = {}
    for name in models:
        (path,) = [
            folder / part / f"{name}.sql" for part in PARTS if (folder / part / f"{name}.sql").is_file()
        ]
        statements[name] = path.read_text(encoding="utf-8")
    return statements


def growth_of(
    statements: Mapping[str, str], periods: Sequence[str], members: Mapping[str, Sequence[int | None]]
) -> dict[tuple[str, str], float | None]:
    """(indicator, month) -> growth of the region.

    `members` have their items by month, None where they have not reported.
    """
    rows = ", ".join(
        f"('{member}', '{period}', {'null' if items is None else items})"
        for member, series in members.items()
        for period, items in zip(periods, series, strict=True)
    )
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"attach ':memory:' as {DATABASE}")
        connection.execute(f"use {DATABASE}")
        connection.execute(
            "create table int_frequency_periods as"
            " select 'M' as frequency, p as time_period, n as period_number, false as is_provisional"
            " from (select unnest(?::varchar[]) as p, unnest(range(1, ?::bigint)) as n)",
            [list(periods), len(periods) + 1],
        )
        connection.execute(
            "create table int_item_levels as select member_code, '_T' as channel_code,"
            " '_T' as value_band_code, '_T' as counterpart_code, '_T' as commodity_code, 'M' as frequency,"
            " time_period, items::bigint as items"
            f" from (values {rows}) as t (member_code, time_period, items)"
        )
        connection.execute(
            "create table int_member_periods as"
            " select member_code, frequency, time_period, period_number, items is not null as is_complete"
            " from int_item_levels join int_frequency_periods using (frequency, time_period)"
        )
        chains, *indicators = GROWTH_MODELS
        connection.execute(f"create table {chains} as {statements[chains]}")
        found = " union all ".join(
            f"select indicator_code, time_period, obs_value from ({statements[name]})"
            " where member_code = '_T' and channel_code = '_T'"
            for name in indicators
        )
        return {(code, period): value for code, period, value in connection.execute(found).fetchall()}
