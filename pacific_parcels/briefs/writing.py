"""The four files of one audience's brief, out of its published file."""

from __future__ import annotations

from pathlib import Path

from pacific_parcels.briefs.content import brief_of
from pacific_parcels.briefs.figures import PublishedFigures
from pacific_parcels.briefs.files import file_name
from pacific_parcels.briefs.html import page_of
from pacific_parcels.briefs.pdf import Press
from pacific_parcels.briefs.words import LANGUAGES


def write_briefs(published_file: Path, press: Press, folder: Path) -> None:
    """Write BRIEF_FILES into a new folder."""
    folder.mkdir(parents=True)
    with PublishedFigures(published_file) as figures:
        for language in LANGUAGES:
            brief = brief_of(figures, language)
            (folder / file_name(language, "html")).write_text(page_of(brief), encoding="utf-8")
            (folder / file_name(language, "pdf")).write_bytes(press.print(brief))
