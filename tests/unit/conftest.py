"""For the tests of the library: one connection for all, and a reader of small extracts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pacific_parcels import landing, preflight
from pacific_parcels.contract import Words
from pacific_parcels.faults import Fault
from pacific_parcels.members import Member
from pacific_parcels.reading import Manifest, Reading, connect, read_extract
from pacific_parcels.sandbox import Sandbox
from pacific_parcels.settings import Settings
from pacific_parcels.tokens import TokenKey
from tests.small_member import FILE_NAME, SENT_ON, member_file, small_member, words_of


@dataclass(frozen=True)
class Read:
    """A reading, with the rows of its files."""

    reading: Reading
    accepted: list[dict[str, Any]]
    left_out: list[dict[str, Any]]

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Rows in, accepted, rejected, duplicate."""
        reading = self.reading
        return reading.rows_in, reading.rows_accepted, reading.rows_rejected, reading.rows_duplicate

    @property
    def refusals(self) -> list[str]:
        return [fault.rule_id for fault in self.reading.faults if fault.level == "FATAL"]

    @property
    def found(self) -> dict[tuple[str, str], tuple[int, ...]]:
        """Rows as a spreadsheet shows them, by rule and column; of the rules on rows only."""
        return {
            (fault.rule_id, fault.column): fault.first_rows
            for fault in self.reading.faults
            if fault.level != "FATAL"
        }

    def fault(self, rule_id: str) -> Fault:
        (fault,) = [fault for fault in self.reading.faults if fault.rule_id == rule_id]
        return fault

    def words(self, rule_id: str) -> Words:
        """Title and remedy of a rule as this reading fills them, in both languages."""
        return words_of(self.fault(rule_id))


Reader = Callable[..., Read]


@pytest.fixture(scope="session")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("spill")
    connection = connect(Settings(home=folder), folder)
    yield connection
    connection.close()


@pytest.fixture
def read(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> Reader:
    """Read a small extract, given as text or bytes or as a path that is there already."""
    numbers = iter(range(1000))

    def read(
        content: str | bytes | Path,
        member: Member | None = None,
        *,
        name: str = FILE_NAME,
        sent_on: date = SENT_ON,
        manifest: Manifest | None = None,
        key: TokenKey | None = None,
        for_sender: bool = True,
    ) -> Read:
        folder = tmp_path / f"read-{next(numbers)}"
        (folder / "scratch").mkdir(parents=True)
        if isinstance(content, Path):
            path = content
        else:
            path = folder / name
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        reading = read_extract(
            connection,
            member or small_member(),
            path,
            name,
            "fj-0",
            sent_on,
            folder / "scratch",
            manifest,
            key,
            for_sender=for_sender,
        )
        return with_rows(connection, reading)

    return read


def with_rows(connection: duckdb.DuckDBPyConnection, reading: Reading) -> Read:
    accepted = [
        row
        for _, file in reading.accepted_files
        for row in rows_in(connection, file, "hive_partitioning = false")
    ]
    left_out = rows_in(connection, reading.rejected_file) if reading.rejected_file else []
    for row in left_out:
        row["source_values"] = json.loads(row.get("source_values") or "{}")
    accepted.sort(key=lambda row: row["source_row"])
    left_out.sort(key=lambda row: row["source_row"])
    return Read(reading, accepted, left_out)


def rows_in(
    connection: duckdb.DuckDBPyConnection, file: Path, options: str = "hive_partitioning = false"
) -> list[dict[str, Any]]:
    result = connection.execute(f"select * from read_parquet('{file}', {options})")
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@pytest.fixture(scope="session")
def reading_child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """It knows Fiji, and Samoa for what belongs to another member."""
    folder = tmp_path_factory.mktemp("reading_child")
    member_file(folder / "members", small_member())
    member_file(folder / "members", small_member(code="WS", file="ws-{period}.csv"))
    settings = Settings(home=folder / "home", member_directories=(folder / "members",))
    with Sandbox(settings, folder / "spill") as sandbox:
        yield sandbox


@pytest.fixture
def one_child(reading_child: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """One child process reads for many tests: to start one costs more than to read a small extract."""
    for module in (landing, preflight):
        monkeypatch.setattr(module, "Sandbox", lambda *_, **__: nullcontext(reading_child))
