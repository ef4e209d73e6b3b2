"""The sandbox: a file may do to its reader what it likes; the next is read, and the parent is unharmed."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pacific_parcels.errors import MemberFileError, PacificParcelsError, Unavailable
from pacific_parcels.reading import Manifest, Reading, connect, read_sent
from pacific_parcels.sandbox import Job, Limits, Sandbox, bytes_of
from pacific_parcels.settings import Settings
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


def test_a_child_ends_with_its_parent_in_the_middle_of_a_file(tmp_path: Path) -> None:
    path = put(tmp_path / FILE_NAME, "say pid and loop")
    program = f"""
from pathlib import Path
from pacific_parcels.sandbox import Job, Sandbox
from pacific_parcels.settings import Settings
from tests.small_member import FILE_NAME, SENT_ON, small_member
folder = Path({str(tmp_path)!r})
with Sandbox(Settings(home=folder), folder / "spill", reader={READER!r}) as sandbox:
    sandbox.read(Job(small_member(), folder / FILE_NAME, FILE_NAME, "fj-1", SENT_ON, folder, None, ""))
"""
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=Path(__file__).parents[2])
    pid = wait_for(path.with_name("pid"))
    child = psutil.Process(pid)
    assert child.is_running()

    parent.send_signal(signal.SIGKILL)
    parent.wait()

    gone_at = time.monotonic() + 10
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < gone_at, "the child outlived its parent"
        time.sleep(0.01)


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
