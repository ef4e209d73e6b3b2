"""Reading one extract: every row is in exactly one place; every fault has its rule, its rows, its words."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pacific_parcels import reading as reading_module
from pacific_parcels.errors import ExtractError
from pacific_parcels.members import Member
from pacific_parcels.reading import (
    Manifest,
    Value,
    manifest_of,
    read_extract,
    read_manifest,
    refuse_name_of_another,
)
from pacific_parcels.settings import Settings
from tests.small_member import GOOD_ROW, HEADER, SENT_ON, line_of, rows_of, small_member, text_of
from tests.unit.conftest import Read, Reader, with_rows

GOOD: dict[str, str] = {}
TESTS = Path(__file__).parents[1]
NAME_OF_ANOTHER = "PG_parcels_202603.csv"


@pytest.fixture(params=["at once", "in two steps"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A small extract is judged at once, a large one first by the plain statement: to the same verdicts."""
    if request.param != "at once":
        monkeypatch.setattr(reading_module, "SMALL_EXTRACT_ROWS", 0)
    return str(request.param)


class TestRowsAsTheyShouldBe:
    def test_all_are_accepted_with_their_values(self, read: Reader) -> None:
        result = read(text_of(GOOD, {"Value": "2.50", "Mode": "X"}))

        assert result.counts == (2, 2, 0, 0)
        assert result.reading.faults == []
        assert result.reading.values == [Value("FJD", Decimal("12.50"), Decimal(0), Decimal(0))]
        assert result.reading.items_by_period == {"2026-03": 2}
        assert result.reading.rejected_file is None
        first, second = result.accepted
        assert first["source_row"] == 2
        assert first["item_id"] == "A1"
        assert first["channel_code"] == "POSTAL_PARCEL"
        assert first["arrival_date"] == date(2026, 3, 5)
        assert first["release_at"] == datetime(2026, 3, 5, 21, 30)  # Fiji is 12 hours ahead
        assert first["declared_value"] == Decimal("10.00")
        assert first["is_inspected"] is False
        assert first["rule_ids"] is None
        assert first["stream_code"] == "items"
        assert first["extract_id"] == "fj-0"
        assert second["channel_code"] == "EXPRESS_CARRIER"

    def test_an_ignored_column_is_nowhere_in_what_was_read(self, read: Reader) -> None:
        result = read(text_of(GOOD, {"Value": "wrong"}))

        assert "Mere Vakacegu" not in str(result.accepted) + str(result.left_out)

    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_the_last_line_needs_no_end(self, read: Reader, end: str) -> None:
        result = read(text_of(GOOD, GOOD, {"Value": "wrong"}, line_end=end).rstrip("\r\n"))

        assert result.counts == (3, 2, 1, 0)
        assert result.found == {("R106", "declared_value"): (4,)}

    def test_columns_may_come_in_any_order(self, read: Reader) -> None:
        result = read(text_of(GOOD, header=tuple(reversed(HEADER))))

        assert result.counts == (1, 1, 0, 0)

    def test_a_mark_at_the_start_of_the_file_is_no_part_of_the_first_name(self, read: Reader) -> None:
        assert read(b"\xef\xbb\xbf" + text_of(GOOD).encode()).counts == (1, 1, 0, 0)

    def test_values_are_told_by_currency(self, read: Reader) -> None:
        rows = [{"Value": "1.00"}, {"Currency": "USD", "Value": "4.00"}, {"Value": "5.00", "Arrived": "x"},
                {"Currency": "US$", "Value": "7.00"}, {"Item": "A1", "Value": "8.00"}]  # fmt: skip
        rows += [{"Value": "0.10"}] * 40

        # FJD accepted: 1 + 40 × 0.10; rejected: the row with an unreadable date; duplicate: the second A1.
        # The value whose currency cannot be read stands under no currency.
        assert read(text_of(*rows)).reading.values == [
            Value("", Decimal(0), Decimal("7.00"), Decimal(0)),
            Value("FJD", Decimal("5.00"), Decimal("5.00"), Decimal("8.00")),
            Value("USD", Decimal("4.00"), Decimal(0), Decimal(0)),
        ]


# Each rule on rows: what row 3 of the file holds, and the column that is named. Rows 2 and 4 are good.
ROW_RULES = [
    ("R102", {"Item": ""}, "item_id"),
    ("R102", {"Mode": " "}, "channel_code"),
    ("R102", {"Value": ""}, "declared_value"),
    ("R102", {"Currency": ""}, "declared_currency_code"),
    ("R102", {"Arrived": ""}, "arrival_date"),
    ("R103", {"Arrived": "2026-02-30"}, "arrival_date"),
    ("R103", {"Arrived": "1999-12-31"}, "arrival_date"),
    ("R103", {"Released": "2026-03-06 9h30"}, "release_at"),
    ("R104", {"Arrived": "2026-04-12"}, "arrival_date"),  # sent on 10 April; a day is left for time zones
    ("R105", {"Arrived": "2026-02-28"}, "arrival_date"),
    ("R105", {"Arrived": "2026-04-01"}, "arrival_date"),
    ("R106", {"Value": "1,000.00"}, "declared_value"),
    ("R106", {"Mass": "250 g"}, "gross_mass_kg"),
    ("R106", {"Pieces": "1.5"}, "pieces_count"),
    ("R107", {"Value": "-10"}, "declared_value"),
    ("R107", {"Mass": "-0.250"}, "gross_mass_kg"),
    ("R108", {"Currency": "FJ$"}, "declared_currency_code"),
    ("R109", {"Mode": "Q"}, "channel_code"),
    ("R109", {"Inspected": "?"}, "is_inspected"),
    ("R110", {"Origin": "CHN"}, "origin_country_code"),
    ("R111", {"Port": "Nadi"}, "port_code"),
    ("R112", {"Country": "WS"}, "expect 1"),
]


@pytest.mark.parametrize(("rule_id", "values", "column"), ROW_RULES)
def test_a_row_that_breaks_a_rule_is_left_out_and_named(
    read: Reader, rule_id: str, values: dict[str, str], column: str
) -> None:
    result = read(text_of(GOOD, values, GOOD))

    assert result.counts == (3, 2, 1, 0)
    assert result.found == {(rule_id, column): (3,)}
    assert [row["source_row"] for row in result.accepted] == [2, 4]
    (left_out,) = result.left_out
    assert (left_out["verdict"], left_out["source_row"]) == ("REJECTED", 3)
    assert left_out["faults"] == [f"{rule_id}:{column}"]
    ((name, text),) = values.items()
    assert left_out["source_values"][name] == (text or None)
    assert result.words(rule_id)


def test_r101_ragged_rows(read: Reader) -> None:
    lines = [line_of(), line_of(Item="A2") + ",surplus", line_of(Item="A3")[:-20], line_of(Item="A4")]

    result = read("\n".join([",".join(HEADER), *lines, ""]))

    assert result.counts == (4, 2, 2, 0)
    assert result.found == {("R101", ""): (3, 4)}
    assert [row["source_row"] for row in result.accepted] == [2, 5]
    assert "expected: 15" in result.words("R101").en


def test_r101_without_quotation_marks_every_other_row_keeps_its_number(read: Reader) -> None:
    """Too many on one row and too few on another: as many separators as there should be."""
    lines = [line_of(), line_of(Item="A2") + ",surplus", line_of(Item="A3").rsplit(",", 1)[0]]
    tail = [line_of(Item="A4") + ",,", line_of(Item="A5", Value="x"), line_of(Item="A6")]

    result = read("\n".join([",".join(HEADER), *lines, *tail, ""]))

    assert result.counts == (6, 3, 3, 0)
    assert result.found == {("R101", ""): (3, 4), ("R106", "declared_value"): (6,)}
    assert [(row["source_row"], row["item_id"]) for row in result.accepted] == [
        (2, "A1"),
        (5, "A4"),
        (7, "A6"),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_blank_line_among_ragged_ones_still_counts(read: Reader, end: str) -> None:
    lines = [",".join(HEADER), line_of(), "", line_of(Item="A2") + ",surplus", line_of(Item="A3"), ""]

    result = read(end.join(lines))

    assert result.counts == (3, 2, 1, 0)
    assert result.found == {("R101", ""): (4,)}
    assert [row["source_row"] for row in result.accepted] == [2, 5]


# RB123456785GB and RB123456786US: test numbers of the tracking_number_data project (MIT), couriers/s10.json.
@pytest.mark.parametrize(
    ("item_id", "is_s10"),
    [
        ("RB123456785GB", True),
        ("RB123456786US", False),
        ("RB12345678GB", False),
        ("rb123456785gb", False),
        ("EE000000005FJ", True),  # remainder 0: the check digit is 5
        ("EE000020000FJ", False),  # 3 x 2 = 6, and 11 - 6 is 5
        ("EE000020005FJ", True),
        ("EE000040000FJ", True),  # 3 x 4 = 12, remainder 1: the check digit is 0
    ],
)
def test_r206_identifiers_are_checked_where_the_layout_says_so(
    read: Reader, item_id: str, is_s10: bool
) -> None:
    member = small_member(columns={"item_id": {"column": "Item", "check": "S10"}})

    result = read(text_of({"Item": item_id}, {"Item": "RB123456785US"}), member)

    assert result.counts == (2, 2, 0, 0)
    assert result.found == ({} if is_s10 else {("R206", "item_id"): (2,)})
    if not is_s10:
        assert result.words("R206")
    assert read(text_of({"Item": item_id})).found == {}


def test_r113_quotation_marks_out_of_place(read: Reader) -> None:
    result = read(text_of(GOOD) + line_of(Item="A2", Goods='"5" pipe') + "\n" + line_of(Item="A3") + "\n")

    assert result.counts == (3, 2, 1, 0)
    assert result.found == {("R113", ""): (3,)}
    assert result.words("R113")


class TestDuplicates:
    def test_r114_the_first_row_of_an_item_is_kept(self, read: Reader) -> None:
        result = read(
            text_of(GOOD, {"Item": "A1", "Value": "99.00"}, GOOD, {"Item": " A1 ", "Value": "1.00"})
        )

        assert result.counts == (4, 2, 0, 2)
        assert result.found == {("R114", "item_id"): (3, 5)}
        assert [(row["source_row"], row["declared_value"]) for row in result.accepted] == [
            (2, Decimal("10.00")),
            (4, Decimal("10.00")),
        ]
        assert {row["verdict"] for row in result.left_out} == {"DUPLICATE"}
        assert result.left_out[0]["source_values"] == {"Item": "A1"}
        assert result.reading.values == [Value("FJD", Decimal("20.00"), Decimal(0), Decimal("100.00"))]
        assert result.words("R114")

    def test_a_rejected_row_does_not_make_a_later_one_a_duplicate(self, read: Reader) -> None:
        result = read(text_of({"Item": "A1", "Value": "x"}, {"Item": "A1"}, GOOD))

        assert result.counts == (3, 2, 1, 0)
        assert result.found == {("R106", "declared_value"): (2,)}

    def test_a_row_without_an_item_id_does_not_hide_a_repeated_one(self, read: Reader) -> None:
        """One value too few, and a null that counts as one: the two must not make up for each other."""
        result = read(text_of({"Item": ""}, {"Item": "A1"}, {"Item": "A1"}, {"Item": "A2"}))

        assert result.counts == (4, 2, 1, 1)
        assert result.found == {("R102", "item_id"): (2,), ("R114", "item_id"): (4,)}

    def test_names_that_differ_by_case_are_different_items(self, read: Reader) -> None:
        assert read(text_of({"Item": "a1"}, {"Item": "A1"})).counts == (2, 2, 0, 0)

    def test_they_are_found_across_the_months_of_an_extract(self, read: Reader) -> None:
        member = small_member(file="items-{year}.csv")

        result = read(text_of(GOOD, {"Item": "A1", "Arrived": "2026-02-05"}), member, name="items-2026.csv")

        assert result.counts == (2, 1, 0, 1)
        assert result.reading.items_by_period["2026-03"] == 1
        assert result.reading.items_by_period["2026-02"] == 0


@pytest.mark.parametrize(
    ("rule_id", "values", "column"),
    [
        ("R201", {"Value": "0"}, "declared_value"),
        ("R202", {"HS": "6109"}, "hs_code"),
        ("R203", {"Released": "2026-03-03 09:30:00"}, "release_at"),
        ("R204", {"Mass": "0.000"}, "gross_mass_kg"),
    ],
)
def test_a_warning_is_kept_on_the_row(
    read: Reader, rule_id: str, values: dict[str, str], column: str
) -> None:
    result = read(text_of(GOOD, values, GOOD))

    assert result.counts == (3, 3, 0, 0)
    assert result.reading.rows_warned == 1
    assert result.found == {(rule_id, column): (3,)}
    assert [row["rule_ids"] for row in result.accepted] == [None, [f"{rule_id}:{column}"], None]
    assert result.words(rule_id)


def test_a_release_on_the_day_before_arrival_is_no_warning(read: Reader) -> None:
    """Express consignments are released while they are still in the air."""
    assert read(text_of({"Released": "2026-03-04 09:30:00"})).reading.rows_warned == 0


def test_a_row_with_several_faults_is_one_rejected_row(read: Reader) -> None:
    result = read(text_of(GOOD, {"Mode": "Q", "Value": "x", "Arrived": "soon"}))

    assert result.counts == (2, 1, 1, 0)
    assert result.found == {
        ("R103", "arrival_date"): (3,),
        ("R106", "declared_value"): (3,),
        ("R109", "channel_code"): (3,),
    }


def test_counts_are_of_all_rows_and_examples_of_the_first_ten(read: Reader) -> None:
    rows = [GOOD if number % 20 else {"Mode": "Q"} for number in range(300)]

    fault = read(text_of(*rows)).fault("R109")

    # Every twentieth of 300 rows, from row 2 on: 2, 22, … 282.
    assert fault.row_count == 15
    assert fault.first_rows == (2, 22, 42, 62, 82, 102, 122, 142, 162, 182)


class TestRemedies:
    def test_say_what_to_write_in_both_languages(self, read: Reader) -> None:
        member = small_member(dates="%d/%m/%Y", decimal=",", thousands=" ")
        row = {"Arrived": "2026-03-05", "Value": "1.234,5", "Mode": "Q", "Port": "Nadi", "Mass": "0,1"}
        good = {"Arrived": "05/03/2026", "Value": "10,00", "Mass": "0,25"}

        result = read(text_of(row, good), member)

        assert "Write it as dd/mm/yyyy." in result.words("R103").en
        assert "Écrivez-la sous la forme jj/mm/aaaa." in result.words("R103").fr
        assert "Write it as 1 234,50." in result.words("R106").en
        assert "Use one of P, X;" in result.words("R109").en
        assert "les cinq lettres du code UN/LOCODE, par exemple FJ" in result.words("R111").fr

    def test_name_what_was_expected_of_another_member(self, read: Reader) -> None:
        assert "Expected: FJ." in read(text_of(GOOD, {"Country": "WS"})).words("R112").en


# ---- the whole extract ---------------------------------------------------------------------------------


class TestHeader:
    def test_r001_an_empty_file(self, read: Reader) -> None:
        result = read(b"")

        assert result.refusals == ["R001"]
        assert result.words("R001").fr.startswith("Le fichier est vide.")

    def test_r002_and_r003_a_renamed_column_is_named_with_the_nearest_one(self, read: Reader) -> None:
        header = tuple("Valeur" if name == "Value" else name for name in HEADER)

        result = read(text_of(GOOD, header=header))

        assert result.refusals == ["R002", "R003"]
        words = result.words("R002")
        assert "Columns are missing: Value. Found: Item, Mode" in words.en
        assert "Value ↔ Valeur" in words.en
        assert "Colonnes manquantes : Value." in words.fr
        assert "Columns that the layout does not know: Valeur." in result.words("R003").en
        assert result.counts == (0, 0, 0, 0)

    def test_a_column_of_the_file_is_the_nearest_to_one_missing_column_only(self, read: Reader) -> None:
        header = tuple({"Item": "Moed2", "Mode": "Moed"}.get(name, name) for name in HEADER)

        nearest = read(text_of(GOOD, header=header)).words("R002").en.rpartition("declares: ")[2]

        assert "Mode ↔ Moed." in nearest or "Mode ↔ Moed;" in nearest
        assert nearest.count("Moed ") + nearest.count("Moed.") + nearest.count("Moed;") == 1

    def test_everything_wrong_with_a_header_is_told_at_once(self, read: Reader) -> None:
        header = ("Item", "Item", "Mode", "Weight (kg)", "", *HEADER[4:])

        result = read(text_of(GOOD, header=header))

        assert result.refusals == ["R002", "R003", "R006"]
        assert "missing: Port, Origin." in result.words("R002").en
        assert "does not know: Weight (kg), (no name)." in result.words("R003").en
        assert "(sans nom)" in result.words("R003").fr
        assert result.words("R006").en.startswith("A column name stands twice in the header: Item.")

    def test_a_header_of_many_lost_columns_stays_readable(self, read: Reader) -> None:
        words = read("Item," + ",".join(f"Column {number}" for number in range(40)) + "\n").words("R003")

        assert "Column 11 (+28)" in words.en

    def test_a_blank_first_line_is_told_as_a_header_without_names(self, read: Reader) -> None:
        result = read("\n" + text_of(GOOD))

        assert result.refusals == ["R002"]
        assert "Columns are missing: Item, Mode" in result.words("R002").en

    def test_r005_a_wrong_separator(self, read: Reader) -> None:
        result = read(text_of(GOOD, delimiter=";"))

        assert result.refusals == ["R005"]
        words = result.words("R005")
        assert "not split by a comma (,); it looks as if a semicolon (;) separates the columns" in words.en
        assert "par une virgule (,) ; le séparateur semble être un point-virgule (;)" in words.fr

    def test_a_file_of_one_unknown_column_is_not_taken_for_a_wrong_separator(self, read: Reader) -> None:
        assert read("Something\nelse\n").refusals == ["R002", "R003"]


class TestDamage:
    def test_r004_a_wrong_encoding(self, read: Reader) -> None:
        result = read(text_of(GOOD, {"Goods": "Café"}).encode("cp1252"))

        assert result.refusals == ["R004"]
        assert "The file is not utf-8: line 3 holds the byte 0xE9." in result.words("R004").en

    def test_r007_a_quotation_mark_that_never_closes(self, read: Reader) -> None:
        result = read(text_of(GOOD) + line_of(Item='"A2') + "\n" + line_of(Item="A3") + "\n")

        assert result.refusals == ["R007"]
        assert "opens on line 3" in result.words("R007").en

    def test_r014_a_workbook_where_text_is_agreed(self, read: Reader) -> None:
        result = read((TESTS / "formats" / "xlsx" / "sample.xlsx").read_bytes())

        assert result.refusals == ["R014"]
        assert "cannot be opened as delimited text: a workbook or an archive" in result.words("R014").en
        assert "un classeur ou une archive" in result.words("R014").fr

    def test_r014_text_where_a_workbook_is_agreed(self, read: Reader) -> None:
        member = small_member(file="items-{period}.xlsx", format="xlsx")

        result = read(text_of(GOOD), member, name="items-2026-03.xlsx")

        assert result.refusals == ["R014"]
        assert "an Excel workbook (.xlsx): another kind of file" in result.words("R014").en

    def test_r016_nul_bytes(self, read: Reader) -> None:
        result = read(text_of(GOOD).encode() + b"A2,\0\0\n")

        assert result.refusals == ["R016"]
        assert result.words("R016").en.startswith("Line 3 holds NUL bytes")

    def test_r017_a_file_cut_off(self, read: Reader) -> None:
        result = read(text_of(GOOD) + line_of(Item="A2")[:30])

        assert result.refusals == ["R017"]
        assert "in the middle of row 3" in result.words("R017").en


class TestWhoseFile:
    def test_r008_a_folder(self, read: Reader, tmp_path: Path) -> None:
        result = read(tmp_path)

        assert result.refusals == ["R008"]
        assert "This is not a file that can be read: a folder." in result.words("R008").en
        assert "un dossier" in result.words("R008").fr

    def test_r008_a_link(self, read: Reader, tmp_path: Path) -> None:
        (tmp_path / "real.csv").write_text(text_of(GOOD), encoding="utf-8")
        (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")

        result = read(tmp_path / "link.csv")

        assert "a link" in result.words("R008").en

    def test_r015_a_name_that_is_not_agreed(self, read: Reader) -> None:
        result = read(text_of(GOOD), name="march.csv")

        assert result.refusals == ["R015"]
        assert "Name it as agreed: items-{period}.csv (such as items-2026-03.csv)." in _unfilled(
            result, "R015"
        )

    def test_r015_a_member_with_whom_nothing_is_agreed(self, read: Reader) -> None:
        member = small_member().model_copy(update={"extracts": {}})

        words = read(text_of(GOOD), member).words("R015")

        assert "no extract is agreed with this member yet" in words.en
        assert "aucun extrait n’est encore convenu" in words.fr

    def test_r009_a_name_that_another_member_sends(self) -> None:
        with pytest.raises(ExtractError) as caught:
            refuse_name_of_another(Settings(home=Path("nowhere")), small_member(), NAME_OF_ANOTHER)

        assert caught.value.rule_id == "R009"
        assert caught.value.details == {
            "found": f"{NAME_OF_ANOTHER} (Papua New Guinea)",
            "found_fr": f"{NAME_OF_ANOTHER} (Papouasie-Nouvelle-Guinée)",
            "expected": "items-{period}.csv (such as items-2026-03.csv)",
            "expected_fr": "items-{period}.csv (par exemple items-2026-03.csv)",
        }

    @pytest.mark.parametrize("name", ["items-2026-03.csv", "nobody-sends-this.csv"])
    def test_a_name_of_ones_own_or_of_nobody_is_not_anothers(self, name: str) -> None:
        refuse_name_of_another(Settings(home=Path("nowhere")), small_member(), name)

    def test_r009_rows_that_name_another_member(self, read: Reader) -> None:
        rows = [{"Country": "WS", "Port": "WSAPW"}] * 8 + [GOOD] * 2

        result = read(text_of(*rows))

        # Each of the eight rows breaks two rules and counts once.
        assert result.refusals == ["R009", "R010"]
        assert "This looks like a file of another member: 8 of 10 items." in result.words("R009").en
        assert "8 envois sur 10" in result.words("R009").fr
        assert "expected here: Fiji" in result.words("R009").en
        assert "attendu ici : Fidji" in result.words("R009").fr

    def test_r009_rows_with_ports_of_another_member(self, read: Reader) -> None:
        assert "R009" in read(text_of(*[{"Port": "WSAPW"}] * 3)).refusals

    def test_ports_in_words_are_no_sign_of_another_member(self, read: Reader) -> None:
        assert read(text_of(*[{"Port": "Suva"}] * 3)).refusals == ["R010"]


def _unfilled(result: Read, rule_id: str) -> str:
    """Words that quote a pattern with braces of its own."""
    from pacific_parcels.contract import RULES

    fault = result.fault(rule_id)
    return RULES[rule_id].remedy.fill(fault.details).en


class TestTooManyRejected:
    def test_r010_more_than_one_in_ten(self, read: Reader) -> None:
        result = read(text_of(*[{"Value": "x"}] * 6 + [GOOD] * 53))

        assert result.counts == (59, 53, 6, 0)  # 6 of 59 are 10.2 %
        assert result.refusals == ["R010"]
        assert "6 of 59 items are rejected; at most 10 % may be." in result.words("R010").en

    def test_one_in_ten_is_not_too_many(self, read: Reader) -> None:
        assert read(text_of(*[{"Value": "x"}] * 6 + [GOOD] * 54)).refusals == []

    def test_five_rows_are_always_forgiven(self, read: Reader) -> None:
        assert read(text_of(*[{"Value": "x"}] * 5 + [GOOD])).refusals == []

    def test_but_not_when_nothing_is_left(self, read: Reader) -> None:
        assert read(text_of({"Value": "x"})).refusals == ["R010"]

    def test_duplicates_are_not_rejected_rows(self, read: Reader) -> None:
        assert read(text_of(*[{"Item": "A1"}] * 30)).refusals == []


class TestManifest:
    def manifest(self, path: Path, **content: Any) -> Path:
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    def test_says_what_the_sender_knows_of_a_file(self, tmp_path: Path) -> None:
        path = self.manifest(
            tmp_path / "m.json",
            sha256="AB12",
            bytes=100,
            rows=3,
            control_totals=[{"column": "declared_value", "currency": "FJD", "total": "12.50"}],
            extracted_at="2026-04-02T08:00:00+12:00",
        )

        assert read_manifest(path) == Manifest(
            sha256="ab12",
            byte_count=100,
            rows=3,
            control_totals=(("declared_value", "FJD", Decimal("12.50")),),
            extracted_at=datetime.fromisoformat("2026-04-02T08:00:00+12:00"),
        )

    def test_may_say_nothing_at_all(self, tmp_path: Path) -> None:
        assert read_manifest(self.manifest(tmp_path / "m.json")) == Manifest()

    def test_a_time_without_zone_is_utc_on_every_machine(self, tmp_path: Path) -> None:
        manifest = read_manifest(self.manifest(tmp_path / "m.json", extracted_at="2026-04-02T08:00:00"))

        assert manifest.extracted_at == datetime(2026, 4, 2, 8, 0, tzinfo=UTC)

    def test_may_begin_with_the_mark_of_windows(self, tmp_path: Path) -> None:
        (tmp_path / "m.json").write_bytes(b'\xef\xbb\xbf{"rows": 3}')

        assert read_manifest(tmp_path / "m.json").rows == 3

    @pytest.mark.parametrize(
        ("content", "found"),
        [
            (b"rows: 3", "no JSON on line 1"),
            (b'{"rows": 3,\nbytes: 4}', "no JSON on line 2"),
            (b"", "no JSON on line 1"),
            (b'{"rows": "three"}', "a value in it is not as agreed"),
            (b'{"rows": 1e999}', "a value in it is not as agreed"),
            (b"[1, 2]", "a value in it is not as agreed"),
            (b'{"control_totals": [{"column": "declared_value"}]}', "without 'currency'"),
            (
                b'{"control_totals": [{"column": "declared_value", "currency": "FJD", "total": "much"}]}',
                "a value in it is not as agreed",
            ),
            (b'{"extracted_at": "yesterday"}', "a value in it is not as agreed"),
            (b"\xff\xfe{\0}\0", "a value in it is not as agreed"),
            (b"[" * 100_000, "a value in it is not as agreed"),
        ],
        ids=range(11),
    )
    def test_r018_one_that_cannot_be_read(self, tmp_path: Path, content: bytes, found: str) -> None:
        path = tmp_path / "m.json"
        path.write_bytes(content)

        with pytest.raises(ExtractError) as caught:
            read_manifest(path)

        assert caught.value.rule_id == "R018"
        assert caught.value.details["found"].startswith(found)
        assert caught.value.details["found_fr"] != caught.value.details["found"]

    def test_r012_another_checksum_or_another_size(self, tmp_path: Path) -> None:
        sha256 = hashlib.sha256(b"abc").hexdigest()

        assert manifest_of(None, lambda: sha256, 3) is None
        for content in ({"sha256": sha256.upper(), "bytes": 3}, {"bytes": 3}, {"sha256": sha256}, {}):
            assert manifest_of(self.manifest(tmp_path / "m.json", **content), lambda: sha256, 3)
        for content in ({"sha256": "0" * 64}, {"bytes": 2}, {"sha256": sha256, "bytes": 4}):
            with pytest.raises(ExtractError) as caught:
                manifest_of(self.manifest(tmp_path / "m.json", **content), lambda: sha256, 3)
            assert caught.value.rule_id == "R012"

    def test_r011_another_number_of_rows(self, read: Reader) -> None:
        result = read(text_of(GOOD, GOOD), manifest=Manifest(rows=3))

        assert result.refusals == ["R011"]
        assert "The manifest says 3 items; the file has 2." in result.words("R011").en

    def test_its_rows_are_all_rows_also_the_rejected_and_the_duplicate(self, read: Reader) -> None:
        text = text_of(GOOD, {"Value": "x"}, {"Item": "A1"})

        assert read(text, manifest=Manifest(rows=3)).refusals == []

    def test_r013_another_control_total(self, read: Reader) -> None:
        totals = (("declared_value", "FJD", Decimal("20.00")), ("declared_value", "USD", Decimal("5.00")))

        result = read(text_of(GOOD, {"Value": "12.00"}), manifest=Manifest(control_totals=totals))

        assert result.refusals == ["R013", "R013"]
        first, second = [fault.details for fault in result.reading.faults]
        assert (first["currency"], first["expected"], first["found"]) == ("FJD", "20.00", "22.00")
        assert (second["currency"], second["expected"], second["found"]) == ("USD", "5.00", "0")

    def test_control_totals_hold_the_rejected_and_the_duplicate_rows(self, read: Reader) -> None:
        rows = [GOOD, {"Value": "2.00", "Mode": "Q"}, {"Item": "A1", "Value": "3.00"}]
        total = (("declared_value", "FJD", Decimal("15.00")),)

        assert read(text_of(*rows), manifest=Manifest(control_totals=total)).refusals == []

    @pytest.mark.parametrize("values", [{"Value": "x"}, {"Currency": "?"}, {"Value": ""}])
    def test_control_totals_are_not_held_against_values_that_cannot_be_read(
        self, read: Reader, values: dict[str, str]
    ) -> None:
        total = (("declared_value", "FJD", Decimal("99.00")),)

        assert read(text_of(GOOD, values), manifest=Manifest(control_totals=total)).refusals == []

    def test_a_total_of_another_column_is_no_concern_of_ours(self, read: Reader) -> None:
        total = (("duty_amount", "FJD", Decimal("99.00")),)

        assert read(text_of(GOOD), manifest=Manifest(control_totals=total)).refusals == []


class TestPeriods:
    def test_a_quarter(self, read: Reader) -> None:
        member = small_member(file="items-{quarter}.csv")
        days = ("2026-01-15", "2026-03-31", "2026-03-01", "2026-04-01")
        rows = [{"Arrived": day, "Released": ""} for day in days]

        result = read(text_of(*rows), member, name="items-2026-Q1.csv")

        assert result.counts == (4, 3, 1, 0)
        assert result.found == {("R105", "arrival_date"): (5,)}
        assert (result.reading.first_period, result.reading.last_period) == ("2026-01", "2026-03")
        # A month of the quarter without a row is a true zero.
        assert result.reading.items_by_period == {"2026-01": 1, "2026-02": 0, "2026-03": 2}
        assert sorted(period for period, _ in result.reading.accepted_files) == ["2026-01", "2026-03"]

    def test_a_year(self, read: Reader) -> None:
        result = read(
            text_of({"Arrived": "2025-12-31"}, {"Arrived": "2025-01-01"}),
            small_member(file="items-{year}.csv"),
            name="items-2025.csv",
        )

        assert result.counts == (2, 2, 0, 0)
        assert list(result.reading.items_by_period) == [f"2025-{month:02d}" for month in range(1, 13)]
        assert sum(result.reading.items_by_period.values()) == 2

    def test_a_name_that_says_no_period_leaves_it_to_the_rows(self, read: Reader) -> None:
        rows = [{"Arrived": "2025-12-31"}, {"Arrived": "2026-02-01"}, {"Arrived": "2026-04-12"}]

        result = read(text_of(*rows), small_member(file="items.csv"), name="items.csv")

        assert result.found == {("R104", "arrival_date"): (4,)}
        assert (result.reading.first_period, result.reading.last_period) == (None, None)
        # Nothing is said of the months that no row names: they are not zero.
        assert result.reading.items_by_period == {"2025-12": 1, "2026-02": 1}

    def test_each_month_has_a_file_of_its_own_rows_from_the_first_day_to_the_last(self, read: Reader) -> None:
        days = ("2026-02-28", "2024-02-29", "2026-02-01", "2026-01-31", "2024-02-01", "2026-02-28")

        result = read(
            text_of(*({"Arrived": day, "Released": ""} for day in days)),
            small_member(file="items.csv"),
            name="items.csv",
        )

        rows_by_month = {
            month: duckdb.execute(
                "select source_row, arrival_date from read_parquet(?)", [str(file)]
            ).fetchall()
            for month, file in result.reading.accepted_files
        }
        assert rows_by_month == {
            "2024-02": [(3, date(2024, 2, 29)), (6, date(2024, 2, 1))],
            "2026-01": [(5, date(2026, 1, 31))],
            "2026-02": [(2, date(2026, 2, 28)), (4, date(2026, 2, 1)), (7, date(2026, 2, 28))],
        }

    def test_the_layout_in_force_is_the_one_of_the_period(self, read: Reader) -> None:
        base = small_member().model_dump()["extracts"]["items"]["layouts"][0]
        member = small_member(
            layouts=[base | {"dates": "%d/%m/%Y"}, base | {"valid_from": "2026-01", "dates": "%Y-%m-%d"}]
        )

        old = read(text_of({"Arrived": "05/12/2025", "Released": ""}), member, name="items-2025-12.csv")
        new = read(text_of(GOOD), member)

        assert (old.counts, old.reading.layout_valid_from) == ((1, 1, 0, 0), "2019-01")
        assert (new.counts, new.reading.layout_valid_from) == ((1, 1, 0, 0), "2026-01")


class TestNilReport:
    def test_r205_a_header_alone_reports_a_month_without_items(self, read: Reader) -> None:
        result = read(text_of())

        assert result.counts == (0, 0, 0, 0)
        assert result.refusals == []
        assert result.reading.items_by_period == {"2026-03": 0}
        assert result.reading.accepted_files == []
        assert "the month is reported as one without items" in result.words("R205").en

    def test_of_a_quarter_all_months(self, read: Reader) -> None:
        result = read(text_of(), small_member(file="items-{quarter}.csv"), name="items-2026-Q1.csv")

        assert result.reading.items_by_period == {"2026-01": 0, "2026-02": 0, "2026-03": 0}

    def test_without_a_month_in_the_name_it_says_nothing(self, read: Reader) -> None:
        assert read(text_of(), small_member(file="items.csv"), name="items.csv").refusals == ["R001"]

    def test_its_manifest_is_held_against_it(self, read: Reader) -> None:
        assert read(text_of(), manifest=Manifest(rows=5)).refusals == ["R011"]


# ---- nothing is lost -----------------------------------------------------------------------------------

DIRTY = {
    "Item": st.sampled_from(["A1", "A2", "B1", "C1", "", " A1"]),
    "Mode": st.sampled_from(["P", "X", "Q", ""]),
    "Value": st.sampled_from(["1.00", "2.50", "-1", "0", "x", "1,5", ""]),
    "Currency": st.sampled_from(["FJD", "USD", "FJ$"]),
    "Arrived": st.sampled_from(["2026-03-05", "2026-03-31", "2026-04-01", "31/03/2026", ""]),
    "Goods": st.sampled_from(["Tea", 'a 5" pipe', "Tea, black", "two\nlines", "two\r\nlines", "", "Café"]),
    "Country": st.sampled_from(["FJ", "FJ", "WS"]),
}
ROWS = st.lists(st.fixed_dictionaries(DIRTY), min_size=1, max_size=25)
FILES = st.tuples(
    ROWS, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["none", "blank", "ragged", "marks"])
)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dirty")


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(file=FILES)
def test_every_row_of_a_dirty_file_is_in_exactly_one_place(
    file: tuple[list[dict[str, str]], str, str], scratch: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    rows, end, damage = file
    written = rows_of(*rows)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end)
    writer.writerow(HEADER)
    writer.writerows([row[name] for name in HEADER] for row in written)
    # The damage comes last: the row of a spreadsheet that it would be is known then.
    last = len(rows) + 2
    extra = {"none": "", "blank": end + end, "ragged": "A9,P" + end, "marks": 'A9,"P"x' + end}[damage]
    path = scratch / "extract.csv"
    path.write_text(text.getvalue() + extra, encoding="utf-8", newline="")

    result = with_rows(connection, _read(connection, small_member(), path, scratch))

    expected = set(range(2, last)) | ({last} if damage in ("ragged", "marks") else set())
    accepted = [row["source_row"] for row in result.accepted]
    left_out = [row["source_row"] for row in result.left_out]
    assert sorted(accepted + left_out) == sorted(expected)
    assert result.counts == (
        len(expected),
        len(accepted),
        sum(row["verdict"] == "REJECTED" for row in result.left_out),
        sum(row["verdict"] == "DUPLICATE" for row in result.left_out),
    )
    # The verdict worked out once more, in plain words.
    seen: set[str] = set()
    for source_row, row in enumerate(written, 2):
        item = row["Item"].strip()
        is_good = (
            item != ""
            and row["Mode"] in ("P", "X")
            and row["Value"] in ("1.00", "2.50", "0")
            and row["Currency"] != "FJ$"
            and row["Arrived"] in ("2026-03-05", "2026-03-31")
            and row["Country"] == "FJ"
        )
        assert (source_row in accepted) == (is_good and item not in seen)
        if is_good:
            seen.add(item)
    values = {value.currency_code: value for value in result.reading.values}
    for currency in ("FJD", "USD"):
        total = sum(
            row["declared_value"] for row in result.accepted if row["declared_currency_code"] == currency
        )
        assert (values[currency].accepted if currency in values else 0) == total


def _read(connection: duckdb.DuckDBPyConnection, member: Member, path: Path, scratch: Path) -> Any:
    return read_extract(connection, member, path, "items-2026-03.csv", "fj-0", SENT_ON, scratch)


def test_a_long_file_is_read_in_its_order(read: Reader) -> None:
    """Many threads read it, and the row numbers still are those of the file."""
    good = ",".join((GOOD_ROW | {"Item": "{}"})[name] for name in HEADER)
    lines = [good.replace("{}", f"A{number}") for number in range(60_000)]
    lines[41_234] = lines[41_234].replace("10.00", "ten")

    result = read("\n".join([",".join(HEADER), *lines, ""]))

    assert result.counts == (60_000, 59_999, 1, 0)
    assert result.found == {("R106", "declared_value"): (41_236,)}
    assert all(row["item_id"] == f"A{row['source_row'] - 2}" for row in result.accepted)
