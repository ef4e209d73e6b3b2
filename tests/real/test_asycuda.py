"""A declaration of ASYCUDA World as a real system wrote it: a form without its items."""

from __future__ import annotations

from pathlib import Path

import pytest

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import SPOOL_DELIMITER, asycuda_manifest, asycuda_sad
from pacific_parcels.settings import REPOSITORY

FILE = REPOSITORY.parent / "shared" / "data" / "asycuda" / "CBJ250.xml"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not FILE.exists(), reason="the real declaration is not beside this repository"),
]


def test_it_announces_eight_items_and_holds_none(tmp_path: Path) -> None:
    content = FILE.read_text(encoding="utf-8")
    assert content.count("<Item>") == 0
    assert "<Total_number_of_items>8</Total_number_of_items>" in content

    text = asycuda_sad.read(FILE, asycuda_sad.Options(), tmp_path)
    line = text.path.read_text(encoding="utf-8").rstrip("\n")
    row = dict(zip(("row", *text.columns), line.split(SPOOL_DELIMITER), strict=True))

    # One row, which has no identity and so is rejected: the receipt shows that items are missing.
    assert text.rows == 1
    assert {name: value for name, value in row.items() if value} == {
        "row": "1",
        "Customs_clearance_office_code": "JMKAJ",
        "Registration_serial_number": "C",
        "Registration_number": "8879",
        "Registration_date": "2025-11-19",
        "Assessment_date": "2025-11-19",
        "Type_of_declaration": "IMR",
        "Declaration_gen_procedure_code": "4",
        "Sad_flow": "I",
        "Total_number_of_items": "8",
        "Export_country_code": "US",
        "Destination_country_code": "JM",
        "Place_of_loading_code": "USMIA",
        "Location_of_goods": "KAJ01",
    }


def test_it_is_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(ExtractError) as refused:
        asycuda_manifest.read(FILE, asycuda_manifest.Options(), tmp_path)

    assert refused.value.rule_id == "R014"
