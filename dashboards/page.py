"""What every page shares: the publication of this run, the language, and the parts that pages are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import NamedTuple, cast

import pandas as pd
import streamlit as st

from dashboards import exports, markup
from dashboards.charts import Chart
from dashboards.data import Publication, PublicationUnavailable, member_names
from dashboards.data import in_force as in_force_of
from dashboards.identity import Asked, Identity, NotAdmitted, asked_now, current_identity, record_export
from dashboards.words import LANGUAGES, Words
from pacific_parcels.errors import PacificParcelsError
from pacific_parcels.settings import Settings
from pacific_parcels.sign_in import load_sign_in

HERE = Path(__file__).resolve().parent
LOGO = HERE / "logo.svg"
STYLE = HERE / "style.css"


class Card(NamedTuple):
    """One headline figure. `status` is an obs_status; anything but A is said in words."""

    label: str
    figure: str
    note: str
    status: str = "A"


def _asked() -> tuple[Settings, Asked]:
    settings = Settings.from_environment()
    return settings, asked_now(load_sign_in(settings.sign_in_file))


@dataclass(frozen=True)
class Page:
    """One run of a page for one visitor; `asked` is what came with it, for every button on the page."""

    publication: Publication
    say: Words
    identity: Identity
    asked: tuple[Settings, Asked] = field(default_factory=_asked, repr=False)

    def html(self, body: str) -> None:
        """Our own markup, in the language chosen. The caller has escaped what comes from data."""
        st.html(f'<div class="pp" lang="{self.say.language}">{body}</div>')

    def paragraph(self, text: str, style: str = "") -> None:
        self.html(f'<p class="{style}">{escape(text)}</p>')

    def header(self, title: str, lead: str) -> None:
        publication, say = self.publication, self.say
        st.title(title, anchor=False)
        as_of = say(
            "app.as_of",
            as_of=say.date(publication.as_of_date),
            first=say.month(publication.first_time_period),
            last=say.month(publication.last_time_period),
            audience=self.audience,
            run=publication.run_id,
        )
        self.html(f'<p class="pp-lead">{escape(lead)}</p><p class="pp-small">{escape(as_of)}</p>')

    @property
    def audience(self) -> str:
        """Whose figures these are, in words."""
        kind, _, member = self.publication.audience.partition("_")
        if kind != "member":
            return self.say.term("audience", kind)
        names = member_names(self.publication, self.say.language)
        return self.say("app.member_audience", member=names.get(member.upper(), member.upper()))

    def heading(self, title: str) -> None:
        st.subheader(title.replace("$", "\\$"), anchor=False)  # two dollar signs would be a formula

    def cards(self, cards: Sequence[Card]) -> None:
        parts = []
        for card in cards:
            status = escape(self.say.term("obs_status", card.status))
            tag = "" if card.status == "A" else f' <span class="pp-tag">{status}</span>'
            parts.append(
                f'<div class="pp-card"><dt>{escape(card.label)}</dt>'
                f'<dd class="pp-figure">{escape(card.figure)}</dd>'
                f'<dd class="pp-note">{escape(card.note)}{tag}</dd></div>'
            )
        self.html(f'<dl class="pp-cards">{"".join(parts)}</dl>')

    def chart(
        self,
        chart: Chart,
        summary: str,
        *,
        table: str,
        rows: pd.DataFrame,
        name: str,
        legend: str = "",
        key: str = "",
    ) -> None:
        """The chart under its legend, what it shows in one sentence, and the same as a table (both markup).

        `rows` are what the chart draws, for the files, whose name begins with `name` (codes, no words). `key`
        is a small line that says what its marks mean.
        """
        with st.container(gap="xxsmall"):
            if legend:
                self.html(legend)
            draw(chart, summary)
            self.paragraph(summary)
            if key:
                self.paragraph(key, "pp-small")
        with st.expander(self.say("app.table")):
            self.html(table)
            with st.container(horizontal=True, gap="small"):
                self.files(rows, name)
                say = self.say
                self.download(say("app.svg"), f"{name}.svg", "image/svg+xml", lambda: exports.svg(chart))
                self.download(say("app.png"), f"{name}.png", "image/png", lambda: exports.png(chart))

    def events(self, events: pd.DataFrame) -> None:
        """What the numbers in a chart stand for. `events` as `data.events` gives them."""
        if len(events):
            with st.expander(self.say("trends.events", count=self.say.number(len(events)))):
                self.html(markup.event_list(events, self.say))

    def files(self, rows: pd.DataFrame, name: str) -> None:
        """Buttons for the rows as CSV and as XLSX."""
        say = self.say
        self.download(say("app.csv"), f"{name}.csv", "text/csv", lambda: exports.csv(self.signed(rows)))
        self.download(
            say("app.xlsx"),
            f"{name}.xlsx",
            exports.XLSX_TYPE,
            lambda: exports.xlsx({"data": rows}, self.notes()),
        )

    def signed(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows, each saying from which publication it is: a file has no header and no footer."""
        publication = self.publication
        return rows.assign(
            run_id=publication.run_id,
            as_of_date=publication.as_of_date,
            is_synthetic=publication.is_synthetic,
        )

    def notes(self) -> dict[str, str]:
        publication = self.publication
        return {
            "source": self.source_text(),
            "citation": self.citation(),
            "run_id": publication.run_id,
            "as_of_date": publication.as_of_date.isoformat(),
            "audience": publication.audience,
            "is_synthetic": str(publication.is_synthetic).lower(),
        }

    def citation(self) -> str:
        say, publication = self.say, self.publication
        text = say(
            "app.citation",
            year=str(publication.as_of_date.year),
            run=publication.run_id,
            as_of=say.date(publication.as_of_date),
        )
        return text + (" " + say("app.source_synthetic") if publication.is_synthetic else "")

    def download(self, label: str, file_name: str, mime: str, make: Callable[[], bytes]) -> None:
        """A button for a file. It is made when it is clicked, after a look at who clicks, and is on record.

        `make` runs outside the page: it may read the publication, and draws nothing. `file_name` goes into
        the log: what is exported, in codes.
        """
        settings, asked = self.asked

        def give() -> bytes:
            record_export(settings, self.identity, asked, self.publication.run_id, file_name)
            return make()

        st.download_button(label, give, file_name=file_name, mime=mime, on_click="ignore")

    def source(self) -> None:
        """The last line of every page: where from, as of when, how much of the region is in it."""
        self.paragraph(self.source_text(), "pp-source")

    def source_text(self) -> str:
        say, publication = self.say, self.publication
        in_force, expected = in_force_of(publication, publication.last_time_period)
        coverage = say(
            "app.coverage",
            month=say.month(publication.last_time_period),
            in_force=say.number(in_force),
            expected=say.number(expected),
        )
        text = say("app.source", as_of=say.date(publication.as_of_date), run=publication.run_id)
        text += f" {coverage}"
        if publication.is_synthetic:
            text += " " + say("app.source_synthetic")
        return text

    @property
    def chart_source(self) -> str:
        """The line inside a chart, so that a picture taken of it still says where it is from."""
        as_of = self.say.date(self.publication.as_of_date)
        if self.publication.is_synthetic:
            return self.say("app.chart_source_synthetic", as_of=as_of)
        return self.say("app.chart_source", as_of=as_of)


def draw(chart: Chart, summary: str) -> None:
    """The chart as wide as there is room; `summary` is what a screen reader reads in its place."""
    st.vega_lite_chart(chart.with_data(), width="stretch", alt=summary)


def current_page(*kinds: str) -> Page:
    """The page that app.py has made for this run, once more held against who is asking.

    Called at the top of every view: a view that was reached in any other way shows nothing, and one that is
    for certain kinds of audience (member, secretariat) shows nothing to another.
    """
    page = cast(Page | None, st.session_state.get("page"))
    try:
        identity, _ = current_identity(Settings.from_environment())
    except (NotAdmitted, PacificParcelsError):
        st.stop()
    if page is None or page.identity != identity or page.publication.audience != identity.file_audience:
        st.stop()
    if kinds and identity.kind not in kinds:
        st.stop()
    return page


def show_not_admitted(refused: NotAdmitted, language: str) -> None:
    """Why nothing is shown to this visitor, the chosen language first, and the way to begin anew."""
    st.session_state.pop("page", None)
    for chosen in sorted(LANGUAGES, key=lambda candidate: candidate != language):
        say = Words(chosen)
        st.header(say("sign_in.not_admitted"), anchor=False)
        st.info(say.term("not_admitted", refused.reason))
        if refused.reason in ("unknown", "expired", "ended") and st.user.get("is_logged_in"):
            if st.button(say("sign_in.again"), key=f"again_{chosen}"):
                st.logout()
        elif refused.reason in ("unknown", "expired"):
            st.html(f'<a href="sign-in?lang={chosen}" target="_self">{say("sign_in.again")}</a>')


def show_unavailable(unavailable: PublicationUnavailable, home: Path, language: str) -> None:
    """Why there is nothing to show and what to type, the chosen language first."""
    for chosen in sorted(LANGUAGES, key=lambda candidate: candidate != language):
        say = Words(chosen)
        st.header(say("unavailable.title"), anchor=False)
        st.info(say.term("unavailable", unavailable.reason))
        st.write(say("unavailable.remedy"))
        st.code("make run", language=None)
        st.caption(say("unavailable.home", home=f"`{home}`"))


def show_failure(error: Exception) -> bool:
    """Called by the server when a page failed: its log has the traceback, the reader gets a sentence."""
    for language in LANGUAGES:
        st.error(Words(language)("app.failed"))
    return True
