"""`make bench`: what a run costs at size, as ratios taken in one go.

CPU seconds (user and system, all threads), wall seconds, and the highest resident memory of any one process,
its children among them, as /proc says (Linux only). Twelve members whose extracts are CSV
that DuckDB can read by itself. Every step is a process of its own, so that memory is its own too:

    bare        DuckDB alone: COPY (typed read_csv) TO zstd Parquet, file by file, in one process
    receive     the same files landed: bytes kept and hashed, layouts, rules, rejected rows, receipts
    build, judge, publish                    the region, from those
    … one more month                         the same four on a month that arrives after that history
    … nothing new                            the same four again: what they cost by being started
    receive, one file of 1 GB                one CSV file by itself, for its memory (--large-file 0 for none)
    run         the main job on the default demo, in a directory of its own, and once more (with --demo)

Then every format by itself (tests.benchmarks.formats), and random bytes against every format for a while
(tests.benchmarks.fuzz); --fuzz-seconds 0 leaves both away.

The history is synthetic, with the demo's usual share of broken rows (--dirt 0 for none).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pacific_parcels.layout import quoted
from pacific_parcels.members import Layout, Member, load_members
from pacific_parcels.settings import REPOSITORY, Settings
from tests.benchmarks import formats, fuzz
from tests.benchmarks.large_files import Watch

MEMBERS = ("AS", "AU", "FJ", "FM", "GU", "KI", "MH", "MP", "NZ", "PG", "PW", "TV")
LAST_MONTH = "2026-09"
HELD_BACK = "held_back"

BUILD = "from dags.steps import build_region; import json; print(json.dumps(build_region()))"
JUDGE = (
    "from dags.steps import judge_vintages; import json, sys\n"
    "print(json.dumps(judge_vintages(json.loads(sys.argv[1]))))"
)
PUBLISH = (
    "from dags.steps import publish; import json, sys; print(json.dumps(publish(json.loads(sys.argv[1]))))"
)
RECEIVE = "from dags.steps import member_codes, receive\nfor code in member_codes(): receive(code)"


@dataclass(frozen=True)
class Cost:
    step: str
    cpu: float
    wall: float
    peak_mb: float


def measured(step: str, code: str, home: Path, argument: str = "") -> tuple[Cost, str]:
    """Run Python code in a process of its own; its cost and the last line it printed."""
    environment = dict(os.environ, PACIFIC_PARCELS_HOME=str(home), PYTHONPATH=str(REPOSITORY))
    started = time.monotonic()
    # What the kernel says of a child in the end begins with what its parent held: this process.
    process = subprocess.Popen(
        [sys.executable, "-c", code, argument],
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    watch = Watch(process.pid)
    watch.start()
    output = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    watch.is_over.set()
    watch.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{step}: ended with {process.returncode}")
    cost = Cost(step, usage.ru_utime + usage.ru_stime, wall, max(watch.peaks.values()))
    print(f"{cost.step:<36}{cost.cpu:>10.1f}{cost.wall:>10.1f}{cost.peak_mb:>10.0f}", flush=True)
    return cost, (output.strip().splitlines() or [""])[-1]


def bare_types(layout: Layout, member: Member) -> dict[str, str]:
    """The type that a careful person would give each column of the file in DuckDB's own read."""
    from pacific_parcels.contract import COLUMNS_BY_NAME

    types = dict.fromkeys(layout.source_columns, "VARCHAR")
    for name, source in layout.columns.items():
        kind = COLUMNS_BY_NAME[name].kind
        is_plain = source.lookup is None and source.format is None
        if source.column and is_plain and kind in ("decimal", "integer", "date", "timestamp"):
            types[source.column] = COLUMNS_BY_NAME[name].sql_type
    return types


def bare_code(settings: Settings, target: Path) -> str:
    """A program that copies every file of the inbox to Parquet with DuckDB alone, broken lines left out."""
    statements = []
    members = load_members(settings)
    for member in (members[code] for code in MEMBERS):
        for path in sorted((settings.inbox / member.code.lower()).rglob("*")):
            if path.suffix not in (".csv", ".txt"):
                continue
            stream = next(iter(member.extracts.values()))
            periods = stream.covers(path.name) or (None, None)
            layout = stream.layout_of(periods[0])
            types = bare_types(layout, member)
            columns = ", ".join(f"{quoted(name)}: {quoted(types[name])}" for name in _header(path, layout))
            statements.append(
                f"copy (select * from read_csv({quoted(str(path))}, auto_detect = false, header = true, "
                f"delim = {quoted(layout.options.get('delimiter', ','))}, quote = '\"', escape = '\"', "
                f"columns = {{{columns}}}, dateformat = {quoted(layout.dates)}, "
                f"timestampformat = {quoted(layout.timestamps)}, ignore_errors = true)) "
                f"to {quoted(str(target / (path.name + '.parquet')))} (format parquet, compression zstd)"
            )
    program = target / "bare.sql"
    program.write_text(";\n".join(statements) + ";\n", encoding="utf-8")
    return (
        "import duckdb, pathlib\n"
        f"config = {{'threads': {settings.threads}, 'memory_limit': {settings.memory_limit!r}}}\n"
        "connection = duckdb.connect(config=config)\n"
        f"for statement in pathlib.Path({str(program)!r}).read_text().split(';\\n'):\n"
        "    if statement.strip(): connection.execute(statement)"
    )


def _header(path: Path, layout: Layout) -> list[str]:
    with path.open(encoding="utf-8-sig") as file:
        return [
            name.strip('"')
            for name in file.readline().rstrip("\r\n").split(layout.options.get("delimiter", ","))
        ]


def publish_everything(name: str, home: Path) -> list[Cost]:
    """Receive, build, judge and publish what is in the inbox."""
    receive, _ = measured(f"receive{name}", RECEIVE, home)
    build, built = measured(f"build{name}", BUILD, home)
    judge, judged = measured(f"judge{name}", JUDGE, home, built)
    publish, _ = measured(f"publish{name}", PUBLISH, home, judged)
    return [receive, build, judge, publish]


def hold_back_last_month(settings: Settings) -> None:
    """Keep the last month out of the inbox; files of members that send quarters are part of the history."""
    for path in sorted(settings.inbox.rglob("*")):
        if path.is_file() and (LAST_MONTH in path.name or LAST_MONTH.replace("-", "") in path.name):
            target = settings.home / HELD_BACK / path.relative_to(settings.inbox)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)


def write_large_file(settings: Settings, target: Settings, size: float) -> None:
    """The last month of the member with the largest file, over and over, each time under other item ids."""
    largest = max(settings.inbox.rglob("*.txt"), key=lambda path: path.stat().st_size)
    header, _, rows = largest.read_bytes().partition(b"\n")
    path = target.inbox / largest.relative_to(settings.inbox)
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.write(header + b"\n")
        copies = 0
        while file.tell() < size:
            # The identifier stands in the first column.
            mark = b"%c%c" % (65 + copies // 26, 65 + copies % 26)
            file.write(mark + rows.rstrip(b"\n").replace(b"\n", b"\n" + mark) + b"\n")
            copies += 1


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=20_000_000)
    parser.add_argument("--months", type=int, default=49)
    parser.add_argument("--dirt", type=float, default=0.005)
    parser.add_argument(
        "--home",
        type=Path,
        default=Path("data/bench"),
        help="an empty or absent directory; it is removed at the end",
    )
    parser.add_argument("--large-file", type=float, default=1, help="GB of one file that is received alone")
    parser.add_argument("--keep", action="store_true", help="leave the directory")
    parser.add_argument("--demo", action="store_true", help="also run the main job on the default demo")
    parser.add_argument("--fuzz-seconds", type=int, default=20, help="for each format")
    options = parser.parse_args(arguments)
    home = options.home.resolve()
    if home.exists() and any(home.iterdir()):
        parser.error(f"--home: {home} is not empty")
    settings = Settings(home=home)
    print(
        f"SYNTHETIC: {options.items:,} items of {len(MEMBERS)} members in {options.months} months, "
        f"{options.dirt:.1%} of rows broken"
    )
    demo = (
        "from pacific_parcels.demo import write_demo; from pacific_parcels.settings import Settings\n"
        f"write_demo(Settings.from_environment(), items={options.items}, months={options.months}, "
        f"dirt={options.dirt}, members={MEMBERS!r}, until={LAST_MONTH!r})"
    )
    print(f"{'step':<36}{'CPU s':>10}{'wall s':>10}{'peak MB':>10}")
    measured("writing the extracts", demo, home)
    hold_back_last_month(settings)
    size = sum(path.stat().st_size for path in settings.inbox.rglob("*") if path.is_file())
    print(f"{size / 1e6:,.0f} MB of extracts\n")
    bare_folder = home / "bare"
    bare_folder.mkdir()
    bare, _ = measured("bare", bare_code(settings, bare_folder), home)
    shutil.rmtree(bare_folder)
    full = publish_everything("", home)
    shutil.copytree(home / HELD_BACK, settings.inbox, dirs_exist_ok=True, copy_function=shutil.copy2)
    month = publish_everything(", one more month", home)
    nothing = publish_everything(", nothing new", home)
    costs = [bare, *full, *month, *nothing]
    fixed = sum(cost.cpu for cost in nothing)
    history, added = sum(cost.cpu for cost in full), sum(cost.cpu for cost in month)
    print()
    print(f"receive / bare                          {full[0].cpu / bare.cpu:6.2f}   (at most 1.5)")
    after = sum(cost.cpu for cost in full[1:])
    print(f"(build + judge + publish) / bare        {after / bare.cpu:6.2f}   (at most 1.0)")
    print(f"all four / bare                         {history / bare.cpu:6.2f}   (at most 2.5)")
    print(f"one more month / the history            {added / history:6.2%}")
    print(
        f"  without what starting costs           {(added - fixed) / (history - fixed):6.2%}   (at most 10 %)"
    )
    peak = max(cost.peak_mb for cost in costs)
    print(f"greatest peak of a process              {peak:6.0f} MB   (under 4,096)")
    if options.large_file:
        large = Settings(home=home / "large")
        write_large_file(settings, large, options.large_file * 1e9)
        cost, _ = measured(f"receive, one file of {options.large_file:g} GB", RECEIVE, large.home)
        print(f"greatest peak of a process              {cost.peak_mb:6.0f} MB   (under 300)")
    if options.demo:
        print()
        run = "import runpy, sys; sys.argv = ['']; runpy.run_module('dags.run_once', run_name='__main__')"
        measured("run, default demo", run, home / "demo")
        measured("run again, nothing new", run, home / "demo")
    if not options.keep:
        shutil.rmtree(home)
    if not options.fuzz_seconds:
        return 0
    print()
    formats.main([])
    print()
    return fuzz.main(["--seconds", str(options.fuzz_seconds)])


if __name__ == "__main__":
    sys.exit(main())
