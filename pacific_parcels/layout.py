"""A member's layout as one SQL statement: from the text of an extract to the item contract, rows judged.

Each statement comes in two kinds. The *plain* one takes values as they stand and is what nearly every row
passes, at about the cost of DuckDB's own typed copy. The *exact* one trims every value first, names
every broken rule, and decides about the few rows that the plain one left. A row that the plain statement
accepts is one that the exact statement accepts with the same values (a property test holds them together).

Planning a statement costs as much as judging some thousand rows: extracts of one layout share it. Their rows
are numbered through (ROWS_APART), and what differs from one to the next is looked up by that number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from itertools import accumulate
from typing import Literal
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import duckdb

from pacific_parcels.contract import COLUMNS, COLUMNS_BY_NAME, Column
from pacific_parcels.formats import RegularText
from pacific_parcels.members import ColumnSource, Layout, Member
from pacific_parcels.tokens import TOKENS, folded, token

FIRST_DAY, LAST_DAY = "2000-01-01", "2099-12-31"
FIRST_YEAR_OF_ZONES, LAST_YEAR_OF_ZONES = 2015, 2040
LAST_MOMENT = datetime(9999, 12, 31)
# Of extracts that are read together, row 7 of the third has the number 2 * ROWS_APART + 7.
ROWS_APART_BITS = 40
ROWS_APART = 1 << ROWS_APART_BITS
LAST_ROW = ROWS_APART - 1
# What a row of a text has to say; the others are known of its file.
COLUMNS_OF_ROWS = tuple(
    column.name for column in COLUMNS if column.name not in ("extract_id", "member_code", "time_period")
)
LONGEST_LINE = 8 << 20  # bytes
READ_BUFFER = (
    16 << 20
)  # bytes: DuckDB would take sixteen of the longest lines, and several of these at a time
# The enumerations that each connection has been given; asking it costs more than a small extract.
KNOWN_TYPES: WeakKeyDictionary[duckdb.DuckDBPyConnection, set[str]] = WeakKeyDictionary()
S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
# Spaces as spreadsheets and French exports write them, the no-break ones included.
SPACES = " \u00a0\u202f"
BLANKS = SPACES + "\t"


@dataclass(frozen=True)
class ExtractFacts:
    """What is known of an extract besides its text.

    Periods are months, YYYY-MM, both included; None where the rows say them. `key_version` is of the key that
    makes tokens of parties; without it there are none, and no column with a name is read. `for_sender`: the
    text of rejected rows is kept.
    """

    extract_id: str
    member: Member
    stream_code: str
    first_period: str | None
    last_period: str | None
    sent_on: date
    key_version: int | None = None
    for_sender: bool = False


@dataclass(frozen=True)
class Check:
    """One predicate of one rule on one column, over the columns of the CTE `typed`."""

    rule_id: str
    column: str
    predicate: str


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@cache
def offset_changes(time_zone: str) -> tuple[tuple[datetime, int], ...]:
    """(local time from which it holds, minutes ahead of UTC) of a zone, oldest first.

    DuckDB's own conversion of time zones costs more than all other casts of a row together, and few offsets
    ever change.
    """
    zone = ZoneInfo(time_zone)

    def minutes_at(moment: datetime) -> int:
        return int((moment.astimezone(zone).utcoffset() or timedelta(0)).total_seconds() // 60)

    moment = datetime(FIRST_YEAR_OF_ZONES, 1, 1, tzinfo=UTC)
    changes = [(datetime(1, 1, 1), minutes_at(moment))]
    while moment.year < LAST_YEAR_OF_ZONES:
        after = moment + timedelta(days=1)
        if minutes_at(after) != changes[-1][1]:
            change = next(
                moment + timedelta(minutes=minute)
                for minute in range(24 * 60 + 1)
                if minutes_at(moment + timedelta(minutes=minute)) != changes[-1][1]
            )
            start = change.replace(tzinfo=None) + timedelta(minutes=changes[-1][1])
            changes.append((start, minutes_at(change)))
        moment = after
    return tuple(changes)


class Statement:
    """The SELECT of one layout over the regular texts of one extract, or of several of one member and stream.

    The texts are of one shape. One text with source rows may hold the rows of all extracts, numbered through.
    """

    def __init__(
        self, layout: Layout, facts: Sequence[ExtractFacts], texts: Sequence[RegularText], *, is_exact: bool
    ) -> None:
        self.layout = layout
        self.facts = facts
        self.texts = texts
        self.text = texts[0]
        self.member, self.stream_code = facts[0].member, facts[0].stream_code
        self.key_version, self.for_sender = facts[0].key_version, facts[0].for_sender
        self.is_exact = is_exact
        self._position = {name: index for index, name in enumerate(self.text.columns)}

    def _of_each(self, fact: Callable[[ExtractFacts], object]) -> str:
        """A fact in SQL; looked up by the number of the row where it differs from extract to extract."""
        values = [str(fact(facts)) for facts in self.facts]
        if len(set(values)) == 1:
            return values[0]
        return f"[{', '.join(values)}][(source_row >> {ROWS_APART_BITS}) + 1]"

    # ---- text ------------------------------------------------------------------------------------------

    def source(self, source_columns: Iterable[str] | None = None) -> str:
        """The read of the text itself: c0, c1 … in the order of the file, and source_row."""
        in_lines = len(self.text.columns) - self.text.last_is_row
        names = [f"c{index}" for index in range(in_lines)]
        columns = (["source_row"] if self.text.has_source_row else []) + names
        structure = ", ".join(
            f"{quoted(name)}: {quoted('BIGINT' if name == 'source_row' else 'VARCHAR')}" for name in columns
        )
        nulls = ", ".join(quoted(value) for value in ("", *self.layout.null_values))
        number = "source_row" if self.text.has_source_row else f"row_number() over () + {self.text.skip}"
        if len(self.texts) > 1:
            extract = "cast(file_index as bigint)"
            if not self.text.has_source_row:
                before = [0, *accumulate(text.rows for text in self.texts[:-1])]
                number += f" - {before}[{extract} + 1]"
            number += f" + ({extract} << {ROWS_APART_BITS})"
        paths = ", ".join(quoted(str(text.path)) for text in self.texts)
        wanted_columns = source_columns or [*self._used_columns(), *self._columns_of_parties()]
        used = sorted({self._position[name] for name in wanted_columns})
        row_itself = f"cast(({number}) & {LAST_ROW} as varchar) as c{in_lines}"
        fields = (f"c{index}" if index < in_lines else row_itself for index in used)
        wanted = ", ".join([f"{number} as source_row", *fields])
        return (
            f"select {wanted} from read_csv([{paths}], auto_detect = false, "
            f"header = false, skip = {self.text.skip}, delim = {quoted(self.text.delimiter)}, "
            f"quote = {quoted(self.text.quote)}, escape = {quoted(self.text.quote)}, nullstr = [{nulls}], "
            f"columns = {{{structure}}}, strict_mode = true, store_rejects = true, "
            f"max_line_size = {LONGEST_LINE}, buffer_size = {READ_BUFFER})"
        )

    def _used_columns(self) -> list[str]:
        """The source columns whose text is kept where a row is rejected: none that names a party."""
        mapped = [source.column for source in self.layout.columns.values() if source.column is not None]
        return list(dict.fromkeys([*mapped, *self.layout.expect]))

    def _columns_of_parties(self) -> list[str]:
        return [column for source in self._tokens().values() for column in source.source_columns]

    def _tokens(self) -> dict[str, ColumnSource]:
        """The tokens that are made: none without a key."""
        return self.layout.tokens if self.key_version is not None else {}

    def _names(self, source: ColumnSource) -> str:
        """The texts that name a party, joined by a space; trimmed alike by both kinds of statement."""
        nulls = ", ".join(quoted(value) for value in ("", *self.layout.null_values))
        parts = []
        for column in source.source_columns:
            trimmed = f"trim(c{self._position[column]}, {quoted(BLANKS)})"
            parts.append(f"case when {trimmed} not in ({nulls}) then {trimmed} end")
        return f"concat_ws(' ', {', '.join(parts)})"

    def _raw(self, source_column: str, *, is_free: bool = False) -> str:
        """The text of a source column. Free text is always trimmed: nothing else tells that it has to be."""
        name = f"c{self._position[source_column]}"
        if not self.is_exact:
            # trim() takes every space of Unicode, which only a text that is not plain ASCII can have.
            has_edges = f"({name} like ' %' or {name} like '% ' or strlen({name}) <> length({name}))"
            return f"case when {has_edges} then nullif(trim({name}), '') else {name} end" if is_free else name
        trimmed = f"trim({name})" if is_free else f"trim({name}, {quoted(BLANKS)})"
        if not self.layout.null_values:
            return f"nullif({trimmed}, '')"
        nulls = ", ".join(quoted(value) for value in ("", *self.layout.null_values))
        return f"case when {trimmed} not in ({nulls}) then {trimmed} end"

    # ---- types -----------------------------------------------------------------------------------------

    def typed(self, column: Column, source: ColumnSource) -> str:
        """One contract column out of its text; null where it cannot be read."""
        if source.constant is not None:
            return f"cast({quoted(source.constant)} as {self._stored_type(column, source)})"
        text = f"{column.name}__text"
        if source.lookup is not None:
            stored = self._stored_type(column, source)
            branches = " ".join(
                f"when {quoted(found)} then cast({_literal(code)} as {stored})"
                for found, code in source.lookup.items()
            )
            return f"case {text} {branches} end"
        if column.kind == "code":
            return f"try_cast({text} as {self._stored_type(column, source)})"
        if column.kind == "decimal":
            return self._number(text, column.sql_type, source.factor)
        if column.kind == "integer":
            return self._whole_number(text, column.sql_type)
        if column.kind == "boolean":
            return f"case lower({text}) when 'true' then true when 'false' then false end"
        if column.kind == "date":
            return f"cast({self._moment(text, source.format or self.layout.dates)} as date)"
        if column.kind == "timestamp":
            return self._utc(f"{column.name}__local")
        if column.name == "hs_code":
            bare = f"nullif(replace(replace({text}, '.', ''), ' ', ''), '')"
            return f"case when contains({text}, '.') or contains({text}, ' ') then {bare} else {text} end"
        return text

    def _moment(self, text: str, form: str) -> str:
        """A day or a time; a time may be given as a day alone, which is its midnight."""
        if "%H" not in form and "%I" not in form:
            return f"try_strptime({text}, {quoted(form)})"
        day = quoted(self.layout.dates)
        return f"coalesce(try_strptime({text}, {quoted(form)}), try_strptime({text}, {day}))"

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the code lists known to a connection, as enumerations.

        A code that is one of a list is a number of one byte or two where rows are judged, kept and written;
        in Parquet it is text again.
        """
        types = {"ports_codes": COLUMNS_BY_NAME["port_code"].codes}
        for name, source in self.layout.columns.items():
            column = COLUMNS_BY_NAME[name]
            stored = self._stored_type(column, source)
            if stored != column.sql_type:
                types[stored] = self._codes(column) if self._is_own_port(column, source) else column.codes
        known = KNOWN_TYPES.setdefault(connection, set())
        for name, codes in types.items():
            if name not in known:
                connection.execute(f"create type {name} as enum ({', '.join(map(quoted, codes))})")
                known.add(name)

    def _stored_type(self, column: Column, source: ColumnSource) -> str:
        if column.kind != "code" or (source.constant is not None and source.constant not in column.codes):
            return column.sql_type
        list_name = column.code_list[0] if column.code_list else ""
        if self._is_own_port(column, source):
            return f"{list_name}_of_{self.member.code.lower()}"
        return f"{list_name}_codes"

    @staticmethod
    def _is_own_port(column: Column, source: ColumnSource) -> bool:
        """Whether a column names a port of the member itself, in the letters of the list."""
        return column.name == "port_code" and source.lookup is None and source.constant is None

    def _codes(self, column: Column) -> tuple[str, ...]:
        if column.name == "port_code":
            own = tuple(code for code in column.codes if code.startswith(self.member.code))
            return own or ("",)
        return column.codes

    def _number(self, text: str, sql_type: str, factor: Decimal | None) -> str:
        """Strict: the decimal sign and the thousands sign of the layout, in their places, and no exponent."""
        point, group = self.layout.decimal, self.layout.thousands
        # A number that needs more than 64 bits costs ten times as much: it is left to the exact statement.
        wide = "decimal(24, 6)" if self.is_exact else "decimal(18, 6)"
        first_type = wide if factor is not None else sql_type
        if group:
            signs = SPACES if group == " " else group
            shape = f"[+-]?([0-9]{{1,3}}([{signs}][0-9]{{3}})+|[0-9]*)([{point}][0-9]*)?"
            is_number = f"regexp_full_match({text}, {quoted(shape)})"
            digits = f"translate({text}, {quoted(signs)}, '')"
        else:
            # What a cast would take besides digits: 1e3, and 1_000.
            foreign = ("e", "E", "_") if point == "." else ("e", "E", "_", ".")
            is_number = f"not ({' or '.join(f'contains({text}, {quoted(sign)})' for sign in foreign)})"
            digits = text
        if point != ".":
            digits = f"replace({digits}, '{point}', '.')"
        value = f"case when {is_number} then try_cast({digits} as {first_type}) end"
        return f"try_cast(({value}) * {factor} as {sql_type})" if factor is not None else value

    def _whole_number(self, text: str, sql_type: str) -> str:
        """Strict: 12 and 12.00, not 12.5, in the signs of the layout. A cast would round, and take 0x1F."""
        if not self.is_exact:
            number = f"try_cast({text} as {sql_type})"
            return f"case when cast({number} as varchar) = {text} then {number} end"
        point, group = self.layout.decimal, self.layout.thousands
        signs = SPACES if group == " " else group
        shape = f"[+-]?[0-9{signs}]+([{point}]0*)?"
        number = self._number(text, "decimal(18, 6)", None)
        return (
            f"try_cast(case when regexp_full_match({text}, {quoted(shape)}) then {number} end as {sql_type})"
        )

    def _utc(self, local: str) -> str:
        """Local time to UTC. A clock put back shows an hour twice: it is taken as the first of the two.

        The plain statement knows the offsets from a year before the period of the extract until it was sent,
        which are those of nearly every row, and gives null for other times.
        """
        changes = offset_changes(self.member.time_zone)
        if len(changes) == 1:
            return f"{local} - to_minutes({changes[0][1]})"
        if self.is_exact:
            # Slower by row than branches, and planned in a fraction of the time.
            starts = ", ".join(f"timestamp '{start}'" for start, _ in changes[1:])
            minutes = ", ".join(str(minutes) for _, minutes in changes)
            passed = f"len(list_filter([{starts}], lambda start: start <= {local}))"
            return f"{local} - to_minutes([{minutes}][1 + {passed}])"
        until = datetime.combine(max(facts.sent_on for facts in self.facts), time()) + timedelta(days=2)
        months = [facts.first_period for facts in self.facts if facts.first_period is not None]
        since = min([until, *(datetime.fromisoformat(f"{month}-01") for month in months)])
        since -= timedelta(days=366)
        ends = [start for start, _ in changes[1:]] + [LAST_MOMENT]
        spans = [
            (start, end, minutes)
            for (start, minutes), end in zip(changes, ends, strict=True)
            if start <= until and end > since
        ]
        # Newest first: a branch holds from its start to the one before it.
        branches = " ".join(
            f"when {local} >= timestamp '{start}' then {minutes}" for start, _, minutes in reversed(spans)
        )
        end = spans[-1][1]
        beyond = f"when {local} >= timestamp '{end}' then null " if end != LAST_MOMENT else ""
        return f"{local} - to_minutes(case {beyond}{branches} end)"

    # ---- rules -----------------------------------------------------------------------------------------

    def errors(self) -> list[Check]:
        """The predicates of the rules of the level ERROR, over `typed`."""
        checks = []
        for name, source in self.layout.columns.items():
            column = COLUMNS_BY_NAME[name]
            if source.constant is not None or column.kind == "token":
                continue
            text = f"{name}__text"
            is_text = column.kind == "text" and source.lookup is None
            is_both = column.is_required and not is_text and not self.is_exact
            if column.is_required:
                # The plain statement need not tell what is not there from what cannot be read.
                checks.append(Check("R102", name, f"{name if is_both else text} is null"))
            if not is_text and not is_both:
                checks.append(
                    Check(self._unreadable(column, source), name, f"{text} is not null and {name} is null")
                )
            if column.kind in ("decimal", "integer") and not source.may_be_negative:
                checks.append(Check("R107", name, f"{name} < 0"))
            if column.kind == "date":
                checks.append(Check("R103", name, f"{name} < date '{FIRST_DAY}'"))
            if column.kind == "timestamp":
                known = f"{name} between timestamp '{FIRST_DAY}' and timestamp '{LAST_DAY}'"
                checks.append(Check("R103", name, f"not ({known})"))
        sent = self._of_each(lambda facts: f"date '{facts.sent_on + timedelta(days=1)}'")
        checks.append(Check("R104", "arrival_date", f"arrival_date > {sent}"))
        if any(facts.first_period and facts.last_period for facts in self.facts):
            first = self._of_each(lambda facts: _first_day(facts.first_period))
            after = self._of_each(lambda facts: _first_day(facts.last_period, months_later=1))
            outside = f"(arrival_date < {first} or arrival_date >= {after})"
            known = f"arrival_date between date '{FIRST_DAY}' and {sent}"
            checks.append(Check("R105", "arrival_date", f"{known} and {outside}"))
        return checks + self._of_another_member()

    def _of_another_member(self) -> list[Check]:
        """R112: the columns under `expect`, in the order of the member file, do not hold what they must."""
        return [
            Check("R112", f"expect {index}", f"expect_{index - 1}__text is distinct from {quoted(expected)}")
            for index, expected in enumerate(self.layout.expect.values(), 1)
        ]

    @staticmethod
    def _unreadable(column: Column, source: ColumnSource) -> str:
        if source.lookup is not None or column.kind == "boolean":
            return "R109"
        if column.kind == "code":
            lists = {"countries": "R110", "currencies": "R108", "ports": "R111"}
            return lists.get(column.code_list[0] if column.code_list else "", "R109")
        return "R103" if column.kind in ("date", "timestamp") else "R106"

    def warnings(self) -> list[Check]:
        columns = {name for name, source in self.layout.columns.items() if source.column is not None}
        possible = [
            Check("R201", "declared_value", "declared_value = 0"),
            Check("R202", "hs_code", "not regexp_full_match(hs_code, '[0-9]{6,12}')"),
            Check("R203", "release_at", f"release_at < arrival_date - interval '1 day' {self._day_start()}"),
            Check("R204", "gross_mass_kg", "gross_mass_kg = 0"),
        ]
        for name, source in self.layout.columns.items():
            if source.check == "S10":
                possible.append(Check("R206", name, f"not {_is_s10(name)}"))
            if source.may_be_negative:
                possible.append(Check("R208", name, f"{name} < 0"))
        return [check for check in possible if check.column in columns]

    def _day_start(self) -> str:
        return f"- to_minutes({offset_changes(self.member.time_zone)[-1][1]})"

    def expected(self, rule_id: str, column_name: str) -> str:
        """What a person should write instead, for the remedy of a rule on a column."""
        if rule_id == "R112":
            return str(list(self.layout.expect.values())[int(column_name.removeprefix("expect ")) - 1])
        column, source = COLUMNS_BY_NAME[column_name], self.layout.columns[column_name]
        if source.lookup is not None:
            return ", ".join(list(source.lookup)[:8])
        if column.kind in ("date", "timestamp"):
            form = source.format or (self.layout.dates if column.kind == "date" else self.layout.timestamps)
            return in_words(form)
        if column.kind in ("decimal", "integer"):
            return f"1{self.layout.thousands}234{self.layout.decimal}50" if column.kind == "decimal" else "12"
        examples = 3 if column.name == "port_code" else 8
        return ", ".join(self._codes(column)[:examples]) if column.kind == "code" else ""

    # ---- the statement ---------------------------------------------------------------------------------

    def _common(self, *, with_source: bool = False) -> str:
        """CTEs `source`, `text`, `local` (with local times), `typed` and `judged` (with the verdict)."""
        texts = ["*"] if with_source else ["source_row", *self._tokens()]
        locals_, types = ["*"], ["*"]
        columns = {
            name: source for name, source in self.layout.columns.items() if name not in self.layout.tokens
        }
        for name, source in columns.items():
            column = COLUMNS_BY_NAME[name]
            if column.kind == "timestamp" and source.column is not None:
                moment = self._moment(f"{name}__text", source.format or self.layout.timestamps)
                locals_.append(f"{moment} as {name}__local")
            if source.column is not None:
                is_free = column.kind == "text" and source.lookup is None
                texts.append(f"{self._raw(source.column, is_free=is_free)} as {name}__text")
            types.append(f"{self.typed(column, source)} as {name}")
        texts += [
            f"{self._raw(name)} as expect_{index}__text" for index, name in enumerate(self.layout.expect)
        ]
        if self.is_exact:
            verdict = f"{_list_of(self.errors())} as faults, faults <> [] as is_rejected"
        else:
            rejected = " or ".join(f"({check.predicate})" for check in self.errors())
            verdict = f"coalesce({rejected}, false) as is_rejected"
        return (
            f"with source as ({self._source_with_tokens()}),\n"
            f"text as (select {', '.join(texts)} from source),\n"
            f"local as (select {', '.join(locals_)} from text),\n"
            f"typed as (select {', '.join(types)} from local),\n"
            f"judged as (select *, {verdict} from typed)"
        )

    def _source_with_tokens(self) -> str:
        """The read of the text, in which each token stands for the names that it is made of."""
        tokens = self._tokens()
        if not tokens:
            return self.source()
        named, short, made = [], [], []
        for name, source in tokens.items():
            named.append(f"{self._names(source)} as {name}__names")
            short.append(f"{folded(f'{name}__names')} as {name}__folded")
            made.append(f"{token(f'{name}__folded', TOKENS[name], self.key_version or 0)} as {name}")
        parties = [f"c{self._position[name]}" for name in dict.fromkeys(self._columns_of_parties())]
        return (
            f"select * exclude ({', '.join(f'{name}__folded' for name in tokens)}), {', '.join(made)} from ("
            f"select * exclude ({', '.join(f'{name}__names' for name in tokens)}), {', '.join(short)} from ("
            f"select * exclude ({', '.join(parties)}), {', '.join(named)} from ({self.source()})) "
            "cross join token_folds)"
        )

    def judged(self) -> str:
        """Every row: the contract columns without extract_id and the hive columns, and is_rejected.

        Of the exact one also, for rejected rows, broken rules as rule:column, the mapped source text, and
        whether the row names another member or a port of one.
        """
        columns = ", ".join(self._contract_columns())
        if not self.is_exact:
            return f"{self._common()}\nselect {columns}, is_rejected from judged"
        kept = ", ".join(f"{quoted(name)}, c{self._position[name]}" for name in self._used_columns())
        text = f"case when is_rejected then cast(json_object({kept}) as varchar) end"
        return (
            f"{self._common(with_source=True)}\nselect {columns}, is_rejected, faults, "
            f"{text if self.for_sender else 'cast(null as varchar)'} as source_values, "
            f"is_rejected and {self._is_of_another_member()} as is_of_another_member from judged"
        )

    def _is_of_another_member(self) -> str:
        """Whether a row names another member, or a port of one."""
        signs = [check.predicate for check in self._of_another_member()]
        source = self.layout.columns.get("port_code")
        if source is not None and source.column is not None and source.lookup is None:
            known = "try_cast(port_code__text as ports_codes) is not null"
            signs.append(f"({known} and not starts_with(port_code__text, {quoted(self.member.code)}))")
        return f"coalesce({' or '.join(signs)}, false)" if signs else "false"

    def _contract_columns(self) -> list[str]:
        given = {"source_row": "source_row", "rule_ids": self._warning_list(), **self.constants()}
        return [f"{given.get(name, name)} as {name}" for name in COLUMNS_OF_ROWS]

    def constants(self) -> dict[str, str]:
        """The contract columns that hold the same in every row, with what they hold in SQL.

        Whoever keeps rows for a while need not keep these with each of them.
        """
        carried = (self.layout.columns.keys() - self.layout.tokens.keys()) | self._tokens().keys()
        carried |= {"source_row", "rule_ids", "stream_code"}
        return {"stream_code": quoted(self.stream_code)} | {
            name: f"cast(null as {COLUMNS_BY_NAME[name].sql_type})"
            for name in COLUMNS_OF_ROWS
            if name not in carried
        }

    def _warning_list(self) -> str:
        checks = self.warnings()
        if not checks:
            return "cast(null as varchar[])"
        any_of = " or ".join(f"({check.predicate})" for check in checks)
        return f"case when {any_of} then {_list_of(checks)} end"


def _is_s10(column: str) -> str:
    """Whether a text is an identifier of UPU S10: two letters, eight digits and their check digit, a country.

    The sum of the digits times their weights, modulo 11, is taken from 11; 10 becomes 0 and 11 becomes 5.
    """
    weighted = " + ".join(
        f"{weight} * (ascii(substr({column}, {position}, 1)) - 48)"
        for position, weight in enumerate(S10_WEIGHTS, 3)
    )
    return (
        f"case when regexp_full_match({column}, '[A-Z]{{2}}[0-9]{{9}}[A-Z]{{2}}') then "
        f"[5, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1][({weighted}) % 11 + 1] = ascii(substr({column}, 11, 1)) - 48 "
        "else false end"
    )


def in_words(form: str) -> str:
    """A strptime format as people write it: %d/%m/%Y is dd/mm/yyyy."""
    for sign, word in (
        ("%d", "dd"),
        ("%b", "mmm"),
        ("%B", "mmmm"),
        ("%m", "mm"),
        ("%Y", "yyyy"),
        ("%y", "yy"),
        ("%H", "hh"),
        ("%I", "hh"),
        ("%M", "mm"),
        ("%S", "ss"),
        ("%p", "AM/PM"),
    ):
        form = form.replace(sign, word)
    return form


def in_french(form_in_words: str) -> str:
    """dd/mm/yyyy is jj/mm/aaaa."""
    return form_in_words.replace("d", "j").replace("y", "a")


def _list_of(checks: list[Check]) -> str:
    parts = ", ".join(
        f"case when {check.predicate} then {quoted(f'{check.rule_id}:{check.column}')} end"
        for check in checks
    )
    return f"list_filter([{parts}], lambda fault: fault is not null)"


def _literal(code: str | bool) -> str:
    return str(code).lower() if isinstance(code, bool) else quoted(code)


def _first_day(period: str | None, months_later: Literal[0, 1] = 0) -> str:
    """The first day of a month, or of the one after it, in SQL."""
    if period is None:
        return "cast(null as date)"
    year, month = int(period[:4]), int(period[5:])
    if months_later:
        year, month = year + month // 12, month % 12 + 1
    return f"date '{year}-{month:02d}-01'"
