"""French texts that people see are written with the apostrophe of print (l’extrait), everywhere alike.

In French a straight one can stand only where a vowel was elided, and nothing else in the sources looks so: so
the sources themselves are searched. Of member files only the texts under `fr`: columns are named as in a
member's own files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pacific_parcels.settings import PACKAGE, REPOSITORY

ELIDED = re.compile(r"(?<!\w)(?:[cdjlmnst]|(?:jus|lors|puis|quel|pres)?qu|aujourd)'(?=[\w{])", re.IGNORECASE)
ENDINGS = {".csv", ".html", ".md", ".po", ".py", ".sql", ".toml", ".yaml", ".yml"}
FOLDERS = ("dags", "dashboards", "dbt_project", "expectations", "pacific_parcels")
# Texts of files that members send: what the header of a draft may be called, and goods in a synthetic extract
# (in ISO 8859-1 there is no other apostrophe).
READ = {"Pays d'Origine", "Pièces d'ordinateur"}


def sources() -> list[Path]:
    found = [
        path
        for folder in FOLDERS
        for path in sorted((REPOSITORY / folder).rglob("*"))
        if path.suffix in ENDINGS and not {"target", "dbt_packages", "logs"} & set(path.parts)
    ]
    return [*found, REPOSITORY / "docs" / "GLOSSARY.md"]


def texts_under_fr(content: Any, is_french: bool = False) -> Iterator[str]:
    if isinstance(content, dict):
        for key, value in content.items():
            yield from texts_under_fr(value, is_french or key == "fr")
    elif isinstance(content, list):
        for value in content:
            yield from texts_under_fr(value, is_french)
    elif is_french and isinstance(content, str):
        yield content


def straight(path: Path) -> list[str]:
    """What is written with a straight apostrophe, with what stands around it."""
    text = path.read_text(encoding="utf-8")
    if path.parent == PACKAGE / "members" and path.suffix == ".yml":
        text = "\n".join(texts_under_fr(yaml.safe_load(text)))
    for read in READ:
        text = text.replace(read, "")
    return [text[max(match.start() - 20, 0) : match.end() + 20] for match in ELIDED.finditer(text)]


def test_every_kind_of_source_is_searched() -> None:
    found = sources()
    assert {path.suffix for path in found} >= {".csv", ".md", ".py", ".yml"}
    names = {path.relative_to(REPOSITORY).as_posix() for path in found}
    assert {"pacific_parcels/contract.py", "dbt_project/seeds/codes/countries.csv"} <= names
    printed = sum(path.read_text(encoding="utf-8").count("’") for path in found)
    assert printed > 500


@pytest.mark.parametrize("text", ["l'extrait", "Qu'il", "jusqu'au 5", "aujourd'hui", "d'{name}", "à l'heure"])
def test_a_straight_apostrophe_is_found(text: str) -> None:
    assert ELIDED.search(text)


@pytest.mark.parametrize("text", ["l’extrait", "the member's own", "'d'", "collectors' pieces", "f'{x}'"])
def test_what_is_no_french_is_left_alone(text: str) -> None:
    assert not ELIDED.search(text)


def test_no_french_text_has_a_straight_apostrophe() -> None:
    wrong = {str(path.relative_to(REPOSITORY)): found for path in sources() if (found := straight(path))}
    assert not wrong
