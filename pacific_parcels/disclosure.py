"""What may leave, for whom: the one place that decides which figure enters which audience's file.

    secretariat   every figure
    public        regional figures, and of each member what its sharing terms allow: `none`, `totals` (no
                  channel, band or origin) or `detail`; a figure that rests on fewer items than the minimum,
                  or a regional one on fewer than three members, is confidential: conf_status C, obs_value
                  null, never 0

The minimum-frequency rule hides single cells. It does not keep a hidden cell from being worked out from the
totals around it.
"""

from __future__ import annotations

from typing import Literal

Audience = Literal["secretariat", "public"]
AUDIENCES: tuple[Audience, ...] = ("secretariat", "public")

MINIMUM_ITEMS = 5
MINIMUM_MEMBERS = 3

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


def indicators_for(audience: Audience, indicators: str, members: str) -> str:
    """SELECT of the indicators that an audience may see, over relations with the marts' columns."""
    order = f"order by {', '.join(KEYS)}"
    if audience == "secretariat":
        return f"select {', '.join(INDICATOR_COLUMNS)} from {indicators} {order}"
    return f"""
        with shared as (
            select
                i.*,
                i.member_code = '_T' as is_regional,
                case
                    when i.member_code = '_T' then {MINIMUM_ITEMS} else m.minimum_cell_items
                end as minimum_items
            from {indicators} i left join {members} m on i.member_code = m.member_code
            where i.member_code = '_T'
                or m.sharing_public = 'detail'
                or (
                    m.sharing_public = 'totals'
                    and i.channel_code = '_T' and i.value_band_code = '_T'
                    and i.counterpart_code = '_T' and i.commodity_code = '_T'
                )
        ),
        judged as (
            select
                *,
                obs_value is not null and (
                    coalesce(base_items between 1 and minimum_items - 1, false)
                    or (is_regional and coalesce(base_members between 1 and {MINIMUM_MEMBERS - 1}, false))
                ) as is_confidential
            from shared
        )
        select
            * exclude (is_regional, minimum_items, is_confidential, base_items, base_members)
            replace (
                {", ".join(f"case when not is_confidential then {name} end as {name}" for name in MEASURES)},
                case when is_confidential then 'C' else conf_status end as conf_status
            )
        from judged {order}
    """


def busiest_days_for(audience: Audience, busiest_days: str, members: str) -> str:
    """SELECT of the busiest day of each port and month that an audience may see."""
    columns, order = (
        "member_code, port_code, time_period, busiest_date, items",
        "order by member_code, port_code, time_period",
    )
    if audience == "secretariat":
        return f"select {columns} from {busiest_days} {order}"
    return (
        f"select b.{columns.replace(', ', ', b.')} from {busiest_days} b "
        f"join {members} m on b.member_code = m.member_code where m.sharing_public <> 'none' "
        f"and b.items >= greatest(m.minimum_cell_items, {MINIMUM_ITEMS}) {order}"
    )


def coverage_for(audience: Audience, coverage: str, members: str) -> str:
    """SELECT of who has reported what.

    How many and how late is for the secretariat; the public sees the status of members that share anything.
    """
    order = "order by member_code, time_period"
    if audience == "secretariat":
        columns = "member_code, time_period, status, items, received_at, days_after_period_end"
        return f"select {columns} from {coverage} {order}"
    return (
        f"select c.member_code, c.time_period, c.status from {coverage} c "
        f"join {members} m on c.member_code = m.member_code where m.sharing_public <> 'none' {order}"
    )
