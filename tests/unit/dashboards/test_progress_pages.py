"""The pages of progress: their figures are those of tests/progress_fixture.py, worked out by hand there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from dashboards import progress_data
from dashboards.data import open_publication
from dashboards.words import Words
from pacific_parcels.settings import Settings
from tests.progress_tables import PROGRESS_TABLES
from tests.unit.dashboards.conftest import OpenPage

Read = Callable[[AppTest], str]
See = Callable[..., tuple[AppTest, str]]
AUDIENCE = {
    "views/progress.py": "public",
    "views/my_gaps.py": "member_fj",
    "views/plan.py": "secretariat",
}
OWN = "member_code = 'FJ'"
PAGES = [(view, language) for view in AUDIENCE for language in ("en", "fr")]


@pytest.fixture
def see(open_page: OpenPage, text: Read, monkeypatch: pytest.MonkeyPatch) -> See:
    """see("public", "views/progress.py", lang="en"): the page and its words, with plain spaces."""

    def visit(audience: str, view: str, **query: str) -> tuple[AppTest, str]:
        monkeypatch.setenv("PACIFIC_PARCELS_AUDIENCE", audience)
        page = open_page(view, **query)
        assert not page.exception
        return page, text(page).replace("\u00a0", " ").replace("\u202f", " ")

    return visit


def figures(body: str) -> dict[str, str]:
    """The cards, by their labels."""
    return dict(re.findall(r'<dt>(.*?)</dt><dd class="pp-figure">(.*?)</dd>', body))


def rows(body: str, table: str) -> dict[str, list[str]]:
    """The cells of the table of that name, without their tags, by the heads of its rows."""
    found = body.split(f"<caption>{table}</caption>")[1].split("</table>")[0].split("<tbody>")[1]
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in found.split("</tr>") if "<t" in row]
    return {row[0]: [re.sub(r"<[^>]*>", "", cell) for cell in row[1:]] for row in cells}


def alternatives(page: AppTest) -> list[str]:
    texts = [chart.proto.alt for chart in page.get("vega_lite_chart")]
    return [escape(text.replace("\u00a0", " ").replace("\u202f", " ")) for text in texts]


def datasets(page: AppTest, place: int) -> set[str]:
    return {dataset.name for dataset in page.get("vega_lite_chart")[place].proto.datasets}


def ask(home: Path, audience: str, sql: str) -> Any:
    """One figure by plain SQL, over the connection that the pages have open."""
    return open_publication(Settings(home=home, audience=audience)).rows(sql).iloc[0, 0]


def test_the_public_sees_the_region_and_who_consented(see: See, home: Path) -> None:
    page, body = see("public", "views/progress.py", lang="en")
    # 11 of 21 points, 8 of 21 in 2025-Q3; ADB's project is withheld: of two actions due none was on time, and
    # of 55,000 dollars 20,000 are done.
    assert figures(body) == {
        "Rate of implementation, region": "52.4%",
        "Movement since the baseline (points)": "+14.3",
        "Done on time": "0.0%",
        "Budget of what is done": "36.4%",
    }
    assert "Q1 2026; measures counted: 2, members: up to 4. Between 45.8% and 58.3%" in body
    assert "US$20,000 of US$55,000" in body
    assert "one or more projects are confidential" in body
    assert rows(body, "Region by principle or article") == {
        "P1 · Advance data": ["75.0%", "50.0%", "+25.0", "75.0%", "75.0%", "1"],
        "P2 · Simplification": ["22.2%", "22.2%", "0.0", "16.7%", "41.7%", "1"],
    }
    assert "Region: from 38.1% in Q3 2025 to 52.4% in Q1 2026." in body
    # The one that consented, and nobody else.
    assert rows(body, "Measure by measure") == {
        "S01 · Legal framework": ["●Fully implemented"],
        "S02 · Standards &lt;of data&gt; *": ["◔Pilot stage"],
        "S05 · Simplified clearance": ["●Fully implemented"],
    }
    assert "In Q1 2026, members named: 1; measures: 3; stages: fully implemented 2, pilot stage 1." in body
    assert "* This name is not confirmed by our sources." in body
    assert "Fiji" not in body
    projects = rows(body, "What each project moved, and its budget")
    assert projects["PACER · EU"] == [
        *("1", "2", "US$50,000", "US$20,000", "2", "1", "2", "0", "1", "1"),
    ]
    assert projects["A project that is not named"] == ["confidential"] * 2 + ["–"] * 2 + ["confidential"] * 6
    assert ask(home, "public", "select count(*) from progress_stages where member_code <> 'NC'") == 0
    assert all(alternatives(page))
    assert all(summary in body for summary in alternatives(page))


def test_counts_say_what_is_confidential_and_what_is_older(see: See) -> None:
    page, body = see("public", "views/progress.py", lang="en", form="counted")
    assert page.segmented_control(key="progress_form").value == "counted"
    assert rows(body, "Measure by measure") == {
        "S01 · Legal framework": ["2", "1", "1", "0", "0", "0", "Q1 2026"],
        "S02 · Standards &lt;of data&gt; *": [*["confidential"] * 6, "–"],
        "S05 · Simplified clearance": ["0", "1", "0", "2", "1", "0", "Q3 2025"],
    }
    assert "For Q1 2026 the counts of 2 of 3 measures may be shown; the others are confidential." in body
    assert "Most members have fully implemented: Legal framework (2 of 4)." in body
    assert "because too few members have moved since: S05 (Q3 2025)." in body
    assert "withheld" in datasets(page, 2)
    _, whole = see("secretariat", "views/progress.py", lang="en", form="counted")
    assert "For Q1 2026 the counts of all 3 measures are shown." in whole
    assert "too few members have moved" not in whole


def test_where_nobody_consented_there_are_counts(see: See, home: Path) -> None:
    with duckdb.connect(str(home / "published" / "public" / "20260420T090000Z.duckdb")) as connection:
        for table in ("stages", "rates", "forecasts", "commitments", "commitment_shares", "actions"):
            connection.execute(f"delete from progress_{table} where member_code = 'NC'")
    page, body = see("public", "views/progress.py", lang="en", member="NC", form="named")
    assert "2 of 3 measures may be shown" in body
    assert not [box for box in page.selectbox if box.key == "progress_member"]
    assert not page.segmented_control
    assert "New Caledonia" not in body


def test_a_member_stands_beside_the_region_and_the_address_says_so(see: See) -> None:
    page, _ = see("secretariat", "views/progress.py", lang="fr")
    page.selectbox(key="progress_member").set_value("FJ").run()
    assert page.query_params["member"] == "FJ"
    _, body = see("secretariat", "views/progress.py", lang="fr", member="FJ")
    # 3 of 9 points in 2025-Q3, 5 of 9 in 2026-Q1; the region 10 and 15 of 33.
    assert "Région : de 30,3 % au T3 2025 à 45,5 % au T1 2026." in body
    assert "Fidji : de 33,3 % au T3 2025 à 55,6 % au T1 2026." in body
    assert rows(body, "Évolution par trimestre")["T4 2025"] == ["36,4 %", "44,4 %"]


def test_commitments_are_shares_and_unknown_stays_unknown(see: See) -> None:
    _, body = see("secretariat", "views/progress.py", lang="en", framework="WTO_TFA")
    # Of eight: 3, 1, 2, 1 and 1.
    assert (
        "Of 8 commitments of 4 members: to date 37.5%; by a date without support 12.5%, with support 25.0%; "
        "not yet designated 12.5%; unknown 12.5%."
    ) in body
    table = rows(body, "Commitments by date")
    assert list(table) == ["Region", "Fiji", "New Caledonia", "Samoa", "Tonga"]
    assert table["Samoa"] == ["0", "0", "1", "0", "1", "2"]
    assert "No rate may be shown for this framework." in body
    _, public = see("public", "views/progress.py", lang="en", framework="WTO_TFA")
    assert list(rows(public, "Commitments by date")) == ["Region", "New Caledonia"]


def test_withheld_commitments_are_a_word(see: See, home: Path) -> None:
    with duckdb.connect(str(home / "published" / "public" / "20260420T090000Z.duckdb")) as connection:
        counts = (
            *("measures", "to_date", "without_support", "with_support", "not_designated", "unknown"),
            "members",
        )
        nothing = ", ".join(f"{name}_count = null" for name in counts)
        connection.execute(
            f"update progress_commitment_shares set conf_status = 'C', {nothing} where member_code = '_T'"
        )
    page, body = see("public", "views/progress.py", lang="fr", framework="WTO_TFA")
    assert "Les engagements de la région sont confidentiels." in body
    assert rows(body, "Engagements par échéance")["Région"] == ["confidentiel"] * 6
    assert "withheld" in datasets(page, 0)


def test_trainings_of_the_region_are_told_unless_withheld(see: See) -> None:
    assert (
        "Trainings held: 3, in 2 members; participants: 45."
        in see("secretariat", "views/progress.py", lang="en")[1]
    )
    assert "Trainings held" not in see("public", "views/progress.py", lang="en")[1]


def test_a_member_sees_its_gaps_and_who_closed_them(see: See, home: Path) -> None:
    page, body = see("member_fj", "views/my_gaps.py", lang="en")
    # 5 of 9 points, 3 of 9 in 2025-Q3; S02 and S05 are open; one of three actions is overdue.
    assert figures(body) == {
        "Own rate of implementation": "55.6%",
        "Measures not full": "2",
        "Overdue actions": "1",
        "Next commitment": "–",
    }
    table = rows(body, "Measures not full, and who has done them already")
    assert table["S02 · Standards &lt;of data&gt; *"] == [
        *("◕ Partially implemented", "confidential", "8 December 2025"),
        *("The administration itself", "Advance data"),
    ]
    # New Caledonia consented, and has it in full.
    assert table["S05 · Simplified clearance"][:3] == [
        *("○ Not implemented", "New Caledonia", "10 September 2025"),
    ]
    assert "In Q1 2026 the lowest own rate: Simplification (0.0%). Below the region: Simplification." in body
    assert rows(body, "Own rate by principle or article") == {
        "P1 · Advance data": ["83.3%", "75.0%"],
        "P2 · Simplification": ["0.0%", "22.2%"],
    }
    assert "full implementation comes on 30 June 2028. Eight in ten such paths do not end before" in body
    assert "no latest date can be told" in body
    assert "Overdue actions wait for: Ministry of Finance (1)." in body
    actions = rows(body, "My actions")
    assert actions["Risk engine &lt;live&gt;"][:3] == [
        "▲ Overdue, 181 days after the first date", "Customs IT", "Ministry of Finance",
    ]  # fmt: skip
    assert list(actions) == ["Risk engine &lt;live&gt;", "Express lane", "Law on advance data"]
    assert "Data model" not in body, "an action of another member that is named"
    assert figures(body)["Overdue actions"] == str(
        ask(home, "member_fj", f"select count(*) from progress_actions where is_overdue and {OWN}")
    )
    assert all(alternatives(page))


def test_a_gap_without_a_named_peer_says_how_many_have_closed_it(see: See, home: Path) -> None:
    with duckdb.connect(str(home / "published" / "member_fj" / "20260420T090000Z.duckdb")) as connection:
        connection.execute("update progress_stages set stage_code = 'PILOT' where member_code = 'FJ'")
        connection.execute("update progress_stages set stage_code = 'NONE' where member_code = 'NC'")
        connection.execute("delete from progress_stages where member_code = 'FJ' and measure_code = 'S05'")
    _, body = see("member_fj", "views/my_gaps.py", lang="fr")
    table = rows(body, "Mesures non pleinement mises en œuvre, et qui les applique déjà")
    assert table["S01 · Cadre juridique"][1] == "membres : 2 (T1 2026)"
    # Never assessed: not known, on no day, by nobody.
    assert table["S05 · Dédouanement simplifié"] == [
        "? Non connu", "membres : 0 (T3 2025)", "–", "–", "Simplification des formalités",
    ]  # fmt: skip


def test_a_members_next_dates_and_why_there_is_no_forecast(see: See) -> None:
    _, body = see("member_fj", "views/my_gaps.py", lang="fr", framework="WTO_TFA")
    assert figures(body)["Prochain engagement"] == "31 décembre 2026"
    assert rows(body, "Prochaines échéances") == {
        "31 décembre 2026": [
            "7.8 · Envois accélérés",
            "C : à une date donnée, avec assistance et renforcement des capacités",
            "Date définitive",
            "Drafting &lt;of a law&gt;",
        ]
    }
    assert "Pas de prévision : moins de quatre mois avec des évaluations des mêmes mesures." in body


def test_what_was_never_assessed_is_no_gap_of_none(see: See) -> None:
    """Fiji has commitments of the WTO agreement, and no assessment: what it lacks is not known."""
    _, body = see("member_fj", "views/my_gaps.py", lang="en", framework="WTO_TFA")
    assert figures(body)["Measures not full"] == "–"
    assert "Nothing of this framework was assessed yet, so what is missing is not known." in body


def test_a_forecast_with_both_ends(see: See, home: Path) -> None:
    with duckdb.connect(str(home / "published" / "member_fj" / "20260420T090000Z.duckdb")) as connection:
        connection.execute("update progress_forecasts set latest_on = '2031-02-28' where member_code = 'FJ'")
    _, body = see("member_fj", "views/my_gaps.py", lang="en")
    assert (
        "comes on 30 June 2028; eight in ten such paths end between 31 March 2027 and 28 February 2031."
    ) in body


def test_what_does_not_seem_to_fit_is_told_to_the_member_first_and_carefully(see: See) -> None:
    _, body = see("member_fj", "views/my_gaps.py", lang="en")
    table = rows(body, "Assessment and measured figures")
    assert "In 2 of 3 pairs the assessment and the extracts do not seem to fit. Both can be right" in body
    assert list(table) == [
        *("S01 · Legal framework", "S05 · Simplified clearance", "S02 · Standards &lt;of data&gt; *"),
    ]
    assert table["S01 · Legal framework"] == [
        "● Fully implemented",
        "Share at or under US$100: 8.5% (median of 12 months)",
        "⚑ The two do not seem to fit: the extracts show less than the assessment says. Both can be right. "
        "Please look at it before others do.",
        "A law can be in force before data come.",
    ]
    assert table["S05 · Simplified clearance"][2].startswith("⚑ The extracts show more")
    # An indicator without a title here is called by its code.
    assert table["S02 · Standards &lt;of data&gt; *"][1] == "RELEASE_HOURS: 5.0 hours (median of 3 months)"
    assert "⚑" not in table["S02 · Standards &lt;of data&gt; *"][2]
    for audience in ("public", "secretariat"):
        _, others = see(audience, "views/progress.py", lang="en")
        assert "do not seem to fit" not in others


def test_the_secretariat_sees_the_plan_and_what_holds_it_up(see: See, home: Path) -> None:
    page, body = see("secretariat", "views/plan.py", lang="en")
    assert figures(body) == {
        "Actions": "6",
        "Done on time": "25.0%",
        "Overdue": "2",
        "Median slippage": "20 days",
    }
    assert "of 4 that are due" in body
    assert "Actions: 6; overdue 2, under way 0, planned 1, done 2, stopped 1." in body
    assert "Overdue: 2. The longest: Risk engine &lt;live&gt; (Fiji), 181 days after the date" in body
    overdue = rows(body, "Overdue")
    assert list(overdue) == ["Risk engine &lt;live&gt;", "Data model"]
    assert overdue["Data model"] == [
        *("▲ Overdue, 20 days after the first date", "New Caledonia", "Data office", "Ministry of Finance"),
        *("31 March 2026", "31 March 2026", "–", "20", "1 July 2025", "S02 · Standards &lt;of data&gt; *"),
        *("National plan", "US$30,000"),
    ]
    assert rows(body, "What actions wait for") == {
        "Ministry of Finance": ["2", "2", "Fiji, New Caledonia", "Risk engine &lt;live&gt;, Data model"]
    }
    assert rows(body, "Actions by member") == {
        "Fiji": ["1", "0", "1", "1", "0", "3", "US$50,000"],
        "New Caledonia": ["1", "0", "0", "0", "0", "1", "US$30,000"],
        "Samoa": ["0", "0", "0", "0", "1", "1", "US$5,000"],
        "Tonga": ["0", "0", "0", "1", "0", "1", "US$20,000"],
    }
    assert rows(body, "Trainings") == {"Region": ["3", "45"], "Fiji": ["2", "30"], "Tonga": ["1", "15"]}
    assert figures(body)["Overdue"] == str(
        ask(home, "secretariat", "select count(*) filter (is_overdue) from progress_actions")
    )
    timeline = json.loads(page.get("vega_lite_chart")[0].proto.spec)
    assert {"spans", "beyond", "firsts", "today"} <= {layer["data"]["name"] for layer in timeline["layer"]}


def test_the_plan_of_one_member_is_in_the_address(see: See) -> None:
    page, body = see("secretariat", "views/plan.py", lang="fr", member="FJ", plan="REGIONAL")
    assert page.selectbox(key="plan_member").value == "FJ"
    assert page.segmented_control(key="plan_plan").value == "REGIONAL"
    assert figures(body)["Nombre d’actions"] == "1"
    assert figures(body)["Achevées à temps"] == "–"
    assert "Aucune action n’est en souffrance." in body
    assert "Aucune action ouverte n’attend un autre service." in body
    _, none = see("secretariat", "views/plan.py", lang="fr", member="TO", plan="NATIONAL")
    assert "Aucune action pour ce choix." in none
    assert figures(none)["Glissement médian"] == "–"


def test_a_long_plan_shows_its_first_actions_and_tells_of_the_others(see: See, home: Path) -> None:
    with duckdb.connect(str(home / "published" / "secretariat" / "20260420T090000Z.duckdb")) as connection:
        connection.execute(
            "insert into progress_actions select * exclude (i) replace ('X' || i as action_id) "
            "from progress_actions, range(41) r(i) where action_id = 'FJ-3'"
        )
    page, body = see("secretariat", "views/plan.py", lang="en")
    assert "The picture has the first 40: the overdue ones, then those that are open, then the others" in body
    assert "Actions: 47; overdue 2" in body
    height = json.loads(page.get("vega_lite_chart")[0].proto.spec)["height"]
    assert 40 * 40 < height < 50 * 40


def test_a_framework_that_is_not_confirmed_says_so(see: See, home: Path) -> None:
    with duckdb.connect(str(home / "published" / "public" / "20260420T090000Z.duckdb")) as connection:
        connection.execute("update progress_frameworks set is_confirmed = false")
    page, body = see("public", "views/progress.py", lang="fr", framework="WTO_TFA")
    assert page.selectbox(key="progress_framework").options == ["Cadre de l’OMD *", "Accord de l’OMC *"]
    assert "* Ce libellé n’est pas confirmé par nos sources." in body


@pytest.mark.parametrize(("view", "language"), PAGES)
def test_a_publication_without_anything_on_progress_says_so(
    view: str, language: str, see: See, home: Path
) -> None:
    audience, say = AUDIENCE[view], Words(language)
    tables = re.findall(r"create table (\w+)", PROGRESS_TABLES)
    assert set(tables) == set(progress_data.TABLES)
    with duckdb.connect(str(home / "published" / audience / "20260420T090000Z.duckdb")) as connection:
        for table in tables:
            connection.execute(f"delete from {table}")
    page, body = see(audience, view, lang=language)
    expected = say("progress.projects_none") if view == "views/plan.py" else say("progress.nothing")
    assert expected.replace("\u00a0", " ").replace("\u202f", " ") in body
    assert say("app.source_synthetic").replace("\u00a0", " ") in body
    assert not page.get("vega_lite_chart")


@pytest.mark.parametrize("view", AUDIENCE)
def test_a_publication_of_an_older_version_says_so(view: str, see: See, home: Path) -> None:
    audience = AUDIENCE[view]
    with duckdb.connect(str(home / "published" / audience / "20260420T090000Z.duckdb")) as connection:
        for table in progress_data.TABLES:
            connection.execute(f"drop table {table}")
    assert not progress_data.is_told(open_publication(Settings(home=home, audience=audience)))
    assert Words("en")("progress.older") in see(audience, view, lang="en")[1]


@pytest.mark.parametrize("empty", [0, 1])
@pytest.mark.parametrize("view", AUDIENCE)
def test_tables_may_be_empty_beside_others_that_are_not(view: str, empty: int, see: See, home: Path) -> None:
    """Every second table, and then the others."""
    audience = AUDIENCE[view]
    tables = progress_data.TABLES[1:][empty::2]
    assert len(tables) >= 5
    with duckdb.connect(str(home / "published" / audience / "20260420T090000Z.duckdb")) as connection:
        for table in tables:
            connection.execute(f"delete from {table}")
    _, body = see(audience, view, lang="fr")
    assert "Source" in body


def test_a_measure_of_an_open_list_is_called_by_its_code(see: See, home: Path) -> None:
    with duckdb.connect(str(home / "published" / "secretariat" / "20260420T090000Z.duckdb")) as connection:
        connection.execute(
            "insert into progress_stages values "
            "('FJ', 'WCO_RKC', 'GA.9.x', '2026-Q1', 'PILOT', '2026-03-01', 'DESK_REVIEW', true)"
        )
    _, body = see("secretariat", "views/progress.py", lang="en", framework="WCO_RKC")
    assert rows(body, "Measure by measure") == {"GA.9.x": ["◔Pilot stage"]}
    assert "not confirmed by our sources" not in body


@pytest.mark.parametrize("view", AUDIENCE)
def test_a_tampered_address_falls_back(view: str, see: See) -> None:
    query = {"framework": "'; drop table members; --", "member": "FJ' or '1'='1", "form": "x"}
    _, body = see(AUDIENCE[view], view, lang="en", plan="<script>", **query)
    assert "<script>" not in body
    assert "drop table" not in body
    assert "Source" in body
