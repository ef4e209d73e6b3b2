"""The documents, executed where they can be: what they name exists, and what they show is what comes out.

Blocks of code in README.md and docs/ may carry a word after their language:
    ```yaml pn.yml                         a member file of that name
    ```text pitcairn-2026-03.csv           an extract of that name
    ```console Ship>Boat                   a session of commands; the extract is first changed as said
    ```sql path, ```python path            lines of a file of the repository, in their order
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from dags import run_once
from dbt_project.build import SNAPSHOTS_KEPT
from expectations import briefs, harmonised, indicators, published
from pacific_parcels import cli, errors, layout, settings
from pacific_parcels.contract import COLUMNS_BY_NAME, RULES
from pacific_parcels.demo import write_demo
from pacific_parcels.disclosure import MINIMUM_ITEMS, MINIMUM_MEMBERS, PUBLIC, SECRETARIAT
from pacific_parcels.disclosure.links import KINDS
from pacific_parcels.faults import Fault
from pacific_parcels.formats import load_format, read_options
from pacific_parcels.landing import UNFINISHED, receive_member
from pacific_parcels.members import Sharing, load_members, read_member
from pacific_parcels.preflight import VERDICTS, Report
from pacific_parcels.publishing import ATTACK_EXPECTATION, KEPT_PUBLICATIONS
from pacific_parcels.reading import SMALL_EXTRACT_ROWS, Reading
from pacific_parcels.settings import REPOSITORY, Settings
from tests.contract.test_formats import FORMATS, SAMPLES

README = REPOSITORY / "README.md"
DOCS = REPOSITORY / "docs"
DOCUMENTS = [README, *sorted(DOCS.glob("*.md"))]
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in DOCUMENTS}
ALL_TEXT = "\n".join(TEXTS.values())
EXPECTED_DOCUMENTS = {
    "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "DECISIONS.md", "FORMATS.md",
    "GLOSSARY.md", "OPERATIONS.md", "PRIVACY.md",
}  # fmt: skip
SMALLEST_PICTURE, LARGEST_PICTURE = 10_000, 200_000

HOME_FOLDERS = {
    *("inbox", "landing", "originals", "sources", "warehouse", "published", "airflow", "audit"),
    *("history", "mail", "data"),
}
MADE_BY_A_RUN = (".venv/", "tests/browser/output")
# Names that stand for many, such as ind_<name>.sql, and names without a directory, such as passwords.json.
PLACEHOLDER = re.compile(r"[<>{}*…]|\bxx\b|XX|FILE")
PATH = re.compile(r"[\w.-]+(/[\w.<>*…-]+)+/?|[\w-]+/")


@dataclass(frozen=True)
class Block:
    document: str
    language: str
    word: str
    text: str


def blocks(*languages: str, document: str | None = None) -> list[Block]:
    fence = re.compile(r"^( *)```(\w*) ?([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
    found = [
        Block(name, match[2], match[3].strip(), re.sub(f"(?m)^{match[1]}", "", match[4]))
        for name, text in TEXTS.items()
        for match in fence.finditer(text)
    ]
    return [
        block
        for block in found
        if block.language in languages and (document is None or block.document == document)
    ]


def code_spans(text: str) -> list[str]:
    """What stands in single backticks outside of blocks."""
    prose = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", prose)


def table_after(text: str, heading: str) -> dict[str, str]:
    """First and second column of the first table whose header row contains `heading`."""
    lines = text.splitlines()
    (start,) = [number for number, line in enumerate(lines) if line.startswith("|") and heading in line]
    rows: dict[str, str] = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        rows[cells[0].strip("`")] = cells[1]
    return rows


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\s-]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


# ---- what is named exists ----------------------------------------------------------------------------


def test_the_documents_of_the_house_are_there() -> None:
    assert set(TEXTS) >= EXPECTED_DOCUMENTS


def test_every_make_command_is_a_target() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    commands = [span for text in TEXTS.values() for span in code_spans(text) if span.startswith("make ")]
    commands += [
        line.strip()
        for block in blocks("bash", "console", "sh")
        for line in block.text.splitlines()
        if line.strip().removeprefix("$ ").startswith("make ")
    ]
    named = {command.removeprefix("$ ").split()[1] for command in commands}
    assert {"run", "test"} <= named
    assert {name for name in named if "=" not in name} <= targets


def test_every_option_given_to_the_main_job_exists() -> None:
    known = {option for action in run_once._arguments()._actions for option in action.option_strings}
    given = re.findall(r'make run ARGS=(?:"([^"]*)"|(\S+?)`)', ALL_TEXT)
    options = {word for quoted, bare in given for word in (quoted or bare).split() if word.startswith("--")}
    assert options
    assert options <= known


@pytest.mark.parametrize("name", sorted(EXPECTED_DOCUMENTS))
def test_every_path_in_backticks_exists(name: str) -> None:
    """Paths of the repository, or of what a run makes under PACIFIC_PARCELS_HOME."""
    spans = code_spans(TEXTS[name])
    paths = [span for span in spans if PATH.fullmatch(span) and not PLACEHOLDER.search(span)]
    missing = [
        path
        for path in paths
        if path.split("/")[0] not in HOME_FOLDERS
        and not path.startswith(MADE_BY_A_RUN)
        and not (REPOSITORY / path).exists()
    ]
    assert missing == []
    if name in ("README.md", "CONTRIBUTING.md", "FORMATS.md", "OPERATIONS.md"):
        assert len(paths) >= 10, "the pattern finds nothing any more"


def test_the_folders_of_a_run_are_those_of_the_settings(tmp_path: Path) -> None:
    home = Settings(home=tmp_path)
    real = [
        *(home.inbox, home.landing, home.originals, home.sources, home.warehouse, home.published),
        *(home.airflow_home, home.audit, home.build_history.parent, home.mail_ledger.parent),
    ]
    assert {path.name for path in real} == HOME_FOLDERS - {"data"}
    landing = {path.name for path in (home.items, home.gap, home.rejected, home.receipts, home.holds)}
    assert set(re.findall(r"`landing/(\w+)/", ALL_TEXT)) == landing
    warehouse = {path.name for path in (home.inputs, home.snapshots, home.judged, home.spill)} | {"dbt"}
    assert set(re.findall(r"`warehouse/(\w+)/", ALL_TEXT)) <= warehouse


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_every_link_leads_somewhere(name: str) -> None:
    folder = README.parent if name == "README.md" else DOCS
    targets = re.findall(r"\]\(([^)\s]+)\)", TEXTS[name]) + re.findall(r'src="([^"]+)"', TEXTS[name])
    for target in targets:
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = (folder / path).resolve() if path else (README if name == "README.md" else DOCS / name)
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file.read_text(encoding="utf-8")), target


def test_pictures_are_shown_and_small() -> None:
    pictures = sorted((DOCS / "pictures").glob("*.png"))
    assert len(pictures) == 3
    for picture in pictures:
        assert f"docs/pictures/{picture.name}" in TEXTS["README.md"]
        assert SMALLEST_PICTURE < picture.stat().st_size < LARGEST_PICTURE


def test_every_rule_and_expectation_that_is_named_exists(tmp_path: Path) -> None:
    rules = set(re.findall(r"\bR\d{3}\b", ALL_TEXT))
    assert rules
    assert rules <= set(RULES)
    suites = [*harmonised.EXPECTATIONS, *indicators.EXPECTATIONS, *briefs.EXPECTATIONS]
    for audience in ("secretariat", "member_fj", "public"):
        for part in published.expectations(load_members(Settings(home=tmp_path)), audience):
            suites += part
    known = {expectation.expectation_id for expectation in suites} | {ATTACK_EXPECTATION}
    assert set(re.findall(r"\bE\d{3}\b", ALL_TEXT)) <= known
    assert set(re.findall(r"\(E(\d)…\)", ALL_TEXT)) == {expectation_id[1] for expectation_id in known}


def test_every_indicator_that_is_named_exists() -> None:
    models = (REPOSITORY / "dbt_project" / "models" / "indicators").glob("ind_*.sql")
    known = {path.stem.removeprefix("ind_").upper() for path in models} | set(KINDS)
    pattern = r"\b(?:ITEMS|SHARE|BUSIEST|DECLARED|DUTY|TAX|COVERAGE|TIMELINESS)_[A-Z0-9_]+\b"
    named = set(re.findall(pattern, ALL_TEXT))
    assert named
    assert named <= known


def test_every_column_that_a_member_must_map_is_named() -> None:
    required = {name for name, column in COLUMNS_BY_NAME.items() if column.is_required and column.is_supplied}
    (sentence,) = re.findall(r"required ones are (.*?)\. What must", TEXTS["CONTRIBUTING.md"], re.DOTALL)
    assert set(re.findall(r"`(\w+)`", sentence)) == required


def test_figures_that_the_documents_quote_are_those_of_the_code() -> None:
    words = {2: "two", 3: "three", 5: "five", 8: "eight"}
    first, last = layout.FIRST_YEAR_OF_ZONES, layout.LAST_YEAR_OF_ZONES
    quotes = {
        "DECISIONS.md": [
            f"up to {SMALL_EXTRACT_ROWS:,} rows",
            f"({first} to {last}, from the IANA",
            f"{words[KEPT_PUBLICATIONS]} publications",
            f"The last {words[SNAPSHOTS_KEPT]} copies",
        ],
        "OPERATIONS.md": [
            f"the last {words[KEPT_PUBLICATIONS]} runs",
            f"`warehouse/snapshots/` the last {words[SNAPSHOTS_KEPT]}",
            ", ".join(f"`{suffix}`" for suffix in UNFINISHED[:-1]) + f" or `{UNFINISHED[-1]}`",
        ],
        "PRIVACY.md": [
            f"a minimum of items, never under {words[MINIMUM_ITEMS]}.",
            f"fewer than {words[MINIMUM_MEMBERS]} members besides the reader",
            f"`{Sharing().public}` and a minimum of {words[Sharing().minimum_cell_items]} items",
            f"| | `{SECRETARIAT}` | `member_<code>`, of others | `{PUBLIC}`, and the open data |",
        ],
    }
    for name, sentences in quotes.items():
        text = " ".join(TEXTS[name].split())
        assert [sentence for sentence in sentences if sentence not in text] == [], name


def test_what_is_said_of_the_formats_is_what_they_say() -> None:
    """Their samples, and the columns of the contract that none of their files can carry."""
    samples = table_after(TEXTS["FORMATS.md"], "| sample:")
    never = table_after(TEXTS["FORMATS.md"], "| never carries |")
    assert set(samples) == set(never) == set(table_after(TEXTS["README.md"], "| `format` in")) == set(FORMATS)
    for name in FORMATS:
        counts = json.loads((SAMPLES / name / "expected.json").read_text(encoding="utf-8"))["counts"]
        parts = " + ".join(str(counts[kind]) for kind in ("accepted", "rejected", "duplicate"))
        assert samples[name] == f"{counts['in']} = {parts}"
        assert tuple(re.findall(r"`(\w+)`", never[name])) == load_format(name).CANNOT_CARRY


# ---- environment variables ---------------------------------------------------------------------------


def variables_of_the_settings() -> dict[str, str | None]:
    """The variables that the code reads, with the defaults that stand there as text."""
    tree = ast.parse(inspect.getsource(settings))
    found: dict[str, str | None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "os.environ.get":
            name, *default = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            found[name] = default[0] if default else None
    return found


def test_operations_has_every_variable_with_its_default_and_names_no_other() -> None:
    read = variables_of_the_settings()
    assert len(read) >= 6
    table = table_after(TEXTS["OPERATIONS.md"], "| variable |")
    assert set(read) <= set(table)
    for name, default in read.items():
        if default:
            assert table[name] == f"`{default}`", name
    assert set(re.findall(r"PACIFIC_PARCELS_\w+", ALL_TEXT)) <= set(read)
    assert set(read) == set(re.findall(r"^PACIFIC_PARCELS_\w+", str(settings.__doc__), re.MULTILINE))


# ---- exit codes --------------------------------------------------------------------------------------


def codes(text: str, heading: str) -> set[int]:
    return {int(code) for code in table_after(text, heading)}


def test_the_exit_codes_of_the_command_are_those_of_the_code() -> None:
    reports = [
        Report("FJ", "a.csv", reading, [])
        for reading in (
            Reading(),
            Reading(rows_in=1, rows_accepted=1),
            Reading(rows_in=2, rows_accepted=1, rows_rejected=1),
            Reading(faults=[Fault("R001", "", 1)]),
        )
    ]
    assert {report.verdict for report in reports} == {verdict.split()[0] for verdict in VERDICTS}
    of_verdicts = {report.exit_code for report in reports}
    raised = (
        *(errors.PacificParcelsError, errors.MemberFileError, errors.ExtractError, errors.Unavailable),
        errors.KeyStoreError,
    )
    with pytest.raises(SystemExit) as wrongly_written:
        cli.main(["no such command"])
    known = of_verdicts | {error.exit_code for error in raised} | {int(str(wrongly_written.value.code))}
    assert known == {0, 1, 2, 4, 10, 11, 12, 16}
    assert codes(TEXTS["README.md"], "exit code of `pacific-parcels`") == known
    assert cli.main(["check", "no-such-file.csv", "--member", "fj"]) == 2
    said = " ".join(str(cli.__doc__).split("Exit codes: ")[1].split())
    assert {int(sentence.split()[0]) for sentence in said.split(" · ")} == known


def test_the_exit_codes_of_the_main_job_are_those_of_the_code() -> None:
    documented = codes(TEXTS["OPERATIONS.md"], "| code |")
    with pytest.raises(SystemExit) as wrongly_written:
        run_once._arguments().parse_args(["--no-such-option"])
    wrong = int(str(wrongly_written.value.code))
    assert documented == {
        0,
        run_once.FAILED,
        run_once.NEEDS_MENDING,
        wrong,
        errors.Unavailable.exit_code,
    }
    assert documented == set(map(int, re.findall(r"^    (\d+) ", str(run_once.__doc__), re.MULTILINE)))


def test_the_error_tree_has_an_exit_code_of_its_own_for_each_error() -> None:
    drawn = dict(re.findall(r"(\w+) +(?:exit code )?(\d+)\b", str(errors.__doc__)))
    tree = [errors.PacificParcelsError, *errors.PacificParcelsError.__subclasses__()]
    assert len(tree) == len({error.exit_code for error in tree})
    assert {error.__name__: str(error.exit_code) for error in tree} == drawn


# ---- what is shown is what comes out -----------------------------------------------------------------


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The README's member and its extract in a directory, and settings that know the member."""
    (member_file,) = blocks("yaml", document="README.md")
    (extract,) = blocks("text", document="README.md")
    folder = tmp_path / "members"
    folder.mkdir()
    (folder / member_file.word).write_text(member_file.text, encoding="utf-8")
    (tmp_path / extract.word).write_text(extract.text, encoding="utf-8")
    monkeypatch.setenv("PACIFIC_PARCELS_MEMBERS", str(folder))
    monkeypatch.setenv("PACIFIC_PARCELS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return Settings.from_environment()


def test_the_member_file_of_the_readme_is_whole(example: Settings) -> None:
    member = read_member(example.member_directories[-1] / "pn.yml")
    assert member.code == "PN"
    assert member.code in load_members(example)
    for stream in member.extracts.values():
        for each in stream.layouts:
            read_options(load_format(each.format), each.options)


def test_the_sessions_of_the_readme_say_what_the_command_says(
    example: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sessions = blocks("console", document="README.md")
    assert [block.word for block in sessions] == ["pitcairn-2026-03.csv", "Ship>Boat"]
    extract = tmp_path / "pitcairn-2026-03.csv"
    for session, exit_code in zip(sessions, (0, 4), strict=True):
        if ">" in session.word:
            before, after = session.word.split(">")
            text = extract.read_text(encoding="utf-8")
            assert text.count(before) == 1
            extract.write_text(text.replace(before, after), encoding="utf-8")
        command, _, expected = session.text.partition("\n")
        program, *arguments = shlex.split(command.removeprefix("$ "))
        assert program == "pacific-parcels"
        assert cli.main(arguments) == exit_code
        assert capsys.readouterr().out.strip() == expected.strip()


def test_all_else_follows_from_the_member_file(example: Settings) -> None:
    """Its synthetic extracts are written and received, without a line of code."""
    written = write_demo(example, items=60, months=2, dirt=0, members=["PN"])
    outcome = receive_member(example, load_members(example)["PN"])
    assert outcome.status == "OK"
    assert outcome.rows_in == outcome.rows_accepted == written.rows > 0


def test_code_that_is_quoted_stands_in_its_file() -> None:
    quoted = blocks("sql", "python")
    assert {block.document for block in quoted} == {"README.md", "CONTRIBUTING.md"}
    for block in quoted:
        file = (REPOSITORY / block.word).read_text(encoding="utf-8")
        lines = iter([line.strip() for line in file.splitlines()])
        for line in filter(None, map(str.strip, block.text.splitlines())):
            assert line in lines, f"{block.document}, {block.word}: {line}"


def test_every_test_that_is_named_as_evidence_exists() -> None:
    """`tests/unit/test_cli.py::test_name`, wherever it stands; at least one against each adversary."""
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", ALL_TEXT)
    assert len(named) >= 20
    missing = [
        f"{path}::{test}"
        for path, test in named
        if not re.search(rf"^ *def {test}\(", (REPOSITORY / path).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert missing == []
    threats = TEXTS["PRIVACY.md"].split("## Against whom")[1].split("\n## ")[0]
    rows = [line for line in threats.splitlines() if line.startswith("| **")]
    assert len(rows) == 5
    assert [row[:40] for row in rows if "::test_" not in row] == []


def test_every_command_of_ours_that_is_shown_can_be_written_so() -> None:
    """`pacific-parcels check FILE --member fj`, wherever it stands, is understood by the parser."""
    shown = {
        re.sub(r"^(\$ |\.venv/bin/)", "", text.strip())
        for text in [
            *[span for text in TEXTS.values() for span in code_spans(text)],
            *[line for block in blocks("bash", "console") for line in block.text.splitlines()],
        ]
        if re.match(r"(\$ |\.venv/bin/)?pacific-parcels \w+ ", text.strip())
    }
    assert len(shown) >= 3
    for command in shown:
        options = cli._parser().parse_args(cli._spelled_out(shlex.split(command)[1:]))
        assert isinstance(options, argparse.Namespace)
