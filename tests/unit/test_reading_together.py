"""Extracts that are read together come out as each would alone: counts, faults, rows and their order."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pacific_parcels import reading as reading_module
from pacific_parcels.members import Member
from pacific_parcels.reading import Reading, Sent, connect, read_sent_together
from pacific_parcels.settings import REPOSITORY, Settings
from tests.small_member import HEADER, SENT_ON, line_of, small_member

FAULTS: tuple[dict[str, str], ...] = (
    {"Value": "x"},
    {"Value": "-1.00"},
    {"Value": " 7.50 "},
    {"Value": "0"},
    {"Mass": "0"},
    {"Mode": "Z"},
    {"Port": "WSAPW"},
    {"Country": "WS"},
    {"Arrived": "2026-02-30"},
    {"Arrived": "2031-01-01"},
    {"Pieces": "2.00"},
    {"Goods": " socks"},
    {"Goods": '"a ""small"", box"'},
    {"Item": ""},
    {"Released": "1999-01-01 00:00:00"},
)
MONTHS = ("2026-01", "2026-02", "2026-03")
A_ROW_BEFORE = "2026-04"  # which no file says that it covers
NUMBERS = count()

rows = st.lists(
    st.tuples(
        st.sampled_from(["A1", "A2", "A3", "A4", "A5"]),
        st.sampled_from((*[{}] * 8, *FAULTS)),
        st.sampled_from((*MONTHS, A_ROW_BEFORE)),
    ),
    max_size=12,
)
texts = st.tuples(
    st.sampled_from(MONTHS),
    rows,
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "ends without a line end", "blank line", "too few fields", "mark out of place"]),
)


def content_of(month: str, values: Iterable[tuple[str, dict[str, str], str]], end: str, twist: str) -> str:
    lines = [",".join(HEADER)]
    for number, (item, fault, in_month) in enumerate(values):
        # Most rows are of the month of the file; its own item for every other one.
        of = in_month if number % 3 == 2 else month
        named = {"Item": item if number % 2 else f"{month}-{number}"}
        times = {"Arrived": f"{of}-05", "Released": f"{of}-06 09:30:00"}
        lines.append(line_of(**{**times, **named, **fault}))
    middle = 1 + len(lines) // 2
    if twist == "blank line":
        lines.insert(middle, "")
    if twist == "too few fields":
        lines.insert(middle, "A9,P")
    if twist == "mark out of place":
        lines.insert(middle, lines[-1].replace("T-shirt", 'T-"shirt'))
    return end.join(lines) + ("" if twist == "ends without a line end" else end)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def connection(home: Settings) -> duckdb.DuckDBPyConnection:
    return connect(home, home.home / "spill")


def sent(folder: Path, number: int, month: str, content: str) -> Sent:
    scratch = folder / str(number)
    scratch.mkdir(parents=True)
    path = scratch / f"items-{month}.csv"
    path.write_bytes(content.encode())
    return Sent(path, path.name, f"fj-{number}", SENT_ON - timedelta(days=number), scratch, None, str)


def everything(connection: duckdb.DuckDBPyConnection, reading: Reading) -> dict[str, Any]:
    """A reading with the rows of its files in their order, and their types."""

    def rows_of(path: Path) -> Any:
        result = connection.execute(f"select * from read_parquet('{path}', hive_partitioning = false)")
        return [column[:2] for column in result.description], result.fetchall()

    said = asdict(reading)
    said["accepted_files"] = [(period, rows_of(path)) for period, path in reading.accepted_files]
    said["rejected_file"] = rows_of(reading.rejected_file) if reading.rejected_file else None
    return said


def hold_together(
    home: Settings,
    connection: duckdb.DuckDBPyConnection,
    contents: list[tuple[str, str]],
    member: Member | None = None,
) -> list[dict[str, Any]]:
    member = member or small_member()
    folder = home.home / str(next(NUMBERS))
    alone = [
        read_sent_together(home, connection, member, [sent(folder / "alone", number, *content)])[0][1]
        for number, content in enumerate(contents)
    ]
    files = [sent(folder / "together", number, *content) for number, content in enumerate(contents)]
    together = [reading for _, reading in read_sent_together(home, connection, member, files)]
    expected = [everything(connection, reading) for reading in alone]
    assert [everything(connection, reading) for reading in together] == expected
    shutil.rmtree(folder)
    return expected


@pytest.mark.parametrize("small_extract_rows", [4000, 0])
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(texts, min_size=2, max_size=4))
@example([("2026-01", [("A1", {}, "2026-01")] * 5, "\n", ""), ("2026-02", [], "\r\n", "")])
@example(
    [
        ("2026-01", [("A1", {"Value": "x"}, "2026-01")] * 3, "\n", "ends without a line end"),
        ("2026-02", [("A1", {}, "2026-02")] * 5, "\r\n", "too few fields"),
        ("2026-02", [("A1", {}, "2026-02")] * 5, "\r\n", "too few fields"),
        ("2026-03", [("A1", {"Goods": '"a ""box"""'}, "2026-03")] * 5, "\n", "ends without a line end"),
    ]
)
def test_extracts_read_together_are_read_as_each_alone(
    home: Settings,
    connection: duckdb.DuckDBPyConnection,
    monkeypatch: pytest.MonkeyPatch,
    small_extract_rows: int,
    extracts: list[tuple[str, Any, str, str]],
) -> None:
    monkeypatch.setattr(reading_module, "SMALL_EXTRACT_ROWS", small_extract_rows)

    hold_together(home, connection, [(extract[0], content_of(*extract)) for extract in extracts])


def test_what_differs_from_one_to_the_next_is_known_of_each(
    home: Settings, connection: duckdb.DuckDBPyConnection
) -> None:
    """Row 3 of each has a date in the month of the other; row 4 repeats item A1, which stands in both."""

    def content(month: str, other: str) -> str:
        of_its_own = {"Arrived": f"{month}-05", "Released": ""}
        lines = [
            line_of(**{"Item": "A1"} | of_its_own),
            line_of(**{"Item": "A2"} | of_its_own | {"Arrived": f"{other}-05"}),
            line_of(**{"Item": "A1"} | of_its_own),
        ]
        return "\n".join([",".join(HEADER), *lines]) + "\n"

    january, march = hold_together(
        home,
        connection,
        [("2026-01", content("2026-01", "2026-03")), ("2026-03", content("2026-03", "2026-01"))],
    )

    for said, month in ((january, date(2026, 1, 5)), (march, date(2026, 3, 5))):
        assert (said["rows_accepted"], said["rows_rejected"], said["rows_duplicate"]) == (1, 1, 1)
        assert {(fault["rule_id"], fault["first_rows"]) for fault in said["faults"] if fault["column"]} == {
            ("R105", (3,)),
            ("R114", (4,)),
        }
        ((_, (columns, (row,))),) = said["accepted_files"]
        names = [name for name, _ in columns]
        assert (row[names.index("source_row")], row[names.index("arrival_date")]) == (2, month)
    assert {said["accepted_files"][0][1][1][0][0] for said in (january, march)} == {"fj-0", "fj-1"}


@pytest.mark.parametrize("small_extract_rows", [4000, 0])
def test_a_column_that_is_the_row_itself_counts_in_each_from_its_own_header(
    home: Settings,
    connection: duckdb.DuckDBPyConnection,
    monkeypatch: pytest.MonkeyPatch,
    small_extract_rows: int,
) -> None:
    """The report of PACComtrade has no identifier. Row 3 of each is for the exact statement, which takes the
    blank behind CN off; row 4 is rejected by the layout, and not by the format."""
    monkeypatch.setattr(reading_module, "SMALL_EXTRACT_ROWS", small_extract_rows)
    sample = REPOSITORY / "tests" / "formats" / "paccomtrade"
    file = yaml.safe_load((sample / "member.yml").read_text(encoding="utf-8"))
    file["extracts"]["items"]["file"] = "items-{period}.csv"
    first_line = (sample / "sample.csv").read_text(encoding="utf-8").splitlines()[0]

    def content(month: str) -> str:
        lines = [
            f"{month}-05;610910;HS2022;M1;{number}.00;CIF;1.00;0.10;FJD;1;NMB;{origin};FJ;NONE;42"
            for number, origin in enumerate(("CN", "CN ", "ZZ", "US"), 2)
        ]
        return "\n".join([first_line, *lines]) + "\n"

    both = hold_together(
        home,
        connection,
        [(month, content(month)) for month in ("2026-01", "2026-02")],
        Member.model_validate(file),
    )

    for said in both:
        ((_, (columns, accepted)),) = said["accepted_files"]
        places = [[name for name, _ in columns].index(name) for name in ("source_row", "item_id")]
        found = sorted(tuple(row[place] for place in places) for row in accepted)
        assert found == [(2, "2"), (3, "3"), (5, "5")]
        assert [(fault["rule_id"], fault["first_rows"]) for fault in said["faults"]] == [("R110", (4,))]


def test_where_one_cannot_be_split_as_it_seemed_each_is_read_alone(
    home: Settings, connection: duckdb.DuckDBPyConnection
) -> None:
    """One line has a field too many and the next one too few: their number is right, and DuckDB tells."""
    good = content_of("2026-01", [("A1", {}, "2026-01")] * 4, "\n", "")
    lines = content_of("2026-02", [("A1", {}, "2026-02")] * 4, "\n", "").splitlines()
    uneven = "\n".join([*lines[:2], f"{lines[2]},x", lines[3].rpartition(",")[0], *lines[4:]]) + "\n"

    first, second = hold_together(home, connection, [("2026-01", good), ("2026-02", uneven)])

    assert (first["rows_in"], first["rows_rejected"]) == (4, 0)
    assert (second["rows_in"], second["rows_rejected"]) == (4, 2)
    assert [(fault["rule_id"], fault["first_rows"]) for fault in second["faults"]] == [("R101", (3, 4))]
