"""What receiving one file of 1 GB takes, in every format: peak memory of each process, and processor time.

    python -m tests.benchmarks.large_files [--gb 1] [--format NAME ...] [--shape small large] [--folder DIR]

The file is put together from accepted records of the format's sample (tests/formats/<name>), each time under
another identifier, so that nearly every row is accepted, and lies in an inbox. It is received by
`receive_member` with the member file of the sample, as `make run` does: in a process that lands it, and a
child of that which reads it. Of each process the highest resident memory is what /proc says.

`small`: documents of one consignment, one after the other. `large`: one document, or, where the format has a
limit of its own, documents of as many records as it reads (a SAD, which is read as a whole, of 2,000). Of
text with separators they are rows without and with quotation marks. A workbook has Excel's last row, and
texts as long as make its sheet as large as asked for (at most what the format unpacks, 1 GiB): `small` has
the texts in the cells, `large` in the table of shared texts, each cell its own.

`allowed` is what the sandbox grants a file of this size: 60 seconds of processor time and 10 for each MB.
What we aim for: 300 MB. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pacific_parcels.formats import format_names
from pacific_parcels.sandbox import Limits
from pacific_parcels.settings import REPOSITORY

SAMPLES = REPOSITORY / "tests" / "formats"
ROWS_OF_A_SHEET = 1_048_576 - 4  # two rows above the first item, two below the last
AIM_MB = 300
SHAPES = ("small", "large")

RECEIVE = """
import json, sys
from pathlib import Path
from pacific_parcels.landing import receive_member
from pacific_parcels.members import read_member
from pacific_parcels.receipts import Ledger
from pacific_parcels.settings import Settings
settings = Settings.from_environment()
receive_member(settings, read_member(Path(sys.argv[1])))
(receipt,) = Ledger.read(settings, "FJ").extracts.values()
rules = [fault["rule_id"] for fault in receipt["rules"]]
print(json.dumps([receipt["status"], receipt["rows_in"], receipt["rows_accepted"], rules]))
"""


@dataclass(frozen=True)
class Source:
    """How a file is put together: the record within the sample, what tells it from others, and around it.

    `record` is a pattern that finds the record in the sample. `head` and `tail` are patterns of what stands
    around the records of one document; with `most` records a document is full.
    """

    record: tuple[bytes, ...]
    identifier: bytes
    identified: Callable[[int], bytes]
    head: bytes = b""
    tail: bytes = b""
    most: int | None = None


def s10(number: int) -> bytes:
    """The identifier of a postal item with its check digit (UPU S10)."""
    digits = f"{number:08d}"
    rest = (
        sum(int(digit) * weight for digit, weight in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    )
    return f"RB{digits}{(11 - rest) % 11 % 10 if rest != 1 else 0}GB".encode()


def counted(digits: int, letter: str = "") -> Callable[[int], bytes]:
    return lambda number: f"{letter}{number:0{digits}d}".encode()


XML = rb"<\?xml.*?"
MOST_RECORDS = (("small", 1), ("large", None))  # of a document
SOURCES: dict[str, dict[str, Source]] = {
    "asycuda_manifest": {
        shape: Source(
            (rb"<Bol_segment>.*?</Bol_segment>\s",),
            rb"H0001|11112222",
            counted(8),
            head=XML + rb"(?=<Bol_segment>)",
            tail=rb"</Awmds>\s",
            most=most,
        )
        for shape, most in MOST_RECORDS
    },
    "asycuda_sad": {
        "small": Source((XML + rb"</ASYCUDA>\s",), rb"(?<=<Number>)101(?=</Number>)", counted(7)),
        "large": Source(
            (rb"<Item>.*?</Item>\s",),
            rb"(?<=<Number>)101(?=</Number>)",
            counted(7),
            head=XML + rb"(?=<Item>)",
            tail=rb"</ASYCUDA>\s",
            most=2_000,
        ),
    },
    "cargo_imp": {
        "small": Source((rb"FHL/4\r?\nMBI.*?250\.00/XXX\s+",), rb"FJH1001", counted(9, "F")),
        "large": Source(
            (rb"HBS/FJH1001.*?250\.00/XXX\r?\n",), rb"FJH1001", counted(9, "F"), head=rb"FHL/4\r?\nMBI.*?\n"
        ),
    },
    "cargo_xml": {
        "small": Source((XML + rb"</rsm:HouseWaybill>\s",), rb"FJH0001", counted(9, "F")),
        "large": Source(
            (rb"<ram:IncludedHouseConsignment>.*?</ram:IncludedHouseConsignment>\s",),
            rb"FJH0001",
            counted(9, "F"),
            head=XML + rb"(?=<ram:IncludedHouseConsignment>)",
            tail=rb"</rsm:MasterConsignment>\s*</rsm:HouseWaybill>\s",
        ),
    },
    "delimited": {
        shape: Source(
            (row + rb";[^\n]*\n",),
            row,
            counted(8, "C"),
            head=rb".*?(?=C001)",
            tail=rb"[^\n]*\n[^\n]*\n?\Z",
        )
        for shape, row in (("small", rb"C001"), ("large", rb"C002"))
    },
    "paccomtrade": {
        "small": Source(
            (rb"2026-03-05;8516[^\n]*\n",), rb"(?<=;)1234(?=\.50)", counted(8), head=rb"DATE[^\n]*\n"
        ),
        "large": Source(
            (rb'2026-03-06;9302[^\n]*"PACERPLUS"[^\n]*\n',),
            rb"(?<=;)60(?=\.00)",
            counted(8),
            head=rb"DATE[^\n]*\n",
        ),
    },
    "upu_itmatt": {
        shape: Source(
            (
                rb"<EMSEVT>.*?</Event>.*?</Event>",
                rb"\s*</EMSEVT>\s*",
                rb"<ITMATT>.*?</Item>",
                rb"\s*</ITMATT>\s*",
                rb"<CUSRSP>.*?</CUSRSP>\s*",
            ),
            rb"(?i)rb ?123 ?456 ?785 ?gb",
            s10,
            head=XML + rb"<PostalMessages>\s*",
            tail=rb"</PostalMessages>\s",
            most=most,
        )
        for shape, most in MOST_RECORDS
    },
    "wco_declaration": {
        "small": Source(
            (rb'<\?xml version="1.0"\?>\s*<w:Declaration.*?</w:Declaration>\s',), rb"RB123456785GB", s10
        ),
        "large": Source(
            (rb"<GovernmentAgencyGoodsItem>.*?</GovernmentAgencyGoodsItem>\s",),
            rb"(?<=LRN-2026-)0001|(?<=<SequenceNumeric>)1(?=<)",
            counted(7),
            head=XML + rb"(?=<GovernmentAgencyGoodsItem>)",
            tail=rb"</GoodsShipment>\s*</Declaration>\s*</md:MetaData>\s",
            most=10_000,
        ),
    },
}


def found(pattern: bytes, sample: bytes) -> bytes:
    match = re.search(pattern, sample, re.DOTALL)
    if match is None:
        raise SystemExit(f"{pattern!r} is not in the sample")
    return match[0]


def write_text(path: Path, sample: bytes, source: Source, size: float) -> None:
    record = b"".join(found(piece, sample) for piece in source.record)
    head = found(source.head, sample) if source.head else b""
    tail = found(source.tail, sample) if source.tail else b""
    identifier = re.compile(source.identifier)
    written, number = 0, 0
    with path.open("wb") as file:
        while written < size:
            text = [identifier.sub(source.identified(number), head)]
            in_document = 0
            while written < size and in_document != source.most:
                text.append(identifier.sub(source.identified(number), record))
                number += 1
                in_document += 1
                written += len(text[-1])
                if len(text) > 1000:
                    file.writelines(text)
                    text = []
            file.writelines([*text, tail])
            written += len(head) + len(tail)


def write_workbook(path: Path, sample: Path, size: float, *, has_shared_texts: bool) -> None:
    """The first item of the sample in every row that Excel has, with a text that makes up for the size."""
    with zipfile.ZipFile(sample) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts.pop("xl/worksheets/sheet2.xml")
    head = found(rb".*?(?=<row r=\"3\">)", sheet)
    row = found(rb"<row r=\"3\">.*?</row>", sheet)
    tail = found(rb"</sheetData>.*", sheet)
    footer = b'<row r="%d"><c r="A%d"><v>1</v></c></row>'
    texts: list[bytes] = []
    if has_shared_texts:
        parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
            b"</Types>",
            b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-'
            b'officedocument.spreadsheetml.sharedStrings+xml"/></Types>',
        )
        parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace(
            b"</Relationships>",
            b'<Relationship Id="rId99" Target="sharedStrings.xml" Type="http://schemas.openxmlformats.org/'
            b'officeDocument/2006/relationships/sharedStrings"/></Relationships>',
        )
        texts = re.findall(rb"<is><t>(.*?)</t></is>", row)
        for position, text in enumerate(texts):
            row = row.replace(b't="inlineStr"><is><t>' + text + b"</t></is>", b't="s"><v>@%d@</v>' % position)
    filling = max(int(size / ROWS_OF_A_SHEET) - len(row) - 8, 0) if not has_shared_texts else 0
    row = row.replace(b"Mere Vakacegu", b"Mere Vakacegu " + b"x" * filling).replace(b"0001", b"%(id)08d")
    row = re.sub(rb'r="(\w?)3"', rb'r="\g<1>%(row)d"', row)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        with archive.open("xl/worksheets/sheet2.xml", "w", force_zip64=True) as file:
            file.write(head)
            for number in range(ROWS_OF_A_SHEET):
                line = row % {b"row": number + 3, b"id": number}
                for position in range(len(texts)):
                    line = line.replace(b"@%d@" % position, b"%d" % (number * len(texts) + position))
                file.write(line)
            for number in (ROWS_OF_A_SHEET + 3, ROWS_OF_A_SHEET + 4):
                file.write(footer % (number, number))
            file.write(tail)
        if texts:
            with archive.open("xl/sharedStrings.xml", "w") as file:
                file.write(b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">')
                for number in range(ROWS_OF_A_SHEET):
                    mark = b"%08d" % number
                    for text in texts:
                        shown = mark if text == b"0001" else text + (b" " + mark) * (b" " in text)
                        file.write(b"<si><t>" + shown + b"</t></si>")
                file.write(b"</sst>")


def processes_below(root: int) -> Iterator[int]:
    """A process and all that come of it, as far as they are alive."""
    waiting = [root]
    while waiting:
        process = waiting.pop()
        yield process
        for tasks in Path(f"/proc/{process}/task").glob("*/children"):
            waiting += map(int, tasks.read_text().split())


class Watch(threading.Thread):
    """Notes the highest resident memory of a process and of all below it, in MB, by process."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.root, self.peaks, self.is_over = root, dict[int, float](), threading.Event()

    def run(self) -> None:
        while not self.is_over.wait(0.05):
            for process in processes_below(self.root):
                try:
                    status = Path(f"/proc/{process}/status").read_text()
                except OSError:
                    continue
                if peak := re.search(r"VmHWM:\s*(\d+)", status):
                    self.peaks[process] = int(peak[1]) / 1024


def bench(name: str, shape: str, size: float, folder: Path) -> float:
    """Receive one file; the highest memory of the child that read it."""
    folder = Path(tempfile.mkdtemp(dir=folder))
    (sample,) = (SAMPLES / name).glob("sample.*")
    inbox = folder / "inbox" / "fj"
    inbox.mkdir(parents=True)
    path = inbox / sample.name
    member = folder / "fj.yml"  # as every member file, named for its member
    shutil.copy(SAMPLES / name / "member.yml", member)
    if name == "xlsx":
        write_workbook(path, sample, size, has_shared_texts=shape == "large")
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    else:
        write_text(path, sample.read_bytes(), SOURCES[name][shape], size)
        unpacked = path.stat().st_size
    byte_count = path.stat().st_size
    os.utime(path, (time.time() - 3600,) * 2)
    process = subprocess.Popen(
        [sys.executable, "-c", RECEIVE, str(member)],
        cwd=REPOSITORY,
        env=dict(os.environ, PYTHONPATH=str(REPOSITORY), PACIFIC_PARCELS_HOME=str(folder)),
        stdout=subprocess.PIPE,
        text=True,
    )
    watch = Watch(process.pid)
    watch.start()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    output, _ = process.communicate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    watch.is_over.set()
    watch.join()
    shutil.rmtree(folder)
    if process.returncode:
        raise SystemExit(f"{name}: ended with {process.returncode}")
    status, rows_in, accepted, rules = json.loads(output.strip().splitlines()[-1])
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    parent = watch.peaks.pop(process.pid)
    child = max(watch.peaks.values())
    allowed = Limits(0).cpu_seconds_for(byte_count)
    megabytes = unpacked / 1e6
    print(
        f"{name:<18}{shape:<7}{megabytes:>7,.0f}{rows_in:>12,}{accepted:>12,}{seconds:>8.0f}"
        f"{megabytes / seconds:>7.1f}{child:>8.0f}{parent:>8.0f}{allowed:>9,.0f}",
        status,
        *rules,
        flush=True,
    )
    return child


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gb", type=float, default=1, help="size of each file (default 1)")
    parser.add_argument("--format", nargs="+", choices=format_names(), default=format_names())
    parser.add_argument("--shape", nargs="+", choices=SHAPES, default=SHAPES)
    parser.add_argument(
        "--folder", type=Path, help="where the files lie for so long (default: that of the system)"
    )
    chosen = parser.parse_args(arguments)
    print(
        f"{'format':<18}{'shape':<7}{'MB':>7}{'rows':>12}{'accepted':>12}{'CPU s':>8}{'MB/s':>7}"
        f"{'reads':>8}{'lands':>8}{'allowed':>9}",
        flush=True,
    )
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        peaks = [
            bench(name, shape, chosen.gb * 1e9, Path(folder))
            for name in chosen.format
            for shape in chosen.shape
        ]
    print(f"greatest peak of a process {max(peaks):.0f} MB (under {AIM_MB})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
