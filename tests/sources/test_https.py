"""A report that a server makes on request, as ASYCUDAWorld's are: over HTTPS, on this computer."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dags.reports import ended_periods
from dags.sources import fetch, return_receipts
from pacific_parcels.errors import Unavailable
from pacific_parcels.landing import receive_member
from pacific_parcels.members import Member
from pacific_parcels.settings import Settings
from tests.small_member import text_of
from tests.sources.conftest import CONNECTION, Connect, free_port, member_with, names_in

FEBRUARY, MARCH = ("2026-02-01", "2026-02-28"), ("2026-03-01", "2026-03-31")
# In Fiji (UTC+12) it is the first of April already.
NOW = datetime(2026, 3, 31, 13, 0, tzinfo=UTC)
LARGE = random.Random(7).randbytes(2_000_000)


@dataclass
class ReportServer:
    """Reports by (from, to); `breaks_after` cuts the next answer after so many bytes."""

    port: int = 0
    reports: dict[tuple[str, str], bytes] = field(default_factory=dict)
    tells_versions: bool = True
    breaks_after: int | None = None
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    bytes_sent: int = 0

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        query = parse_qs(urlsplit(handler.path).query)
        days = (query["from"][0], query["to"][0])
        asked_range = handler.headers.get("Range")
        self.asked.append((*days, asked_range))
        expected = base64.b64encode(b"reader:secret").decode()
        if handler.headers.get("Authorization") != f"Basic {expected}":
            return self.refuse(handler, 401)
        if days not in self.reports:
            return self.refuse(handler, 404)
        content = self.reports[days]
        etag = f'"{hashlib.md5(content).hexdigest()}"'
        if self.tells_versions and handler.headers.get("If-None-Match") == etag:
            return self.refuse(handler, 304)
        offset = 0
        if asked_range and handler.headers.get("If-Range") == etag:
            offset = int(asked_range.removeprefix("bytes=").rstrip("-"))
        handler.send_response(206 if offset else 200)
        if offset:
            handler.send_header("Content-Range", f"bytes {offset}-{len(content) - 1}/{len(content)}")
        handler.send_header("Content-Type", "text/csv")
        handler.send_header("Content-Length", str(len(content) - offset))
        if self.tells_versions:
            handler.send_header("ETag", etag)
        handler.end_headers()
        body, self.breaks_after = content[offset:][: self.breaks_after], None
        self.bytes_sent += len(body)
        handler.wfile.write(body)
        handler.close_connection = True

    def refuse(self, handler: BaseHTTPRequestHandler, status: int) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate with its key for this computer, which nobody knows but the connection of the tests."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("https") / "server.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.fixture
def server(certificate: Path) -> Iterator[ReportServer]:
    reports = ReportServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            reports.answer(self)

        def log_message(self, *arguments: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    http.socket = context.wrap_socket(http.socket, server_side=True)
    reports.port = http.server_address[1]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield reports
    http.shutdown()
    http.server_close()


def connection(server: ReportServer, certificate: Path | None, **changes: Any) -> dict[str, Any]:
    return {
        "conn_type": "http",
        "schema": "https",
        "host": "localhost",
        "port": server.port,
        "login": "reader",
        "password": "secret",  # pragma: allowlist secret  # of a server of these tests
        "extra": {"verify": str(certificate)} if certificate else {},
        **changes,
    }


@pytest.fixture
def member(server: ReportServer, connect: Connect, certificate: Path) -> Member:
    connect(**connection(server, certificate))
    return member_with(
        {
            "kind": "https",
            "connection": CONNECTION,
            "url": "/report?from={from}&to={to}",
            "file": "items-{period}.csv",
            "periods": 2,
        }
    )


def test_each_ended_month_is_asked_for_by_its_first_and_last_day_and_named_after_the_month(
    settings: Settings, member: Member, server: ReportServer
) -> None:
    february, march = text_of({"Arrived": "2026-02-05"}), text_of({}, {})
    server.reports = {FEBRUARY: february.encode(), MARCH: march.encode()}

    fetched = fetch(settings, member, NOW)

    assert server.asked == [(*FEBRUARY, None), (*MARCH, None)]
    assert (fetched.files, fetched.byte_count) == (2, len(february) + len(march))
    assert names_in(settings.inbox / "fj") == ["items-2026-02.csv", "items-2026-03.csv"]
    assert (settings.inbox / "fj" / "items-2026-03.csv").read_text() == march


@pytest.mark.parametrize("tells_versions", [True, False])
def test_a_report_is_asked_for_again_after_a_day_and_brought_in_when_it_is_another(
    settings: Settings, member: Member, server: ReportServer, tells_versions: bool
) -> None:
    server.tells_versions = tells_versions
    server.reports = {FEBRUARY: text_of({"Arrived": "2026-02-05"}).encode(), MARCH: text_of({}).encode()}
    fetch(settings, member, NOW)
    server.asked.clear()

    an_hour_later = fetch(settings, member, NOW + timedelta(hours=1))
    assert (an_hour_later.files, server.asked) == (0, [])

    server.reports[MARCH] = text_of({}, {}).encode()
    a_day_later = fetch(settings, member, NOW + timedelta(hours=24))
    assert (a_day_later.files, len(server.asked)) == (1, 2)
    assert (settings.inbox / "fj" / "items-2026-03.csv").read_text() == text_of({}, {})


def test_a_month_that_the_server_has_not_got_yet_is_asked_for_at_every_run(
    settings: Settings, member: Member, server: ReportServer
) -> None:
    server.reports = {FEBRUARY: text_of({"Arrived": "2026-02-05"}).encode()}
    assert fetch(settings, member, NOW).files == 1
    server.reports[MARCH] = text_of({}).encode()

    assert fetch(settings, member, NOW + timedelta(hours=1)).files == 1

    assert server.asked[2:] == [(*MARCH, None)]


def test_a_download_that_breaks_goes_on_from_where_it_broke(
    settings: Settings, member: Member, server: ReportServer
) -> None:
    server.reports, server.breaks_after = {MARCH: LARGE}, 1_500_000
    with pytest.raises(Unavailable, match="expected a server that answers; it is tried again"):
        fetch(settings, member, NOW)
    (part,) = (settings.inbox / "fj" / ".fetching").iterdir()
    kept = part.stat().st_size
    assert fetch(settings, member, NOW).files == 1

    assert 0 < kept <= 1_500_000
    assert server.asked[-1] == (*MARCH, f"bytes={kept}-")
    assert server.bytes_sent == 1_500_000 + len(LARGE) - kept
    assert (settings.inbox / "fj" / "items-2026-03.csv").read_bytes() == LARGE


@pytest.mark.parametrize("tells_versions", [True, False])
def test_a_report_that_is_another_by_then_starts_anew(
    settings: Settings, member: Member, server: ReportServer, tells_versions: bool
) -> None:
    server.tells_versions = tells_versions
    server.reports, server.breaks_after = {MARCH: LARGE}, 1_500_000
    with pytest.raises(Unavailable):
        fetch(settings, member, NOW)
    server.reports[MARCH] = LARGE[::-1]
    fetch(settings, member, NOW)

    assert (settings.inbox / "fj" / "items-2026-03.csv").read_bytes() == LARGE[::-1]
    assert list((settings.inbox / "fj" / ".fetching").iterdir()) == []


def test_receipts_stay_beside_the_inbox(settings: Settings, member: Member, server: ReportServer) -> None:
    server.reports = {MARCH: text_of({}).encode()}
    fetch(settings, member, NOW)
    receive_member(settings, member)

    assert return_receipts(settings, member) == 1

    receipt = settings.inbox / "fj" / "receipts" / "items-2026-03.csv.receipt.json"
    assert json.loads(receipt.read_text())["rows_accepted"] == 1


class TestWhatIsWrongIsSaid:
    def failure(self, settings: Settings, member: Member) -> str:
        with pytest.raises(Unavailable) as caught:
            fetch(settings, member, NOW)
        assert "secret" not in str(caught.value)
        return str(caught.value)

    def test_a_wrong_password(
        self, settings: Settings, member: Member, server: ReportServer, connect: Connect, certificate: Path
    ) -> None:
        # pragma: allowlist nextline secret  # a wrong one of a server of these tests
        connect(**connection(server, certificate, password="wrong"))

        assert "answer 401; expected to be let in; mend login and password" in self.failure(settings, member)

    def test_a_certificate_that_nobody_knows(
        self, settings: Settings, member: Member, server: ReportServer, connect: Connect
    ) -> None:
        connect(**connection(server, None))

        assert "the certificate of the server is not one that we trust" in self.failure(settings, member)

    def test_a_server_that_does_not_answer(
        self, settings: Settings, member: Member, server: ReportServer, connect: Connect, certificate: Path
    ) -> None:
        connect(**connection(server, certificate, port=free_port()))

        assert "expected a server that answers; it is tried again" in self.failure(settings, member)

    def test_a_connection_over_which_the_password_could_be_read(
        self, settings: Settings, member: Member, server: ReportServer, connect: Connect, certificate: Path
    ) -> None:
        connect(**connection(server, certificate, schema="http", host="customs.example"))

        assert "its scheme is http; expected https" in self.failure(settings, member)


@pytest.mark.parametrize(
    ("months", "count", "today", "expected"),
    [
        (1, 2, "2026-01-31", ["2025-11-01 2025-11-30", "2025-12-01 2025-12-31"]),
        (1, 1, "2024-03-01", ["2024-02-01 2024-02-29"]),
        (3, 2, "2026-06-30", ["2025-10-01 2025-12-31", "2026-01-01 2026-03-31"]),
        (12, 1, "2026-12-31", ["2025-01-01 2025-12-31"]),
    ],
)
def test_only_whole_periods_that_have_ended_are_asked_for(
    months: int, count: int, today: str, expected: list[str]
) -> None:
    periods = ended_periods(months, count, date.fromisoformat(today))

    assert [f"{first} {last}" for first, last in periods] == expected
