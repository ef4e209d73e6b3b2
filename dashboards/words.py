"""Every sentence, number and date that a person reads, in English and in French.

The sentences are those of the gettext catalogue `locales/fr.po`: each under the name by which the code asks
for it, in English and in French. The tests fail on a sentence that is untranslated, fuzzy, unused or missing.
Families of names (`obs_status.P`, …) are read through `Words.term`.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from babel.dates import get_month_names
from babel.messages.pofile import read_po

from pacific_parcels.briefs.words import elided

LANGUAGES = ("en", "fr")
LANGUAGE_NAMES = {"en": "English", "fr": "Français"}
CATALOGUE = Path(__file__).resolve().parent / "locales" / "fr.po"

THIN_SPACE = "\u202f"  # French groups thousands with a narrow no-break space and sets % and $ off with one
NO_BREAK_SPACE = "\u00a0"
# By language and width, then by the number of the month. Kept: Babel looks each of them up anew.
WIDTHS: tuple[Literal["wide", "abbreviated"], ...] = ("wide", "abbreviated")
MONTH_NAMES = {
    (language, width): dict(get_month_names(width, locale=language))
    for language in LANGUAGES
    for width in WIDTHS
}


class Text(NamedTuple):
    en: str
    fr: str


def _typeset(text: str, *, is_french: bool) -> str:
    if is_french:  # French sets these off with a space, at which no line may break
        text = text.replace(" :", f"{NO_BREAK_SPACE}:")
        text = re.sub(" ([;!?])", rf"{THIN_SPACE}\1", text)
    return _with_figures(text)


def _with_figures(text: str) -> str:
    """A figure stays on the line of its word."""
    return re.sub(r"(?<=:) (?=[+−-]?\d)", NO_BREAK_SPACE, text)


def typeset(text: str, language: str) -> str:
    """A sentence that was typed in code, with the apostrophes and the blanks of print."""
    return _typeset(re.sub(r"(?<=\w)'(?=\w)", "’", text), is_french=language == "fr")


def read_catalogue(path: Path) -> dict[str, Text]:
    """The sentences by name. An entry without a French text, or a fuzzy one, is not said at all."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale="fr")
    return {
        str(message.context): Text(
            _typeset(str(message.id), is_french=False), _typeset(str(message.string), is_french=True)
        )
        for message in catalogue
        if message.id and message.string and not message.fuzzy
    }


WORDS = read_catalogue(CATALOGUE)


class Words:
    """The words of one language: `say("key", name=value)` for a sentence, methods for numbers and dates."""

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            raise ValueError(f"language {language!r}; expected one of {', '.join(LANGUAGES)}")
        self.language = language

    def __call__(self, key: str, **values: str) -> str:
        text: str = getattr(WORDS[key], self.language)
        if not values:
            return text
        said = _with_figures(text.format(**values))
        said = elided(said) if self.language == "fr" else said
        begins_with_a_value = text.startswith("{") and text.endswith(".")
        return capital(said) if begins_with_a_value else said

    def term(self, family: str, code: str) -> str:
        """The words for a code; a code that these pages do not know is shown as it is."""
        key = f"{family}.{code}"
        return self(key) if key in WORDS else code

    def status(self, obs_status: str, conf_status: str) -> str:
        """The status of one observation in words: confidential before all, then its obs_status."""
        return self.term("obs_status", "C" if conf_status == "C" else obs_status)

    def number(self, value: float, decimals: int = 0) -> str:
        text = f"{value:,.{decimals}f}".replace("-", "−")
        if self.language == "fr":
            text = text.replace(",", THIN_SPACE).replace(".", ",")
        return text

    def percent(self, value: float, decimals: int = 1, *, signed: bool = False) -> str:
        if abs(value) >= 100 and signed:
            decimals = 0
        sign = "+" if signed and value > 0 else ""
        return sign + self.number(value, decimals) + (f"{THIN_SPACE}%" if self.language == "fr" else "%")

    def bytes(self, count: int) -> str:
        """12 kB or 3.4 MB; 12 ko or 3,4 Mo."""
        units = ("ko", "Mo") if self.language == "fr" else ("kB", "MB")
        if count < 999_500:
            return f"{self.number(max(1, count / 1000))}{NO_BREAK_SPACE}{units[0]}"
        return f"{self.number(count / 1e6, 1)}{NO_BREAK_SPACE}{units[1]}"

    def listed(self, parts: Iterable[str]) -> str:
        """One after the other, each of which may hold commas."""
        return (f"{THIN_SPACE}; " if self.language == "fr" else "; ").join(parts)

    def days(self, value: float) -> str:
        """A whole number of days: 0 days and 1 day, but 0 jour and 1 jour."""
        say, count = self, round(value)
        is_one = abs(count) < 2 if self.language == "fr" else abs(count) == 1
        return say("app.day", days=say.number(count)) if is_one else say("app.days", days=say.number(count))

    def points(self, value: float) -> str:
        """Percentage points with their sign, one decimal."""
        return ("+" if value > 0 else "") + self.number(value, 1)

    def usd(self, value: float) -> str:
        """Whole dollars; from a million on, three digits and the unit (billions are M$ in thousands in "
        "French)."""
        millions = value / 1e6
        if abs(millions) < 0.9995:
            return (
                f"{self.number(value)}{NO_BREAK_SPACE}$ US"
                if self.language == "fr"
                else f"US${self.number(value)}"
            )
        if self.language == "en" and abs(millions) >= 999.5:
            return f"US${self._three_digits(millions / 1000)} billion"
        amount = self._three_digits(millions)
        return f"{amount}{NO_BREAK_SPACE}M$ US" if self.language == "fr" else f"US${amount} million"

    def _three_digits(self, value: float) -> str:
        return self.number(value, 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0)

    def figure(self, indicator_code: str, value: float | None) -> str:
        """A figure in the form that the indicator's code asks for (its suffix names the unit: DESIGN of "
        "codes)."""
        if value is None or value != value:
            return "–"
        if indicator_code.endswith("_PCT"):
            return self.percent(value, signed="_GROWTH_" in indicator_code)
        if indicator_code.endswith("_USD"):
            return self.usd(value)
        if indicator_code.endswith(("_INDEX", "DAYS", "_PER_1000")):
            return self.number(value, 1)
        return self.number(value)

    def month(self, time_period: str) -> str:
        """`2026-03` as March 2026 or mars 2026."""
        year, month = time_period.split("-")
        return f"{MONTH_NAMES[self.language, 'wide'][int(month)]} {year}"

    def quarter(self, time_period: str) -> str:
        """`2026-Q3` as Q3 2026 or T3 2026."""
        year, quarter = time_period.split("-Q")
        return f"{self.quarter_letter}{quarter}{NO_BREAK_SPACE}{year}"

    @property
    def quarter_letter(self) -> str:
        return "T" if self.language == "fr" else "Q"

    def period(self, time_period: str) -> str:
        """A month or a quarter."""
        return self.quarter(time_period) if is_quarter(time_period) else self.month(time_period)

    def short_months(self) -> list[str]:
        """The twelve short names in their order, as an axis writes them: Jan, or janv."""
        return list(MONTH_NAMES[self.language, "abbreviated"].values())

    def short_month(self, time_period: str) -> str:
        year, month = time_period.split("-")
        return f"{MONTH_NAMES[self.language, 'abbreviated'][int(month)]} {year}"

    def date(self, date: datetime.date) -> str:
        """14 March 2026, or 14 mars 2026; the first of a month is `1er` in French."""
        day = "1er" if self.language == "fr" and date.day == 1 else str(date.day)
        return f"{day} {MONTH_NAMES[self.language, 'wide'][date.month]} {date.year}"

    def moment(self, moment: datetime.datetime) -> str:
        """20 April 2026, 09:05 UTC; 20 avril 2026, 9 h 05 UTC."""
        in_utc = moment.astimezone(datetime.UTC)
        hour = f"{in_utc.hour} h {in_utc:%M}" if self.language == "fr" else f"{in_utc:%H:%M}"
        return f"{self.date(in_utc.date())}, {hour.replace(' ', NO_BREAK_SPACE)} UTC"


def capital(text: str) -> str:
    """As at the beginning of a sentence, of a heading, of a label: French months are written small."""
    return text[:1].upper() + text[1:]


def alphabetical(names: Iterable[str]) -> list[str]:
    """As a dictionary orders them: accents do not count, so that Îles Salomon stands before Kiribati."""
    return sorted(names, key=without_accents)


def without_accents(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))


def is_quarter(time_period: str) -> bool:
    """Whether it is written 2026-Q3."""
    return "-Q" in time_period


def language_of(chosen: str | None, locale: str | None) -> str:
    """The language in the page's address, else the browser's, else English."""
    if chosen in LANGUAGES:
        return str(chosen)
    spoken = (locale or "").replace("_", "-").split("-")[0].lower()
    return spoken if spoken in LANGUAGES else LANGUAGES[0]
