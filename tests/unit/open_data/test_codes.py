"""Code lists: what the data hold has a name in both languages, or nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from pacific_parcels.disclosure import INDICATOR_COLUMNS
from pacific_parcels.errors import PacificParcelsError
from pacific_parcels.open_data.codes import CODED_COLUMNS, code_lists
from pacific_parcels.open_data.tables import COLUMNS
from pacific_parcels.open_data.words import words
from pacific_parcels.settings import REPOSITORY
from tests.unit.open_data.conftest import TABLES

INDICATORS = REPOSITORY / "dbt_project" / "models" / "indicators"


@pytest.fixture
def scratch() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute(TABLES)
    yield connection
    connection.close()


def test_every_coded_column_has_a_list_named_in_both_languages(connection: duckdb.DuckDBPyConnection) -> None:
    lists = code_lists(connection)
    assert set(lists) == set(CODED_COLUMNS)
    for column, codes in lists.items():
        assert codes, column
        assert all(code.name["en"] and code.name["fr"] for code in codes), column
    names = {code.code: code.name for code in lists["member_code"]}
    assert list(names) == ["_T", "FJ", "WS"]
    assert names["FJ"] == {"en": "Fiji", "fr": "Fidji"}


@pytest.mark.parametrize(
    ("column", "code"),
    [
        ("member_code", "XX"),
        ("unit_measure", "FURLONG"),
        ("obs_status", "Z"),
        ("commodity_code", "S22"),
        ("indicator_code", "UNHEARD_OF"),
    ],
)
def test_a_code_without_a_name_is_refused_by_name(
    scratch: duckdb.DuckDBPyConnection, column: str, code: str
) -> None:
    scratch.execute(f"update indicators set {column} = ? where counterpart_code = 'CN'", [code])
    with pytest.raises(PacificParcelsError, match=rf"open data: {column} holds '{code}'; expected .*; give"):
        code_lists(scratch)


@pytest.mark.parametrize(
    "code", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", 'A" B="', "<A>", "É", ""]
)
def test_a_code_that_a_spreadsheet_would_run_or_sdmx_not_take_is_refused(
    scratch: duckdb.DuckDBPyConnection, code: str
) -> None:
    """Even where a list names it."""
    scratch.execute("update indicators set indicator_code = ?", [code])
    scratch.execute("update indicator_definitions set indicator_code = ?", [code])
    with pytest.raises(PacificParcelsError, match="open data: indicator_code holds"):
        code_lists(scratch)


@pytest.mark.parametrize(
    "period", ["2026-3", "2026-13", "2026-Q5", "2026-00", "26-03", "=2026", "2026-03-01"]
)
def test_what_is_no_period_is_refused(scratch: duckdb.DuckDBPyConnection, period: str) -> None:
    scratch.execute("update indicators set time_period = ? where member_code = 'WS'", [period])
    with pytest.raises(
        PacificParcelsError, match=f"open data: time_period holds '{period}'; expected a month"
    ):
        code_lists(scratch)


def test_every_column_of_the_indicators_is_explained_in_both_languages() -> None:
    assert set(INDICATOR_COLUMNS) < set(COLUMNS)
    for name in COLUMNS:
        text = words()["columns"][name]
        assert all(text[part][language] for part in ("title", "definition") for language in ("en", "fr")), (
            name
        )


def definition_files() -> list[Path]:
    return sorted(INDICATORS.glob("*.yml"))


def test_every_unit_and_group_that_an_indicator_names_has_a_name() -> None:
    meta: list[dict[str, Any]] = [
        model["config"]["meta"]
        for path in definition_files()
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    ]
    assert len(meta) >= 12
    assert {one["unit_measure"] for one in meta} <= set(words()["code_lists"]["unit_measure"])
    assert {one["indicator_group"] for one in meta} <= set(words()["groups"])


def test_french_words_are_set_with_narrow_spaces() -> None:
    def texts(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            for key, value in node.items():
                if key == "fr":
                    yield from value if isinstance(value, list) else [value]
                else:
                    yield from texts(value)
        elif isinstance(node, list):
            for one in node:
                yield from texts(one)

    found = [text for text in texts(words()) if isinstance(text, str)]
    assert len(found) > 100
    for text in found:
        assert not any(f" {sign}" in text for sign in ";:!?»"), text
