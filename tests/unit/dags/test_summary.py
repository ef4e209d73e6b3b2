"""The table at the end of the main job, from a published file whose figures are known by hand.

See tests/publication_fixture.py: the last month in which all four members have figures is month 37, 2026-01,
with 2850 + 1240 + 670 + 185 = 4945 parcels.
"""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from dags.summary import held_count, print_summary
from pacific_parcels.settings import Settings
from tests.publication_fixture import write_publication


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("home")
    write_publication(home, "00003-abc")
    return Settings(home=home)


def printed(settings: Settings) -> str:
    screen = io.StringIO()
    print_summary(settings, Console(file=screen, width=120, markup=False, emoji=False, highlight=False))
    return screen.getvalue()


def line_of(text: str, begins: str) -> str:
    (line,) = [line for line in text.splitlines() if line.strip().startswith(begins)]
    return " ".join(line.split())


def test_it_says_first_that_the_data_are_synthetic(settings: Settings) -> None:
    head = printed(settings).splitlines()[:2]

    assert "00003-abc, as of 2026-04-20, 4 of 4 members" in head[0]
    assert head[1].startswith("SYNTHETIC DATA")


def test_the_figures_are_those_of_the_last_month_that_all_members_sent(settings: Settings) -> None:
    text = printed(settings)

    assert line_of(text, "Items in 2026-01").endswith("4,945")
    assert line_of(text, "Growth in three years, to 2026-01").endswith("+212.0 %")
    # 41.25 is a tie: rounded to even.
    assert line_of(text, "Growth in one year, to 2026-01").endswith("+41.2 %")
    assert line_of(text, "Share at or under US$100, 2026-01").endswith("85.2 %")
    assert line_of(text, "Busiest port and day, 2026-01").endswith("Suva, 2026-01-14: 412 items")


def test_it_says_what_was_hidden_from_the_public_and_that_it_holds(settings: Settings) -> None:
    text = printed(settings)

    assert line_of(text, "VOLUME") == "VOLUME 5,000 38 76 0 2 %"
    assert line_of(text, "Attacked: 1,234 hidden figures").endswith("interval is 1.50 of what is asked.")


def test_items_in_all_add_up_over_members_and_months(settings: Settings) -> None:
    # FJ: 40 * 1000 + 50 * (0 + … + 39 = 780) = 79,000. NC: 40 * 500 + 20 * 780 = 35,600.
    # WS from month 6: 34 * 300 + 10 * (780 - 15) = 17,850. TO months 12 to 37: 5 * (703 - 66) = 3,185.
    assert line_of(printed(settings), "Items in all, 2022-12 to 2026-03").endswith("135,635")


def test_every_row_received_is_accounted_for(settings: Settings) -> None:
    text = printed(settings)

    # 3000 + 3000 + 200 rows in four extracts; 2900 + 2950 + 195; 80 + 50 + 5; 20.
    assert line_of(text, "Extracts received") == "Extracts received 4, of them 1 refused"
    assert line_of(text, "Rows received") == "Rows received 6,200"
    assert line_of(text, "of them accepted") == "of them accepted 6,045"
    assert line_of(text, "of them rejected") == "of them rejected 135"
    assert line_of(text, "of them duplicate") == "of them duplicate 20"


def test_rules_are_listed_by_rows_with_the_reason_and_the_members(settings: Settings) -> None:
    text = printed(settings)

    assert line_of(text, "R007").startswith("R007 95 Unknown currency <XYZ> Use a code of ISO 4217. FJ, TO")
    assert line_of(text, "R012").startswith("R012 40 Negative value Send values of zero or more. FJ")
    assert text.index("R007") < text.index("R012")


def test_held_months_are_listed_with_the_reason(settings: Settings) -> None:
    assert held_count(settings) == 1
    assert line_of(printed(settings), "TO ALL 2026-03").endswith(
        "Nine times the parcels of the month before."
    )


def test_it_says_where_the_files_are_and_what_to_type_next(settings: Settings) -> None:
    text = printed(settings).replace("\n", "")

    for audience in ("secretariat", "public"):
        assert f"published/{audience}/00003-abc.duckdb" in text
    for command in ("make dashboards", "make airflow", "pacific-parcels check FILE"):
        assert command in text


def test_what_a_member_wrote_cannot_steer_the_terminal(settings: Settings, tmp_path: Path) -> None:
    shutil.copytree(settings.home, tmp_path, dirs_exist_ok=True)
    settings = Settings(home=tmp_path)
    file = settings.published / "secretariat" / "00003-abc.duckdb"
    with duckdb.connect(file) as publication:
        publication.execute(
            "update rejections set title_en = 'Unknown [bold]\x1b[2J:bomb:' where rule_id = 'R012'"
        )

    assert "Unknown [bold]\N{REPLACEMENT CHARACTER}[2J:bomb:" in printed(settings)
