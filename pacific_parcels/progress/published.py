"""What is published of progress: the tables progress_* in the file of every audience.

    frameworks, measures     the code lists, in both languages
    stages, commitments,     rows of single members: all of them for the secretariat, else the reader's own
    actions, forecasts       and those of members that agreed to be named
    counts                   members by stage, of each measure and quarter, whoever they are
    commitment_shares,       the region as member_code _T, and members by name
    trainings
    projects                 actions by donor and project, over all members; without names where withheld
    rates                    the rate of implementation of each quarter, by area: of the region out of the
                             counts that the same reader sees, so that it tells no more than they do
    measured                 a member's own stages beside its own figures, in its own file alone

A stage is that at the end of a quarter, by what is believed now; of what was believed on a day see `history`.
Whoever has not agreed to be named is counted where `disclosure.counts` lets it be: its part in a sum may then
be an older one, while that of members by name is always of today.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

import duckdb

from pacific_parcels.disclosure import SECRETARIAT, circle_of, viewer_of
from pacific_parcels.disclosure.counts import Releases, is_not_dominated, is_safe, is_safe_in_sum
from pacific_parcels.frameworks import Framework, load_frameworks
from pacific_parcels.gap import codes_of
from pacific_parcels.members import PROGRESS
from pacific_parcels.policy import CIRCLES
from pacific_parcels.progress.history import (
    Action,
    Assessment,
    Belief,
    Commitment,
    Timeline,
    Training,
    stages_on,
)
from pacific_parcels.progress.measured import measured_in, meet
from pacific_parcels.progress.scores import (
    by_area,
    commitment_shares,
    commitment_state,
    forecast,
    is_overdue,
    matched_rates,
    slippage_days,
    stage_score,
)
from pacific_parcels.settings import Settings

TOTAL = "_T"
STAGES = tuple(code.code for code in codes_of("stages"))
# In the tables of sums, whose sums they are: the secretariat sees members as they are.
READERS = (SECRETARIAT, *CIRCLES)

TABLES: dict[str, dict[str, str]] = {
    "frameworks": {
        "framework_code": "VARCHAR",
        "name_en": "VARCHAR",
        "name_fr": "VARCHAR",
        "measure_count": "INTEGER",
        "is_open": "BOOLEAN",
        "is_confirmed": "BOOLEAN",
        "source": "VARCHAR",
    },
    "measures": {
        "framework_code": "VARCHAR",
        "area_code": "VARCHAR",
        "area_name_en": "VARCHAR",
        "area_name_fr": "VARCHAR",
        "measure_code": "VARCHAR",
        "name_en": "VARCHAR",
        "name_fr": "VARCHAR",
        "is_confirmed": "BOOLEAN",
        "sort_order": "INTEGER",
    },
    "stages": {
        "member_code": "VARCHAR",
        "framework_code": "VARCHAR",
        "measure_code": "VARCHAR",
        "time_period": "VARCHAR",
        "stage_code": "VARCHAR",
        "assessed_on": "DATE",
        "assessor_code": "VARCHAR",
        "has_evidence": "BOOLEAN",
    },
    "counts": {
        "framework_code": "VARCHAR",
        "measure_code": "VARCHAR",
        "time_period": "VARCHAR",
        "counted_in": "VARCHAR",
        "full_count": "INTEGER",
        "partial_count": "INTEGER",
        "pilot_count": "INTEGER",
        "none_count": "INTEGER",
        "not_known_count": "INTEGER",
        "not_applicable_count": "INTEGER",
        "members_count": "INTEGER",
        "conf_status": "VARCHAR",
    },
    "rates": {
        "member_code": "VARCHAR",
        "framework_code": "VARCHAR",
        "area_code": "VARCHAR",
        "time_period": "VARCHAR",
        "rate_pct": "DOUBLE",
        "lowest_pct": "DOUBLE",
        "highest_pct": "DOUBLE",
        "measures_count": "INTEGER",
        "members_count": "INTEGER",
    },
    "forecasts": {
        "member_code": "VARCHAR",
        "framework_code": "VARCHAR",
        "status_code": "VARCHAR",
        "expected_on": "DATE",
        "earliest_on": "DATE",
        "latest_on": "DATE",
    },
    "commitments": {
        "member_code": "VARCHAR",
        "framework_code": "VARCHAR",
        "measure_code": "VARCHAR",
        "category_code": "VARCHAR",
        "date_kind_code": "VARCHAR",
        "target_date": "DATE",
        "state_code": "VARCHAR",
        "support_needed": "VARCHAR",
    },
    "commitment_shares": {
        "member_code": "VARCHAR",
        "framework_code": "VARCHAR",
        "measures_count": "INTEGER",
        "to_date_count": "INTEGER",
        "without_support_count": "INTEGER",
        "with_support_count": "INTEGER",
        "not_designated_count": "INTEGER",
        "unknown_count": "INTEGER",
        "members_count": "INTEGER",
        "conf_status": "VARCHAR",
    },
    "actions": {
        "member_code": "VARCHAR",
        "action_id": "VARCHAR",
        "plan_code": "VARCHAR",
        "framework_code": "VARCHAR",
        "measure_code": "VARCHAR",
        "title": "VARCHAR",
        "owner_body": "VARCHAR",
        "start_date": "DATE",
        "due_date": "DATE",
        "first_due_date": "DATE",
        "status_code": "VARCHAR",
        "completed_on": "DATE",
        "is_overdue": "BOOLEAN",
        "slippage_days": "INTEGER",
        "budget_usd": "DOUBLE",
        "donor": "VARCHAR",
        "project": "VARCHAR",
        "blocked_by": "VARCHAR",
    },
    "projects": {
        "donor": "VARCHAR",
        "project": "VARCHAR",
        "members_count": "INTEGER",
        "actions_count": "INTEGER",
        "due_count": "INTEGER",
        "on_time_count": "INTEGER",
        "late_count": "INTEGER",
        "overdue_count": "INTEGER",
        "stopped_count": "INTEGER",
        "done_count": "INTEGER",
        "budget_usd": "DOUBLE",
        "done_budget_usd": "DOUBLE",
        "stages_gained": "INTEGER",
        "measures_count": "INTEGER",
        "conf_status": "VARCHAR",
    },
    "trainings": {
        "member_code": "VARCHAR",
        "trainings_count": "INTEGER",
        "participants_count": "INTEGER",
        "members_count": "INTEGER",
        "conf_status": "VARCHAR",
    },
    "measured": {
        "member_code": "VARCHAR",
        "framework_code": "VARCHAR",
        "measure_code": "VARCHAR",
        "indicator_code": "VARCHAR",
        "stage_code": "VARCHAR",
        "obs_value": "DOUBLE",
        "unit_measure": "VARCHAR",
        "months_count": "INTEGER",
        "verdict_code": "VARCHAR",
        "reason_en": "VARCHAR",
        "reason_fr": "VARCHAR",
    },
}
# Of whom the rows of a table are: of nobody, of single members, or of sums over all of them (and both).
REFERENCE = ("frameworks", "measures")
OF_MEMBERS = ("stages", "forecasts", "commitments", "actions")
OF_SUMS = ("counts", "projects")
OF_BOTH = ("rates", "commitment_shares", "trainings")

Rows = list[dict[str, Any]]
# One member's part in sums, in the order of their figures; and its parts by what is summed.
Part = tuple[float, ...]
Parts = dict[Any, Part]
PartsOf = Callable[[Sequence[Any], datetime], Parts]
# The rate of a currency in a month: units for a US dollar.
Rates = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Quarter:
    code: str
    last_day: date

    @classmethod
    def of(cls, day: date) -> Quarter:
        number = (day.month + 2) // 3
        following = date(day.year + number // 4, number % 4 * 3 + 1, 1)
        return cls(f"{day.year}-Q{number}", following - timedelta(days=1))


def quarters_between(first: date, last: date) -> list[Quarter]:
    """Every quarter from that of the first day to that of the last."""
    found = [Quarter.of(first)]
    while found[-1].last_day < last:
        found.append(Quarter.of(found[-1].last_day + timedelta(days=1)))
    return found


def note_progress(connection: duckdb.DuckDBPyConnection, settings: Settings, as_of: date | None) -> None:
    """Tables memory.progress_*: everything of everyone, out of which `tables_of` gives each its part.

    The snapshot is attached as w. `as_of`: the day to which reports are looked at, None before the first.
    """
    members = [
        code for (code,) in connection.execute("select member_code from w.stg_members order by 1").fetchall()
    ]
    named: dict[str, set[str]] = {
        circle: {
            code
            for (code,) in connection.execute(
                "select member_code from w.stg_member_terms where audience_class = ? "
                f"and indicator_group = '{PROGRESS.upper()}' and detail = 'detail'",
                [circle],
            ).fetchall()
        }
        for circle in CIRCLES
    }
    rates: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for currency, month, units in connection.execute(
        "select currency_code, time_period, units_per_usd from w.mart_exchange_rates"
    ).fetchall():
        rates[currency][month] = float(units)
    told: dict[str, Rows] = {name: [] for name in TABLES}
    told["frameworks"], told["measures"] = _reference()
    if as_of is not None:
        # A report that came in while the models were built is for the next publication, as extracts are.
        known = connection.execute("select extract_id from w.stg_gap_reports").fetchall()
        with Belief(settings, as_of, members, {extract_id for (extract_id,) in known}) as belief:
            told |= _Story(belief, named, rates).tables()
    for name, rows in told.items():
        _fill(connection, name, rows)


def tables_of(audience: str) -> dict[str, str]:
    """The tables of one audience's file but for `measured`: name and query, once `note_progress` has run."""
    readers = SECRETARIAT if audience == SECRETARIAT else circle_of(audience)
    viewer = viewer_of(audience)
    may_see = "true" if audience == SECRETARIAT else f"(is_named_{readers} or member_code = '{viewer or ''}')"
    where = dict.fromkeys(REFERENCE, "true")
    where |= dict.fromkeys(OF_MEMBERS, may_see)
    where |= dict.fromkeys(OF_SUMS, f"readers = '{readers}'")
    where |= dict.fromkeys(OF_BOTH, f"(readers = '{readers}' or readers is null and {may_see})")
    return {
        f"progress_{name}": f"select {', '.join(TABLES[name])} from memory.progress_{name} "
        f"where {condition} order by all"
        for name, condition in where.items()
    }


def note_measured(connection: duckdb.DuckDBPyConnection, audience: str, as_of: date | None) -> None:
    """Table progress_measured of the file that is being written: its own member's, else empty."""
    viewer = viewer_of(audience)
    rows: Rows = []
    if viewer is not None and as_of is not None:
        stages = {
            (framework_code, measure_code): stage_code
            for framework_code, measure_code, stage_code in connection.execute(
                "select framework_code, measure_code, arg_max(stage_code, time_period) from progress_stages "
                "where member_code = ? group by all order by all",
                [viewer],
            ).fetchall()
        }
        rows = [
            {
                "member_code": viewer,
                "framework_code": one.framework_code,
                "measure_code": one.counterpart.measure_code,
                "indicator_code": one.counterpart.indicator_code,
                "stage_code": one.stage_code,
                "obs_value": one.measured.value,
                "unit_measure": one.measured.unit_measure,
                "months_count": one.measured.months,
                "verdict_code": one.verdict,
                "reason_en": one.counterpart.reason_en,
                "reason_fr": one.counterpart.reason_fr,
            }
            for one in meet(stages, measured_in(connection, viewer, as_of))
        ]
    _make(connection, "progress_measured", TABLES["measured"], rows)


def _fill(connection: duckdb.DuckDBPyConnection, name: str, rows: Rows) -> None:
    """Table memory.progress_<name>, with what says for whom a row is."""
    columns = TABLES[name] | {
        "readers": "VARCHAR",
        **{f"is_named_{circle}": "BOOLEAN" for circle in CIRCLES},
    }
    _make(connection, f"memory.progress_{name}", columns, rows)


def _make(connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str], rows: Rows) -> None:
    structure = json.dumps([columns])
    connection.execute(
        f"create or replace table {table} as select * from ("
        f"select unnest(from_json(?, '{structure}'), recursive := true)) order by all",
        [json.dumps(rows, ensure_ascii=False, default=str)],
    )


def _reference() -> tuple[Rows, Rows]:
    frameworks: Rows = []
    measures: Rows = []
    for framework in load_frameworks().values():
        frameworks.append(
            {
                "framework_code": framework.code,
                "name_en": framework.name_en,
                "name_fr": framework.name_fr,
                "measure_count": framework.measure_count,
                "is_open": framework.is_open,
                "is_confirmed": framework.confirmation_code == "CONFIRMED",
                "source": framework.source,
            }
        )
        areas = {area.code: area for area in framework.areas}
        measures += [
            {
                "framework_code": framework.code,
                "area_code": line.parent_code,
                "area_name_en": areas[line.parent_code].name_en,
                "area_name_fr": areas[line.parent_code].name_fr,
                "measure_code": line.code,
                "name_en": line.name_en,
                "name_fr": line.name_fr,
                "is_confirmed": line.confirmation_code == "CONFIRMED",
                "sort_order": number,
            }
            for number, line in enumerate(framework.measures, 1)
        ]
    return frameworks, measures


class _Story:
    """What was reported, over time: who changed what, one report after the other."""

    def __init__(self, belief: Belief, named: Mapping[str, set[str]], rates: Rates) -> None:
        self.as_of = belief.as_of
        self.today = datetime.combine(self.as_of, datetime.max.time())
        self.named, self.rates = named, rates
        self.hidden = tuple(frozenset(belief.members) - named[circle] for circle in CIRCLES)
        self.assessments = belief.timeline_of_assessments()
        self.commitments = belief.timeline_of_commitments()
        self.actions = belief.timeline_of_actions()
        self.trainings = belief.timeline_of_trainings()
        self.frameworks = load_frameworks()
        days = [one.assessed_on for line in self.assessments.values() for _, rows in line for one in rows]
        first = min(days, default=self.as_of)
        self.quarters = quarters_between(first, self.as_of)
        # What changes with the calendar alone is looked at on these days too.
        self.quarter_ends = [
            datetime.combine(quarter.last_day + timedelta(days=1), datetime.min.time())
            for quarter in self.quarters
            if quarter.last_day < self.as_of
        ]

    def tables(self) -> dict[str, Rows]:
        stages = self._stages()
        counts = self._counts()
        return {
            "stages": stages,
            "counts": counts,
            "rates": [*self._region_rates(counts), *self._member_rates(stages)],
            "forecasts": self._forecasts(),
            "commitments": self._commitment_rows(),
            "commitment_shares": self._commitment_shares(),
            "actions": self._action_rows(),
            "projects": self._projects(),
            "trainings": self._training_rows(),
        }

    def _of(self, member_code: str) -> dict[str, Any]:
        """What says who may see a row of this member."""
        return {"member_code": member_code} | {
            f"is_named_{circle}": member_code in self.named[circle] for circle in CIRCLES
        }

    # stages

    def _stages(self) -> Rows:
        rows: Rows = []
        for member, line in self.assessments.items():
            for quarter in self.quarters:
                rows += [
                    self._of(member)
                    | {
                        "framework_code": one.framework_code,
                        "measure_code": one.measure_code,
                        "time_period": quarter.code,
                        "stage_code": one.stage_code,
                        "assessed_on": one.assessed_on,
                        "assessor_code": one.assessor_code,
                        "has_evidence": one.has_evidence,
                    }
                    for one in stages_on(_latest(line), quarter.last_day)
                ]
        return rows

    def _counts(self) -> Rows:
        """Members by stage, of every measure that a framework lists and somebody has assessed."""
        listed = {
            (code, one.code) for code, framework in self.frameworks.items() for one in framework.measures
        }
        now: defaultdict[tuple[str, str], dict[int, dict[str, str]]] = defaultdict(
            lambda: {number: {} for number in range(len(self.quarters))}
        )
        releases: dict[tuple[str, str], Releases[str]] = {}
        released: dict[tuple[str, str, int], tuple[dict[str, str], int]] = {}
        for member, known_from, assessments in _in_order(self.assessments):
            changed = set()
            for number, quarter in enumerate(self.quarters):
                stages = {
                    (one.framework_code, one.measure_code): one.stage_code
                    for one in stages_on(assessments, quarter.last_day)
                }
                for measure in listed & (stages.keys() | now.keys()):
                    stage, answers = stages.get(measure), now[measure][number]
                    if answers.get(member) != stage:
                        if stage is None:
                            del answers[member]
                        else:
                            answers[member] = stage
                        changed.add((*measure, number))
            for framework_code, measure_code, number in sorted(changed):
                measure = (framework_code, measure_code)
                release = releases.setdefault(measure, Releases(self.hidden, is_safe))
                answers = now[measure][number]
                if release.admits(answers):
                    day = Quarter.of(known_from.date()).last_day
                    latest = max(n for n, quarter in enumerate(self.quarters) if quarter.last_day <= day)
                    released[*measure, number] = (dict(answers), min(number, latest))
        rows: Rows = []
        for measure in sorted(now):
            for number, quarter in enumerate(self.quarters):
                answers = now[measure][number]
                if not answers:
                    continue
                for readers in READERS:
                    found = released.get((*measure, number))
                    counted, counted_in = self._as_shown(readers, answers, found, number)
                    rows.append(
                        {
                            "readers": readers,
                            "framework_code": measure[0],
                            "measure_code": measure[1],
                            "time_period": quarter.code,
                            **_counted(counted, self.quarters[counted_in].code),
                        }
                    )
        return rows

    def _as_shown(
        self,
        readers: str,
        answers: dict[str, str],
        released: tuple[dict[str, str], int] | None,
        number: int,
    ) -> tuple[dict[str, str] | None, int]:
        """The answers that are counted for these readers, and of which quarter those of the hidden are."""
        if readers == SECRETARIAT:
            return answers, number
        hidden = self.hidden[CIRCLES.index(readers)]
        of_the_named = {member: stage for member, stage in answers.items() if member not in hidden}
        if not hidden & answers.keys() and released is None:
            return of_the_named, number
        if released is None:
            return None, number
        then, counted_in = released
        of_the_hidden = {member: stage for member, stage in then.items() if member in hidden}
        is_of_today = all(answers.get(member) == then.get(member) for member in hidden)
        return of_the_named | of_the_hidden, number if is_of_today else counted_in

    def _region_rates(self, counts: Rows) -> Rows:
        """The region out of its counts, over the measures that are shown in each quarter from one on."""
        rows: Rows = []
        key = itemgetter("readers", "framework_code")
        for (readers, framework_code), group in groupby(sorted(counts, key=key), key=key):
            shown = {
                (row["measure_code"], row["time_period"]): row for row in group if row["conf_status"] == "F"
            }
            periods, measures = _comparable(shown, [quarter.code for quarter in self.quarters])
            framework = self.frameworks[framework_code]
            areas = {line.code: line.parent_code for line in framework.measures}
            for period in periods:
                for area in (TOTAL, *(area.code for area in framework.areas)):
                    of_area = [shown[code, period] for code in measures if area in (TOTAL, areas[code])]
                    if of_area:
                        rows.append(
                            {
                                "readers": readers,
                                "member_code": TOTAL,
                                "framework_code": framework_code,
                                "area_code": area,
                                "time_period": period,
                                **_rate_of_counts(of_area),
                            }
                        )
        return rows

    def _member_rates(self, stages: Rows) -> Rows:
        rows: Rows = []
        key = itemgetter("member_code", "framework_code", "time_period")
        for (member, framework_code, period), group in groupby(sorted(stages, key=key), key=key):
            framework = self.frameworks[framework_code]
            of_one = {row["measure_code"]: row["stage_code"] for row in group}
            whole = stage_score(of_one.values(), None if framework.is_open else len(framework.measures))
            for area, score in {TOTAL: whole, **by_area(framework, of_one)}.items():
                if area != TOTAL and score.rate_pct is None:
                    continue
                assessed = score.full + score.partial + score.pilot + score.none
                rows.append(
                    self._of(member)
                    | {
                        "framework_code": framework_code,
                        "area_code": area,
                        "time_period": period,
                        "rate_pct": score.rate_pct,
                        "lowest_pct": score.lowest_pct,
                        "highest_pct": score.highest_pct,
                        "measures_count": assessed,
                        "members_count": 1,
                    }
                )
        return rows

    def _forecasts(self) -> Rows:
        rows: Rows = []
        for member, line in self.assessments.items():
            latest = _latest(line)
            for framework in self.frameworks.values():
                history = [one for one in latest if one.framework_code == framework.code]
                if history:
                    found = forecast(matched_rates(framework, history))
                    rows.append(
                        self._of(member)
                        | {
                            "framework_code": framework.code,
                            "status_code": found.status,
                            "expected_on": found.expected,
                            "earliest_on": found.earliest,
                            "latest_on": found.latest,
                        }
                    )
        return rows

    # commitments

    def _commitment_rows(self) -> Rows:
        return [
            self._of(member)
            | {
                "framework_code": one.framework_code,
                "measure_code": one.measure_code,
                "category_code": one.category_code,
                "date_kind_code": one.date_kind_code,
                "target_date": one.target_date,
                "state_code": commitment_state(one, self.as_of).upper(),
                "support_needed": one.support_needed,
            }
            for member, line in self.commitments.items()
            for one in _latest(line)
        ]

    def _commitment_shares(self) -> Rows:
        rows: Rows = []
        for framework in self.frameworks.values():

            def parts(
                commitments: Sequence[Commitment], moment: datetime, framework: Framework = framework
            ) -> Parts:
                part = _commitment_part(framework, commitments, moment.date())
                return {framework.code: part} if part else {}

            now = self._now(self.commitments, parts)
            shown = self._shown(self.commitments, parts, lambda found: is_safe_in_sum(_whole(found)))
            of_framework = {member: found[framework.code] for member, found in now.items() if found}
            rows += [
                self._of(member) | {"framework_code": framework.code} | _commitment_figures([part])
                for member, part in of_framework.items()
            ]
            for readers in READERS if of_framework else ():
                summed = self._summed(readers, of_framework, shown.get(framework.code))
                rows.append(
                    {"readers": readers, "member_code": TOTAL, "framework_code": framework.code}
                    | _commitment_figures(summed)
                )
        return rows

    # actions

    def _usd(self, action: Action) -> float | None:
        """At the rate of the month in which it begins, or of the last one before that has a rate."""
        if action.budget_amount is None or action.budget_currency_code == "USD":
            return None if action.budget_amount is None else float(action.budget_amount)
        rates = self.rates.get(action.budget_currency_code or "", {})
        known = [month for month in rates if month <= f"{action.start_date:%Y-%m}"]
        return float(action.budget_amount) / rates[max(known)] if known else None

    def _action_rows(self) -> Rows:
        return [
            self._of(member)
            | {
                "action_id": one.action_id,
                "plan_code": one.plan_code,
                "framework_code": one.framework_code,
                "measure_code": one.measure_code,
                "title": one.title,
                "owner_body": one.owner_body,
                "start_date": one.start_date,
                "due_date": one.due_date,
                "first_due_date": one.first_due_date,
                "status_code": one.status_code,
                "completed_on": one.completed_on,
                "is_overdue": is_overdue(one, self.as_of),
                "slippage_days": slippage_days(one, self.as_of),
                "budget_usd": self._usd(one),
                "donor": one.donor,
                "project": one.project,
                "blocked_by": one.blocked_by,
            }
            for member, line in self.actions.items()
            for one in _latest(line)
        ]

    def _projects(self) -> Rows:
        def parts(actions: Sequence[Action], moment: datetime) -> Parts:
            found: defaultdict[Any, list[Action]] = defaultdict(list)
            for action in actions:
                found[action.donor, action.project].append(action)
            return {
                project: self._project_part(
                    of_project,
                    _known(self.assessments.get(of_project[0].member_code, []), moment),
                    moment.date(),
                )
                for project, of_project in found.items()
            }

        def may_be_told(found: list[Part]) -> bool:
            kinds = [_kinds_of_actions(part) for part in found]
            return is_safe_in_sum(kinds) and is_not_dominated([part[7] for part in found])

        now = self._now(self.actions, parts)
        shown = self._shown(self.actions, parts, may_be_told)
        projects = {project for found in now.values() for project in found}
        rows: Rows = []
        for project in sorted(projects, key=lambda names: tuple(name or "" for name in names)):
            of_project = {member: found[project] for member, found in now.items() if project in found}
            for readers in READERS:
                summed = self._summed(readers, of_project, shown.get(project))
                # Members have written its names: of a few that are not named, they could tell who it is.
                donor, name = project if summed is not None else (None, None)
                rows.append({"readers": readers, "donor": donor, "project": name} | _project_figures(summed))
        return rows

    def _project_part(self, actions: Sequence[Action], assessed: Sequence[Assessment], day: date) -> Part:
        """One member's part in a project: the figures of table projects, from actions_count on."""
        going = [one for one in actions if one.status_code != "STOPPED"]
        done = [one for one in actions if one.status_code == "DONE"]
        due = [one for one in going if one.first_due_date <= day]
        on_time = sum(
            one in done and one.completed_on is not None and one.completed_on <= one.first_due_date
            for one in due
        )
        overdue = sum(is_overdue(one, day) for one in due)
        starts: dict[tuple[str, str], date] = {}
        for one in actions:
            if one.measure_code:
                measure = (one.framework_code, one.measure_code)
                starts[measure] = min(one.start_date, starts.get(measure, one.start_date))
        return (
            len(actions),
            len(due),
            on_time,
            len(due) - on_time - overdue,
            overdue,
            len(actions) - len(going),
            len(done),
            sum(self._usd(one) or 0 for one in actions),
            sum(self._usd(one) or 0 for one in done),
            sum(_gained(assessed, measure, start, day) for measure, start in starts.items()),
            len(starts),
        )

    # trainings

    def _training_rows(self) -> Rows:
        def parts(trainings: Sequence[Training], _: datetime) -> Parts:
            held = sum(one.participants_count for one in trainings)
            return {TOTAL: (len(trainings), held)} if trainings else {}

        now = self._now(self.trainings, parts)
        shown = self._shown(
            self.trainings,
            parts,
            lambda found: (
                is_safe([part[0] for part in found]) and is_not_dominated([part[1] for part in found])
            ),
        )
        held = {member: found[TOTAL] for member, found in now.items() if found}
        rows = [self._of(member) | _training_figures([part]) for member, part in held.items()]
        for readers in READERS if held else ():
            summed = self._summed(readers, held, shown.get(TOTAL))
            rows.append({"readers": readers, "member_code": TOTAL} | _training_figures(summed))
        return rows

    # sums over members

    def _now(self, timeline: Timeline[Any], parts: PartsOf) -> dict[str, Parts]:
        return {member: parts(_latest(line), self.today) for member, line in timeline.items()}

    def _shown(
        self,
        timeline: Timeline[Any],
        parts: PartsOf,
        may_be_told: Callable[[list[Part]], bool],
    ) -> dict[Any, dict[str, Part]]:
        """The last parts of members, by what is summed, of which the sum may be shown.

        Looked at whenever a report came in, and at the end of each quarter.
        """
        moments = sorted(
            {known_from for line in timeline.values() for known_from, _ in line} | set(self.quarter_ends)
        )
        last: dict[Any, dict[str, Part]] = {}
        before: dict[Any, dict[str, Part]] = {}
        releases: dict[Any, Releases[Part]] = {}
        for moment in moments:
            now: defaultdict[Any, dict[str, Part]] = defaultdict(dict)
            for member, line in timeline.items():
                for name, part in parts(_known(line, moment), moment).items():
                    now[name][member] = part
            for name in now.keys() | before.keys():
                answers = now.get(name, {})
                if answers != before.get(name):
                    release = releases.setdefault(name, Releases(self.hidden, may_be_told))
                    if release.admits(answers):
                        last[name] = answers
            before = dict(now)
        return last

    def _summed(
        self, readers: str, now: Mapping[str, Part], shown: Mapping[str, Part] | None
    ) -> list[Part] | None:
        """The parts that a sum for these readers is made of; None where it may not be shown."""
        if readers == SECRETARIAT:
            return list(now.values())
        hidden = self.hidden[CIRCLES.index(readers)]
        of_the_named = [part for member, part in now.items() if member not in hidden]
        if shown is None:
            return None if hidden & now.keys() else of_the_named
        return of_the_named + [part for member, part in shown.items() if member in hidden]


def _latest(line: Sequence[tuple[datetime, list[Any]]]) -> list[Any]:
    return line[-1][1]


def _known(line: Sequence[tuple[datetime, list[Any]]], moment: datetime) -> list[Any]:
    """The rows that were in force then."""
    return next((rows for known_from, rows in reversed(line) if known_from <= moment), [])


def _in_order(timeline: Timeline[Assessment]) -> Iterable[tuple[str, datetime, list[Assessment]]]:
    return sorted(
        ((member, known_from, rows) for member, line in timeline.items() for known_from, rows in line),
        key=lambda event: (event[1], event[0]),
    )


def _counted(answers: Mapping[str, str] | None, counted_in: str) -> dict[str, Any]:
    if answers is None:
        return {"counted_in": None, "conf_status": "C"}
    counts = Counter(answers.values())
    return {
        "counted_in": counted_in,
        **{f"{stage.lower()}_count": counts[stage] for stage in STAGES},
        "members_count": len(answers),
        "conf_status": "F",
    }


def _comparable(
    shown: Mapping[tuple[str, str], dict[str, Any]], periods: Sequence[str]
) -> tuple[list[str], list[str]]:
    """From which quarter on, and over which measures, rates can be compared: (quarters, measures).

    The measures are those that are shown in the last quarter and in each one from the first in which at least
    half of these are.
    """
    latest = {measure for measure, period in shown if period == periods[-1]}
    since = {
        measure: next(
            (place + 1 for place in reversed(range(len(periods))) if (measure, periods[place]) not in shown),
            0,
        )
        for measure in latest
    }
    if not latest:
        return [], []
    begin = sorted(since.values())[(len(since) - 1) // 2]
    return list(periods[begin:]), sorted(measure for measure in latest if since[measure] <= begin)


def _rate_of_counts(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    totals: Counter[str] = Counter()
    for row in rows:
        totals.update({stage: row[f"{stage.lower()}_count"] for stage in STAGES})
    score = stage_score(totals.elements())
    return {
        "rate_pct": score.rate_pct,
        "lowest_pct": score.lowest_pct,
        "highest_pct": score.highest_pct,
        "measures_count": len(rows),
        "members_count": max(row["members_count"] for row in rows),
    }


def _commitment_part(framework: Framework, commitments: Sequence[Commitment], day: date) -> Part:
    """(measures, and how many in each state) of one member; empty where it has notified none."""
    of_framework = [one for one in commitments if one.framework_code == framework.code]
    if not of_framework:
        return ()
    codes = [one.measure_code for one in of_framework]
    if not framework.is_open:
        codes = [line.code for line in framework.measures]
    shares = commitment_shares(codes, of_framework, day)
    return (
        shares.measures,
        shares.to_date,
        shares.without_support,
        shares.with_support,
        shares.not_designated,
        shares.unknown,
    )


def _whole(parts: Iterable[Part]) -> list[tuple[int, ...]]:
    """The parts without the first figure, which is their total."""
    return [tuple(int(figure) for figure in part[1:]) for part in parts]


def _figures(names: Sequence[str], parts: Sequence[Part] | None) -> dict[str, Any]:
    if parts is None:
        return {"conf_status": "C"}
    sums = [sum(part[place] for part in parts) for place in range(len(names))]
    return {**dict(zip(names, sums, strict=True)), "members_count": len(parts), "conf_status": "F"}


def _commitment_figures(parts: Sequence[Part] | None) -> dict[str, Any]:
    names = [name for name in TABLES["commitment_shares"] if name.endswith("_count")]
    return _figures([name for name in names if name != "members_count"], parts)


def _project_figures(parts: Sequence[Part] | None) -> dict[str, Any]:
    names = list(TABLES["projects"])
    return _figures(names[names.index("actions_count") : names.index("conf_status")], parts)


def _training_figures(parts: Sequence[Part] | None) -> dict[str, Any]:
    return _figures(["trainings_count", "participants_count"], parts)


def _kinds_of_actions(part: Part) -> tuple[int, ...]:
    """Done, overdue, stopped, and all others, which add up."""
    actions, _, _, _, overdue, stopped, done = (int(figure) for figure in part[:7])
    return done, overdue, stopped, actions - done - overdue - stopped


def _gained(assessed: Sequence[Assessment], measure: tuple[str, str], start: date, day: date) -> int:
    """How many stages a measure has gone up from one day to another; 0 where either is not known."""
    points = {code.code: code.points for code in codes_of("stages")}
    of_measure = [one for one in assessed if (one.framework_code, one.measure_code) == measure]
    found = [[points[one.stage_code] for one in stages_on(of_measure, at)] for at in (start, day)]
    before, after = (next(iter(known), None) for known in found)
    return 0 if before is None or after is None else after - before
