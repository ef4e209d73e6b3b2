"""An inbox of synthetic extracts and reports, all at once."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any

from pacific_parcels import demo
from pacific_parcels.demo import gap
from pacific_parcels.demo.plan import MONTHS
from pacific_parcels.settings import Settings

# Reports on progress: one a year, where there are two, for one has nothing to be held against.
MONTHS_BETWEEN_GAP_REPORTS = 12


def fill_inbox(order: tuple[Settings, dict[str, Any]]) -> None:
    """Write extracts as wished aside, and move them in at once: half of them would look like a region.

    order    the settings, whose inbox holds no file; what `write_demo` is to be told: items, months …

    Errors: those of `write_demo`.
    """
    settings, wishes = order
    aside = replace(settings, home=settings.home / "demo.unfinished")
    shutil.rmtree(aside.home, ignore_errors=True)
    demo.write_demo(aside, **wishes)
    if wishes.get("months", MONTHS) >= 2 * MONTHS_BETWEEN_GAP_REPORTS:
        of_both = {name: wishes[name] for name in ("months", "seed") if name in wishes}
        gap.write_gap_demo(aside, months_between=MONTHS_BETWEEN_GAP_REPORTS, **of_both)
    for folder in sorted(settings.inbox.rglob("*"), reverse=True):
        folder.rmdir()  # of an inbox without a file
    aside.inbox.replace(settings.inbox)
    shutil.rmtree(aside.home)
