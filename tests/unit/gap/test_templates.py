"""Templates of gap reports: what the tool writes, it takes back."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from pacific_parcels.cli import main
from pacific_parcels.errors import PacificParcelsError
from pacific_parcels.frameworks import load_frameworks
from pacific_parcels.gap import TABLES, codes_of, report_of
from pacific_parcels.gap.templates import LIST_CODES, write_templates
from pacific_parcels.preflight import check_file
from pacific_parcels.settings import Settings
from tests.small_member import member_file, small_member
from tests.unit.gap.test_judging import GOOD

pytestmark = pytest.mark.usefixtures("one_child")


@pytest.fixture
def written(tmp_path: Path) -> list[Path]:
    return write_templates(small_member(), "2026-03", tmp_path)


def test_there_is_a_text_and_a_workbook_of_every_table_under_the_name_that_is_received(
    written: list[Path],
) -> None:
    reports = [report_of(path.name) for path in written]
    assert [
        (report and report.table.name, path.suffix) for report, path in zip(reports, written, strict=True)
    ] == [(name, suffix) for name in TABLES for suffix in (".csv", ".xlsx")]


def test_a_workbook_that_is_filled_in_can_be_sent(written: list[Path], tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    filled = [path for path in written if path.suffix == ".xlsx"]
    assert len(filled) == 4
    for path in filled:
        workbook = load_workbook(path)
        sheet = workbook.worksheets[0]
        report = report_of(path.name)
        assert report is not None
        for position, name in enumerate(report.table.source_columns, 1):
            sheet.cell(2, position).value = GOOD[report.table.name][name] or None
        workbook.save(path)

        checked = check_file(settings, small_member(), path)

        assert (checked.verdict, checked.reading.rows_accepted) == ("CLEAN", 1), checked.lines("en")
        assert checked.sentence("en") == f"{path.name} can be sent: all 1 rows are in order."


def test_the_text_is_the_header_alone_and_says_that_it_takes_the_month_back(
    written: list[Path], tmp_path: Path
) -> None:
    path = written[0]
    with path.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [TABLES["assessments"].source_columns]
    report = check_file(Settings(home=tmp_path / "home"), small_member(), path)
    assert report.verdict == "NIL"
    assert "takes back" in report.sentence("en")
    assert "retire" in report.sentence("fr")


def test_a_workbook_lists_every_measure_and_code_with_how_far_it_is_confirmed(written: list[Path]) -> None:
    rows = list(load_workbook(written[1])["Lists"].iter_rows(min_row=2, values_only=True))
    listed = {(row[1], row[2]): row[5] for row in rows if row[0] == "MEASURE"}
    frameworks = load_frameworks()
    assert listed == {
        (framework.code, measure.code): measure.confirmation_code
        for framework in frameworks.values()
        for measure in framework.measures
    }
    assert [row[2] for row in rows if row[0] == "FRAMEWORK"] == list(frameworks)
    codes = [(row[1], row[2]) for row in rows if row[0] == "CODE"]
    assert codes == [(name, code.code) for name in LIST_CODES for code in codes_of(name)]


def test_the_choices_of_a_cell_are_the_codes_of_its_list(written: list[Path]) -> None:
    sheet = load_workbook(written[1]).worksheets[0]
    choices = {str(one.sqref).split(":")[0]: one.formula1 for one in sheet.data_validations.dataValidation}
    assert choices == {
        "A2": '"FJ"',
        "B2": f"Lists!$C$2:$C${len(load_frameworks()) + 1}",
        "D2": '"FULL,PARTIAL,PILOT,NONE,NOT_KNOWN,NOT_APPLICABLE"',
        "F2": '"SELF,DESK_REVIEW,SITE_VALIDATION"',
    }


def test_every_column_is_explained_in_both_languages(written: list[Path]) -> None:
    for path in written[1::2]:
        report = report_of(path.name)
        assert report is not None
        rows = list(load_workbook(path)["Guide"].iter_rows(min_row=2, values_only=True))
        assert [row[0] for row in rows] == report.table.source_columns
        assert all(row[2] and row[3] and row[2] != row[3] for row in rows)


def test_somebodys_work_is_not_written_over(written: list[Path], tmp_path: Path) -> None:
    for path in written[1:]:
        path.unlink()
    with pytest.raises(PacificParcelsError, match=r"FJ_gap_assessments_2026-03\.csv: is there already"):
        write_templates(small_member(), "2026-03", tmp_path)
    assert list(tmp_path.glob("*gap*")) == [written[0]]


def test_a_month_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PacificParcelsError, match="--period: found '2026-13'"):
        write_templates(small_member(), "2026-13", tmp_path)


def test_the_command_writes_them_for_this_month_unless_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    member_file(tmp_path / "members", small_member())
    monkeypatch.setenv("PACIFIC_PARCELS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("pacific_parcels.settings.PACKAGE", tmp_path)

    assert main(["members", "template", "fj", "--kind", "gap", "--out", str(tmp_path)]) == 0
    assert (tmp_path / f"FJ_gap_actions_{datetime.now(UTC):%Y-%m}.xlsx").is_file()
    assert "check FILE --member fj" in capsys.readouterr().out
    assert (
        main(["members", "template", "fj", "--kind", "gap", "--period", "2020-01", "--out", str(tmp_path)])
        == 0
    )
    assert (tmp_path / "FJ_gap_trainings_2020-01.csv").is_file()
