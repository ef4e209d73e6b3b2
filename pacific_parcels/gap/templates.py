"""Templates of gap reports: for each table a CSV with its header, and a workbook that explains itself.

The workbook's first sheet is the table: receiving reads that one. *Guide* says what stands in each column,
*Lists* has every framework with its measures and every code, in English and in French, and says of each name
how far its source confirms it. Cells take a code from its list; a measure is text, since a spreadsheet would
make a number of 10.10.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from pacific_parcels.errors import PacificParcelsError
from pacific_parcels.frameworks import Framework, Line, load_frameworks
from pacific_parcels.gap import TABLES, Column, Table, codes_of, file_name
from pacific_parcels.members import Member

GUIDE, LISTS = "Guide", "Lists"
PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
LIST_COLUMNS = [
    "kind", "framework_or_list", "code", "name_en", "name_fr", "confirmation_code", "source",
    "note_en", "note_fr",
]  # fmt: skip
ROWS_WITH_HELP = 1000
WIDTH = 24
LIST_CODES = ("stages", "assessors", "categories", "date_kinds", "plans", "action_statuses")
# Excel keeps the choices of a cell in 255 characters; a longer list is a reference to the sheet of lists.
LONGEST_CHOICES = 255
NUMBER_FORMATS = {"date": "yyyy-mm-dd", "decimal": "0.00", "integer": "0"}
NO_PERSON = (
    "Name offices and documents, never a person: what stands here is kept as it is.",
    "Nommez des services et des documents, jamais une personne : ce texte est conservé tel quel.",
)


def write_templates(member: Member, period: str, folder: Path) -> list[Path]:
    """Write the templates of every table for one month; the files in their order.

    `period` is the month of the report, 2026-03. Errors: PacificParcelsError for another text, or where a
    file of the same name is there already, which may be somebody's work.
    """
    if not PERIOD.fullmatch(period):
        raise PacificParcelsError(f"--period: found {period!r}; expected a month, such as 2026-03")
    tables = {
        folder / file_name(member.code, table, period, suffix): table
        for table in TABLES.values()
        for suffix in ("csv", "xlsx")
    }
    for path in tables:
        if path.exists():
            raise PacificParcelsError(
                f"{path}: is there already; expected no file of this name; move it, or name another --out"
            )
    for path, table in tables.items():
        if path.suffix == ".csv":
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerow(table.source_columns)
        else:
            workbook_of(member, table).save(path)
    return list(tables)


def workbook_of(member: Member, table: Table) -> Workbook:
    workbook = Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet), "a new workbook has one sheet"
    sheet.title = table.title.en
    _write_header(sheet, table.source_columns)
    framework_cells = _write_lists(workbook.create_sheet(LISTS))
    for position, column in enumerate(table.columns, 1):
        letter = get_column_letter(position)
        sheet.column_dimensions[letter].number_format = NUMBER_FORMATS.get(column.kind, "@")
        choices = _choices(member, column, framework_cells)
        if choices:
            validation = DataValidation(type="list", formula1=choices, allow_blank=not column.is_required)
            validation.add(f"{letter}2:{letter}{ROWS_WITH_HELP}")
            sheet.add_data_validation(validation)
    _write_guide(workbook.create_sheet(GUIDE, 1), member, table)
    return workbook


def _choices(member: Member, column: Column, framework_cells: str) -> str:
    """What a cell may be, in Excel's words; empty where it is free."""
    if column.kind == "member":
        return f'"{member.code}"'
    if column.kind == "framework":
        return framework_cells
    choices = f'"{",".join(column.codes)}"'
    return choices if column.codes and len(choices) <= LONGEST_CHOICES else ""


def _write_header(sheet: Worksheet, names: list[str]) -> None:
    sheet.append(names)
    for position in range(1, len(names) + 1):
        sheet.cell(1, position).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(position)].width = WIDTH
    sheet.freeze_panes = "A2"


def _write_guide(sheet: Worksheet, member: Member, table: Table) -> None:
    _write_header(sheet, ["column", "required", "definition_en", "definition_fr", "expected"])
    for column in table.columns:
        expected = {
            "member": member.code,
            "framework": f"{LISTS}: FRAMEWORK",
            "measure": f"{LISTS}: MEASURE",
            "currency": "ISO 4217",
            "date": "2026-03-05",
            "decimal": "1234.50",
            "integer": "12",
        }.get(column.kind, ", ".join(column.codes))
        en, fr = column.definition.en, column.definition.fr
        if column.kind == "text":
            en, fr = f"{en} {NO_PERSON[0]}", f"{fr} {NO_PERSON[1]}"
        sheet.append([column.name, "yes / oui" if column.is_required else "", en, fr, expected])


def _write_lists(sheet: Worksheet) -> str:
    """Every framework, area, measure and code; the cells that hold the codes of the frameworks."""
    _write_header(sheet, LIST_COLUMNS)
    frameworks = load_frameworks().values()
    for framework in frameworks:
        sheet.append(["FRAMEWORK", "", *_of(framework)])
    cells = f"{LISTS}!$C$2:$C${len(frameworks) + 1}"
    for framework in frameworks:
        for kind, lines in (("AREA", framework.areas), ("MEASURE", framework.measures)):
            for line in lines:
                sheet.append([kind, framework.code, *_of(line)])
    for list_code in LIST_CODES:
        for code in codes_of(list_code):
            sheet.append(["CODE", list_code, code.code, code.name_en, code.name_fr, "", code.source])
    for row in sheet.iter_rows(min_row=2, min_col=3, max_col=3):
        row[0].number_format = "@"
    return cells


def _of(line: Framework | Line) -> list[str]:
    """The columns of *Lists* from the code on."""
    return [getattr(line, name) for name in LIST_COLUMNS[2:]]
