"""The briefs of this publication, listed and given out: two pages each, for whoever reads off the line."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboards.data import Publication
from dashboards.page import Page
from dashboards.words import LANGUAGE_NAMES
from pacific_parcels.briefs.files import FORMATS, download_name, file_name

TYPES = {"html": "text/html", "pdf": "application/pdf"}


def brief_path(publication: Publication, language: str, form: str) -> Path:
    """Where the brief of these readers lies: beside the very file that their pages are made from."""
    return Path(publication.path).with_suffix(".briefs") / file_name(language, form)


def show_briefs(page: Page) -> None:
    """A heading and a button for each brief; nothing where the publication is older than briefs."""
    publication = page.publication
    there = [
        (language, form)
        for language in sorted(LANGUAGE_NAMES, key=lambda language: language != page.say.language)
        for form in FORMATS
        if brief_path(publication, language, form).is_file()
    ]
    if not there:
        return
    page.heading(page.say("briefs.title"))
    page.paragraph(page.say("briefs.lead"))
    with st.container(horizontal=True, gap="small"):
        for language, form in there:
            page.download(
                f"{LANGUAGE_NAMES[language]} · {form.upper()}",
                download_name(publication.audience, publication.last_time_period, language, form),
                TYPES[form],
                brief_path(publication, language, form).read_bytes,
            )
