"""Scores of progress, each after a practice that is published. Pure functions; shares are per cent of 100.

    stage_score        UN Global Survey on Digital and Sustainable Trade Facilitation (untfsurvey.org): full,
                       partial, pilot, not implemented; points / most points. That they weigh 3, 2, 1 and 0 is
                       own knowledge. What is not known is no 0: the score is over the rest, between bounds
    commitment_shares  WTO TFA Database (tfadatabase.org), rate of implementation commitments: to date, by a
                       date without support (B), with it (C), not yet designated; unknown dates are unknown
    timeliness         actions done by the date that was stated first; slippage in days against that date
    forecast           the date of full implementation at the pace so far, with the interval that holds eight
                       in ten such paths; none where there is too little to tell

What a member does not report is never taken for nothing done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import sqrt
from statistics import fmean, median
from typing import Literal

from scipy.special import stdtrit

from pacific_parcels.frameworks import Framework
from pacific_parcels.gap import codes_of
from pacific_parcels.progress.history import Action, Assessment, Commitment, stages_on

MOST_POINTS = 3
LEAST_COVERAGE_PCT = 80
LEAST_POINTS = 4
LEAST_DAYS = 365
FARTHEST_DAYS = 50 * 365
ONE_SIDE = 0.9  # eight in ten lie between two such sides


def share_pct(part: float, whole: float) -> float | None:
    """None where there is nothing to take a share of."""
    return 100 * part / whole if whole else None


@dataclass(frozen=True)
class StageScore:
    """Stages of measures, counted. `rate_pct` is over what is known; None where nothing is.

    `lowest_pct` and `highest_pct`: the rate if all that is not known were not implemented, or fully.
    """

    full: int
    partial: int
    pilot: int
    none: int
    not_known: int
    not_applicable: int
    rate_pct: float | None
    lowest_pct: float | None
    highest_pct: float | None


def stage_score(stages: Iterable[str], measures: int | None = None) -> StageScore:
    """`measures`: how many there are, those without any assessment included, which are not known."""
    counts = Counter(stages)
    assessed = counts.total()
    not_known = counts["NOT_KNOWN"] + max((measures or 0) - assessed, 0)
    points_of = {code.code: code.points for code in codes_of("stages") if code.points is not None}
    known = sum(counts[stage] for stage in points_of)
    points = sum(counts[stage] * value for stage, value in points_of.items())
    most = MOST_POINTS * (known + not_known)
    return StageScore(
        counts["FULL"],
        counts["PARTIAL"],
        counts["PILOT"],
        counts["NONE"],
        not_known,
        counts["NOT_APPLICABLE"],
        share_pct(points, MOST_POINTS * known),
        share_pct(points, most),
        share_pct(points + MOST_POINTS * not_known, most),
    )


def region_rate_pct(rates: Iterable[float | None]) -> float | None:
    """The mean over members that have a rate, each alike, as the survey has it for groups of countries."""
    known = [rate for rate in rates if rate is not None]
    return fmean(known) if known else None


@dataclass(frozen=True)
class CommitmentShares:
    """How many measures of an agreement; they add up to `measures`."""

    measures: int
    to_date: int
    without_support: int
    with_support: int
    not_designated: int
    unknown: int

    def pct(
        self, part: Literal["to_date", "without_support", "with_support", "not_designated", "unknown"]
    ) -> float | None:
        return share_pct(getattr(self, part), self.measures)


def commitment_shares(
    measures: Sequence[str], commitments: Iterable[Commitment], as_of: date
) -> CommitmentShares:
    """Of one member and one agreement. A measure without a commitment is not yet designated."""
    by_measure = {one.measure_code: one for one in commitments}
    counts = Counter(commitment_state(by_measure.get(code), as_of) for code in measures)
    return CommitmentShares(
        len(measures),
        counts["to_date"],
        counts["without_support"],
        counts["with_support"],
        counts["not_designated"],
        counts["unknown"],
    )


def commitment_state(commitment: Commitment | None, as_of: date) -> str:
    """The part of `CommitmentShares` that a measure counts to."""
    if commitment is None or commitment.category_code is None:
        return "not_designated"
    if commitment.category_code == "A":
        return "to_date"
    if commitment.target_date is None:
        return "unknown"
    if commitment.target_date <= as_of:
        return "to_date"
    return "without_support" if commitment.category_code == "B" else "with_support"


@dataclass(frozen=True)
class Timeliness:
    """Actions against the due dates that were stated first. Stopped ones are counted apart.

    `on_time_pct` is of those that are due; `slippage_days` is the median over all that are not stopped.
    """

    actions: int
    due: int
    on_time: int
    late: int
    overdue: int
    stopped: int
    on_time_pct: float | None
    slippage_days: float | None


def slippage_days(action: Action, as_of: date) -> int:
    """Days by which an action ends after its first due date; below 0 where it ends before."""
    if action.status_code == "DONE" and action.completed_on is not None:
        end = action.completed_on
    else:
        end = max(action.due_date, as_of) if action.due_date < as_of else action.due_date
    return (end - action.first_due_date).days


def is_overdue(action: Action, as_of: date) -> bool:
    """Not done, not stopped, and past the due date that was stated first."""
    return action.status_code not in ("DONE", "STOPPED") and action.first_due_date <= as_of


def timeliness(actions: Iterable[Action], as_of: date) -> Timeliness:
    every = list(actions)
    going = [action for action in every if action.status_code != "STOPPED"]
    due = [action for action in going if action.first_due_date <= as_of]
    done = [action for action in due if action.status_code == "DONE" and action.completed_on is not None]
    on_time = sum(action.completed_on <= action.first_due_date for action in done if action.completed_on)
    return Timeliness(
        len(every),
        len(due),
        on_time,
        len(done) - on_time,
        sum(is_overdue(action, as_of) for action in due),
        len(every) - len(going),
        share_pct(on_time, len(due)),
        median(slippage_days(action, as_of) for action in going) if going else None,
    )


ForecastStatus = Literal["GIVEN", "REACHED", "TOO_FEW", "TOO_SHORT", "NO_PROGRESS", "TOO_FAR"]


@dataclass(frozen=True)
class Forecast:
    """`latest` is None where the interval has no end: the pace so far may be none at all."""

    status: ForecastStatus
    expected: date | None = None
    earliest: date | None = None
    latest: date | None = None


def matched_rates(framework: Framework, assessments: Sequence[Assessment]) -> list[tuple[date, float]]:
    """The rate after each month with assessments of a member, over the measures that were known in the first.

    Measures that are assessed only later would move the rate without any progress. Nothing where the first
    month has less than 80 % of the measures, or where one of its measures is no longer known; nor of an
    open list, of which nobody knows all.
    """
    in_order = sorted(assessments, key=lambda one: one.assessed_on)
    if not in_order or framework.is_open:
        return []
    ends = sorted({_month_end(one.assessed_on) for one in in_order})
    points = {code.code: code.points for code in codes_of("stages")}
    first = stages_on(in_order, ends[0])
    matched = {one.measure_code for one in first if points[one.stage_code] is not None}
    applicable = {one.code for one in framework.measures} - {
        one.measure_code for one in first if one.stage_code == "NOT_APPLICABLE"
    }
    covered = share_pct(len(matched), len(applicable))
    if not matched or covered is None or covered < LEAST_COVERAGE_PCT:
        return []
    rates = []
    for end in ends:
        now = [one for one in stages_on(in_order, end) if one.measure_code in matched]
        rate = stage_score(one.stage_code for one in now).rate_pct
        if rate is None or any(points[one.stage_code] is None for one in now):
            return []
        rates.append((max(one.assessed_on for one in in_order if one.assessed_on <= end), rate))
    return rates


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def forecast(rates: Sequence[tuple[date, float]]) -> Forecast:
    """When the rate reaches 100 if it goes on as it went; `rates` are (day, per cent), the oldest first.

    Progress is taken for a random walk with drift: a pace of d per day, and a variance of s² per day about
    it. Over the n steps so far, of T days in all, d is the whole way divided by T, and s² is the sum of
    (step - d·days)² / days, divided by n - 1. The rest R takes τ days where R - d·τ is in ± t·s·√(τ + τ²/T),
    t the quantile of Student with n - 1 degrees: what chance does to the days to come, and how badly
    the pace is known. Squared, that is a quadratic in τ, whose roots are the two ends; there is no later one
    where the pace cannot be told from none.
    """
    if rates and rates[-1][1] >= 100:
        return Forecast("REACHED")
    if len(rates) < LEAST_POINTS:
        return Forecast("TOO_FEW")
    (first_day, first_rate), (last_day, last_rate) = rates[0], rates[-1]
    total = (last_day - first_day).days
    if total < LEAST_DAYS:
        return Forecast("TOO_SHORT")
    pace = (last_rate - first_rate) / total
    if pace <= 0:
        return Forecast("NO_PROGRESS")
    steps = [
        ((later - earlier).days, after - before) for (earlier, before), (later, after) in pairwise(rates)
    ]
    rest = 100 - last_rate
    if rest / pace > FARTHEST_DAYS:
        return Forecast("TOO_FAR")
    variance = sum((step - pace * days) ** 2 / days for days, step in steps) / (len(steps) - 1)
    c = float(stdtrit(len(steps) - 1, ONE_SIDE)) ** 2 * variance
    a, b = pace**2 - c / total, 2 * rest * pace + c
    root = sqrt(max(b**2 - 4 * a * rest**2, 0))
    # The smaller root, in the form that does not divide by an `a` near 0.
    earliest = 2 * rest**2 / (b + root)
    latest = (b + root) / (2 * a) if a > 0 else None
    if latest is not None and latest > FARTHEST_DAYS:
        latest = None
    return Forecast(
        "GIVEN",
        last_day + timedelta(days=round(rest / pace)),
        last_day + timedelta(days=round(earliest)),
        None if latest is None else last_day + timedelta(days=round(latest)),
    )


def by_area(framework: Framework, stages: Mapping[str, str]) -> dict[str, StageScore]:
    """The score of each area of a framework; `stages` are those of one member, by measure."""
    return {
        area.code: stage_score(
            [
                stages[one.code]
                for one in framework.measures
                if one.parent_code == area.code and one.code in stages
            ],
            sum(one.parent_code == area.code for one in framework.measures),
        )
        for area in framework.areas
    }
