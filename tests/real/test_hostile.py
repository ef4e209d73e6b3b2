"""Hostile files that others collected: none crashes, and each ends in rows or in a named rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import load_format, read_options
from pacific_parcels.reading import connect, read_extract
from pacific_parcels.settings import REPOSITORY, Settings
from tests.small_member import COLUMNS, SENT_ON, small_member, words_of

HOSTILE = REPOSITORY.parent / "shared" / "data" / "hostile"
FILES = sorted(path for folder in ("csv", "xlsx") for path in (HOSTILE / folder).glob("*") if path.is_file())

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


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.parametrize(("name", "options"), READINGS, ids=str)
def test_it_ends_in_rows_or_in_a_named_rule(
    path: Path, name: str, options: dict[str, Any], tmp_path: Path
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
    (tmp_path / "scratch").mkdir()
    connection = connect(Settings(home=tmp_path), tmp_path / "spill")
    try:
        reading = read_extract(connection, member, path, path.name, "fj-0", SENT_ON, tmp_path / "scratch")
    finally:
        connection.close()

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
