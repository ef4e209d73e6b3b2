"""When things run. What is done is in the library, in `dbt_project` and in `expectations`."""
