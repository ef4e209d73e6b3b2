"""SELECTs of what an audience is given beside the indicators, by the terms that its members agreed to."""

from __future__ import annotations

from pacific_parcels.members import PROGRESS
from pacific_parcels.policy import IS_TOTAL, SECRETARIAT, circle_of, terms_in, viewer_of


def sharing_terms_for(audience: str) -> str:
    """SELECT of the terms by which an audience's file was made: all of them, or those of its circle."""
    where = "" if audience == SECRETARIAT else f"where audience_class = '{circle_of(audience)}'"
    return (
        "select member_code, audience_class, indicator_group, detail, minimum_cell_items "
        f"from w.stg_member_terms {where} order by member_code, audience_class, indicator_group"
    )


def busiest_days_for(audience: str) -> str:
    """SELECT of the busiest day of each port and month that an audience may see.

    Of others only where the items of the month are shown: they are at least those of a day.
    """
    select = (
        "select b.member_code, b.port_code, b.time_period, b.busiest_date, b.items from w.mart_busiest_days b"
    )
    order = "order by all"
    if audience == SECRETARIAT:
        return f"{select} {order}"
    circle = circle_of(audience)
    return (
        f"{select} left join ({terms_in(circle)}) t "
        "on b.member_code = t.member_code and t.indicator_group = 'PRESSURE' "
        f"left join memory.shown_{circle} i on i.indicator_code = 'ITEMS' and i.obs_value is not null "
        f"and i.member_code = b.member_code and i.time_period = b.time_period and {IS_TOTAL.format('i')} "
        f"where b.member_code = '{viewer_of(audience) or ''}' "
        f"or (t.detail <> 'none' and b.items >= t.minimum_items and i.member_code is not null) {order}"
    )


def coverage_for(audience: str) -> str:
    """SELECT of who has reported what.

    How many and how late is for the secretariat, and of itself for each member; the others see the status of
    members that share anything.
    """
    order = "order by member_code, time_period"
    columns = "member_code, time_period, status, items, received_at, days_after_period_end"
    if audience == SECRETARIAT:
        return f"select {columns} from w.mart_coverage {order}"
    viewer = viewer_of(audience)
    sharing = (
        f"select member_code from ({terms_in(circle_of(audience))}) "
        f"where detail <> 'none' and indicator_group <> '{PROGRESS.upper()}'"
    )
    if viewer is None:
        return (
            "select member_code, time_period, status from w.mart_coverage "
            f"where member_code in ({sharing}) {order}"
        )
    own = ", ".join(
        f"case when member_code = '{viewer}' then {name} end as {name}"
        for name in ("items", "received_at", "days_after_period_end")
    )
    return (
        f"select member_code, time_period, status, {own} from w.mart_coverage "
        f"where member_code = '{viewer}' or member_code in ({sharing}) {order}"
    )
