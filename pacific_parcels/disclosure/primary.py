"""Primary confidentiality: which figure tells by itself too much of a member or of few items.

    minimum frequency   a figure on fewer items than the minimum of its member (five for the region)
    contributors        a regional figure on fewer than three members besides the one that reads it
    dominance           NK(1, 75): one member holds 75 % or more of what the members besides the reader bring
    p-percent           the largest contribution is known to within 15 %: what the others bring, the second
                        largest of whom may be reading, is less than that
    revised             a figure that another publication gave with one to four items more or less: what is
                        between the two is a few late items, with their value and where they came from
    joined              a regional figure in which one or two members are counted that were not there a period
                        before: the matched growth leaves them out, so that the difference is their figure

A member's own contribution is no cover against itself, and every regional figure is read by members: one
verdict holds for all of them, so that two who lay their files side by side learn nothing from a difference.
The reader for whom a figure is weakest is the second largest contributor.
"""

from __future__ import annotations

import duckdb

from pacific_parcels.disclosure.links import ITEMS
from pacific_parcels.policy import (
    CELL,
    DIMENSIONS,
    DOMINANCE_PCT,
    IS_TOTAL,
    MINIMUM_ITEMS,
    MINIMUM_MEMBERS,
    P_PCT,
    is_agreed,
)

# A member's dimension is withheld for a year where more than this share of its cells would be confidential.
WITHHELD_SHARE = 0.5

# Differences of this share of a total come from rounding to six decimals.
ROUNDING = 1e-6

PLACE = CELL[1:]


def mark_cells(connection: duckdb.DuckDBPyConnection) -> None:
    """Table sdc_cells: the cells of every measure (sdc_measures) as a circle may see them.

    indicator_code, the key of the cell, obs_value, is_withheld (by the member's terms, or its dimension for
    the year), reason (FREQUENCY, CONTRIBUTORS, DOMINANCE, JOINED, REVISED, or null), sole_contributor (the
    one member in a regional cell, the member itself in its own), largest (what one member brings to a
    regional cell), extent (of what the interval has to be wide: the value; of a share its smaller side).

    Reads sdc_terms, and sdc_earlier, what earlier publications showed.
    """
    place = ", ".join(PLACE)
    connection.execute(f"""
        create or replace temp table sdc_contributions as
        select
            indicator_code, {place},
            count(*) as contributors,
            sum(abs(obs_value)) as total,
            list_sort(list(abs(obs_value)), 'desc')[1:2] as largest_two,
            min(member_code) as any_member
        from sdc_measures
        where member_code <> '_T' and obs_value <> 0
        group by all
    """)
    _mark_joiners(connection)
    _mark_revisions(connection)
    connection.execute(f"""
        create or replace temp table sdc_cells as
        with judged as (
            select
                i.indicator_code, {", ".join(f"i.{name}" for name in CELL)}, i.obs_value, i.obs_status,
                case when a.is_share then least(i.obs_value, i.base_items) else abs(i.obs_value) end
                    as extent,
                i.member_code <> '_T' and not {is_agreed("i", "t")} as is_not_agreed,
                coalesce(c.contributors, 0) as contributors,
                case when i.member_code = '_T' then coalesce(c.largest_two[1], 0) else 0 end as largest,
                coalesce(c.largest_two[2], 0) as second,
                coalesce(c.total, 0) as total,
                case
                    when i.member_code <> '_T' then i.member_code
                    when c.contributors = 1 then c.any_member
                end as sole_contributor,
                case
                    when i.obs_value = 0 then null
                    when i.base_items between 1 and coalesce(t.minimum_items, {MINIMUM_ITEMS}) - 1
                        then 'FREQUENCY'
                    when i.member_code <> '_T' then null
                    when c.contributors between 1 and {MINIMUM_MEMBERS}
                        or i.base_members between 1 and {MINIMUM_MEMBERS} then 'CONTRIBUTORS'
                    when not a.is_share and (
                        largest >= {DOMINANCE_PCT / 100} * (c.total - second)
                        or c.total - largest - second < {P_PCT / 100} * largest
                    ) then 'DOMINANCE'
                    when j.time_period is not null then 'JOINED'
                end as of_itself,
                case when of_itself is null and v.time_period is not null and i.obs_value <> 0 then 'REVISED'
                    else of_itself end as reason
            from sdc_measures i
            join sdc_additive a using (indicator_code)
            left join sdc_terms t on i.member_code = t.member_code and a.indicator_group = t.indicator_group
            left join sdc_contributions c using (indicator_code, {place})
            left join sdc_joined j
                on i.member_code = '_T' and i.indicator_code = j.indicator_code
                and {" and ".join(f"i.{name} = j.{name}" for name in PLACE)}
            left join sdc_revised v on {" and ".join(f"i.{name} = v.{name}" for name in CELL)}
        ),
        -- What of its year a member's dimension would lose; a finer frequency loses what a coarser one loses.
        losses as (
            select
                indicator_code, member_code, {_shape("judged")} as shape, time_period[1:4] as year, frequency,
                avg((reason is not null)::integer) > {WITHHELD_SHARE} as is_lost
            from judged
            where member_code <> '_T' and not is_not_agreed and {_shape("judged")} <> ''
            group by all
        ),
        lost as (
            select
                finer.indicator_code, finer.member_code, finer.shape, finer.year, finer.frequency,
                bool_or(coarser.is_lost) as is_lost
            from losses finer
            join losses coarser
                on finer.indicator_code = coarser.indicator_code
                and finer.member_code = coarser.member_code
                and finer.year = coarser.year
                -- Channel by band goes with either of them.
                and finer.shape like '%' || coarser.shape || '%'
                and strpos('AQM', finer.frequency) >= strpos('AQM', coarser.frequency)
            group by all
        )
        select
            judged.* exclude (is_not_agreed, second, total, contributors, of_itself),
            is_not_agreed or coalesce(lost.is_lost, false) as is_withheld,
            is_not_agreed
        from judged
        left join lost
            on judged.indicator_code = lost.indicator_code
            and judged.member_code = lost.member_code
            and {_shape("judged")} = lost.shape
            and judged.time_period[1:4] = lost.year
            and judged.frequency = lost.frequency
    """)


def _shape(relation: str) -> str:
    """Which dimensions a cell is broken down by, as one text; empty for a total."""
    return (
        "concat("
        + ", ".join(f"case when {relation}.{name} <> '_T' then '/{name}/' else '' end" for name in DIMENSIONS)
        + ")"
    )


def _mark_joiners(connection: duckdb.DuckDBPyConnection) -> None:
    """Regional cells beside which another figure stands, of all but one or two of their members.

    sdc_joined      a cell in the first period of a new member, beside the matched growth that leaves it out
    sdc_residuals   by how much the months (finer) of a quarter or year exceed it, where that is what one or
                    two members brought that were not there in all of it

    A member whose own cell is open in the circle is known anyway.
    """
    dimensions = ", ".join(DIMENSIONS)
    connection.execute(f"""
        create or replace temp table sdc_parts as
        select
            i.indicator_code, {", ".join(f"i.{name}" for name in CELL)}, i.obs_value,
            i.base_items < coalesce(t.minimum_items, {MINIMUM_ITEMS}) or not {is_agreed("i", "t")}
                as is_hidden,
            i.time_period[1:4] as year,
            case i.frequency
                when 'M' then i.time_period[1:4] || '-Q' || ((i.time_period[6:7]::integer + 2) // 3)
                when 'Q' then i.time_period
            end as quarter
        from sdc_measures i
        join sdc_additive a using (indicator_code)
        left join sdc_terms t on i.member_code = t.member_code and a.indicator_group = t.indicator_group
        where i.member_code <> '_T' and i.obs_value <> 0
    """)
    connection.execute(f"""
        create or replace temp table sdc_joined as
        with periods as (
            select
                frequency, time_period,
                lag(time_period) over (partition by frequency order by time_period) as before
            from (select distinct frequency, time_period from w.mart_indicators)
        ),
        totals as (
            select i.member_code, i.frequency, i.time_period
            from w.mart_indicators i
            where i.indicator_code = '{ITEMS}' and i.obs_value is not null and {IS_TOTAL.format("i")}
        ),
        joiners as (
            select t.member_code, t.frequency, t.time_period
            from totals t
            join periods p using (frequency, time_period)
            join totals r on r.member_code = '_T' and r.frequency = p.frequency and r.time_period = p.before
            anti join totals b
                on b.member_code = t.member_code and b.frequency = p.frequency and b.time_period = p.before
        ),
        beside_growth as (
            select indicator_code, {", ".join(PLACE)}
            from sdc_parts
            semi join joiners using (member_code, frequency, time_period)
            where indicator_code = '{ITEMS}' and is_hidden
            group by all
            having count(*) < {MINIMUM_MEMBERS}
        )
        select * from beside_growth
    """)
    connection.execute(f"""
        create or replace temp table sdc_residuals as
        with frequencies as (
            select * from (values ('M', 'Q'), ('Q', 'A'), ('M', 'A')) as t (finer, coarser)
        ),
        parts as (
            select
                p.indicator_code, p.member_code, {", ".join(f"p.{name}" for name in DIMENSIONS)},
                f.finer, f.coarser as frequency,
                case f.coarser when 'Q' then p.quarter else p.year end as time_period,
                sum(p.obs_value) as obs_value,
                bool_or(p.is_hidden) as is_hidden
            from sdc_parts p
            join frequencies f on p.frequency = f.finer
            group by all
        )
        select
            indicator_code, {dimensions}, parts.finer, frequency, time_period,
            sum(parts.obs_value - coalesce(whole.obs_value, 0)) as obs_value,
            case when count(*) = 1 then min(member_code) end as sole_contributor
        from parts
        left join sdc_measures whole
            using (indicator_code, member_code, {dimensions}, frequency, time_period)
        where parts.is_hidden
            and abs(parts.obs_value - coalesce(whole.obs_value, 0)) > {ROUNDING} * (1 + abs(parts.obs_value))
        group by indicator_code, {dimensions}, parts.finer, frequency, time_period
        having count(*) < {MINIMUM_MEMBERS}
    """)


def _mark_revisions(connection: duckdb.DuckDBPyConnection) -> None:
    """Table sdc_revised: keys of cells that an earlier publication gave with a few items more or less."""
    same = " and ".join(f"n.{name} = e.{name}" for name in CELL)
    connection.execute(f"""
        create or replace temp table sdc_revised as
        select distinct {", ".join(f"n.{name}" for name in CELL)}
        from sdc_measures n
        join sdc_earlier e on n.indicator_code = e.indicator_code and {same}
        where n.indicator_code = '{ITEMS}'
            and abs(n.obs_value - e.obs_value) between 1 and {MINIMUM_ITEMS - 1}
    """)
