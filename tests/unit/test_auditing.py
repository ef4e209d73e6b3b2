"""The attack: what it must find, worked by hand, and what it must not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from pacific_parcels import auditing
from pacific_parcels.auditing import Audit, audit
from pacific_parcels.policy import CELL

TOTAL = {"channel_code": "_T", "value_band_code": "_T", "counterpart_code": "_T", "commodity_code": "_T"}
PARCELS, LETTERS, EXPRESS = (
    {"channel_code": code} for code in ("POSTAL_PARCEL", "POSTAL_LETTER", "EXPRESS_CARRIER")
)
# Kind, of, by, bands, years, months.
LINKS: dict[str, tuple[object, ...]] = {
    "ITEMS": ("SUM", None, None, None, None, None),
    "DECLARED_VALUE_USD": ("SUM", None, None, None, None, None),
    "INSPECTION_RATE_PCT": ("SHARE", None, "ITEMS", None, None, None),
    "MEAN_VALUE_USD": ("RATIO", "DECLARED_VALUE_USD", "ITEMS", None, None, None),
    "SHARE_OF_ITEMS_PCT": ("SHARE_OF_TOTAL", "ITEMS", None, None, None, None),
    "ITEMS_PER_CAPITA": ("MULTIPLE", "ITEMS", None, None, None, None),
    "SHARE_LE_100_USD_PCT": ("RATIO", "ITEMS", "ITEMS", "LE25 GT25_LE50 GT50_LE100", None, None),
    "ITEMS_INDEX": ("INDEX", "ITEMS", None, None, None, None),
    "ITEMS_GROWTH_YOY_PCT": ("GROWTH", "ITEMS", None, None, 1, None),
    "ITEMS_ROLLING_12M": ("MOVING_SUM", "ITEMS", None, None, None, 12),
}


class Case:
    """Figures as they are, and which of them one audience is shown. Members share all, from five items on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.truth: list[tuple[object, ...]] = []
        self.shown: list[tuple[object, ...]] = []
        self.details: dict[str, str] = {}
        self.minimum_items = 5

    def figure(
        self,
        value: float,
        *,
        member: str = "FJ",
        period: str = "2026-01",
        indicator: str = "ITEMS",
        is_shown: bool = True,
        base_items: int | None = None,
        counted_items: int | None = None,
        coverage: float | None = None,
        **cell: str,
    ) -> None:
        places = TOTAL | cell
        frequency = "Q" if "Q" in period else "A" if len(period) == 4 else "M"
        key = (indicator, member, *places.values(), frequency, period)
        if base_items is None:
            base_items = int(value) if indicator == "ITEMS" else 100
        unit = "NUMBER" if indicator == "ITEMS" else "USD"
        status = "A" if coverage is None else "E"
        self.truth.append((*key, value, unit, base_items, 5, counted_items, status, coverage))
        if is_shown:
            self.shown.append((*key, value))

    def new_path(self) -> Path:
        return self.folder / f"{len(list(self.folder.iterdir()))}.duckdb"

    def file(self) -> Path:
        """A file that shows what is shown so far."""
        path = self.new_path()
        columns = ", ".join(f"{column} varchar" for column in ("indicator_code", *CELL))
        with duckdb.connect(str(path)) as connection:
            connection.execute(f"create table indicators ({columns}, obs_value double)")
            connection.executemany(f"insert into indicators values ({', '.join('?' * 9)})", self.shown)
        return path

    def attack(
        self,
        audience: str = "public",
        *,
        earlier: tuple[Path, ...] = (),
        cleared: dict[str, float] | None = None,
    ) -> Audit:
        snapshot = self.new_path()
        columns = ", ".join(f"{column} varchar" for column in ("indicator_code", *CELL))
        with duckdb.connect(str(snapshot)) as connection:
            connection.execute(
                f"""
                create table mart_indicators (
                    {columns}, obs_value double, unit_measure varchar, base_items bigint,
                    base_members integer, counted_items bigint, obs_status varchar, coverage_pct double
                );
                create table mart_indicator_links (
                    indicator_code varchar, kind varchar, of_code varchar, by_code varchar, bands varchar,
                    years integer, months integer, parts varchar, span varchar
                );
                create table mart_indicator_definitions (indicator_code varchar, indicator_group varchar);
                create table stg_member_terms (
                    member_code varchar, audience_class varchar, indicator_group varchar, detail varchar,
                    minimum_cell_items integer
                )
                """
            )
            connection.executemany(f"insert into mart_indicators values ({', '.join('?' * 15)})", self.truth)
            connection.executemany(
                "insert into mart_indicator_links values (?, ?, ?, ?, ?, ?, ?, null, null)",
                [(code, *link) for code, link in LINKS.items()],
            )
            connection.executemany(
                "insert into mart_indicator_definitions values (?, 'VOLUME')", [(code,) for code in LINKS]
            )
            connection.executemany(
                "insert into stg_member_terms values (?, ?, 'VOLUME', ?, ?)",
                [
                    (member, circle, self.details.get(member, "detail"), self.minimum_items)
                    for member in sorted({str(row[1]) for row in self.truth} - {"_T"})
                    for circle in ("public", "peers")
                ],
            )
        (found,) = audit({audience: self.file()}, snapshot, {audience: earlier}, cleared)
        return found


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def bounds(found: Audit) -> list[tuple[str, str, float, float]]:
    return [
        (finding.kind, finding.figure.split()[1], round(finding.lower, 6), round(finding.upper, 6))
        for finding in found.findings
    ]


def test_one_hidden_cell_is_what_the_total_leaves(case: Case) -> None:
    # 100 = 60 + 37 + ?: three.
    case.figure(100)
    case.figure(60, **PARCELS)
    case.figure(37, **LETTERS)
    case.figure(3, **EXPRESS, is_shown=False)
    found = case.attack()
    assert found.figures == 1
    assert bounds(found) == [("NARROW", "FJ", 3, 3)]


def test_two_hidden_cells_hide_each_other(case: Case) -> None:
    # 100 = 60 + ? + ?: from nought to forty.
    case.figure(100)
    case.figure(60, **PARCELS)
    case.figure(37, **LETTERS, is_shown=False)
    case.figure(3, **EXPRESS, is_shown=False)
    found = case.attack()
    assert found.is_passed
    assert found.figures == 1


def test_a_figure_that_must_not_be_told_and_is(case: Case) -> None:
    case.figure(100)
    case.figure(3, **EXPRESS)
    assert bounds(case.attack()) == [("OPEN", "FJ", 3, 3)]


def test_a_zero_hides_nothing(case: Case) -> None:
    # The file names letters as hidden too, but there were none, and everybody knows it: no row is a nought.
    case.figure(63)
    case.figure(60, **PARCELS)
    case.figure(3, **EXPRESS, is_shown=False)
    assert bounds(case.attack()) == [("NARROW", "FJ", 3, 3)]


def test_an_upper_bound_close_to_the_figure_is_found(case: Case) -> None:
    # 41 = ? + ?, of 40 and 1: each lies between 0 and 41. That is wide, but 41 says the forty from above.
    case.figure(41)
    case.figure(40, **PARCELS, is_shown=False)
    case.figure(1, **EXPRESS, is_shown=False)
    case.minimum_items = 41
    assert bounds(case.attack()) == [("ABOVE", "FJ", 0, 41)]


def test_months_are_worked_out_from_their_quarter(case: Case) -> None:
    # January is hidden in both channels, but the quarter of the express items and its other months are open:
    # 30 - 12 - 15 = 3.
    for period, total, parcels, express in (
        ("2026-01", 63, 60, 3),
        ("2026-02", 62, 50, 12),
        ("2026-03", 65, 50, 15),
        ("2026-Q1", 190, 160, 30),
    ):
        is_open = period != "2026-01"
        case.figure(total, period=period)
        case.figure(parcels, period=period, is_shown=is_open, **PARCELS)
        case.figure(express, period=period, is_shown=is_open, **EXPRESS)
    assert bounds(case.attack()) == [("NARROW", "FJ", 3, 3)]


def test_years_are_the_sum_of_their_quarters(case: Case) -> None:
    for period, items in (("2025", 43), ("2025-Q1", 3), ("2025-Q2", 10), ("2025-Q3", 15), ("2025-Q4", 15)):
        case.figure(items, period=period, is_shown=items != 3, **EXPRESS)
    assert bounds(case.attack()) == [("NARROW", "FJ", 3, 3)]


@pytest.mark.parametrize(
    "reveal",
    [
        # 3 of 103: 2.912621 per cent of an open total.
        lambda case: case.figure(2.912621, indicator="SHARE_OF_ITEMS_PCT", **EXPRESS),
        # 60 dollars in all, 20 on average.
        lambda case: (
            case.figure(60, indicator="DECLARED_VALUE_USD", **EXPRESS),
            case.figure(20, indicator="MEAN_VALUE_USD", **EXPRESS),
        ),
        # A year before there were 12, and three quarters fewer now.
        lambda case: (
            case.figure(12, period="2025-01", **EXPRESS),
            case.figure(-75, indicator="ITEMS_GROWTH_YOY_PCT", **EXPRESS),
        ),
        # The index fell from 80 in December, with 6 items, to 40.
        lambda case: (
            case.figure(6, period="2025-12", **EXPRESS),
            case.figure(80, indicator="ITEMS_INDEX", period="2025-12", **EXPRESS),
            case.figure(40, indicator="ITEMS_INDEX", **EXPRESS),
        ),
    ],
    ids=["share", "mean", "growth", "index"],
)
def test_a_ratio_gives_a_hidden_figure_away(case: Case, reveal: Callable[[Case], object]) -> None:
    case.figure(103)
    case.figure(60, is_shown=False, **PARCELS)
    case.figure(40, is_shown=False, **LETTERS)
    case.figure(3, is_shown=False, **EXPRESS)
    reveal(case)
    ((kind, _, lower, upper),) = bounds(case.attack())
    assert kind == "NARROW"
    assert lower == pytest.approx(3, abs=1e-4)
    assert upper == pytest.approx(3, abs=1e-4)


def test_the_share_up_to_100_dollars_ties_the_bands(case: Case) -> None:
    # 40 valued items, 92.5 per cent of them up to US$100: 37; so the two hidden bands above hold 3 together.
    case.figure(40)
    case.figure(37, value_band_code="LE25", is_shown=False)
    case.figure(3, value_band_code="GT100_LE250", is_shown=False)
    assert case.attack().is_passed
    case.figure(92.5, indicator="SHARE_LE_100_USD_PCT")
    assert bounds(case.attack()) == [("NARROW", "FJ", 3, 3)]


def test_twelve_months_give_the_one_that_left(case: Case) -> None:
    # 2025: 3 in January, 10 in each other month: 113. Eleven are open.
    for month in range(1, 13):
        case.figure(3 if month == 1 else 10, period=f"2025-{month:02d}", is_shown=month > 1, **EXPRESS)
    assert case.attack().is_passed
    case.figure(113, indicator="ITEMS_ROLLING_12M", period="2025-12", **EXPRESS)
    assert bounds(case.attack()) == [("NARROW", "FJ", 3, 3)]


def test_a_member_knows_its_own_part_of_the_region(case: Case) -> None:
    # 250 = 100 of Fiji + 40 of Tonga + 60 + 50. Everybody else can only say that Fiji and Tonga have 140
    # together; Tonga knows its 40.
    case.details = {"FJ": "none", "TO": "none"}
    case.figure(250, member="_T")
    case.figure(100, member="FJ", is_shown=False)
    case.figure(40, member="TO", is_shown=False)
    case.figure(60, member="NC")
    case.figure(50, member="WS")
    found = case.attack()
    assert found.is_passed
    assert found.figures == 2
    assert bounds(case.attack("member_to")) == [("NARROW", "FJ", 100, 100)]


@pytest.mark.parametrize(
    ("audience", "parts", "is_told"),
    [
        # Three members: each of them faces two others. Four of even size: nobody faces fewer than three.
        ("public", (50, 40, 30), False),
        ("member_fj", (50, 40, 30), True),
        ("member_fj", (50, 40, 30, 30), False),
        ("public", (50, 40), True),
        # The largest of those besides the reader has 76 of 100, and 74 of 100.
        ("public", (76, 12, 12), True),
        ("public", (74, 13, 13), False),
        # The second largest takes its own 90 off: 14 are less than 15 per cent of 100, 16 are not.
        ("member_to", (100, 90, 7, 7), True),
        ("member_to", (100, 90, 8, 8), True),
        ("member_to", (100, 90, 20, 20), False),
    ],
)
def test_a_regional_figure_needs_enough_other_members(
    case: Case, audience: str, parts: tuple[int, ...], is_told: bool
) -> None:
    members = ("FJ", "TO", "NC", "WS")[: len(parts)]
    case.details = dict.fromkeys(members, "totals")
    case.figure(sum(parts), member="_T", **EXPRESS)
    for member, items in zip(members, parts, strict=True):
        case.figure(items, member=member, is_shown=audience == f"member_{member.lower()}", **EXPRESS)
    found = {(kind, figure.split()[1]) for kind, figure in
             ((one.kind, one.figure) for one in case.attack(audience).findings)}  # fmt: skip
    assert (("OPEN", "_T") in found) is is_told


@pytest.mark.parametrize(
    ("of_fiji", "expected"),
    [
        # Air: 100, of which Fiji has 92; sea: 110, of which it has 102. Both are hidden; their sum is what
        # the open post leaves of the open total: 410 - 200 = 210, of which Fiji has 194, or 92 per cent.
        # Who takes its parts for granted has air between 92 and 210 - 102 = 108, which is 16 wide where 30
        # are asked for, and sea between 102 and 210 - 92 = 118.
        ((92, 102), [("NARROW", "_T", 92, 108), ("NARROW", "_T", 102, 118)]),
        # Air alone is dominated: 40 of the 110 by sea are Fiji's, so that sea may be anything down to nought,
        # and air anything from 92 to 210.
        ((92, 40), []),
    ],
)
def test_hidden_figures_whose_sum_is_dominated_do_not_cover_each_other(
    case: Case, of_fiji: tuple[int, int], expected: list[tuple[str, str, float, float]]
) -> None:
    case.details = dict.fromkeys(("FJ", "TO", "NC", "WS", "VU"), "totals")
    case.figure(410, member="_T")
    case.figure(200, member="_T", channel_code="POSTAL_PARCEL")
    for channel, total, fiji in zip(("AIR_CARGO", "SEA_CARGO"), (100, 110), of_fiji, strict=True):
        case.figure(total, member="_T", is_shown=False, channel_code=channel)
        parts = (fiji, *((total - fiji) / 4,) * 4)
        for member, items in zip(("FJ", "TO", "NC", "WS", "VU"), parts, strict=True):
            case.figure(items, member=member, is_shown=False, channel_code=channel)
    for member in case.details:
        case.figure(40, member=member, is_shown=False, **PARCELS)

    assert bounds(case.attack()) == expected


def test_where_one_member_is_all_of_the_region_its_part_is_not_taken_for_granted(case: Case) -> None:
    # Fiji alone: 3 express items and 7 letters are hidden in the region and in Fiji, and 10 of both are what
    # the 60 parcels leave of 70. Express may be anything from nought to 10.
    for member in ("_T", "FJ"):
        case.figure(70, member=member)
        case.figure(60, member=member, **PARCELS)
        case.figure(7, member=member, is_shown=False, **LETTERS)
        case.figure(3, member=member, is_shown=False, **EXPRESS)
    assert [finding for finding in case.attack().findings if finding.kind != "OPEN"] == []


def test_shares_are_added_up_like_the_items_they_count(case: Case) -> None:
    # Inspected: 23 of 100 in all, 20 of 60 parcels; so 3 of 40 letters, though that share is not shown.
    case.figure(100)
    case.figure(60, **PARCELS)
    case.figure(40, **LETTERS)
    case.figure(23, indicator="INSPECTION_RATE_PCT", base_items=23, counted_items=23)
    case.figure(33.333333, indicator="INSPECTION_RATE_PCT", base_items=20, counted_items=20, **PARCELS)
    case.figure(
        7.5, indicator="INSPECTION_RATE_PCT", base_items=3, counted_items=3, is_shown=False, **LETTERS
    )
    assert bounds(case.attack()) == [("NARROW", "FJ", 3, 3)]


def test_the_items_behind_a_share_are_known_to_the_item_however_many_they_are(case: Case) -> None:
    """All but 3 of the 5,123,333 letters were inspected: six decimals alone leave room for thousands.

    Of 41,234,567 items 1,000 were not, so 41,233,567 were; of 36,111,234 parcels 997, so 36,110,237 were.
    41,233,567 - 36,110,237 = 5,123,330. From 99.997575 % and the 1,000 one would come to 41,236,113 +- 8,500.
    """
    of_all, of_parcels, of_letters = (41_234_567, 1_000), (36_111_234, 997), (5_123_333, 3)
    for (items, others), place in ((of_all, {}), (of_parcels, PARCELS), (of_letters, LETTERS)):
        case.figure(items, **place)
        case.figure(
            round(100 * (items - others) / items, 6),
            indicator="INSPECTION_RATE_PCT",
            base_items=others,
            counted_items=items - others,
            is_shown=place != LETTERS,
            **place,
        )
    assert bounds(case.attack()) == [("NARROW", "FJ", 5_123_330, 5_123_330)]


def test_a_figure_that_two_files_give_with_few_items_more_tells_those(case: Case) -> None:
    # 100 in the earlier file and 102 now: two late items, with whatever else is said of the cell.
    case.figure(100)
    earlier = case.file()
    case.truth.clear()
    case.shown.clear()
    case.figure(102)
    assert bounds(case.attack(earlier=(earlier,))) == [("OPEN", "FJ", 102, 102)]
    case.truth.clear()
    case.shown.clear()
    case.figure(105)
    assert case.attack(earlier=(earlier,)).is_passed


@pytest.mark.parametrize(("now", "findings"), [(152.0, []), (151.0, [("OPEN", "_T", 150, 150)])])
def test_an_estimate_is_held_against_an_estimate(
    case: Case, now: float, findings: list[tuple[str, str, float, float]]
) -> None:
    # 150 were reported, by five members; the region was estimated at 152, with them as 150 / 152 of it. Where
    # the next file says the same nothing was revised; where it says 151, one item was.
    def lay_down(estimate: float) -> None:
        case.truth.clear()
        case.shown.clear()
        for member in ("FJ", "NC", "TO", "VU", "WS"):
            case.figure(30, member=member)
        case.figure(estimate, member="_T", base_items=150, coverage=100 * 150 / estimate)

    lay_down(152.0)
    earlier = case.file()
    lay_down(now)
    assert bounds(case.attack(earlier=(earlier,))) == findings


@pytest.mark.parametrize("items_before", [153, 163])
def test_a_multiple_of_what_was_there_before_says_nothing_of_what_is_there_now(
    case: Case, items_before: int
) -> None:
    # 15.3 per head were 153 items; there are 152 now, and the figure is hidden. So it is with 163.
    case.minimum_items = 200
    case.figure(items_before, indicator="ITEMS")
    case.figure(items_before / 10, indicator="ITEMS_PER_CAPITA")
    earlier = case.file()
    case.truth.clear()
    case.shown.clear()
    case.figure(500, member="TO")
    case.figure(152, is_shown=False)
    case.figure(15.2, indicator="ITEMS_PER_CAPITA", is_shown=False)
    assert case.attack(earlier=(earlier,)).is_passed


def test_of_a_revised_cell_nobody_knows_which_figures_still_hold(case: Case) -> None:
    # 55 items were shown with 1,620 dollars, and 30 on average of the 54 that have a value. The one that has
    # none was taken back: 54 items, the same dollars, all hidden. Who divides the earlier 1,620 by the
    # earlier 30 has 54, and cannot tell that they are all.
    case.figure(55)
    case.figure(1620, indicator="DECLARED_VALUE_USD")
    case.figure(30, indicator="MEAN_VALUE_USD")
    earlier = case.file()
    case.truth.clear()
    case.shown.clear()
    case.figure(500, member="TO")
    case.figure(54, is_shown=False)
    case.figure(1620, indicator="DECLARED_VALUE_USD", is_shown=False)
    case.figure(30, indicator="MEAN_VALUE_USD", is_shown=False)
    assert case.attack(earlier=(earlier,)).is_passed


def test_what_the_earlier_file_gives_away_by_itself_is_told_and_closes_no_gate(case: Case) -> None:
    # The earlier file showed the letters, which are 3; now they are hidden, too late.
    case.figure(63)
    case.figure(60, **PARCELS)
    case.figure(3, **LETTERS)
    earlier = case.file()
    case.shown.pop()
    found = case.attack(earlier=(earlier,))
    assert found.is_passed


def test_a_part_that_held_is_not_attacked_again(case: Case) -> None:
    case.figure(100)
    case.figure(60, **PARCELS)
    case.figure(37, **LETTERS, is_shown=False)
    case.figure(3, **EXPRESS, is_shown=False)
    cleared: dict[str, float] = {}
    first = case.attack(cleared=cleared)
    again = case.attack(cleared=cleared)
    assert first.programs > 0
    assert (again.programs, again.narrowest, again.figures) == (0, first.narrowest, first.figures)
    assert len(cleared) == 1
    # One number changes: 38 letters.
    case.truth[0] = (*case.truth[0][:8], 101.0, *case.truth[0][9:])
    case.truth[2] = (*case.truth[2][:8], 38.0, *case.truth[2][9:])
    case.shown[0] = (*case.shown[0][:8], 101.0)
    assert case.attack(cleared=cleared).programs > 0


@pytest.mark.parametrize(
    ("unseen", "audience", "expected"),
    [
        # The region's 120 parcels less the 90 of the three that show theirs are the 30 of Samoa, and its 80
        # letters less 60 the other 20.
        (("WS",), "public", [("NARROW", "_W", 20, 20), ("NARROW", "_W", 30, 30)]),
        # Of two there are 60 parcels together; either may have from 10, as its total of 50 less the 40
        # letters of both, to 50. New Caledonia is one of the two, and knows the other.
        (("NC", "WS"), "public", []),
        (("NC", "WS"), "member_nc", [("NARROW", "_W", 40, 40), ("NARROW", "_W", 60, 60)]),
        (("TO", "NC", "WS"), "member_nc", []),
        (("FJ", "TO", "NC", "WS"), "public", []),
    ],
)
def test_members_of_whose_cells_nothing_is_seen_cover_each_other(
    case: Case, unseen: tuple[str, ...], audience: str, expected: list[tuple[str, str, float, float]]
) -> None:
    case.details = dict.fromkeys(unseen, "totals")
    case.figure(200, member="_T")
    case.figure(120, member="_T", **PARCELS)
    case.figure(80, member="_T", **LETTERS)
    for member in ("FJ", "TO", "NC", "WS"):
        is_shown = member not in unseen
        case.figure(50, member=member)
        case.figure(30, member=member, is_shown=is_shown, **PARCELS)
        case.figure(20, member=member, is_shown=is_shown, **LETTERS)
    assert bounds(case.attack(audience)) == expected


def test_what_an_earlier_file_showed_stays_known(case: Case) -> None:
    # The earlier file had the letters, the new one has the total and the parcels: 100 - 60 - 37 = 3.
    case.figure(37, **LETTERS)
    earlier = case.file()
    case.shown.clear()
    case.figure(100)
    case.figure(60, **PARCELS)
    case.figure(3, is_shown=False, **EXPRESS)
    assert bounds(case.attack(earlier=(earlier,))) == [("NARROW", "FJ", 3, 3)]
    assert case.attack().is_passed


def test_what_an_earlier_file_said_and_is_no_longer_true_is_not_known(case: Case) -> None:
    case.figure(100)
    case.figure(60, **PARCELS)
    case.figure(35, **LETTERS)
    earlier = case.file()
    case.shown.pop()
    case.truth.pop()
    case.figure(37, is_shown=False, **LETTERS)
    case.figure(3, is_shown=False, **EXPRESS)
    assert case.attack(earlier=(earlier,)).is_passed


def test_a_sum_that_does_not_hold_is_no_knowledge(case: Case) -> None:
    # The parts make 98 of 100: something is not told apart, so the total says nothing of the three.
    case.figure(100)
    case.figure(60, **PARCELS)
    case.figure(35, **LETTERS)
    case.figure(3, is_shown=False, **EXPRESS)
    assert case.attack().is_passed


@pytest.mark.parametrize("members", range(25))
def test_nobody_s_file_is_left_out_when_the_attack_is_shared_out(members: int) -> None:
    audiences = ["public", "secretariat", *(f"member_{number:02d}" for number in range(members))]
    shared = auditing._shared_out({audience: Path(audience) for audience in audiences})
    assert sorted(one for half in shared for one in half) == sorted(set(audiences) - {"secretariat"})
    assert len(shared) == (1 if members < 5 else 2)
    if len(shared) == 2:  # the public file counts for four
        sizes = [sum(4 if one == "public" else 1 for one in half) for half in shared]
        assert abs(sizes[0] - sizes[1]) <= 4
