"""Sends a month again: what a member does when a file was wrong, or when it makes a mistake."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from pacific_parcels.members import Stream, load_members
from pacific_parcels.settings import Settings

A_DAY = 86_400


def extract_of(home: Path, member_code: str, time_period: str) -> Path:
    """The newest file in the inbox that covers the month."""
    stream = _stream(home, member_code)
    files = [
        path
        for path in (home / "inbox" / member_code.lower()).rglob("*.*")
        if stream.covers(path.name) == (time_period, time_period)
    ]
    return max(files, key=lambda path: path.stat().st_mtime)


def poison(home: Path, member_code: str, time_period: str) -> None:
    """The month again with every value ten thousand times too high, as when a decimal point is lost."""
    layout = _stream(home, member_code).layouts[-1]
    delimiter, column = layout.options["delimiter"], layout.columns["declared_value"].column
    file = extract_of(home, member_code, time_period)
    header, *rows = file.read_text(encoding="utf-8").splitlines()
    place = header.split(delimiter).index(str(column))
    spoilt = []
    for row in rows:
        fields = row.split(delimiter)
        fields[place] = fields[place].replace(".", "") + "00"
        spoilt.append(delimiter.join(fields))
    _send_again(file, [header, *spoilt])


def leave_out_one_item(home: Path, member_code: str, time_period: str) -> None:
    """The month again without its last accepted item."""
    file = extract_of(home, member_code, time_period)
    partition = home / "landing" / "items" / f"member_code={member_code}" / f"time_period={time_period}"
    ((row,),) = duckdb.sql(f"select max(source_row) from '{partition}/*.parquet'").fetchall()
    lines = file.read_text(encoding="utf-8").splitlines()
    del lines[row - 1]
    _send_again(file, lines)


def _stream(home: Path, member_code: str) -> Stream:
    (stream,) = load_members(Settings(home=home))[member_code].extracts.values()
    return stream


def _send_again(file: Path, lines: list[str]) -> None:
    """Put a new content in the place of the file, as sent a day after it, without a manifest."""
    sent_at = file.stat().st_mtime + A_DAY
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    os.utime(file, (sent_at, sent_at))
    file.with_name(f"{file.name}.manifest.json").unlink(missing_ok=True)
