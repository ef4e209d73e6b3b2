"""A first member file from a sample: what is guessed is marked, and what comes out can be loaded and used."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import pytest
import yaml
from openpyxl import Workbook

from pacific_parcels.drafting import (
    CODES,
    NAMES,
    Facts,
    file_pattern,
    forms_of,
    is_personal,
    likeness,
    plain,
    signs_of,
    write_draft,
)
from pacific_parcels.errors import ExtractError, MemberFileError, PacificParcelsError
from pacific_parcels.formats import format_names, load_format
from pacific_parcels.members import Member, load_members
from pacific_parcels.preflight import check_file
from pacific_parcels.settings import Settings
from tests.small_member import member_file, put, small_member

pytestmark = pytest.mark.usefixtures("one_child")

FRENCH = (
    "Numéro de colis;Canal;Pays d'origine;Désignation;Valeur déclarée;Devise;Poids brut (g);Date d'arrivée;"
    "Mainlevée;Inspecté;Destinataire;Casier\n"
    "A1;Colis;CN;Thé;1.234,50;XPF;1.250,5;03/04/2026;14/04/2026 10:30;N;Mme Untel;7\n"
    "A2;EMS;CN;Chemise;34,50;XPF;250;04/04/2026;15/04/2026 11:00;O;M. Untel;8\n"
)
XA = Facts("XPF", "Pacific/Noumea", "Exampleland", "Exemplie", ("fr", "en"))


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """One packaged member, Fiji; XA has none."""
    member_file(tmp_path / "members", small_member())
    (tmp_path / "out").mkdir()
    return Settings(home=tmp_path / "home", member_directories=(tmp_path / "members",))


def draft(
    home: Settings,
    content: str | bytes,
    name: str = "colis_202604.csv",
    code: str = "xa",
    facts: Facts = XA,
    told: dict[str, str] | None = None,
    constants: dict[str, str] | None = None,
) -> tuple[Member, str, Path]:
    """The member as it loads beside the packaged ones, the text of its file, and the sample."""
    out = home.home.parent / "out"
    sample = put(home.home.parent / "samples" / name, content)
    path = write_draft(home, code, sample, out, facts, told or {}, constants or {})
    assert path == out / f"{code}.yml"
    settings = Settings(home=home.home, member_directories=(out,))
    return load_members(settings)[code.upper()], path.read_text(encoding="utf-8"), sample


class TestDelimited:
    def test_a_french_export_is_read_as_its_first_draft_says(self, home: Settings) -> None:
        member, text, sample = draft(home, FRENCH.encode("cp1252"))

        stream = member.extracts["items"]
        (layout,) = stream.layouts
        assert (stream.file, stream.cadence) == ("colis_{yyyymm}.csv", "MONTHLY")
        assert (layout.valid_from, layout.format) == ("2026-04", "delimited")
        assert layout.options == {"delimiter": ";", "encoding": "cp1252"}
        assert (layout.dates, layout.timestamps) == ("%d/%m/%Y", "%d/%m/%Y %H:%M")
        assert (layout.decimal, layout.thousands) == (",", ".")
        assert {name: source.column for name, source in layout.columns.items()} == {
            "item_id": "Numéro de colis",
            "channel_code": "Canal",
            "origin_country_code": "Pays d'origine",
            "declared_value": "Valeur déclarée",
            "declared_currency_code": "Devise",
            "gross_mass_kg": "Poids brut (g)",
            "arrival_date": "Date d'arrivée",
            "release_at": "Mainlevée",
            "is_inspected": "Inspecté",
        }
        assert layout.columns["channel_code"].lookup == {"Colis": "POSTAL_PARCEL", "EMS": "EXPRESS_POST"}
        assert layout.columns["is_inspected"].lookup == {"N": False, "O": True}
        assert str(layout.columns["gross_mass_kg"].factor) == "0.001"
        assert layout.ignore == ("Désignation", "Destinataire", "Casier")
        assert (member.currency, member.time_zone, member.languages) == (
            "XPF",
            "Pacific/Noumea",
            ("fr", "en"),
        )
        # 1,234.50 + 34.50 = 1,269.00
        report = check_file(home, member, sample)
        assert (
            report.sentence("en") == "colis_202604.csv can be sent: all 2 rows are in order (1,269.00 XPF)."
        )
        assert "Untel" not in text, "no value of the sample but its codes"

    def test_every_guess_is_marked_with_its_reason(self, home: Settings) -> None:
        _, text, _ = draft(home, FRENCH.encode("cp1252"))

        lines = text.splitlines()
        for number, line in enumerate(lines):
            if re.match(r" {10}[a-z_]+:", line):
                assert lines[number - 1].strip().startswith("# GUESS: by "), line
        for key in ("file", "cadence", "valid_from", "dates", "timestamps", "decimal", "thousands"):
            (line,) = [line for line in lines if re.match(rf"[ -]*{key}:", line)]
            assert "# GUESS: " in line
        assert "        # GUESS: encoding: it is not UTF-8; AMBIGUOUS: latin-1" in text
        assert '"Destinataire"  # GUESS: personal data' in text
        assert '"Casier"  # TO BE DECIDED: it looks like nothing in the contract' in text
        assert "# De minimis thresholds and taxes are facts with a source" in text

    def test_day_and_month_that_nothing_tells_apart_are_ambiguous(self, home: Settings) -> None:
        text = FRENCH.replace("14/04/2026", "05/04/2026").replace("15/04/2026", "06/04/2026")
        member, yaml_text, _ = draft(home, text)

        assert member.extracts["items"].layouts[0].dates == "%d/%m/%Y"
        (line,) = [line for line in yaml_text.splitlines() if line.startswith("        dates:")]
        assert "AMBIGUOUS: no day of the sample is beyond the 12th" in line

    def test_a_day_beyond_the_twelfth_in_another_column_decides(self, home: Settings) -> None:
        text = FRENCH.replace("14/04/2026", "04/14/2026").replace("15/04/2026", "04/15/2026")
        member, yaml_text, _ = draft(home, text)

        layout = member.extracts["items"].layouts[0]
        assert (layout.dates, layout.timestamps) == ("%m/%d/%Y", "%m/%d/%Y %H:%M")
        assert "days of another column are beyond the 12th: month first" in yaml_text
        assert layout.valid_from == "2026-03", "03/04 is the fourth of March then"

    def test_a_column_with_a_form_of_its_own(self, home: Settings) -> None:
        member, _, _ = draft(home, FRENCH.replace("03/04/2026", "20260403").replace("04/04/2026", "20260404"))

        layout = member.extracts["items"].layouts[0]
        assert (layout.dates, layout.timestamps) == ("%Y%m%d", "%d/%m/%Y %H:%M")

    def test_a_code_that_nobody_knows_is_left_to_decide(self, home: Settings) -> None:
        member, text, sample = draft(home, FRENCH.replace(";EMS;", ";Pirogue;"))

        assert '              # TO BE DECIDED: "Pirogue": one of POSTAL_LETTER, POSTAL_PARCEL,' in text
        (fault,) = check_file(home, member, sample).reading.faults
        assert (fault.rule_id, fault.column) == ("R109", "channel_code"), "until then the row is rejected"

    def test_a_preamble_a_member_column_and_nothing_written_as_a_dash(self, home: Settings) -> None:
        text = (
            "Report of parcels\n\nItem,Mode,Country,Value,Currency,Arrived,Duty\n"
            "A1,CP,XA,12.50,USD,2026-04-01,-\nA2,Parcel,XA,3,USD,2026-04-02,1.25\n"
        )
        member, _, sample = draft(home, text, "xa-2026-04.csv")

        layout = member.extracts["items"].layouts[0]
        assert member.extracts["items"].file == "xa-{period}.csv"
        assert layout.options == {"delimiter": ",", "encoding": "utf-8", "header_row": 3}
        assert (layout.expect, layout.null_values) == ({"Country": "XA"}, ("-",))
        # 12.50 + 3 = 15.50
        assert "all 2 rows are in order (15.50 USD)" in check_file(home, member, sample).sentence("en")

    def test_a_required_column_that_nobody_can_find_has_to_be_told(self, home: Settings) -> None:
        text = "Item,Worth it,Currency,Seen\nA1,12.50,USD,2026-04-02\n"
        with pytest.raises(MemberFileError) as caught:
            draft(home, text)
        for said in ("channel_code", "declared_value", "arrival_date", "--map channel_code=COLUMN"):
            assert said in str(caught.value)
        assert not list((home.home.parent / "out").iterdir())

        member, yaml_text, sample = draft(
            home,
            text,
            told={"declared_value": "Worth it", "arrival_date": "Seen"},
            constants={"channel_code": "POSTAL_PARCEL"},
        )
        layout = member.extracts["items"].layouts[0]
        assert layout.columns["channel_code"].constant == "POSTAL_PARCEL"
        assert yaml_text.count("# GUESS: as you said") == 3
        assert check_file(home, member, sample).verdict == "CLEAN"

    @pytest.mark.parametrize(
        ("told", "constants", "said"),
        [
            ({"colour": "Devise"}, {}, "no column of the contract"),
            ({"declared_value": "Worth"}, {}, "the sample has no column 'Worth'"),
            ({}, {"channel_code": "PIGEON"}, "channel_code"),
        ],
    )
    def test_what_is_told_wrongly_is_refused(
        self, home: Settings, told: dict[str, str], constants: dict[str, str], said: str
    ) -> None:
        with pytest.raises(PacificParcelsError, match=said):
            draft(home, FRENCH, told=told, constants=constants)

    def test_names_that_mean_something_to_yaml_stay_names(self, home: Settings) -> None:
        names = ['A: "b" #c', "'*&!%", "No", "é\u0007"]
        text = FRENCH.replace("\n", ";x;x;x;x\n").replace(
            "Casier;x;x;x;x", "Casier;" + ";".join('"' + name.replace('"', '""') + '"' for name in names)
        )
        member, yaml_text, _ = draft(home, text)

        assert member.extracts["items"].layouts[0].ignore[-4:] == tuple(names)
        assert yaml.safe_load(yaml_text)["code"] == "XA"


class TestOtherFormats:
    def test_a_workbook_with_a_title_above_its_header(self, home: Settings, tmp_path: Path) -> None:
        workbook = Workbook()
        sheet = workbook.active
        sheet.append(["Colis du mois"])
        for row in csv.reader(io.StringIO(FRENCH), delimiter=";"):
            sheet.append(row)
        workbook.save(tmp_path / "book.xlsx")
        member, _, _ = draft(home, (tmp_path / "book.xlsx").read_bytes(), "colis 2026-04.xlsx")

        layout = member.extracts["items"].layouts[0]
        assert (layout.format, layout.options) == ("xlsx", {"header_row": 2})
        assert layout.columns["declared_value"].column == "Valeur déclarée"
        assert member.extracts["items"].file == "colis {period}.xlsx"

    def test_an_archive(self, home: Settings, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("colis.csv", FRENCH)
        member, _, _ = draft(home, (tmp_path / "a.zip").read_bytes(), "colis_202604.zip")

        assert member.extracts["items"].file == "colis_{yyyymm}.zip"
        assert member.extracts["items"].layouts[0].options["delimiter"] == ";"

    def test_a_file_of_a_fixed_format_is_told_by_its_first_bytes(self, home: Settings) -> None:
        sample = (Path(__file__).parents[1] / "formats" / "asycuda_sad" / "sample.xml").read_bytes()
        member, text, _ = draft(home, sample, "sad_202604.xml", constants=CONSTANTS)

        layout = member.extracts["items"].layouts[0]
        assert layout.format == "asycuda_sad"
        assert "# GUESS: format: the file begins as a file of the format asycuda_sad does" in text

    @pytest.mark.parametrize("name", [name for name in format_names() if hasattr(load_format(name), "USUAL")])
    def test_a_draft_of_each_fixed_format_reads_its_own_sample(
        self, name: str, home: Settings, tmp_path: Path
    ) -> None:
        """It accepts what the layout of the sample accepts (tests/formats/<name>/expected.json)."""
        (sample,) = (Path(__file__).parents[1] / "formats" / name).glob("sample.*")
        file_name = f"fj-2026-03{sample.suffix}"
        constants = {"channel_code": "AIR_CARGO", "arrival_date": "2026-03-12"} if name == "cargo_imp" else {}
        fiji = Facts("FJD", "Pacific/Fiji", "Fiji", "Fidji", ("en",))
        member, _, _ = draft(home, sample.read_bytes(), file_name, "fj", fiji, constants=constants)
        (tmp_path / file_name).write_bytes(sample.read_bytes())

        report = check_file(home, member, tmp_path / file_name)

        assert member.extracts["items"].layouts[0].format == name
        expected = json.loads((sample.parent / "expected.json").read_text(encoding="utf-8"))
        accepted = expected["counts"]["accepted"]
        # Which natures of bills are imports is for a person to say: the one in transit is in.
        accepted += name == "asycuda_manifest"
        assert report.reading.rows_accepted == accepted, report.lines("en")

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive at all", b"\x00\x01\x02"])
    def test_what_nobody_can_read_is_refused_by_its_rule(self, home: Settings, content: bytes) -> None:
        with pytest.raises((ExtractError, MemberFileError)):
            draft(home, content)


CONSTANTS = {
    "item_id": "1",
    "channel_code": "POSTAL_PARCEL",
    "declared_value": "1",
    "declared_currency_code": "XPF",
    "arrival_date": "2026-04-01",
}


class TestFacts:
    def test_of_a_packaged_member_come_from_its_file(self, home: Settings) -> None:
        member, text, _ = draft(home, FRENCH, code="fj", facts=Facts())

        assert (member.name.fr, member.currency, member.time_zone) == ("Fidji", "FJD", "Pacific/Fiji")
        assert "# FJ has a packaged member file: two for one member are refused." in text

    def test_of_an_unknown_member_are_asked_for_and_never_guessed(self, home: Settings) -> None:
        with pytest.raises(MemberFileError, match="--time-zone, --name-fr, --languages"):
            draft(home, FRENCH, facts=Facts(currency="XPF", name_en="Exampleland"))
        assert not list((home.home.parent / "out").iterdir())

    def test_that_are_none_leave_no_file(self, home: Settings) -> None:
        with pytest.raises(MemberFileError, match="not an IANA time zone"):
            draft(home, FRENCH, facts=Facts("XPF", "Pacific/Atlantis", "X", "X", ("fr",)))
        assert not list((home.home.parent / "out").iterdir())

    def test_a_file_that_is_there_is_never_overwritten(self, home: Settings) -> None:
        draft(home, FRENCH)
        with pytest.raises(PacificParcelsError, match="there is a member file already"):
            draft(home, FRENCH)

    @pytest.mark.parametrize("code", ["fiji", "f", "f1", "../"])
    def test_a_code_is_two_letters(self, home: Settings, code: str) -> None:
        with pytest.raises(MemberFileError, match="expected the two letters"):
            draft(home, FRENCH, code=code)


class TestGuesses:
    @pytest.mark.parametrize(
        ("values", "decimal", "thousands", "is_ambiguous"),
        [
            (["1,234.50", "3"], ".", ",", False),
            (["1.234,50"], ",", ".", False),
            (["0,5"], ",", "", False),
            (["1 234,50"], ",", " ", False),
            (["1'234.50"], ".", "'", False),
            (["1.234.567"], ",", ".", False),
            (["1.234"], ".", "", True),
            (["1,234"], ".", ",", True),
            (["12", "x"], ".", "", False),
            (["1.5", "1,5", "2.5"], ".", "", True),
        ],
    )
    def test_signs_of_numbers(
        self, values: list[str], decimal: str, thousands: str, is_ambiguous: bool
    ) -> None:
        signs = signs_of(values)

        assert (signs.decimal, signs.thousands) == (decimal, thousands)
        assert ("AMBIGUOUS" in signs.reason) == is_ambiguous

    def test_numbers_of_two_kinds_are_counted_in_words(self) -> None:
        signs = signs_of(["1,50", "2,50", "12.50"])

        assert signs.reason == "as the numbers of the sample show; AMBIGUOUS: 2 with , and 1 with ."

    @pytest.mark.parametrize(
        ("values", "forms"),
        [
            (["2026-04-03"], ["%Y-%m-%d"]),
            (["13/04/2026", "-"], ["%d/%m/%Y"]),
            (["03/04/2026"], ["%d/%m/%Y", "%m/%d/%Y"]),
            (["20260413"], ["%Y%m%d"]),
            (["13-Apr-2026"], ["%d-%b-%Y"]),
            (["2026-04-13T10:30:00"], ["%Y-%m-%dT%H:%M:%S"]),
            (["13/04/2026", "soon"], []),
            ([], []),
        ],
    )
    def test_forms_of_dates(self, values: list[str], forms: list[str]) -> None:
        assert forms_of(values) == forms

    @pytest.mark.parametrize(
        ("name", "pattern", "cadence"),
        [
            ("FJ_parcels_202603.csv", "FJ_parcels_{yyyymm}.csv", "MONTHLY"),
            ("fj-2026-03.csv", "fj-{period}.csv", "MONTHLY"),
            ("fj 2026-Q1.xlsx", "fj {quarter}.xlsx", "QUARTERLY"),
            ("report 2026.xml", "report {year}.xml", "ANNUAL"),
            ("export_20260315_7.csv", "export_{any}_{any}.csv", "MONTHLY"),
            ("items.synthetic.csv", "items.csv", "MONTHLY"),
        ],
    )
    def test_patterns_of_names(self, name: str, pattern: str, cadence: str) -> None:
        assert file_pattern(name)[:2] == (pattern, cadence)

    @pytest.mark.parametrize(
        ("source", "contract"),
        [
            ("Country_of_origin_code", "origin_country_code"),
            ("DATE D'ARRIVÉE", "arrival_date"),
            ("Tracking number", "item_id"),
            ("arrival_date", "arrival_date"),
        ],
    )
    def test_names_of_columns(self, source: str, contract: str) -> None:
        scores = {name: likeness(source, name) for name in NAMES}

        assert max(scores, key=lambda name: scores[name]) == contract

    @pytest.mark.parametrize("name", ["Consignee", "Nom du destinataire", "E-mail (email)", "SHIPPER_PHONE"])
    def test_personal_data_is_known_by_its_name(self, name: str) -> None:
        assert is_personal(name)

    @pytest.mark.parametrize("name", ["Consignee_country", "Pays du destinataire", "Goods", "Value"])
    def test_the_country_of_a_party_is_nobody_s_name(self, name: str) -> None:
        assert not is_personal(name)

    def test_no_name_and_no_code_stands_for_two(self) -> None:
        names = [name for known in NAMES.values() for name in known]
        assert len(names) == len(set(names))
        assert all(name == plain(name) for name in names)
        for codes in CODES.values():
            texts = [text for known in codes.values() for text in known]
            assert len(texts) == len(set(texts))
