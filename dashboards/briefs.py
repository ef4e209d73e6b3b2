"""The briefs of this publication, listed and given out: two pages each, for whoever reads off the line."""

from __future__ import annotations

from collections.abc import Collection
from itertools import product
from pathlib import Path

import streamlit as st

from dashboards.data import Publication
from dashboards.page import Page
from dashboards.words import LANGUAGE_NAMES
from pacific_parcels.briefs.files import FORMATS, PARCELS, PROGRESS, STEMS, download_name, file_name, kinds_of

TYPES = {"html": "text/html", "pdf": "application/pdf"}


def brief_path(publication: Publication, kind: str, language: str, form: str) -> Path:
    """Where a brief of these readers lies: beside the very file that their pages are made from."""
    return Path(publication.path).with_suffix(".briefs") / file_name(kind, language, form)


def show_briefs(page: Page, kinds: Collection[str] = tuple(STEMS)) -> None:
    """A heading, and of each of these kinds what it is about and a button for each file that is there.

    A publication of before the briefs of progress lists those of parcels alone, an older one nothing.
    """
    there = {kind: _there(page, kind) for kind in kinds_of(page.publication.audience) if kind in kinds}
    if not any(there.values()):
        return
    page.heading(page.say("briefs.title"))
    about = {PARCELS: page.say("briefs.lead"), PROGRESS: page.say("briefs.progress")}
    # A button is heard alone, so that those of the second kind say which it is.
    mark = {PARCELS: "", PROGRESS: f" · {page.say('briefs.progress_mark')}"}
    for kind, files in there.items():
        if files:
            page.paragraph(about[kind])
            _show_buttons(page, kind, files, mark[kind])


def _there(page: Page, kind: str) -> list[tuple[str, str]]:
    """Language and form of each file of this kind that there is, the language of the page first."""
    languages = sorted(LANGUAGE_NAMES, key=lambda language: language != page.say.language)
    return [
        (language, form)
        for language, form in product(languages, FORMATS)
        if brief_path(page.publication, kind, language, form).is_file()
    ]


def _show_buttons(page: Page, kind: str, files: list[tuple[str, str]], mark: str) -> None:
    publication = page.publication
    with st.container(horizontal=True, gap="small"):
        for language, form in files:
            page.download(
                f"{LANGUAGE_NAMES[language]} · {form.upper()}{mark}",
                download_name(publication.audience, kind, publication.last_time_period, language, form),
                TYPES[form],
                brief_path(publication, kind, language, form).read_bytes,
            )
