"""Workbooks: cells become the text that a careful clerk would type, and every damage has its rule."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import SPOOL_DELIMITER, RegularText
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
    assert faults_of(text) == ["3,R101"]
    assert text.rows == 3


def test_the_header_may_stand_lower_and_end_in_empty_cells(tmp_path: Path) -> None:
    path = workbook(tmp_path / "extract.xlsx", ["Report of March"], [], [" Item ", 2026, None], ["A1", "Tea"])

    assert header(path, Options(header_row=3)).columns == ("Item", "2026")
    assert rows_of(read(path, Options(header_row=3), tmp_path)) == {4: ["A1", "Tea"]}


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
def test_a_sheet_that_is_not_there_is_refused_with_the_names_of_those_that_are(
    tmp_path: Path, sheet: int | str
) -> None:
    error = refused(workbook(tmp_path / "extract.xlsx", ["Item"]), sheet=sheet)

    assert error.rule_id == "R014"
    assert error.details["expected"] == f"a workbook with the sheet {sheet}"
    assert error.details["found"] == "the sheets Sheet"
    assert error.details["found_fr"] == "les feuilles Sheet"


def test_what_a_workbook_says_of_its_own_size_cuts_nothing_off(tmp_path: Path) -> None:
    """Some systems write every sheet as if it had one cell."""
    rows = [["Item", "Goods"], ["A1", "Tea"], ["A2", "Rice"]]
    path = workbook(tmp_path / "whole.xlsx", *rows)
    lying = tmp_path / "extract.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(lying, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                assert b'<dimension ref="A1:B3"' in content
                content = content.replace(b'<dimension ref="A1:B3"', b'<dimension ref="A1"')
            target.writestr(entry, content)

    assert rows_of(read(lying, Options(), tmp_path)) == {2: ["A1", "Tea"], 3: ["A2", "Rice"]}


def test_one_cell_in_the_last_corner_of_the_sheet_is_a_row_too_wide(tmp_path: Path) -> None:
    """A kilobyte that some readers turn into 17 thousand million cells."""

    def fill(sheet: Worksheet) -> None:
        sheet["XFD200000"] = "x"

    path = workbook(tmp_path / "extract.xlsx", ["Item"], ["A1"], fill=fill)

    text = read(path, Options(), tmp_path)

    assert rows_of(text) == {2: ["A1"]}
    assert faults_of(text) == ["200000,R101"]


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
    whole = workbook(tmp_path / "whole.xlsx", ["Item"], ["A1"])
    path = tmp_path / "extract.xlsx"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            target.writestr(entry.filename, damage(content) if entry.filename == part else content)

    error = refused(path)

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


@pytest.mark.parametrize("rows", [[], [["Item"]]], ids=["no row", "the header row is further down"])
def test_a_sheet_without_its_header_is_empty(tmp_path: Path, rows: list[list[Any]]) -> None:
    assert refused(workbook(tmp_path / "extract.xlsx", *rows), header_row=2).rule_id == "R001"


def test_a_file_of_no_bytes_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "extract.xlsx"
    path.write_bytes(b"")

    assert refused(path).rule_id == "R001"


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    text = read(workbook(tmp_path / "extract.xlsx", ["Item", "Goods"]), Options(), tmp_path)

    assert (text.rows, rows_of(text)) == (0, {})
