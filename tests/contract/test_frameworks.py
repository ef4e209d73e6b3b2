"""The frameworks that progress is measured against: one file each, both languages, a source each."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from pacific_parcels.errors import PacificParcelsError
from pacific_parcels.frameworks import (
    COLUMNS,
    Framework,
    framework_files,
    frameworks_fingerprint,
    load_frameworks,
    read_framework,
)

FRAMEWORKS = load_frameworks()
HEAD = {
    "code": "NEW", "kind_code": "FRAMEWORK", "name_en": "New", "name_fr": "Nouveau",
    "valid_from": "2024-01-01", "date_precision": "DAY", "is_open": "false",
    "confirmation_code": "CONFIRMED", "source": "A test",
}  # fmt: skip
AREA = {
    "code": "A", "kind_code": "AREA", "name_en": "Area", "name_fr": "Domaine",
    "confirmation_code": "CONFIRMED", "source": "A test",
}  # fmt: skip
MEASURE = AREA | {"code": "M1", "kind_code": "MEASURE", "parent_code": "A"}


def write(path: Path, *rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_those_that_the_region_tracks_are_there() -> None:
    assert set(FRAMEWORKS) >= {
        "WCO_FOS_2018", "WCO_FOS_2022", "WTO_TFA", "WCO_RKC", "EU_PACIFIC_IEPA", "PACIFIC_ECOMMERCE_STRATEGY",
    }  # fmt: skip


def test_the_framework_of_standards_has_eight_principles_and_15_and_16_standards() -> None:
    """DOMAIN.md 1: 15 standards in the edition of 2018, one on data quality added in 2022."""
    older, newer = FRAMEWORKS["WCO_FOS_2018"], FRAMEWORKS["WCO_FOS_2022"]
    assert (len(older.areas), len(newer.areas)) == (8, 8)
    assert (len(older.measures), len(newer.measures)) == (15, 16)
    added = {line.code for line in newer.measures} - {line.code for line in older.measures}
    assert added == {"S_DATA_QUALITY"}
    assert newer.valid_from.isoformat() == "2022-06-24"


def test_names_of_standards_that_no_source_of_ours_confirms_say_so() -> None:
    """The titles of 6 and 8 to 15 are background, and the number of the one of 2022; a source has the
    subject of 6 and 7."""
    found = {line.code: line.confirmation_code for line in FRAMEWORKS["WCO_FOS_2022"].measures}
    assert {code for code, word in found.items() if word == "CONFIRMED"} == {
        "S01",
        "S02",
        "S03",
        "S04",
        "S05",
    }
    assert {code for code, word in found.items() if word == "SUBJECT"} == {"S06", "S07", "S_DATA_QUALITY"}
    assert {code for code, word in found.items() if word == "UNCONFIRMED"} == {
        f"S{number:02d}" for number in range(8, 16)
    }


def test_the_strategy_has_seven_areas_and_says_how_many_of_its_54_measures_are_named() -> None:
    strategy = FRAMEWORKS["PACIFIC_ECOMMERCE_STRATEGY"]
    assert len(strategy.areas) == 7
    assert (strategy.measure_count, strategy.is_open) == (54, True)
    assert [line.code for line in strategy.measures] == ["3.1.5"]


def test_no_heading_of_the_agreement_is_given_for_confirmed() -> None:
    measures = FRAMEWORKS["WTO_TFA"].measures
    assert measures
    assert {line.confirmation_code for line in measures} == {"UNCONFIRMED"}


@pytest.mark.parametrize("framework", FRAMEWORKS.values(), ids=FRAMEWORKS)
class TestFramework:
    def test_has_all_of_its_measures_unless_its_list_is_open(self, framework: Framework) -> None:
        if framework.is_open:
            assert framework.measure_count is None or len(framework.measures) <= framework.measure_count
        else:
            assert len(framework.measures) == framework.measure_count

    def test_every_area_has_measures_where_the_list_is_whole(self, framework: Framework) -> None:
        if not framework.is_open:
            assert {line.code for line in framework.areas} == {
                line.parent_code for line in framework.measures
            }

    def test_an_open_list_says_in_both_languages_that_it_is_one(self, framework: Framework) -> None:
        if framework.is_open:
            assert "open list" in framework.note_en
            assert "Liste ouverte" in framework.note_fr

    def test_its_french_is_typeset_as_french(self, framework: Framework) -> None:
        lines = [framework, *framework.areas, *framework.measures]
        for line in lines:
            for text in (line.name_fr, line.note_fr):
                assert not re.search(r"\S[;!?]|[^\s\d]:|\s[.,]", text), text

    def test_an_unconfirmed_name_says_that_it_is_own_knowledge(self, framework: Framework) -> None:
        for line in framework.measures:
            if line.confirmation_code == "UNCONFIRMED":
                assert "own knowledge" in line.source.lower()


@pytest.mark.parametrize("path", framework_files(), ids=lambda path: path.name)
def test_a_file_is_plain_utf8_without_mark_or_carriage_return(path: Path) -> None:
    content = path.read_bytes()
    assert not content.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in content
    assert "\ufffd" not in content.decode("utf-8")


def test_a_new_framework_is_one_file_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path / "new.csv", HEAD, AREA, MEASURE)
    before = frameworks_fingerprint(tmp_path)

    found = load_frameworks(tmp_path)["NEW"]

    assert (found.name_fr, found.valid_from.year, found.measures[0].code) == ("Nouveau", 2024, "M1")
    write(tmp_path / "other.csv", HEAD | {"code": "OTHER"})
    frameworks_fingerprint.cache_clear()
    assert frameworks_fingerprint(tmp_path) != before


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ([], "no row"),
        ([HEAD | {"code": "OLD"}], "OLD"),
        ([AREA], "kind_code"),
        ([HEAD, HEAD | {"code": "TWO"}], "kind_code"),
        ([HEAD, AREA, AREA], "code 'A'"),
        ([HEAD, AREA, MEASURE | {"parent_code": "B"}], "found B"),
        ([HEAD, AREA, MEASURE | {"parent_code": ""}], "parent_code"),
        ([HEAD, AREA | {"name_fr": " "}], "name_fr"),
        ([HEAD, AREA | {"source": ""}], "source"),
        ([HEAD, AREA | {"confirmation_code": "PERHAPS"}], "PERHAPS"),
        ([HEAD, AREA | {"note_en": "Only in English."}], "note_fr"),
        ([HEAD, AREA | {"valid_from": "2024-01-01"}], "valid_from"),
        ([HEAD | {"valid_from": "2024"}], "valid_from"),
        ([HEAD | {"valid_from": "2024-02-30"}], "2024-02-30"),
        ([HEAD | {"date_precision": "WEEK"}], "WEEK"),
        ([HEAD | {"measure_count": "-1"}], "measure_count"),
        ([HEAD | {"is_open": "yes"}], "is_open"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_row_and_by_what_was_found(
    tmp_path: Path, rows: list[dict[str, str]], named: str
) -> None:
    path = write(tmp_path / "new.csv", *rows)
    with pytest.raises(PacificParcelsError, match=re.escape(named)) as refused:
        read_framework(path)
    assert re.match(
        rf"{re.escape(str(path))}, row [234]: found .*; expected .*; correct the file", str(refused.value)
    )


def test_a_file_with_another_header_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "new.csv", columns=("code", "name_en"))
    with pytest.raises(PacificParcelsError, match=r"row 1: found .*code.*name_en.*expected the columns code"):
        read_framework(path)


def test_an_empty_directory_is_no_region_without_frameworks(tmp_path: Path) -> None:
    with pytest.raises(PacificParcelsError, match="no framework"):
        load_frameworks(tmp_path)
