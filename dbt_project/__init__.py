"""Regional meaning of the items, in SQL. `build.py` is the only module that touches dbt."""
