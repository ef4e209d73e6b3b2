"""What every kind of brief is made of, and how its writer names and joins things.

A `Brief` is words, drawings and one table. Page, PDF and letter are set from it, whichever kind it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from unicodedata import combining, normalize

from pacific_parcels.briefs.figures import PublishedFigures
from pacific_parcels.briefs.words import Language, Say

MOST_NAMED = 6
MANY_ROWS = 16


@dataclass(frozen=True)
class Headline:
    """A figure in large print; `value` is a word where there is no figure."""

    label: str
    value: str
    notes: Sequence[str]
    is_figure: bool


@dataclass(frozen=True)
class Table:
    """`rows` begin with the name of the row, the other cells are figures; the first may be their total."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    has_total: bool = False

    @property
    def is_long(self) -> bool:
        """On paper it is set closer, so that two pages hold it."""
        return len(self.rows) > MANY_ROWS


@dataclass(frozen=True)
class Chart:
    key: str
    title: str
    what: str
    said: str
    svg: str
    twin: Table

    @property
    def in_words(self) -> str:
        """All of it for one who does not see the drawing: the figures of its table too."""
        rows = "; ".join(", ".join(cell for cell in row if cell) for row in self.twin.rows)
        return f"{self.title}. {self.what}. {self.said} {rows}".strip()


@dataclass(frozen=True)
class Brief:
    language: Language
    document_title: str
    kind: str
    title: str
    dateline: str
    readers: str
    synthetic: str
    lead: str
    figures_title: str
    headlines: Sequence[Headline]
    figures_note: str
    charts_title: str
    more_charts_title: str
    charts: Sequence[Chart]
    table_title: str
    table: Table
    table_notes: Sequence[str]
    quality_title: str
    quality: Sequence[str]
    actions_title: str
    actions: Sequence[str]
    source: str
    as_of: str


class Writer:
    """One published file and one language: names and figures in words."""

    def __init__(self, figures: PublishedFigures, language: Language) -> None:
        self.figures = figures
        self.language: Language = language
        self.say = Say(language)

    def member(self, code: str) -> str:
        return self.figures.name("member", code, self.language)

    def sorting(self, code: str) -> str:
        """The name as it stands in an alphabet: Îles among the names with I."""
        return "".join(c for c in normalize("NFKD", self.member(code)) if not combining(c))

    def printed(self, sentence: str) -> str:
        """A sentence of the file with the apostrophes and spaces of print."""
        return self.say.spaced(sentence.strip().replace("'", "’"))

    def bare(self, sentence: str) -> str:
        """The same to stand in another sentence: without its full stop."""
        return self.printed(sentence).removesuffix(".")

    def members(self, codes: Iterable[str]) -> str:
        """The first few by name, and how many more there are."""
        return self.listed([self.member(code) for code in codes])

    def listed(self, names: Sequence[str], most: int = MOST_NAMED) -> str:
        if len(names) > most + 1:
            rest = self.say("contributions.others", count=self.say.number(len(names) - most))
            names = [*names[:most], rest]
        return self.say.together(names)

    def axis_number(self, value: float) -> str:
        return self.say.number(value, 0 if float(value).is_integer() else 1)


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def as_sentence(said: str, rows: Sequence[Sequence[str]]) -> str:
    """For a reader who does not see the drawing: what it says, and its figures one after the other."""
    listed = "; ".join(", ".join(cell for cell in row if cell) for row in rows)
    return f"{said} {listed}." if listed else said
