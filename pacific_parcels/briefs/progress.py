"""What the brief of progress says: how far the region is with standards, commitments and plans.

    headline figures   rate of implementation, movement since the first quarter, actions on time, budget,
                       commitments; each with what it rests on
    four charts        principles now and at first; quarters; measures by stage; projects
    one table          members by stage of each measure
    not known          what is withheld, not confirmed, of an earlier quarter, or never came
    what to do         for the one who reads it, in careful words

It speaks of the framework that members have assessed most. Names of members stand in it only where its
file has them. A file without any gap report makes a brief that says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pacific_parcels.briefs import drawing
from pacific_parcels.briefs.brief import Brief, Chart, Headline, Table, Writer, as_sentence, capital
from pacific_parcels.briefs.drawing import Bar, Labels, Line, Part, Point, Stack
from pacific_parcels.briefs.figures import REGION, PublishedFigures
from pacific_parcels.briefs.words import MINUS, Language

MOST_AREAS = 12
MOST_MEASURES = 18
MOST_PROJECTS = 8
MOST_ACTIONS = 6
MOST_LISTED = 3
# What members write has any length, and a brief has two pages.
MOST_LETTERS = 48
STAGES = ("FULL", "PARTIAL", "PILOT", "NONE", "NOT_KNOWN", "NOT_APPLICABLE")
POINTS = {"FULL": 3, "PARTIAL": 2, "PILOT": 1, "NONE": 0}
MOST_POINTS = 3


def brief_of_progress(figures: PublishedFigures, language: Language) -> Brief:
    """The brief of progress for the readers of a published file."""
    return _Writer(figures, language).brief()


@dataclass(frozen=True)
class _Rate:
    """A rate of the region in one quarter; `measures` and `members` are what it rests on."""

    value: float
    lowest: float | None
    highest: float | None
    measures: int
    members: int


@dataclass(frozen=True)
class _Measure:
    """Members by stage. `counts` is None where it is withheld, empty where no member has reported."""

    code: str
    name: str
    is_confirmed: bool
    counts: dict[str, int] | None
    members: int | None
    counted_in: str | None

    @property
    def known(self) -> int:
        return sum(self.counts[stage] for stage in POINTS) if self.counts else 0

    @property
    def rate_pct(self) -> float | None:
        """Points of those whose stage is known, in per cent of the most there could be."""
        if not self.counts or not self.known:
            return None
        points = sum(self.counts[stage] * value for stage, value in POINTS.items())
        return 100 * points / (MOST_POINTS * self.known)

    @property
    def behind(self) -> int:
        return self.counts["NONE"] + self.counts["PILOT"] if self.counts else -1


class _Writer(Writer):
    def __init__(self, figures: PublishedFigures, language: Language) -> None:
        super().__init__(figures, language)
        self.frameworks = self._frameworks()
        self.framework = self.frameworks[0] if self.frameworks else ""
        self.rates = self._rates(self.framework)
        self.series = self.rates.get(REGION, {})
        self.quarter, self.first = max(self.series, default=""), min(self.series, default="")
        self.counted_quarter = self._counted_quarter()
        self.measures = self._measures()
        self.projects = self._projects()
        self.shown_projects = [row for row in self.projects if row["conf_status"] == "F"]
        self.is_empty = not (self.frameworks or self.projects or self._commitments())

    def brief(self) -> Brief:
        say, figures = self.say, self.figures
        as_of = say.date(figures.as_of_date) if figures.as_of_date else MINUS
        drawn = [self.areas(), self.quarters(), self.stages(), self.budgets()]
        return Brief(
            language=self.language,
            document_title=say("progress_document_title", day=as_of),
            kind=say(f"progress_kind.{figures.audience}"),
            title=say("progress_title"),
            dateline=say("progress_dateline", as_of=as_of),
            readers=say(f"readers.{figures.audience}"),
            synthetic=say("synthetic") if figures.is_synthetic else "",
            lead=self.lead(),
            figures_title=say("figures"),
            headlines=[self.rate(), self.movement(), self.on_time(), self.budget(), self.commitments()],
            figures_note=say("progress_figures_note"),
            charts_title=say("progress_charts"),
            more_charts_title=say("progress_more_charts"),
            charts=[chart for chart in drawn if chart],
            table_title=say("progress_table", quarter=self.in_words(self.counted_quarter)),
            table=self.table(),
            table_notes=self.table_notes(),
            quality_title=say("progress_quality"),
            quality=self.quality(),
            actions_title=say("actions"),
            actions=self.actions()[:MOST_ACTIONS],
            source=say("progress_source", as_of=as_of, run=figures.run_id),
            as_of=figures.as_of_date.isoformat() if figures.as_of_date else "",
        )

    # what the file says

    def _frameworks(self) -> list[str]:
        """Those that members have reported stages of: the one with the most known stages first."""
        rows = self.figures.rows(
            """
            select framework_code
            from progress_counts
            where time_period = (select max(time_period) from progress_counts)
            group by framework_code
            order by
                sum(full_count + partial_count + pilot_count + none_count) desc nulls last, count(*) desc,
                framework_code
            """
        )
        return [row["framework_code"] for row in rows]

    def _rates(self, framework_code: str) -> dict[str, dict[str, _Rate]]:
        """The region's rates that may be shown, by area (_T: all of it) and quarter."""
        rates: dict[str, dict[str, _Rate]] = {}
        for row in self.figures.rows(
            "select * from progress_rates where member_code = ? and framework_code = ? "
            "and rate_pct is not null order by area_code, time_period",
            [REGION, framework_code],
        ):
            rates.setdefault(row["area_code"], {})[row["time_period"]] = _Rate(
                row["rate_pct"],
                row["lowest_pct"],
                row["highest_pct"],
                row["measures_count"],
                row["members_count"],
            )
        return rates

    def _counted_quarter(self) -> str:
        """The last quarter with counts of the framework; empty where there is none."""
        (row,) = self.figures.rows(
            "select max(time_period) as last from progress_counts where framework_code = ?", [self.framework]
        )
        return row["last"] or ""

    def _measures(self) -> list[_Measure]:
        """Every measure of the framework, in its order; those that only reports name come last."""
        rows = self.figures.rows(
            f"""
            select
                coalesce(m.measure_code, c.measure_code) as code, m.name_{self.language} as name,
                coalesce(m.is_confirmed, false) as is_confirmed, c.*
            from (select * from progress_measures where framework_code = $1) m
            full join (
                select * from progress_counts where framework_code = $1 and time_period = $2
            ) c using (measure_code)
            order by m.sort_order nulls last, code
            """,
            [self.framework, self.counted_quarter],
        )
        return [
            _Measure(
                row["code"],
                self.printed(row["name"] or ""),
                row["is_confirmed"],
                self._counts(row),
                row["members_count"],
                row["counted_in"],
            )
            for row in rows
        ]

    @staticmethod
    def _counts(row: dict[str, Any]) -> dict[str, int] | None:
        if row["conf_status"] == "C":
            return None
        if row["conf_status"] is None:
            return {}
        return {stage: row[f"{stage.lower()}_count"] for stage in STAGES}

    def _projects(self) -> list[dict[str, Any]]:
        return self.figures.rows(
            "select * from progress_projects order by conf_status = 'C', budget_usd desc nulls last, "
            "actions_count desc, donor nulls last, project nulls last"
        )

    def _commitments(self) -> list[dict[str, Any]]:
        """Of the region, that of the agreement with the most measures first."""
        return self.figures.rows(
            "select * from progress_commitment_shares where member_code = ? "
            "order by conf_status = 'C', measures_count desc nulls last, framework_code",
            [REGION],
        )

    # names in words

    def framework_name(self, code: str) -> str:
        """In full; said to be unconfirmed where it is."""
        names = self.figures.rows(
            f"select name_{self.language} as name, is_confirmed from progress_frameworks "
            "where framework_code = ?",
            [code],
        )
        if not names:
            return code
        name = self.printed(names[0]["name"])
        return name if names[0]["is_confirmed"] else self.say("progress_unconfirmed", name=name)

    def area_name(self, code: str) -> str:
        names = self.figures.rows(
            f"select any_value(area_name_{self.language}) as name from progress_measures "
            "where framework_code = ? and area_code = ?",
            [self.framework, code],
        )
        return self.printed(names[0]["name"] or code)

    def in_words(self, quarter: str) -> str:
        return self.say.quarter(quarter) if quarter else MINUS

    def project_name(self, row: dict[str, Any]) -> str:
        if row["conf_status"] == "C":
            return self.say("progress_projects.withheld")
        project, donor = (_cut(self.printed(row[column] or "")) for column in ("project", "donor"))
        if project and donor:
            return f"{project} ({donor})"
        return project or donor or self.say("progress_projects.none")

    def stages_gained(self, count: int) -> str:
        word = "stage" if abs(count) <= 1 and (count or self.language == "fr") else "stages"
        unit = self.say(f"progress_unit.{word}")
        return f"{self.say.number(count, signed=True)}\u00a0{unit}"

    # the first lines

    def lead(self) -> str:
        say = self.say
        if self.is_empty:
            return say("progress_lead.none")
        if not self.series:
            return say("progress_lead.no_rate")
        change = self.change_of(self.series)
        word = (
            "alone"
            if change is None
            else "same"
            if round(change, 1) == 0
            else "more"
            if change > 0
            else "less"
        )
        return say(
            f"progress_lead.{word}",
            rate=say.percent(self.series[self.quarter].value),
            quarter=say.quarter(self.quarter),
            first=say.quarter(self.first),
            change=say.counted(abs(change or 0), "points"),
            framework=self.framework_name(self.framework),
        )

    def change_of(self, series: dict[str, _Rate]) -> float | None:
        """From the first quarter of the region to its last one, in points."""
        if self.first == self.quarter or self.first not in series or self.quarter not in series:
            return None
        return series[self.quarter].value - series[self.first].value

    def absent(self, label: str, *, is_withheld: bool = False) -> Headline:
        word = self.say("progress_withheld") if is_withheld else self.say("status.N")
        return Headline(label, word, [], is_figure=False)

    def rate(self) -> Headline:
        say = self.say
        label = say("progress_figure.rate")
        if not self.series:
            return self.absent(label, is_withheld=bool(self.frameworks))
        now = self.series[self.quarter]
        notes = [say.quarter(self.quarter), self.rests_on(now)]
        return Headline(label, say.percent(now.value), notes, is_figure=True)

    def rests_on(self, rate: _Rate) -> str:
        say = self.say
        (framework,) = self.figures.rows(
            "select max(measure_count) as measures, coalesce(bool_or(is_open), true) as is_open "
            "from progress_frameworks where framework_code = ?",
            [self.framework],
        )
        values = {"measures": say.number(rate.measures), "members": say.number(rate.members)}
        if framework["is_open"] or not framework["measures"]:
            return say("progress_note.rests_open", **values)
        return say("progress_note.rests", all=say.number(framework["measures"]), **values)

    def movement(self) -> Headline:
        say = self.say
        change = self.change_of(self.series)
        if change is None:
            return self.absent(say("progress_figure.no_baseline"))
        then, now = self.series[self.first], self.series[self.quarter]
        notes = [say("progress_note.from", rate=say.percent(then.value))]
        if (then.measures, then.members) != (now.measures, now.members):
            notes.append(
                say(
                    "progress_note.rested",
                    measures=say.number(then.measures),
                    members=say.number(then.members),
                )
            )
        return Headline(
            say("progress_figure.movement", first=say.quarter(self.first)),
            say.counted(change, "points", signed=True),
            notes,
            is_figure=True,
        )

    def sum_of(self, column: str) -> float:
        return sum(row[column] or 0 for row in self.shown_projects)

    @property
    def of_shown(self) -> list[str]:
        """Said with each sum that some project is not part of."""
        is_whole = len(self.shown_projects) == len(self.projects)
        return [] if is_whole else [self.say("progress_note.of_shown")]

    def on_time(self) -> Headline:
        say = self.say
        label = say("progress_figure.on_time")
        on_time, due, overdue = map(self.sum_of, ("on_time_count", "due_count", "overdue_count"))
        if not due:
            return self.absent(label, is_withheld=bool(self.of_shown) and not self.shown_projects)
        notes = [say("progress_note.of_due", on_time=say.number(on_time), due=say.number(due))]
        if overdue:
            notes.append(say("progress_note.overdue", overdue=say.number(overdue)))
        return Headline(label, say.percent(100 * on_time / due), [*notes, *self.of_shown], is_figure=True)

    def budget(self) -> Headline:
        say = self.say
        label = say("progress_figure.budget")
        budget, done = self.sum_of("budget_usd"), self.sum_of("done_budget_usd")
        if not budget:
            return self.absent(label, is_withheld=bool(self.of_shown) and not self.shown_projects)
        notes = [
            say("progress_note.spent", done=say.usd(done), share=say.percent(100 * done / budget)),
            *self.of_shown,
        ]
        return Headline(label, say.usd(budget), notes, is_figure=True)

    def commitments(self) -> Headline:
        say = self.say
        label = say("progress_figure.commitments")
        shares = next(iter(self._commitments()), None)
        if shares is None or shares["conf_status"] == "C" or not shares["measures_count"]:
            return self.absent(label, is_withheld=shares is not None and shares["conf_status"] == "C")
        pairs = shares["measures_count"]
        notes = [
            self.framework_name(shares["framework_code"]),
            say(
                "progress_note.of_pairs",
                count=say.number(shares["to_date_count"]),
                all=say.number(pairs),
                members=say.number(shares["members_count"]),
            ),
        ]
        if shares["unknown_count"]:
            notes.append(say("progress_note.unknown", count=say.number(shares["unknown_count"])))
        return Headline(label, say.percent(100 * shares["to_date_count"] / pairs), notes, is_figure=True)

    # the charts: none where there is nothing to draw

    @property
    def areas_now(self) -> list[tuple[str, _Rate]]:
        """Areas that have a rate in the last quarter, in the order of the framework."""
        order = [
            row["area_code"]
            for row in self.figures.rows(
                "select area_code from progress_measures where framework_code = ? "
                "group by area_code order by min(sort_order), area_code",
                [self.framework],
            )
        ]
        named = [code for code in self.rates if code != REGION and self.quarter in self.rates[code]]
        places = {code: place for place, code in enumerate(order)}
        named.sort(key=lambda code: (places.get(code, len(places)), code))
        return [(code, self.rates[code][self.quarter]) for code in named]

    @property
    def lowest_area(self) -> tuple[str, float] | None:
        rates = [(rate.value, code) for code, rate in self.areas_now]
        if len(rates) < 2:
            return None
        value, code = min(rates)
        return self.area_name(code), value

    def areas(self) -> Chart | None:
        say = self.say
        areas = self.areas_now
        if not areas:
            return None
        # Where there are more than can be drawn, those that stand lowest.
        lowest = sorted(areas, key=lambda pair: pair[1].value)[:MOST_AREAS]
        rows, twin = [], []
        for code, rate in areas:
            change = self.change_of(self.rates[code])
            name, percent = self.area_name(code), say.percent(rate.value)
            moved = "" if change is None else say.number(change, 1, signed=True)
            before = None if change is None else rate.value - change
            words = f"{percent} ({moved})" if moved else percent
            if (code, rate) in lowest:
                rows.append(Bar(name, rate.value, before, "A", words))
            twin.append(
                [
                    name,
                    say.number(rate.value, 1),
                    moved,
                    say.number(rate.measures),
                    say.number(rate.members),
                ]
            )
        what = say("progress_areas.what", quarter=say.quarter(self.quarter))
        title = what
        if self.lowest_area:
            name, value = self.lowest_area
            title = say("progress_areas.title", name=name, rate=say.percent(value))
        whole = say.percent(100)
        said = say("progress_areas.said_alone", whole=whole)
        if any(row.before is not None for row in rows):
            said = say("progress_areas.said", first=say.quarter(self.first), whole=whole)
        columns = ("area", "now", "change", "measures", "members")
        labels = Labels(f"{title}. {what}", as_sentence(said, [[row.name, row.words] for row in rows]))
        return Chart(
            "areas",
            title,
            what,
            said,
            drawing.bars("areas", rows, labels, whole=100, left=148),
            Table([say(f"progress_column.{name}") for name in columns], twin),
        )

    def quarters(self) -> Chart | None:
        """The region by quarter, beside it the next framework that it has rates of."""
        say = self.say
        if len(self.series) < 2:
            return None
        periods = _quarters(self.first, self.quarter)
        others = ((code, self._rates(code).get(REGION, {})) for code in self.frameworks[1:])
        second = next((pair for pair in others if len(pair[1]) > 1), None)
        shown = [(self.framework, self.series), *([second] if second else [])]
        lines, said = [], []
        for place, (code, series) in zip(("first", "second"), shown, strict=False):
            points = [
                Point(period, series[period].value, "A") if period in series else Point(period, None, "M")
                for period in periods
            ]
            drawn = [period for period in periods if period in series]
            if not drawn:
                continue
            begin, end = series[drawn[0]].value, series[drawn[-1]].value
            lines.append((self.framework_name(code), Line("", points, say.percent(end))))
            said.append(
                say(
                    "progress_quarters.said",
                    line=say(f"progress_line.{place}"),
                    framework=self.framework_name(code),
                    first_rate=say.percent(begin),
                    rate=say.percent(end),
                )
            )
        if any(point.value is None for _, line in lines for point in line.points):
            said.append(f"{capital(say('drawn.M'))}.")
        change = self.change_of(self.series) or 0.0
        title = say("progress_quarters.plain")
        if round(change, 1):
            title = say(
                "progress_quarters.up" if change > 0 else "progress_quarters.down",
                change=say.counted(abs(change), "points"),
                first=say.quarter(self.first),
            )
        what = say("progress_quarters.what", first=say.quarter(periods[0]), quarter=say.quarter(periods[-1]))
        twin = [
            [
                say.quarter(point.time_period),
                *("" if one.value is None else say.number(one.value, 1) for one in (point, *others_there)),
            ]
            for point, *others_there in reversed(list(zip(*(line.points for _, line in lines), strict=True)))
        ]
        head = [say("progress_column.quarter"), *(name for name, _ in lines)]
        return Chart(
            "quarters",
            title,
            what,
            " ".join(said),
            drawing.lines(
                "quarters",
                [line for _, line in lines],
                Labels(f"{title}. {what}", " ".join(said), self.axis_number),
            ),
            Table(head, twin),
        )

    @property
    def measures_shown(self) -> list[_Measure]:
        """All of them, or those with the most members at none or at a pilot, in their order."""
        if len(self.measures) <= MOST_MEASURES:
            return self.measures
        first = sorted(self.measures, key=lambda measure: -measure.behind)[:MOST_MEASURES]
        return [measure for measure in self.measures if measure in first]

    def stages(self) -> Chart | None:
        say = self.say
        counted = [measure for measure in self.measures_shown if measure.counts != {}]
        if not counted:
            return None
        rows = [
            Stack(
                measure.code,
                [
                    Part(measure.counts[stage], stage.lower(), say.number(measure.counts[stage]))
                    for stage in STAGES[:-1]
                    if measure.counts[stage]
                ]
                if measure.counts
                else [],
                say("progress_withheld")
                if measure.counts is None
                else "–"
                if measure.rate_pct is None
                else say.percent(measure.rate_pct),
            )
            for measure in counted
        ]
        left = max(40, 14 + max(len(row.name) for row in rows) * 13 // 2)
        full = sum(measure.counts["FULL"] for measure in self.measures if measure.counts)
        known = sum(measure.known for measure in self.measures)
        what = say("progress_stages.what", quarter=self.in_words(self.counted_quarter))
        title = (
            say("progress_stages.title", full=say.number(full), known=say.number(known)) if known else what
        )
        said = say("progress_stages.said")
        if any(measure.counts is None for measure in counted):
            said = f"{said} {say('progress_stages.hidden')}"
        return Chart(
            "stages",
            title,
            what,
            said,
            drawing.stacks("stages", rows, Labels(f"{title}. {what}", said), left=left, right=48, pitch=17.5),
            Table([], []),  # its figures are those of the table of the brief
        )

    def budgets(self) -> Chart | None:
        """Each project: budget, of it in actions done, and what its measures gained."""
        say = self.say
        if not self.projects:
            return None
        rows, twin = [], []
        for row in self.projects[:MOST_PROJECTS]:
            name = self.project_name(row)
            if row["conf_status"] == "C":
                stack = Stack(name, [], say("progress_withheld"))
                twin.append([name, *[say("mark.C")] * 6])
            else:
                stack = self.stack_of(name, row)
                twin.append(self.cells_of(name, row))
            rows.append(stack)
        what, said = say("progress_projects.what"), say("progress_projects.said")
        if len(self.projects) > MOST_PROJECTS:
            rest = say.number(len(self.projects) - MOST_PROJECTS)
            said = f"{said} {say('progress_projects.rest', count=rest)}"
        if any(not row.parts for row in rows):
            said = f"{said} {say('progress_stages.hidden')}"
        budget, done = self.sum_of("budget_usd"), self.sum_of("done_budget_usd")
        title = say("progress_projects.plain")
        if budget:
            title = say("progress_projects.title", share=say.percent(100 * done / budget))
        columns = ("project", "actions", "done", "overdue", "budget", "done_budget", "gained")
        labels = Labels(f"{title}. {what}", as_sentence(said, [[row.name, row.words] for row in rows]))
        return Chart(
            "projects",
            title,
            what,
            said,
            drawing.stacks("projects", rows, labels, left=130, right=128, pitch=27),
            Table([say(f"progress_column.{name}") for name in columns], twin),
        )

    def stack_of(self, name: str, row: dict[str, Any]) -> Stack:
        say = self.say
        budget, done = row["budget_usd"] or 0.0, row["done_budget_usd"] or 0.0
        gained = self.stages_gained(row["stages_gained"] or 0)
        parts = [Part(done, "full"), Part(max(budget - done, 0.0), "none")]
        words = say.usd(budget) if budget else say("progress_projects.no_budget")
        return Stack(name, parts, f"{words}, {gained}")

    def cells_of(self, name: str, row: dict[str, Any]) -> list[str]:
        say = self.say
        counts = [say.number(row[f"{column}_count"] or 0) for column in ("actions", "done", "overdue")]
        budgets = [say.usd(row[column] or 0) for column in ("budget_usd", "done_budget_usd")]
        return [name, *counts, *budgets, say.number(row["stages_gained"] or 0, signed=True)]

    # the table

    @property
    def older(self) -> list[_Measure]:
        """Measures whose counts are of an earlier quarter than the last one."""
        last = self.counted_quarter
        return [measure for measure in self.measures if measure.counted_in and measure.counted_in < last]

    def table(self) -> Table:
        say = self.say
        columns = ["measure", *STAGES, "members", *(["counted_in"] if self.older else [])]
        rows = []
        if any(measure.counts != {} for measure in self.measures):
            rows = [self.row_of(measure, len(columns)) for measure in self.measures_shown]
        return Table([say(f"progress_column.{name}") for name in columns], rows)

    def row_of(self, measure: _Measure, width: int) -> list[str]:
        say = self.say
        name = " ".join(part for part in (measure.code, measure.name) if part)
        name += "" if measure.is_confirmed else "\u00a0*"
        if not measure.counts:
            return [name, *[say("mark.M" if measure.counts == {} else "mark.C")] * (width - 1)]
        cells = [say.number(measure.counts[stage]) for stage in STAGES]
        cells.append(say.number(measure.members or 0))
        if self.older:
            cells.append(say.short_quarter(measure.counted_in or self.counted_quarter))
        return [name, *cells]

    def table_notes(self) -> list[str]:
        say, shown = self.say, self.measures_shown
        notes = [say("progress_table_note.framework", framework=self.framework_name(self.framework))]
        if any(measure.counts is None for measure in shown):
            notes.append(say("progress_table_note.marks"))
        if any(measure.counts == {} for measure in shown):
            notes.append(say("progress_table_note.none_reported"))
        if not all(measure.is_confirmed for measure in shown):
            notes.append(say("progress_table_note.unconfirmed"))
        if len(shown) < len(self.measures):
            notes.append(
                say(
                    "progress_table_note.rest",
                    count=say.number(len(shown)),
                    rest=say.number(len(self.measures) - len(shown)),
                )
            )
        return [" ".join(notes)]

    # what is missing or not known

    def quality(self) -> list[str]:
        say = self.say
        if self.is_empty:
            return [say("progress_quality_of.none")]
        sentences = [*self.quality_of_stages(), *self.quality_of_names()]
        withheld = len(self.projects) - len(self.shown_projects)
        if withheld:
            sentences.append(
                say(
                    "progress_quality_of.projects",
                    count=say.number(withheld),
                    all=say.number(len(self.projects)),
                )
            )
        if self.shown_projects and self.figures.audience != "secretariat":
            sentences.append(say("progress_quality_of.sums"))
        unnamed = sum(
            row["actions_count"] for row in self.shown_projects if not (row["donor"] or row["project"])
        )
        if unnamed:
            sentences.append(say("progress_quality_of.unnamed", count=say.number(unnamed)))
        return sentences

    def quality_of_stages(self) -> list[str]:
        say = self.say
        sentences = []
        measures = say.number(len(self.measures))
        if self.series:
            now = self.series[self.quarter]
            sentences.append(
                say(
                    "progress_quality_of.reported",
                    reported=say.number(now.members),
                    members=say.number(len(self.figures.members)),
                )
            )
            if now.lowest is not None and now.highest is not None and now.highest > now.lowest:
                sentences.append(
                    say(
                        "progress_quality_of.bounds",
                        lowest=say.percent(now.lowest),
                        highest=say.percent(now.highest),
                    )
                )
        silent = self.silent()
        if silent:
            sentences.append(say("progress_quality_of.silent", list=self.members(silent)))
        counts = {
            "withheld": sum(measure.counts is None for measure in self.measures),
            "older": len(self.older),
            "unconfirmed": sum(not measure.is_confirmed for measure in self.measures),
        }
        for word, count in counts.items():
            if count:
                sentences.append(say(f"progress_quality_of.{word}", count=say.number(count), all=measures))
        return sentences

    def silent(self) -> list[str]:
        """Members without a stage of this framework; only the secretariat's file could tell."""
        if self.figures.audience != "secretariat" or not self.framework:
            return []
        rows = self.figures.rows(
            "select member_code from members where member_code not in "
            "(select member_code from progress_stages where framework_code = ?)",
            [self.framework],
        )
        return sorted((row["member_code"] for row in rows), key=self.sorting)

    def named(self) -> dict[str, Any]:
        """Stages of the last quarter that stand here by name: all, self-assessed, with evidence."""
        (row,) = self.figures.rows(
            """
            select
                count(*) as stages, count(*) filter (where assessor_code = 'SELF') as own,
                count(*) filter (where has_evidence) as evidence
            from progress_stages
            where framework_code = $1 and time_period = $2
            """,
            [self.framework, self.counted_quarter],
        )
        return row

    def quality_of_names(self) -> list[str]:
        say = self.say
        if not self.framework:
            return []
        named = self.named()
        if not named["stages"]:
            return [say("progress_quality_of.unnamed_members")]
        return [
            say(
                "progress_quality_of.named",
                all=say.number(named["stages"]),
                own=say.number(named["own"]),
                evidence=say.number(named["evidence"]),
            )
        ]

    # what to do

    def actions(self) -> list[str]:
        say = self.say
        if self.is_empty:
            return [say("progress_action.template")]
        actions = []
        if self.lowest_area:
            name, value = self.lowest_area
            actions.append(say("progress_action.lowest", name=name, rate=say.percent(value)))
        if self.figures.audience == "secretariat":
            actions += self.actions_of_the_secretariat()
        else:
            actions += self.overdue_by_project()
        if self.shown_projects:
            actions.append(say("progress_action.effect"))
        return [*actions, say("progress_action.absent")]

    def overdue_by_project(self) -> list[str]:
        say = self.say
        late = [row for row in self.shown_projects if row["overdue_count"]]
        late.sort(key=lambda row: -row["overdue_count"])
        if not late:
            return []
        parts = [
            say(
                "progress_action.overdue_of",
                name=self.project_name(row),
                count=say.number(row["overdue_count"]),
            )
            for row in late
        ]
        count = say.number(sum(row["overdue_count"] for row in late))
        return [say("progress_action.overdue", count=count, list=self.listed(parts, MOST_LISTED))]

    def actions_of_the_secretariat(self) -> list[str]:
        say = self.say
        actions = []
        silent = self.silent()
        if silent:
            actions.append(say("progress_action.report", list=self.members(silent)))
        overdue = self.figures.rows(
            f"""
            select * from progress_actions
            where is_overdue
            qualify row_number() over (partition by member_code order by first_due_date, action_id) = 1
            order by first_due_date, member_code
            limit {MOST_LISTED}
            """
        )
        if overdue:
            parts = [
                say(
                    "progress_action.settle_of",
                    member=self.member(row["member_code"]),
                    title=_cut(self.bare(row["title"] or row["action_id"])),
                    day=say.date(row["first_due_date"]),
                )
                for row in overdue
            ]
            actions.append(say("progress_action.settle", list=say.listed(parts)))
        waits = self.figures.rows(
            "select blocked_by, count(*) as actions from progress_actions "
            "where is_overdue and blocked_by is not null "
            f"group by blocked_by order by actions desc, blocked_by limit {MOST_LISTED}"
        )
        if waits:
            parts = [
                say(
                    "progress_action.overdue_of",
                    name=_cut(self.printed(row["blocked_by"])),
                    count=say.number(row["actions"]),
                )
                for row in waits
            ]
            actions.append(say("progress_action.blocked", list=self.listed(parts)))
        actions += self.next_dates()
        named = self.named() if self.framework else {"own": 0}
        if named["own"]:
            actions.append(
                say(
                    "progress_action.evidence",
                    own=say.number(named["own"]),
                    all=say.number(named["stages"]),
                )
            )
        return actions

    def next_dates(self) -> list[str]:
        """Commitments that fall due within a year of the publication's day, by member."""
        say, day = self.say, self.figures.as_of_date
        if day is None:
            return []
        rows = self.figures.rows(
            "select member_code, count(*) as dates from progress_commitments "
            "where target_date > $1 and target_date <= $1 + interval 12 month "
            "group by member_code order by dates desc, member_code",
            [day],
        )
        if not rows:
            return []
        parts = [
            say(
                "progress_action.overdue_of",
                name=self.member(row["member_code"]),
                count=say.number(row["dates"]),
            )
            for row in rows
        ]
        count = say.number(sum(row["dates"] for row in rows))
        return [say("progress_action.dates", count=count, list=self.listed(parts))]


def _cut(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1].rstrip()}…"


def _quarters(first: str, last: str) -> list[str]:
    """Every quarter from one to the other, both included."""
    begin, end = (int(period[:4]) * 4 + int(period[-1]) - 1 for period in (first, last))
    return [f"{number // 4}-Q{number % 4 + 1}" for number in range(begin, end + 1)]
