"""Growth beside what is known of it: the demo grows every member at a rate of its own, drawn by seed.

    python -m tests.benchmarks.growth --seeds 50

For each seed the demo is planned (which member sends how many rows of which month, which of them broken), not
written: the accepted rows are counted from the plan. The statements of the models, as dbt compiles them, make
growth of them. It stands beside

    truth     the growth of all members without noise, whether or not they had begun to send
    bare      the sums of the months as they came, one divided by the other: what growth must not be

Bias is the mean of the error over seeds, spread its standard deviation; both in percentage points. Members
grow at different rates and some begin late: the matched growth knows nothing of a member before it began,
which is a part of its error.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dbt_project.build import compile_models
from pacific_parcels.demo.files import WRITERS
from pacific_parcels.demo.plan import Plan, months_until
from pacific_parcels.members import load_members
from pacific_parcels.settings import Settings
from tests.compiled_models import GROWTH_MODELS, compiled, growth_of

ITEMS, MONTHS, DIRT, UNTIL = 300_000, 49, 0.005, "2026-09"
MONTHS_BACK = {"ITEMS_GROWTH_MOM_PCT": 1, "ITEMS_GROWTH_YOY_PCT": 12, "ITEMS_GROWTH_3Y_PCT": 36}


@dataclass(frozen=True)
class Errors:
    """Errors of one growth over seeds, in percentage points, in the last month of the demo."""

    truth_pct: float
    matched: list[float]
    bare: list[float]

    @staticmethod
    def bias_and_spread(errors: Sequence[float]) -> tuple[float, float]:
        return statistics.fmean(errors), statistics.stdev(errors)


def planned(seed: int) -> Plan:
    settings = Settings(home=Path("nowhere"))
    members = list(load_members(settings).values())
    formats = {name: writer.is_text for name, writer in WRITERS.items()}
    plan = Plan(settings, members, members, seed, months_until(UNTIL, MONTHS), formats)
    plan.spread(ITEMS, DIRT)
    return plan


def accepted(plan: Plan) -> dict[str, list[int | None]]:
    """Member -> rows of each month that break no rule; None where a stream of it has not sent the month."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    sent: dict[tuple[str, str], set[str]] = defaultdict(set)
    streams: dict[str, set[str]] = defaultdict(set)
    for extract in plan.extracts:
        if extract.is_revision:
            continue
        member = extract.series.member.code
        streams[member].add(extract.series.stream_code)
        broken = [item for item, _ in extract.faults]
        for month in extract.months:
            inside = sum(month.first_item <= item < month.first_item + month.rows for item in broken)
            counts[member, month.period] += month.rows - inside
            sent[member, month.period].add(extract.series.stream_code)
    return {
        member: [counts[member, period] if sent[member, period] == codes else None for period in plan.periods]
        for member, codes in streams.items()
    }


def errors_of(statements: Mapping[str, str], seeds: Sequence[int]) -> dict[str, Errors]:
    """Indicator -> its errors in the last month in which all growths can be said."""
    matched: dict[str, list[float]] = defaultdict(list)
    bare: dict[str, list[float]] = defaultdict(list)
    truths: dict[str, list[float]] = defaultdict(list)
    for seed in seeds:
        plan = planned(seed)
        members = accepted(plan)
        found = growth_of(statements, plan.periods, members)
        now = plan.periods[-1]
        for code, months in MONTHS_BACK.items():
            then = plan.periods[-1 - months]
            truth = 100 * (
                sum(plan.expectation(series, now) for series in plan.series)
                / sum(plan.expectation(series, then) for series in plan.series)
                - 1
            )
            figure = found[code, now]
            if figure is None:
                raise SystemExit(f"seed {seed}: no member connects {then} and {now}")
            sums = [sum(series[place] or 0 for series in members.values()) for place in (-1, -1 - months)]
            truths[code].append(truth)
            matched[code].append(figure - truth)
            bare[code].append(100 * (sums[0] / sums[1] - 1) - truth)
    return {code: Errors(statistics.fmean(truths[code]), matched[code], bare[code]) for code in MONTHS_BACK}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.growth",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", type=int, default=50)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as home:
        statements = compiled(compile_models(Settings(home=Path(home)), GROWTH_MODELS), GROWTH_MODELS)
    print(f"SYNTHETIC: {options.seeds} seeds, {ITEMS:,} items in {MONTHS} months up to {UNTIL}")
    heads = f"{'truth %':>9}{'bias':>9}{'spread':>9}{'largest':>9}{'bare: bias':>12}{'spread':>9}"
    print(f"{'growth':<24}{heads}")
    for code, errors in errors_of(statements, range(1, options.seeds + 1)).items():
        bias, spread = Errors.bias_and_spread(errors.matched)
        bare_bias, bare_spread = Errors.bias_and_spread(errors.bare)
        largest = max(errors.matched, key=abs)
        print(
            f"{code:<24}{errors.truth_pct:>9.2f}{bias:>9.2f}{spread:>9.2f}{largest:>9.2f}"
            f"{bare_bias:>12.2f}{bare_spread:>9.2f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
