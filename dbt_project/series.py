"""Seasonal adjustment and forecast of one monthly series: pure functions, without dbt or the warehouse.

The model is a structural one in state space, on the logarithms: a local linear trend, twelve effects of the
season, and a step for each event that the series can tell. Months without data stay empty; nothing is
filled in first. The variances of level and slope, as ratios to that of the irregular part, are those of a
fixed grid with the greatest diffuse likelihood: no optimiser and no starting values, so that a series gives
the same figures anywhere.

Intervals are nine in ten, by Student's t, as if the ratios were known. They are the model's alone: they say
nothing of what members report late or revise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.metadata import version
from itertools import pairwise, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from statsmodels.tsa.statespace.structural import UnobservedComponents

Numbers = NDArray[np.float64]
Event = tuple[date, date | None]  # its first day, and the first day after it; None where it lasts

# UN, IMTS 2010 Compilers Manual 29.20 to 29.22: under three years no adjustment, up to seven an unstable one.
MONTHS_WANTED = 36
MONTHS_FIRM = 84
HORIZON = 6

# The back-test begins behind two years, for a season to be known at all, and looks at a year and a half.
BACK_TEST_AFTER = 24
BACK_TEST_MONTHS = 18
BACK_TEST_PAIRS = 12
MONTHS_TO_LEARN = 20  # of data before the back-test; thirteen go into where trend and season begin

# A step that shows in fewer months than this cannot be told from the irregular part.
EVENT_MONTHS = 6

SEASONAL_TEST_LEVEL = 0.01
UPPER_QUANTILE = 0.95

# Ratios of variances to that of the irregular part. The least movement comes first and wins a draw.
LEVEL_RATIOS = (0.0, *(4.0**power for power in range(-4, 5)))
SLOPE_RATIOS = (0.0, *(4.0**power for power in range(-8, 0)))
SEASONAL_RATIOS = (0.0, *(4.0**power for power in range(-6, 0)))
DIFFUSE_FLOOR = 1e-9  # under it a state has begun
SEASON = slice(2, 13)  # the states of the season: after level and slope
VARIANCE_FLOOR = 1e-16  # a series without any irregular part is taken as having one of 1 in 100 million


@dataclass(frozen=True)
class Adjusted:
    """One month: the value without its season, and between what bounds nine in ten such values lie.

    is_estimated: the month has no data; the value is the model's.
    """

    value: float
    lower: float
    upper: float
    is_estimated: bool


@dataclass(frozen=True)
class Forecast:
    """One month ahead: the median, and between what bounds it lies with a probability of nine in ten."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True)
class BackTest:
    """What the forecast, and the same month a year before, were off by in the past, summed over `pairs`.

    A pair is a month in which was forecast, and one of the six from it on that has data, as has the month a
    year before that one.
    """

    error: float
    naive_error: float
    pairs: int

    @property
    def error_pct(self) -> float | None:
        """The forecast's error in per cent of the seasonal-naive one; None where too little is known."""
        if self.pairs < BACK_TEST_PAIRS or self.naive_error == 0:
            return None
        return 100 * self.error / self.naive_error


@dataclass(frozen=True)
class Step:
    """What an event, by its place among those given, made of the level: times `ratio` as long as it holds."""

    event: int
    ratio: float


@dataclass(frozen=True)
class Analysis:
    """What can be said of a series.

    status      SHORT       fewer than 36 months with data, or a month of the year that has them only once
                ZERO        a month without items: the model is one of ratios
                UNSEASONAL  no season that can be told from chance (F test, 1 in 100): nothing is adjusted
                PROVISIONAL adjusted, from fewer than 84 months
                ADJUSTED    adjusted
    adjusted    one for each month; empty where nothing is adjusted
    forecast    the six months after the last; empty where it does not beat the seasonal-naive one
    back_test   None where there was nothing to test
    steps       of the events given, those that could be told
    """

    status: str
    adjusted: tuple[Adjusted, ...] = ()
    forecast: tuple[Forecast, ...] = ()
    back_test: BackTest | None = None
    steps: tuple[Step, ...] = ()


def analyse(first_month: date, values: Sequence[float | None], events: Sequence[Event] = ()) -> Analysis:
    """Adjust and forecast a series.

    values   one for each month from the first, not negative; None where there is no data; the first and the
             last have some
    events   what may have shifted the level

    A value is a count or an index: the result is in its unit, and scales with it.
    """
    series = np.array([np.nan if value is None else value for value in values], dtype=float)
    if not _is_long_enough(series):
        return Analysis("SHORT")
    if np.nanmin(series) <= 0:
        return Analysis("ZERO")
    steps, kept = event_steps(first_month, np.isfinite(series), events)
    logs = np.log(series)
    fit = _fit(logs, steps)
    tested = back_test(series, steps)
    beats = tested.error_pct is not None and tested.error_pct < 100
    is_seasonal = fit.seasonal_chance < SEASONAL_TEST_LEVEL
    return Analysis(
        status=("ADJUSTED" if _drifts(logs) else "PROVISIONAL") if is_seasonal else "UNSEASONAL",
        adjusted=_adjust(logs, fit) if is_seasonal else (),
        forecast=_forecast(fit) if beats else (),
        back_test=tested,
        steps=tuple(Step(event, ratio) for event, ratio in zip(kept, fit.step_ratios, strict=True)),
    )


def fingerprint(first_month: date, values: Sequence[float | None], events: Sequence[Event] = ()) -> str:
    """What the analysis of a series is made of: the same fingerprint, the same figures."""
    return hashlib.sha256(repr((_method(), first_month, list(values), list(events))).encode()).hexdigest()[
        :32
    ]


@cache
def _method() -> tuple[str, ...]:
    """This module and the libraries that it computes with."""
    libraries = ("numpy", "scipy", "statsmodels")
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest(), *(version(name) for name in libraries)


def months_from(first_month: date, count: int) -> list[date]:
    """The first days of so many months, one after the other."""
    first = first_month.year * 12 + first_month.month - 1
    return [date(place // 12, place % 12 + 1, 1) for place in range(first, first + count)]


def _is_long_enough(series: Numbers) -> bool:
    has_data = np.isfinite(series)
    years_of_month = [has_data[month::12].sum() for month in range(12)]
    return bool(has_data.sum() >= MONTHS_WANTED and min(years_of_month) >= 2)


def event_steps(
    first_month: date, has_data: NDArray[np.bool_], events: Sequence[Event]
) -> tuple[Numbers, tuple[int, ...]]:
    """The share of each month's days, six months ahead included, in which each event that can be told holds.

    Columns of the events that are kept, and which ones those are. One is kept if at least six months of data
    lie before it, and if its column differs in as many from nothing, from a constant and from every one kept.
    """
    months = len(has_data) + HORIZON
    starts = months_from(first_month, months + 1)
    taken = [np.zeros(months), np.ones(months)]
    kept: list[int] = []
    for number, (starts_on, ends_on) in enumerate(events):
        column = np.array(
            [
                _days_shared(start, end, starts_on, ends_on) / (end - start).days
                for start, end in pairwise(starts)
            ]
        )
        before = has_data & (np.cumsum(column[: len(has_data)]) == 0)
        told = all(
            ((np.abs(column - other)[: len(has_data)] > 0) & has_data).sum() >= EVENT_MONTHS
            for other in taken
        )
        if before.sum() >= EVENT_MONTHS and told:
            candidate = np.column_stack([*taken[1:], column])[: len(has_data)][has_data]
            if np.linalg.matrix_rank(candidate) == candidate.shape[1]:
                taken.append(column)
                kept.append(number)
    return np.column_stack([np.empty((months, 0)), *taken[2:]]), tuple(kept)


def _days_shared(start: date, end: date, starts_on: date, ends_on: date | None) -> int:
    return max(0, (min(end, ends_on or end) - max(start, starts_on)).days)


@dataclass(frozen=True)
class _Fit:
    """The model at its best ratios, run over the months and six more.

    variance          of the irregular part
    reach             how many standard deviations nine in ten lie within
    seasonal_chance   how probable effects of season as large as these are where there is none
    step_ratios       what each event made of the level
    """

    model: Any
    smoothed: Any
    months: int
    variance: float
    reach: float
    seasonal_chance: float
    step_ratios: tuple[float, ...]


def _drifts(logs: Numbers) -> bool:
    """Whether the season may drift: that takes seven years to be told from one that does not."""
    return bool(np.isfinite(logs).sum() >= MONTHS_FIRM)


def _model(logs: Numbers, steps: Numbers, drifts: bool) -> UnobservedComponents:
    # Imported here: it takes more than a second, and most builds have nothing to fit.
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    return UnobservedComponents(
        logs,
        level="local linear trend",
        seasonal=12,
        stochastic_seasonal=drifts,
        exog=steps if steps.shape[1] else None,
        mle_regression=False,
        use_exact_diffuse=True,
    )


def _design(model: Any) -> Numbers:
    """What each state adds to the series, by month: states in rows."""
    design = np.asarray(model.ssm["design"])
    design = design[0] if design.ndim == 3 else design.T
    return np.broadcast_to(design, (design.shape[0], model.nobs))


def _likelihood(model: Any, ratios: Sequence[float]) -> tuple[float, float, int]:
    """The diffuse log-likelihood with the variance of the irregular part concentrated out, up to a constant;
    that variance; and the number of observations that it stands on.

    The library concentrates too, but counts on a beginning without gaps and without late events.
    """
    model.update(np.array([1.0, *ratios]))
    run = model.ssm.filter()
    observed = np.isfinite(model.endog[:, 0])
    errors, variances = run.forecasts_error[0], run.forecasts_error_cov[0, 0]
    diffuse = run.forecasts_error_diffuse_cov
    diffuse = np.zeros(len(errors)) if diffuse is None else diffuse[0, 0]
    is_initial = observed & (diffuse > DIFFUSE_FLOOR)
    counts = observed & ~is_initial
    degrees = int(counts.sum())
    variance = max(float((errors[counts] ** 2 / variances[counts]).sum()) / degrees, VARIANCE_FLOOR)
    logs = np.log(diffuse[is_initial]).sum() + np.log(variances[counts]).sum()
    return -0.5 * float(logs + degrees * np.log(variance)), variance, degrees


def _best_ratios(model: Any) -> tuple[float, ...]:
    """The grid's best ratios of level and slope, and then of the season where it may drift."""
    may_drift = len(model.param_names) == 4
    season = (0.0,) if may_drift else ()

    def better(candidates: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
        best, most = candidates[0], -np.inf
        for ratios in candidates:
            likelihood = _likelihood(model, ratios)[0]
            if likelihood > most + 1e-6:
                best, most = ratios, likelihood
        return best

    best = better([(level, slope, *season) for level, slope in product(LEVEL_RATIOS, SLOPE_RATIOS)])
    return better([(*best[:2], ratio) for ratio in SEASONAL_RATIOS]) if may_drift else best


def _fit(logs: Numbers, steps: Numbers) -> _Fit:
    from scipy.special import fdtrc, stdtrit

    drifts = _drifts(logs)
    ratios = _best_ratios(_model(logs, steps[: len(logs)], drifts))
    model = _model(np.concatenate([logs, np.full(HORIZON, np.nan)]), steps, drifts)
    _, variance, degrees = _likelihood(model, ratios)
    model.update(variance * np.array([1.0, *ratios]))
    smoothed = model.ssm.smooth()
    last = len(logs) - 1
    effects = smoothed.smoothed_state[SEASON, last]
    spread = smoothed.smoothed_state_cov[SEASON, SEASON, last]
    ratio = float(effects @ np.linalg.solve(spread, effects)) / len(effects)
    return _Fit(
        model=model,
        smoothed=smoothed,
        months=len(logs),
        variance=variance,
        reach=float(stdtrit(degrees, UPPER_QUANTILE)),
        seasonal_chance=float(fdtrc(len(effects), degrees, ratio)),
        step_ratios=tuple(float(np.exp(effect)) for effect in smoothed.smoothed_state[SEASON.stop :, last]),
    )


def _adjust(logs: Numbers, fit: _Fit) -> tuple[Adjusted, ...]:
    """Values divided by seasonal factors whose average over the year is 1, so that a year keeps its sum."""
    design = _design(fit.model)
    season_design, level_design = np.zeros_like(design), design.copy()
    season_design[SEASON] = design[SEASON]
    level_design[SEASON] = 0
    states, spreads = fit.smoothed.smoothed_state, fit.smoothed.smoothed_state_cov
    effects = (season_design * states).sum(axis=0)[: fit.months]
    excess = float(np.log(np.mean([np.exp(effects[month::12]).mean() for month in range(12)])))
    adjusted = []
    for month, log in enumerate(logs):
        is_estimated = bool(np.isnan(log))
        if is_estimated:
            middle = float(level_design[:, month] @ states[:, month]) + excess
            spread = _spread(level_design, spreads, month) + fit.variance
        else:
            middle = float(log - effects[month]) + excess
            spread = _spread(season_design, spreads, month)
        bounds = fit.reach * np.sqrt(spread)
        adjusted.append(
            Adjusted(
                value=float(np.exp(middle)),
                lower=float(np.exp(middle - bounds)),
                upper=float(np.exp(middle + bounds)),
                is_estimated=is_estimated,
            )
        )
    return tuple(adjusted)


def _spread(design: Numbers, spreads: Numbers, month: int) -> float:
    return float(design[:, month] @ spreads[:, :, month] @ design[:, month])


def _forecast(fit: _Fit) -> tuple[Forecast, ...]:
    months = slice(fit.months, fit.months + HORIZON)
    middles = fit.smoothed.forecasts[0, months]
    bounds = fit.reach * np.sqrt(fit.smoothed.forecasts_error_cov[0, 0, months])
    return tuple(
        Forecast(float(np.exp(middle)), float(np.exp(middle - bound)), float(np.exp(middle + bound)))
        for middle, bound in zip(middles, bounds, strict=True)
    )


def back_test(series: Numbers, steps: Numbers) -> BackTest:
    """Forecast from each of the last months as it would have been done then, beside the month a year before.

    The ratios are those of the months before the first of these: what came later plays no part.
    """
    logs = np.log(series)
    first = max(BACK_TEST_AFTER, len(series) - BACK_TEST_MONTHS)
    if np.isfinite(logs[:first]).sum() < MONTHS_TO_LEARN:
        return BackTest(0.0, 0.0, 0)
    drifts = _drifts(logs)
    known = steps[:first, steps[:first].any(axis=0)]
    ratios = _best_ratios(_model(logs[:first], known, drifts))
    model = _model(logs, steps[: len(logs)], drifts)
    model.update(np.array([1.0, *ratios]))
    states = model.ssm.filter().predicted_state  # a column is what is known before its month
    transition, design = np.asarray(model.ssm["transition"]), _design(model)
    error = naive_error = 0.0
    pairs = 0
    for origin in range(first, len(series)):
        state = states[:, origin]
        for month in range(origin, min(origin + HORIZON, len(series))):
            if np.isfinite(series[[month, month - 12]]).all():
                error += abs(float(np.exp(design[:, month] @ state)) - series[month])
                naive_error += abs(series[month - 12] - series[month])
                pairs += 1
            state = transition @ state
    return BackTest(float(error), float(naive_error), pairs)
