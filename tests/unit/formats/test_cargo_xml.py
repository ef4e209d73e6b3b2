"""Cargo-XML: houses, manifests and masters come out as consignments, and no person's data ever does."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacific_parcels.errors import ExtractError, MemberFileError
from pacific_parcels.formats import RegularText, read_options
from pacific_parcels.formats import cargo_xml as module
from pacific_parcels.formats.cargo_xml import LONGEST_RECORD, Options, header, read
from tests.spooled_rows import Row, rows_of

SAMPLE = Path(__file__).parents[2] / "formats" / "cargo_xml" / "sample.xml"


def faults_of(text: RegularText) -> list[str]:
    assert text.faults is not None
    return text.faults.read_text(encoding="utf-8").split()


class Extract:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, *documents: str, time_zone: str | None = None) -> RegularText:
        path = self.folder / "extract.xml"
        path.write_text("".join(f'<?xml version="1.0"?>\n{text}\n' for text in documents), encoding="utf-8")
        scratch = Path(tempfile.mkdtemp(dir=self.folder))
        text = read(path, Options(time_zone=time_zone), scratch)
        assert text.rows == len(rows_of(text)) + text.fault_count
        return text

    def rows(self, *documents: str, time_zone: str | None = None) -> list[Row]:
        return list(rows_of(self.read(*documents, time_zone=time_zone)).values())

    def row(self, *documents: str, time_zone: str | None = None) -> Row:
        (row,) = self.rows(*documents, time_zone=time_zone)
        return row


@pytest.fixture
def extract(tmp_path: Path) -> Extract:
    return Extract(tmp_path)


def message(root: str, master: str, *, code: str = "703", head: str = "", number: str = "") -> str:
    return (
        f'<r:{root} xmlns:r="iata:{root.lower()}:1" xmlns="iata:datamodel:3">'
        f"<r:MessageHeaderDocument><TypeCode>{code}</TypeCode>{head}</r:MessageHeaderDocument>"
        f"<r:BusinessHeaderDocument><ID>{number}</ID></r:BusinessHeaderDocument>"
        f"<r:MasterConsignment>{master}</r:MasterConsignment></r:{root}>"
    )


def house(content: str = "", number: str = "H1") -> str:
    return f"<IncludedHouseConsignment><ID>{number}</ID>{content}</IncludedHouseConsignment>"


def waybill(content: str) -> str:
    return message("HouseWaybill", house(content))


def manifest(master: str, *houses: str) -> str:
    listed = "".join(
        f"<IncludedHouseConsignment><TransportContractDocument><ID>{number}</ID></TransportContractDocument>"
        "</IncludedHouseConsignment>"
        for number in houses
    )
    number = f"<TransportContractDocument><ID>{master}</ID></TransportContractDocument>" if master else ""
    return message("HouseManifest", number + listed, code="785")


def master(code: str, number: str) -> str:
    return message("Waybill", "<TotalPieceQuantity>3</TotalPieceQuantity>", code=code, number=number)


def test_a_manifest_gives_a_row_for_each_house_under_its_own_master(extract: Extract) -> None:
    rows = extract.rows(manifest("260-10000014", "A", "B"), manifest("", "C"), manifest("081-20000020", "D"))

    assert [(row["House_ID"], row.get("Master_ID", "")) for row in rows] == [
        ("A", "260-10000014"),
        ("B", "260-10000014"),
        ("C", ""),
        ("D", "081-20000020"),
    ]
    assert {(row["Message_type"], row["TypeCode"]) for row in rows} == {("XFHL", "785")}


def test_a_house_keeps_its_own_airports_beside_those_of_the_master(extract: Extract) -> None:
    places = (
        "<OriginLocation><ID>{}</ID></OriginLocation>"
        "<FinalDestinationLocation><ID>{}</ID></FinalDestinationLocation>"
    )
    document = message("HouseWaybill", places.format("ICN", "SYD") + house(places.format("PUS", "NAN")))

    row = extract.row(document)

    assert (row["OriginLocation"], row["FinalDestinationLocation"]) == ("PUS", "NAN")
    assert (row["Master_OriginLocation"], row["Master_FinalDestinationLocation"]) == ("ICN", "SYD")


def test_the_number_of_a_house_waybill_may_stand_at_its_head_alone(extract: Extract) -> None:
    document = message("HouseWaybill", "<IncludedHouseConsignment/>", number="FJH1")

    assert extract.row(document)["House_ID"] == "FJH1"


@pytest.mark.parametrize(
    ("mass", "unit", "kilograms"),
    [
        ("12.5", ' unitCode="KGM"', "12.5"),
        ("10", ' unitCode="LBR"', "4.53592370"),
        ("0.5", ' unitCode="LBR"', "0.226796185"),
        ("999999999999.999999", ' unitCode="LBR"', "453592369999.99999954640763"),
        ("12.5", "", ""),
        ("12.5", ' unitCode="GRM"', ""),
        ("1,250.0", ' unitCode="KGM"', "1,250.0"),
        ("1E3", ' unitCode="LBR"', "1E3"),
    ],
)
def test_mass_is_in_kilograms_exactly(extract: Extract, mass: str, unit: str, kilograms: str) -> None:
    row = extract.row(
        waybill(f"<IncludedTareGrossWeightMeasure{unit}>{mass}</IncludedTareGrossWeightMeasure>")
    )

    assert row.get("GrossWeight_kg", "") == kilograms


@pytest.mark.parametrize("indicator", ["true", "1", " TRUE "])
def test_where_no_value_is_declared_there_is_none_whatever_stands_beside(
    extract: Extract, indicator: str
) -> None:
    row = extract.row(
        waybill(
            f"<NilCustomsValueIndicator>{indicator}</NilCustomsValueIndicator>"
            '<DeclaredValueForCustomsAmount currencyID="USD">0</DeclaredValueForCustomsAmount>'
            f"<NilInsuranceValueIndicator>{indicator}</NilInsuranceValueIndicator>"
            '<InsuranceValueAmount currencyID="USD">0.00</InsuranceValueAmount>'
        )
    )

    assert (row["NilCustomsValueIndicator"], row["NilInsuranceValueIndicator"]) == ("true", "true")
    assert not {name for name in row if "ValueForCustomsAmount" in name or "InsuranceValueAmount" in name}


def test_a_declared_value_keeps_its_currency_and_a_zero_is_a_value(extract: Extract) -> None:
    row = extract.row(
        waybill(
            "<NilCustomsValueIndicator>0</NilCustomsValueIndicator>"
            '<DeclaredValueForCustomsAmount currencyID="NZD">0.00</DeclaredValueForCustomsAmount>'
            '<InsuranceValueAmount currencyID="AUD">75</InsuranceValueAmount>'
            '<TotalPrepaidChargeAmount currencyID="AUD">12.00</TotalPrepaidChargeAmount>'
            '<TotalCollectChargeAmount currencyID="USD">3.00</TotalCollectChargeAmount>'
        )
    )

    assert row["DeclaredValueForCustomsAmount"] == "0.00"
    assert row["DeclaredValueForCustomsAmount_currencyID"] == "NZD"
    assert row["NilCustomsValueIndicator"] == "false"
    assert (row["InsuranceValueAmount"], row["InsuranceValueAmount_currencyID"]) == ("75", "AUD")
    assert row["Charge_currencyID"] == "AUD USD", "two currencies are no currency, and the layout says so"


def item(codes: list[str], mass: str = "", unit: str = "KGM") -> str:
    listed = "".join(f"<TypeCode>{code}</TypeCode>" for code in codes)
    measure = f'<GrossWeightMeasure unitCode="{unit}">{mass}</GrossWeightMeasure>' if mass else ""
    return f"<IncludedHouseConsignmentItem>{listed}{measure}</IncludedHouseConsignmentItem>"


@pytest.mark.parametrize(
    ("items", "first", "heaviest", "count"),
    [
        ([], "", "", "0"),
        ([item(["610910"])], "610910", "610910", "1"),
        ([item(["610910"], "3"), item(["640399"], "9")], "610910", "640399", "2"),
        # 9 lb are 4.08 kg
        ([item(["610910"], "5"), item(["640399"], "9", "LBR")], "610910", "610910", "2"),
        ([item([], "50"), item(["640399", "610910"], "1"), item(["640399"])], "640399", "640399", "2"),
        ([item(["610910"], "a lot"), item(["640399"], "1")], "610910", "640399", "2"),
    ],
)
def test_tariff_codes_of_the_items(
    extract: Extract, items: list[str], first: str, heaviest: str, count: str
) -> None:
    row = extract.row(waybill("".join(items)))

    assert (row.get("HS_code", ""), row.get("HS_code_heaviest", ""), row["HS_codes"]) == (
        first,
        heaviest,
        count,
    )
    assert row["Items"] == str(len(items))


def test_master_waybills_alone_give_a_row_each(extract: Extract) -> None:
    rows = extract.rows(master("741", "260-10000014"), master("740", "260-10000025"))

    assert [(row["Message_type"], row["TypeCode"], row["Master_ID"]) for row in rows] == [
        ("XFWB", "741", "260-10000014"),
        ("XFWB", "740", "260-10000025"),
    ]
    assert all("House_ID" not in row for row in rows)


def test_a_consolidation_is_no_row_beside_its_houses_but_a_direct_waybill_is(extract: Extract) -> None:
    """It is counted under its own number, so that nothing of the file is lost."""
    text = extract.read(
        master("741", "260-10000014"), master("740", "260-10000025"), manifest("260-10000014", "A", "B")
    )

    assert {number: (row["Message_type"], row.get("House_ID")) for number, row in rows_of(text).items()} == {
        2: ("XFWB", None),
        3: ("XFHL", "A"),
        4: ("XFHL", "B"),
    }
    assert text.notes is not None
    assert (text.rows, text.note_count) == (3, 1)
    assert text.notes.read_text(encoding="utf-8").startswith("1,R301,")


def test_freight_of_a_master_is_what_is_prepaid_and_what_is_collected(extract: Extract) -> None:
    summations = "".join(
        "<ApplicablePrepaidCollectMonetarySummation>"
        f"<PrepaidIndicator>{prepaid}</PrepaidIndicator>{weight}"
        f'<GrandTotalAmount currencyID="EUR">{total}</GrandTotalAmount>'
        "</ApplicablePrepaidCollectMonetarySummation>"
        for prepaid, weight, total in (
            ("true", '<WeightChargeTotalAmount currencyID="EUR">90</WeightChargeTotalAmount>', "100"),
            ("false", "", "7.50"),
        )
    )
    row = extract.row(
        message("Waybill", f"<ApplicableTotalRating>{summations}</ApplicableTotalRating>", code="740")
    )

    assert row["WeightTotalChargeAmount"] == "90"
    assert (row["TotalPrepaidChargeAmount"], row["TotalCollectChargeAmount"]) == ("100", "7.50")
    assert row["Charge_currencyID"] == "EUR"


@pytest.mark.parametrize(
    ("written", "time_zone", "given"),
    [
        ("2026-03-04T20:15:00Z", "Pacific/Fiji", "2026-03-05 08:15:00"),
        ("2026-03-30T13:46:27.9157068-03:00", "Pacific/Fiji", "2026-03-31 04:46:27"),
        ("2026-03-04T10:15:00", "Pacific/Fiji", "2026-03-04 10:15:00"),
        ("2026-03-04T10:15", None, "2026-03-04 10:15:00"),
        ("2026-03-04T20:15:00Z", None, "2026-03-04T20:15:00Z"),
        ("2026-13-04T20:15:00Z", "Pacific/Fiji", "2026-13-04T20:15:00Z"),
        ("0001-01-01T00:00:00+14:00", "Pacific/Honolulu", "0001-01-01T00:00:00+14:00"),
        ("4 March", "Pacific/Fiji", "4 March"),
    ],
)
def test_times_become_those_of_the_member(
    extract: Extract, written: str, time_zone: str | None, given: str
) -> None:
    document = message("HouseWaybill", house(), head=f"<IssueDateTime>{written}</IssueDateTime>")

    assert extract.row(document, time_zone=time_zone)["IssueDateTime"] == given


def test_the_last_arrival_and_the_first_departure_count_and_a_house_may_leave_them_to_the_master(
    extract: Extract,
) -> None:
    legs = "".join(
        "<SpecifiedLogisticsTransportMovement>"
        f"<ArrivalEvent><ScheduledOccurrenceDateTime>{day}T06:00:00</ScheduledOccurrenceDateTime></ArrivalEvent>"
        f"<DepartureEvent><ScheduledOccurrenceDateTime>{day}T01:00:00</ScheduledOccurrenceDateTime></DepartureEvent>"
        "</SpecifiedLogisticsTransportMovement>"
        for day in ("2026-03-04", "2026-03-06")
    )

    rows = extract.rows(waybill(legs), message("HouseWaybill", legs + house()))

    assert [(row["DepartureDateTime"], row["ArrivalDateTime"]) for row in rows] == [
        ("2026-03-04 01:00:00", "2026-03-06 06:00:00")
    ] * 2


def test_of_parties_and_notes_only_codes_are_read(extract: Extract) -> None:
    address = (
        "<Name>MERE VAKACEGU</Name><PostalStructuredAddress>"
        "<StreetName>12 QUEENS RD</StreetName>{}</PostalStructuredAddress>"
    )
    contact = (
        "<DefinedTradeContact><DirectTelephoneCommunication>"
        "<CompleteNumber>6793301234</CompleteNumber>"
        "</DirectTelephoneCommunication></DefinedTradeContact>"
    )
    note = (
        "<IncludedCustomsNote><ContentCode>{}</ContentCode><Content>MERE VAKACEGU</Content>"
        "<SubjectCode>{}</SubjectCode><CountryID>{}</CountryID></IncludedCustomsNote>"
    )
    text = extract.read(
        waybill(
            f"<ConsignorParty>{address.format('<CountryID>AU</CountryID>')}{contact}</ConsignorParty>"
            f"<ConsigneeParty>{address.format('')}{contact}</ConsigneeParty>"
            + note.format("CP", "CNE", "FJ")
            + note.format("CP", "CNE", "FJ")
            + note.format("MERE VAKACEGU", "SHP", "")
            + "<HandlingSPHInstructions><DescriptionCode>ECC</DescriptionCode></HandlingSPHInstructions>"
            + "<HandlingSPHInstructions><DescriptionCode>ELI</DescriptionCode></HandlingSPHInstructions>"
        )
    )
    (row,) = rows_of(text).values()

    assert (row["ConsignorParty_CountryID"], row.get("ConsigneeParty_CountryID", "")) == ("AU", "")
    assert row["IncludedCustomsNotes"] == "FJ/CNE/CP /SHP/"
    assert row["HandlingSPHInstructions"] == "ECC ELI"
    written = text.path.read_text(encoding="utf-8")
    assert not [word for word in ("MERE", "QUEENS", "6793301234") if word in written]


def test_no_name_of_the_sample_gets_out(tmp_path: Path) -> None:
    content = SAMPLE.read_text(encoding="utf-8")
    names = ("VAKACEGU", "SMITH", "QARASE", "KENT ST")
    assert all(name in content for name in names)

    written = read(SAMPLE, Options(), tmp_path).path.read_text(encoding="utf-8")

    assert not [name for name in names if name in written]


def test_other_messages_and_waybills_without_a_house_are_faults_and_the_rest_goes_on(
    extract: Extract,
) -> None:
    foreign = (
        "<f:FlightManifest xmlns:f='iata:flightmanifest:1'><f:MessageHeaderDocument/></f:FlightManifest>"
    )

    text = extract.read(waybill(""), foreign, message("HouseWaybill", ""), waybill(""))

    assert list(rows_of(text)) == [1, 4]
    assert faults_of(text) == [
        "2,R115,MessageHeaderDocument,FlightManifest",
        "3,R115,IncludedHouseConsignment,",
    ]
    assert text.expected["MessageHeaderDocument"] == "HouseWaybill, HouseManifest, Waybill"
    assert text.expected["IncludedHouseConsignment"] == "MasterConsignment/IncludedHouseConsignment"


def test_a_document_that_is_no_cargo_xml_at_all_refuses_the_file(extract: Extract) -> None:
    with pytest.raises(ExtractError) as refused:
        extract.read(waybill(""), "<ASYCUDA><Item/></ASYCUDA>")

    assert (refused.value.rule_id, refused.value.details["found"]) == ("R014", "the element ASYCUDA")


def test_nothing_of_another_message_is_taken_for_the_next_one(extract: Extract) -> None:
    foreign = (
        "<FlightManifest><MessageHeaderDocument><TypeCode>122</TypeCode></MessageHeaderDocument>"
        "<BusinessHeaderDocument><ID>X</ID></BusinessHeaderDocument></FlightManifest>"
    )
    bare = "<HouseWaybill><MasterConsignment><IncludedHouseConsignment/></MasterConsignment></HouseWaybill>"

    row = extract.rows(message("HouseWaybill", house(), code="703"), foreign, bare)[1]

    assert row == {"Message_type": "XFZB", "HS_codes": "0", "Items": "0"}


def test_a_house_in_a_wrong_place_is_a_fault(extract: Extract) -> None:
    text = extract.read(f"<HouseManifest>{house()}</HouseManifest>")

    found = "HouseManifest/IncludedHouseConsignment"
    assert (text.rows, faults_of(text)) == (1, [f"1,R115,IncludedHouseConsignment,{found}"])


def test_a_manifest_without_houses_has_no_row(extract: Extract) -> None:
    assert extract.read(manifest("260-10000014")).rows == 0


def test_a_record_beyond_all_reason_is_a_fault(extract: Extract) -> None:
    giant = f"<SummaryDescription>{'TEA ' * (LONGEST_RECORD // 3)}</SummaryDescription>"

    text = extract.read(waybill(giant), waybill(""))

    assert (list(rows_of(text)), faults_of(text)) == ([2], ["1,R115"])


@pytest.mark.parametrize(
    ("content", "rule_id"),
    [
        (b"", "R001"),
        (b"<ASYCUDA/>", "R014"),
        (b"<HouseWaybill><MasterConsignment></HouseWaybill>", "R022"),
        (b"FHL/5\n", "R022"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><HouseWaybill>&b;</HouseWaybill>', "R020"),
        (b"<HouseWaybill>\0</HouseWaybill>", "R016"),
    ],
)
def test_what_is_no_cargo_xml_is_refused_by_its_rule(tmp_path: Path, content: bytes, rule_id: str) -> None:
    path = tmp_path / "extract.xml"
    path.write_bytes(content)

    with pytest.raises(ExtractError) as caught:
        read(path, Options(), tmp_path)

    assert caught.value.rule_id == rule_id


def test_a_foreign_root_is_named_before_any_row_is_read(tmp_path: Path) -> None:
    path = tmp_path / "extract.xml"
    path.write_bytes(b"<ASYCUDA>")

    with pytest.raises(ExtractError) as caught:
        header(path, Options())

    assert caught.value.details == {
        "expected": "IATA Cargo-XML (XFZB, XFHL or XFWB)",
        "expected_fr": "IATA Cargo-XML (XFZB, XFHL ou XFWB)",
        "found": "the element ASYCUDA",
        "found_fr": "l’élément ASYCUDA",
    }


def test_a_time_zone_that_does_not_exist_is_a_fault_of_the_member_file() -> None:
    with pytest.raises(MemberFileError, match="IANA time zone"):
        read_options(module, {"time_zone": "Pacific/Atlantis"})


MUTATIONS = st.lists(
    st.tuples(st.integers(0, 20_000), st.integers(0, 12), st.binary(max_size=12)), min_size=1, max_size=8
)


def ends_in_rows_or_a_rule(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "extract.xml"
        path.write_bytes(content)
        with suppress(ExtractError):
            text = read(path, Options(time_zone="Pacific/Fiji"), Path(folder))
            assert text.rows == len(rows_of(text)) + text.fault_count


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=400))
def test_any_bytes_end_in_rows_or_a_rule(content: bytes) -> None:
    ends_in_rows_or_a_rule(content)


@settings(deadline=None, max_examples=60)
@given(MUTATIONS)
def test_any_damage_to_a_sample_ends_in_rows_or_a_rule(mutations: list[tuple[int, int, bytes]]) -> None:
    content = SAMPLE.read_bytes()
    for start, length, put in mutations:
        start %= len(content)
        content = content[:start] + put + content[start + length :]
    ends_in_rows_or_a_rule(content)
