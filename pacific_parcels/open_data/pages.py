"""Pages that ask nothing of any server: one HTML file, no script, printable, every text escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from pacific_parcels.open_data.publication import Publication
from pacific_parcels.open_data.words import Language, words

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """
@page { size: A4; margin: 15mm }
body { font: 11pt/1.5 system-ui, sans-serif; color: #111; background: #fff; max-width: 60rem;
       margin: 2rem auto; padding: 0 1rem; overflow-wrap: break-word }
h1 { font-size: 1.5em; margin: 0 } h2 { font-size: 1.25em; margin: 1.8em 0 .5em }
h3 { font-size: 1.05em; margin: 1.4em 0 .3em } p { margin: .4em 0 }
.synthetic { font-weight: 700; border: .15em solid; padding: .3em .6em }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .25em .6em; border-bottom: 1px solid #bbb;
         overflow-wrap: break-word }
dl { display: grid; grid-template-columns: minmax(7rem, 12rem) 1fr; gap: .2em 1em; margin: .3em 0 }
dt { font-weight: 600 } dd { margin: 0 } h2, h3 { break-after: avoid } tr { break-inside: avoid }
@media (max-width: 40rem) { dl { display: block } dd { margin: 0 0 .5em } }
"""


def say(key: str, language: Language) -> str:
    """A word of the pages, as HTML."""
    text: str = words()["page"][key][language]
    return escape(text)


def page(publication: Publication, title: str, language: Language, body: Iterable[str]) -> str:
    """A page; `title` is text, `body` HTML."""
    dataset = words()["dataset"]
    head = [f"<h1>{escape(dataset['title'][language])}</h1>", f"<p>{escape(title)}</p>"]
    if publication.is_synthetic:
        head.insert(0, f'<p class="synthetic">{escape(dataset["synthetic"][language])}</p>')
    if publication.as_of_date:
        run = words()["page"]["as_of"][language].format(
            run_id=publication.run_id,
            as_of_date=publication.as_of_date.isoformat(),
            last_time_period=publication.last_time_period,
        )
        head.append(f"<p>{escape(run)}</p>")
    content = "\n".join([*head, *body])
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{content}\n</body>\n</html>\n"
    )


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of texts; `heads` are keys of the pages' words, already said."""
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    lines = "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"
