"""Published examples of a declaration service (WCO Data Model 3.6): counts and figures read off by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats.wco_declaration import COLUMNS, Options, read
from pacific_parcels.settings import REPOSITORY

EXAMPLES = REPOSITORY.parent / "shared" / "data" / "wco_dec"
# Declarations and amendments by the number of their case: how many items each has.
ITEMS = {
    "001d": 3, "002c": 1, "003b": 1, "005b": 1, "008b": 1, "011a": 1, "013a": 1, "016a": 1, "017b": 2,
    "021a": 1, "025a": 1, "028a": 1, "032a": 1, "033b": 1, "035a": 1, "038b": 1, "040b": 1, "044a": 1,
    "047b": 1, "051a": 1, "056a": 1,
}  # fmt: skip
AMENDMENTS = {"002c", "003b", "005b", "016a", "033b"}
ANSWERS = sorted(path.name for path in EXAMPLES.glob("*DMS*.xml"))
OPTIONS = Options(duty_codes=("A00",), tax_codes=("B00",), time_zone="Europe/London")

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not EXAMPLES.is_dir(), reason="the collection of examples is not beside this repository"
    ),
]


def declaration(case: str) -> Path:
    (path,) = [path for path in EXAMPLES.glob(f"TT_IM{case}*.xml") if "DMS" not in path.name]
    return path


def rows_of(path: Path, scratch: Path) -> list[dict[str, str]]:
    text = read(path, OPTIONS, scratch)
    lines = text.path.read_text(encoding="utf-8").split("\n")[:-1]
    assert text.rows == len(lines)
    return [dict(zip(("row", *COLUMNS), line.split(text.delimiter), strict=True)) for line in lines]


def test_the_collection_is_there() -> None:
    assert len(list(EXAMPLES.glob("*.xml"))) == 30
    assert (len(ITEMS), len(ANSWERS)) == (21, 8)


@pytest.mark.parametrize("case", ITEMS)
def test_each_declaration_gives_its_items(case: str, tmp_path: Path) -> None:
    rows = rows_of(declaration(case), tmp_path)

    assert [row["Item_number"] for row in rows] == [str(number) for number in range(1, ITEMS[case] + 1)]
    assert {row["Function_code"] for row in rows} == {"13" if case in AMENDMENTS else "9"}
    assert {row["Type_code"] == "COR" for row in rows} == {case in AMENDMENTS}
    if case not in AMENDMENTS:
        assert all(row["Gross_mass_kg"] and row["Package_count"] and row["Procedure_code"] for row in rows)


def test_the_items_of_one_declaration(tmp_path: Path) -> None:
    rows = rows_of(declaration("001d"), tmp_path)

    assert [
        (row["Commodity_code"], row["Value_amount"], row["Gross_mass_kg"], row["Package_count"])
        for row in rows
    ] == [
        ("8510900000", "1000", "150", "50"),
        ("8510100000", "100", "15", "15"),
        ("8510200000", "100", "15", "15"),
    ]
    assert {(row["Value_currency"], row["Value_kind"], row["Delivery_terms"]) for row in rows} == {
        ("GBP", "INVOICE", "CIF")
    }
    assert {(row["Origin_country"], row["Export_country"], row["Transport_mode_code"]) for row in rows} == {
        ("US", "US", "1")
    }


def test_an_offset_of_hours_alone_is_read(tmp_path: Path) -> None:
    """20250326112200+01 is 10:22 in London, which was on winter time."""
    (row,) = rows_of(declaration("013a"), tmp_path)

    assert row["Acceptance_date_time"] == "2025-03-26 10:22:00"


def test_assessed_amounts_are_added_by_sort(tmp_path: Path) -> None:
    """Duty 111.22 + 222.22, VAT 333.22 + 444.22."""
    (row,) = rows_of(declaration("016a"), tmp_path)

    assert (row["Duty_amount"], row["Tax_amount"]) == ("333.44", "777.44")
    assert (row["Other_amount"], row["Duty_tax_currency"]) == ("", "GBP")


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_of_customs_are_no_declarations(name: str, tmp_path: Path) -> None:
    with pytest.raises(ExtractError) as caught:
        read(EXAMPLES / name, OPTIONS, tmp_path)

    assert (caught.value.rule_id, caught.value.details["found"]) == ("R014", "a message of the type RES")


def test_a_message_of_another_system_is_refused(tmp_path: Path) -> None:
    (path,) = EXAMPLES.glob("Movement*.xml")
    with pytest.raises(ExtractError) as caught:
        read(path, OPTIONS, tmp_path)

    assert caught.value.rule_id == "R014"
    assert caught.value.details["found"].startswith("the element InventoryLinking")
