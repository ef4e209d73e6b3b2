from __future__ import annotations

import os
from pathlib import Path

import pytest

from pacific_parcels.settings import Settings

MEMBER = """
code: {code}
name: {{en: Test member {code}, fr: Membre d’essai {code}}}
is_oco_member: false
currency: USD
time_zone: Pacific/Fiji
languages: [en]
extracts:
  items:
    file: "{code}_{{yyyymm}}.csv"
    layouts:
      - valid_from: "2019-01"
        format: delimited
        columns:
          item_id: id
          channel_code: {{constant: POSTAL_PARCEL}}
          declared_value: value
          declared_currency_code: {{constant: USD}}
          arrival_date: arrived
"""
# Three good rows, and one (row 4 of the file) whose value is no number.
EXTRACT = (
    "id,value,arrived\nA1,10.00,2026-03-02\nA2,20.00,2026-03-02\nA3,ten,2026-03-03\nA4,30.00,2026-03-09\n"
)


@pytest.fixture(scope="session")
def airflow_database() -> None:
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home with three members of its own, XA, XB and XC, each with one extract that was left long ago."""
    members = tmp_path / "members"
    members.mkdir()
    monkeypatch.setenv("PACIFIC_PARCELS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PACIFIC_PARCELS_MEMBERS", str(members))
    settings = Settings.from_environment()
    for code in ("XA", "XB", "XC"):
        (members / f"{code.lower()}.yml").write_text(MEMBER.format(code=code), encoding="utf-8")
        extract = settings.inbox / code.lower() / f"{code}_202603.csv"
        extract.parent.mkdir(parents=True)
        extract.write_text(EXTRACT.replace("A", code), encoding="utf-8")
        os.utime(extract, (1_775_000_000, 1_775_000_000))
    return settings
