"""The log of who opened what: whatever is done to it later is found, and several may write at once."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacific_parcels import audit_log, cli
from pacific_parcels.audit_log import record, verify

OCTOBER = datetime(2026, 10, 31, 23, 59, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 1, 0, 1, tzinfo=UTC)


def write(directory: Path, *, october: int = 3, november: int = 3) -> None:
    for number in range(october + november):
        record(
            directory,
            "OPENED",
            account=f"person-{number}",
            audience="member_fj",
            run_id="20260420T090000Z",
            now=OCTOBER if number < october else NOVEMBER,
        )


def lines_of(file: Path) -> list[bytes]:
    return file.read_bytes().splitlines(keepends=True)


def all_lines(directory: Path) -> list[bytes]:
    return [line for file in sorted(directory.glob("*.jsonl")) for line in lines_of(file)]


def test_a_log_is_whole_as_it_was_written(tmp_path: Path) -> None:
    assert verify(tmp_path / "none").lines == 0
    write(tmp_path)
    assert [file.name for file in sorted(tmp_path.glob("*.jsonl"))] == ["2026-10.jsonl", "2026-11.jsonl"]
    verdict = verify(tmp_path)
    assert (verdict.lines, verdict.broken_at) == (6, None)
    entry = json.loads(all_lines(tmp_path)[0])
    assert entry == {
        "time": "2026-10-31T23:59:00.000+00:00",
        "event": "OPENED",
        "account": "person-0",
        "audience": "member_fj",
        "run_id": "20260420T090000Z",
        "subject": None,
        "previous": "0" * 64,
    }
    assert {oct(file.stat().st_mode & 0o777) for file in tmp_path.iterdir()} == {"0o600"}


@pytest.mark.parametrize("file", ["2026-10.jsonl", "2026-11.jsonl"])
@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("attack", ["edit", "delete", "swap", "repeat", "insert"])
def test_an_edit_a_deletion_another_order_and_an_insertion_are_found(
    attack: str, which: int, file: str, tmp_path: Path
) -> None:
    write(tmp_path)
    path = tmp_path / file
    lines = lines_of(path)
    if attack == "edit":
        lines[which] = lines[which].replace(b"member_fj", b"member_to")
    elif attack == "delete":
        del lines[which]
    elif attack == "swap":
        other = (which + 1) % 3
        lines[which], lines[other] = lines[other], lines[which]
    elif attack == "repeat":
        lines.insert(which, lines[which])
    else:
        lines.insert(which, json.dumps(json.loads(lines[which]) | {"account": "somebody"}).encode() + b"\n")
    path.write_bytes(b"".join(lines))
    assert verify(tmp_path).broken_at is not None


@pytest.mark.parametrize("taken", range(1, 7))
def test_lines_taken_from_the_end_are_found_and_stay_found(taken: int, tmp_path: Path) -> None:
    write(tmp_path)
    kept = all_lines(tmp_path)[:-taken]
    (tmp_path / "2026-10.jsonl").write_bytes(b"".join(kept[:3]))
    (tmp_path / "2026-11.jsonl").write_bytes(b"".join(kept[3:]))
    for path in tmp_path.glob("*.jsonl"):
        if not path.stat().st_size:
            path.unlink()
    verdict = verify(tmp_path)
    assert verdict.broken_at is not None
    assert "gone from the end" in verdict.broken_at
    # As many lines written after it, and more, do not hide it.
    for _ in range(taken + 2):
        record(tmp_path, "OPENED", account="later", now=NOVEMBER)
    assert verify(tmp_path).broken_at is not None


def test_a_whole_month_gone_is_found(tmp_path: Path) -> None:
    for gone in ("2026-10.jsonl", "2026-11.jsonl"):
        directory = tmp_path / gone
        write(directory)
        (directory / gone).unlink()
        assert verify(directory).broken_at is not None


@pytest.mark.parametrize("head", [None, b"", b"{}", b'{"lines": 3, "last": "aa"}', b"[]"])
def test_a_head_that_is_gone_or_another_is_found(head: bytes | None, tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "head.json").unlink()
    if head is not None:
        (tmp_path / "head.json").write_bytes(head)
    assert str(verify(tmp_path).broken_at).startswith("head.json: ")
    record(tmp_path, "OPENED", account="later", now=NOVEMBER)
    assert str(verify(tmp_path).broken_at).startswith("head.json: ")


def test_a_log_that_was_written_anew_with_its_head_does_not_hold_the_hash_noted_elsewhere(
    tmp_path: Path,
) -> None:
    write(tmp_path / "true")
    noted = verify(tmp_path / "true").last
    record(tmp_path / "true", "OPENED", account="later", now=NOVEMBER)
    assert verify(tmp_path / "true", noted).has_hash
    write(tmp_path / "anew", november=2)
    verdict = verify(tmp_path / "anew", noted)
    assert (verdict.broken_at, verdict.has_hash) == (None, False)


@pytest.mark.parametrize("october", [1, 2])
@pytest.mark.parametrize("left", [1, 40])
def test_a_line_that_a_crash_left_half_written_is_cut_off_and_the_log_is_whole(
    left: int, october: int, tmp_path: Path
) -> None:
    write(tmp_path, october=october, november=0)
    before = all_lines(tmp_path)
    tail = b'{"time": "2026-11-01T00:01:00.000+00:00", "event": "OPENED", "account": "x"'[:left]
    (tmp_path / "2026-11.jsonl").write_bytes(tail)
    assert verify(tmp_path).broken_at is not None
    record(tmp_path, "OPENED", account="later", now=NOVEMBER)
    assert all_lines(tmp_path)[:-1] == before
    assert (verify(tmp_path).lines, verify(tmp_path).broken_at) == (october + 1, None)


def test_a_crash_in_the_very_first_line_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(handle: int, content: bytes, write: Callable[[int, bytes], int] = os.write) -> int:
        write(handle, content[:20])
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(audit_log.os, "write", half)
        with pytest.raises(KeyboardInterrupt):
            record(tmp_path, "OPENED", account="first", now=NOVEMBER)
    assert len(all_lines(tmp_path)[0]) == 20
    record(tmp_path, "OPENED", account="second", now=NOVEMBER)
    assert (verify(tmp_path).lines, verify(tmp_path).broken_at) == (1, None)


def test_half_a_line_in_a_log_that_was_cut_short_stays_as_evidence(tmp_path: Path) -> None:
    write(tmp_path, october=0, november=3)
    path = tmp_path / "2026-11.jsonl"
    path.write_bytes(b"".join(lines_of(path)[:1]) + lines_of(path)[1][:30])
    half = lines_of(path)[1]
    record(tmp_path, "OPENED", account="later", now=NOVEMBER)
    assert half + b"\n" in lines_of(path)
    assert verify(tmp_path).broken_at is not None


def test_a_crash_between_a_line_and_its_head_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, october=0, november=2)

    def crash(directory: Path, head: audit_log.Head) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(audit_log, "_write_head", crash)
        with pytest.raises(KeyboardInterrupt):
            record(tmp_path, "OPENED", account="third", now=NOVEMBER)
    assert (verify(tmp_path).lines, verify(tmp_path).broken_at) == (3, None)
    record(tmp_path, "OPENED", account="fourth", now=NOVEMBER)
    assert (verify(tmp_path).lines, verify(tmp_path).broken_at) == (4, None)
    assert json.loads((tmp_path / "head.json").read_bytes())["lines"] == 4


def test_a_clock_that_was_set_back_goes_on_in_the_same_file(tmp_path: Path) -> None:
    record(tmp_path, "OPENED", account="a", now=NOVEMBER)
    record(tmp_path, "OPENED", account="b", now=OCTOBER)
    assert [file.name for file in tmp_path.glob("*.jsonl")] == ["2026-11.jsonl"]
    assert verify(tmp_path).broken_at is None


def write_many(directory: Path, name: str) -> None:
    for number in range(40):
        record(directory, "EXPORTED", account=name, subject=f"file-{number}")


def test_several_processes_write_at_once_and_no_line_is_lost(tmp_path: Path) -> None:
    start = multiprocessing.get_context("fork" if os.name == "posix" else "spawn")
    writers = [start.Process(target=write_many, args=(tmp_path, f"writer-{who}")) for who in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0] * 4
    assert (verify(tmp_path).lines, verify(tmp_path).broken_at) == (160, None)
    accounts = [json.loads(line)["account"] for line in all_lines(tmp_path)]
    assert {name: accounts.count(name) for name in set(accounts)} == {f"writer-{who}": 40 for who in range(4)}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_byte_changed_anywhere_is_found(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    directory = tmp_path_factory.mktemp("log")
    write(directory, october=1, november=1)
    file = data.draw(st.sampled_from(sorted(directory.glob("*.jsonl"))))
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    file.write_bytes(content)
    assert verify(directory).broken_at is not None


def test_the_command_says_whether_the_log_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PACIFIC_PARCELS_HOME", str(tmp_path))
    monkeypatch.delenv("PACIFIC_PARCELS_SIGN_IN", raising=False)
    write(tmp_path / "audit")
    noted = verify(tmp_path / "audit").last
    assert cli.main(["audit", "verify"]) == 0
    assert f"6 lines, all as they were written; the last has the hash {noted}" in capsys.readouterr().out
    assert cli.main(["audit", "verify", "--holds", noted]) == 0
    assert cli.main(["audit", "verify", "--holds", "a" * 64]) == 1
    assert "lines were taken away or written anew" in capsys.readouterr().err
    path = tmp_path / "audit" / "2026-11.jsonl"
    path.write_bytes(b"".join(lines_of(path)[:-1]))
    assert cli.main(["audit", "verify"]) == 1
    assert "head.json: found 5 lines; expected 6" in capsys.readouterr().err
