"""Every path and every environment variable, once.

PACIFIC_PARCELS_HOME          where data lives (default: ./data)
PACIFIC_PARCELS_MEMBERS       a directory of member files beside the packaged ones (several: as in PATH)
PACIFIC_PARCELS_MEMORY_LIMIT  memory that DuckDB may take in one process (default: 2GB)
PACIFIC_PARCELS_THREADS       threads that DuckDB may use in one process (default: 2)
PACIFIC_PARCELS_QUIET_SECONDS how long a file without a manifest must have kept its size (default: 5)
PACIFIC_PARCELS_AUDIENCE      which published file a local operator's dashboards open (default: public)
PACIFIC_PARCELS_KEYS          where the keys of tokens lie (default: ~/.config/pacific-parcels/keys)
PACIFIC_PARCELS_ORIGINALS_DAYS  how many days the bytes that members sent are kept (default: for good)
PACIFIC_PARCELS_SIGN_IN       the file that says who may sign in to the dashboards (default: nobody may)
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
REPOSITORY = PACKAGE.parent


def keys_directory() -> Path:
    """Where an account keeps what is its own, unless told otherwise: apart from all data."""
    told = os.environ.get("PACIFIC_PARCELS_KEYS", "")
    return Path(told).resolve() if told else Path.home() / ".config" / "pacific-parcels" / "keys"


def codes_directory() -> Path:
    """The code lists: dbt's seeds in a checkout, the copy inside the package once it is installed."""
    seeds = REPOSITORY / "dbt_project" / "seeds" / "codes"
    return seeds if seeds.is_dir() else PACKAGE / "codes"


@dataclass(frozen=True)
class Settings:
    home: Path
    member_directories: tuple[Path, ...] = (PACKAGE / "members",)
    memory_limit: str = "2GB"
    threads: int = 2
    quiet_seconds: float = 5.0
    audience: str = "public"
    sign_in_file: Path | None = None
    keys: Path = field(default_factory=keys_directory)
    originals_days: int | None = None

    @classmethod
    def from_environment(cls) -> Settings:
        extra = os.environ.get("PACIFIC_PARCELS_MEMBERS", "")
        days = os.environ.get("PACIFIC_PARCELS_ORIGINALS_DAYS", "")
        sign_in = os.environ.get("PACIFIC_PARCELS_SIGN_IN", "")
        return cls(
            home=Path(os.environ.get("PACIFIC_PARCELS_HOME") or "data").resolve(),
            member_directories=(
                PACKAGE / "members",
                *(Path(part).resolve() for part in extra.split(os.pathsep) if part),
            ),
            memory_limit=os.environ.get("PACIFIC_PARCELS_MEMORY_LIMIT", "2GB"),
            threads=int(os.environ.get("PACIFIC_PARCELS_THREADS", "2")),
            quiet_seconds=float(os.environ.get("PACIFIC_PARCELS_QUIET_SECONDS", "5")),
            audience=os.environ.get("PACIFIC_PARCELS_AUDIENCE", "public"),
            sign_in_file=Path(sign_in).resolve() if sign_in else None,
            originals_days=int(days) if days else None,
        )

    @property
    def inbox(self) -> Path:
        return self.home / "inbox"

    @property
    def landing(self) -> Path:
        return self.home / "landing"

    @property
    def originals(self) -> Path:
        return self.home / "originals"

    @property
    def items(self) -> Path:
        return self.landing / "items"

    @property
    def gap(self) -> Path:
        return self.landing / "gap"

    @property
    def rejected(self) -> Path:
        return self.landing / "rejected"

    @property
    def receipts(self) -> Path:
        return self.landing / "receipts"

    @property
    def holds(self) -> Path:
        return self.landing / "holds"

    @property
    def sources(self) -> Path:
        return self.home / "sources"

    @property
    def mail_ledger(self) -> Path:
        return self.home / "mail" / "sent.json"

    @property
    def warehouse(self) -> Path:
        return self.home / "warehouse"

    @property
    def warehouse_file(self) -> Path:
        return self.warehouse / "warehouse.duckdb"

    @property
    def inputs(self) -> Path:
        return self.warehouse / "inputs"

    @property
    def snapshots(self) -> Path:
        return self.warehouse / "snapshots"

    @property
    def judged(self) -> Path:
        return self.warehouse / "judged"

    @property
    def spill(self) -> Path:
        return self.warehouse / "spill"

    @property
    def published(self) -> Path:
        return self.home / "published"

    @property
    def pointer(self) -> Path:
        return self.published / "current.json"

    @property
    def build_history(self) -> Path:
        return self.home / "history" / "builds.jsonl"

    @property
    def audit(self) -> Path:
        return self.home / "audit"

    @property
    def airflow_home(self) -> Path:
        return self.home / "airflow"
