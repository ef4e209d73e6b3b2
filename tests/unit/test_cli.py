"""The command: what is printed, and the exit code that a script can rely on."""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pacific_parcels import __version__, landing
from pacific_parcels.cli import main
from pacific_parcels.contract import SUPPLIED_COLUMNS
from pacific_parcels.landing import ReceiveOutcome
from pacific_parcels.member_words import MEANINGS_FR, in_sentences
from pacific_parcels.members import load_members
from pacific_parcels.settings import REPOSITORY, Settings
from tests.small_member import FILE_NAME, member_file, put, small_member, text_of

pytestmark = pytest.mark.usefixtures("one_child")

GOOD: dict[str, str] = {}
# What a member's own machine need not have: all else than the library and what it depends on.
ABSENT = (
    "airflow", "dbt", "great_expectations", "streamlit", "pandas", "pyarrow", "numpy",
    "dags", "dbt_project", "expectations", "dashboards", "tests",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and two made-up members, XA and XB, who name no ports.

    They stand in the place of the packaged ones: reading all of those for each command takes longer.
    """
    member = small_member(code="XA", columns={"port_code": None}, ignore=["Consignee", "Port"])
    member_file(tmp_path / "members", member)
    french = small_member(
        code="XB", file="colis-{period}.csv", columns={"port_code": None}, ignore=["Consignee", "Port"]
    )
    member_file(tmp_path / "members", french.model_copy(update={"languages": ("fr", "en")}))
    monkeypatch.setenv("PACIFIC_PARCELS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("pacific_parcels.settings.PACKAGE", tmp_path)
    monkeypatch.setenv("PACIFIC_PARCELS_QUIET_SECONDS", "0")
    return tmp_path


def extract(*changes: dict[str, str], country: str = "XA") -> str:
    return text_of(*({"Country": country} | change for change in changes))


class TestCheck:
    def test_a_file_in_order(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = put(folder / FILE_NAME, extract(GOOD))

        assert main(["check", str(path), "--member", "xa"]) == 0
        assert capsys.readouterr().out == f"{FILE_NAME} can be sent: all 1 rows are in order (10.00 FJD).\n"

    def test_a_file_with_rows_left_out_has_them_listed_beside_it(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = put(folder / FILE_NAME, extract(GOOD, {"Value": "x"}))

        assert main(["check", str(path), "--member", "XA"]) == 4

        printed = capsys.readouterr().out
        assert printed.startswith(f"{FILE_NAME} would be accepted, but 1 of 2 rows would be left out")
        assert f"Every row left out: {path}.rejected.csv" in printed
        assert Path(f"{path}.rejected.csv").is_file()

    def test_or_where_one_wants_it(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = put(folder / FILE_NAME, extract(GOOD, {"Value": "x"}))

        assert main(["check", str(path), "--member", "xa", "--rejects", str(folder / "list.csv")]) == 4

        assert (folder / "list.csv").is_file()
        assert not Path(f"{path}.rejected.csv").exists()

    def test_a_file_that_would_be_refused(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = put(folder / "march.csv", extract(GOOD))

        assert main(["check", str(path), "--member", "xa"]) == 11
        assert "R015 FATAL" in capsys.readouterr().out

    def test_a_month_without_items(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = put(folder / FILE_NAME, extract())

        assert main(["check", str(path), "--member", "xa"]) == 0
        assert capsys.readouterr().out.startswith(
            f"{FILE_NAME} can be sent: it reports a month without items."
        )
        assert not (folder / "home").exists()

    @pytest.mark.parametrize("path", [".", "..", "/"])
    def test_a_folder_without_a_name_would_be_refused(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], path: str
    ) -> None:
        monkeypatch.chdir(folder)

        assert main(["check", path, "--member", "xa"]) == 11
        assert capsys.readouterr().out.startswith(f"{path} would be refused: do not send it yet.")

    def test_a_name_that_is_no_utf8_is_no_traceback(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = put(folder / os.fsdecode(b"f\xe9vrier.csv"), extract(GOOD))

        assert main(["check", str(path), "--member", "xa"]) == 11
        assert capsys.readouterr().out.startswith("f\\udce9vrier.csv would be refused")

    def test_never_writes_the_list_over_the_extract(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = put(folder / FILE_NAME, extract(GOOD, {"Value": "x"}))

        assert main(["check", str(path), "--member", "xa", "--rejects", str(path)]) == 1
        assert "this is the extract or its manifest" in capsys.readouterr().err
        assert path.read_text(encoding="utf-8") == extract(GOOD, {"Value": "x"})

    def test_a_folder_would_be_refused(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (folder / FILE_NAME).mkdir()

        assert main(["check", str(folder / FILE_NAME), "--member", "xa"]) == 11
        assert "R008 FATAL" in capsys.readouterr().out

    def test_speaks_the_first_language_of_the_member_unless_told_otherwise(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = put(folder / "colis-2026-03.csv", extract(GOOD, country="XB"))

        main(["check", str(path), "--member", "xb"])
        assert "peut être transmis" in capsys.readouterr().out
        main(["check", str(path), "--member", "xb", "--language", "en"])
        assert "can be sent" in capsys.readouterr().out
        path = put(folder / FILE_NAME, extract(GOOD, {"Value": "x"}))
        main(["check", str(path), "--member", "xa", "--language", "fr"])
        assert f"Toutes les lignes écartées : {path}.rejected.csv" in capsys.readouterr().out

    def test_prints_nothing_but_json_for_a_program(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = put(folder / FILE_NAME, extract(GOOD, {"Value": "é"}))

        assert main(["check", str(path), "--member", "xa", "--json"]) == 4

        report = json.loads(capsys.readouterr().out)
        assert (report["verdict"], report["rows_in"], report["examples"][0]["found"]) == ("PARTIAL", 2, "é")
        (rule,) = report["rules"]
        assert (rule["title_en"], rule["title_fr"]) == (
            "The number cannot be read.",
            "Le nombre est illisible.",
        )

    def test_gives_json_of_a_refusal_too(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = put(folder / "march.csv", extract(GOOD))

        assert main(["check", str(path), "--member", "xa", "--json"]) == 11
        report = json.loads(capsys.readouterr().out)
        assert (report["verdict"], [rule["rule_id"] for rule in report["rules"]]) == ("REFUSED", ["R015"])
        assert (report["values"], report["examples"]) == ([], [])

    def test_no_such_file(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["check", str(folder / "none.csv"), "--member", "xa"]) == 2
        assert capsys.readouterr().err == (
            f"{folder / 'none.csv'}: there is no such file; expected the path of an extract\n"
        )

    def test_no_such_member(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = put(folder / FILE_NAME, extract(GOOD))

        assert main(["check", str(path), "--member", "zz"]) == 10
        assert capsys.readouterr().err == "member: found 'zz'; expected one of xa, xb\n"

    def test_a_wrong_member_file(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (folder / "members" / "xc.yml").write_text("code: XC\ncolour: red\n", encoding="utf-8")
        path = put(folder / FILE_NAME, extract(GOOD))

        assert main(["check", str(path), "--member", "xa"]) == 10
        assert "xc.yml" in capsys.readouterr().err

    def test_a_list_that_cannot_be_written_is_no_traceback(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = put(folder / FILE_NAME, extract(GOOD, {"Value": "x"}))

        assert main(["check", str(path), "--member", "xa", "--rejects", str(folder / "none" / "x.csv")]) == 1
        printed = capsys.readouterr().err
        assert printed.startswith(f"{folder / 'none' / 'x.csv'}: there is no folder {folder / 'none'};")
        assert main(["check", str(path), "--member", "xa", "--rejects", str(folder)]) == 1
        assert capsys.readouterr().err.startswith(f"{folder}: Is a directory; expected")

    @pytest.mark.parametrize(
        "arguments",
        [
            *([], ["check"], ["check", "x.csv"], ["chek", "x.csv"], ["check", "x", "--member", "fj", "--no"]),
            *(["members", "show"], ["members", "new", "fj"], ["members", "fj", "nc"]),
        ],
    )
    def test_a_command_written_wrongly(self, arguments: list[str]) -> None:
        with pytest.raises(SystemExit) as caught:
            main(arguments)

        assert caught.value.code == 2


class TestManifest:
    def test_is_written_and_then_holds(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = put(folder / FILE_NAME, extract(GOOD))

        assert main(["manifest", str(path), "--member", "xa"]) == 0
        assert capsys.readouterr().out == f"{path}.manifest.json: send it after the file itself\n"
        assert main(["check", str(path), "--member", "xa"]) == 0

        manifest = Path(f"{path}.manifest.json")
        content = json.loads(manifest.read_text(encoding="utf-8"))
        manifest.write_text(json.dumps(content | {"rows": 2}), encoding="utf-8")
        assert main(["check", str(path), "--member", "xa"]) == 11
        assert "R011 FATAL\n  The manifest says 2 items; the file has 1.\n" in capsys.readouterr().out
        put(path, extract(GOOD).replace("T-shirt", "T-Shirt"))
        assert main(["check", str(path), "--member", "xa"]) == 11
        assert "R012" in capsys.readouterr().out

    def test_is_not_written_for_a_file_that_would_be_refused(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = put(folder / FILE_NAME, "")

        assert main(["manifest", str(path), "--member", "xa"]) == 11
        english, french = capsys.readouterr().err.splitlines()
        assert english.startswith("R001 The file is empty. Export it again;")
        assert french.startswith("R001 Le fichier est vide. Exportez-le de nouveau ;")
        assert not Path(f"{path}.manifest.json").exists()

    def test_no_such_file(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["manifest", str(folder / FILE_NAME), "--member", "xa"]) == 2
        assert "there is no such file" in capsys.readouterr().err

    def test_a_folder(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (folder / FILE_NAME).mkdir()

        assert main(["manifest", str(folder / FILE_NAME), "--member", "xa"]) == 11
        assert capsys.readouterr().err.startswith("R008 This is not a file that can be read: a folder.")


class TestReceive:
    def test_one_member(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        put(folder / "home" / "inbox" / "xa" / FILE_NAME, extract(GOOD, GOOD))

        assert main(["receive", "--member", "xa"]) == 0
        assert main(["receive", "--member", "xa"]) == 0
        assert capsys.readouterr().out.splitlines() == [
            "XA  OK           1 extracts accepted, 0 refused, 0 seen before; "
            "2 rows, of them 2 accepted, 0 rejected, 0 duplicate",
            "XA  NOTHING_NEW  0 extracts accepted, 0 refused, 0 seen before; "
            "0 rows, of them 0 accepted, 0 rejected, 0 duplicate",
        ]
        assert len(list((folder / "home" / "landing" / "receipts" / "XA").iterdir())) == 1

    def test_all_members(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        put(folder / "home" / "inbox" / "xa" / FILE_NAME, extract(GOOD))
        put(folder / "home" / "inbox" / "xb" / "colis-2026-03.csv", "")

        assert main(["receive"]) == 11
        printed = capsys.readouterr().out
        assert "XB, colis-2026-03.csv: The file is empty." in printed
        assert [path.name for path in sorted((folder / "home" / "landing" / "receipts").iterdir())] == [
            "XA",
            "XB",
        ]

    def test_one_that_another_process_receives_does_not_stop_the_others(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        put(folder / "home" / "inbox" / "xa" / FILE_NAME, extract(GOOD))
        put(
            folder / "home" / "inbox" / "xb" / "colis-2026-03.csv",
            extract(GOOD, {"Value": "x"}, country="XB"),
        )
        lock = folder / "home" / "originals" / ".scratch" / "XA.lock"
        lock.parent.mkdir(parents=True)
        with lock.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            assert main(["receive"]) == 12
        printed = capsys.readouterr().out
        assert "XA: another process is receiving it" in printed
        assert "\nXB  OK           1 extracts accepted," in printed

        assert main(["receive"]) == 0, "rows that are left out are no failure"

    def test_a_format_that_does_not_exist(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        member_file(folder / "members", small_member(code="XC", format="carrier_pigeon"))
        put(folder / "home" / "inbox" / "xc" / FILE_NAME, extract(GOOD, country="XC"))

        assert main(["receive", "--member", "xc"]) == 10
        assert "found 'carrier_pigeon'; expected one of ['asycuda_manifest'" in capsys.readouterr().out

    def test_no_such_member(self, folder: Path) -> None:
        assert main(["receive", "--member", "zz"]) == 10

    @pytest.mark.parametrize(("status", "exit_code"), [("UNREACHABLE", 12), ("ERRORED", 10), ("OK", 0)])
    def test_the_exit_code_is_that_of_the_worst(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, status: landing.Status, exit_code: int
    ) -> None:
        monkeypatch.setattr(
            landing, "receive_member", lambda settings, member: ReceiveOutcome(member.code, status)
        )

        assert main(["receive", "--member", "xa"]) == exit_code


class TestMembers:
    def test_all_in_a_table(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["members"]) == 0

        codes = re.findall(r"^│ ([A-Z]{2}) ", capsys.readouterr().out, re.MULTILINE)
        assert len(codes) == 24
        assert codes == list(load_members(Settings(home=tmp_path)))

    def test_one_in_words(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["members", "show", "fj"]) == 0

        lines = capsys.readouterr().out.splitlines()
        assert lines[:2] == [
            "FJ  Fiji",
            "Currency FJD; time zone Pacific/Fiji; languages: en, fj, hi.",
        ]
        for line in (
            "Its files are put into inbox/fj.",
            "  A file named FJ_parcels_{yyyymm}.csv, such as FJ_parcels_202603.csv.",
            "  It is sent every month, at the latest 15 days after the period.",
            "  From 2019-01 on: format delimited; delimiter: “;”; encoding: utf-8.",
            "  Dates are written dd/mm/yyyy, times dd/mm/yyyy hh:mm (local time of Pacific/Fiji), "
            "numbers 1234.50.",
            "    Customs value → declared_value: Value of the item on the valuation basis given. "
            "Every item needs it.",
            "    (always CIF, Cost, insurance and freight (CIF)) → valuation_basis_code: "
            "What the value contains.",
            "        SD4 = SIMPLIFIED, Simplified declaration",
            "        Y = yes",
            "    Country: must hold FJ on every row.",
            "  Columns that are never kept: Consignee, Consignee address, Exporter, Declarant, "
            "Commercial description.",
            "  Not sent, so that no figure can rest on it: hs_edition, goods_description, posted_at, "
            "advance_data_at, consignee_token, consignor_token, declarant_token, operator_code.",
            "Shown to the public: its totals; no figure on fewer than 5 items.",
        ):
            assert line in lines
        for start in (
            "  400 FJD, from before the series: duty and tax, measured on the value with freight and "
            "insurance (CIF); at or under it all is free, above it all is charged; Postal letters and ",
            "  2,000 FJD, from 2020-08-01 until 2024-06-28: duty and tax, measured on the value with freight "
            "and insurance (CIF); only what exceeds it is charged; every channel (",
            "  VAT 15%, from 2023-08-01 (vatcalc.com, Fiji)",
        ):
            assert any(line.startswith(start) for line in lines), start

    def test_one_in_french(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["members", "show", "fj", "--language", "fr"]) == 0

        lines = capsys.readouterr().out.splitlines()
        for line in (
            "FJ  Fidji",
            "Ses fichiers sont déposés dans inbox/fj.",
            "  Il est transmis chaque mois, au plus tard 15 jours après la période.",
            "  Les dates s’écrivent jj/mm/aaaa, les heures jj/mm/aaaa hh:mm (heure locale de Pacific/Fiji), "
            "les nombres 1234.50.",
            "    Arrival date → arrival_date : Jour d’arrivée, selon le calendrier du membre. "
            "Chaque envoi en a besoin.",
            "        CP = POSTAL_PARCEL, Colis postaux",
            "        N = non",
            "  TVA 12,5\u202f%, à partir du 2025-08-01 (fbcnews and fijivillage, 27 June 2025)",
        ):
            assert line in lines, line

    def test_the_short_form_says_the_same(self, capsys: pytest.CaptureFixture[str]) -> None:
        main(["members", "show", "nc"])
        shown = capsys.readouterr().out
        assert main(["members", "nc"]) == 0
        assert capsys.readouterr().out == shown
        assert shown.startswith("NC  Nouvelle-Calédonie\n"), "in its own first language"

    def test_every_packaged_member_can_be_told_in_both_languages(self, tmp_path: Path) -> None:
        for member in load_members(Settings(home=tmp_path)).values():
            for language in ("en", "fr"):
                text = "\n".join(in_sentences(member, language))
                assert "None" not in re.sub(r"None( is established| = NONE_FOUND)", "", text)

    def test_french_has_words_for_every_column(self) -> None:
        assert set(MEANINGS_FR) == set(SUPPLIED_COLUMNS)

    def test_one_with_units_and_forms_of_its_own(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        columns = {
            "gross_mass_kg": {"column": "Mass", "factor": 0.001},
            "release_at": {"column": "Released", "format": "%Y%m%d%H%M"},
        }
        member_file(folder / "members", small_member(code="XC", columns=columns))

        assert main(["members", "xc"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert "    Mass → gross_mass_kg: Gross mass in kilograms. Multiplied by 0.001." in lines
        assert "    Released → release_at: Release by customs, UTC. Written yyyymmddhhmm." in lines

    def test_a_first_file_from_a_sample_can_be_used_at_once(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        sample = put(folder / "xc-2026-03.csv", extract(GOOD, country="XC"))
        out = folder / "mine"
        out.mkdir()
        facts = ["--currency", "FJD", "--time-zone", "Pacific/Fiji", "--languages", "en"]
        command = ["members", "new", "xc", "--sample", str(sample), "--out", str(out), *facts]

        assert main(command) == 10
        assert "expected --name-en, --name-fr" in capsys.readouterr().err
        assert main([*command, "--name-en", "Example", "--name-fr", "Exemple"]) == 10
        assert (
            "no column can be taken for channel_code" in capsys.readouterr().err
        )  # its P is known to nobody
        command += [
            "--name-en",
            "Example",
            "--name-fr",
            "Exemple",
            "--constant",
            "channel_code=POSTAL_PARCEL",
        ]
        assert main(command) == 0
        printed = capsys.readouterr().out
        assert printed.startswith(f"{out / 'xc.yml'}: written, with ")
        assert " GUESS, " in printed

        monkeypatch.setenv("PACIFIC_PARCELS_MEMBERS", str(out))
        assert main(["check", str(sample), "--member", "xc"]) == 0
        assert "all 1 rows are in order (10.00 FJD)" in capsys.readouterr().out
        assert main(["members", "show", "xc"]) == 0

    @pytest.mark.parametrize("pair", ["channel_code", "=x", "channel_code="])
    def test_a_pair_written_wrongly(
        self, folder: Path, capsys: pytest.CaptureFixture[str], pair: str
    ) -> None:
        sample = put(folder / FILE_NAME, extract(GOOD))

        assert main(["members", "new", "xa", "--sample", str(sample), "--map", pair]) == 10
        assert "expected CONTRACT=VALUE" in capsys.readouterr().err

    def test_a_sample_that_is_not_there(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        command = ["members", "new", "xa", "--sample", str(folder / "none.csv"), "--out", str(folder)]
        assert main(command) == 2
        assert "there is no such file" in capsys.readouterr().err

    def test_no_such_member(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["members", "zz"]) == 10
        assert capsys.readouterr().err == "member: found 'zz'; expected one of xa, xb\n"


class TestDemo:
    def test_writes_files_that_say_that_they_are_synthetic(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("PACIFIC_PARCELS_HOME", str(tmp_path))

        assert main(["demo", "--items", "2000", "--months", "3"]) == 0
        printed = capsys.readouterr().out
        inbox = tmp_path / "inbox"
        extracts = [path for path in inbox.rglob("*.*") if not path.name.endswith(".manifest.json")]
        assert len(extracts) >= 24
        assert all(".synthetic" in path.name for path in extracts)
        match = re.fullmatch(
            r"SYNTHETIC, true of no country: ([\d,]+) files with ([\d,]+) items written into (\S+); "
            r"([\d,]+) rows are broken on purpose\.\n",
            printed,
        )
        assert match is not None, printed
        assert (int(match[1]), match[2], match[3]) == (len(extracts), "2,000", str(inbox))
        # One row in 200 of 2,000 is 10. A few fall away where a file would get too many.
        assert 1 <= int(match[4]) <= 12

    def test_names_the_members_that_it_cannot_serve(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (folder / "members" / "xb.yml").unlink()
        member_file(folder / "members", small_member(code="XC", format="carrier_pigeon"))

        assert main(["demo", "--items", "30", "--months", "1"]) == 0
        assert capsys.readouterr().out.splitlines()[1] == (
            "No extracts for XC: their format is not one that can be written."
        )

    def test_figures_without_sense(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["demo", "--items", "-1"]) == 1
        assert "found items -1" in capsys.readouterr().err


class TestProcess:
    def run(
        self, folder: Path, code: str, *arguments: str, **environment: str
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=REPOSITORY,
            env=os.environ
            | {"PACIFIC_PARCELS_MEMBERS": str(folder / "members"), "PYTHONUTF8": "0"}
            | environment,
            capture_output=True,
            check=False,
            timeout=60,
        )

    def test_the_light_install_suffices(self, folder: Path) -> None:
        """None of what only the pipeline needs can be imported, and a file is checked all the same."""
        path = put(folder / FILE_NAME, extract(GOOD, {"Value": "x"}))
        code = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {ABSENT!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
from pacific_parcels.cli import main
exit_code = main(sys.argv[1:])
assert not set({ABSENT!r}) & {{name.split(".")[0] for name in sys.modules}}
sys.exit(exit_code)
"""
        done = self.run(folder, code, "check", str(path), "--member", "xa")

        assert (done.returncode, done.stderr.decode()) == (4, "")
        assert done.stdout.decode().startswith(f"{FILE_NAME} would be accepted, but 1 of 2 rows")

    def test_a_report_survives_a_terminal_that_is_not_utf8(self, folder: Path) -> None:
        """The narrow no-break space of 1 234,50 is none of the signs of Windows-1252."""
        path = put(folder / "colis-2026-03.csv", extract({"Value": "1234.50"}, country="XB"))
        code = "import sys; from pacific_parcels.cli import main; sys.exit(main(sys.argv[1:]))"
        done = self.run(folder, code, "check", str(path), "--member", "xb", PYTHONIOENCODING="cp1252")

        assert (done.returncode, done.stderr.decode()) == (0, "")
        assert "sont en ordre (1\u202f234,50 FJD)." in done.stdout.decode()


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])

    assert caught.value.code == 0
    assert capsys.readouterr().out == f"{__version__}\n"


@pytest.mark.parametrize("command", [["members"], ["members", "show", "fj"]])
def test_a_reader_that_has_read_enough_ends_the_command_without_a_word(command: list[str]) -> None:
    nobody, answer = os.pipe()
    os.close(nobody)
    program = f"import sys; from pacific_parcels.cli import main; sys.exit(main({command}))"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        stdout=answer,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        check=False,
    )
    os.close(answer)
    assert (ended.returncode, ended.stderr) == (1, "")
