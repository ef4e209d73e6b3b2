"""The files of a brief: small, whole by themselves, legible without a mouse, a colour or a network."""

from __future__ import annotations

import gzip
import re
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import html

from pacific_parcels.briefs.files import PARCELS, PROGRESS, brief_files, download_name
from pacific_parcels.briefs.pdf import Press
from pacific_parcels.briefs.writing import write_briefs
from tests.unit.briefs.conftest import AUDIENCES

# Audience, and the stem of its file's name.
EACH = [*((audience, "brief") for audience in AUDIENCES), ("secretariat", "progress"), ("public", "progress")]
each_page = pytest.mark.parametrize(
    ("audience", "name"),
    [(audience, f"{stem}_{language}") for audience, stem in EACH for language in ("en", "fr")],
)


def page(briefs: dict[str, Path], audience: str, name: str) -> html.HtmlElement:
    return html.document_fromstring((briefs[audience] / f"{name}.html").read_bytes())


@each_page
class TestPage:
    def test_it_is_small_enough_for_a_satellite_link(
        self, audience: str, name: str, briefs: dict[str, Path]
    ) -> None:
        content = (briefs[audience] / f"{name}.html").read_bytes()

        assert len(content) < 100_000
        assert len(gzip.compress(content)) < 10_000

    def test_it_runs_nothing_and_asks_nothing_of_any_server(
        self, audience: str, name: str, briefs: dict[str, Path]
    ) -> None:
        document = page(briefs, audience, name)
        source = (briefs[audience] / f"{name}.html").read_text(encoding="utf-8")

        assert document.xpath("//script | //link | //img | //iframe | //object | //@href | //@src") == []
        assert document.xpath("//@*[starts-with(name(), 'on')]") == []
        assert set(re.findall(r"https?://[^\"' <]+", source)) == {"http://www.w3.org/2000/svg"}
        assert all(re.fullmatch(r"#\w+-h", name) for name in re.findall(r"url\(([^)]*)\)", source))
        assert "default-src 'none'" in document.xpath("string(//meta[@http-equiv]/@content)")

    def test_it_has_all_that_a_brief_has(self, audience: str, name: str, briefs: dict[str, Path]) -> None:
        document = page(briefs, audience, name)

        assert len(document.xpath("//dl/div")) == 5
        assert len(document.xpath("//figure/svg | //figure/*[local-name() = 'svg']")) == 4
        assert len(document.xpath("//ol/li")) >= 1
        assert len(document.xpath("//ul/li")) >= 2
        text = document.text_content()
        assert {"en": "SYNTHETIC DATA", "fr": "DONNÉES SYNTHÉTIQUES"}[name[-2:]] in text
        assert {"en": "as of 20\u00a0April 2026", "fr": "situation au 20\u00a0avril 2026"}[name[-2:]] in text
        assert "00001-hand" in document.xpath("string(//footer)")

    def test_a_screen_reader_gets_language_headings_and_every_drawing_in_words(
        self, audience: str, name: str, briefs: dict[str, Path]
    ) -> None:
        document = page(briefs, audience, name)

        assert document.get("lang") == name[-2:]
        levels = [int(heading.tag[1]) for heading in document.xpath("//h1 | //h2 | //h3")]
        assert (levels[0], levels.count(1)) == (1, 1)
        assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
        drawings = document.xpath("//*[local-name() = 'svg']")
        ids = document.xpath("//@id")
        assert len(ids) == len(set(ids))
        for drawing in drawings:
            assert drawing.get("role") == "img"
            # The name tells what is drawn, the description its figures: none is read out twice.
            for attribute, tag in (("aria-labelledby", "title"), ("aria-describedby", "desc")):
                element = document.get_element_by_id(drawing.get(attribute))
                assert element.tag == tag
                assert element.text
        for table in document.xpath("//table"):
            assert table.get("aria-label")
            widths = {len(row) for row in table.xpath(".//tr")}
            assert len(widths) == 1
            assert len(table.xpath("./thead/tr/th[@scope = 'col']")) in widths
            assert len(table.xpath("./tbody/tr/th[@scope = 'row']")) == len(table.xpath("./tbody/tr"))


@each_page
def test_the_pdf_has_two_tagged_pages_in_its_language(
    audience: str, name: str, briefs: dict[str, Path]
) -> None:
    content = (briefs[audience] / f"{name}.pdf").read_bytes()

    assert content.startswith(b"%PDF-1.7")
    assert len(re.findall(rb"/Type/Page\b", content)) == 2
    assert f"/Lang({name[-2:]})".encode() in content
    assert b"<pdfuaid:part>1</pdfuaid:part>" in content
    assert b"/Marked true" in content
    # Every drawing is a figure with words, every table has a head; 595 by 842 points is A4.
    assert len(re.findall(rb"/S/Figure\b", content)) == 4
    assert len(re.findall(rb"/S/TH\b", content)) >= 7
    boxes = re.findall(rb"/MediaBox\[0 0 ([\d.]+) ([\d.]+)\]", content)
    assert [(round(float(width)), round(float(height))) for width, height in boxes] == [(595, 842)] * 2
    assert len(content) < 200_000


@pytest.mark.parametrize("audience", ["member_fj", "secretariat"])
def test_the_same_file_gives_the_same_bytes(
    audience: str, published: dict[str, Path], briefs: dict[str, Path], tmp_path: Path
) -> None:
    write_briefs(published[audience], Press(), tmp_path / "again")

    for name in brief_files(audience):
        assert (tmp_path / "again" / name).read_bytes() == (briefs[audience] / name).read_bytes()
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == sorted(brief_files(audience))


def test_those_who_look_at_the_region_have_a_brief_of_progress_besides() -> None:
    of_parcels = ("brief_en.html", "brief_en.pdf", "brief_fr.html", "brief_fr.pdf")
    of_progress = ("progress_en.html", "progress_en.pdf", "progress_fr.html", "progress_fr.pdf")

    assert brief_files("member_fj") == of_parcels
    assert brief_files("public") == brief_files("secretariat") == of_parcels + of_progress


def test_a_downloaded_brief_says_whose_and_when_by_its_name() -> None:
    assert (
        download_name("member_fj", PARCELS, "2026-03", "fr", "pdf")
        == "pacific-parcels_member-fj_2026-03_fr.pdf"
    )
    assert (
        download_name("public", PROGRESS, "2026-03", "en", "html")
        == "pacific-parcels_public-progress_2026-03_en.html"
    )
