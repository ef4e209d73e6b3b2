"""datapackage.json: what lies in the folder, for programs that read Frictionless Data Packages (version 2).

It names no licence, because the owner of the data has stated none. Each file is given with its size and its
SHA-256, so that a copy can be proved whole.
"""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

from pacific_parcels.disclosure import KEYS
from pacific_parcels.open_data import codebook, inputs, methodology, sdmx
from pacific_parcels.open_data.codes import PERIOD, CodeLists
from pacific_parcels.open_data.publication import Publication
from pacific_parcels.open_data.tables import COLUMNS
from pacific_parcels.open_data.words import words
from pacific_parcels.settings import codes_directory

FILE = "datapackage.json"
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".xml": "application/xml",
    ".html": "text/html",
    ".json": "application/json",
}
_TYPES = {"unit_mult": "integer", "is_synthetic": "boolean"}
_NUMBERS = ("obs_value", "coverage_pct", "revision_lower", "revision_upper", "model_lower", "model_upper")
_ALWAYS_THERE = (*KEYS, "unit_measure", "unit_mult", "obs_status", "conf_status", "is_synthetic")


def write_data_package(publication: Publication, lists: CodeLists, folder: Path) -> None:
    """Describe the files that lie in the folder."""
    package = {
        "$schema": PROFILE,
        "name": "small-parcels",
        "id": publication.run_id,
        "version": publication.run_id,
        "title": words()["dataset"]["title"]["en"],
        "description": publication.description["en"],
        "created": publication.prepared_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "keywords": ["customs", "small parcels", "e-commerce", "imports", "Pacific"],
        "sources": _sources(),
        "resources": _resources(lists, folder),
    }
    text = json.dumps(package, ensure_ascii=False, indent=2)
    (folder / FILE).write_text(f"{text}\n", encoding="utf-8")


def indicator_schema(lists: CodeLists) -> dict[str, Any]:
    """Table Schema of the indicators, CSV and Parquet alike."""
    return {
        "fields": [_field(name, lists) for name in COLUMNS],
        "primaryKey": list(KEYS),
        "missingValues": [""],
    }


def _field(name: str, lists: CodeLists) -> dict[str, Any]:
    text = words()["columns"][name]
    constraints: dict[str, Any] = {"required": name in _ALWAYS_THERE}
    kind = "number" if name in _NUMBERS else _TYPES.get(name, "string")
    if name in lists:
        codes = [code.code for code in lists[name]]
        constraints["enum"] = [int(code) for code in codes] if kind == "integer" else codes
    if name == "time_period":
        constraints["pattern"] = PERIOD
    if name == "coverage_pct":
        constraints |= {"minimum": 0, "maximum": 100}
    return {
        "name": name,
        "type": kind,
        "title": text["title"]["en"],
        "description": text["definition"]["en"],
        "constraints": constraints,
    }


def _sources() -> list[dict[str, str]]:
    """The members' own extracts, and the sources of the exchange rates."""
    extracts = {
        "title": "Extracts of the customs administrations of the members, as received by the secretariat"
    }
    with (codes_directory() / "exchange_rate_sources.csv").open(encoding="utf-8", newline="") as file:
        return [extracts, *({"title": row["name_en"]} for row in csv.DictReader(file))]


def _resources(lists: CodeLists, folder: Path) -> list[dict[str, Any]]:
    schema = indicator_schema(lists)
    resources: list[dict[str, Any]] = [
        _resource(folder, "indicators.csv", "The indicators", schema=schema, type="table"),
        _resource(folder, "indicators.parquet", "The indicators, as Parquet", schema=schema, type="table"),
        _resource(
            folder,
            codebook.CSV_FILE,
            "Every column, code and indicator",
            type="table",
            schema={
                "fields": [{"name": name, "type": "string"} for name in codebook.CSV_COLUMNS],
                "primaryKey": ["part", "code_list", "code"],
                "missingValues": [""],
            },
        ),
    ]
    resources += [_resource(folder, name, "SDMX structures (SDMX-ML)") for name in sdmx.STRUCTURE_FILES]
    resources += [_resource(folder, name, "The indicators (SDMX-ML)") for name in sdmx.DATA_FILES]
    resources.append(_resource(folder, sdmx.CSV_FILE, "The indicators (SDMX-CSV 2.0)"))
    resources += [_resource(folder, name, "Codebook, for people") for name in codebook.PAGES.values()]
    resources += [_resource(folder, name, "Methodology, for people") for name in methodology.FILES]
    return [*resources, _resource(folder, inputs.FILE, "What the figures were made from")]


def _resource(folder: Path, file_name: str, title: str, **more: Any) -> dict[str, Any]:
    path = folder / file_name
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    encoding = {} if path.suffix == ".parquet" else {"encoding": "utf-8"}
    return {
        "name": file_name.lower().replace("_", "-"),
        "path": file_name,
        "title": title,
        "format": path.suffix[1:],
        "mediatype": MEDIA_TYPES[path.suffix],
        **encoding,
        "bytes": path.stat().st_size,
        "hash": f"sha256:{digest}",
        **more,
    }
