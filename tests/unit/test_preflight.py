"""The pre-flight check tells a member what receiving would say, in words that can be acted upon."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from pacific_parcels.contract import RULES
from pacific_parcels.errors import ExtractError, PacificParcelsError
from pacific_parcels.faults import Fault
from pacific_parcels.landing import receive_member
from pacific_parcels.preflight import (
    EXPECTED,
    Example,
    Report,
    check_file,
    sha256_of,
    write_manifest,
)
from pacific_parcels.reading import Reading, letters_of
from pacific_parcels.settings import Settings
from tests.contract.test_formats import sample_of
from tests.small_member import FILE_NAME, HEADER, line_of, member_file, put, small_member, text_of

pytestmark = pytest.mark.usefixtures("one_child")

GOOD: dict[str, str] = {}
# Rows 3, 4 and 6 are left out, row 5 is accepted with a warning.
DIRTY = text_of(
    GOOD, {"Value": "ten"}, {"Item": "A1", "Value": "1234.50"}, {"Mass": "0"}, {"Mode": "Q", "Port": "Nadi"}
)


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    member_file(tmp_path / "members", small_member())
    member_file(tmp_path / "members", small_member(code="WS", file="ws-{period}.csv"))
    return Settings(home=tmp_path / "home", member_directories=(tmp_path / "members",), quiet_seconds=0)


@pytest.fixture
def rejects(tmp_path: Path) -> Path:
    return tmp_path / "rejects.csv"


def check(home: Settings, content: str, name: str = FILE_NAME, rejects: Path | None = None) -> Report:
    return check_file(home, small_member(), put(home.home.parent / "mine" / name, content), rejects)


def listed(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


class TestVerdict:
    def test_all_in_order(self, home: Settings) -> None:
        report = check(home, text_of(GOOD, {"Value": "1234.50"}))

        assert (report.verdict, report.exit_code) == ("CLEAN", 0)
        assert report.sentence("en") == f"{FILE_NAME} can be sent: all 2 rows are in order (1,244.50 FJD)."
        # In French the comma is the decimal sign; thousands are set apart by a narrow no-break space.
        assert report.sentence("fr") == (
            f"{FILE_NAME} peut être transmis : toutes ses lignes (2) sont en ordre (1\u202f244,50 FJD)."
        )

    def test_some_rows_left_out(self, home: Settings) -> None:
        report = check(home, DIRTY)

        assert (report.verdict, report.exit_code) == ("PARTIAL", 4)
        assert report.sentence("en") == (
            f"{FILE_NAME} would be accepted, but 3 of 5 rows would be left out (2 rejected, 1 duplicate). "
            "Mend what is listed and check again before you send it."
        )
        assert report.sentence("fr") == (
            f"{FILE_NAME} serait accepté, mais sans 3 de ses 5 lignes (rejetées : 2 ; en double : 1). "
            "Corrigez ce qui suit et vérifiez de nouveau avant l’envoi."
        )

    def test_a_month_without_items(self, home: Settings) -> None:
        report = check(home, text_of())

        assert (report.verdict, report.exit_code) == ("NIL", 0)
        assert report.sentence("en") == f"{FILE_NAME} can be sent: it reports a month without items."
        assert report.sentence("fr") == f"{FILE_NAME} peut être transmis : il déclare un mois sans envoi."

    def test_refused(self, home: Settings) -> None:
        report = check(home, text_of(GOOD, delimiter=";"))

        assert (report.verdict, report.exit_code) == ("REFUSED", 11)
        assert report.sentence("en") == f"{FILE_NAME} would be refused: do not send it yet."
        assert report.sentence("fr") == f"{FILE_NAME} serait refusé : ne l’envoyez pas encore."

    def test_values_are_added_up_for_each_currency(self, home: Settings) -> None:
        report = check(
            home, text_of({"Value": "1.00", "Currency": "USD"}, {"Value": "2.00"}, {"Value": "3.00"})
        )

        assert report.sentence("en").endswith("(5.00 FJD, 1.00 USD).")

    @pytest.mark.parametrize(("rejected", "verdict"), [(5, "PARTIAL"), (6, "REFUSED")])
    def test_up_to_five_rejected_rows_are_always_forgiven(
        self, home: Settings, rejected: int, verdict: str
    ) -> None:
        """5 and 6 of 20 rows are 25 % and 30 %: both more than the 10 % that are allowed otherwise."""
        assert (
            check(home, text_of(*[{"Value": "-1"}] * rejected, *[GOOD] * (20 - rejected))).verdict == verdict
        )


class TestReport:
    def test_names_rule_count_rows_values_and_remedy(self, home: Settings) -> None:
        lines = check(home, DIRTY).lines("en")

        start = lines.index("R106 ERROR  1 row  declared_value")
        assert lines[start : start + 5] == [
            "R106 ERROR  1 row  declared_value",
            "  The number cannot be read.",
            "  Their value: 1 without a readable value.",
            "    row 3, Value (column G): found ten; expected: 1234.50",
            "  What to do: Write it as 1234.50.",
        ]
        start = lines.index("R114 ERROR  1 row  item_id")
        assert lines[start + 2 : start + 4] == [
            "  Their value: 1,234.50 FJD.",
            "    row 4, Item (column A): found A1; expected: an item not sent above",
        ]
        start = lines.index("R204 WARNING  1 row  gross_mass_kg")
        assert lines[start + 2 : start + 4] == [
            "  Their value: 10.00 FJD.",
            "    row 5, Mass (column I): found 0.000; expected: more than zero",
        ]

    def test_values_rows_by_rule_and_currency(self, home: Settings) -> None:
        report = check(
            home,
            text_of(
                GOOD,
                {"Mode": "Q", "Value": "7.25", "Currency": "USD"},
                {"Mode": "Q", "Value": "1.50"},
                {"Mode": "Q", "Value": "2.00"},
                {"Mode": "Q", "Value": "3.00", "Currency": "???"},
            ),
        )

        # 1.50 + 2.00 are in FJD; of the last row nobody knows what its 3.00 are.
        lines = report.lines("en")
        start = lines.index("R109 ERROR  4 rows  channel_code")
        assert lines[start + 2] == "  Their value: 3.50 FJD, 7.25 USD, 1 without a readable value."
        lines = report.lines("fr")
        start = lines.index("R109 ERREUR  4 lignes  channel_code")
        assert lines[start + 2] == "  Leur valeur : 3,50 FJD, 7,25 USD, 1 sans valeur lisible."

    def test_of_a_period_says_which(self, home: Settings) -> None:
        lines = check(home, text_of(GOOD, {"Arrived": "2026-02-03"})).lines("en")

        assert ("    row 3, Arrived (column K): found 2026-02-03; expected: a day within 2026-03") in lines

    def test_in_french(self, home: Settings) -> None:
        lines = check(home, DIRTY).lines("fr")

        start = lines.index("R109 ERREUR  1 ligne  channel_code")
        assert lines[start : start + 5] == [
            "R109 ERREUR  1 ligne  channel_code",
            "  Le code ne figure pas dans la liste convenue.",
            "  Leur valeur : 10,00 FJD.",
            "    ligne 6, Mode (colonne B) : trouvé Q ; attendu : P, X",
            "  Que faire : Utilisez l’un de ces codes : P, X ; pour un nouveau code, demandez au secrétariat "
            "de l’ajouter au fichier du membre.",
        ]

    def test_of_a_refusal_says_what_is_wrong_with_the_whole_file(self, home: Settings) -> None:
        lines = check(home, "").lines("en")

        assert lines[2:] == [
            "R001 FATAL",
            "  The file is empty.",
            "  What to do: Export it again; for a month without items send the header row alone.",
        ]

    def test_shows_the_first_ten_of_each_rule_only(self, home: Settings) -> None:
        report = check(home, text_of(*[{"Value": "x"}] * 25, {"Mode": "Q"}))

        assert [(example.rule_id, example.source_row) for example in report.examples] == [
            *[("R106", row) for row in range(2, 12)],
            ("R109", 27),
        ]
        lines = report.lines("en")
        tenth = lines.index("    row 11, Value (column G): found x; expected: 1234.50")
        assert lines[tenth + 1 : tenth + 3] == ["    and 15 more", "  What to do: Write it as 1234.50."]
        assert report.lines("fr")[tenth + 1] == "    et 15 de plus"
        assert sum("more" in line for line in lines) == 1  # one row under R109, and it is shown

    def test_of_a_number_of_pieces_says_that_it_is_a_whole_one(self, home: Settings) -> None:
        report = check(home, text_of(GOOD, {"Pieces": "1.5"}))

        lines = report.lines("en")
        start = lines.index("R106 ERROR  1 row  pieces_count")
        assert lines[start + 3 : start + 5] == [
            "    row 3, Pieces (column J): found 1.5; expected: 12 (a whole number)",
            "  What to do: Write it as 12 (a whole number).",
        ]
        assert (
            report.lines("fr")[start + 4] == "  Que faire : Écrivez-le sous la forme 12 (un nombre entier)."
        )

    def test_shows_nothing_for_an_empty_value_and_forty_characters_of_a_long_one(
        self, home: Settings
    ) -> None:
        report = check(
            home, text_of(GOOD, {"Value": "9" * 50}, {"Currency": ""}, {"Released": "Café\t\u202e!"})
        )

        found = {example.source_column: example.found for example in report.examples}
        assert found == {
            "Value": "9" * 39 + "…",
            "Currency": "",
            "Released": "Café\\t\\u202e!",  # what cannot be seen is written out; letters with accents stay
        }
        assert "    row 4, Currency (column H): found nothing; expected: a value" in report.lines("en")

    def test_of_rows_that_cannot_be_split_gives_their_numbers(self, home: Settings) -> None:
        lines = check(home, text_of(GOOD) + "A2,P\n" + line_of(Item="A3") + "\nA4\n").lines("en")

        start = lines.index("R101 ERROR  2 rows")
        assert lines[start + 1 : start + 5] == [
            "  The row has too few or too many fields; expected: 15.",
            "  Their value: 2 without a readable value.",
            "    row 3: found 2; expected: 15 fields",
            "    row 5: found 1; expected: 15 fields",
        ]

    def test_of_a_message_names_the_line_of_the_file_the_part_and_what_it_has_to_be(
        self, home: Settings, tmp_path: Path
    ) -> None:
        sample, member, *_ = sample_of("cargo_imp")

        report = check_file(home, member, sample)

        # Seven lines before the second list begins, on line 23; its house FJH1004 is on line 36.
        lines = report.lines("en")
        start = lines.index("R115 ERROR  1 record  HBS")
        assert lines[start + 3] == (
            "    record 4 (line 36 of the file), HBS: found HBS/FJH1004/LAXSU/1/K3/1/BOOKS; "
            "expected: for example HBS/AEI12345678/SINJFK/1/K400/4/COMPUTER PARTS"
        )
        start = report.lines("fr").index("R115 ERREUR  1 enregistrement  CVD")
        assert report.lines("fr")[start + 3] == (
            "    enregistrement 5 (ligne 38 du fichier), CVD : trouvé CVD/USD/PP/NVD/12,50/XXX ; "
            "attendu : par exemple CVD/SGD/PP/NVD/1250.00/XXX"
        )

    def test_of_a_declaration_in_xml_names_the_line_on_which_the_item_begins(self, home: Settings) -> None:
        sample, member, *_ = sample_of("asycuda_sad")

        report = check_file(home, member, sample)

        # The document on line 346 announces an item that it has not; all others stand at their <Item>.
        lines = {example["row"]: example["line"] for example in report.to_dict()["examples"]}
        assert lines == {6: 315, 8: 346, 9: 486, 10: 571, 11: 655}
        # ASYCUDA writes month, day and two digits of the year; 25/03/26 has no month of that number.
        assert (
            "    record 9 (line 486 of the file), Registration_date: found 25/03/26; expected: mm/dd/yy"
        ) in report.lines("en")

    def test_of_an_archive_of_declarations_names_the_file_and_its_own_line(
        self, home: Settings, tmp_path: Path
    ) -> None:
        sample, member, *_ = sample_of("asycuda_sad")
        content = sample.read_bytes()
        with zipfile.ZipFile(tmp_path / "sample.xml.zip", "w") as archive:
            archive.writestr("b/second.xml", b"\n\n" + content)
            archive.writestr("a/first.xml", content)

        report = check_file(home, member, tmp_path / "sample.xml.zip")

        # As in the sample alone, but for two blank lines before the second one; what it repeats is duplicate.
        places = {(e["sheet"], e["line"]) for e in report.to_dict()["examples"] if e["rule_id"] == "R102"}
        lines = (346, 486, 571)
        assert places == {
            *(("a/first.xml", line) for line in lines),
            *(("b/second.xml", line + 2) for line in lines),
        }
        assert any(
            line.startswith(
                "    file b/second.xml, record 19 (line 348 of the file), Item_reference: found nothing"
            )
            for line in report.lines("en")
        )

    def test_numbers_rows_as_a_spreadsheet_does(self, home: Settings) -> None:
        # The goods of row 2 take two lines, and row 3 is blank: the wrong value stands in row 4, on line 5.
        text = text_of({"Goods": "Tea\nand rice"}, {"Value": "ten"}).replace("\nA2", "\n\nA2")
        assert text.splitlines()[4].startswith("A2")

        (example,) = check(home, text).examples
        assert (example.source_row, example.found) == (4, "ten")

    def test_shows_a_row_of_another_member_by_the_column_of_the_file(self, home: Settings) -> None:
        lines = check(home, text_of(GOOD, {"Country": "TO"})).lines("en")

        start = lines.index("R112 ERROR  1 row")
        assert lines[start + 3] == "    row 3, Country (column N): found TO; expected: FJ"

    def test_of_a_wrong_header_gives_all_that_is_wrong_at_once(self, home: Settings) -> None:
        text = text_of(GOOD).replace("Value", "Worth", 1)

        english, french = ("\n".join(check(home, text).lines(language)) for language in ("en", "fr"))
        assert "\n\nR002 FATAL\n  Columns are missing: Value. Found: Item, Mode, Port," in english
        assert "\n\nR003 FATAL\n  Columns that the layout does not know: Worth.\n" in english
        assert "\n\nR002 BLOQUANT\n  Colonnes manquantes : Value. Trouvées : Item, Mode, Port," in french
        assert "\n  Que faire : Retirez-les ou, si elles sont nouvelles, demandez au secrétariat" in french

    def test_json_is_complete(self, home: Settings) -> None:
        content = json.loads(json.dumps(check(home, DIRTY).to_dict()))

        assert (content["member_code"], content["file"], content["stream_code"]) == ("FJ", FILE_NAME, "items")
        assert (content["time_period_start"], content["time_period_end"]) == ("2026-03", "2026-03")
        assert content["verdict"] == "PARTIAL"
        assert content["sentence_en"].startswith(FILE_NAME)
        assert content["sentence_fr"].startswith(FILE_NAME)
        counts = ("in", "accepted", "rejected", "duplicate", "warned")
        assert [content[f"rows_{name}"] for name in counts] == [
            5, 2, 2, 1, 1,
        ]  # fmt: skip
        assert content["values"] == [
            {
                "currency_code": "FJD",
                "accepted_value": "20.00",
                "rejected_value": "10.00",
                "duplicate_value": "1234.50",
            }
        ]
        assert {(rule["rule_id"], rule["column_name"], rule["row_count"]) for rule in content["rules"]} == {
            ("R106", "declared_value", 1),
            ("R109", "channel_code", 1),
            ("R111", "port_code", 1),
            ("R114", "item_id", 1),
            ("R204", "gross_mass_kg", 1),
        }
        (rule,) = [rule for rule in content["rules"] if rule["rule_id"] == "R106"]
        assert {name: rule[name] for name in rule if name not in ("rule_id", "column_name", "row_count")} == {
            "level": "ERROR",
            "first_rows": [3],
            "title_en": "The number cannot be read.",
            "title_fr": "Le nombre est illisible.",
            "remedy_en": "Write it as 1234.50.",
            "remedy_fr": "Écrivez-le sous la forme 1234.50.",
        }
        assert {
            "row": 3,
            "line": None,
            "rule_id": "R106",
            "column_name": "declared_value",
            "source_column": "Value",
            "column_letters": "G",
            "sheet": "",
            "found": "ten",
            "expected_en": "1234.50",
            "expected_fr": "1234.50",
        } in (content["examples"])
        assert content["numbers"] == "row"
        assert {
            "rule_id": "R114",
            "column_name": "item_id",
            "values": [{"currency_code": "FJD", "value": "1234.50"}],
            "rows_without_value": 0,
        } in content["values_by_rule"]


class TestOtherFormats:
    def test_of_a_workbook_it_names_the_sheet_and_the_column(self, home: Settings) -> None:
        member = small_member(file="items-{period}.xlsx", format="xlsx", options={"sheet": "Parcels"})
        workbook = Workbook()
        workbook.active.title = "Notes"
        sheet = workbook.create_sheet("Parcels")
        for row in csv.reader(io.StringIO(text_of(GOOD, {"Value": "ten"}))):
            sheet.append(row)
        path = home.home.parent / "mine" / "items-2026-03.xlsx"
        path.parent.mkdir()
        workbook.save(path)

        report = check_file(home, member, path)
        found = "    sheet Parcels, row 3, Value (column G): found ten; expected: 1234.50"
        assert found in report.lines("en")
        found = "    feuille Parcels, ligne 3, Value (colonne G) : trouvé ten ; attendu : 1234.50"
        assert found in report.lines("fr")

    def test_of_a_format_of_records_it_says_record(self) -> None:
        reading = Reading(rows_in=3, rows_accepted=2, rows_rejected=1)
        reading.faults = [Fault("R102", "arrival_date", 1)]
        example = Example(
            2, "R102", "arrival_date", "Day", "", expected_en="a value", expected_fr="une valeur"
        )
        report = Report("FJ", "a.xml", reading, [example], "record")

        assert report.sentence("en").startswith(
            "a.xml would be accepted, but 1 of 3 records would be left out"
        )
        assert "sans 1 de ses 3 enregistrements (rejetés : 1 ; en double : 0)" in report.sentence("fr")
        assert report.lines("en")[2:5] == [
            "R102 ERROR  1 record  arrival_date",
            "  A value that every item needs is missing.",
            "    record 2, Day: found nothing; expected: a value",
        ]
        assert report.lines("fr")[4] == "    enregistrement 2, Day : trouvé rien ; attendu : une valeur"

    def test_each_rule_on_rows_says_what_is_expected(self) -> None:
        """From the layout where the remedy has a place for it, else in words of its own."""
        silent = {
            rule_id
            for rule_id, rule in RULES.items()
            if rule.level != "FATAL" and "{expected}" not in rule.remedy.en and rule_id not in EXPECTED
        }
        # Those of the file, of a line that may well be right, and of records that are no items.
        assert silent == {"R205", "R207", "R211", "R301", "R302"}

    @pytest.mark.parametrize(
        ("position", "letters"),
        [(1, "A"), (26, "Z"), (27, "AA"), (52, "AZ"), (53, "BA"), (702, "ZZ"), (703, "AAA")],
    )
    def test_columns_are_lettered_as_in_a_spreadsheet(self, position: int, letters: str) -> None:
        assert letters_of(position) == letters


class TestListOfRowsLeftOut:
    def test_holds_every_fault_of_every_row(self, home: Settings, rejects: Path) -> None:
        check(home, text_of(*[{"Value": "x"}] * 25, {"Mode": "Q", "Port": "Nadi"}), rejects=rejects)

        rows = listed(rejects)
        assert [int(row["row"]) for row in rows] == [*range(2, 28), 27]
        ports = rows[-1]["expected_en"]
        assert ports.startswith("FJ")
        assert rows[-1] == {
            "sheet": "",
            "row": "27",
            "line": "",
            "rule_id": "R111",
            "column": "port_code",
            "source_column": "Port",
            "column_letters": "C",
            "found": "Nadi",
            "expected_en": ports,
            "expected_fr": ports,
            "what_en": "The place is not a UN/LOCODE of this member.",
            "what_fr": "Le lieu n’est pas un UN/LOCODE de ce membre.",
            "remedy_en": f"Write the five letters of UN/LOCODE, such as {ports}.",
            "remedy_fr": f"Écrivez les cinq lettres du code UN/LOCODE, par exemple {ports}.",
        }

    @pytest.mark.parametrize("value", ["=cmd|' /C calc'!A0", "+1+2", "-1", "@SUM(A1)", "＝1+2"])
    def test_is_no_formula_in_a_spreadsheet(self, home: Settings, rejects: Path, value: str) -> None:
        check(home, text_of(GOOD, {"Mode": value}), rejects=rejects)

        assert [row["found"] for row in listed(rejects)] == [f"'{value}"]

    def test_a_name_of_a_column_is_no_formula_either(self, home: Settings, rejects: Path) -> None:
        name = '=HYPERLINK("x")'
        member = small_member(columns={"declared_value": name})
        text = text_of(GOOD, {name: "ten"}, header=tuple(name if n == "Value" else n for n in HEADER))
        text = text.replace("A1,P,FJSUV,CN,610910,T-shirt,,", "A1,P,FJSUV,CN,610910,T-shirt,1.00,")
        check_file(home, member, put(home.home.parent / "mine" / FILE_NAME, text), rejects)

        (row,) = listed(rejects)
        assert (row["source_column"], row["found"]) == (f"'{name}", "ten")

    def test_opens_in_a_spreadsheet_with_its_accents(self, home: Settings, rejects: Path) -> None:
        check(home, text_of(GOOD, {"Mode": "Colis à pied"}), rejects=rejects)

        assert rejects.read_bytes().startswith(b"\xef\xbb\xbf"), (
            "Excel takes a file without the mark for cp1252"
        )
        assert [row["found"] for row in listed(rejects)] == ["Colis à pied"]

    def test_leaves_no_gap_in_its_sentences(self, home: Settings, rejects: Path) -> None:
        check(home, text_of(GOOD, GOOD) + "A3,P,FJSUV\n", rejects=rejects)

        (row,) = listed(rejects)
        assert row["what_en"] == "The row has too few or too many fields; expected: 15."
        assert row["what_fr"] == "La ligne comporte trop peu ou trop de champs ; attendu : 15."

    @pytest.mark.parametrize("name", [FILE_NAME, f"{FILE_NAME}.manifest.json"])
    def test_never_takes_the_place_of_what_is_checked(self, home: Settings, name: str) -> None:
        mine = home.home.parent / "mine"
        with pytest.raises(PacificParcelsError, match="this is the extract or its manifest"):
            check(home, text_of(GOOD), rejects=mine / ".." / "mine" / name)
        assert (mine / FILE_NAME).read_text(encoding="utf-8") == text_of(GOOD)

    def test_needs_a_folder_that_is_there(self, home: Settings, tmp_path: Path) -> None:
        with pytest.raises(PacificParcelsError, match=r"there is no folder .*absent"):
            check(home, text_of(GOOD), rejects=tmp_path / "absent" / "rejects.csv")

    def test_is_not_written_when_there_are_none_and_one_of_an_earlier_check_goes(
        self, home: Settings, rejects: Path
    ) -> None:
        check(home, DIRTY, rejects=rejects)
        assert rejects.exists()

        check(home, text_of(GOOD), rejects=rejects)

        assert not rejects.exists()

    @pytest.mark.parametrize("content", [text_of(GOOD), DIRTY, text_of(), "nothing of the kind"])
    def test_nothing_else_is_kept(
        self, home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
    ) -> None:
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(scratch))
        check(home, content)

        assert not home.home.exists()
        assert not list(scratch.iterdir())
        assert [path.name for path in (tmp_path / "mine").iterdir()] == [FILE_NAME]

    def test_no_other_file_is_written(self, home: Settings, rejects: Path) -> None:
        check(home, DIRTY, rejects=rejects)

        assert sorted(path.name for path in home.home.parent.rglob("*") if path.is_file()) == [
            "fj.yml", FILE_NAME, "rejects.csv", "ws.yml",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "manifest"),
    [
        (FILE_NAME, text_of(GOOD), None),
        (FILE_NAME, DIRTY, None),
        (FILE_NAME, text_of(), None),
        (FILE_NAME, "", None),
        (FILE_NAME, text_of(GOOD, delimiter=";"), None),
        (FILE_NAME, text_of(*[{"Country": "WS"}] * 7), None),
        (FILE_NAME, text_of(*[{"Value": "-1"}] * 6, GOOD), None),
        (FILE_NAME, text_of(GOOD, GOOD).rstrip()[:-30], None),  # cut off in its last row
        (FILE_NAME, text_of(GOOD, {"Arrived": "2026-04-30"}), None),  # sent on the 10th of April
        ("items-2026-Q1.csv", text_of(GOOD, {"Arrived": "2026-02-03"}, {"Arrived": "2026-07-03"}), None),
        ("march.csv", text_of(GOOD), None),
        ("ws-2026-03.csv", text_of(GOOD), None),
        (FILE_NAME, text_of(GOOD), {"rows": 2}),
        (FILE_NAME, text_of(GOOD), {"sha256": "00"}),
        (FILE_NAME, text_of(GOOD), {"bytes": 1}),
        (FILE_NAME, text_of(GOOD), {"rows": "many"}),
    ],
)
def test_it_comes_to_the_verdict_of_receiving(
    home: Settings, name: str, content: str, manifest: dict[str, Any] | None
) -> None:
    mine = put(home.home.parent / "mine" / name, content)
    put(home.inbox / "fj" / name, content)
    if manifest is not None:
        put(mine.with_name(f"{name}.manifest.json"), json.dumps(manifest))
        put(home.inbox / "fj" / f"{name}.manifest.json", json.dumps(manifest))

    member = small_member(file="items-{quarter}.csv") if "Q1" in name else small_member()
    checked = check_file(home, member, mine).to_dict()
    receive_member(home, member)

    (path,) = (home.receipts / "FJ").iterdir()
    received = json.loads(path.read_text(encoding="utf-8"))
    assert (checked["verdict"] == "REFUSED") == (received["status"] == "REFUSED")
    for key in (
        *("rows_in", "rows_accepted", "rows_rejected", "rows_duplicate", "rows_warned"),
        *("values", "rules", "stream_code", "time_period_start", "time_period_end"),
    ):
        assert checked[key] == received[key], key


class TestManifest:
    def test_is_what_receiving_holds_a_file_to(self, home: Settings) -> None:
        file = put(home.home.parent / "mine" / FILE_NAME, DIRTY)

        path = write_manifest(home, small_member(), file)

        assert path.name == f"{FILE_NAME}.manifest.json"
        assert json.loads(path.read_text(encoding="utf-8")) == {
            "rows": 5,
            "bytes": len(DIRTY),
            "sha256": sha256_of(file),
            # 10.00 + 1234.50 + 10.00 + 10.00; the one that cannot be read is in no total.
            "control_totals": [{"column": "declared_value", "currency": "FJD", "total": "1264.50"}],
            "extracted_at": "2026-04-10T08:00:00+00:00",
        }
        assert check_file(home, small_member(), file).verdict == "PARTIAL"

    def test_a_byte_changed_afterwards_is_found(self, home: Settings) -> None:
        file = put(home.home.parent / "mine" / FILE_NAME, text_of(GOOD))
        write_manifest(home, small_member(), file)
        assert check_file(home, small_member(), file).verdict == "CLEAN"

        put(file, text_of(GOOD).replace("10.00", "90.00"))

        report = check_file(home, small_member(), file)
        assert [fault.rule_id for fault in report.reading.faults] == ["R012"]
        # A manifest of the mended file takes the place of the old one.
        write_manifest(home, small_member(), file)
        assert check_file(home, small_member(), file).verdict == "CLEAN"

    def test_another_number_of_rows_is_found(self, home: Settings) -> None:
        file = put(home.home.parent / "mine" / FILE_NAME, text_of(GOOD))
        path = write_manifest(home, small_member(), file)
        content = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(content | {"rows": 2}), encoding="utf-8")

        report = check_file(home, small_member(), file)
        assert [fault.rule_id for fault in report.reading.faults] == ["R011"]
        assert "  The manifest says 2 items; the file has 1." in report.lines("en")
        assert "  Le manifeste annonce 2 envois ; le fichier en contient 1." in report.lines("fr")

    def test_another_total_is_found(self, home: Settings) -> None:
        file = put(home.home.parent / "mine" / FILE_NAME, text_of(GOOD, {"Value": "7.25", "Currency": "USD"}))
        path = write_manifest(home, small_member(), file)
        path.write_text(path.read_text(encoding="utf-8").replace("7.25", "8.25"), encoding="utf-8")

        report = check_file(home, small_member(), file)
        assert [fault.rule_id for fault in report.reading.faults] == ["R013"]
        said = "  The control total of declared_value in USD is 8.25 on the manifest and 7.25 in the file."
        assert said in report.lines("en")

    def test_one_that_cannot_be_read_is_refused(self, home: Settings) -> None:
        file = put(home.home.parent / "mine" / FILE_NAME, text_of(GOOD))
        put(file.with_name(f"{FILE_NAME}.manifest.json"), "{rows: 1}")

        report = check_file(home, small_member(), file)
        assert [fault.rule_id for fault in report.reading.faults] == ["R018"]

    @pytest.mark.parametrize(("name", "rule_id"), [(FILE_NAME, "R001"), ("march.csv", "R015")])
    def test_there_is_none_for_a_file_that_would_be_refused(
        self, home: Settings, name: str, rule_id: str
    ) -> None:
        file = put(home.home.parent / "mine" / name, "")
        with pytest.raises(ExtractError, match=rule_id):
            write_manifest(home, small_member(), file)
        assert [path.name for path in file.parent.iterdir()] == [name]


class TestWhatIsNoExtract:
    def test_a_file_that_is_not_there_is_not_found(self, home: Settings, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match=r"items-2026-03\.csv"):
            check_file(home, small_member(), tmp_path / FILE_NAME)

    @pytest.mark.parametrize(("kind", "kind_fr"), [("folder", "dossier"), ("link", "lien")])
    def test_a_folder_or_a_link_is_refused(
        self, home: Settings, tmp_path: Path, kind: str, kind_fr: str
    ) -> None:
        path = tmp_path / FILE_NAME
        if kind == "folder":
            path.mkdir()
        else:
            path.symlink_to(put(tmp_path / "elsewhere.csv", text_of(GOOD)))
        report = check_file(home, small_member(), path, tmp_path / "rejects.csv")

        assert report.exit_code == 11
        assert f"  This is not a file that can be read: a {kind}." in report.lines("en")
        assert f"  Ceci n’est pas un fichier lisible : un {kind_fr}." in report.lines("fr")

    def test_a_folder_without_a_name_is_refused_too(self, home: Settings) -> None:
        report = check_file(home, small_member(), Path("."))

        assert report.sentence("en") == ". would be refused: do not send it yet."
