"""Gap reports: every row is judged by named rules, in both languages, and none is lost."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from pacific_parcels.contract import RULES, Words
from pacific_parcels.gap import TABLES, file_name, report_of
from pacific_parcels.reading import Manifest, Reading, Sent, read_extract, read_sent_together
from pacific_parcels.settings import Settings
from tests.small_member import put, small_member, words_of

SENT_ON = date(2026, 4, 10)
GOOD: dict[str, dict[str, str]] = {
    "assessments": {
        "member_code": "FJ", "framework_code": "WCO_FOS_2022", "measure_code": "S01",
        "stage_code": "PARTIAL", "assessed_on": "2026-03-05", "assessor_code": "SELF",
        "evidence": "Customs Act, part 3", "reason": "",
    },
    "commitments": {
        "member_code": "FJ", "framework_code": "WTO_TFA", "measure_code": "10.4",
        "committed_on": "2020-02-22", "category_code": "C", "date_kind_code": "DEFINITIVE",
        "target_date": "2027-12-31", "support_needed": "Legal drafting",
    },
    "actions": {
        "member_code": "FJ", "action_id": "N-7", "plan_code": "NATIONAL", "framework_code": "WCO_FOS_2022",
        "measure_code": "S05", "title": "Simplified declaration", "owner_body": "Customs",
        "start_date": "2026-01-01", "due_date": "2026-06-30", "status_code": "UNDER_WAY", "completed_on": "",
        "budget_amount": "12000.50",
        "budget_currency_code": "FJD", "donor": "A donor", "project": "A project", "blocked_by": "",
    },
    "trainings": {
        "member_code": "FJ", "training_id": "T1", "title": "Risk profiles", "framework_code": "WCO_FOS_2022",
        "measure_code": "", "held_on": "2026-02-03", "days_count": "3", "participants_count": "17",
        "provider": "OCO", "donor": "", "project": "",
    },
}  # fmt: skip
Reader = Callable[..., Reading]


def text_of(table: str, *changes: dict[str, str]) -> str:
    """A report: the header, then one good row for each dict, with the values of the dict instead."""
    text = io.StringIO()
    writer = csv.DictWriter(text, TABLES[table].source_columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(GOOD[table] | change for change in changes)
    return text.getvalue()


@pytest.fixture
def report(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> Reader:
    """Reads a report of Fiji of March 2026, sent on 10 April, each into a directory of its own."""
    count = iter(range(10_000))

    def read(
        table: str,
        content: str | bytes,
        *,
        suffix: str = "csv",
        name: str = "",
        manifest: Manifest | None = None,
        for_sender: bool = False,
    ) -> Reading:
        folder = tmp_path / str(next(count))
        path = put(folder / (name or file_name("FJ", TABLES[table], "2026-03", suffix)), content)
        scratch = folder / "scratch"
        scratch.mkdir()
        return read_extract(
            connection,
            small_member(),
            path,
            path.name,
            "fj-1",
            SENT_ON,
            scratch,
            manifest,
            for_sender=for_sender,
        )

    return read


def found(reading: Reading) -> dict[tuple[str, str], tuple[int, ...]]:
    return {(fault.rule_id, fault.column): fault.first_rows for fault in reading.faults}


def remedy_of(reading: Reading, column: str) -> Words:
    (fault,) = [fault for fault in reading.faults if fault.column == column]
    return RULES[fault.rule_id].remedy.fill(fault.details)


def counts(reading: Reading) -> tuple[int, int, int, int]:
    return reading.rows_in, reading.rows_accepted, reading.rows_rejected, reading.rows_duplicate


def rows_of(path: Path | None, columns: str = "*") -> list[tuple[Any, ...]]:
    assert path is not None
    return duckdb.sql(f"select {columns} from read_parquet('{path}') order by source_row").fetchall()


@pytest.mark.parametrize("table", TABLES)
def test_a_good_row_is_accepted_with_its_types(report: Reader, table: str) -> None:
    reading = report(table, text_of(table, {}))

    assert counts(reading) == (1, 1, 0, 0)
    assert reading.faults == []
    ((month, path),) = reading.accepted_files
    assert (reading.stream_code, month, reading.items_by_period) == (
        f"gap_{table}",
        "2026-03",
        {"2026-03": 1},
    )
    (row,) = duckdb.sql(f"select * from read_parquet('{path}')").fetchall()
    names = [name for name, *_ in duckdb.sql(f"describe select * from read_parquet('{path}')").fetchall()]
    assert names == ["extract_id", "source_row", *TABLES[table].source_columns, "rule_ids"]
    values = dict(zip(names, row, strict=True))
    assert (values["extract_id"], values["source_row"], values["rule_ids"]) == ("fj-1", 2, None)
    for name, text in GOOD[table].items():
        assert str(values[name]) == (text or "None")


# (table, what is changed, rule, column): each breaks that rule and no other.
BROKEN = [
    ("assessments", {"measure_code": "S99"}, "R116", "measure_code"),
    ("assessments", {"framework_code": "WCO_FOS"}, "R109", "framework_code"),
    ("assessments", {"stage_code": "HALF"}, "R109", "stage_code"),
    ("assessments", {"stage_code": " "}, "R102", "stage_code"),
    ("assessments", {"assessed_on": "05/03/2026"}, "R103", "assessed_on"),
    ("assessments", {"assessed_on": "2026-02-30"}, "R103", "assessed_on"),
    ("assessments", {"assessed_on": "2022-06-23"}, "R118", "assessed_on"),
    ("assessments", {"assessed_on": "2026-04-11"}, "R119", "assessed_on"),
    ("assessments", {"evidence": "Ask mere@customs.example"}, "R123", "evidence"),
    ("assessments", {"reason": "Call +679 330 1234"}, "R123", "reason"),
    ("assessments", {"member_code": "WS"}, "R124", "member_code"),
    ("commitments", {"committed_on": "2014-11-26"}, "R118", "committed_on"),
    ("commitments", {"target_date": "2020-02-21"}, "R120", "target_date"),
    ("commitments", {"date_kind_code": ""}, "R102", "date_kind_code"),
    ("commitments", {"committed_on": "2026-04-11"}, "R119", "committed_on"),
    ("actions", {"measure_code": ""}, "R117", "measure_code"),
    ("actions", {"measure_code": "S00"}, "R116", "measure_code"),
    ("actions", {"due_date": "2025-12-31"}, "R120", "due_date"),
    ("actions", {"completed_on": "2025-12-31"}, "R120", "completed_on"),
    ("actions", {"status_code": "DONE"}, "R102", "completed_on"),
    ("actions", {"budget_amount": "12,5"}, "R106", "budget_amount"),
    ("actions", {"budget_amount": "-1"}, "R107", "budget_amount"),
    ("actions", {"budget_currency_code": ""}, "R102", "budget_currency_code"),
    ("actions", {"budget_currency_code": "FJ$"}, "R108", "budget_currency_code"),
    ("trainings", {"participants_count": "some"}, "R106", "participants_count"),
    ("trainings", {"held_on": "2026-05-01"}, "R119", "held_on"),
]


@pytest.mark.parametrize(("table", "change", "rule_id", "column"), BROKEN)
def test_a_row_that_is_wrong_is_rejected_by_the_rule_that_names_it(
    report: Reader, table: str, change: dict[str, str], rule_id: str, column: str
) -> None:
    other = {TABLES[table].about: {"measure_code": "10.1" if table == "commitments" else "S02"}.get(
        TABLES[table].about, "another")}  # fmt: skip
    reading = report(table, text_of(table, other, change))

    assert counts(reading) == (2, 1, 1, 0)
    assert found(reading) == {(rule_id, column): (3,)}
    words = words_of(reading.faults[0])
    assert words.en != words.fr
    assert rows_of(reading.rejected_file, "verdict, faults") == [("REJECTED", [f"{rule_id}:{column}"])]


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("assessments", {"assessed_on": "2022-06-24"}),  # the very day of the framework
        ("assessments", {"assessed_on": "2026-04-10"}),  # the very day of sending
        ("assessments", {"member_code": "fj"}),
        ("assessments", {"stage_code": " PARTIAL "}),
        ("assessments", {"stage_code": "NOT_KNOWN"}),
        ("commitments", {"target_date": "2020-02-22"}),  # the very day of the commitment
        ("commitments", {"category_code": "", "date_kind_code": "", "target_date": ""}),  # not yet designated
        ("actions", {"due_date": "2026-01-01"}),
        ("actions", {"status_code": "DONE", "completed_on": "2026-04-10"}),
        ("actions", {"budget_amount": "", "budget_currency_code": ""}),
        ("trainings", {"days_count": "", "participants_count": "0"}),
    ],
)
def test_what_stands_on_the_edge_of_a_rule_keeps_it(
    report: Reader, table: str, change: dict[str, str]
) -> None:
    assert counts(report(table, text_of(table, change))) == (1, 1, 0, 0)


class TestWhereToLook:
    """A code that is in no list: the remedy names the place where the list is."""

    def test_a_framework_is_looked_up_in_the_template_and_is_new_to_the_secretariat(
        self, report: Reader
    ) -> None:
        reading = report("assessments", text_of("assessments", {"framework_code": "WCO_FOS"}))
        words = remedy_of(reading, "framework_code")
        assert words.en.startswith("Use one of ")
        assert "WTO_TFA" in words.en
        assert words.en.endswith(
            "; each framework is named on the sheet Lists of the template (members template); for a new one "
            "ask the secretariat to add its list of measures."
        )
        assert words.fr.endswith(
            " ; chaque cadre figure sur la feuille Lists du modèle (members template) ; pour un nouveau "
            "cadre, demandez au secrétariat d’ajouter sa liste de mesures."
        )

    def test_a_stage_is_looked_up_in_the_template(self, report: Reader) -> None:
        reading = report("assessments", text_of("assessments", {"stage_code": "HALF"}))
        words = remedy_of(reading, "stage_code")
        assert words.en == (
            "Use one of FULL, PARTIAL, PILOT, NONE, NOT_KNOWN, NOT_APPLICABLE; the codes, and what they "
            "mean, stand on the sheet Lists of the template (members template); the list is the same for all "
            "members."
        )
        assert "la liste est la même pour tous les membres" in words.fr
        assert "fichier du membre" not in words.fr


class TestRepetitions:
    def test_the_same_row_twice_counts_once(self, report: Reader) -> None:
        reading = report("assessments", text_of("assessments", {}, {}, {}))
        assert counts(reading) == (3, 1, 0, 2)
        assert found(reading) == {("R122", "measure_code"): (3, 4)}
        assert rows_of(reading.rejected_file, "source_row, verdict") == [(3, "DUPLICATE"), (4, "DUPLICATE")]

    def test_an_assessor_that_contradicts_itself_on_one_day_is_believed_in_neither(
        self, report: Reader
    ) -> None:
        other = {"measure_code": "S02"}
        reading = report("assessments", text_of("assessments", other, {}, {"stage_code": "FULL"}, {}))
        assert counts(reading) == (4, 1, 3, 0)
        assert found(reading) == {("R121", "measure_code"): (3, 4, 5)}
        assert "framework_code + measure_code + assessor_code + assessed_on" in words_of(reading.faults[0]).en

    def test_two_assessors_may_differ_and_so_may_two_days(self, report: Reader) -> None:
        changes = (
            {},
            {"assessor_code": "DESK_REVIEW", "stage_code": "PILOT"},
            {"assessed_on": "2026-03-06", "stage_code": "FULL"},
        )
        assert counts(report("assessments", text_of("assessments", *changes))) == (3, 3, 0, 0)

    def test_a_row_that_is_wrong_by_itself_contradicts_nobody(self, report: Reader) -> None:
        reading = report("assessments", text_of("assessments", {}, {"stage_code": "HALF"}))
        assert found(reading) == {("R109", "stage_code"): (3,)}


class TestWarnings:
    """Rows that are accepted and marked."""

    def test_a_stage_that_goes_backwards_without_a_reason(self, report: Reader) -> None:
        steps = [
            {"assessed_on": "2025-03-01", "stage_code": "PARTIAL"},
            {"assessed_on": "2026-03-01", "stage_code": "PILOT"},  # back, row 3
            {"assessed_on": "2026-03-02", "stage_code": "FULL"},
            {"assessed_on": "2026-03-03", "stage_code": "NONE", "reason": "The act was repealed"},
            {"assessed_on": "2026-03-04", "stage_code": "NOT_KNOWN"},
            {"assessed_on": "2026-03-05", "stage_code": "NONE"},
        ]
        reading = report("assessments", text_of("assessments", *steps))
        assert counts(reading) == (6, 6, 0, 0)
        assert found(reading) == {("R209", "stage_code"): (3,)}
        assert reading.rows_warned == 1
        words_of(reading.faults[0])

    def test_the_order_of_the_rows_does_not_matter_and_another_assessor_does_not_either(
        self, report: Reader
    ) -> None:
        steps = [
            {"assessed_on": "2026-03-01", "stage_code": "PILOT"},  # row 2 is the later one
            {"assessed_on": "2025-03-01", "stage_code": "PARTIAL"},
            {"assessed_on": "2024-03-01", "stage_code": "FULL", "assessor_code": "DESK_REVIEW"},
        ]
        assert found(report("assessments", text_of("assessments", *steps))) == {("R209", "stage_code"): (2,)}

    def test_a_measure_that_an_open_list_does_not_have_is_kept_as_it_is_named(self, report: Reader) -> None:
        change = {"framework_code": "EU_PACIFIC_IEPA", "measure_code": "ART. 12"}
        reading = report("assessments", text_of("assessments", change))
        assert counts(reading) == (1, 1, 0, 0)
        assert found(reading) == {("R210", "measure_code"): (2,)}
        ((_, path),) = reading.accepted_files
        assert rows_of(path, "measure_code, rule_ids") == [("ART. 12", ["R210:measure_code"])]


class TestWholeReport:
    def test_without_rows_takes_the_month_back(self, report: Reader) -> None:
        reading = report("actions", text_of("actions"))
        assert (found(reading), reading.items_by_period) == ({("R211", ""): ()}, {"2026-03": 0})
        assert not reading.is_refused

    def test_with_too_many_rejected_is_refused(self, report: Reader) -> None:
        """6 of 59 are 10.2 %; 5 are forgiven in any case."""
        good = [{"assessed_on": f"2025-{month:02d}-{day:02d}"} for month in (1, 2) for day in range(1, 28)][
            :53
        ]
        bad = [{"stage_code": "?"}] * 6
        refused = report("assessments", text_of("assessments", *good, *bad))
        assert refused.is_refused
        assert "6 of 59 rows are rejected; at most 10 % may be." in words_of(refused.faults[0]).en
        assert refused.faults[0].rule_id == "R024"
        assert not report("assessments", text_of("assessments", *good, *bad[:5])).is_refused

    def test_of_which_nothing_is_left_is_refused(self, report: Reader) -> None:
        assert found(report("actions", text_of("actions", {"measure_code": ""}))) == {
            ("R024", ""): (),
            ("R117", "measure_code"): (2,),
        }

    def test_with_other_columns_is_refused_by_their_names(self, report: Reader) -> None:
        reading = report("trainings", text_of("trainings", {}).replace("held_on", "held"))
        assert {fault.rule_id for fault in reading.faults} == {"R002", "R003"}
        (unknown,) = [fault for fault in reading.faults if fault.rule_id == "R003"]
        remedy = RULES["R003"].remedy.fill(unknown.details)
        assert "ask the secretariat to add them to the table of gap reports: " in remedy.en
        assert "demandez au secrétariat de les ajouter au tableau des rapports d’avancement : " in remedy.fr

    def test_with_another_sign_between_columns_says_so(self, report: Reader) -> None:
        reading = report("trainings", text_of("trainings", {}).replace(",", ";"))
        assert [fault.rule_id for fault in reading.faults] == ["R005"]

    def test_whose_manifest_counts_other_rows_is_refused(self, report: Reader) -> None:
        assert not report("trainings", text_of("trainings", {}), manifest=Manifest(rows=1)).is_refused
        reading = report("trainings", text_of("trainings", {}), manifest=Manifest(rows=2))
        assert [fault.rule_id for fault in reading.faults] == ["R011"]

    def test_a_line_with_too_few_fields_is_rejected_and_the_others_keep_their_numbers(
        self, report: Reader
    ) -> None:
        lines = text_of("trainings", {}, {"training_id": "T2", "held_on": "?"}).splitlines()
        reading = report("trainings", "\n".join([lines[0], "FJ,T0", *lines[1:]]) + "\n")
        assert counts(reading) == (3, 1, 2, 0)
        assert found(reading) == {("R101", ""): (2,), ("R103", "held_on"): (4,)}
        assert rows_of(reading.rejected_file, "source_row") == [(2,), (4,)]

    def test_a_workbook_is_judged_as_the_text_is(self, report: Reader) -> None:
        workbook = Workbook()
        sheet = workbook.active
        assert sheet is not None
        sheet.append(TABLES["assessments"].source_columns)
        good = GOOD["assessments"] | {"framework_code": "WTO_TFA", "measure_code": "1.1"}
        sheet.append(list(good.values()))
        sheet.append(list((good | {"stage_code": "HALF"}).values()))
        # As Excel keeps what is typed into a cell without a format.
        sheet["C2"], sheet["E2"] = 1.1, date(2026, 3, 5)
        workbook.create_sheet("Lists").append(["not", "read"])
        content = io.BytesIO()
        workbook.save(content)

        reading = report("assessments", content.getvalue(), suffix="xlsx")

        assert counts(reading) == (2, 1, 1, 0)
        assert found(reading) == {("R109", "stage_code"): (3,)}
        ((_, path),) = reading.accepted_files
        assert rows_of(path, "measure_code, assessed_on") == [("1.1", date(2026, 3, 5))]


def test_reports_that_wait_together_have_the_verdicts_that_each_has_alone(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Two tables, two days of sending, columns in another order, no rows, broken rows, rows once more."""
    turned = [",".join(reversed(line.split(","))) for line in text_of("trainings", {"title": "Risk"}).split()]
    contents = [
        ("assessments", "2026-01", text_of("assessments", {}, {"measure_code": "S99"}), SENT_ON),
        ("assessments", "2026-02", text_of("assessments", {"assessed_on": "2026-04-11"}, {}), SENT_ON),
        ("assessments", "2026-03", text_of("assessments"), SENT_ON),
        (
            "assessments",
            "2026-04",
            text_of("assessments", {"assessed_on": "2026-04-11"}, {}, {}) + "FJ,too few\n",
            date(2026, 4, 11),
        ),
        ("trainings", "2026-01", text_of("trainings", {}, {"training_id": "T2"}), SENT_ON),
        ("trainings", "2026-02", "\n".join(turned) + "\n", SENT_ON),
        ("trainings", "2026-03", "no header of ours", SENT_ON),
        ("trainings", "2026-04", text_of("trainings", {"held_on": "?"}), SENT_ON),
    ]

    def sent(folder: Path) -> list[Sent]:
        files = []
        for number, (table, period, content, day) in enumerate(contents):
            name = file_name("FJ", TABLES[table], period, "csv")
            scratch = folder / str(number)
            scratch.mkdir(parents=True)
            files.append(Sent(put(folder / name, content), name, f"fj-{number}", day, scratch, None, str))
        return files

    def read(files: list[Sent]) -> list[tuple[Reading, list[Any]]]:
        home = Settings(home=tmp_path / "home")
        readings = [reading for _, reading in read_sent_together(home, connection, small_member(), files)]
        return [
            (
                replace(reading, accepted_files=[], rejected_file=None),
                [
                    rows_of(path)
                    for path in (*(path for _, path in reading.accepted_files), reading.rejected_file)
                    if path is not None
                ],
            )
            for reading in readings
        ]

    together = read(sent(tmp_path / "together"))
    alone = [read([file])[0] for file in sent(tmp_path / "alone")]

    assert together == alone
    assert [counts(reading) for reading, _ in together] == [
        (2, 1, 1, 0),
        (2, 1, 1, 0),
        (0, 0, 0, 0),
        (4, 2, 1, 1),
        (2, 2, 0, 0),
        (1, 1, 0, 0),
        (0, 0, 0, 0),
        (1, 0, 1, 0),
    ]
    assert found(together[1][0]) == {("R119", "assessed_on"): (2,)}
    assert found(together[3][0]) == {("R101", ""): (5,), ("R122", "measure_code"): (4,)}


def test_no_text_of_a_rejected_row_is_kept_but_for_its_sender(report: Reader) -> None:
    content = text_of("assessments", {}, {"measure_code": "S99", "evidence": "Mere wrote it"})
    assert b"Mere" not in (report("assessments", content).rejected_file or Path()).read_bytes()
    ((values,),) = rows_of(report("assessments", content, for_sender=True).rejected_file, "source_values")
    assert json.loads(values)["evidence"] == "Mere wrote it"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("FJ_gap_assessments_2026-03.csv", ("FJ", "gap_assessments", "2026-03", "delimited")),
        ("fj_GAP_actions_2026-12.synthetic.XLSX", ("FJ", "gap_actions", "2026-12", "xlsx")),
        ("WS_gap_trainings_2026-03.csv.zip", ("WS", "gap_trainings", "2026-03", "delimited")),
        ("FJ_gap_assessments_2026-13.csv", None),
        ("FJ_gap_assessments_2026-03.csv.manifest.json", None),
        ("FJ_gap_scores_2026-03.csv", None),
        ("FJ_parcels_202603.csv", None),
    ],
)
def test_a_name_says_whose_report_it_is(name: str, expected: tuple[str, ...] | None) -> None:
    report = report_of(name)
    assert (report and (report.member_code, report.stream_code, report.period, report.format)) == expected


VALUES = {
    "framework_code": ["WCO_FOS_2022", "EU_PACIFIC_IEPA", "NONE", ""],
    "measure_code": ["S01", "S02", "S99", ""],
    "stage_code": ["FULL", "NONE", "NOT_KNOWN", "x", ""],
    "assessed_on": ["2026-03-05", "2026-03-06", "2019-01-01", "2027-01-01", "soon", ""],
    "assessor_code": ["SELF", "DESK_REVIEW", ""],
    "evidence": ["", "Act", "a@b.cd", 'a "quoted", text'],
}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries({name: st.sampled_from(values) for name, values in VALUES.items()}), max_size=12
    )
)
def test_every_row_is_accepted_rejected_or_a_duplicate_and_in_one_file(
    report: Reader, changes: list[dict[str, str]]
) -> None:
    reading = report("assessments", text_of("assessments", *changes))

    assert reading.rows_in == len(changes)
    assert reading.rows_in == reading.rows_accepted + reading.rows_rejected + reading.rows_duplicate
    kept = [row for _, path in reading.accepted_files for row in rows_of(path, "source_row, rule_ids")]
    left = rows_of(reading.rejected_file, "source_row, faults") if reading.rejected_file else []
    assert sorted(row for row, _ in kept + left) == list(range(2, len(changes) + 2))
    assert all(faults for _, faults in left)
