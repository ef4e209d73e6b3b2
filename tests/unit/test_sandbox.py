"""The sandbox: a file may do to its reader what it likes; the next is read, and the parent is unharmed."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from pacific_parcels import sandbox
from pacific_parcels.errors import MemberFileError, PacificParcelsError, Unavailable
from pacific_parcels.reading import Manifest, Reading, connect, read_sent
from pacific_parcels.sandbox import ZYGOTE, Job, Limits, Sandbox, bytes_of
from pacific_parcels.settings import Settings
from pacific_parcels.zygote import Zygote
from tests.hostile_readers import PERSON
from tests.small_member import FILE_NAME, SENT_ON, put, small_member, text_of, words_of

READER = "tests.hostile_readers:reader"
TIGHT = Limits(
    memory_bytes=400_000_000,
    cpu_seconds=2,
    cpu_seconds_per_megabyte=0,
    wall_factor=20,
    written_bytes=3_000_000,
    written_per_byte=0,
)
LITTLE_TIME = Limits(memory_bytes=400_000_000, cpu_seconds=0.4, wall_factor=1)
GOOD = text_of({}, {"Value": "2.50"})


class Desk:
    """A place where files are read one after the other, by one sandbox."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder, self.sandbox, self.count = folder, sandbox, 0

    def job(self, content: str, name: str = FILE_NAME, manifest: dict[str, object] | None = None) -> Job:
        self.count += 1
        folder = self.folder / str(self.count)
        scratch = folder / "scratch"
        scratch.mkdir(parents=True)
        manifest_path = None
        if manifest is not None:
            manifest_path = put(folder / f"{name}.manifest.json", json.dumps(manifest))
        path = put(folder / name, content)
        return Job(small_member(), path, name, "fj-1", SENT_ON, scratch, manifest_path, "ab" * 32)

    def read(self, content: str) -> Reading:
        return self.sandbox.read(self.job(content))[1]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", memory_limit="100MB")


@pytest.fixture
def desk(settings: Settings, tmp_path: Path) -> Iterator[Desk]:
    ZYGOTE.start()  # which stays, for the next sandbox
    children = psutil.Process().children(recursive=True)
    with Sandbox(settings, tmp_path / "spill", reader=READER, limits=TIGHT) as sandbox:
        yield Desk(tmp_path, sandbox)
    assert psutil.Process().children(recursive=True) == children
    assert not (tmp_path / "spill").exists()


def refusal(reading: Reading) -> tuple[str, str, str, str]:
    (fault,) = reading.faults
    assert words_of(fault)
    found, limit, limit_fr = (fault.details.get(name, "") for name in ("found", "expected", "expected_fr"))
    return fault.rule_id, found, limit, limit_fr


class TestOneBadFile:
    @pytest.mark.parametrize(
        ("attack", "found", "limit", "limit_fr"),
        [
            ("loop", "time", "2 seconds", "2 secondes"),
            ("eat memory", "memory", "0.4 GB", "0,4 Go"),
            ("eat memory of DuckDB", "memory", "0.4 GB", "0,4 Go"),
            ("fill the disk", "disk space", "0 GB", "0 Go"),
            ("abort", "", "", ""),
            ("segfault", "", "", ""),
            ("exit", "", "", ""),
            ("kill", "memory", "0.4 GB", "0,4 Go"),
            ("endless answer", "", "", ""),
        ],
    )
    def test_it_is_refused_and_the_next_one_is_read(
        self, desk: Desk, attack: str, found: str, limit: str, limit_fr: str
    ) -> None:
        bad = desk.read(attack)

        assert refusal(bad) == ("R019" if found else "R023", found, limit, limit_fr)
        assert (bad.is_refused, bad.stream_code, bad.first_period) == (True, "items", "2026-03")
        assert desk.read(GOOD).rows_accepted == 2

    def test_one_that_only_waits_is_ended_by_the_clock(self, settings: Settings, tmp_path: Path) -> None:
        with Sandbox(settings, tmp_path / "spill", reader=READER, limits=LITTLE_TIME) as sandbox:
            assert refusal(Desk(tmp_path, sandbox).read("sleep"))[:2] == ("R019", "time")

    def test_one_whose_name_is_not_agreed_is_refused_as_well(self, desk: Desk) -> None:
        _, reading = desk.sandbox.read(desk.job("abort", name="march.csv"))

        assert refusal(reading)[0] == "R023"
        assert (reading.stream_code, reading.first_period) == ("", None)

    def test_a_pickle_instead_of_an_answer_is_not_run(self, desk: Desk) -> None:
        job = desk.job("pickle")

        with pytest.raises(PacificParcelsError, match="an answer that is none"):
            desk.sandbox.read(job)
        assert not Path(f"{job.path}.made").exists()
        assert desk.read(GOOD).rows_accepted == 2

    @pytest.mark.parametrize(
        ("lie", "what"),
        [
            ("file of another", "files"),
            ("link", "files"),
            ("file twice", "files"),
            ("no period", "periods"),
            ("no period to count", "periods"),
            ("no rule", "faults"),
            ("no stream", "stream_code"),
            ("no count", "reading.rows_in"),
        ],
    )
    def test_an_answer_that_cannot_be_true_is_not_believed(
        self, settings: Settings, tmp_path: Path, lie: str, what: str
    ) -> None:
        with (
            Sandbox(settings, tmp_path / "spill", reader=READER) as sandbox,
            pytest.raises(PacificParcelsError, match=rf"an answer that is none \({what}\)"),
        ):
            Desk(tmp_path, sandbox).read(lie)

    def test_what_it_has_libraries_print_is_seen_nowhere(
        self, desk: Desk, capfd: pytest.CaptureFixture[str]
    ) -> None:
        desk.read("talk")

        assert capfd.readouterr() == ("", "")


class TestOurOwnErrors:
    def test_those_raised_on_purpose_come_through_as_they_are(self, desk: Desk) -> None:
        with pytest.raises(MemberFileError, match=r"^fj\.yml: a key is wrong$"):
            desk.read("wrong member file")
        with pytest.raises(PacificParcelsError, match=r"^3 rows in, 2 out: a defect of the reader$"):
            desk.read("wrong count")

    def test_any_other_is_told_by_its_class_and_place_without_the_data_in_its_text(self, desk: Desk) -> None:
        with pytest.raises(PacificParcelsError, match=r"^ValueError .*: a defect of the reader$") as raised:
            desk.read("defect")
        assert PERSON not in str(raised.value)
        with pytest.raises(
            PacificParcelsError,
            match=r"^FileNotFoundError in pacific_parcels/formats/__init__\.py, line \d+: a defect",
        ):
            desk.read("defect in a format")
        assert desk.read(GOOD).rows_accepted == 2

    def test_a_full_disk_is_worth_a_retry(self, desk: Desk) -> None:
        with pytest.raises(Unavailable, match="the disk is full; make room"):
            desk.read("disk full")

    def test_a_file_that_cannot_be_opened_is_told_as_ever(self, desk: Desk) -> None:
        job = desk.job("closed")

        with pytest.raises(PermissionError, match=rf"Permission denied: '{job.path}'"):
            desk.sandbox.read(job)

    def test_a_reader_that_cannot_start_refuses_no_file(self, settings: Settings, tmp_path: Path) -> None:
        with (
            Sandbox(settings, tmp_path / "spill", reader="tests.hostile_readers:none") as sandbox,
            pytest.raises(PacificParcelsError, match="did not start"),
        ):
            Desk(tmp_path, sandbox).read(GOOD)


def test_the_answer_is_what_the_reader_says(settings: Settings, tmp_path: Path) -> None:
    """Money to its last zero, times with their zone, files where they lie."""
    text = text_of({}, {"Value": "x"}, {"Item": "A1"}, {"Currency": "USD", "Mass": "0"})
    manifest = {
        "rows": 4,
        "control_totals": [{"column": "declared_value", "currency": "USD", "total": "10.00"}],
        "extracted_at": "2026-04-02T08:00:00+12:00",
    }
    with Sandbox(settings, tmp_path / "spill") as sandbox:
        desk = Desk(tmp_path, sandbox)
        job = desk.job(text, manifest=manifest)
        answer = sandbox.read(job)
    connection = connect(settings, tmp_path / "spill")
    expected: tuple[Manifest | None, Reading] = read_sent(
        settings, connection, job.member, job.path, job.source_name, job.extract_id, job.sent_on,
        job.scratch, job.manifest_path, lambda: job.content_sha256, job.key, job.for_sender,
    )  # fmt: skip
    connection.close()

    assert answer == expected
    assert [str(value) for value in answer[1].values] == [str(value) for value in expected[1].values]
    assert answer[1].rows_in == 4


def test_files_read_together_have_the_answers_that_each_has_alone(settings: Settings, tmp_path: Path) -> None:
    with Sandbox(settings, tmp_path / "spill") as sandbox:
        desk = Desk(tmp_path, sandbox)
        jobs = [desk.job(GOOD), desk.job("no header of ours"), desk.job(text_of({"Value": "x"}, {}, {}))]

        together = sandbox.read_together(jobs)
        alone = [sandbox.read(job) for job in jobs]

    assert together == alone
    assert [(reading.rows_in, reading.rows_accepted) for _, reading in alone] == [(2, 2), (0, 0), (3, 2)]


def test_where_one_of_several_breaks_the_reader_each_is_to_be_read_alone(
    settings: Settings, tmp_path: Path
) -> None:
    limits = Limits(memory_bytes=400_000_000, written_bytes=1_000_000, written_per_byte=0)
    with Sandbox(settings, tmp_path / "spill", limits=limits) as sandbox:
        desk = Desk(tmp_path, sandbox)
        good, too_much = desk.job(GOOD), desk.job(GOOD)
        too_much.path.write_bytes(gzip.compress(b"a" * 2_000_000))

        assert sandbox.read_together([good, too_much]) is None
        assert sandbox.read(good)[1].rows_accepted == 2
        assert refusal(sandbox.read(too_much)[1])[:2] == ("R019", "disk space")


def test_a_reader_that_is_not_ours_reads_one_file_at_a_time(desk: Desk) -> None:
    assert desk.sandbox.read_together([desk.job(GOOD), desk.job(GOOD)]) is None


def test_a_name_in_the_letters_of_another_code_page_has_its_answer(
    settings: Settings, tmp_path: Path
) -> None:
    with Sandbox(settings, tmp_path / "spill") as sandbox:
        _, reading = sandbox.read(Desk(tmp_path, sandbox).job(GOOD, name=os.fsdecode(b"mars-\xe9.csv")))

    (fault,) = reading.faults
    assert (fault.rule_id, fault.details["found"]) == ("R015", "mars-?.csv")


def test_a_module_in_the_working_directory_is_not_run(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "downloads" / "duckdb.py", "raise SystemExit")
    monkeypatch.chdir(tmp_path / "downloads")

    with Sandbox(settings, tmp_path / "spill") as sandbox:
        assert Desk(tmp_path, sandbox).read(GOOD).rows_accepted == 2


class OneThatCannotFork(Zygote):
    """As where the system has no pidfd: each child is started by itself."""

    def fork(self) -> None:
        return None


@pytest.fixture
def zygote(monkeypatch: pytest.MonkeyPatch) -> Iterator[Zygote]:
    """One of this test alone, which it may kill: that of all tests has children of others."""
    own = Zygote("pacific_parcels.sandbox", sandbox._environment)
    monkeypatch.setattr(sandbox, "ZYGOTE", own)
    yield own
    own.end()


@pytest.fixture(params=["forked", "started"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways in which a child comes into being."""
    if request.param == "started":
        monkeypatch.setattr(sandbox, "ZYGOTE", OneThatCannotFork("", sandbox._environment))
    return str(request.param)


def told_by(desk: Desk) -> dict[str, Any]:
    job = desk.job("tell what it is")
    desk.sandbox.read(job)
    told: dict[str, Any] = json.loads(job.path.with_name("told").read_text(encoding="utf-8"))
    return told


class TestBothWays:
    """A child that the zygote forks is as bounded and as clean as one that is started by itself."""

    def test_it_has_every_limit_and_a_session_of_its_own(
        self, way: str, settings: Settings, tmp_path: Path
    ) -> None:
        with Sandbox(settings, tmp_path / "spill", reader=READER, limits=TIGHT) as opened:
            told = told_by(Desk(tmp_path, opened))

        assert told["session"] == told["pid"] != os.getpid()
        assert (told["parent"] == os.getpid()) == (way == "started")
        assert told["oom_score_adj"] == 1000
        assert told["limits"]["DATA"] == [400_000_000, 400_000_000]
        assert told["limits"]["NOFILE"] == [512, 512]
        assert told["limits"]["CORE"] == [0, 0]
        assert told["limits"]["FSIZE"][0] == 3_000_000
        assert 2 <= told["limits"]["CPU"][0] <= 6  # two seconds more than it has taken to start

    @pytest.mark.usefixtures("zygote", "way")
    def test_it_knows_no_secret_of_the_environment_and_sees_what_has_changed_in_it(
        self, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_INBOX", "sftp://password-of-before")
        with Sandbox(settings, tmp_path / "spill", reader=READER) as first:
            told_by(Desk(tmp_path / "first", first))
        monkeypatch.setenv("AIRFLOW_CONN_OTHER", "sftp://password-of-after")
        monkeypatch.setenv("PACIFIC_PARCELS_OF_THIS_TEST", "seen")
        monkeypatch.chdir(tmp_path)

        with Sandbox(settings, tmp_path / "spill", reader=READER) as second:
            told = told_by(Desk(tmp_path / "second", second))

        assert told["environment"]["PACIFIC_PARCELS_OF_THIS_TEST"] == "seen"
        assert told["folder"] == str(tmp_path)
        assert "PATH" in told["environment of the system"]
        for environment in (json.dumps(told["environment"]), told["environment of the system"]):
            assert "password-of" not in environment
            assert "AIRFLOW" not in environment

    @pytest.mark.usefixtures("way")
    def test_it_has_no_pipe_or_socket_of_another(self, settings: Settings, tmp_path: Path) -> None:
        with (
            Sandbox(settings, tmp_path / "spill of one", reader=READER) as one,
            Sandbox(settings, tmp_path / "spill of other", reader=READER) as other,
        ):
            of_one = told_by(Desk(tmp_path / "one", one))["descriptors"].values()
            of_other = told_by(Desk(tmp_path / "other", other))["descriptors"].values()

        # Orders, and the way back.
        pipes = [{link for link in links if link.startswith("pipe:")} for links in (of_one, of_other)]
        assert [len(links) for links in pipes] == [2, 2]
        assert not pipes[0] & pipes[1]
        assert not [
            link for link in (*of_one, *of_other) if link.startswith(("socket:", "anon_inode:[pidfd"))
        ]

    @pytest.mark.usefixtures("way")
    def test_two_sandboxes_at_once_do_not_meet(self, settings: Settings, tmp_path: Path) -> None:
        def read(name: str) -> list[tuple[int, bool]]:
            with Sandbox(settings, tmp_path / f"spill {name}", reader=READER, limits=TIGHT) as opened:
                desk = Desk(tmp_path / name, opened)
                texts = (GOOD, "abort" if name == "one" else GOOD, GOOD)
                readings = [desk.read(text) for text in texts]
            return [(reading.rows_accepted, reading.is_refused) for reading in readings]

        with ThreadPoolExecutor(2) as threads:
            one, other = threads.map(read, ["one", "other"])

        assert one == [(2, False), (0, True), (2, False)]
        assert other == [(2, False)] * 3

    @pytest.mark.parametrize("way", ["started"], indirect=True)
    @pytest.mark.usefixtures("way")
    def test_how_one_ended_that_was_started_by_itself_is_known(
        self, settings: Settings, tmp_path: Path
    ) -> None:
        """Of the others the tests of one bad file tell."""
        with Sandbox(settings, tmp_path / "spill", reader=READER, limits=TIGHT) as opened:
            desk = Desk(tmp_path, opened)
            assert refusal(desk.read("kill"))[:2] == ("R019", "memory")
            assert refusal(desk.read("segfault"))[:2] == ("R023", "")
            assert desk.read(GOOD).rows_accepted == 2

    @pytest.mark.parametrize("zygotes", ["Zygote", "OneThatCannotFork"])
    def test_nothing_outlives_a_parent_that_is_killed_in_the_middle_of_a_file(
        self, zygotes: str, tmp_path: Path
    ) -> None:
        path = put(tmp_path / FILE_NAME, "say pid and loop")
        program = f"""
sandbox.ZYGOTE = test_sandbox.{zygotes}("pacific_parcels.sandbox", sandbox._environment)
with Sandbox(Settings(home=folder), folder / "spill", reader={READER!r}) as opened:
    opened.read(Job(small_member(), folder / FILE_NAME, FILE_NAME, "fj-1", SENT_ON, folder, None, ""))
"""
        with started(program, tmp_path) as parent:
            child = psutil.Process(wait_for(path.with_name("pid")))
            others = psutil.Process(parent.pid).children(recursive=True)
            assert child in others
            assert len(others) == (2 if zygotes == "Zygote" else 1)

            parent.send_signal(signal.SIGKILL)
            parent.wait()

            assert_gone(others)


@contextmanager
def started(program: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own that does what a test says. Nothing of it stays in any case."""
    head = f"""
import os, time
from pathlib import Path
from pacific_parcels import sandbox
from pacific_parcels.sandbox import Job, Sandbox
from pacific_parcels.settings import Settings
from pacific_parcels.zygote import Zygote
from tests.small_member import FILE_NAME, SENT_ON, put, small_member
from tests.unit import test_sandbox
folder = Path({str(folder)!r})
"""
    process = subprocess.Popen([sys.executable, "-c", head + program], cwd=Path(__file__).parents[2])
    descendants: list[psutil.Process] = []
    try:
        yield process
    finally:
        if process.poll() is None:
            descendants = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        for descendant in descendants:
            with suppress(psutil.NoSuchProcess):
                descendant.kill()


def is_gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def assert_gone(processes: list[psutil.Process]) -> None:
    gone_at = time.monotonic() + 10
    while not all(map(is_gone, processes)):
        assert time.monotonic() < gone_at, "a process outlived its parent"
        time.sleep(0.01)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each child is started by itself")
class TestZygote:
    def test_it_forks_every_child_of_this_process(
        self, zygote: Zygote, settings: Settings, tmp_path: Path
    ) -> None:
        """The third one too: the formats that are imported before the second must not start a thread."""
        parents = []
        for name in ("one", "two", "three"):
            with Sandbox(settings, tmp_path / "spill", reader=READER) as opened:
                parents.append(told_by(Desk(tmp_path / name, opened))["parent"])

        assert zygote._process is not None
        assert parents == [zygote._process.pid] * 3

    def test_where_it_is_killed_the_file_is_refused_and_there_is_another(
        self, zygote: Zygote, settings: Settings, tmp_path: Path
    ) -> None:
        with Sandbox(settings, tmp_path / "spill", reader=READER) as opened, ThreadPoolExecutor(1) as thread:
            desk = Desk(tmp_path, opened)
            job = desk.job("say pid and loop")
            reading = thread.submit(opened.read, job)
            child = psutil.Process(wait_for(job.path.with_name("pid")))
            killed = zygote._process
            assert killed is not None
            killed.kill()

            assert refusal(reading.result()[1])[0] == "R023"
            assert_gone([child])
            assert desk.read(GOOD).rows_accepted == 2
        assert zygote._process is not None
        assert zygote._process.pid != killed.pid

    def test_one_that_died_unnoticed_is_replaced(
        self, zygote: Zygote, settings: Settings, tmp_path: Path
    ) -> None:
        zygote.start()
        killed = zygote._process
        assert killed is not None
        killed.kill()
        killed.wait()

        with Sandbox(settings, tmp_path / "spill", reader=READER) as opened:
            told = told_by(Desk(tmp_path, opened))

        assert zygote._process is not None
        assert told["parent"] == zygote._process.pid != killed.pid

    def test_a_child_stays_when_the_thread_that_wanted_it_has_ended(
        self, settings: Settings, tmp_path: Path
    ) -> None:
        """Pages open sandboxes in threads that do not last."""
        with Sandbox(settings, tmp_path / "spill", reader=READER) as opened:
            desk = Desk(tmp_path, opened)
            thread = threading.Thread(target=desk.read, args=(GOOD,))
            thread.start()
            thread.join()
            child = opened._process

            assert desk.read(GOOD).rows_accepted == 2
            assert opened._process is child

    def test_it_ends_with_its_parent_though_a_fork_of_that_lives_on_with_one_of_its_own(
        self, tmp_path: Path
    ) -> None:
        """As tasks of Airflow do."""
        program = f"""
sandbox.ZYGOTE.start()
name = "parent" if os.fork() else "fork"
def read(number):
    with Sandbox(Settings(home=folder), folder / f"spill {{name}}", reader={READER!r}) as opened:
        desk = test_sandbox.Desk(folder / f"{{name}} {{number}}", opened)
        told = test_sandbox.told_by(desk)
    put(folder / f"zygote of {{name}} {{number}}", str(told["parent"]))
put(folder / f"pid of {{name}}", str(os.getpid()))
read(1)
if name == "fork":
    test_sandbox.wait_for(folder / "go on")
    read(2)
time.sleep(60)
"""
        with started(program, tmp_path) as parent:
            of_parent, of_fork = (
                psutil.Process(wait_for(tmp_path / f"zygote of {name} 1")) for name in ("parent", "fork")
            )
            fork = psutil.Process(wait_for(tmp_path / "pid of fork"))
            assert of_parent.pid != of_fork.pid

            parent.send_signal(signal.SIGKILL)
            parent.wait()

            assert_gone([of_parent])
            put(tmp_path / "go on", "1")
            assert wait_for(tmp_path / "zygote of fork 2") == of_fork.pid
            fork.kill()
            assert_gone([fork, of_fork])

    def test_it_is_none_where_an_import_starts_a_thread(self) -> None:
        threaded = Zygote("tests.zygote_with_a_thread", sandbox._environment)

        assert threaded.start() is not None
        assert threaded.fork() is None
        threaded.end()


def wait_for(path: Path) -> int:
    """The number in a file that is still to be written."""
    given_up_at = time.monotonic() + 30
    while not (path.exists() and path.read_text(encoding="ascii")):
        assert time.monotonic() < given_up_at
        time.sleep(0.01)
    return int(path.read_text(encoding="ascii"))


class TestLimits:
    @pytest.mark.parametrize(
        ("spelt", "expected"),
        [
            ("2GB", 2_000_000_000),
            ("512mb", 512_000_000),
            ("1.5 GiB", 1_610_612_736),
            ("64KiB", 65_536),
            ("2G", 2_000_000_000),
            ("100B", 100),
        ],
    )
    def test_memory_is_spelt_as_for_duckdb(self, spelt: str, expected: int) -> None:
        assert bytes_of(spelt) == expected

    def test_memory_without_a_number_of_bytes_is_that_of_the_machine(self) -> None:
        assert bytes_of("80%") == psutil.virtual_memory().total

    def test_time_and_disk_grow_with_the_file_and_memory_does_not(self, tmp_path: Path) -> None:
        limits = Limits.of(Settings(home=tmp_path))

        assert limits.memory_bytes == 3_500_000_000
        assert limits.cpu_seconds_for(0) == 60
        assert limits.cpu_seconds_for(200_000_000) == 2060
        assert limits.written_bytes_for(1_000_000_000) == 28_000_000_000

    def test_the_words_hold_the_limit_in_both_languages(self, tmp_path: Path) -> None:
        limits = Limits.of(Settings(home=tmp_path))

        memory = words_of(limits.exceeded("memory", 0))
        assert "more memory than a file may take (3.5 GB)" in memory.en
        assert "plus de mémoire que permis (3,5 Go)" in memory.fr
        late = words_of(limits.exceeded("time", 200_000_000))
        assert "more time than a file may take (2,060 seconds)" in late.en
        assert "plus de temps que permis (2\u202f060 secondes)" in late.fr
