"""The words of `words.yml`, and numbers, months and dates as each language writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from babel.dates import get_month_names

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = ("en", "fr")
NARROW_SPACE = "\u202f"  # French groups thousands with it, and sets % and high punctuation off
NO_BREAK_SPACE = "\u00a0"
MINUS = "\u2212"


@cache
def words() -> dict[str, dict[Language, str]]:
    loaded: dict[str, dict[Language, str]] = yaml.safe_load(
        Path(__file__).with_name("words.yml").read_text(encoding="utf-8")
    )
    return loaded


class Say:
    """One language: `say(key, name=value)` for a sentence, methods for numbers and dates."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, **values: str) -> str:
        text = self.spaced(words()[key][self.language]).format(**values)
        return elided(text) if self.language == "fr" else text

    def spaced(self, text: str) -> str:
        """French signs with the space before them at which no line may break."""
        if self.language == "en":
            return text
        for sign in ";!?":
            text = text.replace(f" {sign}", f"{NARROW_SPACE}{sign}")
        text = text.replace(" :", f"{NO_BREAK_SPACE}:")
        return text.replace("« ", f"«{NO_BREAK_SPACE}").replace(" »", f"{NO_BREAK_SPACE}»")

    def number(self, value: float, decimals: int = 0, *, signed: bool = False) -> str:
        # What rounds to nothing has no sign.
        rounded = round(value, decimals) or 0.0
        text = f"{rounded:{'+' if signed and rounded else ''},.{decimals}f}".replace("-", MINUS)
        if self.language == "fr":
            text = text.replace(",", NARROW_SPACE).replace(".", ",")
        return text

    def percent(self, value: float, *, signed: bool = False) -> str:
        """One decimal below 100, as growth and shares are read; none from there on."""
        text = self.number(value, 0 if abs(value) >= 99.95 else 1, signed=signed)
        return f"{text}{NARROW_SPACE}%" if self.language == "fr" else f"{text}%"

    def counted(self, value: float, unit: str, *, signed: bool = False) -> str:
        """`unit` is points or days; French counts in the singular below two."""
        word = unit if abs(round(value, 1)) >= 2 else unit.removesuffix("s")
        return f"{self.number(value, 1, signed=signed)}{NO_BREAK_SPACE}{self(f'unit.{word}')}"

    def usd(self, value: float) -> str:
        """Whole dollars; from a million on three digits and the unit."""
        millions = value / 1e6
        if abs(millions) < 0.9995:
            text = self.number(value)
            return f"{text}{NO_BREAK_SPACE}${NO_BREAK_SPACE}US" if self.language == "fr" else f"US${text}"
        digits = 2 if abs(millions) < 9.995 else 1 if abs(millions) < 99.95 else 0
        text = self.number(millions, digits)
        return f"{text}{NO_BREAK_SPACE}M${NO_BREAK_SPACE}US" if self.language == "fr" else f"US${text}m"

    def month(self, time_period: str) -> str:
        """`2026-03` as March 2026 or mars 2026."""
        name = get_month_names(locale=self.language)[int(time_period[5:7])]
        return f"{name}{NO_BREAK_SPACE}{time_period[:4]}"

    def short_month(self, time_period: str) -> str:
        name = get_month_names("abbreviated", locale=self.language)[int(time_period[5:7])]
        return f"{name}{NO_BREAK_SPACE}{time_period[:4]}"

    def quarter(self, time_period: str) -> str:
        """`2026-Q3` as Q3 2026 or 3e trimestre 2026."""
        if self.language == "en":
            return self.short_quarter(time_period)
        year, number = time_period.split("-Q")
        return f"{number}{'er' if number == '1' else 'e'}{NO_BREAK_SPACE}trimestre{NO_BREAK_SPACE}{year}"

    def short_quarter(self, time_period: str) -> str:
        year, number = time_period.split("-Q")
        return f"{'Q' if self.language == 'en' else 'T'}{number}{NO_BREAK_SPACE}{year}"

    def date(self, day: date) -> str:
        number = "1er" if self.language == "fr" and day.day == 1 else str(day.day)
        return f"{number}{NO_BREAK_SPACE}{get_month_names(locale=self.language)[day.month]} {day.year}"

    def listed(self, parts: Iterable[str]) -> str:
        """One after the other, each of which may hold commas."""
        return self.spaced(" ; ").join(parts) if self.language == "fr" else "; ".join(parts)

    def together(self, parts: Iterable[str]) -> str:
        """A, B and C."""
        *first, last = parts
        if not first:
            return last
        return f"{', '.join(first)} {'et' if self.language == 'fr' else 'and'} {last}"


def elided(french: str) -> str:
    """Before a month that begins with a vowel French drops one: d’octobre, d’août, d’avril."""
    return re.sub(r"\b([dD])e (?=avr|août|oct)", r"\1’", french)
