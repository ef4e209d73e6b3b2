"""Data frames as HTML tables, and the legends of charts: for screen readers, for paper, light on the wire.

Everything that comes from data is escaped here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Literal, NamedTuple

import pandas as pd

from dashboards.charts import COLOURS, DASHES, STAGE_LOOKS, Look
from dashboards.words import Words, is_quarter

SERIES_MARKS = ("●", "■", "▲", "◆", "▼", "✚", "▶", "◀")  # the shapes of charts.SHAPES, in that order
MOST_NAMES = 4  # in a cell: more of them make a row of a table taller than a telephone
COVERAGE_MARKS = {"REPORTED": "●", "NIL": "○", "HELD": "◐", "MISSING": "✕", "NOT_YET_REPORTING": "·"}


class Column(NamedTuple):
    """A column of a table: the frame's column, its heading, and how its cells lie."""

    name: str
    heading: str
    kind: Literal["label", "long", "code", "word", "text", "names", "number"] = "word"


def table(
    frame: pd.DataFrame, columns: Sequence[Column], title: str, say: Words, *, tall: bool = False
) -> str:
    """The frame's columns in this order, the values as they are.

    A `label` heads its row, a `long` one may break over lines, a `code` is a short one; a `word` does not
    break, a `text` may, and `names` are many.
    """
    head = "".join(
        f'<th scope="col"{_class(column.kind)}>{escape(column.heading)}</th>' for column in columns
    )
    cells = [_cells(column, frame[column.name]) for column in columns]
    body = [f"<tr>{''.join(row)}</tr>" for row in zip(*cells, strict=True)]
    return _scroll(f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody>", title, say, tall=tall)


def event_list(events: pd.DataFrame, say: Words) -> str:
    """The events of a chart in words, by the numbers that stand in it."""

    def head(row: Any) -> str:
        return say("trends.event", month=say.month(row.time_period), title=row.title)

    rows = "".join(
        f"<li><strong>{escape(head(row))}</strong> {escape(row.text)} "
        f'<span class="pp-small">({escape(row.source)})</span></li>'
        for row in events.itertuples()
    )
    return f'<ol class="pp-events">{rows}</ol>'


def coverage_table(
    coverage: pd.DataFrame, periods: Sequence[str], title: str, say: Words, *, tall: bool = False
) -> str:
    """Member by month, one mark a cell; the words of the mark are there for screen readers and on hover."""
    months = ["<br>".join(escape(part) for part in say.short_month(period).split()) for period in periods]
    head = "".join(f'<th scope="col" class="pp-mark">{month}</th>' for month in months)
    wide = coverage.pivot(index="member_name", columns="time_period", values="status")
    wide = wide.reindex(index=coverage["member_name"].unique(), columns=list(periods))  # in the frame's order
    body = []
    for name, statuses in zip(wide.index, wide.itertuples(index=False), strict=True):
        cells = "".join(
            f'<td class="pp-mark">{coverage_mark(_plain(status), say)}</td>' for status in statuses
        )
        body.append(f'<tr><th scope="row">{escape(str(name))}</th>{cells}</tr>')
    heading = f'<th scope="col">{escape(say("app.member"))}</th>'
    return _scroll(
        f"<thead><tr>{heading}{head}</tr></thead><tbody>{''.join(body)}</tbody>", title, say, tall=tall
    )


def series_table(
    frame: pd.DataFrame, names: dict[str, str], indicator_code: str, title: str, say: Words
) -> str:
    """Month or quarter by series, newest first. What is not final is said in words.

    `frame` as for `charts.lines`.
    """
    head = "".join(f'<th scope="col" class="pp-number">{escape(name)}</th>' for name in names.values())
    keys = zip(frame["series_code"], frame["time_period"], strict=True)
    states = zip(frame["obs_value"].tolist(), frame["obs_status"], frame["conf_status"], strict=True)
    cells = {key: _observation(*state, indicator_code, say) for key, state in zip(keys, states, strict=True)}
    body = []
    for period in sorted(frame["time_period"].unique(), reverse=True):
        values = "".join(f'<td class="pp-number">{cells.get((code, period), "")}</td>' for code in names)
        body.append(f'<tr><th scope="row">{escape(say.period(period))}</th>{values}</tr>')
    first = say("app.quarter") if frame["time_period"].map(is_quarter).any() else say("app.month")
    heading = f'<th scope="col">{escape(first)}</th>'
    return _scroll(
        f"<thead><tr>{heading}{head}</tr></thead><tbody>{''.join(body)}</tbody>", title, say, tall=True
    )


def text(words: str) -> str:
    """Words that come from data, for a place inside markup."""
    return escape(words)


def rejection_table(frame: pd.DataFrame, title: str, say: Words, *, with_members: bool = True) -> str:
    """Rules that rows broke (data.rejections), with what can be done, and the members with most rows."""

    def few(names: Sequence[str]) -> str:
        if len(names) <= MOST_NAMES:
            return ", ".join(names)
        first = ", ".join(names[: MOST_NAMES - 1])
        return say("quality.members_more", members=first, count=say.number(len(names) - MOST_NAMES + 1))

    shown = frame.assign(
        members=[few(list(names)) for names in frame["members"]],
        row_count=[say.number(value) for value in frame["row_count"]],
        extract_count=[say.number(value) for value in frame["extract_count"]],
        level=[say.term("level", level) for level in frame["level"]],
    )
    columns = [
        Column("rule_id", say("quality.rule"), "code"),
        Column("title", say("quality.finding"), "text"),
        Column("row_count", say("quality.rows"), "number"),
        Column("extract_count", say("quality.extracts"), "number"),
        Column("level", say("quality.consequence")),
        Column("remedy", say("quality.remedy"), "text"),
    ]
    if with_members:
        columns.append(Column("members", say("quality.members"), "names"))
    return table(shown, columns, title, say, tall=True)


def held_table(frame: pd.DataFrame, title: str, say: Words) -> str:
    """Months that the checks hold (data.held_vintages), with the reason."""
    shown = frame.assign(time_period=[say.month(period) for period in frame["time_period"]])
    columns = [
        Column("member_name", say("app.member"), "label"),
        Column("time_period", say("app.month")),
        Column("stream_code", say("quality.stream")),
        Column("expectation_id", say("quality.check")),
        Column("reason", say("quality.reason"), "text"),
    ]
    return table(shown, columns, title, say, tall=True)


def change_table(changes: pd.DataFrame, title: str, say: Words) -> str:
    """Months that differ from the publication before (data.publication_changes), with the difference."""

    def difference(row: Any) -> str:
        if row.items_before != row.items_before or row.items_after != row.items_after or not row.items_before:
            return "–"
        return say.percent(100 * (row.items_after / row.items_before - 1), signed=True)

    shown = changes.assign(
        kind=[say.term("change", code) for code in changes["kind_code"]],
        month=[say.month(period) for period in changes["time_period"]],
        before=[say.figure("ITEMS", value) for value in changes["items_before"]],
        after=[say.figure("ITEMS", value) for value in changes["items_after"]],
        difference=[difference(row) for row in changes.itertuples()],
    )
    columns = [
        Column("member_name", say("app.member"), "label"),
        Column("month", say("app.month")),
        Column("kind", say("region.change")),
        Column("before", say("region.items_before"), "number"),
        Column("after", say("region.items_after"), "number"),
        Column("difference", say("region.difference"), "number"),
    ]
    return table(shown, columns, title, say, tall=True)


def coverage_mark(status: str, say: Words) -> str:
    if status not in COVERAGE_MARKS:
        return escape(status)
    words = escape(say.term("coverage", status))
    mark = COVERAGE_MARKS[status]
    return (
        f'<span class="pp-{status}" title="{words}"><span aria-hidden="true">{mark}</span>'
        f'<span class="pp-sr">{words}</span></span>'
    )


def coverage_legend(say: Words) -> str:
    """The marks of a coverage table."""
    return _legend(
        (f"pp-{status}", mark, say.term("coverage", status)) for status, mark in COVERAGE_MARKS.items()
    )


def matrix_legend(say: Words) -> str:
    """The cells of the coverage matrix."""
    shown = ("REPORTED", "NIL", "HELD", "MISSING")
    return _legend((f"pp-cell pp-cell-{status}", "", say.term("coverage", status)) for status in shown)


def part_legend(looks: Mapping[str, Look], words: Mapping[str, str]) -> str:
    """The parts of a chart, each with its sign and its shade; `words` by the codes of `looks`."""
    entries = "".join(
        f'<li><span class="pp-part{" pp-part-full" if look.opacity == 1 else ""}" aria-hidden="true" '
        f'style="background:color-mix(in srgb, {look.colour} {look.opacity:.0%}, transparent);'
        f'border-color:{look.colour}">{look.mark}</span> {escape(words[code])}</li>'
        for code, look in looks.items()
    )
    return f'<ul class="pp-legend">{entries}</ul>'


def stage_table(stages: pd.DataFrame, title: str, say: Words) -> str:
    """Measure by member, one sign a cell; its words are there for screen readers and on hover.

    `stages` as for `charts.stage_matrix`.
    """
    members = dict(zip(stages["member_code"], stages["member_name"], strict=True))
    head = "".join(
        f'<th scope="col" class="pp-mark"><abbr title="{escape(name, quote=True)}">{escape(code)}</abbr></th>'
        for code, name in members.items()
    )
    keys = zip(stages["name"], stages["member_code"], strict=True)
    cells = dict(zip(keys, stages["stage_code"], strict=True))
    body = []
    for name in dict.fromkeys(stages["name"]):
        marks = "".join(
            f'<td class="pp-mark">{stage_mark(cells.get((name, code), ""), say)}</td>' for code in members
        )
        body.append(f'<tr><th scope="row" class="pp-long">{escape(name)}</th>{marks}</tr>')
    heading = f'<th scope="col">{escape(say("progress.measure"))}</th>'
    return _scroll(
        f"<thead><tr>{heading}{head}</tr></thead><tbody>{''.join(body)}</tbody>", title, say, tall=True
    )


def stage_mark(stage: str, say: Words) -> str:
    if stage not in STAGE_LOOKS:
        return escape(stage)
    words = escape(say.term("stage", stage))
    return (
        f'<span title="{words}"><span aria-hidden="true">{STAGE_LOOKS[stage].mark}</span>'
        f'<span class="pp-sr">{words}</span></span>'
    )


def series_legend(names: Mapping[str, str]) -> str:
    """The series of a chart in its order, each with its dash, shape and colour; nothing for a single one."""
    if len(names) < 2:
        return ""
    entries = "".join(
        f'<li><span class="pp-dash" style="background:{_dashed(dash, colour)}" aria-hidden="true"></span> '
        f'<span style="color:{colour}" aria-hidden="true">{mark}</span> {escape(name)}</li>'
        for name, mark, colour, dash in zip(names.values(), SERIES_MARKS, COLOURS, DASHES, strict=False)
    )
    return f'<ul class="pp-legend">{entries}</ul>'


def _dashed(dash: Sequence[float], colour: str) -> str:
    """The dash as a gradient of CSS: Streamlit lets no drawing into its HTML."""
    stops, at = [], 0.0
    for number, length in enumerate(dash):
        stops.append(f"{'transparent' if number % 2 else colour} {at:g}px {at + length:g}px")
        at += length
    return f"repeating-linear-gradient(90deg,{','.join(stops)})"


def _legend(entries: Iterable[tuple[str, str, str]]) -> str:
    items = "".join(
        f'<li><span class="{style}" aria-hidden="true">{mark}</span> {escape(words)}</li>'
        for style, mark, words in entries
    )
    return f'<ul class="pp-legend">{items}</ul>'


def _observation(value: float, obs_status: str, conf_status: str, indicator_code: str, say: Words) -> str:
    words = escape(say.status(obs_status, conf_status))
    if value != value:
        return f'<span class="pp-small">{words}</span>'
    figure = escape(say.figure(indicator_code, value))
    return figure if obs_status == "A" else f'{figure} <span class="pp-tag">{words}</span>'


def _cells(column: Column, values: Iterable[object]) -> list[str]:
    is_label = column.kind in ("label", "long", "code")
    start = f'<th scope="row"{_class(column.kind)}>' if is_label else f"<td{_class(column.kind)}>"
    end = "</th>" if is_label else "</td>"
    return [f"{start}{escape(_plain(value))}{end}" for value in values]


def _class(kind: str) -> str:
    return "" if kind == "label" else f' class="pp-{kind}"'


def _plain(value: object) -> str:
    return "" if value is None or value != value else str(value)


def _scroll(rows: str, title: str, say: Words, *, tall: bool) -> str:
    label = escape(say("app.scroll", title=title), quote=True)
    return (
        f'<div class="pp-scroll{" pp-tall" if tall else ""}" tabindex="0" role="region" aria-label="{label}">'
        f"<table><caption>{escape(title)}</caption>{rows}</table></div>"
    )
