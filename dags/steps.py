"""What the tasks call: plain functions that run without Airflow, one after the other, in this order.

    member_codes ▸ receive (each member) ▸ problems_of_receiving
    is_publication_due ▸ build_region ▸ judge_vintages ▸ rebuild_without_held ▸ publish
    ▸ mail_briefs ▸ problems_of_publishing

Results are JSON, so that a scheduler can hand them on. Each step can be killed and called again.
Progress goes to the logger `pacific_parcels.progress`: codes, counts and seconds, never a record.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pacific_parcels.errors import GateClosed, PacificParcelsError, Unavailable
from pacific_parcels.settings import Settings

if TYPE_CHECKING:
    from expectations.judgement import Judgement
    from pacific_parcels.members import Member
    from pacific_parcels.processes import Processes

progress = logging.getLogger("pacific_parcels.progress")

Received = tuple[dict[str, Any], float]
"""What became of a member's extracts, and in how many seconds."""

# Of members that other processes receive already.
_ahead: dict[str, Future[Received]] = {}
# What judges in place of this process, if anything does: the one of the main job.
_judges: list[Processes] = []


@contextmanager
def _told(level: int) -> Iterator[None]:
    """Say what went wrong. Only our own errors speak: the text of any other may hold a value of a record."""
    try:
        yield
    except Exception as error:
        is_ours = isinstance(error, PacificParcelsError)
        progress.log(
            level, "%s", error if is_ours else f"{type(error).__name__}: a defect of ours, see the log"
        )
        raise


def member_codes() -> list[str]:
    from pacific_parcels.members import load_members

    return sorted(load_members(Settings.from_environment()))


@contextmanager
def receiving_ahead(processes: Processes) -> Iterator[None]:
    """Within the block members are received two at a time, and `receive` waits for what became of its member.

    For whoever calls `receive` for one member after the other. A member with a source, or with a key in an
    Airflow connection, is received in its turn: only a task can open those.
    """
    from pacific_parcels.members import load_members

    settings = Settings.from_environment()
    members = load_members(settings)
    # The longest first: what is left for the end keeps one process busy and not two.
    for code, member in sorted(members.items(), key=lambda one: -_bytes_in(settings.inbox / one[0].lower())):
        if member.source is None and member.tokens is None:
            _ahead[code] = processes.submit(_receive_local, (settings, member))
            _ahead[code].add_done_callback(partial(_tell_ahead, code))
    try:
        yield
    finally:
        _ahead.clear()


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _receive_local(order: tuple[Settings, Member]) -> Received:
    from pacific_parcels.landing import receive_member

    started = time.monotonic()
    return receive_member(*order).to_dict(), time.monotonic() - started


def _tell_ahead(member_code: str, done: Future[Received]) -> None:
    """A task may wait for another member when this one is done; what failed, its own task tells."""
    if not done.cancelled() and done.exception() is None:
        _tell_received(member_code, *done.result())


def _tell_received(member_code: str, outcome: dict[str, Any], seconds: float) -> None:
    words = _in_words(outcome)
    progress.info("receive  %s  %s  %.1f s", member_code, words, seconds, extra={"outcome": outcome})


@_told(logging.WARNING)  # it may be tried again; problems_of_receiving has the last word
def receive(member_code: str) -> dict[str, Any]:
    """Fetch, land and acknowledge what is new of one member: the outcome as a row.

    What was fetched is landed even when the source then failed. `Unavailable`: it may be better in a moment.
    """
    from pacific_parcels.members import load_members

    settings = Settings.from_environment()
    member = load_members(settings)[member_code]
    ahead = _ahead.pop(member_code, None)  # tried again, it is received here
    if ahead is not None:
        outcome, _ = ahead.result()
        _return_receipts(settings, member)
    else:
        outcome, seconds = _fetch_and_receive(settings, member)
        _tell_received(member_code, outcome, seconds)
    if outcome["status"] == "UNREACHABLE":
        raise Unavailable(outcome["message_en"])
    return outcome


def _fetch_and_receive(settings: Settings, member: Member) -> Received:
    from dags.sources import fetch
    from dags.token_keys import token_key
    from pacific_parcels.landing import receive_member

    started = time.monotonic()
    missed = ""
    try:
        fetched = fetch(settings, member)
    except Unavailable as error:
        missed = str(error)
    outcome = receive_member(settings, member, token_key(member)).to_dict()
    if missed:
        outcome |= {"status": "UNREACHABLE", "message_en": missed}
    else:
        outcome["files_still_growing"] += fetched.still_growing
        _return_receipts(settings, member)
    return outcome, time.monotonic() - started


def _return_receipts(settings: Settings, member: Member) -> None:
    """A receipt that cannot be returned now undoes nothing, and is returned at the next run."""
    from dags.sources import return_receipts

    try:
        return_receipts(settings, member)
    except Unavailable as error:
        progress.warning("Receipts are not returned yet, and will be at the next run: %s", error)


def _in_words(outcome: dict[str, Any]) -> str:
    if outcome["status"] == "NOTHING_NEW":
        return "nothing new"
    words = (
        "{extracts_accepted} extracts accepted, {extracts_refused} refused,"
        " {extracts_seen_before} seen before; {rows_in:,} rows:"
        " {rows_accepted:,} accepted, {rows_rejected:,} rejected, {rows_duplicate:,} duplicate"
    ).format(**outcome)
    return words if outcome["status"] == "OK" else f"{outcome['status']}: {outcome['message_en']} {words}"


def problems_of_receiving(
    expected: Iterable[str] | None, outcomes: Iterable[dict[str, Any]] | None
) -> list[str]:
    """One sentence for each member that could not be received: only tasks that ended well have an outcome."""
    expected = list(expected or [])
    if not expected:
        return _as_errors(["The list of members could not be read: see the task members."])
    by_member = {outcome["member_code"]: outcome for outcome in outcomes or []}
    problems = []
    for member_code in expected:
        outcome = by_member.get(member_code)
        if outcome is None:
            problems.append(
                f"{member_code}: no outcome: its source could not be reached or its task crashed;"
                f" see the log of receive [{member_code}]."
            )
        elif outcome["status"] == "ERRORED":
            problems.append(f"{member_code}: {outcome['message_en']}")
    return _as_errors(problems)


def is_publication_due() -> bool:
    from pacific_parcels.publishing import is_current

    return not is_current(Settings.from_environment())


@contextmanager
def judging_ahead(processes: Processes) -> Iterator[None]:
    """Within the block the processes judge, and work for what is published; they load Great Expectations
    beside the build, and not after it.

    For whoever calls the steps from `build_region` to `publish` one after the other.
    """
    _judges.append(processes)
    try:
        yield
    finally:
        _judges.clear()


def _load_ahead(processes: Processes, count: int) -> None:
    """Have so many processes load Great Expectations, one by one: the build needs a core for itself."""
    from expectations.run import load

    def go_on(done: Future[None]) -> None:
        if not done.cancelled() and done.exception() is None:
            _load_ahead(processes, count - 1)

    if count and _judges:
        processes.submit(_carry_out, (load, ())).add_done_callback(go_on)


def _judged(judge: Callable[..., Judgement], *given: object) -> Judgement:
    if not _judges:
        return judge(*given)
    judgement: Judgement = _judges[0].submit(_carry_out, (judge, given)).result()
    return judgement


def _carry_out(order: tuple[Callable[..., Any], tuple[object, ...]]) -> Any:
    function, given = order
    return function(*given)


@_told(logging.ERROR)
def build_region() -> dict[str, Any]:
    """One dbt build over what is in force, and its documentation: {snapshot, input_fingerprint}."""
    from dbt_project.build import build, publish_docs
    from expectations.run import drop_stale_holds
    from pacific_parcels.processes import COUNT

    settings = Settings.from_environment()
    for processes in _judges:
        _load_ahead(processes, COUNT)
    drop_stale_holds(settings)
    outcome = build(settings)
    publish_docs(settings)
    progress.info(
        "build    %d models, tests and code lists; %d member months new or changed  %5.1f s",
        outcome.nodes,
        outcome.changed_partitions,
        outcome.seconds,
    )
    return {"snapshot": str(outcome.snapshot), "input_fingerprint": outcome.input_fingerprint}


@_told(logging.ERROR)
def judge_vintages(built: dict[str, Any]) -> dict[str, Any]:
    """Judge the vintages in force and hold those that fail: what was built, and {held, quality_results}.

    The holds are written here, and `rebuild_without_held` makes them count.
    """
    from expectations.run import hold
    from expectations.run import judge_vintages as judge

    settings = Settings.from_environment()
    started = time.monotonic()
    judgement = _judged(judge, settings, Path(built["snapshot"]))
    hold(settings, judgement)
    progress.info(
        "judge    %d expectations on the vintages in force; %d vintages held  %5.1f s",
        len(judgement.results),
        len(judgement.held),
        time.monotonic() - started,
    )
    for held in judgement.held:
        progress.warning("held     %s %s: %s", held.extract_id, held.time_period, held.reason_en)
    return {**built, "held": len(judgement.held), "quality_results": judgement.quality_results()}


def rebuild_without_held(judged: dict[str, Any]) -> dict[str, Any]:
    """Build and judge again until nothing is held: a vintage that comes into force by a hold is judged too.

    Each round takes at least one vintage out of force, so it ends.
    """
    while judged["held"]:
        judged = judge_vintages(build_region())
    return judged


@_told(logging.ERROR)
def publish(judged: dict[str, Any]) -> dict[str, Any]:
    """Judge the region and the files that would be published, then move the pointer: {run_id}.

    `GateClosed`: a critical expectation is not met; the previous publication stands, untouched.
    """
    from expectations.run import judge_publication, judge_region
    from pacific_parcels.publishing import commit, stage

    settings = Settings.from_environment()
    started = time.monotonic()
    processes = _judges[0] if _judges else None
    region = _judged(judge_region, settings, Path(judged["snapshot"]))
    _pass_gate(region)
    staged = stage(
        settings,
        Path(judged["snapshot"]),
        [*judged["quality_results"], *region.quality_results()],
        judged["input_fingerprint"],
        processes,
    )
    _pass_gate(judge_publication(settings, staged.files, processes))
    commit(settings, staged)
    progress.info("publish  run %s  %5.1f s", staged.run_id, time.monotonic() - started)
    return {"run_id": staged.run_id}


def mail_briefs() -> dict[str, Any]:
    """Send the briefs of the publication in force to those who have not got them: {sent, waiting}.

    `Unavailable`: some are left for the next run. The publication stands whatever becomes of them.
    """
    from dags.mailing import mail_briefs as mail

    mailed = mail(Settings.from_environment())
    if mailed.sent:
        progress.info("mail     %d briefs: %s", len(mailed.sent), ", ".join(sorted(mailed.sent)))
    if mailed.waiting:
        words = "; ".join(f"{code}: {reason}" for code, reason in sorted(mailed.waiting.items()))
        message = f"Briefs that could not be mailed, and are tried again at the next run: {words}"
        progress.warning("%s", message)
        raise Unavailable(message)
    return {"sent": len(mailed.sent)}


def problems_of_publishing(published: dict[str, Any] | None) -> list[str]:
    if published:
        return []
    return _as_errors(
        ["Nothing was published: the previous publication stands. The task that failed says why."]
    )


def _as_errors(problems: list[str]) -> list[str]:
    for problem in problems:
        progress.error("%s", problem)
    return problems


def _pass_gate(judgement: Judgement) -> None:
    failures = [
        f"{result.expectation_id}: expected: {result.expectation.title_en} Found otherwise:"
        f" {'; '.join(result.described_places(5))}. {result.expectation.remedy_en}"
        for result in judgement.results
        if result.is_critical_failure
    ]
    if failures:
        raise GateClosed(
            f"The previous publication stands, because of the {judgement.suite} suite. {' '.join(failures)}"
        )
