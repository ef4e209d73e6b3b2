"""FHL: every house of every message is a row or a fault, and no person's data ever comes out."""

from __future__ import annotations

import csv
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import RegularText
from pacific_parcels.formats.cargo_imp import (
    COLUMNS,
    EXPECTED,
    LONGEST_LINE,
    LONGEST_RECORD,
    Options,
    header,
    read,
)
from tests.spooled_rows import Row, rows_of

SAMPLE = Path(__file__).parents[2] / "formats" / "cargo_imp" / "sample.txt"
MASTER = "MBI/260-10000014SYDNAN/T61K980.5"
HOUSE = "HBS/FJH1/SYDNAN/2/K12.5/6/COTTON SHIRTS"
NEXT = "HBS/FJH2/SYDNAN/1/K1//TEA"


def faults_of(text: RegularText) -> list[int]:
    return [fault.record for fault in details_of(text)]


class Fault(NamedTuple):
    record: int
    part: str
    found: str
    line: int


def details_of(text: RegularText) -> list[Fault]:
    """The faults, each with the line of the file that is to blame."""
    assert text.faults is not None
    assert text.lines is not None
    lines = dict(line.split(",") for line in text.lines.read_text(encoding="ascii").split())
    with text.faults.open(encoding="utf-8", newline="") as file:
        faults = list(csv.reader(file))
    assert {fault[1] for fault in faults} <= {"R115"}
    assert {fault[2] for fault in faults} <= text.expected.keys()
    return [Fault(int(fault[0]), fault[2], fault[3], int(lines[fault[0]])) for fault in faults]


class Extract:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "extract.txt"

    def read_bytes(self, content: bytes) -> RegularText:
        self.path.write_bytes(content)
        text = read(self.path, Options(), Path(tempfile.mkdtemp(dir=self.path.parent)))
        assert text.rows == len(rows_of(text)) + text.fault_count
        return text

    def read(self, *lines: str, line_end: str = "\n") -> RegularText:
        return self.read_bytes("".join(line + line_end for line in lines).encode("latin-1"))

    def house(self, *lines: str) -> Row:
        """The one house of a message: what its HBS and the lines after it give."""
        (row,) = rows_of(self.read("FHL/4", MASTER, *lines)).values()
        return row

    def refused(self, content: bytes) -> ExtractError:
        with pytest.raises(ExtractError) as caught:
            self.read_bytes(content)
        return caught.value


@pytest.fixture
def extract(tmp_path: Path) -> Extract:
    return Extract(tmp_path)


def test_a_house_has_its_own_figures_and_the_number_of_its_master(extract: Extract) -> None:
    assert extract.house(HOUSE) == {
        "Version": "4",
        "Master_number": "260-10000014",
        "Master_origin": "SYD",
        "Master_destination": "NAN",
        "House_number": "FJH1",
        "Origin": "SYD",
        "Destination": "NAN",
        "Pieces": "2",
        "Weight_kg": "12.5",
        "Weight_unit": "K",
        "Slac": "6",
        "Goods": "COTTON SHIRTS",
        "HTS_codes": "0",
    }


@pytest.mark.parametrize(
    ("lines", "part", "found", "line"),
    [
        (("FHL/4", MASTER, HOUSE, "FHL/3", MASTER, NEXT), "FHL", "FHL/3", 4),
        (("FHL/4", HOUSE), "MBI", "", 1),
        (("FHL/4", "MBI/260-1SYDNAN/T61K980.5", HOUSE), "MBI", "MBI/260-1SYDNAN/T61K980.5", 2),
        (("FHL/4", MASTER), "HBS", "", 1),
        (("FHL/4", MASTER, "", "HBS/FJH1/SYDNAN/2/12.5//TEA"), "HBS", "HBS/FJH1/SYDNAN/2/12.5//TEA", 4),
        (("FHL/4", MASTER, HOUSE, "/ELEVEN"), "SPH", "/ELEVEN", 4),
        (("FHL/4", MASTER, HOUSE, "TXT/A", "HTS/1"), "HTS", "HTS/1", 5),
        (("FHL/4", MASTER, HOUSE, "HTS/610910", "/1"), "HTS", "/1", 5),
        (("FHL/4", MASTER, HOUSE, "OCI/1"), "OCI", "OCI/1", 4),
        (("FHL/4", MASTER, HOUSE, "SHP/A", "/B", "/C", "/FIJI"), "SHP", "/FIJI", 7),
        (("FHL/4", MASTER, HOUSE, "CNE/A", "LOC/B", "/1"), "CNE", "/1", 6),
        (("FHL/4", MASTER, HOUSE, "CVD/FJD/PP/NVD/ten/XXX"), "CVD", "CVD/FJD/PP/NVD/ten/XXX", 4),
        (("FHL/4", MASTER, HOUSE, "TEA AND RICE"), "HBS", "TEA AND RICE", 4),
        (("FHL/4", MASTER, HOUSE, "CVD/1", "HTS/1"), "CVD", "CVD/1", 4),
    ],
)
def test_a_fault_names_the_line_the_part_and_what_stands_there(
    extract: Extract, lines: tuple[str, ...], part: str, found: str, line: int
) -> None:
    """Of several broken lines the first; of a part that is missing, the line on which the message begins."""
    text = extract.read(*lines)

    assert details_of(text) == [Fault(text.rows, part, found, line)]


@pytest.mark.parametrize("part", [part for part in EXPECTED if part not in ("FHL", "SHP", "CNE")])
def test_what_is_expected_of_a_part_is_a_line_that_can_be_read(extract: Extract, part: str) -> None:
    lines = {"MBI": (EXPECTED["MBI"], HOUSE), "HBS": (MASTER, EXPECTED["HBS"])}
    given = lines.get(part, (MASTER, HOUSE, EXPECTED[part]))

    text = extract.read("FHL/4", *given)

    assert (text.rows, text.fault_count) == (1, 0)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_any_line_end_will_do_and_blank_lines_are_none(extract: Extract, line_end: str) -> None:
    text = extract.read("", "FHL/4", MASTER, "", HOUSE, NEXT, "  ", "FHL/5", MASTER, HOUSE, line_end=line_end)

    rows = rows_of(text)
    assert [(row["Version"], row["House_number"]) for row in rows.values()] == [
        ("4", "FJH1"),
        ("4", "FJH2"),
        ("5", "FJH1"),
    ]


@pytest.mark.parametrize(
    ("weight", "kilograms"),
    [("K12.5", "12.5"), ("K10783.00", "10783.00"), ("L10", "4.53592370"), ("L0.5", "0.226796185")],
)
def test_weight_is_in_kilograms_exactly(extract: Extract, weight: str, kilograms: str) -> None:
    row = extract.house(f"HBS/FJH1/SYDNAN/2/{weight}//TEA")

    assert (row["Weight_kg"], row["Weight_unit"]) == (kilograms, weight[0])


def test_goods_go_on_over_lines_and_codes_are_counted(extract: Extract) -> None:
    row = extract.house(
        HOUSE, "/ELI/ECC", "TXT/COTTON SHIRTS", "/AND SOCKS", "HTS/610910", "/611595", "/610910"
    )

    assert row["Special_handling"] == "ELI ECC"
    assert row["Free_text"] == "COTTON SHIRTS AND SOCKS"
    assert (row["HTS_code"], row["HTS_codes"]) == ("610910", "2")


@pytest.mark.parametrize(
    "shipper",
    [
        ("SHP", "NAM/JOAN SMITH", "/AND SONS", "ADR/13", "LOC/SYDNEY/NSW", "/AU/2000/TE/61298765432"),
        ("SHP/JOAN SMITH", "/13 KENT ST", "/SYDNEY/NSW", "/AU/2000/TE/61298765432"),
        ("SHP/JOAN SMITH", "/13 KENT ST", "/SYDNEY", "/AU", "/TE/61298765432"),
    ],
)
def test_of_a_party_only_the_country_is_read_in_both_ways_to_write_it(
    extract: Extract, shipper: tuple[str, ...]
) -> None:
    text = extract.read("FHL/5", MASTER, HOUSE, *shipper, "CNE/A", "/B", "/NADI", "/FJ")

    (row,) = rows_of(text).values()
    assert (row["Shipper_country"], row["Consignee_country"]) == ("AU", "FJ")
    written = text.path.read_text(encoding="utf-8")
    assert not [word for word in ("SMITH", "SONS", "KENT", "NADI", "6129") if word in written]


def test_parties_and_values_belong_to_the_house_after_which_they_stand(extract: Extract) -> None:
    value = "CVD/AUD/PP/NVD/{}/XXX"
    text = extract.read(
        "FHL/4", MASTER, HOUSE, value.format("10.00"), NEXT, "HBS/FJH3/SYDNAN/1/K1//RICE", value.format("20")
    )

    values = {row["House_number"]: row.get("Value_for_customs") for row in rows_of(text).values()}
    assert values == {"FJH1": "10.00", "FJH2": None, "FJH3": "20"}


@pytest.mark.parametrize(
    ("line", "given"),
    [
        (
            "CVD/AUD/PP/120/250.00/75.5",
            {
                "Currency": "AUD",
                "Prepaid_collect": "PP",
                "Value_for_carriage": "120",
                "Value_for_customs": "250.00",
                "No_customs_value": "false",
                "Value_for_insurance": "75.5",
            },
        ),
        (
            "CVD/AUD//NVD/NCV/XXX",
            {"Currency": "AUD", "No_customs_value": "true"},
        ),
        (
            "CVD/USD/CC/NVD/NVD/NIL",
            {"Currency": "USD", "Prepaid_collect": "CC", "No_customs_value": "true"},
        ),
    ],
)
def test_declared_values(extract: Extract, line: str, given: Row) -> None:
    plain = extract.house(HOUSE)

    assert extract.house(HOUSE, line) == plain | given


def test_of_customs_information_only_codes_are_read(extract: Extract) -> None:
    text = extract.read(
        "FHL/5",
        MASTER,
        HOUSE,
        "OCI/AU/SHP/T/51824753556",
        "//CNE/CP/MERE VAKACEGU",
        "///ED/0213",
        "/AU/SHP/T/51824753557",
    )

    (row,) = rows_of(text).values()
    assert row["Customs_codes"] == "AU/SHP/T /CNE/CP //ED"
    assert "VAKACEGU" not in text.path.read_text(encoding="utf-8")


def test_parties_that_a_program_appends_to_the_goods_are_cut_off(extract: Extract) -> None:
    row = extract.house(
        HOUSE, "TXT/CNENAME2-MERE VAKACEGUSHPNAME2-JOAN SMITH", "/TEA SHPADR-13 KENT ST", "/RICE"
    )

    assert row["Free_text"] == "TEA RICE"


def test_no_name_of_the_sample_gets_out(tmp_path: Path) -> None:
    content = SAMPLE.read_bytes()
    names = (b"VAKACEGU", b"SMITH", b"KENT ST", b"PACIFIC PHONES", b"6129876")
    assert all(name in content for name in names)

    written = read(SAMPLE, Options(), tmp_path).path.read_bytes()

    assert not [name for name in names if name in written]


@pytest.mark.parametrize(
    "line",
    [
        "HBS/FJH1/SYDNA/2/K12.5/6/FIVE LETTERS OF AIRPORTS",
        "HBS/FJH1/SYDNAN/2K12.5/6/PIECES AND WEIGHT GLUED",
        "HBS/FJH1/SYDNAN/2/12.5/6/NO UNIT",
        "HBS/FJH1/SYDNAN/2/G12.5/6/GRAMS",
        "HBS/FJH1/SYDNAN/2/K12,5/6/COMMA",
        "HBS/FJH1/SYDNAN/2/K12.5/COTTON",
        "HBS/FJH1/SYDNAN/2/K12.5/6/COTTON/SHIRTS",
        "HBS/FJH1/SYDNAN/2/K12.5/6/",
        "HBS//SYDNAN/2/K12.5/6/NO NUMBER",
        "HBS/FJH-1/SYDNAN/2/K12.5/6/HYPHEN",
        "HBS/FJH1/SYDNAN/\u00b2/K12.5/6/RAISED",
        f"HBS/FJH1/SYDNAN/2/K12.5/6/{'LONG ' * LONGEST_LINE}",
        "HBS",
    ],
)
def test_a_house_whose_own_line_is_broken_is_a_fault_and_the_rest_goes_on(
    extract: Extract, line: str
) -> None:
    text = extract.read("FHL/4", MASTER, HOUSE, line, "TXT/TEA", NEXT)

    assert {number: row["House_number"] for number, row in rows_of(text).items()} == {1: "FJH1", 3: "FJH2"}
    assert faults_of(text) == [2]


@pytest.mark.parametrize(
    "lines",
    [
        ["/TOOLONG"],
        ["TXT"],
        ["HTS/6109"],
        ["HTS/610910", "/6109.10"],
        ["OCI/AU/SHP"],
        ["CVD/AUD/PP/NVD/12,50/XXX"],
        ["CVD/AUD/PP/NVD/-12.50/XXX"],
        ["CVD/AUD/PP/NVD/12.50"],
        ["CVD/AUD/PP/NVD/12.50/XXX", "/MORE"],
        ["NAM/JOAN SMITH"],
        ["SHP", "STREET"],
        ["SHP/JOAN SMITH", "/13 KENT ST", "/SYDNEY", "/AUSTRALIA"],
        [MASTER],
        ["XYZ/ABC"],
        ["no telex"],
        [f"TXT/{'LONG ' * LONGEST_LINE}"],
        ["TXT/TEA", *[f"/{'TEA ' * 100}"] * (LONGEST_RECORD // 400 + 1)],
    ],
)
def test_a_house_with_another_broken_line_is_a_fault_and_the_other_message_goes_on(
    extract: Extract, lines: list[str]
) -> None:
    text = extract.read("FHL/4", MASTER, HOUSE, *lines, "FHL/5", MASTER, NEXT)

    assert ([row["House_number"] for row in rows_of(text).values()], faults_of(text)) == (["FJH2"], [1])


@pytest.mark.parametrize(
    "lines",
    [
        ["FHL/3", MASTER],
        ["FHL/4"],
        ["FHL/4", "MBI/260-1000001SYDNAN/T61K980.5"],
        ["FHL/4", "MBI/26010000014SYDNAN/T61K980.5"],
        ["FHL/4", "MBI/260-10000014SYDNA/T61K980.5"],
        ["FHL/4", "MBI/260-10000014SYDNAN/61K980.5"],
        ["FHL/4", "MBI/260-10000014SYDNAN/T61980.5"],
        ["FHL/4", MASTER, MASTER],
        ["FHL/4", "TXT/TEA", MASTER],
    ],
)
def test_of_a_message_with_a_broken_head_every_house_is_a_fault(extract: Extract, lines: list[str]) -> None:
    text = extract.read("FHL/4", MASTER, HOUSE, *lines, HOUSE, NEXT, "FHL/4", MASTER, NEXT)

    assert (list(rows_of(text)), faults_of(text)) == ([1, 4], [2, 3])


def test_a_message_without_a_house_or_of_another_type_is_one_fault(extract: Extract) -> None:
    other = ("FWB/17", "260-10000014SYDNAN/T61K980.5", "SHP", "NAM/JOAN SMITH", "CVD/AUD//PP/NVD/NCV/XXX")

    text = extract.read("FHL/4", MASTER, "FHL/4", MASTER, HOUSE, *other, "FHL/4", MASTER, NEXT, "FSR")

    assert (list(rows_of(text)), faults_of(text)) == ([2, 4], [1, 3, 5])


def test_an_address_of_two_signs_is_no_new_message(extract: Extract) -> None:
    row = extract.house(HOUSE, "TXT/12", "SHP", "NAM/99", "ADR/13", "LOC/SUVA", "/FJ")

    assert (row["Free_text"], row["Shipper_country"]) == ("12", "FJ")


def test_the_envelope_of_a_telex_is_passed_over_and_ends_the_message_before_it(extract: Extract) -> None:
    text = extract.read(
        "\ufeff".encode().decode("latin-1") + "\x01QD SUVFJXH NANFJXH",
        ".AKLNZXH 051430",
        "\x02FHL/4",
        MASTER,
        HOUSE + "\x03",
        "QK SUVFJXH",
        ".SYDAUXH 061200 MAR26",
        "\x02FHL/4",
        MASTER,
        NEXT,
        "NNNN",
    )

    assert [row["Goods"] for row in rows_of(text).values()] == ["COTTON SHIRTS", "TEA"]
    assert faults_of(text) == []


def test_letters_with_accents_are_latin_1(extract: Extract) -> None:
    assert extract.house("HBS/FJH1/SYDNAN/2/K12.5/6/CAFÉ MOULU")["Goods"] == "CAFÉ MOULU"


@pytest.mark.parametrize(
    ("content", "rule_id"),
    [
        (b"", "R001"),
        (b"\r\n \r\n", "R001"),
        (b"FWB/17\n", "R014"),
        (b"FHL/2\n", "R014"),
        (b"Item;Mode\n", "R014"),
        (b"<HouseWaybill/>", "R014"),
        (b"FHL/4\nMBI/260-1\0", "R016"),
        ("FHL/4\n".encode("utf-16"), "R016"),
    ],
)
def test_what_is_no_list_is_refused_by_its_rule(extract: Extract, content: bytes, rule_id: str) -> None:
    assert extract.refused(content).rule_id == rule_id


def test_the_message_that_is_there_instead_is_named(extract: Extract) -> None:
    assert extract.refused(b"QD SUVFJXH\nFWB/17\n").details == {
        "expected": "a Cargo-IMP FHL of version 4 or 5",
        "expected_fr": "FHL Cargo-IMP de version 4 ou 5",
        "found": "it begins with FWB/17",
        "found_fr": "il commence par FWB/17",
    }


def test_the_line_of_a_nul_byte_is_told(extract: Extract) -> None:
    assert extract.refused(f"FHL/4\n{MASTER}\nHBS/\0".encode()).details == {"line": "3"}


def test_a_file_that_was_cut_off_is_refused_but_a_whole_last_line_needs_no_end(extract: Extract) -> None:
    whole = f"FHL/4\n{MASTER}\n{HOUSE}\n{NEXT}"

    assert list(rows_of(extract.read_bytes(whole.encode()))) == [1, 2]
    cut = extract.refused(whole.removesuffix("//TEA").encode())
    assert (cut.rule_id, cut.details) == ("R017", {"line": "4"})


def test_the_header_is_read_without_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "extract.txt"
    path.write_bytes(b"FHL/5\n" + b"\0" * 100)

    assert header(path, Options()).columns == COLUMNS


MUTATIONS = st.lists(
    st.tuples(st.integers(0, 2_000), st.integers(0, 8), st.binary(max_size=8)), min_size=1, max_size=8
)


def ends_in_rows_or_a_rule(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "extract.txt"
        path.write_bytes(content)
        with suppress(ExtractError):
            text = read(path, Options(), Path(folder))
            assert text.rows == len(rows_of(text)) + text.fault_count


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=300))
def test_any_bytes_end_in_rows_or_a_rule(content: bytes) -> None:
    ends_in_rows_or_a_rule(content)
    ends_in_rows_or_a_rule(b"FHL/4\n" + content)


@settings(deadline=None, max_examples=60)
@given(MUTATIONS)
def test_any_damage_to_a_sample_ends_in_rows_or_a_rule(mutations: list[tuple[int, int, bytes]]) -> None:
    content = SAMPLE.read_bytes()
    for start, length, put in mutations:
        start %= len(content)
        content = content[:start] + put + content[start + length :]
    ends_in_rows_or_a_rule(content)
