"""Reading in a child process with limits: no file, whatever it does to its reader, takes a run down.

    parent  Sandbox.read(job)  ──  the job, pickled        ▸  a child of its own, forked (`zygote`) or started
                               ◂  manifest and reading, JSON  ──  reading.read_sent

One child reads all the files of a member, one after the other or several together; it is started with the
first. A file that has it run out of memory, of time or of disk (R019), or that crashes it (R023), is refused;
the next file gets a fresh child. Where that happens to several together, each is read again alone, so that
no file answers for another. The answer is JSON that is checked field by field: a child in the hands of a file
can tell lies about the files it reads, and run nothing here.

The memory of a child is what DuckDB may take (PACIFIC_PARCELS_MEMORY_LIMIT) and READER_BYTES for everything
else; its time grows with the size of the file. Windows has no such limits: there the time alone is bounded.
On Linux a child does not outlive the process that started it, nor the zygote that forked it.
"""

from __future__ import annotations

import errno
import json
import os
import pickle  # nosec B403
import pkgutil
import re
import shutil
import signal
import subprocess  # nosec B404
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self

import duckdb
from pydantic import TypeAdapter, ValidationError

from pacific_parcels import errors
from pacific_parcels.contract import RULES
from pacific_parcels.errors import ExtractError, PacificParcelsError, Unavailable
from pacific_parcels.faults import Fault
from pacific_parcels.formats import format_names, load_format
from pacific_parcels.gap import STREAM_CODES
from pacific_parcels.members import Member
from pacific_parcels.processes import end_with_parent
from pacific_parcels.reading import (
    Manifest,
    Reading,
    Sent,
    bytes_of,
    connect,
    place_of,
    read_sent_together,
)
from pacific_parcels.settings import PACKAGE, Settings
from pacific_parcels.tokens import TokenKey
from pacific_parcels.zygote import Forked, Zygote, serve

if sys.platform != "win32":
    import resource

READER = "pacific_parcels.reading:read_sent"
READER_BYTES = 1_500_000_000
LONGEST_ANSWER = 4 * 1024 * 1024
LONGEST_MESSAGE = 1000
MOST_FAULTS_LISTED = 100
START_SECONDS = 120
OPEN_FILES = 512
PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])")

Excess = Literal["memory", "time", "disk", "crash"]
Child = subprocess.Popen[bytes] | Forked


def _environment() -> dict[str, str]:
    """That of a child: without the secrets of connections, since it reads what strangers wrote."""
    folders = [folder or os.getcwd() for folder in sys.path]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
    return kept | {"PYTHONPATH": os.pathsep.join(folders)}


def _started(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """A child where none can be forked."""
    return subprocess.Popen(  # nosec B603
        # No shell, and nothing of a member's file in it.
        # -P: a file in the working directory must not stand in for a module.
        [sys.executable, "-P", "-m", "pacific_parcels.sandbox", str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=True,  # Ctrl+C is for the parent, which ends the child
    )


def _working_directory() -> str | None:
    """None where it has been taken away."""
    with suppress(FileNotFoundError):
        return os.getcwd()
    return None


ZYGOTE = Zygote("pacific_parcels.sandbox", _environment)


@dataclass(frozen=True)
class Limits:
    """What the reading of one file may take. Time and disk grow with the size of the file.

    `wall_factor`: how much longer than its processor time a file may take by the clock, on a busy machine.
    """

    memory_bytes: int
    cpu_seconds: float = 60
    cpu_seconds_per_megabyte: float = 10
    wall_factor: float = 3
    written_bytes: int = 8_000_000_000
    written_per_byte: int = 20

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        return cls(bytes_of(settings.memory_limit) + READER_BYTES)

    def cpu_seconds_for(self, byte_count: int) -> float:
        return self.cpu_seconds + self.cpu_seconds_per_megabyte * byte_count / 1e6

    def written_bytes_for(self, byte_count: int) -> int:
        return self.written_bytes + self.written_per_byte * byte_count

    def exceeded(self, excess: Excess, byte_count: int) -> Fault:
        """R019 in the words of both languages; R023 for a crash."""
        if excess == "crash":
            return Fault("R023", "", 1)
        memory = f"{self.memory_bytes / 1e9:.1f}"
        seconds = f"{self.cpu_seconds_for(byte_count):,.0f}"
        seconds_fr = seconds.replace(",", "\u202f")
        disk = f"{self.written_bytes_for(byte_count) / 1e9:.0f}"
        details = {
            "memory": {
                "found": "memory",
                "found_fr": "mémoire",
                "expected": f"{memory} GB",
                "expected_fr": f"{memory.replace('.', ',')} Go",
            },
            "time": {
                "found": "time",
                "found_fr": "temps",
                "expected": f"{seconds} seconds",
                "expected_fr": f"{seconds_fr} secondes",
            },
            "disk": {
                "found": "disk space",
                "found_fr": "espace disque",
                "expected": f"{disk} GB",
                "expected_fr": f"{disk} Go",
            },
        }[excess]
        return Fault("R019", "", 1, details)


@dataclass(frozen=True)
class Job:
    """One file to be read. `content_sha256` is looked at where there is a manifest only.

    `scratch` is an empty directory; `sent_on` the day on which the member sent the file; `key` and
    `for_sender` are those of `reading.read_extract`.
    """

    member: Member
    path: Path
    source_name: str
    extract_id: str
    sent_on: date
    scratch: Path
    manifest_path: Path | None
    content_sha256: str
    key: TokenKey | None = None
    for_sender: bool = False

    def as_sent(self) -> Sent:
        return Sent(
            self.path,
            self.source_name,
            self.extract_id,
            self.sent_on,
            self.scratch,
            self.manifest_path,
            partial(str, self.content_sha256),
            self.key,
            self.for_sender,
        )


@dataclass(frozen=True)
class Answer:
    """What a child says of a file: a reading, what it ran out of, or which error it met.

    `closed_by`: the number of the system's error when the file itself could not be opened or read.
    """

    manifest: Manifest | None = None
    reading: Reading | None = None
    excess: Literal["memory", "disk"] | None = None
    closed_by: int | None = None
    error_class: str = ""
    error_message: str = ""


ANSWERS = TypeAdapter(list[Answer])


class Sandbox:
    """Reads files in a child process. A context manager: the child ends with the block."""

    def __init__(
        self, settings: Settings, spill: Path, *, reader: str = READER, limits: Limits | None = None
    ) -> None:
        """`spill` is a directory of this sandbox alone, for what memory cannot take; it is emptied.

        `reader` names the function that reads, with the arguments of `reading.read_sent`.
        """
        self.settings, self.spill, self.reader = settings, spill, reader
        self.limits = limits or Limits.of(settings)
        self._process: Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def read(self, job: Job) -> tuple[Manifest | None, Reading]:
        """What `reading.read_sent` says of the file; R019 where it takes more than it may.

        Errors: those of `reading.read_sent` as they are; PacificParcelsError for any other error there, by
        its class and place alone, since its text may hold data; OSError when the file cannot be opened;
        Unavailable when the disk is full.
        """
        answers, excess = self._ask([job])
        if answers is None:
            return None, self._refused(job, excess)
        (answer,) = answers
        if answer.excess is not None:
            self._end()
            return None, self._refused(job, answer.excess)
        if answer.closed_by is not None:
            raise OSError(answer.closed_by, os.strerror(answer.closed_by), str(job.path))
        if answer.reading is None:
            raise _error_of(answer)
        return answer.manifest, answer.reading

    def read_together(self, jobs: Sequence[Job]) -> list[tuple[Manifest | None, Reading]] | None:
        """What `read` would say of each of several files of one member, at less cost.

        None where anything went wrong with one of them: then each has to be read alone.
        """
        if self.reader != READER or len(jobs) < 2:
            return None
        try:
            answers, _ = self._ask(jobs)
        except PacificParcelsError:
            return None
        if answers is None:
            self._end()
            return None
        results = [(answer.manifest, answer.reading) for answer in answers if answer.reading is not None]
        return results if len(results) == len(jobs) else None

    def _ask(self, jobs: Sequence[Job]) -> tuple[list[Answer] | None, Excess]:
        """What a child answers, or why it does not. Errors: PacificParcelsError for what is no answer."""
        byte_count = sum(_size_of(job) for job in jobs)
        cpu_seconds = self.limits.cpu_seconds_for(byte_count)
        process = self._process or self._start()
        order = pickle.dumps((jobs, cpu_seconds, self.limits.written_bytes_for(byte_count)))
        content, is_late = _exchange(process, order, self.limits.wall_factor * cpu_seconds)
        if content is None or is_late:
            return None, "time" if is_late else self._cause_of_death()
        return self._checked(content, jobs), "crash"

    def _start(self) -> Child:
        """Errors: PacificParcelsError when there is no reader to be had."""
        shutil.rmtree(self.spill, ignore_errors=True)
        environment = _environment()
        process = self._process = ZYGOTE.fork() or _started(environment)
        order = (environment, _working_directory(), self.reader, self.settings, self.spill)
        content, _ = _exchange(process, pickle.dumps((*order, self.limits.memory_bytes)), START_SECONDS)
        if content is None:
            self._end()
            raise PacificParcelsError(
                f"the reader of files did not start (exit code {process.returncode}); expected a child "
                f"process of {sys.executable}; its own message is above"
            )
        return process

    def _cause_of_death(self) -> Excess:
        """Why there was no answer. Nobody but the system, short of memory, kills a child unasked."""
        if self._process is None:
            return "crash"
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(timeout=1)
            if sys.platform != "win32":
                causes: dict[int, Excess] = {-signal.SIGXCPU: "time", -signal.SIGKILL: "memory"}
                return causes.get(code, "crash")
        return "crash"

    def _refused(self, job: Job, excess: Excess) -> Reading:
        self._end()
        reading = Reading(faults=[self.limits.exceeded(excess, _size_of(job))])
        with suppress(ExtractError):
            reading.stream_code, periods = place_of(job.member, job.source_name)
            reading.first_period, reading.last_period = periods
        return reading

    def _checked(self, content: bytes, jobs: Sequence[Job]) -> list[Answer]:
        """The answers, where every part of them can be one. Errors: PacificParcelsError."""
        try:
            answers = ANSWERS.validate_json(content, strict=True)
        except ValidationError as error:
            self._end()
            first = error.errors()[0]["loc"] if error.error_count() < MOST_FAULTS_LISTED else ()
            raise _no_answer(".".join(map(str, first[1:])) or "all of it") from None
        if len(answers) != len(jobs):
            self._end()
            raise _no_answer("their number")
        for answer, job in zip(answers, jobs, strict=True):
            if answer.reading is not None:
                self._check(answer.reading, job)
        return answers

    def _check(self, reading: Reading, job: Job) -> None:
        """Errors: PacificParcelsError for a reading that cannot be one of this file."""
        scratch = job.scratch.resolve()
        files = [path for _, path in reading.accepted_files]
        others = (reading.rejected_file, reading.noted_file, reading.lines_file, reading.parts_file)
        files += [file for file in others if file is not None]
        is_sound = {
            "stream_code": reading.stream_code in ("", *job.member.extracts, *STREAM_CODES),
            "faults": all(fault.rule_id in RULES for fault in reading.faults),
            "periods": all(
                PERIOD.fullmatch(period)
                for period in [*reading.items_by_period, *(period for period, _ in reading.accepted_files)]
            ),
            "files": len(set(files)) == len(files)
            and all(path.resolve().is_relative_to(scratch) and path.is_file() for path in files)
            and not any(path.is_symlink() for path in files),
        }
        wrong = [name for name, is_right in is_sound.items() if not is_right]
        if wrong:
            self._end()
            raise _no_answer(", ".join(wrong))

    def _end(self) -> None:
        """End the child, whatever it is at, and take away what it spilled."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):  # a job that the child did not take
                    pipe.close()
        shutil.rmtree(self.spill, ignore_errors=True)


def _size_of(job: Job) -> int:
    return job.path.stat().st_size if job.path.is_file() else 0


def _no_answer(places: str) -> PacificParcelsError:
    return PacificParcelsError(
        f"the reader gave an answer that is none ({places}); expected a manifest and a reading; "
        "a defect of the reader, or a file that attacks it"
    )


def _error_of(answer: Answer) -> PacificParcelsError:
    """An error of ours as it was; any other by its name."""
    message = "".join(sign if sign.isprintable() else " " for sign in answer.error_message[:LONGEST_MESSAGE])
    kind = getattr(errors, answer.error_class, None)
    if isinstance(kind, type) and issubclass(kind, PacificParcelsError) and kind is not ExtractError:
        return kind(message)
    name = answer.error_class if answer.error_class.isidentifier() else "an error without a name"
    return PacificParcelsError(f"{name[:100]} {message}: a defect of the reader")


def _exchange(process: Child, order: bytes, seconds: float) -> tuple[bytes | None, bool]:
    """Send an order and wait for what comes back: (the answer or None, whether the time was over).

    A child that is late is killed. By a thread, since a pipe cannot be waited for on Windows.
    """
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    watch = threading.Timer(seconds, end)
    watch.daemon = True
    watch.start()
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        _send(process.stdin, order)
        content = _received(process.stdout)
    except OSError:  # it is dead
        content = None
    finally:
        watch.cancel()
        watch.join()
    return content, late.is_set()


def _send(pipe: IO[bytes], content: bytes) -> None:
    pipe.write(len(content).to_bytes(4, "big") + content)
    pipe.flush()


def _received(pipe: IO[bytes]) -> bytes | None:
    """What was sent; None when the other side has ended, or sends more than can be meant."""
    size = pipe.read(4)
    length = int.from_bytes(size, "big")
    if len(size) < 4 or length > LONGEST_ANSWER:
        return None
    content = pipe.read(length)
    return content if len(content) == length else None


def _serve(parent: int) -> None:
    """The child: read file after file until the parent is gone, which is the zygote where that forked it."""
    end_with_parent(parent)
    orders, way_back = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    start = _received(orders)
    if start is None:
        return
    # Orders come from the sandbox alone; what the child read goes back as JSON.
    environment, folder, reader, settings, spill, memory_bytes = pickle.loads(start)  # nosec B301
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:] = environment["PYTHONPATH"].split(os.pathsep)
    if folder is not None:
        os.chdir(folder)
    read: Callable[..., tuple[Manifest | None, Reading]] = pkgutil.resolve_name(reader)
    connection = connect(settings, spill)
    _limit_the_process(memory_bytes)
    # From here on files are read: what libraries print may hold their data.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    _send(way_back, b"{}")
    while (order := _received(orders)) is not None:
        jobs, cpu_seconds, written_bytes = pickle.loads(order)  # nosec B301
        _limit_the_file(cpu_seconds, written_bytes)
        if len(jobs) == 1:
            answers = [_answer(read, settings, connection, jobs[0])]
        else:
            answers = _answers(settings, connection, jobs)
        text = json.dumps(ANSWERS.dump_python(answers, mode="json"), ensure_ascii=False)
        # The name of a file may hold bytes that are no letters; they become question marks.
        _send(way_back, text.encode("utf-8", "replace"))


def _answer(
    read: Callable[..., tuple[Manifest | None, Reading]],
    settings: Settings,
    connection: duckdb.DuckDBPyConnection,
    job: Job,
) -> Answer:
    try:
        manifest, reading = read(
            settings,
            connection,
            job.member,
            job.path,
            job.source_name,
            job.extract_id,
            job.sent_on,
            job.scratch,
            job.manifest_path,
            lambda: job.content_sha256,
            job.key,
            job.for_sender,
        )
    except PacificParcelsError as error:
        return Answer(error_class=type(error).__name__, error_message=str(error))
    except (MemoryError, duckdb.OutOfMemoryException):
        return Answer(excess="memory")
    except Exception as error:
        if _is_system_error(error, errno.EFBIG):
            return Answer(excess="disk")
        if _is_system_error(error, errno.ENOSPC):
            return Answer(
                error_class=Unavailable.__name__,
                error_message=f"{job.scratch}: the disk is full; make room and run again",
            )
        if isinstance(error, OSError) and str(error.filename) == str(job.path):
            return Answer(closed_by=error.errno)
        return Answer(error_class=type(error).__name__, error_message=_place_of(error))
    return Answer(manifest, reading)


def _answers(settings: Settings, connection: duckdb.DuckDBPyConnection, jobs: Sequence[Job]) -> list[Answer]:
    """What is said of several files of one member; of none, whatever went wrong with any of them."""
    files = [job.as_sent() for job in jobs]
    try:
        results = read_sent_together(settings, connection, jobs[0].member, files)
    except Exception as error:  # it is met again, and told, where the file is read alone
        return [Answer(error_class=type(error).__name__)] * len(jobs)
    return [Answer(manifest, reading) for manifest, reading in results]


def _is_system_error(error: Exception, number: int) -> bool:
    """DuckDB tells an error of the system by its text alone."""
    if isinstance(error, OSError):
        return error.errno == number
    return isinstance(error, duckdb.IOException) and os.strerror(number) in str(error)


def _place_of(error: Exception) -> str:
    """The last line of ours that the error came through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(PACKAGE)]
    if not ours:
        return ""
    return f"in {Path(ours[-1].filename).relative_to(PACKAGE.parent).as_posix()}, line {ours[-1].lineno}"


def _limit_the_process(memory_bytes: int) -> None:
    """Limits for good. A machine short of memory takes this process first."""
    if sys.platform == "win32":
        return
    # RLIMIT_AS would count what DuckDB only reserves.
    for kind, value in (
        (resource.RLIMIT_DATA, memory_bytes),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, most = resource.getrlimit(kind)
        bounded = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(kind, (bounded, bounded))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _limit_the_file(cpu_seconds: float, written_bytes: int) -> None:
    """Limits that are raised from file to file; at the first the system ends this process."""
    if sys.platform == "win32":
        return
    for kind, value in (
        (resource.RLIMIT_CPU, int(time.process_time() + cpu_seconds) + 1),
        (resource.RLIMIT_FSIZE, written_bytes),
    ):
        _, most = resource.getrlimit(kind)
        resource.setrlimit(kind, (value if most == resource.RLIM_INFINITY else min(value, most), most))


def _run(role: str, *numbers: str) -> None:
    """What a process that is started for a sandbox is: a child, or the zygote of children."""
    if role == "zygote":
        parent, number = map(int, numbers)
        serve(parent, number, _serve, _import_formats)
    else:
        _serve(int(role))


def _import_formats() -> None:
    for name in format_names():
        load_format(name)


if __name__ == "__main__":
    # As the module that jobs are of: this one is another, by the name of __main__.
    from pacific_parcels import sandbox

    sandbox._run(*sys.argv[1:])
