"""A small member made by hand, for the tests of the library: one stream, every kind of value.

Its extracts are comma-separated UTF-8 with ISO dates unless a test says otherwise. Row n of `text_of` is the
row that a spreadsheet shows as n + 1, since the header is row 1.
"""

from __future__ import annotations

import csv
import io
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pacific_parcels.contract import RULES, Words
from pacific_parcels.faults import Fault
from pacific_parcels.members import Member

COLUMNS: dict[str, Any] = {
    "item_id": "Item",
    "channel_code": {"column": "Mode", "lookup": {"P": "POSTAL_PARCEL", "X": "EXPRESS_CARRIER"}},
    "port_code": "Port",
    "origin_country_code": "Origin",
    "hs_code": "HS",
    "goods_description": {"column": "Goods", "agreed": "for the tests"},
    "declared_value": "Value",
    "declared_currency_code": "Currency",
    "gross_mass_kg": "Mass",
    "pieces_count": "Pieces",
    "arrival_date": "Arrived",
    "release_at": "Released",
    "is_inspected": {"column": "Inspected", "lookup": {"Y": True, "N": False}},
}
HEADER = (
    "Item", "Mode", "Port", "Origin", "HS", "Goods", "Value", "Currency", "Mass", "Pieces",
    "Arrived", "Released", "Inspected", "Country", "Consignee",
)  # fmt: skip
GOOD_ROW = {
    "Mode": "P",
    "Port": "FJSUV",
    "Origin": "CN",
    "HS": "610910",
    "Goods": "T-shirt",
    "Value": "10.00",
    "Currency": "FJD",
    "Mass": "0.250",
    "Pieces": "1",
    "Arrived": "2026-03-05",
    "Released": "2026-03-06 09:30:00",
    "Inspected": "N",
    "Country": "FJ",
    "Consignee": "Mere Vakacegu",
}
FILE_NAME = "items-2026-03.csv"
SENT_AT = datetime(2026, 4, 10, 8, 0, tzinfo=UTC)
SENT_ON = SENT_AT.date()


def small_member(
    *,
    code: str = "FJ",
    file: str = "items-{period}.csv",
    time_zone: str = "Pacific/Fiji",
    columns: dict[str, Any] | None = None,
    expect: dict[str, str] | None = None,
    ignore: list[str] | None = None,
    layouts: list[dict[str, Any]] | None = None,
    **layout: Any,
) -> Member:
    """The member; `columns` replace single columns of the layout, a None takes one away."""
    mapped = {name: source for name, source in (COLUMNS | (columns or {})).items() if source is not None}
    one: dict[str, Any] = {
        "valid_from": "2019-01",
        "format": "delimited",
        "columns": mapped,
        "expect": {"Country": code} if expect is None else expect,
        "ignore": ["Consignee"] if ignore is None else ignore,
        **layout,
    }
    return Member.model_validate(
        {
            "code": code,
            "name": {"en": "Fiji", "fr": "Fidji"} if code == "FJ" else {"en": code, "fr": code},
            "currency": "FJD",
            "time_zone": time_zone,
            "languages": ["en"],
            "extracts": {"items": {"file": file, "layouts": layouts or [one]}},
        }
    )


def rows_of(*changes: dict[str, str]) -> list[dict[str, str]]:
    """One good row for each dict, with the values of the dict instead; items are A1, A2 …"""
    return [{"Item": f"A{number}"} | GOOD_ROW | change for number, change in enumerate(changes, 1)]


def text_of(
    *changes: dict[str, str], delimiter: str = ",", line_end: str = "\n", header: tuple[str, ...] = HEADER
) -> str:
    """An extract: the header, then one good row for each dict, with the values of the dict instead."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end)
    writer.writerow(header)
    writer.writerows([row.get(name, "") for name in header] for row in rows_of(*changes))
    return text.getvalue()


def line_of(**changes: str) -> str:
    """One row as a line without its end; spaces in names are not needed here."""
    return ",".join(({"Item": "A1"} | GOOD_ROW | changes)[name] for name in HEADER)


def put(path: Path, content: str | bytes, sent_at: datetime = SENT_AT) -> Path:
    """Write a file as it was sent at a moment: the time of the file is what tells when."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.utime(path, (sent_at.timestamp(), sent_at.timestamp()))
    return path


def member_file(directory: Path, member: Member) -> None:
    """Write a member as a member file, so that commands and tasks find it."""
    import yaml

    directory.mkdir(parents=True, exist_ok=True)
    content = member.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    for stream in content["extracts"].values():
        for layout in stream["layouts"]:
            for source in layout["columns"].values():
                if "factor" in source:
                    source["factor"] = float(source["factor"])
    (directory / f"{member.code.lower()}.yml").write_text(
        yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8"
    )


def words_of(fault: Fault) -> Words:
    """Title and remedy of a fault in both languages, with nothing left unsaid."""
    rule = RULES[fault.rule_id]
    title, remedy = rule.title.fill(fault.details), rule.remedy.fill(fault.details)
    words = Words(f"{title.en} {remedy.en}", f"{title.fr} {remedy.fr}")
    for text in (words.en, words.fr):
        assert "…" not in text, f"a placeholder of {fault.rule_id} was not filled: {text}"
        assert not re.search(r"[{}]|None\b", text)
    return words
