"""Workbooks: cells become the text that a careful clerk would type, and every damage has its rule."""

from __future__ import annotations

import gc
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import SPOOL_DELIMITER, RegularText, xlsx
from pacific_parcels.formats.xlsx import LARGEST_RATIO, Options, header, read


def workbook(path: Path, *rows: list[Any], fill: Callable[[Worksheet], None] | None = None) -> Path:
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in rows:
        sheet.append(row)
    if fill is not None:
        fill(sheet)
    book.save(path)
    return path


def rows_of(text: RegularText) -> dict[int, list[str]]:
    lines = text.path.read_text(encoding="utf-8").splitlines()
    split = [line.split(SPOOL_DELIMITER) for line in lines]
    return {int(fields[0]): fields[1:] for fields in split}


def faults_of(text: RegularText) -> list[str]:
    assert text.faults is not None
    return text.faults.read_text(encoding="utf-8").split()


def refused(path: Path, **options: Any) -> ExtractError:
    with pytest.raises(ExtractError) as caught:
        read(path, Options(**options), path.parent)
    return caught.value


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("Tea", "Tea"),
        ("00123", "00123"),
        (12, "12"),
        (12.5, "12.5"),
        (12.0, "12"),
        (0.1, "0.1"),
        (1234567890123, "1234567890123"),
        (1e15, "1000000000000000"),
        (0.00001, "0.00001"),
        (-5.25, "-5.25"),
        (True, "TRUE"),
        (False, "FALSE"),
        (date(2026, 3, 5), "2026-03-05"),
        (datetime(2026, 3, 5), "2026-03-05"),
        (datetime(2026, 3, 5, 14, 30), "2026-03-05 14:30:00"),
        (time(14, 30), "14:30:00"),
        ("#N/A", "#N/A"),
        ("Tea\nand rice", "Tea and rice"),
    ],
)
def test_a_cell_becomes_plain_text(tmp_path: Path, cell: object, text: str) -> None:
    path = workbook(tmp_path / "extract.xlsx", ["Item", "Cell", "End"], ["A1", cell, "x"])

    assert rows_of(read(path, Options(), tmp_path)) == {2: ["A1", text, "x"]}


def test_blank_rows_are_no_rows_but_count_where_rows_are_numbered(tmp_path: Path) -> None:
    rows = [["Item", "Goods"], [], ["A1", "Tea"], [None, "  "], [], ["A2", "Rice"], []]

    text = read(workbook(tmp_path / "extract.xlsx", *rows), Options(), tmp_path)

    assert rows_of(text) == {3: ["A1", "Tea"], 6: ["A2", "Rice"]}
    assert text.rows == 2


def test_a_short_row_has_empty_cells_and_a_row_too_wide_is_left_out(tmp_path: Path) -> None:
    rows = [["Item", "Goods", "Value"], ["A1"], ["A2", "Rice", 5, "what is this"], ["A3", "Salt", 7, None]]

    text = read(workbook(tmp_path / "extract.xlsx", *rows), Options(), tmp_path)

    assert rows_of(text) == {2: ["A1", "", ""], 4: ["A3", "Salt", "7"]}
    assert faults_of(text) == ["3,R101,,4"]
    assert text.rows == 3


def test_the_header_may_stand_lower_and_end_in_empty_cells(tmp_path: Path) -> None:
    path = workbook(tmp_path / "extract.xlsx", ["Report of March"], [], [" Item ", 2026, None], ["A1", "Tea"])

    assert header(path, Options(header_row=3)).columns == ("Item", "2026")
    assert rows_of(read(path, Options(header_row=3), tmp_path)) == {4: ["A1", "Tea"]}


def test_the_name_of_the_file_does_not_matter(tmp_path: Path) -> None:
    path = workbook(tmp_path / "extract.xlsx", ["Item"], ["A1"]).rename(tmp_path / "unpacked")

    assert rows_of(read(path, Options(), tmp_path)) == {2: ["A1"]}


def test_a_sheet_is_taken_by_number_or_by_name(tmp_path: Path) -> None:
    book = Workbook()
    assert isinstance(book.active, Worksheet)
    book.active.append(["Notes"])
    second = book.create_sheet("Données")
    second.append(["Item"])
    second.append(["A1"])
    path = tmp_path / "extract.xlsx"
    book.save(path)

    assert header(path, Options()).columns == ("Notes",)
    assert header(path, Options(sheet=2)).columns == ("Item",)
    assert header(path, Options(sheet="Données")).columns == ("Item",)


@pytest.mark.parametrize("sheet", [3, 0, "Items"])
def test_a_sheet_that_is_not_there_is_refused_with_how_many_there_are(
    tmp_path: Path, sheet: int | str
) -> None:
    error = refused(workbook(tmp_path / "extract.xlsx", ["Item"]), sheet=sheet)

    assert error.rule_id == "R014"
    assert error.details["expected"] == f"a workbook with the sheet {sheet}"
    # Not with their names, which may be those of persons: the words stand on the receipt.
    assert error.details["found"] == "sheets of other names (1)"
    assert error.details["found_fr"] == "feuilles d’autres noms (1)"


def test_what_a_workbook_says_of_its_own_size_cuts_nothing_off(tmp_path: Path) -> None:
    """Some systems write every sheet as if it had one cell."""
    rows = [["Item", "Goods"], ["A1", "Tea"], ["A2", "Rice"]]

    def lie(content: bytes) -> bytes:
        assert b'<dimension ref="A1:B3"' in content
        return content.replace(b'<dimension ref="A1:B3"', b'<dimension ref="A1"')

    lying = changed(workbook(tmp_path / "whole.xlsx", *rows), "xl/worksheets/sheet1.xml", lie)

    assert rows_of(read(lying, Options(), tmp_path)) == {2: ["A1", "Tea"], 3: ["A2", "Rice"]}


def test_a_sheet_that_is_not_asked_for_is_not_looked_at(tmp_path: Path) -> None:
    """Such a one may be large: openpyxl would read to its end, to learn how many rows it has."""
    whole = tmp_path / "whole.xlsx"
    book = Workbook(write_only=True)
    for name in ("Items", "Notes"):
        book.create_sheet(name).append(["Item"])
    book.save(whole)

    path = changed(whole, "xl/worksheets/sheet2.xml", lambda content: content[:-20])

    with zipfile.ZipFile(path) as parts:
        assert b"<dimension" not in parts.read("xl/worksheets/sheet2.xml")
    assert header(path, Options()).columns == ("Item",)
    assert read(path, Options(), tmp_path).rows == 0
    assert refused(path, sheet=2).rule_id == "R014"


@pytest.mark.parametrize("cell", ["XFD1048576", "ALM3"])
def test_one_cell_in_the_last_corner_of_the_sheet_is_refused(tmp_path: Path, cell: str) -> None:
    """A kilobyte that some readers turn into 17 thousand million cells. ALM is column 1,001."""

    def fill(sheet: Worksheet) -> None:
        sheet[cell] = "x"

    error = refused(workbook(tmp_path / "extract.xlsx", ["Item"], ["A1"], fill=fill))

    assert error.rule_id == "R014"
    assert error.details["found"] == f"a value in the cell {cell}"
    assert error.details["expected"] == "a sheet of at most 1000 columns"


def test_cells_far_out_that_hold_nothing_do_no_harm(tmp_path: Path) -> None:
    """People paint whole rows: Excel then saves a cell for each column."""

    def fill(sheet: Worksheet) -> None:
        sheet["XFD2"].font = Font(bold=True)
        sheet["ALL2"] = "x"  # column 1,000: a row too wide, like any other

    text = read(workbook(tmp_path / "extract.xlsx", ["Item"], ["A1"], ["A2"], fill=fill), Options(), tmp_path)

    assert rows_of(text) == {3: ["A2"]}
    assert faults_of(text) == ["2,R101,,1000"]


def test_a_row_beyond_the_last_one_of_excel_is_refused(tmp_path: Path) -> None:
    """Its number alone would make openpyxl count through ten thousand million rows."""
    path = changed(
        workbook(tmp_path / "whole.xlsx", ["Item"], ["A1"]),
        "xl/worksheets/sheet1.xml",
        lambda content: content.replace(b'<row r="2"', b'<row r="9999999999"'),
    )

    error = refused(path)

    assert error.details["expected"] == "a sheet of at most 1048576 rows"


def test_a_cell_nested_deep_ends_in_rows_or_a_refusal(tmp_path: Path) -> None:
    depth = 100_000
    path = changed(
        workbook(tmp_path / "whole.xlsx", ["Item"], ["A1"]),
        "xl/worksheets/sheet1.xml",
        lambda content: content.replace(b"</sheetData>", b"<a>" * depth + b"</a>" * depth + b"</sheetData>"),
        method=zipfile.ZIP_STORED,
    )

    assert rows_of(read(path, Options(), tmp_path)) == {2: ["A1"]}


def test_a_gigantic_text_is_a_text(tmp_path: Path) -> None:
    path = changed(
        workbook(tmp_path / "whole.xlsx", ["Item", "Goods"], ["A1", 7]),
        "xl/worksheets/sheet1.xml",
        lambda content: content.replace(b"<v>7</v>", b"<v>" + b"7" * 300_000 + b"</v>"),
        method=zipfile.ZIP_STORED,
    )

    # More digits than Python turns into a number.
    assert refused(path).details["found"] == "a part of it is damaged (ValueError)"


def test_footer_rows_are_no_rows(tmp_path: Path) -> None:
    rows = [["Item", "Value"], ["A1", 5], ["A2", 7], [], ["Total", 12], [None, None, "Signed"], []]

    text = read(workbook(tmp_path / "extract.xlsx", *rows), Options(footer_rows=2), tmp_path)

    assert rows_of(text) == {2: ["A1", "5"], 3: ["A2", "7"]}
    assert (text.rows, text.fault_count) == (2, 0)


def test_a_footer_longer_than_the_table_leaves_nothing(tmp_path: Path) -> None:
    path = workbook(tmp_path / "extract.xlsx", ["Item"], ["Total"])

    assert read(path, Options(footer_rows=3), tmp_path).rows == 0


def test_days_counted_from_1904_are_the_same_days(tmp_path: Path) -> None:
    """5 March 2026 is day 46,086 from 1900 and, 1,462 days less, 44,624 from 1904."""
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    assert isinstance(book.active, Worksheet)
    book.active.append(["Item", "Arrived"])
    book.active.append(["A1", datetime(2026, 3, 5)])
    book.save(tmp_path / "extract.xlsx")
    with zipfile.ZipFile(tmp_path / "extract.xlsx") as parts:
        assert b"<v>44624</v>" in parts.read("xl/worksheets/sheet1.xml")

    assert rows_of(read(tmp_path / "extract.xlsx", Options(), tmp_path)) == {2: ["A1", "2026-03-05"]}


def changed(
    whole: Path, part: str, change: Callable[[bytes], bytes], method: int = zipfile.ZIP_DEFLATED
) -> Path:
    """The same workbook with one part changed."""
    path = whole.with_name("extract.xlsx")
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w", method) as target:
        for entry in source.infolist():
            content = source.read(entry)
            target.writestr(entry.filename, change(content) if entry.filename == part else content)
    return path


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"Item,Goods\nA1,Tea\n", "another kind of file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504, "another kind of file"),
    ],
    ids=["text", "an old or an encrypted workbook"],
)
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "extract.xlsx"
    path.write_bytes(content)

    error = refused(path)

    assert error.rule_id == "R014"
    assert error.details["expected"] == "an Excel workbook (.xlsx)"
    assert error.details["found"] == found


def test_a_newer_kind_of_zip_than_anybody_can_read_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "extract.xlsx", ["Item"], ["A1"])
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 68  # version 6.8 needed to unpack it
    path.write_bytes(content)

    assert refused(path).rule_id == "R014"


def test_an_archive_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "extract.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no sheet here")

    assert refused(path).rule_id == "R014"


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: b"\x00\xff" * 50,
        lambda content: b'<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><x>&c;</x>',
    ],
    ids=["cut off", "noise", "entities"],
)
def test_a_damaged_part_is_a_refusal_and_no_crash(
    tmp_path: Path, part: str, damage: Callable[[bytes], bytes]
) -> None:
    error = refused(changed(workbook(tmp_path / "whole.xlsx", ["Item"], ["A1"]), part, damage))

    assert error.rule_id in ("R014", "R001")  # R001: a sheet without a single row
    if error.rule_id == "R014":
        assert error.details["found"].startswith(("a part of it is damaged", "no sheet"))
        assert error.details["found_fr"].startswith(("une partie est endommagée", "aucune feuille"))


def test_a_workbook_cut_off_on_its_way_is_refused(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "whole.xlsx", *[[f"A{number}", "Tea"] for number in range(500)])
    path = tmp_path / "extract.xlsx"
    path.write_bytes(whole.read_bytes()[:-100])

    assert refused(path).rule_id == "R014"


def test_a_workbook_that_would_unpack_to_far_more_than_it_is_is_refused(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "whole.xlsx", ["Item"], ["A1"])
    path = tmp_path / "extract.xlsx"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))
        target.writestr("xl/media/image1.png", b"\0" * 10_000_000)
    assert path.stat().st_size * LARGEST_RATIO < 10_000_000, "the sample is a bomb"

    error = refused(path)

    assert error.rule_id == "R014"
    assert error.details["expected"] == "an Excel workbook of usual size"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_ways_of_packing_that_are_inflated_without_a_limit_are_refused(tmp_path: Path, method: int) -> None:
    whole = workbook(tmp_path / "whole.xlsx", ["Item"], ["A1"])

    error = refused(changed(whole, "", lambda content: content, method))

    assert error.details["expected"] == "an Excel workbook of usual size"


def test_a_part_that_inflates_to_more_than_it_says_is_damaged(tmp_path: Path) -> None:
    path = workbook(tmp_path / "extract.xlsx", ["Item"], *[[f"A{number}"] for number in range(2000)])
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", size), struct.pack("<L", 1000)))

    assert refused(path).details["found"].startswith("a part of it is damaged")


def test_a_part_that_takes_too_much_memory_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx, "LARGEST_IN_MEMORY", 20_000)
    whole = workbook(tmp_path / "whole.xlsx", ["Item"], ["A1"])

    error = refused(changed(whole, "xl/styles.xml", lambda content: content + b" " * 20_000))

    assert error.rule_id == "R019"
    assert error.details["found"] == "memory"


@pytest.mark.parametrize("rows", [[], [["Item"]]], ids=["no row", "the header row is further down"])
def test_a_sheet_without_its_header_is_empty(tmp_path: Path, rows: list[list[Any]]) -> None:
    assert refused(workbook(tmp_path / "extract.xlsx", *rows), header_row=2).rule_id == "R001"


def test_a_long_sheet_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    """An empty element of each row, and its height, would be a hundred bytes of each and more."""

    def peak_of(rows: int) -> int:
        def fill(sheet: Worksheet) -> None:
            for row in range(2, rows + 2):
                sheet.row_dimensions[row].height = 20

        texts = [[f"A{number}", 1] for number in range(rows)]
        path = workbook(tmp_path / "extract.xlsx", ["Item", "Pieces"], *texts, fill=fill)
        tracemalloc.start()
        try:
            assert read(path, Options(), tmp_path).rows == rows
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak_of(10)  # what the first workbook alone takes
    more = peak_of(4000) - peak_of(1000)

    assert more < 3000 * 40  # a text of five letters takes 13 in its table; as an object 54, an element 72


def test_shared_texts_are_gone_as_soon_as_a_workbook_is_read(tmp_path: Path) -> None:
    """openpyxl leaves objects behind that only the collector of garbage finds."""
    long = b"<t>" + b"x" * 1_000_000 + b"</t>"
    path = with_shared_texts(tmp_path, b"1", long, b"<t>A7</t>")
    read(path, Options(), tmp_path)  # what the first workbook alone leaves behind
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        text = read(path, Options(), tmp_path)
        left, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()

    assert text.path.read_text(encoding="utf-8") == f"2{SPOOL_DELIMITER}A7\n"
    assert peak > 1_000_000  # the texts were there
    assert left < 1_000_000


def with_shared_texts(tmp_path: Path, number: bytes, *texts: bytes) -> Path:
    """A header Item, and one row whose text is the one of this number in the table of shared texts."""
    first = workbook(tmp_path / "first.xlsx", ["Item"], ["A1"])
    table = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    table += b"".join(b"<si>" + text + b"</si>" for text in texts) + b"</sst>"
    second = tmp_path / "second.xlsx"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    entry = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'.encode()
    changed(first, "[Content_Types].xml", lambda content: content.replace(b"</Types>", entry)).rename(second)
    with zipfile.ZipFile(second, "a") as parts:
        parts.writestr("xl/sharedStrings.xml", table)
    cell = b't="inlineStr"><is><t>A1</t></is>'

    def shared(content: bytes) -> bytes:
        assert cell in content
        return content.replace(cell, b't="s"><v>' + number + b"</v>")

    return changed(second, "xl/worksheets/sheet1.xml", shared)


@pytest.mark.parametrize(
    ("number", "text"),
    [(b"0", "Café"), (b"1", "\u65e5\u672c \U0001f4e6"), (b"2", "red and green"), (b"3", "_x41_")],
)
def test_a_shared_text_is_found_by_its_number(tmp_path: Path, number: bytes, text: str) -> None:
    """A text in several runs is one text; an underscore is written out where an escape could begin."""
    texts = (
        "<t>Café</t>".encode(),
        "<t>\u65e5\u672c \U0001f4e6</t>".encode(),
        b'<r><t xml:space="preserve">red and </t></r><r><t>green</t></r>',
        b"<t>_x005F_x41_</t>",
    )

    path = with_shared_texts(tmp_path, number, *texts)

    assert rows_of(read(path, Options(), tmp_path)) == {2: [text]}


@pytest.mark.parametrize("number", [b"-1", b"2"])
def test_a_shared_text_that_is_not_there_is_a_damaged_workbook(tmp_path: Path, number: bytes) -> None:
    path = with_shared_texts(tmp_path, number, b"<t>Tea</t>", b"<t>Rice</t>")

    assert refused(path).rule_id == "R014"


def test_a_row_that_stands_below_a_later_one_is_passed_over(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "whole.xlsx", ["Item"], ["A1"], ["A2"], ["A3"])

    def shuffled(content: bytes) -> bytes:
        return content.replace(b'<row r="3"', b'<row r="9"').replace(b'r="A3"', b'r="A9"')

    path = changed(whole, "xl/worksheets/sheet1.xml", shuffled)

    assert rows_of(read(path, Options(), tmp_path)) == {2: ["A1"], 9: ["A2"]}


def test_a_file_of_no_bytes_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "extract.xlsx"
    path.write_bytes(b"")

    assert refused(path).rule_id == "R001"


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    text = read(workbook(tmp_path / "extract.xlsx", ["Item", "Goods"]), Options(), tmp_path)

    assert (text.rows, rows_of(text)) == (0, {})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("random")
    workbook(folder / "whole.xlsx", ["Item", "Arrived"], ["A1", date(2026, 3, 5)], ["A2", 7.5])
    return folder


SHEET, STYLES, BOOK = "xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml"
PIECES = [
    b"1",
    b"-9",
    b"9" * 30,
    b'"',
    b"<",
    b">",
    b"</row>",
    b"<c r=",
    b"s",
    b"\0",
    b"XFE1",
    b"e999",
    b"&a;",
]


@settings(max_examples=60, deadline=None)
@given(
    part=st.sampled_from([SHEET, STYLES, BOOK, "xl/sharedStrings.xml"]),
    changes=st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(0, 4), st.sampled_from(PIECES)), max_size=4
    ),
)
def test_whatever_is_written_into_a_part_it_is_read_or_refused(
    part: str, changes: list[tuple[int, int, bytes]], folder: Path
) -> None:
    def change(content: bytes) -> bytes:
        for position, length, piece in changes:
            start = position % len(content)
            content = content[:start] + piece + content[start + length :]
        return content

    path = changed(folder / "whole.xlsx", part, change)
    with suppress(ExtractError):
        assert isinstance(read(path, Options(), folder), RegularText)


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=200), kept=st.integers(0, 6000))
def test_any_bytes_are_read_or_refused(content: bytes, kept: int, folder: Path) -> None:
    path = folder / "extract.xlsx"
    path.write_bytes((folder / "whole.xlsx").read_bytes()[:kept] + content)

    with suppress(ExtractError):
        assert isinstance(read(path, Options(), folder), RegularText)
