"""Methods and downloads: what the figures mean, and the open data of this publication as files."""

from __future__ import annotations

import mimetypes
from html import escape

import streamlit as st

from dashboards import data, exports
from dashboards.page import Page, current_page

TO_READ = ("methodology", "codebook")
# What tools read, by the tool that somebody has.
FILES = {
    "spreadsheet": ("indicators.csv", "codebook.csv"),
    "statistics": (
        "data.sdmx.csv",
        "structure_3_0.xml",
        "data_3_0.xml",
        "structure_2_1.xml",
        "data_2_1.xml",
    ),
    "programs": ("indicators.parquet", "datapackage.json", "inputs.json", "README.txt"),
}


def offer(page: Page, name: str, label: str) -> None:
    say, size = page.say, data.open_data_size(page.publication, name)
    if size is None:
        return
    page.download(
        say("methods.size", name=label, size=say.bytes(size)),
        name,
        mimetypes.guess_type(name)[0] or "application/octet-stream",
        lambda: data.open_data_file(page.publication, name),
    )


def show_definitions(page: Page) -> None:
    definitions = data.definitions(page.publication, page.say.language)
    with st.expander(page.say("methods.definitions")):
        page.html(
            "".join(
                f"<p><strong>{escape(row.title)}</strong> <code>{escape(row.indicator_code)}</code><br>"
                f"{escape(str(row.definition))}<br>"
                f'<span class="pp-small">{escape(str(row.limits))}</span></p>'
                for row in definitions.itertuples()
            )
        )


page = current_page()
say, publication = page.say, page.publication
page.header(say("page.methods"), say("methods.lead"))
page.heading(say("methods.cite"))
page.paragraph(page.citation())
page.heading(say("methods.read"))
if publication.open_data is None:
    page.paragraph(say("methods.none"))
else:
    with st.container(gap="small"):
        for kind in TO_READ:
            offer(page, f"{kind}_{say.language}.html", say.term("open_data", kind))
show_definitions(page)
if publication.open_data is not None:
    page.heading(say("methods.files"))
    page.paragraph(say("methods.files_note"))
    for kind, names in FILES.items():
        page.html(f'<p class="pp-small-title">{escape(say.term("files_for", kind))}</p>')
        with st.container(horizontal=True, gap="small"):
            if kind == "spreadsheet":
                page.download(
                    say("methods.workbook"),
                    "totals.xlsx",
                    exports.XLSX_TYPE,
                    lambda: exports.xlsx({"data": data.public_totals(publication)}, page.notes()),
                )
            for name in names:
                offer(page, name, say.term("open_data", name))
page.source()
