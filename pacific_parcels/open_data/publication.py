"""The published file that the open data are made from, with what is said about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from pacific_parcels.open_data.words import Text, words

# Nothing was ever received: a time before all others, so that no clock has to be read.
BEFORE_ALL = date(1970, 1, 1)


@dataclass(frozen=True)
class Publication:
    path: Path
    run_id: str
    as_of_date: date | None
    last_time_period: str | None
    is_synthetic: bool

    def connect(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.path), read_only=True)

    @property
    def prepared_at(self) -> datetime:
        """What stands for the time of writing: the day of the newest extract."""
        day = self.as_of_date or BEFORE_ALL
        return datetime(day.year, day.month, day.day, tzinfo=UTC)

    @property
    def description(self) -> Text:
        """What the data are; that they are synthetic comes first."""
        dataset = words()["dataset"]
        if not self.is_synthetic:
            description: Text = dataset["description"]
            return description
        return {
            "en": f"{dataset['synthetic']['en']} {dataset['description']['en']}",
            "fr": f"{dataset['synthetic']['fr']} {dataset['description']['fr']}",
        }


def publication_of(path: Path) -> Publication:
    """A published file as its own catalogue describes it."""
    connection = duckdb.connect(str(path), read_only=True)
    try:
        row = connection.execute(
            "select run_id, as_of_date, last_time_period, is_synthetic from catalogue"
        ).fetchall()[0]
    finally:
        connection.close()
    return Publication(path, *row)
