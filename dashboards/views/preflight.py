"""Check a file: the very report of `pacific-parcels check`, for a file that is uploaded, and nothing is kept.

Streamlit holds the upload in memory until the page is closed. The file, its name and its values are the
visitor's: all of them are escaped.
"""

from __future__ import annotations

from decimal import Decimal
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from dashboards import data, markup
from dashboards.checking import Checked, NotChecked, check
from dashboards.choices import choose
from dashboards.markup import Column
from dashboards.page import Page, current_page
from dashboards.words import typeset

LARGEST_UPLOAD_MB = 50  # that of server.maxUploadSize
# Streamlit labels its button in English, whatever the language, and says the size that our label has said.
BUTTON = """<style>
[data-testid="stFileUploaderDropzone"] button p, [data-testid="stFileUploaderDropzoneInstructions"] {
    display: none;
}
[data-testid="stFileUploaderDropzone"] button [data-testid="stMarkdownContainer"]::after {
    content: "CHOOSE";
}
</style>"""


def choose_member(page: Page) -> str:
    """A member's own, unless another is chosen: an administration can keep a link to its check."""
    names = data.member_names(page.publication, page.say.language)
    own = page.identity.member_code or ""
    return choose(
        "preflight",
        "member",
        page.say("app.member"),
        list(names),
        lambda code: names[code],
        own if own in names else next(iter(names)),
    )


def show_report(page: Page, checked: Checked) -> None:
    say, report = page.say, checked.report
    verdict, file = str(report["verdict"]), str(report["file"])
    # The name of the file stays as it is.
    sentence = file.join(
        typeset(part, say.language) for part in report[f"sentence_{say.language}"].split(file)
    )
    page.html(f'<p class="pp-verdict pp-verdict-{escape(verdict)}" role="status">{escape(sentence)}</p>')
    for rule in report["rules"]:
        show_rule(page, report, rule)
    if checked.rejects is not None:
        st.download_button(
            say("preflight.rejects"),
            checked.rejects,
            file_name=f"{file}.rejected.csv",
            mime="text/csv",
            on_click="ignore",
        )
    elif checked.is_list_too_large:
        page.paragraph(say("preflight.rejects_too_large"))


def show_rule(page: Page, report: dict[str, Any], rule: dict[str, Any]) -> None:
    say, language = page.say, page.say.language
    key = (rule["rule_id"], rule["column_name"])
    facts = []
    if rule["level"] != "FATAL" and rule["row_count"]:
        facts.append(f"{say.term('preflight_rows', report['numbers'])} {say.number(rule['row_count'])}")
    for values in report["values_by_rule"]:
        if (values["rule_id"], values["column_name"]) == key:
            facts += [
                f"{say.number(float(Decimal(value['value'])), 2)} {value['currency_code']}"
                for value in values["values"]
            ]
            if values["rows_without_value"]:
                facts.append(say("preflight.without_value", rows=say.number(values["rows_without_value"])))
    page.html(
        f'<p class="pp-fault"><strong>{escape(rule["rule_id"])}</strong> '
        f'<span class="pp-tag">{escape(say.term("level", rule["level"]))}</span> '
        f"{escape(' · '.join(facts))}</p><p>{escape(typeset(rule[f'title_{language}'], language))}</p>"
    )
    examples = [
        example for example in report["examples"] if (example["rule_id"], example["column_name"]) == key
    ]
    if examples:
        show_examples(page, report["numbers"], rule, examples)
    elif rule["first_rows"]:
        rows = ", ".join(map(str, rule["first_rows"]))
        page.paragraph(f"{say.term('preflight_rows', report['numbers'])} {rows}")
    page.html(
        f"<p><strong>{escape(say('preflight.what_to_do'))}</strong> "
        f"{escape(typeset(rule[f'remedy_{language}'], language))}</p>"
    )


def show_examples(page: Page, numbers: str, rule: dict[str, Any], examples: list[dict[str, Any]]) -> None:
    say = page.say
    frame = pd.DataFrame(examples)
    letters = [f" ({letters})" if letters else "" for letters in frame["column_letters"]]
    frame = frame.assign(
        where=frame["source_column"] + letters,
        found=[found or say("preflight.nothing") for found in frame["found"]],
        expected=[typeset(words, say.language) for words in frame[f"expected_{say.language}"]],
    )
    columns = [
        Column("sheet", say("preflight.sheet") if numbers == "row" else say("preflight.file_of_archive")),
        Column("row", say.term("preflight_row", numbers), "number"),
        Column("line", say("preflight.line"), "number"),
        Column("where", say("preflight.column"), "text"),
        Column("found", say("preflight.found"), "text"),
        Column("expected", say("preflight.expected"), "text"),
    ]
    for name in ("sheet", "line"):  # a workbook has sheets, an archive files, a message lines
        if not frame[name].any():
            columns = [column for column in columns if column.name != name]
    title = typeset(rule[f"title_{say.language}"], say.language)
    page.html(f'<div class="pp-examples">{markup.table(frame, columns, title, say)}</div>')


def show_check(page: Page) -> None:
    say = page.say
    size = say.number(LARGEST_UPLOAD_MB)
    page.paragraph(say("preflight.keeps_nothing", size=size))
    member_code = choose_member(page)
    st.html(BUTTON.replace("CHOOSE", say("preflight.choose")))
    uploaded = st.file_uploader(
        say("preflight.file", size=size), key="preflight_file", max_upload_size=LARGEST_UPLOAD_MB
    )
    if uploaded is None:
        return
    if uploaded.size > LARGEST_UPLOAD_MB * 1024 * 1024:
        page.paragraph(say("preflight.too_large", size=size))
        return
    try:
        with st.spinner(say("preflight.running")):
            checked = check(uploaded.name, uploaded.getbuffer(), member_code)
    except NotChecked as failure:
        page.html(
            f'<p class="pp-verdict pp-verdict-REFUSED" role="status">'
            f"{escape(say.term('preflight_failure', failure.reason))}</p>"
        )
        return
    show_report(page, checked)


page = current_page()
page.header(page.say("page.preflight"), page.say("preflight.lead"))
show_check(page)
page.source()
