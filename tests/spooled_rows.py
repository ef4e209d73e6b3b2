"""What a format spooled, row by row: for tests of formats whose columns are fixed."""

from __future__ import annotations

from pacific_parcels.formats import SPOOL_DELIMITER, RegularText

Row = dict[str, str]


def rows_of(text: RegularText) -> dict[int, Row]:
    """The fields that are filled, by source row.

    Every line has as many fields as there are columns, the numbers ascend, and no row is lost.
    """
    rows = {}
    for line in text.path.read_text(encoding="utf-8").split("\n")[:-1]:
        number, *fields = line.split(SPOOL_DELIMITER)
        rows[int(number)] = {name: field for name, field in zip(text.columns, fields, strict=True) if field}
    assert list(rows) == sorted(rows)
    assert text.rows == len(rows) + text.fault_count
    return rows
