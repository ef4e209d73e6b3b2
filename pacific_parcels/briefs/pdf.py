"""A brief as a PDF: set by Typst, whose wheel carries the compiler and its fonts, so that it needs no other.

Tagged to PDF/UA-1: headings, language, tables, and of every drawing its figures in words. No clock and no
font of the machine is read: the same brief is the same bytes everywhere.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import typst

from pacific_parcels.briefs.brief import Brief
from pacific_parcels.briefs.words import Say
from pacific_parcels.errors import PacificParcelsError

TEMPLATE = Path(__file__).with_name("brief.typ")
PAGES = 2
# What the template says when there is a third page.
TOO_LONG = "the brief is too long"
# How large words are set, 1 being 10 points.
SIZES = (1.1, 1.04, 1.0, 0.94, 0.88, 0.82, 0.76)
SIZES_OF_MANY_ROWS = SIZES[2:]
# When nothing else fits, with rows set closer: still as large as a footnote.
LAST_SIZE = 0.7
# The first column of a table, against one of figures; longer names take two lines.
MOST_NAME_SHARE = 6


class Press:
    """One compiler for many briefs: its fonts are read once."""

    def __init__(self) -> None:
        self._template = TEMPLATE.read_bytes()
        fonts = typst.Fonts(include_system_fonts=False)
        self._compiler = typst.Compiler(font_paths=fonts, ignore_system_fonts=True)

    def print(self, brief: Brief) -> bytes:
        """The PDF: two pages, in the largest size that fits. Its date is that of the newest extract.

        Errors: PacificParcelsError where no size fits, which a test on a brief of the most words excludes.
        """
        day = date.fromisoformat(brief.as_of or "1970-01-01")
        inputs = _inputs(brief)
        is_dense = brief.table.is_long
        sizes = [(size, is_dense) for size in (SIZES_OF_MANY_ROWS if is_dense else SIZES)]
        for size, dense in [*sizes, (LAST_SIZE, True)]:
            inputs |= {"size": size, "is_dense": dense}
            try:
                printed = self._compiler.compile(
                    self._template,
                    format="pdf",
                    pdf_standards="ua-1",
                    sys_inputs={"brief": json.dumps(inputs, ensure_ascii=False)},
                    timestamp=datetime(day.year, day.month, day.day, tzinfo=UTC),
                )
            except typst.TypstError as error:
                if TOO_LONG not in str(error):
                    raise
                continue
            assert isinstance(printed, bytes)
            return printed
        raise PacificParcelsError(
            f"{brief.document_title}: it does not fit on {PAGES} pages; expected it to; a defect of ours"
        )


def _inputs(brief: Brief) -> dict[str, object]:
    say = Say(brief.language)
    inputs = asdict(brief)
    for chart, drawn in zip(inputs["charts"], brief.charts, strict=True):
        chart["alt"] = drawn.in_words
    inputs["name"] = say("name")
    inputs["pages"] = [
        say("page", page=say.number(page), pages=say.number(PAGES)) for page in range(1, PAGES + 1)
    ]
    longest = max((len(row[0]) for row in brief.table.rows), default=0)
    inputs["name_share"] = min(max(1.5, longest / 11), MOST_NAME_SHARE)
    return inputs
