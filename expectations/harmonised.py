"""What must be true of each vintage: beside its receipt, its own history and the code lists.

Critical: the vintage is held, the member's last good one stays in force, the rest of the region goes on.
Three tables are read, from small to large:
    profiles   one row for each vintage in force (mart_vintage_profiles), flagged is_judged and is_left_out
    items      the items of the vintages that are judged (stg_items), counted by their codes in one scan
    item_ids   item ids, member by member (stg_items): of the vintages judged and the period before each
The history of a vintage is what its stream reported in the last twelve periods before it, without those that
failed themselves: one faulty month must not condemn the next. *Usual* is the median of that history.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from expectations.expectation import ColumnCheck, Expectation, RowsCheck
from expectations.judgement import Vintage
from pacific_parcels.contract import COLUMNS_BY_NAME

SUITE = "harmonised"
PROFILES = "profiles"
ITEMS = "items"
ITEM_IDS = "item_ids"
TABLES = (PROFILES, ITEMS, ITEM_IDS)
PLACES = "extract_id, member_code, stream_code, time_period"

# Below these sizes a month, or a history, says too little: a small member grows tenfold by one good month.
ENOUGH_ITEMS = 50
ENOUGH_ITEMS_FOR_MEDIAN = 20
ENOUGH_VALUE_USD = 1_000
ENOUGH_PERIODS = 3

OPTIONAL_COUNTS = (
    "items_with_duty",
    "items_with_tax",
    "items_with_basis",
    "items_with_counterpart",
    "items_with_port",
    "items_with_hs_code",
    "items_with_gross_mass",
    "items_with_release",
)

# Everything that a verdict on a profile can depend on: when it changes, the vintage is judged again.
VINTAGES_IN_FORCE = """
    select
        member_code,
        stream_code,
        time_period,
        extract_id,
        md5(string_agg(cast(to_json(profile) as varchar), ' ') over (
            partition by member_code, stream_code
            order by time_period
            rows between 12 preceding and current row
        )) as history
    from mart_vintage_profiles as profile
    order by member_code, stream_code, time_period
"""

_IS_FULL = f"not is_left_out and items >= {ENOUGH_ITEMS_FOR_MEDIAN}"

_USUAL_SHARES = ", ".join(
    f"median({name} / items) filter (where {_IS_FULL}) over earlier as usual_{name}"
    for name in OPTIONAL_COUNTS
)

_WITH_HISTORY = f"""
    select
        *,
        count(*) filter (where not is_left_out) over earlier as earlier_periods,
        median(items) filter (where not is_left_out) over earlier as usual_items,
        median(value_usd) filter (where not is_left_out) over earlier as usual_value_usd,
        count(*) filter (where {_IS_FULL}) over earlier as earlier_full_periods,
        median(median_value_usd) filter (where {_IS_FULL}) over earlier as usual_median_value_usd,
        {_USUAL_SHARES}
    from batch
    window earlier as (
        partition by member_code, stream_code
        order by time_period
        rows between 12 preceding and 1 preceding
    )
"""


def profiles_batch(judged: Iterable[Vintage], left_out: Iterable[Vintage]) -> dict[str, str]:
    return {
        PROFILES: f"""
            select
                profiles.*,
                coalesce(profiles.declared_value_usd, 0) as value_usd,
                case
                    when profiles.previous_vintage_extract_id is not null
                        then coalesce(profiles.previous_vintage_declared_value_usd, 0)
                end as previous_value_usd,
                receipts.received_at,
                receipts.periods_count = count(*) over (partition by profiles.extract_id) as is_whole_extract,
                sum(profiles.control_total_declared_value) over (partition by profiles.extract_id)
                    as extract_control_total,
                {_is_among(judged)} as is_judged,
                {_is_among(left_out)} as is_left_out
            from mart_vintage_profiles as profiles
            inner join mart_receipts as receipts using (extract_id)
        """
    }


def items_batch(vintages: Collection[tuple[str, str, str]] | None) -> dict[str, str]:
    """Of the given vintages (member_code, time_period, extract_id), or of all in force (None): each
    combination of codes, how many items bear it, and what else is checked of them.

    A code list of hundreds is then compared with some thousand rows, not with every item. Members and periods
    are listed beside the vintages themselves so that no other month's file is opened. The codes are those of
    mart_items, without what it looks up for each item besides (rates, thresholds, offsets).
    """
    where = ""
    if vintages is not None:
        members, periods, _ = zip(*vintages, strict=True)
        among = _is_among((extract_id, time_period) for _, time_period, extract_id in vintages)
        where = f"where member_code in ({_texts(members)}) and time_period in ({_texts(periods)}) and {among}"
    return {
        ITEMS: f"""
            select
                extract_id,
                member_code,
                stream_code,
                time_period,
                channel_code,
                declared_currency_code,
                origin_country_code,
                count(*) as items,
                -- A layout may take negative values on purpose; such an item carries the warning R208.
                min(declared_value) filter (
                    not coalesce(list_contains(rule_ids, 'R208:declared_value'), false)
                ) as least_declared_value,
                count(*) - count(declared_value) as items_without_value,
                count(*) - count(arrival_date) as items_without_arrival_date
            from stg_items
            semi join mart_vintage_profiles using (extract_id, time_period)
            {where}
            group by all
        """
    }


def item_ids_batch(member_code: str, periods: Iterable[str], judged: Iterable[Vintage]) -> dict[str, str]:
    """Of one member's vintages that are judged: how many items the period before in the stream holds as well.

    Ids are compared as 64-bit hashes, a fraction of the memory: two different ones share one by chance once
    in ages. Periods that follow each other in a stream have places that differ by one; no others do.
    """
    return {
        ITEM_IDS: f"""
            with vintages as (
                select
                    *,
                    row_number() over (order by stream_code, time_period)
                    + dense_rank() over (order by stream_code) as place,
                    {_is_among(judged)} as is_judged
                from mart_vintage_profiles
                where member_code = '{member_code}'
            ),
            ids as materialized (
                select
                    cast(vintages.place as integer) as place,
                    vintages.is_judged,
                    hash(items.item_id) as item_hash
                from stg_items as items
                inner join vintages using (extract_id, time_period)
                where items.member_code = '{member_code}' and items.time_period in ({_texts(periods)})
            ),
            repeated as (
                select later.place, count(*) as repeated_items
                from ids as later
                semi join ids as earlier
                    on later.item_hash = earlier.item_hash and later.place = earlier.place + 1
                where later.is_judged
                group by later.place
            )
            select extract_id, member_code, stream_code, time_period, repeated_items
            from repeated
            inner join vintages using (place)
        """
    }


def _texts(texts: Iterable[str]) -> str:
    return ", ".join(f"'{text}'" for text in sorted(set(texts)))


def _is_among(vintages: Iterable[Vintage]) -> str:
    texts = _texts(" ".join(vintage) for vintage in vintages)
    return f"(extract_id || ' ' || time_period in ({texts}))" if texts else "false"


def _apart(now: str, then: str, factor: int) -> str:
    return f"({now} > {factor} * {then} or {now} * {factor} < {then})"


def _of_profile(is_faulty: str, fault_count: str = "1") -> RowsCheck:
    """A condition on one profile and its history."""
    return RowsCheck(
        PROFILES,
        f"select {PLACES}, {fault_count} as fault_count from ({_WITH_HISTORY}) as with_history"
        f" where is_judged and ({is_faulty})",
    )


def _jump_from_usual(measure: str, usual: str, enough: int, factor: int) -> RowsCheck:
    return _of_profile(
        f"earlier_periods >= {ENOUGH_PERIODS} and {usual} >= {enough} and {_apart(measure, usual, factor)}"
    )


def _jump_from_previous(measure: str, previous: str, usual: str, enough: int) -> RowsCheck:
    """Four times more or less than in the version before, unless that was empty or this is a correction.

    A correction comes closer to what is usual. While there is no history, nothing tells a correction from a
    fault, and the version before stays in force.
    """
    is_correction = (
        f"earlier_periods >= {ENOUGH_PERIODS} and {usual} > 0"
        f" and abs(ln(greatest({measure}, 1) / {usual})) < abs(ln(greatest({previous}, 1) / {usual}))"
    )
    return _of_profile(
        f"{previous} > 0 and greatest({measure}, {previous}) >= {enough} and {_apart(measure, previous, 4)}"
        f" and ({is_correction}) is not true"
    )


def _of_codes(name: str, column: str, is_faulty: str, arguments: Mapping[str, Any]) -> ColumnCheck:
    return ColumnCheck(ITEMS, name, column, is_faulty, arguments, PLACES, "sum(items)")


def _in_code_list(column: str) -> ColumnCheck:
    codes = COLUMNS_BY_NAME[column].codes
    is_faulty = f"{column} not in ({_texts(codes)})"
    return _of_codes("ExpectColumnValuesToBeInSet", column, is_faulty, {"value_set": list(codes)})


def _not_null(column: str) -> ColumnCheck:
    return _of_codes("ExpectColumnValuesToNotBeNull", column, f"{column} is null", {})


def _between(column: str, least: int | None = None, most: int | None = None) -> ColumnCheck:
    bounds = {"min_value": least, "max_value": most}
    is_faulty = f"{column} < {least}" if most is None else f"{column} > {most}"
    return _of_codes("ExpectColumnValuesToBeBetween", column, is_faulty, bounds)


_COMPARE_EXPORTS_EN = (
    "Compare the file with the source system. If it is right, tell the secretariat; if not, send it again."
)
_COMPARE_EXPORTS_FR = (
    "Comparez le fichier au système source. S’il est exact, prévenez le secrétariat ; sinon, corrigez-le et"
    " renvoyez-le."
)
_OURS_EN = "This is a fault of the platform, not of the file: tell the secretariat."
_OURS_FR = "C’est un défaut de la plateforme et non du fichier : prévenez le secrétariat."

EXPECTATIONS: tuple[Expectation, ...] = (
    Expectation(
        "E101",
        "critical",
        "The month holds as many items as its receipt counts.",
        "Le mois contient autant d’envois que son accusé de réception en compte.",
        _OURS_EN,
        _OURS_FR,
        _of_profile("items <> receipt_items", "abs(items - receipt_items)"),
    ),
    Expectation(
        "E102",
        "critical",
        "No item id stands twice in the month.",
        "Aucun identifiant d’envoi ne figure deux fois dans le mois.",
        "Send each item once; number repeated items so that each has an id of its own.",
        "Transmettez chaque envoi une seule fois ; donnez à chaque envoi son propre identifiant.",
        _of_profile("items <> distinct_item_ids", "items - distinct_item_ids"),
    ),
    Expectation(
        "E103",
        "critical",
        "All items arrived within the month, and none after the day on which the file was received.",
        "Tous les envois sont arrivés pendant le mois, et aucun après le jour de réception du fichier.",
        "Correct the dates of arrival; look for days and months that changed places.",
        "Corrigez les dates d’arrivée ; vérifiez que le jour et le mois ne sont pas inversés.",
        # A member's day can be ahead of UTC by up to fourteen hours.
        _of_profile(
            "strftime(first_arrival_date, '%Y-%m') <> time_period"
            " or strftime(last_arrival_date, '%Y-%m') <> time_period"
            " or last_arrival_date > cast(received_at + interval 14 hours as date)"
        ),
    ),
    Expectation(
        "E104",
        "critical",
        "At least four fifths of the items have a value in US dollars.",
        "Au moins quatre cinquièmes des envois ont une valeur en dollars des États-Unis.",
        "Check the currency column; for a currency without a rate ask the secretariat to add one.",
        (
            "Vérifiez la colonne de la devise ; si une devise n’a pas de taux, demandez au secrétariat de"
            " l’ajouter."
        ),
        _of_profile("items_valued < 0.8 * items", "items - items_valued"),
    ),
    Expectation(
        "E105",
        "warning",
        "At least 98 of 100 items have a value in US dollars.",
        "Au moins 98 envois sur 100 ont une valeur en dollars des États-Unis.",
        "Check the currency column; for a currency without a rate ask the secretariat to add one.",
        (
            "Vérifiez la colonne de la devise ; si une devise n’a pas de taux, demandez au secrétariat de"
            " l’ajouter."
        ),
        _of_profile("items_valued < 0.98 * items", "items - items_valued"),
    ),
    Expectation(
        "E106",
        "critical",
        "The median value of an item lies between half a US dollar and 2,000 US dollars.",
        "La valeur médiane d’un envoi se situe entre un demi-dollar et 2 000 dollars des États-Unis.",
        "Check the decimal separator and the currency of the values.",
        "Vérifiez le séparateur décimal et la devise des valeurs.",
        _of_profile(f"items >= {ENOUGH_ITEMS} and median_value_usd not between 0.5 and 2000"),
    ),
    Expectation(
        "E107",
        "critical",
        "The median value of an item is less than twenty times more or less than usual for this member.",
        (
            "La valeur médiane d’un envoi est moins de vingt fois supérieure ou inférieure à la valeur"
            " médiane habituelle de ce membre."
        ),
        "Check the decimal separator and the currency of the values.",
        "Vérifiez le séparateur décimal et la devise des valeurs.",
        _of_profile(
            f"earlier_full_periods >= {ENOUGH_PERIODS} and items >= {ENOUGH_ITEMS_FOR_MEDIAN}"
            f" and {_apart('median_value_usd', 'usual_median_value_usd', 20)}"
        ),
    ),
    Expectation(
        "E108",
        "critical",
        "The number of items is less than ten times more or less than usual for this member.",
        "Le nombre d’envois est moins de dix fois supérieur ou inférieur au nombre habituel de ce membre.",
        _COMPARE_EXPORTS_EN,
        _COMPARE_EXPORTS_FR,
        _jump_from_usual("items", "usual_items", ENOUGH_ITEMS, 10),
    ),
    Expectation(
        "E109",
        "critical",
        "The value of all items is less than ten times more or less than usual for this member.",
        (
            "La valeur totale des envois est moins de dix fois supérieure ou inférieure à la valeur"
            " habituelle de ce membre."
        ),
        "Look for single values that are far too high, then check the decimal separator and the currency.",
        (
            "Recherchez d’abord des valeurs isolées beaucoup trop élevées, puis vérifiez le séparateur"
            " décimal et la devise."
        ),
        _jump_from_usual("value_usd", "usual_value_usd", ENOUGH_VALUE_USD, 10),
    ),
    Expectation(
        "E110",
        "warning",
        "The number of items is less than four times more or less than usual for this member.",
        "Le nombre d’envois est moins de quatre fois supérieur ou inférieur au nombre habituel de ce membre.",
        _COMPARE_EXPORTS_EN,
        _COMPARE_EXPORTS_FR,
        _jump_from_usual("items", "usual_items", ENOUGH_ITEMS, 4),
    ),
    Expectation(
        "E111",
        "warning",
        "The value of all items is less than four times more or less than usual for this member.",
        (
            "La valeur totale des envois est moins de quatre fois supérieure ou inférieure à la valeur"
            " habituelle de ce membre."
        ),
        _COMPARE_EXPORTS_EN,
        _COMPARE_EXPORTS_FR,
        _jump_from_usual("value_usd", "usual_value_usd", ENOUGH_VALUE_USD, 4),
    ),
    Expectation(
        "E112",
        "critical",
        (
            "The number of items is less than four times more or less than in the version before, or comes"
            " closer to what is usual."
        ),
        (
            "Le nombre d’envois est moins de quatre fois supérieur ou inférieur à celui de la version"
            " précédente, ou se rapproche du niveau habituel."
        ),
        _COMPARE_EXPORTS_EN,
        _COMPARE_EXPORTS_FR,
        _jump_from_previous("items", "previous_vintage_items", "usual_items", ENOUGH_ITEMS),
    ),
    Expectation(
        "E113",
        "critical",
        (
            "The value of all items is less than four times more or less than in the version before, or"
            " comes closer to what is usual."
        ),
        (
            "La valeur totale des envois est moins de quatre fois supérieure ou inférieure à celle de la"
            " version précédente, ou se rapproche du niveau habituel."
        ),
        _COMPARE_EXPORTS_EN,
        _COMPARE_EXPORTS_FR,
        _jump_from_previous("value_usd", "previous_value_usd", "usual_value_usd", ENOUGH_VALUE_USD),
    ),
    Expectation(
        "E114",
        "warning",
        "The items of the month arrived on more than one day.",
        "Les envois du mois sont arrivés sur plus d’une journée.",
        (
            "Check that the day of arrival was exported, and not the day of the export or the first of the"
            " month."
        ),
        (
            "Vérifiez que la date d’arrivée a été exportée, et non la date d’extraction ou le premier jour"
            " du mois."
        ),
        _of_profile(f"items >= {ENOUGH_ITEMS} and first_arrival_date = last_arrival_date", "items"),
    ),
    Expectation(
        "E115",
        "warning",
        "A column that is usually filled for at least half of the items is not empty.",
        "Une colonne habituellement renseignée pour au moins la moitié des envois n’est pas vide.",
        (
            "Check that the export still has all its columns: duty, tax, valuation basis, country, port, HS"
            " code, mass, release."
        ),
        (
            "Vérifiez que l’extraction contient toujours toutes ses colonnes : droits, taxes, base"
            " d’évaluation, pays, lieu, code SH, masse, mainlevée."
        ),
        _of_profile(
            f"items >= {ENOUGH_ITEMS} and earlier_full_periods >= {ENOUGH_PERIODS} and ("
            + " or ".join(f"({name} = 0 and usual_{name} >= 0.5)" for name in OPTIONAL_COUNTS)
            + ")",
            " + ".join(f"({name} = 0 and usual_{name} >= 0.5)::integer" for name in OPTIONAL_COUNTS),
        ),
    ),
    Expectation(
        "E116",
        "critical",
        "The values of the file's rows make the total on its receipt.",
        "Les valeurs des lignes du fichier donnent le total de son accusé de réception.",
        _OURS_EN,
        _OURS_FR,
        _of_profile("is_whole_extract and extract_control_total <> extract_accepted_value"),
    ),
    Expectation(
        "E121",
        "critical",
        "Every item came by a channel of the list.",
        "Chaque envoi est arrivé par un canal de la liste.",
        _OURS_EN,
        _OURS_FR,
        _in_code_list("channel_code"),
    ),
    Expectation(
        "E122",
        "critical",
        "Every value is in a currency of the list.",
        "Chaque valeur est exprimée dans une devise de la liste.",
        _OURS_EN,
        _OURS_FR,
        _in_code_list("declared_currency_code"),
    ),
    Expectation(
        "E123",
        "critical",
        "No value is negative.",
        "Aucune valeur n’est négative.",
        _OURS_EN,
        _OURS_FR,
        _between("least_declared_value", least=0),
    ),
    Expectation(
        "E124",
        "critical",
        "Every item has a value.",
        "Chaque envoi a une valeur.",
        _OURS_EN,
        _OURS_FR,
        _between("items_without_value", most=0),
    ),
    Expectation(
        "E125",
        "critical",
        "Every item has a day of arrival.",
        "Chaque envoi a une date d’arrivée.",
        _OURS_EN,
        _OURS_FR,
        _between("items_without_arrival_date", most=0),
    ),
    Expectation(
        "E126",
        "critical",
        "Every country of origin is in the list.",
        "Chaque pays d’origine figure dans la liste.",
        _OURS_EN,
        _OURS_FR,
        _in_code_list("origin_country_code"),
    ),
    Expectation(
        "E127",
        "critical",
        "Every item has a channel.",
        "Chaque envoi a un canal.",
        _OURS_EN,
        _OURS_FR,
        _not_null("channel_code"),
    ),
    Expectation(
        "E128",
        "critical",
        "Every value has a currency.",
        "Chaque valeur a une devise.",
        _OURS_EN,
        _OURS_FR,
        _not_null("declared_currency_code"),
    ),
    Expectation(
        "E131",
        "warning",
        "No item of the month stands in the month before as well.",
        "Aucun envoi du mois ne figure aussi dans le mois précédent.",
        "Send each item once, in the month of its arrival.",
        "Transmettez chaque envoi une seule fois, dans le mois de son arrivée.",
        RowsCheck(
            ITEM_IDS,
            f"select {PLACES}, repeated_items as fault_count from batch",
        ),
    ),
)
