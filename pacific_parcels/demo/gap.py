"""Synthetic gap reports, true of no country: what a member's progress could look like, month by month.

Real scores are not public, so none is copied: stages, dates, actions and trainings are drawn by chance, and
each file says `.synthetic` in its name. A member begins with all standards of the newest framework that is
whole, the lower stages most often; from report to report some measures move on, and now and then one falls
back, with its reason. Its commitments are of the agreement whose measures have categories. Some actions are
late; some of those had their date moved, and some wait for another office. The last report of one member in
six does not come. The same seed gives the same bytes; the time of a file is the invented moment at which the
member sent it.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from pacific_parcels.demo.chance import share_of
from pacific_parcels.demo.plan import MONTHS, days_of, first_day, months_until
from pacific_parcels.frameworks import load_frameworks
from pacific_parcels.gap import TABLES, file_name
from pacific_parcels.members import load_members
from pacific_parcels.settings import Settings

ASSESSED, COMMITTED = "WCO_FOS_2022", "WTO_TFA"
LADDER = ("NONE", "PILOT", "PARTIAL", "FULL")
FIRST_STAGES = (0.45, 0.65, 0.9)  # up to which share of chance a measure begins with each rung but the last
MONTHS_BETWEEN = 3
MOVES_ON, FALLS_BACK = 0.12, 0.015  # of the measures, in a quarter
DONE_ON_TIME, MOVED = 0.55, 0.3  # of the actions
STOPPED, WAITS = 0.05, 0.5  # of the actions, and of those that are late and not done yet
PLANNED_BEFORE_DAYS = 180  # from when on an action is in the plan before it begins
MISSES_THE_LAST = 1 / 6
ACTIONS = 8
SENT_AFTER_DAYS = 5
MARK = "SYNTHETIC"

Row = dict[str, str]


@dataclass(frozen=True)
class GapSummary:
    """What was written: files, and their rows."""

    files: int
    rows: int


def write_gap_demo(
    settings: Settings,
    *,
    months: int = MONTHS,
    seed: int = 2026,
    until: str = "2026-09",
    members: Sequence[str] | None = None,
    months_between: int = MONTHS_BETWEEN,
) -> GapSummary:
    """Write synthetic gap reports of `members` (None: all) for the `months` up to `until` into the inbox.

    One every `months_between` months. A file of the same name is replaced, no other one is touched.
    """
    begins = max(load_frameworks()[code].valid_from for code in (ASSESSED, COMMITTED))
    periods = [
        period
        for period in months_until(until, months)[::-months_between][::-1]
        if first_day(period) >= begins
    ]
    files = rows = 0
    for code in load_members(settings):
        if members is not None and code not in members:
            continue
        story = _Story(seed, code, periods, months_between)
        for period in periods:
            if period == periods[-1] and share_of(seed, code, "misses the last") < MISSES_THE_LAST:
                continue
            for name, content in story.report(period).items():
                if content:
                    _write(settings, code, name, period, content)
                    files, rows = files + 1, rows + len(content)
    return GapSummary(files, rows)


def _write(settings: Settings, code: str, table: str, period: str, rows: list[Row]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, TABLES[table].source_columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({"member_code": code} | row for row in rows)
    path = settings.inbox / code.lower() / file_name(code, TABLES[table], period, "synthetic.csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.getvalue(), encoding="utf-8")
    sent_at = datetime.combine(_last_day(period), datetime.min.time(), UTC) + timedelta(
        days=SENT_AFTER_DAYS, minutes=int(600 * share_of(code, period, table))
    )
    os.utime(path, (sent_at.timestamp(), sent_at.timestamp()))


def _last_day(period: str) -> date:
    return first_day(period) + timedelta(days=days_of(period) - 1)


class _Story:
    """The progress of one member over its reports, which are asked for in their order."""

    def __init__(self, seed: int, code: str, periods: list[str], months_between: int) -> None:
        self.names = (seed, code)
        self.periods = periods
        # As much moves in a year, whether it is reported once or four times.
        self.moves_on, self.falls_back = (
            1 - (1 - share) ** (months_between / MONTHS_BETWEEN) for share in (MOVES_ON, FALLS_BACK)
        )
        self.measures = [line.code for line in load_frameworks()[ASSESSED].measures]
        self.rungs = {
            measure: sum(self._chance(measure, "first") >= share for share in FIRST_STAGES)
            for measure in self.measures
        }

    def _chance(self, *names: object) -> float:
        return share_of(*self.names, *names)

    def report(self, period: str) -> dict[str, list[Row]]:
        is_first = period == self.periods[0]
        return {
            "assessments": self._first_assessments(period) if is_first else self._moves(period),
            "commitments": self._commitments(period) if is_first else [],
            "actions": self._actions(period),
            "trainings": self._trainings(period),
        }

    def _assessment(self, period: str, measure: str, reason: str = "") -> Row:
        days = int(days_of(period) * self._chance(period, measure, "day"))
        return {
            "framework_code": ASSESSED,
            "measure_code": measure,
            "stage_code": LADDER[self.rungs[measure]],
            "assessed_on": (first_day(period) + timedelta(days=days)).isoformat(),
            "assessor_code": "SELF",
            "evidence": MARK,
            "reason": reason,
        }

    def _first_assessments(self, period: str) -> list[Row]:
        return [self._assessment(period, measure) for measure in self.measures]

    def _moves(self, period: str) -> list[Row]:
        rows = []
        for measure in self.measures:
            chance = self._chance(period, measure, "moves")
            if chance < self.moves_on and self.rungs[measure] < len(LADDER) - 1:
                self.rungs[measure] += 1
                rows.append(self._assessment(period, measure))
            elif chance > 1 - self.falls_back and self.rungs[measure] > 0:
                self.rungs[measure] -= 1
                rows.append(self._assessment(period, measure, reason=MARK))
        return rows

    def _commitments(self, period: str) -> list[Row]:
        rows = []
        for measure in (line.code for line in load_frameworks()[COMMITTED].measures):
            chance = self._chance(measure, "category")
            category = "A" if chance < 0.4 else "B" if chance < 0.65 else "C" if chance < 0.9 else ""
            row = {
                "framework_code": COMMITTED,
                "measure_code": measure,
                "committed_on": first_day(period).isoformat(),
                "category_code": category,
            }
            if category in ("B", "C") and self._chance(measure, "has a date") < 0.85:
                days = int(365 * (1 + 6 * self._chance(measure, "date")))
                is_definitive = self._chance(measure, "kind") < 0.5
                row["date_kind_code"] = "DEFINITIVE" if is_definitive else "INDICATIVE"
                row["target_date"] = (first_day(period) + timedelta(days=days)).isoformat()
            if category == "C":
                row["support_needed"] = MARK
            rows.append(row)
        return rows

    def _actions(self, period: str) -> list[Row]:
        """Every action that has begun or will soon, as it stands at the end of the month."""
        today, begun = _last_day(period), first_day(self.periods[0])
        span = (_last_day(self.periods[-1]) - begun).days
        rows = []
        for number in range(1, ACTIONS + 1):
            start = begun + timedelta(days=int(span * self._chance(number, "start") * 0.8))
            due = start + timedelta(days=90 + int(400 * self._chance(number, "due")))
            if start > today + timedelta(days=PLANNED_BEFORE_DAYS):
                continue
            is_on_time = self._chance(number, "on time") < DONE_ON_TIME
            late = (
                -int(30 * self._chance(number, "early"))
                if is_on_time
                else int(500 * self._chance(number, "late"))
            )
            end = due + timedelta(days=late)
            is_stopped = due <= today and self._chance(number, "stopped") < STOPPED
            is_done = end <= today and not is_stopped
            waits = due < today < end and not is_stopped and self._chance(number, "waits") < WAITS
            is_moved = end > due and today > due and self._chance(number, "moved") < MOVED
            row = {
                "action_id": f"{MARK}-{number}",
                "plan_code": "REGIONAL" if self._chance(number, "plan") < 0.25 else "NATIONAL",
                "framework_code": ASSESSED,
                "measure_code": self.measures[int(len(self.measures) * self._chance(number, "measure"))],
                "title": f"{MARK} action {number}",
                "owner_body": MARK,
                "start_date": start.isoformat(),
                "due_date": (end if is_moved else due).isoformat(),
                "status_code": (
                    "STOPPED"
                    if is_stopped
                    else "DONE"
                    if is_done
                    else "PLANNED"
                    if start > today
                    else "UNDER_WAY"
                ),
                "completed_on": end.isoformat() if is_done else "",
                "budget_amount": f"{1000 * (5 + int(95 * self._chance(number, 'budget')))}.00",
                "budget_currency_code": "USD",
                "donor": f"{MARK} donor {1 + int(3 * self._chance(number, 'donor'))}",
                "project": f"{MARK} project {1 + int(4 * self._chance(number, 'project'))}",
                "blocked_by": f"{MARK} office {1 + int(3 * self._chance(number, 'office'))}" if waits else "",
            }
            rows.append(row)
        return rows

    def _trainings(self, period: str) -> list[Row]:
        if self._chance(period, "training") > 0.4:
            return []
        days = int((days_of(period) - 5) * self._chance(period, "training day"))
        return [
            {
                "training_id": f"{MARK}-{period}",
                "title": f"{MARK} workshop",
                "framework_code": ASSESSED,
                "held_on": (first_day(period) + timedelta(days=days)).isoformat(),
                "days_count": str(1 + int(5 * self._chance(period, "days"))),
                "participants_count": str(8 + int(30 * self._chance(period, "participants"))),
                "provider": MARK,
            }
        ]
