"""Readers that a file has got hold of: what the file says is what they do. For tests of the sandbox.

Each takes the arguments of `reading.read_sent`; a file that says none of this is read as ever.
"""

from __future__ import annotations

import ctypes
import json
import os
import pickle
import resource
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb

from pacific_parcels.errors import MemberFileError, PacificParcelsError
from pacific_parcels.faults import Fault
from pacific_parcels.reading import Manifest, Reading, read_sent

PERSON = "Mere Vakacegu"


def loop(*_: Any) -> None:
    while True:
        pass


def sleep(*_: Any) -> None:
    time.sleep(600)


def eat_memory(*_: Any) -> None:
    held = []
    while True:
        held.append(bytearray(10_000_000))


def eat_memory_of_duckdb(_: object, connection: duckdb.DuckDBPyConnection, *__: Any) -> None:
    connection.execute("select list(repeat('x', 1000000)) from range(3000)").fetchall()


def fill_the_disk(scratch: Path) -> None:
    with (scratch / "spool.txt").open("wb") as file:
        while True:
            file.write(bytes(1_000_000))


def write_to_every_pipe(content: bytes) -> None:
    """As a reader would that looks for the way back to its parent."""
    for descriptor in range(3, 64):
        with suppress(OSError):
            os.write(descriptor, content)
    time.sleep(600)


class Touch:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return os.mkdir, (str(self.path),)


def talk() -> None:
    print(PERSON, flush=True)
    print(PERSON, file=sys.stderr, flush=True)
    os.write(1, PERSON.encode())
    os.write(2, PERSON.encode())


def say_pid(path: Path) -> None:
    path.with_name("pid").write_text(str(os.getpid()), encoding="ascii")


def tell_what_it_is(path: Path) -> None:
    """As a reader would that looks for what it was left by others."""
    descriptors = {int(name): os.readlink(f"/proc/self/fd/{name}") for name in listed("/proc/self/fd")}
    told = {
        "environment": dict(os.environ),
        "environment of the system": Path("/proc/self/environ").read_text(encoding="utf-8"),
        "descriptors": descriptors,
        "parent": os.getppid(),
        "pid": os.getpid(),
        "session": os.getsid(0),
        "oom_score_adj": int(Path("/proc/self/oom_score_adj").read_text(encoding="ascii")),
        "limits": {
            name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))
            for name in ("DATA", "NOFILE", "CORE", "CPU", "FSIZE")
        },
        "folder": os.getcwd(),
    }
    path.with_name("told").write_text(json.dumps(told), encoding="utf-8")


def listed(folder: str) -> list[str]:
    """The names in a folder, without that of the descriptor that reads it."""
    return [name for name in os.listdir(folder) if os.path.lexists(f"{folder}/{name}")]


def raised(error: Exception) -> None:
    raise error


def reader(
    settings: Any,
    connection: duckdb.DuckDBPyConnection,
    member: Any,
    path: Path,
    source_name: str,
    extract_id: str,
    sent_on: Any,
    scratch: Path,
    *rest: Any,
) -> tuple[Manifest | None, Reading]:
    """What the file says, then the reading of it."""
    made = Path(f"{path}.made")
    link = scratch / "link.parquet"
    pickled = pickle.dumps(Touch(made))
    attacks: dict[str, Callable[[], object]] = {
        "loop": loop,
        "sleep": sleep,
        "eat memory": eat_memory,
        "eat memory of DuckDB": lambda: eat_memory_of_duckdb(settings, connection),
        "fill the disk": lambda: fill_the_disk(scratch),
        "abort": os.abort,
        "segfault": lambda: ctypes.string_at(0),
        "exit": lambda: os._exit(0),
        "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "pickle": lambda: write_to_every_pipe(len(pickled).to_bytes(4, "big") + pickled),
        "endless answer": lambda: write_to_every_pipe(b"\xff" * 1_000),
        "talk": talk,
        "wrong member file": lambda: raised(MemberFileError("fj.yml: a key is wrong")),
        "wrong count": lambda: raised(PacificParcelsError("3 rows in, 2 out: a defect of the reader")),
        "defect": lambda: raised(ValueError(PERSON)),
        "defect in a format": lambda: load_format_of_no_name(),
        "disk full": lambda: raised(OSError(28, "No space left on device")),
        "closed": lambda: raised(PermissionError(13, "Permission denied", str(path))),
        "tell what it is": lambda: tell_what_it_is(path),
        "say pid and loop": lambda: (say_pid(path), loop()),
    }
    lies: dict[str, Callable[[], Reading]] = {
        "file of another": lambda: Reading(accepted_files=[("2026-03", path)]),
        "link": lambda: (link.symlink_to(path), Reading(rejected_file=link))[1],
        "file twice": lambda: Reading(accepted_files=[("2026-03", made_in(scratch))] * 2),
        "no period": lambda: Reading(accepted_files=[("../../2026-03", made_in(scratch))]),
        "no period to count": lambda: Reading(items_by_period={"March": 1}),
        "no rule": lambda: Reading(faults=[Fault("R999", "", 1)]),
        "no stream": lambda: Reading(stream_code="other"),
        "no count": lambda: Reading(rows_in="many"),
    }
    said = path.read_text(encoding="utf-8")
    if said in lies:
        return None, lies[said]()
    if said in attacks:
        attacks[said]()
    return read_sent(settings, connection, member, path, source_name, extract_id, sent_on, scratch, *rest)


def made_in(scratch: Path) -> Path:
    path = scratch / "some.parquet"
    path.write_bytes(b"")
    return path


def load_format_of_no_name() -> None:
    """An error in the middle of our own code that is none of ours."""
    from pacific_parcels.formats import Spool

    Spool(Path("nowhere"), (PERSON,))
