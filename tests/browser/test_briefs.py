"""The briefs as they are opened: from a disk, without a network or a script, on a desk and on a phone."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from pacific_parcels.briefs.drawing import Bar, Labels, Row, contributions, matrix
from pacific_parcels.briefs.figures import PublishedFigures
from pacific_parcels.briefs.html import POLICY, page_of
from pacific_parcels.briefs.parcels import brief_of_parcels
from pacific_parcels.briefs.pdf import Press
from pacific_parcels.briefs.writing import write_briefs
from tests.browser.conftest import OUTPUT, OpenBrowser, Server, download_of, serious_findings
from tests.publication_fixture import write_publication

pytestmark = pytest.mark.browser

AUDIENCES = ("secretariat", "public", "member_fj")
BRIEFS = [*((audience, "brief") for audience in AUDIENCES), ("public", "progress")]
EACH = pytest.mark.parametrize(
    ("audience", "name"),
    [(audience, f"{stem}_{language}") for audience, stem in BRIEFS for language in ("en", "fr")],
)
VIEWPORTS: dict[str, Any] = {"wide": {"width": 1100, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(scope="module")
def briefs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder of each audience's files."""
    home, press = tmp_path_factory.mktemp("briefs"), Press()
    write_publication(home, members=("fj",))
    folders = {audience: home / "written" / audience for audience in AUDIENCES}
    for audience, folder in folders.items():
        (published,) = (home / "published" / audience).glob("*.duckdb")
        write_briefs(published, press, folder)
    return folders


def reaches_out(page: Page) -> list[str]:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


@EACH
def test_a_brief_opens_from_a_disk_and_fits(
    audience: str, name: str, briefs: dict[str, Path], chromium: Browser, takes_screenshots: bool
) -> None:
    file = briefs[audience] / f"{name}.html"
    content = file.read_bytes()
    assert len(content) < 100_000
    assert len(gzip.compress(content)) < 10_000
    context = chromium.new_context(java_script_enabled=False, offline=True)
    try:
        for viewport, size in VIEWPORTS.items():
            page = context.new_page()
            page.set_viewport_size(size)
            asked = reaches_out(page)
            page.goto(file.as_uri())
            assert asked == [file.as_uri()]
            assert page.locator("html").get_attribute("lang") == name[-2:]
            assert page.locator("h1").count() == 1
            said = {"en": "SYNTHETIC DATA", "fr": "DONNÉES SYNTHÉTIQUES"}[name[-2:]]
            assert said in page.locator("header").inner_text()
            drawings = page.locator("figure svg")
            assert drawings.count() == 4
            boxes = [drawings.nth(number).bounding_box() for number in range(4)]
            assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= size["width"] for box in boxes)
            # One column on a phone, two on a desk.
            assert len({round(box["x"]) for box in boxes if box}) == (1 if viewport == "phone" else 2)
            width = page.locator("body").bounding_box()
            assert width
            assert width["x"] + width["width"] <= size["width"]
            if takes_screenshots:
                OUTPUT.mkdir(exist_ok=True)
                page.screenshot(path=OUTPUT / f"{name}_{audience}_{viewport}.png", full_page=True)
            page.close()
    finally:
        context.close()


@EACH
def test_a_brief_is_open_to_everyone_and_runs_no_script(
    audience: str, name: str, briefs: dict[str, Path], chromium: Browser, tmp_path: Path
) -> None:
    """Its own policy lets no script in; axe, which is one, comes past it."""
    html = (briefs[audience] / f"{name}.html").read_text(encoding="utf-8")
    file = tmp_path / "brief.html"
    file.write_text(
        html.replace("</main>", "<script>document.title = 'run'</script></main>"), encoding="utf-8"
    )
    assert POLICY in html.replace("&#x27;", "'")
    context = chromium.new_context(viewport=VIEWPORTS["phone"])
    past_policy = chromium.new_context(viewport=VIEWPORTS["phone"], bypass_csp=True)
    try:
        page = context.new_page()
        page.goto(file.as_uri())
        assert page.title() not in ("", "run")
        page = past_policy.new_page()
        page.goto(file.as_uri())
        assert page.title() == "run"  # without the policy it would have been run
        page.goto((briefs[audience] / f"{name}.html").as_uri())
        assert serious_findings(page) == []
        # Sideways there is only the table, in a frame of its own that the keyboard reaches.
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement !== document.body")
    finally:
        context.close()
        past_policy.close()


def printed_pages(page: Page) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))


@EACH
def test_a_brief_prints_on_two_pages_from_a_browser(
    audience: str, name: str, briefs: dict[str, Path], chromium: Browser
) -> None:
    page = chromium.new_page()
    page.goto((briefs[audience] / f"{name}.html").as_uri())
    assert printed_pages(page) == 2
    page.close()


def test_the_brief_of_a_whole_region_prints_on_two_pages(
    briefs: dict[str, Path], chromium: Browser, tmp_path: Path
) -> None:
    """Twenty-four members, the names of which take two lines, and as much to say as a bad month has."""
    (published,) = (briefs["secretariat"].parents[1] / "published" / "secretariat").glob("*.duckdb")
    with PublishedFigures(published) as figures:
        short = brief_of_parcels(figures, "fr")
    name, labels = "Micronésie (États fédérés de)", Labels("titre", "dit")
    sentence = "Le nombre d’envois est moins de quatre fois supérieur ou inférieur au nombre habituel. "
    region, first, *_ = short.table.rows
    months = contributions("c", [Bar(name, 3.2, None, "P", "+3,2")] * 12, labels)
    matrix_of_all = matrix("m", [Row(name, ["REPORTED"] * 12)] * 24, ["mars 2026"] * 12, labels)
    drawings = (short.charts[0].svg, matrix_of_all, months, months)
    long = replace(
        short,
        charts=[replace(chart, svg=svg) for chart, svg in zip(short.charts, drawings, strict=True)],
        table=replace(short.table, rows=[region, *[[name, *first[1:]]] * 24]),
        actions=[sentence] * 6,
        quality=[sentence] * 8,
    )
    file = tmp_path / "region.html"
    file.write_text(page_of(long), encoding="utf-8")
    page = chromium.new_page()
    page.goto(file.as_uri())
    assert printed_pages(page) == 2
    page.close()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_brief_is_given_out_by_the_overview_as_it_was_published(
    language: str, server: Server, browser: OpenBrowser
) -> None:
    published = server.published_file("public")
    folder = published.with_suffix(".briefs")
    if not folder.exists():
        write_briefs(published, Press(), folder)
    visit = browser(server, viewport="phone")
    visit.open(f"/?lang={language}")
    name = {"en": "English", "fr": "Français"}[language]
    mark = {"en": "closing the gap", "fr": "combler l’écart"}[language]
    buttons = {
        f"brief_{language}.html": f"{name} · HTML",
        f"brief_{language}.pdf": f"{name} · PDF",
        f"progress_{language}.pdf": f"{name} · PDF · {mark}",
    }
    for file, button in buttons.items():
        download = download_of(visit.page, visit.page.get_by_role("button", name=button, exact=True))
        assert download.suggested_filename.endswith(f"_{language}.{file.split('.')[1]}")
        content = (folder / file).read_bytes()
        assert download.path().read_bytes() == content
