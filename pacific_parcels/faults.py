"""What is wrong with an extract: one rule on one column, in how many rows, and the first of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from pacific_parcels.contract import RULES, Level

EXAMPLES = 10  # rows that a fault names


@dataclass(frozen=True)
class Fault:
    """One rule on one column of one extract. `first_rows` are rows as a spreadsheet shows them."""

    rule_id: str
    column: str
    row_count: int
    details: dict[str, str] = field(default_factory=dict)
    first_rows: tuple[int, ...] = ()

    @property
    def level(self) -> Level:
        return RULES[self.rule_id].level
