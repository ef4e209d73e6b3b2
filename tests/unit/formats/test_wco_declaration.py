"""Declarations of the WCO Data Model: whatever the namespace and the shape, the same rows; never a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats.wco_declaration import COLUMNS, LONGEST_RECORD, MOST_ITEMS, Options, header, read

SAMPLE = (Path(__file__).parents[2] / "formats" / "wco_declaration" / "sample.xml").read_bytes()
ITEM = "<GovernmentAgencyGoodsItem>{}</GovernmentAgencyGoodsItem>"


def declaration(*items: str, before: str = "", shipment: str = "", after: str = "") -> str:
    """A declaration with the reference R; each of `items` is the inside of one item."""
    return (
        f"<Declaration><FunctionalReferenceID>R</FunctionalReferenceID>{before}<GoodsShipment>{shipment}"
        f"{''.join(ITEM.format(item) for item in items)}{after}</GoodsShipment></Declaration>"
    )


def charge(code: str, amount: str, currency: str = "FJD") -> str:
    return (
        f"<Commodity><DutyTaxFee><TypeCode>{code}</TypeCode><Payment><TaxAssessedAmount "
        f'currencyID="{currency}">{amount}</TaxAssessedAmount></Payment></DutyTaxFee></Commodity>'
    )


class Extract:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, content: str | bytes, **options: Any) -> list[dict[str, str]]:
        """The rows, each with the columns that are not empty."""
        path = self.folder / "extract.xml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        assert header(path, Options(**options)).columns == COLUMNS
        text = read(path, Options(**options), self.folder)
        rows = [line.split("\x1f") for line in text.path.read_text(encoding="utf-8").split("\n")[:-1]]
        assert [row[0] for row in rows] == [str(number) for number in range(1, text.rows + 1)]
        return [{name: field for name, field in zip(COLUMNS, row[1:], strict=True) if field} for row in rows]

    def row(self, content: str, **options: Any) -> dict[str, str]:
        (row,) = self.read(content, **options)
        return row

    def refused(self, content: str | bytes) -> tuple[str, str]:
        with pytest.raises(ExtractError) as caught:
            self.read(content)
        return caught.value.rule_id, caught.value.details.get("found", "")


@pytest.fixture
def extract(tmp_path: Path) -> Extract:
    return Extract(tmp_path)


class TestItems:
    def test_what_stands_before_and_after_the_items_holds_for_all(self, extract: Extract) -> None:
        rows = extract.read(
            declaration(
                "<SequenceNumeric>1</SequenceNumeric>",
                "<SequenceNumeric>2</SequenceNumeric><ExportCountry><ID>AU</ID></ExportCountry>",
                before="<TypeCode>IMA</TypeCode>",
                shipment="<ExportCountry><ID>NZ</ID></ExportCountry>",
                after="<TradeTerms><ConditionCode>FOB</ConditionCode></TradeTerms>",
            )
        )

        shared = {"Functional_reference_ID": "R", "Type_code": "IMA", "Delivery_terms": "FOB"}
        assert rows == [
            shared | {"Item_ID": "R/1", "Item_number": "1", "Export_country": "NZ"},
            shared | {"Item_ID": "R/2", "Item_number": "2", "Export_country": "AU"},
        ]

    def test_nothing_of_one_declaration_stays_for_the_next(self, extract: Extract) -> None:
        first = declaration("<SequenceNumeric>1</SequenceNumeric>", before="<TypeCode>IMA</TypeCode>")
        rows = extract.read(f"<?xml version='1.0'?>{first}\n<?xml version='1.0'?>{declaration('')}")

        assert [row.get("Type_code") for row in rows] == ["IMA", None]

    def test_an_item_without_a_number_has_its_place(self, extract: Extract) -> None:
        assert [row["Item_ID"] for row in extract.read(declaration("", ""))] == ["R/1", "R/2"]

    def test_without_a_reference_the_number_of_customs_identifies(self, extract: Extract) -> None:
        content = declaration("").replace("FunctionalReferenceID", "ID")

        assert extract.row(content) == {"Declaration_ID": "R", "Item_ID": "R/1"}

    def test_without_either_there_is_no_identifier(self, extract: Extract) -> None:
        content = declaration("<SequenceNumeric>1</SequenceNumeric>").replace(
            "FunctionalReferenceID", "Other"
        )

        assert extract.row(content) == {"Item_number": "1"}

    def test_items_announced_and_not_there_are_seen(self, extract: Extract) -> None:
        rows = extract.read(declaration("", before="<GoodsItemQuantity>3</GoodsItemQuantity>"))

        assert [row.get("Item_ID") for row in rows] == ["R/1", None]

    def test_a_declaration_without_items_is_one_row(self, extract: Extract) -> None:
        row = extract.row(
            declaration(
                before='<InvoiceAmount currencyID="GBP">45</InvoiceAmount>'
                '<TotalGrossMassMeasure unitCode="GRM">350</TotalGrossMassMeasure>'
                "<TotalPackageQuantity>1</TotalPackageQuantity>",
                shipment="<Consignment><ConsignmentItem><Commodity><Description>T-shirt</Description>"
                "</Commodity></ConsignmentItem></Consignment>",
            )
        )

        assert row == {
            "Item_ID": "R",
            "Functional_reference_ID": "R",
            "Goods_description": "T-shirt",
            "Value_amount": "45",
            "Value_currency": "GBP",
            "Value_kind": "INVOICE",
            "Gross_mass_kg": "0.350",
            "Package_count": "1",
        }

    def test_no_name_address_or_number_of_a_party_is_read(self, extract: Extract) -> None:
        party = "<ID>FJ-77</ID><Name>Mere Vakacegu</Name><Address><Line>1 Beach Road</Line></Address>"
        rows = extract.read(
            declaration(
                f"<Seller>{party}</Seller>",
                before=f"<Declarant>{party}</Declarant>",
                shipment=f"<Consignee>{party}</Consignee>",
                after=f"<Importer>{party}</Importer>",
            )
        )

        assert rows == [{"Functional_reference_ID": "R", "Item_ID": "R/1"}]


class TestValue:
    CUSTOMS = '<CustomsValueAmount currencyID="FJD">120</CustomsValueAmount>'
    STATISTICAL = '<StatisticalValueAmount currencyID="FJD">130</StatisticalValueAmount>'
    INVOICE = (
        '<Commodity><InvoiceLine><ItemChargeAmount currencyID="NZD">87</ItemChargeAmount>'
        "</InvoiceLine></Commodity>"
    )

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            (["CUSTOMS", "STATISTICAL", "INVOICE"], ("120", "FJD", "CUSTOMS")),
            (["STATISTICAL"], ("130", "FJD", "STATISTICAL")),
            (["INVOICE", "CUSTOMS"], ("87", "NZD", "INVOICE")),
        ],
    )
    def test_the_first_that_the_member_asks_for(
        self, extract: Extract, values: list[str], expected: tuple[str, str, str]
    ) -> None:
        row = extract.row(declaration(self.CUSTOMS + self.STATISTICAL + self.INVOICE), values=values)

        assert (row["Value_amount"], row["Value_currency"], row["Value_kind"]) == expected

    def test_an_empty_one_is_none(self, extract: Extract) -> None:
        row = extract.row(declaration("<CustomsValueAmount/>" + self.STATISTICAL))

        assert row["Value_kind"] == "STATISTICAL"

    def test_invoice_lines_are_added_unless_their_currencies_differ(self, extract: Extract) -> None:
        first, second = extract.read(
            declaration(self.INVOICE * 2, self.INVOICE + self.INVOICE.replace("NZD", "AUD"))
        )

        assert (first["Value_amount"], first["Value_currency"]) == ("174", "NZD")
        assert (second["Value_amount"], second["Value_currency"]) == ("87 NZD + 87 AUD", "NZD AUD")


class TestDutyAndTax:
    CODES: ClassVar[dict[str, Any]] = {
        "duty_codes": ["A00", "A30"],
        "tax_codes": ["B00"],
        "fee_codes": ["F10"],
    }

    def test_they_are_added_by_their_codes(self, extract: Extract) -> None:
        lines = charge("A00", "10.00") + charge("A30", "0.50") + charge("B00", "21.15") + charge("F10", "5")

        assert extract.row(declaration(lines), **self.CODES) == {
            "Item_ID": "R/1",
            "Functional_reference_ID": "R",
            "Duty_amount": "10.50",
            "Tax_amount": "21.15",
            "Fee_amount": "5",
            "Duty_tax_currency": "FJD",
        }

    def test_an_amount_under_an_unknown_code_is_not_lost(self, extract: Extract) -> None:
        row = extract.row(declaration(charge("Z99", "3.00") + charge("Z98", "0.00")), **self.CODES)

        assert (row["Other_amount"], row["Duty_tax_currency"]) == ("3.00", "FJD")

    def test_a_line_without_an_amount_is_not_nought(self, extract: Extract) -> None:
        """A declaration that customs has yet to assess."""
        line = "<Commodity><DutyTaxFee><TypeCode>A00</TypeCode></DutyTaxFee></Commodity>"

        assert "Duty_amount" not in extract.row(declaration(line), **self.CODES)

    def test_the_amount_to_pay_stands_in_for_the_assessed_one(self, extract: Extract) -> None:
        line = charge("A00", "7").replace("TaxAssessedAmount", "PaymentAmount")

        assert extract.row(declaration(line), **self.CODES)["Duty_amount"] == "7"

    def test_two_currencies_and_no_numbers_are_left_to_the_rules(self, extract: Extract) -> None:
        lines = charge("A00", "10") + charge("A30", "4", "AUD") + charge("B00", "x") + charge("B00", "1")
        row = extract.row(declaration(lines), **self.CODES)

        assert (row["Duty_amount"], row["Tax_amount"]) == ("10 FJD + 4 AUD", "x FJD + 1 FJD")
        assert row["Duty_tax_currency"] == "FJD AUD"

    def test_a_code_is_of_one_sort(self) -> None:
        with pytest.raises(ValidationError, match="A00"):
            Options(duty_codes=("A00",), tax_codes=("A00",))


class TestGoods:
    @pytest.mark.parametrize(
        ("pieces", "expected"),
        [
            ({"TSP": "85109000", "TRC": "10"}, "8510900010"),
            ({"TRC": "10", "TSP": "85109000"}, "8510900010"),
            ({"HS": "851090", "TSP": "85109000"}, "85109000"),
            ({"": "610910"}, "610910"),
            ({"GN": "VATZ"}, None),
        ],
        ids=str,
    )
    def test_the_commodity_code_is_joined(
        self, extract: Extract, pieces: dict[str, str], expected: str | None
    ) -> None:
        text = "".join(
            f"<Classification><ID>{code}</ID><IdentificationTypeCode>{kind}</IdentificationTypeCode></Classification>"
            for kind, code in pieces.items()
        )

        row = extract.row(declaration(f"<Commodity>{text}</Commodity>"))
        assert row.get("Commodity_code") == expected

    @pytest.mark.parametrize(
        ("unit", "mass", "expected"),
        [
            ("", "12.5", "12.5"),
            ("KGM", "12.5", "12.5"),
            ("GRM", "500", "0.500"),
            ("TNE", "1.5", "1500.0"),
            ("LBR", "2", "0.90718474"),
            ("STN", "2", "2 STN"),
            ("GRM", "heavy", "heavy"),
        ],
    )
    def test_mass_is_in_kilograms(self, extract: Extract, unit: str, mass: str, expected: str) -> None:
        measure = (
            f'<GoodsMeasure><GrossMassMeasure unitCode="{unit}">{mass}</GrossMassMeasure></GoodsMeasure>'
        )

        assert extract.row(declaration(f"<Commodity>{measure}</Commodity>"))["Gross_mass_kg"] == expected

    def test_the_origin_is_the_non_preferential_one(self, extract: Extract) -> None:
        origins = (
            "<Origin><CountryCode>AU</CountryCode><TypeCode>2</TypeCode></Origin>"
            "<Origin><CountryCode>CN</CountryCode><TypeCode>1</TypeCode></Origin>"
        )

        assert extract.row(declaration(origins))["Origin_country"] == "CN"

    def test_procedures_and_packages(self, extract: Extract) -> None:
        row = extract.row(
            declaration(
                "<GovernmentProcedure><CurrentCode>C07</CurrentCode></GovernmentProcedure>"
                "<GovernmentProcedure><CurrentCode>40</CurrentCode><PreviousCode>00</PreviousCode></GovernmentProcedure>"
                "<GovernmentProcedure><CurrentCode>F48</CurrentCode></GovernmentProcedure>"
                "<Packaging><QuantityQuantity>3</QuantityQuantity></Packaging>"
                "<Packaging><QuantityQuantity>2</QuantityQuantity></Packaging>"
            )
        )

        assert (row["Procedure_code"], row["Additional_procedure_codes"]) == ("4000", "C07 F48")
        assert row["Package_count"] == "5"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20260305", "2026-03-05"),
        ("202603051430", "2026-03-05 14:30:00"),
        ("20260305143015", "2026-03-05 14:30:15"),
        ("20260305023015Z", "2026-03-05 14:30:15"),
        ("202603051430+12", "2026-03-05 14:30:00"),
        ("20260305143015+1300", "2026-03-05 13:30:15"),
        ("2026-03-05T02:30:15.250Z", "2026-03-05 14:30:15"),
        ("2026-03-05T14:30:15", "2026-03-05 14:30:15"),
        ("20261399023015Z", "20261399023015Z"),
        ("5 March", "5 March"),
    ],
)
def test_days_and_times_come_out_in_one_spelling(extract: Extract, text: str, expected: str) -> None:
    before = f"<AcceptanceDateTime><DateTimeString>{text}</DateTimeString></AcceptanceDateTime>"

    row = extract.row(declaration("", before=before), time_zone="Pacific/Fiji")
    assert row["Acceptance_date_time"] == expected


def test_a_time_in_utc_is_not_taken_for_a_local_one(extract: Extract) -> None:
    """No layout reads it: the rows are rejected until the options name the zone."""
    row = extract.row(declaration("", before="<IssueDateTime>20260305023015Z</IssueDateTime>"))

    assert row["Issue_date_time"] == "2026-03-05 02:30:15Z"


def test_the_zone_has_to_exist() -> None:
    with pytest.raises(ValidationError, match="IANA"):
        Options(time_zone="Pacific/Atlantis")


ANSWER = "<MetaData><Response><Declaration><ID>1</ID></Declaration></Response></MetaData>"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", ("R001", "")),
        ("<ASYCUDA/>", ("R014", "the element ASYCUDA")),
        (f"<MetaData>{ITEM}</MetaData>", ("R014", "an item outside of a declaration")),
        ("<MetaData/>", ("R014", "no declaration in it")),
        ("<MetaData><WCOTypeName>CRI</WCOTypeName></MetaData>", ("R014", "a message of the type CRI")),
        ("<MetaData><WCOTypeName>Mere V.</WCOTypeName></MetaData>", ("R014", "a message of the type ?")),
        (ANSWER, ("R014", "a message of the type RES")),
        (
            f"<?xml version='1.0'?>{declaration('')}<?xml version='1.0'?>{ANSWER}",
            ("R014", "a message of the type RES"),
        ),
        ("<!DOCTYPE Declaration><Declaration/>", ("R020", "")),
        (declaration("\0"), ("R016", "")),
        (
            declaration(f"<Commodity><Description>{'x' * LONGEST_RECORD}</Description></Commodity>"),
            ("R019", "memory"),
        ),
        (declaration(*[""] * (MOST_ITEMS + 1)), ("R019", "memory")),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_is_no_declaration_is_refused(extract: Extract, content: str, expected: tuple[str, str]) -> None:
    assert extract.refused(content) == expected


def test_broken_xml_is_refused(extract: Extract) -> None:
    rule, _ = extract.refused("<Declaration><ID>1</Declaration>")

    assert rule == "R022"


@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.tuples(st.integers(0, len(SAMPLE)), st.binary(max_size=12), st.integers(0, 40)).map(
            lambda edit: SAMPLE[: edit[0]] + edit[1] + SAMPLE[edit[0] + edit[2] :]
        ),
        st.text(alphabet="0123456789+-.eEZ: T", max_size=30).map(
            lambda text: declaration(
                charge("A00", text) * 2, before=f"<IssueDateTime>{text}</IssueDateTime>"
            ).encode()
        ),
    )
)
@example(content=declaration("", before="<IssueDateTime>00010101000000+1400</IssueDateTime>").encode())
@example(content=b"<MetaData><GovernmentAgencyGoodsItem/></MetaData>")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_give_rows_or_a_rule(content: bytes, extract: Extract) -> None:
    try:
        rows = extract.read(content, duty_codes=("A00",), time_zone="Pacific/Fiji")
    except ExtractError:
        return
    assert rows
