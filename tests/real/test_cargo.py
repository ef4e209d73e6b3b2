"""Cargo-XML and Cargo-IMP messages that others published: figures counted by hand in the files themselves.

Six of the seven Cargo-XML files are master waybills (XFWB) without house consignments. Such a file is no list
of parcels: it gives one row, the master with its total pieces and mass, marked XFWB; no house number, no
declared value.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import SPOOL_DELIMITER, RegularText, cargo_imp, cargo_xml
from pacific_parcels.settings import REPOSITORY

DATA = REPOSITORY.parent / "shared" / "data"
WAYBILLS = sorted((DATA / "cargo_xml").glob("*.xml"))
LISTS = DATA / "cargo_imp" / "fhl5.txt"
OTHERS = {
    "fbl4.txt": "FBL/4",
    "ffa4.txt": "FFA/4",
    "ffm8.txt": "FFM/8",
    "fsa15.txt": "FSU/14",
    "fsr1.txt": "FSR",
    "fwb17.txt": "FWB/17",
}

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not WAYBILLS, reason="the published messages are not beside this repository"),
]
Row = dict[str, str]
ORK = ("888-11111111", "741", "ORK PVG")


def rows_of(text: RegularText) -> list[Row]:
    assert text.fault_count == 0
    *lines, _ = text.path.read_text(encoding="utf-8").split("\n")
    rows = [line.split(SPOOL_DELIMITER)[1:] for line in lines]
    assert len(rows) == text.rows
    return [dict(zip(text.columns, row, strict=True)) for row in rows]


def waybill(name: str, scratch: Path) -> Row:
    text = cargo_xml.read(DATA / "cargo_xml" / name, cargo_xml.Options(time_zone="Pacific/Fiji"), scratch)
    (row,) = rows_of(text)
    return row


def test_the_collection_is_there() -> None:
    assert len(WAYBILLS) == 7
    assert {path.name for path in LISTS.parent.glob("*.txt")} == {LISTS.name, *OTHERS}


def test_the_house_waybill_is_one_item(tmp_path: Path) -> None:
    row = waybill("SEL22222222_XFZB.xml", tmp_path)

    expected = {
        "Message_type": "XFZB",
        "TypeCode": "703",
        "VersionID": "3.00",
        "IssueDateTime": "2022-04-29 20:10:00",  # 10:10 in Frankfurt, two hours ahead of UTC
        "Master_ID": "888-11111111",
        "House_ID": "SEL22222222",
        "OriginLocation": "ICN",
        "FinalDestinationLocation": "FDH",
        "Master_FinalDestinationLocation": "FRA",
        "ArrivalDateTime": "",
        "TotalPieceQuantity": "10",
        "PackageQuantity": "200",
        "GrossWeight_kg": "134.0",
        "HS_code": "1133557799",
        "HS_codes": "1",
        "Items": "1",
        "NilCustomsValueIndicator": "true",
        "DeclaredValueForCustomsAmount": "",
        "TotalPrepaidChargeAmount": "420",
        "TotalCollectChargeAmount": "0",
        "Charge_currencyID": "KRW",
        "ConsignorParty_CountryID": "KR",
        "ConsigneeParty_CountryID": "DE",
        "IncludedCustomsNotes": "KR/SHP/T KR/SHP/CP KR/SHP/CT DE/CNE/T",
    }
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("name", "number", "code", "route", "pieces", "mass", "codes", "items", "total"),
    [
        ("", *ORK, "3", "1042.0", "1", "1", "4860.03"),
        ("_ACAS_US", *ORK, "3", "1042.0", "1", "1", "4860.03"),
        ("_multipleULD_multipleHTS", *ORK, "3", "1042.0", "2", "2", "4860.03"),
        ("_noModeCode", "888-11111111", "740", "ORK PVG", "3", "1042.0", "1", "1", "4860.03"),
        ("_pieceQuantityItemCountMismatch", *ORK, "5", "1042.0", "1", "1", "4860.03"),
        ("xfwbExample.xml", "020-68548340", "741", "VCP CDG", "4", "36.9", "0", "3", "320.89"),
    ],
)
def test_a_master_waybill_gives_the_master_and_no_parcel(
    name: str,
    number: str,
    code: str,
    route: str,
    pieces: str,
    mass: str,
    codes: str,
    items: str,
    total: str,
    tmp_path: Path,
) -> None:
    row = waybill(name if name.endswith(".xml") else f"888-11111111_XFWB{name}.xml", tmp_path)

    assert (row["Message_type"], row["TypeCode"], row["Master_ID"]) == ("XFWB", code, number)
    assert f"{row['OriginLocation']} {row['FinalDestinationLocation']}" == route
    assert (row["TotalPieceQuantity"], row["GrossWeight_kg"]) == (pieces, mass)
    assert (row["HS_codes"], row["Items"], row["TotalPrepaidChargeAmount"]) == (codes, items, total)
    assert (row["House_ID"], row["DeclaredValueForCustomsAmount"]) == ("", "")


def test_the_six_lists_have_thirteen_houses(tmp_path: Path) -> None:
    rows = rows_of(cargo_imp.read(LISTS, cargo_imp.Options(), tmp_path))

    assert [row["House_number"] for row in rows] == [
        *("AEI12345678", "AEI12345678", "AEI12345679", "AEI12345680"),
        *("11AA11111111", "22AA12121212", "33AA13131313"),
        *("AEI12345678", "22AA12121212", "00000002", "51791876"),
        *("01348535", "U182306"),
    ]
    assert sum(Decimal(row["Weight_kg"]) for row in rows) == Decimal("24547.75")
    assert sum(int(row["Pieces"]) for row in rows) == 1622
    values = {row["House_number"]: row["Value_for_customs"] for row in rows if row["Value_for_customs"]}
    assert values == {"33AA13131313": "5696.00", "51791876": "5696.00"}
    assert [number for number, row in enumerate(rows, 1) if row["No_customs_value"] == "true"] == [1, 13]
    assert [(row["HTS_code"], row["Special_handling"]) for row in rows if row["HTS_code"]] == [
        ("3002120005", "NSC ICE")
    ]
    countries = [(row["Shipper_country"], row["Consignee_country"]) for row in rows]
    assert [pair for pair in countries if any(pair)] == [
        ("SG", "US"),
        ("US", "US"),
        ("RU", "PE"),
        ("RU", "IT"),
    ]


@pytest.mark.parametrize(("name", "message"), OTHERS.items())
def test_other_telex_messages_are_refused_and_named(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ExtractError) as caught:
        cargo_imp.read(LISTS.parent / name, cargo_imp.Options(), tmp_path)

    assert caught.value.rule_id == "R014"
    assert caught.value.details["found"] == f"it begins with {message}"


@pytest.mark.parametrize("path", [*WAYBILLS, LISTS], ids=lambda path: path.name)
def test_no_name_and_no_telephone_number_gets_out(path: Path, tmp_path: Path) -> None:
    """Of each file some that stand in it as its parties or in its customs notes."""
    names = (
        *("HILDA HILARIOUS", "PAUL PERSON", "KIM QUAN KWUN", "MARK USER", "CONSIGNEE-PERSON", "FERNANDO"),
        *("FORWARDER COMPANY", "SCHENKER", "REPAIR DIENST", "552134785400", "353123456789", "0553456789012"),
        *("AIR EXPRESS INTL", "ASTADIS", "VACCINE", "SPALLANZANI", "TRADING DEVELOPMENT", "74956443414"),
    )
    content = path.read_text(encoding="utf-8")
    in_file = [name for name in names if name in content]
    assert in_file
    module = cargo_imp if path == LISTS else cargo_xml

    written = module.read(path, module.Options(), tmp_path).path.read_text(encoding="utf-8")

    assert not [name for name in in_file if name in written]
