"""The report of PACComtrade: the same lines are excluded and kept, and each rule of it is put to the test."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import RegularText, Spool, paccomtrade
from pacific_parcels.formats.paccomtrade import CHUNK, LONGEST_LINE, ROW, Options, header, read
from pacific_parcels.members import Member
from pacific_parcels.reading import Reading, connect, read_extract
from pacific_parcels.settings import Settings
from tests.small_member import SENT_ON

SAMPLE = Path(__file__).parents[2] / "formats" / "paccomtrade"
REPORT = (
    "DATE", "COMMODITY", "COMMODITY_CLASSIFICATION", "TRADE_FLOW", "VALUE", "INCOTERMS", "FREIGHT_PAID",
    "INSURANCE_PAID", "CURRENCY", "QUANTITY", "QUANTITY_UNIT", "COUNTRY_ORIGIN", "COUNTRY_DESTINATION",
    "TRADE_AGREEMENT", "TRANSPORT",
)  # fmt: skip
GOOD_TEXT = "2026-03-05;610910;HS2022;M1;10.00;CIF;1.00;0.10;FJD;1;NMB;CN;FJ;NONE;42"
HEADER = ";".join(REPORT)
GOOD_LINE = dict(zip(REPORT, GOOD_TEXT.split(";"), strict=True))
# Each rule of PACComtrade: a change that breaks it, what becomes of the line, and changes that do not.
RULES: dict[str, tuple[dict[str, str], str, list[dict[str, str]]]] = {
    "R02 duplicate row": ({"QUANTITY": "7"}, "kept", [{"QUANTITY": "8"}]),
    "R03 date missing": ({"DATE": ""}, "R102:arrival_date", [{"DATE": "2026-03-06"}]),
    "R04 commodity missing": ({"COMMODITY": ""}, "R102:COMMODITY", [{"COMMODITY": "851679"}]),
    "R05 classification missing": (
        {"COMMODITY_CLASSIFICATION": ""},
        "R102:COMMODITY_CLASSIFICATION",
        [{"COMMODITY_CLASSIFICATION": "HS2017"}],
    ),
    "R06 flow missing": ({"TRADE_FLOW": ""}, "R102:TRADE_FLOW", [{"TRADE_FLOW": "M2"}]),
    "R07 Incoterm missing": ({"INCOTERMS": " "}, "R102:INCOTERMS", [{"INCOTERMS": "FOB"}]),
    "R08 currency missing": ({"CURRENCY": ""}, "R102:declared_currency_code", [{"CURRENCY": "FJD"}]),
    "R09 origin missing": ({"COUNTRY_ORIGIN": ""}, "R102:COUNTRY_ORIGIN", [{"COUNTRY_ORIGIN": "NZ"}]),
    "R10 destination missing": (
        {"COUNTRY_DESTINATION": ""},
        "R112:expect 1",
        [{"COUNTRY_DESTINATION": "FJ"}],
    ),
    "R11 transport missing": ({"TRANSPORT": ""}, "R102:channel_code", [{"TRANSPORT": "1"}]),
    "R12 agreement missing": ({"TRADE_AGREEMENT": ""}, "R102:TRADE_AGREEMENT", [{"TRADE_AGREEMENT": "MSG"}]),
    "R13 date format": ({"DATE": "05/03/2026"}, "R103:arrival_date", [{"DATE": "2026-03-31"}]),
    "R14 HS version": (
        {"COMMODITY_CLASSIFICATION": "HS1992"},
        "R109:hs_edition",
        [{"COMMODITY_CLASSIFICATION": "HS2017"}],
    ),
    "R15 commodity unknown": (
        {"COMMODITY": "000000"},
        "kept",
        [{"COMMODITY": "930200"}, {"COMMODITY": "999999"}, {"COMMODITY": "61091000"}],
    ),
    "R16 country code": (
        {"COUNTRY_ORIGIN": "ZZ"},
        "R110:origin_country_code",
        [{"COUNTRY_ORIGIN": "US"}, {"COUNTRY_ORIGIN": "XX"}],
    ),
    "R16 country code of destination": ({"COUNTRY_DESTINATION": "ZZ"}, "R112:COUNTRY_DESTINATION", []),
    "R17 import to another country": (
        {"COUNTRY_DESTINATION": "NZ"},
        "R112:COUNTRY_DESTINATION",
        [{"COUNTRY_DESTINATION": "FJ"}],
    ),
    "R18 export from another country": (
        {"TRADE_FLOW": "X1", "COUNTRY_ORIGIN": "NZ", "COUNTRY_DESTINATION": "US"},
        "R112:COUNTRY_ORIGIN",
        [],
    ),
    "R19 no other counterpart": ({"COUNTRY_ORIGIN": "FJ"}, "R110:COUNTRY_ORIGIN", [{"COUNTRY_ORIGIN": "AU"}]),
    "R20 another currency": ({"CURRENCY": "USD"}, "R109:CURRENCY", [{"CURRENCY": "FJD"}]),
    "R21 code of flow": ({"TRADE_FLOW": "M9"}, "R109:TRADE_FLOW", [{"TRADE_FLOW": "M1"}]),
    "R22 code of Incoterm": ({"INCOTERMS": "ABC"}, "R109:valuation_basis_code", [{"INCOTERMS": "DAP"}]),
    "R23 code of unit": (
        {"QUANTITY_UNIT": "XYZ"},
        "R109:QUANTITY_UNIT",
        [{"QUANTITY_UNIT": "KGM"}, {"QUANTITY_UNIT": ""}],
    ),
    "R24 code of transport": ({"TRANSPORT": "7"}, "R109:channel_code", [{"TRANSPORT": "21"}]),
    "R25 code of agreement": (
        {"TRADE_AGREEMENT": "EU"},
        "R109:TRADE_AGREEMENT",
        [{"TRADE_AGREEMENT": "PICTA"}],
    ),
    "R26 value": (
        {"VALUE": "1,5"},
        "R106:declared_value",
        [{"VALUE": "-1.5"}, {"VALUE": "1e3"}, {"VALUE": ""}],
    ),
    "R27 freight": (
        {"FREIGHT_PAID": "n/a"},
        "R106:FREIGHT_PAID",
        [{"FREIGHT_PAID": "1.5"}, {"FREIGHT_PAID": ""}],
    ),
    "R28 insurance": (
        {"INSURANCE_PAID": "-"},
        "R106:INSURANCE_PAID",
        [{"INSURANCE_PAID": ".5"}, {"INSURANCE_PAID": ""}],
    ),
    "R29 quantity": ({"QUANTITY": "1 000"}, "R106:QUANTITY", [{"QUANTITY": "1e3"}, {"QUANTITY": ""}]),
}
EXPORT = {"TRADE_FLOW": "X2", "COUNTRY_ORIGIN": "FJ", "COUNTRY_DESTINATION": "US"}
FAULTS = ("R101", "R102", "R103", "R106", "R109", "R110", "R112", "R113")
NO_CHANNEL = ("31", "32", "411", "412", "43", "44", "9")


def report_of(*changes: dict[str, str], columns: tuple[str, ...] = REPORT) -> str:
    """A report: the header, then one good line for each dict, with the values of the dict instead."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([(GOOD_LINE | change)[name] for name in columns] for change in changes)
    return text.getvalue()


def member_with(**options: Any) -> Member:
    content = yaml.safe_load((SAMPLE / "member.yml").read_text(encoding="utf-8"))
    content["extracts"]["items"]["layouts"][0]["options"] |= options
    return Member.model_validate(content)


def judge(folder: Path, content: str, **options: Any) -> tuple[Reading, dict[int, str]]:
    """The reading, and what is wrong with each rejected row; `left out` for a line that is no row."""
    path = folder / "sample.csv"
    path.write_text(content, encoding="utf-8")
    (folder / "scratch").mkdir()
    connection = connect(Settings(home=folder), folder / "spill")
    try:
        reading = read_extract(
            connection, member_with(**options), path, path.name, "fj-0", SENT_ON, folder / "scratch"
        )
        rejected = {}
        if reading.rejected_file is not None:
            rejected = dict(
                connection.execute(
                    "select source_row, array_to_string(faults, ' ') from read_parquet(?)",
                    [str(reading.rejected_file)],
                ).fetchall()
            )
        if reading.noted_file is not None:
            rejected |= dict(
                connection.execute(
                    "select source_row, 'left out' from read_parquet(?) where rule_id = 'R302'",
                    [str(reading.noted_file)],
                ).fetchall()
            )
    finally:
        connection.close()
    return reading, rejected


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """For each rule: what becomes of the line that breaks it, then of those that do not."""
    lines = [(name, change) for name, (breaks, _, fine) in RULES.items() for change in (breaks, *fine)]
    lines.append(("R02 duplicate row", RULES["R02 duplicate row"][0]))
    _, rejected = judge(
        tmp_path_factory.mktemp("rules"), report_of(*[change for _, change in lines]), units=["NMB", "KGM"]
    )
    found: dict[str, list[str]] = {name: [] for name in RULES}
    for row, (name, _) in enumerate(lines, 2):
        found[name].append(rejected.get(row, "kept"))
    return found


class TestRulesOfPACComtrade:
    def test_all_are_in_the_table(self) -> None:
        """R01, about missing columns, is one of the whole file and has a test of its own."""
        assert {name[:3] for name in RULES} == {f"R{number:02d}" for number in range(2, 30)}

    @pytest.mark.parametrize("rule", RULES)
    def test_a_line_that_breaks_it_and_lines_that_do_not(
        self, rule: str, outcomes: dict[str, list[str]]
    ) -> None:
        _, expected, fine = RULES[rule]

        broken, *others = outcomes[rule]
        assert broken == expected
        assert others == ["kept"] * (len(fine) + (rule == "R02 duplicate row"))

    def test_r01_a_missing_column_refuses_the_month(self, tmp_path: Path) -> None:
        columns = tuple(name for name in REPORT if name not in ("INCOTERMS", "TRANSPORT"))
        reading, _ = judge(tmp_path, report_of({}, columns=columns))

        (fault,) = reading.faults
        assert (fault.rule_id, fault.details["missing"]) == ("R002", "TRANSPORT, INCOTERMS")

    @pytest.mark.parametrize(
        ("first_name", "largest_compared_here"), [("DATE", 0), ('"DATE"', 0), ('"DATE"', 1 << 20)]
    )
    def test_a_line_that_stands_there_already_is_warned_of_and_counts_again(
        self, first_name: str, largest_compared_here: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The second and the third of three; not the one with another quantity. With quotation marks the
        report is read line by line, and its lines are compared with or without DuckDB."""
        monkeypatch.setattr(paccomtrade, "LARGEST_COMPARED_HERE", largest_compared_here)
        content = report_of({}, {"QUANTITY": "2"}, {}, {}).replace("DATE", first_name, 1)
        reading, rejected = judge(tmp_path, content)

        (fault,) = reading.faults
        assert (fault.rule_id, fault.row_count, fault.first_rows) == ("R207", 2, (4, 5))
        assert (reading.rows_accepted, reading.rows_duplicate, reading.rows_warned, rejected) == (4, 0, 2, {})

    def test_repeated_lines_are_found_in_little_memory(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """DuckDB's buffers for lines as long as may be were 32 MB each: a report of 200 MB was refused."""
        monkeypatch.setattr(paccomtrade, "MEMORY", "40MB")
        spool = Spool(tmp_path, ("GOODS", ROW))
        for row in range(2, 20_002):
            spool.row(row, [f"{row if row != 9 else 3} {'x' * 2000}", str(row)])

        text = paccomtrade._with_repeated_lines(spool.close(), tmp_path)

        assert text.notes is not None
        assert text.notes.read_text(encoding="utf-8") == "9,R207\n"

    def test_a_negative_value_is_kept_as_it_is_with_a_warning(self, tmp_path: Path) -> None:
        reading, _ = judge(tmp_path, report_of({}, {"VALUE": "-4.00"}, {"VALUE": "-1.5e1"}))

        (value,) = reading.values
        assert value.accepted == Decimal("-9.00")  # 10 - 4 - 15
        assert [(fault.rule_id, fault.first_rows) for fault in reading.faults] == [("R208", (3, 4))]

    def test_rejected_lines_are_counted_with_their_value(self, tmp_path: Path) -> None:
        reading, _ = judge(tmp_path, report_of({}, {"VALUE": "7.25", "QUANTITY": "?"}))

        (value,) = reading.values
        assert (value.accepted, value.rejected) == (Decimal("10.00"), Decimal("7.25"))

    def test_without_a_list_of_units_every_unit_is_taken(self, tmp_path: Path) -> None:
        _, rejected = judge(tmp_path, report_of({"QUANTITY_UNIT": "XYZ"}))

        assert rejected == {}


class TestLinesThatAreNoItems:
    """PACComtrade keeps them: they are not rejected, and no item either."""

    @pytest.mark.parametrize("change", [EXPORT, *({"TRANSPORT": mode} for mode in NO_CHANNEL)], ids=str)
    def test_are_left_out_and_counted_with_their_value(self, change: dict[str, str], tmp_path: Path) -> None:
        reading, outcomes = judge(tmp_path, report_of(change, {}, change))

        assert outcomes == {2: "left out", 4: "left out"}
        assert (reading.rows_in, reading.rows_accepted, reading.rows_left_out) == (1, 1, 2)
        assert [(fault.rule_id, fault.row_count) for fault in reading.faults] == [("R302", 2)]

    @pytest.mark.parametrize(
        ("change", "fault"),
        [
            ({"DATE": "05/03/2026"}, "R103:DATE"),
            ({"DATE": "2026-02-30"}, "R103:DATE"),
            ({"DATE": ""}, "R102:DATE"),
            ({"CURRENCY": ""}, "R102:CURRENCY"),
            ({"CURRENCY": "USD"}, "R109:CURRENCY"),
            ({"COUNTRY_DESTINATION": ""}, "R102:COUNTRY_DESTINATION"),
            ({"COUNTRY_DESTINATION": "ZZ"}, "R110:COUNTRY_DESTINATION"),
            ({"COUNTRY_DESTINATION": "FJ"}, "R110:COUNTRY_ORIGIN"),
            ({"COUNTRY_ORIGIN": "NZ"}, "R112:COUNTRY_ORIGIN"),
            ({"COMMODITY_CLASSIFICATION": "HS1992"}, "R109:COMMODITY_CLASSIFICATION"),
            ({"INCOTERMS": "ABC"}, "R109:INCOTERMS"),
            ({"TRANSPORT": "7"}, "R109:TRANSPORT"),
            ({"TRANSPORT": ""}, "R102:TRANSPORT"),
            ({"VALUE": "1,5"}, "R106:VALUE"),
        ],
        ids=str,
    )
    def test_an_export_is_put_to_every_rule_first(
        self, change: dict[str, str], fault: str, tmp_path: Path
    ) -> None:
        _, outcomes = judge(tmp_path, report_of({}, EXPORT | change, EXPORT))

        assert outcomes == {3: fault, 4: "left out"}

    def test_an_import_by_rail_to_another_country_is_rejected(self, tmp_path: Path) -> None:
        _, outcomes = judge(tmp_path, report_of({}, {"TRANSPORT": "31", "COUNTRY_DESTINATION": "NZ"}))

        assert outcomes == {3: "R112:COUNTRY_DESTINATION"}

    def test_a_member_may_lead_a_mode_to_a_channel_instead(self, tmp_path: Path) -> None:
        """Its lookup decides then, which does not have it here."""
        _, outcomes = judge(tmp_path, report_of({}, {"TRANSPORT": "9"}), without_channel=[])

        assert outcomes == {3: "R109:channel_code"}


Rows = list[list[str]]


class Report:
    """A file on disk and what reading it gives: rows with their number, and faults."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, content: str | bytes, **options: Any) -> tuple[Rows, list[str]]:
        path = self.folder / "report.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        assert header(path, Options(**options)).columns[-1] == ROW
        text = read(path, Options(**options), self.folder)
        return rows_of(text), faults_of(text)

    def refused(self, content: str | bytes) -> ExtractError:
        with pytest.raises(ExtractError) as caught:
            self.read(content)
        return caught.value


def rows_of(text: RegularText) -> Rows:
    """Each row: its number, and its fields with the number once more."""
    content = text.path.read_text(encoding="utf-8")
    lines = content.split("\n")[text.skip :]
    rows = [line.removesuffix("\r").split(text.delimiter) for line in lines if line]
    if text.last_is_row:
        assert not text.has_source_row
        assert text.path.name == "report.csv"
        # DuckDB does not mind empty fields after the last one.
        assert not any(field for row in rows for field in row[len(text.columns) - 1 :])
        return [
            [str(number), *row[: len(text.columns) - 1], str(number)]
            for number, row in enumerate(rows, text.skip + 1)
        ]
    assert text.has_source_row
    return rows


def faults_of(text: RegularText) -> list[str]:
    assert text.faults is not None
    return text.faults.read_text(encoding="utf-8").splitlines()


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return Report(tmp_path)


class TestText:
    def test_the_columns_are_those_of_the_file_and_the_row(self, tmp_path: Path) -> None:
        path = tmp_path / "report.csv"
        path.write_text(f"{HEADER};EXTRA \n")

        assert header(path, Options()).columns == (*REPORT, "EXTRA", ROW)
        assert header(path, Options()).delimiter == ";"

    def test_a_row_holds_its_own_number_as_a_spreadsheet_shows_it(self, report: Report) -> None:
        rows, faults = report.read(f"{HEADER}\r\n\r\n{GOOD_TEXT}\r\n{GOOD_TEXT};;\r\n")

        assert [[*row[:2], row[-1]] for row in rows] == [
            ["3", "2026-03-05", "3"],
            ["4", "2026-03-05", "4"],
        ]
        assert faults == []

    def test_a_byte_order_mark_and_quoted_fields_are_read(self, report: Report) -> None:
        line = GOOD_TEXT.replace("NONE", '"NONE"').replace("NMB", '"N""M;B"')
        rows, _ = report.read(f"\ufeff{HEADER}\n{line}\n")

        assert rows[0][11] == 'N"M;B'

    def test_an_empty_value_is_nought(self, report: Report) -> None:
        rows, _ = report.read(report_of({"VALUE": " "}))

        assert rows[0][1 + REPORT.index("VALUE")] == "0"

    def test_lines_that_cannot_be_split_are_faults(self, report: Report) -> None:
        rows, faults = report.read(f'{HEADER}\n{GOOD_TEXT};1\nshort;line\n"a"b;c\n{GOOD_TEXT}\n')

        assert [row[0] for row in rows] == ["5"]
        # Sixteen fields and two where fifteen belong, and a mark that closes no field.
        assert faults == ["2,R101,,16", "3,R101,,2", '4,R113,,"""a""b;c"']

    @pytest.mark.parametrize(
        ("content", "rule", "details"),
        [
            (b"", "R001", {}),
            (b"PK\x03\x04 and more", "R014", {"found": "a workbook or an archive"}),
            (b'"DATE"x;COMMODITY\n', "R014", {"found": "quotation marks out of place in the header row"}),
            (HEADER.encode("utf-16"), "R004", {"line": "1", "found": "0xFF"}),
            (f"{HEADER}\nCaf\u00e9;\n".encode("latin-1"), "R004", {"line": "2", "found": "0xE9"}),
            (f"{HEADER}\n{GOOD_TEXT}\nA\0;\n".encode(), "R016", {"line": "3"}),
            (f'{HEADER}\n{GOOD_TEXT}\n"2026;x\n{GOOD_TEXT}\n'.encode(), "R007", {"line": "3"}),
            (f"{HEADER}\n{GOOD_TEXT}\n2026-03-05;6109".encode(), "R017", {"line": "3"}),
            (HEADER.encode() + b"\n" + b"x" * (LONGEST_LINE + 1), "R019", {"expected": "1 MB for one row"}),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_what_is_no_report_is_refused(
        self, report: Report, content: bytes, rule: str, details: dict[str, str]
    ) -> None:
        error = report.refused(content)

        assert error.rule_id == rule
        assert {name: str(error.details[name]) for name in details} == details

    @given(
        content=st.one_of(
            st.binary(max_size=300),
            st.text(alphabet='A;"\n\r \ufeffé0M1', max_size=200).map(
                lambda text: f"{HEADER}\n{text}".encode()
            ),
            st.lists(st.sampled_from([HEADER, GOOD_TEXT, "\n", '"', ";", "\0", "\xff"])).map(
                lambda parts: "".join(parts).encode("latin-1")
            ),
        )
    )
    @example(content=b"\xef\xbb\xbf")
    @example(content=b"\n\n;\n")
    @example(content=b"ROW;ROW\n1;2\n")
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_any_bytes_give_rows_or_a_rule(self, content: bytes, report: Report) -> None:
        try:
            rows, faults = report.read(content, country="FJ", units=("NMB",))
        except ExtractError:
            return
        numbers = [int(row[0]) for row in rows]
        assert numbers == sorted(set(numbers))
        assert len({len(row) for row in rows}) <= 1
        assert all(fault.split(",")[1] in FAULTS for fault in faults)


SPELLINGS = {
    "COMMODITY": ["610910", "", " "],
    "COMMODITY_CLASSIFICATION": ["HS2022", "#", ""],
    "TRADE_FLOW": ["M1", "M2", " M1", "M1\u00a0", "X1", "X2 ", "X2", "m1", ""],
    "DATE": ["2026-03-05", "2026-02-30", "5.3.2026"],
    "VALUE": ["10.00", "", "\t", "  5 ", "1,5", "1e3"],
    "INCOTERMS": ["CIF", "\u2003", ""],
    "FREIGHT_PAID": [
        "1.00",
        "",
        " ",
        "1.",
        ".5",
        ".",
        "+1e3",
        "-1E-3",
        "1 000",
        "1_0",
        "1e1.",
        "1e200",
        "\u0661",
        " 7\u00a0",
    ],
    "INSURANCE_PAID": ["0.10", "", "nan", "inf", "1e", "\x1c2\x0b", "0x10"],
    "CURRENCY": ["FJD", "é", "'"],
    "QUANTITY": ["1", "", "--1", "\u30002"],
    "QUANTITY_UNIT": ["NMB", "", "KGM ", "O'S", "XYZ"],
    "COUNTRY_ORIGIN": ["CN", "FJ", " FJ", "ZZ", ""],
    "COUNTRY_DESTINATION": ["FJ", "", "FJ\t", "US", "cn"],
    "TRADE_AGREEMENT": ["NONE", "MSG", "EU", "\x85", ""],
    "TRANSPORT": ["42", "", "\ufeff", "1 ", "31", "7"],
}
CHANGES = st.dictionaries(st.sampled_from(list(SPELLINGS)), st.none(), max_size=3).flatmap(
    lambda chosen: st.fixed_dictionaries({name: st.sampled_from(SPELLINGS[name]) for name in chosen})
)
LINES = CHANGES.map(lambda change: ";".join((GOOD_LINE | change).values()))
# Short, long, blank: few of them, or no report would be regular.
ODD_LINES = st.sampled_from(
    [f"{GOOD_TEXT};", f"{GOOD_TEXT};;", f"{GOOD_TEXT}; ", "a;b", "", " ", f"{GOOD_TEXT};x"]
)


class TestRegularReports:
    """A regular report goes another way, at many times the speed, and nobody can tell from what comes out."""

    def outcome(self, folder: Path, content: str, options: Options) -> tuple[Any, ...]:
        folder.mkdir(exist_ok=True)
        path = folder / "report.csv"
        path.write_bytes(content.encode())
        try:
            text = read(path, options, folder)
        except ExtractError as error:
            return (error.rule_id, error.details)
        assert text.faults is not None
        assert text.notes is not None
        files = tuple(path.read_bytes() for path in (text.faults, text.notes))
        return (rows_of(text), *files, text.rows, text.fault_count, text.note_count, text.columns)

    @given(
        lines=st.lists(LINES, max_size=12),
        odd=st.lists(ODD_LINES, max_size=1),
        end=st.sampled_from(["\n", "\r\n"]),
        ends_last_line=st.booleans(),
        mark=st.sampled_from(["", "\ufeff"]),
        options=st.builds(
            Options,
            country=st.sampled_from([None, "FJ"]),
            currency=st.sampled_from([None, "FJD"]),
            units=st.sampled_from([(), ("NMB", "KGM", "O'S")]),
        ),
    )
    @example(lines=[GOOD_TEXT], odd=[], end="\n", ends_last_line=False, mark="", options=Options())
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_they_come_out_as_line_by_line(
        self,
        lines: list[str],
        odd: list[str],
        end: str,
        ends_last_line: bool,
        mark: str,
        options: Options,
        tmp_path: Path,
    ) -> None:
        """A quotation mark in the header changes no name, but makes the whole report irregular."""
        content = end.join([HEADER, *lines[:5], *odd, *lines[5:]]) + end * ends_last_line
        quoted = content.replace("DATE;", '"DATE";', 1)

        regular = self.outcome(tmp_path / "regular", mark + content, options)
        line_by_line = self.outcome(tmp_path / "line_by_line", mark + quoted, options)

        assert regular == line_by_line

    def test_one_without_anything_to_leave_out_is_not_written_again(self, tmp_path: Path) -> None:
        path = tmp_path / "report.csv"
        path.write_text(report_of({}, {"QUANTITY": "2"}))

        text = read(path, Options(country="FJ"), tmp_path)

        assert (text.path, text.skip, text.last_is_row) == (path, 1, True)
        assert rows_of(text)[1] == ["3", *GOOD_TEXT.replace(";1;NMB", ";2;NMB").split(";"), "3"]

    def test_no_line_of_them_is_read_by_itself(self, report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr(paccomtrade, "_read_lines")
        rows, faults = report.read(report_of({}, {"QUANTITY": "?"}, {}))

        assert [row[0] for row in rows] == ["2", "4"]
        assert faults == ["3,R106,QUANTITY,?,10.00,FJD"]

    def test_faults_are_sorted_out_of_more_lines_than_one_piece_holds(self, report: Report) -> None:
        lines = CHUNK // len(GOOD_TEXT) * 3
        content = report_of(*[{"QUANTITY": "?"} if number % 1000 == 0 else {} for number in range(lines)])
        rows, faults = report.read(content)

        assert [fault.split(",")[0] for fault in faults] == [
            str(number + 2) for number in range(0, lines, 1000)
        ]
        assert [int(row[0]) for row in rows] == [number + 2 for number in range(lines) if number % 1000 != 0]

    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    @pytest.mark.parametrize("shift", [-2, -1, 0, 1])
    def test_a_blank_line_across_two_pieces_is_seen(self, report: Report, end: str, shift: int) -> None:
        """The commodity of the second line is as long as it takes."""
        above = len(f"{HEADER}{end}{GOOD_TEXT}{end}")
        filled = GOOD_TEXT.replace("610910", "6" * (CHUNK - above - len(GOOD_TEXT) + 6 + shift))
        rows, _ = report.read(f"{HEADER}{end}{GOOD_TEXT}{end}{filled}{end}{end}{GOOD_TEXT}{end}")

        assert [row[0] for row in rows] == ["2", "3", "5"]
