"""A brief as one HTML page: drawings inline, no script, nothing asked of any server, ready to print.

It is read on a telephone (one column), on a desk (two) and on paper, and by ear: headings in order, a
language, a table under every drawing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from pacific_parcels.briefs.brief import Brief, Chart, Headline, Table
from pacific_parcels.briefs.words import Say

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """
:root{color-scheme:light}
@page{size:A4;margin:10mm 13mm}
*{box-sizing:border-box}
body{font:1rem/1.45 'Libertinus Serif',Charter,'Bitstream Charter',Georgia,serif;color:#1c2024;
background:#fff;max-width:60rem;margin:0 auto;padding:1.2rem 1rem 2.5rem}
header{border-top:4px solid #0b5c7a;padding-top:.5rem}
.top{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.1rem 1.5rem;font-size:.9rem;color:#5c646c}
.top b{color:#0b5c7a;letter-spacing:.02em}
h1{font-size:2.5rem;line-height:1.1;margin:.5rem 0 .2rem}
h2{font-size:1.3rem;line-height:1.2;border-top:1px solid #1c2024;padding-top:.4rem;margin:1.9rem 0 .6rem}
h3{font-size:1.12rem;line-height:1.25;margin:0}
p{margin:.3rem 0}
.lead{font-size:1.28rem;line-height:1.35;max-width:46rem}
.small,.what,figcaption,.readers{font-size:.88rem;line-height:1.35;color:#5c646c}
.synthetic{border:2px solid #a8481a;color:#a8481a;font-weight:700;padding:.3rem .6rem;margin:.7rem 0}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.9rem 1.1rem;margin:0}
dl>div{border-left:2px solid #d5dadd;padding-left:.6rem}
dt{font-size:.9rem;color:#5c646c}dd{margin:0;font-size:.88rem;line-height:1.35}
dd.value{font-size:1.45rem;line-height:1.2;font-weight:700;color:#0b5c7a;white-space:nowrap}
dd.word{font-size:1.15rem;font-style:italic;color:#5c646c;padding:.2rem 0}
.charts{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:1.6rem 2rem}
figure{margin:0}figure svg{display:block;width:100%;height:auto;margin:.5rem 0 .2rem}
details{margin-top:.2rem;font-size:.88rem}summary{cursor:pointer;color:#0b5c7a;padding:.3rem 0}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:lining-nums tabular-nums}
th,td{padding:.22rem .5rem;text-align:right;border-bottom:1px solid #d5dadd;white-space:nowrap}
thead th{vertical-align:bottom;white-space:normal;font-size:.82rem;line-height:1.2;color:#5c646c;
border-bottom:1.5px solid #1c2024}
th:first-child{text-align:left;font-weight:400;padding-left:0}
tbody th{white-space:normal;min-width:9rem}
table.total tbody tr:first-child>*{font-weight:700}
ul,ol{margin:.2rem 0;padding:0;columns:22rem 2;column-gap:2rem}
li{margin:0 0 .4rem 1.3rem;break-inside:avoid}
footer{border-top:1px solid #d5dadd;margin-top:1.6rem;padding-top:.5rem}
@media(max-width:46rem){.charts{grid-template-columns:minmax(0,1fr)}h1{font-size:2rem}.lead{font-size:1.15rem}
dl{grid-template-columns:repeat(2,minmax(0,1fr))}dd.value{font-size:1.2rem}details table{font-size:.85rem}}
@media print{html{font-size:7.4pt}body{font-size:1rem;line-height:1.3;max-width:none;padding:0}
h2{margin:1rem 0 .4rem}dl{grid-template-columns:repeat(5,minmax(0,1fr));gap:.6rem}dd.value{font-size:1.4rem}
.charts{grid-template-columns:repeat(2,minmax(0,1fr));gap:1rem 2rem}
.wide{overflow:visible}details{display:none}
th,td{padding:.1rem .4rem}figure,tr,li{break-inside:avoid}.second{break-before:page}li{margin-bottom:.2rem}
footer{margin-top:.6rem}
.many h2{margin:.6rem 0 .3rem}.many th,.many td{padding:.03rem .4rem;line-height:1.2}
.many tbody th{white-space:nowrap}.many figure svg{margin:.2rem 0 .1rem}}
"""


def page_of(brief: Brief) -> str:
    """The whole document."""
    say = Say(brief.language)
    head = (
        '<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="{policy}">'
        "<title>{title}</title><style>{style}</style></head><body{kind}>"
    ).format(
        language=brief.language,
        policy=escape(POLICY),
        title=escape(brief.document_title),
        style=STYLE.replace("\n", ""),
        kind=' class="many"' if brief.table.is_long else "",
    )
    synthetic = f'<p class="synthetic">{escape(brief.synthetic)}</p>' if brief.synthetic else ""
    return "".join(
        [
            head,
            f'<header><div class="top"><b>{escape(say("name"))} · {escape(brief.kind)}</b>',
            f"<span>{escape(brief.dateline)}</span></div><h1>{escape(brief.title)}</h1>",
            f'<p class="lead">{escape(brief.lead)}</p>{synthetic}</header><main>',
            f"<h2>{escape(brief.figures_title)}</h2><dl>",
            *(_headline(headline) for headline in brief.headlines),
            f'</dl><p class="small">{escape(brief.figures_note)}</p>',
            _charts(brief.charts_title, brief.charts[:2], say),
            f"<section><h2>{escape(brief.actions_title)}</h2>",
            list_of("ol", brief.actions),
            '</section><div class="second">',
            _charts(brief.more_charts_title, brief.charts[2:], say),
            _table_section(brief),
            f"</div><section><h2>{escape(brief.quality_title)}</h2>",
            list_of("ul", brief.quality),
            f'</section></main><footer><p class="small">{escape(brief.source)} {escape(brief.readers)}',
            f"{f' {escape(brief.synthetic)}' if brief.synthetic else ''}</p></footer></body></html>\n",
        ]
    )


def _headline(headline: Headline) -> str:
    kind = "value" if headline.is_figure else "word"
    notes = "".join(f"<dd>{escape(note)}</dd>" for note in headline.notes)
    return (
        f'<div><dt>{escape(headline.label)}</dt><dd class="{kind}">{escape(headline.value)}</dd>{notes}</div>'
    )


def _charts(title: str, charts: Sequence[Chart], say: Say) -> str:
    """A heading and the charts under it; nothing where there is none."""
    if not charts:
        return ""
    drawn = "".join(_figure(chart, say) for chart in charts)
    return f'<h2>{escape(title)}</h2><div class="charts">{drawn}</div>'


def _table_section(brief: Brief) -> str:
    if not brief.table.rows:
        return ""
    title = escape(brief.table_title)
    notes = "".join(f'<p class="small">{escape(note)}</p>' for note in brief.table_notes)
    return (
        f'<section><h2>{title}</h2><div class="wide" tabindex="0" role="region" aria-label="{title}">'
        f"{_table(brief.table, brief.table_title)}</div>{notes}</section>"
    )


def _figure(chart: Chart, say: Say) -> str:
    twin = ""
    if chart.twin.rows:
        twin = (
            f"<details><summary>{escape(say('twin'))}</summary>"
            f'<div class="wide">{_table(chart.twin, say("twin_of", title=chart.title))}</div></details>'
        )
    return (
        f'<figure><h3>{escape(chart.title)}</h3><p class="what">{escape(chart.what)}</p>{chart.svg}'
        f"<figcaption>{escape(chart.said)}</figcaption>{twin}</figure>"
    )


def _table(table: Table, label: str) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.head)
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'
        for name, *cells in table.rows
    )
    kind = ' class="total"' if table.has_total else ""
    label = escape(label)
    return f'<table aria-label="{label}"{kind}><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def list_of(kind: str, sentences: Iterable[str]) -> str:
    return f"<{kind}>{''.join(f'<li>{escape(sentence)}</li>' for sentence in sentences)}</{kind}>"
