"""What must be true of the briefs of a publication. Critical: they are mailed, and cannot be called back.

The files lie beside the published ones (`<run>.briefs`). They are measured here, one row for each that an
audience has to have, and the rows are judged as a table of the suite `published`.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

from expectations.expectation import Expectation, RowsCheck
from pacific_parcels.briefs.files import FORMATS, file_name, kinds_of
from pacific_parcels.briefs.words import LANGUAGES, Language, Say

TABLE = "briefs"
MOST_BYTES, MOST_COMPRESSED_BYTES, MOST_PDF_BYTES = 100_000, 10_000, 300_000
PDF_PAGES = 2

# What names a place in SVG is no address that a browser would ask.
SVG_NAMES = "http://www.w3.org/2000/svg"
ADDRESS = re.compile(r"\b\w+://[^\s\"'<>)]+|url\((?!#)[^)]*\)|@import")
ACTIVE_TAGS = {
    "script",
    "link",
    "img",
    "image",
    "iframe",
    "object",
    "embed",
    "base",
    "form",
    "audio",
    "video",
}
ADDRESS_ATTRIBUTES = {"src", "srcset", "data", "action", "formaction", "poster", "background"}


@dataclass(frozen=True)
class Measured:
    """One file of a brief. `byte_count` is 0 where it is not there."""

    audience: str
    kind: str
    language: str
    form: str
    byte_count: int
    compressed_byte_count: int
    outside_count: int
    page_count: int
    is_said_synthetic: bool


class _Outside(HTMLParser):
    """Counts what would be run, or asked of a server."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count += tag in ACTIVE_TAGS
        for name, value in attrs:
            is_elsewhere = name in ("href", "xlink:href") and not (value or "").startswith("#")
            self.count += name.startswith("on") or name in ADDRESS_ATTRIBUTES or is_elsewhere


def outside_count(page: str) -> int:
    """How many scripts, frames, pictures and addresses an HTML page has, places in itself apart."""
    parser = _Outside()
    parser.feed(page)
    parser.close()
    addresses: list[str] = ADDRESS.findall(page)
    return parser.count + sum(found != SVG_NAMES for found in addresses)


def measure(files: Mapping[str, Path]) -> Iterator[Measured]:
    """A row for each file that the briefs of each audience have to have; `files` by audience."""
    for audience, published in sorted(files.items()):
        for kind, language, form in product(kinds_of(audience), LANGUAGES, FORMATS):
            path = published.with_suffix(".briefs") / file_name(kind, language, form)
            content = path.read_bytes() if path.is_file() else b""
            yield _measured(audience, kind, language, form, content)


def _measured(audience: str, kind: str, language: Language, form: str, content: bytes) -> Measured:
    is_page = form == "html"
    text = content.decode("utf-8", errors="replace") if is_page else ""
    return Measured(
        audience,
        kind,
        language,
        form,
        byte_count=len(content),
        compressed_byte_count=len(gzip.compress(content, mtime=0)),
        outside_count=outside_count(text),
        page_count=0 if is_page else len(re.findall(rb"/Type\s*/Page\b", content)),
        is_said_synthetic=Say(language)("synthetic") in text,
    )


def batch(files: Mapping[str, Path]) -> str:
    """The query that makes the table `briefs`."""
    columns = ", ".join(Measured.__dataclass_fields__)
    rows = ", ".join(f"({', '.join(map(_literal, astuple(row)))})" for row in measure(files))
    return (
        "select *, (select bool_or(is_synthetic) from catalogue) as is_synthetic "
        f"from (values {rows}) as measured({columns})"
    )


def _literal(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value).lower()


def _expectation(expectation_id: str, title_en: str, title_fr: str, is_faulty: str) -> Expectation:
    return Expectation(
        expectation_id,
        "critical",
        title_en,
        title_fr,
        "This is a fault of how briefs are written: nothing new is published until it is mended.",
        "C’est un défaut de la rédaction des notes : rien de nouveau n’est publié avant sa correction.",
        RowsCheck(
            TABLE, f"select audience, kind, language, form, 1 as fault_count from batch where {is_faulty}"
        ),
    )


IS_PAGE = "byte_count > 0 and form = 'html'"
EXPECTATIONS: tuple[Expectation, ...] = (
    _expectation(
        "E351",
        "Each audience has its briefs, in both languages, as pages and as PDFs.",
        "Chaque public a ses notes, dans les deux langues, en page et en PDF.",
        "byte_count = 0",
    ),
    _expectation(
        "E352",
        "A page of a brief has at most 100 kB, and 10 kB when it is compressed.",
        "La page d’une note compte au plus 100 ko, et 10 ko une fois compressée.",
        f"{IS_PAGE} and (byte_count > {MOST_BYTES} or compressed_byte_count > {MOST_COMPRESSED_BYTES})",
    ),
    _expectation(
        "E353",
        "A page of a brief runs nothing and asks nothing of any server.",
        "La page d’une note n’exécute rien et ne demande rien à aucun serveur.",
        f"{IS_PAGE} and outside_count > 0",
    ),
    _expectation(
        "E354",
        "A brief of synthetic data says that they are, and no other does.",
        "Une note sur des données synthétiques le dit, et aucune autre.",
        f"{IS_PAGE} and is_said_synthetic <> is_synthetic",
    ),
    _expectation(
        "E355",
        "A PDF of a brief has two pages and at most 300 kB.",
        "Le PDF d’une note a deux pages et compte au plus 300 ko.",
        f"byte_count > 0 and form = 'pdf' and (page_count <> {PDF_PAGES} or byte_count > {MOST_PDF_BYTES})",
    ),
)
