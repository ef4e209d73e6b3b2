"""The pre-flight check: a member's own file, on its own machine, by the very rules that receiving applies.

The report: one verdict sentence, counts and values by rule, the first examples with sheet, row and column as
a spreadsheet shows them, what was found and what was expected, and every row left out in a CSV beside the
file. Nothing else is kept. Only the member sees it, so it may show the values found.
"""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import tempfile
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal

import duckdb

from pacific_parcels.contract import COLUMNS_BY_NAME, RULES, Words
from pacific_parcels.errors import ExtractError, PacificParcelsError
from pacific_parcels.formats import load_format, read_options
from pacific_parcels.gap import STREAM_CODES, report_of
from pacific_parcels.layout import quoted
from pacific_parcels.members import Layout, Member
from pacific_parcels.reading import MANIFEST_SUFFIX, Reading, connect, letters_of, place_of
from pacific_parcels.receipts import fault_on_receipt
from pacific_parcels.sandbox import Job, Sandbox
from pacific_parcels.settings import Settings

Language = Literal["en", "fr"]
Numbers = Literal["row", "record"]
LONGEST_FOUND = 40
EXAMPLES_SHOWN = 10
ROWS_AT_ONCE = 10_000

VERDICTS: dict[str, dict[Language, str]] = {
    "CLEAN row": {
        "en": "{name} can be sent: all {rows_in} rows are in order ({values}).",
        "fr": "{name} peut être transmis : toutes ses lignes ({rows_in}) sont en ordre ({values}).",
    },
    "CLEAN record": {
        "en": "{name} can be sent: all {rows_in} records are in order ({values}).",
        "fr": "{name} peut être transmis : tous ses enregistrements ({rows_in}) sont en ordre ({values}).",
    },
    "NIL": {
        "en": "{name} can be sent: it reports a month without items.",
        "fr": "{name} peut être transmis : il déclare un mois sans envoi.",
    },
    "CLEAN report": {
        "en": "{name} can be sent: all {rows_in} rows are in order.",
        "fr": "{name} peut être transmis : toutes ses lignes ({rows_in}) sont en ordre.",
    },
    "NIL report": {
        "en": "{name} can be sent: it holds no row, and takes back what was reported for the month before.",
        "fr": "{name} peut être transmis : il ne contient aucune ligne et retire ce qui avait été déclaré "
        "pour le mois.",
    },
    "PARTIAL row": {
        "en": "{name} would be accepted, but {left} of {rows_in} rows would be left out "
        "({rejected} rejected, {duplicate} duplicate). Mend what is listed and check again before you send "
        "it.",
        "fr": "{name} serait accepté, mais sans {left} de ses {rows_in} lignes (rejetées : {rejected} ; "
        "en double : {duplicate}). Corrigez ce qui suit et vérifiez de nouveau avant l’envoi.",
    },
    "PARTIAL record": {
        "en": "{name} would be accepted, but {left} of {rows_in} records would be left out "
        "({rejected} rejected, {duplicate} duplicate). Mend what is listed and check again before you send "
        "it.",
        "fr": "{name} serait accepté, mais sans {left} de ses {rows_in} enregistrements (rejetés : "
        "{rejected} ; en double : {duplicate}). Corrigez ce qui suit et vérifiez de nouveau avant l’envoi.",
    },
    "REFUSED": {
        "en": "{name} would be refused: do not send it yet.",
        "fr": "{name} serait refusé : ne l’envoyez pas encore.",
    },
}
LABELS: dict[str, dict[Language, str]] = {
    "row": {"en": "row", "fr": "ligne"},
    "rows": {"en": "rows", "fr": "lignes"},
    "record": {"en": "record", "fr": "enregistrement"},
    "records": {"en": "records", "fr": "enregistrements"},
    "line": {"en": "line {line} of the file", "fr": "ligne {line} du fichier"},
    "sheet row": {"en": "sheet {sheet}", "fr": "feuille {sheet}"},
    "sheet record": {"en": "file {sheet}", "fr": "fichier {sheet}"},
    "column": {"en": "column {letters}", "fr": "colonne {letters}"},
    "found": {"en": "found", "fr": "trouvé"},
    "expected": {"en": "; expected: {expected}", "fr": " ; attendu : {expected}"},
    "empty": {"en": "nothing", "fr": "rien"},
    "value": {"en": "Their value: {values}.", "fr": "Leur valeur : {values}."},
    "without_value": {"en": "{count} without a readable value", "fr": "{count} sans valeur lisible"},
    "what_to_do": {"en": "What to do:", "fr": "Que faire :"},
    "colon": {"en": ":", "fr": " :"},
    "FATAL": {"en": "FATAL", "fr": "BLOQUANT"},
    "ERROR": {"en": "ERROR", "fr": "ERREUR"},
    "WARNING": {"en": "WARNING", "fr": "AVERTISSEMENT"},
    "LEFT_OUT": {"en": "NO ITEM", "fr": "PAS UN ENVOI"},
    "more": {"en": "and {count} more", "fr": "et {count} de plus"},
    "all_rejects": {"en": "Every row left out: {path}", "fr": "Toutes les lignes écartées : {path}"},
}
# What a value must be, for the rules whose words alone say it; others have it from the layout or the format.
EXPECTED: dict[str, dict[Language, str]] = {
    "R101": {"en": "{expected} fields", "fr": "{expected} champs"},
    "R102": {"en": "a value", "fr": "une valeur"},
    "R104": {
        "en": "a day up to the one on which the file is sent",
        "fr": "au plus tard le jour de l’envoi du fichier",
    },
    "R105": {"en": "a day within {period}", "fr": "un jour de la période {period}"},
    "R107": {"en": "zero or more", "fr": "zéro ou plus"},
    "R108": {"en": "three letters, such as USD", "fr": "trois lettres, par exemple USD"},
    "R110": {"en": "two letters, such as CN", "fr": "deux lettres, par exemple CN"},
    "R113": {"en": "each quotation mark inside a text doubled", "fr": "chaque guillemet intérieur doublé"},
    "R114": {"en": "an item not sent above", "fr": "un envoi qui ne figure pas plus haut"},
    "R115": {
        "en": "a record as its message standard has it",
        "fr": "un enregistrement conforme à la norme du message",
    },
    "R117": {"en": "a measure", "fr": "une mesure"},
    "R119": {
        "en": "a day up to the one on which the file is sent",
        "fr": "au plus tard le jour de l’envoi du fichier",
    },
    "R120": {"en": "a day after the start", "fr": "un jour postérieur au début"},
    "R122": {"en": "a row not sent above", "fr": "une ligne qui ne figure pas plus haut"},
    "R123": {"en": "an office or a document", "fr": "un service ou un document"},
    "R201": {"en": "more than zero", "fr": "plus de zéro"},
    "R202": {"en": "six digits or more", "fr": "six chiffres ou plus"},
    "R203": {"en": "a release after the arrival", "fr": "une mainlevée postérieure à l’arrivée"},
    "R204": {"en": "more than zero", "fr": "plus de zéro"},
    "R209": {"en": "a reason", "fr": "une raison"},
    "R210": {"en": "a measure of the list", "fr": "une mesure de la liste"},
    "R208": {"en": "as a rule zero or more", "fr": "en règle générale, zéro ou plus"},
    "R206": {
        "en": "two letters, nine digits, two letters (UPU S10)",
        "fr": "deux lettres, neuf chiffres, deux lettres (UPU S10)",
    },
}
AS_DECLARED: dict[Language, str] = {"en": "{expected}", "fr": "{expected}"}
AS_THE_FORMAT_HAS_IT: dict[Language, str] = {"en": "for example {expected}", "fr": "par exemple {expected}"}
BY_FORMAT = "R115"  # a record that its format itself refuses, by the part of the message that is broken
# A spreadsheet takes a text that begins with one of these for a formula; some take the wide forms too.
FORMULA_SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Example:
    """One row under one rule. `found` is at most 40 characters, control characters escaped.

    `sheet` and `letters` (the column as a spreadsheet names it) are empty where the format has none. `line`
    is that of the file, for a record of a message, which no spreadsheet numbers; where several files stood in
    an archive, `sheet` is the name of the one.
    """

    source_row: int
    rule_id: str
    column: str
    source_column: str
    found: str
    letters: str = ""
    sheet: str = ""
    expected_en: str = ""
    expected_fr: str = ""
    line: int | None = None


@dataclass(frozen=True)
class RuleValue:
    """Declared value of the rows under one rule, by currency, and the rows of which none can be read."""

    by_currency: dict[str, Decimal]
    rows_without: int


@dataclass(frozen=True)
class Report:
    """`numbers` is what the format counts; `values` is by rule and column."""

    member_code: str
    name: str
    reading: Reading
    examples: list[Example]
    numbers: Numbers = "row"
    values: dict[tuple[str, str], RuleValue] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        if self.reading.is_refused:
            return "REFUSED"
        if self.reading.rows_rejected or self.reading.rows_duplicate:
            return "PARTIAL"
        return "CLEAN" if self.reading.rows_in else "NIL"

    @property
    def exit_code(self) -> int:
        """0 in order · 4 accepted with rows left out · 11 refused."""
        return {"CLEAN": 0, "NIL": 0, "PARTIAL": 4, "REFUSED": ExtractError.exit_code}[self.verdict]

    def sentence(self, language: Language) -> str:
        reading = self.reading
        values = ", ".join(
            f"{_amount(value.accepted, language)} {value.currency_code}"
            for value in reading.values
            if value.currency_code
        )
        kind = "report" if reading.stream_code in STREAM_CODES else self.numbers
        verdict = f"{self.verdict} {kind}"
        if verdict not in VERDICTS:
            verdict = f"{self.verdict} {self.numbers}"
        return VERDICTS[verdict if verdict in VERDICTS else self.verdict][language].format(
            name=self.name,
            rows_in=reading.rows_in,
            values=values,
            left=reading.rows_rejected + reading.rows_duplicate,
            rejected=reading.rows_rejected,
            duplicate=reading.rows_duplicate,
        )

    def lines(self, language: Language) -> list[str]:
        """The report for a person."""
        lines = [self.sentence(language)]
        for fault in self.reading.faults:
            words = RULES[fault.rule_id]
            title, remedy = words.title.fill(fault.details), words.remedy.fill(fault.details)
            is_counted = fault.row_count and fault.level != "FATAL"
            count = f"  {fault.row_count} {self._rows(fault.row_count, language)}" if is_counted else ""
            column = "" if fault.column.startswith("expect ") else fault.column
            lines += [
                "",
                f"{fault.rule_id} {LABELS[fault.level][language]}{count}  {column}".rstrip(),
                f"  {getattr(title, language)}",
            ]
            value = self.values.get((fault.rule_id, fault.column))
            if value is not None:
                lines.append(f"  {self._value_in_words(value, language)}")
            shown = [
                example
                for example in self.examples
                if (example.rule_id, example.column) == (fault.rule_id, fault.column)
            ]
            lines += [f"    {self._example_in_words(example, language)}" for example in shown]
            if shown and fault.row_count > len(shown):
                more = LABELS["more"][language].format(count=fault.row_count - len(shown))
                lines.append(f"    {more}")
            if not shown and fault.first_rows:
                rows = self._rows(len(fault.first_rows), language)
                lines.append(f"    {rows} {', '.join(map(str, fault.first_rows))}")
            lines.append(f"  {LABELS['what_to_do'][language]} {getattr(remedy, language)}")
        return lines

    def _rows(self, count: int, language: Language) -> str:
        return LABELS[self.numbers if count == 1 else f"{self.numbers}s"][language]

    def _value_in_words(self, value: RuleValue, language: Language) -> str:
        parts = [f"{_amount(total, language)} {currency}" for currency, total in value.by_currency.items()]
        if value.rows_without:
            parts.append(LABELS["without_value"][language].format(count=value.rows_without))
        return LABELS["value"][language].format(values=", ".join(parts))

    def _example_in_words(self, example: Example, language: Language) -> str:
        where = f"{LABELS[self.numbers][language]} {example.source_row}"
        if example.line is not None:
            where += f" ({LABELS['line'][language].format(line=example.line)})"
        if example.sheet:
            sheet = LABELS[f"sheet {self.numbers}"][language].format(sheet=example.sheet)
            where = f"{sheet}, {where}"
        expected = getattr(example, f"expected_{language}")
        expected = LABELS["expected"][language].format(expected=expected) if expected else ""
        if not example.source_column:
            if not example.found:
                return f"{where}{expected}"
            return f"{where}{LABELS['colon'][language]} {LABELS['found'][language]} {example.found}{expected}"
        letters = (
            f" ({LABELS['column'][language].format(letters=example.letters)})" if example.letters else ""
        )
        return (
            f"{where}, {example.source_column}{letters}{LABELS['colon'][language]} "
            f"{LABELS['found'][language]} {example.found or LABELS['empty'][language]}{expected}"
        )

    def to_dict(self) -> dict[str, Any]:
        reading = self.reading
        return {
            "member_code": self.member_code,
            "file": self.name,
            "verdict": self.verdict,
            "sentence_en": self.sentence("en"),
            "sentence_fr": self.sentence("fr"),
            "stream_code": reading.stream_code,
            "time_period_start": reading.first_period,
            "time_period_end": reading.last_period,
            "rows_in": reading.rows_in,
            "rows_accepted": reading.rows_accepted,
            "rows_rejected": reading.rows_rejected,
            "rows_duplicate": reading.rows_duplicate,
            "rows_warned": reading.rows_warned,
            "rows_left_out": reading.rows_left_out,
            "values": [
                {
                    "currency_code": value.currency_code,
                    "accepted_value": str(value.accepted),
                    "rejected_value": str(value.rejected),
                    "duplicate_value": str(value.duplicate),
                }
                for value in reading.values
            ],
            "numbers": self.numbers,
            "rules": [fault_on_receipt(fault) for fault in reading.faults],
            "values_by_rule": [
                {
                    "rule_id": rule_id,
                    "column_name": column,
                    "values": [
                        {"currency_code": currency, "value": str(total)}
                        for currency, total in value.by_currency.items()
                    ],
                    "rows_without_value": value.rows_without,
                }
                for (rule_id, column), value in self.values.items()
            ],
            "examples": [
                {
                    "row": example.source_row,
                    "line": example.line,
                    "rule_id": example.rule_id,
                    "column_name": example.column,
                    "source_column": example.source_column,
                    "column_letters": example.letters,
                    "sheet": example.sheet,
                    "found": example.found,
                    "expected_en": example.expected_en,
                    "expected_fr": example.expected_fr,
                }
                for example in self.examples
            ],
        }


def _amount(amount: Decimal, language: Language) -> str:
    """1,234.50, in French 1 234,50 (with a narrow no-break space)."""
    text = f"{amount:,}"
    return text.replace(",", "\u202f").replace(".", ",") if language == "fr" else text


def check_file(
    settings: Settings,
    member: Member,
    path: Path,
    rejects_path: Path | None = None,
    *,
    has_manifest: bool = True,
) -> Report:
    """Read a file as receiving would, with the manifest beside it unless told otherwise.

    Keeps nothing but the list of rows left out at `rejects_path`; where there are none, none of an earlier
    check stays there. Errors: FileNotFoundError, PacificParcelsError for a `rejects_path` that cannot be.
    """
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    name = path.name or str(path)  # the folder "." has none
    manifest_path = beside(path, MANIFEST_SUFFIX)
    if rejects_path is not None:
        _refuse_place_of_rejects(rejects_path, path, manifest_path)
    is_with_manifest = has_manifest and manifest_path.is_file()
    with tempfile.TemporaryDirectory(prefix="pacific-parcels-") as folder:
        scratch = Path(folder)
        (scratch / "reading").mkdir()
        with Sandbox(settings, scratch / "spill of the reader") as sandbox:
            job = Job(
                member,
                path,
                name,
                "check",
                datetime.fromtimestamp(path.stat().st_mtime, UTC).date(),
                scratch / "reading",
                manifest_path if is_with_manifest else None,
                sha256_of(path) if is_with_manifest and path.is_file() else "",
                for_sender=True,
            )
            _, reading = sandbox.read(job)
        connection = connect(settings, scratch / "spill")
        try:
            report = _Found(connection, member, path, reading).report(name, rejects_path)
        finally:
            connection.close()
    return report


def beside(path: Path, suffix: str) -> Path:
    """The file that goes with a file: in the same folder, named like it with `suffix` after it."""
    return path.parent / f"{path.name}{suffix}"


def _refuse_place_of_rejects(rejects_path: Path, path: Path, manifest_path: Path) -> None:
    """Errors: PacificParcelsError where the list would replace what is checked, or has no folder."""
    if rejects_path.resolve() in (path.resolve(), manifest_path.resolve()):
        raise PacificParcelsError(
            f"{rejects_path}: this is the extract or its manifest; expected another file; "
            "give the list of rows left out a name of its own"
        )
    if not rejects_path.parent.is_dir():
        raise PacificParcelsError(
            f"{rejects_path}: there is no folder {rejects_path.parent}; "
            "expected one for the rows left out; make it or name another"
        )


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Found:
    """What a reading left in its scratch directory, told row by row."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, member: Member, path: Path, reading: Reading
    ) -> None:
        self.connection = connection
        self.member = member
        self.reading = reading
        self.details = {(fault.rule_id, fault.column): fault.details for fault in reading.faults}
        self.numbers: Numbers = "row"
        self.sheet = ""
        self.parts = _parts_of(reading)
        self.letters: dict[str, str] = {}
        self.source_columns: dict[str, str] = {}
        self.known_columns = frozenset(COLUMNS_BY_NAME)
        report = report_of(path.name)
        if reading.stream_code in STREAM_CODES and report is not None:
            self.known_columns = frozenset(report.table.source_columns)
            self.source_columns = {name: name for name in self.known_columns}
            self._know_letters()
            if report.format == "xlsx":
                self.sheet = "1"
        elif reading.stream_code:
            self._know(member.extracts[reading.stream_code].layout_of(reading.first_period))

    def _know(self, layout: Layout) -> None:
        module = load_format(layout.format)
        self.numbers = module.NUMBERS
        self.source_columns = {name: source.column or "" for name, source in layout.columns.items()}
        self.source_columns |= {f"expect {index}": name for index, name in enumerate(layout.expect, 1)}
        # What the format judged by itself is named by the columns of the source.
        for name in self.reading.source_columns:
            self.source_columns.setdefault(name, name)
        if self.numbers == "row":
            self.sheet = str(read_options(module, layout.options).model_dump().get("sheet", ""))
            self._know_letters()

    def _know_letters(self) -> None:
        self.letters = {
            name: letters_of(position) for position, name in enumerate(self.reading.source_columns, 1)
        }

    def report(self, name: str, rejects_path: Path | None) -> Report:
        """Writes the list of rows left out on its way; where there are none, no list stays."""
        examples: list[Example] = []
        counts: dict[tuple[str, str], int] = {}

        def first_of_each(rows: Iterator[Example]) -> Iterator[Example]:
            for row in rows:
                key = (row.rule_id, row.column)
                counts[key] = counts.get(key, 0) + 1
                if counts[key] <= EXAMPLES_SHOWN:
                    examples.append(row)
                yield row

        rejected = first_of_each(self._rejected_rows())
        if rejects_path is not None and self.reading.rejected_file is not None:
            _write_rejects(rejects_path, rejected, self.details)
        elif rejects_path is not None:
            rejects_path.unlink(missing_ok=True)
        deque(chain(rejected, first_of_each(self._warned_rows())), maxlen=0)
        return Report(self.member.code, name, self.reading, examples, self.numbers, self._values())

    def _rejected_rows(self) -> Iterator[Example]:
        if self.reading.rejected_file is None:
            return
        for source_row, line, faults, values in self._rows(
            f"select source_row, {self._line}, faults, source_values "
            f"from read_parquet({quoted(str(self.reading.rejected_file))}){self._with_lines} "
            "order by source_row",
            [],
        ):
            found = json.loads(values) if values else {}
            for fault in faults:
                rule_id, _, column = fault.partition(":")
                name = self.source_columns.get(column, column if rule_id == BY_FORMAT else "")
                yield self._example(source_row, line, rule_id, column, name, found.get(name))

    def _warned_rows(self) -> Iterator[Example]:
        """The first rows under each warning, with the value as it was read."""
        for fault in self.reading.faults:
            if fault.level != "WARNING" or not fault.first_rows or fault.column not in self.known_columns:
                continue
            for source_row, line, found in self._rows(
                f"select source_row, {self._line}, cast({fault.column} as varchar) "
                f"from {self._accepted()}{self._with_lines} "
                "where source_row in (select unnest(?)) order by source_row",
                [list(fault.first_rows)],
            ):
                contract_column = COLUMNS_BY_NAME.get(fault.column)
                is_moment = contract_column is not None and contract_column.kind == "timestamp"
                name = self.source_columns.get(fault.column, "")
                shown = f"{found} UTC" if is_moment else found
                yield self._example(source_row, line, fault.rule_id, fault.column, name, shown)

    @property
    def _line(self) -> str:
        return "null" if self.reading.lines_file is None else "line"

    @property
    def _with_lines(self) -> str:
        """SQL: the line of each record of a message."""
        if self.reading.lines_file is None:
            return ""
        return (
            f" left join read_csv({quoted(str(self.reading.lines_file))}, auto_detect = false, "
            "header = false, delim = ',', columns = {'source_row': 'BIGINT', 'line': 'BIGINT'}) "
            "using (source_row)"
        )

    def _example(
        self,
        source_row: int,
        line: int | None,
        rule_id: str,
        column: str,
        source_column: str,
        found: str | None,
    ) -> Example:
        details = self.details[rule_id, column]
        first, last = self.reading.first_period, self.reading.last_period
        period = str(first) if first == last else f"{first} – {last}"
        expected = EXPECTED.get(rule_id, AS_DECLARED)
        if rule_id == BY_FORMAT and "expected" in details:
            expected = AS_THE_FORMAT_HAS_IT
        sheet = self.sheet
        if line is not None and self.parts:
            begins, sheet = self.parts[bisect_right(self.parts, line, key=itemgetter(0)) - 1]
            line += 1 - begins
        words = Words(expected["en"], expected["fr"]).fill({"expected": "", "period": period} | details)
        return Example(
            source_row,
            rule_id,
            column,
            _shown(source_column),
            _shown(found),
            self.letters.get(source_column, ""),
            _shown(sheet),
            words.en,
            words.fr,
            line,
        )

    def _values(self) -> dict[tuple[str, str], RuleValue]:
        """Declared value by rule: of rows and records left out and of rows that are warned about.

        Rows of a report on progress have none.
        """
        if self.reading.stream_code in STREAM_CODES:
            return {}
        parts = []
        if self.reading.rejected_file is not None:
            rejected = quoted(str(self.reading.rejected_file))
            parts.append(
                "select unnest(faults) as fault, declared_currency_code, declared_value "
                f"from read_parquet({rejected})"
            )
        if self.reading.rows_warned:
            parts.append(
                "select unnest(rule_ids) as fault, declared_currency_code, declared_value "
                f"from {self._accepted()} where rule_ids is not null"
            )
        if self.reading.rows_left_out:
            parts.append(
                "select fault, declared_currency_code, declared_value "
                f"from read_parquet({quoted(str(self.reading.noted_file))}) where fault like 'R3%'"
            )
        values: dict[tuple[str, str], RuleValue] = {}
        if not parts:
            return values
        for fault, currency, total, without in self._rows(
            "select fault, case when declared_value is not null then declared_currency_code end as currency, "
            "sum(declared_value) filter (declared_currency_code is not null), "
            "count(*) filter (declared_value is null or declared_currency_code is null) "
            f"from ({' union all by name '.join(parts)}) group by all order by fault, currency nulls last",
            [],
        ):
            rule_id, _, column = fault.partition(":")
            known = values.get((rule_id, column), RuleValue({}, 0))
            by_currency = known.by_currency | ({currency: total} if currency is not None else {})
            values[rule_id, column] = RuleValue(by_currency, known.rows_without + without)
        return values

    def _accepted(self) -> str:
        files = ", ".join(quoted(str(path)) for _, path in self.reading.accepted_files)
        return f"read_parquet([{files}], hive_partitioning = false, union_by_name = true)"

    def _rows(self, sql: str, parameters: list[Any]) -> Iterator[tuple[Any, ...]]:
        """In bounded memory: all rows of a large file may be left out."""
        result = self.connection.cursor().execute(sql, parameters)
        while rows := result.fetchmany(ROWS_AT_ONCE):
            yield from rows


def _parts_of(reading: Reading) -> list[tuple[int, str]]:
    """Where each file of an archive begins in the text that was read, and its name."""
    if reading.parts_file is None:
        return []
    with reading.parts_file.open(encoding="utf-8", newline="") as file:
        return [(int(line), name) for line, name in csv.reader(file)]


def _shown(value: str | None) -> str:
    """At most 40 characters on one line; what cannot be seen is written as its escape."""
    text = "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in value or ""
    )
    return text if len(text) <= LONGEST_FOUND else text[: LONGEST_FOUND - 1] + "…"


def _write_rejects(
    path: Path, rows: Iterator[Example], details: dict[tuple[str, str], dict[str, str]]
) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            [
                *("sheet", "row", "line", "rule_id", "column", "source_column", "column_letters", "found"),
                *("expected_en", "expected_fr", "what_en", "what_fr", "remedy_en", "remedy_fr"),
            ]
        )
        for row in rows:
            rule = RULES[row.rule_id]
            title = rule.title.fill(details[row.rule_id, row.column])
            remedy = rule.remedy.fill(details[row.rule_id, row.column])
            cells = [
                *(row.sheet, str(row.source_row), "" if row.line is None else str(row.line), row.rule_id),
                *(row.column, row.source_column, row.letters, row.found),
                *(row.expected_en, row.expected_fr, title.en, title.fr, remedy.en, remedy.fr),
            ]
            writer.writerow([_no_formula(cell) for cell in cells])


def _no_formula(cell: str) -> str:
    return f"'{cell}" if cell.lstrip().startswith(FORMULA_SIGNS) else cell


def write_manifest(settings: Settings, member: Member, path: Path) -> Path:
    """Write the manifest of a file, to be sent after it: rows, bytes, checksum and control totals.

    Errors: ExtractError for a file that would be refused; FileNotFoundError.
    """
    place_of(member, path.name)
    report = check_file(settings, member, path, has_manifest=False)
    if report.reading.is_refused:
        fault = report.reading.faults[0]
        raise ExtractError(fault.rule_id, **fault.details)
    totals = [
        {
            "column": "declared_value",
            "currency": value.currency_code,
            "total": str(value.accepted + value.rejected + value.duplicate),
        }
        for value in report.reading.values
        if value.currency_code
    ]
    content = {
        "rows": report.reading.rows_in,
        "bytes": path.stat().st_size,
        "sha256": sha256_of(path),
        "control_totals": totals,
        "extracted_at": datetime.fromtimestamp(int(path.stat().st_mtime), UTC).isoformat(),
    }
    target = beside(path, MANIFEST_SUFFIX)
    target.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return target
