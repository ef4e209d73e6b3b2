"""The indicators as Parquet and as CSV: the same rows, in the order of their keys.

They hold codes, periods and numbers and nothing else: `codes.py` has refused whatever a spreadsheet would run
as a formula, so that nothing has to be disarmed.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pacific_parcels.disclosure import INDICATOR_COLUMNS
from pacific_parcels.layout import quoted

FILES = {"indicators.parquet": "format parquet, compression zstd", "indicators.csv": "format csv, header"}
COLUMNS = (*INDICATOR_COLUMNS, "is_synthetic")


def write_tables(connection: duckdb.DuckDBPyConnection, is_synthetic: bool, folder: Path) -> None:
    rows = (
        f"select {', '.join(INDICATOR_COLUMNS)}, {str(is_synthetic).lower()} as is_synthetic from indicators"
    )
    for name, options in FILES.items():
        connection.execute(f"copy ({rows}) to {quoted(str(folder / name))} ({options})")
