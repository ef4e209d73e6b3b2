"""One expectation: what must be true, how it is checked, and what a person does when it is not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["critical", "warning"]
SEVERITIES: tuple[Severity, ...] = ("critical", "warning")


@dataclass(frozen=True)
class RowsCheck:
    """Fails when the query returns a row.

    `query` reads the table under the name `batch` and returns a row for each place where something is wrong:
    codes and periods, never a value of a record, and the column `fault_count`.
    """

    table: str
    query: str


@dataclass(frozen=True)
class ColumnCheck:
    """Fails when Great Expectations' own column expectation `name` fails.

    All column checks of one table are answered by one scan. Great Expectations says only that the column is
    at fault; `is_faulty` is the same condition as SQL, run only after a failure, to say where: by the columns
    `places`.
    """

    table: str
    name: str
    column: str
    is_faulty: str
    arguments: Mapping[str, Any]
    places: str
    fault_count: str = "count(*)"


@dataclass(frozen=True)
class Expectation:
    """`title` is a sentence that is true of good data; `remedy` says what to do where it is not."""

    expectation_id: str
    severity: Severity
    title_en: str
    title_fr: str
    remedy_en: str
    remedy_fr: str
    check: RowsCheck | ColumnCheck


def suite_fingerprint(expectations: Iterable[Expectation]) -> str:
    """Changes whenever a verdict could change: ids, severities and checks; not when only words do."""
    judged = [
        {
            "id": expectation.expectation_id,
            "severity": expectation.severity,
            "check": asdict(expectation.check),
        }
        for expectation in expectations
    ]
    return hashlib.sha256(json.dumps(judged, sort_keys=True, default=str).encode()).hexdigest()[:16]
