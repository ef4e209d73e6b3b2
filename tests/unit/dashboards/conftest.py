from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import streamlit
from streamlit import config
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from tests.publication_fixture import write_publication

APP = Path(__file__).resolve().parents[3] / "dashboards" / "app.py"

OpenPage = Callable[..., AppTest]


@pytest.fixture(scope="session")
def made_publication(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("published")
    write_publication(home, members=("fj",))
    return home


@pytest.fixture
def home(made_publication: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own with one publication in it, and the environment that points there."""
    home = tmp_path / "data"
    shutil.copytree(made_publication, home)
    monkeypatch.setenv("PACIFIC_PARCELS_HOME", str(home))
    monkeypatch.delenv("PACIFIC_PARCELS_AUDIENCE", raising=False)
    return home


@pytest.fixture(scope="session", autouse=True)
def installed_once() -> Iterator[None]:
    """Each AppTest reads, for two seconds, what every installed package says of itself: once is enough."""
    with pytest.MonkeyPatch.context() as patch:
        scan = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture(autouse=True)
def loopback() -> Iterator[None]:
    """The address of dashboards/.streamlit/config.toml, which Streamlit does not read in an AppTest."""
    before = config.get_option("server.address")
    config.set_option("server.address", "127.0.0.1")
    yield
    config.set_option("server.address", before)
    streamlit.cache_resource.clear()
    streamlit.cache_data.clear()


@pytest.fixture
def open_page(home: Path) -> OpenPage:
    """open_page("views/trends.py", lang="fr", members="FJ") is a visitor who follows a mailed address."""

    def visit(view: str = "views/overview.py", **query: str) -> AppTest:
        app = AppTest.from_file(str(APP), default_timeout=60)
        app.query_params.update(query)
        app.run()
        if view != "views/overview.py":
            app.switch_page(view)
            app.query_params.update(query)
            app.run()
        return app

    return visit


@pytest.fixture
def text() -> Callable[[AppTest], str]:
    """Everything on the page that is written as HTML or as a message, in its order."""

    def read(app: AppTest) -> str:
        blocks = [getattr(element, "proto", None) for element in app.main]
        bodies = [str(getattr(block, "body", "")) for block in blocks if block is not None]
        return "\n".join(bodies)

    return read
