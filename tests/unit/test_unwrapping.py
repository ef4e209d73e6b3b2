"""Archives: the extract inside comes out as it went in, and whatever one is made to hide is refused."""

from __future__ import annotations

import gzip
import io
import os
import random
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from pacific_parcels import unwrapping
from pacific_parcels.errors import ExtractError
from pacific_parcels.faults import Fault
from pacific_parcels.unwrapping import LARGEST_RATIO, MOST_ENTRIES, unwrap
from tests.small_member import words_of

TEXT = "Item,Goods\nA1,Thé\n".encode()
ONE, TWO = b"<a>1</a>", b"<a>2</a>"


def zipped(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes], method: int = 8) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content, method)
    return path


def put(folder: Path, content: bytes, name: str = "extract") -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def workbook() -> bytes:
    book, content = Workbook(), io.BytesIO()
    book.save(content)
    return content.getvalue()


def unwrapped(path: Path, *, joins_documents: bool = False) -> bytes:
    return unwrap(path, path.parent, joins_documents=joins_documents).read_bytes()


def refused(path: Path, *, joins_documents: bool = False) -> str:
    """What was found, once both languages are known to be complete."""
    with pytest.raises(ExtractError) as caught:
        unwrap(path, path.parent, joins_documents=joins_documents)
    error = caught.value
    assert error.rule_id == "R021"
    assert {"found", "found_fr", "expected", "expected_fr"} == set(error.details)
    assert words_of(Fault("R021", "", 1, error.details))
    return error.details["found"]


class TestWhatIsTaken:
    @pytest.mark.parametrize(
        "content",
        [TEXT, b"", b"P", b"PK is a name,Goods\n", "\ufeffItem".encode("utf-16"), workbook()],
        ids=["text", "nothing", "one byte", "text like a zip", "UTF-16", "a workbook"],
    )
    def test_what_is_no_archive_is_left_where_it_lies(self, tmp_path: Path, content: bytes) -> None:
        path = put(tmp_path, content)

        assert unwrap(path, tmp_path, joins_documents=False) == path

    def test_a_damaged_workbook_is_left_to_the_format_which_has_the_better_words(
        self, tmp_path: Path
    ) -> None:
        path = put(tmp_path, workbook()[:-200])

        assert unwrap(path, tmp_path, joins_documents=False) == path

    def test_a_gzip_file_is_unpacked_whatever_its_name(self, tmp_path: Path) -> None:
        assert unwrapped(put(tmp_path, gzip.compress(TEXT), "items.csv")) == TEXT

    def test_all_members_of_a_gzip_file_are_one_text(self, tmp_path: Path) -> None:
        parts = gzip.compress(TEXT) + gzip.compress(b"") + gzip.compress(b"A2,Rice\n")

        assert unwrapped(put(tmp_path, parts)) == TEXT + b"A2,Rice\n"

    def test_zeros_may_pad_a_gzip_file(self, tmp_path: Path) -> None:
        assert unwrapped(put(tmp_path, gzip.compress(TEXT) + b"\0" * 100_000)) == TEXT

    @pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    def test_the_one_file_of_a_zip_is_unpacked(self, tmp_path: Path, method: int) -> None:
        assert unwrapped(zipped(tmp_path / "a.zip", ("items.csv", TEXT), method=method)) == TEXT

    def test_folders_and_what_a_macintosh_adds_do_not_count(self, tmp_path: Path) -> None:
        path = zipped(
            tmp_path / "a.zip", ("data/", b""), ("data/items.csv", TEXT), ("__MACOSX/._items.csv", b"x")
        )

        assert unwrapped(path) == TEXT

    def test_a_workbook_may_stand_alone_in_an_archive(self, tmp_path: Path) -> None:
        book = workbook()

        assert unwrapped(zipped(tmp_path / "a.zip", ("items.xlsx", book))) == book
        assert unwrapped(put(tmp_path, gzip.compress(book), "a.gz")) == book

    def test_more_bytes_than_memory_is_given(self, tmp_path: Path) -> None:
        """64 MB that pack 100 to 1; what is held at a time stays under 4 MB."""
        noise = random.Random(3).randbytes(1 << 19)
        with gzip.open(tmp_path / "a.gz", "wb") as packed:
            for _ in range(64):
                packed.write(noise + b"A1,Tea\n" * ((1 << 19) // 7))
        tracemalloc.start()
        path = unwrap(tmp_path / "a.gz", tmp_path, joins_documents=False)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert path.stat().st_size == 64 * ((1 << 19) + 7 * ((1 << 19) // 7))
        assert peak < 4 << 20


class TestSeveralDocuments:
    def test_they_are_joined_in_the_order_of_their_names(self, tmp_path: Path) -> None:
        declared = b'<?xml version="1.0" encoding="UTF-8"?>'
        path = zipped(tmp_path / "a.zip", ("2.xml", declared + TWO), ("1.xml", declared + ONE))

        assert unwrapped(path, joins_documents=True) == declared + ONE + b"\n" + declared + TWO

    def test_an_element_without_declaration_is_given_one_so_that_it_begins_a_document(
        self, tmp_path: Path
    ) -> None:
        path = zipped(tmp_path / "a.zip", ("1.xml", ONE), ("2.xml", b"\xef\xbb\xbf\n " + TWO))
        declaration = b'<?xml version="1.0"?>'

        assert unwrapped(path, joins_documents=True) == declaration + ONE + b"\n" + declaration + TWO

    def test_other_text_is_joined_as_it_is(self, tmp_path: Path) -> None:
        path = zipped(tmp_path / "a.zip", ("1.txt", b"FHL/4\nMBI/1"), ("2.txt", b"FHL/4\nMBI/2"))

        assert unwrapped(path, joins_documents=True) == b"FHL/4\nMBI/1\nFHL/4\nMBI/2"

    def test_one_alone_is_left_byte_for_byte(self, tmp_path: Path) -> None:
        content = "<a>é</a>".encode("utf-16")

        assert unwrapped(zipped(tmp_path / "a.zip", ("1.xml", content)), joins_documents=True) == content

    def test_a_format_of_one_table_is_sent_one_file(self, tmp_path: Path) -> None:
        path = zipped(tmp_path / "a.zip", ("1.csv", TEXT), ("2.csv", TEXT))

        assert refused(path) == "2 files in it"

    @pytest.mark.parametrize(
        ("content", "found"),
        [
            ("<a/>".encode("utf-16"), "several files, not all in UTF-8"),
            (gzip.compress(ONE, mtime=0), "an archive inside the archive"),
            (workbook(), "an archive inside the archive"),
        ],
    )
    def test_what_cannot_be_joined_is_refused(self, tmp_path: Path, content: bytes, found: str) -> None:
        path = zipped(tmp_path / "a.zip", ("1.xml", ONE), ("2.xml", content))

        assert refused(path, joins_documents=True) == found


def link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("items.csv")
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def with_a_password(path: Path) -> bytes:
    content = bytearray(zipped(path, ("items.csv", TEXT)).read_bytes())
    content[6] |= 1  # the flag of the entry itself
    content[content.index(b"PK\x01\x02") + 8] |= 1  # and of the directory
    return bytes(content)


class TestWhatAttacks:
    @pytest.mark.parametrize(
        "name", ["../items.csv", "a/../../b.csv", "/etc/passwd", "a\\b.csv", "C:items.csv", "..", "a\0.csv"]
    )
    def test_a_name_that_leads_elsewhere(self, tmp_path: Path, name: str) -> None:
        standing = name.replace("\0", "#")  # zipfile itself writes no such name
        path = zipped(tmp_path / "a.zip", (standing, TEXT))
        path.write_bytes(path.read_bytes().replace(standing.encode(), name.encode()))

        assert refused(path) == "a name in it that leads elsewhere"

    def test_dots_that_are_part_of_a_name_do_no_harm(self, tmp_path: Path) -> None:
        assert unwrapped(zipped(tmp_path / "a.zip", ("items..2026-03.csv", TEXT))) == TEXT

    def test_a_link(self, tmp_path: Path) -> None:
        assert refused(zipped(tmp_path / "a.zip", (link(), b"/etc/passwd"))) == "a link in it"

    def test_a_password(self, tmp_path: Path) -> None:
        assert refused(put(tmp_path, with_a_password(tmp_path / "a.zip"))) == "a password on it"

    @pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_ways_of_packing_that_are_inflated_without_a_limit(self, tmp_path: Path, method: int) -> None:
        path = zipped(tmp_path / "a.zip", ("items.csv", TEXT), method=method)

        assert refused(path) == "an unusual way of packing"

    def test_an_archive_of_nothing(self, tmp_path: Path) -> None:
        assert refused(zipped(tmp_path / "a.zip")) == "an archive without a file in it"
        assert refused(zipped(tmp_path / "b.zip", ("data/", b""))) == "an archive without a file in it"

    def test_more_entries_than_anybody_sends(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(unwrapping, "MOST_ENTRIES", 50)
        entries = [(f"{number}.xml", ONE) for number in range(51)]

        assert unwrapped(zipped(tmp_path / "a.zip", *entries[:50]), joins_documents=True)
        assert refused(zipped(tmp_path / "b.zip", *entries), joins_documents=True) == "more than 50 entries"

    def test_the_number_that_an_archive_gives_of_its_entries_is_not_believed(self, tmp_path: Path) -> None:
        directory = b"PK\x01\x02" * (MOST_ENTRIES + 1)
        end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), 0, 0)

        assert refused(put(tmp_path, b"PK\x03\x04" + directory + end)) == f"more than {MOST_ENTRIES} entries"

    def test_gzip_members_without_end(self, tmp_path: Path) -> None:
        path = put(tmp_path, gzip.compress(b"") * (MOST_ENTRIES + 1))

        assert refused(path) == f"more than {MOST_ENTRIES} entries"

    @pytest.mark.parametrize("pack", ["gz", "zip"])
    def test_a_bomb_is_stopped_where_it_exceeds_its_ratio(self, tmp_path: Path, pack: str) -> None:
        content = b"0" * (8 << 20)
        path = tmp_path / "bomb"
        if pack == "gz":
            path.write_bytes(gzip.compress(content))
        else:
            zipped(path, ("items.csv", content))
        most = LARGEST_RATIO * path.stat().st_size
        assert most < len(content), "it is a bomb"

        assert refused(path).startswith(f"more than {most} bytes in it")
        assert (tmp_path / "unpacked").stat().st_size <= most

    def test_many_entries_are_counted_together(self, tmp_path: Path) -> None:
        entries = [(f"{number}.xml", b"<a>" + b"0" * 1_000_000) for number in range(8)]

        assert "over 200 times its own size" in refused(
            zipped(tmp_path / "a.zip", *entries), joins_documents=True
        )

    def test_what_packs_well_and_is_small_is_no_bomb(self, tmp_path: Path) -> None:
        content = b"A1,Tea\n" * 100_000

        path = put(tmp_path, gzip.compress(content))
        assert path.stat().st_size * LARGEST_RATIO < len(content)
        assert unwrapped(path) == content

    def test_no_ratio_allows_more_than_the_limit(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(unwrapping, "LARGEST_UNPACKED", 1000)

        assert refused(put(tmp_path, gzip.compress(os.urandom(2000)))).startswith("more than 1000 bytes")

    def test_a_size_that_is_a_lie_gets_no_further(self, tmp_path: Path) -> None:
        """The directory says five bytes; the checksum of the whole gives it away."""
        path = zipped(tmp_path / "a.zip", ("items.csv", TEXT))
        content = path.read_bytes()
        path.write_bytes(content.replace(struct.pack("<L", len(TEXT)), struct.pack("<L", 5)))

        assert refused(path) == "a damaged or cut-off archive (BadZipFile)"

    @pytest.mark.parametrize(
        "inner",
        [
            lambda folder: gzip.compress(TEXT),
            lambda folder: zipped(folder / "inner.zip", ("items.csv", TEXT)).read_bytes(),
            lambda folder: tar(),
            lambda folder: b"7z\xbc\xaf\x27\x1c" + bytes(40),
            lambda folder: b"Rar!\x1a\x07\x01\x00" + bytes(40),
        ],
        ids=["gzip", "zip", "tar", "7z", "RAR"],
    )
    def test_an_archive_in_an_archive(self, tmp_path: Path, inner: Callable[[Path], bytes]) -> None:
        content = inner(tmp_path)

        assert refused(put(tmp_path, gzip.compress(content), "a.gz")) == "an archive inside the archive"
        assert refused(zipped(tmp_path / "a.zip", ("b", content))) == "an archive inside the archive"

    @pytest.mark.parametrize(
        "content",
        [b"7z\xbc\xaf\x27\x1c" + bytes(40), b"Rar!\x1a\x07\x00" + bytes(40), b"BZh91AY&SY" + bytes(40)],
        ids=["7z", "RAR", "bzip2"],
    )
    def test_an_archive_of_another_kind(self, tmp_path: Path, content: bytes) -> None:
        assert refused(put(tmp_path, content)) == "another kind of archive"


def tar() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        entry = tarfile.TarInfo("items.csv")
        entry.size = len(TEXT)
        archive.addfile(entry, io.BytesIO(TEXT))
    return content.getvalue()


class TestDamage:
    @pytest.mark.parametrize("kept", [1.0, 0.5, 0.1])
    def test_a_gzip_file_cut_off_or_followed_by_something(self, tmp_path: Path, kept: float) -> None:
        content = gzip.compress(os.urandom(5000))
        damaged = content + b"more" if kept == 1.0 else content[: int(len(content) * kept)]

        assert refused(put(tmp_path, damaged)).startswith("a damaged or cut-off archive")

    def test_a_wrong_checksum(self, tmp_path: Path) -> None:
        content = bytearray(gzip.compress(TEXT))
        content[-6] ^= 1
        assert refused(put(tmp_path, bytes(content), "a.gz")) == "a damaged or cut-off archive (error)"

        path = zipped(tmp_path / "a.zip", ("items.csv", TEXT), method=zipfile.ZIP_STORED)
        path.write_bytes(path.read_bytes().replace(b"A1,", b"A2,"))
        assert refused(path) == "a damaged or cut-off archive (BadZipFile)"

    def test_a_zip_cut_off_on_its_way(self, tmp_path: Path) -> None:
        content = zipped(tmp_path / "a.zip", ("items.csv", os.urandom(5000))).read_bytes()

        assert refused(put(tmp_path, content[:3000])) == "a damaged or cut-off archive (BadZipFile)"

    def test_a_disk_that_fails_is_not_the_fault_of_the_archive(self, tmp_path: Path) -> None:
        path = put(tmp_path, gzip.compress(TEXT))

        with pytest.raises(FileNotFoundError):
            unwrap(path, tmp_path / "absent", joins_documents=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archives")
    zipped(folder / "good.zip", ("b.xml", ONE), ("a.xml", TWO * 20))
    (folder / "good.gz").write_bytes(gzip.compress(TEXT * 5) + gzip.compress(TWO))
    return folder


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(["good.zip", "good.gz"]),
    changes=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4),
    kept=st.integers(4, 500),
    joins=st.booleans(),
)
def test_whatever_becomes_of_an_archive_it_is_unpacked_or_refused(
    name: str, changes: list[tuple[int, int]], kept: int, joins: bool, folder: Path
) -> None:
    content = bytearray((folder / name).read_bytes()[:kept])
    for position, value in changes:
        content[position % len(content)] = value
    path = folder / "damaged"
    path.write_bytes(content)

    with suppress(ExtractError):
        assert unwrap(path, folder, joins_documents=joins).is_file()
