"""Self-assessment meets measurement: what is set beside what, and when the two are said not to fit."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pacific_parcels.cli import main
from pacific_parcels.errors import PacificParcelsError
from pacific_parcels.frameworks import load_frameworks
from pacific_parcels.landing import receive_member
from pacific_parcels.progress.measured import FILE, Counterpart, Measured, counterparts, measured_of, meet
from pacific_parcels.settings import REPOSITORY, Settings
from tests.small_member import member_file, put, small_member
from tests.unit.gap.test_judging import text_of

INDICATORS = {
    path.stem.removeprefix("ind_").upper()
    for path in (REPOSITORY / "dbt_project" / "models" / "indicators").glob("ind_*.sql")
}
LINES = counterparts()
SHARE = Measured(5.0, 12, "PERCENT", "Share", "Part")


class TestLines:
    """The list itself."""

    @pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.measure_code}-{line.indicator_code}")
    def test_names_a_measure_and_an_indicator_that_exist_and_gives_its_reason(
        self, line: Counterpart
    ) -> None:
        assert line.framework_codes
        for code in line.framework_codes:
            assert line.measure_code in {measure.code for measure in load_frameworks()[code].measures}
        assert line.indicator_code in INDICATORS
        assert line.reason_en.endswith(".")
        assert line.reason_fr.endswith(".")

    def test_no_pair_stands_twice(self) -> None:
        pairs = [
            (code, line.measure_code, line.indicator_code) for line in LINES for code in line.framework_codes
        ]
        assert len(pairs) == len(set(pairs)) > 10

    def test_those_of_the_issue_are_there(self) -> None:
        """Advance data, simplified clearance, risk management, revenue model, measurement."""
        found: dict[str, set[str]] = {}
        for line in LINES:
            if "WCO_FOS_2022" in line.framework_codes:
                found.setdefault(line.measure_code, set()).add(line.indicator_code)
        assert found["S01"] == {"SHARE_ADVANCE_DATA_PCT"}
        assert found["S05"] == {"SHARE_SIMPLIFIED_PCT", "RELEASE_HOURS_MEDIAN"}
        assert found["S03"] == {"INSPECTION_RATE_PCT", "HIT_RATE_PCT"}
        assert found["S07"] == {"REVENUE_USD", "RELIEVED_TAX_USD"}
        assert found["S14"] == {"TIMELINESS_DAYS", "ACCEPTANCE_ROWS_PCT"}

    @pytest.mark.parametrize(
        "change",
        [
            {"speaks_when": "SOMETIMES"},
            {"full_at": "5", "none_at": "10"},  # on the wrong sides of HIGH
            {"none_at": ""},
            {"speaks_when": "NEITHER"},
            {"speaks_when": "LOW"},
            {"reason_fr": ""},
        ],
    )
    def test_one_that_cannot_be_is_refused_by_its_row(self, tmp_path: Path, change: dict[str, str]) -> None:
        with FILE.open(encoding="utf-8", newline="") as file:
            first = next(csv.DictReader(file))
        path = tmp_path / "measured.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, first)
            writer.writeheader()
            writer.writerow(first | change)
        with pytest.raises(PacificParcelsError, match=r"measured\.csv, row 2: found "):
            counterparts(path)


@pytest.mark.parametrize(
    ("stage", "value", "months", "verdict"),
    [
        # S01: in use from 50 % on, not in use up to 10 %.
        ("FULL", 10.0, 12, "CLAIMED_NOT_SEEN"),
        ("FULL", 10.1, 12, "BESIDE"),
        ("PARTIAL", 0.0, 12, "BESIDE"),
        ("NONE", 50.0, 12, "SEEN_NOT_CLAIMED"),
        ("NONE", 49.9, 12, "BESIDE"),
        ("NOT_KNOWN", 90.0, 12, "BESIDE"),
        ("FULL", 0.0, 6, "CLAIMED_NOT_SEEN"),
        ("FULL", 0.0, 5, "TOO_LITTLE"),
    ],
)
def test_only_the_ends_are_told_apart(stage: str, value: float, months: int, verdict: str) -> None:
    measured = {"SHARE_ADVANCE_DATA_PCT": replace(SHARE, value=value, months=months)}
    (meeting,) = meet({("WCO_FOS_2022", "S01"): stage}, measured)
    assert (meeting.verdict, meeting.framework_code) == (verdict, "WCO_FOS_2022")


def test_few_inspections_do_not_show_that_risks_are_managed_but_inspecting_all_speaks_against_it() -> None:
    def verdict(stage: str, value: float) -> str:
        (meeting,) = meet({("WTO_TFA", "7.4"): stage}, {"INSPECTION_RATE_PCT": replace(SHARE, value=value)})
        return meeting.verdict

    assert verdict("NONE", 1.0) == "BESIDE"
    assert verdict("FULL", 80.0) == "CLAIMED_NOT_SEEN"
    assert verdict("FULL", 79.0) == "BESIDE"


def test_a_figure_that_says_nothing_by_itself_is_shown_and_no_more() -> None:
    (meeting,) = meet({("WCO_FOS_2018", "S07"): "FULL"}, {"REVENUE_USD": replace(SHARE, value=0.0)})
    assert meeting.verdict == "BESIDE"


def test_without_an_assessment_or_without_a_figure_nothing_meets() -> None:
    assert meet({}, {"REVENUE_USD": SHARE}) == []
    assert meet({("WCO_FOS_2018", "S07"): "FULL"}, {}) == []


@pytest.fixture
def published(tmp_path: Path) -> Settings:
    """A home with 14 published months of FJ: 2 %, 4 % … 28 % of advance data; the last one is hidden."""
    member_file(tmp_path / "members", small_member())
    settings = Settings(home=tmp_path / "home", member_directories=(tmp_path / "members",), quiet_seconds=0)
    settings.published.mkdir(parents=True)
    connection = duckdb.connect(str(settings.published / "fj.duckdb"))
    connection.execute(
        "create table indicators as select 'SHARE_ADVANCE_DATA_PCT' as indicator_code, m as member_code, "
        "c as channel_code, '_T' as value_band_code, '_T' as counterpart_code, '_T' as commodity_code, "
        "strftime(date '2025-01-01' + to_months(cast(i as integer)), '%Y-%m') as time_period, "
        "case when i = 13 then null when m || c = 'FJ_T' then 2.0 * (i + 1) else 99.0 end as obs_value, "
        "'M' as frequency, 'PERCENT' as unit_measure "
        "from range(14) t(i), (values ('FJ'), ('WS')) u(m), (values ('_T'), ('X')) v(c)"
    )
    connection.execute(
        "create table indicator_definitions as select 'SHARE_ADVANCE_DATA_PCT' as indicator_code, "
        "'Advance data' as title_en, 'Données préalables' as title_fr"
    )
    connection.close()
    settings.pointer.write_text(
        json.dumps(
            {
                "run_id": "1",
                "run_number": 1,
                "input_fingerprint": "x",
                "audiences": {"member_fj": "fj.duckdb"},
            }
        ),
        encoding="utf-8",
    )
    return settings


def test_the_figure_is_the_median_of_the_last_twelve_months_with_a_value(published: Settings) -> None:
    """Up to February 2026 the last twelve with a value have 4 to 26 %: 15. Up to June 2025: 2 to 12 %, 7."""
    file = published.published / "fj.duckdb"
    assert measured_of(file, "FJ", date(2026, 2, 28)) == {
        "SHARE_ADVANCE_DATA_PCT": Measured(15.0, 12, "PERCENT", "Advance data", "Données préalables")
    }
    early = measured_of(file, "FJ", date(2025, 6, 1))["SHARE_ADVANCE_DATA_PCT"]
    assert (early.value, early.months) == (7.0, 6)
    assert measured_of(file, "TO", date(2026, 2, 28)) == {}


@pytest.mark.usefixtures("one_child")
class TestCommand:
    @pytest.fixture(autouse=True)
    def _home(self, published: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        change = {"assessed_on": "2025-06-05", "stage_code": "FULL"}
        put(published.inbox / "fj" / "FJ_gap_assessments_2025-06.csv", text_of("assessments", change))
        assert receive_member(published, small_member()).status == "OK"
        monkeypatch.setenv("PACIFIC_PARCELS_HOME", str(published.home))
        monkeypatch.setattr("pacific_parcels.settings.PACKAGE", published.home.parent)

    def test_sets_the_assessment_beside_the_figure_in_careful_words(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The file was sent in April 2026. 15 % lie between 10 and 50, so nothing follows from them."""
        assert main(["progress", "fj", "--as-of", "2026-04-30", "--measured"]) == 0
        *_, shown, reason = capsys.readouterr().out.splitlines()
        assert shown == (
            "beside what your extracts show: WCO_FOS_2022, S01, stage “fully implemented”; "
            "Advance data: 15.0 % (median of 12 months)"
        )
        assert reason.startswith("  Why they stand together: A legal framework that works shows")

    def test_says_that_the_two_do_not_seem_to_fit(
        self, published: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        connection = duckdb.connect(str(published.published / "fj.duckdb"))
        connection.execute("update indicators set obs_value = obs_value / 10")
        connection.close()
        assert main(["progress", "fj", "--as-of", "2026-04-30", "--measured", "--language", "fr"]) == 0
        *_, shown, reason = capsys.readouterr().out.splitlines()
        assert shown.endswith("Données préalables : 1,5 % (médiane de 12 mois)")
        assert reason.startswith("  Les deux ne semblent pas s’accorder, et les deux peuvent être exacts.")

    def test_says_so_where_nothing_is_published(
        self, published: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        published.pointer.unlink()
        assert main(["progress", "fj", "--as-of", "2026-04-30", "--measured"]) == 0
        assert capsys.readouterr().out.splitlines()[-1].startswith("Nothing is published yet")
