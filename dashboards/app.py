"""The router: opens the publication of this run, knows the language, lists the pages.

The address of a page is its whole state: `lang` here, the choices of a view in the view. No session
remembers anything.
"""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

HERE = Path(__file__).resolve().parent
if str(HERE.parent) not in sys.path:  # Streamlit puts the script's own folder on the path, not the repository
    sys.path.insert(0, str(HERE.parent))

from dashboards.data import PublicationUnavailable, open_publication  # noqa: E402
from dashboards.page import LOGO, LOOPBACK, STYLE, Page, show_unavailable  # noqa: E402
from dashboards.words import LANGUAGE_NAMES, Words, language_of  # noqa: E402
from pacific_parcels.settings import Settings  # noqa: E402

language = language_of(st.query_params.get("lang"), st.context.locale)
say = Words(language)
pages = [
    st.Page("views/overview.py", title=say("overview.title"), url_path="overview", default=True),
    st.Page("views/trends.py", title=say("trends.title"), url_path="trends"),
    st.Page("views/data_quality.py", title=say("quality.title"), url_path="data-quality"),
    st.Page("views/preflight.py", title=say("preflight.title"), url_path="check"),
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

settings = Settings.from_environment()
try:
    # There is no login here: anything but the public file stays on this computer.
    if settings.audience != "public" and st.get_option("server.address") not in LOOPBACK:
        raise PublicationUnavailable("audience")
    publication = open_publication(settings)
except PublicationUnavailable as unavailable:
    show_unavailable(unavailable, settings.home, language)
    st.stop()

if publication.is_synthetic:
    st.warning(say("app.synthetic"))
st.session_state["page"] = Page(publication, say)
chosen.run()
