"""What protection and attack cost for a whole region, and what they do.

    python -m tests.benchmarks.disclosure HOME

HOME is where a run has left its warehouse; for the full region of 24 members and 60 months:

    PACIFIC_PARCELS_HOME=/tmp/region make run ARGS="--months 60"

CPU and wall seconds of protecting every measure and of attacking the files of all audiences; then the same
attack on files that hide only what is confidential by itself, to show what the rest is for.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import duckdb

from pacific_parcels.auditing import Audit, audit
from pacific_parcels.disclosure import KEYS, indicators_for, protect
from pacific_parcels.layout import quoted
from pacific_parcels.policy import SECRETARIAT, audiences_of
from pacific_parcels.processes import Processes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    home: Path = parser.parse_args().home
    snapshot = sorted((home / "warehouse" / "snapshots").glob("*/warehouse.duckdb"))[-1]
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(f"attach {quoted(str(snapshot))} as w (read_only)")
        started = _now()
        with Processes() as processes:
            protect(connection, {}, processes=processes)
        _say("protect", started)
        members = [code for (code,) in connection.execute("select member_code from w.stg_members").fetchall()]
        audiences = [one for one in audiences_of(members) if one != SECRETARIAT]
        started = _now()
        files = {audience: Path(folder) / f"{audience}.duckdb" for audience in audiences}
        for audience, path in files.items():
            _write(connection, path, indicators_for(audience))
        _say("write", started)
        started = _now()
        with Processes() as processes:
            after = audit(files, snapshot, processes=processes)
        _say("attack", started)
        bare = {audience: Path(folder) / f"bare_{audience}.duckdb" for audience in ("public", audiences[-1])}
        for audience, path in bare.items():
            _write(connection, path, _without_complementary(indicators_for(audience)))
        before = audit(bare, snapshot)
    for words, audits in (("hidden by themselves only", before), ("as published", after)):
        print(f"\n{words}")
        for one in audits:
            _print(one)


def _now() -> tuple[float, float]:
    """CPU seconds, also of the processes that have ended, and seconds by the clock."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used), time.monotonic()


def _say(step: str, started: tuple[float, float]) -> None:
    cpu, wall = _now()
    print(f"{step:<10} CPU {cpu - started[0]:6.1f} s   wall {wall - started[1]:6.1f} s", flush=True)


def _write(connection: duckdb.DuckDBPyConnection, path: Path, query: str) -> None:
    connection.execute(f"attach {quoted(str(path))} as f")
    connection.execute(f"create table f.indicators as {query}")
    connection.execute("detach f")


def _without_complementary(query: str) -> str:
    """What an audience sees, with what is hidden for the sake of others opened again."""
    same = " and ".join(f"i.{name} = h.{name}" for name in KEYS)
    value = " and ".join(f"i.{name} = t.{name}" for name in KEYS)
    return f"""
        select i.* replace (case when h.cell_id is null then i.obs_value else t.obs_value end as obs_value)
        from ({query}) i
        left join w.mart_indicators t on {value}
        left join (
            select n.* from sdc_numbered n join sdc_hidden using (cell_id)
            where n.kind = 'CELL' and not sdc_hidden.is_primary
        ) h on {same}
    """


def _print(one: Audit) -> None:
    narrowest = "nothing was hidden" if one.narrowest == float("inf") else f"{one.narrowest:.2f}"
    print(
        f"{one.audience:<12} attacked {one.figures:6}   exposed {len(one.findings):5}   narrowest {narrowest}"
        f"   programs {one.programs}   {one.seconds:.1f} s"
    )


if __name__ == "__main__":
    main()
