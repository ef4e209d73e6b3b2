"""Every format: one module, and a messy sample with its right answer beside it under tests/formats/<name>/.

sample.*        the extract
member.yml      how it is laid out, as a member file says it
expected.json   what reading it must give, worked out by hand: counts, values by currency, rows by rule and
                column, and each accepted item; a column that an item does not name is null
"""

from __future__ import annotations

import gc
import inspect
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from pacific_parcels.contract import COLUMNS, COLUMNS_BY_NAME, SUPPLIED_COLUMNS
from pacific_parcels.errors import ExtractError, MemberFileError
from pacific_parcels.formats import Header, RegularText, Spool, format_names, load_format, read_options
from pacific_parcels.members import Layout, Member, load_members
from pacific_parcels.reading import Value, connect, read_extract
from pacific_parcels.settings import Settings
from tests.small_member import SENT_ON

SAMPLES = Path(__file__).parents[1] / "formats"
FORMATS = format_names()
# Those that do not write files of their own.
SPOOLED = [name for name in FORMATS if hasattr(load_format(name), "Spool")]
EXTRACT_ID = "fj-0"


def missing_files(name: str) -> list[str]:
    """What a format's sample lacks."""
    wanted = ("sample.*", "member.yml", "expected.json")
    return [
        f"tests/formats/{name}/{pattern}"
        for pattern in wanted
        if len(list((SAMPLES / name).glob(pattern))) != 1
    ]


def sample_of(name: str) -> tuple[Path, Member, Layout, dict[str, Any]]:
    (path,) = (SAMPLES / name).glob("sample.*")
    member = Member.model_validate(
        yaml.safe_load((SAMPLES / name / "member.yml").read_text(encoding="utf-8"))
    )
    (layout,) = member.extracts["items"].layouts
    return path, member, layout, json.loads((SAMPLES / name / "expected.json").read_text(encoding="utf-8"))


def layouts_of_members(format_name: str) -> list[Layout]:
    """Every layout of a packaged member that is in a format."""
    return [
        layout
        for member in load_members(Settings(home=Path("unused"))).values()
        for stream in member.extracts.values()
        for layout in stream.layouts
        if layout.format == format_name
    ]


def test_there_are_formats_and_each_has_its_sample() -> None:
    assert len(FORMATS) >= 2
    assert [file for name in FORMATS for file in missing_files(name)] == []
    assert sorted(path.name for path in SAMPLES.iterdir()) == FORMATS, "a sample without its format"


def test_a_format_that_does_not_exist_is_a_fault_of_the_member_file() -> None:
    with pytest.raises(MemberFileError, match=r"found 'punched_cards'; expected one of \['asycuda_manifest'"):
        load_format("punched_cards")


@pytest.mark.parametrize("name", FORMATS)
class TestFormat:
    def test_has_options_that_refuse_what_they_do_not_know(self, name: str) -> None:
        module = load_format(name)

        assert issubclass(module.Options, BaseModel)
        assert read_options(module, {})
        with pytest.raises(MemberFileError, match="unheard_of"):
            read_options(module, {"unheard_of": 1})

    def test_reads_a_header_and_the_rows(self, name: str) -> None:
        module = load_format(name)

        assert list(inspect.signature(module.header).parameters) == ["path", "options"]
        assert list(inspect.signature(module.read).parameters) == ["path", "options", "scratch"]
        assert inspect.signature(module.header, eval_str=True).return_annotation is Header
        assert inspect.signature(module.read, eval_str=True).return_annotation is RegularText

    def test_says_what_it_carries_and_what_it_cannot(self, name: str) -> None:
        words = " ".join((load_format(name).__doc__ or "").split())

        assert "It carries" in words
        assert "cannot carry" in words

    def test_says_what_its_rows_are_numbered_by_and_whether_documents_may_be_joined(self, name: str) -> None:
        module = load_format(name)

        assert module.NUMBERS in ("row", "record")
        assert isinstance(module.JOINS_DOCUMENTS, bool)

    def test_what_it_cannot_carry_is_taken_from_none_of_its_columns(self, name: str) -> None:
        """So that an indicator shows such a figure as missing, not as zero."""
        _, _, layout, _ = sample_of(name)
        cannot = load_format(name).CANNOT_CARRY

        assert set(cannot) <= set(SUPPLIED_COLUMNS)
        for layout_of_member in [layout, *layouts_of_members(name)]:
            assert [
                column
                for column in cannot
                if column in layout_of_member.columns and layout_of_member.columns[column].column is not None
            ] == []

    def test_what_a_draft_takes_from_it_is_there(self, name: str) -> None:
        """A format whose columns are always the same says where those of the contract are."""
        module = load_format(name)
        if not hasattr(module, "COLUMNS"):
            assert not hasattr(module, "USUAL")
            return

        assert set(module.USUAL) <= set(SUPPLIED_COLUMNS) - set(module.CANNOT_CARRY)
        assert set(module.USUAL.values()) <= set(module.COLUMNS)
        for contract, meanings in getattr(module, "MEANINGS", {}).items():
            assert contract in module.USUAL
            assert set(meanings.values()) <= set(COLUMNS_BY_NAME[contract].codes or meanings.values())

    def test_gives_the_columns_and_every_row_of_its_sample(self, name: str, tmp_path: Path) -> None:
        path, _, layout, expected = sample_of(name)
        module = load_format(name)
        options = read_options(module, layout.options)

        columns = module.header(path, options).columns
        assert sorted(columns) == sorted(layout.source_columns)
        text = module.read(path, options, tmp_path)
        assert (text.columns, text.rows) == (columns, expected["counts"]["in"])
        # Bytes that DuckDB is given as they came may turn out irregular: then the format has to number them.
        assert text.has_source_row or hasattr(module, "respool")

    def test_says_on_which_line_of_the_file_a_record_begins(self, name: str, tmp_path: Path) -> None:
        """A spreadsheet numbers rows; nothing numbers the records of a message for those who look for one."""
        path, _, layout, expected = sample_of(name)
        module = load_format(name)

        text = module.read(path, read_options(module, layout.options), tmp_path)

        lines = {}
        if text.lines is not None:
            noted = text.lines.read_text(encoding="ascii").split()
            lines = {int(row): int(line) for row, line in (both.split(",") for both in noted)}
        if module.NUMBERS == "row":
            assert not lines
            return
        rows = {item["source_row"] for item in expected["items"]}
        rows |= {row for key, of_rule in expected["rows_by_rule"].items() if key < "R3" for row in of_rule}
        assert rows <= lines.keys()
        assert set(lines.values()) <= set(range(1, len(path.read_bytes().splitlines()) + 1))

    def test_its_sample_is_messy_on_purpose(self, name: str) -> None:
        """A sample in which nothing is wrong shows little."""
        *_, expected = sample_of(name)
        counts = expected["counts"]
        kinds = ["accepted", "rejected", "warned"]
        # A line of PACComtrade's report has no identifier of its own: its rule R02 keeps two that are equal.
        if name != "paccomtrade":
            kinds.append("duplicate")

        assert min(counts[kind] for kind in kinds) > 0
        assert counts["in"] == counts["accepted"] + counts["rejected"] + counts["duplicate"]
        assert len(expected["items"]) == counts["accepted"]

    def test_its_sample_gives_the_expected_answer(self, name: str, tmp_path: Path) -> None:
        path, member, layout, expected = sample_of(name)
        assert layout.format == name
        (tmp_path / "scratch").mkdir()
        connection = connect(Settings(home=tmp_path), tmp_path / "spill")
        try:
            reading = read_extract(
                connection, member, path, path.name, EXTRACT_ID, SENT_ON, tmp_path / "scratch"
            )
            items = []
            for period, file in reading.accepted_files:
                rows = connection.execute(
                    "select * from read_parquet(?, hive_partitioning = false)", [str(file)]
                )
                names = [column[0] for column in rows.description]
                hive = {"member_code": member.code, "time_period": period}
                items += [hive | dict(zip(names, row, strict=True)) for row in rows.fetchall()]
        finally:
            connection.close()

        assert {kind: getattr(reading, f"rows_{kind}") for kind in expected["counts"]} == expected["counts"]
        assert {value.currency_code: amounts(value) for value in reading.values} == {
            currency: {kind: Decimal(amount) for kind, amount in three.items()}
            for currency, three in expected["values"].items()
        }
        assert reading.items_by_period == expected["items_by_period"]
        faults = {f"{fault.rule_id}:{fault.column}": list(fault.first_rows) for fault in reading.faults}
        assert faults == expected["rows_by_rule"]
        nothing = dict.fromkeys(column.name for column in COLUMNS)
        ours = {"extract_id": EXTRACT_ID, "member_code": member.code}
        assert [as_json(item) for item in sorted(items, key=lambda item: item["source_row"])] == [
            nothing | ours | item for item in expected["items"]
        ]


def test_most_formats_write_into_a_spool() -> None:
    assert len(SPOOLED) >= 8


@pytest.mark.parametrize("name", SPOOLED)
def test_a_reading_that_is_refused_writes_no_more(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It wrote into the spool of the next reading, when what it still held was let go of."""
    path, _, layout, _ = sample_of(name)
    module = load_format(name)
    write = Spool.row

    def write_and_refuse(
        spool: Spool, source_row: int, fields: Sequence[str], line: int | None = None
    ) -> None:
        write(spool, source_row, fields, line)
        raise ExtractError("R019", found="memory", expected="1 MB")

    monkeypatch.setattr(Spool, "row", write_and_refuse)
    with pytest.raises(ExtractError) as caught:
        getattr(module, "respool", module.read)(path, read_options(module, layout.options), tmp_path)
    refused = contents(tmp_path)
    assert len(refused["spool.txt"]) > 0
    del caught
    gc.collect()

    assert contents(tmp_path) == refused


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def amounts(value: Value) -> dict[str, Decimal]:
    return {"accepted": value.accepted, "rejected": value.rejected, "duplicate": value.duplicate}


def as_json(item: dict[str, Any]) -> dict[str, Any]:
    """Amounts as texts with their decimals; days and times as texts."""
    plain = (str, int, bool, list, type(None))
    return {name: value if isinstance(value, plain) else str(value) for name, value in item.items()}
