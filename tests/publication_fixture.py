"""Small published files made by hand, with the tables that publishing writes, for the dashboards' tests.

Four members over the forty months 2022-12 (month 0) to 2026-03 (month 39). Parcels of month i:
    FJ  1000 + 50 i
    NC   500 + 20 i
    WS   300 + 10 i, from month 6 on
    TO          5 i, from month 12 on; month 38 is missing, month 39 is held
So the last month with a regional total is month 37 (2026-01): 2850 + 1240 + 670 + 185 = 4945.
Channels: 60 % POSTAL_PARCEL, 30 % EXPRESS_CARRIER, 10 % POSTAL_LETTER; the letters of TO are confidential.
The tables of progress are those of tests/progress_fixture.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import pandas as pd

from tests.progress_fixture import write_progress

MONTHS = [f"{2022 + (11 + i) // 12}-{(11 + i) % 12 + 1:02d}" for i in range(40)]
FIRST_MONTH = {"FJ": 0, "NC": 0, "WS": 6, "TO": 12}
MEMBERS = {
    "FJ": ("Fiji", "Fidji", "FJD", "ASYCUDA World", "DUTY_OWED"),
    "NC": ("New Caledonia", "Nouvelle-Calédonie", "XPF", "Sydonia", "EXEMPT_ALL"),
    "TO": ("Tonga", "Tonga", "TOP", "ASYCUDA World", "EXEMPT_ALL"),
    "WS": ("Samoa", "Samoa", "WST", "ASYCUDA World", "DUTY_OWED"),
}
CHANNELS = {
    "POSTAL_LETTER": ("Letter post", "Poste aux lettres", 1, 0.1),
    "POSTAL_PARCEL": ("Parcel post", "Colis postaux", 2, 0.6),
    "EXPRESS_CARRIER": ("Express carriers", "Transporteurs express", 3, 0.3),
}
VALUE_BANDS = {
    "LE25": ("up to US$25", "jusqu’à 25 $ US", 1, 0.5),
    "GT25_LE50": ("US$25 to 50", "de 25 à 50 $ US", 2, 0.2),
    "GT50_LE100": ("US$50 to 100", "de 50 à 100 $ US", 3, 0.15),
    "GT100_LE250": ("US$100 to 250", "de 100 à 250 $ US", 4, 0.15),
}
# Where they are from: name in English and French, and the share of all parcels.
COUNTERPARTS = {
    "CN": ("China", "Chine", 0.7),
    "NZ": ("New Zealand", "Nouvelle-Zélande", 0.2),
    "_U": ("Not known", "Non connu", 0.1),
}
TABLES = """
create table catalogue (
    run_id varchar, audience varchar, as_of_date date, first_time_period varchar,
    last_time_period varchar, is_synthetic boolean, code_version varchar, contract_version varchar,
    input_fingerprint varchar, members_reporting integer, extracts_in_force integer,
    attacked_figures integer, exposed_figures integer, narrowest_interval double
);
create table disclosure_summary (
    audience varchar, indicator_group varchar, cells integer, primary_cells integer,
    complementary_cells integer, withheld_cells integer, known_cells integer, value_lost_pct double
);
create table indicators (
    indicator_code varchar, member_code varchar, channel_code varchar, value_band_code varchar,
    counterpart_code varchar, commodity_code varchar, frequency varchar, time_period varchar,
    obs_value double, unit_measure varchar, unit_mult integer, obs_status varchar, conf_status varchar,
    coverage_pct double, revision_lower double, revision_upper double, model_lower double,
    model_upper double
);
create table indicator_definitions (
    indicator_code varchar, indicator_group varchar, title_en varchar, title_fr varchar,
    definition_en varchar, definition_fr varchar, formula varchar, unit_measure varchar, numerator varchar,
    denominator varchar, standard varchar, limits_en varchar, limits_fr varchar
);
create table members (
    member_code varchar, name_en varchar, name_fr varchar, currency_code varchar, customs_system varchar,
    relief_mode_codes varchar
);
create table channels (
    channel_code varchar, name_en varchar, name_fr varchar, sort_order integer
);
create table value_bands (
    value_band_code varchar, name_en varchar, name_fr varchar, sort_order integer
);
create table counterparts (
    counterpart_code varchar, name_en varchar, name_fr varchar
);
create table ports (
    port_code varchar, member_code varchar, name varchar
);
create table busiest_days (
    member_code varchar, port_code varchar, time_period varchar, busiest_date date, items bigint
);
create table quality_results (
    suite varchar, expectation_id varchar, severity varchar, status varchar, title_en varchar,
    title_fr varchar, unexpected_count bigint
);
create table events (
    event_code varchar, starts_on date, ends_on date, date_precision varchar, member_code varchar,
    channel_code varchar, kind_code varchar, title_en varchar, title_fr varchar, text_en varchar,
    text_fr varchar, source varchar
);
create table exchange_rates (
    currency_code varchar, time_period varchar, units_per_usd double, source_code varchar,
    second_units_per_usd double, second_source_code varchar, difference_pct double, is_flagged boolean,
    is_carried boolean
);
"""
PUBLIC_TABLES = "create table coverage (member_code varchar, time_period varchar, status varchar);"
SECRETARIAT_TABLES = """
create table catalogue_extracts (
    extract_id varchar, member_code varchar, stream_code varchar, time_period varchar,
    received_at timestamp, vintage_number integer
);
"""
COVERAGE_TABLE = """
create table coverage (
    member_code varchar, time_period varchar, status varchar, items bigint, received_at timestamp,
    days_after_period_end bigint
);
"""
TABLES_OF_WORK = """
create table receipts (
    extract_id varchar, member_code varchar, stream_code varchar, source_name varchar,
    time_period_start varchar, time_period_end varchar, status varchar, received_at timestamp,
    rows_in bigint, rows_accepted bigint, rows_rejected bigint, rows_duplicate bigint, rows_warned bigint
);
create table rejections (
    member_code varchar, rule_id varchar, level varchar, title_en varchar, title_fr varchar,
    remedy_en varchar, remedy_fr varchar, row_count bigint, extract_count bigint,
    last_received_period varchar
);
create table held_vintages (
    member_code varchar, stream_code varchar, time_period varchar, extract_id varchar,
    expectation_id varchar, reason_en varchar, reason_fr varchar
);
create table quality_places (
    suite varchar, expectation_id varchar, member_code varchar, time_period varchar, unexpected_count bigint
);
create table revisions (
    member_code varchar, time_period varchar, first_items bigint, last_items bigint, revision_pct double,
    versions_count integer, last_known_from date, revision_status varchar
);
create table busiest_offices (
    member_code varchar, customs_office_code varchar, time_period varchar, items bigint,
    items_per_working_day double, busiest_date date, busiest_day_items bigint,
    capacity_items_per_day integer
);
create table publication_changes (
    kind_code varchar, member_code varchar, time_period varchar, items_before bigint, items_after bigint
);
"""
# What speaks of single extracts and offices: all of it in the secretariat's file, its own in a member's.
OF_WORK: dict[str, list[tuple[object, ...]]] = {
    "receipts": [
        (
            *("x-fj-1", "FJ", "ALL", "fj-2026-02.csv", "2026-02", "2026-02", "ACCEPTED"),
            *(datetime(2026, 3, 4), 3000, 2900, 80, 20, 5),
        ),
        (
            *("x-fj-2", "FJ", "ALL", "fj-2026-03.csv", "2026-03", "2026-03", "ACCEPTED"),
            *(datetime(2026, 4, 4), 3000, 2950, 50, 0, 0),
        ),
        (
            *("x-to-1", "TO", "ALL", "to-2026-03.csv", "2026-03", "2026-03", "ACCEPTED"),
            *(datetime(2026, 4, 6), 200, 195, 5, 0, 0),
        ),
        ("x-to-2", "TO", "ALL", "to.csv", None, None, "REFUSED", datetime(2026, 4, 7), 0, 0, 0, 0, 0),
    ],
    "rejections": [
        (
            *("FJ", "R007", "ERROR", "Unknown currency <XYZ>", "Monnaie inconnue <XYZ>"),
            *("Use a code of ISO 4217.", "Employez un code ISO 4217.", 90, 2, "2026-04"),
        ),
        (
            *("TO", "R007", "ERROR", "Unknown currency <XYZ>", "Monnaie inconnue <XYZ>"),
            *("Use a code of ISO 4217.", "Employez un code ISO 4217.", 5, 1, "2026-04"),
        ),
        (
            *("FJ", "R012", "ERROR", "Negative value", "Valeur négative", "Send values of zero or more."),
            *("Envoyez des valeurs positives ou nulles.", 40, 1, "2026-03"),
        ),
    ],
    "held_vintages": [
        (
            *("TO", "ALL", "2026-03", "x-to-1", "E105", "Nine times the parcels of the month before."),
            "Neuf fois les colis du mois précédent.",
        )
    ],
    "quality_places": [
        ("harmonised", "E105", "TO", "2026-03", 1),
        ("harmonised", "E109", "FJ", "2026-02", 2),
        ("harmonised", "E109", "TO", "2026-02", 1),
    ],
    "revisions": [
        ("FJ", "2025-12", 2780, 2800, 0.719424, 2, date(2026, 2, 20), "REVISED"),
        ("FJ", "2026-01", 2850, 2850, 0.0, 1, date(2026, 2, 5), "PROVISIONAL"),
        ("TO", "2026-01", 185, 185, 0.0, 1, date(2026, 2, 7), "PROVISIONAL"),
    ],
    # Nadi had 120 parcels where it handles 100 a day; what Nouméa handles is not stated.
    "busiest_offices": [
        ("FJ", "NADI", "2026-01", 1200, 54.5, date(2026, 1, 20), 120, 100),
        ("FJ", "SUVA", "2026-01", 1650, 75.0, date(2026, 1, 14), 412, 500),
        ("NC", "NOUMEA", "2026-01", 1240, 56.4, date(2026, 1, 1), 139, None),
    ],
    "publication_changes": [
        ("REVISED", "FJ", "2025-12", 2780, 2800),
        ("ADDED", "FJ", "2026-03", None, 2950),
        ("HELD", "TO", "2026-03", None, None),
        ("NEW_REPORTER", "WS", "2026-03", None, 690),
    ],
}
UNITS = {"PCT": "PERCENT", "USD": "USD", "INDEX": "INDEX", "1000": "PER_1000"}
THOUSANDS_OF_PEOPLE = {"FJ": 900, "NC": 270, "TO": 100, "WS": 200}


@dataclass(frozen=True)
class Observation:
    indicator_code: str
    member_code: str
    time_period: str
    obs_value: float | None
    channel_code: str = "_T"
    value_band_code: str = "_T"
    counterpart_code: str = "_T"
    obs_status: str = "A"
    conf_status: str = "F"

    def row(self) -> tuple[object, ...]:
        unit = UNITS.get(self.indicator_code.rsplit("_", 1)[-1], "NUMBER")
        codes = (
            *(self.indicator_code, self.member_code, self.channel_code),
            *(self.value_band_code, self.counterpart_code),
        )
        measure = (self.obs_value, unit, 0, self.obs_status, self.conf_status)
        return (*codes, "_T", "M", self.time_period, *measure, *[None] * 5)


def parcels(member_code: str, i: int) -> int | None:
    """None: the member has not begun, or its month is missing or held."""
    if i < FIRST_MONTH[member_code] or (member_code == "TO" and i >= 38):
        return None
    return {"FJ": 1000 + 50 * i, "NC": 500 + 20 * i, "WS": 300 + 10 * i, "TO": 5 * i}[member_code]


def coverage_status(member_code: str, i: int) -> str:
    if i < FIRST_MONTH[member_code]:
        return "NOT_YET_REPORTING"
    if member_code == "TO" and i >= 38:
        return "MISSING" if i == 38 else "HELD"
    return "NIL" if member_code == "WS" and i == 9 else "REPORTED"


def observations() -> Iterator[Observation]:
    for i, month in enumerate(MONTHS):
        status = "P" if i >= 37 else "A"
        region = 0
        for code in MEMBERS:
            items = parcels(code, i)
            if i < FIRST_MONTH[code]:
                continue
            if items is None:
                yield Observation("ITEMS", code, month, None, obs_status="M")
                continue
            region += items
            yield from with_parts(Observation("ITEMS", code, month, items, obs_status=status))
            yield from with_parts(
                Observation("DECLARED_VALUE_USD", code, month, items * 40.0, obs_status=status)
            )
            yield Observation("SHARE_LE_100_USD_PCT", code, month, 85.0, obs_status=status)
            yield Observation("ITEMS_INDEX", code, month, 100.0 + i, obs_status=status)
            per_1000 = items / THOUSANDS_OF_PEOPLE[code]
            yield Observation("ITEMS_PER_1000", code, month, per_1000, obs_status=status)
            # A season of five in a hundred: nothing of the kind is in the figures themselves.
            yield Observation("ITEMS_SEASONALLY_ADJUSTED", code, month, items * 0.95, obs_status=status)
        whole = Observation(
            "ITEMS", "_T", month, region if i < 38 else None, obs_status=status if i < 38 else "M"
        )
        yield from with_parts(whole)
        yield from with_parts(
            replace(whole, indicator_code="DECLARED_VALUE_USD", obs_value=region * 40.0 if i < 38 else None)
        )
        yield Observation("ITEMS_INDEX", "_T", month, 100.0 + 6 * i, obs_status=status)
        if i >= 12:
            yield Observation("ITEMS_GROWTH_YOY_PCT", "_T", month, 41.25, obs_status=status)
        if i >= 36:
            yield Observation("ITEMS_GROWTH_3Y_PCT", "_T", month, 212.0, obs_status=status)
        yield Observation("SHARE_LE_100_USD_PCT", "_T", month, 85.2, obs_status=status)
        yield Observation("SHARE_LE_DE_MINIMIS_PCT", "_T", month, 71.4, obs_status=status)
        yield Observation("COVERAGE_MEMBERS_PCT", "_T", month, 75.0 if i >= 38 else 100.0, obs_status=status)
        if i < 38:
            yield Observation("DUTY_USD", "_T", month, 1_234_567.0, obs_status=status)
            yield Observation("TAX_USD", "_T", month, 98_765.0, obs_status=status)


def with_parts(total: Observation) -> Iterator[Observation]:
    """The total, its channels and its value bands. The letters of Tonga are confidential in every month."""
    yield total
    for code, (_, _, _, share) in CHANNELS.items():
        is_confidential = total.member_code == "TO" and code == "POSTAL_LETTER"
        value = None if total.obs_value is None or is_confidential else total.obs_value * share
        yield replace(total, channel_code=code, obs_value=value, conf_status="C" if is_confidential else "F")
    for code, (_, _, share) in COUNTERPARTS.items():
        yield replace(
            total,
            counterpart_code=code,
            obs_value=None if total.obs_value is None else total.obs_value * share,
        )
    for code, (_, _, _, share) in VALUE_BANDS.items():
        yield replace(
            total,
            value_band_code=code,
            obs_value=None if total.obs_value is None else total.obs_value * share,
        )


DEFINITIONS = {
    "ITEMS": (
        "Parcels",
        "Colis",
        "Postal items and house consignment items that arrived in the month.",
        "Envois postaux et articles de lots individuels arrivés dans le mois.",
    ),
    "DECLARED_VALUE_USD": (
        "Declared value",
        "Valeur déclarée",
        "Declared value in US dollars at the rate of the month of arrival.",
        "Valeur déclarée en dollars US au taux du mois d’arrivée.",
    ),
    "ITEMS_SEASONALLY_ADJUSTED": (
        "Parcels, seasonally adjusted",
        "Colis, désaisonnalisés",
        "Parcels without what recurs every year.",
        "Colis sans ce qui revient chaque année.",
    ),
    "ITEMS_PER_1000": (
        "Parcels per 1,000 people",
        "Colis pour 1 000 habitants",
        "Parcels of the month for each 1,000 inhabitants.",
        "Colis du mois pour 1 000 habitants.",
    ),
    "ITEMS_INDEX": (
        "Parcels, chain-linked index",
        "Colis, indice chaîné",
        "Monthly links of members with data at both ends, multiplied; first month = 100.",
        "Produit des variations mensuelles des membres présents aux deux bouts ; premier mois = 100.",
    ),
    "ITEMS_GROWTH_YOY_PCT": (
        "Growth in one year",
        "Croissance sur un an",
        "The index against twelve months before.",
        "L’indice rapporté à celui de douze mois avant.",
    ),
    "ITEMS_GROWTH_3Y_PCT": (
        "Growth in three years",
        "Croissance sur trois ans",
        "The index against thirty-six months before.",
        "L’indice rapporté à celui de trente-six mois avant.",
    ),
    "SHARE_LE_100_USD_PCT": (
        "Share at or under US$100",
        "Part jusqu’à 100 $ US",
        "Parcels with a declared value of at most US$100, of those with a value.",
        "Colis d’une valeur déclarée de 100 $ US au plus, parmi ceux qui ont une valeur.",
    ),
    "SHARE_LE_DE_MINIMIS_PCT": (
        "Share at or under de minimis",
        "Part jusqu’au seuil de minimis",
        "Parcels at or under the national threshold of their day and channel.",
        "Colis jusqu’au seuil national de leur jour et de leur canal.",
    ),
    "COVERAGE_MEMBERS_PCT": (
        "Members in force",
        "Membres en vigueur",
        "Share of member files in force for the month.",
        "Part des fichiers des membres en vigueur pour le mois.",
    ),
    "DUTY_USD": (
        "Duty",
        "Droits de douane",
        "Duty assessed, in US dollars.",
        "Droits liquidés, en dollars US.",
    ),
    "TAX_USD": ("Tax", "Taxes", "Tax assessed, in US dollars.", "Taxes liquidées, en dollars US."),
}


EVENTS: list[tuple[object, ...]] = [
    (
        *("FJ_THRESHOLD_2024_06_28", date(2024, 6, 28), None, "DAY", "FJ", "_T", "THRESHOLD"),
        *("Fiji: new de minimis", "Fidji : nouveau seuil de minimis"),
        *("Tax: nothing is free.", "Taxes : aucune exonération.", "DHL, Fiji VAT 2024"),
    ),
    (
        *("TO_SYSTEM", date(2022, 8, 1), None, "MONTH", "TO", "_T", "SYSTEM"),
        *("Tonga: ASYCUDAWorld", "Tonga : SYDONIA World"),
        *("A new customs system.", "Un nouveau système douanier.", "revenue.gov.to/node/191"),
    ),
    (
        *("US_DE_MINIMIS_ENDS", date(2025, 8, 29), None, "DAY", "_T", "_T", "THRESHOLD"),
        *("United States: de minimis ends", "États-Unis : fin du seuil de minimis"),
        *("Suspended for all countries.", "Suspendu pour tous les pays.", "Executive Order 14324"),
    ),
]


def work_of(row: tuple[str, str, str], own: str | None) -> tuple[object, ...]:
    """A row of coverage with what is told to whom it belongs: items, when, how late."""
    of_others = own not in (None, row[0])
    return (*row, None, None, None) if of_others else (*row, 10, datetime(2026, 4, 5, 9), 5)


def write_published_file(path: Path, audience: str, run_id: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(str(path))
    connection.execute(TABLES)

    def insert(table: str, rows: list[tuple[object, ...]]) -> None:
        """All rows at once: as parameters of statements they take fifty times as long."""
        frame = pd.DataFrame(rows)
        connection.register("frame", frame)
        connection.execute(f"insert into {table} select * from frame")
        connection.unregister("frame")

    as_of = date(2026, 4, 20)
    insert(
        "catalogue",
        [
            (
                run_id,
                audience,
                as_of,
                MONTHS[0],
                MONTHS[-1],
                True,
                "0.1.0",
                "1",
                "hand-made",
                4,
                100,
                1234,
                0,
                1.5,
            )
        ],
    )
    insert("disclosure_summary", [(audience, "VOLUME", 5000, 38, 76, 0, 0, 2.0)])
    insert("members", [(code, *names) for code, names in MEMBERS.items()])
    insert("channels", [(code, *names[:3]) for code, names in CHANNELS.items()])
    insert("value_bands", [(code, *names[:3]) for code, names in VALUE_BANDS.items()])
    insert("counterparts", [(code, *names[:2]) for code, names in COUNTERPARTS.items()])
    insert("ports", [("FJSUV", "FJ", "Suva"), ("NCNOU", "NC", "Nouméa"), ("TOTBU", "TO", "Nuku’alofa")])
    # A member's file has its own figures and the region's here, and of another member those of New Caledonia.
    own = audience.removeprefix("member_").upper() if audience.startswith("member_") else None
    insert(
        "indicators",
        [seen.row() for seen in observations() if own is None or seen.member_code in (own, "NC", "_T")],
    )
    insert("events", EVENTS)
    insert(
        "indicator_definitions",
        [
            (
                code,
                "QUALITY" if code == "TIMELINESS_DAYS" else "VOLUME",
                *words,
                "sum(items)",
                "NUMBER",
                "items",
                None,
                "UPU, WCO",
                "Extracts only.",
                "Extractions seulement.",
            )
            for code, words in DEFINITIONS.items()
        ],
    )
    busiest = [
        ("FJ", "FJSUV", "2026-01", date(2026, 1, 14), 412),
        ("NC", "NCNOU", "2026-01", date(2026, 1, 1), 139),
        ("FJ", "FJSUV", "2026-02", date(2026, 2, 11), 430),
    ]
    insert("busiest_days", busiest)
    coverage = [(code, month, coverage_status(code, i)) for code in MEMBERS for i, month in enumerate(MONTHS)]
    insert(
        "quality_results",
        [
            ("harmonised", "E101", "critical", "PASS", "No future dates", "Aucune date future", 0),
            (
                "harmonised",
                "E105",
                "critical",
                "FAIL",
                "Items within half and double of the month before",
                "Nombre d’envois entre la moitié et le double du mois précédent",
                1,
            ),
            ("harmonised", "E109", "warning", "FAIL", "Few values are absent", "Peu de valeurs absentes", 3),
            ("indicators", "E201", "critical", "PASS", "No infinite figure", "Aucun chiffre infini", 0),
            ("published", "E301", "critical", "ERRORED", "Key is unique", "Clé unique", 0),
        ],
    )
    insert(
        "exchange_rates",
        [("FJD", month, 2.2, "HMRC", 2.21, "IMF", 0.5, False, False) for month in MONTHS]
        + [("TOP", month, 2.37, "IMF", 0.59, "HMRC", 301.7, i < 10, False) for i, month in enumerate(MONTHS)],
    )
    if audience == "public":
        connection.execute(PUBLIC_TABLES)
        insert("coverage", list(coverage))
    else:
        connection.execute(COVERAGE_TABLE + TABLES_OF_WORK)
        insert("coverage", [work_of(row, own) for row in coverage])
        for table, rows in OF_WORK.items():
            shown = [row for row in rows if own in (None, *row[:3])]
            if shown:
                insert(table, shown)
        if own:
            connection.execute(
                "alter table receipts drop extract_id; alter table held_vintages drop extract_id"
            )
        else:
            connection.execute(SECRETARIAT_TABLES)
    write_progress(connection, audience)
    connection.execute("checkpoint")
    connection.close()


def write_open_data(public_file: Path, folder: Path) -> None:
    """Some files of the open data: the figures, and pages that say that they are hand-made."""
    folder.mkdir(parents=True)
    with duckdb.connect(str(public_file), read_only=True) as connection:
        for name in ("indicators.csv", "indicators.parquet"):
            connection.execute(f"copy (from indicators order by all) to '{folder / name}'")
    for name in ("methodology_en.html", "methodology_fr.html", "codebook_en.html", "codebook_fr.html"):
        (folder / name).write_text("<!doctype html><title>hand-made</title>", encoding="utf-8")


def write_publication(home: Path, run_id: str = "20260420T090000Z", members: tuple[str, ...] = ()) -> None:
    """The audiences' files and the pointer, as the publishing step leaves them; `members` such as fj."""
    names = ("secretariat", "public", *(f"member_{member}" for member in members))
    audiences = {audience: f"{audience}/{run_id}.duckdb" for audience in names}
    published = home / "published"
    for audience, name in audiences.items():
        write_published_file(published / name, audience, run_id)
    pointer = {
        "run_id": run_id,
        "audiences": audiences,
        "as_of_date": "2026-04-20",
        "last_time_period": MONTHS[-1],
        "is_synthetic": True,
        "open_data": f"open_data/{run_id}",
    }
    write_open_data(published / "public" / f"{run_id}.duckdb", published / "open_data" / run_id)
    (published / "current.json").write_text(json.dumps(pointer), encoding="utf-8")
