"""What a brief of progress says, against figures worked by hand in the head of conftest."""

from __future__ import annotations

import gzip
import re
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import duckdb
import pytest

from pacific_parcels.briefs.brief import Brief, Chart
from pacific_parcels.briefs.figures import PublishedFigures
from pacific_parcels.briefs.html import page_of
from pacific_parcels.briefs.pdf import Press
from pacific_parcels.briefs.progress import brief_of_progress
from pacific_parcels.briefs.words import NARROW_SPACE, Language, Say

LANGUAGES: tuple[Language, ...] = ("en", "fr")


@cache
def brief(path: Path, language: Language = "en") -> Brief:
    with PublishedFigures(path) as figures:
        return brief_of_progress(figures, language)


def chart(brief: Brief, key: str) -> Chart:
    (found,) = (chart for chart in brief.charts if chart.key == key)
    return found


def changed(progressed: dict[str, Path], audience: str, tmp_path: Path, *statements: str) -> Path:
    """A copy of an audience's file in which something is otherwise."""
    path = Path(shutil.copy(progressed[audience], tmp_path / f"{audience}.duckdb"))
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)
    return path


class TestFirstLines:
    def test_the_lead_has_the_rate_and_its_change(self, progressed: dict[str, Path]) -> None:
        assert brief(progressed["public"]).lead == (
            "The region’s rate of implementation was 45.5% in Q1\u00a02026, 9.1\u00a0points more than in "
            "Q3\u00a02025 (Framework of Standards)."
        )
        assert brief(progressed["public"], "fr").lead == (
            f"Au 1er\u00a0trimestre\u00a02026, le taux de mise en œuvre de la région était de "
            f"45,5{NARROW_SPACE}%, soit 9,1\u00a0points de plus qu’au 3e\u00a0trimestre\u00a02025 "
            "(Cadre de normes)."
        )

    def test_every_headline_says_what_it_rests_on(self, progressed: dict[str, Path]) -> None:
        headlines = brief(progressed["public"]).headlines

        assert [(one.label, one.value, list(one.notes)) for one in headlines] == [
            (
                "Rate of implementation",
                "45.5%",
                ["Q1\u00a02026", "on 3 of 5 measures, up to 4 members"],
            ),
            (
                "Movement since Q3\u00a02025",
                "+9.1\u00a0points",
                ["from 36.4%", "then on 2 measures, up to 3 members"],
            ),
            ("Actions on time", "62.5%", ["5 of 8 due", "2 overdue", "of the projects shown"]),
            (
                "Budget of actions",
                "US$400,000",
                ["US$200,000 of it in actions done (50.0%)", "of the projects shown"],
            ),
            (
                "Commitments to date",
                "37.5%",
                ["Trade Facilitation Agreement", "54 of 144, in 4 members", "6 with no date"],
            ),
        ]

    def test_a_framework_whose_name_no_source_confirms_is_marked(
        self, progressed: dict[str, Path], tmp_path: Path
    ) -> None:
        path = changed(progressed, "public", tmp_path, "update progress_frameworks set is_confirmed = false")

        assert brief(path).lead.endswith("(Framework of Standards, a name not confirmed).")

    def test_one_quarter_alone_has_no_movement(self, progressed: dict[str, Path], tmp_path: Path) -> None:
        first = "delete from progress_rates where time_period < '2026-Q1'"
        alone = brief(changed(progressed, "public", tmp_path, first))

        assert "more than" not in alone.lead
        assert (alone.headlines[1].label, alone.headlines[1].value) == (
            "Movement since baseline",
            "no figure",
        )
        assert [chart.key for chart in alone.charts] == ["areas", "stages", "projects"]
        assert "Upright tick" not in chart(alone, "areas").said

    def test_what_is_withheld_is_called_so(self, progressed: dict[str, Path], tmp_path: Path) -> None:
        hidden = brief(
            changed(
                progressed,
                "public",
                tmp_path,
                "update progress_rates set rate_pct = null, lowest_pct = null, highest_pct = null",
                "update progress_projects set conf_status = 'C', due_count = null, budget_usd = null",
                "update progress_commitment_shares set conf_status = 'C', measures_count = null",
            )
        )

        assert hidden.lead == "No rate of implementation of the region may be shown yet."
        assert [one.value for one in hidden.headlines] == ["withheld", "no figure"] + ["withheld"] * 3


class TestCharts:
    def test_principles_now_and_at_first(self, progressed: dict[str, Path]) -> None:
        areas = chart(brief(progressed["public"]), "areas")

        assert areas.title == "Lowest: Revenue, 11.1%"
        assert areas.twin.rows == [
            ["Advance Data", "50.0", "+16.7", "1", "4"],
            ["Facilitation", "66.7", "", "1", "4"],  # no baseline
            ["Revenue", "11.1", "+11.1", "1", "4"],
        ]
        assert "50.0% (+16.7)" in areas.svg
        assert areas.svg.count('stroke-width="1.8"') == 2  # upright ticks: of those with a baseline

    def test_a_hundred_per_cent_is_the_full_width(self, progressed: dict[str, Path]) -> None:
        """120 units are a hundred: 50 % are 60 of them."""
        areas = chart(brief(progressed["public"]), "areas")

        assert re.findall(r'<rect x="148" y="[\d.]+" width="([\d.]+)"', areas.svg) == ["60", "80", "13.3"]

    def test_quarters_of_two_frameworks_with_the_gap_between(self, progressed: dict[str, Path]) -> None:
        quarters = chart(brief(progressed["public"]), "quarters")

        assert quarters.title == "9.1\u00a0points up since Q3\u00a02025"
        assert quarters.twin.head == ["Quarter", "Framework of Standards", "Trade Facilitation Agreement"]
        assert quarters.twin.rows == [
            ["Q1\u00a02026", "45.5", "25.0"],
            ["Q4\u00a02025", "", ""],
            ["Q3\u00a02025", "36.4", "0.0"],
        ]
        assert quarters.said == (
            "Unbroken line: Framework of Standards, from 36.4% to 45.5%. Broken line: Trade Facilitation "
            "Agreement, from 0.0% to 25.0%. Gap: missing or withheld."
        )

    def test_measures_by_stage(self, progressed: dict[str, Path]) -> None:
        stages = chart(brief(progressed["public"]), "stages")

        # Known: 4 + 4 + 3; full: 1 + 2.
        assert stages.title == "3 of 11 known stages are full"
        assert re.findall(r">(\d+\.\d%|withheld)<", stages.svg) == ["50.0%", "withheld", "66.7%", "11.1%"]
        assert stages.svg.count('fill="url(#stages-h)"') == 1
        assert stages.said.endswith("Hatched: withheld.")

    def test_projects_with_budget_and_stages_gained(self, progressed: dict[str, Path]) -> None:
        projects = chart(brief(progressed["public"]), "projects")

        assert projects.title == "50.0% of the budget is in actions done"
        assert projects.twin.rows == [
            ["Bridges (Aid of Atlantis)", "6", "3", "1", "US$300,000", "US$120,000", "+4"],
            ["Data <first> (Bank)", "5", "3", "1", "US$100,000", "US$80,000", "−1"],
            ["No donor or project named", "2", "0", "0", "US$0", "US$0", "0"],
            ["A project not named", "c", "c", "c", "c", "c", "c"],
        ]
        assert "US$300,000, +4\u00a0stages" in projects.svg
        assert "no budget stated, 0\u00a0stages" in projects.svg
        assert "not shown to be the project’s effect" in projects.said
        assert "Not shown" not in projects.said

    def test_of_many_projects_the_largest_are_drawn(
        self, progressed: dict[str, Path], tmp_path: Path
    ) -> None:
        more = (
            "insert into progress_projects select 'Bank', 'P' || i, 3, 1, 1, 0, 0, 1, 0, 0, 1000 * i, 0, 0, "
            "1, 'F' from range(1, 10) r(i)"
        )
        shown = brief(changed(progressed, "public", tmp_path, more))

        projects = chart(shown, "projects")
        assert len(projects.twin.rows) == 8
        assert projects.svg.count("<rect") == 16  # eight bars of two parts
        assert "Not shown: 5 with smaller budgets or withheld." in projects.said
        # Of eleven with an overdue action three are named.
        assert shown.actions[1].endswith(
            "(11) wait for: Bridges (Aid of Atlantis) (1), Data <first> (Bank) (1), "
            "P9 (Bank) (1) and 8 others."
        )


class TestTable:
    def test_members_by_stage(self, progressed: dict[str, Path]) -> None:
        table = brief(progressed["public"]).table

        assert table.head == [
            *("Measure", "Full", "Partial", "Pilot", "None", "Not known", "Not applicable", "Members"),
            "Counts of",
        ]
        assert table.rows == [
            ["S01 Legal Framework", "1", "1", "1", "1", "0", "0", "4", "Q1\u00a02026"],
            ["S03 Risk Management", *["c"] * 8],
            ["S05 Simplified Clearance", "2", "1", "0", "1", "0", "0", "4", "Q1\u00a02026"],
            ["S08 De Minimis\u00a0*", "0", "0", "1", "2", "1", "0", "4", "Q4\u00a02025"],
            ["S14 Mechanism of Measurement\u00a0*", *["–"] * 8],
        ]
        (note,) = brief(progressed["public"]).table_notes
        assert "c withheld" in note
        assert "– no member has reported" in note
        assert "* Our sources do not confirm this name." in note

    def test_an_item_that_only_reports_name_stands_by_its_code(
        self, progressed: dict[str, Path], tmp_path: Path
    ) -> None:
        item = "('WCO_FOS_2022', 'OWN_1', '2026-Q1', '2026-Q1', 4, 0, 0, 0, 0, 0, 4, 'F')"
        path = changed(progressed, "public", tmp_path, f"insert into progress_counts values {item}")

        assert brief(path).table.rows[-1][:2] == ["OWN_1\u00a0*", "4"]

    def test_of_many_measures_those_furthest_behind(
        self, progressed: dict[str, Path], tmp_path: Path
    ) -> None:
        more = (
            "insert into progress_counts select 'WCO_FOS_2022', 'X' || lpad(i::varchar, 2, '0'), '2026-Q1', "
            "'2026-Q1', 4 - i // 10, 0, 0, i // 10, 0, 0, 4, 'F' from range(30) r(i)"
        )
        shown = brief(changed(progressed, "public", tmp_path, more))

        # Of 35: ten with two at none (X20…), S08 with three behind, S01 with two, six of those with one.
        names = [row[0].split()[0] for row in shown.table.rows]
        assert len(names) == 18
        assert {"S01", "S08", *(f"X{number}" for number in range(20, 30))} <= set(names)
        assert "X05" not in names
        assert "The 18 measures" in shown.table_notes[0]
        assert "17 others" in shown.table_notes[0]


class TestNotKnown:
    def test_for_the_donors(self, progressed: dict[str, Path]) -> None:
        assert brief(progressed["public"]).quality == [
            "4 of 5 members have reported their stages of this framework.",
            "If all that is not known were none, the rate would be 41.7%; if it were full, 50.0%.",
            "Counts withheld: 1 of 5 measures. Region and principles rest on the others.",
            "Counts of an earlier quarter: 1 of 5 measures. They move on when enough members have moved.",
            "Names not confirmed by our sources: 2 of 5 measures.",
            "No member has agreed to show its stages here by name; counts stand instead.",
            "Projects withheld: 1 of 4, with too few members or one too large. Sums are of the projects "
            "shown.",
            "Sums hold members that are not named as they last could be told: they move on when enough "
            "members have moved.",
            "Actions that name neither donor nor project: 2.",
        ]

    def test_the_secretariat_knows_who_has_not_reported(self, progressed: dict[str, Path]) -> None:
        quality = brief(progressed["secretariat"]).quality

        assert "No stage reported yet: Kiribati." in quality
        assert (
            "Of the 4 stages that members show here by name, 2 are self-assessed; 2 name a document as "
            "evidence." in quality
        )


class TestWhatToDo:
    def test_donors(self, progressed: dict[str, Path]) -> None:
        assert brief(progressed["public"]).actions == [
            "Look first at “Revenue”, where the region stands lowest (11.1%), and ask what holds it up.",
            "Before new actions are planned, ask what those overdue (2) wait for: Bridges (Aid of "
            "Atlantis) (1) and Data <first> (Bank) (1).",
            "Read stages gained beside a project as what happened meanwhile; ask the members what the "
            "project had to do with it.",
            "Read withheld and not known as unknown, never as nothing done.",
        ]

    def test_the_secretariat(self, progressed: dict[str, Path]) -> None:
        # Of four dates two fall within a year of 20 April 2026; the one after it does not.
        assert brief(progressed["secretariat"]).actions == [
            "Look first at “Revenue”, where the region stands lowest (11.1%), and ask what holds it up.",
            "Ask for a first assessment: Kiribati.",
            "Talk over with members what is longest overdue with each: Fiji, Law of e-commerce, first due "
            "on 30\u00a0June 2025; New Caledonia, Scanner, first due on 31\u00a0December 2025.",
            "Speak with the offices that overdue actions are said to wait for: Ministry of Finance (2).",
            "Prepare the commitments whose date falls in the next 12 months (2): Fiji (2).",
            "Ask for a look by a second pair of eyes where stages are self-assessed (2 of 4 shown by name).",
        ]


def test_each_audience_reads_the_rate_of_its_own_file(published: dict[str, Path]) -> None:
    """Worked out in tests.progress_fixture: 15 of 33 points, and 11 of 21 where a measure is withheld."""
    rates = {name: brief(published[name]).headlines[0] for name in ("secretariat", "public")}

    assert (rates["secretariat"].value, rates["public"].value) == ("45.5%", "52.4%")
    assert "on 3 of 3 measures, up to 4 members" in rates["secretariat"].notes
    assert "on 2 of 3 measures, up to 4 members" in rates["public"].notes


@pytest.mark.parametrize("language", LANGUAGES)
def test_donors_read_no_name_of_a_member(progressed: dict[str, Path], language: Language) -> None:
    """Nobody consented: the file of everyone has counts alone, and so has its brief."""
    column = "name_en" if language == "en" else "name_fr"
    with duckdb.connect(str(progressed["public"]), read_only=True) as connection:
        names = [name for (name,) in connection.execute(f"select {column} from members").fetchall()]

    assert len(names) == 5
    assert [name for name in names if name in page_of(brief(progressed["public"], language))] == []


@pytest.mark.parametrize("audience", ["secretariat", "public"])
def test_french_is_set_as_french_is(progressed: dict[str, Path], audience: str) -> None:
    text = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page_of(brief(progressed[audience], "fr")))

    assert "Combler l’écart" in text
    assert re.findall(r".{9}(?<!,) [:;!?%»].{8}", text) == []
    assert re.findall(r".{8}[^\u00a0\u202f]: .{8}", text) == []
    assert "'" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_brief_of_many_words_still_has_two_pages(progressed: dict[str, Path], language: Language) -> None:
    """Twenty measures with long names, twelve principles, eight projects, six things to do."""
    short = brief(progressed["secretariat"], language)
    name = "Utilisation de l’inspection non intrusive et de l’analyse des données"
    sentence = "Demander au membre ce qu’attend encore l’action échue depuis le plus longtemps. " * 2
    long = replace(
        short,
        table=replace(short.table, rows=[[name, *["12"] * 8]] * 20),
        charts=[
            replace(one, svg=re.sub(r'(viewBox="0 0 360) [\d.]+', r"\1 360", one.svg)) for one in short.charts
        ],
        actions=[sentence] * 6,
        quality=[sentence] * 9,
        lead=short.lead * 2,
    )

    assert len(re.findall(rb"/Type/Page\b", Press().print(long))) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_members_write_at_length_keeps_it_small_and_on_two_pages(
    progressed: dict[str, Path], tmp_path: Path, language: Language
) -> None:
    """Ten years of two frameworks, twelve articles, forty projects and items: long names, all different."""
    words = "['customs', 'data', 'risk', 'advance', 'release', 'window', 'border', 'single', 'office', 'law']"
    word = f"{words}[ascii(substr(md5(i::varchar), k, 1)) % 10 + 1]"
    letters = f"array_to_string([{word} for k in range(1, 20)], ' ')"
    path = changed(
        progressed,
        "secretariat",
        tmp_path,
        f"update progress_actions set title = {letters.replace('i::', 'action_id::')}, "
        f"blocked_by = {letters.replace('i::', 'title::')}, is_overdue = true",
        "insert into progress_rates select '_T', f, '_T', format('{}-Q{}', 2016 + i // 4, i % 4 + 1), "
        "20 + random() * 50, 10, 90, 5, 4 from range(38) r(i), (values ('WCO_FOS_2022'), ('WTO_TFA')) v(f)",
        f"insert into progress_measures select 'WCO_FOS_2022', 'A' || i, left({letters}, 50), "
        f"left({letters}, 50), 'X' || i, left({letters}, 70), left({letters}, 70), false, 9 + i "
        "from range(40) r(i)",
        "insert into progress_counts select 'WCO_FOS_2022', 'X' || i, '2026-Q1', '2025-Q4', "
        "i % 7, i % 5, i % 3, i % 11, i % 2, 0, 24, 'F' from range(40) r(i)",
        "insert into progress_rates select '_T', 'WCO_FOS_2022', 'A' || i, q, random() * 90, 0, 90, 3, 24 "
        "from range(12) r(i), (values ('2016-Q1'), ('2026-Q1')) v(q)",
        f"insert into progress_projects select {letters}, {letters}, 9, 9, 8, 3, 2, 3, 1, 4, 1e6 * random(), "
        "1e5 * random(), i, 4, 'F' from range(40) r(i)",
    )

    long = brief(path, language)

    content = page_of(long).encode()
    assert len(long.table.rows) == 18
    assert len(content) < 100_000
    assert len(gzip.compress(content)) < 10_000
    assert len(re.findall(rb"/Type/Page\b", Press().print(long))) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_gap_report_it_says_so(
    progressed: dict[str, Path], tmp_path: Path, language: Language
) -> None:
    tables = ("counts", "rates", "projects", "commitment_shares", "stages", "actions", "commitments")
    path = changed(progressed, "secretariat", tmp_path, *(f"delete from progress_{name}" for name in tables))

    empty = brief(path, language)

    assert empty.lead == Say(language)("progress_lead.none")
    assert {headline.value for headline in empty.headlines} == {Say(language)("status.N")}
    assert (empty.charts, empty.table.rows, len(empty.quality), len(empty.actions)) == ([], [], 1, 1)
    page = page_of(empty)
    assert page.count("<h2>") == 3  # headline figures, what to do, what is missing
    assert "<svg" not in page
    assert "<table" not in page
    assert len(re.findall(rb"/Type/Page\b", Press().print(empty))) == 2


@pytest.mark.parametrize(
    ("time_period", "english", "french"),
    [
        ("2026-Q1", "Q1\u00a02026", "1er\u00a0trimestre\u00a02026"),
        ("2025-Q4", "Q4\u00a02025", "4e\u00a0trimestre\u00a02025"),
    ],
)
def test_quarters_in_words(time_period: str, english: str, french: str) -> None:
    assert (Say("en").quarter(time_period), Say("fr").quarter(time_period)) == (english, french)
    assert Say("fr").short_quarter(time_period) == f"T{time_period[-1]}\u00a0{time_period[:4]}"
