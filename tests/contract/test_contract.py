"""The item contract against everything that repeats its names."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any, get_args

import duckdb
import pytest
import yaml

from pacific_parcels.contract import CHANNELS, COLUMNS, COLUMNS_BY_NAME, SUPPLIED_COLUMNS, Column, Kind
from pacific_parcels.disclosure.links import KINDS
from pacific_parcels.layout import ExtractFacts, Statement
from pacific_parcels.reading import read_extract
from pacific_parcels.receipts import INPUT_COLUMNS, write_inputs
from pacific_parcels.settings import REPOSITORY, Settings, codes_directory
from tests.small_member import FILE_NAME, SENT_ON, put, small_member, text_of

MODELS = REPOSITORY / "dbt_project" / "models"
SOURCES = MODELS / "staging" / "_sources.yml"
INDICATORS = sorted((MODELS / "indicators").glob("ind_*.sql"))
INDICATOR_TEXTS = {
    "indicator_group", "title_en", "title_fr", "definition_en", "definition_fr", "formula", "unit_measure",
    "numerator", "denominator", "standard", "limits_en", "limits_fr",
}  # fmt: skip
# A receipt counts by rule and column; the models count by rule.
# No figure is made of parties: what is in the warehouse might be published, and in the landing it is at hand.
NOT_STAGED = {
    "receipt_rules": ["column_name"],
    "items": ["consignee_token", "consignor_token", "declarant_token", "operator_code"],
}
SQL_TYPES = {
    "text": {"VARCHAR", "VARCHAR[]"},
    "code": {"VARCHAR"},
    "decimal": {"DECIMAL(18,2)", "DECIMAL(12,3)"},
    "integer": {"BIGINT", "INTEGER"},
    "boolean": {"BOOLEAN"},
    "date": {"DATE"},
    "timestamp": {"TIMESTAMP"},
    "token": {"VARCHAR"},
}
HIVE_COLUMNS = ("member_code", "time_period")
# Which of our own lists a column of the warehouse's inputs is a code of, beside the columns of the contract.
NAMES_OF_THE_CONTRACT = {"extract_id", "member_code", "stream_code", "time_period"}


def test_names_are_unique_and_every_column_is_defined() -> None:
    assert len(COLUMNS) == len(COLUMNS_BY_NAME) >= 30
    for column in COLUMNS:
        assert column.definition.endswith("."), column.name


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_a_kind_is_known_and_fits_its_type(column: Column) -> None:
    assert set(SQL_TYPES) == set(get_args(Kind))
    assert column.sql_type in SQL_TYPES[column.kind]


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_a_name_ends_as_its_kind_does(column: Column) -> None:
    suffixes = {
        "boolean": ("is_", "has_"),
        "timestamp": ("_at",),
        "date": ("_date",),
        "code": ("_code",),
        "integer": ("_count", "source_row"),
        "decimal": ("_value", "_amount", "_kg"),
        "token": ("_token",),
    }
    expected = suffixes.get(column.kind)
    if expected is not None:
        assert (
            column.name.startswith(expected) if column.kind == "boolean" else column.name.endswith(expected)
        )


@pytest.mark.parametrize(
    "column", [column for column in COLUMNS if column.code_list], ids=lambda column: column.name
)
def test_a_code_list_exists_with_unique_keys_in_both_languages(column: Column) -> None:
    assert column.code_list is not None
    name, key = column.code_list
    with (codes_directory() / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert [row[key] for row in rows] == list(column.codes)
    assert len(set(column.codes)) == len(column.codes)
    assert all(code and code == code.strip() for code in column.codes)
    for row in rows:
        if name not in ("ports", "currencies"):  # proper names, as UN/LOCODE and ISO 4217 write them
            assert row["name_en"].strip()
            assert row["name_fr"].strip()


def test_every_code_that_members_supply_is_in_a_list() -> None:
    without = [
        column.name
        for column in COLUMNS
        if column.kind == "code" and column.is_supplied and column.code_list is None
    ]
    assert without == []


def test_the_channels_of_member_files_are_those_of_the_code_list() -> None:
    assert set(CHANNELS) == set(COLUMNS_BY_NAME["channel_code"].codes)


def test_what_is_required_is_what_the_models_rely_on() -> None:
    assert {column.name for column in COLUMNS if column.is_required} == {
        "extract_id", "source_row", "member_code", "time_period", "stream_code", "item_id", "channel_code",
        "declared_value", "declared_currency_code", "arrival_date",
    }  # fmt: skip


def test_landed_files_have_exactly_the_columns_of_the_contract_with_their_types(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    path = put(tmp_path / FILE_NAME, text_of({}))
    connection = duckdb.connect()
    reading = read_extract(connection, small_member(), path, FILE_NAME, "fj-0", SENT_ON, tmp_path / "scratch")
    ((_, file),) = reading.accepted_files

    described = connection.execute(f"describe select * from read_parquet('{file}')").fetchall()

    assert [(name, sql_type) for name, sql_type, *_ in described] == [
        (column.name, column.sql_type) for column in COLUMNS if column.name not in HIVE_COLUMNS
    ]


def test_the_plain_statement_gives_the_same_columns(tmp_path: Path) -> None:
    from pacific_parcels.formats import Spool
    from tests.small_member import HEADER

    layout = small_member().extracts["items"].layouts[0]
    facts = ExtractFacts("fj-0", small_member(), "items", "2026-03", "2026-03", SENT_ON)
    statement = Statement(layout, [facts], [Spool(tmp_path, HEADER).close()], is_exact=False)
    connection = duckdb.connect()
    statement.prepare(connection)

    *described, verdict = connection.execute(f"describe {statement.judged()}").fetchall()

    assert [
        (name, "VARCHAR" if sql_type.startswith("ENUM(") else sql_type) for name, sql_type, *_ in described
    ] == [
        (column.name, column.sql_type)
        for column in COLUMNS
        if column.name not in ("extract_id", *HIVE_COLUMNS)
    ]
    assert verdict[:2] == ("is_rejected", "BOOLEAN")


@pytest.fixture(scope="module")
def sources() -> dict[str, dict[str, Any]]:
    """The tables of dbt's sources, by name."""
    content = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))
    return {table["name"]: table for source in content["sources"] for table in source["tables"]}


def test_the_source_of_the_items_has_the_columns_of_the_contract(sources: dict[str, dict[str, Any]]) -> None:
    columns = sources["items"]["columns"]

    assert [column["name"] for column in columns] == [column.name for column in COLUMNS]
    assert [column["data_type"].upper() for column in columns] == [column.sql_type for column in COLUMNS]
    assert all(column["description"].strip() for column in columns)


def test_the_other_sources_are_the_inputs_that_the_library_writes(sources: dict[str, dict[str, Any]]) -> None:
    assert set(sources) - {"items"} == set(INPUT_COLUMNS)
    for name, columns in INPUT_COLUMNS.items():
        stated = sources[name].get("columns", [])
        assert [column["name"] for column in stated] in ([], list(columns)), name
        for column in stated:
            sql_type = columns[column["name"]]
            assert column.get("data_type", sql_type).upper() == sql_type, f"{name}.{column['name']}"


@pytest.mark.parametrize("name", ["items", *INPUT_COLUMNS])
def test_the_model_of_a_source_takes_each_of_its_columns(name: str) -> None:
    columns = list(COLUMNS_BY_NAME) if name == "items" else list(INPUT_COLUMNS[name])
    words = re.findall(r"\w+", (MODELS / "staging" / f"stg_{name}.sql").read_text(encoding="utf-8"))
    assert [column for column in columns if column not in words] == NOT_STAGED.get(name, [])


def test_inputs_name_what_the_contract_names_in_the_same_way() -> None:
    for table, columns in INPUT_COLUMNS.items():
        for name in set(columns) & set(COLUMNS_BY_NAME):
            assert columns[name] == COLUMNS_BY_NAME[name].sql_type, f"{table}.{name}"
    tables = {name for name, columns in INPUT_COLUMNS.items() if set(columns) & NAMES_OF_THE_CONTRACT}
    assert tables == set(INPUT_COLUMNS)


def test_inputs_are_written_whole_also_where_there_is_nothing(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "it's home")

    write_inputs(settings)

    connection = duckdb.connect()
    for table, columns in INPUT_COLUMNS.items():
        path = str(settings.inputs / f"{table}.parquet")
        described = connection.execute("describe select * from read_parquet(?)", [path]).fetchall()
        assert [(name, sql_type) for name, sql_type, *_ in described] == list(columns.items())
    assert connection.execute(
        "select count(*) from read_parquet(?)", [str(settings.inputs / "members.parquet")]
    ).fetchone() == (24,)
    assert sorted(path.name for path in settings.inputs.iterdir()) == sorted(
        f"{name}.parquet" for name in INPUT_COLUMNS
    )


def test_supplied_columns_are_those_that_a_layout_may_map() -> None:
    assert set(SUPPLIED_COLUMNS) == {column.name for column in COLUMNS} - {
        "extract_id", "source_row", "member_code", "time_period", "stream_code", "rule_ids",
    }  # fmt: skip


def test_there_are_indicators_and_each_has_its_description() -> None:
    assert len(INDICATORS) >= 12
    described = {path.with_suffix(".sql") for path in (MODELS / "indicators").glob("*.yml")}
    assert described == set(INDICATORS)


@pytest.mark.parametrize("path", INDICATORS, ids=lambda path: path.stem)
class TestIndicator:
    @pytest.fixture
    def described(self, path: Path) -> dict[str, Any]:
        content: dict[str, Any] = yaml.safe_load(path.with_suffix(".yml").read_text(encoding="utf-8"))
        return content

    def test_is_defined_in_both_languages(self, path: Path, described: dict[str, Any]) -> None:
        (model,) = described["models"]
        assert model["name"] == path.stem
        assert model["description"].strip()
        meta = model["config"]["meta"]
        assert set(meta) == INDICATOR_TEXTS | {"disclosure"}
        assert all(isinstance(meta[text], str) and meta[text].strip() for text in INDICATOR_TEXTS)
        for name in ("title", "definition", "limits"):
            assert meta[f"{name}_en"] != meta[f"{name}_fr"]

    def test_has_the_code_and_the_unit_of_its_description(
        self, path: Path, described: dict[str, Any]
    ) -> None:
        (model,) = described["models"]
        code, unit = path.stem.removeprefix("ind_").upper(), model["config"]["meta"]["unit_measure"]
        calls = re.findall(r"long_table\(\s*'\w+',\s*'(\w+)',\s*'(\w+)'", path.read_text(encoding="utf-8"))
        assert calls == [(code, unit)]

    def test_says_what_it_is_computed_from(self, path: Path, described: dict[str, Any]) -> None:
        (model,) = described["models"]
        disclosure = model["config"]["meta"]["disclosure"]
        assert disclosure["kind"] in KINDS, f"{path.stem}: see macros/indicator_links.sql"
        codes = [disclosure.get("of"), disclosure.get("by"), *disclosure.get("parts", [])]
        assert {f"ind_{code.lower()}" for code in codes if code} <= {one.stem for one in INDICATORS}

    def test_has_a_unit_test(self, path: Path, described: dict[str, Any]) -> None:
        tests = described.get("unit_tests", [])
        assert tests, f"{path.stem} has no unit test"
        for test in tests:
            assert test["model"] == path.stem
            assert test["given"]
            assert str(test["expect"]["rows"]).strip()
