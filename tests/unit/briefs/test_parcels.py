"""What a brief of parcels says, against plain SQL on its file, and against figures worked by hand."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import duckdb
import pytest

from pacific_parcels.briefs.brief import Brief
from pacific_parcels.briefs.figures import PublishedFigures, earlier
from pacific_parcels.briefs.html import page_of
from pacific_parcels.briefs.letter import letter_of
from pacific_parcels.briefs.parcels import brief_of_parcels
from pacific_parcels.briefs.pdf import Press
from pacific_parcels.briefs.words import Language, Say
from tests.publication_fixture import write_published_file
from tests.unit.briefs.conftest import AUDIENCES


def brief(published: dict[str, Path], audience: str, language: Language = "en") -> Brief:
    return brief_in(published[audience], audience, language)


@cache
def brief_in(path: Path, audience: str, language: Language) -> Brief:
    with PublishedFigures(path) as figures:
        return brief_of_parcels(figures, language)


def sql(path: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query).fetchall()


TOTALS = (
    "frequency = 'M' and channel_code = '_T' and value_band_code = '_T' and counterpart_code = '_T' "
    "and commodity_code = '_T'"
)


class TestHeadlines:
    def test_of_a_member(self, published: dict[str, Path]) -> None:
        # 2,950 against 2,350; at US$40 each 118,000; of revenue the last month that has it is month 38.
        headlines = brief(published, "member_fj").headlines

        assert [(one.value, list(one.notes)) for one in headlines] == [
            ("2,950", ["+25.5% in one year", "provisional"]),
            ("US$118,000", ["+25.5% in one year", "provisional"]),
            ("US$38,000", ["in February\u00a02026", "+46.2% in one year", "provisional"]),
            ("no figure", []),
            ("no figure", []),
        ]

    def test_an_estimate_is_called_one_and_says_what_it_rests_on(self, published: dict[str, Path]) -> None:
        first = brief(published, "secretariat").headlines[0]

        assert first.value == "5,050"
        assert list(first.notes) == ["+41.2% in one year", "estimated", "covers 96.2%"]

    def test_a_month_without_a_total_is_said_and_the_last_one_with_it_stands(
        self, published: dict[str, Path]
    ) -> None:
        assert brief(published, "public").lead == (
            "4,945 parcels reached the region in January\u00a02026, 41.2% more than a year before in the "
            "members that reported both months. Of March\u00a02026, the latest month, there is no total yet."
        )

    def test_growth_of_money_is_that_of_members_with_both_months(self, published: dict[str, Path]) -> None:
        (now, then) = sql(
            published["public"],
            f"select sum(a.obs_value), sum(b.obs_value) from indicators a join indicators b "
            "using (indicator_code, member_code, channel_code, value_band_code, counterpart_code, "
            "commodity_code, frequency) where a.indicator_code = 'DECLARED_VALUE_USD' and "
            f"{TOTALS} and a.time_period = '2026-01' and b.time_period = '2025-01' and member_code <> '_T'",
        )[0]

        value = brief(published, "public").headlines[1]

        assert value.value == "US$197,800"
        assert value.notes[0] == f"+{100 * (now / then - 1):.1f}% in one year"


class TestTables:
    def test_a_member_month_by_month(self, published: dict[str, Path]) -> None:
        table = brief(published, "member_fj").table
        rows = sql(
            published["member_fj"],
            f"""
            select time_period,
                max(obs_value) filter (indicator_code = 'ITEMS') as items,
                max(obs_value) filter (indicator_code = 'ITEMS_GROWTH_YOY_PCT') as growth,
                max(obs_value) filter (indicator_code = 'DECLARED_VALUE_USD') as value,
                max(obs_value) filter (indicator_code = 'REVENUE_USD') as revenue
            from indicators where member_code = 'FJ' and {TOTALS}
            group by 1 order by 1 desc limit 13
            """,
        )

        assert len(table.rows) == len(rows) == 13
        for cells, (period, items, growth, value, revenue) in zip(table.rows, rows, strict=True):
            assert cells[0] == Say("en").month(str(period))
            assert cells[1].split("\u00a0")[0] == f"{items:,.0f}"
            assert cells[2] == f"{growth:+.1f}%"
            assert cells[3] == f"{value / 1000:,.0f}"
            assert cells[4] == ("·" if revenue is None else f"{revenue / 1000:,.0f}")
        assert [cells[1].endswith("\u00a0p") for cells in table.rows] == [True] * 3 + [False] * 10

    def test_the_region_member_by_member(self, published: dict[str, Path]) -> None:
        table = brief(published, "public").table
        rows = sql(
            published["public"],
            "select name_en, obs_value from indicators join members using (member_code) where "
            f"indicator_code = 'ITEMS' and time_period = '2026-01' and {TOTALS} order by name_en",
        )

        assert table.has_total
        assert table.rows[0][:2] == ["Region", "4,945"]
        assert [tuple(cells[:2]) for cells in table.rows[1:]] == [
            (name, f"{items:,.0f}") for name, items in rows
        ]
        assert {cells[0]: cells[-1] for cells in table.rows}["Tonga"] == "Jan\u00a02026"

    def test_what_a_member_does_not_share_is_named_and_not_guessed(
        self, published: dict[str, Path], tmp_path: Path
    ) -> None:
        write_published_file(tmp_path / "public.duckdb", "public", "00001-hand")
        with duckdb.connect(str(tmp_path / "public.duckdb")) as connection:
            connection.execute("delete from indicators where member_code in ('WS', 'TO')")

        shown = brief({"public": tmp_path / "public.duckdb"}, "public", "fr")

        assert [cells[0] for cells in shown.table.rows] == ["Région", "Fidji", "Nouvelle-Calédonie"]
        assert (
            "Non présentés ici, conformément à leurs conditions\u00a0: Samoa et Tonga." in shown.table_notes
        )


class TestCharts:
    def test_every_month_drawn_is_in_the_table_with_its_figure_and_status(
        self, published: dict[str, Path]
    ) -> None:
        months = brief(published, "public").charts[0]
        rows = sql(
            published["public"],
            "select time_period, obs_value, obs_status from indicators where indicator_code = 'ITEMS' "
            f"and member_code = '_T' and {TOTALS} order by 1 desc limit 36",
        )
        words = {"A": "final", "P": "provisional", "M": "missing"}

        assert months.twin.rows == [
            [Say("en").month(str(period)), "" if value is None else f"{value:,.0f}", words[str(status)]]
            for period, value, status in rows
        ]
        assert len(rows) == 36

    def test_a_confidential_bar_is_hatched_and_called_so_and_no_largest_is_named(
        self, published: dict[str, Path]
    ) -> None:
        channels = brief(published, "member_fj").charts[2]

        assert channels.title == "Parcels by channel"
        assert channels.twin.rows[-1] == ["SEA_CARGO", "", "", "confidential"]
        assert 'fill="url(#channels-h)"' in channels.svg
        assert "Hatched: confidential." in channels.said

    def test_where_parcels_come_from(self, published: dict[str, Path]) -> None:
        # 1,475 of 2,950 are half; China had 1,000 a year before; of Japan there was no figure.
        origins = brief(published, "member_fj").charts[3]

        assert origins.title == "From China: 50.0% of parcels"
        assert origins.twin.rows == [
            ["China", "1,475", "1,000", "provisional"],
            ["Japan", "590", "", "provisional"],
        ]
        assert "1,475 (+47.5%)" in origins.svg

    def test_contributions_add_up_to_the_change_of_all(self, published: dict[str, Path]) -> None:
        # Month 37 against 25: FJ 2850-2250, NC 1240-1000, WS 670-550, TO 185-125; of 3925 in all.
        chart = brief(published, "public").charts[2]

        assert [(row[0], row[3]) for row in chart.twin.rows] == [
            ("Fiji", "+15.3"),
            ("New Caledonia", "+6.1"),
            ("Samoa", "+3.1"),
            ("Tonga", "+1.5"),
        ]
        assert chart.said.startswith("Together +26.0\u00a0points: 4 members up, 0 down.")

    def test_who_has_reported_is_told_apart_by_shape(self, published: dict[str, Path]) -> None:
        chart = brief(published, "secretariat").charts[1]

        assert chart.title == "3 of 4 members have reported March\u00a02026"
        tonga = next(row for row in chart.twin.rows if row[0] == "Tonga")
        assert tonga[-3:] == ["reported", "missing", "held by the checks"]
        assert 'fill="none" stroke="#a8481a"' in chart.svg
        assert 'fill="url(#reporting-h)"' in chart.svg

    def test_the_index_beside_the_region_begins_at_a_hundred(self, published: dict[str, Path]) -> None:
        # From month 4 on: 100 + i against 100 + 6 i, each divided by its own of month 4.
        index = brief(published, "member_fj").charts[1]

        assert index.title == "Since April\u00a02023: +33.7% here, +169% in the region"
        assert index.twin.rows[-1][1:3] == ["100.0", "100.0"]
        assert index.twin.rows[0][1:3] == [f"{100 * 139 / 104:.1f}", f"{100 * 334 / 124:.1f}"]


class TestWhatToDo:
    def test_the_secretariat_asks_for_what_is_missing_and_settles_what_is_held(
        self, published: dict[str, Path]
    ) -> None:
        assert brief(published, "secretariat").actions == [
            "Ask for the missing months: Tonga (Feb\u00a02026).",
            "Settle what is held, with its member: Tonga, March\u00a02026: Nine times the parcels of the "
            "month before.",
            "Fiji: Unknown currency <XYZ> (90 rows). Use a code of ISO 4217.",
            "Fiji: Negative value (40 rows). Send values of zero or more.",
        ]

    def test_a_member_with_a_gap_sends_and_mends(self, published: dict[str, Path]) -> None:
        actions = brief(published, "member_to", "fr").actions

        assert actions[0] == "Transmettre les mois manquants\u00a0: février\u00a02026."
        assert actions[1].startswith("Examiner les mois retenus")
        assert "mars\u00a02026" in actions[1]

    def test_a_member_with_rejected_rows_is_told_how_to_mend_them(self, published: dict[str, Path]) -> None:
        assert brief(published, "member_fj").actions[:2] == [
            "Unknown currency <XYZ> (90 rows): Use a code of ISO 4217.",
            "Negative value (40 rows): Send values of zero or more.",
        ]

    def test_a_member_without_either_is_told_so(self, published: dict[str, Path], tmp_path: Path) -> None:
        path = Path(shutil.copy(published["member_fj"], tmp_path / "member_fj.duckdb"))
        with duckdb.connect(str(path)) as connection:
            connection.execute("delete from rejections")

        assert brief({"member_fj": path}, "member_fj").actions[0] == (
            "Nothing is outstanding. Send April\u00a02026 when it has ended."
        )


class TestQuality:
    def test_of_the_region(self, published: dict[str, Path]) -> None:
        quality = brief(published, "secretariat").quality

        assert quality[0] == "March\u00a02026: 3 of the 4 members that have begun to report are in force."
        assert "Missing: Tonga (Feb\u00a02026)." in quality
        assert "Held by the checks: Tonga (Mar\u00a02026)." in quality
        # 3000 + 3000 + 200 rows; 6045 accepted, 135 rejected, 20 twice.
        assert "Of 6,200 rows received, 97.5% were accepted; 135 were rejected and 20 sent twice." in quality
        assert "2 of 5 checks on data and figures are met." in quality
        assert "Provisional, and likely to be revised: the months from January\u00a02026 on." in quality


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_brief_holds_no_figure_of_another_member(published: dict[str, Path], language: Language) -> None:
    tonga = brief(published, "member_to", language)
    # The figures as SQL writes them: without what sets thousands off.
    text = (page_of(tonga) + letter_of(tonga).html).replace("," if language == "en" else "\u202f", "")
    figures = sql(
        published["secretariat"],
        "select distinct obs_value::bigint::varchar from indicators where member_code in ('FJ', 'NC', 'WS') "
        "and indicator_code in ('ITEMS', 'DECLARED_VALUE_USD') and obs_value >= 1000 "
        "except select obs_value::bigint::varchar from indicators where member_code in ('TO', '_T')",
    )

    assert len(figures) > 200
    assert [figure for (figure,) in figures if re.search(rf"(?<!\d){figure}(?!\d)", text)] == []


@pytest.mark.parametrize("audience", AUDIENCES)
def test_french_is_set_as_french_is(published: dict[str, Path], audience: str) -> None:
    text = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page_of(brief(published, audience, "fr")))

    assert "colis" in text
    assert re.findall(r".{9}(?<!,) [:;!?%»].{8}", text) == []
    assert re.findall(r".{8}[^\u00a0\u202f]: .{8}", text) == []
    assert "'" not in text
    assert re.findall(r"«[^\u00a0]", text) == []


def test_a_brief_of_many_words_still_has_two_pages(published: dict[str, Path]) -> None:
    """Twice the members of the region, sentences as long as the checks have them, six things to do."""
    short = brief(published, "secretariat", "fr")
    rows = [*short.table.rows, *[["Micronésie (États fédérés de)", *row[1:]] for row in short.table.rows] * 4]
    sentence = "Le nombre d’envois est moins de quatre fois supérieur ou inférieur à celui habituel. " * 2
    long = replace(
        short,
        table=replace(short.table, rows=rows),
        actions=[sentence] * 6,
        quality=[sentence] * 9,
        lead=short.lead * 2,
    )

    assert len(re.findall(rb"/Type/Page\b", Press().print(long))) == 2


def test_a_file_without_a_single_figure_makes_a_brief_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "empty.duckdb"
    write_published_file(path, "member_fj", "00001-empty")
    with duckdb.connect(str(path)) as connection:
        for table in ("indicators", "events", "quality_results", "exchange_rates"):
            connection.execute(f"delete from {table}")
        connection.execute("update coverage set status = 'NOT_YET_REPORTING'")

    for audience in ("member_fj", "public", "secretariat"):
        with duckdb.connect(str(path)) as connection:
            connection.execute("update catalogue set audience = ?", [audience])
        empty = brief({audience: path}, audience)

        assert empty.lead == "There is no month yet of which the number of parcels may be shown."
        assert {headline.value for headline in empty.headlines} == {"no figure"}
        assert Press().print(empty).startswith(b"%PDF")
        assert page_of(empty).startswith("<!doctype html>")


class TestLetter:
    def test_it_has_the_first_lines_and_no_drawing(self, published: dict[str, Path]) -> None:
        letter = letter_of(brief(published, "member_fj", "fr"))

        assert letter.subject == "Pacific Parcels, note\u00a0: Petits colis, Fidji\u00a0: mars\u00a02026"
        assert "DONNÉES SYNTHÉTIQUES" in letter.html
        assert "Colis\u00a0: 2\u202f950, +25,5\u202f% sur un an, provisoire" in letter.html
        assert "svg" not in letter.html
        assert "http" not in letter.html


@pytest.mark.parametrize(
    ("month", "back", "before"),
    [
        ("2026-03", 12, "2025-03"),
        ("2026-03", 3, "2025-12"),
        ("2025-12", -1, "2026-01"),
        ("2026-01", 1, "2025-12"),
    ],
)
def test_months_are_counted_over_the_turn_of_the_year(month: str, back: int, before: str) -> None:
    assert earlier(month, back) == before
