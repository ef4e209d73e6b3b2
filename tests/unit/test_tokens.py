"""Tokens of parties against a reference in Python that shares no code with them."""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacific_parcels.tokens import ENDINGS, FIRST_NOT_FOLDED, TOKENS, TokenKey, folded, prepare, token

KEY = TokenKey(1, bytes(range(32)))
OTHER = TokenKey(2, bytes(range(1, 33)))


def reference(name: str) -> str:
    """A folded name, worked on the whole text where the library works on characters."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    text = unicodedata.normalize("NFKD", text)
    text = re.sub("[\u0300-\u036f'`´’‘ʻʼʹʾʿ]", "", text)
    text = "".join(
        sign if ord(sign) >= FIRST_NOT_FOLDED or unicodedata.category(sign)[0] in "LMN" else " "
        for sign in text
    )
    text = unicodedata.normalize("NFC", " ".join(text.split(" "))).strip(" ")
    text = re.sub(" +", " ", text)
    for ending in sorted(ENDINGS, key=len, reverse=True):
        if text.endswith(f" {ending}"):
            return text[: -len(ending)] + ENDINGS[ending]
    return text


def reference_token(name: str, domain: str, key: TokenKey) -> str | None:
    text = reference(name)
    digest = hmac.new(key.secret, f"{domain}|{text}".encode(), "sha256").hexdigest()
    return f"v{key.version}:{digest}" if text else None


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def tokens_of(
    connection: duckdb.DuckDBPyConnection,
    names: list[str],
    domain: str = "consignee",
    key: TokenKey = KEY,
) -> list[str | None]:
    prepare(connection, key)
    rows = connection.execute(
        f"select {token('name', domain, key.version)} from (select {folded('text')} as name, place from "
        "(select unnest(?::varchar[]) as text, unnest(range(len(?::varchar[]))) as place) "
        "cross join token_folds) order by place",
        [names, names],
    ).fetchall()
    return [found for (found,) in rows]


# Whatever a person may type, and much that nobody does; no half of a pair, which is no text at all.
SIGNS = st.characters(exclude_categories=["Cs", "Cn"])
SPELLINGS = st.sampled_from(
    [*ENDINGS, *(ending.upper().replace(" ", ".") for ending in ENDINGS), "Tuʻi", "O’Ｂ"]
)
NAMES = st.one_of(
    st.text(SIGNS, max_size=30),
    st.text(st.characters(max_codepoint=0x17F), max_size=30),
    st.builds(lambda parts: " ".join(parts), st.lists(st.one_of(SPELLINGS, st.text(max_size=8)), max_size=4)),
)


@given(st.lists(NAMES, min_size=1, max_size=20), st.sampled_from(sorted(TOKENS.values())))
@settings(max_examples=60, deadline=None)
def test_a_token_is_the_hmac_of_the_folded_name(
    connection: duckdb.DuckDBPyConnection, names: list[str], domain: str
) -> None:
    assert tokens_of(connection, names, domain) == [reference_token(name, domain, KEY) for name in names]


def test_a_secret_shorter_than_a_block_is_padded_as_rfc_2104_has_it(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    key = TokenKey(1, b"\x0b" * 20)
    digest = hmac.new(key.secret, b"consignee|hi there", "sha256").hexdigest()
    assert tokens_of(connection, ["  Hi, THERE! "], key=key) == [f"v1:{digest}"]


@pytest.mark.parametrize(
    "spellings",
    [
        ("Siosaia Tuʻi", "SIOSAIA TU'I", "siosaia  tui", "Siosaia\u00a0Tu’i", "Ｓｉｏｓａｉａ Tui."),
        ("Māhina Tāwhiri", "MAHINA TAWHIRI", "Ma\u0304hina Ta\u0304whiri"),
        ("Lautoka Traders Pty. Ltd.", "LAUTOKA TRADERS PTY LIMITED", "Lautoka Traders Proprietary Ltd"),
        ("Nadi Freight L.L.C.", "Nadi Freight LLC"),
        ("Import Pacifique S.A.R.L.", "IMPORT PACIFIQUE SARL"),
        ("深圳市贸易有限公司", " 深圳市贸易有限公司 "),
        ("Straße 5", "STRASSE 5"),
        ("한글 이름", unicodedata.normalize("NFD", "한글 이름")),
    ],
)
def test_one_party_has_one_token(connection: duckdb.DuckDBPyConnection, spellings: tuple[str, ...]) -> None:
    assert len(set(tokens_of(connection, list(spellings)))) == 1


@pytest.mark.parametrize(
    "names", [("Tui", "Tua"), ("Ana Tui", "Tui Ana"), ("Limited", "Ltd"), ("नाम", "नम"), ("𠮷野", "吉野")]
)
def test_two_names_have_two_tokens(connection: duckdb.DuckDBPyConnection, names: tuple[str, ...]) -> None:
    assert len(set(tokens_of(connection, list(names)))) == 2


@pytest.mark.parametrize("nothing", ["", " ", "-", "…", "\u3000", "'"])
def test_a_name_of_which_nothing_is_left_has_no_token(
    connection: duckdb.DuckDBPyConnection, nothing: str
) -> None:
    assert tokens_of(connection, [nothing]) == [None]


def test_roles_keys_and_versions_cannot_be_compared(connection: duckdb.DuckDBPyConnection) -> None:
    found = {
        tokens_of(connection, ["Ana Tui"], domain, key)[0]
        for domain in TOKENS.values()
        for key in (KEY, OTHER, TokenKey(2, KEY.secret))
    }
    # The version stands before the digest: the same secret as version 2 makes other tokens, digests alike.
    assert len(found) == 9


def test_the_secret_is_in_no_text_of_a_key_and_in_no_statement() -> None:
    key = TokenKey(7, b"a secret of thirty-two bytes ...")
    assert "secret of" not in f"{key!r} {key}"
    assert key.secret.hex() not in token("name", "consignee", 7) + folded("text")
