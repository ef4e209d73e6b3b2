"""Search for bytes that a reader does not survive: coverage-guided, a bounded time for each target.

Every format is given bytes in place of its sample; besides, the archives that extracts are sent in, and the
sheet inside a workbook, whose checksums no mutation would pass. What may come out is rows or an ExtractError;
any other exception, more than 20 s for one input or more than 2 GB of memory is a defect. Each target runs
in a process of its own, with its sample (and, where they are there, the hostile files that others collected)
to start from. What breaks a reader is left in `--crashes`. Linux only: atheris comes with the development
requirements there.

    python -m tests.benchmarks.fuzz [--seconds 60] [--target NAME ...]
"""

from __future__ import annotations

import argparse
import gzip
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

SHEET = "xl/worksheets/sheet1.xml"
OTHER_TARGETS = ("archive", "xlsx_sheet")
SECONDS_FOR_ONE = 20
MOST_MB = 2048
Target = Callable[[bytes], None]


def fuzz(name: str, seconds: int, folder: Path) -> None:
    """Run one target in this process; libFuzzer ends it. `folder` holds its corpus and takes its crashes."""
    import atheris

    with atheris.instrument_imports(include=["pacific_parcels", "openpyxl"]):
        from pacific_parcels.errors import ExtractError
        from pacific_parcels.formats import load_format, read_options
        from pacific_parcels.unwrapping import unwrap
        from tests.contract.test_formats import sample_of

        format_name = {"archive": "delimited", "xlsx_sheet": "xlsx"}.get(name, name)
        module = load_format(format_name)
    sample, _, layout, _ = sample_of(format_name)
    options = read_options(module, layout.options)
    scratch = folder / "scratch"
    scratch.mkdir()
    path = folder / "input"

    def one_input(data: bytes) -> None:
        path.write_bytes(data)
        with suppress(ExtractError):
            if name == "archive":
                unwrap(path, scratch, joins_documents=data[-1:] > b"\x7f")
                return
            if name == "xlsx_sheet":
                put_sheet(sample, path, data)
            module.header(path, options)
            module.read(path, options, scratch)

    atheris.Setup(
        [
            name,
            f"-max_total_time={seconds}",
            f"-timeout={SECONDS_FOR_ONE}",
            f"-rss_limit_mb={MOST_MB}",
            f"-artifact_prefix={folder / 'crashes'}/",
            "-max_len=65536",
            str(folder / "corpus"),
        ],
        one_input,
    )
    atheris.Fuzz()


def put_sheet(workbook: Path, path: Path, sheet: bytes) -> None:
    """The workbook with another sheet in it, unpacked so that its ratio is no matter."""
    with zipfile.ZipFile(workbook) as source, zipfile.ZipFile(path, "w") as target:
        for entry in source.infolist():
            target.writestr(entry.filename, sheet if entry.filename == SHEET else source.read(entry))


def write_corpus(name: str, folder: Path) -> None:
    """What a target starts from."""
    from pacific_parcels.settings import REPOSITORY
    from tests.contract.test_formats import sample_of

    sample, *_ = sample_of({"archive": "delimited", "xlsx_sheet": "xlsx"}.get(name, name))
    content = sample.read_bytes()
    seeds = [content]
    if name == "archive":
        seeds = [gzip.compress(content) + gzip.compress(b"more")]
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            with zipfile.ZipFile(folder / "seed.zip", "w", method) as archive:
                archive.writestr("a/items.csv", content)
                archive.writestr("b/items.csv", b"<a/>")
            seeds.append((folder / "seed.zip").read_bytes())
        (folder / "seed.zip").unlink()
    elif name == "xlsx_sheet":
        with zipfile.ZipFile(sample) as archive:
            seeds = [archive.read(SHEET)]
    else:
        hostile = REPOSITORY.parent / "shared" / "data" / "hostile"
        collected = sorted(hostile.glob(f"*/*{sample.suffix}"))
        seeds += [path.read_bytes() for path in collected if path.stat().st_size < 1 << 16]
    for number, seed in enumerate(seeds):
        (folder / str(number)).write_bytes(seed)


def run(name: str, seconds: int, crashes: Path) -> tuple[int, str]:
    """Inputs tried by one target, and what it said when it broke, or nothing."""
    with tempfile.TemporaryDirectory(prefix="pacific-parcels-fuzz-") as temporary:
        folder = Path(temporary)
        (folder / "corpus").mkdir()
        (folder / "crashes").mkdir()
        write_corpus(name, folder / "corpus")
        command = [sys.executable, "-m", __spec__.name, "--seconds", str(seconds), "--in", temporary]
        done = subprocess.run(
            [*command, "--target", name], capture_output=True, text=True, errors="replace", check=False
        )
        output = done.stdout + done.stderr
        for crash in (folder / "crashes").iterdir():
            crashes.mkdir(parents=True, exist_ok=True)
            shutil.copy(crash, crashes / f"{name}-{crash.name}")
    counts: list[Any] = re.findall(r"(?:Done |^#)(\d+)", output, flags=re.MULTILINE)
    tried = max(map(int, counts), default=0)
    return tried, "" if done.returncode == 0 and tried else output[-3000:] or "it said nothing"


def main(arguments: Sequence[str] | None = None) -> int:
    from pacific_parcels.formats import format_names

    targets = [*OTHER_TARGETS, *format_names()]
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.fuzz",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--target", action="append", choices=targets, help="all of them unless named")
    parser.add_argument("--crashes", type=Path, default=Path("data/crashes"))
    parser.add_argument("--in", dest="folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.folder is not None:
        fuzz(options.target[0], options.seconds, options.folder)
    print(f"{'target':<24}{'inputs tried':>14}{'':>4}outcome")
    broken = 0
    for name in options.target or targets:
        tried, said = run(name, options.seconds, options.crashes)
        print(f"{name:<24}{tried:>14,}{'':>4}{'broken' if said else 'rows or a named rule, each time'}")
        if said:
            broken += 1
            print(said, file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
