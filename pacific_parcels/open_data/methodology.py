"""The methodology page, in each language: the general method from `words.yml`, each indicator from its .yml.

Nothing about an indicator is written here, so that the page cannot be out of date.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from pacific_parcels.disclosure import DOMINANCE_PCT, MINIMUM_ITEMS, MINIMUM_MEMBERS, P_PCT
from pacific_parcels.open_data.codes import CodeLists
from pacific_parcels.open_data.definitions import Definition
from pacific_parcels.open_data.pages import page, say
from pacific_parcels.open_data.publication import Publication
from pacific_parcels.open_data.words import LANGUAGES, Language, words

PAGES = {language: f"methodology_{language}.html" for language in LANGUAGES}
FILES = tuple(PAGES.values())
LIMITS = {
    "minimum_items": MINIMUM_ITEMS,
    "minimum_members": MINIMUM_MEMBERS,
    "dominance_pct": DOMINANCE_PCT,
    "p_pct": P_PCT,
}


def write_methodology(
    publication: Publication, lists: CodeLists, definitions: list[Definition], folder: Path
) -> None:
    for language, name in PAGES.items():
        title = str(words()["page"]["methodology"][language])
        body = [*_method(language), *_indicators(lists, definitions, language)]
        (folder / name).write_text(page(publication, title, language, body), encoding="utf-8")


def _method(language: Language) -> list[str]:
    body = [f"<h2>{say('method', language)}</h2>"]
    for section in words()["method"]:
        body.append(f"<h3>{escape(section['title'][language])}</h3>")
        body += [f"<p>{escape(text.format(**LIMITS))}</p>" for text in section["text"][language]]
    return body


def _indicators(lists: CodeLists, definitions: list[Definition], language: Language) -> list[str]:
    """By group, in the order of the groups' words."""
    body = []
    for group, name in words()["groups"].items():
        members = [one for one in definitions if one.indicator_group == group]
        if members:
            body.append(f"<h2>{escape(name[language])}</h2>")
            body += [one.as_html(lists, language) for one in members]
    return body
