"""What reading each format costs at size: MB per second of CPU time, and peak memory.

    python -m tests.benchmarks.formats [--mb 64] [--format NAME ...]

The sample of each format (tests/formats/<name>) is multiplied to the size asked for: documents one after the
other for XML and Cargo-IMP, rows under the header for delimited text, rows of a sheet for a workbook, whose
size is that of the sheet unpacked, an eighth of the size asked for. Each is read by the format's `read` in a
process of its own, whose CPU time (all threads) and peak memory are its own too; time to import is left out.
XML is read a second time as documents of 1,000 records, nearer to what an administration sends.

Text with separators is read twice: the sample as it is, which takes the exact and slow way, and its
well-formed rows as regular UTF-8. Beside the second stands DuckDB's own read of the same file into a table;
ours is `read` and then DuckDB's read of what it returns, so that the ratio compares like with like, on one
thread. The same rows are then read in other encodings, beside DuckDB's read of them in UTF-8.
Beside XML stands the parser alone, every element thrown away: a ratio says more than MB/s on a busy machine.

What we aim for: XML at 20 MB/s, delimited text at half of DuckDB's own speed, 300 MB of memory.
Linux only: peak memory is what /proc says.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from lxml import etree

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import format_names, load_format, read_options
from pacific_parcels.settings import REPOSITORY

SAMPLES = REPOSITORY / "tests" / "formats"
MEGABYTE = 1_000_000
OTHER_ENCODINGS = ("cp1252", "utf-16")

MEASURE = """
import json, re, sys, time
from pathlib import Path
def report(seconds, rows):
    peak = int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
    # DuckDB shows on a slow machine how far it is, on whatever line it stands.
    print("\\n" + json.dumps([seconds, peak, rows]))
"""
READ = (
    MEASURE
    + """
from pacific_parcels.formats import load_format, read_options
name, path, scratch, options = sys.argv[1:]
module = load_format(name)
chosen = read_options(module, json.loads(options))
started = time.process_time()
text = module.read(Path(path), chosen, Path(scratch))
report(time.process_time() - started, text.rows)
"""
)
READ_INTO_TABLE = (
    MEASURE
    + """
import duckdb
from pacific_parcels.formats import load_format, read_options
from pacific_parcels.contract import RULES
from pacific_parcels.layout import LONGEST_LINE, READ_BUFFER, quoted
name, path, scratch, options = sys.argv[1:]
module = load_format(name)
chosen = read_options(module, json.loads(options))
connection = duckdb.connect(config={"threads": 1})
started = time.process_time()
text = module.read(Path(path), chosen, Path(scratch))
in_lines = text.columns[: len(text.columns) - text.last_is_row]
names = (["source_row"] if text.has_source_row else []) + list(in_lines)
columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in names)
connection.execute(
    f"create temp table extract as select * from read_csv({quoted(str(text.path))}, auto_detect = false, "
    f"header = false, skip = {text.skip}, delim = {quoted(text.delimiter)}, quote = {quoted(text.quote)}, "
    f"escape = {quoted(text.quote)}, columns = {{{columns}}}, strict_mode = true, "
    f"max_line_size = {LONGEST_LINE}, buffer_size = {READ_BUFFER})"
)
(rows,) = connection.execute("select count(*) from extract").fetchone()
seconds = time.process_time() - started
# Records that are no items are read and counted too, in the notes.
notes = text.notes.read_text(encoding="utf-8").splitlines() if text.note_count else []
rows += sum(RULES[note.split(",")[1]].level == "LEFT_OUT" for note in notes)
report(seconds, rows + text.fault_count)
"""
)
PARSING_ALONE = (
    MEASURE
    + """
from pacific_parcels.markup import Elements
_, path, _, _ = sys.argv[1:]
started = time.process_time()
count = sum(1 for _ in Elements(Path(path), ("nothing-has-this-name",)))
report(time.process_time() - started, count)
"""
)
DUCKDB_ALONE = (
    MEASURE
    + """
import duckdb
_, path, _, options = sys.argv[1:]
connection = duckdb.connect(config={"threads": 1})
started = time.process_time()
connection.execute(
    "create temp table extract as select * from read_csv(?, header = true, all_varchar = true, delim = ?)",
    [path, json.loads(options).get("delimiter", ",")],
)
(count,) = connection.execute("select count(*) from extract").fetchone()
report(time.process_time() - started, count)
"""
)


@dataclass(frozen=True)
class Cost:
    megabytes: float
    cpu: float
    peak_mb: float
    rows: int

    @property
    def speed(self) -> float:
        return self.megabytes / self.cpu if self.cpu else float("inf")


def sample_and_options(name: str) -> tuple[Path, dict[str, Any]]:
    (sample,) = (SAMPLES / name).glob("sample.*")
    member = yaml.safe_load((SAMPLES / name / "member.yml").read_text(encoding="utf-8"))
    (layout,) = member["extracts"]["items"]["layouts"]
    return sample, layout.get("options", {})


def measured(program: str, name: str, path: Path, options: dict[str, Any], megabytes: float) -> Cost:
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        run = subprocess.run(
            [sys.executable, "-c", program, name, str(path), scratch, json.dumps(options)],
            cwd=REPOSITORY,
            env=dict(os.environ, PYTHONPATH=str(REPOSITORY)),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    *_, said = [line for line in run.stdout.splitlines() if line.startswith("[")]
    cpu, peak_mb, rows = json.loads(said)
    return Cost(megabytes, cpu, peak_mb, rows)


def write_repeated(path: Path, head: bytes, block: bytes, megabytes: float) -> None:
    block = block if block.endswith(b"\n") else block + b"\n"
    with path.open("wb") as file:
        file.write(head)
        for _ in range(max(1, int(megabytes * MEGABYTE / len(block)))):
            file.write(block)


def write_documents(path: Path, sample: Path, megabytes: float) -> None:
    block = sample.read_bytes()
    if sample.suffix == ".xml" and not block.startswith(b"<?xml"):
        block = b'<?xml version="1.0"?>\n' + block
    write_repeated(path, b"", block, megabytes)


def write_large_documents(
    path: Path, name: str, sample: Path, options: dict[str, Any], megabytes: float
) -> None:
    """Documents of 1,000 records. A record is the outermost element that gives more rows when repeated."""
    for document in sorted(re.split(rb"(?=<\?xml\s)", sample.read_bytes()), key=len, reverse=True):
        if not document.strip():
            continue
        root = etree.fromstring(document)
        nodes = list(root.iterdescendants(etree.Element))
        for node in sorted(nodes, key=lambda node: (sum(1 for _ in node.iterancestors()), -len(node))):
            head, record, tail = parts_around(root, node)
            if rows_of(path, name, options, head + record * 3 + tail) > rows_of(
                path, name, options, head + record + tail
            ):
                write_repeated(path, b"", head + record * 1000 + tail, megabytes)
                return
    raise SystemExit(f"{name}: no element of the sample can be repeated")


def parts_around(root: etree._Element, node: etree._Element) -> tuple[bytes, bytes, bytes]:
    """A document cut before and after one of its elements."""
    before, after = etree.Comment("cut here"), etree.Comment("cut here")
    tail, node.tail = node.tail, None
    node.addprevious(before)
    node.addnext(after)
    head, record, rest = etree.tostring(root, encoding="UTF-8", xml_declaration=True).split(
        b"<!--cut here-->"
    )
    before.getparent().remove(before)
    after.getparent().remove(after)
    node.tail = tail
    return head, record + b"\n", rest


def rows_of(path: Path, name: str, options: dict[str, Any], document: bytes) -> int:
    path.write_bytes(document)
    module = load_format(name)
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        try:
            text = module.read(path, read_options(module, options), Path(scratch))
        except ExtractError:
            return 0
        return text.rows - text.fault_count


def write_rows(path: Path, sample: Path, options: dict[str, Any], megabytes: float) -> None:
    lines = sample.read_bytes().splitlines(keepends=True)
    rows_above = options.get("header_row", 1)
    write_repeated(path, b"".join(lines[:rows_above]), b"".join(lines[rows_above:]), megabytes)


def write_regular_rows(path: Path, sample: Path, options: dict[str, Any], megabytes: float) -> None:
    """The header and the rows that stand on one line without quotation marks, in UTF-8."""
    lines = sample.read_text(encoding=options.get("encoding", "utf-8")).splitlines()
    header, *rows = lines[options.get("header_row", 1) - 1 :]
    delimiter = options.get("delimiter", ",")
    regular = [
        row
        for row in rows
        if row.count(delimiter) == header.count(delimiter) and '"' not in row and row.strip(delimiter)
    ]
    write_repeated(path, f"{header}\n".encode(), "\n".join(regular).encode(), megabytes)


def write_workbook(path: Path, sample: Path, options: dict[str, Any], megabytes: float) -> float:
    """The rows of the sheet over and over, told apart by a number; the size of the sheet unpacked."""
    import zipfile

    from openpyxl import Workbook, load_workbook

    source = load_workbook(sample, read_only=True, data_only=True)
    chosen = options.get("sheet", 1)
    sheet = source[source.sheetnames[chosen - 1] if isinstance(chosen, int) else chosen]
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    rows_above = options.get("header_row", 1)
    target = Workbook(write_only=True)
    copy = target.create_sheet(sheet.title)
    for row in rows[:rows_above]:
        copy.append(row)
    cells = sum(value is not None for row in rows[rows_above:] for value in row)
    for number in range(max(1, int(megabytes * MEGABYTE / (45 * cells)))):
        for row in rows[rows_above:]:
            copy.append([f"{value} {number:x}" if isinstance(value, str) else value for value in row])
    target.save(path)
    with zipfile.ZipFile(path) as archive:
        return archive.getinfo("xl/worksheets/sheet1.xml").file_size / MEGABYTE


def shown(name: str, cost: Cost, more: str = "") -> None:
    print(
        f"{name:<24}{cost.megabytes:>8.0f}{cost.rows:>12,}{cost.cpu:>9.1f}{cost.speed:>9.1f}{cost.peak_mb:>9.0f}"
        f"  {more}".rstrip(),
        flush=True,
    )


def bench(name: str, megabytes: float, folder: Path) -> None:
    sample, options = sample_and_options(name)
    path = folder / f"large{sample.suffix}"
    if sample.suffix == ".xlsx":
        unpacked = write_workbook(path, sample, options | {"sheet": options.get("sheet", 1)}, megabytes / 8)
        shown(name, measured(READ, name, path, options | {"sheet": 1}, unpacked))
        return
    if load_format(name).JOINS_DOCUMENTS:
        write_documents(path, sample, megabytes)
    else:
        write_rows(path, sample, options, megabytes)
    size = path.stat().st_size / MEGABYTE
    ours = measured(READ, name, path, options, size)
    if sample.suffix == ".xml":
        alone = measured(PARSING_ALONE, name, path, options, size)
        shown(name, ours, f"{ours.speed / alone.speed:.2f} of parsing alone")
        write_large_documents(path, name, sample, options, megabytes)
        size = path.stat().st_size / MEGABYTE
        ours, alone = (measured(program, name, path, options, size) for program in (READ, PARSING_ALONE))
        shown(f"{name}, large", ours, f"{ours.speed / alone.speed:.2f} of parsing alone")
    else:
        shown(name, ours)
    module = load_format(name)
    delimiter = module.header(sample, read_options(module, options)).delimiter
    if delimiter is not None:
        write_regular_rows(path, sample, options | {"delimiter": delimiter}, megabytes)
        size = path.stat().st_size / MEGABYTE
        # Regular rows need none of the options of a messy sample; a format without a choice has its own.
        regular = {"delimiter": delimiter} if "delimiter" in module.Options.model_fields else options
        ours = measured(READ_INTO_TABLE, name, path, regular, size)
        alone = measured(DUCKDB_ALONE, name, path, {"delimiter": delimiter}, size)
        if ours.rows != alone.rows:
            raise SystemExit(f"{name}: {ours.rows} rows, DuckDB alone reads {alone.rows}")
        shown(f"{name}, regular", ours, f"{ours.speed / alone.speed:.2f} of DuckDB alone")
        shown("DuckDB alone", alone)
        if "encoding" in module.Options.model_fields:
            content = path.read_bytes().decode()
            for encoding in OTHER_ENCODINGS:
                path.write_text(content, encoding=encoding, newline="")
                size = path.stat().st_size / MEGABYTE
                ours = measured(READ_INTO_TABLE, name, path, regular | {"encoding": encoding}, size)
                shown(f"{name}, {encoding}", ours, f"{alone.cpu / ours.cpu:.2f} of DuckDB alone on UTF-8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mb", type=float, default=64, help="size of each file in MB (default 64)")
    parser.add_argument("--format", nargs="+", choices=format_names(), default=format_names())
    chosen = parser.parse_args(arguments)
    print(f"{'format':<24}{'MB':>8}{'rows':>12}{'CPU s':>9}{'MB/s':>9}{'peak MB':>9}")
    for name in chosen.format:
        with tempfile.TemporaryDirectory() as folder:
            bench(name, chosen.mb, Path(folder))


if __name__ == "__main__":
    main()
