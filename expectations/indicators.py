"""What must be true of the regional figures. Critical: the whole previous publication stays.

One long table is read (mart_indicators), beside the coverage of the months (mart_coverage). `_T` is a total;
of members, it is the region.
"""

from __future__ import annotations

from collections.abc import Iterable

from expectations.expectation import ColumnCheck, Expectation, RowsCheck
from pacific_parcels.contract import CHANNELS, code_list

SUITE = "indicators"
INDICATORS = "mart_indicators"

KEY = (
    "indicator_code, member_code, channel_code, value_band_code, counterpart_code, commodity_code, frequency,"
    " time_period"
)
PLACES = "indicator_code, member_code, time_period"
# Levels: what adds up over members, channels, bands and counterparts.
LEVELS = ("ITEMS", "DECLARED_VALUE_USD", "GROSS_MASS_KG", "DUTY_USD", "TAX_USD")

_OURS_EN = "This is a fault of our own models: nothing new is published until it is mended."
_OURS_FR = "C’est un défaut de nos propres modèles : rien de nouveau n’est publié avant sa correction."


def _texts(texts: Iterable[str]) -> str:
    return ", ".join(f"'{text}'" for text in texts)


def _rows(is_faulty: str) -> RowsCheck:
    return RowsCheck(
        INDICATORS, f"select {PLACES}, count(*) as fault_count from batch where {is_faulty} group by all"
    )


def _in_set(column: str, codes: Iterable[str]) -> ColumnCheck:
    codes = list(codes)
    return ColumnCheck(
        INDICATORS,
        "ExpectColumnValuesToBeInSet",
        column,
        is_faulty=f"{column} not in ({_texts(codes)})",
        arguments={"value_set": codes},
        places=PLACES,
    )


def _adds_up(dimension: str) -> RowsCheck:
    """Where a figure is given for the total of a dimension and for its parts, the parts make the total.

    Values are sums of cents: half a cent for each part is rounding. An estimated total holds
    more than its parts.
    """
    others = ", ".join(column for column in map(str.strip, KEY.split(",")) if column != dimension)
    region = "'_T' as member_code," if dimension == "member_code" else ""
    return RowsCheck(
        INDICATORS,
        f"""
        select {PLACES}, count(*) as fault_count
        from (
            select
                {others},
                {region}
                sum(obs_value) filter (where {dimension} = '_T' and obs_status <> 'E') as total,
                sum(obs_value) filter (where {dimension} <> '_T') as parts,
                count(obs_value) filter (where {dimension} <> '_T') as part_count
            from batch
            where indicator_code in ({_texts(LEVELS)})
            group by {others}
        ) as sums
        where abs(total - parts) > 0.005 * part_count + 1e-9 * abs(total)
        group by all
        """,
    )


def _critical(
    expectation_id: str, title_en: str, title_fr: str, check: RowsCheck | ColumnCheck
) -> Expectation:
    return Expectation(expectation_id, "critical", title_en, title_fr, _OURS_EN, _OURS_FR, check)


EXPECTATIONS: tuple[Expectation, ...] = (
    _critical(
        "E201",
        "There are figures.",
        "Il y a des chiffres.",
        RowsCheck(INDICATORS, "select 1 as fault_count from batch having count(*) = 0"),
    ),
    _critical(
        "E202",
        "No figure stands twice.",
        "Aucun chiffre ne figure deux fois.",
        RowsCheck(
            INDICATORS,
            f"""
            select {PLACES}, sum(row_count - 1) as fault_count
            from (select {KEY}, count(*) as row_count from batch group by all having count(*) > 1) as repeated
            group by all
            """,
        ),
    ),
    _critical(
        "E203",
        "Every figure is a finite number.",
        "Chaque chiffre est un nombre fini.",
        _rows("not isfinite(obs_value)"),
    ),
    _critical(
        "E204",
        "Every share lies between 0 and 100 per cent.",
        "Chaque part se situe entre 0 et 100 pour cent.",
        _rows(
            "(indicator_code like 'SHARE_%' or indicator_code like 'COVERAGE_%'"
            " or indicator_code like 'ACCEPTANCE_%')"
            " and obs_value not between 0 and 100"
        ),
    ),
    _critical(
        "E205",
        "No count and no sum is negative.",
        "Aucun nombre ni aucune somme n’est négatif.",
        _rows(f"indicator_code in ({_texts((*LEVELS, 'BUSIEST_DAY_ITEMS'))}) and obs_value < 0"),
    ),
    _critical(
        "E206",
        "The status of every figure is A, P, E or M.",
        "Le statut de chaque chiffre est A, P, E ou M.",
        _in_set("obs_status", "APEM"),
    ),
    _critical(
        "E207",
        "No figure has a status of confidentiality before disclosure control.",
        "Aucun chiffre n’a de statut de confidentialité avant le contrôle de la divulgation.",
        _in_set("conf_status", "F"),
    ),
    _critical(
        "E208",
        "A figure is absent where its status is M, and only there.",
        "Un chiffre est absent lorsque son statut est M, et seulement alors.",
        _rows("(obs_status = 'M') <> (obs_value is null)"),
    ),
    _critical(
        "E209",
        "Every channel is in the list.",
        "Chaque canal figure dans la liste.",
        _in_set("channel_code", ("_T", *CHANNELS)),
    ),
    _critical(
        "E210",
        "Every value band is in the list.",
        "Chaque tranche de valeur figure dans la liste.",
        _in_set("value_band_code", ("_T", *code_list("value_bands", "value_band_code"))),
    ),
    _critical(
        "E211",
        "Every period is a month, a quarter or a year, as its frequency says.",
        "Chaque période est un mois, un trimestre ou une année, selon sa fréquence.",
        _rows(
            "not case frequency"
            " when 'M' then regexp_full_match(time_period, '[0-9]{4}-(0[1-9]|1[0-2])')"
            " when 'Q' then regexp_full_match(time_period, '[0-9]{4}-Q[1-4]')"
            " when 'A' then regexp_full_match(time_period, '[0-9]{4}')"
            " else false end"
        ),
    ),
    _critical(
        "E212",
        "The members make the region.",
        "La somme des membres donne la région.",
        _adds_up("member_code"),
    ),
    _critical(
        "E213",
        "The channels make the total.",
        "La somme des canaux donne le total.",
        _adds_up("channel_code"),
    ),
    _critical(
        "E214",
        "The value bands make the total.",
        "La somme des tranches de valeur donne le total.",
        _adds_up("value_band_code"),
    ),
    _critical(
        "E215",
        "The partner countries make the total.",
        "La somme des pays partenaires donne le total.",
        _adds_up("counterpart_code"),
    ),
    _critical(
        "E216",
        "Every month that a member reported has its number of items, and no other month has one.",
        "Chaque mois déclaré par un membre a son nombre d’envois, et aucun autre mois n’en a.",
        RowsCheck(
            INDICATORS,
            """
            select 'ITEMS' as indicator_code, member_code, time_period, count(*) as fault_count
            from (
                select member_code, time_period, obs_value
                from batch
                where
                    indicator_code = 'ITEMS'
                    and frequency = 'M'
                    and member_code <> '_T'
                    and channel_code = '_T'
                    and value_band_code = '_T'
                    and counterpart_code = '_T'
                    and commodity_code = '_T'
            ) as figures
            full join (
                select member_code, time_period, items
                from mart_coverage
                where status in ('REPORTED', 'NIL')
            ) as coverage using (member_code, time_period)
            where obs_value is distinct from items
            group by all
            """,
        ),
    ),
    _critical(
        "E217",
        "The sections of the Harmonized System make the total.",
        "La somme des sections du Système harmonisé donne le total.",
        _adds_up("commodity_code"),
    ),
    _critical(
        "E218",
        "The months of a member make its quarters and its years.",
        "La somme des mois d’un membre donne ses trimestres et ses années.",
        RowsCheck(
            INDICATORS,
            f"""
            select {PLACES}, count(*) as fault_count
            from (
                select
                    longer.*,
                    sum(months.obs_value) as months_total
                from batch as longer
                inner join batch as months
                    on longer.indicator_code = months.indicator_code
                    and longer.member_code = months.member_code
                    and months.frequency = 'M'
                    and months.channel_code = '_T'
                    and months.value_band_code = '_T'
                    and months.counterpart_code = '_T'
                    and months.commodity_code = '_T'
                    and longer.time_period = case longer.frequency
                        when 'A' then left(months.time_period, 4)
                        else left(months.time_period, 4) || '-Q'
                            || cast((cast(right(months.time_period, 2) as integer) + 2) // 3 as varchar)
                    end
                where
                    longer.indicator_code in ({_texts(LEVELS)})
                    and longer.member_code <> '_T'
                    and longer.frequency in ('Q', 'A')
                    and longer.channel_code = '_T'
                    and longer.value_band_code = '_T'
                    and longer.counterpart_code = '_T'
                    and longer.commodity_code = '_T'
                group by all
            )
            where abs(obs_value - months_total) > 0.005 * 12 + 1e-9 * abs(obs_value)
            group by all
            """,
        ),
    ),
    Expectation(
        "E221",
        "warning",
        (
            "From one year to the next the items of a member grow to less than five times, and shrink to"
            " more than a fifth."
        ),
        (
            "D’une année à l’autre, les envois d’un membre n’atteignent pas le quintuple ni ne tombent au"
            " cinquième."
        ),
        "Look at the member's months: a new channel, a new system or a missing file is the usual reason.",
        (
            "Examinez les mois du membre : un nouveau canal, un nouveau système ou un fichier absent en est"
            " la raison habituelle."
        ),
        _rows(
            "indicator_code = 'ITEMS_GROWTH_YOY_PCT' and frequency = 'M' and channel_code = '_T'"
            " and base_items >= 50 and obs_value not between -80 and 400"
        ),
    ),
    Expectation(
        "E222",
        "warning",
        "Files come after the end of their month, and within a year.",
        "Les fichiers arrivent après la fin du mois concerné, et dans l’année.",
        "Look at the receipts: a file that came before its month was over is not complete.",
        "Examinez les accusés de réception : un fichier reçu avant la fin de son mois n’est pas complet.",
        _rows("indicator_code = 'TIMELINESS_DAYS' and obs_value not between 0 and 366"),
    ),
)
