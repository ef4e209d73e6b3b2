"""What each indicator means, as its .yml says it: the definitions that the published file carries."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import duckdb

from pacific_parcels.open_data.codes import CodeLists
from pacific_parcels.open_data.pages import say
from pacific_parcels.open_data.words import Language, Text

COLUMNS = (
    "indicator_code",
    "indicator_group",
    "title_en",
    "title_fr",
    "definition_en",
    "definition_fr",
    "formula",
    "unit_measure",
    "numerator",
    "denominator",
    "standard",
    "limits_en",
    "limits_fr",
)


@dataclass(frozen=True)
class Definition:
    indicator_code: str
    indicator_group: str
    title: Text
    definition: Text
    formula: str
    unit_measure: str
    numerator: str
    denominator: str
    standard: str
    limits: Text

    def as_html(self, lists: CodeLists, language: Language) -> str:
        units = {code.code: code.name[language] for code in lists["unit_measure"]}
        lines = {
            "definition": self.definition[language],
            "unit_measure": units.get(self.unit_measure, self.unit_measure),
            "formula": self.formula,
            "numerator": self.numerator,
            "denominator": self.denominator,
            "standard": self.standard,
            "limits": self.limits[language],
        }
        body = "".join(f"<dt>{say(key, language)}</dt><dd>{escape(text)}</dd>" for key, text in lines.items())
        return f"<h3>{escape(self.title[language])} ({escape(self.indicator_code)})</h3>\n<dl>{body}</dl>"


def definitions_in(connection: duckdb.DuckDBPyConnection) -> list[Definition]:
    rows = connection.execute(
        f"select {', '.join(COLUMNS)} from indicator_definitions order by indicator_code"
    ).fetchall()
    return [_definition(dict(zip(COLUMNS, row, strict=True))) for row in rows]


def _definition(row: dict[str, str]) -> Definition:
    return Definition(
        title={"en": row["title_en"], "fr": row["title_fr"]},
        definition={"en": row["definition_en"], "fr": row["definition_fr"]},
        limits={"en": row["limits_en"], "fr": row["limits_fr"]},
        **{name: text for name, text in row.items() if not name.endswith(("_en", "_fr"))},
    )
