"""Data frames to Altair charts: pure functions, no Streamlit, no reading.

Marks never speak by colour alone: series differ in shape too, and a provisional or estimated figure is
dashed and hollow. The colours keep a contrast of 3:1 with both the light and the dark background.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

from dashboards.words import THIN_SPACE, Words

OCEAN = "#0f7fa3"
DECLINE = "#d1603d"
LIMIT = "#d1495b"
LAND = "#7d7f86"
# Dark on a light page, light on a dark one: known only where the chart is drawn.
TEXT = alt.expr("luminance(background) > 0.5 ? '#12303b' : '#e3eff3'")
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
# A height given to Streamlit is that of the whole picture, not of the plot.
AXIS_HEIGHT = 30
SOURCE_HEIGHT = 24
# An axis of names, every one of them shown.
BARE: dict[str, Any] = {"labelOverlap": False, "ticks": False, "domain": False}


def lines(
    frame: pd.DataFrame,
    names: dict[str, str],
    indicator_code: str,
    say: Words,
    source: str,
    *,
    events: pd.DataFrame | None = None,
    height: int = 320,
) -> alt.LayerChart:
    """Series over months; their legend is `markup.series_legend`.

    `events` (time_period, title) are drawn as numbered upright lines, in the order of `markup.event_list`.

    `frame`: series_code, time_period, obs_value, obs_status, conf_status, lower_value, upper_value, with a
    row for every month of a series (see `complete_months`). `names` gives the series in their order, with the
    words for each.
    """
    data = frame.assign(
        series=frame["series_code"].map(names),
        date=frame["time_period"] + "-01",
        month_text=[say.month(period) for period in frame["time_period"]],
        value_text=[say.figure(indicator_code, value) for value in frame["obs_value"]],
        status_text=[_status(row, indicator_code, say) for row in frame.itertuples()],
    )
    shown = [name for code, name in names.items() if code in set(frame["series_code"])]
    colours = alt.Scale(domain=shown, range=list(COLOURS[: len(shown)]))
    shapes = alt.Scale(domain=shown, range=list(SHAPES[: len(shown)]))
    colour = alt.Color("series:N", scale=colours, legend=None)
    shape = alt.Shape("series:N", scale=shapes, legend=None)
    months = _month_axis(data["time_period"].nunique(), say)
    x = alt.X("date:T", title=None, scale=alt.Scale(type="utc"), axis=months)
    from_zero = alt.Scale(zero=not indicator_code.endswith(("_PCT", "_INDEX")))
    y = alt.Y("obs_value:Q", title=None, scale=from_zero, axis=_value_axis(indicator_code, say))
    tooltip = [
        alt.Tooltip("series:N", title=" "),
        alt.Tooltip("month_text:N", title=say("app.month")),
        alt.Tooltip("value_text:N", title=say("app.value")),
        alt.Tooltip("status_text:N", title=say("app.status")),
    ]
    is_shown = data["obs_value"].notna()
    is_firm = is_shown & ~data["obs_status"].isin(NOT_FINAL)
    firm = alt.Chart(data.assign(obs_value=data["obs_value"].where(is_firm)))
    soft = alt.Chart(_provisional_segments(data))
    hollow: dict[str, Any] = {"filled": False, "fill": alt.expr("background"), "strokeWidth": 1.8}
    line: dict[str, Any] = {"strokeWidth": 2, "invalid": "break-paths-show-domains"}
    layers = [
        firm.mark_line(**line).encode(x=x, y=y, color=colour),
        soft.mark_line(**line, strokeDash=[4, 3]).encode(x=x, y=y, color=colour),
        alt.Chart(data[is_firm])
        .mark_point(size=34, filled=True, opacity=1)
        .encode(x=x, y=y, color=colour, shape=shape, tooltip=tooltip),
        alt.Chart(data[is_shown & ~is_firm])
        .mark_point(size=44, opacity=1, **hollow)
        .encode(
            x=x, y=y, stroke=alt.Stroke("series:N", scale=colours, legend=None), shape=shape, tooltip=tooltip
        ),
    ]
    bounded = data[data["lower_value"].notna() & is_shown]
    if len(bounded):
        layers.append(
            alt.Chart(bounded)
            .mark_rule(strokeWidth=1.5)
            .encode(x=x, y=alt.Y("lower_value:Q"), y2="upper_value:Q", color=colour, tooltip=tooltip)
        )
    if events is not None and len(events):
        layers += _event_lines(events, x)
    confidential = data[data["conf_status"] == "C"]
    if len(confidential):
        layers.append(
            alt.Chart(confidential)
            .mark_text(text="c", fontSize=12, fontStyle="italic", fontWeight="bold")
            .encode(x=x, y=alt.value(alt.expr("height - 8")), color=colour, tooltip=tooltip)
        )
    return alt.LayerChart(layer=layers).properties(height=height, title=_source_title(source))


def bars(frame: pd.DataFrame, indicator_code: str, say: Words, source: str, *, marked: str = "") -> alt.Chart:
    """Horizontal bars, the figure under each name. `frame`: name, obs_value, obs_status, conf_status.

    Where there is no figure, its status stands in its place. The bar of the name that is `marked` has another
    colour and a triangle before its name.
    """
    figures = [
        say.status(row.obs_status, row.conf_status)
        if pd.isna(row.obs_value)
        else say.figure(indicator_code, row.obs_value)
        for row in frame.itertuples()
    ]
    # One label of two lines, drawn by the axis, which takes the colour of the theme.
    labels = [
        f"{'▶ ' if name == marked else ''}{name}|{figure}"
        for name, figure in zip(frame["name"], figures, strict=True)
    ]
    data = frame.assign(
        label=labels,
        value_text=figures,
        length=frame["obs_value"].fillna(0),
        is_marked=frame["name"] == marked,
    )
    two_lines = "split(datum.value, '|')"
    names = alt.Axis(labelExpr=two_lines, labelOffset=-7, labelLimit=200, labelPadding=8, **BARE)
    chart: alt.Chart = (
        alt.Chart(data)
        .mark_bar(height={"band": 0.55}, cornerRadiusEnd=3)
        .encode(
            color=alt.condition(alt.datum.is_marked, alt.value(DECLINE), alt.value(OCEAN)),
            x=alt.X("length:Q", title=None, axis=None),
            y=alt.Y("label:N", title=None, sort=labels, axis=names),
            tooltip=[
                alt.Tooltip("name:N", title=" "),
                alt.Tooltip("value_text:N", title=say("app.value")),
            ],
        )
        .properties(height=44 * len(data) + SOURCE_HEIGHT, title=_source_title(source))
    )
    return chart


def small_line(frame: pd.DataFrame, indicator_code: str, say: Words) -> alt.LayerChart:
    """One series in little, on a scale of its own. `frame` as for `lines`."""
    data = frame.assign(
        date=frame["time_period"] + "-01",
        month_text=[say.month(period) for period in frame["time_period"]],
        value_text=[say.figure(indicator_code, value) for value in frame["obs_value"]],
        status_text=[say.status(row.obs_status, row.conf_status) for row in frame.itertuples()],
    )
    tooltip = [
        alt.Tooltip("month_text:N", title=say("app.month")),
        alt.Tooltip("value_text:N", title=say("app.value")),
        alt.Tooltip("status_text:N", title=say("app.status")),
    ]
    x = alt.X("date:T", title=None, scale=alt.Scale(type="utc"), axis=None)
    zero = alt.Scale(zero=not indicator_code.endswith(("_PCT", "_INDEX")))
    axis = _value_axis(indicator_code, say)
    axis.tickCount = 2
    y = alt.Y("obs_value:Q", title=None, scale=zero, axis=axis)
    base = alt.Chart(data).encode(x=x, y=y, tooltip=tooltip)
    layers = [
        base.mark_line(color=OCEAN, strokeWidth=1.8, invalid="break-paths-show-domains"),
        alt.Chart(data[data["obs_value"].notna()].tail(1))
        .mark_point(color=OCEAN, filled=True, size=36, opacity=1)
        .encode(x=x, y=y, tooltip=tooltip),
    ]
    return alt.LayerChart(layer=layers).properties(height=110)


def coverage_matrix(coverage: pd.DataFrame, say: Words, source: str) -> alt.Chart:
    """Member by month; the legend is `markup.matrix_legend`. `coverage`: member_name, time_period, status.

    A missing month is an empty red frame, not a shade.
    """
    data = coverage.assign(
        status_text=[say.term("coverage", status) for status in coverage["status"]],
        month_text=[say.month(period) for period in coverage["time_period"]],
    )
    statuses = [say.term("coverage", status) for status in COVERAGE_FILLS]
    fills = alt.Scale(domain=statuses, range=list(COVERAGE_FILLS.values()))
    strokes = alt.Scale(domain=statuses, range=list(COVERAGE_STROKES.values()))
    januaries = sorted({period for period in data["time_period"] if period.endswith("-01")})
    years = alt.Axis(values=januaries, labelExpr="slice(datum.value, 0, 4)", labelAngle=0, domain=False)
    height = 22 * data["member_name"].nunique() + AXIS_HEIGHT + SOURCE_HEIGHT
    chart: alt.Chart = (
        alt.Chart(data)
        .mark_rect(strokeWidth=1.5, width={"band": 0.72}, height={"band": 0.62}, cornerRadius=1.5)
        .encode(
            x=alt.X("time_period:O", title=None, axis=years),
            y=alt.Y("member_name:N", title=None, sort=None, axis=alt.Axis(labelLimit=130, **BARE)),
            fill=alt.Fill("status_text:N", scale=fills, legend=None),
            stroke=alt.Stroke("status_text:N", scale=strokes, legend=None),
            tooltip=[
                alt.Tooltip("member_name:N", title=say("app.member")),
                alt.Tooltip("month_text:N", title=say("app.month")),
                alt.Tooltip("status_text:N", title=say("app.status")),
            ],
        )
        .properties(height=height, title=_source_title(source))
    )
    return chart


def contributions(frame: pd.DataFrame, say: Words, source: str) -> alt.LayerChart:
    """What each member adds to growth, in points: bars to the right add, bars to the left take away.

    `frame`: member_name, points. The figure stands at the end of its bar.
    """
    data = frame.assign(
        points_text=[say.points(value) for value in frame["points"]],
        member=list(frame["member_name"]),
        is_growth=frame["points"] >= 0,
    )
    names = alt.Y("member:N", title=None, sort=None, axis=alt.Axis(labelLimit=190, **BARE))
    base = alt.Chart(data).encode(
        x=alt.X("points:Q", title=None, axis=None, scale=alt.Scale(padding=38)),
        y=names,
        tooltip=[
            alt.Tooltip("member:N", title=" "),
            alt.Tooltip("points_text:N", title=say("region.contribution")),
        ],
    )
    colour = alt.condition(alt.datum.is_growth, alt.value(OCEAN), alt.value(DECLINE))
    text: dict[str, Any] = {"fontSize": 12, "baseline": "middle"}
    layers = [
        base.mark_bar(height={"band": 0.6}, cornerRadiusEnd=2).encode(color=colour),
        base.transform_filter(alt.datum.is_growth)
        .mark_text(align="left", dx=4, color=TEXT, **text)
        .encode(text="points_text:N"),
        base.transform_filter(~alt.datum.is_growth)
        .mark_text(align="right", dx=-4, color=TEXT, **text)
        .encode(text="points_text:N"),
    ]
    height = 24 * len(data) + SOURCE_HEIGHT
    return alt.LayerChart(layer=layers).properties(height=height, title=_source_title(source))


def offices(frame: pd.DataFrame, say: Words, source: str) -> alt.LayerChart:
    """Parcels of the busiest day of each office, and a mark at its stated capacity where there is one.

    `frame`: office (its name), busiest_day_items, capacity_items_per_day.
    """
    data = frame.assign(
        items_text=[say.number(value) for value in frame["busiest_day_items"]],
        capacity_text=[
            "–" if pd.isna(value) else say.number(value) for value in frame["capacity_items_per_day"]
        ],
    )
    tooltip = [
        alt.Tooltip("office:N", title=" "),
        alt.Tooltip("items_text:N", title=say("region.busiest_items")),
        alt.Tooltip("capacity_text:N", title=say("region.capacity")),
    ]
    names = alt.Y("office:N", title=None, sort=None, axis=alt.Axis(labelLimit=190, **BARE))
    # From nought on: a day, unlike a month, is of the size of a few hundred.
    counts = alt.X(
        "busiest_day_items:Q", title=None, axis=_value_axis("ITEMS", say), scale=alt.Scale(padding=6)
    )
    layers = [
        alt.Chart(data)
        .mark_bar(color=OCEAN, height={"band": 0.5}, cornerRadiusEnd=2)
        .encode(x=counts, y=names, tooltip=tooltip)
    ]
    stated = data[data["capacity_items_per_day"].notna()]
    if len(stated):
        layers.append(
            alt.Chart(stated)
            .mark_tick(color=LIMIT, thickness=3, height={"band": 0.9})
            .encode(x=alt.X("capacity_items_per_day:Q"), y=names, tooltip=tooltip)
        )
    height = 26 * len(data) + AXIS_HEIGHT + SOURCE_HEIGHT
    return alt.LayerChart(layer=layers).properties(height=height, title=_source_title(source))


def bubble_map(frame: pd.DataFrame, say: Words, source: str, *, height: int = 340) -> alt.LayerChart:
    """Members where their administrations sit, the Pacific in the middle; no tiles, nothing fetched.

    `frame`: member_code, member_name, obs_value (null: a ring), value_text. A member without a seat in
    geography.json is not drawn: the table below the map has it.
    """
    seats = GEOGRAPHY["seats"]
    data = frame[frame["member_code"].isin(seats)]
    data = data.assign(
        x=[seats[code]["longitude"] for code in data["member_code"]],
        y=[_mercator(seats[code]["latitude"]) for code in data["member_code"]],
        side=[seats[code]["label"] for code in data["member_code"]],
        is_known=data["obs_value"].notna(),
        size=data["obs_value"].fillna(0),
    )
    rings = [[[x, _mercator(y)] for x, y in ring] for ring in GEOGRAPHY["land"]]
    shape = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]},
    }
    land = alt.Chart(alt.Data(values=[shape])).mark_geoshape(
        fill=LAND, fillOpacity=0.28, stroke=LAND, strokeOpacity=0.5, strokeWidth=0.5, aria=False
    )
    tooltip = [
        alt.Tooltip("member_name:N", title=" "),
        alt.Tooltip("value_text:N", title=say("overview.items")),
    ]
    size = alt.Size("size:Q", legend=None, scale=alt.Scale(range=[12, 1400]))
    known, unknown = data[data["is_known"]], data[~data["is_known"]]
    layers: list[alt.Chart] = [land]
    place: dict[str, Any] = {"longitude": "x:Q", "latitude": "y:Q"}
    layers.append(
        alt.Chart(known)
        .mark_circle(color=OCEAN, opacity=0.62, stroke=OCEAN, strokeWidth=1.2)
        .encode(size=size, tooltip=tooltip, **place)
    )
    if len(unknown):  # a layer of nothing would be a picture without a name to a screen reader
        layers.append(
            alt.Chart(unknown)
            .mark_point(shape="circle", size=48, color=EVENT, strokeWidth=1.5, filled=False)
            .encode(tooltip=tooltip, **place)
        )
    sides = (("right", "left", 9, 0), ("left", "right", -9, 0), ("above", "center", 0, -10))
    for side, align, right, down in sides:
        layers.append(
            alt.Chart(data[data["side"] == side])
            .mark_text(align=align, dx=right, dy=down, fontSize=11, fontWeight=600, color=TEXT)
            .encode(text="member_code:N", tooltip=tooltip, **place)
        )
    chart = alt.LayerChart(layer=layers).project(type="identity", reflectY=True)
    projected: alt.LayerChart = chart.properties(height=height, title=_source_title(source))
    return projected


def _mercator(latitude: float) -> float:
    """Degrees on the map upwards from the equator, so that shapes keep their form."""
    return round(math.degrees(math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2))), 2)


def complete_months(frame: pd.DataFrame, last_time_period: str) -> pd.DataFrame:
    """The frame with a row for every month from each series' first on.

    What was not there is missing (M), so that no line runs over it.
    """
    parts = []
    for code, rows in frame.groupby("series_code", sort=False):
        first, last = rows["time_period"].min(), max(rows["time_period"].max(), last_time_period)
        months = pd.period_range(first, last, freq="M").strftime("%Y-%m")
        full = rows.set_index("time_period").reindex(months).rename_axis("time_period").reset_index()
        filled = {"series_code": code, "obs_status": "M", "conf_status": "F"}
        parts.append(full.fillna(filled))
    return pd.concat(parts, ignore_index=True) if parts else frame


def _status(row: Any, indicator_code: str, say: Words) -> str:
    status = say.status(row.obs_status, row.conf_status)
    if pd.isna(row.lower_value) or pd.isna(row.obs_value):
        return status
    lower, upper = (say.figure(indicator_code, value) for value in (row.lower_value, row.upper_value))
    return say("trends.interval", status=status, lower=lower, upper=upper)


def _event_lines(events: pd.DataFrame, x: alt.X) -> list[alt.Chart]:
    """An upright line for each month with events, and the numbers of its events above it."""
    numbered = events.assign(number=[str(number) for number in range(1, len(events) + 1)])
    months = numbered.groupby("time_period", as_index=False).agg(
        numbers=("number", ", ".join), titles=("title", "; ".join)
    )
    chart = alt.Chart(months.assign(date=months["time_period"] + "-01"))
    tooltip = [alt.Tooltip("titles:N", title=" ")]
    number: dict[str, Any] = {
        "fontSize": 11,
        "fontWeight": "bold",
        "baseline": "top",
        "align": "left",
        "dx": 3,
    }
    return [
        chart.mark_rule(color=EVENT, strokeDash=[2, 3], strokeWidth=1.2).encode(x=x, tooltip=tooltip),
        chart.mark_text(color=EVENT, **number).encode(x=x, y=alt.value(0), text="numbers:N", tooltip=tooltip),
    ]


def _provisional_segments(data: pd.DataFrame) -> pd.DataFrame:
    """The figures that are not final, each joined to the month before it, which may be final."""
    ordered = data.sort_values(["series_code", "time_period"])
    soft = ordered["obs_status"].isin(NOT_FINAL) & ordered["obs_value"].notna()
    before = soft.groupby(ordered["series_code"]).shift(-1, fill_value=False).astype(bool)
    return ordered.assign(obs_value=ordered["obs_value"].where(soft | before))


def _month_axis(months: int, say: Words) -> alt.Axis:
    """Ticks a reader can count on: months, quarters or years, with the months' names in the language."""
    year = "utcFormat(datum.value, '%Y')"
    if months > 30:
        ticks = {"interval": "year", "step": 1}
        return alt.Axis(tickCount=ticks, labelExpr=year, grid=False, labelAngle=0)
    names = ",".join(f"'{name}'" for name in say.short_months())
    month = f"[{names}][utcmonth(datum.value)]"
    ticks = {"interval": "month", "step": 3 if months > 8 else 1}
    label = f"utcmonth(datum.value) == 0 ? [{month}, {year}] : {month}"
    return alt.Axis(tickCount=ticks, labelExpr=label, grid=False, labelAngle=0)


def _value_axis(indicator_code: str, say: Words) -> alt.Axis:
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
    return alt.Axis(labelExpr=label, tickCount=5, domain=False, ticks=False)


def _source_title(source: str) -> alt.TitleParams:
    """The source in small print under the plot: a picture taken of the chart keeps it."""
    return alt.TitleParams(
        text=source, fontSize=11, fontWeight="normal", anchor="start", orient="bottom", offset=8
    )
