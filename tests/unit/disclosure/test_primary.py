"""Which figures tell too much by themselves, on regions of a few items."""

from __future__ import annotations

import pytest

from tests.unit.disclosure.small_region import Region

FIVE = ("FJ", "NC", "TO", "VU", "WS")


def region(*counts: int, channel: str = "POST") -> Region:
    made = Region()
    for member, count in zip(FIVE, counts, strict=False):
        made.put(member, count, channel)
    return made


@pytest.mark.parametrize(
    ("counts", "is_hidden"),
    [
        ((20, 20, 20, 20), False),
        ((20, 20, 20), True),  # one of the three reads it: two others are too few
        ((20, 20), True),  # the region of two members: each would know the other
        # 60 of 100 is under 75 %; but without its own 30 the second one knows that 60 of 70 are the first's.
        ((60, 30, 5, 5), True),
        # 45 of the 75 that are not the second's: 60 %.
        ((45, 25, 15, 15), False),
        # 75 of the 100 that are not the second's: 75 % and dominant.
        ((75, 20, 10, 15), True),
        ((74, 20, 10, 16), False),
    ],
)
def test_a_regional_figure_needs_three_others_none_dominant(counts: tuple[int, ...], is_hidden: bool) -> None:
    made = region(*counts)
    # So that a channel is not the total.
    for member, count in zip(FIVE, (40, 40, 40, 40, 40), strict=True):
        made.put(member, count, "SEA", "GT1000")

    shown = made.published()

    assert (shown.of(channel="POST") == "C") is is_hidden


@pytest.mark.parametrize(
    ("count", "minimum", "shown"),
    [(4, 5, "C"), (5, 5, 5.0), (1, 5, "C"), (19, 20, "C"), (20, 20, 20.0), (4, 3, "C")],
)
def test_a_member_s_figure_needs_its_minimum_of_items_and_never_less_than_five(
    count: int, minimum: int, shown: float | str
) -> None:
    made = region(50, 50, 50, 50, 50)
    made.put("FJ", count, month="2026-04")
    for member in FIVE[1:]:
        made.put(member, 50, month="2026-04")
    made.minimums = {"FJ": minimum}

    assert made.published().of("FJ", period="2026-04") == shown


def test_nothing_came_is_not_confidential() -> None:
    made = region(50, 50, 50, 50, 0)

    assert made.published().of("WS") == 0


def test_a_value_that_one_member_dominates_is_hidden_where_the_items_are_not() -> None:
    made = region(20, 20, 20, 20, 20)
    made.put("FJ", 20, value=100_000)

    shown = made.published()

    assert shown.of() == 100
    # 100,000 of the 100,600 that are not the second's.
    assert shown.of(code="DECLARED_VALUE_USD") == "C"


def test_of_a_new_member_the_matched_growth_must_not_tell_the_figure() -> None:
    """WS begins in April: the growth of the channel leaves it out, the channel's items do not."""
    made = Region(public={"FJ": "detail"}, peers={"FJ": "detail"})
    for month in ("2026-03", "2026-04", "2026-05"):
        for member in FIVE[:4]:
            made.put(member, 40, "POST", month=month)
            made.put(member, 40, "SEA", "GT1000", "JP", month=month)
        if month > "2026-03":
            made.put("WS", 30, "POST", month=month)
            made.put("WS", 40, "SEA", "GT1000", "JP", month=month)

    shown = made.published()

    assert shown.of(channel="POST", period="2026-04") == "C"
    assert shown.of(channel="POST", period="2026-05") == 4 * 40 + 30
    assert shown.of(period="2026-04") == 4 * 80 + 70  # the member's total is open anyway


def test_a_quarter_without_a_member_that_came_late_does_not_tell_its_months() -> None:
    """By channel, the months less the quarter are what WS had in April: 30 or 40."""
    made = Region()
    for month in ("2026-04", "2026-05", "2026-06"):
        for member in FIVE[:4]:
            made.put(member, 40, "POST", month=month)
            made.put(member, 40, "SEA", month=month)
    for channel, count in (("POST", 30), ("SEA", 40)):
        made.put("WS", count, channel, month="2026-06")

    shown = made.published()

    for channel in ("POST", "SEA"):
        months = [shown.of(channel=channel, period=f"2026-0{n}") for n in (4, 5, 6)]
        assert "C" in [*months, shown.of(channel=channel, period="2026-Q2")]


def test_a_dimension_of_small_numbers_is_withheld_and_its_total_stays() -> None:
    """By counterpart, FJ has 1, 2, 1 and 90 items: three of four cells would be confidential."""
    made = Region(public={"FJ": "detail"})
    for member in FIVE[1:]:
        for counterpart in ("CN", "JP", "KR", "AU"):
            made.put(member, 50, counterpart=counterpart)
    for counterpart, count in (("CN", 1), ("JP", 2), ("KR", 1), ("AU", 90)):
        made.put("FJ", count, counterpart=counterpart)

    shown = made.published()

    assert [shown.of("FJ", counterpart=code) for code in ("CN", "JP", "KR", "AU")] == [None] * 4
    assert shown.of("FJ") == 94
    assert shown.of("FJ", channel="POST") == 94
