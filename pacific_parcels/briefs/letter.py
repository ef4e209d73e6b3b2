"""The e-mail that brings a brief: its first lines, since mail programs show no drawing; all is attached."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from pacific_parcels.briefs.brief import Brief
from pacific_parcels.briefs.html import list_of
from pacific_parcels.briefs.words import Say


@dataclass(frozen=True)
class Letter:
    """`html` asks nothing of any server, so that no one learns when it is read."""

    subject: str
    html: str


def letter_of(brief: Brief) -> Letter:
    say = Say(brief.language)
    figures = [
        say("letter.figure", label=headline.label, value=", ".join([headline.value, *headline.notes]))
        for headline in brief.headlines
    ]
    synthetic = f"<p><b>{escape(brief.synthetic)}</b></p>" if brief.synthetic else ""
    return Letter(
        say("letter.subject", title=brief.document_title),
        f'<!doctype html><html lang="{brief.language}"><head><meta charset="utf-8">'
        f"<title>{escape(brief.document_title)}</title></head><body>"
        f"{synthetic}<h1>{escape(brief.title)}</h1><p>{escape(brief.lead)}</p>"
        f"<h2>{escape(brief.figures_title)}</h2>{list_of('ul', figures)}"
        f"<h2>{escape(brief.actions_title)}</h2>{list_of('ol', brief.actions)}"
        f"<p>{escape(say('letter.attached'))}</p>"
        f"<p>{escape(brief.source)} {escape(brief.readers)}</p></body></html>",
    )
