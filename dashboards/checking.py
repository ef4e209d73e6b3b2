"""A visitor's file checked by `pacific-parcels check`, as a process of its own, and nothing is kept.

The file lies in a temporary directory that goes whatever happens, and so does all that the process writes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess  # nosec B404
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pacific_parcels.settings import REPOSITORY

LARGEST_LIST_MB = 50
LONGEST_NAME = 200
MOST_AT_ONCE = 2
PATIENCE_SECONDS = 30
CHECK_SECONDS = 300
JUDGED = (0, 4, 11)  # the exit codes of a check that came to a verdict
# All that the check needs of this server's environment: no secret of it is any of its business.
PASSED_ON = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "LANG", "PACIFIC_PARCELS_MEMBERS")


@dataclass(frozen=True)
class Checked:
    """The report as `check --json` gives it, and the CSV of rows left out where there are any.

    `is_list_too_large`: there is one, but it would fill the memory of this server.
    """

    report: dict[str, Any]
    rejects: bytes | None = None
    is_list_too_large: bool = False


class NotChecked(Exception):
    """`reason` is a key of the words: preflight_failure.<reason>."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


PLACES = threading.BoundedSemaphore(MOST_AT_ONCE)  # each check takes memory and a processor


def plain_name(name: str) -> str:
    """The name of the file without any folder; never one that leads out of the temporary directory."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1].replace("\0", "")
    shortened = last.encode("utf-8", "replace")[-LONGEST_NAME:].decode("utf-8", "ignore")
    return shortened if shortened not in ("", ".", "..") else "upload"


def check(name: str, content: memoryview, member_code: str) -> Checked:
    """Errors: NotChecked."""
    if not PLACES.acquire(timeout=PATIENCE_SECONDS):
        raise NotChecked("busy")
    try:
        with tempfile.TemporaryDirectory(prefix="pacific-parcels-upload-") as folder:
            return check_in(Path(folder), plain_name(name), content, member_code)
    finally:
        PLACES.release()


def check_in(folder: Path, name: str, content: memoryview, member_code: str) -> Checked:
    sent, scratch, rejects = folder / "sent" / name, folder / "scratch", folder / "rejects.csv"
    sent.parent.mkdir()
    scratch.mkdir()
    sent.write_bytes(content)
    environment = {key: os.environ[key] for key in PASSED_ON if key in os.environ} | {
        "PACIFIC_PARCELS_HOME": str(folder / "home"),
        "PACIFIC_PARCELS_MEMORY_LIMIT": "512MB",
        "PACIFIC_PARCELS_THREADS": "1",
        "TMPDIR": str(scratch),
    }
    command = [sys.executable, "-m", "pacific_parcels.cli", "check", str(sent), "--member", member_code]
    # No shell; the file's name is one of our own folder, and the member one of our list.
    with subprocess.Popen(  # nosec B603
        [*command, "--json", "--rejects", str(rejects)],
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=CHECK_SECONDS)
        except subprocess.TimeoutExpired:
            raise NotChecked("time") from None
        finally:
            if process.poll() is None:  # and whatever it has started
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode not in JUDGED:
        raise NotChecked("failed")
    is_listed = rejects.is_file()
    is_list_too_large = is_listed and rejects.stat().st_size > LARGEST_LIST_MB * 1_000_000
    listed = rejects.read_bytes() if is_listed and not is_list_too_large else None
    return Checked(json.loads(output), listed, is_list_too_large)
