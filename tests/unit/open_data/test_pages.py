"""Codebook, methodology and data package: all that is in the data is explained, from the definitions."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
from lxml import html

from pacific_parcels.disclosure import INDICATOR_COLUMNS, KEYS, MINIMUM_ITEMS
from pacific_parcels.open_data.files import PUBLIC_FILES
from pacific_parcels.open_data.folders import write_open_data
from pacific_parcels.open_data.inputs import Inputs
from pacific_parcels.open_data.words import words
from pacific_parcels.settings import Settings
from tests.unit.open_data.conftest import OBSERVATIONS, TABLES

INPUTS: Inputs = {
    "run_id": "00001-0123456789ab",
    "code": {"version": "0.1.0", "contract_version": "1", "sha256": "0" * 64},
    "extracts": [{"extract_id": "fj-1", "member_code": "FJ", "content_sha256": "f" * 64}],
    "member_files": [{"file": "fj.yml", "sha256": "e" * 64}],
    "code_lists": [],
    "exchange_rates": {"count": 1, "sha256": "d" * 64},
}
CATALOGUE = """
create table catalogue as
select '00001-0123456789ab' as run_id, date '2026-04-10' as as_of_date, '2026-03' as last_time_period,
    {} as is_synthetic
"""
PAGES = [name for name in PUBLIC_FILES if name.endswith(".html")]


def written(folder: Path, tables: str = TABLES, *, is_synthetic: bool = True) -> Path:
    folder.mkdir(exist_ok=True)
    with duckdb.connect(str(folder / "public.duckdb")) as connection:
        connection.execute(tables + CATALOGUE.format(str(is_synthetic).lower()))
    write_open_data(Settings(home=folder), folder / "public.duckdb", INPUTS, folder / "open")
    return folder / "open"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def package(folder: Path) -> Any:
    return json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def text_of(path: Path) -> str:
    return str(html.fromstring(path.read_bytes()).text_content())


def test_the_files_are_those_that_are_asked_for(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == set(PUBLIC_FILES)


def test_the_same_file_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = written(tmp_path / "other home")
    for name in PUBLIC_FILES:
        assert (folder / name).read_bytes() == (again / name).read_bytes(), name


class TestPages:
    @pytest.mark.parametrize("name", PAGES)
    def test_they_ask_nothing_of_any_server_and_run_nothing(self, folder: Path, name: str) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert not re.search(r"<script|<link|<img|<iframe|https?:|url\(|@import|\bon\w+=", text)
        assert "default-src 'none'" in text
        assert f'<html lang="{name[-7:-5]}">' in text

    @pytest.mark.parametrize("name", PAGES)
    def test_what_a_definition_says_is_shown_as_text(self, folder: Path, name: str) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert "<b>" not in text
        assert ("Small parcels &lt;b&gt;" in text) is name.endswith("_en.html")

    @pytest.mark.parametrize("name", PAGES)
    def test_they_say_first_that_figures_are_synthetic(self, folder: Path, name: str) -> None:
        body = html.fromstring((folder / name).read_bytes()).find("body")
        assert body is not None
        assert body[0].get("class") == "synthetic"

    def test_real_figures_are_not_called_synthetic(self, tmp_path: Path) -> None:
        folder = written(tmp_path / "real", is_synthetic=False)
        for name in ("README.txt", "datapackage.json", "data.sdmx.csv", "data_2_1.xml", "data_3_0.xml"):
            assert b"SYNTHETIC" not in (folder / name).read_bytes(), name
        for name in PAGES:
            assert 'class="synthetic"' not in (folder / name).read_text(encoding="utf-8")

    @pytest.mark.parametrize(
        ("name", "texts"),
        [
            (
                "methodology_en.html",
                ["Items that came & stayed.", "Channels differ.", "Late is not zero", "IMTS 2010"],
            ),
            (
                "methodology_fr.html",
                ["Envois arrivés.", "Les canaux diffèrent.", "Un retard n’est pas un zéro"],
            ),
        ],
    )
    def test_the_methodology_has_the_method_and_each_indicator(
        self, folder: Path, name: str, texts: list[str]
    ) -> None:
        page = text_of(folder / name)
        assert [text for text in texts if text not in page] == []
        sections = words()["method"]
        assert len(sections) >= 9
        assert all(section["title"][name[-7:-5]] in page for section in sections)
        assert f" {MINIMUM_ITEMS} " in page
        assert not re.search(r"\{\w+\}", page)

    def test_the_methodology_changes_with_the_definition(self, tmp_path: Path) -> None:
        """It cannot be out of date: there is no other place that it could come from."""
        changed = TABLES.replace("Channels differ.", "Two channels are left out.")
        page = text_of(written(tmp_path / "changed", changed) / "methodology_en.html")
        assert "Two channels are left out." in page
        assert "Channels differ." not in page


class TestCodebook:
    def test_every_column_code_and_indicator_of_the_data_is_in_it(self, folder: Path) -> None:
        book = rows_of(folder / "codebook.csv")
        explained = {(row["part"], row["code_list"], row["code"]) for row in book}
        assert len(explained) == len(book)
        rows = rows_of(folder / "indicators.csv")
        assert len(rows) == OBSERVATIONS
        assert all(("column", "", name) in explained for name in rows[0])
        for column in (
            "member_code",
            "channel_code",
            "counterpart_code",
            "frequency",
            "obs_status",
            "unit_mult",
        ):
            assert all(("code", column, row[column]) in explained for row in rows), column
        assert all(("indicator", "indicator_code", row["indicator_code"]) in explained for row in rows)

    def test_an_indicator_comes_with_all_that_its_file_says(self, folder: Path) -> None:
        (row,) = [
            row
            for row in rows_of(folder / "codebook.csv")
            if (row["part"], row["code"]) == ("indicator", "SHARE_LE_100_USD_PCT")
        ]
        assert row == {
            "part": "indicator",
            "code_list": "indicator_code",
            "code": "SHARE_LE_100_USD_PCT",
            "title_en": "Share at or under US$100",
            "title_fr": "Part jusqu’à 100 USD",
            "definition_en": "Items of US$100 or less.",
            "definition_fr": "Envois de 100 USD au plus.",
            "indicator_group": "VALUE",
            "formula": "100 * a / b",
            "unit_measure": "PERCENT",
            "numerator": "Items of US$100 or less",
            "denominator": "Items with a value",
            "standard": "None",
            "limits_en": "None.",
            "limits_fr": "Aucune.",
        }


class TestDataPackage:
    def test_every_file_is_described_and_proved(self, folder: Path, package: Any) -> None:
        paths = [resource["path"] for resource in package["resources"]]
        assert sorted(paths) == sorted(set(PUBLIC_FILES) - {"README.txt", "datapackage.json"})
        for resource in package["resources"]:
            content = (folder / resource["path"]).read_bytes()
            assert resource["bytes"] == len(content)
            assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
            assert re.fullmatch(r"[-a-z0-9._]+", resource["name"])

    def test_it_names_no_licence_that_nobody_gave(self, package: Any) -> None:
        assert "licenses" not in package
        assert package["created"] == "2026-04-10T00:00:00Z"
        assert package["description"].startswith("SYNTHETIC: ")

    def test_the_rows_keep_the_schema(self, folder: Path, package: Any) -> None:
        (schema,) = [one["schema"] for one in package["resources"] if one["path"] == "indicators.csv"]
        rows = rows_of(folder / "indicators.csv")
        assert [field["name"] for field in schema["fields"]] == list(rows[0])
        assert schema["primaryKey"] == list(KEYS)
        assert len({tuple(row[name] for name in KEYS) for row in rows}) == len(rows) == OBSERVATIONS
        read = {"string": str, "number": float, "integer": int, "boolean": {"true": True, "false": False}.get}
        for field in schema["fields"]:
            constraints = field["constraints"]
            for row in rows:
                text = row[field["name"]]
                assert text or not constraints["required"], field["name"]
                if text:
                    value = read[field["type"]](text)
                    assert value is not None
                    assert value in constraints.get("enum", [value]), field["name"]
                    assert re.fullmatch(constraints.get("pattern", ".*"), text)

    def test_parquet_has_the_same_rows(self, folder: Path) -> None:
        parquet = duckdb.read_parquet(str(folder / "indicators.parquet"))
        assert tuple(parquet.columns) == (*INDICATOR_COLUMNS, "is_synthetic")
        rows = rows_of(folder / "indicators.csv")
        assert [row[0] for row in parquet.fetchall()] == [row["indicator_code"] for row in rows]


def test_the_public_is_told_of_inputs_without_the_files_of_members(folder: Path) -> None:
    text = (folder / "inputs.json").read_text(encoding="utf-8")
    told = json.loads(text)
    assert told["code"] == INPUTS["code"]
    assert told["exchange_rates"] == {"count": 1, "sha256": "d" * 64}
    assert told["extracts"]["count"] == told["member_files"]["count"] == 1
    assert not [secret for secret in ("fj-1", "fj.yml", "f" * 64, "e" * 64) if secret in text]
    same = json.dumps(INPUTS["extracts"], sort_keys=True, ensure_ascii=False)
    assert told["extracts"]["sha256"] == hashlib.sha256(same.encode()).hexdigest()


def test_a_publication_before_the_first_extract_has_all_files(tmp_path: Path) -> None:
    empty = TABLES + "delete from indicators;"
    folder = tmp_path / "empty"
    folder.mkdir()
    with duckdb.connect(str(folder / "public.duckdb")) as connection:
        connection.execute(empty)
        connection.execute(
            "create table catalogue as select 'r' as run_id, null::date as as_of_date, "
            "null::varchar as last_time_period, false as is_synthetic"
        )
    write_open_data(Settings(home=folder), folder / "public.duckdb", INPUTS, folder / "open")
    assert {path.name for path in (folder / "open").iterdir()} == set(PUBLIC_FILES)
    assert rows_of(folder / "open" / "data.sdmx.csv") == []
