"""Manifests of ASYCUDA World: which bills are items, and what of them comes out."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import SPOOL_DELIMITER, RegularText, asycuda_manifest
from pacific_parcels.formats.asycuda_manifest import COLUMNS, Options

SAMPLE = (Path(__file__).parents[2] / "formats" / "asycuda_manifest" / "sample.xml").read_bytes()
GENERAL = (
    "<General_segment><General_segment_id><Customs_office_code>FJNA1</Customs_office_code>"
    "<Voyage_number>FJ910</Voyage_number><Date_of_departure>2026-03-04Z</Date_of_departure>"
    "<Date_of_arrival>2026-03-05+12:00</Date_of_arrival></General_segment_id></General_segment>"
)
DECLARATION = '<?xml version="1.0"?>'


def bill(reference: str, master: str = "", kind: str = "HWB", nature: str = "23", more: str = "") -> str:
    return (
        f"<Bol_segment><Bol_id><Bol_reference>{reference}</Bol_reference><Bol_nature>{nature}</Bol_nature>"
        f"<Bol_type_code>{kind}</Bol_type_code><Master_bol_ref_number>{master}</Master_bol_ref_number></Bol_id>"
        f"{more}</Bol_segment>"
    )


def manifest(*bills: str, general: str = GENERAL) -> str:
    return f"{DECLARATION}<Awmds>{general}{''.join(bills)}</Awmds>"


def text_of(tmp_path: Path, content: str | bytes, **options: Any) -> RegularText:
    path = tmp_path / "manifest.xml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return asycuda_manifest.read(path, Options(**options), tmp_path)


def rows_of(tmp_path: Path, content: str | bytes, **options: Any) -> list[dict[str, str]]:
    text = text_of(tmp_path, content, **options)
    lines = text.path.read_text(encoding="utf-8").splitlines()
    assert text.rows == len(lines)
    return [dict(zip(("row", *COLUMNS), line.split(SPOOL_DELIMITER), strict=True)) for line in lines]


def numbered(rows: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(row["row"], row["Bol_reference"]) for row in rows]


class TestWhichBillsAreItems:
    @pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0)])
    def test_a_master_is_none_wherever_it_stands(self, order: tuple[int, ...], tmp_path: Path) -> None:
        bills = [bill("M1"), bill("H1", "M1"), bill("H2", "M1")]

        rows = rows_of(tmp_path, manifest(*(bills[position] for position in order)))
        assert [row["Bol_reference"] for row in rows] == ["H1", "H2"]
        assert [row["row"] for row in rows] == [str(order.index(position) + 1) for position in (1, 2)]

    def test_nor_is_a_house_that_has_houses_itself(self, tmp_path: Path) -> None:
        rows = rows_of(tmp_path, manifest(bill("M1"), bill("H1", "M1"), bill("S1", "H1"), bill("S2", "H1")))

        assert numbered(rows) == [("3", "S1"), ("4", "S2")]

    def test_a_bill_without_houses_is_one_even_if_it_names_itself(self, tmp_path: Path) -> None:
        rows = rows_of(tmp_path, manifest(bill("M1", kind="MWB"), bill("M2", "M2"), bill("H3", "M3")))

        assert numbered(rows) == [("1", "M1"), ("2", "M2"), ("3", "H3")]

    def test_a_type_of_masters_and_other_natures_are_left_out_where_the_member_file_says_so(
        self, tmp_path: Path
    ) -> None:
        content = manifest(bill("M1", kind="MWB"), bill("H1"), bill("H2", nature="28"), bill("H3", nature=""))

        assert len(rows_of(tmp_path, content)) == 4
        assert numbered(rows_of(tmp_path, content, master_types=("MWB",), natures=("23",))) == [("2", "H1")]

    def test_those_left_out_are_counted_by_why_with_what_they_declare(self, tmp_path: Path) -> None:
        value = (
            "<Value_segment><Customs_segment><Customs_value>1.2E3</Customs_value>"
            "<Customs_currency>USD</Customs_currency></Customs_segment></Value_segment>"
        )
        content = manifest(
            bill("M1", kind="MWB"), bill("M2"), bill("H1", "M2"), bill("X1", nature="22", more=value)
        )
        text = text_of(tmp_path, content, master_types=("MWB",), natures=("23",))

        assert text.notes is not None
        assert text.notes.read_text(encoding="utf-8").splitlines() == [
            "1,R301,,,,",
            "2,R301,,,,",
            "4,R302,,,1200,USD",
        ]
        assert (text.rows, text.fault_count, text.note_count) == (1, 0, 3)

    def test_the_houses_of_an_awbolds_stand_for_their_master_in_a_manifest(self, tmp_path: Path) -> None:
        houses = (
            f"{DECLARATION}<Awbolds><Master_bol><Customs_office_code>FJNA1</Customs_office_code>"
            "<Voyage_number>021E</Voyage_number><Date_of_departure>2026-02-20</Date_of_departure>"
            f"<Reference_number>M1</Reference_number></Master_bol>{bill('H1')}{bill('H2')}</Awbolds>"
        )
        rows = rows_of(tmp_path, manifest(bill("M1"), bill("A1")) + houses)

        assert numbered(rows) == [("2", "A1"), ("3", "H1"), ("4", "H2")]
        assert [row["Master_bol_ref_number"] for row in rows] == ["", "M1", "M1"]
        assert [row["Item_reference"] for row in rows][1:] == [
            "FJNA1/021E/2026-02-20/H1",
            "FJNA1/021E/2026-02-20/H2",
        ]


class TestRows:
    def test_say_the_voyage_on_each_and_days_without_their_zone(self, tmp_path: Path) -> None:
        rows = rows_of(tmp_path, manifest(bill("A1"), bill("A2")))

        assert [row["Item_reference"] for row in rows] == [
            "FJNA1/FJ910/2026-03-04/A1",
            "FJNA1/FJ910/2026-03-04/A2",
        ]
        assert {row["Date_of_arrival"] for row in rows} == {"2026-03-05"}

    def test_a_document_without_its_voyage_borrows_none(self, tmp_path: Path) -> None:
        rows = rows_of(tmp_path, manifest(bill("A1")) + manifest(bill("A2"), general=""))

        assert [(row["Item_reference"] != "", row["Voyage_number"]) for row in rows] == [
            (True, "FJ910"),
            (False, ""),
        ]

    def test_figures_are_those_of_the_goods_not_of_containers_or_parts(self, tmp_path: Path) -> None:
        goods = (
            "<Load_unload_place><Place_of_loading_code>HKHKG</Place_of_loading_code></Load_unload_place>"
            "<ctn_segment><Number_of_packages>99</Number_of_packages></ctn_segment>"
            "<Goods_segment><Number_of_packages>2.0</Number_of_packages><Gross_mass>1.25E3</Gross_mass>"
            "</Goods_segment><Split_segment><Gross_mass>7</Gross_mass></Split_segment>"
            "<Value_segment><Customs_segment><Customs_value>4.5E1</Customs_value>"
            "<Customs_currency>USD</Customs_currency></Customs_segment></Value_segment>"
        )

        (row,) = rows_of(tmp_path, manifest(bill("A1", more=goods)))
        assert (row["Number_of_packages"], row["Gross_mass"]) == ("2.0", "1250")
        assert (row["Customs_value"], row["Customs_currency"]) == ("45", "USD")
        assert row["Place_of_loading_country_code"] == "HK"

    def test_names_addresses_and_marks_are_nowhere(self, tmp_path: Path) -> None:
        rows = rows_of(tmp_path, SAMPLE)

        assert len(rows) == 9
        assert b"Vakacegu" in SAMPLE
        texts = [text.lower() for row in rows for text in row.values()]
        assert not [text for text in texts if "vakacegu" in text or "invented" in text]


class TestRefusals:
    def test_another_kind_of_xml_is_refused_by_name(self, tmp_path: Path) -> None:
        with pytest.raises(ExtractError) as refused:
            rows_of(tmp_path, "<ASYCUDA/>")

        assert refused.value.rule_id == "R014"
        assert refused.value.details["found"] == "the element ASYCUDA"

    def test_a_manifest_without_bills_has_no_rows(self, tmp_path: Path) -> None:
        assert rows_of(tmp_path, manifest()) == []

    @settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_any_bytes_give_rows_or_a_refusal(self, data: st.DataObject, tmp_path: Path) -> None:
        content = data.draw(st.binary(max_size=80))
        if data.draw(st.booleans()):
            start = data.draw(st.integers(0, len(SAMPLE)))
            content = SAMPLE[:start] + content + SAMPLE[start + data.draw(st.integers(0, 40)) :]
        with suppress(ExtractError):
            assert all(len(row) == len(COLUMNS) + 1 for row in rows_of(tmp_path, content))
