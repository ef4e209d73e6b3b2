"""The published suite on the file of each audience, made by hand."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from expectations import briefs, published, run
from expectations.judgement import Judgement
from pacific_parcels.briefs.files import brief_files
from pacific_parcels.members import load_members
from pacific_parcels.processes import Processes
from pacific_parcels.settings import Settings
from tests.progress_tables import PROGRESS_TABLES

# FJ has 40 items in each month of 2025 but December, when it has 3: these are confidential to the public. The
# region has 90 items a month, and is withheld in December.
EVERYONE = """
    create table catalogue as
    select
        '00001' as run_id, '{audience}' as audience, date '2026-03-15' as as_of_date,
        '2025-01' as first_time_period, '2025-12' as last_time_period, true as is_synthetic,
        '0.1.0' as code_version, '1' as contract_version, 'abc' as input_fingerprint,
        1 as members_reporting, 12 as extracts_in_force;
    create table coverage as
    select 'FJ' as member_code, '2025-' || lpad(month::varchar, 2, '0') as time_period, 'REPORTED' as status
    from range(1, 13) as months(month);
    create table indicators as
    select
        'ITEMS' as indicator_code, member_code, '_T' as channel_code, '_T' as value_band_code,
        '_T' as counterpart_code, '_T' as commodity_code, 'M' as frequency, time_period,
        obs_value::double as obs_value,
        'NUMBER' as unit_measure, 0 as unit_mult, obs_status, conf_status
    from (
        select 'FJ' as member_code, time_period, 40 as obs_value, 'A' as obs_status, 'F' as conf_status
        from coverage where time_period < '2025-12'
        union all
        select '_T', time_period, 90, 'A', 'F' from coverage where time_period < '2025-12'
        union all
        values ('FJ', '2025-12', {december}), ('_T', '2025-12', null, 'M', 'F')
    ) as figures;
    create table indicator_definitions as
    select 'ITEMS' as indicator_code, 'Items' as title_en, 'Envois' as title_fr,
        'VOLUME' as indicator_group,
        'items or consignments / month, see https://example.org/standards/postal' as definition_en;
    create table members as select 'FJ' as member_code, 'Fiji' as name_en, 'Fidji' as name_fr;
    create table channels as
    select 'POSTAL_PARCEL' as channel_code, 'Parcels' as name_en, 'Colis' as name_fr;
    create table value_bands as select 'LE25' as value_band_code, 'to 25' as name_en, 'à 25' as name_fr;
    create table counterparts as
    select 'CN' as counterpart_code, 'China' as name_en, 'Chine' as name_fr;
    create table ports as select 'FJSUV' as port_code, 'FJ' as member_code, 'Suva' as name;
    create table busiest_days as
    select 'FJ' as member_code, 'FJSUV' as port_code, '2025-01' as time_period,
        date '2025-01-07' as busiest_date, 12 as items;
    create table quality_results as
    select 'harmonised' as suite, 'E101' as expectation_id, 'critical' as severity, 'PASS' as status;
    create table events as
    select date '2025-08-29' as starts_on, '_T' as member_code, 'An event' as title_en, 'Un fait' as title_fr,
        'It happened.' as text_en, 'Cela eut lieu.' as text_fr, 'A source' as source;
    create table sharing_terms as
    select 'FJ' as member_code, 'public' as audience_class, 'VOLUME' as indicator_group, 'totals' as detail,
        5 as minimum_cell_items;
    create table sharing_changes as
    select 'FJ' as member_code, 'public' as audience_class, 'VOLUME' as indicator_group,
        'none' as detail_before, 'totals' as detail_now;
    create table disclosure_summary as
    select '{audience}' as audience, 'VOLUME' as indicator_group, 24 as cells, 1 as primary_cells,
        0 as complementary_cells;
    create table exchange_rates as
    select 'FJD' as currency_code, '2025-01' as time_period, 2.2 as units_per_usd;
"""
EVERYONE += PROGRESS_TABLES
OF_WORK = """
    create table receipts as
    select member_code, 'march.csv' as source_name, 'ACCEPTED' as status, time_period as received_at,
        10 as rows_in, 9 as rows_accepted
    from coverage;
    create table rejections as select 'FJ' as member_code, 'R101' as rule_id, 1 as row_count;
    create table held_vintages as
    select member_code, time_period, '' as reason_en, '' as reason_fr from coverage where false;
    create table quality_places as
    select 'harmonised' as suite, 'E110' as expectation_id, member_code, time_period, 1 as unexpected_count
    from coverage;
    create table revisions as
    select member_code, time_period, 9 as first_items, 10 as last_items from coverage;
    create table busiest_offices as
    select member_code, 'NAN' as customs_office_code, time_period, 4 as busiest_day_items from coverage;
    create table publication_changes as
    select 'REVISED' as kind_code, member_code, time_period, 9 as items_before, 10 as items_after
    from coverage;
"""
SECRETARIAT = (
    OF_WORK
    + """
    create table catalogue_extracts as
    select 'fj ' || time_period as extract_id, member_code, time_period from coverage;
    alter table receipts add extract_id varchar;
    alter table held_vintages add extract_id varchar;
"""
)

# Each in a month of its own: {month: (what spoils a figure of FJ, what must fail for the public, and for the
# secretariat)}.
FIGURES = {
    "2025-01": ("insert into indicators from indicators where", {"E312"}, {"E312"}),
    "2025-02": ("update indicators set obs_value = 'inf' where", {"E313"}, {"E313"}),
    "2025-03": ("update indicators set conf_status = 'N' where", {"E314"}, {"E314"}),
    "2025-04": ("update indicators set conf_status = 'C' where", {"E315"}, {"E315"}),
    "2025-05": ("update indicators set obs_value = null where", {"E316"}, {"E316"}),
    "2025-06": ("update indicators set indicator_code = 'PIGEONS' where", {"E317"}, {"E317"}),
    # Less than five items are for the secretariat alone; channels are not what FJ agreed to show.
    "2025-07": ("update indicators set obs_value = 4 where", {"E331"}, set()),
    "2025-08": ("update indicators set channel_code = 'POSTAL_PARCEL' where", {"E333"}, set()),
}


def write(directory: Path, *statements: str) -> dict[str, Path]:
    files = {}
    for audience in ("public", "secretariat"):
        files[audience] = directory / f"{audience}.duckdb"
        with duckdb.connect(str(files[audience])) as connection:
            december = "3, 'A', 'F'" if audience == "secretariat" else "null, 'A', 'C'"
            connection.execute(EVERYONE.format(audience=audience, december=december))
            if audience == "secretariat":
                connection.execute(SECRETARIAT)
            for statement in statements:
                connection.execute(statement)
    write_briefs(files)
    return files


# A brief by hand: with what the suite asks for, and one address that is none (the name of SVG).
PAGES = {"en": "SYNTHETIC DATA: figures made by a program, true of no country."}
PAGES["fr"] = "DONNÉES SYNTHÉTIQUES\u00a0: chiffres produits par un programme, vrais d’aucun pays."
PAGE = '<!doctype html><p>{}</p><svg xmlns="http://www.w3.org/2000/svg"><path fill="url(#a-h)"/></svg>'
PDF = b"%PDF-1.7 /Type/Pages /Type/Page /Type /Page"


def write_briefs(files: dict[str, Path]) -> None:
    for audience, file in files.items():
        folder = file.with_suffix(".briefs")
        folder.mkdir()
        for name in brief_files(audience):
            words = PAGES[Path(name).stem[-2:]]
            (folder / name).write_bytes(PDF if name.endswith(".pdf") else PAGE.format(words).encode())


def failures(judgement: Judgement) -> dict[str, set[str]]:
    """{audience: expectations that fail}"""
    found: dict[str, set[str]] = {"public": set(), "secretariat": set()}
    for result in judgement.results:
        for place in result.places:
            found[place["audience"]].add(result.expectation_id)
    return found


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The minimum of FJ is five items, and it shares totals with the public: as these files have it."""
    sharing = load_members(settings)["FJ"].sharing
    assert (sharing.minimum_cell_items, str(sharing.public)) == (5, "totals")
    return settings


def test_good_files_pass_and_are_let_go_of(settings: Settings, tmp_path: Path) -> None:
    files = write(tmp_path)
    judgement = run.judge_publication(settings, files)
    assert failures(judgement) == {"public": set(), "secretariat": set()}
    assert judgement.is_passed
    assert judgement.held == ()
    suites = [published.expectations(load_members(settings), audience) for audience in files]
    every_id = {each.expectation_id for suite in suites for part in suite for each in part}
    every_id |= {each.expectation_id for each in briefs.EXPECTATIONS}
    assert {result.expectation_id for result in judgement.results} == every_id
    with duckdb.connect(str(files["public"])) as connection:
        assert connection.execute("select count(*) from catalogue").fetchall() == [(1,)]


def test_files_judged_at_once_are_judged_as_one_after_the_other(settings: Settings, tmp_path: Path) -> None:
    files = write(tmp_path, *(f"{spoil} time_period = '{month}'" for month, (spoil, *_) in FIGURES.items()))
    with Processes() as processes:
        at_once = run.judge_publication(settings, files, processes)
    assert at_once == run.judge_publication(settings, files)
    assert all(failures(at_once).values())


def test_tables_and_columns_that_are_missing_or_do_not_belong(settings: Settings, tmp_path: Path) -> None:
    files = write(
        tmp_path,
        "alter table coverage drop status",
        "create table notes as select 1 as note",
        "create table if not exists receipts as select 'fj-1' as extract_id, 'FJ' as member_code",
        "alter table indicators add base_items bigint",
        "alter table busiest_days add item_id varchar",
        "drop table ports; create view ports as select 'FJSUV' as port_code, 'FJ' as member_code",
    )
    judgement = run.judge_publication(settings, files)
    assert not judgement.is_passed
    found = {
        (place["audience"], result.expectation_id, place["table_name"], place.get("column_name"))
        for result in judgement.results
        for place in result.places
    }
    of_both = {
        ("E301", "coverage", "status"),
        ("E302", "notes", "note"),
        ("E303", "indicators", "base_items"),
        ("E303", "busiest_days", "item_id"),
        ("E304", "ports", None),
    }
    # Single extracts are the secretariat's alone.
    of_public = {
        ("E302", "receipts", "extract_id"),
        ("E302", "receipts", "member_code"),
        ("E303", "receipts", "extract_id"),
    }
    assert found == {
        *(("public", *fault) for fault in of_both | of_public),
        *(("secretariat", *fault) for fault in of_both),
    }


def test_what_a_file_holds_is_not_judged_while_its_structure_is_wrong(
    settings: Settings, tmp_path: Path
) -> None:
    judgement = run.judge_publication(settings, write(tmp_path, "drop table indicators"))
    assert {result.expectation_id for result in judgement.results} == {"E301", "E302", "E303", "E304"}
    assert failures(judgement) == {"public": {"E301"}, "secretariat": {"E301"}}


def test_each_faulty_figure_is_found_in_its_month_and_nowhere_else(
    settings: Settings, tmp_path: Path
) -> None:
    spoil = [
        f"{statement} member_code = 'FJ' and time_period = '{month}'"
        for month, (statement, _, _) in FIGURES.items()
    ]
    in_the_region = "update indicators set obs_value = 4 where member_code = '_T' and time_period = '2025-09'"
    judgement = run.judge_publication(settings, write(tmp_path, *spoil, in_the_region))
    found: dict[tuple[str, str], set[str]] = {}
    for result in judgement.results:
        for place in result.places:
            found.setdefault((place["audience"], place["time_period"]), set()).add(result.expectation_id)
    expected = {("public", month): of_public for month, (_, of_public, _) in FIGURES.items()}
    expected |= {("secretariat", month): of_both for month, (_, _, of_both) in FIGURES.items() if of_both}
    assert found == expected | {("public", "2025-09"): {"E331"}}


def test_other_tables_keep_what_they_promise(settings: Settings, tmp_path: Path) -> None:
    files = write(
        tmp_path,
        "update ports set name = 'see /srv/parcels/landing'",
        r"update channels set name_en = 'D:\parcels'",
        "update catalogue set last_time_period = '2026-01', extracts_in_force = 13",
        "update busiest_days set items = 4",
    )
    judgement = run.judge_publication(settings, files)
    assert failures(judgement) == {
        "public": {"E318", "E319", "E332"},
        "secretariat": {"E318", "E319", "E321"},
    }
    (paths,) = (result for result in judgement.results if result.expectation_id == "E318")
    assert {place["table_name"] for place in paths.places} == {"ports", "channels"}


# Of one measure: stages counted (full, partial, pilot, none), whom the terms name, the stages that are shown.
NOBODY: dict[str, str] = {}
COUNTS = [
    ((2, 2, 0, 0), NOBODY, False),
    ((0, 0, 0, 0), NOBODY, False),
    ((2, 1, 0, 0), NOBODY, True),  # three are too few: one of them sees the two others
    ((3, 1, 0, 0), NOBODY, True),  # who is partial knows that all the others are full
    ((0, 0, 0, 9), NOBODY, True),
    ((1, 0, 0, 0), {"FJ": "FULL"}, False),  # nobody is hidden
    ((3, 2, 0, 0), {"FJ": "FULL"}, False),
    ((2, 2, 0, 0), {"FJ": "FULL"}, True),  # three are left
    ((3, 2, 0, 0), {"FJ": "PARTIAL"}, True),  # three full and one partial are left
]


@pytest.mark.parametrize(("counts", "named", "is_told"), COUNTS)
def test_a_count_of_progress_tells_of_no_member_that_is_not_named(
    tmp_path: Path, settings: Settings, counts: tuple[int, ...], named: dict[str, str], is_told: bool
) -> None:
    numbers = ", ".join(map(str, counts))
    spoil = [
        "insert into progress_counts values ('WTO_TFA', '7.1', '2025-Q4', '2025-Q4', "
        f"{numbers}, 0, 0, {sum(counts)}, 'F')"
    ]
    for code, stage in named.items():
        spoil += [
            f"insert into sharing_terms values ('{code}', 'public', 'PROGRESS', 'detail', 5)",
            f"insert into progress_stages values "
            f"('{code}', 'WTO_TFA', '7.1', '2025-Q4', '{stage}', date '2025-11-01', 'SELF', true)",
        ]
    judgement = run.judge_publication(settings, write(tmp_path, *spoil))
    # In the member files nobody has agreed to be named: a stage with a name is found apart.
    assert failures(judgement)["public"] - {"E334"} == ({"E335"} if is_told else set())
    assert ("E334" in failures(judgement)["public"]) == bool(named)
    assert failures(judgement)["secretariat"] == set()


def test_a_project_that_is_withheld_has_no_name(settings: Settings, tmp_path: Path) -> None:
    files = write(tmp_path, "insert into progress_projects (project, conf_status) values ('Of Tonga', 'C')")
    judgement = run.judge_publication(settings, files)
    assert failures(judgement) == {"public": {"E336"}, "secretariat": set()}


def test_what_a_member_writes_in_an_action_holds_no_publication_up(
    settings: Settings, tmp_path: Path
) -> None:
    files = write(tmp_path, "insert into progress_projects (donor) values ('see /srv/parcels/landing')")
    assert run.judge_publication(settings, files).is_passed


def test_a_member_s_file_tells_of_no_extract_and_no_office_of_another(
    settings: Settings, tmp_path: Path
) -> None:
    def judged(*statements: str) -> set[str]:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.duckdb"
        with duckdb.connect(str(path)) as connection:
            for statement in (
                EVERYONE.format(audience="member_fj", december="3, 'A', 'F'"),
                OF_WORK,
                *statements,
            ):
                connection.execute(statement)
        write_briefs({"member_fj": path})
        results = run.judge_publication(settings, {"member_fj": path}).results
        return {result.expectation_id for result in results if result.places}

    assert judged() == set()
    assert judged("insert into rejections values ('WS', 'R101', 1)") == {"E341"}
    assert judged("alter table receipts add extract_id varchar") == {"E303"}


def test_a_catalogue_of_another_audience_and_no_figures(settings: Settings, tmp_path: Path) -> None:
    files = write(tmp_path, "update catalogue set audience = 'public'", "truncate indicators")
    assert failures(run.judge_publication(settings, files)) == {
        "public": {"E312"},
        "secretariat": {"E311", "E312"},
    }


def test_a_brief_that_is_missing_large_silent_or_reaches_out(settings: Settings, tmp_path: Path) -> None:
    files = write(tmp_path)
    public, secretariat = (files[audience].with_suffix(".briefs") for audience in ("public", "secretariat"))
    (public / "brief_fr.pdf").unlink()
    (public / "progress_en.html").unlink()
    (secretariat / "progress_fr.pdf").write_bytes(PDF * 2)
    (public / "brief_en.pdf").write_bytes(PDF + b"/Type/Page")
    with (public / "brief_en.html").open("ab") as page:
        page.write(b"x" * 100_000)  # compresses to nearly nothing
    with (public / "brief_fr.html").open("a", encoding="utf-8") as page:
        page.write(" ".join(str(10_007**4 * number % 1_000_003) for number in range(2_800)))  # does not
    (secretariat / "brief_en.html").write_text(PAGE.format("figures"), encoding="utf-8")
    (secretariat / "brief_fr.html").write_text(
        PAGE.format(PAGES["fr"]) + "<script></script>", encoding="utf-8"
    )

    results = run.judge_publication(settings, files).results

    found = {
        (result.expectation_id, place["audience"], place["kind"], place["language"], place["form"])
        for result in results
        for place in result.places
    }
    assert found == {
        ("E351", "public", "parcels", "fr", "pdf"),
        ("E351", "public", "progress", "en", "html"),
        ("E352", "public", "parcels", "en", "html"),
        ("E352", "public", "parcels", "fr", "html"),
        ("E353", "secretariat", "parcels", "fr", "html"),
        ("E354", "secretariat", "parcels", "en", "html"),
        ("E355", "public", "parcels", "en", "pdf"),
        ("E355", "secretariat", "progress", "fr", "pdf"),
    }


@pytest.mark.parametrize(
    ("page", "count"),
    [
        (PAGE, 0),
        ('<style>p{background:url(#a)}</style><a href="#notes">notes</a>', 0),
        ("<style>p{background:url(a.png)}</style>", 1),
        ("<style>@import 'a.css'</style>", 1),
        ('<a href="notes.html">notes</a>', 1),
        ("<body onload=run()>", 1),
        ('<img src="a.png">', 2),
        ('<script src="https://example.org/a.js"></script>', 3),
        ("see http://example.org", 1),
    ],
)
def test_what_reaches_out_of_a_page_is_counted(page: str, count: int) -> None:
    assert briefs.outside_count(page) == count


def test_real_data_must_not_be_called_synthetic(settings: Settings, tmp_path: Path) -> None:
    files = write(tmp_path, "update catalogue set is_synthetic = false")
    assert failures(run.judge_publication(settings, files)) == {"public": {"E354"}, "secretariat": {"E354"}}
