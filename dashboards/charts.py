"""Data frames to charts: pure functions, no Streamlit, no reading.

A chart is a specification of Vega-Lite in its own words and the rows that it draws. It is written without
Altair, whose objects cost ten times as much to make and to check as all else of a page together; the tests
hold each chart against the schema of Vega-Lite instead. The rows are plain ones for the same reason: a chart
has some hundred of them, and a data frame costs the same for a hundred as for a million.

Marks never speak by colour alone: series differ in shape and dash too, and a provisional or estimated figure
is dotted and hollow. The colours keep a contrast of 3:1 with both the light and the dark background.
"""

from __future__ import annotations

import datetime
import itertools
import json
import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from dashboards.words import THIN_SPACE, Words, is_quarter

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
OCEAN = "#0f7fa3"
DECLINE = "#d1603d"
LIMIT = "#d1495b"
LAND = "#7d7f86"
# Dark on a light page, light on a dark one: known only where the chart is drawn.
TEXT = {"expr": "luminance(background) > 0.5 ? '#12303b' : '#e3eff3'"}
SOFT_TEXT = {"expr": "luminance(background) > 0.5 ? '#4b6069' : '#a9c3cc'"}
GEOGRAPHY = json.loads((Path(__file__).resolve().parent / "geography.json").read_text(encoding="utf-8"))
EVENT = "#7d7f86"
COLOURS = ("#0f7fa3", "#d1603d", "#7a6fc9", "#4d8b31", "#b0700f", "#c2508f", "#5f7d8c", "#a0622d")
SHAPES = (
    "circle",
    "square",
    "triangle-up",
    "diamond",
    "triangle-down",
    "cross",
    "triangle-right",
    "triangle-left",
)
# Strokes and gaps, in pixels; the first is a line without a gap.
DASHES = ((1, 0), (9, 3), (5, 3), (9, 3, 2, 3), (14, 4), (5, 2, 2, 2), (12, 3, 2, 3, 2, 3), (7, 6))
NOT_FINAL_DASH = (1.5, 3.5)
COVERAGE_FILLS = {
    "REPORTED": "#0f7fa3",
    "NIL": "#8fc6d8",
    "HELD": "#b0700f",
    "MISSING": "transparent",
    "NOT_YET_REPORTING": "transparent",
}
COVERAGE_STROKES = {
    "REPORTED": "#0f7fa3",
    "NIL": "#0f7fa3",
    "HELD": "#b0700f",
    "MISSING": "#d1495b",
    "NOT_YET_REPORTING": "transparent",
}
NOT_FINAL = ("P", "E")


class Look(NamedTuple):
    """How a part looks: a sign first, then how much of a colour."""

    mark: str
    colour: str
    opacity: float


STAGE_LOOKS = {
    "FULL": Look("●", OCEAN, 1.0),
    "PARTIAL": Look("◕", OCEAN, 0.6),
    "PILOT": Look("◔", OCEAN, 0.3),
    "NONE": Look("○", OCEAN, 0.0),
    "NOT_KNOWN": Look("?", EVENT, 0.3),
    "NOT_APPLICABLE": Look("–", EVENT, 0.0),
}
COMMITMENT_LOOKS = {
    "TO_DATE": Look("●", OCEAN, 1.0),
    "WITHOUT_SUPPORT": Look("◕", OCEAN, 0.6),
    "WITH_SUPPORT": Look("◔", OCEAN, 0.3),
    "NOT_DESIGNATED": Look("○", OCEAN, 0.0),
    "UNKNOWN": Look("?", EVENT, 0.3),
}
ACTION_LOOKS = {
    "OVERDUE": Look("▲", LIMIT, 0.6),
    "UNDER_WAY": Look("◐", OCEAN, 0.6),
    "PLANNED": Look("○", OCEAN, 0.0),
    "DONE": Look("●", OCEAN, 1.0),
    "STOPPED": Look("✕", EVENT, 0.3),
}
FEWEST_COLUMNS = 8
YEAR_LABEL_MONTHS = 6  # of a matrix on a telephone: what half of a year's label takes
LEAST_BUBBLE, LARGEST_BUBBLE, RING = 12, 1400, 48  # square pixels, on the map
# Where a member's code stands beside its bubble: how it is aligned, and the way from the middle.
SIDES = {
    "right": ("left", 1, 0),
    "left": ("right", -1, 0),
    "above": ("center", 0, -1),
    "below": ("center", 0, 1),
}
ROW_HEIGHT = 46  # of a row with its name, on one line, above what is drawn
OFFICE_HEIGHT = 44  # the same, of what there are many of
NAME_LINE = 13  # what each further line of a name takes
FIGURE_WIDTH = 7.5  # pixels of a bold sign, at the end of a row
LETTER_WIDTH = 6.4  # of a sign of a name, more than most take
LEAST_WIDTH = 340  # of a chart, on a telephone
BAR_NAME = 33  # signs of a line of a name beside its bar
LEAST_SHARE_FOR_A_FIGURE, LEAST_SHARE_FOR_A_MARK = 0.09, 0.04  # of the width: 300 pixels on a telephone
# A height given to Streamlit is that of the whole picture, not of the plot.
AXIS_HEIGHT = 30
SOURCE_HEIGHT = 24
LINE_HEIGHT = 13
LONG_SOURCE = 52  # signs: what 300 pixels take
Spec = dict[str, Any]
Rows = list[dict[str, Any]]
# Vega describes an axis in English, whatever the language of the page: the summary and the table tell of it.
SILENT: Spec = {"aria": False}
# Labels stand beside what they name: Streamlit draws the first and the last of an axis towards its middle.
BESIDE: Spec = {"labelFlush": False}
# An axis of names, every one of them shown.
BARE: Spec = {
    "labelOverlap": False, "ticks": False, "domain": False, "labelColor": TEXT, **BESIDE, **SILENT,
}  # fmt: skip
# The same for members, the long names on two lines (see `_two_lines`).
MEMBERS: Spec = {
    "labelExpr": "split(datum.value, '|')",
    "labelOffset": {"expr": "indexof(datum.value, '|') < 0 ? 0 : -6"},
    "labelLineHeight": 12,
    "labelLimit": 150,
    **BARE,
}
LONG_NAME = 20  # letters: what a telephone has room for beside a chart
# A field of its own for each side of a look; what is drawn in full is written on in white.
LOOKS: Spec = {
    "fill": {"field": "colour", "type": "nominal", "scale": None, "legend": None},
    "stroke": {"field": "colour", "type": "nominal", "scale": None, "legend": None},
    "fillOpacity": {"field": "opacity", "type": "quantitative", "scale": None, "legend": None},
    "strokeWidth": {"value": 1},
}
INK: Spec = {"condition": {"test": "datum.opacity === 1", "value": "#ffffff"}, "value": TEXT}


@dataclass(frozen=True)
class Chart:
    """A specification of Vega-Lite whose marks name their data, and these by name; None is no figure."""

    specification: Spec
    datasets: Mapping[str, Rows]

    def with_data(self) -> Spec:
        """As Streamlit takes it: Arrow tables under the names."""
        return {
            **self.specification,
            "datasets": {name: pa.Table.from_pylist(rows) for name, rows in self.datasets.items()},
        }

    def to_dict(self) -> Spec:
        """By itself, as a file: the rows in it."""
        return {**self.specification, "datasets": dict(self.datasets)}


def _chart(
    layers: Sequence[tuple[str, Spec]],
    datasets: Mapping[str, Rows],
    height: float,
    source: str = "",
    **more: Any,
) -> Chart:
    """Marks one over the other, each with the name of its data; not those of which there are none.

    An empty layer would be a picture without a name to a screen reader.
    """
    datasets = {name: rows for name, rows in datasets.items() if rows}
    specification: Spec = {
        "$schema": SCHEMA,
        "height": height,
        "layer": [{"data": {"name": name}, **layer} for name, layer in layers if name in datasets],
        **more,
    }
    if source:
        specification["title"] = _source_title(source)
    if len(source) > LONG_SOURCE:
        specification["height"] += LINE_HEIGHT
    return Chart(specification, datasets)


def _rows(**columns: Iterable[Any]) -> Rows:
    """Columns of one length as rows; a number that is none (NaN, NA) is None."""
    names = tuple(columns)
    lists = [[None if pd.isna(value) else value for value in _values(column)] for column in columns.values()]
    return [dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True)]


def _values(column: Iterable[Any]) -> list[Any]:
    """Python's own numbers, not NumPy's."""
    return list(column.tolist()) if isinstance(column, pd.Series) else list(column)


def _mark(kind: str, encoding: Spec, **options: Any) -> Spec:
    return {"mark": {"type": kind, **options}, "encoding": encoding}


def _words(field: str, title: str | None = None, **options: Any) -> Spec:
    return {"field": field, "type": "nominal", "title": title, **options}


def _amount(field: str, **options: Any) -> Spec:
    return {"field": field, "type": "quantitative", "title": None, **options}


def _told(**titles: str) -> Spec:
    """What is told of a mark: the text of each field, on hover under its title, and to a screen reader."""
    texts = " + ' · ' + ".join(f"datum.{field}" for field in titles)
    return {
        "tooltip": [_words(field, title) for field, title in titles.items()],
        "description": {"value": {"expr": texts}},
    }


def lines(
    frame: pd.DataFrame,
    names: dict[str, str],
    indicator_code: str,
    say: Words,
    source: str,
    *,
    events: pd.DataFrame | None = None,
    height: int = 320,
) -> Chart:
    """Series over months, or over quarters; their legend is `markup.series_legend`.

    `events` (number, time_period, title) are drawn as upright lines, numbered as in `markup.event_list`.

    `frame`: series_code, time_period, obs_value, obs_status, conf_status, lower_value, upper_value, with a
    row for every month of a series (see `complete_months`). `names` gives the series in their order, with the
    words for each.
    """
    data = _observations(frame, indicator_code, say)
    for row, code in zip(data, frame["series_code"].tolist(), strict=True):
        row["series"] = names[code]
    present = set(frame["series_code"])
    shown = [name for code, name in names.items() if code in present]

    def by_series(looks: Sequence[Any]) -> Spec:
        return _words("series", scale={"domain": shown, "range": list(looks[: len(shown)])}, legend=None)

    colour, shape, dash = by_series(COLOURS), by_series(SHAPES), by_series(list(map(list, DASHES)))
    x = {
        "field": "date",
        "type": "temporal",
        "title": None,
        "scale": {"type": "utc"},
        "axis": _period_axis(frame["time_period"], say),
    }
    y = _amount("obs_value", scale=_from_zero(indicator_code), axis=_value_axis(indicator_code, say))
    place = {"x": x, "y": y}
    told = _told(
        series=" ", month_text=_period_title(frame["time_period"], say), value_text=say("app.value"),
        status_text=say("app.status"),
    )  # fmt: skip
    codes, statuses, conf = (frame[name].tolist() for name in ("series_code", "obs_status", "conf_status"))
    is_soft = [
        status in NOT_FINAL and row["obs_value"] is not None
        for row, status in zip(data, statuses, strict=True)
    ]
    is_firm = [row["obs_value"] is not None and not soft for row, soft in zip(data, is_soft, strict=True)]
    joins = _joins(codes, frame["time_period"].tolist(), is_soft)
    line: Spec = {"strokeWidth": 2, "invalid": "break-paths-show-domains", "aria": False}
    hollow: Spec = {"filled": False, "fill": {"expr": "background"}, "strokeWidth": 1.8}
    datasets = {
        "firm": _along(data, is_firm),
        "soft": _along(data, joins),
        "final": [row for row, firm in zip(data, is_firm, strict=True) if firm],
        "not_final": [row for row, soft in zip(data, is_soft, strict=True) if soft],
    }
    layers = [
        ("firm", _mark("line", {**place, "color": colour, "strokeDash": dash}, **line)),
        ("soft", _mark("line", {**place, "color": colour}, **line, strokeDash=list(NOT_FINAL_DASH))),
        (
            "final",
            _mark(
                "point",
                {**place, "color": colour, "shape": shape, **told},
                size=34,
                filled=True,
                opacity=1,
            ),
        ),
        (
            "not_final",
            _mark(
                "point",
                {**place, "stroke": colour, "shape": shape, **told},
                size=44,
                opacity=1,
                **hollow,
            ),
        ),
    ]
    bounds = zip(data, frame["lower_value"].tolist(), frame["upper_value"].tolist(), strict=True)
    datasets["bounds"] = [
        {**row, "lower_value": lower, "upper_value": upper}
        for row, lower, upper in bounds
        if row["obs_value"] is not None and not pd.isna(lower)
    ]
    ends = {"y": _amount("lower_value"), "y2": {"field": "upper_value"}}
    layers.append(("bounds", _mark("rule", {"x": x, **ends, "color": colour, **told}, strokeWidth=1.5)))
    if events is not None and len(events):
        datasets["events"] = _events_by_month(events, say)
        layers += [("events", layer) for layer in _event_lines(x)]
    datasets["confidential"] = [row for row, code in zip(data, conf, strict=True) if code == "C"]
    at_the_bottom = {"y": {"value": {"expr": "height - 8"}}}
    letter: Spec = {"text": "c", "fontSize": 12, "fontStyle": "italic", "fontWeight": "bold"}
    layers.append(
        ("confidential", _mark("text", {"x": x, **at_the_bottom, "color": colour, **told}, **letter))
    )
    return _chart(layers, datasets, height, source)


def _observations(frame: pd.DataFrame, indicator_code: str, say: Words) -> Rows:
    """date, obs_value, month_text, value_text, status_text of each row of the frame (see `lines`)."""
    months = {period: say.period(period) for period in frame["time_period"].unique()}
    columns = ("time_period", "obs_value", "obs_status", "conf_status", "lower_value", "upper_value")
    rows = []
    columns_of = (frame[name].tolist() for name in columns)
    for period, value, obs_status, conf_status, lower, upper in zip(*columns_of, strict=True):
        figure = None if pd.isna(value) else value
        rows.append(
            {
                "date": _first_day(period),
                "obs_value": figure,
                "month_text": months[period],
                "value_text": say.figure(indicator_code, value),
                "status_text": _status(figure, obs_status, conf_status, lower, upper, indicator_code, say),
            }
        )
    return rows


def _along(data: Rows, drawn: Sequence[bool]) -> Rows:
    """A line through the rows that are drawn, with a gap where one is not."""
    return [
        {"series": row["series"], "date": row["date"], "obs_value": row["obs_value"] if is_drawn else None}
        for row, is_drawn in zip(data, drawn, strict=True)
    ]


def bars(frame: pd.DataFrame, indicator_code: str, say: Words, source: str, *, marked: str = "") -> Chart:
    """Horizontal bars, the figure under each name. `frame`: name, obs_value, obs_status, conf_status.

    Where there is no figure, its status stands in its place. The bar of the name that is `marked` has another
    colour and a triangle before its name.
    """
    states = zip(frame["obs_value"], frame["obs_status"], frame["conf_status"], strict=True)
    figures = [
        say.status(obs_status, conf_status) if pd.isna(value) else say.figure(indicator_code, value)
        for value, obs_status, conf_status in states
    ]
    # One label of several lines, drawn by the axis, which takes the colour of the theme.
    labels = [
        "|".join([*textwrap.wrap(f"{'▶ ' if name == marked else ''}{name}", BAR_NAME), figure])
        for name, figure in zip(frame["name"], figures, strict=True)
    ]
    most_lines = max((label.count("|") + 1 for label in labels), default=2)
    data = _rows(
        name=frame["name"],
        label=labels,
        value_text=figures,
        length=frame["obs_value"].fillna(0),
        is_marked=[name == marked for name in frame["name"]],
    )
    as_lines = "split(datum.value, '|')"
    to_the_middle = {"expr": f"-7 * (length({as_lines}) - 1)"}
    names = {
        "labelExpr": as_lines,
        "labelOffset": to_the_middle,
        "labelLimit": 215,
        "labelPadding": 8,
        **BARE,
    }
    encoding = {
        "color": {"condition": {"test": "datum.is_marked", "value": DECLINE}, "value": OCEAN},
        "x": _amount("length", axis=None),
        "y": _words("label", sort=labels, axis=names),
        **_told(name=" ", value_text=say("app.value")),
    }
    bar = _mark("bar", encoding, height={"band": 0.55}, cornerRadiusEnd=3)
    height = (16 + 14 * most_lines) * len(data) + SOURCE_HEIGHT
    return _chart([("bars", bar)], {"bars": data}, height, source)


def small_line(frame: pd.DataFrame, indicator_code: str, say: Words, events: pd.DataFrame) -> Chart:
    """One series in little, on a scale of its own. `frame` and `events` as for `lines`.

    The last figure has a dot, and so has one between two gaps, through which no line goes.
    """
    data = _observations(frame, indicator_code, say)
    known = [False, *(row["obs_value"] is not None for row in data), False]
    last = max((place for place, is_known in enumerate(known) if is_known), default=0)
    dots = [
        row
        for place, row in enumerate(data, start=1)
        if place == last or (known[place] and not known[place - 1] and not known[place + 1])
    ]
    axis = {**_value_axis(indicator_code, say), "tickCount": 2}
    encoding = {
        "x": {"field": "date", "type": "temporal", "title": None, "scale": {"type": "utc"}, "axis": None},
        "y": _amount("obs_value", scale=_from_zero(indicator_code), axis=axis),
        **_told(month_text=say("app.month"), value_text=say("app.value"), status_text=say("app.status")),
    }
    layers = [
        (
            "months",
            _mark(
                "line", encoding, color=OCEAN, strokeWidth=1.8, invalid="break-paths-show-domains", aria=False
            ),
        ),
        ("dots", _mark("point", encoding, color=OCEAN, filled=True, size=36, opacity=1)),
    ]
    datasets = {"months": data, "dots": dots}
    if len(events):
        datasets["events"] = _events_by_month(events, say)
        layers += [("events", layer) for layer in _event_lines(encoding["x"])]
    return _chart(layers, datasets, 110)


def coverage_matrix(coverage: pd.DataFrame, say: Words, source: str) -> Chart:
    """Member by month; the legend is `markup.matrix_legend`. `coverage`: member_name, time_period, status.

    A missing month is an empty red frame, not a shade.
    """
    words = {status: say.term("coverage", status) for status in coverage["status"].unique()}
    months = {period: say.month(period) for period in coverage["time_period"].unique()}
    data = _rows(
        member_name=coverage["member_name"],
        label=[_two_lines(name) for name in coverage["member_name"]],
        time_period=coverage["time_period"],
        status_text=[words[status] for status in coverage["status"]],
        month_text=[months[period] for period in coverage["time_period"]],
    )
    statuses = [say.term("coverage", status) for status in COVERAGE_FILLS]

    def by_status(looks: Mapping[str, str]) -> Spec:
        return _words("status_text", scale={"domain": statuses, "range": list(looks.values())}, legend=None)

    periods = sorted(months)
    # A year that begins at the right edge is written to the left of its first month: there is no room beyond.
    at_the_edge = (
        f"datum.value > '{periods[-YEAR_LABEL_MONTHS]}'" if len(periods) > YEAR_LABEL_MONTHS else "false"
    )
    years = {
        "values": [period for period in periods if period.endswith("-01")],
        "labelAlign": {"expr": f"{at_the_edge} ? 'right' : 'center'"},
        "labelExpr": "slice(datum.value, 0, 4)",
        "labelAngle": 0,
        "domain": False,
        "labelColor": SOFT_TEXT,
        **SILENT,
    }
    encoding = {
        "x": {"field": "time_period", "type": "ordinal", "title": None, "axis": years},
        "y": _words("label", sort=None, axis=MEMBERS),
        "fill": by_status(COVERAGE_FILLS),
        "stroke": by_status(COVERAGE_STROKES),
        **_told(member_name=say("app.member"), month_text=say("app.month"), status_text=say("app.status")),
    }
    cell = _mark(
        "rect",
        encoding,
        strokeWidth=1.5,
        width={"band": 0.72},
        height={"band": 0.62},
        cornerRadius=1.5,
    )
    height = 22 * coverage["member_name"].nunique() + AXIS_HEIGHT + SOURCE_HEIGHT
    return _chart([("cells", cell)], {"cells": data}, height, source)


def contributions(frame: pd.DataFrame, say: Words, source: str) -> Chart:
    """What each member adds to growth, in points: bars to the right add, bars to the left take away.

    `frame`: member_name, points. The figure stands at the end of its bar.
    """
    texts = [say.points(value) for value in frame["points"]]
    data = _rows(
        member=frame["member_name"],
        label=[_two_lines(name) for name in frame["member_name"]],
        points=frame["points"],
        points_text=texts,
        is_growth=frame["points"] >= 0,
    )
    room = FIGURE_WIDTH * max(map(len, texts), default=0) + 4
    encoding = {
        "x": _amount("points", axis=None, scale=_with_room(frame["points"], room)),
        "y": _words("label", sort=None, axis=MEMBERS),
        **_told(member=" ", points_text=say("region.contribution")),
    }
    by_sign = {"condition": {"test": "datum.is_growth", "value": OCEAN}, "value": DECLINE}
    layers = [
        ("members", _mark("bar", {**encoding, "color": by_sign}, height={"band": 0.6}, cornerRadiusEnd=2))
    ]
    for test, align, right in (("datum.is_growth", "left", 4), ("!datum.is_growth", "right", -4)):
        words = _mark(
            "text",
            {**encoding, "text": {"field": "points_text", "type": "nominal"}},
            align=align,
            dx=right,
            color=TEXT,
            fontSize=12,
            baseline="middle",
            aria=False,  # its bar tells of it
        )
        layers.append(("members", {"transform": [{"filter": test}], **words}))
    return _chart(layers, {"members": data}, 24 * len(data) + SOURCE_HEIGHT, source)


def offices(frame: pd.DataFrame, say: Words, source: str) -> Chart:
    """Parcels of the busiest day of each office, and a mark at its stated capacity where there is one.

    `frame`: office (its name), busiest_day_items, capacity_items_per_day. The name stands above its bar, the
    figure at the end of that line.
    """
    items, capacities = frame["busiest_day_items"], frame["capacity_items_per_day"]
    figures = [
        say.number(count)
        if pd.isna(capacity)
        else say("region.of_capacity", items=say.number(count), capacity=say.number(capacity))
        for count, capacity in zip(items, capacities, strict=True)
    ]
    plan = _row_plan(list(frame["office"]), "figure", figures, row_height=OFFICE_HEIGHT)
    data = _rows(
        place=range(len(frame)),
        office=frame["office"],
        lines=plan.lines,
        busiest_day_items=items,
        capacity_items_per_day=capacities,
        figure=figures,
        items_text=[say.number(value) for value in items],
        capacity_text=["–" if pd.isna(value) else say.number(value) for value in capacities],
    )
    scale = {"nice": False, "zero": True}
    shared = {
        "y": _row_axis(),
        **_told(office=" ", items_text=say("region.busiest_items"), capacity_text=say("region.capacity")),
    }
    counts = {"x": _amount("busiest_day_items", axis=None, scale=scale), **shared}
    stated = {"x": _amount("capacity_items_per_day", axis=None, scale=scale), **shared}
    datasets = {"offices": data, "stated": [row for row in data if row["capacity_items_per_day"] is not None]}
    layers = [
        ("offices", _mark("bar", counts, color=OCEAN, cornerRadiusEnd=2, **plan.bar)),
        ("stated", _mark("tick", stated, color=LIMIT, thickness=3, size=22, yOffset=plan.down)),
        *(("offices", layer) for layer in _row_names(plan, "office")),
    ]
    return _chart(layers, datasets, plan.height + SOURCE_HEIGHT, source)


def before_and_now(frame: pd.DataFrame, now_title: str, before_title: str, say: Words, source: str) -> Chart:
    """Rates in per cent: a bar each, and an upright line where it stood before (or where others stand).

    `frame`: name, now_pct, before_pct; null is no figure. The name stands above its bar, the figure at the
    end of that line.
    """
    figures = [say.figure("RATE_PCT", value) for value in frame["now_pct"]]
    plan = _row_plan(list(frame["name"]), "now_text", figures)
    data = _rows(
        place=range(len(frame)),
        name=frame["name"],
        lines=plan.lines,
        now=frame["now_pct"],
        before=frame["before_pct"],
        now_text=figures,
        before_text=[say.figure("RATE_PCT", value) for value in frame["before_pct"]],
        whole=[100] * len(frame),
    )
    scale = {"domain": [0, 100]}
    y = _row_axis()
    told = _told(name=" ", now_text=now_title, before_text=before_title)
    track = _mark(
        "bar", {"x": _amount("whole", axis=None, scale=scale), "y": y}, color=EVENT, opacity=0.22, **plan.bar
    )
    bar = _mark("bar", {"x": _amount("now", axis=None, scale=scale), "y": y, **told}, color=OCEAN, **plan.bar)
    tick = _mark(
        "tick",
        {"x": _amount("before", axis=None, scale=scale), "y": y},
        color=TEXT,
        thickness=3,
        size=22,
        yOffset=plan.down,
        aria=False,  # its bar tells of it
    )
    datasets = {
        "rows": data,
        "now": [row for row in data if row["now"] is not None],
        "before": [row for row in data if row["before"] is not None],
    }
    layers = [("rows", {**track, "mark": {**track["mark"], "aria": False}}), ("now", bar), ("before", tick)]
    layers += [("rows", layer) for layer in _row_names(plan)]
    return _chart(layers, datasets, plan.height + SOURCE_HEIGHT, source)


def _two_lines(name: str) -> str:
    """A long name with a `|` where it breaks best: at a blank or behind a hyphen, near its middle."""
    breaks = [place + 1 for place, sign in enumerate(name) if sign in " -"]
    if len(name) <= LONG_NAME or not breaks:
        return name
    place = min(breaks, key=lambda candidate: abs(2 * candidate - len(name)))
    return f"{name[:place].rstrip()}|{name[place:]}"


def _with_room(amounts: pd.Series[float], room: float) -> Spec:
    """A scale from nought that leaves so many pixels for a figure at the end of the bars, on either side.

    On the side where there is no bar there is no room.
    """
    least, most = min(amounts.min(), 0), max(amounts.max(), 0)
    left, right = room if least < 0 else 0, room if most > 0 else 0
    unit = f"{most - least} / max(1, width - {left + right})"
    return {
        "nice": False,
        "domainMin": {"expr": f"{least} - {left} * {unit}"},
        "domainMax": {"expr": f"{most} + {right} * {unit}"},
    }


class _RowPlan(NamedTuple):
    """Rows with their names above what is drawn in them.

    `lines`: each name as it is broken where there is least room. `height` of all rows, and `down`, from the
    middle of a row to that of what is drawn, are in pixels: rows are higher in a file than on a page.
    """

    lines: list[str]
    height: float
    down: float
    name_width: str
    figure: str

    @property
    def bar(self) -> Spec:
        return {"height": 15, "yOffset": self.down}


def _row_plan(
    names: Sequence[str], figure: str = "", figures: Iterable[str] = (), *, row_height: float = ROW_HEIGHT
) -> _RowPlan:
    """The plan for these names. `figure` is the field, if any, that stands at the end of the names' line;
    `figures` are all there are of it: names have the room that the longest leaves."""
    taken = FIGURE_WIDTH * max(map(len, figures), default=0) + 8 if figure else 0
    signs = int((LEAST_WIDTH - taken) / LETTER_WIDTH)
    # No line begins with the dot between two parts of a name.
    lines = ["\n".join(textwrap.wrap(name.replace(" · ", "\u00a0· "), signs)) for name in names]
    further = NAME_LINE * max((broken.count("\n") for broken in lines), default=0)
    name_width = f"width - {taken:g}" if figure else "width"
    return _RowPlan(lines, (row_height + further) * len(names), 8 + further / 2, name_width, figure)


def _row_axis() -> Spec:
    return {"field": "place", "type": "ordinal", "title": None, "axis": None}


def _row_names(plan: _RowPlan, name: str = "name", *, on_lines: bool = False) -> list[Spec]:
    """The names above what is drawn in the rows, on one line where there is room, and the figures at its end.

    The data have `lines` (of the plan) beside the name. Where lines pass behind words (`on_lines`), these
    stand on the colour of the ground.
    """
    look: Spec = {"baseline": "middle", "fontSize": 12, "color": TEXT, "aria": False}
    y = _row_axis()
    fits = f"length(datum.{name}) * {LETTER_WIDTH} <= {plan.name_width}"
    above = plan.down - 19  # to the middle of the last line, or of the only one
    names = {
        "text": {"expr": f"{fits} ? datum.{name} : datum.lines"},
        "dy": {"expr": f"{above} - ({fits} ? 0 : {NAME_LINE} * (length(split(datum.lines, '\\n')) - 1))"},
        "limit": {"expr": plan.name_width},
        "lineBreak": "\n",
        "lineHeight": NAME_LINE,
        "align": "left",
        **look,
    }
    layers = [_mark("text", {"x": {"value": 0}, "y": y}, **names)]
    if plan.figure:
        at_the_end = {"x": {"value": {"expr": "width"}}, "y": y}
        figures = {"text": {"field": plan.figure, "type": "nominal"}, **at_the_end}
        layers.append(_mark("text", figures, align="right", fontWeight="bold", dy=above, **look))
    if on_lines:
        ground: Spec = {"stroke": {"expr": "background"}, "strokeWidth": 5, "strokeJoin": "round"}
        layers = [{**layer, "mark": {**layer["mark"], **ground}} for layer in layers] + layers
    return layers


def parts(frame: pd.DataFrame, looks: Mapping[str, Look], part_title: str, say: Words, source: str) -> Chart:
    """What each row is made of, side by side; the legend is `markup.part_legend`.

    `frame`: name, part_code, part_text, amount, amount_text, the parts of a row in the order of `looks`. A
    row of which nothing may be told has one line, without an amount: its amount_text stands in its place.
    """
    names = list(dict.fromkeys(frame["name"]))
    plan = _row_plan(names)
    most = frame.groupby("name")["amount"].sum().max() if len(frame) else 0
    at: dict[str, float] = {}
    data: Rows = []
    for name, code, text, amount, amount_text in zip(
        *(frame[column].tolist() for column in ("name", "part_code", "part_text", "amount", "amount_text")),
        strict=True,
    ):
        row = {"place": names.index(name), "name": name, "amount_text": amount_text}
        if pd.isna(amount):
            data.append(row)
            continue
        look, start = looks[code], at.get(name, 0.0)
        at[name] = start + amount
        share = amount / most if most else 0
        sign = f"{look.mark} {amount_text}" if share >= LEAST_SHARE_FOR_A_FIGURE else look.mark
        data.append(
            row
            | {
                "part_text": text,
                "start": start,
                "middle": start + amount / 2,
                "end": start + amount,
                "sign": sign if share >= LEAST_SHARE_FOR_A_MARK else "",
                **_look(look),
            }
        )
    y = _row_axis()
    scale = {"domain": [0, most or 1], "nice": False}
    told = _told(name=" ", part_text=part_title, amount_text=say("app.value"))
    segments = {"x": _amount("start", axis=None, scale=scale), "x2": {"field": "end"}, "y": y, **told}
    signs = {
        "x": _amount("middle", axis=None, scale=scale),
        "y": y,
        "text": {"field": "sign", "type": "nominal"},
        "color": INK,
    }
    words = {"x": {"value": 0}, "y": y, "text": {"field": "amount_text", "type": "nominal"}}
    below: Spec = {"dy": plan.down, "baseline": "middle", "fontSize": 11}
    datasets = {
        "parts": [row for row in data if "start" in row and row["end"] > row["start"]],
        "withheld": [row for row in data if "start" not in row],
        "rows": _rows(place=range(len(names)), name=names, lines=plan.lines),
    }
    layers = [
        ("parts", _mark("bar", {**segments, **LOOKS}, **{**plan.bar, "height": 17})),
        ("parts", _mark("text", signs, **below, aria=False)),
        ("withheld", _mark("text", words, align="left", fontStyle="italic", color=SOFT_TEXT, **below)),
        *(("rows", layer) for layer in _row_names(plan)),
    ]
    return _chart(layers, datasets, plan.height + SOURCE_HEIGHT, source)


def _look(look: Look) -> dict[str, Any]:
    return {"colour": look.colour, "opacity": look.opacity}


def stage_matrix(stages: pd.DataFrame, say: Words, source: str) -> Chart:
    """Measure by member: the stage as a sign and a shade. The legend is `markup.part_legend`.

    `stages`: name (of the measure), member_code, member_name, stage_code, in their order. The name of a
    measure stands above its row.
    """
    names = list(dict.fromkeys(stages["name"]))
    plan = _row_plan(names)
    members = list(dict.fromkeys(stages["member_code"]))
    words = {code: say.term("stage", code) for code in STAGE_LOOKS}
    data = [
        {
            "place": names.index(name),
            "name": name,
            "member_code": code,
            "member_name": member,
            "stage_text": words[stage],
            "sign": STAGE_LOOKS[stage].mark,
            **_look(STAGE_LOOKS[stage]),
        }
        for name, code, member, stage in zip(
            *(stages[column].tolist() for column in ("name", "member_code", "member_name", "stage_code")),
            strict=True,
        )
    ]
    upright: Spec = {"labelAngle": -90, "labelAlign": "left", "labelBaseline": "middle"}
    axis = {"orient": "top", "labelAngle": 0, **BARE, **(upright if len(members) > 14 else {})}
    # A single member does not get the whole width: the columns to its right have no name.
    empty = [" " * (place + 1) for place in range(FEWEST_COLUMNS - len(members))]
    x = _words("member_code", sort=None, scale={"domain": members + empty}, axis=axis)
    y = _row_axis()
    told = _told(name=" ", member_name=say("app.member"), stage_text=say("progress.stage"))
    cell = _mark(
        "rect",
        {"x": x, "y": y, **told, **LOOKS},
        width={"band": 0.86},
        height=17,
        yOffset=plan.down,
        cornerRadius=1.5,
    )
    sign = {"x": x, "y": y, "text": {"field": "sign", "type": "nominal"}, "color": INK}
    layers = [
        ("cells", cell),
        ("cells", _mark("text", sign, dy=plan.down, baseline="middle", fontSize=11, aria=False)),
        *(("rows", layer) for layer in _row_names(plan)),
    ]
    rows = _rows(place=range(len(names)), name=names, lines=plan.lines)
    height = plan.height + AXIS_HEIGHT + SOURCE_HEIGHT
    return _chart(layers, {"cells": data, "rows": rows}, height, source)


def budgets(frame: pd.DataFrame, say: Words, source: str) -> Chart:
    """Projects: the budget as a frame, filled as far as it is for actions that are done.

    `frame`: name, budget_usd, done_budget_usd, figure (words for the end of the row), remark (in the place of
    a budget that is withheld or null).
    """
    plan = _row_plan(list(frame["name"]), "figure", frame["figure"])
    data = _rows(
        place=range(len(frame)),
        name=frame["name"],
        lines=plan.lines,
        budget=frame["budget_usd"],
        done=frame["done_budget_usd"],
        figure=frame["figure"],
        remark=frame["remark"],
        budget_text=[say.figure("BUDGET_USD", value) for value in frame["budget_usd"]],
        done_text=[say.figure("BUDGET_USD", value) for value in frame["done_budget_usd"]],
    )
    y = _row_axis()
    told = _told(
        name=" ", budget_text=say("progress.budget"), done_text=say("progress.budget_done"),
        figure=say("progress.stages_gained"),
    )  # fmt: skip
    known = [row for row in data if row["budget"] is not None]
    words = {"x": {"value": 0}, "y": y, "text": {"field": "remark", "type": "nominal"}}
    axis = {**_value_axis("BUDGET_USD", say), "tickCount": 3}
    frame_look: Spec = {"fillOpacity": 0.12, "fill": OCEAN, "stroke": OCEAN, "strokeWidth": 1.2}
    layers = [
        (
            "known",
            _mark("bar", {"x": _amount("budget", axis=axis), "y": y, **told}, **frame_look, **plan.bar),
        ),
        (
            "known",
            _mark("bar", {"x": _amount("done", axis=axis), "y": y}, color=OCEAN, aria=False, **plan.bar),
        ),
        (
            "withheld",
            _mark(
                "text",
                words,
                align="left",
                dy=plan.down,
                baseline="middle",
                fontSize=11,
                fontStyle="italic",
                color=SOFT_TEXT,
            ),
        ),
        *(("rows", layer) for layer in _row_names(plan, on_lines=True)),
    ]
    datasets = {"known": known, "withheld": [row for row in data if row["budget"] is None], "rows": data}
    return _chart(layers, datasets, plan.height + AXIS_HEIGHT + SOURCE_HEIGHT, source)


def timeline(actions: pd.DataFrame, as_of: datetime.date, say: Words, source: str) -> Chart:
    """Actions over time, a row each; the legend is `markup.part_legend`.

    From the start to the date stated first a bar, what it takes beyond that a dotted line, the date as it is
    due now (where that has moved) a rhombus, the end a disc, and the day of the publication an upright line.

    `actions`: name, start_date, first_due_date, due_date, completed_on, state_code, state_text, short_text
    (at the end of the row, after the sign of its state).
    """
    figures = [
        f"{ACTION_LOOKS[state].mark} {short}"
        for state, short in zip(actions["state_code"], actions["short_text"], strict=True)
    ]
    plan = _row_plan(list(actions["name"]), "figure", figures)
    data: Rows = []
    columns = (
        "name", "start_date", "first_due_date", "due_date", "completed_on", "state_code", "state_text",
    )  # fmt: skip
    for place, (name, start, first_due, due, done, state, text) in enumerate(
        zip(*(actions[column].tolist() for column in columns), strict=True)
    ):
        look = ACTION_LOOKS[state]
        end = done if not pd.isna(done) else max(due, pd.Timestamp(as_of)) if state == "OVERDUE" else due
        data.append(
            {
                "place": place,
                "name": name,
                "lines": plan.lines[place],
                "start": _day(start),
                "first_due": _day(first_due),
                "due": _day(due) if due != first_due else None,
                "done": _day(done),
                "end": _day(end) if end > first_due and state != "STOPPED" else None,
                "state_text": text,
                "figure": figures[place],
                "start_text": "–" if pd.isna(start) else say.date(start),
                "first_due_text": say.date(first_due),
                "due_text": say.date(due),
                "done_text": "–" if pd.isna(done) else say.date(done),
                **_look(look),
            }
        )
    days = [
        pd.Timestamp(row[name]) for row in data for name in ("start", "first_due", "due", "done", "end")
        if row[name] is not None
    ]  # fmt: skip
    months = 12 if not days else 1 + round((max(days) - min(days)).days / 30.4)
    y = _row_axis()

    def day(field: str) -> Spec:
        return {
            "field": field, "type": "temporal", "title": None, "scale": {"type": "utc"},
            "axis": {**_month_axis(months, say), "grid": True, "orient": "top"},
        }  # fmt: skip

    told = _told(
        name=" ", state_text=say("app.status"), start_text=say("plan.start"),
        first_due_text=say("plan.first_due"), due_text=say("plan.due"), done_text=say("plan.done"),
    )  # fmt: skip
    quiet: Spec = {"aria": False, "yOffset": plan.down}
    layers = [
        (
            "today",
            _mark("rule", {"x": day("date")}, color=EVENT, strokeDash=[4, 3], strokeWidth=1.4, aria=False),
        ),
        (
            "spans",
            _mark(
                "bar",
                {"x": day("start"), "x2": {"field": "first_due"}, "y": y, **told, **LOOKS},
                height=9,
                yOffset=plan.down,
            ),
        ),
        (
            "beyond",
            _mark(
                "rule",
                {"x": day("first_due"), "x2": {"field": "end"}, "y": y},
                color=LIMIT,
                strokeDash=[2, 3],
                strokeWidth=2.5,
                **quiet,
            ),
        ),
        (
            "firsts",
            _mark(
                "tick",
                {"x": day("first_due"), "y": y},
                color=TEXT,
                thickness=2,
                size=16,
                **quiet,
            ),
        ),
        (
            "moved",
            _mark(
                "point",
                {"x": day("due"), "y": y},
                shape="diamond",
                stroke=TEXT,
                fill={"expr": "background"},
                size=70,
                opacity=1,
                **quiet,
            ),
        ),
        (
            "ended",
            _mark(
                "point",
                {"x": day("done"), "y": y},
                shape="circle",
                fill=OCEAN,
                stroke={"expr": "background"},
                strokeWidth=2,
                size=110,
                opacity=1,
                **quiet,
            ),
        ),
        *(("rows", layer) for layer in _row_names(plan, on_lines=True)),
    ]
    datasets: dict[str, Rows] = {
        "today": [{"date": as_of.isoformat()}],
        "spans": data,
        "beyond": [row for row in data if row["end"] is not None],
        "firsts": data,
        "moved": [row for row in data if row["due"] is not None],
        "ended": [row for row in data if row["done"] is not None],
        "rows": data,
    }
    return _chart(layers, datasets, plan.height + AXIS_HEIGHT + SOURCE_HEIGHT, source)


def _day(date: Any) -> str | None:
    return None if pd.isna(date) else pd.Timestamp(date).date().isoformat()


def bubble_map(frame: pd.DataFrame, say: Words, source: str, *, height: int = 340) -> Chart:
    """Members where their administrations sit, the Pacific in the middle; no tiles, nothing fetched.

    `frame`: member_code, member_name, obs_value (null: a ring), value_text. A member without a seat in
    geography.json is not drawn: the table below the map has it.
    """
    seats = GEOGRAPHY["seats"]
    here = frame[frame["member_code"].isin(seats)]
    data = _rows(
        member_code=here["member_code"],
        member_name=here["member_name"],
        value_text=here["value_text"],
        x=[seats[code]["longitude"] for code in here["member_code"]],
        y=[_mercator(seats[code]["latitude"]) for code in here["member_code"]],
        side=[seats[code]["label"] for code in here["member_code"]],
        size=here["obs_value"],
    )
    most = here["obs_value"].max()
    for row in data:
        share = row["size"] / most if row["size"] else 0
        is_known = row["size"] is not None
        row["area"] = LEAST_BUBBLE + (LARGEST_BUBBLE - LEAST_BUBBLE) * share if is_known else RING
        away = math.sqrt(row["area"] / math.pi) + 4
        row["align"], across, down = SIDES[row["side"]]
        row["dx"], row["dy"] = across * away, down * (away + 3)
    told = _told(member_name=" ", value_text=say("overview.items"))
    place = {"longitude": _amount("x"), "latitude": _amount("y"), **told}
    size = _amount("area", legend=None, scale=None)
    datasets = {
        "known": [row for row in data if row["size"] is not None],
        "unknown": [row for row in data if row["size"] is None],
        "members": data,
    }
    ring = {"shape": "circle", "size": RING, "color": EVENT, "strokeWidth": 1.5, "filled": False}
    layers = [
        (
            "known",
            _mark(
                "circle",
                {"size": size, **place},
                color=OCEAN,
                opacity=0.62,
                stroke=OCEAN,
                strokeWidth=1.2,
            ),
        ),
        ("unknown", _mark("point", place, **ring)),
        (
            "members",
            _mark(
                "text",
                {"text": {"field": "member_code", "type": "nominal"}, **place},
                align={"expr": "datum.align"},
                dx={"expr": "datum.dx"},
                dy={"expr": "datum.dy"},
                fontSize=11,
                fontWeight=600,
                color=TEXT,
                aria=False,  # its bubble tells of it
            ),
        ),
    ]
    chart = _chart(layers, datasets, height, source, projection={"type": "identity", "reflectY": True})
    chart.specification["layer"].insert(0, _land())
    return chart


def _land() -> Spec:
    rings = [[[x, _mercator(y)] for x, y in ring] for ring in GEOGRAPHY["land"]]
    shape = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]},
    }
    look: Spec = {"fill": LAND, "fillOpacity": 0.28, "stroke": LAND, "strokeOpacity": 0.5, "strokeWidth": 0.5}
    return {"data": {"values": [shape]}, "mark": {"type": "geoshape", "aria": False, **look}}


def _mercator(latitude: float) -> float:
    """Degrees on the map upwards from the equator, so that shapes keep their form."""
    return round(math.degrees(math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2))), 2)


def complete_months(frame: pd.DataFrame, last_time_period: str) -> pd.DataFrame:
    """The frame with a row for every month from each series' first on.

    What was not there is missing (M), so that no line runs over it.
    """
    if frame.empty:
        return frame
    keys = list(zip(frame["series_code"].tolist(), frame["time_period"].tolist(), strict=True))
    at = {key: place for place, key in enumerate(keys)}
    first: dict[str, str] = {}
    last: dict[str, str] = {}
    for code, month in keys:
        first[code] = min(month, first.get(code, month))
        last[code] = max(month, last.get(code, last_time_period))
    wanted = [(code, month) for code in first for month in _months(first[code], last[code])]
    full = frame.reset_index(drop=True).reindex([at.get(key, -1) for key in wanted]).reset_index(drop=True)
    full["series_code"], full["time_period"] = zip(*wanted, strict=True)
    return full.fillna({"obs_status": "M", "conf_status": "F"})


def _months(first: str, last: str) -> list[str]:
    """From 2025-11 to 2026-01: 2025-11, 2025-12, 2026-01."""
    begin, end = (12 * int(month[:4]) + int(month[5:7]) - 1 for month in (first, last))
    return [f"{number // 12}-{number % 12 + 1:02d}" for number in range(begin, end + 1)]


def _status(
    value: float | None,
    obs_status: str,
    conf_status: str,
    lower: float | None,
    upper: float | None,
    indicator_code: str,
    say: Words,
) -> str:
    status = say.status(obs_status, conf_status)
    if value is None or pd.isna(lower):
        return status
    return say(
        "trends.interval",
        status=status,
        lower=say.figure(indicator_code, lower),
        upper=say.figure(indicator_code, upper),
    )


def _events_by_month(events: pd.DataFrame, say: Words) -> Rows:
    """date, numbers, titles: one row for each month with events."""
    by_month: dict[str, list[tuple[str, str]]] = {}
    for month, number, title in zip(events["time_period"], events["number"], events["title"], strict=True):
        by_month.setdefault(month, []).append((str(number), title))
    return [
        {
            "date": f"{month}-01",
            "numbers": ", ".join(number for number, _ in by_month[month]),
            "titles": say.listed(title for _, title in by_month[month]),
        }
        for month in sorted(by_month)
    ]


def _event_lines(x: Spec) -> list[Spec]:
    """An upright line for each month with events, and the numbers of its events above it."""
    told = _told(titles=" ")
    numbers = {"text": {"field": "numbers", "type": "nominal"}, "y": {"value": 0}}
    look: Spec = {"fontSize": 11, "fontWeight": "bold", "baseline": "top", "align": "left", "dx": 3}
    return [
        _mark("rule", {"x": x, **told}, color=EVENT, strokeDash=[2, 3], strokeWidth=1.2),
        _mark("text", {"x": x, **numbers, **told}, color=SOFT_TEXT, **look),
    ]


def _joins(codes: Sequence[str], months: Sequence[str], is_soft: Sequence[bool]) -> list[bool]:
    """Whether a row is on the line of what is not final, which begins a month before."""
    places = sorted(range(len(codes)), key=lambda place: (codes[place], months[place]))
    joined = list(is_soft)
    for place, following in itertools.pairwise(places):
        if codes[place] == codes[following] and is_soft[following]:
            joined[place] = True
    return joined


def _first_day(time_period: str) -> str:
    """Of a month, or of a quarter."""
    if not is_quarter(time_period):
        return f"{time_period}-01"
    year, quarter = time_period.split("-Q")
    return f"{year}-{3 * int(quarter) - 2:02d}-01"


def _period_title(periods: pd.Series[str], say: Words) -> str:
    return say("app.quarter") if is_quarter(str(periods.iloc[0])) else say("app.month")


def _period_axis(periods: pd.Series[str], say: Words) -> Spec:
    count = periods.nunique()
    return _quarter_axis(count, say) if is_quarter(str(periods.iloc[0])) else _month_axis(count, say)


def _quarter_axis(quarters: int, say: Words) -> Spec:
    """A tick for each quarter, the year under the first of each; only years where there are many."""
    if quarters > 12:
        return _month_axis(3 * quarters, say)
    quarter = f"'{say.quarter_letter}' + (1 + floor(utcmonth(datum.value) / 3))"
    label = f"utcmonth(datum.value) == 0 ? [{quarter}, utcFormat(datum.value, '%Y')] : {quarter}"
    return {**_month_axis(9, say), "labelExpr": label}


def _month_axis(months: int, say: Words) -> Spec:
    """Ticks a reader can count on: months, quarters or years, with the months' names in the language."""
    year = "utcFormat(datum.value, '%Y')"
    plain: Spec = {"grid": False, "labelAngle": 0, "labelColor": SOFT_TEXT, **SILENT}
    if months > 30:
        return {"tickCount": {"interval": "year", "step": 1}, "labelExpr": year, **plain}
    names = ",".join(f"'{name}'" for name in say.short_months())
    month = f"[{names}][utcmonth(datum.value)]"
    ticks = {"interval": "month", "step": 3 if months > 8 else 1}
    label = f"utcmonth(datum.value) == 0 ? [{month}, {year}] : {month}"
    return {"tickCount": ticks, "labelExpr": label, **plain}


def _from_zero(indicator_code: str) -> Spec:
    return {"zero": not indicator_code.endswith(("_PCT", "_INDEX"))}


def _value_axis(indicator_code: str, say: Words) -> Spec:
    """Numbers in the form of the language; money as US$60k or 60 k$ US."""
    is_french = say.language == "fr"
    if indicator_code.endswith("_USD"):
        label = "'US$' + replace(format(datum.value, '~s'), 'G', 'B')"
        if is_french:
            label = f"replace(format(datum.value, '~s'), regexp('([kMG])$'), '{THIN_SPACE}$1')"
            label = f"replace(replace({label}, '.', ','), 'G', 'Md') + '$ US'"
        label = f"datum.value == 0 ? '0' : {label}"
    elif is_french:
        label = f"replace(replace(format(datum.value, ',~r'), '.', ';'), /,/g, '{THIN_SPACE}')"
        label = f"replace({label}, ';', ',')"
    else:
        label = "format(datum.value, ',~r')"
    if indicator_code.endswith("_PCT"):
        label += f" + '{THIN_SPACE if is_french else ''}%'"
    return {
        "labelExpr": label,
        "tickCount": 5,
        "domain": False,
        "ticks": False,
        "labelColor": SOFT_TEXT,
        **BESIDE,
        **SILENT,
    }


def _source_title(source: str) -> Spec:
    """The source in small print under the plot: a picture taken of the chart keeps it.

    A long one stands on two lines: a telephone would cut off its end, which is the date.
    """
    return {
        "text": source.split(" · ") if len(source) > LONG_SOURCE else source,
        "fontSize": 11,
        "fontWeight": "normal",
        "anchor": "start",
        "orient": "bottom",
        "offset": 8,
    }
