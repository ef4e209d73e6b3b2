"""What falls with a hidden figure: everything that is computed from it, as its indicator's .yml declares.

    measures    the sums over items that are protected with all their totals; and of each share the items
                that it counts, which no indicator shows and which add up all the same
    fallen      figures that are no sums and are computed from what is hidden. What is left of them is
                computed from figures that are shown, and tells nothing besides

The declarations come with the snapshot, as mart_indicator_links (dbt_project/macros/indicator_links.sql).
"""

from __future__ import annotations

import duckdb

from pacific_parcels.errors import PacificParcelsError
from pacific_parcels.policy import CELL, DIMENSIONS

KINDS = (
    "SUM", "RATIO", "SHARE", "SHARE_OF_TOTAL", "MULTIPLE", "GROWTH", "INDEX", "MOVING_SUM", "STATISTIC",
    "STATUS",
)  # fmt: skip
ITEMS = "ITEMS"
# From these the figures behind them can be worked out, so that what a member does not share hides them too.
_EXACT = "('RATIO', 'SHARE_OF_TOTAL', 'MULTIPLE', 'GROWTH', 'INDEX', 'MOVING_SUM')"
_SERIES = ("member_code", *DIMENSIONS)


def find_measures(connection: duckdb.DuckDBPyConnection) -> list[list[str]]:
    """Tables sdc_links, sdc_additive, sdc_measures; the codes to be protected together, ITEMS first.

    sdc_additive    indicator_code, indicator_group, is_share
    sdc_measures    indicator_code, the key of the cell, obs_value, obs_status, base_items, base_members

    Errors: PacificParcelsError where an indicator does not say what it is computed from.
    """
    connection.execute("create or replace temp table sdc_links as from w.mart_indicator_links")
    silent = connection.execute(f"""
        select distinct indicator_code from w.mart_indicators
        anti join (select indicator_code from sdc_links where kind in {KINDS}) using (indicator_code)
        order by all
    """).fetchall()
    if silent:
        codes = ", ".join(code for (code,) in silent)
        raise PacificParcelsError(
            f"{codes}: nothing says what these figures are computed from, so that they cannot be protected; "
            "expected a word on it in the indicator's .yml, under disclosure; write it and build again"
        )
    connection.execute("""
        create or replace temp table sdc_additive as
        select indicator_code, indicator_group, kind = 'SHARE' as is_share
        from w.mart_indicator_definitions join sdc_links using (indicator_code)
        where kind in ('SUM', 'SHARE')
    """)
    # base_items of a share is the smaller of its two sides.
    connection.execute(f"""
        create or replace temp table sdc_measures as
        select
            indicator_code, {", ".join(CELL)},
            -- Not from the share: six decimals do not tell one item in millions, which its readers can.
            case when is_share then counted_items else obs_value end as obs_value,
            -- The share of a region with a gap is that of the members that are there, and no estimate.
            case when is_share then 'A' else obs_status end as obs_status,
            base_items, base_members
        from w.mart_indicators join sdc_additive using (indicator_code)
        where obs_value is not null
    """)
    families: dict[str, list[str]] = {}
    declared = connection.execute("""
        select indicator_code, coalesce(string_split(parts, ' '), []) from sdc_links
        where indicator_code in (select indicator_code from sdc_measures)
        order by indicator_code <> 'ITEMS', indicator_code
    """).fetchall()
    known = {code for code, _ in declared}
    for code, parts in declared:
        family = [code, *(part for part in parts if part in known)]
        for other in (code, *parts):
            found = families.get(other)
            if found is not None and found is not family:
                family = found + [one for one in family if one not in found]
        for one in family:
            families[one] = family
    return [family for code, family in families.items() if code == family[0]]


def add_fallen(connection: duckdb.DuckDBPyConnection) -> None:
    """Table sdc_fallen_links: indicator_code and key of every figure that is computed from a hidden one.

    Reads sdc_shut: indicator_code, the key, is_confidential (else: not shared).
    """
    key = ", ".join(f"s.{name}" for name in CELL)
    later = ", ".join(
        "(s.time_period[1:4]::integer + s.years)::varchar || s.time_period[5:] as time_period"
        if name == "time_period"
        else f"s.{name}"
        for name in CELL
    )
    month_later = ", ".join(
        "strftime((s.time_period || '-01')::date + to_months(s.months), '%Y-%m') as time_period"
        if name == "time_period"
        else f"s.{name}"
        for name in CELL
    )
    all_but_period = ", ".join(f"s.{name}" for name in CELL if name != "time_period")
    same_series = " and ".join(f"i.{name} = s.{name}" for name in _SERIES)
    of_cell = ", ".join(f"i.{name}" for name in CELL)
    connection.execute(f"""
        create or replace temp table sdc_fallen_links as
        with tied as (
            select l.indicator_code, l.kind, l.span, l.years, l.months, l.bands, {key}
            from sdc_links l
            join sdc_shut s on s.indicator_code in (l.of_code, l.by_code)
            where l.kind not in ('SUM', 'STATUS') and (s.is_confidential or l.kind in {_EXACT})
        ),
        figures as (
            select i.indicator_code, {of_cell} from w.mart_indicators i
            semi join (select indicator_code from sdc_links where kind not in ('SUM', 'STATUS')) l
                on i.indicator_code = l.indicator_code
            where i.obs_value is not null
        ),
        in_cell as (
            select indicator_code, {", ".join(CELL)} from tied
        ),
        compared as (
            select s.indicator_code, {later} from tied s where s.years is not null
            union
            select s.indicator_code, {month_later} from tied s
            where s.kind = 'GROWTH' and s.months is not null and s.frequency = 'M'
        ),
        -- An index leads from any of its periods to the first one, and stands and falls with that.
        beginnings as (
            select i.indicator_code, {", ".join(f"i.{n}" for n in CELL if n != "time_period")},
                min(i.time_period) as time_period
            from figures i join sdc_links l using (indicator_code)
            where l.kind = 'INDEX' group by all
        ),
        from_beginnings as (
            select i.indicator_code, {of_cell}
            from figures i
            join (select * from beginnings semi join in_cell using (indicator_code, {", ".join(CELL)})) s
                using (indicator_code, {", ".join(n for n in CELL if n != "time_period")})
        ),
        moving as (
            select s.indicator_code, {all_but_period},
                strftime((s.time_period || '-01')::date + to_months(ahead.n::integer), '%Y-%m') as time_period
            from tied s, range(s.months) as ahead (n)
            where s.kind = 'MOVING_SUM' and s.frequency = 'M'
        ),
        -- A model learns from every month, so that every one of its figures leads back to each.
        in_series as (
            select i.indicator_code, {of_cell}
            from figures i
            semi join (select * from tied where span = 'SERIES' and frequency = 'M') s
                on i.indicator_code = s.indicator_code and {same_series}
        ),
        in_parts as (
            select i.indicator_code, {of_cell}
            from figures i
            semi join (select * from tied where span = 'PARTS') s
                on i.indicator_code = s.indicator_code and i.frequency = s.frequency
                and i.time_period = s.time_period and i.member_code in (s.member_code, '_T')
        ),
        of_totals as (
            select i.indicator_code, {of_cell}
            from figures i
            semi join (
                select * from tied s where kind = 'SHARE_OF_TOTAL'
                and {" and ".join(f"s.{name} = '_T'" for name in DIMENSIONS)}
            ) s
                on i.indicator_code = s.indicator_code and i.member_code = s.member_code
                and i.frequency = s.frequency and i.time_period = s.time_period
        ),
        of_bands as (
            select i.indicator_code, {of_cell}
            from figures i join sdc_links l using (indicator_code)
            semi join (
                select n.* from sdc_numbered n join sdc_hidden h using (cell_id) where n.kind = 'NUMERATOR'
            ) n
                on l.bands is not null
                and {" and ".join(f"i.{name} = n.{name}" for name in CELL if name != "value_band_code")}
        )
        from in_cell union from compared union from from_beginnings union from moving union from in_series
        union from in_parts union from of_totals union from of_bands
    """)
