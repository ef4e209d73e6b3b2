"""Frameworks: what progress is measured against. One CSV per framework or edition of it, and nothing else.

There is no registry: a file beside this module is a framework, and its code is its name in capitals. An
edition is a framework of its own, so that what was assessed against an older one goes on saying so. Row by
row:

    kind_code          FRAMEWORK (the first row, once) · AREA (a principle, an article, a chapter) · MEASURE
    code               unique within the file; members' extracts name measures by it
    parent_code        of a measure: its area
    name_en, name_fr   the French is ours unless the source has it
    valid_from         of the framework: no assessment or commitment is older than that
    date_precision     DAY, MONTH or YEAR: how much of valid_from the source says; the rest is its first day
    measure_count      of the framework: how many measures it has, where a source says so
    is_open            of the framework: true where our list is not all of it, so that other codes are kept
    confirmation_code  CONFIRMED: as the source has it · SUBJECT: the source confirms the matter, the wording
                       is ours · UNCONFIRMED: own knowledge, to be verified before it is told as a fact
    source             where it is from
    note_en, note_fr   what is not established

Errors: PacificParcelsError names the file, the row, what was found and what was expected.
"""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import NoReturn

from pacific_parcels.errors import PacificParcelsError

DIRECTORY = Path(__file__).resolve().parent
COLUMNS = (
    "code", "kind_code", "parent_code", "name_en", "name_fr", "valid_from", "date_precision", "measure_count",
    "is_open", "confirmation_code", "source", "note_en", "note_fr",
)  # fmt: skip
OF_THE_FRAMEWORK = ("valid_from", "date_precision", "measure_count", "is_open")
KINDS = ("FRAMEWORK", "AREA", "MEASURE")
CONFIRMATIONS = ("CONFIRMED", "SUBJECT", "UNCONFIRMED")
PRECISIONS = ("DAY", "MONTH", "YEAR")


@dataclass(frozen=True)
class Line:
    """An area or a measure. `parent_code` is empty for an area."""

    code: str
    parent_code: str
    name_en: str
    name_fr: str
    confirmation_code: str
    source: str
    note_en: str
    note_fr: str


@dataclass(frozen=True)
class Framework:
    """One edition of one framework; `areas` and `measures` in the order of the file.

    `measure_count` is None where no source says how many measures there are.
    """

    code: str
    name_en: str
    name_fr: str
    valid_from: date
    date_precision: str
    measure_count: int | None
    is_open: bool
    confirmation_code: str
    source: str
    note_en: str
    note_fr: str
    areas: tuple[Line, ...]
    measures: tuple[Line, ...]


def framework_files(directory: Path = DIRECTORY) -> list[Path]:
    return sorted(directory.glob("*.csv"))


@cache
def load_frameworks(directory: Path = DIRECTORY) -> dict[str, Framework]:
    """Every framework by its code, in order of code. Errors: PacificParcelsError."""
    frameworks = {path.stem.upper(): read_framework(path) for path in framework_files(directory)}
    if not frameworks:
        raise PacificParcelsError(f"{directory}: no framework; expected one CSV for each; restore them")
    return frameworks


@cache
def frameworks_fingerprint(directory: Path = DIRECTORY) -> str:
    """Changes with any line of any framework: what was refused for an unknown measure is then read again."""
    digest = hashlib.sha256()
    for path in framework_files(directory):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def read_framework(path: Path) -> Framework:
    """One framework, checked. Errors: PacificParcelsError."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            _refuse(path, 1, str(reader.fieldnames), f"the columns {', '.join(COLUMNS)}")
        rows = list(enumerate(reader, 2))
    if not rows:
        _refuse(path, 2, "no row", "the framework itself first")
    codes: set[str] = set()
    for number, row in rows:
        _check(path, number, row, codes)
    first, head = rows[0]
    if head["code"] != path.stem.upper():
        _refuse(path, first, head["code"], f"the name of the file in capitals, {path.stem.upper()}")
    areas = tuple(_line(row) for _, row in rows if row["kind_code"] == "AREA")
    measures = tuple(_line(row) for _, row in rows if row["kind_code"] == "MEASURE")
    known = {area.code for area in areas}
    for number, row in rows:
        if row["kind_code"] == "MEASURE" and row["parent_code"] not in known:
            _refuse(path, number, row["parent_code"], f"one of the areas {sorted(known)}")
    return Framework(
        code=head["code"],
        name_en=head["name_en"],
        name_fr=head["name_fr"],
        valid_from=date.fromisoformat(head["valid_from"]),
        date_precision=head["date_precision"],
        measure_count=int(head["measure_count"]) if head["measure_count"] else None,
        is_open=head["is_open"] == "true",
        confirmation_code=head["confirmation_code"],
        source=head["source"],
        note_en=head["note_en"],
        note_fr=head["note_fr"],
        areas=areas,
        measures=measures,
    )


def _check(path: Path, number: int, row: dict[str, str], codes: set[str]) -> None:
    """Enters the row's code in `codes`. Errors: PacificParcelsError for a row that cannot be one."""
    if set(row) != set(COLUMNS) or None in row.values():
        _refuse(path, number, "another number of cells", f"{len(COLUMNS)} cells, as the header has")
    is_head = number == 2
    expected = (
        ("kind_code", row["kind_code"] in KINDS and (row["kind_code"] == KINDS[0]) == is_head,
         "FRAMEWORK on the first row, AREA or MEASURE below it"),
        ("code", bool(re.fullmatch(r"[A-Z0-9_.]{1,40}", row["code"])) and row["code"] not in codes,
         "capitals, digits, _ and ., each code once"),
        ("parent_code", bool(row["parent_code"]) == (row["kind_code"] == "MEASURE"),
         "the area of a measure, nothing elsewhere"),
        ("name_en", bool(row["name_en"].strip()), "a name"),
        ("name_fr", bool(row["name_fr"].strip()), "a name"),
        ("confirmation_code", row["confirmation_code"] in CONFIRMATIONS, f"one of {CONFIRMATIONS}"),
        ("source", bool(row["source"].strip()), "where it is from"),
        ("note_fr", bool(row["note_en"]) == bool(row["note_fr"]), "a note in both languages or in none"),
        ("valid_from", not is_head or _is_day(row["valid_from"]), "a day, such as 2022-06-24"),
        ("date_precision", not is_head or row["date_precision"] in PRECISIONS, f"one of {PRECISIONS}"),
        ("measure_count", not row["measure_count"].strip("0123456789"), "a number, or nothing"),
        ("is_open", not is_head or row["is_open"] in ("true", "false"), "true or false"),
        *((name, is_head or not row[name], "nothing below the first row") for name in OF_THE_FRAMEWORK),
    )  # fmt: skip
    for column, is_right, words in expected:
        if not is_right:
            _refuse(path, number, f"{column} {row[column]!r}", words)
    codes.add(row["code"])


def _is_day(text: str) -> bool:
    try:
        return len(text) == len("2022-06-24") and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _line(row: dict[str, str]) -> Line:
    return Line(**{name: row[name] for name in Line.__dataclass_fields__})


def _refuse(path: Path, number: int, found: str, expected: str) -> NoReturn:
    raise PacificParcelsError(f"{path}, row {number}: found {found}; expected {expected}; correct the file")
