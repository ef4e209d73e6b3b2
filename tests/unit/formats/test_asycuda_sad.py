"""Declarations of ASYCUDA World: values shared out to the cent, charges by kind, and what real files hold."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import SPOOL_DELIMITER, asycuda_sad
from pacific_parcels.formats.asycuda_sad import COLUMNS, Options, apportioned

SAMPLE = (Path(__file__).parents[2] / "formats" / "asycuda_sad" / "sample.xml").read_bytes()
CODES = {"duty_codes": ("ID",), "tax_codes": ("VAT", "SCT"), "fee_codes": ("CUF",)}


def invoice(amount: str, currency: str = "USD", tag: str = "Gs_Invoice") -> str:
    return (
        f"<{tag}><Amount_foreign_currency>{amount}</Amount_foreign_currency>"
        f"<Currency_code>{currency}</Currency_code></{tag}>"
    )


def item(*, price: str = "", statistical: str = "", mass: str = "", own: str = "", taxation: str = "") -> str:
    return (
        f"<Item><Tarification><Item_price>{price}</Item_price></Tarification>"
        f"<Taxation>{taxation}</Taxation>"
        f"<Valuation_item><Weight_itm><Gross_weight_itm>{mass}</Gross_weight_itm></Weight_itm>"
        f"<Statistical_value>{statistical}</Statistical_value>{own}</Valuation_item></Item>"
    )


def line(code: str, amount: str) -> str:
    return (
        f"<Taxation_line><Duty_tax_code>{code}</Duty_tax_code>"
        f"<Duty_tax_amount>{amount}</Duty_tax_amount></Taxation_line>"
    )


def declaration(*items: str, total: str = "", head: str = "", announced: int | None = None) -> str:
    return (
        '<?xml version="1.0"?><ASYCUDA>'
        f"<Property><Nbers><Total_number_of_items>{len(items) if announced is None else announced}"
        "</Total_number_of_items></Nbers></Property>"
        "<Identification><Office_segment><Customs_clearance_office_code>FJSU2</Customs_clearance_office_code>"
        "</Office_segment><Registration><Serial_number>C</Serial_number><Number>7</Number>"
        f"<Date>10/25/16</Date></Registration></Identification>{head}"
        f"<Valuation>{total}</Valuation>{''.join(items)}</ASYCUDA>"
    )


def rows_of(tmp_path: Path, content: str | bytes, **options: Any) -> list[dict[str, str]]:
    path = tmp_path / "declarations.xml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    text = asycuda_sad.read(path, Options(**options), tmp_path)
    lines = text.path.read_text(encoding="utf-8").splitlines()
    assert text.rows == len(lines)
    rows = [dict(zip(("row", *COLUMNS), line.split(SPOOL_DELIMITER), strict=True)) for line in lines]
    assert [row["row"] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    return rows


def values(rows: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    return [(row["Value_amount"], row["Value_currency_code"], row["Value_source"]) for row in rows]


def charges(row: dict[str, str]) -> list[str]:
    return [row[column] for column in ("Duty_amount", "Tax_amount", "Fee_amount", "Other_amount")]


class TestApportioned:
    def test_the_cents_left_over_go_to_the_largest_remainders(self) -> None:
        # 100.00 by 2 : 3 : 1 is 33.333, 50 and 16.666: the one cent left goes to the last.
        assert apportioned(Decimal(100), [Decimal(2), Decimal(3), Decimal(1)]) == ["33.33", "50.00", "16.67"]

    def test_of_equal_remainders_the_first_ones_get_them(self) -> None:
        assert apportioned(Decimal("0.05"), [Decimal(1)] * 3) == ["0.02", "0.02", "0.01"]

    def test_an_amount_below_nothing_is_shared_out_too(self) -> None:
        assert apportioned(Decimal("-0.05"), [Decimal(1), Decimal(1)]) == ["-0.02", "-0.03"]

    @given(
        total=st.decimals(0, 10**9, places=3),
        weights=st.lists(st.decimals(0, 10**6, places=4), min_size=1, max_size=200).filter(any),
    )
    @settings(deadline=None, max_examples=60)
    def test_the_pieces_add_up_to_the_cent(self, total: Decimal, weights: list[Decimal]) -> None:
        pieces = [Decimal(piece) for piece in apportioned(total, weights)]

        assert abs(sum(pieces) - total) <= Decimal("0.005")
        for piece, weight in zip(pieces, weights, strict=True):
            assert abs(piece - total * weight / sum(weights)) < Decimal("0.02")


class TestValue:
    def test_is_the_items_own_where_it_has_one(self, tmp_path: Path) -> None:
        own = [
            item(own=invoice("12.5", "AUD", "Item_Invoice")),
            item(own=invoice("0", "AUD", "Item_Invoice")),
        ]

        assert values(rows_of(tmp_path, declaration(*own, total=invoice("99", "AUD")))) == [
            ("12.5", "AUD", "Item_Invoice"),
            ("0", "AUD", "Item_Invoice"),
        ]

    def test_without_a_currency_of_its_own_is_in_that_of_the_declaration(self, tmp_path: Path) -> None:
        rows = rows_of(
            tmp_path, declaration(item(own=invoice("12.5", "", "Item_Invoice")), total=invoice("12.5", "NZD"))
        )

        assert values(rows) == [("12.5", "NZD", "Item_Invoice")]

    @pytest.mark.parametrize(
        ("items", "source"),
        [
            ([{"price": "1", "statistical": "5"}, {"price": "3", "statistical": "5"}], "Item_price"),
            ([{"price": "1", "statistical": "10"}, {"statistical": "30"}], "Statistical_value"),
            ([{"price": "0", "mass": "0.5"}, {"price": "0", "mass": "1.5"}], "Gross_weight_itm"),
        ],
    )
    def test_is_shared_out_by_the_first_measure_that_all_items_have(
        self, items: list[dict[str, str]], source: str, tmp_path: Path
    ) -> None:
        rows = rows_of(tmp_path, declaration(*(item(**one) for one in items), total=invoice("10.01")))

        # A quarter of 10.01 is 2.5025, three quarters are 7.5075: the cent left over goes to the second.
        assert values(rows) == [("2.50", "USD", source), ("7.51", "USD", source)]

    def test_items_without_one_share_what_the_others_leave(self, tmp_path: Path) -> None:
        items = [item(price="1"), item(own=invoice("40", "USD", "Item_Invoice")), item(price="1")]

        assert values(rows_of(tmp_path, declaration(*items, total=invoice("50")))) == [
            ("5.00", "USD", "Item_price"),
            ("40", "USD", "Item_Invoice"),
            ("5.00", "USD", "Item_price"),
        ]

    @pytest.mark.parametrize(
        ("items", "total"),
        [
            ([item(price="1"), item(own=invoice("60", "USD", "Item_Invoice"))], invoice("50")),
            ([item(price="1"), item(own=invoice("10", "AUD", "Item_Invoice"))], invoice("50")),
            ([item(price="1"), item(price="1")], invoice("about 50")),
            ([item(price="1"), item(price="1")], ""),
            ([item(), item()], invoice("50")),
        ],
        ids=["less than nothing is left", "another currency", "no number", "no total", "no measure"],
    )
    def test_is_empty_where_it_cannot_be_shared_out(
        self, items: list[str], total: str, tmp_path: Path
    ) -> None:
        rows = rows_of(tmp_path, declaration(*items, total=total))

        assert values(rows)[0] == ("", "", "")

    def test_of_an_only_item_is_that_of_the_declaration(self, tmp_path: Path) -> None:
        head = "<Financial><Total_invoice>80.5</Total_invoice></Financial>"

        assert values(rows_of(tmp_path, declaration(item(), total=invoice("80.5", "FJD")))) == [
            ("80.50", "FJD", "Gs_Invoice")
        ]
        assert values(rows_of(tmp_path, declaration(item(), head=head))) == [("80.50", "", "Gs_Invoice")]


class TestCharges:
    def test_are_summed_by_kind_and_nothing_is_lost(self, tmp_path: Path) -> None:
        taxation = (
            line("ID", "5") + line("VAT", "9.5") + line("SCT", "0.25") + line("ENV", "2") + line("", "")
        )

        (row,) = rows_of(tmp_path, declaration(item(taxation=taxation)), **CODES)
        assert charges(row) == ["5", "9.75", "0", "2"]

    def test_of_a_kind_whose_codes_are_not_declared_are_empty_not_zero(self, tmp_path: Path) -> None:
        (row,) = rows_of(tmp_path, declaration(item(taxation=line("ID", "5"))), tax_codes=("VAT",))

        assert charges(row) == ["", "0", "", "5"]

    @pytest.mark.parametrize(
        ("taxation", "expected"),
        [
            ("", ["", "", "", ""]),
            ("<Item_taxes_amount/>" + line("<null/>", "<null/>"), ["", "", "", ""]),
            ("<Item_taxes_amount>0</Item_taxes_amount>", ["0", "0", "0", "0"]),
            ("<Item_taxes_amount>7.5</Item_taxes_amount>", ["", "", "", "7.5"]),
            ("<Item_taxes_amount>5</Item_taxes_amount>" + line("ID", "5"), ["5", "0", "0", "0"]),
            (line("ID", "five") + line("VAT", "1"), ["five", "1", "0", "0"]),
        ],
        ids=["none", "blank lines", "a total of zero", "a total alone", "total and line", "unreadable"],
    )
    def test_say_no_more_than_the_item_does(self, taxation: str, expected: list[str], tmp_path: Path) -> None:
        (row,) = rows_of(tmp_path, declaration(item(taxation=taxation)), **CODES)

        assert charges(row) == expected

    @pytest.mark.parametrize(
        "notice",
        [
            "<Items_taxes><Item_tax><Tax_code>VAT</Tax_code><Tax_amount>10</Tax_amount></Item_tax></Items_taxes>",
            "<Item_tax_total><Tax_code>VAT</Tax_code><Tax_amount>10</Tax_amount></Item_tax_total>"
            "<Total_item_taxes>10</Total_item_taxes>",
        ],
        ids=["Items_taxes", "Item_tax_total"],
    )
    def test_told_for_the_declaration_alone_are_shared_out(self, notice: str, tmp_path: Path) -> None:
        head = f"<Assessment_notice>{notice}</Assessment_notice>"
        bare = declaration(item(statistical="30"), item(statistical="10"), head=head)
        taxed = declaration(item(taxation=line("VAT", "4")), item(), head=head)

        assert [charges(row)[1] for row in rows_of(tmp_path, bare, **CODES)] == ["7.50", "2.50"]
        assert [charges(row)[1] for row in rows_of(tmp_path, taxed, **CODES)] == ["4", ""]

    def test_on_the_declaration_as_a_whole_are_shared_out_beside_those_of_items(self, tmp_path: Path) -> None:
        head = (
            "<Global_taxes><Global_tax><Global_tax_code>CUF</Global_tax_code>"
            "<Global_tax_amount>20.01</Global_tax_amount></Global_tax></Global_taxes>"
            "<Financial><Amounts><Global_taxes>20.01</Global_taxes></Amounts></Financial>"
        )
        rows = rows_of(tmp_path, declaration(item(taxation=line("ID", "5")), item(), head=head), **CODES)

        # No item has a measure: equal parts, the odd cent on the first.
        assert [charges(row) for row in rows] == [["5", "0", "10.01", "0"], ["0", "0", "10.00", "0"]]


class TestDeclarations:
    def test_an_item_is_known_by_office_year_serial_number_and_place(self, tmp_path: Path) -> None:
        rows = rows_of(tmp_path, declaration(item(), item()) * 2)

        references = ["FJSU2/2016/C/7/1", "FJSU2/2016/C/7/2"]
        assert [row["Item_reference"] for row in rows] == references * 2
        assert {row["Registration_date"] for row in rows} == {"2016-10-25"}

    @pytest.mark.parametrize("announced", [0, 3])
    def test_what_is_announced_and_missing_is_a_row_that_will_be_rejected(
        self, announced: int, tmp_path: Path
    ) -> None:
        items = [item(price="1", taxation=line("ID", "1"))] * (2 if announced else 0)
        head = "<Financial><Amounts><Global_taxes>9</Global_taxes></Amounts></Financial>"
        rows = rows_of(tmp_path, declaration(*items, total=invoice("90"), head=head, announced=announced))

        assert [bool(row["Item_reference"]) for row in rows] == [True] * len(items) + [False]
        assert rows[-1]["Registration_number"] == "7"
        assert {row["Value_amount"] for row in rows} == {""}, "a part of the items is not worth the whole"
        assert {row["Other_amount"] for row in rows[:-1]} == ({"1"} if items else set())

    def test_many_items_are_no_trouble(self, tmp_path: Path) -> None:
        rows = rows_of(tmp_path, declaration(*[item(price="1")] * 1000, total=invoice("10.00")))

        assert {row["Value_amount"] for row in rows} == {"0.01"}
        assert rows[-1]["Item_reference"] == "FJSU2/2016/C/7/1000"

    def test_items_without_end_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ExtractError) as refused:
            rows_of(tmp_path, declaration("<Item/>" * 10_001))

        assert refused.value.rule_id == "R019"

    @pytest.mark.parametrize(
        ("text", "order", "expected"),
        [
            ("10/25/16", "month_first", "2016-10-25"),
            ("3/5/2026", "month_first", "2026-03-05"),
            ("3/5/2026", "day_first", "2026-05-03"),
            ("2026-03-05", "month_first", "2026-03-05"),
            ("2026-03-05T10:00:00", "day_first", "2026-03-05"),
            ("25/10/16", "month_first", "25/10/16"),
            ("", "month_first", ""),
        ],
    )
    def test_dates_come_out_as_iso_or_as_they_are(
        self, text: str, order: str, expected: str, tmp_path: Path
    ) -> None:
        content = declaration(item()).replace("10/25/16", text)

        (row,) = rows_of(tmp_path, content, dates=order)
        assert row["Registration_date"] == expected

    def test_names_addresses_and_marks_are_nowhere(self, tmp_path: Path) -> None:
        rows = rows_of(tmp_path, SAMPLE)

        assert len(rows) == 11
        assert b"Vakacegu" in SAMPLE
        assert not [text for row in rows for text in row.values() if "vakacegu" in text.lower()]
        assert not [text for row in rows for text in row.values() if "INVENTED" in text]

    def test_another_kind_of_xml_is_refused_by_name(self, tmp_path: Path) -> None:
        with pytest.raises(ExtractError) as refused:
            rows_of(tmp_path, "<Awmds/>")

        assert refused.value.rule_id == "R014"
        assert refused.value.details["found"] == "the element Awmds"

    def test_a_code_is_one_kind_of_charge(self) -> None:
        with pytest.raises(ValidationError, match=r"\['VAT'\] stand twice"):
            Options(duty_codes=("VAT",), tax_codes=("VAT",))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_bytes_give_rows_or_a_refusal(data: st.DataObject, tmp_path: Path) -> None:
    content = data.draw(st.binary(max_size=80))
    if data.draw(st.booleans()):
        start = data.draw(st.integers(0, len(SAMPLE)))
        content = SAMPLE[:start] + content + SAMPLE[start + data.draw(st.integers(0, 40)) :]
    with suppress(ExtractError):
        assert all(len(row) == len(COLUMNS) + 1 for row in rows_of(tmp_path, content, **CODES))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    figures=st.lists(st.sampled_from(["", "0", "-1", "1e99", "NaN", "1e999999", "٣", "1,5", "x"]), min_size=6)
)
def test_any_figure_gives_a_row(figures: list[str], tmp_path: Path) -> None:
    price, statistical, mass, total, tax, announced = figures[:6]
    one = item(price=price, statistical=statistical, mass=mass, taxation=line("ID", tax))
    content = declaration(one, item(price=statistical), total=invoice(total)).replace(">2<", f">{announced}<")

    assert len(rows_of(tmp_path, content, **CODES)) in (2, 3)
