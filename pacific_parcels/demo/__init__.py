"""Synthetic extracts for every member, true of no country: what a new user sees first, what benchmarks read.

A file is the member's own layout turned round: its columns, separator, encoding, codes, units, dates and
local times come from the member file, so a new member needs no line here, and no member is named. How trade
in general looks stands in `profile`.

    plan ▸ faults      which files, of how many rows, sent when, broken where and how
    items ▸ rates      items of a batch in columns of the contract, one SELECT, by chance
    texts              the layout turned round: from columns of the contract to the texts of source columns
    files              one writer for each format that can be written, manifests

What they are calibrated to, the only regional figures that are published (PACER Plus, "Customs officers
upskill to improve cross-border e-commerce", 20 March 2025, pacerplus.org): shipments of small parcels grew
by more than 200 % in three years, that is more than threefold or some 44 % a year compounded; about 85 % of
them are worth less than US$100; up to 5,000 arrive a day at some major ports. Where the items asked for are
too few for that, one backlog day of the busiest port has 1.6 % of them. Everything else is plausible and
nothing more: a peak in November and December, flights on some days of the week, origins, channels, values
spread log-normally. Duty and tax are nil up to the member's threshold of the month, where one is known, and
a rate on the rest; goods are released after they arrive.

Some members start late, some miss the last months, some are late; one month of one member is sent again,
revised (`revision/`), and one file arrives a second time as it was (`again/`). About a third of the members
send manifests. A share of the rows is broken on purpose, each row by exactly one of KINDS and never more
than 4 % of a file, so that receipts can be compared with what was written.

The same seed gives the same bytes on every machine: each item follows from seed, member, stream and its
number by arithmetic on integers. The time of each file (its mtime) is the invented moment at which the
member sent it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from pacific_parcels.demo.faults import KINDS
from pacific_parcels.demo.files import WRITERS, send_again, write_unit
from pacific_parcels.demo.plan import MONTHS, Plan, months_until
from pacific_parcels.demo.rates import Rates
from pacific_parcels.errors import MemberFileError, PacificParcelsError
from pacific_parcels.keys import KeyStore
from pacific_parcels.members import Member, load_members
from pacific_parcels.reading import connect
from pacific_parcels.settings import Settings

__all__ = ["KINDS", "DemoSummary", "write_demo"]


@dataclass(frozen=True)
class DemoSummary:
    """What was written.

    files     extracts, the revision and the file that is sent twice included; manifests are not counted
    items     rows of the regular extracts
    rows      rows of all extracts but the copy: what receipts count in all
    broken    rows by kind of KINDS; each of them is one of `rows`
    unserved  members whose format is not one that can be written here
    """

    files: int
    items: int
    rows: int
    broken: dict[str, int]
    unserved: tuple[str, ...] = ()


def write_demo(
    settings: Settings,
    *,
    items: int = 300_000,
    months: int = MONTHS,
    seed: int = 2026,
    dirt: float = 0.005,
    until: str = "2026-09",
    members: Sequence[str] | None = None,
) -> DemoSummary:
    """Write synthetic extracts of `members` (None: all) for the `months` up to `until` into the inbox.

    `dirt` is the share of broken rows; what would go beyond 4 % of a file is left out. A file of the same
    name is replaced, no other one is touched. A member whose file asks for tokens, and that has no key, is
    given one: its persons are invented, so nothing is lost if nobody keeps it.

    Errors: PacificParcelsError when a figure makes no sense, MemberFileError for a member that cannot be
    served, KeyStoreError.
    """
    if items < 0 or months < 1 or not 0 <= dirt <= 1 or not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", until):
        raise PacificParcelsError(
            f"synthetic extracts: found items {items}, months {months}, dirt {dirt}, until {until!r}; "
            "expected items of 0 or more, months of 1 or more, dirt from 0 to 1, until as 2026-09; correct it"
        )
    known = load_members(settings)
    unknown = sorted(set(members or ()) - set(known))
    if unknown:
        raise MemberFileError(
            f"synthetic extracts: found the members {unknown}; expected some of {list(known)}"
        )
    chosen = [member for code, member in known.items() if members is None or code in members]
    formats = {name: writer.is_text for name, writer in WRITERS.items()}
    plan = Plan(settings, chosen, list(known.values()), seed, months_until(until, months), formats)
    plan.spread(items, dirt)
    _make_keys(settings, chosen)
    connection = connect(settings, settings.spill)
    try:
        with ThreadPoolExecutor(settings.threads) as pool:
            rates = Rates()
            written = [pool.submit(write_unit, connection.cursor(), rates, unit) for unit in plan.units()]
            for unit in written:
                unit.result()
    finally:
        connection.close()
    copies = send_again(plan)
    return DemoSummary(
        files=len(plan.extracts) + copies,
        items=sum(extract.rows for extract in plan.extracts if not extract.is_revision),
        rows=sum(extract.rows for extract in plan.extracts),
        broken={kind: plan.broken[kind] for kind in KINDS},
        unserved=tuple(plan.unserved),
    )


def _make_keys(settings: Settings, members: Sequence[Member]) -> None:
    store = KeyStore.of(settings)
    for member in members:
        if member.has_tokens and member.tokens is None and store.current(member.code) is None:
            store.new(member.code, datetime.now(UTC).date())
