"""The dashboards in a real browser over real HTTP: what is seen is what was published, and it is light."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest

from dashboards.words import Words
from tests.browser.conftest import OpenBrowser, Server, Visit

pytestmark = pytest.mark.browser

FIRST_LOAD_BUDGET = 1_800_000
SECOND_PAGE_BUDGET = 150_000
PAGES = {"overview": "/", "trends": "/trends", "data_quality": "/data-quality"}


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


def assert_quiet(visit: Visit) -> None:
    assert visit.failures == []
    assert visit.hosts == {urlsplit(visit.url).netloc}, "nothing but our own server was asked"


def assert_fits(visit: Visit) -> None:
    """Nothing sticks out to the side: a phone's page does not scroll sideways."""
    main = "document.querySelector('[data-testid=stMain]')"
    assert visit.page.evaluate(f"{main}.scrollWidth <= {main}.clientWidth")


@pytest.mark.parametrize("viewport", ["wide", "phone"])
@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", list(PAGES))
def test_each_page_in_both_languages_wide_and_on_a_phone(
    name: str, language: str, viewport: str, server: Server, browser: OpenBrowser
) -> None:
    visit = browser(server, viewport=viewport)
    visit.open(f"{PAGES[name]}?lang={language}")
    visit.screenshot(f"{name}_{language}_{viewport}")
    assert_quiet(visit)
    assert_fits(visit)
    banner = visit.page.locator("[data-testid=stAlert]").inner_text()
    assert banner.startswith({"en": "Synthetic data.", "fr": "Données synthétiques."}[language])
    svg = visit.page.locator("[data-testid=stVegaLiteChart] svg").first.inner_html()
    assert {"en": "SYNTHETIC DATA", "fr": "DONNÉES SYNTHÉTIQUES"}[language] in svg


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


def test_first_load_is_light(server: Server, browser: OpenBrowser) -> None:
    visit = browser(server)
    visit.open("/")
    visit.page.wait_for_timeout(1500)
    first = visit.wire_bytes
    visit.page.get_by_role("link", name="Trends").click()
    visit.page.wait_for_selector("text=Definition")
    visit.ready()
    print(f"wire bytes: first load {first:,}, trends {visit.wire_bytes - first:,} more")
    assert 500_000 < first <= FIRST_LOAD_BUDGET
    assert visit.wire_bytes - first <= SECOND_PAGE_BUDGET


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
    visit.page.get_by_text("Les mêmes données en tableau").click()
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


def test_without_a_publication_the_page_says_what_to_type(server: Server, browser: OpenBrowser) -> None:
    pointer = server.home / "published" / "current.json"
    hidden = pointer.rename(pointer.with_suffix(".hidden"))
    try:
        visit = browser(server, viewport="phone", locale="fr-FR")
        visit.page.goto(f"{visit.url}/trends")
        visit.page.wait_for_selector("text=make run", timeout=60_000)
        visit.screenshot("unavailable_fr_phone")
        assert "Aucune publication" in visit.page.locator("[data-testid=stMain]").inner_text()
        assert "Traceback" not in visit.page.content()
    finally:
        hidden.rename(pointer)


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
WRONG = {"Waybill": "A2", "Customs value": "<b>ten</b>", "Mode": "Pirogue"}


@pytest.mark.parametrize(("viewport", "language"), [("wide", "en"), ("phone", "fr")])
def test_a_file_is_checked_and_what_it_holds_is_shown_and_never_run(
    viewport: str, language: str, server: Server, browser: OpenBrowser, tmp_path: Path
) -> None:
    verdict = {"en": "can be sent: all 1 rows are in order (10.00 FJD)", "fr": "peut être transmis : toutes"}
    visit = browser(server, viewport=viewport)
    extract = tmp_path / "FJ_parcels_202603.csv"
    for name, changes in {"PARTIAL": [{}, WRONG], "CLEAN": [{}]}.items():
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
            cells = visit.page.locator("table td").all_inner_texts()
            assert {"Customs value (I)", "<b>ten</b>", "1234.50", "Mode (B)", "Pirogue"} <= set(cells)
    assert verdict[language] in visit.page.locator(".pp-verdict").inner_text()
    assert_quiet(visit)
