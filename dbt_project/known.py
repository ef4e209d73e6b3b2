"""What was known on a day: the items of each month as they stood then, from the vintages in the warehouse.

    python -m dbt_project.known 2026-03-31                  every member, and the region
    python -m dbt_project.known 2026-03-31 --member FJ

It writes CSV: member_code, time_period, obs_value, obs_status (A, or M where a stream that had begun was
missing), known_from (the day on which the youngest part of it came). Its statement, KNOWN_ON, is plain
SQL for whoever has the warehouse open.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb

from pacific_parcels.errors import PacificParcelsError, Unavailable
from pacific_parcels.settings import Settings

COLUMNS = ("member_code", "time_period", "obs_value", "obs_status", "known_from")

# A stream is expected from its first known month to the last month that anybody had sent by then.
KNOWN_ON = """
with known as (

    select * from mart_known_figures
    where known_from <= $day and (known_until is null or known_until > $day)

),

expected as (

    select
        streams.member_code,
        streams.stream_code,
        periods.time_period
    from (select member_code, stream_code, min(time_period) as begins_in from known group by all) as streams
    cross join (select max(time_period) as ends_in from known) as last_month
    inner join int_periods as periods on periods.time_period between streams.begins_in and last_month.ends_in

),

members as (

    select
        member_code,
        time_period,
        case when count(known.items) = count(*) then sum(known.items) end as obs_value,
        max(known.known_from) as known_from
    from expected left join known using (member_code, stream_code, time_period)
    group by member_code, time_period

),

together as (

    select * from members
    union all by name
    select
        '_T' as member_code,
        time_period,
        case when count(obs_value) = count(*) then sum(obs_value) end as obs_value,
        max(known_from) as known_from
    from members
    group by time_period

)

select
    member_code,
    time_period,
    cast(obs_value as bigint) as obs_value,
    case when obs_value is null then 'M' else 'A' end as obs_status,
    case when obs_value is not null then known_from end as known_from
from together
order by member_code, time_period
"""

Row = tuple[str, str, int | None, str, date | None]


def known_on(connection: duckdb.DuckDBPyConnection, day: date) -> list[Row]:
    """COLUMNS of every member and the region, as they stood at the end of a day (UTC)."""
    return connection.execute(KNOWN_ON, {"day": day}).fetchall()


def newest_snapshot(settings: Settings) -> Path:
    """The warehouse as the last build left it: nobody writes to it.

    Errors: Unavailable before the first build.
    """
    found = sorted(settings.snapshots.glob(f"[!.]*/{settings.warehouse_file.name}"))
    if not found:
        raise Unavailable(f"{settings.snapshots}: no warehouse has been built yet; run `make run` first")
    return found[-1]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m dbt_project.known", description="What was known on a day."
    )
    parser.add_argument("day", type=date.fromisoformat, help="as 2026-03-31")
    parser.add_argument("--member", help="as FJ; _T is the region")
    chosen = parser.parse_args(arguments)
    try:
        with duckdb.connect(str(newest_snapshot(Settings.from_environment())), read_only=True) as connection:
            rows = known_on(connection, chosen.day)
    except PacificParcelsError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(row for row in rows if chosen.member in (None, row[0]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
