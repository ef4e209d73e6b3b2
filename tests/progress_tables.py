"""The tables of progress in a published file, as publishing writes them: for files that tests make by hand.

They are in the file of every audience, with the same columns. `time_period` is a quarter (2026-Q3). The code
`_T` is the total: of the region as member_code, of a framework as area_code.
"""

from pacific_parcels.progress.published import TABLES

PROGRESS_TABLES = "".join(
    f"create table progress_{table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())});\n"
    for table, columns in TABLES.items()
)
