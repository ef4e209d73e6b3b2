"""Files of what is on a page: they hold what is shown, and no spreadsheet takes them for a program."""

from __future__ import annotations

import io

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import charts, exports
from dashboards.words import Words

FRAME = pd.DataFrame(
    {"name": ["=2+2", "Fidji", "-1", "@x"], "items": [-5.0, 1.5, None, 3.0], "month": ["2026-01"] * 4}
)


def test_csv_keeps_numbers_and_disarms_formulas() -> None:
    content = exports.csv(FRAME)
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8-sig").splitlines() == [
        "name,items,month",
        "'=2+2,-5.0,2026-01",
        "Fidji,1.5,2026-01",
        "'-1,,2026-01",
        "'@x,3.0,2026-01",
    ]


def test_a_workbook_has_the_rows_and_what_they_are() -> None:
    book = openpyxl.load_workbook(
        io.BytesIO(exports.xlsx({"data": FRAME, "none": FRAME[:0]}, {"source": "=cmd"}))
    )
    assert list(book["data"].values) == [
        ("name", "items", "month"),
        ("'=2+2", -5, "2026-01"),
        ("Fidji", 1.5, "2026-01"),
        ("'-1", None, "2026-01"),
        ("'@x", 3, "2026-01"),
    ]
    assert list(book["none"].values) == [("name", "items", "month")]
    assert list(book["about"].values) == [("source", "'=cmd")]
    assert {cell.data_type for row in book["data"].rows for cell in row} <= {"s", "n"}


@given(st.text(max_size=12))
def test_no_text_begins_as_a_formula(text: str) -> None:
    disarmed = exports.harmless_text(text)
    assert not disarmed.startswith(exports.FORMULA_STARTS)
    assert disarmed in (text, f"'{text}")


@pytest.mark.parametrize(("make", "start"), [(exports.svg, b"<svg"), (exports.png, b"\x89PNG")])
def test_a_picture_of_a_chart_needs_no_browser(make: object, start: bytes) -> None:
    points = pd.DataFrame({"member_name": ["Fiji", "Tonga"], "points": [3.25, -1.0]})
    picture = make(charts.contributions(points, Words("en"), "Source: nobody"))  # type: ignore[operator]
    assert picture.startswith(start)
    assert start != b"<svg" or b"Source: nobody" in picture
