"""Charts as SVG: what is not final, missing or confidential is told apart without colour."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pacific_parcels.briefs.drawing import (
    Bar,
    Labels,
    Line,
    Part,
    Point,
    Row,
    Stack,
    bars,
    contributions,
    lines,
    matrix,
    scale_of,
    stacks,
)

LABELS = Labels("Title & more", "Said <so>")


def points(*pairs: tuple[float | None, str]) -> list[Point]:
    return [Point(f"2026-{month:02d}", value, status) for month, (value, status) in enumerate(pairs, 1)]


def test_a_line_breaks_where_a_month_is_missing_and_is_broken_where_it_is_not_final() -> None:
    series = points((1, "A"), (2, "A"), (None, "M"), (4, "A"), (5, "A"), (6, "P"), (7, "E"))

    drawing = lines("k", [Line("all", series, "7")], LABELS)

    firm, soft = re.findall(r'<path d="(M[^"]*L[^"]*)"([^/]*)/>', drawing)
    assert (firm[0].count("M"), firm[0].count("L"), "dasharray" in firm[1]) == (2, 2, False)
    assert (soft[0].count("M"), soft[0].count("L"), "dasharray" in soft[1]) == (1, 2, True)
    # One hollow dot for what is provisional, one hollow diamond for what is estimated.
    assert len(re.findall(r'<circle [^>]*fill="#fff"', drawing)) == 1
    assert len(re.findall(r'<path d="M[^"]*z" fill="#fff"', drawing)) == 1


def test_a_confidential_month_is_hatched() -> None:
    drawing = lines("k", [Line("all", points((1, "A"), (None, "C"), (3, "A")), "3")], LABELS)

    assert drawing.count('fill="url(#k-h)"') == 1
    assert '<pattern id="k-h"' in drawing


def test_a_second_line_has_a_dash_and_both_have_their_names() -> None:
    series = points((1, "A"), (2, "A"))

    drawing = lines("k", [Line("Fiji", series, "2"), Line("Region", series, "2")], LABELS)

    assert 'stroke-dasharray="7 2.5"' in drawing
    ends = re.findall(
        r'<text x="[\d.]+" y="([\d.]+)" fill="[^"]*" font-weight="bold">(Fiji|Region)<', drawing
    )
    assert {name for _, name in ends} == {"Fiji", "Region"}
    assert abs(float(ends[0][0]) - float(ends[1][0])) >= 11


def test_a_bar_without_a_figure_has_a_word_and_no_length() -> None:
    drawing = bars("k", [Bar("Post", 10, 5, "A", "10"), Bar("Sea", None, None, "C", "confidential")], LABELS)

    assert ">confidential</text>" in drawing
    assert 'fill="url(#k-h)"' in drawing


def test_the_full_length_of_a_bar_is_what_it_is_told() -> None:
    row = Bar("Half", 50, None, "A", "50%")

    # Of 360 units names take 100, words 92.
    assert 'x="100" y="11" width="84"' in bars("k", [row], LABELS, whole=100, left=100)
    assert 'x="100" y="11" width="168"' in bars("k", [row], LABELS, left=100)


def test_parts_of_a_bar_follow_each_other_and_have_their_words_where_there_is_room() -> None:
    rows = [
        Stack("One", [Part(6, "full", "6"), Part(3, "none", "3"), Part(0.1, "not_known", "many")], "66%"),
        Stack("Two", [], "withheld"),
    ]

    drawing = stacks("k", rows, LABELS, left=40, right=48, pitch=20)

    parts = re.findall(r'<rect x="([\d.]+)" y="6.5" width="([\d.]+)" height="15" fill="([^"]+)"', drawing)
    assert [fill for _, _, fill in parts] == ["#0b5c7a", "#fff", "none"]
    ends = [float(x) + float(width) for x, width, _ in parts]
    assert [float(x) for x, _, _ in parts] == pytest.approx([40, *ends[:-1]], abs=0.11)
    assert ends[-1] == pytest.approx(360 - 48, abs=0.11)
    assert ">6</text>" in drawing
    assert ">3</text>" in drawing
    assert "many" not in drawing
    assert drawing.count('fill="url(#k-h)"') == 1
    assert 'stroke-dasharray="2.2 1.6"' in drawing  # what is not known is told by its frame


def test_what_takes_away_goes_to_the_left_of_the_line_and_is_hollow() -> None:
    rows = [Bar("Fiji", 3, None, "A", "+3"), Bar("Tonga", -1, None, "A", "−1")]

    drawing = contributions("k", rows, LABELS)

    (left, right) = sorted(float(x) for x in re.findall(r'<rect x="([\d.]+)"', drawing))
    zero = float(re.findall(r'<path d="M([\d.]+) ', drawing)[-1])
    assert left < zero == right
    assert 'fill="#fff" stroke="#a8481a"' in drawing


def test_each_status_of_coverage_has_a_shape_of_its_own() -> None:
    statuses = ["REPORTED", "NIL", "HELD", "MISSING", "NOT_YET_REPORTING"]
    shapes = set()
    for status in statuses:
        drawing = matrix("k", [Row("Fiji", [status])], ["Mar"], LABELS)
        shapes.add(
            re.sub(r'(x|y|cx|cy)="[\d.]+"', "", drawing.split("</text>")[-2 if status == "NIL" else -1])
        )

    assert len(shapes) == len(statuses)


def test_every_chart_is_well_formed_and_says_what_it_is() -> None:
    drawings = [
        lines("a", [Line("x", points((None, "M")), "")], LABELS),
        bars("b", [], LABELS),
        contributions("c", [], LABELS),
        matrix("d", [], ["Mar"], LABELS),
        stacks("e", [], LABELS, left=40, right=48, pitch=20),
    ]

    for drawing in drawings:
        root = etree.fromstring(drawing)
        assert root[0].text == "Title & more"
        assert root[1].text == "Said <so>"


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20))
def test_an_axis_holds_all_values_between_a_few_even_steps(values: list[float]) -> None:
    scale = scale_of(values)

    assert 2 <= len(scale) <= 8
    tolerance = 1e-9 * max(abs(end) for end in scale)
    assert scale[0] <= min(values) + tolerance
    assert scale[-1] >= max(values) - tolerance
    steps = [later - earlier for earlier, later in pairwise(scale)]
    assert min(steps) > 0
    assert max(steps) - min(steps) <= 1e-6 * max(steps) + tolerance


def test_a_long_name_takes_two_lines_and_breaks_behind_a_hyphen() -> None:
    rows = [Bar("Papouasie-Nouvelle-Guinée", 2.0, None, "A", "+2,0"), Bar("Fidji", 1.0, None, "A", "+1,0")]
    names = re.findall(r'text-anchor="end"[^>]*>([^<]+)<', contributions("k", rows, LABELS))
    assert names == ["Papouasie-", "Nouvelle-Guinée", "Fidji"]


def test_the_tick_of_a_year_before_is_edged_in_white_on_a_dark_bar() -> None:
    drawn = bars("k", [Bar("Air", 10.0, 5.0, "A", "10")], LABELS)
    white, ink = re.findall(r'<path d="([^"]+)" stroke="(#fff|#1c2024)"', drawn)
    assert (white[1], ink[1]) == ("#fff", "#1c2024")
    assert white[0] == ink[0]
