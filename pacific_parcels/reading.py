"""One extract read and judged: what is accepted, what is rejected and why, all in a scratch directory.

`landing` keeps the result; `pacific-parcels check` shows it and keeps nothing. Both run exactly this.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from weakref import WeakSet

import duckdb

from pacific_parcels.contract import RULES, Level
from pacific_parcels.errors import ExtractError, PacificParcelsError
from pacific_parcels.formats import Header, RegularText, load_format, read_options
from pacific_parcels.formats.delimited import likely_separator, separator_in_words
from pacific_parcels.layout import ExtractFacts, Statement, in_french, quoted
from pacific_parcels.members import Layout, Member, Stream, load_members
from pacific_parcels.settings import Settings
from pacific_parcels.unwrapping import unwrap

MOST_REJECTED_PCT = 10
ROWS_ALWAYS_FORGIVEN = 5
READING_BYTES = 150_000_000
EXAMPLES = 10
SMALL_EXTRACT_ROWS = 4000
LAST_ROW = sys.maxsize
LEVELS: tuple[Level, ...] = ("FATAL", "ERROR", "WARNING", "LEFT_OUT")
PARQUET = "format parquet, parquet_version v2, compression zstd, compression_level 1"
UNITS = {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4}
BINARY_UNITS = {"Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "Ti": 1024**4}
LARGEST_MANIFEST = 1 << 20
BOUNDED: WeakSet[duckdb.DuckDBPyConnection] = WeakSet()  # connections that have been given what reading takes
MANIFEST_SUFFIX = ".manifest.json"
REJECTS_SUFFIX = ".rejected.csv"


@dataclass(frozen=True)
class Fault:
    """One rule on one column of one extract. `first_rows` are rows as a spreadsheet shows them."""

    rule_id: str
    column: str
    row_count: int
    details: dict[str, str] = field(default_factory=dict)
    first_rows: tuple[int, ...] = ()

    @property
    def level(self) -> Level:
        return RULES[self.rule_id].level


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
    # Pushed down to the text, the filter on the rules would have every column read and cast twice: measured
    # at 1.6 times the cost.
    connection.execute("set disabled_optimizers = 'filter_pushdown'")
    return connection


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
            expected_fr="aucun extrait n'est encore convenu avec ce membre",
        )
    raise ExtractError("R015", found=source_name, expected=_names_agreed(member))


def _names_agreed(member: Member) -> str:
    return ", ".join(stream.file for stream in member.extracts.values())


def refuse_name_of_another(settings: Settings, member: Member, source_name: str) -> None:
    """Errors: ExtractError R009 for a name that is not this member's but is one of another's."""
    if any(stream.covers(source_name) for stream in member.extracts.values()):
        return
    for other in load_members(settings).values():
        if other.code != member.code and any(
            stream.covers(source_name) for stream in other.extracts.values()
        ):
            raise ExtractError(
                "R009",
                found=f"{source_name} ({other.name.en})",
                found_fr=f"{source_name} ({other.name.fr})",
                expected=_names_agreed(member) or member.name.en,
                expected_fr=_names_agreed(member) or member.name.fr,
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
                (str(total["column"]), str(total["currency"]), _finite(total["total"]))
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
            found=f"a value in it is not as agreed ({str(error)[:60]})",
            found_fr=f"une valeur n'y est pas conforme ({str(error)[:60]})",
        ) from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


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
) -> tuple[Manifest | None, Reading]:
    """Read one file as it was sent: whose it is by its name, what its manifest says of it, then its rows.

    Receiving and the pre-flight check both call this, so they come to the same verdict.
    """
    manifest = None
    try:
        refuse_name_of_another(settings, member, source_name)
        if path.is_file():
            manifest = manifest_of(manifest_path, content_sha256, path.stat().st_size)
    except ExtractError as error:
        reading = Reading(faults=[Fault(error.rule_id, "", 1, error.details)])
        with suppress(ExtractError):  # the fault already found says what is wrong
            reading.stream_code, _, periods = stream_of(member, source_name)
            reading.first_period, reading.last_period = periods
        return manifest, reading
    return manifest, _read_in_little_memory(
        settings, connection, member, path, source_name, extract_id, sent_on, scratch, manifest
    )


def _read_in_little_memory(
    settings: Settings, connection: duckdb.DuckDBPyConnection, *extract: Any
) -> Reading:
    """`read_extract` with READING_BYTES for DuckDB, which spills the rest; with all it may have where that
    is too little.

    A gigabyte of text costs hardly more so, and takes a quarter of the memory.
    """
    if connection not in BOUNDED:
        # A second thread costs a third more, and a file is not read any sooner.
        connection.execute("set threads = 1")
        _limit_memory(connection, f"{min(READING_BYTES, bytes_of(settings.memory_limit))}B")
        BOUNDED.add(connection)
    try:
        return read_extract(connection, *extract)
    except duckdb.OutOfMemoryException:
        _limit_memory(connection, settings.memory_limit)
        BOUNDED.discard(connection)
        return read_extract(connection, *extract)


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
) -> Reading:
    """Read one file of one member. A fault of the whole extract ends up in `faults`; only ours are raised.

    `sent_on` is the day on which the member sent it: a later arrival is a future date. `scratch` is an empty
    directory.
    """
    reading = Reading()
    try:
        if path.is_symlink() or not path.is_file():
            is_folder = path.is_dir() and not path.is_symlink()
            raise ExtractError(
                "R008",
                found="a folder" if is_folder else "a link",
                found_fr="un dossier" if is_folder else "un lien",
            )
        reading.stream_code, stream, (reading.first_period, reading.last_period) = stream_of(
            member, source_name
        )
        layout = stream.layout_of(reading.first_period)
        reading.layout_valid_from = layout.valid_from
        module = load_format(layout.format)
        options = read_options(module, layout.options)
        path = unwrap(path, scratch, joins_documents=module.JOINS_DOCUMENTS)
        header = module.header(path, options)
        check_header(layout, header)
        reading.source_columns = header.columns
        facts = ExtractFacts(
            extract_id, member, reading.stream_code, reading.first_period, reading.last_period, sent_on
        )
        text = module.read(path, options, scratch)
        try:
            _Pass(connection, layout, facts, text, scratch, reading).run()
        except _Irregular:
            text = module.respool(path, options, scratch)
            _Pass(connection, layout, facts, text, scratch, reading).run()
        _enter_notes(connection, text, scratch, reading)
        _judge_the_whole(member, reading, manifest)
    except ExtractError as error:
        reading.faults += [Fault(fault.rule_id, "", 1, fault.details) for fault in error.faults]
    reading.faults.sort(
        key=lambda fault: (LEVELS.index(fault.level), -fault.row_count, fault.rule_id, fault.column)
    )
    return reading


def check_header(layout: Layout, header: Header) -> None:
    """Every declared column there, no other, none twice. Errors: ExtractError with all that is wrong."""
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
    errors = []
    if missing:
        errors.append(
            ExtractError(
                "R002",
                missing=_listed(missing),
                found=_listed(found),
                found_fr=_listed(found, "fr"),
                nearest=_nearest(missing, unexpected),
            )
        )
    if unexpected:
        errors.append(
            ExtractError(
                "R003",
                unexpected=_listed(unexpected),
                unexpected_fr=_listed(unexpected, "fr"),
                nearest=_nearest(unexpected, missing),
            )
        )
    if twice:
        errors.append(ExtractError("R006", found=_listed(twice), found_fr=_listed(twice, "fr")))
    if errors:
        errors[0].others = errors[1:]
        raise errors[0]


def _listed(names: Iterable[str], language: str = "en") -> str:
    """The first names of columns, as a person can read them."""
    without_name = {"en": "(no name)", "fr": "(sans nom)"}[language]
    listed = [_on_one_line(name) or without_name for name in names]
    return ", ".join(listed[:12]) + (f" (+{len(listed) - 12})" if len(listed) > 12 else "")


def _on_one_line(name: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in name)[:40]


def _nearest(names: list[str], candidates: list[str]) -> str:
    pairs = []
    for name in names[:12]:
        close = difflib.get_close_matches(name, candidates, n=1, cutoff=0.5)
        if close:
            pairs.append(f"{_on_one_line(name)} ↔ {_on_one_line(close[0])}")
    return "; ".join(pairs) or "–"


class _Irregular(Exception):
    """DuckDB met rows that it cannot split: the format must number them record by record."""


class _Pass:
    """The statements of one reading, in order."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        layout: Layout,
        facts: ExtractFacts,
        text: RegularText,
        scratch: Path,
        reading: Reading,
    ) -> None:
        self.connection = connection
        self.layout = layout
        self.facts = facts
        self.text = text
        self.scratch = scratch
        self.reading = reading
        self.exact: Statement | None = None
        self.is_one_month = facts.first_period is not None and facts.first_period == facts.last_period

    def run(self) -> None:
        """Judge every row: the plain statement accepts nearly all, the exact one decides about the rest.

        Two statements cost more to plan than a small extract costs to judge: it goes to the exact one
        at once. Accepted rows wait in the table `accepted`, out of which a repeated item can still be taken.
        """
        self.reading.rows_in = self.text.rows
        if self.text.rows == 0:
            self._nothing()
            return
        self.connection.execute(
            "create or replace temp table rejected (extract_id varchar, source_row bigint, verdict varchar, "
            "faults varchar[], source_values varchar, declared_value decimal(18,2), "
            "declared_currency_code varchar, is_of_another_member boolean)"
        )
        plain = Statement(self.layout, self.facts, self.text, is_exact=False)
        plain.prepare(self.connection)
        if self.text.rows <= SMALL_EXTRACT_ROWS:
            is_whole = self.text.has_source_row or not self.text.fault_count
            self._judge_exactly(self.text if is_whole else self._lines_of([(1, LAST_ROW)]))
        else:
            self._judge_in_two_steps(plain)
        if self.text.fault_count:
            self.connection.execute(
                f"insert into rejected by name select {quoted(self.facts.extract_id)} as extract_id, "
                "source_row, 'REJECTED' as verdict, [fault] as faults, source_values, declared_value, "
                f"declared_currency_code, false as is_of_another_member from ({self._faulty_rows()})"
            )
        self._sum_up()
        self._write_accepted()

    def _judge_in_two_steps(self, plain: Statement) -> None:
        """The plain statement on all rows, then the exact one on what it left and on repeated items."""
        self.connection.execute(f"create or replace temp table accepted as {plain.accepted()}")
        self._refuse_rows_that_were_not_split()
        self._refuse_lines_passed_over("accepted")
        hashes = "select hash(item_id) as item_hash from accepted"
        rest = self._rest()
        if rest is not None:
            left = Statement(self.layout, self.facts, rest, is_exact=False).item_ids()
            hashes += f" union all select hash(item_id) from ({left}) where item_id is not null"
        if self._take_back_repeated_items(hashes):
            rest = self._rest()
        if rest is not None:
            self._judge_exactly(rest)

    def _faulty_rows(self) -> str:
        return _remarks(self.text.faults)

    def _take_back_repeated_items(self, hashes: str) -> bool:
        """Take every accepted row of an item that occurs more than once out again; whether there was any.

        `hashes` gives the item_hash of the rows that count. Which occurrence is kept is for the exact
        statement to say.
        """
        self.connection.execute(
            "create or replace temp table repeated as "
            f"select item_hash from ({hashes}) group by item_hash having count(*) > 1"
        )
        (taken_back,) = self._one(
            "delete from accepted where hash(item_id) in (select item_hash from repeated)"
        )
        return bool(taken_back)

    def _judge_exactly(self, text: RegularText) -> None:
        """Each row is accepted, a repetition of an accepted item, or rejected for reasons that are named."""
        self.exact = Statement(self.layout, self.facts, text, is_exact=True)
        self.connection.execute(f"create or replace temp table rest as {self.exact.judged()}")
        self._refuse_rows_that_were_not_split()
        if not text.has_source_row:
            self._refuse_lines_passed_over("rest")
        # Cheaper to plan than a window, and planning is what a small extract costs.
        self.connection.execute(
            "create or replace temp table first_occurrences as "
            "select min(source_row) as source_row from rest where not is_rejected group by item_id"
        )
        is_first = "source_row in (select source_row from first_occurrences)"
        left_out = "is_rejected, faults, source_values, is_of_another_member"
        accepted = f"select * exclude ({left_out}) from rest where {is_first} order by source_row"
        is_all = self.text.rows <= SMALL_EXTRACT_ROWS
        into = "create or replace temp table accepted as" if is_all else "insert into accepted by name"
        self.connection.execute(f"{into} {accepted}")
        name = quoted(self.layout.columns["item_id"].column or "item_id")
        self.connection.execute(
            "insert into rejected by name select extract_id, source_row, "
            "case when is_rejected then 'REJECTED' else 'DUPLICATE' end as verdict, "
            "case when is_rejected then faults else ['R114:item_id'] end as faults, "
            "case when is_rejected then source_values "
            f"else cast(json_object({name}, item_id) as varchar) end as source_values, "
            "declared_value, declared_currency_code, is_of_another_member "
            f"from rest where not {is_first}"
        )

    def _nothing(self) -> None:
        """A header without rows: a true zero where the name of the file says the month, else nothing."""
        if self.facts.first_period is None or self.facts.last_period is None:
            if self.text.note_count:  # records that are no items tell nothing of a month
                return
            raise ExtractError("R001")
        self.reading.items_by_period = dict.fromkeys(
            _months(self.facts.first_period, self.facts.last_period), 0
        )
        self.reading.faults.append(Fault("R205", "", 0))

    def _write_accepted(self) -> None:
        """Write the accepted rows, by month where the extract has several."""
        if not self.reading.rows_accepted:
            return
        if self.is_one_month:
            path = self.scratch / "accepted.parquet"
            self.connection.execute(f"copy accepted to {quoted(str(path))} ({PARQUET})")
            self.reading.accepted_files = [(str(self.facts.first_period), path)]
            return
        folder = self.scratch / "accepted"
        self.connection.execute(
            "copy (select *, strftime(arrival_date, '%Y-%m') as time_period from accepted) "
            f"to {quoted(str(folder))} ({PARQUET}, partition_by (time_period), overwrite true)"
        )
        self.reading.accepted_files = [
            (file.parent.name.removeprefix("time_period="), file)
            for file in sorted(folder.rglob("*.parquet"))
        ]

    def _refuse_rows_that_were_not_split(self) -> None:
        """Look at what DuckDB could not split in the statement before, and forget it."""
        faults = self.connection.execute("select error_type from reject_errors limit 1").fetchone()
        if faults is None:
            return
        for table in ("reject_errors", "reject_scans"):
            self.connection.execute(f"drop table {table}")
        if self.text.has_source_row:
            raise PacificParcelsError(
                f"{self.facts.member.code}: a spooled row cannot be split again ({faults[0]}): "
                "a defect of the reader"
            )
        raise _Irregular

    def _refuse_lines_passed_over(self, table: str) -> None:
        """DuckDB passes over a blank line, and every row after it would have the number of another."""
        if self.text.has_source_row:
            return
        (last,) = self._one(f"select max(source_row) from {table}")
        if last == self.text.skip + self.text.rows:
            return
        with self.text.path.open("rb") as file:
            if any(not line.strip(b"\r\n") for line in file):
                raise _Irregular

    def _rest(self) -> RegularText | None:
        """What is not in `accepted`; None when that is nothing but lines that could not be split."""
        accepted, last = self._one(
            f"select count(*), coalesce(max(source_row), {self.text.skip}) from accepted"
        )
        if accepted == self.text.rows - self.text.fault_count:
            return None
        gaps = self.connection.execute(
            "select before + 1, source_row - 1 from (select source_row, "
            f"lag(source_row, 1, {self.text.skip}) over () as before from accepted) "
            "where source_row > before + 1 order by 1"
        ).fetchall()
        return self._lines_of([*gaps, (last + 1, LAST_ROW)])

    def _lines_of(self, spans: list[tuple[int, int]]) -> RegularText:
        """The lines of some source rows, each with its row number in front.

        `spans` are (first, last) of consecutive rows, both included, in ascending order.
        """
        faulty: set[int] = set()
        if self.text.fault_count and not self.text.has_source_row:
            faulty = {row for row, *_ in self.connection.execute(self._faulty_rows()).fetchall()}
        path = self.scratch / "rest.txt"
        rows = 0
        with self.text.path.open("rb") as source, path.open("wb") as rest:
            for row, line in self._numbered(source, spans):
                if row not in faulty:
                    rest.write(line)
                    rows += 1
        return RegularText(
            path, self.text.columns, self.text.delimiter, self.text.quote, 0, rows, has_source_row=True
        )

    def _numbered(self, source: BinaryIO, spans: list[tuple[int, int]]) -> Iterator[tuple[int, bytes]]:
        """The source rows within the spans, and their lines with the number in front."""
        sign = self.text.delimiter.encode()
        if not self.text.has_source_row:
            passed = 0
            for first, last in spans:
                first = max(first, self.text.skip + 1)
                for row, line in enumerate(islice(source, first - passed - 1, last - passed), first):
                    yield row, b"%d" % row + sign + line
                passed = last
            return
        remaining = iter(spans)
        first, last = next(remaining)
        for line in source:
            row = int(line[: line.index(sign)])
            while row > last:
                first, last = next(remaining)
            if row >= first:
                yield row, line

    def _sum_up(self) -> None:
        """Counts, values, faults; every row of the extract is in exactly one of the three counts."""
        reading = self.reading
        values: dict[str, list[Decimal]] = {}
        month = (
            quoted(str(self.facts.first_period)) if self.is_one_month else "strftime(arrival_date, '%Y-%m')"
        )
        for currency, period, count, total, warned in self.connection.execute(
            f"select declared_currency_code, {month}, count(*), sum(declared_value), count(rule_ids) "
            "from accepted group by 1, 2 order by 1, 2"
        ).fetchall():
            reading.rows_accepted += count
            reading.rows_warned += warned
            reading.items_by_period[period] = reading.items_by_period.get(period, 0) + count
            values.setdefault(currency, [Decimal(0), Decimal(0), Decimal(0)])[0] += total
        if reading.rows_warned:
            self._add_faults(
                "select source_row, unnest(rule_ids) as fault from accepted where rule_ids is not null"
            )
        for currency, verdict, count, total, of_another_member in self.connection.execute(
            "select coalesce(declared_currency_code, ''), verdict, count(*), "
            "coalesce(sum(declared_value), 0), count(*) filter (is_of_another_member) "
            "from rejected group by all order by all"
        ).fetchall():
            is_rejected = verdict == "REJECTED"
            reading.rows_rejected += count if is_rejected else 0
            reading.rows_duplicate += 0 if is_rejected else count
            reading.rows_of_another_member += of_another_member
            values.setdefault(currency, [Decimal(0), Decimal(0), Decimal(0)])[1 if is_rejected else 2] = total
        reading.values = [Value(currency, *three) for currency, three in sorted(values.items())]
        if self.facts.first_period and self.facts.last_period:
            reading.items_by_period = {
                month: reading.items_by_period.get(month, 0)
                for month in _months(self.facts.first_period, self.facts.last_period)
            }
        if reading.rows_rejected or reading.rows_duplicate:
            self._add_faults("select source_row, unnest(faults) as fault from rejected")
            reading.rejected_file = self.scratch / "rejected.parquet"
            self._one(
                "copy (select * exclude (is_of_another_member) from rejected order by source_row) "
                f"to {quoted(str(reading.rejected_file))} ({PARQUET})"
            )
        if reading.rows_in != reading.rows_accepted + reading.rows_rejected + reading.rows_duplicate:
            raise PacificParcelsError(
                f"{self.facts.member.code}: {reading.rows_in} rows in, but {reading.rows_accepted} accepted, "
                f"{reading.rows_rejected} rejected and {reading.rows_duplicate} duplicate; "
                "every row must be in one of them: a defect of the reader"
            )

    def _add_faults(self, rows: str) -> None:
        for fault, count, first in self.connection.execute(
            f"select fault, count(*), list_sort(min(source_row, {EXAMPLES})) from ({rows}) "
            "group by 1 order by 2 desc, 1"
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
            if column in self.text.expected:
                expected = self.text.expected[column]
                details = {
                    "expected": expected,
                    "expected_fr": in_french(expected) if rule_id == "R103" else expected,
                }
            elif column and self.exact is not None and "{expected}" in RULES[rule_id].remedy.en:
                details["expected"] = self.exact.expected(rule_id, column)
                details["expected_fr"] = (
                    in_french(details["expected"]) if rule_id == "R103" else details["expected"]
                )
            self.reading.faults.append(Fault(rule_id, column, count, details, tuple(first)))

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
        "case when source_column is not null then cast(json_object(source_column, found) as varchar) end "
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


def _judge_the_whole(member: Member, reading: Reading, manifest: Manifest | None) -> None:
    """The rules that need the whole extract. Errors: ExtractError."""
    errors = []
    rejected_pct = 100 * reading.rows_rejected / reading.rows_in if reading.rows_in else 0
    is_too_much = rejected_pct > MOST_REJECTED_PCT and reading.rows_rejected > ROWS_ALWAYS_FORGIVEN
    if is_too_much or (reading.rows_in and not reading.rows_accepted):
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
