"""What is on a page, as files: CSV, XLSX, PNG and SVG. Pure functions, no Streamlit, no reading.

Text that a spreadsheet would take for a formula gets an apostrophe in front of it: some of it is a member's.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

import pandas as pd

from dashboards.charts import Chart

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PICTURE_WIDTH = 760  # pixels of a chart that has no width of its own
PICTURE_SCALE = 2.0
# What Streamlit gives a chart on a light page, for pictures that are made without it.
LIGHT = {
    "background": "#ffffff",
    "font": "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif",
    "view": {"stroke": None},
    "axis": {"labelColor": "#4b6069", "titleColor": "#12303b", "gridColor": "#e2ebee", "labelFontSize": 12},
    "title": {"color": "#12303b"},
}


def csv(frame: pd.DataFrame) -> bytes:
    """UTF-8 with a mark at the start, without which spreadsheets take it for something else."""
    text: str = harmless(frame).to_csv(index=False)
    return text.encode("utf-8-sig")


def xlsx(sheets: Mapping[str, pd.DataFrame], notes: Mapping[str, str]) -> bytes:
    """A workbook: each frame on its sheet, and the notes (what it is, from where, as of when) on the last."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for name, frame in sheets.items():
        rows = book.create_sheet(name)
        rows.append([str(column) for column in frame.columns])
        for row in harmless(frame).itertuples(index=False):
            rows.append([None if pd.isna(value) else value for value in row])
    about = book.create_sheet("about")
    for name, note in notes.items():
        about.append([name, harmless_text(note)])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def svg(chart: Chart) -> bytes:
    import vl_convert

    return str(vl_convert.vegalite_to_svg(light(chart))).encode()


def png(chart: Chart) -> bytes:
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(light(chart), scale=PICTURE_SCALE))


def light(chart: Chart) -> dict[str, object]:
    """The chart's specification as it looks on a light page, with a width."""
    return {"width": PICTURE_WIDTH, **chart.to_dict(), "config": LIGHT}


def harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers stay numbers, a negative one too; text that would be a formula becomes text."""
    texts = [name for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])]
    return frame.assign(
        **{
            name: [harmless_text(value) if isinstance(value, str) else value for value in frame[name]]
            for name in texts
        }
    )


def harmless_text(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
