"""The briefs on the pages: those of the reader's own audience, in the language of the page first."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards.words import LANGUAGE_NAMES, LANGUAGES, Words
from pacific_parcels.briefs.files import brief_files
from tests.unit.dashboards.conftest import OpenPage

RUN = "20260420T090000Z"


def write_brief_files(home: Path, audience: str, names: tuple[str, ...] = ()) -> None:
    folder = home / "published" / audience / f"{RUN}.briefs"
    folder.mkdir()
    for name in names or brief_files(audience):
        (folder / name).write_text(audience, encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_brief_of_the_audience_is_given_out(language: str, home: Path, open_page: OpenPage) -> None:
    write_brief_files(home, "public")

    page = open_page("views/overview.py", lang=language)

    assert not page.exception
    buttons = [button.proto.label for button in page.get("download_button")]
    labels = [label for label in buttons if label.startswith(tuple(LANGUAGE_NAMES.values()))]
    english, french = ["English · HTML", "English · PDF"], ["Français · HTML", "Français · PDF"]
    of_parcels = english + french if language == "en" else french + english
    mark = {"en": "closing the gap", "fr": "combler l’écart"}[language]
    assert labels == [*of_parcels, *(f"{label} · {mark}" for label in of_parcels)]
    assert Words(language)("briefs.title") in [header.value for header in page.subheader]


def test_a_publication_without_briefs_lists_none(home: Path, open_page: OpenPage) -> None:
    write_brief_files(home, "secretariat")

    page = open_page("views/overview.py", lang="en")

    assert not page.exception
    assert [button for button in page.get("download_button") if "PDF" in button.proto.label] == []


def test_a_publication_of_before_the_briefs_of_progress_lists_the_others(
    home: Path, open_page: OpenPage
) -> None:
    write_brief_files(home, "public", ("brief_en.html", "brief_en.pdf"))

    page = open_page("views/overview.py", lang="en")

    assert not page.exception
    labels = [button.proto.label for button in page.get("download_button")]
    assert [label for label in labels if label.startswith("English")] == ["English · HTML", "English · PDF"]


def test_the_page_of_progress_gives_out_the_brief_of_progress(home: Path, open_page: OpenPage) -> None:
    write_brief_files(home, "public")

    page = open_page("views/progress.py", lang="en")

    assert not page.exception
    labels = [button.proto.label for button in page.get("download_button")]
    assert [label for label in labels if label.startswith(("English", "Français"))] == [
        f"{language} · {form} · closing the gap"
        for language in ("English", "Français")
        for form in ("HTML", "PDF")
    ]
