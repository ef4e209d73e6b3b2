"""Names, addresses, telephone numbers and e-mails are planted in every format, and looked for in every byte.

In several scripts and encodings, in sound rows and in broken ones, in headings, archives and manifests. What
may hold them is the inbox and the originals alone.
"""

from __future__ import annotations

import csv
import gzip
import hmac
import io
import json
import logging
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import typst
import yaml
from openpyxl import Workbook

from pacific_parcels.formats import format_names, load_format
from pacific_parcels.landing import ReceiveOutcome, receive_member
from pacific_parcels.members import Member
from pacific_parcels.preflight import check_file
from pacific_parcels.receipt_page import page, returned
from pacific_parcels.settings import REPOSITORY, Settings
from pacific_parcels.tokens import TokenKey
from tests.planted import files_with
from tests.small_member import FILE_NAME, HEADER, line_of, put, rows_of, small_member, text_of

pytestmark = pytest.mark.usefixtures("one_child")

KEY = TokenKey(3, bytes(range(32)))
NAMES = (
    "Siosaia Tuʻipulotu",
    "Māhina Tāwhiri",
    "Zoë Müller-Łącka",
    "李小龍的測試",
    "Юлия Петрова",
    "सीता देवी",
)
ADDRESS, PHONE, EMAIL = "77 Invented Road, Nukuʻalofa", "+676 555 0199", "siosaia@invented.example"
PLANTED = (*NAMES, ADDRESS, PHONE, EMAIL)
ITEM = "ITEM-SECRET-77"
LATIN = "Zoë Müller-Lacka"

WITH_TOKENS = {
    "consignee_token": "Consignee",
    "consignor_token": {"columns": ["Sender", "Street"]},
    "declarant_token": "Declarant",
}
PARTIES = ("Sender", "Street", "Declarant", "Phone", "E-mail", "Remarks")
HEADINGS = (*HEADER, *PARTIES)
PERSON = {
    "Consignee": NAMES[0],
    "Sender": NAMES[1],
    "Street": ADDRESS,
    "Declarant": NAMES[3],
    "Phone": PHONE,
    "E-mail": EMAIL,
    "Remarks": f"ask {NAMES[2]} {PHONE}",
    "Goods": f"gift for {NAMES[4]}, {NAMES[5]}",
}


def member_with_tokens(**layout: object) -> Member:
    return small_member(
        columns={"goods_description": None, **WITH_TOKENS},
        ignore=["Goods", "Phone", "E-mail", "Remarks"],
        **layout,  # type: ignore[arg-type]
    )


def sound(*changes: dict[str, str]) -> str:
    return text_of(*[PERSON | change for change in changes], header=HEADINGS)


GOOD: dict[str, str] = {}
MANY = [GOOD] * 90


def broken_rows() -> str:
    """Rejected in every way that there is for one row, among sound ones."""
    ragged = f'B1,{NAMES[0]},"{ADDRESS}",{PHONE},{EMAIL}\n'
    marks = line_of(Item="B2", Consignee=f'"{NAMES[1]}" {EMAIL}') + "\n"
    rows = [*MANY, {"Value": NAMES[0]}, {"Mode": EMAIL}, {"Arrived": PHONE}, {"Country": NAMES[3]}]
    return sound(*rows, {"Item": ITEM, "Value": "x"}, {"Item": "A1"}) + ragged + marks


def shifted_row() -> str:
    """One comma too many, and nothing in the last column: every field after it stands one column on."""
    row = {"Item": "C1"} | dict(rows_of(GOOD)[0]) | PERSON
    fields = [row.get(name, "") for name in HEADINGS]
    fields[6:6] = [NAMES[0]]
    fields[-2:] = [""]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(fields)
    return sound(*MANY) + text.getvalue()


def workbook(
    rows: list[dict[str, str]], headings: tuple[str, ...] = HEADINGS, title: str = "Sheet1"
) -> bytes:
    book, content = Workbook(), io.BytesIO()
    assert book.active is not None
    book.active.title = title
    book.active.append(list(headings))
    for row in rows_of(*[PERSON | row for row in rows]):
        book.active.append([row.get(name, "") for name in headings])
    book.properties.creator = NAMES[2]
    book.save(content)
    return content.getvalue()


def zipped(text: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{NAMES[0]}.csv", text)
    return content.getvalue()


CSV, XLSX = member_with_tokens, lambda: member_with_tokens(file="items-{period}.xlsx", format="xlsx")
Case = tuple[Callable[[], Member], str, Callable[[], bytes | str]]
CASES: dict[str, Case] = {
    "sound": (CSV, FILE_NAME, lambda: sound(*MANY)),
    "many rows": (CSV, FILE_NAME, lambda: sound(*[GOOD] * 4100, {"Value": NAMES[0]}, {"Mode": EMAIL})),
    "broken rows": (CSV, FILE_NAME, broken_rows),
    "shifted row": (CSV, FILE_NAME, shifted_row),
    "only broken rows": (CSV, FILE_NAME, lambda: sound({"Value": NAMES[0]}, {"Item": ITEM, "Value": EMAIL})),
    "no header": (CSV, FILE_NAME, lambda: sound(GOOD).split("\n", 1)[1]),
    "heading of a person": (CSV, FILE_NAME, lambda: sound(GOOD).replace("Remarks", NAMES[0], 1)),
    "heading twice": (CSV, FILE_NAME, lambda: sound(GOOD).replace("Phone,E-mail", ",".join(NAMES[1:2] * 2))),
    "another separator": (CSV, FILE_NAME, lambda: sound(GOOD).replace(",", "|")),
    "cut off": (CSV, FILE_NAME, lambda: sound(*MANY).rstrip("\n")[:-40]),
    "open mark": (CSV, FILE_NAME, lambda: sound(*MANY) + f'D1,"{NAMES[0]}\n'),
    "blank lines": (CSV, FILE_NAME, lambda: sound(*MANY).replace("\n", "\n\n")),
    "utf-16": (
        lambda: member_with_tokens(options={"encoding": "utf-16"}),
        FILE_NAME,
        lambda: sound(*MANY, {"Value": NAMES[0]}).encode("utf-16"),
    ),
    "cp1252": (
        lambda: member_with_tokens(options={"encoding": "cp1252"}),
        FILE_NAME,
        lambda: text_of(*[{"Sender": LATIN}] * 20, {"Value": LATIN}, header=HEADINGS).encode("cp1252"),
    ),
    "not the encoding agreed": (CSV, FILE_NAME, lambda: sound(GOOD).encode("utf-16")),
    "gzip": (CSV, f"{FILE_NAME}.gz", lambda: gzip.compress(broken_rows().encode())),
    "zip": (CSV, f"{FILE_NAME}.zip", lambda: zipped(broken_rows())),
    "workbook": (XLSX, "items-2026-03.xlsx", lambda: workbook([*MANY, {"Value": NAMES[0]}, {"Mode": EMAIL}])),
    "workbook with a heading of a person": (
        XLSX,
        "items-2026-03.xlsx",
        lambda: workbook([GOOD], (*HEADINGS, NAMES[0])),
    ),
    "workbook with a sheet of a person": (
        lambda: member_with_tokens(file="items-{period}.xlsx", format="xlsx", options={"sheet": "Items"}),
        "items-2026-03.xlsx",
        lambda: workbook([GOOD], title="Mele Invented"),
    ),
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", keys=tmp_path / "keys", quiet_seconds=0)


def received(home: Settings, member: Member, name: str, content: bytes | str) -> ReceiveOutcome:
    put(home.inbox / "fj" / name, content)
    return receive_member(home, member, KEY)


def told(home: Settings, outcome: ReceiveOutcome, folder: Path) -> Path:
    """Everything that leaves the library besides the landing: what a log is told, and receipts as pages."""
    texts = [json.dumps(outcome.to_dict(), ensure_ascii=False)]
    for path in home.receipts.rglob("*.json"):
        receipt = json.loads(path.read_text(encoding="utf-8"))
        if "rules" in receipt:
            texts += [
                page(receipt, "en"),
                page(receipt, "fr"),
                json.dumps(returned(receipt), ensure_ascii=False),
            ]
    assert len(texts) > 1
    folder.mkdir(exist_ok=True)
    (folder / "told.txt").write_text("\n".join(texts), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", CASES)
def test_no_byte_of_what_is_landed_or_told_holds_a_person(
    name: str,
    home: Settings,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    make, file_name, content = CASES[name]
    planted = (*PLANTED, LATIN, "Mele Invented", ITEM)
    with caplog.at_level(logging.DEBUG):
        outcome = received(home, make(), file_name, content())
    said = "".join(capfd.readouterr()) + caplog.text
    (tmp_path / "said").mkdir()
    (tmp_path / "said" / "log.txt").write_text(said, encoding="utf-8")

    assert outcome.status in ("OK", "REFUSED")
    assert (
        files_with([home.landing, told(home, outcome, tmp_path / "told"), tmp_path / "said"], planted) == []
    )
    assert files_with([home.originals], planted), "it was not planted at all"
    assert not [path for path in (home.originals / ".scratch" / "FJ").rglob("*") if path.is_file()]


def printed(words: str) -> bytes:
    """A PDF of the kind that briefs are, with some words."""
    content = typst.compile(f'#set text(lang: "en")\n#{json.dumps(words, ensure_ascii=False)}'.encode())
    assert isinstance(content, bytes)
    return content


def test_what_is_searched_is_found_where_it_is(tmp_path: Path) -> None:
    """Or the tests above could not fail."""
    for place, content in (
        ("a.txt", NAMES[0].encode("utf-16-le")),
        ("b.json", json.dumps({"to": NAMES[3]}).encode()),
        ("c.html", b"<p>O&#x27;Brien Invented</p>"),
        ("d.gz", gzip.compress(NAMES[4].encode())),
        ("f.pdf", printed(f"For {NAMES[1]}, \u2116 (7)")),
        ("g.pdf", printed("For nobody, not even Mahina")),
    ):
        put(tmp_path / place, content)
    for suffix, sql in (("parquet", "copy (select ? as t) to '{}' (compression zstd)"), ("duckdb", "")):
        path = tmp_path / f"e.{suffix}"
        with duckdb.connect(path if suffix == "duckdb" else ":memory:") as connection:
            connection.execute(sql.format(path) or "create table t as select ?::varchar as t", [NAMES[1]])

    found = {
        Path(line.partition(": ")[0]).name for line in files_with([tmp_path], (*NAMES, "O'Brien Invented"))
    }

    assert found == {"a.txt", "b.json", "c.html", "d.gz", "e.parquet", "e.duckdb", "f.pdf"}


@pytest.mark.parametrize("name", ["sound", "many rows", "broken rows", "utf-16", "gzip", "zip", "workbook"])
def test_the_parties_of_accepted_rows_are_tokens_of_the_version_in_force(name: str, home: Settings) -> None:
    make, file_name, content = CASES[name]
    received(home, make(), file_name, content())

    tokens = duckdb.sql(
        "select distinct consignee_token, consignor_token, declarant_token "
        f"from read_parquet('{home.items}/*/*/*.parquet')"
    ).fetchall()

    ((consignee, consignor, declarant),) = tokens
    assert all(token.startswith("v3:") and len(token) == 67 for token in (consignee, consignor, declarant))
    assert len({consignee, consignor, declarant}) == 3


def test_small_and_large_extracts_make_the_same_tokens(home: Settings) -> None:
    """The one goes to the exact statement alone, the other through the plain one first."""
    null = [{"Consignee": spelt} for spelt in (" n/a ", "n/a", "", f"  {NAMES[0]}\t", NAMES[0].upper())]
    member = member_with_tokens(null_values=["n/a"])
    received(home, member, FILE_NAME, sound(*null))
    received(home, member, "items-2026-02.csv", sound(*[
        {"Arrived": "2026-02-05", "Released": "2026-02-06 09:30:00"} | row for row in [*null, *[GOOD] * 4100]
    ]))  # fmt: skip

    small, large = (
        duckdb.sql(
            f"select consignee_token from read_parquet('{home.items}/*/time_period={period}/*.parquet') "
            "where item_id in ('A1', 'A2', 'A3', 'A4', 'A5') order by item_id"
        ).fetchall()
        for period in ("2026-03", "2026-02")
    )
    assert small == large
    assert [token is None for (token,) in small] == [True, True, True, False, False]
    assert small[3] == small[4]


def test_a_rotated_key_makes_new_tokens_and_leaves_the_old_ones(home: Settings) -> None:
    received(home, member_with_tokens(), FILE_NAME, sound(*MANY))
    before = {path: path.read_bytes() for path in home.items.rglob("*.parquet")}

    put(home.inbox / "fj" / "items-2026-02.csv", sound({"Arrived": "2026-02-05", "Released": ""}))
    receive_member(home, member_with_tokens(), TokenKey(4, KEY.secret[::-1]))

    assert {path: path.read_bytes() for path in before} == before
    versions = duckdb.sql(
        "select time_period, left(consignee_token, 3), count(distinct consignee_token) from "
        f"read_parquet('{home.items}/*/*/*.parquet') group by all order by 1"
    ).fetchall()
    assert versions == [("2026-02", "v4:", 1), ("2026-03", "v3:", 1)]


def test_the_key_is_in_no_byte_but_its_own(home: Settings) -> None:
    received(home, member_with_tokens(), FILE_NAME, broken_rows())
    secret = KEY.secret.hex()

    assert files_with([home.home], [secret]) == []
    assert not [path for path in home.home.rglob("*") if path.is_file() and KEY.secret in path.read_bytes()]


def test_a_member_without_a_key_is_not_received_and_is_told_what_to_do(home: Settings) -> None:
    put(home.inbox / "fj" / FILE_NAME, sound(GOOD))

    outcome = receive_member(home, member_with_tokens())

    assert (outcome.status, outcome.extracts_accepted) == ("ERRORED", 0)
    assert "pacific-parcels keys new fj" in outcome.message_en
    assert not list(home.receipts.rglob("*.json")), "so that it is received once there is a key"


def test_the_check_on_a_members_own_machine_needs_no_key_and_comes_to_the_same_verdict(
    home: Settings,
) -> None:
    path = put(home.home / FILE_NAME, broken_rows())
    outcome = received(home, member_with_tokens(), FILE_NAME, broken_rows())

    report = check_file(home, member_with_tokens(), path)

    assert report.reading.rows_accepted == outcome.rows_accepted
    assert report.reading.rows_rejected == outcome.rows_rejected
    assert any(NAMES[0] in example.found for example in report.examples), "its own file, in its own words"


@pytest.mark.parametrize("name", format_names())
def test_the_parties_of_every_format_stay_in_its_original(name: str, home: Settings, tmp_path: Path) -> None:
    folder = REPOSITORY / "tests" / "formats" / name
    (sample,) = folder.glob("sample.*")
    member = Member.model_validate(yaml.safe_load((folder / "member.yml").read_text(encoding="utf-8")))
    content = sample.read_bytes()
    for invented in ("Mere Vakacegu", "MERE VAKACEGU", "INVENTED TRADING LTD", "INVENTED SHOP", "Penhaligon"):
        content = content.replace(invented.encode(), NAMES[3].encode())

    outcome = received(home, member, sample.name, content)

    assert outcome.extracts_accepted == 1
    planted = (
        *PLANTED,
        "12 Invented Road",
        "Ratu Mara Road",
        "7946 0000",
        "INVENTED BROKERS",
        "Vakacegu",
        "VAKACEGU",
    )
    assert files_with([home.landing, told(home, outcome, tmp_path / "told")], planted) == []


TOKENS_OF: dict[str, dict[str, list[str]]] = {
    "asycuda_manifest": {
        "consignee_token": ["Consignee_code", "Consignee_name"],
        "consignor_token": ["Exporter_code", "Exporter_name"],
    },
    "asycuda_sad": {
        "consignee_token": ["Consignee_name"],
        "consignor_token": ["Exporter_name"],
        "declarant_token": ["Declarant_name"],
    },
    "cargo_imp": {"consignee_token": ["Consignee_name"], "consignor_token": ["Shipper_name"]},
    "cargo_xml": {"consignee_token": ["ConsigneeParty_Name"], "consignor_token": ["ConsignorParty_Name"]},
    "upu_itmatt": {"consignee_token": ["Recipient_name"], "consignor_token": ["Sender_name"]},
    "wco_declaration": {
        "consignee_token": ["Consignee_ID", "Consignee_name"],
        "consignor_token": ["Consignor_name"],
        "declarant_token": ["Declarant_name"],
    },
}
FOLDED: dict[str, dict[str, tuple[str, ...]]] = {
    "asycuda_manifest": {"FJNA1/FJ910/2026-03-04/H0001": ("mere vakacegu", "invented shop", "")},
    "asycuda_sad": {"FJSU2/2026/C/101/1": ("mere vakacegu", "invented trading ltd", "invented brokers")},
    "cargo_imp": {
        "FJH1001": ("mere vakacegu", "joan smith", ""),
        "FJH1002": ("", "pacific phones inc", ""),
        "FJH1006": ("", "", ""),
    },
    "cargo_xml": {"FJH0001": ("mere vakacegu", "joan smith", ""), "FJH0002": ("", "", "")},
    "upu_itmatt": {
        "RB123456785GB": ("mere vakacegu", "eleanor penhaligon", ""),
        "EE000452703CN": ("", "", ""),
    },
    "wco_declaration": {
        "LRN-2026-0001/1": ("fj 77 mere vakacegu", "fern sons", ""),
        "RB123456785GB": ("", "", ""),
    },
}
"""Of items of the samples: consignee, consignor and declarant, folded by hand."""


def token_by_hand(role: str, name: str) -> str | None:
    """As RFC 2104 and `tokens` have it, by the standard library."""
    message = f"{role}|{name}".encode()
    return f"v{KEY.version}:{hmac.new(KEY.secret, message, 'sha256').hexdigest()}" if name else None


@pytest.mark.parametrize("name", [name for name in format_names() if hasattr(load_format(name), "PARTIES")])
def test_the_parties_of_messages_become_tokens_and_no_byte_holds_their_names(
    name: str, home: Settings, tmp_path: Path
) -> None:
    folder = REPOSITORY / "tests" / "formats" / name
    (sample,) = folder.glob("sample.*")
    content = yaml.safe_load((folder / "member.yml").read_text(encoding="utf-8"))
    (layout,) = content["extracts"]["items"]["layouts"]
    asked = [column for columns in TOKENS_OF[name].values() for column in columns]
    layout["options"] = layout.get("options", {}) | {"parties": asked}
    layout["columns"] |= {token: {"columns": columns} for token, columns in TOKENS_OF[name].items()}

    outcome = received(home, Member.model_validate(content), sample.name, sample.read_bytes())

    assert outcome.extracts_accepted == 1
    made = duckdb.sql(
        "select item_id, consignee_token, consignor_token, declarant_token "
        f"from read_parquet('{home.items}/*/*/*.parquet')"
    ).fetchall()
    tokens = {item: tuple(parties) for item, *parties in made}
    assert FOLDED[name]
    for item, names in FOLDED[name].items():
        roles = ("consignee", "consignor", "declarant")
        assert tokens[item] == tuple(map(token_by_hand, roles, names))
    spelt = ("vakacegu", "joan smith", "pacific phones", "invented", "penhaligon", "fern & sons")
    capitals = tuple(word for low in spelt for word in (low, low.upper(), low.title()))
    assert files_with([sample], capitals), "the sample names nobody"
    assert files_with([home.landing, told(home, outcome, tmp_path / "told")], capitals) == []
