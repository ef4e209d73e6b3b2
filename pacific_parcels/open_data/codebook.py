"""The codebook: every column, code and indicator, as CSV for programs and as a page in each language.

`codebook.csv` has one row for each; `part` says whether it is a column, a code or an indicator, and
`code_list` the column that a code may stand in. What does not apply is empty.
"""

from __future__ import annotations

import csv
from pathlib import Path

from pacific_parcels.open_data.codes import CodeLists
from pacific_parcels.open_data.definitions import Definition
from pacific_parcels.open_data.pages import page, say, table
from pacific_parcels.open_data.publication import Publication
from pacific_parcels.open_data.tables import COLUMNS
from pacific_parcels.open_data.words import LANGUAGES, Language, words

CSV_FILE = "codebook.csv"
PAGES = {language: f"codebook_{language}.html" for language in LANGUAGES}
FILES = (CSV_FILE, *PAGES.values())
CSV_COLUMNS = (
    "part", "code_list", "code", "title_en", "title_fr", "definition_en", "definition_fr", "indicator_group",
    "formula", "unit_measure", "numerator", "denominator", "standard", "limits_en", "limits_fr",
)  # fmt: skip


def write_codebook(
    publication: Publication, lists: CodeLists, definitions: list[Definition], folder: Path
) -> None:
    with (folder / CSV_FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, CSV_COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(_rows(lists, definitions))
    for language, name in PAGES.items():
        title = str(words()["page"]["codebook"][language])
        body = _body(lists, definitions, language)
        (folder / name).write_text(page(publication, title, language, body), encoding="utf-8")


def _rows(lists: CodeLists, definitions: list[Definition]) -> list[dict[str, str]]:
    columns = words()["columns"]
    rows = [
        {
            "part": "column",
            "code": name,
            "title_en": columns[name]["title"]["en"],
            "title_fr": columns[name]["title"]["fr"],
            "definition_en": columns[name]["definition"]["en"],
            "definition_fr": columns[name]["definition"]["fr"],
        }
        for name in COLUMNS
    ]
    rows += [
        {
            "part": "code",
            "code_list": column,
            "code": code.code,
            "title_en": code.name["en"],
            "title_fr": code.name["fr"],
        }
        for column, codes in lists.items()
        for code in codes
    ]
    rows += [
        {
            "part": "indicator",
            "code_list": "indicator_code",
            "code": one.indicator_code,
            "title_en": one.title["en"],
            "title_fr": one.title["fr"],
            "definition_en": one.definition["en"],
            "definition_fr": one.definition["fr"],
            "indicator_group": one.indicator_group,
            "formula": one.formula,
            "unit_measure": one.unit_measure,
            "numerator": one.numerator,
            "denominator": one.denominator,
            "standard": one.standard,
            "limits_en": one.limits["en"],
            "limits_fr": one.limits["fr"],
        }
        for one in definitions
    ]
    return rows


def _body(lists: CodeLists, definitions: list[Definition], language: Language) -> list[str]:
    columns = words()["columns"]
    body = [
        f"<h2>{say('columns', language)}</h2>",
        table(
            [say(key, language) for key in ("code", "name", "definition")],
            (
                [name, columns[name]["title"][language], columns[name]["definition"][language]]
                for name in COLUMNS
            ),
        ),
        f"<h2>{say('code_lists', language)}</h2>",
    ]
    for column, codes in lists.items():
        if column != "indicator_code":
            heads = [say(key, language) for key in ("code", "name")]
            body += [f"<h3>{column}</h3>", table(heads, ([one.code, one.name[language]] for one in codes))]
    body.append(f"<h2>{say('indicators', language)}</h2>")
    return body + [one.as_html(lists, language) for one in definitions]
