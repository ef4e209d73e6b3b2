"""The files of one audience's briefs, out of its published file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pacific_parcels.briefs.brief import Brief
from pacific_parcels.briefs.figures import PublishedFigures
from pacific_parcels.briefs.files import PARCELS, PROGRESS, file_name, kinds_of
from pacific_parcels.briefs.html import page_of
from pacific_parcels.briefs.parcels import brief_of_parcels
from pacific_parcels.briefs.pdf import Press
from pacific_parcels.briefs.progress import brief_of_progress
from pacific_parcels.briefs.words import LANGUAGES, Language

WRITERS: dict[str, Callable[[PublishedFigures, Language], Brief]] = {
    PARCELS: brief_of_parcels,
    PROGRESS: brief_of_progress,
}


def write_briefs(published_file: Path, press: Press, folder: Path) -> None:
    """Write into a new folder what `brief_files` names for the audience of the file."""
    folder.mkdir(parents=True)
    with PublishedFigures(published_file) as figures:
        for kind in kinds_of(figures.audience):
            for language in LANGUAGES:
                brief = WRITERS[kind](figures, language)
                (folder / file_name(kind, language, "html")).write_text(page_of(brief), encoding="utf-8")
                (folder / file_name(kind, language, "pdf")).write_bytes(press.print(brief))
