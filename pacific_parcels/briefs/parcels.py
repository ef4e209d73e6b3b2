"""What the brief of parcels says: one published file and one language in, a `Brief` out.

    headline figures   the latest month that has a count, with its change and what it rests on
    four charts        each with a finding as its title, a sentence, and the same figures as a table
    one table          the region member by member; a member month by month
    data quality       what is missing, held, rejected, not met, confidential, provisional
    what to do         for the one who reads it; never more than MOST_ACTIONS sentences

The page and the PDF are both set from it, so that they cannot differ.
"""

from __future__ import annotations

from collections.abc import Sequence

from pacific_parcels.briefs import drawing
from pacific_parcels.briefs.brief import Brief, Chart, Headline, Table, Writer, as_sentence, capital
from pacific_parcels.briefs.drawing import Bar, Labels, Line, Point, Row
from pacific_parcels.briefs.figures import REGION, Coverage, Figure, PublishedFigures, earlier
from pacific_parcels.briefs.words import MINUS, Language

MONTHS_DRAWN = 36
MONTHS_IN_TABLE = 13
MONTHS_OF_COVERAGE = 12
MOST_BARS = 8
MOST_EVENTS = 3
MOST_ACTIONS = 6
LONGEST_AT_LINE = 11
HEADLINES = (
    "ITEMS",
    "DECLARED_VALUE_USD",
    "REVENUE_USD",
    "SHARE_LE_DE_MINIMIS_PCT",
    "RELEASE_DAYS_MEDIAN",
)
IN_FORCE = ("REPORTED", "NIL")
GAPS = ("MISSING", "HELD")


def brief_of_parcels(figures: PublishedFigures, language: Language) -> Brief:
    """The brief of parcels for the readers of a published file."""
    return _Writer(figures, language).brief()


class _Writer(Writer):
    def __init__(self, figures: PublishedFigures, language: Language) -> None:
        super().__init__(figures, language)
        audience = figures.audience
        self.is_member = audience.startswith("member_")
        self.code = audience.removeprefix("member_").upper() if self.is_member else REGION
        self.last = figures.last_time_period
        known = [p for p, figure in figures.series("ITEMS", self.code).items() if figure.value is not None]
        self.month = max(known, default=None)
        self.shown_month = self.month or self.last
        self.before = earlier(self.shown_month, 12)
        self.name = self.member(self.code) if self.is_member else self.say(f"title.{audience}")

    def brief(self) -> Brief:
        say = self.say
        day = self.figures.as_of_date
        as_of = say.date(day) if day else MINUS
        kind = "member" if self.is_member else self.figures.audience
        table_title, table, table_notes = self.member_table() if self.is_member else self.region_table()
        charts = self.member_charts() if self.is_member else self.region_charts()
        return Brief(
            language=self.language,
            document_title=say("document_title", subject=self.name, month=say.month(self.shown_month)),
            kind=say({"secretariat": "kind.region", "public": "kind.public"}.get(kind, "kind.member")),
            title=self.name,
            dateline=say("dateline", month=say.month(self.last), as_of=as_of),
            readers=say(f"readers.{kind}", subject=self.name),
            synthetic=say("synthetic") if self.figures.is_synthetic else "",
            lead=self.lead(),
            figures_title=say("figures"),
            headlines=[self.headline(code) for code in HEADLINES],
            figures_note=say("coverage_note"),
            charts_title=say("charts"),
            more_charts_title=say("more_charts.member" if self.is_member else "more_charts.region"),
            charts=charts,
            table_title=table_title,
            table=table,
            table_notes=table_notes,
            quality_title=say("quality"),
            quality=self.region_quality() if not self.is_member else self.member_quality(),
            actions_title=say("actions"),
            actions=self.actions()[:MOST_ACTIONS],
            source=say("source", as_of=as_of, run=self.figures.run_id),
            as_of=day.isoformat() if day else "",
        )

    # names and figures in words

    def written(self, indicator_code: str, value: float) -> str:
        if indicator_code.endswith("_USD"):
            return self.say.usd(value)
        if indicator_code.endswith("_PCT"):
            return self.say.percent(value)
        return self.say.number(value, 1 if "_DAYS_" in indicator_code else 0)

    def cell(self, figure: Figure, decimals: int = 0, usual: str = "A") -> str:
        """A figure in a table, with the mark of its status where that is not the usual one."""
        if figure.value is None:
            return self.say(f"mark.{figure.status if figure.status in 'CN' else 'M'}")
        text = self.say.number(figure.value, decimals)
        is_marked = figure.status != usual and figure.status in "PE"
        return f"{text}\u00a0{self.say(f'mark.{figure.status}')}" if is_marked else text

    def change_pct(self, indicator_code: str, member_code: str, month: str) -> float | None:
        """Change in one year in per cent; of the region over the members that are shown in both months."""
        before = earlier(month, 12)
        if indicator_code == "ITEMS":
            return self.figures.figure("ITEMS_GROWTH_YOY_PCT", member_code, month).value
        codes = [member_code] if member_code != REGION else self.figures.members
        pairs = [
            (now.value, then.value)
            for code in codes
            for now in [self.figures.figure(indicator_code, code, month)]
            for then in [self.figures.figure(indicator_code, code, before)]
            if now.value is not None and then.value is not None
        ]
        base = sum(then for _, then in pairs)
        return 100 * (sum(now for now, _ in pairs) / base - 1) if base else None

    # the first lines

    def lead(self) -> str:
        say = self.say
        if self.month is None:
            return say("lead.none")
        value = self.figures.figure("ITEMS", self.code, self.month).value or 0.0
        growth = self.change_pct("ITEMS", self.code, self.month)
        begin = say(
            "lead.member" if self.is_member else "lead.region",
            items=say.number(value),
            month=say.month(self.month),
        )
        if growth is None:
            change = say("lead.alone")
        else:
            word = "same" if say.percent(growth) == say.percent(0) else "more" if growth > 0 else "less"
            key = f"lead.{word}" if self.is_member else f"lead.matched_{word}"
            change = say(key, change=say.percent(abs(growth)))
        behind = f" {say('lead.behind', month=say.month(self.last))}" if self.month < self.last else ""
        return f"{begin}, {change}{behind}"

    def headline(self, code: str) -> Headline:
        """The figure of the month of the count; where it is missing, that of the latest month before."""
        say = self.say
        label = say(f"figure.{code}")
        figure = self.figures.figure(code, self.code, self.shown_month)
        series = self.figures.series(code, self.code)
        known = [
            p for p, earlier_one in series.items() if earlier_one.value is not None and p < self.shown_month
        ]
        month = self.shown_month
        if figure.status in "MN" and known:
            month = max(known)
            figure = series[month]
        if figure.value is None:
            # Missing is what comes one day; where there never was a figure, there is none.
            status = "N" if figure.status == "M" else figure.status
            return Headline(label, say(f"status.{status}"), [], is_figure=False)
        notes = [] if month == self.shown_month else [say("figure_month", month=say.month(month))]
        notes.append(self.change_in_words(code, month, figure.value))
        if figure.status in ("P", "E"):
            notes.append(say(f"status.{figure.status}"))
        if figure.coverage_pct is not None:
            notes.append(say("coverage", coverage=say.percent(figure.coverage_pct)))
        return Headline(label, self.written(code, figure.value), notes, is_figure=True)

    def change_in_words(self, code: str, month: str, value: float) -> str:
        say = self.say
        if code.endswith("_USD") or code == "ITEMS":
            change = self.change_pct(code, self.code, month)
            if change is None:
                return say("change.none")
            return say("change.percent", change=say.percent(change, signed=True))
        then = self.figures.figure(code, self.code, earlier(month, 12)).value
        if then is None:
            return say("change.none")
        if round(value - then, 1) == 0:
            return say("change.unchanged")
        unit = "points" if code.endswith("_PCT") else "days"
        return say("change.percent", change=say.counted(value - then, unit, signed=True))

    # the charts

    def region_charts(self) -> list[Chart]:
        return [self.months(), self.reporting(), self.contributions(), self.by("channels", "channel")]

    def member_charts(self) -> list[Chart]:
        return [
            self.months(),
            self.index(),
            self.by("channels", "channel"),
            self.by("origins", "counterpart"),
        ]

    def window(self) -> list[str]:
        """The months that are drawn: up to the last one, from the first that the file has of this."""
        first = min(self.figures.series("ITEMS", self.code), default=self.last)
        months = [earlier(self.last, back) for back in range(MONTHS_DRAWN - 1, -1, -1)]
        return [month for month in months if month >= first] or [self.last]

    def months(self) -> Chart:
        say = self.say
        periods = self.window()
        series = [self.figures.figure("ITEMS", self.code, period) for period in periods]
        points = [
            Point(period, figure.value, "M" if figure.status == "N" else figure.status)
            for period, figure in zip(periods, series, strict=True)
        ]
        known = [(point.time_period, point.value) for point in points if point.value is not None]
        growth = self.change_pct("ITEMS", self.code, self.month) if self.month else None
        if growth is None or say.percent(growth) == say.percent(0):
            title = say("months.plain")
        else:
            title = say("months.more" if growth > 0 else "months.less", change=say.percent(abs(growth)))
        what = say("months.what", first=say.month(periods[0]), last=say.month(periods[-1]))
        said = say("no_figures")
        if known:
            peak, peak_value = max(known, key=lambda pair: (pair[1], pair[0]))
            said = say(
                "months.said",
                first=say.month(known[0][0]),
                first_value=say.number(known[0][1]),
                last=say.month(known[-1][0]),
                last_value=say.number(known[-1][1]),
                peak=say.month(peak),
                peak_value=say.number(peak_value),
            )
        events = self.events(periods)
        drawn = [said, *self.drawn(points)]
        if events:
            numbered = [f"{number}\u00a0{text}" for number, (_, text) in enumerate(events, 1)]
            drawn.append(say("events", events=say.listed(numbered)))
        said = " ".join(drawn)
        end = say.number(known[-1][1]) if known else ""
        return Chart(
            "months",
            title,
            what,
            said,
            drawing.lines(
                "months",
                [Line(self.name, points, end)],
                Labels(f"{title}. {what}", said, self.axis_number),
                _numbered([month for month, _ in events]),
            ),
            self.twin_of_months([(say("column.items"), points, 0)]),
        )

    def twin_of_months(self, series: Sequence[tuple[str, Sequence[Point], int]]) -> Table:
        """Every month that is drawn, the latest first, with its status in words."""
        first = series[0][1]
        rows = []
        for index in range(len(first) - 1, -1, -1):
            cells = [self.say.month(first[index].time_period)]
            for _, points, decimals in series:
                value = points[index].value
                cells.append("" if value is None else self.say.number(value, decimals))
            rows.append([*cells, self.say(f"status.{first[index].status}")])
        return Table(
            [self.say("column.month"), *(head for head, _, _ in series), self.say("column.status")], rows
        )

    def drawn(self, points: Sequence[Point]) -> list[str]:
        """How what is not final, or not there, is drawn: only what this chart has."""
        statuses = {point.status for point in points}
        marks = [self.say(f"drawn.{status}") for status in "PEMC" if status in statuses]
        return [f"{capital(self.say.listed(marks))}."] if marks else []

    def events(self, periods: Sequence[str]) -> list[tuple[str, str]]:
        """The last events in these months that concern all, or this member: (month, words)."""
        rows = self.figures.rows(
            f"""
            select strftime(starts_on, '%Y-%m') as time_period, title_{self.language} as title
            from events
            where list_contains(?, member_code) and strftime(starts_on, '%Y-%m') between ? and ?
            order by starts_on desc, event_code
            limit {MOST_EVENTS}
            """,
            [[REGION, self.code], periods[0], periods[-1]],
        )
        return [
            (row["time_period"], f"{self.bare(row['title'])} ({self.say.short_month(row['time_period'])})")
            for row in reversed(rows)
        ]

    def index(self) -> Chart:
        """This member beside the region, both 100 in the first month that both have."""
        say = self.say
        periods = self.window()
        own, region = (self.figures.series("ITEMS_INDEX", code) for code in (self.code, REGION))
        both = [
            period
            for period in periods
            if (own.get(period) or Figure()).value and (region.get(period) or Figure()).value
        ]
        if not both:
            title, what, said = say("index.plain"), say("index.plain"), say("no_figures")
            empty = [Point(period, None, "M") for period in periods]
            return Chart(
                "index",
                title,
                what,
                said,
                drawing.lines("index", [Line(self.name, empty, "")], Labels(title, said)),
                Table([say("column.month")], []),
            )
        first, last = both[0], both[-1]
        lines = []
        for series in (own, region):
            base = series[first].value or 1.0
            lines.append(
                [
                    Point(
                        period,
                        None if figure.value is None else 100 * figure.value / base,
                        "M" if figure.status == "N" else figure.status,
                    )
                    for period in periods
                    if period >= first
                    for figure in [series.get(period, Figure())]
                ]
            )
        ends = [next(p.value for p in points if p.time_period == last) or 0.0 for points in lines]
        said = say(
            "index.said",
            month=say.month(last),
            own=say.number(ends[0], 1),
            region=say.number(ends[1], 1),
            subject=self.name,
        )
        said = " ".join([said, *self.drawn([point for points in lines for point in points])])
        title = say(
            "index.title",
            month=say.month(first),
            own=say.percent(ends[0] - 100, signed=True),
            region=say.percent(ends[1] - 100, signed=True),
        )
        what = say("index.what", first=say.month(first))
        name = self.name if len(self.name) <= LONGEST_AT_LINE else self.code
        named = [(name, lines[0]), (say("index.region"), lines[1])]
        return Chart(
            "index",
            title,
            what,
            said,
            drawing.lines(
                "index",
                [
                    Line(name, points, say.number(end))
                    for (name, points), end in zip(named, ends, strict=True)
                ],
                Labels(f"{title}. {what}", said, self.axis_number, from_zero=False),
            ),
            self.twin_of_months([(name, points, 1) for name, points in named]),
        )

    def by(self, key: str, kind: str) -> Chart:
        """Items of the month by channel or by origin, the largest first, beside a year before."""
        say = self.say
        now = self.figures.items_by(kind, self.code, self.shown_month)
        then = self.figures.items_by(kind, self.code, self.before)
        total = self.figures.figure("ITEMS", self.code, self.shown_month).value
        what = say(f"{key}.what", month=say.month(self.shown_month))
        shown = dict(list(now.items())[:MOST_BARS])
        rows = [
            self.bar(self.figures.name(kind, code, self.language), figure, then.get(code))
            for code, figure in shown.items()
        ]
        rest = [code for code in now if code not in shown]
        if rest and all(now[code].value is not None for code in rest):
            value = sum(now[code].value or 0 for code in rest)
            earlier_ones = [then[code].value for code in then if code not in shown]
            is_known = bool(earlier_ones) and None not in earlier_ones
            before = Figure(sum(one or 0 for one in earlier_ones)) if is_known else None
            name = say("origins.others", count=say.number(len(rest)))
            rows.append(self.bar(name, Figure(value, now[rest[0]].status), before))
        title = say(f"{key}.plain")
        # Where one is hidden, no one can say which is the largest.
        if now and total and all(figure.value is not None for figure in now.values()):
            code, figure = next(iter(now.items()))
            name = self.figures.name(kind, code, self.language)
            title = say(f"{key}.title", name=name, share=say.percent(100 * (figure.value or 0) / total))
        said = [say("bars.said")] if any(row.before is not None for row in rows) else []
        if any(row.status == "C" for row in rows):
            said.append(f"{capital(say('drawn.C'))}.")
        said_of_all = " ".join(said) if rows else say("no_figures")
        head = [say("column.name"), say("column.items"), say("column.before"), say("column.status")]
        twin = [
            [
                row.name,
                "" if row.value is None else say.number(row.value),
                "" if row.before is None else say.number(row.before),
                say(f"status.{row.status}"),
            ]
            for row in rows
        ]
        labels = Labels(f"{title}. {what}", as_sentence(said_of_all, twin))
        return Chart(key, title, what, said_of_all, drawing.bars(key, rows, labels), Table(head, twin))

    def bar(self, name: str, figure: Figure, then: Figure | None) -> Bar:
        if figure.value is None:
            return Bar(name, None, None, figure.status, self.say(f"status.{figure.status}"))
        before = then.value if then else None
        words = self.say.number(figure.value)
        if before:
            words += f" ({self.say.percent(100 * (figure.value / before - 1), signed=True)})"
        return Bar(name, figure.value, before, figure.status, words)

    def contributions(self) -> Chart:
        """What each member adds to the change of all that the file shows in both months, in points."""
        say = self.say
        status = self.figures.figure("ITEMS", self.code, self.shown_month).status
        pairs = {
            code: (now, then)
            for code in self.figures.members
            for now in [self.figures.figure("ITEMS", code, self.shown_month).value]
            for then in [self.figures.figure("ITEMS", code, self.before).value]
            if now is not None and then is not None
        }
        base = sum(then for _, then in pairs.values())
        points = {code: 100 * (now - then) / base for code, (now, then) in pairs.items()} if base else {}
        ordered = sorted(points, key=lambda code: (-points[code], code))
        strongest = sorted(points, key=lambda code: (-abs(points[code]), code))[: MOST_BARS + 3]
        rows = [
            Bar(self.member(code), points[code], None, status, say.number(points[code], 1, signed=True))
            for code in ordered
            if code in strongest
        ]
        rest = [code for code in ordered if code not in strongest]
        if rest:
            value = sum(points[code] for code in rest)
            name = say("contributions.others", count=say.number(len(rest)))
            rows.append(Bar(name, value, None, status, say.number(value, 1, signed=True)))
        what = say(
            "contributions.what",
            before=say.month(self.before),
            month=say.month(self.shown_month),
            count=say.number(len(points)),
        )
        title, said = say("contributions.plain"), say("no_figures")
        if points:
            first = strongest[0]
            title = say(
                "contributions.up" if points[first] >= 0 else "contributions.down",
                name=self.member(first),
                points=say.counted(abs(points[first]), "points"),
            )
            said = say(
                "contributions.said",
                total=say.counted(sum(points.values()), "points", signed=True),
                up=say.number(sum(value > 0 for value in points.values())),
                down=say.number(sum(value < 0 for value in points.values())),
            )
        twin = Table(
            [say("column.member"), say("column.items"), say("column.before"), say("column.points")],
            [
                [
                    self.member(code),
                    say.number(pairs[code][0]),
                    say.number(pairs[code][1]),
                    say.number(points[code], 1, signed=True),
                ]
                for code in ordered
            ],
        )
        words = [[row.name, row.words] for row in rows]
        labels = Labels(f"{title}. {what}", as_sentence(said, words))
        return Chart(
            "contributions", title, what, said, drawing.contributions("contributions", rows, labels), twin
        )

    def reporting(self) -> Chart:
        say = self.say
        months = [earlier(self.last, back) for back in range(MONTHS_OF_COVERAGE - 1, -1, -1)]
        by_cell = {(row.member_code, row.time_period): row.status for row in self.figures.coverage}
        codes = sorted({row.member_code for row in self.figures.coverage}, key=self.sorting)
        statuses = {
            code: [by_cell.get((code, month), "NOT_YET_REPORTING") for month in months] for code in codes
        }
        reported, begun = self.reported(self.last)
        title = say(
            "reporting.title",
            reported=say.number(reported),
            begun=say.number(begun),
            month=say.month(self.last),
        )
        what, said = say("reporting.what"), say("reporting.said")
        names = [say.short_month(month).replace("\u00a0", " ") for month in months]
        words = [
            [self.member(code), *(say(f"coverage_status.{status}") for status in statuses[code])]
            for code in codes
        ]
        rows = [Row(self.member(code), statuses[code]) for code in codes]
        gaps = [
            [self.member(code), say.month(month), say(f"coverage_status.{status}")]
            for code in codes
            for month, status in zip(months, statuses[code], strict=True)
            if status in GAPS
        ]
        labels = Labels(f"{title}. {what}", as_sentence(said, gaps))
        return Chart(
            "reporting",
            title,
            what,
            said,
            drawing.matrix("reporting", rows, names, labels),
            Table([say("column.member"), *names], words),
        )

    # the table

    def region_table(self) -> tuple[str, Table, list[str]]:
        say = self.say
        figures, month = self.figures, self.shown_month
        head = [
            say(f"column.{name}")
            for name in ("member", "items", "change", "value", "revenue", "de_minimis", "release", "reported")
        ]
        last = {row.member_code: row.time_period for row in figures.coverage if row.status in IN_FORCE}
        shown = [
            code
            for code in figures.members
            if any(figures.figure(name, code, month).status != "N" for name in HEADLINES)
        ]
        not_shown = [code for code in figures.members if code not in shown]
        # Most members have the same status: only the others are marked.
        statuses = [figures.figure("ITEMS", code, month).status for code in shown]
        usual = max("PEA", key=statuses.count)
        rows = []
        for code in [REGION, *sorted(shown, key=self.sorting)]:
            reported = say.short_month(last[code]) if code in last else say("mark.M")
            if code == REGION:
                reported = ""
            name = say("table.region_total") if code == REGION else self.member(code)
            rows.append([name, *self.cells(code, month, usual), reported])
        notes = [self.usual_status(month, usual), self.marks(rows)]
        if not_shown:
            names = say.together([self.member(code) for code in sorted(not_shown, key=self.sorting)])
            notes.append(say("table.not_shown", members=names))
        return (
            say("table.region", month=say.month(month)),
            Table(head, rows, has_total=True),
            [note for note in notes if note],
        )

    def member_table(self) -> tuple[str, Table, list[str]]:
        say = self.say
        head = [
            say(f"column.{name}")
            for name in ("month", "items", "change", "value", "revenue", "de_minimis", "release")
        ]
        months = [earlier(self.last, back) for back in range(MONTHS_IN_TABLE)]
        rows = [[say.month(month), *self.cells(self.code, month, "A")] for month in months]
        marks = self.marks(rows)
        return say("table.member"), Table(head, rows), [marks] if marks else []

    def cells(self, code: str, month: str, usual: str) -> list[str]:
        """Parcels, their change, value, revenue, share within the de minimis, days to release."""
        figures, say = self.figures, self.say
        growth = figures.figure("ITEMS_GROWTH_YOY_PCT", code, month)
        cells = [self.cell(figures.figure("ITEMS", code, month), 0, usual)]
        cells.append(self.cell(growth) if growth.value is None else say.percent(growth.value, signed=True))
        for name in ("DECLARED_VALUE_USD", "REVENUE_USD"):
            figure = figures.figure(name, code, month)
            thousands = None if figure.value is None else figure.value / 1000
            decimals = 1 if thousands is not None and abs(thousands) < 9.95 else 0
            cells.append(self.cell(Figure(thousands, figure.status), decimals, figure.status))
        for name in ("SHARE_LE_DE_MINIMIS_PCT", "RELEASE_DAYS_MEDIAN"):
            figure = figures.figure(name, code, month)
            cells.append(self.cell(figure, 1, figure.status))
        return cells

    def usual_status(self, month: str, status: str) -> str:
        if status not in ("P", "E"):
            return ""
        return self.say("table.all_status", month=self.say.month(month), status=self.say(f"status.{status}"))

    def marks(self, rows: Sequence[Sequence[str]]) -> str:
        """What the marks mean that stand in these rows."""
        say = self.say
        cells = {cell.rsplit("\u00a0", 1)[-1] for row in rows for cell in row[1:]}
        used = [code for code in "PEMCN" if say(f"mark.{code}") in cells]
        if not used:
            return ""
        return say(
            "marks", marks=", ".join(f"{say(f'mark.{code}')} {say(f'status.{code}')}" for code in used)
        )

    # data quality

    def reported(self, month: str) -> tuple[int, int]:
        """Members in force in a month, and those that have begun to report."""
        statuses = [row.status for row in self.figures.coverage if row.time_period == month]
        return sum(s in IN_FORCE for s in statuses), sum(s != "NOT_YET_REPORTING" for s in statuses)

    def gaps(self, status: str, code: str | None = None) -> list[Coverage]:
        """Months of the last twelve that have this status, the latest first."""
        first = earlier(self.last, MONTHS_OF_COVERAGE - 1)
        rows = [
            row
            for row in self.figures.coverage
            if row.status == status and row.time_period >= first and code in (None, row.member_code)
        ]
        return sorted(rows, key=lambda row: row.time_period, reverse=True)

    def by_member(self, rows: Sequence[Coverage]) -> str:
        """Tonga (February, March 2026) and others: each member once."""
        months: dict[str, list[str]] = {}
        for row in rows:
            months.setdefault(row.member_code, []).append(row.time_period)
        parts = []
        for code in sorted(months, key=self.sorting):
            latest = [self.say.short_month(month) for month in sorted(months[code])[-3:]]
            parts.append(f"{self.member(code)} ({', '.join(latest)})")
        return self.listed(parts)

    def region_quality(self) -> list[str]:
        say = self.say
        reported, begun = self.reported(self.last)
        sentences = [
            say(
                "quality.reported",
                month=capital(say.month(self.last)),
                reported=say.number(reported),
                begun=say.number(begun),
            )
        ]
        for status, key in (("MISSING", "quality.missing"), ("HELD", "quality.held")):
            rows = self.gaps(status)
            if rows:
                sentences.append(say(key, list=self.by_member(rows)))
        not_begun = [
            row.member_code for row in self.gaps("NOT_YET_REPORTING") if row.time_period == self.last
        ]
        if not_begun:
            sentences.append(say("quality.not_begun", list=self.members(sorted(not_begun, key=self.sorting))))
        total = self.figures.figure("ITEMS", REGION, self.shown_month)
        if total.status == "E" and total.coverage_pct is not None:
            sentences.append(
                say(
                    "quality.estimated",
                    month=say.month(self.shown_month),
                    coverage=say.percent(total.coverage_pct),
                )
            )
        return [*sentences, *self.rows_received(), *self.checks(), *self.limits()]

    def member_quality(self) -> list[str]:
        say = self.say
        own = [row for row in self.figures.coverage if row.member_code == self.code]
        begun = [row for row in own if row.status != "NOT_YET_REPORTING"][-MONTHS_OF_COVERAGE:]
        if not begun:
            return [say("quality.own_not_begun"), *self.limits()]
        sentences = [
            say(
                "quality.own_reported",
                reported=say.number(sum(row.status in IN_FORCE for row in begun)),
                months=say.number(len(begun)),
            )
        ]
        for status, key in (("MISSING", "quality.missing"), ("HELD", "quality.held")):
            months = [say.month(row.time_period) for row in reversed(self.gaps(status, self.code))]
            if months:
                sentences.append(say(key, list=say.together(months)))
        timely = [row for row in begun if row.status in IN_FORCE and row.days_after_period_end is not None]
        if timely:
            latest = timely[-1]
            sentences.append(
                say(
                    "quality.own_timely",
                    month=say.month(latest.time_period),
                    days=say.number(latest.days_after_period_end or 0),
                )
            )
        return [*sentences, *self.rows_received(), *self.limits()]

    def rows_received(self) -> list[str]:
        """Rows accepted and why others were not, where the file says so."""
        say = self.say
        if "receipts" not in self.figures.tables:
            return []
        (row,) = self.figures.rows(
            "select sum(rows_in)::bigint as rows_in, sum(rows_accepted)::bigint as accepted, "
            "sum(rows_rejected)::bigint as rejected, sum(rows_duplicate)::bigint as duplicate from receipts"
        )
        if not row["rows_in"]:
            return []
        sentences = [
            say(
                "quality.rows",
                rows=say.number(row["rows_in"]),
                share=say.percent(100 * row["accepted"] / row["rows_in"]),
                rejected=say.number(row["rejected"]),
                duplicate=say.number(row["duplicate"]),
            )
        ]
        rules = [
            f"{self.bare(rule['title'])} ({say.number(float(rule['row_count']))})" for rule in self.rules()
        ]
        if rules:
            sentences.append(say("quality.rules", list=say.listed(rules)))
        return sentences

    def rules(self) -> list[dict[str, str]]:
        """The three rules that reject the most rows: title, remedy, row_count."""
        if "rejections" not in self.figures.tables:
            return []
        return self.figures.rows(
            f"""
            select
                max(title_{self.language}) as title, max(remedy_{self.language}) as remedy,
                sum(row_count)::bigint as row_count
            from rejections
            where level = 'ERROR'
            group by rule_id
            order by row_count desc, rule_id
            limit 3
            """
        )

    def checks(self) -> list[str]:
        say = self.say
        rows = self.figures.rows(
            f"select status, title_{self.language} as title from quality_results "
            "order by severity, suite, expectation_id"
        )
        if not rows:
            return []
        unmet = [self.bare(row["title"]) for row in rows if row["status"] != "PASS"]
        sentences = [
            say(
                "quality.checks",
                passed=say.number(len(rows) - len(unmet)),
                checks=say.number(len(rows)),
            )
        ]
        if unmet:
            sentences.append(say("quality.unmet", list=say.listed(unmet[:3])))
        return sentences

    def limits(self) -> list[str]:
        say = self.say
        sentences = []
        hidden, cells = self.figures.confidential()
        if hidden:
            sentences.append(say("quality.confidential", count=say.number(hidden), cells=say.number(cells)))
        first = self.figures.first_provisional()
        if first:
            sentences.append(say("quality.provisional", month=say.month(first)))
        return sentences

    # what to do

    def actions(self) -> list[str]:
        if self.is_member:
            return self.actions_of_a_member()
        if self.figures.audience == "public":
            return self.actions_of_everyone()
        return self.actions_of_the_secretariat()

    def actions_of_the_secretariat(self) -> list[str]:
        say = self.say
        actions = []
        missing = self.gaps("MISSING")
        if missing:
            actions.append(say("action.ask", list=self.by_member(missing)))
        held = self.held()
        if held:
            reasons = [
                say(
                    "action.held_reason",
                    member=self.member(row["member_code"]),
                    month=say.month(row["time_period"]),
                    reason=self.bare(row["reason"]),
                )
                for row in held[:3]
            ]
            actions.append(say("action.held", list=say.listed(reasons)))
        not_begun = [
            row.member_code for row in self.gaps("NOT_YET_REPORTING") if row.time_period == self.last
        ]
        if not_begun:
            actions.append(say("action.begin", list=self.members(sorted(not_begun, key=self.sorting))))
        actions += self.remedies_by_member()
        flagged = self.figures.rows(
            "select distinct currency_code from exchange_rates where is_flagged and time_period >= ? "
            "order by currency_code",
            [earlier(self.last, MONTHS_OF_COVERAGE - 1)],
        )
        if flagged:
            actions.append(say("action.rates", list=say.together([row["currency_code"] for row in flagged])))
        return actions or [say("action.none_region", month=say.month(self.last))]

    def actions_of_a_member(self) -> list[str]:
        say = self.say
        own = [row for row in self.figures.coverage if row.member_code == self.code]
        if all(row.status == "NOT_YET_REPORTING" for row in own):
            return [say("action.first")]
        actions = []
        for status, key in (("MISSING", "action.send"), ("HELD", "action.mend")):
            months = [say.month(row.time_period) for row in reversed(self.gaps(status, self.code))]
            if months:
                actions.append(say(key, list=say.together(months)))
        actions += self.remedies()
        if not actions:
            actions.append(say("action.none_member", month=say.month(earlier(self.last, -1))))
        first = self.figures.first_provisional()
        if first:
            actions.append(say("action.check_provisional", month=say.month(first)))
        return [*actions, say("action.compare")]

    def actions_of_everyone(self) -> list[str]:
        say = self.say
        actions = [say("action.compare")]
        first, day = self.figures.first_provisional(), self.figures.as_of_date
        if first and day:
            actions.append(say("action.quote", as_of=say.date(day), month=say.month(first)))
        return [*actions, say("action.absent"), say("action.open_data")]

    def held(self) -> list[dict[str, str]]:
        if "held_vintages" not in self.figures.tables:
            return []
        return self.figures.rows(
            f"""
            select distinct member_code, time_period, reason_{self.language} as reason
            from held_vintages
            order by time_period desc, member_code, reason
            """
        )

    def remedies_by_member(self) -> list[str]:
        """The two rules that reject most rows of one member."""
        if "rejections" not in self.figures.tables:
            return []
        rows = self.figures.rows(
            f"""
            select member_code, title_{self.language} as title, remedy_{self.language} as remedy, row_count
            from rejections
            where level = 'ERROR'
            order by row_count desc, member_code, rule_id
            limit 2
            """
        )
        return [
            self.say(
                "action.rule_of",
                member=self.member(row["member_code"]),
                title=self.bare(row["title"]),
                count=self.say.number(row["row_count"]),
                remedy=self.printed(row["remedy"]),
            )
            for row in rows
        ]

    def remedies(self) -> list[str]:
        return [
            self.say(
                "action.rule",
                title=self.bare(rule["title"]),
                count=self.say.number(float(rule["row_count"])),
                remedy=self.printed(rule["remedy"]),
            )
            for rule in self.rules()
        ]


def _numbered(months: Sequence[str]) -> dict[str, str]:
    """The numbers of the events of each month: {2025-08: 1, 2}."""
    numbers: dict[str, list[str]] = {}
    for number, month in enumerate(months, 1):
        numbers.setdefault(month, []).append(str(number))
    return {month: ", ".join(several) for month, several in numbers.items()}
