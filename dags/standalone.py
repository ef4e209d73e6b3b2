"""`make airflow`: the real Airflow (scheduler, API, pages and the rest), on loopback, until Ctrl-C.

PACIFIC_PARCELS_HOME    data, and under it airflow/ with the metadata database, logs and the password file
AIRFLOW__API__PORT      port of the pages and the API on 127.0.0.1 (default 8080)
AIRFLOW__DATABASE__SQL_ALCHEMY_CONN   a PostgreSQL database in place of the SQLite file
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from dags.environment import WRITER_POOL, airflow_environment, enter
from pacific_parcels.settings import Settings

HOST = "127.0.0.1"
OPERATOR = "admin"


def standalone_environment(airflow_home: Path, given: dict[str, str]) -> dict[str, str]:
    """The settings of `make airflow`: it listens on loopback, whatever the caller's environment says."""
    environment = airflow_environment(airflow_home)
    port = given.get("AIRFLOW__API__PORT", "8080")
    database = given.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN")
    return {
        **environment,
        **({"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database} if database else {}),
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__BASE_URL": f"http://{HOST}:{port}",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{HOST}:{port}/execution/",
        # One for all components of this start: each would make up its own, and refuse the others' tasks.
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(64),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{OPERATOR}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(airflow_home / "passwords.json"),
        # `airflow standalone` starts `airflow` by name.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), given.get("PATH", os.defpath)]),
    }


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def write_password(file: Path) -> None:
    """Once: a password of 24 random characters that only the owner of the file can read."""
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            json.dump({OPERATOR: secrets.token_urlsafe(18)}, stream)


def main() -> None:
    airflow_home = Settings.from_environment().airflow_home
    environment = standalone_environment(airflow_home, dict(os.environ))
    port = int(environment["AIRFLOW__API__PORT"])
    if not is_free(port):
        sys.exit(f"Port {port} is taken. Choose another: AIRFLOW__API__PORT={port + 1} make airflow")
    enter(environment)
    password_file = airflow_home / "passwords.json"
    write_password(password_file)

    from airflow.cli.commands import standalone_command
    from airflow.models.pool import Pool
    from airflow.utils.db import initdb

    class LoopbackComponent(standalone_command.SubCommand):
        """Without log servers: theirs (8793, 8794) listen on every interface, and no setting changes that.

        On one machine the pages read the log files themselves.
        """

        def __init__(self, parent: Any, name: str, command: list[str], env: dict[str, str]) -> None:
            if name in ("scheduler", "triggerer"):
                command = [*command, "--skip-serve-logs"]
            super().__init__(parent, name=name, command=command, env=env)

    initdb()
    Pool.create_or_update_pool(
        WRITER_POOL, slots=1, description="DuckDB takes one writer at a time", include_deferred=True
    )
    print(f"Airflow: {environment['AIRFLOW__API__BASE_URL']}  user {OPERATOR}, password in {password_file}")
    print("It listens on this machine only. Ctrl-C stops it.", flush=True)

    # A service manager stops with SIGTERM; Airflow's standalone ends its components only on an interrupt.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    standalone_command.SubCommand = LoopbackComponent
    standalone_command.StandaloneCommand().run()


if __name__ == "__main__":
    main()
