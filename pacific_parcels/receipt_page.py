"""A receipt as it goes back to the member: JSON without our own bookkeeping, and a page to read and print.

The page is one HTML file in English or in French that asks nothing of any server. What the member wrote
(names of files and columns) is shown as text, whatever it holds. Neither holds a value of a row, only sums.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from html import escape
from typing import Any, Literal

from pacific_parcels.gap import STREAM_CODES
from pacific_parcels.receipts import ACCEPTED, REFUSED, SEEN_BEFORE

Language = Literal["en", "fr"]

OURS_ALONE = ("delivery", "reading_fingerprint", "layout_valid_from")
NARROW_SPACE = "\u202f"

WORDS: dict[str, dict[Language, str]] = {
    "title": {"en": "Receipt", "fr": "Accusé de réception"},
    "what": {
        "en": "Pacific Parcels: what became of one file that was sent.",
        "fr": "Pacific Parcels : ce qu’il est advenu d’un fichier transmis.",
    },
    "synthetic": {
        "en": "SYNTHETIC: made by a program, true of no country.",
        "fr": "DONNÉES SYNTHÉTIQUES : produites par un programme, vraies d’aucun pays.",
    },
    "verdict.whole": {
        "en": "Accepted: every one of its {rows_in} items counts.",
        "fr": "Accepté : chacun de ses {rows_in} envois est pris en compte.",
    },
    "verdict.nil": {
        "en": "Accepted: it reports a period without items.",
        "fr": "Accepté : il déclare une période sans envoi.",
    },
    "verdict.part": {
        "en": "Accepted without {left} of its {rows_in} items: mend what is listed below, and send the whole "
        "period again.",
        "fr": "Accepté sans {left} de ses {rows_in} envois : corrigez ce qui est indiqué ci-dessous et "
        "transmettez de nouveau la période entière.",
    },
    "verdict.refused": {
        "en": "Refused: nothing of it counts. What was sent before stays in force. See below what to mend.",
        "fr": "Refusé : rien n’en est pris en compte. Ce qui a été transmis auparavant reste en vigueur. "
        "Voyez ci-dessous ce qu’il faut corriger.",
    },
    "verdict.again": {
        "en": "Received before: the same bytes came already. Nothing changes. Their receipt said:",
        "fr": "Déjà reçu : les mêmes octets étaient déjà arrivés. Rien ne change. Leur accusé de réception "
        "indiquait :",
    },
    "file": {"en": "File", "fr": "Fichier"},
    "member": {"en": "Member", "fr": "Membre"},
    "stream": {"en": "Stream", "fr": "Flux"},
    "received_at": {"en": "Time of the file (UTC)", "fr": "Date du fichier (UTC)"},
    "covers": {"en": "Months", "fr": "Mois"},
    "byte_count": {"en": "Bytes", "fr": "Octets"},
    "sha256": {"en": "SHA-256", "fr": "SHA-256"},
    "extract_id": {"en": "Number of the receipt", "fr": "Numéro de l’accusé"},
    "unknown": {"en": "not established", "fr": "non établi"},
    "rows": {"en": "Items", "fr": "Envois"},
    "rows_in": {"en": "in the file", "fr": "dans le fichier"},
    "rows_accepted": {"en": "accepted", "fr": "acceptés"},
    "rows_rejected": {"en": "rejected", "fr": "rejetés"},
    "rows_duplicate": {"en": "sent twice", "fr": "en double"},
    "rows_warned": {"en": "accepted with a warning", "fr": "acceptés avec avertissement"},
    "rows_left_out": {"en": "besides, no items", "fr": "outre ceux-ci, sans être des envois"},
    "values": {"en": "Declared value", "fr": "Valeur déclarée"},
    "currency": {"en": "Currency", "fr": "Monnaie"},
    "periods": {"en": "Items by month", "fr": "Envois par mois"},
    "month": {"en": "Month", "fr": "Mois"},
    "items": {"en": "Items", "fr": "Envois"},
    "rules": {"en": "What was found", "fr": "Ce qui a été constaté"},
    "rule": {"en": "Rule", "fr": "Règle"},
    "effect": {"en": "Effect", "fr": "Effet"},
    "column": {"en": "Column", "fr": "Colonne"},
    "found": {"en": "Found, and what to do", "fr": "Constat et correction"},
    "count": {"en": "Items", "fr": "Envois"},
    "first_rows": {
        "en": "First of them, by row or record",
        "fr": "Premiers d’entre eux, par ligne ou enregistrement",
    },
    "level.FATAL": {"en": "file refused", "fr": "fichier refusé"},
    "level.ERROR": {"en": "item rejected", "fr": "envoi rejeté"},
    "level.WARNING": {"en": "item kept and counted", "fr": "envoi conservé et compté"},
    "level.LEFT_OUT": {"en": "no item, counted apart", "fr": "pas un envoi, compté à part"},
}

# The same of a report on progress, whose rows are no items.
OF_REPORTS: dict[str, dict[Language, str]] = {
    "verdict.whole": {
        "en": "Accepted: every one of its {rows_in} rows counts.",
        "fr": "Accepté : chacune de ses {rows_in} lignes est prise en compte.",
    },
    "verdict.nil": {
        "en": "Accepted: it holds no row, and takes back what was reported for the month before.",
        "fr": "Accepté : il ne contient aucune ligne et retire ce qui avait été déclaré pour le mois.",
    },
    "verdict.part": {
        "en": "Accepted without {left} of its {rows_in} rows: mend what is listed below, and send the whole "
        "report again.",
        "fr": "Accepté sans {left} de ses {rows_in} lignes : corrigez ce qui est indiqué ci-dessous et "
        "transmettez de nouveau le rapport entier.",
    },
    "rows": {"en": "Rows", "fr": "Lignes"},
    "rows_in": {"en": "in the file", "fr": "dans le fichier"},
    "rows_accepted": {"en": "accepted", "fr": "acceptées"},
    "rows_rejected": {"en": "rejected", "fr": "rejetées"},
    "rows_warned": {"en": "accepted with a warning", "fr": "acceptées avec avertissement"},
    "periods": {"en": "Rows by month of the report", "fr": "Lignes par mois du rapport"},
    "items": {"en": "Rows", "fr": "Lignes"},
    "count": {"en": "Rows", "fr": "Lignes"},
    "level.ERROR": {"en": "row rejected", "fr": "ligne rejetée"},
    "level.WARNING": {"en": "row kept and counted", "fr": "ligne conservée et comptée"},
}

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """
@page { size: A4; margin: 15mm }
body { font: 11pt/1.45 system-ui, sans-serif; color: #111; background: #fff; max-width: 60rem;
       margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5em; margin: 0 } h2 { font-size: 1.1em; margin: 1.6em 0 .4em }
.verdict { font-size: 1.15em; font-weight: 600; border-left: .3em solid #0b6e4f; padding: .4em .8em }
.verdict.part { border-color: #8a5a00 } .verdict.refused { border-color: #a4161a }
.synthetic { font-weight: 700; border: .15em solid; padding: .3em .6em }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .25em .6em; border-bottom: 1px solid #bbb;
         overflow-wrap: break-word }
th[scope=row] + td { overflow-wrap: anywhere }
td.number, th.number { text-align: right; white-space: nowrap; overflow-wrap: normal }
tr { break-inside: avoid }
h1 { overflow-wrap: anywhere } th.number { white-space: normal }
@media screen and (max-width: 40em) { table { display: block; overflow-x: auto } }
@media print { body { margin: 0; max-width: none } }
"""


def returned(receipt: dict[str, Any]) -> dict[str, Any]:
    """The receipt for the member: without what only our own landing needs."""
    kept = {name: value for name, value in receipt.items() if name not in OURS_ALONE}
    kept["periods"] = [
        {"time_period": period["time_period"], "items": period["items"]} for period in receipt["periods"]
    ]
    return kept


def page(receipt: dict[str, Any], language: Language) -> str:
    """One receipt as a whole HTML document."""

    words = WORDS | OF_REPORTS if receipt["stream_code"] in STREAM_CODES else WORDS

    def say(key: str, **values: str) -> str:
        text = words[key][language]
        if language == "fr":
            for sign in ":;!?":
                text = text.replace(f" {sign}", f"{NARROW_SPACE}{sign}")
        return escape(text.format(**values))

    def number(value: int | str) -> str:
        return escape(_number(value, language))

    title = f"{say('title')}{NARROW_SPACE if language == 'fr' else ''}: {escape(receipt['source_name'])}"
    months = " – ".join(
        sorted({month for month in (receipt["time_period_start"], receipt["time_period_end"]) if month})
    )
    facts = [
        ("file", receipt["source_name"]),
        ("member", receipt["member_code"]),
        ("stream", receipt["stream_code"] or WORDS["unknown"][language]),
        ("covers", months or WORDS["unknown"][language]),
        ("received_at", receipt["received_at"]),
        ("byte_count", _number(receipt["byte_count"], language)),
        ("sha256", receipt["content_sha256"]),
        ("extract_id", receipt["extract_id"]),
    ]
    kind = _verdict(receipt)
    left = receipt["rows_rejected"] + receipt["rows_duplicate"]
    sentences = {"left": _number(left, language), "rows_in": _number(receipt["rows_in"], language)}
    body = [f"<h1>{title}</h1>", f"<p>{say('what')}</p>"]
    if receipt["is_synthetic"]:
        body.append(f'<p class="synthetic">{say("synthetic")}</p>')
    if receipt["status"] == SEEN_BEFORE:
        body.append(f'<p class="verdict">{say("verdict.again")}</p>')
    body.append(f'<p class="verdict {kind}">{say(f"verdict.{kind}", **sentences)}</p>')
    lines = ([f'<th scope="row">{say(key)}</th>', _cell(escape(text))] for key, text in facts)
    body.append(_table([], lines))
    if receipt["rules"]:
        body.append(f"<h2>{say('rules')}</h2>")
        body.append(
            _table(
                [_head(say(key)) for key in ("rule", "effect", "column", "found")]
                + [_head(say("count"), "number"), _head(say("first_rows"))],
                (
                    [
                        _cell(escape(rule["rule_id"])),
                        _cell(say(f"level.{rule['level']}")),
                        _cell(escape(rule["column_name"] or "")),
                        _cell(f"{escape(rule[f'title_{language}'])} {escape(rule[f'remedy_{language}'])}"),
                        _cell(number(rule["row_count"]) if rule["first_rows"] else "", "number"),
                        _cell(", ".join(number(row) for row in rule["first_rows"])),
                    ]
                    for rule in receipt["rules"]
                ),
            )
        )
    counts = ["rows_in", "rows_accepted", "rows_rejected", "rows_duplicate", "rows_warned"]
    if receipt.get("rows_left_out"):  # a receipt of an earlier version does not say it
        counts.append("rows_left_out")
    body.append(f"<h2>{say('rows')}</h2>")
    body.append(
        _table(
            [_head(say(key), "number") for key in counts],
            [[_cell(number(receipt[key]), "number") for key in counts]],
        )
    )
    if receipt["values"]:
        sums = ("accepted", "rejected", "duplicate")
        body.append(f"<h2>{say('values')}</h2>")
        body.append(
            _table(
                [_head(say("currency")), *(_head(say(f"rows_{name}"), "number") for name in sums)],
                (
                    [
                        _cell(escape(value["currency_code"])),
                        *(_cell(number(value[f"{name}_value"]), "number") for name in sums),
                    ]
                    for value in receipt["values"]
                ),
            )
        )
    if receipt["periods"]:
        body.append(f"<h2>{say('periods')}</h2>")
        body.append(
            _table(
                [_head(say("month")), _head(say("items"), "number")],
                (
                    [_cell(escape(period["time_period"])), _cell(number(period["items"]), "number")]
                    for period in receipt["periods"]
                ),
            )
        )
    content = "\n".join(body)
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{content}\n</body>\n</html>\n"
    )


def _verdict(receipt: dict[str, Any]) -> str:
    status = receipt["outcome"] if receipt["status"] == SEEN_BEFORE else receipt["status"]
    if status == REFUSED:
        return "refused"
    assert status == ACCEPTED
    if not receipt["rows_in"]:
        return "nil"
    return "part" if receipt["rows_rejected"] + receipt["rows_duplicate"] else "whole"


def _number(value: int | str, language: Language) -> str:
    """1234567.5 as 1,234,567.5 or, in French, as 1 234 567,5."""
    text = f"{Decimal(value):,}"
    return text if language == "en" else text.translate({ord(","): NARROW_SPACE, ord("."): ","})


def _head(content: str, kind: str = "") -> str:
    return f'<th scope="col"{_class(kind)}>{content}</th>'


def _cell(content: str, kind: str = "") -> str:
    return f"<td{_class(kind)}>{content}</td>"


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _table(heads: list[str], rows: Iterable[list[str]]) -> str:
    """A table of cells that are HTML already."""
    head = f"<thead><tr>{''.join(heads)}</tr></thead>" if heads else ""
    lines = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f"<table>{head}<tbody>{lines}</tbody></table>"
