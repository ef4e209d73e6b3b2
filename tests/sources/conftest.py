"""Real servers on free ports of this computer, started and ended by the tests: OpenSSH, an S3 store, HTTPS.

Their keys are made for one run and thrown away. Connections reach the tasks as they do in operation: as
environment variables that Airflow reads.
"""

from __future__ import annotations

import getpass
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dags.fetching import SourceLedger
from dags.places import place_of
from pacific_parcels.members import Member
from pacific_parcels.settings import Settings
from tests.small_member import small_member

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
CONNECTION = "test_source"

Connect = Callable[..., None]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", member_directories=(tmp_path / "members",), quiet_seconds=0.1)


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    """connect(host=…, port=…): define the connection that the member's source names."""

    def connect(**connection: Any) -> None:
        monkeypatch.setenv(f"AIRFLOW_CONN_{CONNECTION.upper()}", json.dumps(connection))

    return connect


def member_with(source: dict[str, Any], languages: tuple[str, ...] = ("en",), **member: Any) -> Member:
    """The small member, with a source."""
    content = small_member(**member).model_dump(mode="json")
    return Member.model_validate({**content, "languages": languages, "source": source})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        assert process.poll() is None, log.read_text()
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    pytest.fail(f"no answer from sshd in ten seconds: {log.read_text()}")


@dataclass
class SshServer:
    port: int
    user_key: str
    host_key: str

    def connection(self, **changes: Any) -> dict[str, Any]:
        extra = {"private_key": self.user_key, "host_key": self.host_key, "look_for_keys": "false"}
        connection = {
            "conn_type": "sftp",
            "host": "127.0.0.1",
            "port": self.port,
            "login": getpass.getuser(),
            "extra": extra | changes.pop("extra", {}),
        }
        return connection | changes


def new_key(path: Path) -> str:
    """Make a key pair; the public key."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)]
    subprocess.run(command, check=True)
    return " ".join(path.with_suffix(".pub").read_text().split()[:2])


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    if SSHD is None:
        message = "no sshd here: `make sshd` installs OpenSSH's server"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    folder = tmp_path_factory.mktemp("sshd")
    host_key = new_key(folder / "host")
    (folder / "authorized").write_text(new_key(folder / "user") + "\n")
    port = free_port()
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder / 'host'}\nPidFile {folder / 'pid'}\n"
        f"AuthorizedKeysFile {folder / 'authorized'}\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n"
        "Compression no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        "Subsystem sftp internal-sftp\n"
    )
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(parents=True, exist_ok=True)  # where a start script would have made it
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(folder / "config")], stderr=output)
    try:
        wait_for(port, process, log)
        yield SshServer(port, (folder / "user").read_text(), host_key)
    finally:
        process.terminate()
        process.wait(20)


@dataclass
class Line:
    """A TCP line to a server that breaks once, after so many bytes from the server."""

    target: int
    cut_after: int
    port: int = 0
    has_broken: bool = False
    sockets: list[socket.socket] = field(default_factory=list)


@contextmanager
def breaking_line(target: int, cut_after: int) -> Iterator[Line]:
    listener = socket.create_server(("127.0.0.1", 0))
    line = Line(target, cut_after, listener.getsockname()[1])

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", target))
                line.sockets += [client, server]
                threading.Thread(target=pump, args=(client, server, False), daemon=True).start()
                threading.Thread(target=pump, args=(server, client, True), daemon=True).start()

    def pump(source: socket.socket, sink: socket.socket, is_answer: bool) -> None:
        sent = 0
        with suppress(OSError):
            while data := source.recv(65536):
                sent += len(data)
                if is_answer and not line.has_broken and sent > line.cut_after:
                    line.has_broken = True
                    sink.sendall(data[: len(data) - (sent - line.cut_after)])
                    break
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield line
    finally:
        for one in (listener, *line.sockets):
            one.close()


def note_as_fetched(settings: Settings, member: Member, prefix: str) -> int:
    """Enter the files of a source whose names begin so as fetched before; how many files it has."""
    with place_of(member) as place:
        listing = place.listing()
    ledger = SourceLedger.read(settings, member)
    for found in listing:
        if found.name.startswith(prefix):
            ledger.note(found)
    ledger.write()
    return len(listing)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def everything_in(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder with its size and time."""
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }
