"""Gap reports: what a member says of its own progress, in four tables, month by month.

    assessments   the stage of one measure, as one assessor found it on one day
    commitments   category, target date and support needed of one measure
    actions       one action of a national or regional plan
    trainings     one training or workshop that was held

They are no part of the item contract: they have no layout in a member file, since the tool writes their
templates (`templates`), and every member may send them under one name, FJ_gap_assessments_2026-03.csv or
.xlsx. Else they go the way of every extract: the same inbox, child process, receipts and vintages, and rules
of the same list (`judging`).

The month in the name is that of the report. A later extract for the same table and month takes its place
whole, as with items; one for another month adds to it. What a text says is landed as it stands, so that it
must name offices and documents and never a person.
"""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pacific_parcels.contract import Words, code_list
from pacific_parcels.frameworks import frameworks_fingerprint

GAP_CONTRACT_VERSION = "1"
CODES_FILE = Path(__file__).resolve().parent / "codes.csv"

Kind = Literal["member", "framework", "measure", "code", "currency", "text", "date", "decimal", "integer"]
SQL_TYPES: dict[Kind, str] = {
    "member": "VARCHAR",
    "framework": "VARCHAR",
    "measure": "VARCHAR",
    "code": "VARCHAR",
    "currency": "VARCHAR",
    "text": "VARCHAR",
    "date": "DATE",
    "decimal": "DECIMAL(18,2)",
    "integer": "INTEGER",
}


@dataclass(frozen=True)
class Code:
    """One code of one list. `points` are those of the UN survey, of stages that have any."""

    list_code: str
    code: str
    name_en: str
    name_fr: str
    points: int | None
    source: str


@cache
def codes_of(list_code: str) -> tuple[Code, ...]:
    """The codes of one list of codes.csv, in its order."""
    with CODES_FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Code(
                row["list_code"],
                row["code"],
                row["name_en"],
                row["name_fr"],
                int(row["points"]) if row["points"] else None,
                row["source"],
            )
            for row in csv.DictReader(file)
            if row["list_code"] == list_code
        )


@dataclass(frozen=True)
class Column:
    name: str
    kind: Kind
    definition: Words
    is_required: bool = False
    list_code: str = ""

    @property
    def codes(self) -> tuple[str, ...]:
        """What may stand in it, where that is a list that holds for every member and framework."""
        if self.kind == "currency":
            return code_list("currencies", "currency_code")
        return tuple(code.code for code in codes_of(self.list_code)) if self.list_code else ()


@dataclass(frozen=True)
class Table:
    """One table of a gap report.

    key          what one row is about: two rows of a file with the same key are one too many
    about        the column of the key that such a row is shown by
    not_later    dates that cannot lie after the day on which the file was sent
    not_before   dates that cannot lie before the framework
    in_order     pairs of dates of which the second cannot lie before the first
    needs        (column, value, other): where the column has the value (None: any), the other is required
    """

    name: str
    title: Words
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    about: str
    not_later: tuple[str, ...] = ()
    not_before: tuple[str, ...] = ()
    in_order: tuple[tuple[str, str], ...] = ()
    needs: tuple[tuple[str, str | None, str], ...] = ()

    @property
    def stream_code(self) -> str:
        return f"gap_{self.name}"

    @property
    def source_columns(self) -> list[str]:
        return [column.name for column in self.columns]


def _column(name: str, kind: Kind, en: str, fr: str, *, required: bool = False, codes: str = "") -> Column:
    return Column(name, kind, Words(en, fr), required, codes)


MEMBER = _column(
    "member_code",
    "member",
    "The member, ISO 3166-1 alpha-2.",
    "Le membre, ISO 3166-1 alpha-2.",
    required=True,
)
FRAMEWORK = _column(
    "framework_code",
    "framework",
    "The framework, with its edition.",
    "Le cadre, avec son édition.",
    required=True,
)
MEASURE = _column("measure_code", "measure", "The measure.", "La mesure.", required=True)
NOT_REQUIRED_MEASURE = _column(
    "measure_code", "measure", "The measure, where there is one.", "La mesure, s’il y en a une."
)
DONOR = _column("donor", "text", "Who pays for it.", "Qui le finance.")
PROJECT = _column("project", "text", "The project that it is part of.", "Le projet dont il fait partie.")

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "assessments",
            Words("Assessments", "Évaluations"),
            (
                MEMBER,
                FRAMEWORK,
                MEASURE,
                _column(
                    "stage_code",
                    "code",
                    "How far it is implemented.",
                    "Le stade de mise en œuvre.",
                    required=True,
                    codes="stages",
                ),
                _column(
                    "assessed_on", "date", "Day of the assessment.", "Jour de l’évaluation.", required=True
                ),
                _column(
                    "assessor_code",
                    "code",
                    "Who assessed it, by kind.",
                    "Qui l’a évaluée, par type.",
                    required=True,
                    codes="assessors",
                ),
                _column("evidence", "text", "The document that shows it.", "Le document qui l’atteste."),
                _column("reason", "text", "Why the stage went backwards.", "Pourquoi le stade a reculé."),
            ),
            key=("framework_code", "measure_code", "assessor_code", "assessed_on"),
            about="measure_code",
            not_later=("assessed_on",),
            not_before=("assessed_on",),
        ),
        Table(
            "commitments",
            Words("Commitments", "Engagements"),
            (
                MEMBER,
                FRAMEWORK,
                MEASURE,
                _column(
                    "committed_on",
                    "date",
                    "Day on which it was notified.",
                    "Jour de la notification.",
                    required=True,
                ),
                _column(
                    "category_code",
                    "code",
                    "Category; empty while it is not designated.",
                    "Catégorie ; vide tant qu’elle n’est pas désignée.",
                    codes="categories",
                ),
                _column(
                    "date_kind_code",
                    "code",
                    "Whether the target date is indicative or definitive.",
                    "Si l’échéance est indicative ou définitive.",
                    codes="date_kinds",
                ),
                _column(
                    "target_date",
                    "date",
                    "By when it is to be implemented; empty where not known.",
                    "Échéance de mise en œuvre ; vide si elle n’est pas connue.",
                ),
                _column("support_needed", "text", "What support is needed.", "L’assistance nécessaire."),
            ),
            key=("framework_code", "measure_code", "date_kind_code"),
            about="measure_code",
            not_later=("committed_on",),
            not_before=("committed_on", "target_date"),
            in_order=(("committed_on", "target_date"),),
            needs=(("target_date", None, "date_kind_code"),),
        ),
        Table(
            "actions",
            Words("Actions", "Actions"),
            (
                MEMBER,
                _column(
                    "action_id",
                    "text",
                    "The plan's own number of the action.",
                    "Le numéro de l’action dans le plan.",
                    required=True,
                ),
                _column(
                    "plan_code",
                    "code",
                    "National or regional plan.",
                    "Plan national ou régional.",
                    required=True,
                    codes="plans",
                ),
                FRAMEWORK,
                NOT_REQUIRED_MEASURE,
                _column(
                    "title", "text", "The action in a few words.", "L’action en quelques mots.", required=True
                ),
                _column(
                    "owner_body",
                    "text",
                    "The office that carries it out.",
                    "Le service qui la réalise.",
                    required=True,
                ),
                _column("start_date", "date", "First day.", "Premier jour.", required=True),
                _column(
                    "due_date",
                    "date",
                    "Day by which it is to be done.",
                    "Jour prévu d’achèvement.",
                    required=True,
                ),
                _column(
                    "status_code",
                    "code",
                    "Where it stands.",
                    "Son état.",
                    required=True,
                    codes="action_statuses",
                ),
                _column("completed_on", "date", "Day on which it was done.", "Jour de l’achèvement."),
                _column("budget_amount", "decimal", "Budget of the action.", "Budget de l’action."),
                _column(
                    "budget_currency_code",
                    "currency",
                    "Currency of the budget, ISO 4217.",
                    "Monnaie du budget, ISO 4217.",
                ),
                DONOR,
                PROJECT,
                _column(
                    "blocked_by", "text", "The office that it waits for.", "Le service dont elle dépend."
                ),
            ),
            key=("action_id",),
            about="action_id",
            not_later=("completed_on",),
            in_order=(("start_date", "due_date"), ("start_date", "completed_on")),
            needs=(("status_code", "DONE", "completed_on"), ("budget_amount", None, "budget_currency_code")),
        ),
        Table(
            "trainings",
            Words("Trainings and workshops", "Formations et ateliers"),
            (
                MEMBER,
                _column(
                    "training_id",
                    "text",
                    "A number of your own, each once.",
                    "Un numéro à vous, unique.",
                    required=True,
                ),
                _column("title", "text", "Its subject.", "Son sujet.", required=True),
                FRAMEWORK,
                NOT_REQUIRED_MEASURE,
                _column("held_on", "date", "First day.", "Premier jour.", required=True),
                _column("days_count", "integer", "How many days it took.", "Sa durée en jours."),
                _column(
                    "participants_count",
                    "integer",
                    "How many took part.",
                    "Le nombre de participants.",
                    required=True,
                ),
                _column("provider", "text", "The organisation that held it.", "L’organisme qui l’a assurée."),
                DONOR,
                PROJECT,
            ),
            key=("training_id",),
            about="training_id",
            not_later=("held_on",),
        ),
    )
}
STREAM_CODES = tuple(table.stream_code for table in TABLES.values())
FORMATS = {"csv": "delimited", "xlsx": "xlsx"}
NAME = re.compile(
    rf"(?P<member>[a-z]{{2}})_gap_(?P<table>{'|'.join(TABLES)})_(?P<period>\d{{4}}-(?:0[1-9]|1[0-2]))"
    rf"(?:\.synthetic)?\.(?P<suffix>{'|'.join(FORMATS)})(?:\.gz|\.zip)?",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True)
class Report:
    """What the name of a file says: whose gap report, which table, which month, which format."""

    member_code: str
    table: Table
    period: str
    format: str

    @property
    def stream_code(self) -> str:
        return self.table.stream_code


def report_of(source_name: str) -> Report | None:
    """The gap report that a file is by its name; None when it is none."""
    match = NAME.fullmatch(source_name)
    if match is None:
        return None
    return Report(
        match["member"].upper(),
        TABLES[match["table"].lower()],
        match["period"],
        FORMATS[match["suffix"].lower()],
    )


def table_of(stream_code: str) -> Table | None:
    """The table that a stream of gap reports is of; None for a stream of items."""
    return next((table for table in TABLES.values() if table.stream_code == stream_code), None)


def file_name(member_code: str, table: Table, period: str, suffix: str) -> str:
    return f"{member_code}_{table.stream_code}_{period}.{suffix}"


@cache
def gap_fingerprint() -> str:
    """What a reading of a gap report depends on besides the bytes."""
    text = GAP_CONTRACT_VERSION + frameworks_fingerprint()
    return hashlib.sha256(text.encode() + CODES_FILE.read_bytes()).hexdigest()[:16]
