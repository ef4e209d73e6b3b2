"""What may leave, for whom: the one place that decides which figure enters which audience's file.

    links           what each indicator is computed from, as its .yml declares, and what falls with it
    terms           what an audience is given beside the indicators
    primary         which figure tells too much by itself
    cube            how all cells are tied together
    complementary   which further figures have to be hidden with them

    secretariat     every figure
    member_<code>   its own figures in full; of the region and of the other members what `public` says, by the
                    terms of the circle of peers
    public          regional figures, and of each member what its terms allow. A confidential figure has
                    conf_status C and no value, never 0; what is withheld has no row

What is hidden is worked out once for each circle of readers and not for each file: a pattern of its own for
each member would be undone by two members who lay their files side by side. It holds against every member,
each with its own records, and against what an earlier publication showed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from pacific_parcels.disclosure import complementary, cube, links, primary
from pacific_parcels.disclosure.links import ITEMS
from pacific_parcels.disclosure.terms import busiest_days_for, coverage_for, sharing_terms_for
from pacific_parcels.layout import quoted
from pacific_parcels.policy import (
    AUDIENCES,
    CELL,
    CIRCLES,
    DOMINANCE_PCT,
    MINIMUM_ITEMS,
    MINIMUM_MEMBERS,
    P_PCT,
    PROTECTION_ITEMS,
    PROTECTION_SHARE,
    PUBLIC,
    SECRETARIAT,
    Circle,
    audiences_of,
    circle_of,
    is_agreed,
    required_width,
    terms_in,
    viewer_of,
)
from pacific_parcels.processes import Processes

__all__ = [
    "AUDIENCES",
    "CIRCLES",
    "DOMINANCE_PCT",
    "INDICATOR_COLUMNS",
    "KEYS",
    "MEASURES",
    "MINIMUM_ITEMS",
    "MINIMUM_MEMBERS",
    "PROTECTION_ITEMS",
    "PROTECTION_SHARE",
    "PUBLIC",
    "P_PCT",
    "SECRETARIAT",
    "audiences_of",
    "busiest_days_for",
    "circle_of",
    "coverage_for",
    "indicators_for",
    "protect",
    "required_width",
    "sharing_terms_for",
    "summary_for",
    "viewer_of",
]

INDICATOR_COLUMNS = (
    "indicator_code",
    "member_code",
    "channel_code",
    "value_band_code",
    "counterpart_code",
    "commodity_code",
    "frequency",
    "time_period",
    "obs_value",
    "unit_measure",
    "unit_mult",
    "obs_status",
    "conf_status",
    "coverage_pct",
    "revision_lower",
    "revision_upper",
    "model_lower",
    "model_upper",
)
KEYS = INDICATOR_COLUMNS[:8]
# What says how large a figure is: absent where the figure is confidential.
MEASURES = ("obs_value", "coverage_pct", "revision_lower", "revision_upper", "model_lower", "model_upper")

_AND_COVERED = " and not coalesce(is_coverage_confidential, false)"


def protect(
    connection: duckdb.DuckDBPyConnection,
    previous: Mapping[str, Sequence[Path]],
    memory: dict[str, str] | None = None,
    processes: Processes | None = None,
) -> None:
    """Work out what is hidden from each circle, on a connection to which the snapshot is attached as w.

    `previous` has the files of the publications that readers still hold, by audience, the newest first.
    `memory` is what complementary.protect remembers of parts, `processes` may work on several at once.

    Table shown_<circle> gets the rows of indicators that the circle may see, disclosed_<circle> what it lost.
    """
    done: dict[str, Circle] = {}
    families = links.find_measures(connection)
    for circle in CIRCLES:
        _recall(connection, circle, previous)
        connection.execute(f"create or replace temp table sdc_terms as {terms_in(circle)}")
        # Circles that see the same, and have seen the same, are protected alike.
        asked = str(
            connection.execute(
                "select (select list(t order by t) from sdc_terms t), "
                "(select sum(hash(e)) from sdc_earlier e)"
            ).fetchall()
        )
        if asked in done:
            for table in ("shown", "disclosed"):
                connection.execute(f"create or replace table {table}_{circle} as from {table}_{done[asked]}")
            continue
        done[asked] = circle
        primary.mark_cells(connection)
        cube.number_cells(connection)
        _mark_known(connection)
        _preset(connection, is_first=len(done) == 1)
        connection.execute(
            "create or replace temp table sdc_hidden (cell_id bigint, is_primary boolean, is_exposed boolean)"
        )
        for codes in families:
            _fall_with_items(connection, codes)
            problem, cell_ids = cube.problem_of(connection, codes)
            is_count = connection.execute(
                "select bool_and(unit_measure in ('NUMBER', 'PERCENT')) from w.mart_indicators "
                "where list_contains(?, indicator_code)",
                [codes],
            ).fetchall()[0][0]
            protection = complementary.protect(problem, is_count=is_count, memory=memory, processes=processes)
            is_hidden = protection.is_hidden & ~problem.is_withheld
            hidden = {  # noqa: F841 - read by DuckDB
                "cell_id": cell_ids[is_hidden],
                "is_primary": problem.is_primary[is_hidden],
                "is_exposed": protection.is_exposed[is_hidden] | problem.is_known[is_hidden],
            }
            connection.execute("insert into sdc_hidden select cell_id, is_primary, is_exposed from hidden")
        _show(connection, circle)


def _preset(connection: duckdb.DuckDBPyConnection, *, is_first: bool) -> None:
    """Table sdc_preset: what the circle before has hidden, if there was one.

    Peers read the public file too, so that it may show no more than theirs.
    """
    if is_first:
        connection.execute(
            "create or replace temp table sdc_preset as select 0::bigint as cell_id where false"
        )
    else:
        connection.execute(f"""
            create or replace temp table sdc_preset as
            select n.cell_id
            from sdc_numbered n
            join sdc_fallen_keys f
                on n.kind = f.kind and n.indicator_code = f.indicator_code
                and {" and ".join(f"n.{name} = f.{name}" for name in CELL)}
        """)


def _recall(
    connection: duckdb.DuckDBPyConnection, circle: Circle, previous: Mapping[str, Sequence[Path]]
) -> None:
    """Table sdc_earlier: what a circle has been shown so far: key, obs_value and conf_status of each figure.

    What the public saw everyone knows; of members' files two tell all that peers know, since each has its own
    figures besides.
    """
    members = (
        [audience for audience in sorted(previous) if viewer_of(audience)][:2] if circle == "peers" else []
    )
    connection.execute(
        "create or replace temp table sdc_earlier "
        f"({', '.join(f'{name} varchar' for name in KEYS)}, obs_value double, conf_status varchar, "
        "is_newest boolean)"
    )
    for audience in (*({PUBLIC} & previous.keys()), *members):
        for number, path in enumerate(previous[audience]):
            connection.execute(f"attach {quoted(str(path))} as earlier (read_only)")
            try:
                columns = {
                    name
                    for (name,) in connection.execute(
                        "select column_name from duckdb_columns() "
                        "where database_name = 'earlier' and table_name = 'indicators'"
                    ).fetchall()
                }
                # Before a dimension was published, every figure was a total of it.
                keys = ", ".join(name if name in columns else f"'_T' as {name}" for name in KEYS)
                connection.execute(
                    f"insert into sdc_earlier select {keys}, obs_value, conf_status, {number == 0} "
                    "from earlier.indicators semi join sdc_additive using (indicator_code) "
                    "where member_code <> ?",
                    [viewer_of(audience) or ""],
                )
            finally:
                connection.execute("detach earlier")
    connection.execute("create or replace temp table sdc_earlier as select distinct * from sdc_earlier")


def _mark_known(connection: duckdb.DuckDBPyConnection) -> None:
    """Table sdc_known: cell_id, obs_value (as an earlier publication showed it, if it holds), was_hidden.

    An amount that has moved by less than a hidden one may be bounded by is as good as known, and a share that
    is the same; what was revised by a few items is not, or the items in between would not be protected.
    """
    share = PROTECTION_SHARE
    connection.execute(f"""
        create or replace temp table sdc_known as
        select
            n.cell_id,
            max(case when n.reason is distinct from 'REVISED' and (
                not a.is_share and abs(e.obs_value - n.obs_value) <= {share} * abs(n.obs_value)
                or a.is_share and abs(e.obs_value - i.obs_value) <= {primary.ROUNDING}
            ) then e.obs_value end) as obs_value,
            bool_or(e.conf_status = 'C' and e.is_newest) as was_hidden
        from sdc_numbered n
        join sdc_earlier e on n.kind = 'CELL' and {" and ".join(f"n.{name} = e.{name}" for name in KEYS)}
        join sdc_additive a on n.indicator_code = a.indicator_code
        join w.mart_indicators i on {" and ".join(f"n.{name} = i.{name}" for name in KEYS)}
        group by n.cell_id
    """)


def _fall_with_items(connection: duckdb.DuckDBPyConnection, codes: list[str]) -> None:
    """Table sdc_fallen: cells of measures that fall because the items of the same cell are hidden.

    is_primary: those are confidential by themselves, and not hidden for the sake of others.
    """
    connection.execute(
        f"""
        create or replace temp table sdc_fallen as
        select n.cell_id, bool_or(i.reason is not null) as is_primary
        from sdc_numbered n
        join sdc_numbered i
            on i.indicator_code = '{ITEMS}' and i.kind = 'CELL'
            and {" and ".join(f"n.{name} = i.{name}" for name in CELL)}
        where n.kind = 'CELL' and list_contains(?, n.indicator_code) and n.indicator_code <> '{ITEMS}'
            and (i.reason is not null or i.cell_id in (select cell_id from sdc_hidden))
        group by n.cell_id
        """,
        [codes],
    )


def _show(connection: duckdb.DuckDBPyConnection, circle: Circle) -> None:
    """Tables shown_<circle> and disclosed_<circle>, out of what is hidden."""
    same_cell = " and ".join(f"i.{name} = {{0}}.{name}" for name in CELL)
    connection.execute(f"""
        create or replace temp table sdc_fallen_keys as
        select kind, indicator_code, {", ".join(CELL)} from sdc_numbered join sdc_hidden using (cell_id)
    """)
    connection.execute(f"""
        create or replace temp table sdc_shut as
        with hidden as (
            select indicator_code, {", ".join(CELL)} from sdc_fallen_keys where kind = 'CELL'
        )
        select
            c.indicator_code, {", ".join(f"c.{name}" for name in CELL)},
            h.indicator_code is not null or not c.is_not_agreed as is_confidential
        from sdc_cells c
        left join hidden h on c.indicator_code = h.indicator_code
            and {" and ".join(f"c.{name} = h.{name}" for name in CELL)}
        where c.obs_value <> 0 and (h.indicator_code is not null or c.is_withheld)
    """)
    links.add_fallen(connection)
    connection.execute(f"""
        create or replace temp table sdc_judged as
        with figures as (
            select
                i.*, d.indicator_group, l.kind, l.bands,
                coalesce(t.minimum_items, {MINIMUM_ITEMS}) as minimum_items,
                i.member_code <> '_T' and not {is_agreed("i", "t")} as is_not_agreed
            from w.mart_indicators i
            join w.mart_indicator_definitions d using (indicator_code)
            join sdc_links l using (indicator_code)
            left join sdc_terms t on i.member_code = t.member_code and d.indicator_group = t.indicator_group
        ),
        -- The largest or the middle of members' figures is the figure of one of them.
        singled_out as (
            select r.indicator_code, {", ".join(f"r.{name}" for name in CELL)}
            from figures r
            join figures m
                on m.indicator_code = r.indicator_code and m.member_code <> '_T' and m.obs_value = r.obs_value
                and {" and ".join(f"m.{name} = r.{name}" for name in CELL if name != "member_code")}
            where r.member_code = '_T' and r.kind in ('STATISTIC', 'MULTIPLE') and r.unit_measure <> 'PERCENT'
                and r.obs_value <> 0
                and m.base_items is not null and (m.is_not_agreed or m.base_items < m.minimum_items)
            group by all
        )
        select
            i.*,
            i.obs_value is not null and i.kind = 'SUM' and coalesce(c.is_withheld, false) as is_withheld,
            i.obs_value is not null and i.kind <> 'STATUS' and (
                own.indicator_code is not null
                or fallen.indicator_code is not null
                or i.kind = 'SHARE' and coalesce(c.is_withheld, false)
                or i.kind <> 'SUM' and (
                    -- The first figure of a chain is 100 by definition, and rests on no item.
                    coalesce(i.base_items between 1 and i.minimum_items - 1, false)
                    or i.member_code = '_T'
                    and coalesce(i.base_members between 1 and {MINIMUM_MEMBERS}, false)
                    or singled_out.time_period is not null
                )
            ) as is_confidential,
            -- What a figure does not cover, times the items, are items too: those without a value, say.
            i.kind not in ('SUM', 'STATUS') and (
                round((100 - i.coverage_pct) / 100 * of_items.obs_value) between 1 and i.minimum_items - 1
                or i.bands is not null and without_value.time_period is not null
            ) as is_coverage_confidential
        from figures i
        left join sdc_cells c on i.indicator_code = c.indicator_code and {same_cell.format("c")}
        left join (select * from sdc_fallen_keys where kind = 'CELL') own
            on i.indicator_code = own.indicator_code and {same_cell.format("own")}
        left join sdc_fallen_links fallen
            on i.indicator_code = fallen.indicator_code and {same_cell.format("fallen")}
        left join singled_out
            on i.indicator_code = singled_out.indicator_code and {same_cell.format("singled_out")}
        left join sdc_measures of_items
            on of_items.indicator_code = '{ITEMS}' and {same_cell.format("of_items")}
        left join sdc_shut without_value
            on without_value.indicator_code = '{ITEMS}' and without_value.value_band_code = '_U'
            and without_value.is_confidential
            and {" and ".join(f"i.{n} = without_value.{n}" for n in CELL if n != "value_band_code")}
        where not i.is_not_agreed
    """)
    measures = ", ".join(
        f"case when not is_confidential{_AND_COVERED if name == 'coverage_pct' else ''} then {name} end "
        f"as {name}"
        for name in MEASURES
    )
    connection.execute(f"""
        create or replace table shown_{circle} as
        select {", ".join(INDICATOR_COLUMNS)}
        from (
            select
                * replace ({measures}, case when is_confidential then 'C' else conf_status end as conf_status)
            from sdc_judged
            where not is_withheld
        )
    """)
    connection.execute(f"""
        create or replace table disclosed_{circle} as
        select
            i.member_code, i.indicator_group, i.is_confidential, i.is_withheld,
            i.is_confidential and not coalesce(h.is_primary, true) as is_complementary,
            coalesce(h.is_exposed, false) as is_known,
            case when i.kind = 'SUM' then abs(i.obs_value) end as value,
            i.indicator_code
        from sdc_judged i
        left join sdc_numbered n
            on n.kind = 'CELL' and n.indicator_code = i.indicator_code and {same_cell.format("n")}
        left join sdc_hidden h using (cell_id)
        where i.obs_value is not null
    """)


def indicators_for(audience: str) -> str:
    """SELECT of the indicators that an audience may see, once `protect` has worked out what is hidden."""
    columns = ", ".join(INDICATOR_COLUMNS)
    order = f"order by {', '.join(KEYS)}"
    if audience == SECRETARIAT:
        return f"select {columns} from w.mart_indicators {order}"
    viewer = viewer_of(audience)
    shown = f"memory.shown_{circle_of(audience)}"
    if viewer is None:
        return f"select * from {shown} {order}"
    return (
        f"select * from {shown} where member_code <> '{viewer}' "
        f"union all select {columns} from w.mart_indicators where member_code = '{viewer}' {order}"
    )


def summary_for(audience: str) -> str:
    """SELECT of what disclosure control has taken from an audience, by group of indicators.

    cells               figures that its terms let it see, besides its own
    primary_cells       of those, confidential by themselves, or because a figure linked to them is
    complementary_cells hidden to protect others
    withheld_cells      in a dimension of a member that is kept back for a year
    known_cells         confidential and yet to be worked out, for the most part from an earlier publication
    value_lost_pct      share of the sum of all cells that is hidden or kept back, mean over the additive
                        indicators of the group
    """
    source = (
        "select indicator_group, false as is_confidential, false as is_withheld, "
        "false as is_complementary, false as is_known, abs(obs_value) as value, indicator_code "
        "from w.mart_indicators join w.mart_indicator_definitions using (indicator_code) "
        "where obs_value is not null"
        if audience == SECRETARIAT
        else f"select * from memory.disclosed_{circle_of(audience)} "
        f"where member_code is distinct from '{viewer_of(audience) or ''}'"
    )
    return f"""
        with cells as ({source}),
        shares as (
            select
                indicator_group, indicator_code,
                100 * sum(value) filter (where is_confidential or is_withheld) / nullif(sum(value), 0)
                    as lost_pct
            from cells
            where value is not null
            group by all
        ),
        losses as (
            select indicator_group, avg(coalesce(lost_pct, 0)) as value_lost_pct from shares group by all
        )
        select
            '{audience}' as audience,
            indicator_group,
            count(*)::integer as cells,
            (count(*) filter (where is_confidential and not is_complementary and not is_withheld))::integer
                as primary_cells,
            (count(*) filter (where is_complementary and not is_withheld))::integer as complementary_cells,
            (count(*) filter (where is_withheld))::integer as withheld_cells,
            (count(*) filter (where is_known))::integer as known_cells,
            -- In whole per cent: a closer figure would be a sum over what is hidden.
            round(any_value(value_lost_pct)) as value_lost_pct
        from cells left join losses using (indicator_group)
        group by indicator_group
        order by indicator_group
    """
