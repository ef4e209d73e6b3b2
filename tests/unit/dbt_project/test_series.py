"""Seasonal adjustment and forecast on series whose truth is known."""

from __future__ import annotations

from datetime import date
from math import exp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbt_project import series

JANUARY = date(2022, 1, 1)
# 0.8 + 0.9 + 1.0 + 1.1 + 1.2 + 1.0 = 6.0 and 0.9 + 0.9 + 1.0 + 1.1 + 1.3 + 0.8 = 6.0: on average 1.
FACTORS = (0.8, 0.9, 1.0, 1.1, 1.2, 1.0, 0.9, 0.9, 1.0, 1.1, 1.3, 0.8)


def trend(months: int) -> list[float]:
    """200 items, and 2 per cent more every month."""
    return [200 * 1.02**month for month in range(months)]


def seasonal(months: int) -> list[float | None]:
    return [level * FACTORS[month % 12] for month, level in enumerate(trend(months))]


def noisy(months: int, seed: int = 1, spread: float = 0.04) -> list[float | None]:
    noise = np.random.default_rng(seed).normal(0, spread, months)
    return [
        value * exp(error) for value, error in zip(seasonal(months), noise, strict=True) if value is not None
    ]


def values_of(analysis: series.Analysis) -> list[float]:
    return [month.value for month in analysis.adjusted]


@pytest.mark.parametrize("months", [36, 48, 84])
def test_known_factors_leave_the_trend_and_are_carried_on(months: int) -> None:
    analysis = series.analyse(JANUARY, seasonal(months))

    assert analysis.status == ("ADJUSTED" if months == 84 else "PROVISIONAL")
    assert values_of(analysis) == pytest.approx(trend(months), rel=1e-4)
    assert [month.value for month in analysis.forecast] == pytest.approx(
        seasonal(months + 6)[months:], rel=1e-4
    )


def test_known_factors_are_found_under_noise() -> None:
    # Noise of 4 per cent: a factor is learnt from four months, so to about 4 / sqrt(4) = 2 per cent.
    months = noisy(48)
    analysis = series.analyse(JANUARY, months)

    found = np.array(months) / np.array(values_of(analysis))
    assert found == pytest.approx(np.tile(FACTORS, 4), rel=0.06)
    assert np.sqrt(np.mean((found / np.tile(FACTORS, 4) - 1) ** 2)) < 0.03
    # The factors of a year are 1 on average.
    assert found[:12].mean() == pytest.approx(1, abs=1e-6)


def test_the_season_of_a_series_that_does_not_begin_in_january_is_the_same() -> None:
    whole = noisy(48)

    of_may = series.analyse(date(2022, 5, 1), whole)

    assert values_of(of_may) == values_of(series.analyse(JANUARY, whole))


def test_a_year_keeps_its_sum() -> None:
    months = noisy(48)
    adjusted = np.array(values_of(series.analyse(JANUARY, months)))

    for year in range(4):
        of_year = slice(12 * year, 12 * year + 12)
        assert adjusted[of_year].sum() == pytest.approx(np.sum(months[of_year]), rel=0.02)


def test_a_gap_is_estimated_and_breaks_nothing() -> None:
    whole = noisy(48)
    with_gap = [*whole[:20], None, None, None, *whole[23:]]

    analysis = series.analyse(JANUARY, with_gap)

    assert [month.is_estimated for month in analysis.adjusted] == [20 <= month < 23 for month in range(48)]
    for month in range(20, 23):
        figure = analysis.adjusted[month]
        assert figure.lower < trend(48)[month] < figure.upper
        assert figure.value == pytest.approx(trend(48)[month], rel=0.06)
    # An estimate is far less certain than what only lost its season.
    widths = [month.upper / month.lower for month in analysis.adjusted]
    assert min(widths[20:23]) > max(widths[:20] + widths[23:])
    assert len(analysis.forecast) == 6


def test_a_gap_at_the_beginning_of_the_first_year_is_no_different() -> None:
    analysis = series.analyse(JANUARY, [*seasonal(5), None, None, *seasonal(48)[7:]])

    assert values_of(analysis) == pytest.approx(trend(48), rel=1e-4)


@pytest.mark.parametrize(
    "months",
    [
        seasonal(35),
        [*seasonal(10), None, *seasonal(36)[11:]],
        # 45 months with data, of which one December.
        [None if month in (11, 23, 35) else value for month, value in enumerate(seasonal(48))],
    ],
    ids=["35 months", "35 of 36 months", "one December"],
)
def test_under_three_years_nothing_is_adjusted_or_forecast(months: list[float | None]) -> None:
    assert series.analyse(JANUARY, months) == series.Analysis("SHORT")


def test_a_month_without_items_is_no_matter_of_ratios() -> None:
    months = seasonal(48)
    months[17] = 0

    assert series.analyse(JANUARY, months) == series.Analysis("ZERO")


def test_where_there_is_no_season_nothing_is_adjusted() -> None:
    statuses = []
    for seed in range(10):
        noise = np.random.default_rng(seed).normal(0, 0.1, 48)
        statuses.append(series.analyse(JANUARY, list(100 * np.exp(noise))).status)

    # One in a hundred would be taken for seasonal by chance.
    assert statuses.count("UNSEASONAL") >= 9


def test_a_series_that_never_changes_is_not_seasonal() -> None:
    assert series.analyse(JANUARY, [70.0] * 40).status == "UNSEASONAL"


def test_a_forecast_that_does_not_beat_the_year_before_is_not_given() -> None:
    # Two years of one season and then its reverse, growing by 0.1 per cent a year: the year before is all but
    # right, while the model has learnt from both seasons.
    months = [
        100 * (FACTORS if month < 24 else FACTORS[::-1])[month % 12] * 1.001 ** (month // 12)
        for month in range(60)
    ]

    analysis = series.analyse(JANUARY, months)

    assert analysis.back_test is not None
    assert analysis.back_test.error_pct is not None
    assert analysis.back_test.error_pct > 100
    assert analysis.forecast == ()


def test_a_forecast_cannot_beat_a_year_that_repeats_itself() -> None:
    analysis = series.analyse(JANUARY, [100 * factor for factor in FACTORS * 4])

    assert analysis.back_test is not None
    assert analysis.back_test.naive_error == 0
    assert analysis.back_test.error_pct is None
    assert analysis.forecast == ()


def test_of_random_walks_those_are_forecast_that_beat_the_year_before() -> None:
    shown = []
    for seed in range(12):
        walk = 100 * np.exp(np.random.default_rng(seed).normal(0, 0.1, 40).cumsum())
        analysis = series.analyse(JANUARY, list(walk))
        assert analysis.back_test is not None
        assert analysis.back_test.error_pct is not None
        assert bool(analysis.forecast) == (analysis.back_test.error_pct < 100)
        shown.append(bool(analysis.forecast))

    assert set(shown) == {True, False}


def test_the_back_test_compares_six_months_from_each_of_eighteen() -> None:
    # 48 months: forecasts from month 30 on. From 13 of these months all six are known, from the last five
    # 5, 4, 3, 2 and 1: 13 x 6 + 15 = 93 pairs. 2 per cent a month are 1.02^12 in a year, so that the year
    # before is short by 1 - 1.02^-12 of each month.
    months = seasonal(48)
    short = 1 - 1.02**-12
    expected = sum(
        short * months[month] for origin in range(30, 48) for month in range(origin, min(origin + 6, 48))
    )

    tested = series.analyse(JANUARY, months).back_test

    assert tested is not None
    assert tested.pairs == 93
    assert tested.naive_error == pytest.approx(expected)
    assert tested.error == pytest.approx(0, abs=1e-3 * expected)


def test_the_back_test_knows_nothing_of_what_came_later() -> None:
    # Only the last month differs, and is so low that all six forecasts of it, from months 42 to 47, are above
    # it either way: each errs by as much more as the month is lower, and no other forecast errs otherwise.
    months = np.array([*noisy(47), 300.0])
    lower = np.array([*noisy(47), 1.0])
    no_steps = np.empty((54, 0))

    before, after = series.back_test(months, no_steps), series.back_test(lower, no_steps)

    assert before.pairs == after.pairs == 93
    assert after.error - before.error == pytest.approx(6 * (300 - 1))


def test_too_few_comparisons_say_nothing() -> None:
    assert series.BackTest(error=1, naive_error=2, pairs=11).error_pct is None
    assert series.BackTest(error=1, naive_error=2, pairs=12).error_pct == 50


def test_a_back_test_needs_something_to_learn_from() -> None:
    # Forecasts would begin with month 41, behind 19 months with data of 36, every month of the year twice.
    months = [None if 19 <= month < 42 else value for month, value in enumerate(noisy(59))]

    analysis = series.analyse(JANUARY, months)

    assert analysis.status == "PROVISIONAL"
    assert analysis.back_test == series.BackTest(0, 0, 0)
    assert analysis.forecast == ()


def test_nine_in_ten_months_fall_within_the_bounds_of_their_forecast() -> None:
    held = told = 0
    for seed in range(40):
        months = noisy(54, seed=seed, spread=0.08)
        for month, figure in zip(months[48:], series.analyse(JANUARY, months[:48]).forecast, strict=False):
            held += figure.lower <= month <= figure.upper
            told += 1

    assert told == 240
    # 240 figures, six of one series hanging together.
    assert 0.82 <= held / told <= 0.97


def test_a_shift_at_an_event_is_the_events() -> None:
    # From 1 July 2024 on, month 30, half as much again.
    months = [value * (1.5 if month >= 30 else 1) for month, value in enumerate(noisy(48, spread=0.02))]

    without = series.analyse(JANUARY, months)
    with_event = series.analyse(JANUARY, months, [(date(2024, 7, 1), None)])

    (step,) = with_event.steps
    assert step.event == 0
    assert step.ratio == pytest.approx(1.5, rel=0.05)
    # The shift stays in the adjusted series: it is no season.
    adjusted = np.array(values_of(with_event))
    assert adjusted[30] / adjusted[29] == pytest.approx(1.5 * 1.02, rel=0.08)
    found = np.array(months) / adjusted
    assert found == pytest.approx(np.tile(FACTORS, 4), rel=0.05)
    # Without it the shift counts as what may happen again in any month.
    assert without.steps == ()
    assert width(with_event.forecast[5]) < 0.7 * width(without.forecast[5])


def width(figure: series.Forecast) -> float:
    return float(np.log(figure.upper / figure.lower))


def test_a_step_is_the_share_of_the_days_of_a_month() -> None:
    has_data = np.ones(40, dtype=bool)
    # Fiji's threshold of 28 June 2024: three of thirty days of June, month 29, and every month after it, also
    # those ahead.
    steps, kept = series.event_steps(JANUARY, has_data, [(date(2024, 6, 28), None)])

    assert kept == (0,)
    assert steps.shape == (46, 1)
    assert steps[:29].tolist() == [[0]] * 29
    assert steps[29, 0] == pytest.approx(0.1)
    assert steps[30:].tolist() == [[1]] * 16


def test_an_event_that_ends_has_no_step_after_it() -> None:
    has_data = np.ones(40, dtype=bool)
    # From 1 January 2023, month 12, to 14 September 2023: 14 of 30 days of month 20 lie before the 15th.
    steps, kept = series.event_steps(JANUARY, has_data, [(date(2023, 1, 1), date(2023, 9, 15))])

    assert kept == (0,)
    assert steps[:, 0].tolist() == pytest.approx([0] * 12 + [1] * 8 + [14 / 30] + [0] * 25)


@pytest.mark.parametrize(
    "events",
    [
        [(date(2019, 3, 1), None)],
        [(date(2022, 6, 1), None)],
        [(date(2025, 1, 1), None)],
        [(date(2021, 3, 1), date(2022, 12, 1))],
        [(date(2023, 1, 1), date(2023, 4, 1))],
    ],
    ids=["before the series", "too early in it", "too late in it", "begun before it", "too short"],
)
def test_an_event_that_the_series_cannot_tell_has_no_step(events: list[series.Event]) -> None:
    # 40 months, to April 2025. June 2022 is the sixth month: five lie before it.
    assert series.event_steps(JANUARY, np.ones(40, dtype=bool), events)[1] == ()


def test_two_events_of_one_day_have_one_step() -> None:
    event = (date(2023, 7, 1), None)

    _, kept = series.event_steps(JANUARY, np.ones(40, dtype=bool), [event, (date(2023, 8, 1), None), event])

    assert kept == (0,)


def test_an_event_that_others_make_up_has_no_step() -> None:
    # What holds in 2023 is what begins with 2023 without what begins with 2024.
    begins, ends = date(2023, 1, 1), date(2024, 1, 1)

    _, kept = series.event_steps(
        JANUARY, np.ones(40, dtype=bool), [(begins, None), (ends, None), (begins, ends)]
    )

    assert kept == (0, 1)


def test_the_months_of_a_gap_do_not_tell_an_event() -> None:
    has_data = np.ones(40, dtype=bool)
    has_data[32:38] = False

    # From September 2024, month 32, eight months, of which six without data.
    assert series.event_steps(JANUARY, has_data, [(date(2024, 9, 1), None)])[1] == ()


def test_the_same_series_gives_the_same_figures_to_the_last_bit() -> None:
    months = noisy(48)
    events: list[series.Event] = [(date(2023, 7, 1), None)]

    assert repr(series.analyse(JANUARY, months, events)) == repr(
        series.analyse(JANUARY, list(months), events)
    )


def test_a_fingerprint_says_what_a_series_is_made_of() -> None:
    months = noisy(48)
    one = series.fingerprint(JANUARY, months)

    assert series.fingerprint(JANUARY, list(months)) == one
    others = {
        series.fingerprint(date(2022, 2, 1), months),
        series.fingerprint(JANUARY, [*months[:-1], months[-1] + 1]),
        series.fingerprint(JANUARY, [*months[:-2], None, months[-1]]),
        series.fingerprint(JANUARY, months, [(date(2023, 7, 1), None)]),
    }
    assert len(others | {one}) == 5


@settings(max_examples=15, deadline=None)
@given(factor=st.floats(min_value=1e-3, max_value=1e3), seed=st.integers(min_value=0, max_value=99))
def test_a_series_in_another_unit_has_the_same_season(factor: float, seed: int) -> None:
    months = noisy(40, seed)

    one = series.analyse(JANUARY, months)
    other = series.analyse(JANUARY, [factor * value for value in months])

    assert other.status == one.status == "PROVISIONAL"
    assert np.array(values_of(other)) / factor == pytest.approx(np.array(values_of(one)), rel=1e-6)
    assert len(other.forecast) == len(one.forecast)
    for scaled, plain in zip(other.forecast, one.forecast, strict=True):
        assert (scaled.lower / factor, scaled.upper / factor) == pytest.approx(
            (plain.lower, plain.upper), rel=1e-6
        )
