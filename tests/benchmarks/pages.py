"""What the pages cost at size: server time of interactions, many sessions at once, memory over a long day.

The publication is made here: 60 months, 24 members and the region, and every indicator in all its dimensions,
figures of no meaning. A real server shows the secretariat's file; visitors speak the protocol of its browser
pages, so that what is measured is the server and not a browser. An interaction is another address: another
member, indicator, split or page.

    python -m tests.benchmarks.pages [--interactions 1000] [--sessions 25] [--months 60]

Aims: 95 in 100 interactions of a single visitor under 500 ms; of 25 visitors at once, each of whom looks at a
page for five seconds, under 2 s, with 2.5 GB; memory that does not grow over the second half of the
interactions by more than 5 in 100. Said besides, without an aim: 25 visitors none of whom ever pauses.
`tests/browser/test_size.py` holds less of the same, in processor time, whenever tests run.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import duckdb
import psutil
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.typing import Subprotocol

from tests.browser.conftest import Server, running_server
from tests.publication_fixture import write_publication

ALONE_MS, TOGETHER_MS, MOST_MB, GROWTH = 500, 2000, 2500, 0.05
PAUSE = 5.0  # seconds that a person looks at a page, in the mean
MEMBERS, INDICATORS, COUNTRIES = 24, 40, 60
SEED = 20260420
PAGES = ("overview", "region", "trends", "trends", "trends", "compare", "data-quality", "methods")


def enlarge(file: Path, months: int) -> int:
    """Fill the published file with figures of every member, indicator, month and dimension; how many."""
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            f"""
            create table size_members as
            select 'M' || lpad(i::varchar, 2, '0') as code from range({MEMBERS}) r(i);
            create table size_months as
            select strftime(date '2021-04-01' + to_months(i::integer), '%Y-%m') as month
            from range({months}) r(i);
            create table size_codes as
            select * from (select distinct indicator_code as code from indicator_definitions)
            union all
            select 'FIGURE_' || i
            from range({INDICATORS} - (select count(*) from indicator_definitions)) r(i);
            insert into members select code, 'Member ' || code, 'Membre ' || code, 'USD', 'S', 'EXEMPT_ALL'
            from size_members;
            insert into counterparts
            select 'C' || i, 'Country ' || i, 'Pays ' || i from range({COUNTRIES}) r(i);
            insert into indicator_definitions
            select code, 'VOLUME', code, code, code, code, code, 'NUMBER', '', '', '', '', '' from size_codes
            where code like 'FIGURE_%';
            delete from indicators;
            delete from coverage;
            insert into coverage
            select code, month, 'REPORTED', 100, timestamp '2026-04-05', 5 from size_members, size_months;
            update catalogue set first_time_period = (select min(month) from size_months),
                last_time_period = (select max(month) from size_months);
            insert into indicators
            select i.code, m.code, coalesce(d.channel, '_T'), coalesce(d.band, '_T'),
                coalesce(d.country, '_T'), '_T', 'M', month,
                1 + hash(i.code, m.code, month, d.channel, d.band, d.country) % 1000,
                'NUMBER', 0, 'A', 'F', null, null, null, null, null
            from size_codes i,
                (from size_members union all select '_T') m,
                size_months,
                (
                    select null as channel, null as band, null as country
                    union all select channel_code, null, null from channels
                    union all select null, value_band_code, null from value_bands
                    union all select channel_code, value_band_code, null from channels, value_bands
                    union all select null, null, counterpart_code from counterparts
                ) d
            order by i.code, m.code, d.channel, d.band, d.country, month;
            drop table size_members; drop table size_months; drop table size_codes;
            """
        )
        (rows,) = connection.execute("select count(*) from indicators").fetchone() or (0,)
    return int(rows)


@dataclass
class Visitor:
    """One open page. `run` sends an address and waits until the script is through; seconds."""

    socket: websockets.ClientConnection

    async def run(self, page: str, query: dict[str, str]) -> float:
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.query_string = urlencode(query)
        began = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(bytes(await self.socket.recv()))
            if answer.WhichOneof("type") == "script_finished":
                assert answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY, answer
                return time.perf_counter() - began


def choices(draw: random.Random) -> tuple[str, dict[str, str]]:
    page = draw.choice(PAGES)
    members = [f"M{draw.randrange(MEMBERS):02d}" for _ in range(4)]
    query = {"lang": draw.choice(("en", "fr"))}
    if page == "trends":
        split = draw.choice(("member", "channel", "value_band", "counterpart"))
        indicator = draw.choice(("ITEMS", "DECLARED_VALUE_USD", f"FIGURE_{draw.randrange(20)}"))
        query |= {"indicator": indicator, "split": split, "members": ",".join(members)}
        query["months"] = draw.choice(("12", "24", "36", "all"))
    elif page == "compare":
        query |= {"member": members[0], "indicator": f"FIGURE_{draw.randrange(20)}"}
    return page, query


def connect(url: str) -> websockets.connect:
    """As its browser page does."""
    address = url.replace("http", "ws") + "/_stcore/stream"
    return websockets.connect(address, subprotocols=[Subprotocol("streamlit")], max_size=None)


async def visit(url: str, runs: int, seed: int, pause: float = 0) -> list[float]:
    """What each of a visitor's interactions took, after a first page; `pause`: mean seconds between them."""
    draw = random.Random(seed)
    async with connect(url) as socket:
        visitor = Visitor(socket)
        await visitor.run("overview", {"lang": "en"})
        taken = []
        for _ in range(runs):
            if pause:
                await asyncio.sleep(draw.expovariate(1 / pause))
            taken.append(await visitor.run(*choices(draw)))
        return taken


async def together(url: str, sessions: int, runs: int, pause: float = 0) -> list[float]:
    """The interactions of many visitors at once; without a pause each clicks as soon as it is answered."""
    taken = await asyncio.gather(*(visit(url, runs, seed, pause) for seed in range(sessions)))
    return [seconds for one in taken for seconds in one]


def process_of(server: Server) -> psutil.Process:
    """That which listens on the server's port."""
    port = server.url.rsplit(":", 1)[1]
    for process in psutil.process_iter(["cmdline"]):
        if {port, "run"} <= set(process.info["cmdline"] or []):
            return process
    raise LookupError(f"no server on port {port}")


def memory_mb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6


def processor_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def p95_ms(seconds: list[float]) -> float:
    return 1000 * sorted(seconds)[int(0.95 * (len(seconds) - 1))]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pages")
    parser.add_argument("--interactions", type=int, default=1000)
    parser.add_argument("--sessions", type=int, default=25)
    parser.add_argument("--months", type=int, default=60)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write_publication(home)
        rows = enlarge(next((home / "published" / "secretariat").glob("*.duckdb")), options.months)
        print(f"{rows:,} figures")
        with running_server(home, "secretariat") as server:
            process = process_of(server)
            asyncio.run(visit(server.url, 20, SEED))
            began = processor_seconds(process)
            first = asyncio.run(visit(server.url, options.interactions // 2, SEED + 1))
            half_mb = memory_mb(process)
            second = asyncio.run(visit(server.url, options.interactions // 2, SEED + 2))
            end_mb = memory_mb(process)
            alone_cpu_ms = 1000 * (processor_seconds(process) - began) / len(first + second)
            crowd = asyncio.run(together(server.url, options.sessions, 8, PAUSE))
            crowd_mb = memory_mb(process)
            hasty = asyncio.run(together(server.url, options.sessions, 4))
    alone_ms, crowd_ms = p95_ms(first + second), p95_ms(crowd)
    print(
        f"one visitor, {len(first + second)} interactions: p95 {alone_ms:.0f} ms (aim {ALONE_MS}), "
        f"mean {alone_cpu_ms:.0f} ms of processor time"
    )
    print(f"memory: {half_mb:.0f} MB after half of them, {end_mb:.0f} MB after all (aim +{GROWTH:.0%})")
    print(
        f"{options.sessions} visitors at once, {PAUSE} s between their interactions: p95 {crowd_ms:.0f} ms "
        f"(aim {TOGETHER_MS}), {crowd_mb:.0f} MB (aim {MOST_MB})"
    )
    print(f"{options.sessions} visitors who never pause: p95 {p95_ms(hasty):.0f} ms")
    is_met = (
        alone_ms <= ALONE_MS
        and crowd_ms <= TOGETHER_MS
        and crowd_mb <= MOST_MB
        and end_mb <= half_mb * (1 + GROWTH)
    )
    print("all aims are met" if is_met else "an aim is missed")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
