"""The pages as a visitor meets them, in both languages and for both audiences.

The figures are worked out by hand in tests/publication_fixture.py.
"""

from __future__ import annotations

import datetime
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from dashboards import data
from dashboards.data import open_publication
from dashboards.identity import Identity
from dashboards.page import Page
from dashboards.words import LANGUAGES, Words
from pacific_parcels.settings import Settings
from tests.publication_fixture import write_publication
from tests.unit.dashboards.conftest import APP, OpenPage

VIEWS = sorted(path.relative_to(APP.parent).as_posix() for path in (APP.parent / "views").glob("*.py"))
AS_OF = datetime.date(2026, 4, 20)
Read = Callable[[AppTest], str]


def test_there_are_views_and_the_router_lists_each() -> None:
    assert len(VIEWS) >= 3
    router = APP.read_text(encoding="utf-8")
    assert [view for view in VIEWS if f'("{Path(view).stem}",' not in router] == []


# The pages that an audience does not find in its menu.
HIDDEN = {
    "public": {
        *("views/region.py", "views/compare.py", "views/my_data.py"),
        *("views/my_gaps.py", "views/plan.py"),
    },
    "member_fj": {"views/region.py", "views/plan.py"},
    "secretariat": {"views/my_data.py", "views/my_gaps.py"},
}


@pytest.mark.parametrize(
    ("view", "audience"),
    [(view, audience) for audience, hidden in HIDDEN.items() for view in VIEWS if view not in hidden],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_page_opens_says_synthetic_and_names_its_source(
    view: str, language: str, audience: str, open_page: OpenPage, text: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACIFIC_PARCELS_AUDIENCE", audience)
    page = open_page(view, lang=language)
    say = Words(language)
    assert not page.exception
    assert [warning.value for warning in page.warning] == [say("app.synthetic")]
    body = text(page)
    assert say("app.source", as_of=say.date(AS_OF), run="20260420T090000Z") in body
    assert say("app.source_synthetic") in body
    if not audience.startswith("member_"):
        assert say.term("audience", audience) in body
    assert say("app.coverage", month=say.month("2026-03"), in_force="3", expected="4") in body
    charts = page.get("vega_lite_chart")
    assert charts or view in ("views/preflight.py", "views/methods.py")
    specifications = [json.loads(chart.proto.spec) for chart in charts]
    sources = [specification["title"]["text"] for specification in specifications if "title" in specification]
    small_print = {source if isinstance(source, str) else " · ".join(source) for source in sources}
    assert small_print <= {say("app.chart_source_synthetic", as_of=say.date(AS_OF))}
    assert all(chart.proto.alt for chart in charts)


@pytest.mark.parametrize("audience", sorted(HIDDEN))
def test_every_file_that_the_pages_offer_can_be_made(
    audience: str, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACIFIC_PARCELS_AUDIENCE", audience)
    made: dict[str, int] = {}
    offer = Page.download

    def make_at_once(page: Page, label: str, file_name: str, mime: str, make: Callable[[], bytes]) -> None:
        made[file_name] = len(make())
        offer(page, label, file_name, mime, make)

    monkeypatch.setattr(Page, "download", make_at_once)
    for view in VIEWS:
        if view not in HIDDEN[audience]:
            assert not open_page(view, lang="en").exception, view
    assert "totals.xlsx" in made
    assert {Path(name).suffix for name in made} >= {".csv", ".xlsx"}
    assert [name for name, size in made.items() if size == 0] == []


def test_real_data_carries_no_synthetic_banner(home: Path, open_page: OpenPage, text: Read) -> None:
    with duckdb.connect(str(home / "published" / "public" / "20260420T090000Z.duckdb")) as connection:
        connection.execute("update catalogue set is_synthetic = false")
    page = open_page()
    assert not page.warning
    assert "ynthetic" not in text(page)


def test_overview_shows_the_headlines_of_the_latest_complete_month(open_page: OpenPage, text: Read) -> None:
    body = text(open_page(lang="en"))
    for figure, note in (
        ("4,945", "in January 2026"),
        ("+212%", "to March 2026"),
        ("85.2%", "of parcels in March 2026"),
        ("Suva", "412 parcels on 14 January 2026"),
        ("US$197,800", "in January 2026"),  # 40 dollars a parcel: 4945 x 40
        ("US$1.23 million", "and US$98,765 of tax, in January 2026"),
    ):
        assert f'<dd class="pp-figure">{figure}</dd><dd class="pp-note">{note}' in body
    assert '<span class="pp-tag">provisional</span>' in body


@pytest.mark.parametrize(
    ("hidden", "figure", "note"),
    [
        ("DUTY_USD", "confidential", "and US$98,765 of tax, in January 2026"),
        ("TAX_USD", "US$1.23 million", "in January 2026"),
    ],
)
def test_duty_and_tax_are_of_one_month_and_a_hidden_one_is_called_so(
    hidden: str, figure: str, note: str, home: Path, open_page: OpenPage, text: Read
) -> None:
    """An older figure would be taken for one of the month that is named."""
    with duckdb.connect(str(home / "published" / "public" / "20260420T090000Z.duckdb")) as connection:
        connection.execute(
            "update indicators set obs_value = null, conf_status = 'C' "
            "where indicator_code = ? and member_code = '_T' and time_period >= '2025-12'",
            [hidden],
        )
    body = text(open_page(lang="en"))
    assert f'<dd class="pp-figure">{figure}</dd><dd class="pp-note">{note}' in body
    assert "December 2025" not in body.split("pp-cards")[1].split("</dl>")[0]


def test_overview_says_why_the_last_month_is_withheld_and_by_whom(open_page: OpenPage, text: Read) -> None:
    body = text(open_page(lang="en"))
    assert "The regional totals of March 2026 are withheld" in body
    assert "still missing or held: Tonga." in body
    assert "Reported for March 2026:\u00a03 of the 4 members" in body


def test_overview_says_when_a_total_is_estimated_and_when_channels_are_hidden(
    home: Path, open_page: OpenPage, text: Read
) -> None:
    with duckdb.connect(str(home / "published" / "public" / "20260420T090000Z.duckdb")) as connection:
        connection.execute(
            """
            update indicators set obs_value = 5000, obs_status = 'E'
            where indicator_code = 'ITEMS' and member_code = '_T' and channel_code = '_T'
              and value_band_code = '_T' and counterpart_code = '_T' and time_period = '2026-03';
            update indicators set obs_value = 30, conf_status = 'F'
            where indicator_code = 'ITEMS' and member_code = '_T' and channel_code = 'POSTAL_LETTER'
              and time_period = '2026-03';
            """
        )
    body = text(open_page(lang="en")).replace("\u00a0", " ")
    assert "The regional totals of March 2026 are estimated from the members that reported" in body
    assert "are withheld" not in body
    assert (
        "Of 3 channels, 1 may be shown for March 2026; the largest of these: Letter post, 30 parcels." in body
    )


def test_members_that_do_not_report_yet_are_named_beside_the_table(
    home: Path, open_page: OpenPage, text: Read
) -> None:
    with duckdb.connect(str(home / "published" / "public" / "20260420T090000Z.duckdb")) as connection:
        connection.execute("update coverage set status = 'NOT_YET_REPORTING' where member_code = 'WS'")
    body = text(open_page(lang="en"))
    assert "Not reporting yet: Samoa." in body
    assert '<th scope="row">Samoa</th>' not in body
    assert "Reported for March 2026:\u00a02 of the 3 members" in body


def test_overview_in_french_is_french(open_page: OpenPage, text: Read) -> None:
    page = open_page(lang="fr")
    body = text(page)
    assert page.title[0].value == "Vue d’ensemble"
    assert '<dd class="pp-figure">4\u202f945</dd><dd class="pp-note">en janvier 2026' in body
    assert "Nouvelle-Calédonie" in body
    assert "New Caledonia" not in body


def test_trends_open_on_the_region_and_say_so(open_page: OpenPage, text: Read) -> None:
    body = text(open_page("views/trends.py", lang="en")).replace("\u00a0", " ")
    # 36 months from 2023-04 (month 4): FJ 1200 + NC 580 = 1780; WS and TO had not begun
    assert "Region: from 1,780 in April 2023 to 4,945 in January 2026." in body
    assert "Missing or withheld: 2; confidential: 0; provisional: 1; estimated: 0." in body


def test_what_happened_is_told_for_the_region_and_the_members_shown(open_page: OpenPage, text: Read) -> None:
    page = open_page("views/trends.py", lang="en", members="_T")
    labels = [expander.label for expander in page.expander]
    assert "What happened in these months (1 in the chart)" in labels
    region = text(page)
    assert "United States: de minimis ends" in region
    assert "Fiji: new de minimis" not in region
    fiji = text(open_page("views/trends.py", lang="fr", members="FJ"))
    assert "Fidji\u00a0: nouveau seuil de minimis" in fiji
    assert "DHL, Fiji VAT 2024" in fiji
    # In August 2022, before the months shown, and of another member.
    assert "Tonga" not in fiji.split("pp-events")[1].split("</ol>")[0]


@pytest.mark.parametrize(
    ("view", "audience", "trends"), [("views/overview.py", "public", 1), ("views/compare.py", "member_fj", 3)]
)
def test_events_stand_on_every_trend(
    view: str, audience: str, trends: int, open_page: OpenPage, text: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACIFIC_PARCELS_AUDIENCE", audience)
    page = open_page(view, lang="en")
    assert "United States: de minimis ends" in text(page).split("pp-events")[1]
    drawn = [{dataset.name for dataset in chart.proto.datasets} for chart in page.get("vega_lite_chart")]
    assert sum("events" in names for names in drawn) == trends


def test_an_address_restores_the_view(open_page: OpenPage, text: Read) -> None:
    page = open_page(
        "views/trends.py", lang="en", indicator="ITEMS", members="TO", split="channel", months="12"
    )
    assert not page.exception
    assert page.subheader[0].value == "Parcels · Tonga"
    assert page.selectbox(key="trends_members").value == "TO"
    body = text(page)
    # Twelve months of three channels: two months missing in all three; in the other ten the letters are
    # confidential, and of those ten the last is provisional in the two channels that are shown.
    assert (
        "Missing or withheld:\u00a06; confidential:\u00a010; provisional:\u00a02; estimated:\u00a00." in body
    )
    assert '<span class="pp-small">confidential</span>' in body


def test_a_view_without_figures_says_so_and_where_it_is_from(
    home: Path, open_page: OpenPage, text: Read
) -> None:
    with duckdb.connect(str(home / "published" / "public" / "20260420T090000Z.duckdb")) as connection:
        connection.execute("delete from indicators where member_code = 'FJ' and channel_code <> '_T'")
    body = text(open_page("views/trends.py", lang="en", members="FJ", split="channel"))
    assert Words("en")("trends.none") in body
    assert Words("en")("app.source", as_of="20 April 2026", run="20260420T090000Z") in body


def test_choices_go_into_the_address(open_page: OpenPage) -> None:
    page = open_page("views/trends.py", lang="fr")
    page.multiselect(key="trends_members").set_value(["FJ", "NC"]).run()
    page.selectbox(key="trends_indicator").set_value("DECLARED_VALUE_USD").run()
    assert not page.exception
    assert page.query_params == {"lang": "fr", "members": "FJ,NC", "indicator": "DECLARED_VALUE_USD"}
    page.multiselect(key="trends_members").set_value([]).run()
    assert page.query_params == {"lang": "fr", "indicator": "DECLARED_VALUE_USD"}


@pytest.mark.parametrize(
    "query",
    [
        {"indicator": "'; drop table members; --", "members": "FJ' or '1'='1", "split": "x", "months": "-1"},
        {"members": ",,,", "scale": "index", "indicator": "DUTY_USD"},
        {"members": ",".join(["FJ"] * 50)},
        {"audience": "secretariat", "lang": "<script>"},
    ],
)
def test_a_tampered_address_falls_back_to_what_there_is(
    query: dict[str, str], open_page: OpenPage, text: Read
) -> None:
    page = open_page("views/trends.py", **query)
    assert not page.exception
    assert Words("en").term("audience", "public") in text(page)
    assert "<script>" not in text(page)


def test_the_index_is_the_published_one(open_page: OpenPage, text: Read) -> None:
    page = open_page("views/trends.py", lang="en", scale="index", months="all")
    assert page.subheader[0].value == "Parcels, chain-linked index"
    # 100 in month 0, six points a month: 100 + 6 x 39
    assert "from 100.0 in December 2022 to 334.0 in March 2026" in text(page)


def test_the_definition_is_one_click_away(open_page: OpenPage, text: Read) -> None:
    body = text(open_page("views/trends.py", lang="fr", indicator="SHARE_LE_100_USD_PCT"))
    assert "Colis d’une valeur déclarée de 100 $ US au plus" in body
    assert "Extractions seulement." in body


def test_the_secretariat_sees_what_was_rejected_held_and_checked(
    open_page: OpenPage, text: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACIFIC_PARCELS_AUDIENCE", "secretariat")
    body = text(open_page("views/data_quality.py", lang="en"))
    plain = body.replace("\u00a0", " ")
    # member-months: FJ 40 + NC 40 + WS 34 + TO 28 = 142, of them one held and one missing
    assert "began: 142; in force: 140; held: 1; missing: 1." in plain
    # 6045 of 6200 rows
    assert "Of 6,200 rows received, 97.5% were accepted; rejected: 135; duplicate: 20." in plain
    assert (
        '<th scope="row" class="pp-code">R007</th><td class="pp-text">Unknown currency &lt;XYZ&gt;</td>'
        in body
    )
    assert "Use a code of ISO 4217." in body
    assert "Nine times the parcels of the month before." in body
    assert "Passed: 2; failed: 2; could not be carried out: 1." in plain
    assert "Dec 2022 – Sep 2023" in body


def test_the_public_is_told_what_it_is_not_given(open_page: OpenPage, text: Read) -> None:
    body = text(open_page("views/data_quality.py", lang="en"))
    assert body.count("This table is not shared with this audience.") == 3
    for private in ("R007", "Nine times the parcels", "6,200"):
        assert private not in body


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (lambda home: (home / "published" / "current.json").unlink(), "missing"),
        (lambda home: (home / "published" / "current.json").write_text("{"), "incomplete"),
    ],
)
def test_without_a_publication_both_languages_say_what_to_type(
    home: Path, open_page: OpenPage, break_it: Callable[[Path], object], reason: str
) -> None:
    break_it(home)
    page = open_page(lang="fr")
    assert not page.exception
    assert [info.value for info in page.info] == [Words(x).term("unavailable", reason) for x in ("fr", "en")]
    assert [code.value for code in page.code] == ["make run", "make run"]
    assert any(str(home) in caption.value for caption in page.caption)


@pytest.mark.parametrize(
    ("change", "view"),
    [
        ("alter table progress_commitments drop column support_needed", "my_gaps"),
        ("alter table receipts drop column rows_warned", "my_data"),
    ],
)
def test_an_older_file_of_an_audience_is_said_to_be_one(
    change: str, view: str, home: Path, monkeypatch: pytest.MonkeyPatch, open_page: OpenPage
) -> None:
    monkeypatch.setenv("PACIFIC_PARCELS_AUDIENCE", "member_fj")
    (path,) = (home / "published" / "member_fj").glob("*.duckdb")
    with duckdb.connect(path) as connection:
        connection.execute(change)
    page = open_page(f"views/{view}.py", lang="en")
    assert not page.exception
    assert [info.value for info in page.info] == [Words(x).term("unavailable", "older") for x in ("en", "fr")]
    assert [code.value for code in page.code] == ["make run", "make run"]


def test_a_new_publication_appears_without_a_restart(home: Path, open_page: OpenPage, text: Read) -> None:
    page = open_page(lang="en")
    assert "20260420T090000Z" in text(page)
    write_publication(home, run_id="20260521T090000Z")
    page.run()
    assert "20260521T090000Z" in text(page)
    assert "20260420T090000Z" not in text(page)


def test_one_run_reads_the_pointer_once(
    home: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is published meanwhile, a page is drawn from one publication."""
    reads: list[Path] = []
    read_text = Path.read_text

    def counted(self: Path, *arguments: object, **named: object) -> str:
        if self.name == "current.json":
            reads.append(self)
        return read_text(self, *arguments, **named)

    monkeypatch.setattr(Path, "read_text", counted)
    open_page(lang="en")
    assert len(reads) == 1


def test_anything_but_the_public_file_stays_on_this_computer(
    home: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACIFIC_PARCELS_AUDIENCE", "secretariat")
    config.set_option("server.address", "0.0.0.0")
    page = open_page(lang="en")
    assert "only for a person at this very computer" in page.info[0].value
    assert not page.title
    monkeypatch.setenv("PACIFIC_PARCELS_AUDIENCE", "public")
    assert open_page(lang="en").title[0].value == "Overview"


def test_a_page_with_nothing_published_for_the_region_still_opens(
    home: Path, open_page: OpenPage, text: Read
) -> None:
    with duckdb.connect(str(home / "published" / "public" / "20260420T090000Z.duckdb")) as connection:
        for table in (
            "indicators",
            "busiest_days",
            "quality_results",
            "exchange_rates",
            "indicator_definitions",
        ):
            connection.execute(f"delete from {table}")
    seen = [view for view in VIEWS if view not in HIDDEN["public"]]
    assert [view for view in seen if open_page(view, lang="en").exception] == []
    assert "not available" in text(open_page(lang="en"))


def test_a_failing_page_shows_a_sentence_and_no_traceback() -> None:
    def script() -> None:
        from dashboards.page import show_failure as handler

        handler(ValueError("secret detail"))

    page = AppTest.from_function(script).run()
    assert [error.value for error in page.error] == [Words(language)("app.failed") for language in LANGUAGES]


def test_the_settings_of_the_server_are_safe() -> None:
    options = tomllib.loads((APP.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert options["server"]["address"] == "127.0.0.1"
    assert options["server"]["enableXsrfProtection"]
    assert options["server"]["maxUploadSize"] <= 50
    assert options["client"]["showErrorDetails"] == "none"
    assert options["client"]["toolbarMode"] in ("viewer", "minimal")
    assert options["browser"]["gatherUsageStats"] is False


@pytest.mark.parametrize("times", [1, 6])
def test_the_pressure_stands_below_the_shorter_side_of_the_region(
    times: int, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four members are compared, or twenty-four: the chart of growth is lower, or higher, than the map."""
    monkeypatch.setenv("PACIFIC_PARCELS_AUDIENCE", "secretariat")
    contributions = data.contributions

    def many(*asked: Any) -> pd.DataFrame:
        return pd.concat([contributions(*asked)] * times, ignore_index=True)

    monkeypatch.setattr(data, "contributions", many)
    headings = [heading.value for heading in open_page("views/region.py", lang="en").subheader]
    growth, pressure = "Is the region growing, and because of whom?", "Where is the pressure?"
    after = "Parcels by member, January 2026" if times > 1 else growth
    assert headings.index(pressure) == headings.index(after) + 1


@pytest.mark.parametrize(
    ("audience", "where"),
    [
        # The check that could not be carried out has no place.
        ("secretariat", ["March 2026: Tonga", "–", "February 2026: Fiji, Tonga"]),
        ("member_fj", ["–", "–", "February 2026: Fiji"]),
        ("public", None),
    ],
)
def test_a_failed_check_names_the_members_and_months_to_those_concerned(
    audience: str, where: list[str] | None, open_page: OpenPage, text: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACIFIC_PARCELS_AUDIENCE", audience)
    body = text(open_page("views/data_quality.py", lang="en")).replace("\u00a0", " ")
    failed = body.split("<caption>Checks of this publication</caption>")[2]
    heads = re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', failed.split("</thead>")[0])
    cells = [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row) for row in failed.split("</tr>")[1:4]]
    assert [row[0] for row in cells] == ["E105", "E301", "E109"]
    assert ("Where" in heads) == (where is not None)
    if where is not None:
        assert [row[heads.index("Where")] for row in cells] == where


def test_the_secretariat_sees_what_grows_and_because_of_whom(
    open_page: OpenPage, text: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACIFIC_PARCELS_AUDIENCE", "secretariat")
    body = text(open_page("views/region.py", lang="en")).replace("\u00a0", " ")
    # Twelve months to 2026-01 (26 to 37) on those before (14 to 25): of each member the sum of its line.
    #   FJ 30900 on 23700, NC 13560 on 10680, WS 7380 on 5940, TO 1890 on 1170: 12240 more than 41490
    assert "Twelve months to January 2026 against the twelve before: +29.5%" in body
    assert "Most of it: Fiji (+17.4 points)." in body  # 7200 of 41490
    assert (
        '<th scope="row">Tonga</th><td class="pp-number">+1.7</td><td class="pp-number">+61.5%</td>' in body
    )
    assert "In January 2026 most parcels arrived in Fiji (2,850), then in New Caledonia (1,240)." in body
    assert "Busiest office in January 2026: SUVA in Fiji, 412 parcels on 14 January 2026." in body
    assert "Beyond the stated capacity on its busiest day: Fiji · NADI (120%)." in body
    assert "Months that came: 2; revised: 1; newly held: 1; gone: 0; new reporters: Samoa." in body
    assert "3 are in force for March 2026; not in force: Tonga." in body
    # Of the twelve months to 2026-03 Tonga has ten: one is missing, one held. 195 of its 200 rows are in.
    tonga = body.split('<th scope="row">Tonga</th>')[1].split("</tr>")[0]
    assert [cell.split("</td>")[0] for cell in tonga.split('<td class="pp-number">')[1:]] == [
        "10",
        "1",
        "5",
        "97.5%",
    ]


@pytest.mark.parametrize(
    ("audience", "view"), [(audience, view) for audience, hidden in HIDDEN.items() for view in sorted(hidden)]
)
def test_a_page_of_others_is_not_there(
    audience: str, view: str, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACIFIC_PARCELS_AUDIENCE", audience)
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        open_page(view)


def test_a_view_that_is_reached_all_the_same_shows_nothing(home: Path) -> None:
    def script() -> None:
        import streamlit

        from dashboards.page import current_page

        streamlit.title("before")
        current_page("secretariat", "member")
        streamlit.title("after")

    app = AppTest.from_function(script)
    app.session_state["page"] = Page(
        open_publication(Settings(home=home)), Words("en"), Identity(None, "public")
    )
    assert [title.value for title in app.run().title] == ["before"]


def test_a_series_stands_beside_its_seasonally_adjusted_one(open_page: OpenPage, text: Read) -> None:
    page = open_page("views/trends.py", lang="en", members="FJ,NC,WS,TO", adjusted="1", months="12")
    body = text(page)
    assert page.multiselect(key="trends_members").value == ["FJ", "NC", "WS"]  # six series at most
    assert "Fiji, seasonally adjusted" in body
    # Fiji in 2026-03 (month 39): 1000 + 50 x 39 = 2950, and 95 in a hundred of it.
    assert '<th scope="row">March 2026</th><td class="pp-number">2,950 ' in body
    assert '<td class="pp-number">2,802 ' in body
    page = open_page("views/trends.py", lang="en", members="FJ,NC,WS,TO", adjusted="0", months="12")
    assert "seasonally adjusted</th>" not in text(page)


def test_origins_are_named_the_largest_first(open_page: OpenPage, text: Read) -> None:
    body = text(open_page("views/trends.py", lang="fr", split="counterpart", members="FJ", months="12"))
    head = body.split("<thead>")[1].split("</thead>")[0]
    assert [head.index(name) for name in ("Chine", "Nouvelle-Zélande", "Non connu")] == sorted(
        head.index(name) for name in ("Chine", "Nouvelle-Zélande", "Non connu")
    )
    # 70 in a hundred of 2950
    assert '<th scope="row">mars 2026</th><td class="pp-number">2\u202f065 ' in body


def test_a_member_sees_what_it_sent_and_what_to_do(
    open_page: OpenPage, text: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACIFIC_PARCELS_AUDIENCE", "member_fj")
    body = text(open_page("views/my_data.py", lang="en")).replace("\u00a0", " ")
    # Its two extracts: 5850 of 6000 rows accepted.
    assert '<dd class="pp-figure">97.5%</dd><dd class="pp-note">of 6,000 rows received' in body
    assert '<dd class="pp-figure">5 days</dd>' in body
    assert (
        '<th scope="row" class="pp-code">R007</th><td class="pp-text">Unknown currency &lt;XYZ&gt;</td>'
        in body
    )
    assert '<td class="pp-text">Use a code of ISO 4217.</td>' in body
    assert '<th scope="row">fj-2026-03.csv</th>' in body
    # 2780 parcels became 2800 in December 2025: 0.7 in a hundred
    assert "Months that changed since they first came: 1 of 2; most of all December 2025 (+0.7%)." in body
    assert "to-2026-03.csv" not in body
    assert "Nine times" not in body


def test_a_member_is_set_beside_its_peers(
    open_page: OpenPage, text: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACIFIC_PARCELS_AUDIENCE", "secretariat")
    page = open_page("views/compare.py", lang="en", member="FJ", indicator="ITEMS")
    body = text(page).replace("\u00a0", " ")
    # 2026-03 (month 39): FJ 2950, NC 1280, WS 690, TO held: the median of the peers is 985.
    assert '<dt>Own figure</dt><dd class="pp-figure">2,950</dd>' in body
    assert '<dt>Median of the peers</dt><dd class="pp-figure">985</dd>' in body
    assert '<dd class="pp-figure">+199%</dd>' in body  # (2950 - 985) / 985 = 199.5 in a hundred
    assert "too few figures for a place to mean anything" in body
    assert "In March 2026, highest: Fiji (2,950); lowest: Samoa (690)." in body
    assert "Without a figure for March 2026: Tonga." in body
    relief = text(open_page("views/compare.py", lang="en", member="FJ", indicator="ITEMS", peers="relief"))
    assert '<th scope="row">Samoa</th>' in relief
    assert '<th scope="row">New Caledonia</th>' not in relief
    assert "Peers of this kind: Samoa." in relief


def test_a_member_is_compared_per_person_and_the_address_says_so(
    open_page: OpenPage, text: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACIFIC_PARCELS_AUDIENCE", "secretariat")
    page = open_page("views/compare.py", lang="en", member="FJ", indicator="ITEMS")
    page.segmented_control(key="compare_scale").set_value("per_person").run()
    assert page.query_params["scale"] == "per_person"
    body = text(page)
    # Thousand people: FJ 900, NC 270, WS 200. 2950 / 900 = 3.278; the median of 1280 / 270 = 4.741 and
    # 690 / 200 = 3.45 is 4.095; 3.278 is 20.0 in a hundred below it.
    assert '<dt>Own figure</dt><dd class="pp-figure">3.3</dd>' in body
    assert '<dt>Median of the peers</dt><dd class="pp-figure">4.1</dd>' in body
    assert '<dt>Distance to the median</dt><dd class="pp-figure">−20.0%</dd>' in body
    # An indicator that is a share already has no such measure.
    share = open_page("views/compare.py", lang="en", member="FJ", indicator="SHARE_LE_100_USD_PCT")
    assert [control.key for control in share.segmented_control] == ["compare_peers"]


def test_a_member_compares_itself_and_nobody_else(
    open_page: OpenPage, text: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACIFIC_PARCELS_AUDIENCE", "member_fj")
    page = open_page("views/compare.py", lang="fr", member="NC", indicator="ITEMS")
    assert not [box for box in page.selectbox if box.key == "compare_member"]
    assert '<dt>Chiffre propre</dt><dd class="pp-figure">2\u202f950</dd>' in text(page)


def test_builds_are_told_to_the_secretariat_alone(
    home: Path, open_page: OpenPage, text: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = home / "history" / "builds.jsonl"
    history.parent.mkdir()
    build = {
        "started_at": "2026-04-20T09:05:00+00:00", "seconds": 61.4, "is_success": False, "models": 80,
        "tests": 300, "failed": ["mart_items"], "slowest": [["mart_item_cube", 12.34]],
    }  # fmt: skip
    history.write_text(json.dumps(build) + "\n", encoding="utf-8")
    assert "mart_item_cube" not in text(open_page("views/data_quality.py", lang="fr"))
    monkeypatch.setenv("PACIFIC_PARCELS_AUDIENCE", "secretariat")
    body = text(open_page("views/data_quality.py", lang="fr")).replace("\u00a0", " ")
    assert "Dernier calcul : échoué, 61 secondes, 80 modèles et 300 tests." in body
    assert '<th scope="row">20 avril 2026, 9 h 05 UTC</th>' in body
    assert "mart_item_cube 12,3" in body


def test_the_open_data_are_offered_with_a_citation(open_page: OpenPage, text: Read) -> None:
    page = open_page("views/methods.py", lang="en")
    labels = [button.label for button in page.get("download_button")]
    assert len(labels) >= 5
    assert any(label.startswith("Methodology (HTML)") for label in labels)
    assert any(label.startswith("All figures (Parquet)") for label in labels)
    assert "Oceania Customs Organisation (2026). Pacific Parcels, publication 20260420T090000Z" in text(page)
