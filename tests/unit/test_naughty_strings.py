"""Texts that mean something elsewhere, or look like something else, through every format that carries text.

Each stands in the place of one text in the format's own sample. It comes out as it is and is landed so, or
its record is a fault; every other row and fault is what it was. A sign that XML has not refuses the file.
Delimited text and workbooks: tests/unit/test_attacks.py, and tests/real/test_hostile.py.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import duckdb
import pytest

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import format_names, load_format, read_options
from pacific_parcels.reading import read_extract
from tests.contract.test_formats import sample_of
from tests.small_member import SENT_ON
from tests.spooled_rows import Row, rows_of

TEXTS = {
    "right to left": "\u202etxt.exe",
    "no width": "par\u200bcel\u200d\ufeff",
    "combining": "Z\u0335\u0300\u0301a\u0336l\u0337go",
    "emoji": "👩‍👩‍👧‍👦🏴",
    "other scripts": "田中さん ٣",
    "private use": "\ue000\U0010fffd",
    "formula": "=1+cmd|' C'!A0",
    "plus": "+1-2",
    "at": "@SUM(1:9)",
    "SQL": "'); drop table rejected; --",
    "HTML": "<script>alert(1)</script>",
    "markup": "]]>&lt;&amp;amp;&#0;<!DOCTYPE a>",
    "path": "../../etc/passwd",
    "path of Windows": "..\\..\\C:\\CON",
    "template": "%s%n{{7*7}}${HOME}$(id)",
    "nothing": "NULL",
    "no number": "NaN",
    "NUL in words": "\\0\\x00%00",
    "separators": "a;b,c|d",
    "quotation marks": '5" "',
    "two lines": "two\nlines",
    "very long": "x" * 200_000,
}
CONTROL = {"NUL": ("\0", "R016"), "escape": ("\x1b", "R022"), "no character": ("\ufffe", "R022")}


def as_field(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@dataclass(frozen=True)
class Place:
    """Where the sample of a format holds a text of an accepted item, and how texts are written there."""

    sample: str
    row: int
    column: str
    write: Callable[[str], str] = escape


PLACES = {
    "asycuda_sad": Place("T-shirts &amp; caps", 1, "Description_of_goods"),
    "asycuda_manifest": Place("Shoes &amp; socks", 3, "Goods_description"),
    "upu_itmatt": Place("Sample of cloth", 8, "Description"),
    "cargo_xml": Place("<![CDATA[THÉ VERT & CAFÉ]]>", 10, "SummaryDescription"),
    "cargo_imp": Place("MOBILE PHONE", 2, "Goods", str),
    "wco_declaration": Place("Catalogue", 2, "Goods_description"),
    "paccomtrade": Place("KGM", 8, "QUANTITY_UNIT", as_field),
}
OF_XML = [name for name, place in PLACES.items() if place.write is escape]
OF_TEXT = [name for name in PLACES if name not in OF_XML]
LONGEST_TELEX_LINE = 512


def outcome(name: str, text: str) -> str | None:
    """The text that comes out; None where its record is a fault."""
    if name != "cargo_imp":
        return text.replace("\n", " ")
    # A slant separates the fields of a telex, and a line end its lines; its letters are Latin-1.
    is_one_field = "/" not in text and "\n" not in text and len(text) < LONGEST_TELEX_LINE
    return text.encode().decode("latin-1") if is_one_field else None


def test_no_format_is_left_out() -> None:
    assert {*PLACES, "delimited", "xlsx"} == set(format_names())


def with_text(name: str, written: str, folder: Path) -> Path:
    """The sample of a format with something else where its text stands."""
    sample, *_ = sample_of(name)
    content, place = sample.read_bytes(), PLACES[name].sample.encode()
    assert content.count(place) == 1
    path = folder / sample.name
    path.write_bytes(content.replace(place, written.encode()))
    return path


Read = tuple[dict[int, Row], list[list[str]]]


def read(name: str, path: Path, scratch: Path) -> Read:
    """The rows by number; the faults as number, rule, column and so on."""
    module = load_format(name)
    *_, layout, _ = sample_of(name)
    scratch.mkdir()
    text = module.read(path, read_options(module, layout.options), scratch)
    if text.faults is None:
        return rows_of(text), []
    with text.faults.open(encoding="utf-8", newline="") as file:
        return rows_of(text), list(csv.reader(file))


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Read]:
    folder = tmp_path_factory.mktemp("samples")
    return {name: read(name, sample_of(name)[0], folder / name) for name in PLACES}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("name", PLACES)
def test_a_text_passes_or_its_record_is_a_fault_and_the_rest_is_whole(
    name: str,
    text: str,
    samples: dict[str, Read],
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
) -> None:
    sample, member, layout, _ = sample_of(name)
    place, expected = PLACES[name], outcome(name, text)
    rows, faults = samples[name]
    path = with_text(name, place.write(text), tmp_path)

    found, found_faults = read(name, path, tmp_path / "scratch")

    if expected is None:
        assert found == {number: row for number, row in rows.items() if number != place.row}
        assert [fault for fault in found_faults if int(fault[0]) != place.row] == faults
        assert [fault[1:3] for fault in found_faults if int(fault[0]) == place.row] == [["R115", "HBS"]]
        return
    assert found == {**rows, place.row: {**rows[place.row], place.column: expected}}
    assert found_faults == faults
    if "goods_description" in layout.columns:
        (tmp_path / "landing").mkdir()
        reading = read_extract(connection, member, path, sample.name, "fj-0", SENT_ON, tmp_path / "landing")
        ((_, file),) = reading.accepted_files
        landed = connection.execute(
            "select goods_description from read_parquet(?) where source_row = ?", [str(file), place.row]
        ).fetchall()
        assert landed == [(expected,)]


@pytest.mark.parametrize("sign", CONTROL)
@pytest.mark.parametrize("is_reference", [False, True], ids=["as it is", "as a reference"])
@pytest.mark.parametrize("name", OF_XML)
def test_a_sign_that_xml_does_not_know_refuses_the_file(
    name: str, is_reference: bool, sign: str, tmp_path: Path
) -> None:
    text, rule = CONTROL[sign]
    path = with_text(name, f"&#{ord(text)};" if is_reference else text, tmp_path)

    with pytest.raises(ExtractError) as caught:
        read(name, path, tmp_path / "scratch")

    assert caught.value.rule_id == ("R022" if is_reference else rule)
    assert caught.value.details["line"]


@pytest.mark.parametrize("name", OF_TEXT)
def test_nul_refuses_a_file_of_text(name: str, tmp_path: Path) -> None:
    path = with_text(name, "\0", tmp_path)

    with pytest.raises(ExtractError) as caught:
        read(name, path, tmp_path / "scratch")

    assert caught.value.rule_id == "R016"
