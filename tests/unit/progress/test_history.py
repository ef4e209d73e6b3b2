"""A year of gap reports, month by month: what was believed on each day stays so, whatever comes later."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pacific_parcels.cli import main
from pacific_parcels.landing import receive_member
from pacific_parcels.progress.history import Action, Belief, Commitment, Training
from pacific_parcels.settings import Settings
from tests.small_member import member_file, put, small_member
from tests.unit.gap.test_judging import text_of

pytestmark = pytest.mark.usefixtures("one_child")

Row = dict[str, str]
Asked = Callable[[str], Belief]


def stage(measure: str, stage_code: str, day: str, **other: str) -> Row:
    return {"measure_code": measure, "stage_code": stage_code, "assessed_on": day, **other}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """What Fiji sent in 2026, received in the order in which it came.

    5 February   January: S01 pilot, S02 partial; action N-1 due on 30 April; commitment 10.4 without category
    5 March      February: S01 partial
    12 March     January once more, revised: S02 was none, not partial
    5 April      March: the secretariat on site finds S02 to be a pilot
    20 April     March, actions: N-1 moved to 30 June, waiting for another office; a training of 17
    5 July       June: S01 falls back to pilot without a reason; N-1 done on 20 June; 10.4 C, indicative date
    5 August     July: 10.4 definitive date
    20 December  February, late, without rows: it is taken back
    """
    folder = tmp_path_factory.mktemp("story")
    member_file(folder / "members", small_member())
    settings = Settings(home=folder / "home", member_directories=(folder / "members",), quiet_seconds=0)
    n1 = {"action_id": "N-1", "start_date": "2026-01-10"}
    tfa = {"measure_code": "10.4", "committed_on": "2020-02-22"}
    none = {"category_code": "", "date_kind_code": "", "target_date": ""}
    site = "SITE_VALIDATION"
    sent: list[tuple[str, str, str, list[Row]]] = [
        (
            "02-05",
            "01",
            "assessments",
            [stage("S01", "PILOT", "2026-01-20"), stage("S02", "PARTIAL", "2026-01-20")],
        ),
        ("02-05", "01", "actions", [n1 | {"due_date": "2026-04-30"}]),
        ("02-05", "01", "commitments", [tfa | none]),
        ("03-05", "02", "assessments", [stage("S01", "PARTIAL", "2026-02-20")]),
        (
            "03-12",
            "01",
            "assessments",
            [stage("S01", "PILOT", "2026-01-20"), stage("S02", "NONE", "2026-01-20")],
        ),
        ("04-05", "03", "assessments", [stage("S02", "PILOT", "2026-03-25", assessor_code=site)]),
        (
            "04-20",
            "03",
            "actions",
            [n1 | {"due_date": "2026-06-30", "blocked_by": "Attorney General's office"}],
        ),
        ("04-20", "03", "trainings", [{}]),
        ("07-05", "06", "assessments", [stage("S01", "PILOT", "2026-06-20")]),
        (
            "07-05",
            "06",
            "actions",
            [n1 | {"due_date": "2026-06-30", "status_code": "DONE", "completed_on": "2026-06-20"}],
        ),
        ("07-05", "06", "commitments", [tfa | {"date_kind_code": "INDICATIVE", "target_date": "2028-12-31"}]),
        ("08-05", "07", "commitments", [tfa | {"date_kind_code": "DEFINITIVE", "target_date": "2029-06-30"}]),
        ("12-20", "02", "assessments", []),
    ]
    for number, (day, month, table, rows) in enumerate(sent):
        path = settings.inbox / "fj" / str(number) / f"FJ_gap_{table}_2026-{month}.synthetic.csv"
        put(path, text_of(table, *rows), datetime.fromisoformat(f"2026-{day}T08:00:00").replace(tzinfo=UTC))
    outcome = receive_member(settings, small_member())
    assert (outcome.status, outcome.extracts_accepted, outcome.rows_rejected) == ("OK", 13, 0)
    return settings


@pytest.fixture
def believed(story: Settings) -> Iterator[Asked]:
    opened: list[Belief] = []

    def on(day: str) -> Belief:
        opened.append(Belief(story, date.fromisoformat(f"2026-{day}"), ["FJ"]))
        return opened[-1]

    yield on
    for belief in opened:
        belief.connection.close()


# (day, stage of S01, stage of S02): worked from the story above.
STAGES = [
    ("02-04", None, None),
    ("02-05", "PILOT", "PARTIAL"),
    ("03-05", "PARTIAL", "PARTIAL"),
    ("03-11", "PARTIAL", "PARTIAL"),  # the revision came on the 12th: in early March partial was believed
    ("03-12", "PARTIAL", "NONE"),
    ("04-05", "PARTIAL", "PILOT"),
    ("07-05", "PILOT", "PILOT"),
    ("12-20", "PILOT", "PILOT"),  # June's is the latest, with February's or without
]


@pytest.mark.parametrize(("day", "first", "second"), STAGES)
def test_the_stage_of_a_measure_on_a_day(
    believed: Asked, day: str, first: str | None, second: str | None
) -> None:
    stages = {key[2]: one.stage_code for key, one in believed(day).stages().items()}
    assert (stages.get("S01"), stages.get("S02")) == (first, second)


def test_what_fell_back_across_reports_is_told_until_its_ground_is_taken_back(believed: Asked) -> None:
    """S01: pilot in January, partial in February, pilot in June. Without February's it never fell."""
    assert believed("04-05").steps_back() == []
    (fallen,) = believed("07-05").steps_back()
    assert (fallen.measure_code, fallen.stage_code, fallen.assessed_on) == ("S01", "PILOT", date(2026, 6, 20))
    assert believed("12-20").steps_back() == []


@pytest.mark.parametrize(
    ("day", "due", "completed", "status", "blocked_by"),
    [
        ("02-05", date(2026, 4, 30), None, "UNDER_WAY", None),
        ("04-19", date(2026, 4, 30), None, "UNDER_WAY", None),
        ("04-20", date(2026, 6, 30), None, "UNDER_WAY", "Attorney General's office"),
        ("07-05", date(2026, 6, 30), date(2026, 6, 20), "DONE", None),
    ],
)
def test_an_action_keeps_the_date_that_was_stated_first(
    believed: Asked, day: str, due: date, completed: date | None, status: str, blocked_by: str | None
) -> None:
    dates = (date(2026, 1, 10), due, date(2026, 4, 30), completed)
    plan = ("NATIONAL", "Simplified declaration", Decimal("12000.50"), "FJD", "A donor", "A project")
    assert believed(day).actions() == [
        Action("FJ", "N-1", "WCO_FOS_2022", "S05", status, *dates, "Customs", blocked_by, *plan)
    ]


def test_a_training_counts_from_the_day_on_which_it_was_reported(believed: Asked) -> None:
    assert believed("04-19").trainings() == []
    assert believed("04-20").trainings() == [Training("FJ", "T1", "WCO_FOS_2022", date(2026, 2, 3), 17)]


@pytest.mark.parametrize(
    ("day", "category", "kind", "target"),
    [
        ("02-05", None, None, None),
        ("07-05", "C", "INDICATIVE", date(2028, 12, 31)),
        ("08-05", "C", "DEFINITIVE", date(2029, 6, 30)),
    ],
)
def test_a_definitive_date_takes_the_place_of_an_indicative_one(
    believed: Asked, day: str, category: str | None, kind: str | None, target: date | None
) -> None:
    assert believed(day).commitments() == [
        Commitment("FJ", "WTO_TFA", "10.4", category, kind, target, "Legal drafting")
    ]


def test_it_is_known_to_be_synthetic_as_soon_as_there_is_something(believed: Asked) -> None:
    assert not believed("02-04").is_synthetic
    assert believed("02-05").is_synthetic


def test_the_order_in_which_files_come_to_us_does_not_matter(story: Settings, tmp_path: Path) -> None:
    """The same files, the last one first, each received before the next is there."""
    settings = replace(story, home=tmp_path / "home")
    files = sorted((story.inbox / "fj").glob("*/*.csv"), key=lambda path: int(path.parent.name), reverse=True)
    assert len(files) == 13
    for file in files:
        copy = settings.inbox / "fj" / file.parent.name / file.name
        copy.parent.mkdir(parents=True)
        shutil.copy2(file, copy)
        assert receive_member(settings, small_member()).extracts_accepted == 1
    for day in (date(2026, 3, 11), date(2026, 4, 20), date(2026, 12, 31)):
        with Belief(settings, day, ["FJ"]) as one, Belief(story, day, ["FJ"]) as other:
            assert one.assessments() == other.assessments()
            assert one.assessments()
            assert one.commitments() == other.commitments()
            assert one.actions() == other.actions()


class TestCommand:
    @pytest.fixture(autouse=True)
    def _home(self, story: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PACIFIC_PARCELS_HOME", str(story.home))
        monkeypatch.setattr("pacific_parcels.settings.PACKAGE", story.home.parent)

    def test_says_what_was_believed_on_a_day(self, capsys: pytest.CaptureFixture[str]) -> None:
        """S01 partial, S02 pilot: 3 of 6 points; 14 of 16 not known: 3 to 45 of 48. N-1 was due on 30 April,
        and moved to 30 June it has slipped 61 days."""
        assert main(["progress", "fj", "--as-of", "2026-05-10"]) == 0
        assert capsys.readouterr().out.splitlines() == [
            "Fiji: what was believed on 2026-05-10",
            "SYNTHETIC: made by a program, true of no country.",
            "WCO Framework of Standards on Cross-Border E-Commerce, 2022 edition (WCO_FOS_2022)",
            "  stages 50.0 %: full 0, partial 1, pilot 1, none 0; not known 14 (between 6.2 % and 93.8 %)",
            "  by area: P1 50.0 % · P2 – · P3 – · P4 – · P5 – · P6 – · P7 – · P8 –",
            "  a document is named for 2 of the 2 measures assessed",
            "  no forecast: fewer than four months with assessments of the same measures",
            "WTO Agreement on Trade Facilitation (WTO_TFA)",
            "  commitments: to date 0.0 %, by a date without support 0.0 %, with support 0.0 %, "
            "not yet designated 100.0 %, unknown 0.0 %",
            "actions 1: due 1, done on time 0 (0.0 %), late 0, overdue 1, stopped 0; median slippage 61 days",
            "overdue: N-1, first due on 2026-04-30, Customs; waits for Attorney General's office",
            "trainings held 1, participants 17",
        ]

    def test_says_it_in_french_too_and_names_what_fell_back(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["progress", "fj", "--as-of", "2026-07-31", "--language", "fr"]) == 0
        printed = capsys.readouterr().out
        assert printed.startswith("Fidji : ce qui était tenu pour vrai le 2026-07-31\nDONNÉES SYNTHÉTIQUES")
        assert "recul sans raison indiquée : WCO_FOS_2022, S01, 2026-06-20" in printed
        assert "stades 33,3 %" in printed

    def test_names_the_next_dates(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["progress", "fj", "--as-of", "2026-09-01"]) == 0
        assert "  next date: 10.4 by 2029-06-30 (category C)\n" in capsys.readouterr().out

    def test_without_a_member_says_it_of_all_and_of_the_region(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["progress", "--as-of", "2026-05-10"]) == 0
        printed = capsys.readouterr().out.splitlines()
        assert printed[0] == "Fiji: what was believed on 2026-05-10"
        region = printed[printed.index("The region: what was believed on 2026-05-10") :]
        assert region[1:5] == [
            "SYNTHETIC: made by a program, true of no country.",
            "WCO Framework of Standards on Cross-Border E-Commerce, 2022 edition (WCO_FOS_2022)",
            "  stages 50.0 %: the mean over the members that reported, each alike (1)",
            "  by area: P1 50.0 % · P2 – · P3 – · P4 – · P5 – · P6 – · P7 – · P8 –",
        ]
        assert region[5].startswith("actions 1: due 1,")

    def test_says_so_where_nothing_was_reported(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["progress", "fj", "--as-of", "2026-01-31"]) == 0
        assert capsys.readouterr().out.endswith("Nothing was reported yet.\n")

    def test_refuses_a_day_that_is_none(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["progress", "fj", "--as-of", "March"]) == 1
        assert "--as-of: found 'March'; expected a day, such as 2026-03-31" in capsys.readouterr().err


def test_every_sentence_is_in_both_languages() -> None:
    from pacific_parcels.progress.words import WORDS

    assert len(WORDS) > 10
    for words in WORDS.values():
        assert words["en"] != words["fr"]


def test_the_story_lies_where_it_was_received(story: Settings) -> None:
    assert len(list(Path(story.gap).glob("*/member_code=FJ/*/*.parquet"))) == 12  # the nil report has no file
