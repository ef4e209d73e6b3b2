"""The router: opens the publication of this run, knows the language, lists the pages.

The address of a page is its whole state: `lang` here, the choices of a view in the view. No session
remembers anything. Who is asking is found out anew at every run, and decides which file is opened.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from pathlib import Path

import streamlit as st

HERE = Path(__file__).resolve().parent
if str(HERE.parent) not in sys.path:  # Streamlit puts the script's own folder on the path, not the repository
    sys.path.insert(0, str(HERE.parent))

from dashboards.data import PublicationUnavailable, open_publication  # noqa: E402
from dashboards.identity import (  # noqa: E402
    PUBLIC,
    Identity,
    NotAdmitted,
    current_identity,
    record_opening,
    sign_out,
)
from dashboards.page import LOGO, STYLE, Page, show_not_admitted, show_unavailable  # noqa: E402
from dashboards.words import LANGUAGE_NAMES, Words, language_of  # noqa: E402
from pacific_parcels.errors import PacificParcelsError  # noqa: E402
from pacific_parcels.settings import Settings  # noqa: E402

EVERYONE = ("public", "member", "secretariat")
# The view, its address, and the kinds of audience that find it in the menu.
VIEWS = (
    ("overview", "overview", EVERYONE),
    ("region", "region", ("secretariat",)),
    ("my_data", "my-data", ("member",)),
    ("trends", "trends", EVERYONE),
    ("compare", "compare", ("member", "secretariat")),
    ("progress", "progress", EVERYONE),
    ("my_gaps", "my-gaps", ("member",)),
    ("plan", "plan", ("secretariat",)),
    ("data_quality", "data-quality", EVERYONE),
    ("preflight", "check", EVERYONE),
    ("methods", "methods", EVERYONE),
)

language = language_of(st.query_params.get("lang"), st.context.locale)
say = Words(language)
settings = Settings.from_environment()
refused: NotAdmitted | None = None
identity, sign_in = Identity(None, PUBLIC), None
try:
    identity, sign_in = current_identity(settings)
except NotAdmitted as not_admitted:
    refused = not_admitted
except PacificParcelsError:
    logging.getLogger("dashboards").exception("the file that says who may sign in cannot be used")
    refused = NotAdmitted("misconfigured")

pages = [
    st.Page(f"views/{view}.py", title=say.term("page", view), url_path=path, default=view == "overview")
    for view, path, kinds in VIEWS
    if identity.kind in kinds
]
chosen = st.navigation(pages, position="hidden")  # its own links would drop the language from the address
st.set_page_config(page_title=f"{chosen.title} · {say('app.name')}", page_icon=LOGO, layout="wide")
st.html(STYLE)
st.logo(LOGO, size="large")

with st.sidebar:
    st.html(f'<div class="pp-brand">{say("app.name")}</div>')
    here = st.query_params.to_dict()
    kept = {name: here[name] for name in ("lang",) if name in here}
    for page in pages:
        st.page_link(page, label=page.title, query_params=kept)
    with st.container(key="language"):
        for code, name in LANGUAGE_NAMES.items():
            if code != language:
                st.page_link(chosen, label=name, query_params={**here, "lang": code})

if refused:
    show_not_admitted(refused, language)
    st.stop()

with st.sidebar, st.container(key="sign_in"):
    if identity.account and sign_in:
        st.caption(say("sign_in.signed_in", account=identity.account))
    if sign_in and sign_in.oidc:
        if identity.account and st.button(say("sign_in.out")):
            sign_out(settings, identity)
            st.logout()
            st.stop()
        if not identity.account and st.button(say("sign_in.title")):
            st.login()
    elif sign_in and sign_in.accounts:
        # A form and a link of our own server, not of Streamlit's: the cookie is set and taken away there.
        st.html(
            f'<form method="post" action="sign-out"><button>{say("sign_in.out")}</button></form>'
            if identity.account
            else f'<a href="sign-in?lang={language}" target="_self">{say("sign_in.title")}</a>'
        )

try:
    publication = open_publication(replace(settings, audience=identity.file_audience))
except PublicationUnavailable as unavailable:
    show_unavailable(unavailable, settings.home, language)
    st.stop()
record_opening(settings, identity, publication.run_id)

if publication.is_synthetic:
    st.warning(say("app.synthetic"))
st.session_state["page"] = Page(publication, say, identity)
try:
    chosen.run()
except PublicationUnavailable as unavailable:
    logging.getLogger("dashboards").exception("%s is no file that this page can read", publication.run_id)
    show_unavailable(unavailable, settings.home, language)
