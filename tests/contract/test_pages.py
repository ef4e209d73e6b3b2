"""What each page must do about who is asking, page by page, and what the server must not leave open."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
from streamlit import config

REPOSITORY = Path(__file__).resolve().parents[2]
DASHBOARDS = REPOSITORY / "dashboards"
VIEWS = sorted((DASHBOARDS / "views").glob("*.py"))
MODULES = sorted(DASHBOARDS.rglob("*.py"))


KINDS = ("public", "member", "secretariat")


def menu() -> dict[str, tuple[str, ...]]:
    """The kinds of audience that find each view in the menu, as the router has them."""
    router = ast.parse((DASHBOARDS / "app.py").read_text(encoding="utf-8"))
    said = {ast.unparse(node.targets[0]): node.value for node in router.body if isinstance(node, ast.Assign)}
    assert ast.literal_eval(said["EVERYONE"]) == KINDS
    text = ast.unparse(said["VIEWS"]).replace("EVERYONE", repr(KINDS))
    return {view: kinds for view, _, kinds in ast.literal_eval(text)}


MENU = menu()


def calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_there_are_pages() -> None:
    assert len(VIEWS) >= 4
    assert {view.stem for view in VIEWS} == set(MENU)


@pytest.mark.parametrize("view", VIEWS, ids=lambda path: path.stem)
def test_every_page_asks_anew_who_is_asking_before_it_does_anything(view: Path) -> None:
    """The first thing that a page runs is `page = current_page()`; before it stand definitions alone.

    A page that the menu shows to some kinds of audience names them there too: its address can be typed.
    """
    tree = ast.parse(view.read_text(encoding="utf-8"))
    definitions = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    run = [node for node in tree.body if not isinstance(node, definitions)]
    said = [
        node
        for node in run
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))  # the docstring
        and not (isinstance(node, ast.Assign | ast.AnnAssign) and not calls(node))  # constants
    ]
    kinds = MENU[view.stem]
    named = "" if kinds == KINDS else ", ".join(map(repr, kinds))
    assert ast.unparse(said[0]) == f"page = current_page({named})"


@pytest.mark.parametrize("view", VIEWS, ids=lambda path: path.stem)
def test_no_page_reads_a_file_or_opens_a_publication_by_itself(view: Path) -> None:
    names = {ast.unparse(call.func).split(".")[-1] for call in calls(ast.parse(view.read_text()))}
    assert names & {"open", "connect", "open_publication", "read_text", "read_bytes"} == set()


def test_what_is_kept_for_all_visitors_is_kept_by_audience() -> None:
    """st.cache_data and st.cache_resource are one for the whole server."""
    kept = [
        (path.name, function)
        for path in MODULES
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        and any("cache" in ast.unparse(decorator) for decorator in function.decorator_list)
    ]
    assert len(kept) >= 3
    without = [
        f"{file}: {function.name}"
        for file, function in kept
        if "audience" not in {argument.arg for argument in function.args.args}
    ]
    assert without == []


def test_files_made_of_a_publication_leave_by_the_button_that_puts_them_on_record() -> None:
    """The page "Check a file" gives a visitor back what came of their own upload."""
    buttons = [
        f"{path.name}: {ast.unparse(call.func)}"
        for path in MODULES
        for call in calls(ast.parse(path.read_text(encoding="utf-8")))
        if ast.unparse(call.func).endswith("download_button")
    ]
    assert sorted(buttons) == ["page.py: st.download_button", "preflight.py: st.download_button"]


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("server.address", "127.0.0.1"),
        ("server.allowedHosts", ["127.0.0.1", "localhost"]),
        ("server.enableXsrfProtection", True),
        ("server.enableCORS", True),
        ("server.enableAgentApi", False),
        ("server.maxUploadSize", 50),
        ("client.showErrorDetails", "none"),
        ("client.showErrorLinks", False),
        ("browser.gatherUsageStats", False),
    ],
)
def test_the_server_leaves_nothing_open(option: str, expected: object) -> None:
    section, name = option.split(".")
    options = tomllib.loads((DASHBOARDS / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert options[section][name] == expected
    assert option in config.get_config_options(), "Streamlit no longer knows the option"


def test_the_example_of_a_proxy_lets_no_more_in_than_the_pages_take() -> None:
    options = tomllib.loads((DASHBOARDS / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    proxy = (REPOSITORY / "docs" / "proxy" / "nginx.conf").read_text(encoding="utf-8")
    (largest,) = re.findall(r"client_max_body_size (\d+)m;", proxy)
    # A little more: the form around the file.
    assert int(largest) == options["server"]["maxUploadSize"] + 1
