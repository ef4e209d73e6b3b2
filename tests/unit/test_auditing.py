"""The attack: what it must find, worked by hand, and what it must not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pytest

from pacific_parcels.auditing import CELL, Audit, audit

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
TOTAL = {"channel_code": "_T", "value_band_code": "_T", "counterpart_code": "_T", "commodity_code": "_T"}
PARCELS, LETTERS, EXPRESS = (
    {"channel_code": code} for code in ("POSTAL_PARCEL", "POSTAL_LETTER", "EXPRESS_CARRIER")
)
# Fewer than five items must not be told.
FEW = "t.indicator_code = 'ITEMS' and t.base_items between 1 and 4"


def width_of(value: Floats, is_count: Flags) -> Floats:
    """A count must stay open by two, an amount by 30 per cent."""
    return np.where(is_count, 2.0, 0.3 * value)


class Case:
    """Figures as they are, and which of them one audience is shown."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.truth: list[tuple[object, ...]] = []
        self.shown: list[tuple[object, ...]] = []

    def figure(
        self,
        value: float,
        *,
        member: str = "FJ",
        period: str = "2026-01",
        indicator: str = "ITEMS",
        is_shown: bool = True,
        **cell: str,
    ) -> None:
        places = TOTAL | cell
        frequency = "Q" if "Q" in period else "A" if len(period) == 4 else "M"
        key = (indicator, member, *places.values(), frequency, period)
        self.truth.append((*key, value, int(value) if indicator == "ITEMS" else 100, "A"))
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
        *,
        viewer: str | None = None,
        is_sensitive: str = FEW,
        earlier: tuple[Path, ...] = (),
        required_width: Callable[[Floats, Flags], Floats] = width_of,
    ) -> Audit:
        snapshot = self.new_path()
        columns = ", ".join(f"{column} varchar" for column in ("indicator_code", *CELL))
        with duckdb.connect(str(snapshot)) as connection:
            connection.execute(
                f"create table mart_indicators ({columns}, obs_value double, base_items bigint,"
                " obs_status varchar)"
            )
            connection.executemany(f"insert into mart_indicators values ({', '.join('?' * 11)})", self.truth)
        return audit(
            "public",
            self.file(),
            snapshot,
            viewer=viewer,
            additive=("ITEMS", "DECLARED_VALUE_USD"),
            is_sensitive=is_sensitive,
            required_width=required_width,
            earlier=earlier,
        )


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
    found = case.attack(is_sensitive="t.obs_value = 40", required_width=lambda value, _: 0.3 * value)
    assert bounds(found) == [("ABOVE", "FJ", 0, 41)]


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
    # The region is Fiji and Tonga. Everybody else can only say that Fiji has at most 140; Tonga knows.
    case.figure(140, member="_T")
    case.figure(100, member="FJ", is_shown=False)
    case.figure(40, member="TO", is_shown=False)
    is_fijis = "t.member_code = 'FJ'"
    assert case.attack(is_sensitive=is_fijis).is_passed
    assert bounds(case.attack(is_sensitive=is_fijis, viewer="TO")) == [("NARROW", "FJ", 100, 100)]


def test_what_an_earlier_file_showed_stays_known(case: Case) -> None:
    case.figure(100)
    case.figure(60, **PARCELS)
    case.figure(37, **LETTERS)
    earlier = case.file()
    case.shown.pop()
    case.figure(3, is_shown=False, **EXPRESS)
    assert bounds(case.attack(earlier=(earlier,))) == [("NARROW", "FJ", 3, 3)]


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
