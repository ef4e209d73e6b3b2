"""Charts and their sentences: a gap is a gap, a provisional figure looks so, a hidden one has no value."""

from __future__ import annotations

import datetime
import json
import re
from typing import Any

import altair as alt
import pandas as pd
import pytest
import vl_convert

from dashboards import charts, exports, sentences
from dashboards.words import LANGUAGES, Words
from pacific_parcels.settings import REPOSITORY

ENGLISH = Words("en")
NAMES = {"FJ": "Fiji", "TO": "Tonga"}
COLUMNS = ["series_code", "time_period", "obs_value", "obs_status", "conf_status"]
AS_OF = datetime.date(2026, 4, 20)
# Three members at one stage, one at another; and a measure of which nothing may be told.
PARTS = pd.DataFrame(
    [
        ("S01", "FULL", "Fully", 3.0, "3"),
        ("S01", "NONE", "Not", 1.0, "1"),
        ("S01", "PILOT", "Pilot", 0.0, "0"),
        ("S02", "", "", None, "confidential"),
    ],
    columns=["name", "part_code", "part_text", "amount", "amount_text"],
)
STAGES = pd.DataFrame(
    [("S01", "FJ", "Fiji", "FULL"), ("S01", "TO", "Tonga", "NOT_KNOWN"), ("S02", "FJ", "Fiji", "NONE")],
    columns=["name", "member_code", "member_name", "stage_code"],
)
# Start, due at first, due now, done.
ACTIONS = pd.DataFrame(
    [
        ("moved", "2025-01-01", "2025-12-31", "2026-06-30", None, "OVERDUE"),
        ("overdue", "2025-07-01", "2026-03-31", "2026-03-31", None, "OVERDUE"),
        ("late", "2025-02-01", "2025-09-30", "2025-09-30", "2025-10-30", "DONE"),
        ("early", "2025-01-01", "2025-06-30", "2025-06-30", "2025-06-01", "DONE"),
        ("stopped", "2024-09-01", "2025-03-31", "2025-05-31", None, "STOPPED"),
        ("planned", None, "2027-03-31", "2027-03-31", None, "PLANNED"),
    ],
    columns=["name", "start_date", "first_due_date", "due_date", "completed_on", "state_code"],
).assign(state_text="in full", short_text="short")
ACTIONS = ACTIONS.astype(
    dict.fromkeys(["start_date", "first_due_date", "due_date", "completed_on"], "datetime64[us]")
)


def frame(*rows: tuple[str, str, float | None, str, str]) -> pd.DataFrame:
    observed = pd.DataFrame(rows, columns=COLUMNS).astype({"obs_value": "float64"})
    return observed.assign(lower_value=float("nan"), upper_value=float("nan"))


@pytest.fixture
def observations() -> pd.DataFrame:
    return frame(
        ("FJ", "2026-01", 100, "A", "F"),
        ("FJ", "2026-02", 110, "A", "F"),
        ("FJ", "2026-03", 120, "P", "F"),
        ("TO", "2026-01", 10, "A", "F"),
        ("TO", "2026-02", None, "M", "F"),
        ("TO", "2026-03", None, "A", "C"),
    )


def layers(chart: Any) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """(mark, rows) of each layer."""
    spec = chart.to_dict()
    assert spec["layer"], "the chart has layers"
    return [(layer["mark"], spec["datasets"][layer["data"]["name"]]) for layer in spec["layer"]]


def values(rows: list[dict[str, Any]], series: str) -> list[float | None]:
    return [row["obs_value"] for row in rows if row["series"] == series]


def test_lines_break_where_a_month_is_missing(observations: pd.DataFrame) -> None:
    (firm_mark, firm), *_ = layers(charts.lines(observations, NAMES, "ITEMS", ENGLISH, "source"))
    assert firm_mark["invalid"] == "break-paths-show-domains"
    assert values(firm, "Tonga") == [10, None, None]


def test_an_estimate_shows_its_interval(observations: pd.DataFrame) -> None:
    is_last = observations["time_period"].eq("2026-03") & observations["series_code"].eq("FJ")
    observations.loc[is_last, ["obs_status", "lower_value", "upper_value"]] = ["E", 115.0, 128.0]
    *_, (mark, rows) = layers(
        charts.lines(observations[observations["series_code"] == "FJ"], NAMES, "ITEMS", ENGLISH, "source")
    )
    assert mark["type"] == "rule"
    assert [(row["lower_value"], row["upper_value"], row["status_text"]) for row in rows] == [
        (115, 128, "estimated; between 115 and 128")
    ]


def test_events_are_numbered_lines_in_their_months(observations: pd.DataFrame) -> None:
    events = pd.DataFrame(
        [(1, "2026-01", "A new system"), (3, "2026-03", "A threshold"), (4, "2026-03", "A tax")],
        columns=["number", "time_period", "title"],
    )
    fiji = observations[observations["series_code"] == "FJ"]
    for chart in (
        charts.lines(fiji, NAMES, "ITEMS", ENGLISH, "source", events=events),
        charts.small_line(fiji, "ITEMS", ENGLISH, events),
    ):
        *_, (rule, _), (text, rows) = layers(chart)
        assert (rule["type"], text["type"]) == ("rule", "text")
        assert [(row["date"], row["numbers"], row["titles"]) for row in rows] == [
            ("2026-01-01", "1", "A new system"),
            ("2026-03-01", "3, 4", "A threshold; A tax"),
        ]


def test_a_figure_between_two_gaps_has_a_dot_in_a_small_chart() -> None:
    series = frame(
        ("FJ", "2026-01", 1, "A", "F"), ("FJ", "2026-02", None, "M", "F"), ("FJ", "2026-03", 3, "A", "F"),
        ("FJ", "2026-04", 4, "A", "F"), ("FJ", "2026-05", 5, "A", "F"), ("FJ", "2026-06", None, "A", "C"),
    )  # fmt: skip
    chart = charts.small_line(series, "ITEMS", ENGLISH, pd.DataFrame())
    assert [row["obs_value"] for row in chart.datasets["dots"]] == [1, 5]
    none = charts.small_line(series.tail(1), "ITEMS", ENGLISH, pd.DataFrame())
    assert "dots" not in none.datasets


def test_the_provisional_part_is_dotted_and_joined_to_the_last_final_month(
    observations: pd.DataFrame,
) -> None:
    (_, firm), (soft_mark, soft), *_ = layers(charts.lines(observations, NAMES, "ITEMS", ENGLISH, "source"))
    assert values(firm, "Fiji") == [100, 110, None]
    assert values(soft, "Fiji") == [None, 110, 120]
    assert soft_mark["strokeDash"]


def test_provisional_points_are_hollow_and_final_ones_filled(observations: pd.DataFrame) -> None:
    _, _, (final_mark, final), (hollow_mark, hollow), *_ = layers(
        charts.lines(observations, NAMES, "ITEMS", ENGLISH, "source")
    )
    assert final_mark["filled"]
    assert not hollow_mark["filled"]
    assert [(row["series"], row["month_text"], row["status_text"]) for row in hollow] == [
        ("Fiji", "March 2026", "provisional")
    ]
    assert len(final) == 3


def test_a_confidential_month_is_a_letter_and_carries_no_value(observations: pd.DataFrame) -> None:
    *_, (mark, rows) = layers(charts.lines(observations, NAMES, "ITEMS", ENGLISH, "source"))
    assert mark["text"] == "c"
    assert [(row["series"], row["obs_value"], row["value_text"]) for row in rows] == [("Tonga", None, "–")]


def test_months_that_are_not_in_the_file_are_missing_not_bridged() -> None:
    observed = frame(("FJ", "2025-11", 1, "A", "F"), ("FJ", "2026-01", 3, "A", "F"))
    full = charts.complete_months(observed, "2026-02")
    assert full["time_period"].tolist() == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert full["obs_status"].tolist() == ["A", "M", "A", "M"]
    assert full["obs_value"].isna().tolist() == [False, True, False, True]


def test_series_differ_in_dash_and_shape_as_well_as_in_colour(observations: pd.DataFrame) -> None:
    spec = charts.lines(observations, NAMES, "ITEMS", ENGLISH, "source").to_dict()
    line, points = spec["layer"][0]["encoding"], spec["layer"][2]["encoding"]
    assert len(set(points["color"]["scale"]["range"])) == 2
    assert len(set(points["shape"]["scale"]["range"])) == 2
    assert line["strokeDash"]["scale"] == {"domain": ["Fiji", "Tonga"], "range": [[1, 0], [9, 3]]}
    assert len(set(charts.COLOURS)) == len(set(charts.SHAPES)) == len(set(charts.DASHES)) == 8
    # What is not final is dotted, whatever the series: no series may look so.
    assert all(max(dash) > max(charts.NOT_FINAL_DASH) or dash == (1, 0) for dash in charts.DASHES)


def every_chart(observations: pd.DataFrame, say: Words) -> dict[str, charts.Chart]:
    """One of each kind, with all the layers that it can have."""
    bounded = observations.assign(lower_value=[None, None, 115.0, None, None, None])
    bounded["upper_value"] = bounded["lower_value"] + 9
    events = pd.DataFrame([(1, "2026-01", "A new system")], columns=["number", "time_period", "title"])
    coverage = pd.DataFrame(
        {"member_name": ["Fiji", "Tonga"], "time_period": ["2026-01"] * 2, "status": ["REPORTED", "HELD"]}
    )
    shares = pd.DataFrame(
        {"name": ["A", "B"], "obs_value": [1, None], "obs_status": ["A", "M"], "conf_status": ["F", "F"]}
    )
    points = pd.DataFrame({"member_name": ["Fiji", "Tonga"], "points": [3.25, -1.0]})
    busy = {"office": ["NADI", "SUVA"], "busiest_day_items": [10, 20], "capacity_items_per_day": [12, None]}
    seats = {"member_code": ["FJ", "KI"], "member_name": ["Fiji", "Kiribati"], "obs_value": [9.0, None]}
    places = pd.DataFrame(seats | {"value_text": ["9", "–"]})
    fiji = observations[observations["series_code"] == "FJ"]
    areas = pd.DataFrame({"name": ["P1", "P2"], "now_pct": [75.0, None], "before_pct": [50.0, 10.0]})
    budgets = pd.DataFrame(
        {"name": ["A", "B"], "budget_usd": [9.0, None], "done_budget_usd": [3.0, None]}
    ).assign(figure=["2", "–"], remark="confidential")
    return {
        "before_and_now": charts.before_and_now(areas, "now", "before", say, "source"),
        "parts": charts.parts(PARTS, charts.STAGE_LOOKS, "stage", say, "source"),
        "stage_matrix": charts.stage_matrix(STAGES, say, "source"),
        "budgets": charts.budgets(budgets, say, "source"),
        "timeline": charts.timeline(ACTIONS, AS_OF, say, "source"),
        "lines": charts.lines(bounded, NAMES, "ITEMS", say, "source", events=events),
        "bars": charts.bars(shares, "ITEMS", say, "source", marked="A"),
        "small_line": charts.small_line(fiji, "DUTY_USD", say, events),
        "coverage_matrix": charts.coverage_matrix(coverage, say, "source"),
        "contributions": charts.contributions(points, say, "source"),
        "offices": charts.offices(pd.DataFrame(busy), say, "source"),
        "bubble_map": charts.bubble_map(places, say, "source"),
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_charts_are_what_the_schema_of_vega_lite_asks_for(language: str, observations: pd.DataFrame) -> None:
    """Altair, which comes with Streamlit, brings that schema."""
    drawn = every_chart(observations, Words(language))
    assert len(drawn) == 12
    for name, chart in drawn.items():
        specification = chart.to_dict()
        alt.Chart.from_dict(specification, validate=True)
        assert json.loads(json.dumps(specification, allow_nan=False)) == specification, name
        assert alt.SCHEMA_URL.startswith(specification["$schema"].removesuffix("json"))
        used = {layer["data"].get("name") for layer in specification["layer"]} - {None}
        assert used == set(specification["datasets"]), name


def test_a_layer_of_nothing_is_not_drawn(observations: pd.DataFrame) -> None:
    """Nothing provisional, confidential or bounded: a screen reader would be told of a picture of nothing."""
    final = observations[observations["time_period"] < "2026-03"]
    chart = charts.lines(final, NAMES, "ITEMS", ENGLISH, "source")
    assert set(chart.datasets) == {"firm", "soft", "final"}
    assert all(rows for _, rows in layers(chart))


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two colours written #rrggbb."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("background", ["#ffffff", "#0b1c24"])
@pytest.mark.parametrize("colour", [*charts.COLOURS, charts.COVERAGE_STROKES["MISSING"]])
def test_colours_stand_out_from_both_backgrounds(colour: str, background: str) -> None:
    assert contrast(colour, background) >= 3


def test_every_chart_carries_its_source(observations: pd.DataFrame) -> None:
    coverage = pd.DataFrame(
        {"member_name": ["Fiji", "Tonga"], "time_period": ["2026-01"] * 2, "status": ["REPORTED", "HELD"]}
    )
    drawn = [
        charts.lines(observations, NAMES, "ITEMS", ENGLISH, "SYNTHETIC DATA"),
        charts.bars(
            pd.DataFrame({"name": ["Post"], "obs_value": [1.0], "obs_status": ["A"], "conf_status": ["F"]}),
            "ITEMS",
            ENGLISH,
            "SYNTHETIC DATA",
        ),
        charts.coverage_matrix(coverage, ENGLISH, "SYNTHETIC DATA"),
    ]
    assert [chart.to_dict()["title"]["text"] for chart in drawn] == ["SYNTHETIC DATA"] * 3


def test_a_long_source_stands_on_two_lines(observations: pd.DataFrame) -> None:
    """56 signs: a telephone has room for some fifty, and cuts off the rest."""
    source = "DONNÉES SYNTHÉTIQUES · Pacific Parcels, 11 novembre 2026"
    chart = charts.lines(observations, NAMES, "ITEMS", Words("fr"), source)
    assert chart.to_dict()["title"]["text"] == ["DONNÉES SYNTHÉTIQUES", "Pacific Parcels, 11 novembre 2026"]


def test_a_bar_without_a_value_says_why_and_the_marked_one_has_a_sign() -> None:
    parts = pd.DataFrame(
        {
            "name": ["Fiji", "Niue", "Tonga"],
            "obs_value": [111.0, None, None],
            "obs_status": ["A", "A", "M"],
            "conf_status": ["F", "C", "F"],
        }
    )
    spec = charts.bars(parts, "ITEMS", ENGLISH, "source", marked="Fiji").to_dict()
    (rows,) = spec["datasets"].values()
    assert [row["label"] for row in rows] == [
        "▶ Fiji|111",
        "Niue|confidential",
        "Tonga|missing or withheld",
    ]
    assert [row["is_marked"] for row in rows] == [True, False, False]


def test_a_missing_month_is_a_frame_without_a_filling() -> None:
    assert charts.COVERAGE_FILLS["MISSING"] == "transparent"
    assert charts.COVERAGE_STROKES["MISSING"] != "transparent"


def test_a_year_that_begins_at_the_edge_is_written_to_the_left() -> None:
    periods = [f"{2024 + month // 12}-{month % 12 + 1:02d}" for month in range(27)]  # to March 2026
    coverage = pd.DataFrame({"member_name": "Fiji", "time_period": periods, "status": "REPORTED"})
    chart = charts.coverage_matrix(coverage, ENGLISH, "").to_dict()
    axis = chart["layer"][0]["encoding"]["x"]["axis"]
    assert axis["values"] == ["2024-01", "2025-01", "2026-01"]
    assert axis["labelAlign"] == {"expr": "datum.value > '2025-10' ? 'right' : 'center'"}


@pytest.mark.parametrize(("language", "expected"), [("en", "'Jan'"), ("fr", "'janv.'")])
def test_the_axis_speaks_the_language(observations: pd.DataFrame, language: str, expected: str) -> None:
    spec = charts.lines(observations, NAMES, "ITEMS", Words(language), "source").to_dict()
    assert expected in spec["layer"][0]["encoding"]["x"]["axis"]["labelExpr"]


def test_one_series_in_a_sentence() -> None:
    one = frame(
        ("FJ", "2026-01", 100, "A", "F"), ("FJ", "2026-02", 110, "P", "F"), ("FJ", "2026-03", None, "M", "F")
    )
    assert sentences.trend(one, NAMES, "ITEMS", ENGLISH).replace("\u00a0", " ") == (
        "Fiji: from 100 in January 2026 to 110 in February 2026. "
        "Missing or withheld: 1; confidential: 0; provisional: 1; estimated: 0."
    )


def test_several_series_are_compared_in_the_last_month_that_most_have(observations: pd.DataFrame) -> None:
    # January is the only month in which both have a figure
    assert sentences.trend(observations, NAMES, "ITEMS", ENGLISH).replace("\u00a0", " ") == (
        "In January 2026, highest: Fiji (100); lowest: Tonga (10). "
        "Missing or withheld: 1; confidential: 1; provisional: 1; estimated: 0."
    )


def test_the_region_is_not_ranked_among_its_members(observations: pd.DataFrame) -> None:
    region = frame(("_T", "2026-01", 110, "A", "F"))
    with_region = pd.concat([observations, region], ignore_index=True)
    said = sentences.trend(with_region, {"_T": "Region", **NAMES}, "ITEMS", ENGLISH)
    assert "highest: Fiji (100)" in said


def test_an_estimate_is_counted_in_the_sentence() -> None:
    one = frame(("FJ", "2026-01", 100, "P", "F"), ("FJ", "2026-02", 110, "E", "F"))
    said = sentences.trend(one, NAMES, "ITEMS", ENGLISH).replace("\u00a0", " ")
    assert said.endswith("Missing or withheld: 0; confidential: 0; provisional: 1; estimated: 1.")


def test_nothing_to_show_in_a_sentence() -> None:
    none = frame(("TO", "2026-01", None, "A", "C"))
    assert sentences.trend(none, NAMES, "ITEMS", ENGLISH).startswith("No figure of this choice may be shown.")


def test_the_map_has_the_pacific_in_the_middle_and_every_member_of_the_organisation() -> None:
    members = {path.stem.upper() for path in (REPOSITORY / "pacific_parcels" / "members").glob("??.yml")}
    seats = charts.GEOGRAPHY["seats"]
    assert len(members) == 24
    assert set(seats) == members
    longitudes = [seat["longitude"] for seat in seats.values()]
    assert min(longitudes) < 180 < max(longitudes) < 240
    corners = [corner for ring in charts.GEOGRAPHY["land"] for corner in ring]
    assert len(corners) > 200
    assert all(100 < longitude < 240 and -50 < latitude < 25 for longitude, latitude in corners)


def test_bubbles_and_rings_of_the_map() -> None:
    frame = pd.DataFrame(
        {
            "member_code": ["FJ", "KI", "XX"],
            "member_name": ["Fiji", "Kiribati", "Elsewhere"],
            "obs_value": [2950.0, None, 5.0],
            "value_text": ["2,950", "–", "5"],
        }
    )
    chart = charts.bubble_map(frame, Words("en"), "source").to_dict()
    rows = [row for data in chart["datasets"].values() for row in data if "member_code" in row]
    assert {row["member_code"] for row in rows} == {"FJ", "KI"}  # no seat is known of the third
    fiji = next(row for row in rows if row["member_code"] == "FJ")
    # Suva, 18.1 degrees south: ln tan(45 - 9.05 degrees) is -0.32129, which is -18.41 degrees
    assert (fiji["x"], fiji["y"]) == (178.4, -18.41)
    assert chart["projection"] == {"type": "identity", "reflectY": True}
    assert "://" not in json.dumps({key: value for key, value in chart.items() if key != "$schema"})


def test_contributions_to_the_left_take_away() -> None:
    frame = pd.DataFrame({"member_name": ["Fiji", "Tonga"], "points": [3.25, -1.0]})
    chart = charts.contributions(frame, Words("fr"), "source").to_dict()
    (rows,) = chart["datasets"].values()
    assert [(row["points_text"], row["is_growth"]) for row in rows] == [("+3,2", True), ("−1,0", False)]


def test_figures_have_room_at_the_end_of_their_bars_and_none_where_there_is_no_bar() -> None:
    def ends(*points: float, width: float) -> tuple[float, float]:
        frame = pd.DataFrame({"member_name": [f"m{place}" for place in range(len(points))], "points": points})
        scale = charts.contributions(frame, ENGLISH, "source").to_dict()["layer"][0]["encoding"]["x"]["scale"]
        return tuple(
            eval(scale[end]["expr"], {"width": width, "max": max}) for end in ("domainMin", "domainMax")
        )  # type: ignore[return-value]

    # "+16.0" is 5 signs of 7.5 pixels, and 4 between: of 241.5 pixels 200 are left for 16 points.
    assert ends(16.0, 2.0, width=241.5) == pytest.approx((0, 16 + 41.5 * 16 / 200))
    # 41.5 on either side of 200 pixels for 20 points
    assert ends(16.0, -4.0, width=283) == pytest.approx((-4 - 4.15, 16 + 4.15))
    assert ends(-4.0, width=234) == pytest.approx((-4 - 34 * 4 / 200, 0))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Fiji", "Fiji"),
        ("Wallis and Futuna", "Wallis and Futuna"),
        ("Papouasie-Nouvelle-Guinée", "Papouasie-|Nouvelle-Guinée"),
        ("Northern Mariana Islands", "Northern|Mariana Islands"),
        ("Micronesia (Federated States of)", "Micronesia|(Federated States of)"),
        ("Aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "Aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ],
)
def test_a_long_name_breaks_near_its_middle(name: str, expected: str) -> None:
    frame = pd.DataFrame({"member_name": [name], "points": [1.0]})
    (rows,) = charts.contributions(frame, ENGLISH, "source").datasets.values()
    assert [(row["member"], row["label"]) for row in rows] == [(name, expected)]


def test_an_office_shows_its_figure_and_the_capacity_it_states() -> None:
    frame = pd.DataFrame(
        {
            "office": ["Fiji · NAN01", "Tonga · TBU01"],
            "busiest_day_items": [1200, 8],
            "capacity_items_per_day": [1000.0, None],
        }
    )
    spec = charts.offices(frame, ENGLISH, "source").to_dict()
    assert [row["figure"] for row in spec["datasets"]["offices"]] == ["1,200 of 1,000", "8"]
    assert [row["office"] for row in spec["datasets"]["stated"]] == ["Fiji · NAN01"]
    # The name has what the longest figure leaves: 14 signs of 7.5 pixels, and 8 between.
    names = next(layer for layer in spec["layer"] if layer["mark"].get("align") == "left")
    assert names["mark"]["limit"] == {"expr": "width - 113"}


LONG_AREA = (
    "P6 · Public awareness, outreach, information and the building of capacity in every office of the region"
)


def words_drawn(chart: charts.Chart, width: int) -> list[str]:
    """The texts of the drawing; of one on several lines, each of them."""
    svg = vl_convert.vegalite_to_svg({**exports.light(chart), "width": width})
    return [" ".join(text.split()) for text in re.findall(r">([^<>]+)</t(?:ext|span)>", svg)]


def test_a_long_name_is_whole_on_a_telephone_and_on_one_line_where_there_is_room() -> None:
    names = [LONG_AREA, "P7 · Measurement"]
    rates = pd.DataFrame({"name": names, "now_pct": [40.0, 100.0], "before_pct": [30.0, None]})
    chart = charts.before_and_now(rates, "now", "before", ENGLISH, "source")
    # 340 pixels, of which the longest figure (100.0%) takes 6 x 7.5 + 8: 287, or 44 signs of 6.4.
    assert words_drawn(chart, 340) == [
        "P6 · Public awareness, outreach, information",
        "and the building of capacity in every office",
        "of the region",
        "P7 · Measurement",
        *("40.0%", "100.0%", "source"),
    ]
    assert words_drawn(chart, 860) == [LONG_AREA, "P7 · Measurement", "40.0%", "100.0%", "source"]
    # Two further lines of 13 pixels for each of the two rows, so that none runs into the row above.
    short = charts.before_and_now(rates.assign(name=["P6", "P7"]), "now", "before", ENGLISH, "source")
    assert chart.specification["height"] - short.specification["height"] == 2 * 2 * 13


def test_the_long_name_of_a_bar_breaks_and_its_figure_stands_below_it() -> None:
    office = "Ministry of Finance, Economic Planning and National Development"
    bars = pd.DataFrame(
        {"name": [office, "Post"], "obs_value": [5.0, 2.0], "obs_status": "A", "conf_status": "F"}
    )
    chart = charts.bars(bars, "ACTIONS", ENGLISH, "source")
    assert [row["label"] for row in chart.datasets["bars"]] == [
        "Ministry of Finance, Economic|Planning and National Development|5",
        "Post|2",
    ]
    drawn = words_drawn(chart, 340)
    assert drawn[:3] == ["Ministry of Finance, Economic", "Planning and National Development", "5"]


def test_names_over_lines_stand_on_the_ground() -> None:
    """Of the timeline and the budgets, whose grid passes behind the names."""
    frame = pd.DataFrame(
        {
            "name": ["Project"],
            "budget_usd": [5.0],
            "done_budget_usd": [2.0],
            "figure": ["stages: 1"],
            "remark": "",
        }
    )
    texts = [
        layer["mark"]
        for layer in charts.budgets(frame, ENGLISH, "source").specification["layer"]
        if layer["mark"]["type"] == "text"
    ]
    assert [mark.get("stroke") for mark in texts] == [{"expr": "background"}] * 2 + [None] * 2


def test_a_code_on_the_map_stands_outside_its_bubble() -> None:
    frame = pd.DataFrame(
        {
            "member_code": ["NZ", "TO", "TV"],
            "member_name": ["New Zealand", "Tonga", "Tuvalu"],
            "obs_value": [100.0, 25.0, None],
            "value_text": ["100", "25", "–"],
        }
    )
    members = {row["member_code"]: row for row in charts.bubble_map(frame, ENGLISH, "").datasets["members"]}
    # The largest has 1400 square pixels, a quarter of it 12 + 347; their radii are 21.11 and 10.69 pixels.
    assert members["NZ"]["area"] == 1400
    assert (members["NZ"]["align"], members["NZ"]["dx"]) == ("left", pytest.approx(25.11, abs=0.01))
    assert members["TO"]["area"] == 359
    assert (members["TO"]["align"], members["TO"]["dy"]) == ("center", pytest.approx(17.69, abs=0.01))
    assert members["TV"]["align"] == "right"
    assert members["TV"]["dx"] == pytest.approx(-7.91, abs=0.01)  # a ring of 48 square pixels


def test_quarters_are_on_the_first_day_of_their_first_month_and_speak_the_language() -> None:
    quarters = frame(("FJ", "2025-Q4", 30, "A", "F"), ("FJ", "2026-Q1", 45.5, "A", "F"))
    spec = charts.lines(quarters, NAMES, "RATE_PCT", Words("fr"), "source").to_dict()
    rows = spec["datasets"]["final"]
    assert [(row["date"], row["month_text"]) for row in rows] == [
        ("2025-10-01", "T4\u00a02025"),
        ("2026-01-01", "T1\u00a02026"),
    ]
    x = spec["layer"][0]["encoding"]["x"]["axis"]
    assert "'T' + (1 + floor(utcmonth(datum.value) / 3))" in x["labelExpr"]
    many = frame(*((("FJ", f"{2020 + i // 4}-Q{i % 4 + 1}", i, "A", "F")) for i in range(16)))
    years = charts.lines(many, NAMES, "RATE_PCT", ENGLISH, "source").to_dict()
    assert years["layer"][0]["encoding"]["x"]["axis"]["tickCount"] == {"interval": "year", "step": 1}


def test_parts_stand_side_by_side_and_a_withheld_row_says_so_without_a_figure() -> None:
    spec = charts.parts(PARTS, charts.STAGE_LOOKS, "stage", ENGLISH, "source").to_dict()
    drawn = spec["datasets"]["parts"]
    assert [(row["name"], row["start"], row["end"], row["sign"]) for row in drawn] == [
        ("S01", 0.0, 3.0, "● 3"),
        ("S01", 3.0, 4.0, "○ 1"),
    ]
    assert spec["datasets"]["withheld"] == [{"place": 1, "name": "S02", "amount_text": "confidential"}]
    assert [row["name"] for row in spec["datasets"]["rows"]] == ["S01", "S02"]


def test_a_narrow_part_has_its_sign_alone_and_the_narrowest_none() -> None:
    """Of 100: nine in a hundred have room for a figure on a telephone, four for a sign."""
    shares = [("FULL", 88.0), ("PARTIAL", 9.0), ("PILOT", 2.0), ("NONE", 1.0)]
    wide = pd.DataFrame(
        [("S01", code, code, amount, f"{amount:.0f}") for code, amount in shares], columns=PARTS.columns
    )
    spec = charts.parts(wide, charts.STAGE_LOOKS, "stage", ENGLISH, "source").to_dict()
    assert [row["sign"] for row in spec["datasets"]["parts"]] == ["● 88", "◕ 9", "", ""]
    five = wide.assign(amount=[86.0, 9.0, 4.0, 1.0], amount_text=["86", "9", "4", "1"])
    spec = charts.parts(five, charts.STAGE_LOOKS, "stage", ENGLISH, "source").to_dict()
    assert [row["sign"] for row in spec["datasets"]["parts"]] == ["● 86", "◕ 9", "◔", ""]


@pytest.mark.parametrize("looks", [charts.STAGE_LOOKS, charts.COMMITMENT_LOOKS, charts.ACTION_LOOKS])
def test_stages_and_states_differ_in_their_signs(looks: dict[str, charts.Look]) -> None:
    assert len(looks) >= 5
    assert len({look.mark for look in looks.values()}) == len(looks)


@pytest.mark.parametrize("background", ["#ffffff", "#0b1c24"])
@pytest.mark.parametrize(
    "look",
    dict.fromkeys([*charts.STAGE_LOOKS.values(), *charts.ACTION_LOOKS.values()]),
    ids=lambda look: look.mark,
)
def test_signs_are_legible_on_their_shade(look: charts.Look, background: str) -> None:
    """What is drawn in full is written on in white, all else in the colour of text."""

    def mixed(over: str, under: str, share: float) -> str:
        pairs = ((int(over[i : i + 2], 16), int(under[i : i + 2], 16)) for i in (1, 3, 5))
        return "#" + "".join(f"{round(share * one + (1 - share) * other):02x}" for one, other in pairs)

    text = "#12303b" if background == "#ffffff" else "#e3eff3"
    ink = "#ffffff" if look.opacity == 1 else text
    assert contrast(ink, mixed(look.colour, background, look.opacity)) >= 4.3


def test_the_matrix_has_a_sign_in_each_cell() -> None:
    spec = charts.stage_matrix(STAGES, ENGLISH, "source").to_dict()
    cells = spec["datasets"]["cells"]
    assert [(row["name"], row["member_name"], row["sign"], row["stage_text"]) for row in cells] == [
        ("S01", "Fiji", "●", "Fully implemented"),
        ("S01", "Tonga", "?", "Not known"),
        ("S02", "Fiji", "○", "Not implemented"),
    ]


def test_few_members_have_narrow_columns_and_many_no_empty_ones() -> None:
    def columns(stages: pd.DataFrame) -> list[str]:
        spec = charts.stage_matrix(stages, ENGLISH, "source").to_dict()
        domain: list[str] = spec["layer"][0]["encoding"]["x"]["scale"]["domain"]
        return domain

    assert len(set(columns(STAGES))) == 8
    assert [code for code in columns(STAGES) if code.strip()] == ["FJ", "TO"]
    many = pd.DataFrame([("S01", f"M{i}", f"Member {i}", "FULL") for i in range(10)], columns=STAGES.columns)
    assert columns(many) == [f"M{i}" for i in range(10)]


def test_a_rate_stands_beside_where_it_was_and_none_is_no_bar() -> None:
    areas = pd.DataFrame({"name": ["P1", "P2"], "now_pct": [75.0, None], "before_pct": [50.0, 10.0]})
    spec = charts.before_and_now(areas, "now", "before", ENGLISH, "source").to_dict()
    assert [(row["now_text"], row["before_text"]) for row in spec["datasets"]["rows"]] == [
        ("75.0%", "50.0%"),
        ("–", "10.0%"),
    ]
    assert [row["name"] for row in spec["datasets"]["now"]] == ["P1"]
    assert [row["before"] for row in spec["datasets"]["before"]] == [50.0, 10.0]


def test_actions_over_time_show_what_they_take_beyond_their_first_date() -> None:
    spec = charts.timeline(ACTIONS, AS_OF, ENGLISH, "source").to_dict()
    # Moved: to the new date, after the day of the publication; overdue: to that day; late: to its end.
    assert [(row["name"], row["end"]) for row in spec["datasets"]["beyond"]] == [
        ("moved", "2026-06-30"),
        ("overdue", "2026-04-20"),
        ("late", "2025-10-30"),
    ]
    assert [row["name"] for row in spec["datasets"]["moved"]] == ["moved", "stopped"]
    assert [row["name"] for row in spec["datasets"]["ended"]] == ["late", "early"]
    assert spec["datasets"]["today"] == [{"date": "2026-04-20"}]
    assert [row["figure"] for row in spec["datasets"]["rows"]] == [
        f"{mark} short" for mark in ("▲", "▲", "●", "●", "✕", "○")
    ]
    assert spec["datasets"]["rows"][5]["start"] is None


def test_a_budget_that_is_withheld_is_a_word() -> None:
    frame = pd.DataFrame({"name": ["A", "B"], "budget_usd": [9.0, None], "done_budget_usd": [3.0, None]})
    frame = frame.assign(figure=["stages: 2", "–"], remark="confidential")
    spec = charts.budgets(frame, ENGLISH, "source").to_dict()
    assert [(row["name"], row["budget"], row["done"]) for row in spec["datasets"]["known"]] == [("A", 9, 3)]
    assert [(row["name"], row["remark"]) for row in spec["datasets"]["withheld"]] == [("B", "confidential")]
