"""What must be true of members' data and of what we publish, judged by Great Expectations inside DuckDB.

    harmonised  E1xx  a vintage beside its receipt, history and the code lists; critical: the vintage is held
    indicators  E2xx  the regional figures; critical: the whole previous publication stays
    published   E3xx  the files that people open; critical: they are not opened

A suite is plain data: `expectation.py` says what an expectation is made of, `run.py` evaluates it (and is the
only module, with its patch, that touches Great Expectations), `judgement.py` is the answer, `memory.py`
remembers it. Rules on single rows (R001 …) are the library's, tests of our SQL are dbt's: nothing is checked
in two places.
"""
