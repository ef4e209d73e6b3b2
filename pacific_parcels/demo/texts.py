"""From columns of the contract to the texts of a layout: `layout.Statement` the other way round."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from pacific_parcels.contract import COLUMNS_BY_NAME
from pacific_parcels.demo.chance import text_choice
from pacific_parcels.demo.items import Items, invented_columns
from pacific_parcels.demo.profile import GOODS
from pacific_parcels.layout import quoted
from pacific_parcels.members import ColumnSource


@dataclass(frozen=True)
class Text:
    """SQL of the text in a source column, null for none, and the signs that may occur in it."""

    sql: str
    signs: str


class Inversion:
    """From columns of the contract to the texts of a layout: `layout.Statement` the other way round."""

    def __init__(self, items: Items) -> None:
        self.items = items
        self.layout = items.layout

    def texts(self) -> list[Text]:
        """In the order of the layout's source columns, broken where the row is to be."""
        texts: dict[str, Text] = {}
        for name, source in self.layout.columns.items():
            if source.column is not None and source.column not in texts and name not in self.layout.tokens:
                texts[source.column] = self._text(name, source)
        for column, expected in self.layout.expect.items():
            texts.setdefault(column, Text(quoted(expected), expected))
        for number, column in enumerate(invented_columns(self.layout)):
            words = f"SYNTHETIC {column.upper()} "
            texts.setdefault(column, Text(f"concat({quoted(words)}, invented_{number})", words))
        return [self._broken(column, texts[column]) for column in self.layout.source_columns]

    def _broken(self, column: str, text: Text) -> Text:
        wrong = [
            f"when {number} then {fault.texts[column]}"
            for number, fault in enumerate(self.items.faults, 1)
            if column in fault.texts
        ]
        if not wrong:
            return text
        signs = "".join(fault.texts.get(column, "") for fault in self.items.faults).replace("'", "")
        return Text(f"case fault {' '.join(wrong)} else {text.sql} end", text.signs + signs)

    def _text(self, name: str, source: ColumnSource) -> Text:
        column = COLUMNS_BY_NAME[name]
        if source.lookup is not None:
            return self._looked_up(name, source.lookup)
        if column.kind == "decimal":
            return self._number(name, 2 if column.sql_type.endswith(",2)") else 3, source.factor)
        if column.kind in ("date", "timestamp"):
            form = source.format or (self.layout.dates if column.kind == "date" else self.layout.timestamps)
            return Text(f"strftime({name}, {quoted(form)})", re.sub(r"%-?\w", "", form) + "0123456789")
        if column.kind == "text":
            return Text(name, "".join({sign for goods in GOODS for text in goods[:3] for sign in text}))
        return Text(f"cast({name} as varchar)", "")

    def _looked_up(self, name: str, lookup: Mapping[str, str | bool]) -> Text:
        """The first text of each code."""
        texts: dict[str | bool, str] = {}
        for text, code in lookup.items():
            texts.setdefault(code, text)
        if COLUMNS_BY_NAME[name].kind == "text":
            return Text(text_choice("text", dict.fromkeys(lookup, 1.0)), "".join(lookup))
        branches = " ".join(
            f"when {str(code).lower() if isinstance(code, bool) else quoted(code)} then {quoted(text)}"
            for code, text in texts.items()
        )
        return Text(f"case {name} {branches} end", "".join(lookup))

    def _number(self, name: str, scale: int, factor: Decimal | None) -> Text:
        """Cents or grams as the layout writes them: its unit, its decimal sign, its thousands."""
        number, decimals = name, scale
        if factor is not None:
            exponent = factor.adjusted() + (0 if factor == Decimal(1).scaleb(factor.adjusted()) else 1)
            decimals = max(0, scale + exponent)
            ratio = Fraction(10) ** (decimals - scale) / Fraction(factor)
            number = f"(({name} * {2 * ratio.numerator} + {ratio.denominator}) // {2 * ratio.denominator})"
        elif scale == 2 and self._is_in_whole_units(name):
            number, decimals = f"({name} // 100)", 0
        point, group = self.layout.decimal, self.layout.thousands
        unit = 10**decimals
        if group:
            text = f"replace(format('{{:,}}', {number} // {unit}), ',', {quoted(group)})"
            if decimals:
                text = (
                    f"{text} || {quoted(point)} || lpad(cast({number} % {unit} as varchar), {decimals}, '0')"
                )
        elif decimals:
            smallest = f"cast({Decimal(1) / unit} as decimal({decimals}, {decimals}))"
            text = f"cast(cast({number} as decimal(14, 0)) * {smallest} as varchar)"
            text = text if point == "." else f"replace({text}, '.', {quoted(point)})"
        else:
            text = f"cast({number} as varchar)"
        return Text(text, f"0123456789{point}{group}")

    def _is_in_whole_units(self, name: str) -> bool:
        used = self.items.currencies if name == "declared_value" else [self.items.revenue_currency]
        return all(self.items.rates.smallest_cents(currency) == 100 for currency in used)
