"""What must be true of the files that people open, one for each audience. Critical: they are not opened.

The structure (tables and columns) is judged first: what a file holds is looked at only where that is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from expectations.expectation import ColumnCheck, Expectation, RowsCheck
from pacific_parcels.contract import COLUMNS
from pacific_parcels.disclosure import MINIMUM_ITEMS, SECRETARIAT, circle_of, viewer_of
from pacific_parcels.members import PROGRESS, Member
from pacific_parcels.policy import MINIMUM_COUNTED
from pacific_parcels.progress.published import OF_BOTH, OF_MEMBERS, STAGES
from pacific_parcels.progress.published import TABLES as PROGRESS_TABLES

SUITE = "published"

# {table: the columns that this suite and the pages rely on}
TABLES: dict[str, tuple[str, ...]] = {
    "catalogue": (
        "run_id",
        "audience",
        "as_of_date",
        "first_time_period",
        "last_time_period",
        "is_synthetic",
        "members_reporting",
        "extracts_in_force",
    ),
    "indicators": (
        "indicator_code",
        "member_code",
        "channel_code",
        "value_band_code",
        "counterpart_code",
        "commodity_code",
        "frequency",
        "time_period",
        "obs_value",
        "unit_measure",
        "unit_mult",
        "obs_status",
        "conf_status",
    ),
    "indicator_definitions": ("indicator_code", "title_en", "title_fr"),
    "members": ("member_code", "name_en", "name_fr"),
    "channels": ("channel_code", "name_en", "name_fr"),
    "value_bands": ("value_band_code", "name_en", "name_fr"),
    "counterparts": ("counterpart_code", "name_en", "name_fr"),
    "ports": ("port_code", "member_code"),
    "coverage": ("member_code", "time_period", "status"),
    "busiest_days": ("member_code", "port_code", "time_period", "busiest_date", "items"),
    "quality_results": ("suite", "expectation_id", "severity", "status"),
    "events": ("starts_on", "member_code", "title_en", "title_fr", "text_en", "text_fr", "source"),
    "exchange_rates": ("currency_code", "time_period", "units_per_usd"),
    "sharing_terms": ("member_code", "audience_class", "indicator_group", "detail", "minimum_cell_items"),
    "sharing_changes": ("member_code", "audience_class", "indicator_group", "detail_before", "detail_now"),
    "disclosure_summary": ("audience", "indicator_group", "cells", "primary_cells", "complementary_cells"),
    **{f"progress_{table}": tuple(columns) for table, columns in PROGRESS_TABLES.items()},
}
# What members have written themselves: no fault of ours, whatever it says.
OF_MEMBERS_WORDS = ("progress_commitments", "progress_actions", "progress_projects")
# What speaks of single extracts and offices: the secretariat's of all members, each member's of its own.
TABLES_OF_WORK: dict[str, tuple[str, ...]] = {
    "receipts": ("member_code", "source_name", "status", "received_at", "rows_in", "rows_accepted"),
    "rejections": ("member_code", "rule_id", "row_count"),
    "held_vintages": ("member_code", "time_period", "reason_en", "reason_fr"),
    "quality_places": ("suite", "expectation_id", "member_code", "time_period", "unexpected_count"),
    "revisions": ("member_code", "time_period", "first_items", "last_items"),
    "busiest_offices": ("member_code", "customs_office_code", "time_period", "busiest_day_items"),
    "publication_changes": ("kind_code", "member_code", "time_period", "items_before", "items_after"),
}
SECRETARIAT_TABLES: dict[str, tuple[str, ...]] = {
    "catalogue_extracts": ("extract_id", "member_code", "time_period"),
    "receipts": ("extract_id", *TABLES_OF_WORK["receipts"]),
    "held_vintages": ("extract_id", *TABLES_OF_WORK["held_vintages"]),
}
# Columns of single items never leave; codes, periods and sums of items do.
SHARED_ITEM_COLUMNS = {"extract_id", "member_code", "stream_code", "time_period", "channel_code", "port_code"}
# An office by itself is shown to whom it belongs.
OF_WORK = {"customs_office_code"}
ITEM_COLUMNS = tuple(column.name for column in COLUMNS if column.name not in SHARED_ITEM_COLUMNS)

KEY = (
    "indicator_code, member_code, channel_code, value_band_code, counterpart_code, commodity_code, frequency,"
    " time_period"
)
PLACES = "indicator_code, member_code, time_period"
COLUMNS_OF_FILE = "information_schema.columns"

# A slash that starts two names or more (not one inside a web address or a fraction), or a drive letter.
ABSOLUTE_PATH = r"(^|[^A-Za-z0-9:/._-])(/[A-Za-z0-9._-]+){2,}|(^|[^A-Za-z0-9])[A-Za-z]:\\"

_OURS_EN = "This is a fault of our own publishing: nothing new is published until it is mended."
_OURS_FR = "C’est un défaut de notre propre publication : rien de nouveau n’est publié avant sa correction."


def expectations(
    members: Mapping[str, Member], audience: str
) -> tuple[tuple[Expectation, ...], tuple[Expectation, ...]]:
    """(structure, content) of one audience's file."""
    is_secretariat = audience == SECRETARIAT
    viewer = viewer_of(audience)
    tables = TABLES
    if is_secretariat:
        tables = TABLES | TABLES_OF_WORK | SECRETARIAT_TABLES
    elif viewer:
        tables = TABLES | TABLES_OF_WORK
    content = (
        *_content(audience, tables),
        *(_of_the_secretariat() if is_secretariat else _of_everyone_else(members, audience)),
        *(_of_a_member(viewer) if viewer else ()),
    )
    return _structure(tables, is_secretariat), content


def _critical(
    expectation_id: str, title_en: str, title_fr: str, check: RowsCheck | ColumnCheck
) -> Expectation:
    return Expectation(expectation_id, "critical", title_en, title_fr, _OURS_EN, _OURS_FR, check)


def _texts(texts: Iterable[str]) -> str:
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)


def _figures(is_faulty: str) -> RowsCheck:
    return RowsCheck(
        "indicators", f"select {PLACES}, count(*) as fault_count from batch where {is_faulty} group by all"
    )


def _columns(is_faulty: str) -> RowsCheck:
    return RowsCheck(
        COLUMNS_OF_FILE, f"select table_name, column_name, 1 as fault_count from batch where {is_faulty}"
    )


def _structure(tables: dict[str, tuple[str, ...]], is_secretariat: bool) -> tuple[Expectation, ...]:
    wanted = ", ".join(f"('{table}', '{column}')" for table, columns in tables.items() for column in columns)
    hidden = set() if is_secretariat else {"extract_id"}
    shown = OF_WORK if "busiest_offices" in tables else set()
    never_shared = _texts(sorted({*ITEM_COLUMNS, *hidden} - shown))
    return (
        _critical(
            "E301",
            "Every table and column that readers rely on is there.",
            "Chaque table et chaque colonne dont dépendent les lecteurs est présente.",
            RowsCheck(
                COLUMNS_OF_FILE,
                f"""
                select table_name, column_name, 1 as fault_count
                from (
                    select * from (values {wanted}) as wanted(table_name, column_name)
                    except
                    select table_name, column_name from batch
                ) as missing
                """,
            ),
        ),
        _critical(
            "E302",
            "The file holds no table that is not for its audience.",
            "Le fichier ne contient aucune table qui n’est pas destinée à son public.",
            _columns(f"table_name not in ({_texts(tables)})"),
        ),
        _critical(
            "E303",
            "The file holds no column of single items, and none of what disclosure control works with.",
            (
                "Le fichier ne contient aucune colonne d’envois individuels, ni aucune colonne de travail"
                " du contrôle de la divulgation."
            ),
            _columns(f"column_name like 'base@_%' escape '@' or column_name in ({never_shared})"),
        ),
        _critical(
            "E304",
            "Everything in the file is a table: a view would lead out of it.",
            "Tout le contenu du fichier est en tables : une vue renverrait hors du fichier.",
            RowsCheck(
                "information_schema.tables",
                "select table_name, 1 as fault_count from batch where table_type <> 'BASE TABLE'",
            ),
        ),
    )


def _content(audience: str, tables: Iterable[str]) -> tuple[Expectation, ...]:
    dimensions = (
        ("members", "member_code"),
        ("channels", "channel_code"),
        ("value_bands", "value_band_code"),
        ("counterparts", "counterpart_code"),
        ("indicator_definitions", "indicator_code"),
    )
    unnamed = " or ".join(
        f"({column} not in ('_T', '_U') and {column} not in (select {column} from {table}))"
        for table, column in dimensions
    )
    # The codes of the long table are checked against the dimensions, whose texts are looked at here.
    with_paths = " union all ".join(
        f"select '{table}' as table_name, count(*) as fault_count from {table} as line"
        f" where regexp_matches(cast(line as varchar), {_texts([ABSOLUTE_PATH])})"
        for table in tables
        if table not in ("indicators", *OF_MEMBERS_WORDS)
    )
    return (
        _critical(
            "E311",
            "The catalogue has one row, for this audience.",
            "Le catalogue compte une seule ligne, celle de ce public.",
            RowsCheck(
                "catalogue",
                f"""
                select 1 as fault_count
                from batch
                having count(*) <> 1 or count(*) filter (where audience = '{audience}') <> 1
                """,
            ),
        ),
        _critical(
            "E312",
            "There are figures, and none stands twice.",
            "Il y a des chiffres, et aucun ne figure deux fois.",
            RowsCheck(
                "indicators",
                f"""
                select null as indicator_code, null as member_code, null as time_period, 1 as fault_count
                from batch
                having count(*) = 0
                union all
                select {PLACES}, sum(row_count - 1) as fault_count
                from (
                    select {KEY}, count(*) as row_count from batch group by all having count(*) > 1
                ) as repeated
                group by all
                """,
            ),
        ),
        _critical(
            "E313",
            "Every figure is a finite number.",
            "Chaque chiffre est un nombre fini.",
            _figures("not isfinite(obs_value)"),
        ),
        _critical(
            "E314",
            "Every figure is either free (F) or confidential (C).",
            "Chaque chiffre est soit libre (F), soit confidentiel (C).",
            ColumnCheck(
                "indicators",
                "ExpectColumnValuesToBeInSet",
                "conf_status",
                is_faulty="conf_status not in ('F', 'C')",
                arguments={"value_set": ["F", "C"]},
                places=PLACES,
            ),
        ),
        _critical(
            "E315",
            "A confidential figure is not in the file.",
            "Un chiffre confidentiel n’est pas dans le fichier.",
            _figures("conf_status = 'C' and obs_value is not null"),
        ),
        _critical(
            "E316",
            "A figure that is not in the file is either missing (M) or confidential (C).",
            "Un chiffre qui n’est pas dans le fichier est soit manquant (M), soit confidentiel (C).",
            _figures("obs_value is null and obs_status <> 'M' and conf_status <> 'C'"),
        ),
        _critical(
            "E317",
            "Every code has its name, and every indicator its definition, in the file.",
            "Chaque code a son nom, et chaque indicateur sa définition, dans le fichier.",
            _figures(unnamed),
        ),
        _critical(
            "E318",
            "No text leads to a place on our machines.",
            "Aucun texte ne renvoie à un emplacement sur nos machines.",
            RowsCheck(
                "catalogue",
                f"select table_name, fault_count from ({with_paths}) as texts where fault_count > 0",
            ),
        ),
        _critical(
            "E319",
            "The catalogue spans the months of the coverage.",
            "Le catalogue couvre les mois du tableau de couverture.",
            RowsCheck(
                "catalogue",
                """
                select 1 as fault_count
                from
                    batch,
                    (select min(time_period) as earliest, max(time_period) as latest from coverage) as months
                where first_time_period is distinct from earliest or last_time_period is distinct from latest
                """,
            ),
        ),
    )


def _of_the_secretariat() -> tuple[Expectation, ...]:
    return (
        _critical(
            "E321",
            "The catalogue counts the extracts, and their members, that it lists.",
            "Le catalogue compte les fichiers qu’il énumère, et leurs membres.",
            RowsCheck(
                "catalogue",
                """
                select abs(extracts_in_force - extracts) + abs(members_reporting - members) as fault_count
                from batch, (
                    select count(distinct extract_id) as extracts, count(distinct member_code) as members
                    from catalogue_extracts
                ) as listed
                where extracts_in_force <> extracts or members_reporting <> members
                """,
            ),
        ),
    )


def _of_a_member(viewer: str) -> tuple[Expectation, ...]:
    of_others = " union all ".join(
        f"select '{table}' as table_name, count(*) as fault_count from {table}"
        f" where member_code <> '{viewer}'"
        for table in TABLES_OF_WORK
    )
    return (
        _critical(
            "E341",
            "What speaks of single extracts and offices is the member's own.",
            "Ce qui concerne des fichiers ou des bureaux particuliers est au membre lui-même.",
            RowsCheck(
                "catalogue",
                f"select table_name, fault_count from ({of_others}) as found where fault_count > 0",
            ),
        ),
    )


def _of_everyone_else(members: Mapping[str, Member], audience: str) -> tuple[Expectation, ...]:
    # Its own figures a member sees in full.
    viewer = viewer_of(audience)
    members = {code: member for code, member in sorted(members.items()) if code != viewer}
    minimums = ", ".join(
        f"('{code}', {minimum})"
        for code, minimum in (
            ("_T", MINIMUM_ITEMS),
            *(
                (code, max(MINIMUM_ITEMS, member.sharing.minimum_cell_items))
                for code, member in members.items()
            ),
        )
    )
    # What is in the file and not in the member files' terms is shown to nobody.
    sharing = ", ".join(
        f"('{code}', '{group.upper()}', '{detail}')"
        for code, member in members.items()
        for group, detail in getattr(member.sharing, circle_of(audience)).model_dump().items()
    )
    agreements = f"(values {sharing})" if sharing else "(select '' as m, '' as g, '' as d where false)"
    return (
        _critical(
            "E331",
            "No number of items is below the minimum of its member.",
            "Aucun nombre d’envois n’est inférieur au minimum fixé par son membre.",
            RowsCheck(
                "indicators",
                f"""
                select {PLACES}, count(*) as fault_count
                from batch
                inner join (values {minimums}) as minimums(member_code, minimum_items) using (member_code)
                where
                    indicator_code in ('ITEMS', 'BUSIEST_DAY_ITEMS')
                    and obs_value > 0
                    and obs_value < minimum_items
                group by all
                """,
            ),
        ),
        _critical(
            "E332",
            "No busiest day has fewer items than the minimum of its member.",
            "Aucune journée la plus chargée ne compte moins d’envois que le minimum fixé par son membre.",
            RowsCheck(
                "busiest_days",
                f"""
                select member_code, time_period, count(*) as fault_count
                from batch
                inner join (values {minimums}) as minimums(member_code, minimum_items) using (member_code)
                where items < minimum_items
                group by all
                """,
            ),
        ),
        _critical(
            "E333",
            "No member is shown in more detail than it agreed to.",
            "Aucun membre n’est présenté plus en détail qu’il ne l’a accepté.",
            RowsCheck(
                "indicators",
                f"""
                select {PLACES}, count(*) as fault_count
                from batch
                inner join indicator_definitions using (indicator_code)
                inner join {agreements} as agreements(member_code, indicator_group, detail)
                    using (member_code, indicator_group)
                where
                    obs_value is not null
                    and (
                        detail = 'none'
                        or detail = 'totals'
                        and (
                            channel_code <> '_T' or value_band_code <> '_T' or counterpart_code <> '_T'
                            or commodity_code <> '_T'
                        )
                    )
                group by all
                """,
            ),
        ),
        *_of_progress(members, audience),
    )


def _of_progress(members: Mapping[str, Member], audience: str) -> tuple[Expectation, ...]:
    """Of progress, as of everyone else: who is named, and what the counts tell of those who are not."""
    circle = circle_of(audience)
    named = sorted(
        code for code, member in members.items() if getattr(member.sharing.progress, circle) == "named"
    )
    of_others = " union all ".join(
        f"select 'progress_{table}' as table_name, count(*) as fault_count from progress_{table} "
        f"where member_code not in ({_texts(['_T', viewer_of(audience) or '', *named])})"
        for table in (*OF_MEMBERS, *OF_BOTH)
    )
    counts = [f"{stage.lower()}_count" for stage in STAGES]
    # What a reader has left, once it takes those whom it knows by name out of a count.
    hidden = ", ".join(
        f"any_value(counted.{count}) - count(*) filter (where stage_code = '{stage}') as {count}"
        for stage, count in zip(STAGES, counts, strict=True)
    )
    commonest, all_of_them = f"greatest({', '.join(counts)})", " + ".join(counts)
    return (
        _critical(
            "E334",
            "In the tables of progress no member is named that has not agreed to it.",
            "Dans les tables de progrès, aucun membre n’est nommé sans l’avoir accepté.",
            RowsCheck(
                "catalogue",
                f"select table_name, fault_count from ({of_others}) as found where fault_count > 0",
            ),
        ),
        _critical(
            "E335",
            "No count of progress tells what a member says that is not named in it.",
            "Aucun décompte de progrès ne révèle ce que déclare un membre qui n’y est pas nommé.",
            RowsCheck(
                "progress_counts",
                f"""
                select framework_code, measure_code, time_period, 1 as fault_count
                from (
                    select
                        counted.framework_code, counted.measure_code, counted.time_period, {hidden}
                    from batch as counted
                    left join progress_stages as known
                        on counted.framework_code = known.framework_code
                        and counted.measure_code = known.measure_code
                        and counted.time_period = known.time_period
                        and known.member_code in (
                            select member_code from sharing_terms
                            where indicator_group = '{PROGRESS.upper()}' and detail = 'detail'
                        )
                    where counted.conf_status = 'F'
                    group by all
                ) as hidden
                where
                    {all_of_them} <> 0
                    and (
                        {all_of_them} < {MINIMUM_COUNTED}
                        or {all_of_them} - {commonest} < 2
                    )
                """,
            ),
        ),
        _critical(
            "E336",
            "A project of which the figures are withheld has no name either.",
            "Un projet dont les chiffres sont retenus n’a pas non plus de nom.",
            RowsCheck(
                "progress_projects",
                "select 1 as fault_count from batch "
                "where conf_status = 'C' and (donor is not null or project is not null)",
            ),
        ),
    )
