"""Hostile files that others collected: none crashes, and each ends in rows or in a named rule."""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import format_names, load_format, read_options
from pacific_parcels.members import Member
from pacific_parcels.reading import Reading, connect, read_extract
from pacific_parcels.settings import REPOSITORY, Settings
from tests.contract.test_formats import SAMPLES, sample_of
from tests.small_member import COLUMNS, HEADER, SENT_ON, rows_of, small_member, words_of

HOSTILE = REPOSITORY.parent / "shared" / "data" / "hostile"
FILES = sorted(path for folder in ("csv", "xlsx") for path in (HOSTILE / folder).glob("*") if path.is_file())
XML_FILES = sorted((HOSTILE / "xml").glob("*.xml"))
XML_FORMATS = [name for name in format_names() if (SAMPLES / name / "sample.xml").exists()]

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not FILES, reason="the collection of hostile files is not beside this repository"),
]
READINGS: list[tuple[str, dict[str, Any]]] = [
    ("delimited", {}),
    ("delimited", {"encoding": "utf-16"}),
    ("delimited", {"encoding": "cp1252", "delimiter": ";"}),
    ("delimited", {"encoding": "latin-1", "header_row": 3}),
    ("xlsx", {}),
]


def test_the_collection_is_there() -> None:
    assert len(FILES) >= 20
    assert len(XML_FILES) >= 15
    assert XML_FORMATS


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("spill")
    connection = connect(Settings(home=folder), folder)
    yield connection
    connection.close()


def reading_of(
    connection: duckdb.DuckDBPyConnection, member: Member, path: Path, name: str, folder: Path
) -> Reading:
    (folder / "scratch").mkdir()
    return read_extract(connection, member, path, name, "fj-0", SENT_ON, folder / "scratch")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.parametrize(("name", "options"), READINGS, ids=str)
def test_it_ends_in_rows_or_in_a_named_rule(
    path: Path,
    name: str,
    options: dict[str, Any],
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
) -> None:
    """The layout maps whatever columns the file has, so that its rows are really judged."""
    mapped = mapping_to(columns_of(path, name, options))
    member = small_member(
        file="{any}",
        format=name,
        options=options,
        columns=dict.fromkeys(COLUMNS) | mapped,
        expect={},
        ignore=columns_of(path, name, options),
    )
    reading = reading_of(connection, member, path, path.name, tmp_path)

    assert reading.rows_in == reading.rows_accepted + reading.rows_rejected + reading.rows_duplicate
    assert reading.is_refused, "no file of this collection is an extract"
    assert all(words_of(fault) for fault in reading.faults)


def columns_of(path: Path, name: str, options: dict[str, Any]) -> list[str]:
    module = load_format(name)
    try:
        return list(dict.fromkeys(module.header(path, read_options(module, options)).columns))
    except ExtractError:
        return []


def mapping_to(columns: list[str]) -> dict[str, str]:
    required = ("item_id", "channel_code", "declared_value", "declared_currency_code", "arrival_date")
    return {name: (columns or ["Item"])[number % (len(columns) or 1)] for number, name in enumerate(required)}


@pytest.mark.parametrize("path", XML_FILES, ids=lambda path: path.name)
@pytest.mark.parametrize("name", XML_FORMATS)
def test_xml_that_attacks_is_refused_by_every_format_of_xml(
    path: Path, name: str, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Bombs of entities, files and addresses from outside: all of them need a document type."""
    sample, member, _, _ = sample_of(name)

    reading = reading_of(connection, member, path, sample.name, tmp_path)

    rules = [fault.rule_id for fault in reading.faults]
    if b"<!DOCTYPE" in path.read_bytes():
        assert rules == ["R020"]
    else:
        assert reading.is_refused
        assert len(rules) == 1


@pytest.mark.parametrize("name", format_names())
def test_no_format_takes_a_file_of_the_collection_for_its_own(
    name: str, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    sample, member, _, _ = sample_of(name)
    for number, path in enumerate([*FILES, *XML_FILES, HOSTILE / "blns.json"]):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert reading_of(connection, member, path, sample.name, folder).is_refused, path.name


NAUGHTY = (
    [text for text in json.loads((HOSTILE / "blns.json").read_text(encoding="utf-8")) if text.strip()]
    if FILES
    else []
)
NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SPACES = "".join(chr(code) for code in range(0x10000) if unicodedata.category(chr(code)) == "Zs")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_naughty_strings_are_landed_as_they_are(
    kind: str, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """As goods and as the id of an item, with the blanks around them taken away and line ends made blanks."""
    texts = NAUGHTY if kind == "csv" else [text for text in NAUGHTY if not NOT_IN_XML.search(text)]
    assert len(texts) > 400
    rows = rows_of(*({"Goods": text, "Item": f"{number}:{text}"} for number, text in enumerate(texts)))
    cells = [HEADER, *([row[name] for name in HEADER] for row in rows)]
    path = tmp_path / f"items.{kind}"
    if kind == "csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows(cells)
    else:
        book = Workbook()
        assert isinstance(book.active, Worksheet)
        for number, row in enumerate(cells, 1):
            for column, text in enumerate(row, 1):
                cell = book.active.cell(number, column, text)
                cell.data_type = "s"  # or openpyxl takes what starts with = for a formula
        book.save(path)
    member = small_member(file="items.{any}", format={"csv": "delimited", "xlsx": "xlsx"}[kind])

    reading = reading_of(connection, member, path, path.name, tmp_path)

    assert (reading.rows_in, reading.is_refused) == (len(texts), False)
    landed = {}
    for _, file in reading.accepted_files:
        landed |= dict(
            connection.execute(
                "select source_row, goods_description from read_parquet(?)", [str(file)]
            ).fetchall()
        )
    assert len(landed) == len(texts)
    wrong = {row: (texts[row - 2], text) for row, text in landed.items() if one_line(texts[row - 2]) != text}
    assert wrong == {}


def one_line(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ").strip(SPACES)
