"""Briefs by e-mail, against a real SMTP server on loopback: sent once, tried again, no address in a log."""

from __future__ import annotations

import json
import logging
import shutil
import smtplib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from dags import mailing, steps
from dags.mailing import has_letters, mail_briefs, postings_due
from pacific_parcels.briefs.files import brief_files
from pacific_parcels.errors import MemberFileError, Unavailable
from pacific_parcels.members import Member, read_member
from pacific_parcels.settings import Settings
from tests.publication_fixture import write_publication
from tests.small_member import member_file, small_member
from tests.sources.conftest import free_port

FIJI, TONGA = "statistics@customs.example.fj", "stats@customs.example.to"
RUN = "00001-first"
PASSWORD = "a-secret-of-the-server"  # pragma: allowlist secret  # of the server of these tests


@dataclass
class Mailbox:
    """What the server took, in order, and the addresses that it refuses."""

    messages: list[EmailMessage] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    is_full: bool = False

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return f"550 no such mailbox: {address}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.is_full:
            return "452 no room"
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        assert envelope.rcpt_tos == [message["To"]]
        self.messages.append(message)
        return "250 OK"

    @property
    def recipients(self) -> list[str]:
        return [message["To"] for message in self.messages]


@dataclass
class Server:
    mailbox: Mailbox
    port: int


@pytest.fixture
def server() -> Iterator[Server]:
    """It takes mail from whoever knows the password."""

    def is_known(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and data.password == PASSWORD.encode()
        return AuthResult(success=right, handled=False)

    mailbox = Mailbox()
    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=is_known,
        auth_required=True,
        auth_require_tls=False,
    )
    controller.start()
    yield Server(mailbox, controller.port)
    controller.stop()


Connect = Callable[..., None]


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    def connect(port: int, host: str = "127.0.0.1", password: str = PASSWORD, **extra: Any) -> None:
        given = {
            "disable_ssl": True,
            "disable_tls": True,
            "from_email": "parcels@oco.example",
            "retry_limit": 0,
        }
        connection = {
            "conn_type": "smtp",
            "host": host,
            "port": port,
            "login": "parcels",
            "password": password,
            "extra": {**given, **extra},
        }
        monkeypatch.setenv("AIRFLOW_CONN_BRIEFS_SMTP", json.dumps(connection))

    return connect


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hand-made publication; the files of its briefs hold a word, since nobody opens them here."""
    home = tmp_path_factory.mktemp("made")
    write_publication(home, RUN, members=("fj", "to", "ws"))
    pointer = json.loads((home / "published" / "current.json").read_text(encoding="utf-8"))
    pointer |= {"run_number": 1, "input_fingerprint": "x"}
    pointer["briefs"] = {audience: f"{audience}/{RUN}.briefs" for audience in pointer["audiences"]}
    for audience, folder in pointer["briefs"].items():
        (home / "published" / folder).mkdir(parents=True)
        for name in brief_files(audience):
            (home / "published" / folder / name).write_text(f"{folder} {name}", encoding="utf-8")
    (home / "published" / "current.json").write_text(json.dumps(pointer), encoding="utf-8")
    return home


@pytest.fixture
def region(tmp_path: Path, made: Path) -> Settings:
    """Fiji has an address in French, Tonga two, Samoa none; a publication stands, with its briefs."""
    members = tmp_path / "members"
    addresses = {
        "FJ": [{"email": FIJI, "language": "fr"}],
        "TO": [{"email": TONGA}, {"email": "revenue@example.to"}],
        "WS": [],
    }
    for code, contacts in addresses.items():
        member = small_member(code=code, file=f"{code.lower()}-{{period}}.csv").model_dump(mode="json")
        member_file(members, Member.model_validate({**member, "contacts": contacts}))
    settings = Settings(home=tmp_path / "home", member_directories=(members,))
    shutil.copytree(made, settings.home)
    return settings


def publish_again(settings: Settings, run_id: str) -> None:
    """The same files as another publication."""
    pointer = json.loads(settings.pointer.read_text(encoding="utf-8"))
    settings.pointer.write_text(json.dumps({**pointer, "run_id": run_id}), encoding="utf-8")


def said_by_us(caplog: pytest.LogCaptureFixture) -> str:
    """All that was logged, but for the server of this test."""
    return "\n".join(record.getMessage() for record in caplog.records if record.name != "mail.log")


def test_nothing_is_sent_and_nothing_fails_without_a_connection(region: Settings) -> None:
    assert mail_briefs(region) == mailing.Mailed()
    assert not has_letters(region)
    assert len(postings_due(region)) == 3


def test_each_address_gets_the_brief_of_its_member_in_its_language(
    region: Settings, server: Server, connect: Connect
) -> None:
    connect(server.port)
    assert has_letters(region)

    mailed = mail_briefs(region)

    assert mailed == mailing.Mailed(sent=["FJ", "TO", "TO"])
    assert server.mailbox.recipients == [FIJI, TONGA, "revenue@example.to"]
    french, english, _ = server.mailbox.messages
    assert french["From"] == "parcels@oco.example"
    assert french["Subject"] == "Pacific Parcels, note\u00a0: Petits colis, Fidji\u00a0: mars\u00a02026"
    assert english["Subject"] == "Pacific Parcels, brief: Small parcels, Tonga: January\u00a02026"
    body = french.get_body().get_content()
    assert "2\u202f950 colis sont arrivés" in body
    assert "DONNÉES SYNTHÉTIQUES" in body
    attached = {part.get_filename(): part.get_content() for part in french.iter_attachments()}
    name, folder = "pacific-parcels_member-fj_2026-03_fr", f"member_fj/{RUN}.briefs"
    assert attached == {f"{name}.{form}": f"{folder} brief_fr.{form}".encode() for form in ("html", "pdf")}


def test_a_second_run_sends_nothing_and_a_new_publication_all(
    region: Settings, server: Server, connect: Connect
) -> None:
    connect(server.port)
    mail_briefs(region)

    assert mail_briefs(region) == mailing.Mailed()
    assert not has_letters(region)
    assert len(server.mailbox.messages) == 3

    publish_again(region, "00002-second")

    assert mail_briefs(region).sent == ["FJ", "TO", "TO"]
    assert len({message["Message-ID"] for message in server.mailbox.messages}) == 6


def test_one_that_is_refused_waits_and_the_others_are_sent(
    region: Settings, server: Server, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    connect(server.port)
    server.mailbox.refused = {TONGA}

    with caplog.at_level(logging.DEBUG):
        mailed = mail_briefs(region)

    assert mailed.sent == ["FJ", "TO"]
    assert mailed.waiting == {"TO": "SMTPRecipientsRefused 550"}
    server.mailbox.refused = set()
    assert mail_briefs(region).sent == ["TO"]
    assert server.mailbox.recipients == [FIJI, "revenue@example.to", TONGA]
    assert TONGA not in said_by_us(caplog)
    assert FIJI not in said_by_us(caplog)


def test_a_full_server_and_an_unreachable_one_leave_all_for_the_next_run(
    region: Settings, server: Server, connect: Connect
) -> None:
    connect(server.port)
    server.mailbox.is_full = True
    assert mail_briefs(region).waiting == {"FJ": "SMTPDataError 452", "TO": "SMTPDataError 452"}
    connect(free_port())
    assert mail_briefs(region).waiting == {"FJ": "ConnectionRefusedError", "TO": "ConnectionRefusedError"}

    connect(server.port)
    server.mailbox.is_full = False

    assert mail_briefs(region).sent == ["FJ", "TO", "TO"]


def test_what_was_sent_before_the_line_broke_is_not_sent_again(
    region: Settings, server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(server.port)
    send = mailing._send

    def breaking(settings: Settings, hook: Any, posting: Any, pointer: Any, folder: Path) -> None:
        if posting.contact.email == TONGA:
            raise smtplib.SMTPServerDisconnected("gone")
        send(settings, hook, posting, pointer, folder)

    monkeypatch.setattr(mailing, "_send", breaking)
    assert mail_briefs(region) == mailing.Mailed(["FJ"], {"TO": "SMTPServerDisconnected"})
    monkeypatch.setattr(mailing, "_send", send)

    assert mail_briefs(region).sent == ["TO", "TO"]
    assert server.mailbox.recipients == [FIJI, TONGA, "revenue@example.to"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"from_email": ""}, "it has no from_email"),
        ({"host": "mail.example.org"}, "TLS is disabled"),
        ({"password": "wrong"}, "SMTPAuthenticationError 535"),  # pragma: allowlist secret  # and a wrong one
    ],
)
def test_a_connection_that_will_not_do_says_why_and_no_secret(
    changes: dict[str, Any], reason: str, region: Settings, server: Server, connect: Connect
) -> None:
    connect(server.port, **changes)

    waiting = mail_briefs(region).waiting

    assert set(waiting) == {"FJ", "TO"}
    assert reason in waiting["FJ"]
    assert PASSWORD not in waiting["FJ"]
    assert server.mailbox.messages == []


def test_the_step_says_members_and_never_an_address(
    region: Settings,
    server: Server,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    connect(server.port)
    server.mailbox.refused = {TONGA}
    monkeypatch.setattr(Settings, "from_environment", lambda: region)

    with caplog.at_level(logging.INFO), pytest.raises(Unavailable, match="TO: SMTPRecipientsRefused 550"):
        steps.mail_briefs()

    assert "2 briefs: FJ, TO" in caplog.text
    ledger = region.mail_ledger.read_text(encoding="utf-8")
    assert "@" not in ledger
    assert TONGA not in said_by_us(caplog)
    server.mailbox.refused = set()
    assert steps.mail_briefs() == {"sent": 1}


@pytest.mark.parametrize(
    "contacts",
    [
        [{"email": "no address"}],
        [{"email": "two@example.fj, other@example.fj"}],
        [{"email": "a@example.fj"}, {"email": "A@example.fj"}],
        [{"email": "a@example.fj", "language": "de"}],
    ],
)
def test_a_wrong_contact_is_refused_and_its_address_not_repeated(
    contacts: list[dict[str, str]], tmp_path: Path
) -> None:
    member_file(tmp_path, small_member())
    path = tmp_path / "fj.yml"
    whole = path.read_text(encoding="utf-8") + f"contacts: {json.dumps(contacts)}\n"
    path.write_text(whole, encoding="utf-8")

    with pytest.raises(MemberFileError) as caught:
        read_member(path)

    assert "contacts" in str(caught.value)
    assert "example.fj" not in str(caught.value)
