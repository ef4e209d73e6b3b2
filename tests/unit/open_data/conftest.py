"""A small published file made by hand, in the columns that disclosure control leaves.

Fiji in March 2026: 10 items, 7 from China, 3 from Japan that are confidential; the region: 50 items; Samoa
has not reported. The first quarter of Fiji, and its year 2025, are there too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pacific_parcels.open_data.publication import Publication

TABLES = """
create table indicators as
select * from (values
    ('ITEMS', 'FJ', '_T', '_T', '_T', '_T', 'A', '2025', 120.0, 'NUMBER', 0, 'A', 'F',
     100.0, null, null, null, null),
    ('ITEMS', 'FJ', '_T', '_T', '_T', '_T', 'M', '2026-03', 10.0, 'NUMBER', 0, 'P', 'F',
     100.0, 9.5, 11.0, null, null),
    ('ITEMS', 'FJ', '_T', '_T', '_T', '_T', 'Q', '2026-Q1', 30.0, 'NUMBER', 0, 'P', 'F',
     100.0, null, null, null, null),
    ('ITEMS', 'FJ', '_T', '_T', '_T', 'S11', 'M', '2026-03', 6.0, 'NUMBER', 0, 'P', 'F',
     100.0, null, null, null, null),
    ('ITEMS', 'FJ', '_T', '_T', 'CN', '_T', 'M', '2026-03', 7.0, 'NUMBER', 0, 'P', 'F',
     100.0, null, null, null, null),
    ('ITEMS', 'FJ', '_T', '_T', 'JP', '_T', 'M', '2026-03', null, 'NUMBER', 0, 'P', 'C',
     null, null, null, null, null),
    ('ITEMS', 'FJ', 'POSTAL_PARCEL', 'LE25', '_T', '_T', 'M', '2026-03', 8.0, 'NUMBER', 0, 'P', 'F',
     100.0, null, null, null, null),
    ('ITEMS', 'WS', '_T', '_T', '_T', '_T', 'M', '2026-03', null, 'NUMBER', 0, 'M', 'F',
     null, null, null, null, null),
    ('ITEMS', '_T', '_T', '_T', '_T', '_T', 'M', '2026-03', 50.0, 'NUMBER', 0, 'E', 'F',
     80.0, 45.0, 55.0, 47.0, 53.5),
    ('SHARE_LE_100_USD_PCT', '_T', '_T', '_T', '_T', '_T', 'M', '2026-03', 87.25, 'PERCENT', 0, 'P', 'F',
     null, null, null, null, null)
) as t (
    indicator_code, member_code, channel_code, value_band_code, counterpart_code, commodity_code, frequency,
    time_period, obs_value, unit_measure, unit_mult, obs_status, conf_status, coverage_pct, revision_lower,
    revision_upper, model_lower, model_upper
);
create table indicator_definitions as
select * from (values
    ('ITEMS', 'VOLUME', 'Small parcels <b>', 'Petits colis', 'Items that came & stayed.', 'Envois arrivés.',
     'count of items', 'NUMBER', 'Items', 'None', 'IMTS 2010', 'Channels differ.', 'Les canaux diffèrent.'),
    ('SHARE_LE_100_USD_PCT', 'VALUE', 'Share at or under US$100', 'Part jusqu’à 100 USD',
     'Items of US$100 or less.', 'Envois de 100 USD au plus.', '100 * a / b', 'PERCENT',
     'Items of US$100 or less', 'Items with a value', 'None', 'None.', 'Aucune.')
) as t (
    indicator_code, indicator_group, title_en, title_fr, definition_en, definition_fr, formula, unit_measure,
    numerator, denominator, standard, limits_en, limits_fr
);
create table members as
select * from (values ('FJ', 'Fiji', 'Fidji'), ('WS', 'Samoa', 'Samoa'))
    as t (member_code, name_en, name_fr);
create table channels as
select 'POSTAL_PARCEL' as channel_code, 'Parcels' as name_en, 'Colis postaux' as name_fr, 1 as sort_order;
create table value_bands as
select 'LE25' as value_band_code, 'US$25 or less' as name_en, '25 USD ou moins' as name_fr, 1 as sort_order;
create table counterparts as
select * from (values ('CN', 'China', 'Chine'), ('JP', 'Japan', 'Japon'))
    as t (counterpart_code, name_en, name_fr);
"""
OBSERVATIONS = 10


@pytest.fixture(scope="session")
def published_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("published") / "public.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(TABLES)
    return path


@pytest.fixture(scope="session")
def publication(published_file: Path) -> Publication:
    return Publication(published_file, "00001-0123456789ab", date(2026, 4, 10), "2026-03", True)


@pytest.fixture(scope="session")
def connection(publication: Publication) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = publication.connect()
    yield connection
    connection.close()
