"""Scores of progress, on tables worked by hand, and on the regional figures that are published."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacific_parcels.frameworks import Framework, load_frameworks
from pacific_parcels.gap import codes_of
from pacific_parcels.progress.history import Action, Assessment, Commitment
from pacific_parcels.progress.scores import (
    Forecast,
    StageScore,
    by_area,
    commitment_shares,
    forecast,
    is_overdue,
    matched_rates,
    region_rate_pct,
    share_pct,
    slippage_days,
    stage_score,
    timeliness,
)

STANDARDS: Framework = load_frameworks()["WCO_FOS_2022"]
DAY = date(2026, 3, 31)
STAGES = st.sampled_from([code.code for code in codes_of("stages")])


class TestStages:
    def test_the_points_are_three_two_one_and_none(self) -> None:
        """3 + 2 + 1 + 0 = 6 of 4 · 3 = 12."""
        assert stage_score(["FULL", "PARTIAL", "PILOT", "NONE"]) == StageScore(1, 1, 1, 1, 0, 0, 50, 50, 50)

    def test_what_is_not_known_is_no_nought_but_widens_the_bounds(self) -> None:
        """Known: 3 + 2 = 5 of 6, 83.3 %. With one unknown: 5 of 9 to 8 of 9."""
        score = stage_score(["FULL", "PARTIAL", "NOT_KNOWN"])
        assert score.not_known == 1
        assert (score.rate_pct, score.lowest_pct, score.highest_pct) == pytest.approx(
            (500 / 6, 500 / 9, 800 / 9)
        )

    def test_a_measure_without_any_assessment_is_not_known(self) -> None:
        """16 measures, 2 assessed, one not to be had: 14 are not known; 3 points of 3, 3 to 45 of 45."""
        score = stage_score(["FULL", "NOT_APPLICABLE"], measures=16)
        assert (score.not_known, score.not_applicable, score.rate_pct) == (14, 1, 100)
        assert (score.lowest_pct, score.highest_pct) == pytest.approx((100 * 3 / 45, 100))

    def test_where_nothing_is_known_there_is_no_rate(self) -> None:
        score = stage_score(["NOT_KNOWN", "NOT_APPLICABLE"])
        assert (score.rate_pct, score.lowest_pct, score.highest_pct) == (None, 0, 100)
        assert stage_score([]).lowest_pct is None

    def test_by_principle(self) -> None:
        """P2 has S05 and S06; P8 has S15. S05 partial, S06 not assessed: 2 of 3, between 2 and 5 of 6."""
        areas = by_area(STANDARDS, {"S05": "PARTIAL", "S15": "FULL"})
        assert list(areas) == [f"P{number}" for number in range(1, 9)]
        second = areas["P2"]
        assert (second.partial, second.not_known) == (1, 1)
        assert (second.rate_pct, second.lowest_pct, second.highest_pct) == pytest.approx(
            (200 / 3, 100 / 3, 500 / 6)
        )
        assert areas["P8"].rate_pct == 100
        assert areas["P4"].rate_pct is None

    def test_the_region_is_the_mean_of_its_members_each_alike(self) -> None:
        assert region_rate_pct([30, None, 60]) == 45
        assert region_rate_pct([None]) is None

    @given(st.lists(STAGES, max_size=20), st.integers(0, 25))
    def test_the_rate_lies_between_its_bounds_and_every_measure_is_counted_once(
        self, stages: list[str], measures: int
    ) -> None:
        score = stage_score(stages, measures)
        counted = (
            score.full + score.partial + score.pilot + score.none + score.not_known + score.not_applicable
        )
        assert counted == max(measures, len(stages))
        if score.rate_pct is not None and score.lowest_pct is not None and score.highest_pct is not None:
            assert 0 <= score.lowest_pct <= score.rate_pct + 1e-9
            assert score.rate_pct <= score.highest_pct + 1e-9 <= 100 + 2e-9


class TestPublishedFigures:
    """Pacific Regional E-commerce Strategy, 54 measures: 43 % under implementation in 2022, 61 % in 2023 and
    23 % completed (forumsec.org, 19 April 2024; etradeforall.org)."""

    @pytest.mark.parametrize(("measures", "published"), [(23, 43), (33, 61)])
    def test_those_under_implementation_are_whole_measures_of_54(self, measures: int, published: int) -> None:
        share = share_pct(measures, 54)
        assert share is not None
        assert round(share) == published

    def test_the_23_per_cent_completed_are_no_whole_number_of_54_measures(self) -> None:
        """12 of 54 are 22.2 %, 13 are 24.1 %: it counts something else, and nothing is derived from it."""
        shares = [share_pct(measures, 54) for measures in range(55)]
        assert [share for share in shares if share is not None and round(share) == 23] == []


def commitment(measure: str, category: str | None, target: date | None = None) -> Commitment:
    return Commitment("FJ", "WTO_TFA", measure, category, "DEFINITIVE" if target else None, target)


class TestCommitments:
    def test_each_measure_is_counted_in_one_state(self) -> None:
        measures = ["1.1", "1.2", "1.3", "1.4", "2.1", "2.2", "3", "4"]
        stated = [
            commitment("1.1", "A"),
            commitment("1.2", "B", DAY),  # on the very day
            commitment("1.3", "B", DAY + timedelta(days=1)),
            commitment("1.4", "C", date(2030, 12, 31)),
            commitment("2.1", "C", date(2025, 12, 31)),
            commitment("2.2", "C"),
            commitment("3", None),
        ]
        shares = commitment_shares(measures, stated, DAY)
        assert (shares.to_date, shares.without_support, shares.with_support) == (3, 1, 1)
        assert (shares.not_designated, shares.unknown) == (2, 1)
        assert shares.pct("to_date") == 37.5
        assert shares.pct("not_designated") == 25

    def test_without_measures_there_is_no_share(self) -> None:
        assert commitment_shares([], [], DAY).pct("to_date") is None

    @given(
        st.lists(
            st.tuples(
                st.sampled_from([None, "A", "B", "C"]),
                st.none() | st.dates(date(2020, 1, 1), date(2035, 1, 1)),
            ),
            max_size=36,
        )
    )
    def test_the_states_add_up(self, stated: list[tuple[str | None, date | None]]) -> None:
        commitments = [commitment(str(number), *one) for number, one in enumerate(stated)]
        shares = commitment_shares([str(number) for number in range(36)], commitments, DAY)
        known = shares.to_date + shares.without_support + shares.with_support
        assert known + shares.not_designated + shares.unknown == 36


def action(status: str, first_due: date, due: date | None = None, completed: date | None = None) -> Action:
    dates = (date(2025, 1, 1), due or first_due, first_due, completed)
    return Action("FJ", "1", "WCO_FOS_2022", "S05", status, *dates, "Customs", None)


class TestActions:
    def test_the_first_date_counts_and_moving_it_is_no_merit(self) -> None:
        actions = [
            action("DONE", date(2026, 1, 31), completed=date(2026, 1, 31)),  # on time, slippage 0
            action("DONE", date(2026, 1, 31), date(2026, 3, 31), date(2026, 3, 2)),  # late by 30 days
            action("UNDER_WAY", date(2026, 3, 1)),  # overdue by 30 days
            action("PLANNED", date(2026, 6, 30), date(2026, 7, 10)),  # not due; moved by 10 days
            action("DONE", date(2026, 6, 30), completed=date(2026, 3, 2)),  # not due; 120 days early
            action("STOPPED", date(2026, 1, 1)),
        ]
        figures = timeliness(actions, DAY)
        assert (figures.actions, figures.due, figures.on_time, figures.late, figures.overdue) == (
            6,
            3,
            1,
            1,
            1,
        )
        assert (figures.stopped, figures.on_time_pct) == (1, pytest.approx(100 / 3))
        assert [slippage_days(one, DAY) for one in actions[:5]] == [0, 30, 30, 10, -120]
        assert [is_overdue(one, DAY) for one in actions] == [False, False, True, False, False, False]
        assert figures.slippage_days == 10  # the middle of -120, 0, 10, 30, 30

    def test_an_action_whose_moved_date_is_to_come_has_slipped_to_that_date(self) -> None:
        assert slippage_days(action("UNDER_WAY", date(2026, 1, 1), date(2026, 5, 1)), DAY) == 120

    def test_where_nothing_is_due_there_is_no_share(self) -> None:
        assert timeliness([action("PLANNED", date(2027, 1, 1))], DAY).on_time_pct is None
        assert timeliness([], DAY).slippage_days is None


def rates(*steps: float, days: int, start: float = 40) -> list[tuple[date, float]]:
    """A rate after each step, `days` apart."""
    points = [(date(2024, 1, 1), start)]
    for step in steps:
        points.append((points[-1][0] + timedelta(days=days), points[-1][1] + step))
    return points


class TestForecast:
    def test_a_pace_without_chance_is_a_day(self) -> None:
        """40 to 70 in 450 days: the other 30 take 450 days more."""
        day = date(2024, 1, 1) + timedelta(days=900)
        assert forecast(rates(10, 10, 10, days=150)) == Forecast("GIVEN", day, day, day)

    def test_an_uneven_pace_has_an_interval(self) -> None:
        """Steps of 12, 6 and 12 in 150 days each: d = 30 / 450, s² = (4 + 16 + 4) / 150 / 2 = 0.08. Student's
        quantile of 0.9 with 2 degrees is 0.8 / √0.18, its square 3.5556, so c = 0.28444; a = d² - c / 450 =
        0.0038123, b = 2 · 30 · d + c = 4.28444; (b ± √(b² - 4 a 30²)) / 2a = 279.7 and 844.2 days."""
        end = date(2024, 1, 1) + timedelta(days=450)
        assert forecast(rates(12, 6, 12, days=150)) == Forecast(
            "GIVEN", end + timedelta(days=450), end + timedelta(days=280), end + timedelta(days=844)
        )

    def test_where_the_pace_cannot_be_told_from_none_the_interval_has_no_end(self) -> None:
        """Steps of 30, -10 and 10: d = 30 / 450; the variance is (400 + 400 + 0) / 150 / 2 = 2.667, and
        c / 450 = 0.021 is more than d² = 0.0044."""
        found = forecast(rates(30, -10, 10, days=150))
        assert (found.status, found.latest) == ("GIVEN", None)
        assert found.earliest is not None
        assert found.expected is not None
        assert found.earliest < found.expected

    @pytest.mark.parametrize(
        ("points", "status"),
        [
            ([], "TOO_FEW"),
            (rates(10, 10, days=300), "TOO_FEW"),
            (rates(10, 10, 10, days=121), "TOO_SHORT"),  # 363 days
            (rates(10, -5, -5, days=200), "NO_PROGRESS"),
            (rates(1, -1, 0.5, days=200), "TOO_FAR"),  # 59.5 at 0.5 in 600 days
            (rates(60, days=10), "REACHED"),
        ],
    )
    def test_where_there_is_too_little_there_is_none(
        self, points: list[tuple[date, float]], status: str
    ) -> None:
        assert forecast(points) == Forecast(status)

    @given(st.lists(st.floats(-5, 15), min_size=3, max_size=8), st.integers(130, 400))
    def test_what_is_expected_lies_inside_the_interval_and_after_the_last_assessment(
        self, steps: list[float], days: int
    ) -> None:
        points = rates(*steps, days=days, start=5)
        found = forecast(points)
        if found.status == "GIVEN":
            assert found.earliest is not None
            assert found.expected is not None
            assert points[-1][0] <= found.earliest <= found.expected
            assert found.latest is None or found.expected <= found.latest


def assessment(measure: str, stage: str, day: date, assessor: str = "SELF") -> Assessment:
    return Assessment("FJ", STANDARDS.code, measure, stage, day, assessor, False, False)


class TestMatchedRates:
    FIRST = tuple(assessment(measure.code, "NONE", date(2024, 1, 10)) for measure in STANDARDS.measures)

    def test_a_rate_after_each_month_with_assessments(self) -> None:
        """16 measures: one that becomes full is 3 of 48 points, 6.25 %."""
        later = [
            assessment("S01", "FULL", date(2024, 6, 3)),
            assessment("S02", "PILOT", date(2024, 6, 20)),
            assessment("S02", "FULL", date(2025, 1, 15)),
        ]
        assert matched_rates(STANDARDS, [*self.FIRST, *later]) == [
            (date(2024, 1, 10), 0),
            (date(2024, 6, 20), pytest.approx(100 * 4 / 48)),
            (date(2025, 1, 15), 12.5),
        ]

    def test_a_measure_that_is_assessed_only_later_moves_nothing(self) -> None:
        """15 of 16 are 94 % of the measures; S16's own rise is no progress of the others."""
        first = self.FIRST[:-1]
        added = assessment(STANDARDS.measures[-1].code, "FULL", date(2024, 6, 3))
        assert [rate for _, rate in matched_rates(STANDARDS, [*first, added])] == [0, 0]

    def test_of_too_few_measures_nothing_is_told(self) -> None:
        """12 of 16 are 75 %, 13 are 81 %."""
        assert matched_rates(STANDARDS, self.FIRST[:12]) == []
        assert len(matched_rates(STANDARDS, self.FIRST[:13])) == 1

    def test_measures_that_the_member_cannot_have_are_not_asked_for(self) -> None:
        """12 of the 15 that are left are 80 %."""
        out = replace(self.FIRST[15], stage_code="NOT_APPLICABLE")
        assert len(matched_rates(STANDARDS, [*self.FIRST[:12], out])) == 1

    def test_where_a_measure_is_no_longer_known_the_pace_is_not_told(self) -> None:
        lost = assessment("S01", "NOT_KNOWN", date(2024, 6, 3))
        assert matched_rates(STANDARDS, [*self.FIRST, lost]) == []

    def test_of_an_open_list_nothing_is_told_since_nobody_knows_all_of_it(self) -> None:
        kyoto = load_frameworks()["WCO_RKC"]
        first = [
            replace(self.FIRST[0], framework_code=kyoto.code, measure_code=one.code) for one in kyoto.measures
        ]
        assert matched_rates(kyoto, first) == []

    def test_without_assessments_there_is_nothing(self) -> None:
        assert matched_rates(STANDARDS, []) == []
