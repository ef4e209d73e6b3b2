"""Who a message names is read where the layout asks for it, as a column of its own, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pacific_parcels.errors import MemberFileError
from pacific_parcels.formats import LONGEST_PARTY, format_names, load_format, read_options
from pacific_parcels.members import Layout
from tests.spooled_rows import rows_of
from tests.unit.formats.test_wco_declaration import declaration

SAMPLES = Path(__file__).parents[2] / "formats"
FORMATS = [name for name in format_names() if hasattr(load_format(name), "PARTIES")]

SHOP = {"Exporter_name": "INVENTED SHOP", "Consignee_name": "Mere Vakacegu"}
TRADE = {
    "Exporter_name": "INVENTED TRADING LTD",
    "Consignee_code": "00000",
    "Consignee_name": "Mere Vakacegu",
    "Declarant_name": "INVENTED BROKERS",
}
IMPORT = {"Consignee_ID": "FJ-77", "Consignee_name": "Mere Vakacegu", "Consignor_name": "Fern & Sons"}
NAMED: dict[str, dict[int, dict[str, str]]] = {
    # The second of ten bills is a master, which is left out.
    "asycuda_manifest": dict.fromkeys((1, *range(3, 11)), SHOP),
    "asycuda_sad": dict.fromkeys(range(1, 12), TRADE),
    "cargo_imp": {
        1: {"Shipper_name": "JOAN SMITH", "Consignee_name": "MERE VAKACEGU"},
        2: {"Shipper_name": "PACIFIC PHONES INC"},
    },
    "cargo_xml": {1: {"ConsignorParty_Name": "JOAN SMITH", "ConsigneeParty_Name": "MERE VAKACEGU"}},
    "upu_itmatt": {4: {"Sender_name": "Eleanor Penhaligon", "Recipient_name": "Mere Vakacegu"}},
    "wco_declaration": {1: IMPORT, 2: IMPORT},
}
"""By format: what the columns of PARTIES hold on the rows of its sample that name someone, read off it."""


def named(name: str, path: Path, scratch: Path, *parties: str) -> list[list[str]]:
    """What the last columns of each row hold, which are those that were asked for."""
    module = load_format(name)
    options = read_options(module, {"parties": list(parties)})
    assert module.header(path, options).columns == (*module.COLUMNS, *parties)
    text = module.read(path, options, scratch)
    assert text.columns == (*module.COLUMNS, *parties)
    rows = rows_of(text)
    assert rows
    return [[row.get(column, "") for column in parties] for row in rows.values()]


def written(folder: Path, content: str) -> Path:
    path = folder / "extract"
    path.write_text(content, encoding="utf-8")
    return path


def test_the_six_formats_of_messages_name_parties() -> None:
    assert sorted(NAMED) == FORMATS


@pytest.mark.parametrize("name", FORMATS)
class TestFormat:
    def test_reads_the_parties_of_its_sample_that_are_asked_for(self, name: str, tmp_path: Path) -> None:
        module = load_format(name)
        (sample,) = (SAMPLES / name).glob("sample.*")

        for asked in (module.PARTIES, module.PARTIES[-1:], module.PARTIES[::-1]):
            text = module.read(sample, read_options(module, {"parties": list(asked)}), tmp_path)
            filled = {
                row: {column: fields[column] for column in module.PARTIES if column in fields}
                for row, fields in rows_of(text).items()
            }

            assert text.columns == (*module.COLUMNS, *asked)
            assert {row: fields for row, fields in filled.items() if fields} == {
                row: {column: fields[column] for column in asked if column in fields}
                for row, fields in NAMED[name].items()
                if fields.keys() & set(asked)
            }

    def test_has_no_such_column_unasked(self, name: str, tmp_path: Path) -> None:
        module = load_format(name)
        (sample,) = (SAMPLES / name).glob("sample.*")

        assert not set(module.PARTIES) & set(module.COLUMNS)
        assert not set(module.PARTIES) & set(module.USUAL.values())
        assert module.read(sample, read_options(module, {}), tmp_path).columns == module.COLUMNS

    def test_refuses_a_column_that_it_has_not_and_one_asked_for_twice(self, name: str) -> None:
        module = load_format(name)

        for parties, said in ((["Goods"], "Input should be"), ([module.PARTIES[0]] * 2, "listed twice")):
            with pytest.raises(MemberFileError, match=said):
                read_options(module, {"parties": parties})


class TestDeclaration:
    """Of the WCO Data Model."""

    COLUMNS = ("Consignee_ID", "Consignee_name", "Consignor_ID", "Consignor_name", "Declarant_ID")

    def test_an_items_own_parties_stand_before_those_of_the_declaration(self, tmp_path: Path) -> None:
        content = declaration(
            "<Consignee><Name>Own One</Name></Consignee><Exporter><ID>X1</ID></Exporter>",
            "<Commodity><Description>socks</Description></Commodity>",
            before="<Declarant><ID>D1</ID></Declarant><Exporter><Name>Of All</Name></Exporter>",
            shipment="<Importer><ID>I1</ID><Name>Of All</Name></Importer>",
        )

        assert named("wco_declaration", written(tmp_path, content), tmp_path, *self.COLUMNS) == [
            ["", "Own One", "X1", "", "D1"],
            ["I1", "Of All", "", "Of All", "D1"],
        ]

    def test_a_consignee_stands_before_an_importer_wherever_they_are(self, tmp_path: Path) -> None:
        content = declaration(
            "",
            before="<Importer><ID>I0</ID></Importer>",
            shipment="<Importer><ID>I1</ID></Importer>",
            after="<Consignment><Consignee><Name>C1</Name></Consignee></Consignment>",
        )

        assert named("wco_declaration", written(tmp_path, content), tmp_path, *self.COLUMNS[:2]) == [
            ["", "C1"]
        ]

    def test_nothing_of_one_declaration_stays_for_the_next(self, tmp_path: Path) -> None:
        first = declaration("", before="<Declarant><ID>D1</ID></Declarant>")
        content = f"<?xml version='1.0'?>{first}\n<?xml version='1.0'?>{declaration('')}"

        assert named("wco_declaration", written(tmp_path, content), tmp_path, "Declarant_ID") == [
            ["D1"],
            [""],
        ]


class TestHouseWaybillAsText:
    """Cargo-IMP."""

    HEAD = "FHL/5\nMBI/618-12345675SINJFK/T7K1000\nHBS/A1/SINJFK/1/K4/4/PARTS\n"

    @pytest.mark.parametrize(
        ("lines", "names"),
        [
            ("SHP/JOAN  SMITH\n/4 KENT ST\n/SYDNEY\n/AU\n", ["JOAN SMITH", ""]),
            ("CNE\nNAM/MERE VAKACEGU\nADR/12 ROAD\nLOC/NADI\n/FJ\n", ["", "MERE VAKACEGU"]),
            ("SHP/ABC94269\nNAM/JOAN SMITH\nADR/4 KENT ST\nLOC/SYDNEY\n/AU\n", ["JOAN SMITH", ""]),
        ],
    )
    def test_a_name_is_read_in_each_way_to_write_it(
        self, lines: str, names: list[str], tmp_path: Path
    ) -> None:
        path = written(tmp_path, self.HEAD + lines)

        assert named("cargo_imp", path, tmp_path, "Shipper_name", "Consignee_name") == [names]

    def test_a_house_borrows_no_name_from_the_one_before_it(self, tmp_path: Path) -> None:
        second = "HBS/A2/SINJFK/1/K4/4/PARTS\n"
        path = written(tmp_path, f"{self.HEAD}SHP/JOAN SMITH\n/4 KENT ST\n/SYDNEY\n/AU\n{second}")

        assert named("cargo_imp", path, tmp_path, "Shipper_name") == [["JOAN SMITH"], [""]]


def test_a_name_without_end_is_cut(tmp_path: Path) -> None:
    item = f"<Recipient><Name>{'x ' * 500_000}</Name></Recipient>"
    path = written(tmp_path, f"<ITMATT><Item><ItemId>A</ItemId>{item}</Item></ITMATT>")

    ((name,),) = named("upu_itmatt", path, tmp_path, "Recipient_name")

    assert name == ("x " * LONGEST_PARTY)[:LONGEST_PARTY]


def layout(**changes: Any) -> dict[str, Any]:
    columns = {
        "item_id": "Item_id",
        "channel_code": {"constant": "POSTAL_PARCEL"},
        "declared_value": "Amount",
    }
    columns |= {"declared_currency_code": "Currency", "arrival_date": "Arrived_at"}
    return {"valid_from": "2019-01", "format": "upu_itmatt", "columns": columns} | changes


class TestLayout:
    def test_a_party_is_read_for_a_token_and_nothing_else(self) -> None:
        columns = layout()["columns"]
        parties = {"parties": ["Recipient_name"]}

        assert Layout.model_validate(
            layout(options=parties, columns=columns | {"consignee_token": "Recipient_name"})
        )
        for wrong in (columns, columns | {"customs_office_code": "Recipient_name"}):
            with pytest.raises(ValueError, match=r"\['Recipient_name'\] would be read and no token is made"):
                Layout.model_validate(layout(options=parties, columns=wrong))
        with pytest.raises(ValueError, match="would be landed as they stand too"):
            Layout.model_validate(
                layout(
                    options=parties,
                    columns=columns
                    | {"consignee_token": "Recipient_name", "customs_office_code": "Recipient_name"},
                )
            )

    def test_a_party_that_is_ignored_is_not_read(self) -> None:
        with pytest.raises(ValueError, match="would be read and no token is made"):
            Layout.model_validate(layout(options={"parties": ["Sender_name"]}, ignore=["Sender_name"]))
