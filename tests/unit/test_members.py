"""Member files are read strictly: a wrong one is refused by file and key, with what was found."""

from __future__ import annotations

import copy
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from pacific_parcels.errors import MemberFileError
from pacific_parcels.members import HttpsSource, Member, load_members, read_member
from pacific_parcels.settings import PACKAGE, Settings
from tests.small_member import small_member

LINE = {
    "amount": 400,
    "currency": "FJD",
    "basis": "CIF",
    "scope": "BOTH",
    "mode": "EXEMPT_ALL",
    "source": "an act",
}

MEMBER: dict[str, Any] = {
    "code": "ZZ",
    "name": {"en": "Test Islands", "fr": "Îles d’essai"},
    "currency": "FJD",
    "time_zone": "Pacific/Fiji",
    "languages": ["en"],
    "extracts": {
        "items": {
            "file": "zz-{yyyymm}.csv",
            "layouts": [
                {
                    "valid_from": "2019-01",
                    "format": "delimited",
                    "columns": {
                        "item_id": "Item",
                        "channel_code": {"column": "Mode", "lookup": {"Post": "POSTAL_PARCEL"}},
                        "declared_value": "Value",
                        "declared_currency_code": {"constant": "FJD"},
                        "arrival_date": "Arrived",
                    },
                }
            ],
        }
    },
}


def member_file(directory: Path, content: dict[str, Any], name: str = "zz.yml") -> Path:
    path = directory / name
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def changed(*keys: str | int, to: Any) -> dict[str, Any]:
    """The member of this file with one value changed; the keys lead to it."""
    content = copy.deepcopy(MEMBER)
    place: Any = content
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = to
    return content


LAYOUT = ("extracts", "items", "layouts", 0)


def test_a_correct_file_is_read(tmp_path: Path) -> None:
    member = read_member(member_file(tmp_path, MEMBER))

    assert member.code == "ZZ"
    assert member.name.fr == "Îles d’essai"
    assert member.is_oco_member
    assert member.de_minimis == ()
    assert (str(member.sharing.public), member.sharing.minimum_cell_items) == ("totals", 5)
    assert member.sharing.peers == member.sharing.public
    layout = member.extracts["items"].layouts[0]
    assert layout.columns["item_id"].column == "Item"
    assert layout.source_columns == ["Item", "Mode", "Value", "Arrived"]


@pytest.mark.parametrize(
    ("content", "key", "words"),
    [
        (changed("colour", to="blue"), "colour", "Extra inputs are not permitted"),
        (changed("name", "de", to="Testinseln"), "name.de", "Extra inputs are not permitted"),
        (changed("name", to={"en": "Test Islands"}), "name.fr", "Field required"),
        (changed("code", to="Fiji"), "code", "Fiji"),
        (changed("currency", to="dollars"), "currency", "dollars"),
        (changed("time_zone", to="Pacific/Atlantis"), "time_zone", "not an IANA time zone"),
        (changed("languages", to=[]), "languages", "at least 1"),
        (changed("de_minimis", to=[{**LINE, "source": ""}]), "de_minimis.0.source", "at least 1 character"),
        (
            changed("de_minimis", to=[{**LINE, "amount": -1}]),
            "de_minimis.0.amount",
            "greater than or equal to 0",
        ),
        (changed("de_minimis", to=[{**LINE, "basis": "CAF"}]), "de_minimis.0.basis", "'CIF'"),
        (
            changed("extracts", "items", "file", to="zz-{week}.csv"),
            "extracts.items.file",
            "{week} is not known",
        ),
        (changed(*LAYOUT, "delimiter", to=";"), "delimiter", "Extra inputs are not permitted"),
        (changed(*LAYOUT, "valid_from", to="2019"), "valid_from", "2019"),
        (
            changed(*LAYOUT, "thousands", to="."),
            "extracts.items.layouts.0",
            "decimal and thousands must differ",
        ),
        (changed(*LAYOUT, "columns", "colour", to="Colour"), "extracts.items.layouts.0", "'colour'"),
        (
            changed(*LAYOUT, "columns", "channel_code", to={"column": "Mode", "lookup": {"Post": "PIGEON"}}),
            "extracts.items.layouts.0",
            "PIGEON",
        ),
        (
            changed(*LAYOUT, "columns", "item_id", to={"column": "Item", "constant": "1"}),
            "columns.item_id",
            "either column, columns or constant",
        ),
        (
            changed(*LAYOUT, "columns", "item_id", to={"constant": "1", "factor": 2}),
            "columns.item_id",
            "a constant takes no lookup",
        ),
        (
            changed(*LAYOUT, "columns", "item_id", to={"column": "Item", "may_be_negative": True}),
            "extracts.items.layouts.0",
            "item_id: may_be_negative is for a column of amounts",
        ),
    ],
)
def test_a_wrong_key_or_value_is_refused_by_file_and_key(
    tmp_path: Path, content: dict[str, Any], key: str, words: str
) -> None:
    path = member_file(tmp_path, content)

    with pytest.raises(MemberFileError) as caught:
        read_member(path)

    assert str(path) in str(caught.value)
    assert key in str(caught.value)
    assert words in str(caught.value)


def test_a_layout_without_a_required_column_is_refused_by_its_name(tmp_path: Path) -> None:
    content = copy.deepcopy(MEMBER)
    del content["extracts"]["items"]["layouts"][0]["columns"]["arrival_date"]

    with pytest.raises(MemberFileError, match=r"required columns \['arrival_date'\] are not mapped"):
        read_member(member_file(tmp_path, content))


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (
            [{**LINE, "valid_to": date(2020, 7, 1)}, {**LINE, "valid_from": date(2020, 8, 1)}],
            "gap between 2020-07-01 and 2020-08-01",
        ),
        (
            [{**LINE, "valid_to": date(2020, 9, 1)}, {**LINE, "valid_from": date(2020, 8, 1)}],
            "overlap between 2020-09-01 and 2020-08-01",
        ),
        ([LINE, LINE], "only the first line may lack valid_from"),
        (
            [{**LINE, "valid_from": date(2021, 1, 1)}, {**LINE, "valid_from": date(2020, 1, 1)}],
            "does not follow 2021-01-01",
        ),
        (
            [{**LINE, "valid_from": date(2021, 1, 1), "valid_to": date(2020, 1, 1)}],
            "valid_to 2020-01-01 is not after valid_from 2021-01-01",
        ),
        # BOTH decides about duty as well: a line of duty alone may not overlap it.
        (
            [
                {**LINE, "valid_to": date(2024, 7, 1)},
                {**LINE, "scope": "DUTY", "valid_from": date(2024, 6, 28)},
            ],
            "DUTY of POSTAL_LETTER: overlap",
        ),
    ],
)
def test_dates_with_a_gap_or_an_overlap_are_refused(
    tmp_path: Path, lines: list[dict[str, Any]], words: str
) -> None:
    with pytest.raises(MemberFileError, match="de_minimis") as caught:
        read_member(member_file(tmp_path, changed("de_minimis", to=lines)))

    assert words in str(caught.value)


def test_lines_of_different_channels_do_not_overlap(tmp_path: Path) -> None:
    lines = [{**LINE, "channels": ["POSTAL_PARCEL"]}, {**LINE, "channels": ["SEA_CARGO"], "amount": 10}]

    member = read_member(member_file(tmp_path, changed("de_minimis", to=lines)))

    assert [line.channels for line in member.de_minimis] == [("POSTAL_PARCEL",), ("SEA_CARGO",)]


def test_taxes_are_dated_as_strictly_and_taxes_of_two_names_stand_side_by_side(tmp_path: Path) -> None:
    vat = {"name": {"en": "VAT", "fr": "TVA"}, "rate_pct": 10, "source": "an act"}
    excise = {"name": {"en": "Excise", "fr": "Accise"}, "rate_pct": 5, "source": "an act"}

    member = read_member(member_file(tmp_path, changed("taxes", to=[vat, excise])))
    assert [tax.rate_pct for tax in member.taxes] == [10, 5]

    with pytest.raises(MemberFileError, match=r"taxes: .*VAT: only the first line may lack valid_from"):
        read_member(member_file(tmp_path, changed("taxes", to=[vat, vat])))


def test_a_capacity_holds_until_the_next_line_of_its_place(tmp_path: Path) -> None:
    lines = [
        {"port": "FJSUV", "items_per_day": 1200, "source": "a letter"},
        {"office": "FJSUV", "valid_from": date(2025, 3, 1), "items_per_day": 90, "source": "a letter"},
        {"port": "FJSUV", "valid_from": date(2025, 7, 1), "items_per_day": 1500, "source": "a letter"},
    ]

    member = read_member(member_file(tmp_path, changed("capacity", to=lines)))

    ends = [(line.port, line.office, line.items_per_day, member.end_of(line)) for line in member.capacity]
    assert ends == [
        ("FJSUV", None, 1200, date(2025, 7, 1)),
        (None, "FJSUV", 90, None),
        ("FJSUV", None, 1500, None),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"port": "FJSUV", "office": "SUVA"}, "give either port or office"),
        ({}, "give either port or office"),
        ({"port": "SUVA"}, "should match pattern"),
        ({"port": "FJSUV", "items_per_day": 0}, "greater than 0"),
        ({"port": "FJSUV", "items_per_day": 12.5}, "valid integer"),
        ({"port": "FJSUV", "source": ""}, "at least 1 character"),
        ({"port": "FJSUV", "staff": 4}, "Extra inputs"),
    ],
)
def test_a_capacity_that_says_too_little_or_too_much_is_refused(
    tmp_path: Path, line: dict[str, Any], said: str
) -> None:
    stated = {"items_per_day": 100, "source": "a letter", **line}

    with pytest.raises(MemberFileError, match=r"capacity.*" + said):
        read_member(member_file(tmp_path, changed("capacity", to=[stated])))


def test_capacities_are_dated_as_strictly(tmp_path: Path) -> None:
    lines = [
        {"port": "FJSUV", "valid_to": date(2025, 3, 1), "items_per_day": 100, "source": "a letter"},
        {"port": "FJSUV", "valid_from": date(2025, 4, 1), "items_per_day": 120, "source": "a letter"},
    ]

    with pytest.raises(MemberFileError, match="port FJSUV: gap between 2025-03-01 and 2025-04-01"):
        read_member(member_file(tmp_path, changed("capacity", to=lines)))


def test_no_member_states_a_capacity_without_a_source(tmp_path: Path) -> None:
    members = load_members(Settings(home=tmp_path)).values()

    assert len(members) >= 24
    assert [member.code for member in members if member.capacity] == []


def test_layouts_out_of_order_are_refused(tmp_path: Path) -> None:
    first = MEMBER["extracts"]["items"]["layouts"][0]
    content = changed("extracts", "items", "layouts", to=[{**first, "valid_from": "2024-01"}, first])

    with pytest.raises(MemberFileError, match="layouts overlap or are out of order"):
        read_member(member_file(tmp_path, content))


def test_a_layout_holds_from_its_start_to_the_next(tmp_path: Path) -> None:
    first = MEMBER["extracts"]["items"]["layouts"][0]
    content = changed(
        "extracts", "items", "layouts", to=[first, {**first, "valid_from": "2024-01", "decimal": ","}]
    )

    items = read_member(member_file(tmp_path, content)).extracts["items"]

    assert items.layout_of("2023-12").decimal == "."
    assert items.layout_of("2024-01").decimal == ","
    assert items.layout_of(None).decimal == ","  # no period in the name: the newest


@pytest.mark.parametrize(
    ("pattern", "name", "covered"),
    [
        ("fj-{period}.csv", "fj-2026-03.csv", ("2026-03", "2026-03")),
        ("fj-{period}.csv", "FJ-2026-03.CSV", ("2026-03", "2026-03")),
        ("fj-{period}.csv", "fj-2026-03.synthetic.csv", ("2026-03", "2026-03")),
        ("fj-{yyyymm}.csv", "fj-202603.csv", ("2026-03", "2026-03")),
        ("fj-{quarter}.csv", "fj-2026-Q2.csv", ("2026-04", "2026-06")),
        ("fj-{year}.csv", "fj-2026.csv", ("2026-01", "2026-12")),
        ("fj-{any}.csv", "fj-last-week.csv", (None, None)),
        ("fj-{yyyymm}.csv", "fj-202613.csv", None),
        ("fj-{yyyymm}.csv", "ws-202603.csv", None),
        ("fj-{yyyymm}.csv", "fj-202603xcsv", None),  # the dot is a dot
    ],
)
def test_the_name_of_an_extract_says_what_it_covers(
    tmp_path: Path, pattern: str, name: str, covered: tuple[str | None, str | None] | None
) -> None:
    member = read_member(member_file(tmp_path, changed("extracts", "items", "file", to=pattern)))

    assert member.extracts["items"].covers(name) == covered


def test_a_file_named_for_another_member_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MemberFileError, match=r"code is ZZ; expected the file to be named zz\.yml"):
        read_member(member_file(tmp_path, MEMBER, name="fj.yml"))


@pytest.mark.parametrize("text", ["code: [", "- a list\n", "", "\x00"])
def test_a_file_that_is_no_mapping_is_refused_by_its_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "zz.yml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(MemberFileError, match=r"zz\.yml"):
        read_member(path)


def test_members_of_a_second_directory_stand_beside_the_packaged_ones(tmp_path: Path) -> None:
    member_file(tmp_path, MEMBER)

    members = load_members(Settings(home=tmp_path, member_directories=(PACKAGE / "members", tmp_path)))

    assert list(members) == sorted(members)
    assert {"FJ", "ZZ"} <= set(members)


def test_two_files_for_one_member_are_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        member_file(tmp_path / name, MEMBER)

    with pytest.raises(MemberFileError, match=r"two.zz\.yml: a second file for ZZ"):
        load_members(Settings(home=tmp_path, member_directories=(tmp_path / "one", tmp_path / "two")))


def test_a_missing_or_an_empty_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MemberFileError, match="no such directory"):
        load_members(Settings(home=tmp_path, member_directories=(tmp_path / "absent",)))
    with pytest.raises(MemberFileError, match="no member file"):
        load_members(Settings(home=tmp_path, member_directories=(tmp_path,)))


def thresholds(member: Member, channel: str, day: date) -> set[tuple[str, Decimal, str]]:
    """Scope, amount and mode of every line in force for a channel on a day."""
    found = set()
    for line in member.de_minimis:
        end = member.ends_of(line).get(channel)
        has_begun = line.valid_from is None or line.valid_from <= day
        if channel in line.channels and has_begun and (end is None or day < end):
            found.add((line.scope, line.amount, line.mode))
    return found


BY_POST_BEFORE = {("BOTH", Decimal(400), "EXEMPT_ALL")}
FROM_2020 = {("BOTH", Decimal(2000), "EXEMPT_AMOUNT")}
FROM_2024 = {("DUTY", Decimal(1000), "EXEMPT_AMOUNT"), ("TAX", Decimal(0), "EXEMPT_ALL")}


# The days on both sides of each change that Fiji made; read from the acts and notices named in fj.yml.
@pytest.mark.parametrize(
    ("day", "channel", "expected"),
    [
        (date(2019, 1, 1), "POSTAL_PARCEL", BY_POST_BEFORE),
        (date(2020, 7, 31), "POSTAL_PARCEL", BY_POST_BEFORE),
        (date(2020, 7, 31), "SEA_CARGO", set()),  # by sea nothing was free yet, and no rule is stated
        (date(2020, 8, 1), "POSTAL_PARCEL", FROM_2020),
        (date(2020, 8, 1), "SEA_CARGO", FROM_2020),
        (date(2024, 6, 27), "EXPRESS_CARRIER", FROM_2020),
        (date(2024, 6, 28), "EXPRESS_CARRIER", FROM_2024),
        (date(2026, 9, 30), "SEA_CARGO", FROM_2024),
    ],
)
def test_the_history_of_fiji_is_answered_by_date(
    day: date, channel: str, expected: set[tuple[str, Decimal, str]]
) -> None:
    fiji = read_member(PACKAGE / "members" / "fj.yml")

    assert thresholds(fiji, channel, day) == expected


@pytest.mark.parametrize(
    ("day", "rate"),
    [
        (date(2023, 7, 31), Decimal(9)),
        (date(2023, 8, 1), Decimal(15)),
        (date(2025, 7, 31), Decimal(15)),
        (date(2025, 8, 1), Decimal("12.5")),
    ],
)
def test_the_vat_of_fiji_is_answered_by_date(day: date, rate: Decimal) -> None:
    fiji = read_member(PACKAGE / "members" / "fj.yml")

    in_force = [tax.rate_pct for tax in fiji.taxes if tax.valid_from is None or tax.valid_from <= day]

    assert in_force[-1] == rate


@pytest.mark.parametrize(
    ("agreed", "name", "covered"),
    [
        ("fj-{period}.csv", "fj-2026-03.csv.gz", ("2026-03", "2026-03")),
        ("fj-{period}.csv", "FJ-2026-03.CSV.ZIP", ("2026-03", "2026-03")),
        ("fj-{period}.csv", "fj-2026-03.zip", ("2026-03", "2026-03")),
        ("fj-{period}.csv", "fj-2026-03.synthetic.csv.gz", ("2026-03", "2026-03")),
        ("fj-{period}.csv", "fj-2026-03.gz", None),
        ("fj-{period}.csv", "fj-2026-03.csv.gz.zip", None),
        ("fj-{period}.csv", "fj-2026-03.csv.7z", None),
        ("fj-{period}.csv", "fj-2026-03.xml.zip", None),
        ("fj-{period}.zip", "fj-2026-03.zip", ("2026-03", "2026-03")),
        ("fj-{year}", "fj-2026.zip", ("2026-01", "2026-12")),
    ],
)
def test_an_archive_is_named_like_what_is_in_it(
    agreed: str, name: str, covered: tuple[str, str] | None
) -> None:
    assert small_member(file=agreed).extracts["items"].covers(name) == covered


SFTP = {"kind": "sftp", "connection": "zz_sftp", "path": "out"}
REPORT = {
    "kind": "https",
    "connection": "zz_asycuda",
    "url": "/report?from={from}&to={to}",
    "file": "zz-{yyyymm}.csv",
}


@pytest.mark.parametrize(
    "source",
    [
        SFTP,
        REPORT,
        {"kind": "folder", "path": "/mnt/zz"},
        {"kind": "s3", "connection": "zz_s3", "bucket": "zz", "path": "parcels/out"},
        {"kind": "s3", "connection": "zz_s3", "bucket": "zz"},
    ],
)
def test_a_source_of_each_kind_is_read(tmp_path: Path, source: dict[str, Any]) -> None:
    member = read_member(member_file(tmp_path, {**MEMBER, "source": source}))

    assert member.source is not None
    assert member.source.model_dump(exclude_defaults=True) == source


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"kind": "ftp", "path": "out"}, "source.*'folder', 'sftp', 's3', 'https'"),
        ({**SFTP, "password": "1234"}, "source.sftp.password"),
        ({**SFTP, "connection": "sftp://user@host"}, "source.sftp.connection"),
        ({"kind": "folder", "path": "out"}, "source.folder.path"),
        # pragma: allowlist nextline secret  # of no server
        ({**REPORT, "url": "https://user:word@host/{from}/{to}"}, "source.https.url"),
        ({**REPORT, "url": "/report?from={from}"}, r"expected the placeholders \{from\} and \{to\}"),
        ({**REPORT, "file": "report-{yyyymm}.csv"}, r"'report-202501.csv'.*zz-\{yyyymm\}.csv \(MONTHLY\)"),
        ({**REPORT, "file": "zz-report.csv"}, "not the file of one whole period"),
    ],
)
def test_a_source_that_cannot_work_is_refused(tmp_path: Path, source: dict[str, Any], said: str) -> None:
    with pytest.raises(MemberFileError, match=said):
        read_member(member_file(tmp_path, {**MEMBER, "source": source}))


def test_a_report_by_quarter_is_asked_for_and_named_by_its_quarter(tmp_path: Path) -> None:
    stream = {**MEMBER["extracts"]["items"], "file": "zz-{quarter}.csv", "cadence": "QUARTERLY"}
    source = {**REPORT, "file": "zz-{quarter}.csv", "dates": "%d/%m/%Y"}
    member = read_member(member_file(tmp_path, {**MEMBER, "extracts": {"items": stream}, "source": source}))

    assert isinstance(member.source, HttpsSource)
    assert member.months_of_report(member.source) == 3
    assert member.source.name_of(date(2026, 4, 1)) == "zz-2026-Q2.csv"
    assert (
        member.source.url_of(date(2026, 4, 1), date(2026, 6, 30)) == "/report?from=01/04/2026&to=30/06/2026"
    )
