"""Chance that is the same everywhere: from names by SHA-256 for plans, from numbers by SQL for rows."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Iterable, Mapping
from statistics import NormalDist

from pacific_parcels.demo.profile import SIGMA
from pacific_parcels.layout import quoted

DRAW_BITS = 20
DRAWS = 1 << DRAW_BITS
DRAW_NAMES = (
    *("channel", "port", "currency", "goods", "origin", "flight", "ship", "week", "value", "mass"),
    *("lane", "basis", "inspected", "result", "outcome", "hour", "lodged", "posted", "advance", "ahead"),
    *("release", "second", "no origin", "direct", "hub", "no hs", "no mass", "pieces", "letter", "text"),
    "invented",
)
QUANTILE_BITS = 8


def number_of(*names: object) -> int:
    """A number from 0 to 2**64 that follows from names."""
    return int.from_bytes(hashlib.sha256("|".join(map(str, names)).encode()).digest()[:8], "big")


def share_of(*names: object) -> float:
    """A number from 0 to below 1 that follows from names."""
    return number_of(*names) / (1 << 64)


def draw(name: str) -> str:
    """A column of each row: a number from 0 to DRAWS - 1 for each name of DRAW_NAMES."""
    return f"draw_{DRAW_NAMES.index(name)}"


def draws() -> str:
    """The columns of `draw`, from the two hashes of each row, h1 and h2 of 32 bits."""
    columns = []
    for name in DRAW_NAMES:
        first, second = (number_of("draw", name, turn) & 0x7FFFFFF | 1 for turn in (1, 2))
        columns.append(f"((h1 * {first} + h2 * {second}) >> 24) & {DRAWS - 1} as {draw(name)}")
    return ", ".join(columns)


def part(name: str, span: str | int) -> str:
    """A number from 0 to span - 1 for each row."""
    return f"(({draw(name)} * ({span})) >> {DRAW_BITS})"


def happens(name: str, pct: float) -> str:
    """True for this percentage of the rows."""
    return f"({draw(name)} < {round(DRAWS * pct / 100)})"


def choice(name: str, weights: Mapping[str, float]) -> str:
    """One of the keys, which are SQL already; null where there is none."""
    total, reached, drawn = sum(weights.values()), 0.0, draw(name)
    if not total:
        return "null"
    branches = []
    for value, weight in weights.items():
        reached += weight
        branches.append((round(DRAWS * reached / total), value))
    *all_but_last, (_, last) = branches
    if not all_but_last:
        return last
    cases = " ".join(f"when {drawn} < {end} then {value}" for end, value in all_but_last)
    return f"case {cases} else {last} end"


def text_choice(name: str, weights: Mapping[str, float]) -> str:
    """One of the keys, which are texts; null where there is none."""
    chosen = choice(name, {quoted(value): weight for value, weight in weights.items()})
    return f"cast({chosen} as varchar)"


def listed(values: Iterable[int], index: str) -> str:
    """The element of a list of numbers; the first has the index 1."""
    return f"[{', '.join(map(str, values))}][{index}]"


def quantile_factor(name: str) -> str:
    """A log-normal factor in ten thousandths (median 10,000): a list of quantiles, straight lines between."""
    normal, count = NormalDist(), (1 << QUANTILE_BITS) + 1
    points = [
        round(10_000 * math.exp(SIGMA * normal.inv_cdf((point + 0.5) / count))) for point in range(count)
    ]
    slopes = [after - before for before, after in itertools.pairwise(points)]
    bits, drawn = DRAW_BITS - QUANTILE_BITS, draw(name)
    index = f"1 + ({drawn} >> {bits})"
    rest = f"({drawn} & {(1 << bits) - 1})"
    return f"({listed(points, index)} + (({listed(slopes, index)} * {rest}) >> {bits}))"
