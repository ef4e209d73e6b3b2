"""The dashboards in a real browser over real HTTP: what is seen is what was published, and it is light."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import duckdb
import openpyxl
import pytest

from dashboards.words import Words
from tests.browser.conftest import OpenBrowser, Server, assert_fits, assert_quiet, downloaded
from tests.publication_fixture import write_publication

pytestmark = pytest.mark.browser

FIRST_LOAD_BUDGET = 1_800_000
SECOND_PAGE_BUDGET = 60_000
RELOAD_BUDGET = 30_000


def published_items(server: Server) -> tuple[str, float]:
    """The latest regional total, by plain SQL on the file that the server shows."""
    with duckdb.connect(str(server.published_file("public")), read_only=True) as connection:
        row = connection.execute(
            """
            select time_period, obs_value from indicators
            where indicator_code = 'ITEMS' and member_code = '_T' and channel_code = '_T'
              and value_band_code = '_T' and counterpart_code = '_T' and commodity_code = '_T'
              and frequency = 'M' and obs_status <> 'E' and obs_value is not null
            order by time_period desc limit 1
            """
        ).fetchone()
    assert row is not None
    return row


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_figure_on_the_screen_is_the_published_one(
    language: str, server: Server, browser: OpenBrowser
) -> None:
    month, items = published_items(server)
    say = Words(language)
    visit = browser(server)
    visit.open(f"/?lang={language}")
    card = visit.page.locator(".pp-card", has_text=say("overview.items")).first
    assert card.locator(".pp-figure").inner_text() == say.number(items)
    assert say.month(month) in card.locator(".pp-note").inner_text()


def test_pages_are_light_and_come_from_nowhere_else(server: Server, browser: OpenBrowser) -> None:
    visit = browser(server)
    seen = 0

    def weight() -> int:
        """Bytes on the wire since it was last asked, once nothing more comes."""
        nonlocal seen
        visit.ready()
        visit.page.wait_for_timeout(1500)
        before, seen = seen, visit.wire_bytes
        return seen - before

    visit.page.goto(f"{visit.url}/?lang=en")
    first = weight()
    more = {}
    for name in ("Trends", "Data quality", "Methods and files", "Check a file"):
        visit.page.get_by_role("link", name=name).click()
        visit.page.wait_for_selector(f"h1:has-text('{name}')")
        more[name] = weight()
    visit.page.reload()
    reload = weight()
    print(f"wire bytes: first load {first:,}; {more}; reload {reload:,}")
    assert 500_000 < first <= FIRST_LOAD_BUDGET
    assert {name: size for name, size in more.items() if size > SECOND_PAGE_BUDGET} == {}
    assert reload <= RELOAD_BUDGET
    assert_quiet(visit)


def test_an_export_holds_what_the_chart_shows(server: Server, browser: OpenBrowser) -> None:
    visit = browser(server)
    visit.open("/trends?lang=en&members=FJ&months=12")
    visit.page.get_by_text("The same as a table, and files").click()
    csv_button = visit.page.get_by_role("button", name="CSV")
    content = downloaded(visit.page, csv_button).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(content.splitlines()))
    with duckdb.connect(str(server.published_file("public")), read_only=True) as connection:
        expected = connection.execute(
            """
            select time_period, obs_value from indicators
            where indicator_code = 'ITEMS' and member_code = 'FJ' and channel_code = '_T'
              and value_band_code = '_T' and counterpart_code = '_T' and time_period > '2025-03'
            order by time_period
            """
        ).fetchall()
    assert len(expected) == 12
    assert [(row["time_period"], float(row["obs_value"])) for row in rows] == expected
    assert {(row["run_id"], row["is_synthetic"]) for row in rows} == {("20260420T090000Z", "True")}
    svg_button = visit.page.get_by_role("button", name="Picture (SVG)")
    picture = downloaded(visit.page, svg_button).read_text(encoding="utf-8")
    assert picture.startswith("<svg")
    assert "SYNTHETIC DATA" in picture


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_member_takes_all_its_records_along(
    language: str, servers: Callable[[str], Server], browser: OpenBrowser
) -> None:
    server, say = servers("member_fj"), Words(language)
    visit = browser(server)
    visit.open(f"/my-data?lang={language}")
    button = visit.page.get_by_role("button", name=say("mine.records"), exact=True)
    book = openpyxl.load_workbook(io.BytesIO(downloaded(visit.page, button).read_bytes()))
    assert book.sheetnames == [
        *("months", "receipts", "rejected_by_rule", "held", "revisions", "changes"),
        "about",
    ]
    with duckdb.connect(str(server.published_file("member_fj")), read_only=True) as connection:
        for sheet, query in {
            "months": "select time_period, items from coverage where member_code = 'FJ'",
            "receipts": "select source_name, rows_in from receipts",
            "rejected_by_rule": "select rule_id, row_count from rejections",
            "revisions": "select time_period, last_items from revisions",
        }.items():
            names = [column[0] for column in connection.execute(query).description]
            head, *rows = book[sheet].iter_rows(values_only=True)
            at = [head.index(name) for name in names]
            expected = sorted(connection.execute(query).fetchall())
            assert expected
            assert sorted(tuple(row[place] for place in at) for row in rows) == expected, sheet
    about = dict(book["about"].iter_rows(values_only=True))
    assert (about["audience"], about["is_synthetic"]) == ("member_fj", "true")


def test_a_new_publication_appears_and_no_page_mixes_two(server: Server, browser: OpenBrowser) -> None:
    pointer = server.home / "published" / "current.json"
    before = pointer.read_bytes()
    old, new = "20260420T090000Z", "20260521T090000Z"
    visit = browser(server)
    visit.open("/?lang=en")
    try:
        write_publication(server.home, run_id=new)
        assert old in visit.page.locator(".pp-source").inner_text()  # what is on the screen stays
        visit.page.get_by_role("link", name="Trends").click()
        visit.page.wait_for_selector("h1:has-text('Trends')")
        visit.page.wait_for_selector(f".pp-source:has-text('{new}')")
        visit.ready()
        assert old not in visit.page.locator("[data-testid=stMain]").inner_text()
    finally:
        pointer.write_bytes(before)


def test_the_browsers_language_is_taken_until_another_is_chosen(server: Server, browser: OpenBrowser) -> None:
    visit = browser(server, locale="fr-FR")
    visit.open("/")
    assert visit.page.locator("h1").inner_text() == "Vue d’ensemble"
    visit.page.get_by_role("link", name="English").click()
    visit.page.wait_for_selector("h1:has-text('Overview')")
    visit.page.get_by_role("link", name="Data quality").click()
    visit.page.wait_for_selector("h1:has-text('Data quality')")
    assert parse_qs(urlsplit(visit.page.url).query) == {"lang": ["en"]}
    assert_quiet(visit)


def test_choices_are_in_the_address_and_the_back_button_undoes_them(
    server: Server, browser: OpenBrowser
) -> None:
    visit = browser(server)
    visit.open("/trends?lang=en&members=FJ,NC")
    legend = visit.page.locator(".pp-legend").first
    assert legend.inner_text().split() == ["●", "Fiji", "■", "New", "Caledonia"]
    visit.page.get_by_role("radio", name="By channel").click()
    visit.page.wait_for_url(re.compile("split=channel"))
    visit.page.wait_for_selector("h3:has-text('Parcels · Fiji')")
    visit.page.go_back()
    visit.page.wait_for_selector(".pp-legend:has-text('New Caledonia')")
    assert "split" not in visit.page.url
    visit.page.go_forward()
    visit.page.wait_for_selector("h3:has-text('Parcels · Fiji')")
    assert_quiet(visit)


def test_a_mailed_view_opens_as_it_was(server: Server, browser: OpenBrowser) -> None:
    visit = browser(server)
    visit.open("/trends?lang=fr&members=TO&split=channel&months=24")
    visit.screenshot("trends_shared_view_fr_wide")
    assert visit.page.locator("h3").first.inner_text() == "Colis · Tonga"
    visit.page.get_by_text("Les mêmes données en tableau").first.click()
    table = visit.page.locator(".pp-scroll table").first
    assert "confidentiel" in table.inner_text()
    assert_quiet(visit)


def test_the_secretariat_sees_its_tables(secretariat_server: Server, browser: OpenBrowser) -> None:
    visit = browser(secretariat_server)
    visit.open("/data-quality?lang=en")
    visit.screenshot("data_quality_secretariat_en_wide")
    assert "Unknown currency <XYZ>" in visit.page.locator("table", has_text="R007").first.inner_text()
    assert_quiet(visit)
    assert_fits(visit)


def test_dark_pages_are_legible(secretariat_server: Server, browser: OpenBrowser) -> None:
    visit = browser(secretariat_server, scheme="dark")
    visit.open("/trends?lang=en&members=FJ,NC,TO,_T")
    visit.screenshot("trends_dark_wide")
    background = visit.page.evaluate(
        "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    )
    assert background == "rgb(11, 28, 36)"
    assert_quiet(visit)


# The colours of what is on paper: those behind the page and its charts, and those of the words.
ON_PAPER = """() => {
    const look = (selector, name) => [...new Set([...document.querySelectorAll(selector)]
        .map(element => getComputedStyle(element)[name]))];
    const main = '[data-testid=stMain]';
    return {
        page: look('html, body, [data-testid=stApp]', 'backgroundColor'),
        parts: look(`${main} :is(section, div, details, svg)`, 'backgroundColor'),
        words: look(`${main} :is(h1, h3, .pp p, .pp dt, .pp dd, .pp th)`, 'color'),
        chart: look(`${main} svg text`, 'fill'),
    };
}"""


def test_a_page_is_printed_dark_on_white_without_its_menu(server: Server, browser: OpenBrowser) -> None:
    visit = browser(server, scheme="dark")
    visit.open("/?lang=en")
    assert visit.page.locator("[data-testid=stSidebar]").is_visible()
    visit.page.emulate_media(media="print", color_scheme="dark")
    none, ink = "rgba(0, 0, 0, 0)", "rgb(18, 48, 59)"
    assert visit.page.evaluate(ON_PAPER) == {
        "page": ["rgb(255, 255, 255)"], "parts": [none], "words": [ink], "chart": [ink],
    }  # fmt: skip
    for part in ("stSidebar", "stHeader", "stDownloadButton"):
        assert not visit.page.locator(f"[data-testid={part}]").first.is_visible(), part


def half_written(home: Path) -> None:
    file = next((home / "published" / "public").glob("*Z.duckdb"))
    whole = file.read_bytes()
    (home / "published" / "public" / "half.duckdb").write_bytes(whole[: len(whole) // 2])
    point_at(home, "half")


def older(home: Path) -> None:
    file = home / "published" / "public" / "older.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create table catalogue as select 'older' as run_id, 'public' as audience")
    point_at(home, "older")


def point_at(home: Path, run_id: str) -> None:
    pointer = {"run_id": run_id, "audiences": {"public": f"public/{run_id}.duckdb"}}
    (home / "published" / "current.json").write_text(json.dumps(pointer), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda home: (home / "published" / "current.json").unlink(), "Aucune publication"),
        (half_written, "n’a pas été écrit jusqu’au bout"),
        (older, "d’une version antérieure"),
    ],
)
def test_without_a_publication_the_page_says_why_and_what_to_type(
    spoil: Callable[[Path], object], words: str, server: Server, browser: OpenBrowser
) -> None:
    pointer = server.home / "published" / "current.json"
    before = pointer.read_bytes()
    try:
        spoil(server.home)
        visit = browser(server, viewport="phone", locale="fr-FR")
        visit.page.goto(f"{visit.url}/trends")
        visit.page.wait_for_selector("text=make run", timeout=60_000)
        visit.screenshot(f"unavailable_{words.split()[0].lower()}_fr_phone")
        assert words in visit.page.locator("[data-testid=stMain]").inner_text()
        assert "Traceback" not in visit.page.content()
    finally:
        pointer.write_bytes(before)
        for left in ("half", "older"):
            (server.home / "published" / "public" / f"{left}.duckdb").unlink(missing_ok=True)


# In the packaged layout of Fiji: a row in order, and what makes one wrong in two ways.
FIJI_ROW = {
    "Waybill": "A1", "Mode": "CP", "Office": "NAN", "Place of discharge": "FJNAN", "Country of origin": "CN",
    "Country of export": "CN", "Commodity code": "610910", "Commercial description": "T-shirt",
    "Customs value": "10.00", "Currency": "FJD", "Fiscal duty": "0.00", "VAT": "1.25", "Fees": "0.00",
    "Gross mass": "0.250", "Packages": "1", "Arrival date": "05/03/2026", "Registration": "06/03/2026 08:00",
    "Release": "06/03/2026 09:30", "Model": "SD4", "Lane": "G", "Examined": "N", "Examination result": "OK",
    "Status": "Released", "Country": "FJ", "Consignee": "", "Consignee address": "", "Exporter": "",
    "Declarant": "",
}  # fmt: skip
EXAMPLES = (
    "[...document.querySelectorAll('.pp-examples .pp-scroll')].map(of => of.scrollWidth <= of.clientWidth)"
)
WRONG = {"Waybill": "A2", "Customs value": "<b>ten</b>", "Mode": "Pirogue"}


@pytest.mark.parametrize(("viewport", "language"), [("wide", "en"), ("phone", "fr")])
def test_a_file_is_checked_and_what_it_holds_is_shown_and_never_run(
    viewport: str, language: str, server: Server, browser: OpenBrowser, tmp_path: Path
) -> None:
    verdict = {
        "en": "can be sent: all 1 rows are in order (10.00 FJD)",
        "fr": "peut être transmis\u00a0: toutes",
    }
    visit = browser(server, viewport=viewport)
    agreed = "FJ_parcels_202603.csv"
    sent = {
        "PARTIAL": (agreed, [{}, WRONG]),
        "REFUSED": ("a_name_without_blanks_that_is_longer_than_a_phone_is_wide.csv", [{}]),
        "CLEAN": (agreed, [{}]),
    }
    for name, (file_name, changes) in sent.items():
        extract = tmp_path / file_name
        rows = [FIJI_ROW | change for change in changes]
        lines = [";".join(FIJI_ROW), *(";".join(row.values()) for row in rows)]
        extract.write_text("\n".join(lines) + "\n", encoding="utf-8")
        visit.page.goto(f"{visit.url}/check?lang={language}&member=FJ")
        visit.page.wait_for_selector(".pp-source", timeout=60_000)
        visit.page.locator("input[type=file]").set_input_files(extract)
        visit.page.wait_for_selector(f".pp-verdict-{name}", timeout=60_000)
        visit.screenshot(f"check_{name.lower()}_{language}_{viewport}")
        assert_fits(visit)
        if name == "PARTIAL":
            assert visit.page.evaluate(EXAMPLES) == [True] * 2, "an example is read without scrolling"
            cells = visit.page.locator("table td").all_inner_texts()
            assert {"Customs value (I)", "<b>ten</b>", "1234.50", "Mode (B)", "Pirogue"} <= set(cells)
    assert verdict[language] in visit.page.locator(".pp-verdict").inner_text()
    assert_quiet(visit)
