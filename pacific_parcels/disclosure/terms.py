"""Who is asking, and what each member lets it see.

An audience is a file that somebody opens: `secretariat`, `public`, and `member_<code>` for each member. What
a member shares is said for two circles of readers,

    peers     the other members: each of them opens its own file, in which its own figures stand in full
    public    donors and everyone

by group of indicators (VOLUME, VALUE, TREATMENT, REVENUE, QUALITY, PRESSURE) and detail (`none`; `totals`: no
channel, band, counterpart or section; `detail`), with the fewest items under a figure. The terms come with
the snapshot, as stg_member_terms, and a change of them takes effect at the next publication.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Circle = Literal["peers", "public"]
CIRCLES: tuple[Circle, ...] = ("peers", "public")

SECRETARIAT = "secretariat"
PUBLIC = "public"
# What every region has; besides, there is one audience for each member.
AUDIENCES = (SECRETARIAT, PUBLIC)
_MEMBER_AUDIENCE = "member_"

# The fewest items under a figure, whatever a member agreed to.
MINIMUM_ITEMS = 5

DIMENSIONS = ("channel_code", "value_band_code", "counterpart_code", "commodity_code")
IS_TOTAL = " and ".join(f"{{0}}.{name} = '_T'" for name in DIMENSIONS)


def audiences_of(members: Iterable[str]) -> tuple[str, ...]:
    """Every audience of a region with these members."""
    return (*AUDIENCES, *(f"{_MEMBER_AUDIENCE}{code.lower()}" for code in sorted(members)))


def viewer_of(audience: str) -> str | None:
    """The member whose file this is; None for the files that are no member's."""
    if not audience.startswith(_MEMBER_AUDIENCE):
        return None
    return audience.removeprefix(_MEMBER_AUDIENCE).upper()


def circle_of(audience: str) -> Circle:
    """By which terms an audience other than the secretariat reads of members."""
    return "public" if audience == PUBLIC else "peers"


def terms_in(circle: Circle) -> str:
    """SELECT of member_code, indicator_group, detail, minimum_items that hold in a circle."""
    return (
        "select member_code, indicator_group, detail, "
        f"greatest(minimum_cell_items, {MINIMUM_ITEMS}) as minimum_items "
        f"from w.stg_member_terms where audience_class = '{circle}'"
    )


def is_agreed(figure: str, terms: str) -> str:
    """Whether a figure of a member, both given by the name of their relation, is within its terms."""
    is_total = IS_TOTAL.format(figure)
    return f"coalesce({terms}.detail = 'detail' or {terms}.detail = 'totals' and {is_total}, false)"


def sharing_terms_for(audience: str) -> str:
    """SELECT of the terms by which an audience's file was made: all of them, or those of its circle."""
    where = "" if audience == SECRETARIAT else f"where audience_class = '{circle_of(audience)}'"
    return (
        "select member_code, audience_class, indicator_group, detail, minimum_cell_items "
        f"from w.stg_member_terms {where} order by member_code, audience_class, indicator_group"
    )


def busiest_days_for(audience: str) -> str:
    """SELECT of the busiest day of each port and month that an audience may see."""
    select = (
        "select b.member_code, b.port_code, b.time_period, b.busiest_date, b.items from w.mart_busiest_days b"
    )
    order = "order by all"
    if audience == SECRETARIAT:
        return f"{select} {order}"
    return (
        f"{select} left join ({terms_in(circle_of(audience))}) t "
        "on b.member_code = t.member_code and t.indicator_group = 'PRESSURE' "
        f"where b.member_code = '{viewer_of(audience) or ''}' "
        f"or (t.detail <> 'none' and b.items >= t.minimum_items) {order}"
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
    sharing = f"select member_code from ({terms_in(circle_of(audience))}) where detail <> 'none'"
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
