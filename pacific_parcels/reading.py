"""One extract read and judged: what is accepted, what is rejected and why, all in a scratch directory.

`landing` keeps the result; `pacific-parcels check` shows it and keeps nothing. Both run exactly this.
"""

from __future__ import annotations

import ctypes
import difflib
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from weakref import WeakSet

import duckdb

from pacific_parcels.contract import COLUMNS_BY_NAME, FOR_ANOTHER_CODE, RULES, Level
from pacific_parcels.errors import ExtractError, PacificParcelsError
from pacific_parcels.faults import EXAMPLES, Fault
from pacific_parcels.formats import Header, RegularText, load_format, pieces_of, read_options
from pacific_parcels.formats.delimited import likely_separator, separator_in_words
from pacific_parcels.gap import Report, report_of
from pacific_parcels.gap.judging import Judged, Judgement, ReportText
from pacific_parcels.layout import (
    COLUMNS_OF_ROWS,
    LAST_ROW,
    ROWS_APART,
    ROWS_APART_BITS,
    ExtractFacts,
    Statement,
    in_french,
    quoted,
)
from pacific_parcels.members import Layout, Member, Stream, load_members
from pacific_parcels.settings import Settings
from pacific_parcels.tokens import TokenKey, prepare
from pacific_parcels.unwrapping import PARTS, unwrap

MOST_REJECTED_PCT = 10
ROWS_ALWAYS_FORGIVEN = 5
READING_BYTES = 120_000_000
GIVE_BACK_BYTES = 16_000_000  # of text: less of it took little memory
SMALL_EXTRACT_ROWS = 4000
READ_TOGETHER_BYTES = 64_000_000  # of text
LEVELS: tuple[Level, ...] = ("FATAL", "ERROR", "WARNING", "LEFT_OUT")
# A row group is laid out in memory before it is written; one of DuckDB's own size spills to disk there.
PARQUET = "format parquet, parquet_version v2, compression zstd, compression_level 1, row_group_size 40960"
UNITS = {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4}
BINARY_UNITS = {"Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "Ti": 1024**4}
LARGEST_MANIFEST = 1 << 20
BOUNDED: WeakSet[duckdb.DuckDBPyConnection] = WeakSet()  # connections that have been given what reading takes
MANIFEST_SUFFIX = ".manifest.json"
REJECTS_SUFFIX = ".rejected.csv"


@dataclass(frozen=True)
class Value:
    """Declared value in one currency: of accepted, of rejected (where readable) and of duplicate rows."""

    currency_code: str
    accepted: Decimal
    rejected: Decimal
    duplicate: Decimal


@dataclass(frozen=True)
class Manifest:
    """What the sender says of a file in `<name>.manifest.json`, written after it."""

    sha256: str | None = None
    byte_count: int | None = None
    rows: int | None = None
    control_totals: tuple[tuple[str, str, Decimal], ...] = ()
    extracted_at: datetime | None = None


@dataclass
class Reading:
    """What became of an extract.

    `accepted_files` are (month, Parquet file); `rejected_file` holds rejected and duplicate rows, and
    `noted_file` what the format remarked on records: warnings, and those it left out as no items of ours.
    For the sender of a file whose rows are records, `lines_file` is CSV of (source_row, line) and, where
    several stood in an archive, `parts_file` CSV of (line on which a file begins, its name).
    """

    stream_code: str = ""
    first_period: str | None = None
    last_period: str | None = None
    layout_valid_from: str | None = None
    source_columns: tuple[str, ...] = ()
    rows_in: int = 0
    rows_accepted: int = 0
    rows_rejected: int = 0
    rows_duplicate: int = 0
    rows_warned: int = 0
    rows_of_another_member: int = 0
    rows_left_out: int = 0
    faults: list[Fault] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    items_by_period: dict[str, int] = field(default_factory=dict)
    accepted_files: list[tuple[str, Path]] = field(default_factory=list)
    rejected_file: Path | None = None
    noted_file: Path | None = None
    lines_file: Path | None = None
    parts_file: Path | None = None

    @property
    def is_refused(self) -> bool:
        return any(fault.level == "FATAL" for fault in self.faults)


def bytes_of(memory_limit: str) -> int:
    """DuckDB's spelling of a size (2GB, 1.5 GiB) in bytes; the memory of the machine where it is none."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?", memory_limit.strip(), re.IGNORECASE)
    if match is None:
        if sys.platform == "win32":
            return 0
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    number, unit, is_binary = match.groups()
    units = BINARY_UNITS if is_binary else UNITS
    return int(float(number) * units[unit.upper() + is_binary.lower()])


def connect(settings: Settings, spill: Path) -> duckdb.DuckDBPyConnection:
    """A connection in memory for reading extracts: bounded, offline, rows in the order of the file.

    `spill` is the directory that takes what memory cannot.
    """
    spill.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(
        config={
            "threads": settings.threads,
            "memory_limit": settings.memory_limit,
            "temp_directory": str(spill),
            "preserve_insertion_order": True,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        }
    )
    return connection


def place_of(member: Member, source_name: str) -> tuple[str, tuple[str | None, str | None]]:
    """The code of the stream that a file belongs to by its name, a table of a gap report or one of the member
    file, and the months it covers. Errors: ExtractError R015.
    """
    report = report_of(source_name)
    if report is not None and report.member_code == member.code:
        return report.stream_code, (report.period, report.period)
    stream_code, _, periods = stream_of(member, source_name)
    return stream_code, periods


def stream_of(member: Member, source_name: str) -> tuple[str, Stream, tuple[str | None, str | None]]:
    """The stream that a file belongs to by its name, and the months it covers. Errors: ExtractError R015."""
    for stream_code, stream in member.extracts.items():
        periods = stream.covers(source_name)
        if periods is not None:
            return stream_code, stream, periods
    if not member.extracts:
        raise ExtractError(
            "R015",
            found=source_name,
            expected="no extract is agreed with this member yet",
            expected_fr="aucun extrait n’est encore convenu avec ce membre",
        )
    raise ExtractError("R015", found=source_name, **_names_agreed(member))


def _names_agreed(member: Member) -> dict[str, str]:
    """How the member names its files, in both languages; its own name where nothing is agreed."""
    if not member.extracts:
        return {"expected": member.name.en, "expected_fr": member.name.fr}

    def listed(such_as: str) -> str:
        names = ((stream.file, stream.example_name) for stream in member.extracts.values())
        return ", ".join(
            name if name == example else f"{name} ({such_as} {example})" for name, example in names
        )

    return {"expected": listed("such as"), "expected_fr": listed("par exemple")}


def refuse_name_of_another(settings: Settings, member: Member, source_name: str) -> None:
    """Errors: ExtractError R009 for a name that is not this member's but is one of another's."""
    report = report_of(source_name)
    if report is not None and report.member_code == member.code:
        return
    if any(stream.covers(source_name) for stream in member.extracts.values()):
        return
    for other in load_members(settings).values():
        is_theirs = report is not None and report.member_code == other.code
        if other.code != member.code and (
            is_theirs or any(stream.covers(source_name) for stream in other.extracts.values())
        ):
            raise ExtractError(
                "R009",
                found=f"{source_name} ({other.name.en})",
                found_fr=f"{source_name} ({other.name.fr})",
                **_names_agreed(member),
            )


def read_manifest(path: Path) -> Manifest:
    """The manifest beside a file. Errors: ExtractError R018."""
    try:
        if path.stat().st_size > LARGEST_MANIFEST:
            raise ValueError(f"more than {LARGEST_MANIFEST} bytes")
        content = json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_refuse_constant)
        extracted = content.get("extracted_at")
        extracted_at = datetime.fromisoformat(extracted) if extracted else None
        if extracted_at is not None:
            zone = extracted_at.tzinfo or UTC
            extracted_at = extracted_at.replace(tzinfo=zone).astimezone(UTC)
        return Manifest(
            sha256=str(content["sha256"]).lower() if "sha256" in content else None,
            byte_count=int(content["bytes"]) if "bytes" in content else None,
            rows=int(content["rows"]) if "rows" in content else None,
            control_totals=tuple(
                (str(total["column"]), _currency(total["currency"]), _finite(total["total"]))
                for total in content.get("control_totals", [])
            ),
            extracted_at=extracted_at,
        )
    except json.JSONDecodeError as error:
        raise ExtractError(
            "R018",
            found=f"no JSON on line {error.lineno}",
            found_fr=f"JSON incorrect à la ligne {error.lineno}",
        ) from error
    except KeyError as error:
        raise ExtractError("R018", found=f"without {error}", found_fr=f"sans {error}") from error
    except (OSError, ValueError, ArithmeticError, TypeError, AttributeError, RecursionError) as error:
        raise ExtractError(
            "R018",
            found=f"a value in it is not as agreed ({type(error).__name__})",
            found_fr=f"une valeur n’y est pas conforme ({type(error).__name__})",
        ) from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _currency(code: object) -> str:
    if not re.fullmatch("[A-Z]{3}", str(code)):
        raise ValueError("a currency is no code of three letters")
    return str(code)


def _finite(total: object) -> Decimal:
    number = Decimal(str(total))
    if not number.is_finite():
        raise ValueError("a total is no number")
    return number


def manifest_of(path: Path | None, content_sha256: Callable[[], str], byte_count: int) -> Manifest | None:
    """The manifest beside a file, and that it is the one of these bytes. Errors: ExtractError R012, R018."""
    if path is None:
        return None
    manifest = read_manifest(path)
    if manifest.byte_count not in (None, byte_count) or manifest.sha256 not in (None, content_sha256()):
        raise ExtractError("R012")
    return manifest


@dataclass(frozen=True)
class Sent:
    """One file as a member sent it.

    `sent_on` is the day on which the member sent it: a later arrival is a future date. `scratch` is an empty
    directory, which may come to hold whatever the file holds. `content_sha256` is asked for where there is a
    manifest only. `key` makes the tokens of parties; without it there are none, and the verdict is the same.
    `for_sender`: what is wrong is told in the words of the file, which may be anybody's name; else no text of
    the file is in the reading, and none in the list of rows left out.
    """

    path: Path
    source_name: str
    extract_id: str
    sent_on: date
    scratch: Path
    manifest_path: Path | None
    content_sha256: Callable[[], str]
    key: TokenKey | None = None
    for_sender: bool = False


def read_sent(
    settings: Settings,
    connection: duckdb.DuckDBPyConnection,
    member: Member,
    path: Path,
    source_name: str,
    extract_id: str,
    sent_on: date,
    scratch: Path,
    manifest_path: Path | None,
    content_sha256: Callable[[], str],
    key: TokenKey | None = None,
    for_sender: bool = False,
) -> tuple[Manifest | None, Reading]:
    """Read one file as it was sent: whose it is by its name, what its manifest says of it, then its rows.

    Receiving and the pre-flight check both call this, so they come to the same verdict. `key` and
    `for_sender`: see Sent.
    """
    sent = Sent(
        path, source_name, extract_id, sent_on, scratch, manifest_path, content_sha256, key, for_sender
    )
    return read_sent_together(settings, connection, member, [sent])[0]


def read_sent_together(
    settings: Settings, connection: duckdb.DuckDBPyConnection, member: Member, files: Sequence[Sent]
) -> list[tuple[Manifest | None, Reading]]:
    """`read_sent` for each of several files of one member: those of one layout share their statements."""
    extracts = [_Extract(member, sent) for sent in files]
    for extract in extracts:
        extract.look_at_name_and_manifest(settings)
    waiting = [extract for extract in extracts if not extract.reading.is_refused]
    _read_in_little_memory(settings, connection, waiting)
    return [(extract.manifest, extract.reading) for extract in extracts]


def _read_in_little_memory(
    settings: Settings, connection: duckdb.DuckDBPyConnection, extracts: list[_Extract]
) -> None:
    """`_read_all` with READING_BYTES for DuckDB, which spills the rest; with all it may have where that is
    too little.

    A gigabyte of text costs hardly more so, and takes a quarter of the memory.
    """
    if connection not in BOUNDED:
        # A second thread costs a third more, and a file is not read any sooner.
        connection.execute("set threads = 1")
        _limit_memory(connection, f"{min(READING_BYTES, bytes_of(settings.memory_limit))}B")
        BOUNDED.add(connection)
    try:
        _read_all(connection, extracts)
    except duckdb.OutOfMemoryException:
        _limit_memory(connection, settings.memory_limit)
        BOUNDED.discard(connection)
        for extract in extracts:
            extract.start_again()
        _read_all(connection, extracts)


def _limit_memory(connection: duckdb.DuckDBPyConnection, memory_limit: str) -> None:
    connection.execute(f"set memory_limit = {quoted(memory_limit)}")


def read_extract(
    connection: duckdb.DuckDBPyConnection,
    member: Member,
    path: Path,
    source_name: str,
    extract_id: str,
    sent_on: date,
    scratch: Path,
    manifest: Manifest | None = None,
    key: TokenKey | None = None,
    for_sender: bool = False,
) -> Reading:
    """Read one file of one member. A fault of the whole extract ends up in `faults`; only ours are raised.

    `sent_on`, `scratch`, `key` and `for_sender`: see Sent.
    """
    sent = Sent(path, source_name, extract_id, sent_on, scratch, None, str, key, for_sender)
    extract = _Extract(member, sent)
    extract.manifest = manifest
    _read_all(connection, [extract])
    return extract.reading


class _Extract:
    """One file on its way from bytes to a reading."""

    def __init__(self, member: Member, sent: Sent) -> None:
        self.member = member
        self.sent = sent
        self.manifest: Manifest | None = None
        self.reading = Reading()
        self.opened: _Opened | None = None
        self.opened_report: _OpenedReport | None = None

    def start_again(self) -> None:
        """Forget what was found out, the manifest apart."""
        self.reading = Reading()
        self.opened = self.opened_report = None

    def look_at_name_and_manifest(self, settings: Settings) -> None:
        try:
            refuse_name_of_another(settings, self.member, self.sent.source_name)
            if self.sent.path.is_file():
                self.manifest = manifest_of(
                    self.sent.manifest_path, self.sent.content_sha256, self.sent.path.stat().st_size
                )
        except ExtractError as error:
            self.reading.faults.append(Fault(error.rule_id, "", 1, error.details))
            with suppress(ExtractError):  # the fault already found says what is wrong
                self._find_place()

    def _find_place(self) -> None:
        self.reading.stream_code, periods = place_of(self.member, self.sent.source_name)
        self.reading.first_period, self.reading.last_period = periods

    @property
    def report(self) -> Report | None:
        """What its name says where it is a gap report of this member."""
        report = report_of(self.sent.source_name)
        return report if report is not None and report.member_code == self.member.code else None

    def open_report(self, report: Report) -> None:
        """Make the bytes of a gap report, whose columns are fixed, regular text with source rows."""
        reading, sent = self.reading, self.sent
        try:
            self._find_place()
            _refuse_no_file(sent.path)
            module = load_format(report.format)
            options = read_options(module, {})
            path = unwrap(sent.path, sent.scratch, joins_documents=False)
            header = module.header(path, options)
            check_header(report.table, header, for_sender=sent.for_sender)
            reading.source_columns = header.columns
            text = module.read(path, options, sent.scratch)
            if not text.has_source_row:
                text = module.respool(path, options, sent.scratch)
            self.opened_report = _OpenedReport(report, text)
        except ExtractError as error:
            self.fail(error)

    def enter(self, report: Report, judged: Judged) -> None:
        """What became of the rows of a gap report, and the rules that need the whole of it."""
        reading = self.reading
        reading.rows_in, reading.rows_accepted = judged.rows_in, judged.rows_accepted
        reading.rows_rejected, reading.rows_duplicate = judged.rows_rejected, judged.rows_duplicate
        reading.rows_warned = judged.rows_warned
        reading.items_by_period = {report.period: judged.rows_accepted}
        if judged.accepted_file is not None:
            reading.accepted_files = [(report.period, judged.accepted_file)]
        reading.rejected_file = judged.rejected_file
        reading.faults += judged.faults
        if not judged.rows_in:
            reading.faults.append(Fault("R211", "", 0))
        if _is_too_much_rejected(reading):
            limits = {"rejected": reading.rows_rejected, "rows": reading.rows_in, "limit": MOST_REJECTED_PCT}
            self.fail(ExtractError("R024", **limits))
        if self.manifest is not None and self.manifest.rows not in (None, reading.rows_in):
            self.fail(ExtractError("R011", expected=self.manifest.rows, found=reading.rows_in))

    def open(self) -> None:
        """Find the layout and make the bytes regular text. What is wrong with the whole is a fault."""
        reading, path, scratch = self.reading, self.sent.path, self.sent.scratch
        try:
            _refuse_no_file(path)
            self._find_place()
            layout = self.member.extracts[reading.stream_code].layout_of(reading.first_period)
            reading.layout_valid_from = layout.valid_from
            module = load_format(layout.format)
            options = read_options(module, layout.options)
            path = unwrap(path, scratch, joins_documents=module.JOINS_DOCUMENTS)
            header = module.header(path, options)
            check_header(layout, header, for_sender=self.sent.for_sender)
            reading.source_columns = header.columns
            key = self.sent.key if layout.tokens else None
            text = module.read(path, options, scratch)
            if text.path.stat().st_size > GIVE_BACK_BYTES:
                _give_memory_back()
            facts = ExtractFacts(
                self.sent.extract_id,
                self.member,
                reading.stream_code,
                reading.first_period,
                reading.last_period,
                self.sent.sent_on,
                key.version if key is not None else None,
                self.sent.for_sender,
            )
            self.opened = _Opened(
                layout,
                key,
                facts,
                text,
                scratch,
                reading,
                lambda: module.respool(path, options, scratch),
            )
        except ExtractError as error:
            self.fail(error)

    def fail(self, error: ExtractError) -> None:
        self.opened = None
        self.reading.faults += [Fault(fault.rule_id, "", 1, fault.details) for fault in error.faults]

    def close(self) -> None:
        """The rules that need the whole extract, and the faults in their order."""
        if self.opened is not None:
            try:
                lines = self.opened.text.lines if self.sent.for_sender else None
                if lines is not None and lines.stat().st_size:
                    self.reading.lines_file = lines
                    parts = self.sent.scratch / PARTS
                    self.reading.parts_file = parts if parts.is_file() else None
                _judge_the_whole(self.member, self.reading, self.manifest)
            except ExtractError as error:
                self.fail(error)
        self.reading.faults.sort(
            key=lambda fault: (LEVELS.index(fault.level), -fault.row_count, fault.rule_id, fault.column)
        )


def _give_memory_back() -> None:
    """Let the system have again what parsing took: glibc keeps it, and DuckDB has its own beside it."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)


def _refuse_no_file(path: Path) -> None:
    """Errors: ExtractError R008 for a folder or a link."""
    if path.is_symlink() or not path.is_file():
        is_folder = path.is_dir() and not path.is_symlink()
        raise ExtractError(
            "R008",
            found="a folder" if is_folder else "a link",
            found_fr="un dossier" if is_folder else "un lien",
        )


@dataclass
class _Opened:
    """An extract whose rows are regular text. `respool` numbers them record by record."""

    layout: Layout
    key: TokenKey | None
    facts: ExtractFacts
    text: RegularText
    scratch: Path
    reading: Reading
    respool: Callable[[], RegularText]

    @property
    def shape(self) -> tuple[object, ...]:
        """What extracts that are read by the same statements have in common."""
        text = self.text
        is_small = text.rows <= SMALL_EXTRACT_ROWS
        signs = (text.delimiter, text.quote, text.skip)
        read_alike = (text.columns, *signs, text.has_source_row, text.last_is_row)
        return self.facts.stream_code, self.layout.valid_from, is_small, *read_alike

    @property
    def month(self) -> str | None:
        """The month that all its rows are of, where the name of the file says one."""
        return self.facts.first_period if self.facts.first_period == self.facts.last_period else None


@dataclass(frozen=True)
class _OpenedReport:
    """A gap report whose rows are regular text with source rows."""

    report: Report
    text: RegularText


def _read_all(connection: duckdb.DuckDBPyConnection, extracts: list[_Extract]) -> None:
    """Read the extracts, those of one shape together as far as READ_TOGETHER_BYTES go."""
    groups: dict[tuple[object, ...], list[tuple[_Extract, RegularText]]] = {}
    reports: dict[tuple[object, ...], list[tuple[_Extract, RegularText]]] = {}
    for extract in extracts:
        if (report := extract.report) is not None:
            extract.open_report(report)
            if (opened := extract.opened_report) is not None:
                shape = (report.table.name, extract.sent.for_sender, opened.text.columns)
                reports.setdefault(shape, []).append((extract, opened.text))
            continue
        extract.open()
        if extract.opened is None:
            continue
        if extract.opened.text.rows:
            groups.setdefault(extract.opened.shape, []).append((extract, extract.opened.text))
        else:
            _read_together(connection, [extract])
    for group in reports.values():
        for together in _batches(group):
            _judge_reports(connection, together)
    for group in groups.values():
        for together in _batches(group):
            _read_together(connection, together)
    for extract in extracts:
        extract.close()


def _batches(group: list[tuple[_Extract, RegularText]]) -> Iterator[list[_Extract]]:
    batch: list[_Extract] = []
    size = 0
    for extract, text in group:
        more = text.path.stat().st_size
        if batch and size + more > READ_TOGETHER_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(extract)
        size += more
    yield batch


def _judge_reports(connection: duckdb.DuckDBPyConnection, extracts: list[_Extract]) -> None:
    """Judge gap reports of one table, whose columns stand in one order, by the same statements."""
    opened = [(extract, extract.opened_report) for extract in extracts if extract.opened_report is not None]
    first, first_opened = opened[0]
    texts = [
        ReportText(one.text, extract.sent.extract_id, extract.sent.sent_on, extract.sent.scratch)
        for extract, one in opened
    ]
    judgement = Judgement(
        connection,
        first_opened.report.table,
        texts,
        member_code=first.member.code,
        for_sender=first.sent.for_sender,
    )
    for (extract, one), judged in zip(opened, judgement.run(), strict=True):
        extract.enter(one.report, judged)


def _read_together(connection: duckdb.DuckDBPyConnection, extracts: list[_Extract]) -> None:
    """Read extracts of one shape by the same statements; each alone where that does not succeed."""
    opened = [extract.opened for extract in extracts if extract.opened is not None]
    if len(opened) > 1:
        try:
            _Pass(connection, opened).run()
        except (_Irregular, duckdb.OutOfMemoryException):
            for extract in extracts:
                extract.start_again()
                extract.open()
                if extract.opened is not None:
                    _read_together(connection, [extract])
            return
        for one in opened:
            _enter_notes(connection, one.text, one.scratch, one.reading)
        return
    for extract, alone in zip(extracts, opened, strict=True):
        try:
            try:
                _Pass(connection, [alone]).run()
            except _Irregular:
                alone.text = alone.respool()
                _Pass(connection, [alone]).run()
            _enter_notes(connection, alone.text, alone.scratch, alone.reading)
        except ExtractError as error:
            extract.fail(error)


class HasColumns(Protocol):
    """A layout, or a table whose columns are fixed."""

    @property
    def source_columns(self) -> list[str]: ...


def check_header(layout: HasColumns, header: Header, *, for_sender: bool = True) -> None:
    """Every declared column there, no other, none twice. Errors: ExtractError with all that is wrong.

    In a file without a header the first row stands for it, with a name and an address in it: unless
    `for_sender`, only columns of the layout are named, and others are told by their place.
    """
    found, expected = list(header.columns), layout.source_columns
    missing = [name for name in expected if name not in found]
    unexpected = [name for name in found if name not in expected]
    twice = sorted({name for name in found if found.count(name) > 1})
    if header.delimiter and len(found) == 1 and len(expected) > 1:
        separator = likely_separator(found[0], header.delimiter)
        if separator:
            wanted, seen = separator_in_words(header.delimiter), separator_in_words(separator)
            raise ExtractError(
                "R005", expected=wanted[0], expected_fr=wanted[1], found=seen[0], found_fr=seen[1]
            )
    declared_in, declared_in_fr = "the table of gap reports", "au tableau des rapports d’avancement"
    if isinstance(layout, Layout):
        declared_in, declared_in_fr = "the member file", "au fichier du membre"
    # In words of the file, or by its place where the layout does not know it.
    shown = {name: name if for_sender else _place(found.index(name) + 1) for name in unexpected}
    errors = []
    if missing:
        in_order = [shown.get(name, name) for name in found]
        errors.append(
            ExtractError(
                "R002",
                missing=_listed(missing),
                found=_listed(in_order),
                found_fr=_listed(in_order, "fr"),
                nearest=_nearest(missing, unexpected, shown),
            )
        )
    if unexpected:
        listed = list(shown.values())
        errors.append(
            ExtractError(
                "R003",
                unexpected=_listed(listed),
                unexpected_fr=_listed(listed, "fr"),
                declared_in=declared_in,
                declared_in_fr=declared_in_fr,
                nearest=_nearest(unexpected, missing, shown),
            )
        )
    if twice:
        listed = [shown.get(name, name) for name in twice]
        errors.append(ExtractError("R006", found=_listed(listed), found_fr=_listed(listed, "fr")))
    if errors:
        errors[0].others = errors[1:]
        raise errors[0]


def letters_of(position: int) -> str:
    """The column as a spreadsheet names it: 1 is A, 27 is AA."""
    letters = ""
    while position:
        position, remainder = divmod(position - 1, 26)
        letters = chr(ord("A") + remainder) + letters
    return letters


def _place(position: int) -> str:
    """A column whose name is not said, in words that are the same in both languages."""
    return f"[{letters_of(position)}]"


def _listed(names: Iterable[str], language: str = "en") -> str:
    """The first names of columns, as a person can read them."""
    without_name = {"en": "(no name)", "fr": "(sans nom)"}[language]
    listed = [_on_one_line(name) or without_name for name in names]
    return ", ".join(listed[:12]) + (f" (+{len(listed) - 12})" if len(listed) > 12 else "")


def _on_one_line(name: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in name)[:40]


def _nearest(names: list[str], candidates: list[str], shown: dict[str, str]) -> str:
    """The names, each with the candidate that is most like it; a candidate goes with one name only."""
    likely = [
        (difflib.SequenceMatcher(None, name, close).ratio(), name, close)
        for name in names[:12]
        for close in difflib.get_close_matches(name, candidates, n=3, cutoff=0.5)
    ]
    partners: dict[str, str] = {}
    for _, name, close in sorted(likely, key=lambda one: -one[0]):
        if name not in partners and close not in partners.values():
            partners[name] = close
    pairs = [
        " ↔ ".join(_on_one_line(shown.get(one, one)) for one in (name, partners[name]))
        for name in names[:12]
        if name in partners
    ]
    return "; ".join(pairs) or "–"


class _Irregular(Exception):
    """DuckDB met rows that it cannot split: the format must number them record by record."""


class _Pass:
    """The statements of one reading, in order: of one extract, or of several of one shape.

    In the tables rows are numbered through (`layout.ROWS_APART`); only what is written has rows of a file.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, extracts: Sequence[_Opened]) -> None:
        self.connection = connection
        self.extracts = extracts
        self.layout = extracts[0].layout
        self.facts = [extract.facts for extract in extracts]
        self.texts = [extract.text for extract in extracts]
        self.text = self.texts[0]
        self.scratch = extracts[0].scratch
        self.fault_count = sum(text.fault_count for text in self.texts)
        self.exact: Statement | None = None
        self.constants: dict[str, str] = {}

    def run(self) -> None:
        """Judge every row: the plain statement accepts nearly all, the exact one decides about the rest.

        Two statements cost more to plan than a small extract costs to judge: alone it goes to the exact one
        at once. Accepted rows wait in the table `accepted`, out of which a repeated item can still be taken.
        """
        for extract in self.extracts:
            extract.reading.rows_in = extract.text.rows
        if self.text.rows == 0:
            for extract in self.extracts:
                self._nothing(extract)
            return
        # Replaced, the one of the reading before would stand until this one is complete: both spill to disk.
        self.connection.execute("drop table if exists accepted")
        self.connection.execute(
            "create or replace temp table rejected (source_row bigint, verdict varchar, "
            "faults varchar[], source_values varchar, declared_value decimal(18,2), "
            "declared_currency_code varchar, is_of_another_member boolean)"
        )
        plain = Statement(self.layout, self.facts, self.texts, is_exact=False)
        plain.prepare(self.connection)
        self.constants = plain.constants()
        if (key := self.extracts[0].key) is not None:
            prepare(self.connection, key)
        if self._goes_to_the_exact_one_at_once:
            is_whole = self.text.has_source_row or not self.fault_count
            self._judge_exactly(self.text if is_whole else self._lines_of([[(1, LAST_ROW)]]))
        else:
            self._judge_in_two_steps(plain)
        if self.fault_count:
            self.connection.execute(
                "insert into rejected by name select source_row, 'REJECTED' as verdict, "
                "[fault] as faults, source_values, declared_value, declared_currency_code, "
                f"false as is_of_another_member from ({self._faulty_rows()})"
            )
        self._sum_up()
        self._write()

    @property
    def _goes_to_the_exact_one_at_once(self) -> bool:
        return len(self.extracts) == 1 and self.text.rows <= SMALL_EXTRACT_ROWS

    def _judge_in_two_steps(self, plain: Statement) -> None:
        """The plain statement on all rows, then the exact one on what it left and on repeated items."""
        self.connection.execute(
            f"create or replace temp table accepted as select * exclude ({', '.join(self.constants)}) "
            f"from ({plain.judged()})"
        )
        self._refuse_rows_that_were_not_split()
        self._refuse_lines_passed_over("accepted")
        if self._take_back_what_is_in_doubt():
            rest = self._rest()
            if rest is not None:
                self._judge_exactly(rest)

    def _faulty_rows(self) -> str:
        """The faults of the format, rows numbered through."""
        return " union all ".join(
            f"select * replace (source_row + {number * ROWS_APART} as source_row) "
            f"from ({_remarks(text.faults)})"
            for number, text in enumerate(self.texts)
            if text.fault_count
        )

    def _take_back_what_is_in_doubt(self) -> bool:
        """Take out again what the plain statement does not accept, and every row of an item that occurs more
        than once; whether there was any.

        Which occurrence is kept is for the exact statement to say.
        """
        item = (
            f"hash(item_id, source_row >> {ROWS_APART_BITS})" if len(self.extracts) > 1 else "hash(item_id)"
        )
        self.connection.execute(
            f"create or replace temp table repeated as select {item} as item_hash from accepted "
            "where item_id is not null group by 1 having count(*) > 1"
        )
        (taken_back,) = self._one(
            f"delete from accepted where is_rejected or {item} in (select item_hash from repeated)"
        )
        return bool(taken_back)

    def _judge_exactly(self, text: RegularText) -> None:
        """Each row is accepted, a repetition of an accepted item, or rejected for reasons that are named."""
        self.exact = Statement(self.layout, self.facts, [text], is_exact=True)
        self.connection.execute(f"create or replace temp table rest as {self.exact.judged()}")
        self._refuse_rows_that_were_not_split()
        if not text.has_source_row:
            self._refuse_lines_passed_over("rest")
        # Cheaper to plan than a window, and planning is what a small extract costs.
        self.connection.execute(
            "create or replace temp table first_occurrences as select min(source_row) as source_row "
            f"from rest where not is_rejected group by item_id, source_row >> {ROWS_APART_BITS}"
        )
        is_first = "source_row in (select source_row from first_occurrences)"
        left_out = ", ".join(("faults", "source_values", "is_of_another_member", *self.constants))
        accepted = f"select * exclude ({left_out}) from rest where {is_first} order by source_row"
        into = (
            "create or replace temp table accepted as"
            if self._goes_to_the_exact_one_at_once
            else "insert into accepted by name"
        )
        self.connection.execute(f"{into} {accepted}")
        name = quoted(self.layout.columns["item_id"].column or "item_id")
        self.connection.execute(
            "insert into rejected by name select source_row, "
            "case when is_rejected then 'REJECTED' else 'DUPLICATE' end as verdict, "
            "case when is_rejected then faults else ['R114:item_id'] end as faults, "
            "case when is_rejected then source_values "
            f"else cast(json_object({name}, item_id) as varchar) end as source_values, "
            "declared_value, declared_currency_code, is_of_another_member "
            f"from rest where not {is_first}"
        )

    @staticmethod
    def _nothing(extract: _Opened) -> None:
        """A header without rows: a true zero where the name of the file says the month, else nothing."""
        facts = extract.facts
        if facts.first_period is None or facts.last_period is None:
            if extract.text.note_count:  # records that are no items tell nothing of a month
                return
            raise ExtractError("R001")
        extract.reading.items_by_period = dict.fromkeys(_months(facts.first_period, facts.last_period), 0)
        extract.reading.faults.append(Fault("R205", "", 0))

    def _write(self) -> None:
        """Write the rows of each extract: the accepted ones by month, and the others."""
        for number, extract in enumerate(self.extracts):
            if extract.reading.rows_accepted:
                self._write_accepted(number, extract)
            if extract.reading.rows_rejected or extract.reading.rows_duplicate:
                extract.reading.rejected_file = extract.scratch / "rejected.parquet"
                left_out = "source_row, is_of_another_member"
                left_out += "" if extract.facts.for_sender else ", source_values"
                rows = self._rows_of(number, extract, "rejected", f"* exclude ({left_out})")
                self.connection.execute(
                    f"copy ({rows} order by source_row) to "
                    f"{quoted(str(extract.reading.rejected_file))} ({PARQUET})"
                )

    def _rows_of(self, number: int, extract: _Opened, table: str, columns: str) -> str:
        """The rows of one extract, each with its row in the file."""
        start = number * ROWS_APART
        where = f" where source_row between {start} and {start + LAST_ROW}" if len(self.extracts) > 1 else ""
        return (
            f"select {quoted(extract.facts.extract_id)} as extract_id, source_row - {start} as source_row, "
            f"{columns} from {table}{where}"
        )

    def _write_accepted(self, number: int, extract: _Opened) -> None:
        """Write the accepted rows of an extract, a file for each month.

        Those of a small one in the order of the file, however it was judged; of any other, those that were
        left to the exact statement come last. Each month has a statement of its own: where DuckDB parts rows
        by a column while it writes them, it keeps half a million of them in memory, at three times the cost.
        """
        columns = ", ".join(
            f"{self.constants[name]} as {name}" if name in self.constants else name
            for name in COLUMNS_OF_ROWS
            if name != "source_row"
        )
        rows = self._rows_of(number, extract, "accepted", columns)
        is_in_order = extract.text.rows <= SMALL_EXTRACT_ROWS and not self._goes_to_the_exact_one_at_once
        order = " order by source_row" if is_in_order else ""
        months = [month for month, count in sorted(extract.reading.items_by_period.items()) if count]
        for month in months:
            first = f"date '{month}-01'"
            of_it = f" where arrival_date between {first} and last_day({first})" if len(months) > 1 else ""
            path = extract.scratch / f"accepted-{month}.parquet"
            self.connection.execute(f"copy (from ({rows}){of_it}{order}) to {quoted(str(path))} ({PARQUET})")
            extract.reading.accepted_files.append((month, path))

    def _refuse_rows_that_were_not_split(self) -> None:
        """Look at what DuckDB could not split in the statement before, and forget it."""
        faults = self.connection.execute("select error_type from reject_errors limit 1").fetchone()
        if faults is None:
            return
        for table in ("reject_errors", "reject_scans"):
            self.connection.execute(f"drop table {table}")
        if self.text.has_source_row:
            raise PacificParcelsError(
                f"{self.facts[0].member.code}: a spooled row cannot be split again ({faults[0]}): "
                "a defect of the reader"
            )
        raise _Irregular

    def _refuse_lines_passed_over(self, table: str) -> None:
        """DuckDB passes over a blank line, and every row after it would have the number of another."""
        if self.text.has_source_row:
            return
        last_rows = {number: last for number, _, last in self._counts(table)}
        for number, text in enumerate(self.texts):
            if last_rows.get(number) == text.skip + text.rows:
                continue
            with text.path.open("rb") as file:
                if any(not line.strip(b"\r\n") for line in file):
                    raise _Irregular

    def _counts(self, table: str) -> list[tuple[int, int, int]]:
        """(number of the extract, rows in the table, last row of the file among them)."""
        return self.connection.execute(
            f"select source_row >> {ROWS_APART_BITS} as number, count(*), "
            f"max(source_row) - number * {ROWS_APART} from {table} group by 1"
        ).fetchall()

    def _rest(self) -> RegularText | None:
        """What is not in `accepted`; None when that is nothing but lines that could not be split."""
        counts = self._counts("accepted")
        rows = sum(text.rows for text in self.texts) - self.fault_count
        if sum(count for _, count, _ in counts) == rows:
            return None
        skip, start = self.text.skip, f"(source_row >> {ROWS_APART_BITS} << {ROWS_APART_BITS})"
        spans: list[list[tuple[int, int]]] = [[] for _ in self.texts]
        for before, row in self.connection.execute(
            "select before, source_row from (select source_row, "
            f"greatest({start} + {skip}, lag(source_row, 1, 0) over ()) as before from accepted) "
            "where source_row > before + 1 order by 2"
        ).fetchall():
            number, last_accepted = divmod(before, ROWS_APART)
            spans[number].append((last_accepted + 1, row - 1 - number * ROWS_APART))
        last_rows = {number: last for number, _, last in counts}
        for number, text in enumerate(self.texts):
            last = last_rows.get(number, skip)
            if text.has_source_row or last < skip + text.rows:
                spans[number].append((last + 1, LAST_ROW))
        return self._lines_of(spans)

    def _lines_of(self, spans: Sequence[Sequence[tuple[int, int]]]) -> RegularText:
        """The lines of some rows, each with its number in front.

        `spans` are, for each extract, (first, last) of consecutive rows, both included, in ascending order.
        """
        faulty: set[int] = set()
        if self.fault_count and not self.text.has_source_row:
            faulty = {row for row, *_ in self.connection.execute(self._faulty_rows()).fetchall()}
        path = self.scratch / "rest.txt"
        sign, rows = self.text.delimiter.encode(), 0
        with path.open("wb") as rest:
            for number, (text, wanted) in enumerate(zip(self.texts, spans, strict=True)):
                if not wanted:
                    continue
                with text.path.open("rb") as source:
                    for row, line in _numbered(text, source, wanted):
                        numbered_through = number * ROWS_APART + row
                        if numbered_through not in faulty:
                            rest.write(b"%d" % numbered_through + sign + line.rstrip(b"\r\n") + b"\n")
                            rows += 1
        return RegularText(
            path,
            self.text.columns,
            self.text.delimiter,
            self.text.quote,
            skip=0,
            rows=rows,
            has_source_row=True,
            last_is_row=self.text.last_is_row,
        )

    def _sum_up(self) -> None:
        """Counts, values, faults; every row of an extract is in exactly one of the three counts."""
        readings = [extract.reading for extract in self.extracts]
        values: list[dict[str, list[Decimal]]] = [{} for _ in readings]
        months = [extract.month for extract in self.extracts]
        month = "''" if all(months) else "strftime(arrival_date, '%Y-%m')"
        number = f"source_row >> {ROWS_APART_BITS}"
        for which, currency, period, count, total, warned in self.connection.execute(
            f"select {number}, declared_currency_code, {month}, count(*), sum(declared_value), "
            "count(rule_ids) from accepted group by 1, 2, 3 order by 1, 2, 3"
        ).fetchall():
            reading = readings[which]
            reading.rows_accepted += count
            reading.rows_warned += warned
            period = months[which] or period
            reading.items_by_period[period] = reading.items_by_period.get(period, 0) + count
            values[which].setdefault(currency, [Decimal(0), Decimal(0), Decimal(0)])[0] += total
        if any(reading.rows_warned for reading in readings):
            self._add_faults(
                "select source_row, unnest(rule_ids) as fault from accepted where rule_ids is not null"
            )
        for which, currency, verdict, count, total, of_another_member in self.connection.execute(
            f"select {number}, coalesce(declared_currency_code, ''), verdict, count(*), "
            "coalesce(sum(declared_value), 0), count(*) filter (is_of_another_member) "
            "from rejected group by all order by all"
        ).fetchall():
            reading = readings[which]
            is_rejected = verdict == "REJECTED"
            reading.rows_rejected += count if is_rejected else 0
            reading.rows_duplicate += 0 if is_rejected else count
            reading.rows_of_another_member += of_another_member
            three = values[which].setdefault(currency, [Decimal(0), Decimal(0), Decimal(0)])
            three[1 if is_rejected else 2] = total
        if any(reading.rows_rejected or reading.rows_duplicate for reading in readings):
            self._add_faults("select source_row, unnest(faults) as fault from rejected")
        for extract, by_currency in zip(self.extracts, values, strict=True):
            reading, facts = extract.reading, extract.facts
            reading.values = [Value(currency, *three) for currency, three in sorted(by_currency.items())]
            if facts.first_period and facts.last_period:
                reading.items_by_period = {
                    period: reading.items_by_period.get(period, 0)
                    for period in _months(facts.first_period, facts.last_period)
                }
            if reading.rows_in != reading.rows_accepted + reading.rows_rejected + reading.rows_duplicate:
                raise PacificParcelsError(
                    f"{facts.member.code}: {reading.rows_in} rows in, but {reading.rows_accepted} accepted, "
                    f"{reading.rows_rejected} rejected and {reading.rows_duplicate} duplicate; "
                    "every row must be in one of them: a defect of the reader"
                )

    def _add_faults(self, rows: str) -> None:
        for number, fault, count, first in self.connection.execute(
            f"select source_row >> {ROWS_APART_BITS} as number, fault, count(*), "
            f"list_sort(min(source_row, {EXAMPLES})) from ({rows}) group by 1, 2 order by 1, 3 desc, 2"
        ).fetchall():
            rule_id, _, column = fault.partition(":")
            details = {}
            if rule_id == "R101":
                details = {"expected": str(len(self.text.columns))}
            if not column and "{expected}" in RULES[rule_id].remedy.en:
                details = {
                    "expected": "what the format allows in its place",
                    "expected_fr": "ce que le format admet à sa place",
                }
            expected = self._expected_by_format(self.texts[number], rule_id, column)
            if expected is not None:
                details = {
                    "expected": expected,
                    "expected_fr": in_french(expected) if rule_id == "R103" else expected,
                }
            elif column and self.exact is not None and "{expected}" in RULES[rule_id].remedy.en:
                details["expected"] = self.exact.expected(rule_id, column)
                details["expected_fr"] = (
                    in_french(details["expected"]) if rule_id == "R103" else details["expected"]
                )
                if rule_id == "R106" and COLUMNS_BY_NAME[column].kind == "integer":
                    details["expected"] += " (a whole number)"
                    details["expected_fr"] += " (un nombre entier)"
            if rule_id == "R109":
                details = details | FOR_ANOTHER_CODE["member" if expected is None else "format"]
            first_rows = tuple(row - number * ROWS_APART for row in first)
            self.extracts[number].reading.faults.append(Fault(rule_id, column, count, details, first_rows))

    def _expected_by_format(self, text: RegularText, rule_id: str, column: str) -> str | None:
        """What the format asks for in a column that it judges itself, or whose dates it has written anew."""
        source = self.layout.columns.get(column)
        if rule_id == "R103" and source is not None and source.column is not None:
            column = source.column
        return text.expected.get(column)

    def _one(self, sql: str) -> tuple[Any, ...]:
        row = self.connection.execute(sql).fetchone()
        if row is None:
            raise PacificParcelsError("a statement that must give one row gave none: a defect of ours")
        return row


def _remarks(path: Path | None) -> str:
    """SQL: faults or notes of a format (see RegularText), the fault as rule:column."""
    names = ("rule_id", "source_column", "found", "amount", "currency")
    structure = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    return (
        "select source_row, rule_id, concat(rule_id, ':', source_column) as fault, "
        "case when coalesce(source_column, found) is not null "
        "then cast(json_object(coalesce(source_column, ''), found) as varchar) end "
        "as source_values, try_cast(amount as decimal(18, 2)) as declared_value, "
        "case when regexp_full_match(currency, '[A-Z]{3}') then currency end as declared_currency_code "
        f"from read_csv({quoted(str(path))}, auto_detect = false, header = false, delim = ',', quote = '\"', "
        f"escape = '\"', null_padding = true, columns = {{'source_row': 'BIGINT', {structure}}})"
    )


def _enter_notes(
    connection: duckdb.DuckDBPyConnection, text: RegularText, scratch: Path, reading: Reading
) -> None:
    """What the format remarked on records that are no faults: counted by rule, and kept for the check."""
    if not text.note_count:
        return
    reading.noted_file = scratch / "noted.parquet"
    connection.execute(f"copy ({_remarks(text.notes)}) to {quoted(str(reading.noted_file))} ({PARQUET})")
    for rule_id, count, first in connection.execute(
        f"select rule_id, count(*), list_sort(min(source_row, {EXAMPLES})) "
        f"from read_parquet({quoted(str(reading.noted_file))}) group by 1 order by 1"
    ).fetchall():
        fault = Fault(rule_id, "", count, {}, tuple(first))
        reading.faults.append(fault)
        if fault.level == "LEFT_OUT":
            reading.rows_left_out += count
        else:
            reading.rows_warned += _newly_warned(connection, rule_id, reading)


def _newly_warned(connection: duckdb.DuckDBPyConnection, rule_id: str, reading: Reading) -> int:
    """How many accepted rows a rule of the format warns of that carry no warning of the layout."""
    files = ", ".join(quoted(str(path)) for _, path in reading.accepted_files)
    if not files:
        return 0
    found = connection.execute(
        f"select count(*) from read_parquet([{files}], hive_partitioning = false) semi join ("
        f"select source_row from read_parquet({quoted(str(reading.noted_file))}) "
        f"where rule_id = {quoted(rule_id)}) using (source_row) where rule_ids is null"
    ).fetchone()
    return int(found[0]) if found else 0


def _numbered(
    text: RegularText, source: BinaryIO, spans: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, bytes]]:
    """The rows of a text within the spans: each row of the file, and its line."""
    sign = text.delimiter.encode()
    remaining = iter(spans)
    first, last = next(remaining, (LAST_ROW, LAST_ROW))
    if not text.has_source_row:
        passed = 0
        for piece, count in pieces_of(source):
            if first == LAST_ROW:
                return
            if first <= passed + count:
                for row, line in enumerate(BytesIO(piece), passed + 1):
                    while row > last:
                        first, last = next(remaining, (LAST_ROW, LAST_ROW))
                    if row >= first and row > text.skip:
                        yield row, line
            passed += count
        return
    for line in source:
        number, _, content = line.partition(sign)
        row = int(number)
        while row > last:
            first, last = next(remaining, (LAST_ROW, LAST_ROW))
        if row >= first:
            yield row, content


def _is_too_much_rejected(reading: Reading) -> bool:
    rejected_pct = 100 * reading.rows_rejected / reading.rows_in if reading.rows_in else 0
    is_too_much = rejected_pct > MOST_REJECTED_PCT and reading.rows_rejected > ROWS_ALWAYS_FORGIVEN
    return is_too_much or (reading.rows_in > 0 and not reading.rows_accepted)


def _judge_the_whole(member: Member, reading: Reading, manifest: Manifest | None) -> None:
    """The rules that need the whole extract. Errors: ExtractError."""
    errors = []
    if _is_too_much_rejected(reading):
        if reading.rows_of_another_member > reading.rows_in / 2:
            errors.append(
                ExtractError(
                    "R009",
                    found=f"{reading.rows_of_another_member} of {reading.rows_in} items",
                    found_fr=f"{reading.rows_of_another_member} envois sur {reading.rows_in}",
                    expected=member.name.en,
                    expected_fr=member.name.fr,
                )
            )
        errors.append(
            ExtractError(
                "R010", rejected=reading.rows_rejected, rows=reading.rows_in, limit=MOST_REJECTED_PCT
            )
        )
    if manifest is not None:
        if manifest.rows is not None and manifest.rows != reading.rows_in:
            errors.append(ExtractError("R011", expected=manifest.rows, found=reading.rows_in))
        errors += _control_totals(reading, manifest)
    if errors:
        errors[0].others = errors[1:]
        raise errors[0]


def _control_totals(reading: Reading, manifest: Manifest) -> list[ExtractError]:
    """Totals are compared only where every value could be read: one that could not is in their total only."""
    unreadable = {"R101", "R113"} | {"R102", "R106", "R108", "R109"}
    if any(
        fault.rule_id in unreadable and fault.column in ("", "declared_value", "declared_currency_code")
        for fault in reading.faults
    ):
        return []
    found = {
        value.currency_code: value.accepted + value.rejected + value.duplicate for value in reading.values
    }
    return [
        ExtractError(
            "R013", column=column, currency=currency, expected=total, found=found.get(currency, Decimal(0))
        )
        for column, currency, total in manifest.control_totals
        if column == "declared_value" and found.get(currency, Decimal(0)) != total
    ]


def _months(first: str, last: str) -> list[str]:
    year, month = int(first[:4]), int(first[5:])
    months = []
    while f"{year}-{month:02d}" <= last:
        months.append(f"{year}-{month:02d}")
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return months
