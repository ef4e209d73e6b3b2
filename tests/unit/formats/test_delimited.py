"""Delimited text: every dialect and encoding comes out as the same rows, and every damage has its rule."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import RegularText, delimited
from pacific_parcels.formats.delimited import (
    LONGEST_RECORD,
    Options,
    header,
    likely_separator,
    read,
    respool,
)

Rows = dict[int, tuple[str | None, ...]]


def rows_of(text: RegularText, connection: duckdb.DuckDBPyConnection) -> Rows:
    """The fields of each row, by the number that a spreadsheet shows; split by DuckDB, as a layout has it."""
    names = ["row"] * text.has_source_row + [f"c{index}" for index in range(len(text.columns))]
    structure = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    number = "row" if text.has_source_row else f"row_number() over () + {text.skip}"
    result = connection.execute(
        f"select cast({number} as integer), {', '.join(names[text.has_source_row :])} "
        f"from read_csv(?, auto_detect = false, header = false, skip = {text.skip}, delim = ?, quote = ?, "
        f"escape = ?, columns = {{{structure}}}, strict_mode = true, max_line_size = 8388608)",
        [str(text.path), text.delimiter, text.quote, text.quote],
    ).fetchall()
    return {row[0]: row[1:] for row in result}


def faults_of(text: RegularText) -> list[tuple[int, str]]:
    if text.faults is None:
        return []
    with text.faults.open(encoding="utf-8", newline="") as file:
        return [(int(row), rule_id) for row, rule_id, *_ in csv.reader(file)]


def found_of(text: RegularText) -> dict[int, str]:
    """What a fault says of a row: how many fields it has, or what stands around its mark."""
    assert text.faults is not None
    with text.faults.open(encoding="utf-8", newline="") as file:
        return {int(fault[0]): fault[3] for fault in csv.reader(file)}


class Extract:
    """A file on disk and how it is read."""

    def __init__(self, folder: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.folder = folder
        self.connection = connection

    def read(self, content: bytes, **options: Any) -> tuple[RegularText, Rows]:
        path = self.folder / "extract.csv"
        path.write_bytes(content)
        text = read(path, Options(**options), self.folder)
        try:
            rows = rows_of(text, self.connection)
        except duckdb.InvalidInputException:  # as the reader does: what DuckDB cannot split is spooled
            assert not text.has_source_row, "what was spooled can always be split"
            text = respool(path, Options(**options), self.folder)
            rows = rows_of(text, self.connection)
        faulty = {row for row, _ in faults_of(text)}
        if not text.has_source_row:  # a mended row stands there with empty fields
            assert not any(field for row in faulty for field in rows[row])
            rows = {row: fields for row, fields in rows.items() if row not in faulty}
        assert text.rows == len(rows) + text.fault_count, "every record is a row or a fault"
        return text, rows

    def refused(self, content: bytes, **options: Any) -> ExtractError:
        with pytest.raises(ExtractError) as caught:
            self.read(content, **options)
        return caught.value


@pytest.fixture
def extract(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> Extract:
    return Extract(tmp_path, connection)


# The header is row 1, so the first row below it is row 2.
TWO_ROWS: Rows = {2: ("A1", "Thé"), 3: ("A2", "Café")}
TEXT = "Item,Goods\nA1,Thé\nA2,Café\n"


class TestEncodings:
    @pytest.mark.parametrize(
        ("content", "encoding"),
        [
            (TEXT.encode("utf-8"), "utf-8"),
            (TEXT.encode("utf-8-sig"), "utf-8"),
            (TEXT.encode("utf-16"), "utf-16"),
            (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16"),
            (TEXT.encode("cp1252"), "cp1252"),
            (TEXT.encode("latin-1"), "latin-1"),
        ],
        ids=["utf-8", "utf-8 with mark", "utf-16 little", "utf-16 big", "cp1252", "latin-1"],
    )
    def test_each_gives_the_same_rows(self, extract: Extract, content: bytes, encoding: str) -> None:
        text, rows = extract.read(content, encoding=encoding)

        assert text.columns == ("Item", "Goods")
        assert rows == TWO_ROWS

    @pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "latin-1"])
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_regular_text_goes_to_duckdb_whatever_it_is_written_in(
        self, extract: Extract, encoding: str, end: str
    ) -> None:
        """With a row that is too short, and a field in quotation marks: in their places, and not spooled."""
        lines = ["Item,Goods", "A1,Thé", "A2", '"A3","Café, noir"', ""]

        text, rows = extract.read(end.join(lines).encode(encoding), encoding=encoding)

        assert not text.has_source_row
        assert rows == {2: ("A1", "Thé"), 4: ("A3", "Café, noir")}
        assert faults_of(text) == [(3, "R101")]

    @pytest.mark.parametrize("chunk", range(1, 8))
    @pytest.mark.parametrize(("encoding", "goods"), [("utf-16", "\U0001f4e6 Thé"), ("cp1252", "5 € de thé")])
    def test_a_letter_may_lie_across_two_pieces(
        self, extract: Extract, encoding: str, goods: str, chunk: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(delimited, "CHUNK", chunk)

        text, rows = extract.read(f"Item,Goods\nA1,{goods}\n".encode(encoding), encoding=encoding)

        assert not text.has_source_row
        assert rows == {2: ("A1", goods)}

    def test_the_euro_sign_of_windows_is_read(self, extract: Extract) -> None:
        _, rows = extract.read(b"Item,Goods\nA1,\x80 5\n", encoding="cp1252")

        assert rows == {2: ("A1", "€ 5")}

    @pytest.mark.parametrize(
        ("content", "declared", "line", "byte"),
        [
            ("Item,Goods\nA1,Tea\nA2,Café\n".encode("latin-1"), "utf-8", "3", "0xE9"),
            (b"Item,Goods\nA1,Caf\xc3", "utf-8", "2", "0xC3"),
            (TEXT.encode("utf-8"), "utf-16", "1", "0x49"),
            (TEXT.encode("utf-16"), "utf-8", "1", "0xFF"),
            (TEXT.encode("utf-16"), "cp1252", "1", "0xFF"),
            (TEXT.encode("utf-8-sig"), "cp1252", "1", "0xEF"),
            ("Item,Goods\nA1,Tea\nA2,Café\n".encode(), "cp1252", "3", "0xC3"),
            ("Item,Désignation\nA1,Tea\n".encode(), "latin-1", "1", "0xC3"),
            (b"Item,Goods\nA1,\x81\n", "cp1252", "2", "0x81"),
            (TEXT.encode("utf-16")[:-1], "utf-16", "3", "0x0A"),
        ],
    )
    def test_a_wrong_one_is_refused_with_the_line_and_the_byte(
        self, extract: Extract, content: bytes, declared: str, line: str, byte: str
    ) -> None:
        error = extract.refused(content, encoding=declared)

        assert error.rule_id == "R004"
        assert error.details == {"expected": declared, "line": line, "found": byte}

    def test_a_wrong_byte_far_down_a_long_file_is_found(self, extract: Extract) -> None:
        # 600,000 rows of 8 bytes are 4.8 million bytes: more than one chunk.
        content = b"Item,Goods\n" + b"A1,Tea \n" * 600_000 + b"A2,Caf\xe9\n"

        assert extract.refused(content).details["line"] == "600002"


class TestLinesAndRows:
    def test_regular_bytes_are_read_where_they_lie(self, extract: Extract) -> None:
        text, _ = extract.read(TEXT.encode())

        assert text.path == extract.folder / "extract.csv"
        assert not text.has_source_row

    @pytest.mark.parametrize("end", ["\r\n", "\r"], ids=["Windows", "old Macintosh"])
    def test_other_line_ends_give_the_same_rows(self, extract: Extract, end: str) -> None:
        _, rows = extract.read(TEXT.replace("\n", end).encode())

        assert rows == TWO_ROWS

    def test_mixed_line_ends_give_the_same_rows(self, extract: Extract) -> None:
        _, rows = extract.read("Item,Goods\r\nA1,Thé\nA2,Café\r\n".encode())

        assert rows == TWO_ROWS

    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_the_last_row_needs_no_line_end(self, extract: Extract, end: str) -> None:
        _, rows = extract.read(TEXT.strip().replace("\n", end).encode())

        assert rows == TWO_ROWS

    def test_blank_lines_are_no_rows_but_count_where_rows_are_numbered(self, extract: Extract) -> None:
        _, rows = extract.read(b"Item,Goods\n\nA1,Tea\n\n\nA2,Rice\n\n\n")

        assert rows == {3: ("A1", "Tea"), 6: ("A2", "Rice")}

    def test_blank_lines_are_found_across_windows_line_ends(self, extract: Extract) -> None:
        _, rows = extract.read(b"Item,Goods\r\n\r\nA1,Tea\r\n")

        assert rows == {3: ("A1", "Tea")}

    def test_a_blank_first_line_is_a_header_without_names(self, extract: Extract) -> None:
        path = extract.folder / "extract.csv"
        path.write_bytes(b"\nItem,Goods\nA1,Tea\n")

        assert header(path, Options()).columns == ()

    @pytest.mark.parametrize(
        ("delimiter", "name"), [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar")]
    )
    def test_each_delimiter(self, extract: Extract, delimiter: str, name: str) -> None:
        _, rows = extract.read(TEXT.replace(",", delimiter).encode(), delimiter=delimiter)

        assert rows == TWO_ROWS, name

    def test_a_preamble_above_the_header(self, extract: Extract) -> None:
        text, rows = extract.read(b'"Report of\nMarch",2026\n\nItem,Goods\nA1,Tea\n', header_row=3)

        # The quoted title is one row of two lines, the blank line the second: the first item is on row 4.
        assert text.columns == ("Item", "Goods")
        assert rows == {4: ("A1", "Tea")}

    def test_names_in_the_header_lose_the_spaces_around_them(self, extract: Extract) -> None:
        assert extract.read(b" Item ,Goods \nA1,Tea\n")[0].columns == ("Item", "Goods")

    def test_a_header_alone_has_no_rows(self, extract: Extract) -> None:
        text, rows = extract.read(b"Item,Goods\n")

        assert (text.rows, rows) == (0, {})

    @pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"], ids=["no byte", "only a mark"])
    def test_an_empty_file(self, extract: Extract, content: bytes) -> None:
        assert extract.refused(content).rule_id == "R001"

    def test_a_file_that_ends_above_its_header(self, extract: Extract) -> None:
        assert extract.refused(b"Report\n", header_row=3).rule_id == "R001"


class TestQuotationMarks:
    def test_embedded_line_ends_become_spaces_and_a_record_stays_one_row(self, extract: Extract) -> None:
        _, rows = extract.read(b'Item,Goods\nA1,"Tea\nand rice"\nA2,"Salt\r\n"\nA3,Oil\n')

        assert rows == {2: ("A1", "Tea and rice"), 3: ("A2", "Salt  "), 4: ("A3", "Oil")}

    def test_doubled_marks_and_separators_inside_a_text(self, extract: Extract) -> None:
        _, rows = extract.read(b'Item,Goods\nA1,"a 5"" pipe, long"\nA2,""""\n')

        assert rows == {2: ("A1", 'a 5" pipe, long'), 3: ("A2", '"')}

    def test_a_mark_inside_an_unquoted_text_is_text(self, extract: Extract) -> None:
        _, rows = extract.read(b'Item,Goods\nA1,5" pipe\nA2,5" pipe and 6" pipe\n')

        assert rows == {2: ("A1", '5" pipe'), 3: ("A2", '5" pipe and 6" pipe')}

    def test_a_mark_out_of_place_costs_its_own_row_only(self, extract: Extract) -> None:
        text, rows = extract.read(b'Item,Goods\nA1,Tea\nA2,"5" pipe\nA3,Oil\n')

        assert faults_of(text) == [(3, "R113")]
        assert found_of(text) == {3: 'A2,"5" pipe'}
        assert rows == {2: ("A1", "Tea"), 4: ("A3", "Oil")}

    def test_of_a_long_line_what_stands_around_the_mark_is_told(self, extract: Extract) -> None:
        text, _ = extract.read(b'Item,Goods\nA1,Tea\nA2,"%b" pipe %b\n' % (b"x" * 200, b"y" * 200))

        # Twenty signs before the mark, and twenty from it on.
        assert found_of(text) == {3: "x" * 20 + '" pipe ' + "y" * 13}

    def test_one_that_never_closes_is_refused_with_the_line_where_it_opens(self, extract: Extract) -> None:
        error = extract.refused(b'Item,Goods\nA1,"Tea\nand"\nA2,"Rice\nA3,Oil\n')

        # Lines, not rows: an editor finds line 4, where row 3 begins.
        assert (error.rule_id, error.details) == ("R007", {"line": "4"})

    def test_one_that_never_closes_is_refused_also_when_megabytes_follow(self, extract: Extract) -> None:
        # Without the limit the rows after it would be swallowed into one, and never be counted.
        rows = b"A3,Oil\n" * (2 * LONGEST_RECORD // 7)

        error = extract.refused(b'Item,Goods\nA1,Tea\nA2,"Rice\n' + rows + b'A4,"Salt"\n')

        assert (error.rule_id, error.details) == ("R007", {"line": "3"})

    def test_one_that_never_closes_in_the_header(self, extract: Extract) -> None:
        error = extract.refused(b'Item,"Goods\nA1,Tea\n')

        assert (error.rule_id, error.details) == ("R007", {"line": "1"})

    def test_one_out_of_place_in_the_header(self, extract: Extract) -> None:
        error = extract.refused(b'Item,"Goods" here\nA1,Tea\n')

        assert error.rule_id == "R014"
        assert error.details["found"] == "quotation marks out of place in the header row"

    def test_a_single_line_beyond_all_reason_is_a_row_left_out(self, extract: Extract) -> None:
        long = b"x" * (LONGEST_RECORD + 1)

        text, rows = extract.read(b"Item,Goods\nA1," + long + b"\n\nA2,Rice\n")

        assert faults_of(text) == [(2, "R113")]
        assert rows == {4: ("A2", "Rice")}


class TestBackslashes:
    """As databases export: a mark inside a text has a backslash before it, and so has a backslash."""

    def test_a_mark_and_a_separator_after_a_backslash_are_text(self, extract: Extract) -> None:
        content = rb"""Item,Goods
A1,"a 5\" pipe, long"
A2,Tea\, green
A3,C:\\tea
"""

        _, rows = extract.read(content, escape="backslash")

        assert rows == {2: ("A1", 'a 5" pipe, long'), 3: ("A2", "Tea, green"), 4: ("A3", "C:\\tea")}

    @pytest.mark.parametrize("field", [r"\N", r'"\N"'], ids=["bare", "quoted"])
    def test_what_a_database_writes_for_nothing_is_nothing(self, extract: Extract, field: str) -> None:
        _, rows = extract.read(
            f"Item,Goods,Value\nA1,{field},5\nA2,{field},{field}\n".encode(), escape="backslash"
        )

        assert rows == {2: ("A1", None, "5"), 3: ("A2", None, None)}

    def test_without_the_option_a_backslash_is_a_letter_like_any_other(self, extract: Extract) -> None:
        _, rows = extract.read(b"Item,Goods\nA1,C:\\tea\nA2,\\N\n")

        assert rows == {2: ("A1", "C:\\tea"), 3: ("A2", "\\N")}

    def test_a_mark_that_never_closes(self, extract: Extract) -> None:
        error = extract.refused(b'Item,Goods\nA1,"Tea\\"\nA2,Rice\n', escape="backslash")

        assert (error.rule_id, error.details) == ("R007", {"line": "2"})


class TestFooters:
    def test_rows_below_the_table_are_no_rows(self, extract: Extract) -> None:
        content = b"Item,Goods,Value\nA1,Tea,5\nA2,Rice,7\n\nTotal,,12\nPrinted on 2 April\n\n"

        text, rows = extract.read(content, footer_rows=2)

        assert rows == {2: ("A1", "Tea", "5"), 3: ("A2", "Rice", "7")}
        assert (text.rows, text.fault_count) == (2, 0)

    def test_a_footer_may_be_short_and_without_line_end(self, extract: Extract) -> None:
        _, rows = extract.read(b"Item,Goods\nA1,Tea\n2 rows", footer_rows=1)

        assert rows == {2: ("A1", "Tea")}

    def test_a_footer_longer_than_the_table_leaves_nothing(self, extract: Extract) -> None:
        text, rows = extract.read(b"Item,Goods\nTotal,0\n", footer_rows=3)

        assert (text.rows, rows) == (0, {})

    def test_a_row_that_cannot_be_split_above_the_footer_is_still_told(self, extract: Extract) -> None:
        text, rows = extract.read(b'Item,Goods\nA1\nA2,"5" pipe\nA3,Tea\nTotal\n', footer_rows=1)

        assert faults_of(text) == [(2, "R101"), (3, "R113")]
        assert found_of(text) == {2: "1", 3: 'A2,"5" pipe'}
        assert rows == {4: ("A3", "Tea")}


class TestBlankRows:
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_a_row_of_separators_alone_is_blank(self, extract: Extract, end: str) -> None:
        lines = ["Item;Goods;Value", "A1;Tea;5", ";;", "A2;;", ";;"]

        _, rows = extract.read(end.join(lines).encode(), delimiter=";")

        assert rows == {2: ("A1", "Tea", "5"), 4: ("A2", None, None)}

    @pytest.mark.parametrize("chunk", range(1, 12))
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_a_blank_row_is_found_wherever_the_file_is_cut_for_reading(
        self, extract: Extract, end: str, chunk: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(delimited, "CHUNK", chunk)
        lines = ["Item;Goods;Value", "A1;;", ";;", "A2;Tea;5", ""]

        _, rows = extract.read(end.join(lines).encode(), delimiter=";")

        assert rows == {2: ("A1", None, None), 4: ("A2", "Tea", "5")}

    def test_a_row_of_empty_texts_is_a_row(self, extract: Extract) -> None:
        """Somebody wrote it: whether anything is missing in it is for the rules to say."""
        _, rows = extract.read(b'Item,Goods\nA1,Tea\n"",""\n')

        assert rows == {2: ("A1", "Tea"), 3: (None, None)}

    def test_one_column_and_no_blank_line_is_read_where_it_lies(self, extract: Extract) -> None:
        assert not extract.read(b"Item\nA1\nA2\n")[0].has_source_row


def test_a_quotation_mark_of_another_kind(extract: Extract) -> None:
    _, rows = extract.read(b"Item;Goods\nA1;'5\" pipe; long'\nA2;'it''s tea'\n", delimiter=";", quote="'")

    assert rows == {2: ("A1", '5" pipe; long'), 3: ("A2", "it's tea")}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("escape", ["doubled", "backslash"])
def test_a_report_with_everything_around_it(extract: Extract, encoding: str, end: str, escape: str) -> None:
    """A title, a blank line, the table with a blank row, a total: as offices export it."""
    mark = {"doubled": '""', "backslash": '\\"'}[escape]
    lines = [
        "Relevé de mars;",
        "",
        "Envoi|Objet",
        f'C1|"Tuyau de 5{mark} | é"',
        "|",
        "C2|1 234,50",
        "Total|2",
        "",
    ]

    text, rows = extract.read(
        end.join(lines).encode(encoding),
        delimiter="|",
        escape=escape,
        encoding=encoding.removesuffix("-sig"),
        header_row=3,
        footer_rows=1,
    )

    assert text.columns == ("Envoi", "Objet")
    assert rows == {4: ("C1", 'Tuyau de 5" | é'), 6: ("C2", "1 234,50")}


class TestDamage:
    def test_ragged_rows_are_left_out_with_their_numbers(self, extract: Extract) -> None:
        # Too many on row 3 and too few on row 4 keep the number of separators what it should be.
        text, rows = extract.read(b"Item,Goods\nA1,Tea\nA2,Rice,x\nA3\nA4,Oil\n")

        assert faults_of(text) == [(3, "R101"), (4, "R101")]
        assert found_of(text) == {3: "3", 4: "1"}
        assert rows == {2: ("A1", "Tea"), 5: ("A4", "Oil")}

    @pytest.mark.parametrize("line", ["A1,Tea,", 'A1,"Tea",,""'])
    def test_empty_fields_beyond_the_last_column_are_none(self, extract: Extract, line: str) -> None:
        _, rows = extract.read(f"Item,Goods\n{line}\n".encode())

        assert rows == {2: ("A1", "Tea")}

    def test_a_file_cut_off_in_a_row(self, extract: Extract) -> None:
        error = extract.refused(b"Item,Goods,Value\nA1,Tea,5\nA2,Ri")

        assert (error.rule_id, error.details) == ("R017", {"line": "3"})

    def test_a_short_last_row_with_its_line_end_is_no_cut(self, extract: Extract) -> None:
        text, _ = extract.read(b"Item,Goods,Value\nA1,Tea,5\nA2,Rice\n")

        assert faults_of(text) == [(3, "R101")]

    def test_nul_bytes_are_refused_with_their_line(self, extract: Extract) -> None:
        error = extract.refused(b"Item,Goods\nA1,Tea\nA2,\x00\x00\n")

        assert (error.rule_id, error.details) == ("R016", {"line": "3"})

    def test_nul_bytes_far_down_a_long_file_are_found(self, extract: Extract) -> None:
        error = extract.refused(b"Item,Goods\n" + b"A1,Tea \n" * 600_000 + b"A2,\x00\n")

        assert (error.rule_id, error.details) == ("R016", {"line": "600002"})

    def test_a_nul_character_in_utf_16_becomes_a_space(self, extract: Extract) -> None:
        _, rows = extract.read("Item,Goods\nA1,T\0a\n".encode("utf-16"), encoding="utf-16")

        assert rows == {2: ("A1", "T a")}

    @pytest.mark.parametrize("start", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"], ids=["archive", "old workbook"])
    def test_a_workbook_is_told_apart_from_text(self, extract: Extract, start: bytes) -> None:
        error = extract.refused(start + b"\0" * 20)

        assert error.rule_id == "R014"
        assert error.details["found"] == "a workbook or an archive"


def test_the_likely_separator_is_the_most_frequent_other_one() -> None:
    assert likely_separator("Item;Goods;Value, FJD", ",") == ";"
    assert likely_separator("Item", ",") is None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("random")


FIELD = st.text(st.sampled_from('ab"", \r\n;é'), max_size=6)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(FIELD, FIELD), max_size=8), end=st.sampled_from(["\n", "\r\n"]))
def test_whatever_a_csv_writer_writes_comes_back(
    rows: list[tuple[str, str]],
    end: str,
    folder: Path,
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Quoted by the standard library; line ends inside a field come back as one space each."""
    path = folder / "extract.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        # The minimal style would leave a lone carriage return outside quotation marks.
        writer = csv.writer(file, lineterminator=end, quoting=csv.QUOTE_ALL)
        writer.writerow(["Item", "Goods"])
        writer.writerows(rows)

    text = read(path, Options(), folder)

    def clean(field: str) -> str | None:
        return field.replace("\r", " ").replace("\n", " ") or None

    assert rows_of(text, connection) == {
        number: (clean(item), clean(goods)) for number, (item, goods) in enumerate(rows, 2)
    }


WILD_FIELD = st.text(st.sampled_from('ab"" é'), max_size=5)
WILD_LINE = st.lists(WILD_FIELD, min_size=1, max_size=4).map(",".join)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    lines=st.lists(WILD_LINE, min_size=1, max_size=3),
    encoding=st.sampled_from(["utf-8", "utf-16", "cp1252", "latin-1"]),
)
def test_what_duckdb_splits_by_itself_is_what_the_spool_splits(
    lines: list[str], encoding: str, folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    """The two ways of reading give the same rows, whatever stands in the file: speed decides nothing."""
    path = folder / "extract.csv"
    path.write_text("\n".join(["Item,Goods", *lines]) + "\n", encoding=encoding)
    options = Options.model_validate({"encoding": encoding})
    try:
        text = read(path, options, folder)
        rows = rows_of(text, connection)
    except (ExtractError, duckdb.InvalidInputException):
        assume(False)  # refused, or left to the spool by the reader
    assume(not text.has_source_row and len(rows) == text.rows)

    faults = faults_of(text)
    found = found_of(text) if faults else {}
    spooled = respool(path, options, folder)

    assert faults_of(spooled) == faults
    assert found_of(spooled) == found
    assert text.fault_count == len(faults)
    assert without_blanks(rows_of(spooled, connection)) == without_blanks(
        {row: fields for row, fields in rows.items() if row not in dict(faults)}
    )


def without_blanks(rows: Rows) -> Rows:
    """The blanks at the start of a field are trimmed later on, in every column."""
    return {
        number: tuple((field or "").lstrip(" ") or None for field in fields)
        for number, fields in rows.items()
    }
