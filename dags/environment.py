"""The settings of Airflow, once, for the main job, for `make airflow` and for the tests.

They are environment variables, so they must stand before the first import of `airflow`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

DAGS_FOLDER = Path(__file__).resolve().parent
WRITER_POOL = "duckdb_writer"

NO_TELEMETRY = {
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
}


def airflow_environment(airflow_home: Path) -> dict[str, str]:
    """What any Airflow of ours needs. A setting of another Airflow on the machine never shows through."""
    return {
        **NO_TELEMETRY,
        "AIRFLOW_HOME": str(airflow_home),
        "AIRFLOW_CONFIG": str(airflow_home / "airflow.cfg"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS_FOLDER),
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(
            [
                {
                    "name": "dags-folder",
                    "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
                    "kwargs": {"path": str(DAGS_FOLDER)},
                }
            ]
        ),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        # One machine serves and works: while it is busy an answer may take longer than the 5 s that are
        # allowed, and a task would fail for that alone.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{airflow_home / 'airflow.db'}",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "AIRFLOW__LOGGING__NAMESPACE_LEVELS": "pacific_parcels.progress=INFO",
    }


def enter(environment: dict[str, str]) -> None:
    """Take the environment for this process and for those that it starts."""
    if "airflow" in sys.modules and os.environ.get("AIRFLOW_HOME") != environment["AIRFLOW_HOME"]:
        raise RuntimeError("airflow is imported already: it would keep the AIRFLOW_HOME that it had then")
    for name in [name for name in os.environ if name.startswith("AIRFLOW__")]:
        del os.environ[name]
    os.environ.update(environment)
    Path(environment["AIRFLOW_HOME"]).mkdir(parents=True, exist_ok=True)
