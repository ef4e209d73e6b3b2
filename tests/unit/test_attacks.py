"""Whatever bytes a member sends, in whatever format: a reading comes out, refused or not, and never a crash.

Each format is tried with the layout of its own sample. The examples are the same ones in every run; the
search for new ones is `python -m tests.benchmarks.fuzz`.
"""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pacific_parcels.contract import RULES
from pacific_parcels.formats import format_names, load_format
from pacific_parcels.members import Layout, Member
from pacific_parcels.reading import Reading, read_extract
from tests.contract.test_formats import sample_of
from tests.small_member import FILE_NAME, SENT_ON, small_member, text_of

FORMATS = format_names()
NEVER_SO_LONG = timedelta(seconds=20)
PIECES = [
    b"",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\r",
    b"\n\n",
    b'"',
    b",;|\t/",
    b"<",
    b"</",
    b"<a>" * 300,
    b"]]>",
    b"<![CDATA[",
    b"&#0;",
    b"&x;",
    b"<!DOCTYPE a [<!ENTITY x 'y'>]>",
    b"<?xml version='1.0' encoding='utf-7'?>",
    b"=cmd|' /C calc'!A0",
    b"../../etc/passwd",
    b"9" * 400,
    b"-1e999",
    b"0000-00-00",
    b"\xc3",
    "\u202e\u0000\ufeff".encode(),
]
VALUES = [
    b"",
    b"0",
    b"-1",
    b"1e400",
    b"NaN",
    b"9" * 400,
    b"0.0000000000000000001",
    b"1,234.5",
    b"00000000",
    b"2026-02-30",
    b"31/12/99",
    b"99999999T999999",
    b"true",
    b"A",
    b"A" * 300,
    "٣".encode(),
    "é".encode(),
    b"\xe9",
    b"=1+1",
]


@dataclass(frozen=True)
class Sample:
    content: bytes
    name: str
    member: Member
    layout: Layout


@pytest.fixture(scope="module", params=FORMATS)
def sample(request: pytest.FixtureRequest) -> Sample:
    path, member, layout, _ = sample_of(request.param)
    return Sample(path.read_bytes(), path.name, member, layout)


Attack = Callable[[bytes, Sample], Reading]


@pytest.fixture(scope="module")
def attack(connection: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> Attack:
    """Read bytes as a file of the sample's member: what comes out is told apart into rows or rules."""
    folders = (tmp_path_factory.mktemp("attack") for _ in iter(int, 1))

    def attack(content: bytes, sample: Sample) -> Reading:
        folder = next(folders)
        path = folder / sample.name
        path.write_bytes(content)
        (folder / "scratch").mkdir()
        reading = read_extract(
            connection, sample.member, path, sample.name, "fj-0", SENT_ON, folder / "scratch"
        )
        check(reading)
        return reading

    return attack


def check(reading: Reading) -> None:
    """Every row is accounted for, and every refusal says all that its sentence needs."""
    if not reading.is_refused:
        assert reading.rows_in == reading.rows_accepted + reading.rows_rejected + reading.rows_duplicate
    for fault in reading.faults:
        rule = RULES[fault.rule_id]
        if fault.level == "FATAL":
            wanted = set(re.findall(r"\{(\w+)\}", rule.title.en + rule.remedy.en))
            assert wanted <= set(fault.details), f"{fault.rule_id} leaves something unsaid"


def test_there_are_formats_to_attack() -> None:
    assert len(FORMATS) >= 2


@settings(
    max_examples=30,
    deadline=NEVER_SO_LONG,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(content=st.binary(max_size=300))
def test_any_bytes(content: bytes, sample: Sample, attack: Attack) -> None:
    attack(content, sample)


CHANGE = st.tuples(st.integers(0, 100_000), st.integers(0, 60), st.sampled_from(PIECES))


@settings(
    max_examples=30,
    deadline=NEVER_SO_LONG,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(changes=st.lists(CHANGE, min_size=1, max_size=4), kept=st.integers(0, 200))
def test_a_good_extract_with_something_else_in_it(
    changes: list[tuple[int, int, bytes]], kept: int, sample: Sample, attack: Attack
) -> None:
    """Pieces written over it; below 100, also the percentage of the file that arrives."""
    content = sample.content
    for position, length, piece in changes:
        start = position % (len(content) + 1)
        content = content[:start] + piece + content[start + length :]
    if kept < 100:
        content = content[: len(content) * kept // 100]
    attack(content, sample)


@settings(
    max_examples=30,
    deadline=NEVER_SO_LONG,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(changes=st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(VALUES)), min_size=1, max_size=8))
def test_a_well_formed_extract_with_values_that_nobody_expects(
    changes: list[tuple[int, bytes]], sample: Sample, attack: Attack
) -> None:
    """Names, numbers, dates and codes replaced, signs and elements between them left: it can be parsed."""
    is_xml = sample.content.lstrip().startswith(b"<")
    parts = re.split(rb"(?<=>)([^<>\s][^<>]*)(?=<)" if is_xml else rb"([\w.+-]+)", sample.content)
    for position, value in changes:
        parts[2 * (position % (len(parts) // 2)) + 1] = value
    attack(b"".join(parts), sample)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 5000,
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b" \r\n" * 1000,
        b"PK\x03\x04",
        b"PK\x05\x06" + bytes(18),
        b"\x1f\x8b",
        b"\x1f\x8b\x08\x00" + bytes(40),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504),
        b"<",
        b"<?xml",
        b"<a>" * 200_000,
        b"<a>" + b"x" * 11_000_000,
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b"x" * 3_000_000,
        b'"' + b"x,\n" * 1_000_000,
        b"," * 2_000_000,
        gzip.compress(b"0" * 5_000_000, mtime=0),
    ],
    ids=range(19),
)
def test_what_is_no_extract_is_refused(content: bytes, sample: Sample, attack: Attack) -> None:
    assert attack(content, sample).is_refused


def test_an_extract_in_an_archive_is_read_like_the_extract(sample: Sample, attack: Attack) -> None:
    alone = attack(sample.content, sample)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr(sample.name, sample.content)

    for packed in (gzip.compress(sample.content), archive.getvalue()):
        reading = attack(packed, sample)
        assert reading.rows_in == alone.rows_in > 0
        assert reading.rows_accepted == alone.rows_accepted > 0


def test_an_archive_of_several_documents_is_read_as_all_of_them(sample: Sample, attack: Attack) -> None:
    """Where the format is one of documents; a table is sent alone."""
    alone = attack(sample.content, sample)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr("1", sample.content)
        target.writestr("2", sample.content)

    reading = attack(archive.getvalue(), sample)

    if load_format(sample.layout.format).JOINS_DOCUMENTS:
        assert reading.rows_accepted == alone.rows_accepted > 0
        # Twice as many, but for an answer to an item that no document has: it is one row, however often sent.
        assert reading.rows_in in (2 * alone.rows_in, 2 * alone.rows_in - 1)
    else:
        assert [fault.rule_id for fault in reading.faults] == ["R021"]


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "..\\items-2026-03.csv",
        "/items-2026-03.csv",
        "items-2026-03.csv\0.exe",
        "items-2026-03.csv\n",
        "C:items-2026-03.csv",
        "items-2026-13.csv",
        "-rf",
        "$(id).csv",
        "<script>alert(1)</script>.csv",
        "",
        "x" * 5000,
    ],
)
def test_a_name_that_was_not_agreed_is_refused(
    name: str, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """A name is looked at and never followed: the file that is read is the one that was handed over."""
    path = tmp_path / "held"
    path.write_text(text_of({}), encoding="utf-8")
    (tmp_path / "scratch").mkdir()

    reading = read_extract(connection, small_member(), path, name, "fj-0", SENT_ON, tmp_path / "scratch")

    assert [fault.rule_id for fault in reading.faults] == ["R015"]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1-2",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(1:9)",
        '=HYPERLINK("http://example.org";"x")',
        "../../etc/passwd",
        "%s%n",
        "{{7*7}}",
        "<script>alert(1)</script>",
        "'; drop table rejected; --",
        "NULL",
        "NaN",
        "true",
        "1E400",
        "٣",
        "\u202etxt.exe",
        "Z\u0335a\u0336l\u0337go",
        "👩‍👩‍👧‍👦",
        "田中さん",
    ],
)
def test_a_text_that_means_something_elsewhere_is_a_text_here(
    text: str, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(text_of({"Goods": text}), encoding="utf-8")
    (tmp_path / "scratch").mkdir()

    reading = read_extract(connection, small_member(), path, FILE_NAME, "fj-0", SENT_ON, tmp_path / "scratch")

    ((_, file),) = reading.accepted_files
    landed = connection.execute("select goods_description from read_parquet(?)", [str(file)]).fetchall()
    assert landed == [(text,)]
