"""The page that checks a file: the report of the command, for a visitor, and nothing left behind."""

from __future__ import annotations

import subprocess
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import checking
from dashboards.checking import NotChecked, check, plain_name
from dashboards.words import LANGUAGES
from tests.contract.test_formats import sample_of
from tests.publication_fixture import write_publication
from tests.small_member import FILE_NAME, member_file, small_member, text_of
from tests.unit.dashboards.conftest import APP, OpenPage

VIEW = "views/preflight.py"
Read = Callable[[AppTest], str]


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where the page may write. Fiji's made-up layout stands in for the packaged one."""
    package = tmp_path / "package"
    member_file(tmp_path / "members", small_member(code="XA", file="items-{period}.csv"))
    monkeypatch.setenv("PACIFIC_PARCELS_MEMBERS", str(tmp_path / "members"))
    assert not package.exists()
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def content(*changes: dict[str, str]) -> bytes:
    return text_of(*({"Country": "XA", "Port": ""} | change for change in changes)).encode()


def checked(name: str, *changes: dict[str, str]) -> Any:
    return check(name, memoryview(content(*changes)), "XA")


class TestCheck:
    def test_gives_the_report_of_the_command_and_the_list_of_rows_left_out(self, scratch: Path) -> None:
        result = checked(FILE_NAME, {}, {"Value": "ten"})

        assert (result.report["verdict"], result.report["rows_in"]) == ("PARTIAL", 2)
        assert result.report["sentence_en"].startswith(f"{FILE_NAME} would be accepted, but 1 of 2 rows")
        assert result.rejects is not None
        assert b"\r\n,3,,R106,declared_value,Value,G,ten,1234.50," in result.rejects
        assert not list(scratch.iterdir()), "nothing is kept"

    def test_of_a_message_says_the_line_of_the_file(self, scratch: Path, tmp_path: Path) -> None:
        sample, member, *_ = sample_of("cargo_imp")
        member_file(tmp_path / "members", member.model_copy(update={"code": "XB", "is_oco_member": False}))

        report = check(sample.name, memoryview(sample.read_bytes()), "XB").report

        # The house with a broken HBS is the fourth record of the sample and stands on its line 36.
        broken = [example for example in report["examples"] if example["column_name"] == "HBS"]
        assert [(example["row"], example["line"], example["sheet"]) for example in broken] == [(4, 36, "")]

    def test_keeps_nothing_of_a_check_that_takes_too_long(
        self, scratch: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(checking, "CHECK_SECONDS", 0.01)
        started: list[subprocess.Popen[bytes]] = []

        class Watched(subprocess.Popen[bytes]):
            def __init__(self, *arguments: Any, **named: Any) -> None:
                super().__init__(*arguments, **named)
                started.append(self)

        monkeypatch.setattr(subprocess, "Popen", Watched)
        with pytest.raises(NotChecked, match="time"):
            checked(FILE_NAME, {})
        assert not list(scratch.iterdir())
        assert [process.returncode for process in started] == [-9]
        assert checking.PLACES.acquire(blocking=False), "its place is free again"
        checking.PLACES.release()

    def test_of_an_unknown_member_says_that_it_failed_and_keeps_nothing(self, scratch: Path) -> None:
        with pytest.raises(NotChecked, match="failed"):
            check(FILE_NAME, memoryview(content({})), "ZZ")
        assert not list(scratch.iterdir())

    def test_does_not_start_more_than_the_machine_can_bear(
        self, scratch: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(checking, "PATIENCE_SECONDS", 0.01)
        for _ in range(checking.MOST_AT_ONCE):
            checking.PLACES.acquire()
        try:
            with pytest.raises(NotChecked, match="busy"):
                checked(FILE_NAME, {})
        finally:
            for _ in range(checking.MOST_AT_ONCE):
                checking.PLACES.release()

    def test_passes_no_secret_of_the_server_on(self, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: dict[str, str] = {}

        def look(*_: Any, env: dict[str, str], **__: Any) -> None:
            seen.update(env)
            raise FileNotFoundError("stopped here")

        # pragma: allowlist nextline secret  # of no server
        monkeypatch.setenv("AIRFLOW_CONN_FJ_SFTP", "sftp://fiji:hunter2@host")
        monkeypatch.setattr(subprocess, "Popen", look)
        with pytest.raises(FileNotFoundError):
            checked(FILE_NAME, {})
        assert seen["PACIFIC_PARCELS_MEMORY_LIMIT"] == "512MB"
        assert not any("hunter2" in value for value in seen.values())
        assert not list(scratch.iterdir())

    @pytest.mark.parametrize(
        ("sent", "used"),
        [
            ("items-2026-03.csv", "items-2026-03.csv"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\Mere\\items.csv", "items.csv"),
            ("..", "upload"),
            ("", "upload"),
            ("a\0b.csv", "ab.csv"),
            ("é" * 300 + ".csv", "é" * 98 + ".csv"),
        ],
    )
    def test_takes_a_name_without_its_folders(self, sent: str, used: str) -> None:
        assert plain_name(sent) == used


class TestPage:
    def upload(self, page: AppTest, name: str, body: bytes) -> AppTest:
        page.file_uploader[0].set_value((name, body, "text/csv")).run(timeout=60)
        assert not page.exception
        return page

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_says_its_limit_and_that_nothing_is_kept(
        self, language: str, open_page: OpenPage, text: Read
    ) -> None:
        page = open_page(VIEW, lang=language)

        body = text(page).replace("\u00a0", " ")
        assert {"en": "Nothing is kept:", "fr": "Rien n’est conservé :"}[language] in body
        assert {"en": "has 50 MB", "fr": "fait 50 Mo"}[language] in body
        assert "50" in page.file_uploader[0].label
        options = tomllib.loads((APP.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
        assert options["server"]["maxUploadSize"] == 50
        assert page.file_uploader[0].proto.max_upload_size_mb == 50

    @pytest.mark.parametrize(
        ("audience", "address", "expected"),
        [("member_ws", {}, "WS"), ("member_ws", {"member": "TO"}, "TO"), ("public", {"member": "XX"}, "FJ")],
    )
    def test_a_member_finds_itself_chosen(
        self,
        audience: str,
        address: dict[str, str],
        expected: str,
        open_page: OpenPage,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
    ) -> None:
        """Samoa is the third of the list."""
        write_publication(tmp_path / "of_samoa", members=("ws",))
        monkeypatch.setenv("PACIFIC_PARCELS_HOME", str(tmp_path / "of_samoa"))
        monkeypatch.setenv("PACIFIC_PARCELS_AUDIENCE", audience)
        (chosen,) = open_page(VIEW, **address).selectbox
        assert chosen.value == expected

    def test_shows_the_report_of_a_bad_file_in_both_languages(
        self, open_page: OpenPage, text: Read, scratch: Path
    ) -> None:
        name = "FJ_parcels_202603.csv"
        body = b"Waybill;Mode\n1;CP\n"
        english = self.upload(open_page(VIEW, lang="en", member="FJ"), name, body)

        shown = text(english)
        assert english.selectbox(key="preflight_member").value == "FJ"
        assert f"{name} would be refused: do not send it yet." in shown
        assert "<strong>R002</strong>" in shown
        assert "Columns are missing: Office, Place of discharge," in shown
        french = self.upload(open_page(VIEW, lang="fr", member="FJ"), name, body)
        assert f"{name} serait refusé\u00a0: ne l’envoyez pas encore." in text(french)
        assert "Colonnes manquantes\u00a0: Office, Place of discharge," in text(french)
        assert not list(scratch.iterdir())

    def test_escapes_what_the_visitor_sends(self, open_page: OpenPage, text: Read) -> None:
        page = self.upload(
            open_page(VIEW, lang="en", member="FJ"), "<img src=x onerror=alert(1)>.csv", b"<b>x</b>;y\n1;2\n"
        )
        shown = text(page)
        assert "&lt;img src=x onerror=alert(1)&gt;.csv would be refused" in shown
        assert "<img" not in shown

    def test_the_member_is_in_the_address(self, open_page: OpenPage) -> None:
        page = open_page(VIEW, lang="fr")
        page.selectbox(key="preflight_member").set_value("NC").run()

        assert page.query_params == {"lang": "fr", "member": "NC"}
