"""SDMX: what is written is read back, by another hand and against the public schemas."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from lxml import etree
from pysdmx.io import read_sdmx
from pysdmx.model import Codelist, Dataflow, DataStructureDefinition

from pacific_parcels.contract import code_list
from pacific_parcels.open_data.codes import code_lists
from pacific_parcels.open_data.publication import Publication
from pacific_parcels.open_data.sdmx import (
    DATA_FILES,
    FILES,
    PARTS,
    SPC_CODES,
    STRUCTURE_FILES,
    TRANSPORT_OF_CHANNEL,
    write_sdmx_files,
)
from tests.unit.open_data.conftest import OBSERVATIONS

DIMENSIONS = [
    "FREQ", "GEO_PICT", "INDICATOR", "CHANNEL", "VALUE_BAND", "COUNTERPART", "COMMODITY", "TIME_PERIOD",
]  # fmt: skip
Row = dict[str, str]


@pytest.fixture(scope="module")
def folder(
    publication: Publication,
    connection: duckdb.DuckDBPyConnection,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    folder = tmp_path_factory.mktemp("a folder with 'marks'")
    write_sdmx_files(publication, connection, code_lists(connection), folder)
    return folder


@cache
def message_of(path: Path) -> Any:
    """A file as pysdmx reads it, once it has found it valid against the public schema."""
    return read_sdmx(path, validate=True)


def rows_of(path: Path) -> list[Row]:
    """The observations of a file, without what is empty."""
    (dataset,) = message_of(path).data
    return [
        {name: str(value) for name, value in record.items() if value not in ("", None) and value == value}
        for record in dataset.data.to_dict(orient="records")
    ]


def by_key(rows: list[Row]) -> dict[tuple[str, ...], Row]:
    found = {tuple(row[name] for name in DIMENSIONS): row for row in rows}
    assert len(found) == len(rows)
    return found


def test_every_file_is_there_and_nothing_else(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == set(FILES)


@pytest.mark.parametrize("name", STRUCTURE_FILES)
def test_structures_are_valid_and_whole(folder: Path, name: str) -> None:
    message = message_of(folder / name)
    (definition,) = [one for one in message.structures if isinstance(one, DataStructureDefinition)]
    (dataflow,) = [one for one in message.structures if isinstance(one, Dataflow)]
    assert [part.id for part in definition.components.dimensions] == DIMENSIONS
    assert [part.id for part in definition.components.measures] == ["OBS_VALUE"]
    assert {"UNIT_MEASURE", "UNIT_MULT", "OBS_STATUS", "CONF_STATUS", "TRADE_FLOW", "TRANSPORT"} <= {
        part.id for part in definition.components.attributes
    }
    assert (dataflow.short_urn, definition.short_urn) == (
        "Dataflow=OCO:DF_SMALL_PARCELS(1.0)",
        "DataStructure=OCO:DSD_SMALL_PARCELS(1.0)",
    )
    assert dataflow.description is not None
    assert dataflow.description.startswith("SYNTHETIC: ")


@pytest.mark.parametrize("name", [*DATA_FILES, "data.sdmx.csv"])
def test_every_observation_comes_back(folder: Path, name: str) -> None:
    rows = by_key(rows_of(folder / name))
    assert len(rows) == OBSERVATIONS

    region = rows["M", "_T", "ITEMS", "_T", "_T", "_T", "_T", "2026-03"]
    numbers = {
        "OBS_VALUE": 50, "COVERAGE_PCT": 80, "REVISION_LOWER": 45, "REVISION_UPPER": 55, "MODEL_LOWER": 47,
        "MODEL_UPPER": 53.5,
    }  # fmt: skip
    assert {key: float(region[key]) for key in numbers} == numbers
    assert {key: value for key, value in region.items() if key not in (*numbers, *DIMENSIONS)} == {
        "TRADE_FLOW": "M1", "TRANSPORT": "_T", "UNIT_MEASURE": "NMB", "UNIT_MULT": "0", "OBS_STATUS": "E",
        "CONF_STATUS": "F", "OBS_COMMENT": "SYNTHETIC",
    }  # fmt: skip

    quarter = rows["Q", "FJ", "ITEMS", "_T", "_T", "_T", "_T", "2026-Q1"]
    year = rows["A", "FJ", "ITEMS", "_T", "_T", "_T", "_T", "2025"]
    assert (float(quarter["OBS_VALUE"]), float(year["OBS_VALUE"])) == (30, 120)
    post = rows["M", "FJ", "ITEMS", "POSTAL_PARCEL", "LE25", "_T", "_T", "2026-03"]
    assert post["TRANSPORT"] == "42"
    assert ("M", "FJ", "ITEMS", "_T", "_T", "_T", "XI", "2026-03") in rows  # section 11 as SPC writes it


@pytest.mark.parametrize("name", [*DATA_FILES, "data.sdmx.csv"])
def test_what_is_missing_or_confidential_has_no_value(folder: Path, name: str) -> None:
    rows = by_key(rows_of(folder / name))
    hidden = rows["M", "FJ", "ITEMS", "_T", "_T", "JP", "_T", "2026-03"]
    missing = rows["M", "WS", "ITEMS", "_T", "_T", "_T", "_T", "2026-03"]
    assert (hidden["CONF_STATUS"], "OBS_VALUE" in hidden) == ("C", False)
    assert (missing["OBS_STATUS"], "OBS_VALUE" in missing) == ("M", False)


@pytest.mark.parametrize("name", [*DATA_FILES, "data.sdmx.csv"])
@pytest.mark.parametrize("structure", STRUCTURE_FILES)
def test_every_code_in_the_data_is_in_its_list(folder: Path, structure: str, name: str) -> None:
    message = message_of(folder / structure)
    lists = {
        one.id: {code.id for code in one.items} for one in message.structures if isinstance(one, Codelist)
    }
    coded = [part for part in PARTS if part.code_list]
    assert {part.code_list for part in coded} == set(lists)
    rows = rows_of(folder / name)
    assert rows
    for part in coded:
        assert {row[part.id] for row in rows} <= lists[str(part.code_list)], part.id


def test_the_csv_says_what_it_is_and_replaces(folder: Path) -> None:
    with (folder / "data.sdmx.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][:3] == ["STRUCTURE", "STRUCTURE_ID", "ACTION"]
    assert rows[0][3:] == [part.id for part in PARTS]
    assert {tuple(row[:3]) for row in rows[1:]} == {("dataflow", "OCO:DF_SMALL_PARCELS(1.0)", "R")}


@pytest.mark.parametrize("name", [*STRUCTURE_FILES, *DATA_FILES])
def test_the_header_tells_the_day_of_the_data_and_that_they_are_a_test(folder: Path, name: str) -> None:
    header = message_of(folder / name).header
    assert header.prepared.isoformat() == "2026-04-10T00:00:00+00:00"
    assert header.test == "true"
    assert header.id.endswith("_00001_0123456789ab")


@pytest.mark.parametrize("name", STRUCTURE_FILES)
def test_names_are_in_both_languages(folder: Path, name: str) -> None:
    root = etree.parse(folder / name).getroot()
    named = [element for element in root.iter() if element.find("{*}Name") is not None]
    assert len(named) > 50
    for element in named:
        languages = [
            one.get("{http://www.w3.org/XML/1998/namespace}lang") for one in element.findall("{*}Name")
        ]
        assert languages == ["en", "fr"], element.get("id")
    (china,) = [one for one in named if one.get("id") == "CN"]
    assert [one.text for one in china.findall("{*}Name")] == ["China", "Chine"]


@pytest.mark.parametrize("name", STRUCTURE_FILES)
def test_no_list_claims_to_be_spc_s(folder: Path, name: str) -> None:
    lists = [one for one in message_of(folder / name).structures if isinstance(one, Codelist)]
    assert lists
    assert {one.agency if isinstance(one.agency, str) else one.agency.id for one in lists} == {"OCO"}
    (members,) = [one for one in lists if one.id == "CL_MEMBER"]
    assert [note.title for note in members.annotations] == ["SPC:CL_COM_GEO_PICT(2.0)"]
    assert "not that list" in (members.description or "").replace("This is\n", "This is ")


def test_real_figures_are_no_test_and_carry_no_comment(
    publication: Publication, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    real = Publication(publication.path, publication.run_id, publication.as_of_date, "2026-03", False)
    folder = tmp_path / "real"
    folder.mkdir()
    write_sdmx_files(real, connection, code_lists(connection), folder)
    for name in FILES:
        assert b"SYNTHETIC:" not in (folder / name).read_bytes(), name
    assert all("OBS_COMMENT" not in row for row in rows_of(folder / "data_3_0.xml"))
    header = message_of(folder / "data_3_0.xml").header
    assert header.test == "false"


def test_every_channel_has_a_mode_and_every_section_a_numeral() -> None:
    channels = code_list("channels", "channel_code")
    sections = [code for code in code_list("hs_sections", "commodity_code") if code != "_U"]
    assert channels
    assert set(TRANSPORT_OF_CHANNEL) == {*channels, "_T"}
    assert list(SPC_CODES["commodity_code"]) == sections
    assert SPC_CODES["commodity_code"]["S19"] == "XIX"
