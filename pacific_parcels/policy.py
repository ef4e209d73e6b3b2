"""What may be told, to whom: the policy that `disclosure` carries out and that `auditing` holds it to.

An audience is a file that somebody opens: `secretariat`, `public`, and `member_<code>` for each member. What
a member shares is said for two circles of readers,

    peers     the other members: each of them opens its own file, in which its own figures stand in full
    public    donors and everyone

by group of indicators (VOLUME, VALUE, TREATMENT, REVENUE, QUALITY, PRESSURE) and detail (`none`; `totals`: no
channel, band, counterpart or section; `detail`), with the fewest items under a figure. The group PROGRESS is
of gap reports: `detail` shows a member by its name, `none` counts it among the others. The terms come with
the snapshot, as stg_member_terms, and a change of them takes effect at the next publication.

Sources: Finnish Customs (fewer than three enterprises, or one of 75 % or more); tau-Argus (coalition of one);
UN IMTS 2010 and OECD for minimum frequencies.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
import numpy.typing as npt

Circle = Literal["peers", "public"]
CIRCLES: tuple[Circle, ...] = ("peers", "public")

SECRETARIAT = "secretariat"
PUBLIC = "public"
# What every region has; besides, there is one audience for each member.
AUDIENCES = (SECRETARIAT, PUBLIC)
_MEMBER_AUDIENCE = "member_"

# The fewest items under a figure, whatever a member agreed to.
MINIMUM_ITEMS = 5
# The fewest members under a regional figure, besides the member that reads it.
MINIMUM_MEMBERS = 3
# The fewest members under a count of progress that are not shown by name: one of them may be who reads it.
MINIMUM_COUNTED = MINIMUM_MEMBERS + 1
# NK(1, k): the share, in per cent, at which the largest of the other contributors is dominant.
DOMINANCE_PCT = 75
# p of the p-percent rule: how close, in per cent, nobody may come to a contribution.
P_PCT = 15
# Nobody may bound a hidden figure to an interval narrower than 30 % of it, nor from above to within 15 %; of
# few items, to one narrower than two, nor to within one.
PROTECTION_SHARE = 0.15
PROTECTION_ITEMS = 2.0

DIMENSIONS = ("channel_code", "value_band_code", "counterpart_code", "commodity_code")
CELL = ("member_code", *DIMENSIONS, "frequency", "time_period")
IS_TOTAL = " and ".join(f"{{0}}.{name} = '_T'" for name in DIMENSIONS)

Floats = npt.NDArray[np.float64]


def required_width(value: Floats, is_count: npt.NDArray[np.bool_] | bool) -> Floats:
    """How wide, at least, the interval must be that a reader can work out for a hidden figure.

    Half of it, at least, lies above the figure: a crumb beside a large figure leaves it open to below only.
    """
    width = 2 * PROTECTION_SHARE * np.abs(value)
    return np.where(is_count, np.maximum(width, PROTECTION_ITEMS), width)


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
